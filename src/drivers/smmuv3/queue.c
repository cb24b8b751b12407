/* SPDX-License-Identifier: MIT */
#include "drivers/smmuv3/queue.h"

#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/smmuv3.h"

/* How often a command that fails again is left as it is. */
#define MAX_REPEATS 8u

/* Somebody who waits for the entries [first, end). */
struct waiter {
	struct list link;
	uint64_t first;
	uint64_t end;
	int err;
};

static le64_atomic *entry_at(struct smmuv3_cmdq *q, uint64_t pos)
{
	return q->entries + 2 * smmu_q_index((uint32_t)pos, q->lg2);
}

static void write_entry(struct smmuv3_cmdq *q, uint64_t pos,
			const struct smmu_cmd *cmd)
{
	le64_atomic *entry = entry_at(q, pos);

	/* Relaxed: the write of PROD orders them for the SMMU. */
	le64_store_relaxed(&entry[0], cmd->dw[0]);
	le64_store_relaxed(&entry[1], cmd->dw[1]);
}

static void count_command(struct smmuv3 *smmu, const struct smmu_cmd *cmd)
{
	uint64_t op = FIELD_GET(SMMU_CMD_OPCODE, cmd);

	smmuv3_count(&smmu->counters.commands);
	if (op == SMMU_OP_SYNC)
		smmuv3_count(&smmu->counters.syncs);
	else if (op == SMMU_OP_ATC_INV)
		smmuv3_count(&smmu->counters.ats_invalidations);
	else if (op == SMMU_OP_PRI_RESP)
		smmuv3_count(&smmu->counters.page_responses);
	else if (op >= SMMU_OP_CFGI_STE && op <= SMMU_OP_CFGI_VMS_PIDM)
		smmuv3_count(&smmu->counters.config_invalidations);
	else if (op >= SMMU_OP_TLBI_NH_ALL && op <= SMMU_OP_TLBI_NSNH_ALL)
		smmuv3_count(&smmu->counters.tlb_invalidations);
}

static void ring_locked(struct smmuv3 *smmu)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;

	mmio_write32(&smmu->mmio, SMMU_CMDQ_PROD,
		     (uint32_t)q->prod & smmu_q_mask(q->lg2));
}

/* Take over the SMMU's read index. True if it has moved. */
static bool refresh_locked(struct smmuv3 *smmu)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	uint32_t reg = mmio_read32(&smmu->mmio, SMMU_CMDQ_CONS);
	uint64_t moved = ((uint32_t)REG_GET(SMMU_CMDQ_CONS_RD, reg) -
			  (uint32_t)q->cons) &
			 smmu_q_mask(q->lg2);

	/* An SMMU that is gone, or mad, has consumed nothing. */
	if (reg == UINT32_MAX || !moved || moved > q->prod - q->cons)
		return false;
	q->cons += moved;
	return true;
}

static void tell_waiter_locked(struct smmuv3_cmdq *q, uint64_t pos, int err)
{
	struct waiter *w;

	list_for_each(w, &q->waiters, link)
		if (w->first <= pos && pos < w->end && !w->err)
			w->err = err;
}

static void log_bad_command(struct smmuv3 *smmu, uint64_t pos, const char *what)
{
	le64_atomic *entry = entry_at(&smmu->cmdq, pos);

	plat_log(smmu->plat, PLAT_LOG_ERR, "%s: command %016llx %016llx: %s",
		 smmu->name, (unsigned long long)le64_load_relaxed(&entry[0]),
		 (unsigned long long)le64_load_relaxed(&entry[1]), what);
}

/*
 * CMDQ_ERR is active, and the queue stands at the command that failed. While
 * it is, software may change that command; it is fetched again afterwards.
 */
static void repair_locked(struct smmuv3 *smmu)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	uint32_t cons = mmio_read32(&smmu->mmio, SMMU_CMDQ_CONS);
	struct smmu_cmd filler = smmuv3_make_sync();
	bool again;

	refresh_locked(smmu);
	again = q->error_repeats && q->error_at == q->cons;
	q->error_repeats = again ? q->error_repeats + 1 : 1;
	q->error_at = q->cons;

	switch (REG_GET(SMMU_CMDQ_CONS_ERR, cons)) {
	case SMMU_CERROR_ATC_INV_SYNC:
		/*
		 * The CMD_SYNC stays where it is and is tried again; what it
		 * waited for besides is then complete.
		 */
		log_bad_command(smmu, q->cons, "ATC invalidation timed out");
		tell_waiter_locked(q, q->cons, -ETIMEDOUT);
		if (q->error_repeats < MAX_REPEATS)
			break;
		/* Nothing to wait for any more: its submitter knows. */
		filler = smmuv3_make_cmd(SMMU_OP_PREFETCH_CONFIG);
		write_entry(q, q->cons, &filler);
		break;
	case SMMU_CERROR_ABT:
		log_bad_command(smmu, q->cons, "fetch aborted");
		if (q->error_repeats < MAX_REPEATS)
			break;
		q->broken = true;
		break;
	default:
		log_bad_command(smmu, q->cons, "illegal");
		tell_waiter_locked(q, q->cons, -EIO);
		if (q->error_repeats < MAX_REPEATS)
			write_entry(q, q->cons, &filler);
		else
			q->broken = true;
		break;
	}
}

static void log_gerror(struct smmuv3 *smmu, uint32_t active)
{
	static const struct {
		uint32_t bit;
		const char *what;
	} rows[] = {
		{ 1u << SMMU_GERROR_EVENTQ_ABT_ERR_LO,
		  "event queue write aborted, events lost" },
		{ 1u << SMMU_GERROR_PRIQ_ABT_ERR_LO,
		  "PRI queue write aborted, page requests lost" },
		{ 1u << SMMU_GERROR_MSI_CMDQ_ABT_ERR_LO,
		  "CMD_SYNC message aborted" },
		{ 1u << SMMU_GERROR_MSI_EVENTQ_ABT_ERR_LO,
		  "event queue message aborted" },
		{ 1u << SMMU_GERROR_MSI_PRIQ_ABT_ERR_LO,
		  "PRI queue message aborted" },
		{ 1u << SMMU_GERROR_MSI_GERROR_ABT_ERR_LO,
		  "GERROR message aborted" },
		{ 1u << SMMU_GERROR_SFM_ERR_LO,
		  "service failure mode: everything aborts" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (active & rows[i].bit)
			plat_log(smmu->plat, PLAT_LOG_ERR, "%s: %s", smmu->name,
				 rows[i].what);
}

/* Repair and acknowledge every active error. */
static void gerror_locked(struct smmuv3 *smmu)
{
	uint32_t gerror = mmio_read32(&smmu->mmio, SMMU_GERROR);
	uint32_t active = (gerror ^ smmu->gerrorn) & SMMUV3_GERROR_KNOWN;

	/* All ones: there are no registers any more. */
	if (!active || gerror == UINT32_MAX)
		return;
	log_gerror(smmu, active);
	if (active & (1u << SMMU_GERROR_CMDQ_ERR_LO)) {
		repair_locked(smmu);
		if (smmu->cmdq.broken)
			active &= ~(1u << SMMU_GERROR_CMDQ_ERR_LO);
	}
	smmu->gerrorn ^= active;
	mmio_write32(&smmu->mmio, SMMU_GERRORN, smmu->gerrorn);
}

void smmuv3_cmdq_gerror(struct smmuv3 *smmu)
{
	plat_lock(smmu->plat, &smmu->cmdq.lock);
	gerror_locked(smmu);
	plat_unlock(smmu->plat, &smmu->cmdq.lock);
}

static bool full_locked(const struct smmuv3_cmdq *q)
{
	return q->prod - q->cons == BIT(q->lg2);
}

/* Wait until there is room for one more command. */
static int make_room_locked(struct smmuv3 *smmu, uint64_t deadline)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	unsigned int turns;

	/* What is written so far has to be seen to be consumed. */
	ring_locked(smmu);
	for (turns = 0; !q->broken; turns++) {
		bool late = plat_now_ns(smmu->plat) >= deadline;

		if (!refresh_locked(smmu))
			gerror_locked(smmu);
		if (!full_locked(q))
			return 0;
		if (late)
			return -ETIMEDOUT;
		plat_relax(smmu->plat, turns);
	}
	return -EIO;
}

static int write_locked(struct smmuv3 *smmu, const struct smmu_cmd *cmds,
			size_t count, uint64_t deadline)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	int err = 0;
	size_t i;

	for (i = 0; i < count && !err; i++) {
		if (full_locked(q)) {
			err = make_room_locked(smmu, deadline);
			if (err)
				break;
		}
		write_entry(q, q->prod, &cmds[i]);
		q->prod++;
		count_command(smmu, &cmds[i]);
	}
	ring_locked(smmu);
	return err;
}

/* Poll until the SMMU is past the waiter's last command. Takes the lock. */
static int wait_consumed(struct smmuv3 *smmu, struct waiter *w,
			 uint64_t deadline)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	unsigned int turns;
	bool done = false;
	int err = 0;

	for (turns = 0; !done && !err; turns++) {
		/* Sampled first: a late look at the queue still counts. */
		bool late = plat_now_ns(smmu->plat) >= deadline;

		if (turns)
			plat_relax(smmu->plat, turns);
		plat_lock(smmu->plat, &q->lock);
		if (q->cons < w->end && !refresh_locked(smmu))
			gerror_locked(smmu);
		done = q->cons >= w->end;
		if (!done && q->broken)
			err = -EIO;
		else if (!done && late)
			err = -ETIMEDOUT;
		if (done || err)
			list_del(&w->link);
		plat_unlock(smmu->plat, &q->lock);
	}
	if (err)
		plat_log(smmu->plat, PLAT_LOG_ERR,
			 "%s: command queue: no answer", smmu->name);
	return w->err ? w->err : err;
}

int smmuv3_cmdq_submit(struct smmuv3 *smmu, const struct smmu_cmd *cmds,
		       size_t count)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	uint64_t deadline = plat_now_ns(smmu->plat) + smmu->timeout_ns;
	struct waiter w = { .err = 0 };
	int err;

	plat_lock(smmu->plat, &q->lock);
	w.first = q->prod;
	w.end = q->prod + count;
	list_add_tail(&q->waiters, &w.link);
	err = q->broken ? -EIO : write_locked(smmu, cmds, count, deadline);
	if (err)
		list_del(&w.link);
	plat_unlock(smmu->plat, &q->lock);
	if (err) {
		plat_log(smmu->plat, PLAT_LOG_ERR, "%s: command queue is stuck",
			 smmu->name);
		return err;
	}
	return wait_consumed(smmu, &w, deadline);
}

int smmuv3_cmdq_init(struct smmuv3 *smmu, unsigned int lg2)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;

	q->lg2 = lg2;
	list_init(&q->waiters);
	q->entries = plat_pages_alloc(smmu->plat, smmuv3_queue_size(lg2, 16));
	if (!q->entries)
		return -ENOMEM;
	plat_lock_init(smmu->plat, &q->lock, PLAT_LOCK_SPIN, PLAT_RANK_QUEUE,
		       "smmuv3 command queue");
	return 0;
}

void smmuv3_cmdq_fini(struct smmuv3 *smmu)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;

	plat_lock_fini(smmu->plat, &q->lock);
	plat_pages_free(smmu->plat, q->entries, smmuv3_queue_size(q->lg2, 16));
}

void smmuv3_batch_init(struct smmuv3_batch *batch, struct smmuv3 *smmu)
{
	batch->smmu = smmu;
	batch->count = 0;
	batch->err = 0;
}

static void batch_submit(struct smmuv3_batch *batch)
{
	int err;

	batch->cmds[batch->count++] = smmuv3_make_sync();
	err = smmuv3_cmdq_submit(batch->smmu, batch->cmds, batch->count);
	if (err && !batch->err)
		batch->err = err;
	batch->count = 0;
}

void smmuv3_batch_add(struct smmuv3_batch *batch, struct smmu_cmd cmd)
{
	/* The last place is that of the CMD_SYNC. */
	if (batch->count == SMMUV3_BATCH - 1)
		batch_submit(batch);
	batch->cmds[batch->count++] = cmd;
}

void smmuv3_batch_barrier(struct smmuv3_batch *batch)
{
	if (batch->count)
		smmuv3_batch_add(batch, smmuv3_make_sync());
}

int smmuv3_batch_sync(struct smmuv3_batch *batch)
{
	int err;

	if (batch->count)
		batch_submit(batch);
	err = batch->err;
	batch->err = 0;
	return err;
}
