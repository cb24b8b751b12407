/* SPDX-License-Identifier: MIT */
/*
 * I/O page faults, and what munmap() costs when a device has to be told.
 *
 * Limits.
 *  iopf    one madvise(MADV_POPULATE_WRITE) over the same pages in the same
 *          state: what the kernel takes to make them accessible.
 *  munmap  the same pages, not watched.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/sva.h"

#define PAGE         RIG_PAGE
#define UNMAP_PAGES  16u
#define FILL_BYTE    0x5a
#define FILL_PATTERN UINT64_C(0x5a5a5a5a5a5a5a5a)

void *map_pages(size_t pages)
{
	void *mem = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

static int run_job(struct sva_bench *s, struct dsa_result *ret_result)
{
	int err;

	dsa_job_set_block_on_fault(&s->job);
	err = dsa_run(s->wq, &s->job, NULL, NULL, ret_result);
	return err ? err : ret_result->status;
}

static int fill_by_device(struct sva_bench *s, char *mem, size_t size)
{
	struct dsa_result result;
	int err;

	dsa_job_fill(&s->job, s->sva, mem, FILL_PATTERN, (uint32_t)size);
	err = run_job(s, &result);
	if (err)
		return err;
	return result.bytes == size ? 0 : -EIO;
}

static int fill_by_kernel(struct sva_bench *s, char *mem, size_t size)
{
	(void)s;
	return madvise(mem, size, MADV_POPULATE_WRITE) ? -errno : 0;
}

static uint64_t page_requests(struct sva_bench *s)
{
	struct sva_machine_stats stats;

	sva_machine_stats(s->machine, &stats);
	return stats.system.page_requests;
}

/* What a fault row does to each piece of memory. */
struct faults {
	struct sva_bench *s;
	size_t pages; /* per piece */
	bool touch;   /* first, by the CPU */
	bool by_device;
};

static int fault_piece(const struct faults *f, size_t pages, uint64_t *ret_ns)
{
	struct sva_bench *s = f->s;
	size_t size = pages * PAGE;
	uint64_t requests = page_requests(s);
	char *mem = map_pages(pages);
	uint64_t start;
	int err;

	if (!mem)
		return -ENOMEM;
	if (f->touch)
		memset(mem, 1, size);
	start = bench_now();
	err = f->by_device ? fill_by_device(s, mem, size) :
			     fill_by_kernel(s, mem, size);
	*ret_ns = bench_now() - start;
	if (!err && f->by_device) {
		/* All of it is there, and every page was asked for. */
		if (mem[0] != FILL_BYTE || memcmp(mem, mem + 1, size - 1) ||
		    page_requests(s) - requests < pages)
			err = -EBADMSG;
	}
	(void)munmap(mem, size);
	return err;
}

static int run_faults(void *arg, uint64_t count, uint64_t *ret_ns)
{
	const struct faults *f = arg;
	uint64_t sum = 0;

	while (count > 0) {
		size_t pages = count < f->pages ? (size_t)count : f->pages;
		uint64_t ns;
		int err = fault_piece(f, pages, &ns);

		if (err)
			return err;
		sum += ns;
		count -= pages;
	}
	*ret_ns = sum;
	return 0;
}

void measure_faults(struct bench *b, struct sva_bench *s,
		    const struct bench_row *row, size_t pages, bool touch)
{
	struct faults device = { s, pages, touch, true };
	struct faults kernel = { s, pages, touch, false };
	const struct bench_loop value = { .run = run_faults, .arg = &device };
	const struct bench_loop limit = { .run = run_faults, .arg = &kernel };

	bench_measure(b, row, &value, &limit);
}

struct unmap {
	struct sva_bench *s;
	bool watched;
};

static int populate_mirror(struct sva_bench *s, char *mem, size_t size)
{
	size_t done;
	int err = plat_hosted_mm_populate(
		s->mm, mem, size, IOMMU_PERM_READ | IOMMU_PERM_WRITE, &done);

	if (err)
		return err;
	return done == size ? 0 : -EIO;
}

static int run_unmap(void *arg, uint64_t count, uint64_t *ret_ns)
{
	const size_t size = UNMAP_PAGES * PAGE;
	const struct unmap *u = arg;
	uint64_t sum = 0;
	uint64_t i;

	for (i = 0; i < count; i++) {
		char *mem = map_pages(UNMAP_PAGES);
		uint64_t start;
		int err = 0;

		if (!mem)
			return -ENOMEM;
		memset(mem, 1, size);
		if (u->watched)
			err = populate_mirror(u->s, mem, size);
		start = bench_now();
		if (munmap(mem, size))
			return -errno;
		sum += bench_now() - start;
		if (err)
			return err;
	}
	*ret_ns = sum;
	return 0;
}

static uint64_t invalidations(struct sva_bench *s)
{
	struct sva_machine_stats stats;

	sva_machine_stats(s->machine, &stats);
	return stats.system.invalidations;
}

/* Watched means that the driver heard of each. */
static int run_unmap_watched(void *arg, uint64_t count, uint64_t *ret_ns)
{
	const struct unmap *u = arg;
	uint64_t before = invalidations(u->s);
	int err = run_unmap(arg, count, ret_ns);

	if (err)
		return err;
	/* The last event is read when munmap() returns, and then handled. */
	plat_hosted_submit_barrier(sva_machine_hosted(u->s->machine));
	return invalidations(u->s) - before >= count ? 0 : -EBADMSG;
}

void measure_unmap(struct bench *b, struct sva_bench *s,
		   const struct bench_row *row)
{
	struct unmap watched = { s, true };
	struct unmap not_watched = { s, false };
	const struct bench_loop value = {
		.run = run_unmap_watched,
		.arg = &watched,
	};
	const struct bench_loop limit = {
		.run = run_unmap,
		.arg = &not_watched,
	};
	struct plat_hosted_features features;

	plat_hosted_features(sva_machine_hosted(s->machine), &features);
	if (features.uffd)
		bench_measure(b, row, &value, &limit);
	else
		bench_skip(b, row, "skipped: no userfaultfd here");
}
