/* SPDX-License-Identifier: MIT */
/*
 * What guests invalidate: which requests are legal [H1] [H2], and which domain
 * they are about.
 *
 * The device lock is held throughout: what is nested on the device stays, and
 * an unbind that comes meanwhile finds the caches as it expects them.
 */
#include <sva/guest.h>

#include "base/errno.h"
#include "core/device.h"
#include "core/guest.h"

#define ALL_CACHES                                                             \
	(IOMMU_CACHE_INV_TYPE_IOTLB | IOMMU_CACHE_INV_TYPE_DEV_IOTLB |         \
	 IOMMU_CACHE_INV_TYPE_PASID)

static int pasid_ok(const struct iommu_device *dev, uint64_t pasid)
{
	return pasid > device_pasid_last(dev) ? -EINVAL : 0;
}

/* One PASID or tag. Only TLBs know tags. */
static int check_pasid(const struct iommu_device *dev,
		       const struct iommu_cache_invalidate_info *info)
{
	const struct iommu_inv_pasid_info *p = &info->granu.pasid;
	const uint32_t known = IOMMU_INV_PASID_FLAGS_PASID |
			       IOMMU_INV_PASID_FLAGS_ARCHID;

	if (!p->flags || p->flags & ~known)
		return -EINVAL;
	if (p->flags & IOMMU_INV_PASID_FLAGS_PASID)
		return pasid_ok(dev, p->pasid);
	return info->cache & ~IOMMU_CACHE_INV_TYPE_IOTLB ? -EINVAL : 0;
}

static int check_addr(const struct iommu_device *dev,
		      const struct iommu_cache_invalidate_info *info)
{
	const struct iommu_inv_addr_info *a = &info->granu.addr;
	const uint32_t ids = IOMMU_INV_ADDR_FLAGS_PASID |
			     IOMMU_INV_ADDR_FLAGS_ARCHID;
	uint64_t granule = a->granule_size;

	if (info->cache & IOMMU_CACHE_INV_TYPE_PASID ||
	    a->flags & ~(ids | IOMMU_INV_ADDR_FLAGS_LEAF))
		return -EINVAL;
	if (granule < 4096 || granule & (granule - 1) ||
	    a->addr & (granule - 1) || !a->nb_granules ||
	    a->nb_granules - 1 > (UINT64_MAX - a->addr) / granule)
		return -EINVAL;
	if (a->flags & IOMMU_INV_ADDR_FLAGS_PASID)
		return pasid_ok(dev, a->pasid);
	/* Devices know no tags. */
	if (a->flags & IOMMU_INV_ADDR_FLAGS_ARCHID &&
	    info->cache & IOMMU_CACHE_INV_TYPE_DEV_IOTLB)
		return -EINVAL;
	return 0;
}

static int check(const struct iommu_device *dev,
		 const struct iommu_cache_invalidate_info *info)
{
	unsigned int i;

	if (info->version != IOMMU_CACHE_INVALIDATE_INFO_VERSION_1 ||
	    !info->cache || info->cache & ~ALL_CACHES)
		return -EINVAL;
	for (i = 0; i < sizeof(info->padding); i++)
		if (info->padding[i])
			return -EINVAL;
	switch (info->granularity) {
	case IOMMU_INV_GRANU_DOMAIN:
		return info->cache & IOMMU_CACHE_INV_TYPE_DEV_IOTLB ? -EINVAL :
								      0;
	case IOMMU_INV_GRANU_PASID:
		return check_pasid(dev, info);
	case IOMMU_INV_GRANU_ADDR:
		return check_addr(dev, info);
	}
	return -EINVAL;
}

/* 0, or -EINVAL it names no PASID. */
static int named_pasid(const struct iommu_cache_invalidate_info *info,
		       ioasid_t *ret_pasid)
{
	const struct iommu_inv_pasid_info *p = &info->granu.pasid;
	const struct iommu_inv_addr_info *a = &info->granu.addr;

	if (info->granularity == IOMMU_INV_GRANU_PASID &&
	    p->flags & IOMMU_INV_PASID_FLAGS_PASID) {
		*ret_pasid = (ioasid_t)p->pasid;
		return 0;
	}
	if (info->granularity == IOMMU_INV_GRANU_ADDR &&
	    a->flags & IOMMU_INV_ADDR_FLAGS_PASID) {
		*ret_pasid = (ioasid_t)a->pasid;
		return 0;
	}
	return -EINVAL;
}

static bool nested_in(const struct attach *att,
		      const struct iommu_domain *parent)
{
	return att && att->domain->type == IOMMU_DOMAIN_NESTED &&
	       att->domain->stage2 == parent;
}

/* Every PASID of the device that a table of @parent's guest counts for. */
static int each_gpasid_locked(struct iommu_domain *parent,
			      struct iommu_device *dev,
			      const struct iommu_cache_invalidate_info *info)
{
	const struct iommu_unit_ops *ops = dev->unit->ops;
	struct attach *att;
	int err = -ENODEV;

	for (att = dev->gpasids; att; att = att->next) {
		int now;

		if (att->removed || !nested_in(att, parent))
			continue;
		now = ops->cache_invalidate(att->domain, dev, info);
		if (err == -ENODEV || !err)
			err = now;
	}
	return err;
}

static int gpasid_locked(struct iommu_domain *parent, struct iommu_device *dev,
			 const struct iommu_cache_invalidate_info *info)
{
	struct attach *att;
	ioasid_t pasid;
	int err;

	if (!dev->gpasids)
		return -ENODEV;
	if (info->granularity == IOMMU_INV_GRANU_DOMAIN)
		return each_gpasid_locked(parent, dev, info);
	err = named_pasid(info, &pasid);
	if (err)
		return err;
	att = attach_find(dev, pasid);
	if (!nested_in(att, parent))
		return -ENODEV;
	return dev->unit->ops->cache_invalidate(att->domain, dev, info);
}

int iommu_cache_invalidate(struct iommu_domain *domain,
			   struct iommu_device *dev,
			   const struct iommu_cache_invalidate_info *info)
{
	const struct iommu_unit_ops *ops = dev->unit->ops;
	const struct plat *plat = dev->sys->plat;
	struct iommu_domain *nested;
	int err;

	if (!ops->cache_invalidate)
		return -ENODEV;
	err = check(dev, info);
	if (err)
		return err;
	plat_lock(plat, &dev->lock);
	nested = guest_table_of(dev, domain);
	/* Of what aborts nothing is cached, and nothing is to come back. */
	if (nested)
		err = dev->guest_blocked ?
			      0 :
			      ops->cache_invalidate(nested, dev, info);
	else
		err = gpasid_locked(domain, dev, info);
	plat_unlock(plat, &dev->lock);
	return err;
}
