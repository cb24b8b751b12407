/* SPDX-License-Identifier: MIT */
/* The tables of the mirror: of each format, and of both. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>

#include "tests/plat/mirror_fixture.h"

static void test_mm_table_is_the_format_asked_for(void **state)
{
	struct fixture *f = *state;
	struct iommu_mm_table t, again;
	struct iommu_mm *mm = f->s.mm;

	assert_int_equal(get_table(mm, IOMMU_TABLE_ARM_64_LPAE_S1, &t), 0);
	assert_int_equal(t.va_bits, 48);
	assert_int_equal(t.granule_lg2, 12);
	assert_true(t.root);
	assert_true(t.af_managed);
	assert_int_equal(get_table(mm, IOMMU_TABLE_ARM_64_LPAE_S1, &again), 0);
	assert_int_equal(again.root, t.root);

	assert_int_equal(get_table(mm, IOMMU_TABLE_X86_64, &t), 0);
	assert_int_equal(t.fmt, IOMMU_TABLE_X86_64);
#ifdef __x86_64__
	assert_int_equal(t.va_bits, 48);
#else
	assert_int_equal(t.va_bits, 57);
#endif
	assert_int_equal(t.granule_lg2, 12);
	assert_int_equal(t.root & 4095, 0);
	assert_int_not_equal(t.root, again.root);
	assert_true(t.af_managed);
	assert_int_equal(get_table(mm, (enum iommu_table_fmt)77, &t),
			 -EOPNOTSUPP);
}

static void test_mm_table_is_one_until_another_is_asked_for(void **state)
{
	struct fixture *f = *state;
	const struct mm_table *table = &to_hosted_mirror(f->s.mm)->table;
	struct iommu_mm_table t;
	size_t done;

	assert_false(table->has_arm || table->has_x86);
	assert_int_equal(get_table(f->s.mm, IOMMU_TABLE_X86_64, &t), 0);
	assert_int_equal(space_fault(&f->s, f->area, 1, W, &done), 0);
	assert_true(table->has_x86 && !table->has_arm);
	assert_int_equal(space_perm(&f->s, f->area), RW);
}

/* What was mapped before is in the table that comes later, and stays there. */
static void test_mm_table_of_another_format_is_a_copy(void **state)
{
	struct fixture *f = *state;
	const struct mm_table *table = &to_hosted_mirror(f->s.mm)->table;
	struct iommu_mm_table t;
	enum iommu_table_fmt first = f->s.hosted->cfg.table_fmt;
	size_t done;

	assert_int_equal(
		plat_hosted_mm_populate(f->s.mm, f->area, PAGE, W, &done), 0);
	assert_int_equal(space_fault(&f->s, f->area + 2 * PAGE, 1, R, &done),
			 0);
	assert_int_equal(table->has_x86, first == IOMMU_TABLE_X86_64);
	assert_int_equal(table->has_arm, first != IOMMU_TABLE_X86_64);
	assert_int_equal(get_table(f->s.mm,
				   first == IOMMU_TABLE_X86_64 ?
					   IOMMU_TABLE_ARM_64_LPAE_S1 :
					   IOMMU_TABLE_X86_64,
				   &t),
			 0);
	assert_true(table->has_arm && table->has_x86);
	assert_int_equal(space_perm(&f->s, f->area), RW);
	assert_int_equal(space_perm(&f->s, f->area + PAGE), 0);
	assert_int_equal(space_perm(&f->s, f->area + 2 * PAGE), R);
	munmap(f->area + 2 * PAGE, PAGE);
	plat_hosted_submit_barrier(f->s.hosted);
	assert_int_equal(space_perm(&f->s, f->area + 2 * PAGE), 0);
	assert_int_equal(space_perm(&f->s, f->area), RW);
}

static void test_mm_table_of_an_exited_process_is_none(void **state)
{
	struct iommu_mm_table t;
	struct iommu_mm *mm;
	struct space s;

	(void)state;
	space_open(&s, NULL, NULL);
	mm = s.mm;
	iommu_mm_get(mm);
	assert_int_equal(get_table(mm, IOMMU_TABLE_X86_64, &t), 0);
	iommu_mm_put_users(mm);
	assert_int_equal(get_table(mm, IOMMU_TABLE_X86_64, &t), -ESRCH);
	iommu_mm_put(mm);
	assert_int_equal(iommu_system_destroy(s.sys), 0);
	plat_hosted_destroy(s.hosted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODE(test_mm_table_is_the_format_asked_for, ),
		MODE(test_mm_table_is_one_until_another_is_asked_for, ),
		MODE(test_mm_table_of_another_format_is_a_copy, ),
		MODE(test_mm_table_of_another_format_is_a_copy, _x86),
		cmocka_unit_test(test_mm_table_of_an_exited_process_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
