/* SPDX-License-Identifier: MIT */
/*
 * Many submit at once: nothing is lost, nobody is told before it has been done,
 * and each hears of his own errors only, while descriptors turn out invalid and
 * devices do not answer. [K9] [L10] VT-d 6.5.2.11, 6.5.2.12.
 *
 * The unit runs in a thread of its own, from copies it takes when the tail is
 * written, and completes wait descriptors out of order whenever a device is
 * slow. For each submitter it keeps what it has executed, which the submitter
 * compares when it has been told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/drivers/vtd_fake.h"

enum { THREADS = 4, ROUNDS = 1500, BAD_DID = 0xdead, SLOW = 0x0410 };

struct bench {
	struct vtdfake f;
	/* By submitter: the last sequence number executed, and how often. */
	_Atomic uint32_t done[THREADS];
	_Atomic uint32_t bad_seen;
	_Atomic bool stop;
	bool with_bad;
	bool with_slow;
	bool with_timeouts;
	unsigned int turns;
};

/* PASID is the sequence number, DID the submitter. */
static unsigned int judge(void *arg, const struct vtd_inv *inv)
{
	struct bench *b = arg;

	if (vtd_inv_type(inv) != VTD_INV_PIOTLB ||
	    FIELD_GET(VTD_INV_PIOTLB_DID, inv) != BAD_DID)
		return 0;
	atomic_fetch_add(&b->bad_seen, 1);
	return VTD_IQEI_RESERVED + 1;
}

static void effect(void *arg, const struct vtd_inv *inv)
{
	struct bench *b = arg;

	/* Relaxed: the wait descriptor's word releases it. */
	if (vtd_inv_type(inv) == VTD_INV_PIOTLB)
		atomic_store_explicit(
			&b->done[FIELD_GET(VTD_INV_PIOTLB_DID, inv)],
			(uint32_t)FIELD_GET(VTD_INV_PIOTLB_PASID, inv),
			memory_order_relaxed);
}

static void *hardware(void *arg)
{
	struct bench *b = arg;
	unsigned int turn = 0;

	while (!atomic_load(&b->stop)) {
		unsigned int n = vtdfake_step(&b->f, 1 + turn % 13);

		turn++;
		if (b->with_timeouts && turn % 97 == 0)
			vtdfake_timeout(&b->f, turn % 2);
		else if (turn % 5 == 0)
			vtdfake_answer(&b->f);
		if (!n || turn % 3 == 0)
			sched_yield();
	}
	return NULL;
}

struct submitter {
	struct bench *b;
	unsigned int id;
	unsigned int timeouts;
};

static void round_of(struct submitter *s, struct vtd_batch *batch, uint32_t i)
{
	static const struct vtd_ats ats = { .sid = SLOW, .pfsid = SLOW };
	struct bench *b = s->b;
	bool bad = b->with_bad && i % 11 == s->id;
	bool slow = b->with_slow && i % 7 == s->id;
	uint32_t n, count = i % 5;
	int err;

	for (n = 0; n < count; n++)
		vtd_inv_piotlb_all(batch, (uint16_t)s->id, i);
	if (bad)
		vtd_inv_piotlb_all(batch, BAD_DID, i);
	if (slow)
		vtd_inv_pasid_dev_tlb(batch, &ats, i, 0, UINT64_MAX);
	vtd_inv_piotlb_all(batch, (uint16_t)s->id, i);
	err = vtd_batch_sync(batch);
	if (err == -ETIMEDOUT && slow && b->with_timeouts) {
		s->timeouts++;
		if (batch->sid_known)
			assert_int_equal(batch->sid, SLOW);
	} else {
		assert_int_equal(err, bad ? -EIO : 0);
	}
	/* Told when it had been done, and the last of it. */
	assert_int_equal(
		atomic_load_explicit(&b->done[s->id], memory_order_relaxed), i);
}

static void *submit(void *arg)
{
	struct submitter *s = arg;
	struct vtd_batch batch;
	uint32_t i;

	vtd_batch_init(&batch, s->b->f.u);
	for (i = 1; i <= ROUNDS; i++)
		round_of(s, &batch, i);
	return NULL;
}

static struct vtd_stats stats_of(struct bench *b)
{
	struct vtd_stats s;

	vtd_stats(b->f.unit, &s);
	return s;
}

static void run(struct bench *b)
{
	struct vtd_desc desc = {
		.queue_lg2 = 7,
		.timeout_ms = 20000,
		.ats_timeout_ms = 60000,
	};
	struct submitter s[THREADS];
	pthread_t hw, threads[THREADS];
	unsigned int i, timeouts = 0;

	vtdfake_init(&b->f);
	assert_int_equal(vtdfake_probe_desc(&b->f, &desc), 0);
	b->f.slow_on = b->with_slow;
	b->f.slow = SLOW;
	b->f.effect = effect;
	b->f.effect_arg = b;
	vtdfake_detach(&b->f, judge, b);
	assert_int_equal(pthread_create(&hw, NULL, hardware, b), 0);
	for (i = 0; i < THREADS; i++) {
		s[i] = (struct submitter){ .b = b, .id = i };
		assert_int_equal(
			pthread_create(&threads[i], NULL, submit, &s[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		timeouts += s[i].timeouts;
	}
	atomic_store(&b->stop, true);
	pthread_join(hw, NULL);
	vtdfake_attach(&b->f);
	assert_int_equal(stats_of(b).failed_closed, 0);
	assert_null(b->f.violation);
	/* It has been looked at what the test is about. */
	assert_int_equal(atomic_load(&b->bad_seen) > 0, b->with_bad);
	assert_int_equal(stats_of(b).queue_errors, atomic_load(&b->bad_seen));
	assert_int_equal(stats_of(b).queue_timeouts, b->f.timeouts);
	if (b->with_timeouts) {
		assert_true(b->f.timeouts > 0);
		assert_true(timeouts > 0);
	}
	assert_true(stats_of(b).doorbells > 0);
	b->f.slow_on = false;
	vtdfake_fini(&b->f);
}

static struct bench *make(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	return b;
}

static void test_vtd_queue_race_submitters(void **state)
{
	struct bench *b = make();

	(void)state;
	run(b);
	free(b);
}

static void test_vtd_queue_race_invalid_descriptors(void **state)
{
	struct bench *b = make();

	(void)state;
	b->with_bad = true;
	run(b);
	free(b);
}

/* Wait descriptors complete out of order; their words are not mixed up. */
static void test_vtd_queue_race_slow_device(void **state)
{
	struct bench *b = make();

	(void)state;
	b->with_slow = true;
	run(b);
	free(b);
}

static void test_vtd_queue_race_all_of_it(void **state)
{
	struct bench *b = make();

	(void)state;
	b->with_bad = true;
	b->with_slow = true;
	b->with_timeouts = true;
	run(b);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_queue_race_submitters),
		cmocka_unit_test(test_vtd_queue_race_invalid_descriptors),
		cmocka_unit_test(test_vtd_queue_race_slow_device),
		cmocka_unit_test(test_vtd_queue_race_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
