/* SPDX-License-Identifier: MIT */
#include "plat/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"

struct sim *sim_running;

static const char *const point_names[] = {
	[SIM_LOCK] = "lock",     [SIM_UNLOCK] = "unlock", [SIM_WAIT] = "wait",
	[SIM_WAKE] = "wake",     [SIM_WORK] = "work",     [SIM_FLUSH] = "flush",
	[SIM_RCU] = "rcu",       [SIM_IRQ] = "irq",       [SIM_MMIO] = "mmio",
	[SIM_WALK] = "walk",     [SIM_DMA] = "dma",       [SIM_RELAX] = "relax",
	[SIM_SPAWN] = "spawn",   [SIM_EXIT] = "exit",     [SIM_NOTE] = "note",
	[SIM_ATOMIC] = "atomic",
};

static void mix(struct sim *s, uint64_t value)
{
	s->hash = (s->hash ^ value) * UINT64_C(0x100000001b3);
	s->hash ^= s->hash >> 29;
}

static void trace(struct sim *s, enum sim_point kind, const char *what,
		  uint64_t detail)
{
	char line[160];

	(void)snprintf(line, sizeof(line),
		       "%6" PRIu64 " %10" PRIu64 " %-10s %-6s %s %#" PRIx64,
		       s->steps, s->now_ns, s->current ? s->current->name : "-",
		       point_names[kind], what, detail);
	s->trace(s->trace_arg, line);
}

static void record(struct sim *s, enum sim_point kind, const char *what,
		   uint64_t detail)
{
	mix(s, (uint64_t)kind << 8 | (s->current ? s->current->id : 255));
	mix(s, detail);
	if (s->trace)
		trace(s, kind, what, detail);
}

void sim_note(struct sim *s, const char *what, uint64_t detail)
{
	record(s, SIM_NOTE, what, detail);
}

uint64_t sim_random(struct sim *s, uint64_t below)
{
	return sim_splitmix(&s->rng) % below;
}

_Noreturn void sim_fail(struct sim *s, const char *rule, const char *fmt, ...)
{
	struct fiber here = { 0 };
	va_list ap;

	s->failed = true;
	(void)snprintf(s->rule, sizeof(s->rule), "%s", rule);
	va_start(ap, fmt);
	(void)vsnprintf(s->what, sizeof(s->what), fmt, ap);
	va_end(ap);
	if (s->trace)
		s->trace(s->trace_arg, s->what);
	/* Nobody comes back: the next run starts with fresh stacks. */
	if (s->current)
		here = s->current->fiber;
	fiber_switch(&here, &s->main);
	__builtin_unreachable();
}

static void switch_to(struct sim *s, unsigned int id)
{
	struct sim_thread *me = s->current, *to = &s->threads[id];

	if (to == me)
		return;
	mix(s, id);
	s->current = to;
	fiber_switch(&me->fiber, &to->fiber);
}

/* Sleepers whose time has come. */
static void expire(struct sim *s)
{
	unsigned int i;

	if (s->now_ns < s->next_deadline)
		return;
	s->next_deadline = SIM_NEVER;
	for (i = 0; i < s->thread_count; i++) {
		struct sim_thread *t = &s->threads[i];

		if (!t->used || t->done || s->runnable >> i & 1)
			continue;
		if (t->deadline <= s->now_ns) {
			t->timed_out = true;
			s->runnable |= UINT64_C(1) << i;
		} else if (t->deadline < s->next_deadline) {
			s->next_deadline = t->deadline;
		}
	}
}

static void step(struct sim *s, enum sim_point kind, const char *what,
		 uint64_t detail, uint64_t ns)
{
	s->steps++;
	s->now_ns += ns;
	record(s, kind, what, detail);
	if (s->on_step)
		s->on_step(s->on_step_arg, kind);
	if (s->steps > SIM_STEPS_MAX)
		sim_fail(s, "livelock", "no end after %" PRIu64 " steps: %s %s",
			 s->steps, s->current->name, what);
	expire(s);
}

static unsigned int pick(struct sim *s, unsigned int current, bool yields)
{
	const struct sim_thread *urgent = s->urgent;

	if (!urgent)
		return strategy_pick(&s->strategy, s->runnable, current,
				     yields);
	s->urgent = NULL;
	return urgent->id;
}

void sim_urgent(struct sim *s, struct sim_thread *t)
{
	s->runnable |= UINT64_C(1) << t->id;
	s->urgent = t;
}

void sim_point(struct sim *s, enum sim_point kind, const char *what,
	       uint64_t detail)
{
	if (!s->current)
		return;
	step(s, kind, what, detail, SIM_STEP_NS);
	if (s->exploring && !s->atomic)
		switch_to(s, pick(s, s->current->id, false));
}

void sim_atomic_point(void)
{
	struct sim *s = sim_running;

	if (s && s->exploring)
		sim_point(s, SIM_ATOMIC, "", 0);
}

void sim_relax(struct sim *s)
{
	uint64_t others;

	if (!s->current)
		return;
	step(s, SIM_RELAX, "", 0, SIM_RELAX_NS);
	others = s->runnable & ~(UINT64_C(1) << s->current->id);
	if (others)
		switch_to(s, pick(s, s->current->id, true));
}

/* Everybody sleeps: time passes, or the end is here. */
static void nobody_runs(struct sim *s)
{
	const struct sim_thread *worst = NULL;
	char who[160] = "";
	size_t n = 0;
	unsigned int i;

	if (s->next_deadline != SIM_NEVER) {
		s->now_ns = s->next_deadline;
		expire(s);
		return;
	}
	for (i = 0; i < s->thread_count; i++) {
		const struct sim_thread *t = &s->threads[i];

		if (!t->used || t->done || !t->rule)
			continue;
		/* Those who wait for a device say which answer is missing. */
		if (!worst || !strcmp(worst->rule, "R5"))
			worst = t;
		if (n < sizeof(who))
			n += (size_t)snprintf(who + n, sizeof(who) - n,
					      " %s: %s;", t->name, t->why);
	}
	sim_fail(s, worst ? worst->rule : "deadlock", "nobody can go on:%s",
		 who);
}

bool sim_block(struct sim *s, const void *on, const char *why, const char *rule,
	       uint64_t deadline)
{
	struct sim_thread *me = s->current;

	me->on = on;
	me->why = why;
	me->rule = rule;
	me->deadline = deadline;
	me->timed_out = false;
	s->runnable &= ~(UINT64_C(1) << me->id);
	if (deadline < s->next_deadline)
		s->next_deadline = deadline;
	expire(s);
	while (!s->runnable)
		nobody_runs(s);
	if (!(s->runnable >> me->id & 1))
		switch_to(s, pick(s, STRATEGY_THREADS, false));
	me->on = NULL;
	me->rule = NULL;
	me->deadline = SIM_NEVER;
	return !me->timed_out;
}

void sim_wake(struct sim *s, const void *on)
{
	unsigned int i;

	for (i = 0; i < s->thread_count; i++)
		if (s->threads[i].used && s->threads[i].on == on)
			s->runnable |= UINT64_C(1) << i;
}

static void thread_main(void *arg)
{
	struct sim_thread *t = arg;
	struct sim *s = t->sim;

	t->fn(t->arg);
	step(s, SIM_EXIT, t->name, 0, 0);
	t->done = true;
	s->runnable &= ~(UINT64_C(1) << t->id);
	sim_wake(s, t);
	if (t->id == 0) {
		fiber_switch(&t->fiber, &s->main);
		__builtin_unreachable();
	}
	while (!s->runnable)
		nobody_runs(s);
	switch_to(s, pick(s, STRATEGY_THREADS, false));
}

struct sim_thread *sim_spawn(struct sim *s, const char *name,
			     void (*fn)(void *arg), void *arg)
{
	struct sim_thread *t = NULL;
	struct fiber fiber;
	unsigned int i;

	for (i = 0; i < SIM_THREADS && !t; i++)
		if (!s->threads[i].used)
			t = &s->threads[i];
	if (!t)
		return NULL;
	fiber = t->fiber;
	memset(t, 0, sizeof(*t));
	t->fiber = fiber;
	t->sim = s;
	t->id = (unsigned int)(t - s->threads);
	if (t->id >= s->thread_count)
		s->thread_count = t->id + 1;
	t->name = name;
	t->fn = fn;
	t->arg = arg;
	t->used = true;
	t->deadline = SIM_NEVER;
	fiber_make(&t->fiber, thread_main, t);
	strategy_thread(&s->strategy, t->id);
	s->runnable |= UINT64_C(1) << t->id;
	if (s->current)
		sim_point(s, SIM_SPAWN, name, t->id);
	return t;
}

void sim_join(struct sim *s, struct sim_thread *t)
{
	while (!t->done)
		(void)sim_block(s, t, t->name, NULL, SIM_NEVER);
	t->used = false;
}

bool sim_fails(struct sim *s, const char *what)
{
	if (!s->fail_armed)
		return false;
	if (++s->fail_calls != s->fail_at)
		return false;
	s->fail_fired = true;
	sim_note(s, what, s->fail_calls);
	return true;
}

void sim_start(struct sim *s, void (*fn)(void *arg), void *arg)
{
	unsigned int i;

	for (i = 0; i < SIM_THREADS; i++)
		s->threads[i].used = false;
	memset(s->irqs, 0, sizeof(s->irqs));
	s->thread_count = 0;
	s->runnable = 0;
	s->urgent = NULL;
	s->current = NULL;
	s->now_ns = 1000;
	s->next_deadline = SIM_NEVER;
	s->steps = 0;
	s->hash = UINT64_C(0xcbf29ce484222325);
	s->exploring = false;
	s->atomic = 0;
	s->exiting = NULL;
	s->failed = false;
	s->on_step = NULL;
	s->fail_calls = 0;
	s->fail_fired = false;
	s->fail_armed = false;
	s->broken_count = 0;

	sim_running = s;
	s->current = sim_spawn(s, "main", fn, arg);
	fiber_adopt(&s->main);
	fiber_switch(&s->main, &s->threads[0].fiber);
	s->current = NULL;
	sim_running = NULL;
}
