/* SPDX-License-Identifier: MIT */
#include "tests/drivers/smmuv3_kinds.h"

#include <string.h>

#include "fmt/smmuv3.h"
#include "pgtable/arm_lpae.h"

const char *const ste_names[STE_KINDS] = {
	[STE_NONE] = "none",
	[STE_ABORT] = "abort",
	[STE_BYPASS] = "bypass",
	[STE_ONE_CD] = "one CD",
	[STE_NC] = "not cacheable",
	[STE_TERM] = "terminate",
	[STE_DSS_BYPASS] = "DSS bypass",
	[STE_SSID0] = "SSID0",
	[STE_ATS] = "ATS",
	[STE_OTHER] = "other",
	[STE_EL2] = "EL2",
	[STE_S2] = "S2",
	[STE_S2_MEV] = "S2 MEV",
	[STE_S2_STALL] = "S2 stall",
	[STE_NESTED] = "nested",
	[STE_NESTED_ATS] = "nested ATS",
	[STE_NESTED_SPLIT] = "nested split",
};

const char *const cd_names[CD_KINDS] = {
	[CD_NONE] = "none",
	[CD_SVA] = "SVA",
	[CD_SVA_B] = "SVA B",
	[CD_SVA_ASID] = "SVA ASID",
	[CD_SVA_SHARED] = "SVA shared",
	[CD_SVA_NO_HTTU] = "SVA no HTTU",
	[CD_SVA_STALL] = "SVA stall",
	[CD_QUIET] = "quiet",
	[CD_QUIET_STALL] = "quiet stall",
	[CD_LOW] = "low",
	[CD_HIGH] = "high",
	[CD_BOTH] = "both",
	[CD_LOW_0] = "low at 0",
	[CD_HIGH_0] = "high at 0",
};

static void stage1(struct smmu_ste *ste, uint64_t cdtab)
{
	FIELD_SET(SMMU_STE_CONFIG, ste,
		  FIELD_GET(SMMU_STE_CONFIG, ste) | SMMU_STE_CONFIG_S1);
	smmu_ste_set_s1contextptr(ste, cdtab);
	FIELD_SET(SMMU_STE_S1CDMAX, ste, 3);
	FIELD_SET(SMMU_STE_S1CIR, ste, SMMU_S1C_WB_RA);
	FIELD_SET(SMMU_STE_S1COR, ste, SMMU_S1C_WB_RA);
	FIELD_SET(SMMU_STE_S1CSH, ste, SMMU_SH_ISH);
}

static void stage2(struct smmu_ste *ste, uint64_t ttb)
{
	FIELD_SET(SMMU_STE_CONFIG, ste,
		  FIELD_GET(SMMU_STE_CONFIG, ste) | SMMU_STE_CONFIG_S2);
	FIELD_SET(SMMU_STE_S2VMID, ste, 7);
	FIELD_SET(SMMU_STE_S2T0SZ, ste, 64 - 48);
	FIELD_SET(SMMU_STE_S2SL0, ste, 2);
	FIELD_SET(SMMU_STE_S2IR0, ste, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_STE_S2OR0, ste, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_STE_S2SH0, ste, SMMU_SH_ISH);
	FIELD_SET(SMMU_STE_S2PS, ste, SMMU_PS_48);
	FIELD_SET(SMMU_STE_S2AA64, ste, 1);
	FIELD_SET(SMMU_STE_S2R, ste, 1);
	smmu_ste_set_s2ttb(ste, ttb);
}

static void fill_stages(struct smmu_ste *ste, enum ste_kind kind,
			const struct kinds_world *w)
{
	if (kind == STE_BYPASS)
		FIELD_SET(SMMU_STE_CONFIG, ste, SMMU_STE_CONFIG_BYPASS);
	if ((kind >= STE_ONE_CD && kind <= STE_EL2) || kind >= STE_NESTED)
		stage1(ste, kind == STE_OTHER ? w->cdtab_b : w->cdtab_a);
	if (kind >= STE_S2)
		stage2(ste, w->ttb_s2);
}

struct smmuv3_entry kinds_ste(enum ste_kind kind, const struct kinds_world *w)
{
	struct smmu_ste ste = { { 0 } };
	struct smmuv3_entry e;

	if (kind != STE_NONE)
		FIELD_SET(SMMU_STE_V, &ste, 1);
	if (kind >= STE_BYPASS)
		FIELD_SET(SMMU_STE_SHCFG, &ste, SMMU_STE_SHCFG_INCOMING);
	fill_stages(&ste, kind, w);
	if (kind == STE_ONE_CD || kind == STE_NC)
		FIELD_SET(SMMU_STE_S1CDMAX, &ste, 0);
	if (kind == STE_NC) {
		FIELD_SET(SMMU_STE_S1CIR, &ste, SMMU_S1C_NC);
		FIELD_SET(SMMU_STE_S1COR, &ste, SMMU_S1C_NC);
		FIELD_SET(SMMU_STE_S1CSH, &ste, SMMU_SH_NSH);
	}
	if (kind == STE_DSS_BYPASS)
		FIELD_SET(SMMU_STE_S1DSS, &ste, SMMU_STE_S1DSS_BYPASS);
	if (kind == STE_SSID0)
		FIELD_SET(SMMU_STE_S1DSS, &ste, SMMU_STE_S1DSS_SSID0);
	if (kind == STE_ATS || kind == STE_NESTED_ATS)
		FIELD_SET(SMMU_STE_EATS, &ste, SMMU_STE_EATS_FULL);
	if (kind == STE_NESTED_SPLIT)
		FIELD_SET(SMMU_STE_EATS, &ste, SMMU_STE_EATS_SPLIT);
	if (kind == STE_EL2)
		FIELD_SET(SMMU_STE_STRW, &ste, SMMU_STE_STRW_EL2);
	if (kind == STE_S2_MEV)
		FIELD_SET(SMMU_STE_MEV, &ste, 1);
	if (kind == STE_S2_STALL)
		FIELD_SET(SMMU_STE_S2S, &ste, 1);
	memcpy(e.dw, ste.dw, sizeof(e.dw));
	return e;
}

static void low_half(struct smmu_cd *cd, uint64_t ttb)
{
	FIELD_SET(SMMU_CD_T0SZ, cd, 64 - 48);
	FIELD_SET(SMMU_CD_TG0, cd, SMMU_TG0_4K);
	FIELD_SET(SMMU_CD_IR0, cd, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_CD_OR0, cd, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_CD_SH0, cd, SMMU_SH_ISH);
	FIELD_SET(SMMU_CD_EPD0, cd, 0);
	smmu_cd_set_ttb0(cd, ttb);
}

static void high_half(struct smmu_cd *cd, uint64_t ttb)
{
	FIELD_SET(SMMU_CD_T1SZ, cd, 64 - 48);
	FIELD_SET(SMMU_CD_TG1, cd, SMMU_TG1_4K);
	FIELD_SET(SMMU_CD_IR1, cd, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_CD_OR1, cd, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_CD_SH1, cd, SMMU_SH_ISH);
	FIELD_SET(SMMU_CD_EPD1, cd, 0);
	smmu_cd_set_ttb1(cd, ttb);
}

static struct smmu_cd cd_base(void)
{
	struct smmu_cd cd = { { 0 } };

	FIELD_SET(SMMU_CD_EPD0, &cd, 1);
	FIELD_SET(SMMU_CD_EPD1, &cd, 1);
	FIELD_SET(SMMU_CD_V, &cd, 1);
	FIELD_SET(SMMU_CD_IPS, &cd, SMMU_PS_48);
	FIELD_SET(SMMU_CD_AA64, &cd, 1);
	FIELD_SET(SMMU_CD_HA, &cd, 1);
	FIELD_SET(SMMU_CD_HD, &cd, 1);
	FIELD_SET(SMMU_CD_R, &cd, 1);
	FIELD_SET(SMMU_CD_A, &cd, 1);
	FIELD_SET(SMMU_CD_ASET, &cd, 1);
	FIELD_SET(SMMU_CD_ASID, &cd, 1);
	smmu_cd_set_mair(&cd, ARM_LPAE_MAIR);
	return cd;
}

static void make_quiet(struct smmu_cd *cd, bool stall)
{
	FIELD_SET(SMMU_CD_EPD0, cd, 1);
	FIELD_SET(SMMU_CD_R, cd, 0);
	FIELD_SET(SMMU_CD_S, cd, stall);
	smmu_cd_set_ttb0(cd, 0);
}

static void vary_sva(struct smmu_cd *cd, enum cd_kind kind,
		     const struct kinds_world *w)
{
	low_half(cd, kind == CD_SVA_B ? w->ttb_b : w->ttb_a);
	if (kind == CD_SVA_B || kind == CD_SVA_ASID)
		FIELD_SET(SMMU_CD_ASID, cd, 2);
	if (kind == CD_SVA_SHARED)
		FIELD_SET(SMMU_CD_ASET, cd, 0);
	if (kind == CD_SVA_NO_HTTU) {
		FIELD_SET(SMMU_CD_HA, cd, 0);
		FIELD_SET(SMMU_CD_HD, cd, 0);
	}
	if (kind == CD_SVA_STALL)
		FIELD_SET(SMMU_CD_S, cd, 1);
	if (kind == CD_QUIET || kind == CD_QUIET_STALL)
		make_quiet(cd, kind == CD_QUIET_STALL);
}

struct smmuv3_entry kinds_cd(enum cd_kind kind, const struct kinds_world *w)
{
	struct smmu_cd cd = cd_base();
	struct smmuv3_entry e = { { 0 } };

	if (kind == CD_NONE)
		return e;
	if (kind < CD_LOW)
		vary_sva(&cd, kind, w);
	else
		FIELD_SET(SMMU_CD_ASID, &cd, 3);
	if (kind == CD_LOW || kind == CD_BOTH)
		low_half(&cd, w->ttb_b);
	if (kind == CD_HIGH || kind == CD_BOTH)
		high_half(&cd, w->ttb_high);
	if (kind == CD_LOW_0)
		low_half(&cd, 0);
	if (kind == CD_HIGH_0)
		high_half(&cd, 0);
	memcpy(e.dw, cd.dw, sizeof(e.dw));
	return e;
}
