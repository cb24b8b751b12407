/* SPDX-License-Identifier: MIT */
/* Output queues, global errors and interrupts. All under the lock. */
#ifndef HW_SMMUV3_QUEUE_H
#define HW_SMMUV3_QUEUE_H

#include "models/smmuv3/state.h"

/* Effective geometry of a queue; the registers are those of one queue. */
struct smmuv3_hw_queue {
	unsigned int lg2;
	uint64_t base;
};

struct smmuv3_hw_queue smmuv3_hw_queue_cmd(const struct smmuv3_hw *m);
struct smmuv3_hw_queue smmuv3_hw_queue_evt(const struct smmuv3_hw *m);
struct smmuv3_hw_queue smmuv3_hw_queue_pri(const struct smmuv3_hw *m);

/* Writes the record, or loses it; @merge: or lets the last one stand for it. */
void smmuv3_hw_queue_event(struct smmuv3_hw *m, const struct smmu_evt *evt,
			   bool merge);
/* The same of a stall, which is not lost. False: not written. */
bool smmuv3_hw_queue_stall(struct smmuv3_hw *m, const struct smmu_evt *evt);
/* Enabled, not full, no abort. */
bool smmuv3_hw_queue_writable(const struct smmuv3_hw *m);

enum smmuv3_hw_pri_fate {
	PRI_QUEUED,
	PRI_REFUSED,  /* queue off or broken: Response Failure */
	PRI_OVERFLOW, /* discarded: automatic response */
};

enum smmuv3_hw_pri_fate smmuv3_hw_queue_request(struct smmuv3_hw *m,
						const struct smmu_pri *pri,
						bool last);

/* Activates a global error, unless it is active. */
void smmuv3_hw_gerror(struct smmuv3_hw *m, unsigned int bit);
bool smmuv3_hw_gerror_active(const struct smmuv3_hw *m, unsigned int bit);

/* Signals the completion of a CMD_SYNC, CS of SIG_IRQ. */
void smmuv3_hw_sync_irq(struct smmuv3_hw *m, uint64_t addr, uint32_t data);
/* Wakes the PEs that wait for events, if IDR0.SEV says they can be. */
void smmuv3_hw_sev(struct smmuv3_hw *m);

#endif
