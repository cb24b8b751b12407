/* SPDX-License-Identifier: MIT */
#include "plat/sim/vendor.h"

#include <stddef.h>

static const struct sim_vendor *const vendors[SVA_SIM_IOMMU_COUNT] = {
	[SVA_SIM_MOCK] = &sim_mock,
	[SVA_SIM_SMMUV3] = &sim_smmuv3,
	[SVA_SIM_VTD] = &sim_vtd,
};

const struct sim_vendor *sim_vendor_of(enum sva_sim_iommu iommu)
{
	return vendors[iommu];
}

const char *sva_sim_iommu_name(enum sva_sim_iommu iommu)
{
	return iommu < SVA_SIM_IOMMU_COUNT ? vendors[iommu]->name : NULL;
}
