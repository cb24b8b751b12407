/* SPDX-License-Identifier: MIT */
/* Page requests. */
#ifndef HW_VTD_PRQ_H
#define HW_VTD_PRQ_H

#include "models/vtd/state.h"

void vtd_hw_page_request(struct iommu_hw *hw,
			 const struct hw_page_request *req);

#endif
