/* SPDX-License-Identifier: MIT */
/*
 * Something happens between two steps of a bind or an unbind: the mock calls
 * back before each op, and the test does it there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/system.h"
#include "tests/core/rig.h"

struct fixture;
typedef void (*act_fn)(struct fixture *f);

struct fixture {
	struct rig rig;
	struct soft_mm *mm;
	struct iommu_device *dev;
	struct iommu_sva *sva;
	bool mm_gone;

	/* Do @act before the @nth call of @op. */
	enum mock_op op;
	unsigned int nth;
	_Atomic(act_fn) act; /* set last */
	_Atomic bool acted;

	pthread_t thread;
	struct iommu_sva *rebound;
	_Atomic bool thread_done;
	int thread_err;
};

static void before(void *arg, enum mock_op op, struct iommu_device *dev,
		   ioasid_t pasid)
{
	struct fixture *f = arg;
	act_fn act = atomic_load(&f->act);

	(void)dev, (void)pasid;
	if (act && op == f->op && !--f->nth)
		act(f);
}

static int setup(void **state)
{
	static struct fixture f;
	const struct mock_cfg cfg = { .before = before, .arg = &f };

	memset(&f, 0, sizeof(f));
	rig_up(&f.rig, NULL, &cfg);
	f.dev = f.rig.dev[0];
	f.mm = soft_mm_create(&f.rig);
	assert_ok(iommu_dev_enable_feature(f.dev, IOMMU_DEV_FEAT_SVA));
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	atomic_store(&f->act, NULL);
	if (!f->mm_gone)
		iommu_mm_put_users(&f->mm->mm);
	rig_down(&f->rig);
	return 0;
}

static void on(struct fixture *f, enum mock_op op, unsigned int nth, act_fn act)
{
	f->op = op;
	f->nth = nth;
	atomic_store(&f->act, act);
}

static void bind(struct fixture *f)
{
	assert_ok(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->sva));
}

static void act_request(struct fixture *f)
{
	raise_request(&f->rig, f->dev, 1, 5, 0x1000, R, true);
}

/* [R1] [R2] A request between any two steps of an unbind is answered once, and
 * once the entry has gone nobody's memory is touched for it. */
static void test_steps_request_during_unbind(void **state)
{
	static const struct {
		enum mock_op op;
		unsigned int nth;
		bool served;
	} rows[] = {
		{ MOCK_OP_DRAIN, 1, true },
		{ MOCK_OP_DRAIN, 2, false },
		{ MOCK_OP_DOMAIN_FREE, 1, false },
	};
	struct fixture *f = *state;
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int calls = f->mm->calls;

		bind(f);
		mock_hold_faults(f->rig.mock, rows[i].op == MOCK_OP_DRAIN);
		on(f, rows[i].op, rows[i].nth, act_request);
		iommu_sva_unbind(f->sva);
		atomic_store(&f->act, NULL);
		assert_true(mock_wait_responses(f->rig.mock, i + 1));
		assert_int_equal(mock_response_count(f->rig.mock), i + 1);
		assert_int_equal(f->mm->calls, calls + rows[i].served);
		assert_int_equal(last_code(&f->rig),
				 rows[i].served ? IOMMU_PAGE_RESP_SUCCESS :
						  IOMMU_PAGE_RESP_INVALID);
		mock_hold_faults(f->rig.mock, false);
	}
}

static void act_exit(struct fixture *f)
{
	f->mm_gone = true;
	iommu_mm_put_users(&f->mm->mm);
}

/* [B4] [R6] The exit finds an unbind half way: before the entry has gone it
 * makes it quiet, after that it does not bring it back. */
static void test_steps_exit_during_unbind(void **state)
{
	struct fixture *f = *state;
	unsigned int nth;

	for (nth = 1; nth <= 2; nth++) {
		unsigned int quiet = mock_calls(f->rig.mock, MOCK_OP_QUIESCE);
		_Atomic bool freed = false;

		f->mm->freed = &freed;
		bind(f);
		on(f, MOCK_OP_DRAIN, nth, act_exit);
		iommu_sva_unbind(f->sva);
		atomic_store(&f->act, NULL);
		assert_true(freed);
		assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_QUIESCE),
				 quiet + (nth == 1));
		assert_int_equal(mock_entry(f->rig.mock, f->dev, 1),
				 MOCK_ENTRY_ABORT);
		assert_int_equal(stats_of(&f->rig).pasids, 0);
		f->mm = soft_mm_create(&f->rig);
		f->mm_gone = false;
	}
}

static void *rebind_thread(void *arg)
{
	struct fixture *f = arg;

	f->thread_err = iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->rebound);
	atomic_store(&f->thread_done, true);
	return NULL;
}

static void act_rebind(struct fixture *f)
{
	pthread_create(&f->thread, NULL, rebind_thread, f);
	while (!atomic_load(&f->rig.sys->sva_event.waiters) &&
	       !atomic_load(&f->thread_done))
		plat_relax(f->rig.plat, 1);
}

/* [R14] [B2] A bind that meets the last unbind waits, and makes a new one. */
static void test_steps_bind_during_unbind_makes_new(void **state)
{
	struct fixture *f = *state;

	bind(f);
	on(f, MOCK_OP_DRAIN, 1, act_rebind);
	iommu_sva_unbind(f->sva);
	atomic_store(&f->act, NULL);
	pthread_join(f->thread, NULL);
	assert_ok(f->thread_err);
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_SET), 2);
	assert_int_equal(mock_entry(f->rig.mock, f->dev,
				    iommu_sva_get_pasid(f->rebound)),
			 MOCK_ENTRY_LIVE);
	iommu_sva_unbind(f->rebound);
}

static void act_block_fault(struct fixture *f)
{
	soft_mm_block(f->mm, true);
	act_request(f);
	soft_mm_wait_blocked(f->mm, 1);
	atomic_store(&f->acted, true);
}

/* [B14] [R1] A fault found the attachment of a bind that then fails: the bind
 * does not return, and free it, before the fault is over. */
static void test_steps_failed_bind_waits_for_fault(void **state)
{
	struct fixture *f = *state;
	unsigned int i;

	mock_fail(f->rig.mock, MOCK_OP_SET, 1, -EIO);
	on(f, MOCK_OP_SET, 1, act_block_fault);
	pthread_create(&f->thread, NULL, rebind_thread, f);
	/* Who waits for the fault to block has seen it, too. */
	for (i = 0; !atomic_load(&f->acted); i++)
		plat_relax(f->rig.plat, i);
	for (i = 0; i < 300; i++)
		plat_relax(f->rig.plat, i);
	assert_false(atomic_load(&f->thread_done));
	soft_mm_block(f->mm, false);
	pthread_join(f->thread, NULL);
	assert_err(f->thread_err, EIO);
	assert_null(f->rebound);
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_int_equal(f->mm->mm.refs, 1);
}

/* [B14] The first fault comes before set_dev_pasid() has returned. */
static void test_steps_fault_during_bind_served(void **state)
{
	struct fixture *f = *state;

	on(f, MOCK_OP_SET, 1, act_request);
	bind(f);
	atomic_store(&f->act, NULL);
	assert_true(mock_wait_responses(f->rig.mock, 1));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_SUCCESS);
	iommu_sva_unbind(f->sva);
}

/* Stops its device as a driver does: waits until its requests are answered. */
static int exit_after_answer(struct iommu_device *dev, struct iommu_sva *sva,
			     void *drvdata)
{
	struct fixture *f = drvdata;

	(void)dev, (void)sva;
	f->thread_err = mock_wait_responses(f->rig.mock, 1) ? 0 : -ETIMEDOUT;
	return f->thread_err;
}

/* [J8] [B7] The exit may wait for the very worker that dropped the last user. */
static void test_steps_exit_waits_for_worker(void **state)
{
	static const struct iommu_sva_ops ops = { exit_after_answer };
	struct fixture *f = *state;

	f->thread_err = -EAGAIN;
	assert_ok(iommu_sva_bind(f->dev, &f->mm->mm, f, &f->sva));
	assert_ok(iommu_sva_set_ops(f->sva, &ops));
	soft_mm_block(f->mm, true);
	act_request(f);
	soft_mm_wait_blocked(f->mm, 1);
	iommu_mm_put_users(&f->mm->mm);
	f->mm_gone = true;
	soft_mm_block(f->mm, false);
	while (iommu_sva_get_pasid(f->sva) != IOMMU_PASID_INVALID)
		plat_relax(f->rig.plat, 1);
	assert_ok(f->thread_err);
	iommu_sva_unbind(f->sva);
	/* The exit may still be on its way. */
	while (stats_of(&f->rig).pasids)
		plat_relax(f->rig.plat, 1);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_steps_request_during_unbind),
		TEST(test_steps_exit_during_unbind),
		TEST(test_steps_bind_during_unbind_makes_new),
		TEST(test_steps_failed_bind_waits_for_fault),
		TEST(test_steps_fault_during_bind_served),
		TEST(test_steps_exit_waits_for_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
