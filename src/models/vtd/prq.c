/* SPDX-License-Identifier: MIT */
/*
 * Page requests: 7.4 and 7.5.
 *
 * A request goes into the queue, or it is dropped; then, if it is the last of
 * its group, the device is answered here:
 *
 *  Success   the queue is full, or has been since software cleared PRO: the
 *            device translates again, and asks again.
 *  Invalid   the tables do not let it through, down to the PASID entry, or
 *            translation is off (7.4.1, tables 30 and 31).
 *  Failure   the queue cannot be accessed.
 *
 * The answer has the PASID of the request. A stop marker is a request like any
 * other to the queue, and is never answered.
 *
 * What the caches have for the page is forgotten before the request is in the
 * queue: a device that asks for a page it could not use finds what software
 * makes of it.
 */
#include "models/vtd/prq.h"

#include "base/le64.h"
#include "fmt/vtd.h"
#include "models/vtd/config.h"
#include "models/vtd/event.h"
#include "models/vtd/inval.h"
#include "models/vtd/tlb.h"

static void make_record(const struct hw_page_request *req,
			struct vtd_prd *ret_prd)
{
	struct vtd_prd prd = { { 0 } };

	FIELD_SET(VTD_PRD_TYPE, &prd, VTD_PRD_TYPE_REQUEST);
	FIELD_SET(VTD_PRD_RID, &prd, req->requester & 0xffff);
	FIELD_SET(VTD_PRD_RDR, &prd, (req->perm & IOMMU_PERM_READ) != 0);
	FIELD_SET(VTD_PRD_WRR, &prd, (req->perm & IOMMU_PERM_WRITE) != 0);
	FIELD_SET(VTD_PRD_LPIG, &prd, req->last);
	FIELD_SET(VTD_PRD_PRGI, &prd, req->prgi & FIELD_MAX(VTD_PRD_PRGI));
	vtd_prd_set_addr(&prd, req->addr);
	if (req->pasid_valid) {
		FIELD_SET(VTD_PRD_PP, &prd, 1);
		FIELD_SET(VTD_PRD_PASID, &prd,
			  req->pasid & FIELD_MAX(VTD_PRD_PASID));
		FIELD_SET(VTD_PRD_EXR, &prd,
			  (req->perm & IOMMU_PERM_EXEC) != 0);
		FIELD_SET(VTD_PRD_PMR, &prd,
			  (req->perm & IOMMU_PERM_PRIV) != 0);
	}
	*ret_prd = prd;
}

/* L, W, R are 0b100 and there is a PASID. */
static bool is_stop_marker(const struct hw_page_request *req)
{
	return req->pasid_valid && req->last &&
	       !(req->perm & (IOMMU_PERM_READ | IOMMU_PERM_WRITE));
}

/* 7.5: one event for all that is pending. */
static void status(struct vtd_hw *m, uint64_t bit)
{
	bool first = !m->reg[R_PRS];

	m->reg[R_PRS] |= bit;
	if (first)
		vtd_hw_event_raise(m, VTD_HW_EVENT_PAGE);
}

/* Software may have written PQT as if the queue were larger. */
static uint64_t inside(const struct vtd_hw *m, uint64_t tail)
{
	uint64_t size =
		BIT(VTD_QUEUE_UNIT_LG2 + REG_GET(VTD_PQA_PQS, m->reg[R_PQA]));

	return tail & FIELD_MASK(VTD_PQT_PQT) & (size - 1);
}

enum fate {
	QUEUED,
	OVERFLOW, /* Success */
	BAD,      /* Invalid Request */
	BROKEN,   /* Response Failure */
};

static enum fate enqueue(struct vtd_hw *m, const struct vtd_prd *prd)
{
	uint64_t base = REG_GET(VTD_PQA_PQA, m->reg[R_PQA])
			<< VTD_QUEUE_UNIT_LG2;
	uint64_t tail = inside(m, m->reg[R_PQT]);
	uint64_t after = inside(m, tail + BIT(VTD_PRD_LG2));
	unsigned char buf[sizeof(prd->dw)];

	if (REG_GET(VTD_PRS_PRO, m->reg[R_PRS]))
		return OVERFLOW;
	if (after == (m->reg[R_PQH] & FIELD_MASK(VTD_PQH_PQH))) {
		status(m, FIELD_MASK(VTD_PRS_PRO));
		return OVERFLOW;
	}
	le64_store_words(buf, prd->dw, 4);
	if (m->env.mem_write(m->env.ctx, base + tail, buf, sizeof(buf), NULL))
		return BROKEN;
	m->reg[R_PQT] = after;
	status(m, FIELD_MASK(VTD_PRS_PPR));
	return QUEUED;
}

/* The tables, the IOTLB, then the queue. */
static enum fate accept(struct vtd_hw *m, const struct hw_page_request *req)
{
	struct vtd_hw_fault fault = {
		.type = VTD_FRCD_TYPE_PAGE_REQUEST,
		.sid = (uint16_t)req->requester,
		.pasid_valid = req->pasid_valid,
		.exec = req->perm & IOMMU_PERM_EXEC,
		.priv = req->perm & IOMMU_PERM_PRIV,
		.pasid = req->pasid,
		.addr = req->addr,
	};
	struct vtd_hw_tlb_inv inv;
	struct vtd_prd prd;

	if (!ECAP(m, PRS) || !(vtd_hw_root(m) & VTD_HW_ROOT_TE))
		return BAD;
	if (vtd_hw_config_page_request(m, req, &inv, &fault)) {
		vtd_hw_fault(m, &fault);
		return BAD;
	}
	vtd_hw_tlb_inv(m, &inv);
	make_record(req, &prd);
	return enqueue(m, &prd);
}

void vtd_hw_page_request(struct iommu_hw *hw, const struct hw_page_request *req)
{
	static const enum hw_prg_code codes[] = {
		[OVERFLOW] = HW_PRG_SUCCESS,
		[BAD] = HW_PRG_INVALID,
		[BROKEN] = HW_PRG_FAILURE,
	};
	struct vtd_hw *m = vtd_hw_of(hw);
	struct hw_prg_response resp = {
		.requester = req->requester,
		.pasid_valid = req->pasid_valid,
		.pasid = req->pasid_valid ? req->pasid : 0,
		.prgi = req->prgi & (uint16_t)FIELD_MAX(VTD_PRD_PRGI),
	};
	enum fate fate;
	bool respond;

	vtd_hw_lock(m);
	m->stats.page_requests++;
	fate = accept(m, req);
	m->stats.page_requests_queued += fate == QUEUED;
	respond = fate != QUEUED && req->last && !is_stop_marker(req) &&
		  m->has_bus;
	if (respond) {
		m->stats.prg_responses++;
		m->stats.prg_responses_auto++;
		m->responding++;
	}
	vtd_hw_unlock(m);
	if (!respond)
		return;
	resp.code = codes[fate];
	m->bus.prg_response(m->bus.ctx, &resp);
	vtd_hw_lock(m);
	m->responding--;
	/* A wait descriptor may wait for that. */
	vtd_hw_inval_run(m);
	vtd_hw_unlock(m);
}
