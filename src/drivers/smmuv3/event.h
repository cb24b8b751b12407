/* SPDX-License-Identifier: MIT */
/* Event records as faults. */
#ifndef DRIVERS_SMMUV3_EVENT_H
#define DRIVERS_SMMUV3_EVENT_H

#include "drivers/smmuv3/smmuv3.h"

/* @has: of enum event_has. */
struct smmuv3_event_row {
	uint8_t id;
	uint8_t has;
	enum iommu_fault_reason reason;
	const char *name;
};

const struct smmuv3_event_row *smmuv3_event_find(unsigned int id);

/* STALL, S2, CLASS and IPA are of the four translation faults only. */
bool smmuv3_event_is_translation(const struct smmu_evt *evt);
bool smmuv3_event_is_stage2(const struct smmu_evt *evt);

/* @nested: physical addresses are nobody's business. */
struct iommu_fault smmuv3_event_unrecov(const struct smmu_evt *evt,
					const struct smmuv3_event_row *row,
					bool nested);
/* A transaction that waits in the SMMU asks as a group of one. [L2] */
struct iommu_fault smmuv3_event_stall(const struct smmu_evt *evt,
				      const struct smmuv3_device *sdev);

#endif
