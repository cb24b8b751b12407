/* SPDX-License-Identifier: MIT */
/* Event records: made here, written by queue.c. Under the lock. */
#ifndef HW_SMMUV3_EVT_H
#define HW_SMMUV3_EVT_H

#include "models/smmuv3/state.h"

/* 7.3: the record of a fault; pure. Addresses as they are given. */
void smmuv3_hw_evt_make(const struct smmuv3_hw_req *req,
			const struct smmuv3_hw_fault *fault,
			struct smmu_evt *ret_evt);

/* Makes it and writes it to the event queue, if that takes it. */
void smmuv3_hw_evt_record(struct smmuv3_hw *m, const struct smmuv3_hw_req *req,
			  const struct smmuv3_hw_fault *fault);

/* The same of a transaction that stalls. False: not written. */
bool smmuv3_hw_evt_stall(struct smmuv3_hw *m, const struct smmuv3_hw_req *req,
			 const struct smmuv3_hw_fault *fault, uint16_t stag);

/* 7.3.1: identical, but for what the event's section does not count. */
bool smmuv3_hw_evt_alike(const struct smmu_evt *a, const struct smmu_evt *b);

#endif
