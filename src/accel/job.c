/* SPDX-License-Identifier: MIT */
/* Descriptors of jobs, and what came of them. */
#include "accel/accel.h"

#include "base/bits.h"
#include "base/errno.h"
#include "base/le64.h"
#include "base/string.h"

/* Turns of polling before a waiter sleeps: before those in which relax naps. */
#define DSA_WAIT_SPINS 500u

void dsa_job_load(const struct dsa_job *job, struct dsa_desc *ret_desc)
{
	le64_load_words(ret_desc->dw, job->desc, ARRAY_SIZE(ret_desc->dw));
}

void dsa_job_store(struct dsa_job *job, const struct dsa_desc *desc)
{
	le64_store_words(job->desc, desc->dw, ARRAY_SIZE(desc->dw));
}

static uint64_t dsa_addr(const void *p)
{
	return (uintptr_t)p;
}

/* PASID 0 never names an address space: it marks a bind that has none. */
static struct dsa_desc dsa_job_begin(struct dsa_job *job, enum dsa_op op,
				     struct iommu_sva *sva)
{
	ioasid_t pasid = sva ? iommu_sva_get_pasid(sva) : IOMMU_PASID_INVALID;
	struct dsa_desc d = { { 0 } };

	memset(job, 0, sizeof(*job));
	if (pasid != IOMMU_PASID_INVALID)
		FIELD_SET(DSA_DESC_PASID, &d, pasid);
	FIELD_SET(DSA_DESC_OPCODE, &d, op);
	FIELD_SET(DSA_DESC_CRAV, &d, 1);
	FIELD_SET(DSA_DESC_RCR, &d, 1);
	FIELD_SET(DSA_DESC_COMPLETION_ADDR, &d, dsa_addr(job->comp));
	return d;
}

void dsa_job_set_pasid(struct dsa_job *job, ioasid_t pasid)
{
	struct dsa_desc desc;

	dsa_job_load(job, &desc);
	FIELD_SET(DSA_DESC_PASID, &desc, pasid);
	dsa_job_store(job, &desc);
}

void dsa_job_set_addr(struct dsa_job *job, uint64_t addr)
{
	struct dsa_desc desc;

	dsa_job_load(job, &desc);
	FIELD_SET(DSA_DESC_COMPLETION_ADDR, &desc,
		  addr + offsetof(struct dsa_job, comp));
	dsa_job_store(job, &desc);
}

void dsa_job_noop(struct dsa_job *job, struct iommu_sva *sva)
{
	struct dsa_desc d = dsa_job_begin(job, DSA_OP_NOOP, sva);

	dsa_job_store(job, &d);
}

void dsa_job_drain(struct dsa_job *job, struct iommu_sva *sva)
{
	struct dsa_desc d = dsa_job_begin(job, DSA_OP_DRAIN, sva);

	dsa_job_store(job, &d);
}

static void dsa_job_data(struct dsa_job *job, struct iommu_sva *sva,
			 enum dsa_op op, uint64_t src, uint64_t dst,
			 uint32_t size)
{
	struct dsa_desc d = dsa_job_begin(job, op, sva);

	FIELD_SET(DSA_DESC_SRC, &d, src);
	FIELD_SET(DSA_DESC_DST, &d, dst);
	FIELD_SET(DSA_DESC_XFER_SIZE, &d, size);
	dsa_job_store(job, &d);
}

void dsa_job_memmove(struct dsa_job *job, struct iommu_sva *sva, void *dst,
		     const void *src, uint32_t size)
{
	dsa_job_data(job, sva, DSA_OP_MEMMOVE, dsa_addr(src), dsa_addr(dst),
		     size);
}

void dsa_job_fill(struct dsa_job *job, struct iommu_sva *sva, void *dst,
		  uint64_t pattern, uint32_t size)
{
	dsa_job_data(job, sva, DSA_OP_FILL, pattern, dsa_addr(dst), size);
}

void dsa_job_compare(struct dsa_job *job, struct iommu_sva *sva, const void *a,
		     const void *b, uint32_t size)
{
	dsa_job_data(job, sva, DSA_OP_COMPARE, dsa_addr(a), dsa_addr(b), size);
}

void dsa_job_compare_pattern(struct dsa_job *job, struct iommu_sva *sva,
			     const void *src, uint64_t pattern, uint32_t size)
{
	dsa_job_data(job, sva, DSA_OP_COMPARE_PATTERN, dsa_addr(src), pattern,
		     size);
}

static void dsa_job_sum(struct dsa_job *job, struct iommu_sva *sva,
			enum dsa_op op, uint64_t src, uint64_t dst,
			uint32_t seed, uint32_t size)
{
	struct dsa_desc d;

	dsa_job_data(job, sva, op, src, dst, size);
	dsa_job_load(job, &d);
	FIELD_SET(DSA_DESC_CRC_SEED, &d, seed);
	dsa_job_store(job, &d);
}

void dsa_job_crc32c(struct dsa_job *job, struct iommu_sva *sva, const void *src,
		    uint32_t seed, uint32_t size)
{
	dsa_job_sum(job, sva, DSA_OP_CRC_GEN, dsa_addr(src), 0, seed, size);
}

void dsa_job_copy_crc32c(struct dsa_job *job, struct iommu_sva *sva, void *dst,
			 const void *src, uint32_t seed, uint32_t size)
{
	dsa_job_sum(job, sva, DSA_OP_COPY_CRC, dsa_addr(src), dsa_addr(dst),
		    seed, size);
}

void dsa_job_dualcast(struct dsa_job *job, struct iommu_sva *sva, void *dst1,
		      void *dst2, const void *src, uint32_t size)
{
	struct dsa_desc d;

	dsa_job_data(job, sva, DSA_OP_DUALCAST, dsa_addr(src), dsa_addr(dst1),
		     size);
	dsa_job_load(job, &d);
	FIELD_SET(DSA_DESC_DUALCAST_DST2, &d, dsa_addr(dst2));
	dsa_job_store(job, &d);
}

void dsa_job_delta_create(struct dsa_job *job, struct iommu_sva *sva,
			  void *record, uint32_t max_size, const void *a,
			  const void *b, uint32_t size)
{
	struct dsa_desc d;

	dsa_job_data(job, sva, DSA_OP_CREATE_DELTA, dsa_addr(a), dsa_addr(b),
		     size);
	dsa_job_load(job, &d);
	FIELD_SET(DSA_DESC_CREATE_DELTA_ADDR, &d, dsa_addr(record));
	FIELD_SET(DSA_DESC_CREATE_DELTA_MAX_SIZE, &d, max_size);
	dsa_job_store(job, &d);
}

void dsa_job_delta_apply(struct dsa_job *job, struct iommu_sva *sva, void *dst,
			 uint32_t size, const void *record,
			 uint32_t record_size)
{
	struct dsa_desc d;

	dsa_job_data(job, sva, DSA_OP_APPLY_DELTA, dsa_addr(record),
		     dsa_addr(dst), size);
	dsa_job_load(job, &d);
	FIELD_SET(DSA_DESC_APPLY_DELTA_SIZE, &d, record_size);
	dsa_job_store(job, &d);
}

void dsa_job_cache_flush(struct dsa_job *job, struct iommu_sva *sva,
			 const void *addr, uint32_t size)
{
	dsa_job_data(job, sva, DSA_OP_CACHE_FLUSH, 0, dsa_addr(addr), size);
}

void dsa_job_batch(struct dsa_job *job, struct iommu_sva *sva,
		   const void *descs, uint32_t count)
{
	struct dsa_desc d = dsa_job_begin(job, DSA_OP_BATCH, sva);

	FIELD_SET(DSA_DESC_BATCH_LIST, &d, dsa_addr(descs));
	FIELD_SET(DSA_DESC_BATCH_COUNT, &d, count);
	dsa_job_store(job, &d);
}

/* Operations without operands in memory have no such flag. */
void dsa_job_set_block_on_fault(struct dsa_job *job)
{
	struct dsa_desc d;

	dsa_job_load(job, &d);
	switch (FIELD_GET(DSA_DESC_OPCODE, &d)) {
	case DSA_OP_NOOP:
	case DSA_OP_BATCH:
	case DSA_OP_DRAIN:
		return;
	default:
		FIELD_SET(DSA_DESC_BOF, &d, 1);
		dsa_job_store(job, &d);
	}
}

bool dsa_job_done(const struct dsa_job *job)
{
	/* Pairs with the device's store of the status, its last. */
	uint64_t w = LE64(__atomic_load_n(&job->comp[0], __ATOMIC_ACQUIRE));

	return REG_GET(DSA_COMP_STATUS, w) != DSA_COMP_NONE;
}

static int dsa_code_status(uint64_t code)
{
	switch (code) {
	case DSA_COMP_SUCCESS:
	case DSA_COMP_SUCCESS_FALSE:
		return 0;
	case DSA_COMP_PAGE_FAULT_NOBOF:
	case DSA_COMP_PAGE_FAULT_IR:
	case DSA_COMP_BATCH_PAGE_FAULT:
	case DSA_COMP_DRAIN_PAGE_FAULT:
	case DSA_COMP_TRANSLATION_FAIL:
		return -EFAULT;
	case DSA_COMP_BATCH_FAIL:
		return -EREMOTEIO;
	case DSA_COMP_HW_ERROR:
	case DSA_COMP_HW_ERROR_WRITE:
		return -EIO;
	default:
		return -EINVAL;
	}
}

static bool dsa_op_is_compare(uint64_t op)
{
	return op == DSA_OP_COMPARE || op == DSA_OP_COMPARE_PATTERN;
}

/* Of a job that ended well. Bytes completed are 0 when all are. */
static void dsa_job_good(const struct dsa_desc *d, const struct dsa_comp *c,
			 struct dsa_result *r)
{
	uint64_t op = FIELD_GET(DSA_DESC_OPCODE, d);
	uint64_t result = FIELD_GET(DSA_COMP_RESULT, c);

	if (op == DSA_OP_CREATE_DELTA) {
		r->differs = result != DSA_RESULT_EQUAL;
		r->delta_full = result == DSA_RESULT_DELTA_FULL;
		if (r->delta_full)
			return;
	} else if (dsa_op_is_compare(op) && result == DSA_RESULT_DIFFER) {
		r->differs = true;
		return;
	}
	if (op == DSA_OP_APPLY_DELTA)
		r->bytes = FIELD_GET(DSA_DESC_APPLY_DELTA_SIZE, d);
	else if (op >= DSA_OP_MEMMOVE)
		r->bytes = FIELD_GET(DSA_DESC_XFER_SIZE, d);
}

static void dsa_job_result(const struct dsa_job *job,
			   struct dsa_result *ret_result)
{
	struct dsa_result r = { 0 };
	struct dsa_desc d;
	struct dsa_comp c;
	uint64_t op;

	dsa_job_load(job, &d);
	le64_load_words(c.dw, job->comp, ARRAY_SIZE(c.dw));
	op = FIELD_GET(DSA_DESC_OPCODE, &d);
	r.code = (uint8_t)FIELD_GET(DSA_COMP_STATUS, &c);
	r.status = dsa_code_status(r.code);
	r.bytes = FIELD_GET(DSA_COMP_BYTES_COMPLETED, &c);
	if (!r.status)
		dsa_job_good(&d, &c, &r);
	if (r.status == -EFAULT) {
		r.fault_addr = FIELD_GET(DSA_COMP_FAULT_ADDR, &c);
		r.fault_write = FIELD_GET(DSA_COMP_WRITE, &c);
	}
	if (op == DSA_OP_CRC_GEN || op == DSA_OP_COPY_CRC)
		r.crc = (uint32_t)FIELD_GET(DSA_COMP_CRC, &c);
	/* That word of a refused descriptor's record may be something else. */
	if (op == DSA_OP_CREATE_DELTA && r.status != -EINVAL)
		r.delta_size = (uint32_t)FIELD_GET(DSA_COMP_DELTA_SIZE, &c);
	*ret_result = r;
}

static bool dsa_job_dead(const struct dsa_job *job)
{
	/* Pairs with the release in dsa_cmd_stuck(). */
	return atomic_load_explicit(&job->wq->dsa->dead, memory_order_acquire);
}

/* Were records lost since it was submitted? */
static bool dsa_job_doubtful(const struct dsa_job *job)
{
	/* Pairs with the release in dsa_irq_loss(). */
	return atomic_load_explicit(&job->wq->dsa->losses,
				    memory_order_acquire) != job->losses;
}

/*
 * After a drain the device has nothing of it any more. A device that does not
 * end the drain is out of use, which is an end as well.
 */
static void dsa_job_settle(struct dsa_job *job)
{
	struct dsa *dsa = job->wq->dsa;
	uint32_t losses =
		atomic_load_explicit(&dsa->losses, memory_order_acquire);
	ioasid_t pasid;
	struct dsa_desc d;

	dsa_job_load(job, &d);
	if (job->wq->shared)
		pasid = (ioasid_t)FIELD_GET(DSA_DESC_PASID, &d);
	else
		pasid = iommu_sva_get_pasid(job->wq->sva);
	if (!dsa_wq_drain_pasid(dsa, pasid) && !dsa_job_done(job))
		job->lost = true;
	job->losses = losses;
}

/* Return: 0 it is done or will never be, -ETIMEDOUT. */
static int dsa_job_sleep(struct dsa_job *job, uint64_t deadline)
{
	struct dsa *dsa = job->wq->dsa;
	struct plat_event *event = &dsa->irqs[DSA_VECTOR_DONE].event;
	int err = 0;

	dsa_irq_sleep(dsa);
	for (;;) {
		uint32_t seen = plat_event_read(event);

		if (dsa_job_doubtful(job))
			dsa_job_settle(job);
		if (dsa_job_done(job) || dsa_job_dead(job) || job->lost)
			break;
		err = plat_event_wait(dsa->plat, event, seen, deadline);
		if (err)
			break;
	}
	dsa_irq_awake(dsa);
	return err && dsa_job_done(job) ? 0 : err;
}

int dsa_wait(struct dsa_job *job, unsigned int timeout_ms,
	     struct dsa_result *ret_result)
{
	const struct plat *plat = job->wq->dsa->plat;
	uint64_t deadline = UINT64_MAX;
	unsigned int turns;
	int err;

	if (timeout_ms)
		deadline = plat_now_ns(plat) + timeout_ms * UINT64_C(1000000);
	for (turns = 0; turns < DSA_WAIT_SPINS && !dsa_job_done(job); turns++) {
		if (timeout_ms && plat_now_ns(plat) >= deadline)
			break;
		plat_relax(plat, turns);
	}
	if (!dsa_job_done(job)) {
		err = dsa_job_sleep(job, deadline);
		if (err)
			return err;
	}
	if (dsa_job_done(job))
		dsa_job_result(job, ret_result);
	else if (job->lost)
		*ret_result = (struct dsa_result){
			.status = -EFAULT,
			.code = DSA_COMP_CR_PAGE_FAULT,
			.fault_addr = dsa_addr(job->comp),
			.fault_write = true,
		};
	else
		*ret_result = (struct dsa_result){ .status = -ECANCELED };
	return 0;
}
