/* SPDX-License-Identifier: MIT */
/*
 * A system: one machine with its PASID space, IOMMUs, devices and workers.
 *
 * There is no global state. A host and its guest are two systems in one
 * process.
 */
#ifndef SVA_SYSTEM_H
#define SVA_SYSTEM_H

#include <sva/plat.h>
#include <sva/types.h>

struct iommu_system;
struct iommu_unit;

/**
 * enum iommu_oom_policy - answer to a page request that finds no memory
 * @IOMMU_OOM_FAILURE: Response Failure: the device stops sending. The default.
 * @IOMMU_OOM_RETRY:   Success: the device tries again, as in 2017.
 */
enum iommu_oom_policy {
	IOMMU_OOM_FAILURE,
	IOMMU_OOM_RETRY,
};

/**
 * struct iommu_system_cfg - settings of a system; all zero is the default
 * @pasid_bits:  PASIDs are below 1 << @pasid_bits; 1 to 20, 0 means 20.
 * @oom_policy:  see there.
 * @response_timeout_s: a page request no one answers for this long is logged
 *               and answered Invalid Request; 1 to 100, 0 means never. [I7]
 */
struct iommu_system_cfg {
	unsigned int pasid_bits;
	enum iommu_oom_policy oom_policy;
	unsigned int response_timeout_s;
};

/**
 * struct iommu_system_stats - what core has done since the system was created
 * @page_requests:  page requests reported by drivers, in pages.
 * @page_groups:    of these, requests that closed a group (Last).
 * @page_responses: responses sent to hardware, one per closed group.
 * @response_failures: of these, the ones that were not Success.
 * @page_refusals:  closed groups that found too many waiting before them: see
 *                  iommu_report_device_fault().
 * @faults:         unrecoverable faults reported by drivers.
 * @invalidations:  ranges an address space told its drivers to forget.
 * @pasids:         PASIDs live now.
 * @pasids_max:     the most that were ever live.
 */
struct iommu_system_stats {
	uint64_t page_requests;
	uint64_t page_groups;
	uint64_t page_responses;
	uint64_t response_failures;
	uint64_t page_refusals;
	uint64_t faults;
	uint64_t invalidations;
	uint64_t pasids;
	uint64_t pasids_max;
};

/**
 * iommu_system_create() - make an empty system
 * @plat:    borrowed until iommu_system_destroy().
 * @cfg:     copied; NULL for the defaults.
 * @ret_sys: the system, owned by the caller.
 *
 * Context: may sleep.
 * Cost:    allocates; not for a hot path.
 * Return:  0, -EINVAL a setting out of range, -ENOMEM.
 * Test:    tests/core/system_test.c
 */
SVA_MUST_CHECK int iommu_system_create(const struct plat *plat,
				       const struct iommu_system_cfg *cfg,
				       struct iommu_system **ret_sys);

/**
 * iommu_system_destroy() - take a system down
 * @sys: the system; gone on success. NULL is allowed.
 *
 * Context: may sleep.
 * Return:  0, -EBUSY while it has devices, units, address spaces or PASIDs:
 *          nothing changed.
 * Test:    tests/core/system_test.c
 */
SVA_MUST_CHECK int iommu_system_destroy(struct iommu_system *sys);

/**
 * iommu_system_plat() - the platform given at creation
 *
 * Context: any. Cost: one load.
 */
const struct plat *iommu_system_plat(const struct iommu_system *sys);

/**
 * iommu_system_stats() - read the counters
 *
 * Each counter is exact; together they are not one snapshot.
 *
 * Context: any. Cost: a few loads.
 * Test:    tests/core/fault_test.c
 */
void iommu_system_stats(const struct iommu_system *sys,
			struct iommu_system_stats *ret_stats);

/**
 * iommu_unit_next() - walk the IOMMUs of a system
 * @prev: NULL for the first.
 *
 * The caller keeps units from being removed meanwhile.
 *
 * Context: may sleep; takes the system lock.
 * Return:  the next unit, NULL after the last.
 */
struct iommu_unit *iommu_unit_next(struct iommu_system *sys,
				   struct iommu_unit *prev);

/* Name given at probe, "smmuv3.0" for instance; lives as long as the unit. */
const char *iommu_unit_name(const struct iommu_unit *unit);

/**
 * struct iommu_unit_row - one line of what a unit says of itself
 * @reg:   register, by the specification's name.
 * @field: field of it, NULL for the whole register.
 * @value: of the register or the field.
 * @gloss: the field in words, NULL for a register.
 */
struct iommu_unit_row {
	const char *reg;
	const char *field;
	uint64_t value;
	const char *gloss;
};

/**
 * iommu_unit_describe() - the unit's identification registers, decoded
 * @row: called for each register, then for each of its fields.
 *
 * Context: may sleep.
 * Test:    tests/drivers/smmuv3_probe_test.c, tests/cli/info_test.sh
 */
void iommu_unit_describe(struct iommu_unit *unit,
			 void (*row)(void *arg,
				     const struct iommu_unit_row *row),
			 void *arg);

#endif
