/* SPDX-License-Identifier: MIT */
/* The system and its IOMMUs. */
#include "core/system.h"

#include "base/errno.h"
#include "base/string.h"
#include "core/driver.h"
#include "core/fault.h"

#define RESPONSE_TIMEOUT_MAX_S 100u

static int cfg_check(struct iommu_system_cfg *cfg)
{
	if (!cfg->pasid_bits)
		cfg->pasid_bits = IOMMU_PASID_BITS_MAX;
	if (cfg->pasid_bits > IOMMU_PASID_BITS_MAX ||
	    cfg->response_timeout_s > RESPONSE_TIMEOUT_MAX_S)
		return -EINVAL;
	switch (cfg->oom_policy) {
	case IOMMU_OOM_FAILURE:
	case IOMMU_OOM_RETRY:
		return 0;
	}
	return -EINVAL;
}

int iommu_system_create(const struct plat *plat,
			const struct iommu_system_cfg *cfg,
			struct iommu_system **ret_sys)
{
	struct iommu_system_cfg copy = { 0 };
	struct iommu_system *sys;
	int err;

	if (cfg)
		copy = *cfg;
	err = cfg_check(&copy);
	if (err)
		return err;
	sys = plat_zalloc(plat, sizeof(*sys));
	if (!sys)
		return -ENOMEM;
	sys->plat = plat;
	sys->cfg = copy;
	list_init(&sys->devices);
	sys->wq = plat_workqueue_create(plat, "iommu", 0);
	if (!sys->wq) {
		err = -ENOMEM;
		goto free_system;
	}
	plat_lock_init(plat, &sys->sva_lock, PLAT_LOCK_MUTEX, PLAT_RANK_SVA,
		       "sva");
	plat_lock_init(plat, &sys->lock, PLAT_LOCK_MUTEX, PLAT_RANK_SYSTEM,
		       "system");
	err = ioasid_space_init(&sys->pasids, plat, copy.pasid_bits);
	if (err)
		goto fini_locks;
	err = fault_timer_start(sys);
	if (err)
		goto fini_pasids;
	*ret_sys = sys;
	return 0;

fini_pasids:
	ioasid_space_fini(&sys->pasids);
fini_locks:
	plat_lock_fini(plat, &sys->lock);
	plat_lock_fini(plat, &sys->sva_lock);
	plat_workqueue_destroy(plat, sys->wq);
free_system:
	plat_free(plat, sys);
	return err;
}

static bool system_in_use(struct iommu_system *sys)
{
	bool used;

	plat_lock(sys->plat, &sys->lock);
	used = sys->units || !list_empty(&sys->devices);
	plat_unlock(sys->plat, &sys->lock);
	/* Acquire pairs with the release in iommu_mm_put(). */
	return used || !ioasid_space_unused(&sys->pasids) ||
	       atomic_load_explicit(&sys->mm_count, memory_order_acquire);
}

int iommu_system_destroy(struct iommu_system *sys)
{
	const struct plat *plat;

	if (!sys)
		return 0;
	plat = sys->plat;
	/* An exit may be on its way, handed to a worker. */
	plat_workqueue_flush(plat, sys->wq);
	if (system_in_use(sys))
		return -EBUSY;
	fault_timer_stop(sys);
	plat_workqueue_destroy(plat, sys->wq);
	ioasid_space_fini(&sys->pasids);
	plat_lock_fini(plat, &sys->lock);
	plat_lock_fini(plat, &sys->sva_lock);
	plat_free(plat, sys);
	return 0;
}

const struct plat *iommu_system_plat(const struct iommu_system *sys)
{
	return sys->plat;
}

static uint64_t counter_read(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void iommu_system_stats(const struct iommu_system *sys,
			struct iommu_system_stats *ret_stats)
{
	const struct system_counters *c = &sys->counters;

	ret_stats->page_requests = counter_read(&c->page_requests);
	ret_stats->page_groups = counter_read(&c->page_groups);
	ret_stats->page_responses = counter_read(&c->page_responses);
	ret_stats->response_failures = counter_read(&c->response_failures);
	ret_stats->page_refusals = counter_read(&c->page_refusals);
	ret_stats->faults = counter_read(&c->faults);
	ret_stats->invalidations = counter_read(&c->invalidations);
	ret_stats->pasids =
		atomic_load_explicit(&sys->pasids.live, memory_order_relaxed);
	ret_stats->pasids_max = atomic_load_explicit(&sys->pasids.live_max,
						     memory_order_relaxed);
}

void system_wait_locked(struct iommu_system *sys)
{
	uint32_t seen = plat_event_read(&sys->sva_event);

	plat_unlock(sys->plat, &sys->sva_lock);
	/* Every caller looks at its condition again, whatever ended this. */
	if (plat_event_wait(sys->plat, &sys->sva_event, seen, UINT64_MAX))
		plat_relax(sys->plat, 0);
	plat_lock(sys->plat, &sys->sva_lock);
}
