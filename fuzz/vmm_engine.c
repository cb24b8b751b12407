/* SPDX-License-Identifier: MIT */
/*
 * vmm/engine.c and vmm/lock.c without threads, in their place: a library's file
 * is left out where a program has all of it. A guest's locks are like the
 * host's here; what order they have to keep, tests/vmm looks at.
 */
#include "fuzz/vmm_plat.h"
#include "fuzz/vmm_task.h"
#include "vmm/vmm.h"

struct dsa_hw *vmm_engine_hw(struct vmm_engine *e)
{
	return atomic_load(&e->hw);
}

static void engine_wake(void *ctx, unsigned int index)
{
	struct vmm_engine *e = ctx;

	(void)index;
	plat_event_signal(e->plat, &e->work);
}

struct idle {
	struct vmm_engine *e;
	uint32_t seen;
};

static bool has_work(void *arg)
{
	const struct idle *idle = arg;

	return plat_event_read(&idle->e->work) != idle->seen;
}

static void engine_main(void *arg)
{
	struct idle idle = { .e = arg };

	for (;;) {
		idle.seen = plat_event_read(&idle.e->work);
		if (atomic_load(&idle.e->stop))
			return;
		if (dsa_hw_step(vmm_engine_hw(idle.e), 0) == DSA_HW_MORE)
			task_turn();
		else if (!has_work(&idle))
			(void)task_wait(has_work, &idle, TASK_NEVER,
					"a descriptor");
	}
}

int vmm_engine_create(struct vmm_engine *e, const struct plat *plat,
		      const struct hw_env *env, struct iommu_hw *iommu,
		      uint32_t rid, enum hw_personality personality)
{
	const struct dsa_hw_host host = { .ctx = e, .wake = engine_wake };
	struct dsa_hw_cfg cfg;
	struct dsa_hw *hw;
	size_t size;
	int err;

	dsa_hw_cfg_default(&cfg);
	cfg.rid = rid;
	cfg.engines = 1;
	cfg.personality = personality;
	e->plat = plat;
	e->rid = rid;
	size = dsa_hw_size(&cfg);
	e->mem = plat_zalloc(plat, size);
	err = dsa_hw_create(&cfg, env, &host, iommu, e->mem, size, &hw);
	FUZZ_CHECK(!err);
	atomic_store(&e->hw, hw);
	(void)task_start(engine_main, e);
	return 0;
}

void vmm_engine_destroy(struct vmm_engine *e)
{
	struct dsa_hw *hw = vmm_engine_hw(e);

	if (!hw)
		return;
	atomic_store(&e->stop, true);
	plat_event_signal(e->plat, &e->work);
	/* It ends at once. */
	task_settle();
	atomic_store(&e->hw, NULL);
	dsa_hw_destroy(hw);
	plat_free(e->plat, e->mem);
	e->mem = NULL;
}

void vmm_lock_init(void *ctx, struct plat_lock *lock, enum plat_lock_kind kind,
		   unsigned int rank, const char *name)
{
	(void)ctx, (void)kind, (void)rank;
	task_lock_init(lock->opaque, name);
}

void vmm_lock_fini(void *ctx, struct plat_lock *lock)
{
	(void)ctx;
	task_lock_fini(lock->opaque);
}

void vmm_lock(void *ctx, struct plat_lock *lock)
{
	(void)ctx;
	task_lock(lock->opaque);
}

void vmm_unlock(void *ctx, struct plat_lock *lock)
{
	(void)ctx;
	task_unlock(lock->opaque);
}

void vmm_may_sleep(const char *what)
{
	(void)what;
}

void vmm_rcu_depth_add(int n)
{
	(void)n;
}
