/* SPDX-License-Identifier: MIT */
/*
 * Which STEs and CDs are ILLEGAL: sections 5.2.2 and 5.4.2, for what the ID
 * registers may announce. Where SMMUv3.0 leaves the outcome open, it is what
 * SMMUv3.1 and later have: ILLEGAL.
 *
 * Not here, since no SMMU of this model has it: VMSAv8-32 and 128-bit tables,
 * big-endian tables, Secure and Realm streams, MPAM, DPT, permission
 * indirection and overlays. A bit of those is RES0 and ignored.
 */
#include "models/smmuv3/legal.h"

#include "models/smmuv3/config.h"

/* The caches keep as much as is looked at. */
_Static_assert(FIELD_WORD(SMMU_STE_S2TTB) < CFG_WORDS &&
		       FIELD_WORD(SMMU_CD_MAIR1) < CFG_WORDS,
	       "fields beyond what the caches keep");

/* The granule is one of IDR5. */
static bool granule_illegal(const struct smmuv3_hw *m, unsigned int page_lg2)
{
	switch (page_lg2) {
	case ARM_PT_4K_LG2:
		return !IDR(m, 5, GRAN4K);
	case ARM_PT_16K_LG2:
		return !IDR(m, 5, GRAN16K);
	case ARM_PT_64K_LG2:
		return !IDR(m, 5, GRAN64K);
	default:
		return true;
	}
}

/*
 * TxSZ and S2T0SZ. @max_bits: of the addresses of that stage, where the table
 * can have more than 48.
 */
static bool size_illegal(const struct smmuv3_hw *m, uint64_t txsz,
			 unsigned int page_lg2, bool ds, unsigned int max_bits)
{
	uint64_t min = page_lg2 == ARM_PT_64K_LG2 || ds ? 12 : 16;
	uint64_t max = page_lg2 == ARM_PT_64K_LG2 ? 47 : 48;

	if (!IDR(m, 3, STT))
		max = 39;
	if (min < 64 - max_bits)
		min = 64 - max_bits;
	return txsz < min || txsz > max;
}

/* A table beyond what its descriptors, or the output, can address. */
static bool ttb_illegal(uint64_t ttb, unsigned int page_lg2, bool ds,
			unsigned int out_lg2)
{
	if (page_lg2 != ARM_PT_64K_LG2 && !ds && out_lg2 > 48)
		out_lg2 = 48;
	return ttb >> out_lg2 != 0;
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
	/* 3.4.3 notes 1 and 2: a PA, or an IPA of as many bits. */
	return smmu_ste_s1contextptr(ste) >> m->oas_lg2 != 0;
}

/*
 * 5.2: the start level has an encoding that the granule and the output size
 * allow, and the input takes at least one bit and at most 16 tables there
 * (DDI 0487, S2InvalidSL and S2InconsistentSL).
 */
static bool start_level_illegal(const struct smmuv3_hw *m,
				const struct smmu_ste *ste,
				unsigned int page_lg2)
{
	int level = smmuv3_hw_ste_s2_level(m, ste);
	unsigned int bits = 64u - (unsigned int)FIELD_GET(SMMU_STE_S2T0SZ, ste);
	unsigned int min;

	if (level < ARM_PT_LEVEL_FIRST)
		return true;
	if (page_lg2 == ARM_PT_4K_LG2 && ((level == 3 && !IDR(m, 3, STT)) ||
					  (level == 0 && m->oas_lg2 < 44) ||
					  (level == -1 && m->oas_lg2 < 52)))
		return true;
	if (page_lg2 == ARM_PT_16K_LG2 &&
	    ((level == 0 && (!smmuv3_hw_ste_ds(m, ste) || m->oas_lg2 < 52)) ||
	     (level == 1 && m->oas_lg2 < 42)))
		return true;
	if (page_lg2 == ARM_PT_64K_LG2 && level == 1 && m->oas_lg2 < 44)
		return true;
	min = arm_pt_entry_lg2(page_lg2, level) + 1;
	return bits < min || bits > min + arm_pt_level_bits(page_lg2) + 3;
}

static bool stage2_stall_illegal(const struct smmuv3_hw *m,
				 const struct smmu_ste *ste)
{
	bool s2s = FIELD_GET(SMMU_STE_S2S, ste);

	switch (IDR(m, 0, STALL_MODEL)) {
	case SMMU_IDR0_STALL_MODEL_NONE:
		return s2s;
	case SMMU_IDR0_STALL_MODEL_FORCE:
		return !s2s;
	default:
		return false;
	}
}

/* HA and HD of either stage. */
static bool httu_illegal(const struct smmuv3_hw *m, bool ha, bool hd)
{
	switch (IDR(m, 0, HTTU)) {
	case SMMU_IDR0_HTTU_NONE:
		return ha || hd;
	case SMMU_IDR0_HTTU_AF:
		return hd;
	default:
		return false;
	}
}

static bool stage2_illegal(const struct smmuv3_hw *m,
			   const struct smmu_ste *ste)
{
	unsigned int page_lg2 =
		smmuv3_hw_tg0_lg2(FIELD_GET(SMMU_STE_S2TG, ste));
	unsigned int ps = smmuv3_hw_ps_lg2(m, FIELD_GET(SMMU_STE_S2PS, ste));
	bool ds = smmuv3_hw_ste_ds(m, ste);

	if (!IDR(m, 0, S2P))
		return true;
	/* Tables are AArch64 and little-endian: cfg_valid() sees to it. */
	if (!FIELD_GET(SMMU_STE_S2AA64, ste) || FIELD_GET(SMMU_STE_S2ENDI, ste))
		return true;
	if (stage2_stall_illegal(m, ste) ||
	    httu_illegal(m, FIELD_GET(SMMU_STE_S2HA, ste),
			 FIELD_GET(SMMU_STE_S2HD, ste)))
		return true;
	return granule_illegal(m, page_lg2) ||
	       ttb_illegal(smmu_ste_s2ttb(ste), page_lg2, ds, ps) ||
	       /* IAS is OAS. */
	       size_illegal(m, FIELD_GET(SMMU_STE_S2T0SZ, ste), page_lg2, ds,
			    m->oas_lg2) ||
	       start_level_illegal(m, ste, page_lg2);
}

/* 5.2: the VMID of an EL1 stream that something translates. */
static bool vmid_illegal(const struct smmuv3_hw *m, const struct smmu_ste *ste)
{
	if (!IDR(m, 0, S2P) || IDR(m, 0, VMID16) ||
	    FIELD_GET(SMMU_STE_CONFIG, ste) == SMMU_STE_CONFIG_BYPASS)
		return false;
	if (!strw_ignored(m, ste) &&
	    FIELD_GET(SMMU_STE_STRW, ste) != SMMU_STE_STRW_EL1)
		return false;
	return FIELD_GET(SMMU_STE_S2VMID, ste) > 0xff;
}

bool smmuv3_hw_ste_illegal(const struct smmuv3_hw *m,
			   const struct smmu_ste *ste)
{
	uint64_t config = FIELD_GET(SMMU_STE_CONFIG, ste);

	if (!FIELD_GET(SMMU_STE_V, ste))
		return true;
	if (config < SMMU_STE_CONFIG_BYPASS)
		return false;
	if (ats_illegal(m, ste))
		return true;
	if (!strw_ignored(m, ste) && FIELD_GET(SMMU_STE_STRW, ste) & 1)
		return true;
	if (config & 1 && stage1_illegal(m, ste))
		return true;
	if (config & 2 && stage2_illegal(m, ste))
		return true;
	return vmid_illegal(m, ste);
}

/* One of the two halves, walks enabled. */
static bool half_illegal(const struct smmuv3_hw *m, const struct smmu_cd *cd,
			 uint64_t txsz, unsigned int page_lg2, uint64_t ttb)
{
	unsigned int ips = smmuv3_hw_ps_lg2(m, FIELD_GET(SMMU_CD_IPS, cd));
	unsigned int va_bits = IDR(m, 5, VAX) ? 52 : 48;
	bool ds = smmuv3_hw_cd_ds(m, cd, page_lg2);

	return granule_illegal(m, page_lg2) ||
	       size_illegal(m, txsz, page_lg2, ds, va_bits) ||
	       ttb_illegal(ttb, page_lg2, ds, ips);
}

static bool stage1_fault_illegal(const struct smmuv3_hw *m,
				 const struct smmu_ste *ste,
				 const struct smmu_cd *cd)
{
	uint64_t model = IDR(m, 0, STALL_MODEL);
	bool s = FIELD_GET(SMMU_CD_S, cd);

	if (FIELD_GET(SMMU_STE_S1STALLD, ste) && s)
		return true;
	if (IDR(m, 0, TERM_MODEL) && !FIELD_GET(SMMU_CD_A, cd))
		return true;
	if (model == SMMU_IDR0_STALL_MODEL_NONE)
		return s;
	return model == SMMU_IDR0_STALL_MODEL_FORCE && !s;
}

bool smmuv3_hw_cd_illegal(const struct smmuv3_hw *m, const struct smmu_ste *ste,
			  const struct smmu_cd *cd)
{
	enum smmuv3_hw_world world = smmuv3_hw_ste_world(m, ste);
	bool walk0 = world == WORLD_EL2 || !FIELD_GET(SMMU_CD_EPD0, cd);
	bool walk1 = world != WORLD_EL2 && !FIELD_GET(SMMU_CD_EPD1, cd);

	if (!FIELD_GET(SMMU_CD_V, cd))
		return true;
	if (stage1_fault_illegal(m, ste, cd))
		return true;
	/* Tables are little-endian, and AArch64: cfg_valid() sees to it. */
	if ((walk0 || walk1) && FIELD_GET(SMMU_CD_ENDI, cd))
		return true;
	if (!FIELD_GET(SMMU_CD_AA64, cd))
		return true;
	if (httu_illegal(m, FIELD_GET(SMMU_CD_HA, cd),
			 FIELD_GET(SMMU_CD_HD, cd)))
		return true;
	if (world != WORLD_EL2 && !IDR(m, 0, ASID16) &&
	    FIELD_GET(SMMU_CD_ASID, cd) > 0xff)
		return true;
	if (walk0 && half_illegal(m, cd, FIELD_GET(SMMU_CD_T0SZ, cd),
				  smmuv3_hw_tg0_lg2(FIELD_GET(SMMU_CD_TG0, cd)),
				  smmu_cd_ttb0(cd)))
		return true;
	return walk1 &&
	       half_illegal(m, cd, FIELD_GET(SMMU_CD_T1SZ, cd),
			    smmuv3_hw_tg1_lg2(FIELD_GET(SMMU_CD_TG1, cd)),
			    smmu_cd_ttb1(cd));
}
