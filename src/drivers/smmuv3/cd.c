/* SPDX-License-Identifier: MIT */
/* The CD of a domain with a table: Arm IHI 0070, 5.4. */
#include "base/bits.h"
#include "drivers/smmuv3/smmuv3.h"

uint64_t smmuv3_ps_of(unsigned int pa_bits)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52, 56 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bits) - 1 && bits[i] < pa_bits; i++)
		;
	return i;
}

static uint64_t tg0_of(unsigned int granule_lg2)
{
	return granule_lg2 == 12 ? SMMU_TG0_4K :
	       granule_lg2 == 14 ? SMMU_TG0_16K :
				   SMMU_TG0_64K;
}

static uint64_t tg1_of(unsigned int granule_lg2)
{
	return granule_lg2 == 12 ? SMMU_TG1_4K :
	       granule_lg2 == 14 ? SMMU_TG1_16K :
				   SMMU_TG1_64K;
}

/* The table is of one half, and the other one is not walked. */
static void set_half(struct smmu_cd *cd, const struct iommu_mm_table *t)
{
	FIELD_SET(SMMU_CD_EPD0, cd, t->upper);
	FIELD_SET(SMMU_CD_EPD1, cd, !t->upper);
	if (t->upper) {
		FIELD_SET(SMMU_CD_T1SZ, cd, 64 - t->va_bits);
		FIELD_SET(SMMU_CD_TG1, cd, tg1_of(t->granule_lg2));
		FIELD_SET(SMMU_CD_IR1, cd, SMMU_RGN_WB_RAWA);
		FIELD_SET(SMMU_CD_OR1, cd, SMMU_RGN_WB_RAWA);
		FIELD_SET(SMMU_CD_SH1, cd, SMMU_SH_ISH);
		smmu_cd_set_ttb1(cd, t->root);
		return;
	}
	FIELD_SET(SMMU_CD_T0SZ, cd, 64 - t->va_bits);
	FIELD_SET(SMMU_CD_TG0, cd, tg0_of(t->granule_lg2));
	FIELD_SET(SMMU_CD_IR0, cd, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_CD_OR0, cd, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_CD_SH0, cd, SMMU_SH_ISH);
	smmu_cd_set_ttb0(cd, t->root);
}

struct smmu_cd smmuv3_make_cd(const struct smmuv3_domain *d,
			      const struct smmuv3_device *sdev)
{
	const struct smmuv3_features *f = &d->smmu->f;
	/* Nobody could answer for a table of the driver's. */
	bool stall = sdev->can_stall && d->type == IOMMU_DOMAIN_SVA;
	struct smmu_cd cd = { { 0 } };

	set_half(&cd, &d->table);
	FIELD_SET(SMMU_CD_V, &cd, 1);
	FIELD_SET(SMMU_CD_IPS, &cd, smmuv3_ps_of(d->table.pa_bits));
	FIELD_SET(SMMU_CD_AA64, &cd, 1);
	FIELD_SET(SMMU_CD_HA, &cd, f->httu_access); /* [K17] */
	FIELD_SET(SMMU_CD_HD, &cd, f->httu_dirty);
	/* [K7]: forced, it is set for all; a device that cannot wait fails. */
	FIELD_SET(SMMU_CD_S, &cd, stall || f->stall_forced);
	FIELD_SET(SMMU_CD_R, &cd, 1);
	FIELD_SET(SMMU_CD_A, &cd, 1);
	FIELD_SET(SMMU_CD_ASET, &cd, !d->shared_mm); /* [K11] */
	FIELD_SET(SMMU_CD_ASID, &cd, d->asid);
	FIELD_SET(SMMU_CD_HAFT, &cd, d->table.haft);
	FIELD_SET(SMMU_CD_DS, &cd, d->table.ds);
	smmu_cd_set_mair(&cd, d->table.mair);
	return cd;
}
