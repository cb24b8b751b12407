/* SPDX-License-Identifier: MIT */
/* The invalidation queue and the invalidation registers. Under the lock. */
#ifndef HW_VTD_INVAL_H
#define HW_VTD_INVAL_H

#include "fmt/vtd_queue.h"
#include "models/vtd/state.h"

/*
 * Lets the queue make progress, as far as the configuration allows at once.
 * May drop the lock.
 */
void vtd_hw_inval_run(struct vtd_hw *m);

/* GCMD.QIE was written. */
void vtd_hw_inval_enable(struct vtd_hw *m, bool on);

/* CCMD and IOTLB were written: ICC and IVT at once. May drop the lock. */
void vtd_hw_inval_ccmd(struct vtd_hw *m, uint64_t value);
void vtd_hw_inval_iotlb(struct vtd_hw *m, uint64_t value);

/* As a reset has it: nothing is outstanding. */
void vtd_hw_inval_reset(struct vtd_hw *m);

/* vtd_hw_drain(), if something was invalidated. May drop the lock. */
bool vtd_hw_inval_drain(struct vtd_hw *m);

/* Beside the codes of VTD_IQEI_*: done, or to be tried again. */
enum { VTD_HW_INV_OK = 256, VTD_HW_INV_BLOCKED };

/*
 * Does what a descriptor says, but for wait descriptors, which it only checks.
 * May drop the lock. Return: VTD_HW_INV_*, or the code of an error.
 */
int vtd_hw_inval_execute(struct vtd_hw *m, const struct vtd_inv *inv,
			 bool wide);

/*
 * A place for an invalidation that a device works on: its cookie, and what to
 * do once the device has answered. 0: there is none.
 */
uint64_t vtd_hw_inflight_begin(struct vtd_hw *m, uint16_t sid);
void vtd_hw_inflight_end(struct vtd_hw *m, uint64_t cookie, bool ok);

/* Something was invalidated; a wait descriptor waits for the ports. */
static inline void vtd_hw_invalidated(struct vtd_hw *m, uint64_t *counter)
{
	++*counter;
	m->iq.undrained = true;
}

void vtd_hw_ats_inv_complete(struct iommu_hw *hw, uint64_t cookie, bool ok);

#endif
