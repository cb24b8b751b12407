/* SPDX-License-Identifier: MIT */
/* Guests: vmid.c, stage2.c, nested.c, nested_inv.c. */
#ifndef DRIVERS_SMMUV3_GUEST_H
#define DRIVERS_SMMUV3_GUEST_H

#include "drivers/smmuv3/smmuv3.h"

/* vmid.c: -ENOSPC. Nothing of it is attached any more when it is put. */
SVA_MUST_CHECK int smmuv3_vmids_init(struct smmuv3 *smmu);
void smmuv3_vmids_fini(struct smmuv3 *smmu);
SVA_MUST_CHECK int smmuv3_vmid_get(struct smmuv3 *smmu, uint16_t *ret_vmid);
void smmuv3_vmid_put(struct smmuv3 *smmu, uint16_t vmid);

/* stage2.c: iommu_unit_ops.parent_alloc; what the STE has of a stage 2. */
SVA_MUST_CHECK int smmuv3_parent_alloc(struct iommu_unit *unit,
				       struct iommu_domain **ret_domain);
void smmuv3_set_stage2(const struct smmuv3_domain *s2, struct smmu_ste *ste);

/*
 * The device will be behind @s2, directly or below a guest's stage 1. It is in
 * already if it was behind it before. -ENOMEM; -EOPNOTSUPP not this device.
 */
SVA_MUST_CHECK int smmuv3_stage2_join(struct smmuv3_domain *s2,
				      struct smmuv3_device *sdev, bool nested);
/* It still is; what was cached of a stage 1 goes. */
void smmuv3_stage2_stay(struct smmuv3_domain *s2, struct smmuv3_device *sdev,
			bool nested);

/* nested.c: iommu_unit_ops.nested_alloc; what it has of sdev->guest. */
SVA_MUST_CHECK int smmuv3_nested_alloc(struct iommu_domain *parent,
				       struct iommu_device *dev,
				       const struct iommu_nest *nest,
				       struct iommu_domain **ret_domain);
void smmuv3_set_guest(const struct smmuv3_domain *d, struct smmu_ste *ste);

/* nested_inv.c: iommu_unit_ops.cache_invalidate */
SVA_MUST_CHECK int
smmuv3_cache_invalidate(struct iommu_domain *domain, struct iommu_device *dev,
			const struct iommu_cache_invalidate_info *info);

#endif
