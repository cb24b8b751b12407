/* SPDX-License-Identifier: MIT */
/*
 * What a guest invalidates, in terms of the host's domain id. [H1] [H2]
 *
 * In the order of 6.5.3.3: what the PASID cache led to is retired with all that
 * was cached of it, then IOTLBs, then device TLBs. The guest's own domain ids
 * are not known here: what names one of those is about all the guest has.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/nest.h"

/* What is named: a PASID or all of them, addresses of the first stage. */
struct named {
	bool by_pasid;
	ioasid_t pasid;
	bool by_addr;
	uint64_t start;
	uint64_t last;
	bool leaf;
};

static int decode_pasid(const struct iommu_inv_pasid_info *p, struct named *n)
{
	/* There is no other tag. */
	if (p->flags != IOMMU_INV_PASID_FLAGS_PASID)
		return -EINVAL;
	n->by_pasid = true;
	n->pasid = (ioasid_t)p->pasid;
	return 0;
}

static int decode_addr(const struct iommu_inv_addr_info *a, struct named *n)
{
	if (a->flags & IOMMU_INV_ADDR_FLAGS_ARCHID)
		return -EINVAL;
	n->by_pasid = a->flags & IOMMU_INV_ADDR_FLAGS_PASID;
	n->pasid = n->by_pasid ? (ioasid_t)a->pasid : 0;
	n->by_addr = true;
	n->start = a->addr;
	n->last = a->addr + (a->granule_size * a->nb_granules - 1);
	n->leaf = a->flags & IOMMU_INV_ADDR_FLAGS_LEAF;
	return 0;
}

static int decode(const struct iommu_cache_invalidate_info *info,
		  struct named *n)
{
	*n = (struct named){ .last = UINT64_MAX };
	switch (info->granularity) {
	case IOMMU_INV_GRANU_DOMAIN:
		return 0;
	case IOMMU_INV_GRANU_PASID:
		return decode_pasid(&info->granu.pasid, n);
	case IOMMU_INV_GRANU_ADDR:
		return decode_addr(&info->granu.addr, n);
	default:
		return -EINVAL;
	}
}

/*
 * By address without a PASID: no descriptor says that of a first stage, so it
 * is all of the guest's. What passes its first stage by is tagged with the
 * domain alone; of a PASID like that all goes too (table 24), unless a page of
 * it is named, which it then has no translation of that could be stale.
 */
static void add_iotlb(struct vtd_batch *b, const struct vtd_domain *d,
		      const struct named *n)
{
	if (!n->by_pasid)
		vtd_inv_iotlb_domain(b, d->did);
	else if (n->by_addr)
		vtd_inv_piotlb(b, d->did, n->pasid, n->start, n->last, n->leaf);
	else
		vtd_inv_piotlb_all(b, d->did, n->pasid);
}

/*
 * Requests without a PASID are known as such: by the address alone, or by the
 * PASID that their entry has.
 */
static void add_dev_tlb(struct vtd_batch *b, struct vtd_device *vdev,
			const struct named *n)
{
	if (!vtd_has_ats(vdev))
		return;
	if (n->by_pasid)
		vtd_add_dev_tlb(b, vdev, n->pasid, n->start, n->last);
	else
		vtd_inv_dev_tlb(b, &vdev->ats, n->start, n->last);
}

static int sync_entries(struct vtd_domain *d, const struct named *n)
{
	/* Of a single PASID nothing but its first stage was ever the guest's. */
	if (!vtd_is_shadow(d))
		return 0;
	return n->by_pasid ? vtd_shadow_sync(d, n->pasid) :
			     vtd_shadow_sync_all(d);
}

/*
 * The guest may reuse its memory when it hears that this is done, so a device
 * that does not answer is isolated: it uses nothing any more, and the guest is
 * told nevertheless, as hardware would (ITE).
 */
static int flush(struct vtd_domain *d, uint8_t cache, const struct named *n)
{
	struct vtd_device *vdev = d->nest->vdev;
	struct vtd_batch b;
	int err;

	vtd_batch_init(&b, d->u);
	if (cache & IOMMU_CACHE_INV_TYPE_IOTLB)
		add_iotlb(&b, d, n);
	if (cache & IOMMU_CACHE_INV_TYPE_DEV_IOTLB) {
		vtd_batch_barrier(&b);
		add_dev_tlb(&b, vdev, n);
	}
	err = vtd_batch_sync(&b);
	if (!err)
		return 0;
	(void)vtd_settle(vdev, err, "a guest's invalidation was lost");
	return -ETIMEDOUT;
}

int vtd_cache_invalidate(struct iommu_domain *nested, struct iommu_device *dev,
			 const struct iommu_cache_invalidate_info *info)
{
	struct vtd_domain *d = to_vtd_domain(nested);
	struct named n;
	int err, late = 0;

	(void)dev;
	err = decode(info, &n);
	if (err)
		return err;
	if (info->cache & IOMMU_CACHE_INV_TYPE_PASID)
		late = sync_entries(d, &n);
	err = flush(d, info->cache, &n);
	return err ? err : late;
}
