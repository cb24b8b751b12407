/* SPDX-License-Identifier: MIT */
/*
 * An SMMUv3 in a simulation: the model, what surrounds it, and the register
 * window of its driver. Each access of either to the other is a point.
 */
#include <sva/smmuv3.h>
#include <sva/smmuv3_hw.h>
#include <string.h>

#include "base/errno.h"
#include "base/le64.h"
#include "plat/sim/breaks.h"
#include "plat/sim/locks.h"
#include "plat/sim/world.h"

#define QUIET_TURNS   200u
#define OVERFLOW_FLAG (UINT32_C(1) << 31)

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
	void *p = reach(ctx, pa, len);

	if (ret_done)
		*ret_done = p ? len : 0;
	if (!p)
		return -EFAULT;
	memcpy(p, buf, len);
	watch_record(&((struct world *)ctx)->watch, pa, p);
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

/* Registers, as the driver reaches them */

static uint32_t read32(void *dev, uint64_t offset)
{
	struct world *w = dev;

	sim_point(w->sim, SIM_MMIO, "read", offset);
	return (uint32_t)w->hw->ops->mmio_read(w->hw, offset, 4);
}

static uint64_t read64(void *dev, uint64_t offset)
{
	struct world *w = dev;

	sim_point(w->sim, SIM_MMIO, "read", offset);
	return w->hw->ops->mmio_read(w->hw, offset, 8);
}

static void write32(void *dev, uint64_t offset, uint32_t value)
{
	struct world *w = dev;

	sim_point(w->sim, SIM_MMIO, "write", offset << 32 | value);
	if (offset == SMMU_STRTAB_BASE_CFG)
		w->watch.strtab_cfg = value;
	if (offset == SMMU_PRIQ_CONS)
		w->watch.priq_cons = value;
	if (offset == SMMU_CMDQ_PROD)
		watch_commands(&w->watch, value);
	if (offset == SMMU_PRIQ_CONS && sim_broken(w->sim, BREAK_NO_OVACK) &&
	    value & OVERFLOW_FLAG) {
		sim_strike(w->sim, value);
		value &= ~OVERFLOW_FLAG;
	}
	w->hw->ops->mmio_write(w->hw, offset, 4, value);
}

static void write64(void *dev, uint64_t offset, uint64_t value)
{
	struct world *w = dev;

	sim_point(w->sim, SIM_MMIO, "write", offset);
	switch (offset) {
	case SMMU_CMDQ_BASE:
		w->watch.cmdq_base = value;
		w->watch.cmdq_prod = 0;
		break;
	case SMMU_PRIQ_BASE:
		w->watch.priq_base = value;
		break;
	case SMMU_EVENTQ_BASE:
		w->watch.evtq_base = value;
		break;
	case SMMU_STRTAB_BASE:
		w->watch.strtab_base = value;
		break;
	default:
		break;
	}
	w->hw->ops->mmio_write(w->hw, offset, 8, value);
}

static const struct plat_mmio_ops mmio_ops = {
	.read32 = read32,
	.read64 = read64,
	.write32 = write32,
	.write64 = write64,
};

/* What the seed makes of the hardware. */
static void configure(struct world *w, struct smmuv3_hw_cfg *cfg)
{
	static const unsigned int batches[] = { 0, 1, 1, 3 };
	struct sim *s = w->sim;

	smmuv3_hw_cfg_default(cfg);
	cfg->personality = sim_random(s, 4) ? HW_STRICT : HW_EAGER;
	cfg->eager_period = 5;
	cfg->tlb_lg2 = 6;
	cfg->command_batch = batches[sim_random(s, 4)];
	if (sim_random(s, 2))
		cfg->idr[3] = (uint32_t)REG_PUT(SMMU_IDR3_RIL,
						(uint64_t)cfg->idr[3], 0);
	if (w->cfg.kind != ENDPOINT_STALL)
		return;
	cfg->idr[0] = (uint32_t)REG_PUT(SMMU_IDR0_STALL_MODEL,
					(uint64_t)cfg->idr[0],
					SMMU_IDR0_STALL_MODEL_BOTH);
	cfg->idr[5] = (uint32_t)REG_PUT(SMMU_IDR5_STALL_MAX,
					(uint64_t)cfg->idr[5],
					1 + sim_random(s, 4));
}

static int create_hw(struct world *w)
{
	const struct hw_env env = {
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
	struct hw_bus bus = endpoint_bus;
	struct smmuv3_hw_cfg cfg;
	size_t size;
	int err;

	configure(w, &cfg);
	bus.ctx = w;
	size = smmuv3_hw_size(&cfg);
	w->hw_mem = sim_heap_alloc(&w->sim->mem, size);
	if (!w->hw_mem)
		return -ENOMEM;
	err = smmuv3_hw_create(&cfg, &env, &bus, w->hw_mem, size, &w->hw);
	if (err)
		(void)sim_heap_free(&w->sim->mem, w->hw_mem);
	return err;
}

static void on_step(void *arg, enum sim_point kind)
{
	struct world *w = arg;

	/* Where the driver has just stored, or the SMMU is about to load. */
	if (kind == SIM_MMIO || kind == SIM_WALK)
		watch_look(&w->watch);
}

int world_smmuv3_create(struct world *w)
{
	const struct smmuv3_desc desc = {
		.name = "smmuv3.0",
		.mmio = { .ops = &mmio_ops, .dev = w, .size = 0x20000 },
		.sid_bits = 3,
		.cmdq_lg2 = 3 + (unsigned int)sim_random(w->sim, 3),
		.evtq_lg2 = w->cfg.evtq_lg2 ? w->cfg.evtq_lg2 : 5,
		.priq_lg2 = w->cfg.priq_lg2 ? w->cfg.priq_lg2 : 5,
		.timeout_ms = WORLD_TIMEOUT_MS,
	};
	int err = create_hw(w);

	if (err)
		return err;
	w->watch.w = w;
	w->sim->on_step = on_step;
	w->sim->on_step_arg = w;
	return smmuv3_probe(w->sys, &desc, &w->unit);
}

int world_smmuv3_remove(struct world *w)
{
	int err = smmuv3_remove(w->unit);

	if (!err)
		w->unit = NULL;
	return err;
}

void world_smmuv3_destroy(struct world *w)
{
	w->sim->on_step = NULL;
	smmuv3_hw_destroy(w->hw);
	(void)sim_heap_free(&w->sim->mem, w->hw_mem);
	w->hw = NULL;
}

static bool overflow_stands(struct world *w)
{
	uint32_t prod, cons;

	prod = (uint32_t)w->hw->ops->mmio_read(w->hw, SMMU_PRIQ_PROD, 4);
	cons = (uint32_t)w->hw->ops->mmio_read(w->hw, SMMU_PRIQ_CONS, 4);
	return (prod ^ cons) & OVERFLOW_FLAG;
}

/* [R15]: after all is answered no overflow is left standing for long. */
void world_smmuv3_quiet(struct world *w)
{
	unsigned int turns;

	if (!w->hw)
		return;
	for (turns = 0; overflow_stands(w); turns++) {
		if (turns == QUIET_TURNS)
			sim_fail(w->sim, "R15",
				 "an overflow is never acknowledged");
		sim_relax(w->sim);
	}
}
