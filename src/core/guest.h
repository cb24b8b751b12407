/* SPDX-License-Identifier: MIT */
/* What of guests' tables the rest of core has to know. */
#ifndef CORE_GUEST_H
#define CORE_GUEST_H

#include "core/device.h"

/* A guest's table counts for the device as a whole. SVA or device lock held. */
bool guest_has_table(const struct iommu_device *dev);

/* That, as the NESTED domain, if it is nested in @parent; or NULL. */
struct iommu_domain *guest_table_of(struct iommu_device *dev,
				    const struct iommu_domain *parent);

#endif
