/* SPDX-License-Identifier: MIT */
/*
 * Field lists against several sources at once.
 *
 * A source is a table of its own, typed from that source alone and in the
 * source's own notation. Every row has to agree with fmt/, or its difference
 * is in the list of those that docs/FORMATS.md resolves, with the bits the
 * source has instead. A field that one source alone has is on the list of
 * those, so that none loses its second source unnoticed.
 */
#ifndef TESTS_FMT_SOURCES_H
#define TESTS_FMT_SOURCES_H

#include <stddef.h>

#include "base/field.h"

/*
 * @theirs: the source's own name.
 * @hi, @lo: counted over the whole record.
 */
struct source_row {
	const char *name;
	const char *theirs;
	unsigned int hi, lo;
};

struct source {
	const char *title;
	const struct source_row *rows;
	size_t n;
};

/* One field list of fmt/. */
struct source_list {
	const char *name;
	const struct field_desc *fields;
	size_t n;
};

/* A field about which @source is not followed; @row is what it has. */
struct source_difference {
	const char *source;
	struct source_row row;
};

struct source_check {
	const struct source_list *lists;
	size_t n_lists;
	const struct source *sources;
	size_t n_sources;
	const struct source_difference *differences;
	size_t n_differences;
	const char *const *single; /* fields with one source */
	size_t n_single;
};

struct source_result {
	unsigned int fields, two; /* all, and those with two sources or more */
	unsigned int rows, differ;
};

/*
 * Returns the number of mistakes, each a line of err. *ret_result is set
 * whatever comes out.
 */
int source_compare(const struct source_check *check,
		   struct source_result *ret_result, char *err, size_t errlen);

extern const struct source_row source_arm[], source_linux[], source_qemu[];
extern const size_t source_arm_n, source_linux_n, source_qemu_n;

/*
 * Project Mu gives members with their widths; the rows are computed from them.
 * Returns their number.
 */
size_t source_mu(struct source_row *rows, size_t max);

#endif
