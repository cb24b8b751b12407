/* SPDX-License-Identifier: MIT */
/*
 * Event records, section 7.3. An event has the fields that its own section
 * names, and zeroes elsewhere.
 *
 * F_BAD_ATS_TREQ: the positions of the requested permissions and of the span
 * are not confirmed (fmt/smmuv3_queue.h), so those are left 0.
 */
#include "models/smmuv3/evt.h"

#include "models/smmuv3/queue.h"

static void set_stream(const struct smmuv3_hw_req *req, struct smmu_evt *evt)
{
	FIELD_SET(SMMU_EVT_STREAMID, evt, req->sid);
}

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

static void set_translation(const struct smmuv3_hw_req *req,
			    const struct smmuv3_hw_fault *fault,
			    struct smmu_evt *evt)
{
	set_substream(req, evt);
	set_access(req, evt);
	FIELD_SET(SMMU_EVT_CLASS, evt, fault->class);
}

void smmuv3_hw_evt_make(const struct smmuv3_hw_req *req,
			const struct smmuv3_hw_fault *fault,
			struct smmu_evt *ret_evt)
{
	struct smmu_evt evt = { { 0 } };

	FIELD_SET(SMMU_EVT_ID, &evt, fault->id);
	set_stream(req, &evt);
	switch (fault->id) {
	case SMMU_EVT_C_BAD_STREAMID:
	case SMMU_EVT_C_BAD_STE:
	case SMMU_EVT_C_BAD_CD:
		set_substream(req, &evt);
		break;
	case SMMU_EVT_F_STE_FETCH:
	case SMMU_EVT_F_CD_FETCH:
		set_substream(req, &evt);
		smmu_evt_set_fetchaddr(&evt, fault->fetch);
		break;
	case SMMU_EVT_C_BAD_SUBSTREAMID:
		/* Without SSV; 0 if CD 0 was wanted for lack of a substream. */
		FIELD_SET(SMMU_EVT_SUBSTREAMID, &evt, req->ssv ? req->ssid : 0);
		break;
	case SMMU_EVT_F_BAD_ATS_TREQ:
		set_substream(req, &evt);
		FIELD_SET(SMMU_EVT_INPUTADDR, &evt,
			  align_down(req->addr, 4096));
		break;
	case SMMU_EVT_F_STREAM_DISABLED:
		break;
	case SMMU_EVT_F_TRANSL_FORBIDDEN:
		FIELD_SET(SMMU_EVT_RNW, &evt, !req->write);
		FIELD_SET(SMMU_EVT_INPUTADDR, &evt, req->addr);
		break;
	case SMMU_EVT_F_WALK_EABT:
		set_translation(req, fault, &evt);
		smmu_evt_set_fetchaddr(&evt, fault->fetch);
		break;
	default:
		set_translation(req, fault, &evt);
		break;
	}
	*ret_evt = evt;
}

void smmuv3_hw_evt_record(struct smmuv3_hw *m, const struct smmuv3_hw_req *req,
			  const struct smmuv3_hw_fault *fault)
{
	struct smmuv3_hw_fault f = *fault;
	struct smmu_evt evt;

	/* 7.3: bits above the output address size are RES0. */
	f.fetch = smmuv3_hw_oas(m, f.fetch);
	smmuv3_hw_evt_make(req, &f, &evt);
	smmuv3_hw_queue_event(m, &evt);
}
