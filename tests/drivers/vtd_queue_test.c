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
#include <stdlib.h>

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
	f->fail_times = 1000;
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
	f->fail_times = 0;
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

/*
 * ITE: the device is named, its invalidations are given up, all else is done,
 * again if need be. [L10] 6.5.2.11
 */
static void time_out(struct vtdfake *f, const struct vtd_inv *inv)
{
	bool *known = f->hook_arg;

	/* When the last wait has been fetched there is nothing more to do. */
	(void)inv;
	vtdfake_timeout(f, *known);
}

static void test_vtd_queue_device_does_not_answer(void **state)
{
	struct vtdfake *f = *state;
	bool known = true;
	struct vtd_batch b;

	f->slow_on = true;
	f->slow = SID;
	f->hook = time_out;
	f->hook_arg = &known;
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
	/* Once in vain; the others then for good. */
	assert_int_equal(vtdfake_find(f, VTD_INV_PIOTLB, 0) != SIZE_MAX, true);
	assert_int_equal(vtd_inv_type(&f->ops[f->op_count - 1]), VTD_INV_WAIT);
	assert_int_equal(FIELD_GET(VTD_INV_PDEVTLB_SID,
				   &f->ops[f->op_count - 3]),
			 OTHER);
	/* The queue goes on. */
	f->hook = NULL;
	vtd_inv_pasid_dev_tlb(&b, &other, PASID, 0, UINT64_MAX);
	assert_int_equal(vtd_batch_sync(&b), 0);
	assert_false(b.sid_known);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		T(test_vtd_queue_a_batch_is_one_doorbell),
		T(test_vtd_queue_an_empty_batch_is_nothing),
		T(test_vtd_queue_a_full_batch_is_submitted),
		T(test_vtd_queue_wraps),
		T(test_vtd_queue_drain),
		T(test_vtd_queue_invalid_descriptor_is_replaced),
		T(test_vtd_queue_fetch_error_is_repeated),
		T(test_vtd_queue_invalid_wait_is_written_again),
		T(test_vtd_queue_nothing_valid_fails_closed),
		T(test_vtd_queue_hang_fails_closed),
		T(test_vtd_queue_gone_is_not_stopped),
		T(test_vtd_queue_stop_without_esrtps_flushes),
		T(test_vtd_queue_stop_without_esrtps_unconfirmed),
		T(test_vtd_queue_device_does_not_answer),
		T(test_vtd_queue_device_unknown),
		T(test_vtd_queue_odd_completion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
