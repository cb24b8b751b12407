/* SPDX-License-Identifier: MIT */
/*
 * Driver of Intel VT-d, remapping hardware in scalable mode.
 *
 * A machine has several units, one for each DRHD of its ACPI DMAR table; each
 * is probed for itself and they need not be alike.
 */
#ifndef SVA_VTD_H
#define SVA_VTD_H

#include <sva/plat.h>
#include <sva/system.h>
#include <sva/types.h>

/**
 * struct vtd_desc - where a remapping unit is and how it is to be used
 * @name:    for messages; copied. NULL: "vtd".
 * @mmio:    its registers, as large as the DRHD says; the ops are borrowed
 *           until vtd_remove().
 * @segment: PCI segment of its devices.
 * @pasid_bits: the most PASID bits to use; 0: what the unit has. An address
 *           space has one PASID for all units of a system: where they differ,
 *           the least of them, as vtd_pasid_bits() tells, is for all.
 * @queue_lg2: log2 of descriptors of the invalidation queue, 7 to 14; 0: 8.
 * @prq_lg2: log2 of descriptors of the page request queue, 7 to 14; 0: 9.
 * @timeout_ms: how long the unit may take to make progress; 0: 1000. After
 *           that it fails closed, see vtd_stats.failed_closed.
 * @ats_timeout_ms: the same, for a wait descriptor behind an invalidation in a
 *           device; 0: 90000, the longest PCIe grants a device before the unit
 *           itself reports it. Until then whoever invalidates polls.
 */
struct vtd_desc {
	const char *name;
	struct plat_mmio mmio;
	uint16_t segment;
	unsigned int pasid_bits;
	unsigned int queue_lg2;
	unsigned int prq_lg2;
	unsigned int timeout_ms;
	unsigned int ats_timeout_ms;
};

/**
 * struct vtd_stats - what the driver has done
 * @descriptors:   descriptors written to the invalidation queue, wait
 *                 descriptors included.
 * @waits:         of these, wait descriptors; @doorbells: writes of the tail.
 * @context_invalidations, @pasid_invalidations, @iotlb_invalidations,
 * @dev_tlb_invalidations: of these, by cache.
 * @queue_errors:  invalidation queue errors (IQE), repetitions included;
 * @queue_timeouts: invalidation time-outs (ITE);
 * @completion_errors: invalidation completion errors (ICE).
 * @faults:        fault records read; @faults_lost: overflows seen.
 * @page_requests: page requests read; @page_responses: responses written.
 * @prq_overflows: times the page request queue overflowed.
 * @failed_closed: 1: the invalidation queue is dead, or an invalidation could
 *                 not be had in any way. All transactions are blocked until
 *                 the unit has been removed and probed again.
 */
struct vtd_stats {
	uint64_t descriptors;
	uint64_t waits;
	uint64_t doorbells;
	uint64_t context_invalidations;
	uint64_t pasid_invalidations;
	uint64_t iotlb_invalidations;
	uint64_t dev_tlb_invalidations;
	uint64_t queue_errors;
	uint64_t queue_timeouts;
	uint64_t completion_errors;
	uint64_t faults;
	uint64_t faults_lost;
	uint64_t page_requests;
	uint64_t page_responses;
	uint64_t prq_overflows;
	uint64_t failed_closed;
};

/**
 * vtd_pasid_bits() - PASID width of a unit that has not been probed
 * @mmio:     its registers.
 * @ret_bits: 0: it has no PASIDs.
 *
 * Context: any; two register reads.
 * Return:  0, -ENODEV there are no registers.
 * Test:    tests/drivers/vtd_probe_test.c
 */
SVA_MUST_CHECK int vtd_pasid_bits(const struct plat_mmio *mmio,
				  unsigned int *ret_bits);

/**
 * vtd_probe() - bring up a remapping unit and add it to a system
 * @desc:     copied.
 * @ret_unit: the unit, until vtd_remove().
 *
 * Whatever the unit was found doing is ended first: translation, interrupt
 * remapping, the queues, protected memory. Then the invalidation queue is
 * enabled, the root table set, everything cached forgotten, the page request
 * queue and the interrupts set up, and last translation is enabled; one
 * command at a time, each with its acknowledgement. All requests are blocked
 * until devices are added.
 *
 * Context: may sleep; polls for @timeout_ms at most per acknowledgement.
 * Cost:    memory for the queues and a root table of a page; a work queue.
 * Return:  0, or with the unit disabled: -ENODEV not a remapping unit, or
 *          without what the driver needs (scalable mode, queued invalidation,
 *          coherent tables, a stage of translation), -EINVAL a bad
 *          description, -ENOMEM, -ETIMEDOUT no acknowledgement, -EIO the first
 *          invalidation failed, or what an interrupt request met: its
 *          interrupts are messages, so a platform without cannot have a unit.
 * Test:    tests/drivers/vtd_probe_test.c
 */
SVA_MUST_CHECK int vtd_probe(struct iommu_system *sys,
			     const struct vtd_desc *desc,
			     struct iommu_unit **ret_unit);

/**
 * vtd_remove() - disable a remapping unit and take it from its system
 *
 * Without translation requests pass untranslated: the devices are to be quiet.
 * A unit that does not acknowledge is logged. Its memory is given back all the
 * same, and it may still read it.
 *
 * Context: may sleep; waits for its interrupt handlers.
 * Return:  0, -EBUSY while it has devices or domains: nothing changed.
 * Test:    tests/drivers/vtd_probe_test.c
 */
SVA_MUST_CHECK int vtd_remove(struct iommu_unit *unit);

/*
 * Exact counters, each for itself. Context: any; loads only.
 * Test: tests/drivers/vtd_queue_test.c
 */
void vtd_stats(struct iommu_unit *unit, struct vtd_stats *ret_stats);

#endif
