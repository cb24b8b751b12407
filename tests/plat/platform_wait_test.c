/* SPDX-License-Identifier: MIT */
/* The hosted platform's callbacks: waiting, work, interrupts. */
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
#include <unistd.h>

#include "tests/plat/platform_fixture.h"

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

	return cmocka_run_group_tests(tests, platform_setup, platform_teardown);
}
