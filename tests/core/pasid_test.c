/* SPDX-License-Identifier: MIT */
/* PASIDs of address spaces. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/ioasid.h>

#include "tests/core/rig.h"

static DECLARE_IOASID_SET(set);

static int setup(void **state)
{
	static struct rig rig;

	memset(&rig, 0, sizeof(rig));
	rig_up(&rig, NULL, NULL);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	rig_down(*state);
	return 0;
}

/* [C2] [N1] */
static void test_pasid_alloc_bad_range_einval(void **state)
{
	struct soft_mm *mm = soft_mm_create(*state);

	assert_err(iommu_sva_alloc_pasid(&mm->mm, 0, 5), EINVAL);
	assert_err(iommu_sva_alloc_pasid(&mm->mm, 6, 5), EINVAL);
	assert_err(iommu_sva_alloc_pasid(&mm->mm, 1, IOMMU_PASID_INVALID),
		   EINVAL);
	assert_err(iommu_sva_alloc_pasid(&mm->mm, IOMMU_PASID_INVALID,
					 IOMMU_PASID_INVALID),
		   EINVAL);
	assert_int_equal(mm->mm.pasid, 0);
	iommu_mm_put_users(&mm->mm);
}

/* [C1] [C2] [C3] */
static void test_pasid_alloc_again_counts(void **state)
{
	struct rig *rig = *state;
	struct soft_mm *mm = soft_mm_create(rig);
	unsigned int warnings = rig->tp.warnings_logged;

	assert_ok(iommu_sva_alloc_pasid(&mm->mm, 10, 20));
	assert_int_equal(mm->mm.pasid, 10);
	assert_ok(iommu_sva_alloc_pasid(&mm->mm, 1, 10));
	assert_err(iommu_sva_alloc_pasid(&mm->mm, 1, 9), EOVERFLOW);
	assert_err(iommu_sva_alloc_pasid(&mm->mm, 11, 20), EOVERFLOW);
	iommu_sva_free_pasid(&mm->mm);
	assert_int_equal(mm->mm.pasid, 10);
	iommu_sva_free_pasid(&mm->mm);
	assert_int_equal(mm->mm.pasid, 0);
	assert_int_equal(stats_of(rig).pasids, 0);
	assert_int_equal(rig->tp.warnings_logged, warnings);
	iommu_sva_free_pasid(&mm->mm);
	assert_int_equal(rig->tp.warnings_logged, warnings + 1);
	iommu_mm_put_users(&mm->mm);
}

/* [C2] */
static void test_pasid_alloc_none_left_enospc(void **state)
{
	struct rig *rig = *state;
	struct soft_mm *a = soft_mm_create(rig), *b = soft_mm_create(rig);

	assert_ok(iommu_sva_alloc_pasid(&a->mm, 3, 3));
	assert_err(iommu_sva_alloc_pasid(&b->mm, 3, 3), ENOSPC);
	assert_int_equal(b->mm.pasid, 0);
	assert_int_equal(b->mm.refs, 1);
	iommu_sva_free_pasid(&a->mm);
	iommu_mm_put_users(&a->mm);
	iommu_mm_put_users(&b->mm);
}

/* [C2] */
static void test_pasid_alloc_no_memory(void **state)
{
	struct rig *rig = *state;
	struct soft_mm *mm = soft_mm_create(rig);

	testplat_fail_nth(&rig->tp, 1);
	assert_err(iommu_sva_alloc_pasid(&mm->mm, 3, 3), ENOMEM);
	testplat_fail_nth(&rig->tp, 0);
	assert_int_equal(mm->mm.pasid, 0);
	assert_int_equal(mm->mm.refs, 1);
	iommu_mm_put_users(&mm->mm);
}

/* [C4] */
static void test_pasid_find(void **state)
{
	struct rig *rig = *state;
	struct soft_mm *soft = soft_mm_create(rig);
	struct iommu_mm *mm = NULL;
	ioasid_t foreign;

	assert_err(iommu_sva_find(rig->sys, 1, &mm), ENOENT);
	assert_ok(iommu_sva_alloc_pasid(&soft->mm, 1, 20));
	assert_ok(iommu_sva_find(rig->sys, 1, &mm));
	assert_ptr_equal(mm, &soft->mm);
	assert_int_equal(mm->users, 2);
	iommu_mm_put_users(mm);

	/* An id of somebody else's is no address space's. */
	assert_ok(ioasid_alloc(rig->sys, &set, 1, 20, rig, &foreign));
	assert_err(iommu_sva_find(rig->sys, foreign, &mm), ENOENT);
	assert_true(ioasid_free(rig->sys, foreign));

	/* Exiting, still with its PASID: found, but not to be had. */
	iommu_mm_get(&soft->mm);
	iommu_mm_put_users(&soft->mm);
	assert_ok(iommu_sva_find(rig->sys, 1, &mm));
	assert_null(mm);
	iommu_sva_free_pasid(&soft->mm);
	assert_err(iommu_sva_find(rig->sys, 1, &mm), ENOENT);
	iommu_mm_put(&soft->mm);
}

/* [D5] [C4] Who kept the number finds no address space behind it any more. */
static void test_pasid_kept_number_leads_nowhere(void **state)
{
	struct rig *rig = *state;
	struct soft_mm *soft = soft_mm_create(rig);
	struct iommu_mm *mm = &soft->mm;
	_Atomic bool freed = false;

	soft->freed = &freed;
	assert_ok(iommu_sva_alloc_pasid(&soft->mm, 7, 7));
	assert_ok(ioasid_get(rig->sys, 7));
	iommu_sva_free_pasid(&soft->mm);
	iommu_mm_put_users(&soft->mm);
	assert_true(atomic_load(&freed));
	assert_ok(iommu_sva_find(rig->sys, 7, &mm));
	assert_null(mm);
	assert_int_equal(stats_of(rig).pasids, 1);
	assert_true(ioasid_free(rig->sys, 7));
	assert_err(iommu_sva_find(rig->sys, 7, &mm), ENOENT);
}

/* [C7] A copy of an address space is set up anew, and has no PASID. */
static void test_pasid_not_inherited(void **state)
{
	struct rig *rig = *state;
	struct soft_mm *parent = soft_mm_create(rig), *child;

	assert_ok(iommu_sva_alloc_pasid(&parent->mm, 1, 20));
	child = soft_mm_create(rig);
	assert_int_equal(child->mm.pasid, 0);
	assert_ok(iommu_sva_alloc_pasid(&child->mm, 1, 20));
	assert_int_not_equal(child->mm.pasid, parent->mm.pasid);
	iommu_sva_free_pasid(&child->mm);
	iommu_sva_free_pasid(&parent->mm);
	iommu_mm_put_users(&child->mm);
	iommu_mm_put_users(&parent->mm);
}

struct find_race {
	struct rig *rig;
	_Atomic bool stop;
	_Atomic unsigned int dead;
};

static void *find_thread(void *arg)
{
	struct find_race *race = arg;
	struct iommu_mm *mm;

	while (!atomic_load(&race->stop)) {
		if (iommu_sva_find(race->rig->sys, 1, &mm) || !mm)
			continue;
		/* A user keeps it from exiting. */
		if (((struct soft_mm *)(void *)mm)->exited)
			atomic_fetch_add(&race->dead, 1);
		iommu_mm_put_users(mm);
	}
	return NULL;
}

/* [C4] [R14] */
static void test_pasid_find_against_exit(void **state)
{
	struct find_race race = { .rig = *state };
	pthread_t thread;
	unsigned int i;

	pthread_create(&thread, NULL, find_thread, &race);
	for (i = 0; i < 200; i++) {
		struct soft_mm *mm = soft_mm_create(race.rig);

		assert_ok(iommu_sva_alloc_pasid(&mm->mm, 1, 1));
		iommu_mm_get(&mm->mm);
		if (i % 2)
			iommu_mm_put_users(&mm->mm);
		iommu_sva_free_pasid(&mm->mm);
		if (!(i % 2))
			iommu_mm_put_users(&mm->mm);
		iommu_mm_put(&mm->mm);
	}
	atomic_store(&race.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(race.dead, 0);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pasid_alloc_bad_range_einval),
		TEST(test_pasid_alloc_again_counts),
		TEST(test_pasid_alloc_none_left_enospc),
		TEST(test_pasid_alloc_no_memory),
		TEST(test_pasid_find),
		TEST(test_pasid_kept_number_leads_nowhere),
		TEST(test_pasid_not_inherited),
		TEST(test_pasid_find_against_exit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
