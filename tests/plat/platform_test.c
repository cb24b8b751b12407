/* SPDX-License-Identifier: MIT */
/* The hosted platform's callbacks: its life, memory, locks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/plat/platform_fixture.h"

/* Does fn end a child by SIGABRT, with words in its message? */
static bool dies_saying(struct fixture *f, void (*fn)(struct fixture *f),
			const char *words)
{
	char text[1024] = "";
	size_t len = 0;
	ssize_t n;
	int pipe_fds[2];
	int status;
	pid_t pid;

	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(pipe_fds[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		fn(f);
		_exit(0);
	}
	close(pipe_fds[1]);
	while (len < sizeof(text) - 1 &&
	       (n = read(pipe_fds[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(pipe_fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
		return false;
	return strstr(text, words);
}

/* --- life --- */

static void test_platform_second_create_is_refused(void **state)
{
	struct plat_hosted *other;

	(void)state;
	assert_int_equal(plat_hosted_create(NULL, &other), -EBUSY);
}

static void test_platform_features_follow_the_settings(void **state)
{
	struct plat_hosted_cfg cfg = {
		.no_uffd = true,
		.no_procmap_query = true,
	};
	struct plat_hosted_features features;
	struct plat_hosted *hosted;

	(void)state;
	assert_int_equal(plat_hosted_create(&cfg, &hosted), 0);
	plat_hosted_features(hosted, &features);
	assert_false(features.uffd);
	assert_false(features.wp_async);
	assert_false(features.procmap_query);
	plat_hosted_destroy(hosted);
}

static void leak(struct fixture *f)
{
	struct plat_hosted *hosted;

	(void)f;
	if (plat_hosted_create(NULL, &hosted))
		return;
	if (plat_zalloc(plat_hosted_plat(hosted), 8))
		plat_hosted_destroy(hosted);
}

static void test_platform_leaked_memory_is_noticed_at_the_end(void **state)
{
	(void)state;
	assert_true(dies_saying(NULL, leak, "1 allocations were not given"));
}

/* A child has neither threads nor device: its end changes nothing. */
static void test_platform_destroy_in_a_child_does_nothing(void **state)
{
	const struct fixture *f = *state;
	int status;
	void *p;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		plat_hosted_destroy(f->hosted);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	p = plat_zalloc(f->p, 64);
	assert_non_null(p);
	plat_free(f->p, p);
}

static char last_log[256];

static void keep_log(enum plat_log_level level, const char *msg)
{
	(void)level;
	strncpy(last_log, msg, sizeof(last_log) - 1);
}

static void test_platform_log_obeys_level_and_reaches_callback(void **state)
{
	struct plat_hosted_cfg cfg = {
		.log_level = PLAT_LOG_WARN,
		.log = keep_log,
	};
	struct plat_hosted *hosted;

	(void)state;
	assert_int_equal(plat_hosted_create(&cfg, &hosted), 0);
	plat_log(plat_hosted_plat(hosted), PLAT_LOG_WARN, "seven %d", 7);
	assert_string_equal(last_log, "seven 7");
	plat_log(plat_hosted_plat(hosted), PLAT_LOG_INFO, "eight");
	assert_string_equal(last_log, "seven 7");
	plat_hosted_destroy(hosted);
}

/* --- memory --- */

static bool all_zero(const unsigned char *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

static void test_zalloc_any_size_is_zero_aligned_and_apart(void **state)
{
	static const size_t sizes[] = { 1,    8,    63,   64,   65,    200,
					1000, 2048, 2049, 5000, 100000 };
	enum { N = sizeof(sizes) / sizeof(sizes[0]), ROUNDS = 200 };
	const struct fixture *f = *state;
	unsigned char *p[N];
	size_t i, round;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < N; i++) {
			p[i] = plat_zalloc(f->p, sizes[i]);
			assert_non_null(p[i]);
			assert_int_equal((uintptr_t)p[i] % 64, 0);
			assert_true(all_zero(p[i], sizes[i]));
			memset(p[i], (int)i + 1, sizes[i]);
		}
		for (i = 0; i < N; i++) {
			assert_int_equal(p[i][0], i + 1);
			assert_int_equal(p[i][sizes[i] - 1], i + 1);
			plat_free(f->p, p[i]);
		}
	}
	plat_free(f->p, NULL);
	assert_null(plat_zalloc(f->p, SIZE_MAX));
	assert_null(plat_zalloc(f->p, SIZE_MAX / 2));
}

static void test_pages_are_aligned_to_their_size_and_zero(void **state)
{
	const struct fixture *f = *state;
	unsigned char *p;
	size_t size;
	int round;

	for (round = 0; round < 2; round++)
		for (size = 4096; size <= (8u << 20); size *= 2) {
			p = plat_pages_alloc(f->p, size);
			assert_non_null(p);
			assert_int_equal(plat_virt_to_phys(f->p, p) % size, 0);
			assert_true(all_zero(p, size));
			memset(p, 0xa5, size);
			plat_pages_free(f->p, p, size);
		}
	assert_null(plat_pages_alloc(f->p, 2048));
	assert_null(plat_pages_alloc(f->p, 12288));
}

static void test_phys_to_virt_inverts_and_refuses_strangers(void **state)
{
	const struct fixture *f = *state;
	unsigned char *p = plat_pages_alloc(f->p, 8192);
	uint64_t pa = plat_virt_to_phys(f->p, p + 5000);
	int stranger;

	assert_ptr_equal(plat_phys_to_virt(f->p, pa), p + 5000);
	assert_null(plat_phys_to_virt(f->p, 0));
	assert_null(plat_phys_to_virt(f->p, (uintptr_t)&stranger));
	assert_null(plat_phys_to_virt(f->p, UINT64_MAX));
	plat_pages_free(f->p, p, 8192);
}

static void free_twice(struct fixture *f)
{
	void *a = plat_zalloc(f->p, 100);
	void *b = plat_zalloc(f->p, 100);

	plat_free(f->p, a);
	plat_free(f->p, b);
	plat_free(f->p, a);
}

static void free_pages_twice(struct fixture *f)
{
	void *p = plat_pages_alloc(f->p, 4096);

	plat_pages_free(f->p, p, 4096);
	plat_pages_free(f->p, p, 4096);
}

static void free_stranger(struct fixture *f)
{
	int stranger;

	plat_free(f->p, &stranger);
}

static void test_memory_misuse_ends_the_program(void **state)
{
	assert_true(dies_saying(*state, free_twice, "freed twice"));
	assert_true(dies_saying(*state, free_pages_twice, "not allocated"));
	assert_true(dies_saying(*state, free_stranger, "not allocated"));
}

struct churn {
	const struct plat *p;
	unsigned int seed;
	bool bad;
};

static void *churn_main(void *arg)
{
	struct churn *c = arg;
	unsigned char *have[32] = { 0 };
	size_t size[32];
	unsigned int i;

	for (i = 0; i < 4000; i++) {
		unsigned int slot = (c->seed >> 16) % 32;

		c->seed = c->seed * 1103515245u + 12345u;
		if (have[slot]) {
			if (have[slot][0] != slot ||
			    have[slot][size[slot] - 1] != slot)
				c->bad = true;
			plat_free(c->p, have[slot]);
			have[slot] = NULL;
			continue;
		}
		size[slot] = 1 + (c->seed >> 8) % 9000;
		have[slot] = plat_zalloc(c->p, size[slot]);
		if (!have[slot] || !all_zero(have[slot], size[slot]))
			c->bad = true;
		else
			memset(have[slot], (int)slot, size[slot]);
	}
	for (i = 0; i < 32; i++)
		plat_free(c->p, have[i]);
	return NULL;
}

static void test_zalloc_from_threads_never_overlaps(void **state)
{
	const struct fixture *f = *state;
	struct churn c[3];
	pthread_t id[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		c[i] = (struct churn){ .p = f->p, .seed = i * 77 + 1 };
		assert_int_equal(
			pthread_create(&id[i], NULL, churn_main, &c[i]), 0);
	}
	for (i = 0; i < 3; i++) {
		pthread_join(id[i], NULL);
		assert_false(c[i].bad);
	}
}

/* --- locks --- */

struct two_locks {
	struct plat_lock low;
	struct plat_lock high;
};

static void init_two(struct fixture *f, struct two_locks *l)
{
	plat_lock_init(f->p, &l->low, PLAT_LOCK_MUTEX, PLAT_RANK_SVA, "low");
	plat_lock_init(f->p, &l->high, PLAT_LOCK_SPIN, PLAT_RANK_QUEUE, "high");
}

static void test_locks_in_order_are_fine(void **state)
{
	struct fixture *f = *state;
	struct two_locks l;
	int i;

	init_two(f, &l);
	for (i = 0; i < 2; i++) {
		plat_lock(f->p, &l.low);
		plat_lock(f->p, &l.high);
		/* Released in any order. */
		plat_unlock(f->p, i ? &l.low : &l.high);
		plat_unlock(f->p, i ? &l.high : &l.low);
	}
	plat_lock_fini(f->p, &l.high);
	plat_lock_fini(f->p, &l.low);
}

#ifndef NDEBUG

static void take_wrong_order(struct fixture *f)
{
	struct two_locks l;

	init_two(f, &l);
	plat_lock(f->p, &l.high);
	plat_lock(f->p, &l.low);
}

/* Both are named. The lower one is a mutex under a spin lock, too. */
static void take_equal_rank(struct fixture *f)
{
	struct plat_lock a, b;

	plat_lock_init(f->p, &a, PLAT_LOCK_MUTEX, PLAT_RANK_SVA, "first");
	plat_lock_init(f->p, &b, PLAT_LOCK_MUTEX, PLAT_RANK_SVA, "second");
	plat_lock(f->p, &a);
	plat_lock(f->p, &b);
}

static void unlock_not_held(struct fixture *f)
{
	struct two_locks l;

	init_two(f, &l);
	plat_unlock(f->p, &l.low);
}

static void sleep_under_spin(struct fixture *f)
{
	struct plat_event ev = { 0 };
	struct two_locks l;

	init_two(f, &l);
	plat_lock(f->p, &l.high);
	if (plat_event_wait(f->p, &ev, 0, 0))
		_exit(1);
}

static void sleep_in_reader(struct fixture *f)
{
	plat_rcu_read_lock(f->p);
	plat_rcu_synchronize(f->p);
}

static void allocate_under_spin(struct fixture *f)
{
	struct two_locks l;

	init_two(f, &l);
	plat_lock(f->p, &l.high);
	if (!plat_zalloc(f->p, 8))
		_exit(1);
}

static void test_lock_misuse_ends_the_program_with_names(void **state)
{
	assert_true(dies_saying(*state, take_wrong_order, "\"high\""));
	assert_true(dies_saying(
		*state, take_equal_rank,
		"\"second\" (rank 20) is taken under \"first\" (rank 20)"));
	assert_true(dies_saying(*state, unlock_not_held, "\"low\""));
	assert_true(dies_saying(*state, sleep_under_spin, "may sleep"));
	assert_true(dies_saying(*state, sleep_in_reader, "may sleep"));
	assert_true(dies_saying(*state, allocate_under_spin, "may sleep"));
}

#endif

struct counting {
	const struct plat *p;
	struct plat_lock lock;
	unsigned int n;
};

static void *count_main(void *arg)
{
	struct counting *c = arg;
	int i;

	for (i = 0; i < 20000; i++) {
		plat_lock(c->p, &c->lock);
		c->n++;
		plat_unlock(c->p, &c->lock);
	}
	return NULL;
}

static void test_lock_excludes(void **state)
{
	const struct fixture *f = *state;
	struct counting c = { .p = f->p };
	pthread_t a, b;

	plat_lock_init(f->p, &c.lock, PLAT_LOCK_SPIN, PLAT_RANK_LEAF, "n");
	assert_int_equal(pthread_create(&a, NULL, count_main, &c), 0);
	assert_int_equal(pthread_create(&b, NULL, count_main, &c), 0);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert_int_equal(c.n, 40000);
	plat_lock_fini(f->p, &c.lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_platform_second_create_is_refused, platform_setup,
			platform_teardown),
		cmocka_unit_test(test_platform_features_follow_the_settings),
		cmocka_unit_test(
			test_platform_log_obeys_level_and_reaches_callback),
		cmocka_unit_test(
			test_platform_leaked_memory_is_noticed_at_the_end),
	};
	const struct CMUnitTest on_platform[] = {
		cmocka_unit_test(
			test_zalloc_any_size_is_zero_aligned_and_apart),
		cmocka_unit_test(test_pages_are_aligned_to_their_size_and_zero),
		cmocka_unit_test(
			test_phys_to_virt_inverts_and_refuses_strangers),
		cmocka_unit_test(test_memory_misuse_ends_the_program),
		cmocka_unit_test(test_zalloc_from_threads_never_overlaps),
		cmocka_unit_test(test_locks_in_order_are_fine),
#ifndef NDEBUG
		cmocka_unit_test(test_lock_misuse_ends_the_program_with_names),
#endif
		cmocka_unit_test(test_platform_destroy_in_a_child_does_nothing),
		cmocka_unit_test(test_lock_excludes),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + cmocka_run_group_tests(on_platform, platform_setup,
					       platform_teardown);
}
