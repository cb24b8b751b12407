/* SPDX-License-Identifier: MIT */
/*
 * Calibrate, repeat, take the median.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/measure.h"

#define NS_PER_S  UINT64_C(1000000000)
#define COUNT_MAX (UINT64_C(1) << 40)

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t bench_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t bench_cpu_now(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

const char *bench_unit(const struct bench_row *row)
{
	return row->bytes ? "GB/s" : "ns";
}

static bool row_wanted(const struct bench *b, const struct bench_row *row)
{
	return !b->filter || strstr(row->name, b->filter);
}

bool bench_wanted(const struct bench *b, const struct bench_row *rows,
		  size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (row_wanted(b, &rows[i]))
			return true;
	return false;
}

void bench_skip(struct bench *b, const struct bench_row *row, const char *why)
{
	if (row_wanted(b, row))
		report_note(b, row->name, why);
}

/*
 * The count that makes a repetition last @min_ns. Also the warm-up: caches,
 * tables and the kernel's own have seen the loop afterwards.
 */
static int calibrate(const struct bench_loop *loop, uint64_t min_ns,
		     uint64_t *ret_count)
{
	const uint64_t max = loop->max ? loop->max : COUNT_MAX;
	uint64_t count = 1;
	uint64_t ns;
	int err;

	for (;;) {
		uint64_t grow;

		err = loop->run(loop->arg, count, &ns);
		if (err)
			return err;
		if (ns >= min_ns || count >= max)
			break;
		/* A tenth more, and not on the word of a short first try. */
		grow = ns ? min_ns * 11 / 10 / ns + 1 : 10;
		count *= grow > 10 ? 10 : grow;
		if (count > max)
			count = max;
	}
	*ret_count = count;
	return 0;
}

static int repeat_once(const struct bench_loop *loop, uint64_t count,
		       const struct bench_row *row, double *ret_figure)
{
	uint64_t ns;
	int err = loop->run(loop->arg, count, &ns);

	if (err)
		return err;
	if (ns == 0)
		return -ERANGE;
	if (row->bytes)
		*ret_figure = (double)row->bytes * (double)count / (double)ns;
	else
		*ret_figure = (double)ns / (double)count;
	return 0;
}

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;

	return (*x > *y) - (*x < *y);
}

static struct bench_figure summarize(double figures[BENCH_REPETITIONS])
{
	struct bench_figure figure;

	qsort(figures, BENCH_REPETITIONS, sizeof(*figures), compare_doubles);
	figure.median = figures[BENCH_REPETITIONS / 2];
	figure.low = figures[0];
	figure.high = figures[BENCH_REPETITIONS - 1];
	return figure;
}

/* In turns, so that a noisy neighbour hits both. */
static int measure_pair(const struct bench *b, const struct bench_loop *value,
			const struct bench_loop *limit,
			struct bench_result *result)
{
	double values[BENCH_REPETITIONS];
	double limits[BENCH_REPETITIONS];
	uint64_t value_count;
	uint64_t limit_count;
	unsigned int i;
	int err;

	err = calibrate(value, b->min_ns, &value_count);
	if (err)
		return err;
	err = calibrate(limit, b->min_ns, &limit_count);
	if (err)
		return err;
	for (i = 0; i < BENCH_REPETITIONS; i++) {
		err = repeat_once(value, value_count, result->row, &values[i]);
		if (err)
			return err;
		err = repeat_once(limit, limit_count, result->row, &limits[i]);
		if (err)
			return err;
	}
	result->value = summarize(values);
	result->limit = summarize(limits);
	result->ratio = result->value.median / result->limit.median;
	return 0;
}

/* The two errors that are the benchmark's own. */
static const char *describe(int err)
{
	switch (err) {
	case -EBADMSG:
		return "a result was wrong";
	case -EDOM:
		return "it was not the case to be measured";
	default:
		return strerror(-err);
	}
}

void bench_measure(struct bench *b, const struct bench_row *row,
		   const struct bench_loop *value,
		   const struct bench_loop *limit)
{
	struct bench_result *result = &b->results[b->result_count];
	char note[96];
	int err;

	if (!row_wanted(b, row))
		return;
	if (b->result_count == BENCH_ROWS_MAX) {
		report_note(b, row->name, "FAILED: too many rows");
		b->failures++;
		return;
	}
	result->row = row;
	err = measure_pair(b, value, limit, result);
	if (err) {
		(void)snprintf(note, sizeof(note), "FAILED: %s", describe(err));
		report_note(b, row->name, note);
		b->failures++;
		return;
	}
	b->result_count++;
	report_row(b, result);
}
