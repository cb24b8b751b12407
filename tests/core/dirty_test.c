/* SPDX-License-Identifier: MIT */
/* Dirty tracking: what is noted, and when hardware is told. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/core/rig.h"

enum { PASID = 5, PAGE = 0x1000, PAGES = 80 };

static struct iommu_domain *domain;
static uint64_t words[2];

static int setup(void **state)
{
	static struct rig rig;

	memset(&rig, 0, sizeof(rig));
	rig_up(&rig, NULL, NULL);
	assert_ok(iommu_domain_alloc(mock_unit(rig.mock), IOMMU_DOMAIN_PAGING,
				     &domain));
	assert_ok(iommu_attach_device_pasid(domain, rig.dev[0], PASID));
	assert_ok(iommu_map(domain, 0, 0x100 * PAGE, PAGES * PAGE, R | W));
	memset(words, 0, sizeof(words));
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

static void touch(struct rig *rig, unsigned int n, unsigned int perm)
{
	uint64_t pa = 0;

	assert_ok(mock_access(rig->mock, rig->dev[0], PASID, (uint64_t)n * PAGE,
			      perm, &pa));
	assert_int_equal(pa, (0x100 + n) * PAGE);
}

/* All of it, into @words. */
static int read_all(unsigned int flags, struct iommu_iotlb_gather *gather)
{
	struct iommu_dirty_bitmap b = {
		.page_lg2 = 12,
		.bit_count = PAGES,
		.words = words,
		.gather = gather,
	};

	memset(words, 0, sizeof(words));
	return iommu_read_and_clear_dirty(domain, 0, PAGES * PAGE, flags, &b);
}

static void assert_dirty(uint64_t low, uint64_t high)
{
	assert_int_equal(words[0], low);
	assert_int_equal(words[1], high);
}

/* What was written since the last read, once; and reads leave no trace. */
static void test_dirty_writes_are_noted_once(void **state)
{
	struct rig *rig = *state;

	touch(rig, 1, W);
	assert_ok(iommu_set_dirty_tracking(domain, true));
	assert_ok(read_all(0, NULL));
	assert_dirty(0, 0);
	touch(rig, 2, R);
	touch(rig, 3, R | W);
	touch(rig, 70, W);
	assert_ok(read_all(IOMMU_DIRTY_NO_CLEAR, NULL));
	assert_dirty(1 << 3, 1 << 6);
	assert_ok(read_all(0, NULL));
	assert_dirty(1 << 3, 1 << 6);
	assert_ok(read_all(0, NULL));
	assert_dirty(0, 0);
	touch(rig, 3, W);
	assert_ok(read_all(0, NULL));
	assert_dirty(1 << 3, 0);
}

/*
 * [R9] Hardware remembers that a page is dirty, and does not mark it again
 * until it was told: the read tells it, or who gathers does.
 */
static void test_dirty_cleared_then_invalidated(void **state)
{
	struct iommu_iotlb_gather gather;
	struct rig *rig = *state;

	assert_ok(iommu_set_dirty_tracking(domain, true));
	touch(rig, 3, W);
	touch(rig, 5, W);
	assert_int_equal(mock_cached(rig->mock, rig->dev[0], PASID), 2);
	/* Nothing changes: nobody needs to know. */
	assert_ok(read_all(IOMMU_DIRTY_NO_CLEAR, NULL));
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_SYNC), 0);
	iommu_iotlb_gather_init(&gather);
	assert_ok(read_all(0, &gather));
	assert_int_equal(gather.start, 3 * PAGE);
	assert_int_equal(gather.last, 6 * PAGE - 1);
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_SYNC), 0);
	/* The control: before the sync a write goes unseen. */
	touch(rig, 3, W);
	assert_ok(read_all(IOMMU_DIRTY_NO_CLEAR, NULL));
	assert_dirty(0, 0);
	assert_ok(iommu_iotlb_sync(domain, &gather));
	touch(rig, 3, W);
	assert_ok(read_all(0, NULL));
	assert_dirty(1 << 3, 0);
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_SYNC), 2);
	touch(rig, 3, W);
	assert_ok(read_all(0, NULL));
	assert_dirty(1 << 3, 0);
}

/* What is mapped later is clean, and what cannot be written stays so. */
static void test_dirty_new_pages_are_clean(void **state)
{
	struct rig *rig = *state;

	assert_ok(iommu_set_dirty_tracking(domain, true));
	assert_ok(iommu_unmap(domain, 4 * PAGE, 2 * PAGE, NULL));
	assert_ok(iommu_map(domain, 4 * PAGE, 0x104 * PAGE, PAGE, R | W));
	assert_ok(iommu_map(domain, 5 * PAGE, 0x105 * PAGE, PAGE, R));
	assert_ok(read_all(0, NULL));
	assert_dirty(0, 0);
	touch(rig, 4, W);
	touch(rig, 5, R);
	assert_ok(read_all(0, NULL));
	assert_dirty(1 << 4, 0);
}

/* On while it is attached, off, and on again: from nothing. */
static void test_dirty_on_and_off_while_attached(void **state)
{
	struct rig *rig = *state;

	assert_err(read_all(0, NULL), EINVAL);
	assert_ok(iommu_set_dirty_tracking(domain, true));
	touch(rig, 1, W);
	assert_ok(iommu_set_dirty_tracking(domain, true));
	assert_ok(read_all(IOMMU_DIRTY_NO_CLEAR, NULL));
	assert_dirty(1 << 1, 0);
	assert_ok(iommu_set_dirty_tracking(domain, false));
	assert_err(read_all(0, NULL), EINVAL);
	touch(rig, 2, W);
	assert_ok(iommu_set_dirty_tracking(domain, true));
	assert_ok(read_all(0, NULL));
	assert_dirty(0, 0);
	touch(rig, 2, W);
	assert_ok(read_all(0, NULL));
	assert_dirty(1 << 2, 0);
}

/* Larger units than pages, a part of the table, and nobody who wants to know. */
static void test_dirty_bitmap_shapes(void **state)
{
	struct iommu_dirty_bitmap b = {
		.iova = 4 * PAGE,
		.page_lg2 = 14,
		.bit_count = 2,
		.words = words,
	};
	struct rig *rig = *state;

	assert_ok(iommu_set_dirty_tracking(domain, true));
	touch(rig, 3, W);
	touch(rig, 6, W);
	touch(rig, 7, W);
	touch(rig, 8, W);
	touch(rig, 12, W);
	assert_ok(
		iommu_read_and_clear_dirty(domain, 4 * PAGE, 4 * PAGE, 0, &b));
	assert_dirty(1, 0);
	/* Bits are added to what is there. */
	assert_ok(
		iommu_read_and_clear_dirty(domain, 4 * PAGE, 8 * PAGE, 0, &b));
	assert_dirty(3, 0);
	assert_err(iommu_read_and_clear_dirty(domain, 4 * PAGE, 9 * PAGE, 0,
					      &b),
		   EINVAL);
	assert_err(iommu_read_and_clear_dirty(domain, 3 * PAGE, PAGE, 0, &b),
		   EINVAL);
	assert_ok(read_all(IOMMU_DIRTY_NO_CLEAR, NULL));
	assert_dirty(1 << 3 | 1 << 12, 0);
	b.words = NULL;
	assert_ok(iommu_read_and_clear_dirty(domain, 0, 8 * PAGE, 0, &b));
	assert_ok(read_all(0, NULL));
	assert_dirty(1 << 12, 0);
}

static void test_dirty_refused(void **state)
{
	struct iommu_dirty_bitmap b = {
		.page_lg2 = 12,
		.bit_count = 64,
		.words = words,
	};
	struct iommu_domain *other;
	struct rig *rig = *state;

	assert_ok(iommu_set_dirty_tracking(domain, true));
	touch(rig, 1, W);
	assert_err(iommu_read_and_clear_dirty(domain, 0, 0, 0, &b), EINVAL);
	assert_err(iommu_read_and_clear_dirty(domain, 1, PAGE, 0, &b), EINVAL);
	assert_err(iommu_read_and_clear_dirty(domain, 0, PAGE + 1, 0, &b),
		   EINVAL);
	assert_err(iommu_read_and_clear_dirty(domain, 0, PAGE, 4, &b), EINVAL);
	assert_err(iommu_read_and_clear_dirty(
			   domain, 0, PAGE,
			   IOMMU_DIRTY_NO_CLEAR | IOMMU_DIRTY_SPLIT, &b),
		   EINVAL);
	b.page_lg2 = 11;
	assert_err(iommu_read_and_clear_dirty(domain, 0, PAGE, 0, &b), EINVAL);
	b.page_lg2 = 64;
	assert_err(iommu_read_and_clear_dirty(domain, 0, PAGE, 0, &b), EINVAL);
	/* Nothing of that was a read. */
	assert_ok(read_all(0, NULL));
	assert_dirty(1 << 1, 0);
	assert_ok(iommu_domain_alloc(mock_unit(rig->mock),
				     IOMMU_DOMAIN_IDENTITY, &other));
	assert_err(iommu_set_dirty_tracking(other, true), EINVAL);
	b.page_lg2 = 12;
	assert_err(iommu_read_and_clear_dirty(other, 0, PAGE, 0, &b), EINVAL);
	assert_ok(iommu_domain_free(other));
}

/* It fails as the driver does, and then it is off. */
static void test_dirty_driver_fails(void **state)
{
	struct rig *rig = *state;

	mock_fail(rig->mock, MOCK_OP_DIRTY, 1, -EOPNOTSUPP);
	assert_err(iommu_set_dirty_tracking(domain, true), EOPNOTSUPP);
	assert_err(read_all(0, NULL), EINVAL);
	assert_ok(iommu_set_dirty_tracking(domain, true));
	touch(rig, 1, W);
	mock_fail(rig->mock, MOCK_OP_DIRTY, 1, -EINVAL);
	assert_err(read_all(0, NULL), EINVAL);
	/* The bits are there; whether hardware has heard is another question. */
	mock_fail(rig->mock, MOCK_OP_SYNC, 1, -ETIMEDOUT);
	assert_err(read_all(0, NULL), ETIMEDOUT);
	assert_dirty(1 << 1, 0);
	mock_fail(rig->mock, MOCK_OP_DIRTY, 1, -ETIMEDOUT);
	assert_err(iommu_set_dirty_tracking(domain, false), ETIMEDOUT);
	assert_err(read_all(0, NULL), EINVAL);
}

static void test_dirty_not_with_this_iommu(void **state)
{
	const struct mock_cfg cfg = { .no_dirty = true };
	struct iommu_domain *d;
	struct rig rig;

	(void)state;
	memset(&rig, 0, sizeof(rig));
	rig_up(&rig, NULL, &cfg);
	assert_ok(iommu_domain_alloc(mock_unit(rig.mock), IOMMU_DOMAIN_PAGING,
				     &d));
	assert_err(iommu_set_dirty_tracking(d, true), EOPNOTSUPP);
	assert_ok(iommu_domain_free(d));
	rig_down(&rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_dirty_writes_are_noted_once),
		TEST(test_dirty_cleared_then_invalidated),
		TEST(test_dirty_new_pages_are_clean),
		TEST(test_dirty_on_and_off_while_attached),
		TEST(test_dirty_bitmap_shapes),
		TEST(test_dirty_refused),
		TEST(test_dirty_driver_fails),
		cmocka_unit_test(test_dirty_not_with_this_iommu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
