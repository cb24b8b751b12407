/* SPDX-License-Identifier: MIT */
/* Primary fault recording (7.2.1). */
#ifndef HW_VTD_FAULT_H
#define HW_VTD_FAULT_H

#include "models/vtd/state.h"

/*
 * T1 and T2 of a fault record, in this order.
 */
enum vtd_hw_fault_type {
	VTD_HW_FAULT_WRITE = 0,
	VTD_HW_FAULT_PAGE_REQUEST = 1,
	VTD_HW_FAULT_READ = 2,
	VTD_HW_FAULT_ATOMIC = 3,
};

/**
 * struct vtd_hw_fault - a request that was blocked
 * @reason: VTD_FR_*. 0: blocked without a record.
 * @fpd:    fault processing is disabled by an entry that was used; counts for
 *          the qualified reasons only, vtd_hw_fault() knows which.
 * @at:     AT of the request: 0 untranslated, 1 translation request, 2
 *          translated.
 * @type:   enum vtd_hw_fault_type.
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

/* Records it, or not: FPD, overflow, collapse. Under the lock. */
void vtd_hw_fault(struct vtd_hw *m, const struct vtd_hw_fault *fault);

/* FPD counts for it: a programming error, not one that is found before. */
bool vtd_hw_fault_qualified(uint8_t reason);

/* A bit of FSTS, and the event of it. Under the lock. */
void vtd_hw_fault_status(struct vtd_hw *m, unsigned int bit);

/* FSTS was written: these bits of it are to be cleared. Under the lock. */
void vtd_hw_fault_ack(struct vtd_hw *m, uint64_t bits);

/* F of a fault recording register was written with 1. Under the lock. */
void vtd_hw_fault_clear(struct vtd_hw *m, unsigned int index);

/* FSTS as it reads: PPF is what the records say. Under the lock. */
uint64_t vtd_hw_fault_fsts(const struct vtd_hw *m);

#endif
