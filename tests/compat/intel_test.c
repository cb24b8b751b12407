/* SPDX-License-Identifier: MIT */
/* The Intel SVM interface. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/compat/intel.h>

#include "core/driver.h"
#include "tests/core/rig.h"

#define HEARD_MAX 64u

/* One call of fault_cb. */
struct heard {
	ioasid_t pasid;
	uint64_t address;
	uint64_t private[2];
	bool has_private;
	unsigned int rwxp;
	enum iommu_page_response_code response;
	unsigned int answers; /* the hardware had by then */
};

static struct fixture {
	struct rig rig;
	struct soft_mm *mm;
	struct soft_mm *kernel_pages;
	struct iommu_mm *kernel;
	struct iommu_device *dev;
	struct intel_svm *svm;
	struct heard heard[HEARD_MAX];
	_Atomic unsigned int heard_count;
} fx;

static void fault_cb(struct iommu_device *dev, ioasid_t pasid, uint64_t address,
		     const uint64_t *private, unsigned int rwxp,
		     enum iommu_page_response_code response)
{
	unsigned int n = atomic_load(&fx.heard_count);

	(void)dev;
	if (n < HEARD_MAX) {
		struct heard *h = &fx.heard[n];

		*h = (struct heard){
			.pasid = pasid,
			.address = address,
			.has_private = private,
			.rwxp = rwxp,
			.response = response,
			.answers = mock_response_count(fx.rig.mock),
		};
		if (private)
			memcpy(h->private, private, sizeof(h->private));
	}
	atomic_store(&fx.heard_count, n + 1);
}

static const struct svm_dev_ops ops = { fault_cb };
static const struct svm_dev_ops no_ops = { NULL };

static int setup(void **state)
{
	struct fixture *f = &fx;
	struct iommu_mm_table table;

	memset(f, 0, sizeof(*f));
	rig_up(&f->rig, NULL, NULL);
	f->dev = f->rig.dev[0];
	f->mm = soft_mm_create(&f->rig);
	/* The kernel's table has the map in it from the start. */
	f->kernel_pages = soft_mm_create(&f->rig);
	assert_ok(f->kernel_pages->mm.ops->get_table(
		&f->kernel_pages->mm, IOMMU_TABLE_X86_64, &table));
	assert_ok(intel_svm_kernel_alloc(f->rig.sys, &table, &f->kernel));
	assert_ok(intel_svm_create(f->dev, f->kernel, &f->svm));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->svm)
		assert_ok(intel_svm_destroy(f->svm));
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	if (f->mm)
		iommu_mm_put_users(&f->mm->mm);
	if (f->kernel)
		iommu_mm_put_users(f->kernel);
	iommu_mm_put_users(&f->kernel_pages->mm);
	rig_down(&f->rig);
	return 0;
}

static ioasid_t bind(struct fixture *f, struct iommu_mm *mm, unsigned int flags)
{
	ioasid_t pasid = 0;

	assert_ok(intel_svm_bind_mm(f->svm, mm, &pasid, flags, &ops));
	assert_int_not_equal(pasid, 0);
	return pasid;
}

static void report(struct fixture *f, ioasid_t pasid, uint32_t tag,
		   uint64_t addr, unsigned int perm, bool last)
{
	struct iommu_fault fault = page_request(pasid, tag, addr, perm, last);

	assert_ok(iommu_report_device_fault(f->dev, &fault));
}

/* [F16] [C5] One PASID for an address space, on all devices; uses counted. */
static void test_intel_bind_is_reused(void **state)
{
	struct fixture *f = *state;
	struct intel_svm *svm;
	struct soft_mm *other = soft_mm_create(&f->rig);
	ioasid_t a = bind(f, &f->mm->mm, 0), b = 0;
	uint64_t pa;

	assert_int_equal(f->mm->mm.users, 1);
	assert_ok(dma(&f->rig, f->dev, a, 0x5000, W));
	assert_int_equal(bind(f, &f->mm->mm, 0), a);
	assert_int_not_equal(bind(f, &other->mm, 0), a);
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_SET), 2);
	assert_err(intel_svm_bind_mm(f->svm, &f->mm->mm, &b, 0, &no_ops),
		   EBUSY);
	assert_int_equal(b, 0);
	assert_ok(intel_svm_create(f->rig.dev[1], NULL, &svm));
	assert_ok(intel_svm_bind_mm(svm, &f->mm->mm, &b, 0, NULL));
	assert_int_equal(b, a);
	assert_ok(intel_svm_unbind_mm(svm, b));
	assert_ok(intel_svm_destroy(svm));

	assert_ok(intel_svm_unbind_mm(f->svm, a));
	assert_ok(dma(&f->rig, f->dev, a, 0x6000, W));
	assert_ok(intel_svm_unbind_mm(f->svm, a));
	assert_err(mock_access(f->rig.mock, f->dev, a, 0x5000, R, &pa), EACCES);
	assert_err(intel_svm_unbind_mm(f->svm, a), EINVAL);
	assert_err(intel_svm_unbind_mm(f->svm, UINT32_MAX), EINVAL);
	assert_int_equal(f->mm->mm.refs, 1);
	assert_int_equal(f->mm->mm.pasid, 0);
	assert_err(intel_svm_destroy(f->svm), EBUSY);
	assert_ok(intel_svm_unbind_mm(f->svm, other->mm.pasid));
	iommu_mm_put_users(&other->mm);
}

/* [C8] [U18] A private PASID is shared with nobody, and leaves the other alone. */
static void test_intel_private_pasid(void **state)
{
	struct fixture *f = *state;
	ioasid_t a, b, shared;
	uint64_t pa;

	a = bind(f, &f->mm->mm, SVM_FLAG_PRIVATE_PASID);
	shared = bind(f, &f->mm->mm, 0);
	b = bind(f, &f->mm->mm, SVM_FLAG_PRIVATE_PASID);
	assert_int_not_equal(a, b);
	assert_int_not_equal(a, shared);
	assert_int_not_equal(b, shared);
	assert_int_equal(f->mm->mm.pasid, shared);
	assert_int_equal(bind(f, &f->mm->mm, 0), shared);
	assert_ok(dma(&f->rig, f->dev, a, 0x5000, W));
	assert_ok(mock_access(f->rig.mock, f->dev, b, 0x5000, W, &pa));
	/* Which context asked is told apart. */
	report(f, b, 4, 0x7000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 2));
	assert_int_equal(fx.heard[1].pasid, b);
	assert_ok(intel_svm_unbind_mm(f->svm, a));
	assert_err(mock_access(f->rig.mock, f->dev, a, 0x5000, R, &pa), EACCES);
	assert_ok(mock_access(f->rig.mock, f->dev, b, 0x5000, R, &pa));
	assert_ok(mock_access(f->rig.mock, f->dev, shared, 0x5000, R, &pa));
	assert_ok(intel_svm_unbind_mm(f->svm, shared));
	assert_ok(intel_svm_unbind_mm(f->svm, shared));
	assert_ok(intel_svm_unbind_mm(f->svm, b));
}

/* [F16] [F4] The probe says what a bind would, and binds nothing. */
static void test_intel_probe(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *none = rig_add_device(&f->rig, "none", 30, 0, 0);
	struct intel_svm *svm = NULL;
	const unsigned int super = SVM_FLAG_SUPERVISOR_MODE;

	testplat_fail_nth(&f->rig.tp, 1);
	assert_true(intel_svm_available(f->rig.dev[1]));
	assert_false(intel_svm_available(none));
	assert_false(
		iommu_dev_feature_enabled(f->rig.dev[1], IOMMU_DEV_FEAT_SVA));
	assert_ok(intel_svm_bind_mm(f->svm, NULL, NULL, 0, NULL));
	assert_ok(intel_svm_bind_mm(f->svm, &f->mm->mm, NULL,
				    SVM_FLAG_PRIVATE_PASID, &ops));
	assert_ok(intel_svm_bind_mm(f->svm, NULL, NULL, super, NULL));
	assert_err(intel_svm_bind_mm(f->svm, NULL, NULL, 4, NULL), EINVAL);
	assert_err(intel_svm_bind_mm(f->svm, &f->mm->mm, NULL, super, NULL),
		   EINVAL);
	assert_int_equal(f->rig.tp.allocations, 0);
	testplat_fail_nth(&f->rig.tp, 0);
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_SET), 0);
	assert_int_equal(stats_of(&f->rig).pasids, 0);

	assert_err(intel_svm_create(none, NULL, &svm), ENODEV);
	assert_err(intel_svm_create(f->dev, NULL, &svm), EBUSY);
	/* [A7] Somebody has the device's faults already. */
	assert_ok(iommu_dev_enable_feature(f->rig.dev[1], IOMMU_DEV_FEAT_IOPF));
	assert_err(intel_svm_create(f->rig.dev[1], NULL, &svm), EBUSY);
	assert_ok(
		iommu_dev_disable_feature(f->rig.dev[1], IOMMU_DEV_FEAT_IOPF));
	assert_null(svm);
	assert_ok(intel_svm_create(f->rig.dev[1], NULL, &svm));
	assert_err(intel_svm_bind_mm(svm, NULL, NULL, super, NULL), EOPNOTSUPP);
	assert_ok(intel_svm_destroy(svm));
	assert_ok(iommu_device_remove(none));
}

/* [F16] [R1] */
static void test_intel_bind_errors(void **state)
{
	struct fixture *f = *state;
	struct iommu_mm *mm = &f->mm->mm;
	ioasid_t pasid = 0;
	unsigned int flags;
	long n;
	int err;

	assert_err(intel_svm_bind_mm(f->svm, NULL, &pasid, 0, &ops), EINVAL);
	assert_err(intel_svm_bind_mm(f->svm, mm, &pasid, 8, &ops), EINVAL);
	mock_fail(f->rig.mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	assert_err(intel_svm_bind_mm(f->svm, mm, &pasid, 0, &ops), ETIMEDOUT);
	mock_fail(f->rig.mock, MOCK_OP_DOMAIN_ALLOC, 1, -ENOSPC);
	assert_err(intel_svm_bind_mm(f->svm, mm, &pasid, 0, &ops), ENOSPC);
	/* Every allocation in turn: nothing is left. */
	for (flags = 0; flags < 2; flags++) {
		for (n = 1;; n++) {
			testplat_fail_nth(&f->rig.tp, n);
			err = intel_svm_bind_mm(f->svm, mm, &pasid, flags,
						&ops);
			testplat_fail_nth(&f->rig.tp, 0);
			if (!err)
				break;
			assert_err(err, ENOMEM);
			assert_int_equal(pasid, 0);
			assert_int_equal(mm->refs, 1);
			assert_int_equal(mm->pasid, 0);
			assert_null(mm->sva);
			assert_int_equal(stats_of(&f->rig).pasids, 0);
		}
		assert_true(n > 3);
		assert_ok(intel_svm_unbind_mm(f->svm, pasid));
		pasid = 0;
	}
	iommu_mm_get(mm);
	iommu_mm_put_users(mm);
	f->mm = NULL;
	assert_err(intel_svm_bind_mm(f->svm, mm, &pasid, 0, &ops), ESRCH);
	iommu_mm_put(mm);
}

/* [F17] Every request that is answered is heard of, also if all is well. */
static void test_intel_fault_cb_hears_successes(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, &f->mm->mm, 0);
	struct iommu_fault fault =
		page_request(pasid, 7, 0x2000, W | IOMMU_PERM_EXEC, true);

	f->mm->limit = 4;
	report(f, pasid, 7, 0x1000, R, false);
	fault.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_PRIV_DATA;
	fault.prm.private_data[0] = 0x1111;
	fault.prm.private_data[1] = 0x2222;
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_true(mock_wait_responses(f->rig.mock, 1));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(f->heard_count, 2);
	/* In the order they came, and before the answer. */
	assert_int_equal(f->heard[0].address, 0x1000);
	assert_int_equal(f->heard[0].rwxp, SVM_REQ_READ);
	assert_int_equal(f->heard[0].response, IOMMU_PAGE_RESP_SUCCESS);
	assert_false(f->heard[0].has_private);
	assert_int_equal(f->heard[1].pasid, pasid);
	assert_int_equal(f->heard[1].address, 0x2000);
	assert_int_equal(f->heard[1].rwxp, SVM_REQ_WRITE | SVM_REQ_EXEC);
	assert_true(f->heard[1].has_private);
	assert_int_equal(f->heard[1].private[0], 0x1111);
	assert_int_equal(f->heard[1].private[1], 0x2222);
	assert_int_equal(f->heard[1].answers, 0);

	report(f, pasid, 8, 0x8000, R | IOMMU_PERM_PRIV, false);
	report(f, pasid, 8, 0x1000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 2));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->heard_count, 4);
	assert_int_equal(f->heard[2].rwxp, SVM_REQ_READ | SVM_REQ_PRIV);
	assert_int_equal(f->heard[2].response, IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->heard[3].response, IOMMU_PAGE_RESP_SUCCESS);
	/* Nobody's is answered by the IOMMU's driver. */
	raise_request(&f->rig, f->dev, pasid + 1, 9, 0x1000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 3));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->heard_count, 4);
	assert_ok(intel_svm_unbind_mm(f->svm, pasid));
}

/* [F17] One after the other: a request does not overtake another. */
static void test_intel_requests_in_order(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, &f->mm->mm, 0);
	unsigned int i;

	soft_mm_block(f->mm, true);
	for (i = 0; i < 4; i++)
		report(f, pasid, i, 0x1000 * i, R, true);
	soft_mm_wait_blocked(f->mm, 1);
	for (i = 0; i < 1000; i++)
		plat_relax(f->rig.plat, 20);
	assert_int_equal(f->mm->blocked, 1);
	soft_mm_block(f->mm, false);
	assert_true(mock_wait_responses(f->rig.mock, 4));
	assert_ok(intel_svm_unbind_mm(f->svm, pasid));
	for (i = 0; i < 4; i++)
		assert_int_equal(f->heard[i].address, 0x1000 * i);
}

/* What a group was answered, the last time that its number was used. */
static enum iommu_page_response_code code_of(struct fixture *f, uint32_t grpid)
{
	struct mock_response r = { 0 };
	unsigned int i = mock_response_count(f->rig.mock);

	while (i-- && mock_response(f->rig.mock, i, &r))
		if (r.prm.grpid == grpid)
			return r.code;
	fail_msg("group %u has no answer", grpid);
	return r.code;
}

/* The unit's queue has overflowed, and its driver has read it up. */
static void overflow(struct fixture *f)
{
	uint64_t before = iommu_fault_overflows(f->dev);

	assert_ok(iopf_queue_discard_partial(iommu_device_unit(f->dev)->iopf));
	assert_int_equal(iommu_fault_overflows(f->dev), before + 1);
}

/*
 * [R15] What was cut by an overflow does not decide about the next group of
 * its number, whether it has been served or is being served.
 */
static void test_intel_overflow_cuts_groups(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, &f->mm->mm, 0);

	f->mm->limit = 4;
	report(f, pasid, 8, 0x8000, R, false);
	while (atomic_load(&f->heard_count) < 1)
		plat_relax(f->rig.plat, 20);
	assert_int_equal(f->heard[0].response, IOMMU_PAGE_RESP_INVALID);
	overflow(f);
	report(f, pasid, 8, 0x1000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 1));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_SUCCESS);

	/* Under way meanwhile; and one that is complete has its answer. */
	soft_mm_block(f->mm, true);
	report(f, pasid, 9, 0x8000, R, false);
	report(f, pasid, 10, 0x8000, R, true);
	soft_mm_wait_blocked(f->mm, 1);
	overflow(f);
	report(f, pasid, 9, 0x1000, R, true);
	soft_mm_block(f->mm, false);
	assert_true(mock_wait_responses(f->rig.mock, 3));
	assert_int_equal(mock_response_count(f->rig.mock), 3);
	assert_int_equal(code_of(f, 10), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(code_of(f, 9), IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(f->heard_count, 5);

	/* Without an overflow they are one group. */
	report(f, pasid, 8, 0x8000, R, false);
	report(f, pasid, 8, 0x1000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 4));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_ok(intel_svm_unbind_mm(f->svm, pasid));
}

/* [F17] Without a callback requests are served as well. */
static void test_intel_without_ops(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid;

	assert_ok(intel_svm_bind_mm(f->svm, &f->mm->mm, &pasid, 0, NULL));
	assert_ok(dma(&f->rig, f->dev, pasid, 0x5000, W));
	assert_ok(intel_svm_unbind_mm(f->svm, pasid));
	assert_ok(intel_svm_bind_mm(f->svm, &f->mm->mm, &pasid, 0, &no_ops));
	assert_ok(dma(&f->rig, f->dev, pasid, 0x6000, W));
	assert_ok(intel_svm_unbind_mm(f->svm, pasid));
	assert_int_equal(f->heard_count, 0);
}

/* [F18] */
static void test_intel_is_pasid_valid(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, &f->mm->mm, 0), kernel;

	assert_err(intel_svm_is_pasid_valid(f->svm, 0), EINVAL);
	assert_err(intel_svm_is_pasid_valid(f->svm, pasid + 1), EINVAL);
	assert_err(intel_svm_is_pasid_valid(f->svm, UINT32_MAX), EINVAL);
	assert_int_equal(intel_svm_is_pasid_valid(f->svm, pasid), 1);
	kernel = bind(f, NULL, SVM_FLAG_SUPERVISOR_MODE);
	assert_int_equal(intel_svm_is_pasid_valid(f->svm, kernel), 1);
	iommu_mm_put_users(&f->mm->mm);
	f->mm = NULL;
	assert_int_equal(intel_svm_is_pasid_valid(f->svm, pasid), 0);
	assert_int_equal(mock_entry(f->rig.mock, f->dev, pasid),
			 MOCK_ENTRY_QUIET);
	assert_ok(intel_svm_unbind_mm(f->svm, pasid));
	assert_err(intel_svm_is_pasid_valid(f->svm, pasid), EINVAL);
	assert_ok(intel_svm_unbind_mm(f->svm, kernel));
}

/* [C9] Kernel addresses: what the table has, and nothing is paged in. */
static void test_intel_supervisor_mode(void **state)
{
	struct fixture *f = *state;
	struct intel_svm *svm;
	ioasid_t pasid = 0, again = 0;
	uint64_t pa = 0;

	atomic_store(&f->kernel_pages->table[3], UINT64_C(0x103000) | 3);
	assert_err(intel_svm_bind_mm(f->svm, &f->mm->mm, &pasid,
				     SVM_FLAG_SUPERVISOR_MODE, &ops),
		   EINVAL);
	pasid = bind(f, NULL, SVM_FLAG_SUPERVISOR_MODE);
	assert_int_equal(bind(f, NULL, SVM_FLAG_SUPERVISOR_MODE), pasid);
	assert_int_not_equal(bind(f, &f->mm->mm, 0), pasid);
	assert_ok(mock_access(f->rig.mock, f->dev, pasid, 0x3010, W, &pa));
	assert_int_equal(pa, 0x103010);
	assert_err(dma(&f->rig, f->dev, pasid, 0x5000, R), EFAULT);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->kernel_pages->calls, 0);
	/* No invalidation: what goes from the table stays in use. */
	assert_null(f->kernel_pages->mm.notifiers);
	soft_mm_unmap(f->kernel_pages, 0x3000, 0x4000);
	assert_ok(mock_access(f->rig.mock, f->dev, pasid, 0x3010, W, &pa));
	/* One PASID for the kernel on all devices, or a private one. */
	assert_ok(intel_svm_create(f->rig.dev[1], f->kernel, &svm));
	assert_ok(intel_svm_bind_mm(svm, NULL, &again, SVM_FLAG_SUPERVISOR_MODE,
				    NULL));
	assert_int_equal(again, pasid);
	assert_ok(intel_svm_unbind_mm(svm, again));
	assert_ok(intel_svm_bind_mm(
		svm, NULL, &again,
		SVM_FLAG_SUPERVISOR_MODE | SVM_FLAG_PRIVATE_PASID, NULL));
	assert_int_not_equal(again, pasid);
	assert_ok(intel_svm_unbind_mm(svm, again));
	assert_ok(intel_svm_destroy(svm));
	assert_ok(intel_svm_unbind_mm(f->svm, f->mm->mm.pasid));
	assert_ok(intel_svm_unbind_mm(f->svm, pasid));
	assert_ok(intel_svm_unbind_mm(f->svm, pasid));
	assert_err(mock_access(f->rig.mock, f->dev, pasid, 0x3010, R, &pa),
		   EACCES);
}

/* [C9] The kernel has gone: no more uses of what is bound of it, either. */
static void test_intel_supervisor_mode_ends(void **state)
{
	struct fixture *f = *state;
	struct iommu_mm *kernel = f->kernel;
	ioasid_t pasid = bind(f, NULL, SVM_FLAG_SUPERVISOR_MODE), again = 0;

	iommu_mm_get(kernel);
	iommu_mm_put_users(kernel);
	f->kernel = NULL;
	assert_int_equal(intel_svm_is_pasid_valid(f->svm, pasid), 0);
	assert_err(intel_svm_bind_mm(f->svm, NULL, &again,
				     SVM_FLAG_SUPERVISOR_MODE, &ops),
		   ESRCH);
	assert_int_equal(again, 0);
	assert_ok(intel_svm_unbind_mm(f->svm, pasid));
	assert_err(intel_svm_unbind_mm(f->svm, pasid), EINVAL);
	assert_ok(intel_svm_destroy(f->svm));
	f->svm = NULL;
	iommu_mm_put(kernel);
}

struct unbinder {
	struct fixture *f;
	ioasid_t pasid;
	_Atomic bool unbound;
};

static void *unbinder(void *arg)
{
	struct unbinder *u = arg;

	if (!intel_svm_unbind_mm(u->f->svm, u->pasid))
		atomic_store(&u->unbound, true);
	return NULL;
}

/* [F16] [R1] [R2] A request the device should not have had is answered. */
static void test_intel_unbind_waits_for_requests(void **state)
{
	struct fixture *f = *state;
	struct unbinder u = { .f = f, .pasid = bind(f, &f->mm->mm, 0) };
	unsigned int drains = mock_calls(f->rig.mock, MOCK_OP_DRAIN), i;
	pthread_t thread;

	soft_mm_block(f->mm, true);
	report(f, u.pasid, 3, 0x3000, R, true);
	soft_mm_wait_blocked(f->mm, 1);
	pthread_create(&thread, NULL, unbinder, &u);
	while (mock_calls(f->rig.mock, MOCK_OP_DRAIN) < drains + 2)
		plat_relax(f->rig.plat, 1);
	for (i = 0; i < 1000; i++)
		plat_relax(f->rig.plat, 20);
	assert_false(atomic_load(&u.unbound));
	assert_int_equal(stats_of(&f->rig).pasids, 1);
	soft_mm_block(f->mm, false);
	pthread_join(thread, NULL);
	assert_true(atomic_load(&u.unbound));
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_int_equal(f->heard_count, 1);
}

#define THREADS 6u
#define ROUNDS  60u

struct racer {
	struct fixture *f;
	unsigned int index, errors;
};

static void *racer(void *arg)
{
	struct racer *r = arg;
	struct rig *rig = &r->f->rig;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		unsigned int flags =
			(i + r->index) % 3 ? 0 : SVM_FLAG_PRIVATE_PASID;
		ioasid_t pasid = 0;
		uint64_t pa;
		int err;

		r->errors += intel_svm_bind_mm(r->f->svm, &r->f->mm->mm, &pasid,
					       flags, &ops) != 0;
		/* Bound means that it translates. */
		err = mock_access(rig->mock, r->f->dev, pasid, 0x3000, R, &pa);
		r->errors += err && err != -EFAULT;
		r->errors += intel_svm_is_pasid_valid(r->f->svm, pasid) != 1;
		raise_request(rig, r->f->dev, pasid, i % 512, 0x3000, R, true);
		r->errors += intel_svm_unbind_mm(r->f->svm, pasid) != 0;
	}
	return NULL;
}

/* [F16] [C8] [R14] A bind that races the last unbind is live or new. */
static void test_intel_race(void **state)
{
	struct fixture *f = *state;
	struct racer racers[THREADS];
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){ .f = f, .index = i };
		pthread_create(&threads[i], NULL, racer, &racers[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(racers[i].errors, 0);
	}
	mock_report_all(f->rig.mock);
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	assert_int_equal(f->mm->mm.pasid, 0);
	assert_true(mock_wait_responses(f->rig.mock, THREADS * ROUNDS));
	assert_int_equal(mock_response_count(f->rig.mock), THREADS * ROUNDS);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_intel_bind_is_reused),
		TEST(test_intel_private_pasid),
		TEST(test_intel_probe),
		TEST(test_intel_bind_errors),
		TEST(test_intel_fault_cb_hears_successes),
		TEST(test_intel_requests_in_order),
		TEST(test_intel_overflow_cuts_groups),
		TEST(test_intel_without_ops),
		TEST(test_intel_is_pasid_valid),
		TEST(test_intel_supervisor_mode),
		TEST(test_intel_supervisor_mode_ends),
		TEST(test_intel_unbind_waits_for_requests),
		TEST(test_intel_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
