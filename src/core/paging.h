/* SPDX-License-Identifier: MIT */
/* What core keeps of a paging domain. */
#ifndef CORE_PAGING_H
#define CORE_PAGING_H

#include "core/driver.h"

/* The driver has made it; attached nowhere, and about to be freed. */
void paging_init(struct iommu_domain *domain);
void paging_fini(struct iommu_domain *domain);

#endif
