/* SPDX-License-Identifier: MIT */
/*
 * The memory edge: little-endian words of memory that hardware shares. Inside
 * the library a record is a struct of uint64_t in CPU order.
 *
 * load and store of a plain pointer are bytewise: any alignment, no atomicity,
 * no order. Those of an atomic word are single-copy atomic, and are what
 * publishes a record or reads one that the other side may change.
 */
#ifndef BASE_LE64_H
#define BASE_LE64_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LE16(v) ((uint16_t)(v))
#define LE32(v) ((uint32_t)(v))
#define LE64(v) ((uint64_t)(v))
#else
#define LE16(v) __builtin_bswap16(v)
#define LE32(v) __builtin_bswap32(v)
#define LE64(v) __builtin_bswap64(v)
#endif

/* A 64-bit word of shared memory, in little-endian order. */
typedef _Atomic uint64_t le64_atomic;

_Static_assert(sizeof(le64_atomic) == 8 && ATOMIC_LLONG_LOCK_FREE == 2,
	       "a 64-bit word of memory is accessed in one piece");

static inline uint16_t le16_load(const void *p)
{
	const unsigned char *b = p;

	return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t le32_load(const void *p)
{
	const unsigned char *b = p;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

static inline uint64_t le64_load(const void *p)
{
	const unsigned char *b = p;

	return le32_load(b) | (uint64_t)le32_load(b + 4) << 32;
}

static inline void le16_store(void *p, uint16_t v)
{
	unsigned char *b = p;

	b[0] = (unsigned char)v;
	b[1] = (unsigned char)(v >> 8);
}

static inline void le32_store(void *p, uint32_t v)
{
	unsigned char *b = p;

	b[0] = (unsigned char)v;
	b[1] = (unsigned char)(v >> 8);
	b[2] = (unsigned char)(v >> 16);
	b[3] = (unsigned char)(v >> 24);
}

static inline void le64_store(void *p, uint64_t v)
{
	unsigned char *b = p;

	le32_store(b, (uint32_t)v);
	le32_store(b + 4, (uint32_t)(v >> 32));
}

/* A record of n words, in CPU order on one side and in memory on the other. */
static inline void le64_load_words(uint64_t *dw, const void *p, size_t n)
{
	const unsigned char *b = p;
	size_t i;

	for (i = 0; i < n; i++)
		dw[i] = le64_load(b + 8 * i);
}

static inline void le64_store_words(void *p, const uint64_t *dw, size_t n)
{
	unsigned char *b = p;
	size_t i;

	for (i = 0; i < n; i++)
		le64_store(b + 8 * i, dw[i]);
}

/* p is 8-byte aligned memory, for the functions below. */
static inline le64_atomic *le64_at(void *p)
{
	return p;
}

static inline uint64_t le64_load_relaxed(const le64_atomic *p)
{
	return LE64(atomic_load_explicit(p, memory_order_relaxed));
}

/* Pairs with the other side's le64_store_release(). */
static inline uint64_t le64_load_acquire(const le64_atomic *p)
{
	return LE64(atomic_load_explicit(p, memory_order_acquire));
}

static inline void le64_store_relaxed(le64_atomic *p, uint64_t v)
{
	atomic_store_explicit(p, LE64(v), memory_order_relaxed);
}

/* What was written before is seen by le64_load_acquire() of v. */
static inline void le64_store_release(le64_atomic *p, uint64_t v)
{
	atomic_store_explicit(p, LE64(v), memory_order_release);
}

static inline uint64_t le64_exchange(le64_atomic *p, uint64_t v)
{
	return LE64(atomic_exchange_explicit(p, LE64(v), memory_order_acq_rel));
}

/*
 * Writes v if the word is *expected, and tells whether. *expected is then what
 * the word was. Acquires either way, and releases what it writes.
 */
static inline bool le64_cmpxchg(le64_atomic *p, uint64_t *expected, uint64_t v)
{
	uint64_t old = LE64(*expected);
	bool done = atomic_compare_exchange_strong_explicit(
		p, &old, LE64(v), memory_order_acq_rel, memory_order_acquire);

	*expected = LE64(old);
	return done;
}

#endif
