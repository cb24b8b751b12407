/* SPDX-License-Identifier: MIT */
/*
 * Every allocation and every call of the platform that can fail does, one at a
 * time, in every scenario: nothing leaks, nothing hangs, no rule is broken,
 * and a bind that failed left no trace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/runs.h"

static unsigned int fail_each(struct sva_sim_cfg *cfg)
{
	struct sva_sim_result result = { .fail_fired = true };

	for (cfg->fail_nth = 1; result.fail_fired; cfg->fail_nth++) {
		result = run_clean(cfg);
		assert_true(cfg->fail_nth < 1000);
	}
	return cfg->fail_nth - 2;
}

/* [B1] [R2] [R11] [R14] */
static void test_fail_nth_every_call_of_every_scenario(void **state)
{
	struct sva_sim_info info;
	unsigned int i, on;

	(void)state;
	for (i = 0; sva_sim_scenario(i, &info); i++) {
		for (on = 0; on < SVA_SIM_IOMMU_COUNT; on++) {
			struct sva_sim_cfg cfg = { .iommu = on,
						   .scenario = info.name };

			if (!(info.iommus >> on & 1))
				continue;
			for (cfg.seed = 0; cfg.seed < SHARE(6); cfg.seed++)
				assert_true(fail_each(&cfg) > 10);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_nth_every_call_of_every_scenario),
	};

	return cmocka_run_group_tests(tests, sim_setup, sim_teardown);
}
