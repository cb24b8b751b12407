/* SPDX-License-Identifier: MIT */
/*
 * A run of the benchmarks: settings, results, and how they are shown.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "bench/bench.h"

#define BENCH_ROWS_MAX 64u

/* Of one loop, in the unit of its row. */
struct bench_figure {
	double median;
	double low;
	double high;
};

struct bench_result {
	const struct bench_row *row;
	struct bench_figure value;
	struct bench_figure limit;
	double ratio; /* value by limit */
};

/**
 * struct bench - a run
 * @filter:   rows with it in their name; NULL: all.
 * @min_ns:   of one repetition.
 * @quiet:    the table goes to standard error, JSON has standard output.
 * @failures: rows and groups that could not be measured.
 */
struct bench {
	const char *filter;
	uint64_t min_ns;
	bool quiet;
	unsigned int failures;
	unsigned int result_count;
	struct bench_result results[BENCH_ROWS_MAX];
};

const char *bench_unit(const struct bench_row *row);

void report_head(const struct bench *b);
void report_row(const struct bench *b, const struct bench_result *result);
void report_note(const struct bench *b, const char *name, const char *note);

/* @path "-" is standard output. Return: 0, or it was said what went wrong. */
int report_json(const struct bench *b, const char *path);

#endif
