/* SPDX-License-Identifier: MIT */
/*
 * The invalidation queue: batches, waits, and everything that can go wrong
 * with a descriptor or a device. [K9] [L7] [L10] VT-d 6.5.2.
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
#include <time.h>

#include "base/bits.h"
#include "tests/drivers/vtd_fake.h"

static int setup(void **state)
{
	struct vtdfake *f = malloc(sizeof(*f));

	assert_non_null(f);
	vtdfake_init(f);
	assert_int_equal(vtdfake_probe(f), 0);
	vtdfake_ops_clear(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct vtdfake *f = *state;

	vtdfake_fini(f);
	free(f);
	return 0;
}

static struct vtd_stats stats_of(struct vtdfake *f)
{
	struct vtd_stats s;

	vtd_stats(f->unit, &s);
	return s;
}

enum { DID = 5, PASID = 77, SID = 0x0310, OTHER = 0x0418 };

static const struct vtd_ats ats = { .sid = SID, .pfsid = SID, .qdep = 4 };
static const struct vtd_ats other = { .sid = OTHER, .pfsid = OTHER };

/* A whole teardown takes one write of the tail and one wait descriptor. [M2] */
static void test_vtd_queue_a_batch_is_one_doorbell(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_stats before = stats_of(f), after;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	vtd_inv_pasid(&b, DID, PASID);
	vtd_inv_piotlb_all(&b, DID, PASID);
	vtd_inv_pasid_dev_tlb(&b, &ats, PASID, 0, UINT64_MAX);
	assert_int_equal(vtd_batch_sync(&b), 0);

	assert_int_equal(f->op_count, 4);
	assert_int_equal(vtd_inv_type(&f->ops[0]), VTD_INV_PC);
	assert_int_equal(vtd_inv_type(&f->ops[1]), VTD_INV_PIOTLB);
	assert_int_equal(vtd_inv_type(&f->ops[2]), VTD_INV_PDEVTLB);
	assert_int_equal(vtd_inv_type(&f->ops[3]), VTD_INV_WAIT);
	assert_int_equal(FIELD_GET(VTD_INV_WAIT_SW, &f->ops[3]), 1);
	assert_int_equal(FIELD_GET(VTD_INV_WAIT_FN, &f->ops[3]), 0);
	assert_int_equal(FIELD_GET(VTD_INV_WAIT_PD, &f->ops[3]), 0);
	after = stats_of(f);
	assert_int_equal(after.doorbells - before.doorbells, 1);
	assert_int_equal(after.descriptors - before.descriptors, 4);
	assert_int_equal(after.waits - before.waits, 1);
	assert_int_equal(after.pasid_invalidations - before.pasid_invalidations,
			 1);
	assert_int_equal(after.iotlb_invalidations - before.iotlb_invalidations,
			 1);
	assert_int_equal(
		after.dev_tlb_invalidations - before.dev_tlb_invalidations, 1);
}

/* Nothing to do is nothing done. */
static void test_vtd_queue_an_empty_batch_is_nothing(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	vtd_batch_barrier(&b);
	assert_int_equal(vtd_batch_sync(&b), 0);
	assert_int_equal(f->op_count, 0);
}

/* A batch may be larger than it is: then it is several. */
static void test_vtd_queue_a_full_batch_is_submitted(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;
	unsigned int i;

	vtd_batch_init(&b, f->u);
	for (i = 0; i < 3 * VTD_BATCH + 1; i++)
		vtd_inv_piotlb_all(&b, DID, i);
	assert_int_equal(vtdfake_count(f, VTD_INV_PIOTLB), 3 * VTD_BATCH);
	assert_int_equal(vtd_batch_sync(&b), 0);
	assert_int_equal(vtdfake_count(f, VTD_INV_PIOTLB), 3 * VTD_BATCH + 1);
	assert_int_equal(vtdfake_count(f, VTD_INV_WAIT), 4);
}

/* What went wrong in the first of several is not made good by the others. */
static void test_vtd_queue_a_full_batch_remembers(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;
	unsigned int i;

	vtd_batch_init(&b, f->u);
	f->fail_type = VTD_INV_PC;
	f->fail_iqei = VTD_IQEI_RESERVED;
	f->fail_times = 1;
	vtd_inv_pasid(&b, DID, PASID);
	for (i = 0; i < 2 * VTD_BATCH; i++)
		vtd_inv_piotlb_all(&b, DID, i);
	assert_int_equal(f->fail_times, 0);
	assert_int_equal(vtd_batch_sync(&b), -EIO);
	assert_int_equal(vtdfake_count(f, VTD_INV_PIOTLB), 2 * VTD_BATCH);
	/* And it is not the next one's. */
	vtd_inv_pasid(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), 0);
}

/* Round and round: slots and words are used again, and again. */
static void test_vtd_queue_wraps(void **state)
{
	struct vtdfake *f = *state;
	unsigned int i, n, sent = 0;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	for (i = 0; i < 2000; i++) {
		for (n = 0; n <= i % 7; n++)
			vtd_inv_piotlb_all(&b, DID, sent++);
		assert_int_equal(vtd_batch_sync(&b), 0);
	}
	assert_int_equal(vtdfake_count(f, VTD_INV_PIOTLB), sent);
	assert_int_equal(vtdfake_count(f, VTD_INV_WAIT), 2000);
}

/* 6.5.2.9: PD, and only where the unit has it. */
static void test_vtd_queue_drain(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	assert_int_equal(vtd_batch_drain(&b), 0);
	assert_int_equal(f->op_count, 1);
	assert_int_equal(FIELD_GET(VTD_INV_WAIT_PD, &f->ops[0]), 1);
	assert_int_equal(FIELD_GET(VTD_INV_WAIT_SW, &f->ops[0]), 1);

	f->u->f.drain = false;
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_drain(&b), -EOPNOTSUPP);
	assert_int_equal(f->op_count, 1);
	assert_int_equal(vtd_batch_sync(&b), 0);
	assert_int_equal(f->op_count, 3);
}

/*
 * IQE: the descriptor is replaced, the rest is done, and who has submitted it
 * hears of it, nobody else. [L10] 6.5.2.11
 */
static void test_vtd_queue_invalid_descriptor_is_replaced(void **state)
{
	struct vtdfake *f = *state;
	unsigned int iqei;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	for (iqei = 0; iqei <= VTD_IQEI_TTM + 1; iqei++) {
		if (iqei == VTD_IQEI_FETCH)
			continue;
		vtdfake_ops_clear(f);
		f->fail_type = VTD_INV_PC;
		f->fail_iqei = iqei;
		f->fail_times = 1;
		vtd_inv_pasid(&b, DID, PASID);
		vtd_inv_piotlb_all(&b, DID, PASID);
		assert_int_equal(vtd_batch_sync(&b), -EIO);
		assert_int_equal(f->op_count, 3);
		assert_int_equal(vtd_inv_type(&f->ops[0]), VTD_INV_WAIT);
		assert_int_equal(vtd_inv_type(&f->ops[1]), VTD_INV_PIOTLB);
		assert_int_equal(vtdfake_reg32(f, VTD_FSTS), 0);
		/* The next one is none of its business. */
		vtd_inv_pasid(&b, DID, PASID);
		assert_int_equal(vtd_batch_sync(&b), 0);
	}
	assert_int_equal(stats_of(f).queue_errors, VTD_IQEI_TTM + 1);
	assert_int_equal(stats_of(f).failed_closed, 0);
}

/* A descriptor that could not be read is read again, and is as good as any. */
static void test_vtd_queue_fetch_error_is_repeated(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	f->fail_type = VTD_INV_PC;
	f->fail_iqei = VTD_IQEI_FETCH;
	f->fail_times = 3;
	vtd_inv_pasid(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), 0);
	assert_int_equal(vtdfake_count(f, VTD_INV_PC), 1);
	assert_int_equal(stats_of(f).queue_errors, 3);
}

/* More errors than are remembered are an error, and no more than that. */
static void test_vtd_queue_many_invalid_descriptors(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;
	unsigned int i;

	vtd_batch_init(&b, f->u);
	f->fail_type = VTD_INV_PIOTLB;
	f->fail_iqei = VTD_IQEI_RESERVED;
	f->fail_times = VTD_BATCH;
	for (i = 0; i < VTD_BATCH; i++)
		vtd_inv_piotlb_all(&b, DID, i);
	assert_int_equal(vtd_batch_sync(&b), -EIO);
	assert_int_equal(f->fail_times, 0);
	/* Nor is anything done again. */
	assert_int_equal(vtdfake_count(f, VTD_INV_PIOTLB), 0);
	assert_int_equal(stats_of(f).queue_errors, VTD_BATCH);
	assert_int_equal(stats_of(f).failed_closed, 0);
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), 0);
}

/* Also the wait descriptor itself may be refused, once. */
static void test_vtd_queue_invalid_wait_is_written_again(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	f->fail_type = VTD_INV_WAIT;
	f->fail_iqei = VTD_IQEI_RESERVED;
	f->fail_times = 2;
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -EIO);
	assert_int_equal(vtdfake_count(f, VTD_INV_PIOTLB), 1);
	assert_int_equal(stats_of(f).failed_closed, 0);
}

/* The unit is sent to a root table without entries, not switched off. [K19] */
static void assert_closed(struct vtdfake *f, uint64_t ttm)
{
	uint64_t root = f->root & ~UINT64_C(0xfff);

	assert_true(vtd_is_dead(f->u));
	assert_int_equal(stats_of(f).failed_closed, 1);
	assert_int_equal(root, (uintptr_t)f->u->null_root);
	assert_int_equal(REG_GET(VTD_RTADDR_TTM, f->root), ttm);
	assert_true(vtdfake_reg32(f, VTD_GSTS) >> 31);
}

static void test_vtd_queue_nothing_valid_fails_closed(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	f->fail_type = ~0u;
	f->fail_iqei = VTD_IQEI_TYPE;
	/* The next time it would be valid: nobody asks for that any more. */
	f->fail_times = 8;
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -EIO);
	assert_closed(f, VTD_RTADDR_TTM_SCALABLE);
	assert_true(vtd_is_stopped(f->u));
	assert_int_equal(stats_of(f).queue_errors, 8);
	/* From now on nothing is even tried. */
	vtdfake_ops_clear(f);
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -EIO);
	assert_int_equal(f->op_count, 0);
	/* Nor does the unit go on: its error is not acknowledged. */
	vtd_error_poll(f->u);
	assert_int_equal(vtdfake_reg32(f, VTD_FSTS) & 1 << 4, 1 << 4);
	assert_int_equal(f->fail_times, 0);
}

/* A queue that stands still. The unit has a mode of its own for it here. */
static void test_vtd_queue_hang_fails_closed(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	f->u->f.ecap |= REG_CONST(VTD_ECAP_ADMS, 1);
	vtd_batch_init(&b, f->u);
	f->no_consume = true;
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -ETIMEDOUT);
	assert_closed(f, VTD_RTADDR_TTM_ABORT);
	assert_true(vtd_is_stopped(f->u));
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -EIO);
	f->no_consume = false;
}

/* All ones is no progress, no error and no confirmation. */
static void test_vtd_queue_gone_is_not_stopped(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	f->gone = true;
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -ETIMEDOUT);
	assert_true(vtd_is_dead(f->u));
	assert_false(vtd_is_stopped(f->u));
	f->gone = false;
}

static void hang_one_queue(struct vtdfake *f, const struct vtd_inv *inv)
{
	(void)inv;
	/* Until it is enabled anew. */
	if (vtdfake_reg64(f, VTD_IQA) >> 12 ==
	    (uintptr_t)f->u->qi.entries >> 12)
		f->no_consume = true;
}

static void unhang(struct vtdfake *f)
{
	f->no_consume = false;
	f->hook = NULL;
}

/*
 * Without ESRTPS what is cached has to be invalidated (6.6), through a queue of
 * its own. That one works here, as the other was in a bad way.
 */
static void test_vtd_queue_stop_without_esrtps_flushes(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	f->u->f.esrtps = false;
	f->u->f.ecap |= REG_CONST(VTD_ECAP_ADMS, 1); /* of no use then */
	vtd_batch_init(&b, f->u);
	f->fail_type = VTD_INV_WAIT;
	f->fail_iqei = VTD_IQEI_TYPE;
	f->fail_times = 8;
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -EIO);
	assert_closed(f, VTD_RTADDR_TTM_SCALABLE);
	assert_true(vtd_is_stopped(f->u));
	assert_int_equal(vtdfake_count(f, VTD_INV_CC), 1);
	assert_int_equal(vtdfake_count(f, VTD_INV_PC), 1);
	assert_int_equal(vtdfake_count(f, VTD_INV_IOTLB), 1);
	assert_true(vtdfake_find(f, VTD_INV_CC, 0) <
		    vtdfake_find(f, VTD_INV_PC, 0));
	assert_true(vtdfake_find(f, VTD_INV_PC, 0) <
		    vtdfake_find(f, VTD_INV_IOTLB, 0));
	assert_int_equal(vtdfake_reg64(f, VTD_IQA) >> 12,
			 (uintptr_t)f->u->spare_queue >> 12);
}

/* And if that does not move either, nothing has been confirmed. */
static void test_vtd_queue_stop_without_esrtps_unconfirmed(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	f->u->f.esrtps = false;
	vtd_batch_init(&b, f->u);
	f->hook = hang_one_queue;
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -ETIMEDOUT);
	assert_true(vtd_is_dead(f->u));
	assert_false(vtd_is_stopped(f->u));
	unhang(f);
}

/* Called before each descriptor: as soon as anything is pending. */
static void time_out(struct vtdfake *f, const struct vtd_inv *inv)
{
	bool *known = f->hook_arg;

	(void)inv;
	vtdfake_timeout(f, *known);
}

/* When the wait descriptor is pending. */
static void *time_out_later(void *arg)
{
	struct vtdfake *f = arg;
	size_t pending = 0;

	while (!pending) {
		pthread_mutex_lock(&f->lock);
		pending = f->wait_count;
		pthread_mutex_unlock(&f->lock);
		sched_yield();
	}
	vtdfake_timeout(f, true);
	return NULL;
}

static void submit_to_a_mute_device(struct vtdfake *f)
{
	struct vtd_batch b;

	f->slow_on = true;
	f->slow = SID;
	vtd_batch_init(&b, f->u);
	vtd_inv_pasid_dev_tlb(&b, &ats, PASID, 0, UINT64_MAX);
	vtd_inv_pasid_dev_tlb(&b, &other, PASID, 0, UINT64_MAX);
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -ETIMEDOUT);
	assert_true(b.sid_known);
	assert_int_equal(b.sid, SID);
	assert_int_equal(f->timeouts, 1);
	assert_int_equal(stats_of(f).queue_timeouts, 1);
	assert_int_equal(stats_of(f).failed_closed, 0);
	f->hook = NULL;
}

/* What is behind a device's invalidation is done, in this order. */
static void assert_rest(struct vtdfake *f, size_t from)
{
	assert_int_equal(FIELD_GET(VTD_INV_PDEVTLB_SID, &f->ops[from]), OTHER);
	assert_int_equal(vtd_inv_type(&f->ops[from + 1]), VTD_INV_PIOTLB);
	assert_int_equal(vtd_inv_type(&f->ops[from + 2]), VTD_INV_WAIT);
}

/*
 * ITE: the device is named, its invalidations are given up, all else is done
 * again, as nobody knows what of it has been. [L10] 6.5.2.11
 */
static void test_vtd_queue_device_does_not_answer(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, time_out_later, f), 0);
	submit_to_a_mute_device(f);
	pthread_join(t, NULL);
	assert_int_equal(f->op_count, 3);
	assert_rest(f, 0);
	/* The queue goes on. */
	vtd_batch_init(&b, f->u);
	vtd_inv_pasid_dev_tlb(&b, &other, PASID, 0, UINT64_MAX);
	assert_int_equal(vtd_batch_sync(&b), 0);
	assert_false(b.sid_known);
}

/* The same when only a part had been fetched, whose wait completes later. */
static void test_vtd_queue_device_does_not_answer_halfway(void **state)
{
	struct vtdfake *f = *state;
	bool known = true;

	f->hook = time_out;
	f->hook_arg = &known;
	submit_to_a_mute_device(f);
	assert_int_equal(f->op_count, 6);
	assert_rest(f, 0);
	assert_rest(f, 3);
}

/* The same of what a device has without a PASID: the other is asked again. */
static void test_vtd_queue_device_keeps_what_has_no_pasid(void **state)
{
	struct vtdfake *f = *state;
	bool known = true;
	struct vtd_batch b;

	f->slow_on = true;
	f->slow = SID;
	f->hook = time_out;
	f->hook_arg = &known;
	vtd_batch_init(&b, f->u);
	vtd_inv_dev_tlb(&b, &other, 0, UINT64_MAX);
	vtd_inv_dev_tlb(&b, &ats, 0, UINT64_MAX);
	assert_int_equal(vtd_batch_sync(&b), -ETIMEDOUT);
	assert_true(b.sid_known);
	assert_int_equal(b.sid, SID);
	f->hook = NULL;
	assert_int_equal(vtdfake_count(f, VTD_INV_DEVTLB), 1);
	assert_int_equal(FIELD_GET(VTD_INV_DEVTLB_SID,
				   &f->ops[vtdfake_find(f, VTD_INV_DEVTLB, 0)]),
			 OTHER);
}

/* Without ITESID it may have been any. */
static void test_vtd_queue_device_unknown(void **state)
{
	struct vtdfake *f = *state;
	bool known = false;
	struct vtd_batch b;

	f->slow_on = true;
	f->slow = SID;
	f->hook = time_out;
	f->hook_arg = &known;
	vtd_batch_init(&b, f->u);
	vtd_inv_pasid_dev_tlb(&b, &other, PASID, 0, UINT64_MAX);
	vtd_inv_dev_tlb(&b, &ats, 0, UINT64_MAX);
	assert_int_equal(vtd_batch_sync(&b), -ETIMEDOUT);
	assert_false(b.sid_known);
	assert_int_equal(stats_of(f).queue_timeouts, 1);
	f->hook = NULL;
}

/* ICE: nobody is concerned, but it is counted, and the bit is given back. */
static void test_vtd_queue_odd_completion(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	vtdfake_odd_answer(f, SID);
	assert_int_equal(testplat_irq_run(&f->tp), 1);
	assert_int_equal(stats_of(f).completion_errors, 1);
	assert_int_equal(vtdfake_reg32(f, VTD_FSTS), 0);
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), 0);
}

static void *answer_later(void *arg)
{
	struct vtdfake *f = arg;
	struct timespec ts = { .tv_nsec = 20 * 1000 * 1000 };
	unsigned int looks;
	size_t pending;

	/* Several timeouts of the unit after it began to wait. */
	for (looks = 0; looks < 20; looks++) {
		pthread_mutex_lock(&f->lock);
		pending = f->wait_count;
		pthread_mutex_unlock(&f->lock);
		looks = pending ? looks : 0;
		nanosleep(&ts, NULL);
	}
	vtdfake_answer(f);
	return NULL;
}

/* A device may take longer than the unit itself: ats_timeout_ms. */
static void test_vtd_queue_slow_device_has_its_time(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;
	pthread_t t;

	f->slow_on = true;
	f->slow = SID;
	vtd_batch_init(&b, f->u);
	assert_int_equal(pthread_create(&t, NULL, answer_later, f), 0);
	vtd_inv_pasid_dev_tlb(&b, &ats, PASID, 0, UINT64_MAX);
	assert_int_equal(vtd_batch_sync(&b), 0);
	pthread_join(t, NULL);
	assert_int_equal(stats_of(f).failed_closed, 0);
	/* Its time is its own: behind it the unit's counts again. */
	f->no_consume = true;
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -ETIMEDOUT);
	f->no_consume = false;
}

/* Somebody has taken a position and does not come back. */
static void test_vtd_queue_submitter_hangs(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	atomic_fetch_add(&f->u->qi.reserved, 2);
	vtd_batch_init(&b, f->u);
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), -ETIMEDOUT);
	assert_closed(f, VTD_RTADDR_TTM_SCALABLE);
	assert_int_equal(f->op_count, 0);
}

struct filler {
	struct vtdfake *f;
	unsigned int count;
};

static void *fill(void *arg)
{
	struct filler *fl = arg;
	struct vtd_batch b;
	unsigned int i;

	vtd_batch_init(&b, fl->f->u);
	for (i = 0; i < fl->count; i++)
		vtd_inv_piotlb_all(&b, DID, i);
	assert_int_equal(vtd_batch_sync(&b), 0);
	return NULL;
}

/*
 * A queue that is full to the last slot is an empty one to the unit, so it
 * never is. 6.5.2: head and tail are slots.
 */
static void test_vtd_queue_is_never_full(void **state)
{
	enum { SIZE = 128, N = 4 };
	struct vtd_desc desc = { .queue_lg2 = 7, .timeout_ms = 20000 };
	struct filler fillers[N];
	struct vtdfake *f = *state;
	pthread_t t[N];
	unsigned int i;

	assert_int_equal(vtdfake_remove(f), 0);
	assert_int_equal(vtdfake_probe_desc(f, &desc), 0);
	vtdfake_detach(f, NULL, NULL);
	for (i = 0; i < N; i++) {
		/* 3 * 33 and 29 are 128. */
		fillers[i] = (struct filler){ f, i < 3 ? 32 : 28 };
		assert_int_equal(pthread_create(&t[i], NULL, fill, &fillers[i]),
				 0);
	}
	while (atomic_load(&f->u->qi.reserved) < SIZE)
		sched_yield();
	/* Time enough for who should wait to do what it should not. */
	for (i = 0; i < 3000 && atomic_load(&f->u->qi.published) < SIZE; i++)
		sched_yield();
	assert_true(atomic_load(&f->u->qi.published) < SIZE);
	while (atomic_load(&f->u->qi.retired) < SIZE)
		(void)vtdfake_step(f, 200);
	for (i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	vtdfake_attach(f);
	assert_null(f->violation);
	assert_int_equal(vtdfake_count(f, VTD_INV_PIOTLB), 3 * 32 + 28);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		T(test_vtd_queue_a_batch_is_one_doorbell),
		T(test_vtd_queue_an_empty_batch_is_nothing),
		T(test_vtd_queue_a_full_batch_is_submitted),
		T(test_vtd_queue_a_full_batch_remembers),
		T(test_vtd_queue_wraps),
		T(test_vtd_queue_drain),
		T(test_vtd_queue_invalid_descriptor_is_replaced),
		T(test_vtd_queue_fetch_error_is_repeated),
		T(test_vtd_queue_many_invalid_descriptors),
		T(test_vtd_queue_invalid_wait_is_written_again),
		T(test_vtd_queue_nothing_valid_fails_closed),
		T(test_vtd_queue_hang_fails_closed),
		T(test_vtd_queue_gone_is_not_stopped),
		T(test_vtd_queue_stop_without_esrtps_flushes),
		T(test_vtd_queue_stop_without_esrtps_unconfirmed),
		T(test_vtd_queue_device_does_not_answer),
		T(test_vtd_queue_device_does_not_answer_halfway),
		T(test_vtd_queue_device_keeps_what_has_no_pasid),
		T(test_vtd_queue_device_unknown),
		T(test_vtd_queue_odd_completion),
		T(test_vtd_queue_slow_device_has_its_time),
		T(test_vtd_queue_submitter_hangs),
		T(test_vtd_queue_is_never_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
