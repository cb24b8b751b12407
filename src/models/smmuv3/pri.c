/* SPDX-License-Identifier: MIT */
/*
 * Page requests: chapter 8.
 *
 * A request that cannot be queued is answered here. That is a failure if the
 * queue is off or broken; and a success if it overflows, so that the endpoint
 * translates and asks again.
 *
 * To an SMMU without substreams a PASID is not there: no SSV, no X and Priv,
 * no stop marker.
 */
#include "models/smmuv3/pri.h"

#include "models/smmuv3/config.h"
#include "models/smmuv3/evt.h"
#include "models/smmuv3/queue.h"

static void make_record(const struct hw_page_request *req,
			struct smmu_pri *ret_pri)
{
	struct smmu_pri pri = { { 0 } };

	FIELD_SET(SMMU_PRI_STREAMID, &pri, req->requester);
	FIELD_SET(SMMU_PRI_R, &pri, (req->perm & IOMMU_PERM_READ) != 0);
	FIELD_SET(SMMU_PRI_W, &pri, (req->perm & IOMMU_PERM_WRITE) != 0);
	FIELD_SET(SMMU_PRI_LAST, &pri, req->last);
	FIELD_SET(SMMU_PRI_PRGINDEX, &pri,
		  req->prgi & FIELD_MAX(SMMU_PRI_PRGINDEX));
	smmu_pri_set_address(&pri, req->addr);
	if (req->pasid_valid) {
		FIELD_SET(SMMU_PRI_SSV, &pri, 1);
		FIELD_SET(SMMU_PRI_SUBSTREAMID, &pri,
			  req->pasid & FIELD_MAX(SMMU_PRI_SUBSTREAMID));
		FIELD_SET(SMMU_PRI_X, &pri, (req->perm & IOMMU_PERM_EXEC) != 0);
		FIELD_SET(SMMU_PRI_PRIV, &pri,
			  (req->perm & IOMMU_PERM_PRIV) != 0);
	}
	*ret_pri = pri;
}

/* L, W, R are 0b100 and there is a PASID. */
static bool is_stop_marker(const struct hw_page_request *req)
{
	return req->pasid_valid && req->last &&
	       !(req->perm & (IOMMU_PERM_READ | IOMMU_PERM_WRITE));
}

/* 8.1: does the answer to an overflow carry the PASID, or is it a failure? */
static void overflow_response(struct smmuv3_hw *m,
			      const struct hw_page_request *req,
			      struct hw_prg_response *resp)
{
	struct smmuv3_hw_req sreq = { .sid = req->requester,
				      .ssid = req->pasid & 0xfffff,
				      .ssv = true };
	struct smmuv3_hw_fault fault;
	struct smmu_ste ste;
	uint64_t cr2 = m->reg[R_CR2];

	resp->code = HW_PRG_SUCCESS;
	if (!req->pasid_valid)
		return;
	if (!IDR(m, 3, PPS)) {
		if (smmuv3_hw_config_ste(m, req->requester, &ste, &fault)) {
			resp->code = HW_PRG_FAILURE;
			if (REG_GET(SMMU_CR2_REC_CFG_ATS, cr2) &&
			    (fault.id != SMMU_EVT_C_BAD_STREAMID ||
			     REG_GET(SMMU_CR2_RECINVSID, cr2)))
				smmuv3_hw_evt_record(m, &sreq, &fault);
			return;
		}
		if (!FIELD_GET(SMMU_STE_PPAR, &ste))
			return;
	}
	resp->pasid_valid = true;
	resp->pasid = req->pasid;
}

void smmuv3_hw_page_request(struct iommu_hw *hw,
			    const struct hw_page_request *msg)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);
	struct hw_page_request seen = *msg;
	const struct hw_page_request *req = &seen;
	struct hw_prg_response resp = { .requester = msg->requester,
					.prgi = msg->prgi & 0x1ff,
					.code = HW_PRG_FAILURE };
	enum smmuv3_hw_pri_fate fate = PRI_REFUSED;
	struct smmu_pri pri;
	bool respond;

	seen.pasid_valid = msg->pasid_valid && IDR(m, 1, SSIDSIZE);
	make_record(req, &pri);
	smmuv3_hw_lock(m);
	m->stats.page_requests++;
	if (IDR(m, 0, PRI))
		fate = smmuv3_hw_queue_request(m, &pri, req->last);
	m->stats.page_requests_queued += fate == PRI_QUEUED;
	/*
	 * 8.2 has every refused request answered, also one that is not the
	 * last of its group; an overflow answers the last one only, and looks
	 * at PPAR only to answer.
	 */
	respond = fate != PRI_QUEUED && !is_stop_marker(req) &&
		  (fate == PRI_REFUSED || req->last) && m->has_bus;
	if (respond && fate == PRI_OVERFLOW)
		overflow_response(m, req, &resp);
	if (respond) {
		m->stats.prg_responses++;
		m->stats.prg_responses_auto++;
	}
	smmuv3_hw_unlock(m);
	if (respond)
		m->bus.prg_response(m->bus.ctx, &resp);
}
