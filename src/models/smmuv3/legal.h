/* SPDX-License-Identifier: MIT */
/*
 * What the fields of STEs and CDs come to, given the ID registers; for the
 * checks of legal.c and for those who use what passed them. All pure.
 */
#ifndef HW_SMMUV3_LEGAL_H
#define HW_SMMUV3_LEGAL_H

#include "models/smmuv3/state.h"

/* log2 of the granule of TG0 and S2TG; 0 for the reserved encoding. */
static inline unsigned int smmuv3_hw_tg0_lg2(uint64_t tg)
{
	static const uint8_t lg2[] = {
		[SMMU_TG0_4K] = ARM_PT_4K_LG2,
		[SMMU_TG0_64K] = ARM_PT_64K_LG2,
		[SMMU_TG0_16K] = ARM_PT_16K_LG2,
		[3] = 0,
	};

	return lg2[tg & 3];
}

/* The same of TG1, which is encoded differently. */
static inline unsigned int smmuv3_hw_tg1_lg2(uint64_t tg)
{
	static const uint8_t lg2[] = {
		[0] = 0,
		[SMMU_TG1_16K] = ARM_PT_16K_LG2,
		[SMMU_TG1_4K] = ARM_PT_4K_LG2,
		[SMMU_TG1_64K] = ARM_PT_64K_LG2,
	};

	return lg2[tg & 3];
}

/* Bits of IPS or S2PS, not more than the output size. */
static inline unsigned int smmuv3_hw_ps_lg2(const struct smmuv3_hw *m,
					    uint64_t ps)
{
	static const uint8_t lg2[] = { 32, 36, 40, 42, 44, 48, 52, 56 };
	unsigned int bits = lg2[ps & 7];

	return bits < m->oas_lg2 ? bits : m->oas_lg2;
}

/* DS and S2DS mean nothing with 64K, nor where IDR5.DS is 0. */
static inline bool smmuv3_hw_cd_ds(const struct smmuv3_hw *m,
				   const struct smmu_cd *cd,
				   unsigned int page_lg2)
{
	return IDR(m, 5, DS) && page_lg2 != ARM_PT_64K_LG2 &&
	       FIELD_GET(SMMU_CD_DS, cd);
}

static inline bool smmuv3_hw_ste_ds(const struct smmuv3_hw *m,
				    const struct smmu_ste *ste)
{
	return IDR(m, 5, DS) && FIELD_GET(SMMU_STE_S2DS, ste) &&
	       smmuv3_hw_tg0_lg2(FIELD_GET(SMMU_STE_S2TG, ste)) !=
		       ARM_PT_64K_LG2;
}

/*
 * Level at which S2SL0 starts; below ARM_PT_LEVEL_FIRST if it is reserved for
 * this granule. S2SL0_2 counts with DS and 4K only.
 */
static inline int smmuv3_hw_ste_s2_level(const struct smmuv3_hw *m,
					 const struct smmu_ste *ste)
{
	unsigned int lg2 = smmuv3_hw_tg0_lg2(FIELD_GET(SMMU_STE_S2TG, ste));
	unsigned int sl = (unsigned int)FIELD_GET(SMMU_STE_S2SL0, ste);

	if (!lg2)
		return ARM_PT_LEVEL_FIRST - 1;
	if (lg2 == ARM_PT_4K_LG2 && smmuv3_hw_ste_ds(m, ste))
		sl |= (unsigned int)FIELD_GET(SMMU_STE_S2SL0_2, ste) << 2;
	return arm_pt_s2_start_level(lg2, sl);
}

#endif
