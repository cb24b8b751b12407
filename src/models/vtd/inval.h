/* SPDX-License-Identifier: MIT */
/* The invalidation queue and the invalidation registers. */
#ifndef HW_VTD_INVAL_H
#define HW_VTD_INVAL_H

#include "models/vtd/state.h"

/*
 * Lets the queue make progress, as far as the configuration allows at once.
 * Under the lock, which it may drop.
 */
void vtd_hw_inval_run(struct vtd_hw *m);

/* GCMD.QIE was written. Under the lock. */
void vtd_hw_inval_enable(struct vtd_hw *m, bool on);

/* IQT was written. Under the lock. */
void vtd_hw_inval_tail(struct vtd_hw *m, uint64_t value);

/* ICC of CCMD, IVT of IOTLB: at once. Under the lock, which they may drop. */
void vtd_hw_inval_ccmd(struct vtd_hw *m, uint64_t value);
void vtd_hw_inval_iotlb(struct vtd_hw *m, uint64_t value);

/* As a reset has it: nothing is outstanding. Under the lock. */
void vtd_hw_inval_reset(struct vtd_hw *m);

/* Something was invalidated; a wait descriptor waits for the ports. */
static inline void vtd_hw_invalidated(struct vtd_hw *m, uint64_t *counter)
{
	++*counter;
	m->iq.undrained = true;
}

void vtd_hw_ats_inv_complete(struct iommu_hw *hw, uint64_t cookie, bool ok);

#endif
