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

/*
 * A source that has the members of a structure in their order.
 * @members: "NAME:width" separated by blanks; the name is one of ours without
 *           @prefix, a dash is a reserved member, or one of another list.
 * @bits:    what the widths add up to.
 */
struct source_layout {
	const char *theirs;
	const char *prefix;
	unsigned int bits;
	const char *members;
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

/* Rows computed from layouts. Returns their number. */
size_t source_layouts(const struct source_layout *layouts, size_t n,
		      struct source_row *rows, size_t max);

/*
 * The tests of a check. The first fails with what disagrees; the others are
 * its negative controls: any row of any source, and any field of fmt/, moved by
 * a bit, widened or renamed is noticed, and neither list of exceptions has an
 * entry too many or too few. @common is a field that several sources have.
 */
void source_assert_agreed(const struct source_check *check);
void source_assert_rows_noticed(const struct source_check *check);
void source_assert_fields_noticed(const struct source_check *check);
void source_assert_exceptions_exact(const struct source_check *check,
				    const char *common);

extern const struct source_row source_arm[], source_linux[], source_qemu[];
extern const size_t source_arm_n, source_linux_n, source_qemu_n;

/*
 * Project Mu gives members with their widths; the rows are computed from them.
 * Returns their number.
 */
size_t source_mu(struct source_row *rows, size_t max);

/* VT-d: rows as typed, and rows that layouts give. */
extern const struct source_row source_vtd_intel[], source_vtd_linux[],
	source_vtd_qemu[], source_vtd_freebsd[];
extern const size_t source_vtd_intel_n, source_vtd_linux_n, source_vtd_qemu_n,
	source_vtd_freebsd_n;
size_t source_vtd_linux_layouts(struct source_row *rows, size_t max);
size_t source_vtd_qemu_layouts(struct source_row *rows, size_t max);
size_t source_vtd_vbox(struct source_row *rows, size_t max);
size_t source_vtd_edk2(struct source_row *rows, size_t max);
size_t source_vtd_openvmm(struct source_row *rows, size_t max);

#endif
