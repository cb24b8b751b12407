/* SPDX-License-Identifier: MIT */
/* SMMU_CR0 and its kind: registers that acknowledge. Arm IHI 0070, 6.3.9. */
#ifndef DRIVERS_SMMUV3_CONTROL_H
#define DRIVERS_SMMUV3_CONTROL_H

#include <sva/plat.h>

struct smmuv3;

/*
 * Each is logged when it fails, polls for the timeout of the SMMU at most, and
 * does not sleep.
 */

/* Write a register that has an acknowledgement register. -ETIMEDOUT */
SVA_MUST_CHECK int smmuv3_control_write(struct smmuv3 *smmu, uint32_t reg,
					uint32_t ack, uint32_t value);

/* Set bits of CR0. -ETIMEDOUT; -EIO: it has failed closed. */
SVA_MUST_CHECK int smmuv3_control_set(struct smmuv3 *smmu, uint32_t bits);

/*
 * Everything off, everything aborted. What fails does not keep the rest from
 * being tried. -ETIMEDOUT
 */
int smmuv3_control_disable(struct smmuv3 *smmu);

/*
 * No transaction passes any more; queues stay as they are. The queue's error
 * lock is held. -ETIMEDOUT: the SMMU has not confirmed it.
 */
SVA_MUST_CHECK int smmuv3_control_stop(struct smmuv3 *smmu);

#endif
