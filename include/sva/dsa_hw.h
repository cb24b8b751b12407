/* SPDX-License-Identifier: MIT */
/*
 * Model of a DSA-compatible accelerator: a PCIe function with PASID, ATS, PRI
 * and MSI-X, or a platform device whose transactions stall, behind any IOMMU
 * model.
 *
 * The model has no threads. Whoever embeds it steps its engines: a thread per
 * engine, a simulator, or a virtual machine monitor's event loop.
 */
#ifndef SVA_DSA_HW_H
#define SVA_DSA_HW_H

#include <sva/model.h>

struct dsa_hw;

#define DSA_HW_MAX_ENGINES 16u
#define DSA_HW_MAX_WQS     16u

/**
 * struct dsa_hw_cfg - one device
 * @platform: without a PCI function in front: no configuration space, ATS or
 *           PRI. It may master the bus and send PASIDs of @pasid_bits, and its
 *           interrupt table, at dsa_hw_msi_table(), is enabled. What the IOMMU
 *           stalls, an engine waits for.
 * @rid:     requester id, or StreamID of a platform device; what it puts on its
 *           transactions.
 * @engines: 1 to DSA_HW_MAX_ENGINES.
 * @wqs:     work queues, 1 to DSA_HW_MAX_WQS; WQCAP.num_wqs.
 * @wq_entries: entries all queues share, up to 1024; WQCAP.total_wq_size.
 * @max_transfer_lg2: largest transfer, 12 to 31; GENCAP.
 * @max_batch_lg2: largest batch, 1 to 11; GENCAP.
 * @read_buffers: up to 255; GRPCAP. They are accounted for when the device is
 *           enabled, and throttle nothing. 0: no such controls.
 * @pasid_bits: Max PASID Width of the PASID capability; 0: no capability.
 * @ats, @pri: the capabilities exist. PRI needs ATS.
 * @outstanding: Outstanding Page Request Capacity, at least 1.
 * @msix_vectors: 1 to 64.
 * @personality: of the ATC.
 * @atc_lg2: log2 of ATC entries per engine, 4 to 16; 0: 8.
 */
struct dsa_hw_cfg {
	bool platform;
	uint32_t rid;
	unsigned int engines;
	unsigned int wqs;
	unsigned int wq_entries;
	unsigned int max_transfer_lg2;
	unsigned int max_batch_lg2;
	unsigned int read_buffers;
	unsigned int pasid_bits;
	bool ats;
	bool pri;
	unsigned int outstanding;
	unsigned int msix_vectors;
	enum hw_personality personality;
	unsigned int atc_lg2;
};

/* Two groups of engines and queues can be made of it; all features on. */
void dsa_hw_cfg_default(struct dsa_hw_cfg *ret_cfg);

/* The same as a platform device with StreamID @sid. */
void dsa_hw_cfg_platform(struct dsa_hw_cfg *ret_cfg, uint32_t sid);

/* Return: bytes of state, 0 if the configuration is not valid. */
size_t dsa_hw_size(const struct dsa_hw_cfg *cfg);

/**
 * struct dsa_hw_host - what the accelerator asks of whoever steps it
 * @wake: engine number @engine may have something to do. Any thread; called
 *        under the model's locks, does not call back.
 */
struct dsa_hw_host {
	void *ctx;
	void (*wake)(void *ctx, unsigned int engine);
};

/**
 * dsa_hw_create() - make a function in the caller's memory
 * @env, @host: copied.
 * @iommu:      the IOMMU its transactions go through; borrowed. Its bus leads
 *              to dsa_hw_ats_invalidate(), dsa_hw_prg_response() and
 *              dsa_hw_resume().
 * @mem:        of dsa_hw_size() bytes, 64-byte aligned.
 *
 * Return: 0, -EINVAL.
 * Test:   tests/models/dsa_test.c
 */
SVA_MUST_CHECK int dsa_hw_create(const struct dsa_hw_cfg *cfg,
				 const struct hw_env *env,
				 const struct dsa_hw_host *host,
				 struct iommu_hw *iommu, void *mem,
				 size_t mem_size, struct dsa_hw **ret_dsa);

/* Nobody steps it any more. */
void dsa_hw_destroy(struct dsa_hw *dsa);

/*
 * Configuration space: @size 1, 2 or 4, aligned, below 4096. A platform device
 * has none: reads are all ones.
 */
uint32_t dsa_hw_cfg_read(struct dsa_hw *dsa, unsigned int offset,
			 unsigned int size);
void dsa_hw_cfg_write(struct dsa_hw *dsa, unsigned int offset,
		      unsigned int size, uint32_t value);

/**
 * dsa_hw_reset() - the reset line of a platform device
 *
 * As a function level reset: on return no engine accesses memory, and all
 * registers are at their defaults. Transactions that are stalled stay with the
 * IOMMU; how they end does not matter any more.
 *
 * Context: any thread but that of an engine in a step.
 * Test:    tests/models/dsa_stall_test.c
 */
void dsa_hw_reset(struct dsa_hw *dsa);

/* Offset in BAR 0 of the table of interrupt messages, as MSI-X has it. */
uint64_t dsa_hw_msi_table(const struct dsa_hw *dsa);

/* BAR 0, the registers; BAR 2, the portals. */
uint64_t dsa_hw_bar0_size(const struct dsa_hw *dsa);
uint64_t dsa_hw_bar2_size(const struct dsa_hw *dsa);
uint64_t dsa_hw_mmio_read(struct dsa_hw *dsa, uint64_t offset,
			  unsigned int size);
void dsa_hw_mmio_write(struct dsa_hw *dsa, uint64_t offset, unsigned int size,
		       uint64_t value);

/**
 * dsa_hw_portal_write() - a 64-byte write to a portal
 * @offset:   in BAR 2.
 * @desc:     64 bytes, copied.
 * @deferrable: non-posted (ENQCMD, shared queues); otherwise posted (MOVDIR64B,
 *            dedicated queues; an overflow is a software error record).
 *
 * Return: 0 accepted or dropped as posted writes are, -EAGAIN Retry.
 */
SVA_MUST_CHECK int dsa_hw_portal_write(struct dsa_hw *dsa, uint64_t offset,
				       const void *desc, bool deferrable);

/* From the IOMMU; as in struct hw_bus. */
int dsa_hw_ats_invalidate(struct dsa_hw *dsa, const struct hw_ats_inv *inv);
void dsa_hw_prg_response(struct dsa_hw *dsa,
			 const struct hw_prg_response *resp);

/**
 * dsa_hw_resume() - a stalled transaction has come to its end
 * @cookie, @retry: as in struct hw_bus.
 *
 * The bus passes every end on to every device that can stall, as each makes
 * room for another: cookies of others do no more than that. A transaction that
 * is retried is offered again as a new one; one that is aborted ends its
 * descriptor with a page fault. There is no third way here: what would read as
 * zero is passed as aborted.
 *
 * Context: any thread, also inside translate().
 * Spec:    Arm IHI 0070 3.12.2.
 * Test:    tests/models/dsa_stall_test.c
 */
void dsa_hw_resume(struct dsa_hw *dsa, uint64_t cookie, bool retry);

enum dsa_hw_step {
	DSA_HW_IDLE,    /* nothing to do until the next wake */
	DSA_HW_BLOCKED, /* waits for a page, or others; wake follows */
	DSA_HW_MORE,    /* call again */
};

/**
 * dsa_hw_step() - let an engine do a piece of work
 *
 * At most one thread steps an engine at a time.
 *
 * Cost: bounded: one descriptor's start, or 64 KiB of data.
 */
enum dsa_hw_step dsa_hw_step(struct dsa_hw *dsa, unsigned int engine);

/**
 * struct dsa_hw_stats - what the function has done
 */
struct dsa_hw_stats {
	uint64_t descriptors; /* completed, with whatever status */
	uint64_t bytes;       /* moved, compared, filled or summed */
	uint64_t atc_hits;
	uint64_t atc_misses;
	uint64_t ats_requests;
	uint64_t atc_invalidations;
	uint64_t page_requests;
	uint64_t page_groups; /* they were sent in; each gets a response */
	uint64_t page_responses;
	uint64_t interrupts;
	uint64_t retries; /* ENQCMD answered Retry */
	uint64_t stalls;  /* transactions the IOMMU stalled */
	uint64_t resumes; /* of those, ended */
};

void dsa_hw_stats(struct dsa_hw *dsa, struct dsa_hw_stats *ret_stats);

#endif
