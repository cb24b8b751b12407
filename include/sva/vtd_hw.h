/* SPDX-License-Identifier: MIT */
/*
 * Model of Intel VT-d remapping hardware: one unit.
 */
#ifndef SVA_VTD_HW_H
#define SVA_VTD_HW_H

#include <sva/model.h>

/**
 * struct vtd_hw_cfg - one remapping hardware unit
 * @ver, @cap, @ecap: VER, CAP and ECAP as software reads them. What the model
 *         does follows from them: a feature that is not announced does not
 *         work, and its registers and descriptors are reserved. CAP.FRO,
 *         CAP.NFR and ECAP.IRO say where registers are, and how many.
 * @haw:   host address width in bits, 32 to 52: address bits beyond it are
 *         reserved in tables, and cannot be written into registers; 0: 52.
 * @personality: of every cache.
 * @eager_period: eager only: forget entries every so many lookups, 0: 64.
 * @iotlb_lg2: log2 of IOTLB entries, 6 to 20; 0: 12.
 * @command_batch: how many invalidation descriptors one access to the
 *         registers lets the queue make progress; 0: all there are, at once
 *         (2^16 at most).
 * @collapse: a fault of a requester that has one pending is not recorded, as
 *         hardware may do (7.2.1).
 * @sid:   source-id of the unit's own writes (event messages), for hw_env.msi.
 */
struct vtd_hw_cfg {
	uint32_t ver;
	uint64_t cap;
	uint64_t ecap;
	unsigned int haw;
	enum hw_personality personality;
	unsigned int eager_period;
	unsigned int iotlb_lg2;
	unsigned int command_batch;
	bool collapse;
	uint16_t sid;
};

/**
 * vtd_hw_cfg_default() - a unit that shared virtual addressing can use
 *
 * Version 6.0: scalable mode with first and second stage, nesting and
 * pass-through; 4 and 5 levels, 1 GiB pages, accessed and dirty flags in both
 * stages; 20-bit PASIDs, device TLBs, page requests and their draining,
 * supervisor requests; interrupt remapping with 32-bit destinations; 16-bit
 * domain-ids, eight fault recording registers. Coherent.
 *
 * Also there, for those who announce it: protected memory regions, versions
 * before 6 with register-based invalidation, abort-DMA mode, units without
 * any of the above, and execute requests. With those XD is reserved in paging
 * entries unless the PASID entry has NXE, which Linux 7 does not set.
 */
void vtd_hw_cfg_default(struct vtd_hw_cfg *ret_cfg);

/**
 * vtd_hw_size() - bytes of state of a model with this configuration
 * Return: 0 if the configuration is not valid.
 */
size_t vtd_hw_size(const struct vtd_hw_cfg *cfg);

/**
 * vtd_hw_create() - make a model in the caller's memory
 * @mem:  of vtd_hw_size() bytes, 64-byte aligned; the caller's until after
 *        vtd_hw_destroy().
 * @env, @bus: copied. @bus may be NULL: no device has a TLB or asks for pages.
 *
 * Return: 0, -EINVAL the configuration announces what the model lacks or is
 *         contradictory, a callback is missing, or @mem is too small.
 * Test:   tests/models/vtd_regs_test.c
 */
SVA_MUST_CHECK int vtd_hw_create(const struct vtd_hw_cfg *cfg,
				 const struct hw_env *env,
				 const struct hw_bus *bus, void *mem,
				 size_t mem_size, struct iommu_hw **ret_hw);

/* An interrupt as a message: a write of @data to @addr. */
struct vtd_hw_msg {
	uint64_t addr;
	uint32_t data;
};

/**
 * vtd_hw_remap_irq() - an interrupt request arrived
 * @requester: who wrote the message.
 * @msg:  the write, to the interrupt address range (0xfeexxxxx).
 *
 * *@ret_msg is what the interrupt controllers see: @msg itself while interrupt
 * remapping is off or the request has compatibility format and may pass. A
 * destination of more than 8 bits has its upper bits in bits 63:40 of the
 * address, as x2APIC platforms read them.
 *
 * Context: any thread; takes the register lock. Cost: an entry is read from
 *          memory unless it is cached.
 * Return:  0, or -EFAULT blocked; a fault is recorded unless the entry says
 *          not to.
 * Test:    tests/models/vtd_intremap_test.c
 */
SVA_MUST_CHECK int vtd_hw_remap_irq(struct iommu_hw *hw, uint16_t requester,
				    const struct vtd_hw_msg *msg,
				    struct vtd_hw_msg *ret_msg);

/* Bytes of a snapshot, of whatever configuration. */
size_t vtd_hw_snapshot_size(void);

/**
 * vtd_hw_save() - the state of the unit, as bytes
 * @buf:  of at least vtd_hw_snapshot_size() bytes; the caller's. The bytes
 *        do not depend on the machine, and hold a version and a sum.
 *
 * What is in it: all registers, the pointers that SRTP and SIRTP latched, what
 * the invalidation queue waits for, and the cookies of the invalidations that
 * devices have not completed. What is not: the memory that the unit uses, the
 * caches, the counters, and how the model was configured beyond VER, CAP and
 * ECAP.
 *
 * To be called while nobody else calls the model: between accesses to the
 * registers, with no transaction in flight.
 *
 * Context: takes the register lock. Cost: some 650 words.
 * Return:  0; -EINVAL the buffer is too small, -EBUSY something is under way:
 *          then @buf is as it was.
 * Test:    tests/models/vtd_snapshot_test.c
 */
SVA_MUST_CHECK int vtd_hw_save(struct iommu_hw *hw, void *buf, size_t size);

/**
 * vtd_hw_restore() - go on from a snapshot
 * @size: exactly vtd_hw_snapshot_size().
 *
 * The model becomes what was saved, with empty caches; its counters go on.
 * Outstanding device-TLB invalidations end through ats_inv_complete(), with
 * the cookies they had. No interrupt is raised. Descriptors that were not
 * consumed are from the next access to a register on.
 *
 * Bytes that no model with this VER, CAP and ECAP can have saved are refused,
 * so a damaged or forged snapshot does no harm beyond a state that software
 * could have asked for.
 *
 * Context: as for save().
 * Return:  0; with nothing changed: -EINVAL not a snapshot, of another version
 *          or of another unit, -EBUSY something is under way.
 * Test:    tests/models/vtd_snapshot_test.c
 */
SVA_MUST_CHECK int vtd_hw_restore(struct iommu_hw *hw, const void *buf,
				  size_t size);

/* No port is left and nobody calls the model any more. */
void vtd_hw_destroy(struct iommu_hw *hw);

#endif
