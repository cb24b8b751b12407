/* SPDX-License-Identifier: MIT */
/*
 * Measuring: what the benchmarks share.
 *
 * Every row is a pair of loops that run in turns in the same process: the code
 * under test, and the least that any implementation would have to do for the
 * same result, the limit. A repetition is long enough for the clock; the
 * figure is the median of BENCH_REPETITIONS, and the lowest and highest are
 * shown beside it.
 *
 * How each limit is measured is said where its loop is, and in docs/BENCH.md.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_REPETITIONS 7u

/* What a row's budget is held against; it is printed, never asserted. */
enum bench_budget {
	BENCH_NO_BUDGET,
	BENCH_VALUE_AT_MOST,
	BENCH_RATIO_AT_LEAST,
};

/**
 * struct bench_row - one line of the table
 * @name:   in the table and in JSON.
 * @what:   one operation, in words.
 * @limit:  the limit, in words.
 * @bytes:  moved by one operation: the unit is GB/s, and more is better.
 *          0: the unit is ns per operation.
 * @budget_of, @budget: see there.
 */
struct bench_row {
	const char *name;
	const char *what;
	const char *limit;
	uint64_t bytes;
	enum bench_budget budget_of;
	double budget;
};

/**
 * struct bench_loop - a loop to measure
 * @run: does the operation @count times and hands back how long the part that
 *       counts took. 0, or a negative errno: of an operation that failed,
 *       -EBADMSG its result was wrong, -EDOM it was another case than the
 *       row's, hits instead of misses for instance.
 * @arg: handed to it.
 * @max: largest @count it can take; 0: any.
 */
struct bench_loop {
	int (*run)(void *arg, uint64_t count, uint64_t *ret_ns);
	void *arg;
	uint64_t max;
};

struct bench;

/**
 * struct bench_group - rows that share a set-up
 * @run: sets up, calls bench_measure() for each row that bench_wanted(), tears
 *       down. 0, or a negative errno when the set-up failed.
 */
struct bench_group {
	const char *name;
	const struct bench_row *rows;
	size_t row_count;
	int (*run)(struct bench *b);
};

extern const struct bench_group bench_translate;
extern const struct bench_group bench_copy;
extern const struct bench_group bench_pasid;
extern const struct bench_group bench_invalidate;
extern const struct bench_group bench_paging;
extern const struct bench_group bench_sva;

/* Is any of @count rows asked for? */
bool bench_wanted(const struct bench *b, const struct bench_row *rows,
		  size_t count);

/* Measure a row, if it is asked for, and print it. Failures are remembered. */
void bench_measure(struct bench *b, const struct bench_row *row,
		   const struct bench_loop *value,
		   const struct bench_loop *limit);

/* A row that cannot be measured here: say why. */
void bench_skip(struct bench *b, const struct bench_row *row, const char *why);

/* Nanoseconds of a monotonic clock. */
uint64_t bench_now(void);

/*
 * Nanoseconds this thread has run: for loops in which nobody else takes part
 * and nothing is waited for. On an idle machine it is the same; on a loaded one
 * the time that others had the CPU is not in it.
 */
uint64_t bench_cpu_now(void);

/* The compiler has to have computed @x, and forgets what memory holds. */
static inline void bench_keep(uint64_t x)
{
	__asm__ volatile("" : : "r"(x) : "memory");
}

/* xorshift64*: short enough not to show, and the same in value and limit. */
static inline uint64_t bench_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

/* Uniform enough in [0, bound), without a division. */
static inline uint32_t bench_random_below(uint64_t *state, uint32_t bound)
{
	return (uint32_t)((bench_random(state) >> 32) * bound >> 32);
}

#endif
