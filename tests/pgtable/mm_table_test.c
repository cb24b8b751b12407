/* SPDX-License-Identifier: MIT */
/* Tables of one address space in two formats, which hold the same. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "pgtable/mm_table.h"
#include "tests/support/testplat.h"

#define RO   ((unsigned int)IOMMU_PERM_READ)
#define RW   (RO | IOMMU_PERM_WRITE)
#define PAGE UINT64_C(4096)
#define ARM  IOMMU_TABLE_ARM_64_LPAE_S1
#define X86  IOMMU_TABLE_X86_64

struct fixture {
	struct testplat tp;
	struct mm_table t;
};

static void start(struct fixture *f, unsigned int levels)
{
	const struct mm_table_cfg cfg = {
		.plat = &f->tp.plat,
		.va_bits = 48,
		.pa_bits = 48,
		.x86_levels = levels,
	};

	testplat_init(&f->tp);
	mm_table_init(&f->t, &cfg);
}

static void stop(struct fixture *f)
{
	mm_table_fini(&f->t);
	testplat_fini(&f->tp);
}

/* Of both formats, and of mm_table_walk(); 0: nothing. */
static uint64_t both(struct fixture *f, uint64_t va, unsigned int *ret_perm)
{
	struct arm_lpae_leaf arm = { 0 };
	struct x86_64_leaf x86 = { 0 };
	struct mm_table_leaf leaf = { 0 };
	int err = mm_table_walk(&f->t, va, &leaf);

	if (f->t.has_arm) {
		assert_int_equal(arm_lpae_walk(&f->t.arm, va, &arm), err);
		assert_int_equal(arm.pa, leaf.pa);
		assert_int_equal(arm.perm, leaf.perm);
	}
	if (f->t.has_x86) {
		assert_int_equal(x86_64_walk(&f->t.x86, va, &x86), err);
		assert_int_equal(x86.pa, leaf.pa);
		assert_int_equal(x86.perm, leaf.perm);
		assert_true(err || x86.accessed);
	}
	*ret_perm = leaf.perm;
	return leaf.pa;
}

static void test_mm_table_has_no_format_before_one_is_wanted(void **state)
{
	struct mm_table_leaf leaf;
	struct iommu_mm_table t;
	struct fixture f;
	size_t n = 9;

	(void)state;
	start(&f, 4);
	assert_false(mm_table_any(&f.t));
	assert_int_equal(mm_table_set(&f.t, 0, 0, RO), -EINVAL);
	assert_int_equal(mm_table_walk(&f.t, 0, &leaf), -ENOENT);
	mm_table_clear(&f.t, 0, UINT64_MAX, &n);
	assert_int_equal(n, 0);
	assert_int_equal(mm_table_want(&f.t, (enum iommu_table_fmt)5, &t),
			 -EOPNOTSUPP);
	assert_int_equal(f.tp.live_allocations, 0);
	stop(&f);
}

static void test_mm_table_tells_an_iommu_what_it_needs(void **state)
{
	struct iommu_mm_table t, again;
	struct fixture f;

	(void)state;
	start(&f, 4);
	assert_int_equal(mm_table_want(&f.t, X86, &t), 0);
	assert_int_equal(t.fmt, X86);
	assert_int_equal(t.va_bits, 48);
	assert_int_equal(t.pa_bits, 48);
	assert_int_equal(t.granule_lg2, 12);
	assert_int_equal(t.mair, 0);
	assert_true(t.af_managed);
	assert_int_equal(t.root, x86_64_root_pa(&f.t.x86));
	assert_int_equal(mm_table_want(&f.t, X86, &again), 0);
	assert_int_equal(again.root, t.root);
	assert_int_equal(mm_table_want(&f.t, ARM, &t), 0);
	assert_int_equal(t.fmt, ARM);
	assert_int_equal(t.va_bits, 48);
	assert_int_equal(t.mair, ARM_LPAE_MAIR);
	assert_int_equal(t.root, arm_lpae_root_pa(&f.t.arm));
	stop(&f);
	start(&f, 5);
	assert_int_equal(mm_table_want(&f.t, X86, &t), 0);
	assert_int_equal(t.va_bits, 57);
	stop(&f);
}

/* In either order; each page of the first is in the second. */
static void test_mm_table_later_format_is_a_copy(void **state)
{
	static const enum iommu_table_fmt order[][2] = { { ARM, X86 },
							 { X86, ARM } };
	const uint64_t where[] = { 0, PAGE, 511 * PAGE, 0x40000000,
				   0x7fffffffe000 };
	struct iommu_mm_table t;
	struct fixture f;
	unsigned int i, j, perm;
	long n;

	(void)state;
	for (i = 0; i < 2; i++) {
		start(&f, 4);
		assert_int_equal(mm_table_want(&f.t, order[i][0], &t), 0);
		for (j = 0; j < 5; j++)
			assert_int_equal(mm_table_set(&f.t, where[j],
						      (j + 1) * PAGE,
						      j & 1 ? RW : RO),
					 0);
		/* Alone it is walked, too. */
		assert_true(f.t.has_arm != f.t.has_x86);
		assert_int_equal(both(&f, where[3], &perm), 4 * PAGE);
		assert_int_equal(perm, RW);
		assert_int_equal(both(&f, 2 * PAGE, &perm), 0);
		/* Without memory for all of it there is none of it. */
		for (n = 1;; n++) {
			long live = f.tp.live_allocations;
			int err;

			testplat_fail_nth(&f.tp, n);
			err = mm_table_want(&f.t, order[i][1], &t);
			testplat_fail_nth(&f.tp, 0);
			if (!err)
				break;
			assert_int_equal(err, -ENOMEM);
			assert_int_equal(f.tp.live_allocations, live);
		}
		assert_in_range(n, 9, 12);
		assert_true(f.t.has_arm && f.t.has_x86);
		for (j = 0; j < 5; j++) {
			assert_int_equal(both(&f, where[j], &perm),
					 (j + 1) * PAGE);
			assert_int_equal(perm, j & 1 ? RW : RO);
		}
		assert_int_equal(both(&f, 2 * PAGE, &perm), 0);
		stop(&f);
	}
}

static void test_mm_table_formats_stay_the_same(void **state)
{
	struct iommu_mm_table t;
	struct fixture f;
	uint64_t rng = 4711, at;
	unsigned int i, perm;
	size_t n;

	(void)state;
	start(&f, 4);
	assert_int_equal(mm_table_want(&f.t, ARM, &t), 0);
	assert_int_equal(mm_table_want(&f.t, X86, &t), 0);
	for (i = 0; i < 5000; i++) {
		rng = rng * 6364136223846793005u + 1442695040888963407u;
		at = (rng >> 40 & 0x3ff) << 12 | (rng >> 60 & 3) << 36;
		if (rng >> 33 & 7) {
			unsigned int p = rng >> 20 & 1 ? RW : RO;

			p |= rng >> 21 & 1 ? (unsigned int)IOMMU_PERM_EXEC : 0u;
			assert_int_equal(mm_table_set(&f.t, at, at + PAGE, p),
					 0);
			assert_int_equal(both(&f, at, &perm), at + PAGE);
			assert_int_equal(perm, p);
		} else {
			mm_table_clear(&f.t, at, at + 64 * PAGE, &n);
			assert_int_equal(both(&f, at, &perm), 0);
			assert_int_equal(both(&f, at + 63 * PAGE, &perm), 0);
		}
	}
	for (i = 0; i < 4096; i++)
		(void)both(&f, (i & 0x3ffull) << 12 | (i >> 10 & 3ull) << 36,
			   &perm);
	mm_table_clear(&f.t, 0, UINT64_MAX, &n);
	assert_true(n > 100);
	stop(&f);
}

static void test_mm_table_no_memory_maps_nothing_anywhere(void **state)
{
	struct iommu_mm_table t;
	struct fixture f;
	unsigned int perm;
	long n;

	(void)state;
	start(&f, 4);
	assert_int_equal(mm_table_want(&f.t, ARM, &t), 0);
	assert_int_equal(mm_table_want(&f.t, X86, &t), 0);
	for (n = 1;; n++) {
		int err;

		testplat_fail_nth(&f.tp, n);
		err = mm_table_set(&f.t, (uint64_t)n << 39, PAGE, RW);
		testplat_fail_nth(&f.tp, 0);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(both(&f, (uint64_t)n << 39, &perm), 0);
	}
	assert_int_equal(n, 7);
	stop(&f);
}

/* What one format cannot have, none has. */
static void test_mm_table_reaches_as_far_as_each_format(void **state)
{
	const uint64_t high = UINT64_C(1) << 47;
	struct iommu_mm_table t;
	struct fixture f;
	unsigned int perm;

	(void)state;
	start(&f, 4);
	assert_int_equal(mm_table_want(&f.t, ARM, &t), 0);
	assert_int_equal(mm_table_set(&f.t, high, PAGE, RO), 0);
	assert_int_equal(mm_table_want(&f.t, X86, &t), -EOPNOTSUPP);
	assert_false(f.t.has_x86);
	mm_table_clear(&f.t, high, high + 1, NULL);
	assert_int_equal(mm_table_want(&f.t, X86, &t), 0);
	assert_int_equal(mm_table_set(&f.t, high, PAGE, RO), -EINVAL);
	assert_int_equal(both(&f, high, &perm), 0);
	assert_int_equal(mm_table_set(&f.t, high - PAGE, PAGE, RO), 0);
	stop(&f);

	start(&f, 5);
	assert_int_equal(mm_table_want(&f.t, X86, &t), 0);
	assert_int_equal(mm_table_want(&f.t, ARM, &t), 0);
	assert_int_equal(mm_table_set(&f.t, high, PAGE, RO), 0);
	assert_int_equal(both(&f, high, &perm), PAGE);
	assert_int_equal(mm_table_set(&f.t, 2 * high, PAGE, RO), -EINVAL);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_mm_table_has_no_format_before_one_is_wanted),
		cmocka_unit_test(test_mm_table_tells_an_iommu_what_it_needs),
		cmocka_unit_test(test_mm_table_later_format_is_a_copy),
		cmocka_unit_test(test_mm_table_formats_stay_the_same),
		cmocka_unit_test(test_mm_table_no_memory_maps_nothing_anywhere),
		cmocka_unit_test(test_mm_table_reaches_as_far_as_each_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
