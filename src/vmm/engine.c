/* SPDX-License-Identifier: MIT */
/* An accelerator with a thread that steps its engine. */
#include <errno.h>
#include <signal.h>

#include "vmm/vmm.h"

#define ENGINE_SPIN_TURNS 50u

struct dsa_hw *vmm_engine_hw(struct vmm_engine *e)
{
	/* Pairs with the release of vmm_engine_create(). */
	return atomic_load_explicit(&e->hw, memory_order_acquire);
}

static void engine_wake(void *ctx, unsigned int index)
{
	struct vmm_engine *e = ctx;

	(void)index;
	plat_event_signal(e->plat, &e->work);
}

/* Looks again for a moment: work arrives in bursts. */
static void engine_idle(struct vmm_engine *e, uint32_t seen)
{
	unsigned int turns;

	for (turns = 0; turns < ENGINE_SPIN_TURNS; turns++) {
		if (plat_event_read(&e->work) != seen)
			return;
		plat_relax(e->plat, turns);
	}
	/* Without a deadline the wait cannot fail; the loop looks again. */
	(void)!plat_event_wait(e->plat, &e->work, seen, UINT64_MAX);
}

static void *engine_main(void *arg)
{
	struct vmm_engine *e = arg;
	struct dsa_hw *hw = vmm_engine_hw(e);

	for (;;) {
		uint32_t seen = plat_event_read(&e->work);

		/* Pairs with vmm_engine_destroy(). */
		if (atomic_load_explicit(&e->stop, memory_order_acquire))
			return NULL;
		if (dsa_hw_step(hw, 0) != DSA_HW_MORE)
			engine_idle(e, seen);
	}
}

/* The hardware: signals of the process run elsewhere, its own faults do not. */
static int engine_start(struct vmm_engine *e)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE,
				   SIGTRAP, SIGSYS, SIGABRT };
	sigset_t set, old;
	size_t i;
	int err;

	sigfillset(&set);
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&set, own[i]);
	err = pthread_sigmask(SIG_SETMASK, &set, &old);
	if (err)
		return -err;
	err = pthread_create(&e->thread, NULL, engine_main, e);
	/* What it was is a valid mask. */
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
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
	if (!e->mem)
		return -ENOMEM;
	err = dsa_hw_create(&cfg, env, &host, iommu, e->mem, size, &hw);
	if (err)
		goto free_mem;
	atomic_store_explicit(&e->hw, hw, memory_order_release);
	err = engine_start(e);
	if (err)
		goto destroy_hw;
	return 0;

destroy_hw:
	atomic_store_explicit(&e->hw, NULL, memory_order_release);
	dsa_hw_destroy(hw);
free_mem:
	plat_free(plat, e->mem);
	e->mem = NULL;
	return err;
}

void vmm_engine_destroy(struct vmm_engine *e)
{
	struct dsa_hw *hw = vmm_engine_hw(e);

	if (!hw)
		return;
	atomic_store_explicit(&e->stop, true, memory_order_release);
	plat_event_signal(e->plat, &e->work);
	pthread_join(e->thread, NULL);
	atomic_store_explicit(&e->hw, NULL, memory_order_release);
	dsa_hw_destroy(hw);
	plat_free(e->plat, e->mem);
	e->mem = NULL;
}
