/* SPDX-License-Identifier: MIT */
/*
 * Paging domains: a second-stage table of the driver. [A6]
 *
 * A table that is empty goes, with what made it empty. The unit may still be in
 * it until it has been told, and reads entries that are not present there.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/nest.h"
#include "drivers/vtd/vtd.h"
#include "pgtable/freed.h"

/* Four, if there are: most have them, and nobody needs more. 0: none. */
static unsigned int levels_of(const struct vtd_unit *u)
{
	return u->f.ss_levels & BIT(4) ? 4 :
	       u->f.ss_levels & BIT(5) ? 5 :
	       u->f.ss_levels & BIT(3) ? 3 :
					 0;
}

static uint64_t sizes_of(const struct vtd_unit *u)
{
	uint64_t large = REG_GET(VTD_CAP_SSLPS, u->f.cap);

	return BIT(12) | (large & VTD_CAP_SSLPS_2M ? BIT(21) : 0) |
	       (large & VTD_CAP_SSLPS_1G ? BIT(30) : 0);
}

int vtd_paging_init(struct vtd_domain *d)
{
	struct vtd_unit *u = d->u;
	unsigned int levels = levels_of(u);
	struct vtdss_cfg cfg = {
		.plat = u->plat,
		.levels = levels,
		.va_bits = 12 + 9 * levels,
		/* What the machine has nobody says here. */
		.pa_bits = 52,
		.sizes = sizes_of(u),
	};
	int err;

	/* Coherent, as nobody flushes CPU caches. */
	if (!u->f.second_stage || !u->f.coherent_walk || !levels)
		return -EOPNOTSUPP;
	if (cfg.va_bits > u->f.mgaw_bits)
		cfg.va_bits = u->f.mgaw_bits;
	d->ss_levels = levels;
	d->ss_va_bits = cfg.va_bits;
	err = vtdss_init(&d->ss, &cfg);
	if (err)
		return err == -EINVAL ? -EOPNOTSUPP : err;
	err = vtd_did_get(u, &d->did);
	if (err) {
		vtdss_fini(&d->ss);
		return err;
	}
	d->domain.page_sizes = cfg.sizes;
	return 0;
}

void vtd_paging_fini(struct vtd_domain *d)
{
	vtd_did_put(d->u, d->did);
	vtdss_free_tables(&d->ss, &d->stuck);
	vtdss_fini(&d->ss);
}

int vtd_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
	    uint64_t size, unsigned int perm)
{
	struct vtd_domain *d = to_vtd_domain(domain);
	int err;

	err = vtdss_map(&d->ss, iova, pa, size, perm,
			domain->dirty_tracking ? VTDSS_CLEAN : 0);
	/* That nothing was there may be cached. */
	if (!err && d->u->f.cm &&
	    !vtd_domain_invalidate(d, iova, iova + (size - 1)))
		err = -ETIMEDOUT;
	if (!err)
		err = vtd_write_buffer_flush(d->u);
	if (err == -ETIMEDOUT) {
		vtdss_clear(&d->ss, iova, iova + size, NULL);
		/* It may have been seen. If this fails, all is blocked. */
		(void)vtd_domain_invalidate(d, iova, iova + (size - 1));
	}
	return err;
}

/*
 * Make pages smaller where the range ends inside one. The unit may use the
 * larger one until it is told, and what is told then is the smaller range.
 */
static int split_ends(struct vtd_domain *d, uint64_t iova, uint64_t size)
{
	int err = vtdss_split(&d->ss, iova);

	/* The end may be the end of the table. */
	if (!err && (iova + size) >> d->ss_va_bits == 0)
		err = vtdss_split(&d->ss, iova + size);
	/* What failed may have made one end smaller. */
	if (!vtd_domain_invalidate(d, 0, UINT64_MAX) && !err)
		err = -ETIMEDOUT;
	return err;
}

int vtd_unmap(struct iommu_domain *domain, uint64_t iova, uint64_t size,
	      struct iommu_iotlb_gather *gather, uint64_t *ret_unmapped)
{
	struct vtd_domain *d = to_vtd_domain(domain);
	uint64_t bytes = 0;
	int err;

	err = vtdss_unmap_free(&d->ss, iova, size, &gather->freed, &bytes);
	if (err == -EINVAL) {
		err = split_ends(d, iova, size);
		if (!err)
			err = vtdss_unmap_free(&d->ss, iova, size,
					       &gather->freed, &bytes);
	}
	if (err)
		return err;
	if (bytes || gather->freed)
		iommu_gather_add(gather, iova, iova + (size - 1));
	*ret_unmapped = bytes;
	return 0;
}

int vtd_iotlb_sync(struct iommu_domain *domain,
		   struct iommu_iotlb_gather *gather)
{
	struct vtd_domain *d = to_vtd_domain(domain);

	if (vtd_domain_invalidate(d, gather->start, gather->last)) {
		vtdss_free_tables(&d->ss, &gather->freed);
		return 0;
	}
	/* The unit has failed closed; it may not have heard of that either. */
	plat_lock(d->u->plat, &d->lock);
	pt_freed_splice(d->u->plat, &d->stuck, &gather->freed);
	plat_unlock(d->u->plat, &d->lock);
	return -ETIMEDOUT;
}

int vtd_iova_to_phys(struct iommu_domain *domain, uint64_t iova,
		     uint64_t *ret_pa)
{
	return vtdss_phys(&to_vtd_domain(domain)->ss, iova, ret_pa);
}

static void found_nothing(void *arg, uint64_t iova, unsigned int size_lg2)
{
	(void)arg, (void)iova, (void)size_lg2;
}

struct ssade {
	bool on;
	int err;
};

static void set_one_ssade(void *arg, struct vtd_device *vdev, ioasid_t pasid,
			  le64_atomic *slot)
{
	struct ssade *s = arg;
	int err = vtd_pasid_set_ssade(vdev, pasid, slot, s->on);

	s->err = s->err ? s->err : err;
}

/*
 * What is attached now, and with @ssade what will be. Passive: no more. The
 * flag is the table's: entries that are nested over it have it too (6.2.3.1).
 */
static int set_ssade(struct vtd_domain *d, bool on)
{
	struct ssade s = { .on = on };
	struct vtd_domain *n;
	struct vtd_attach *a;

	plat_lock(d->u->plat, &d->lock);
	d->ssade = on;
	list_for_each(a, &d->attaches, link)
		if (!a->passive)
			set_one_ssade(&s, a->vdev, a->pasid, a->slot);
	list_for_each(n, &d->nested_in, nested_link)
		vtd_nested_each_locked(n, set_one_ssade, &s);
	/* The entries may have it, which nobody needs to know. */
	if (s.err)
		d->ssade = false;
	plat_unlock(d->u->plat, &d->lock);
	return s.err ? -ETIMEDOUT : 0;
}

/*
 * Flags of the table mean nothing until entries have SSADE: all pages are clean
 * when the unit begins to look, and the change of an entry takes along what is
 * cached. Off again, the unit takes every page for dirty.
 */
int vtd_set_dirty_tracking(struct iommu_domain *domain, bool on)
{
	struct vtd_domain *d = to_vtd_domain(domain);
	int err = 0;

	if (!d->u->f.second_stage_ad)
		return -EOPNOTSUPP;
	if (on)
		err = vtdss_read_dirty(&d->ss, 0, UINT64_MAX, VTDSS_DIRTY_CLEAR,
				       found_nothing, NULL);
	return err ? err : set_ssade(d, on);
}

int vtd_read_dirty(struct iommu_domain *domain, uint64_t iova, uint64_t size,
		   unsigned int flags, struct iommu_dirty_read *read)
{
	struct vtd_domain *d = to_vtd_domain(domain);
	unsigned int how = 0;

	if (!(flags & IOMMU_DIRTY_NO_CLEAR))
		how |= VTDSS_DIRTY_CLEAR;
	if (flags & IOMMU_DIRTY_SPLIT)
		how |= VTDSS_DIRTY_SPLIT;
	return vtdss_read_dirty(&d->ss, iova, iova + (size - 1), how,
				iommu_dirty_add, read);
}
