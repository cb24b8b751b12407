/* SPDX-License-Identifier: MIT */
/*
 * Updates of live entries: whatever mixture of words the unit may have put
 * together since the last sync is the old entry, the new one or P=0. [R7]
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "drivers/vtd/entry.h"

enum { WORDS = VTD_ENTRY_WORDS_MAX, VALUES = 4, P = 1, FPD = 2 };

/*
 * The unit. Of each word it may hold any value the word had since the last
 * sync: values[].
 */
struct reader {
	struct vtd_entry e;
	le64_atomic memory[WORDS];
	uint64_t values[WORDS][VALUES];
	unsigned int count[WORDS];
	uint64_t from[WORDS], to[WORDS];
	bool torn, seen_from, seen_to, seen_absent, seen_quiet;
	unsigned int syncs, fail, skip; /* counted from 1 */
};

static bool same(const uint64_t *a, const uint64_t *b, unsigned int words)
{
	return memcmp(a, b, 8 * words) == 0;
}

static void judge(struct reader *r, const uint64_t *dw)
{
	if (!(dw[0] & P)) {
		r->seen_absent = true;
		r->seen_quiet |= dw[0] & FPD;
	} else if (r->from[0] & P && same(dw, r->from, r->e.words)) {
		r->seen_from = true;
	} else if (r->to[0] & P && same(dw, r->to, r->e.words)) {
		r->seen_to = true;
	} else {
		r->torn = true;
	}
}

/* Every mixture, as a number whose digits choose a value of each word. */
static void look(struct reader *r)
{
	unsigned int digit[WORDS] = { 0 }, i, words = r->e.words;

	for (i = 0; i < words; i++) {
		uint64_t now = le64_load_acquire(&r->memory[i]);

		if (r->values[i][r->count[i] - 1] == now)
			continue;
		assert_true(r->count[i] < VALUES);
		r->values[i][r->count[i]++] = now;
	}
	do {
		uint64_t dw[WORDS] = { 0 };

		for (i = 0; i < words; i++)
			dw[i] = r->values[i][digit[i]];
		judge(r, dw);
		for (i = 0; i < words && ++digit[i] == r->count[i]; i++)
			digit[i] = 0;
	} while (i < words);
}

static void forget(struct reader *r)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		r->values[i][0] = le64_load_acquire(&r->memory[i]);
		r->count[i] = 1;
	}
}

static int sync_reader(struct vtd_entry *e)
{
	struct reader *r = container_of(e, struct reader, e);

	look(r);
	r->syncs++;
	if (r->syncs == r->fail)
		return -ETIMEDOUT;
	if (r->syncs != r->skip)
		forget(r);
	return 0;
}

static void init(struct reader *r, unsigned int words, const uint64_t *from,
		 const uint64_t *to)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->e = (struct vtd_entry){ r->memory, words, sync_reader };
	for (i = 0; i < words; i++) {
		r->from[i] = from[i];
		r->to[i] = to[i];
		le64_store_relaxed(&r->memory[i], from[i]);
	}
	forget(r);
}

static const uint64_t none[WORDS], quiet[WORDS] = { FPD };
static const uint64_t one[WORDS] = { 0x10 | P, 11, 12, 13, 14, 15, 16, 17 };
static const uint64_t two[WORDS] = { 0x20 | P, 21, 22, 23, 24, 25, 26, 27 };

/* [R7] In both sizes, from nothing and from quiet. */
static void test_vtd_entry_install_is_never_torn(void **state)
{
	static const unsigned int sizes[] = { 4, 8 };
	static const uint64_t *const from[] = { none, quiet };
	unsigned int i, j;

	(void)state;
	for (i = 0; i < 2; i++)
		for (j = 0; j < 2; j++) {
			struct reader r;

			init(&r, sizes[i], from[j], one);
			assert_int_equal(vtd_entry_install(&r.e, one), 0);
			look(&r);
			assert_false(r.torn);
			assert_true(r.seen_to && r.seen_absent);
			assert_int_equal(r.seen_quiet, j);
			assert_int_equal(r.syncs, 1);
		}
}

/* [R7] [M2] And when it is not to be seen any more it is not there. */
static void test_vtd_entry_retire_is_never_torn(void **state)
{
	static const unsigned int sizes[] = { 4, 8 };
	unsigned int i, j, k;

	(void)state;
	for (i = 0; i < 2; i++)
		for (j = 0; j < 2; j++) {
			const uint64_t *to = j ? quiet : none;
			struct reader r;

			init(&r, sizes[i], one, to);
			assert_int_equal(vtd_entry_retire(&r.e, to[0]), 0);
			look(&r);
			assert_false(r.torn);
			assert_true(r.seen_from && r.seen_absent);
			assert_int_equal(r.seen_quiet, j);
			assert_int_equal(r.syncs, 1);
			for (k = 0; k < sizes[i]; k++)
				assert_int_equal(
					le64_load_relaxed(&r.memory[k]), to[k]);
		}
}

/* [R7] Old, absent, new. */
static void test_vtd_entry_replace_is_never_torn(void **state)
{
	struct reader r;

	(void)state;
	init(&r, 8, one, two);
	assert_int_equal(vtd_entry_retire(&r.e, 0), 0);
	assert_int_equal(vtd_entry_install(&r.e, two), 0);
	look(&r);
	assert_false(r.torn);
	assert_true(r.seen_from && r.seen_absent && r.seen_to);
}

/* A sync that fails ends it where nothing is used that should not be. */
static void test_vtd_entry_sync_fails(void **state)
{
	struct reader r;

	(void)state;
	init(&r, 8, none, one);
	r.fail = 1;
	assert_int_equal(vtd_entry_install(&r.e, one), -ETIMEDOUT);
	assert_false(le64_load_relaxed(&r.memory[0]) & P);

	init(&r, 8, one, none);
	r.fail = 1;
	assert_int_equal(vtd_entry_retire(&r.e, FPD), -ETIMEDOUT);
	look(&r);
	assert_false(r.torn);
	assert_int_equal(le64_load_relaxed(&r.memory[0]), FPD);
	/* The unit may still hold P: what it leads to stays. */
	assert_int_equal(le64_load_relaxed(&r.memory[7]), 17);
}

/* The oracle: without the sync before P, or after it, mixtures are seen. */
static void test_vtd_entry_reader_notices(void **state)
{
	struct reader r;
	unsigned int i;

	(void)state;
	init(&r, 8, none, one);
	r.skip = 1;
	assert_int_equal(vtd_entry_install(&r.e, one), 0);
	look(&r);
	assert_true(r.torn);

	init(&r, 8, one, none);
	r.skip = 1;
	assert_int_equal(vtd_entry_retire(&r.e, 0), 0);
	look(&r);
	assert_true(r.torn);

	/* A plain copy, the other way round, or over a live entry. */
	init(&r, 8, one, two);
	for (i = 0; i < WORDS; i++)
		le64_store_release(&r.memory[i], two[i]);
	look(&r);
	assert_true(r.torn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_entry_install_is_never_torn),
		cmocka_unit_test(test_vtd_entry_retire_is_never_torn),
		cmocka_unit_test(test_vtd_entry_replace_is_never_torn),
		cmocka_unit_test(test_vtd_entry_sync_fails),
		cmocka_unit_test(test_vtd_entry_reader_notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
