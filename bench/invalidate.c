/* SPDX-License-Identifier: MIT */
/*
 * Invalidations by several threads at once, each of an address space of its
 * own, through one queue. Wall time over all of their invalidations:
 * what does not get better with more threads is the IOMMU, one for all.
 *
 * Limit: a write of PROD that adds nothing and a read of CONS, what telling
 * any SMMU and asking it once takes, from one thread. Of VT-d: the queue's tail
 * and head.
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
#define VTD_IQT     0x88u
#define VTD_IQH     0x80u

#define WHAT  "iommu_mm_invalidate_range() of a page: TLBI, CMD_SYNC, its wait"
#define LIMIT "a write of PROD and a read of CONS, nothing to do between"
#define VTD_WHAT                                                               \
	"the same of VT-d: PASID-based IOTLB invalidation, wait descriptor, "  \
	"its wait"
#define VTD_LIMIT "a write of IQT and a read of IQH, nothing to do between"

static const struct bench_row rows[] = {
	{ .name = "invalidate_1", .what = WHAT ", one thread", .limit = LIMIT },
	{ .name = "invalidate_2", .what = WHAT ", 2 threads", .limit = LIMIT },
	{ .name = "invalidate_4", .what = WHAT ", 4 threads", .limit = LIMIT },
	{ .name = "invalidate_vtd_1",
	  .what = VTD_WHAT ", one thread",
	  .limit = VTD_LIMIT },
	{ .name = "invalidate_vtd_2",
	  .what = VTD_WHAT ", 2 threads",
	  .limit = VTD_LIMIT },
	{ .name = "invalidate_vtd_4",
	  .what = VTD_WHAT ", 4 threads",
	  .limit = VTD_LIMIT },
};

/* Rows of one IOMMU; those of SVA_IOMMU_VTD after those of SVA_IOMMU_SMMUV3. */
#define ROWS 3u

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
	/* VT-d's driver has another wait descriptor within some of them. */
	return syncs(v) - before >= count ? 0 : -EBADMSG;
}

static int run_registers(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct invalidate *v = arg;
	const bool vtd = v->rig.cfg.iommu == SVA_IOMMU_VTD;
	const uint64_t tail = vtd ? VTD_IQT : CMDQ_PROD;
	const uint64_t head = vtd ? VTD_IQH : CMDQ_CONS;
	const unsigned int size = vtd ? 8 : 4;
	struct iommu_hw *hw = v->rig.hw;
	uint64_t prod = hw->ops->mmio_read(hw, tail, size);
	uint64_t start = bench_now();
	uint64_t i;

	for (i = 0; i < count; i++) {
		hw->ops->mmio_write(hw, tail, size, prod);
		if (hw->ops->mmio_read(hw, head, size) != prod)
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

	err = space_init(&s->space, v->rig.sys, v->rig.cfg.iommu, SPACE_VA, 1);
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
	const struct bench_row *first = &rows[v->rig.cfg.iommu * ROWS];
	const struct bench_loop value = { .run = run_invalidate, .arg = v };
	const struct bench_loop limit = { .run = run_registers, .arg = v };
	unsigned int i;
	int err = 0;

	for (; v->opened < THREADS_MAX && !err; v->opened++) {
		err = open_space(v, &v->spaces[v->opened]);
		if (err)
			break;
	}
	for (i = 0; i < ROWS && !err; i++) {
		v->threads = 1u << i;
		bench_measure(b, &first[i], &value, &limit);
	}
	while (v->opened)
		close_space(v, &v->spaces[--v->opened]);
	return err;
}

static int run_on(struct bench *b, enum sva_iommu iommu)
{
	static struct invalidate v;
	/* The queue is measured, not the look through the TLB. */
	const struct rig_cfg cfg = { .iommu = iommu, .tlb_lg2 = 6 };
	int err;
	int left;

	if (!bench_wanted(b, &rows[iommu * ROWS], ROWS))
		return 0;
	err = rig_open(&v.rig, &cfg, NULL);
	if (err)
		return err;
	err = rig_add_streams(&v.rig, 1);
	if (!err)
		err = measure(b, &v);
	left = rig_close(&v.rig);
	return err ? err : left;
}

static int run(struct bench *b)
{
	int err = run_on(b, SVA_IOMMU_SMMUV3);

	return err ? err : run_on(b, SVA_IOMMU_VTD);
}

const struct bench_group bench_invalidate = {
	.name = "invalidate",
	.rows = rows,
	.row_count = sizeof(rows) / sizeof(rows[0]),
	.run = run,
};
