/* SPDX-License-Identifier: MIT */
/*
 * Events, page requests, their answers: Arm IHI 0070, 7.3, 8. [L1] to [L5]
 *
 * Every page request with Last and every stalled transaction gets one answer:
 * from core, if it took the fault, otherwise from here. [R2]
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/event.h"
#include "drivers/smmuv3/smmuv3.h"

/* Log lines about events, per second. */
#define LOG_BURST     10u
#define LOG_WINDOW_NS UINT64_C(1000000000)

/* The event queue has one reader at a time, whose counters these are. */
static bool may_log(struct smmuv3 *smmu)
{
	uint64_t now = plat_now_ns(smmu->plat);

	if (now - smmu->log_window >= LOG_WINDOW_NS) {
		smmu->log_window = now;
		smmu->log_count = 0;
	}
	return smmu->log_count++ < LOG_BURST;
}

static void log_event(struct smmuv3 *smmu, const struct smmu_evt *evt,
		      const struct smmuv3_event_row *row)
{
	if (!may_log(smmu))
		return;
	plat_log(smmu->plat, PLAT_LOG_WARN,
		 "%s: %s (0x%02x) stream %u substream %u%s address %#llx",
		 smmu->name, row->name,
		 (unsigned int)FIELD_GET(SMMU_EVT_ID, evt),
		 (unsigned int)FIELD_GET(SMMU_EVT_STREAMID, evt),
		 (unsigned int)FIELD_GET(SMMU_EVT_SUBSTREAMID, evt),
		 FIELD_GET(SMMU_EVT_SSV, evt) ? "" : " (none)",
		 (unsigned long long)FIELD_GET(SMMU_EVT_INPUTADDR, evt));
}

/* Commands from here have nobody to tell of an error; it is logged there. */
static void submit_answer(struct smmuv3 *smmu, struct smmu_cmd cmd)
{
	struct smmuv3_batch batch;
	int err;

	smmuv3_batch_init(&batch, smmu);
	smmuv3_batch_add(&batch, cmd);
	err = smmuv3_batch_sync(&batch);
	if (err)
		plat_log(smmu->plat, PLAT_LOG_ERR,
			 "%s: an answer was lost: error %d", smmu->name, err);
}

/* True: it is to be tried again. */
static bool report(struct smmuv3_device *sdev, const struct smmu_evt *evt,
		   const struct smmuv3_event_row *row, bool waits, int *ret_err)
{
	/* Relaxed: what was recorded before is a question of luck. */
	bool nested = atomic_load_explicit(&sdev->nested, memory_order_relaxed);
	struct iommu_fault fault =
		waits ? smmuv3_event_stall(evt, sdev) :
			smmuv3_event_unrecov(evt, row, nested);

	*ret_err = iommu_report_device_fault(sdev->dev, &fault);
	return waits && iommu_fault_verdict(sdev->dev, *ret_err) ==
				IOMMU_PAGE_RESP_SUCCESS;
}

/* [L1] */
static void handle_event(struct smmuv3 *smmu, const uint64_t *dw)
{
	struct smmu_evt evt = { { dw[0], dw[1], dw[2], dw[3] } };
	const struct smmuv3_event_row *row =
		smmuv3_event_find((unsigned int)FIELD_GET(SMMU_EVT_ID, &evt));
	uint32_t sid = (uint32_t)FIELD_GET(SMMU_EVT_STREAMID, &evt);
	struct smmuv3_device *sdev = smmuv3_device_find(smmu, sid);
	bool stall = FIELD_GET(SMMU_EVT_STALL, &evt) &&
		     smmuv3_event_is_translation(&evt);
	/* What stage 2 lacks nobody brings. */
	bool waits = stall && !smmuv3_event_is_stage2(&evt);
	uint32_t stag = (uint32_t)FIELD_GET(SMMU_EVT_STAG, &evt);
	bool retry = false;
	int err = -ENODEV;

	smmuv3_count(&smmu->counters.events);
	/* A hint, 7.3.19: the transaction it is about has not failed. */
	if (FIELD_GET(SMMU_EVT_ID, &evt) == SMMU_EVT_E_PAGE_REQUEST) {
		if (sdev)
			smmuv3_device_put(sdev);
		return;
	}
	if (sdev) {
		retry = report(sdev, &evt, row, waits, &err);
		smmuv3_device_put(sdev);
	}
	if (err)
		log_event(smmu, &evt, row);
	/* Nobody took it, or can; the device must not hang. */
	if (stall && (err || !waits))
		submit_answer(smmu, smmuv3_make_resume(sid, stag, retry));
}

static void event_overflow(struct smmuv3 *smmu)
{
	/* Stalled transactions are kept by the SMMU and recorded later. */
	smmuv3_count(&smmu->counters.events_lost);
	if (may_log(smmu))
		plat_log(smmu->plat, PLAT_LOG_WARN,
			 "%s: event queue overflow, records were lost",
			 smmu->name);
}

static struct iommu_fault make_page_request(const struct smmu_pri *pri,
					    const struct smmuv3_device *sdev)
{
	struct iommu_fault fault = { .type = IOMMU_FAULT_PAGE_REQ };
	struct iommu_fault_page_request *prm = &fault.prm;

	if (FIELD_GET(SMMU_PRI_SSV, pri)) {
		prm->flags |= IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;
		prm->pasid = (ioasid_t)FIELD_GET(SMMU_PRI_SUBSTREAMID, pri);
		if (sdev->needs_pasid)
			prm->flags |=
				IOMMU_FAULT_PAGE_REQUEST_RESPONSE_NEEDS_PASID;
	}
	if (FIELD_GET(SMMU_PRI_LAST, pri))
		prm->flags |= IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE;
	if (FIELD_GET(SMMU_PRI_R, pri))
		prm->perm |= IOMMU_PERM_READ;
	if (FIELD_GET(SMMU_PRI_W, pri))
		prm->perm |= IOMMU_PERM_WRITE;
	if (FIELD_GET(SMMU_PRI_X, pri))
		prm->perm |= IOMMU_PERM_EXEC;
	if (FIELD_GET(SMMU_PRI_PRIV, pri))
		prm->perm |= IOMMU_PERM_PRIV;
	prm->grpid = (uint32_t)FIELD_GET(SMMU_PRI_PRGINDEX, pri);
	prm->addr = smmu_pri_address(pri);
	return fault;
}

/* [R4]: has a PASID, and asks for nothing. Chapter 8. */
static bool is_stop_marker(const struct smmu_pri *pri)
{
	return FIELD_GET(SMMU_PRI_SSV, pri) && FIELD_GET(SMMU_PRI_LAST, pri) &&
	       !FIELD_GET(SMMU_PRI_R, pri) && !FIELD_GET(SMMU_PRI_W, pri);
}

/* [R3] */
static unsigned int pri_resp_of(enum iommu_page_response_code code)
{
	switch (code) {
	case IOMMU_PAGE_RESP_SUCCESS:
		return SMMU_PRI_RESP_SUCCESS;
	case IOMMU_PAGE_RESP_INVALID:
		return SMMU_PRI_RESP_INVALID;
	case IOMMU_PAGE_RESP_FAILURE:
	default:
		return SMMU_PRI_RESP_FAILURE;
	}
}

/* What core did not take is answered from here. [L3] */
static void answer(struct smmuv3 *smmu, const struct smmu_pri *pri,
		   bool needs_pasid, enum iommu_page_response_code code)
{
	bool ssv = needs_pasid && FIELD_GET(SMMU_PRI_SSV, pri);

	if (!FIELD_GET(SMMU_PRI_LAST, pri))
		return;
	submit_answer(smmu,
		      smmuv3_make_pri_resp(
			      (uint32_t)FIELD_GET(SMMU_PRI_STREAMID, pri), ssv,
			      (uint32_t)FIELD_GET(SMMU_PRI_SUBSTREAMID, pri),
			      (uint32_t)FIELD_GET(SMMU_PRI_PRGINDEX, pri),
			      pri_resp_of(code)));
}

static void handle_page_request(struct smmuv3 *smmu, const uint64_t *dw)
{
	struct smmu_pri pri = { { dw[0], dw[1] } };
	struct smmuv3_device *sdev;
	enum iommu_page_response_code code;
	struct iommu_fault fault;
	bool needs_pasid;
	int err;

	smmuv3_count(&smmu->counters.page_requests);
	if (is_stop_marker(&pri))
		return;
	sdev = smmuv3_device_find(smmu,
				  (uint32_t)FIELD_GET(SMMU_PRI_STREAMID, &pri));
	if (!sdev) {
		/*
		 * It is to send no more. Whether it wants its PASID back is
		 * anybody's guess: what has one is answered with it.
		 */
		answer(smmu, &pri, true, IOMMU_PAGE_RESP_FAILURE);
		return;
	}
	fault = make_page_request(&pri, sdev);
	needs_pasid = sdev->needs_pasid;
	err = iommu_report_device_fault(sdev->dev, &fault);
	/* Out of memory is a matter of policy. [F9] */
	code = iommu_fault_verdict(sdev->dev, err);
	smmuv3_device_put(sdev);
	if (err)
		answer(smmu, &pri, needs_pasid, code);
}

/*
 * The queue has been read up to where it overflowed: groups whose Last was
 * lost have been answered by the SMMU. [L5] [R15]
 */
static void discard_partial(struct smmuv3 *smmu)
{
	/* Core's queue is there from the first device to the last. */
	struct smmuv3_device *sdev = smmuv3_device_any(smmu);

	if (!sdev)
		return;
	if (iopf_queue_discard_partial(smmu->unit.iopf))
		plat_log(smmu->plat, PLAT_LOG_ERR,
			 "%s: partial groups are still there", smmu->name);
	smmuv3_device_put(sdev);
}

static void pri_overflow(struct smmuv3 *smmu)
{
	uint64_t n;

	/* Relaxed: the counter orders nothing. */
	n = atomic_fetch_add_explicit(&smmu->counters.priq_overflows, 1,
				      memory_order_relaxed) +
	    1;
	if (is_pow2(n))
		plat_log(smmu->plat, PLAT_LOG_WARN,
			 "%s: PRI queue overflow, %llu by now", smmu->name,
			 (unsigned long long)n);
	discard_partial(smmu);
}

static const struct smmuv3_inq_ops evtq_ops = {
	.record = handle_event,
	.overflow = event_overflow,
};

static const struct smmuv3_inq_ops priq_ops = {
	.record = handle_page_request,
	.overflow = pri_overflow,
};

void smmuv3_evtq_irq(void *arg)
{
	struct smmuv3 *smmu = arg;

	smmuv3_inq_run(smmu, &smmu->evtq, &evtq_ops);
}

void smmuv3_priq_irq(void *arg)
{
	struct smmuv3 *smmu = arg;

	smmuv3_inq_run(smmu, &smmu->priq, &priq_ops);
}

void smmuv3_gerror_irq(void *arg)
{
	smmuv3_gerror_run(arg);
}

void smmuv3_evtq_run(struct smmuv3 *smmu, bool lost)
{
	if (!smmu->evtq.enabled)
		return;
	smmuv3_inq_run(smmu, &smmu->evtq, &evtq_ops);
	if (lost)
		smmuv3_count(&smmu->counters.events_lost);
}

void smmuv3_priq_run(struct smmuv3 *smmu, bool lost)
{
	if (!smmu->priq.enabled)
		return;
	smmuv3_inq_run(smmu, &smmu->priq, &priq_ops);
	/* As after an overflow: the Last of a group may be among them. */
	if (lost)
		discard_partial(smmu);
}

int smmuv3_enable_faults(struct iommu_device *dev)
{
	struct smmuv3_device *sdev = iommu_device_priv(dev);
	struct smmuv3 *smmu = sdev->smmu;
	int err;

	if (sdev->can_pri) {
		err = pci_func_enable_pri(&sdev->pci, smmu->plat,
					  SMMUV3_PRI_QUOTA, smmu->timeout_ns);
		if (err)
			return err;
	} else if (!sdev->can_stall) {
		return -ENODEV;
	}
	atomic_store_explicit(&sdev->faults_on, true, memory_order_release);
	return 0;
}

void smmuv3_disable_faults(struct iommu_device *dev)
{
	struct smmuv3_device *sdev = iommu_device_priv(dev);
	struct smmuv3 *smmu = sdev->smmu;

	if (!atomic_exchange_explicit(&sdev->faults_on, false,
				      memory_order_acq_rel))
		return;
	if (sdev->can_pri &&
	    pci_func_disable_pri(&sdev->pci, smmu->plat, smmu->timeout_ns))
		plat_log(smmu->plat, PLAT_LOG_WARN,
			 "%s: %s has page requests nobody answered", smmu->name,
			 iommu_device_name(dev));
}

/* [L4] */
void smmuv3_drain_faults(struct iommu_device *dev)
{
	struct smmuv3_device *sdev = iommu_device_priv(dev);
	struct smmuv3 *smmu = sdev->smmu;
	int err = 0;

	if (sdev->can_pri)
		err = smmuv3_inq_drain(smmu, &smmu->priq, &priq_ops);
	/* Unrecoverable faults come here for every device. */
	if (!err)
		err = smmuv3_inq_drain(smmu, &smmu->evtq, &evtq_ops);
	if (err)
		plat_log(smmu->plat, PLAT_LOG_ERR,
			 "%s: faults of %s are still being handled", smmu->name,
			 iommu_device_name(dev));
}

int smmuv3_page_response(struct iommu_device *dev,
			 const struct iommu_fault_page_request *req,
			 enum iommu_page_response_code code)
{
	struct smmuv3_device *sdev = iommu_device_priv(dev);
	bool ssv = (req->flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID) &&
		   (req->flags & IOMMU_FAULT_PAGE_REQUEST_RESPONSE_NEEDS_PASID);
	uint32_t stream = req->grpid >> SMMUV3_STAG_BITS;
	uint32_t stag = req->grpid & (SMMUV3_STALL_STREAMS - 1);
	struct smmuv3_batch batch;

	smmuv3_batch_init(&batch, sdev->smmu);
	if (req->flags & IOMMU_FAULT_PAGE_REQUEST_STALLED &&
	    stream >= sdev->sid_count)
		return -EINVAL;
	if (req->flags & IOMMU_FAULT_PAGE_REQUEST_STALLED)
		smmuv3_batch_add(
			&batch,
			smmuv3_make_resume(sdev->sids[stream], stag,
					   code == IOMMU_PAGE_RESP_SUCCESS));
	else
		smmuv3_batch_add(&batch,
				 smmuv3_make_pri_resp(sdev->sids[0], ssv,
						      req->pasid, req->grpid,
						      pri_resp_of(code)));
	return smmuv3_batch_sync(&batch);
}
