/* SPDX-License-Identifier: MIT */
/* IOTLB and paging-structure caches. */
#ifndef HW_VTD_TLB_H
#define HW_VTD_TLB_H

#include "models/vtd/state.h"

enum vtd_hw_tlb_scope {
	VTD_HW_TLB_ALL,         /* everything */
	VTD_HW_TLB_DOMAIN,      /* what is tagged @did */
	VTD_HW_TLB_PAGES,       /* IOTLB inval., page-selective: 6.5.2.3 */
	VTD_HW_TLB_PASID,       /* all of @pasid in @did */
	VTD_HW_TLB_PASID_PAGES, /* pages of @pasid in @did */
};

/**
 * struct vtd_hw_tlb_inv - what an invalidation is about
 * @am: log2 of 4 KiB pages; @addr is aligned to that many.
 * @ih: leaf entries only have changed.
 */
struct vtd_hw_tlb_inv {
	enum vtd_hw_tlb_scope scope;
	uint16_t did;
	bool ih;
	uint8_t am;
	ioasid_t pasid;
	uint64_t addr;
};

/* Under the lock. The ports are not waited for: vtd_hw_drain() does. */
void vtd_hw_tlb_inv(struct vtd_hw *m, const struct vtd_hw_tlb_inv *inv);

#endif
