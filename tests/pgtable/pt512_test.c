/* SPDX-License-Identifier: MIT */
/*
 * What x86_64 and vtdss share, in every shape: against a walker and an array
 * that know numbers alone.
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

#include "tests/pgtable/subject.h"
#include "tests/support/random.h"

#define RO   ((unsigned int)IOMMU_PERM_READ)
#define RW   (RO | IOMMU_PERM_WRITE)
#define RWX  (RW | IOMMU_PERM_EXEC)
#define PAGE UINT64_C(4096)
#define MB2  (UINT64_C(2) << 20)
#define GB   (UINT64_C(1) << 30)

static void for_each_shape(void (*fn)(struct subject *s))
{
	unsigned int i;

	for (i = 0; i < SHAPES; i++) {
		static struct subject s;

		print_message("    %s\n", shapes[i].name);
		subject_start(&s, &shapes[i], false);
		fn(&s);
		subject_stop(&s);
	}
}

/* The largest that fit, with a ragged head and tail, and what walks say. */
static void largest(struct subject *s)
{
	uint64_t va = s->shape->base + 2 * GB - MB2 - PAGE,
		 pa = va & (4 * GB - 1);
	uint64_t size = GB + 2 * MB2 + 2 * PAGE, at = va, bytes;
	static const unsigned int want[] = { 12, 21, 30, 21, 12 };
	struct leaf leaf, next;
	unsigned int i, lg2;

	pa += 8 * GB;
	assert_int_equal(subject_map(s, va, pa, size, RW, false), 0);
	for (i = 0; i < 5; i++) {
		assert_int_equal(subject_walk(s, at, &leaf), 0);
		assert_int_equal(leaf.va, at);
		assert_int_equal(leaf.pa, pa + (at - va));
		assert_int_equal(leaf.size_lg2, want[i]);
		assert_int_equal(leaf.perm & RW, RW);
		assert_int_equal(subject_next(s, at, &next), 0);
		assert_int_equal(next.va, leaf.va);
		assert_int_equal(next.pa, leaf.pa);
		assert_int_equal(next.size_lg2, leaf.size_lg2);
		assert_int_equal(next.perm, leaf.perm);
		assert_non_null(subject_entry(s, at, &lg2));
		assert_int_equal(lg2, want[i]);
		at += UINT64_C(1) << leaf.size_lg2;
	}
	assert_int_equal(at, va + size);
	assert_int_equal(subject_walk(s, va - 1, &leaf), -ENOENT);
	assert_int_equal(subject_walk(s, at, &leaf), -ENOENT);
	assert_int_equal(subject_next(s, at, &leaf), -ENOENT);
	assert_int_equal(subject_next(s, 0, &leaf), 0);
	assert_int_equal(leaf.va, va);

	/* Half a page cannot go. */
	bytes = 77;
	assert_int_equal(subject_unmap(s, va, GB, &bytes), -EINVAL);
	assert_int_equal(subject_unmap(s, va + 2 * PAGE, size - 2 * PAGE,
				       &bytes),
			 -EINVAL);
	assert_int_equal(bytes, 77);
	assert_int_equal(subject_unmap(s, va, size, &bytes), 0);
	assert_int_equal(bytes, size);
	assert_int_equal(subject_next(s, 0, &leaf), -ENOENT);
}

static void test_pt512_map_uses_the_largest_pages(void **state)
{
	(void)state;
	for_each_shape(largest);
}

static void conflicts(struct subject *s)
{
	uint64_t b = s->shape->base, a;
	struct leaf leaf;

	assert_int_equal(subject_map(s, b + 5 * PAGE, PAGE, PAGE, RO, false),
			 0);
	assert_int_equal(subject_map(s, b, MB2, 8 * PAGE, RW, false), -EEXIST);
	for (a = 0; a < 8; a++) {
		int err = subject_walk(s, b + a * PAGE, &leaf);

		assert_int_equal(err, a == 5 ? 0 : -ENOENT);
	}
	/* Only one of the two addresses is aligned. */
	assert_int_equal(subject_map(s, b + 8 * MB2, PAGE, MB2, RW, false), 0);
	assert_int_equal(subject_walk(s, b + 9 * MB2 - 1, &leaf), 0);
	assert_int_equal(leaf.size_lg2, 12);
	assert_int_equal(leaf.pa, MB2);
	/* A large page over small ones, and small ones over a large one. */
	assert_int_equal(subject_map(s, b, 0, MB2, RW, false), -EEXIST);
	assert_int_equal(subject_map(s, b, 0, GB, RW, false), -EEXIST);
	assert_int_equal(subject_map(s, b + 2 * MB2, 0, MB2, RW, false), 0);
	assert_int_equal(subject_map(s, b + 2 * MB2 + PAGE, 0, PAGE, RW, false),
			 -EEXIST);
	assert_int_equal(subject_set(s, b + 2 * MB2 + PAGE, 0, RW), -EEXIST);
	assert_int_equal(subject_set(s, b + 5 * PAGE, 2 * PAGE, RW), 0);
	assert_int_equal(subject_walk(s, b + 5 * PAGE, &leaf), 0);
	assert_int_equal(leaf.pa, 2 * PAGE);
}

static void test_pt512_map_conflict_leaves_all_as_it_was(void **state)
{
	(void)state;
	for_each_shape(conflicts);
}

static void bad(struct subject *s)
{
	uint64_t b = s->shape->base, pa_end = UINT64_C(1) << 52;
	uint64_t end = s->shape->x86 && b < UINT64_C(1) << 63 ?
			       UINT64_C(1) << (s->shape->va_bits - 1) :
			       UINT64_C(1) << s->shape->va_bits;
	struct leaf leaf;

	/* The upper half ends where 64 bits do. */
	if (b >= UINT64_C(1) << 63)
		end = 0;
	assert_int_equal(subject_map(s, b, 0, 0, RW, false), -EINVAL);
	assert_int_equal(subject_map(s, b + 1, 0, PAGE, RW, false), -EINVAL);
	assert_int_equal(subject_map(s, b, 512, PAGE, RW, false), -EINVAL);
	assert_int_equal(subject_map(s, b, 0, PAGE + 1, RW, false), -EINVAL);
	assert_int_equal(subject_map(s, end - PAGE, 0, 2 * PAGE, RW, false),
			 -EINVAL);
	assert_int_equal(subject_map(s, b, 0, UINT64_MAX - 4095, RW, false),
			 -EINVAL);
	assert_int_equal(subject_map(s, b, pa_end - PAGE, 2 * PAGE, RW, false),
			 -EINVAL);
	assert_int_equal(subject_map(s, b, pa_end, PAGE, RW, false), -EINVAL);
	assert_int_equal(subject_map(s, b, 0, PAGE, 0, false), -EINVAL);
	assert_int_equal(subject_map(s, b, 0, PAGE, IOMMU_PERM_EXEC, false),
			 -EINVAL);
	assert_int_equal(subject_map(s, b, 0, PAGE, 16 | RW, false), -EINVAL);
	assert_int_equal(subject_set(s, b, 0, 0), -EINVAL);
	assert_int_equal(subject_set(s, b + 8, 0, RW), -EINVAL);
	assert_int_equal(subject_unmap(s, b, 0, NULL), -EINVAL);
	assert_int_equal(subject_unmap(s, b, 1, NULL), -EINVAL);
	assert_int_equal(subject_unmap(s, end - PAGE, 2 * PAGE, NULL), -EINVAL);
	assert_int_equal(subject_split(s, b + 1), -EINVAL);
	if (end) {
		assert_int_equal(subject_map(s, end, 0, PAGE, RW, false),
				 -EINVAL);
		assert_int_equal(subject_set(s, end, 0, RW), -EINVAL);
		assert_int_equal(subject_split(s, end), -EINVAL);
		assert_int_equal(subject_walk(s, end, &leaf), -ENOENT);
	}
	/* The last page is one of the table. */
	assert_int_equal(subject_map(s, end - PAGE, 0, PAGE, RW, false), 0);
	assert_int_equal(subject_walk(s, end - 1, &leaf), 0);
	assert_int_equal(leaf.va, end - PAGE);
	assert_int_equal(subject_next(s, end - PAGE, &leaf), 0);
	assert_int_equal(subject_unmap(s, end - PAGE, PAGE, NULL), 0);
	assert_int_equal(subject_next(s, 0, &leaf), -ENOENT);
}

static void test_pt512_bad_arguments_are_refused(void **state)
{
	(void)state;
	for_each_shape(bad);
}

static void clears(struct subject *s)
{
	uint64_t b = s->shape->base;
	struct leaf leaf;
	size_t n = 99;
	unsigned int i;
	long live;

	subject_clear(s, 0, UINT64_MAX, &n);
	assert_int_equal(n, 0);
	for (i = 0; i < 12; i++)
		assert_int_equal(subject_set(s, b + i * GB, PAGE, RO), 0);
	live = s->tp.live_allocations;
	/* end is exclusive */
	subject_clear(s, b + GB, b + 3 * GB, &n);
	assert_int_equal(n, 2);
	assert_int_equal(subject_walk(s, b, &leaf), 0);
	assert_int_equal(subject_walk(s, b + GB, &leaf), -ENOENT);
	assert_int_equal(subject_walk(s, b + 3 * GB, &leaf), 0);
	subject_clear(s, b + 5, b + 5, &n);
	assert_int_equal(n, 0);
	/* one byte of a page is the page */
	subject_clear(s, b + 4095, b + 4096, &n);
	assert_int_equal(n, 1);
	subject_clear(s, 0, UINT64_MAX, &n);
	assert_int_equal(n, 9);
	assert_int_equal(s->tp.live_allocations, live);
	/* A large page goes as a whole. */
	assert_int_equal(subject_map(s, b + 20 * GB, 0, GB, RO, false), 0);
	subject_clear(s, b + 20 * GB + MB2, b + 20 * GB + MB2 + 1, &n);
	assert_int_equal(n, 1);
	assert_int_equal(subject_next(s, 0, &leaf), -ENOENT);
}

static void test_pt512_clear_takes_leaves_and_keeps_tables(void **state)
{
	(void)state;
	for_each_shape(clears);
}

/* The array: PAGES pages around a multiple of 1 GiB. perm 0: nothing. */
enum { PAGES = 4096 };
static struct want {
	uint64_t pa;
	unsigned int perm;
} want[PAGES];

static uint64_t rng;

static uint64_t rnd(void)
{
	return next_random(&rng);
}

static bool any_mapped(unsigned int first, unsigned int count)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		if (want[i].perm)
			return true;
	return false;
}

static unsigned int forget(unsigned int first, unsigned int count)
{
	unsigned int i, n = 0;

	for (i = first; i < first + count; i++) {
		n += want[i].perm != 0;
		want[i].perm = 0;
	}
	return n;
}

/* Index of the page in front of which a leaf is cut, if va is in one. */
static bool inside(struct subject *s, uint64_t va)
{
	unsigned int lg2;

	return subject_entry(s, va, &lg2) && va & ((UINT64_C(1) << lg2) - 1);
}

static void random_map(struct subject *s, uint64_t va, unsigned int first,
		       unsigned int count, unsigned int perm)
{
	/* Often a large page would do. */
	uint64_t pa = (rnd() & 3 ? va & (GB - 1) : (rnd() & 0xffff) * PAGE);
	bool taken = any_mapped(first, count);
	unsigned int i;
	int err;

	pa += (rnd() & 0x3f) * GB;
	err = subject_map(s, va, pa, count * PAGE, perm, rnd() % 4 == 0);
	assert_int_equal(err, taken ? -EEXIST : 0);
	for (i = 0; !err && i < count; i++)
		want[first + i] = (struct want){ pa + i * PAGE, perm };
}

static void random_op(struct subject *s, uint64_t start)
{
	static const unsigned int perms[] = { RO, RW, RWX,
					      RO | IOMMU_PERM_EXEC };
	unsigned int first = (unsigned int)(rnd() % PAGES);
	unsigned int count =
		1 + (unsigned int)(rnd() % (rnd() & 1 ? 16 : 2000));
	unsigned int perm = perms[rnd() & 3];
	uint64_t va, pa, bytes = 0;
	struct leaf leaf;
	bool cut;
	size_t n;

	if (rnd() % 4 == 0) {
		first &= ~511u;
		count = count > 1024 ? 1024 : 512;
	}
	if (first + count > PAGES)
		count = PAGES - first;
	va = start + first * PAGE;
	switch (rnd() % 6) {
	case 0:
	case 1:
		random_map(s, va, first, count, perm);
		break;
	case 2:
		cut = inside(s, va) || inside(s, va + count * PAGE);
		assert_int_equal(subject_unmap(s, va, count * PAGE, &bytes),
				 cut ? -EINVAL : 0);
		if (!cut)
			assert_int_equal(bytes, forget(first, count) * PAGE);
		break;
	case 3:
		pa = (rnd() & 0xfffff) * PAGE;
		if (subject_walk(s, va, &leaf) || leaf.size_lg2 == 12) {
			assert_int_equal(subject_set(s, va, pa, perm), 0);
			want[first] = (struct want){ pa, perm };
		} else {
			assert_int_equal(subject_set(s, va, pa, perm), -EEXIST);
		}
		break;
	case 4:
		assert_int_equal(subject_split(s, va), 0);
		assert_false(inside(s, va));
		break;
	default:
		if (inside(s, va) || inside(s, va + count * PAGE))
			break;
		subject_clear(s, va, va + count * PAGE, &n);
		assert_int_equal(n != 0, forget(first, count) != 0);
		break;
	}
}

/* Bits by their numbers. */
static unsigned int raw_perm(const struct shape *shape, uint64_t entry)
{
	unsigned int perm = RO;

	if (!shape->x86)
		return (unsigned int)entry & 7;
	if (entry & 2)
		perm |= IOMMU_PERM_WRITE;
	if (!(entry >> 63))
		perm |= IOMMU_PERM_EXEC;
	return perm;
}

static bool agrees(struct subject *s, uint64_t va, const struct want *w)
{
	unsigned int lg2;
	const le64_atomic *at = subject_entry(s, va, &lg2);
	uint64_t entry, low;
	struct leaf leaf;

	if (!at || !w->perm)
		return !at && !w->perm && subject_walk(s, va, &leaf) == -ENOENT;
	entry = le64_load_relaxed(at);
	low = va & ((UINT64_C(1) << lg2) - 1);
	if ((entry & 0xffffffffff000) + low != w->pa ||
	    raw_perm(s->shape, entry) != w->perm)
		return false;
	return !subject_walk(s, va + 4095, &leaf) && leaf.size_lg2 == lg2 &&
	       leaf.va == va - low && leaf.pa == w->pa - low &&
	       leaf.perm == w->perm;
}

static bool all_agree(struct subject *s, uint64_t start)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		if (!agrees(s, start + i * PAGE, &want[i]))
			return false;
	return true;
}

/* Next visits each leaf once, in order, and nothing else. */
static void check_next(struct subject *s, uint64_t start)
{
	uint64_t at = start;
	unsigned int i = 0;
	struct leaf leaf;

	while (!subject_next(s, at, &leaf)) {
		for (; start + i * PAGE < leaf.va; i++)
			assert_int_equal(want[i].perm, 0);
		assert_int_equal(leaf.pa, want[i].pa);
		at = leaf.va + (UINT64_C(1) << leaf.size_lg2);
		i = (unsigned int)((at - start) / PAGE);
	}
	for (; i < PAGES; i++)
		assert_int_equal(want[i].perm, 0);
}

static void random_run(struct subject *s)
{
	uint64_t start = s->shape->base + 3 * GB - PAGES / 2 * PAGE;
	unsigned int i, hit;

	memset(want, 0, sizeof(want));
	rng = 88172645463325252u;
	for (i = 0; i < 1500; i++) {
		random_op(s, start);
		if (i % 8 == 0) {
			assert_true(all_agree(s, start));
			check_next(s, start);
		}
	}
	assert_true(all_agree(s, start));
	/* Control: the comparison notices one page of 4096. */
	hit = (unsigned int)(rnd() % PAGES);
	want[hit].pa ^= PAGE;
	want[hit].perm ^= want[hit].perm ? 0u : RO;
	assert_false(all_agree(s, start));
}

static void test_pt512_random_operations_agree_with_an_array(void **state)
{
	(void)state;
	for_each_shape(random_run);
}

static void splits(struct subject *s)
{
	uint64_t va = s->shape->base + 6 * GB, at = va, bytes;
	unsigned int lg2, small = 0, mid = 0;
	uint64_t old;

	assert_int_equal(subject_map(s, va, 9 * GB, GB, RWX, false), 0);
	old = le64_load_relaxed(subject_entry(s, va, &lg2));
	assert_int_equal(lg2, 30);
	/* Nothing to do at the beginning, the end, and where nothing is. */
	assert_int_equal(subject_split(s, va), 0);
	assert_int_equal(subject_split(s, va + GB), 0);
	assert_int_equal(subject_split(s, va - PAGE), 0);
	assert_int_equal(le64_load_relaxed(subject_entry(s, va, &lg2)), old);

	assert_int_equal(subject_split(s, va + MB2 + 3 * PAGE), 0);
	for (; at < va + GB; at += UINT64_C(1) << lg2) {
		uint64_t entry = le64_load_relaxed(subject_entry(s, at, &lg2));
		uint64_t ps = lg2 == 12 ? 0 : 0x80;

		assert_int_equal(entry,
				 (old & ~UINT64_C(0x80)) + ps + (at - va));
		mid += lg2 == 21;
		small += lg2 == 12;
	}
	assert_int_equal(small, 512);
	assert_int_equal(mid, 511);
	assert_int_equal(subject_unmap(s, va + MB2 + 3 * PAGE,
				       GB - MB2 - 3 * PAGE, &bytes),
			 0);
	assert_int_equal(bytes, GB - MB2 - 3 * PAGE);
}

static void test_pt512_split_maps_the_same_in_smaller_pages(void **state)
{
	(void)state;
	for_each_shape(splits);
}

/* Each table of the range is entered once in a pass, not once per page. */
static void cost(struct subject *s)
{
	uint64_t va = s->shape->base, tables = 512 + 3, bytes;

	s->lookups = 0;
	assert_int_equal(subject_map(s, va, GB, GB, RW, true), 0);
	assert_in_range(s->lookups, 512, 3 * tables);
	s->lookups = 0;
	assert_int_equal(subject_unmap(s, va, GB, &bytes), 0);
	assert_int_equal(bytes, GB);
	/* And two walks to its ends. */
	assert_in_range(s->lookups, 512, tables + 10);
}

static void test_pt512_bulk_enters_each_table_once(void **state)
{
	(void)state;
	for_each_shape(cost);
}

static void no_memory(struct subject *s)
{
	uint64_t va = s->shape->base + GB - PAGE;
	struct leaf leaf;
	long n;
	int err;

	for (n = 1;; n++, va += GB) {
		testplat_fail_nth(&s->tp, n);
		err = subject_map(s, va, 0, 2 * PAGE, RW, false);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(subject_next(s, 0, &leaf), -ENOENT);
		testplat_fail_nth(&s->tp, 1);
		assert_int_equal(subject_set(s, va + 100 * GB, 0, RW), -ENOMEM);
		testplat_fail_nth(&s->tp, 0);
	}
	testplat_fail_nth(&s->tp, 0);
	assert_true(n > 1);
	assert_int_equal(subject_unmap(s, va, 2 * PAGE, NULL), 0);

	/* A split without memory: all is mapped as before. */
	va = s->shape->base + 200 * GB;
	assert_int_equal(subject_map(s, va, 0, GB, RW, false), 0);
	for (n = 1; n <= 2; n++) {
		testplat_fail_nth(&s->tp, n);
		assert_int_equal(subject_split(s, va + PAGE), -ENOMEM);
		testplat_fail_nth(&s->tp, 0);
		assert_int_equal(subject_walk(s, va + GB - 1, &leaf), 0);
		assert_int_equal(subject_walk(s, va, &leaf), 0);
		assert_int_equal(leaf.size_lg2, n == 1 ? 30 : 21);
	}
	assert_int_equal(subject_split(s, va + PAGE), 0);
}

static void test_pt512_no_memory_maps_nothing(void **state)
{
	(void)state;
	for_each_shape(no_memory);
}

struct reader {
	struct subject *s;
	_Atomic bool stop;
	unsigned long hits;
};

/* As hardware would: read one entry after the other, with acquire. */
static void *read_on(void *arg)
{
	struct reader *r = arg;

	while (!atomic_load(&r->stop)) {
		uint64_t i;

		for (i = 0; i < 32; i++) {
			unsigned int lg2;
			const le64_atomic *at = subject_entry(
				r->s, r->s->shape->base + i * GB, &lg2);
			uint64_t entry, page;

			/* It may be cleared between the two looks. */
			entry = at ? le64_load_acquire(at) : 0;
			if (!(entry & r->s->shape->present))
				continue;
			/* Page and permission belong together. */
			page = entry >> 12 & 0xffffff;
			if (page != (entry & 2 ? 2 : 1))
				abort();
			r->hits++;
		}
	}
	return NULL;
}

static void concurrent(struct subject *s)
{
	uint64_t b = s->shape->base, i;
	struct reader r = { .s = s };
	pthread_t thread;
	unsigned int round;

	assert_int_equal(pthread_create(&thread, NULL, read_on, &r), 0);
	for (round = 0; round < 100; round++) {
		for (i = 0; i < 32; i++) {
			assert_int_equal(subject_set(s, b + i * GB, PAGE, RO),
					 0);
			assert_int_equal(
				subject_set(s, b + i * GB, 2 * PAGE, RW), 0);
		}
		if (round % 4 == 0)
			subject_clear(s, 0, UINT64_MAX, NULL);
	}
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
}

static void test_pt512_concurrent_walker_sees_whole_leaves(void **state)
{
	(void)state;
	for_each_shape(concurrent);
}

/* Hardware that writes to the pages, one after the other. */
struct writer {
	struct subject *s;
	uint64_t va;
	uint64_t ad;
};

static void write_to(struct writer *w, uint64_t va)
{
	for (;;) {
		unsigned int lg2;
		le64_atomic *at = subject_entry(w->s, va, &lg2);
		uint64_t entry = le64_load_acquire(at);

		/* A table in its place meanwhile: walk again. */
		if (lg2 > 12 && !(entry & 0x80))
			continue;
		if (le64_cmpxchg(at, &entry, entry | w->ad))
			return;
	}
}

static void *write_on(void *arg)
{
	struct writer *w = arg;
	uint64_t i;

	for (i = 0; i < 512; i++)
		write_to(w, w->va + i * MB2 + PAGE);
	return NULL;
}

static uint64_t ad_of(const struct subject *s)
{
	return s->shape->x86 ? 0x60 : 0x300;
}

static void write_meanwhile(struct subject *s)
{
	struct writer w = { .s = s, .va = s->shape->base, .ad = ad_of(s) };

	write_to(&w, w.va);
}

/*
 * A and D that hardware sets while a page is split are in its pieces: when the
 * new table is about to take its place, and from another thread.
 */
static void split_race(struct subject *s)
{
	struct writer w = { .s = s, .va = s->shape->base, .ad = ad_of(s) };
	pthread_t thread;
	struct leaf leaf;
	uint64_t i;

	subject_stop(s);
	subject_start(s, s->shape, true);
	for (i = 0; i < 512; i++)
		assert_int_equal(subject_map(s, w.va + i * MB2, i * MB2, MB2,
					     RW, false),
				 0);
	assert_int_equal(subject_walk(s, w.va, &leaf), 0);
	assert_false(leaf.accessed || leaf.dirty);
	s->meanwhile = write_meanwhile;
	assert_int_equal(subject_split(s, w.va + PAGE), 0);
	assert_null(s->meanwhile);
	for (i = 0; i < 512; i++) {
		assert_int_equal(subject_walk(s, w.va + i * PAGE, &leaf), 0);
		assert_true(leaf.accessed && leaf.dirty);
	}
	assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
	for (i = 0; i < 512; i++)
		assert_int_equal(subject_split(s, w.va + i * MB2 + PAGE), 0);
	pthread_join(thread, NULL);
	for (i = 0; i < 512; i++) {
		assert_int_equal(subject_walk(s, w.va + i * MB2 + PAGE, &leaf),
				 0);
		assert_int_equal(leaf.size_lg2, 12);
		assert_true(leaf.accessed && leaf.dirty);
	}
}

static void test_pt512_split_keeps_what_hardware_notes(void **state)
{
	(void)state;
	for_each_shape(split_race);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pt512_map_uses_the_largest_pages),
		cmocka_unit_test(test_pt512_map_conflict_leaves_all_as_it_was),
		cmocka_unit_test(test_pt512_bad_arguments_are_refused),
		cmocka_unit_test(
			test_pt512_clear_takes_leaves_and_keeps_tables),
		cmocka_unit_test(
			test_pt512_random_operations_agree_with_an_array),
		cmocka_unit_test(
			test_pt512_split_maps_the_same_in_smaller_pages),
		cmocka_unit_test(test_pt512_bulk_enters_each_table_once),
		cmocka_unit_test(test_pt512_no_memory_maps_nothing),
		cmocka_unit_test(
			test_pt512_concurrent_walker_sees_whole_leaves),
		cmocka_unit_test(test_pt512_split_keeps_what_hardware_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
