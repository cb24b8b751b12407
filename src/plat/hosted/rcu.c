/* SPDX-License-Identifier: MIT */
/*
 * Grace periods: liburcu's "bulletproof" flavour, whose threads need no
 * registration. With SVA_NO_URCU, because ThreadSanitizer does not understand
 * the fences of liburcu, a counter per thread that is odd inside a reader.
 */
#include "plat/hosted/platform.h"

#ifndef SVA_NO_URCU

#include <urcu-bp.h>

void hosted_rcu_read_lock(void *ctx)
{
	(void)ctx;
	hosted_rcu_depth_add(1);
	urcu_bp_read_lock();
}

void hosted_rcu_read_unlock(void *ctx)
{
	(void)ctx;
	urcu_bp_read_unlock();
	hosted_rcu_depth_add(-1);
}

void hosted_rcu_synchronize(void *ctx)
{
	(void)ctx;
	hosted_may_sleep("plat_rcu_synchronize");
	urcu_bp_synchronize_rcu();
}

#else

#include <stdlib.h>

/* Never freed: a thread that ends leaves its record to the next one. */
struct reader {
	_Atomic uint64_t count;
	_Atomic bool owned;
	struct reader *next;
	unsigned int depth;
};

static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct reader *readers;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static _Thread_local struct reader *self;

static void disown(void *arg)
{
	struct reader *r = arg;

	/* Pairs with the exchange of adopt(). */
	atomic_store_explicit(&r->owned, false, memory_order_release);
}

static void make_key(void)
{
	if (pthread_key_create(&key, disown))
		hosted_die("no key for RCU readers");
}

static struct reader *adopt(void)
{
	struct reader *r;

	pthread_once(&once, make_key);
	pthread_mutex_lock(&readers_lock);
	for (r = readers; r; r = r->next)
		if (!atomic_exchange_explicit(&r->owned, true,
					      memory_order_acquire))
			break;
	if (!r) {
		r = calloc(1, sizeof(*r));
		if (!r)
			hosted_die("no memory for an RCU reader");
		atomic_init(&r->owned, true);
		r->next = readers;
		readers = r;
	}
	pthread_mutex_unlock(&readers_lock);
	pthread_setspecific(key, r);
	self = r;
	return r;
}

void hosted_rcu_read_lock(void *ctx)
{
	struct reader *r = self ? self : adopt();

	(void)ctx;
	hosted_rcu_depth_add(1);
	if (!r->depth++)
		/* Pairs with wait_for(): one of the two comes first. */
		atomic_fetch_add_explicit(&r->count, 1, memory_order_acq_rel);
}

void hosted_rcu_read_unlock(void *ctx)
{
	struct reader *r = self;

	(void)ctx;
	if (!--r->depth)
		/* Pairs with the load of wait_for(). */
		atomic_fetch_add_explicit(&r->count, 1, memory_order_release);
	hosted_rcu_depth_add(-1);
}

/*
 * The read-modify-write orders this against the reader's: a reader that comes
 * later in the counter's history sees all that was written before.
 */
static void wait_for(void *ctx, struct reader *r)
{
	uint64_t start =
		atomic_fetch_add_explicit(&r->count, 0, memory_order_acq_rel);
	unsigned int turns = 0;

	if (!(start & 1))
		return;
	while (atomic_load_explicit(&r->count, memory_order_acquire) == start)
		hosted_relax(ctx, turns++);
}

void hosted_rcu_synchronize(void *ctx)
{
	struct reader *r;

	hosted_may_sleep("plat_rcu_synchronize");
	pthread_mutex_lock(&readers_lock);
	r = readers;
	pthread_mutex_unlock(&readers_lock);
	/* Records stay in the list for ever, new ones come in front. */
	for (; r; r = r->next)
		wait_for(ctx, r);
}

#endif
