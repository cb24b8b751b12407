/* SPDX-License-Identifier: MIT */
/* Every operation against a second implementation of it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"
#include "models/dsa/dsa.h"
#include "tests/support/dsa_fixture.h"

#define RW ((uint32_t)IOMMU_PERM_READ | IOMMU_PERM_WRITE)

static const size_t sizes[] = { 1, 4095, 4096, 4097, 70000 };

/* Source and destination of 20 pages each, and a page for records. */
struct place {
	uint64_t src;
	uint64_t dst;
	uint64_t comp;
};

static struct fix *setup(struct place *p, bool ats_disable)
{
	struct fix *f = fix_create(NULL);
	const struct fix_wq wq = { .pasid = 1,
				   .bof = true,
				   .ats_disable = ats_disable };

	p->src = fix_alloc(f, 1, 0, 20, RW);
	p->dst = fix_alloc(f, 1, 40, 20, RW);
	p->comp = fix_alloc(f, 1, 100, 1, RW) + 64;
	fix_random(f, 1, p->src, 20 * FIX_PAGE, 1);
	fix_random(f, 1, p->dst, 20 * FIX_PAGE, 2);
	fix_start(f, &wq);
	return f;
}

static void check_success(const struct dsa_comp *c)
{
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, c), DSA_COMP_SUCCESS);
	assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, c), 0);
}

/* A copy of the destination's pages before and after. */
struct image {
	unsigned char src[20 * FIX_PAGE];
	unsigned char want[20 * FIX_PAGE];
	unsigned char got[20 * FIX_PAGE];
};

static struct image *before(struct fix *f, const struct place *p)
{
	struct image *im = malloc(sizeof(*im));

	assert_non_null(im);
	fix_get(f, 1, p->src, im->src, sizeof(im->src));
	fix_get(f, 1, p->dst, im->want, sizeof(im->want));
	return im;
}

static void after(struct fix *f, const struct place *p, struct image *im)
{
	fix_get(f, 1, p->dst, im->got, sizeof(im->got));
	assert_memory_equal(im->want, im->got, sizeof(im->got));
	free(im);
}

static void move(bool ats_disable)
{
	static const unsigned int at[][2] = {
		{ 0, 0 }, { 1, 0 }, { 0, 4095 }, { 13, 4001 }, { 4095, 4095 },
	};
	struct place p;
	struct fix *f = setup(&p, ats_disable);
	size_t s, a;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (a = 0; a < ARRAY_SIZE(at); a++) {
			struct image *im = before(f, &p);
			struct dsa_desc d = fix_desc_data(
				DSA_OP_MEMMOVE, p.comp, p.src + at[a][0],
				p.dst + at[a][1], sizes[s]);
			struct dsa_comp c = fix_do(f, 1, &d);

			check_success(&c);
			memcpy(im->want + at[a][1], im->src + at[a][0],
			       sizes[s]);
			after(f, &p, im);
			fix_random(f, 1, p.dst, 20 * FIX_PAGE, (uint32_t)a);
		}
	}
	assert_true(ats_disable ? !f->translated : !f->untranslated);
	fix_destroy(f);
}

static void test_dsa_memmove_any_alignment_copies(void **state)
{
	(void)state;
	move(false);
}

static void test_dsa_memmove_ats_disabled_copies(void **state)
{
	(void)state;
	move(true);
}

static void test_dsa_memmove_untranslated_pages_copies(void **state)
{
	struct place p;
	struct fix *f = setup(&p, false);
	struct image *im = before(f, &p);
	struct dsa_desc d = fix_desc_data(DSA_OP_MEMMOVE, p.comp, p.src + 5,
					  p.dst + 4090, 70000);
	struct dsa_comp c;

	(void)state;
	f->untranslated_only = true;
	c = fix_do(f, 1, &d);
	check_success(&c);
	memcpy(im->want + 4090, im->src + 5, 70000);
	after(f, &p, im);
	assert_int_equal(f->translated, 0);
	fix_destroy(f);
}

/* Both directions, distances around a page, a buffer and a step. */
static void test_dsa_memmove_overlap_moves(void **state)
{
	static const int by[] = { 1,    -1,    7,     -7,     4096,  -4096,
				  4100, -5000, 16384, -16384, 40000, -40000 };
	struct place p;
	struct fix *f = setup(&p, false);
	unsigned char *all = malloc(20 * FIX_PAGE);
	size_t i;

	(void)state;
	assert_non_null(all);
	for (i = 0; i < ARRAY_SIZE(by); i++) {
		unsigned int from = by[i] < 0 ? 40000 : 3;
		unsigned int to = (unsigned int)((int)from + by[i]);
		unsigned int n = 41000;
		struct dsa_desc d = fix_desc_data(DSA_OP_MEMMOVE, p.comp,
						  p.dst + from, p.dst + to, n);
		struct image *im;
		struct dsa_comp c;

		if (from + n > 20 * FIX_PAGE)
			n = 20 * FIX_PAGE - from;
		if (to + n > 20 * FIX_PAGE)
			n = 20 * FIX_PAGE - to;
		FIELD_SET(DSA_DESC_XFER_SIZE, &d, n);
		im = before(f, &p);
		c = fix_do(f, 1, &d);
		check_success(&c);
		memmove(im->want + to, im->want + from, n);
		after(f, &p, im);
	}
	free(all);
	fix_destroy(f);
}

static void test_dsa_memmove_contiguous_few_checks(void **state)
{
	struct fix *f = fix_create(NULL);
	const struct fix_wq wq = { .pasid = 1 };
	uint64_t src, dst, comp;
	struct dsa_hw_stats s;
	struct dsa_desc d;
	struct dsa_comp c;

	(void)state;
	f->contiguous = true;
	src = fix_alloc(f, 1, 0, 16, RW);
	dst = fix_alloc(f, 1, 16, 16, RW);
	comp = fix_alloc(f, 1, 32, 1, RW);
	fix_start(f, &wq);
	d = fix_desc_data(DSA_OP_MEMMOVE, comp, src, dst, 65536);
	c = fix_do(f, 1, &d);
	check_success(&c);
	f->translated = 0;
	c = fix_do(f, 1, &d);
	check_success(&c);
	/* One access: source, destination; and the record. */
	assert_int_equal(f->translated, 3);
	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.bytes, 2 * 65536);
	assert_int_equal(s.descriptors, 2);
	fix_destroy(f);
}

static void test_dsa_fill_any_alignment_repeats(void **state)
{
	const uint64_t pattern = 0x8877665544332211;
	struct place p;
	struct fix *f = setup(&p, false);
	size_t s, i;

	(void)state;
	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct image *im = before(f, &p);
		struct dsa_desc d = fix_desc_data(DSA_OP_FILL, p.comp, pattern,
						  p.dst + 4093, sizes[s]);
		struct dsa_comp c = fix_do(f, 1, &d);

		check_success(&c);
		for (i = 0; i < sizes[s]; i++)
			im->want[4093 + i] =
				(unsigned char)(pattern >> (i % 8 * 8));
		after(f, &p, im);
	}
	fix_destroy(f);
}

static void expect_compare(struct fix *f, const struct dsa_desc *d,
			   bool differs, uint64_t where)
{
	struct dsa_comp c = fix_do(f, 1, d);

	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_SUCCESS);
	assert_int_equal(FIELD_GET(DSA_COMP_RESULT, &c), differs);
	assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, &c),
			 differs ? where : 0);
}

static void test_dsa_compare_difference_found_at(void **state)
{
	struct place p;
	struct fix *f = setup(&p, false);
	unsigned char buf[20 * FIX_PAGE], flip;
	size_t s;

	(void)state;
	fix_get(f, 1, p.src, buf, sizeof(buf));
	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		size_t n = sizes[s], where[] = { 0, n / 2, n - 1 }, i;
		struct dsa_desc d = fix_desc_data(DSA_OP_COMPARE, p.comp,
						  p.src + 3, p.dst + 4000, n);

		fix_put(f, 1, p.dst + 4000, buf + 3, n);
		expect_compare(f, &d, false, 0);
		for (i = 0; i < ARRAY_SIZE(where); i++) {
			flip = buf[3 + where[i]] ^ 1;
			fix_put(f, 1, p.dst + 4000 + where[i], &flip, 1);
			expect_compare(f, &d, true, where[i]);
			flip ^= 1;
			fix_put(f, 1, p.dst + 4000 + where[i], &flip, 1);
		}
	}
	fix_destroy(f);
}

/* Check Result makes the status say whether the result is the expected one. */
static void test_dsa_compare_check_result_decides_status(void **state)
{
	struct place p;
	struct fix *f = setup(&p, false);
	unsigned int differ, expect;

	(void)state;
	for (differ = 0; differ < 2; differ++) {
		for (expect = 0; expect < 2; expect++) {
			struct dsa_desc d =
				fix_desc_data(DSA_OP_COMPARE, p.comp, p.src,
					      differ ? p.dst : p.src, 100);
			struct dsa_comp c;

			FIELD_SET(DSA_DESC_CHECK_RESULT, &d, 1);
			FIELD_SET(DSA_DESC_COMPARE_EXPECTED, &d, expect);
			c = fix_do(f, 1, &d);
			assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
					 differ == expect ?
						 DSA_COMP_SUCCESS :
						 DSA_COMP_SUCCESS_FALSE);
		}
	}
	fix_destroy(f);
}

static void test_dsa_compare_pattern_difference_found_at(void **state)
{
	const uint64_t pattern = 0x0123456789abcdef;
	struct place p;
	struct fix *f = setup(&p, false);
	unsigned char flip;
	size_t s;

	(void)state;
	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		size_t n = sizes[s], i, at = n - 1;
		struct dsa_desc d = fix_desc_data(DSA_OP_COMPARE_PATTERN,
						  p.comp, p.src + 4091, pattern,
						  n);

		for (i = 0; i < n; i++) {
			unsigned char v =
				(unsigned char)(pattern >> (i % 8 * 8));

			fix_put(f, 1, p.src + 4091 + i, &v, 1);
		}
		expect_compare(f, &d, false, 0);
		flip = (unsigned char)(pattern >> (at % 8 * 8)) ^ 0x80;
		fix_put(f, 1, p.src + 4091 + at, &flip, 1);
		expect_compare(f, &d, true, at);
	}
	fix_destroy(f);
}

/* The catalogue's check value, and the ones of RFC 3720, B.4. */
static void test_dsa_crc_known_strings_rfc3720(void **state)
{
	struct place p;
	struct fix *f = setup(&p, false);
	unsigned char zeros[32] = { 0 }, ones[32];
	struct {
		const void *data;
		size_t len;
		uint32_t crc;
	} v[] = {
		{ "123456789", 9, 0xe3069283 },
		{ zeros, 32, 0x8a9136aa },
		{ ones, 32, 0x62a8ab43 },
	};
	size_t i;

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		struct dsa_desc d = fix_desc_data(DSA_OP_CRC_GEN, p.comp,
						  p.src + 4090, 0, v[i].len);
		struct dsa_comp c;

		fix_put(f, 1, p.src + 4090, v[i].data, v[i].len);
		c = fix_do(f, 1, &d);
		check_success(&c);
		assert_int_equal(FIELD_GET(DSA_COMP_CRC, &c), v[i].crc);
	}
	fix_destroy(f);
}

static void test_dsa_crc_any_size_and_seed(void **state)
{
	struct place p;
	struct fix *f = setup(&p, false);
	unsigned char buf[20 * FIX_PAGE];
	size_t s;

	(void)state;
	fix_get(f, 1, p.src, buf, sizeof(buf));
	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		uint32_t seed = (uint32_t)s * 0x9e3779b9;
		struct dsa_desc d = fix_desc_data(DSA_OP_CRC_GEN, p.comp,
						  p.src + 77, 0, sizes[s]);
		uint32_t want = fix_crc32c(seed, buf + 77, sizes[s]);
		struct dsa_comp c;

		FIELD_SET(DSA_DESC_CRC_SEED, &d, seed);
		c = fix_do(f, 1, &d);
		check_success(&c);
		assert_int_equal(FIELD_GET(DSA_COMP_CRC, &c), want);

		/* The same seed from memory. */
		FIELD_SET(DSA_DESC_CRC_SEED, &d, 0);
		FIELD_SET(DSA_DESC_CRC_READ_SEED, &d, 1);
		FIELD_SET(DSA_DESC_CRC_SEED_ADDR, &d, p.comp + 64);
		le32_store(&seed, seed);
		fix_put(f, 1, p.comp + 64, &seed, 4);
		c = fix_do(f, 1, &d);
		check_success(&c);
		assert_int_equal(FIELD_GET(DSA_COMP_CRC, &c), want);
	}
	fix_destroy(f);
}

static uint32_t reverse(uint32_t v, unsigned int bits)
{
	uint32_t r = 0;
	unsigned int i;

	for (i = 0; i < bits; i++)
		r |= (v >> i & 1) << (bits - 1 - i);
	return r;
}

/* The division as it is written, highest power first, with all flags. */
static uint32_t crc_flags(uint32_t seed, const unsigned char *p, size_t n,
			  bool no_inversion, bool no_reflection)
{
	uint32_t v = no_inversion ? seed : reverse(~seed, 32);
	unsigned int bit;

	for (; n; p++, n--) {
		v ^= (no_reflection ? *p : reverse(*p, 8)) << 24;
		for (bit = 0; bit < 8; bit++)
			v = v << 1 ^ (v >> 31 ? 0x1edc6f41 : 0);
	}
	return no_inversion ? v : reverse(~v, 32);
}

static void test_dsa_crc_bypass_flags_as_written(void **state)
{
	struct place p;
	struct fix *f = setup(&p, false);
	unsigned char buf[5000];
	unsigned int i;

	(void)state;
	fix_get(f, 1, p.src, buf, sizeof(buf));
	assert_int_equal(crc_flags(0, (const unsigned char *)"123456789", 9,
				   false, false),
			 0xe3069283);
	for (i = 0; i < 4; i++) {
		struct dsa_desc d = fix_desc_data(DSA_OP_CRC_GEN, p.comp, p.src,
						  0, sizeof(buf));
		struct dsa_comp c;

		FIELD_SET(DSA_DESC_CRC_SEED, &d, 0x12345678);
		FIELD_SET(DSA_DESC_CRC_BYPASS_INVERSION, &d, i & 1);
		FIELD_SET(DSA_DESC_CRC_BYPASS_REFLECTION, &d, i >> 1);
		c = fix_do(f, 1, &d);
		check_success(&c);
		assert_int_equal(FIELD_GET(DSA_COMP_CRC, &c),
				 crc_flags(0x12345678, buf, sizeof(buf), i & 1,
					   i >> 1));
	}
	fix_destroy(f);
}

static void test_dsa_copy_crc_copies_and_sums(void **state)
{
	struct place p;
	struct fix *f = setup(&p, false);
	size_t s;

	(void)state;
	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct image *im = before(f, &p);
		struct dsa_desc d = fix_desc_data(DSA_OP_COPY_CRC, p.comp,
						  p.src + 1, p.dst + 4000,
						  sizes[s]);
		struct dsa_comp c = fix_do(f, 1, &d);

		check_success(&c);
		assert_int_equal(FIELD_GET(DSA_COMP_CRC, &c),
				 fix_crc32c(0, im->src + 1, sizes[s]));
		memcpy(im->want + 4000, im->src + 1, sizes[s]);
		after(f, &p, im);
	}
	fix_destroy(f);
}

/* The tables, which a processor with the instruction does not use. */
static void test_dsa_crc_tables_agree(void **state)
{
	unsigned char buf[300];
	unsigned int i, at;

	(void)state;
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (unsigned char)(i * 167 + 13);
	for (at = 0; at < 9; at++) {
		for (i = 0; i < sizeof(buf) - at; i++)
			assert_int_equal(
				(uint32_t)~dsa_hw_crc_soft(~i, buf + at, i),
				fix_crc32c(i, buf + at, i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_memmove_any_alignment_copies),
		cmocka_unit_test(test_dsa_memmove_ats_disabled_copies),
		cmocka_unit_test(test_dsa_memmove_untranslated_pages_copies),
		cmocka_unit_test(test_dsa_memmove_overlap_moves),
		cmocka_unit_test(test_dsa_memmove_contiguous_few_checks),
		cmocka_unit_test(test_dsa_fill_any_alignment_repeats),
		cmocka_unit_test(test_dsa_compare_difference_found_at),
		cmocka_unit_test(test_dsa_compare_check_result_decides_status),
		cmocka_unit_test(test_dsa_compare_pattern_difference_found_at),
		cmocka_unit_test(test_dsa_crc_known_strings_rfc3720),
		cmocka_unit_test(test_dsa_crc_any_size_and_seed),
		cmocka_unit_test(test_dsa_crc_bypass_flags_as_written),
		cmocka_unit_test(test_dsa_copy_crc_copies_and_sums),
		cmocka_unit_test(test_dsa_crc_tables_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
