/* SPDX-License-Identifier: MIT */
/*
 * The queues an SMMU writes: events and page requests. Arm IHI 0070, 3.5.2,
 * 7.2, 7.4, 8.1.
 *
 * One thread at a time reads a queue: it claims it, handles records without
 * any lock, and hands it back. Whoever wants the queue read meanwhile tells
 * the reader to look again. So a drain needs no interrupt, and does not wait
 * for one that was lost.
 *
 * A drain has an end: what was in the queue when it began. A device that sends
 * on and on keeps a work of the queue busy, and nobody else. [L4]
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/smmuv3.h"

#define OVERFLOW_FLAG (UINT32_C(1) << 31)
#define MAX_WORDS     4u
#define NO_END        UINT64_MAX

/* How often a drain looks at the queue again after its end: mostly there is
 * nothing, and nobody else need be bothered. */
#define LOOKS 4u

_Static_assert(SMMU_EVENTQ_PROD_OVFLG_LO == 31 &&
		       SMMU_EVENTQ_CONS_OVACKFLG_LO == 31 &&
		       SMMU_PRIQ_PROD_OVFLG_LO == 31 &&
		       SMMU_PRIQ_CONS_OVACKFLG_LO == 31,
	       "one flag for both queues");

static void read_rest(void *arg);

int smmuv3_inq_init(struct smmuv3 *smmu, struct smmuv3_inq *q, const char *name,
		    unsigned int lg2, unsigned int words, uint32_t prod_reg,
		    uint32_t cons_reg)
{
	q->lg2 = lg2;
	q->words = words;
	q->prod_reg = prod_reg;
	q->cons_reg = cons_reg;
	q->entries =
		plat_pages_alloc(smmu->plat, smmuv3_queue_size(lg2, 8 * words));
	if (!q->entries)
		return -ENOMEM;
	q->wq = plat_workqueue_create(smmu->plat, name, 1);
	if (!q->wq) {
		plat_pages_free(smmu->plat, q->entries,
				smmuv3_queue_size(lg2, 8 * words));
		return -ENOMEM;
	}
	q->smmu = smmu;
	plat_work_init(&q->rest, read_rest, q);
	plat_lock_init(smmu->plat, &q->lock, PLAT_LOCK_SPIN, PLAT_RANK_QUEUE,
		       name);
	q->enabled = true;
	return 0;
}

void smmuv3_inq_fini(struct smmuv3 *smmu, struct smmuv3_inq *q)
{
	if (!q->enabled)
		return;
	q->enabled = false;
	/* The SMMU writes no more: what is read on comes to its end. */
	plat_workqueue_destroy(smmu->plat, q->wq);
	plat_lock_fini(smmu->plat, &q->lock);
	plat_pages_free(smmu->plat, q->entries,
			smmuv3_queue_size(q->lg2, 8 * q->words));
}

/* False: somebody reads already, and will look again. */
static bool claim(struct smmuv3 *smmu, struct smmuv3_inq *q)
{
	bool mine;

	plat_lock(smmu->plat, &q->lock);
	mine = !q->busy;
	if (mine)
		q->busy = true;
	else
		q->again = true;
	plat_unlock(smmu->plat, &q->lock);
	return mine;
}

/* False: the queue has to be looked at once more. */
static bool hand_back(struct smmuv3 *smmu, struct smmuv3_inq *q)
{
	bool done;

	plat_lock(smmu->plat, &q->lock);
	done = !q->again;
	q->again = false;
	if (done)
		q->busy = false;
	plat_unlock(smmu->plat, &q->lock);
	if (done)
		plat_event_signal(smmu->plat, &q->event);
	return done;
}

/* Entries between prod and what has been read; garbage counts as none. */
static uint32_t pending(const struct smmuv3_inq *q, uint32_t prod)
{
	uint32_t n = smmu_q_count(prod, q->cons, q->lg2);

	return n <= UINT32_C(1) << q->lg2 ? n : 0;
}

/* Copy one record out and free its place. */
static void take(struct smmuv3 *smmu, struct smmuv3_inq *q, uint64_t *dw)
{
	le64_atomic *entry =
		q->entries + q->words * smmu_q_index(q->cons, q->lg2);
	unsigned int i;

	/* Acquire: the words are read before CONS gives the place back. */
	for (i = 0; i < q->words; i++)
		dw[i] = le64_load_acquire(&entry[i]);
	plat_lock(smmu->plat, &q->lock);
	q->cons = smmu_q_add(q->cons, 1, q->lg2);
	q->taken++;
	plat_unlock(smmu->plat, &q->lock);
	mmio_write32(&smmu->mmio, q->cons_reg, q->cons | q->ovack);
}

/*
 * Everything up to a look at PROD, and the overflow that look may have shown.
 * The acknowledgement comes last: until then the PRI queue takes nothing new,
 * so groups of before do not mix with groups of after. [R15]
 */
static bool read_some(struct smmuv3 *smmu, struct smmuv3_inq *q,
		      const struct smmuv3_inq_ops *ops)
{
	uint32_t prod = mmio_read32(&smmu->mmio, q->prod_reg);
	uint32_t n = pending(q, prod);
	bool overflow = (prod & OVERFLOW_FLAG) != q->ovack;
	uint64_t dw[MAX_WORDS];
	uint32_t i;

	if (prod == UINT32_MAX) /* gone */
		return false;
	for (i = 0; i < n; i++) {
		take(smmu, q, dw);
		ops->record(smmu, dw);
		plat_lock(smmu->plat, &q->lock);
		q->handled++;
		plat_unlock(smmu->plat, &q->lock);
		plat_event_signal(smmu->plat, &q->event);
	}
	if (overflow) {
		ops->overflow(smmu);
		q->ovack = prod & OVERFLOW_FLAG;
		mmio_write32(&smmu->mmio, q->cons_reg, q->cons | q->ovack);
	}
	return n || overflow;
}

/* As many have been handled. */
static bool drained(struct smmuv3 *smmu, struct smmuv3_inq *q, uint64_t target)
{
	bool done;

	plat_lock(smmu->plat, &q->lock);
	done = q->handled >= target;
	plat_unlock(smmu->plat, &q->lock);
	return done;
}

/*
 * The queue is claimed, and is given back empty, whoever reads it: the next
 * interrupt comes when it is no longer (3.18), so none would tell of a record
 * that was left. Who has seen @target records handled leaves the others, with
 * the claim, to the work.
 */
static void read_until(struct smmuv3 *smmu, struct smmuv3_inq *q,
		       const struct smmuv3_inq_ops *ops, uint64_t target)
{
	unsigned int looks = 0;

	for (;;) {
		if (!read_some(smmu, q, ops) && hand_back(smmu, q))
			return;
		if (target == NO_END || !drained(smmu, q, target) ||
		    ++looks < LOOKS)
			continue;
		q->ops = ops;
		plat_work_queue(smmu->plat, q->wq, &q->rest);
		return;
	}
}

static void read_rest(void *arg)
{
	struct smmuv3_inq *q = arg;

	read_until(q->smmu, q, q->ops, NO_END);
}

void smmuv3_inq_run(struct smmuv3 *smmu, struct smmuv3_inq *q,
		    const struct smmuv3_inq_ops *ops)
{
	if (claim(smmu, q))
		read_until(smmu, q, ops, NO_END);
}

/* What has to have been handled for everything in the queue now to be. */
static uint64_t drain_target(struct smmuv3 *smmu, struct smmuv3_inq *q)
{
	uint64_t target;
	uint32_t prod;

	plat_lock(smmu->plat, &q->lock);
	/* Under the lock, so that the reader does not overtake it. */
	prod = mmio_read32(&smmu->mmio, q->prod_reg);
	target = q->taken;
	if (prod != UINT32_MAX)
		target += pending(q, prod);
	plat_unlock(smmu->plat, &q->lock);
	return target;
}

int smmuv3_inq_drain(struct smmuv3 *smmu, struct smmuv3_inq *q,
		     const struct smmuv3_inq_ops *ops)
{
	uint64_t deadline = plat_now_ns(smmu->plat) + smmu->timeout_ns;
	uint64_t target = drain_target(smmu, q);

	for (;;) {
		uint32_t seen = plat_event_read(&q->event);
		int err;

		if (drained(smmu, q, target))
			return 0;
		if (claim(smmu, q)) {
			read_until(smmu, q, ops, target);
			if (plat_now_ns(smmu->plat) >= deadline)
				return drained(smmu, q, target) ? 0 :
								  -ETIMEDOUT;
			continue;
		}
		err = plat_event_wait(smmu->plat, &q->event, seen, deadline);
		if (err)
			return drained(smmu, q, target) ? 0 : err;
	}
}
