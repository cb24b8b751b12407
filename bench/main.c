/* SPDX-License-Identifier: MIT */
/*
 * sva-bench - measure the library beside what the machine allows
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"

/* Of one repetition; there are BENCH_REPETITIONS of value and of limit. */
#define DEFAULT_MIN_TIME 0.05
#define MAX_MIN_TIME     60.0

static const struct bench_group *const groups[] = {
	&bench_translate,  &bench_copy, &bench_pasid,
	&bench_invalidate, &bench_sva,  &bench_paging,
};

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

struct options {
	const char *json;
	bool list;
	struct bench bench;
};

/* clang-format off */
static const struct argp_option option_table[] = {
	{ "json", 'j', "FILE", 0, "Write the figures to FILE, - for standard "
	  "output (the table then goes to standard error)", 0 },
	{ "filter", 'f', "SUBSTR", 0, "Only rows whose name contains SUBSTR",
	  0 },
	{ "min-time", 't', "SECONDS", 0, "Length of a repetition; default "
	  "0.05", 0 },
	{ "list", 'l', NULL, 0, "List the rows, what one operation is and "
	  "what the limit is, and exit", 0 },
	{ 0 },
};
/* clang-format on */

static const char doc[] =
	"Measure translations, copies, PASIDs, binds and I/O page faults, each "
	"beside the limit of the machine measured in the same run."
	"\v"
	"Exit status: 0 every row was measured or skipped with a reason, 1 a "
	"row failed, 2 wrong usage. Budgets are printed, they do not change "
	"the status. docs/BENCH.md explains the rows.";

static void parse_min_time(const char *arg, struct argp_state *state,
			   struct bench *b)
{
	char *end;
	double seconds = strtod(arg, &end);

	if (end == arg || *end || !(seconds > 0 && seconds <= MAX_MIN_TIME))
		argp_error(state,
			   "'%s' is not a number of seconds above 0 "
			   "and at most %g",
			   arg, MAX_MIN_TIME);
	b->min_ns = (uint64_t)(seconds * 1e9);
	if (b->min_ns == 0)
		b->min_ns = 1;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'j':
		o->json = arg;
		o->bench.quiet = !strcmp(arg, "-");
		return 0;
	case 'f':
		o->bench.filter = arg;
		return 0;
	case 't':
		parse_min_time(arg, state, &o->bench);
		return 0;
	case 'l':
		o->list = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int list_rows(const struct bench *b)
{
	bool any = false;
	size_t i;
	size_t j;

	for (i = 0; i < GROUPS; i++) {
		for (j = 0; j < groups[i]->row_count; j++) {
			const struct bench_row *row = &groups[i]->rows[j];

			if (!bench_wanted(b, row, 1))
				continue;
			any = true;
			printf("%s (%s)\n\t%s\n\tlimit: %s\n", row->name,
			       bench_unit(row), row->what, row->limit);
		}
	}
	if (any)
		return 0;
	fprintf(stderr, "sva-bench: no row is called '%s'\n", b->filter);
	return 1;
}

static void run_group(struct bench *b, const struct bench_group *group)
{
	char note[96];
	int err;

	if (!bench_wanted(b, group->rows, group->row_count))
		return;
	err = group->run(b);
	if (!err)
		return;
	(void)snprintf(note, sizeof(note), "FAILED: set-up: %s",
		       strerror(-err));
	report_note(b, group->name, note);
	b->failures++;
}

static int run_all(struct options *o)
{
	struct bench *b = &o->bench;
	bool any = false;
	size_t i;

	for (i = 0; i < GROUPS; i++)
		any |= bench_wanted(b, groups[i]->rows, groups[i]->row_count);
	if (!any) {
		fprintf(stderr, "sva-bench: no row is called '%s'\n",
			b->filter);
		return 1;
	}
	report_head(b);
	for (i = 0; i < GROUPS; i++)
		run_group(b, groups[i]);
	if (o->json && report_json(b, o->json))
		return 1;
	return b->failures ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = doc,
	};
	static struct options o = {
		.bench.min_ns = (uint64_t)(DEFAULT_MIN_TIME * 1e9),
	};
	int rc;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	rc = o.list ? list_rows(&o.bench) : run_all(&o);
	if (fflush(stdout) || ferror(stdout)) {
		perror("sva-bench: standard output");
		return 1;
	}
	return rc;
}
