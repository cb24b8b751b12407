/* SPDX-License-Identifier: MIT */
/*
 * Paging domains: their tables, and when hardware is told of what went.
 *
 * The table is the driver's. Core sees to it that it has one writer, under the
 * map lock, and that every unmap is followed by one iotlb_sync() before the
 * caller hears that its memory is free: at once, when the caller says so
 * (iommu_unmap_gather()), or when enough waits (iommu_domain_set_deferred()).
 *
 * An invalidation runs beside other changes of the table. What it is about has
 * gone from the table before, so whoever walks after it does not find it; and
 * a table that it frees can be reached from no other.
 */
#include <sva/domain.h>

#include "base/errno.h"
#include "core/device.h"
#include "core/paging.h"

static const struct plat *plat_of(const struct iommu_domain *domain)
{
	return domain->unit->sys->plat;
}

void paging_init(struct iommu_domain *domain)
{
	iommu_iotlb_gather_init(&domain->waiting);
	domain->waiting_bytes = 0;
	domain->defer_limit = 0;
	plat_lock_init(plat_of(domain), &domain->map_lock, PLAT_LOCK_MUTEX,
		       PLAT_RANK_PAGING, "paging domain");
	plat_lock_init(plat_of(domain), &domain->walk_lock, PLAT_LOCK_SPIN,
		       PLAT_RANK_DOMAIN, "paging walk");
}

/*
 * Tables that were taken out are about to be freed. Who walks now has begun
 * before; who begins later does not find them.
 */
static void wait_for_walks(struct iommu_domain *domain)
{
	plat_lock(plat_of(domain), &domain->walk_lock);
	plat_unlock(plat_of(domain), &domain->walk_lock);
}

int iommu_iotlb_sync(struct iommu_domain *domain,
		     struct iommu_iotlb_gather *gather)
{
	int err = 0;

	if (domain->type != IOMMU_DOMAIN_PAGING)
		return -EINVAL;
	if (gather->freed)
		wait_for_walks(domain);
	if (!iommu_gather_empty(gather))
		err = domain->unit->ops->iotlb_sync(domain, gather);
	iommu_iotlb_gather_init(gather);
	return err;
}

/* Map lock held, so that nobody maps there before it is over. */
static int sync_waiting_locked(struct iommu_domain *domain)
{
	domain->waiting_bytes = 0;
	return iommu_iotlb_sync(domain, &domain->waiting);
}

void paging_fini(struct iommu_domain *domain)
{
	/* Attached nowhere: an error would be about nobody. */
	(void)sync_waiting_locked(domain);
	plat_lock_fini(plat_of(domain), &domain->walk_lock);
	plat_lock_fini(plat_of(domain), &domain->map_lock);
}

static int range_check(const struct iommu_domain *domain, uint64_t iova,
		       uint64_t size)
{
	if (domain->type != IOMMU_DOMAIN_PAGING || !size ||
	    (iova | size) & 4095 || iova + (size - 1) < iova)
		return -EINVAL;
	return 0;
}

int iommu_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
	      uint64_t size, unsigned int perm)
{
	uint64_t last = iova + (size - 1);
	int err = range_check(domain, iova, size);

	if (err)
		return err;
	if (pa & 4095 || pa + (size - 1) < pa || !(perm & IOMMU_PERM_RWX) ||
	    perm & ~(IOMMU_PERM_RWX | IOMMU_PERM_PRIV))
		return -EINVAL;
	if (!domain->unit->ops->map)
		return -EOPNOTSUPP;
	plat_lock(plat_of(domain), &domain->map_lock);
	/* What is cached of it would stand for the new. */
	if (iova <= domain->waiting.last && last >= domain->waiting.start)
		err = sync_waiting_locked(domain);
	if (!err)
		err = domain->unit->ops->map(domain, iova, pa, size, perm);
	plat_unlock(plat_of(domain), &domain->map_lock);
	return err;
}

int iommu_unmap_gather(struct iommu_domain *domain, uint64_t iova,
		       uint64_t size, struct iommu_iotlb_gather *gather,
		       uint64_t *ret_unmapped)
{
	uint64_t bytes = 0;
	int err = range_check(domain, iova, size);

	if (err)
		return err;
	if (!domain->unit->ops->unmap)
		return -EOPNOTSUPP;
	plat_lock(plat_of(domain), &domain->map_lock);
	err = domain->unit->ops->unmap(domain, iova, size, gather, &bytes);
	plat_unlock(plat_of(domain), &domain->map_lock);
	if (!err && ret_unmapped)
		*ret_unmapped = bytes;
	return err;
}

/* True: it was deferred, and *ret_err is the outcome. */
static bool unmap_deferred(struct iommu_domain *domain, uint64_t iova,
			   uint64_t size, uint64_t *ret_bytes, int *ret_err)
{
	bool deferred;

	plat_lock(plat_of(domain), &domain->map_lock);
	deferred = domain->defer_limit;
	if (deferred) {
		*ret_err = domain->unit->ops->unmap(
			domain, iova, size, &domain->waiting, ret_bytes);
		domain->waiting_bytes += *ret_bytes;
		if (domain->waiting_bytes > domain->defer_limit)
			*ret_err = sync_waiting_locked(domain);
	}
	plat_unlock(plat_of(domain), &domain->map_lock);
	return deferred;
}

int iommu_unmap(struct iommu_domain *domain, uint64_t iova, uint64_t size,
		uint64_t *ret_unmapped)
{
	struct iommu_iotlb_gather gather;
	uint64_t bytes = 0;
	int err = range_check(domain, iova, size);

	if (err)
		return err;
	if (!domain->unit->ops->unmap)
		return -EOPNOTSUPP;
	if (!unmap_deferred(domain, iova, size, &bytes, &err)) {
		iommu_iotlb_gather_init(&gather);
		err = iommu_unmap_gather(domain, iova, size, &gather, &bytes);
		if (!err)
			err = iommu_iotlb_sync(domain, &gather);
	}
	/* What may still be in use is not unmapped. [E5] */
	if (ret_unmapped && (!err || err == -ETIMEDOUT))
		*ret_unmapped = err ? 0 : bytes;
	return err;
}

int iommu_domain_set_deferred(struct iommu_domain *domain, uint64_t limit)
{
	int err;

	if (domain->type != IOMMU_DOMAIN_PAGING)
		return -EINVAL;
	plat_lock(plat_of(domain), &domain->map_lock);
	domain->defer_limit = limit;
	err = domain->waiting_bytes > limit ? sync_waiting_locked(domain) : 0;
	plat_unlock(plat_of(domain), &domain->map_lock);
	return err;
}

int iommu_domain_flush(struct iommu_domain *domain)
{
	int err;

	if (domain->type != IOMMU_DOMAIN_PAGING)
		return -EINVAL;
	plat_lock(plat_of(domain), &domain->map_lock);
	err = sync_waiting_locked(domain);
	plat_unlock(plat_of(domain), &domain->map_lock);
	return err;
}

int iommu_iova_to_phys(struct iommu_domain *domain, uint64_t iova,
		       uint64_t *ret_pa)
{
	int err;

	if (domain->type == IOMMU_DOMAIN_IDENTITY) {
		*ret_pa = iova;
		return 0;
	}
	if (domain->type != IOMMU_DOMAIN_PAGING)
		return -EINVAL;
	if (!domain->unit->ops->iova_to_phys)
		return -EOPNOTSUPP;
	/* Beside maps and unmaps: this is only about tables that go. */
	plat_lock(plat_of(domain), &domain->walk_lock);
	err = domain->unit->ops->iova_to_phys(domain, iova, ret_pa);
	plat_unlock(plat_of(domain), &domain->walk_lock);
	return err;
}

uint64_t iommu_domain_page_sizes(const struct iommu_domain *domain)
{
	return domain->type == IOMMU_DOMAIN_PAGING ? domain->page_sizes : 0;
}
