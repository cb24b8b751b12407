/* SPDX-License-Identifier: MIT */
/* Stalled transactions: sections 3.12.2, 4.7.1 and 4.7.2. Under the lock. */
#ifndef HW_SMMUV3_STALL_H
#define HW_SMMUV3_STALL_H

#include "models/smmuv3/state.h"

/*
 * A transaction that faulted where CD.S is set. -EINPROGRESS: it is kept, and
 * the bus is told of its end; -EAGAIN: there is no room.
 */
int smmuv3_hw_stall_add(struct smmuv3_hw *m, const struct smmuv3_hw_req *req,
			const struct smmuv3_hw_fault *fault, uint64_t cookie);

/* CMD_RESUME; nothing if there is no such record. */
void smmuv3_hw_stall_resume(struct smmuv3_hw *m, uint32_t sid, uint16_t stag,
			    enum hw_resume how);
/* Aborts those of the streams whose bits in mask are those of sid. */
void smmuv3_hw_stall_abort(struct smmuv3_hw *m, uint32_t sid, uint32_t mask);

/*
 * Tells the bus about those that go on, also those that waited for a place in
 * the event queue, if it has one. Drops the lock for each: the last thing
 * before the holder unlocks.
 */
void smmuv3_hw_stall_deliver(struct smmuv3_hw *m);

#endif
