/* SPDX-License-Identifier: MIT */
/* Jobs that meet absent pages. */
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

/* Pages that only a touch of the CPU brings back. */
struct toucher {
	struct fix *f;
	unsigned int touches;
	unsigned int refuse_after;
};

static int touch(void *arg, uint64_t addr, bool write)
{
	struct toucher *t = arg;
	size_t i;
	int err = -EFAULT;

	(void)write;
	pthread_mutex_lock(&t->f->lock);
	if (t->touches++ < t->refuse_after) {
		for (i = 0; i < ARRAY_SIZE(t->f->forbidden); i++) {
			if (t->f->forbidden[i].page ==
			    addr / FIX_PAGE * FIX_PAGE)
				t->f->forbidden[i].page = 0;
		}
		err = 0;
	}
	pthread_mutex_unlock(&t->f->lock);
	return err;
}

/* Claims what is not so. */
static int touch_idle(void *arg, uint64_t addr, bool write)
{
	struct toucher *t = arg;

	(void)addr;
	(void)write;
	t->touches++;
	return 0;
}

static void test_dsa_run_faults_continued(void **state)
{
	unsigned char *a = buffer(20, 1), *b = buffer(20, 2);
	unsigned char *want = malloc(20 * FIX_PAGE);
	const uint64_t pattern = 0x8877665544332211;
	const uint32_t n = 15 * FIX_PAGE + 5;
	struct toucher t = { .refuse_after = 1000 };
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;
	size_t i;

	(void)state;
	assert_non_null(want);
	up(&m);
	t.f = m.f;
	wq = wq_up(&m, false);

	/* Move; the destination begins at 3, so parts end unaligned. */
	forbid(m.f, a + 2 * FIX_PAGE, false);
	forbid(m.f, b + 5 * FIX_PAGE, false);
	dsa_job_memmove(&job, the_sva, b + 3, a + 1, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);
	assert_int_equal(t.touches, 2);
	assert_memory_equal(a + 1, b + 3, n);

	/* Fill: the pattern goes on where it was. */
	forbid(m.f, b + 4 * FIX_PAGE, false);
	dsa_job_fill(&job, the_sva, b + 3, pattern, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.bytes, n);
	for (i = 0; i < n; i++)
		assert_int_equal(b[3 + i], (uint8_t)(pattern >> (i % 8 * 8)));
	forbid(m.f, b + 7 * FIX_PAGE, false);
	b[3 + 9 * FIX_PAGE] ^= 0x40;
	dsa_job_compare_pattern(&job, the_sva, b + 3, pattern, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_true(r.differs);
	assert_int_equal(r.bytes, 9 * FIX_PAGE);

	/* Sums: the partial one is the next seed. */
	forbid(m.f, a + 3 * FIX_PAGE, false);
	forbid(m.f, a + 6 * FIX_PAGE, false);
	dsa_job_crc32c(&job, the_sva, a + 7, 0, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.crc, fix_crc32c(0, a + 7, n));
	forbid(m.f, a, false);
	forbid(m.f, b + 6 * FIX_PAGE, false);
	dsa_job_copy_crc32c(&job, the_sva, b + 9, a + 7, 0, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.crc, fix_crc32c(0, a + 7, n));
	assert_memory_equal(a + 7, b + 9, n);

	/* Compare, with the place counted over all parts. */
	forbid(m.f, b + 2 * FIX_PAGE, false);
	b[9 + 8 * FIX_PAGE] ^= 1;
	dsa_job_compare(&job, the_sva, a + 7, b + 9, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_true(r.differs);
	assert_int_equal(r.bytes, 8 * FIX_PAGE);

	/* A backward move keeps its addresses. */
	memcpy(want, b, 20 * FIX_PAGE);
	memmove(want + 5000, want, n);
	forbid(m.f, b + 3 * FIX_PAGE, false);
	forbid(m.f, b + 9 * FIX_PAGE, false);
	dsa_job_memmove(&job, the_sva, b + 5000, b, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_memory_equal(want, b, 20 * FIX_PAGE);

	/* The job is as prepared: it can run again. */
	memmove(want + 5000, want, n);
	assert_int_equal(run(wq, &job).status, 0);
	assert_memory_equal(want, b, 20 * FIX_PAGE);

	/* Nobody can make it accessible. */
	t.refuse_after = 0;
	forbid(m.f, a + 3 * FIX_PAGE, false);
	dsa_job_memmove(&job, the_sva, b, a, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, -EFAULT);
	assert_int_equal(r.bytes, 3 * FIX_PAGE);
	assert_int_equal(r.fault_addr, (uintptr_t)(a + 3 * FIX_PAGE));
	assert_false(r.fault_write);

	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(want);
	free(a);
	free(b);
}

/* Delta records begin again; the others go on. */
static void test_dsa_run_delta_faults_restarted(void **state)
{
	unsigned char *a = buffer(20, 1), *b = buffer(20, 2);
	unsigned char *c = buffer(20, 4), *rec = buffer(28, 3);
	const uint32_t n = 18 * FIX_PAGE;
	struct toucher t = { .refuse_after = 1000 };
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	up(&m);
	t.f = m.f;
	wq = wq_up(&m, false);
	forbid(m.f, a + 2 * FIX_PAGE, false);
	forbid(m.f, b + 4 * FIX_PAGE, false);
	forbid(m.f, c + 6 * FIX_PAGE, false);
	dsa_job_dualcast(&job, the_sva, b + 3, c + 3, a + 1, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);
	assert_int_equal(t.touches, 3);
	assert_memory_equal(a + 1, b + 3, n);
	assert_memory_equal(a + 1, c + 3, n);

	forbid(m.f, a + 2 * FIX_PAGE, false);
	forbid(m.f, a + 9 * FIX_PAGE, false);
	dsa_job_cache_flush(&job, the_sva, a + 5, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);
	assert_int_equal(t.touches, 5);

	forbid(m.f, a + FIX_PAGE, false);
	forbid(m.f, b + 5 * FIX_PAGE, false);
	forbid(m.f, rec + FIX_PAGE, false);
	forbid(m.f, rec + 9 * FIX_PAGE, false);
	dsa_job_delta_create(&job, the_sva, rec, n / 8 * 10, a, b, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);
	assert_true(r.differs);
	assert_int_equal(t.touches, 9);

	forbid(m.f, a + 2 * FIX_PAGE, false);
	forbid(m.f, rec + 5 * FIX_PAGE, false);
	dsa_job_delta_apply(&job, the_sva, a, n, rec, r.delta_size);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(t.touches, 11);
	assert_memory_equal(a, b, n);

	/* Nobody can: what is told is the last attempt's. */
	t.refuse_after = 0;
	forbid(m.f, c + FIX_PAGE, false);
	memset(c, 0, 2 * FIX_PAGE);
	dsa_job_delta_create(&job, the_sva, rec, n, c, b, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, -EFAULT);
	assert_int_equal(r.bytes, FIX_PAGE);
	assert_int_equal(r.delta_size, FIX_PAGE / 8 * 10);
	assert_int_equal(r.fault_addr, (uintptr_t)(c + FIX_PAGE));

	/* A touch that says yes and does nothing is not believed for ever. */
	t.refuse_after = 10000;
	memset(m.f->forbidden, 0, sizeof(m.f->forbidden));
	forbid(m.f, c + FIX_PAGE, false);
	assert_int_equal(dsa_run(wq, &job, touch_idle, &t, &r), 0);
	assert_int_equal(r.status, -EFAULT);
	assert_in_range(t.touches, 12, 100);

	memset(m.f->forbidden, 0, sizeof(m.f->forbidden));
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(a);
	free(b);
	free(c);
	free(rec);
}

static void test_dsa_block_on_fault_waits_for_page(void **state)
{
	unsigned char *a = buffer(4, 1), *b = buffer(4, 2);
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	up(&m);
	wq = wq_up(&m, true);
	forbid(m.f, b + FIX_PAGE, true);
	dsa_job_memmove(&job, the_sva, b, a, 4 * FIX_PAGE);
	dsa_job_set_block_on_fault(&job);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_memory_equal(a, b, 4 * FIX_PAGE);
	assert_int_equal(m.f->groups, 1);
	forbid(m.f, b + FIX_PAGE, false);
	r = run(wq, &job);
	assert_int_equal(r.status, -EFAULT);
	assert_true(r.fault_write);
	assert_int_equal(r.bytes, FIX_PAGE);
	memset(m.f->forbidden, 0, sizeof(m.f->forbidden));
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_run_faults_continued),
		cmocka_unit_test(test_dsa_run_delta_faults_restarted),
		cmocka_unit_test(test_dsa_block_on_fault_waits_for_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
