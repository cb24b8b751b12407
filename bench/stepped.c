/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include <sva/window.h>

#include "bench/stepped.h"

#define ENGINE 0u

static struct dsa_hw *hw_of(struct stepped *s)
{
	/* Pairs with create_hw(). */
	return atomic_load_explicit(&s->hw, memory_order_acquire);
}

static int bus_ats_invalidate(void *ctx, const struct hw_ats_inv *inv,
			      uint64_t cookie)
{
	struct dsa_hw *hw = hw_of(ctx);

	(void)cookie;
	if (!hw || inv->requester != RIG_SID)
		return -ENODEV;
	return dsa_hw_ats_invalidate(hw, inv);
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct dsa_hw *hw = hw_of(ctx);

	if (hw && resp->requester == RIG_SID)
		dsa_hw_prg_response(hw, resp);
}

/* Whoever steps, polls. */
static void host_wake(void *ctx, unsigned int engine)
{
	(void)ctx, (void)engine;
}

static int create_hw(struct stepped *s)
{
	const struct dsa_hw_host host = { .ctx = s, .wake = host_wake };
	struct dsa_hw_cfg cfg;
	struct dsa_hw *hw;
	struct hw_env env;
	size_t size;
	int err;

	dsa_hw_cfg_default(&cfg);
	cfg.rid = RIG_SID;
	cfg.engines = 1;
	plat_hosted_env(s->rig.hosted, &env);
	size = dsa_hw_size(&cfg);
	s->hw_mem = plat_zalloc(s->rig.plat, size);
	if (!s->hw_mem)
		return -ENOMEM;
	err = dsa_hw_create(&cfg, &env, &host, s->rig.hw, s->hw_mem, size, &hw);
	if (err) {
		plat_free(s->rig.plat, s->hw_mem);
		return err;
	}
	/* Pairs with hw_of(). */
	atomic_store_explicit(&s->hw, hw, memory_order_release);
	return 0;
}

static void destroy_hw(struct stepped *s)
{
	struct dsa_hw *hw =
		atomic_exchange_explicit(&s->hw, NULL, memory_order_acq_rel);

	dsa_hw_destroy(hw);
	plat_free(s->rig.plat, s->hw_mem);
}

static struct plat_pci pci_of(struct stepped *s)
{
	return sva_window_dsa_pci(hw_of(s), RIG_SID);
}

static int add_device(struct stepped *s)
{
	const uint32_t sid = RIG_SID;
	const struct plat_pci pci = pci_of(s);
	const struct iommu_device_desc desc = {
		.name = "dsa.bench",
		.unit = s->rig.unit,
		.stream_ids = &sid,
		.stream_id_count = 1,
		.pci = &pci,
	};

	return iommu_device_add(s->rig.sys, &desc, &s->rig.dev);
}

static int open_dsa(struct stepped *s)
{
	struct dsa_hw *hw = hw_of(s);
	const struct dsa_open_cfg cfg = {
		.dev = s->rig.dev,
		.pci = pci_of(s),
		.bar0 = sva_window_dsa_regs(hw),
		/*
		 * No submit barrier: it has a row of its own. The benchmark
		 * changes nothing of the address space while jobs run.
		 */
		.bar2 = sva_window_dsa_portals(hw),
	};

	return dsa_open(&cfg, &s->dsa);
}

static int open_wq(struct stepped *s)
{
	const struct dsa_wq_cfg cfg = {
		.sva = s->sva,
		.block_on_fault = true,
	};

	return dsa_wq_open(s->dsa, &cfg, &s->wq);
}

static void *helper_main(void *arg)
{
	const struct timespec pause = { .tv_nsec = 20000 };
	struct stepped *s = arg;

	/* Pairs with helper_join(). */
	while (!atomic_load_explicit(&s->helper_stop, memory_order_acquire))
		if (dsa_hw_step(hw_of(s), ENGINE) != DSA_HW_MORE)
			(void)nanosleep(&pause, NULL);
	return NULL;
}

static int helper_start(struct stepped *s)
{
	atomic_store_explicit(&s->helper_stop, false, memory_order_release);
	return -pthread_create(&s->helper, NULL, helper_main, s);
}

static void helper_join(struct stepped *s)
{
	atomic_store_explicit(&s->helper_stop, true, memory_order_release);
	pthread_join(s->helper, NULL);
}

static int open_client(struct stepped *s)
{
	int err;

	err = open_dsa(s);
	if (err)
		return err;
	err = plat_hosted_mm_create(s->rig.hosted, s->rig.sys, &s->mm);
	if (err)
		goto close_dsa;
	err = iommu_sva_bind(s->rig.dev, s->mm, NULL, &s->sva);
	if (err)
		goto put_mm;
	err = open_wq(s);
	if (err)
		goto unbind;
	return 0;

unbind:
	iommu_sva_unbind(s->sva);
put_mm:
	iommu_mm_put_users(s->mm);
close_dsa:
	(void)!dsa_close(s->dsa);
	return err;
}

int stepped_open(struct stepped *s)
{
	const struct hw_bus bus = {
		.ctx = s,
		.ats_invalidate = bus_ats_invalidate,
		.prg_response = bus_prg_response,
	};
	const struct rig_cfg cfg = { .iommu = SVA_IOMMU_SMMUV3 };
	int err;

	memset(s, 0, sizeof(*s));
	err = rig_open(&s->rig, &cfg, &bus);
	if (err)
		return err;
	err = create_hw(s);
	if (err)
		goto close_rig;
	err = add_device(s);
	if (err)
		goto destroy_hw;
	err = helper_start(s);
	if (err)
		goto remove_device;
	err = open_client(s);
	helper_join(s);
	if (err)
		goto remove_device;
	return 0;

	/* What follows was just made and is unused: it cannot be busy. */
remove_device:
	if (!iommu_device_remove(s->rig.dev))
		s->rig.dev = NULL;
destroy_hw:
	destroy_hw(s);
close_rig:
	(void)!rig_close(&s->rig);
	return err;
}

int stepped_close(struct stepped *s)
{
	int err;

	err = helper_start(s);
	if (err)
		return err;
	err = dsa_wq_close(s->wq);
	iommu_sva_unbind(s->sva);
	if (!err)
		err = dsa_close(s->dsa);
	helper_join(s);
	if (err)
		return err;
	iommu_mm_put_users(s->mm);
	err = iommu_device_remove(s->rig.dev);
	if (err)
		return err;
	s->rig.dev = NULL;
	destroy_hw(s);
	return rig_close(&s->rig);
}

int stepped_run(struct stepped *s, struct dsa_job *job)
{
	struct dsa_hw *hw = hw_of(s);
	struct dsa_result result;
	int err;

	err = dsa_submit(s->wq, job);
	if (err)
		return err;
	while (!dsa_job_done(job))
		if (dsa_hw_step(hw, ENGINE) == DSA_HW_BLOCKED)
			sched_yield();
	err = dsa_wait(job, 0, &result);
	return err ? err : result.status;
}
