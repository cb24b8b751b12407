/* SPDX-License-Identifier: MIT */
/* What the records of the event queue say: Arm IHI 0070, 7.3. [L1] [L2] */
#include "base/bits.h"
#include "drivers/smmuv3/event.h"

enum event_has {
	HAS_ADDR = 1 << 0,
	HAS_FETCH_ADDR = 1 << 1,
	HAS_PASID = 1 << 2, /* even without SSV */
};

/* clang-format off */
static const struct smmuv3_event_row event_rows[] = {
	{ SMMU_EVT_F_UUT, HAS_ADDR, IOMMU_FAULT_REASON_UNKNOWN, "F_UUT" },
	{ SMMU_EVT_C_BAD_STREAMID, 0, IOMMU_FAULT_REASON_BAD_STREAM,
	  "C_BAD_STREAMID" },
	{ SMMU_EVT_F_STE_FETCH, HAS_FETCH_ADDR, IOMMU_FAULT_REASON_BAD_STREAM,
	  "F_STE_FETCH" },
	{ SMMU_EVT_C_BAD_STE, 0, IOMMU_FAULT_REASON_BAD_STREAM, "C_BAD_STE" },
	{ SMMU_EVT_F_BAD_ATS_TREQ, 0, IOMMU_FAULT_REASON_UNKNOWN,
	  "F_BAD_ATS_TREQ" },
	{ SMMU_EVT_F_STREAM_DISABLED, 0, IOMMU_FAULT_REASON_BAD_STREAM,
	  "F_STREAM_DISABLED" },
	{ SMMU_EVT_F_TRANSL_FORBIDDEN, HAS_ADDR, IOMMU_FAULT_REASON_PERMISSION,
	  "F_TRANSL_FORBIDDEN" },
	{ SMMU_EVT_C_BAD_SUBSTREAMID, HAS_PASID,
	  IOMMU_FAULT_REASON_PASID_INVALID, "C_BAD_SUBSTREAMID" },
	{ SMMU_EVT_F_CD_FETCH, HAS_FETCH_ADDR, IOMMU_FAULT_REASON_PASID_FETCH,
	  "F_CD_FETCH" },
	{ SMMU_EVT_C_BAD_CD, 0, IOMMU_FAULT_REASON_BAD_PASID_ENTRY,
	  "C_BAD_CD" },
	{ SMMU_EVT_F_WALK_EABT, HAS_ADDR | HAS_FETCH_ADDR,
	  IOMMU_FAULT_REASON_WALK_EABT, "F_WALK_EABT" },
	{ SMMU_EVT_F_TRANSLATION, HAS_ADDR, IOMMU_FAULT_REASON_PTE_FETCH,
	  "F_TRANSLATION" },
	{ SMMU_EVT_F_ADDR_SIZE, HAS_ADDR, IOMMU_FAULT_REASON_OOR_ADDRESS,
	  "F_ADDR_SIZE" },
	{ SMMU_EVT_F_ACCESS, HAS_ADDR, IOMMU_FAULT_REASON_ACCESS, "F_ACCESS" },
	{ SMMU_EVT_F_PERMISSION, HAS_ADDR, IOMMU_FAULT_REASON_PERMISSION,
	  "F_PERMISSION" },
	{ SMMU_EVT_F_TLB_CONFLICT, HAS_ADDR, IOMMU_FAULT_REASON_UNKNOWN,
	  "F_TLB_CONFLICT" },
	{ SMMU_EVT_F_CFG_CONFLICT, 0, IOMMU_FAULT_REASON_UNKNOWN,
	  "F_CFG_CONFLICT" },
	{ SMMU_EVT_F_VMS_FETCH, HAS_FETCH_ADDR, IOMMU_FAULT_REASON_BAD_STREAM,
	  "F_VMS_FETCH" },
};
/* clang-format on */

const struct smmuv3_event_row *smmuv3_event_find(unsigned int id)
{
	static const struct smmuv3_event_row unknown = {
		0, 0, IOMMU_FAULT_REASON_UNKNOWN, "an unknown event"
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(event_rows); i++)
		if (event_rows[i].id == id)
			return &event_rows[i];
	return &unknown;
}

static uint32_t event_perm(const struct smmu_evt *evt)
{
	uint32_t perm = FIELD_GET(SMMU_EVT_RNW, evt) ? IOMMU_PERM_READ :
						       IOMMU_PERM_WRITE;

	if (FIELD_GET(SMMU_EVT_IND, evt))
		perm |= IOMMU_PERM_EXEC;
	if (FIELD_GET(SMMU_EVT_PNU, evt))
		perm |= IOMMU_PERM_PRIV;
	return perm;
}

bool smmuv3_event_is_translation(const struct smmu_evt *evt)
{
	return FIELD_GET(SMMU_EVT_ID, evt) >= SMMU_EVT_F_TRANSLATION &&
	       FIELD_GET(SMMU_EVT_ID, evt) <= SMMU_EVT_F_PERMISSION;
}

bool smmuv3_event_is_stage2(const struct smmu_evt *evt)
{
	return smmuv3_event_is_translation(evt) && FIELD_GET(SMMU_EVT_S2, evt);
}

/*
 * Stage 2 refused what the guest's stage 1 led to: 7.3.10 and 7.3.12 say what a
 * guest that sees an SMMU of its own would be told.
 */
static void set_stage2_fault(const struct smmu_evt *evt,
			     struct iommu_fault_unrecov *u)
{
	uint64_t class = FIELD_GET(SMMU_EVT_CLASS, evt);

	if (class == SMMU_EVT_CLASS_CD)
		u->reason = IOMMU_FAULT_REASON_PASID_FETCH;
	if (class == SMMU_EVT_CLASS_TT)
		u->reason = IOMMU_FAULT_REASON_WALK_EABT;
	u->flags |= IOMMU_FAULT_UNRECOV_STAGE2 |
		    IOMMU_FAULT_UNRECOV_FETCH_ADDR_VALID;
	u->fetch_addr = smmu_evt_ipa(evt);
}

struct iommu_fault smmuv3_event_unrecov(const struct smmu_evt *evt,
					const struct smmuv3_event_row *row,
					bool nested)
{
	struct iommu_fault fault = { .type = IOMMU_FAULT_UNRECOV };

	fault.event.reason = row->reason;
	if (FIELD_GET(SMMU_EVT_SSV, evt) || row->has & HAS_PASID) {
		fault.event.flags |= IOMMU_FAULT_UNRECOV_PASID_VALID;
		fault.event.pasid =
			(ioasid_t)FIELD_GET(SMMU_EVT_SUBSTREAMID, evt);
	}
	if (row->has & HAS_ADDR) {
		fault.event.flags |= IOMMU_FAULT_UNRECOV_ADDR_VALID;
		fault.event.addr = FIELD_GET(SMMU_EVT_INPUTADDR, evt);
		fault.event.perm = event_perm(evt);
	}
	if (row->has & HAS_FETCH_ADDR && !nested) {
		fault.event.flags |= IOMMU_FAULT_UNRECOV_FETCH_ADDR_VALID;
		fault.event.fetch_addr = smmu_evt_fetchaddr(evt);
	}
	if (smmuv3_event_is_stage2(evt))
		set_stage2_fault(evt, &fault.event);
	return fault;
}

/* Which of the device's streams it is: an SMMU knows no others. */
static uint32_t stream_index(const struct smmuv3_device *sdev, uint32_t sid)
{
	uint32_t i;

	for (i = 0; i + 1 < sdev->sid_count && sdev->sids[i] != sid; i++)
		;
	return i;
}

struct iommu_fault smmuv3_event_stall(const struct smmu_evt *evt,
				      const struct smmuv3_device *sdev)
{
	uint32_t sid = (uint32_t)FIELD_GET(SMMU_EVT_STREAMID, evt);
	struct iommu_fault fault = { .type = IOMMU_FAULT_PAGE_REQ };

	fault.prm.flags = IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE |
			  IOMMU_FAULT_PAGE_REQUEST_STALLED;
	if (FIELD_GET(SMMU_EVT_SSV, evt)) {
		fault.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;
		fault.prm.pasid =
			(ioasid_t)FIELD_GET(SMMU_EVT_SUBSTREAMID, evt);
	}
	fault.prm.grpid = (uint32_t)FIELD_GET(SMMU_EVT_STAG, evt) |
			  stream_index(sdev, sid) << SMMUV3_STAG_BITS;
	fault.prm.perm = event_perm(evt);
	fault.prm.addr = align_down(FIELD_GET(SMMU_EVT_INPUTADDR, evt), 4096);
	return fault;
}
