/* SPDX-License-Identifier: MIT */
/*
 * Walks of VMSAv8-64 tables of either stage, with the faults in the order of
 * section 7.3.22 and the flag updates of section 3.13.
 *
 * A walk of stage 1 calls smmuv3_hw_stage2() for its descriptors, and that
 * walks stage 2, whose descriptors are where they say: two deep, no more.
 */
#include "models/smmuv3/walk.h"

/* A descriptor that changes under the update more often is an abort. */
enum { HTTU_TRIES = 64 };

struct walk {
	struct smmuv3_hw *m;
	const struct smmuv3_hw_ctx *ctx;
	const struct smmuv3_hw_ttb *ttb;
	const struct smmuv3_hw_want *want;
	struct smmuv3_hw_fault *fault;
	uint64_t ia;
	uint64_t addr; /* of the last descriptor, as its stage has it */
	uint64_t pa;   /* and where it is */
	int level;
	unsigned int limits;
};

static int fault_in(const struct walk *w, unsigned int id)
{
	*w->fault = (struct smmuv3_hw_fault){
		.id = (uint8_t)id,
		.class = SMMU_EVT_CLASS_IN,
	};
	return -EFAULT;
}

static int fault_eabt(const struct walk *w)
{
	*w->fault = (struct smmuv3_hw_fault){
		.id = SMMU_EVT_F_WALK_EABT,
		.class = SMMU_EVT_CLASS_TT,
		.fetch = w->pa,
	};
	return -EFAULT;
}

/* 3.4.1: all bits above the range are equal, and the half is enabled. */
static bool in_range(const struct smmuv3_hw_ttb *ttb, uint64_t ia)
{
	if (ttb->epd)
		return false;
	return (!ttb->s2 && ia >> 55 & 1 ? ~ia : ia) >> ttb->ia_lg2 == 0;
}

/* 3.13.5: where the descriptor is; stage 2 has to allow what is done to it. */
static int locate(struct walk *w, unsigned int need)
{
	const struct smmuv3_hw_want want = {
		.need = need,
		.priv = true,
		.class = SMMU_EVT_CLASS_TT,
	};
	struct smmuv3_hw_leaf leaf;

	w->pa = w->addr;
	if (w->ttb->s2 || !w->ctx->s2)
		return 0;
	if (smmuv3_hw_stage2(w->m, w->ctx, w->addr, &want, &leaf, w->fault))
		return -EFAULT;
	w->pa = leaf.pa | (w->addr & (BIT(leaf.lg2) - 1));
	return 0;
}

/*
 * 3.13: sets the Access flag, and marks a clean page dirty, in one atomic
 * update. -EAGAIN: the descriptor is another one by now, *pte.
 */
static int update(struct walk *w, struct arm_pte *pte, bool dirty)
{
	struct smmuv3_hw *m = w->m;
	struct arm_pte new = *pte;
	uint64_t old;

	/* AF is the same bit in both stages. */
	if (w->ttb->ha)
		FIELD_SET(ARM_PTE_S1_AF, &new, 1);
	if (dirty && w->ttb->s2)
		FIELD_SET(ARM_PTE_S2_AP, &new,
			  FIELD_GET(ARM_PTE_S2_AP, pte) | ARM_PTE_S2_AP_WRITE);
	else if (dirty)
		FIELD_SET(ARM_PTE_S1_AP, &new,
			  FIELD_GET(ARM_PTE_S1_AP, pte) &
				  ~(uint64_t)ARM_PTE_S1_AP_READONLY);
	if (new.dw[0] == pte->dw[0])
		return 0;
	if (locate(w, IOMMU_PERM_WRITE))
		return -EFAULT;
	if (m->env.mem_cas64(m->env.ctx, w->pa, pte->dw[0], new.dw[0], &old))
		return fault_eabt(w);
	if (old != pte->dw[0]) {
		pte->dw[0] = old;
		return -EAGAIN;
	}
	*pte = new;
	return 0;
}

/*
 * What the descriptor maps, or the Contiguous group it is a part of. A group
 * that is not laid out as one, or reaches beyond what goes in or comes out, is
 * taken entry by entry: D8.7.1.2, D8.7.1.3.
 */
static unsigned int leaf_lg2(const struct walk *w, const struct arm_pte *pte,
			     uint64_t oa, unsigned int lg2)
{
	unsigned int contig = arm_pt_contig_lg2(w->ttb->page_lg2, w->level);
	uint64_t group = BIT(lg2 + contig) - 1;

	if (!contig || !FIELD_GET(ARM_PTE_S1_CONTIG, pte))
		return lg2;
	if (lg2 + contig > w->ttb->ia_lg2 || lg2 + contig > w->ttb->ps_lg2)
		return lg2;
	if ((oa ^ w->ia) & group & ~(BIT(lg2) - 1))
		return lg2;
	return lg2 + contig;
}

static unsigned int perm_of(const struct walk *w, const struct arm_pte *pte)
{
	if (w->ttb->s2)
		return smmuv3_hw_perm2(w->ttb, IDR(w->m, 3, XNX), pte);
	return smmuv3_hw_perm1(w->ctx, w->ttb, pte, w->limits);
}

static unsigned int granule(const struct smmuv3_hw_ttb *ttb)
{
	static const uint8_t tg[] = {
		SMMU_CMD_TLBI_TG_4K,  0, SMMU_CMD_TLBI_TG_16K, 0,
		SMMU_CMD_TLBI_TG_64K,
	};

	return tg[ttb->page_lg2 - ARM_PT_4K_LG2];
}

static void make_leaf(const struct walk *w, const struct arm_pte *pte,
		      unsigned int lg2, struct smmuv3_hw_leaf *leaf)
{
	const struct smmuv3_hw_ttb *ttb = w->ttb;
	unsigned int index = (unsigned int)FIELD_GET(ARM_PTE_S1_ATTRINDX, pte);
	unsigned int sh = ttb->sh;
	uint64_t oa = arm_pte_oa(pte, ttb->page_lg2, lg2, ttb->wide);

	/* SH is at the same place in both stages. */
	if (!ttb->ds)
		sh = (unsigned int)FIELD_GET(ARM_PTE_S1_SH, pte);
	memset(leaf, 0, sizeof(*leaf));
	leaf->lg2 = leaf_lg2(w, pte, oa, lg2);
	leaf->pa = align_down(oa, BIT(leaf->lg2));
	leaf->level = (unsigned int)w->level;
	leaf->tg = granule(ttb);
	leaf->perm = perm_of(w, pte);
	leaf->side.perm1 = (uint8_t)leaf->perm;
	leaf->side.inv_lg2 = (uint8_t)leaf->lg2;
	if (ttb->s2) {
		leaf->side.ipa = align_down(w->ia, BIT(leaf->lg2));
		leaf->side.attr2 =
			(uint8_t)(FIELD_GET(ARM_PTE_S2_MEMATTR, pte) | sh << 4);
		/* For a stream without stage 1; that is cacheable, shared. */
		leaf->attr = smmuv3_hw_attr_combine(
			ARM_MAIR_WB_RAWA | SMMU_SH_ISH << 8, leaf->side.attr2,
			w->ctx->s2fwb);
		return;
	}
	leaf->attr = smmuv3_hw_attr(
		(unsigned int)(w->ctx->mair >> (index * 8) & 0xff), sh);
	leaf->global = w->ctx->world == WORLD_EL2 ||
		       !FIELD_GET(ARM_PTE_S1_NG, pte);
}

/* Access flag, permissions and flag updates of the last descriptor. */
static int leaf_access(struct walk *w, struct arm_pte *pte, unsigned int lg2,
		       struct smmuv3_hw_leaf *leaf)
{
	const struct smmuv3_hw_want *want = w->want;
	bool af = FIELD_GET(ARM_PTE_S1_AF, pte) || w->ttb->affd;
	unsigned int lacks;
	bool dirty;
	int ret;

	if (!af && !w->ttb->ha)
		return fault_in(w, SMMU_EVT_F_ACCESS);
	make_leaf(w, pte, lg2, leaf);
	lacks = smmuv3_hw_lacks(leaf->perm, want->priv, want->need);
	dirty = smmuv3_hw_dirties(leaf->perm, want);
	if (dirty)
		lacks &= ~(unsigned int)IOMMU_PERM_WRITE;
	leaf->accessed = af;
	/* A refused access leaves the flags alone. */
	if (want->any ? lacks == want->need : lacks != 0)
		return 0;
	leaf->accessed = true;
	ret = update(w, pte, dirty);
	if (!ret && dirty) {
		leaf->perm = perm_of(w, pte);
		leaf->side.perm1 = (uint8_t)leaf->perm;
	}
	return ret;
}

static void inherit(struct walk *w, const struct arm_pte *pte)
{
	uint64_t ap = FIELD_GET(ARM_PTE_TABLE_AP, pte);

	if (w->ttb->s2 || w->ttb->had)
		return;
	if (ap & ARM_PTE_TABLE_AP_NO_USER)
		w->limits |= LIMIT_NO_USER;
	if (ap & ARM_PTE_TABLE_AP_NO_WRITE)
		w->limits |= LIMIT_NO_WRITE;
	if (FIELD_GET(ARM_PTE_TABLE_PXN, pte))
		w->limits |= LIMIT_PXN;
	if (FIELD_GET(ARM_PTE_TABLE_UXN, pte))
		w->limits |= LIMIT_UXN;
}

/*
 * One descriptor. 0: the leaf is done; -EAGAIN: *pte is to be looked at again;
 * -EINPROGRESS: *ret_next is the table of the next level.
 */
static int descriptor(struct walk *w, struct arm_pte *pte, uint64_t *ret_next,
		      struct smmuv3_hw_leaf *leaf)
{
	unsigned int page_lg2 = w->ttb->page_lg2;
	unsigned int lg2 = arm_pt_entry_lg2(page_lg2, w->level);
	bool last = w->level == ARM_PT_LEVEL_LAST;
	bool table = FIELD_GET(ARM_PTE_TYPE, pte);
	uint64_t oa;

	if (!FIELD_GET(ARM_PTE_VALID, pte))
		return fault_in(w, SMMU_EVT_F_TRANSLATION);
	if (!table &&
	    (last || !arm_pt_block_level(page_lg2, w->level, w->ttb->wide)))
		return fault_in(w, SMMU_EVT_F_TRANSLATION);
	if (table && !last)
		lg2 = page_lg2;
	oa = arm_pte_oa(pte, page_lg2, lg2, w->ttb->wide);
	if (oa >> w->ttb->ps_lg2)
		return fault_in(w, SMMU_EVT_F_ADDR_SIZE);
	if (table && !last) {
		inherit(w, pte);
		*ret_next = oa;
		return -EINPROGRESS;
	}
	return leaf_access(w, pte, lg2, leaf);
}

/*
 * The tables that are known to be on the way. One of another granule is there
 * if software has used a tag for both; its level may be none of this one.
 */
static uint64_t resume_walk(struct walk *w)
{
	struct smmuv3_hw_leaf step;

	w->level = w->ttb->level;
	if (smmuv3_hw_tlb_find(&w->m->walks, w->ttb->tag, w->ia, &step) < 0 ||
	    step.tg != granule(w->ttb))
		return w->ttb->base;
	w->level = (int)step.level;
	w->limits = step.perm;
	return step.pa;
}

/* A Table descriptor at w->level leads to @table. */
static void keep_step(const struct walk *w, uint64_t table)
{
	const struct smmuv3_hw_leaf step = {
		.pa = table,
		.lg2 = arm_pt_entry_lg2(w->ttb->page_lg2, w->level),
		.level = (unsigned int)(w->level + 1),
		.tg = granule(w->ttb),
		.perm = w->limits,
	};

	smmuv3_hw_tlb_add(&w->m->walks, w->ttb->tag, w->ia, &step);
}

/* The first table has as many entries as it takes; the others a page. */
static uint64_t descriptor_addr(const struct walk *w, uint64_t table)
{
	unsigned int page_lg2 = w->ttb->page_lg2;
	unsigned int lg2 = arm_pt_entry_lg2(page_lg2, w->level);
	unsigned int top = w->level == w->ttb->level ?
				   w->ttb->ia_lg2 :
				   lg2 + arm_pt_level_bits(page_lg2);

	return table + ((w->ia & (BIT(top) - 1)) >> lg2) * 8;
}

int smmuv3_hw_walk(struct smmuv3_hw *m, const struct smmuv3_hw_ctx *ctx,
		   const struct smmuv3_hw_ttb *ttb, uint64_t ia,
		   const struct smmuv3_hw_want *want,
		   struct smmuv3_hw_leaf *ret_leaf,
		   struct smmuv3_hw_fault *ret_fault)
{
	struct walk w = { .m = m,
			  .ctx = ctx,
			  .ttb = ttb,
			  .want = want,
			  .fault = ret_fault,
			  .ia = ia };
	unsigned int tries;
	struct arm_pte pte;
	uint64_t table;
	int ret;

	m->stats.walks++;
	if (!in_range(ttb, ia))
		return fault_in(&w, SMMU_EVT_F_TRANSLATION);
	table = resume_walk(&w);
	for (;;) {
		w.addr = descriptor_addr(&w, table);
		if (locate(&w, IOMMU_PERM_READ))
			return -EFAULT;
		if (m->env.mem_load64(m->env.ctx, w.pa, &pte.dw[0]))
			return fault_eabt(&w);
		for (tries = 0; tries < HTTU_TRIES; tries++) {
			ret = descriptor(&w, &pte, &table, ret_leaf);
			if (ret != -EAGAIN)
				break;
		}
		if (ret == -EAGAIN)
			return fault_eabt(&w);
		if (ret != -EINPROGRESS)
			return ret;
		keep_step(&w, table);
		w.level++;
	}
}
