/* SPDX-License-Identifier: MIT */
/* TLB invalidation commands. */
#ifndef HW_SMMUV3_TLBI_H
#define HW_SMMUV3_TLBI_H

#include "models/smmuv3/state.h"

/* CMD_TLBI_*; SMMU_CERROR_*. Under the lock. */
int smmuv3_hw_tlbi(struct smmuv3_hw *m, const struct smmu_cmd *cmd);

#endif
