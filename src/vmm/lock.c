/* SPDX-License-Identifier: MIT */
/*
 * A guest's locks. They have its own order: each thread keeps a list of the
 * guest's locks that it holds, which the host's platform knows nothing of. So
 * a guest that leaves its world in the middle of a critical section, by a
 * write to a register, enters the host's without a lock, as a virtual
 * processor does.
 *
 * A thread belongs to one guest at a time, so one list is enough.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/vmm.h"

struct guest_lock {
	pthread_mutex_t mutex;
	const char *name;
	unsigned int rank;
	enum plat_lock_kind kind;
};

_Static_assert(sizeof(struct guest_lock) <= sizeof(struct plat_lock),
	       "a lock fits where the stack keeps it");

static struct guest_lock *inside(struct plat_lock *lock)
{
	return (struct guest_lock *)(void *)lock->opaque;
}

#ifndef NDEBUG

__attribute__((noreturn)) static void die(const char *what, const char *name,
					  const char *under)
{
	fprintf(stderr, "sva: fatal: guest: %s \"%s\" under \"%s\"\n", what,
		name, under);
	abort();
}

void vmm_may_sleep(const char *what)
{
	const struct vmm_held *held = vmm_held();
	unsigned int i;

	if (held->rcu_depth)
		die("may sleep:", what, "an RCU reader");
	for (i = 0; i < held->count; i++)
		if (held->locks[i]->kind == PLAT_LOCK_SPIN)
			die("may sleep:", what, held->locks[i]->name);
}

void vmm_rcu_depth_add(int n)
{
	struct vmm_held *held = vmm_held();

	held->rcu_depth += n;
	if (held->rcu_depth < 0)
		die("an RCU reader left", "that never entered", "nothing");
}

static void check_lock(const struct guest_lock *l)
{
	const struct vmm_held *held = vmm_held();
	unsigned int i;

	if (l->kind == PLAT_LOCK_MUTEX)
		vmm_may_sleep(l->name);
	for (i = 0; i < held->count; i++)
		if (held->locks[i]->rank >= l->rank)
			die("the lock order: takes", l->name,
			    held->locks[i]->name);
	if (held->count == VMM_HELD_MAX)
		die("too many locks:", l->name, "all of them");
}

static void note_lock(const struct guest_lock *l)
{
	struct vmm_held *held = vmm_held();

	held->locks[held->count++] = l;
}

static void note_unlock(const struct guest_lock *l)
{
	struct vmm_held *held = vmm_held();
	unsigned int i = held->count;

	while (i && held->locks[i - 1] != l)
		i--;
	if (!i)
		die("releases", l->name, "nothing: it is not held");
	for (held->count--; i <= held->count; i++)
		held->locks[i - 1] = held->locks[i];
}

#else

void vmm_may_sleep(const char *what)
{
	(void)what;
}

void vmm_rcu_depth_add(int n)
{
	(void)n;
}

static void check_lock(const struct guest_lock *l)
{
	(void)l;
}

static void note_lock(const struct guest_lock *l)
{
	(void)l;
}

static void note_unlock(const struct guest_lock *l)
{
	(void)l;
}

#endif

void vmm_lock_init(void *ctx, struct plat_lock *lock, enum plat_lock_kind kind,
		   unsigned int rank, const char *name)
{
	struct guest_lock *l = inside(lock);

	(void)ctx;
	memset(lock, 0, sizeof(*lock));
	pthread_mutex_init(&l->mutex, NULL);
	l->name = name;
	l->rank = rank;
	l->kind = kind;
}

void vmm_lock_fini(void *ctx, struct plat_lock *lock)
{
	(void)ctx;
	pthread_mutex_destroy(&inside(lock)->mutex);
}

void vmm_lock(void *ctx, struct plat_lock *lock)
{
	struct guest_lock *l = inside(lock);

	(void)ctx;
	check_lock(l);
	pthread_mutex_lock(&l->mutex);
	note_lock(l);
}

void vmm_unlock(void *ctx, struct plat_lock *lock)
{
	struct guest_lock *l = inside(lock);

	(void)ctx;
	note_unlock(l);
	pthread_mutex_unlock(&l->mutex);
}
