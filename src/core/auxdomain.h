/* SPDX-License-Identifier: MIT */
/* The end of an auxiliary domain. */
#ifndef CORE_AUXDOMAIN_H
#define CORE_AUXDOMAIN_H

#include "core/driver.h"

/* Its PASID is free and its parent may go; nothing if it has none. */
void auxdomain_disown(struct iommu_domain *domain);

#endif
