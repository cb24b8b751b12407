/* SPDX-License-Identifier: MIT */
/*
 * Contexts from their cache, and the stages of a context one after the other:
 * sections 3.6 to 3.8.
 */
#include "models/vtd/translate.h"

#include "fmt/vtd_fault.h"
#include "models/vtd/walk.h"

int vtd_hw_refuse(struct vtd_hw_lookup *l, unsigned int reason)
{
	l->fault.reason = (uint8_t)reason;
	return -EFAULT;
}

/* What the request itself is may not be: 9.6, ERE and SRE. */
static int let_through(struct vtd_hw_lookup *l)
{
	struct vtd_hw_req *req = &l->req;

	if (!req->pv && l->ctx->by_pasid)
		req->priv = l->ctx->rid_priv;
	if (req->exec && !l->ctx->ere)
		return vtd_hw_refuse(l, VTD_FAULT_SPT_5);
	if (req->priv && !l->ctx->sre)
		return vtd_hw_refuse(l, VTD_FAULT_SPT_6);
	return 0;
}

/* The version from which there are no requests to execute: RTA.5. */
enum { MAJOR_WITHOUT_EXECUTE = 8 };

int vtd_hw_context(struct vtd_hw *m, struct vtd_hw_lookup *l)
{
	const struct vtd_hw_source src = { .sid = l->req.sid,
					   .at = l->req.at,
					   .pasid_valid = l->req.pv,
					   .pasid = l->req.pasid };
	uint64_t key = vtd_hw_ctx_key(l->req.sid, l->req.pv, l->req.pasid,
				      l->req.at == VTD_FRCD_AT_TRANSLATED);
	int i = vtd_hw_ctx_find(m, key);
	struct vtd_hw_ctx ctx;

	if (l->req.exec &&
	    REG_GET(VTD_VER_MAX, m->cfg.ver) >= MAJOR_WITHOUT_EXECUTE)
		return vtd_hw_refuse(l, VTD_FAULT_RTA_5);
	if (i < 0) {
		if (vtd_hw_config_ctx(m, &src, &ctx, &l->fault))
			return -EFAULT;
		l->ctx = vtd_hw_ctx_add(m, key, &ctx);
	} else {
		l->ctx = &m->xlat->ctx_full[i];
		l->fault.fpd = l->ctx->fpd;
	}
	if (l->req.at == VTD_FRCD_AT_TRANSLATED)
		return 0;
	/* A context that is there for untranslated requests. */
	if (l->req.at == VTD_FRCD_AT_TRANSLATION && !l->ctx->dte)
		return vtd_hw_refuse(l, l->ctx->scalable ? VTD_FAULT_SCT_5 :
							   VTD_FAULT_LCT_5);
	return let_through(l);
}

/* Where it goes to is not for interrupts: 3.14. */
static int check(struct vtd_hw_lookup *l, const struct vtd_hw_want *want,
		 const struct vtd_hw_leaf *leaf)
{
	uint64_t pa = leaf->pa | (l->req.addr & (BIT(leaf->lg2) - 1));
	unsigned int reason =
		vtd_hw_refused(l->ctx, leaf->bits, want->priv, want->need);

	if (!want->any && reason)
		return vtd_hw_refuse(l, reason);
	if (vtd_hw_is_interrupt(pa))
		return vtd_hw_refuse(l, l->ctx->scalable ? VTD_FAULT_SGN_8 :
							   VTD_FAULT_LGN_4);
	return 0;
}

/* The smaller of two leaves, and what both allow. */
static void combine(uint64_t gpa, const struct vtd_hw_leaf *second,
		    struct vtd_hw_leaf *leaf)
{
	unsigned int lg2 = leaf->lg2 < second->lg2 ? leaf->lg2 : second->lg2;
	unsigned int both = LEAF_USER | LEAF_PRIV | LEAF_DIRTY;
	uint64_t start = align_down(gpa, BIT(lg2));

	leaf->pa = second->pa | (start & (BIT(second->lg2) - 1));
	leaf->lg2 = lg2;
	leaf->bits = (leaf->bits & second->bits & both) |
		     (leaf->bits & LEAF_SUPERVISOR) |
		     (second->bits & LEAF_SNOOP);
}

/* The first stage, and the second of what it puts out. */
static int walk_fs(struct vtd_hw *m, struct vtd_hw_lookup *l,
		   const struct vtd_hw_want *want, struct vtd_hw_leaf *leaf)
{
	const struct vtd_hw_ctx *ctx = l->ctx;
	uint64_t va = l->req.addr, gpa;
	struct vtd_hw_want want2 = *want;
	struct vtd_hw_leaf second;
	unsigned int lacks;
	bool keep;

	m->stats.nested_walks += ctx->ss;
	if (vtd_hw_walk_fs(m, ctx, va, want, leaf, &keep, &l->fault))
		return -EFAULT;
	/* The second stage is not asked for what the first denies. */
	lacks = vtd_hw_lacks(leaf->bits, want->priv, want->need);
	want2.need &= ~lacks;
	if (want->any && !want2.need)
		return 0;
	if (!want->any && lacks)
		return check(l, want, leaf);
	if (ctx->ss) {
		gpa = leaf->pa | (va & (BIT(leaf->lg2) - 1));
		if (vtd_hw_second_stage(m, ctx, gpa, &want2, &second,
					&l->fault))
			return -EFAULT;
		combine(gpa, &second, leaf);
	}
	if (keep && !vtd_hw_leaf_blocked(leaf))
		vtd_hw_tlb_add(&m->xlat->tlb, ctx->tag, va, leaf);
	return check(l, want, leaf);
}

int vtd_hw_stages(struct vtd_hw *m, struct vtd_hw_lookup *l, bool any,
		  struct vtd_hw_leaf *ret_leaf)
{
	const struct vtd_hw_req *req = &l->req;
	const struct vtd_hw_want want = {
		.need = req->need,
		.priv = req->priv,
		.any = any,
		.purpose = VTD_HW_FOR_PAGE,
	};

	/* A write to a clean page is walked for, to mark it dirty. */
	if (vtd_hw_tlb_find(&m->xlat->tlb, l->ctx->tag, req->addr, ret_leaf) >=
		    0 &&
	    !vtd_hw_dirties(ret_leaf->bits, &want)) {
		l->hit = true;
		return check(l, &want, ret_leaf);
	}
	l->miss = true;
	if (l->ctx->fs)
		return walk_fs(m, l, &want, ret_leaf);
	if (vtd_hw_second_stage(m, l->ctx, req->addr, &want, ret_leaf,
				&l->fault))
		return -EFAULT;
	return check(l, &want, ret_leaf);
}
