/* SPDX-License-Identifier: MIT */
/*
 * Stage 1 walks of VMSAv8-64 tables, with the faults in the order of section
 * 7.3.22 and the flag updates of section 3.13.
 */
#include "models/smmuv3/walk.h"

/* A descriptor that changes under the update more often is an abort. */
enum { HTTU_TRIES = 64 };

struct walk {
	const struct smmuv3_hw_ctx *ctx;
	const struct smmuv3_hw_ttb *ttb;
	uint64_t va;
	uint64_t addr; /* of the last descriptor */
	int level;
	/* What table descriptors took away from those below them. */
	bool no_user, no_write, pxn, uxn;
};

static int fault(struct smmuv3_hw_fault *ret_fault, unsigned int id,
		 unsigned int class, uint64_t fetch)
{
	*ret_fault = (struct smmuv3_hw_fault){
		.id = (uint8_t)id,
		.class = (uint8_t) class,
		.fetch = fetch,
	};
	return -EFAULT;
}

static int fault_in(struct smmuv3_hw_fault *ret_fault, unsigned int id)
{
	return fault(ret_fault, id, SMMU_EVT_CLASS_IN, 0);
}

/* 3.4.1: all bits above the range are equal, and the half is enabled. */
static bool in_range(const struct smmuv3_hw_ttb *ttb, uint64_t va)
{
	unsigned int bits = 64u - ttb->txsz;

	if (ttb->epd)
		return false;
	return (va >> 55 & 1 ? ~va : va) >> bits == 0;
}

static void inherit(struct walk *w, const struct arm_pte *pte)
{
	uint64_t ap = FIELD_GET(ARM_PTE_TABLE_AP, pte);

	if (w->ttb->had)
		return;
	w->no_user |= (ap & ARM_PTE_TABLE_AP_NO_USER) != 0;
	w->no_write |= (ap & ARM_PTE_TABLE_AP_NO_WRITE) != 0;
	w->pxn |= FIELD_GET(ARM_PTE_TABLE_PXN, pte);
	w->uxn |= FIELD_GET(ARM_PTE_TABLE_UXN, pte);
}

/* The one privilege of EL2: AP[1] and PXN have no meaning. */
static unsigned int perm_el2(const struct walk *w, const struct arm_pte *pte)
{
	bool ro = FIELD_GET(ARM_PTE_S1_AP, pte) & ARM_PTE_S1_AP_READONLY;
	bool clean = ro && !w->no_write && w->ctx->hd &&
		     FIELD_GET(ARM_PTE_S1_DBM, pte);
	bool xn = w->uxn || FIELD_GET(ARM_PTE_S1_UXN, pte);
	unsigned int perm = IOMMU_PERM_READ;

	if (!ro && !w->no_write)
		perm |= IOMMU_PERM_WRITE;
	if (!xn && !(w->ctx->wxn && (perm & IOMMU_PERM_WRITE || clean)))
		perm |= IOMMU_PERM_EXEC;
	perm |= perm << PERM_PRIV_SHIFT;
	if (clean)
		perm |= PERM_CLEAN_USER | PERM_CLEAN_PRIV;
	return perm;
}

/* DDI 0487 D8.4, direct permissions, for two privileges. */
static unsigned int perm_el1(const struct walk *w, const struct arm_pte *pte)
{
	uint64_t ap = FIELD_GET(ARM_PTE_S1_AP, pte);
	bool user = ap & ARM_PTE_S1_AP_USER && !w->no_user;
	bool ro = ap & ARM_PTE_S1_AP_READONLY;
	bool write = !ro && !w->no_write;
	bool clean = ro && !w->no_write && w->ctx->hd &&
		     FIELD_GET(ARM_PTE_S1_DBM, pte);
	bool wxn = w->ctx->wxn && (write || clean);
	unsigned int u = 0, p = IOMMU_PERM_READ;

	if (user)
		u |= IOMMU_PERM_READ;
	if (user && write)
		u |= IOMMU_PERM_WRITE;
	if (!w->uxn && !FIELD_GET(ARM_PTE_S1_UXN, pte) && !(wxn && user))
		u |= IOMMU_PERM_EXEC;

	if (write)
		p |= IOMMU_PERM_WRITE;
	/* What users may write, privileged software does not execute. */
	if (!w->pxn && !FIELD_GET(ARM_PTE_S1_PXN, pte) && !wxn &&
	    !(user && (write || clean)))
		p |= IOMMU_PERM_EXEC;
	if (w->ctx->pan && user)
		p &= (unsigned int)IOMMU_PERM_EXEC;

	u |= p << PERM_PRIV_SHIFT;
	if (clean && user)
		u |= PERM_CLEAN_USER;
	if (clean && !(w->ctx->pan && user))
		u |= PERM_CLEAN_PRIV;
	return u;
}

static unsigned int perm_of(const struct walk *w, const struct arm_pte *pte)
{
	return w->ctx->world == WORLD_EL2 ? perm_el2(w, pte) : perm_el1(w, pte);
}

/*
 * 3.13: sets AF, and clears AP[2] for a write that dirties a clean page, in
 * one atomic update. -EAGAIN: the descriptor is another one by now, *pte.
 */
static int update(struct smmuv3_hw *m, const struct walk *w,
		  struct arm_pte *pte, bool dirty)
{
	struct arm_pte new = *pte;
	uint64_t old;

	if (w->ctx->ha)
		FIELD_SET(ARM_PTE_S1_AF, &new, 1);
	if (dirty)
		FIELD_SET(ARM_PTE_S1_AP, &new,
			  FIELD_GET(ARM_PTE_S1_AP, pte) &
				  ~(uint64_t)ARM_PTE_S1_AP_READONLY);
	if (new.dw[0] == pte->dw[0])
		return 0;
	if (m->env.mem_cas64(m->env.ctx, w->addr, pte->dw[0], new.dw[0], &old))
		return -EFAULT;
	if (old != pte->dw[0]) {
		pte->dw[0] = old;
		return -EAGAIN;
	}
	*pte = new;
	return 0;
}

/* The part of a Contiguous group that the descriptor is, if it is one. */
static unsigned int leaf_lg2(const struct walk *w, const struct arm_pte *pte,
			     uint64_t oa, unsigned int lg2)
{
	unsigned int contig = arm_pt_contig_lg2(w->ttb->page_lg2, w->level);
	uint64_t group = BIT(lg2 + contig) - 1;

	if (!contig || !FIELD_GET(ARM_PTE_S1_CONTIG, pte))
		return lg2;
	/* A group that is not laid out as one is taken entry by entry. */
	if ((oa ^ w->va) & group & ~(BIT(lg2) - 1))
		return lg2;
	return lg2 + contig;
}

static void make_leaf(const struct walk *w, const struct arm_pte *pte,
		      unsigned int lg2, struct smmuv3_hw_leaf *leaf)
{
	static const uint8_t tg[] = { 1, 0, 2, 0, 3 };
	unsigned int page_lg2 = w->ttb->page_lg2;
	unsigned int attr = (unsigned int)FIELD_GET(ARM_PTE_S1_ATTRINDX, pte);
	uint64_t oa = arm_pte_oa(pte, page_lg2, lg2, false);

	leaf->lg2 = leaf_lg2(w, pte, oa, lg2);
	leaf->pa = align_down(oa, BIT(leaf->lg2));
	leaf->level = (unsigned int)w->level;
	leaf->tg = tg[page_lg2 - ARM_PT_4K_LG2];
	leaf->perm = perm_of(w, pte);
	leaf->attr = (unsigned int)(w->ctx->mair >> (attr * 8) & 0xff) |
		     (unsigned int)FIELD_GET(ARM_PTE_S1_SH, pte) << 8;
	leaf->global = w->ctx->world == WORLD_EL2 ||
		       !FIELD_GET(ARM_PTE_S1_NG, pte);
}

/* Access flag, permissions and flag updates of the last descriptor. */
static int leaf_access(struct smmuv3_hw *m, struct walk *w, struct arm_pte *pte,
		       unsigned int lg2, unsigned int need, bool priv, bool any,
		       struct smmuv3_hw_leaf *leaf,
		       struct smmuv3_hw_fault *ret_fault)
{
	unsigned int lacks;
	bool dirty;
	int ret;

	if (!FIELD_GET(ARM_PTE_S1_AF, pte) && !w->ctx->ha && !w->ctx->affd)
		return fault_in(ret_fault, SMMU_EVT_F_ACCESS);
	make_leaf(w, pte, lg2, leaf);
	lacks = smmuv3_hw_lacks(leaf->perm, priv, need);
	dirty = lacks & IOMMU_PERM_WRITE && smmuv3_hw_clean(leaf->perm, priv);
	if (dirty)
		lacks &= ~(unsigned int)IOMMU_PERM_WRITE;
	leaf->accessed = FIELD_GET(ARM_PTE_S1_AF, pte) || w->ctx->affd;
	/* A refused access leaves the flags alone. */
	if (any ? lacks == need : lacks != 0)
		return 0;
	leaf->accessed = true;
	ret = update(m, w, pte, dirty);
	if (ret == -EFAULT)
		return fault(ret_fault, SMMU_EVT_F_WALK_EABT, SMMU_EVT_CLASS_TT,
			     w->addr);
	if (!ret && dirty)
		leaf->perm = perm_of(w, pte);
	return ret;
}

/*
 * One descriptor. 0: the leaf is done; -EAGAIN: *pte is to be looked at again;
 * -EINPROGRESS: *ret_next is the table of the next level.
 */
static int descriptor(struct smmuv3_hw *m, struct walk *w, struct arm_pte *pte,
		      unsigned int need, bool priv, bool any,
		      uint64_t *ret_next, struct smmuv3_hw_leaf *leaf,
		      struct smmuv3_hw_fault *ret_fault)
{
	unsigned int page_lg2 = w->ttb->page_lg2;
	unsigned int lg2 = arm_pt_entry_lg2(page_lg2, w->level);
	bool last = w->level == ARM_PT_LEVEL_LAST;
	bool table = FIELD_GET(ARM_PTE_TYPE, pte);
	uint64_t oa;

	if (!FIELD_GET(ARM_PTE_VALID, pte))
		return fault_in(ret_fault, SMMU_EVT_F_TRANSLATION);
	if (!table && (last || !arm_pt_block_level(page_lg2, w->level, false)))
		return fault_in(ret_fault, SMMU_EVT_F_TRANSLATION);
	if (table && !last)
		lg2 = page_lg2;
	oa = arm_pte_oa(pte, page_lg2, lg2, false);
	if (oa >> w->ctx->ps_lg2)
		return fault_in(ret_fault, SMMU_EVT_F_ADDR_SIZE);
	if (table && !last) {
		inherit(w, pte);
		*ret_next = oa;
		return -EINPROGRESS;
	}
	return leaf_access(m, w, pte, lg2, need, priv, any, leaf, ret_fault);
}

int smmuv3_hw_walk(struct smmuv3_hw *m, const struct smmuv3_hw_ctx *ctx,
		   uint64_t va, unsigned int need, bool priv, bool any,
		   struct smmuv3_hw_leaf *ret_leaf,
		   struct smmuv3_hw_fault *ret_fault)
{
	struct walk w = { .ctx = ctx,
			  .ttb = &ctx->ttb[va >> 55 & 1],
			  .va = va };
	unsigned int bits = 64u - w.ttb->txsz;
	unsigned int page_lg2 = w.ttb->page_lg2;
	uint64_t table, index;
	unsigned int lg2, tries;
	struct arm_pte pte;
	int ret;

	m->stats.walks++;
	if (!in_range(w.ttb, va))
		return fault_in(ret_fault, SMMU_EVT_F_TRANSLATION);
	w.level = arm_pt_start_level(page_lg2, bits);
	/* The first table has only the entries it needs; it is aligned to. */
	lg2 = arm_pt_entry_lg2(page_lg2, w.level);
	index = (va & (BIT(bits) - 1)) >> lg2;
	table = align_down(w.ttb->base, BIT(bits - lg2 + 3));

	for (;;) {
		w.addr = table + index * 8;
		if (m->env.mem_load64(m->env.ctx, w.addr, &pte.dw[0]))
			return fault(ret_fault, SMMU_EVT_F_WALK_EABT,
				     SMMU_EVT_CLASS_TT, w.addr);
		for (tries = 0; tries < HTTU_TRIES; tries++) {
			ret = descriptor(m, &w, &pte, need, priv, any, &table,
					 ret_leaf, ret_fault);
			if (ret != -EAGAIN)
				break;
		}
		if (ret == -EAGAIN)
			return fault(ret_fault, SMMU_EVT_F_WALK_EABT,
				     SMMU_EVT_CLASS_TT, w.addr);
		if (ret != -EINPROGRESS)
			return ret;
		w.level++;
		lg2 = arm_pt_entry_lg2(page_lg2, w.level);
		index = va >> lg2 & (BIT(arm_pt_level_bits(page_lg2)) - 1);
	}
}
