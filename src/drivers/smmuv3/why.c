/* SPDX-License-Identifier: MIT */
/* What an SMMU lacks for a device or for the table of an address space. */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/smmuv3.h"

static bool granule_supported(const struct smmuv3 *smmu, unsigned int lg2)
{
	uint32_t idr5 = smmu->f.idr[5];

	return (lg2 == 12 && REG_GET(SMMU_IDR5_GRAN4K, idr5)) ||
	       (lg2 == 14 && REG_GET(SMMU_IDR5_GRAN16K, idr5)) ||
	       (lg2 == 16 && REG_GET(SMMU_IDR5_GRAN64K, idr5));
}

static bool lack(struct iommu_sva_why *why, enum iommu_sva_req req,
		 uint64_t has, uint64_t needs)
{
	if (why) {
		why->req = req;
		why->has = has;
		why->needs = needs;
	}
	return true;
}

/* Beyond 48 bits only with 64 KiB pages, or with LPA2. */
static bool lacks_widths(const struct smmuv3 *smmu,
			 const struct iommu_mm_table *t,
			 struct iommu_sva_why *why)
{
	const struct smmuv3_features *f = &smmu->f;
	unsigned int most = t->granule_lg2 == 16 || t->ds ? 52 : 48;
	unsigned int least = !REG_GET(SMMU_IDR3_STT, f->idr[3]) ? 25 :
			     t->granule_lg2 == 16               ? 17 :
								  16;
	unsigned int va = f->va_bits < most ? f->va_bits : most;
	unsigned int pa = f->oas_bits < most ? f->oas_bits : most;

	if (t->va_bits < least)
		return lack(why, IOMMU_SVA_REQ_VA_BITS, least, t->va_bits);
	if (t->va_bits > va)
		return lack(why, IOMMU_SVA_REQ_VA_BITS, va, t->va_bits);
	return t->pa_bits > pa &&
	       lack(why, IOMMU_SVA_REQ_PA_BITS, pa, t->pa_bits);
}

/* [K16]: what the table's owner counts on. */
static bool lacks_features(const struct smmuv3 *smmu,
			   const struct iommu_mm_table *t,
			   struct iommu_sva_why *why)
{
	const uint32_t *idr = smmu->f.idr;
	unsigned int bbml = (unsigned int)REG_GET(SMMU_IDR3_BBML, idr[3]);

	if (t->ds && (t->granule_lg2 == 16 || !REG_GET(SMMU_IDR5_DS, idr[5])))
		return lack(why, IOMMU_SVA_REQ_DS, 0, 0);
	if (t->haft &&
	    REG_GET(SMMU_IDR0_HTTU, idr[0]) != SMMU_IDR0_HTTU_AF_DIRTY_TABLE)
		return lack(why, IOMMU_SVA_REQ_HAFT, 0, 0);
	return t->bbml > bbml && lack(why, IOMMU_SVA_REQ_BBML, bbml, t->bbml);
}

bool smmuv3_lacks_table(const struct smmuv3 *smmu,
			const struct iommu_mm_table *t,
			struct iommu_sva_why *why)
{
	if (!smmu->f.coherent)
		return lack(why, IOMMU_SVA_REQ_COHERENCE, 0, 0);
	if (!smmu->f.sva)
		return lack(why, IOMMU_SVA_REQ_UNIT_PASID, 0, 0);
	if (t->fmt != IOMMU_TABLE_ARM_64_LPAE_S1)
		return lack(why, IOMMU_SVA_REQ_FORMAT, 0, 0);
	if (!granule_supported(smmu, t->granule_lg2))
		return lack(why, IOMMU_SVA_REQ_GRANULE, 0, t->granule_lg2);
	if (lacks_widths(smmu, t, why) || lacks_features(smmu, t, why))
		return true;
	return (!is_aligned(t->root, 64) || t->root >> t->pa_bits) &&
	       lack(why, IOMMU_SVA_REQ_ROOT, 0, t->root);
}

/* The reasons of init_sva(), by what it looked at: that does not change. */
static void diagnose_mm(const struct smmuv3 *smmu, struct iommu_mm *mm,
			struct iommu_sva_why *why)
{
	struct iommu_mm_table table;
	int err;

	if (why->err != -EOPNOTSUPP && why->err != -ENOSPC &&
	    why->err != -ESRCH)
		return;
	err = mm->ops->get_table(mm, IOMMU_TABLE_ARM_64_LPAE_S1, &table);
	if (why->err == -EOPNOTSUPP && err == -EOPNOTSUPP)
		lack(why, IOMMU_SVA_REQ_FORMAT, 0, 0);
	else if (!err && why->err == -EOPNOTSUPP)
		(void)smmuv3_lacks_table(smmu, &table, why);
	else if (!err && (why->err == -ENOSPC || smmu->f.btm))
		lack(why, IOMMU_SVA_REQ_ASID, smmu->f.asid_bits, 0);
}

/* What probe_device() found, in the order of iommu_dev_has_feature(). */
static void diagnose_device(const struct smmuv3_device *sdev,
			    struct iommu_sva_why *why)
{
	const struct smmuv3_features *f = &sdev->smmu->f;

	if (!f->ssid_bits)
		why->req = IOMMU_SVA_REQ_UNIT_PASID;
	else if (!sdev->cdtab.ssid_bits)
		why->req = IOMMU_SVA_REQ_PASID;
	else if (!f->coherent)
		why->req = IOMMU_SVA_REQ_COHERENCE;
	else if (sdev->is_pci && !sdev->pci.ats_on)
		why->req = IOMMU_SVA_REQ_ATS;
	else if (!sdev->too_many)
		why->req = IOMMU_SVA_REQ_RECOVERY;
	else {
		why->req = IOMMU_SVA_REQ_STREAMS;
		why->has = sdev->sid_count;
		why->needs = sdev->is_pci ? 1 : SMMUV3_STALL_STREAMS;
	}
}

void smmuv3_diagnose(struct iommu_device *dev, struct iommu_mm *mm,
		     struct iommu_sva_why *why)
{
	const struct smmuv3_device *sdev = iommu_device_priv(dev);

	if (mm)
		diagnose_mm(sdev->smmu, mm, why);
	else
		diagnose_device(sdev, why);
}
