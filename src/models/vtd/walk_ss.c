/* SPDX-License-Identifier: MIT */
/*
 * Walks of the second stage, 3.7 and 9.8: that of legacy mode, and that of
 * scalable mode, which differ in the reasons they give and in the flags.
 *
 * An entry is looked at in this order: it can be read, something is allowed,
 * what is wanted is, no reserved bit is set, its flags can be updated.
 */
#include "models/vtd/walk.h"

#include "fmt/vtd_fault.h"
#include "fmt/x86_pt.h"
#include "models/vtd/config.h"

struct walk {
	struct vtd_hw *m;
	const struct vtd_hw_ctx *ctx;
	const struct vtd_hw_want *want;
	struct vtd_hw_fault *fault;
	uint64_t gpa;
	unsigned int level;
	unsigned int limits; /* IOMMU_PERM_*: what the tables above allow */
};

static int fail(const struct walk *w, unsigned int legacy,
		unsigned int scalable)
{
	w->fault->reason = (uint8_t)(w->ctx->scalable ? scalable : legacy);
	return -EFAULT;
}

uint8_t vtd_hw_refused(const struct vtd_hw_ctx *ctx, unsigned int bits,
		       bool priv, unsigned int need)
{
	unsigned int lacks = vtd_hw_lacks(bits, priv, need);

	if (!lacks)
		return 0;
	if (!priv && bits & LEAF_SUPERVISOR)
		return VTD_FAULT_SGN_2;
	if (lacks & IOMMU_PERM_WRITE)
		return ctx->scalable ? VTD_FAULT_SGN_6 : VTD_FAULT_LGN_2;
	if (lacks & IOMMU_PERM_READ)
		return ctx->scalable ? VTD_FAULT_SGN_7 : VTD_FAULT_LGN_3;
	return VTD_FAULT_SGN_3;
}

/* What the second stage does not allow, by what it is asked for. */
static int refused(const struct walk *w, unsigned int bits)
{
	switch (w->want->purpose) {
	case VTD_HW_FOR_TOP:
		return fail(w, VTD_FAULT_NONE, VTD_FAULT_SFS_6);
	case VTD_HW_FOR_TABLE:
		return fail(w, VTD_FAULT_NONE, VTD_FAULT_SFS_7);
	case VTD_HW_FOR_UPDATE:
		return fail(w, VTD_FAULT_NONE, VTD_FAULT_SFS_8);
	case VTD_HW_FOR_PAGE:
	default:
		w->fault->reason = vtd_hw_refused(w->ctx, bits, w->want->priv,
						  w->want->need);
		return -EFAULT;
	}
}

/* Privilege means nothing here, and what can be read can be executed. */
static unsigned int leaf_bits(unsigned int allowed)
{
	if (allowed & IOMMU_PERM_READ)
		allowed |= IOMMU_PERM_EXEC;
	return allowed | allowed << LEAF_PRIV_SHIFT;
}

static bool is_leaf(const struct walk *w, const struct vtd_sspte *pte)
{
	unsigned int large = w->level == X86_PT_LEVEL_2M ? VTD_CAP_SSLPS_2M :
			     w->level == X86_PT_LEVEL_1G ? VTD_CAP_SSLPS_1G :
							   0;

	return w->level == X86_PT_LEVEL_LAST ||
	       (CAP(w->m, SSLPS) & large && FIELD_GET(VTD_SSPTE_PS, pte));
}

static bool reserved(const struct walk *w, const struct vtd_sspte *pte)
{
	unsigned int lg2 = x86_pt_entry_lg2(w->level);
	uint64_t bits = BIT(X86_PT_ADDR_BITS) - 1 - w->m->haw_mask;
	bool leaf = is_leaf(w, pte);

	bits |= FIELD_MASK(VTD_SSPTE_TM);
	if (!leaf || !ECAP(w->m, SC))
		bits |= FIELD_MASK(VTD_SSPTE_SNP);
	if (!leaf)
		bits |= FIELD_MASK(VTD_SSPTE_PS);
	else
		bits |= BIT(lg2) - BIT(X86_PT_PAGE_LG2);
	return pte->dw[0] & bits;
}

/*
 * Sets A, and D for a write, in one atomic update. -EAGAIN: the entry is
 * another one by now, *pte.
 */
static int update(const struct walk *w, uint64_t pa, struct vtd_sspte *pte,
		  bool dirty)
{
	struct vtd_sspte new = *pte;
	uint64_t old;

	if (!w->ctx->ssade)
		return 0;
	FIELD_SET(VTD_SSPTE_A, &new, 1);
	if (dirty)
		FIELD_SET(VTD_SSPTE_D, &new, 1);
	if (new.dw[0] == pte->dw[0])
		return 0;
	if (!w->ctx->pwsnp)
		return fail(w, VTD_FAULT_NONE, VTD_FAULT_SSS_5);
	if (w->m->env.mem_cas64(w->m->env.ctx, pa, pte->dw[0], new.dw[0], &old))
		return fail(w, VTD_FAULT_NONE, VTD_FAULT_SSS_6);
	if (old != pte->dw[0]) {
		pte->dw[0] = old;
		return -EAGAIN;
	}
	*pte = new;
	return 0;
}

static void make_leaf(const struct walk *w, const struct vtd_sspte *pte,
		      unsigned int allowed, struct vtd_hw_leaf *leaf)
{
	unsigned int lg2 = x86_pt_entry_lg2(w->level);

	*leaf = (struct vtd_hw_leaf){
		.pa = vtd_sspte_addr(pte, lg2),
		.lg2 = lg2,
		.bits = leaf_bits(allowed),
		.inv_lg2 = lg2,
	};
	if (!w->ctx->ssade || FIELD_GET(VTD_SSPTE_D, pte))
		leaf->bits |= LEAF_DIRTY;
	if (FIELD_GET(VTD_SSPTE_SNP, pte))
		leaf->bits |= LEAF_SNOOP;
}

/*
 * One entry. 0: the leaf is done; -EAGAIN: *pte is to be looked at again;
 * -EINPROGRESS: *ret_next is the table of the next level.
 */
static int entry(struct walk *w, uint64_t pa, struct vtd_sspte *pte,
		 uint64_t *ret_next, struct vtd_hw_leaf *leaf, bool *ret_keep)
{
	const struct vtd_hw_want *want = w->want;
	unsigned int allowed = w->limits & (unsigned int)(pte->dw[0] & 3);
	unsigned int lacks;
	int ret;

	/* R and W are where IOMMU_PERM_READ and _WRITE are. */
	if (!(pte->dw[0] & 3) && w->ctx->scalable)
		return fail(w, VTD_FAULT_NONE, VTD_FAULT_SSS_2);
	lacks = vtd_hw_lacks(leaf_bits(allowed), want->priv, want->need);
	if (!(pte->dw[0] & 3) || (lacks && !want->any))
		return refused(w, leaf_bits(allowed));
	if (reserved(w, pte))
		return fail(w, VTD_FAULT_LSS_2, VTD_FAULT_SSS_3);
	if (!is_leaf(w, pte)) {
		ret = update(w, pa, pte, false);
		if (ret)
			return ret;
		w->limits = allowed;
		*ret_next = vtd_sspte_addr(pte, X86_PT_PAGE_LG2);
		return -EINPROGRESS;
	}
	*ret_keep = lacks != want->need;
	if (*ret_keep) {
		ret = update(w, pa, pte,
			     !want->ask &&
				     want->need & ~lacks & IOMMU_PERM_WRITE);
		if (ret)
			return ret;
	}
	make_leaf(w, pte, allowed, leaf);
	return 0;
}

/* The deepest table that is known to be on the way. */
static uint64_t resume_walk(struct walk *w)
{
	struct vtd_hw_leaf step;

	w->level = w->ctx->ss_levels;
	w->limits = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
	if (vtd_hw_tlb_find(&w->m->xlat->walks, w->ctx->ss_tag, w->gpa, &step) <
	    0)
		return w->ctx->ss_base;
	w->level = (step.lg2 - X86_PT_PAGE_LG2) / X86_PT_LEVEL_LG2;
	w->limits = step.bits;
	return step.pa;
}

/* An entry at w->level leads to @table. */
static void keep_step(const struct walk *w, uint64_t table)
{
	const struct vtd_hw_leaf step = {
		.pa = table,
		.lg2 = x86_pt_entry_lg2(w->level),
		.bits = w->limits,
	};

	vtd_hw_tlb_add(&w->m->xlat->walks, w->ctx->ss_tag, w->gpa, &step);
}

static int walk(struct walk *w, struct vtd_hw_leaf *leaf, bool *ret_keep)
{
	uint64_t table = resume_walk(w), pa;
	struct vtd_sspte pte;
	unsigned int tries;
	int ret;

	w->m->stats.walks++;
	for (;;) {
		pa = table + x86_pt_index(w->level, w->gpa) * sizeof(pte);
		if (w->m->env.mem_load64(w->m->env.ctx, pa, &pte.dw[0])) {
			if (w->level == w->ctx->ss_levels)
				return fail(w, VTD_FAULT_LCT_4,
					    VTD_FAULT_SSS_4);
			return fail(w, VTD_FAULT_LSS_1, VTD_FAULT_SSS_1);
		}
		for (tries = 0; tries < VTD_HW_FLAG_TRIES; tries++) {
			ret = entry(w, pa, &pte, &table, leaf, ret_keep);
			if (ret != -EAGAIN)
				break;
		}
		if (ret == -EAGAIN)
			return fail(w, VTD_FAULT_NONE, VTD_FAULT_SSS_6);
		if (ret != -EINPROGRESS)
			return ret;
		keep_step(w, table);
		w->level--;
	}
}

int vtd_hw_second_stage(struct vtd_hw *m, const struct vtd_hw_ctx *ctx,
			uint64_t gpa, const struct vtd_hw_want *want,
			struct vtd_hw_leaf *ret_leaf,
			struct vtd_hw_fault *ret_fault)
{
	struct walk w = {
		.m = m, .ctx = ctx, .want = want, .fault = ret_fault, .gpa = gpa
	};
	bool keep;

	if (!vtd_hw_ss_in_range(m, ctx->ss_levels, gpa))
		return fail(&w, VTD_FAULT_LGN_1,
			    ctx->fs ? VTD_FAULT_SFS_5 : VTD_FAULT_SGN_5);
	if (vtd_hw_tlb_find(&m->xlat->tlb, ctx->ss_tag, gpa, ret_leaf) >= 0 &&
	    !vtd_hw_dirties(ret_leaf->bits, want)) {
		if (!want->any &&
		    vtd_hw_lacks(ret_leaf->bits, want->priv, want->need))
			return refused(&w, ret_leaf->bits);
		return 0;
	}
	if (walk(&w, ret_leaf, &keep))
		return -EFAULT;
	if (keep && !vtd_hw_leaf_blocked(ret_leaf))
		vtd_hw_tlb_add(&m->xlat->tlb, ctx->ss_tag, gpa, ret_leaf);
	return 0;
}
