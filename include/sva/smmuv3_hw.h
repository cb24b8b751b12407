/* SPDX-License-Identifier: MIT */
/*
 * Model of an Arm SMMUv3, non-secure programming interface.
 */
#ifndef SVA_SMMUV3_HW_H
#define SVA_SMMUV3_HW_H

#include <sva/model.h>

/*
 * Interrupt wires, for hw_env.wire: each interrupt is a pulse of its wire, and
 * an MSI as well where one is configured (3.18.2). SEV is the event output.
 */
enum smmuv3_hw_wire {
	SMMUV3_HW_WIRE_EVENTQ,
	SMMUV3_HW_WIRE_PRIQ,
	SMMUV3_HW_WIRE_GERROR,
	SMMUV3_HW_WIRE_CMD_SYNC,
	SMMUV3_HW_WIRE_SEV,
	SMMUV3_HW_WIRE_COUNT,
};

/**
 * struct smmuv3_hw_cfg - one SMMU
 * @idr, @iidr, @aidr: identification registers as software reads them. What
 *         the model does follows from them: a feature that is not announced
 *         does not work. With an IDR0.STALL_MODEL of 0 or 2, IDR5.STALL_MAX is
 *         how many transactions can be stalled, but no more than 64.
 * @personality: of the configuration caches and the TLB.
 * @eager_period: eager only: forget entries every so many lookups, 0: 64.
 * @tlb_lg2: log2 of TLB entries, 6 to 20; 0: 12.
 * @command_batch: how many commands one access to the registers lets the queue
 *         make progress; 0: all there are, at once (2^20 at most).
 * @sid:   StreamID of the SMMU's own writes (MSIs), for hw_env.msi.
 */
struct smmuv3_hw_cfg {
	uint32_t idr[6];
	uint32_t iidr;
	uint32_t aidr;
	enum hw_personality personality;
	unsigned int eager_period;
	unsigned int tlb_lg2;
	unsigned int command_batch;
	uint32_t sid;
};

/**
 * smmuv3_hw_cfg_default() - an SMMUv3.2 as one without a hypervisor uses it
 *
 * Stage 1, 4 KiB granule, 48-bit addresses, 20-bit substreams, two-level
 * tables, HTTU, ATS, PRI, MSI, 16-bit ASIDs, coherent. Also there, for those
 * who announce it: stage 2 (S2P, VMID16, VMW, HYP, XNX, FWB, PTWNNC, NS1ATS),
 * 16 and 64 KiB granules, 52 bits (OAS, VAX, DS), stalls (STALL_MODEL,
 * STALL_MAX), RAZ/WI termination (TERM_MODEL 0), SEV, PPS.
 */
void smmuv3_hw_cfg_default(struct smmuv3_hw_cfg *ret_cfg);

/**
 * smmuv3_hw_size() - bytes of state of a model with this configuration
 * Return: 0 if the configuration is not valid.
 */
size_t smmuv3_hw_size(const struct smmuv3_hw_cfg *cfg);

/**
 * smmuv3_hw_create() - make a model in the caller's memory
 * @mem:  of smmuv3_hw_size() bytes, 64-byte aligned; the caller's until after
 *        smmuv3_hw_destroy().
 * @env, @bus: copied. @bus may be NULL: no ATS, no PRI. An SMMU whose
 *        transactions stall needs one with resume().
 *
 * Return: 0, -EINVAL the configuration announces what the model lacks or is
 *         contradictory, a callback is missing, or @mem is too small.
 * Test:   tests/models/smmuv3_regs_test.c
 */
SVA_MUST_CHECK int smmuv3_hw_create(const struct smmuv3_hw_cfg *cfg,
				    const struct hw_env *env,
				    const struct hw_bus *bus, void *mem,
				    size_t mem_size, struct iommu_hw **ret_hw);

/**
 * smmuv3_hw_unsupported() - a transaction arrived that the SMMU cannot take
 * @txn:    what is known of it. The caller aborts it.
 * @reason: implementation defined, for the record.
 *
 * Records F_UUT (7.3.2), whether the SMMU is enabled or not; nothing for
 * Translated traffic.
 *
 * Context: as for translate(). Takes the register lock.
 * Test:    tests/models/smmuv3_evt_golden_test.c
 */
void smmuv3_hw_unsupported(struct iommu_hw *hw, const struct hw_txn *txn,
			   uint16_t reason);

/**
 * struct smmuv3_hw_hint - a device will soon use some pages
 * @pages: from that of @addr on; 1 to 255, others count as the nearest.
 * @user, @priv: of enum iommu_perm, what it will do with either privilege.
 */
struct smmuv3_hw_hint {
	uint32_t requester;
	bool pasid_valid;
	ioasid_t pasid;
	uint64_t addr;
	uint32_t pages;
	uint32_t user, priv;
};

/**
 * smmuv3_hw_page_hint() - tell software about it: E_PAGE_REQUEST (7.3.19)
 *
 * Needs no PRI, has no answer, and is not recorded while SMMUEN is 0.
 *
 * Context: as for translate(). Takes the register lock.
 * Test:    tests/models/smmuv3_evt_golden_test.c
 */
void smmuv3_hw_page_hint(struct iommu_hw *hw,
			 const struct smmuv3_hw_hint *hint);

/**
 * smmuv3_hw_fail() - the SMMU finds that it cannot trust itself any more
 *
 * Service Failure Mode (12.3), which nothing in the model raises by itself:
 * GERROR.SFM_ERR, and until a reset every transaction is aborted without a
 * record, stalled ones too, ATS requests and page requests fail, no command is
 * consumed and no queue written. Registers can be accessed.
 *
 * Context: waits for the ports, as an invalidation does; may call the bus.
 * Test:    tests/models/smmuv3_regs_sfm_test.c
 */
void smmuv3_hw_fail(struct iommu_hw *hw);

/* Bytes of a snapshot, of whatever configuration. */
size_t smmuv3_hw_snapshot_size(void);

/**
 * smmuv3_hw_save() - the state of the SMMU, as bytes
 * @buf:  of at least smmuv3_hw_snapshot_size() bytes; the caller's. The bytes
 *        do not depend on the machine, and hold a version and a sum.
 *
 * What is in it: all registers, what the command queue waits for, the last
 * event record (for merging), stalled transactions with their STAGs and
 * cookies, Service Failure Mode. What is not: the memory that the SMMU uses,
 * the caches, the counters, and how the model was configured beyond its ID
 * registers.
 *
 * To be called while nobody else calls the model: between accesses to the
 * registers, with no transaction in flight.
 *
 * Context: takes the register lock. Cost: some 400 words.
 * Return:  0; -EINVAL the buffer is too small, -EBUSY something is under way:
 *          then @buf is as it was.
 * Test:    tests/models/smmuv3_snapshot_test.c
 */
SVA_MUST_CHECK int smmuv3_hw_save(struct iommu_hw *hw, void *buf, size_t size);

/**
 * smmuv3_hw_restore() - go on from a snapshot
 * @size: exactly smmuv3_hw_snapshot_size().
 *
 * The model becomes what was saved, with empty caches; its counters go on, and
 * count the stalled transactions it takes over. Those end through resume(),
 * and outstanding ATC invalidations through ats_inv_complete(), with the
 * cookies they had. No interrupt is raised. Commands that were not consumed
 * are from the next access to a register on.
 *
 * Bytes that no model with these ID registers can have saved are refused, so
 * a damaged or forged snapshot does no harm beyond a state that software could
 * have asked for.
 *
 * Context: as for save(); the model has no stalled transaction of its own
 *          (reset it first).
 * Return:  0; with nothing changed: -EINVAL not a snapshot, of another version
 *          or of an SMMU with other ID registers, -EBUSY something is under
 *          way or stalled.
 * Test:    tests/models/smmuv3_snapshot_test.c
 */
SVA_MUST_CHECK int smmuv3_hw_restore(struct iommu_hw *hw, const void *buf,
				     size_t size);

/* No port is left and nobody calls the model any more. */
void smmuv3_hw_destroy(struct iommu_hw *hw);

#endif
