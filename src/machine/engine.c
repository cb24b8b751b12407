/* SPDX-License-Identifier: MIT */
#include "machine/engine.h"

#include <signal.h>

#define ENGINE_SPIN_TURNS 200u

void machine_engines_wake(void *ctx, unsigned int index)
{
	struct machine_engines *all = ctx;

	plat_event_signal(all->plat, &all->engines[index].work);
}

/*
 * Work arrives in bursts and a sleeping thread on another CPU takes tens of
 * microseconds to wake, so look again for a moment before sleeping.
 */
static void engine_idle(struct machine_engine *e, uint32_t seen)
{
	const struct plat *plat = e->all->plat;
	unsigned int turns;

	for (turns = 0; turns < ENGINE_SPIN_TURNS; turns++) {
		if (plat_event_read(&e->work) != seen)
			return;
		plat_relax(plat, turns);
	}
	/* Without a deadline the wait cannot fail; the loop looks again. */
	(void)!plat_event_wait(plat, &e->work, seen, UINT64_MAX);
}

static void *engine_main(void *arg)
{
	struct machine_engine *e = arg;

	for (;;) {
		uint32_t seen = plat_event_read(&e->work);

		/* Pairs with machine_engines_stop(). */
		if (atomic_load_explicit(&e->stop, memory_order_acquire))
			return NULL;
		if (dsa_hw_step(e->all->hw, e->index) != DSA_HW_MORE)
			engine_idle(e, seen);
	}
}

/*
 * An engine is the hardware: signals meant for the process run elsewhere. The
 * ones its own accesses raise must not be blocked.
 */
static int create_thread(struct machine_engine *e)
{
	sigset_t set, old;
	int err;

	sigfillset(&set);
	sigdelset(&set, SIGSEGV);
	sigdelset(&set, SIGBUS);
	sigdelset(&set, SIGILL);
	sigdelset(&set, SIGFPE);
	sigdelset(&set, SIGTRAP);
	sigdelset(&set, SIGSYS);
	sigdelset(&set, SIGABRT);
	err = pthread_sigmask(SIG_SETMASK, &set, &old);
	if (err)
		return -err;
	err = pthread_create(&e->thread, NULL, engine_main, e);
	/* What it was is a valid mask. */
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
}

int machine_engines_start(struct machine_engines *all, struct dsa_hw *hw,
			  unsigned int count)
{
	all->hw = hw;
	while (all->count < count) {
		struct machine_engine *e = &all->engines[all->count];
		int err;

		e->all = all;
		e->index = all->count;
		err = create_thread(e);
		if (err) {
			machine_engines_stop(all);
			return err;
		}
		all->count++;
	}
	return 0;
}

void machine_engines_stop(struct machine_engines *all)
{
	while (all->count > 0) {
		struct machine_engine *e = &all->engines[--all->count];

		atomic_store_explicit(&e->stop, true, memory_order_release);
		plat_event_signal(all->plat, &e->work);
		pthread_join(e->thread, NULL);
	}
}
