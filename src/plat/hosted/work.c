/* SPDX-License-Identifier: MIT */
/*
 * Work queues: a list in the order of queueing, and threads that take from its
 * head. So the n-th work taken is the n-th that was queued, and its number
 * need not be kept in it.
 */
#include <semaphore.h>
#include <stdio.h>

#include "plat/hosted/platform.h"

#define WORKERS_DEFAULT 2u
#define WORKERS_MAX     64u

/* running: number of the work in hand, 0 for none. */
struct worker {
	struct plat_workqueue *wq;
	struct hosted_thread thread;
	uint64_t running;
};

/**
 * struct plat_workqueue
 * @lock:   protects the rest.
 * @arrive: counts the works that nobody has come for; one more for each worker
 *          ends it. Not a condition: before 2.41 a pthread_cond_signal() of
 *          glibc's could be lost (its bug 25847).
 * @done:   a work has finished.
 * @queued, @taken: works so far.
 */
struct plat_workqueue {
	pthread_mutex_t lock;
	sem_t arrive;
	pthread_cond_t done;
	struct plat_work *first;
	struct plat_work *last;
	uint64_t queued;
	uint64_t taken;
	unsigned int worker_count;
	char name[16];
	struct worker workers[];
};

/* For the rule that a work does not flush its own queue. */
static _Thread_local struct plat_workqueue *current;

/* Waits. NULL: there will be no more. Else the lock is held. */
static struct plat_work *take(struct plat_workqueue *wq, struct worker *w)
{
	struct plat_work *work;

	/* It fails only if a signal interrupts it. */
	while (sem_wait(&wq->arrive))
		;
	pthread_mutex_lock(&wq->lock);
	work = wq->first;
	if (!work) {
		pthread_mutex_unlock(&wq->lock);
		return NULL;
	}
	wq->first = work->next;
	if (!wq->first)
		wq->last = NULL;
	w->running = ++wq->taken;
	return work;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct plat_workqueue *wq = w->wq;
	struct plat_work *work;
	void (*fn)(void *fn_arg);
	void *fn_arg;

	current = wq;
	while ((work = take(wq, w))) {
		fn = work->fn;
		fn_arg = work->arg;
		/*
		 * From here on it may be queued again, or freed by fn. Pairs
		 * with the exchange of hosted_work_queue().
		 */
		atomic_store_explicit(&work->queued, false,
				      memory_order_release);
		pthread_mutex_unlock(&wq->lock);
		fn(fn_arg);
		pthread_mutex_lock(&wq->lock);
		w->running = 0;
		pthread_cond_broadcast(&wq->done);
		pthread_mutex_unlock(&wq->lock);
	}
	return NULL;
}

static void stop(struct plat_hosted *h, struct plat_workqueue *wq)
{
	unsigned int i;

	for (i = 0; i < wq->worker_count; i++)
		sem_post(&wq->arrive);
	for (i = 0; i < wq->worker_count; i++)
		hosted_thread_join(h, &wq->workers[i].thread);
	pthread_cond_destroy(&wq->done);
	sem_destroy(&wq->arrive);
	pthread_mutex_destroy(&wq->lock);
	hosted_free(h, wq);
}

struct plat_workqueue *hosted_workqueue_create(void *ctx, const char *name,
					       unsigned int max_active)
{
	struct plat_hosted *h = to_hosted(ctx);
	unsigned int n = max_active ? max_active : h->cfg.workers;
	struct plat_workqueue *wq;
	unsigned int i;

	hosted_may_sleep("plat_workqueue_create");
	if (!n)
		n = WORKERS_DEFAULT;
	if (n > WORKERS_MAX)
		n = WORKERS_MAX;
	wq = hosted_zalloc(ctx, sizeof(*wq) + n * sizeof(wq->workers[0]));
	if (!wq)
		return NULL;
	pthread_mutex_init(&wq->lock, NULL);
	sem_init(&wq->arrive, 0, 0);
	pthread_cond_init(&wq->done, NULL);
	snprintf(wq->name, sizeof(wq->name), "%.15s", name);
	for (i = 0; i < n; i++) {
		wq->workers[i].wq = wq;
		if (hosted_thread_start(h, &wq->workers[i].thread, worker_main,
					&wq->workers[i], wq->name))
			break;
		wq->worker_count++;
	}
	if (i < n) {
		stop(h, wq);
		return NULL;
	}
	return wq;
}

void hosted_workqueue_destroy(void *ctx, struct plat_workqueue *wq)
{
	if (!wq)
		return;
	hosted_workqueue_flush(ctx, wq);
	stop(to_hosted(ctx), wq);
}

bool hosted_work_queue(void *ctx, struct plat_workqueue *wq,
		       struct plat_work *work)
{
	(void)ctx;
	/* Pairs with the store of worker_main(). */
	if (atomic_exchange_explicit(&work->queued, true, memory_order_acq_rel))
		return false;
	pthread_mutex_lock(&wq->lock);
	work->next = NULL;
	if (wq->last)
		wq->last->next = work;
	else
		wq->first = work;
	wq->last = work;
	wq->queued++;
	/* Under the lock: after it a destroy may already have come through. */
	sem_post(&wq->arrive);
	pthread_mutex_unlock(&wq->lock);
	return true;
}

static bool finished(const struct plat_workqueue *wq, uint64_t number)
{
	unsigned int i;

	if (wq->taken < number)
		return false;
	for (i = 0; i < wq->worker_count; i++)
		if (wq->workers[i].running && wq->workers[i].running <= number)
			return false;
	return true;
}

void hosted_workqueue_flush(void *ctx, struct plat_workqueue *wq)
{
	uint64_t number;

	(void)ctx;
	hosted_may_sleep("plat_workqueue_flush");
	if (current == wq)
		hosted_die("a work flushes its own queue \"%s\"", wq->name);
	pthread_mutex_lock(&wq->lock);
	number = wq->queued;
	while (!finished(wq, number))
		pthread_cond_wait(&wq->done, &wq->lock);
	pthread_mutex_unlock(&wq->lock);
}
