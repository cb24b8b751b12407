/* SPDX-License-Identifier: MIT */
/* What a unit lacks for a device or for the table of an address space. */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/vtd.h"

#define VA_BITS_4 48u
#define VA_BITS_5 57u

/* Of 1 GiB. A table says its smallest pages, not its largest. */
#define GIGAPAGE_LG2 30u

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

/* The paging mode of a table is the unit's FSPM: four levels or five. */
static bool lacks_levels(const struct vtd_unit *u,
			 const struct iommu_mm_table *t,
			 struct iommu_sva_why *why)
{
	unsigned int most = u->f.five_level ? VA_BITS_5 : VA_BITS_4;

	return (t->va_bits > most ||
		(t->va_bits != VA_BITS_4 && t->va_bits != VA_BITS_5)) &&
	       lack(why, IOMMU_SVA_REQ_VA_BITS,
		    t->va_bits < VA_BITS_4 ? VA_BITS_4 : most, t->va_bits);
}

bool vtd_lacks_table(const struct vtd_unit *u, const struct iommu_mm_table *t,
		     struct iommu_sva_why *why)
{
	if (vtd_lacks_sva(u, why))
		return true;
	if (t->fmt != IOMMU_TABLE_X86_64)
		return lack(why, IOMMU_SVA_REQ_FORMAT, 0, 0);
	if (t->granule_lg2 != 12)
		return lack(why, IOMMU_SVA_REQ_GRANULE, 12, t->granule_lg2);
	/* Who has a CPU's table may find pages of any size in it. */
	if (!u->f.gigapages)
		return lack(why, IOMMU_SVA_REQ_GRANULE, 21, GIGAPAGE_LG2);
	if (lacks_levels(u, t, why))
		return true;
	/* 52 bits is all an entry of the table can say. */
	if (t->pa_bits > 52)
		return lack(why, IOMMU_SVA_REQ_PA_BITS, 52, t->pa_bits);
	return (!is_aligned(t->root, 4096) || t->root >> t->pa_bits) &&
	       lack(why, IOMMU_SVA_REQ_ROOT, 0, t->root);
}

/* The reasons of vtd_domain_alloc(), by what it looked at. */
static void diagnose_mm(const struct vtd_unit *u, struct iommu_mm *mm,
			struct iommu_sva_why *why)
{
	struct iommu_mm_table table;
	int err;

	if (why->err == -ENOSPC) {
		lack(why, IOMMU_SVA_REQ_ASID, u->f.did_bits, 0);
		return;
	}
	if (why->err != -EOPNOTSUPP || vtd_lacks_sva(u, why))
		return;
	err = mm->ops->get_table(mm, IOMMU_TABLE_X86_64, &table);
	if (err == -EOPNOTSUPP)
		lack(why, IOMMU_SVA_REQ_FORMAT, 0, 0);
	else if (!err)
		(void)vtd_lacks_table(u, &table, why);
}

/* What probe_device() found, in the order of iommu_dev_has_feature(). */
static void diagnose_device(const struct vtd_device *vdev,
			    struct iommu_sva_why *why)
{
	if (!vdev->u->f.pasid_bits)
		lack(why, IOMMU_SVA_REQ_UNIT_PASID, 0, 0);
	else if (!vdev->ptab.bits)
		lack(why, IOMMU_SVA_REQ_PASID, 0, 0);
	else if (vtd_lacks_sva(vdev->u, why))
		return;
	else if (vdev->too_many)
		lack(why, IOMMU_SVA_REQ_STREAMS, vdev->sid_count, 1);
	else if (vdev->is_pci && !vtd_has_ats(vdev))
		lack(why, IOMMU_SVA_REQ_ATS, 0, 0);
	else
		lack(why, IOMMU_SVA_REQ_RECOVERY, 0, 0);
}

void vtd_diagnose(struct iommu_device *dev, struct iommu_mm *mm,
		  struct iommu_sva_why *why)
{
	const struct vtd_device *vdev = iommu_device_priv(dev);

	if (mm)
		diagnose_mm(vdev->u, mm, why);
	else
		diagnose_device(vdev, why);
}
