/* SPDX-License-Identifier: MIT */
/* The public face: one run after another in the same memory. */
#include <stdlib.h>
#include <string.h>

#include "base/errno.h"
#include "plat/sim/breaks.h"
#include "plat/sim/scenarios.h"

#define PREEMPTIONS 2u

/**
 * struct sva_sim - see sva/sim.h
 * @next_path, @searched: where the exhaustive search stands, and in what: one
 * tree of paths for each of these.
 */
struct sva_sim {
	struct sim sim;
	struct world world;
	const struct scenario *scenario;
	enum sva_sim_iommu iommu;
	struct search {
		const struct scenario *scenario;
		const struct sim_break *broken;
		enum sva_sim_iommu iommu;
		unsigned int preemptions, fail_at;
	} searched;
	uint64_t next_path;
};

int sva_sim_create(struct sva_sim **ret_sim)
{
	struct sva_sim *sim = calloc(1, sizeof(*sim));
	int err;

	if (!sim)
		return -ENOMEM;
	err = sim_init(&sim->sim);
	if (err) {
		free(sim);
		return err;
	}
	*ret_sim = sim;
	return 0;
}

void sva_sim_destroy(struct sva_sim *sim)
{
	if (!sim)
		return;
	sim_fini(&sim->sim);
	free(sim);
}

static void main_thread(void *arg)
{
	struct sva_sim *sim = arg;

	if (world_build(&sim->world, &sim->sim, sim->iommu,
			&sim->scenario->cfg))
		return;
	sim->scenario->body(&sim->world);
	world_fini(&sim->world);
}

static void one_run(struct sva_sim *sim, enum sva_sim_strategy kind,
		    uint64_t seed, unsigned int preemptions)
{
	struct sim *s = &sim->sim;

	sim_memory_reset(&s->mem);
	strategy_begin(&s->strategy, kind, seed, preemptions);
	/* All paths of one machine: the workload is that of seed 0. */
	s->rng = kind == SVA_SIM_EXHAUSTIVE ? 0 : seed;
	sim_start(s, main_thread, sim);
	strategy_end(&s->strategy);
}

static bool same_search(const struct search *a, const struct search *b)
{
	return a->scenario == b->scenario && a->broken == b->broken &&
	       a->iommu == b->iommu && a->preemptions == b->preemptions &&
	       a->fail_at == b->fail_at;
}

/* Run @cfg's path; those before it, if they were not the last ones. */
static void exhaustive_run(struct sva_sim *sim, const struct sva_sim_cfg *cfg)
{
	struct sim *s = &sim->sim;
	const struct search search = {
		.scenario = sim->scenario,
		.broken = s->broken,
		.iommu = sim->iommu,
		.preemptions = cfg->preemptions ? cfg->preemptions :
						  PREEMPTIONS,
		.fail_at = s->fail_at,
	};

	if (!same_search(&sim->searched, &search) || !cfg->seed ||
	    sim->next_path > cfg->seed) {
		strategy_restart(&s->strategy);
		sim->next_path = 0;
	}
	sim->searched = search;
	s->trace = NULL;
	do {
		if (sim->next_path == cfg->seed)
			s->trace = cfg->trace;
		one_run(sim, SVA_SIM_EXHAUSTIVE, 0, search.preemptions);
	} while (sim->next_path++ < cfg->seed && !s->strategy.exhausted);
}

static bool on(const struct sva_sim_info *info, enum sva_sim_iommu iommu)
{
	return iommu < SVA_SIM_IOMMU_COUNT && info->iommus >> iommu & 1;
}

int sva_sim_run(struct sva_sim *sim, const struct sva_sim_cfg *cfg,
		struct sva_sim_result *ret_result)
{
	const struct scenario *scenario =
		cfg->scenario ? scenario_find(cfg->scenario) : NULL;
	const struct sim_break *broken = cfg->brk ? sim_break_find(cfg->brk) :
						    NULL;
	struct sim *s = &sim->sim;

	if (!scenario || !on(&scenario->info, cfg->iommu) ||
	    (cfg->brk && (!broken || !on(&broken->info, cfg->iommu))))
		return -EINVAL;
	if (sim_take_signals(s))
		return -EINVAL;
	sim->scenario = scenario;
	sim->iommu = cfg->iommu;
	s->broken = broken;
	s->fail_at = cfg->fail_nth;
	s->trace = cfg->trace;
	s->trace_arg = cfg->trace_arg;
	if (cfg->strategy == SVA_SIM_EXHAUSTIVE)
		exhaustive_run(sim, cfg);
	else
		one_run(sim, cfg->strategy, cfg->seed, 0);
	sim_give_signals_back(s);

	*ret_result = (struct sva_sim_result){
		.failed = s->failed,
		.steps = s->steps,
		.hash = s->hash,
		.exhausted = cfg->strategy == SVA_SIM_EXHAUSTIVE &&
			     s->strategy.exhausted,
		.truncated = cfg->strategy == SVA_SIM_EXHAUSTIVE &&
			     s->strategy.overflow,
		.fail_fired = s->fail_fired,
		.struck = s->broken_count,
	};
	if (s->failed) {
		memcpy(ret_result->rule, s->rule, sizeof(s->rule));
		memcpy(ret_result->what, s->what, sizeof(s->what));
	}
	return 0;
}

bool sva_sim_scenario(unsigned int index, struct sva_sim_info *ret_info)
{
	const struct scenario *sc = scenario_at(index);

	if (sc)
		*ret_info = sc->info;
	return sc;
}

bool sva_sim_break(unsigned int index, struct sva_sim_info *ret_info)
{
	const struct sim_break *b = sim_break_at(index);

	if (!b || b->points)
		return false;
	*ret_info = b->info;
	return true;
}
