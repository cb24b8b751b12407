/* SPDX-License-Identifier: MIT */
/*
 * Walks of the first stage, 3.6 and 9.7, with its tables where the second
 * stage puts them, if there is one: 3.8.
 *
 * Reserved bits of any entry come before what the entries allow together, as
 * for a CPU. Flags of the tables on the way are set as the walk passes.
 */
#include "models/vtd/walk.h"

#include "fmt/vtd_fault.h"
#include "fmt/x86_pt.h"

/* What entries take away from those below them. */
enum {
	LIMIT_SUPERVISOR = 1 << 0,
	LIMIT_NO_WRITE = 1 << 1,
	LIMIT_NO_EXEC = 1 << 2,
};

struct walk {
	struct vtd_hw *m;
	const struct vtd_hw_ctx *ctx;
	const struct vtd_hw_want *want;
	struct vtd_hw_fault *fault;
	uint64_t va;
	uint64_t addr; /* of the entry, as the first stage has it */
	uint64_t pa;   /* and where it is */
	unsigned int level;
	unsigned int limits;
};

static int fail(const struct walk *w, unsigned int reason)
{
	w->fault->reason = (uint8_t)reason;
	return -EFAULT;
}

static bool top(const struct walk *w)
{
	return w->level == w->ctx->fs_levels;
}

/*
 * 3.8.1: where the entry is; the second stage has to allow what is done to it,
 * and with flags of its own to write where a table is read.
 */
static int locate(struct walk *w, bool update)
{
	const struct vtd_hw_want want = {
		.need = update        ? IOMMU_PERM_WRITE :
			w->ctx->ssade ? IOMMU_PERM_READ | IOMMU_PERM_WRITE :
					IOMMU_PERM_READ,
		.ask = !update,
		.purpose = update ? VTD_HW_FOR_UPDATE :
			   top(w) ? VTD_HW_FOR_TOP :
				    VTD_HW_FOR_TABLE,
	};
	struct vtd_hw_leaf leaf;

	w->pa = w->addr;
	if (!w->ctx->ss)
		return 0;
	if (vtd_hw_second_stage(w->m, w->ctx, w->addr, &want, &leaf, w->fault))
		return -EFAULT;
	w->pa = leaf.pa | (w->addr & (BIT(leaf.lg2) - 1));
	return 0;
}

static bool is_leaf(const struct walk *w, const struct x86_pte *pte)
{
	if (w->level == X86_PT_LEVEL_LAST)
		return true;
	return FIELD_GET(X86_PTE_PS, pte) &&
	       (w->level == X86_PT_LEVEL_2M ||
		(w->level == X86_PT_LEVEL_1G && CAP(w->m, FS1GP)));
}

static bool reserved(const struct walk *w, const struct x86_pte *pte)
{
	/* 9.7: in a guest address, too. */
	uint64_t bits = BIT(X86_PT_ADDR_BITS) - 1 - w->m->haw_mask;

	/* Without execute requests there is no NXE, and XD is ignored. */
	if (ECAP(w->m, ERS) && !w->ctx->nxe)
		bits |= FIELD_MASK(X86_PTE_XD);
	if (!is_leaf(w, pte))
		bits |= FIELD_MASK(X86_PTE_PS);
	else if (w->level > X86_PT_LEVEL_LAST)
		bits |= BIT(x86_pt_entry_lg2(w->level)) -
			BIT(X86_PTE_PAT_LARGE_LO + 1);
	return pte->dw[0] & bits;
}

/*
 * Sets A, EA if it is in use, and D for a write, in one atomic update.
 * -EAGAIN: the entry is another one by now, *pte.
 */
static int update(struct walk *w, struct x86_pte *pte, bool dirty)
{
	struct vtd_hw *m = w->m;
	struct x86_pte new = *pte;
	uint64_t old;

	FIELD_SET(X86_PTE_A, &new, 1);
	if (w->ctx->eafe)
		FIELD_SET(X86_PTE_EA, &new, 1);
	if (dirty)
		FIELD_SET(X86_PTE_D, &new, 1);
	if (new.dw[0] == pte->dw[0])
		return 0;
	if (!w->ctx->pwsnp)
		return fail(w, VTD_FAULT_SFS_9);
	if (locate(w, true))
		return -EFAULT;
	if (m->env.mem_cas64(m->env.ctx, w->pa, pte->dw[0], new.dw[0], &old))
		return fail(w, VTD_FAULT_SFS_10);
	if (old != pte->dw[0]) {
		pte->dw[0] = old;
		return -EAGAIN;
	}
	*pte = new;
	return 0;
}

static unsigned int limits_with(const struct walk *w, const struct x86_pte *pte)
{
	unsigned int limits = w->limits;

	if (!FIELD_GET(X86_PTE_US, pte))
		limits |= LIMIT_SUPERVISOR;
	if (!FIELD_GET(X86_PTE_RW, pte))
		limits |= LIMIT_NO_WRITE;
	if (FIELD_GET(X86_PTE_XD, pte))
		limits |= LIMIT_NO_EXEC;
	return limits;
}

/* 3.6.1 and 3.6.2: what a user may, and what a supervisor may. */
static unsigned int leaf_bits(const struct vtd_hw_ctx *ctx, unsigned int limits)
{
	unsigned int user = IOMMU_PERM_READ, priv = IOMMU_PERM_READ;
	bool supervisor = limits & LIMIT_SUPERVISOR;

	if (!(limits & LIMIT_NO_WRITE))
		user |= IOMMU_PERM_WRITE;
	if (!(limits & LIMIT_NO_WRITE) || !ctx->wpe)
		priv |= IOMMU_PERM_WRITE;
	if (!(limits & LIMIT_NO_EXEC)) {
		user |= IOMMU_PERM_EXEC;
		if (supervisor || !ctx->smep)
			priv |= IOMMU_PERM_EXEC;
	}
	return (supervisor ? LEAF_SUPERVISOR : user) | priv << LEAF_PRIV_SHIFT;
}

/*
 * What of @need the second stage grants where the first one leads. 3.6.2: a
 * write that is blocked there does not make the page dirty here.
 */
static int ask_second(struct walk *w, const struct vtd_hw_leaf *leaf,
		      unsigned int *need)
{
	const struct vtd_hw_want want = {
		.need = *need,
		.priv = w->want->priv,
		.any = w->want->any,
		.ask = true,
		.purpose = VTD_HW_FOR_PAGE,
	};
	uint64_t gpa = leaf->pa | (w->va & (BIT(leaf->lg2) - 1));
	struct vtd_hw_leaf second;

	if (!w->ctx->ss || !(*need & IOMMU_PERM_WRITE))
		return 0;
	if (vtd_hw_second_stage(w->m, w->ctx, gpa, &want, &second, w->fault))
		return -EFAULT;
	*need &= ~vtd_hw_lacks(second.bits, want.priv, *need);
	return 0;
}

static int leaf(struct walk *w, struct x86_pte *pte, struct vtd_hw_leaf *leaf,
		bool *ret_keep)
{
	const struct vtd_hw_want *want = w->want;
	unsigned int lg2 = x86_pt_entry_lg2(w->level), lacks, given;
	int ret;

	*leaf = (struct vtd_hw_leaf){
		.pa = x86_pte_addr(pte, lg2),
		.lg2 = lg2,
		.bits = leaf_bits(w->ctx, limits_with(w, pte)),
		.inv_lg2 = lg2,
	};
	lacks = vtd_hw_lacks(leaf->bits, want->priv, want->need);
	/* A refused access leaves the flags alone. */
	*ret_keep = want->any ? lacks != want->need : !lacks;
	if (*ret_keep) {
		given = want->need & ~lacks;
		ret = ask_second(w, leaf, &given);
		if (!ret)
			ret = update(w, pte, given & IOMMU_PERM_WRITE);
		if (ret)
			return ret;
	}
	if (FIELD_GET(X86_PTE_D, pte))
		leaf->bits |= LEAF_DIRTY;
	return 0;
}

/*
 * One entry. 0: the leaf is done; -EAGAIN: *pte is to be looked at again;
 * -EINPROGRESS: *ret_next is the table of the next level.
 */
static int entry(struct walk *w, struct x86_pte *pte, uint64_t *ret_next,
		 struct vtd_hw_leaf *ret_leaf, bool *ret_keep)
{
	int ret;

	if (!FIELD_GET(X86_PTE_P, pte))
		return fail(w, VTD_FAULT_SFS_2);
	if (reserved(w, pte))
		return fail(w, VTD_FAULT_SFS_3);
	if (is_leaf(w, pte))
		return leaf(w, pte, ret_leaf, ret_keep);
	ret = update(w, pte, false);
	if (ret)
		return ret;
	w->limits = limits_with(w, pte);
	*ret_next = x86_pte_addr(pte, X86_PT_PAGE_LG2);
	return -EINPROGRESS;
}

/* The deepest table that is known to be on the way. */
static uint64_t resume_walk(struct walk *w)
{
	struct vtd_hw_leaf step;

	w->level = w->ctx->fs_levels;
	if (vtd_hw_tlb_find(&w->m->xlat->walks, w->ctx->tag, w->va, &step) < 0)
		return w->ctx->fs_base;
	w->level = (step.lg2 - X86_PT_PAGE_LG2) / X86_PT_LEVEL_LG2;
	w->limits = step.bits;
	return step.pa;
}

/*
 * The entry above w->level leads to @table; 6.2.5: it is kept once the second
 * stage lets the table be read.
 */
static void keep_step(const struct walk *w, uint64_t table)
{
	const struct vtd_hw_leaf step = {
		.pa = table,
		.lg2 = x86_pt_entry_lg2(w->level + 1),
		.bits = w->limits,
	};

	vtd_hw_tlb_add(&w->m->xlat->walks, w->ctx->tag, w->va, &step);
}

int vtd_hw_walk_fs(struct vtd_hw *m, const struct vtd_hw_ctx *ctx, uint64_t va,
		   const struct vtd_hw_want *want, struct vtd_hw_leaf *ret_leaf,
		   bool *ret_keep, struct vtd_hw_fault *ret_fault)
{
	struct walk w = {
		.m = m, .ctx = ctx, .want = want, .fault = ret_fault, .va = va
	};
	struct x86_pte pte;
	unsigned int tries, first;
	uint64_t table;
	int ret;

	m->stats.walks++;
	if (!x86_pt_canonical(ctx->fs_levels, va))
		return fail(&w, VTD_FAULT_SGN_1);
	table = resume_walk(&w);
	first = w.level;
	for (;; w.level--) {
		w.addr = table + x86_pt_index(w.level, va) * sizeof(pte);
		if (locate(&w, false))
			return -EFAULT;
		if (w.level != first)
			keep_step(&w, table);
		if (m->env.mem_load64(m->env.ctx, w.pa, &pte.dw[0]))
			return fail(&w, top(&w) ? VTD_FAULT_SFS_4 :
						  VTD_FAULT_SFS_1);
		for (tries = 0; tries < VTD_HW_FLAG_TRIES; tries++) {
			ret = entry(&w, &pte, &table, ret_leaf, ret_keep);
			if (ret != -EAGAIN)
				break;
		}
		if (ret == -EAGAIN)
			return fail(&w, VTD_FAULT_SFS_10);
		if (ret != -EINPROGRESS)
			return ret;
	}
}
