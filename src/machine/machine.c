/* SPDX-License-Identifier: MIT */
/*
 * A machine in this process: models behind register windows, drivers in front
 * of them, and a thread per engine of the accelerator.
 *
 * Order matters twice. The IOMMU model is created before the accelerator that
 * sends through it, but its bus leads to the accelerator: messages before that
 * exists find nobody. And the engines start before the driver, whose reset
 * waits for them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva/domain.h>
#include <sva/machine.h>
#include <sva/window.h>

#include "machine/engine.h"
#include "machine/vendor.h"

/*
 * What the accelerator's transactions carry: as a function, bus 1, device 0,
 * function 0; an SMMU takes that as StreamID, and a platform device just has
 * the same; VT-d as source-id.
 */
#define DEVICE_RID 0x0100u

struct sva_machine {
	struct sva_machine_cfg cfg;
	const struct machine_vendor *vendor;
	struct plat_hosted *hosted;
	const struct plat *plat;
	struct iommu_system *sys;

	void *iommu_mem;
	struct iommu_hw *iommu;
	struct iommu_unit *unit;

	void *dsa_mem;
	_Atomic(struct dsa_hw *) dsa_hw;
	struct plat_mmio_ops portal_ops;
	struct iommu_device *dev;
	struct dsa *dsa;
	struct iommu_mm *mm;
	struct machine_engines engines;
};

/*
 * The doorbell: whatever any thread did to the address space before this call
 * is known to the device when the job starts.
 */
static void portal_write512(void *dev, uint64_t offset, const void *data)
{
	struct sva_machine *m = dev;
	struct dsa_hw *hw =
		atomic_load_explicit(&m->dsa_hw, memory_order_acquire);

	plat_hosted_submit_barrier(m->hosted);
	if (dsa_hw_portal_write(hw, offset, data, false))
		plat_log(m->plat, PLAT_LOG_ERR,
			 "machine: a posted write was answered");
}

static int portal_enqcmd(void *dev, uint64_t offset, const void *data)
{
	struct sva_machine *m = dev;
	struct dsa_hw *hw =
		atomic_load_explicit(&m->dsa_hw, memory_order_acquire);

	plat_hosted_submit_barrier(m->hosted);
	return dsa_hw_portal_write(hw, offset, data, true);
}

/* The portals of the window with a doorbell in front. */
static struct plat_mmio machine_portals(struct sva_machine *m)
{
	struct plat_mmio portals = sva_window_dsa_portals(
		atomic_load_explicit(&m->dsa_hw, memory_order_acquire));

	m->portal_ops = *portals.ops;
	m->portal_ops.write512 = portal_write512;
	m->portal_ops.enqcmd = portal_enqcmd;
	portals.ops = &m->portal_ops;
	portals.dev = m;
	return portals;
}

/* The bus behind the IOMMU: one function. */

static int bus_ats_invalidate(void *ctx, const struct hw_ats_inv *inv,
			      uint64_t cookie)
{
	struct sva_machine *m = ctx;
	/* Pairs with the release store in create_dsa_hw(). */
	struct dsa_hw *hw =
		atomic_load_explicit(&m->dsa_hw, memory_order_acquire);

	(void)cookie;
	if (!hw || inv->requester != DEVICE_RID)
		return -ENODEV;
	return dsa_hw_ats_invalidate(hw, inv);
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct sva_machine *m = ctx;
	struct dsa_hw *hw =
		atomic_load_explicit(&m->dsa_hw, memory_order_acquire);

	if (hw && resp->requester == DEVICE_RID)
		dsa_hw_prg_response(hw, resp);
}

static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	struct sva_machine *m = ctx;
	struct dsa_hw *hw =
		atomic_load_explicit(&m->dsa_hw, memory_order_acquire);

	if (hw)
		dsa_hw_resume(hw, cookie, how == HW_RESUME_RETRY);
}

/* Capabilities of the accelerator that are not there. */
static void leave_out_dsa(enum sva_lack lacks, struct dsa_hw_cfg *cfg)
{
	if (lacks == SVA_LACKS_PASID)
		cfg->pasid_bits = 0;
	if (lacks == SVA_LACKS_ATS)
		cfg->ats = false;
	if (lacks == SVA_LACKS_ATS || lacks == SVA_LACKS_PRI)
		cfg->pri = false;
}

static int create_iommu_hw(struct sva_machine *m)
{
	const struct hw_bus bus = {
		.ctx = m,
		.ats_invalidate = bus_ats_invalidate,
		.prg_response = bus_prg_response,
		.resume = bus_resume,
	};
	struct hw_env env;

	plat_hosted_env(m->hosted, &env);
	return m->vendor->create_hw(&m->cfg, m->plat, &env, &bus, &m->iommu_mem,
				    &m->iommu);
}

static void destroy_iommu_hw(struct sva_machine *m)
{
	m->vendor->destroy_hw(m->iommu);
	plat_free(m->plat, m->iommu_mem);
}

static int create_dsa_hw(struct sva_machine *m)
{
	const struct dsa_hw_host host = { .ctx = &m->engines,
					  .wake = machine_engines_wake };
	struct dsa_hw_cfg cfg;
	struct dsa_hw *hw;
	struct hw_env env;
	size_t size;
	int err;

	if (m->cfg.faults == SVA_FAULTS_STALL) {
		dsa_hw_cfg_platform(&cfg, DEVICE_RID);
	} else {
		dsa_hw_cfg_default(&cfg);
		cfg.rid = DEVICE_RID;
	}
	cfg.engines = m->cfg.engines;
	cfg.personality = m->cfg.personality;
	leave_out_dsa(m->cfg.lacks, &cfg);
	plat_hosted_env(m->hosted, &env);
	size = dsa_hw_size(&cfg);
	m->dsa_mem = plat_zalloc(m->plat, size);
	if (!m->dsa_mem)
		return -ENOMEM;
	err = dsa_hw_create(&cfg, &env, &host, m->iommu, m->dsa_mem, size, &hw);
	if (err) {
		plat_free(m->plat, m->dsa_mem);
		return err;
	}
	atomic_store_explicit(&m->dsa_hw, hw, memory_order_release);
	return 0;
}

static void destroy_dsa_hw(struct sva_machine *m)
{
	struct dsa_hw *hw = atomic_exchange_explicit(&m->dsa_hw, NULL,
						     memory_order_acq_rel);

	dsa_hw_destroy(hw);
	plat_free(m->plat, m->dsa_mem);
}

static struct plat_pci machine_pci(struct sva_machine *m)
{
	return sva_window_dsa_pci(atomic_load_explicit(&m->dsa_hw,
						       memory_order_acquire),
				  DEVICE_RID);
}

static int add_device(struct sva_machine *m)
{
	const bool stalls = m->cfg.faults == SVA_FAULTS_STALL;
	const uint32_t sid = DEVICE_RID;
	const struct plat_pci pci = machine_pci(m);
	const struct iommu_device_desc desc = {
		.name = "dsa0",
		.unit = m->unit,
		.stream_ids = &sid,
		.stream_id_count = 1,
		.pci = stalls ? NULL : &pci,
		.pasid_bits = IOMMU_PASID_BITS_MAX,
		.can_stall = stalls,
	};

	return iommu_device_add(m->sys, &desc, &m->dev);
}

static void reset_device(void *ctx)
{
	dsa_hw_reset(ctx);
}

/*
 * The device's own domain. Its interrupts and its transactions without PASID
 * go to physical addresses, as they do under Linux's identity domain.
 */
static int open_dsa(struct sva_machine *m)
{
	struct dsa_hw *hw =
		atomic_load_explicit(&m->dsa_hw, memory_order_acquire);
	struct dsa_open_cfg cfg = {
		.dev = m->dev,
		.bar0 = sva_window_dsa_regs(hw),
		.bar2 = machine_portals(m),
	};

	if (m->cfg.faults == SVA_FAULTS_STALL) {
		cfg.msi_table = dsa_hw_msi_table(hw);
		cfg.reset = reset_device;
		cfg.reset_ctx = hw;
	} else {
		cfg.pci = machine_pci(m);
	}
	return dsa_open(&cfg, &m->dsa);
}

static int create_parts(struct sva_machine *m)
{
	int err;

	/* So that pages can come before the IOMMU asks for a table. */
	m->cfg.hosted.table_fmt = m->vendor->table_fmt;
	err = plat_hosted_create(&m->cfg.hosted, &m->hosted);
	if (err)
		return err;
	m->plat = plat_hosted_plat(m->hosted);
	m->engines.plat = m->plat;
	err = create_iommu_hw(m);
	if (err)
		goto destroy_hosted;
	err = create_dsa_hw(m);
	if (err)
		goto destroy_iommu_hw;
	err = machine_engines_start(&m->engines,
				    atomic_load_explicit(&m->dsa_hw,
							 memory_order_acquire),
				    m->cfg.engines);
	if (err)
		goto destroy_dsa_hw;
	err = iommu_system_create(m->plat, NULL, &m->sys);
	if (err)
		goto stop_engines;
	err = m->vendor->probe(m->sys, m->iommu, &m->unit);
	if (err)
		goto destroy_system;
	err = add_device(m);
	if (err)
		goto remove_iommu;
	err = open_dsa(m);
	if (err)
		goto remove_device;
	err = plat_hosted_mm_create(m->hosted, m->sys, &m->mm);
	if (err)
		goto close_dsa;
	return 0;

	/* What follows was just made and is unused: it cannot be busy. */
close_dsa:
	(void)!dsa_close(m->dsa);
remove_device:
	(void)!iommu_device_remove(m->dev);
remove_iommu:
	(void)!m->vendor->remove(m->unit);
destroy_system:
	(void)!iommu_system_destroy(m->sys);
stop_engines:
	machine_engines_stop(&m->engines);
destroy_dsa_hw:
	destroy_dsa_hw(m);
destroy_iommu_hw:
	destroy_iommu_hw(m);
destroy_hosted:
	plat_hosted_destroy(m->hosted);
	return err;
}

static const struct machine_vendor *machine_vendor(enum sva_iommu iommu)
{
	switch (iommu) {
	case SVA_IOMMU_SMMUV3:
		return &machine_smmuv3;
	case SVA_IOMMU_VTD:
		return &machine_vtd;
	}
	return NULL;
}

int sva_machine_create(const struct sva_machine_cfg *cfg,
		       struct sva_machine **ret_machine)
{
	struct sva_machine *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return -ENOMEM;
	if (cfg)
		m->cfg = *cfg;
	if (m->cfg.engines == 0)
		m->cfg.engines = 1;
	m->vendor = machine_vendor(m->cfg.iommu);
	if (!m->vendor || m->cfg.engines > DSA_HW_MAX_ENGINES ||
	    (m->cfg.faults != SVA_FAULTS_PRI &&
	     !(m->cfg.faults == SVA_FAULTS_STALL && m->vendor->stalls))) {
		free(m);
		return -EINVAL;
	}
	err = create_parts(m);
	if (err) {
		free(m);
		return err;
	}
	*ret_machine = m;
	return 0;
}

/* Each part once: what could not go yet is left for another call. */
static int destroy_users(struct sva_machine *m)
{
	int err;

	if (m->dsa) {
		err = dsa_close(m->dsa);
		if (err)
			return err;
		m->dsa = NULL;
	}
	if (m->mm)
		iommu_mm_put_users(m->mm);
	m->mm = NULL;
	if (m->dev) {
		err = iommu_device_remove(m->dev);
		if (err)
			return err;
		m->dev = NULL;
	}
	if (m->unit) {
		err = m->vendor->remove(m->unit);
		if (err)
			return err;
		m->unit = NULL;
	}
	return iommu_system_destroy(m->sys);
}

int sva_machine_destroy(struct sva_machine *m)
{
	struct iommu_sva_param param;
	int err;

	if (!m)
		return 0;
	if (m->dev && iommu_sva_enabled(m->dev, &param) && param.nr_bonds)
		return -EBUSY;
	err = destroy_users(m);
	if (err)
		return err;
	machine_engines_stop(&m->engines);
	destroy_dsa_hw(m);
	destroy_iommu_hw(m);
	plat_hosted_destroy(m->hosted);
	free(m);
	return 0;
}

struct iommu_system *sva_machine_system(struct sva_machine *machine)
{
	return machine->sys;
}

struct plat_hosted *sva_machine_hosted(struct sva_machine *machine)
{
	return machine->hosted;
}

struct iommu_mm *sva_machine_mm(struct sva_machine *machine)
{
	return machine->mm;
}

struct iommu_device *sva_machine_device(struct sva_machine *machine)
{
	return machine->dev;
}

struct dsa *sva_machine_dsa(struct sva_machine *machine)
{
	return machine->dsa;
}

struct iommu_hw *sva_machine_iommu_hw(struct sva_machine *machine)
{
	return machine->iommu;
}

struct dsa_hw *sva_machine_dsa_hw(struct sva_machine *machine)
{
	return atomic_load_explicit(&machine->dsa_hw, memory_order_acquire);
}

void sva_machine_stats(struct sva_machine *machine,
		       struct sva_machine_stats *ret_stats)
{
	machine->iommu->ops->stats(machine->iommu, &ret_stats->iommu_hw);
	dsa_hw_stats(sva_machine_dsa_hw(machine), &ret_stats->dsa_hw);
	iommu_system_stats(machine->sys, &ret_stats->system);
}
