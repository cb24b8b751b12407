/* SPDX-License-Identifier: MIT */
/*
 * Attach and detach, unmap, and DMA at the same time, on the model with caches
 * that forget nothing. What was unmapped before a transaction began is not what
 * it gets. [R9] [R11]
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "base/bits.h"
#include "fmt/vtd.h"
#include "tests/drivers/vtd_bench.h"

enum {
	PASID = 7,
	SLOTS = 4,
	READERS = 2,
	MOVES = 100,
	FIRST = 0x1000, /* page of the first mapping */
};

struct race {
	struct vbench *b;
	struct vbench_space m;
	struct iommu_domain *d;
	_Atomic bool stop;
	_Atomic uint64_t gone[SLOTS]; /* mappings below are unmapped */
	_Atomic uint64_t hits;
	_Atomic uint64_t stale;
};

static uint64_t va_of(unsigned int slot)
{
	return UINT64_C(0x700000000) + ((uint64_t)slot << 12);
}

static void *unmapper(void *arg)
{
	struct race *r = arg;
	uint64_t n;

	for (n = 0; !atomic_load(&r->stop); n++) {
		unsigned int slot = n % SLOTS;

		vbench_map(&r->m, va_of(slot), (FIRST + n) << 12);
		/* Somebody is to have it. */
		while (!(n & 15) && !atomic_load(&r->hits) &&
		       !atomic_load(&r->stop))
			sched_yield();
		vbench_unmap(&r->m, va_of(slot), va_of(slot) + 4096);
		atomic_store(&r->gone[slot], n + 1);
	}
	return NULL;
}

static void *reader(void *arg)
{
	struct race *r = arg;
	struct hw_port port;
	unsigned int slot;

	memset(&port, 0, sizeof(port));
	r->b->hw->ops->port_add(r->b->hw, &port);
	for (slot = 0; !atomic_load(&r->stop); slot = (slot + 1) % SLOTS) {
		uint64_t gone = atomic_load(&r->gone[slot]);
		uint64_t pa = vbench_dma_at(r->b, &port, PASID, va_of(slot));

		if (!pa)
			continue;
		atomic_fetch_add(&r->hits, 1);
		if ((pa >> 12) - FIRST < gone)
			atomic_fetch_add(&r->stale, 1);
	}
	r->b->hw->ops->port_remove(r->b->hw, &port);
	return NULL;
}

static void run_race(struct race *r, const struct vbench_kind *drop)
{
	pthread_t threads[READERS + 1];
	unsigned int i, moves;

	memset(r, 0, sizeof(*r));
	r->b = vbench_make(HW_STRICT, 0);
	assert_int_equal(vbench_probe(r->b, 10000), 0);
	vbench_add_device(r->b);
	vbench_make_space(r->b, &r->m, 4);
	assert_int_equal(iommu_domain_alloc_sva(r->b->unit, &r->m.mm, &r->d),
			 0);
	if (drop)
		r->b->drop = *drop;
	assert_int_equal(pthread_create(&threads[0], NULL, unmapper, r), 0);
	for (i = 1; i <= READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, reader, r),
				 0);
	/* Until they have met, and in the control until it has been seen. */
	for (moves = 0; moves < MOVES || !atomic_load(&r->hits) ||
			(drop && !atomic_load(&r->stale));
	     moves++) {
		assert_int_equal(
			iommu_attach_device_pasid(r->d, r->b->dev, PASID), 0);
		sched_yield();
		iommu_detach_device_pasid(r->d, r->b->dev, PASID);
	}
	atomic_store(&r->stop, true);
	for (i = 0; i <= READERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(iommu_domain_free(r->d), 0);
	iommu_mm_put_users(&r->m.mm);
	vbench_unmake(r->b);
	print_message("%llu reads, %llu stale\n",
		      (unsigned long long)atomic_load(&r->hits),
		      (unsigned long long)atomic_load(&r->stale));
}

/* [R9] [R11] */
static void test_vtd_race_nothing_unmapped_is_read(void **state)
{
	struct race r;

	(void)state;
	run_race(&r, NULL);
	assert_true(r.hits > 0);
	assert_int_equal(r.stale, 0);
}

/* The control: without the invalidation of pages it is. */
static void test_vtd_race_without_invalidations_it_is(void **state)
{
	static const struct vbench_kind page = {
		.name = "PASID-based IOTLB, page",
		.type = VTD_INV_PIOTLB,
		.g = VTD_INV_PIOTLB_G_PAGE,
	};
	struct race r;

	(void)state;
	run_race(&r, &page);
	assert_true(r.stale > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_race_nothing_unmapped_is_read),
		cmocka_unit_test(test_vtd_race_without_invalidations_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
