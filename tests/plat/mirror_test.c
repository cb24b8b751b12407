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
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plat/hosted/kernel_abi.h"
#include "tests/plat/mirror_fixture.h"

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
		MODE(test_barrier_is_bounded_and_forgets_everything, ),
		cmocka_unit_test(
			test_fork_child_alive_does_not_block_the_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
