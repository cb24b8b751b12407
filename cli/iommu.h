/* SPDX-License-Identifier: MIT */
/* The IOMMUs a machine can have, by the names of --iommu. */
#ifndef CLI_IOMMU_H
#define CLI_IOMMU_H

#include <stdbool.h>

#include <sva/machine.h>

#define IOMMU_NAMES "smmuv3 or vtd"

const char *iommu_name(enum sva_iommu iommu);

/* False: nothing has that name. */
bool iommu_by_name(const char *name, enum sva_iommu *ret_iommu);

#endif
