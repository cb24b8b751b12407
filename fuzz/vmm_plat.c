/* SPDX-License-Identifier: MIT */
#include "fuzz/vmm_plat.h"

#include <errno.h>

#include "fuzz/vmm_memory.h"
#include "fuzz/vmm_task.h"

enum {
	IRQS = 128,
	WORKERS = 2,
};

struct irq {
	void (*fn)(void *arg);
	void *arg;
	struct task *task;
	uint64_t raised, handled;
	bool allocated, requested, stop;
};

/* It is the only one. */
struct plat_hosted {
	struct plat plat;
	struct irq irqs[IRQS];
};

static struct plat_hosted hosted;
struct plat_hooks plat_hooks;

/* Locks and time */

static void op_lock_init(void *ctx, struct plat_lock *lock,
			 enum plat_lock_kind kind, unsigned int rank,
			 const char *name)
{
	(void)ctx, (void)kind, (void)rank;
	task_lock_init(lock->opaque, name);
}

static void op_lock_fini(void *ctx, struct plat_lock *lock)
{
	(void)ctx;
	task_lock_fini(lock->opaque);
}

static void op_lock(void *ctx, struct plat_lock *lock)
{
	(void)ctx;
	task_lock(lock->opaque);
}

static void op_unlock(void *ctx, struct plat_lock *lock)
{
	(void)ctx;
	task_unlock(lock->opaque);
}

struct event {
	struct plat_event *ev;
	uint32_t seen;
};

static bool has_moved(void *arg)
{
	const struct event *e = arg;

	return plat_event_read(e->ev) != e->seen;
}

static int op_event_wait(void *ctx, struct plat_event *ev, uint32_t seen,
			 uint64_t deadline_ns)
{
	struct event e = { ev, seen };

	(void)ctx;
	while (!has_moved(&e)) {
		if (task_now() >= deadline_ns)
			return -ETIMEDOUT;
		(void)task_wait(has_moved, &e, deadline_ns, "an event");
	}
	return 0;
}

static void op_event_wake(void *ctx, struct plat_event *ev)
{
	(void)ctx, (void)ev;
}

static void op_relax(void *ctx, unsigned int turns)
{
	(void)ctx;
	task_relax(turns);
}

static uint64_t op_now_ns(void *ctx)
{
	(void)ctx;
	return task_now();
}

/* Work */

struct plat_workqueue {
	struct plat_work *first, **last;
	uint64_t queued, taken;
	uint64_t running[WORKERS]; /* number of the work, 0: idle */
	struct task *workers[WORKERS];
	unsigned int worker_count;
	bool stop;
};

static bool has_work(void *arg)
{
	struct plat_workqueue *wq = arg;

	return wq->first || wq->stop;
}

static unsigned int worker_index(const struct plat_workqueue *wq)
{
	unsigned int i = 0;

	while (wq->workers[i] != task_current())
		i++;
	return i;
}

static void work_main(void *arg)
{
	struct plat_workqueue *wq = arg;
	unsigned int me = worker_index(wq);
	struct plat_work *work;

	for (;;) {
		while (!has_work(wq))
			(void)task_wait(has_work, wq, TASK_NEVER, "work");
		work = wq->first;
		if (!work)
			return;
		wq->first = work->next;
		if (!wq->first)
			wq->last = &wq->first;
		wq->running[me] = ++wq->taken;
		atomic_store(&work->queued, false);
		work->fn(work->arg);
		wq->running[me] = 0;
	}
}

static struct plat_workqueue *op_workqueue_create(void *ctx, const char *name,
						  unsigned int max_active)
{
	struct plat_workqueue *wq = plat_op_zalloc(ctx, sizeof(*wq));
	unsigned int i;

	(void)name;
	if (!wq)
		return NULL;
	wq->last = &wq->first;
	wq->worker_count = max_active == 1 ? 1 : WORKERS;
	for (i = 0; i < wq->worker_count; i++)
		wq->workers[i] = task_start(work_main, wq);
	plat_live_now.queues++;
	return wq;
}

static bool op_work_queue(void *ctx, struct plat_workqueue *wq,
			  struct plat_work *work)
{
	(void)ctx;
	if (atomic_exchange(&work->queued, true))
		return false;
	work->next = NULL;
	*wq->last = work;
	wq->last = &work->next;
	wq->queued++;
	return true;
}

struct flush {
	struct plat_workqueue *wq;
	uint64_t number;
};

static bool is_flushed(void *arg)
{
	const struct flush *f = arg;
	unsigned int i;

	if (f->wq->taken < f->number)
		return false;
	for (i = 0; i < f->wq->worker_count; i++)
		if (f->wq->running[i] && f->wq->running[i] <= f->number)
			return false;
	return true;
}

static void op_workqueue_flush(void *ctx, struct plat_workqueue *wq)
{
	struct flush f = { wq, wq->queued };

	(void)ctx;
	while (!is_flushed(&f))
		(void)task_wait(is_flushed, &f, TASK_NEVER, "a flush");
}

static void op_workqueue_destroy(void *ctx, struct plat_workqueue *wq)
{
	unsigned int i;

	if (!wq)
		return;
	op_workqueue_flush(ctx, wq);
	wq->stop = true;
	for (i = 0; i < wq->worker_count; i++)
		task_join(wq->workers[i]);
	plat_live_now.queues--;
	plat_op_free(ctx, wq);
}

/* Grace periods */

static void op_rcu_read_lock(void *ctx)
{
	(void)ctx;
	task_read_lock();
}

static void op_rcu_read_unlock(void *ctx)
{
	(void)ctx;
	task_read_unlock();
}

static void op_rcu_synchronize(void *ctx)
{
	(void)ctx;
	task_synchronize();
}

/* Interrupts */

static bool has_edge(void *arg)
{
	const struct irq *i = arg;

	return i->raised != i->handled || i->stop;
}

static void irq_main(void *arg)
{
	struct irq *i = arg;
	uint64_t raised;

	for (;;) {
		while (!has_edge(i))
			(void)task_wait(has_edge, i, TASK_NEVER,
					"an interrupt");
		if (i->stop)
			return;
		raised = i->raised;
		i->fn(i->arg);
		i->handled = raised;
	}
}

static int op_irq_request(void *ctx, unsigned int irq, void (*fn)(void *arg),
			  void *arg, const char *name)
{
	struct irq *i = &hosted.irqs[irq];

	(void)ctx, (void)name;
	if (irq >= IRQS || !i->allocated)
		return -EINVAL;
	if (i->requested)
		return -EBUSY;
	i->requested = true;
	i->stop = false;
	i->handled = i->raised;
	i->fn = fn;
	i->arg = arg;
	i->task = task_start(irq_main, i);
	plat_live_now.irqs++;
	return 0;
}

static void op_irq_free(void *ctx, unsigned int irq)
{
	struct irq *i = &hosted.irqs[irq];

	(void)ctx;
	i->stop = true;
	task_join(i->task);
	i->requested = false;
	i->handled = i->raised;
	plat_live_now.irqs--;
}

struct edge {
	const struct irq *irq;
	uint64_t raised;
};

static bool is_handled(void *arg)
{
	const struct edge *e = arg;

	return !e->irq->requested || e->irq->handled >= e->raised;
}

static void op_irq_sync(void *ctx, unsigned int irq)
{
	struct edge e = { &hosted.irqs[irq], hosted.irqs[irq].raised };

	(void)ctx;
	while (!is_handled(&e))
		(void)task_wait(is_handled, &e, TASK_NEVER, "a handler");
}

void plat_raise(unsigned int irq)
{
	if (irq < IRQS && hosted.irqs[irq].requested)
		hosted.irqs[irq].raised++;
}

void plat_hosted_raise_irq(struct plat_hosted *h, unsigned int irq)
{
	(void)h;
	plat_hooks.msi(WHO_GUEST, irq);
	plat_raise(irq);
}

static int op_msi_alloc(void *ctx, struct plat_msi *ret_msi)
{
	unsigned int irq = PLAT_MSI_FIRST;

	(void)ctx;
	while (irq < IRQS && hosted.irqs[irq].allocated)
		irq++;
	if (irq == IRQS)
		return -ENOSPC;
	hosted.irqs[irq].allocated = true;
	plat_live_now.msis++;
	*ret_msi = (struct plat_msi){ PLAT_MSI, irq, irq };
	return 0;
}

static void op_msi_free(void *ctx, const struct plat_msi *msi)
{
	(void)ctx;
	FUZZ_CHECK(!hosted.irqs[msi->irq].requested);
	hosted.irqs[msi->irq].allocated = false;
	plat_live_now.msis--;
}

__attribute__((format(printf, 3, 0))) static void
op_log(void *ctx, enum plat_log_level level, const char *fmt, va_list ap)
{
	char text[512];

	(void)ctx;
	if (level > PLAT_LOG_WARN)
		return;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	plat_hooks.log(level, text);
}

static const struct plat_ops ops = {
	.zalloc = plat_op_zalloc,
	.free = plat_op_free,
	.pages_alloc = plat_op_pages_alloc,
	.pages_free = plat_op_pages_free,
	.virt_to_phys = plat_op_virt_to_phys,
	.phys_to_virt = plat_op_phys_to_virt,
	.lock_init = op_lock_init,
	.lock_fini = op_lock_fini,
	.lock = op_lock,
	.unlock = op_unlock,
	.event_wait = op_event_wait,
	.event_wake = op_event_wake,
	.relax = op_relax,
	.now_ns = op_now_ns,
	.workqueue_create = op_workqueue_create,
	.workqueue_destroy = op_workqueue_destroy,
	.work_queue = op_work_queue,
	.workqueue_flush = op_workqueue_flush,
	.rcu_read_lock = op_rcu_read_lock,
	.rcu_read_unlock = op_rcu_read_unlock,
	.rcu_synchronize = op_rcu_synchronize,
	.irq_request = op_irq_request,
	.irq_free = op_irq_free,
	.irq_sync = op_irq_sync,
	.msi_alloc = op_msi_alloc,
	.msi_free = op_msi_free,
	.log = op_log,
};

/* What stands for the hosted platform. */

int plat_hosted_create(const struct plat_hosted_cfg *cfg,
		       struct plat_hosted **ret_hosted)
{
	(void)cfg;
	plat_memory_init();
	hosted.plat = (struct plat){ &ops, &hosted };
	*ret_hosted = &hosted;
	return 0;
}

/* Of the memory nothing is left, but what it was. */
void plat_hosted_destroy(struct plat_hosted *h)
{
	(void)h;
	FUZZ_CHECK(!plat_live_now.blocks && !plat_live_now.pages &&
		   !plat_live_now.irqs && !plat_live_now.msis &&
		   !plat_live_now.queues);
}

const struct plat *plat_hosted_plat(struct plat_hosted *h)
{
	return &h->plat;
}

void plat_hosted_env(struct plat_hosted *h, struct hw_env *ret_env)
{
	(void)h;
	plat_env(WHO_IOMMU, ret_env);
}

void plat_begin(void)
{
	task_begin();
}

void plat_settle(void)
{
	task_settle();
}

void plat_turn(void)
{
	task_turn();
}

void plat_pass(uint64_t ns)
{
	task_pass(ns);
}
