/* SPDX-License-Identifier: MIT */
/*
 * Defects that shipped elsewhere, section N of the requirements: the ones
 * that core could have. Those of the SMMUv3 driver are in
 * tests/drivers/smmuv3_defects_test.c; the rest is where the code is tested.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include <sva/ioasid.h>

#include "tests/core/bond.h"

DECLARE_IOASID_SET(defects_set);

/* A custom allocator's "none". */
static ioasid_t none(ioasid_t min, ioasid_t max, void *pdata)
{
	(void)min, (void)max, (void)pdata;
	return INVALID_IOASID;
}

static void no_free(ioasid_t id, void *pdata)
{
	(void)id, (void)pdata;
	fail_msg("an id that was never given out is freed");
}

/*
 * [N1] The error of an allocation of PASIDs is an error of the bind, whichever
 * it is, and never a PASID.
 */
static void test_defects_pasid_error_is_seen(void **state)
{
	const struct ioasid_allocator_ops ops = { none, no_free, NULL };
	struct iommu_sva_param limits = { .min_pasid = 7, .max_pasid = 7 };
	struct fixture *f = *state;
	ioasid_t taken;

	/* Nothing is left in the device's range. */
	assert_ok(iommu_sva_disable(f->dev));
	assert_ok(iommu_sva_enable(f->dev, &limits));
	assert_ok(ioasid_alloc(f->rig.sys, &defects_set, 7, 7, NULL, &taken));
	assert_err(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->sva), ENOSPC);
	assert_null(f->sva);
	assert_int_equal(f->mm->mm.pasid, 0);
	assert_int_equal(f->mm->mm.pasid_refs, 0);
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_SET), 0);
	assert_true(ioasid_free(f->rig.sys, taken));

	/* The allocator says no. */
	assert_ok(ioasid_register_allocator(f->rig.sys, &ops));
	assert_err(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->sva), ENOSPC);
	assert_unbound(f);
	ioasid_unregister_allocator(f->rig.sys, &ops);
	bond_bind(f);
	assert_int_equal(iommu_sva_get_pasid(f->sva), 7);
	iommu_sva_unbind(f->sva);
}

/* Number of subscribers. Nobody else is at work. */
static unsigned int subscribers(const struct iommu_mm *mm)
{
	const struct iommu_mm_notifier *n;
	unsigned int count = 0;

	for (n = mm->notifiers; n; n = n->next)
		count++;
	return count;
}

/*
 * [N10] Two things keep an address space for a bind: the bind's own reference
 * and the subscription of its domain. Each error path of a bind, at every call
 * that can fail, gives back each of them exactly once; so does each path beside
 * a bind that was there before and stays.
 */
static void test_defects_every_error_path_balances(void **state)
{
	static const struct {
		enum mock_op op;
		int err;
	} rows[] = {
		{ MOCK_OP_DOMAIN_ALLOC, -ENOMEM },
		{ MOCK_OP_SET, -ETIMEDOUT },
	};
	struct fixture *f = *state;
	struct iommu_device *second = f->rig.dev[1];
	struct iommu_sva *sva;
	unsigned int i, refs, users, notifiers;
	long n;

	for (i = 0; i < 2; i++) {
		mock_fail(f->rig.mock, rows[i].op, 1, rows[i].err);
		assert_int_equal(iommu_sva_bind(f->dev, &f->mm->mm, NULL,
						&f->sva),
				 rows[i].err);
		assert_unbound(f);
	}

	/* Now beside a bind of another device to the same address space. */
	assert_ok(iommu_dev_enable_feature(second, IOMMU_DEV_FEAT_SVA));
	assert_ok(iommu_sva_bind(second, &f->mm->mm, NULL, &sva));
	refs = f->mm->mm.refs;
	users = f->mm->mm.users;
	notifiers = subscribers(&f->mm->mm);
	assert_true(refs > 1 && notifiers > 0);
	for (n = 1;; n++) {
		int err;

		testplat_fail_nth(&f->rig.tp, n);
		err = iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->sva);
		testplat_fail_nth(&f->rig.tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
		assert_int_equal(f->mm->mm.refs, refs);
		assert_int_equal(f->mm->mm.users, users);
		assert_int_equal(subscribers(&f->mm->mm), notifiers);
		assert_int_equal(f->mm->mm.pasid_refs, 1);
	}
	assert_true(n > 1);
	iommu_sva_unbind(f->sva);
	mock_fail(f->rig.mock, MOCK_OP_SET, 1, -EIO);
	assert_err(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->sva), EIO);
	assert_int_equal(f->mm->mm.refs, refs);
	assert_int_equal(subscribers(&f->mm->mm), notifiers);
	assert_int_equal(f->mm->mm.pasid_refs, 1);
	/* One reference too many would keep it, one too few free it here. */
	iommu_sva_unbind(sva);
	assert_unbound(f);
}

struct remover {
	struct fixture *f;
	struct iopf_queue *queue;
	_Atomic bool removed;
};

static void *remove_thread(void *arg)
{
	struct remover *r = arg;

	if (!iopf_queue_remove_device(r->queue, r->f->rig.dev[1]))
		atomic_store(&r->removed, true);
	return NULL;
}

/*
 * [N11] A device leaves its fault queue while a worker has a group of it: the
 * group is the worker's, the removal waits, and the answer is sent once. And a
 * detach drains before and after the entry goes: see test_sva_unbind_*.
 */
static void test_defects_removal_waits_for_the_worker(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *dev = f->rig.dev[1];
	struct remover r = { .f = f };
	struct iommu_domain *domain;
	struct iommu_fault fault = page_request(9, 3, 0x3000, R, true);
	pthread_t thread;
	unsigned int i;

	assert_ok(iopf_queue_alloc(f->rig.sys, "q", &r.queue));
	assert_ok(iopf_queue_add_device(r.queue, dev));
	assert_ok(iommu_register_device_fault_handler(dev, iommu_queue_iopf,
						      NULL));
	assert_ok(iommu_domain_alloc_sva(mock_unit(f->rig.mock), &f->mm->mm,
					 &domain));
	assert_ok(iommu_attach_device_pasid(domain, dev, 9));
	soft_mm_block(f->mm, true);
	assert_ok(iommu_report_device_fault(dev, &fault));
	soft_mm_wait_blocked(f->mm, 1);
	assert_int_equal(pthread_create(&thread, NULL, remove_thread, &r), 0);
	/* Enough for a removal that does not wait to return. */
	for (i = 0; i < 500; i++)
		sched_yield();
	assert_false(atomic_load(&r.removed));
	assert_int_equal(mock_response_count(f->rig.mock), 0);
	soft_mm_block(f->mm, false);
	pthread_join(thread, NULL);
	assert_true(atomic_load(&r.removed));
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_SUCCESS);
	iommu_detach_device_pasid(domain, dev, 9);
	assert_ok(iommu_domain_free(domain));
	assert_ok(iommu_unregister_device_fault_handler(dev));
	iopf_queue_free(r.queue);
}

/*
 * [N13] [U20] Each open of a device has its own use: the second one, of the same
 * process or of another, overwrites nothing, and whoever closes first takes
 * nothing from the others.
 */
static void test_defects_each_open_has_its_own_handle(void **state)
{
	struct fixture *f = *state;
	struct soft_mm *other = soft_mm_create(&f->rig);
	struct iommu_sva *first, *again, *second;
	ioasid_t mine, theirs;

	assert_ok(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &first));
	assert_ok(iommu_sva_bind(f->dev, &other->mm, NULL, &second));
	assert_ok(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &again));
	assert_ptr_equal(first, again);
	assert_ptr_not_equal(first, second);
	mine = iommu_sva_get_pasid(first);
	theirs = iommu_sva_get_pasid(second);
	assert_int_not_equal(mine, theirs);

	/* The first open of this process is closed: the other has the PASID. */
	iommu_sva_unbind(first);
	assert_ok(dma(&f->rig, f->dev, mine, 0x3000, R));
	assert_ok(dma(&f->rig, f->dev, theirs, 0x4000, R));
	assert_int_equal(f->mm->pages, 1);
	assert_int_equal(other->pages, 1);
	/* The other process closes: ours goes on, and no id is left behind. */
	iommu_sva_unbind(second);
	assert_int_not_equal(dma(&f->rig, f->dev, theirs, 0x4000, R), 0);
	assert_ok(dma(&f->rig, f->dev, mine, 0x5000, R));
	iommu_sva_unbind(again);
	assert_unbound(f);
	iommu_mm_put_users(&other->mm);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, bond_setup, bond_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defects_pasid_error_is_seen),
		TEST(test_defects_every_error_path_balances),
		TEST(test_defects_removal_waits_for_the_worker),
		TEST(test_defects_each_open_has_its_own_handle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
