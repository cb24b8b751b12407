/* SPDX-License-Identifier: MIT */
/* The hosted platform's callbacks: memory, locks, waiting, work, interrupts. */
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

#include <sva/hosted.h>

#define NS_PER_MS UINT64_C(1000000)

struct fixture {
	struct plat_hosted *hosted;
	const struct plat *p;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || plat_hosted_create(NULL, &f->hosted))
		return -1;
	f->p = plat_hosted_plat(f->hosted);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	plat_hosted_destroy(f->hosted);
	free(f);
	return 0;
}

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

/* --- events --- */

static void test_event_wait_with_old_count_returns_at_once(void **state)
{
	const struct fixture *f = *state;
	struct plat_event ev = { 0 };
	uint32_t seen = plat_event_read(&ev);

	plat_event_signal(f->p, &ev);
	assert_int_equal(plat_event_wait(f->p, &ev, seen, UINT64_MAX), 0);
}

static void test_event_wait_ends_at_the_deadline(void **state)
{
	const struct fixture *f = *state;
	struct plat_event ev = { 0 };
	uint64_t deadline = plat_now_ns(f->p) + 5 * NS_PER_MS;

	assert_int_equal(plat_event_wait(f->p, &ev, 0, deadline), -ETIMEDOUT);
	assert_true(plat_now_ns(f->p) >= deadline);
	assert_int_equal(plat_event_wait(f->p, &ev, 0, 0), -ETIMEDOUT);
}

/* Two threads pass a turn back and forth; a lost wake-up would hang. */
struct ping {
	const struct plat *p;
	struct plat_event ev;
	_Atomic unsigned int turn;
	_Atomic bool timeout;
	unsigned int rounds;
};

static void play(struct ping *g, unsigned int me)
{
	unsigned int i;

	for (i = 0; i < g->rounds; i++) {
		for (;;) {
			uint32_t seen = plat_event_read(&g->ev);

			if (atomic_load_explicit(&g->turn,
						 memory_order_acquire) %
				    2 ==
			    me)
				break;
			if (plat_event_wait(g->p, &g->ev, seen,
					    plat_now_ns(g->p) +
						    20000 * NS_PER_MS)) {
				atomic_store(&g->timeout, true);
				return;
			}
		}
		atomic_fetch_add_explicit(&g->turn, 1, memory_order_release);
		plat_event_signal(g->p, &g->ev);
	}
}

static void *play_main(void *arg)
{
	play(arg, 1);
	return NULL;
}

static void test_event_loses_no_wakeup(void **state)
{
	const struct fixture *f = *state;
	struct ping g = { .p = f->p, .rounds = 5000 };
	pthread_t other;

	assert_int_equal(pthread_create(&other, NULL, play_main, &g), 0);
	play(&g, 0);
	pthread_join(other, NULL);
	assert_false(atomic_load(&g.timeout));
	assert_int_equal(atomic_load(&g.turn), 10000);
}

/* --- work queues --- */

struct job {
	struct plat_work work;
	const struct plat *p;
	struct plat_event *gate;
	_Atomic unsigned int *ran;
	_Atomic unsigned int *active;
	_Atomic unsigned int *most;
};

static void wait_for_gate(const struct plat *p, struct plat_event *gate)
{
	if (gate && plat_event_wait(p, gate, 0, UINT64_MAX))
		abort();
}

static void job_main(void *arg)
{
	struct job *j = arg;
	unsigned int now = 0;

	if (j->active) {
		unsigned int most = atomic_load(j->most);

		now = atomic_fetch_add(j->active, 1) + 1;
		while (now > most &&
		       !atomic_compare_exchange_weak(j->most, &most, now))
			;
	}
	wait_for_gate(j->p, j->gate);
	if (j->active)
		atomic_fetch_sub(j->active, 1);
	atomic_fetch_add(j->ran, 1);
}

static void test_work_runs_once_per_queueing(void **state)
{
	const struct fixture *f = *state;
	struct plat_workqueue *wq = plat_workqueue_create(f->p, "test", 1);
	struct plat_event gate = { 0 };
	_Atomic unsigned int blocked = 0, ran = 0;
	struct job first = { .p = f->p, .gate = &gate, .ran = &blocked };
	struct job job = { .p = f->p, .ran = &ran };

	assert_non_null(wq);
	plat_work_init(&first.work, job_main, &first);
	plat_work_init(&job.work, job_main, &job);
	assert_true(plat_work_queue(f->p, wq, &first.work));
	assert_true(plat_work_queue(f->p, wq, &job.work));
	/* It has not started: the only worker is in front of the gate. */
	assert_false(plat_work_queue(f->p, wq, &job.work));
	plat_event_signal(f->p, &gate);
	plat_workqueue_flush(f->p, wq);
	assert_int_equal(atomic_load(&ran), 1);
	assert_true(plat_work_queue(f->p, wq, &job.work));
	plat_workqueue_destroy(f->p, wq);
	assert_int_equal(atomic_load(&ran), 2);
}

struct flusher {
	const struct plat *p;
	struct plat_workqueue *wq;
	_Atomic bool back;
};

static void *flush_main(void *arg)
{
	struct flusher *f = arg;

	plat_workqueue_flush(f->p, f->wq);
	atomic_store(&f->back, true);
	return NULL;
}

/* Running and waiting works count, works queued after the call do not. */
static void test_flush_waits_for_exactly_what_was_queued(void **state)
{
	const struct fixture *f = *state;
	struct plat_workqueue *wq = plat_workqueue_create(f->p, "test", 2);
	struct plat_event early = { 0 }, late = { 0 };
	_Atomic unsigned int ran = 0, active = 0, most = 0;
	struct job a = { .p = f->p,
			 .gate = &early,
			 .ran = &ran,
			 .active = &active,
			 .most = &most };
	struct job b = { .p = f->p,
			 .gate = &late,
			 .ran = &ran,
			 .active = &active,
			 .most = &most };
	struct flusher fl = { .p = f->p, .wq = wq };
	pthread_t id;
	unsigned int turns = 0;

	assert_non_null(wq);
	plat_work_init(&a.work, job_main, &a);
	plat_work_init(&b.work, job_main, &b);
	assert_true(plat_work_queue(f->p, wq, &a.work));
	assert_int_equal(pthread_create(&id, NULL, flush_main, &fl), 0);
	usleep(20000);
	assert_true(plat_work_queue(f->p, wq, &b.work));
	while (atomic_load(&active) < 2)
		plat_relax(f->p, turns++);
	assert_false(atomic_load(&fl.back));
	plat_event_signal(f->p, &early);
	pthread_join(id, NULL);
	assert_int_equal(atomic_load(&active), 1);
	plat_event_signal(f->p, &late);
	plat_workqueue_destroy(f->p, wq);
	assert_int_equal(atomic_load(&ran), 2);
}

static void test_workqueue_runs_at_most_max_active(void **state)
{
	const struct fixture *f = *state;
	struct plat_workqueue *wq = plat_workqueue_create(f->p, "test", 3);
	_Atomic unsigned int ran = 0, active = 0, most = 0;
	struct job jobs[200];
	unsigned int i;

	assert_non_null(wq);
	for (i = 0; i < 200; i++) {
		jobs[i] = (struct job){
			.p = f->p, .ran = &ran, .active = &active, .most = &most
		};
		plat_work_init(&jobs[i].work, job_main, &jobs[i]);
		assert_true(plat_work_queue(f->p, wq, &jobs[i].work));
	}
	plat_workqueue_flush(f->p, wq);
	assert_int_equal(atomic_load(&ran), 200);
	assert_in_range(atomic_load(&most), 1, 3);
	plat_workqueue_destroy(f->p, wq);
}

/* --- read-copy-update --- */

struct box {
	int value;
};

struct rcu_game {
	const struct plat *p;
	_Atomic(struct box *) box;
	_Atomic bool stop;
	_Atomic unsigned int bad;
};

static void *rcu_read_main(void *arg)
{
	struct rcu_game *g = arg;

	while (!atomic_load_explicit(&g->stop, memory_order_relaxed)) {
		struct box *b;

		plat_rcu_read_lock(g->p);
		plat_rcu_read_lock(g->p);
		plat_rcu_read_unlock(g->p);
		/* Pairs with the store of the updater. */
		b = atomic_load_explicit(&g->box, memory_order_acquire);
		if (b->value != 42)
			atomic_fetch_add(&g->bad, 1);
		plat_rcu_read_unlock(g->p);
	}
	return NULL;
}

static void test_rcu_synchronize_waits_for_readers(void **state)
{
	const struct fixture *f = *state;
	struct rcu_game g = { .p = f->p };
	struct box boxes[2] = { { 42 }, { 0 } };
	pthread_t id;
	int i;

	atomic_store(&g.box, &boxes[0]);
	assert_int_equal(pthread_create(&id, NULL, rcu_read_main, &g), 0);
	for (i = 0; i < 2000; i++) {
		struct box *old = &boxes[i % 2], *new = &boxes[(i + 1) % 2];

		new->value = 42;
		atomic_store_explicit(&g.box, new, memory_order_release);
		plat_rcu_synchronize(f->p);
		old->value = 0;
	}
	atomic_store(&g.stop, true);
	pthread_join(id, NULL);
	assert_int_equal(atomic_load(&g.bad), 0);
}

/* --- interrupts --- */

struct handler {
	const struct plat *p;
	_Atomic unsigned int calls;
	_Atomic unsigned int inside;
	_Atomic bool twice;
	struct plat_event *gate;
};

static void handle(void *arg)
{
	struct handler *h = arg;

	if (atomic_fetch_add(&h->inside, 1))
		atomic_store(&h->twice, true);
	wait_for_gate(h->p, h->gate);
	atomic_fetch_add(&h->calls, 1);
	atomic_fetch_sub(&h->inside, 1);
}

static void test_irq_numbers_are_checked(void **state)
{
	const struct fixture *f = *state;
	struct handler h = { .p = f->p };

	assert_int_equal(plat_irq_request(f->p, 3, handle, &h, "a"), 0);
	assert_int_equal(plat_irq_request(f->p, 3, handle, &h, "b"), -EBUSY);
	assert_int_equal(plat_irq_request(f->p, 1u << 20, handle, &h, "c"),
			 -EINVAL);
	/* A message number that nobody has allocated. */
	assert_int_equal(plat_irq_request(f->p, 100, handle, &h, "d"), -EINVAL);
	plat_irq_free(f->p, 3);
	assert_int_equal(plat_irq_request(f->p, 3, handle, &h, "e"), 0);
	plat_irq_free(f->p, 3);
}

static void test_irq_edges_coalesce_and_none_is_lost(void **state)
{
	const struct fixture *f = *state;
	struct plat_event gate = { 0 };
	struct handler h = { .p = f->p, .gate = &gate };
	unsigned int turns = 0;

	assert_int_equal(plat_irq_request(f->p, 1, handle, &h, "edge"), 0);
	plat_hosted_raise_irq(f->hosted, 1);
	while (!atomic_load(&h.inside))
		plat_relax(f->p, turns++);
	/* While it runs: many edges, one more run. */
	plat_hosted_raise_irq(f->hosted, 1);
	plat_hosted_raise_irq(f->hosted, 1);
	plat_hosted_raise_irq(f->hosted, 1);
	plat_event_signal(f->p, &gate);
	plat_irq_sync(f->p, 1);
	assert_int_equal(atomic_load(&h.calls), 2);
	plat_irq_free(f->p, 1);
	plat_hosted_raise_irq(f->hosted, 1);
	assert_int_equal(atomic_load(&h.calls), 2);
}

struct raiser {
	struct plat_hosted *hosted;
	unsigned int irq;
};

static void *raise_main(void *arg)
{
	const struct raiser *r = arg;
	int i;

	for (i = 0; i < 5000; i++)
		plat_hosted_raise_irq(r->hosted, r->irq);
	return NULL;
}

static void test_irq_handler_never_runs_twice_at_once(void **state)
{
	const struct fixture *f = *state;
	struct handler h = { .p = f->p };
	struct raiser r = { .hosted = f->hosted, .irq = 2 };
	pthread_t a, b;

	assert_int_equal(plat_irq_request(f->p, 2, handle, &h, "storm"), 0);
	assert_int_equal(pthread_create(&a, NULL, raise_main, &r), 0);
	assert_int_equal(pthread_create(&b, NULL, raise_main, &r), 0);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	plat_irq_sync(f->p, 2);
	assert_false(atomic_load(&h.twice));
	assert_in_range(atomic_load(&h.calls), 1, 10000);
	plat_irq_free(f->p, 2);
	assert_int_equal(atomic_load(&h.inside), 0);
}

static void test_msi_reaches_its_handler_through_the_env(void **state)
{
	const struct fixture *f = *state;
	struct handler h = { .p = f->p };
	struct plat_msi a, b;
	struct hw_env env;
	uint32_t word = 0;

	plat_hosted_env(f->hosted, &env);
	assert_int_equal(plat_msi_alloc(f->p, &a), 0);
	assert_int_equal(plat_msi_alloc(f->p, &b), 0);
	assert_int_not_equal(a.irq, b.irq);
	assert_int_equal(plat_irq_request(f->p, a.irq, handle, &h, "msi"), 0);
	assert_int_equal(env.msi(env.ctx, 0, a.address, a.data), 0);
	plat_irq_sync(f->p, a.irq);
	assert_int_equal(atomic_load(&h.calls), 1);
	/* Somebody else's, and nobody's. */
	assert_int_equal(env.msi(env.ctx, 0, b.address, b.data), 0);
	assert_int_equal(env.msi(env.ctx, 0, a.address + 4096, a.data),
			 -EFAULT);
	assert_int_equal(env.msi(env.ctx, 0, a.address, UINT32_MAX), -EFAULT);
	plat_irq_sync(f->p, a.irq);
	assert_int_equal(atomic_load(&h.calls), 1);
	/* The doorbell is not memory. */
	assert_int_equal(env.mem_write(env.ctx, a.address, &word, 4, NULL),
			 -EFAULT);
	plat_irq_free(f->p, a.irq);
	plat_msi_free(f->p, &a);
	plat_msi_free(f->p, &b);
}

static void test_msi_runs_out_and_comes_back(void **state)
{
	const struct fixture *f = *state;
	struct plat_msi msi[1024];
	unsigned int n = 0, i;

	while (n < 1024 && !plat_msi_alloc(f->p, &msi[n]))
		n++;
	assert_in_range(n, 64, 1023);
	assert_int_equal(plat_msi_alloc(f->p, &msi[n]), -ENOSPC);
	plat_msi_free(f->p, &msi[5]);
	assert_int_equal(plat_msi_alloc(f->p, &msi[5]), 0);
	for (i = 0; i < n; i++)
		plat_msi_free(f->p, &msi[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_platform_second_create_is_refused, setup,
			teardown),
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
		cmocka_unit_test(
			test_event_wait_with_old_count_returns_at_once),
		cmocka_unit_test(test_event_wait_ends_at_the_deadline),
		cmocka_unit_test(test_event_loses_no_wakeup),
		cmocka_unit_test(test_work_runs_once_per_queueing),
		cmocka_unit_test(test_flush_waits_for_exactly_what_was_queued),
		cmocka_unit_test(test_workqueue_runs_at_most_max_active),
		cmocka_unit_test(test_rcu_synchronize_waits_for_readers),
		cmocka_unit_test(test_irq_numbers_are_checked),
		cmocka_unit_test(test_irq_edges_coalesce_and_none_is_lost),
		cmocka_unit_test(test_irq_handler_never_runs_twice_at_once),
		cmocka_unit_test(test_msi_reaches_its_handler_through_the_env),
		cmocka_unit_test(test_msi_runs_out_and_comes_back),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + cmocka_run_group_tests(on_platform, setup, teardown);
}
