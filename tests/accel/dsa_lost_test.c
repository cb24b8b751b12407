/* SPDX-License-Identifier: MIT */
/*
 * Completion records whose page the device cannot have: nobody waits for ever.
 * DSA 341204 5.8.2.
 */
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

#define JOBS 6u

/* A job each on a page of its own, behind a page for the records. */
static struct dsa_job *job_page(void)
{
	struct dsa_job *job = aligned_alloc(FIX_PAGE, FIX_PAGE);

	assert_non_null(job);
	memset(job, 0, FIX_PAGE);
	return job;
}

static void assert_lost(const struct dsa_result *r, const struct dsa_job *job)
{
	assert_int_equal(r->status, -EFAULT);
	assert_int_equal(r->code, DSA_COMP_CR_PAGE_FAULT);
	assert_int_equal(r->fault_addr, (uintptr_t)job->comp);
	assert_true(r->fault_write);
}

static void run_lost(bool shared)
{
	struct dsa_job *job = job_page(), good;
	struct dsa_result r;
	struct dsa_wq *wq;
	struct machine m;

	up(&m);
	wq = wq_up(&m, shared);
	forbid(m.f, (void *)job, false);
	dsa_job_noop(job, the_sva);
	assert_int_equal(dsa_submit(wq, job), 0);
	assert_int_equal(dsa_wait(job, 0, &r), 0);
	assert_lost(&r, job);
	/* Another is not taken for lost, whenever it was submitted. */
	dsa_job_noop(&good, the_sva);
	assert_int_equal(run(wq, &good).status, 0);
	/* The same job, with its page again. */
	memset(m.f->forbidden, 0, sizeof(m.f->forbidden));
	dsa_job_noop(job, the_sva);
	assert_int_equal(run(wq, job).status, 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(job);
}

static void test_dsa_record_lost_wait_ends(void **state)
{
	(void)state;
	run_lost(false);
	run_lost(true);
}

/* The register has room for one error: the others are lost as well. */
static void test_dsa_records_lost_all_waits_end(void **state)
{
	struct dsa_job *jobs[JOBS], good[JOBS];
	struct dsa_result r;
	struct dsa_wq *wq;
	struct machine m;
	unsigned int i;

	(void)state;
	up(&m);
	wq = wq_up(&m, true);
	machine_pause(&m);
	for (i = 0; i < JOBS; i++) {
		jobs[i] = job_page();
		forbid(m.f, (void *)jobs[i], false);
		dsa_job_noop(jobs[i], the_sva);
		dsa_job_noop(&good[i], the_sva);
		assert_int_equal(dsa_submit(wq, jobs[i]), 0);
		assert_int_equal(dsa_submit(wq, &good[i]), 0);
	}
	atomic_store(&m.pause, false);
	for (i = 0; i < JOBS; i++) {
		assert_int_equal(dsa_wait(jobs[i], 0, &r), 0);
		assert_lost(&r, jobs[i]);
		assert_int_equal(dsa_wait(&good[i], 0, &r), 0);
		assert_int_equal(r.status, 0);
	}
	memset(m.f->forbidden, 0, sizeof(m.f->forbidden));
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	for (i = 0; i < JOBS; i++)
		free(jobs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_record_lost_wait_ends),
		cmocka_unit_test(test_dsa_records_lost_all_waits_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
