/* SPDX-License-Identifier: MIT */
/* Waiting for jobs, and what ends a wait that would not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/accel/fixture.h"

static void test_dsa_wait_sleeps_until_interrupt(void **state)
{
	const struct timespec nap = { .tv_nsec = 30000000 };
	struct dsa_hw_stats before, after;
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	up(&m);
	wq = wq_up(&m, false);
	dsa_hw_stats(m.f->dsa, &before);
	machine_pause(&m);
	dsa_job_noop(&job, the_sva);
	assert_int_equal(dsa_submit(wq, &job), 0);
	assert_false(dsa_job_done(&job));
	assert_int_equal(dsa_wait(&job, 5, &r), -ETIMEDOUT);
	atomic_store(&m.pause, false);
	nanosleep(&nap, NULL);
	assert_int_equal(dsa_wait(&job, 0, &r), 0);
	assert_int_equal(r.status, 0);
	dsa_hw_stats(m.f->dsa, &after);
	assert_true(after.interrupts > before.interrupts);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
}

/* A clock that jumps, and a count of the turns that were spent waiting. */
static _Atomic uint64_t jumping_now;
static _Atomic unsigned int relaxed;

static uint64_t jumping_now_ns(void *ctx)
{
	(void)ctx;
	return atomic_fetch_add(&jumping_now, 1000000000);
}

static void count_relax(void *ctx, unsigned int turns)
{
	(void)ctx;
	(void)turns;
	atomic_fetch_add(&relaxed, 1);
}

/* The time for polling is part of the time there is. */
static void test_dsa_wait_polls_no_longer_than_it_may(void **state)
{
	const struct plat_ops *real;
	struct plat_ops ops;
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	up(&m);
	wq = wq_up(&m, false);
	machine_pause(&m);
	dsa_job_noop(&job, the_sva);
	assert_int_equal(dsa_submit(wq, &job), 0);
	real = tp.plat.ops;
	ops = *real;
	ops.now_ns = jumping_now_ns;
	ops.relax = count_relax;
	atomic_store(&relaxed, 0);
	tp.plat.ops = &ops;
	assert_int_equal(dsa_wait(&job, 5, &r), -ETIMEDOUT);
	tp.plat.ops = real;
	assert_int_equal(atomic_load(&relaxed), 0);
	atomic_store(&m.pause, false);
	assert_int_equal(dsa_wait(&job, 0, &r), 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
}

/* Its jobs will not end: whoever waits for one is told. */
static void test_dsa_halt_cancels_waiters(void **state)
{
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	up(&m);
	wq = wq_up(&m, false);
	machine_pause(&m);
	dsa_job_noop(&job, the_sva);
	assert_int_equal(dsa_submit(wq, &job), 0);
	dsa_hw_cfg_write(m.f->dsa,
			 fix_ext_cap(m.f, PCIE_EXT_CAP_ID_ATS) + PCIE_ATS_CTRL,
			 2, 0);
	assert_int_equal(dsa_wait(&job, 20000, &r), 0);
	assert_int_equal(r.status, -ECANCELED);
	atomic_store(&m.pause, false);
	assert_int_equal(dsa_wq_close(wq), -ETIMEDOUT);
	down(&m);
}

/* A page request that nobody answers: the close does not hang. */
static void test_dsa_wq_close_stuck_device_reset(void **state)
{
	unsigned char *a = buffer(2, 1), *b = buffer(2, 2);
	struct dsa_open_cfg cfg;
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	machine_start(&m);
	cfg = open_cfg(&m);
	cfg.timeout_ms = 100;
	assert_int_equal(dsa_open(&cfg, &m.dsa), 0);
	wq = wq_up(&m, true);
	m.f->prg = FIX_PRG_HOLD;
	forbid(m.f, b, true);
	dsa_job_memmove(&job, the_sva, b, a, 100);
	dsa_job_set_block_on_fault(&job);
	assert_int_equal(dsa_submit(wq, &job), 0);
	assert_int_equal(dsa_wait(&job, 20, &r), -ETIMEDOUT);
	assert_int_equal(dsa_wq_close(wq), -ETIMEDOUT);
	assert_int_equal(dsa_wait(&job, 0, &r), 0);
	assert_int_equal(r.status, -ECANCELED);
	down(&m);
	free(a);
	free(b);
}

/* The driver with a platform device: stalls, messages, and its reset line. */
static void test_dsa_platform_device_works_and_is_reset(void **state)
{
	unsigned char *a = buffer(4, 1), *b = buffer(4, 2);
	struct dsa_open_cfg cfg;
	struct dsa_result r;
	struct dsa_wq *wq;
	struct dsa_job job;
	struct machine m;

	(void)state;
	machine_start_platform(&m);
	cfg = open_cfg(&m);
	cfg.reset = NULL;
	assert_int_equal(dsa_open(&cfg, &m.dsa), -EINVAL);
	cfg = open_cfg(&m);
	cfg.timeout_ms = 100;
	assert_int_equal(dsa_open(&cfg, &m.dsa), 0);
	wq = wq_up(&m, true);
	dsa_job_memmove(&job, the_sva, b, a, 4 * FIX_PAGE);
	dsa_job_set_block_on_fault(&job);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_memory_equal(a, b, 4 * FIX_PAGE);
	/* Aborted by the IOMMU. */
	forbid(m.f, b + FIX_PAGE, false);
	r = run(wq, &job);
	assert_int_equal(r.status, -EFAULT);
	assert_int_equal(r.fault_addr, (uintptr_t)b + FIX_PAGE);
	assert_int_equal(r.bytes, FIX_PAGE);
	/* Stalled, and nobody answers: the close does not hang. */
	m.f->stall = FIX_STALL_HOLD;
	assert_int_equal(dsa_submit(wq, &job), 0);
	assert_int_equal(dsa_wait(&job, 20, &r), -ETIMEDOUT);
	assert_int_equal(atomic_load(&m.resets), 0);
	assert_int_equal(dsa_wq_close(wq), -ETIMEDOUT);
	assert_int_equal(atomic_load(&m.resets), 1);
	assert_int_equal(dsa_wait(&job, 0, &r), 0);
	assert_int_equal(r.status, -ECANCELED);
	/* Late, and of no interest. */
	fix_resume(m.f, 0, true);
	down(&m);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_wait_sleeps_until_interrupt),
		cmocka_unit_test(test_dsa_wait_polls_no_longer_than_it_may),
		cmocka_unit_test(test_dsa_halt_cancels_waiters),
		cmocka_unit_test(test_dsa_wq_close_stuck_device_reset),
		cmocka_unit_test(test_dsa_platform_device_works_and_is_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
