/* SPDX-License-Identifier: MIT */
/*
 * PASIDs: allocating and finding them with 1, 1 000 and all 2^20 - 1 live.
 *
 * Limits.
 *  alloc and free  a plain bitmap of three levels of 64, inlined, and one slot
 *                  per id that holds what the interface has to remember (its
 *                  pointer, set, references), with as many ids out: a locked
 *                  instruction for the lock of each half, one lowest-bit
 *                  search per level, the stores to the slot.
 *  find            one load from an array of pointers with as many live: the
 *                  miss that finding a random id cannot avoid.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <sva/hosted.h>
#include <sva/ioasid.h>
#include <sva/system.h>

#include "bench/bench.h"

#define IDS       (UINT32_C(1) << IOMMU_PASID_BITS_MAX)
#define LEVEL_LG2 6u

enum {
	ROW_ALLOC_1,
	ROW_FIND_1,
	ROW_ALLOC_1000,
	ROW_FIND_1000,
	ROW_ALLOC_1M,
	ROW_FIND_1M,
	ROW_COUNT,
};

#define ALLOC_LIMIT                                                            \
	"a three-level bitmap with a slot per id, inlined, "                   \
	"one lock each way"
#define FIND_LIMIT "one load from an array of pointers at a random id"

static const struct bench_row rows[ROW_COUNT] = {
	[ROW_ALLOC_1] = {
		.name = "pasid_alloc_free_1",
		.what = "free a random PASID and allocate one, 1 live",
		.limit = ALLOC_LIMIT,
	},
	[ROW_FIND_1] = {
		.name = "pasid_find_1",
		.what = "find the pointer of a random PASID, 1 live",
		.limit = FIND_LIMIT,
	},
	[ROW_ALLOC_1000] = {
		.name = "pasid_alloc_free_1000",
		.what = "free a random PASID and allocate one, 1 000 live",
		.limit = ALLOC_LIMIT,
	},
	[ROW_FIND_1000] = {
		.name = "pasid_find_1000",
		.what = "find the pointer of a random PASID, 1 000 live",
		.limit = FIND_LIMIT,
	},
	[ROW_ALLOC_1M] = {
		.name = "pasid_alloc_free_1M",
		.what = "free a random PASID and allocate one, 2^20 - 1 live",
		.limit = ALLOC_LIMIT,
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 100,
	},
	[ROW_FIND_1M] = {
		.name = "pasid_find_1M",
		.what = "find the pointer of a random PASID, 2^20 - 1 live",
		.limit = FIND_LIMIT,
	},
};

static DECLARE_IOASID_SET(bench_set);

/* The allocator of the limit: a set bit is a free id. */
struct bitmap {
	_Atomic uint32_t lock;
	uint64_t top;
	uint64_t level2[4];
	uint64_t level1[256];
	uint64_t level0[16384];
	struct {
		void *priv;
		const struct ioasid_set *set;
		uint64_t refs;
	} slots[IDS];
};

struct pasids {
	struct iommu_system *sys;
	uint32_t live; /* ids 1 to live are out */
	char *privs;   /* the pointer of an id points at its byte */
	struct bitmap *bitmap;
	void *_Atomic *array;
};

static void bitmap_lock(struct bitmap *m)
{
	/* Pairs with the release in bitmap_unlock(). */
	while (atomic_exchange_explicit(&m->lock, 1, memory_order_seq_cst))
		continue;
}

static void bitmap_unlock(struct bitmap *m)
{
	atomic_store_explicit(&m->lock, 0, memory_order_release);
}

static void bitmap_free(struct bitmap *m, uint32_t id)
{
	bitmap_lock(m);
	m->slots[id].refs = 0;
	m->level0[id >> 6] |= UINT64_C(1) << (id & 63);
	m->level1[id >> 12] |= UINT64_C(1) << (id >> 6 & 63);
	m->level2[id >> 18] |= UINT64_C(1) << (id >> 12 & 63);
	m->top |= UINT64_C(1) << (id >> 18);
	bitmap_unlock(m);
}

static uint32_t take_lowest(uint64_t word)
{
	return (uint32_t)__builtin_ctzll(word);
}

/* Precondition: one is free. */
static uint32_t bitmap_alloc(struct bitmap *m, void *priv)
{
	uint32_t id;

	bitmap_lock(m);
	id = take_lowest(m->top);
	id = id << LEVEL_LG2 | take_lowest(m->level2[id]);
	id = id << LEVEL_LG2 | take_lowest(m->level1[id]);
	id = id << LEVEL_LG2 | take_lowest(m->level0[id]);
	m->level0[id >> 6] &= ~(UINT64_C(1) << (id & 63));
	if (!m->level0[id >> 6]) {
		m->level1[id >> 12] &= ~(UINT64_C(1) << (id >> 6 & 63));
		if (!m->level1[id >> 12]) {
			m->level2[id >> 18] &=
				~(UINT64_C(1) << (id >> 12 & 63));
			if (!m->level2[id >> 18])
				m->top &= ~(UINT64_C(1) << (id >> 18));
		}
	}
	m->slots[id].priv = priv;
	m->slots[id].set = &bench_set;
	m->slots[id].refs = 1;
	bitmap_unlock(m);
	return id;
}

static int run_alloc(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct pasids *p = arg;
	uint64_t state = 1;
	uint64_t start = bench_cpu_now();
	uint64_t i;

	for (i = 0; i < count; i++) {
		uint32_t id = 1 + bench_random_below(&state, p->live);
		ioasid_t again;
		int err;

		if (!ioasid_free(p->sys, id))
			return -ENOENT;
		err = ioasid_alloc(p->sys, &bench_set, IOMMU_FIRST_PASID,
				   IDS - 1, p->privs + id, &again);
		if (err)
			return err;
		/* It is the lowest free one. */
		if (again != id)
			return -EBADMSG;
	}
	*ret_ns = bench_cpu_now() - start;
	return 0;
}

static int run_alloc_limit(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct pasids *p = arg;
	uint64_t state = 1;
	uint64_t start = bench_cpu_now();
	uint64_t i;

	for (i = 0; i < count; i++) {
		uint32_t id = 1 + bench_random_below(&state, p->live);

		bitmap_free(p->bitmap, id);
		if (bitmap_alloc(p->bitmap, p->privs + id) != id)
			return -EBADMSG;
	}
	*ret_ns = bench_cpu_now() - start;
	return 0;
}

static int run_find(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct pasids *p = arg;
	uint64_t state = 1;
	uint64_t start = bench_cpu_now();
	uint64_t i;

	for (i = 0; i < count; i++) {
		uint32_t id = 1 + bench_random_below(&state, p->live);
		void *priv;
		int err = ioasid_find(p->sys, &bench_set, id, NULL, &priv);

		if (err)
			return err;
		if (priv != p->privs + id)
			return -EBADMSG;
	}
	*ret_ns = bench_cpu_now() - start;
	return 0;
}

static int run_find_limit(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct pasids *p = arg;
	uint64_t state = 1;
	uint64_t start = bench_cpu_now();
	uint64_t i;

	for (i = 0; i < count; i++) {
		uint32_t id = 1 + bench_random_below(&state, p->live);

		if (atomic_load_explicit(&p->array[id], memory_order_acquire) !=
		    p->privs + id)
			return -EBADMSG;
	}
	*ret_ns = bench_cpu_now() - start;
	return 0;
}

/* Ids come in order, lowest first. */
static int grow(struct pasids *p, uint32_t live)
{
	while (p->live < live) {
		uint32_t want = p->live + 1;
		ioasid_t id;
		int err = ioasid_alloc(p->sys, &bench_set, IOMMU_FIRST_PASID,
				       IDS - 1, p->privs + want, &id);

		if (err)
			return err;
		if (id != want ||
		    bitmap_alloc(p->bitmap, p->privs + want) != want)
			return -EBADMSG;
		atomic_store_explicit(&p->array[id], p->privs + id,
				      memory_order_relaxed);
		p->live = want;
	}
	return 0;
}

static void shrink(struct pasids *p)
{
	for (; p->live > 0; p->live--)
		(void)ioasid_free(p->sys, p->live);
}

static int measure_live(struct bench *b, struct pasids *p, uint32_t live,
			const struct bench_row *alloc_row)
{
	const struct bench_row *find_row = alloc_row + 1;
	const struct bench_loop alloc = { .run = run_alloc, .arg = p };
	const struct bench_loop alloc_limit = {
		.run = run_alloc_limit,
		.arg = p,
	};
	const struct bench_loop find = { .run = run_find, .arg = p };
	const struct bench_loop find_limit = {
		.run = run_find_limit,
		.arg = p,
	};
	int err;

	if (!bench_wanted(b, alloc_row, 2))
		return 0;
	err = grow(p, live);
	if (err)
		return err;
	bench_measure(b, alloc_row, &alloc, &alloc_limit);
	bench_measure(b, find_row, &find, &find_limit);
	return 0;
}

static int measure_all(struct bench *b, struct iommu_system *sys,
		       struct pasids *p)
{
	uint32_t id;
	int err;

	p->sys = sys;
	for (id = 1; id < IDS; id++)
		bitmap_free(p->bitmap, id);
	err = measure_live(b, p, 1, &rows[ROW_ALLOC_1]);
	if (!err)
		err = measure_live(b, p, 1000, &rows[ROW_ALLOC_1000]);
	if (!err)
		err = measure_live(b, p, IDS - 1, &rows[ROW_ALLOC_1M]);
	shrink(p);
	return err;
}

static int with_system(struct bench *b, struct pasids *p)
{
	struct plat_hosted *hosted;
	struct iommu_system *sys;
	int err;
	int left;

	err = plat_hosted_create(NULL, &hosted);
	if (err)
		return err;
	err = iommu_system_create(plat_hosted_plat(hosted), NULL, &sys);
	if (!err) {
		err = measure_all(b, sys, p);
		left = iommu_system_destroy(sys);
		if (left)
			return left;
	}
	plat_hosted_destroy(hosted);
	return err;
}

static int run(struct bench *b)
{
	struct pasids p = {
		.privs = calloc(1, IDS),
		.bitmap = calloc(1, sizeof(struct bitmap)),
		.array = calloc(IDS, sizeof(*p.array)),
	};
	int err = -ENOMEM;

	if (p.privs && p.bitmap && p.array)
		err = with_system(b, &p);
	free(p.privs);
	free(p.bitmap);
	free(p.array);
	return err;
}

const struct bench_group bench_pasid = {
	.name = "pasid",
	.rows = rows,
	.row_count = ROW_COUNT,
	.run = run,
};
