/* SPDX-License-Identifier: MIT */
#include "fuzz/vmm_plat.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "fuzz/vmm_task.h"

enum {
	IRQS = 128,
	WORKERS = 2,
	/* Guests have as much, and nothing else is as large. */
	GUEST_SIZE = 4 << 20,
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
	uint8_t *memory;
	uint8_t owner[PLAT_PAGES];
	uint8_t used[PLAT_PAGES]; /* since it was zero */
	unsigned int next_owner;
	struct irq irqs[IRQS];
	struct plat_live live;
};

static struct plat_hosted hosted;
struct plat_hooks plat_hooks;

/* Memory */

static void *op_zalloc(void *ctx, size_t size)
{
	void *mem = NULL;

	(void)ctx;
	if (posix_memalign(&mem, 64, size ? size : 1))
		abort();
	memset(mem, 0, size);
	hosted.live.blocks++;
	return mem;
}

static void op_free(void *ctx, void *mem)
{
	(void)ctx;
	if (!mem)
		return;
	hosted.live.blocks--;
	free(mem);
}

static void set_owner(size_t page, size_t count, unsigned int owner)
{
	memset(hosted.owner + page, (int)owner, count);
}

static bool is_free(size_t page, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (hosted.owner[page + i] != PAGE_FREE)
			return false;
	return true;
}

/* Guests' from the end, so that the host's are always the same. */
static size_t find_pages(size_t count, bool guest)
{
	size_t n = PLAT_PAGES / count, i, at;

	for (i = 0; i < n; i++) {
		at = (guest ? n - 1 - i : i) * count;
		if (is_free(at, count))
			return at;
	}
	FUZZ_FAIL("the host's memory is used up");
}

static void *op_pages_alloc(void *ctx, size_t size)
{
	size_t count = size >> 12, page, i;
	bool guest = size >= GUEST_SIZE;

	(void)ctx;
	FUZZ_CHECK(count && !(size & (size - 1)));
	page = find_pages(count, guest);
	set_owner(page, count, guest ? hosted.next_owner : PAGE_HOST);
	for (i = page; i < page + count; i++) {
		if (hosted.used[i] || !guest)
			memset(hosted.memory + (i << 12), 0, 4096);
		hosted.used[i] = !guest;
	}
	hosted.live.pages += (unsigned int)count;
	return hosted.memory + (page << 12);
}

static size_t page_of(const void *va)
{
	size_t at = (size_t)((const uint8_t *)va - hosted.memory);

	FUZZ_CHECK(at < (size_t)PLAT_PAGES << 12);
	return at >> 12;
}

static void op_pages_free(void *ctx, void *pages, size_t size)
{
	size_t i, page;

	(void)ctx;
	if (!pages)
		return;
	page = page_of(pages);
	for (i = 0; i < size >> 12; i++)
		FUZZ_CHECK(hosted.owner[page + i] != PAGE_FREE);
	set_owner(page, size >> 12, PAGE_FREE);
	hosted.live.pages -= (unsigned int)(size >> 12);
}

static uint64_t op_virt_to_phys(void *ctx, const void *va)
{
	(void)ctx;
	(void)page_of(va);
	return PLAT_PA + (uint64_t)((const uint8_t *)va - hosted.memory);
}

bool plat_has(uint64_t pa, uint64_t len)
{
	uint64_t size = (uint64_t)PLAT_PAGES << 12;

	return pa >= PLAT_PA && pa - PLAT_PA < size &&
	       len <= size - (pa - PLAT_PA);
}

unsigned int plat_owner(uint64_t pa)
{
	return plat_has(pa, 1) ? hosted.owner[(pa - PLAT_PA) >> 12] : PAGE_FREE;
}

/* Whoever asks may write to all of it. */
void *plat_virt(uint64_t pa, uint64_t len)
{
	uint64_t page;

	for (page = (pa - PLAT_PA) >> 12;
	     page <= (pa - PLAT_PA + len - 1) >> 12; page++)
		hosted.used[page] = 1;
	return hosted.memory + (pa - PLAT_PA);
}

static void *op_phys_to_virt(void *ctx, uint64_t pa)
{
	(void)ctx;
	return plat_owner(pa) == PAGE_FREE ? NULL : plat_virt(pa, 1);
}

void plat_next_owner(unsigned int owner)
{
	hosted.next_owner = owner;
}

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
	struct plat_workqueue *wq = op_zalloc(ctx, sizeof(*wq));
	unsigned int i;

	(void)name;
	wq->last = &wq->first;
	wq->worker_count = max_active == 1 ? 1 : WORKERS;
	for (i = 0; i < wq->worker_count; i++)
		wq->workers[i] = task_start(work_main, wq);
	hosted.live.queues++;
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
	hosted.live.queues--;
	op_free(ctx, wq);
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
	hosted.live.irqs++;
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
	hosted.live.irqs--;
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
	hosted.live.msis++;
	*ret_msi = (struct plat_msi){ PLAT_MSI, irq, irq };
	return 0;
}

static void op_msi_free(void *ctx, const struct plat_msi *msi)
{
	(void)ctx;
	FUZZ_CHECK(!hosted.irqs[msi->irq].requested);
	hosted.irqs[msi->irq].allocated = false;
	hosted.live.msis--;
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
	.zalloc = op_zalloc,
	.free = op_free,
	.pages_alloc = op_pages_alloc,
	.pages_free = op_pages_free,
	.virt_to_phys = op_virt_to_phys,
	.phys_to_virt = op_phys_to_virt,
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
	void *memory;

	(void)cfg;
	if (!hosted.memory) {
		memory = mmap(NULL, (size_t)PLAT_PAGES << 12,
			      PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			return -ENOMEM;
		hosted.memory = memory;
	}
	hosted.plat = (struct plat){ &ops, &hosted };
	*ret_hosted = &hosted;
	return 0;
}

/* Of the memory nothing is left, but what it was. */
void plat_hosted_destroy(struct plat_hosted *h)
{
	FUZZ_CHECK(!h->live.blocks && !h->live.pages && !h->live.irqs &&
		   !h->live.msis && !h->live.queues);
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

struct plat_live plat_live(void)
{
	return hosted.live;
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
