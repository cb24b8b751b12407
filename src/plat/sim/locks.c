/* SPDX-License-Identifier: MIT */
#include "plat/sim/locks.h"

#include <string.h>

#include "plat/sim/breaks.h"

#define LOCK_MAGIC UINT64_C(0x10c4ab1e10c4ab1e)

_Static_assert(sizeof(struct sim_lock_state) <= sizeof(struct plat_lock) &&
		       sizeof(struct sim_lock_state) <= sizeof(struct hw_lock),
	       "a lock fits where it is kept");

static struct sim_lock_state *inside(struct plat_lock *lock)
{
	return (struct sim_lock_state *)(void *)lock->opaque;
}

void sim_state_init(struct sim *s, struct sim_lock_state *l,
		    enum plat_lock_kind kind, unsigned int rank,
		    const char *name)
{
	(void)s;
	memset(l, 0, sizeof(*l));
	l->magic = LOCK_MAGIC;
	l->name = name;
	l->rank = rank;
	l->kind = kind;
}

static void check_alive(struct sim *s, const struct sim_lock_state *l,
			const char *what)
{
	if (l->magic != LOCK_MAGIC)
		sim_fail(s, "R1", "%s of a lock that is gone", what);
}

static void check_order(struct sim *s, const struct sim_lock_state *l)
{
	const struct sim_thread *t = s->current;
	unsigned int i;

	for (i = 0; i < t->held_count; i++)
		if (t->held[i]->rank >= l->rank)
			sim_fail(s, "lock", "\"%s\" is taken under \"%s\"",
				 l->name, t->held[i]->name);
	if (t->held_count == SIM_HELD_MAX)
		sim_fail(s, "lock", "too many locks");
}

void sim_state_lock(struct sim *s, struct sim_lock_state *l)
{
	struct sim_thread *t = s->current;

	check_alive(s, l, "lock()");
	if (!t)
		return;
	if (l->kept && l->owner == t) {
		l->kept = false;
		return;
	}
	check_order(s, l);
	sim_point(s, SIM_LOCK, l->name, l->rank);
	while (l->owner)
		(void)sim_block(s, l, l->name, "R5", SIM_NEVER);
	check_alive(s, l, "lock()");
	l->owner = t;
	t->held[t->held_count++] = l;
}

void sim_state_unlock(struct sim *s, struct sim_lock_state *l)
{
	struct sim_thread *t = s->current;
	unsigned int i;

	check_alive(s, l, "unlock()");
	if (!t)
		return;
	if (l->owner != t)
		sim_fail(s, "lock", "\"%s\" is not held by who unlocks it",
			 l->name);
	for (i = 0; i < t->held_count && t->held[i] != l; i++)
		;
	for (t->held_count--; i < t->held_count; i++)
		t->held[i] = t->held[i + 1];
	l->owner = NULL;
	sim_wake(s, l);
	sim_point(s, SIM_UNLOCK, l->name, l->rank);
}

void sim_lock_init(void *ctx, struct plat_lock *lock, enum plat_lock_kind kind,
		   unsigned int rank, const char *name)
{
	sim_state_init(ctx, inside(lock), kind, rank, name);
}

void sim_lock_fini(void *ctx, struct plat_lock *lock)
{
	struct sim_lock_state *l = inside(lock);

	check_alive(ctx, l, "lock_fini()");
	if (l->owner)
		sim_fail(ctx, "lock", "\"%s\" is held at its end", l->name);
	l->magic = 0;
}

void sim_lock(void *ctx, struct plat_lock *lock)
{
	sim_state_lock(ctx, inside(lock));
}

/* The first time the exit of an address space lets go of it. */
static bool keep(struct sim *s, struct sim_lock_state *l)
{
	if (!sim_broken(s, BREAK_LOCK_KEPT) || s->broken_count ||
	    s->exiting != s->current || l->rank != PLAT_RANK_SVA)
		return false;
	sim_strike(s, l->rank);
	l->kept = true;
	return true;
}

void sim_unlock(void *ctx, struct plat_lock *lock)
{
	if (!keep(ctx, inside(lock)))
		sim_state_unlock(ctx, inside(lock));
}
