/* SPDX-License-Identifier: MIT */
/* The register file. */
#ifndef HW_SMMUV3_REGS_H
#define HW_SMMUV3_REGS_H

#include "models/smmuv3/state.h"

uint64_t smmuv3_hw_mmio_read(struct iommu_hw *hw, uint64_t offset,
			     unsigned int size);
void smmuv3_hw_mmio_write(struct iommu_hw *hw, uint64_t offset,
			  unsigned int size, uint64_t value);

/* What software may write, by the ID registers: once, at create. */
void smmuv3_hw_regs_init(struct smmuv3_hw *m);
/* All registers as after a reset. Under the lock, or before there is one. */
void smmuv3_hw_regs_reset(struct smmuv3_hw *m);

#endif
