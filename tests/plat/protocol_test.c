/* SPDX-License-Identifier: MIT */
/*
 * The two parts of the protocol that a stress test hardly ever needs, made to
 * matter: mappings change at exactly the wrong moment while a fault is served.
 * Each is shown to be needed by leaving it out. [R9] [R11]
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/plat/space.h"

#define RW         ((unsigned int)IOMMU_PERM_READ | IOMMU_PERM_WRITE)
#define FILE_PAGES 64u

struct intruder {
	struct space s;
	int fd;
	unsigned char *area;  /* two pages of the file, from page 0 */
	unsigned char *spare; /* page 9 of the file, registered */
	bool done;
	bool failed;
};

static uint64_t page_number(void *ctx, uint64_t va,
			    const struct hosted_map *map)
{
	(void)ctx;
	return (((map->offset + va - map->start) / PAGE) + 1) * PAGE;
}

static void *map_page(struct intruder *in, void *where, size_t page,
		      size_t count)
{
	return mmap(where, count * PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | (where ? MAP_FIXED_NOREPLACE : 0), in->fd,
		    (off_t)(page * PAGE));
}

/* A watched mapping takes the place: events come, but nothing is missing. */
static void swap_watched(void *ctx, enum hosted_step step)
{
	struct intruder *in = ctx;

	if (step != HOSTED_BEFORE_LOCK || in->done || !in->spare)
		return;
	in->done = true;
	if (mremap(in->spare, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   in->area) == MAP_FAILED)
		in->failed = true;
}

/*
 * Half of the mapping goes before it is watched, so no event tells. What comes
 * in its place, after, is not watched.
 */
static void swap_silently(void *ctx, enum hosted_step step)
{
	struct intruder *in = ctx;

	if (in->done)
		return;
	if (step == HOSTED_BEFORE_WATCH && munmap(in->area, PAGE))
		in->failed = true;
	if (step == HOSTED_AFTER_WATCH) {
		in->done = true;
		if (map_page(in, in->area, 5, 1) == MAP_FAILED)
			in->failed = true;
	}
}

static bool begin(struct intruder *in, struct hosted_hooks hooks)
{
	*in = (struct intruder){ 0 };
	hooks.frame_of = page_number;
	hooks.ctx = in;
	space_open(&in->s, NULL, &hooks);
	in->fd = memfd_create("protocol", MFD_CLOEXEC);
	assert_true(in->fd >= 0);
	assert_int_equal(ftruncate(in->fd, FILE_PAGES * PAGE), 0);
	in->area = map_page(in, space_wish(2), 0, 2);
	assert_true(in->area != MAP_FAILED);
	if (!in->s.features.wp_async)
		print_message("  NO USERFAULTFD WITH WP_ASYNC: not tested\n");
	return in->s.features.wp_async;
}

static void end(struct intruder *in)
{
	munmap(in->area, 2 * PAGE);
	close(in->fd);
	space_close(&in->s);
}

static void fault(struct intruder *in, void *va)
{
	size_t done = 0;

	assert_int_equal(space_fault(&in->s, va, 1, RW, &done), 0);
	assert_false(in->failed);
}

/* Return: the page of the file the device sees after the swap. */
static uint64_t run_swap_watched(bool no_seq)
{
	struct hosted_hooks hooks = { .no_seq = no_seq, .step = swap_watched };
	struct intruder in;
	unsigned char *spare;
	uint64_t frame;

	if (!begin(&in, hooks)) {
		end(&in);
		return no_seq ? 0 : 9;
	}
	spare = map_page(&in, NULL, 9, 1);
	assert_true(spare != MAP_FAILED);
	fault(&in, spare);
	in.spare = spare;
	fault(&in, in.area);
	assert_true(in.done);
	plat_hosted_submit_barrier(in.s.hosted);
	frame = space_frame(&in.s, in.area) / PAGE - 1;
	end(&in);
	return frame;
}

static void test_sequence_number_catches_a_watched_swap(void **state)
{
	(void)state;
	assert_int_equal(run_swap_watched(false), 9);
}

static void test_sequence_number_is_needed(void **state)
{
	(void)state;
	assert_int_equal(run_swap_watched(true), 0);
}

/* Return: does the device still see the page after it was unmapped? */
static bool run_swap_silently(bool no_probe)
{
	struct hosted_hooks hooks = { .no_probe = no_probe,
				      .step = swap_silently };
	struct intruder in;
	bool stale;

	if (!begin(&in, hooks)) {
		end(&in);
		return no_probe;
	}
	fault(&in, in.area);
	assert_true(in.done);
	assert_int_equal(space_frame(&in.s, in.area) / PAGE - 1, 5);
	assert_int_equal(munmap(in.area, PAGE), 0);
	plat_hosted_submit_barrier(in.s.hosted);
	stale = space_frame(&in.s, in.area) != UINT64_MAX;
	end(&in);
	return stale;
}

static void test_check_catches_a_silent_swap(void **state)
{
	(void)state;
	assert_false(run_swap_silently(false));
}

static void test_check_is_needed(void **state)
{
	(void)state;
	assert_true(run_swap_silently(true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence_number_catches_a_watched_swap),
		cmocka_unit_test(test_sequence_number_is_needed),
		cmocka_unit_test(test_check_catches_a_silent_swap),
		cmocka_unit_test(test_check_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
