/* SPDX-License-Identifier: MIT */
/*
 * The scheduler of a simulation: threads that are fibres, virtual time, and
 * the points at which another thread may go on.
 *
 * A run is a function of its scenario, seed and strategy. So nothing here, and
 * nothing that runs here, may look at the host: its time, its addresses, its
 * threads. One run at a time per process: crashes are caught by a signal
 * handler, of which there is one.
 */
#ifndef PLAT_SIM_SIM_H
#define PLAT_SIM_SIM_H

#include <signal.h>
#include <stdarg.h>

#include <sva/plat.h>
#include <sva/sim.h>
#include <sva/types.h>

#include "plat/sim/fiber.h"
#include "plat/sim/memory.h"
#include "plat/sim/strategy.h"

#define SIM_THREADS   64u
#define SIM_STACK     (256u * 1024u)
#define SIM_HELD_MAX  16u
#define SIM_STEP_NS   50u
#define SIM_RELAX_NS  UINT64_C(10000)
#define SIM_STEPS_MAX 400000u
#define SIM_IRQS      32u
#define SIM_NEVER     UINT64_MAX
#define SIM_SIGNALS   2u

/* What a step is, for the trace and its hash. */
enum sim_point {
	SIM_LOCK,
	SIM_UNLOCK,
	SIM_WAIT,
	SIM_WAKE,
	SIM_WORK,
	SIM_FLUSH,
	SIM_RCU,
	SIM_IRQ,
	SIM_MMIO,
	SIM_WALK,
	SIM_DMA,
	SIM_RELAX,
	SIM_ATOMIC,
	SIM_SPAWN,
	SIM_EXIT,
	SIM_NOTE,
};

struct sim_lock_state;

/**
 * struct sim_thread - a fibre with a name
 * @on:       what it waits for: an address that is only compared.
 * @why, @rule: that in words, and the rule that is broken if nothing comes.
 * @deadline: of virtual time, SIM_NEVER for none.
 * @held:     locks, in the order they were taken.
 * @rcu:      depth of readers; @rcu_left counts how often it left the outermost.
 */
struct sim_thread {
	struct fiber fiber;
	struct sim *sim;
	unsigned int id;
	const char *name;
	void (*fn)(void *arg);
	void *arg;
	bool used;
	bool done;
	bool timed_out;
	const void *on;
	const char *why;
	const char *rule;
	uint64_t deadline;
	const struct sim_lock_state *held[SIM_HELD_MAX];
	unsigned int held_count;
	unsigned int rcu;
	uint64_t rcu_left;
};

struct sim_irq {
	void (*fn)(void *arg);
	void *arg;
	const char *name;
	struct sim_thread *thread;
	bool requested;
	bool stop;
	bool running;
	uint64_t raised, handled;
};

/**
 * struct sim - one simulation, and what is kept from one run to the next
 * @exploring: threads may be switched where they need not. Off while a
 *             scenario sets up and takes down.
 * @on_step:   called at each step: watchers of memory.
 * @fail_at:   the number of the call that fails, from 1; 0: none.
 */
struct sim {
	struct sim_memory mem;
	struct strategy strategy;
	struct fiber main;
	struct sim_thread threads[SIM_THREADS];
	unsigned int thread_count; /* of @threads, those ever used in the run */
	struct sim_thread *current; /* NULL: outside a run */
	struct sim_thread *urgent;  /* runs next, whatever the strategy says */
	uint64_t runnable;
	uint64_t now_ns;
	uint64_t next_deadline;
	uint64_t steps;
	uint64_t hash;
	bool exploring;
	unsigned int atomic; /* no switch, for what stands for hardware */
	bool failed;
	char rule[16];
	char what[256];
	void (*on_step)(void *arg, enum sim_point kind);
	void *on_step_arg;
	uint64_t rng;

	unsigned int fail_at;
	unsigned int fail_calls;
	bool fail_fired;
	bool fail_armed;

	const struct sim_break *broken;
	uint64_t broken_count; /* how often the break has struck */

	void (*trace)(void *arg, const char *line);
	void *trace_arg;

	struct plat plat;
	struct plat_ops plat_ops;
	struct sim_irq irqs[SIM_IRQS];
	const struct sim_thread *exiting; /* runs the exit of an mm */
	void *world;

	char *stacks;
	void *signal_stack;
	stack_t old_stack;
	struct sigaction old_actions[SIM_SIGNALS];
};

/* The one that runs, for the signal handler. */
extern struct sim *sim_running;

/*
 * setup.c. All zero before. Return: 0; -EBUSY there is one, -ENOMEM: nothing is
 * left.
 */
SVA_MUST_CHECK int sim_init(struct sim *s);
void sim_fini(struct sim *s);
/* Around a run. Return: 0, -EINVAL with nothing changed. */
SVA_MUST_CHECK int sim_take_signals(struct sim *s);
void sim_give_signals_back(struct sim *s);

/* Threads */

struct sim_thread *sim_spawn(struct sim *s, const char *name,
			     void (*fn)(void *arg), void *arg);
void sim_join(struct sim *s, struct sim_thread *t);

/* A place where somebody else may go on. @what and @detail are for traces. */
void sim_point(struct sim *s, enum sim_point kind, const char *what,
	       uint64_t detail);

/*
 * The same before an atomic access of code that was compiled with points.h:
 * core and drivers, for tests.
 */
void sim_atomic_point(void);

/*
 * Sleep until sim_wake(@on), or @deadline: false. If everybody sleeps for ever
 * @rule is broken.
 */
bool sim_block(struct sim *s, const void *on, const char *why, const char *rule,
	       uint64_t deadline);
void sim_wake(struct sim *s, const void *on);

/*
 * @t, which sleeps or has not run yet, goes on at the next switch, which is the
 * step at hand if that can be one: what happens at exactly that step.
 */
void sim_urgent(struct sim *s, struct sim_thread *t);

/* A polling loop: others first, and time passes. */
void sim_relax(struct sim *s);

/* The rule is broken; the run ends here. */
_Noreturn void sim_fail(struct sim *s, const char *rule, const char *fmt, ...)
	SVA_PRINTF(3, 4);

/* A line in the trace, part of the hash. */
void sim_note(struct sim *s, const char *what, uint64_t detail);

/* Numbers for workloads; not those of the schedule. */
uint64_t sim_random(struct sim *s, uint64_t below);

/* True: this call is the one that fails. */
bool sim_fails(struct sim *s, const char *what);

/* Runs @fn as the first thread, to its end or to a failure. */
void sim_start(struct sim *s, void (*fn)(void *arg), void *arg);

void sim_platform_init(struct sim *s);
void sim_raise_irq(struct sim *s, unsigned int number);
/* A message: false if the address is nobody's. */
bool sim_msi(struct sim *s, uint64_t addr, uint32_t data);

#endif
