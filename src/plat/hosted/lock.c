/* SPDX-License-Identifier: MIT */
/*
 * The stack's spin locks are a word: held for a moment, and one locked
 * instruction cheaper than a mutex, which is a third of what the PASID
 * allocator costs. A waiter yields, then naps, as the holder may have lost its
 * CPU. Mutexes are pthread mutexes, and so are the locks of models: a register
 * lock is held while a thread in the middle of an access is waited for.
 *
 * Unless NDEBUG, each thread keeps the locks it holds, and a lock out of order,
 * or a sleep where none is allowed, ends the program with a message.
 */
#include <errno.h>
#include <string.h>

#include "plat/hosted/platform.h"

struct hosted_plat_lock {
	union {
		pthread_mutex_t mutex;
		_Atomic bool held; /* is_word */
	};
	bool is_word;
	const char *name;
	unsigned int rank;
	enum plat_lock_kind kind;
};

_Static_assert(sizeof(struct hosted_plat_lock) <= sizeof(struct plat_lock),
	       "a lock fits where the stack keeps it");
_Static_assert(_Alignof(struct hosted_plat_lock) <= _Alignof(struct plat_lock),
	       "a lock is aligned where the stack keeps it");

static struct hosted_plat_lock *inside(struct plat_lock *lock)
{
	return (struct hosted_plat_lock *)(void *)lock->opaque;
}

#ifndef NDEBUG

#define HELD_MAX 16u

static _Thread_local struct {
	const struct hosted_plat_lock *locks[HELD_MAX];
	unsigned int count;
	int rcu_depth;
} held;

void hosted_may_sleep(const char *what)
{
	unsigned int i;

	if (held.rcu_depth)
		hosted_die("%s may sleep, inside an RCU reader", what);
	for (i = 0; i < held.count; i++)
		if (held.locks[i]->kind == PLAT_LOCK_SPIN &&
		    held.locks[i]->rank <= PLAT_RANK_LEAF)
			hosted_die("%s may sleep, under the spin lock \"%s\"",
				   what, held.locks[i]->name);
}

void hosted_may_call_libc(const char *what)
{
	unsigned int i;

	for (i = 0; i < held.count; i++)
		if (held.locks[i]->rank >= PLAT_RANK_MM)
			hosted_die(
				"%s starts or ends a thread under the lock \"%s\"",
				what, held.locks[i]->name);
}

void hosted_rcu_depth_add(int n)
{
	held.rcu_depth += n;
	if (held.rcu_depth < 0)
		hosted_die("an RCU reader left that never entered");
}

static void check_lock(const struct hosted_plat_lock *l)
{
	unsigned int i;

	if (l->kind == PLAT_LOCK_MUTEX)
		hosted_may_sleep(l->name);
	for (i = 0; i < held.count; i++)
		if (held.locks[i]->rank >= l->rank)
			hosted_die(
				"lock \"%s\" (rank %u) is taken under \"%s\" (rank %u)",
				l->name, l->rank, held.locks[i]->name,
				held.locks[i]->rank);
	if (held.count == HELD_MAX)
		hosted_die("lock \"%s\": too many locks held", l->name);
}

static void note_lock(const struct hosted_plat_lock *l)
{
	held.locks[held.count++] = l;
}

static void note_unlock(const struct hosted_plat_lock *l)
{
	unsigned int i = held.count;

	while (i && held.locks[i - 1] != l)
		i--;
	if (!i)
		hosted_die(
			"lock \"%s\" is released by a thread that does not hold it",
			l->name);
	for (held.count--; i <= held.count; i++)
		held.locks[i - 1] = held.locks[i];
}

#else

void hosted_may_call_libc(const char *what)
{
	(void)what;
}

void hosted_may_sleep(const char *what)
{
	(void)what;
}

void hosted_rcu_depth_add(int n)
{
	(void)n;
}

static void check_lock(const struct hosted_plat_lock *l)
{
	(void)l;
}

static void note_lock(const struct hosted_plat_lock *l)
{
	(void)l;
}

static void note_unlock(const struct hosted_plat_lock *l)
{
	(void)l;
}

#endif

void hosted_lock_init(void *ctx, struct plat_lock *lock,
		      enum plat_lock_kind kind, unsigned int rank,
		      const char *name)
{
	struct hosted_plat_lock *l = inside(lock);

	(void)ctx;
	memset(lock, 0, sizeof(*lock));
	l->is_word = kind == PLAT_LOCK_SPIN && rank <= PLAT_RANK_LEAF;
	if (l->is_word)
		atomic_init(&l->held, false);
	else
		pthread_mutex_init(&l->mutex, NULL);
	l->name = name;
	l->rank = rank;
	l->kind = kind;
}

void hosted_lock_fini(void *ctx, struct plat_lock *lock)
{
	struct hosted_plat_lock *l = inside(lock);

	(void)ctx;
	if (l->is_word ? atomic_load_explicit(&l->held, memory_order_relaxed) :
			 pthread_mutex_destroy(&l->mutex) != 0)
		hosted_die("lock \"%s\" is held at its end", l->name);
}

/* A function of its own, so that who need not wait saves no registers. */
static __attribute__((noinline, cold)) void
wait_for_word(void *ctx, struct hosted_plat_lock *l)
{
	unsigned int turns = 0;

	/* Pairs with the release of hosted_unlock(). */
	do {
		while (atomic_load_explicit(&l->held, memory_order_relaxed))
			hosted_relax(ctx, turns++);
	} while (
		atomic_exchange_explicit(&l->held, true, memory_order_acquire));
}

static void take_word(void *ctx, struct hosted_plat_lock *l)
{
	/* The same. */
	if (atomic_exchange_explicit(&l->held, true, memory_order_acquire))
		wait_for_word(ctx, l);
}

void hosted_lock(void *ctx, struct plat_lock *lock)
{
	struct hosted_plat_lock *l = inside(lock);

	check_lock(l);
	if (l->is_word)
		take_word(ctx, l);
	else if (pthread_mutex_lock(&l->mutex))
		hosted_die("lock \"%s\" cannot be taken", l->name);
	note_lock(l);
}

void hosted_unlock(void *ctx, struct plat_lock *lock)
{
	struct hosted_plat_lock *l = inside(lock);

	(void)ctx;
	note_unlock(l);
	/* Pairs with the acquire of take_word(). */
	if (l->is_word)
		atomic_store_explicit(&l->held, false, memory_order_release);
	else if (pthread_mutex_unlock(&l->mutex))
		hosted_die("lock \"%s\" cannot be released", l->name);
}
