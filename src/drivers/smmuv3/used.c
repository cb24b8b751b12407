/* SPDX-License-Identifier: MIT */
/*
 * Which bits of an STE or a CD the SMMU looks at: Arm IHI 0070, 5.2 and 5.4,
 * for entries of the Non-secure tables. What the ID registers make IGNORED is
 * counted as used, which is never wrong.
 */
#include "drivers/smmuv3/writer.h"
#include "fmt/smmuv3.h"

#define USE(used, f) ((used)->dw[FIELD_WORD(f)] |= FIELD_MASK(f))

static struct smmu_ste to_ste(const struct smmuv3_entry *e)
{
	struct smmu_ste ste = { .dw = { 0 } };
	unsigned int i;

	for (i = 0; i < SMMUV3_ENTRY_WORDS; i++)
		ste.dw[i] = e->dw[i];
	return ste;
}

static struct smmu_cd to_cd(const struct smmuv3_entry *e)
{
	struct smmu_cd cd = { .dw = { 0 } };
	unsigned int i;

	for (i = 0; i < SMMUV3_ENTRY_WORDS; i++)
		cd.dw[i] = e->dw[i];
	return cd;
}

static void use_stage1(const struct smmu_ste *ste, struct smmuv3_entry *used)
{
	USE(used, SMMU_STE_S1CONTEXTPTR);
	USE(used, SMMU_STE_S1CDMAX);
	/* One CD has no format, and no other substream to choose. */
	if (FIELD_GET(SMMU_STE_S1CDMAX, ste)) {
		USE(used, SMMU_STE_S1FMT);
		USE(used, SMMU_STE_S1DSS);
	}
	USE(used, SMMU_STE_S1CIR);
	USE(used, SMMU_STE_S1COR);
	USE(used, SMMU_STE_S1CSH);
	USE(used, SMMU_STE_S1PIE);
	USE(used, SMMU_STE_S1MPAM);
	USE(used, SMMU_STE_S1STALLD);
}

static void use_stage2(struct smmuv3_entry *used)
{
	USE(used, SMMU_STE_S2HWU59);
	USE(used, SMMU_STE_S2HWU60);
	USE(used, SMMU_STE_S2HWU61);
	USE(used, SMMU_STE_S2HWU62);
	USE(used, SMMU_STE_S2FWB);
	/* VTCR and the fault model: all of word 2 but for what is nobody's */
	used->dw[FIELD_WORD(SMMU_STE_S2T0SZ)] |=
		~(FIELD_MASK(SMMU_STE_S2VMID) | FIELD_MASK(SMMU_STE_IMPDEF2));
	used->dw[FIELD_WORD(SMMU_STE_S2TTB)] = UINT64_MAX;
	USE(used, SMMU_STE_ASSUREDONLY);
	USE(used, SMMU_STE_TL0);
	USE(used, SMMU_STE_TL1);
	USE(used, SMMU_STE_VMSPTR);
	used->dw[FIELD_WORD(SMMU_STE_S2POI)] = UINT64_MAX;
}

/* Of every stream that passes. */
static void use_passing(struct smmuv3_entry *used)
{
	USE(used, SMMU_STE_DRE);
	USE(used, SMMU_STE_DCP);
	USE(used, SMMU_STE_MEV);
	USE(used, SMMU_STE_MEMATTR);
	USE(used, SMMU_STE_MTCFG);
	USE(used, SMMU_STE_ALLOCCFG);
	USE(used, SMMU_STE_SHCFG);
	USE(used, SMMU_STE_PRIVCFG);
	USE(used, SMMU_STE_INSTCFG);
	USE(used, SMMU_STE_PARTID);
	USE(used, SMMU_STE_PMG);
}

static void ste_used(const struct smmuv3_entry *e,
		     struct smmuv3_entry *ret_used)
{
	struct smmu_ste ste = to_ste(e);
	uint64_t config = FIELD_GET(SMMU_STE_CONFIG, &ste);

	*ret_used = (struct smmuv3_entry){ { 0 } };
	USE(ret_used, SMMU_STE_V);
	if (!FIELD_GET(SMMU_STE_V, &ste))
		return;
	USE(ret_used, SMMU_STE_CONFIG);
	/* Neighbours may match, whatever the entry does with them. */
	USE(ret_used, SMMU_STE_CONT);
	if (config < SMMU_STE_CONFIG_BYPASS)
		return;
	use_passing(ret_used);
	/* Bypass denies ATS whatever EATS says, and has no world. */
	if (config == SMMU_STE_CONFIG_BYPASS)
		return;
	USE(ret_used, SMMU_STE_EATS);
	USE(ret_used, SMMU_STE_PPAR);
	/* For EATS 3, with stage 2 or without. */
	USE(ret_used, SMMU_STE_DPT_VMATCH);
	USE(ret_used, SMMU_STE_S2VMID);
	/* 3.0 may check EATS against it without stage 2. */
	USE(ret_used, SMMU_STE_S2S);
	if (config == SMMU_STE_CONFIG_S1)
		USE(ret_used, SMMU_STE_STRW);
	if (config & 1)
		use_stage1(&ste, ret_used);
	if (config & 2)
		use_stage2(ret_used);
}

/*
 * MEV decides how many records there are, not what they say. EATS changes
 * while the device's ATS is off (R12), so nothing asks; but split-stage means
 * other addresses, and with S2S some values are ILLEGAL. [K8]
 */
static void ste_safe(const struct smmuv3_entry *a, const struct smmuv3_entry *b,
		     struct smmuv3_entry *ret_safe)
{
	const struct smmu_ste sa = to_ste(a), sb = to_ste(b);

	*ret_safe = (struct smmuv3_entry){ { 0 } };
	USE(ret_safe, SMMU_STE_MEV);
	if (FIELD_GET(SMMU_STE_EATS, &sa) <= SMMU_STE_EATS_FULL &&
	    FIELD_GET(SMMU_STE_EATS, &sb) <= SMMU_STE_EATS_FULL &&
	    !FIELD_GET(SMMU_STE_S2S, &sa) && !FIELD_GET(SMMU_STE_S2S, &sb))
		USE(ret_safe, SMMU_STE_EATS);
}

#define UNUSE(used, f) ((used)->dw[FIELD_WORD(f)] &= ~FIELD_MASK(f))

/* 5.4.1.1, for streams of NS-EL1 and NS-EL2-E2H: others have no EPDx. [K9] */
static void cd_used(const struct smmuv3_entry *e, struct smmuv3_entry *ret_used)
{
	struct smmu_cd cd = to_cd(e);
	unsigned int i;

	*ret_used = (struct smmuv3_entry){ { 0 } };
	USE(ret_used, SMMU_CD_V);
	if (!FIELD_GET(SMMU_CD_V, &cd))
		return;
	for (i = 0; i < SMMUV3_ENTRY_WORDS; i++)
		ret_used->dw[i] = UINT64_MAX;
	if (FIELD_GET(SMMU_CD_EPD0, &cd)) {
		UNUSE(ret_used, SMMU_CD_T0SZ);
		UNUSE(ret_used, SMMU_CD_TG0);
		UNUSE(ret_used, SMMU_CD_IR0);
		UNUSE(ret_used, SMMU_CD_OR0);
		UNUSE(ret_used, SMMU_CD_SH0);
		UNUSE(ret_used, SMMU_CD_TTB0);
	}
	if (FIELD_GET(SMMU_CD_EPD1, &cd)) {
		UNUSE(ret_used, SMMU_CD_T1SZ);
		UNUSE(ret_used, SMMU_CD_TG1);
		UNUSE(ret_used, SMMU_CD_IR1);
		UNUSE(ret_used, SMMU_CD_OR1);
		UNUSE(ret_used, SMMU_CD_SH1);
		UNUSE(ret_used, SMMU_CD_TTB1);
	}
}

const struct smmuv3_entry_kind smmuv3_ste_kind = {
	.valid = FIELD_MASK(SMMU_STE_V),
	.used = ste_used,
	.safe = ste_safe,
};

const struct smmuv3_entry_kind smmuv3_cd_kind = {
	.valid = FIELD_MASK(SMMU_CD_V),
	.used = cd_used,
};
