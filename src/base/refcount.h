/* SPDX-License-Identifier: MIT */
/*
 * Reference count that leaks rather than frees too early.
 *
 * 0 means dead and stays so. Counts from REFCOUNT_SATURATED on mean that
 * somebody lost track: get and put leave such a count alone, so the object is
 * never freed. Threads racing past the limit cannot wrap it: they would have
 * to be as many as there are counts beyond it.
 */
#ifndef BASE_REFCOUNT_H
#define BASE_REFCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A debug build defines it before the first include, to catch misuse. */
#ifndef REFCOUNT_ASSERT
#define REFCOUNT_ASSERT(cond) ((void)(cond))
#endif

#define REFCOUNT_SATURATED (UINT32_C(1) << 31)

struct refcount {
	_Atomic uint32_t n;
};

static inline void refcount_init(struct refcount *r, uint32_t n)
{
	atomic_init(&r->n, n);
}

/* Only a hint while others hold references. */
static inline uint32_t refcount_read(const struct refcount *r)
{
	return atomic_load_explicit(&r->n, memory_order_relaxed);
}

/*
 * For holders of no reference who found the object under a lock, or otherwise
 * know that its memory is there. False if the last reference is gone.
 *
 * Relaxed: whoever made the object reachable ordered its contents.
 */
static inline __attribute__((warn_unused_result)) bool
refcount_get_not_zero(struct refcount *r)
{
	uint32_t n = refcount_read(r);

	do {
		if (!n)
			return false;
		if (n >= REFCOUNT_SATURATED)
			return true;
	} while (!atomic_compare_exchange_weak_explicit(
		&r->n, &n, n + 1, memory_order_relaxed, memory_order_relaxed));
	return true;
}

/* For holders of a reference. A dead object stays dead. */
static inline void refcount_get(struct refcount *r)
{
	bool alive = refcount_get_not_zero(r);

	REFCOUNT_ASSERT(alive);
}

/*
 * True for the one caller who gave back the last reference and is to free the
 * object; false for everyone else, and when there was none to give back.
 *
 * Release pairs with the acquire of the last put: what each holder did to the
 * object happens before it is freed.
 */
static inline __attribute__((warn_unused_result)) bool
refcount_put(struct refcount *r)
{
	uint32_t n = refcount_read(r);

	do {
		REFCOUNT_ASSERT(n);
		if (!n || n >= REFCOUNT_SATURATED)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&r->n, &n, n - 1, memory_order_acq_rel, memory_order_relaxed));
	return n == 1;
}

#endif
