/* SPDX-License-Identifier: MIT */
/* Linux's names and pointer-encoded errors. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/compat/linux.h>

#include "tests/core/rig.h"

struct fixture {
	struct rig rig;
	struct soft_mm *mm;
	struct iommu_device *dev;
};

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	rig_up(&f.rig, NULL, NULL);
	f.dev = f.rig.dev[0];
	f.mm = soft_mm_create(&f.rig);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->mm)
		iommu_mm_put_users(&f->mm->mm);
	rig_down(&f->rig);
	return 0;
}

static void test_linux_error_pointers(void **state)
{
	int object = 0;

	(void)state;
	assert_true(IS_ERR(ERR_PTR(-1)));
	assert_true(IS_ERR(ERR_PTR(-MAX_ERRNO)));
	assert_false(IS_ERR(ERR_PTR(-MAX_ERRNO - 1)));
	assert_int_equal(PTR_ERR(ERR_PTR(-EBUSY)), -EBUSY);
	assert_int_equal(PTR_ERR_OR_ZERO(ERR_PTR(-EBUSY)), -EBUSY);
	assert_false(IS_ERR(&object));
	assert_false(IS_ERR(NULL));
	assert_true(IS_ERR_OR_NULL(NULL));
	assert_false(IS_ERR_OR_NULL(&object));
	assert_int_equal(PTR_ERR_OR_ZERO(&object), 0);
}

/* [B1] [B2] [B3] [B5] [A2] [A3] A driver of the kernel, line by line. */
static void test_linux_bind_device_as_a_driver_does(void **state)
{
	struct fixture *f = *state;
	struct iommu_sva *handle, *again;
	ioasid_t pasid;

	assert_true(iommu_dev_has_feature(f->dev, IOMMU_DEV_FEAT_SVA));
	assert_ok(iommu_dev_enable_feature(f->dev, IOMMU_DEV_FEAT_SVA));
	handle = iommu_sva_bind_device(f->dev, &f->mm->mm, f);
	assert_false(IS_ERR_OR_NULL(handle));
	pasid = iommu_sva_get_pasid(handle);
	assert_ok(dma(&f->rig, f->dev, pasid, 0x3000, W));

	again = iommu_sva_bind_device(f->dev, &f->mm->mm, f);
	assert_ptr_equal(again, handle);
	iommu_sva_unbind_device(again);
	assert_int_equal(mock_entry(f->rig.mock, f->dev, pasid),
			 MOCK_ENTRY_LIVE);
	assert_err(iommu_dev_disable_feature(f->dev, IOMMU_DEV_FEAT_SVA),
		   EBUSY);
	iommu_sva_unbind_device(handle);
	assert_int_equal(mock_entry(f->rig.mock, f->dev, pasid),
			 MOCK_ENTRY_ABORT);
	assert_ok(iommu_dev_disable_feature(f->dev, IOMMU_DEV_FEAT_SVA));
}

/* [B1] Every error comes back in the pointer, and unbinding it is harmless. */
static void test_linux_bind_device_error_in_the_pointer(void **state)
{
	struct fixture *f = *state;
	struct iommu_sva *handle;

	handle = iommu_sva_bind_device(f->dev, &f->mm->mm, NULL);
	assert_int_equal(PTR_ERR_OR_ZERO(handle), -ENODEV);
	iommu_sva_unbind_device(handle);
	iommu_sva_unbind_device(NULL);

	assert_ok(iommu_dev_enable_feature(f->dev, IOMMU_DEV_FEAT_SVA));
	mock_fail(f->rig.mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	handle = iommu_sva_bind_device(f->dev, &f->mm->mm, NULL);
	assert_int_equal(PTR_ERR_OR_ZERO(handle), -ETIMEDOUT);
	testplat_fail_nth(&f->rig.tp, 1);
	handle = iommu_sva_bind_device(f->dev, &f->mm->mm, NULL);
	testplat_fail_nth(&f->rig.tp, 0);
	assert_int_equal(PTR_ERR_OR_ZERO(handle), -ENOMEM);
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	assert_int_equal(f->mm->mm.refs, 1);
}

/* [C4] */
static void test_linux_find_mm(void **state)
{
	struct fixture *f = *state;
	struct iommu_mm *mm = &f->mm->mm;

	assert_int_equal(PTR_ERR_OR_ZERO(iommu_sva_find_mm(f->rig.sys, 7)),
			 -ENOENT);
	assert_ok(iommu_sva_alloc_pasid(mm, 7, 7));
	assert_ptr_equal(iommu_sva_find_mm(f->rig.sys, 7), mm);
	assert_int_equal(mm->users, 2);
	iommu_mm_put_users(mm);
	/* Dying: NULL, which is no error. */
	iommu_mm_put_users(mm);
	f->mm = NULL;
	assert_null(iommu_sva_find_mm(f->rig.sys, 7));
	iommu_sva_free_pasid(mm);
}

static void test_linux_domain_alloc_mm(void **state)
{
	struct fixture *f = *state;
	struct iommu_domain *domain;

	domain = iommu_domain_alloc_mm(f->dev, &f->mm->mm);
	assert_false(IS_ERR_OR_NULL(domain));
	assert_int_equal(iommu_domain_type(domain), IOMMU_DOMAIN_SVA);
	assert_ok(iommu_domain_free(domain));
	mock_fail(f->rig.mock, MOCK_OP_DOMAIN_ALLOC, 1, -ENOSPC);
	domain = iommu_domain_alloc_mm(f->dev, &f->mm->mm);
	assert_int_equal(PTR_ERR_OR_ZERO(domain), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux_error_pointers),
		cmocka_unit_test_setup_teardown(
			test_linux_bind_device_as_a_driver_does, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_linux_bind_device_error_in_the_pointer, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_linux_find_mm, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_linux_domain_alloc_mm,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
