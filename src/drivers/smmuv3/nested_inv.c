/* SPDX-License-Identifier: MIT */
/*
 * What a guest invalidates: Arm IHI 0070, 4.3 to 4.5. [H1] [H2]
 *
 * Whatever it names, the commands carry the VMID of its parent and the StreamIDs
 * of its device, so that nothing goes but its own. Where the SMMU cannot name
 * what is asked for, more of the guest's goes, never less.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/attach.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/guest.h"
#include "drivers/smmuv3/inval.h"

/* Pages of 4 KiB in 48 bits; more takes everything, and so no time. */
#define MAX_PAGES_LG2 36u

static struct smmu_cmd guest_cmd(const struct smmuv3_domain *nested,
				 unsigned int opcode, uint32_t asid)
{
	return smmuv3_make_tlbi_guest(opcode, nested->parent->vmid,
				      (uint16_t)asid);
}

/* All of an ASID's entries, or of all ASIDs'. */
static struct smmu_cmd tlbi_asid(const struct smmuv3_domain *nested, bool asids,
				 uint32_t asid)
{
	return asids ? guest_cmd(nested, SMMU_OP_TLBI_NH_ASID, asid) :
		       guest_cmd(nested, SMMU_OP_TLBI_NH_ALL, 0);
}

/* A granule that TG can say, and that there are tables of. */
static bool is_granule(const struct smmuv3 *smmu, uint64_t size)
{
	uint32_t idr5 = smmu->f.idr[5];

	switch (size) {
	case 1u << 12:
		return REG_GET(SMMU_IDR5_GRAN4K, idr5);
	case 1u << 14:
		return REG_GET(SMMU_IDR5_GRAN16K, idr5);
	case 1u << 16:
		return REG_GET(SMMU_IDR5_GRAN64K, idr5);
	default:
		return false;
	}
}

static void add_tlbi_addr(struct smmuv3_batch *batch,
			  const struct smmuv3_domain *nested,
			  const struct iommu_inv_addr_info *a)
{
	bool asids = a->flags & IOMMU_INV_ADDR_FLAGS_ARCHID;
	struct smmuv3_tlbi t = {
		.page = asids ? guest_cmd(nested, SMMU_OP_TLBI_NH_VA,
					  a->archid) :
				guest_cmd(nested, SMMU_OP_TLBI_NH_VAA, 0),
		.all = tlbi_asid(nested, asids, a->archid),
		.granule_lg2 = ilog2(a->granule_size),
	};

	FIELD_SET(SMMU_CMD_TLBI_LEAF, &t.page,
		  !!(a->flags & IOMMU_INV_ADDR_FLAGS_LEAF));
	/* Pages of any size may be in there. */
	if (!is_granule(batch->smmu, a->granule_size) ||
	    a->nb_granules >> MAX_PAGES_LG2)
		smmuv3_batch_add(batch, t.all);
	else
		(void)smmuv3_add_tlbi_pages(batch, &t, a->addr, a->nb_granules);
}

static void add_tlbi(struct smmuv3_batch *batch,
		     const struct smmuv3_domain *nested,
		     const struct iommu_cache_invalidate_info *info)
{
	const struct iommu_inv_pasid_info *p = &info->granu.pasid;
	bool asids = info->granularity == IOMMU_INV_GRANU_PASID &&
		     p->flags & IOMMU_INV_PASID_FLAGS_ARCHID;

	/* The TLB knows no PASID: which ASID it has is in the guest's CD. */
	if (info->granularity == IOMMU_INV_GRANU_ADDR)
		add_tlbi_addr(batch, nested, &info->granu.addr);
	else
		smmuv3_batch_add(batch, tlbi_asid(nested, asids,
						  asids ? p->archid : 0));
	smmuv3_batch_barrier(batch);
}

static void add_cfgi_all(struct smmuv3_batch *batch,
			 const struct smmuv3_device *sdev)
{
	unsigned int i;

	for (i = 0; i < sdev->sid_count; i++)
		smmuv3_batch_add(batch, smmuv3_make_cfgi_cd_all(sdev->sids[i]));
}

/* With the level-1 descriptor: nobody says that it has not changed. */
static void add_cfgi(struct smmuv3_batch *batch, struct smmuv3_device *sdev,
		     const struct smmuv3_domain *nested,
		     const struct iommu_cache_invalidate_info *info)
{
	uint64_t bits = FIELD_GET(SMMU_STE_S1CDMAX, &nested->ste);
	const struct iommu_inv_pasid_info *p = &info->granu.pasid;

	if (info->granularity == IOMMU_INV_GRANU_PASID &&
	    p->flags & IOMMU_INV_PASID_FLAGS_PASID && p->pasid >> bits == 0)
		smmuv3_add_cfgi_cd(batch, sdev, (uint32_t)p->pasid, false);
	else
		add_cfgi_all(batch, sdev);
	smmuv3_batch_barrier(batch);
}

/* Without a PASID entries of all of them go. [R10] */
static void add_atc(struct smmuv3_batch *batch, struct smmuv3_device *sdev,
		    const struct iommu_cache_invalidate_info *info)
{
	const struct iommu_inv_addr_info *a = &info->granu.addr;
	uint64_t start = 0, end = UINT64_MAX, pasid = 0;

	if (info->granularity == IOMMU_INV_GRANU_ADDR) {
		start = a->addr;
		/* 0 stands for the end of the address space. */
		end = start + a->granule_size * a->nb_granules;
		if (a->flags & IOMMU_INV_ADDR_FLAGS_PASID)
			pasid = a->pasid;
	} else if (info->granularity == IOMMU_INV_GRANU_PASID &&
		   info->granu.pasid.flags & IOMMU_INV_PASID_FLAGS_PASID) {
		pasid = info->granu.pasid.pasid;
	}
	smmuv3_add_atc_inv(batch, sdev, pasid, (uint32_t)pasid, start, end);
}

static int check(const struct smmuv3 *smmu,
		 const struct iommu_cache_invalidate_info *info)
{
	uint32_t asid = 0;

	if (info->granularity == IOMMU_INV_GRANU_ADDR &&
	    info->granu.addr.flags & IOMMU_INV_ADDR_FLAGS_ARCHID)
		asid = info->granu.addr.archid;
	if (info->granularity == IOMMU_INV_GRANU_PASID &&
	    info->granu.pasid.flags & IOMMU_INV_PASID_FLAGS_ARCHID)
		asid = info->granu.pasid.archid;
	return asid >> smmu->f.asid_bits ? -EINVAL : 0;
}

/* All that could be meant, or nothing works any more. */
static void forget_guest(const struct smmuv3_domain *nested,
			 struct smmuv3_device *sdev)
{
	struct smmuv3 *smmu = nested->smmu;
	struct smmuv3_batch batch;

	smmuv3_batch_init(&batch, smmu);
	add_cfgi_all(&batch, sdev);
	if (smmuv3_batch_sync(&batch))
		smmuv3_fail_closed(smmu, "a guest's CDs stay in use");
	(void)smmuv3_tlbi_or_fail_closed(smmu, tlbi_asid(nested, false, 0));
	(void)smmuv3_atc_flush(sdev, false, 0, 0, UINT64_MAX);
}

int smmuv3_cache_invalidate(struct iommu_domain *domain,
			    struct iommu_device *dev,
			    const struct iommu_cache_invalidate_info *info)
{
	struct smmuv3_domain *nested = to_smmuv3_domain(domain);
	struct smmuv3_device *sdev = iommu_device_priv(dev);
	struct smmuv3_batch batch;
	int err = check(nested->smmu, info);

	if (err)
		return err;
	smmuv3_batch_init(&batch, nested->smmu);
	if (info->cache & IOMMU_CACHE_INV_TYPE_PASID)
		add_cfgi(&batch, sdev, nested, info);
	if (info->cache & IOMMU_CACHE_INV_TYPE_IOTLB)
		add_tlbi(&batch, nested, info);
	if (info->cache & IOMMU_CACHE_INV_TYPE_DEV_IOTLB)
		add_atc(&batch, sdev, info);
	err = smmuv3_batch_sync(&batch);
	if (!err)
		return 0;
	smmuv3_report_stuck(nested->parent, err);
	forget_guest(nested, sdev);
	return -ETIMEDOUT;
}
