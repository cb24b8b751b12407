/* SPDX-License-Identifier: MIT */
/* Small arithmetic on words, and the two macros every C project has. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Constant expressions of type uint64_t; 0 <= lo <= hi <= 63. */
#define BIT(n)            (UINT64_C(1) << (n))
#define GENMASK64(hi, lo) ((UINT64_MAX >> (63 - (hi))) & (UINT64_MAX << (lo)))

/* clang-format off */
/* Only for arrays: a pointer is a compile error. */
#define ARRAY_SIZE(a)							\
	(sizeof(a) / sizeof((a)[0]) +					\
	 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(a),	\
				__typeof__(&(a)[0])) ? -1 : 1]))

/* The structure of which p points to a member; another type is an error. */
#define container_of(p, type, member)					\
	((type *)(void *)((char *)(1 ? (p) : &((type *)0)->member) -	\
			  offsetof(type, member)))
/* clang-format on */

static inline bool is_pow2(uint64_t v)
{
	return v && !(v & (v - 1));
}

/* Largest n with 1 << n <= v. v is not 0. */
static inline unsigned int ilog2(uint64_t v)
{
	return 63 - (unsigned int)__builtin_clzll(v);
}

/* Smallest n with 1 << n >= v; 0 for 0 and 1. v is at most 1 << 63. */
static inline unsigned int ilog2_up(uint64_t v)
{
	return v <= 1 ? 0 : ilog2(v - 1) + 1;
}

/* align is a power of two. */
static inline uint64_t align_down(uint64_t v, uint64_t align)
{
	return v & ~(align - 1);
}

/* Wraps to 0 if the aligned value is beyond 64 bits. */
static inline uint64_t align_up(uint64_t v, uint64_t align)
{
	return align_down(v + (align - 1), align);
}

static inline bool is_aligned(uint64_t v, uint64_t align)
{
	return !(v & (align - 1));
}

/* d is not 0; exact for every n. */
static inline uint64_t div_round_up(uint64_t n, uint64_t d)
{
	return n / d + (n % d != 0);
}

#endif
