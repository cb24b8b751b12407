/* SPDX-License-Identifier: MIT */
/* Delta records, against a second implementation byte by byte. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/support/dsa_fixture.h"

#define RW    ((uint32_t)IOMMU_PERM_READ | IOMMU_PERM_WRITE)
#define PAGES 24u
#define BYTES (PAGES * FIX_PAGE)
#define BIG   0x80000u

/* Two buffers, a record of one page more than they can need, and a page. */
struct place {
	uint64_t a;
	uint64_t b;
	uint64_t rec;
	uint64_t comp;
};

static struct fix *setup_cfg(struct place *p, const struct dsa_hw_cfg *cfg,
			     unsigned int pages, bool ats_disable)
{
	struct fix *f = fix_create(cfg);
	const struct fix_wq wq = { .pasid = 1,
				   .bof = true,
				   .ats_disable = ats_disable };
	unsigned int more = pages + pages / 4 + 1;

	p->a = fix_alloc(f, 1, 0, pages, RW);
	p->b = fix_alloc(f, 1, 200, pages, RW);
	p->rec = fix_alloc(f, 1, 400, more, RW);
	p->comp = fix_alloc(f, 1, 600, 1, RW) + 64;
	fix_random(f, 1, p->a, (size_t)pages * FIX_PAGE, 1);
	fix_random(f, 1, p->b, (size_t)pages * FIX_PAGE, 2);
	fix_start(f, &wq);
	return f;
}

static struct fix *setup_pages(struct place *p, unsigned int pages,
			       bool ats_disable)
{
	return setup_cfg(p, NULL, pages, ats_disable);
}

static struct fix *setup(struct place *p)
{
	return setup_pages(p, PAGES, false);
}

static struct dsa_desc create(const struct place *p, uint64_t a, uint64_t b,
			      uint64_t rec, uint64_t size, uint64_t max)
{
	struct dsa_desc d = fix_desc_data(DSA_OP_CREATE_DELTA, p->comp,
					  p->a + a, p->b + b, size);

	FIELD_SET(DSA_DESC_CREATE_DELTA_ADDR, &d, p->rec + rec);
	FIELD_SET(DSA_DESC_CREATE_DELTA_MAX_SIZE, &d, max);
	return d;
}

static struct dsa_desc apply(const struct place *p, uint64_t dst, uint64_t rec,
			     uint64_t size, uint64_t rec_size)
{
	struct dsa_desc d = fix_desc_data(DSA_OP_APPLY_DELTA, p->comp,
					  p->rec + rec, p->a + dst, size);

	FIELD_SET(DSA_DESC_APPLY_DELTA_SIZE, &d, rec_size);
	return d;
}

/* The record as it must be; @done: bytes described, @result as told. */
static size_t want_record(const unsigned char *a, const unsigned char *b,
			  size_t n, size_t max, unsigned char *rec,
			  size_t *ret_done, unsigned int *ret_result)
{
	size_t unit, i, at = 0;

	*ret_result = 0;
	for (unit = 0; unit < n / 8; unit++) {
		bool differs = false;

		for (i = 0; i < 8; i++)
			differs |= a[unit * 8 + i] != b[unit * 8 + i];
		if (!differs)
			continue;
		if (at + 10 > max) {
			*ret_result = 2;
			break;
		}
		*ret_result = 1;
		rec[at++] = (unsigned char)(unit & 0xff);
		rec[at++] = (unsigned char)(unit >> 8);
		for (i = 0; i < 8; i++)
			rec[at++] = b[unit * 8 + i];
	}
	*ret_done = unit * 8;
	return at;
}

/* Of @n bytes, every @every-th unit differs in one byte; 0: none does. */
static void differ(struct fix *f, uint64_t a, uint64_t b, size_t n,
		   unsigned int every)
{
	unsigned char *buf = malloc(n);
	size_t i;

	assert_non_null(buf);
	fix_get(f, 1, a, buf, n);
	for (i = 0; every && i < n / 8; i += every)
		buf[i * 8 + i % 8] ^= 0x10;
	fix_put(f, 1, b, buf, n);
	free(buf);
}

/* Run it; the record, and nothing behind it, is what it should be. */
static struct dsa_comp check_create(struct fix *f, const struct dsa_desc *d)
{
	size_t n = FIELD_GET(DSA_DESC_XFER_SIZE, d);
	size_t max = FIELD_GET(DSA_DESC_CREATE_DELTA_MAX_SIZE, d);
	uint64_t rec = FIELD_GET(DSA_DESC_CREATE_DELTA_ADDR, d);
	unsigned char *a = malloc(n), *b = malloc(n);
	size_t room = n / 8 * 10 + 32, size, done;
	unsigned char *want = malloc(room), *got = malloc(room);
	unsigned int result;
	struct dsa_comp c;

	assert_true(a && b && want && got);
	fix_get(f, 1, FIELD_GET(DSA_DESC_SRC, d), a, n);
	fix_get(f, 1, FIELD_GET(DSA_DESC_CREATE_DELTA_SRC2, d), b, n);
	fix_get(f, 1, rec, want, room);
	size = want_record(a, b, n, max, want, &done, &result);
	c = fix_do(f, 1, d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_SUCCESS);
	assert_int_equal(FIELD_GET(DSA_COMP_RESULT, &c), result);
	assert_int_equal(FIELD_GET(DSA_COMP_DELTA_SIZE, &c), size);
	assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, &c),
			 result == 2 ? done : 0);
	fix_get(f, 1, rec, got, room);
	assert_memory_equal(want, got, room);
	free(a);
	free(b);
	free(want);
	free(got);
	return c;
}

/* The record makes @a what @b is. */
static void check_apply(struct fix *f, const struct place *p,
			const struct dsa_desc *made, const struct dsa_comp *c)
{
	size_t n = FIELD_GET(DSA_DESC_XFER_SIZE, made);
	uint64_t a = FIELD_GET(DSA_DESC_SRC, made);
	uint64_t size = FIELD_GET(DSA_COMP_DELTA_SIZE, c);
	unsigned char *want = malloc(n), *got = malloc(n);
	struct dsa_desc d = fix_desc_data(
		DSA_OP_APPLY_DELTA, p->comp,
		FIELD_GET(DSA_DESC_CREATE_DELTA_ADDR, made), a, n);
	struct dsa_comp end;

	assert_true(want && got);
	FIELD_SET(DSA_DESC_APPLY_DELTA_SIZE, &d, size);
	FIELD_SET(DSA_DESC_BOF, &d, FIELD_GET(DSA_DESC_BOF, made));
	end = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &end),
			 size ? DSA_COMP_SUCCESS : DSA_COMP_INVALID_DELTA_SIZE);
	assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, &end), 0);
	fix_get(f, 1, FIELD_GET(DSA_DESC_CREATE_DELTA_SRC2, made), want, n);
	fix_get(f, 1, a, got, n);
	assert_memory_equal(want, got, n);
	free(want);
	free(got);
}

static void all_sizes(bool ats_disable)
{
	static const size_t sizes[] = { 8,    16,   80,    4088,
					4096, 4104, 65536, 70000 };
	static const unsigned int every[] = { 0, 1, 2, 7, 513, 100000 };
	static const unsigned int at[][3] = { { 0, 0, 0 },
					      { 8, 4088, 4088 },
					      { 2048, 16, 4080 } };
	struct place p;
	struct fix *f = setup_pages(&p, PAGES, ats_disable);
	size_t s, e, i;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (e = 0; e < ARRAY_SIZE(every); e++) {
			i = (s + e) % ARRAY_SIZE(at);
			struct dsa_desc d = create(&p, at[i][0], at[i][1],
						   at[i][2], sizes[s],
						   sizes[s] * 2 + 80);
			struct dsa_comp c;

			differ(f, p.a + at[i][0], p.b + at[i][1], sizes[s],
			       every[e]);
			c = check_create(f, &d);
			check_apply(f, &p, &d, &c);
		}
	}
	assert_true(ats_disable ? !f->translated : !f->untranslated);
	fix_destroy(f);
}

static void test_dsa_delta_any_size_and_density_agrees(void **state)
{
	(void)state;
	all_sizes(false);
}

static void test_dsa_delta_ats_disabled_agrees(void **state)
{
	(void)state;
	all_sizes(true);
}

/* A small cache that forgets: each lookup may outdate the one before. */
static void test_dsa_delta_eager_cache_agrees(void **state)
{
	struct dsa_hw_cfg cfg;
	struct place p;
	struct fix *f;
	struct dsa_desc d;
	struct dsa_comp c;

	(void)state;
	dsa_hw_cfg_default(&cfg);
	cfg.personality = HW_EAGER;
	cfg.atc_lg2 = 4;
	f = setup_cfg(&p, &cfg, PAGES, false);
	d = create(&p, 8, 16, 24, 70000, 140000);
	differ(f, p.a + 8, p.b + 16, 70000, 2);
	c = check_create(f, &d);
	check_apply(f, &p, &d, &c);
	fix_destroy(f);
}

/* Every offset that 16 bits can say, and one unit more. */
static void test_dsa_delta_largest_transfer_agrees(void **state)
{
	struct place p;
	struct fix *f = setup_pages(&p, BIG / FIX_PAGE, false);
	struct dsa_desc d = create(&p, 0, 0, 0, BIG, BIG / 8 * 10);
	struct dsa_comp c;

	(void)state;
	differ(f, p.a, p.b, BIG, 1);
	c = check_create(f, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_DELTA_SIZE, &c), BIG / 8 * 10);
	check_apply(f, &p, &d, &c);
	FIELD_SET(DSA_DESC_XFER_SIZE, &d, BIG + 8);
	c = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_INVALID_SIZE);
	fix_destroy(f);
}

/* Around the room for a delta; a size that is no multiple of one. */
static void test_dsa_delta_record_full_says_where(void **state)
{
	static const uint64_t max[] = { 80,   81,   89,   90,    4096,
					5120, 5121, 8192, 87490, 87500 };
	struct place p;
	struct fix *f = setup(&p);
	size_t i;

	(void)state;
	differ(f, p.a, p.b, 70000, 1);
	for (i = 0; i < ARRAY_SIZE(max); i++) {
		struct dsa_desc d = create(&p, 0, 0, 4088, 70000, max[i]);
		struct dsa_comp c = check_create(f, &d);

		assert_int_equal(FIELD_GET(DSA_COMP_RESULT, &c),
				 max[i] < 87500 ? DSA_RESULT_DELTA_FULL :
						  DSA_RESULT_DIFFER);
	}
	fix_destroy(f);
}

/* Of each result, whether each mask has it. */
static void test_dsa_delta_expected_mask_decides_status(void **state)
{
	struct place p;
	struct fix *f = setup(&p);
	unsigned int result, mask;

	(void)state;
	for (result = 0; result < 3; result++) {
		differ(f, p.a, p.b, 800, result ? 1 : 0);
		for (mask = 0; mask < 8; mask++) {
			struct dsa_desc d = create(&p, 0, 0, 0, 800,
						   result == 2 ? 80 : 1000);
			struct dsa_comp c;

			FIELD_SET(DSA_DESC_CHECK_RESULT, &d, 1);
			FIELD_SET(DSA_DESC_CREATE_DELTA_EXPECTED, &d, mask);
			c = fix_do(f, 1, &d);
			assert_int_equal(FIELD_GET(DSA_COMP_RESULT, &c),
					 result);
			assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
					 mask >> result & 1 ?
						 DSA_COMP_SUCCESS :
						 DSA_COMP_SUCCESS_FALSE);
		}
	}
	fix_destroy(f);
}

static void expect(struct fix *f, const struct dsa_desc *d, unsigned int status)
{
	struct dsa_comp c = fix_do(f, 1, d);

	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), status);
}

static void test_dsa_delta_create_bad_descriptors_refused(void **state)
{
	static const struct {
		unsigned int word;
		uint64_t flip;
		unsigned int status;
	} table[] = {
		{ 0, BIT(35), DSA_COMP_INVALID_FLAGS },
		{ 0, BIT(46), DSA_COMP_INVALID_FLAGS },
		{ 0, BIT(48), DSA_COMP_INVALID_FLAGS },
		{ 6, BIT(32), DSA_COMP_RESERVED_FIELD },
		{ 7, BIT(3), DSA_COMP_RESERVED_FIELD },
		{ 7, BIT(8), DSA_COMP_RESERVED_FIELD },
		{ 4, 800, DSA_COMP_INVALID_SIZE },
		{ 4, 4, DSA_COMP_INVALID_SIZE },
		{ 6, 80 ^ 79, DSA_COMP_INVALID_DELTA_SIZE },
		{ 6, 80, DSA_COMP_INVALID_DELTA_SIZE },
		{ 2, 4, DSA_COMP_ADDR_ALIGN },
		{ 3, 2, DSA_COMP_ADDR_ALIGN },
		{ 5, 1, DSA_COMP_ADDR_ALIGN },
		{ 0, BIT(33) | BIT(39) | BIT(40) | BIT(45), 2 },
		{ 7, 7, DSA_COMP_SUCCESS },
	};
	struct place p;
	struct fix *f = setup(&p);
	struct dsa_comp c;
	struct dsa_desc d;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		d = create(&p, 0, 0, 0, 800, 80);
		d.dw[table[i].word] ^= table[i].flip;
		c = fix_do(f, 1, &d);
		assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
				 table[i].status);
		if (table[i].status == DSA_COMP_INVALID_FLAGS)
			assert_int_equal(FIELD_GET(DSA_COMP_FLAGS_INVALID, &c),
					 table[i].flip >> 32);
	}
	/* The record's room reaches into each buffer by 8 bytes. */
	d = create(&p, 0, 0, 0, 800, 80);
	FIELD_SET(DSA_DESC_CREATE_DELTA_ADDR, &d, p.a + 792);
	expect(f, &d, DSA_COMP_OVERLAP_BUFFERS);
	FIELD_SET(DSA_DESC_CREATE_DELTA_ADDR, &d, p.b - 72);
	expect(f, &d, DSA_COMP_OVERLAP_BUFFERS);
	FIELD_SET(DSA_DESC_CREATE_DELTA_ADDR, &d, UINT64_MAX - 71);
	expect(f, &d, DSA_COMP_INVALID_DELTA_SIZE);
	/* The buffers may overlap: they are read only. */
	d = create(&p, 0, 0, 0, 800, 1000);
	FIELD_SET(DSA_DESC_CREATE_DELTA_SRC2, &d, p.a + 8);
	expect(f, &d, DSA_COMP_SUCCESS);

	/* Without an address for the record. */
	d = create(&p, 0, 0, 0, 800, 80);
	d.dw[0] ^= BIT(34) | BIT(35);
	d.dw[1] = 0;
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	fix_run(f);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 8 & 0xff,
			 DSA_COMP_INVALID_FLAGS);
	fix_destroy(f);
}

static void test_dsa_delta_apply_bad_descriptors_refused(void **state)
{
	static const struct {
		unsigned int word;
		uint64_t flip;
		unsigned int status;
	} table[] = {
		{ 0, BIT(39), DSA_COMP_INVALID_FLAGS },
		{ 0, BIT(48), DSA_COMP_INVALID_FLAGS },
		{ 5, BIT(32), DSA_COMP_RESERVED_FIELD },
		{ 6, 1, DSA_COMP_RESERVED_FIELD },
		{ 7, 1, DSA_COMP_RESERVED_FIELD },
		{ 4, 800, DSA_COMP_INVALID_SIZE },
		{ 4, 4, DSA_COMP_INVALID_SIZE },
		{ 4, BIT(19) | 8, DSA_COMP_INVALID_SIZE },
		{ 5, 80, DSA_COMP_INVALID_DELTA_SIZE },
		{ 5, 80 ^ 85, DSA_COMP_INVALID_DELTA_SIZE },
		{ 2, 4, DSA_COMP_ADDR_ALIGN },
		{ 3, 2, DSA_COMP_ADDR_ALIGN },
		{ 0, BIT(33) | BIT(40) | BIT(45), DSA_COMP_SUCCESS },
		/* Its record is not of interest. */
		{ 0, BIT(35), DSA_COMP_NONE },
	};
	struct place p;
	struct fix *f = setup(&p);
	struct dsa_desc d = create(&p, 0, 0, 0, 800, 80);
	size_t i;

	(void)state;
	expect(f, &d, DSA_COMP_SUCCESS);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		d = apply(&p, 0, 0, 800, 80);
		d.dw[table[i].word] ^= table[i].flip;
		expect(f, &d, table[i].status);
	}
	d = apply(&p, 0, 0, 800, 80);
	FIELD_SET(DSA_DESC_APPLY_DELTA_ADDR, &d, p.a + 792);
	expect(f, &d, DSA_COMP_OVERLAP_BUFFERS);
	FIELD_SET(DSA_DESC_APPLY_DELTA_ADDR, &d, UINT64_MAX - 71);
	expect(f, &d, DSA_COMP_INVALID_DELTA_SIZE);
	fix_destroy(f);
}

/* A record by hand: offsets that must rise and stay inside. */
static void apply_offsets(const uint16_t *offset, size_t count,
			  unsigned int status, size_t good)
{
	unsigned char rec[200], want[800], got[800 + 8];
	struct place p;
	struct fix *f = setup(&p);
	struct dsa_desc d = apply(&p, 0, 0, 800, count * 10);
	struct dsa_comp c;
	size_t i;

	fix_get(f, 1, p.a, got, sizeof(got));
	memcpy(want, got, sizeof(want));
	for (i = 0; i < count; i++) {
		rec[i * 10] = (unsigned char)(offset[i] & 0xff);
		rec[i * 10 + 1] = (unsigned char)(offset[i] >> 8);
		memset(rec + i * 10 + 2, (int)(0xc0 + i), 8);
		if (i < good)
			memset(want + offset[i] * 8, (int)(0xc0 + i), 8);
	}
	fix_put(f, 1, p.rec, rec, count * 10);
	c = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), status);
	assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, &c),
			 status == DSA_COMP_SUCCESS ? 0 : good * 10);
	fix_get(f, 1, p.a, got, 800);
	assert_memory_equal(want, got, 800);
	fix_destroy(f);
}

static void test_dsa_delta_apply_offsets_checked(void **state)
{
	static const uint16_t fine[] = { 0, 1, 2, 50, 51, 99 };
	static const uint16_t twice[] = { 0, 1, 1, 2 };
	static const uint16_t back[] = { 4, 5, 9, 8 };
	static const uint16_t out[] = { 97, 98, 99, 100 };
	static const uint16_t far[] = { 65535, 0 };

	(void)state;
	apply_offsets(fine, 6, DSA_COMP_SUCCESS, 6);
	apply_offsets(twice, 4, DSA_COMP_DELTA_OFFSET_ORDER, 2);
	apply_offsets(back, 4, DSA_COMP_DELTA_OFFSET_ORDER, 3);
	apply_offsets(out, 4, DSA_COMP_DELTA_OFFSET_RANGE, 3);
	apply_offsets(far, 2, DSA_COMP_DELTA_OFFSET_RANGE, 0);
}

/* The record is whole up to the bytes that are said to be done. */
static void create_faults(struct fix *f, const struct dsa_desc *d,
			  uint64_t fault, bool write)
{
	size_t n = FIELD_GET(DSA_DESC_XFER_SIZE, d), size, done, whole;
	unsigned char *a = malloc(n), *b = malloc(n);
	unsigned char *want = malloc(n * 2), *got = malloc(n * 2);
	unsigned int result;
	struct dsa_comp c;

	assert_true(a && b && want && got);
	fix_get(f, 1, FIELD_GET(DSA_DESC_SRC, d), a, n);
	fix_get(f, 1, FIELD_GET(DSA_DESC_CREATE_DELTA_SRC2, d), b, n);
	fix_forbid(f, 1, fault, 1, true);
	c = fix_do(f, 1, d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
			 DSA_COMP_PAGE_FAULT_NOBOF);
	assert_int_equal(FIELD_GET(DSA_COMP_FAULT_ADDR, &c), fault);
	assert_int_equal(FIELD_GET(DSA_COMP_WRITE, &c), write);
	done = FIELD_GET(DSA_COMP_BYTES_COMPLETED, &c);
	assert_int_equal(done % 8, 0);
	assert_in_range(done, 8, n - 8);
	size = FIELD_GET(DSA_COMP_DELTA_SIZE, &c);
	assert_int_equal(
		want_record(a, b, done, SIZE_MAX, want, &whole, &result), size);
	/* As far as could be: to the page, or to the delta across it. */
	if (write)
		assert_int_equal(
			(fault - FIELD_GET(DSA_DESC_CREATE_DELTA_ADDR, d)) / 10,
			size / 10);
	fix_get(f, 1, FIELD_GET(DSA_DESC_CREATE_DELTA_ADDR, d), got, size);
	assert_memory_equal(want, got, size);
	fix_page(f, 1, fault)->perm = RW;
	free(a);
	free(b);
	free(want);
	free(got);
}

static void test_dsa_delta_create_fault_without_bof_partial(void **state)
{
	static const unsigned int every[] = { 1, 3, 40 };
	struct place p;
	struct fix *f = setup(&p);
	struct dsa_desc d = create(&p, 8, 16, 24, 70000, 140000);
	size_t e;

	(void)state;
	for (e = 0; e < ARRAY_SIZE(every); e++) {
		differ(f, p.a + 8, p.b + 16, 70000, every[e]);
		create_faults(f, &d, p.a + 3 * FIX_PAGE, false);
		create_faults(f, &d, p.b + 5 * FIX_PAGE, false);
		if (every[e] < 10)
			create_faults(f, &d, p.rec + 2 * FIX_PAGE, true);
	}
	assert_int_equal(f->groups, 0);
	fix_destroy(f);
}

static void test_dsa_delta_apply_fault_without_bof_partial(void **state)
{
	struct place p;
	struct fix *f = setup(&p);
	struct dsa_desc d = create(&p, 8, 16, 24, 70000, 140000);
	uint64_t fault = p.a + 3 * FIX_PAGE, size;
	struct dsa_comp c;

	(void)state;
	differ(f, p.a + 8, p.b + 16, 70000, 1);
	c = check_create(f, &d);
	size = FIELD_GET(DSA_COMP_DELTA_SIZE, &c);
	d = apply(&p, 8, 24, 70000, size);
	fix_forbid(f, 1, fault, 1, true);
	c = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
			 DSA_COMP_PAGE_FAULT_NOBOF);
	assert_int_equal(FIELD_GET(DSA_COMP_FAULT_ADDR, &c), fault);
	assert_int_equal(FIELD_GET(DSA_COMP_WRITE, &c), 1);
	assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, &c),
			 (3 * FIX_PAGE - 8) / 8 * 10);
	fix_page(f, 1, fault)->perm = RW;

	/* The record's second page, into which a delta reaches. */
	fault = p.rec + FIX_PAGE;
	fix_forbid(f, 1, fault, 1, true);
	c = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_FAULT_ADDR, &c), fault);
	assert_int_equal(FIELD_GET(DSA_COMP_WRITE, &c), 0);
	assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, &c),
			 (FIX_PAGE - 24) / 10 * 10);
	fix_destroy(f);
}

static void test_dsa_delta_block_on_fault_gets_pages(void **state)
{
	struct place p;
	struct fix *f = setup(&p);
	struct dsa_desc d = create(&p, 8, 16, 24, 70000, 140000);
	unsigned char rec[2 * FIX_PAGE], got[2 * FIX_PAGE];
	struct dsa_comp c;
	uint64_t size;

	(void)state;
	FIELD_SET(DSA_DESC_BOF, &d, 1);
	differ(f, p.a + 8, p.b + 16, 70000, 3);
	c = check_create(f, &d);
	fix_get(f, 1, p.rec + 24, rec, sizeof(rec));
	fix_random(f, 1, p.rec, 10 * FIX_PAGE, 77);
	fix_forbid(f, 1, p.a, PAGES, true);
	fix_forbid(f, 1, p.b, PAGES, true);
	fix_forbid(f, 1, p.rec, 20, true);
	c = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_SUCCESS);
	fix_get(f, 1, p.rec + 24, got, sizeof(got));
	assert_memory_equal(rec, got, sizeof(rec));
	assert_true(f->groups > 2);

	size = FIELD_GET(DSA_COMP_DELTA_SIZE, &c);
	fix_forbid(f, 1, p.a, PAGES, true);
	fix_forbid(f, 1, p.rec, 20, true);
	check_apply(f, &p, &d, &c);

	/* A page that is not to be had. */
	d = apply(&p, 8, 24, 70000, size);
	FIELD_SET(DSA_DESC_BOF, &d, 1);
	fix_forbid(f, 1, p.a + FIX_PAGE, 1, true);
	fix_page(f, 1, p.a + FIX_PAGE)->may = IOMMU_PERM_READ;
	expect(f, &d, DSA_COMP_PAGE_FAULT_IR);
	fix_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_delta_any_size_and_density_agrees),
		cmocka_unit_test(test_dsa_delta_ats_disabled_agrees),
		cmocka_unit_test(test_dsa_delta_eager_cache_agrees),
		cmocka_unit_test(test_dsa_delta_largest_transfer_agrees),
		cmocka_unit_test(test_dsa_delta_record_full_says_where),
		cmocka_unit_test(test_dsa_delta_expected_mask_decides_status),
		cmocka_unit_test(test_dsa_delta_create_bad_descriptors_refused),
		cmocka_unit_test(test_dsa_delta_apply_bad_descriptors_refused),
		cmocka_unit_test(test_dsa_delta_apply_offsets_checked),
		cmocka_unit_test(
			test_dsa_delta_create_fault_without_bof_partial),
		cmocka_unit_test(
			test_dsa_delta_apply_fault_without_bof_partial),
		cmocka_unit_test(test_dsa_delta_block_on_fault_gets_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
