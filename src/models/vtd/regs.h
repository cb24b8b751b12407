/* SPDX-License-Identifier: MIT */
/* The register file. */
#ifndef HW_VTD_REGS_H
#define HW_VTD_REGS_H

#include "models/vtd/state.h"

/*
 * Does [addr, addr + len) touch a protected region (PMEN)? For requests that
 * are not translated, pass through, or come translated. Under the lock; false
 * at once unless m->root has VTD_HW_ROOT_PMR.
 */
bool vtd_hw_pmr_blocks(const struct vtd_hw *m, uint64_t addr, uint64_t len);

#endif
