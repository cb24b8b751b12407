/* SPDX-License-Identifier: MIT */
/* What of guests' tables the rest of core has to know. */
#ifndef CORE_GUEST_H
#define CORE_GUEST_H

#include "core/device.h"

/* A guest's table counts for the device as a whole. SVA lock held. */
static inline bool guest_has_table(const struct iommu_device *dev)
{
	return dev->guest_parent;
}

/* That, as the NESTED domain, if it is in @parent; or NULL. Device lock held. */
struct iommu_domain *guest_table_of(struct iommu_device *dev,
				    const struct iommu_domain *parent);

/* The driver takes guests' tables. */
bool guest_nests(const struct iommu_device *dev);

/*
 * Faults come, if whoever runs the guest has a handler, and with the last bind
 * they go. SVA lock held.
 */
SVA_MUST_CHECK int guest_faults_on_locked(struct iommu_device *dev);
void guest_faults_off_locked(struct iommu_device *dev);

/* What the device has asked so far. SVA lock held, dropped meanwhile. */
void guest_answer_rest_locked(struct iommu_device *dev);

/*
 * A bind has gone. With the last of them nobody is left to answer, whatever
 * PASID the device asked for. SVA lock held, dropped meanwhile.
 */
void guest_faults_end_locked(struct iommu_device *dev);

/*
 * A NESTED domain in @parent, for @dev; as nested_alloc(). And its end: it is
 * attached nowhere.
 */
SVA_MUST_CHECK int guest_nested_make(struct iommu_domain *parent,
				     struct iommu_device *dev,
				     const struct iommu_nest *nest,
				     struct iommu_domain **ret_domain);
void guest_nested_free(struct iommu_domain *domain);

#endif
