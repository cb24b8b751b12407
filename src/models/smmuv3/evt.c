/* SPDX-License-Identifier: MIT */
/*
 * Event records, section 7.3. An event has the fields that its own section
 * names, and zeroes elsewhere, also where the section has UNKNOWN.
 *
 * Never raised by this model: F_TLB_CONFLICT and F_CFG_CONFLICT, whose caches
 * cannot match twice, and F_VMS_FETCH, as there is no MPAM. Their records are
 * made all the same, for those who inject them.
 */
#include "models/smmuv3/evt.h"

#include "models/smmuv3/config.h"
#include "models/smmuv3/queue.h"
#include "models/smmuv3/translate.h"

/* ATS requests are for one translation: hw_txn has no length. */
enum { TREQ_SPAN = 1 };

static void set_substream(const struct smmuv3_hw_req *req, struct smmu_evt *evt)
{
	if (!req->ssv)
		return;
	FIELD_SET(SMMU_EVT_SSV, evt, 1);
	FIELD_SET(SMMU_EVT_SUBSTREAMID, evt, req->ssid);
}

/* InD is 0 for a write already in the request. */
static void set_access(const struct smmuv3_hw_req *req, struct smmu_evt *evt)
{
	FIELD_SET(SMMU_EVT_PNU, evt, req->priv);
	FIELD_SET(SMMU_EVT_IND, evt, req->inst);
	FIELD_SET(SMMU_EVT_RNW, evt, !req->write);
	FIELD_SET(SMMU_EVT_INPUTADDR, evt, req->addr);
}

static void set_stage(const struct smmuv3_hw_fault *fault, struct smmu_evt *evt)
{
	FIELD_SET(SMMU_EVT_S2, evt, fault->s2);
	FIELD_SET(SMMU_EVT_NSIPA, evt, fault->nsipa);
}

static void set_fetch(const struct smmuv3_hw_fault *fault, struct smmu_evt *evt)
{
	FIELD_SET(SMMU_EVT_REASON, evt,
		  fault->reason & FIELD_MAX(SMMU_EVT_REASON));
	smmu_evt_set_fetchaddr(evt, fault->fetch);
}

/* 7.3.6: what was asked for, before the STE overrides it; R is always set. */
static void set_treq(const struct smmuv3_hw_req *req, struct smmu_evt *evt)
{
	set_substream(req, evt);
	FIELD_SET(SMMU_EVT_F_BAD_ATS_TREQ_SPAN, evt, TREQ_SPAN);
	FIELD_SET(SMMU_EVT_F_BAD_ATS_TREQ_PRIV, evt, req->priv);
	FIELD_SET(SMMU_EVT_F_BAD_ATS_TREQ_X, evt, req->inst);
	FIELD_SET(SMMU_EVT_F_BAD_ATS_TREQ_W, evt, req->write);
	FIELD_SET(SMMU_EVT_F_BAD_ATS_TREQ_R, evt, 1);
	FIELD_SET(SMMU_EVT_INPUTADDR, evt, align_down(req->addr, 4096));
}

/* 7.3.13 to 7.3.16 */
static void set_translation(const struct smmuv3_hw_req *req,
			    const struct smmuv3_hw_fault *fault,
			    struct smmu_evt *evt)
{
	set_substream(req, evt);
	set_access(req, evt);
	set_stage(fault, evt);
	FIELD_SET(SMMU_EVT_CLASS, evt, fault->class);
	if (fault->id == SMMU_EVT_F_PERMISSION && fault->s2 &&
	    fault->class == SMMU_EVT_CLASS_TT)
		FIELD_SET(SMMU_EVT_TTRNW, evt, fault->ttrnw);
	if (fault->s2)
		smmu_evt_set_ipa(evt, fault->ipa);
}

/* 7.3.17, 7.3.18 */
static void set_conflict(const struct smmuv3_hw_req *req,
			 const struct smmuv3_hw_fault *fault,
			 struct smmu_evt *evt)
{
	set_substream(req, evt);
	FIELD_SET(SMMU_EVT_CONFLICT_REASON, evt, fault->reason);
	if (fault->id == SMMU_EVT_F_CFG_CONFLICT)
		return;
	set_access(req, evt);
	set_stage(fault, evt);
	if (fault->s2)
		smmu_evt_set_ipa(evt, fault->ipa);
}

void smmuv3_hw_evt_make(const struct smmuv3_hw_req *req,
			const struct smmuv3_hw_fault *fault,
			struct smmu_evt *ret_evt)
{
	struct smmu_evt evt = { { 0 } };

	FIELD_SET(SMMU_EVT_ID, &evt, fault->id);
	FIELD_SET(SMMU_EVT_STREAMID, &evt, req->sid);
	switch (fault->id) {
	case SMMU_EVT_F_UUT:
		set_substream(req, &evt);
		set_access(req, &evt);
		FIELD_SET(SMMU_EVT_REASON, &evt,
			  fault->reason & FIELD_MAX(SMMU_EVT_REASON));
		break;
	case SMMU_EVT_C_BAD_STREAMID:
	case SMMU_EVT_C_BAD_STE:
	case SMMU_EVT_C_BAD_CD:
		set_substream(req, &evt);
		break;
	case SMMU_EVT_F_STE_FETCH:
	case SMMU_EVT_F_CD_FETCH:
	case SMMU_EVT_F_VMS_FETCH:
		set_substream(req, &evt);
		set_fetch(fault, &evt);
		break;
	case SMMU_EVT_C_BAD_SUBSTREAMID:
		/* Without SSV; 0 if CD 0 was wanted for lack of a substream. */
		FIELD_SET(SMMU_EVT_SUBSTREAMID, &evt, req->ssv ? req->ssid : 0);
		break;
	case SMMU_EVT_F_BAD_ATS_TREQ:
		set_treq(req, &evt);
		break;
	case SMMU_EVT_F_STREAM_DISABLED:
		break;
	case SMMU_EVT_F_TRANSL_FORBIDDEN:
		FIELD_SET(SMMU_EVT_RNW, &evt, !req->write);
		FIELD_SET(SMMU_EVT_INPUTADDR, &evt, req->addr);
		break;
	case SMMU_EVT_F_WALK_EABT:
		set_substream(req, &evt);
		set_access(req, &evt);
		FIELD_SET(SMMU_EVT_S2, &evt, fault->s2);
		FIELD_SET(SMMU_EVT_CLASS, &evt, fault->class);
		set_fetch(fault, &evt);
		break;
	case SMMU_EVT_F_TLB_CONFLICT:
	case SMMU_EVT_F_CFG_CONFLICT:
		set_conflict(req, fault, &evt);
		break;
	default:
		set_translation(req, fault, &evt);
		break;
	}
	*ret_evt = evt;
}

/* 7.3: bits above the output address size are RES0. */
static void make_for(const struct smmuv3_hw *m, const struct smmuv3_hw_req *req,
		     const struct smmuv3_hw_fault *fault,
		     struct smmu_evt *ret_evt)
{
	struct smmuv3_hw_fault f = *fault;

	f.fetch = smmuv3_hw_oas(m, f.fetch);
	f.ipa = smmuv3_hw_oas(m, f.ipa);
	smmuv3_hw_evt_make(req, &f, ret_evt);
}

/*
 * 7.3.1: STE.MEV, if the STE is at hand; and none of the events that come
 * before there is one, though they may be merged always.
 */
static bool may_merge(const struct smmuv3_hw *m, const struct smmu_evt *evt)
{
	struct smmu_ste ste;

	switch (FIELD_GET(SMMU_EVT_ID, evt)) {
	case SMMU_EVT_F_UUT:
	case SMMU_EVT_C_BAD_STREAMID:
	case SMMU_EVT_F_STE_FETCH:
	case SMMU_EVT_C_BAD_STE:
		return false;
	default:
		return smmuv3_hw_config_cached(
			       m, (uint32_t)FIELD_GET(SMMU_EVT_STREAMID, evt),
			       &ste) &&
		       FIELD_GET(SMMU_STE_MEV, &ste);
	}
}

void smmuv3_hw_evt_record(struct smmuv3_hw *m, const struct smmuv3_hw_req *req,
			  const struct smmuv3_hw_fault *fault)
{
	struct smmu_evt evt;

	make_for(m, req, fault, &evt);
	smmuv3_hw_queue_event(m, &evt, may_merge(m, &evt));
}

bool smmuv3_hw_evt_stall(struct smmuv3_hw *m, const struct smmuv3_hw_req *req,
			 const struct smmuv3_hw_fault *fault, uint16_t stag)
{
	struct smmu_evt evt;

	make_for(m, req, fault, &evt);
	FIELD_SET(SMMU_EVT_STALL, &evt, 1);
	FIELD_SET(SMMU_EVT_STAG, &evt, stag);
	return smmuv3_hw_queue_stall(m, &evt);
}

bool smmuv3_hw_evt_alike(const struct smmu_evt *a, const struct smmu_evt *b)
{
	uint64_t page = 0;

	switch (FIELD_GET(SMMU_EVT_ID, a)) {
	case SMMU_EVT_F_TRANSL_FORBIDDEN:
	case SMMU_EVT_F_WALK_EABT:
	case SMMU_EVT_F_TRANSLATION:
	case SMMU_EVT_F_ADDR_SIZE:
	case SMMU_EVT_F_ACCESS:
	case SMMU_EVT_F_PERMISSION:
	case SMMU_EVT_F_TLB_CONFLICT:
		page = 4095;
		break;
	default:
		break;
	}
	return a->dw[0] == b->dw[0] && a->dw[1] == b->dw[1] &&
	       !((a->dw[2] ^ b->dw[2]) & ~page) && a->dw[3] == b->dw[3];
}

void smmuv3_hw_unsupported(struct iommu_hw *hw, const struct hw_txn *txn,
			   uint16_t reason)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);
	struct smmuv3_hw_fault fault = { .id = SMMU_EVT_F_UUT,
					 .reason = reason };
	struct smmuv3_hw_req req;

	smmuv3_hw_request(txn, &req);
	if (req.write)
		req.inst = false;
	smmuv3_hw_lock(m);
	/* 3.9.1.3: not for Translated traffic. */
	if (!req.translated && !m->sfm)
		smmuv3_hw_evt_record(m, &req, &fault);
	smmuv3_hw_unlock(m);
}

void smmuv3_hw_page_hint(struct iommu_hw *hw, const struct smmuv3_hw_hint *hint)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);
	struct smmu_evt evt = { { 0 } };
	uint64_t span = hint->pages;

	FIELD_SET(SMMU_EVT_ID, &evt, SMMU_EVT_E_PAGE_REQUEST);
	FIELD_SET(SMMU_EVT_STREAMID, &evt, hint->requester);
	if (hint->pasid_valid) {
		FIELD_SET(SMMU_EVT_SSV, &evt, 1);
		FIELD_SET(SMMU_EVT_SUBSTREAMID, &evt,
			  hint->pasid & FIELD_MAX(SMMU_EVT_SUBSTREAMID));
	}
	if (span > FIELD_MAX(SMMU_EVT_E_PAGE_REQUEST_SPAN))
		span = FIELD_MAX(SMMU_EVT_E_PAGE_REQUEST_SPAN);
	FIELD_SET(SMMU_EVT_E_PAGE_REQUEST_SPAN, &evt, span ? span : 1);
	FIELD_SET(SMMU_EVT_E_PAGE_REQUEST_UR, &evt,
		  (hint->user & IOMMU_PERM_READ) != 0);
	FIELD_SET(SMMU_EVT_E_PAGE_REQUEST_UW, &evt,
		  (hint->user & IOMMU_PERM_WRITE) != 0);
	FIELD_SET(SMMU_EVT_E_PAGE_REQUEST_UX, &evt,
		  (hint->user & IOMMU_PERM_EXEC) != 0);
	FIELD_SET(SMMU_EVT_E_PAGE_REQUEST_PR, &evt,
		  (hint->priv & IOMMU_PERM_READ) != 0);
	FIELD_SET(SMMU_EVT_E_PAGE_REQUEST_PW, &evt,
		  (hint->priv & IOMMU_PERM_WRITE) != 0);
	FIELD_SET(SMMU_EVT_E_PAGE_REQUEST_PX, &evt,
		  (hint->priv & IOMMU_PERM_EXEC) != 0);
	FIELD_SET(SMMU_EVT_INPUTADDR, &evt, align_down(hint->addr, 4096));
	smmuv3_hw_lock(m);
	if (smmuv3_hw_cr0(m, SMMU_CR0_SMMUEN_LO) && !m->sfm)
		smmuv3_hw_queue_event(m, &evt, may_merge(m, &evt));
	smmuv3_hw_unlock(m);
}
