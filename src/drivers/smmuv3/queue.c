/* SPDX-License-Identifier: MIT */
/*
 * Submission without a lock.
 *
 * A position counts the commands since the queue was enabled, in 64 bits, and
 * does not wrap. Its low bits are its slot; the registers have one bit more.
 *
 *	consumed <= published <= reserved, published <= consumed + size
 *
 * A submitter of n commands
 *
 *	1. takes the positions [first, end) by adding n to reserved,
 *	2. waits until end <= consumed + size: the slots are free,
 *	3. writes them,
 *	4. says so: ready[slot of first] = end,
 *	5. moves published, and with it PROD, over whatever is ready, or leaves
 *	   that to who is doing it,
 *	6. waits until consumed >= end.
 *
 * Taking positions first makes the queue fair when it is full, and waiting for
 * room the same wait as that for completion. Between 1 and 4 nothing is
 * published beyond first: a submitter that does not come back there (or the
 * owner of publishing, within 5) holds up everybody, for as long as expired()
 * grants it, then it counts as a dead queue. A queue once dead stays so:
 * positions that were taken and never written do no harm then.
 *
 * What holds:
 *
 * - A reservation has at most size commands and its last is a CMD_SYNC. So
 *   what a CMD_SYNC waits for, or fails to complete, is of its own
 *   reservation, whoever else submits. (The one exception is in gerror.c.)
 * - A slot is written by who has reserved it, between 2 and 4, and by the
 *   error handler while CMDQ_ERR is active and CONS points to it (7.1).
 * - published goes from the end of one reservation to the end of the next.
 *   ready[its slot] is greater if and only if the next one has been written:
 *   what the slot holds of an earlier lap is the end of a reservation that
 *   began at least size positions before, thus not greater.
 * - PROD is written by the owner of publishing alone, so never backwards.
 * - consumed is at most what the SMMU has consumed, and only rises. That also
 *   goes for a thread that slept for many laps between its load of consumed
 *   and its read of CONS: adding the difference modulo twice the size to an
 *   old value gives at most the new one.
 *
 * Order: the write of PROD comes after the stores of the owner and all it has
 * acquired, see sva/plat.h. What else pairs is said where it happens.
 */
#include "drivers/smmuv3/queue.h"

#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/smmuv3.h"

/* Looks at the queue without progress before time counts. */
#define MIN_LOOKS 16u

/* Timeouts of the SMMU that another submitter has. */
#define PEER_TIMEOUTS 10u

/* How long one submitter publishes what others have written. */
#define PUBLISH_ROUNDS 4u

static uint64_t size_of(const struct smmuv3_cmdq *q)
{
	return BIT(q->lg2);
}

static size_t slot_of(const struct smmuv3_cmdq *q, uint64_t pos)
{
	return (size_t)(pos & (size_of(q) - 1));
}

void smmuv3_cmdq_write(struct smmuv3_cmdq *q, uint64_t pos,
		       const struct smmu_cmd *cmd)
{
	le64_atomic *entry = q->entries + 2 * slot_of(q, pos);

	/* Relaxed: ready, or GERRORN, says that they are there. */
	le64_store_relaxed(&entry[0], cmd->dw[0]);
	le64_store_relaxed(&entry[1], cmd->dw[1]);
}

struct smmu_cmd smmuv3_cmdq_read(const struct smmuv3_cmdq *q, uint64_t pos)
{
	const le64_atomic *entry = q->entries + 2 * slot_of(q, pos);
	struct smmu_cmd cmd = { { le64_load_relaxed(&entry[0]),
				  le64_load_relaxed(&entry[1]) } };

	return cmd;
}

/* To at least @value. Release and acquire: as what is raised. */
static uint64_t raise_to(_Atomic uint64_t *max, uint64_t value)
{
	uint64_t old = atomic_load_explicit(max, memory_order_acquire);

	while (old < value && !atomic_compare_exchange_weak_explicit(
				      max, &old, value, memory_order_acq_rel,
				      memory_order_acquire))
		;
	return old < value ? value : old;
}

static uint64_t consumed(const struct smmuv3_cmdq *q)
{
	/*
	 * Acquire: pairs with raise_to(). Whoever read CONS knew the SMMU to
	 * have read the slots before.
	 */
	return atomic_load_explicit(&q->consumed, memory_order_acquire);
}

uint64_t smmuv3_cmdq_refresh(struct smmuv3 *smmu)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	uint64_t old = consumed(q);
	uint32_t reg = mmio_read32(&smmu->mmio, SMMU_CMDQ_CONS);
	uint64_t moved =
		((uint32_t)REG_GET(SMMU_CMDQ_CONS_RD, reg) - (uint32_t)old) &
		smmu_q_mask(q->lg2);

	/*
	 * An SMMU that is gone, or mad, has consumed nothing. The acquire pairs
	 * with the owner's release; published was stored before PROD.
	 */
	if (reg == UINT32_MAX || !moved ||
	    old + moved >
		    atomic_load_explicit(&q->published, memory_order_acquire))
		return consumed(q);
	return raise_to(&q->consumed, old + moved);
}

/* The end of the reservation that begins at @pos, or @pos: not written yet. */
static uint64_t ready_at(const struct smmuv3_cmdq *q, uint64_t pos)
{
	/* Acquire: pairs with say_ready(). */
	uint64_t end = atomic_load_explicit(&q->ready[slot_of(q, pos)],
					    memory_order_acquire);

	return end > pos ? end : pos;
}

/* Without a gap; for the owner: nobody publishes, so it ends. */
static uint64_t ready_until(const struct smmuv3_cmdq *q, uint64_t pos)
{
	uint64_t end;

	while ((end = ready_at(q, pos)) != pos)
		pos = end;
	return pos;
}

static void say_ready(struct smmuv3_cmdq *q, uint64_t first, uint64_t end)
{
	/* Release: the commands, for the owner and so for the SMMU. */
	atomic_store_explicit(&q->ready[slot_of(q, first)], end,
			      memory_order_release);
}

/*
 * Move published and PROD. Both exchanges acquire and release: an owner sees
 * what the one before has done; and who is turned away released its ready to
 * the exchange with which the owner leaves, after which that one looks again.
 * Should it have had its rounds by then, those who wait come here again.
 */
static void publish(struct smmuv3 *smmu)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	unsigned int round;

	for (round = 0; round < PUBLISH_ROUNDS; round++) {
		uint64_t first, end;

		if (atomic_exchange_explicit(&q->publishing, true,
					     memory_order_acq_rel))
			return;
		first = atomic_load_explicit(&q->published,
					     memory_order_relaxed);
		end = ready_until(q, first);
		if (end != first) {
			/* Before PROD: consumed is never beyond it. */
			atomic_store_explicit(&q->published, end,
					      memory_order_release);
			mmio_write32(&smmu->mmio, SMMU_CMDQ_PROD,
				     (uint32_t)end & smmu_q_mask(q->lg2));
		}
		(void)atomic_exchange_explicit(&q->publishing, false,
					       memory_order_acq_rel);
		if (ready_at(q, end) == end)
			return;
	}
}

/* Somebody has written, and nobody may be there to publish it. */
static void help_publish(struct smmuv3 *smmu)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	/* Relaxed: a hint. */
	uint64_t pos =
		atomic_load_explicit(&q->published, memory_order_relaxed);

	if (ready_at(q, pos) != pos)
		publish(smmu);
}

/* What somebody who waits has seen of the others, and when. */
struct progress {
	uint64_t consumed;
	uint64_t published;
	uint64_t errors;
	uint64_t since;
	unsigned int looks;
};

/* Whose turn it is, and how long it may take. */
static uint64_t patience(const struct smmuv3 *smmu, const struct progress *p)
{
	const struct smmuv3_cmdq *q = &smmu->cmdq;
	struct smmu_cmd head;

	/* Everything has been consumed: a submitter has yet to write. */
	if (p->published == p->consumed)
		return PEER_TIMEOUTS * smmu->timeout_ns;
	/*
	 * A device may take a minute and a half to forget, and then the SMMU
	 * says so: 3.9.1.4. A hint, so both are relaxed: the slot may have
	 * been written anew, if the queue has moved just now.
	 */
	head = smmuv3_cmdq_read(q, p->consumed);
	if (FIELD_GET(SMMU_CMD_OPCODE, &head) == SMMU_OP_SYNC &&
	    p->consumed <
		    atomic_load_explicit(&q->ats_until, memory_order_relaxed))
		return q->ats_timeout_ns;
	return smmu->timeout_ns;
}

/*
 * @now is of before the last look at the queue, so that a late look counts.
 * What is published while the SMMU is at it is no progress of the SMMU; an
 * error is, and gerror.c limits how many there are of one command.
 */
static bool expired(const struct smmuv3 *smmu, struct progress *p, uint64_t now)
{
	const struct smmuv3_cmdq *q = &smmu->cmdq;
	struct progress new = { .since = now };

	new.consumed = consumed(q);
	new.published =
		atomic_load_explicit(&q->published, memory_order_acquire);
	new.errors = atomic_load_explicit(&smmu->counters.command_errors,
					  memory_order_relaxed);
	if (new.consumed != p->consumed || new.errors != p->errors ||
	    (p->published == p->consumed && new.published != p->published)) {
		*p = new;
		return false;
	}
	return ++p->looks >= MIN_LOOKS && now - p->since >= patience(smmu, p);
}

/* Until the SMMU has consumed everything before @target. */
static int wait_consumed(struct smmuv3 *smmu, uint64_t target)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	struct progress p = { .consumed = UINT64_MAX };
	unsigned int turns;

	if (consumed(q) >= target)
		return 0;
	for (turns = 0;; turns++) {
		uint64_t now = plat_now_ns(smmu->plat);

		if (smmuv3_cmdq_refresh(smmu) >= target)
			return 0;
		if (smmuv3_is_dead(smmu))
			return -EIO;
		smmuv3_gerror_poll(smmu);
		help_publish(smmu);
		if (expired(smmu, &p, now)) {
			smmuv3_fail_closed(smmu,
					   p.published == p.consumed ?
						   "a submitter hangs" :
						   "no command is consumed");
			return -ETIMEDOUT;
		}
		plat_relax(smmu->plat, turns);
	}
}

/* Bits 63:8 position, 7:0 errno. Positions are not used twice. */
static int error_between(const struct smmuv3_cmdq *q, uint64_t seen,
			 uint64_t first, uint64_t end)
{
	uint64_t count;
	unsigned int i;

	/*
	 * Acquire: an error was remembered before it was acknowledged, so
	 * before the SMMU went on.
	 */
	count = atomic_load_explicit(&q->errors, memory_order_acquire);
	if (count == seen)
		return 0;
	for (i = 0; i < SMMUV3_CMDQ_ERRORS; i++) {
		/* Acquire: who sees a new error here sees the count before. */
		uint64_t error = atomic_load_explicit(&q->error[i],
						      memory_order_acquire);

		if ((error & 0xff) && error >> 8 >= first && error >> 8 < end)
			return -(int)(error & 0xff);
	}
	/* One of ours may have been overwritten. */
	count = atomic_load_explicit(&q->errors, memory_order_relaxed);
	return count - seen >= SMMUV3_CMDQ_ERRORS ? -EIO : 0;
}

static bool is_sync(const struct smmu_cmd *cmd)
{
	return FIELD_GET(SMMU_CMD_OPCODE, cmd) == SMMU_OP_SYNC;
}

static void write_part(struct smmuv3 *smmu, const struct smmu_cmd *cmds,
		       uint64_t first, uint64_t end)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	struct smmu_cmd sync = smmuv3_make_sync();
	uint64_t pos;

	for (pos = first; pos < end - 1; pos++) {
		const struct smmu_cmd *cmd = &cmds[pos - first];

		smmuv3_cmdq_write(q, pos, cmd);
		if (FIELD_GET(SMMU_CMD_OPCODE, cmd) == SMMU_OP_ATC_INV)
			(void)raise_to(&q->ats_until, end);
	}
	smmuv3_cmdq_write(q, pos, &sync);
}

/* @count commands and a CMD_SYNC. */
static int submit_part(struct smmuv3 *smmu, const struct smmu_cmd *cmds,
		       size_t count)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	/* Acquire: those counted here are not of this reservation. */
	uint64_t seen = atomic_load_explicit(&q->errors, memory_order_acquire);
	/* Relaxed: consumed tells when the slots may be written. */
	uint64_t first = atomic_fetch_add_explicit(&q->reserved, count + 1,
						   memory_order_relaxed);
	uint64_t end = first + count + 1;
	int err = 0;

	if (end > size_of(q))
		err = wait_consumed(smmu, end - size_of(q));
	if (err)
		return err;
	write_part(smmu, cmds, first, end);
	say_ready(q, first, end);
	publish(smmu);
	err = wait_consumed(smmu, end);
	return err ? err : error_between(q, seen, first, end);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	/* Relaxed: counters order nothing. */
	if (n)
		atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static void count_commands(struct smmuv3 *smmu, const struct smmu_cmd *cmds,
			   size_t count)
{
	uint64_t atc = 0, pri = 0, cfgi = 0, tlbi = 0, sync = 1;
	size_t i;

	for (i = 0; i < count; i++) {
		uint64_t op = FIELD_GET(SMMU_CMD_OPCODE, &cmds[i]);

		sync += op == SMMU_OP_SYNC;
		atc += op == SMMU_OP_ATC_INV;
		pri += op == SMMU_OP_PRI_RESP;
		cfgi += op >= SMMU_OP_CFGI_STE && op <= SMMU_OP_CFGI_VMS_PIDM;
		tlbi += op >= SMMU_OP_TLBI_NH_ALL &&
			op <= SMMU_OP_TLBI_NSNH_ALL;
	}
	add(&smmu->counters.commands, count + 1);
	add(&smmu->counters.syncs, sync);
	add(&smmu->counters.ats_invalidations, atc);
	add(&smmu->counters.page_responses, pri);
	add(&smmu->counters.config_invalidations, cfgi);
	add(&smmu->counters.tlb_invalidations, tlbi);
}

int smmuv3_cmdq_submit(struct smmuv3 *smmu, const struct smmu_cmd *cmds,
		       size_t count)
{
	size_t room = (size_t)size_of(&smmu->cmdq) - 1;
	int err = 0;

	while (count) {
		size_t part = count < room ? count : room;
		bool ends = is_sync(&cmds[part - 1]);
		int part_err;

		if (smmuv3_is_dead(smmu))
			return err ? err : -EIO;
		count_commands(smmu, cmds, part - ends);
		part_err = submit_part(smmu, cmds, part - ends);
		if (!err)
			err = part_err;
		cmds += part;
		count -= part;
	}
	return err;
}

int smmuv3_cmdq_init(struct smmuv3 *smmu, unsigned int lg2)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;

	q->lg2 = lg2;
	q->ready = plat_zalloc(smmu->plat, sizeof(q->ready[0]) << lg2);
	if (!q->ready)
		return -ENOMEM;
	q->entries = plat_pages_alloc(smmu->plat, smmuv3_queue_size(lg2, 16));
	if (!q->entries) {
		plat_free(smmu->plat, q->ready);
		return -ENOMEM;
	}
	plat_lock_init(smmu->plat, &q->error_lock, PLAT_LOCK_SPIN,
		       PLAT_RANK_QUEUE, "smmuv3 errors");
	return 0;
}

void smmuv3_cmdq_fini(struct smmuv3 *smmu)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;

	plat_lock_fini(smmu->plat, &q->error_lock);
	plat_pages_free(smmu->plat, q->entries, smmuv3_queue_size(q->lg2, 16));
	plat_free(smmu->plat, q->ready);
}

void smmuv3_batch_init(struct smmuv3_batch *batch, struct smmuv3 *smmu)
{
	batch->smmu = smmu;
	batch->count = 0;
	batch->err = 0;
}

static void batch_submit(struct smmuv3_batch *batch)
{
	int err = smmuv3_cmdq_submit(batch->smmu, batch->cmds, batch->count);

	if (!batch->err)
		batch->err = err;
	batch->count = 0;
}

void smmuv3_batch_add(struct smmuv3_batch *batch, struct smmu_cmd cmd)
{
	if (batch->count == SMMUV3_BATCH)
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
