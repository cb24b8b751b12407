/* SPDX-License-Identifier: MIT */
/*
 * ATS Translation Requests: sections 3.9.1.2 and 13.7.
 *
 * ATS is refused to the function: Unsupported Request. Its configuration is
 * wrong: Completer Abort. Its address is not there: success without a
 * permission. A request grants a subset of what it asks for; to ask for
 * writing marks a clean page dirty, since the writes will not be seen here.
 */
#include "models/smmuv3/config.h"
#include "models/smmuv3/evt.h"
#include "models/smmuv3/port.h"
#include "models/smmuv3/translate.h"
#include "models/smmuv3/walk.h"

/* The Smallest Translation Unit. */
enum { STU = 4096 };

static enum hw_ats_status unsupported(struct smmuv3_hw *m,
				      struct smmuv3_hw_lookup *l)
{
	l->fault = (struct smmuv3_hw_fault){ .id = SMMU_EVT_F_BAD_ATS_TREQ };
	smmuv3_hw_evt_record(m, &l->req, &l->fault);
	return HW_ATS_UR;
}

/* A configuration error: recorded if CR2.REC_CFG_ATS asks for it. */
static enum hw_ats_status abort_request(struct smmuv3_hw *m,
					struct smmuv3_hw_lookup *l)
{
	uint64_t cr2 = m->reg[R_CR2];

	if (REG_GET(SMMU_CR2_REC_CFG_ATS, cr2) &&
	    (l->fault.id != SMMU_EVT_C_BAD_STREAMID ||
	     REG_GET(SMMU_CR2_RECINVSID, cr2)))
		smmuv3_hw_evt_record(m, &l->req, &l->fault);
	return HW_ATS_CA;
}

/* Faults that are no more than "not there", at either stage: 3.9.1.2. */
static bool is_translation_fault(const struct smmuv3_hw_fault *fault)
{
	return fault->id >= SMMU_EVT_F_TRANSLATION &&
	       fault->id <= SMMU_EVT_F_PERMISSION;
}

/*
 * Its STE lets the function use ATS, and l->ctx is set, unless its CD is not
 * there at stage 2; or an answer.
 */
static enum hw_ats_status context(struct smmuv3_hw *m,
				  struct smmuv3_hw_lookup *l)
{
	uint64_t key =
		smmuv3_hw_ctx_key(l->req.sid, l->req.ssv, l->req.ssid, false);
	int i = smmuv3_hw_ctx_find(m, key);
	struct smmuv3_hw_ctx ctx;
	struct smmu_ste ste;

	if (i >= 0) {
		l->ctx = &m->ctx_full[i];
		return l->ctx->ats ? HW_ATS_SUCCESS : unsupported(m, l);
	}
	if (smmuv3_hw_config_ste(m, l->req.sid, &ste, &l->fault))
		return abort_request(m, l);
	if (FIELD_GET(SMMU_STE_CONFIG, &ste) < SMMU_STE_CONFIG_BYPASS)
		return HW_ATS_UR;
	if (!smmuv3_hw_config_ats(m, &ste))
		return unsupported(m, l);
	if (smmuv3_hw_config_ctx(m, &ste, &l->req, &ctx, &l->fault))
		return is_translation_fault(&l->fault) ? HW_ATS_SUCCESS :
							 abort_request(m, l);
	l->ctx = smmuv3_hw_ctx_add(m, key, &ctx);
	return HW_ATS_SUCCESS;
}

static void no_access(const struct smmuv3_hw_req *req, struct hw_xlat *xlat)
{
	*xlat = (struct hw_xlat){ .len = STU - (req->addr & (STU - 1)) };
}

/* 13.7.1: execute implies read, and is granted only if asked for. */
static unsigned int granted(const struct smmuv3_hw_lookup *l, unsigned int perm,
			    bool exec, bool priv)
{
	unsigned int have = perm >> (l->req.priv ? PERM_PRIV_SHIFT : 0);
	unsigned int give = have & IOMMU_PERM_WRITE;
	bool read = have & IOMMU_PERM_READ;
	bool fetch = read && have & IOMMU_PERM_EXEC;

	if (l->ctx->instcfg == SMMU_STE_INSTCFG_INST) {
		read = have & IOMMU_PERM_EXEC;
		fetch = read;
	} else if (l->ctx->instcfg == SMMU_STE_INSTCFG_DATA) {
		fetch = read;
	}
	if (read)
		give |= IOMMU_PERM_READ;
	if (fetch && exec)
		give |= IOMMU_PERM_EXEC;
	return give && priv ? give | IOMMU_PERM_PRIV : give;
}

/* 13.6.4: a request that skips stage 1. */
static void identity(struct smmuv3_hw *m, const struct smmuv3_hw_req *req,
		     bool exec, bool priv, struct hw_xlat *xlat)
{
	no_access(req, xlat);
	if (req->addr >> m->oas_lg2)
		return;
	xlat->pa = req->addr;
	xlat->perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE |
		     (exec ? IOMMU_PERM_EXEC : 0) |
		     (priv ? IOMMU_PERM_PRIV : 0);
	xlat->attr = ARM_MAIR_WB_RAWA | SMMU_SH_ISH << 8;
}

static enum hw_ats_status translate(struct smmuv3_hw *m,
				    struct smmuv3_hw_lookup *l, bool exec,
				    bool priv, struct hw_xlat *xlat)
{
	bool inst = l->ctx->instcfg == SMMU_STE_INSTCFG_INST;
	struct smmuv3_hw_leaf leaf;
	uint64_t va = smmuv3_hw_va(l->req.addr, l->ctx->ttb[0].tbi,
				   l->ctx->ttb[1].tbi);

	l->req.need = (inst ? IOMMU_PERM_EXEC : IOMMU_PERM_READ) |
		      (exec ? IOMMU_PERM_EXEC : 0) |
		      (l->req.write ? IOMMU_PERM_WRITE : 0);
	if (smmuv3_hw_stages(m, l, true, &leaf)) {
		if (!is_translation_fault(&l->fault))
			return abort_request(m, l);
		no_access(&l->req, xlat);
		return HW_ATS_SUCCESS;
	}
	/* 3.9.1.2: then the walk ended where that was known. */
	if (smmuv3_hw_lacks(leaf.perm, l->req.priv, l->req.need) ==
	    l->req.need) {
		no_access(&l->req, xlat);
		return HW_ATS_SUCCESS;
	}
	/* 13.6.3 */
	if (l->ctx->split)
		leaf.pa = leaf.side.ipa;
	smmuv3_hw_xlat(&l->req, va, &leaf, xlat);
	xlat->perm = granted(l, leaf.perm, exec, priv);
	if (!xlat->perm)
		no_access(&l->req, xlat);
	return HW_ATS_SUCCESS;
}

static enum hw_ats_status
request(struct smmuv3_hw *m, struct smmuv3_hw_lookup *l, struct hw_xlat *xlat)
{
	/* Without a PASID there is neither Priv nor Exe. */
	bool exec = l->req.ssv && l->req.inst;
	bool priv = l->req.ssv && l->req.priv;
	enum hw_ats_status status;

	l->req.inst = exec;
	l->req.priv = priv;
	if (m->sfm)
		return HW_ATS_CA;
	if (!smmuv3_hw_cr0(m, SMMU_CR0_SMMUEN_LO))
		return unsupported(m, l);
	status = context(m, l);
	if (status != HW_ATS_SUCCESS)
		return status;
	/* Of the fetch of a CD. */
	if (!l->ctx) {
		no_access(&l->req, xlat);
		return HW_ATS_SUCCESS;
	}
	if (l->ctx->kind == CTX_BYPASS) {
		identity(m, &l->req, exec, priv, xlat);
		return HW_ATS_SUCCESS;
	}
	smmuv3_hw_override(&l->req, l->ctx->privcfg, l->ctx->instcfg);
	return translate(m, l, exec, priv, xlat);
}

void smmuv3_hw_ats_translate(struct iommu_hw *hw, struct hw_port *port,
			     const struct hw_txn *txn,
			     struct hw_ats_reply *ret_reply)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);
	struct smmuv3_hw_lookup l = { .hit = false };
	uint64_t n;

	n = hw_port_count(&port->translations);
	*ret_reply = (struct hw_ats_reply){ .status = HW_ATS_UR };
	smmuv3_hw_request(txn, &l.req);
	l.req.ats = true;
	if (txn->flags & HW_TXN_NO_WRITE)
		l.req.write = false;
	smmuv3_hw_lock(m);
	m->stats.ats_requests++;
	if (IDR(m, 0, ATS)) {
		if (smmuv3_hw_forgets(m, n))
			smmuv3_hw_forget(m);
		ret_reply->status = request(m, &l, &ret_reply->xlat);
	}
	smmuv3_hw_unlock(m);
	if (l.hit)
		hw_port_count(&port->tlb_hits);
	if (l.miss)
		hw_port_count(&port->tlb_misses);
}
