/* SPDX-License-Identifier: MIT */
/* Event records: made here, written by queue.c. */
#ifndef HW_SMMUV3_EVT_H
#define HW_SMMUV3_EVT_H

#include "models/smmuv3/state.h"

/* 7.3: the record of a fault; pure. */
void smmuv3_hw_evt_make(const struct smmuv3_hw_req *req,
			const struct smmuv3_hw_fault *fault,
			struct smmu_evt *ret_evt);

/* Makes it and writes it to the event queue, if that takes it. */
void smmuv3_hw_evt_record(struct smmuv3_hw *m, const struct smmuv3_hw_req *req,
			  const struct smmuv3_hw_fault *fault);

#endif
