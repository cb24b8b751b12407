/* SPDX-License-Identifier: MIT */
/*
 * The table for people, JSON for programs.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/measure.h"

#define NAME_WIDTH 24

static FILE *table_of(const struct bench *b)
{
	return b->quiet ? stderr : stdout;
}

/* Three digits that mean something, whatever the size. */
static void format_figure(char *buf, size_t size, double x)
{
	(void)snprintf(buf, size, "%.*f", x < 10 ? 2 : x < 100 ? 1 : 0, x);
}

static void print_cpu(FILE *out)
{
	FILE *info = fopen("/proc/cpuinfo", "r");
	char line[256];
	const char *name;

	if (!info)
		return;
	while (fgets(line, sizeof(line), info)) {
		name = strchr(line, ':');
		if (strncmp(line, "model name", 10) || !name)
			continue;
		line[strcspn(line, "\n")] = '\0';
		fprintf(out, "%s, ", name + 2);
		break;
	}
	(void)fclose(info);
}

void report_head(const struct bench *b)
{
	FILE *out = table_of(b);
	struct utsname name;

	print_cpu(out);
	fprintf(out, "%ld CPUs", sysconf(_SC_NPROCESSORS_ONLN));
	if (!uname(&name))
		fprintf(out, ", %s %s", name.sysname, name.release);
	fprintf(out,
		"\nmedian (lowest to highest) of %u repetitions of %g ms; "
		"ratio: value by limit\n\n",
		BENCH_REPETITIONS, (double)b->min_ns / 1e6);
	fprintf(out, "%-*s %9s %-4s %19s %9s %7s  %s\n", NAME_WIDTH, "name",
		"value", "unit", "lowest to highest", "limit", "ratio",
		"budget");
}

static void print_budget(FILE *out, const struct bench_result *r)
{
	const struct bench_row *row = r->row;
	bool met;

	switch (row->budget_of) {
	case BENCH_VALUE_AT_MOST:
		met = r->value.median <= row->budget;
		fprintf(out, "  at most %g %s: %s", row->budget,
			bench_unit(row), met ? "met" : "NOT met");
		break;
	case BENCH_RATIO_AT_LEAST:
		met = r->ratio >= row->budget;
		fprintf(out, "  ratio at least %g: %s", row->budget,
			met ? "met" : "NOT met");
		break;
	case BENCH_NO_BUDGET:
		break;
	}
}

void report_row(const struct bench *b, const struct bench_result *r)
{
	FILE *out = table_of(b);
	char value[32];
	char low[32];
	char high[32];
	char limit[32];
	char ratio[32];

	format_figure(value, sizeof(value), r->value.median);
	format_figure(low, sizeof(low), r->value.low);
	format_figure(high, sizeof(high), r->value.high);
	format_figure(limit, sizeof(limit), r->limit.median);
	format_figure(ratio, sizeof(ratio), r->ratio);
	fprintf(out, "%-*s %9s %-4s %9s %9s %9s %7s", NAME_WIDTH, r->row->name,
		value, bench_unit(r->row), low, high, limit, ratio);
	print_budget(out, r);
	fprintf(out, "\n");
	(void)fflush(out);
}

void report_note(const struct bench *b, const char *name, const char *note)
{
	FILE *out = table_of(b);

	fprintf(out, "%-*s %s\n", NAME_WIDTH, name, note);
	(void)fflush(out);
}

/* Text that json-c could not add is a missing member: say so, not write it. */
static bool add_member(struct json_object *to, const char *key,
		       struct json_object *member)
{
	if (!member)
		return false;
	if (!json_object_object_add(to, key, member))
		return true;
	json_object_put(member);
	return false;
}

static struct json_object *make_figure(double x)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.6g", x);
	return json_object_new_double_s(x, text);
}

static struct json_object *make_row(const struct bench_result *r)
{
	struct json_object *row = json_object_new_object();

	if (row &&
	    add_member(row, "name", json_object_new_string(r->row->name)) &&
	    add_member(row, "value", make_figure(r->value.median)) &&
	    add_member(row, "unit",
		       json_object_new_string(bench_unit(r->row))) &&
	    add_member(row, "limit", make_figure(r->limit.median)) &&
	    add_member(row, "ratio", make_figure(r->ratio)))
		return row;
	json_object_put(row);
	return NULL;
}

static struct json_object *make_rows(const struct bench *b)
{
	struct json_object *rows = json_object_new_array();
	unsigned int i;

	for (i = 0; rows && i < b->result_count; i++) {
		struct json_object *row = make_row(&b->results[i]);

		if (row && !json_object_array_add(rows, row))
			continue;
		json_object_put(row);
		json_object_put(rows);
		return NULL;
	}
	return rows;
}

static int write_text(const char *path, const char *text)
{
	FILE *out = strcmp(path, "-") ? fopen(path, "w") : stdout;
	int failed;

	if (!out) {
		fprintf(stderr, "sva-bench: %s: %s\n", path, strerror(errno));
		return -1;
	}
	failed = fprintf(out, "%s\n", text) < 0 || fflush(out);
	if (out != stdout && fclose(out))
		failed = 1;
	if (failed)
		fprintf(stderr, "sva-bench: %s: cannot be written: %s\n", path,
			strerror(errno));
	return failed ? -1 : 0;
}

int report_json(const struct bench *b, const char *path)
{
	struct json_object *rows = make_rows(b);
	const char *text = NULL;
	int err = -1;

	if (rows)
		text = json_object_to_json_string_ext(
			rows, JSON_C_TO_STRING_PRETTY |
				      JSON_C_TO_STRING_SPACED |
				      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		err = write_text(path, text);
	else
		fprintf(stderr, "sva-bench: out of memory\n");
	json_object_put(rows);
	return err;
}
