/* SPDX-License-Identifier: MIT */
/*
 * Which STEs and CDs are ILLEGAL: sections 5.2.2 and 5.4.2, for what the ID
 * registers may announce. Stage 2 is not announced yet, so an STE that enables
 * it is illegal as the architecture has it; see smmuv3_hw_cfg_valid().
 */
#include "models/smmuv3/config.h"

static unsigned int ps_lg2(unsigned int ps)
{
	static const uint8_t lg2[] = { 32, 36, 40, 42, 44, 48, 52, 56 };

	return lg2[ps & 7];
}

static bool strw_ignored(const struct smmuv3_hw *m, const struct smmu_ste *ste)
{
	uint64_t config = FIELD_GET(SMMU_STE_CONFIG, ste);

	return !IDR(m, 0, S1P) || !IDR(m, 0, HYP) ||
	       config == SMMU_STE_CONFIG_S2 ||
	       config == SMMU_STE_CONFIG_NESTED ||
	       config == SMMU_STE_CONFIG_BYPASS;
}

enum smmuv3_hw_world smmuv3_hw_ste_world(const struct smmuv3_hw *m,
					 const struct smmu_ste *ste)
{
	if (strw_ignored(m, ste) ||
	    FIELD_GET(SMMU_STE_STRW, ste) != SMMU_STE_STRW_EL2)
		return WORLD_EL1;
	return REG_GET(SMMU_CR2_E2H, m->reg[R_CR2]) ? WORLD_E2H : WORLD_EL2;
}

static bool ats_illegal(const struct smmuv3_hw *m, const struct smmu_ste *ste)
{
	uint64_t config = FIELD_GET(SMMU_STE_CONFIG, ste);
	bool s2s = FIELD_GET(SMMU_STE_S2S, ste);

	if (!IDR(m, 0, ATS) || config == SMMU_STE_CONFIG_BYPASS)
		return false;
	if (FIELD_GET(SMMU_STE_EATS, ste) == SMMU_STE_EATS_SPLIT)
		return config != SMMU_STE_CONFIG_NESTED || s2s ||
		       IDR(m, 0, NS1ATS);
	return FIELD_GET(SMMU_STE_EATS, ste) == SMMU_STE_EATS_FULL && s2s &&
	       config & 2;
}

static bool stage1_illegal(const struct smmuv3_hw *m,
			   const struct smmu_ste *ste)
{
	uint64_t fmt = FIELD_GET(SMMU_STE_S1FMT, ste);
	uint64_t max = FIELD_GET(SMMU_STE_S1CDMAX, ste);
	uint64_t size = IDR(m, 1, SSIDSIZE);

	if (!IDR(m, 0, S1P))
		return true;
	if (FIELD_GET(SMMU_STE_S1STALLD, ste) &&
	    IDR(m, 0, STALL_MODEL) != SMMU_IDR0_STALL_MODEL_BOTH)
		return true;
	if (size && max > size)
		return true;
	if (size && max && !IDR(m, 0, CD2L) &&
	    (fmt == SMMU_STE_S1FMT_4K_L2 || fmt == SMMU_STE_S1FMT_64K_L2))
		return true;
	/* 3.4.3 note 1 */
	return smmu_ste_s1contextptr(ste) >> m->oas_lg2 != 0;
}

bool smmuv3_hw_ste_illegal(const struct smmuv3_hw *m,
			   const struct smmu_ste *ste)
{
	uint64_t config = FIELD_GET(SMMU_STE_CONFIG, ste);

	if (!FIELD_GET(SMMU_STE_V, ste))
		return true;
	if (config < SMMU_STE_CONFIG_BYPASS)
		return false;
	if (config & 2 && !IDR(m, 0, S2P))
		return true;
	if (ats_illegal(m, ste))
		return true;
	if (!strw_ignored(m, ste) && FIELD_GET(SMMU_STE_STRW, ste) & 1)
		return true;
	return config & 1 && stage1_illegal(m, ste);
}

/* One of the two halves, walks enabled. */
static bool ttb_illegal(const struct smmuv3_hw *m, uint64_t txsz, bool gran_4k,
			uint64_t ttb, unsigned int ipa_lg2)
{
	uint64_t max = IDR(m, 3, STT) ? 48 : 39;

	return txsz < 16 || txsz > max || !gran_4k || !IDR(m, 5, GRAN4K) ||
	       ttb >> ipa_lg2;
}

static bool httu_illegal(const struct smmuv3_hw *m, const struct smmu_cd *cd)
{
	bool ha = FIELD_GET(SMMU_CD_HA, cd);
	bool hd = FIELD_GET(SMMU_CD_HD, cd);

	switch (IDR(m, 0, HTTU)) {
	case SMMU_IDR0_HTTU_NONE:
		return ha || hd;
	case SMMU_IDR0_HTTU_AF:
		return hd;
	default:
		return false;
	}
}

bool smmuv3_hw_cd_illegal(const struct smmuv3_hw *m, const struct smmu_ste *ste,
			  const struct smmu_cd *cd)
{
	enum smmuv3_hw_world world = smmuv3_hw_ste_world(m, ste);
	bool walk0 = world == WORLD_EL2 || !FIELD_GET(SMMU_CD_EPD0, cd);
	bool walk1 = world != WORLD_EL2 && !FIELD_GET(SMMU_CD_EPD1, cd);
	unsigned int ipa = ps_lg2((unsigned int)FIELD_GET(SMMU_CD_IPS, cd));
	uint64_t model = IDR(m, 0, STALL_MODEL);
	bool s = FIELD_GET(SMMU_CD_S, cd);

	if (ipa > m->oas_lg2)
		ipa = m->oas_lg2;
	if (!FIELD_GET(SMMU_CD_V, cd))
		return true;
	if (FIELD_GET(SMMU_STE_S1STALLD, ste) && s)
		return true;
	if (IDR(m, 0, TERM_MODEL) && !FIELD_GET(SMMU_CD_A, cd))
		return true;
	if (model == SMMU_IDR0_STALL_MODEL_NONE ?
		    s :
		    model == SMMU_IDR0_STALL_MODEL_FORCE && !s)
		return true;
	/* Tables are little-endian, and AArch64: cfg_valid() sees to it. */
	if ((walk0 || walk1) && FIELD_GET(SMMU_CD_ENDI, cd))
		return true;
	if (!FIELD_GET(SMMU_CD_AA64, cd))
		return true;
	if (httu_illegal(m, cd))
		return true;
	if (world != WORLD_EL2 && !IDR(m, 0, ASID16) &&
	    FIELD_GET(SMMU_CD_ASID, cd) > 0xff)
		return true;
	if (walk0 && ttb_illegal(m, FIELD_GET(SMMU_CD_T0SZ, cd),
				 FIELD_GET(SMMU_CD_TG0, cd) == SMMU_TG0_4K,
				 smmu_cd_ttb0(cd), ipa))
		return true;
	return walk1 && ttb_illegal(m, FIELD_GET(SMMU_CD_T1SZ, cd),
				    FIELD_GET(SMMU_CD_TG1, cd) == SMMU_TG1_4K,
				    smmu_cd_ttb1(cd), ipa);
}
