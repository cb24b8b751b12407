/* SPDX-License-Identifier: MIT */
/* sva sim: what was asked for, and what came of it. */
#ifndef CLI_SIM_H
#define CLI_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/sim.h>

#define FAILURES_MAX 16u

struct sim_args {
	struct sva_sim_cfg cfg;
	uint64_t runs;
	bool runs_set, seed_set, all_iommus;
	bool fail_nth;
	bool trace, list, list_breaks, json;
};

struct sim_failure {
	uint64_t seed;
	unsigned int fail_nth;
	struct sva_sim_result result;
};

/* What came of one scenario on one IOMMU. */
struct sim_report {
	const char *scenario;
	enum sva_sim_iommu iommu;
	uint64_t runs, steps;
	struct sim_failure failures[FAILURES_MAX];
	size_t failure_count;
	bool exhausted, truncated;
	double seconds;
};

/*
 * Runs of @r->scenario on @r->iommu, up to the first failure. 0, or what
 * sva_sim_run() says.
 */
int sim_run_scenario(struct sva_sim *sim, const struct sim_args *args,
		     struct sim_report *r);

#endif
