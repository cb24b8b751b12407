/* SPDX-License-Identifier: MIT */
/*
 * Driver of the Arm SMMUv3, non-secure programming interface.
 */
#ifndef SVA_SMMUV3_H
#define SVA_SMMUV3_H

#include <sva/mm.h>
#include <sva/plat.h>
#include <sva/system.h>
#include <sva/types.h>

/* Interrupts of an SMMU. */
enum smmuv3_irq {
	SMMUV3_IRQ_EVENTQ,
	SMMUV3_IRQ_PRIQ,
	SMMUV3_IRQ_GERROR,
	SMMUV3_IRQ_COUNT,
};

/**
 * struct smmuv3_cpu_ops - ids the CPUs use for address spaces
 * @pin:   the ASID under which the CPUs cache translations of @mm. It stays
 *         that of @mm, over any roll-over, until as many unpin(); a pin after
 *         the first gives the same. 0 with *@ret_asid, not 0 itself;
 *         -EOPNOTSUPP no CPU runs @mm, so that any ASID will do; any other
 *         error fails the bind with -ESRCH, such as there being no more ASIDs
 *         to pin: some have to be left to what the CPUs run. [K12]
 * @unpin: nothing of it is in the SMMU's TLB.
 *
 * Where the CPUs tell user and kernel entries apart by bit 0, the user's ASID
 * is the one to give. Context: may sleep; called with no lock of the driver.
 */
struct smmuv3_cpu_ops {
	int (*pin)(void *ctx, struct iommu_mm *mm, uint16_t *ret_asid);
	void (*unpin)(void *ctx, struct iommu_mm *mm);
};

/**
 * struct smmuv3_cpu - the CPUs whose address spaces an SMMU shares
 * @ops:       with @ctx. NULL: their TLB maintenance does not reach it.
 * @asid_bits: width of their ASIDs.
 * @vhe:       their kernel runs in EL2 (HCR_EL2.E2H).
 *
 * With @vhe, streams are in the same world, NS-EL2-E2H, if the SMMU has
 * it. [K15]
 *
 * With @ops, an address space has one ASID on both sides, and a CPU that
 * invalidates it need not ask the driver for more than ATCs. That is so if the
 * SMMU has broadcast maintenance (SMMU_IDR0.BTM), ASIDs as wide, and the world
 * of the CPUs; otherwise @ops is not used. Then who calls
 * iommu_mm_invalidate_range() has done the broadcast invalidation before, and
 * has waited for it. [K14]
 */
struct smmuv3_cpu {
	const struct smmuv3_cpu_ops *ops;
	void *ctx;
	unsigned int asid_bits;
	bool vhe;
};

/**
 * struct smmuv3_desc - where an SMMU is and how it is to be used
 * @name:    for messages; copied. NULL: "smmuv3".
 * @mmio:    its registers, both 64 KiB pages; the ops are borrowed until
 *           smmuv3_remove().
 * @irq:     wired interrupts for plat_irq_request(); used if the SMMU or the
 *           platform has no MSIs, or with @no_msi.
 * @no_msi:  keep to the wires.
 * @cpu:     copied, its ops borrowed. NULL: CPUs of which it knows nothing.
 * @sid_bits: width of the StreamIDs that occur; 0: what the SMMU has.
 * @cmdq_lg2, @evtq_lg2, @priq_lg2: log2 of queue entries; 0: the default (8,
 *           8, 8); cut to what the SMMU has.
 * @timeout_ms: how long the SMMU may take to make progress; 0: 1000. After
 *         that it fails closed, see smmuv3_stats.failed_closed.
 * @ats_timeout_ms: the same, for a CMD_SYNC that waits for a device to forget
 *         translations; 0: 90000, the longest PCIe grants a device before the
 *         SMMU itself reports it (IHI 0070 3.9.1.4). Until then whoever
 *         invalidates polls.
 */
struct smmuv3_desc {
	const char *name;
	struct plat_mmio mmio;
	unsigned int irq[SMMUV3_IRQ_COUNT];
	bool no_msi;
	const struct smmuv3_cpu *cpu;
	unsigned int sid_bits;
	unsigned int cmdq_lg2;
	unsigned int evtq_lg2;
	unsigned int priq_lg2;
	unsigned int timeout_ms;
	unsigned int ats_timeout_ms;
};

/**
 * struct smmuv3_stats - what the driver has done
 * @commands:      commands written to the queue, CMD_SYNC included.
 * @command_errors: times a command failed, repetitions included.
 * @syncs:         of the commands, CMD_SYNCs.
 * @tlb_invalidations: TLBI commands; @ats_invalidations: CMD_ATC_INV;
 * @config_invalidations: CMD_CFGI_*.
 * @events:        event records read; @events_lost: overflows seen.
 * @page_requests: PRI records read; @page_responses: CMD_PRI_RESP written.
 * @priq_overflows: times the PRI queue overflowed.
 * @failed_closed: 1: the command queue is dead, or an invalidation could not
 *         be had in any way. All transactions are aborted until the SMMU has
 *         been removed and probed again.
 */
struct smmuv3_stats {
	uint64_t commands;
	uint64_t command_errors;
	uint64_t syncs;
	uint64_t tlb_invalidations;
	uint64_t ats_invalidations;
	uint64_t config_invalidations;
	uint64_t events;
	uint64_t events_lost;
	uint64_t page_requests;
	uint64_t page_responses;
	uint64_t priq_overflows;
	uint64_t failed_closed;
};

/**
 * smmuv3_probe() - bring up an SMMU and add it to a system
 * @desc:     copied.
 * @ret_unit: the unit, until smmuv3_remove().
 *
 * The SMMU is disabled first, whatever state it was found in, its queues and
 * stream table are set up, then command queue, event queue, PRI queue,
 * interrupts and translation are enabled, in that order, each with its
 * acknowledgement. All streams abort until devices are added.
 *
 * Context: may sleep; polls for @timeout_ms at most per acknowledgement.
 * Cost:    memory for the queues, and for a stream table of one level all of it
 *          (64 bytes for each of 2^sid_bits streams, at most 4 MiB).
 * Return:  0, or with the SMMU disabled: -ENODEV not an SMMUv3, or without what
 *          the driver needs (stage 1, little-endian AArch64 tables, a granule,
 *          a command queue of two entries, queues and tables in memory of its
 *          choice), -EINVAL a bad description, -ENOMEM, -ETIMEDOUT no
 *          acknowledgement, or what an interrupt request met.
 * Spec:    Arm IHI 0070 6.3 (registers), 3.5 (queues), 3.11 (reset and
 *          initialization).
 * Test:    tests/drivers/smmuv3_probe_test.c
 */
SVA_MUST_CHECK int smmuv3_probe(struct iommu_system *sys,
				const struct smmuv3_desc *desc,
				struct iommu_unit **ret_unit);

/**
 * smmuv3_remove() - disable an SMMU and take it from its system
 *
 * An SMMU that does not acknowledge is logged, and its memory is given back all
 * the same.
 *
 * Context: may sleep; waits for its interrupt handlers.
 * Return:  0, -EBUSY while it has devices or domains: nothing changed.
 * Spec:    Arm IHI 0070 6.3.9, 6.3.14 (SMMU_CR0, SMMU_GBPA).
 * Test:    tests/drivers/smmuv3_probe_test.c, smmuv3_probe_unwind_test.c
 */
SVA_MUST_CHECK int smmuv3_remove(struct iommu_unit *unit);

/*
 * Exact counters, each for itself. Context: any; loads only.
 * Test: tests/drivers/smmuv3_probe_test.c, smmuv3_queue_test.c
 */
void smmuv3_stats(struct iommu_unit *unit, struct smmuv3_stats *ret_stats);

#endif
