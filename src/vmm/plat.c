/* SPDX-License-Identifier: MIT */
/*
 * A guest's platform, and the surroundings of its models.
 *
 * What hardware sees is guest-physical memory; what it never sees, threads,
 * waiting and time are the host's. Interrupts are the host's too: the guest has
 * messages of its own, to an address of its own, each of which stands for one
 * of the host's, so that a function's message needs no one in between.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vmm/vmm.h"

static struct vmm_guest *to_guest(void *ctx)
{
	return ctx;
}

static const struct plat *host_of(void *ctx)
{
	return to_guest(ctx)->host_plat;
}

static void *op_zalloc(void *ctx, size_t size)
{
	return plat_zalloc(host_of(ctx), size);
}

static void op_free(void *ctx, void *mem)
{
	plat_free(host_of(ctx), mem);
}

static void *op_pages_alloc(void *ctx, size_t size)
{
	return vmm_memory_alloc(&to_guest(ctx)->ram, size);
}

static void op_pages_free(void *ctx, void *pages, size_t size)
{
	vmm_memory_free(&to_guest(ctx)->ram, pages, size);
}

static uint64_t op_virt_to_phys(void *ctx, const void *va)
{
	return vmm_memory_gpa(&to_guest(ctx)->ram, va);
}

static void *op_phys_to_virt(void *ctx, uint64_t pa)
{
	struct vmm_memory *ram = &to_guest(ctx)->ram;

	return vmm_memory_has(ram, pa, 1) ? vmm_memory_virt(ram, pa) : NULL;
}

static int op_event_wait(void *ctx, struct plat_event *ev, uint32_t seen,
			 uint64_t deadline_ns)
{
	vmm_may_sleep("plat_event_wait");
	return plat_event_wait(host_of(ctx), ev, seen, deadline_ns);
}

static void op_event_wake(void *ctx, struct plat_event *ev)
{
	const struct plat *host = host_of(ctx);

	host->ops->event_wake(host->ctx, ev);
}

static void op_relax(void *ctx, unsigned int turns)
{
	plat_relax(host_of(ctx), turns);
}

static uint64_t op_now_ns(void *ctx)
{
	return plat_now_ns(host_of(ctx));
}

static struct plat_workqueue *op_workqueue_create(void *ctx, const char *name,
						  unsigned int max_active)
{
	vmm_may_sleep("plat_workqueue_create");
	return plat_workqueue_create(host_of(ctx), name, max_active);
}

static void op_workqueue_destroy(void *ctx, struct plat_workqueue *wq)
{
	plat_workqueue_destroy(host_of(ctx), wq);
}

static bool op_work_queue(void *ctx, struct plat_workqueue *wq,
			  struct plat_work *work)
{
	return plat_work_queue(host_of(ctx), wq, work);
}

static void op_workqueue_flush(void *ctx, struct plat_workqueue *wq)
{
	vmm_may_sleep("plat_workqueue_flush");
	plat_workqueue_flush(host_of(ctx), wq);
}

/*
 * Not the host's grace periods: a reader may leave for the host, where a lock
 * may have to be waited for.
 */
static void op_rcu_read_lock(void *ctx)
{
	vmm_rcu_depth_add(1);
	pthread_rwlock_rdlock(&to_guest(ctx)->os.rcu);
}

static void op_rcu_read_unlock(void *ctx)
{
	pthread_rwlock_unlock(&to_guest(ctx)->os.rcu);
	vmm_rcu_depth_add(-1);
}

static void op_rcu_synchronize(void *ctx)
{
	vmm_may_sleep("plat_rcu_synchronize");
	pthread_rwlock_wrlock(&to_guest(ctx)->os.rcu);
	pthread_rwlock_unlock(&to_guest(ctx)->os.rcu);
}

/* A guest has no wires, and of the host's numbers those of its messages. */
static bool has_irq(struct vmm_guest *g, unsigned int irq)
{
	struct vmm_plat *os = &g->os;
	bool has = false;
	unsigned int i;

	pthread_mutex_lock(&os->msi_lock);
	for (i = 0; i < VMM_MSIS && !has; i++)
		has = atomic_load_explicit(&os->msis[i].used,
					   memory_order_relaxed) &&
		      os->msis[i].host.irq == irq;
	pthread_mutex_unlock(&os->msi_lock);
	return has;
}

static int op_irq_request(void *ctx, unsigned int irq, void (*fn)(void *arg),
			  void *arg, const char *name)
{
	vmm_may_sleep("plat_irq_request");
	if (!has_irq(to_guest(ctx), irq))
		return -EINVAL;
	return plat_irq_request(host_of(ctx), irq, fn, arg, name);
}

/* What is not the guest's stays as it is. */
static void op_irq_free(void *ctx, unsigned int irq)
{
	vmm_may_sleep("plat_irq_free");
	if (has_irq(to_guest(ctx), irq))
		plat_irq_free(host_of(ctx), irq);
}

static void op_irq_sync(void *ctx, unsigned int irq)
{
	vmm_may_sleep("plat_irq_sync");
	if (has_irq(to_guest(ctx), irq))
		plat_irq_sync(host_of(ctx), irq);
}

static int op_msi_alloc(void *ctx, struct plat_msi *ret_msi)
{
	struct vmm_guest *g = to_guest(ctx);
	struct vmm_plat *os = &g->os;
	unsigned int i;
	int err = -ENOSPC;

	pthread_mutex_lock(&os->msi_lock);
	for (i = 0; i < VMM_MSIS; i++)
		if (!atomic_load_explicit(&os->msis[i].used,
					  memory_order_relaxed))
			break;
	if (i < VMM_MSIS)
		err = plat_msi_alloc(g->host_plat, &os->msis[i].host);
	if (!err) {
		ret_msi->address = VMM_MSI_GPA;
		ret_msi->data = i;
		ret_msi->irq = os->msis[i].host.irq;
		/* Pairs with vmm_plat_msi(). */
		atomic_store_explicit(&os->msis[i].used, true,
				      memory_order_release);
	}
	pthread_mutex_unlock(&os->msi_lock);
	return err;
}

/* What still comes for it is for nobody, as the host's number is free. */
static void op_msi_free(void *ctx, const struct plat_msi *msi)
{
	struct vmm_plat *os = &to_guest(ctx)->os;

	vmm_function_forget_msi(to_guest(ctx), msi->data);
	pthread_mutex_lock(&os->msi_lock);
	atomic_store_explicit(&os->msis[msi->data].used, false,
			      memory_order_relaxed);
	plat_msi_free(host_of(ctx), &os->msis[msi->data].host);
	pthread_mutex_unlock(&os->msi_lock);
}

/* A guest that was killed complains of what it cannot help. */
__attribute__((format(printf, 3, 0))) static void
op_log(void *ctx, enum plat_log_level level, const char *fmt, va_list ap)
{
	struct vmm_guest *g = to_guest(ctx);
	char text[256];

	if (atomic_load_explicit(&g->dead, memory_order_relaxed))
		level = PLAT_LOG_DEBUG;
	vsnprintf(text, sizeof(text), fmt, ap);
	plat_log(g->host_plat, level, "%s: %s", g->name, text);
}

void vmm_log(struct vmm_guest *g, enum plat_log_level level, const char *fmt,
	     ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	plat_log(g->host_plat, level, "vmm: %s: %s", g->name, text);
}

static const struct plat_ops ops = {
	.zalloc = op_zalloc,
	.free = op_free,
	.pages_alloc = op_pages_alloc,
	.pages_free = op_pages_free,
	.virt_to_phys = op_virt_to_phys,
	.phys_to_virt = op_phys_to_virt,
	.lock_init = vmm_lock_init,
	.lock_fini = vmm_lock_fini,
	.lock = vmm_lock,
	.unlock = vmm_unlock,
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

void vmm_plat_init(struct vmm_guest *g)
{
	g->os.plat.ops = &ops;
	g->os.plat.ctx = g;
	pthread_rwlock_init(&g->os.rcu, NULL);
	pthread_mutex_init(&g->os.msi_lock, NULL);
}

void vmm_plat_fini(struct vmm_guest *g)
{
	pthread_mutex_destroy(&g->os.msi_lock);
	pthread_rwlock_destroy(&g->os.rcu);
}

bool vmm_plat_msi(struct vmm_guest *g, uint64_t addr, uint32_t data,
		  struct plat_msi *ret_host)
{
	bool found = false;

	if (addr != VMM_MSI_GPA || data >= VMM_MSIS)
		return false;
	pthread_mutex_lock(&g->os.msi_lock);
	if (atomic_load_explicit(&g->os.msis[data].used,
				 memory_order_relaxed)) {
		*ret_host = g->os.msis[data].host;
		found = true;
	}
	pthread_mutex_unlock(&g->os.msi_lock);
	return found;
}

/* Surroundings of models. */

static int env_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	struct vmm_guest *g = ctx;
	const struct hw_env *host = &g->host->env;

	if (ret_done)
		*ret_done = 0;
	if (!vmm_memory_has(&g->ram, pa, len))
		return -EFAULT;
	return host->mem_read(host->ctx, vmm_memory_pa(&g->ram, pa), buf, len,
			      ret_done);
}

static int env_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	struct vmm_guest *g = ctx;
	const struct hw_env *host = &g->host->env;

	if (ret_done)
		*ret_done = 0;
	if (!vmm_memory_has(&g->ram, pa, len))
		return -EFAULT;
	return host->mem_write(host->ctx, vmm_memory_pa(&g->ram, pa), buf, len,
			       ret_done);
}

static int env_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		    size_t *ret_done, bool *ret_write)
{
	struct vmm_guest *g = ctx;
	const struct hw_env *host = &g->host->env;

	*ret_done = 0;
	*ret_write = vmm_memory_has(&g->ram, src, len);
	if (!*ret_write || !vmm_memory_has(&g->ram, dst, len))
		return -EFAULT;
	return host->mem_copy(host->ctx, vmm_memory_pa(&g->ram, dst),
			      vmm_memory_pa(&g->ram, src), len, ret_done,
			      ret_write);
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct vmm_guest *g = ctx;
	const struct hw_env *host = &g->host->env;

	if (!vmm_memory_has(&g->ram, pa, 8))
		return -EFAULT;
	return host->mem_load64(host->ctx, vmm_memory_pa(&g->ram, pa),
				ret_value);
}

static int env_store64(void *ctx, uint64_t pa, uint64_t value)
{
	struct vmm_guest *g = ctx;
	const struct hw_env *host = &g->host->env;

	if (!vmm_memory_has(&g->ram, pa, 8))
		return -EFAULT;
	return host->mem_store64(host->ctx, vmm_memory_pa(&g->ram, pa), value);
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	struct vmm_guest *g = ctx;
	const struct hw_env *host = &g->host->env;

	if (!vmm_memory_has(&g->ram, pa, 8))
		return -EFAULT;
	return host->mem_cas64(host->ctx, vmm_memory_pa(&g->ram, pa), expected,
			       desired, ret_old);
}

static int env_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	struct vmm_guest *g = ctx;
	struct plat_msi msi;

	(void)requester;
	if (!vmm_plat_msi(g, addr, data, &msi))
		return -EFAULT;
	plat_hosted_raise_irq(g->host->hosted, msi.irq);
	return 0;
}

/* The rest needs no translation: it is the host's. */

static void env_wire(void *ctx, unsigned int line, bool level)
{
	(void)ctx, (void)line, (void)level;
}

static void env_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name)
{
	const struct hw_env *host = &((struct vmm_guest *)ctx)->host->env;

	host->lock_init(host->ctx, lock, rank, name);
}

static void env_lock_fini(void *ctx, struct hw_lock *lock)
{
	const struct hw_env *host = &((struct vmm_guest *)ctx)->host->env;

	host->lock_fini(host->ctx, lock);
}

static void env_lock(void *ctx, struct hw_lock *lock)
{
	const struct hw_env *host = &((struct vmm_guest *)ctx)->host->env;

	host->lock(host->ctx, lock);
}

static void env_unlock(void *ctx, struct hw_lock *lock)
{
	const struct hw_env *host = &((struct vmm_guest *)ctx)->host->env;

	host->unlock(host->ctx, lock);
}

__attribute__((format(printf, 3, 0))) static void
env_log(void *ctx, enum hw_log_level level, const char *fmt, va_list ap)
{
	op_log(ctx, level == HW_LOG_TRACE ? PLAT_LOG_DEBUG : PLAT_LOG_WARN, fmt,
	       ap);
}

void vmm_plat_env(struct vmm_guest *g, struct hw_env *ret_env)
{
	*ret_env = (struct hw_env){
		.ctx = g,
		.mem_read = env_read,
		.mem_write = env_write,
		.mem_copy = env_copy,
		.mem_load64 = env_load64,
		.mem_store64 = env_store64,
		.mem_cas64 = env_cas64,
		.msi = env_msi,
		.wire = env_wire,
		.lock_init = env_lock_init,
		.lock_fini = env_lock_fini,
		.lock = env_lock,
		.unlock = env_unlock,
		.relax = op_relax,
		.now_ns = op_now_ns,
		.log = env_log,
	};
}
