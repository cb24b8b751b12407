/* SPDX-License-Identifier: MIT */
#include "tests/drivers/smmuv3_fixture.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"

#define REG(f, off) ((f)->reg[(off) / 4])

static void set_reg64(struct fake *f, uint32_t off, uint64_t v)
{
	REG(f, off) = (uint32_t)v;
	REG(f, off + 4) = (uint32_t)(v >> 32);
}

static uint64_t reg64(struct fake *f, uint32_t off)
{
	return REG(f, off) | (uint64_t)REG(f, off + 4) << 32;
}

static const uint64_t *mem(uint64_t pa)
{
	return (const uint64_t *)(uintptr_t)pa;
}

static uint64_t load(uint64_t pa)
{
	return le64_load_acquire(le64_at((void *)(uintptr_t)pa));
}

static void record(struct fake *f, const struct fake_op *op)
{
	if (f->op_count == f->op_room) {
		f->op_room = f->op_room ? 2 * f->op_room : 256;
		f->ops = realloc(f->ops, f->op_room * sizeof(*f->ops));
		assert_non_null(f->ops);
	}
	f->ops[f->op_count++] = *op;
}

/* 7.1: CONS stays, ERR says why, then the error is active. */
static void cmdq_err(struct fake *f, unsigned int code)
{
	REG(f, SMMU_CMDQ_CONS) = (REG(f, SMMU_CMDQ_CONS) & 0xfffff) |
				 code << 24;
	REG(f, SMMU_GERROR) ^= 1;
}

/* One command; false: it failed and the queue stops. */
static bool consume_one(struct fake *f, const struct smmu_cmd *cmd)
{
	unsigned int op = (unsigned int)FIELD_GET(SMMU_CMD_OPCODE, cmd);
	struct fake_op rec = { .kind = FAKE_CMD, .cmd = *cmd };

	if (f->fail_times && (op == f->fail_op || f->fail_op == UINT_MAX)) {
		if (!f->fail_after) {
			f->fail_times--;
			cmdq_err(f, f->fail_code);
			return false;
		}
		f->fail_after--;
	}
	if (op != f->drop_op)
		record(f, &rec);
	return true;
}

static bool runs(const struct fake *f)
{
	return REG(f, SMMU_CR0) & 8 && !f->no_consume &&
	       !((REG(f, SMMU_GERROR) ^ REG(f, SMMU_GERRORN)) & 1);
}

static void consume(struct fake *f)
{
	if (f->detached || f->consuming)
		return;
	f->consuming = true; /* hooks run without the lock */
	while (runs(f)) {
		uint64_t base = reg64(f, SMMU_CMDQ_BASE);
		unsigned int lg2 = (unsigned int)base & 0x1f;
		uint32_t prod = REG(f, SMMU_CMDQ_PROD) & 0xfffff;
		uint32_t cons = REG(f, SMMU_CMDQ_CONS) & 0xfffff;
		uint64_t at = (base & 0xffffffffffffe0) +
			      16ull * smmu_q_index(cons, lg2);
		struct smmu_cmd cmd;

		if (prod == cons)
			break;
		cmd.dw[0] = load(at);
		cmd.dw[1] = load(at + 8);
		if (f->hold_op &&
		    FIELD_GET(SMMU_CMD_OPCODE, &cmd) == f->hold_op)
			break;
		if (f->hook) {
			pthread_mutex_unlock(&f->lock);
			f->hook(f, &cmd);
			pthread_mutex_lock(&f->lock);
		}
		if (!consume_one(f, &cmd))
			break;
		REG(f, SMMU_CMDQ_CONS) = (REG(f, SMMU_CMDQ_CONS) & ~0xfffffu) |
					 smmu_q_add(cons, 1, lg2);
	}
	f->consuming = false;
}

static unsigned int cmdq_lg2(struct fake *f)
{
	return REG(f, SMMU_CMDQ_BASE) & 0x1f;
}

/* Copy the commands up to PROD. */
static void fetch(struct fake *f)
{
	uint64_t base = reg64(f, SMMU_CMDQ_BASE) & 0xffffffffffffe0;
	unsigned int lg2 = cmdq_lg2(f);

	while (f->fetched_until != REG(f, SMMU_CMDQ_PROD)) {
		uint32_t slot = smmu_q_index(f->fetched_until, lg2);

		f->fetched[slot].dw[0] = load(base + 16ull * slot);
		f->fetched[slot].dw[1] = load(base + 16ull * slot + 8);
		f->fetched_until = smmu_q_add(f->fetched_until, 1, lg2);
	}
}

/* 3.21.2: PROD goes forward, and no further than there is room. */
static void check_prod(struct fake *f, uint32_t prod)
{
	unsigned int lg2 = cmdq_lg2(f);
	uint32_t cons = REG(f, SMMU_CMDQ_CONS) & 0xfffff;
	uint32_t old = smmu_q_count(REG(f, SMMU_CMDQ_PROD), cons, lg2);
	uint32_t new = smmu_q_count(prod, cons, lg2);

	if (prod & ~smmu_q_mask(lg2))
		f->violation = "PROD has bits above the wrap bit";
	else if (new < old)
		f->violation = "PROD went backwards";
	else if (new > UINT32_C(1) << lg2)
		f->violation = "PROD went beyond CONS";
}

void fake_detach(struct fake *f,
		 unsigned int (*judge)(void *arg, const struct smmu_cmd *cmd),
		 void *arg)
{
	pthread_mutex_lock(&f->lock);
	f->judge = judge;
	f->judge_arg = arg;
	f->fetched_until = REG(f, SMMU_CMDQ_PROD);
	f->fetched = calloc((size_t)1 << cmdq_lg2(f), sizeof(*f->fetched));
	f->detached = true;
	pthread_mutex_unlock(&f->lock);
	assert_non_null(f->fetched);
	assert_int_equal(REG(f, SMMU_CMDQ_PROD), REG(f, SMMU_CMDQ_CONS));
}

void fake_attach(struct fake *f)
{
	pthread_mutex_lock(&f->lock);
	f->detached = false;
	free(f->fetched);
	f->fetched = NULL;
	pthread_mutex_unlock(&f->lock);
}

unsigned int fake_step(struct fake *f, unsigned int most)
{
	unsigned int lg2, n = 0, code = 0;
	uint32_t cons;

	pthread_mutex_lock(&f->lock);
	lg2 = cmdq_lg2(f);
	cons = REG(f, SMMU_CMDQ_CONS) & 0xfffff;
	if (runs(f))
		fetch(f);
	while (n < most && runs(f) && cons != REG(f, SMMU_CMDQ_PROD)) {
		code = f->judge(f->judge_arg,
				&f->fetched[smmu_q_index(cons, lg2)]);
		if (code)
			break;
		cons = smmu_q_add(cons, 1, lg2);
		n++;
	}
	if (n)
		REG(f, SMMU_CMDQ_CONS) = (REG(f, SMMU_CMDQ_CONS) & ~0xfffffu) |
					 cons;
	if (code) {
		/* What was fetched is not used any more. */
		f->fetched_until = cons;
		cmdq_err(f, code);
	}
	pthread_mutex_unlock(&f->lock);
	return n;
}

/* A register takes long, now and then, so that others come first. */
static void be_slow(const struct fake *f)
{
	static _Thread_local uint32_t turn;

	if (f->detached && ++turn * UINT32_C(2654435761) >> 29 == 0)
		sched_yield();
}

static uint32_t read32(void *dev, uint64_t off)
{
	struct fake *f = dev;
	uint32_t v;

	be_slow(f);
	assert_true(off < 0x20000 && off % 4 == 0);
	pthread_mutex_lock(&f->lock);
	consume(f);
	v = f->gone ? UINT32_MAX : REG(f, off);
	pthread_mutex_unlock(&f->lock);
	if (f->read_hook)
		f->read_hook(f, off);
	return v;
}

static bool acks(struct fake *f, uint64_t off)
{
	if (f->no_ack_nth && !--f->no_ack_nth)
		f->no_ack_off = off;
	return !f->no_ack && f->no_ack_off != off;
}

static void write32_locked(struct fake *f, uint64_t off, uint32_t v)
{
	if (off <= SMMU_AIDR)
		return;
	if (off == SMMU_GBPA) {
		if (v >> 31 && acks(f, off))
			v &= 0x7fffffff;
		REG(f, off) = v;
		return;
	}
	if (f->detached && off == SMMU_CMDQ_PROD)
		check_prod(f, v);
	if (off == SMMU_GERRORN &&
	    ((REG(f, off) ^ v) & ~(REG(f, SMMU_GERROR) ^ REG(f, off))))
		f->violation = "an inactive error was acknowledged";
	REG(f, off) = v;
	if (f->detached && off == SMMU_CMDQ_PROD && runs(f))
		fetch(f);
	if ((off == SMMU_CR0 || off == SMMU_IRQ_CTRL) && acks(f, off))
		REG(f, off + 4) = v;
}

static void write32(void *dev, uint64_t off, uint32_t v)
{
	struct fake *f = dev;

	be_slow(f);
	assert_true(off < 0x20000 && off % 4 == 0);
	pthread_mutex_lock(&f->lock);
	write32_locked(f, off, v);
	consume(f);
	pthread_mutex_unlock(&f->lock);
}

static uint64_t read64(void *dev, uint64_t off)
{
	return read32(dev, off) | (uint64_t)read32(dev, off + 4) << 32;
}

static void write64(void *dev, uint64_t off, uint64_t v)
{
	struct fake *f = dev;

	pthread_mutex_lock(&f->lock);
	set_reg64(f, (uint32_t)off, v);
	pthread_mutex_unlock(&f->lock);
}

static const struct plat_mmio_ops mmio_ops = {
	.read32 = read32,
	.read64 = read64,
	.write32 = write32,
	.write64 = write64,
};

static void put(struct fake *f, unsigned int off, unsigned int n, uint32_t v)
{
	memcpy(f->cfg + off, &v, n);
}

static uint32_t cfg_read(void *dev, unsigned int off, unsigned int n)
{
	struct fake *f = dev;
	uint32_t v = 0;

	pthread_mutex_lock(&f->lock);
	memcpy(&v, f->cfg + off, n);
	if (off == FAKE_PRI + 6)
		v = 0x8000 | (f->pri_never_stops ? 0 : 0x100);
	pthread_mutex_unlock(&f->lock);
	return v;
}

static void cfg_write(void *dev, unsigned int off, unsigned int n, uint32_t v)
{
	struct fake *f = dev;
	struct fake_op op = { .kind = FAKE_CFG, .offset = off, .value = v };

	pthread_mutex_lock(&f->lock);
	record(f, &op);
	if (off == FAKE_PRI + 4)
		v &= 1; /* the reset reads as 0 */
	if (off != FAKE_PRI + 6)
		put(f, off, n, v);
	pthread_mutex_unlock(&f->lock);
}

static const struct plat_pci_ops pci_ops = { cfg_read, cfg_write };

static void init_cfg(struct fake *f)
{
	put(f, 0x06, 2, 0x10);
	put(f, 0x34, 1, 0x40);
	put(f, 0x40, 2, 0x10);
	put(f, 0x64, 4, 1u << 21);
	put(f, FAKE_ATS, 4, 0x0f | 1 << 16 | FAKE_PRI << 20);
	put(f, FAKE_PRI, 4, 0x13 | 1 << 16 | (uint32_t)FAKE_PASID << 20);
	put(f, FAKE_PRI + 8, 4, 512);
	put(f, FAKE_PASID, 4, 0x1b | 1 << 16);
	put(f, FAKE_PASID + 4, 2, 20 << 8 | 2);
	f->pci = (struct plat_pci){ .ops = &pci_ops, .dev = f };
}

void fake_init(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	testplat_init(&f->tp);
	pthread_mutex_init(&f->lock, NULL);
	f->drop_op = ~0u;
	/* S1P, AArch64, COHACC, HTTU=2, ATS, ASID16, MSI, PRI, CD2L, LE, */
	f->idr[0] = 1 << 1 | 2 << 2 | 1 << 4 | 2 << 6 | 1 << 10 | 1 << 12 |
		    1 << 13 | 1 << 16 | 1 << 19 | 2 << 21 |
		    1 << 24 /* no stall */ | 1 << 27 /* 2 levels */;
	f->idr[1] = 16 | 20 << 6 | 10 << 11 | 10 << 16 | 10 << 21;
	f->idr[5] = 5 | 1 << 4; /* 48 bits, 4K */
	f->aidr = 2;
	init_cfg(f);
	assert_int_equal(iommu_system_create(&f->tp.plat, NULL, &f->sys), 0);
}

void fake_fini(struct fake *f)
{
	if (f->unit)
		assert_int_equal(smmuv3_remove(f->unit), 0);
	assert_int_equal(iommu_system_destroy(f->sys), 0);
	free(f->ops);
	free(f->fetched);
	pthread_mutex_destroy(&f->lock);
	testplat_fini(&f->tp);
}

int fake_probe_desc(struct fake *f, struct smmuv3_desc *desc)
{
	unsigned int i;
	int err;

	for (i = 0; i < 6; i++)
		REG(f, 4 * i) = f->idr[i];
	REG(f, SMMU_IDR6) = f->idr[6];
	REG(f, SMMU_AIDR) = f->aidr;
	desc->mmio = (struct plat_mmio){ &mmio_ops, f, 0x20000 };
	err = smmuv3_probe(f->sys, desc, &f->unit);
	if (err)
		f->unit = NULL;
	return err;
}

int fake_probe(struct fake *f)
{
	struct smmuv3_desc desc = {
		.irq = { 1, 2, 3 },
		.timeout_ms = 100,
	};

	return fake_probe_desc(f, &desc);
}

int fake_add_device(struct fake *f, const struct iommu_device_desc *desc,
		    struct iommu_device **ret_dev)
{
	return iommu_device_add(f->sys, desc, ret_dev);
}

struct iommu_device *fake_pci_device(struct fake *f, uint32_t sid)
{
	struct iommu_device_desc desc = {
		.name = "fake0",
		.unit = f->unit,
		.stream_ids = &sid,
		.stream_id_count = 1,
		.pci = &f->pci,
	};
	struct iommu_device *dev = NULL;

	assert_int_equal(iommu_device_add(f->sys, &desc, &dev), 0);
	return dev;
}

void fake_hold(struct fake *f, unsigned int opcode)
{
	pthread_mutex_lock(&f->lock);
	f->hold_op = opcode;
	pthread_mutex_unlock(&f->lock);
}

void fake_ops_clear(struct fake *f)
{
	pthread_mutex_lock(&f->lock);
	f->op_count = 0;
	pthread_mutex_unlock(&f->lock);
}

size_t fake_find(struct fake *f, unsigned int opcode, size_t from)
{
	size_t i;

	for (i = from; i < f->op_count; i++)
		if (f->ops[i].kind == FAKE_CMD &&
		    FIELD_GET(SMMU_CMD_OPCODE, &f->ops[i].cmd) == opcode)
			return i;
	return SIZE_MAX;
}

size_t fake_find_cfg(struct fake *f, unsigned int offset, uint32_t value,
		     size_t from)
{
	size_t i;

	for (i = from; i < f->op_count; i++)
		if (f->ops[i].kind == FAKE_CFG && f->ops[i].offset == offset &&
		    f->ops[i].value == value)
			return i;
	return SIZE_MAX;
}

size_t fake_count(struct fake *f, unsigned int opcode)
{
	size_t i, n = 0;

	for (i = fake_find(f, opcode, 0); i != SIZE_MAX;
	     i = fake_find(f, opcode, i + 1))
		n++;
	return n;
}

const struct smmu_cmd *fake_cmd(struct fake *f, size_t index)
{
	assert_true(index < f->op_count);
	return &f->ops[index].cmd;
}

static bool push(struct fake *f, uint32_t base_reg, uint32_t prod_reg,
		 uint32_t cons_reg, uint32_t msi_reg, uint32_t enable,
		 unsigned int wire, const uint64_t *dw, unsigned int words)
{
	bool pushed = true, irq = false;
	uint64_t base, msi;
	unsigned int lg2, i;
	uint32_t prod, cons;

	pthread_mutex_lock(&f->lock);
	base = reg64(f, base_reg);
	lg2 = (unsigned int)base & 0x1f;
	prod = REG(f, prod_reg);
	cons = REG(f, cons_reg);
	if (smmu_q_full(prod, cons, lg2) || (prod ^ cons) >> 31) {
		/* an overflow that is not acknowledged yet stays one */
		if (!((prod ^ cons) >> 31))
			REG(f, prod_reg) = prod ^ 0x80000000u;
		pushed = false;
	} else {
		uint64_t at = (base & 0xffffffffffffe0) +
			      8ull * words * smmu_q_index(prod, lg2);

		for (i = 0; i < words; i++)
			le64_store_relaxed(
				le64_at((void *)(uintptr_t)(at + 8 * i)),
				dw[i]);
		REG(f, prod_reg) = (prod & 0x80000000u) |
				   smmu_q_add(prod & 0xfffff, 1, lg2);
		irq = smmu_q_empty(prod, cons, lg2) &&
		      REG(f, SMMU_IRQ_CTRL) & enable;
	}
	msi = reg64(f, msi_reg);
	i = REG(f, msi_reg + 8);
	pthread_mutex_unlock(&f->lock);
	if (irq && msi)
		assert_true(testplat_msi(&f->tp, msi, i));
	else if (irq)
		testplat_irq_raise(&f->tp, wire);
	return pushed;
}

bool fake_push_event(struct fake *f, const uint64_t dw[4])
{
	return push(f, SMMU_EVENTQ_BASE, SMMU_EVENTQ_PROD, SMMU_EVENTQ_CONS,
		    SMMU_EVENTQ_IRQ_CFG0, 4, 1, dw, 4);
}

bool fake_push_pri(struct fake *f, const uint64_t dw[2])
{
	return push(f, SMMU_PRIQ_BASE, SMMU_PRIQ_PROD, SMMU_PRIQ_CONS,
		    SMMU_PRIQ_IRQ_CFG0, 2, 2, dw, 2);
}

const uint64_t *fake_ste(struct fake *f, uint32_t sid)
{
	uint64_t base = reg64(f, SMMU_STRTAB_BASE) & 0xffffffffffffc0;
	uint32_t cfg = REG(f, SMMU_STRTAB_BASE_CFG);
	unsigned int split = cfg >> 6 & 31;
	uint64_t l1;

	if (sid >> (cfg & 63))
		return NULL;
	if ((cfg >> 16 & 3) == 0)
		return mem(base + 64ull * sid);
	l1 = load(base + 8ull * (sid >> split));
	if (!(l1 & 31) || (sid & ((1u << split) - 1)) >> ((l1 & 31) - 1))
		return NULL;
	return mem((l1 & 0xffffffffffffc0) +
		   64ull * (sid & ((1u << split) - 1)));
}

const uint64_t *fake_cd(struct fake *f, uint32_t sid, uint32_t ssid)
{
	const uint64_t *ste = fake_ste(f, sid);
	uint64_t base, l1;

	if (!ste || !(ste[0] & 1) || (ste[0] >> 1 & 7) != 5 ||
	    (uint64_t)ssid >> (ste[0] >> 59))
		return NULL;
	base = ste[0] & 0xffffffffffffc0;
	if ((ste[0] >> 4 & 3) == 0)
		return mem(base + 64ull * ssid);
	assert_int_equal(ste[0] >> 4 & 3, 2);
	l1 = load(base + 8ull * (ssid >> 10));
	if (!(l1 & 1))
		return NULL;
	return mem((l1 & 0xfffffffffff000) + 64ull * (ssid & 1023));
}

static int mm_get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			struct iommu_mm_table *ret_table)
{
	struct fake_mm *m = container_of(mm, struct fake_mm, mm);

	if (fmt != m->desc.fmt)
		return -EOPNOTSUPP;
	*ret_table = m->desc;
	return 0;
}

static int mm_handle_fault(struct iommu_mm *mm, uint64_t va, size_t count,
			   unsigned int perm, size_t *ret_done)
{
	struct fake_mm *m = container_of(mm, struct fake_mm, mm);
	int err = m->fault_err;
	size_t i;

	/* Workers resolve several groups at a time. */
	pthread_mutex_lock(&m->f->lock);
	m->faults++;
	*ret_done = 0;
	for (i = 0; i < count && !err; i++) {
		err = arm_lpae_set(&m->table, va + 4096 * i, va + 4096 * i,
				   (perm & IOMMU_PERM_RWX) | IOMMU_PERM_READ);
		*ret_done += !err;
	}
	pthread_mutex_unlock(&m->f->lock);
	return err;
}

static void mm_exit(struct iommu_mm *mm)
{
	struct fake_mm *m = container_of(mm, struct fake_mm, mm);

	m->exited = true;
	arm_lpae_clear(&m->table, 0, UINT64_MAX, NULL);
}

static void mm_free(struct iommu_mm *mm)
{
	struct fake_mm *m = container_of(mm, struct fake_mm, mm);

	m->freed = true;
	arm_lpae_fini(&m->table);
}

static const struct iommu_mm_ops mm_ops = {
	.get_table = mm_get_table,
	.handle_fault = mm_handle_fault,
	.exit = mm_exit,
	.free = mm_free,
};

void fake_mm_init(struct fake_mm *m, struct fake *f)
{
	struct arm_lpae_cfg cfg = { &f->tp.plat, 48, 48, 12, false };

	memset(m, 0, sizeof(*m));
	m->f = f;
	assert_int_equal(arm_lpae_init(&m->table, &cfg), 0);
	m->desc = (struct iommu_mm_table){
		.fmt = IOMMU_TABLE_ARM_64_LPAE_S1,
		.root = arm_lpae_root_pa(&m->table),
		.va_bits = 48,
		.granule_lg2 = 12,
		.pa_bits = 48,
		.af_managed = true,
		.mair = ARM_LPAE_MAIR,
	};
	iommu_mm_init(&m->mm, f->sys, &mm_ops);
}
