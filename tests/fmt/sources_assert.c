/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "tests/fmt/sources.h"

enum {
	MAX_ROWS = 1024,
	MAX_FIELDS = 128,
	MAX_LISTS = 128,
	MAX_EXCEPTIONS = 256
};

static int compare(const struct source_check *c)
{
	struct source_result result;
	char err[256];

	return source_compare(c, &result, err, sizeof(err));
}

void source_assert_agreed(const struct source_check *check)
{
	struct source_result result;
	char err[16384];

	if (source_compare(check, &result, err, sizeof(err)))
		fail_msg("%s", err);
	print_message("%u lists, %u fields, %u of them with two sources or "
		      "more; %u rows, %u differences resolved\n",
		      (unsigned int)check->n_lists, result.fields, result.two,
		      result.rows, result.differ);
	assert_int_equal(result.fields, result.two + check->n_single);
}

/* A row that is wrong as it is may become right: one of several of its field. */
static bool right(const struct source_check *c, const struct source_row *row)
{
	size_t i, j;

	for (i = 0; i < c->n_lists; i++)
		for (j = 0; j < c->lists[i].n; j++)
			if (!strcmp(c->lists[i].fields[j].name, row->name))
				return c->lists[i].fields[j].hi == row->hi &&
				       c->lists[i].fields[j].lo == row->lo;
	return false;
}

void source_assert_rows_noticed(const struct source_check *check)
{
	static struct source_row rows[MAX_ROWS];
	struct source sources[8];
	struct source_check c = *check;
	size_t i, j;

	assert_true(check->n_sources <= ARRAY_SIZE(sources));
	memcpy(sources, check->sources, check->n_sources * sizeof(sources[0]));
	c.sources = sources;
	for (i = 0; i < check->n_sources; i++) {
		const struct source *was = &check->sources[i];

		assert_true(was->n && was->n <= ARRAY_SIZE(rows));
		memcpy(rows, was->rows, was->n * sizeof(rows[0]));
		sources[i].rows = rows;
		for (j = 0; j < was->n; j++) {
			rows[j].hi++;
			assert_true(right(&c, &rows[j]) || compare(&c));
			rows[j].lo++;
			assert_int_not_equal(compare(&c), 0);
			rows[j] = was->rows[j];
			rows[j].name = "no such field";
			assert_int_not_equal(compare(&c), 0);
			rows[j] = was->rows[j];
		}
		sources[i] = *was;
	}
	assert_int_equal(compare(&c), 0);
}

void source_assert_fields_noticed(const struct source_check *check)
{
	struct source_list changed[MAX_LISTS];
	struct field_desc fields[MAX_FIELDS];
	struct source_check c = *check;
	size_t i, j;

	assert_true(check->n_lists <= ARRAY_SIZE(changed));
	memcpy(changed, check->lists, check->n_lists * sizeof(changed[0]));
	c.lists = changed;
	for (i = 0; i < check->n_lists; i++) {
		const struct source_list *was = &check->lists[i];

		assert_true(was->n <= ARRAY_SIZE(fields));
		memcpy(fields, was->fields, was->n * sizeof(fields[0]));
		changed[i].fields = fields;
		for (j = 0; j < was->n; j++) {
			fields[j].hi++;
			if (!compare(&c))
				fail_msg("%s, wider", fields[j].name);
			fields[j].lo++;
			if (!compare(&c))
				fail_msg("%s, moved", fields[j].name);
			fields[j] = was->fields[j];
		}
		changed[i] = *was;
	}
}

void source_assert_exceptions_exact(const struct source_check *check,
				    const char *common)
{
	struct source_difference diffs[MAX_EXCEPTIONS];
	const char *names[MAX_EXCEPTIONS];
	struct source_check c = *check;
	size_t i;

	assert_true(check->n_differences <= ARRAY_SIZE(diffs));
	c.differences = diffs;
	c.n_differences--;
	for (i = 0; i < check->n_differences; i++) {
		memcpy(diffs, check->differences,
		       check->n_differences * sizeof(diffs[0]));
		diffs[i] = diffs[check->n_differences - 1];
		assert_int_not_equal(compare(&c), 0);
	}
	assert_true(check->n_single < ARRAY_SIZE(names));
	c = *check;
	c.single = names;
	c.n_single--;
	for (i = 0; i < check->n_single; i++) {
		memcpy(names, check->single,
		       check->n_single * sizeof(names[0]));
		names[i] = names[check->n_single - 1];
		assert_int_not_equal(compare(&c), 0);
	}
	memcpy(names, check->single, check->n_single * sizeof(names[0]));
	names[check->n_single - 1] = common;
	c.n_single = check->n_single;
	assert_int_not_equal(compare(&c), 0);
}
