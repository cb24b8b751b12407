/* SPDX-License-Identifier: MIT */
/*
 * What surrounds a model in a simulation, whichever it is: memory, locks,
 * interrupts, and the register window of its driver. Each access of either to
 * the other is a point.
 */
#include <sva/model.h>
#include <string.h>

#include "base/errno.h"
#include "base/le64.h"
#include "plat/sim/locks.h"
#include "plat/sim/world.h"

/* Memory, as the model reaches it */

static void *reach(struct world *w, uint64_t pa, size_t len)
{
	struct sim_frame *frame = sim_frame_at(&w->sim->mem, pa);

	sim_point(w->sim, SIM_WALK, "memory", pa);
	if (!frame || frame->kind == SIM_FRAME_NONE)
		return NULL;
	if (frame->dead)
		sim_fail(w->sim, frame->rule, "%s", frame->why);
	return sim_virt(&w->sim->mem, pa, len);
}

static int env_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	void *p = reach(ctx, pa, len);

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
	struct world *w = ctx;
	void *p = reach(w, pa, len);

	if (ret_done)
		*ret_done = p ? len : 0;
	if (!p)
		return -EFAULT;
	memcpy(p, buf, len);
	if (w->vendor->wrote)
		w->vendor->wrote(w, pa, p);
	return 0;
}

static int env_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		    size_t *ret_done, bool *ret_write)
{
	(void)ctx, (void)dst, (void)src, (void)len, (void)ret_done;
	*ret_write = false;
	return -EFAULT; /* an IOMMU moves no data */
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
	struct world *w = ctx;

	(void)requester;
	if (w->vendor->interrupts)
		w->vendor->interrupts(w, data);
	return sim_msi(w->sim, addr, data) ? 0 : -EFAULT;
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
	struct world *w = ctx;

	sim_state_init(w->sim, inside(lock), PLAT_LOCK_MUTEX, rank, name);
}

static void env_lock_fini(void *ctx, struct hw_lock *lock)
{
	(void)ctx, (void)lock;
}

static void env_lock(void *ctx, struct hw_lock *lock)
{
	struct world *w = ctx;

	sim_state_lock(w->sim, inside(lock));
}

static void env_unlock(void *ctx, struct hw_lock *lock)
{
	struct world *w = ctx;

	sim_state_unlock(w->sim, inside(lock));
}

static void env_relax(void *ctx, unsigned int turns)
{
	struct world *w = ctx;

	(void)turns;
	sim_relax(w->sim);
}

static uint64_t env_now_ns(void *ctx)
{
	struct world *w = ctx;

	return w->sim->now_ns;
}

static void env_log(void *ctx, enum hw_log_level level, const char *fmt,
		    va_list ap)
{
	struct world *w = ctx;

	(void)level;
	w->sim->plat_ops.log(w->sim, PLAT_LOG_DEBUG, fmt, ap);
}

const struct hw_env *world_env(struct world *w)
{
	w->env = (struct hw_env){
		.ctx = w,
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
	return &w->env;
}

/* Registers, as the driver reaches them */

static uint64_t mmio_read(struct world *w, uint64_t offset, unsigned int size)
{
	sim_point(w->sim, SIM_MMIO, "read", offset);
	return w->hw->ops->mmio_read(w->hw, offset, size);
}

static void mmio_write(struct world *w, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	sim_point(w->sim, SIM_MMIO, "write",
		  size == 4 ? offset << 32 | value : offset);
	if (w->vendor->writes && !w->vendor->writes(w, offset, &value))
		return;
	w->hw->ops->mmio_write(w->hw, offset, size, value);
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

struct plat_mmio world_window(struct world *w, uint64_t size)
{
	return (struct plat_mmio){ .ops = &mmio_ops, .dev = w, .size = size };
}
