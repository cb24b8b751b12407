/* SPDX-License-Identifier: MIT */
/*
 * The operations on data. Each call does a piece and adds it to job->done;
 * job->status is set when the operation has come to its end.
 */
#include "models/dsa/dsa.h"

#include "base/bits.h"
#include "base/le64.h"
#include "base/string.h"

static uint64_t dsa_hw_left(const struct dsa_hw_job *job)
{
	if (FIELD_GET(DSA_DESC_OPCODE, &job->desc) == DSA_OP_APPLY_DELTA)
		return FIELD_GET(DSA_DESC_APPLY_DELTA_SIZE, &job->desc) -
		       job->done;
	return FIELD_GET(DSA_DESC_XFER_SIZE, &job->desc) - job->done;
}

/*
 * What is looked up at a time: more than a buffer, so that pages that are
 * absent are asked for in groups as large as can be.
 */
uint64_t dsa_hw_ahead(const struct dsa_hw_job *job)
{
	return dsa_hw_min(dsa_hw_left(job), DSA_HW_STEP);
}

/* Progress: what was tried for the last absent page is of no account now. */
void dsa_hw_progress(struct dsa_hw_engine *eng, struct dsa_hw_job *job,
		     uint64_t n)
{
	job->done += n;
	dsa_hw_count(&eng->bytes, n);
	eng->fault.denied = false;
	eng->fault.solo = false;
	eng->fault.granted = 0;
	eng->fault.refused = 0;
	if (!dsa_hw_left(job))
		job->status = DSA_COMP_SUCCESS;
}

/* Source to buffer 0 and on to the destination, *@len bytes of both spans. */
static enum dsa_hw_go dsa_hw_bounce(struct dsa_hw_engine *eng,
				    const struct dsa_hw_span *dst,
				    const struct dsa_hw_span *src,
				    uint64_t *len)
{
	enum dsa_hw_go go;

	*len = dsa_hw_min(*len, DSA_HW_BUF);
	eng->pattern_valid = false;
	go = dsa_hw_span_read(eng, src, eng->buf[0], len);
	if (go != DSA_HW_GO_ON)
		return go;
	return dsa_hw_span_write(eng, dst, eng->buf[0], DSA_HW_BUF, len);
}

/*
 * Spans of source and destination at @src and @dst. Lookups of the second may
 * have outdated the first; the access finds out.
 */
enum dsa_hw_go dsa_hw_two(struct dsa_hw_engine *eng, uint64_t src, uint64_t dst,
			  uint64_t limit, uint32_t perm,
			  struct dsa_hw_span *ret_src,
			  struct dsa_hw_span *ret_dst)
{
	enum dsa_hw_go go;

	go = dsa_hw_span(eng, src, limit, IOMMU_PERM_READ, false, ret_src);
	if (go != DSA_HW_GO_ON)
		return go;
	return dsa_hw_span(eng, dst, limit, perm, false, ret_dst);
}

/*
 * The destination begins inside the source: from the end, within single pages,
 * of which an access moves all or nothing.
 */
static enum dsa_hw_go dsa_hw_op_move_back(struct dsa_hw_engine *eng,
					  struct dsa_hw_job *job)
{
	uint64_t left = dsa_hw_left(job);
	uint64_t src = FIELD_GET(DSA_DESC_SRC, &job->desc) + left;
	uint64_t dst = FIELD_GET(DSA_DESC_DST, &job->desc) + left;
	struct dsa_hw_span from, to;
	enum dsa_hw_go go;
	uint64_t n, moved;

	n = dsa_hw_min(left, ((src - 1) & (DSA_HW_PAGE - 1)) + 1);
	n = dsa_hw_min(n, ((dst - 1) & (DSA_HW_PAGE - 1)) + 1);
	go = dsa_hw_two(eng, src - n, dst - n, n, IOMMU_PERM_WRITE, &from, &to);
	if (go != DSA_HW_GO_ON)
		return go;
	moved = n;
	go = dsa_hw_bounce(eng, &to, &from, &moved);
	if (go != DSA_HW_GO_ON)
		return go;
	if (moved < n)
		return DSA_HW_GO_AGAIN;
	dsa_hw_progress(eng, job, n);
	return DSA_HW_GO_ON;
}

static enum dsa_hw_go dsa_hw_op_move(struct dsa_hw_engine *eng,
				     struct dsa_hw_job *job)
{
	uint64_t src = FIELD_GET(DSA_DESC_SRC, &job->desc) + job->done;
	uint64_t dst = FIELD_GET(DSA_DESC_DST, &job->desc) + job->done;
	struct dsa_hw_span from, to;
	enum dsa_hw_go go;
	uint64_t n;

	if (job->backward)
		return dsa_hw_op_move_back(eng, job);
	go = dsa_hw_two(eng, src, dst, dsa_hw_ahead(job), IOMMU_PERM_WRITE,
			&from, &to);
	if (go != DSA_HW_GO_ON)
		return go;
	n = dsa_hw_min(from.len, to.len);
	if (from.translated && to.translated && src - dst >= n &&
	    dst - src >= n)
		go = dsa_hw_span_copy(eng, &to, &from, &n);
	else
		go = dsa_hw_bounce(eng, &to, &from, &n);
	if (go == DSA_HW_GO_ON)
		dsa_hw_progress(eng, job, n);
	return go;
}

/* The pattern as it continues after @done bytes. */
static uint64_t dsa_hw_rotate(uint64_t pattern, uint64_t done)
{
	unsigned int bits = (unsigned int)(done & 7) * 8;

	return bits ? pattern >> bits | pattern << (64 - bits) : pattern;
}

static enum dsa_hw_go dsa_hw_op_fill(struct dsa_hw_engine *eng,
				     struct dsa_hw_job *job)
{
	uint64_t dst = FIELD_GET(DSA_DESC_DST, &job->desc) + job->done;
	uint64_t pattern = dsa_hw_rotate(
		FIELD_GET(DSA_DESC_FILL_PATTERN, &job->desc), job->done);
	struct dsa_hw_span to;
	enum dsa_hw_go go;
	unsigned int i;
	uint64_t n;

	go = dsa_hw_span(eng, dst, dsa_hw_ahead(job), IOMMU_PERM_WRITE, false,
			 &to);
	if (go != DSA_HW_GO_ON)
		return go;
	if (!eng->pattern_valid || eng->pattern != pattern) {
		for (i = 0; i < DSA_HW_BUF; i += 8)
			le64_store(&eng->buf[0][i], pattern);
		eng->pattern = pattern;
		eng->pattern_valid = true;
	}
	n = to.len;
	go = dsa_hw_span_write(eng, &to, eng->buf[0], DSA_HW_BUF, &n);
	if (go == DSA_HW_GO_ON)
		dsa_hw_progress(eng, job, n);
	return go;
}

/* The buffers differ somewhere in @n bytes, or the operation goes on. */
static void dsa_hw_compared(struct dsa_hw_engine *eng, struct dsa_hw_job *job,
			    uint64_t n)
{
	uint64_t i = 0;

	if (!memcmp(eng->buf[0], eng->buf[1], n)) {
		dsa_hw_progress(eng, job, n);
		return;
	}
	while (eng->buf[0][i] == eng->buf[1][i])
		i++;
	job->done += i;
	dsa_hw_count(&eng->bytes, i);
	job->result = DSA_RESULT_DIFFER;
	job->status = DSA_COMP_SUCCESS;
}

static enum dsa_hw_go dsa_hw_op_compare(struct dsa_hw_engine *eng,
					struct dsa_hw_job *job)
{
	uint64_t a = FIELD_GET(DSA_DESC_SRC, &job->desc) + job->done;
	uint64_t b = FIELD_GET(DSA_DESC_COMPARE_SRC2, &job->desc) + job->done;
	struct dsa_hw_span one, two;
	enum dsa_hw_go go;
	uint64_t n;

	go = dsa_hw_two(eng, a, b, dsa_hw_ahead(job), IOMMU_PERM_READ, &one,
			&two);
	if (go != DSA_HW_GO_ON)
		return go;
	n = dsa_hw_min(dsa_hw_min(one.len, two.len), DSA_HW_BUF);
	eng->pattern_valid = false;
	go = dsa_hw_span_read(eng, &one, eng->buf[0], &n);
	if (go == DSA_HW_GO_ON)
		go = dsa_hw_span_read(eng, &two, eng->buf[1], &n);
	if (go == DSA_HW_GO_ON)
		dsa_hw_compared(eng, job, n);
	return go;
}

/* One source, up to a buffer of it, into buffer 0. */
static enum dsa_hw_go dsa_hw_fetch(struct dsa_hw_engine *eng,
				   const struct dsa_hw_job *job,
				   uint64_t *ret_n)
{
	uint64_t src = FIELD_GET(DSA_DESC_SRC, &job->desc) + job->done;
	struct dsa_hw_span from;
	enum dsa_hw_go go;

	go = dsa_hw_span(eng, src, dsa_hw_ahead(job), IOMMU_PERM_READ, false,
			 &from);
	if (go != DSA_HW_GO_ON)
		return go;
	eng->pattern_valid = false;
	*ret_n = dsa_hw_min(from.len, DSA_HW_BUF);
	return dsa_hw_span_read(eng, &from, eng->buf[0], ret_n);
}

static enum dsa_hw_go dsa_hw_op_pattern(struct dsa_hw_engine *eng,
					struct dsa_hw_job *job)
{
	uint64_t pattern = dsa_hw_rotate(
		FIELD_GET(DSA_DESC_COMPARE_PATTERN, &job->desc), job->done);
	enum dsa_hw_go go;
	uint64_t i, n;

	go = dsa_hw_fetch(eng, job, &n);
	if (go != DSA_HW_GO_ON)
		return go;
	for (i = 0; i < n; i += 8)
		le64_store(&eng->buf[1][i], pattern);
	dsa_hw_compared(eng, job, n);
	return DSA_HW_GO_ON;
}

/*
 * The state has bit 0 as the highest power. By default the seed is an earlier
 * result, inverted; with the bypass it is the state as a polynomial is written,
 * bit 31 the highest power.
 */
static enum dsa_hw_go dsa_hw_seed(struct dsa_hw_engine *eng,
				  struct dsa_hw_job *job)
{
	uint32_t seed = (uint32_t)FIELD_GET(DSA_DESC_CRC_SEED, &job->desc);
	unsigned char raw[4];
	struct dsa_hw_span from;
	enum dsa_hw_go go;
	uint64_t n = sizeof(raw);

	if (FIELD_GET(DSA_DESC_CRC_READ_SEED, &job->desc)) {
		go = dsa_hw_span(eng,
				 FIELD_GET(DSA_DESC_CRC_SEED_ADDR, &job->desc),
				 n, IOMMU_PERM_READ, false, &from);
		if (go == DSA_HW_GO_ON)
			go = dsa_hw_span_read(eng, &from, raw, &n);
		if (go != DSA_HW_GO_ON)
			return go;
		seed = le32_load(raw);
	}
	if (FIELD_GET(DSA_DESC_CRC_BYPASS_INVERSION, &job->desc))
		job->crc = dsa_hw_reverse32(seed);
	else
		job->crc = ~seed;
	job->seeded = true;
	return DSA_HW_GO_ON;
}

static void dsa_hw_sum(struct dsa_hw_engine *eng, struct dsa_hw_job *job,
		       uint64_t n)
{
	if (FIELD_GET(DSA_DESC_CRC_BYPASS_REFLECTION, &job->desc))
		job->crc = dsa_hw_crc_bytes_reversed(job->crc, eng->buf[0], n);
	else
		job->crc = dsa_hw_crc(job->crc, eng->buf[0], n);
	dsa_hw_progress(eng, job, n);
}

static enum dsa_hw_go dsa_hw_op_crc(struct dsa_hw_engine *eng,
				    struct dsa_hw_job *job)
{
	enum dsa_hw_go go = DSA_HW_GO_ON;
	uint64_t n;

	if (!job->seeded)
		go = dsa_hw_seed(eng, job);
	if (go == DSA_HW_GO_ON)
		go = dsa_hw_fetch(eng, job, &n);
	if (go == DSA_HW_GO_ON)
		dsa_hw_sum(eng, job, n);
	return go;
}

/* The sum is of what was written, even if the source changes meanwhile. */
static enum dsa_hw_go dsa_hw_op_copy_crc(struct dsa_hw_engine *eng,
					 struct dsa_hw_job *job)
{
	uint64_t src = FIELD_GET(DSA_DESC_SRC, &job->desc) + job->done;
	uint64_t dst = FIELD_GET(DSA_DESC_DST, &job->desc) + job->done;
	enum dsa_hw_go go = DSA_HW_GO_ON;
	struct dsa_hw_span from, to;
	uint64_t n;

	if (!job->seeded)
		go = dsa_hw_seed(eng, job);
	if (go == DSA_HW_GO_ON)
		go = dsa_hw_two(eng, src, dst, dsa_hw_ahead(job),
				IOMMU_PERM_WRITE, &from, &to);
	if (go != DSA_HW_GO_ON)
		return go;
	n = dsa_hw_min(from.len, to.len);
	go = dsa_hw_bounce(eng, &to, &from, &n);
	if (go == DSA_HW_GO_ON)
		dsa_hw_sum(eng, job, n);
	return go;
}

/*
 * Both destinations are looked up before either is written. What only the first
 * one got does not count as done.
 */
static enum dsa_hw_go dsa_hw_op_dualcast(struct dsa_hw_engine *eng,
					 struct dsa_hw_job *job)
{
	uint64_t src = FIELD_GET(DSA_DESC_SRC, &job->desc) + job->done;
	uint64_t one = FIELD_GET(DSA_DESC_DST, &job->desc) + job->done;
	uint64_t two =
		FIELD_GET(DSA_DESC_DUALCAST_DST2, &job->desc) + job->done;
	struct dsa_hw_span from, to, also;
	enum dsa_hw_go go;
	uint64_t n;

	go = dsa_hw_two(eng, src, one, dsa_hw_ahead(job), IOMMU_PERM_WRITE,
			&from, &to);
	if (go == DSA_HW_GO_ON)
		go = dsa_hw_span(eng, two, dsa_hw_ahead(job), IOMMU_PERM_WRITE,
				 false, &also);
	if (go != DSA_HW_GO_ON)
		return go;
	n = dsa_hw_min(dsa_hw_min(from.len, to.len), also.len);
	go = dsa_hw_bounce(eng, &to, &from, &n);
	if (go == DSA_HW_GO_ON)
		go = dsa_hw_span_write(eng, &also, eng->buf[0], DSA_HW_BUF, &n);
	if (go == DSA_HW_GO_ON)
		dsa_hw_progress(eng, job, n);
	return go;
}

/*
 * The caches of the machine are coherent with the device, so nothing is left to
 * write back: what remains is that the pages must be there. Flushing needs no
 * more than the right to read, as on the CPU.
 */
static enum dsa_hw_go dsa_hw_op_flush(struct dsa_hw_engine *eng,
				      struct dsa_hw_job *job)
{
	uint64_t dst = FIELD_GET(DSA_DESC_DST, &job->desc) + job->done;
	struct dsa_hw_span span;
	enum dsa_hw_go go;
	uint64_t n;

	go = dsa_hw_span(eng, dst, dsa_hw_ahead(job), IOMMU_PERM_READ, false,
			 &span);
	if (go != DSA_HW_GO_ON)
		return go;
	n = span.len;
	go = dsa_hw_span_probe(eng, &span, &n);
	if (go == DSA_HW_GO_ON)
		dsa_hw_progress(eng, job, n);
	return go;
}

enum dsa_hw_go dsa_hw_op_run(struct dsa_hw_engine *eng, struct dsa_hw_job *job)
{
	switch (FIELD_GET(DSA_DESC_OPCODE, &job->desc)) {
	case DSA_OP_MEMMOVE:
		return dsa_hw_op_move(eng, job);
	case DSA_OP_FILL:
		return dsa_hw_op_fill(eng, job);
	case DSA_OP_COMPARE:
		return dsa_hw_op_compare(eng, job);
	case DSA_OP_COMPARE_PATTERN:
		return dsa_hw_op_pattern(eng, job);
	case DSA_OP_CREATE_DELTA:
		return dsa_hw_op_create_delta(eng, job);
	case DSA_OP_APPLY_DELTA:
		return dsa_hw_op_apply_delta(eng, job);
	case DSA_OP_DUALCAST:
		return dsa_hw_op_dualcast(eng, job);
	case DSA_OP_CACHE_FLUSH:
		return dsa_hw_op_flush(eng, job);
	case DSA_OP_CRC_GEN:
		return dsa_hw_op_crc(eng, job);
	case DSA_OP_COPY_CRC:
		return dsa_hw_op_copy_crc(eng, job);
	default:
		job->status = DSA_COMP_SUCCESS;
		return DSA_HW_GO_ON;
	}
}
