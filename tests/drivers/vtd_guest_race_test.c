/* SPDX-License-Identifier: MIT */
/*
 * A guest that writes its tables and invalidates, a host that takes pages away,
 * and a device, all at once. Once an unmap has returned, no access that begins
 * later reaches the page; nothing else is promised while things change.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "fmt/vtd.h"
#include "tests/drivers/vtd_guest.h"
#include "tests/support/random.h"

/* Rounds of the host; the others go on until it is through. */
enum { ROUNDS = 100, FIRST = 64, LAST = 96 };

/**
 * struct race - what the threads share
 * @turns: by guest-physical page: odd while it is unmapped.
 * @late: accesses that reached a page which was unmapped all the while.
 * @reached: accesses that reached any.
 */
struct race {
	struct vguest *g;
	uint64_t root;
	_Atomic bool stop;
	_Atomic unsigned int turns[VGUEST_PAGES];
	_Atomic unsigned int late, reached, synced, failed;
};

static uint64_t va_of(uint64_t n)
{
	return VGUEST_VA + PAGE(n);
}

static void *device(void *arg)
{
	struct race *r = arg;
	struct vbench *b = r->g->b;
	uint64_t seed = 0x1234567 + (uint64_t)(uintptr_t)&seed;
	struct hw_port port = { 0 };

	b->hw->ops->port_add(b->hw, &port);
	while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		unsigned int turns[VGUEST_PAGES];
		uint64_t page, pa;
		unsigned int i;

		/* Acquire: pairs with the release of who unmapped. */
		for (i = FIRST; i < LAST; i++)
			turns[i] = atomic_load_explicit(&r->turns[i],
							memory_order_acquire);
		pa = vbench_dma_at(b, &port, 5, va_of(next_random(&seed) % 64));
		if (!pa)
			continue;
		atomic_fetch_add(&r->reached, 1);
		page = (pa - vguest_pa(r->g, 0)) >> 12;
		if (page >= FIRST && page < LAST && turns[page] & 1 &&
		    turns[page] == atomic_load(&r->turns[page]))
			atomic_fetch_add(&r->late, 1);
	}
	b->hw->ops->port_remove(b->hw, &port);
	return NULL;
}

/* It points its pages somewhere else, and drops and makes its entry. */
static void *guest(void *arg)
{
	struct race *r = arg;
	struct vguest *g = r->g;
	uint64_t seed = 0x7654321;

	while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		uint64_t n = next_random(&seed) % 64;
		struct vtd_pasid e = vguest_fs(r->root);

		vguest_map(g, r->root, va_of(n),
			   PAGE(FIRST + next_random(&seed) % (LAST - FIRST)));
		if (next_random(&seed) % 16 == 0)
			e.dw[0] = 0;
		vguest_set(g, 5, &e);
		if (vguest_inv_pasid(g, IOMMU_CACHE_INV_TYPE_PASID, 5) ||
		    vguest_inv_addr(g,
				    IOMMU_CACHE_INV_TYPE_IOTLB |
					    IOMMU_CACHE_INV_TYPE_DEV_IOTLB,
				    5, va_of(n), PAGE(1)))
			atomic_fetch_add(&r->failed, 1);
		atomic_fetch_add(&r->synced, 1);
	}
	return NULL;
}

static void host(struct race *r)
{
	struct vguest *g = r->g;
	uint64_t seed = 0xfeed, bytes;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		uint64_t n = FIRST + next_random(&seed) % (LAST - FIRST);

		assert_int_equal(
			iommu_unmap(g->parent, PAGE(n), PAGE(1), &bytes), 0);
		assert_int_equal(bytes, PAGE(1));
		/* Release: pairs with the acquire of the device. */
		atomic_fetch_add_explicit(&r->turns[n], 1,
					  memory_order_release);
		sched_yield();
		atomic_fetch_add_explicit(&r->turns[n], 1,
					  memory_order_release);
		assert_int_equal(iommu_map(g->parent, PAGE(n),
					   vguest_pa(g, PAGE(n)), PAGE(1),
					   IOMMU_PERM_READ | IOMMU_PERM_WRITE),
				 0);
	}
}

/* False: a page that had gone was reached. */
static bool run(const struct vbench_kind *drop)
{
	struct race r = { .g = vguest_make(HW_STRICT) };
	pthread_t threads[3];
	struct vtd_pasid e;
	unsigned int i;
	bool good;

	r.root = vguest_space(r.g);
	for (i = 0; i < 64; i++)
		vguest_map(r.g, r.root, va_of(i),
			   PAGE(FIRST + i % (LAST - FIRST)));
	assert_true(r.g->next < PAGE(FIRST));
	e = vguest_fs(r.root);
	vguest_set(r.g, 5, &e);
	assert_int_equal(vguest_bind(r.g), 0);
	if (drop)
		r.g->b->drop = *drop;
	assert_int_equal(pthread_create(&threads[0], NULL, device, &r), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, device, &r), 0);
	assert_int_equal(pthread_create(&threads[2], NULL, guest, &r), 0);
	/* Until enough has been reached; or one that should not have been. */
	do
		host(&r);
	while (drop ? !r.late : r.reached < 300 || r.synced < 30);
	atomic_store(&r.stop, true);
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(r.failed, 0);
	good = !r.late;
	r.g->b->drop.type = 0;
	vguest_unbind(r.g);
	vguest_unmake(r.g);
	return good;
}

/* [R9] [R11] [G1] [H1] */
static void test_vtd_guest_race_nothing_is_reached_late(void **state)
{
	(void)state;
	assert_true(run(NULL));
}

/* Without the IOTLB's part of an unmap one is, sooner or later. */
static void test_vtd_guest_race_control_is_noticed(void **state)
{
	const struct vbench_kind drop = { "IOTLB", VTD_INV_IOTLB, 0 };

	(void)state;
	assert_false(run(&drop));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_guest_race_nothing_is_reached_late),
		cmocka_unit_test(test_vtd_guest_race_control_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
