/* SPDX-License-Identifier: MIT */
/*
 * Delta records: what differs between two buffers, and applying it to a third.
 *
 * A delta takes 10 bytes, so it may lie across two pages of the record. It
 * counts when all of it is written: where an operation ends early, the bytes
 * completed and the size of the record agree with each other.
 */
#include "models/dsa/dsa.h"

#include "base/bits.h"
#include "base/le64.h"
#include "base/string.h"

/* Source bytes looked at together: their deltas fit into one buffer. */
#define DSA_HW_DELTA_CHUNK 4096u

/*
 * The deltas of one piece, in buf[1].
 * @size:  their bytes.
 * @seen:  source bytes they speak for. @full: the record has no room for more.
 */
struct dsa_hw_deltas {
	uint64_t size;
	uint64_t seen;
	bool full;
};

/* Both sources, the same number of units of them, into the halves of buf[0]. */
static enum dsa_hw_go dsa_hw_delta_read(struct dsa_hw_engine *eng,
					struct dsa_hw_job *job, uint64_t *ret_n)
{
	uint64_t a = FIELD_GET(DSA_DESC_SRC, &job->desc) + job->done;
	uint64_t b =
		FIELD_GET(DSA_DESC_CREATE_DELTA_SRC2, &job->desc) + job->done;
	struct dsa_hw_span one, two;
	enum dsa_hw_go go;
	uint64_t n;

	go = dsa_hw_two(eng, a, b, dsa_hw_ahead(job), IOMMU_PERM_READ, &one,
			&two);
	if (go != DSA_HW_GO_ON)
		return go;
	n = dsa_hw_min(dsa_hw_min(one.len, two.len), DSA_HW_DELTA_CHUNK);
	eng->pattern_valid = false;
	go = dsa_hw_span_read(eng, &one, eng->buf[0], &n);
	if (go == DSA_HW_GO_ON)
		go = dsa_hw_span_read(eng, &two, eng->buf[0] + DSA_HW_BUF / 2,
				      &n);
	if (go != DSA_HW_GO_ON)
		return go;
	*ret_n = align_down(n, DSA_DELTA_UNIT);
	return *ret_n ? DSA_HW_GO_ON : DSA_HW_GO_AGAIN;
}

/* Compare @n bytes of the halves. */
static struct dsa_hw_deltas dsa_hw_delta_find(struct dsa_hw_engine *eng,
					      const struct dsa_hw_job *job,
					      uint64_t n)
{
	uint64_t room = FIELD_GET(DSA_DESC_CREATE_DELTA_MAX_SIZE, &job->desc) -
			job->delta;
	const unsigned char *a = eng->buf[0], *b = a + DSA_HW_BUF / 2;
	struct dsa_hw_deltas d = { 0 };
	unsigned char *out = eng->buf[1];

	for (; d.seen < n; d.seen += DSA_DELTA_UNIT) {
		if (!memcmp(a + d.seen, b + d.seen, DSA_DELTA_UNIT))
			continue;
		d.full = d.size + DSA_DELTA_SIZE > room;
		if (d.full)
			break;
		le16_store(out + d.size,
			   (uint16_t)((job->done + d.seen) / DSA_DELTA_UNIT));
		memcpy(out + d.size + 2, b + d.seen, DSA_DELTA_UNIT);
		d.size += DSA_DELTA_SIZE;
	}
	return d;
}

/* Deltas at the record's end, at least one; *@ret_size is whole ones. */
static enum dsa_hw_go dsa_hw_delta_write(struct dsa_hw_engine *eng,
					 const struct dsa_hw_job *job,
					 uint64_t size, uint64_t *ret_size)
{
	uint64_t at =
		FIELD_GET(DSA_DESC_CREATE_DELTA_ADDR, &job->desc) + job->delta;
	uint64_t done = 0, n;
	struct dsa_hw_span to;
	enum dsa_hw_go go;

	/* The first one may need a second page; the others are for later. */
	do {
		go = dsa_hw_span(eng, at + done, size - done, IOMMU_PERM_WRITE,
				 false, &to);
		if (go != DSA_HW_GO_ON)
			return go;
		n = to.len;
		go = dsa_hw_span_write(eng, &to, eng->buf[1] + done, DSA_HW_BUF,
				       &n);
		if (go != DSA_HW_GO_ON)
			return go;
		done += n;
	} while (done < DSA_DELTA_SIZE);
	*ret_size = done - done % DSA_DELTA_SIZE;
	return DSA_HW_GO_ON;
}

enum dsa_hw_go dsa_hw_op_create_delta(struct dsa_hw_engine *eng,
				      struct dsa_hw_job *job)
{
	struct dsa_hw_deltas d;
	enum dsa_hw_go go;
	uint64_t n, size;

	go = dsa_hw_delta_read(eng, job, &n);
	if (go != DSA_HW_GO_ON)
		return go;
	d = dsa_hw_delta_find(eng, job, n);
	if (d.size) {
		go = dsa_hw_delta_write(eng, job, d.size, &size);
		if (go != DSA_HW_GO_ON)
			return go;
		job->delta += (uint32_t)size;
		job->result = DSA_RESULT_DIFFER;
		if (size < d.size) {
			/* Up to the first that is not written. */
			d.full = false;
			d.seen = (uint64_t)le16_load(eng->buf[1] + size) *
					 DSA_DELTA_UNIT -
				 job->done;
		}
	}
	dsa_hw_progress(eng, job, d.seen);
	if (d.full) {
		job->result = DSA_RESULT_DELTA_FULL;
		job->status = DSA_COMP_SUCCESS;
	}
	return DSA_HW_GO_ON;
}

/* Whole deltas of the record into buf[0], at least one. */
static enum dsa_hw_go dsa_hw_delta_fetch(struct dsa_hw_engine *eng,
					 const struct dsa_hw_job *job,
					 uint64_t *ret_size)
{
	uint64_t at =
		FIELD_GET(DSA_DESC_APPLY_DELTA_ADDR, &job->desc) + job->done;
	uint64_t done = 0, n;
	struct dsa_hw_span from;
	enum dsa_hw_go go;

	eng->pattern_valid = false;
	do {
		go = dsa_hw_span(eng, at + done, dsa_hw_ahead(job) - done,
				 IOMMU_PERM_READ, false, &from);
		if (go != DSA_HW_GO_ON)
			return go;
		n = dsa_hw_min(from.len, DSA_HW_BUF - done);
		go = dsa_hw_span_read(eng, &from, eng->buf[0] + done, &n);
		if (go != DSA_HW_GO_ON)
			return go;
		done += n;
	} while (done < DSA_DELTA_SIZE);
	*ret_size = done - done % DSA_DELTA_SIZE;
	return DSA_HW_GO_ON;
}

/*
 * The delta at @p and those behind it that continue it, up to @size bytes: one
 * write. *@ret_size is what was applied.
 */
static enum dsa_hw_go dsa_hw_delta_apply(struct dsa_hw_engine *eng,
					 struct dsa_hw_job *job,
					 const unsigned char *p, uint64_t size,
					 uint64_t *ret_size)
{
	uint64_t limit = FIELD_GET(DSA_DESC_XFER_SIZE, &job->desc);
	uint64_t first = le16_load(p), at = 0, len = 0, n;
	uint64_t dst =
		FIELD_GET(DSA_DESC_DST, &job->desc) + first * DSA_DELTA_UNIT;
	struct dsa_hw_span to;
	enum dsa_hw_go go;

	if (first < job->next)
		job->status = DSA_COMP_DELTA_OFFSET_ORDER;
	else if (first * DSA_DELTA_UNIT >= limit)
		job->status = DSA_COMP_DELTA_OFFSET_RANGE;
	if (job->status)
		return DSA_HW_GO_ON;
	while (at < size && (first * DSA_DELTA_UNIT + len) < limit &&
	       le16_load(p + at) == first + len / DSA_DELTA_UNIT) {
		memcpy(eng->buf[1] + len, p + at + 2, DSA_DELTA_UNIT);
		len += DSA_DELTA_UNIT;
		at += DSA_DELTA_SIZE;
	}
	go = dsa_hw_span(eng, dst, len, IOMMU_PERM_WRITE, false, &to);
	if (go != DSA_HW_GO_ON)
		return go;
	n = to.len;
	go = dsa_hw_span_write(eng, &to, eng->buf[1], DSA_HW_BUF, &n);
	if (go != DSA_HW_GO_ON)
		return go;
	n /= DSA_DELTA_UNIT;
	if (!n)
		return DSA_HW_GO_AGAIN;
	job->next = (uint32_t)(first + n);
	*ret_size = n * DSA_DELTA_SIZE;
	dsa_hw_progress(eng, job, *ret_size);
	return DSA_HW_GO_ON;
}

enum dsa_hw_go dsa_hw_op_apply_delta(struct dsa_hw_engine *eng,
				     struct dsa_hw_job *job)
{
	uint64_t at = 0, size, n;
	enum dsa_hw_go go;

	go = dsa_hw_delta_fetch(eng, job, &size);
	while (go == DSA_HW_GO_ON && !job->status && at < size) {
		n = 0;
		go = dsa_hw_delta_apply(eng, job, eng->buf[0] + at, size - at,
					&n);
		at += n;
	}
	return go;
}
