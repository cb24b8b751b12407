/* SPDX-License-Identifier: MIT */
/*
 * Invalidations by several threads at once, each of an address space of its
 * own, through one command queue. Wall time over all of their invalidations:
 * what does not get better with more threads is the SMMU, one for all.
 *
 * Limit: a write of PROD that adds nothing and a read of CONS, what telling
 * any SMMU and asking it once takes, from one thread.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <sva/ioasid.h>

#include "bench/bench.h"
#include "bench/rig.h"

#define SPACE_VA    UINT64_C(0x550000000000)
#define THREADS_MAX 4u
#define CMDQ_PROD   0x98u
#define CMDQ_CONS   0x9cu

#define WHAT  "iommu_mm_invalidate_range() of a page: TLBI, CMD_SYNC, its wait"
#define LIMIT "a write of PROD and a read of CONS, nothing to do between"

static const struct bench_row rows[] = {
	{ .name = "invalidate_1", .what = WHAT ", one thread", .limit = LIMIT },
	{ .name = "invalidate_2", .what = WHAT ", 2 threads", .limit = LIMIT },
	{ .name = "invalidate_4", .what = WHAT ", 4 threads", .limit = LIMIT },
};

struct bench_space {
	struct space space;
	struct iommu_domain *domain;
	ioasid_t pasid;
	uint64_t count;
};

struct invalidate {
	struct rig rig;
	struct bench_space spaces[THREADS_MAX];
	unsigned int opened;
	unsigned int threads;
};

static DECLARE_IOASID_SET(invalidate_set);

static void *invalidate_many(void *arg)
{
	struct bench_space *s = arg;
	uint64_t i;

	for (i = 0; i < s->count; i++)
		iommu_mm_invalidate_range(&s->space.mm, s->space.va,
					  s->space.va + RIG_PAGE);
	return NULL;
}

static uint64_t syncs(const struct invalidate *v)
{
	struct iommu_hw_stats stats;

	v->rig.hw->ops->stats(v->rig.hw, &stats);
	return stats.syncs;
}

static int run_invalidate(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct invalidate *v = arg;
	uint64_t before = syncs(v), start = bench_now();
	pthread_t threads[THREADS_MAX];
	unsigned int i, started;
	int err = 0;

	for (i = 0; i < v->threads; i++)
		v->spaces[i].count =
			count / v->threads + (i < count % v->threads);
	for (started = 1; started < v->threads && !err; started++)
		err = -pthread_create(&threads[started], NULL, invalidate_many,
				      &v->spaces[started]);
	if (err)
		started--;
	(void)invalidate_many(&v->spaces[0]);
	for (i = 1; i < started; i++)
		pthread_join(threads[i], NULL);
	*ret_ns = bench_now() - start;
	if (err)
		return err;
	return syncs(v) - before == count ? 0 : -EBADMSG;
}

static int run_registers(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct invalidate *v = arg;
	struct iommu_hw *hw = v->rig.hw;
	uint64_t prod = hw->ops->mmio_read(hw, CMDQ_PROD, 4);
	uint64_t start = bench_now();
	uint64_t i;

	for (i = 0; i < count; i++) {
		hw->ops->mmio_write(hw, CMDQ_PROD, 4, prod);
		if (hw->ops->mmio_read(hw, CMDQ_CONS, 4) != prod)
			return -EBADMSG;
	}
	*ret_ns = bench_now() - start;
	return 0;
}

static void close_space(struct invalidate *v, struct bench_space *s)
{
	iommu_detach_device_pasid(s->domain, v->rig.dev, s->pasid);
	(void)!iommu_domain_free(s->domain);
	(void)ioasid_free(v->rig.sys, s->pasid);
	space_fini(&s->space);
}

static int open_space(struct invalidate *v, struct bench_space *s)
{
	int err;

	err = space_init(&s->space, v->rig.sys, SPACE_VA, 1);
	if (err)
		return err;
	err = ioasid_alloc(v->rig.sys, &invalidate_set, IOMMU_FIRST_PASID,
			   UINT32_MAX - 1, NULL, &s->pasid);
	if (err)
		goto fini_space;
	err = iommu_domain_alloc_sva(v->rig.unit, &s->space.mm, &s->domain);
	if (err)
		goto free_pasid;
	err = iommu_attach_device_pasid(s->domain, v->rig.dev, s->pasid);
	if (!err)
		return 0;
	(void)!iommu_domain_free(s->domain);
free_pasid:
	(void)ioasid_free(v->rig.sys, s->pasid);
fini_space:
	space_fini(&s->space);
	return err;
}

static int measure(struct bench *b, struct invalidate *v)
{
	const struct bench_loop value = { .run = run_invalidate, .arg = v };
	const struct bench_loop limit = { .run = run_registers, .arg = v };
	unsigned int i;
	int err = 0;

	for (; v->opened < THREADS_MAX && !err; v->opened++) {
		err = open_space(v, &v->spaces[v->opened]);
		if (err)
			break;
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]) && !err; i++) {
		v->threads = 1u << i;
		bench_measure(b, &rows[i], &value, &limit);
	}
	while (v->opened)
		close_space(v, &v->spaces[--v->opened]);
	return err;
}

static int run(struct bench *b)
{
	static struct invalidate v;
	struct smmuv3_hw_cfg cfg;
	int err;
	int left;

	smmuv3_hw_cfg_default(&cfg);
	/* The queue is measured, not the look through the TLB. */
	cfg.tlb_lg2 = 6;
	err = rig_open(&v.rig, &cfg, NULL);
	if (err)
		return err;
	err = rig_add_streams(&v.rig, 1);
	if (!err)
		err = measure(b, &v);
	left = rig_close(&v.rig);
	return err ? err : left;
}

const struct bench_group bench_invalidate = {
	.name = "invalidate",
	.rows = rows,
	.row_count = sizeof(rows) / sizeof(rows[0]),
	.run = run,
};
