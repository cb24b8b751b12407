/* SPDX-License-Identifier: MIT */
/*
 * The watchers' negative controls: each defect is found by the rule it breaks,
 * within the number of runs its table says, and its seed finds it again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/runs.h"

#define RULES 15u

/*
 * Found by a crash, out of whose handler the run is left for good. The run time
 * of ThreadSanitizer does not survive that twice.
 */
#if defined(__SANITIZE_THREAD__)
#define NO_CRASHES 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NO_CRASHES 1
#endif
#endif

static bool crashes(const struct sva_sim_info *info)
{
#ifdef NO_CRASHES
	return !strcmp(info->name, "early-free");
#else
	(void)info;
	return false;
#endif
}

/* The first run that fails by the rule; what follows from it may come before. */
static struct sva_sim_result hunt(struct sva_sim_cfg *cfg, const char *rule,
				  unsigned int runs)
{
	struct sva_sim_result result = { 0 };

	for (cfg->seed = 0; cfg->seed < runs; cfg->seed++) {
		result = run(cfg);
		if (result.failed && !strcmp(result.rule, rule))
			return result;
	}
	fail_msg("%s on %s is not found by %s within %u runs of %s", cfg->brk,
		 sva_sim_iommu_name(cfg->iommu), rule, runs, cfg->scenario);
	return result;
}

static void find_and_replay(const struct sva_sim_info *info,
			    enum sva_sim_iommu iommu)
{
	struct sva_sim_cfg cfg = {
		.iommu = iommu,
		.scenario = info->scenario,
		.brk = info->name,
	};
	struct sva_sim_result found = hunt(&cfg, info->rule, info->runs);
	struct sva_sim_result again;

	assert_true(found.struck > 0);
	again = run(&cfg);
	assert_true(again.failed);
	assert_string_equal(again.rule, found.rule);
	assert_string_equal(again.what, found.what);
	assert_int_equal(again.hash, found.hash);
	/* It is the break that is found, and nothing else. */
	cfg.brk = NULL;
	run_clean(&cfg);
}

/*
 * [R1] [R2] [R3] [R4] [R5] [R6] [R7] [R8] [R9] [R10] [R11] [R12] [R13] [R14]
 * [R15]
 */
static void test_break_each_found_and_replayed(void **state)
{
	struct sva_sim_info info;
	unsigned int i, on;
	uint32_t rules = 0;

	(void)state;
	for (i = 0; sva_sim_break(i, &info); i++) {
		assert_int_equal(info.rule[0], 'R');
		rules |= UINT32_C(1) << strtoul(info.rule + 1, NULL, 10);
		for (on = 0; on < SVA_SIM_IOMMU_COUNT; on++)
			if (info.iommus >> on & 1 && !crashes(&info))
				find_and_replay(&info, on);
	}
	assert_true(i >= 20);
	/* No rule is without one. */
	assert_int_equal(rules, (UINT32_C(1) << (RULES + 1)) - 2);
}

/*
 * [R14] With points at atomics, what goes wrong inside a lock-free lookup is
 * found too. Without, a lookup is one step, and this is not.
 */
static void test_break_grace_period_found_at_atomics(void **state)
{
	struct sva_sim_cfg cfg = {
		.iommu = SVA_SIM_MOCK,
		.scenario = "find",
		.strategy = SVA_SIM_PCT,
		.brk = "skip-grace",
	};
	unsigned int found = 0;

	(void)state;
	for (cfg.seed = 0; cfg.seed < 1000 && !found; cfg.seed++) {
		struct sva_sim_result result = run(&cfg);

		found += result.failed && !strcmp(result.rule, "R14");
	}
#ifdef POINTS
	assert_int_equal(found, 1);
#else
	assert_int_equal(found, 0);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_break_each_found_and_replayed),
		cmocka_unit_test(test_break_grace_period_found_at_atomics),
	};

	return cmocka_run_group_tests(tests, sim_setup, sim_teardown);
}
