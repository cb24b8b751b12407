/* SPDX-License-Identifier: MIT */
/*
 * The command queue: Arm IHI 0070, 3.5, 4.1 and 7.1.
 *
 * Any number of threads submit, without a lock, and each is told of the errors
 * of its own commands. queue.c has the invariants, gerror.c what happens when
 * a command fails or the SMMU does not answer any more.
 */
#ifndef DRIVERS_SMMUV3_QUEUE_H
#define DRIVERS_SMMUV3_QUEUE_H

#include <sva/plat.h>

#include "base/le64.h"
#include "fmt/smmuv3.h"

struct smmuv3;

/* Errors that are remembered for those they are about. */
#define SMMUV3_CMDQ_ERRORS 32u

/**
 * struct smmuv3_cmdq - a command queue
 * @entries:   the commands, by slot.
 * @ready:     by slot: where the reservation that begins there ends, once it
 *             has been written.
 * @reserved, @published, @consumed: positions, see queue.c.
 * @publishing: somebody is moving @published and PROD.
 * @ats_until: no ATC invalidation is in the queue from here on.
 * @error_lock: of GERRORN, of the SMMU's CR0, and of what follows.
 * @error_at, @error_repeats: where the last error was and how often in a row.
 * @errors:    how many were remembered; @error: the last of them.
 * @dead:      no command is consumed any more; set when @stopped is final.
 * @stopped:   no transaction passes the SMMU any more.
 *
 * (c) after init, (a) atomic, (o) the owner of @publishing, (e) @error_lock.
 */
struct smmuv3_cmdq {
	le64_atomic *entries;    /* (c) */
	_Atomic uint64_t *ready; /* (a) */
	unsigned int lg2;        /* (c) */
	uint64_t ats_timeout_ns; /* (c) */
	_Alignas(64) _Atomic uint64_t reserved;
	_Alignas(64) _Atomic uint64_t published; /* (a), written by (o) */
	_Atomic bool publishing;
	_Alignas(64) _Atomic uint64_t consumed;
	_Atomic uint64_t ats_until;
	_Alignas(64) _Atomic uint64_t errors; /* (a), written by (e) */
	_Atomic uint64_t error[SMMUV3_CMDQ_ERRORS];
	_Atomic bool dead;
	_Atomic bool stopped;
	struct plat_lock error_lock;
	uint64_t error_at;          /* (e) */
	unsigned int error_repeats; /* (e) */
};

/* Return: 0, -ENOMEM. */
SVA_MUST_CHECK int smmuv3_cmdq_init(struct smmuv3 *smmu, unsigned int lg2);
void smmuv3_cmdq_fini(struct smmuv3 *smmu);

/**
 * smmuv3_cmdq_submit() - have commands done
 * @cmds: in this order; a CMD_SYNC is put behind the last if it is none.
 *
 * Returns when the SMMU has completed them all. Commands of one call stand
 * together, unless there are more of them than the queue has entries: then
 * each part is completed before the next is written.
 *
 * Context: any but interrupts; takes no lock unless something fails, polls,
 *          does not sleep. Ends at the latest when the SMMU has done nothing
 *          for its timeout (for the timeout of ATS, if a CMD_SYNC waits for a
 *          device), or another submitter has done nothing for ten of them.
 * Return:  0; or, with the queue going on: -EIO a command of these was illegal
 *          and was replaced by a CMD_SYNC, -ETIMEDOUT a device did not complete
 *          an ATC invalidation of these; or, with smmuv3_is_dead(): -ETIMEDOUT
 *          to who found out, -EIO to everybody else.
 * Test:    tests/drivers/smmuv3_queue_test.c, smmuv3_queue_race_test.c
 */
SVA_MUST_CHECK int smmuv3_cmdq_submit(struct smmuv3 *smmu,
				      const struct smmu_cmd *cmds,
				      size_t count);

/* For gerror.c: how far the SMMU is, asked now; the slot of a position. */
uint64_t smmuv3_cmdq_refresh(struct smmuv3 *smmu);
void smmuv3_cmdq_write(struct smmuv3_cmdq *q, uint64_t pos,
		       const struct smmu_cmd *cmd);
struct smmu_cmd smmuv3_cmdq_read(const struct smmuv3_cmdq *q, uint64_t pos);

/* gerror.c */

/*
 * Look for errors of commands and repair them, as whoever waits does.
 * Context: as smmuv3_cmdq_submit().
 */
void smmuv3_gerror_poll(struct smmuv3 *smmu);

/*
 * All errors: the GERROR interrupt. Reads the queues whose interrupt was lost.
 * Context: may sleep.
 */
void smmuv3_gerror_run(struct smmuv3 *smmu);

/**
 * smmuv3_fail_closed() - something was not invalidated and never will be
 * @why: for the log.
 *
 * The SMMU terminates every transaction, and answers no translation request,
 * until it is removed and probed again: SMMU_GBPA.ABORT, then SMMU_CR0.SMMUEN
 * of 0 (6.3.9.6). Does nothing if that has happened. smmuv3_is_dead() is true
 * on return; smmuv3_is_stopped(), if the SMMU has confirmed it.
 *
 * Context: as smmuv3_cmdq_submit(); takes the queue's error lock.
 */
void smmuv3_fail_closed(struct smmuv3 *smmu, const char *why);

bool smmuv3_is_dead(const struct smmuv3 *smmu);
bool smmuv3_is_stopped(const struct smmuv3 *smmu);

/* Commands of a batch, beside the CMD_SYNC at its end. */
enum { SMMUV3_BATCH = 64 };

/* Commands to be submitted together, and the first error of them. */
struct smmuv3_batch {
	struct smmuv3 *smmu;
	size_t count;
	int err;
	struct smmu_cmd cmds[SMMUV3_BATCH];
};

void smmuv3_batch_init(struct smmuv3_batch *batch, struct smmuv3 *smmu);

/* May submit, and wait, when the batch is full. */
void smmuv3_batch_add(struct smmuv3_batch *batch, struct smmu_cmd cmd);

/*
 * What is added later starts after everything before has completed: a CMD_SYNC
 * that nobody waits for (4.7.3). Nothing if nothing was added.
 */
void smmuv3_batch_barrier(struct smmuv3_batch *batch);

/* Submit with a CMD_SYNC at the end and wait; the batch is empty again. */
SVA_MUST_CHECK int smmuv3_batch_sync(struct smmuv3_batch *batch);

#endif
