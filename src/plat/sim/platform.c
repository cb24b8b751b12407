/* SPDX-License-Identifier: MIT */
/*
 * The platform: memory, locks, events, workers, interrupts, time. Each call is
 * a point where another thread may go on, and checks what a debug build of
 * another platform would: the order of locks, sleeping under spin locks, and
 * the use of what was freed.
 */
#include <stdio.h>
#include <string.h>

#include "base/errno.h"
#include "plat/sim/breaks.h"
#include "plat/sim/locks.h"
#include "plat/sim/sim.h"

#define MSI_ADDRESS UINT64_C(0xfee00000)
#define MSI_FIRST   4u /* numbers below are wires */
#define WORKERS     2u

/* Memory */

static void *op_zalloc(void *ctx, size_t size)
{
	struct sim *s = ctx;

	return sim_fails(s, "zalloc") ? NULL : sim_heap_alloc(&s->mem, size);
}

static void op_free(void *ctx, void *mem)
{
	struct sim *s = ctx;

	if (mem && !sim_heap_free(&s->mem, mem))
		sim_fail(s, "R1", "free() of what is not, or no longer, owned");
}

static void *op_pages_alloc(void *ctx, size_t size)
{
	struct sim *s = ctx;

	if (sim_fails(s, "pages_alloc"))
		return NULL;
	return sim_pages_alloc(&s->mem, size, SIM_FRAME_STACK, NULL);
}

static void op_pages_free(void *ctx, void *pages, size_t size)
{
	struct sim *s = ctx;

	if (pages &&
	    !sim_pages_free(&s->mem, pages, size, "R8",
			    "hardware reads a table or queue that was freed"))
		sim_fail(s, "R1", "pages are freed twice");
}

static uint64_t op_virt_to_phys(void *ctx, const void *va)
{
	struct sim *s = ctx;

	return sim_phys(&s->mem, va);
}

static void *op_phys_to_virt(void *ctx, uint64_t pa)
{
	struct sim *s = ctx;

	return sim_virt(&s->mem, pa, 1);
}

/* Events */

static void may_sleep(struct sim *s, const char *what)
{
	const struct sim_thread *t = s->current;
	unsigned int i;

	if (!t)
		return;
	if (t->rcu)
		sim_fail(s, "lock", "%s inside an RCU reader", what);
	for (i = 0; i < t->held_count; i++)
		if (t->held[i]->kind == PLAT_LOCK_SPIN &&
		    t->held[i]->rank <= PLAT_RANK_LEAF)
			sim_fail(s, "lock", "%s under the spin lock \"%s\"",
				 what, t->held[i]->name);
}

static int op_event_wait(void *ctx, struct plat_event *ev, uint32_t seen,
			 uint64_t deadline_ns)
{
	struct sim *s = ctx;
	bool in_time = true;

	may_sleep(s, "event_wait()");
	if (sim_broken(s, BREAK_TIMER_DEAD) && deadline_ns != SIM_NEVER &&
	    !strcmp(s->current->name, "iommu-timeout")) {
		sim_strike(s, deadline_ns);
		deadline_ns = SIM_NEVER;
	}
	sim_point(s, SIM_WAIT, "event", 0);
	atomic_fetch_add(&ev->waiters, 1);
	while (in_time && atomic_load(&ev->count) == seen)
		in_time = sim_block(s, ev, "an event", "R5", deadline_ns);
	if (sim_heap_is_dead(&s->mem, ev))
		sim_fail(s, "R1", "an event was freed under its waiter");
	atomic_fetch_sub(&ev->waiters, 1);
	return in_time ? 0 : -ETIMEDOUT;
}

static void op_event_wake(void *ctx, struct plat_event *ev)
{
	struct sim *s = ctx;

	sim_wake(s, ev);
	sim_point(s, SIM_WAKE, "event", 0);
}

static void op_relax(void *ctx, unsigned int turns)
{
	struct sim *s = ctx;

	(void)turns;
	sim_relax(s);
}

static uint64_t op_now_ns(void *ctx)
{
	struct sim *s = ctx;

	return s->now_ns;
}

/* Work */

struct plat_workqueue {
	struct sim *sim;
	char name[32];
	struct plat_work *head, **tail;
	uint64_t queued, started;  /* how many ever were */
	uint64_t running[WORKERS]; /* number of the work, 0: idle */
	struct sim_thread *workers[WORKERS];
	unsigned int worker_count;
	bool stop;
};

static unsigned int worker_index(struct plat_workqueue *wq)
{
	unsigned int i;

	for (i = 0; i < wq->worker_count; i++)
		if (wq->workers[i] == wq->sim->current)
			return i;
	return 0;
}

static void run_one(struct plat_workqueue *wq, unsigned int me)
{
	struct plat_work *work = wq->head;
	struct sim *s = wq->sim;

	wq->head = work->next;
	if (!wq->head)
		wq->tail = &wq->head;
	wq->running[me] = ++wq->started;
	if (sim_heap_is_dead(&s->mem, work))
		sim_fail(s, "R1", "%s: a work was freed while it was queued",
			 wq->name);
	atomic_store(&work->queued, false);
	sim_point(s, SIM_WORK, wq->name, wq->started);
	work->fn(work->arg);
	wq->running[me] = 0;
	/* Who flushes looks at the queue itself. */
	sim_wake(s, &wq->running);
}

static void worker_main(void *arg)
{
	struct plat_workqueue *wq = arg;
	unsigned int me = worker_index(wq);

	while (!wq->stop || wq->head) {
		if (wq->head)
			run_one(wq, me);
		else
			(void)sim_block(wq->sim, &wq->head, "work", NULL,
					SIM_NEVER);
	}
}

static struct plat_workqueue *op_workqueue_create(void *ctx, const char *name,
						  unsigned int max_active)
{
	struct sim *s = ctx;
	struct plat_workqueue *wq;
	unsigned int i;

	if (sim_fails(s, "workqueue_create"))
		return NULL;
	wq = sim_heap_alloc(&s->mem, sizeof(*wq));
	if (!wq)
		return NULL;
	wq->sim = s;
	(void)snprintf(wq->name, sizeof(wq->name), "%s", name);
	wq->tail = &wq->head;
	wq->worker_count = max_active == 1 ? 1 : WORKERS;
	for (i = 0; i < wq->worker_count; i++)
		wq->workers[i] = sim_spawn(s, wq->name, worker_main, wq);
	return wq;
}

/* Something is queued or runs that was queued as number @last or before. */
static bool flush_pending(const struct plat_workqueue *wq, uint64_t last)
{
	unsigned int i;

	if (wq->started < last)
		return true;
	for (i = 0; i < wq->worker_count; i++)
		if (wq->running[i] && wq->running[i] <= last)
			return true;
	return false;
}

static void op_workqueue_flush(void *ctx, struct plat_workqueue *wq)
{
	struct sim *s = ctx;
	uint64_t last = wq->queued;

	may_sleep(s, "workqueue_flush()");
	sim_point(s, SIM_FLUSH, wq->name, last);
	if (sim_broken(s, BREAK_SKIP_FLUSH)) {
		if (flush_pending(wq, last))
			sim_strike(s, last);
		return;
	}
	while (flush_pending(wq, last))
		(void)sim_block(s, &wq->running, "a work queue to be empty",
				"R5", SIM_NEVER);
}

static void op_workqueue_destroy(void *ctx, struct plat_workqueue *wq)
{
	struct sim *s = ctx;
	unsigned int i;

	while (flush_pending(wq, wq->queued))
		(void)sim_block(s, &wq->running, "a work queue to be empty",
				"R5", SIM_NEVER);
	wq->stop = true;
	sim_wake(s, &wq->head);
	for (i = 0; i < wq->worker_count; i++)
		sim_join(s, wq->workers[i]);
	(void)sim_heap_free(&s->mem, wq);
}

static bool op_work_queue(void *ctx, struct plat_workqueue *wq,
			  struct plat_work *work)
{
	struct sim *s = ctx;

	if (sim_heap_is_dead(&s->mem, wq))
		sim_fail(s, "R1", "work for a work queue that was freed");
	if (atomic_exchange(&work->queued, true))
		return false;
	work->next = NULL;
	*wq->tail = work;
	wq->tail = &work->next;
	wq->queued++;
	sim_wake(s, &wq->head);
	sim_point(s, SIM_WORK, "queued", wq->queued);
	return true;
}

/* Read-copy-update */

static void op_rcu_read_lock(void *ctx)
{
	struct sim *s = ctx;

	s->current->rcu++;
	sim_point(s, SIM_RCU, "enter", s->current->rcu);
}

static void op_rcu_read_unlock(void *ctx)
{
	struct sim *s = ctx;

	sim_point(s, SIM_RCU, "leave", s->current->rcu);
	if (--s->current->rcu)
		return;
	s->current->rcu_left++;
	sim_wake(s, &s->current->rcu_left);
}

static void op_rcu_synchronize(void *ctx)
{
	struct sim *s = ctx;
	uint64_t left[SIM_THREADS];
	uint64_t inside = 0;
	unsigned int i;

	may_sleep(s, "rcu_synchronize()");
	sim_point(s, SIM_RCU, "synchronize", 0);
	if (sim_broken(s, BREAK_SKIP_GRACE)) {
		sim_strike(s, 0);
		return;
	}
	for (i = 0; i < s->thread_count; i++) {
		left[i] = s->threads[i].rcu_left;
		if (s->threads[i].used && s->threads[i].rcu)
			inside |= UINT64_C(1) << i;
	}
	for (i = 0; i < SIM_THREADS; i++)
		while (inside >> i & 1 && s->threads[i].rcu &&
		       s->threads[i].rcu_left == left[i])
			(void)sim_block(s, &s->threads[i].rcu_left,
					"an RCU reader", "R5", SIM_NEVER);
}

/* Interrupts */

static void irq_main(void *arg)
{
	struct sim_irq *irq = arg;
	struct sim *s = sim_running;

	while (!irq->stop) {
		uint64_t seen = irq->raised;

		if (seen == irq->handled) {
			(void)sim_block(s, irq, "an interrupt", NULL,
					SIM_NEVER);
			continue;
		}
		sim_point(s, SIM_IRQ, irq->name, seen);
		irq->fn(irq->arg);
		irq->handled = seen;
		sim_wake(s, &irq->handled);
	}
}

static int op_irq_request(void *ctx, unsigned int number, void (*fn)(void *arg),
			  void *arg, const char *name)
{
	struct sim *s = ctx;
	struct sim_irq *irq;

	if (number >= SIM_IRQS)
		return -EINVAL;
	irq = &s->irqs[number];
	if (irq->fn)
		return -EBUSY;
	if (sim_fails(s, "irq_request"))
		return -ENOMEM;
	irq->fn = fn;
	irq->arg = arg;
	irq->name = name;
	irq->stop = false;
	irq->handled = irq->raised;
	irq->thread = sim_spawn(s, name, irq_main, irq);
	return 0;
}

static void op_irq_free(void *ctx, unsigned int number)
{
	struct sim *s = ctx;
	struct sim_irq *irq = &s->irqs[number];

	may_sleep(s, "irq_free()");
	irq->stop = true;
	sim_wake(s, irq);
	sim_join(s, irq->thread);
	irq->fn = NULL;
}

static void op_irq_sync(void *ctx, unsigned int number)
{
	struct sim *s = ctx;
	struct sim_irq *irq = &s->irqs[number];
	uint64_t raised = irq->raised;

	may_sleep(s, "irq_sync()");
	while (irq->fn && irq->handled < raised)
		(void)sim_block(s, &irq->handled, "an interrupt's handler",
				"R5", SIM_NEVER);
}

void sim_raise_irq(struct sim *s, unsigned int number)
{
	struct sim_irq *irq = &s->irqs[number];

	if (sim_broken(s, BREAK_LOST_IRQ) && s->exploring) {
		sim_strike(s, number);
		return;
	}
	irq->raised++;
	sim_wake(s, irq);
}

bool sim_msi(struct sim *s, uint64_t addr, uint32_t data)
{
	if (addr != MSI_ADDRESS || data < MSI_FIRST || data >= SIM_IRQS)
		return false;
	sim_raise_irq(s, data);
	return true;
}

static int op_msi_alloc(void *ctx, struct plat_msi *ret_msi)
{
	struct sim *s = ctx;
	unsigned int i;

	if (sim_fails(s, "msi_alloc"))
		return -ENOSPC;
	for (i = MSI_FIRST; i < SIM_IRQS; i++)
		if (!s->irqs[i].requested)
			break;
	if (i == SIM_IRQS)
		return -ENOSPC;
	s->irqs[i].requested = true;
	ret_msi->address = MSI_ADDRESS;
	ret_msi->data = i;
	ret_msi->irq = i;
	return 0;
}

static void op_msi_free(void *ctx, const struct plat_msi *msi)
{
	struct sim *s = ctx;

	s->irqs[msi->irq].requested = false;
}

static SVA_PRINTF(3, 0) void op_log(void *ctx, enum plat_log_level level,
				    const char *fmt, va_list ap)
{
	struct sim *s = ctx;
	char line[200];
	int n;

	if (!s->trace)
		return;
	n = snprintf(line, sizeof(line), "%6s log %d: ", "", (int)level);
	(void)vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	s->trace(s->trace_arg, line);
}

void sim_platform_init(struct sim *s)
{
	s->plat_ops = (struct plat_ops){
		.zalloc = op_zalloc,
		.free = op_free,
		.pages_alloc = op_pages_alloc,
		.pages_free = op_pages_free,
		.virt_to_phys = op_virt_to_phys,
		.phys_to_virt = op_phys_to_virt,
		.lock_init = sim_lock_init,
		.lock_fini = sim_lock_fini,
		.lock = sim_lock,
		.unlock = sim_unlock,
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
	s->plat.ops = &s->plat_ops;
	s->plat.ctx = s;
}
