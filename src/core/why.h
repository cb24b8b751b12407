/* SPDX-License-Identifier: MIT */
/* Writing down why something failed. All take a NULL record, and return err. */
#ifndef CORE_WHY_H
#define CORE_WHY_H

#include <sva/why.h>

int why_set(struct iommu_sva_why *why, enum iommu_sva_req req, int err);
int why_numbers(struct iommu_sva_why *why, enum iommu_sva_req req, int err,
		uint64_t has, uint64_t needs);

/* No memory, no answer, a dying address space; @otherwise for other errors. */
int why_errno(struct iommu_sva_why *why, enum iommu_sva_req otherwise, int err);

/* As why_errno(), unless the driver knows better: see iommu_unit_ops. */
int why_driver(struct iommu_sva_why *why, enum iommu_sva_req otherwise, int err,
	       struct iommu_device *dev, struct iommu_mm *mm);

#endif
