/* SPDX-License-Identifier: MIT */
/* The monitor's operating system, under the simulator: see os.h. */
#include <errno.h>
#include <string.h>

#include <sva/window.h>

#include "base/le64.h"
#include "plat/sim/locks.h"
#include "tests/vmm/sim/stage.h"

#define MAGIC 0x10c4a11e

/* Locks. The monitor's have no ranks; docs/LOCKING.md has their order. */

static void check(const unsigned long *magic, const char *what)
{
	if (*magic != MAGIC)
		sim_fail(sim_running, "R1", "%s of a lock that is gone", what);
}

int os_mutex_init(struct os_mutex *m, const void *attr)
{
	(void)attr;
	*m = (struct os_mutex){ .magic = MAGIC };
	return 0;
}

int os_mutex_destroy(struct os_mutex *m)
{
	check(&m->magic, "destroy()");
	if (m->owner)
		sim_fail(sim_running, "lock", "a lock is held at its end");
	m->magic = 0;
	return 0;
}

int os_mutex_lock(struct os_mutex *m)
{
	struct sim *s = sim_running;

	check(&m->magic, "lock()");
	sim_point(s, SIM_LOCK, "monitor", 0);
	while (m->owner)
		(void)sim_block(s, m, "a lock of the monitor", "R5", SIM_NEVER);
	check(&m->magic, "lock()");
	m->owner = s->current;
	return 0;
}

int os_mutex_unlock(struct os_mutex *m)
{
	struct sim *s = sim_running;

	check(&m->magic, "unlock()");
	if (m->owner != s->current)
		sim_fail(s, "lock", "%s does not hold what it unlocks",
			 s->current->name);
	m->owner = NULL;
	sim_wake(s, m);
	sim_point(s, SIM_UNLOCK, "monitor", 0);
	return 0;
}

int os_rwlock_init(struct os_rwlock *l, const void *attr)
{
	(void)attr;
	*l = (struct os_rwlock){ .magic = MAGIC };
	return 0;
}

int os_rwlock_destroy(struct os_rwlock *l)
{
	check(&l->magic, "destroy()");
	if (l->writer || l->readers)
		sim_fail(sim_running, "lock", "a lock is held at its end");
	l->magic = 0;
	return 0;
}

int os_rwlock_rdlock(struct os_rwlock *l)
{
	struct sim *s = sim_running;

	check(&l->magic, "rdlock()");
	sim_point(s, SIM_LOCK, "monitor, shared", 0);
	while (l->writer)
		(void)sim_block(s, l, "a lock of the monitor", "R5", SIM_NEVER);
	check(&l->magic, "rdlock()");
	l->readers++;
	return 0;
}

int os_rwlock_wrlock(struct os_rwlock *l)
{
	struct sim *s = sim_running;

	check(&l->magic, "wrlock()");
	sim_point(s, SIM_LOCK, "monitor, alone", 0);
	while (l->writer || l->readers)
		(void)sim_block(s, l, "readers", "R5", SIM_NEVER);
	check(&l->magic, "wrlock()");
	l->writer = s->current;
	return 0;
}

int os_rwlock_unlock(struct os_rwlock *l)
{
	struct sim *s = sim_running;

	check(&l->magic, "unlock()");
	if (l->writer == s->current)
		l->writer = NULL;
	else if (l->readers)
		l->readers--;
	else
		sim_fail(s, "lock", "nobody holds what is unlocked");
	sim_wake(s, l);
	sim_point(s, SIM_UNLOCK, "monitor", 1);
	return 0;
}

/* Threads, and what each has of a guest's locks. */

static struct vmm_held held[SIM_THREADS];

struct vmm_held *vmm_held(void)
{
	return &held[sim_running->current->id];
}

/* No memory of the simulation: a thread may be late to read it. */
static struct start {
	void *(*fn)(void *arg);
	void *arg;
} starts[SIM_THREADS];
static unsigned int started;

static void start(void *arg)
{
	const struct start *at = arg;

	(void)at->fn(at->arg);
}

int os_thread_create(struct sim_thread **t, const void *attr,
		     void *(*fn)(void *arg), void *arg)
{
	struct sim *s = sim_running;
	struct start *at;

	(void)attr;
	if (started == SIM_THREADS)
		return EAGAIN;
	at = &starts[started++];
	*at = (struct start){ fn, arg };
	*t = sim_spawn(s, "engine", start, at);
	return *t ? 0 : EAGAIN;
}

int os_thread_join(struct sim_thread *t, void **ret)
{
	(void)ret;
	sim_join(sim_running, t);
	return 0;
}

void *os_calloc(size_t count, size_t size)
{
	return sim_heap_alloc(&sim_running->mem, count * size);
}

void os_free(void *mem)
{
	if (mem && !sim_heap_free(&sim_running->mem, mem))
		sim_fail(sim_running, "R1", "free() of what is not owned");
}

void os_abort(void)
{
	sim_fail(sim_running, "lock", "%s: a guest's locks, see above",
		 sim_running->current->name);
}

/* The platform that the host stands on. */

void os_line(struct sim *s, const char *text)
{
	if (s->trace)
		s->trace(s->trace_arg, text);
}

/* An error of the host's is one of ours. */
static SVA_PRINTF(3, 0) void log_message(void *ctx, enum plat_log_level level,
					 const char *fmt, va_list ap)
{
	char text[200];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	if (level == PLAT_LOG_ERR)
		sim_fail(ctx, "log", "%s", text);
	os_line(ctx, text);
}

int os_hosted_create(const struct plat_hosted_cfg *cfg,
		     struct plat_hosted **ret_hosted)
{
	struct sim *s = sim_running;

	(void)cfg;
	memset(held, 0, sizeof(held));
	started = 0;
	s->plat_ops.log = log_message;
	*ret_hosted = (struct plat_hosted *)s;
	return 0;
}

void os_hosted_destroy(struct plat_hosted *hosted)
{
	(void)hosted;
}

const struct plat *os_hosted_plat(struct plat_hosted *hosted)
{
	return &((struct sim *)hosted)->plat;
}

void os_hosted_raise_irq(struct plat_hosted *hosted, unsigned int irq)
{
	sim_raise_irq((struct sim *)hosted, irq);
}

/* Memory, as hardware reaches it: each access is a point. */

static void *reach(struct sim *s, uint64_t pa, size_t len)
{
	uint64_t at;

	sim_point(s, SIM_WALK, "memory", pa);
	if (!len || !sim_virt(&s->mem, pa, len))
		return NULL;
	for (at = pa & ~(uint64_t)(SIM_PAGE - 1); at < pa + len;
	     at += SIM_PAGE) {
		const struct sim_frame *frame = sim_frame_at(&s->mem, at);

		if (frame->kind == SIM_FRAME_NONE)
			return NULL;
		if (frame->dead)
			sim_fail(s, frame->rule, "%s", frame->why);
	}
	return sim_virt(&s->mem, pa, len);
}

static int env_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	const void *p = reach(ctx, pa, len);

	if (ret_done)
		*ret_done = p ? len : 0;
	if (!p)
		return -EFAULT;
	memcpy(buf, p, len);
	return 0;
}

static int env_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	void *p = reach(ctx, pa, len);

	if (ret_done)
		*ret_done = p ? len : 0;
	if (!p)
		return -EFAULT;
	memcpy(p, buf, len);
	return 0;
}

static int env_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		    size_t *ret_done, bool *ret_write)
{
	const void *from = reach(ctx, src, len);
	void *to;

	*ret_done = 0;
	*ret_write = from;
	if (!from)
		return -EFAULT;
	to = reach(ctx, dst, len);
	if (!to)
		return -EFAULT;
	memmove(to, from, len);
	*ret_done = len;
	return 0;
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	void *p = reach(ctx, pa, 8);

	if (!p)
		return -EFAULT;
	*ret_value = le64_load_acquire(le64_at(p));
	return 0;
}

static int env_store64(void *ctx, uint64_t pa, uint64_t value)
{
	void *p = reach(ctx, pa, 8);

	if (!p)
		return -EFAULT;
	le64_store_release(le64_at(p), value);
	return 0;
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	void *p = reach(ctx, pa, 8);

	if (!p)
		return -EFAULT;
	*ret_old = expected;
	(void)le64_cmpxchg(le64_at(p), ret_old, desired);
	return 0;
}

static int env_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	(void)requester;
	return sim_msi(ctx, addr, data) ? 0 : -EFAULT;
}

static void env_wire(void *ctx, unsigned int line, bool level)
{
	(void)ctx, (void)line, (void)level;
}

static struct sim_lock_state *inside(struct hw_lock *lock)
{
	return (struct sim_lock_state *)(void *)lock->opaque;
}

static void env_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name)
{
	sim_state_init(ctx, inside(lock), PLAT_LOCK_MUTEX, rank, name);
}

static void env_lock_fini(void *ctx, struct hw_lock *lock)
{
	(void)ctx, (void)lock;
}

static void env_lock(void *ctx, struct hw_lock *lock)
{
	sim_state_lock(ctx, inside(lock));
}

static void env_unlock(void *ctx, struct hw_lock *lock)
{
	sim_state_unlock(ctx, inside(lock));
}

static void env_relax(void *ctx, unsigned int turns)
{
	(void)turns;
	sim_relax(ctx);
}

static uint64_t env_now_ns(void *ctx)
{
	return ((struct sim *)ctx)->now_ns;
}

static SVA_PRINTF(3, 0) void env_log(void *ctx, enum hw_log_level level,
				     const char *fmt, va_list ap)
{
	(void)level;
	log_message(ctx, PLAT_LOG_DEBUG, fmt, ap);
}

void os_hosted_env(struct plat_hosted *hosted, struct hw_env *ret_env)
{
	*ret_env = (struct hw_env){
		.ctx = hosted,
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
		.relax = env_relax,
		.now_ns = env_now_ns,
		.log = env_log,
	};
}

/* Registers of the host's IOMMU. */

static uint64_t mmio_read(struct iommu_hw *hw, uint64_t offset,
			  unsigned int size)
{
	sim_point(sim_running, SIM_MMIO, "read", offset);
	return hw->ops->mmio_read(hw, offset, size);
}

static void mmio_write(struct iommu_hw *hw, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	sim_point(sim_running, SIM_MMIO, "write", offset);
	hw->ops->mmio_write(hw, offset, size, value);
}

static uint32_t read32(void *dev, uint64_t offset)
{
	return (uint32_t)mmio_read(dev, offset, 4);
}

static uint64_t read64(void *dev, uint64_t offset)
{
	return mmio_read(dev, offset, 8);
}

static void write32(void *dev, uint64_t offset, uint32_t value)
{
	mmio_write(dev, offset, 4, value);
}

static void write64(void *dev, uint64_t offset, uint64_t value)
{
	mmio_write(dev, offset, 8, value);
}

static const struct plat_mmio_ops mmio_ops = {
	.read32 = read32,
	.read64 = read64,
	.write32 = write32,
	.write64 = write64,
};

struct plat_mmio os_window_iommu(struct iommu_hw *hw)
{
	return (struct plat_mmio){
		.ops = &mmio_ops,
		.dev = hw,
		.size = hw->mmio_size,
	};
}
