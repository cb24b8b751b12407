/* SPDX-License-Identifier: MIT */
/* The page request queue: records, answers, drains, overflow. [M3] [M4] */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/bits.h"
#include "fmt/vtd.h"
#include "tests/drivers/vtd/prq_bench.h"

/* [R2] A group, one answer, to the one who asked. */
static void test_vtd_prq_group_is_answered_once(void **state)
{
	const struct seam_op *op;
	struct vtd_prd prd;
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	prd = seam_prd(SID, b.pasid, 0x1a5, 0x7f0000001000, false);
	prq_bench_push(&b, &prd);
	prq_bench_run(&b);
	assert_int_equal(seam_count(b.s, SEAM_RESPONSE), 0);
	prd = seam_prd(SID, b.pasid, 0x1a5, 0x7f0000002000, true);
	FIELD_SET(VTD_PRD_WRR, &prd, 1);
	prq_bench_push(&b, &prd);
	prq_bench_run(&b);
	op = prq_bench_answer(&b);
	assert_int_equal(op->sid, SID);
	assert_int_equal(op->pasid, b.pasid);
	assert_true(op->valid && !op->priv_valid);
	assert_int_equal(op->index, 0x1a5);
	assert_int_equal(op->code, IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(b.m.faults, 2);
	assert_int_equal(b.m.last_va, 0x7f0000002000);
	assert_int_equal(b.m.last_perm, IOMMU_PERM_READ | IOMMU_PERM_WRITE);
	/* The unit has its places back, and no interrupt is pending. */
	assert_int_equal(b.s->pqh, b.s->pqt);
	assert_int_equal(b.s->prs, 0);
	prq_bench_down(&b);
}

/* [M3] Private data comes back as it was; nothing where there is none. */
static void test_vtd_prq_private_data_is_echoed(void **state)
{
	const struct seam_op *op;
	struct vtd_prd prd;
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	prd = seam_prd(SID, b.pasid, 3, 0x1000, true);
	FIELD_SET(VTD_PRD_PDP, &prd, 1);
	FIELD_SET(VTD_PRD_PRIV_LO, &prd, UINT64_C(0x1122334455667788));
	FIELD_SET(VTD_PRD_PRIV_HI, &prd, UINT64_C(0x99aabbccddeeff00));
	prq_bench_push(&b, &prd);
	prq_bench_run(&b);
	op = prq_bench_answer(&b);
	assert_true(op->priv_valid);
	assert_true(op->priv[0] == UINT64_C(0x1122334455667788));
	assert_true(op->priv[1] == UINT64_C(0x99aabbccddeeff00));
	prq_bench_down(&b);
}

/* [M3] What is refused, if it is the last; the address space is not asked. */
static void test_vtd_prq_bad_requests_are_invalid(void **state)
{
	static const struct {
		uint64_t addr;
		bool exr, pmr, rdr, wrr, four_levels;
	} rows[] = {
		{ UINT64_C(0x0100000000000000), 0, 0, 1, 0, 0 },
		{ UINT64_C(0xfe00000000000000), 0, 0, 1, 0, 0 },
		{ UINT64_C(0x0000800000000000), 0, 0, 1, 0, 1 },
		{ 0x1000, 0, 1, 1, 0, 0 }, /* privileged */
		{ 0x1000, 0, 1, 0, 1, 0 },
		{ 0x1000, 1, 0, 1, 0, 0 }, /* execute */
	};
	struct prq_bench b;
	size_t i;

	(void)state;
	prq_bench_up(&b);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vtd_prd prd = seam_prd(SID, b.pasid, (unsigned int)i,
					      rows[i].addr, true);

		FIELD_SET(VTD_PRD_EXR, &prd, rows[i].exr);
		FIELD_SET(VTD_PRD_PMR, &prd, rows[i].pmr);
		FIELD_SET(VTD_PRD_RDR, &prd, rows[i].rdr);
		FIELD_SET(VTD_PRD_WRR, &prd, rows[i].wrr);
		b.s->u.f.five_level = !rows[i].four_levels;
		seam_clear(b.s);
		prq_bench_push(&b, &prd);
		prq_bench_run(&b);
		assert_int_equal(prq_bench_answer(&b)->code,
				 IOMMU_PAGE_RESP_INVALID);
		assert_int_equal(prq_bench_answer(&b)->index, i);
	}
	assert_int_equal(b.m.faults, 0);
	/* The first address of the upper half is one. */
	b.s->u.f.five_level = true;
	seam_clear(b.s);
	{
		struct vtd_prd prd = seam_prd(
			SID, b.pasid, 9, UINT64_C(0xff00000000000000), true);

		prq_bench_push(&b, &prd);
		prq_bench_run(&b);
		assert_int_equal(b.m.faults, 1);
	}
	/* What does not ask to read does not ask to execute (7.4.1.1). */
	seam_clear(b.s);
	{
		struct vtd_prd prd = seam_prd(SID, b.pasid, 10, 0x1000, true);

		FIELD_SET(VTD_PRD_EXR, &prd, 1);
		FIELD_SET(VTD_PRD_RDR, &prd, 0);
		FIELD_SET(VTD_PRD_WRR, &prd, 1);
		prq_bench_push(&b, &prd);
		prq_bench_run(&b);
		assert_int_equal(prq_bench_answer(&b)->code,
				 IOMMU_PAGE_RESP_SUCCESS);
		assert_int_equal(b.m.last_perm, IOMMU_PERM_WRITE);
	}
	prq_bench_down(&b);
}

/*
 * [R3] One that is not the last makes its group fail, and leaves nothing to the
 * next one with its number. [R15]
 */
static void test_vtd_prq_bad_request_decides_its_group(void **state)
{
	struct vtd_prd bad, last;
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	bad = seam_prd(SID, b.pasid, 6, 0x1000, false);
	FIELD_SET(VTD_PRD_PMR, &bad, 1);
	last = seam_prd(SID, b.pasid, 6, 0x2000, true);
	prq_bench_push(&b, &bad);
	prq_bench_push(&b, &last);
	prq_bench_run(&b);
	assert_int_equal(prq_bench_answer(&b)->code, IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(b.m.faults, 0);
	/* And the other way round: a good one, then a bad last. */
	seam_clear(b.s);
	bad = seam_prd(SID, b.pasid, 6, UINT64_C(0x0100000000000000), true);
	last = seam_prd(SID, b.pasid, 6, 0x2000, false);
	prq_bench_push(&b, &last);
	prq_bench_push(&b, &bad);
	prq_bench_run(&b);
	assert_int_equal(prq_bench_answer(&b)->code, IOMMU_PAGE_RESP_INVALID);
	b.m.faults = 0;
	seam_clear(b.s);
	last = seam_prd(SID, b.pasid, 6, 0x3000, true);
	prq_bench_push(&b, &last);
	prq_bench_run(&b);
	assert_int_equal(prq_bench_answer(&b)->code, IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(b.m.faults, 1);
	prq_bench_down(&b);
}

/* [R4] Stop markers, records of another kind, strangers. */
static void test_vtd_prq_markers_and_strangers(void **state)
{
	const struct seam_op *op;
	struct vtd_prd prd;
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	prd = seam_prd(SID, b.pasid, 0, 0, true);
	FIELD_SET(VTD_PRD_RDR, &prd, 0);
	prq_bench_push(&b, &prd);
	prd = seam_prd(SID, b.pasid, 0, 0x1000, true);
	FIELD_SET(VTD_PRD_TYPE, &prd, 2);
	prq_bench_push(&b, &prd);
	prd = seam_prd(SID + 1, b.pasid, 0, 0x1000, false);
	prq_bench_push(&b, &prd);
	prq_bench_run(&b);
	assert_int_equal(seam_count(b.s, SEAM_RESPONSE), 0);
	assert_int_equal(b.m.faults, 0);
	/* A device nobody knows; a PASID nobody has; none at all. */
	prd = seam_prd(SID + 1, b.pasid, 4, 0x1000, true);
	prq_bench_push(&b, &prd);
	prq_bench_run(&b);
	op = prq_bench_answer(&b);
	assert_int_equal(op->sid, SID + 1);
	assert_int_equal(op->pasid, b.pasid);
	assert_int_equal(op->code, IOMMU_PAGE_RESP_INVALID);
	seam_clear(b.s);
	prd = seam_prd(SID, b.pasid + 1, 4, 0x1000, true);
	prq_bench_push(&b, &prd);
	prq_bench_run(&b);
	assert_int_equal(prq_bench_answer(&b)->code, IOMMU_PAGE_RESP_INVALID);
	seam_clear(b.s);
	prd = seam_prd(SID, 0, 4, 0x1000, true);
	FIELD_SET(VTD_PRD_PP, &prd, 0);
	prq_bench_push(&b, &prd);
	prq_bench_run(&b);
	op = prq_bench_answer(&b);
	assert_int_equal(op->code, IOMMU_PAGE_RESP_INVALID);
	assert_false(op->valid);
	prq_bench_down(&b);
}

/* [M4] A drain: responses before, the device, PD; then the queue, then faults. */
static void test_vtd_prq_drain_order(void **state)
{
	size_t bar, dev, drain, faults, answer;
	struct vtd_prd prd;
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	prd = seam_prd(SID, b.pasid, 2, 0x1000, true);
	prq_bench_push(&b, &prd);
	/* No interrupt is needed. */
	vtd_unit_ops.drain_faults(b.dev);
	assert_int_equal(iopf_queue_flush_dev(b.dev), 0);
	bar = seam_find(b.s, SEAM_BARRIER, 0);
	dev = seam_find(b.s, SEAM_DEV_TLB, 0);
	drain = seam_find(b.s, SEAM_DRAIN, 0);
	faults = seam_find(b.s, SEAM_FAULTS, 0);
	answer = seam_find(b.s, SEAM_RESPONSE, 0);
	assert_true(bar < dev && dev < drain && drain < faults);
	assert_true(drain < answer && answer < b.s->op_count);
	assert_int_equal(seam_count(b.s, SEAM_DRAIN), 1);
	prq_bench_down(&b);
}

static void late_request(struct seam *s, const struct seam_op *op)
{
	struct prq_bench *b = s->hook_arg;
	struct vtd_prd prd;

	if (op->kind != SEAM_DEV_TLB)
		return;
	/* It was on its way when the drain began. */
	prd = seam_prd(SID, b->pasid, 8, 0x4000, true);
	prq_bench_push(b, &prd);
}

/* [R1] [M4] What the drain of the hardware brings in is drained, too. */
static void test_vtd_prq_drain_takes_what_was_on_its_way(void **state)
{
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	b.s->hook_arg = &b;
	b.s->hook = late_request;
	vtd_unit_ops.drain_faults(b.dev);
	b.s->hook = NULL;
	assert_int_equal(b.s->pqh, b.s->pqt);
	assert_int_equal(iopf_queue_flush_dev(b.dev), 0);
	assert_int_equal(prq_bench_answer(&b)->code, IOMMU_PAGE_RESP_SUCCESS);
	prq_bench_down(&b);
}

static void overflow_and_interrupt(struct seam *s, const struct seam_op *op)
{
	struct prq_bench *b = s->hook_arg;
	struct vtd_prd prd = seam_prd(SID, b->pasid, 1, 0x1000, false);

	if (op->kind != SEAM_DRAIN)
		return;
	s->hook = NULL;
	while (seam_push(s, &prd))
		;
	/* The reader is there before the drain is. */
	vtd_prq_irq(&s->u);
	assert_int_equal(s->prs, 0);
}

/*
 * [M4] An overflow during a drain that the interrupt has seen to: the device
 * has to have the unit's own answers too, so once more (7.10, d).
 */
static void test_vtd_prq_drain_repeats_after_an_overflow(void **state)
{
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	b.s->hook_arg = &b;
	b.s->hook = overflow_and_interrupt;
	vtd_unit_ops.drain_faults(b.dev);
	assert_null(b.s->hook);
	assert_int_equal(atomic_load(&b.s->u.counters.prq_overflows), 1);
	assert_int_equal(seam_count(b.s, SEAM_DRAIN), 2);
	prq_bench_down(&b);
}

static _Atomic unsigned int flood_reads;

/* A device that sends a request for each that was reported. */
static int flooding_handler(const struct iommu_fault *fault,
			    struct iommu_device *dev, void *data)
{
	struct prq_bench *b = data;
	struct vtd_prd prd = seam_prd(SID, b->pasid, 0, 0x1000, false);

	(void)fault;
	(void)dev;
	atomic_fetch_add(&flood_reads, 1);
	(void)seam_push(b->s, &prd);
	return 0;
}

/* A flooding device does not hold up a drain: a pass has an end. */
static void test_vtd_prq_drain_of_a_flood_ends(void **state)
{
	struct vtd_prd prd;
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	iommu_sva_unbind(b.sva);
	b.sva = NULL;
	assert_int_equal(iommu_dev_disable_feature(b.dev, IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(iommu_register_device_fault_handler(
				 b.dev, flooding_handler, &b),
			 0);
	atomic_store(&flood_reads, 0);
	prd = seam_prd(SID, b.pasid, 0, 0x1000, false);
	prq_bench_push(&b, &prd);
	prq_bench_push(&b, &prd);
	vtd_unit_ops.drain_faults(b.dev);
	/* Two were there, two more came. */
	assert_int_equal(atomic_load(&flood_reads), 2);
	assert_int_not_equal(b.s->pqh, b.s->pqt);
	assert_int_equal(b.s->prs & 1, 1); /* and they interrupt */
	assert_int_equal(iommu_unregister_device_fault_handler(b.dev), 0);
	assert_int_equal(iommu_dev_enable_feature(b.dev, IOMMU_DEV_FEAT_SVA),
			 0);
	prq_bench_down(&b);
}

static struct gate {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool inside, open;
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER,
	   .cond = PTHREAD_COND_INITIALIZER };

static int gated_handler(const struct iommu_fault *fault,
			 struct iommu_device *dev, void *data)
{
	(void)fault;
	(void)dev;
	(void)data;
	pthread_mutex_lock(&gate.lock);
	gate.inside = true;
	pthread_cond_broadcast(&gate.cond);
	while (!gate.open)
		pthread_cond_wait(&gate.cond, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
	return 0;
}

static void *irq_thread(void *arg)
{
	vtd_prq_irq(arg);
	return NULL;
}

struct drainer {
	struct prq_bench *b;
	_Atomic bool done;
};

static void *drain_thread(void *arg)
{
	struct drainer *d = arg;

	vtd_unit_ops.drain_faults(d->b->dev);
	atomic_store(&d->done, true);
	return NULL;
}

/* [R1] A drain waits for the report that is under way. */
static void test_vtd_prq_drain_waits_for_the_reader(void **state)
{
	pthread_t irq, drain;
	struct drainer d;
	struct vtd_prd prd;
	struct prq_bench b;
	unsigned int i;

	(void)state;
	prq_bench_up(&b);
	b.s->u.timeout_ns = UINT64_C(100000000000);
	iommu_sva_unbind(b.sva);
	b.sva = NULL;
	assert_int_equal(iommu_dev_disable_feature(b.dev, IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(
		iommu_register_device_fault_handler(b.dev, gated_handler, NULL),
		0);
	gate.inside = gate.open = false;
	prd = seam_prd(SID, b.pasid, 0, 0x1000, false);
	prq_bench_push(&b, &prd);
	assert_int_equal(pthread_create(&irq, NULL, irq_thread, &b.s->u), 0);
	pthread_mutex_lock(&gate.lock);
	while (!gate.inside)
		pthread_cond_wait(&gate.cond, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
	d = (struct drainer){ .b = &b };
	assert_int_equal(pthread_create(&drain, NULL, drain_thread, &d), 0);
	/* It has come as far as the queue. */
	for (;;) {
		bool waiting;

		plat_lock(b.s->u.plat, &b.s->u.prq->lock);
		waiting = b.s->u.prq->drains == 1;
		plat_unlock(b.s->u.plat, &b.s->u.prq->lock);
		if (waiting)
			break;
	}
	for (i = 0; i < 1000; i++)
		assert_false(atomic_load(&d.done));
	pthread_mutex_lock(&gate.lock);
	gate.open = true;
	pthread_cond_broadcast(&gate.cond);
	pthread_mutex_unlock(&gate.lock);
	assert_int_equal(pthread_join(drain, NULL), 0);
	assert_int_equal(pthread_join(irq, NULL), 0);
	assert_true(atomic_load(&d.done));
	assert_int_equal(iommu_unregister_device_fault_handler(b.dev), 0);
	assert_int_equal(iommu_dev_enable_feature(b.dev, IOMMU_DEV_FEAT_SVA),
			 0);
	prq_bench_down(&b);
}

/* A drain that waits has the next pass: the interrupt waits for it. */
static void test_vtd_prq_drains_go_first(void **state)
{
	struct vtd_prd prd;
	struct vtd_prq *q;
	struct prq_bench b;
	pthread_t irq;

	(void)state;
	prq_bench_up(&b);
	q = b.s->u.prq;
	prd = seam_prd(SID, b.pasid, 7, 0x1000, true);
	prq_bench_push(&b, &prd);
	plat_lock(b.s->u.plat, &q->lock);
	q->drains = 1;
	plat_unlock(b.s->u.plat, &q->lock);
	assert_int_equal(pthread_create(&irq, NULL, irq_thread, &b.s->u), 0);
	while (!atomic_load(&q->event.waiters) &&
	       !seam_count(b.s, SEAM_RESPONSE))
		;
	assert_int_equal(seam_count(b.s, SEAM_RESPONSE), 0);
	plat_lock(b.s->u.plat, &q->lock);
	q->drains = 0;
	plat_unlock(b.s->u.plat, &q->lock);
	plat_event_signal(b.s->u.plat, &q->event);
	assert_int_equal(pthread_join(irq, NULL), 0);
	assert_int_equal(iopf_queue_flush_dev(b.dev), 0);
	assert_int_equal(prq_bench_answer(&b)->index, 7);
	prq_bench_down(&b);
}

/* [B8] [R2] After an exit: Invalid, exactly once. */
static void test_vtd_prq_exited_space_is_invalid(void **state)
{
	struct vtd_prd prd;
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	iommu_mm_get(&b.m.mm);
	iommu_mm_put_users(&b.m.mm);
	seam_clear(b.s);
	prd = seam_prd(SID, b.pasid, 2, 0x1000, true);
	prq_bench_push(&b, &prd);
	prq_bench_run(&b);
	assert_int_equal(prq_bench_answer(&b)->code, IOMMU_PAGE_RESP_INVALID);
	iommu_sva_unbind(b.sva);
	assert_int_equal(iommu_dev_disable_feature(b.dev, IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(iommu_device_remove(b.dev), 0);
	iommu_mm_put(&b.m.mm);
	seam_unmake(b.s);
}

static int short_of_memory(const struct iommu_fault *fault,
			   struct iommu_device *dev, void *data)
{
	(void)fault;
	(void)dev;
	(void)data;
	return -ENOMEM;
}

/* [F9] [L3] What core did not take: no handler, and a handler without memory. */
static void test_vtd_prq_not_taken_is_a_failure(void **state)
{
	struct vtd_prd prd;
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	iommu_sva_unbind(b.sva);
	b.sva = NULL;
	assert_int_equal(iommu_dev_disable_feature(b.dev, IOMMU_DEV_FEAT_SVA),
			 0);
	seam_clear(b.s);
	prd = seam_prd(SID, b.pasid, 3, 0x1000, true);
	prq_bench_push(&b, &prd);
	vtd_prq_irq(&b.s->u);
	assert_int_equal(prq_bench_answer(&b)->code, IOMMU_PAGE_RESP_FAILURE);
	assert_int_equal(iommu_register_device_fault_handler(
				 b.dev, short_of_memory, NULL),
			 0);
	seam_clear(b.s);
	prq_bench_push(&b, &prd);
	vtd_prq_irq(&b.s->u);
	/* The system's policy, as it is if nobody says otherwise. */
	assert_int_equal(prq_bench_answer(&b)->code,
			 iommu_fault_verdict(b.dev, -ENOMEM));
	/* What nobody may grant is not tried again for that. [M3] */
	FIELD_SET(VTD_PRD_PMR, &prd, 1);
	seam_clear(b.s);
	prq_bench_push(&b, &prd);
	vtd_prq_irq(&b.s->u);
	assert_int_equal(prq_bench_answer(&b)->code, IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(iommu_unregister_device_fault_handler(b.dev), 0);
	assert_int_equal(iommu_dev_enable_feature(b.dev, IOMMU_DEV_FEAT_SVA),
			 0);
	prq_bench_down(&b);
}

/* Outstanding requests of all devices find room, as long as there is some. */
static void test_vtd_prq_credits(void **state)
{
	enum { DEVICES = 6 };
	struct iommu_device *dev[DEVICES];
	struct seam *s = seam_make();
	uint32_t granted[DEVICES];
	unsigned int i;

	(void)state;
	seam_start(s);
	for (i = 0; i < DEVICES; i++) {
		dev[i] = seam_device(s, 0x100 + i);
		assert_int_equal(iommu_dev_enable_feature(dev[i],
							  IOMMU_DEV_FEAT_SVA),
				 0);
		memcpy(&granted[i], s->cfg + SEAM_PRI + 12, 4);
		/* They share the function here. */
		s->cfg[SEAM_PRI + 4] = 0;
		s->cfg[SEAM_PRI + 7] = 1;
	}
	assert_int_equal(granted[0], VTD_PRI_QUOTA);
	assert_int_equal(granted[3], QUEUE - 1 - 3 * VTD_PRI_QUOTA);
	assert_int_equal(granted[4], 1);
	for (i = 0; i < DEVICES; i++)
		assert_int_equal(iommu_dev_disable_feature(dev[i],
							   IOMMU_DEV_FEAT_SVA),
				 0);
	assert_int_equal(s->u.prq->credits, QUEUE - 1);
	assert_int_equal(iommu_dev_enable_feature(dev[5], IOMMU_DEV_FEAT_SVA),
			 0);
	memcpy(&granted[5], s->cfg + SEAM_PRI + 12, 4);
	assert_int_equal(granted[5], VTD_PRI_QUOTA);
	assert_int_equal(iommu_dev_disable_feature(dev[5], IOMMU_DEV_FEAT_SVA),
			 0);
	for (i = 0; i < DEVICES; i++)
		assert_int_equal(iommu_device_remove(dev[i]), 0);
	seam_unmake(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_prq_group_is_answered_once),
		cmocka_unit_test(test_vtd_prq_private_data_is_echoed),
		cmocka_unit_test(test_vtd_prq_bad_requests_are_invalid),
		cmocka_unit_test(test_vtd_prq_bad_request_decides_its_group),
		cmocka_unit_test(test_vtd_prq_markers_and_strangers),
		cmocka_unit_test(test_vtd_prq_drain_order),
		cmocka_unit_test(test_vtd_prq_drain_takes_what_was_on_its_way),
		cmocka_unit_test(test_vtd_prq_drain_repeats_after_an_overflow),
		cmocka_unit_test(test_vtd_prq_drain_of_a_flood_ends),
		cmocka_unit_test(test_vtd_prq_drain_waits_for_the_reader),
		cmocka_unit_test(test_vtd_prq_drains_go_first),
		cmocka_unit_test(test_vtd_prq_exited_space_is_invalid),
		cmocka_unit_test(test_vtd_prq_not_taken_is_a_failure),
		cmocka_unit_test(test_vtd_prq_credits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
