/* SPDX-License-Identifier: MIT */
/*
 * Why an address space could not be bound, or a feature not be enabled: an
 * errno stands for several requirements, this says which. [U10]
 */
#ifndef SVA_WHY_H
#define SVA_WHY_H

#include <sva/device.h>
#include <sva/sva.h>
#include <sva/types.h>

/**
 * enum iommu_sva_req - what sharing an address space asks for
 *
 * Numbers, where there are some, are those of struct iommu_sva_why: what is
 * there and what would be needed.
 *
 * Of the device and its IOMMU:
 * @IOMMU_SVA_REQ_DRIVER:    the IOMMU's driver has no PASIDs or no page
 *                           requests, or met an error of its own.
 * @IOMMU_SVA_REQ_UNIT_PASID: the IOMMU has PASIDs (SMMU_IDR1.SSIDSIZE; VT-d:
 *                           ECAP.PASID).
 * @IOMMU_SVA_REQ_PASID:     the device has PASIDs: capability, or
 *                           "pasid-num-bits", and they could be enabled.
 * @IOMMU_SVA_REQ_COHERENCE: table walks are coherent (SMMU_IDR0.COHACC; VT-d:
 *                           ECAP.SMPWCS).
 * @IOMMU_SVA_REQ_WALK:      the IOMMU walks tables of address spaces at all.
 * @IOMMU_SVA_REQ_ATS:       page requests take ATS, on both sides.
 * @IOMMU_SVA_REQ_RECOVERY:  page requests (PRI) or stall, on both sides.
 * @IOMMU_SVA_REQ_STREAMS:   not too many stream ids: answers to page requests
 *                           name a function, which has one. Numbers: ids.
 * @IOMMU_SVA_REQ_GROUP:     alone in its group. [B10]
 * @IOMMU_SVA_REQ_QUEUE:     on no other fault queue.
 * @IOMMU_SVA_REQ_HANDLER:   no other fault handler is registered.
 * @IOMMU_SVA_REQ_FEATURE:   the feature is known and enabled.
 * @IOMMU_SVA_REQ_ENABLED:   it was not enabled already, nor on its way off.
 *
 * Of the address space's table:
 * @IOMMU_SVA_REQ_FORMAT:    a format both know.
 * @IOMMU_SVA_REQ_GRANULE:   SMMU_IDR5.GRAN*. Numbers: needs the log2.
 * @IOMMU_SVA_REQ_VA_BITS:   width of addresses. Numbers: the limit that is
 *                           broken, lower or upper, and the table's.
 * @IOMMU_SVA_REQ_PA_BITS:   output width (SMMU_IDR5.OAS). Numbers: as before.
 * @IOMMU_SVA_REQ_DS:        52 bits with small granules (SMMU_IDR5.DS).
 * @IOMMU_SVA_REQ_HAFT:      access flags of tables (SMMU_IDR0.HTTU).
 * @IOMMU_SVA_REQ_BBML:      SMMU_IDR3.BBML. Numbers: levels.
 * @IOMMU_SVA_REQ_ROOT:      the table is where an entry can point. Numbers:
 *                           needs the address.
 *
 * Of ids:
 * @IOMMU_SVA_REQ_PASID_SPACE: a PASID within the device's limits is free.
 *                           Numbers: the limits, lowest and highest.
 * @IOMMU_SVA_REQ_PASID_LIMITS: the PASID the address space has is within the
 *                           device's limits. Numbers: the limit that is
 *                           broken, and the PASID.
 * @IOMMU_SVA_REQ_PASID_TAKEN: nothing else is attached to it. Numbers: needs
 *                           the PASID.
 * @IOMMU_SVA_REQ_ASID:      a hardware id of the IOMMU is free, or the CPUs
 *                           have one to share. Numbers: has the width.
 *
 * Of the call:
 * @IOMMU_SVA_REQ_MM_LIVE:   the address space is not exiting.
 * @IOMMU_SVA_REQ_SYSTEM:    it is of the same system.
 * @IOMMU_SVA_REQ_DRVDATA:   the drvdata of the bind that exists.
 * @IOMMU_SVA_REQ_USES:      a count has room.
 * @IOMMU_SVA_REQ_MEMORY:    memory.
 * @IOMMU_SVA_REQ_ANSWER:    the hardware answers in time.
 */
enum iommu_sva_req {
	IOMMU_SVA_REQ_DRIVER,
	IOMMU_SVA_REQ_UNIT_PASID,
	IOMMU_SVA_REQ_PASID,
	IOMMU_SVA_REQ_COHERENCE,
	IOMMU_SVA_REQ_WALK,
	IOMMU_SVA_REQ_ATS,
	IOMMU_SVA_REQ_RECOVERY,
	IOMMU_SVA_REQ_STREAMS,
	IOMMU_SVA_REQ_GROUP,
	IOMMU_SVA_REQ_QUEUE,
	IOMMU_SVA_REQ_HANDLER,
	IOMMU_SVA_REQ_FEATURE,
	IOMMU_SVA_REQ_ENABLED,
	IOMMU_SVA_REQ_FORMAT,
	IOMMU_SVA_REQ_GRANULE,
	IOMMU_SVA_REQ_VA_BITS,
	IOMMU_SVA_REQ_PA_BITS,
	IOMMU_SVA_REQ_DS,
	IOMMU_SVA_REQ_HAFT,
	IOMMU_SVA_REQ_BBML,
	IOMMU_SVA_REQ_ROOT,
	IOMMU_SVA_REQ_PASID_SPACE,
	IOMMU_SVA_REQ_PASID_LIMITS,
	IOMMU_SVA_REQ_PASID_TAKEN,
	IOMMU_SVA_REQ_ASID,
	IOMMU_SVA_REQ_MM_LIVE,
	IOMMU_SVA_REQ_SYSTEM,
	IOMMU_SVA_REQ_DRVDATA,
	IOMMU_SVA_REQ_USES,
	IOMMU_SVA_REQ_MEMORY,
	IOMMU_SVA_REQ_ANSWER,
	IOMMU_SVA_REQ_COUNT,
};

/**
 * struct iommu_sva_why - the record of a failure
 * @req:   the first requirement that was not met.
 * @err:   what the call returned.
 * @has, @needs: as @req says; 0 where it says nothing.
 */
struct iommu_sva_why {
	enum iommu_sva_req req;
	int err;
	uint64_t has;
	uint64_t needs;
};

/* A word, as in the enum, and a line of text; "?" for others. Context: any. */
const char *iommu_sva_req_name(enum iommu_sva_req req);
const char *iommu_sva_req_text(enum iommu_sva_req req);

/**
 * iommu_sva_bind_why() - iommu_sva_bind() that says why not
 * @ret_why: written on failure only; may be NULL.
 *
 * The rest is as there. A success does nothing more than there.
 *
 * Test: tests/core/why_test.c, tests/drivers/smmuv3_why_test.c
 */
SVA_MUST_CHECK int iommu_sva_bind_why(struct iommu_device *dev,
				      struct iommu_mm *mm, void *drvdata,
				      struct iommu_sva **ret_sva,
				      struct iommu_sva_why *ret_why);

/* The same for iommu_dev_enable_feature(). */
SVA_MUST_CHECK int iommu_dev_enable_feature_why(struct iommu_device *dev,
						enum iommu_dev_feature feat,
						struct iommu_sva_why *ret_why);

#endif
