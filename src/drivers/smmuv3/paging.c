/* SPDX-License-Identifier: MIT */
/*
 * Paging domains: a table of the driver's, of stage 1 under an ASID of its own,
 * or of stage 2 under a VMID (stage2.c). [A6]
 *
 * A table that is empty goes, with what made it empty. The SMMU may still be in
 * it until it has been told, and reads entries that are not valid there.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/guest.h"
#include "fmt/arm_pt.h"
#include "pgtable/freed.h"

/* The smallest there is: what callers have is in pages of 4 KiB. */
static unsigned int granule_of(const struct smmuv3 *smmu)
{
	uint32_t idr5 = smmu->f.idr[5];

	return REG_GET(SMMU_IDR5_GRAN4K, idr5)  ? ARM_PT_4K_LG2 :
	       REG_GET(SMMU_IDR5_GRAN16K, idr5) ? ARM_PT_16K_LG2 :
						  ARM_PT_64K_LG2;
}

static uint64_t sizes_of(unsigned int granule_lg2)
{
	uint64_t sizes = BIT(granule_lg2);
	int level;

	for (level = 0; level < ARM_PT_LEVEL_LAST; level++)
		if (arm_pt_block_level(granule_lg2, level, false))
			sizes |= BIT(arm_pt_entry_lg2(granule_lg2, level));
	return sizes;
}

static unsigned int at_most_48(unsigned int bits)
{
	return bits < 48 ? bits : 48;
}

int smmuv3_paging_init(struct smmuv3_domain *d)
{
	struct smmuv3 *smmu = d->smmu;
	const struct arm_lpae_cfg cfg = {
		.plat = smmu->plat,
		/* What is addressed with an IPA are PAs of the guest. */
		.va_bits = at_most_48(d->stage2 ? smmu->f.oas_bits :
						  smmu->f.va_bits),
		.pa_bits = at_most_48(smmu->f.oas_bits),
		.granule_lg2 = granule_of(smmu),
		.stage2 = d->stage2,
	};
	int err;

	/* Nobody flushes CPU caches. */
	if (!smmu->f.coherent)
		return -EOPNOTSUPP;
	err = arm_lpae_init(&d->pt, &cfg);
	if (err)
		return err;
	err = d->stage2 ? smmuv3_vmid_get(smmu, &d->vmid) :
			  smmuv3_asid_get_private(d);
	if (err) {
		arm_lpae_fini(&d->pt);
		return err;
	}
	d->table = (struct iommu_mm_table){
		.fmt = IOMMU_TABLE_ARM_64_LPAE_S1,
		.root = arm_lpae_root_pa(&d->pt),
		.va_bits = cfg.va_bits,
		.pa_bits = cfg.pa_bits,
		.granule_lg2 = cfg.granule_lg2,
		.mair = ARM_LPAE_MAIR,
	};
	d->domain.page_sizes = sizes_of(cfg.granule_lg2);
	return 0;
}

void smmuv3_paging_fini(struct smmuv3_domain *d)
{
	if (d->stage2)
		smmuv3_vmid_put(d->smmu, d->vmid);
	else
		smmuv3_asid_put(d);
	arm_lpae_free_tables(&d->pt, &d->stuck);
	arm_lpae_fini(&d->pt);
}

int smmuv3_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
	       uint64_t size, unsigned int perm)
{
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	unsigned int flags = ARM_LPAE_ATTR_NORMAL;

	if (domain->dirty_tracking)
		flags |= ARM_LPAE_CLEAN;
	/* What was not valid is not cached: nobody needs to be told. */
	return arm_lpae_map(&d->pt, iova, pa, size, perm, flags);
}

/*
 * Blocks become pages while they are in use, if the SMMU bears block and pages
 * beside each other in its TLB: SMMU_IDR3.BBML 2, 3.21.1.3. What is cached of
 * the block goes with the range that is told.
 */
static int split_ends(struct smmuv3_domain *d, uint64_t iova, uint64_t size)
{
	int err;

	if (REG_GET(SMMU_IDR3_BBML, d->smmu->f.idr[3]) < 2)
		return -EINVAL;
	err = arm_lpae_split(&d->pt, iova);
	/* The end may be the end of the table. */
	if (!err && (iova + size) >> d->table.va_bits == 0)
		err = arm_lpae_split(&d->pt, iova + size);
	return err;
}

int smmuv3_unmap(struct iommu_domain *domain, uint64_t iova, uint64_t size,
		 struct iommu_iotlb_gather *gather, uint64_t *ret_unmapped)
{
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	uint64_t bytes = 0;
	int err;

	err = arm_lpae_unmap_free(&d->pt, iova, size, &gather->freed, &bytes);
	if (err == -EINVAL) {
		err = split_ends(d, iova, size);
		if (!err)
			err = arm_lpae_unmap_free(&d->pt, iova, size,
						  &gather->freed, &bytes);
	}
	if (err)
		return err;
	if (bytes || gather->freed)
		iommu_gather_add(gather, iova, iova + (size - 1));
	*ret_unmapped = bytes;
	return 0;
}

int smmuv3_iotlb_sync(struct iommu_domain *domain,
		      struct iommu_iotlb_gather *gather)
{
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	int err;

	plat_lock(d->smmu->plat, &d->lock);
	err = smmuv3_domain_invalidate_locked(d, gather->start,
					      gather->last + 1);
	/* It has failed closed, and may not have heard of that either. */
	if (err)
		pt_freed_splice(d->smmu->plat, &d->stuck, &gather->freed);
	plat_unlock(d->smmu->plat, &d->lock);
	arm_lpae_free_tables(&d->pt, &gather->freed);
	return err;
}

int smmuv3_iova_to_phys(struct iommu_domain *domain, uint64_t iova,
			uint64_t *ret_pa)
{
	return arm_lpae_phys(&to_smmuv3_domain(domain)->pt, iova, ret_pa);
}

static void found_nothing(void *arg, uint64_t iova, unsigned int size_lg2)
{
	(void)arg, (void)iova, (void)size_lg2;
}

/*
 * CD.HD, or STE.S2HD, is always set where it can be (3.13): what is clean
 * becomes dirty with a write, whoever looks. So tracking begins when nothing is
 * dirty any more, and its end needs nothing.
 */
int smmuv3_set_dirty_tracking(struct iommu_domain *domain, bool on)
{
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	int err;

	if (!d->smmu->f.httu_dirty)
		return -EOPNOTSUPP;
	if (!on)
		return 0;
	err = arm_lpae_read_dirty(&d->pt, 0, UINT64_MAX, ARM_LPAE_DIRTY_CLEAR,
				  found_nothing, NULL);
	if (err)
		return err;
	plat_lock(d->smmu->plat, &d->lock);
	err = smmuv3_domain_invalidate_locked(d, 0, UINT64_MAX);
	plat_unlock(d->smmu->plat, &d->lock);
	return err;
}

int smmuv3_read_dirty(struct iommu_domain *domain, uint64_t iova, uint64_t size,
		      unsigned int flags, struct iommu_dirty_read *read)
{
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	unsigned int how = 0;

	if (!(flags & IOMMU_DIRTY_NO_CLEAR))
		how |= ARM_LPAE_DIRTY_CLEAR;
	if (flags & IOMMU_DIRTY_SPLIT)
		how |= ARM_LPAE_DIRTY_SPLIT;
	/* See split_ends(). */
	if (flags & IOMMU_DIRTY_SPLIT &&
	    REG_GET(SMMU_IDR3_BBML, d->smmu->f.idr[3]) < 2)
		return -EOPNOTSUPP;
	return arm_lpae_read_dirty(&d->pt, iova, iova + (size - 1), how,
				   iommu_dirty_add, read);
}
