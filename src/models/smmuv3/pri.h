/* SPDX-License-Identifier: MIT */
/* PCIe page requests. */
#ifndef HW_SMMUV3_PRI_H
#define HW_SMMUV3_PRI_H

#include "models/smmuv3/state.h"

void smmuv3_hw_page_request(struct iommu_hw *hw,
			    const struct hw_page_request *msg);

#endif
