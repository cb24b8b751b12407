/* SPDX-License-Identifier: MIT */
/*
 * Translations by the models of IOMMUs, from the benchmark's own thread: no
 * memory is accessed after them, no accelerator is in the way.
 *
 * Pages are visited in a fixed scattered order, each translation independent
 * of the one before, and the sum of all addresses is checked.
 *
 * Limits.
 *  hit   a direct-mapped software IOTLB, inlined, and one sequentially
 *        consistent read-modify-write: a port has to say that it is busy
 *        before it looks, or an invalidation could not wait for it.
 *  walk  the four loads of a walk through the same tables in plain C, each an
 *        acquire that checks the valid bit, and the sixteen loads of two
 *        64-byte records, which is what an STE and a CD are.
 *  nested the 24 loads of a walk of two stages of 4 levels: through the same
 *        tables six times, which is as many.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva/guest.h>
#include <sva/ioasid.h>

#include "bench/bench.h"
#include "bench/rig.h"

#define SPACE_VA     UINT64_C(0x550000000000)
#define SCATTER      37u /* odd: visits every page of a power of two */
#define OFFSET       UINT64_C(0x128)
#define RECORD_WORDS 8u

enum {
	ROW_HIT,
	ROW_HIT_1024,
	ROW_WALK,
	ROW_WALK_COLD,
	ROW_VTD_HIT,
	ROW_VTD_WALK,
	ROW_NESTED,
	ROW_COUNT,
};

#define WALK_LIMIT                                                             \
	"the same walk in plain C: 4 acquire loads, and two "                  \
	"64-byte records read"

static const struct bench_row rows[ROW_COUNT] = {
	[ROW_HIT] = {
		.name = "translation_hit",
		.what = "translate() and hw_port_done(), TLB hit, 64 pages",
		.limit = "a direct-mapped software IOTLB and one seq_cst "
			 "read-modify-write",
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 25,
	},
	[ROW_HIT_1024] = {
		.name = "translation_hit_1024",
		.what = "the same over 1 024 pages",
		.limit = "the same over 1 024 pages",
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 25,
	},
	[ROW_WALK] = {
		.name = "translation_walk",
		.what = "TLB miss, STE and CD cached: a 4-level walk of hot "
			"tables",
		.limit = WALK_LIMIT,
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 100,
	},
	[ROW_WALK_COLD] = {
		.name = "translation_walk_config",
		.what = "TLB and configuration caches miss: STE, CD and a "
			"4-level walk, 4 096 streams",
		.limit = WALK_LIMIT,
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 100,
	},
	[ROW_VTD_HIT] = {
		.name = "translation_vtd_hit",
		.what = "translate() and hw_port_done() of VT-d, TLB hit, 64 "
			"pages",
		.limit = "a direct-mapped software IOTLB and one seq_cst "
			 "read-modify-write",
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 25,
	},
	[ROW_VTD_WALK] = {
		.name = "translation_vtd_walk",
		.what = "TLB miss of VT-d, context and PASID cached: a 4-level "
			"walk of hot tables",
		.limit = WALK_LIMIT,
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 100,
	},
	[ROW_NESTED] = {
		.name = "translation_nested_walk",
		.what = "TLB miss of VT-d with a guest's table: two stages of 4 "
			"levels",
		.limit = "24 acquire loads in plain C, and two 64-byte records "
			 "read",
	},
};

#define NESTED_WALKS 6u

/* One way of translating: how much is visited, and what must be missed. */
struct scene {
	enum sva_iommu iommu;
	unsigned int tlb_lg2;
	unsigned int pages;
	unsigned int streams;
	bool misses;
	bool nested;
};

static const struct scene scenes[ROW_COUNT] = {
	[ROW_HIT] = { .pages = 64, .streams = 1 },
	[ROW_HIT_1024] = { .pages = 1024, .streams = 1 },
	[ROW_WALK] = { SVA_IOMMU_SMMUV3, 6, 1024, 1, true, false },
	[ROW_WALK_COLD] = { SVA_IOMMU_SMMUV3, 6, 1024, RIG_STREAMS_MAX, true,
			    false },
	[ROW_VTD_HIT] = { SVA_IOMMU_VTD, 0, 64, 1, false, false },
	[ROW_VTD_WALK] = { SVA_IOMMU_VTD, 6, 1024, 1, true, false },
	[ROW_NESTED] = { SVA_IOMMU_VTD, 6, 1024, 1, true, true },
};

struct iotlb_entry {
	uint64_t va;
	uint64_t pa;
};

struct translate {
	const struct scene *scene;
	struct rig rig;
	struct space space;
	ioasid_t pasid;
	struct iotlb_entry *iotlb;
	_Atomic uint64_t *records; /* per stream, and one */
	_Alignas(64) _Atomic uint64_t busy;
};

static DECLARE_IOASID_SET(translate_set);

static unsigned int page_of(const struct translate *t, uint64_t i)
{
	return (unsigned int)(i * SCATTER) & (t->scene->pages - 1);
}

static unsigned int stream_of(const struct translate *t, uint64_t i)
{
	return (unsigned int)i & (t->scene->streams - 1);
}

static uint64_t va_of(const struct translate *t, uint64_t i)
{
	return t->space.va + ((uint64_t)page_of(t, i) << RIG_PAGE_LG2) + OFFSET;
}

/* What the addresses of @count translations add up to. */
static uint64_t sum_of(const struct translate *t, uint64_t count)
{
	const uint64_t pages = t->scene->pages;
	uint64_t round = 0;
	uint64_t rest = 0;
	uint64_t i;

	if (!pages)
		return 0;
	for (i = 0; i < pages; i++) {
		uint64_t pa = space_pa(page_of(t, i)) + OFFSET;

		round += pa;
		if (i < count % pages)
			rest += pa;
	}
	return count / pages * round + rest;
}

static int run_translate(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct translate *t = arg;
	struct iommu_hw *hw = t->rig.hw;
	struct hw_port *port = t->rig.port;
	struct hw_txn txn = {
		.flags = HW_TXN_PASID_VALID,
		.pasid = t->pasid,
		.perm = IOMMU_PERM_READ,
	};
	uint64_t misses = atomic_load(&port->tlb_misses);
	uint64_t sum = 0;
	uint64_t start = bench_cpu_now();
	uint64_t i;

	for (i = 0; i < count; i++) {
		struct hw_xlat xlat;
		int err;

		txn.requester = RIG_SID + stream_of(t, i);
		txn.addr = va_of(t, i);
		err = hw->ops->translate(hw, port, &txn, &xlat);
		if (err)
			return err;
		sum += xlat.pa;
		hw_port_done(port);
	}
	*ret_ns = bench_cpu_now() - start;

	if (sum != sum_of(t, count))
		return -EBADMSG;
	misses = atomic_load(&port->tlb_misses) - misses;
	if (count < UINT64_C(16) * t->scene->pages)
		return 0; /* the warm-up */
	/* The row is what it says, up to one in a hundred. */
	if (t->scene->misses ? misses < count / 100 * 99 : misses > count / 100)
		return -EDOM;
	return 0;
}

/* Say busy, look, say done: as a port does. */
static int run_iotlb(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct translate *t = arg;
	uint64_t sum = 0;
	uint64_t start = bench_cpu_now();
	uint64_t i;

	for (i = 0; i < count; i++) {
		uint64_t va = va_of(t, i);
		const struct iotlb_entry *e =
			&t->iotlb[va >> RIG_PAGE_LG2 & (t->scene->pages - 1)];

		atomic_fetch_add_explicit(&t->busy, 1, memory_order_seq_cst);
		if (e->va != (va & ~(RIG_PAGE - 1)))
			return -EBADMSG;
		sum += e->pa + (va & (RIG_PAGE - 1));
		bench_keep(sum);
	}
	*ret_ns = bench_cpu_now() - start;
	return sum == sum_of(t, count) ? 0 : -EBADMSG;
}

static inline uint64_t read_record(const _Atomic uint64_t *record)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < RECORD_WORDS; i++)
		sum += atomic_load_explicit(&record[i], memory_order_acquire);
	return sum;
}

/* On the hosted platform a physical address is a pointer. */
static inline bool bare_walk(const _Atomic uint64_t *table, uint64_t va,
			     uint64_t *ret_pa)
{
	const uint64_t mask = UINT64_C(0xfffffffff000);
	unsigned int shift;
	uint64_t pte;

	for (shift = 39;; shift -= 9) {
		pte = atomic_load_explicit(&table[va >> shift & 511],
					   memory_order_acquire);
		if (!(pte & 1))
			return false;
		if (shift == RIG_PAGE_LG2)
			break;
		table = (const _Atomic uint64_t *)(uintptr_t)(pte & mask);
	}
	*ret_pa = (pte & mask) | (va & (RIG_PAGE - 1));
	return true;
}

static int run_walk(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct translate *t = arg;
	const _Atomic uint64_t *cd =
		&t->records[t->scene->streams * RECORD_WORDS];
	const unsigned int walks = t->scene->nested ? NESTED_WALKS : 1;
	uint64_t sum = 0;
	uint64_t start = bench_cpu_now();
	uint64_t i;

	for (i = 0; i < count; i++) {
		uint64_t pa = 0;
		unsigned int n;

		bench_keep(read_record(
			&t->records[stream_of(t, i) * RECORD_WORDS]));
		bench_keep(read_record(cd));
		for (n = 0; n < walks; n++) {
			if (!bare_walk(t->space.root, va_of(t, i), &pa))
				return -EFAULT;
			bench_keep(pa);
		}
		sum += pa;
	}
	*ret_ns = bench_cpu_now() - start;
	return sum == sum_of(t, count) ? 0 : -EBADMSG;
}

static int prepare_limits(struct translate *t)
{
	size_t pages = t->scene->pages;
	size_t size = (t->scene->streams + 1) * RECORD_WORDS * sizeof(uint64_t);
	size_t i;

	t->iotlb = calloc(pages, sizeof(*t->iotlb));
	t->records = aligned_alloc(64, size);
	if (!t->iotlb || !t->records)
		return -ENOMEM;
	for (i = 0; i < size / sizeof(uint64_t); i++)
		atomic_init(&t->records[i], i);
	for (i = 0; i < pages; i++) {
		uint64_t va = t->space.va + (i << RIG_PAGE_LG2);
		struct iotlb_entry *e =
			&t->iotlb[va >> RIG_PAGE_LG2 & (pages - 1)];

		e->va = va;
		e->pa = space_pa(i);
	}
	return 0;
}

static int measure_attached(struct bench *b, struct translate *t,
			    const struct bench_row *row)
{
	const struct bench_loop value = { .run = run_translate, .arg = t };
	const struct bench_loop limit = {
		.run = t->scene->misses ? run_walk : run_iotlb,
		.arg = t,
	};
	int err = prepare_limits(t);

	if (!err)
		bench_measure(b, row, &value, &limit);
	free(t->iotlb);
	free(t->records);
	return err;
}

static int measure_domain(struct bench *b, struct translate *t,
			  const struct bench_row *row, ioasid_t pasid)
{
	struct iommu_domain *domain;
	int err;
	int left;

	err = iommu_domain_alloc_sva(t->rig.unit, &t->space.mm, &domain);
	if (err)
		return err;
	err = iommu_attach_device_pasid(domain, t->rig.dev, pasid);
	if (!err) {
		t->pasid = pasid;
		err = measure_attached(b, t, row);
		iommu_detach_device_pasid(domain, t->rig.dev, pasid);
	}
	left = iommu_domain_free(domain);
	return err ? err : left;
}

/* Guest-physical is physical: what the guest has is mapped to itself. */
static int map_guest(const struct translate *t, struct iommu_domain *parent)
{
	const struct space *s = &t->space;
	uint64_t i;
	int err = 0;

	for (i = 0; i < s->table_count && !err; i++) {
		uint64_t pa = plat_virt_to_phys(
			s->plat, (const void *)(uintptr_t)s->tables[i]);

		/* The unit sets accessed bits. */
		err = iommu_map(parent, pa, pa, RIG_PAGE,
				IOMMU_PERM_READ | IOMMU_PERM_WRITE);
	}
	for (i = 0; i < s->pages && !err; i++)
		err = iommu_map(parent, space_pa(i), space_pa(i), RIG_PAGE,
				IOMMU_PERM_READ);
	return err;
}

static int measure_bound(struct bench *b, struct translate *t,
			 const struct bench_row *row,
			 struct iommu_domain *parent)
{
	const struct iommu_gpasid_bind_data data = {
		.version = IOMMU_GPASID_BIND_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.addr_width = 48,
		.gpgd = plat_virt_to_phys(
			t->space.plat, (const void *)(uintptr_t)t->space.root),
		.hpasid = t->pasid,
	};
	int err = map_guest(t, parent);
	int left;

	if (!err)
		err = iommu_sva_bind_gpasid(parent, t->rig.dev, &data);
	if (err)
		return err;
	err = measure_attached(b, t, row);
	left = iommu_sva_unbind_gpasid(parent, t->rig.dev, t->pasid);
	return err ? err : left;
}

static int measure_nested(struct bench *b, struct translate *t,
			  const struct bench_row *row, ioasid_t pasid)
{
	struct iommu_domain *parent;
	int err;
	int left;

	t->pasid = pasid;
	err = iommu_domain_alloc_parent(t->rig.unit, &parent);
	if (err)
		return err;
	err = iommu_attach_device(parent, t->rig.dev);
	if (!err) {
		err = measure_bound(b, t, row, parent);
		left = iommu_detach_device(parent, t->rig.dev);
		err = err ? err : left;
	}
	left = iommu_domain_free(parent);
	return err ? err : left;
}

static int measure_space(struct bench *b, struct translate *t,
			 const struct bench_row *row)
{
	ioasid_t pasid;
	int err;

	err = space_init(&t->space, t->rig.sys, t->scene->iommu, SPACE_VA,
			 t->scene->pages);
	if (err)
		return err;
	err = ioasid_alloc(t->rig.sys, &translate_set, IOMMU_FIRST_PASID,
			   UINT32_MAX - 1, NULL, &pasid);
	if (!err) {
		err = t->scene->nested ? measure_nested(b, t, row, pasid) :
					 measure_domain(b, t, row, pasid);
		(void)ioasid_free(t->rig.sys, pasid);
	}
	space_fini(&t->space);
	return err;
}

static int measure_row(struct bench *b, struct translate *t, unsigned int i)
{
	struct rig_cfg cfg;
	int err;
	int left;

	if (!bench_wanted(b, &rows[i], 1))
		return 0;
	t->scene = &scenes[i];
	cfg = (struct rig_cfg){ t->scene->iommu, t->scene->tlb_lg2 };
	err = rig_open(&t->rig, &cfg, NULL);
	if (err)
		return err;
	err = rig_add_streams(&t->rig, t->scene->streams);
	if (!err)
		err = measure_space(b, t, &rows[i]);
	left = rig_close(&t->rig);
	return err ? err : left;
}

static int run(struct bench *b)
{
	static struct translate t;
	unsigned int i;
	int err = 0;

	for (i = 0; i < ROW_COUNT && !err; i++)
		err = measure_row(b, &t, i);
	return err;
}

const struct bench_group bench_translate = {
	.name = "translate",
	.rows = rows,
	.row_count = ROW_COUNT,
	.run = run,
};
