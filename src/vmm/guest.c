/* SPDX-License-Identifier: MIT */
/* A guest from its boot to its end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sva/window.h>

#include "vmm/vmm.h"

#define MEMORY_DEFAULT (UINT64_C(64) << 20)
#define MEMORY_MIN     (UINT64_C(4) << 20)
#define MEMORY_MAX     (UINT64_C(1) << 30)

/* How long its accelerator may take, before its driver gives it up. */
#define DSA_TIMEOUT_MS 10000u

static bool cfg_valid(const struct vmm_host *host,
		      const struct vmm_guest_cfg *cfg)
{
	if (cfg->memory < MEMORY_MIN || cfg->memory > MEMORY_MAX ||
	    cfg->memory & (cfg->memory - 1) || !vmm_vendor(cfg->iommu))
		return false;
	switch (cfg->how) {
	case VMM_EMULATED:
		return true;
	case VMM_NESTED:
		return cfg->iommu == host->cfg.iommu &&
		       cfg->function < host->cfg.functions;
	case VMM_SHADOW:
		return cfg->function < host->cfg.functions;
	}
	return false;
}

/* The guest's software: what a kernel does when it boots. */

static bool is_assigned(const struct vmm_guest *g)
{
	return g->cfg.how != VMM_EMULATED;
}

static struct plat_pci function_pci(struct vmm_guest *g)
{
	if (is_assigned(g))
		return vmm_function_pci(g);
	return sva_window_dsa_pci(vmm_engine_hw(&g->engine), VMM_GUEST_RID);
}

static int add_device(struct vmm_guest *g)
{
	const uint32_t rid = VMM_GUEST_RID;
	const struct plat_pci pci = function_pci(g);
	const struct iommu_device_desc desc = {
		.name = "dsa0",
		.unit = g->unit.driver,
		.stream_ids = &rid,
		.stream_id_count = 1,
		.pci = &pci,
	};

	return iommu_device_add(g->sys, &desc, &g->dev);
}

static int open_dsa(struct vmm_guest *g)
{
	struct dsa_hw *hw = vmm_engine_hw(&g->engine);
	const struct dsa_open_cfg cfg = {
		.dev = g->dev,
		.pci = function_pci(g),
		.bar0 = is_assigned(g) ? vmm_function_bar0(g) :
					 sva_window_dsa_regs(hw),
		.bar2 = is_assigned(g) ? vmm_function_bar2(g) :
					 sva_window_dsa_portals(hw),
		.timeout_ms = DSA_TIMEOUT_MS,
	};

	return dsa_open(&cfg, &g->dsa);
}

static int boot(struct vmm_guest *g)
{
	const struct plat_mmio mmio = vmm_unit_window(g);
	int err;

	err = iommu_system_create(vmm_guest_plat(g), NULL, &g->sys);
	if (err)
		return err;
	err = g->unit.vendor->probe(g->sys, &mmio, &g->unit.driver);
	if (err)
		goto destroy_system;
	err = add_device(g);
	if (err)
		goto remove_unit;
	err = open_dsa(g);
	if (err)
		goto remove_device;
	return 0;

	/* What follows was just made and is unused: it cannot be busy. */
remove_device:
	(void)!iommu_device_remove(g->dev);
	g->dev = NULL;
remove_unit:
	(void)!g->unit.vendor->remove(g->unit.driver);
	g->unit.driver = NULL;
destroy_system:
	(void)!iommu_system_destroy(g->sys);
	g->sys = NULL;
	return err;
}

/* Each part once: what could not go yet is left for another call. */
static int shut_down(struct vmm_guest *g)
{
	int err;

	if (g->dsa) {
		err = dsa_close(g->dsa);
		if (err)
			return err;
		g->dsa = NULL;
	}
	if (g->dev) {
		err = iommu_device_remove(g->dev);
		if (err)
			return err;
		g->dev = NULL;
	}
	if (g->unit.driver) {
		err = g->unit.vendor->remove(g->unit.driver);
		if (err)
			return err;
		g->unit.driver = NULL;
	}
	return iommu_system_destroy(g->sys);
}

/* The machine it boots on. */

/* 0, or -EBUSY another guest has it. */
static int take_seat(struct vmm_guest *g)
{
	struct vmm_seat *seat = &g->host->seats[g->cfg.function];
	int err = 0;

	pthread_mutex_lock(&g->host->lock);
	if (seat->guest)
		err = -EBUSY;
	else
		seat->guest = g;
	pthread_mutex_unlock(&g->host->lock);
	return err;
}

static void leave_seat(struct vmm_guest *g)
{
	struct vmm_seat *seat = &g->host->seats[g->cfg.function];

	vmm_border_set(&seat->border, 0, 0);
	vmm_border_count(&seat->border, &g->counters);
	pthread_mutex_lock(&g->host->lock);
	seat->guest = NULL;
	pthread_mutex_unlock(&g->host->lock);
}

static void set_live(struct vmm_guest *g, bool live)
{
	pthread_mutex_lock(&g->unit.lock);
	g->unit.live = live;
	pthread_mutex_unlock(&g->unit.lock);
}

/* Its function: the host's, or one of its own. */
static int plug(struct vmm_guest *g)
{
	struct vmm_seat *seat;
	int err;

	if (!is_assigned(g))
		return vmm_engine_create(&g->engine, g->host_plat, &g->unit.env,
					 g->unit.hw, VMM_GUEST_RID,
					 g->cfg.personality);
	err = take_seat(g);
	if (err)
		return err;
	seat = &g->host->seats[g->cfg.function];
	vmm_border_set(&seat->border, g->ram.pa, g->ram.size);
	g->host_dev = seat->dev;
	g->backend = g->cfg.how == VMM_NESTED ? &vmm_nest : &vmm_shadow;
	vmm_requests_init(g);
	vmm_function_init(g, seat);
	err = g->backend->start(g);
	if (err) {
		vmm_function_fini(g);
		vmm_requests_fini(g);
		leave_seat(g);
		return err;
	}
	set_live(g, true);
	return 0;
}

/* The host's side of a function goes; what is left is what the guest sees. */
static void unplug(struct vmm_guest *g)
{
	vmm_function_close(g);
	set_live(g, false);
	g->backend->stop(g);
	leave_seat(g);
}

void vmm_guest_kill(struct vmm_guest *guest)
{
	if (!is_assigned(guest))
		return;
	pthread_mutex_lock(&guest->end);
	/* Acquire and release: who finds it dead finds its end. */
	if (!atomic_exchange_explicit(&guest->dead, true, memory_order_acq_rel))
		unplug(guest);
	pthread_mutex_unlock(&guest->end);
}

static int create_machine(struct vmm_guest *g)
{
	int err;

	err = vmm_memory_init(&g->ram, g->host_plat, VMM_RAM_GPA,
			      g->cfg.memory);
	if (err)
		return err;
	vmm_plat_init(g);
	err = vmm_unit_create(g);
	if (err)
		goto fini_plat;
	err = plug(g);
	if (err)
		goto destroy_unit;
	return 0;

destroy_unit:
	vmm_unit_destroy(g);
fini_plat:
	vmm_plat_fini(g);
	vmm_memory_fini(&g->ram);
	return err;
}

static void destroy_machine(struct vmm_guest *g)
{
	if (is_assigned(g)) {
		vmm_guest_kill(g);
		vmm_function_fini(g);
		vmm_requests_fini(g);
	} else {
		vmm_engine_destroy(&g->engine);
	}
	vmm_unit_destroy(g);
	vmm_plat_fini(g);
	vmm_memory_fini(&g->ram);
}

static void count_guest(struct vmm_host *host, int by)
{
	pthread_mutex_lock(&host->lock);
	host->guests += (unsigned int)by;
	pthread_mutex_unlock(&host->lock);
}

static void free_guest(struct vmm_guest *g)
{
	pthread_mutex_destroy(&g->end);
	free(g);
}

int vmm_guest_create_bare(struct vmm_host *host,
			  const struct vmm_guest_cfg *cfg,
			  struct vmm_guest **ret_guest)
{
	struct vmm_guest *g = calloc(1, sizeof(*g));
	int err;

	if (!g)
		return -ENOMEM;
	g->cfg = *cfg;
	if (!g->cfg.memory)
		g->cfg.memory = MEMORY_DEFAULT;
	if (!cfg_valid(host, &g->cfg)) {
		free(g);
		return -EINVAL;
	}
	(void)snprintf(g->name, sizeof(g->name), "%s",
		       cfg->name ? cfg->name : "guest");
	g->host = host;
	g->host_plat = host->plat;
	g->unit.vendor = vmm_vendor(cfg->iommu);
	pthread_mutex_init(&g->end, NULL);
	err = create_machine(g);
	if (err) {
		free_guest(g);
		return err;
	}
	count_guest(host, 1);
	*ret_guest = g;
	return 0;
}

int vmm_guest_create(struct vmm_host *host, const struct vmm_guest_cfg *cfg,
		     struct vmm_guest **ret_guest)
{
	struct vmm_guest *g;
	int err;

	err = vmm_guest_create_bare(host, cfg, &g);
	if (err)
		return err;
	err = boot(g);
	if (err) {
		(void)!vmm_guest_destroy(g);
		return err;
	}
	*ret_guest = g;
	return 0;
}

int vmm_guest_destroy(struct vmm_guest *g)
{
	int err;

	if (!g)
		return 0;
	err = shut_down(g);
	if (err)
		return err;
	count_guest(g->host, -1);
	destroy_machine(g);
	free_guest(g);
	return 0;
}

struct iommu_system *vmm_guest_system(struct vmm_guest *guest)
{
	return guest->sys;
}

struct iommu_device *vmm_guest_device(struct vmm_guest *guest)
{
	return guest->dev;
}

struct dsa *vmm_guest_dsa(struct vmm_guest *guest)
{
	return guest->dsa;
}

struct iommu_hw *vmm_guest_iommu_hw(struct vmm_guest *guest)
{
	return guest->unit.hw;
}

struct dsa_hw *vmm_guest_dsa_hw(struct vmm_guest *guest)
{
	return is_assigned(guest) ? guest->fn.hw :
				    vmm_engine_hw(&guest->engine);
}

static uint64_t value_of(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void vmm_guest_stats(struct vmm_guest *guest, struct vmm_guest_stats *ret_stats)
{
	const struct vmm_counters *c = &guest->counters;

	/* After its death the function is another's. */
	if (is_assigned(guest) && !vmm_is_dead(guest))
		vmm_border_count(
			&guest->host->seats[guest->cfg.function].border,
			&guest->counters);
	*ret_stats = (struct vmm_guest_stats){
		.exits = value_of(&c->exits),
		.binds = value_of(&c->binds),
		.invalidations = value_of(&c->invalidations),
		.refused = value_of(&c->refused),
		.page_requests = value_of(&c->page_requests),
		.page_responses = value_of(&c->page_responses),
		.faults = value_of(&c->faults),
		.stage2_faults = value_of(&c->stage2_faults),
		.shadow_fills = value_of(&c->shadow_fills),
		.shadow_drops = value_of(&c->shadow_drops),
		.accesses = value_of(&c->accesses),
		.strays = value_of(&c->strays),
		.pages_free = vmm_memory_free_pages(&guest->ram),
		.pages = guest->ram.size / VMM_PAGE,
	};
}
