/* SPDX-License-Identifier: MIT */
/*
 * Which requirement a failing bind or enable names: those that core knows. The
 * others are in tests/drivers/smmuv3_why_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/ioasid.h>
#include <sva/why.h>

#include "base/bits.h"
#include "tests/core/bond.h"

#define REQ(name) BIT(IOMMU_SVA_REQ_##name)

/* What only an SMMU can lack. */
#define OF_DRIVERS                                                             \
	(REQ(UNIT_PASID) | REQ(COHERENCE) | REQ(ATS) | REQ(STREAMS) |          \
	 REQ(FORMAT) | REQ(GRANULE) | REQ(VA_BITS) | REQ(PA_BITS) | REQ(DS) |  \
	 REQ(HAFT) | REQ(BBML) | REQ(ROOT) | REQ(ASID))

static uint64_t seen;

static DECLARE_IOASID_SET(set);

static struct iommu_sva_why blank(void)
{
	return (struct iommu_sva_why){ IOMMU_SVA_REQ_COUNT, 1, 2, 3 };
}

static void assert_blank(const struct iommu_sva_why *why)
{
	assert_int_equal(why->req, IOMMU_SVA_REQ_COUNT);
	assert_int_equal(why->err, 1);
	assert_int_equal(why->has, 2);
	assert_int_equal(why->needs, 3);
}

static void check(const struct iommu_sva_why *why, enum iommu_sva_req req,
		  int err, uint64_t has, uint64_t needs)
{
	assert_string_equal(iommu_sva_req_name(why->req),
			    iommu_sva_req_name(req));
	assert_int_equal(why->err, -err);
	assert_int_equal(why->has, has);
	assert_int_equal(why->needs, needs);
	seen |= BIT(req);
}

static void bind_numbers(struct iommu_device *dev, struct iommu_mm *mm,
			 void *drvdata, enum iommu_sva_req req, int err,
			 uint64_t has, uint64_t needs)
{
	struct iommu_sva_why why = blank();
	struct iommu_sva *sva = NULL;

	assert_err(iommu_sva_bind_why(dev, mm, drvdata, &sva, &why), err);
	assert_null(sva);
	check(&why, req, err, has, needs);
}

static void bind_fails(struct fixture *f, enum iommu_sva_req req, int err)
{
	bind_numbers(f->dev, &f->mm->mm, NULL, req, err, 0, 0);
}

static void enable_fails(struct iommu_device *dev, enum iommu_dev_feature feat,
			 enum iommu_sva_req req, int err)
{
	struct iommu_sva_why why = blank();

	assert_err(iommu_dev_enable_feature_why(dev, feat, &why), err);
	check(&why, req, err, 0, 0);
}

/* A success writes nothing; nobody has to ask. */
static void test_why_success_leaves_the_record(void **state)
{
	struct fixture *f = *state;
	struct iommu_sva_why why = blank();

	assert_ok(iommu_dev_enable_feature_why(f->rig.dev[1],
					       IOMMU_DEV_FEAT_SVA, &why));
	assert_blank(&why);
	assert_ok(iommu_sva_bind_why(f->dev, &f->mm->mm, NULL, &f->sva, &why));
	assert_blank(&why);
	assert_err(iommu_sva_bind_why(f->dev, &f->mm->mm, f, &f->sva, NULL),
		   EINVAL);
	iommu_sva_unbind(f->sva);
	assert_unbound(f);
}

/* [U10] [A1] [A2] */
static void test_why_enable_names_what_is_missing(void **state)
{
	const struct mock_cfg no_pri = { .no_pri = true };
	const enum iommu_dev_feature sva = IOMMU_DEV_FEAT_SVA;
	struct iommu_device *plain;
	struct fixture *f = *state;
	struct rig other;

	enable_fails(f->dev, (enum iommu_dev_feature)7, IOMMU_SVA_REQ_FEATURE,
		     EINVAL);
	enable_fails(f->dev, sva, IOMMU_SVA_REQ_ENABLED, EBUSY);
	assert_ok(iommu_dev_enable_feature(f->dev, IOMMU_DEV_FEAT_AUX));
	enable_fails(f->dev, IOMMU_DEV_FEAT_AUX, IOMMU_SVA_REQ_ENABLED, EBUSY);
	plain = rig_add_device(&f->rig, "plain", 70, 0, 0);
	enable_fails(plain, sva, IOMMU_SVA_REQ_PASID, ENODEV);
	enable_fails(plain, IOMMU_DEV_FEAT_AUX, IOMMU_SVA_REQ_PASID, ENODEV);
	assert_ok(iommu_device_remove(plain));

	rig_up(&other, NULL, &no_pri);
	enable_fails(other.dev[0], sva, IOMMU_SVA_REQ_RECOVERY, ENODEV);
	rig_down(&other);
}

/* [U10] [A1] A driver may know more exactly; this one does not say. */
static void test_why_enable_names_the_walk(void **state)
{
	const struct mock_cfg no_sva = { .no_sva = true };
	struct rig other;

	(void)state;
	rig_up(&other, NULL, &no_sva);
	enable_fails(other.dev[0], IOMMU_DEV_FEAT_SVA, IOMMU_SVA_REQ_WALK,
		     ENODEV);
	rig_down(&other);
}

/* [U10] [A2] */
static void test_why_enable_names_who_is_in_the_way(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *dev = f->rig.dev[1];
	const enum iommu_dev_feature sva = IOMMU_DEV_FEAT_SVA;
	struct iopf_queue *queue;

	mock_fail(f->rig.mock, MOCK_OP_ENABLE_FAULTS, 1, -EIO);
	enable_fails(dev, sva, IOMMU_SVA_REQ_DRIVER, EIO);
	mock_fail(f->rig.mock, MOCK_OP_ENABLE_FAULTS, 1, -ETIMEDOUT);
	enable_fails(dev, sva, IOMMU_SVA_REQ_ANSWER, ETIMEDOUT);
	assert_ok(iommu_register_device_fault_handler(dev, iommu_queue_iopf,
						      NULL));
	enable_fails(dev, sva, IOMMU_SVA_REQ_HANDLER, EBUSY);
	assert_ok(iommu_unregister_device_fault_handler(dev));
	assert_ok(iopf_queue_alloc(f->rig.sys, "other", &queue));
	assert_ok(iopf_queue_add_device(queue, dev));
	enable_fails(dev, sva, IOMMU_SVA_REQ_QUEUE, EBUSY);
	assert_ok(iopf_queue_remove_device(queue, dev));
	iopf_queue_free(queue);
	assert_ok(iommu_dev_enable_feature(dev, sva));
}

/* [U10] [B1] [B2] [B10] */
static void test_why_bind_names_what_is_missing(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *a = rig_add_device(&f->rig, "a", 10, 8, 7);
	struct iommu_device *b = rig_add_device(&f->rig, "b", 11, 8, 7);
	struct iommu_mm *mm = &f->mm->mm;

	bind_numbers(f->rig.dev[1], mm, NULL, IOMMU_SVA_REQ_FEATURE, ENODEV, 0,
		     0);
	assert_ok(iommu_dev_enable_feature(a, IOMMU_DEV_FEAT_SVA));
	bind_numbers(a, mm, NULL, IOMMU_SVA_REQ_GROUP, EINVAL, 0, 0);
	assert_ok(iommu_sva_disable(a));
	assert_ok(iommu_device_remove(a));
	assert_ok(iommu_device_remove(b));

	mock_fail(f->rig.mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	bind_fails(f, IOMMU_SVA_REQ_ANSWER, ETIMEDOUT);
	mock_fail(f->rig.mock, MOCK_OP_SET, 1, -EIO);
	bind_fails(f, IOMMU_SVA_REQ_DRIVER, EIO);
	mock_fail(f->rig.mock, MOCK_OP_DOMAIN_ALLOC, 1, -EOPNOTSUPP);
	bind_fails(f, IOMMU_SVA_REQ_DRIVER, EOPNOTSUPP);
	mock_fail(f->rig.mock, MOCK_OP_DOMAIN_ALLOC, 1, -ESRCH);
	bind_fails(f, IOMMU_SVA_REQ_MM_LIVE, ESRCH);
	assert_unbound(f);

	bond_bind(f);
	bind_numbers(f->dev, mm, f, IOMMU_SVA_REQ_DRVDATA, EINVAL, 0, 0);
	iommu_sva_unbind(f->sva);
	assert_unbound(f);
}

/* [U10] [B1] [B12] [C2] */
static void test_why_bind_names_the_pasid(void **state)
{
	const struct iommu_sva_param window = { .min_pasid = 5,
						.max_pasid = 6 };
	struct fixture *f = *state;
	struct iommu_device *dev = f->rig.dev[1];
	struct iommu_mm *mm = &f->mm->mm;
	struct iommu_domain *domain;
	ioasid_t id[2];
	unsigned int i;

	assert_ok(iommu_sva_enable(dev, &window));
	for (i = 0; i < 2; i++)
		assert_ok(ioasid_alloc(f->rig.sys, &set, 5, 6, NULL, &id[i]));
	bind_numbers(dev, mm, NULL, IOMMU_SVA_REQ_PASID_SPACE, ENOSPC, 5, 6);
	for (i = 0; i < 2; i++)
		assert_true(ioasid_free(f->rig.sys, id[i]));

	assert_ok(iommu_sva_alloc_pasid(mm, 100, 200));
	bind_numbers(dev, mm, NULL, IOMMU_SVA_REQ_PASID_LIMITS, EOVERFLOW, 6,
		     100);
	assert_ok(iommu_domain_alloc(mock_unit(f->rig.mock),
				     IOMMU_DOMAIN_PAGING, &domain));
	assert_ok(iommu_attach_device_pasid(domain, f->dev, 100));
	bind_numbers(f->dev, mm, NULL, IOMMU_SVA_REQ_PASID_TAKEN, EBUSY, 0,
		     100);
	iommu_detach_device_pasid(domain, f->dev, 100);
	assert_ok(iommu_domain_free(domain));
	mm->pasid_refs = UINT32_MAX;
	bind_fails(f, IOMMU_SVA_REQ_USES, EOVERFLOW);
	mm->pasid_refs = 1;
	iommu_sva_free_pasid(mm);

	assert_ok(iommu_sva_alloc_pasid(mm, 2, 2));
	bind_numbers(dev, mm, NULL, IOMMU_SVA_REQ_PASID_LIMITS, EOVERFLOW, 5,
		     2);
	iommu_sva_free_pasid(mm);
	assert_unbound(f);
}

/* [U10] [B1] Whichever allocation fails. */
static void test_why_bind_names_memory(void **state)
{
	struct fixture *f = *state;
	long n;

	for (n = 1;; n++) {
		struct iommu_sva_why why = blank();
		int err;

		testplat_fail_nth(&f->rig.tp, n);
		err = iommu_sva_bind_why(f->dev, &f->mm->mm, NULL, &f->sva,
					 &why);
		testplat_fail_nth(&f->rig.tp, 0);
		if (!err) {
			assert_blank(&why);
			break;
		}
		check(&why, IOMMU_SVA_REQ_MEMORY, ENOMEM, 0, 0);
	}
	assert_true(n > 4);
	iommu_sva_unbind(f->sva);
	assert_unbound(f);
}

/* [U10] [B1] */
static void test_why_bind_names_the_address_space(void **state)
{
	struct fixture *f = *state;
	struct iommu_system *mine = f->rig.sys, *other;
	struct soft_mm *mm;

	assert_ok(iommu_system_create(f->rig.plat, NULL, &other));
	f->rig.sys = other;
	mm = soft_mm_create(&f->rig);
	f->rig.sys = mine;
	bind_numbers(f->dev, &mm->mm, NULL, IOMMU_SVA_REQ_SYSTEM, EINVAL, 0, 0);
	iommu_mm_put_users(&mm->mm);
	assert_ok(iommu_system_destroy(other));

	iommu_mm_get(&f->mm->mm);
	exit_mm(f);
	bind_fails(f, IOMMU_SVA_REQ_MM_LIVE, ESRCH);
	iommu_mm_put(&f->mm->mm);
}

/* The last one: each requirement has been provoked above. */
static void test_why_every_requirement_was_seen(void **state)
{
	unsigned int i, j;

	(void)state;
	assert_int_equal(seen, (BIT(IOMMU_SVA_REQ_COUNT) - 1) & ~OF_DRIVERS);
	for (i = 0; i < IOMMU_SVA_REQ_COUNT; i++) {
		assert_true(strlen(iommu_sva_req_text(i)) > 8);
		for (j = 0; j < i; j++)
			assert_string_not_equal(iommu_sva_req_name(i),
						iommu_sva_req_name(j));
	}
	assert_string_equal(iommu_sva_req_name(IOMMU_SVA_REQ_COUNT), "?");
	assert_string_equal(iommu_sva_req_text(IOMMU_SVA_REQ_COUNT), "?");
}

#define BOND(test)                                                             \
	cmocka_unit_test_setup_teardown(test, bond_setup, bond_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOND(test_why_success_leaves_the_record),
		BOND(test_why_enable_names_what_is_missing),
		cmocka_unit_test(test_why_enable_names_the_walk),
		BOND(test_why_enable_names_who_is_in_the_way),
		BOND(test_why_bind_names_what_is_missing),
		BOND(test_why_bind_names_the_pasid),
		BOND(test_why_bind_names_memory),
		BOND(test_why_bind_names_the_address_space),
		cmocka_unit_test(test_why_every_requirement_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
