/* SPDX-License-Identifier: MIT */
/*
 * Copies by the accelerator, through the IOMMU and the process's own pages.
 *
 * One job from its preparation to its result, engine stepped by the same
 * thread; not in it: the wake-up of another thread (job_latency) and the
 * submit barrier (submit_barrier).
 *
 * Limit: memcpy() of the same buffers. Both copy the same bytes between the
 * same pages again and again, so both find them in the same cache.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/bench.h"
#include "bench/stepped.h"

#define KIB     UINT64_C(1024)
#define MIB     (1024 * KIB)
#define LARGEST MIB

static const struct bench_row rows[] = {
	{
		.name = "copy_4K",
		.what = "a memory move of 4 KiB by the accelerator",
		.limit = "memcpy() of the same buffers",
		.bytes = 4 * KIB,
	},
	{
		.name = "copy_64K",
		.what = "a memory move of 64 KiB by the accelerator",
		.limit = "memcpy() of the same buffers",
		.bytes = 64 * KIB,
		.budget_of = BENCH_RATIO_AT_LEAST,
		.budget = 0.9,
	},
	{
		.name = "copy_64K_turns",
		.what = "the same, four pairs of buffers in turns",
		.limit = "memcpy() of the same buffers in turns",
		.bytes = 64 * KIB,
		.budget_of = BENCH_RATIO_AT_LEAST,
		.budget = 0.9,
	},
	{
		.name = "copy_1M",
		.what = "a memory move of 1 MiB by the accelerator",
		.limit = "memcpy() of the same buffers",
		.bytes = MIB,
	},
};

/* Pairs of buffers of each row. */
static const unsigned int row_turns[] = { 1, 1, 4, 1 };

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

_Static_assert(sizeof(row_turns) / sizeof(row_turns[0]) == ROW_COUNT,
	       "each row has its turns");

struct copy {
	struct stepped stepped;
	struct dsa_job job;
	char *src;
	char *dst;
	size_t size;
	unsigned int turns;
};

static size_t offset_of(const struct copy *c, uint64_t i)
{
	return (size_t)i % c->turns * c->size;
}

static int check_copied(const struct copy *c, uint64_t count)
{
	size_t turns = count < c->turns ? (size_t)count : c->turns;

	return memcmp(c->src, c->dst, turns * c->size) ? -EBADMSG : 0;
}

static uint64_t bytes_moved(struct copy *c)
{
	struct dsa_hw_stats stats;

	dsa_hw_stats(c->stepped.hw, &stats);
	return stats.bytes;
}

static int run_copy(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct copy *c = arg;
	uint64_t bytes = bytes_moved(c);
	uint64_t start;
	uint64_t i;

	memset(c->dst, 0xee, c->turns * c->size);
	start = bench_cpu_now();
	for (i = 0; i < count; i++) {
		size_t at = offset_of(c, i);
		int err;

		dsa_job_memmove(&c->job, c->stepped.sva, c->dst + at,
				c->src + at, (uint32_t)c->size);
		dsa_job_set_block_on_fault(&c->job);
		err = stepped_run(&c->stepped, &c->job);
		if (err)
			return err;
	}
	*ret_ns = bench_cpu_now() - start;
	if (bytes_moved(c) - bytes != count * c->size)
		return -EBADMSG;
	return check_copied(c, count);
}

static int run_memcpy(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct copy *c = arg;
	uint64_t start;
	uint64_t i;

	memset(c->dst, 0xee, c->turns * c->size);
	start = bench_cpu_now();
	for (i = 0; i < count; i++) {
		size_t at = offset_of(c, i);

		memcpy(c->dst + at, c->src + at, c->size);
		bench_keep((uintptr_t)c->dst);
	}
	*ret_ns = bench_cpu_now() - start;
	return check_copied(c, count);
}

static int measure_all(struct bench *b, struct copy *c)
{
	const struct bench_loop value = { .run = run_copy, .arg = c };
	const struct bench_loop limit = { .run = run_memcpy, .arg = c };
	uint64_t state = 1;
	size_t i;

	for (i = 0; i < LARGEST; i++)
		c->src[i] = (char)bench_random(&state);
	for (i = 0; i < ROW_COUNT; i++) {
		c->size = rows[i].bytes;
		c->turns = row_turns[i];
		bench_measure(b, &rows[i], &value, &limit);
	}
	return 0;
}

static int with_buffers(struct bench *b, struct copy *c)
{
	const int prot = PROT_READ | PROT_WRITE;
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	int err;

	c->src = mmap(NULL, LARGEST, prot, flags, -1, 0);
	if (c->src == MAP_FAILED)
		return -errno;
	c->dst = mmap(NULL, LARGEST, prot, flags, -1, 0);
	if (c->dst == MAP_FAILED) {
		err = -errno;
	} else {
		err = measure_all(b, c);
		(void)munmap(c->dst, LARGEST);
	}
	(void)munmap(c->src, LARGEST);
	return err;
}

static int run(struct bench *b)
{
	static struct copy c;
	int err;
	int left;

	err = stepped_open(&c.stepped);
	if (err)
		return err;
	err = with_buffers(b, &c);
	left = stepped_close(&c.stepped);
	return err ? err : left;
}

const struct bench_group bench_copy = {
	.name = "copy",
	.rows = rows,
	.row_count = ROW_COUNT,
	.run = run,
};
