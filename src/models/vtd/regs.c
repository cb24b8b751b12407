/* SPDX-License-Identifier: MIT */
/*
 * Registers: chapter 11 of revision 4.
 *
 * One table says where a register is, how wide, and which bits of it can be
 * written; those of features that CAP and ECAP do not announce are taken away
 * at create. Everything else reads as 0 and ignores writes: advanced fault
 * logging, MTRRs, performance monitoring, enhanced and virtual commands, none
 * of which the model announces.
 *
 * The invalidation registers and the fault records are where CAP.FRO and
 * ECAP.IRO say. A 64-bit access to two 32-bit registers is two accesses, lower
 * one first; a 32-bit access to a half of a register does what is in that half.
 */
#include "models/vtd/regs.h"

#include "models/vtd/event.h"
#include "models/vtd/fault.h"
#include "models/vtd/inval.h"
#include "models/vtd/prq.h"

/*
 * @wo: these bits read as 0.
 * @write: gets the new value of the whole register, or if @w1c the bits that
 *         were written with 1; the register is its own to change.
 */
struct reg_desc {
	uint32_t offset;
	uint8_t reg;
	uint8_t size;
	bool w1c;
	uint64_t writable;
	uint64_t wo;
	uint64_t reset;
	void (*write)(struct vtd_hw *m, uint64_t value);
};

static void write_fectl(struct vtd_hw *m, uint64_t value)
{
	vtd_hw_event_control(m, VTD_HW_EVENT_FAULT, value);
}

static void write_iectl(struct vtd_hw *m, uint64_t value)
{
	vtd_hw_event_control(m, VTD_HW_EVENT_INVAL, value);
}

static void write_pectl(struct vtd_hw *m, uint64_t value)
{
	vtd_hw_event_control(m, VTD_HW_EVENT_PAGE, value);
}

static void write_ics(struct vtd_hw *m, uint64_t value)
{
	m->reg[R_ICS] &= ~value;
	if (!m->reg[R_ICS])
		vtd_hw_event_served(m, VTD_HW_EVENT_INVAL);
}

static void write_prs(struct vtd_hw *m, uint64_t value)
{
	m->reg[R_PRS] &= ~value;
	if (!m->reg[R_PRS])
		vtd_hw_event_served(m, VTD_HW_EVENT_PAGE);
}

#define BITS(name) FIELD_DEFINED(VTD_##name##_FIELDS, 0)
#define MASK(name) FIELD_MASK(VTD_##name)
#define EADDR_BITS BITS(EADDR)
/* EIMD is reserved since revision 3.3. */
#define EDATA_BITS MASK(EDATA_IMD)
/* Protected regions are of 2 MiB and at boundaries of it. */
#define PMR_LOW    GENMASK64(31, 21)
#define PMR_HIGH   GENMASK64(63, 21)

/* clang-format off */
static const struct reg_desc regs[] = {
	{ VTD_VER, R_VER, 4, false, 0, 0, 0, NULL },
	{ VTD_CAP, R_CAP, 8, false, 0, 0, 0, NULL },
	{ VTD_ECAP, R_ECAP, 8, false, 0, 0, 0, NULL },
	{ VTD_GCMD, R_GCMD, 4, false, BITS(GCMD), 0, 0, vtd_hw_gcmd },
	{ VTD_GSTS, R_GSTS, 4, false, 0, 0, 0, NULL },
	{ VTD_RTADDR, R_RTADDR, 8, false, BITS(RTADDR), 0, 0, NULL },
	{ VTD_CCMD, R_CCMD, 8, false, BITS(CCMD) & ~MASK(CCMD_CAIG),
	  MASK(CCMD_SID) | MASK(CCMD_FM), 0, vtd_hw_inval_ccmd },
	{ VTD_FSTS, R_FSTS, 4, true, MASK(FSTS_PFO) | MASK(FSTS_IQE) |
	  MASK(FSTS_ICE) | MASK(FSTS_ITE), 0, 0, vtd_hw_fault_ack },
	{ VTD_FECTL, R_FECTL, 4, false, MASK(ECTL_IM), 0, MASK(ECTL_IM),
	  write_fectl },
	{ VTD_FEDATA, R_FEDATA, 4, false, EDATA_BITS, 0, 0, NULL },
	{ VTD_FEADDR, R_FEADDR, 4, false, EADDR_BITS, 0, 0, NULL },
	{ VTD_FEUADDR, R_FEUADDR, 4, false, BITS(EUADDR), 0, 0, NULL },
	{ VTD_PMEN, R_PMEN, 4, false, MASK(PMEN_EPM), 0, 0, vtd_hw_pmen },
	{ VTD_PLMBASE, R_PLMBASE, 4, false, PMR_LOW, 0, 0, NULL },
	{ VTD_PLMLIMIT, R_PLMLIMIT, 4, false, PMR_LOW, 0, 0, NULL },
	{ VTD_PHMBASE, R_PHMBASE, 8, false, PMR_HIGH, 0, 0, NULL },
	{ VTD_PHMLIMIT, R_PHMLIMIT, 8, false, PMR_HIGH, 0, 0, NULL },
	{ VTD_IQH, R_IQH, 8, false, 0, 0, 0, NULL },
	{ VTD_IQT, R_IQT, 8, false, BITS(IQT), 0, 0, NULL },
	{ VTD_IQA, R_IQA, 8, false, BITS(IQA), 0, 0, NULL },
	{ VTD_ICS, R_ICS, 4, true, BITS(ICS), 0, 0, write_ics },
	{ VTD_IECTL, R_IECTL, 4, false, MASK(ECTL_IM), 0, MASK(ECTL_IM),
	  write_iectl },
	{ VTD_IEDATA, R_IEDATA, 4, false, EDATA_BITS, 0, 0, NULL },
	{ VTD_IEADDR, R_IEADDR, 4, false, EADDR_BITS, 0, 0, NULL },
	{ VTD_IEUADDR, R_IEUADDR, 4, false, BITS(EUADDR), 0, 0, NULL },
	{ VTD_IQERCD, R_IQERCD, 8, false, 0, 0, 0, NULL },
	{ VTD_IRTA, R_IRTA, 8, false, BITS(IRTA), 0, 0, NULL },
	{ VTD_PQH, R_PQH, 8, false, BITS(PQH), 0, 0, NULL },
	{ VTD_PQT, R_PQT, 8, false, BITS(PQT), 0, 0, NULL },
	{ VTD_PQA, R_PQA, 8, false, BITS(PQA), 0, 0, NULL },
	{ VTD_PRS, R_PRS, 4, true, BITS(PRS), 0, 0, write_prs },
	{ VTD_PECTL, R_PECTL, 4, false, MASK(ECTL_IM), 0, MASK(ECTL_IM),
	  write_pectl },
	{ VTD_PEDATA, R_PEDATA, 4, false, EDATA_BITS, 0, 0, NULL },
	{ VTD_PEADDR, R_PEADDR, 4, false, EADDR_BITS, 0, 0, NULL },
	{ VTD_PEUADDR, R_PEUADDR, 4, false, BITS(EUADDR), 0, 0, NULL },
};

/* From ECAP.IRO * 16. */
static const struct reg_desc iotlb_regs[] = {
	{ VTD_IVA, R_IVA, 8, false, BITS(IVA), BITS(IVA), 0, NULL },
	{ VTD_IOTLB, R_IOTLB, 8, false, BITS(IOTLB) & ~MASK(IOTLB_IAIG), 0, 0,
	  vtd_hw_inval_iotlb },
};
/* clang-format on */

/* All registers that do not move are below. */
enum { FIXED_END = 0x220, PAGE = 0x1000, IOTLB_REGS_SIZE = 16 };

static const struct reg_desc *find_fixed(uint64_t offset)
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

/* *ret_base: what the descriptor's offset counts from. */
static const struct reg_desc *find(const struct vtd_hw *m, uint64_t offset,
				   uint64_t *ret_base)
{
	uint64_t iro = vtd_iva_offset(m->cfg.ecap);

	if (offset >= iro && offset < iro + IOTLB_REGS_SIZE) {
		*ret_base = iro;
		return &iotlb_regs[(offset - iro) / 8];
	}
	*ret_base = 0;
	return find_fixed(offset);
}

/* Offset into the fault recording registers. */
static bool in_frcd(const struct vtd_hw *m, uint64_t offset,
		    uint64_t *ret_offset)
{
	uint64_t fro = vtd_frcd_offset(m->cfg.cap);

	*ret_offset = offset - fro;
	return offset >= fro &&
	       offset - fro < (CAP(m, NFR) + 1) * VTD_FRCD_SIZE;
}

static uint64_t readable(const struct vtd_hw *m, const struct reg_desc *d)
{
	if (d->reg == R_FSTS)
		return vtd_hw_fault_fsts(m);
	return m->reg[d->reg] & ~d->wo;
}

static uint32_t read32(const struct vtd_hw *m, uint64_t offset)
{
	const struct reg_desc *d;
	uint64_t base, rec;

	if (in_frcd(m, offset, &rec))
		return vtd_hw_fault_read(m, rec);
	d = find(m, offset, &base);
	if (!d)
		return 0;
	return (uint32_t)(readable(m, d) >> (offset - base - d->offset) * 8);
}

/* @mask: the bits of the register that the access is to. */
static void write_reg(struct vtd_hw *m, const struct reg_desc *d,
		      uint64_t value, uint64_t mask)
{
	mask &= m->writable[d->reg];
	value &= mask;
	if (!mask)
		return;
	if (!d->w1c)
		value |= m->reg[d->reg] & ~mask;
	if (d->write)
		d->write(m, value);
	else
		m->reg[d->reg] = value;
}

static void write32(struct vtd_hw *m, uint64_t offset, uint32_t value)
{
	const struct reg_desc *d;
	unsigned int shift;
	uint64_t base, rec;

	if (in_frcd(m, offset, &rec)) {
		vtd_hw_fault_write(m, rec, value);
		return;
	}
	d = find(m, offset, &base);
	if (!d)
		return;
	shift = (unsigned int)(offset - base - d->offset) * 8;
	write_reg(m, d, (uint64_t)value << shift,
		  (uint64_t)UINT32_MAX << shift);
}

static void write64(struct vtd_hw *m, uint64_t offset, uint64_t value)
{
	const struct reg_desc *d;
	uint64_t base, rec;

	d = in_frcd(m, offset, &rec) ? NULL : find(m, offset, &base);
	if (d && d->size == 8) {
		write_reg(m, d, value, UINT64_MAX);
	} else {
		write32(m, offset, (uint32_t)value);
		write32(m, offset + 4, (uint32_t)(value >> 32));
	}
}

static bool valid_access(const struct vtd_hw *m, uint64_t offset,
			 unsigned int size)
{
	return (size == 4 || size == 8) && is_aligned(offset, size) &&
	       offset < m->hw.mmio_size;
}

uint64_t vtd_hw_mmio_read(struct iommu_hw *hw, uint64_t offset,
			  unsigned int size)
{
	struct vtd_hw *m = vtd_hw_of(hw);
	uint64_t value;

	if (!valid_access(m, offset, size))
		return 0;
	vtd_hw_lock(m);
	vtd_hw_inval_run(m);
	value = read32(m, offset);
	if (size == 8)
		value |= (uint64_t)read32(m, offset + 4) << 32;
	vtd_hw_unlock(m);
	return value;
}

void vtd_hw_mmio_write(struct iommu_hw *hw, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct vtd_hw *m = vtd_hw_of(hw);

	if (!valid_access(m, offset, size))
		return;
	vtd_hw_lock(m);
	if (size == 8)
		write64(m, offset, value);
	else
		write32(m, offset, (uint32_t)value);
	vtd_hw_inval_run(m);
	vtd_hw_unlock(m);
}

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* A unit without queued invalidation needs the IOTLB registers, too. */
uint64_t vtd_hw_regs_size(const struct vtd_hw_cfg *cfg)
{
	uint64_t frcd = vtd_frcd_offset(cfg->cap);
	uint64_t frcd_size =
		(REG_GET(VTD_CAP_NFR, cfg->cap) + 1) * VTD_FRCD_SIZE;
	uint64_t iotlb = vtd_iva_offset(cfg->ecap);
	uint64_t end = frcd + frcd_size;
	size_t i;

	if (overlap(frcd, frcd_size, iotlb, IOTLB_REGS_SIZE))
		return 0;
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		if (overlap(frcd, frcd_size, regs[i].offset, regs[i].size) ||
		    overlap(iotlb, IOTLB_REGS_SIZE, regs[i].offset,
			    regs[i].size))
			return 0;
	if (end < iotlb + IOTLB_REGS_SIZE)
		end = iotlb + IOTLB_REGS_SIZE;
	return align_up(end, PAGE);
}

static void forbid(struct vtd_hw *m, enum vtd_hw_reg first,
		   enum vtd_hw_reg last)
{
	unsigned int r;

	for (r = first; r <= last; r++)
		m->writable[r] = 0;
}

/* Fields and registers that exist with a feature only. */
static void restrict_fields(struct vtd_hw *m)
{
	uint64_t *w = m->writable;

	if (!ECAP(m, IR))
		forbid(m, R_IRTA, R_IRTA);
	if (!ECAP(m, PRS))
		forbid(m, R_PQH, R_PEUADDR);
	if (!ECAP(m, QI)) {
		forbid(m, R_IQH, R_IEUADDR);
		w[R_FSTS] &= ~MASK(FSTS_IQE);
	}
	if (!ECAP(m, DT))
		w[R_FSTS] &= ~(MASK(FSTS_ICE) | MASK(FSTS_ITE));
	if (!ECAP(m, EIM)) {
		w[R_FEUADDR] = 0;
		w[R_IEUADDR] = 0;
		w[R_PEUADDR] = 0;
		w[R_IRTA] &= ~MASK(IRTA_EIME);
	}
	if (!CAP(m, PLMR))
		forbid(m, R_PLMBASE, R_PLMLIMIT);
	if (!CAP(m, PHMR))
		forbid(m, R_PHMBASE, R_PHMLIMIT);
	if (!CAP(m, PLMR) && !CAP(m, PHMR))
		w[R_PMEN] = 0;
}

/* Addresses have no bits beyond the host's width. */
static void restrict_addresses(struct vtd_hw *m)
{
	static const uint8_t with_address[] = { R_RTADDR, R_PHMBASE, R_PHMLIMIT,
						R_IQA,    R_IRTA,    R_PQA };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(with_address); i++)
		m->writable[with_address[i]] &= m->haw_mask;
}

void vtd_hw_regs_init(struct vtd_hw *m)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(regs); i++)
		m->writable[regs[i].reg] = regs[i].writable;
	for (i = 0; i < ARRAY_SIZE(iotlb_regs); i++)
		m->writable[iotlb_regs[i].reg] = iotlb_regs[i].writable;
	restrict_fields(m);
	restrict_addresses(m);
}

void vtd_hw_regs_reset(struct vtd_hw *m)
{
	size_t i;

	memset(m->reg, 0, sizeof(m->reg));
	memset(m->frcd, 0, sizeof(m->frcd));
	m->frcd_next = 0;
	/* An event that cannot be unmasked is not masked either. */
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		m->reg[regs[i].reg] = regs[i].reset & m->writable[regs[i].reg];
	m->reg[R_VER] = m->cfg.ver;
	m->reg[R_CAP] = m->cfg.cap;
	m->reg[R_ECAP] = m->cfg.ecap;
}
