/* SPDX-License-Identifier: MIT */
/*
 * The driver on the model, whose caches forget nothing by themselves, with a
 * device that has a translation cache of its own and takes its time.
 *
 * run_scenario() is also run with one kind of descriptor taken out of the queue
 * at a time: it has to notice each of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sva/device.h>
#include <sva/domain.h>
#include <sva/fault.h>
#include <sva/sva.h>
#include <sva/vtd.h>
#include <sva/vtd_hw.h>

#include "base/bits.h"
#include "base/le64.h"
#include "fmt/vtd.h"
#include "pgtable/x86_64.h"
#include "tests/support/testplat.h"

enum {
	SID = 0x321,
	ATC_SIZE = 64,
	ATS = 0x100,
	PRI = 0x120,
	PASID = 0x140,
};

/* A kind of descriptor; granularity 0: any. */
struct kind {
	const char *name;
	unsigned int type;
	unsigned int g;
};

struct atc_entry {
	bool valid;
	bool going; /* invalidated, not yet said so */
	ioasid_t pasid;
	uint64_t va, pa;
};

struct dead_pages {
	void *pages;
	size_t size;
	struct dead_pages *next;
};

/*
 * Pages are kept to the end: where an invalidation is left out, the unit reads
 * what is freed.
 */
struct bench {
	struct testplat tp;
	struct plat_ops ops;
	struct plat plat;
	struct dead_pages *dead;
	struct iommu_system *sys;
	struct iommu_unit *unit;
	struct iommu_hw *hw;
	void *hw_mem;
	struct hw_port port;
	struct iommu_device *dev;
	struct kind drop;      /* type 0: none */
	unsigned int drop_nth; /* of all but wait descriptors; 0: none */
	unsigned int seen;
	uint64_t dropped; /* the first word of it */
	uint64_t tail_seen;
	bool deaf; /* writes of the invalidation queue's tail are lost */

	uint8_t cfg[4096];
	struct plat_pci pci;

	uint64_t watch_pa; /* count loads from this page */
	unsigned int watch_loads;

	struct atc_entry atc[ATC_SIZE];
	bool slow_atc;
	bool inv_pending;
	uint64_t inv_cookie;
	struct hw_prg_response prg;
	unsigned int prg_count;
};

/* An address space in the CPU's own format. */
struct space {
	struct iommu_mm mm;
	struct x86_64 table;
	pthread_mutex_t lock;
	unsigned int faults;
	int fault_err;
	bool exited, freed;
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
	assert_true(testplat_msi(&b->tp, addr, data));
	return 0;
}

static void env_wire(void *ctx, unsigned int line, bool level)
{
	(void)ctx;
	(void)line;
	(void)level;
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

	return plat_now_ns(&b->tp.plat);
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

		/* Without a PASID: what was asked for without one. */
		if (!e->valid ||
		    e->pasid != (inv->pasid_valid ? inv->pasid : 0))
			continue;
		if (inv->size && (e->va + 4096 <= inv->addr ||
				  e->va >= inv->addr + inv->size))
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

	if (off == VTD_FSTS)
		finish_invalidation(b);
	return v;
}

static uint64_t mmio_r64(void *dev, uint64_t off)
{
	struct bench *b = dev;

	return b->hw->ops->mmio_read(b->hw, off, 8);
}

static unsigned int type_of(uint64_t dw0)
{
	return (unsigned int)((dw0 & 0xf) | (dw0 >> 9 & 7) << 4);
}

static bool is_to_drop(struct bench *b, uint64_t dw0)
{
	if (b->drop_nth && type_of(dw0) != VTD_INV_WAIT)
		return ++b->seen == b->drop_nth;
	return b->drop.type && type_of(dw0) == b->drop.type &&
	       (!b->drop.g || (dw0 >> 4 & 3) == b->drop.g);
}

/* Descriptors of the kind to drop become ones about a device that is none. */
static void drop_descriptors(struct bench *b, uint64_t tail)
{
	uint64_t iqa = b->hw->ops->mmio_read(b->hw, VTD_IQA, 8);
	uint64_t size = UINT64_C(4096) << (iqa & 7);

	for (; b->tail_seen != tail;
	     b->tail_seen = (b->tail_seen + 32) % size) {
		le64_atomic *e =
			le64_at((void *)(uintptr_t)((iqa & ~UINT64_C(4095)) +
						    b->tail_seen));
		uint64_t dw0 = le64_load_relaxed(e);

		if (!is_to_drop(b, dw0))
			continue;
		b->dropped = dw0;
		le64_store_relaxed(&e[0], 1 | 3 << 4 | UINT64_C(0xfffe) << 32);
		le64_store_relaxed(&e[1], 0);
	}
}

static void mmio_w32(void *dev, uint64_t off, uint32_t v)
{
	struct bench *b = dev;

	b->hw->ops->mmio_write(b->hw, off, 4, v);
}

static void mmio_w64(void *dev, uint64_t off, uint64_t v)
{
	struct bench *b = dev;

	if (off == VTD_IQT && b->deaf)
		return;
	if (off == VTD_IQT && v)
		drop_descriptors(b, v);
	else if (off == VTD_IQT)
		b->tail_seen = 0;
	b->hw->ops->mmio_write(b->hw, off, 8, v);
}

static const struct plat_mmio_ops mmio_ops = {
	mmio_r32, mmio_r64, mmio_w32, mmio_w64, NULL, NULL,
};

static uint32_t cfg_read(void *dev, unsigned int off, unsigned int size)
{
	struct bench *b = dev;
	uint32_t v = 0;

	memcpy(&v, b->cfg + off, size);
	return v;
}

static void cfg_write(void *dev, unsigned int off, unsigned int size,
		      uint32_t v)
{
	struct bench *b = dev;

	if (off == PRI + 4) {
		v &= 1;
		b->cfg[PRI + 7] = v ? 0x80 : 0x81;
	} else if (off == PRI + 6) {
		return;
	}
	memcpy(b->cfg + off, &v, size);
}

static const struct plat_pci_ops pci_ops = { cfg_read, cfg_write };

static void put(struct bench *b, unsigned int off, unsigned int size,
		uint32_t v)
{
	memcpy(b->cfg + off, &v, size);
}

static void init_cfg(struct bench *b)
{
	put(b, 0x00, 4, 0x12345678);
	put(b, 0x06, 2, 0x10);
	put(b, 0x34, 1, 0x40);
	put(b, 0x40, 2, 0x10);
	put(b, 0x64, 4, 1u << 21);
	put(b, ATS, 4, 0x0f | 1 << 16 | PRI << 20);
	put(b, PRI, 4, 0x13 | 1 << 16 | (uint32_t)PASID << 20);
	put(b, PRI + 6, 2, 1 << 8 | 1 << 15);
	put(b, PRI + 8, 4, 512);
	put(b, PASID, 4, 0x1b | 1 << 16);
	put(b, PASID + 4, 2, 20 << 8 | 2);
	b->pci = (struct plat_pci){ .ops = &pci_ops, .dev = b, .rid = SID };
}

static void keep_pages(void *ctx, void *pages, size_t size)
{
	struct testplat *tp = ctx;
	struct bench *b = container_of(tp, struct bench, tp);
	struct dead_pages *dead = malloc(sizeof(*dead));

	assert_non_null(dead);
	*dead = (struct dead_pages){ pages, size, b->dead };
	b->dead = dead;
}

static void bury_pages(struct bench *b)
{
	while (b->dead) {
		struct dead_pages *dead = b->dead;

		b->dead = dead->next;
		plat_pages_free(&b->tp.plat, dead->pages, dead->size);
		free(dead);
	}
}

static struct bench *make(enum hw_personality personality,
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
	};
	struct vtd_hw_cfg cfg;
	size_t size;

	assert_non_null(b);
	testplat_init(&b->tp);
	init_cfg(b);
	b->ops = *b->tp.plat.ops;
	b->ops.pages_free = keep_pages;
	b->plat = (struct plat){ &b->ops, b->tp.plat.ctx };
	assert_int_equal(iommu_system_create(&b->plat, NULL, &b->sys), 0);
	vtd_hw_cfg_default(&cfg);
	cfg.personality = personality;
	cfg.command_batch = command_batch;
	size = vtd_hw_size(&cfg);
	assert_int_not_equal(size, 0);
	b->hw_mem = aligned_alloc(64, (size + 63) & ~(size_t)63);
	assert_non_null(b->hw_mem);
	memset(b->hw_mem, 0, size);
	assert_int_equal(
		vtd_hw_create(&cfg, &env, &bus, b->hw_mem, size, &b->hw), 0);
	b->hw->ops->port_add(b->hw, &b->port);
	return b;
}

static int probe(struct bench *b, unsigned int timeout_ms)
{
	struct vtd_desc desc = {
		.mmio = { &mmio_ops, b, b->hw->mmio_size },
		.timeout_ms = timeout_ms,
	};

	return vtd_probe(b->sys, &desc, &b->unit);
}

static void add_device(struct bench *b)
{
	const uint32_t sid = SID;
	struct iommu_device_desc desc = {
		.name = "fake0",
		.unit = b->unit,
		.stream_ids = &sid,
		.stream_id_count = 1,
		.pci = &b->pci,
	};

	assert_int_equal(iommu_device_add(b->sys, &desc, &b->dev), 0);
}

static void unmake(struct bench *b)
{
	if (b->dev)
		assert_int_equal(iommu_device_remove(b->dev), 0);
	if (b->unit)
		assert_int_equal(vtd_remove(b->unit), 0);
	b->hw->ops->port_remove(b->hw, &b->port);
	vtd_hw_destroy(b->hw);
	free(b->hw_mem);
	assert_int_equal(iommu_system_destroy(b->sys), 0);
	bury_pages(b);
	testplat_fini(&b->tp);
	free(b);
}

static int space_get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			   struct iommu_mm_table *ret_table)
{
	struct space *m = container_of(mm, struct space, mm);

	if (fmt != IOMMU_TABLE_X86_64)
		return -EOPNOTSUPP;
	*ret_table = (struct iommu_mm_table){
		.fmt = fmt,
		.root = x86_64_root_pa(&m->table),
		.va_bits = x86_64_va_bits(&m->table),
		.granule_lg2 = 12,
		.pa_bits = 48,
		.af_managed = true,
	};
	return 0;
}

static int space_fault(struct iommu_mm *mm, uint64_t va, size_t count,
		       unsigned int perm, size_t *ret_done)
{
	struct space *m = container_of(mm, struct space, mm);
	int err = m->fault_err;
	size_t i;

	pthread_mutex_lock(&m->lock);
	m->faults++;
	*ret_done = 0;
	for (i = 0; i < count && !err; i++) {
		err = x86_64_set(&m->table, va + 4096 * i, va + 4096 * i,
				 (perm & IOMMU_PERM_RWX) | IOMMU_PERM_READ);
		*ret_done += !err;
	}
	pthread_mutex_unlock(&m->lock);
	return err;
}

static void space_exit(struct iommu_mm *mm)
{
	struct space *m = container_of(mm, struct space, mm);

	m->exited = true;
	x86_64_clear(&m->table, 0, UINT64_MAX, NULL);
}

static void space_free(struct iommu_mm *mm)
{
	struct space *m = container_of(mm, struct space, mm);

	m->freed = true;
	x86_64_fini(&m->table);
	pthread_mutex_destroy(&m->lock);
}

static const struct iommu_mm_ops space_ops = {
	.get_table = space_get_table,
	.handle_fault = space_fault,
	.exit = space_exit,
	.free = space_free,
};

static void make_space(struct bench *b, struct space *m, unsigned int levels)
{
	struct x86_64_cfg cfg = {
		.plat = &b->plat,
		.levels = levels,
		.pa_bits = 48,
		.sizes = BIT(12) | BIT(21) | BIT(30),
		.hw_ad = true,
	};

	memset(m, 0, sizeof(*m));
	pthread_mutex_init(&m->lock, NULL);
	assert_int_equal(x86_64_init(&m->table, &cfg), 0);
	iommu_mm_init(&m->mm, b->sys, &space_ops);
}

static void map(struct space *m, uint64_t va, uint64_t pa)
{
	assert_int_equal(x86_64_set(&m->table, va, pa, IOMMU_PERM_READ), 0);
}

static void unmap(struct space *m, uint64_t start, uint64_t end)
{
	x86_64_clear(&m->table, start, end, NULL);
	iommu_mm_invalidate_range(&m->mm, start, end);
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
		.flags = pasid ? HW_TXN_PASID_VALID : 0,
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

static int attach(struct bench *b, struct space *m, ioasid_t pasid,
		  struct iommu_domain **ret_d)
{
	int err = iommu_domain_alloc_sva(b->unit, &m->mm, ret_d);

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

#define PAGE(n) ((uint64_t)(n) << 12)

/* PASID 0: identity, and not. */
static int run_untagged(struct bench *b)
{
	struct iommu_domain *identity;
	int bad = 0;

	assert_int_equal(iommu_domain_alloc(b->unit, IOMMU_DOMAIN_IDENTITY,
					    &identity),
			 0);
	EXPECT(dma(b, 0, PAGE(5)) == 0);
	assert_int_equal(iommu_attach_device(identity, b->dev), 0);
	EXPECT(dma(b, 0, PAGE(5)) == PAGE(5));
	EXPECT(ats(b, 0, PAGE(5)) == PAGE(5));
	assert_int_equal(iommu_detach_device(identity, b->dev), 0);
	EXPECT(dma(b, 0, PAGE(5)) == 0);
	EXPECT(!atc_has(b, 0, PAGE(5)));
	assert_int_equal(iommu_domain_free(identity), 0);
	return bad;
}

static void attach_paging(struct bench *b, struct iommu_domain *d,
			  ioasid_t pasid)
{
	assert_int_equal(pasid ? iommu_attach_device_pasid(d, b->dev, pasid) :
				 iommu_attach_device(d, b->dev),
			 0);
}

static void detach_paging(struct bench *b, struct iommu_domain *d,
			  ioasid_t pasid)
{
	if (pasid)
		iommu_detach_device_pasid(d, b->dev, pasid);
	else
		assert_int_equal(iommu_detach_device(d, b->dev), 0);
}

/* A table of the driver's, on a PASID and without. [A6] */
static int run_paging(struct bench *b, ioasid_t pasid)
{
	const uint64_t big = UINT64_C(2) << 20;
	struct iommu_domain *d;
	uint64_t bytes = 0;
	int bad = 0;

	assert_int_equal(iommu_domain_alloc(b->unit, IOMMU_DOMAIN_PAGING, &d),
			 0);
	attach_paging(b, d, pasid);
	EXPECT(dma(b, pasid, big) == 0);
	assert_int_equal(iommu_map(d, big, 64 * big, big, IOMMU_PERM_READ), 0);
	assert_int_equal(iommu_map(d, PAGE(3), PAGE(0x333), PAGE(2),
				   IOMMU_PERM_READ | IOMMU_PERM_WRITE),
			 0);
	assert_int_equal(iommu_map(d, PAGE(4), PAGE(0x333), PAGE(1),
				   IOMMU_PERM_READ),
			 -EEXIST);
	EXPECT(dma(b, pasid, big + PAGE(9)) == 64 * big + PAGE(9));
	EXPECT(dma(b, pasid, PAGE(4)) == PAGE(0x334));
	EXPECT(ats(b, pasid, PAGE(4)) == PAGE(0x334));
	EXPECT(ats(b, pasid, PAGE(3)) == PAGE(0x333));
	assert_int_equal(iommu_unmap(d, PAGE(4), PAGE(1), &bytes), 0);
	assert_int_equal(bytes, PAGE(1));
	EXPECT(dma(b, pasid, PAGE(4)) == 0);
	EXPECT(!atc_has(b, pasid, PAGE(4)));
	EXPECT(dma(b, pasid, PAGE(3)) == PAGE(0x333));
	/* From the middle of a large page. */
	assert_int_equal(iommu_unmap(d, big + PAGE(9), PAGE(1), &bytes), 0);
	assert_int_equal(bytes, PAGE(1));
	EXPECT(dma(b, pasid, big + PAGE(9)) == 0);
	EXPECT(dma(b, pasid, big + PAGE(8)) == 64 * big + PAGE(8));
	EXPECT(dma(b, pasid, big + PAGE(10)) == 64 * big + PAGE(10));
	/* Nothing there, nothing said. */
	assert_int_equal(iommu_unmap(d, PAGE(4), PAGE(1), &bytes), 0);
	assert_int_equal(bytes, 0);
	assert_int_equal(iommu_map(d, UINT64_C(1) << 60, 0, PAGE(1),
				   IOMMU_PERM_READ),
			 -EINVAL);
	assert_int_equal(iommu_unmap(d, UINT64_C(1) << 60, PAGE(1), &bytes),
			 -EINVAL);
	detach_paging(b, d, pasid);
	EXPECT(dma(b, pasid, PAGE(3)) == 0);
	EXPECT(!atc_has(b, pasid, PAGE(3)));
	/* Away and back, and meanwhile nobody is told of an unmap. */
	assert_int_equal(iommu_unmap(d, PAGE(3), PAGE(1), &bytes), 0);
	attach_paging(b, d, pasid);
	EXPECT(dma(b, pasid, PAGE(3)) == 0);
	detach_paging(b, d, pasid);
	assert_int_equal(iommu_domain_free(d), 0);
	return bad;
}

/* What to leave out: a kind, or the n-th; and what that was. */
struct omission {
	const struct kind *kind;
	unsigned int nth;
	unsigned int seen;
	uint64_t dropped;
};

static int run_scenario(struct omission *o, unsigned int levels,
			unsigned int command_batch)
{
	struct bench *b = make(HW_STRICT, command_batch);
	struct iommu_domain *d1 = NULL, *d2 = NULL, *far = NULL;
	struct space m1, m2;
	int bad = 0;

	assert_int_equal(probe(b, 200), 0);
	if (o->kind)
		b->drop = *o->kind;
	b->drop_nth = o->nth;
	b->slow_atc = true;
	make_space(b, &m1, levels);
	make_space(b, &m2, levels);
	map(&m1, PAGE(16), PAGE(0x111));
	map(&m1, PAGE(17), PAGE(0x112));
	map(&m1, PAGE(2048), PAGE(0x113));
	map(&m2, PAGE(16), PAGE(0x222));

	EXPECT(dma(b, 7, PAGE(16)) == 0);
	add_device(b);
	EXPECT(dma(b, 7, PAGE(16)) == 0);
	bad = bad ? bad : run_untagged(b);
	bad = bad ? bad : run_paging(b, 0);
	bad = bad ? bad : run_paging(b, 70);
	assert_int_equal(attach(b, &m1, 7, &d1), 0);
	EXPECT(dma(b, 7, PAGE(16)) == PAGE(0x111));
	EXPECT(dma(b, 7, PAGE(17) - 1) == PAGE(0x112) - 1);
	EXPECT(dma(b, 8, PAGE(16)) == 0);
	assert_int_equal(attach(b, &m2, 8, &d2), 0);
	EXPECT(dma(b, 8, PAGE(16)) == PAGE(0x222));

	/* One page: only it goes, from TLB and device TLB. */
	EXPECT(dma(b, 7, PAGE(17)) == PAGE(0x112));
	EXPECT(ats(b, 7, PAGE(16)) == PAGE(0x111));
	EXPECT(ats(b, 7, PAGE(17)) == PAGE(0x112));
	EXPECT(ats(b, 8, PAGE(16)) == PAGE(0x222));
	unmap(&m1, PAGE(16), PAGE(17));
	EXPECT(dma(b, 7, PAGE(16)) == 0);
	EXPECT(dma(b, 7, PAGE(17)) == PAGE(0x112));
	EXPECT(!atc_has(b, 7, PAGE(16)));
	EXPECT(atc_has(b, 7, PAGE(17)) && atc_has(b, 8, PAGE(16)));

	/* Everything. */
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
	/* One for which the directory grows: its old size is cached. */
	assert_int_equal(attach(b, &m2, 0x9000, &far), 0);
	EXPECT(dma(b, 0x9000, PAGE(16)) == PAGE(0x222));
	if (!bad)
		EXPECT(dma(b, 8, PAGE(16)) == PAGE(0x222));
	EXPECT(ats(b, 0x9000, PAGE(16)) == PAGE(0x222));
	EXPECT(ats(b, 7, PAGE(16)) == PAGE(0x222));
	EXPECT(ats(b, 8, PAGE(16)) == PAGE(0x222));
	/* Away and back, and meanwhile nobody is told of an unmap. */
	iommu_detach_device_pasid(far, b->dev, 0x9000);
	EXPECT(!atc_has(b, 0x9000, PAGE(16)));
	x86_64_clear(&m2.table, PAGE(16), PAGE(17), NULL);
	iommu_mm_invalidate_range(&m2.mm, PAGE(16), PAGE(17));
	assert_int_equal(iommu_attach_device_pasid(far, b->dev, 0x9000), 0);
	EXPECT(dma(b, 0x9000, PAGE(16)) == 0);
	EXPECT(!atc_has(b, 7, PAGE(16)) && !atc_has(b, 8, PAGE(16)));
	EXPECT(dma(b, 7, PAGE(16)) == 0 && dma(b, 8, PAGE(16)) == 0);
	map(&m2, PAGE(16), PAGE(0x222));
	EXPECT(ats(b, 0x9000, PAGE(16)) == PAGE(0x222));
	EXPECT(ats(b, 7, PAGE(16)) == PAGE(0x222));
	EXPECT(ats(b, 8, PAGE(16)) == PAGE(0x222));
	detach(b, far, 0x9000);
	detach(b, d1, 7);
	detach(b, d2, 8);
	EXPECT(!atc_has(b, 0x9000, PAGE(16)));
	EXPECT(!atc_has(b, 7, PAGE(16)) && !atc_has(b, 8, PAGE(16)));
	/* Without its context entry's invalidation it reads what is freed. */
	if (!bad)
		EXPECT(dma(b, 8, PAGE(16)) == 0);

	iommu_mm_put_users(&m1.mm);
	iommu_mm_put_users(&m2.mm);
	o->seen = b->seen;
	o->dropped = b->dropped;
	unmake(b);
	return bad;
}

/* [R8] [R9] [R10] [M1] [M2] [K16] [L9] */
static void test_vtd_strict_caches_never_show_stale_state(void **state)
{
	unsigned int levels;

	(void)state;
	for (levels = 4; levels <= 5; levels++) {
		struct omission none = { .nth = 0 };

		assert_int_equal(run_scenario(&none, levels, 0), 0);
		assert_int_equal(run_scenario(&none, levels, 1), 0);
	}
}

/* The control of the test above: it sees each kind of descriptor missing. */
static void test_vtd_any_dropped_invalidation_is_noticed(void **state)
{
	static const struct kind kinds[] = {
		{ "context cache, device", 0x1, 3 },
		{ "PASID cache, PASID", 0x7, 1 },
		{ "PASID-based IOTLB, PASID", 0x6, 2 },
		{ "PASID-based IOTLB, page", 0x6, 3 },
		{ "IOTLB, domain", 0x2, 2 },
		{ "IOTLB, page", 0x2, 3 },
		{ "device TLB", 0x3, 0 },
		{ "PASID-based device TLB", 0x8, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct omission o = { .kind = &kinds[i] };
		int bad = run_scenario(&o, 4, 0);

		print_message("without %s: line %d\n", kinds[i].name, bad);
		assert_int_not_equal(bad, 0);
	}
}

/*
 * One descriptor at a time. What may be missing without being seen here: what
 * is said before an entry is shown (the model reads one in one piece), what is
 * said twice (of a pair, and of its domain id when that is given back; of all
 * pages before one of them goes), what pushes page requests on their way, and
 * what is said of a device that has nothing or has just been allowed to ask.
 * No unmap may be.
 */
static void test_vtd_each_invalidation_has_its_use(void **state)
{
	struct omission o = { .nth = UINT32_MAX };
	unsigned int unseen[0x40][4] = { { 0 } }, seen = 0, n;

	(void)state;
	assert_int_equal(run_scenario(&o, 4, 0), 0);
	n = o.seen;
	assert_true(n > 50);
	for (o.nth = 1; o.nth <= n; o.nth++) {
		if (run_scenario(&o, 4, 0))
			seen++;
		else
			unseen[type_of(o.dropped)][o.dropped >> 4 & 3]++;
	}
	for (n = 0; n < 0x40 * 4; n++)
		if (unseen[n / 4][n % 4])
			print_message("type %#x granularity %u: %u unseen\n",
				      n / 4, n % 4, unseen[n / 4][n % 4]);
	print_message("%u of %u seen\n", seen, o.nth - 1);
	assert_true(seen >= 20);
	assert_int_equal(unseen[VTD_INV_PIOTLB][VTD_INV_PIOTLB_G_PAGE], 0);
}

/* [R6] [B8] [M2]: after the exit, DMA aborts without a word. */
static void test_vtd_exit_is_quiet_until_detach(void **state)
{
	struct bench *b = make(HW_STRICT, 0);
	struct iommu_hw_stats before, after;
	struct iommu_domain *d;
	struct space m;

	(void)state;
	assert_int_equal(probe(b, 200), 0);
	add_device(b);
	make_space(b, &m, 4);
	map(&m, 0x10000, 0x111000);
	assert_int_equal(attach(b, &m, 7, &d), 0);
	assert_int_equal(dma(b, 7, 0x10000), 0x111000);
	assert_int_equal(ats(b, 7, 0x10000), 0x111000);
	b->watch_pa = x86_64_root_pa(&m.table);
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

static void serve(struct bench *b)
{
	(void)testplat_irq_run(&b->tp);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
}

/* Bind, fault, answer, retry: through core, with the real codes. [J] [R2] */
static void test_vtd_page_request_is_answered(void **state)
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
	struct vtd_stats stats;
	struct space m;

	(void)state;
	assert_int_equal(probe(b, 200), 0);
	add_device(b);
	iommu_device_caps(b->dev, &caps);
	assert_true(caps.ats && caps.pri && caps.sva && !caps.stall);
	assert_int_equal(caps.pasid_bits, 20);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	make_space(b, &m, 4);
	assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &sva), 0);
	req.pasid = iommu_sva_get_pasid(sva);
	assert_int_equal(ats(b, req.pasid, req.addr), 0);

	b->hw->ops->page_request(b->hw, &req);
	serve(b);
	assert_int_equal(b->prg_count, 1);
	assert_int_equal(b->prg.code, HW_PRG_SUCCESS);
	assert_int_equal(b->prg.prgi, 0x1ab);
	assert_int_equal(b->prg.requester, SID);
	assert_true(b->prg.pasid_valid);
	assert_int_equal(b->prg.pasid, req.pasid);
	assert_int_equal(m.faults, 1);
	assert_int_equal(ats(b, req.pasid, req.addr), req.addr);

	/* A bad address, and a PASID of nobody. */
	m.fault_err = -EFAULT;
	req.addr += 4096;
	b->hw->ops->page_request(b->hw, &req);
	serve(b);
	assert_int_equal(b->prg_count, 2);
	assert_int_equal(b->prg.code, HW_PRG_INVALID);
	req.pasid++;
	b->hw->ops->page_request(b->hw, &req);
	serve(b);
	assert_int_equal(b->prg_count, 3);
	assert_int_equal(b->prg.code, HW_PRG_INVALID);
	/* Privileged. [M3] */
	req.pasid--;
	req.perm |= IOMMU_PERM_PRIV;
	b->hw->ops->page_request(b->hw, &req);
	serve(b);
	assert_int_equal(b->prg_count, 4);
	assert_int_equal(b->prg.code, HW_PRG_INVALID);
	/* A stop marker is not answered. [R4] */
	req.perm = 0;
	b->hw->ops->page_request(b->hw, &req);
	serve(b);
	assert_int_equal(b->prg_count, 4);
	/* Unbinding drains what no interrupt told of. [R1] [M4] */
	req.perm = IOMMU_PERM_READ;
	b->hw->ops->page_request(b->hw, &req);
	iommu_sva_unbind(sva);
	assert_int_equal(b->prg_count, 5);
	vtd_stats(b->unit, &stats);
	assert_int_equal(stats.page_responses, 5);
	assert_int_equal(stats.prq_overflows, 0);

	iommu_mm_put_users(&m.mm);
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	unmake(b);
}

/* [R15] [R2] More than the queue holds: one answer each, whoever gives it. */
static void test_vtd_page_request_queue_overflows(void **state)
{
	enum { COUNT = 1000 };
	struct bench *b = make(HW_STRICT, 0);
	struct hw_page_request req = {
		.requester = SID,
		.pasid_valid = true,
		.addr = 0x7654321000,
		.perm = IOMMU_PERM_READ,
		.last = true,
	};
	struct iommu_sva *sva;
	struct vtd_stats stats;
	struct space m;
	unsigned int i;

	(void)state;
	assert_int_equal(probe(b, 200), 0);
	add_device(b);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	make_space(b, &m, 4);
	assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &sva), 0);
	req.pasid = iommu_sva_get_pasid(sva);
	for (i = 0; i < COUNT; i++) {
		req.prgi = (uint16_t)(i % 512);
		b->hw->ops->page_request(b->hw, &req);
	}
	serve(b);
	assert_int_equal(b->prg_count, COUNT);
	vtd_stats(b->unit, &stats);
	assert_int_equal(stats.prq_overflows, 1);
	assert_true(stats.page_responses < COUNT);
	/* And it goes on. */
	b->hw->ops->page_request(b->hw, &req);
	serve(b);
	assert_int_equal(b->prg_count, COUNT + 1);
	assert_int_equal(b->prg.code, HW_PRG_SUCCESS);
	iommu_sva_unbind(sva);
	iommu_mm_put_users(&m.mm);
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	unmake(b);
}

/*
 * [R9] [L10]: the queue is dead and the TLB full of what has been unmapped.
 * When the notifier returns, no device gets there, with ATS or without.
 */
static void test_vtd_dead_queue_lets_nothing_through(void **state)
{
	struct bench *b = make(HW_STRICT, 0);
	struct iommu_domain *d1, *d2, *d3;
	struct space m1, m2;

	(void)state;
	assert_int_equal(probe(b, 5), 0);
	add_device(b);
	make_space(b, &m1, 4);
	make_space(b, &m2, 4);
	map(&m1, 0x10000, 0x111000);
	map(&m2, 0x10000, 0x222000);
	assert_int_equal(attach(b, &m1, 7, &d1), 0);
	assert_int_equal(attach(b, &m2, 8, &d2), 0);
	assert_int_equal(dma(b, 7, 0x10000), 0x111000);
	assert_int_equal(dma(b, 8, 0x10000), 0x222000);
	assert_int_equal(ats(b, 7, 0x10000), 0x111000);

	b->deaf = true;
	/* The control: the model has it all cached. */
	x86_64_clear(&m1.table, 0x10000, 0x11000, NULL);
	assert_int_equal(dma(b, 7, 0x10000), 0x111000);
	iommu_mm_invalidate_range(&m1.mm, 0x10000, 0x11000);
	assert_int_equal(dma(b, 7, 0x10000), 0);
	assert_int_equal(ats(b, 7, 0x10000), 0);
	/* Nobody else either: it cannot be told what they may still use. */
	assert_int_equal(dma(b, 8, 0x10000), 0);
	assert_int_equal(attach(b, &m1, 9, &d3), -ETIMEDOUT);

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
		cmocka_unit_test(test_vtd_strict_caches_never_show_stale_state),
		cmocka_unit_test(test_vtd_any_dropped_invalidation_is_noticed),
		cmocka_unit_test(test_vtd_each_invalidation_has_its_use),
		cmocka_unit_test(test_vtd_exit_is_quiet_until_detach),
		cmocka_unit_test(test_vtd_page_request_is_answered),
		cmocka_unit_test(test_vtd_page_request_queue_overflows),
		cmocka_unit_test(test_vtd_dead_queue_lets_nothing_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
