/* SPDX-License-Identifier: MIT */
/*
 * ATS Translation Requests: section 4.2.3, and two columns of table 30.
 *
 * What the tables say is not for the function, or not there, down to the
 * context entry: Unsupported Request. Tables that cannot be read or are wrong,
 * second-stage paging structures among them: Completer Abort. Both are
 * recorded. No PASID entry, no page, not for this request, or anything else
 * about the first stage, which may be a guest's: success without a permission,
 * and no record but of a failed update of flags; the function may ask for the
 * page. A request grants a subset of what it asks for; one without NW asks for
 * writing, which marks a clean page dirty, since the writes will not be seen
 * here.
 */
#include "fmt/vtd_fault.h"
#include "models/vtd/port.h"
#include "models/vtd/regs.h"
#include "models/vtd/translate.h"
#include "models/vtd/walk.h"

/* The smallest translation unit. */
enum { STU = 4096 };

static void no_access(const struct vtd_hw_req *req, struct hw_xlat *xlat)
{
	*xlat = (struct hw_xlat){ .len = STU - (req->addr & (STU - 1)) };
}

/* The Priv bit: of who asked for it, and RID_PRIV does not ask. */
static unsigned int prefix_priv(const struct vtd_hw_req *req)
{
	return req->pv && req->priv ? IOMMU_PERM_PRIV : 0;
}

static enum hw_ats_status status_of(uint8_t reason)
{
	switch (reason) {
	case VTD_FAULT_LRT_2:
	case VTD_FAULT_LCT_2:
	case VTD_FAULT_LCT_5:
	case VTD_FAULT_RTA_2:
	case VTD_FAULT_RTA_4:
	case VTD_FAULT_RTA_5:
	case VTD_FAULT_SRT_2:
	case VTD_FAULT_SCT_2:
	case VTD_FAULT_SCT_5:
	case VTD_FAULT_SCT_6:
	case VTD_FAULT_SCT_7:
	case VTD_FAULT_SCT_9:
	case VTD_FAULT_SGN_10:
		return HW_ATS_UR;
	case VTD_FAULT_LGN_1:
	case VTD_FAULT_LGN_2:
	case VTD_FAULT_LGN_3:
	case VTD_FAULT_SPD_2:
	case VTD_FAULT_SPT_2:
	case VTD_FAULT_SPT_5:
	case VTD_FAULT_SPT_6:
	case VTD_FAULT_SFS_1:
	case VTD_FAULT_SFS_2:
	case VTD_FAULT_SFS_3:
	case VTD_FAULT_SFS_4:
	case VTD_FAULT_SFS_5:
	case VTD_FAULT_SFS_6:
	case VTD_FAULT_SFS_7:
	case VTD_FAULT_SFS_8:
	case VTD_FAULT_SFS_9:
	case VTD_FAULT_SFS_10:
	case VTD_FAULT_SSS_2:
	case VTD_FAULT_SGN_1:
	case VTD_FAULT_SGN_2:
	case VTD_FAULT_SGN_3:
	case VTD_FAULT_SGN_4:
	case VTD_FAULT_SGN_5:
	case VTD_FAULT_SGN_6:
	case VTD_FAULT_SGN_7:
		return HW_ATS_SUCCESS;
	default:
		return HW_ATS_CA;
	}
}

/* l->fault as an answer. */
static enum hw_ats_status failed(struct vtd_hw *m, struct vtd_hw_lookup *l,
				 struct hw_xlat *xlat)
{
	enum hw_ats_status status = status_of(l->fault.reason);

	if (status == HW_ATS_SUCCESS)
		no_access(&l->req, xlat);
	if (status != HW_ATS_SUCCESS || l->fault.reason == VTD_FAULT_SFS_10)
		vtd_hw_record(m, l);
	return status;
}

/* 3.9, PT: the address is what it is. */
static enum hw_ats_status identity(struct vtd_hw *m, struct vtd_hw_lookup *l,
				   struct hw_xlat *xlat)
{
	const struct vtd_hw_req *req = &l->req;

	/* None of these has a translation, and none is an error: SGN.8.2. */
	if (vtd_hw_is_interrupt(req->addr) || req->addr & ~m->haw_mask ||
	    vtd_hw_pmr_blocks(m, req->addr)) {
		no_access(req, xlat);
		return HW_ATS_SUCCESS;
	}
	no_access(req, xlat);
	xlat->pa = req->addr;
	xlat->perm = req->need | prefix_priv(req);
	xlat->attr = l->ctx->pgsnp ? VTD_HW_ATTR_SNOOP : 0;
	return HW_ATS_SUCCESS;
}

static enum hw_ats_status translate(struct vtd_hw *m, struct vtd_hw_lookup *l,
				    struct hw_xlat *xlat)
{
	const struct vtd_hw_req *req = &l->req;
	struct vtd_hw_leaf leaf;
	unsigned int give;

	if (vtd_hw_stages(m, l, true, &leaf))
		return failed(m, l, xlat);
	give = req->need & ~vtd_hw_lacks(leaf.bits, req->priv, req->need);
	/* What can be executed can be read, and neither without the other. */
	if (!(give & IOMMU_PERM_READ))
		give &= ~(unsigned int)IOMMU_PERM_EXEC;
	no_access(req, xlat);
	if (!(give & (IOMMU_PERM_READ | IOMMU_PERM_WRITE)))
		return HW_ATS_SUCCESS;
	vtd_hw_xlat_of(req, l->ctx->pgsnp, &leaf, xlat);
	xlat->perm = give | prefix_priv(req);
	if (!vtd_hw_pmr_translated(m))
		return HW_ATS_SUCCESS;
	xlat->len = STU - (req->addr & (STU - 1));
	if (vtd_hw_pmr_blocks(m, xlat->pa))
		no_access(req, xlat);
	return HW_ATS_SUCCESS;
}

static enum hw_ats_status request(struct vtd_hw *m, struct vtd_hw_lookup *l,
				  struct hw_ats_reply *reply)
{
	const struct vtd_hw_req *req = &l->req;

	if (!(vtd_hw_root(m) & VTD_HW_ROOT_TE))
		return HW_ATS_UR;
	if (vtd_hw_config_mode(m, &l->fault) || vtd_hw_context(m, l))
		return failed(m, l, &reply->xlat);
	/*
	 * S.1, S.2: interrupts are written as they are, by untranslated
	 * requests; by none that says it will not write.
	 */
	if (vtd_hw_is_interrupt(req->addr) && !req->pv) {
		no_access(req, &reply->xlat);
		if (l->no_write)
			return HW_ATS_SUCCESS;
		reply->xlat.pa = req->addr;
		reply->xlat.perm = IOMMU_PERM_WRITE;
		reply->untranslated_only = true;
		return HW_ATS_SUCCESS;
	}
	if (l->ctx->kind == VTD_HW_PASS)
		return identity(m, l, &reply->xlat);
	return translate(m, l, &reply->xlat);
}

void vtd_hw_ats_translate(struct iommu_hw *hw, struct hw_port *port,
			  const struct hw_txn *txn,
			  struct hw_ats_reply *ret_reply)
{
	struct vtd_hw_lookup l = { .hit = false };
	struct vtd_hw *m = vtd_hw_of(hw);
	struct hw_txn asks = *txn;
	uint64_t n = hw_port_count(&port->translations);

	/*
	 * A request says NW and no more: it is for reading and writing, or for
	 * reading (4.2.3.1), and for fetching beside either.
	 */
	*ret_reply = (struct hw_ats_reply){ .status = HW_ATS_UR };
	l.no_write = txn->flags & HW_TXN_NO_WRITE && ECAP(m, NWFS);
	asks.perm |= IOMMU_PERM_READ | IOMMU_PERM_WRITE;
	if (l.no_write)
		asks.perm &= ~(uint32_t)IOMMU_PERM_WRITE;
	vtd_hw_request(&asks, VTD_FRCD_AT_TRANSLATION, &l.req);
	if (l.req.pv && txn->perm & IOMMU_PERM_EXEC) {
		l.req.exec = true;
		l.req.need |= IOMMU_PERM_EXEC;
	}
	vtd_hw_lock(m);
	m->stats.ats_requests++;
	if (ECAP(m, DT)) {
		if (vtd_hw_forgets(m, n))
			vtd_hw_xlat_flush(m);
		ret_reply->status = request(m, &l, ret_reply);
	}
	vtd_hw_unlock(m);
	if (l.hit)
		hw_port_count(&port->tlb_hits);
	if (l.miss)
		hw_port_count(&port->tlb_misses);
}
