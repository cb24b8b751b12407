/* SPDX-License-Identifier: MIT */
/*
 * Accesses of devices to memory in every state a page can be in, with the
 * signal handler and without. Both must answer alike.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sva/hosted.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#define PAGE 4096u

struct fixture {
	struct plat_hosted *hosted;
	struct hw_env env;
	bool calls;          /* system calls, no handler */
	unsigned char *area; /* three pages, readable and writable */
};

static int make(void **state, bool calls)
{
	struct plat_hosted_cfg cfg = { .no_signal_handler = calls };
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || plat_hosted_create(&cfg, &f->hosted))
		return -1;
	f->calls = calls;
	plat_hosted_env(f->hosted, &f->env);
	f->area = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*state = f;
	return f->area == MAP_FAILED ? -1 : 0;
}

static int setup_handler(void **state)
{
	return make(state, false);
}

static int setup_calls(void **state)
{
	return make(state, true);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	munmap(f->area, 3 * PAGE);
	plat_hosted_destroy(f->hosted);
	free(f);
	return 0;
}

static uint64_t addr(const void *p)
{
	return (uintptr_t)p;
}

/* --- what a page may be --- */

enum page_state {
	UNMAPPED,
	NONE,
	READ_ONLY,
	READ_WRITE,
	UNTOUCHED,
	FILE_HOLE,
	BEYOND_EOF,
	GUARD,
	STATE_COUNT,
};

static const struct {
	const char *name;
	bool read, write;
} expected[STATE_COUNT] = {
	[UNMAPPED] = { "unmapped", false, false },
	[NONE] = { "no permission", false, false },
	[READ_ONLY] = { "read-only", true, false },
	[READ_WRITE] = { "writable", true, true },
	[UNTOUCHED] = { "writable, never touched", true, true },
	[FILE_HOLE] = { "hole of a file", true, true },
	[BEYOND_EOF] = { "beyond the end of a file", false, false },
	[GUARD] = { "guard page", false, false },
};

/* A page in that state, or NULL if this kernel cannot make one. */
static unsigned char *page_in(enum page_state s)
{
	int prot = PROT_READ | PROT_WRITE;
	int fd = -1;
	unsigned char *p;

	if (s == FILE_HOLE || s == BEYOND_EOF) {
		fd = memfd_create("page", MFD_CLOEXEC);
		assert_true(fd >= 0);
		if (s == FILE_HOLE)
			assert_int_equal(ftruncate(fd, PAGE), 0);
	}
	p = mmap(NULL, PAGE, prot,
		 fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	assert_true(p != MAP_FAILED);
	if (fd >= 0)
		close(fd);
	if (s == READ_WRITE || s == READ_ONLY)
		memset(p, 0x5a, PAGE);
	if (s == READ_ONLY)
		assert_int_equal(mprotect(p, PAGE, PROT_READ), 0);
	if (s == NONE)
		assert_int_equal(mprotect(p, PAGE, PROT_NONE), 0);
	if (s == UNMAPPED)
		assert_int_equal(munmap(p, PAGE), 0);
	if (s == GUARD && madvise(p, PAGE, MADV_GUARD_INSTALL)) {
		printf("no guard pages on this kernel: state not tested\n");
		munmap(p, PAGE);
		return NULL;
	}
	return p;
}

static void drop(unsigned char *p, enum page_state s)
{
	if (s != UNMAPPED)
		munmap(p, PAGE);
}

static void check_read(struct fixture *f, const unsigned char *p, bool ok)
{
	unsigned char buf[64];
	uint64_t word;
	size_t done = 99;
	int want = ok ? 0 : -EFAULT;
	bool write = true;

	assert_int_equal(f->env.mem_read(f->env.ctx, addr(p), buf, 64, &done),
			 want);
	assert_int_equal(done, ok ? 64 : 0);
	assert_int_equal(f->env.mem_load64(f->env.ctx, addr(p) + 8, &word),
			 want);
	assert_int_equal(f->env.mem_copy(f->env.ctx, addr(f->area), addr(p), 64,
					 &done, &write),
			 want);
	if (!ok)
		assert_false(write);
}

static void check_write(struct fixture *f, unsigned char *p, bool ok)
{
	static const unsigned char buf[64] = { 1 };
	uint64_t old;
	size_t done = 99;
	int want = ok ? 0 : -EFAULT;
	bool write = false;
	int err;

	assert_int_equal(f->env.mem_write(f->env.ctx, addr(p), buf, 64, &done),
			 want);
	assert_int_equal(done, ok ? 64 : 0);
	assert_int_equal(f->env.mem_store64(f->env.ctx, addr(p) + 8, 7), want);
	err = f->env.mem_cas64(f->env.ctx, addr(p) + 8, 7, 9, &old);
	/* By system calls there is none, which is documented. */
	assert_int_equal(err, f->calls ? -EFAULT : want);
	if (!err) {
		assert_int_equal(old, 7);
		assert_int_equal(p[8], 9);
	}
	assert_int_equal(f->env.mem_copy(f->env.ctx, addr(p), addr(f->area), 64,
					 &done, &write),
			 want);
	if (!ok) {
		assert_int_equal(done, 0);
		assert_true(write);
	}
}

static void test_access_each_page_state_obeys_the_cpu(void **state)
{
	struct fixture *f = *state;
	unsigned int s;

	for (s = 0; s < STATE_COUNT; s++) {
		unsigned char *p = page_in((enum page_state)s);

		if (!p)
			continue;
		print_message("  %s\n", expected[s].name);
		/* Untouched pages are tried by either side first. */
		if (s == UNTOUCHED)
			check_write(f, p, expected[s].write);
		check_read(f, p, expected[s].read);
		check_write(f, p, expected[s].write);
		drop(p, (enum page_state)s);
	}
}

static void test_access_strange_addresses_fail(void **state)
{
	static const uint64_t strange[] = {
		0,
		8,
		UINT64_C(1) << 47,
		UINT64_C(1) << 56,
		UINT64_C(0xffff800000000000),
		UINT64_MAX - 7,
	};
	struct fixture *f = *state;
	uint64_t word;
	size_t i, done;

	for (i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		assert_int_equal(f->env.mem_load64(f->env.ctx, strange[i],
						   &word),
				 -EFAULT);
		assert_int_equal(f->env.mem_store64(f->env.ctx, strange[i], 1),
				 -EFAULT);
		assert_int_equal(f->env.mem_read(f->env.ctx, strange[i], &word,
						 8, &done),
				 -EFAULT);
		assert_int_equal(done, 0);
	}
	/* Words are whole. */
	assert_int_equal(f->env.mem_load64(f->env.ctx, addr(f->area) + 4,
					   &word),
			 -EFAULT);
}

/* --- how far it got --- */

static void test_copy_stops_at_the_exact_byte(void **state)
{
	static const size_t lens[] = { 1, 7, 8, 63, 64, 100, 1000, 4000 };
	struct fixture *f = *state;
	unsigned char *edge = f->area + 2 * PAGE;
	unsigned char *buf = malloc(2 * PAGE);
	size_t i, done;
	bool write;

	assert_non_null(buf);
	for (i = 0; i < 2 * PAGE; i++)
		f->area[i] = (unsigned char)(i * 7);
	assert_int_equal(mprotect(edge, PAGE, PROT_NONE), 0);
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t n = lens[i];

		memset(buf, 0, 2 * PAGE);
		assert_int_equal(f->env.mem_read(f->env.ctx, addr(edge) - n,
						 buf, n + 50, &done),
				 -EFAULT);
		assert_int_equal(done, n);
		assert_memory_equal(buf, edge - n, n);
		assert_int_equal(buf[n], 0);

		memset(buf, (int)n, 2 * PAGE);
		assert_int_equal(f->env.mem_copy(f->env.ctx, addr(edge) - n,
						 addr(buf), n + 50, &done,
						 &write),
				 -EFAULT);
		assert_int_equal(done, n);
		assert_true(write);
		assert_memory_equal(edge - n, buf, n);
		memset(edge - n, 0, n);

		assert_int_equal(f->env.mem_copy(f->env.ctx, addr(buf),
						 addr(edge) - n, n + 50, &done,
						 &write),
				 -EFAULT);
		assert_int_equal(done, n);
		assert_false(write);
	}
	free(buf);
}

static void test_copy_overlapping_is_memmove(void **state)
{
	static const size_t lens[] = { 0, 1, 5, 31, 32, 33, 100, 4096, 5000 };
	struct fixture *f = *state;
	unsigned char *model = malloc(3 * PAGE);
	size_t i, j, done;
	long shift;
	bool write;

	assert_non_null(model);
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		for (shift = -40; shift <= 40; shift += 3) {
			for (j = 0; j < 3 * PAGE; j++)
				model[j] = (unsigned char)(j * 31 + j / 251);
			memcpy(f->area, model, 3 * PAGE);
			memmove(model + 100 + shift, model + 100, lens[i]);
			assert_int_equal(
				f->env.mem_copy(f->env.ctx,
						addr(f->area + 100 + shift),
						addr(f->area + 100), lens[i],
						&done, &write),
				0);
			assert_memory_equal(f->area, model, 3 * PAGE);
		}
	free(model);
}

static void test_copy_overlapping_backwards_reports_no_progress(void **state)
{
	struct fixture *f = *state;
	size_t done = 99;
	bool write = false;

	memset(f->area, 1, 2 * PAGE);
	assert_int_equal(mprotect(f->area + 2 * PAGE, PAGE, PROT_READ), 0);
	assert_int_equal(f->env.mem_copy(f->env.ctx, addr(f->area) + PAGE + 64,
					 addr(f->area) + PAGE, PAGE, &done,
					 &write),
			 -EFAULT);
	assert_int_equal(done, 0);
	assert_true(write);
}

/* --- many at once --- */

struct hammer {
	struct fixture *f;
	uint64_t good, bad;
	_Atomic unsigned int wrong;
};

static void *hammer_main(void *arg)
{
	struct hammer *h = arg;
	const struct hw_env *env = &h->f->env;
	unsigned char buf[128];
	size_t done;
	int i;

	for (i = 0; i < 3000; i++) {
		if (env->mem_read(env->ctx, h->bad, buf, 128, &done) !=
			    -EFAULT ||
		    done)
			atomic_fetch_add(&h->wrong, 1);
		if (env->mem_read(env->ctx, h->good, buf, 128, &done) ||
		    buf[127] != 0x77)
			atomic_fetch_add(&h->wrong, 1);
	}
	return NULL;
}

static void test_access_faults_in_many_threads_at_once(void **state)
{
	struct fixture *f = *state;
	unsigned char *none = page_in(NONE);
	struct hammer h = { .f = f, .good = addr(f->area), .bad = addr(none) };
	pthread_t id[4];
	int i;

	memset(f->area, 0x77, PAGE);
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&id[i], NULL, hammer_main, &h),
				 0);
	for (i = 0; i < 4; i++)
		pthread_join(id[i], NULL);
	assert_int_equal(atomic_load(&h.wrong), 0);
	drop(none, NONE);
}

/* Permission comes and goes under a running copy: never a crash. */
struct flip {
	unsigned char *page;
	_Atomic bool stop;
};

static void *flip_main(void *arg)
{
	struct flip *fl = arg;
	int ok = 0;

	while (!atomic_load(&fl->stop)) {
		ok |= mprotect(fl->page, PAGE, PROT_NONE);
		ok |= mprotect(fl->page, PAGE, PROT_READ | PROT_WRITE);
	}
	return ok ? arg : NULL;
}

static void test_access_survives_permission_changes(void **state)
{
	struct fixture *f = *state;
	struct flip fl = { .page = f->area + PAGE };
	unsigned char buf[PAGE];
	pthread_t id;
	void *failed;
	int i;

	assert_int_equal(pthread_create(&id, NULL, flip_main, &fl), 0);
	for (i = 0; i < 3000; i++) {
		uint64_t from = addr(f->area) + PAGE / 2;
		size_t done = 0;
		int err = f->env.mem_read(f->env.ctx, from, buf, PAGE, &done);

		if (err)
			assert_in_range(done, PAGE / 2, PAGE - 1);
	}
	atomic_store(&fl.stop, true);
	pthread_join(id, &failed);
	assert_null(failed);
}

/* --- other people's faults --- */

static sigjmp_buf back;
static _Atomic int chained;

static void on_segv(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	atomic_fetch_add(&chained, 1);
	siglongjmp(back, 1);
}

/* A platform leaves the handler that was there in charge of all but its own. */
static void test_handler_chains_and_is_given_back(void **state)
{
	struct sigaction mine = { .sa_sigaction = on_segv,
				  .sa_flags = SA_SIGINFO };
	struct sigaction before, now;
	volatile unsigned char *none = page_in(NONE);
	struct plat_hosted *hosted;
	struct hw_env env;
	uint64_t word;

	(void)state;
	sigemptyset(&mine.sa_mask);
	assert_int_equal(sigaction(SIGSEGV, &mine, &before), 0);
	assert_int_equal(plat_hosted_create(NULL, &hosted), 0);
	plat_hosted_env(hosted, &env);
	assert_int_equal(env.mem_load64(env.ctx, (uintptr_t)none, &word),
			 -EFAULT);
	assert_int_equal(atomic_load(&chained), 0);
	if (!sigsetjmp(back, 1))
		*none = 1;
	assert_int_equal(atomic_load(&chained), 1);
	plat_hosted_destroy(hosted);
	assert_int_equal(sigaction(SIGSEGV, &before, &now), 0);
	assert_ptr_equal(now.sa_sigaction, on_segv);
	munmap((void *)(uintptr_t)none, PAGE);
}

static void test_handler_default_action_still_kills(void **state)
{
	unsigned char *none = page_in(NONE);
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct sigaction dfl = { .sa_handler = SIG_DFL };
		struct plat_hosted *hosted;

		sigaction(SIGSEGV, &dfl, NULL);
		if (plat_hosted_create(NULL, &hosted))
			_exit(1);
		*(volatile unsigned char *)none = 1;
		_exit(2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
	drop(none, NONE);
}

static unsigned char *volatile nowhere = (unsigned char *)16;

/* Says that it ran, and returns: the fault comes again. */
static void tell(int sig)
{
	const ssize_t n = write(STDOUT_FILENO, "", 1);

	(void)sig;
	(void)n;
}

/* Faults in turn itself. */
static void fault_again(int sig)
{
	tell(sig);
	*(volatile unsigned char *)nowhere = 1;
}

/* In a child that faults: how often did the handler run, and what became of it? */
static size_t handler_runs(void (*handler)(int sig), int flags, int *ret_status)
{
	char got[8];
	size_t runs = 0;
	int fds[2];
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct sigaction act = { .sa_handler = handler,
					 .sa_flags = flags };
		struct plat_hosted *hosted;

		/* Should it go on for ever. */
		alarm(20);
		dup2(fds[1], STDOUT_FILENO);
		sigaction(SIGSEGV, &act, NULL);
		if (plat_hosted_create(NULL, &hosted))
			_exit(1);
		*(volatile unsigned char *)nowhere = 1;
		_exit(2);
	}
	close(fds[1]);
	while (runs < 100 && (n = read(fds[0], got, sizeof(got))) > 0)
		runs += (size_t)n;
	close(fds[0]);
	assert_int_equal(waitpid(pid, ret_status, 0), pid);
	return runs;
}

static void test_handler_that_was_for_once_runs_once(void **state)
{
	int status;

	(void)state;
	assert_int_equal(handler_runs(tell, (int)SA_RESETHAND, &status), 1);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void test_handler_that_faults_is_not_run_again(void **state)
{
	int status;

	(void)state;
	assert_int_equal(handler_runs(fault_again, 0, &status), 1);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

/* Its parent's is in the chain already, and goes on being. */
static void test_handler_serves_a_platform_of_a_child(void **state)
{
	struct fixture *f = *state;
	unsigned char *none = page_in(NONE);
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		struct plat_hosted *hosted;
		struct hw_env env;
		uint64_t word;

		if (plat_hosted_create(NULL, &hosted))
			_exit(1);
		plat_hosted_env(hosted, &env);
		if (env.mem_load64(env.ctx, addr(none), &word) != -EFAULT)
			_exit(2);
		plat_hosted_destroy(hosted);
		plat_hosted_destroy(f->hosted);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	check_read(f, none, false);
	drop(none, NONE);
}

static struct sigaction before_segv;

/* One that passes on what it does not know, as it should. */
static void call_before(int sig, siginfo_t *info, void *context)
{
	before_segv.sa_sigaction(sig, info, context);
}

static void test_handler_works_behind_a_later_one_that_chains(void **state)
{
	struct sigaction later = { .sa_sigaction = call_before,
				   .sa_flags = SA_SIGINFO | SA_NODEFER };
	unsigned char *none = page_in(NONE);
	struct plat_hosted *hosted;
	struct hw_env env;
	uint64_t word;
	int i;

	(void)state;
	sigemptyset(&later.sa_mask);
	/* The second platform finds the chain as the first one left it. */
	for (i = 0; i < 2; i++) {
		assert_int_equal(plat_hosted_create(NULL, &hosted), 0);
		if (!i)
			assert_int_equal(
				sigaction(SIGSEGV, &later, &before_segv), 0);
		plat_hosted_env(hosted, &env);
		assert_int_equal(env.mem_load64(env.ctx, addr(none), &word),
				 -EFAULT);
		if (i)
			assert_int_equal(sigaction(SIGSEGV, &before_segv, NULL),
					 0);
		plat_hosted_destroy(hosted);
	}
	drop(none, NONE);
}

#define BOTH(test)                                                             \
	cmocka_unit_test_setup_teardown(test, setup_handler, teardown),        \
		cmocka_unit_test_setup_teardown(test, setup_calls, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_access_each_page_state_obeys_the_cpu),
		BOTH(test_access_strange_addresses_fail),
		BOTH(test_copy_stops_at_the_exact_byte),
		BOTH(test_copy_overlapping_is_memmove),
		BOTH(test_copy_overlapping_backwards_reports_no_progress),
		BOTH(test_access_faults_in_many_threads_at_once),
		BOTH(test_access_survives_permission_changes),
		cmocka_unit_test(test_handler_chains_and_is_given_back),
		cmocka_unit_test(test_handler_default_action_still_kills),
		cmocka_unit_test(test_handler_that_was_for_once_runs_once),
		cmocka_unit_test(test_handler_that_faults_is_not_run_again),
		cmocka_unit_test_setup_teardown(
			test_handler_serves_a_platform_of_a_child,
			setup_handler, teardown),
		cmocka_unit_test(
			test_handler_works_behind_a_later_one_that_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
