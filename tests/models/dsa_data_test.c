/* SPDX-License-Identifier: MIT */
/* Dualcast and cache flush: what they do, refuse, and do about faults. */
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
#define PAGES 20u
#define BYTES (PAGES * FIX_PAGE)

/* A source, two destinations, and a page for records. */
struct place {
	uint64_t src;
	uint64_t one;
	uint64_t two;
	uint64_t comp;
};

static struct fix *setup_cfg(struct place *p, const struct dsa_hw_cfg *cfg,
			     bool ats_disable)
{
	struct fix *f = fix_create(cfg);
	const struct fix_wq wq = { .pasid = 1,
				   .bof = true,
				   .ats_disable = ats_disable };

	p->src = fix_alloc(f, 1, 0, PAGES, RW);
	p->one = fix_alloc(f, 1, 40, PAGES, RW);
	p->two = fix_alloc(f, 1, 80, PAGES, RW);
	p->comp = fix_alloc(f, 1, 120, 1, RW) + 64;
	fix_random(f, 1, p->src, BYTES, 1);
	fix_random(f, 1, p->one, BYTES, 2);
	fix_random(f, 1, p->two, BYTES, 3);
	fix_start(f, &wq);
	return f;
}

static struct fix *setup(struct place *p, bool ats_disable)
{
	return setup_cfg(p, NULL, ats_disable);
}

static struct dsa_desc dualcast(const struct place *p, unsigned int from,
				unsigned int to, uint64_t size)
{
	struct dsa_desc d = fix_desc_data(DSA_OP_DUALCAST, p->comp,
					  p->src + from, p->one + to, size);

	FIELD_SET(DSA_DESC_DUALCAST_DST2, &d, p->two + to);
	return d;
}

static struct dsa_desc flush(const struct place *p, unsigned int at,
			     uint64_t size)
{
	return fix_desc_data(DSA_OP_CACHE_FLUSH, p->comp, 0, p->one + at, size);
}

static void expect(struct fix *f, const struct dsa_desc *d, unsigned int status)
{
	struct dsa_comp c = fix_do(f, 1, d);

	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), status);
	assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, &c), 0);
}

static void expect_fault(struct fix *f, const struct dsa_desc *d,
			 unsigned int status, uint64_t bytes, uint64_t addr,
			 bool write)
{
	struct dsa_comp c = fix_do(f, 1, d);

	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), status);
	assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, &c), bytes);
	assert_int_equal(FIELD_GET(DSA_COMP_FAULT_ADDR, &c), addr);
	assert_int_equal(FIELD_GET(DSA_COMP_WRITE, &c), write);
}

/* Memory as it is and as it should be. */
struct image {
	unsigned char src[BYTES];
	unsigned char one[BYTES];
	unsigned char two[BYTES];
	unsigned char got[BYTES];
};

static struct image *before(struct fix *f, const struct place *p)
{
	struct image *im = malloc(sizeof(*im));

	assert_non_null(im);
	fix_get(f, 1, p->src, im->src, BYTES);
	fix_get(f, 1, p->one, im->one, BYTES);
	fix_get(f, 1, p->two, im->two, BYTES);
	return im;
}

static void after(struct fix *f, const struct place *p, struct image *im)
{
	fix_get(f, 1, p->src, im->got, BYTES);
	assert_memory_equal(im->src, im->got, BYTES);
	fix_get(f, 1, p->one, im->got, BYTES);
	assert_memory_equal(im->one, im->got, BYTES);
	fix_get(f, 1, p->two, im->got, BYTES);
	assert_memory_equal(im->two, im->got, BYTES);
	free(im);
}

static void dualcasts(bool ats_disable)
{
	static const size_t sizes[] = { 1, 8, 4095, 4096, 4097, 70000 };
	static const unsigned int at[][2] = {
		{ 0, 0 }, { 1, 0 }, { 0, 4095 }, { 13, 4001 }, { 4095, 4095 },
	};
	struct place p;
	struct fix *f = setup(&p, ats_disable);
	size_t s, a;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (a = 0; a < ARRAY_SIZE(at); a++) {
			struct image *im = before(f, &p);
			struct dsa_desc d =
				dualcast(&p, at[a][0], at[a][1], sizes[s]);

			expect(f, &d, DSA_COMP_SUCCESS);
			memcpy(im->one + at[a][1], im->src + at[a][0],
			       sizes[s]);
			memcpy(im->two + at[a][1], im->src + at[a][0],
			       sizes[s]);
			after(f, &p, im);
			fix_random(f, 1, p.one, BYTES, (uint32_t)a);
			fix_random(f, 1, p.two, BYTES, (uint32_t)a + 9);
		}
	}
	assert_true(ats_disable ? !f->translated : !f->untranslated);
	fix_destroy(f);
}

static void test_dsa_dualcast_any_alignment_copies_twice(void **state)
{
	(void)state;
	dualcasts(false);
}

static void test_dsa_dualcast_ats_disabled_copies_twice(void **state)
{
	(void)state;
	dualcasts(true);
}

static void test_dsa_dualcast_untranslated_pages_copies_twice(void **state)
{
	struct place p;
	struct fix *f = setup(&p, false);
	struct image *im = before(f, &p);
	struct dsa_desc d = dualcast(&p, 5, 4090, 70000);

	(void)state;
	f->untranslated_only = true;
	expect(f, &d, DSA_COMP_SUCCESS);
	memcpy(im->one + 4090, im->src + 5, 70000);
	memcpy(im->two + 4090, im->src + 5, 70000);
	after(f, &p, im);
	assert_int_equal(f->translated, 0);
	fix_destroy(f);
}

/* A small cache that forgets: three lookups get together all the same. */
static void test_dsa_dualcast_eager_cache_copies_twice(void **state)
{
	struct dsa_hw_cfg cfg;
	struct place p;
	struct fix *f;
	struct image *im;
	struct dsa_desc d;

	(void)state;
	dsa_hw_cfg_default(&cfg);
	cfg.personality = HW_EAGER;
	cfg.atc_lg2 = 4;
	f = setup_cfg(&p, &cfg, false);
	im = before(f, &p);
	d = dualcast(&p, 5, 4090, 70000);
	expect(f, &d, DSA_COMP_SUCCESS);
	memcpy(im->one + 4090, im->src + 5, 70000);
	memcpy(im->two + 4090, im->src + 5, 70000);
	after(f, &p, im);
	fix_destroy(f);
}

/* One wrong bit or number each; nothing is written. */
static void test_dsa_dualcast_bad_descriptors_refused(void **state)
{
	struct place p;
	struct fix *f = setup(&p, false);
	const struct {
		unsigned int word;
		uint64_t flip;
		unsigned int status;
	} table[] = {
		{ 0, BIT(32), DSA_COMP_INVALID_FLAGS },
		{ 0, BIT(38), DSA_COMP_INVALID_FLAGS },
		{ 0, BIT(39), DSA_COMP_INVALID_FLAGS },
		{ 0, BIT(46), DSA_COMP_INVALID_FLAGS },
		{ 0, BIT(49), DSA_COMP_INVALID_FLAGS },
		{ 4, BIT(48), DSA_COMP_RESERVED_FIELD },
		{ 6, 1, DSA_COMP_RESERVED_FIELD },
		{ 7, BIT(63), DSA_COMP_RESERVED_FIELD },
		{ 4, 64, DSA_COMP_INVALID_SIZE },
		{ 5, 1, DSA_COMP_DUALCAST_ALIGN },
		{ 5, 2048, DSA_COMP_DUALCAST_ALIGN },
		{ 3, 4, DSA_COMP_DUALCAST_ALIGN },
	};
	struct image *im = before(f, &p);
	struct dsa_desc d;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		d = dualcast(&p, 0, 0, 64);
		d.dw[table[i].word] ^= table[i].flip;
		expect(f, &d, table[i].status);
	}
	/* Each pair of buffers, by one byte; around the end. */
	d = dualcast(&p, 63, 0, 64);
	FIELD_SET(DSA_DESC_DST, &d, p.src);
	expect(f, &d, DSA_COMP_OVERLAP_BUFFERS);
	d = dualcast(&p, 0, 63, 64);
	FIELD_SET(DSA_DESC_DUALCAST_DST2, &d, p.src + 63);
	expect(f, &d, DSA_COMP_OVERLAP_BUFFERS);
	d = dualcast(&p, 0, 0, FIX_PAGE + 1);
	FIELD_SET(DSA_DESC_DUALCAST_DST2, &d, p.one + FIX_PAGE);
	expect(f, &d, DSA_COMP_OVERLAP_BUFFERS);
	d = dualcast(&p, 0, 0, FIX_PAGE + 1);
	FIELD_SET(DSA_DESC_DUALCAST_DST2, &d, align_down(UINT64_MAX, FIX_PAGE));
	expect(f, &d, DSA_COMP_INVALID_SIZE);
	after(f, &p, im);

	/* And what is no overlap, and flags that it has. */
	im = before(f, &p);
	d = dualcast(&p, 0, 0, FIX_PAGE);
	FIELD_SET(DSA_DESC_DUALCAST_DST2, &d, p.one + FIX_PAGE);
	d.dw[0] |= BIT(40) | BIT(41) | BIT(42) | BIT(43) | BIT(45) | BIT(48);
	expect(f, &d, DSA_COMP_SUCCESS);
	memcpy(im->one, im->src, FIX_PAGE);
	memcpy(im->one + FIX_PAGE, im->src, FIX_PAGE);
	after(f, &p, im);
	fix_destroy(f);
}

/* Each of the three buffers loses a page. */
static void test_dsa_dualcast_fault_without_bof_partial(void **state)
{
	struct place p;
	struct fix *f = setup(&p, false);
	struct dsa_desc d = dualcast(&p, 0, 100, 10 * FIX_PAGE);
	unsigned char src[BYTES], got[BYTES];

	(void)state;
	fix_get(f, 1, p.src, src, BYTES);
	fix_forbid(f, 1, p.src + 5 * FIX_PAGE, 1, true);
	expect_fault(f, &d, DSA_COMP_PAGE_FAULT_NOBOF, 5 * FIX_PAGE,
		     p.src + 5 * FIX_PAGE, false);
	fix_forbid(f, 1, p.one + 4 * FIX_PAGE, 1, true);
	expect_fault(f, &d, DSA_COMP_PAGE_FAULT_NOBOF, 4 * FIX_PAGE - 100,
		     p.one + 4 * FIX_PAGE, true);
	fix_forbid(f, 1, p.two + 3 * FIX_PAGE, 1, true);
	fix_random(f, 1, p.one, BYTES, 4);
	expect_fault(f, &d, DSA_COMP_PAGE_FAULT_NOBOF, 3 * FIX_PAGE - 100,
		     p.two + 3 * FIX_PAGE, true);
	fix_get(f, 1, p.one, got, BYTES);
	assert_memory_equal(got + 100, src, 3 * FIX_PAGE - 100);
	fix_get(f, 1, p.two, got, BYTES);
	assert_memory_equal(got + 100, src, 3 * FIX_PAGE - 100);
	assert_int_equal(f->groups, 0);
	fix_destroy(f);
}

static void test_dsa_dualcast_block_on_fault_gets_pages(void **state)
{
	struct place p;
	struct fix *f = setup(&p, false);
	struct dsa_desc d = dualcast(&p, 0, 100, 18 * FIX_PAGE);
	struct image *im = before(f, &p);

	(void)state;
	FIELD_SET(DSA_DESC_BOF, &d, 1);
	fix_forbid(f, 1, p.src, PAGES, false);
	fix_forbid(f, 1, p.one, PAGES, false);
	fix_forbid(f, 1, p.two, PAGES, false);
	expect(f, &d, DSA_COMP_SUCCESS);
	memcpy(im->one + 100, im->src, 18 * FIX_PAGE);
	memcpy(im->two + 100, im->src, 18 * FIX_PAGE);
	after(f, &p, im);
	assert_int_equal(f->largest_group, 16);

	fix_forbid(f, 1, p.two + 2 * FIX_PAGE, 1, true);
	fix_page(f, 1, p.two + 2 * FIX_PAGE)->may = IOMMU_PERM_READ;
	expect_fault(f, &d, DSA_COMP_PAGE_FAULT_IR, 2 * FIX_PAGE - 100,
		     p.two + 2 * FIX_PAGE, true);
	fix_destroy(f);
}

static void flushes(bool ats_disable)
{
	static const size_t sizes[] = { 1, 8, 4095, 4096, 4097, 70000 };
	struct place p;
	struct fix *f = setup(&p, ats_disable);
	struct image *im = before(f, &p);
	size_t s;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct dsa_desc d = flush(&p, 4091, sizes[s]);

		expect(f, &d, DSA_COMP_SUCCESS);
	}
	after(f, &p, im);
	assert_true(ats_disable ? !f->translated : !f->untranslated);
	fix_destroy(f);
}

static void test_dsa_flush_changes_nothing(void **state)
{
	(void)state;
	flushes(false);
}

static void test_dsa_flush_ats_disabled_changes_nothing(void **state)
{
	(void)state;
	flushes(true);
}

static void test_dsa_flush_bad_descriptors_refused(void **state)
{
	static const struct {
		unsigned int word;
		uint64_t flip;
		unsigned int status;
	} table[] = {
		{ 0, BIT(39), DSA_COMP_INVALID_FLAGS },
		/* GENCAP has no cache control for flushes. */
		{ 0, BIT(40), DSA_COMP_INVALID_FLAGS },
		{ 0, BIT(41), DSA_COMP_INVALID_FLAGS },
		{ 0, BIT(43), DSA_COMP_INVALID_FLAGS },
		{ 0, BIT(48), DSA_COMP_INVALID_FLAGS },
		{ 2, 1, DSA_COMP_RESERVED_FIELD },
		{ 5, 1, DSA_COMP_RESERVED_FIELD },
		{ 6, 1, DSA_COMP_RESERVED_FIELD },
		{ 7, 1, DSA_COMP_RESERVED_FIELD },
		{ 4, 64, DSA_COMP_INVALID_SIZE },
		{ 0, BIT(33), DSA_COMP_SUCCESS },
		{ 0, BIT(42), DSA_COMP_SUCCESS },
		{ 0, BIT(45), DSA_COMP_SUCCESS },
	};
	struct place p;
	struct fix *f = setup(&p, false);
	struct dsa_desc d;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		d = flush(&p, 0, 64);
		d.dw[table[i].word] ^= table[i].flip;
		expect(f, &d, table[i].status);
	}
	d = flush(&p, 0, 64);
	FIELD_SET(DSA_DESC_DST, &d, UINT64_MAX - 62);
	expect(f, &d, DSA_COMP_INVALID_SIZE);
	fix_destroy(f);
}

/* Reading must be allowed, and no more. */
static void flush_faults(bool ats_disable)
{
	struct place p;
	struct fix *f = setup(&p, ats_disable);
	struct dsa_desc d = flush(&p, 100, 10 * FIX_PAGE);

	fix_page(f, 1, p.one + FIX_PAGE)->perm = IOMMU_PERM_READ;
	fix_forbid(f, 1, p.one + 3 * FIX_PAGE, 1, true);
	expect_fault(f, &d, DSA_COMP_PAGE_FAULT_NOBOF, 3 * FIX_PAGE - 100,
		     p.one + 3 * FIX_PAGE, false);
	assert_int_equal(f->groups, 0);
	fix_destroy(f);
}

static void test_dsa_flush_fault_without_bof_partial(void **state)
{
	(void)state;
	flush_faults(false);
	flush_faults(true);
}

static void test_dsa_flush_block_on_fault_gets_pages(void **state)
{
	struct place p;
	struct fix *f = setup(&p, false);
	struct dsa_desc d = flush(&p, 100, 10 * FIX_PAGE);

	(void)state;
	FIELD_SET(DSA_DESC_BOF, &d, 1);
	fix_forbid(f, 1, p.one, PAGES, false);
	expect(f, &d, DSA_COMP_SUCCESS);
	assert_int_equal(f->groups, 1);
	fix_forbid(f, 1, p.one + FIX_PAGE, 1, true);
	fix_page(f, 1, p.one + FIX_PAGE)->may = 0;
	expect_fault(f, &d, DSA_COMP_PAGE_FAULT_IR, FIX_PAGE - 100,
		     p.one + FIX_PAGE, false);
	fix_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_dualcast_any_alignment_copies_twice),
		cmocka_unit_test(test_dsa_dualcast_ats_disabled_copies_twice),
		cmocka_unit_test(
			test_dsa_dualcast_untranslated_pages_copies_twice),
		cmocka_unit_test(test_dsa_dualcast_eager_cache_copies_twice),
		cmocka_unit_test(test_dsa_dualcast_bad_descriptors_refused),
		cmocka_unit_test(test_dsa_dualcast_fault_without_bof_partial),
		cmocka_unit_test(test_dsa_dualcast_block_on_fault_gets_pages),
		cmocka_unit_test(test_dsa_flush_changes_nothing),
		cmocka_unit_test(test_dsa_flush_ats_disabled_changes_nothing),
		cmocka_unit_test(test_dsa_flush_bad_descriptors_refused),
		cmocka_unit_test(test_dsa_flush_fault_without_bof_partial),
		cmocka_unit_test(test_dsa_flush_block_on_fault_gets_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
