/* SPDX-License-Identifier: MIT */
/* Linux's names: results returned, errors in the pointer. */
#include <sva/compat/linux.h>

struct iommu_sva *iommu_sva_bind_device(struct iommu_device *dev,
					struct iommu_mm *mm, void *drvdata)
{
	struct iommu_sva *sva;
	int err = iommu_sva_bind(dev, mm, drvdata, &sva);

	return err ? ERR_PTR(err) : sva;
}

void iommu_sva_unbind_device(struct iommu_sva *handle)
{
	/* An error path hands back what the bind returned. */
	if (!IS_ERR_OR_NULL(handle))
		iommu_sva_unbind(handle);
}

struct iommu_mm *iommu_sva_find_mm(struct iommu_system *sys, ioasid_t pasid)
{
	struct iommu_mm *mm;
	int err = iommu_sva_find(sys, pasid, &mm);

	return err ? ERR_PTR(err) : mm;
}

struct iommu_domain *iommu_domain_alloc_mm(struct iommu_device *dev,
					   struct iommu_mm *mm)
{
	struct iommu_domain *domain;
	int err = iommu_domain_alloc_sva(iommu_device_unit(dev), mm, &domain);

	return err ? ERR_PTR(err) : domain;
}
