/* SPDX-License-Identifier: MIT */
/*
 * What pgtable/vtdss puts into an entry, with numbers instead of the names of
 * fmt/. What it shares with x86_64 is in pt512_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "pgtable/vtdss.h"
#include "tests/support/testplat.h"

#define RO ((unsigned int)IOMMU_PERM_READ)
#define WO ((unsigned int)IOMMU_PERM_WRITE)
#define RW (RO | WO)

static const struct vtdss_cfg plain = {
	.levels = 3,
	.va_bits = 39,
	.pa_bits = 52,
	.sizes = PT512_SIZES,
	.hw_ad = true,
};

static void start(struct testplat *tp, struct vtdss *t,
		  const struct vtdss_cfg *cfg)
{
	struct vtdss_cfg c = *cfg;

	testplat_init(tp);
	c.plat = &tp->plat;
	assert_int_equal(vtdss_init(t, &c), 0);
}

static void stop(struct testplat *tp, struct vtdss *t)
{
	vtdss_fini(t);
	testplat_fini(tp);
}

/* Entry number index of the table at pa. */
static uint64_t at(uint64_t pa, unsigned int index)
{
	uint64_t entry;

	memcpy(&entry, (char *)(uintptr_t)(pa & 0xffffffffff000) + 8 * index,
	       8);
	return entry;
}

static void test_vtdss_page_has_the_bits_of_the_specification(void **state)
{
	static const struct {
		unsigned int perm, flags;
		bool hw_ad, snoop, exec;
		uint64_t table;
		uint64_t want; /* without the address */
	} rows[] = {
		/* R 0, W 1, X 2, PS 7, A 8, D 9, SNP 11 */
		{ RO, 0, true, false, false, 3, 1 },
		{ WO, 0, true, false, false, 3, 2 },
		{ RW, 0, true, false, false, 3, 3 },
		{ RW, 0, true, true, false, 3, 0x803 },
		{ RW, 0, true, false, true, 7, 3 },
		{ RW | IOMMU_PERM_EXEC, 0, true, false, true, 7, 7 },
		{ RO | IOMMU_PERM_EXEC, 0, true, false, true, 7, 5 },
		{ RO, 0, false, false, false, 0x103, 0x101 },
		{ RW, 0, false, false, false, 0x103, 0x303 },
		{ WO, 0, false, true, false, 0x103, 0xb02 },
		{ RW, VTDSS_CLEAN, false, false, false, 0x103, 0x103 },
	};
	const uint64_t va = 0x7234567000, pa = 0xfabcdef123000;
	struct vtdss_leaf leaf;
	struct testplat tp;
	struct vtdss t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vtdss_cfg cfg = plain;
		uint64_t e;

		cfg.hw_ad = rows[i].hw_ad;
		cfg.snoop = rows[i].snoop;
		cfg.exec = rows[i].exec;
		start(&tp, &t, &cfg);
		assert_int_equal(vtdss_map(&t, va, pa, 4096, rows[i].perm,
					   rows[i].flags),
				 0);
		e = at(vtdss_root_pa(&t), 0x1c8);
		assert_int_equal(e & 0xfff, rows[i].table);
		e = at(e, 0x1a2);
		assert_int_equal(e & 0xfff, rows[i].table);
		assert_int_equal(at(e, 0x167), rows[i].want | pa);
		assert_int_equal(vtdss_walk(&t, va, &leaf), 0);
		assert_int_equal(leaf.perm, rows[i].perm);
		assert_int_equal(leaf.snoop, rows[i].snoop);
		assert_int_equal(leaf.accessed, !rows[i].hw_ad);
		assert_int_equal(leaf.dirty, rows[i].want >> 9 & 1);
		stop(&tp, &t);
	}
}

static void test_vtdss_large_pages_have_the_bits(void **state)
{
	const uint64_t gb = UINT64_C(1) << 30, mb2 = UINT64_C(2) << 20;
	struct vtdss_cfg cfg = plain;
	struct testplat tp;
	struct vtdss t;

	(void)state;
	cfg.snoop = true;
	start(&tp, &t, &cfg);
	assert_int_equal(vtdss_map(&t, gb, 7 * gb, gb + mb2, RW, 0), 0);
	assert_int_equal(at(vtdss_root_pa(&t), 1), 0x883 | 7 * gb);
	assert_int_equal(at(at(vtdss_root_pa(&t), 2), 0), 0x883 | 8 * gb);
	stop(&tp, &t);
}

static void test_vtdss_bad_shapes_and_permissions_are_refused(void **state)
{
	struct vtdss_cfg cfg = plain;
	struct testplat tp;
	struct vtdss t;

	(void)state;
	start(&tp, &t, &plain);
	assert_int_equal(vtdss_map(&t, 0, 0, 4096, RO | IOMMU_PERM_PRIV, 0),
			 -EINVAL);
	assert_int_equal(vtdss_map(&t, 0, 0, 4096, RO | IOMMU_PERM_EXEC, 0),
			 -EINVAL);
	assert_int_equal(vtdss_set(&t, 0, 0, RO | IOMMU_PERM_EXEC), -EINVAL);
	stop(&tp, &t);

	testplat_init(&tp);
	assert_int_equal(vtdss_init(&t, &cfg), -EINVAL);
	cfg.plat = &tp.plat;
	cfg.va_bits = 40;
	assert_int_equal(vtdss_init(&t, &cfg), -EINVAL);
	cfg.va_bits = 39;
	cfg.levels = 2;
	assert_int_equal(vtdss_init(&t, &cfg), -EINVAL);
	cfg.levels = 6;
	assert_int_equal(vtdss_init(&t, &cfg), -EINVAL);
	/* Fewer address bits than the levels have: MGAW. */
	cfg.levels = 4;
	assert_int_equal(vtdss_init(&t, &cfg), 0);
	assert_int_equal(vtdss_set(&t, UINT64_C(1) << 39, 0, RW), -EINVAL);
	assert_int_equal(vtdss_set(&t, (UINT64_C(1) << 39) - 4096, 0, RW), 0);
	stop(&tp, &t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_vtdss_page_has_the_bits_of_the_specification),
		cmocka_unit_test(test_vtdss_large_pages_have_the_bits),
		cmocka_unit_test(
			test_vtdss_bad_shapes_and_permissions_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
