/* SPDX-License-Identifier: MIT */
/* Domains: making them, and attaching them to devices and PASIDs. */
#include <sva/domain.h>
#include <sva/guest.h>

#include "base/errno.h"
#include "core/auxdomain.h"
#include "core/device.h"
#include "core/guest.h"
#include "core/paging.h"

void domain_fill(struct iommu_domain *domain, struct iommu_unit *unit,
		 enum iommu_domain_type type, struct iommu_mm *mm)
{
	domain->unit = unit;
	domain->type = type;
	domain->mm = mm;
	atomic_init(&domain->attach_count, 0);
	domain->iopf = NULL;
	domain->iopf_data = NULL;
	domain->exit = NULL;
	domain->exit_data = NULL;
	domain->normal = false;
	domain->parent = NULL;
	domain->aux_pasid = IOMMU_NO_PASID;
	atomic_init(&domain->children, 0);
	domain->is_parent = false;
	domain->stage2 = NULL;
	if (mm)
		iommu_mm_get(mm);
	if (type == IOMMU_DOMAIN_PAGING)
		paging_init(domain);
	atomic_fetch_add_explicit(&unit->domain_count, 1, memory_order_relaxed);
}

/* @mm: for SVA domains, with a user held; the domain keeps a reference. */
static int domain_make(struct iommu_unit *unit, enum iommu_domain_type type,
		       struct iommu_mm *mm, struct iommu_domain **ret_domain)
{
	struct iommu_domain *domain;
	int err;

	if (!unit->ops->domain_alloc)
		return -EOPNOTSUPP;
	err = unit->ops->domain_alloc(unit, type, mm, &domain);
	if (err)
		return err;
	domain_fill(domain, unit, type, mm);
	*ret_domain = domain;
	return 0;
}

int iommu_domain_alloc(struct iommu_unit *unit, enum iommu_domain_type type,
		       struct iommu_domain **ret_domain)
{
	switch (type) {
	case IOMMU_DOMAIN_BLOCKED:
	case IOMMU_DOMAIN_IDENTITY:
	case IOMMU_DOMAIN_PAGING:
		return domain_make(unit, type, NULL, ret_domain);
	case IOMMU_DOMAIN_SVA:
	case IOMMU_DOMAIN_NESTED:
		break;
	}
	return -EINVAL;
}

int iommu_domain_alloc_parent(struct iommu_unit *unit,
			      struct iommu_domain **ret_domain)
{
	struct iommu_domain *domain;
	int err;

	if (!unit->ops->parent_alloc)
		return -EOPNOTSUPP;
	err = unit->ops->parent_alloc(unit, &domain);
	if (err)
		return err;
	domain_fill(domain, unit, IOMMU_DOMAIN_PAGING, NULL);
	domain->is_parent = true;
	*ret_domain = domain;
	return 0;
}

int iommu_domain_alloc_sva(struct iommu_unit *unit, struct iommu_mm *mm,
			   struct iommu_domain **ret_domain)
{
	int err;

	if (mm->sys != unit->sys)
		return -EINVAL;
	if (!iommu_mm_get_users(mm))
		return -ESRCH;
	err = domain_make(unit, IOMMU_DOMAIN_SVA, mm, ret_domain);
	iommu_mm_put_users(mm);
	return err;
}

int iommu_domain_free(struct iommu_domain *domain)
{
	struct iommu_unit *unit = domain->unit;
	struct iommu_mm *mm = domain->mm;

	/* Acquire pairs with the release of who detached it last. */
	if (atomic_load_explicit(&domain->attach_count, memory_order_acquire))
		return -EBUSY;
	/* Likewise, of who freed a child or a nested domain. [E2] [N8] */
	if (atomic_load_explicit(&domain->children, memory_order_acquire))
		return -EBUSY;
	auxdomain_disown(domain);
	if (domain->type == IOMMU_DOMAIN_PAGING)
		paging_fini(domain);
	unit->ops->domain_free(domain);
	if (mm)
		iommu_mm_put(mm);
	/* Release pairs with the acquire in iommu_unit_unregister(). */
	atomic_fetch_sub_explicit(&unit->domain_count, 1, memory_order_release);
	return 0;
}

int iommu_domain_set_iopf_handler(struct iommu_domain *domain,
				  iommu_domain_iopf_handler_t handler,
				  void *data)
{
	if (domain->type != IOMMU_DOMAIN_SVA)
		return -EINVAL;
	if (atomic_load_explicit(&domain->attach_count, memory_order_acquire))
		return -EBUSY;
	domain->iopf = handler;
	domain->iopf_data = data;
	return 0;
}

int iommu_domain_set_exit_handler(struct iommu_domain *domain,
				  iommu_domain_exit_handler_t handler,
				  void *data)
{
	if (domain->type != IOMMU_DOMAIN_SVA)
		return -EINVAL;
	if (atomic_load_explicit(&domain->attach_count, memory_order_acquire))
		return -EBUSY;
	domain->exit = handler;
	domain->exit_data = data;
	return 0;
}

enum iommu_domain_type iommu_domain_type(const struct iommu_domain *domain)
{
	return domain->type;
}

/* PASIDs in use count as a feature does: their users would be exposed. [A6] */
static bool device_busy_locked(struct iommu_device *dev)
{
	return device_pinned_locked(dev) || dev->paging_count || dev->sva_count;
}

void domain_set_primary(struct iommu_device *dev, struct iommu_domain *domain)
{
	if (domain)
		atomic_fetch_add_explicit(&domain->attach_count, 1,
					  memory_order_relaxed);
	/* Release pairs with the acquire in iommu_domain_free(). */
	if (dev->domain)
		atomic_fetch_sub_explicit(&dev->domain->attach_count, 1,
					  memory_order_release);
	dev->domain = domain;
}

int iommu_attach_device(struct iommu_domain *domain, struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;
	int err = 0;

	if (domain->unit != dev->unit || domain->type == IOMMU_DOMAIN_SVA)
		return -EINVAL;
	plat_lock(plat, &dev->sys->sva_lock);
	plat_lock(plat, &dev->lock);
	if (domain->parent)
		err = -EINVAL;
	else if (device_busy_locked(dev))
		err = -EBUSY;
	else if (dev->domain != domain)
		err = dev->unit->ops->set_dev_pasid(domain, dev, IOMMU_NO_PASID,
						    dev->domain);
	if (!err && dev->domain != domain)
		domain_set_primary(dev, domain);
	else if (err == -ETIMEDOUT)
		domain_set_primary(dev, NULL); /* the entry was left aborting */
	domain->normal |= !err;
	plat_unlock(plat, &dev->lock);
	plat_unlock(plat, &dev->sys->sva_lock);
	return err;
}

int iommu_detach_device(struct iommu_domain *domain, struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;
	int err = 0;

	plat_lock(plat, &dev->sys->sva_lock);
	plat_lock(plat, &dev->lock);
	if (!domain ||
	    (dev->domain != domain && !guest_table_of(dev, domain))) {
		err = -EINVAL;
	} else if (device_busy_locked(dev)) {
		err = -EBUSY;
	} else {
		dev->unit->ops->remove_dev_pasid(domain, dev, IOMMU_NO_PASID);
		domain_set_primary(dev, NULL);
	}
	plat_unlock(plat, &dev->lock);
	plat_unlock(plat, &dev->sys->sva_lock);
	return err;
}

static int pasid_attach_check(const struct iommu_domain *domain,
			      const struct iommu_device *dev, ioasid_t pasid)
{
	if (domain->unit != dev->unit || (domain->type != IOMMU_DOMAIN_PAGING &&
					  domain->type != IOMMU_DOMAIN_SVA))
		return -EINVAL;
	if (!pasid || pasid > device_pasid_last(dev))
		return -EINVAL;
	return dev->unit->ops->set_dev_pasid ? 0 : -EOPNOTSUPP;
}

int iommu_attach_device_pasid(struct iommu_domain *domain,
			      struct iommu_device *dev, ioasid_t pasid)
{
	const struct plat *plat = dev->sys->plat;
	struct attach *att;
	int err;

	err = pasid_attach_check(domain, dev, pasid);
	if (err)
		return err;
	att = plat_zalloc(plat, sizeof(*att));
	if (!att)
		return -ENOMEM;
	att->dev = dev;
	att->pasid = pasid;
	att->domain = domain;

	/* An exit that begins now waits, and then finds the attachment. */
	if (domain->mm && !iommu_mm_get_users(domain->mm)) {
		err = -ESRCH;
		goto free_attach;
	}
	plat_lock(plat, &dev->sys->sva_lock);
	/* As for binds: what else is in the group could use the PASID. [B10] */
	if (domain->parent ||
	    (domain->type == IOMMU_DOMAIN_SVA && device_shares_group(dev)))
		err = -EINVAL;
	else
		err = attach_add_locked(att);
	domain->normal |= !err;
	plat_unlock(plat, &dev->sys->sva_lock);
	if (domain->mm)
		iommu_mm_put_users(domain->mm);
	if (!err)
		return 0;
free_attach:
	plat_free(plat, att);
	return err;
}

void iommu_detach_device_pasid(struct iommu_domain *domain,
			       struct iommu_device *dev, ioasid_t pasid)
{
	const struct plat *plat = dev->sys->plat;
	struct attach *att;

	plat_lock(plat, &dev->sys->sva_lock);
	att = attach_find(dev, pasid);
	/* What a bind attached, its unbind detaches. */
	if (!att || att->domain != domain || att->sva ||
	    !attach_claim_locked(att)) {
		plat_unlock(plat, &dev->sys->sva_lock);
		plat_log(plat, PLAT_LOG_WARN,
			 "%s: detach of PASID %u, which is not attached",
			 dev->name, pasid);
		return;
	}
	attach_del_locked(att);
	plat_unlock(plat, &dev->sys->sva_lock);
	plat_free(plat, att);
}
