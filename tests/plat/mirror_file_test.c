/* SPDX-License-Identifier: MIT */
/*
 * The mirror of files and of what is not watched, in each way the hosted
 * platform can work.
 */
#define _GNU_SOURCE

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plat/hosted/kernel_abi.h"
#include "plat/hosted/probe.h"
#include "tests/plat/mirror_fixture.h"

static int file_of(size_t pages)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)(pages * PAGE)), 0);
	return fd;
}

static void test_file_end_is_a_fault(void **state)
{
	struct fixture *f = *state;
	int fd = file_of(2);
	unsigned char *p = mmap(space_wish(4), 4 * PAGE, PROT_READ | PROT_WRITE,
				MAP_SHARED, fd, 0);

	assert_true(p != MAP_FAILED);
	fault_fails(f, p, 4, R, -EFAULT, 2);
	fault_fails(f, p + 2 * PAGE, 1, W, -EFAULT, 0);
	assert_int_equal(space_perm(&f->s, p + PAGE), R);
	assert_int_equal(space_perm(&f->s, p + 2 * PAGE), 0);
	assert_int_equal(ftruncate(fd, (off_t)(3 * PAGE)), 0);
	fault_ok(f, p, 3, W);
	munmap(p, 4 * PAGE);
	close(fd);
	assert_gone(f, p);
}

static void test_file_private_and_shared_are_watched(void **state)
{
	struct fixture *f = *state;
	char name[] = "/tmp/sva-mirror-XXXXXX";
	int fd = mkstemp(name);
	int flags[] = { MAP_SHARED, MAP_PRIVATE };
	unsigned int i;

	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(ftruncate(fd, (off_t)(2 * PAGE)), 0);
	for (i = 0; i < 2; i++) {
		unsigned char *p = mmap(space_wish(2), 2 * PAGE,
					PROT_READ | PROT_WRITE, flags[i], fd,
					0);

		assert_true(p != MAP_FAILED);
		fault_ok(f, p, 2, R);
		fault_ok(f, p, 2, W);
		/* Where it can be watched it stays over a barrier. */
		plat_hosted_submit_barrier(f->s.hosted);
		assert_int_equal(space_perm(&f->s, p),
				 f->s.features.wp_async ? RW : 0);
		fault_ok(f, p, 2, W);
		heard(f, p);
		munmap(p, 2 * PAGE);
		assert_gone(f, p);
	}
	close(fd);
}

/* A file opened read-only and mapped shared cannot be watched. */
static unsigned char *map_unwatched(size_t pages)
{
	char name[] = "/tmp/sva-mirror-XXXXXX";
	int fd = mkstemp(name);
	unsigned char *p;
	int ro;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)(pages * PAGE)), 0);
	ro = open(name, O_RDONLY | O_CLOEXEC);
	assert_true(ro >= 0);
	unlink(name);
	close(fd);
	p = mmap(space_wish(pages), pages * PAGE, PROT_READ, MAP_SHARED, ro, 0);
	assert_true(p != MAP_FAILED);
	close(ro);
	return p;
}

static void test_unwatched_lives_until_the_next_barrier(void **state)
{
	struct fixture *f = *state;
	unsigned char *p = map_unwatched(2);

	fault_ok(f, p, 2, R);
	assert_int_equal(space_perm(&f->s, p), R);
	assert_gone(f, p);
	assert_int_equal(space_perm(&f->s, p + PAGE), 0);
	assert_true(atomic_load(&f->s.hosted->notifier.counters.unwatched) > 0);
	munmap(p, 2 * PAGE);
}

/* What a device that cannot fault needs. */
static void test_unwatched_populated_lives_while_it_is_mapped(void **state)
{
	struct fixture *f = *state;
	unsigned char *p = map_unwatched(3);
	size_t done = 0;

	assert_int_equal(
		plat_hosted_mm_populate(f->s.mm, p, 3 * PAGE, R, &done), 0);
	assert_int_equal(done, 3 * PAGE);
	plat_hosted_submit_barrier(f->s.hosted);
	plat_hosted_submit_barrier(f->s.hosted);
	assert_int_equal(space_perm(&f->s, p), R);
	assert_false(heard(f, p));
	assert_int_equal(munmap(p + PAGE, PAGE), 0);
	assert_gone(f, p + PAGE);
	assert_int_equal(space_perm(&f->s, p), R);
	assert_int_equal(space_perm(&f->s, p + 2 * PAGE), R);
	assert_int_equal(mprotect(p + 2 * PAGE, PAGE, PROT_NONE), 0);
	assert_gone(f, p + 2 * PAGE);
	munmap(p, PAGE);
	munmap(p + 2 * PAGE, PAGE);
	assert_gone(f, p);
}

/* A client that uses userfaultfd itself, a garbage collector for instance. */
static void test_unwatched_mapping_of_another_userfaultfd(void **state)
{
	struct fixture *f = *state;
	struct uffdio_register r = {
		.range = { .start = (uintptr_t)at(f, 0), .len = 2 * PAGE },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	bool wp_async;
	int fd = hosted_probe_uffd(true, &wp_async);

	if (fd < 0) {
		print_message("  NO USERFAULTFD: not tested\n");
		return;
	}
	assert_int_equal(ioctl(fd, UFFDIO_REGISTER, &r), 0);
	fault_ok(f, at(f, 0), 2, W);
	assert_int_equal(space_perm(&f->s, at(f, 0)), RW);
	assert_gone(f, at(f, 0));
	close(fd);
	/* Ours to watch now. */
	fault_ok(f, at(f, 0), 2, W);
	plat_hosted_submit_barrier(f->s.hosted);
	assert_int_equal(space_perm(&f->s, at(f, 0)),
			 f->s.features.uffd ? RW : 0);
}

/* Operations on huge pages come in huge pages only. */
static void test_huge_pages_are_served_and_cleared(void **state)
{
	struct fixture *f = *state;
	size_t size = (size_t)2 << 20;
	unsigned char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1,
				0);

	if (p == MAP_FAILED) {
		print_message("  no huge pages here: not tested\n");
		return;
	}
	fault_ok(f, p + 5 * PAGE, 3, W);
	assert_int_equal(space_perm(&f->s, p + 7 * PAGE), RW);
	assert_int_equal(munmap(p, size), 0);
	assert_gone(f, p + 5 * PAGE);
}

static void test_unwatched_list_overflow_still_drops_all(void **state)
{
	struct fixture *f = *state;
	unsigned char *p = map_unwatched(200);
	unsigned int i;

	for (i = 0; i < 200; i += 2)
		fault_ok(f, p + i * PAGE, 1, R);
	plat_hosted_submit_barrier(f->s.hosted);
	for (i = 0; i < 200; i++)
		assert_int_equal(space_perm(&f->s, p + i * PAGE), 0);
	munmap(p, 200 * PAGE);
}

#define ALL(mode)                                                              \
	MODE(test_file_end_is_a_fault, mode),                                  \
		MODE(test_file_private_and_shared_are_watched, mode),          \
		MODE(test_unwatched_lives_until_the_next_barrier, mode),       \
		MODE(test_unwatched_populated_lives_while_it_is_mapped, mode), \
		MODE(test_unwatched_mapping_of_another_userfaultfd, mode),     \
		MODE(test_huge_pages_are_served_and_cleared, mode),            \
		MODE(test_unwatched_list_overflow_still_drops_all, mode)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(),         ALL(_no_wp_async),       ALL(_no_procmap_query),
		ALL(_no_uffd), ALL(_no_signal_handler), ALL(_x86),
		ALL(_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
