/* SPDX-License-Identifier: MIT */
/* Bringing the accelerator up, queues, and jobs on memory that is there. */
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

static void all_jobs(bool shared)
{
	unsigned char *a = buffer(20, 1), *b = buffer(20, 2);
	const uint64_t pattern = 0x1122334455667788;
	const uint32_t n = 70001;
	struct dsa_result r;
	struct dsa_wq *wq;
	struct dsa_job job;
	struct machine m;
	uint32_t half;
	size_t i;

	up(&m);
	wq = wq_up(&m, shared);
	dsa_job_noop(&job, the_sva);
	assert_int_equal(run(wq, &job).status, 0);
	dsa_job_drain(&job, the_sva);
	assert_int_equal(run(wq, &job).status, 0);

	dsa_job_memmove(&job, the_sva, b + 5, a + 3, n);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);
	assert_memory_equal(a + 3, b + 5, n);

	dsa_job_compare(&job, the_sva, a + 3, b + 5, n);
	assert_false(run(wq, &job).differs);
	b[5 + 4711] ^= 1;
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_true(r.differs);
	assert_int_equal(r.bytes, 4711);

	dsa_job_crc32c(&job, the_sva, "123456789", 0, 9);
	assert_int_equal(run(wq, &job).crc, 0xe3069283);
	/* An earlier result continues. */
	dsa_job_crc32c(&job, the_sva, "12345", 0, 5);
	half = run(wq, &job).crc;
	dsa_job_crc32c(&job, the_sva, "6789", half, 4);
	assert_int_equal(run(wq, &job).crc, 0xe3069283);

	dsa_job_copy_crc32c(&job, the_sva, b, a, 0, n);
	assert_int_equal(run(wq, &job).crc, fix_crc32c(0, a, n));
	assert_memory_equal(a, b, n);

	dsa_job_fill(&job, the_sva, b + 1, pattern, n);
	assert_int_equal(run(wq, &job).status, 0);
	for (i = 0; i < n; i++)
		assert_int_equal(b[1 + i], (uint8_t)(pattern >> (i % 8 * 8)));
	dsa_job_compare_pattern(&job, the_sva, b + 1, pattern, n);
	assert_false(run(wq, &job).differs);

	dsa_job_memmove(&job, the_sva, b, a, 0);
	r = run(wq, &job);
	assert_int_equal(r.status, -EINVAL);
	assert_int_equal(r.code, 0x13);
	assert_int_equal(dsa_drain_pasid(m.dsa, the_sva), 0);
	bind_pasid = IOMMU_PASID_INVALID;
	assert_int_equal(dsa_drain_pasid(m.dsa, the_sva), 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(a);
	free(b);
}

static void test_dsa_jobs_dedicated_queue_complete(void **state)
{
	(void)state;
	all_jobs(false);
}

static void test_dsa_jobs_shared_queue_complete(void **state)
{
	(void)state;
	all_jobs(true);
}

/* More jobs than entries: none is lost, none is refused. */
static void many(bool shared)
{
	static struct dsa_job jobs[200];
	struct dsa_result r;
	struct machine m;
	struct dsa_wq *wq;
	size_t i;

	up(&m);
	wq = wq_up(&m, shared);
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		dsa_job_noop(&jobs[i], the_sva);
		assert_int_equal(dsa_submit(wq, &jobs[i]), 0);
	}
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		assert_int_equal(dsa_wait(&jobs[i], 0, &r), 0);
		assert_int_equal(r.status, 0);
	}
	assert_int_equal(fix_read(m.f, DSA_REG_SWERR) & 1, 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
}

static void test_dsa_submit_dedicated_never_overflows(void **state)
{
	(void)state;
	many(false);
}

static void test_dsa_submit_shared_retries(void **state)
{
	(void)state;
	many(true);
}

static void test_dsa_batch_failing_member_reported(void **state)
{
	unsigned char *a = buffer(2, 1), *b = buffer(2, 2);
	_Alignas(64) unsigned char list[3 * 64];
	struct dsa_job job, part[3];
	struct dsa_result r;
	struct machine m;
	struct dsa_wq *wq;
	unsigned int i;

	(void)state;
	up(&m);
	wq = wq_up(&m, true);
	dsa_job_memmove(&part[0], the_sva, b, a, 100);
	dsa_job_memmove(&part[1], the_sva, b, a, 100);
	dsa_job_memmove(&part[2], the_sva, b + FIX_PAGE, a, 100);
	for (i = 0; i < 3; i++)
		memcpy(list + 64 * i, part[i].desc, 64);
	dsa_job_batch(&job, the_sva, list, 3);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, 3);
	assert_memory_equal(a, b + FIX_PAGE, 100);

	dsa_job_memmove(&part[1], the_sva, b, a, 0);
	memcpy(list + 64, part[1].desc, 64);
	r = run(wq, &job);
	assert_int_equal(r.status, -EREMOTEIO);
	assert_int_equal(r.bytes, 3);
	assert_true(dsa_job_done(&part[2]));
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(a);
	free(b);
}

static void test_dsa_jobs_dualcast_and_delta_complete(void **state)
{
	unsigned char *a = buffer(20, 1), *b = buffer(20, 2);
	unsigned char *rec = buffer(28, 3);
	const uint32_t n = 70000;
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	up(&m);
	wq = wq_up(&m, true);
	dsa_job_dualcast(&job, the_sva, b + 7, rec + 7, a + 1, n);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);
	assert_memory_equal(a + 1, b + 7, n);
	assert_memory_equal(a + 1, rec + 7, n);
	dsa_job_dualcast(&job, the_sva, b + 7, rec + 8, a, n);
	r = run(wq, &job);
	assert_int_equal(r.status, -EINVAL);
	assert_int_equal(r.code, DSA_COMP_DUALCAST_ALIGN);
	dsa_job_cache_flush(&job, the_sva, b + 7, n);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);

	memcpy(b, a, n);
	dsa_job_delta_create(&job, the_sva, rec, 80, a, b, n);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_false(r.differs || r.delta_full);
	assert_int_equal(r.bytes, n);
	assert_int_equal(r.delta_size, 0);
	b[800] ^= 1;
	b[60001] ^= 1;
	r = run(wq, &job);
	assert_true(r.differs && !r.delta_full);
	assert_int_equal(r.bytes, n);
	assert_int_equal(r.delta_size, 20);
	assert_int_equal(rec[0], 100);
	dsa_job_delta_apply(&job, the_sva, a, n, rec, r.delta_size);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, 20);
	assert_memory_equal(a, b, n);

	memset(b + 4096, 0x5a, 4096);
	dsa_job_delta_create(&job, the_sva, rec, 80, a, b, n);
	r = run(wq, &job);
	assert_true(r.differs && r.delta_full);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, 4096 + 64);
	assert_int_equal(r.delta_size, 80);
	/* Out of the destination: told apart, and where. */
	dsa_job_delta_apply(&job, the_sva, a, 4096 + 8, rec, 80);
	r = run(wq, &job);
	assert_int_equal(r.status, -EINVAL);
	assert_int_equal(r.code, DSA_COMP_DELTA_OFFSET_RANGE);
	assert_int_equal(r.bytes, 10);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(a);
	free(b);
	free(rec);
}

static void test_dsa_wq_open_bad_arguments_refused(void **state)
{
	struct dsa_wq_cfg cfg = { 0 };
	struct dsa_wq *wq, *other;
	struct dsa_job job;
	struct machine m;

	(void)state;
	up(&m);
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), -EINVAL);
	cfg.sva = the_sva;
	cfg.priority = 16;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), -EINVAL);
	cfg.priority = 15;
	cfg.size = 129;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), -ENOSPC);
	/* All entries in one queue; then none is left for another. */
	cfg.size = 128;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), 0);
	assert_int_equal(dsa_close(m.dsa), -EBUSY);
	cfg.size = 0;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &other), -ENOSPC);
	dsa_job_noop(&job, the_sva);
	assert_int_equal(run(wq, &job).status, 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	/* Shared out again. */
	cfg.size = 16;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	bind_pasid = IOMMU_PASID_INVALID;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), -EINVAL);
	cfg.sva = NULL;
	cfg.shared = true;
	cfg.threshold = 17;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), -EINVAL);
	cfg.threshold = 0;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), 0);
	dsa_job_noop(&job, the_sva);
	assert_int_equal(dsa_submit(wq, &job), -EINVAL);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
}

/* Every allocation fails in turn: nothing is left behind. */
static void test_dsa_open_failures_leave_nothing(void **state)
{
	struct dsa_open_cfg cfg;
	struct machine m;
	long n;
	int err;

	(void)state;
	machine_start(&m);
	cfg = open_cfg(&m);
	for (n = 1;; n++) {
		testplat_fail_nth(&tp, n);
		err = dsa_open(&cfg, &m.dsa);
		if (!err)
			break;
		assert_true(n < 100);
		assert_false(feature_on);
		assert_int_equal(atomic_load(&tp.locks_live), 0);
	}
	testplat_fail_nth(&tp, 0);
	assert_true(n > 3);
	assert_int_equal(dsa_close(m.dsa), 0);

	feature_err = -ENOSPC;
	assert_int_equal(dsa_open(&cfg, &m.dsa), -ENOSPC);
	feature_err = 0;
	machine_stop(&m);
}

/* Cmocka's asserts are for the test's own thread: the others count. */
struct client {
	struct dsa_wq *wq;
	pthread_t thread;
	unsigned int done;
	unsigned int wrong;
};

#define CLIENTS     64u
#define CLIENT_JOBS 25u

static void *client_main(void *arg)
{
	struct client *c = arg;
	struct dsa_result r;
	struct dsa_job job;

	while (c->done + c->wrong < CLIENT_JOBS) {
		dsa_job_noop(&job, the_sva);
		if (dsa_submit(c->wq, &job) || dsa_wait(&job, 0, &r) ||
		    r.status)
			c->wrong++;
		else
			c->done++;
	}
	return NULL;
}

/*
 * Far more clients than entries: each submission is told Retry again and again,
 * and gets its turn before the driver's timeout.
 */
static void test_dsa_submit_64_threads_each_gets_its_turn(void **state)
{
	const struct dsa_wq_cfg cfg = { .shared = true, .threshold = 3 };
	struct client clients[CLIENTS];
	struct dsa_hw_stats stats;
	struct dsa_wq *wq;
	struct machine m;
	unsigned int i;

	(void)state;
	up(&m);
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), 0);
	for (i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){ .wq = wq };
		assert_int_equal(pthread_create(&clients[i].thread, NULL,
						client_main, &clients[i]),
				 0);
	}
	for (i = 0; i < CLIENTS; i++) {
		assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
		assert_int_equal(clients[i].wrong, 0);
		assert_int_equal(clients[i].done, CLIENT_JOBS);
	}
	dsa_hw_stats(m.f->dsa, &stats);
	assert_int_equal(stats.descriptors, CLIENTS * CLIENT_JOBS);
	assert_true(stats.retries > 0);
	assert_int_equal(fix_read(m.f, DSA_REG_SWERR), 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_jobs_dedicated_queue_complete),
		cmocka_unit_test(test_dsa_jobs_shared_queue_complete),
		cmocka_unit_test(test_dsa_submit_dedicated_never_overflows),
		cmocka_unit_test(test_dsa_submit_shared_retries),
		cmocka_unit_test(test_dsa_batch_failing_member_reported),
		cmocka_unit_test(test_dsa_jobs_dualcast_and_delta_complete),
		cmocka_unit_test(test_dsa_wq_open_bad_arguments_refused),
		cmocka_unit_test(test_dsa_open_failures_leave_nothing),
		cmocka_unit_test(test_dsa_submit_64_threads_each_gets_its_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
