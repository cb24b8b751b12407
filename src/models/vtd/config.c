/* SPDX-License-Identifier: MIT */
/*
 * Root, context and PASID tables, with a cache of contexts and one of PASID
 * entries: sections 3.4, 6.2.2 and 6.2.3.
 *
 * Without caching mode (CAP.CM) nothing that is not present or not legal is
 * kept. strict keeps the rest until an invalidation names it.
 *
 * Structures are read 16 bytes at a time, lowest first, so software may change
 * that much of an entry in use. P is in the first 16, so a driver that writes
 * it last is safe.
 */
#include "models/vtd/config.h"

#include "fmt/vtd_fault.h"
#include "fmt/vtd_queue.h"
#include "models/vtd/mem.h"
#include "models/vtd/tlb.h"

static int fault(struct vtd_hw_fault *ret_fault, unsigned int reason)
{
	ret_fault->reason = (uint8_t)reason;
	return -EFAULT;
}

/*
 * Reads one word, or n in pairs. -EFAULT: external abort, or there is no such
 * address.
 */
static int fetch(struct vtd_hw *m, uint64_t addr, uint64_t *dw, unsigned int n)
{
	unsigned int i;

	if (addr & ~m->haw_mask)
		return -EFAULT;
	if (n == 1)
		return m->env.mem_load64(m->env.ctx, addr, dw);
	for (i = 0; i < n; i += 2)
		if (vtd_hw_load128(m, addr + 8 * i, &dw[i]))
			return -EFAULT;
	return 0;
}

/* Index of a key in a cache of 1 << lg2, or -1. */
static int find(const uint64_t *keys, unsigned int lg2, uint64_t key)
{
	unsigned int set = vtd_hw_hash(key, lg2);
	unsigned int i;

	for (i = set; i < set + VTD_HW_WAYS; i++)
		if (keys[i] == key)
			return (int)i;
	return -1;
}

/* The index that is the key's from now on; another key may lose it. */
static unsigned int take(uint64_t *keys, unsigned int lg2, uint64_t key,
			 unsigned int *victim)
{
	unsigned int set = vtd_hw_hash(key, lg2);
	unsigned int i;

	for (i = set; i < set + VTD_HW_WAYS; i++)
		if (!keys[i] || keys[i] == key)
			break;
	if (i == set + VTD_HW_WAYS)
		i = set + (*victim)++ % VTD_HW_WAYS;
	keys[i] = key;
	return i;
}

/* Contexts of the two modes are different things. */
static uint64_t context_key(uint16_t sid, bool scalable)
{
	return (uint64_t)sid << 32 | (scalable ? 2 : 0) | 1;
}

static uint64_t pasid_key(uint16_t sid, ioasid_t pasid)
{
	return (uint64_t)sid << 32 | (uint64_t)pasid << 1 | 1;
}

static bool scalable_mode(const struct vtd_hw *m)
{
	return vtd_hw_root_ttm(vtd_hw_root(m)) == VTD_RTADDR_TTM_SCALABLE;
}

/* The table that has the context of a source. */
static int context_table(struct vtd_hw *m, uint16_t sid, bool scalable,
			 uint64_t *ret_table, struct vtd_hw_fault *ret_fault)
{
	bool upper = scalable && sid & VTD_SM_ROOT_UPPER;
	uint64_t addr = vtd_hw_root_base(vtd_hw_root(m)) +
			(uint64_t)(sid >> 8) * sizeof(struct vtd_root);
	struct vtd_root root;
	uint8_t illegal;

	if (fetch(m, addr, root.dw, 2))
		return fault(ret_fault,
			     scalable ? VTD_FAULT_SRT_1 : VTD_FAULT_LRT_1);
	/* P, LP and UP are the lowest of their words. */
	if (!FIELD_GET(VTD_ROOT_P, &root) && !upper)
		return fault(ret_fault,
			     scalable ? VTD_FAULT_SRT_2 : VTD_FAULT_LRT_2);
	if (upper && !FIELD_GET(VTD_SM_ROOT_UP, &root))
		return fault(ret_fault, VTD_FAULT_SRT_2);
	illegal = vtd_hw_root_illegal(m, scalable, upper, &root);
	if (illegal)
		return fault(ret_fault, illegal);
	*ret_table = upper    ? vtd_sm_root_uctp(&root) :
		     scalable ? vtd_sm_root_lctp(&root) :
				vtd_root_ctp(&root);
	return 0;
}

static void keep_context(struct vtd_hw *m, uint64_t key, const uint64_t *dw,
			 unsigned int n)
{
	struct vtd_hw_xlat *x = m->xlat;
	unsigned int i = take(x->context_key, VTD_HW_CONTEXTS_LG2, key,
			      &x->context_victim);

	memcpy(x->context[i].dw, dw, n * sizeof(*dw));
}

/* FPD of an entry counts whether it is present or not. */
static int context_legacy(struct vtd_hw *m, uint16_t sid,
			  struct vtd_context *ret_ce,
			  struct vtd_hw_fault *ret_fault)
{
	uint64_t key = context_key(sid, false), table;
	int i = find(m->xlat->context_key, VTD_HW_CONTEXTS_LG2, key);
	uint8_t illegal;

	if (i >= 0) {
		memcpy(ret_ce->dw, m->xlat->context[i].dw, sizeof(ret_ce->dw));
		ret_fault->fpd |= FIELD_GET(VTD_CONTEXT_FPD, ret_ce);
		return 0;
	}
	if (context_table(m, sid, false, &table, ret_fault))
		return -EFAULT;
	if (fetch(m, table + (sid & 0xff) * sizeof(*ret_ce), ret_ce->dw, 2))
		return fault(ret_fault, VTD_FAULT_LCT_1);
	ret_fault->fpd |= FIELD_GET(VTD_CONTEXT_FPD, ret_ce);
	if (!FIELD_GET(VTD_CONTEXT_P, ret_ce))
		return fault(ret_fault, VTD_FAULT_LCT_2);
	illegal = vtd_hw_context_illegal(m, ret_ce);
	if (illegal)
		return fault(ret_fault, illegal);
	keep_context(m, key, ret_ce->dw, 2);
	return 0;
}

static int context_scalable(struct vtd_hw *m, uint16_t sid,
			    struct vtd_sm_context *ret_ce,
			    struct vtd_hw_fault *ret_fault)
{
	uint64_t index = sid & (VTD_SM_CONTEXT_ENTRIES - 1);
	uint64_t key = context_key(sid, true), table;
	int i = find(m->xlat->context_key, VTD_HW_CONTEXTS_LG2, key);
	uint8_t illegal;

	if (i >= 0) {
		memcpy(ret_ce->dw, m->xlat->context[i].dw, sizeof(ret_ce->dw));
		ret_fault->fpd |= FIELD_GET(VTD_SM_CONTEXT_FPD, ret_ce);
		return 0;
	}
	if (context_table(m, sid, true, &table, ret_fault))
		return -EFAULT;
	if (fetch(m, table + index * sizeof(*ret_ce), ret_ce->dw, 4))
		return fault(ret_fault, VTD_FAULT_SCT_1);
	ret_fault->fpd |= FIELD_GET(VTD_SM_CONTEXT_FPD, ret_ce);
	if (!FIELD_GET(VTD_SM_CONTEXT_P, ret_ce))
		return fault(ret_fault, VTD_FAULT_SCT_2);
	illegal = vtd_hw_sm_context_illegal(m, ret_ce);
	if (illegal)
		return fault(ret_fault, illegal);
	keep_context(m, key, ret_ce->dw, 4);
	return 0;
}

static int fetch_pasid(struct vtd_hw *m, const struct vtd_sm_context *ce,
		       ioasid_t pasid, struct vtd_pasid *ret_pe, bool *ret_fpd,
		       struct vtd_hw_fault *ret_fault)
{
	uint64_t index = pasid & (BIT(VTD_PASID_TABLE_LG2) - 1);
	struct vtd_pasid_dir pde;
	uint8_t illegal;

	if (fetch(m,
		  vtd_sm_context_pasiddirptr(ce) +
			  (uint64_t)(pasid >> VTD_PASID_TABLE_LG2) *
				  sizeof(pde),
		  pde.dw, 1))
		return fault(ret_fault, VTD_FAULT_SPD_1);
	*ret_fpd = FIELD_GET(VTD_PASID_DIR_FPD, &pde);
	ret_fault->fpd |= *ret_fpd;
	if (!FIELD_GET(VTD_PASID_DIR_P, &pde))
		return fault(ret_fault, VTD_FAULT_SPD_2);
	illegal = vtd_hw_pasid_dir_illegal(m, &pde);
	if (illegal)
		return fault(ret_fault, illegal);
	if (fetch(m, vtd_pasid_dir_smptblptr(&pde) + index * sizeof(*ret_pe),
		  ret_pe->dw, 8))
		return fault(ret_fault, VTD_FAULT_SPT_1);
	ret_fault->fpd |= FIELD_GET(VTD_PASID_FPD, ret_pe);
	if (!FIELD_GET(VTD_PASID_P, ret_pe))
		return fault(ret_fault, VTD_FAULT_SPT_2);
	illegal = vtd_hw_pasid_illegal(m, ret_pe);
	return illegal ? fault(ret_fault, illegal) : 0;
}

static int pasid_entry(struct vtd_hw *m, uint16_t sid,
		       const struct vtd_sm_context *ce, ioasid_t pasid,
		       struct vtd_pasid *ret_pe, struct vtd_hw_fault *ret_fault)
{
	uint64_t key = pasid_key(sid, pasid);
	struct vtd_hw_xlat *x = m->xlat;
	int i = find(x->pasid_key, VTD_HW_PASIDS_LG2, key);
	unsigned int n;
	bool fpd;

	if (i >= 0) {
		*ret_pe = x->pasid[i];
		ret_fault->fpd |= x->pasid_fpd[i] ||
				  FIELD_GET(VTD_PASID_FPD, ret_pe);
		return 0;
	}
	if (fetch_pasid(m, ce, pasid, ret_pe, &fpd, ret_fault))
		return -EFAULT;
	n = take(x->pasid_key, VTD_HW_PASIDS_LG2, key, &x->pasid_victim);
	vtd_hw_used_set(x->pasid_used, n);
	x->pasid[n] = *ret_pe;
	x->pasid_fpd[n] = fpd;
	return 0;
}

static void decode_legacy(const struct vtd_context *ce,
			  struct vtd_hw_ctx *ret_ctx)
{
	bool pass = FIELD_GET(VTD_CONTEXT_TT, ce) == VTD_CONTEXT_TT_PASS;

	*ret_ctx = (struct vtd_hw_ctx){
		.kind = pass ? VTD_HW_PASS : VTD_HW_TRANSLATE,
		.did = (uint16_t)FIELD_GET(VTD_CONTEXT_DID, ce),
		.dte = FIELD_GET(VTD_CONTEXT_TT, ce) == VTD_CONTEXT_TT_ALL,
		/* There are no other requests than a user's. */
		.sre = true,
		.ss = !pass,
		.ss_levels = (uint8_t)(FIELD_GET(VTD_CONTEXT_AW, ce) + 2),
		.ss_base = vtd_context_ssptptr(ce),
	};
	ret_ctx->tag = vtd_hw_tlb_tag(VTD_HW_SS, ret_ctx->did, 0);
	ret_ctx->ss_tag = ret_ctx->tag;
}

static enum vtd_hw_stage stage_of(const struct vtd_hw_ctx *ctx)
{
	if (!ctx->fs)
		return VTD_HW_SS;
	return ctx->ss ? VTD_HW_NESTED : VTD_HW_FS;
}

static void decode_scalable(const struct vtd_sm_context *ce,
			    const struct vtd_pasid *pe, ioasid_t pasid,
			    struct vtd_hw_ctx *ret_ctx)
{
	uint64_t pgtt = FIELD_GET(VTD_PASID_PGTT, pe);

	*ret_ctx = (struct vtd_hw_ctx){
		.kind = pgtt == VTD_PASID_PGTT_PT ? VTD_HW_PASS :
						    VTD_HW_TRANSLATE,
		.pasid = pasid,
		.did = (uint16_t)FIELD_GET(VTD_PASID_DID, pe),
		.scalable = true,
		.by_pasid = true,
		.dte = FIELD_GET(VTD_SM_CONTEXT_DTE, ce),
		.rid_priv = FIELD_GET(VTD_SM_CONTEXT_RID_PRIV, ce),
		.sre = FIELD_GET(VTD_PASID_SRE, pe),
		.ere = FIELD_GET(VTD_PASID_ERE, pe),
		.fs = pgtt == VTD_PASID_PGTT_FS ||
		      pgtt == VTD_PASID_PGTT_NESTED,
		.ss = pgtt == VTD_PASID_PGTT_SS ||
		      pgtt == VTD_PASID_PGTT_NESTED,
		.wpe = FIELD_GET(VTD_PASID_WPE, pe),
		.nxe = FIELD_GET(VTD_PASID_NXE, pe),
		.smep = FIELD_GET(VTD_PASID_SMEP, pe),
		.eafe = FIELD_GET(VTD_PASID_EAFE, pe),
		.ssade = FIELD_GET(VTD_PASID_SSADE, pe),
		.pwsnp = FIELD_GET(VTD_PASID_PWSNP, pe),
		.pgsnp = FIELD_GET(VTD_PASID_PGSNP, pe),
		.fs_levels = FIELD_GET(VTD_PASID_FSPM, pe) == VTD_PASID_FSPM_5 ?
				     5 :
				     4,
		.ss_levels = (uint8_t)(FIELD_GET(VTD_PASID_AW, pe) + 2),
		.fs_base = vtd_pasid_fsptptr(pe),
		.ss_base = vtd_pasid_ssptptr(pe),
	};
	ret_ctx->tag = vtd_hw_tlb_tag(stage_of(ret_ctx), ret_ctx->did, pasid);
	if (ret_ctx->fs)
		ret_ctx->tag |= vtd_hw_tlb_rules(ret_ctx->wpe, ret_ctx->smep,
						 ret_ctx->nxe);
	ret_ctx->ss_tag = vtd_hw_tlb_tag(VTD_HW_SS, ret_ctx->did, 0);
}

static int ctx_legacy(struct vtd_hw *m, const struct vtd_hw_source *src,
		      struct vtd_hw_ctx *ret_ctx,
		      struct vtd_hw_fault *ret_fault)
{
	struct vtd_context ce;

	if (src->pasid_valid)
		return fault(ret_fault, VTD_FAULT_RTA_2);
	if (context_legacy(m, src->sid, &ce, ret_fault))
		return -EFAULT;
	decode_legacy(&ce, ret_ctx);
	if (src->at != VTD_FRCD_AT_UNTRANSLATED && !ret_ctx->dte)
		return fault(ret_fault, VTD_FAULT_LCT_5);
	if (src->at == VTD_FRCD_AT_TRANSLATED)
		ret_ctx->kind = VTD_HW_PASS;
	return 0;
}

/* The PASID whose entry is used, if the context has room for it. */
static int which_pasid(const struct vtd_sm_context *ce, bool pasid_valid,
		       ioasid_t pasid, ioasid_t *ret_pasid,
		       struct vtd_hw_fault *ret_fault)
{
	ioasid_t rid_pasid = (ioasid_t)FIELD_GET(VTD_SM_CONTEXT_RID_PASID, ce);

	*ret_pasid = pasid_valid ? pasid : rid_pasid;
	if (!pasid_valid)
		return 0;
	if (!FIELD_GET(VTD_SM_CONTEXT_PASIDE, ce))
		return fault(ret_fault, VTD_FAULT_SCT_6);
	if (pasid >> vtd_hw_pdts_bits(ce))
		return fault(ret_fault, VTD_FAULT_SCT_7);
	return pasid == rid_pasid ? fault(ret_fault, VTD_FAULT_SCT_9) : 0;
}

static int ctx_scalable(struct vtd_hw *m, const struct vtd_hw_source *src,
			struct vtd_hw_ctx *ret_ctx,
			struct vtd_hw_fault *ret_fault)
{
	struct vtd_sm_context ce;
	struct vtd_pasid pe;
	ioasid_t pasid;

	if (context_scalable(m, src->sid, &ce, ret_fault))
		return -EFAULT;
	if (src->at != VTD_FRCD_AT_UNTRANSLATED &&
	    !FIELD_GET(VTD_SM_CONTEXT_DTE, &ce))
		return fault(ret_fault, VTD_FAULT_SCT_5);
	if (src->at == VTD_FRCD_AT_TRANSLATED) {
		*ret_ctx = (struct vtd_hw_ctx){ .kind = VTD_HW_PASS,
						.scalable = true,
						.sre = true,
						.ere = true };
		return 0;
	}
	if (which_pasid(&ce, src->pasid_valid, src->pasid, &pasid, ret_fault))
		return -EFAULT;
	if (pasid >> (ECAP(m, PSS) + 1))
		return fault(ret_fault, VTD_FAULT_SGN_10);
	if (pasid_entry(m, src->sid, &ce, pasid, &pe, ret_fault))
		return -EFAULT;
	decode_scalable(&ce, &pe, pasid, ret_ctx);
	return 0;
}

int vtd_hw_config_mode(struct vtd_hw *m, struct vtd_hw_fault *ret_fault)
{
	switch (vtd_hw_root_ttm(vtd_hw_root(m))) {
	case VTD_RTADDR_TTM_LEGACY:
		return 0;
	case VTD_RTADDR_TTM_SCALABLE:
		return ECAP(m, SMTS) ? 0 : fault(ret_fault, VTD_FAULT_RTA_1);
	case VTD_RTADDR_TTM_ABORT:
		return fault(ret_fault,
			     ECAP(m, ADMS) ? VTD_FAULT_RTA_4 : VTD_FAULT_RTA_1);
	default:
		return fault(ret_fault, VTD_FAULT_RTA_1);
	}
}

int vtd_hw_config_ctx(struct vtd_hw *m, const struct vtd_hw_source *src,
		      struct vtd_hw_ctx *ret_ctx,
		      struct vtd_hw_fault *ret_fault)
{
	int ret;

	ret_fault->fpd = false;
	if (scalable_mode(m))
		ret = ctx_scalable(m, src, ret_ctx, ret_fault);
	else
		ret = ctx_legacy(m, src, ret_ctx, ret_fault);
	if (!ret)
		ret_ctx->fpd = ret_fault->fpd;
	return ret;
}

/* Table 27: what a page request takes, by what serves its PASID. */
static void implied_inv(const struct vtd_pasid *pe, ioasid_t pasid,
			uint64_t addr, struct vtd_hw_tlb_inv *ret_inv)
{
	*ret_inv = (struct vtd_hw_tlb_inv){
		.did = (uint16_t)FIELD_GET(VTD_PASID_DID, pe),
		.pasid = pasid,
		.addr = addr & TLB_PAGE_MASK,
	};
	switch (FIELD_GET(VTD_PASID_PGTT, pe)) {
	case VTD_PASID_PGTT_FS:
		ret_inv->scope = VTD_HW_TLB_PASID_PAGES;
		break;
	case VTD_PASID_PGTT_NESTED:
		ret_inv->scope = VTD_HW_TLB_DOMAIN;
		break;
	default:
		ret_inv->scope = VTD_HW_TLB_PAGES;
		break;
	}
}

int vtd_hw_config_page_request(struct vtd_hw *m,
			       const struct hw_page_request *req,
			       struct vtd_hw_tlb_inv *ret_inv,
			       struct vtd_hw_fault *ret_fault)
{
	uint16_t sid = (uint16_t)req->requester;
	struct vtd_sm_context ce;
	struct vtd_pasid pe;
	ioasid_t pasid;

	ret_fault->fpd = false;
	if (vtd_hw_config_mode(m, ret_fault))
		return -EFAULT;
	if (!scalable_mode(m))
		return fault(ret_fault, VTD_FAULT_RTA_3);
	if (context_scalable(m, sid, &ce, ret_fault))
		return -EFAULT;
	if (!FIELD_GET(VTD_SM_CONTEXT_PRE, &ce))
		return fault(ret_fault, VTD_FAULT_SCT_8);
	if (which_pasid(&ce, req->pasid_valid, req->pasid, &pasid, ret_fault))
		return -EFAULT;
	if (pasid_entry(m, sid, &ce, pasid, &pe, ret_fault))
		return -EFAULT;
	implied_inv(&pe, pasid, req->addr, ret_inv);
	return 0;
}
