/* SPDX-License-Identifier: MIT */
/* Auxiliary domains: who may attach what to whom, and for how long. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/auxdomain.h>
#include <sva/ioasid.h>

#include "tests/core/rig.h"

enum { PAGE = 0x1000 };

static struct iommu_domain *parent;

static struct iommu_domain *make(struct rig *rig, enum iommu_domain_type type)
{
	struct iommu_domain *domain;

	assert_ok(iommu_domain_alloc(mock_unit(rig->mock), type, &domain));
	return domain;
}

/* Devices 0 and 1 have the same domain, and the feature. */
static int setup(void **state)
{
	static struct rig rig;
	unsigned int i;

	memset(&rig, 0, sizeof(rig));
	rig_up(&rig, NULL, NULL);
	parent = make(&rig, IOMMU_DOMAIN_PAGING);
	for (i = 0; i < 2; i++) {
		assert_ok(iommu_attach_device(parent, rig.dev[i]));
		assert_ok(iommu_dev_enable_feature(rig.dev[i],
						   IOMMU_DEV_FEAT_AUX));
	}
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		assert_ok(iommu_dev_disable_feature(rig->dev[i],
						    IOMMU_DEV_FEAT_AUX));
		assert_ok(iommu_detach_device(parent, rig->dev[i]));
	}
	assert_ok(iommu_domain_free(parent));
	rig_down(rig);
	return 0;
}

/* Where a read of the device gets, or 0: nowhere. */
static uint64_t reached(struct rig *rig, unsigned int i, int pasid,
			uint64_t iova)
{
	uint64_t pa = 0;

	return mock_access(rig->mock, rig->dev[i], (ioasid_t)pasid, iova, R,
			   &pa) ?
		       0 :
		       pa;
}

/*
 * The usage of S2's cover letter, line by line. Addresses and pages are the
 * caller's to manage. [E1] [E4] [E5] [E7]
 */
static void test_auxdomain_cover_letter(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[2];
	struct iommu_domain *primary = make(rig, IOMMU_DOMAIN_PAGING);
	struct iommu_domain *domain;
	uint64_t bytes;
	int pasid;

	assert_ok(iommu_attach_device(primary, dev));
	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_AUX));
	domain = make(rig, IOMMU_DOMAIN_PAGING);
	assert_ok(iommu_aux_attach_device(domain, dev));
	assert_ok(iommu_map(domain, 0x10000, 0x70000, PAGE, R | W));
	pasid = iommu_aux_get_pasid(domain, dev);
	assert_true(pasid > 0);
	assert_int_equal(reached(rig, 2, pasid, 0x10008), 0x70008);
	/* Nobody else's. */
	assert_int_equal(reached(rig, 2, 0, 0x10008), 0);
	assert_int_equal(reached(rig, 2, pasid + 1, 0x10008), 0);
	assert_ok(iommu_unmap(domain, 0x10000, PAGE, &bytes));
	assert_int_equal(bytes, PAGE);
	assert_int_equal(reached(rig, 2, pasid, 0x10008), 0);
	iommu_aux_detach_device(domain, dev);
	assert_ok(iommu_domain_free(domain));
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_ok(iommu_detach_device(primary, dev));
	assert_ok(iommu_domain_free(primary));
}

/* [E1] Each reason, and nothing has changed. */
static void test_auxdomain_attach_refused(void **state)
{
	struct rig *rig = *state;
	struct iommu_domain *d = make(rig, IOMMU_DOMAIN_PAGING);
	struct iommu_domain *identity = make(rig, IOMMU_DOMAIN_IDENTITY);
	struct iommu_device *plain = rig_add_device(rig, "plain", 0x77, 0, 0);
	struct iommu_device *dev = rig->dev[2];

	assert_err(iommu_aux_attach_device(d, plain), ENODEV);
	assert_int_equal(iommu_aux_get_pasid(d, plain), -ENODEV);
	/* The feature is not on, and there is no domain. */
	assert_err(iommu_aux_attach_device(d, dev), EINVAL);
	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_err(iommu_aux_attach_device(d, dev), EINVAL);
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX));
	/* One without a table. */
	assert_ok(iommu_attach_device(identity, dev));
	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_err(iommu_aux_attach_device(d, dev), EINVAL);
	assert_err(iommu_aux_attach_device(identity, rig->dev[0]), EINVAL);
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_ok(iommu_detach_device(identity, dev));
	/* Itself, or one that was normal once. [E2] */
	assert_err(iommu_aux_attach_device(parent, rig->dev[0]), EINVAL);
	assert_int_equal(iommu_aux_get_pasid(d, rig->dev[0]), -EINVAL);
	assert_ok(iommu_attach_device_pasid(d, rig->dev[0], 9));
	iommu_detach_device_pasid(d, rig->dev[0], 9);
	assert_err(iommu_aux_attach_device(d, rig->dev[0]), EINVAL);
	assert_ok(iommu_device_remove(plain));
	assert_ok(iommu_domain_free(d));
	assert_ok(iommu_domain_free(identity));
}

/* Mode, parent and PASID are for life. [E2] [N8] */
static void test_auxdomain_is_sticky(void **state)
{
	struct rig *rig = *state;
	struct iommu_domain *d = make(rig, IOMMU_DOMAIN_PAGING);
	struct iommu_domain *other = make(rig, IOMMU_DOMAIN_PAGING);
	struct iommu_device *dev = rig->dev[2];
	int pasid;

	assert_ok(iommu_aux_attach_device(d, rig->dev[0]));
	pasid = iommu_aux_get_pasid(d, rig->dev[0]);
	assert_err(iommu_aux_attach_device(d, rig->dev[0]), EBUSY);
	iommu_aux_detach_device(d, rig->dev[0]);
	/* Nothing, now. [E3] */
	iommu_aux_detach_device(d, rig->dev[0]);
	assert_int_equal(iommu_aux_get_pasid(d, rig->dev[0]), pasid);
	assert_err(iommu_attach_device(d, dev), EINVAL);
	assert_err(iommu_attach_device_pasid(d, dev, 9), EINVAL);
	/* Another parent. */
	assert_ok(iommu_attach_device(other, dev));
	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_err(iommu_aux_attach_device(d, dev), EINVAL);
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_ok(iommu_detach_device(other, dev));
	/* The same, on another device of it: the same PASID. */
	assert_ok(iommu_aux_attach_device(d, rig->dev[1]));
	assert_int_equal(iommu_aux_get_pasid(d, rig->dev[1]), pasid);
	iommu_aux_detach_device(d, rig->dev[1]);
	assert_ok(iommu_domain_free(other));
	assert_ok(iommu_domain_free(d));
}

/* Nobody has it any more but its child: it stays. [E2] [N8] */
static void test_auxdomain_parent_outlives_its_children(void **state)
{
	struct rig *rig = *state;
	struct iommu_domain *d = make(rig, IOMMU_DOMAIN_PAGING);
	struct iommu_domain *p = make(rig, IOMMU_DOMAIN_PAGING);
	struct iommu_device *dev = rig->dev[2];

	assert_ok(iommu_attach_device(p, dev));
	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_ok(iommu_aux_attach_device(d, dev));
	/* In use: neither the feature goes, nor the parent, nor the child. */
	assert_err(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX), EBUSY);
	assert_err(iommu_detach_device(p, dev), EBUSY);
	assert_err(iommu_domain_free(p), EBUSY);
	assert_err(iommu_domain_free(d), EBUSY);
	assert_err(iommu_device_remove(dev), EBUSY);
	iommu_aux_detach_device(d, dev);
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_ok(iommu_detach_device(p, dev));
	assert_err(iommu_domain_free(p), EBUSY);
	/* A stale parent would do here, if it had gone. */
	assert_ok(iommu_attach_device(p, dev));
	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_ok(iommu_aux_attach_device(d, dev));
	iommu_aux_detach_device(d, dev);
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_ok(iommu_detach_device(p, dev));
	assert_ok(iommu_domain_free(d));
	assert_ok(iommu_domain_free(p));
}

/* A PASID is of the devices it was attached to. [E3] [E5] [E6] */
static void test_auxdomain_devices_come_and_go(void **state)
{
	struct rig *rig = *state;
	struct iommu_domain *d = make(rig, IOMMU_DOMAIN_PAGING);
	int pasid;

	/* Mapped before. */
	assert_ok(iommu_map(d, PAGE, 0x70000, PAGE, R));
	assert_ok(iommu_aux_attach_device(d, rig->dev[0]));
	pasid = iommu_aux_get_pasid(d, rig->dev[0]);
	assert_int_equal(reached(rig, 0, pasid, PAGE), 0x70000);
	assert_int_equal(reached(rig, 1, pasid, PAGE), 0);
	assert_ok(iommu_aux_attach_device(d, rig->dev[1]));
	assert_int_equal(reached(rig, 1, pasid, PAGE), 0x70000);
	/* And after; both hear of what goes. */
	assert_ok(iommu_map(d, 2 * PAGE, 0x80000, PAGE, R));
	assert_int_equal(reached(rig, 0, pasid, 2 * PAGE), 0x80000);
	assert_int_equal(reached(rig, 1, pasid, 2 * PAGE), 0x80000);
	assert_ok(iommu_unmap(d, 2 * PAGE, PAGE, NULL));
	assert_int_equal(reached(rig, 0, pasid, 2 * PAGE), 0);
	assert_int_equal(reached(rig, 1, pasid, 2 * PAGE), 0);
	iommu_aux_detach_device(d, rig->dev[0]);
	assert_int_equal(reached(rig, 0, pasid, PAGE), 0);
	assert_int_equal(mock_cached(rig->mock, rig->dev[0], (ioasid_t)pasid),
			 0);
	assert_int_equal(reached(rig, 1, pasid, PAGE), 0x70000);
	iommu_aux_detach_device(d, rig->dev[1]);
	assert_int_equal(reached(rig, 1, pasid, PAGE), 0);
	assert_ok(iommu_domain_free(d));
}

/* [E1] All PASIDs are out; and each comes back with its domain. */
static void test_auxdomain_pasids_run_out(void **state)
{
	struct ioasid_set set = { 0 };
	void *priv;
	struct rig *rig = *state;
	struct iommu_domain *d = make(rig, IOMMU_DOMAIN_PAGING);
	struct iommu_domain *e = make(rig, IOMMU_DOMAIN_PAGING);
	ioasid_t id;

	assert_ok(iommu_aux_attach_device(d, rig->dev[0]));
	while (!ioasid_alloc(rig->sys, &set, 1, (1u << MOCK_PASID_BITS) - 1,
			     NULL, &id))
		;
	assert_err(iommu_aux_attach_device(e, rig->dev[0]), EINVAL);
	assert_int_equal(iommu_aux_get_pasid(e, rig->dev[0]), -EINVAL);
	iommu_aux_detach_device(d, rig->dev[0]);
	assert_err(iommu_aux_attach_device(e, rig->dev[0]), EINVAL);
	assert_ok(iommu_domain_free(d));
	assert_ok(iommu_aux_attach_device(e, rig->dev[0]));
	iommu_aux_detach_device(e, rig->dev[0]);
	assert_ok(iommu_domain_free(e));
	for (id = 1; id < 1u << MOCK_PASID_BITS; id++)
		if (ioasid_find(rig->sys, &set, id, NULL, &priv) == 0)
			ioasid_free(rig->sys, id);
}

/* Whatever fails, the domain is as it was: free to be a normal one. [E1] */
static void test_auxdomain_attach_unwinds(void **state)
{
	struct rig *rig = *state;
	struct iommu_domain *d = make(rig, IOMMU_DOMAIN_PAGING);
	long n;
	int err;

	mock_fail(rig->mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	assert_err(iommu_aux_attach_device(d, rig->dev[0]), ETIMEDOUT);
	assert_int_equal(iommu_aux_get_pasid(d, rig->dev[0]), -EINVAL);
	assert_ok(iommu_attach_device(d, rig->dev[2]));
	assert_ok(iommu_detach_device(d, rig->dev[2]));
	assert_ok(iommu_domain_free(d));
	d = make(rig, IOMMU_DOMAIN_PAGING);
	for (n = 1;; n++) {
		testplat_fail_nth(&rig->tp, n);
		err = iommu_aux_attach_device(d, rig->dev[0]);
		testplat_fail_nth(&rig->tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
		assert_int_equal(iommu_aux_get_pasid(d, rig->dev[0]), -EINVAL);
	}
	assert_true(n > 1);
	iommu_aux_detach_device(d, rig->dev[0]);
	assert_ok(iommu_domain_free(d));
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_auxdomain_cover_letter),
		TEST(test_auxdomain_attach_refused),
		TEST(test_auxdomain_is_sticky),
		TEST(test_auxdomain_parent_outlives_its_children),
		TEST(test_auxdomain_devices_come_and_go),
		TEST(test_auxdomain_pasids_run_out),
		TEST(test_auxdomain_attach_unwinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
