/* SPDX-License-Identifier: MIT */
/*
 * Who goes on next. A strategy sees which threads can, and who has just run;
 * nothing else.
 */
#ifndef PLAT_SIM_STRATEGY_H
#define PLAT_SIM_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/sim.h>

#define STRATEGY_THREADS 64u
#define STRATEGY_CHOICES 65536u

struct strategy_choice {
	uint8_t taken;
	uint8_t count;
};

/**
 * struct strategy - the state of one
 *
 * random:     at each point, a switch with a probability that the seed picks.
 * pct:        threads have priorities and the highest runs; at @depth points
 *             picked by the seed the running thread falls below all others.
 *             A bug of depth d is found with a probability of at least
 *             1 / (threads * steps^(d-1)). (Burckhardt et al., ASPLOS 2010)
 * exhaustive: depth first through all choices that differ at most @preemptions
 *             times from the default: go on with who ran, and if that sleeps,
 *             with the first who can. So a preemption counts, and so does a
 *             turn out of order. Run number n of a scenario is the n-th path.
 *             (Delay bounding: Emmi et al., POPL 2011)
 */
struct strategy {
	enum sva_sim_strategy kind;
	uint64_t rng;
	unsigned int odds; /* random: one in so many */

	uint64_t change_at[8];
	unsigned int depth;
	int priority[STRATEGY_THREADS];
	int lowest;
	uint64_t points;

	struct strategy_choice *choices;
	size_t choice_count, choice_at;
	unsigned int preemptions, preempted;
	bool overflow;
	bool exhausted;
};

/* Return: 0, -ENOMEM. */
int strategy_init(struct strategy *st);
void strategy_fini(struct strategy *st);

/* Before a run. Exhaustive goes on where it stood; strategy_restart() not. */
void strategy_begin(struct strategy *st, enum sva_sim_strategy kind,
		    uint64_t seed, unsigned int preemptions);
void strategy_restart(struct strategy *st);
/* After a run of the exhaustive one: on to the next path. */
void strategy_end(struct strategy *st);

void strategy_thread(struct strategy *st, unsigned int id);

/*
 * @runnable is not empty. @current: who ran, if it still can, otherwise
 * STRATEGY_THREADS. @yields: it would rather not.
 */
unsigned int strategy_pick(struct strategy *st, uint64_t runnable,
			   unsigned int current, bool yields);

uint64_t sim_splitmix(uint64_t *state);

#endif
