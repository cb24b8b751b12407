/* SPDX-License-Identifier: MIT */
#include "tests/support/testplat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <time.h>

#define MAX_HELD    16
#define NO_DEADLINE UINT64_MAX

struct test_lock {
	pthread_mutex_t mutex;
	const char *name;
	unsigned int rank;
	enum plat_lock_kind kind;
};

_Static_assert(sizeof(struct test_lock) <= sizeof(struct plat_lock),
	       "the lock has room");

struct plat_workqueue {
	struct testplat *tp;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	struct plat_work *head, **tail;
	/*
	 * A flush waits for the works of its generation and before, not for
	 * those queued later.
	 */
	uint64_t queued, finished;
	bool stop;
	unsigned int thread_count;
	pthread_t threads[4];
};

static _Thread_local struct test_lock *held[MAX_HELD];
static _Thread_local unsigned int held_count;

/* A test that goes on here would only hide what happened. */
static __attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt,
								...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "testplat: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	abort();
}

static bool fails(struct testplat *tp)
{
	long n = atomic_fetch_add(&tp->allocations, 1) + 1;

	return n == atomic_load(&tp->fail_nth);
}

static void *tp_pages_alloc(void *ctx, size_t size)
{
	struct testplat *tp = ctx;
	void *mem;

	if (size < 4096 || (size & (size - 1)))
		die("pages_alloc of %zu bytes", size);
	if (fails(tp))
		return NULL;
	mem = aligned_alloc(size, size);
	if (!mem)
		return NULL;
	memset(mem, 0, size);
	atomic_fetch_add(&tp->live_allocations, 1);
	return mem;
}

static void *tp_zalloc(void *ctx, size_t size)
{
	struct testplat *tp = ctx;
	size_t room = (size + 63) & ~(size_t)63;
	void *mem;

	if (fails(tp))
		return NULL;
	mem = aligned_alloc(64, room ? room : 64);
	if (!mem)
		return NULL;
	memset(mem, 0, room ? room : 64);
	atomic_fetch_add(&tp->live_allocations, 1);
	return mem;
}

static void tp_free(void *ctx, void *mem)
{
	struct testplat *tp = ctx;

	if (mem)
		atomic_fetch_sub(&tp->live_allocations, 1);
	free(mem);
}

static void tp_pages_free(void *ctx, void *pages, size_t size)
{
	if ((uintptr_t)pages & (size - 1))
		die("pages_free with another size: %zu", size);
	tp_free(ctx, pages);
}

static uint64_t tp_virt_to_phys(void *ctx, const void *va)
{
	(void)ctx;
	return (uintptr_t)va;
}

static void *tp_phys_to_virt(void *ctx, uint64_t pa)
{
	(void)ctx;
	return (void *)(uintptr_t)pa;
}

static struct test_lock *to_lock(struct plat_lock *lock)
{
	return (struct test_lock *)(void *)lock->opaque;
}

static void tp_lock_init(void *ctx, struct plat_lock *lock,
			 enum plat_lock_kind kind, unsigned int rank,
			 const char *name)
{
	struct testplat *tp = ctx;
	struct test_lock *l = to_lock(lock);

	pthread_mutex_init(&l->mutex, NULL);
	l->name = name;
	l->rank = rank;
	l->kind = kind;
	atomic_fetch_add(&tp->locks_live, 1);
}

static void tp_lock_fini(void *ctx, struct plat_lock *lock)
{
	struct testplat *tp = ctx;

	if (pthread_mutex_destroy(&to_lock(lock)->mutex))
		die("lock_fini of %s, which is held", to_lock(lock)->name);
	atomic_fetch_sub(&tp->locks_live, 1);
}

static void tp_lock(void *ctx, struct plat_lock *lock)
{
	struct test_lock *l = to_lock(lock);
	unsigned int i;

	(void)ctx;
	for (i = 0; i < held_count; i++) {
		if (held[i]->rank >= l->rank)
			die("lock order: %s (%u) under %s (%u)", l->name,
			    l->rank, held[i]->name, held[i]->rank);
		if (held[i]->kind == PLAT_LOCK_SPIN &&
		    l->kind == PLAT_LOCK_MUTEX)
			die("mutex %s under spin lock %s", l->name,
			    held[i]->name);
	}
	if (held_count == MAX_HELD)
		die("too many locks held");
	pthread_mutex_lock(&l->mutex);
	held[held_count++] = l;
}

static void tp_unlock(void *ctx, struct plat_lock *lock)
{
	struct test_lock *l = to_lock(lock);
	unsigned int i;

	(void)ctx;
	for (i = 0; i < held_count && held[i] != l; i++)
		;
	if (i == held_count)
		die("unlock of %s, which is not held", l->name);
	for (held_count--; i < held_count; i++)
		held[i] = held[i + 1];
	pthread_mutex_unlock(&l->mutex);
}

static void may_sleep(const char *what)
{
	unsigned int i;

	for (i = 0; i < held_count; i++)
		if (held[i]->kind == PLAT_LOCK_SPIN)
			die("%s under spin lock %s", what, held[i]->name);
}

static uint64_t tp_now_ns(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int tp_event_wait(void *ctx, struct plat_event *ev, uint32_t seen,
			 uint64_t deadline_ns)
{
	struct testplat *tp = ctx;
	int err = 0;

	may_sleep("event_wait");
	atomic_fetch_add(&ev->waiters, 1);
	pthread_mutex_lock(&tp->event_lock);
	while (atomic_load(&ev->count) == seen && !err) {
		struct timespec ts = {
			.tv_sec = (time_t)(deadline_ns / 1000000000u),
			.tv_nsec = (long)(deadline_ns % 1000000000u),
		};

		if (deadline_ns == NO_DEADLINE)
			pthread_cond_wait(&tp->event_cond, &tp->event_lock);
		else if (pthread_cond_timedwait(&tp->event_cond,
						&tp->event_lock,
						&ts) == ETIMEDOUT)
			err = -ETIMEDOUT;
	}
	if (atomic_load(&ev->count) != seen)
		err = 0;
	pthread_mutex_unlock(&tp->event_lock);
	atomic_fetch_sub(&ev->waiters, 1);
	return err;
}

static void tp_event_wake(void *ctx, struct plat_event *ev)
{
	struct testplat *tp = ctx;

	(void)ev;
	pthread_mutex_lock(&tp->event_lock);
	pthread_cond_broadcast(&tp->event_cond);
	pthread_mutex_unlock(&tp->event_lock);
}

static void tp_relax(void *ctx, unsigned int turns)
{
	(void)ctx;
	if (turns > 16)
		sched_yield();
}

static void *worker(void *arg)
{
	struct plat_workqueue *wq = arg;

	pthread_mutex_lock(&wq->mutex);
	for (;;) {
		struct plat_work *work = wq->head;
		void (*fn)(void *arg);
		void *fn_arg;

		if (!work) {
			if (wq->stop)
				break;
			pthread_cond_wait(&wq->cond, &wq->mutex);
			continue;
		}
		wq->head = work->next;
		if (!wq->head)
			wq->tail = &wq->head;
		fn = work->fn;
		fn_arg = work->arg;
		/* From here on it may be queued again, or be freed by fn. */
		atomic_store(&work->queued, false);
		pthread_mutex_unlock(&wq->mutex);
		fn(fn_arg);
		pthread_mutex_lock(&wq->mutex);
		wq->finished++;
		pthread_cond_broadcast(&wq->cond);
	}
	pthread_mutex_unlock(&wq->mutex);
	return NULL;
}

static void tp_workqueue_flush(void *ctx, struct plat_workqueue *wq)
{
	uint64_t target;

	(void)ctx;
	may_sleep("workqueue_flush");
	pthread_mutex_lock(&wq->mutex);
	/*
	 * Works finish out of order, so wait until as many have finished as
	 * were ever queued: stricter than asked while others keep queueing.
	 */
	target = wq->queued;
	while (wq->finished < target ||
	       (wq->thread_count > 1 && wq->finished < wq->queued))
		pthread_cond_wait(&wq->cond, &wq->mutex);
	pthread_mutex_unlock(&wq->mutex);
}

static void tp_workqueue_destroy(void *ctx, struct plat_workqueue *wq)
{
	unsigned int i;

	tp_workqueue_flush(ctx, wq);
	pthread_mutex_lock(&wq->mutex);
	wq->stop = true;
	pthread_cond_broadcast(&wq->cond);
	pthread_mutex_unlock(&wq->mutex);
	for (i = 0; i < wq->thread_count; i++)
		pthread_join(wq->threads[i], NULL);
	pthread_mutex_destroy(&wq->mutex);
	pthread_cond_destroy(&wq->cond);
	tp_free(ctx, wq);
}

static struct plat_workqueue *tp_workqueue_create(void *ctx, const char *name,
						  unsigned int max_active)
{
	struct plat_workqueue *wq = tp_zalloc(ctx, sizeof(*wq));
	unsigned int i, n = max_active ? max_active : 2;

	(void)name;
	if (!wq)
		return NULL;
	wq->tp = ctx;
	wq->tail = &wq->head;
	pthread_mutex_init(&wq->mutex, NULL);
	pthread_cond_init(&wq->cond, NULL);
	if (n > sizeof(wq->threads) / sizeof(wq->threads[0]))
		n = sizeof(wq->threads) / sizeof(wq->threads[0]);
	for (i = 0; i < n; i++)
		if (pthread_create(&wq->threads[i], NULL, worker, wq))
			die("no thread");
	wq->thread_count = n;
	return wq;
}

static bool tp_work_queue(void *ctx, struct plat_workqueue *wq,
			  struct plat_work *work)
{
	(void)ctx;
	pthread_mutex_lock(&wq->mutex);
	if (atomic_exchange(&work->queued, true)) {
		pthread_mutex_unlock(&wq->mutex);
		return false;
	}
	work->next = NULL;
	*wq->tail = work;
	wq->tail = &work->next;
	wq->queued++;
	pthread_cond_broadcast(&wq->cond);
	pthread_mutex_unlock(&wq->mutex);
	return true;
}

static void tp_rcu_read_lock(void *ctx)
{
	struct testplat *tp = ctx;

	pthread_rwlock_rdlock(&tp->rcu);
}

static void tp_rcu_read_unlock(void *ctx)
{
	struct testplat *tp = ctx;

	pthread_rwlock_unlock(&tp->rcu);
}

static void tp_rcu_synchronize(void *ctx)
{
	struct testplat *tp = ctx;

	may_sleep("rcu_synchronize");
	pthread_rwlock_wrlock(&tp->rcu);
	pthread_rwlock_unlock(&tp->rcu);
}

static int tp_irq_request(void *ctx, unsigned int irq, void (*fn)(void *arg),
			  void *arg, const char *name)
{
	struct testplat *tp = ctx;

	(void)name;
	if (irq >= TESTPLAT_IRQS)
		return -EINVAL;
	if (fails(tp))
		return -ENOMEM;
	pthread_mutex_lock(&tp->irqs[irq].running);
	if (tp->irqs[irq].fn) {
		pthread_mutex_unlock(&tp->irqs[irq].running);
		return -EBUSY;
	}
	tp->irqs[irq].fn = fn;
	tp->irqs[irq].arg = arg;
	pthread_mutex_unlock(&tp->irqs[irq].running);
	return 0;
}

static void tp_irq_free(void *ctx, unsigned int irq)
{
	struct testplat *tp = ctx;

	may_sleep("irq_free");
	pthread_mutex_lock(&tp->irqs[irq].running);
	if (!tp->irqs[irq].fn)
		die("irq_free of %u, which is free", irq);
	tp->irqs[irq].fn = NULL;
	atomic_store(&tp->irqs[irq].pending, false);
	pthread_mutex_unlock(&tp->irqs[irq].running);
}

static bool run_one(struct testplat *tp, struct testplat_irq *irq)
{
	bool ran = false;

	pthread_mutex_lock(&irq->running);
	while (irq->fn && atomic_exchange(&irq->pending, false)) {
		irq->fn(irq->arg);
		ran = true;
	}
	pthread_mutex_unlock(&irq->running);
	(void)tp;
	return ran;
}

static void tp_irq_sync(void *ctx, unsigned int irq)
{
	struct testplat *tp = ctx;

	may_sleep("irq_sync");
	run_one(tp, &tp->irqs[irq]);
}

static int tp_msi_alloc(void *ctx, struct plat_msi *ret_msi)
{
	struct testplat *tp = ctx;
	unsigned int i;

	if (!tp->msis)
		return -EOPNOTSUPP;
	if (fails(tp))
		return -ENOSPC;
	for (i = TESTPLAT_IRQS / 2; i < TESTPLAT_IRQS; i++) {
		if (tp->irqs[i].msi)
			continue;
		tp->irqs[i].msi = true;
		ret_msi->address = TESTPLAT_MSI_BASE;
		ret_msi->data = i;
		ret_msi->irq = i;
		return 0;
	}
	return -ENOSPC;
}

static void tp_msi_free(void *ctx, const struct plat_msi *msi)
{
	struct testplat *tp = ctx;

	if (!tp->irqs[msi->irq].msi || tp->irqs[msi->irq].fn)
		die("msi_free of %u, which is free or in use", msi->irq);
	tp->irqs[msi->irq].msi = false;
}

static __attribute__((format(printf, 3, 0))) void
tp_log(void *ctx, enum plat_log_level level, const char *fmt, va_list ap)
{
	struct testplat *tp = ctx;

	if (level == PLAT_LOG_ERR)
		atomic_fetch_add(&tp->errors_logged, 1);
	if (level == PLAT_LOG_WARN)
		atomic_fetch_add(&tp->warnings_logged, 1);
	if (getenv("TESTPLAT_LOG")) {
		vfprintf(stderr, fmt, ap);
		fputc('\n', stderr);
	}
}

static const struct plat_ops testplat_ops = {
	.zalloc = tp_zalloc,
	.free = tp_free,
	.pages_alloc = tp_pages_alloc,
	.pages_free = tp_pages_free,
	.virt_to_phys = tp_virt_to_phys,
	.phys_to_virt = tp_phys_to_virt,
	.lock_init = tp_lock_init,
	.lock_fini = tp_lock_fini,
	.lock = tp_lock,
	.unlock = tp_unlock,
	.event_wait = tp_event_wait,
	.event_wake = tp_event_wake,
	.relax = tp_relax,
	.now_ns = tp_now_ns,
	.workqueue_create = tp_workqueue_create,
	.workqueue_destroy = tp_workqueue_destroy,
	.work_queue = tp_work_queue,
	.workqueue_flush = tp_workqueue_flush,
	.rcu_read_lock = tp_rcu_read_lock,
	.rcu_read_unlock = tp_rcu_read_unlock,
	.rcu_synchronize = tp_rcu_synchronize,
	.irq_request = tp_irq_request,
	.irq_free = tp_irq_free,
	.irq_sync = tp_irq_sync,
	.msi_alloc = tp_msi_alloc,
	.msi_free = tp_msi_free,
	.log = tp_log,
};

void testplat_init(struct testplat *tp)
{
	pthread_condattr_t attr;
	unsigned int i;

	memset(tp, 0, sizeof(*tp));
	tp->plat.ops = &testplat_ops;
	tp->plat.ctx = tp;
	tp->msis = true;
	pthread_mutex_init(&tp->event_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&tp->event_cond, &attr);
	pthread_condattr_destroy(&attr);
	pthread_rwlock_init(&tp->rcu, NULL);
	for (i = 0; i < TESTPLAT_IRQS; i++)
		pthread_mutex_init(&tp->irqs[i].running, NULL);
}

void testplat_fini(struct testplat *tp)
{
	unsigned int i;

	if (atomic_load(&tp->live_allocations))
		die("%ld allocations left", atomic_load(&tp->live_allocations));
	if (atomic_load(&tp->locks_live))
		die("%u locks left", atomic_load(&tp->locks_live));
	for (i = 0; i < TESTPLAT_IRQS; i++) {
		if (tp->irqs[i].fn || tp->irqs[i].msi)
			die("interrupt %u left", i);
		pthread_mutex_destroy(&tp->irqs[i].running);
	}
	pthread_mutex_destroy(&tp->event_lock);
	pthread_cond_destroy(&tp->event_cond);
	pthread_rwlock_destroy(&tp->rcu);
}

void testplat_fail_nth(struct testplat *tp, long n)
{
	atomic_store(&tp->allocations, 0);
	atomic_store(&tp->fail_nth, n);
}

void testplat_irq_raise(struct testplat *tp, unsigned int irq)
{
	if (irq < TESTPLAT_IRQS)
		atomic_store(&tp->irqs[irq].pending, true);
}

bool testplat_msi(struct testplat *tp, uint64_t address, uint32_t data)
{
	if (address != TESTPLAT_MSI_BASE || data >= TESTPLAT_IRQS ||
	    !tp->irqs[data].msi)
		return false;
	testplat_irq_raise(tp, data);
	return true;
}

unsigned int testplat_irq_run(struct testplat *tp)
{
	unsigned int i, n = 0;

	for (i = 0; i < TESTPLAT_IRQS; i++)
		n += run_one(tp, &tp->irqs[i]);
	return n;
}
