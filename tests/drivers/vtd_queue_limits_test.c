/* SPDX-License-Identifier: MIT */
/*
 * The limits of the invalidation queue: how many errors are remembered, how
 * often devices may abort a submission, how long another submitter has, and how
 * long a queue that was found is waited for. Time is the test's: it passes in
 * polling loops only. [L10] VT-d 6.5.2, 6.5.2.11.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "base/bits.h"
#include "drivers/vtd/queue.h"
#include "tests/drivers/vtd_fake.h"

enum { DID = 5, PASID = 77, SID = 0x0310 };

/* vtdfake_probe() */
#define TIMEOUT_NS UINT64_C(100000000)

/*
 * A clock that goes by @step with each turn of a polling loop, and what happens
 * when it shows @at.
 */
static struct clock {
	uint64_t now;
	uint64_t step;
	unsigned int turns;
	uint64_t at;
	void (*alarm)(struct vtdfake *f);
	struct vtdfake *f;
} watch;

static uint64_t watch_now(void *ctx)
{
	(void)ctx;
	return watch.now;
}

static void watch_relax(void *ctx, unsigned int turns)
{
	void (*alarm)(struct vtdfake * f) = watch.alarm;

	(void)ctx;
	(void)turns;
	watch.turns++;
	watch.now += watch.step;
	if (alarm && watch.now >= watch.at) {
		watch.alarm = NULL;
		alarm(watch.f);
	}
}

struct scene {
	struct vtdfake f;
	struct plat_ops ops;
};

/* Before the unit is probed. */
static struct vtdfake *make(bool own_clock)
{
	struct scene *s = malloc(sizeof(*s));

	assert_non_null(s);
	vtdfake_init(&s->f);
	watch = (struct clock){ .now = 1, .f = &s->f };
	if (own_clock) {
		s->ops = *s->f.tp.plat.ops;
		s->ops.now_ns = watch_now;
		s->ops.relax = watch_relax;
		s->f.tp.plat.ops = &s->ops;
		watch.step = TIMEOUT_NS / 100;
	}
	return &s->f;
}

static void unmake(struct vtdfake *f)
{
	vtdfake_fini(f);
	free(container_of(f, struct scene, f));
}

static struct vtdfake *probed(bool own_clock)
{
	struct vtdfake *f = make(own_clock);

	assert_int_equal(vtdfake_probe(f), 0);
	vtdfake_ops_clear(f);
	watch.turns = 0;
	return f;
}

static struct vtd_stats stats_of(struct vtdfake *f)
{
	struct vtd_stats s;

	vtd_stats(f->unit, &s);
	return s;
}

static void add_pasids(struct vtd_batch *b, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		vtd_inv_pasid(b, DID, PASID + i);
}

static void *invalid_and_slow(void *arg)
{
	const struct vtd_ats ats = { .sid = SID };
	struct vtdfake *f = arg;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	vtd_inv_pasid(&b, DID, PASID);
	vtd_inv_pasid_dev_tlb(&b, &ats, PASID, 0, UINT64_MAX);
	return (void *)(intptr_t)vtd_batch_sync(&b);
}

/*
 * Who waits for a device has an error of its own, and before it may look there
 * are as many of others as are remembered: it is told that it had one.
 */
static void test_vtd_queue_error_is_forgotten_and_told(void **state)
{
	struct vtdfake *f = probed(false);
	size_t pending = 0;
	struct vtd_batch b;
	pthread_t thread;
	void *result;

	(void)state;
	f->slow_on = true;
	f->slow = SID;
	f->fail_type = VTD_INV_PC;
	f->fail_iqei = VTD_IQEI_RESERVED;
	f->fail_times = 1;
	assert_int_equal(pthread_create(&thread, NULL, invalid_and_slow, f), 0);
	while (!pending) {
		pthread_mutex_lock(&f->lock);
		pending = f->wait_count;
		pthread_mutex_unlock(&f->lock);
		sched_yield();
	}
	pthread_mutex_lock(&f->lock);
	f->fail_times = VTD_QI_ERRORS;
	pthread_mutex_unlock(&f->lock);
	vtd_batch_init(&b, f->u);
	_Static_assert(VTD_QI_ERRORS <= VTD_BATCH, "in one go");
	add_pasids(&b, VTD_QI_ERRORS);
	assert_int_equal(vtd_batch_sync(&b), -EIO);
	assert_int_equal(stats_of(f).queue_errors, VTD_QI_ERRORS + 1);
	vtdfake_answer(f);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_int_equal((intptr_t)result, -EIO);
	/* And nobody else is, from now on. */
	f->slow_on = false;
	vtd_inv_pasid(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), 0);
	unmake(f);
}

/* The device is late once, and then everything is invalid. */
static void late_then_invalid(struct vtdfake *f, const struct vtd_inv *inv)
{
	unsigned int *after = f->hook_arg;

	if (!f->timeouts)
		vtdfake_timeout(f, true);
	if (f->fail_times || vtd_inv_type(inv) != VTD_INV_WAIT)
		return;
	/* Behind what the last of them was replaced by. */
	if (f->timeouts && ++*after == 2) {
		f->fail_type = VTD_INV_WAIT;
		f->fail_times = 1;
	}
}

/*
 * The time-out is forgotten behind errors: all of it is done again, without
 * what any device was asked, as nobody knows which one it was. (6.5.2.11)
 */
static void test_vtd_queue_timeout_is_forgotten_and_made_good(void **state)
{
	const struct vtd_ats ats = { .sid = SID };
	struct vtdfake *f = probed(false);
	unsigned int after = 0;
	struct vtd_batch b;

	(void)state;
	f->slow_on = true;
	f->slow = SID;
	f->fail_type = VTD_INV_PC;
	f->fail_iqei = VTD_IQEI_RESERVED;
	f->fail_times = VTD_BATCH - 1;
	f->hook = late_then_invalid;
	f->hook_arg = &after;
	vtd_batch_init(&b, f->u);
	vtd_inv_pasid_dev_tlb(&b, &ats, PASID, 0, UINT64_MAX);
	add_pasids(&b, VTD_BATCH - 1);
	assert_int_equal(vtd_batch_sync(&b), -EIO);
	assert_false(b.sid_known);
	assert_int_equal(f->timeouts, 1);
	assert_int_equal(stats_of(f).queue_timeouts, 1);
	/* One more than are remembered, the time-out the first of them. */
	assert_int_equal(stats_of(f).queue_errors, VTD_QI_ERRORS);
	assert_int_equal(vtdfake_count(f, VTD_INV_PC), VTD_BATCH - 1);
	assert_int_equal(vtdfake_count(f, VTD_INV_PDEVTLB), 0);
	assert_int_equal(stats_of(f).failed_closed, 0);
	unmake(f);
}

/* Of each submission the first device does not answer. */
static void first_device_is_late(struct vtdfake *f, const struct vtd_inv *inv)
{
	bool *waiting = f->hook_arg;

	if (*waiting) {
		*waiting = false;
		vtdfake_timeout(f, true);
		f->slow_on = false;
	} else if (vtd_inv_type(inv) == VTD_INV_WAIT) {
		f->slow_on = true;
	} else if (f->slow_on) {
		f->slow = (uint16_t)FIELD_GET(VTD_INV_PDEVTLB_SID, inv);
		*waiting = true;
	}
}

static int submit_to_late_devices(struct vtdfake *f, unsigned int count)
{
	struct vtd_inv invs[65];
	struct vtd_batch b;
	bool waiting = false;
	unsigned int i;
	int err;

	assert_true(count <= ARRAY_SIZE(invs));
	for (i = 0; i < count; i++) {
		const struct vtd_ats ats = { .sid = (uint16_t)(SID + i) };

		vtd_batch_init(&b, f->u);
		vtd_inv_pasid_dev_tlb(&b, &ats, PASID, 0, UINT64_MAX);
		invs[i] = b.invs[0];
	}
	f->slow_on = true;
	f->hook = first_device_is_late;
	f->hook_arg = &waiting;
	err = vtd_qi_submit(f->u, invs, count, false).err;
	f->hook = NULL;
	return err;
}

/*
 * Each device that does not answer costs a submission one more round; of these
 * it has 64. Then nobody knows any more what the unit has done.
 */
static void test_vtd_queue_aborted_again_and_again(void **state)
{
	struct vtdfake *f = probed(false);

	(void)state;
	assert_int_equal(submit_to_late_devices(f, 63), -ETIMEDOUT);
	assert_int_equal(f->timeouts, 63);
	assert_false(vtd_is_dead(f->u));
	assert_int_equal(submit_to_late_devices(f, 64), -ETIMEDOUT);
	assert_int_equal(f->timeouts, 63 + 64);
	assert_true(vtd_is_dead(f->u));
	assert_true(vtd_is_stopped(f->u));
	assert_int_equal(stats_of(f).failed_closed, 1);
	unmake(f);
}

/* The two positions that the test took for a submitter that is not there. */
static void peer_comes_back(struct vtdfake *f)
{
	struct vtd_qi *q = &f->u->qi;
	uint64_t end = atomic_load(&q->published) + 2;
	struct vtd_inv wait = vtd_qi_make_wait(f->u, end - 1);

	vtd_qi_write(q, end - 2, &wait);
	vtd_qi_write(q, end - 1, &wait);
	vtd_qi_publish(f->u, end - 2, end);
	vtd_qi_retire(f->u, end - 2, end);
}

/*
 * Another submitter may be descheduled between taking its place and writing
 * there: it has ten times as long as the unit.
 */
static void test_vtd_queue_submitter_is_slow(void **state)
{
	struct vtdfake *f = probed(true);
	struct vtd_batch b;

	(void)state;
	atomic_fetch_add(&f->u->qi.reserved, 2);
	watch.at = watch.now + 9 * TIMEOUT_NS;
	watch.alarm = peer_comes_back;
	vtd_batch_init(&b, f->u);
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), 0);
	assert_null(watch.alarm);
	assert_int_equal(stats_of(f).failed_closed, 0);
	unmake(f);
}

/* And no longer: then whoever waits behind it ends it for all. */
static void test_vtd_queue_submitter_does_not_come_back(void **state)
{
	struct vtdfake *f = probed(true);
	uint64_t begin = watch.now;
	struct vtd_batch b;

	(void)state;
	atomic_fetch_add(&f->u->qi.reserved, 2);
	vtd_batch_init(&b, f->u);
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -ETIMEDOUT);
	assert_in_range(watch.now - begin, 10 * TIMEOUT_NS, 11 * TIMEOUT_NS);
	assert_true(vtd_is_dead(f->u));
	unmake(f);
}

/* It is no reason to be patient with the unit itself. */
static void test_vtd_queue_unit_has_its_timeout(void **state)
{
	struct vtdfake *f = probed(true);
	uint64_t begin = watch.now;
	struct vtd_batch b;

	(void)state;
	f->no_consume = true;
	vtd_batch_init(&b, f->u);
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -ETIMEDOUT);
	assert_in_range(watch.now - begin, TIMEOUT_NS, 2 * TIMEOUT_NS);
	f->no_consume = false;
	unmake(f);
}

static void publisher_leaves(struct vtdfake *f)
{
	atomic_store(&f->u->qi.publishing, false);
	/* The other queue works. */
	f->no_consume = false;
}

/*
 * A unit without ESRTPS is told to forget through another queue (6.6). Nobody
 * may write the tail for the first one any more then, so who is at it is waited
 * for, as long as for the unit.
 */
static void test_vtd_queue_stop_waits_for_the_publisher(void **state)
{
	unsigned int leaves;

	(void)state;
	for (leaves = 0; leaves < 2; leaves++) {
		struct vtdfake *f = probed(true);
		uint64_t begin = watch.now, closing = 10 * TIMEOUT_NS;
		struct vtd_batch b;

		f->u->f.esrtps = false;
		f->no_consume = true;
		atomic_store(&f->u->qi.publishing, true);
		watch.at = begin + closing + TIMEOUT_NS / 2;
		watch.alarm = leaves ? publisher_leaves : NULL;
		vtd_batch_init(&b, f->u);
		vtd_inv_piotlb_all(&b, DID, PASID);
		assert_int_equal(vtd_batch_sync(&b), -ETIMEDOUT);
		assert_in_range(watch.now - begin, closing + TIMEOUT_NS / 2,
				closing + 2 * TIMEOUT_NS);
		assert_true(vtd_is_dead(f->u));
		assert_int_equal(vtd_is_stopped(f->u), leaves);
		assert_int_equal(vtdfake_count(f, VTD_INV_IOTLB), leaves);
		f->no_consume = false;
		unmake(f);
	}
}

/* Each step of that may not be confirmed: then nothing is. */
static void test_vtd_queue_stop_without_an_acknowledgement(void **state)
{
	unsigned int n;

	(void)state;
	/* SRTP, QIE off, QIE on; and then all have come. */
	for (n = 1; n <= 4; n++) {
		struct vtdfake *f = probed(true);
		struct vtd_batch b;

		f->u->f.esrtps = false;
		f->no_ack_nth = n;
		f->fail_type = VTD_INV_WAIT;
		f->fail_iqei = VTD_IQEI_TYPE;
		f->fail_times = 8;
		vtd_batch_init(&b, f->u);
		vtd_inv_piotlb_all(&b, DID, PASID);
		assert_int_equal(vtd_batch_sync(&b), -EIO);
		assert_true(vtd_is_dead(f->u));
		assert_int_equal(vtd_is_stopped(f->u), n == 4);
		assert_int_equal(vtdfake_count(f, VTD_INV_IOTLB), n == 4);
		f->no_ack_nth = 0;
		f->no_ack_bit = 0;
		unmake(f);
	}
}

/* Descriptors of whoever had the unit before. */
enum { FOUND = 40 };

static struct vtdfake *found_with_a_queue(void)
{
	struct vtdfake *f = make(true);
	uint64_t *entries = aligned_alloc(4096, 4096);
	unsigned int i;

	assert_non_null(entries);
	for (i = 0; i < FOUND; i++) {
		struct vtd_inv inv = { { 0 } };
		size_t w;

		if (i == FOUND - 1) {
			vtd_inv_set_type(&inv, VTD_INV_WAIT);
		} else {
			vtd_inv_set_type(&inv, VTD_INV_IOTLB);
			FIELD_SET(VTD_INV_IOTLB_G, &inv,
				  VTD_INV_IOTLB_G_GLOBAL);
		}
		for (w = 0; w < ARRAY_SIZE(inv.dw); w++)
			le64_store_relaxed(le64_at(&entries[4 * i + w]),
					   inv.dw[w]);
	}
	f->reg[VTD_GSTS / 4] = (uint32_t)FIELD_MASK(VTD_GSTS_QIES);
	f->reg[VTD_IQA / 4] =
		(uint32_t)((uintptr_t)entries | REG_CONST(VTD_IQA_DW, 1));
	f->reg[VTD_IQA / 4 + 1] = (uint32_t)((uintptr_t)entries >> 32);
	f->reg[VTD_IQT / 4] = FOUND << 5;
	f->hook_arg = entries;
	return f;
}

static void free_found(struct vtdfake *f)
{
	free(f->hook_arg);
	unmake(f);
}

/* 6.5.2: a queue is switched off when it is empty. The fake says if it is not. */
static void test_vtd_queue_found_moving_is_emptied(void **state)
{
	struct vtdfake *f = found_with_a_queue();

	(void)state;
	f->pace = 1;
	assert_int_equal(vtdfake_probe(f), 0);
	assert_null(f->violation);
	assert_true(watch.turns > 1);
	assert_int_equal(vtdfake_count(f, VTD_INV_IOTLB), FOUND - 1);
	f->pace = 0;
	free_found(f);
}

/* One that has stopped with an error will not get any emptier. */
static void test_vtd_queue_found_with_an_error_is_not_waited_for(void **state)
{
	static const uint32_t errors[] = {
		(uint32_t)FIELD_MASK(VTD_FSTS_IQE),
		(uint32_t)FIELD_MASK(VTD_FSTS_ITE),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		struct vtdfake *f = found_with_a_queue();

		f->reg[VTD_FSTS / 4] = errors[i];
		assert_int_equal(vtdfake_probe(f), 0);
		assert_int_equal(watch.turns, 0);
		assert_int_equal(vtdfake_count(f, VTD_INV_IOTLB), 0);
		free_found(f);
	}
}

/* One that stands still has the unit's timeout, and goes then. */
static void test_vtd_queue_found_hanging_is_left(void **state)
{
	struct vtdfake *f = found_with_a_queue();
	uint64_t begin = watch.now;

	(void)state;
	f->no_consume = true;
	assert_int_equal(vtdfake_probe(f), 0);
	assert_in_range(watch.now - begin, TIMEOUT_NS, 2 * TIMEOUT_NS);
	f->no_consume = false;
	free_found(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_queue_error_is_forgotten_and_told),
		cmocka_unit_test(
			test_vtd_queue_timeout_is_forgotten_and_made_good),
		cmocka_unit_test(test_vtd_queue_aborted_again_and_again),
		cmocka_unit_test(test_vtd_queue_submitter_is_slow),
		cmocka_unit_test(test_vtd_queue_submitter_does_not_come_back),
		cmocka_unit_test(test_vtd_queue_unit_has_its_timeout),
		cmocka_unit_test(test_vtd_queue_stop_waits_for_the_publisher),
		cmocka_unit_test(
			test_vtd_queue_stop_without_an_acknowledgement),
		cmocka_unit_test(test_vtd_queue_found_moving_is_emptied),
		cmocka_unit_test(
			test_vtd_queue_found_with_an_error_is_not_waited_for),
		cmocka_unit_test(test_vtd_queue_found_hanging_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
