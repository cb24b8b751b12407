/* SPDX-License-Identifier: MIT */
/* Fault queues: groups, verdicts, flush, discard. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/driver.h"
#include "tests/core/rig.h"

struct fixture {
	struct rig rig;
	struct soft_mm *mm;
	struct iommu_device *dev;
	struct iommu_sva *sva;
	ioasid_t pasid;
};

static int setup_with(void **state, const struct iommu_system_cfg *cfg)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	rig_up(&f.rig, cfg, NULL);
	f.dev = f.rig.dev[0];
	f.mm = soft_mm_create(&f.rig);
	assert_ok(iommu_dev_enable_feature(f.dev, IOMMU_DEV_FEAT_SVA));
	assert_ok(iommu_sva_bind(f.dev, &f.mm->mm, NULL, &f.sva));
	f.pasid = iommu_sva_get_pasid(f.sva);
	*state = &f;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, NULL);
}

static int setup_retry(void **state)
{
	const struct iommu_system_cfg cfg = { .oom_policy = IOMMU_OOM_RETRY };

	return setup_with(state, &cfg);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	iommu_sva_unbind(f->sva);
	iommu_mm_put_users(&f->mm->mm);
	rig_down(&f->rig);
	return 0;
}

static int report(struct fixture *f, uint32_t grpid, uint64_t addr,
		  unsigned int perm, bool last)
{
	struct iommu_fault fault =
		page_request(f->pasid, grpid, addr, perm, last);

	return iommu_report_device_fault(f->dev, &fault);
}

/* Everything reported is answered. */
static void flush(struct fixture *f)
{
	assert_ok(iopf_queue_flush_dev(f->dev));
}

/* [J1] [J2] [J3] */
static void test_iopf_queue_membership(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *dev = f->rig.dev[1];
	struct iopf_queue *q, *other;

	assert_ok(iopf_queue_alloc(f->rig.sys, "q", &q));
	assert_ok(iopf_queue_alloc(f->rig.sys, "other", &other));
	assert_err(iopf_queue_flush_dev(dev), ENODEV);
	assert_err(iopf_queue_remove_device(q, dev), EINVAL);
	assert_ok(iopf_queue_add_device(q, dev));
	assert_err(iopf_queue_add_device(q, dev), EBUSY);
	assert_err(iopf_queue_add_device(other, dev), EBUSY);
	assert_err(iopf_queue_remove_device(other, dev), EINVAL);
	assert_err(iommu_device_remove(dev), EBUSY);
	assert_ok(iopf_queue_flush_dev(dev));
	assert_ok(iopf_queue_remove_device(q, dev));
	/* free() removes who is left. */
	assert_ok(iopf_queue_add_device(other, dev));
	iopf_queue_free(other);
	assert_err(iopf_queue_flush_dev(dev), ENODEV);
	iopf_queue_free(q);
	iopf_queue_free(NULL);
}

/* [J1] */
static void test_iopf_queue_alloc_no_memory(void **state)
{
	struct fixture *f = *state;
	struct iopf_queue *q = NULL;
	long n, live = f->rig.tp.live_allocations;
	int err;

	for (n = 1;; n++) {
		testplat_fail_nth(&f->rig.tp, n);
		err = iopf_queue_alloc(f->rig.sys, "q", &q);
		testplat_fail_nth(&f->rig.tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
		assert_null(q);
		assert_int_equal(f->rig.tp.live_allocations, live);
	}
	assert_true(n > 2);
	iopf_queue_free(q);
}

/* [J4] */
static void test_iopf_report_refused(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = { .type = IOMMU_FAULT_UNRECOV };

	assert_err(iommu_queue_iopf(&fault, f->dev, NULL), EOPNOTSUPP);
	fault = page_request(1, 1, 0, R, true);
	assert_err(iommu_queue_iopf(&fault, f->rig.dev[1], NULL), ENODEV);
	fault = page_request(1, 1, 0, R, false);
	assert_err(iommu_queue_iopf(&fault, f->rig.dev[1], NULL), ENODEV);
}

/* [I8] [J4] One answer per group, its pages in order, runs at once. */
static void test_iopf_group_one_answer(void **state)
{
	struct fixture *f = *state;
	struct mock_response r;

	assert_ok(report(f, 3, 0x1000, R, false));
	assert_ok(report(f, 4, 0x9000, W, false)); /* another group */
	assert_ok(report(f, 3, 0x2000, R, false));
	assert_ok(report(f, 3, 0x3000, W, false)); /* another access */
	assert_ok(report(f, 3, 0x8000, W, true));  /* another place */
	flush(f);
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_true(mock_response(f->rig.mock, 0, &r));
	assert_int_equal(r.prm.grpid, 3);
	assert_int_equal(r.code, IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(f->mm->pages, 4);
	assert_int_equal(f->mm->calls, 3);
	/* The other group is still whole. */
	assert_ok(report(f, 4, 0xa000, W, true));
	flush(f);
	assert_int_equal(f->mm->pages, 6);
	assert_int_equal(f->mm->calls, 4);
}

/* [N12] Partials belong to (PASID, group). */
static void test_iopf_group_by_pasid(void **state)
{
	struct fixture *f = *state;
	struct soft_mm *other = soft_mm_create(&f->rig);
	struct iommu_sva *sva;

	assert_ok(iommu_sva_bind(f->dev, &other->mm, NULL, &sva));
	assert_ok(report(f, 3, 0x1000, R, false));
	raise_request(&f->rig, f->dev, iommu_sva_get_pasid(sva), 3, 0x2000, R,
		      true);
	assert_true(mock_wait_responses(f->rig.mock, 1));
	assert_int_equal(other->pages, 1);
	assert_int_equal(f->mm->pages, 0);
	assert_ok(report(f, 3, 0x5000, R, true));
	flush(f);
	assert_int_equal(f->mm->pages, 2);
	iommu_sva_unbind(sva);
	iommu_mm_put_users(&other->mm);
}

/* [R3] [J8] [I5] What the address space says becomes the code. */
static void test_iopf_verdicts(void **state)
{
	static const struct {
		int err;
		enum iommu_page_response_code code;
	} rows[] = {
		{ 0, IOMMU_PAGE_RESP_SUCCESS },
		{ -EAGAIN, IOMMU_PAGE_RESP_SUCCESS },
		{ -EFAULT, IOMMU_PAGE_RESP_INVALID },
		{ -EACCES, IOMMU_PAGE_RESP_INVALID },
		{ -ESRCH, IOMMU_PAGE_RESP_INVALID },
		{ -EIO, IOMMU_PAGE_RESP_INVALID },
		{ -ENOMEM, IOMMU_PAGE_RESP_FAILURE },
	};
	struct fixture *f = *state;
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		atomic_store(&f->mm->fail, rows[i].err);
		assert_ok(report(f, i, 0x1000, R, true));
		flush(f);
		assert_int_equal(mock_response_count(f->rig.mock), i + 1);
		assert_int_equal(last_code(&f->rig), rows[i].code);
	}
}

/* The 2017 answer to out of memory, by setting. [F9] */
static void test_iopf_oom_policy_retry(void **state)
{
	struct fixture *f = *state;

	atomic_store(&f->mm->fail, -ENOMEM);
	assert_ok(report(f, 1, 0x1000, R, true));
	flush(f);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(iommu_fault_verdict(f->dev, -ENOMEM),
			 IOMMU_PAGE_RESP_SUCCESS);
}

/* [J8] No PASID, no page, no permission, no access at all. */
static void test_iopf_invalid_requests(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = page_request(0, 1, 0x1000, R, true);
	unsigned int calls;

	f->mm->limit = 8;
	f->mm->read_only = 4;
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	flush(f);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_ok(report(f, 1, 8 * 4096, R, true));
	flush(f);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_ok(report(f, 1, 4 * 4096, W, true));
	flush(f);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_ok(report(f, 1, 4 * 4096, R, true));
	flush(f);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_SUCCESS);
	calls = f->mm->calls;
	assert_ok(report(f, 1, 0, 0, true));
	flush(f);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->mm->calls, calls);
}

/* [I8] Addresses are the device's: a run does not go over the top. */
static void test_iopf_run_ends_at_top(void **state)
{
	struct fixture *f = *state;

	assert_ok(report(f, 1, UINT64_MAX - 4095, R, false));
	assert_ok(report(f, 1, 0, R, true));
	flush(f);
	assert_int_equal(f->mm->last_count, 1);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
}

/* [R3] The first failure decides; later pages are not touched. */
static void test_iopf_first_failure_skips_rest(void **state)
{
	struct fixture *f = *state;

	f->mm->read_only = 4;
	assert_ok(report(f, 1, 0x1000, R, false));
	assert_ok(report(f, 1, 0x4000, W, false));
	assert_ok(report(f, 1, 0x2000, R, true));
	flush(f);
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->mm->calls, 2);
	assert_int_equal(f->mm->pages, 1);
}

/* [J4] No memory for the group: dropped whole, the reporter answers. */
static void test_iopf_no_memory_group_dropped(void **state)
{
	struct fixture *f = *state;
	long n;
	int err;

	for (n = 1;; n++) {
		assert_ok(report(f, 1, 0x1000, R, false));
		testplat_fail_nth(&f->rig.tp, n);
		err = report(f, 1, 0x2000, R, true);
		testplat_fail_nth(&f->rig.tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
	}
	assert_int_equal(n, 3); /* the record, the group */
	flush(f);
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_int_equal(f->mm->pages, 2);
	testplat_fail_nth(&f->rig.tp, 1);
	assert_err(report(f, 1, 0x1000, R, false), ENOMEM);
	testplat_fail_nth(&f->rig.tp, 0);
}

/* [R15] Nor do its partials join the next group of that number. */
static void test_iopf_no_memory_partials_gone(void **state)
{
	struct fixture *f = *state;
	long n;

	for (n = 1; n <= 2; n++) {
		assert_ok(report(f, 1, 0x1000, R, false));
		testplat_fail_nth(&f->rig.tp, n);
		assert_err(report(f, 1, 0x2000, R, true), ENOMEM);
		testplat_fail_nth(&f->rig.tp, 0);
		assert_ok(report(f, 1, 0x3000, R, true));
		flush(f);
		assert_int_equal(f->mm->pages, n);
	}
}

/* [J4] [R2] The mock's driver answers what core refused, once. */
static void test_iopf_no_memory_driver_answers(void **state)
{
	struct fixture *f = *state;
	struct mock_response r;

	mock_hold_faults(f->rig.mock, true);
	raise_request(&f->rig, f->dev, f->pasid, 1, 0x1000, R, true);
	testplat_fail_nth(&f->rig.tp, 1);
	mock_report_all(f->rig.mock);
	testplat_fail_nth(&f->rig.tp, 0);
	mock_hold_faults(f->rig.mock, false);
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_true(mock_response(f->rig.mock, 0, &r));
	assert_true(r.by_driver);
	assert_int_equal(r.code, IOMMU_PAGE_RESP_FAILURE);
}

/* A device cannot make core keep pages without end. */
static void test_iopf_partials_bounded(void **state)
{
	struct fixture *f = *state;
	unsigned int i;

	for (i = 0; i < 4096; i++)
		assert_ok(report(f, i, 0x1000, R, false));
	assert_err(report(f, i, 0x1000, R, false), ENOMEM);
	assert_ok(report(f, 9, 0x2000, R, true));
	assert_ok(report(f, i, 0x1000, R, false));
	flush(f);
	assert_int_equal(f->mm->pages, 2);
}

/* [J6] [R15] [N2] After an overflow no old partial joins a new group. */
static void test_iopf_discard_partial(void **state)
{
	struct fixture *f = *state;
	struct iopf_queue *q;

	assert_err(iopf_queue_discard_partial(NULL), EINVAL);
	assert_ok(iopf_queue_alloc(f->rig.sys, "q", &q));
	assert_ok(iopf_queue_add_device(q, f->rig.dev[1]));
	{
		struct iommu_fault fault = page_request(1, 1, 0, R, false);

		assert_ok(iommu_queue_iopf(&fault, f->rig.dev[1], NULL));
	}
	assert_int_equal(iommu_fault_overflows(f->rig.dev[1]), 0);
	assert_ok(iopf_queue_discard_partial(q));
	/* Who groups by himself hears of it; of another queue's not. */
	assert_int_equal(iommu_fault_overflows(f->rig.dev[1]), 1);
	assert_int_equal(iommu_fault_overflows(f->dev), 0);
	iopf_queue_free(q);

	/* A device of the unit's own queue, whose partials stay: they leave
	 * with the device, and nothing leaks. */
	assert_ok(report(f, 1, 0x1000, R, false));
	assert_ok(report(f, 1, 0x2000, R, true));
	flush(f);
	assert_int_equal(f->mm->pages, 2);
	assert_ok(report(f, 2, 0x1000, R, false));
}

/* [J6] The same on the queue that SVA uses, complete groups untouched. */
static void test_iopf_discard_keeps_complete_groups(void **state)
{
	struct fixture *f = *state;
	struct iopf_queue *q;

	iommu_sva_unbind(f->sva);
	assert_ok(iommu_dev_disable_feature(f->dev, IOMMU_DEV_FEAT_SVA));
	assert_ok(iopf_queue_alloc(f->rig.sys, "q", &q));
	assert_ok(iopf_queue_add_device(q, f->dev));
	assert_ok(iommu_register_device_fault_handler(f->dev, iommu_queue_iopf,
						      NULL));
	{
		struct iommu_domain *domain;

		assert_ok(iommu_domain_alloc_sva(mock_unit(f->rig.mock),
						 &f->mm->mm, &domain));
		assert_ok(iommu_attach_device_pasid(domain, f->dev, 1));
		soft_mm_block(f->mm, true);
		assert_ok(report(f, 1, 0x1000, R, true));
		soft_mm_wait_blocked(f->mm, 1);
		assert_ok(report(f, 1, 0x2000, R, false));
		assert_ok(report(f, 1, 0x3000, R, false));
		assert_ok(iopf_queue_discard_partial(q));
		soft_mm_block(f->mm, false);
		assert_ok(report(f, 1, 0x4000, R, true));
		flush(f);
		assert_int_equal(mock_response_count(f->rig.mock), 2);
		assert_int_equal(f->mm->pages, 2);
		iommu_detach_device_pasid(domain, f->dev, 1);
		assert_ok(iommu_domain_free(domain));
	}
	assert_ok(iommu_unregister_device_fault_handler(f->dev));
	iopf_queue_free(q);
	assert_ok(iommu_dev_enable_feature(f->dev, IOMMU_DEV_FEAT_SVA));
	assert_ok(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->sva));
}

struct flusher {
	struct fixture *f;
	_Atomic bool done;
};

static void *flush_thread(void *arg)
{
	struct flusher *fl = arg;

	(void)!iopf_queue_flush_dev(fl->f->dev);
	atomic_store(&fl->done, true);
	return NULL;
}

/* [J5] */
static void test_iopf_flush_waits_for_handling(void **state)
{
	struct flusher fl = { .f = *state };
	struct fixture *f = fl.f;
	pthread_t thread;
	unsigned int i;

	soft_mm_block(f->mm, true);
	assert_ok(report(f, 1, 0x1000, R, true));
	soft_mm_wait_blocked(f->mm, 1);
	pthread_create(&thread, NULL, flush_thread, &fl);
	for (i = 0; i < 100; i++)
		plat_relax(f->rig.plat, i);
	assert_false(atomic_load(&fl.done));
	assert_int_equal(mock_response_count(f->rig.mock), 0);
	soft_mm_block(f->mm, false);
	pthread_join(thread, NULL);
	assert_int_equal(mock_response_count(f->rig.mock), 1);
}

/* [I8] Groups complete in any order: one that waits holds up no other. */
static void test_iopf_groups_independent(void **state)
{
	struct fixture *f = *state;
	struct soft_mm *other = soft_mm_create(&f->rig);
	struct iommu_sva *sva;
	struct mock_response r;

	assert_ok(iommu_sva_bind(f->dev, &other->mm, NULL, &sva));
	soft_mm_block(f->mm, true);
	assert_ok(report(f, 1, 0x1000, R, true));
	soft_mm_wait_blocked(f->mm, 1);
	raise_request(&f->rig, f->dev, iommu_sva_get_pasid(sva), 2, 0x1000, R,
		      true);
	assert_true(mock_wait_responses(f->rig.mock, 1));
	assert_true(mock_response(f->rig.mock, 0, &r));
	assert_int_equal(r.prm.grpid, 2);
	soft_mm_block(f->mm, false);
	assert_true(mock_wait_responses(f->rig.mock, 2));
	iommu_sva_unbind(sva);
	iommu_mm_put_users(&other->mm);
}

/* [J8] The worker drops the last user: the exit is somebody else's. */
static void test_iopf_worker_has_the_last_user(void **state)
{
	struct fixture *f = *state;
	struct soft_mm *mm = soft_mm_create(&f->rig);
	_Atomic bool freed = false;
	struct iommu_sva *sva;
	ioasid_t pasid;

	mm->freed = &freed;
	assert_ok(iommu_sva_bind(f->dev, &mm->mm, NULL, &sva));
	pasid = iommu_sva_get_pasid(sva);
	soft_mm_block(mm, true);
	raise_request(&f->rig, f->dev, pasid, 2, 0x1000, R, true);
	soft_mm_wait_blocked(mm, 1);
	iommu_mm_put_users(&mm->mm);
	assert_false(mm->exited);
	soft_mm_block(mm, false);
	assert_true(mock_wait_responses(f->rig.mock, 1));
	while (!atomic_load(&mm->exited))
		plat_relax(f->rig.plat, 1);
	iommu_sva_unbind(sva);
	/* The worker that ran the exit has a reference for a moment more. */
	while (!atomic_load(&freed))
		plat_relax(f->rig.plat, 1);
}

/* [I7] [R2] A late answer does not hit the group's next request. */
static void test_iopf_late_answer_after_timeout(void **state)
{
	const struct iommu_system_cfg cfg = { .response_timeout_s = 1 };
	struct fixture *f;
	struct mock_response r;
	void *fixture;

	(void)state;
	setup_with(&fixture, &cfg);
	f = fixture;
	soft_mm_block(f->mm, true);
	assert_ok(report(f, 1, 0x1000, R, true));
	assert_true(mock_wait_responses(f->rig.mock, 1));
	/* The device uses the number again while the old one is stuck. */
	assert_ok(report(f, 1, 0x2000, R, true));
	soft_mm_block(f->mm, false);
	flush(f);
	assert_int_equal(mock_response_count(f->rig.mock), 2);
	assert_true(mock_response(f->rig.mock, 0, &r));
	assert_int_equal(r.code, IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(r.prm.addr, 0x1000);
	assert_true(mock_response(f->rig.mock, 1, &r));
	assert_int_equal(r.prm.addr, 0x2000);
	teardown(&fixture);
}

struct load {
	struct fixture *f;
	_Atomic bool stop;
	unsigned int sent;
	uint32_t base;
};

static void *load_thread(void *arg)
{
	struct load *l = arg;
	uint32_t i;

	for (i = 0; i < 400 && !atomic_load(&l->stop); i++) {
		uint32_t grpid = l->base + i % 32;

		if (report(l->f, grpid, (uint64_t)(i % 64) << 12, R, false))
			continue;
		if (!report(l->f, grpid, (uint64_t)(i % 64) << 12, W, true))
			l->sent++;
	}
	return NULL;
}

/* [J5] [R2] Reports from two threads under flushes: one answer each. */
static void test_iopf_flush_under_load(void **state)
{
	struct fixture *f = *state;
	struct load a = { .f = f }, b = { .f = f, .base = 100 };
	pthread_t ta, tb;
	unsigned int i;

	pthread_create(&ta, NULL, load_thread, &a);
	pthread_create(&tb, NULL, load_thread, &b);
	for (i = 0; i < 50; i++)
		flush(f);
	pthread_join(ta, NULL);
	pthread_join(tb, NULL);
	flush(f);
	assert_int_equal(mock_response_count(f->rig.mock), a.sent + b.sent);
}

/* A last resort that resolves all but @bad, and counts. */
struct resort {
	unsigned int calls;
	uint64_t bad, last;
	int last_err;
};

static int resort(struct iommu_device *dev,
		  const struct iommu_fault_page_request *prm, int err,
		  void *data)
{
	struct resort *r = data;

	(void)dev;
	r->calls++;
	r->last = prm->addr;
	r->last_err = err;
	return prm->addr == r->bad ? err : 0;
}

/* [F6] [U18] Only pages that were refused get there; its error decides. */
static void test_iopf_last_resort(void **state)
{
	struct fixture *f = *state;
	struct resort r = { .bad = 0x9000 };
	struct iommu_domain *domain;
	const ioasid_t pasid = 77, bound = f->pasid;

	assert_ok(iommu_domain_alloc_sva(mock_unit(f->rig.mock), &f->mm->mm,
					 &domain));
	assert_ok(iommu_domain_set_iopf_handler(domain, resort, &r));
	assert_ok(iommu_attach_device_pasid(domain, f->dev, pasid));
	assert_err(iommu_domain_set_iopf_handler(domain, NULL, NULL), EBUSY);
	f->mm->limit = 8;
	f->pasid = pasid;
	assert_ok(report(f, 1, 0x6000, R, false));
	assert_ok(report(f, 1, 0x7000, R, false));
	assert_ok(report(f, 1, 0x8000, R, true));
	flush(f);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(r.calls, 1);
	assert_int_equal(r.last, 0x8000);
	assert_int_equal(r.last_err, -EFAULT);
	assert_int_equal(f->mm->pages, 2);

	assert_ok(report(f, 2, 0x9000, R, false));
	assert_ok(report(f, 2, 0x5000, R, true));
	flush(f);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(r.calls, 2);
	assert_int_equal(f->mm->pages, 2);

	/* Not for want of memory, nor for a request that wants nothing. */
	atomic_store(&f->mm->fail, -ENOMEM);
	assert_ok(report(f, 3, 0x5000, R, true));
	flush(f);
	atomic_store(&f->mm->fail, 0);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_FAILURE);
	assert_ok(report(f, 4, 0x8000, 0, true));
	flush(f);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(r.calls, 2);

	/* Negative control: the other domain has none. */
	f->pasid = bound;
	assert_ok(report(f, 5, 0x8000, R, true));
	flush(f);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(r.calls, 2);
	iommu_detach_device_pasid(domain, f->dev, pasid);
	assert_ok(iommu_domain_free(domain));
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_iopf_queue_membership),
		TEST(test_iopf_queue_alloc_no_memory),
		TEST(test_iopf_report_refused),
		TEST(test_iopf_group_one_answer),
		TEST(test_iopf_group_by_pasid),
		TEST(test_iopf_verdicts),
		cmocka_unit_test_setup_teardown(test_iopf_oom_policy_retry,
						setup_retry, teardown),
		TEST(test_iopf_invalid_requests),
		TEST(test_iopf_run_ends_at_top),
		TEST(test_iopf_first_failure_skips_rest),
		TEST(test_iopf_no_memory_group_dropped),
		TEST(test_iopf_no_memory_partials_gone),
		TEST(test_iopf_no_memory_driver_answers),
		TEST(test_iopf_partials_bounded),
		TEST(test_iopf_discard_partial),
		TEST(test_iopf_discard_keeps_complete_groups),
		TEST(test_iopf_flush_waits_for_handling),
		TEST(test_iopf_groups_independent),
		TEST(test_iopf_worker_has_the_last_user),
		cmocka_unit_test(test_iopf_late_answer_after_timeout),
		TEST(test_iopf_flush_under_load),
		TEST(test_iopf_last_resort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
