/* SPDX-License-Identifier: MIT */
/*
 * Driver of the DSA-compatible accelerator: a client of the public API, and
 * the example for authors of device drivers.
 */
#ifndef SVA_DSA_H
#define SVA_DSA_H

#include <sva/device.h>
#include <sva/plat.h>
#include <sva/sva.h>
#include <sva/types.h>

struct dsa;
struct dsa_wq;

/**
 * struct dsa_open_cfg - where the accelerator is
 * @dev:     the device behind its IOMMU; borrowed until dsa_close().
 * @pci:     its configuration space; copied. All zero for a platform device,
 *           which has none: the next three are for that.
 * @msi_table: offset in @bar0 of its table of interrupt messages, which has the
 *           layout of an MSI-X table and at least two entries.
 * @reset:   its reset line: on return it accesses memory no more. May sleep.
 * @reset_ctx: handed to @reset.
 * @bar0:    registers, @bar2: portals; ops borrowed.
 * @timeout_ms: bound of every wait for a device command, draining included, and
 *       for room in a full queue; 0: 10000. A command that takes longer costs
 *       the device: it is reset, and all jobs are cancelled.
 */
struct dsa_open_cfg {
	struct iommu_device *dev;
	struct plat_pci pci;
	uint64_t msi_table;
	void (*reset)(void *ctx);
	void *reset_ctx;
	struct plat_mmio bar0;
	struct plat_mmio bar2;
	unsigned int timeout_ms;
};

/**
 * dsa_open() - bring up the accelerator
 *
 * Resets it, puts all engines and queues into one group, enables
 * IOMMU_DEV_FEAT_SVA on the device if it has that, and its interrupts.
 *
 * Context: may sleep.
 * Return:  0, -ENODEV not the device expected, -EINVAL a platform device
 *          without a reset line, -EIO it reported an error, -ETIMEDOUT,
 *          -ENOMEM, or what the interrupt request or enabling SVA met.
 * Spec:    DSA 341204 9.2 (registers), 3.6 (device commands).
 * Test:    tests/accel/dsa_test.c, tests/accel/dsa_lost_test.c
 */
SVA_MUST_CHECK int dsa_open(const struct dsa_open_cfg *cfg,
			    struct dsa **ret_dsa);

/* Return: 0, -EBUSY with work queues open: nothing changed. */
SVA_MUST_CHECK int dsa_close(struct dsa *dsa);

/**
 * struct dsa_wq_cfg - one work queue
 * @shared: any number of clients, each job with the PASID of its own bind;
 *          submission may be told to retry. Otherwise dedicated to @sva.
 * @sva:    dedicated queues: the bind whose PASID the queue uses.
 * @size:   entries; 0: a fair share.
 * @threshold: shared queues: entries in use before Retry; 0: @size.
 * @priority: 1 to 15; 0: 1.
 * @block_on_fault: jobs may ask for it; otherwise faults end them early.
 */
struct dsa_wq_cfg {
	bool shared;
	struct iommu_sva *sva;
	unsigned int size;
	unsigned int threshold;
	unsigned int priority;
	bool block_on_fault;
};

/**
 * dsa_wq_open() - configure and enable a free work queue
 *
 * Context: may sleep.
 * Return:  0, -EINVAL a bad configuration, -ENOSPC no queue or too few entries
 *          left, -EIO the device refused, -ETIMEDOUT, -ENOMEM.
 */
SVA_MUST_CHECK int dsa_wq_open(struct dsa *dsa, const struct dsa_wq_cfg *cfg,
			       struct dsa_wq **ret_wq);

/**
 * dsa_wq_close() - drain and disable a work queue
 *
 * Context: may sleep. Nobody submits any more.
 * Return:  0, -ETIMEDOUT the queue did not drain and was reset.
 */
int dsa_wq_close(struct dsa_wq *wq);

/**
 * dsa_drain_pasid() - wait until no job of a bind is in the device
 *
 * What an mm_exit callback and the code before iommu_sva_unbind() call.
 *
 * Context: may sleep.
 * Return:  0, -ETIMEDOUT, -EIO.
 */
SVA_MUST_CHECK int dsa_drain_pasid(struct dsa *dsa, struct iommu_sva *sva);

/* Operations of jobs; the numbers are the device's opcodes. */
enum dsa_job_op {
	DSA_JOB_NOOP = 0x00,
	DSA_JOB_BATCH = 0x01,
	DSA_JOB_DRAIN = 0x02,
	DSA_JOB_MEMMOVE = 0x03,
	DSA_JOB_FILL = 0x04,
	DSA_JOB_COMPARE = 0x05,
	DSA_JOB_COMPARE_PATTERN = 0x06,
	DSA_JOB_DELTA_CREATE = 0x07,
	DSA_JOB_DELTA_APPLY = 0x08,
	DSA_JOB_DUALCAST = 0x09,
	DSA_JOB_CRC32C = 0x10,
	DSA_JOB_COPY_CRC32C = 0x11,
	DSA_JOB_CACHE_FLUSH = 0x20,
};

/**
 * struct dsa_job - one descriptor with its completion record
 * @desc: the descriptor, in memory of the bound address space.
 * @comp: the completion record, written by the device.
 * @wq:   where it was submitted.
 * @losses: how many records the device could not write until then; @lost: this
 *        is one of them.
 *
 * Aligned to 64 bytes, as the device asks for: malloc() does not do that, nor
 * for what it is a member of. Of one that is not, the record is lost.
 *
 * Prepare it with a dsa_job_*() function, submit, wait, read the result. It
 * belongs to the device from a successful dsa_submit() to the end of
 * dsa_wait().
 */
struct dsa_job {
	_Alignas(64) uint64_t desc[8];
	_Alignas(32) uint64_t comp[4];
	struct dsa_wq *wq;
	uint32_t losses;
	bool lost;
};

/**
 * struct dsa_result - how a job ended
 * @status:     0 done, -EFAULT a page could not be had, -EINVAL the device
 *              refused the descriptor, -EIO a hardware error, -ECANCELED
 *              aborted, -EREMOTEIO a batch in which some failed.
 * @code:       completion code of the device.
 * @differs:    compare: the two differ; @bytes is where. Creating a delta
 *              record: they differ.
 * @delta_full: the record has no room for the next delta; @bytes is where that
 *              lies in the buffers. @delta_size is good up to there.
 * @fault_write: the access at @fault_addr was a write.
 * @bytes:      completed before the end or the difference; applying a delta
 *              record: bytes of the record.
 * @fault_addr: with -EFAULT.
 * @crc:        CRC operations.
 * @delta_size: creating a delta record: its bytes, a multiple of 10. After a
 *              fault, those that describe the first @bytes of the buffers.
 */
struct dsa_result {
	int status;
	uint8_t code;
	bool differs;
	bool delta_full;
	bool fault_write;
	uint64_t bytes;
	uint64_t fault_addr;
	uint32_t crc;
	uint32_t delta_size;
};

/*
 * Prepare a job. Addresses are pointers of the address space bound by @sva;
 * @size is in bytes, 1 to dsa_max_transfer(). The contents of @job before do
 * not matter. @sva NULL: dsa_job_set_pasid() says where it goes. CRC-32C starts
 * from @seed as RFC 3720 has it: 0 for a fresh sum, or an earlier result to
 * continue it.
 */
void dsa_job_noop(struct dsa_job *job, struct iommu_sva *sva);
void dsa_job_drain(struct dsa_job *job, struct iommu_sva *sva);
void dsa_job_memmove(struct dsa_job *job, struct iommu_sva *sva, void *dst,
		     const void *src, uint32_t size);
void dsa_job_fill(struct dsa_job *job, struct iommu_sva *sva, void *dst,
		  uint64_t pattern, uint32_t size);
void dsa_job_compare(struct dsa_job *job, struct iommu_sva *sva, const void *a,
		     const void *b, uint32_t size);
void dsa_job_compare_pattern(struct dsa_job *job, struct iommu_sva *sva,
			     const void *src, uint64_t pattern, uint32_t size);
void dsa_job_crc32c(struct dsa_job *job, struct iommu_sva *sva, const void *src,
		    uint32_t seed, uint32_t size);
void dsa_job_copy_crc32c(struct dsa_job *job, struct iommu_sva *sva, void *dst,
			 const void *src, uint32_t seed, uint32_t size);

/*
 * Copy to two places at once. Bits 11:0 of @dst1 and @dst2 are equal, and none
 * of the three buffers overlaps another; else the job ends with -EINVAL. After
 * a fault, the first destination may have more than dsa_result's @bytes.
 */
void dsa_job_dualcast(struct dsa_job *job, struct iommu_sva *sva, void *dst1,
		      void *dst2, const void *src, uint32_t size);

/*
 * Write what of @b differs from @a to @record, in at most @max_size bytes, 80
 * or more; and bring a buffer that is equal to @a to what @b was. All addresses
 * and @size are multiples of 8, and @size is at most 512 KiB. The record
 * overlaps neither buffer.
 *
 * A record is an array of deltas of 10 bytes: a little-endian 16-bit offset in
 * units of 8 bytes, then the 8 bytes that are to be there. Offsets rise and lie
 * within @size, else applying it stops there with -EINVAL, after what came
 * before; @record_size is a multiple of 10 and not 0.
 */
void dsa_job_delta_create(struct dsa_job *job, struct iommu_sva *sva,
			  void *record, uint32_t max_size, const void *a,
			  const void *b, uint32_t size);
void dsa_job_delta_apply(struct dsa_job *job, struct iommu_sva *sva, void *dst,
			 uint32_t size, const void *record,
			 uint32_t record_size);

/* Write the lines of the processors' caches back and drop them. */
void dsa_job_cache_flush(struct dsa_job *job, struct iommu_sva *sva,
			 const void *addr, uint32_t size);

/*
 * A batch of @count jobs, 2 to dsa_max_batch(), whose descriptors lie one
 * after the other at @descs, 64 bytes each.
 */
void dsa_job_batch(struct dsa_job *job, struct iommu_sva *sva,
		   const void *descs, uint32_t count);

/* A page fault does not end the job: it waits for the page. */
void dsa_job_set_block_on_fault(struct dsa_job *job);

/*
 * A prepared job for a shared queue goes through this PASID: an auxiliary
 * domain's, say. All its addresses, that of @job itself too, are the domain's.
 */
void dsa_job_set_pasid(struct dsa_job *job, ioasid_t pasid);

/*
 * Where a prepared job is in the address space it is for, if that is not its
 * pointer: a process of a guest, seen from outside. The device writes its
 * completion record there.
 */
void dsa_job_set_addr(struct dsa_job *job, uint64_t addr);

/* Largest transfer in bytes and largest batch of the device. */
uint32_t dsa_max_transfer(const struct dsa *dsa);
uint32_t dsa_max_batch(const struct dsa *dsa);

/**
 * dsa_submit() - hand a job to the device
 *
 * Context: any thread; may be called from many at once. Shared queues: tries
 *          again while the device says Retry, up to the timeout.
 * Cost:    one 64-byte write.
 * Return:  0, -EINVAL the bind has no PASID any more, -ETIMEDOUT the queue
 *          stayed full.
 */
SVA_MUST_CHECK int dsa_submit(struct dsa_wq *wq, struct dsa_job *job);

/**
 * dsa_wait() - wait for a job
 * @timeout_ms: 0: for ever.
 *
 * Polls for a short while, then sleeps until an interrupt.
 *
 * A completion record whose page the device cannot have is never written: it
 * tells in SWERROR, of the first of several such records only. So when records
 * were lost since the job was submitted, the waiter drains the PASID: a job
 * that is not done then never will be. Its result is -EFAULT at the address of
 * the record, with code 0x1a, and how much it did is not known.
 *
 * Context: may sleep; takes the command mutex after a record was lost.
 * Return:  0 and *@ret_result, or -ETIMEDOUT: the job is still the device's.
 * Spec:    DSA 341204 5.8.2.
 * Test:    tests/accel/dsa_lost_test.c
 */
SVA_MUST_CHECK int dsa_wait(struct dsa_job *job, unsigned int timeout_ms,
			    struct dsa_result *ret_result);

/* Has it completed? Context: any. Cost: one load. */
bool dsa_job_done(const struct dsa_job *job);

/**
 * dsa_run() - submit a prepared job and wait for it
 *
 * A job that a fault ended early is continued where it stopped, after the page
 * has been touched by the CPU on the caller's behalf if @touch is given.
 * @touch returns 0 if it could make the page accessible.
 *
 * Delta records cannot be continued, as offsets count from the start of the
 * buffers and a record's end need not be aligned: creating or applying one
 * begins again from the start. That comes to the same if nobody else writes to
 * the buffers meanwhile. It ends with the fault if attempts come no further.
 *
 * Context: may sleep.
 * Return:  0 and *@ret_result with the sum of all parts (delta records: of the
 *          last attempt), or an error of
 *          dsa_submit() or dsa_wait().
 */
SVA_MUST_CHECK int dsa_run(struct dsa_wq *wq, struct dsa_job *job,
			   int (*touch)(void *arg, uint64_t addr, bool write),
			   void *arg, struct dsa_result *ret_result);

#endif
