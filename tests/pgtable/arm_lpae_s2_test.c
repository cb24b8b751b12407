/* SPDX-License-Identifier: MIT */
/*
 * Stage 2 of pgtable/arm_lpae against a walker and descriptors written from
 * DDI 0487, D8.2.2 and table D8-53, with numbers instead of the names of fmt/.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "pgtable/arm_lpae.h"
#include "tests/support/random.h"
#include "tests/support/testplat.h"

#define RO ((unsigned int)IOMMU_PERM_READ)
#define WO ((unsigned int)IOMMU_PERM_WRITE)
#define RW (RO | WO)
#define X  ((unsigned int)IOMMU_PERM_EXEC)

struct fixture {
	struct testplat tp;
	struct arm_lpae t;
};

static void start(struct fixture *f, unsigned int ipa_bits, unsigned int g)
{
	struct arm_lpae_cfg cfg = {
		.plat = &f->tp.plat,
		.va_bits = ipa_bits,
		.pa_bits = 48,
		.granule_lg2 = g,
		.stage2 = true,
	};

	testplat_init(&f->tp);
	assert_int_equal(arm_lpae_init(&f->t, &cfg), 0);
}

static void stop(struct fixture *f)
{
	arm_lpae_fini(&f->t);
	testplat_fini(&f->tp);
}

/* D8.2.2: the level the walk begins with, and the tables side by side. */
static const struct first {
	unsigned int g, ipa_bits;
	int level;
	unsigned int tables;
} firsts[] = {
	{ 12, 48, 0, 1 },  { 12, 44, 0, 1 }, { 12, 43, 1, 16 },
	{ 12, 40, 1, 2 },  { 12, 39, 1, 1 }, { 12, 36, 1, 1 },
	{ 12, 34, 2, 16 }, { 12, 32, 2, 4 }, { 14, 48, 1, 2 },
	{ 14, 47, 1, 1 },  { 14, 42, 1, 1 }, { 14, 40, 2, 16 },
	{ 14, 36, 2, 1 },  { 14, 32, 2, 1 }, { 16, 48, 1, 1 },
	{ 16, 46, 2, 16 }, { 16, 44, 2, 4 }, { 16, 42, 2, 1 },
	{ 16, 36, 2, 1 },  { 16, 32, 3, 8 },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The descriptor of an IPA as raw bits, with plain arithmetic; 0: none. */
static uint64_t raw_walk(const struct fixture *f, const struct first *first,
			 uint64_t ipa, unsigned int *ret_lg2)
{
	unsigned int bits = first->g - 3;
	uint64_t table = arm_lpae_root_pa(&f->t);
	uint64_t pte;
	int l;

	for (l = first->level; l <= 3; l++) {
		unsigned int lg2 = first->g + (unsigned int)(3 - l) * bits;
		uint64_t i = ipa >> lg2;

		/* The first index reaches over all the tables. */
		if (l != first->level)
			i &= (UINT64_C(1) << bits) - 1;
		memcpy(&pte, (char *)(uintptr_t)table + 8 * i, 8);
		if (!(pte & 1))
			return 0;
		if (l == 3 || !(pte & 2)) {
			*ret_lg2 = lg2;
			return pte;
		}
		table = pte & 0xfffffffff000 & ~((UINT64_C(1) << first->g) - 1);
	}
	return 0;
}

static void test_arm_lpae_s2_page_has_the_bits_of_the_manual(void **state)
{
	static const struct {
		unsigned int perm, flags;
		uint64_t want; /* without the address */
	} rows[] = {
		/* AF, SH=ISH, S2AP, MemAttr, type; XN at 54:53 */
		{ RW, 0, 0x400000000007ff },
		{ RO, 0, 0x4000000000077f },
		{ WO, 0, 0x400000000007bf },
		{ RW | X, 0, 0x7ff },
		{ RO | X, 0, 0x77f },
		{ RW, ARM_LPAE_ATTR_DEVICE, 0x400000000007c7 },
		{ RW, ARM_LPAE_ATTR_NC, 0x400000000007d7 },
		/* S2AP[1] taken away, DBM at 51 */
		{ RW, ARM_LPAE_CLEAN, 0x4800000000077f },
		{ RO, ARM_LPAE_CLEAN, 0x4000000000077f },
	};
	static const struct first first = { 12, 48, 0, 1 };
	const uint64_t ipa = 0x7f1234567000, pa = 0xabcdef123000;
	struct arm_lpae_leaf leaf;
	struct fixture f;
	unsigned int lg2 = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		unsigned int flags = rows[i].flags;

		start(&f, 48, 12);
		assert_int_equal(arm_lpae_map(&f.t, ipa, pa, 4096, rows[i].perm,
					      flags),
				 0);
		assert_int_equal(raw_walk(&f, &first, ipa, &lg2),
				 rows[i].want | pa);
		assert_int_equal(lg2, 12);
		assert_int_equal(arm_lpae_walk(&f.t, ipa + 5, &leaf), 0);
		assert_int_equal(leaf.pa, pa);
		assert_int_equal(leaf.perm, rows[i].perm);
		assert_int_equal(leaf.attr, flags & ARM_LPAE_ATTR_MASK);
		assert_true(leaf.accessed);
		assert_int_equal(leaf.dirty, rows[i].perm & WO &&
						     !(flags & ARM_LPAE_CLEAN));
		stop(&f);
	}
}

/* A page in each corner of each shape, and the largest block in the middle. */
static void test_arm_lpae_s2_start_is_concatenated(void **state)
{
	struct arm_lpae_leaf leaf;
	struct fixture f;
	unsigned int lg2 = 0, block;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(firsts); i++) {
		const struct first *w = &firsts[i];
		uint64_t page = UINT64_C(1) << w->g, top, size, mid;

		top = (UINT64_C(1) << w->ipa_bits) - page;
		start(&f, w->ipa_bits, w->g);
		assert_int_equal(arm_lpae_start_level(&f.t), w->level);
		/* All of them side by side, aligned to their size. */
		size = w->tables * page;
		assert_true(w->tables == 1 ||
			    arm_lpae_root_pa(&f.t) % size == 0);
		assert_int_equal(arm_lpae_map(&f.t, 0, page, page, RW, 0), 0);
		assert_int_equal(arm_lpae_map(&f.t, top, 2 * page, page, RO, 0),
				 0);
		assert_int_equal(raw_walk(&f, w, 0, &lg2) & 0xfffffffff000,
				 page);
		assert_int_equal(raw_walk(&f, w, top, &lg2) & 0xfffffffff000,
				 2 * page);
		assert_int_equal(raw_walk(&f, w, page, &lg2), 0);
		assert_int_equal(arm_lpae_walk(&f.t, top, &leaf), 0);
		assert_int_equal(leaf.pa, 2 * page);
		assert_int_equal(arm_lpae_next(&f.t, page, &leaf), 0);
		assert_int_equal(leaf.va, top);

		block = w->g == 12 ? 30 : w->g == 14 ? 25 : 29;
		mid = UINT64_C(1) << (w->ipa_bits - 1);
		size = UINT64_C(1) << block;
		/* A level that the walk begins behind has no blocks. */
		if (w->level == 2 && w->g == 12)
			block = 21;
		if (w->level == 3)
			block = w->g;
		assert_int_equal(arm_lpae_map(&f.t, mid, size, size, RW, 0), 0);
		assert_int_equal(raw_walk(&f, w, mid, &lg2) & 0xfffffffff000,
				 size);
		assert_int_equal(lg2, block);
		stop(&f);
	}
}

static void test_arm_lpae_s2_what_it_lacks_is_refused(void **state)
{
	struct arm_lpae_leaf leaf;
	struct fixture f;

	(void)state;
	start(&f, 40, 12);
	assert_int_equal(arm_lpae_map(&f.t, 0, 0, 4096, RW | IOMMU_PERM_PRIV,
				      0),
			 -EINVAL);
	assert_int_equal(arm_lpae_set(&f.t, 0, 0, RW | IOMMU_PERM_PRIV),
			 -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, 0, 0, 4096, RW, 3), -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, 0, 0, 4096, X, 0), -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, UINT64_C(1) << 40, 0, 4096, RW, 0),
			 -EINVAL);
	assert_int_equal(arm_lpae_next(&f.t, 0, &leaf), -ENOENT);
	stop(&f);
}

/* Map, unmap and split in all shapes, against an array of pages. */
static void test_arm_lpae_s2_random_operations_agree(void **state)
{
	enum { PAGES = 4096, ROUNDS = 400 };
	static uint64_t want[PAGES];
	uint64_t seed = 0x52, r, bytes, base, page;
	struct arm_lpae_leaf leaf;
	unsigned int first, n, k;
	struct fixture f;
	size_t i, round;
	bool taken;
	int err;

	(void)state;
	for (i = 0; i < COUNT(firsts); i++) {
		memset(want, 0, sizeof(want));
		start(&f, firsts[i].ipa_bits, firsts[i].g);
		page = UINT64_C(1) << firsts[i].g;
		/* The middle is where two of the first tables meet. */
		base = (UINT64_C(1) << (firsts[i].ipa_bits - 1)) -
		       PAGES / 2 * page;
		for (round = 0; round < ROUNDS; round++) {
			r = next_random(&seed);
			first = (unsigned int)(r % PAGES);
			n = 1 + (unsigned int)(r >> 20) % 700;
			n = n < PAGES - first ? n : PAGES - first;
			if (r >> 40 & 1) {
				for (taken = false, k = first; k < first + n;
				     k++)
					taken |= want[k] != 0;
				err = arm_lpae_map(&f.t, base + first * page,
						   (1 + first) * page, n * page,
						   RW, 0);
				assert_int_equal(err, taken ? -EEXIST : 0);
				for (k = first; !err && k < first + n; k++)
					want[k] = (1 + k) * page;
				continue;
			}
			assert_int_equal(
				arm_lpae_split(&f.t, base + first * page), 0);
			assert_int_equal(
				arm_lpae_split(&f.t, base + (first + n) * page),
				0);
			assert_int_equal(arm_lpae_unmap(&f.t,
							base + first * page,
							n * page, &bytes),
					 0);
			for (k = first; k < first + n; k++) {
				bytes -= want[k] ? page : 0;
				want[k] = 0;
			}
			assert_int_equal(bytes, 0);
		}
		for (k = 0; k < PAGES; k++) {
			err = arm_lpae_walk(&f.t, base + k * page, &leaf);
			assert_int_equal(err, want[k] ? 0 : -ENOENT);
			if (!err)
				assert_int_equal(
					leaf.pa + (base + k * page - leaf.va),
					want[k]);
		}
		stop(&f);
	}
}

static void found(void *arg, uint64_t ipa, unsigned int size_lg2)
{
	uint64_t *sum = arg;

	*sum += ipa + size_lg2;
}

/* What is dirty can be written, S2AP[1]; made clean, it can with DBM. */
static void test_arm_lpae_s2_dirty_is_write_permission(void **state)
{
	static const struct first first = { 12, 48, 0, 1 };
	struct fixture f;
	unsigned int lg2;
	uint64_t sum = 0;

	(void)state;
	start(&f, 48, 12);
	assert_int_equal(arm_lpae_map(&f.t, 0x1000, 0x1000, 4096, RO, 0), 0);
	assert_int_equal(arm_lpae_map(&f.t, 0x2000, 0x2000, 4096, RW, 0), 0);
	assert_int_equal(arm_lpae_map(&f.t, 0x3000, 0x3000, 4096, RW,
				      ARM_LPAE_CLEAN),
			 0);
	assert_int_equal(arm_lpae_map(&f.t, 0x4000, 0x4000, 4096, WO, 0), 0);
	assert_int_equal(arm_lpae_read_dirty(&f.t, 0, UINT64_MAX,
					     ARM_LPAE_DIRTY_CLEAR, found, &sum),
			 0);
	assert_int_equal(sum, 0x2000 + 12 + 0x4000 + 12);
	assert_int_equal(raw_walk(&f, &first, 0x1000, &lg2), 0x4000000000177f);
	assert_int_equal(raw_walk(&f, &first, 0x2000, &lg2), 0x4800000000277f);
	assert_int_equal(raw_walk(&f, &first, 0x3000, &lg2), 0x4800000000377f);
	assert_int_equal(raw_walk(&f, &first, 0x4000, &lg2), 0x4800000000473f);
	sum = 0;
	assert_int_equal(
		arm_lpae_read_dirty(&f.t, 0, UINT64_MAX, 0, found, &sum), 0);
	assert_int_equal(sum, 0);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_arm_lpae_s2_page_has_the_bits_of_the_manual),
		cmocka_unit_test(test_arm_lpae_s2_start_is_concatenated),
		cmocka_unit_test(test_arm_lpae_s2_what_it_lacks_is_refused),
		cmocka_unit_test(test_arm_lpae_s2_dirty_is_write_permission),
		cmocka_unit_test(test_arm_lpae_s2_random_operations_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
