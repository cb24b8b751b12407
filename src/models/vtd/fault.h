/* SPDX-License-Identifier: MIT */
/* Primary fault recording (7.2.1), FSTS. All under the lock. */
#ifndef HW_VTD_FAULT_H
#define HW_VTD_FAULT_H

#include "models/vtd/state.h"

/**
 * struct vtd_hw_fault - a request that was blocked
 * @reason: VTD_FAULT_*. 0: blocked without a record.
 * @fpd:    fault processing is disabled by an entry that was used; counts for
 *          the qualified reasons only, vtd_hw_fault() knows which.
 * @at:     VTD_FRCD_AT_*, of the request.
 * @type:   VTD_FRCD_TYPE_*.
 * @addr:   of the request; recorded by page. Of an interrupt request: its
 *          index.
 * @pasid:  with @pasid_valid; @exec and @priv with it only.
 */
struct vtd_hw_fault {
	uint8_t reason;
	bool fpd;
	uint8_t at;
	uint8_t type;
	uint16_t sid;
	bool pasid_valid;
	bool exec;
	bool priv;
	ioasid_t pasid;
	uint64_t addr;
};

/* Records it, or not: FPD, overflow, collapse. */
void vtd_hw_fault(struct vtd_hw *m, const struct vtd_hw_fault *fault);

/* FPD counts for it: the entry that has the bit was read without an error. */
bool vtd_hw_fault_qualified(uint8_t reason);

/* A bit of FSTS, by number, and the event of it. */
void vtd_hw_fault_status(struct vtd_hw *m, unsigned int bit);

/* FSTS was written: these bits of it are to be cleared. */
void vtd_hw_fault_ack(struct vtd_hw *m, uint64_t bits);

/* The fault recording registers, @offset from the first one. */
uint32_t vtd_hw_fault_read(const struct vtd_hw *m, uint64_t offset);
void vtd_hw_fault_write(struct vtd_hw *m, uint64_t offset, uint32_t value);

/* FSTS as it reads: PPF is what the records say. */
uint64_t vtd_hw_fault_fsts(const struct vtd_hw *m);

#endif
