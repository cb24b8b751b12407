/* SPDX-License-Identifier: MIT */
/* sva sim: one run after another, with a call that fails or without. */
#include <stdio.h>
#include <time.h>

#include "cli/sim.h"

static double now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void print_line(void *arg, const char *line)
{
	(void)arg;
	puts(line);
}

static void keep_failure(struct sim_report *r, const struct sva_sim_cfg *cfg,
			 const struct sva_sim_result *result)
{
	struct sim_failure *f;

	if (!result->failed || r->failure_count == FAILURES_MAX)
		return;
	f = &r->failures[r->failure_count++];
	f->seed = cfg->seed;
	f->fail_nth = cfg->fail_nth;
	f->result = *result;
}

/* All calls of one run fail in turn. */
static int run_fail_nth(struct sva_sim *sim, struct sva_sim_cfg *cfg,
			struct sim_report *r)
{
	struct sva_sim_result result;
	int err;

	for (cfg->fail_nth = 1;; cfg->fail_nth++) {
		err = sva_sim_run(sim, cfg, &result);
		if (err)
			return err;
		r->runs++;
		r->steps += result.steps;
		keep_failure(r, cfg, &result);
		if (!result.fail_fired || r->failure_count)
			return 0;
	}
}

/*
 * The same on every path. The call is what goes round outside: going through
 * the paths in turn costs each of them once.
 */
static int run_fail_nth_paths(struct sva_sim *sim, struct sva_sim_cfg *cfg,
			      uint64_t runs, struct sim_report *r)
{
	const uint64_t first = cfg->seed;
	struct sva_sim_result result = { .exhausted = false };
	bool fired = true;
	int err;

	for (cfg->fail_nth = 1; fired && !r->failure_count; cfg->fail_nth++) {
		fired = false;
		result.exhausted = false;
		for (cfg->seed = first; cfg->seed - first < runs &&
					!result.exhausted && !r->failure_count;
		     cfg->seed++) {
			err = sva_sim_run(sim, cfg, &result);
			if (err)
				return err;
			r->runs++;
			r->steps += result.steps;
			fired |= result.fail_fired;
			r->truncated |= result.truncated;
			keep_failure(r, cfg, &result);
		}
	}
	r->exhausted = result.exhausted;
	return 0;
}

static int run_seeds(struct sva_sim *sim, const struct sim_args *args,
		     struct sva_sim_cfg *cfg, struct sim_report *r)
{
	uint64_t i;
	int err = 0;

	for (i = 0; i < args->runs && !err && !r->failure_count; i++) {
		struct sva_sim_result result;

		cfg->seed = args->cfg.seed + i;
		if (args->fail_nth) {
			err = run_fail_nth(sim, cfg, r);
			continue;
		}
		err = sva_sim_run(sim, cfg, &result);
		if (err)
			break;
		r->runs++;
		r->steps += result.steps;
		keep_failure(r, cfg, &result);
		r->exhausted = result.exhausted;
		r->truncated = result.truncated;
		if (result.exhausted)
			break;
	}
	return err;
}

int sim_run_scenario(struct sva_sim *sim, const struct sim_args *args,
		     struct sim_report *r)
{
	struct sva_sim_cfg cfg = args->cfg;
	double start = now();
	int err;

	cfg.scenario = r->scenario;
	cfg.iommu = r->iommu;
	if (args->trace)
		cfg.trace = print_line;
	if (args->fail_nth && cfg.strategy == SVA_SIM_EXHAUSTIVE)
		err = run_fail_nth_paths(sim, &cfg, args->runs, r);
	else
		err = run_seeds(sim, args, &cfg, r);
	r->seconds = now() - start;
	return err;
}
