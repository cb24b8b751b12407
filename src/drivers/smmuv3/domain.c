/* SPDX-License-Identifier: MIT */
/*
 * Domains: blocked, identity, paging (paging.c has its table), and those of
 * address spaces (SVA).
 *
 * One with a table has one ASID of this SMMU (asid.c), and an SVA domain one
 * subscription to its address space. How it is attached is in attach.c, what is
 * invalidated in flush.c.
 */
#include "base/errno.h"
#include "drivers/smmuv3/attach.h"
#include "drivers/smmuv3/guest.h"

static int init_sva(struct smmuv3_domain *d, struct iommu_mm *mm)
{
	struct smmuv3 *smmu = d->smmu;
	int err;

	err = mm->ops->get_table(mm, IOMMU_TABLE_ARM_64_LPAE_S1, &d->table);
	if (err)
		return err;
	if (smmuv3_lacks_table(smmu, &d->table, NULL))
		return -EOPNOTSUPP;
	err = smmuv3_asid_get(d, mm);
	if (err)
		return err;
	d->notifier.ops = &smmuv3_notifier_ops;
	err = iommu_mm_notifier_register(&d->notifier, mm);
	if (err)
		smmuv3_asid_put(d);
	return err;
}

static int init_domain(struct smmuv3_domain *d, struct iommu_mm *mm)
{
	switch (d->type) {
	case IOMMU_DOMAIN_BLOCKED:
	case IOMMU_DOMAIN_IDENTITY:
	case IOMMU_DOMAIN_NESTED:
		return 0;
	case IOMMU_DOMAIN_PAGING:
		return smmuv3_paging_init(d);
	case IOMMU_DOMAIN_SVA:
		return init_sva(d, mm);
	}
	return -EOPNOTSUPP;
}

int smmuv3_domain_make(struct smmuv3 *smmu, enum iommu_domain_type type,
		       bool stage2, struct iommu_mm *mm,
		       struct iommu_domain **ret_domain)
{
	struct smmuv3_domain *d;
	int err;

	d = plat_zalloc(smmu->plat, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->smmu = smmu;
	d->type = type;
	d->stage2 = stage2;
	list_init(&d->attaches);
	/* Before a notifier can come. */
	plat_lock_init(smmu->plat, &d->lock, PLAT_LOCK_SPIN, PLAT_RANK_DOMAIN,
		       "smmuv3 domain");
	err = init_domain(d, mm);
	if (err) {
		plat_lock_fini(smmu->plat, &d->lock);
		plat_free(smmu->plat, d);
		return err;
	}
	*ret_domain = &d->domain;
	return 0;
}

int smmuv3_domain_alloc(struct iommu_unit *unit, enum iommu_domain_type type,
			struct iommu_mm *mm, struct iommu_domain **ret_domain)
{
	/* A guest's table needs more: see nested.c. */
	if (type == IOMMU_DOMAIN_NESTED)
		return -EOPNOTSUPP;
	return smmuv3_domain_make(to_smmuv3(unit), type, false, mm, ret_domain);
}

void smmuv3_domain_free(struct iommu_domain *domain)
{
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	struct smmuv3 *smmu = d->smmu;

	if (d->type == IOMMU_DOMAIN_SVA) {
		iommu_mm_notifier_unregister(&d->notifier);
		smmuv3_asid_put(d);
	}
	if (d->type == IOMMU_DOMAIN_PAGING)
		smmuv3_paging_fini(d);
	plat_lock_fini(smmu->plat, &d->lock);
	plat_free(smmu->plat, d);
}

/* Stage 2 is behind everything the device does. */
static int join_stage2(struct smmuv3_domain *d, struct smmuv3_device *sdev)
{
	struct smmuv3_domain *s2 = smmuv3_stage2_of(d);

	return s2 ? smmuv3_stage2_join(s2, sdev,
				       d->type == IOMMU_DOMAIN_NESTED) :
		    0;
}

/* @d: what is there instead, or NULL. */
static void leave_stage2(struct smmuv3_domain *old, struct smmuv3_device *sdev,
			 struct smmuv3_domain *d)
{
	struct smmuv3_domain *s2 = old ? smmuv3_stage2_of(old) : NULL;

	if (!s2)
		return;
	if (d && smmuv3_stage2_of(d) == s2)
		smmuv3_stage2_stay(s2, sdev, d->type == IOMMU_DOMAIN_NESTED);
	else
		smmuv3_leave(s2, sdev, IOMMU_NO_PASID);
}

/*
 * What has no PASID, and with stage 2 what has one, too. From one table to
 * another the CD of 0 changes; otherwise the STE, with the CD and the stage 2
 * there before and until after. What fails in the SMMU leaves it blocked, and
 * core forgets what was there.
 */
static int set_untagged(struct smmuv3_domain *d, struct smmuv3_device *sdev,
			struct smmuv3_domain *old)
{
	struct smmuv3_domain *table = old && smmuv3_has_table(old) ? old : NULL;
	int err = join_stage2(d, sdev);

	if (err)
		return err;
	if (smmuv3_has_table(d)) {
		err = smmuv3_attach_table(d, sdev, IOMMU_NO_PASID, table);
		if (err == -ENOMEM)
			return err;
		if (!err && table)
			return 0;
	}
	if (!err)
		err = smmuv3_set_no_pasid(sdev, d);
	else if (smmuv3_set_no_pasid(sdev, NULL))
		err = -ETIMEDOUT;
	if (table)
		smmuv3_detach_table(table, sdev, IOMMU_NO_PASID);
	leave_stage2(old, sdev, err ? NULL : d);
	if (err && smmuv3_has_table(d))
		smmuv3_detach_table(d, sdev, IOMMU_NO_PASID);
	if (err)
		leave_stage2(d, sdev, NULL);
	return err ? -ETIMEDOUT : 0;
}

int smmuv3_set_dev_pasid(struct iommu_domain *domain, struct iommu_device *dev,
			 ioasid_t pasid, struct iommu_domain *old)
{
	struct smmuv3_device *sdev = iommu_device_priv(dev);
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	struct smmuv3_domain *o = old ? to_smmuv3_domain(old) : NULL;

	if (pasid == IOMMU_NO_PASID)
		return d->type == IOMMU_DOMAIN_SVA ? -EINVAL :
						     set_untagged(d, sdev, o);
	if (!smmuv3_has_table(d) || (uint64_t)pasid >> sdev->cdtab.ssid_bits)
		return -EINVAL;
	/* The CDs are the guest's, or there are none. Device lock held. */
	if (sdev->guest)
		return -EBUSY;
	return smmuv3_attach_table(d, sdev, pasid,
				   o && smmuv3_has_table(o) ? o : NULL);
}

void smmuv3_remove_dev_pasid(struct iommu_domain *domain,
			     struct iommu_device *dev, ioasid_t pasid)
{
	struct smmuv3_device *sdev = iommu_device_priv(dev);
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	int err;

	if (pasid == IOMMU_NO_PASID) {
		err = smmuv3_set_no_pasid(sdev, NULL);
		if (err) {
			smmuv3_report_stuck(d, err);
			smmuv3_fail_closed(d->smmu, "a stream stays open");
		}
		leave_stage2(d, sdev, NULL);
	}
	if (smmuv3_has_table(d))
		smmuv3_detach_table(d, sdev, pasid);
}

void smmuv3_quiesce_dev_pasid(struct iommu_domain *domain,
			      struct iommu_device *dev, ioasid_t pasid)
{
	struct smmuv3_device *sdev = iommu_device_priv(dev);
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	struct smmuv3_attach *a;

	if (pasid == IOMMU_NO_PASID || !smmuv3_has_table(d)) {
		smmuv3_remove_dev_pasid(domain, dev, pasid);
		return;
	}
	plat_lock(d->smmu->plat, &d->lock);
	a = smmuv3_attach_find_locked(d, sdev, pasid);
	if (a && !a->quiet) {
		smmuv3_quiesce_locked(d, a);
		(void)smmuv3_forget_pair_locked(d, a);
	}
	plat_unlock(d->smmu->plat, &d->lock);
}
