/* SPDX-License-Identifier: MIT */
/*
 * What a legal STE and CD say, as a context: sections 5.2 and 5.4. Fields that
 * are IGNORED, or that no ID register announces, are not looked at.
 */
#include "models/smmuv3/config.h"

#include "models/smmuv3/legal.h"
#include "models/smmuv3/tlb.h"

/*
 * Granule, range and first table. 64K tables hold 52 bits if the SMMU puts out
 * as many.
 */
static void set_tables(const struct smmuv3_hw *m, struct smmuv3_hw_ttb *ttb,
		       unsigned int page_lg2, uint64_t txsz, bool ds, int level,
		       uint64_t base)
{
	unsigned int entry_lg2 = arm_pt_entry_lg2(page_lg2, level);
	unsigned int align_lg2;

	ttb->page_lg2 = (uint8_t)page_lg2;
	ttb->ia_lg2 = (uint8_t)(64 - txsz);
	ttb->level = (int16_t)level;
	ttb->ds = ds;
	ttb->wide = page_lg2 == ARM_PT_64K_LG2 ? m->oas_lg2 >= 52 : ds;
	/* Aligned to its size, of 64 bytes at least for 52 bits. */
	align_lg2 = ttb->ia_lg2 - entry_lg2 + 3;
	if (align_lg2 < 6 && ttb->ps_lg2 >= 52)
		align_lg2 = 6;
	ttb->base = align_down(base & (BIT(52) - 1), BIT(align_lg2));
}

static void decode_s2(const struct smmuv3_hw *m, const struct smmu_ste *ste,
		      struct smmuv3_hw_ctx *ctx)
{
	struct smmuv3_hw_ttb *ttb = &ctx->s2ttb;

	ctx->kind = CTX_TRANSLATE;
	ctx->s2 = true;
	ctx->s2r = FIELD_GET(SMMU_STE_S2R, ste);
	ctx->s2s = FIELD_GET(SMMU_STE_S2S, ste);
	ctx->s2ptw = FIELD_GET(SMMU_STE_CONFIG, ste) ==
			     SMMU_STE_CONFIG_NESTED &&
		     FIELD_GET(SMMU_STE_S2PTW, ste);
	ctx->s2fwb = IDR(m, 3, FWB) && FIELD_GET(SMMU_STE_S2FWB, ste);
	ttb->s2 = true;
	ttb->tag = ctx->ipa_tag;
	ttb->ps_lg2 =
		(uint8_t)smmuv3_hw_ps_lg2(m, FIELD_GET(SMMU_STE_S2PS, ste));
	ttb->ha = FIELD_GET(SMMU_STE_S2HA, ste);
	ttb->hd = ttb->ha && FIELD_GET(SMMU_STE_S2HD, ste);
	ttb->affd = !ttb->ha && FIELD_GET(SMMU_STE_S2AFFD, ste);
	ttb->sh = (uint8_t)FIELD_GET(SMMU_STE_S2SH0, ste);
	set_tables(m, ttb, smmuv3_hw_tg0_lg2(FIELD_GET(SMMU_STE_S2TG, ste)),
		   FIELD_GET(SMMU_STE_S2T0SZ, ste), smmuv3_hw_ste_ds(m, ste),
		   smmuv3_hw_ste_s2_level(m, ste), smmu_ste_s2ttb(ste));
}

/* 1 stands for nothing in PRIVCFG and INSTCFG. */
void smmuv3_hw_decode_ste(const struct smmuv3_hw *m, const struct smmu_ste *ste,
			  struct smmuv3_hw_ctx *ret_ctx)
{
	struct smmuv3_hw_ctx *ctx = ret_ctx;
	uint64_t vmid = 0;

	memset(ctx, 0, sizeof(*ctx));
	ctx->kind = CTX_BYPASS;
	ctx->world = (uint8_t)smmuv3_hw_ste_world(m, ste);
	ctx->ats = smmuv3_hw_config_ats(m, ste);
	ctx->split = ctx->ats &&
		     FIELD_GET(SMMU_STE_EATS, ste) == SMMU_STE_EATS_SPLIT;
	if (m->perms_ovr) {
		ctx->privcfg = (uint8_t)FIELD_GET(SMMU_STE_PRIVCFG, ste);
		ctx->instcfg = (uint8_t)FIELD_GET(SMMU_STE_INSTCFG, ste);
	}
	/* 3.17: EL1 has VMIDs, with stage 1 alone, too. */
	if (IDR(m, 0, S2P) && ctx->world == WORLD_EL1)
		vmid = FIELD_GET(SMMU_STE_S2VMID, ste);
	ctx->tag = smmuv3_hw_tlb_tag(ctx->world, vmid, 0);
	ctx->ipa_tag = smmuv3_hw_tlb_tag(WORLD_IPA, vmid, 0);
	if (FIELD_GET(SMMU_STE_CONFIG, ste) & 2) {
		decode_s2(m, ste, ctx);
		ctx->tag = ctx->ipa_tag;
	}
}

/* One half. @epd: no walks, and what describes them is IGNORED. */
static void decode_half(const struct smmuv3_hw *m, const struct smmu_cd *cd,
			const struct smmuv3_hw_ctx *ctx, bool epd,
			unsigned int page_lg2, uint64_t txsz, uint64_t base,
			struct smmuv3_hw_ttb *ttb)
{
	ttb->epd = epd;
	ttb->tag = ctx->tag;
	ttb->ps_lg2 = (uint8_t)smmuv3_hw_ps_lg2(m, FIELD_GET(SMMU_CD_IPS, cd));
	ttb->ha = FIELD_GET(SMMU_CD_HA, cd);
	ttb->hd = ttb->ha && FIELD_GET(SMMU_CD_HD, cd);
	ttb->affd = !ttb->ha && FIELD_GET(SMMU_CD_AFFD, cd);
	if (!epd)
		set_tables(m, ttb, page_lg2, txsz,
			   smmuv3_hw_cd_ds(m, cd, page_lg2),
			   arm_pt_start_level(page_lg2,
					      (unsigned int)(64 - txsz)),
			   base);
}

/* EL2 has one half, and one privilege. */
void smmuv3_hw_decode_cd(const struct smmuv3_hw *m, const struct smmu_cd *cd,
			 struct smmuv3_hw_ctx *ctx)
{
	struct smmuv3_hw_ttb *ttb = ctx->ttb;
	bool el2 = ctx->world == WORLD_EL2;
	bool had = IDR(m, 3, HAD);

	ctx->kind = CTX_TRANSLATE;
	ctx->s1 = true;
	ctx->r = FIELD_GET(SMMU_CD_R, cd);
	ctx->s = FIELD_GET(SMMU_CD_S, cd);
	ctx->razwi = !FIELD_GET(SMMU_CD_A, cd);
	ctx->wxn = FIELD_GET(SMMU_CD_WXN, cd);
	ctx->pan = !el2 && FIELD_GET(SMMU_CD_PAN, cd);
	ctx->mair = smmu_cd_mair(cd);
	ctx->tag = (ctx->ipa_tag & TLB_VMID_MASK) |
		   smmuv3_hw_tlb_tag(ctx->world, 0,
				     el2 ? 0 : FIELD_GET(SMMU_CD_ASID, cd)) |
		   FIELD_GET(SMMU_CD_ASET, cd) << TLB_TAG_ASET_SHIFT;
	decode_half(m, cd, ctx, !el2 && FIELD_GET(SMMU_CD_EPD0, cd),
		    smmuv3_hw_tg0_lg2(FIELD_GET(SMMU_CD_TG0, cd)),
		    FIELD_GET(SMMU_CD_T0SZ, cd), smmu_cd_ttb0(cd), &ttb[0]);
	decode_half(m, cd, ctx, el2 || FIELD_GET(SMMU_CD_EPD1, cd),
		    smmuv3_hw_tg1_lg2(FIELD_GET(SMMU_CD_TG1, cd)),
		    FIELD_GET(SMMU_CD_T1SZ, cd), smmu_cd_ttb1(cd), &ttb[1]);
	ttb[0].sh = (uint8_t)FIELD_GET(SMMU_CD_SH0, cd);
	ttb[1].sh = (uint8_t)FIELD_GET(SMMU_CD_SH1, cd);
	ttb[0].tbi = FIELD_GET(SMMU_CD_TBI0, cd);
	ttb[1].tbi = el2 ? ttb[0].tbi : FIELD_GET(SMMU_CD_TBI1, cd);
	ttb[0].had = had && FIELD_GET(SMMU_CD_HAD0, cd);
	ttb[1].had = had && FIELD_GET(SMMU_CD_HAD1, cd);
}
