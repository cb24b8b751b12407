/* SPDX-License-Identifier: MIT */
#include "tests/sim/runs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct sva_sim *sim;

int sim_setup(void **state)
{
	(void)state;
	return sva_sim_create(&sim);
}

int sim_teardown(void **state)
{
	(void)state;
	sva_sim_destroy(sim);
	return 0;
}

struct sva_sim_result run(const struct sva_sim_cfg *cfg)
{
	struct sva_sim_result result;

	assert_int_equal(sva_sim_run(sim, cfg, &result), 0);
	return result;
}

struct sva_sim_result run_clean(const struct sva_sim_cfg *cfg)
{
	struct sva_sim_result result = run(cfg);

	if (result.failed)
		fail_msg("%s %s: sva sim --iommu=%s --scenario=%s "
			 "--strategy=%d --seed=%llu --fail-nth=%u",
			 result.rule, result.what,
			 sva_sim_iommu_name(cfg->iommu), cfg->scenario,
			 (int)cfg->strategy, (unsigned long long)cfg->seed,
			 cfg->fail_nth);
	return result;
}
