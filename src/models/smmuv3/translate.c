/* SPDX-License-Identifier: MIT */
/*
 * Transactions, in the order of checks of sections 3.4, 3.9.1.3 and 7.3.22.
 *
 * The hit path takes no lock: it makes the port busy, and finds the context
 * and the translation in the caches of tlb.c. Everything else (misses, faults,
 * a disabled SMMU) lets go of the port and starts again under the lock; the
 * port is busy again before the lock is dropped, so that no invalidation can
 * complete between the lookup and the use of its result.
 */
#include "models/smmuv3/translate.h"

#include "models/smmuv3/config.h"
#include "models/smmuv3/evt.h"
#include "models/smmuv3/port.h"
#include "models/smmuv3/stall.h"
#include "models/smmuv3/walk.h"

void smmuv3_hw_request(const struct hw_txn *txn, struct smmuv3_hw_req *ret_req)
{
	*ret_req = (struct smmuv3_hw_req){
		.sid = txn->requester,
		.ssid = txn->pasid & (uint32_t)(BIT(IOMMU_PASID_BITS_MAX) - 1),
		.ssv = txn->flags & HW_TXN_PASID_VALID,
		.translated = txn->flags & HW_TXN_TRANSLATED,
		.priv = txn->perm & IOMMU_PERM_PRIV,
		.write = txn->perm & IOMMU_PERM_WRITE,
		.inst = txn->perm & IOMMU_PERM_EXEC,
		.need = txn->perm & IOMMU_PERM_RWX,
		.addr = txn->addr,
	};
}

/* 13.1.2: writes are data; an instruction fetch needs no other permission. */
void smmuv3_hw_override(struct smmuv3_hw_req *req, unsigned int privcfg,
			unsigned int instcfg)
{
	if (privcfg >= SMMU_STE_PRIVCFG_UNPRIV)
		req->priv = privcfg == SMMU_STE_PRIVCFG_PRIV;
	if (instcfg >= SMMU_STE_INSTCFG_DATA)
		req->inst = instcfg == SMMU_STE_INSTCFG_INST;
	if (req->write) {
		req->inst = false;
		req->need &= ~(unsigned int)IOMMU_PERM_EXEC;
	} else {
		req->need = req->inst ? IOMMU_PERM_EXEC : IOMMU_PERM_READ;
	}
}

void smmuv3_hw_xlat(const struct smmuv3_hw_req *req, uint64_t va,
		    const struct smmuv3_hw_leaf *leaf, struct hw_xlat *ret_xlat)
{
	uint64_t offset = va & (BIT(leaf->lg2) - 1);
	unsigned int perm = leaf->perm;

	ret_xlat->pa = leaf->pa | offset;
	ret_xlat->len = BIT(leaf->lg2) - offset;
	ret_xlat->size = BIT(leaf->lg2);
	if (req->priv)
		perm = perm >> PERM_PRIV_SHIFT;
	ret_xlat->perm = (perm & PERM_USER) | (req->priv ? IOMMU_PERM_PRIV : 0);
	ret_xlat->attr = leaf->attr;
}

/* Nothing translates: to the end of what can be addressed. */
static void identity(const struct smmuv3_hw *m, uint64_t addr,
		     struct hw_xlat *ret_xlat)
{
	ret_xlat->pa = addr;
	ret_xlat->len = BIT(m->oas_lg2) - addr;
	ret_xlat->size = 0;
	ret_xlat->perm = IOMMU_PERM_RWX | IOMMU_PERM_PRIV;
	ret_xlat->attr = ARM_MAIR_WB_RAWA | SMMU_SH_ISH << 8;
}

/*
 * Outcomes of the hit path.
 */
enum fast {
	FAST_NO, /* to the slow path */
	FAST_HIT,
	FAST_IDENTITY,
};

static enum fast translate_fast(struct smmuv3_hw *m, const struct hw_txn *txn,
				struct hw_xlat *ret_xlat)
{
	struct smmuv3_hw_leaf leaf;
	struct smmuv3_hw_req req;
	uint64_t key, word, va;

	smmuv3_hw_request(txn, &req);
	if (req.translated) {
		/* 3.9.1.3: there is no PASID on it, so no more than data. */
		req.priv = req.inst = false;
		key = smmuv3_hw_ctx_key(req.sid, false, 0, true);
	} else {
		key = smmuv3_hw_ctx_key(req.sid, req.ssv, req.ssid, false);
	}
	if (!smmuv3_hw_ctx_word(m, key, &word))
		return FAST_NO;
	if ((word & 3) == CTX_BYPASS) {
		if (req.addr >> m->oas_lg2)
			return FAST_NO;
		identity(m, req.addr, ret_xlat);
		return FAST_IDENTITY;
	}
	smmuv3_hw_override(&req, word >> 4 & 3, word >> 6 & 3);
	va = smmuv3_hw_va(req.addr, word >> 2 & 1, word >> 3 & 1);
	if (smmuv3_hw_tlb_find(&m->tlb, word >> 16, va, &leaf) < 0)
		return FAST_NO;
	if (smmuv3_hw_lacks(leaf.perm, req.priv, req.need))
		return FAST_NO;
	smmuv3_hw_xlat(&req, va, &leaf, ret_xlat);
	return FAST_HIT;
}

void smmuv3_hw_forget(struct smmuv3_hw *m)
{
	smmuv3_hw_tlb_flush(m);
	smmuv3_hw_config_flush(m);
}

/* 3.4, 6.3.14: SMMUEN is 0. */
static int disabled(struct smmuv3_hw *m, struct smmuv3_hw_lookup *l,
		    struct hw_xlat *ret_xlat)
{
	if (l->req.translated)
		return smmuv3_hw_refuse(l, SMMU_EVT_F_TRANSL_FORBIDDEN);
	if (REG_GET(SMMU_GBPA_ABORT, m->reg[R_GBPA]) ||
	    l->req.addr >> m->oas_lg2)
		return smmuv3_hw_refuse(l, 0);
	identity(m, l->req.addr, ret_xlat);
	return 0;
}

/*
 * 5.5: who decides about a fault of translation: stage 2 about its own, also
 * if it comes of the fetch of a CD; the CD about those of stage 1; nobody if
 * there is no stage 1.
 */
static void apply_rs(struct smmuv3_hw_lookup *l,
		     const struct smmuv3_hw_ctx *ctx)
{
	bool s = l->fault.s2 ? ctx->s2s : ctx->s;
	bool r = l->fault.s2 ? ctx->s2r : ctx->r || !ctx->s1;

	if (l->fault.id < SMMU_EVT_F_TRANSLATION ||
	    l->fault.id > SMMU_EVT_F_PERMISSION)
		return;
	l->stalls = s;
	/* Only the CD has an A; a stage 1 that does not translate aborts. */
	l->razwi = !l->fault.s2 && ctx->s1 && ctx->razwi;
	if (!s && !r)
		l->fault.id = 0;
}

/* A transaction whose context is found. */
static int serve(struct smmuv3_hw *m, struct smmuv3_hw_lookup *l,
		 struct hw_xlat *ret_xlat)
{
	const struct smmuv3_hw_ctx *ctx = l->ctx;
	struct smmuv3_hw_leaf leaf;

	smmuv3_hw_override(&l->req, ctx->privcfg, ctx->instcfg);
	if (smmuv3_hw_stages(m, l, false, &leaf)) {
		apply_rs(l, ctx);
		return -EFAULT;
	}
	smmuv3_hw_xlat(&l->req,
		       smmuv3_hw_va(l->req.addr, ctx->ttb[0].tbi,
				    ctx->ttb[1].tbi),
		       &leaf, ret_xlat);
	return 0;
}

/* 3.9.1.3: may it pass, and how? */
static int context_translated(struct smmuv3_hw *m, struct smmuv3_hw_lookup *l)
{
	uint64_t key = smmuv3_hw_ctx_key(l->req.sid, false, 0, true);
	struct smmuv3_hw_ctx ctx = { .kind = CTX_BYPASS };
	int i = smmuv3_hw_ctx_find(m, key);
	struct smmu_ste ste;

	if (i >= 0) {
		l->ctx = &m->ctx_full[i];
		return 0;
	}
	if (smmuv3_hw_cr0(m, SMMU_CR0_ATSCHK_LO)) {
		if (smmuv3_hw_config_ste(m, l->req.sid, &ste, &l->fault)) {
			if (!REG_GET(SMMU_CR2_REC_CFG_ATS, m->reg[R_CR2]))
				l->fault.id = 0;
			return -EFAULT;
		}
		if (FIELD_GET(SMMU_STE_CONFIG, &ste) < SMMU_STE_CONFIG_BYPASS)
			return smmuv3_hw_refuse(l, 0);
		if (!smmuv3_hw_config_ats(m, &ste))
			return smmuv3_hw_refuse(l, SMMU_EVT_F_TRANSL_FORBIDDEN);
		/* 13.6.3: split-stage leaves stage 2 to be done. */
		smmuv3_hw_decode_ste(m, &ste, &ctx);
		if (!ctx.split)
			ctx.kind = CTX_BYPASS;
	}
	l->ctx = smmuv3_hw_ctx_add(m, key, &ctx);
	return 0;
}

/* What an earlier ATS reply allowed. A PASID on it has no meaning. */
static int translated(struct smmuv3_hw *m, struct smmuv3_hw_lookup *l,
		      struct hw_xlat *ret_xlat)
{
	int ret;

	l->req.ssv = l->req.priv = l->req.inst = false;
	ret = context_translated(m, l);
	if (ret)
		return ret;
	if (l->ctx->kind == CTX_TRANSLATE)
		return serve(m, l, ret_xlat);
	/* 3.9.1.1: beyond the physical size is an abort without a record. */
	if (l->req.addr >> m->oas_lg2)
		return smmuv3_hw_refuse(l, 0);
	identity(m, l->req.addr, ret_xlat);
	return 0;
}

/* The context of an untranslated transaction, from its cache or made. */
static int context(struct smmuv3_hw *m, struct smmuv3_hw_lookup *l)
{
	uint64_t key =
		smmuv3_hw_ctx_key(l->req.sid, l->req.ssv, l->req.ssid, false);
	int i = smmuv3_hw_ctx_find(m, key);
	struct smmuv3_hw_ctx ctx;
	struct smmu_ste ste;
	int ret;

	if (i >= 0) {
		l->ctx = &m->ctx_full[i];
		return 0;
	}
	ret = smmuv3_hw_config_ste(m, l->req.sid, &ste, &l->fault);
	if (ret) {
		/* 6.3.12: C_BAD_STREAMID only if asked for. */
		if (l->fault.id == SMMU_EVT_C_BAD_STREAMID &&
		    !REG_GET(SMMU_CR2_RECINVSID, m->reg[R_CR2]))
			l->fault.id = 0;
		return ret;
	}
	if (FIELD_GET(SMMU_STE_CONFIG, &ste) < SMMU_STE_CONFIG_BYPASS)
		return smmuv3_hw_refuse(l, 0);
	ret = smmuv3_hw_config_ctx(m, &ste, &l->req, &ctx, &l->fault);
	if (ret) {
		/* Of the CD's fetch; the record has the access overridden. */
		smmuv3_hw_override(&l->req, ctx.privcfg, ctx.instcfg);
		apply_rs(l, &ctx);
		return ret;
	}
	l->ctx = smmuv3_hw_ctx_add(m, key, &ctx);
	return 0;
}

static int untranslated(struct smmuv3_hw *m, struct smmuv3_hw_lookup *l,
			struct hw_xlat *ret_xlat)
{
	int ret;

	ret = context(m, l);
	if (ret)
		return ret;
	if (l->ctx->kind == CTX_TRANSLATE)
		return serve(m, l, ret_xlat);
	smmuv3_hw_override(&l->req, l->ctx->privcfg, l->ctx->instcfg);
	if (l->req.addr >> m->oas_lg2)
		return smmuv3_hw_refuse(l, SMMU_EVT_F_ADDR_SIZE);
	identity(m, l->req.addr, ret_xlat);
	return 0;
}

static int translate_locked(struct smmuv3_hw *m, struct smmuv3_hw_lookup *l,
			    uint64_t cookie, struct hw_xlat *ret_xlat)
{
	int ret;

	if (m->sfm)
		return -EFAULT;
	if (!smmuv3_hw_cr0(m, SMMU_CR0_SMMUEN_LO))
		ret = disabled(m, l, ret_xlat);
	else if (l->req.translated)
		ret = translated(m, l, ret_xlat);
	else
		ret = untranslated(m, l, ret_xlat);
	if (ret && l->stalls)
		return smmuv3_hw_stall_add(m, &l->req, &l->fault, cookie);
	if (ret && l->fault.id)
		smmuv3_hw_evt_record(m, &l->req, &l->fault);
	return ret && l->razwi ? -ENODATA : ret;
}

static int translate_slow(struct smmuv3_hw *m, struct hw_port *port,
			  const struct hw_txn *txn, bool forget,
			  struct hw_xlat *ret_xlat)
{
	struct smmuv3_hw_lookup l = { .hit = false };
	struct hw_xlat xlat;
	int ret;

	smmuv3_hw_request(txn, &l.req);
	if (l.req.write)
		l.req.inst = false;
	smmuv3_hw_lock(m);
	if (forget)
		smmuv3_hw_forget(m);
	ret = translate_locked(m, &l, txn->cookie, &xlat);
	if (!ret)
		hw_port_begin(port);
	smmuv3_hw_unlock(m);
	if (l.hit)
		hw_port_count(&port->tlb_hits);
	if (l.miss)
		hw_port_count(&port->tlb_misses);
	if (!ret)
		*ret_xlat = xlat;
	return ret;
}

int smmuv3_hw_translate(struct iommu_hw *hw, struct hw_port *port,
			const struct hw_txn *txn, struct hw_xlat *ret_xlat)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);
	uint64_t n = hw_port_count(&port->translations);
	enum fast fast;

	/* An eager model has to come by the place where it forgets. */
	if (smmuv3_hw_forgets(m, n))
		return translate_slow(m, port, txn, true, ret_xlat);
	hw_port_begin(port);
	fast = translate_fast(m, txn, ret_xlat);
	if (fast == FAST_NO) {
		hw_port_done(port);
		return translate_slow(m, port, txn, false, ret_xlat);
	}
	if (fast == FAST_HIT)
		hw_port_count(&port->tlb_hits);
	return 0;
}
