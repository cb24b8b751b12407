/* SPDX-License-Identifier: MIT */
/*
 * The whole machine with its threads: binds here, I/O page faults and munmap()
 * in fault.c, the submit barrier and the latency of a job in latency.c.
 *
 * Limits.
 *  bind_unbind   two invalidations of one page, each with its CMD_SYNC,
 *                through the same driver and model: a bind has one command
 *                and a sync to wait for, and so has an unbind.
 *  bind_again    two uncontended mutexes around a counter.
 */
#include <errno.h>
#include <pthread.h>

#include <sva/ioasid.h>

#include "bench/sva.h"

#define SPACE_VA    UINT64_C(0x550000000000)
#define FAULT_PAGES 256u

enum {
	ROW_BIND,
	ROW_BIND_AGAIN,
	ROW_FRESH,
	ROW_FRESH_SINGLE,
	ROW_PRESENT,
	ROW_BARRIER,
	ROW_UNMAP,
	ROW_LATENCY,
	ROW_VTD_BIND,
	ROW_COUNT,
};

static const struct bench_row rows[ROW_COUNT] = {
	[ROW_BIND] = {
		.name = "bind_unbind",
		.what = "bind the process and unbind it, the only use",
		.limit = "two invalidations of a page, each with its CMD_SYNC",
	},
	[ROW_VTD_BIND] = {
		.name = "bind_unbind_vtd",
		.what = "the same behind VT-d",
		.limit = "two invalidations of a page, each with its wait "
			 "descriptor",
	},
	[ROW_BIND_AGAIN] = {
		.name = "bind_unbind_again",
		.what = "bind the process once more and unbind that",
		.limit = "two mutexes around a counter",
	},
	[ROW_FRESH] = {
		.name = "iopf_fresh",
		.what = "a page in a 1 MiB fill of untouched anonymous memory",
		.limit = "one MADV_POPULATE_WRITE of the same memory, per page",
	},
	[ROW_FRESH_SINGLE] = {
		.name = "iopf_fresh_single",
		.what = "a 4 KiB fill of an untouched anonymous page",
		.limit = "MADV_POPULATE_WRITE of such a page",
	},
	[ROW_PRESENT] = {
		.name = "iopf_present",
		.what = "a page in a 1 MiB fill of memory the CPU has touched",
		.limit = "one MADV_POPULATE_WRITE of the same memory, per page",
	},
	[ROW_BARRIER] = {
		.name = "submit_barrier",
		.what = "plat_hosted_submit_barrier()",
		.limit = "one UFFDIO_WRITEPROTECT that changes nothing",
	},
	[ROW_UNMAP] = {
		.name = "munmap_16_watched",
		.what = "munmap() of 16 pages the device has translations of",
		.limit = "munmap() of 16 touched pages nobody watches",
	},
	[ROW_LATENCY] = {
		.name = "job_latency",
		.what = "a no-op from submission to result, engine in its own "
			"thread",
		.limit = "two futex wake-ups, there and back",
	},
};

static DECLARE_IOASID_SET(sva_set);

static int run_bind(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct sva_bench *s = arg;
	uint64_t start = s->now();
	uint64_t i;

	for (i = 0; i < count; i++) {
		struct iommu_sva *sva;
		int err = iommu_sva_bind(s->dev, s->mm, NULL, &sva);

		if (err)
			return err;
		if (iommu_sva_get_pasid(sva) == IOMMU_PASID_INVALID)
			return -EBADMSG;
		iommu_sva_unbind(sva);
	}
	*ret_ns = s->now() - start;
	return 0;
}

static uint64_t syncs(struct sva_bench *s)
{
	struct sva_machine_stats stats;

	sva_machine_stats(s->machine, &stats);
	return stats.iommu_hw.syncs;
}

static int run_invalidate(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct sva_bench *s = arg;
	uint64_t before = syncs(s);
	uint64_t start = bench_now();
	uint64_t i;

	for (i = 0; i < 2 * count; i++)
		iommu_mm_invalidate_range(&s->space.mm, s->space.va,
					  s->space.va + RIG_PAGE);
	*ret_ns = bench_now() - start;
	return syncs(s) - before >= 2 * count ? 0 : -EBADMSG;
}

static int run_mutex(void *arg, uint64_t count, uint64_t *ret_ns)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	uint64_t start = bench_cpu_now();
	uint64_t uses = 0;
	uint64_t i;

	(void)arg;
	for (i = 0; i < 2 * count; i++) {
		pthread_mutex_lock(&mutex);
		uses += i & 1 ? (uint64_t)-1 : 1;
		bench_keep(uses);
		pthread_mutex_unlock(&mutex);
	}
	*ret_ns = bench_cpu_now() - start;
	return uses ? -EBADMSG : 0;
}

static const struct bench_row *bind_row(const struct sva_bench *s)
{
	return &rows[s->iommu == SVA_IOMMU_VTD ? ROW_VTD_BIND : ROW_BIND];
}

/* A domain of the benchmark's own space, so that there is what to forget. */
static int measure_bind_attached(struct bench *b, struct sva_bench *s,
				 ioasid_t pasid)
{
	const struct bench_loop value = { .run = run_bind, .arg = s };
	const struct bench_loop limit = { .run = run_invalidate, .arg = s };
	struct iommu_domain *domain;
	int err;
	int left;

	err = iommu_domain_alloc_sva(iommu_device_unit(s->dev), &s->space.mm,
				     &domain);
	if (err)
		return err;
	err = iommu_attach_device_pasid(domain, s->dev, pasid);
	if (!err) {
		/* An unbind waits for the workers of the fault queue. */
		s->now = bench_now;
		bench_measure(b, bind_row(s), &value, &limit);
		iommu_detach_device_pasid(domain, s->dev, pasid);
	}
	left = iommu_domain_free(domain);
	return err ? err : left;
}

static int measure_bind(struct bench *b, struct sva_bench *s)
{
	struct iommu_system *sys = sva_machine_system(s->machine);
	ioasid_t pasid;
	int err;

	if (!bench_wanted(b, bind_row(s), 1))
		return 0;
	err = space_init(&s->space, sys, s->iommu, SPACE_VA, 1);
	if (err)
		return err;
	err = ioasid_alloc(sys, &sva_set, IOMMU_FIRST_PASID, UINT32_MAX - 1,
			   NULL, &pasid);
	if (!err) {
		err = measure_bind_attached(b, s, pasid);
		(void)ioasid_free(sys, pasid);
	}
	space_fini(&s->space);
	return err;
}

static void measure_bind_again(struct bench *b, struct sva_bench *s)
{
	const struct bench_loop value = { .run = run_bind, .arg = s };
	const struct bench_loop limit = { .run = run_mutex, .arg = s };

	s->now = bench_cpu_now;
	bench_measure(b, &rows[ROW_BIND_AGAIN], &value, &limit);
}

static int measure_bound(struct bench *b, struct sva_bench *s)
{
	const struct dsa_wq_cfg cfg = { .shared = true,
					.block_on_fault = true };
	int err;

	measure_bind_again(b, s);
	err = dsa_wq_open(sva_machine_dsa(s->machine), &cfg, &s->wq);
	if (err)
		return err;
	measure_faults(b, s, &rows[ROW_FRESH], FAULT_PAGES, false);
	measure_faults(b, s, &rows[ROW_FRESH_SINGLE], 1, false);
	measure_faults(b, s, &rows[ROW_PRESENT], FAULT_PAGES, true);
	measure_barrier(b, s, &rows[ROW_BARRIER]);
	measure_unmap(b, s, &rows[ROW_UNMAP]);
	measure_latency(b, s, &rows[ROW_LATENCY]);
	return dsa_wq_close(s->wq);
}

static int open_machine(struct sva_bench *s, enum sva_iommu iommu)
{
	const struct sva_machine_cfg cfg = { .iommu = iommu };
	int err = sva_machine_create(&cfg, &s->machine);

	if (err)
		return err;
	s->iommu = iommu;
	s->dev = sva_machine_device(s->machine);
	s->mm = sva_machine_mm(s->machine);
	return 0;
}

/* What the IOMMU has a part in; the rest is the platform's. */
static int run_vtd(struct bench *b)
{
	static struct sva_bench s;
	int err;
	int left;

	if (!bench_wanted(b, &rows[ROW_VTD_BIND], 1))
		return 0;
	err = open_machine(&s, SVA_IOMMU_VTD);
	if (err)
		return err;
	err = measure_bind(b, &s);
	left = sva_machine_destroy(s.machine);
	return err ? err : left;
}

static int run(struct bench *b)
{
	static struct sva_bench s;
	int err;
	int left;

	err = open_machine(&s, SVA_IOMMU_SMMUV3);
	if (err)
		return err;
	err = measure_bind(b, &s);
	if (!err)
		err = iommu_sva_bind(s.dev, s.mm, NULL, &s.sva);
	if (!err) {
		err = measure_bound(b, &s);
		iommu_sva_unbind(s.sva);
	}
	left = sva_machine_destroy(s.machine);
	if (!err)
		err = left;
	return err ? err : run_vtd(b);
}

const struct bench_group bench_sva = {
	.name = "sva",
	.rows = rows,
	.row_count = ROW_COUNT,
	.run = run,
};
