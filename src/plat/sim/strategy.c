/* SPDX-License-Identifier: MIT */
#include "plat/sim/strategy.h"

#include <stdlib.h>

#include "base/errno.h"

uint64_t sim_splitmix(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int strategy_init(struct strategy *st)
{
	st->choices = calloc(STRATEGY_CHOICES, sizeof(*st->choices));
	return st->choices ? 0 : -ENOMEM;
}

void strategy_fini(struct strategy *st)
{
	free(st->choices);
	st->choices = NULL;
}

static void begin_pct(struct strategy *st)
{
	/* The length of a run is not known beforehand: some of each. */
	uint64_t length = UINT64_C(64) << sim_splitmix(&st->rng) % 8;
	unsigned int i;

	st->depth = 1 + (unsigned int)(sim_splitmix(&st->rng) % 5);
	for (i = 0; i < st->depth; i++)
		st->change_at[i] = sim_splitmix(&st->rng) % length;
	st->lowest = 0;
}

void strategy_begin(struct strategy *st, enum sva_sim_strategy kind,
		    uint64_t seed, unsigned int preemptions)
{
	st->kind = kind;
	st->rng = seed ^ UINT64_C(0x5ca1ab1e);
	st->points = 0;
	st->choice_at = 0;
	st->preempted = 0;
	st->preemptions = preemptions;
	/* From nearly every step to one in 128. */
	st->odds = 1u << (1 + sim_splitmix(&st->rng) % 7);
	if (kind == SVA_SIM_PCT)
		begin_pct(st);
}

void strategy_restart(struct strategy *st)
{
	st->choice_count = 0;
	st->exhausted = false;
	st->overflow = false;
}

void strategy_end(struct strategy *st)
{
	if (st->kind != SVA_SIM_EXHAUSTIVE)
		return;
	/* A run that failed may have ended before the known part did. */
	if (st->choice_at < st->choice_count)
		st->choice_count = st->choice_at;
	while (st->choice_count) {
		struct strategy_choice *c = &st->choices[st->choice_count - 1];

		if (c->taken + 1u < c->count) {
			c->taken++;
			return;
		}
		st->choice_count--;
	}
	st->exhausted = true;
}

void strategy_thread(struct strategy *st, unsigned int id)
{
	st->priority[id] = 1 + (int)(sim_splitmix(&st->rng) % 1000000);
}

static unsigned int nth_set(uint64_t mask, unsigned int n)
{
	while (n--)
		mask &= mask - 1;
	return (unsigned int)__builtin_ctzll(mask);
}

static unsigned int any_of(struct strategy *st, uint64_t mask)
{
	unsigned int count = (unsigned int)__builtin_popcountll(mask);

	return nth_set(mask, (unsigned int)(sim_splitmix(&st->rng) % count));
}

static unsigned int pick_random(struct strategy *st, uint64_t runnable,
				unsigned int current, bool yields)
{
	if (current < STRATEGY_THREADS && !yields &&
	    sim_splitmix(&st->rng) % st->odds)
		return current;
	return any_of(st, runnable);
}

static unsigned int highest(const struct strategy *st, uint64_t runnable)
{
	unsigned int best = (unsigned int)__builtin_ctzll(runnable), i;

	for (i = best + 1; i < STRATEGY_THREADS && runnable >> i; i++)
		if (runnable >> i & 1 && st->priority[i] > st->priority[best])
			best = i;
	return best;
}

static unsigned int pick_pct(struct strategy *st, uint64_t runnable,
			     unsigned int current, bool yields)
{
	bool falls = yields;
	unsigned int i;

	for (i = 0; i < st->depth; i++)
		falls |= st->change_at[i] == st->points;
	if (falls && current < STRATEGY_THREADS)
		st->priority[current] = --st->lowest;
	return highest(st, runnable);
}

/* The order of choices: going on, then the others by number. */
static unsigned int option(uint64_t runnable, unsigned int current,
			   unsigned int n)
{
	if (current >= STRATEGY_THREADS)
		return nth_set(runnable, n);
	if (!n)
		return current;
	return nth_set(runnable & ~(UINT64_C(1) << current), n - 1);
}

/* A poller hands on in turn: that is no choice, or there were no end of them.
 */
static unsigned int next_in_turn(uint64_t runnable, unsigned int current)
{
	uint64_t above = runnable & (UINT64_MAX << current) &
			 ~(UINT64_C(1) << current);

	return (unsigned int)__builtin_ctzll(above ? above : runnable);
}

static unsigned int pick_exhaustive(struct strategy *st, uint64_t runnable,
				    unsigned int current, bool yields)
{
	unsigned int count = (unsigned int)__builtin_popcountll(runnable);
	struct strategy_choice *c;

	if (yields && current < STRATEGY_THREADS)
		return next_in_turn(runnable, current);
	if (st->preempted == st->preemptions)
		return option(runnable, current, 0);
	if (st->choice_at == STRATEGY_CHOICES) {
		st->overflow = true;
		return option(runnable, current, 0);
	}
	c = &st->choices[st->choice_at];
	if (st->choice_at++ == st->choice_count) {
		c->taken = 0;
		c->count = (uint8_t)count;
		st->choice_count++;
	}
	if (c->taken)
		st->preempted++;
	return option(runnable, current, c->taken);
}

unsigned int strategy_pick(struct strategy *st, uint64_t runnable,
			   unsigned int current, bool yields)
{
	st->points++;
	if (!(runnable & (runnable - 1)))
		return (unsigned int)__builtin_ctzll(runnable);
	switch (st->kind) {
	case SVA_SIM_PCT:
		return pick_pct(st, runnable, current, yields);
	case SVA_SIM_EXHAUSTIVE:
		return pick_exhaustive(st, runnable, current, yields);
	case SVA_SIM_RANDOM:
		break;
	}
	return pick_random(st, runnable, current, yields);
}
