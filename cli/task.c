/* SPDX-License-Identifier: MIT */
/*
 * The operations. Each goes through its mapping in pieces, small enough for
 * the progress bar and a multiple of the pattern's 8 bytes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/run.h"
#include "cli/text.h"

#define PIECE (1u << 20)

size_t task_count(const struct run_options *options)
{
	return options->op == RUN_CRC32C ? options->path_count : 1;
}

/* @path is the file at fault, which need not be the one of the result. */
static void fail(const struct session *s, struct run_result *r,
		 const char *path, const char *why)
{
	r->failed = true;
	if (path == r->path)
		(void)snprintf(r->status, sizeof(r->status), "%s", why);
	else
		(void)snprintf(r->status, sizeof(r->status), "%s: %s", why,
			       path);
	flockfile(stderr);
	if (s->terminal)
		fputs(TEXT_CLEAR_LINE, stderr);
	fputs("sva: ", stderr);
	text_print(stderr, *path ? path : "''");
	fprintf(stderr, ": %s\n", why);
	funlockfile(stderr);
}

static void succeed(struct run_result *r)
{
	(void)snprintf(r->status, sizeof(r->status), "ok");
}

/* The files of a task; b is NULL where there is one only. */
struct span {
	const struct mapped_file *a, *b;
};

static const struct mapped_file *file_at(const struct span *span, uint64_t addr,
					 uint64_t *ret_offset)
{
	const struct mapped_file *files[2] = { span->a, span->b };
	size_t i;

	for (i = 0; i < 2; i++) {
		uint64_t base;

		if (!files[i])
			continue;
		base = (uint64_t)(uintptr_t)files[i]->data;
		if (addr >= base && addr - base < files[i]->size) {
			*ret_offset = addr - base;
			return files[i];
		}
	}
	return NULL;
}

static void fail_piece(const struct session *s, struct run_result *r,
		       const struct span *span, int err,
		       const struct dsa_result *result)
{
	const struct mapped_file *f = NULL;
	char why[256];
	uint64_t offset;

	if (!err && result->status == -EFAULT)
		f = file_at(span, result->fault_addr, &offset);
	if (f) {
		file_explain(f, offset, -EFAULT, why, sizeof(why));
		fail(s, r, f->path, why);
		return;
	}
	(void)snprintf(why, sizeof(why), "The accelerator failed: %s (0x%02x)",
		       strerror(err ? -err : -result->status),
		       err ? 0u : result->code);
	fail(s, r, span->a->path, why);
}

/* Without page requests every page has to be there first. */
static int populate(struct session *s, const struct mapped_file *f,
		    unsigned int perm, struct run_result *r)
{
	char why[256];
	size_t done = 0;
	int err;

	if (s->options->faults != RUN_FAULTS_NONE || !f->size)
		return 0;
	err = plat_hosted_mm_populate(sva_machine_mm(s->machine), f->data,
				      (size_t)f->size, perm, &done);
	if (!err)
		return 0;
	file_explain(f, done, err, why, sizeof(why));
	fail(s, r, f->path, why);
	return -1;
}

/*
 * The work is done: were the files whole while it was? What was done beyond
 * the end of one is worth nothing.
 */
static int check_files(const struct session *s, const struct span *span,
		       struct run_result *r)
{
	const struct mapped_file *files[2] = { span->a, span->b };
	char why[256];
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!files[i] || !file_check(files[i], why, sizeof(why)))
			continue;
		if (r->bytes > file_size_left(files[i]))
			r->bytes = file_size_left(files[i]);
		fail(s, r, files[i]->path, why);
		return -1;
	}
	return 0;
}

static uint32_t next_piece(const struct session *s, uint64_t left)
{
	uint32_t max = dsa_max_transfer(sva_machine_dsa(s->machine));

	if (max > PIECE)
		max = PIECE;
	return left < max ? (uint32_t)left : max;
}

static void advance(struct session *s, uint64_t bytes)
{
	atomic_fetch_add_explicit(&s->done, bytes, memory_order_relaxed);
}

static void expect(struct session *s, uint64_t bytes)
{
	atomic_fetch_add_explicit(&s->total, bytes, memory_order_relaxed);
}

/*
 * Go through span.a piece by piece: 1 where the two differ, -1 after a failure
 * was reported.
 */
static int run_pieces(struct session *s, const struct span *span, uint64_t size,
		      struct dsa_job *job,
		      void (*prepare)(struct session *s, struct dsa_job *job,
				      const struct span *span, uint64_t offset,
				      uint32_t piece, uint32_t crc),
		      struct run_result *r)
{
	while (r->bytes < size) {
		uint32_t piece = next_piece(s, size - r->bytes);
		struct dsa_result result;
		int err;

		prepare(s, job, span, r->bytes, piece, r->crc);
		err = session_job(s, job, &result);
		if (err || result.status) {
			if (!err)
				r->bytes += result.bytes;
			fail_piece(s, r, span, err, &result);
			return -1;
		}
		if (result.differs) {
			r->bytes += result.bytes;
			return check_files(s, span, r) ? -1 : 1;
		}
		r->bytes += piece;
		r->crc = result.crc;
		advance(s, piece);
	}
	return check_files(s, span, r);
}

static void prepare_crc32c(struct session *s, struct dsa_job *job,
			   const struct span *span, uint64_t offset,
			   uint32_t piece, uint32_t crc)
{
	dsa_job_crc32c(job, s->sva, span->a->data + offset, crc, piece);
}

static void prepare_copy(struct session *s, struct dsa_job *job,
			 const struct span *span, uint64_t offset,
			 uint32_t piece, uint32_t crc)
{
	dsa_job_copy_crc32c(job, s->sva, span->b->data + offset,
			    span->a->data + offset, crc, piece);
}

static void prepare_compare(struct session *s, struct dsa_job *job,
			    const struct span *span, uint64_t offset,
			    uint32_t piece, uint32_t crc)
{
	(void)crc;
	dsa_job_compare(job, s->sva, span->a->data + offset,
			span->b->data + offset, piece);
}

static void prepare_fill(struct session *s, struct dsa_job *job,
			 const struct span *span, uint64_t offset,
			 uint32_t piece, uint32_t crc)
{
	(void)crc;
	dsa_job_fill(job, s->sva, span->a->data + offset,
		     s->options->fill_pattern, piece);
}

static void task_crc32c(struct session *s, size_t index, struct dsa_job *job,
			struct run_result *r)
{
	struct mapped_file f;
	char why[256];

	r->path = s->options->paths[index];
	if (file_map_source(&f, r->path, why, sizeof(why))) {
		fail(s, r, r->path, why);
		return;
	}
	expect(s, f.size);
	if (!populate(s, &f, IOMMU_PERM_READ, r) &&
	    !run_pieces(s, &(struct span){ &f, NULL }, f.size, job,
			prepare_crc32c, r)) {
		r->has_crc = true;
		succeed(r);
	}
	file_unmap(&f);
}

static void discard(const struct session *s, struct mapped_file *dst,
		    struct run_result *r)
{
	const char *path = dst->path;
	int err = file_discard(dst, r->bytes);
	char why[256];

	if (!err)
		return;
	(void)snprintf(why, sizeof(why), "Left with wrong content: %s",
		       strerror(-err));
	fail(s, r, path, why);
}

static void task_copy(struct session *s, struct dsa_job *job,
		      struct run_result *r)
{
	const char *target = s->options->paths[1];
	struct mapped_file src, dst;
	char why[256];

	r->path = s->options->paths[0];
	if (file_map_source(&src, r->path, why, sizeof(why))) {
		fail(s, r, r->path, why);
		return;
	}
	if (file_map_target(&dst, target, src.size, &src, why, sizeof(why))) {
		fail(s, r, target, why);
		file_unmap(&src);
		return;
	}
	expect(s, src.size);
	if (populate(s, &src, IOMMU_PERM_READ, r) ||
	    populate(s, &dst, IOMMU_PERM_READ | IOMMU_PERM_WRITE, r) ||
	    run_pieces(s, &(struct span){ &src, &dst }, src.size, job,
		       prepare_copy, r)) {
		discard(s, &dst, r);
	} else {
		r->has_crc = true;
		succeed(r);
		file_unmap(&dst);
	}
	file_unmap(&src);
}

static void report_difference(struct run_result *r, const struct mapped_file *a,
			      const struct mapped_file *b, bool differs)
{
	char why[256];

	if (!differs && a->size == b->size) {
		succeed(r);
		return;
	}
	if (differs)
		(void)snprintf(why, sizeof(why), "differs at offset %llu",
			       (unsigned long long)r->bytes);
	else
		(void)snprintf(why, sizeof(why),
			       "differs at offset %llu: end of %.160s",
			       (unsigned long long)r->bytes,
			       a->size < b->size ? a->path : b->path);
	r->failed = true;
	(void)snprintf(r->status, sizeof(r->status), "%s", why);
}

static void task_compare(struct session *s, struct dsa_job *job,
			 struct run_result *r)
{
	const char *other = s->options->paths[1];
	struct mapped_file a, b;
	uint64_t size;
	char why[256];
	int rc;

	r->path = s->options->paths[0];
	if (file_map_source(&a, r->path, why, sizeof(why))) {
		fail(s, r, r->path, why);
		return;
	}
	if (file_map_source(&b, other, why, sizeof(why))) {
		fail(s, r, other, why);
		file_unmap(&a);
		return;
	}
	size = a.size < b.size ? a.size : b.size;
	expect(s, size);
	if (!populate(s, &a, IOMMU_PERM_READ, r) &&
	    !populate(s, &b, IOMMU_PERM_READ, r)) {
		rc = run_pieces(s, &(struct span){ &a, &b }, size, job,
				prepare_compare, r);
		if (rc >= 0)
			report_difference(r, &a, &b, rc > 0);
	}
	file_unmap(&b);
	file_unmap(&a);
}

static void task_fill(struct session *s, struct dsa_job *job,
		      struct run_result *r)
{
	uint64_t size = s->options->fill_size;
	struct mapped_file dst;
	char why[256];

	r->path = s->options->paths[0];
	if (file_map_target(&dst, r->path, size, NULL, why, sizeof(why))) {
		fail(s, r, r->path, why);
		return;
	}
	expect(s, size);
	if (populate(s, &dst, IOMMU_PERM_READ | IOMMU_PERM_WRITE, r) ||
	    run_pieces(s, &(struct span){ &dst, NULL }, size, job, prepare_fill,
		       r)) {
		discard(s, &dst, r);
		return;
	}
	succeed(r);
	file_unmap(&dst);
}

void task_run(struct session *s, size_t index, struct dsa_job *job,
	      struct run_result *result)
{
	switch (s->options->op) {
	case RUN_CRC32C:
		task_crc32c(s, index, job, result);
		return;
	case RUN_COPY:
		task_copy(s, job, result);
		return;
	case RUN_COMPARE:
		task_compare(s, job, result);
		return;
	case RUN_FILL:
		task_fill(s, job, result);
		return;
	}
}
