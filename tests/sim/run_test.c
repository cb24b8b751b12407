/* SPDX-License-Identifier: MIT */
/*
 * A run is a function of what it is given; clean code gives clean runs.
 *
 * SVA_SIM_RUNS: how many seeds of each scenario and strategy have to be clean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errno.h"
#include "tests/sim/runs.h"

static const enum sva_sim_strategy strategies[] = { SVA_SIM_RANDOM,
						    SVA_SIM_PCT };

/* Calls @fn for each scenario on each IOMMU it knows. */
static void for_each(void (*fn)(const struct sva_sim_cfg *cfg))
{
	struct sva_sim_info info;
	unsigned int i, on, s;

	for (i = 0; sva_sim_scenario(i, &info); i++) {
		for (on = 0; on < SVA_SIM_IOMMU_COUNT; on++) {
			if (!(info.iommus >> on & 1))
				continue;
			for (s = 0; s < 2; s++) {
				const struct sva_sim_cfg cfg = {
					.iommu = on,
					.scenario = info.name,
					.strategy = strategies[s],
				};

				fn(&cfg);
			}
		}
	}
	assert_true(i >= 6);
}

static void same_twice(const struct sva_sim_cfg *cfg)
{
	struct sva_sim_cfg copy = *cfg;
	struct sva_sim_result first, again, other;

	copy.seed = 7;
	first = run_clean(&copy);
	copy.seed = 8;
	other = run_clean(&copy);
	copy.seed = 7;
	again = run_clean(&copy);
	assert_int_equal(first.hash, again.hash);
	assert_int_equal(first.steps, again.steps);
	assert_int_not_equal(first.hash, other.hash);
}

/*
 * [U8] A DMA source without a guest: it is the same again, access by access, and
 * what it met is by the seed alone.
 */
static void test_run_same_seed_same_hash(void **state)
{
	(void)state;
	for_each(same_twice);
}

static void count_line(void *arg, const char *line)
{
	unsigned int *lines = arg;

	assert_non_null(line);
	++*lines;
}

/* Who watches changes nothing. */
static void test_run_trace_same_hash(void **state)
{
	unsigned int lines = 0;
	struct sva_sim_cfg cfg = {
		.iommu = SVA_SIM_SMMUV3,
		.scenario = "exit",
		.seed = 3,
	};
	uint64_t hash = run_clean(&cfg).hash;

	(void)state;
	cfg.trace = count_line;
	cfg.trace_arg = &lines;
	assert_int_equal(run_clean(&cfg).hash, hash);
	assert_true(lines > 100);
}

static void count_atomic(void *arg, const char *line)
{
	unsigned int *lines = arg;

	*lines += strstr(line, " atomic ") != NULL;
}

/* With atomics as points there are some, and without there are none. */
static void test_run_atomics_are_points(void **state)
{
	unsigned int lines = 0;
	struct sva_sim_cfg cfg = {
		.iommu = SVA_SIM_SMMUV3,
		.scenario = "exit",
		.trace = count_atomic,
		.trace_arg = &lines,
	};

	(void)state;
	run_clean(&cfg);
#ifdef POINTS
	assert_true(lines > 20);
#else
	assert_int_equal(lines, 0);
#endif
}

static void count_access(void *arg, const char *line)
{
	unsigned int *accesses = arg;

	if (strstr(line, " note ") &&
	    (strstr(line, " read ") || strstr(line, " write ")))
		++*accesses;
}

static void at_work(const struct sva_sim_cfg *cfg)
{
	struct sva_sim_cfg copy = *cfg;
	unsigned int seeds = SHARE(100) < 20 ? 20 : 100;
	unsigned int accesses, runs = 0;

	if (cfg->strategy != SVA_SIM_RANDOM)
		return;
	copy.trace = count_access;
	copy.trace_arg = &accesses;
	for (copy.seed = 0; copy.seed < seeds; copy.seed++) {
		accesses = 0;
		run_clean(&copy);
		runs += accesses > 0;
	}
	if (runs < seeds / 5)
		fail_msg("%s on %s: in %u of %u runs memory is reached",
			 cfg->scenario, sva_sim_iommu_name(cfg->iommu), runs,
			 seeds);
}

/* An oracle has something to see: the device gets to memory now and then. */
static void test_run_devices_reach_memory(void **state)
{
	(void)state;
	for_each(at_work);
}

static void many(const struct sva_sim_cfg *cfg)
{
	const char *runs = getenv("SVA_SIM_RUNS");
	uint64_t last = 1000 + (runs ? strtoull(runs, NULL, 0) : SHARE(120));
	struct sva_sim_cfg copy = *cfg;

	for (copy.seed = 1000; copy.seed < last; copy.seed++)
		run_clean(&copy);
}

/*
 * [R1] [R2] [R3] [R4] [R5] [R6] [R7] [R8] [R9] [R10] [R11] [R12] [R13] [R14]
 * [R15]: each of them is watched in each run; break_test.c shows by whom.
 */
static void test_run_scenarios_clean(void **state)
{
	(void)state;
	for_each(many);
}

/* All paths of the small scenario with at most one deviation. [R9] [R11] */
static void test_run_exhaustive_comes_to_an_end(void **state)
{
	unsigned int on;

	(void)state;
	for (on = 0; on < SVA_SIM_IOMMU_COUNT; on++) {
		struct sva_sim_cfg cfg = {
			.iommu = on,
			.scenario = "tiny",
			.strategy = SVA_SIM_EXHAUSTIVE,
			.preemptions = 1,
		};
		struct sva_sim_result result = { 0 };
		uint64_t fifth = 0;

		for (; !result.exhausted; cfg.seed++) {
			result = run_clean(&cfg);
			assert_true(cfg.seed < 10000);
			assert_false(result.truncated);
			if (cfg.seed == 5)
				fifth = result.hash;
		}
		assert_true(cfg.seed > 10);
		/* A path is found again, from wherever the search stands. */
		cfg.seed = 5;
		assert_int_equal(run_clean(&cfg).hash, fifth);
	}
}

/* Which paths there are depends on more than the scenario. */
static void test_run_exhaustive_path_of_its_bound(void **state)
{
	struct sva_sim_cfg cfg = {
		.iommu = SVA_SIM_SMMUV3,
		.scenario = "tiny",
		.strategy = SVA_SIM_EXHAUSTIVE,
		.preemptions = 1,
		.seed = 30,
	};
	uint64_t alone = run_clean(&cfg).hash, failing;

	(void)state;
	cfg.fail_nth = 30;
	failing = run_clean(&cfg).hash;
	assert_int_not_equal(failing, alone);
	/* The search stands at path 29 of other trees. */
	cfg.fail_nth = 0;
	cfg.preemptions = 3;
	cfg.seed = 29;
	run_clean(&cfg);
	cfg.preemptions = 1;
	cfg.seed = 30;
	assert_int_equal(run_clean(&cfg).hash, alone);
	cfg.seed = 29;
	run_clean(&cfg);
	cfg.fail_nth = 30;
	cfg.seed = 30;
	assert_int_equal(run_clean(&cfg).hash, failing);
}

static void test_run_unknown_name_refused(void **state)
{
	struct sva_sim_cfg cfg = { .scenario = "no such" };
	struct sva_sim_result result;

	(void)state;
	assert_int_equal(sva_sim_run(sim, &cfg, &result), -EINVAL);
	cfg.scenario = NULL;
	assert_int_equal(sva_sim_run(sim, &cfg, &result), -EINVAL);
	cfg.scenario = "marker"; /* of SMMUs */
	assert_int_equal(sva_sim_run(sim, &cfg, &result), -EINVAL);
	cfg.scenario = "unmap";
	cfg.brk = "no such";
	assert_int_equal(sva_sim_run(sim, &cfg, &result), -EINVAL);
	cfg.brk = "torn-entry"; /* of SMMUs */
	assert_int_equal(sva_sim_run(sim, &cfg, &result), -EINVAL);
}

static void test_run_one_simulator_at_a_time(void **state)
{
	struct sva_sim *second;

	(void)state;
	assert_int_equal(sva_sim_create(&second), -EBUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run_same_seed_same_hash),
		cmocka_unit_test(test_run_trace_same_hash),
		cmocka_unit_test(test_run_atomics_are_points),
		cmocka_unit_test(test_run_devices_reach_memory),
		cmocka_unit_test(test_run_scenarios_clean),
		cmocka_unit_test(test_run_exhaustive_comes_to_an_end),
		cmocka_unit_test(test_run_exhaustive_path_of_its_bound),
		cmocka_unit_test(test_run_unknown_name_refused),
		cmocka_unit_test(test_run_one_simulator_at_a_time),
	};

	return cmocka_run_group_tests(tests, sim_setup, sim_teardown);
}
