/* SPDX-License-Identifier: MIT */
/*
 * Dirty tracking of paging domains: hardware marks in the table which pages it
 * wrote, and core reads the marks for who copies memory that is in use.
 *
 * The table is the driver's, and the mark is where its format has it. Between a
 * mark's clearing and the invalidation hardware may write without marking the
 * page again, as it remembers that it has: the sync after the clearing is as
 * much a part of it as the one after an unmap. [R9]
 */
#include <sva/domain.h>

#include "base/bits.h"
#include "base/errno.h"
#include "core/device.h"

static const struct plat *plat_of(const struct iommu_domain *domain)
{
	return domain->unit->sys->plat;
}

int iommu_set_dirty_tracking(struct iommu_domain *domain, bool on)
{
	int err = 0;

	if (domain->type != IOMMU_DOMAIN_PAGING)
		return -EINVAL;
	if (!domain->unit->ops->set_dirty_tracking)
		return -EOPNOTSUPP;
	plat_lock(plat_of(domain), &domain->map_lock);
	if (domain->dirty_tracking != on)
		err = domain->unit->ops->set_dirty_tracking(domain, on);
	if (!err)
		domain->dirty_tracking = on;
	else if (err == -ETIMEDOUT)
		domain->dirty_tracking = false;
	plat_unlock(plat_of(domain), &domain->map_lock);
	return err;
}

void iommu_dirty_add(void *arg, uint64_t iova, unsigned int size_lg2)
{
	struct iommu_dirty_read *r = arg;
	const struct iommu_dirty_bitmap *b = r->bitmap;
	uint64_t last = iova + (BIT(size_lg2) - 1);
	uint64_t bit, end;

	if (r->gather)
		iommu_gather_add(r->gather, iova, last);
	if (!b->words)
		return;
	iova = iova > r->start ? iova : r->start;
	last = last < r->last ? last : r->last;
	end = (last - b->iova) >> b->page_lg2;
	for (bit = (iova - b->iova) >> b->page_lg2; bit <= end; bit++)
		b->words[bit / 64] |= BIT(bit % 64);
}

/* Is there a bit for each byte of [start, last]? */
static bool bitmap_covers(const struct iommu_dirty_bitmap *b, uint64_t start,
			  uint64_t last)
{
	if (!b->words)
		return true;
	return b->page_lg2 >= 12 && b->page_lg2 < 64 && start >= b->iova &&
	       (last - b->iova) >> b->page_lg2 < b->bit_count;
}

static bool args_ok(const struct iommu_domain *domain, uint64_t iova,
		    uint64_t size, unsigned int flags,
		    const struct iommu_dirty_bitmap *dirty)
{
	unsigned int known = IOMMU_DIRTY_NO_CLEAR | IOMMU_DIRTY_SPLIT;
	uint64_t last = iova + (size - 1);

	return domain->type == IOMMU_DOMAIN_PAGING && size &&
	       !((iova | size) & 4095) && last >= iova && !(flags & ~known) &&
	       flags != known && bitmap_covers(dirty, iova, last);
}

int iommu_read_and_clear_dirty(struct iommu_domain *domain, uint64_t iova,
			       uint64_t size, unsigned int flags,
			       struct iommu_dirty_bitmap *dirty)
{
	struct iommu_iotlb_gather own;
	struct iommu_dirty_read read = {
		.start = iova,
		.last = iova + (size - 1),
		.bitmap = dirty,
	};
	int err;

	if (!args_ok(domain, iova, size, flags, dirty))
		return -EINVAL;
	if (!domain->unit->ops->read_dirty)
		return -EOPNOTSUPP;
	iommu_iotlb_gather_init(&own);
	if (!(flags & IOMMU_DIRTY_NO_CLEAR))
		read.gather = dirty->gather ? dirty->gather : &own;
	plat_lock(plat_of(domain), &domain->map_lock);
	err = !domain->dirty_tracking ?
		      -EINVAL :
		      domain->unit->ops->read_dirty(domain, iova, size, flags,
						    &read);
	plat_unlock(plat_of(domain), &domain->map_lock);
	return err ? err : iommu_iotlb_sync(domain, &own);
}
