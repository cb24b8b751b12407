/* SPDX-License-Identifier: MIT */
/* Dirty pages of tables: found, made clean, split; beside hardware's marks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "fmt/arm_pt.h"
#include "fmt/x86_pt.h"
#include "pgtable/arm_lpae.h"
#include "pgtable/vtdss.h"
#include "tests/support/testplat.h"

#define K4 UINT64_C(0x1000)
#define M2 UINT64_C(0x200000)
#define G1 UINT64_C(0x40000000)
#define R  ((unsigned int)IOMMU_PERM_READ)
#define RW (R | (unsigned int)IOMMU_PERM_WRITE)

enum { FOUND = 600 };

/* Either format behind one face; entries by plain arithmetic. */
enum kind { VTD, STAGE1, STAGE2, KINDS };

struct table {
	enum kind kind;
	bool arm;
	struct testplat tp;
	struct arm_lpae lpae;
	struct vtdss ss;
	unsigned int count;
	uint64_t va[FOUND];
	unsigned int lg2[FOUND];
};

static void start(struct table *t, enum kind kind)
{
	const struct arm_lpae_cfg lpae = {
		.plat = &t->tp.plat,
		.va_bits = 48,
		.pa_bits = 48,
		.granule_lg2 = 12,
		.stage2 = kind == STAGE2,
	};
	const struct vtdss_cfg ss = {
		.plat = &t->tp.plat,
		.levels = 4,
		.va_bits = 48,
		.pa_bits = 52,
		.sizes = K4 | M2 | G1,
	};

	memset(t, 0, sizeof(*t));
	testplat_init(&t->tp);
	t->kind = kind;
	t->arm = kind != VTD;
	assert_int_equal(t->arm ? arm_lpae_init(&t->lpae, &lpae) :
				  vtdss_init(&t->ss, &ss),
			 0);
}

static void stop(struct table *t)
{
	if (t->arm)
		arm_lpae_fini(&t->lpae);
	else
		vtdss_fini(&t->ss);
	testplat_fini(&t->tp);
}

static void map(struct table *t, uint64_t va, uint64_t size, unsigned int perm,
		bool clean)
{
	assert_int_equal(t->arm ? arm_lpae_map(&t->lpae, va, va + 4 * G1, size,
					       perm,
					       clean ? ARM_LPAE_CLEAN : 0) :
				  vtdss_map(&t->ss, va, va + 4 * G1, size, perm,
					    clean ? VTDSS_CLEAN : 0),
			 0);
}

static le64_atomic *entry_of(struct table *t, uint64_t va)
{
	uint64_t pa = t->arm ? arm_lpae_root_pa(&t->lpae) :
			       vtdss_root_pa(&t->ss);
	unsigned int shift = 39;
	uint64_t mask = (UINT64_C(1) << 48) - K4;

	for (;; shift -= 9) {
		le64_atomic *e = plat_phys_to_virt(&t->tp.plat, pa & mask);
		uint64_t w;

		e += va >> shift & 511;
		w = le64_load_relaxed(e);
		if (shift == 12 || !(w & 3) ||
		    (t->arm ? !(w & 2) : (w >> 7 & 1) != 0))
			return e;
		pa = w;
	}
}

/* What hardware does for a write: IHI 0070, 3.13; VT-d 3.7.2. */
static void write_to(struct table *t, uint64_t va)
{
	le64_atomic *e = entry_of(t, va);
	uint64_t w = le64_load_relaxed(e), new;

	do {
		new = t->kind == STAGE1 ? w & ~(UINT64_C(1) << 7) :
		      t->kind == STAGE2 ? w | 1 << 7 :
					  w | 1 << 9;
		if (t->arm && !(w >> 51 & 1))
			return;
	} while (!le64_cmpxchg(e, &w, new));
}

static void found(void *arg, uint64_t va, unsigned int size_lg2)
{
	struct table *t = arg;

	assert_true(t->count < FOUND);
	t->va[t->count] = va;
	t->lg2[t->count++] = size_lg2;
}

static int read_dirty(struct table *t, uint64_t start, uint64_t last,
		      unsigned int flags)
{
	t->count = 0;
	return t->arm ? arm_lpae_read_dirty(&t->lpae, start, last, flags, found,
					    t) :
			vtdss_read_dirty(&t->ss, start, last, flags, found, t);
}

enum { CLEAR = ARM_LPAE_DIRTY_CLEAR, SPLIT = ARM_LPAE_DIRTY_SPLIT };
_Static_assert((int)CLEAR == (int)VTDSS_DIRTY_CLEAR &&
		       (int)SPLIT == (int)VTDSS_DIRTY_SPLIT,
	       "one number for both");

static void found_and_made_clean(struct table *t)
{
	map(t, K4, 3 * K4, RW, false);
	map(t, 4 * K4, K4, R, false);
	map(t, 5 * K4, 2 * K4, RW, true);
	map(t, M2, M2, RW, false);
	map(t, G1, G1, RW, true);
	assert_int_equal(read_dirty(t, 0, UINT64_MAX, 0), 0);
	assert_int_equal(t->count, 4);
	assert_int_equal(t->va[0], K4);
	assert_int_equal(t->lg2[0], 12);
	assert_int_equal(t->va[3], M2);
	assert_int_equal(t->lg2[3], 21);
	/* A part, to the byte. */
	assert_int_equal(read_dirty(t, 2 * K4, 3 * K4 - 1, CLEAR), 0);
	assert_int_equal(t->count, 1);
	assert_int_equal(t->va[0], 2 * K4);
	assert_int_equal(read_dirty(t, 0, UINT64_MAX, CLEAR), 0);
	assert_int_equal(t->count, 3);
	assert_int_equal(read_dirty(t, 0, UINT64_MAX, CLEAR), 0);
	assert_int_equal(t->count, 0);
	write_to(t, 6 * K4);
	write_to(t, G1 + M2);
	assert_int_equal(read_dirty(t, 0, UINT64_MAX, CLEAR), 0);
	assert_int_equal(t->count, 2);
	assert_int_equal(t->va[0], 6 * K4);
	assert_int_equal(t->va[1], G1);
	assert_int_equal(t->lg2[1], 30);
}

/* A page that is made clean is still what it was otherwise. */
static void nothing_else_changes(struct table *t)
{
	uint64_t before, clean;

	map(t, K4, K4, RW, false);
	before = le64_load_relaxed(entry_of(t, K4));
	assert_int_equal(read_dirty(t, 0, UINT64_MAX, CLEAR), 0);
	clean = le64_load_relaxed(entry_of(t, K4));
	assert_int_equal(before ^ clean,
			 t->arm ? UINT64_C(1) << 51 | 1 << 7 : 1 << 9);
	write_to(t, K4);
	assert_int_equal(le64_load_relaxed(entry_of(t, K4)) ^ clean,
			 t->arm ? 1 << 7 : 1 << 9);
}

static void ends_inside_a_page(struct table *t)
{
	uint64_t before;

	map(t, M2, 2 * M2, RW, false);
	before = le64_load_relaxed(entry_of(t, M2));
	assert_int_equal(read_dirty(t, M2 + K4, 3 * M2 - 1, CLEAR), -EINVAL);
	assert_int_equal(read_dirty(t, M2, 2 * M2 + K4 - 1, CLEAR), -EINVAL);
	assert_int_equal(t->count, 0);
	assert_int_equal(le64_load_relaxed(entry_of(t, M2)), before);
	assert_int_equal(read_dirty(t, M2 + K4, 2 * M2 + K4 - 1, 0), 0);
	assert_int_equal(t->count, 2);
	/* Nothing is there, nothing is inside. */
	assert_int_equal(read_dirty(t, M2 - K4, 3 * M2 + K4 - 1, CLEAR), 0);
	assert_int_equal(t->count, 2);
}

static void split_level_by_level(struct table *t)
{
	map(t, G1, G1, RW, true);
	write_to(t, G1 + 5 * M2 + 3 * K4);
	assert_int_equal(read_dirty(t, 0, UINT64_MAX, CLEAR | SPLIT), 0);
	assert_int_equal(t->count, 1);
	assert_int_equal(t->lg2[0], 30);
	write_to(t, G1 + 5 * M2 + 3 * K4);
	assert_int_equal(read_dirty(t, 0, UINT64_MAX, CLEAR | SPLIT), 0);
	assert_int_equal(t->count, 1);
	assert_int_equal(t->va[0], G1 + 5 * M2);
	assert_int_equal(t->lg2[0], 21);
	write_to(t, G1 + 5 * M2 + 3 * K4);
	write_to(t, G1 + 6 * M2);
	assert_int_equal(read_dirty(t, 0, UINT64_MAX, CLEAR), 0);
	assert_int_equal(t->count, 2);
	assert_int_equal(t->va[0], G1 + 5 * M2 + 3 * K4);
	assert_int_equal(t->lg2[0], 12);
	assert_int_equal(t->lg2[1], 21);
	/* Without memory it stays large, and clean. */
	write_to(t, G1 + 7 * M2);
	testplat_fail_nth(&t->tp, 1);
	assert_int_equal(read_dirty(t, 0, UINT64_MAX, CLEAR | SPLIT), 0);
	testplat_fail_nth(&t->tp, 0);
	assert_int_equal(t->count, 1);
	write_to(t, G1 + 7 * M2);
	assert_int_equal(read_dirty(t, 0, UINT64_MAX, CLEAR), 0);
	assert_int_equal(t->count, 1);
	assert_int_equal(t->lg2[0], 21);
}

static void on_each(void (*fn)(struct table *t))
{
	static struct table t;
	unsigned int kind;

	for (kind = 0; kind < KINDS; kind++) {
		start(&t, kind);
		fn(&t);
		stop(&t);
	}
}

static void test_dirty_found_and_made_clean(void **state)
{
	(void)state;
	on_each(found_and_made_clean);
}

static void test_dirty_nothing_else_changes(void **state)
{
	(void)state;
	on_each(nothing_else_changes);
}

static void test_dirty_ends_inside_a_page(void **state)
{
	(void)state;
	on_each(ends_inside_a_page);
}

static void test_dirty_split_level_by_level(void **state)
{
	(void)state;
	on_each(split_level_by_level);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dirty_found_and_made_clean),
		cmocka_unit_test(test_dirty_nothing_else_changes),
		cmocka_unit_test(test_dirty_ends_inside_a_page),
		cmocka_unit_test(test_dirty_split_level_by_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
