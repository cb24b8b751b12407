/* SPDX-License-Identifier: MIT */
/*
 * What the files of the accelerator's driver share.
 *
 * Locks: the command mutex (rank ACCEL) protects the one command the device
 * takes at a time and which queues are open, (c); a queue's spin lock orders
 * submissions to a dedicated queue, (q); the sleepers' one the mask of the
 * completion interrupt, (s). Without a mark: constant after open.
 */
#ifndef ACCEL_ACCEL_H
#define ACCEL_ACCEL_H

#include <sva/dsa.h>

#include "fmt/dsa.h"
#include "fmt/pcie.h"

#define DSA_MAX_WQS 64u

/* MSI-X vectors: errors and commands, completions. */
enum dsa_vector {
	DSA_VECTOR_MISC,
	DSA_VECTOR_DONE,
	DSA_VECTORS,
};

/**
 * struct dsa_irq - one vector
 * @event: signalled by its handler.
 */
struct dsa_irq {
	struct dsa *dsa;
	struct plat_msi msi;
	struct plat_event event;
	bool allocated;
	bool requested;
};

/**
 * struct dsa_wq - a work queue of the device, open or not
 * @open: (c)
 * @sva:  dedicated queues: whose PASID it has.
 * @space: (q) entries known to be free; more may be.
 * @taken: (q) entries taken so far, @posted: (a) those the device has by now:
 *         between the two, a write to the portal is under way.
 */
struct dsa_wq {
	struct dsa *dsa;
	unsigned int index;
	unsigned int size;
	bool open;
	bool shared;
	bool bof;
	struct iommu_sva *sva;
	uint64_t portal;
	struct plat_lock lock;
	unsigned int space;
	unsigned int taken;
	_Atomic unsigned int posted;
};

/**
 * struct dsa - an accelerator
 * @dead: it halted, or a command did not end and the function was reset: it is
 *        out of use.
 * @losses: (a) completion records that were not written, as far as known: it
 *        moves when there was one.
 * @sleepers: (s) threads in dsa_wait() that rely on the interrupt.
 */
struct dsa {
	const struct plat *plat;
	struct iommu_device *dev;
	struct plat_pci pci;
	void (*reset)(void *ctx);
	void *reset_ctx;
	struct plat_mmio bar0;
	struct plat_mmio bar2;
	uint64_t timeout_ns;
	uint64_t grpcfg;
	uint64_t wqcfg;
	unsigned int wqcfg_stride;
	uint64_t msix_table;
	uint64_t cmdcap;
	unsigned int pci_exp;
	unsigned int pci_msix;
	unsigned int max_xfer_lg2;
	unsigned int max_batch_lg2;
	unsigned int wq_count;
	unsigned int wq_entries;
	unsigned int group_count;
	unsigned int engine_count;
	uint32_t int_handle;
	uint64_t read_buffers;
	bool sva_enabled;
	_Atomic bool dead;
	_Atomic uint32_t losses;
	struct plat_lock lock;
	struct plat_lock sleep_lock;
	unsigned int sleepers;
	struct dsa_irq irqs[DSA_VECTORS];
	struct dsa_wq wqs[DSA_MAX_WQS];
};

/* cmd.c */
SVA_MUST_CHECK int dsa_cmd(struct dsa *dsa, enum dsa_cmd code, uint32_t operand,
			   uint32_t *ret_result);

/* irq.c */
SVA_MUST_CHECK int dsa_irq_open(struct dsa *dsa);
void dsa_irq_close(struct dsa *dsa);
void dsa_irq_sleep(struct dsa *dsa);
void dsa_irq_awake(struct dsa *dsa);
void dsa_irq_error(struct dsa *dsa);
void dsa_irq_dead(struct dsa *dsa);

/* wq.c */
SVA_MUST_CHECK int dsa_wq_drain_pasid(struct dsa *dsa, ioasid_t pasid);
SVA_MUST_CHECK int dsa_wq_share(struct dsa *dsa, unsigned int first);

/* pci.c */
SVA_MUST_CHECK int dsa_pci_open(struct dsa *dsa);
unsigned int dsa_pci_vectors(const struct dsa *dsa);
void dsa_pci_msix_enable(struct dsa *dsa, bool on);
void dsa_pci_reset(struct dsa *dsa);

/* job.c */
void dsa_job_load(const struct dsa_job *job, struct dsa_desc *ret_desc);
void dsa_job_store(struct dsa_job *job, const struct dsa_desc *desc);

#endif
