/* SPDX-License-Identifier: MIT */
/* Work queues: portals put descriptors in, engines take them out. */
#include "models/dsa/dsa.h"

#include "base/bits.h"
#include "base/errno.h"
#include "base/le64.h"
#include "base/string.h"

/* The i-th descriptor, counted from the oldest. */
struct dsa_hw_entry *dsa_hw_wq_entry(struct dsa_hw *dsa,
				     const struct dsa_hw_wq *wq, unsigned int i)
{
	unsigned int size = (unsigned int)FIELD_GET(DSA_WQCFG_SIZE, &wq->cfg);

	i += wq->head; /* both are below the size */
	return &dsa->entries[wq->base + (i < size ? i : i - size)];
}

/* After its number of entries has changed. */
void dsa_hw_wq_mark_locked(struct dsa_hw *dsa, unsigned int wq)
{
	if (dsa->wqs[wq].used)
		dsa->queued |= BIT(wq);
	else
		dsa->queued &= ~BIT(wq);
}

/* The processor fills in the PASID for shared queues, the queue for others. */
void dsa_hw_entry_who(const struct dsa_hw_wq *wq, const struct dsa_desc *desc,
		      bool *ret_valid, ioasid_t *ret_pasid)
{
	bool dedicated = FIELD_GET(DSA_WQCFG_MODE, &wq->cfg);

	*ret_valid = FIELD_GET(DSA_WQCFG_PASID_EN, &wq->cfg);
	*ret_pasid = (ioasid_t)(dedicated ?
					FIELD_GET(DSA_WQCFG_PASID, &wq->cfg) :
					FIELD_GET(DSA_DESC_PASID, desc));
}

static unsigned int dsa_hw_wq_size(const struct dsa_hw_wq *wq)
{
	return (unsigned int)FIELD_GET(DSA_WQCFG_SIZE, &wq->cfg);
}

static struct dsa_grpcfg *dsa_hw_group_of_wq(struct dsa_hw *dsa,
					     unsigned int wq)
{
	unsigned int g;

	for (g = 0; g < DSA_HW_GROUPS; g++) {
		if (dsa->groups[g].dw[0] & BIT(wq))
			return &dsa->groups[g];
	}
	return NULL;
}

void dsa_hw_wq_wake_locked(struct dsa_hw *dsa, unsigned int wq)
{
	struct dsa_grpcfg *group = dsa_hw_group_of_wq(dsa, wq);
	unsigned int e;

	if (!group || !dsa->host.wake)
		return;
	for (e = 0; e < dsa->cfg.engines; e++) {
		if (FIELD_GET(DSA_GRPCFG_ENGINES, group) & BIT(e))
			dsa->host.wake(dsa->host.ctx, e);
	}
}

static void dsa_hw_wq_overflow_locked(struct dsa_hw *dsa, unsigned int index,
				      const struct dsa_desc *desc)
{
	const struct dsa_hw_wq *wq = &dsa->wqs[index];
	struct dsa_swerr err = { { 0 } };
	ioasid_t pasid;
	bool valid;

	dsa_hw_entry_who(wq, desc, &valid, &pasid);
	FIELD_SET(DSA_SWERR_DESC_VALID, &err, 1);
	FIELD_SET(DSA_SWERR_WQ_IDX_VALID, &err, 1);
	FIELD_SET(DSA_SWERR_ERROR, &err, DSA_SWERR_WQ_FULL);
	FIELD_SET(DSA_SWERR_WQ_IDX, &err, index);
	FIELD_SET(DSA_SWERR_OPERATION, &err, FIELD_GET(DSA_DESC_OPCODE, desc));
	FIELD_SET(DSA_SWERR_PASID, &err, valid ? pasid : 0);
	dsa_hw_swerr_locked(dsa, &err);
}

/* Return: 0 accepted or dropped, -EAGAIN Retry. */
static int dsa_hw_wq_submit_locked(struct dsa_hw *dsa, unsigned int index,
				   bool limited, bool deferrable,
				   const struct dsa_desc *desc)
{
	struct dsa_hw_wq *wq = &dsa->wqs[index];
	bool dedicated = FIELD_GET(DSA_WQCFG_MODE, &wq->cfg);
	unsigned int room = dsa_hw_wq_size(wq), threshold;
	struct dsa_hw_entry *entry;

	/* The wrong kind of write is not answered by the queue at all. */
	if (wq->state != DSA_WQ_ENABLED || dedicated == deferrable ||
	    dsa->state != DSA_DEVICE_ENABLED)
		return deferrable ? -EAGAIN : 0;
	threshold = (unsigned int)FIELD_GET(DSA_WQCFG_THRESHOLD, &wq->cfg);
	if (!dedicated && limited && threshold < room)
		room = threshold;
	if (wq->used >= room) {
		if (deferrable)
			return -EAGAIN;
		dsa_hw_wq_overflow_locked(dsa, index, desc);
		return 0;
	}

	entry = dsa_hw_wq_entry(dsa, wq, wq->used++);
	dsa_hw_wq_mark_locked(dsa, index);
	entry->desc = *desc;
	entry->seq = dsa->next_seq++;
	dsa_hw_wq_wake_locked(dsa, index);
	return 0;
}

int dsa_hw_portal_write(struct dsa_hw *dsa, uint64_t offset, const void *desc,
			bool deferrable)
{
	unsigned int wq = (unsigned int)REG_GET(DSA_PORTAL_OFFSET_WQ, offset);
	uint64_t kind = REG_GET(DSA_PORTAL_OFFSET_KIND, offset);
	struct dsa_desc copy;
	int err;

	if (offset >= dsa_hw_bar2_size(dsa) || wq >= dsa->cfg.wqs ||
	    REG_GET(DSA_PORTAL_OFFSET_BYTE, offset))
		return deferrable ? -EAGAIN : 0;
	le64_load_words(copy.dw, desc, ARRAY_SIZE(copy.dw));

	dsa_hw_lock(dsa);
	err = dsa_hw_wq_submit_locked(dsa, wq,
				      kind == DSA_PORTAL_LIMITED_MSIX ||
					      kind == DSA_PORTAL_LIMITED_IMS,
				      deferrable, &copy);
	dsa_hw_unlock(dsa);
	if (err)
		atomic_fetch_add_explicit(&dsa->retries, 1,
					  memory_order_relaxed);
	return err;
}

static const struct dsa_grpcfg *dsa_hw_group_of(const struct dsa_hw *dsa,
						unsigned int engine)
{
	unsigned int g;

	for (g = 0; g < DSA_HW_GROUPS; g++) {
		if (FIELD_GET(DSA_GRPCFG_ENGINES, &dsa->groups[g]) &
		    BIT(engine))
			return &dsa->groups[g];
	}
	return NULL;
}

/*
 * The next queue of @wqs to serve: of those with credit the one of highest
 * priority, in turn among equals. A queue has its priority as credit, and when
 * all have used theirs up each gets it anew: a low one is late, never starved.
 */
static int dsa_hw_wq_choose(struct dsa_hw *dsa, uint64_t wqs, unsigned int turn)
{
	const uint64_t queued = dsa->queued & wqs, early = BIT(turn) - 1;
	uint64_t best_priority = 0;
	unsigned int round;
	int best = -1;

	/* Each queue from @turn on, and then those before it. */
	for (round = 0; queued && round < 4 && (round != 2 || best < 0);
	     round++) {
		uint64_t rest = round % 2 ? queued & early : queued & ~early;

		for (; rest; rest &= rest - 1) {
			unsigned int w = (unsigned int)__builtin_ctzll(rest);
			struct dsa_hw_wq *wq = &dsa->wqs[w];
			uint64_t priority =
				FIELD_GET(DSA_WQCFG_PRIORITY, &wq->cfg);

			if (round >= 2)
				wq->credit = (unsigned int)priority;
			if (wq->credit && priority > best_priority) {
				best_priority = priority;
				best = (int)w;
			}
		}
	}
	return best;
}

static void dsa_hw_wq_take_locked(struct dsa_hw *dsa, struct dsa_hw_engine *eng,
				  unsigned int w)
{
	struct dsa_hw_wq *wq = &dsa->wqs[w];
	struct dsa_hw_entry *entry = dsa_hw_wq_entry(dsa, wq, 0);
	bool dedicated = FIELD_GET(DSA_WQCFG_MODE, &wq->cfg);
	struct dsa_hw_job *job = &eng->top;

	memset(job, 0, sizeof(*job));
	job->desc = entry->desc;
	dsa_hw_entry_who(wq, &job->desc, &job->pasid_valid, &job->pasid);
	job->priv = dedicated ? FIELD_GET(DSA_WQCFG_PRIV, &wq->cfg) :
				FIELD_GET(DSA_DESC_PRIV, &job->desc);
	job->ats = !FIELD_GET(DSA_WQCFG_ATS_DISABLE, &wq->cfg);
	job->handle = dsa_hw_handle_valid_locked(dsa, job);

	eng->active = true;
	eng->wq = (uint8_t)w;
	eng->pasid_valid = job->pasid_valid;
	eng->pasid = job->pasid;
	eng->seq = entry->seq;
	eng->wqcfg = wq->cfg;
	eng->user_int = REG_GET(DSA_GENCFG_USER_INT_EN, dsa->gencfg);
	eng->priv_ok = dsa->pasid_priv || !job->pasid_valid;
	eng->turn = w + 1 < dsa->cfg.wqs ? w + 1 : 0;

	if (++wq->head == dsa_hw_wq_size(wq))
		wq->head = 0;
	wq->used--;
	dsa_hw_wq_mark_locked(dsa, w);
	if (wq->credit)
		wq->credit--;
}

bool dsa_hw_wq_pick_locked(struct dsa_hw *dsa, struct dsa_hw_engine *eng)
{
	const struct dsa_grpcfg *group;
	int w;

	if (dsa->state != DSA_DEVICE_ENABLED &&
	    dsa->state != DSA_DEVICE_DRAINING)
		return false;
	group = dsa_hw_group_of(dsa, eng->index);
	if (!group)
		return false;
	w = dsa_hw_wq_choose(dsa, FIELD_GET(DSA_GRPCFG_WQS_0, group),
			     eng->turn);
	if (w < 0)
		return false;
	dsa_hw_wq_take_locked(dsa, eng, (unsigned int)w);
	return true;
}
