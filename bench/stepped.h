/* SPDX-License-Identifier: MIT */
/*
 * The accelerator behind an SMMU, bound to this process, its one engine
 * stepped by the benchmark's own thread: what a job costs without the time a
 * thread takes to wake up. Page requests are answered by the platform's
 * threads, as everywhere.
 */
#ifndef BENCH_STEPPED_H
#define BENCH_STEPPED_H

#include <pthread.h>
#include <stdatomic.h>

#include <sva/dsa.h>
#include <sva/dsa_hw.h>
#include <sva/sva.h>

#include "bench/rig.h"

struct stepped {
	struct rig rig;
	void *hw_mem;
	_Atomic(struct dsa_hw *) hw;
	struct dsa *dsa;
	struct iommu_mm *mm;
	struct iommu_sva *sva;
	struct dsa_wq *wq;

	/* Steps while the driver waits for commands, at both ends. */
	pthread_t helper;
	_Atomic bool helper_stop;
};

/* Return: 0, or what a part met. */
int stepped_open(struct stepped *s);

/* Return: 0, or a part is in use, a bug of the benchmark. */
int stepped_close(struct stepped *s);

/* Submit, step until it is done, read the result: 0, or why it failed. */
int stepped_run(struct stepped *s, struct dsa_job *job);

#endif
