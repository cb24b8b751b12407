/* SPDX-License-Identifier: MIT */
/* Which requirement failed: names, and the record. [U10] */
#include "core/why.h"

#include "base/bits.h"
#include "base/errno.h"
#include "core/device.h"

/* clang-format off */
static const struct {
	const char *name, *text;
} reqs[] = {
	[IOMMU_SVA_REQ_DRIVER] = { "driver",
		"the driver of the IOMMU cannot, or met an error" },
	[IOMMU_SVA_REQ_UNIT_PASID] = { "unit_pasid",
		"the IOMMU has no PASIDs" },
	[IOMMU_SVA_REQ_PASID] = { "pasid",
		"the device has no PASIDs" },
	[IOMMU_SVA_REQ_COHERENCE] = { "coherence",
		"the IOMMU's table walks are not coherent with the CPUs" },
	[IOMMU_SVA_REQ_WALK] = { "walk",
		"the IOMMU cannot walk tables of address spaces" },
	[IOMMU_SVA_REQ_ATS] = { "ats",
		"no ATS between device and IOMMU, so no page requests" },
	[IOMMU_SVA_REQ_RECOVERY] = { "recovery",
		"device and IOMMU have neither page requests nor stall" },
	[IOMMU_SVA_REQ_STREAMS] = { "streams",
		"the device has several stream ids, an answer names one" },
	[IOMMU_SVA_REQ_GROUP] = { "group",
		"the IOMMU cannot tell the device from others of its group" },
	[IOMMU_SVA_REQ_QUEUE] = { "queue",
		"the device is on another fault queue" },
	[IOMMU_SVA_REQ_HANDLER] = { "handler",
		"the device has another fault handler" },
	[IOMMU_SVA_REQ_FEATURE] = { "feature",
		"the feature is not enabled, or not known" },
	[IOMMU_SVA_REQ_ENABLED] = { "enabled",
		"the feature is enabled already, or on its way off" },
	[IOMMU_SVA_REQ_FORMAT] = { "format",
		"the table of the address space has another format" },
	[IOMMU_SVA_REQ_GRANULE] = { "granule",
		"the IOMMU lacks the granule of the table" },
	[IOMMU_SVA_REQ_VA_BITS] = { "va_bits",
		"the IOMMU cannot have the width of the table's addresses" },
	[IOMMU_SVA_REQ_PA_BITS] = { "pa_bits",
		"the IOMMU cannot put out addresses as wide as the table's" },
	[IOMMU_SVA_REQ_DS] = { "ds",
		"the IOMMU lacks 52-bit addresses with this granule" },
	[IOMMU_SVA_REQ_HAFT] = { "haft",
		"the IOMMU does not manage access flags of tables" },
	[IOMMU_SVA_REQ_BBML] = { "bbml",
		"the IOMMU wants more of break-before-make than the CPUs" },
	[IOMMU_SVA_REQ_ROOT] = { "root",
		"the table is where no entry of the IOMMU can point" },
	[IOMMU_SVA_REQ_PASID_SPACE] = { "pasid_space",
		"no PASID is free within the limits of the device" },
	[IOMMU_SVA_REQ_PASID_LIMITS] = { "pasid_limits",
		"the PASID of the address space is none of the device's" },
	[IOMMU_SVA_REQ_PASID_TAKEN] = { "pasid_taken",
		"something else is attached to the PASID" },
	[IOMMU_SVA_REQ_ASID] = { "asid",
		"no hardware id of the IOMMU is left for the address space" },
	[IOMMU_SVA_REQ_MM_LIVE] = { "mm_live",
		"the address space is exiting" },
	[IOMMU_SVA_REQ_SYSTEM] = { "system",
		"the address space is of another system" },
	[IOMMU_SVA_REQ_DRVDATA] = { "drvdata",
		"it is bound already with other drvdata" },
	[IOMMU_SVA_REQ_USES] = { "uses",
		"too many uses" },
	[IOMMU_SVA_REQ_MEMORY] = { "memory",
		"no memory" },
	[IOMMU_SVA_REQ_ANSWER] = { "answer",
		"the hardware does not answer" },
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(reqs) == IOMMU_SVA_REQ_COUNT, "each has its words");

const char *iommu_sva_req_name(enum iommu_sva_req req)
{
	return (unsigned int)req < ARRAY_SIZE(reqs) ? reqs[req].name : "?";
}

const char *iommu_sva_req_text(enum iommu_sva_req req)
{
	return (unsigned int)req < ARRAY_SIZE(reqs) ? reqs[req].text : "?";
}

int why_numbers(struct iommu_sva_why *why, enum iommu_sva_req req, int err,
		uint64_t has, uint64_t needs)
{
	if (why) {
		why->req = req;
		why->err = err;
		why->has = has;
		why->needs = needs;
	}
	return err;
}

int why_set(struct iommu_sva_why *why, enum iommu_sva_req req, int err)
{
	return why_numbers(why, req, err, 0, 0);
}

int why_errno(struct iommu_sva_why *why, enum iommu_sva_req otherwise, int err)
{
	switch (err) {
	case -ENOMEM:
		return why_set(why, IOMMU_SVA_REQ_MEMORY, err);
	case -ETIMEDOUT:
		return why_set(why, IOMMU_SVA_REQ_ANSWER, err);
	case -ESRCH:
		return why_set(why, IOMMU_SVA_REQ_MM_LIVE, err);
	default:
		return why_set(why, otherwise, err);
	}
}

int why_driver(struct iommu_sva_why *why, enum iommu_sva_req otherwise, int err,
	       struct iommu_device *dev, struct iommu_mm *mm)
{
	const struct iommu_unit_ops *ops = dev->unit->ops;

	why_errno(why, otherwise, err);
	if (why && ops->diagnose)
		ops->diagnose(dev, mm, why);
	return err;
}
