/* SPDX-License-Identifier: MIT */
/*
 * The simulator: the whole system, drivers and models and devices and
 * processes, as fibres of one thread under one seeded scheduler, with watchers
 * that hold each run against the fifteen rules (docs/RACES.md).
 *
 * A run is a function of its scenario, IOMMU, strategy and seed, and of
 * nothing else.
 */
#ifndef SVA_SIM_H
#define SVA_SIM_H

#include <sva/types.h>

struct sva_sim;

enum sva_sim_strategy {
	SVA_SIM_RANDOM,
	SVA_SIM_PCT,
	SVA_SIM_EXHAUSTIVE,
};

enum sva_sim_iommu {
	SVA_SIM_MOCK,
	SVA_SIM_SMMUV3,
	SVA_SIM_VTD,
	SVA_SIM_IOMMU_COUNT,
};

/**
 * struct sva_sim_cfg - one run
 * @iommu:    vendor.
 * @scenario: name of one.
 * @strategy: see struct strategy in src/plat/sim/strategy.h.
 * @seed:     random, pct: any number. exhaustive: the path's number, from 0,
 *            among those of all the other members; a path other than 0 and the
 *            one after the last run is reached by going through those before
 *            it.
 * @preemptions: exhaustive: bound of switches that differ from the default:
 *            see there; 0: 2.
 * @brk:      name of a defect to put in, NULL for none.
 * @fail_nth: the so many-th allocation or platform call of the scenario that
 *            can fail does; 0: none does.
 * @trace:    called for each step, with a line without a newline. May be NULL.
 */
struct sva_sim_cfg {
	enum sva_sim_iommu iommu;
	const char *scenario;
	enum sva_sim_strategy strategy;
	uint64_t seed;
	unsigned int preemptions;
	const char *brk;
	unsigned int fail_nth;
	void (*trace)(void *arg, const char *line);
	void *trace_arg;
};

/**
 * struct sva_sim_result - what came of it
 * @failed:     a rule was broken: @rule names it ("R1" to "R15", or "crash",
 *              "livelock", "deadlock", "lock", "leak"), @what says how.
 * @steps:      points at which another thread could have gone on.
 * @hash:       of all steps: equal for equal runs.
 * @exhausted:  exhaustive: this was the last path.
 * @truncated:  exhaustive: a path was so long that what could have been done
 *              otherwise after its first choices was not tried.
 * @fail_fired: there was a call number @fail_nth, and it failed.
 * @struck:     how often the break did what it does.
 */
struct sva_sim_result {
	bool failed;
	char rule[16];
	char what[256];
	uint64_t steps;
	uint64_t hash;
	bool exhausted;
	bool truncated;
	bool fail_fired;
	uint64_t struck;
};

/**
 * struct sva_sim_info - a scenario or a break
 * @name, @text: for people.
 * @rule:     breaks: the rule it breaks. Scenarios: the rules it is about.
 * @iommus:   bit per enum sva_sim_iommu: where it is possible.
 * @scenario: breaks: where it is found.
 * @runs:     breaks: found within so many runs of that scenario, with the
 *            random strategy and seeds from 0.
 * @small:    scenarios: exhaustive search comes to an end.
 */
struct sva_sim_info {
	const char *name;
	const char *text;
	const char *rule;
	unsigned int iommus;
	const char *scenario;
	unsigned int runs;
	bool small;
};

/**
 * sva_sim_create() - memory and stacks for runs
 *
 * One per process: while a run lasts SIGSEGV and SIGBUS are its own, as a crash
 * of what is simulated is a result.
 *
 * Return: 0, -EBUSY there is one, -ENOMEM.
 * Test:   tests/sim/run_test.c
 */
SVA_MUST_CHECK int sva_sim_create(struct sva_sim **ret_sim);

/* NULL is allowed. */
void sva_sim_destroy(struct sva_sim *sim);

/**
 * sva_sim_run() - one run
 *
 * Context: any one thread.
 * Cost:    some hundred microseconds.
 * Return:  0 with the result filled, -EINVAL a name that is unknown, or not
 *          with this IOMMU.
 * Test:    tests/sim/run_test.c
 */
SVA_MUST_CHECK int sva_sim_run(struct sva_sim *sim,
			       const struct sva_sim_cfg *cfg,
			       struct sva_sim_result *ret_result);

/* The @index-th; false: there are not so many. */
bool sva_sim_scenario(unsigned int index, struct sva_sim_info *ret_info);
bool sva_sim_break(unsigned int index, struct sva_sim_info *ret_info);

/* "mock", "smmuv3", "vtd". */
const char *sva_sim_iommu_name(enum sva_sim_iommu iommu);

#endif
