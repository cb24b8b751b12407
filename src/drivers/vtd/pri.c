/* SPDX-License-Identifier: MIT */
/*
 * Page requests and their answers. [M3]
 *
 * Every request with Last gets one answer: from core, if it took the request,
 * otherwise from here. [R2] A request that nobody may grant is reported like
 * any other, as one that asks for no access: core refuses that, and with it the
 * group, also when it is not the last of it. Answered here, its group would
 * leave what came before to the next one with the same number.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/prq.h"
#include "drivers/vtd/vtd.h"
#include "fmt/vtd.h"

/* Sign-extended from the widest first stage the unit has. */
static bool is_canonical(const struct vtd_unit *u, uint64_t addr)
{
	unsigned int unused = 64 - (u->f.five_level ? 57 : 48);

	return (uint64_t)((int64_t)(addr << unused) >> unused) == addr;
}

/* [R4]: has a PASID, and asks for nothing. */
static bool is_stop_marker(const struct vtd_prd *prd)
{
	return FIELD_GET(VTD_PRD_PP, prd) && FIELD_GET(VTD_PRD_LPIG, prd) &&
	       !FIELD_GET(VTD_PRD_RDR, prd) && !FIELD_GET(VTD_PRD_WRR, prd);
}

/* Requests to execute are those that read, too (7.4.1.1). */
static bool is_exec(const struct vtd_prd *prd)
{
	return FIELD_GET(VTD_PRD_EXR, prd) && FIELD_GET(VTD_PRD_RDR, prd);
}

/*
 * What no entry of ours grants: privileged requests (SRE) and requests to
 * execute (ERE), and addresses no first stage has. A guest's entries may, and
 * the guest says so itself.
 */
static bool is_grantable(const struct vtd_unit *u, const struct vtd_prd *prd,
			 bool nested)
{
	return nested || (!FIELD_GET(VTD_PRD_PMR, prd) && !is_exec(prd) &&
			  is_canonical(u, vtd_prd_addr(prd)));
}

static uint32_t perm_of(const struct vtd_prd *prd)
{
	return (FIELD_GET(VTD_PRD_RDR, prd) ? IOMMU_PERM_READ : 0) |
	       (FIELD_GET(VTD_PRD_WRR, prd) ? IOMMU_PERM_WRITE : 0) |
	       (is_exec(prd) ? IOMMU_PERM_EXEC : 0) |
	       (FIELD_GET(VTD_PRD_PMR, prd) ? IOMMU_PERM_PRIV : 0);
}

static struct iommu_fault make_fault(const struct vtd_prd *prd, bool grantable)
{
	struct iommu_fault fault = { .type = IOMMU_FAULT_PAGE_REQ };
	struct iommu_fault_page_request *prm = &fault.prm;

	if (FIELD_GET(VTD_PRD_PP, prd)) {
		/* An answer has a PASID exactly if the request had one. */
		prm->flags |= IOMMU_FAULT_PAGE_REQUEST_PASID_VALID |
			      IOMMU_FAULT_PAGE_REQUEST_RESPONSE_NEEDS_PASID;
		prm->pasid = (ioasid_t)FIELD_GET(VTD_PRD_PASID, prd);
	}
	if (FIELD_GET(VTD_PRD_LPIG, prd))
		prm->flags |= IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE;
	if (FIELD_GET(VTD_PRD_PDP, prd)) {
		prm->flags |= IOMMU_FAULT_PAGE_REQUEST_PRIV_DATA;
		prm->private_data[0] = FIELD_GET(VTD_PRD_PRIV_LO, prd);
		prm->private_data[1] = FIELD_GET(VTD_PRD_PRIV_HI, prd);
	}
	prm->grpid = (uint32_t)FIELD_GET(VTD_PRD_PRGI, prd);
	prm->addr = vtd_prd_addr(prd);
	prm->perm = grantable ? perm_of(prd) : 0;
	return fault;
}

static int send_answer(struct vtd_unit *u, uint16_t sid,
		       const struct iommu_fault_page_request *req,
		       enum iommu_page_response_code code)
{
	struct vtd_prg_response r = {
		.sid = sid,
		.index = (uint16_t)req->grpid,
		.pasid = req->pasid,
		.pasid_valid = req->flags &
			       IOMMU_FAULT_PAGE_REQUEST_PASID_VALID,
		.private_valid = req->flags &
				 IOMMU_FAULT_PAGE_REQUEST_PRIV_DATA,
		/* Others are not answered. */
		.last = true,
		.code = code,
		.private_data = { req->private_data[0], req->private_data[1] },
	};
	struct vtd_batch b;

	vtd_batch_init(&b, u);
	vtd_prg_response(&b, &r);
	return vtd_batch_sync(&b);
}

/* What core did not take. */
static void answer(struct vtd_unit *u, const struct vtd_prd *prd,
		   const struct iommu_fault *fault,
		   enum iommu_page_response_code code)
{
	int err;

	if (!FIELD_GET(VTD_PRD_LPIG, prd))
		return;
	err = send_answer(u, (uint16_t)FIELD_GET(VTD_PRD_RID, prd), &fault->prm,
			  code);
	if (err)
		plat_log(u->plat, PLAT_LOG_ERR,
			 "%s: an answer was lost: error %d", u->name, err);
}

void vtd_prq_record(struct vtd_unit *u, const struct vtd_prd *prd)
{
	enum iommu_page_response_code code = IOMMU_PAGE_RESP_INVALID;
	struct vtd_device *vdev;
	struct iommu_fault fault;
	bool grantable;
	int err;

	vtd_count(&u->counters.page_requests);
	/* Of another kind, so nobody knows where it says what. */
	if (FIELD_GET(VTD_PRD_TYPE, prd) != VTD_PRD_TYPE_REQUEST)
		return;
	if (is_stop_marker(prd))
		return;
	vdev = vtd_device_find(u, (uint16_t)FIELD_GET(VTD_PRD_RID, prd));
	grantable = is_grantable(u, prd, vdev && vtd_is_nested(vdev));
	fault = make_fault(prd, grantable);
	if (!vdev) {
		answer(u, prd, &fault, code);
		return;
	}
	err = iommu_report_device_fault(vdev->dev, &fault);
	/* Out of memory is a matter of policy. [F9] */
	if (grantable)
		code = iommu_fault_verdict(vdev->dev, err);
	vtd_device_put(vdev);
	if (err)
		answer(u, prd, &fault, code);
}

int vtd_page_response(struct iommu_device *dev,
		      const struct iommu_fault_page_request *req,
		      enum iommu_page_response_code code)
{
	struct vtd_device *vdev = iommu_device_priv(dev);

	/* One requester id: others have no page requests. */
	return send_answer(vdev->u, vdev->sids[0], req, code);
}

/* At least one, and then the queue may overflow; it is made up for. */
static unsigned int take_credits(struct vtd_unit *u)
{
	struct vtd_prq *q = u->prq;
	unsigned int n;

	plat_lock(u->plat, &q->lock);
	n = q->credits < VTD_PRI_QUOTA ? q->credits : VTD_PRI_QUOTA;
	q->credits -= n;
	plat_unlock(u->plat, &q->lock);
	return n;
}

static void give_credits(struct vtd_unit *u, unsigned int n)
{
	plat_lock(u->plat, &u->prq->lock);
	u->prq->credits += n;
	plat_unlock(u->plat, &u->prq->lock);
}

int vtd_enable_faults(struct iommu_device *dev)
{
	struct vtd_device *vdev = iommu_device_priv(dev);
	struct vtd_unit *u = vdev->u;
	int err;

	if (!vdev->can_pri)
		return -ENODEV;
	vdev->credits = take_credits(u);
	err = pci_func_enable_pri(&vdev->pci, u->plat,
				  vdev->credits ? vdev->credits : 1,
				  u->timeout_ns);
	if (err) {
		give_credits(u, vdev->credits);
		return err;
	}
	atomic_store_explicit(&vdev->faults_on, true, memory_order_release);
	return 0;
}

void vtd_disable_faults(struct iommu_device *dev)
{
	struct vtd_device *vdev = iommu_device_priv(dev);
	struct vtd_unit *u = vdev->u;

	if (!atomic_exchange_explicit(&vdev->faults_on, false,
				      memory_order_acq_rel))
		return;
	if (pci_func_disable_pri(&vdev->pci, u->plat, u->timeout_ns))
		plat_log(u->plat, PLAT_LOG_WARN,
			 "%s: %s has page requests nobody answered", u->name,
			 iommu_device_name(dev));
	give_credits(u, vdev->credits);
}
