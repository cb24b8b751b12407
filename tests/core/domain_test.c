/* SPDX-License-Identifier: MIT */
/* Domains on (device, PASID) pairs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/core/rig.h"

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

static struct iommu_domain *make(struct rig *rig, enum iommu_domain_type type)
{
	struct iommu_domain *domain;

	assert_ok(iommu_domain_alloc(mock_unit(rig->mock), type, &domain));
	assert_int_equal(iommu_domain_type(domain), type);
	return domain;
}

static void test_domain_alloc_wrong_type_einval(void **state)
{
	const struct mock_cfg cfg = { .no_paging = true };
	struct rig *rig = *state;
	struct iommu_domain *domain = NULL;
	struct rig other;

	assert_err(iommu_domain_alloc(mock_unit(rig->mock), IOMMU_DOMAIN_SVA,
				      &domain),
		   EINVAL);
	assert_err(iommu_domain_alloc(mock_unit(rig->mock), IOMMU_DOMAIN_NESTED,
				      &domain),
		   EINVAL);
	rig_up(&other, NULL, &cfg);
	assert_err(iommu_domain_alloc(mock_unit(other.mock),
				      IOMMU_DOMAIN_PAGING, &domain),
		   EOPNOTSUPP);
	rig_down(&other);
	assert_null(domain);
}

static void test_domain_primary_attach_translate_detach(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_domain *paging = make(rig, IOMMU_DOMAIN_PAGING);
	struct iommu_domain *identity = make(rig, IOMMU_DOMAIN_IDENTITY);
	struct iommu_domain *blocked = make(rig, IOMMU_DOMAIN_BLOCKED);
	uint64_t pa;

	assert_err(mock_access(rig->mock, dev, 0, 0x1234, R, &pa), EACCES);
	assert_err(iommu_detach_device(paging, dev), EINVAL);
	assert_ok(iommu_map(paging, 0x1000, 0x80000, 0x2000, R));
	assert_ok(iommu_attach_device(paging, dev));
	assert_ok(mock_access(rig->mock, dev, 0, 0x1234, R, &pa));
	assert_int_equal(pa, 0x80234);
	assert_ok(iommu_attach_device(identity, dev));
	assert_ok(mock_access(rig->mock, dev, 0, 0x1234, R, &pa));
	assert_int_equal(pa, 0x1234);
	assert_ok(iommu_domain_free(paging));
	assert_ok(iommu_attach_device(blocked, dev));
	assert_err(mock_access(rig->mock, dev, 0, 0x1234, R, &pa), EACCES);
	assert_ok(iommu_domain_free(identity));
	assert_err(iommu_domain_free(blocked), EBUSY);
	assert_ok(iommu_detach_device(blocked, dev));
	assert_ok(iommu_domain_free(blocked));
}

/* [R11] The old translation is intact, unless the hardware gave no answer. */
static void test_domain_primary_attach_fails(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_domain *a = make(rig, IOMMU_DOMAIN_IDENTITY);
	struct iommu_domain *b = make(rig, IOMMU_DOMAIN_PAGING);
	uint64_t pa;

	assert_ok(iommu_attach_device(a, dev));
	mock_fail(rig->mock, MOCK_OP_SET, 1, -ENOMEM);
	assert_err(iommu_attach_device(b, dev), ENOMEM);
	assert_ok(mock_access(rig->mock, dev, 0, 0x5000, R, &pa));
	assert_ok(iommu_domain_free(b));
	b = make(rig, IOMMU_DOMAIN_PAGING);
	mock_fail(rig->mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	assert_err(iommu_attach_device(b, dev), ETIMEDOUT);
	assert_err(mock_access(rig->mock, dev, 0, 0x5000, R, &pa), EACCES);
	assert_ok(iommu_domain_free(a));
	assert_ok(iommu_domain_free(b));
}

static void test_domain_pasid_attach_checks(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_domain *paging = make(rig, IOMMU_DOMAIN_PAGING);
	struct iommu_domain *identity = make(rig, IOMMU_DOMAIN_IDENTITY);
	struct iommu_domain *foreign;
	struct mock *second;

	assert_ok(mock_create(rig->sys, NULL, &second));
	assert_ok(iommu_domain_alloc(mock_unit(second), IOMMU_DOMAIN_PAGING,
				     &foreign));
	assert_err(iommu_attach_device(foreign, dev), EINVAL);
	assert_err(iommu_attach_device_pasid(foreign, dev, 1), EINVAL);
	assert_err(iommu_attach_device_pasid(identity, dev, 1), EINVAL);
	assert_err(iommu_attach_device_pasid(paging, dev, 0), EINVAL);
	assert_err(iommu_attach_device_pasid(paging, dev,
					     1u << MOCK_PASID_BITS),
		   EINVAL);
	assert_err(iommu_attach_device_pasid(paging, dev, IOMMU_PASID_INVALID),
		   EINVAL);
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_SET), 0);
	assert_ok(iommu_attach_device_pasid(paging, dev, 1));
	assert_err(iommu_attach_device_pasid(paging, dev, 1), EBUSY);
	iommu_detach_device_pasid(paging, dev, 1);
	assert_ok(iommu_domain_free(foreign));
	assert_ok(mock_destroy(second));
	assert_ok(iommu_domain_free(identity));
	assert_ok(iommu_domain_free(paging));
}

/* Many PASIDs of a device, all over its width, and their own translation. */
static void test_domain_pasid_attach_many(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_domain *domain = make(rig, IOMMU_DOMAIN_PAGING);
	ioasid_t pasid;
	uint64_t pa;

	assert_ok(iommu_map(domain, 0x1000, 0x80000, 0x1000, R | W));
	for (pasid = 1; pasid < 1u << MOCK_PASID_BITS; pasid += 3)
		assert_ok(iommu_attach_device_pasid(domain, dev, pasid));
	for (pasid = 1; pasid < 1u << MOCK_PASID_BITS; pasid++)
		assert_int_equal(mock_access(rig->mock, dev, pasid, 0x1000, W,
					     &pa),
				 pasid % 3 == 1 ? 0 : -EACCES);
	for (pasid = 1; pasid < 1u << MOCK_PASID_BITS; pasid += 3) {
		iommu_detach_device_pasid(domain, dev, pasid);
		assert_int_equal(mock_cached(rig->mock, dev, pasid), 0);
	}
	assert_ok(iommu_domain_free(domain));
}

/* A second detach, or one of somebody else's domain, is refused and logged. */
static void test_domain_detach_unknown_logged(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_domain *a = make(rig, IOMMU_DOMAIN_PAGING);
	struct iommu_domain *b = make(rig, IOMMU_DOMAIN_PAGING);
	unsigned int warnings = rig->tp.warnings_logged;

	iommu_detach_device_pasid(a, dev, 4);
	assert_ok(iommu_attach_device_pasid(a, dev, 4));
	iommu_detach_device_pasid(b, dev, 4);
	assert_int_equal(rig->tp.warnings_logged, warnings + 2);
	assert_int_equal(mock_entry(rig->mock, dev, 4), MOCK_ENTRY_LIVE);
	iommu_detach_device_pasid(a, dev, 4);
	assert_int_equal(mock_entry(rig->mock, dev, 4), MOCK_ENTRY_ABORT);
	assert_ok(iommu_domain_free(a));
	assert_ok(iommu_domain_free(b));
}

/* [A6] PASIDs in use pin the device's own domain, features or not. */
static void test_domain_pasid_in_use_pins_primary(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_domain *a = make(rig, IOMMU_DOMAIN_PAGING);

	assert_ok(iommu_attach_device_pasid(a, dev, 4));
	assert_err(iommu_attach_device(a, dev), EBUSY);
	iommu_detach_device_pasid(a, dev, 4);
	assert_ok(iommu_attach_device(a, dev));
	assert_ok(iommu_detach_device(a, dev));
	assert_ok(iommu_domain_free(a));
}

/* [C8] [U18] An SVA domain on a PASID of the caller's: a private PASID. */
static void test_domain_sva_attach_directly(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct soft_mm *mm = soft_mm_create(rig);
	struct iommu_domain *domain;
	uint64_t pa;

	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_SVA));
	assert_ok(
		iommu_domain_alloc_sva(mock_unit(rig->mock), &mm->mm, &domain));
	assert_err(iommu_attach_device(domain, dev), EINVAL);
	assert_ok(iommu_attach_device_pasid(domain, dev, 77));
	assert_err(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_SVA), EBUSY);
	assert_ok(dma(rig, dev, 77, 0x3000, W));
	assert_int_equal(mm->mm.pasid, 0);

	/* The exit makes it quiet like a bind's. [R6] */
	iommu_mm_put_users(&mm->mm);
	assert_int_equal(mock_entry(rig->mock, dev, 77), MOCK_ENTRY_QUIET);
	assert_err(mock_access(rig->mock, dev, 77, 0x3000, R, &pa), EPERM);
	assert_err(iommu_attach_device_pasid(domain, dev, 78), ESRCH);
	assert_err(iommu_domain_free(domain), EBUSY);
	iommu_detach_device_pasid(domain, dev, 77);
	assert_ok(iommu_domain_free(domain));
}

static void test_domain_alloc_sva_errors(void **state)
{
	const struct mock_cfg cfg = { .no_sva = true };
	struct rig *rig = *state;
	struct soft_mm *mm = soft_mm_create(rig);
	struct iommu_domain *domain = NULL;
	struct rig other;

	rig_up(&other, NULL, &cfg);
	assert_err(iommu_domain_alloc_sva(mock_unit(other.mock), &mm->mm,
					  &domain),
		   EINVAL);
	{
		struct soft_mm *own = soft_mm_create(&other);

		assert_err(iommu_domain_alloc_sva(mock_unit(other.mock),
						  &own->mm, &domain),
			   EOPNOTSUPP);
		iommu_mm_put_users(&own->mm);
	}
	rig_down(&other);
	iommu_mm_get(&mm->mm);
	iommu_mm_put_users(&mm->mm);
	assert_err(iommu_domain_alloc_sva(mock_unit(rig->mock), &mm->mm,
					  &domain),
		   ESRCH);
	iommu_mm_put(&mm->mm);
	assert_null(domain);
}

/* Page requests for a PASID of a paging domain: nobody can resolve them. */
static void test_domain_request_for_paging_invalid(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_domain *domain = make(rig, IOMMU_DOMAIN_PAGING);

	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_SVA));
	assert_ok(iommu_attach_device_pasid(domain, dev, 5));
	raise_request(rig, dev, 5, 1, 0x1000, R, true);
	assert_true(mock_wait_responses(rig->mock, 1));
	assert_int_equal(last_code(rig), IOMMU_PAGE_RESP_INVALID);
	iommu_detach_device_pasid(domain, dev, 5);
	assert_ok(iommu_domain_free(domain));
}

/* [R9] */
static void test_domain_map_unmap(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_domain *domain = make(rig, IOMMU_DOMAIN_PAGING);
	struct iommu_domain *identity = make(rig, IOMMU_DOMAIN_IDENTITY);
	uint64_t pa, unmapped = 1;

	assert_err(iommu_map(domain, 0x1, 0, 0x1000, R), EINVAL);
	assert_err(iommu_map(domain, 0, 0, 0, R), EINVAL);
	assert_err(iommu_map(domain, 0, 0x1, 0x1000, R), EINVAL);
	assert_err(iommu_map(domain, 0, 0, 0x1000, 0), EINVAL);
	assert_err(iommu_map(domain, 0, 0, 0x1000, 0x100), EINVAL);
	assert_err(iommu_map(domain, UINT64_MAX - 4095, 0, 0x2000, R), EINVAL);
	assert_err(iommu_map(identity, 0, 0, 0x1000, R), EINVAL);
	assert_err(iommu_unmap(identity, 0, 0x1000, &unmapped), EINVAL);

	assert_ok(iommu_attach_device_pasid(domain, dev, 5));
	assert_ok(iommu_map(domain, 0x2000, 0x70000, 0x1000, R));
	assert_err(iommu_map(domain, 0x1000, 0x90000, 0x2000, R), EEXIST);
	assert_err(mock_access(rig->mock, dev, 5, 0x1000, R, &pa), EFAULT);
	assert_ok(mock_access(rig->mock, dev, 5, 0x2000, R, &pa));
	assert_ok(iommu_unmap(domain, 0, 0x4000, &unmapped));
	assert_int_equal(unmapped, 0x1000);
	assert_err(mock_access(rig->mock, dev, 5, 0x2000, R, &pa), EFAULT);
	iommu_detach_device_pasid(domain, dev, 5);
	assert_ok(iommu_domain_free(domain));
	assert_ok(iommu_domain_free(identity));
}

static void attach_two(struct rig *rig, struct iommu_domain *const domain[2])
{
	assert_ok(iommu_attach_device_pasid(domain[0], rig->dev[0], 5));
	assert_ok(iommu_attach_device_pasid(domain[1], rig->dev[0], 6));
}

static void detach_two(struct rig *rig, struct iommu_domain *const domain[2])
{
	iommu_detach_device_pasid(domain[0], rig->dev[0], 5);
	iommu_detach_device_pasid(domain[1], rig->dev[0], 6);
}

/*
 * Nobody is told of what goes while a pair is detached: the detach leaves
 * nothing of it, neither in the device nor in the IOMMU. [R9] [R11]
 */
static void test_domain_detach_leaves_nothing_cached(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct soft_mm *mm = soft_mm_create(rig);
	struct iommu_domain *domain[2] = { make(rig, IOMMU_DOMAIN_PAGING) };
	unsigned int defect;
	uint64_t pa;

	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_SVA));
	assert_ok(iommu_domain_alloc_sva(mock_unit(rig->mock), &mm->mm,
					 &domain[1]));
	/* The second time is the control. */
	for (defect = 0; defect <= MOCK_SKIP_INVALIDATE;
	     defect += MOCK_SKIP_INVALIDATE) {
		attach_two(rig, domain);
		assert_ok(iommu_map(domain[0], 0x1000, 0x70000, 0x1000, R));
		assert_ok(mock_access(rig->mock, dev, 5, 0x1000, R, &pa));
		assert_ok(dma(rig, dev, 6, 0x3000, R));
		mock_set_defects(rig->mock, defect);
		detach_two(rig, domain);
		assert_ok(iommu_unmap(domain[0], 0x1000, 0x1000, NULL));
		soft_mm_unmap(mm, 0x3000, 0x4000);
		attach_two(rig, domain);
		mock_set_defects(rig->mock, 0);
		assert_int_equal(mock_access(rig->mock, dev, 5, 0x1000, R, &pa),
				 defect ? 0 : -EFAULT);
		assert_int_equal(mock_access(rig->mock, dev, 6, 0x3000, R, &pa),
				 defect ? 0 : -EFAULT);
		detach_two(rig, domain);
	}
	assert_ok(iommu_domain_free(domain[0]));
	assert_ok(iommu_domain_free(domain[1]));
	iommu_mm_put_users(&mm->mm);
}

static void test_domain_pasid_attach_no_memory(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_domain *domain = make(rig, IOMMU_DOMAIN_PAGING);
	long n;
	int err;

	for (n = 1;; n++) {
		testplat_fail_nth(&rig->tp, n);
		err = iommu_attach_device_pasid(domain, dev, 2000);
		testplat_fail_nth(&rig->tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
		assert_int_equal(mock_entry(rig->mock, dev, 2000),
				 MOCK_ENTRY_ABORT);
	}
	assert_true(n > 1);
	iommu_detach_device_pasid(domain, dev, 2000);
	assert_ok(iommu_domain_free(domain));
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_domain_alloc_wrong_type_einval),
		TEST(test_domain_primary_attach_translate_detach),
		TEST(test_domain_primary_attach_fails),
		TEST(test_domain_pasid_attach_checks),
		TEST(test_domain_pasid_attach_many),
		TEST(test_domain_detach_unknown_logged),
		TEST(test_domain_pasid_in_use_pins_primary),
		TEST(test_domain_sva_attach_directly),
		TEST(test_domain_alloc_sva_errors),
		TEST(test_domain_request_for_paging_invalid),
		TEST(test_domain_map_unmap),
		TEST(test_domain_detach_leaves_nothing_cached),
		TEST(test_domain_pasid_attach_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
