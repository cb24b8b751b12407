/* SPDX-License-Identifier: MIT */
#include "cli/iommu.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {
	[SVA_IOMMU_SMMUV3] = "smmuv3",
	[SVA_IOMMU_VTD] = "vtd",
};

const char *iommu_name(enum sva_iommu iommu)
{
	return names[iommu];
}

bool iommu_by_name(const char *name, enum sva_iommu *ret_iommu)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i])) {
			*ret_iommu = (enum sva_iommu)i;
			return true;
		}
	}
	return false;
}
