/* SPDX-License-Identifier: MIT */
/*
 * A guest's stage 1: Arm IHI 0070, 3.4, 5.2. [G1] [G5]
 *
 * The STE takes the guest's CD table as it is, an IPA: the SMMU fetches CDs and
 * translation tables through the parent's stage 2, and the driver never reads
 * them. So a guest can say nothing in there that leads elsewhere. What it says
 * in an STE of its own are these few fields; all others are the host's.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/guest.h"

/* What a guest leaves out: one array, and the CD of 0 for what has no PASID. */
static const struct iommu_pasid_smmuv3 defaults = {
	.version = IOMMU_PASID_VENDOR_VERSION_1,
	.s1fmt = SMMU_STE_S1FMT_LINEAR,
	.s1dss = SMMU_STE_S1DSS_SSID0,
};

static int get_vendor(const struct iommu_pasid_table_config *cfg,
		      struct iommu_pasid_smmuv3 *ret_v)
{
	size_t i;

	*ret_v = defaults;
	if (!cfg->vendor_length)
		return 0;
	if (cfg->vendor_length < sizeof(*ret_v))
		return -EINVAL;
	for (i = sizeof(*ret_v); i < cfg->vendor_length; i++)
		if (cfg->vendor.bytes[i])
			return -EINVAL;
	*ret_v = cfg->vendor.smmuv3;
	if (ret_v->version != IOMMU_PASID_VENDOR_VERSION_1 || ret_v->padding ||
	    ret_v->s1fmt > SMMU_STE_S1FMT_64K_L2 ||
	    ret_v->s1dss > SMMU_STE_S1DSS_SSID0 || ret_v->s1stalld > 1)
		return -EINVAL;
	return 0;
}

/* log2 of the CDs that one entry of the first table stands for. */
static unsigned int leaf_lg2(unsigned int s1fmt)
{
	return s1fmt == SMMU_STE_S1FMT_4K_L2  ? SMMU_CDTAB_4K_L2_LG2 :
	       s1fmt == SMMU_STE_S1FMT_64K_L2 ? SMMU_CDTAB_64K_L2_LG2 :
						0;
}

static unsigned int entry_lg2(unsigned int s1fmt)
{
	return s1fmt == SMMU_STE_S1FMT_LINEAR ? ilog2(sizeof(struct smmu_cd)) :
						ilog2(sizeof(struct smmu_l1cd));
}

/* log2 of the bytes of the first table. */
static unsigned int table_lg2(unsigned int s1fmt, unsigned int bits)
{
	unsigned int leaf = leaf_lg2(s1fmt);

	return entry_lg2(s1fmt) + (bits > leaf ? bits - leaf : 0);
}

/* The width that is asked for, or that a table of that size has. */
static int get_bits(const struct iommu_pasid_table_config *cfg,
		    unsigned int s1fmt, unsigned int *ret_bits)
{
	unsigned int bits = cfg->pasid_bits;

	if (bits > SMMU_IDR1_SSIDSIZE_MAX)
		return -EINVAL;
	if (cfg->size) {
		unsigned int lg2 = entry_lg2(s1fmt), has = ilog2(cfg->size);

		if (has < lg2)
			return -EINVAL;
		if (!bits)
			bits = has - lg2 + leaf_lg2(s1fmt);
		else if (table_lg2(s1fmt, bits) > has)
			return -EINVAL;
	}
	*ret_bits = bits;
	return 0;
}

/* 5.2, S1ContextPtr: the table is aligned to its size, or to 64 bytes. */
static bool base_ok(const struct smmuv3_domain *parent, uint64_t base,
		    unsigned int lg2)
{
	uint64_t align = BIT(lg2 < 6 ? 6 : lg2);

	return is_aligned(base, align) && base >> parent->table.va_bits == 0;
}

static int set_stage1(const struct smmuv3_domain *parent,
		      const struct smmuv3_device *sdev,
		      const struct iommu_pasid_table_config *cfg,
		      struct smmu_ste *ste)
{
	const struct smmuv3_features *f = &sdev->smmu->f;
	struct iommu_pasid_smmuv3 v;
	unsigned int bits;
	int err;

	err = get_vendor(cfg, &v);
	if (!err)
		err = get_bits(cfg, v.s1fmt, &bits);
	if (err)
		return err;
	if (!bits)
		v.s1fmt = SMMU_STE_S1FMT_LINEAR;
	/* [G3]: no more PASIDs than the device and its own table have. */
	if (bits > sdev->cdtab.ssid_bits ||
	    (v.s1fmt != SMMU_STE_S1FMT_LINEAR && !f->two_level_cd) ||
	    (v.s1stalld && (!f->stall || f->stall_forced)) ||
	    !base_ok(parent, cfg->base, table_lg2(v.s1fmt, bits)))
		return -EINVAL;
	FIELD_SET(SMMU_STE_CONFIG, ste, SMMU_STE_CONFIG_NESTED);
	FIELD_SET(SMMU_STE_S1FMT, ste, v.s1fmt);
	smmu_ste_set_s1contextptr(ste, cfg->base);
	FIELD_SET(SMMU_STE_S1CDMAX, ste, bits);
	FIELD_SET(SMMU_STE_S1DSS, ste, v.s1dss);
	FIELD_SET(SMMU_STE_S1STALLD, ste, v.s1stalld);
	return 0;
}

static int make_guest_ste(const struct smmuv3_domain *parent,
			  const struct smmuv3_device *sdev,
			  const struct iommu_pasid_table_config *cfg,
			  struct smmu_ste *ret_ste)
{
	*ret_ste = (struct smmu_ste){ { 0 } };
	switch (cfg->config) {
	case IOMMU_PASID_CONFIG_ABORT:
		FIELD_SET(SMMU_STE_CONFIG, ret_ste, SMMU_STE_CONFIG_ABORT);
		return 0;
	case IOMMU_PASID_CONFIG_BYPASS:
		FIELD_SET(SMMU_STE_CONFIG, ret_ste, SMMU_STE_CONFIG_S2);
		return 0;
	case IOMMU_PASID_CONFIG_TRANSLATE:
		return set_stage1(parent, sdev, cfg, ret_ste);
	default:
		return -EINVAL;
	}
}

int smmuv3_nested_alloc(struct iommu_domain *parent, struct iommu_device *dev,
			const struct iommu_nest *nest,
			struct iommu_domain **ret_domain)
{
	struct smmuv3_domain *p = to_smmuv3_domain(parent), *d;
	struct smmu_ste ste;
	int err;

	/* CDs of all PASIDs are in one table, and it is the guest's. */
	if (nest->kind != IOMMU_NEST_TABLE)
		return -EOPNOTSUPP;
	err = make_guest_ste(p, iommu_device_priv(dev), &nest->table, &ste);
	if (!err)
		err = smmuv3_domain_make(p->smmu, IOMMU_DOMAIN_NESTED, false,
					 NULL, ret_domain);
	if (err)
		return err;
	d = to_smmuv3_domain(*ret_domain);
	d->parent = p;
	d->ste = ste;
	return 0;
}

void smmuv3_set_guest(const struct smmuv3_domain *d, struct smmu_ste *ste)
{
	uint64_t config = SMMU_STE_CONFIG_S2;

	if (d->type == IOMMU_DOMAIN_NESTED) {
		*ste = d->ste;
		config = FIELD_GET(SMMU_STE_CONFIG, &d->ste);
	}
	/* Aborts, but it is still the guest's. */
	smmuv3_set_stage2(d->parent ? d->parent : d, ste);
	FIELD_SET(SMMU_STE_CONFIG, ste, config);
}
