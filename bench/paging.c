/* SPDX-License-Identifier: MIT */
/*
 * Paging domains of the drivers of SMMUv3 (stage 1) and VT-d (second stage):
 * map, unmap and iova_to_phys of 1 GiB, per page. The domain is attached, so an
 * unmap is told to the model.
 *
 * Limits.
 *  map, unmap  one release store per page into tables that are there.
 *  phys        the loads of a walk through four levels, each an acquire that
 *              depends on the one before.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/rig.h"

#define SPAN    (UINT64_C(1) << 30)
#define IOVA    SPAN
#define PA      (4 * SPAN)
#define SCATTER 37u

enum {
	ROW_MAP_4K,
	ROW_UNMAP_4K,
	ROW_MAP_2M,
	ROW_UNMAP_2M,
	ROW_PHYS,
	ROW_KINDS,
	ROW_VTD = ROW_KINDS, /* the same once more */
	ROW_COUNT = 2 * ROW_KINDS,
};

#define STORE_LIMIT "one release store per page"
#define LOAD_LIMIT  "4 dependent acquire loads"

static const struct bench_row rows[ROW_COUNT] = {
	[ROW_MAP_4K] = {
		.name = "map_4k",
		.what = "iommu_map() of 1 GiB in pages of 4 KiB, per page",
		.limit = STORE_LIMIT,
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 1,
	},
	[ROW_UNMAP_4K] = {
		.name = "unmap_4k",
		.what = "iommu_unmap_gather() of 1 GiB of them and one "
			"iommu_iotlb_sync(), per page",
		.limit = STORE_LIMIT,
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 2,
	},
	[ROW_MAP_2M] = {
		.name = "map_2m",
		.what = "iommu_map() of 1 GiB in pages of 2 MiB, per page",
		.limit = STORE_LIMIT,
	},
	[ROW_UNMAP_2M] = {
		.name = "unmap_2m",
		.what = "iommu_unmap_gather() of 1 GiB of them and one "
			"iommu_iotlb_sync(), per page",
		.limit = STORE_LIMIT,
	},
	[ROW_PHYS] = {
		.name = "iova_to_phys",
		.what = "iommu_iova_to_phys(), 1 024 hot pages of 4 KiB",
		.limit = LOAD_LIMIT,
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 16,
	},
	[ROW_VTD + ROW_MAP_4K] = {
		.name = "map_vtd_4k",
		.what = "the same of VT-d: map in pages of 4 KiB",
		.limit = STORE_LIMIT,
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 1,
	},
	[ROW_VTD + ROW_UNMAP_4K] = {
		.name = "unmap_vtd_4k",
		.what = "the same of VT-d: unmap them, with a gather",
		.limit = STORE_LIMIT,
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 2,
	},
	[ROW_VTD + ROW_MAP_2M] = {
		.name = "map_vtd_2m",
		.what = "the same of VT-d: map in pages of 2 MiB",
		.limit = STORE_LIMIT,
	},
	[ROW_VTD + ROW_UNMAP_2M] = {
		.name = "unmap_vtd_2m",
		.what = "the same of VT-d: unmap them, with a gather",
		.limit = STORE_LIMIT,
	},
	[ROW_VTD + ROW_PHYS] = {
		.name = "iova_to_phys_vtd",
		.what = "the same of VT-d: iova_to_phys, hot",
		.limit = LOAD_LIMIT,
		.budget_of = BENCH_VALUE_AT_MOST,
		.budget = 16,
	},
};

struct paging {
	struct rig rig;
	struct iommu_domain *domain;
	unsigned int page_lg2;
	_Atomic uint64_t *table; /* a word per page, for the limits */
};

static uint64_t pages_of(const struct paging *p)
{
	return SPAN >> p->page_lg2;
}

/* Off by one page, so that larger ones do not fit. */
static uint64_t pa_of(const struct paging *p)
{
	return PA + (UINT64_C(1) << p->page_lg2);
}

static int map(struct paging *p)
{
	return iommu_map(p->domain, IOVA, pa_of(p), SPAN, IOMMU_PERM_READ);
}

static int unmap(struct paging *p)
{
	struct iommu_iotlb_gather gather;
	uint64_t bytes = 0;
	int err;

	iommu_iotlb_gather_init(&gather);
	err = iommu_unmap_gather(p->domain, IOVA, SPAN, &gather, &bytes);
	if (!err)
		err = iommu_iotlb_sync(p->domain, &gather);
	return err ? err : bytes == SPAN ? 0 : -EBADMSG;
}

/* In rounds of all pages; what is over is done, too, and not charged. */
static int run_rounds(struct paging *p, uint64_t count, bool timed_map,
		      uint64_t *ret_ns)
{
	uint64_t done = 0, ns = 0;

	while (done < count) {
		uint64_t start = bench_cpu_now(), middle;
		int err = map(p);

		middle = bench_cpu_now();
		if (!err)
			err = unmap(p);
		if (err)
			return err;
		ns += timed_map ? middle - start : bench_cpu_now() - middle;
		done += pages_of(p);
	}
	*ret_ns = (uint64_t)((double)ns * (double)count / (double)done);
	return 0;
}

static int run_map(void *arg, uint64_t count, uint64_t *ret_ns)
{
	return run_rounds(arg, count, true, ret_ns);
}

static int run_unmap(void *arg, uint64_t count, uint64_t *ret_ns)
{
	return run_rounds(arg, count, false, ret_ns);
}

static int run_stores(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct paging *p = arg;
	uint64_t start = bench_cpu_now();
	uint64_t i;

	for (i = 0; i < count; i++)
		atomic_store_explicit(&p->table[i & (pages_of(p) - 1)],
				      PA + (i << p->page_lg2),
				      memory_order_release);
	*ret_ns = bench_cpu_now() - start;
	return 0;
}

static uint64_t scattered(uint64_t i)
{
	return (i * SCATTER & 1023) << RIG_PAGE_LG2;
}

static int run_phys(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct paging *p = arg;
	uint64_t start = bench_cpu_now();
	uint64_t i, wrong = 0;

	for (i = 0; i < count; i++) {
		uint64_t pa = 0;
		int err =
			iommu_iova_to_phys(p->domain, IOVA + scattered(i), &pa);

		if (err)
			return err;
		wrong |= pa ^ (pa_of(p) + scattered(i));
	}
	*ret_ns = bench_cpu_now() - start;
	return wrong ? -EBADMSG : 0;
}

/* Each word is the index of the next: four of them are a walk. */
static int run_loads(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct paging *p = arg;
	uint64_t start = bench_cpu_now();
	unsigned int level;
	uint64_t i, at = 0;

	for (i = 0; i < count; i++)
		for (level = 0; level < 4; level++)
			at = atomic_load_explicit(&p->table[at],
						  memory_order_acquire);
	*ret_ns = bench_cpu_now() - start;
	bench_keep(at);
	return 0;
}

static int measure(struct bench *b, struct paging *p, unsigned int i)
{
	const unsigned int kind = i % ROW_KINDS;
	const struct bench_loop value = {
		.run = kind == ROW_PHYS                         ? run_phys :
		       kind == ROW_MAP_4K || kind == ROW_MAP_2M ? run_map :
								  run_unmap,
		.arg = p,
	};
	const struct bench_loop limit = {
		.run = kind == ROW_PHYS ? run_loads : run_stores,
		.arg = p,
	};
	uint64_t n;
	int err;

	p->page_lg2 = kind == ROW_MAP_2M || kind == ROW_UNMAP_2M ? 21 :
								   RIG_PAGE_LG2;
	p->table = malloc(pages_of(p) * sizeof(*p->table));
	if (!p->table)
		return -ENOMEM;
	for (n = 0; n < pages_of(p); n++)
		atomic_init(&p->table[n], n * SCATTER & 1023);
	err = kind == ROW_PHYS ? map(p) : 0;
	if (!err) {
		bench_measure(b, &rows[i], &value, &limit);
		err = kind == ROW_PHYS ? unmap(p) : 0;
	}
	free(p->table);
	return err;
}

static int measure_attached(struct bench *b, struct paging *p, unsigned int i)
{
	int err, left;

	err = iommu_domain_alloc(p->rig.unit, IOMMU_DOMAIN_PAGING, &p->domain);
	if (err)
		return err;
	err = iommu_attach_device_pasid(p->domain, p->rig.dev,
					IOMMU_FIRST_PASID);
	if (!err) {
		err = measure(b, p, i);
		iommu_detach_device_pasid(p->domain, p->rig.dev,
					  IOMMU_FIRST_PASID);
	}
	left = iommu_domain_free(p->domain);
	return err ? err : left;
}

static int measure_row(struct bench *b, struct paging *p, unsigned int i)
{
	const struct rig_cfg cfg = {
		.iommu = i < ROW_VTD ? SVA_IOMMU_SMMUV3 : SVA_IOMMU_VTD,
	};
	int err, left;

	if (!bench_wanted(b, &rows[i], 1))
		return 0;
	err = rig_open(&p->rig, &cfg, NULL);
	if (err)
		return err;
	err = rig_add_streams(&p->rig, 1);
	if (!err)
		err = measure_attached(b, p, i);
	left = rig_close(&p->rig);
	return err ? err : left;
}

static int run(struct bench *b)
{
	static struct paging p;
	unsigned int i;
	int err = 0;

	for (i = 0; i < ROW_COUNT && !err; i++)
		err = measure_row(b, &p, i);
	return err;
}

const struct bench_group bench_paging = {
	.name = "paging",
	.rows = rows,
	.row_count = ROW_COUNT,
	.run = run,
};
