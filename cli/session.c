/* SPDX-License-Identifier: MIT */
/*
 * A machine, this process bound to its accelerator, and a work queue that all
 * threads share.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"

#define PAGE 4096u

static int complain(const char *what, int err)
{
	fprintf(stderr, "sva: %s: %s\n", what, strerror(-err));
	return err;
}

/* One that can go back to the start of a line and clear it. */
static bool is_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) == 1 && term && *term && strcmp(term, "dumb");
}

static struct iommu_system *system_of(const struct session *s)
{
	return iommu_device_system(sva_machine_device(s->machine));
}

int session_open(const struct run_options *options, struct session *s)
{
	struct sva_machine_cfg cfg = {
		.iommu = options->iommu,
		.faults = options->faults == RUN_FAULTS_STALL ?
				  SVA_FAULTS_STALL :
				  SVA_FAULTS_PRI,
		.personality = options->personality,
		.engines = options->threads,
		.hosted = { .log_level = PLAT_LOG_WARN },
	};
	struct dsa_wq_cfg wq_cfg = {
		.shared = true,
		.block_on_fault = options->faults != RUN_FAULTS_NONE,
	};
	int err;

	memset(s, 0, sizeof(*s));
	s->options = options;
	s->terminal = is_terminal(STDERR_FILENO);
	if (cfg.engines > task_count(options))
		cfg.engines = (unsigned int)task_count(options);
	if (cfg.engines > DSA_HW_MAX_ENGINES)
		cfg.engines = DSA_HW_MAX_ENGINES;
	err = sva_machine_create(&cfg, &s->machine);
	if (err)
		return complain("cannot build the machine", err);
	if (options->trace_faults)
		iommu_system_trace_faults(system_of(s), &trace_to_stderr);
	err = iommu_sva_bind(sva_machine_device(s->machine),
			     sva_machine_mm(s->machine), NULL, &s->sva);
	if (err) {
		complain("cannot bind this process to the accelerator", err);
		goto destroy_machine;
	}
	err = dsa_wq_open(sva_machine_dsa(s->machine), &wq_cfg, &s->wq);
	if (err) {
		complain("cannot open a work queue", err);
		goto unbind;
	}
	return 0;

unbind:
	iommu_sva_unbind(s->sva);
destroy_machine:
	(void)!sva_machine_destroy(s->machine);
	return err;
}

int session_close(struct session *s)
{
	int wq_err = dsa_wq_close(s->wq);
	int err;

	if (wq_err)
		complain("the work queue did not drain", wq_err);
	iommu_sva_unbind(s->sva);
	err = sva_machine_destroy(s->machine);
	if (err)
		return complain("cannot switch the machine off", err);
	return wq_err;
}

/* Without page requests: a page went away after it was populated. */
static int touch_page(void *arg, uint64_t addr, bool write)
{
	struct session *s = arg;
	uint64_t page = addr & ~(uint64_t)(PAGE - 1);
	unsigned int perm = IOMMU_PERM_READ;
	size_t done = 0;

	if (write)
		perm |= IOMMU_PERM_WRITE;
	return plat_hosted_mm_populate(sva_machine_mm(s->machine),
				       (const void *)(uintptr_t)page, PAGE,
				       perm, &done);
}

int session_job(struct session *s, struct dsa_job *job,
		struct dsa_result *ret_result)
{
	if (s->options->faults != RUN_FAULTS_NONE) {
		dsa_job_set_block_on_fault(job);
		return dsa_run(s->wq, job, NULL, NULL, ret_result);
	}
	return dsa_run(s->wq, job, touch_page, s, ret_result);
}
