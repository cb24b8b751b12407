/* SPDX-License-Identifier: MIT */
/*
 * The whole machine with its threads, and this process bound to it.
 */
#ifndef BENCH_SVA_H
#define BENCH_SVA_H

#include <sva/dsa.h>
#include <sva/machine.h>
#include <sva/sva.h>

#include "bench/bench.h"
#include "bench/rig.h"

struct sva_bench {
	enum sva_iommu iommu;
	struct sva_machine *machine;
	struct iommu_device *dev;
	struct iommu_mm *mm;
	struct iommu_sva *sva;
	struct dsa_wq *wq;
	struct dsa_job job;
	uint64_t (*now)(void); /* of run_bind() */
	struct space space;
};

/* Each measures its row. */

void measure_faults(struct bench *b, struct sva_bench *s,
		    const struct bench_row *row, size_t pages, bool touch);
void measure_unmap(struct bench *b, struct sva_bench *s,
		   const struct bench_row *row);
void measure_barrier(struct bench *b, struct sva_bench *s,
		     const struct bench_row *row);
void measure_latency(struct bench *b, struct sva_bench *s,
		     const struct bench_row *row);

/* Fresh anonymous memory, NULL if there is none. */
void *map_pages(size_t pages);

#endif
