/* SPDX-License-Identifier: MIT */
/*
 * The driver on the model, whose caches forget nothing by themselves, with a
 * device that has a translation cache of its own.
 *
 * run_scenario() is also run with one kind of command taken out of the queue
 * at a time: it has to notice each of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva/fault.h>
#include <sva/smmuv3_hw.h>
#include <sva/sva.h>

#include "base/le64.h"
#include "tests/drivers/smmuv3_fixture.h"

enum {
	SID = 0x321,
	ATC_SIZE = 64,
	NO_DROP = 0xff,
};

struct atc_entry {
	bool valid;
	bool going; /* invalidated, not yet said so */
	ioasid_t pasid;
	uint64_t va, pa;
};

/* What an SMMU is like, beside the default. */
struct shape {
	const char *name;
	unsigned int granule_lg2;
	uint32_t set[6], clear[6]; /* of IDR0 to IDR5 */
	bool vhe;
};

static const struct shape usual = { .name = "usual", .granule_lg2 = 12 };

/* fake: its system, address spaces and PCIe function; not its registers. */
struct bench {
	const struct shape *shape;
	struct fake f;
	struct iommu_hw *hw;
	void *hw_mem;
	struct hw_port port;
	struct iommu_device *dev;
	struct plat_mmio mmio;
	unsigned int drop_op;
	uint32_t prod_seen;
	bool deaf; /* writes of the command queue's PROD are lost */

	uint64_t watch_pa; /* count loads from this page */
	unsigned int watch_loads;

	struct atc_entry atc[ATC_SIZE];
	bool slow_atc;
	bool inv_pending;
	uint64_t inv_cookie;
	struct hw_prg_response prg;
	unsigned int prg_count;
	uint64_t resumed; /* cookie of the last one */
	bool retried;
	unsigned int resume_count;
};

static int env_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	(void)ctx;
	(void)ret_done;
	memcpy(buf, (void *)(uintptr_t)pa, len);
	return 0;
}

static int env_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	(void)ctx;
	(void)ret_done;
	memcpy((void *)(uintptr_t)pa, buf, len);
	return 0;
}

static int env_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		    size_t *ret_done, bool *ret_write)
{
	(void)ctx;
	(void)ret_done;
	(void)ret_write;
	memmove((void *)(uintptr_t)dst, (void *)(uintptr_t)src, len);
	return 0;
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct bench *b = ctx;

	b->watch_loads += b->watch_pa && pa / 4096 == b->watch_pa / 4096;
	*ret_value = le64_load_acquire(le64_at((void *)(uintptr_t)pa));
	return 0;
}

static int env_store64(void *ctx, uint64_t pa, uint64_t value)
{
	(void)ctx;
	le64_store_release(le64_at((void *)(uintptr_t)pa), value);
	return 0;
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	(void)ctx;
	le64_cmpxchg(le64_at((void *)(uintptr_t)pa), &expected, desired);
	*ret_old = expected;
	return 0;
}

static int env_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	struct bench *b = ctx;

	(void)requester;
	assert_true(testplat_msi(&b->f.tp, addr, data));
	return 0;
}

static void env_wire(void *ctx, unsigned int line, bool level)
{
	struct bench *b = ctx;

	if (level && line < SMMUV3_IRQ_COUNT)
		testplat_irq_raise(&b->f.tp, 1 + line);
}

static pthread_mutex_t *to_mutex(struct hw_lock *lock)
{
	return (pthread_mutex_t *)(void *)lock->opaque;
}

static void env_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name)
{
	(void)ctx;
	(void)rank;
	(void)name;
	pthread_mutex_init(to_mutex(lock), NULL);
}

static void env_lock_fini(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	pthread_mutex_destroy(to_mutex(lock));
}

static void env_lock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	pthread_mutex_lock(to_mutex(lock));
}

static void env_unlock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	pthread_mutex_unlock(to_mutex(lock));
}

static void env_relax(void *ctx, unsigned int turns)
{
	(void)ctx;
	(void)turns;
}

static uint64_t env_now(void *ctx)
{
	struct bench *b = ctx;

	return plat_now_ns(&b->f.tp.plat);
}

static int bus_invalidate(void *ctx, const struct hw_ats_inv *inv,
			  uint64_t cookie)
{
	struct bench *b = ctx;
	unsigned int i;

	if (inv->requester != SID)
		return -ENODEV;
	for (i = 0; i < ATC_SIZE; i++) {
		struct atc_entry *e = &b->atc[i];

		if (!e->valid || (inv->pasid_valid && e->pasid != inv->pasid) ||
		    (inv->size && (e->va + 4096 <= inv->addr ||
				   e->va >= inv->addr + inv->size)))
			continue;
		e->going = true;
		if (!b->slow_atc)
			e->valid = false;
	}
	if (!b->slow_atc)
		return 0;
	b->inv_pending = true;
	b->inv_cookie = cookie;
	return -EINPROGRESS;
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct bench *b = ctx;

	b->prg = *resp;
	b->prg_count++;
}

static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	struct bench *b = ctx;

	b->resumed = cookie;
	b->retried = how == HW_RESUME_RETRY;
	b->resume_count++;
}

/* A slow device says at some later register access that it is done. */
static void finish_invalidation(struct bench *b)
{
	unsigned int i;

	if (!b->inv_pending)
		return;
	b->inv_pending = false;
	for (i = 0; i < ATC_SIZE; i++)
		if (b->atc[i].going)
			b->atc[i].valid = b->atc[i].going = false;
	b->hw->ops->ats_inv_complete(b->hw, b->inv_cookie, true);
}

static uint32_t mmio_r32(void *dev, uint64_t off)
{
	struct bench *b = dev;
	uint32_t v = (uint32_t)b->hw->ops->mmio_read(b->hw, off, 4);

	if (off == SMMU_GERROR)
		finish_invalidation(b);
	return v;
}

static uint64_t mmio_r64(void *dev, uint64_t off)
{
	struct bench *b = dev;

	return b->hw->ops->mmio_read(b->hw, off, 8);
}

/* Commands of the kind to drop become ones without an effect. */
static void drop_commands(struct bench *b, uint32_t prod)
{
	uint64_t base = b->hw->ops->mmio_read(b->hw, SMMU_CMDQ_BASE, 8);
	unsigned int lg2 = (unsigned int)base & 31;

	for (; b->prod_seen != prod;
	     b->prod_seen = smmu_q_add(b->prod_seen, 1, lg2)) {
		le64_atomic *e = le64_at(
			(void *)(uintptr_t)((base & 0xffffffffffffe0) +
					    16ull * smmu_q_index(b->prod_seen,
								 lg2)));

		if ((le64_load_relaxed(e) & 0xff) == b->drop_op) {
			le64_store_relaxed(&e[0], SMMU_OP_PREFETCH_CONFIG);
			le64_store_relaxed(&e[1], 0);
		}
	}
}

static void mmio_w32(void *dev, uint64_t off, uint32_t v)
{
	struct bench *b = dev;

	if (off == SMMU_CMDQ_PROD && b->deaf)
		return;
	if (off == SMMU_CMDQ_PROD)
		drop_commands(b, v);
	b->hw->ops->mmio_write(b->hw, off, 4, v);
}

static void mmio_w64(void *dev, uint64_t off, uint64_t v)
{
	struct bench *b = dev;

	b->hw->ops->mmio_write(b->hw, off, 8, v);
}

static const struct plat_mmio_ops mmio_ops = {
	mmio_r32, mmio_r64, mmio_w32, mmio_w64, NULL, NULL,
};

static struct bench *make_shape(const struct shape *shape,
				enum hw_personality personality,
				unsigned int command_batch)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct hw_env env = {
		.ctx = b,
		.mem_read = env_read,
		.mem_write = env_write,
		.mem_copy = env_copy,
		.mem_load64 = env_load64,
		.mem_store64 = env_store64,
		.mem_cas64 = env_cas64,
		.msi = env_msi,
		.wire = env_wire,
		.lock_init = env_lock_init,
		.lock_fini = env_lock_fini,
		.lock = env_lock,
		.unlock = env_unlock,
		.relax = env_relax,
		.now_ns = env_now,
	};
	struct hw_bus bus = {
		.ctx = b,
		.ats_invalidate = bus_invalidate,
		.prg_response = bus_prg_response,
		.resume = bus_resume,
	};
	struct smmuv3_hw_cfg cfg;
	unsigned int i;
	size_t size;

	assert_non_null(b);
	fake_init(&b->f);
	b->shape = shape;
	b->drop_op = NO_DROP;
	smmuv3_hw_cfg_default(&cfg);
	cfg.personality = personality;
	cfg.command_batch = command_batch;
	for (i = 0; i < 6; i++)
		cfg.idr[i] = (cfg.idr[i] & ~shape->clear[i]) | shape->set[i];
	size = smmuv3_hw_size(&cfg);
	assert_int_not_equal(size, 0);
	b->hw_mem = aligned_alloc(64, (size + 63) & ~(size_t)63);
	assert_non_null(b->hw_mem);
	memset(b->hw_mem, 0, size);
	assert_int_equal(
		smmuv3_hw_create(&cfg, &env, &bus, b->hw_mem, size, &b->hw), 0);
	b->hw->ops->port_add(b->hw, &b->port);
	return b;
}

static struct bench *make(enum hw_personality personality,
			  unsigned int command_batch)
{
	return make_shape(&usual, personality, command_batch);
}

static int probe(struct bench *b)
{
	const struct smmuv3_cpu cpu = { .vhe = b->shape->vhe };
	struct smmuv3_desc desc = {
		.mmio = { &mmio_ops, b, b->hw->mmio_size },
		.irq = { 1, 2, 3 },
		.cpu = &cpu,
		.timeout_ms = 200,
	};

	return smmuv3_probe(b->f.sys, &desc, &b->f.unit);
}

static void unmake(struct bench *b)
{
	if (b->dev)
		assert_int_equal(iommu_device_remove(b->dev), 0);
	if (b->f.unit)
		assert_int_equal(smmuv3_remove(b->f.unit), 0);
	b->f.unit = NULL;
	b->hw->ops->port_remove(b->hw, &b->port);
	smmuv3_hw_destroy(b->hw);
	free(b->hw_mem);
	fake_fini(&b->f);
	free(b);
}

/* The physical address a DMA read goes to, or 0: aborted. */
static uint64_t dma(struct bench *b, ioasid_t pasid, uint64_t va)
{
	struct hw_txn txn = {
		.requester = SID,
		.flags = pasid ? HW_TXN_PASID_VALID : 0,
		.pasid = pasid,
		.perm = IOMMU_PERM_READ,
		.addr = va,
	};
	struct hw_xlat xlat;

	if (b->hw->ops->translate(b->hw, &b->port, &txn, &xlat))
		return 0;
	hw_port_done(&b->port);
	return xlat.pa;
}

/* Ask for a translation and keep it. */
static uint64_t ats(struct bench *b, ioasid_t pasid, uint64_t va)
{
	struct hw_txn txn = {
		.requester = SID,
		.flags = HW_TXN_PASID_VALID,
		.pasid = pasid,
		.perm = IOMMU_PERM_READ,
		.addr = va,
	};
	struct hw_ats_reply reply;
	unsigned int i;

	b->hw->ops->ats_translate(b->hw, &b->port, &txn, &reply);
	if (reply.status != HW_ATS_SUCCESS || !reply.xlat.perm)
		return 0;
	for (i = 0; i < ATC_SIZE && b->atc[i].valid; i++)
		;
	assert_true(i < ATC_SIZE);
	b->atc[i] = (struct atc_entry){ true, false, pasid, va, reply.xlat.pa };
	return reply.xlat.pa;
}

static bool atc_has(struct bench *b, ioasid_t pasid, uint64_t va)
{
	unsigned int i;

	for (i = 0; i < ATC_SIZE; i++)
		if (b->atc[i].valid && b->atc[i].pasid == pasid &&
		    b->atc[i].va == va)
			return true;
	return false;
}

/* An address space with the pages of the SMMU. */
static void make_mm(struct bench *b, struct fake_mm *m)
{
	unsigned int g = b->shape->granule_lg2;
	struct arm_lpae_cfg cfg = { &b->f.tp.plat, g == 14 ? 47 : 48, 48, g };

	fake_mm_init(m, &b->f);
	arm_lpae_fini(&m->table);
	assert_int_equal(arm_lpae_init(&m->table, &cfg), 0);
	m->desc.root = arm_lpae_root_pa(&m->table);
	m->desc.va_bits = cfg.va_bits;
	m->desc.granule_lg2 = g;
}

static void map(struct fake_mm *m, uint64_t va, uint64_t pa)
{
	assert_int_equal(arm_lpae_set(&m->table, va, pa, IOMMU_PERM_READ), 0);
}

static void unmap(struct fake_mm *m, uint64_t start, uint64_t end)
{
	arm_lpae_clear(&m->table, start, end, NULL);
	iommu_mm_invalidate_range(&m->mm, start, end);
}

static int attach(struct bench *b, struct fake_mm *m, ioasid_t pasid,
		  struct iommu_domain **ret_d)
{
	int err = iommu_domain_alloc_sva(b->f.unit, &m->mm, ret_d);

	if (err)
		return err;
	err = iommu_attach_device_pasid(*ret_d, b->dev, pasid);
	if (err)
		assert_int_equal(iommu_domain_free(*ret_d), 0);
	return err;
}

static void detach(struct bench *b, struct iommu_domain *d, ioasid_t pasid)
{
	iommu_detach_device_pasid(d, b->dev, pasid);
	assert_int_equal(iommu_domain_free(d), 0);
}

/*
 * Each line is something that goes wrong if an invalidation, or the wait for
 * it, is missing. Returns the number of the first one that did; 0: none.
 */
#define EXPECT(cond)                                                           \
	do {                                                                   \
		if (!(cond) && !bad)                                           \
			bad = __LINE__;                                        \
	} while (0)

#define PAGE(n) ((uint64_t)(n) << g)

static int run_scenario(const struct shape *shape, unsigned int drop_op,
			unsigned int command_batch)
{
	struct bench *b = make_shape(shape, HW_STRICT, command_batch);
	const unsigned int g = shape->granule_lg2;
	struct iommu_domain *d1 = NULL, *d2 = NULL;
	struct fake_mm m1, m2;
	int bad = 0;

	assert_int_equal(probe(b), 0);
	b->drop_op = drop_op;
	b->slow_atc = true;
	make_mm(b, &m1);
	make_mm(b, &m2);
	map(&m1, PAGE(16), PAGE(0x111));
	map(&m1, PAGE(17), PAGE(0x112));
	map(&m1, PAGE(2048), PAGE(0x113));
	map(&m2, PAGE(16), PAGE(0x222));

	/* The invalid level-1 stream descriptor is cached now. */
	EXPECT(dma(b, 7, PAGE(16)) == 0);
	b->dev = fake_pci_device(&b->f, SID);
	/* The STE, the invalid level-1 CD descriptor. */
	EXPECT(dma(b, 7, PAGE(16)) == 0);
	assert_int_equal(attach(b, &m1, 7, &d1), 0);
	EXPECT(dma(b, 7, PAGE(16)) == PAGE(0x111));
	EXPECT(dma(b, 7, PAGE(17) - 1) == PAGE(0x112) - 1);
	/* Its neighbour's invalid CD, in a leaf that is there. */
	EXPECT(dma(b, 8, PAGE(16)) == 0);
	assert_int_equal(attach(b, &m2, 8, &d2), 0);
	EXPECT(dma(b, 8, PAGE(16)) == PAGE(0x222));

	/* One page: only it goes, from TLB and ATC. */
	EXPECT(dma(b, 7, PAGE(17)) == PAGE(0x112));
	EXPECT(ats(b, 7, PAGE(16)) == PAGE(0x111));
	EXPECT(ats(b, 7, PAGE(17)) == PAGE(0x112));
	EXPECT(ats(b, 8, PAGE(16)) == PAGE(0x222));
	unmap(&m1, PAGE(16), PAGE(17));
	EXPECT(dma(b, 7, PAGE(16)) == 0);
	EXPECT(dma(b, 7, PAGE(17)) == PAGE(0x112));
	EXPECT(!atc_has(b, 7, PAGE(16)));
	EXPECT(atc_has(b, 7, PAGE(17)) && atc_has(b, 8, PAGE(16)));

	/* Everything: by ASID. */
	EXPECT(dma(b, 7, PAGE(2048)) == PAGE(0x113));
	unmap(&m1, 0, UINT64_MAX);
	EXPECT(dma(b, 7, PAGE(2048)) == 0);
	EXPECT(dma(b, 7, PAGE(17)) == 0);
	EXPECT(!atc_has(b, 7, PAGE(17)));
	EXPECT(dma(b, 8, PAGE(16)) == PAGE(0x222));

	/* The same PASID, another address space. */
	map(&m1, PAGE(16), PAGE(0x111));
	EXPECT(dma(b, 7, PAGE(16)) == PAGE(0x111));
	EXPECT(ats(b, 7, PAGE(16)) == PAGE(0x111));
	detach(b, d1, 7);
	EXPECT(dma(b, 7, PAGE(16)) == 0);
	EXPECT(!atc_has(b, 7, PAGE(16)));
	assert_int_equal(attach(b, &m2, 7, &d1), 0);
	EXPECT(dma(b, 7, PAGE(16)) == PAGE(0x222));
	detach(b, d1, 7);
	detach(b, d2, 8);
	EXPECT(dma(b, 8, PAGE(16)) == 0);

	iommu_mm_put_users(&m1.mm);
	iommu_mm_put_users(&m2.mm);
	unmake(b);
	return bad;
}

/*
 * Three that differ from the default and from each other in all that a driver
 * has to follow.
 */
static const struct shape shapes[] = {
	{ .name = "usual", .granule_lg2 = 12 },
	{
		/* 16K; no CD2L, no RIL; STALL_MODEL forced, 4 at most */
		.name = "16K",
		.granule_lg2 = 14,
		.set = { 2u << 24, 0, 0, 0, 0, 1u << 5 | 4u << 16 },
		.clear = { 1u << 19 | 3u << 24, 0, 0, 1u << 10, 0, 1u << 4 },
	},
	{
		/* 64K, 52 bits of both; two levels and HTTU as the default */
		.name = "64K",
		.granule_lg2 = 16,
		.set = { 0, 0, 0, 0, 0, 1u << 6 | 6 | 1u << 10 },
		.clear = { 0, 0, 0, 0, 0, 1u << 4 | 7 },
	},
	{
		/* HYP and what it takes, for CPUs in VHE; 8-bit ASIDs */
		.name = "VHE",
		.granule_lg2 = 12,
		.set = { 1u << 9 | 1, 0, 0, 0, 0, 0 },
		.clear = { 1u << 12, 0, 0, 0, 0, 0 },
		.vhe = true,
	},
};

/* [R8] [R9] [R10] [K5] [K6] [K7] [K15] [K16] [L6] [L9] */
static void test_smmuv3_strict_caches_never_show_stale_state(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		assert_int_equal(run_scenario(&shapes[i], NO_DROP, 0), 0);
		assert_int_equal(run_scenario(&shapes[i], NO_DROP, 1), 0);
	}
}

/* The control of the test above: it sees each kind of command missing. */
static void test_smmuv3_any_dropped_invalidation_is_noticed(void **state)
{
	static const unsigned int ops[] = {
		SMMU_OP_CFGI_STE,     SMMU_OP_CFGI_CD, SMMU_OP_TLBI_NH_VA,
		SMMU_OP_TLBI_NH_ASID, SMMU_OP_ATC_INV, SMMU_OP_SYNC,
	};
	static const unsigned int vhe_ops[] = {
		SMMU_OP_TLBI_EL2_VA,
		SMMU_OP_TLBI_EL2_ASID,
	};
	size_t i, j;

	(void)state;
	for (j = 0; j < sizeof(shapes) / sizeof(shapes[0]); j++) {
		for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
			bool tlbi = ops[i] == SMMU_OP_TLBI_NH_VA ||
				    ops[i] == SMMU_OP_TLBI_NH_ASID;
			unsigned int op =
				tlbi && shapes[j].vhe ? vhe_ops[i - 2] : ops[i];
			int bad = run_scenario(&shapes[j], op, 0);

			print_message("%s without command %#x: line %d\n",
				      shapes[j].name, op, bad);
			assert_int_not_equal(bad, 0);
		}
	}
}

/* [R6] [B8]: after the exit, DMA aborts without a word. */
static void test_smmuv3_exit_is_quiet_until_detach(void **state)
{
	struct bench *b = make(HW_STRICT, 0);
	struct iommu_hw_stats before, after;
	struct iommu_domain *d;
	struct fake_mm m;

	(void)state;
	assert_int_equal(probe(b), 0);
	b->dev = fake_pci_device(&b->f, SID);
	fake_mm_init(&m, &b->f);
	map(&m, 0x10000, 0x111000);
	assert_int_equal(attach(b, &m, 7, &d), 0);
	assert_int_equal(dma(b, 7, 0x10000), 0x111000);
	assert_int_equal(ats(b, 7, 0x10000), 0x111000);
	b->watch_pa = m.desc.root;
	/* Where the walk cache knows no table. */
	assert_int_equal(dma(b, 7, UINT64_C(1) << 40), 0);
	assert_int_equal(b->watch_loads, 1);

	iommu_mm_put_users(&m.mm);
	assert_true(m.exited);
	b->watch_loads = 0;
	assert_false(atc_has(b, 7, 0x10000));
	b->hw->ops->stats(b->hw, &before);
	assert_int_equal(dma(b, 7, 0x10000), 0);
	assert_int_equal(ats(b, 7, 0x10000), 0);
	b->hw->ops->stats(b->hw, &after);
	assert_int_equal(after.events, before.events);
	assert_int_equal(b->watch_loads, 0);

	detach(b, d, 7);
	assert_true(m.freed);
	/* After it, whoever still comes is reported. */
	assert_int_equal(dma(b, 7, 0x10000), 0);
	b->hw->ops->stats(b->hw, &after);
	assert_int_equal(after.events, before.events + 1);
	unmake(b);
}

/* Bind, fault, answer, retry: through core, with the real codes. [J] [R2] */
static void test_smmuv3_page_request_is_answered(void **state)
{
	struct bench *b = make(HW_STRICT, 0);
	struct hw_page_request req = {
		.requester = SID,
		.pasid_valid = true,
		.addr = 0x7654321000,
		.perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE,
		.prgi = 0x1ab,
		.last = true,
	};
	struct iommu_device_caps caps;
	struct iommu_sva *sva;
	struct fake_mm m;

	(void)state;
	assert_int_equal(probe(b), 0);
	b->dev = fake_pci_device(&b->f, SID);
	iommu_device_caps(b->dev, &caps);
	assert_true(caps.ats && caps.pri && caps.sva && !caps.stall);
	assert_int_equal(caps.pasid_bits, 20);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	fake_mm_init(&m, &b->f);
	assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &sva), 0);
	req.pasid = iommu_sva_get_pasid(sva);
	assert_int_equal(ats(b, req.pasid, req.addr), 0);

	b->hw->ops->page_request(b->hw, &req);
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
	assert_int_equal(b->prg_count, 1);
	assert_int_equal(b->prg.code, HW_PRG_SUCCESS);
	assert_int_equal(b->prg.prgi, 0x1ab);
	assert_int_equal(b->prg.requester, SID);
	assert_true(b->prg.pasid_valid); /* the function wants it */
	assert_int_equal(b->prg.pasid, req.pasid);
	assert_int_equal(m.faults, 1);
	assert_int_equal(ats(b, req.pasid, req.addr), req.addr);

	/* A bad address, and a PASID of nobody. */
	m.fault_err = -EFAULT;
	req.addr += 4096;
	b->hw->ops->page_request(b->hw, &req);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
	assert_int_equal(b->prg.code, HW_PRG_INVALID);
	req.pasid++;
	b->hw->ops->page_request(b->hw, &req);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
	assert_int_equal(b->prg_count, 3);
	assert_int_equal(b->prg.code, HW_PRG_INVALID);
	/* A stop marker is not answered. [R4] */
	req.perm = 0;
	b->hw->ops->page_request(b->hw, &req);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
	assert_int_equal(b->prg_count, 3);
	/* Unbinding drains what no interrupt told of. [R1] */
	req.perm = IOMMU_PERM_READ;
	req.pasid--;
	b->hw->ops->page_request(b->hw, &req);
	iommu_sva_unbind(sva);
	assert_int_equal(b->prg_count, 4);

	iommu_mm_put_users(&m.mm);
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	unmake(b);
}

/* A device that waits for its transactions, and is not PCIe. */
static void add_platform_device(struct bench *b)
{
	const uint32_t sid = SID;
	struct iommu_device_desc desc = {
		.name = "fake0",
		.unit = b->f.unit,
		.stream_ids = &sid,
		.stream_id_count = 1,
		.pasid_bits = 10,
		.can_stall = true,
	};

	assert_int_equal(iommu_device_add(b->f.sys, &desc, &b->dev), 0);
}

static int stalling_read(struct bench *b, ioasid_t pasid, uint64_t va,
			 uint64_t cookie, struct hw_xlat *ret_xlat)
{
	struct hw_txn txn = {
		.requester = SID,
		.flags = HW_TXN_PASID_VALID,
		.pasid = pasid,
		.perm = IOMMU_PERM_READ,
		.addr = va,
		.cookie = cookie,
	};
	int err = b->hw->ops->translate(b->hw, &b->port, &txn, ret_xlat);

	if (!err)
		hw_port_done(&b->port);
	return err;
}

/* The interrupt, the answer, and what the device hears. */
static void serve_stall(struct bench *b)
{
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
}

static void run_stalls(unsigned int stall_model)
{
	const struct shape stalls = {
		.granule_lg2 = 12,
		.set = { stall_model << 24, 0, 0, 0, 0, 4u << 16 },
		.clear = { 3u << 24, 0, 0, 0, 0, 0 },
	};
	struct bench *b = make_shape(&stalls, HW_STRICT, 0);
	struct iommu_hw_stats stats;
	struct iommu_device_caps caps;
	struct hw_xlat xlat;
	struct iommu_sva *sva;
	struct fake_mm m;
	ioasid_t pasid;

	assert_int_equal(probe(b), 0);
	add_platform_device(b);
	iommu_device_caps(b->dev, &caps);
	assert_true(caps.stall && caps.sva && !caps.ats && !caps.pri);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	fake_mm_init(&m, &b->f);
	assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);

	/* Faulted in, retried. */
	assert_int_equal(stalling_read(b, pasid, 0x7654321008, 41, &xlat),
			 -EINPROGRESS);
	assert_int_equal(b->resume_count, 0);
	serve_stall(b);
	assert_int_equal(b->resume_count, 1);
	assert_int_equal(b->resumed, 41);
	assert_true(b->retried);
	assert_int_equal(m.faults, 1);
	assert_int_equal(stalling_read(b, pasid, 0x7654321008, 42, &xlat), 0);
	assert_int_equal(xlat.pa, 0x7654321008);

	/* A bad address aborts. */
	m.fault_err = -EFAULT;
	assert_int_equal(stalling_read(b, pasid, 0x7654400000, 43, &xlat),
			 -EINPROGRESS);
	serve_stall(b);
	assert_int_equal(b->resume_count, 2);
	assert_int_equal(b->resumed, 43);
	assert_false(b->retried);

	/* Unbinding answers what no interrupt told of. [R1] */
	assert_int_equal(stalling_read(b, pasid, 0x7654500000, 44, &xlat),
			 -EINPROGRESS);
	iommu_sva_unbind(sva);
	assert_int_equal(b->resume_count, 3);
	assert_int_equal(b->resumed, 44);

	b->hw->ops->stats(b->hw, &stats);
	assert_int_equal(stats.stalls, 3);
	assert_int_equal(stats.resumes, stats.stalls);
	assert_int_equal(stats.events_lost, 0);
	iommu_mm_put_users(&m.mm);
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	unmake(b);
}

/* [L2] [K7] [R2] [U7]: fault, page in, resume, retry: all real. */
static void test_smmuv3_stalled_transactions_are_resumed(void **state)
{
	(void)state;
	run_stalls(0);
	run_stalls(2);
}

static void test_smmuv3_identity_and_blocked_without_pasid(void **state)
{
	struct bench *b = make(HW_STRICT, 0);
	struct iommu_domain *identity, *blocked;

	(void)state;
	assert_int_equal(probe(b), 0);
	b->dev = fake_pci_device(&b->f, SID);
	assert_int_equal(dma(b, 0, 0x5000), 0);
	assert_int_equal(iommu_domain_alloc(b->f.unit, IOMMU_DOMAIN_IDENTITY,
					    &identity),
			 0);
	assert_int_equal(iommu_domain_alloc(b->f.unit, IOMMU_DOMAIN_BLOCKED,
					    &blocked),
			 0);
	assert_int_equal(iommu_attach_device(identity, b->dev), 0);
	assert_int_equal(dma(b, 0, 0x5000), 0x5000);
	assert_int_equal(iommu_attach_device(blocked, b->dev), 0);
	assert_int_equal(dma(b, 0, 0x5000), 0);
	assert_int_equal(iommu_attach_device(identity, b->dev), 0);
	assert_int_equal(dma(b, 0, 0x5000), 0x5000);
	assert_int_equal(iommu_detach_device(identity, b->dev), 0);
	assert_int_equal(dma(b, 0, 0x5000), 0);
	assert_int_equal(iommu_domain_free(identity), 0);
	assert_int_equal(iommu_domain_free(blocked), 0);
	unmake(b);
}

/*
 * [R9] [L10]: the queue is dead and the TLB full of what has been unmapped.
 * When the notifier returns, no device gets there, with ATS or without.
 */
static void test_smmuv3_dead_queue_lets_nothing_through(void **state)
{
	struct bench *b = make(HW_STRICT, 0);
	struct smmuv3_desc desc = {
		.mmio = { &mmio_ops, b, b->hw->mmio_size },
		.irq = { 1, 2, 3 },
		.timeout_ms = 5,
	};
	struct iommu_domain *d1, *d2, *d3;
	struct fake_mm m1, m2;

	(void)state;
	assert_int_equal(smmuv3_probe(b->f.sys, &desc, &b->f.unit), 0);
	b->dev = fake_pci_device(&b->f, SID);
	fake_mm_init(&m1, &b->f);
	fake_mm_init(&m2, &b->f);
	map(&m1, 0x10000, 0x111000);
	map(&m2, 0x10000, 0x222000);
	assert_int_equal(attach(b, &m1, 7, &d1), 0);
	assert_int_equal(attach(b, &m2, 8, &d2), 0);
	assert_int_equal(dma(b, 7, 0x10000), 0x111000);
	assert_int_equal(dma(b, 8, 0x10000), 0x222000);
	assert_int_equal(ats(b, 7, 0x10000), 0x111000);

	b->deaf = true;
	/* The control: the model has it all cached. */
	arm_lpae_clear(&m1.table, 0x10000, 0x11000, NULL);
	assert_int_equal(dma(b, 7, 0x10000), 0x111000);
	iommu_mm_invalidate_range(&m1.mm, 0x10000, 0x11000);
	assert_int_equal(dma(b, 7, 0x10000), 0);
	assert_int_equal(ats(b, 7, 0x10000), 0);
	/* Nobody else either: it cannot be told what they may still use. */
	assert_int_equal(dma(b, 8, 0x10000), 0);
	assert_int_equal(attach(b, &m1, 9, &d3), -EIO);

	b->deaf = false;
	assert_int_equal(dma(b, 8, 0x10000), 0);
	detach(b, d2, 8);
	iommu_mm_put_users(&m2.mm);
	detach(b, d1, 7);
	iommu_mm_put_users(&m1.mm);
	unmake(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_smmuv3_strict_caches_never_show_stale_state),
		cmocka_unit_test(
			test_smmuv3_any_dropped_invalidation_is_noticed),
		cmocka_unit_test(test_smmuv3_exit_is_quiet_until_detach),
		cmocka_unit_test(test_smmuv3_page_request_is_answered),
		cmocka_unit_test(test_smmuv3_stalled_transactions_are_resumed),
		cmocka_unit_test(
			test_smmuv3_identity_and_blocked_without_pasid),
		cmocka_unit_test(test_smmuv3_dead_queue_lets_nothing_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
