/* SPDX-License-Identifier: MIT */
/*
 * base/field.h at its edges: fields of one bit and of a whole word, at both
 * ends of a record, and values that do not fit. What it refuses to compile is
 * in fmt/field_test.sh.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

/* Values that do not fit are counted. */
static unsigned int misfits;
#define FIELD_ASSERT(cond) ((void)((cond) || misfits++))
#include "base/bits.h"
#include "base/field.h"
#include "base/string.h"

struct rec {
	uint64_t dw[3];
};

/* clang-format off */
#define REC_FIELDS(F, T)						\
	F(T, REC_BIT0,		0, 0, "lowest bit")			\
	F(T, REC_MIDDLE,	31, 12, "twenty bits")			\
	F(T, REC_BIT63,		63, 63, "highest bit of a word")	\
	F(T, REC_WORD,		127, 64, "a whole word")		\
	F(T, REC_LAST,		191, 188, "end of the record")
/* clang-format on */
FIELD_RECORD(struct rec, REC_FIELDS);

static void test_field_positions_are_constants(void **state)
{
	(void)state;
	_Static_assert(FIELD_WIDTH(REC_WORD) == 64, "");
	_Static_assert(FIELD_WORD(REC_LAST) == 2, "");
	_Static_assert(FIELD_SHIFT(REC_LAST) == 60, "");
	_Static_assert(FIELD_MAX(REC_WORD) == UINT64_MAX, "");
	_Static_assert(FIELD_MASK(REC_MIDDLE) == 0xfffff000, "");
	_Static_assert(FIELD_MASK(REC_BIT63) == BIT(63), "");
	_Static_assert(FIELD_FITS(REC_MIDDLE, 0xfffff), "");
	_Static_assert(!FIELD_FITS(REC_MIDDLE, 0x100000), "");
	_Static_assert(FIELD_CONST(REC_LAST, 15) == 0xf000000000000000, "");
	_Static_assert(FIELD_DEFINED(REC_FIELDS, 0) == 0x80000000fffff001, "");
	_Static_assert(FIELD_DEFINED(REC_FIELDS, 2) == 0xf000000000000000, "");
	_Static_assert(FIELD_DEFINED(REC_FIELDS, 3) == 0, "");
}

static void test_field_set_changes_no_other_bit(void **state)
{
	struct rec r, ones;

	(void)state;
	memset(&r, 0, sizeof(r));
	FIELD_SET(REC_MIDDLE, &r, 0xabcde);
	assert_int_equal(r.dw[0], 0xabcde000);
	FIELD_SET(REC_BIT63, &r, 1);
	FIELD_SET(REC_BIT0, &r, 1);
	assert_int_equal(r.dw[0], 0x80000000abcde001);
	FIELD_SET(REC_WORD, &r, UINT64_MAX);
	FIELD_SET(REC_LAST, &r, 9);
	assert_int_equal(r.dw[1], UINT64_MAX);
	assert_int_equal(r.dw[2], 0x9000000000000000);

	memset(&ones, 0xff, sizeof(ones));
	FIELD_SET(REC_MIDDLE, &ones, 0);
	FIELD_SET(REC_WORD, &ones, 0);
	FIELD_SET(REC_LAST, &ones, 0);
	assert_int_equal(ones.dw[0], 0xffffffff00000fff);
	assert_int_equal(ones.dw[1], 0);
	assert_int_equal(ones.dw[2], 0x0fffffffffffffff);
}

static void test_field_get_returns_what_was_set(void **state)
{
	const struct rec r = { { 0x80000000abcde001, 0x123456789abcdef0,
				 0x5000000000000000 } };

	(void)state;
	assert_int_equal(FIELD_GET(REC_BIT0, &r), 1);
	assert_int_equal(FIELD_GET(REC_MIDDLE, &r), 0xabcde);
	assert_int_equal(FIELD_GET(REC_BIT63, &r), 1);
	assert_int_equal(FIELD_GET(REC_WORD, &r), 0x123456789abcdef0);
	assert_int_equal(FIELD_GET(REC_LAST, &r), 5);
}

static void test_field_too_wide_value_is_noticed_and_cut(void **state)
{
	struct rec r = { { 0 } };

	(void)state;
	misfits = 0;
	FIELD_SET(REC_MIDDLE, &r, 0xfffff);
	FIELD_SET(REC_WORD, &r, UINT64_MAX);
	assert_int_equal(misfits, 0);
	FIELD_SET(REC_MIDDLE, &r, 0x1abcde);
	assert_int_equal(misfits, 1);
	assert_int_equal(r.dw[0], 0xabcde000);
	assert_int_equal(REG_PUT(REC_BIT0, 0, 2), 0);
	assert_int_equal(misfits, 2);
}

static void test_field_registers_are_plain_numbers(void **state)
{
	const uint32_t reg = 0x000ab001;

	(void)state;
	assert_int_equal(REG_GET(REC_MIDDLE, reg), 0xab);
	assert_int_equal(REG_PUT(REC_MIDDLE, reg, 0xcd), 0xcd001);
	assert_int_equal(reg, 0x000ab001);
	assert_int_equal(REG_CONST(REC_MIDDLE, 1), 0x1000);
}

static void test_field_table_lists_every_row(void **state)
{
	static const struct field_desc rows[] = FIELD_DESC_TABLE(REC_FIELDS);

	(void)state;
	assert_int_equal(ARRAY_SIZE(rows), 5);
	assert_string_equal(rows[1].name, "REC_MIDDLE");
	assert_string_equal(rows[1].gloss, "twenty bits");
	assert_int_equal(rows[1].hi, 31);
	assert_int_equal(rows[1].lo, 12);
	assert_string_equal(rows[4].name, "REC_LAST");
	assert_int_equal(rows[4].hi, 191);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_field_positions_are_constants),
		cmocka_unit_test(test_field_set_changes_no_other_bit),
		cmocka_unit_test(test_field_get_returns_what_was_set),
		cmocka_unit_test(test_field_too_wide_value_is_noticed_and_cut),
		cmocka_unit_test(test_field_registers_are_plain_numbers),
		cmocka_unit_test(test_field_table_lists_every_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
