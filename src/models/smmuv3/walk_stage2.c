/* SPDX-License-Identifier: MIT */
/* Stage 2 of an address, with the fault records of sections 7.3.12 to 16. */
#include "models/smmuv3/walk.h"

/* 7.3.13: what the records of stage 2 say beside those of stage 1. */
static int fault(struct smmuv3_hw_fault *f, uint64_t ipa,
		 const struct smmuv3_hw_want *want)
{
	f->s2 = true;
	f->class = want->class;
	f->ipa = ipa;
	f->ttrnw = want->class == SMMU_EVT_CLASS_TT &&
		   !(want->need & IOMMU_PERM_WRITE);
	return -EFAULT;
}

static bool denied(const struct smmuv3_hw_ctx *ctx,
		   const struct smmuv3_hw_leaf *leaf,
		   const struct smmuv3_hw_want *want)
{
	/* 5.2, S2PTW: structures are not to be in a device. */
	if (want->class != SMMU_EVT_CLASS_IN && ctx->s2ptw &&
	    smmuv3_hw_attr2_device(leaf->side.attr2, ctx->s2fwb))
		return true;
	return !want->any &&
	       smmuv3_hw_lacks(leaf->perm, want->priv, want->need);
}

int smmuv3_hw_stage2(struct smmuv3_hw *m, const struct smmuv3_hw_ctx *ctx,
		     uint64_t ipa, const struct smmuv3_hw_want *want,
		     struct smmuv3_hw_leaf *ret_leaf,
		     struct smmuv3_hw_fault *ret_fault)
{
	int i = smmuv3_hw_tlb_find(&m->tlb, ctx->ipa_tag, ipa, ret_leaf);

	if (i >= 0)
		ret_leaf->side = m->tlb.side[i];
	/* A write to a clean page is walked for, to mark it dirty. */
	if (i < 0 || smmuv3_hw_dirties(ret_leaf->perm, want)) {
		if (smmuv3_hw_walk(m, ctx, &ctx->s2ttb, ipa, want, ret_leaf,
				   ret_fault))
			return fault(ret_fault, ipa, want);
		if (ret_leaf->accessed)
			smmuv3_hw_tlb_add(&m->tlb, ctx->ipa_tag, ipa, ret_leaf);
	}
	/* Only what may be kept is kept, and what was kept may be used. */
	ret_leaf->accessed = i >= 0 || ret_leaf->accessed;
	if (!denied(ctx, ret_leaf, want))
		return 0;
	*ret_fault = (struct smmuv3_hw_fault){ .id = SMMU_EVT_F_PERMISSION };
	return fault(ret_fault, ipa, want);
}
