/* SPDX-License-Identifier: MIT */
/* Tables that get empty, and leaves that get smaller: arm_lpae and vtdss. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "pgtable/arm_lpae.h"
#include "pgtable/vtdss.h"
#include "tests/support/testplat.h"

#define K4 UINT64_C(0x1000)
#define M2 UINT64_C(0x200000)
#define G1 UINT64_C(0x40000000)
#define RW ((unsigned int)IOMMU_PERM_READ | IOMMU_PERM_WRITE)

/* The same calls for both; 4 KiB pages and 48 bits. */
struct fixture {
	struct testplat tp;
	bool arm;
	struct arm_lpae lpae;
	struct vtdss ss;
};

static void start(struct fixture *f, bool arm)
{
	const struct arm_lpae_cfg lpae = {
		.plat = &f->tp.plat,
		.va_bits = 48,
		.pa_bits = 48,
		.granule_lg2 = 12,
	};
	const struct vtdss_cfg ss = {
		.plat = &f->tp.plat,
		.levels = 4,
		.va_bits = 48,
		.pa_bits = 48,
		.sizes = K4 | M2 | G1,
	};

	testplat_init(&f->tp);
	f->arm = arm;
	assert_int_equal(arm ? arm_lpae_init(&f->lpae, &lpae) :
			       vtdss_init(&f->ss, &ss),
			 0);
}

static void stop(struct fixture *f)
{
	if (f->arm)
		arm_lpae_fini(&f->lpae);
	else
		vtdss_fini(&f->ss);
	testplat_fini(&f->tp);
}

static void map(struct fixture *f, uint64_t va, uint64_t pa, uint64_t size)
{
	assert_int_equal(f->arm ? arm_lpae_map(&f->lpae, va, pa, size, RW, 0) :
				  vtdss_map(&f->ss, va, pa, size, RW, 0),
			 0);
}

static uint64_t unmap(struct fixture *f, uint64_t va, uint64_t size,
		      void **freed)
{
	uint64_t bytes = 0;

	assert_int_equal(
		f->arm ?
			arm_lpae_unmap_free(&f->lpae, va, size, freed, &bytes) :
			vtdss_unmap_free(&f->ss, va, size, freed, &bytes),
		0);
	return bytes;
}

static void free_tables(struct fixture *f, void **freed)
{
	if (f->arm)
		arm_lpae_free_tables(&f->lpae, freed);
	else
		vtdss_free_tables(&f->ss, freed);
	assert_null(*freed);
}

/* Size of the leaf that maps va to pa; 0: none does. */
static uint64_t leaf_size(struct fixture *f, uint64_t va, uint64_t pa)
{
	struct arm_lpae_leaf a;
	struct vtdss_leaf s;

	if (f->arm)
		return arm_lpae_walk(&f->lpae, va, &a) ||
				       a.pa + (va - a.va) != pa ?
			       0 :
			       UINT64_C(1) << a.size_lg2;
	return vtdss_walk(&f->ss, va, &s) || s.pa + (va - s.va) != pa ?
		       0 :
		       UINT64_C(1) << s.size_lg2;
}

/* They stay allocated, and their chain is nothing a walker could follow. */
static void run_empty(bool arm)
{
	struct fixture f;
	void *freed = NULL;
	uint64_t va;
	long before, mapped;

	start(&f, arm);
	map(&f, 0, G1, K4);
	before = f.tp.live_allocations;
	map(&f, M2, G1 + K4, M2);
	assert_int_equal(leaf_size(&f, M2, G1 + K4), K4);
	mapped = f.tp.live_allocations;
	assert_int_equal(mapped, before + 1);
	/* From both ends, and the one in the middle last. */
	for (va = M2; va < M2 + M2 / 2; va += K4) {
		uint64_t other = 3 * M2 - K4 - va;

		assert_null(freed);
		assert_int_equal(unmap(&f, va, K4, &freed), K4);
		assert_null(freed);
		assert_int_equal(unmap(&f, other, K4, &freed), K4);
	}
	assert_non_null(freed);
	assert_int_equal(f.tp.live_allocations, mapped);
	assert_int_equal(*(uint64_t *)freed, 0);
	free_tables(&f, &freed);
	assert_int_equal(f.tp.live_allocations, before);
	/* A large one fits; the neighbour is as it was. */
	map(&f, M2, 8 * M2, M2);
	assert_int_equal(f.tp.live_allocations, before);
	assert_int_equal(leaf_size(&f, M2 + K4, 8 * M2 + K4), M2);
	assert_int_equal(leaf_size(&f, 0, G1), K4);
	stop(&f);
}

/* Three levels at once, as far as they are empty; and many in one chain. */
static void run_chain(bool arm)
{
	const uint64_t far = UINT64_C(1) << 40;
	struct fixture f;
	void *freed = NULL;
	unsigned int i, n = 0;
	const uint64_t *link;
	long before;

	start(&f, arm);
	before = f.tp.live_allocations;
	for (i = 0; i < 8; i++)
		map(&f, far + i * M2 + K4, G1, K4);
	/* Each of 512 GiB, 1 GiB, and eight of 2 MiB. */
	assert_int_equal(f.tp.live_allocations, before + 10);
	assert_int_equal(unmap(&f, far, G1, &freed), 8 * K4);
	for (link = freed; link; n++) {
		uint64_t next = *link & ~UINT64_C(0xfff);

		/* Arm: not valid; second stage: neither R, W nor X. */
		assert_int_equal(*link & 7, 0);
		link = next ? (const uint64_t *)(uintptr_t)next : NULL;
	}
	assert_int_equal(n, 10);
	free_tables(&f, &freed);
	assert_int_equal(f.tp.live_allocations, before);
	/* Nothing is there: nothing goes. */
	assert_int_equal(unmap(&f, far, G1, &freed), 0);
	assert_null(freed);
	stop(&f);
}

static void test_freed_tables_wait_for_their_flush(void **state)
{
	(void)state;
	run_empty(true);
	run_empty(false);
}

static void test_freed_chain_is_not_valid(void **state)
{
	(void)state;
	run_chain(true);
	run_chain(false);
}

/* DDI 0487, D8.17.2: with FEAT_BBM level 2. */
static void test_freed_arm_block_is_split(void **state)
{
	struct fixture f;
	void *freed = NULL;
	long live;

	(void)state;
	start(&f, true);
	map(&f, G1, 4 * G1, G1);
	assert_int_equal(leaf_size(&f, G1, 4 * G1), G1);
	assert_int_equal(arm_lpae_split(&f.lpae, G1), 0);
	assert_int_equal(leaf_size(&f, G1, 4 * G1), G1);
	assert_int_equal(arm_lpae_split(&f.lpae, G1 + 3 * K4), 0);
	assert_int_equal(leaf_size(&f, G1, 4 * G1), K4);
	assert_int_equal(leaf_size(&f, G1 + 3 * K4, 4 * G1 + 3 * K4), K4);
	assert_int_equal(leaf_size(&f, G1 + M2 - K4, 4 * G1 + M2 - K4), K4);
	assert_int_equal(leaf_size(&f, G1 + M2, 4 * G1 + M2), M2);
	assert_int_equal(leaf_size(&f, 2 * G1 - K4, 5 * G1 - K4), M2);
	assert_int_equal(unmap(&f, G1 + 3 * K4, K4, &freed), K4);
	assert_null(freed);
	/* Where nothing is there is nothing to do. */
	assert_int_equal(arm_lpae_split(&f.lpae, 8 * G1 + K4), 0);
	assert_int_equal(arm_lpae_split(&f.lpae, K4 / 2), -EINVAL);
	live = f.tp.live_allocations;
	testplat_fail_nth(&f.tp, 1);
	assert_int_equal(arm_lpae_split(&f.lpae, G1 + M2 + K4), -ENOMEM);
	testplat_fail_nth(&f.tp, 0);
	assert_int_equal(f.tp.live_allocations, live);
	assert_int_equal(leaf_size(&f, G1 + M2, 4 * G1 + M2), M2);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_freed_tables_wait_for_their_flush),
		cmocka_unit_test(test_freed_chain_is_not_valid),
		cmocka_unit_test(test_freed_arm_block_is_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
