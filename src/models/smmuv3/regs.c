/* SPDX-License-Identifier: MIT */
/*
 * Registers: sections 6.2 and 6.3, Non-secure programming interface.
 *
 * One table says where a register is, how wide, which bits of it can be
 * written at all, and what guards them: a guarded write is ignored while the
 * function it configures is on, as SMMUv3.2 has it. Fields of features that
 * the ID registers do not announce are RES0. What the architecture leaves
 * UNKNOWN at reset is 0.
 *
 * A 64-bit access to two 32-bit registers is two accesses, lower one first.
 *
 * PRIQ_IRQ_CFG2.LO: 6.3.36 has the whole register RES0 without MSIs; 6.3.1
 * says that LO is there all the same, and it is of use to the wire.
 */
#include "models/smmuv3/regs.h"

#include "models/smmuv3/cmd.h"
#include "models/smmuv3/port.h"
#include "models/smmuv3/queue.h"
#include "models/smmuv3/stall.h"
#include "models/smmuv3/tlb.h"

enum guard {
	G_RO,
	G_RW,
	G_SMMUEN, /* written while the function is off, in CR0 */
	G_CMDQEN,
	G_EVENTQEN,
	G_PRIQEN,
	G_GERROR_IRQ, /* the same, in IRQ_CTRL */
	G_EVENTQ_IRQ,
	G_PRIQ_IRQ,
	G_CR1, /* each half has its own */
};

struct reg_desc {
	uint32_t offset;
	uint8_t reg;
	uint8_t size;
	uint8_t guard;
	uint64_t writable;
	uint64_t reset;
	void (*write)(struct smmuv3_hw *m, uint64_t value);
};

static void write_cr0(struct smmuv3_hw *m, uint64_t value);
static void write_gbpa(struct smmuv3_hw *m, uint64_t value);
static void write_irq_ctrl(struct smmuv3_hw *m, uint64_t value);
static void write_gerrorn(struct smmuv3_hw *m, uint64_t value);

#define BITS(name) FIELD_DEFINED(name##_FIELDS, 0)

/* clang-format off */
static const struct reg_desc regs[] = {
	{ SMMU_IDR0, R_IDR0, 4, G_RO, 0, 0, NULL },
	{ SMMU_IDR1, R_IDR1, 4, G_RO, 0, 0, NULL },
	{ SMMU_IDR2, R_IDR2, 4, G_RO, 0, 0, NULL },
	{ SMMU_IDR3, R_IDR3, 4, G_RO, 0, 0, NULL },
	{ SMMU_IDR4, R_IDR4, 4, G_RO, 0, 0, NULL },
	{ SMMU_IDR5, R_IDR5, 4, G_RO, 0, 0, NULL },
	{ SMMU_IIDR, R_IIDR, 4, G_RO, 0, 0, NULL },
	{ SMMU_AIDR, R_AIDR, 4, G_RO, 0, 0, NULL },
	{ SMMU_CR0, R_CR0, 4, G_RW, BITS(SMMU_CR0), 0, write_cr0 },
	{ SMMU_CR0ACK, R_CR0ACK, 4, G_RO, 0, 0, NULL },
	{ SMMU_CR1, R_CR1, 4, G_CR1, BITS(SMMU_CR1), 0, NULL },
	{ SMMU_CR2, R_CR2, 4, G_SMMUEN, BITS(SMMU_CR2), 0, NULL },
	{ SMMU_STATUSR, R_STATUSR, 4, G_RO, 0, 0, NULL },
	{ SMMU_GBPA, R_GBPA, 4, G_RW, BITS(SMMU_GBPA),
	  REG_CONST(SMMU_GBPA_SHCFG, SMMU_STE_SHCFG_INCOMING), write_gbpa },
	{ SMMU_IRQ_CTRL, R_IRQ_CTRL, 4, G_RW, BITS(SMMU_IRQ_CTRL), 0,
	  write_irq_ctrl },
	{ SMMU_IRQ_CTRLACK, R_IRQ_CTRLACK, 4, G_RO, 0, 0, NULL },
	{ SMMU_GERROR, R_GERROR, 4, G_RO, 0, 0, NULL },
	{ SMMU_GERRORN, R_GERRORN, 4, G_RW, BITS(SMMU_GERROR), 0,
	  write_gerrorn },
	{ SMMU_GERROR_IRQ_CFG0, R_GERROR_IRQ_CFG0, 8, G_GERROR_IRQ,
	  BITS(SMMU_IRQ_CFG0), 0, NULL },
	{ SMMU_GERROR_IRQ_CFG1, R_GERROR_IRQ_CFG1, 4, G_GERROR_IRQ,
	  BITS(SMMU_IRQ_CFG1), 0, NULL },
	{ SMMU_GERROR_IRQ_CFG2, R_GERROR_IRQ_CFG2, 4, G_GERROR_IRQ,
	  BITS(SMMU_IRQ_CFG2), 0, NULL },
	{ SMMU_STRTAB_BASE, R_STRTAB_BASE, 8, G_SMMUEN,
	  BITS(SMMU_STRTAB_BASE), 0, NULL },
	{ SMMU_STRTAB_BASE_CFG, R_STRTAB_BASE_CFG, 4, G_SMMUEN,
	  BITS(SMMU_STRTAB_BASE_CFG), 0, NULL },
	{ SMMU_CMDQ_BASE, R_CMDQ_BASE, 8, G_CMDQEN,
	  BITS(SMMU_CMDQ_BASE), 0, NULL },
	{ SMMU_CMDQ_PROD, R_CMDQ_PROD, 4, G_RW,
	  BITS(SMMU_CMDQ_PROD), 0, NULL },
	{ SMMU_CMDQ_CONS, R_CMDQ_CONS, 4, G_CMDQEN,
	  FIELD_MASK(SMMU_CMDQ_CONS_RD), 0, NULL },
	{ SMMU_EVENTQ_BASE, R_EVENTQ_BASE, 8, G_EVENTQEN,
	  BITS(SMMU_EVENTQ_BASE), 0, NULL },
	{ SMMU_EVENTQ_PROD_ALIAS, R_EVENTQ_PROD, 4, G_EVENTQEN,
	  BITS(SMMU_EVENTQ_PROD), 0, NULL },
	{ SMMU_EVENTQ_CONS_ALIAS, R_EVENTQ_CONS, 4, G_RW,
	  BITS(SMMU_EVENTQ_CONS), 0, NULL },
	{ SMMU_EVENTQ_IRQ_CFG0, R_EVENTQ_IRQ_CFG0, 8, G_EVENTQ_IRQ,
	  BITS(SMMU_IRQ_CFG0), 0, NULL },
	{ SMMU_EVENTQ_IRQ_CFG1, R_EVENTQ_IRQ_CFG1, 4, G_EVENTQ_IRQ,
	  BITS(SMMU_IRQ_CFG1), 0, NULL },
	{ SMMU_EVENTQ_IRQ_CFG2, R_EVENTQ_IRQ_CFG2, 4, G_EVENTQ_IRQ,
	  BITS(SMMU_IRQ_CFG2), 0, NULL },
	{ SMMU_PRIQ_BASE, R_PRIQ_BASE, 8, G_PRIQEN,
	  BITS(SMMU_PRIQ_BASE), 0, NULL },
	{ SMMU_PRIQ_PROD_ALIAS, R_PRIQ_PROD, 4, G_PRIQEN,
	  BITS(SMMU_PRIQ_PROD), 0, NULL },
	{ SMMU_PRIQ_CONS_ALIAS, R_PRIQ_CONS, 4, G_RW,
	  BITS(SMMU_PRIQ_CONS), 0, NULL },
	{ SMMU_PRIQ_IRQ_CFG0, R_PRIQ_IRQ_CFG0, 8, G_PRIQ_IRQ,
	  BITS(SMMU_IRQ_CFG0), 0, NULL },
	{ SMMU_PRIQ_IRQ_CFG1, R_PRIQ_IRQ_CFG1, 4, G_PRIQ_IRQ,
	  BITS(SMMU_IRQ_CFG1), 0, NULL },
	{ SMMU_PRIQ_IRQ_CFG2, R_PRIQ_IRQ_CFG2, 4, G_PRIQ_IRQ,
	  BITS(SMMU_IRQ_CFG2) | FIELD_MASK(SMMU_PRIQ_IRQ_CFG2_LO), 0, NULL },
};
/* clang-format on */

/* Page 1 has the indexes of the output queues, also seen in page 0. */
static uint64_t canonical(uint64_t offset)
{
	switch (offset & ~UINT64_C(3)) {
	case SMMU_EVENTQ_PROD:
	case SMMU_EVENTQ_CONS:
	case SMMU_PRIQ_PROD:
	case SMMU_PRIQ_CONS:
		return offset - SMMU_PAGE1;
	default:
		return offset;
	}
}

static const struct reg_desc *find(uint64_t offset)
{
	size_t lo = 0, hi = ARRAY_SIZE(regs);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (offset >= (uint64_t)regs[mid].offset + regs[mid].size)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < ARRAY_SIZE(regs) && offset >= regs[lo].offset)
		return &regs[lo];
	return NULL;
}

/* Neither the bit nor its acknowledgement is set. */
static bool off(const struct smmuv3_hw *m, enum smmuv3_hw_reg control,
		unsigned int bit)
{
	return !((m->reg[control] | m->reg[control + 1]) >> bit & 1);
}

static uint64_t unguarded_cr1(const struct smmuv3_hw *m)
{
	uint64_t table = FIELD_MASK(SMMU_CR1_TABLE_IC) |
			 FIELD_MASK(SMMU_CR1_TABLE_OC) |
			 FIELD_MASK(SMMU_CR1_TABLE_SH);
	uint64_t queue = FIELD_MASK(SMMU_CR1_QUEUE_IC) |
			 FIELD_MASK(SMMU_CR1_QUEUE_OC) |
			 FIELD_MASK(SMMU_CR1_QUEUE_SH);
	bool queues_off = off(m, R_CR0, SMMU_CR0_CMDQEN_LO) &&
			  off(m, R_CR0, SMMU_CR0_EVENTQEN_LO) &&
			  off(m, R_CR0, SMMU_CR0_PRIQEN_LO);

	return (off(m, R_CR0, SMMU_CR0_SMMUEN_LO) ? table : 0) |
	       (queues_off ? queue : 0);
}

/* The bits that the guard lets through now. */
static uint64_t unguarded(const struct smmuv3_hw *m, enum guard guard)
{
	static const struct {
		uint8_t control, bit;
	} guards[] = {
		[G_SMMUEN] = { R_CR0, SMMU_CR0_SMMUEN_LO },
		[G_CMDQEN] = { R_CR0, SMMU_CR0_CMDQEN_LO },
		[G_EVENTQEN] = { R_CR0, SMMU_CR0_EVENTQEN_LO },
		[G_PRIQEN] = { R_CR0, SMMU_CR0_PRIQEN_LO },
		[G_GERROR_IRQ] = { R_IRQ_CTRL, SMMU_IRQ_CTRL_GERROR_IRQEN_LO },
		[G_EVENTQ_IRQ] = { R_IRQ_CTRL, SMMU_IRQ_CTRL_EVENTQ_IRQEN_LO },
		[G_PRIQ_IRQ] = { R_IRQ_CTRL, SMMU_IRQ_CTRL_PRIQ_IRQEN_LO },
	};

	if (guard == G_RO)
		return 0;
	if (guard == G_RW)
		return UINT64_MAX;
	if (guard == G_CR1)
		return unguarded_cr1(m);
	return off(m, guards[guard].control, guards[guard].bit) ? UINT64_MAX :
								  0;
}

/*
 * 6.3.9: every field is acknowledged at once, but CMDQEN while a thread is in
 * the queue (cmd.c does it then), and SMMUEN and ATSCHK once the transactions
 * that saw the old value are over.
 */
static void write_cr0(struct smmuv3_hw *m, uint64_t value)
{
	uint64_t slow = FIELD_MASK(SMMU_CR0_SMMUEN) |
			FIELD_MASK(SMMU_CR0_ATSCHK);
	uint64_t changed = m->reg[R_CR0] ^ value;
	uint64_t busy;

	m->reg[R_CR0] = value;
	/* Records of before are not there to stand for later ones. */
	if (!smmuv3_hw_cr0(m, SMMU_CR0_EVENTQEN_LO))
		m->evtq.written = false;
	if (changed & slow) {
		m->reg[R_CR0ACK] = (m->reg[R_CR0ACK] & slow) | (value & ~slow);
		smmuv3_hw_ctx_drop(m, 0, 0);
		/* 6.3.9.6 */
		if (!smmuv3_hw_cr0(m, SMMU_CR0_SMMUEN_LO))
			smmuv3_hw_stall_abort(m, 0, 0);
		smmuv3_hw_drain(m);
	}
	busy = m->cmd.running ? FIELD_MASK(SMMU_CR0_CMDQEN) : 0;
	m->reg[R_CR0ACK] = m->reg[R_CR0] | (m->reg[R_CR0ACK] & busy);
}

/* 6.3.14.1: takes effect at once, and only with UPDATE. */
static void write_gbpa(struct smmuv3_hw *m, uint64_t value)
{
	if (REG_GET(SMMU_GBPA_UPDATE, value))
		m->reg[R_GBPA] = value & ~FIELD_MASK(SMMU_GBPA_UPDATE);
}

static void write_irq_ctrl(struct smmuv3_hw *m, uint64_t value)
{
	m->reg[R_IRQ_CTRL] = value;
	m->reg[R_IRQ_CTRLACK] = value;
}

/* 6.3.20: only an active error can be acknowledged. */
static void write_gerrorn(struct smmuv3_hw *m, uint64_t value)
{
	uint64_t active = m->reg[R_GERROR] ^ m->reg[R_GERRORN];

	m->reg[R_GERRORN] = (m->reg[R_GERRORN] & ~active) | (value & active);
}

/* 6.3.28: the indexes that the SMMU writes have no bits above the wrap bit. */
static uint64_t readable(const struct smmuv3_hw *m, uint8_t reg)
{
	uint64_t value = m->reg[reg];
	unsigned int lg2;

	switch (reg) {
	case R_CMDQ_CONS:
		lg2 = smmuv3_hw_queue_cmd(m).lg2;
		break;
	case R_EVENTQ_PROD:
		lg2 = smmuv3_hw_queue_evt(m).lg2;
		break;
	case R_PRIQ_PROD:
		lg2 = smmuv3_hw_queue_pri(m).lg2;
		break;
	default:
		return value;
	}
	return value &
	       ~(FIELD_MASK(SMMU_CMDQ_CONS_RD) & ~(uint64_t)smmu_q_mask(lg2));
}

static uint32_t read32(const struct smmuv3_hw *m, uint64_t offset)
{
	const struct reg_desc *d;

	offset = canonical(offset);
	d = find(offset);
	if (!d)
		return 0;
	return (uint32_t)(readable(m, d->reg) >> (offset - d->offset) * 8);
}

/* @mask: the bits of the register that the access is to. */
static void write_reg(struct smmuv3_hw *m, const struct reg_desc *d,
		      uint64_t value, uint64_t mask)
{
	uint64_t old = m->reg[d->reg];

	mask &= m->writable[d->reg] & unguarded(m, (enum guard)d->guard);
	value = (old & ~mask) | (value & mask);
	if (d->write)
		d->write(m, value);
	else
		m->reg[d->reg] = value;
}

static void write32(struct smmuv3_hw *m, uint64_t offset, uint32_t value)
{
	const struct reg_desc *d;
	unsigned int shift;

	offset = canonical(offset);
	d = find(offset);
	if (!d)
		return;
	shift = (unsigned int)(offset - d->offset) * 8;
	write_reg(m, d, (uint64_t)value << shift,
		  (uint64_t)UINT32_MAX << shift);
}

static bool valid_access(uint64_t offset, unsigned int size)
{
	return (size == 4 || size == 8) && is_aligned(offset, size) &&
	       offset < SMMU_REGS_SIZE;
}

uint64_t smmuv3_hw_mmio_read(struct iommu_hw *hw, uint64_t offset,
			     unsigned int size)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);
	uint64_t value;

	if (!valid_access(offset, size))
		return 0;
	smmuv3_hw_lock(m);
	smmuv3_hw_cmd_run(m);
	value = read32(m, offset);
	if (size == 8)
		value |= (uint64_t)read32(m, offset + 4) << 32;
	smmuv3_hw_stall_deliver(m);
	smmuv3_hw_unlock(m);
	return value;
}

void smmuv3_hw_mmio_write(struct iommu_hw *hw, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);
	const struct reg_desc *d = find(offset);

	if (!valid_access(offset, size))
		return;
	smmuv3_hw_lock(m);
	if (size == 8 && d && d->size == 8) {
		write_reg(m, d, value, UINT64_MAX);
	} else {
		write32(m, offset, (uint32_t)value);
		if (size == 8)
			write32(m, offset + 4, (uint32_t)(value >> 32));
	}
	smmuv3_hw_cmd_run(m);
	smmuv3_hw_stall_deliver(m);
	smmuv3_hw_unlock(m);
}

/* Fields that exist with a feature only. */
static void restrict_fields(struct smmuv3_hw *m)
{
	uint64_t *w = m->writable;
	uint64_t addr = UINT64_MAX << m->oas_lg2;
	int r;

	w[R_CR0] &= ~FIELD_MASK(SMMU_CR0_DPT_WALK_EN);
	if (!IDR(m, 0, VMW))
		w[R_CR0] &= ~FIELD_MASK(SMMU_CR0_VMW);
	if (!IDR(m, 0, ATS))
		w[R_CR0] &= ~FIELD_MASK(SMMU_CR0_ATSCHK);
	if (!IDR(m, 0, HYP))
		w[R_CR2] &= ~FIELD_MASK(SMMU_CR2_E2H);
	if (!IDR(m, 0, ATSRECERR))
		w[R_CR2] &= ~FIELD_MASK(SMMU_CR2_REC_CFG_ATS);
	w[R_CR2] &= ~FIELD_MASK(SMMU_CR2_PTM);
	w[R_GERRORN] &= ~(FIELD_MASK(SMMU_GERROR_CMDQP_ERR) |
			  FIELD_MASK(SMMU_GERROR_DPT_ERR));
	if (!IDR(m, 0, ST_LEVEL))
		w[R_STRTAB_BASE_CFG] &=
			FIELD_MASK(SMMU_STRTAB_BASE_CFG_LOG2SIZE);
	if (!IDR(m, 0, MSI)) {
		for (r = R_GERROR_IRQ_CFG0; r <= R_GERROR_IRQ_CFG2; r++)
			w[r] = 0;
		for (r = R_EVENTQ_IRQ_CFG0; r <= R_EVENTQ_IRQ_CFG2; r++)
			w[r] = 0;
		w[R_PRIQ_IRQ_CFG0] = 0;
		w[R_PRIQ_IRQ_CFG1] = 0;
		/* LO is of the wire, too. */
		w[R_PRIQ_IRQ_CFG2] = FIELD_MASK(SMMU_PRIQ_IRQ_CFG2_LO);
	}
	if (!IDR(m, 0, PRI)) {
		w[R_CR0] &= ~FIELD_MASK(SMMU_CR0_PRIQEN);
		w[R_IRQ_CTRL] &= ~FIELD_MASK(SMMU_IRQ_CTRL_PRIQ_IRQEN);
		for (r = R_PRIQ_BASE; r <= R_PRIQ_IRQ_CFG2; r++)
			w[r] = 0;
	}
	/* Address bits beyond the output size. */
	w[R_STRTAB_BASE] &= ~(FIELD_MASK(SMMU_STRTAB_BASE_ADDR) & addr);
	w[R_CMDQ_BASE] &= ~(FIELD_MASK(SMMU_CMDQ_BASE_ADDR) & addr);
	w[R_EVENTQ_BASE] &= ~(FIELD_MASK(SMMU_EVENTQ_BASE_ADDR) & addr);
	w[R_PRIQ_BASE] &= ~(FIELD_MASK(SMMU_PRIQ_BASE_ADDR) & addr);
}

void smmuv3_hw_regs_init(struct smmuv3_hw *m)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(regs); i++)
		m->writable[regs[i].reg] = regs[i].writable;
	restrict_fields(m);
}

void smmuv3_hw_regs_reset(struct smmuv3_hw *m)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(regs); i++)
		m->reg[regs[i].reg] = regs[i].reset;
	for (i = 0; i < ARRAY_SIZE(m->cfg.idr); i++)
		m->reg[R_IDR0 + i] = m->cfg.idr[i];
	m->reg[R_IIDR] = m->cfg.iidr;
	m->reg[R_AIDR] = m->cfg.aidr;
}
