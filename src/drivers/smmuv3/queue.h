/* SPDX-License-Identifier: MIT */
/*
 * The command queue: Arm IHI 0070, 3.5, 4.1 and 7.1.
 *
 * Any number of threads submit; each call's commands are contiguous. What
 * waits polls CONS, which is also where errors are found and repaired: with or
 * without a GERROR interrupt a bad command stops the queue for one turn of
 * whoever polls, and only its own submitter is told.
 */
#ifndef DRIVERS_SMMUV3_QUEUE_H
#define DRIVERS_SMMUV3_QUEUE_H

#include <sva/plat.h>

#include "base/le64.h"
#include "base/list.h"
#include "fmt/smmuv3.h"

struct smmuv3;

/**
 * struct smmuv3_cmdq - a command queue
 * @prod, @cons: entries ever written and consumed; the registers hold their
 *               low bits.
 * @waiters: submitters that want to hear of errors, on their stacks.
 * @error_at, @error_repeats: where the last error was and how often in a row.
 * @broken: commands cannot be fetched; everybody gets -EIO.
 *
 * (q) under @lock, (c) constant after init.
 */
struct smmuv3_cmdq {
	struct plat_lock lock;
	le64_atomic *entries;       /* (c) */
	unsigned int lg2;           /* (c) */
	uint64_t prod;              /* (q) */
	uint64_t cons;              /* (q) */
	struct list waiters;        /* (q) */
	uint64_t error_at;          /* (q) */
	unsigned int error_repeats; /* (q) */
	bool broken;                /* (q) */
};

/* Return: 0, -ENOMEM. */
SVA_MUST_CHECK int smmuv3_cmdq_init(struct smmuv3 *smmu, unsigned int lg2);
void smmuv3_cmdq_fini(struct smmuv3 *smmu);

/**
 * smmuv3_cmdq_submit() - have commands done
 * @cmds: the last one is a CMD_SYNC if their completion matters.
 *
 * Returns when the last one has been consumed.
 *
 * Context: any but interrupts; takes the queue's lock, polls, does not sleep.
 * Return:  0; or, with the queue going on: -EIO a command of these was illegal
 *          or could not be fetched, and was replaced by a CMD_SYNC;
 *          -ETIMEDOUT the SMMU consumed nothing within the timeout, or a
 *          device did not complete an ATC invalidation.
 */
SVA_MUST_CHECK int smmuv3_cmdq_submit(struct smmuv3 *smmu,
				      const struct smmu_cmd *cmds,
				      size_t count);

/* Look for errors and repair them: the GERROR interrupt. */
void smmuv3_cmdq_gerror(struct smmuv3 *smmu);

enum { SMMUV3_BATCH = 32 };

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
