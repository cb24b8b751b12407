/* SPDX-License-Identifier: MIT */
/*
 * The page request queue: reading it, and draining it. [M3] [M4]
 *
 * One thread at a time reads the queue, for one *pass*: it claims the queue,
 * takes what is there at a look at the tail, reports each record without any
 * lock, deals with an overflow, and hands the queue back. A pass is over after
 * so many records as the queue has, whatever a device keeps sending, and so is a
 * drain, which is one pass, too: what was in the queue when it was asked for has
 * been taken by the pass that was under way, or is taken by its own. Drains go
 * first, so that the interrupt, which reads until there is nothing left, does
 * not keep them waiting. An overflow that does not go away ends the reading, as
 * nothing comes any more then.
 *
 * PRS.PPR is cleared before the tail is read: a record that comes later sets it
 * again and interrupts. With PRO set the unit takes in no request, but answers
 * them; so the queue can be emptied, and groups of before do not mix with
 * groups of after. [R15]
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/prq.h"
#include "drivers/vtd/vtd.h"
#include "fmt/vtd.h"

#define WORDS       ((size_t)4)
#define RECORD_SIZE (8 * WORDS)

/* Passes in a row that find an overflow and no record: PRO does not go. */
#define STUCK_PASSES 8u

static size_t queue_size(const struct vtd_unit *u)
{
	return RECORD_SIZE << u->prq_lg2;
}

int vtd_prq_init(struct vtd_unit *u)
{
	struct vtd_prq *q = plat_zalloc(u->plat, sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->entries = plat_pages_alloc(u->plat, queue_size(u));
	if (!q->entries) {
		plat_free(u->plat, q);
		return -ENOMEM;
	}
	plat_lock_init(u->plat, &q->lock, PLAT_LOCK_SPIN, PLAT_RANK_QUEUE,
		       "vtd page requests");
	/* One place stays empty, or full would look like empty. */
	q->credits = (1u << u->prq_lg2) - 1;
	u->prq = q;
	return 0;
}

void vtd_prq_fini(struct vtd_unit *u)
{
	struct vtd_prq *q = u->prq;

	if (!q)
		return;
	plat_lock_fini(u->plat, &q->lock);
	plat_pages_free(u->plat, q->entries, queue_size(u));
	plat_free(u->plat, q);
	u->prq = NULL;
}

void vtd_prq_enable(struct vtd_unit *u)
{
	uint64_t pqa = plat_virt_to_phys(u->plat, u->prq->entries);

	_Static_assert(VTD_PRD_LG2 == 5, "RECORD_SIZE");
	pqa |= REG_PUT(VTD_PQA_PQS, 0,
		       u->prq_lg2 + VTD_PRD_LG2 - VTD_QUEUE_UNIT_LG2);
	u->prq->head = 0;
	vtd_write64(u, VTD_PQH, 0);
	vtd_write64(u, VTD_PQT, 0);
	vtd_write64(u, VTD_PQA, pqa);
	vtd_write32(u, VTD_PRS,
		    (uint32_t)(REG_CONST(VTD_PRS_PPR, 1) |
			       REG_CONST(VTD_PRS_PRO, 1)));
}

void vtd_prq_disable(struct vtd_unit *u)
{
	vtd_write64(u, VTD_PQA, 0);
}

/*
 * The pass is ours on success. A drain waits for the pass that is under way, the
 * interrupt for all drains.
 */
static int claim(struct vtd_unit *u, bool drain, uint64_t deadline)
{
	struct vtd_prq *q = u->prq;

	for (;;) {
		uint32_t seen = plat_event_read(&q->event);
		bool mine;
		int err;

		plat_lock(u->plat, &q->lock);
		mine = !q->busy && (drain || !q->drains);
		if (mine)
			q->busy = true;
		plat_unlock(u->plat, &q->lock);
		if (mine)
			return 0;
		err = plat_event_wait(u->plat, &q->event, seen, deadline);
		if (err)
			return err;
	}
}

static void hand_back(struct vtd_unit *u)
{
	plat_lock(u->plat, &u->prq->lock);
	u->prq->busy = false;
	plat_unlock(u->plat, &u->prq->lock);
	plat_event_signal(u->plat, &u->prq->event);
}

static void count_drains(struct vtd_unit *u, unsigned int by)
{
	plat_lock(u->plat, &u->prq->lock);
	u->prq->drains += by;
	plat_unlock(u->plat, &u->prq->lock);
	plat_event_signal(u->plat, &u->prq->event);
}

/* Copy one record out and free its place. */
static struct vtd_prd take(struct vtd_unit *u)
{
	struct vtd_prq *q = u->prq;
	le64_atomic *entry = q->entries + q->head / 8;
	struct vtd_prd prd;
	unsigned int i;

	/* Acquire: the words are read before the head gives the place back. */
	for (i = 0; i < WORDS; i++)
		prd.dw[i] = le64_load_acquire(&entry[i]);
	q->head = (q->head + (uint32_t)RECORD_SIZE) &
		  (uint32_t)(queue_size(u) - 1);
	vtd_write64(u, VTD_PQH, q->head);
	return prd;
}

/* Everything up to a look at the tail. False: there was nothing. */
static bool take_all(struct vtd_unit *u)
{
	uint64_t pqt = vtd_read64(u, VTD_PQT);
	uint32_t tail = (uint32_t)(pqt & (queue_size(u) - RECORD_SIZE));
	bool any = false;

	if (pqt == UINT64_MAX) /* gone */
		return false;
	while (u->prq->head != tail) {
		struct vtd_prd prd = take(u);

		vtd_prq_record(u, &prd);
		any = true;
	}
	return any;
}

static uint64_t add_overflows(struct vtd_unit *u, unsigned int n)
{
	uint64_t overflows;

	plat_lock(u->plat, &u->prq->lock);
	u->prq->overflows += n;
	overflows = u->prq->overflows;
	plat_unlock(u->plat, &u->prq->lock);
	return overflows;
}

/* The queue was read up to where it overflowed. [L5] [R15] */
static void recover(struct vtd_unit *u)
{
	/* Core's queue is there from the first device to the last. */
	struct vtd_device *vdev = vtd_device_any(u);
	uint64_t n = add_overflows(u, 1);

	vtd_count(&u->counters.prq_overflows);
	if (is_pow2(n))
		plat_log(u->plat, PLAT_LOG_WARN,
			 "%s: page request queue overflow, %llu by now",
			 u->name, (unsigned long long)n);
	if (vdev) {
		/* The Last of a group may be among what was answered. */
		if (iopf_queue_discard_partial(u->unit.iopf))
			plat_log(u->plat, PLAT_LOG_ERR,
				 "%s: partial groups are still there", u->name);
		vtd_device_put(vdev);
	}
	vtd_write32(u, VTD_PRS, (uint32_t)REG_CONST(VTD_PRS_PRO, 1));
}

/*
 * What a pass has found. Each record is one that a device has sent, and after an
 * overflow there may be more, whose event has not come.
 */
enum found {
	FOUND_NOTHING,
	FOUND_RECORDS,
	FOUND_OVERFLOW, /* and no record */
};

/* The queue is claimed. */
static enum found pass(struct vtd_unit *u)
{
	uint32_t prs;
	bool any;

	vtd_write32(u, VTD_PRS, (uint32_t)REG_CONST(VTD_PRS_PPR, 1));
	any = take_all(u);
	prs = vtd_read32(u, VTD_PRS);
	if (prs == UINT32_MAX || !REG_GET(VTD_PRS_PRO, prs))
		return any ? FOUND_RECORDS : FOUND_NOTHING;
	/* What came between the tail and the overflow; no more comes now. */
	any |= take_all(u);
	recover(u);
	return any ? FOUND_RECORDS : FOUND_OVERFLOW;
}

void vtd_prq_irq(void *arg)
{
	struct vtd_unit *u = arg;
	unsigned int stuck = 0;
	enum found found;

	do {
		if (claim(u, false, UINT64_MAX))
			return;
		found = pass(u);
		hand_back(u);
		stuck = found == FOUND_OVERFLOW ? stuck + 1 : 0;
	} while (found != FOUND_NOTHING && stuck < STUCK_PASSES);
	if (stuck)
		plat_log(u->plat, PLAT_LOG_ERR,
			 "%s: the page request queue stays in overflow: "
			 "requests are answered by the unit",
			 u->name);
}

/* Everything in the queue now has been reported on return. */
static int drain_queue(struct vtd_unit *u)
{
	uint64_t deadline = plat_now_ns(u->plat) + u->timeout_ns;
	int err;

	count_drains(u, 1);
	err = claim(u, true, deadline);
	if (!err) {
		(void)pass(u);
		hand_back(u);
	}
	count_drains(u, -1u);
	return err;
}

/*
 * What the device has sent, and what the unit has taken in, gets into the
 * queue: PCIe keeps an Invalidate Completion behind the page requests before
 * it, so any invalidation of the device's will do, and the unit ends the wait
 * when it has written them (7.10). Answers from before have been sent, too.
 */
static int drain_hardware(struct vtd_device *vdev)
{
	struct vtd_batch b;

	vtd_batch_init(&b, vdev->u);
	vtd_batch_fence(&b);
	if (vtd_has_ats(vdev))
		vtd_inv_dev_tlb(&b, &vdev->ats, 0, 4095);
	return vtd_settle(vdev, vtd_batch_drain(&b),
			  "page requests stay under way");
}

/*
 * An overflow in between means that requests were answered by the unit instead;
 * once more, so that the device has those answers. It may have been somebody
 * else who saw to it, so they are counted from the start (7.10). [M4]
 */
static int drain_requests(struct vtd_device *vdev)
{
	bool overflow = true;
	unsigned int round;
	int err = 0;

	for (round = 0; round < VTD_DRAIN_ROUNDS && overflow && !err; round++) {
		uint64_t before = add_overflows(vdev->u, 0);

		err = drain_hardware(vdev);
		if (!err)
			err = drain_queue(vdev->u);
		overflow = add_overflows(vdev->u, 0) != before;
	}
	return err;
}

void vtd_drain_faults(struct iommu_device *dev)
{
	struct vtd_device *vdev = iommu_device_priv(dev);
	int err = 0;

	if (vdev->can_pri)
		err = drain_requests(vdev);
	/* Unrecoverable faults come here for every device. */
	if (!err)
		err = vtd_fault_drain(vdev->u);
	if (err)
		plat_log(vdev->u->plat, PLAT_LOG_ERR,
			 "%s: faults of %s are still being handled: error %d",
			 vdev->u->name, iommu_device_name(dev), err);
}
