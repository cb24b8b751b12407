/* SPDX-License-Identifier: MIT */
/* The task interface of 2017. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/compat/task.h>

#include "core/driver.h"
#include "tests/core/rig.h"

struct fixture {
	struct rig rig;
	struct soft_mm *mm;
	struct iommu_device *dev;
	struct iommu_svm *svm;

	/* What the device driver does and has seen. */
	int state;      /* invalidate_pasid's answer */
	ioasid_t other; /* it waits for a fault of this one */
	int other_err;  /* what became of that */
	_Atomic unsigned int asked, faults;
	uint64_t fault_addr;
	unsigned int fault_perm;
	int fault_err; /* handle_fault's answer */
};

static int invalidate_pasid(struct iommu_device *dev, ioasid_t pasid,
			    void *priv)
{
	struct fixture *f = priv;

	(void)pasid;
	f->asked++;
	if (f->other)
		f->other_err = dma(&f->rig, dev, f->other, 0x9000, W);
	return f->state;
}

static int handle_fault(struct iommu_device *dev, ioasid_t pasid, uint64_t addr,
			unsigned int perm, void *priv)
{
	struct fixture *f = priv;

	(void)dev, (void)pasid;
	f->faults++;
	f->fault_addr = addr;
	f->fault_perm = perm;
	return f->fault_err;
}

static const struct iommu_svm_ops ops = {
	.invalidate_pasid = invalidate_pasid,
	.handle_fault = handle_fault,
};

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	rig_up(&f.rig, NULL, NULL);
	f.dev = f.rig.dev[0];
	f.mm = soft_mm_create(&f.rig);
	assert_ok(iommu_svm_create(f.dev, &f.svm));
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->svm)
		assert_ok(iommu_svm_destroy(f->svm));
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	if (f->mm)
		iommu_mm_put_users(&f->mm->mm);
	rig_down(&f->rig);
	return 0;
}

static ioasid_t bind(struct fixture *f, unsigned int flags)
{
	ioasid_t pasid = 0;

	assert_ok(iommu_bind_task(f->svm, &f->mm->mm, &pasid, flags, f));
	assert_int_not_equal(pasid, 0);
	return pasid;
}

/* What the device is told for one request, reported as a driver does. */
static enum iommu_page_response_code ask(struct fixture *f, ioasid_t pasid,
					 uint64_t addr, unsigned int perm)
{
	static uint32_t group;
	struct iommu_fault fault =
		page_request(pasid, ++group, addr, perm, true);
	unsigned int before = mock_response_count(f->rig.mock);

	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_ok(iopf_queue_flush_dev(f->dev));
	assert_int_equal(mock_response_count(f->rig.mock), before + 1);
	return last_code(&f->rig);
}

/* [F1] The device reaches the task, and not once it is unbound. */
static void test_task_bind_reaches_the_task(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, 0);
	uint64_t pa;

	assert_ok(dma(&f->rig, f->dev, pasid, 0x5000, W));
	assert_int_equal(f->mm->pages, 1);
	assert_int_equal(f->mm->mm.users, 1);
	/* Its own, not the address space's. */
	assert_int_equal(f->mm->mm.pasid, 0);
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_CLEAN));
	assert_err(mock_access(f->rig.mock, f->dev, pasid, 0x5000, R, &pa),
		   EACCES);
	assert_int_equal(f->mm->mm.refs, 1);
	assert_null(f->mm->mm.notifiers);
}

/* [F1] [C8] */
static void test_task_nested_bind_eexist(void **state)
{
	struct fixture *f = *state;
	ioasid_t a = bind(f, 0), b = 0;

	assert_err(iommu_bind_task(f->svm, &f->mm->mm, &b, 0, f), EEXIST);
	assert_int_equal(b, 0);
	b = bind(f, IOMMU_SVM_FLAG_PRIVATE_PASID);
	assert_int_not_equal(a, b);
	assert_ok(iommu_unbind_task(f->svm, a, IOMMU_PASID_FLUSHED));
	/* A stale context is no bond; its PASID is not given out. */
	assert_int_equal(iommu_svm_stale_count(f->svm), 1);
	assert_int_not_equal(bind(f, 0), a);
	assert_ok(iommu_unbind_task(f->svm, b, IOMMU_PASID_CLEAN));
	assert_ok(iommu_unbind_task(f->svm, 3, IOMMU_PASID_CLEAN));
}

/* [F1] */
static void test_task_bind_errors(void **state)
{
	struct fixture *f = *state;
	struct iommu_mm *mm = &f->mm->mm;
	ioasid_t pasid = 0;
	long n;
	int err;

	assert_err(iommu_bind_task(f->svm, mm, &pasid, 8, f), EINVAL);
	mock_fail(f->rig.mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	assert_err(iommu_bind_task(f->svm, mm, &pasid, 0, f), ETIMEDOUT);
	mock_fail(f->rig.mock, MOCK_OP_DOMAIN_ALLOC, 1, -ENOSPC);
	assert_err(iommu_bind_task(f->svm, mm, &pasid, 0, f), ENOSPC);
	/* Every allocation in turn: nothing is left. */
	for (n = 1;; n++) {
		testplat_fail_nth(&f->rig.tp, n);
		err = iommu_bind_task(f->svm, mm, &pasid, 0, f);
		testplat_fail_nth(&f->rig.tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
		assert_int_equal(pasid, 0);
		assert_int_equal(mm->refs, 1);
		assert_null(mm->sva);
		assert_int_equal(stats_of(&f->rig).pasids, 0);
	}
	assert_true(n > 2);
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_CLEAN));

	iommu_mm_get(mm);
	iommu_mm_put_users(mm);
	f->mm = NULL;
	assert_err(iommu_bind_task(f->svm, mm, &pasid, 0, f), ESRCH);
	iommu_mm_put(mm);
}

/* [F1] The bond holds the task's structure and not the task. */
static void test_task_exit_before_unbind(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, 0);
	uint64_t pa;

	assert_ok(dma(&f->rig, f->dev, pasid, 0x5000, W));
	iommu_mm_put_users(&f->mm->mm);
	assert_true(f->mm->exited);
	f->mm = NULL;
	assert_err(mock_access(f->rig.mock, f->dev, pasid, 0x5000, R, &pa),
		   EPERM);
	assert_int_equal(ask(f, pasid, 0x5000, R), IOMMU_PAGE_RESP_INVALID);
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_CLEAN));
}

/* [F2] */
static void test_task_unbind_errors(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, 0);

	assert_err(iommu_unbind_task(f->svm, pasid, 4), EINVAL);
	assert_err(iommu_unbind_task(f->svm, pasid + 1, IOMMU_PASID_CLEAN),
		   ESRCH);
	/* Nobody vouches for the device. */
	assert_err(iommu_unbind_task(f->svm, pasid, 0), EBUSY);
	assert_ok(dma(&f->rig, f->dev, pasid, 0x5000, W));
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_FLUSHED));
	/* Stale is not bound. */
	assert_err(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_CLEAN), ESRCH);
}

/* [F2] [F3] [F5] The driver is asked, and its word counts. */
static void test_task_unbind_asks_the_driver(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, 0);

	assert_err(iommu_set_svm_ops(NULL, &ops), EINVAL);
	assert_ok(iommu_set_svm_ops(f->svm, &ops));
	f->state = 0;
	assert_err(iommu_unbind_task(f->svm, pasid, 0), EBUSY);
	f->state = -EIO;
	assert_err(iommu_unbind_task(f->svm, pasid, 0), EBUSY);
	assert_int_equal(f->asked, 2);
	/* Nothing has changed. */
	assert_int_equal(mock_entry(f->rig.mock, f->dev, pasid),
			 MOCK_ENTRY_LIVE);
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_REMOVE), 0);
	assert_ok(dma(&f->rig, f->dev, pasid, 0x5000, W));

	f->state = IOMMU_PASID_FLUSHED;
	assert_ok(iommu_unbind_task(f->svm, pasid, 0));
	assert_int_equal(f->asked, 3);
	assert_int_equal(iommu_svm_stale_count(f->svm), 1);
	pasid = bind(f, 0);
	f->state = IOMMU_PASID_CLEAN;
	assert_ok(iommu_unbind_task(f->svm, pasid, 0));
	assert_int_equal(iommu_svm_stale_count(f->svm), 1);
	/* Who vouches is not asked. */
	pasid = bind(f, 0);
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_CLEAN));
	assert_int_equal(f->asked, 4);
}

/* [F5] [R5] The callback may wait for a fault of another PASID. */
static void test_task_callback_may_wait_for_a_fault(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, 0);

	assert_ok(iommu_set_svm_ops(f->svm, &ops));
	f->other = bind(f, IOMMU_SVM_FLAG_PRIVATE_PASID);
	f->other_err = -1;
	f->state = IOMMU_PASID_CLEAN;
	assert_ok(iommu_unbind_task(f->svm, pasid, 0));
	assert_ok(f->other_err);
	assert_ok(iommu_unbind_task(f->svm, f->other, IOMMU_PASID_CLEAN));
}

/* [F4] No side effect, and the answer of the real thing. */
static void test_task_capable(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *none = rig_add_device(&f->rig, "none", 30, 0, 0);
	struct iommu_svm *svm = NULL;
	unsigned int op, before[MOCK_OP_COUNT];

	for (op = 0; op < MOCK_OP_COUNT; op++)
		before[op] = mock_calls(f->rig.mock, (enum mock_op)op);
	testplat_fail_nth(&f->rig.tp, 1);
	assert_ok(iommu_svm_capable(f->rig.dev[1], 0));
	assert_ok(
		iommu_svm_capable(f->rig.dev[1], IOMMU_SVM_FLAG_PRIVATE_PASID));
	assert_err(iommu_svm_capable(f->rig.dev[1], 2), EINVAL);
	assert_err(iommu_svm_capable(none, 0), EINVAL);
	assert_int_equal(f->rig.tp.allocations, 0);
	testplat_fail_nth(&f->rig.tp, 0);
	for (op = 0; op < MOCK_OP_COUNT; op++)
		assert_int_equal(mock_calls(f->rig.mock, (enum mock_op)op),
				 before[op]);
	assert_false(
		iommu_dev_feature_enabled(f->rig.dev[1], IOMMU_DEV_FEAT_SVA));

	assert_err(iommu_svm_create(none, &svm), EINVAL);
	assert_err(iommu_svm_create(f->dev, &svm), EBUSY);
	assert_null(svm);
	assert_ok(iommu_device_remove(none));
}

/* [F1] While a task is bound the device stays as it is. */
static void test_task_create_and_destroy(void **state)
{
	struct fixture *f = *state;
	struct iommu_svm *svm = NULL;
	ioasid_t pasid = bind(f, 0);

	assert_err(iommu_svm_destroy(f->svm), EBUSY);
	assert_ok(dma(&f->rig, f->dev, pasid, 0x5000, W));
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_FLUSHED));

	/* [A7] Somebody has the device's faults already. */
	assert_ok(iommu_dev_enable_feature(f->rig.dev[1], IOMMU_DEV_FEAT_IOPF));
	assert_err(iommu_svm_create(f->rig.dev[1], &svm), EBUSY);
	assert_ok(
		iommu_dev_disable_feature(f->rig.dev[1], IOMMU_DEV_FEAT_IOPF));
	mock_fail(f->rig.mock, MOCK_OP_ENABLE_FAULTS, 1, -EIO);
	assert_err(iommu_svm_create(f->rig.dev[1], &svm), EIO);
	testplat_fail_nth(&f->rig.tp, 1);
	assert_err(iommu_svm_create(f->rig.dev[1], &svm), ENOMEM);
	testplat_fail_nth(&f->rig.tp, 0);
	assert_null(svm);
	/* The stale one goes with it: see teardown. */
}

/* [F6] Only what the task refuses, and 0 means it is there. */
static void test_task_handle_fault_is_the_last_resort(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, 0);

	f->mm->limit = 4;
	assert_int_equal(ask(f, pasid, 0x8000, R), IOMMU_PAGE_RESP_INVALID);
	assert_ok(iommu_set_svm_ops(f->svm, &ops));
	assert_int_equal(ask(f, pasid, 0x1000, W), IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(f->faults, 0);
	assert_int_equal(ask(f, pasid, 0x8000, W), IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(f->faults, 1);
	assert_int_equal(f->fault_addr, 0x8000);
	assert_int_equal(f->fault_perm, W);
	f->fault_err = -ENOENT;
	assert_int_equal(ask(f, pasid, 0x8000, R), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->faults, 2);
	/* Privileged requests do not get there. */
	f->fault_err = 0;
	assert_int_equal(ask(f, pasid, 0x8000, R | IOMMU_PERM_PRIV),
			 IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->faults, 2);
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_CLEAN));
}

/* [F7] Whichever comes second frees; with one of them it is reserved. */
static void test_task_stale_and_invalidated(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, 0);

	assert_err(iommu_svm_pasid_stopped(f->svm, pasid + 1), ESRCH);
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_FLUSHED));
	assert_int_equal(stats_of(&f->rig).pasids, 1);
	assert_ok(iommu_svm_pasid_stopped(f->svm, pasid));
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	assert_int_equal(iommu_svm_stale_count(f->svm), 0);
	assert_err(iommu_svm_pasid_stopped(f->svm, pasid), ESRCH);

	pasid = bind(f, 0);
	assert_ok(iommu_svm_pasid_stopped(f->svm, pasid));
	assert_ok(iommu_svm_pasid_stopped(f->svm, pasid));
	assert_int_equal(stats_of(&f->rig).pasids, 1);
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_FLUSHED));
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	assert_int_equal(iommu_svm_stale_count(f->svm), 0);
}

/* [F8] A quarter of 15 PASIDs; and when there is none left. */
static void test_task_sweep_at_a_quarter(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *dev = rig_add_device(&f->rig, "small", 20, 4, 0);
	ioasid_t pasids[16], pasid;
	struct iommu_svm *svm;
	unsigned int i;

	assert_ok(iommu_svm_create(dev, &svm));
	for (i = 1; i <= 4; i++) {
		assert_ok(iommu_bind_task(svm, &f->mm->mm, &pasid, 0, f));
		assert_int_equal(pasid, i);
		assert_ok(iommu_unbind_task(svm, pasid, IOMMU_PASID_FLUSHED));
		assert_int_equal(iommu_svm_stale_count(svm), i < 4 ? i : 0);
	}
	assert_int_equal(stats_of(&f->rig).pasids, 0);

	/* All taken, three of them stale: too few for the quarter. */
	for (i = 0; i < 15; i++)
		assert_ok(iommu_bind_task(svm, &f->mm->mm, &pasids[i],
					  IOMMU_SVM_FLAG_PRIVATE_PASID, f));
	assert_err(iommu_bind_task(svm, &f->mm->mm, &pasid, 0, f), ENOSPC);
	for (i = 0; i < 3; i++)
		assert_ok(
			iommu_unbind_task(svm, pasids[i], IOMMU_PASID_FLUSHED));
	assert_int_equal(iommu_svm_stale_count(svm), 3);
	assert_ok(iommu_bind_task(svm, &f->mm->mm, &pasid, 0, f));
	assert_int_equal(iommu_svm_stale_count(svm), 0);
	assert_ok(iommu_unbind_task(svm, pasid, IOMMU_PASID_CLEAN));
	for (i = 3; i < 15; i++)
		assert_ok(iommu_unbind_task(svm, pasids[i], IOMMU_PASID_CLEAN));
	assert_ok(iommu_svm_destroy(svm));
	assert_ok(iommu_device_remove(dev));
}

/* [F8] A sweep that cannot wait gives back what it has claimed. */
static void test_task_sweep_rolled_back(void **state)
{
	struct fixture *f = *state;
	struct iopf_queue *queue = mock_unit(f->rig.mock)->iopf;
	ioasid_t pasid = bind(f, 0);

	assert_ok(iommu_svm_sweep(f->svm));
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_FLUSHED));
	assert_ok(iopf_queue_remove_device(queue, f->dev));
	assert_err(iommu_svm_sweep(f->svm), ENODEV);
	assert_int_equal(iommu_svm_stale_count(f->svm), 1);
	assert_int_equal(stats_of(&f->rig).pasids, 1);
	assert_ok(iopf_queue_add_device(queue, f->dev));
	assert_ok(iommu_svm_sweep(f->svm));
	assert_int_equal(iommu_svm_stale_count(f->svm), 0);
	assert_int_equal(stats_of(&f->rig).pasids, 0);
}

static struct {
	struct fixture *f;
	const struct plat_ops *real;
	ioasid_t pasid;
	unsigned int calls;
	unsigned int beside; /* stale after a sweep beside this one */
} hook;

/* The sweep has claimed, and waits. */
static void flush_hook(void *ctx, struct plat_workqueue *wq)
{
	if (!hook.calls++) {
		assert_ok(iommu_svm_sweep(hook.f->svm));
		hook.beside = iommu_svm_stale_count(hook.f->svm);
		assert_ok(iommu_svm_pasid_stopped(hook.f->svm, hook.pasid));
	}
	hook.real->workqueue_flush(ctx, wq);
}

/* [F7] [F8] A marker, and another sweep, while a sweep waits. */
static void test_task_marker_during_a_sweep(void **state)
{
	struct fixture *f = *state;
	struct plat_ops hooked = *f->rig.tp.plat.ops;
	ioasid_t other;

	memset(&hook, 0, sizeof(hook));
	hook.f = f;
	hook.real = f->rig.tp.plat.ops;
	hook.pasid = bind(f, 0);
	other = bind(f, IOMMU_SVM_FLAG_PRIVATE_PASID);
	assert_ok(iommu_unbind_task(f->svm, hook.pasid, IOMMU_PASID_FLUSHED));
	assert_ok(iommu_unbind_task(f->svm, other, IOMMU_PASID_FLUSHED));
	hooked.workqueue_flush = flush_hook;
	f->rig.tp.plat.ops = &hooked;
	assert_ok(iommu_svm_sweep(f->svm));
	f->rig.tp.plat.ops = hook.real;
	assert_int_equal(hook.calls, 1);
	assert_int_equal(hook.beside, 2);
	assert_int_equal(iommu_svm_stale_count(f->svm), 0);
	assert_int_equal(stats_of(&f->rig).pasids, 0);
}

/* [F9] */
static void test_task_verdicts(void **state)
{
	struct fixture *f = *state;
	const unsigned int priv = IOMMU_PERM_PRIV;
	ioasid_t pasid = bind(f, 0);

	f->mm->limit = 8;
	assert_int_equal(ask(f, pasid, 0x1000, R), IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(ask(f, 0, 0x1000, R), IOMMU_PAGE_RESP_FAILURE);
	assert_int_equal(ask(f, pasid, 0x1000, R | priv),
			 IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(ask(f, pasid + 1, 0x1000, R), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(ask(f, pasid, 0x9000, R), IOMMU_PAGE_RESP_INVALID);
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_FLUSHED));
	assert_int_equal(iommu_svm_stale_count(f->svm), 1);
	assert_int_equal(ask(f, pasid, 0x1000, R), IOMMU_PAGE_RESP_INVALID);
}

/* [F9] The first failure of a group stays, and what follows is not touched. */
static void test_task_failure_is_sticky(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, 0);
	struct iommu_fault fault;

	fault = page_request(pasid, 600, 0x1000, R | IOMMU_PERM_PRIV, false);
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	fault = page_request(pasid, 600, 0x2000, R, true);
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_ok(iopf_queue_flush_dev(f->dev));
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->mm->pages, 0);
	/* Its index is free for another. */
	fault = page_request(pasid, 600, 0x2000, R, true);
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_ok(iopf_queue_flush_dev(f->dev));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_SUCCESS);
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_CLEAN));
}

/* [F9] [R2] No memory to keep track of a group: the device tries again. */
static void test_task_no_memory_is_success(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f, 0);
	struct iommu_fault fault = page_request(pasid, 601, 0x1000, R, true);

	/* The first is core's record of the request, the second the group. */
	testplat_fail_nth(&f->rig.tp, 2);
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	testplat_fail_nth(&f->rig.tp, 0);
	assert_ok(iopf_queue_flush_dev(f->dev));
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(f->mm->pages, 0);
	assert_ok(iommu_unbind_task(f->svm, pasid, IOMMU_PASID_CLEAN));
}

#define THREADS 6u
#define ROUNDS  60u

struct racer {
	struct fixture *f;
	struct iommu_svm *svm;
	unsigned int errors;
};

static void *racer(void *arg)
{
	struct racer *r = arg;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		ioasid_t pasid;
		int err;

		err = iommu_bind_task(r->svm, &r->f->mm->mm, &pasid,
				      IOMMU_SVM_FLAG_PRIVATE_PASID, r->f);
		if (err) {
			r->errors += err != -ENOSPC;
			continue;
		}
		raise_request(&r->f->rig, r->f->dev, pasid, i % 512, 0x3000, R,
			      true);
		r->errors += iommu_unbind_task(r->svm, pasid,
					       IOMMU_PASID_FLUSHED) != 0;
		/* A sweep or its new owner may have been faster. */
		err = i % 2 ? iommu_svm_pasid_stopped(r->svm, pasid) :
			      iommu_svm_sweep(r->svm);
		r->errors += err && err != -ESRCH;
	}
	return NULL;
}

/* [F7] [F8] Unbinds, markers and sweeps at once: each is freed once. */
static void test_task_one_side_frees(void **state)
{
	struct fixture *f = *state;
	struct racer racers[THREADS];
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){ .f = f, .svm = f->svm };
		pthread_create(&threads[i], NULL, racer, &racers[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(racers[i].errors, 0);
	}
	mock_report_all(f->rig.mock);
	assert_ok(iopf_queue_flush_dev(f->dev));
	assert_ok(iommu_svm_sweep(f->svm));
	assert_int_equal(iommu_svm_stale_count(f->svm), 0);
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	assert_int_equal(mock_response_count(f->rig.mock), THREADS * ROUNDS);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_task_bind_reaches_the_task),
		TEST(test_task_nested_bind_eexist),
		TEST(test_task_bind_errors),
		TEST(test_task_exit_before_unbind),
		TEST(test_task_unbind_errors),
		TEST(test_task_unbind_asks_the_driver),
		TEST(test_task_callback_may_wait_for_a_fault),
		TEST(test_task_capable),
		TEST(test_task_create_and_destroy),
		TEST(test_task_handle_fault_is_the_last_resort),
		TEST(test_task_stale_and_invalidated),
		TEST(test_task_sweep_at_a_quarter),
		TEST(test_task_sweep_rolled_back),
		TEST(test_task_marker_during_a_sweep),
		TEST(test_task_verdicts),
		TEST(test_task_failure_is_sticky),
		TEST(test_task_no_memory_is_success),
		TEST(test_task_one_side_frees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
