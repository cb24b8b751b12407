/* SPDX-License-Identifier: MIT */
/*
 * Transcription tests: every field list of fmt/ is compared with a second
 * table, typed by hand from the specification and not from the header. One
 * misread bit number then needs the same slip twice.
 *
 * Fields are matched by name, both ways, so a field missing on either side and
 * a field listed twice are differences as well. Order does not matter.
 */
#ifndef TESTS_FMT_TRANSCRIPT_H
#define TESTS_FMT_TRANSCRIPT_H

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/field.h"

struct transcript_row {
	const char *name;
	unsigned int hi, lo;
};

#define TRANSCRIPT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Append to err, which stays a string even when the text is cut. */
static inline __attribute__((unused, format(printf, 3, 4))) void
transcript_note(char *err, size_t errlen, const char *fmt, ...)
{
	size_t used;
	va_list ap;

	if (!err || !errlen)
		return;
	used = strlen(err);
	va_start(ap, fmt);
	(void)vsnprintf(err + used, errlen - used, fmt, ap);
	va_end(ap);
}

/*
 * Returns the number of differences, 0 when the tables agree. err, if given,
 * is set to one line per difference, cut at errlen.
 */
static inline __attribute__((unused)) int
transcript_compare(const struct field_desc *have, size_t n_have,
		   const struct transcript_row *want, size_t n_want, char *err,
		   size_t errlen)
{
	int diffs = 0;
	size_t i, j;

	if (err && errlen)
		err[0] = '\0';

	for (i = 0; i < n_have; i++) {
		unsigned int found = 0;

		for (j = 0; j < i; j++) {
			if (strcmp(have[i].name, have[j].name))
				continue;
			transcript_note(err, errlen,
					"%s: twice in the header\n",
					have[i].name);
			diffs++;
		}
		for (j = 0; j < n_want; j++) {
			if (strcmp(have[i].name, want[j].name))
				continue;
			found++;
			if (have[i].hi == want[j].hi &&
			    have[i].lo == want[j].lo)
				continue;
			transcript_note(err, errlen,
					"%s: header %u:%u, table %u:%u\n",
					have[i].name, (unsigned int)have[i].hi,
					(unsigned int)have[i].lo, want[j].hi,
					want[j].lo);
			diffs++;
		}
		if (found == 1)
			continue;
		transcript_note(err, errlen, "%s: %u times in the table\n",
				have[i].name, found);
		diffs++;
	}

	for (j = 0; j < n_want; j++) {
		for (i = 0; i < n_have; i++)
			if (!strcmp(have[i].name, want[j].name))
				break;
		if (i < n_have)
			continue;
		transcript_note(err, errlen, "%s: not in the header\n",
				want[j].name);
		diffs++;
	}
	return diffs;
}

/*
 * The negative control of a table: with any one row moved by a bit, widened,
 * renamed or left out, the tables must no longer agree. Returns the number of
 * such changes that go unnoticed.
 */
static inline __attribute__((unused)) unsigned int
transcript_blind(const struct field_desc *have, size_t n_have,
		 const struct transcript_row *want, size_t n_want)
{
	struct transcript_row changed[128];
	unsigned int blind = 0;
	size_t i;

	if (n_want > TRANSCRIPT_COUNT(changed))
		return UINT_MAX;
	memcpy(changed, want, n_want * sizeof(*want));
	for (i = 0; i < n_want; i++) {
		changed[i].hi++;
		blind += !transcript_compare(have, n_have, changed, n_want,
					     NULL, 0);
		changed[i].lo++;
		blind += !transcript_compare(have, n_have, changed, n_want,
					     NULL, 0);
		changed[i] = want[i];
		changed[i].name = "no such field";
		blind += !transcript_compare(have, n_have, changed, n_want,
					     NULL, 0);
		changed[i] = want[n_want - 1];
		blind += !transcript_compare(have, n_have, changed, n_want - 1,
					     NULL, 0);
		changed[i] = want[i];
	}
	return blind;
}

/* For cmocka: the list says what the table says, and the table is awake. */
#define assert_transcript(list, want)                                          \
	do {                                                                   \
		static const struct field_desc have_[] =                       \
			FIELD_DESC_TABLE(list);                                \
		char err_[4096];                                               \
                                                                               \
		if (transcript_compare(have_, TRANSCRIPT_COUNT(have_), want,   \
				       TRANSCRIPT_COUNT(want), err_,           \
				       sizeof(err_)))                          \
			fail_msg("%s:\n%s", #list, err_);                      \
		assert_int_equal(                                              \
			transcript_blind(have_, TRANSCRIPT_COUNT(have_), want, \
					 TRANSCRIPT_COUNT(want)),              \
			0);                                                    \
	} while (0)

#endif
