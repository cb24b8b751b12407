/* SPDX-License-Identifier: MIT */
/*
 * The stages of a context, one after the other: section 3.4, and the order of
 * section 7.3.22.
 */
#include "models/smmuv3/translate.h"

#include "models/smmuv3/walk.h"

int smmuv3_hw_refuse(struct smmuv3_hw_lookup *l, unsigned int id)
{
	l->fault = (struct smmuv3_hw_fault){
		.id = (uint8_t)id,
		.class = SMMU_EVT_CLASS_IN,
	};
	return -EFAULT;
}

static int refuse_s2(struct smmuv3_hw_lookup *l, unsigned int id, uint64_t ipa)
{
	smmuv3_hw_refuse(l, id);
	l->fault.s2 = true;
	l->fault.ipa = ipa;
	return -EFAULT;
}

/* What a leaf in hand lacks is the fault of the first stage that lacks it. */
static int check(struct smmuv3_hw_lookup *l, const struct smmuv3_hw_want *want,
		 uint64_t va, const struct smmuv3_hw_leaf *leaf)
{
	uint64_t offset = va & (BIT(leaf->lg2) - 1);

	if (want->any || !smmuv3_hw_lacks(leaf->perm, want->priv, want->need))
		return 0;
	if (l->ctx->s1 &&
	    smmuv3_hw_lacks(leaf->side.perm1, want->priv, want->need))
		return smmuv3_hw_refuse(l, SMMU_EVT_F_PERMISSION);
	return refuse_s2(l, SMMU_EVT_F_PERMISSION, leaf->side.ipa | offset);
}

/* Stage 1 then 2 of one address: the smaller of two leaves. */
static void combine(const struct smmuv3_hw_ctx *ctx, uint64_t ipa,
		    const struct smmuv3_hw_leaf *second,
		    struct smmuv3_hw_leaf *leaf)
{
	unsigned int lg2 = leaf->lg2 < second->lg2 ? leaf->lg2 : second->lg2;
	uint64_t start = align_down(ipa, BIT(lg2));

	leaf->pa = second->pa | (start & (BIT(second->lg2) - 1));
	leaf->lg2 = lg2;
	leaf->perm = smmuv3_hw_perm_both(leaf->perm, second->perm);
	leaf->attr = smmuv3_hw_attr_combine(leaf->attr, second->side.attr2,
					    ctx->s2fwb);
	leaf->side.ipa = start;
	leaf->accessed = leaf->accessed && second->accessed;
}

/* Stage 1, and stage 2 of what it puts out. */
static int walk_s1(struct smmuv3_hw *m, struct smmuv3_hw_lookup *l, uint64_t va,
		   const struct smmuv3_hw_want *want,
		   struct smmuv3_hw_leaf *leaf)
{
	const struct smmuv3_hw_ctx *ctx = l->ctx;
	struct smmuv3_hw_want want2 = *want;
	struct smmuv3_hw_leaf second;
	uint64_t ipa;

	m->stats.nested_walks += ctx->s2;
	if (smmuv3_hw_walk(m, ctx, &ctx->ttb[va >> 55 & 1], va, want, leaf,
			   &l->fault))
		return -EFAULT;
	if (ctx->s2) {
		ipa = leaf->pa | (va & (BIT(leaf->lg2) - 1));
		/* 3.9.1.2: nothing of stage 2 shows for what 1 denies. */
		want2.need &=
			~smmuv3_hw_lacks(leaf->perm, want->priv, want->need);
		if (want->any ? !want2.need : want2.need != want->need) {
			leaf->accessed = false;
			return check(l, want, va, leaf);
		}
		if (smmuv3_hw_stage2(m, ctx, ipa, &want2, &second, &l->fault))
			return -EFAULT;
		combine(ctx, ipa, &second, leaf);
	}
	if (leaf->accessed)
		smmuv3_hw_tlb_add(&m->tlb, ctx->tag, va, leaf);
	return check(l, want, va, leaf);
}

int smmuv3_hw_stages(struct smmuv3_hw *m, struct smmuv3_hw_lookup *l, bool any,
		     struct smmuv3_hw_leaf *ret_leaf)
{
	const struct smmuv3_hw_ctx *ctx = l->ctx;
	const struct smmuv3_hw_req *req = &l->req;
	uint64_t va = smmuv3_hw_va(req->addr, ctx->ttb[0].tbi, ctx->ttb[1].tbi);
	const struct smmuv3_hw_want want = {
		.need = req->need,
		.priv = req->priv,
		.any = any,
		.class = SMMU_EVT_CLASS_IN,
	};
	int i;

	/* 3.4: IAS is OAS, as tables are AArch64 only. */
	if (!ctx->s1 && va >> m->oas_lg2)
		return smmuv3_hw_refuse(l, SMMU_EVT_F_ADDR_SIZE);
	i = smmuv3_hw_tlb_find(&m->tlb, ctx->tag, va, ret_leaf);
	if (i >= 0) {
		ret_leaf->side = m->tlb.side[i];
		/* A write to a clean page is walked for, to mark it dirty. */
		if (!smmuv3_hw_dirties(ret_leaf->perm, &want) &&
		    !smmuv3_hw_dirties(ret_leaf->side.perm1, &want)) {
			l->hit = true;
			return check(l, &want, va, ret_leaf);
		}
	}
	l->miss = true;
	if (ctx->s1)
		return walk_s1(m, l, va, &want, ret_leaf);
	return smmuv3_hw_stage2(m, ctx, va, &want, ret_leaf, &l->fault);
}
