/* SPDX-License-Identifier: MIT */
/* base/bits.h, mostly at the edges of the word. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/bits.h"

static void test_bits_masks_reach_both_ends(void **state)
{
	(void)state;
	assert_int_equal(BIT(0), 1);
	assert_int_equal(BIT(63), 0x8000000000000000);
	assert_int_equal(GENMASK64(63, 0), UINT64_MAX);
	assert_int_equal(GENMASK64(0, 0), 1);
	assert_int_equal(GENMASK64(63, 63), 0x8000000000000000);
	assert_int_equal(GENMASK64(51, 12), 0x000ffffffffff000);
	_Static_assert(GENMASK64(7, 4) == 0xf0, "a constant expression");
}

static void test_bits_logarithms_are_exact_around_powers(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 0; n < 64; n++) {
		assert_true(is_pow2(BIT(n)));
		assert_int_equal(ilog2(BIT(n)), n);
		assert_int_equal(ilog2_up(BIT(n)), n);
		if (n >= 2) {
			assert_false(is_pow2(BIT(n) - 1));
			assert_int_equal(ilog2(BIT(n) - 1), n - 1);
			assert_int_equal(ilog2_up(BIT(n) - 1), n);
			assert_int_equal(ilog2_up(BIT(n - 1) + 1), n);
		}
	}
	assert_false(is_pow2(0));
	assert_int_equal(ilog2(UINT64_MAX), 63);
	assert_int_equal(ilog2_up(0), 0);
}

static void test_bits_alignment_keeps_aligned_values(void **state)
{
	(void)state;
	assert_int_equal(align_down(0x1fff, 0x1000), 0x1000);
	assert_int_equal(align_down(0x1000, 0x1000), 0x1000);
	assert_int_equal(align_up(0x1001, 0x1000), 0x2000);
	assert_int_equal(align_up(0x1000, 0x1000), 0x1000);
	assert_int_equal(align_up(0, 0x1000), 0);
	assert_int_equal(align_up(UINT64_MAX, 0x1000), 0);
	assert_int_equal(align_up(7, 1), 7);
	assert_true(is_aligned(0x3000, 0x1000));
	assert_false(is_aligned(0x3008, 0x10));
}

static void test_bits_div_round_up_does_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(div_round_up(0, 8), 0);
	assert_int_equal(div_round_up(1, 8), 1);
	assert_int_equal(div_round_up(8, 8), 1);
	assert_int_equal(div_round_up(9, 8), 2);
	assert_int_equal(div_round_up(UINT64_MAX, 2), BIT(63));
	assert_int_equal(div_round_up(UINT64_MAX, UINT64_MAX), 1);
}

static void test_bits_container_of_finds_the_whole(void **state)
{
	struct whole {
		char first;
		uint64_t part;
	} w = { 'x', 1 };
	uint64_t *part = &w.part;

	(void)state;
	assert_ptr_equal(container_of(part, struct whole, part), &w);
	assert_int_equal(container_of(part, struct whole, part)->first, 'x');
}

static void test_bits_array_size_counts_elements(void **state)
{
	uint16_t a[7];
	uint64_t b[3][5];

	(void)state;
	assert_int_equal(ARRAY_SIZE(a), 7);
	assert_int_equal(ARRAY_SIZE(b), 3);
	assert_int_equal(ARRAY_SIZE(b[0]), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bits_masks_reach_both_ends),
		cmocka_unit_test(test_bits_logarithms_are_exact_around_powers),
		cmocka_unit_test(test_bits_alignment_keeps_aligned_values),
		cmocka_unit_test(test_bits_div_round_up_does_not_overflow),
		cmocka_unit_test(test_bits_container_of_finds_the_whole),
		cmocka_unit_test(test_bits_array_size_counts_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
