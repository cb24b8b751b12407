/* SPDX-License-Identifier: MIT */
/*
 * pgtable/arm_lpae against a walker and descriptors written from DDI 0487
 * alone, with numbers instead of the names of fmt/.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "pgtable/arm_lpae.h"
#include "tests/support/testplat.h"

#define RW ((unsigned int)IOMMU_PERM_READ | IOMMU_PERM_WRITE)
#define RO ((unsigned int)IOMMU_PERM_READ)

struct fixture {
	struct testplat tp;
	struct arm_lpae t;
};

static void start(struct fixture *f, unsigned int va_bits, unsigned int g)
{
	struct arm_lpae_cfg cfg = {
		.plat = &f->tp.plat,
		.va_bits = va_bits,
		.pa_bits = 48,
		.granule_lg2 = g,
	};

	testplat_init(&f->tp);
	assert_int_equal(arm_lpae_init(&f->t, &cfg), 0);
}

static void stop(struct fixture *f)
{
	arm_lpae_fini(&f->t);
	testplat_fini(&f->tp);
}

/* The descriptor of va as raw bits, found with plain arithmetic; 0: none. */
static uint64_t raw_walk(const struct fixture *f, uint64_t va, unsigned int g,
			 unsigned int va_bits, unsigned int *ret_lg2)
{
	unsigned int bits = g - 3, levels = (va_bits - g + bits - 1) / bits;
	uint64_t table = arm_lpae_root_pa(&f->t);
	unsigned int l;

	for (l = levels; l > 0; l--) {
		unsigned int lg2 = g + (l - 1) * bits;
		uint64_t index = va >> lg2;
		uint64_t pte;

		if (l != levels)
			index &= (1ull << bits) - 1;
		memcpy(&pte, (char *)(uintptr_t)table + 8 * index, 8);
		if (!(pte & 1))
			return 0;
		if (l == 1 || !(pte & 2)) {
			*ret_lg2 = lg2;
			return pte;
		}
		table = pte & 0xfffffffff000ull & ~((1ull << g) - 1);
	}
	return 0;
}

static void test_arm_lpae_page_has_the_bits_of_the_manual(void **state)
{
	static const struct {
		unsigned int perm;
		unsigned int flags;
		uint64_t want; /* without the address */
	} rows[] = {
		/* nG, AF, SH=ISH, AP, AttrIndx, type; PXN bit 53, UXN 54 */
		{ RO, 0, 0x60000000000fc3 },
		{ RW, 0, 0x60000000000f43 },
		{ IOMMU_PERM_WRITE, 0, 0x60000000000f43 },
		{ RW | IOMMU_PERM_EXEC, 0, 0x20000000000f43 },
		{ RO | IOMMU_PERM_EXEC, 0, 0x20000000000fc3 },
		{ RO | IOMMU_PERM_PRIV, 0, 0x60000000000f83 },
		{ RW | IOMMU_PERM_PRIV, 0, 0x60000000000f03 },
		{ RW | IOMMU_PERM_PRIV | IOMMU_PERM_EXEC, 0, 0x40000000000f03 },
		{ RW, ARM_LPAE_ATTR_DEVICE, 0x60000000000f47 },
		{ RW, ARM_LPAE_ATTR_NC, 0x60000000000f4b },
		{ RW, ARM_LPAE_CLEAN, 0x68000000000fc3 },
		{ RO, ARM_LPAE_CLEAN, 0x60000000000fc3 },
	};
	const uint64_t va = 0x7f1234567000, pa = 0xabcdef123000;
	struct fixture f;
	unsigned int lg2;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(&f, 48, 12);
		assert_int_equal(arm_lpae_map(&f.t, va, pa, 4096, rows[i].perm,
					      rows[i].flags),
				 0);
		assert_int_equal(raw_walk(&f, va, 12, 48, &lg2),
				 rows[i].want | pa);
		assert_int_equal(lg2, 12);
		stop(&f);
	}
}

static void test_arm_lpae_walk_gives_back_what_was_mapped(void **state)
{
	static const unsigned int perms[] = {
		RO,
		RW,
		RO | IOMMU_PERM_EXEC,
		IOMMU_PERM_RWX,
		RO | IOMMU_PERM_PRIV,
		IOMMU_PERM_RWX | IOMMU_PERM_PRIV,
	};
	struct arm_lpae_leaf leaf;
	struct fixture f;
	size_t i;

	(void)state;
	start(&f, 48, 12);
	for (i = 0; i < sizeof(perms) / sizeof(perms[0]); i++) {
		uint64_t va = 0x1000 * (i + 1);

		assert_int_equal(arm_lpae_set(&f.t, va, 0x800000000000 + va,
					      perms[i]),
				 0);
		assert_int_equal(arm_lpae_walk(&f.t, va + 0xfff, &leaf), 0);
		assert_int_equal(leaf.va, va);
		assert_int_equal(leaf.pa, 0x800000000000 + va);
		assert_int_equal(leaf.size_lg2, 12);
		assert_int_equal(leaf.perm, perms[i]);
		assert_int_equal(leaf.attr, 0);
		assert_true(leaf.accessed);
		assert_int_equal(leaf.dirty, !!(perms[i] & IOMMU_PERM_WRITE));
	}
	assert_int_equal(arm_lpae_walk(&f.t, 0, &leaf), -ENOENT);
	assert_int_equal(arm_lpae_walk(&f.t, 1ull << 48, &leaf), -ENOENT);
	assert_int_equal(arm_lpae_walk(&f.t, UINT64_MAX, &leaf), -ENOENT);
	stop(&f);
}

/* Every granule, with the largest blocks it has and a ragged head and tail. */
static void test_arm_lpae_map_uses_the_largest_blocks(void **state)
{
	static const struct {
		unsigned int granule, block, va_bits;
	} rows[] = {
		{ 12, 30, 48 }, { 12, 30, 39 }, { 12, 30, 36 }, { 14, 25, 48 },
		{ 14, 25, 47 }, { 16, 29, 48 }, { 16, 29, 42 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t page = 1ull << rows[i].granule;
		uint64_t block = 1ull << rows[i].block;
		uint64_t va = 2 * block - page, pa = 6 * block - page, a;
		uint64_t size = block + 2 * page, bytes = 0;
		struct arm_lpae_leaf leaf = { 0 }, next;
		struct fixture f;
		unsigned int lg2 = 0;

		start(&f, rows[i].va_bits, rows[i].granule);
		assert_int_equal(arm_lpae_map(&f.t, va, pa, size, RW, 0), 0);
		for (a = va; a < va + size;
		     a += leaf.size_lg2 == 0 ? page : 1ull << leaf.size_lg2) {
			assert_int_equal(arm_lpae_walk(&f.t, a, &leaf), 0);
			assert_int_equal(leaf.va, a);
			assert_int_equal(leaf.pa, pa + (a - va));
			assert_int_equal(leaf.size_lg2,
					 a == 2 * block ? rows[i].block :
							  rows[i].granule);
			assert_int_not_equal(raw_walk(&f, a, rows[i].granule,
						      rows[i].va_bits, &lg2),
					     0);
			assert_int_equal(lg2, leaf.size_lg2);
			assert_int_equal(arm_lpae_next(&f.t, a, &next), 0);
			assert_int_equal(next.va, a);
			assert_int_equal(next.size_lg2, leaf.size_lg2);
		}
		assert_int_equal(arm_lpae_walk(&f.t, va - 1, &leaf), -ENOENT);
		assert_int_equal(arm_lpae_walk(&f.t, va + size, &leaf),
				 -ENOENT);
		assert_int_equal(arm_lpae_next(&f.t, 0, &next), 0);
		assert_int_equal(next.va, va);
		assert_int_equal(arm_lpae_next(&f.t, va + size, &next),
				 -ENOENT);
		assert_int_equal(arm_lpae_next(&f.t, UINT64_MAX, &next),
				 -ENOENT);

		/* Half a block cannot go. */
		assert_int_equal(arm_lpae_unmap(&f.t, va, size / 2, &bytes),
				 -EINVAL);
		assert_int_equal(arm_lpae_unmap(&f.t, 2 * block + page,
						block - page, NULL),
				 -EINVAL);
		assert_int_equal(bytes, 0);
		assert_int_equal(arm_lpae_walk(&f.t, va, &leaf), 0);

		assert_int_equal(arm_lpae_unmap(&f.t, va, size, &bytes), 0);
		assert_int_equal(bytes, size);
		assert_int_equal(arm_lpae_walk(&f.t, 2 * block, &leaf),
				 -ENOENT);
		stop(&f);
	}
}

static void test_arm_lpae_map_conflict_leaves_all_as_it_was(void **state)
{
	struct arm_lpae_leaf leaf;
	struct fixture f;
	uint64_t a;

	(void)state;
	start(&f, 48, 12);
	assert_int_equal(arm_lpae_map(&f.t, 0x5000, 0x1000, 4096, RO, 0), 0);
	assert_int_equal(arm_lpae_map(&f.t, 0, 0x100000, 0x8000, RW, 0),
			 -EEXIST);
	for (a = 0; a < 0x8000; a += 4096) {
		int err = arm_lpae_walk(&f.t, a, &leaf);

		assert_int_equal(err, a == 0x5000 ? 0 : -ENOENT);
		if (!err)
			assert_int_equal(leaf.pa, 0x1000);
	}

	/* No block where only one of the two addresses is aligned. */
	assert_int_equal(arm_lpae_map(&f.t, 8 << 20, 0x1000, 2 << 20, RW, 0),
			 0);
	assert_int_equal(arm_lpae_walk(&f.t, 9 << 20, &leaf), 0);
	assert_int_equal(leaf.size_lg2, 12);
	assert_int_equal(leaf.pa, 0x101000);

	/* A block over pages, and pages over a block. */
	assert_int_equal(arm_lpae_map(&f.t, 0, 0, 2 << 20, RW, 0), -EEXIST);
	assert_int_equal(arm_lpae_map(&f.t, 4 << 20, 0, 2 << 20, RW, 0), 0);
	assert_int_equal(arm_lpae_map(&f.t, (4 << 20) + 4096, 0, 4096, RW, 0),
			 -EEXIST);
	assert_int_equal(arm_lpae_set(&f.t, (4 << 20) + 4096, 0, RW), -EEXIST);
	stop(&f);
}

static void test_arm_lpae_bad_arguments_are_refused(void **state)
{
	struct arm_lpae_cfg cfg = { NULL, 48, 48, 12, false };
	struct arm_lpae t;
	struct fixture f;

	(void)state;
	start(&f, 40, 12);
	assert_int_equal(arm_lpae_init(&t, &cfg), -EINVAL);
	cfg.plat = &f.tp.plat;
	cfg.granule_lg2 = 13;
	assert_int_equal(arm_lpae_init(&t, &cfg), -EINVAL);
	cfg.granule_lg2 = 12;
	cfg.va_bits = 49;
	assert_int_equal(arm_lpae_init(&t, &cfg), -EINVAL);
	cfg.va_bits = 48;
	cfg.pa_bits = 52;
	assert_int_equal(arm_lpae_init(&t, &cfg), -EINVAL);

	assert_int_equal(arm_lpae_map(&f.t, 0, 0, 0, RW, 0), -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, 1, 0, 4096, RW, 0), -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, 0, 512, 4096, RW, 0), -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, 0, 0, 4097, RW, 0), -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, 1ull << 40, 0, 4096, RW, 0),
			 -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, (1ull << 40) - 4096, 0, 8192, RW,
				      0),
			 -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, -4096ull, 0, 8192, RW, 0), -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, 0, (1ull << 48) - 4096, 8192, RW,
				      0),
			 -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, 0, 0, 4096, 0, 0), -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, 0, 0, 4096, IOMMU_PERM_EXEC, 0),
			 -EINVAL);
	assert_int_equal(arm_lpae_map(&f.t, 0, 0, 4096, 16 | RW, 0), -EINVAL);
	assert_int_equal(arm_lpae_set(&f.t, 1ull << 40, 0, RW), -EINVAL);
	assert_int_equal(arm_lpae_unmap(&f.t, 0, 0, NULL), -EINVAL);
	/* The last page of the table is one of it. */
	assert_int_equal(
		arm_lpae_map(&f.t, (1ull << 40) - 4096, 0, 4096, RW, 0), 0);
	assert_int_equal(arm_lpae_unmap(&f.t, (1ull << 40) - 4096, 4096, NULL),
			 0);
	stop(&f);
}

static void test_arm_lpae_clear_takes_leaves_and_keeps_tables(void **state)
{
	struct arm_lpae_leaf leaf;
	struct fixture f;
	size_t tables, n = 99;
	unsigned int i;
	long live;

	(void)state;
	start(&f, 48, 12);
	arm_lpae_clear(&f.t, 0, UINT64_MAX, &n);
	assert_int_equal(n, 0);

	for (i = 0; i < 100; i++)
		assert_int_equal(
			arm_lpae_set(&f.t, 0x40000000ull * i, 0x1000, RO), 0);
	tables = f.t.table_count;
	live = f.tp.live_allocations;

	/* end is exclusive */
	arm_lpae_clear(&f.t, 0x40000000, 3 * 0x40000000ull, &n);
	assert_int_equal(n, 2);
	assert_int_equal(arm_lpae_walk(&f.t, 0, &leaf), 0);
	assert_int_equal(arm_lpae_walk(&f.t, 0x40000000, &leaf), -ENOENT);
	assert_int_equal(arm_lpae_walk(&f.t, 2 * 0x40000000ull, &leaf),
			 -ENOENT);
	assert_int_equal(arm_lpae_walk(&f.t, 3 * 0x40000000ull, &leaf), 0);
	arm_lpae_clear(&f.t, 5, 5, &n);
	assert_int_equal(n, 0);
	arm_lpae_clear(&f.t, 1ull << 48, UINT64_MAX, &n);
	assert_int_equal(n, 0);
	/* one byte of a page is the page */
	arm_lpae_clear(&f.t, 0xfff, 0x1000, &n);
	assert_int_equal(n, 1);

	arm_lpae_clear(&f.t, 0, UINT64_MAX, &n);
	assert_int_equal(n, 97);
	assert_int_equal(f.t.table_count, tables);
	assert_int_equal(f.tp.live_allocations, live);
	stop(&f);
}

/* Random operations against an array. */
static void test_arm_lpae_random_operations_agree_with_an_array(void **state)
{
	enum { PAGES = 2048, BASE = 0x200000 - 100 * 4096 };
	static struct {
		uint64_t pa;
		unsigned int perm;
	} want[PAGES];
	struct arm_lpae_leaf leaf;
	struct fixture f;
	unsigned int i, j;
	uint64_t rng = 12345;

	(void)state;
	memset(want, 0, sizeof(want));
	start(&f, 48, 12);
	for (i = 0; i < 3000; i++) {
		unsigned int first, count, perm;
		uint64_t va, bytes = 0;
		bool taken = false;
		size_t n;
		int err;

		rng = rng * 6364136223846793005u + 1442695040888963407u;
		first = (unsigned int)(rng >> 33) % PAGES;
		count = 1 + (unsigned int)(rng >> 50) % 16;
		perm = rng >> 20 & 1 ? RO : RW;
		if (first + count > PAGES)
			count = PAGES - first;
		va = BASE + 4096ull * first;
		for (j = first; j < first + count; j++)
			taken |= want[j].perm;
		switch (rng >> 60 & 3) {
		case 0:
			err = arm_lpae_map(&f.t, va, va + (rng & 0xf000),
					   4096ull * count, perm, 0);
			assert_int_equal(err, taken ? -EEXIST : 0);
			for (j = first; !err && j < first + count; j++) {
				want[j].pa = va + (rng & 0xf000) +
					     4096ull * (j - first);
				want[j].perm = perm;
			}
			break;
		case 1:
			assert_int_equal(arm_lpae_unmap(&f.t, va,
							4096ull * count,
							&bytes),
					 0);
			for (j = first; j < first + count; j++) {
				bytes -= want[j].perm ? 4096 : 0;
				want[j].perm = 0;
			}
			assert_int_equal(bytes, 0);
			break;
		case 2:
			assert_int_equal(
				arm_lpae_set(&f.t, va, rng & 0xff000, perm), 0);
			want[first].pa = rng & 0xff000;
			want[first].perm = perm;
			break;
		default:
			arm_lpae_clear(&f.t, va, va + 4096ull * count, &n);
			for (j = first; j < first + count; j++) {
				n -= want[j].perm != 0;
				want[j].perm = 0;
			}
			assert_int_equal(n, 0);
			break;
		}
	}
	for (j = 0; j < PAGES; j++) {
		int err = arm_lpae_walk(&f.t, BASE + 4096ull * j, &leaf);

		assert_int_equal(err, want[j].perm ? 0 : -ENOENT);
		if (!err) {
			assert_int_equal(leaf.pa, want[j].pa);
			assert_int_equal(leaf.perm, want[j].perm);
		}
	}
	stop(&f);
}

static void test_arm_lpae_no_memory_maps_nothing(void **state)
{
	struct arm_lpae_leaf leaf;
	struct fixture f;
	long n;
	int err;

	(void)state;
	for (n = 1;; n++) {
		start(&f, 48, 12);
		testplat_fail_nth(&f.tp, n);
		/* Two leaf tables, under two L1 entries: five allocations. */
		err = arm_lpae_map(&f.t, 0x40000000 - 4096, 0, 8192, RW, 0);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(arm_lpae_walk(&f.t, 0x40000000 - 4096, &leaf),
				 -ENOENT);
		assert_int_equal(arm_lpae_walk(&f.t, 0x40000000, &leaf),
				 -ENOENT);
		testplat_fail_nth(&f.tp, 0);
		assert_int_equal(arm_lpae_map(&f.t, 0x40000000 - 4096, 0, 8192,
					      RW, 0),
				 0);
		stop(&f);
	}
	assert_int_equal(n, 6);
	stop(&f);
}

struct reader {
	struct arm_lpae *t;
	_Atomic bool stop;
	unsigned long hits;
};

static void *read_on(void *arg)
{
	struct reader *r = arg;
	struct arm_lpae_leaf leaf;

	while (!atomic_load(&r->stop)) {
		uint64_t i;

		for (i = 0; i < 64; i++) {
			if (arm_lpae_walk(r->t, i << 30, &leaf))
				continue;
			/* Page and permission belong together. */
			if (leaf.pa >> 12 != (leaf.perm == RW ? 2 : 1))
				abort();
			r->hits++;
		}
	}
	return NULL;
}

/* Tables appear under the eyes of a walker; leaves change in one piece. */
static void test_arm_lpae_concurrent_walker_sees_whole_leaves(void **state)
{
	struct fixture f;
	struct reader r = { .t = &f.t };
	pthread_t thread;
	unsigned int round;
	uint64_t i;

	(void)state;
	start(&f, 48, 12);
	assert_int_equal(pthread_create(&thread, NULL, read_on, &r), 0);
	for (round = 0; round < 200; round++) {
		for (i = 0; i < 64; i++) {
			assert_int_equal(
				arm_lpae_set(&f.t, i << 30, 0x1000, RO), 0);
			assert_int_equal(
				arm_lpae_set(&f.t, i << 30, 0x2000, RW), 0);
		}
		if (round % 4 == 0)
			arm_lpae_clear(&f.t, 0, UINT64_MAX, NULL);
	}
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arm_lpae_page_has_the_bits_of_the_manual),
		cmocka_unit_test(test_arm_lpae_walk_gives_back_what_was_mapped),
		cmocka_unit_test(test_arm_lpae_map_uses_the_largest_blocks),
		cmocka_unit_test(
			test_arm_lpae_map_conflict_leaves_all_as_it_was),
		cmocka_unit_test(test_arm_lpae_bad_arguments_are_refused),
		cmocka_unit_test(
			test_arm_lpae_clear_takes_leaves_and_keeps_tables),
		cmocka_unit_test(
			test_arm_lpae_random_operations_agree_with_an_array),
		cmocka_unit_test(test_arm_lpae_no_memory_maps_nothing),
		cmocka_unit_test(
			test_arm_lpae_concurrent_walker_sees_whole_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
