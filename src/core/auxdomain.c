/* SPDX-License-Identifier: MIT */
/*
 * Auxiliary domains: paging domains that have a PASID and a parent of their
 * own, on top of the one mechanism.
 *
 * A parent has to stay while it has children, attached or not, which is what
 * their count in it is for. It is dropped when a child is freed, and freeing
 * takes no lock: a child that is being freed is attached nowhere, and its owner
 * does nothing else with it.
 */
#include <sva/auxdomain.h>

#include "base/errno.h"
#include "core/auxdomain.h"
#include "core/device.h"

/* Has PASIDs and a driver that translates for them. */
static bool can_aux(struct iommu_device *dev)
{
	return iommu_dev_has_feature(dev, IOMMU_DEV_FEAT_AUX) &&
	       dev->unit->ops->set_dev_pasid && dev->unit->ops->map;
}

/* Not the memory of a guest, which is in the second stage. */
static bool is_stage1(const struct iommu_domain *domain)
{
	return domain->type == IOMMU_DOMAIN_PAGING && !domain->is_parent;
}

/* [E1]; the device lock is not needed: with AUX on, its domain stays. */
static bool may_attach_locked(const struct iommu_domain *domain,
			      const struct iommu_device *dev)
{
	const struct iommu_domain *parent = dev->domain;

	return dev->feature_on[IOMMU_DEV_FEAT_AUX] && parent &&
	       is_stage1(parent) && is_stage1(domain) && !parent->parent &&
	       !domain->normal && parent != domain &&
	       (!domain->parent || domain->parent == parent);
}

/* It is a child from now on; or nothing has changed. */
static int adopt_locked(struct iommu_domain *domain, struct iommu_device *dev)
{
	struct iommu_system *sys = dev->sys;
	int err;

	if (domain->parent)
		return domain->aux_pasid > device_pasid_last(dev) ? -EINVAL : 0;
	err = ioasid_alloc(sys, &sys->aux_set, 1, device_pasid_last(dev), NULL,
			   &domain->aux_pasid);
	if (err)
		return err == -ENOSPC ? -EINVAL : err;
	domain->parent = dev->domain;
	atomic_fetch_add_explicit(&domain->parent->children, 1,
				  memory_order_relaxed);
	return 0;
}

void auxdomain_disown(struct iommu_domain *domain)
{
	struct iommu_domain *parent = domain->parent;

	if (!parent)
		return;
	domain->parent = NULL;
	ioasid_free(domain->unit->sys, domain->aux_pasid);
	/* Release pairs with the acquire in iommu_domain_free(). */
	atomic_fetch_sub_explicit(&parent->children, 1, memory_order_release);
}

static int attach_locked(struct iommu_domain *domain, struct iommu_device *dev,
			 struct attach *att)
{
	bool first = !domain->parent;
	int err;

	if (!may_attach_locked(domain, dev))
		return -EINVAL;
	err = adopt_locked(domain, dev);
	if (err)
		return err;
	att->dev = dev;
	att->pasid = domain->aux_pasid;
	att->domain = domain;
	err = attach_add_locked(att);
	if (err && first)
		auxdomain_disown(domain);
	return err;
}

int iommu_aux_attach_device(struct iommu_domain *domain,
			    struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;
	struct attach *att;
	int err;

	if (!can_aux(dev))
		return -ENODEV;
	if (domain->unit != dev->unit)
		return -EINVAL;
	att = plat_zalloc(plat, sizeof(*att));
	if (!att)
		return -ENOMEM;
	plat_lock(plat, &dev->sys->sva_lock);
	err = attach_locked(domain, dev, att);
	plat_unlock(plat, &dev->sys->sva_lock);
	if (err)
		plat_free(plat, att);
	return err;
}

void iommu_aux_detach_device(struct iommu_domain *domain,
			     struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;
	struct attach *att = NULL;

	plat_lock(plat, &dev->sys->sva_lock);
	if (domain->parent)
		att = attach_find(dev, domain->aux_pasid);
	/* Claimed: somebody else is at it. */
	if (att && (att->domain != domain || !attach_claim_locked(att)))
		att = NULL;
	if (att)
		attach_del_locked(att);
	plat_unlock(plat, &dev->sys->sva_lock);
	plat_free(plat, att);
}

int iommu_aux_get_pasid(struct iommu_domain *domain, struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;
	int pasid = -EINVAL;

	if (!can_aux(dev))
		return -ENODEV;
	plat_lock(plat, &dev->sys->sva_lock);
	if (domain->unit == dev->unit && domain->parent)
		pasid = (int)domain->aux_pasid;
	plat_unlock(plat, &dev->sys->sva_lock);
	return pasid;
}
