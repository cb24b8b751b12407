/* SPDX-License-Identifier: MIT */
/* How much of it a test run can afford. */
#ifndef TESTS_SIM_RUNS_H
#define TESTS_SIM_RUNS_H

#include <sva/sim.h>

#include "tests/support/slow.h"

#if SLOW
#define SHARE(runs) ((runs) / 20 + 1)
#else
#define SHARE(runs) (runs)
#endif

extern struct sva_sim *sim;

/* cmocka: the simulator of the group. */
int sim_setup(void **state);
int sim_teardown(void **state);

/* One run, which must be possible. */
struct sva_sim_result run(const struct sva_sim_cfg *cfg);

/* The same; a failure of it ends the test, with what replays it. */
struct sva_sim_result run_clean(const struct sva_sim_cfg *cfg);

#endif
