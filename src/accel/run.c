/* SPDX-License-Identifier: MIT */
/* Jobs that go on after a fault ended them early. */
#include "accel/accel.h"

#include "base/bits.h"
#include "base/errno.h"
#include "base/le64.h"

/* Faults without a byte of progress between them. */
#define DSA_RUN_STUCK 64u

static uint64_t dsa_rotate(uint64_t pattern, uint64_t by)
{
	unsigned int bits = (unsigned int)(by % 8) * 8;

	return bits ? pattern >> bits | pattern << (64 - bits) : pattern;
}

/*
 * There is no descriptor for the rest: offsets count from the start of the
 * buffers, and a record's end is not aligned. The whole is done again.
 */
static bool dsa_run_restarts(const struct dsa_desc *d)
{
	uint64_t op = FIELD_GET(DSA_DESC_OPCODE, d);

	return op == DSA_OP_CREATE_DELTA || op == DSA_OP_APPLY_DELTA;
}

/* Is it worth another descriptor, that does the rest or begins again? */
static bool dsa_run_continues(const struct dsa_desc *d,
			      const struct dsa_result *r)
{
	/* Without its record nobody knows what was done. */
	if (r->status != -EFAULT || r->code == DSA_COMP_CR_PAGE_FAULT)
		return false;
	if (dsa_run_restarts(d))
		return true;
	return FIELD_GET(DSA_DESC_OPCODE, d) >= DSA_OP_MEMMOVE &&
	       r->bytes < FIELD_GET(DSA_DESC_XFER_SIZE, d);
}

static bool dsa_run_backward(const struct dsa_job *job)
{
	struct dsa_comp c;

	le64_load_words(c.dw, job->comp, ARRAY_SIZE(c.dw));
	return FIELD_GET(DSA_COMP_RESULT, &c) == DSA_RESULT_BACKWARD;
}

/* Take the bytes that are done off the descriptor. */
static void dsa_run_advance(const struct dsa_job *job, struct dsa_desc *d,
			    const struct dsa_result *r)
{
	uint64_t op = FIELD_GET(DSA_DESC_OPCODE, d);
	uint64_t src = FIELD_GET(DSA_DESC_SRC, d);
	uint64_t dst = FIELD_GET(DSA_DESC_DST, d);
	uint64_t n = r->bytes, dst2;

	FIELD_SET(DSA_DESC_XFER_SIZE, d, FIELD_GET(DSA_DESC_XFER_SIZE, d) - n);
	/* A backward move did its last bytes: the addresses stay. */
	if (op == DSA_OP_MEMMOVE && dsa_run_backward(job))
		return;
	/* A flush has no source: the field is reserved. */
	if (op != DSA_OP_CACHE_FLUSH)
		FIELD_SET(DSA_DESC_SRC, d,
			  op == DSA_OP_FILL ? dsa_rotate(src, n) : src + n);
	if (op == DSA_OP_COMPARE_PATTERN)
		FIELD_SET(DSA_DESC_DST, d, dsa_rotate(dst, n));
	else if (op != DSA_OP_CRC_GEN)
		FIELD_SET(DSA_DESC_DST, d, dst + n);
	if (op == DSA_OP_DUALCAST) {
		dst2 = FIELD_GET(DSA_DESC_DUALCAST_DST2, d);
		FIELD_SET(DSA_DESC_DUALCAST_DST2, d, dst2 + n);
	}
	if (n && (op == DSA_OP_CRC_GEN || op == DSA_OP_COPY_CRC))
		FIELD_SET(DSA_DESC_CRC_SEED, d, r->crc);
}

static int dsa_run_once(struct dsa_wq *wq, struct dsa_job *job,
			struct dsa_result *ret_result)
{
	int err = dsa_submit(wq, job);

	return err ? err : dsa_wait(job, 0, ret_result);
}

int dsa_run(struct dsa_wq *wq, struct dsa_job *job,
	    int (*touch)(void *arg, uint64_t addr, bool write), void *arg,
	    struct dsa_result *ret_result)
{
	struct dsa_desc whole, d;
	struct dsa_result r;
	unsigned int stuck = 0;
	uint64_t total = 0, best = 0;
	int err;

	dsa_job_load(job, &whole);
	d = whole;
	for (;;) {
		err = dsa_run_once(wq, job, &r);
		if (err)
			break;
		if (!touch || !dsa_run_continues(&d, &r))
			break;
		stuck = r.bytes > best ? 0 : stuck + 1;
		if (stuck > DSA_RUN_STUCK ||
		    touch(arg, r.fault_addr, r.fault_write))
			break;
		if (dsa_run_restarts(&d)) {
			best = r.bytes > best ? r.bytes : best;
			continue;
		}
		dsa_run_advance(job, &d, &r);
		total += r.bytes;
		dsa_job_store(job, &d);
	}
	/* The job is as it was prepared. */
	dsa_job_store(job, &whole);
	if (err)
		return err;
	r.bytes += total;
	*ret_result = r;
	return 0;
}
