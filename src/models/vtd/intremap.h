/* SPDX-License-Identifier: MIT */
/* Interrupt remapping. All under the lock. */
#ifndef HW_VTD_INTREMAP_H
#define HW_VTD_INTREMAP_H

#include "models/vtd/state.h"

/* Entries that are cached: all, or 1 << @mask from @index, aligned, on. */
void vtd_hw_iec_flush(struct vtd_hw *m);
void vtd_hw_iec_inv(struct vtd_hw *m, uint32_t index, unsigned int mask);

#endif
