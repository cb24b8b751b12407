/* SPDX-License-Identifier: MIT */
/* The register file. */
#ifndef HW_VTD_REGS_H
#define HW_VTD_REGS_H

#include "models/vtd/state.h"

uint64_t vtd_hw_mmio_read(struct iommu_hw *hw, uint64_t offset,
			  unsigned int size);
void vtd_hw_mmio_write(struct iommu_hw *hw, uint64_t offset, unsigned int size,
		       uint64_t value);

/* Bytes of registers; 0: those that move would be where others are. */
uint64_t vtd_hw_regs_size(const struct vtd_hw_cfg *cfg);
/* What software may write, by CAP and ECAP: once, at create. */
void vtd_hw_regs_init(struct vtd_hw *m);
/* All registers as after a reset. Under the lock, or before there is one. */
void vtd_hw_regs_reset(struct vtd_hw *m);

/*
 * Does the 4 KiB page at @pa touch a protected region (PMEN)? For requests that
 * are not translated, pass through, or come translated. Under the lock; false
 * at once unless m->root has VTD_HW_ROOT_PMR.
 */
bool vtd_hw_pmr_blocks(const struct vtd_hw *m, uint64_t pa);

/* GCMD was written. Under the lock, which it may drop. */
void vtd_hw_gcmd(struct vtd_hw *m, uint64_t value);
/* PMEN was written. The same. */
void vtd_hw_pmen(struct vtd_hw *m, uint64_t value);
/* m->root, as a snapshot has it: RTADDR as it was latched. The same. */
void vtd_hw_root_restore(struct vtd_hw *m, uint64_t rtaddr);

#endif
