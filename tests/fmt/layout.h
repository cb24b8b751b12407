/* SPDX-License-Identifier: MIT */
/*
 * A transcription table in the shape of a packed C structure: widths in the
 * order of the members, reserved ones included. The bit numbers are computed,
 * and the structure has to come out at its exact size.
 */
#ifndef TESTS_FMT_LAYOUT_H
#define TESTS_FMT_LAYOUT_H

#include "tests/fmt/transcript.h"

/* A member without a name is reserved or unused. */
struct member {
	const char *name;
	unsigned int width;
};

#define RSVD(width)                                                            \
	{                                                                      \
		NULL, width                                                    \
	}

/* A field list of a header and the structure it has to match. */
struct layout {
	const char *name;
	const struct field_desc *have;
	size_t n_have;
	const struct member *members;
	size_t n_members;
	unsigned int bits;
};

#define LAYOUT(list, members, bits)                                            \
	{                                                                      \
#list, (const struct field_desc[])FIELD_DESC_TABLE(list),      \
			TRANSCRIPT_COUNT(((const struct field_desc[])          \
						  FIELD_DESC_TABLE(list))),    \
			members, TRANSCRIPT_COUNT(members), bits               \
	}

#define LAYOUT_MAX_ROWS 32

/* Lay the members out from bit 0 on. Returns the number of named ones. */
static size_t layout_rows(const struct layout *l, struct transcript_row *rows)
{
	unsigned int bit = 0;
	size_t i, n = 0;

	for (i = 0; i < l->n_members; i++) {
		const struct member *m = &l->members[i];

		if (m->name) {
			assert_true(n < LAYOUT_MAX_ROWS);
			rows[n].name = m->name;
			rows[n].lo = bit;
			rows[n].hi = bit + m->width - 1;
			n++;
		}
		bit += m->width;
	}
	if (bit != l->bits)
		fail_msg("%s: members add up to %u bits of %u", l->name, bit,
			 l->bits);
	return n;
}

static void layout_assert_match(const struct layout *l, size_t count)
{
	struct transcript_row want[LAYOUT_MAX_ROWS];
	char err[1024];
	size_t n;

	for (; count; l++, count--) {
		n = layout_rows(l, want);
		if (transcript_compare(l->have, l->n_have, want, n, err,
				       sizeof(err)))
			fail_msg("%s: %s", l->name, err);
	}
}

static int layout_diffs(const struct layout *l, size_t n_have,
			const struct transcript_row *want, size_t n_want,
			const char *blamed)
{
	char err[1024];
	int diffs = transcript_compare(l->have, n_have, want, n_want, err,
				       sizeof(err));

	if (!strstr(err, blamed))
		fail_msg("%s is wrong and not blamed: %s", blamed, err);
	return diffs;
}

/* Negative control: any single wrong or missing row of any list is noticed. */
static void layout_assert_notices(const struct layout *l, size_t count)
{
	struct transcript_row want[LAYOUT_MAX_ROWS], right;
	size_t r, n;

	for (; count; l++, count--) {
		n = layout_rows(l, want);
		for (r = 0; r < n; r++) {
			right = want[r];

			want[r].hi++;
			assert_int_equal(layout_diffs(l, l->n_have, want, n,
						      right.name),
					 1);

			want[r] = want[n - 1];
			assert_int_equal(layout_diffs(l, l->n_have, want, n - 1,
						      right.name),
					 1);
			want[r] = right;
		}
		assert_int_equal(layout_diffs(l, l->n_have - 1, want, n,
					      l->have[l->n_have - 1].name),
				 1);
	}
}

#endif
