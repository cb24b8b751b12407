/* SPDX-License-Identifier: MIT */
/* Paging domains: when hardware is told of what was unmapped. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "tests/core/rig.h"

enum { PASID = 5, PAGE = 0x1000 };

static struct iommu_domain *domain;

static int setup(void **state)
{
	static struct rig rig;

	memset(&rig, 0, sizeof(rig));
	rig_up(&rig, NULL, NULL);
	assert_ok(iommu_domain_alloc(mock_unit(rig.mock), IOMMU_DOMAIN_PAGING,
				     &domain));
	assert_ok(iommu_attach_device_pasid(domain, rig.dev[0], PASID));
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	mock_set_defects(rig->mock, 0);
	iommu_detach_device_pasid(domain, rig->dev[0], PASID);
	assert_ok(iommu_domain_free(domain));
	rig_down(rig);
	return 0;
}

/* Page n leads to page 0x100 + n; and is in the device's cache. */
static void map(struct rig *rig, unsigned int n)
{
	uint64_t pa = 0;

	assert_ok(iommu_map(domain, (uint64_t)n * PAGE,
			    (uint64_t)(0x100 + n) * PAGE, PAGE, R | W));
	assert_ok(mock_access(rig->mock, rig->dev[0], PASID, (uint64_t)n * PAGE,
			      R, &pa));
	assert_int_equal(pa, (0x100 + n) * PAGE);
}

/* Does the device still get there? */
static bool reaches(struct rig *rig, unsigned int n)
{
	uint64_t pa;

	return !mock_access(rig->mock, rig->dev[0], PASID, (uint64_t)n * PAGE,
			    R, &pa);
}

/* Whoever unmaps for good waits for hardware. [R9] */
static void test_paging_unmap_invalidates_before_it_returns(void **state)
{
	struct rig *rig = *state;
	uint64_t bytes;

	map(rig, 1);
	map(rig, 2);
	assert_ok(iommu_unmap(domain, PAGE, PAGE, &bytes));
	assert_int_equal(bytes, PAGE);
	assert_false(reaches(rig, 1));
	assert_true(reaches(rig, 2));
	assert_ok(iommu_unmap(domain, 0, 0x10 * PAGE, NULL));
	assert_false(reaches(rig, 2));
	/* Nothing was there: nothing is said. */
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_SYNC), 2);
	assert_ok(iommu_unmap(domain, 0, 0x10 * PAGE, &bytes));
	assert_int_equal(bytes, 0);
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_SYNC), 2);
	/* The control: without it the test above would not hold. */
	map(rig, 3);
	mock_set_defects(rig->mock, MOCK_SKIP_INVALIDATE);
	assert_ok(iommu_unmap(domain, 3 * PAGE, PAGE, &bytes));
	assert_true(reaches(rig, 3));
}

/* Many unmaps, one invalidation, and not before. */
static void test_paging_gather_waits_for_its_sync(void **state)
{
	struct iommu_iotlb_gather gather;
	struct rig *rig = *state;
	unsigned int n;
	uint64_t bytes;

	for (n = 1; n <= 4; n++)
		map(rig, n);
	iommu_iotlb_gather_init(&gather);
	for (n = 1; n <= 3; n += 2) {
		assert_ok(iommu_unmap_gather(domain, (uint64_t)n * PAGE, PAGE,
					     &gather, &bytes));
		assert_int_equal(bytes, PAGE);
	}
	assert_int_equal(gather.start, PAGE);
	assert_int_equal(gather.last, 4 * PAGE - 1);
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_SYNC), 0);
	assert_true(reaches(rig, 1) && reaches(rig, 3));
	assert_ok(iommu_iotlb_sync(domain, &gather));
	assert_false(reaches(rig, 1) || reaches(rig, 3));
	assert_true(reaches(rig, 2) && reaches(rig, 4));
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_SYNC), 1);
	/* It is empty now. */
	assert_ok(iommu_iotlb_sync(domain, &gather));
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_SYNC), 1);
}

/* What is not confirmed is not unmapped. [E5] */
static void test_paging_unmap_not_confirmed_claims_nothing(void **state)
{
	struct rig *rig = *state;
	uint64_t bytes = 1;

	map(rig, 1);
	mock_fail(rig->mock, MOCK_OP_SYNC, 1, -ETIMEDOUT);
	assert_err(iommu_unmap(domain, PAGE, PAGE, &bytes), ETIMEDOUT);
	assert_int_equal(bytes, 0);
	assert_true(reaches(rig, 1));
	/* A table that cannot be changed is as it was. */
	map(rig, 2);
	mock_fail(rig->mock, MOCK_OP_UNMAP, 1, -ENOMEM);
	bytes = 1;
	assert_err(iommu_unmap(domain, 2 * PAGE, PAGE, &bytes), ENOMEM);
	assert_int_equal(bytes, 1);
	assert_true(reaches(rig, 2));
}

static void test_paging_deferred_flushes_at_the_limit(void **state)
{
	struct rig *rig = *state;
	unsigned int n;
	uint64_t bytes;

	for (n = 1; n <= 4; n++)
		map(rig, n);
	assert_ok(iommu_domain_set_deferred(domain, 2 * PAGE));
	for (n = 1; n <= 2; n++) {
		assert_ok(
			iommu_unmap(domain, (uint64_t)n * PAGE, PAGE, &bytes));
		assert_int_equal(bytes, PAGE);
		assert_true(reaches(rig, n));
	}
	assert_ok(iommu_unmap(domain, 3 * PAGE, PAGE, NULL));
	for (n = 1; n <= 3; n++)
		assert_false(reaches(rig, n));
	assert_true(reaches(rig, 4));
	/* When asked for, and when it is over. */
	assert_ok(iommu_unmap(domain, 4 * PAGE, PAGE, NULL));
	assert_true(reaches(rig, 4));
	assert_ok(iommu_domain_flush(domain));
	assert_false(reaches(rig, 4));
	map(rig, 5);
	assert_ok(iommu_unmap(domain, 5 * PAGE, PAGE, NULL));
	assert_ok(iommu_domain_set_deferred(domain, 0));
	assert_false(reaches(rig, 5));
	map(rig, 6);
	assert_ok(iommu_unmap(domain, 6 * PAGE, PAGE, NULL));
	assert_false(reaches(rig, 6));
}

/* What waits is not taken for what comes in its place. */
static void test_paging_deferred_flushes_before_it_is_mapped_again(void **state)
{
	struct rig *rig = *state;
	uint64_t pa;

	map(rig, 1);
	map(rig, 2);
	assert_ok(iommu_domain_set_deferred(domain, 64 * PAGE));
	assert_ok(iommu_unmap(domain, PAGE, PAGE, NULL));
	/* Elsewhere: it goes on waiting. */
	map(rig, 3);
	assert_true(reaches(rig, 1));
	assert_ok(iommu_map(domain, PAGE, 0x900 * PAGE, PAGE, R));
	assert_ok(mock_access(rig->mock, rig->dev[0], PASID, PAGE, R, &pa));
	assert_int_equal(pa, 0x900 * PAGE);
	/* If that does not work nothing is mapped. */
	assert_ok(iommu_unmap(domain, 2 * PAGE, PAGE, NULL));
	mock_fail(rig->mock, MOCK_OP_SYNC, 1, -ETIMEDOUT);
	assert_err(iommu_map(domain, 2 * PAGE, 0x900 * PAGE, PAGE, R),
		   ETIMEDOUT);
	assert_err(iommu_iova_to_phys(domain, 2 * PAGE, &pa), ENOENT);
}

static void test_paging_iova_to_phys(void **state)
{
	struct iommu_domain *identity, *blocked;
	struct rig *rig = *state;
	uint64_t pa;

	map(rig, 7);
	assert_ok(iommu_iova_to_phys(domain, 7 * PAGE + 0x123, &pa));
	assert_int_equal(pa, 0x107 * PAGE + 0x123);
	assert_err(iommu_iova_to_phys(domain, 8 * PAGE, &pa), ENOENT);
	assert_true(iommu_domain_page_sizes(domain) & PAGE);
	assert_ok(iommu_domain_alloc(mock_unit(rig->mock),
				     IOMMU_DOMAIN_IDENTITY, &identity));
	assert_ok(iommu_domain_alloc(mock_unit(rig->mock), IOMMU_DOMAIN_BLOCKED,
				     &blocked));
	assert_ok(iommu_iova_to_phys(identity, 0x12345, &pa));
	assert_int_equal(pa, 0x12345);
	assert_err(iommu_iova_to_phys(blocked, 0x12345, &pa), EINVAL);
	assert_int_equal(iommu_domain_page_sizes(identity), 0);
	assert_err(iommu_domain_set_deferred(identity, 1), EINVAL);
	assert_err(iommu_domain_flush(identity), EINVAL);
	assert_ok(iommu_domain_free(identity));
	assert_ok(iommu_domain_free(blocked));
}

enum { LOOKS = 3000 };

struct looker {
	_Atomic unsigned int looks;
	_Atomic bool stop;
	unsigned int there, wrong;
};

static void *look(void *arg)
{
	struct looker *l = arg;

	while (!atomic_load(&l->stop)) {
		uint64_t pa = 0;
		int err = iommu_iova_to_phys(domain, 7 * PAGE + 5, &pa);

		l->there += !err;
		l->wrong += err ? err != -ENOENT : pa != 0x107 * PAGE + 5;
		atomic_fetch_add(&l->looks, 1);
	}
	return NULL;
}

/* One that has begun since, and another. On one CPU, too. */
static void wait_for_looks(struct looker *l)
{
	unsigned int seen = atomic_load(&l->looks);

	while (atomic_load(&l->looks) - seen < 2)
		sched_yield();
}

/*
 * Beside maps and unmaps, each of which makes tables and gives them back: it is
 * there or it is not, and nobody reads a table that is somebody else's memory.
 */
static void test_paging_iova_to_phys_beside_unmap(void **state)
{
	struct looker l = { 0 };
	pthread_t thread;
	unsigned int i;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, look, &l), 0);
	for (i = 0; i < LOOKS || atomic_load(&l.looks) < LOOKS; i++) {
		assert_ok(
			iommu_map(domain, 7 * PAGE, 0x107 * PAGE, PAGE, R | W));
		if (!(i % 64))
			wait_for_looks(&l);
		assert_ok(iommu_unmap(domain, 7 * PAGE, PAGE, NULL));
	}
	atomic_store(&l.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(l.wrong, 0);
	assert_true(l.there > 0);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_paging_unmap_invalidates_before_it_returns),
		TEST(test_paging_gather_waits_for_its_sync),
		TEST(test_paging_unmap_not_confirmed_claims_nothing),
		TEST(test_paging_deferred_flushes_at_the_limit),
		TEST(test_paging_deferred_flushes_before_it_is_mapped_again),
		TEST(test_paging_iova_to_phys),
		TEST(test_paging_iova_to_phys_beside_unmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
