/* SPDX-License-Identifier: MIT */
/*
 * What pgtable/x86_64 puts into an entry, with numbers instead of the names of
 * fmt/. What it shares with vtdss is in pt512_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "pgtable/x86_64.h"
#include "tests/support/testplat.h"

#define RO ((unsigned int)IOMMU_PERM_READ)
#define RW (RO | IOMMU_PERM_WRITE)
#define NX (UINT64_C(1) << 63)

static const struct x86_64_cfg plain = {
	.levels = 4,
	.pa_bits = 52,
	.sizes = PT512_SIZES,
};

static void start(struct testplat *tp, struct x86_64 *t,
		  const struct x86_64_cfg *cfg)
{
	struct x86_64_cfg c = *cfg;

	testplat_init(tp);
	c.plat = &tp->plat;
	assert_int_equal(x86_64_init(t, &c), 0);
}

static void stop(struct testplat *tp, struct x86_64 *t)
{
	x86_64_fini(t);
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

/* SDM volume 3, tables 4-15 to 4-20. */
static void test_x86_64_page_has_the_bits_of_the_manual(void **state)
{
	static const struct {
		unsigned int perm, flags;
		bool hw_ad, no_nx;
		uint64_t want; /* without the address */
	} rows[] = {
		/* P 0, R/W 1, U/S 2, PWT 3, PCD 4, A 5, D 6, PS 7, XD 63 */
		{ RO, 0, false, false, NX | 0x25 },
		{ RW, 0, false, false, NX | 0x67 },
		{ IOMMU_PERM_WRITE, 0, false, false, NX | 0x67 },
		{ RW | IOMMU_PERM_EXEC, 0, false, false, 0x67 },
		{ RO | IOMMU_PERM_EXEC, 0, false, false, 0x25 },
		{ RO | IOMMU_PERM_PRIV, 0, false, false, NX | 0x21 },
		{ RW | IOMMU_PERM_PRIV, 0, false, false, NX | 0x63 },
		{ RW, X86_64_ATTR_WT, false, false, NX | 0x6f },
		{ RW, X86_64_ATTR_UC_MINUS, false, false, NX | 0x77 },
		{ RW, X86_64_ATTR_UC, false, false, NX | 0x7f },
		{ RW, X86_64_CLEAN, false, false, NX | 0x27 },
		{ RO, X86_64_CLEAN, false, false, NX | 0x25 },
		{ RW, 0, true, false, NX | 0x07 },
		{ RO, 0, true, false, NX | 0x05 },
		{ RW, 0, false, true, 0x67 },
		{ RO, 0, false, true, 0x25 },
	};
	const uint64_t va = 0x7f1234567000, pa = 0xfabcdef123000;
	struct testplat tp;
	struct x86_64 t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct x86_64_cfg cfg = plain;
		uint64_t e, table = rows[i].hw_ad ? 0x07 : 0x27;

		cfg.hw_ad = rows[i].hw_ad;
		cfg.no_nx = rows[i].no_nx;
		start(&tp, &t, &cfg);
		assert_int_equal(x86_64_map(&t, va, pa, 4096, rows[i].perm,
					    rows[i].flags),
				 0);
		e = at(x86_64_root_pa(&t), 0xfe);
		assert_int_equal(e & NX, 0);
		assert_int_equal(e & 0xfff, table);
		e = at(e, 0x48);
		assert_int_equal(e & 0xfff, table);
		e = at(e, 0x1a2);
		assert_int_equal(e & 0xfff, table);
		assert_int_equal(at(e, 0x167), rows[i].want | pa);
		stop(&tp, &t);
	}
}

static void test_x86_64_large_pages_have_the_bits_of_the_manual(void **state)
{
	const uint64_t gb = UINT64_C(1) << 30, mb2 = UINT64_C(2) << 20;
	struct testplat tp;
	struct x86_64 t;
	uint64_t e;

	(void)state;
	start(&tp, &t, &plain);
	assert_int_equal(x86_64_map(&t, gb, 7 * gb, gb + mb2, RW, 0), 0);
	e = at(x86_64_root_pa(&t), 0);
	assert_int_equal(at(e, 1), NX | 0xe7 | 7 * gb);
	assert_int_equal(at(at(e, 2), 0), NX | 0xe7 | 8 * gb);
	stop(&tp, &t);
}

/* What was asked for is what is found, U/S among it. */
static void test_x86_64_walk_tells_permissions(void **state)
{
	static const unsigned int perms[] = {
		RO,
		RW,
		RO | IOMMU_PERM_EXEC,
		RW | IOMMU_PERM_EXEC,
		RO | IOMMU_PERM_PRIV,
		RW | IOMMU_PERM_PRIV,
		RW | IOMMU_PERM_PRIV | IOMMU_PERM_EXEC,
	};
	struct x86_64_leaf leaf;
	struct testplat tp;
	struct x86_64 t;
	size_t i;

	(void)state;
	start(&tp, &t, &plain);
	for (i = 0; i < sizeof(perms) / sizeof(perms[0]); i++) {
		assert_int_equal(
			x86_64_map(&t, i << 12, 0x5000, 4096, perms[i], 0), 0);
		assert_int_equal(x86_64_walk(&t, i << 12, &leaf), 0);
		assert_int_equal(leaf.perm, perms[i]);
	}
	stop(&tp, &t);
}

/* Five levels reach 57 bits, the upper half is at the end of the root. */
static void test_x86_64_levels_and_halves(void **state)
{
	struct x86_64_cfg cfg = plain;
	struct x86_64_leaf leaf;
	struct testplat tp;
	struct x86_64 t;
	size_t n;

	(void)state;
	cfg.levels = 5;
	start(&tp, &t, &cfg);
	assert_int_equal(x86_64_set(&t, 0x00f0000000000000, 0x1000, RO), 0);
	assert_int_equal(at(x86_64_root_pa(&t), 0xf0) & 0xfff, 0x27);
	assert_int_equal(x86_64_set(&t, 0xfff0000000000000, 0x2000, RO), 0);
	assert_int_equal(at(x86_64_root_pa(&t), 0x1f0) & 0xfff, 0x27);
	assert_int_equal(x86_64_set(&t, 0x0100000000000000, 0, RO), -EINVAL);
	assert_int_equal(x86_64_set(&t, 0xfe00000000000000, 0, RO), -EINVAL);
	assert_int_equal(x86_64_walk(&t, 0xfff0000000000fff, &leaf), 0);
	assert_int_equal(leaf.va, 0xfff0000000000000);
	assert_int_equal(leaf.pa, 0x2000);
	stop(&tp, &t);

	start(&tp, &t, &plain);
	assert_int_equal(x86_64_set(&t, 0x7ffffffff000, 0x1000, RO), 0);
	assert_int_equal(x86_64_set(&t, 0xffff800000000000, 0x2000, RO), 0);
	assert_int_equal(x86_64_set(&t, -UINT64_C(4096), 0x3000, RO), 0);
	assert_int_equal(at(x86_64_root_pa(&t), 0xff) & 0xfff, 0x27);
	assert_int_equal(at(x86_64_root_pa(&t), 0x100) & 0xfff, 0x27);
	assert_int_equal(at(x86_64_root_pa(&t), 0x1ff) & 0xfff, 0x27);
	/* The same bits below, and not canonical. */
	assert_int_equal(x86_64_walk(&t, 0x800000000000, &leaf), -ENOENT);
	assert_int_equal(x86_64_next(&t, 0x800000000000, &leaf), 0);
	assert_int_equal(leaf.va, 0xffff800000000000);
	/* No range lies in both halves. */
	assert_int_equal(x86_64_map(&t, 0x7fffffffe000, 0, 0x4000, RO, 0),
			 -EINVAL);
	x86_64_clear(&t, 0x800000000000, 0xffff800000000000, &n);
	assert_int_equal(n, 0);
	x86_64_clear(&t, 0x7fffffffffff, 0xffff800000000001, &n);
	assert_int_equal(n, 2);
	x86_64_clear(&t, 0, UINT64_MAX, &n);
	assert_int_equal(n, 1);
	stop(&tp, &t);
}

static void test_x86_64_sizes_are_those_of_the_table(void **state)
{
	const uint64_t gb = UINT64_C(1) << 30;
	struct x86_64_cfg cfg = plain;
	struct x86_64_leaf leaf;
	struct testplat tp;
	struct x86_64 t;

	(void)state;
	cfg.sizes = BIT(12) | BIT(21);
	start(&tp, &t, &cfg);
	assert_int_equal(x86_64_map(&t, 0, 0, gb, RW, 0), 0);
	assert_int_equal(x86_64_walk(&t, gb - 1, &leaf), 0);
	assert_int_equal(leaf.size_lg2, 21);
	stop(&tp, &t);
	cfg.sizes = BIT(12) | BIT(30);
	start(&tp, &t, &cfg);
	assert_int_equal(x86_64_map(&t, 0, 0, gb + (2 << 20), RW, 0), 0);
	assert_int_equal(x86_64_walk(&t, gb - 1, &leaf), 0);
	assert_int_equal(leaf.size_lg2, 30);
	assert_int_equal(x86_64_walk(&t, gb, &leaf), 0);
	assert_int_equal(leaf.size_lg2, 12);
	stop(&tp, &t);
}

static void test_x86_64_bad_shapes_are_refused(void **state)
{
	struct x86_64_cfg cfg = plain;
	struct testplat tp;
	struct x86_64 t;

	(void)state;
	testplat_init(&tp);
	assert_int_equal(x86_64_init(&t, &cfg), -EINVAL);
	cfg.plat = &tp.plat;
	for (cfg.levels = 0; cfg.levels < 8; cfg.levels++)
		if (cfg.levels != 4 && cfg.levels != 5)
			assert_int_equal(x86_64_init(&t, &cfg), -EINVAL);
	cfg.levels = 4;
	cfg.pa_bits = 53;
	assert_int_equal(x86_64_init(&t, &cfg), -EINVAL);
	cfg.pa_bits = 31;
	assert_int_equal(x86_64_init(&t, &cfg), -EINVAL);
	cfg.pa_bits = 52;
	cfg.sizes = BIT(21);
	assert_int_equal(x86_64_init(&t, &cfg), -EINVAL);
	cfg.sizes = BIT(12) | BIT(39);
	assert_int_equal(x86_64_init(&t, &cfg), -EINVAL);
	cfg.sizes = BIT(12);
	testplat_fail_nth(&tp, 1);
	assert_int_equal(x86_64_init(&t, &cfg), -ENOMEM);
	testplat_fini(&tp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x86_64_page_has_the_bits_of_the_manual),
		cmocka_unit_test(
			test_x86_64_large_pages_have_the_bits_of_the_manual),
		cmocka_unit_test(test_x86_64_walk_tells_permissions),
		cmocka_unit_test(test_x86_64_levels_and_halves),
		cmocka_unit_test(test_x86_64_sizes_are_those_of_the_table),
		cmocka_unit_test(test_x86_64_bad_shapes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
