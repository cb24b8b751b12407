/* SPDX-License-Identifier: MIT */
/* The command queue. */
#ifndef HW_SMMUV3_CMD_H
#define HW_SMMUV3_CMD_H

#include "models/smmuv3/state.h"

/*
 * Lets the command queue make progress. Under the lock, as the last thing its
 * holder does: the lock may be dropped and taken again on the way.
 */
void smmuv3_hw_cmd_run(struct smmuv3_hw *m);

/* Something went from a cache: the ports are to be waited for. */
static inline void smmuv3_hw_cmd_invalidated(struct smmuv3_hw *m,
					     uint64_t *counter)
{
	m->cmd.undrained = true;
	(*counter)++;
}

void smmuv3_hw_ats_inv_complete(struct iommu_hw *hw, uint64_t cookie, bool ok);

#endif
