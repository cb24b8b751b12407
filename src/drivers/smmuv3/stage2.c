/* SPDX-License-Identifier: MIT */
/*
 * A guest's memory: a paging domain whose table is a stage 2, under a VMID of
 * its own. Arm IHI 0070, 3.4, 5.2.
 *
 * It is attached to a device as a whole, by the STE: alone (Config 6), or below
 * the stage 1 of a guest (Config 7, nested.c). Both have the VMID, so the
 * device is in the list of the parent's attachments either way, and what goes
 * from the parent goes from combined TLB entries and ATCs, too.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/attach.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/guest.h"
#include "fmt/arm_pt.h"

static uint64_t tg_of(unsigned int granule_lg2)
{
	return granule_lg2 == ARM_PT_4K_LG2  ? SMMU_TG0_4K :
	       granule_lg2 == ARM_PT_16K_LG2 ? SMMU_TG0_16K :
					       SMMU_TG0_64K;
}

/* 5.2: of a stream that has nothing but this. */
void smmuv3_set_stage2(const struct smmuv3_domain *s2, struct smmu_ste *ste)
{
	const struct smmuv3_features *f = &s2->smmu->f;
	const struct iommu_mm_table *t = &s2->table;
	int sl0 = arm_pt_s2_sl0(t->granule_lg2, arm_lpae_start_level(&s2->pt));

	FIELD_SET(SMMU_STE_CONFIG, ste, SMMU_STE_CONFIG_S2);
	FIELD_SET(SMMU_STE_S2VMID, ste, s2->vmid);
	FIELD_SET(SMMU_STE_S2T0SZ, ste, 64 - t->va_bits);
	/* No table of 48 bits begins at the level of S2SL0_2. */
	FIELD_SET(SMMU_STE_S2SL0, ste, (uint64_t)sl0 & 3);
	FIELD_SET(SMMU_STE_S2IR0, ste, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_STE_S2OR0, ste, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_STE_S2SH0, ste, SMMU_SH_ISH);
	FIELD_SET(SMMU_STE_S2TG, ste, tg_of(t->granule_lg2));
	FIELD_SET(SMMU_STE_S2PS, ste, smmuv3_ps_of(t->pa_bits));
	FIELD_SET(SMMU_STE_S2AA64, ste, 1);
	/* A guest's tables are not in a device's registers. */
	FIELD_SET(SMMU_STE_S2PTW, ste, 1);
	FIELD_SET(SMMU_STE_S2HA, ste, f->httu_access);
	FIELD_SET(SMMU_STE_S2HD, ste, f->httu_dirty);
	/* Nobody could answer; forced, it is set for all. [K7] */
	FIELD_SET(SMMU_STE_S2S, ste, f->stall_forced);
	FIELD_SET(SMMU_STE_S2R, ste, 1);
	/* A guest that faults over and over does not fill the event queue. */
	FIELD_SET(SMMU_STE_MEV, ste, 1);
	smmu_ste_set_s2ttb(ste, t->root);
}

/* Device lock held: nobody else has the device join or leave. */
static bool is_in(struct smmuv3_domain *s2, struct smmuv3_device *sdev,
		  bool nested)
{
	struct smmuv3_attach *a;

	plat_lock(s2->smmu->plat, &s2->lock);
	a = smmuv3_attach_find_locked(s2, sdev, IOMMU_NO_PASID);
	if (a)
		a->nested |= nested;
	plat_unlock(s2->smmu->plat, &s2->lock);
	return a;
}

int smmuv3_stage2_join(struct smmuv3_domain *s2, struct smmuv3_device *sdev,
		       bool nested)
{
	const struct smmuv3_features *f = &sdev->smmu->f;
	struct smmuv3_attach *a;

	/* So that the way back from a guest's table takes no memory. */
	if (is_in(s2, sdev, nested))
		return 0;
	/* 5.2: with S2S, EATS is ILLEGAL. */
	if (f->stall_forced && sdev->pci.ats_on)
		return -EOPNOTSUPP;
	a = plat_zalloc(s2->smmu->plat, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->sdev = sdev;
	a->pasid = IOMMU_NO_PASID;
	a->nested = nested;
	plat_lock(s2->smmu->plat, &s2->lock);
	list_add_tail(&s2->attaches, &a->link);
	plat_unlock(s2->smmu->plat, &s2->lock);
	return 0;
}

/*
 * The stage 1 that was above it has gone, or is another one now. What is left of
 * it in the TLB is of this VMID, and so is nobody's but this guest's.
 */
void smmuv3_stage2_stay(struct smmuv3_domain *s2, struct smmuv3_device *sdev,
			bool nested)
{
	struct smmuv3_attach *a;

	plat_lock(s2->smmu->plat, &s2->lock);
	a = smmuv3_attach_find_locked(s2, sdev, IOMMU_NO_PASID);
	if (a && a->nested) {
		(void)smmuv3_forget_pair_locked(s2, a);
		a->nested = nested;
	}
	plat_unlock(s2->smmu->plat, &s2->lock);
}

int smmuv3_parent_alloc(struct iommu_unit *unit,
			struct iommu_domain **ret_domain)
{
	if (!to_smmuv3(unit)->f.stage2)
		return -EOPNOTSUPP;
	return smmuv3_domain_make(to_smmuv3(unit), IOMMU_DOMAIN_PAGING, true,
				  NULL, ret_domain);
}
