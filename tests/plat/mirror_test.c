/* SPDX-License-Identifier: MIT */
/*
 * The mirror of the process: faults fill it, changes of mappings clear it and
 * tell subscribers. All of it in the modes of older kernels, too. [R9]
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plat/hosted/kernel_abi.h"
#include "plat/hosted/probe.h"
#include "tests/plat/space.h"

#define R  ((unsigned int)IOMMU_PERM_READ)
#define W  ((unsigned int)IOMMU_PERM_WRITE)
#define X  ((unsigned int)IOMMU_PERM_EXEC)
#define RW (R | W)

#define HEARD_MAX 64u

struct fixture {
	struct space s;
	struct iommu_mm_notifier n;
	struct {
		uint64_t start, end;
	} heard[HEARD_MAX];
	unsigned int heard_count;
	pthread_mutex_t lock;
	unsigned char *area; /* eight pages of our own */
};

#define AREA_PAGES 8u

static void on_invalidate(struct iommu_mm_notifier *n, uint64_t start,
			  uint64_t end)
{
	struct fixture *f =
		(struct fixture *)(void *)((char *)n -
					   offsetof(struct fixture, n));

	pthread_mutex_lock(&f->lock);
	if (f->heard_count < HEARD_MAX) {
		f->heard[f->heard_count].start = start;
		f->heard[f->heard_count].end = end;
		f->heard_count++;
	}
	pthread_mutex_unlock(&f->lock);
}

static const struct iommu_mm_notifier_ops notifier_ops = {
	.invalidate_range = on_invalidate,
};

/* Since the last look: was it told that the page is no longer valid? */
static bool heard(struct fixture *f, const void *page)
{
	uint64_t va = (uintptr_t)page;
	bool found = false;
	unsigned int i;

	pthread_mutex_lock(&f->lock);
	for (i = 0; i < f->heard_count; i++)
		if (f->heard[i].start <= va && va + PAGE <= f->heard[i].end)
			found = true;
	f->heard_count = 0;
	pthread_mutex_unlock(&f->lock);
	return found;
}

static void *map_anon(size_t pages)
{
	void *p = mmap(space_wish(pages), pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static int make(void **state, const struct plat_hosted_cfg *cfg)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	pthread_mutex_init(&f->lock, NULL);
	space_open(&f->s, cfg, NULL);
	f->n.ops = &notifier_ops;
	if (iommu_mm_notifier_register(&f->n, f->s.mm))
		return -1;
	f->area = map_anon(AREA_PAGES);
	*state = f;
	return 0;
}

static int setup(void **state)
{
	return make(state, NULL);
}

static int setup_no_wp_async(void **state)
{
	const struct plat_hosted_cfg cfg = { .no_wp_async = true };

	return make(state, &cfg);
}

static int setup_no_procmap_query(void **state)
{
	const struct plat_hosted_cfg cfg = { .no_procmap_query = true };

	return make(state, &cfg);
}

static int setup_no_uffd(void **state)
{
	const struct plat_hosted_cfg cfg = { .no_uffd = true };

	return make(state, &cfg);
}

static int setup_no_signal_handler(void **state)
{
	const struct plat_hosted_cfg cfg = { .no_signal_handler = true };

	return make(state, &cfg);
}

static int setup_x86(void **state)
{
	const struct plat_hosted_cfg cfg = { .table_fmt = IOMMU_TABLE_X86_64 };

	return make(state, &cfg);
}

static int get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
		     struct iommu_mm_table *ret_table)
{
	return mm->ops->get_table(mm, fmt, ret_table);
}

/* As with an SMMUv3 and a VT-d unit in one system. */
static int setup_both(void **state)
{
	struct iommu_mm_table t;
	struct fixture *f;

	if (make(state, NULL))
		return -1;
	f = *state;
	if (get_table(f->s.mm, IOMMU_TABLE_ARM_64_LPAE_S1, &t) ||
	    get_table(f->s.mm, IOMMU_TABLE_X86_64, &t))
		return -1;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	munmap(f->area, AREA_PAGES * PAGE);
	iommu_mm_notifier_unregister(&f->n);
	space_close(&f->s);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return 0;
}

static void *at(struct fixture *f, size_t page)
{
	return f->area + page * PAGE;
}

static void punch(struct fixture *f, size_t page, size_t count)
{
	assert_int_equal(munmap(at(f, page), count * PAGE), 0);
}

static void fault_ok(struct fixture *f, const void *va, size_t pages,
		     unsigned int perm)
{
	size_t done = 0;

	assert_int_equal(space_fault(&f->s, va, pages, perm, &done), 0);
	assert_int_equal(done, pages);
}

static void fault_fails(struct fixture *f, const void *va, size_t pages,
			unsigned int perm, int err, size_t good)
{
	size_t done = 99;

	assert_int_equal(space_fault(&f->s, va, pages, perm, &done), err);
	assert_int_equal(done, good);
}

/* What a doorbell does; afterwards the device may not use the page. */
static void assert_gone(struct fixture *f, const void *page)
{
	plat_hosted_submit_barrier(f->s.hosted);
	assert_int_equal(space_perm(&f->s, page), 0);
	assert_true(heard(f, page));
}

/* --- filling --- */

static void test_fault_installs_what_was_asked_for(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(space_perm(&f->s, at(f, 0)), 0);
	fault_ok(f, at(f, 0), 1, R);
	assert_int_equal(space_perm(&f->s, at(f, 0)), R);
	assert_int_equal(space_frame(&f->s, at(f, 0)), (uintptr_t)at(f, 0));
	fault_ok(f, at(f, 1), 2, W);
	assert_int_equal(space_perm(&f->s, at(f, 1)), RW);
	assert_int_equal(space_perm(&f->s, at(f, 2)), RW);
	assert_int_equal(space_perm(&f->s, at(f, 3)), 0);
	/* Less than there is takes nothing away, and is no news. */
	fault_ok(f, at(f, 1), 1, R);
	assert_int_equal(space_perm(&f->s, at(f, 1)), RW);
	assert_false(heard(f, at(f, 1)));
}

/* An IOMMU may have cached that the page is read-only. */
static void test_fault_upgrade_is_told(void **state)
{
	struct fixture *f = *state;

	fault_ok(f, at(f, 0), 1, R);
	assert_false(heard(f, at(f, 0)));
	fault_ok(f, at(f, 0), 1, W);
	assert_int_equal(space_perm(&f->s, at(f, 0)), RW);
	assert_true(heard(f, at(f, 0)));
}

static void test_fault_obeys_the_mapping(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mprotect(at(f, 1), PAGE, PROT_NONE), 0);
	assert_int_equal(mprotect(at(f, 2), PAGE, PROT_READ), 0);
	assert_int_equal(mprotect(at(f, 3), PAGE, PROT_READ | PROT_EXEC), 0);
	punch(f, 4, 1);
	fault_fails(f, at(f, 1), 1, R, -EACCES, 0);
	fault_fails(f, at(f, 2), 1, W, -EACCES, 0);
	fault_ok(f, at(f, 2), 1, R);
	fault_fails(f, at(f, 2), 1, X, -EACCES, 0);
	fault_ok(f, at(f, 3), 1, X);
	assert_int_equal(space_perm(&f->s, at(f, 3)), R | X);
	/* The CPU writes to such a page, and so does the device. */
	assert_int_equal(mprotect(at(f, 5), PAGE, PROT_WRITE), 0);
	fault_fails(f, at(f, 5), 1, R, -EACCES, 0);
	fault_ok(f, at(f, 5), 1, W);
	fault_fails(f, at(f, 4), 1, R, -EFAULT, 0);
	fault_fails(f, (void *)(uintptr_t)(UINT64_C(1) << 52), 1, R, -EFAULT,
		    0);
	fault_fails(f, NULL, 1, R, -EFAULT, 0);
}

static void test_fault_stops_at_the_first_bad_page(void **state)
{
	struct fixture *f = *state;

	punch(f, 3, 1);
	assert_int_equal(mprotect(at(f, 6), PAGE, PROT_READ), 0);
	fault_fails(f, at(f, 0), 8, W, -EFAULT, 3);
	assert_int_equal(space_perm(&f->s, at(f, 2)), RW);
	assert_int_equal(space_perm(&f->s, at(f, 4)), 0);
	fault_fails(f, at(f, 4), 4, W, -EACCES, 2);
	/* Several mappings side by side are no obstacle. */
	fault_ok(f, at(f, 4), 4, R);
}

static void test_fault_large_range_is_served_whole(void **state)
{
	struct fixture *f = *state;
	unsigned char *big = map_anon(1000);

	fault_ok(f, big, 1000, W);
	assert_int_equal(space_perm(&f->s, big + 999 * PAGE), RW);
	munmap(big, 1000 * PAGE);
	plat_hosted_submit_barrier(f->s.hosted);
	assert_int_equal(space_perm(&f->s, big), 0);
	assert_int_equal(space_perm(&f->s, big + 999 * PAGE), 0);
}

/* --- clearing --- */

static void test_munmap_clears_exactly_its_pages(void **state)
{
	struct fixture *f = *state;

	fault_ok(f, at(f, 0), 8, W);
	punch(f, 3, 2);
	plat_hosted_submit_barrier(f->s.hosted);
	assert_int_equal(space_perm(&f->s, at(f, 4)), 0);
	assert_gone(f, at(f, 3));
	if (!f->s.features.uffd)
		return;
	assert_int_equal(space_perm(&f->s, at(f, 2)), RW);
	assert_int_equal(space_perm(&f->s, at(f, 5)), RW);
}

static void test_map_fixed_over_clears(void **state)
{
	struct fixture *f = *state;
	void *p;

	fault_ok(f, at(f, 1), 1, W);
	p = mmap(at(f, 1), PAGE, PROT_READ,
		 MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_equal(p, at(f, 1));
	assert_gone(f, at(f, 1));
	fault_ok(f, at(f, 1), 1, R);
	fault_fails(f, at(f, 1), 1, W, -EACCES, 0);
}

static void test_madvise_dontneed_clears(void **state)
{
	struct fixture *f = *state;

	fault_ok(f, at(f, 1), 1, W);
	assert_int_equal(madvise(at(f, 1), PAGE, MADV_DONTNEED), 0);
	assert_gone(f, at(f, 1));
	fault_ok(f, at(f, 1), 1, R);
}

static void test_mremap_clears_old_and_new(void **state)
{
	struct fixture *f = *state;
	unsigned char *old = map_anon(2);
	void *p;

	fault_ok(f, old, 2, W);
	fault_ok(f, at(f, 4), 2, W);
	p = mremap(old, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   at(f, 4));
	assert_ptr_equal(p, at(f, 4));
	plat_hosted_submit_barrier(f->s.hosted);
	assert_int_equal(space_perm(&f->s, old), 0);
	assert_int_equal(space_perm(&f->s, old + PAGE), 0);
	assert_int_equal(space_perm(&f->s, at(f, 5)), 0);
	assert_gone(f, at(f, 4));
	fault_fails(f, old, 1, R, -EFAULT, 0);
	/* The moved mapping is watched at its new place. */
	fault_ok(f, at(f, 4), 2, W);
	punch(f, 4, 1);
	assert_gone(f, at(f, 4));
}

static void test_mremap_dontunmap_clears_the_old(void **state)
{
	struct fixture *f = *state;
	unsigned char *old = map_anon(1);
	unsigned char *new;

	fault_ok(f, old, 1, W);
	new = mremap(old, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
	if (new == MAP_FAILED) {
		print_message("  no MREMAP_DONTUNMAP on this kernel\n");
		munmap(old, PAGE);
		return;
	}
	assert_gone(f, old);
	munmap(old, PAGE);
	munmap(new, PAGE);
}

static void test_mremap_shrink_clears_the_tail(void **state)
{
	struct fixture *f = *state;

	fault_ok(f, at(f, 0), 8, W);
	assert_ptr_equal(mremap(f->area, 8 * PAGE, 5 * PAGE, 0), f->area);
	assert_gone(f, at(f, 6));
	if (f->s.features.uffd)
		assert_int_equal(space_perm(&f->s, at(f, 4)), RW);
}

static void *unmap_main(void *arg)
{
	return munmap(arg, PAGE) ? arg : NULL;
}

/* No thread of ours but another one made the change. */
static void
test_change_by_another_thread_is_seen_after_the_barrier(void **state)
{
	struct fixture *f = *state;
	pthread_t id;
	void *failed;

	fault_ok(f, at(f, 2), 1, W);
	assert_int_equal(pthread_create(&id, NULL, unmap_main, at(f, 2)), 0);
	pthread_join(id, &failed);
	assert_null(failed);
	assert_gone(f, at(f, 2));
}

/*
 * No event tells of mprotect(): the entry stays, the CPU's check at the access
 * is what holds. This is the limit that docs/CAVEATS.md describes.
 */
static void test_mprotect_is_caught_by_the_access(void **state)
{
	struct fixture *f = *state;
	struct hw_env env;
	uint64_t word = 1;
	size_t done;

	plat_hosted_env(f->s.hosted, &env);
	fault_ok(f, at(f, 0), 1, W);
	assert_int_equal(mprotect(at(f, 0), PAGE, PROT_READ), 0);
	assert_int_equal(env.mem_write(env.ctx, (uintptr_t)at(f, 0), &word, 8,
				       &done),
			 -EFAULT);
	assert_int_equal(
		env.mem_read(env.ctx, (uintptr_t)at(f, 0), &word, 8, &done), 0);
	assert_int_equal(word, 0);
	fault_fails(f, at(f, 0), 1, W, -EACCES, 0);
}

/* Nor is anything told of detached System V memory. The same holds. */
static void test_shmdt_is_caught_by_the_access(void **state)
{
	struct fixture *f = *state;
	struct hw_env env;
	uint64_t word = 1;
	unsigned char *around;
	size_t done;
	void *p;
	int id;

	plat_hosted_env(f->s.hosted, &env);
	/* It leaves a hole, at a place where nobody else looks for one. */
	around = mmap(space_wish(3), 3 * PAGE, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(around, MAP_FAILED);
	id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	assert_true(id >= 0);
	p = shmat(id, around + PAGE, SHM_REMAP);
	assert_int_equal(shmctl(id, IPC_RMID, NULL), 0);
	assert_ptr_equal(p, around + PAGE);
	fault_ok(f, p, 1, W);
	assert_int_equal(shmdt(p), 0);
	assert_int_equal(env.mem_read(env.ctx, (uintptr_t)p, &word, 8, &done),
			 -EFAULT);
	fault_fails(f, p, 1, R, -EFAULT, 0);
	munmap(around, 3 * PAGE);
}

static void *barrier_main(void *arg)
{
	plat_hosted_submit_barrier(arg);
	return NULL;
}

/*
 * A reader that does not get on, here because the test holds its lock: the
 * barrier stops waiting, and forgets all there is instead.
 */
static void test_barrier_is_bounded_and_forgets_everything(void **state)
{
	struct fixture *f = *state;
	struct hosted_notifier *n = &f->s.hosted->notifier;
	pthread_t changer, barrier;

	if (!f->s.features.uffd)
		return;
	fault_ok(f, at(f, 0), 8, W);
	hosted_lock(f->s.hosted, &n->lock);
	assert_int_equal(pthread_create(&changer, NULL, unmap_main, at(f, 2)),
			 0);
	/* The change has begun when the mark is there. */
	while (hosted_notifier_check(f->s.hosted, (uintptr_t)n->canary,
				     (uintptr_t)n->canary + PAGE) != -EAGAIN)
		sched_yield();
	assert_int_equal(
		pthread_create(&barrier, NULL, barrier_main, f->s.hosted), 0);
	while (!atomic_load(&n->counters.barrier_resets))
		usleep(1000);
	hosted_unlock(f->s.hosted, &n->lock);
	pthread_join(barrier, NULL);
	pthread_join(changer, NULL);
	assert_int_equal(space_perm(&f->s, at(f, 2)), 0);
	assert_int_equal(space_perm(&f->s, at(f, 7)), 0);
	assert_true(heard(f, at(f, 7)));
	fault_ok(f, at(f, 7), 1, W);
}

/* --- files --- */

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

/* --- populate --- */

static void test_populate_counts_bytes_to_where_it_stopped(void **state)
{
	struct fixture *f = *state;
	unsigned char *p = at(f, 0);
	size_t done = 0;

	assert_int_equal(plat_hosted_mm_populate(f->s.mm, p + 100, 4 * PAGE, W,
						 &done),
			 0);
	assert_int_equal(done, 4 * PAGE);
	assert_int_equal(space_perm(&f->s, at(f, 4)), RW);
	punch(f, 6, 1);
	assert_int_equal(plat_hosted_mm_populate(f->s.mm, p + 100, 8 * PAGE, W,
						 &done),
			 -EFAULT);
	assert_int_equal(done, 6 * PAGE - 100);
	assert_int_equal(plat_hosted_mm_populate(f->s.mm, at(f, 6), 1, R,
						 &done),
			 -EFAULT);
	assert_int_equal(done, 0);
	assert_int_equal(plat_hosted_mm_populate(f->s.mm, p, 0, R, &done), 0);
	assert_int_equal(done, 0);
}

/* --- more than one --- */

static void test_second_address_space_hears_the_same_events(void **state)
{
	struct fixture *f = *state;
	struct space other = f->s;
	size_t done;

	assert_int_equal(
		plat_hosted_mm_create(f->s.hosted, f->s.sys, &other.mm), 0);
	fault_ok(f, at(f, 0), 1, W);
	assert_int_equal(space_fault(&other, at(f, 0), 1, W, &done), 0);
	punch(f, 0, 1);
	plat_hosted_submit_barrier(f->s.hosted);
	assert_int_equal(space_perm(&f->s, at(f, 0)), 0);
	assert_int_equal(space_perm(&other, at(f, 0)), 0);
	iommu_mm_put_users(other.mm);
	/* The first one goes on. */
	fault_ok(f, at(f, 1), 1, W);
	heard(f, at(f, 1));
	punch(f, 1, 1);
	assert_gone(f, at(f, 1));
}

/* [C7] The child has no device, and its life and end change nothing. */
static void test_fork_child_neither_hears_nor_disturbs(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t pid;

	fault_ok(f, at(f, 0), 8, W);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		/* Not registered here: nobody would read the event. */
		alarm(10);
		_exit(munmap(at(f, 0), 8 * PAGE) ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	if (f->s.features.uffd)
		assert_int_equal(space_perm(&f->s, at(f, 3)), RW);
	heard(f, at(f, 3));
	punch(f, 3, 1);
	plat_hosted_submit_barrier(f->s.hosted);
	assert_int_equal(space_perm(&f->s, at(f, 3)), 0);
}

/* A child must not keep the registrations of a parent that has closed them. */
static void test_fork_child_alive_does_not_block_the_parent(void **state)
{
	unsigned char *p = map_anon(2);
	struct space s;
	int status, fds[2];
	size_t done;
	pid_t pid;

	(void)state;
	space_open(&s, NULL, NULL);
	assert_int_equal(space_fault(&s, p, 2, W, &done), 0);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		char c;

		alarm(20);
		close(fds[1]);
		_exit(read(fds[0], &c, 1) == 0 ? 0 : 1);
	}
	close(fds[0]);
	space_close(&s);
	assert_int_equal(munmap(p, 2 * PAGE), 0);
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_mm_table_is_the_format_asked_for(void **state)
{
	struct fixture *f = *state;
	struct iommu_mm_table t, again;
	struct iommu_mm *mm = f->s.mm;

	assert_int_equal(get_table(mm, IOMMU_TABLE_ARM_64_LPAE_S1, &t), 0);
	assert_int_equal(t.va_bits, 48);
	assert_int_equal(t.granule_lg2, 12);
	assert_true(t.root);
	assert_true(t.af_managed);
	assert_int_equal(get_table(mm, IOMMU_TABLE_ARM_64_LPAE_S1, &again), 0);
	assert_int_equal(again.root, t.root);

	assert_int_equal(get_table(mm, IOMMU_TABLE_X86_64, &t), 0);
	assert_int_equal(t.fmt, IOMMU_TABLE_X86_64);
#ifdef __x86_64__
	assert_int_equal(t.va_bits, 48);
#else
	assert_int_equal(t.va_bits, 57);
#endif
	assert_int_equal(t.granule_lg2, 12);
	assert_int_equal(t.root & 4095, 0);
	assert_int_not_equal(t.root, again.root);
	assert_true(t.af_managed);
	assert_int_equal(get_table(mm, (enum iommu_table_fmt)77, &t),
			 -EOPNOTSUPP);
}

static void test_mm_table_is_one_until_another_is_asked_for(void **state)
{
	struct fixture *f = *state;
	const struct mm_table *table = &to_hosted_mirror(f->s.mm)->table;
	struct iommu_mm_table t;
	size_t done;

	assert_false(table->has_arm || table->has_x86);
	assert_int_equal(get_table(f->s.mm, IOMMU_TABLE_X86_64, &t), 0);
	assert_int_equal(space_fault(&f->s, f->area, 1, W, &done), 0);
	assert_true(table->has_x86 && !table->has_arm);
	assert_int_equal(space_perm(&f->s, f->area), RW);
}

/* What was mapped before is in the table that comes later, and stays there. */
static void test_mm_table_of_another_format_is_a_copy(void **state)
{
	struct fixture *f = *state;
	const struct mm_table *table = &to_hosted_mirror(f->s.mm)->table;
	struct iommu_mm_table t;
	enum iommu_table_fmt first = f->s.hosted->cfg.table_fmt;
	size_t done;

	assert_int_equal(
		plat_hosted_mm_populate(f->s.mm, f->area, PAGE, W, &done), 0);
	assert_int_equal(space_fault(&f->s, f->area + 2 * PAGE, 1, R, &done),
			 0);
	assert_int_equal(table->has_x86, first == IOMMU_TABLE_X86_64);
	assert_int_equal(table->has_arm, first != IOMMU_TABLE_X86_64);
	assert_int_equal(get_table(f->s.mm,
				   first == IOMMU_TABLE_X86_64 ?
					   IOMMU_TABLE_ARM_64_LPAE_S1 :
					   IOMMU_TABLE_X86_64,
				   &t),
			 0);
	assert_true(table->has_arm && table->has_x86);
	assert_int_equal(space_perm(&f->s, f->area), RW);
	assert_int_equal(space_perm(&f->s, f->area + PAGE), 0);
	assert_int_equal(space_perm(&f->s, f->area + 2 * PAGE), R);
	munmap(f->area + 2 * PAGE, PAGE);
	plat_hosted_submit_barrier(f->s.hosted);
	assert_int_equal(space_perm(&f->s, f->area + 2 * PAGE), 0);
	assert_int_equal(space_perm(&f->s, f->area), RW);
}

static void test_mm_table_of_an_exited_process_is_none(void **state)
{
	struct iommu_mm_table t;
	struct iommu_mm *mm;
	struct space s;

	(void)state;
	space_open(&s, NULL, NULL);
	mm = s.mm;
	iommu_mm_get(mm);
	assert_int_equal(get_table(mm, IOMMU_TABLE_X86_64, &t), 0);
	iommu_mm_put_users(mm);
	assert_int_equal(get_table(mm, IOMMU_TABLE_X86_64, &t), -ESRCH);
	iommu_mm_put(mm);
	assert_int_equal(iommu_system_destroy(s.sys), 0);
	plat_hosted_destroy(s.hosted);
}

static void test_features_say_what_is_tested(void **state)
{
	const struct fixture *f = *state;

	print_message(
		"  userfaultfd %d, WP_ASYNC %d, PROCMAP_QUERY %d, POPULATE %d\n",
		f->s.features.uffd, f->s.features.wp_async,
		f->s.features.procmap_query, f->s.features.populate);
	if (!f->s.features.uffd)
		print_message("  NO USERFAULTFD: the fallback is tested\n");
}

#define MODE(test, mode)                                                       \
	cmocka_unit_test_setup_teardown(test, setup##mode, teardown)

#define ALL(mode)                                                              \
	MODE(test_features_say_what_is_tested, mode),                          \
		MODE(test_fault_installs_what_was_asked_for, mode),            \
		MODE(test_fault_upgrade_is_told, mode),                        \
		MODE(test_fault_obeys_the_mapping, mode),                      \
		MODE(test_fault_stops_at_the_first_bad_page, mode),            \
		MODE(test_fault_large_range_is_served_whole, mode),            \
		MODE(test_munmap_clears_exactly_its_pages, mode),              \
		MODE(test_map_fixed_over_clears, mode),                        \
		MODE(test_madvise_dontneed_clears, mode),                      \
		MODE(test_mremap_clears_old_and_new, mode),                    \
		MODE(test_mremap_dontunmap_clears_the_old, mode),              \
		MODE(test_mremap_shrink_clears_the_tail, mode),                \
		MODE(test_change_by_another_thread_is_seen_after_the_barrier,  \
		     mode),                                                    \
		MODE(test_mprotect_is_caught_by_the_access, mode),             \
		MODE(test_shmdt_is_caught_by_the_access, mode),                \
		MODE(test_file_end_is_a_fault, mode),                          \
		MODE(test_file_private_and_shared_are_watched, mode),          \
		MODE(test_unwatched_lives_until_the_next_barrier, mode),       \
		MODE(test_unwatched_populated_lives_while_it_is_mapped, mode), \
		MODE(test_unwatched_mapping_of_another_userfaultfd, mode),     \
		MODE(test_huge_pages_are_served_and_cleared, mode),            \
		MODE(test_unwatched_list_overflow_still_drops_all, mode),      \
		MODE(test_populate_counts_bytes_to_where_it_stopped, mode),    \
		MODE(test_second_address_space_hears_the_same_events, mode),   \
		MODE(test_fork_child_neither_hears_nor_disturbs, mode)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(),
		ALL(_no_wp_async),
		ALL(_no_procmap_query),
		ALL(_no_uffd),
		ALL(_no_signal_handler),
		ALL(_x86),
		ALL(_both),
		MODE(test_mm_table_is_the_format_asked_for, ),
		MODE(test_mm_table_is_one_until_another_is_asked_for, ),
		MODE(test_mm_table_of_another_format_is_a_copy, ),
		MODE(test_mm_table_of_another_format_is_a_copy, _x86),
		cmocka_unit_test(test_mm_table_of_an_exited_process_is_none),
		MODE(test_barrier_is_bounded_and_forgets_everything, ),
		cmocka_unit_test(
			test_fork_child_alive_does_not_block_the_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
