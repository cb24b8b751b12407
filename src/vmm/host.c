/* SPDX-License-Identifier: MIT */
/* A host: one IOMMU with two stages, and accelerators to be given away. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <sva/window.h>

#include "vmm/vmm.h"

const struct vmm_vendor *vmm_vendor(enum sva_iommu iommu)
{
	switch (iommu) {
	case SVA_IOMMU_SMMUV3:
		return &vmm_smmuv3;
	case SVA_IOMMU_VTD:
		return &vmm_vtd;
	}
	return NULL;
}

/* The bus behind the IOMMU. */

static struct dsa_hw *function_of(struct vmm_host *host, uint32_t requester)
{
	uint32_t n = (requester - VMM_HOST_RID(0)) / 8;

	if (requester < VMM_HOST_RID(0) || n >= host->cfg.functions ||
	    requester != VMM_HOST_RID(n))
		return NULL;
	return vmm_engine_hw(&host->seats[n].engine);
}

static int bus_ats_invalidate(void *ctx, const struct hw_ats_inv *inv,
			      uint64_t cookie)
{
	struct dsa_hw *hw = function_of(ctx, inv->requester);

	(void)cookie;
	return hw ? dsa_hw_ats_invalidate(hw, inv) : -ENODEV;
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct dsa_hw *hw = function_of(ctx, resp->requester);

	if (hw)
		dsa_hw_prg_response(hw, resp);
}

static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	(void)ctx, (void)cookie, (void)how;
}

static int create_iommu(struct vmm_host *host)
{
	const struct hw_bus bus = {
		.ctx = host,
		.ats_invalidate = bus_ats_invalidate,
		.prg_response = bus_prg_response,
		.resume = bus_resume,
	};
	struct plat_mmio mmio;
	int err;

	plat_hosted_env(host->hosted, &host->env);
	err = host->vendor->create_hw(false, host->cfg.personality, host->plat,
				      &host->env, &bus, &host->iommu_mem,
				      &host->iommu);
	if (err)
		return err;
	err = iommu_system_create(host->plat, NULL, &host->sys);
	if (err)
		goto destroy_hw;
	mmio = sva_window_iommu(host->iommu);
	err = host->vendor->probe(host->sys, &mmio, &host->unit);
	if (err)
		goto destroy_system;
	return 0;

destroy_system:
	(void)!iommu_system_destroy(host->sys);
destroy_hw:
	host->vendor->destroy_hw(host->iommu);
	plat_free(host->plat, host->iommu_mem);
	return err;
}

static int destroy_iommu(struct vmm_host *host)
{
	int err = host->vendor->remove(host->unit);

	if (!err)
		err = iommu_system_destroy(host->sys);
	if (err)
		return err;
	host->vendor->destroy_hw(host->iommu);
	plat_free(host->plat, host->iommu_mem);
	return 0;
}

static int add_seat(struct vmm_host *host, unsigned int n)
{
	const uint32_t rid = VMM_HOST_RID(n);
	struct vmm_seat *seat = &host->seats[n];
	struct iommu_device_desc desc = {
		.unit = host->unit,
		.stream_ids = &rid,
		.stream_id_count = 1,
	};
	struct plat_pci pci;
	char name[16];
	int err;

	vmm_border_init(&seat->border, &host->env);
	err = vmm_engine_create(&seat->engine, host->plat, &seat->border.env,
				host->iommu, rid, host->cfg.personality);
	if (err)
		return err;
	pci = sva_window_dsa_pci(vmm_engine_hw(&seat->engine), (uint16_t)rid);
	(void)snprintf(name, sizeof(name), "dsa%u", n);
	desc.name = name;
	desc.pci = &pci;
	err = iommu_device_add(host->sys, &desc, &seat->dev);
	if (err)
		vmm_engine_destroy(&seat->engine);
	return err;
}

/* 0, or what keeps a device from going; those before are gone then. */
static int remove_seats(struct vmm_host *host)
{
	while (host->seat_count) {
		struct vmm_seat *seat = &host->seats[host->seat_count - 1];
		int err = iommu_device_remove(seat->dev);

		if (err)
			return err;
		vmm_engine_destroy(&seat->engine);
		host->seat_count--;
	}
	return 0;
}

static int create_parts(struct vmm_host *host)
{
	int err;

	err = plat_hosted_create(&host->cfg.hosted, &host->hosted);
	if (err)
		return err;
	host->plat = plat_hosted_plat(host->hosted);
	err = create_iommu(host);
	if (err)
		goto destroy_hosted;
	while (host->seat_count < host->cfg.functions) {
		err = add_seat(host, host->seat_count);
		if (err)
			goto remove_seats;
		host->seat_count++;
	}
	return 0;

	/* What follows was just made and is unused: it cannot be busy. */
remove_seats:
	(void)!remove_seats(host);
	(void)!destroy_iommu(host);
destroy_hosted:
	plat_hosted_destroy(host->hosted);
	return err;
}

int vmm_host_create(const struct vmm_host_cfg *cfg, struct vmm_host **ret_host)
{
	struct vmm_host *host = calloc(1, sizeof(*host));
	int err;

	if (!host)
		return -ENOMEM;
	if (cfg)
		host->cfg = *cfg;
	host->vendor = vmm_vendor(host->cfg.iommu);
	if (!host->vendor || host->cfg.functions > VMM_MAX_FUNCTIONS) {
		free(host);
		return -EINVAL;
	}
	host->cfg.hosted.table_fmt = host->vendor->table_fmt;
	pthread_mutex_init(&host->lock, NULL);
	err = create_parts(host);
	if (err) {
		pthread_mutex_destroy(&host->lock);
		free(host);
		return err;
	}
	*ret_host = host;
	return 0;
}

int vmm_host_destroy(struct vmm_host *host)
{
	int err;

	if (!host)
		return 0;
	if (host->guests)
		return -EBUSY;
	err = remove_seats(host);
	if (!err)
		err = destroy_iommu(host);
	if (err)
		return err;
	plat_hosted_destroy(host->hosted);
	pthread_mutex_destroy(&host->lock);
	free(host);
	return 0;
}

struct plat_hosted *vmm_host_hosted(struct vmm_host *host)
{
	return host->hosted;
}

struct iommu_system *vmm_host_system(struct vmm_host *host)
{
	return host->sys;
}

struct iommu_unit *vmm_host_unit(struct vmm_host *host)
{
	return host->unit;
}

struct iommu_hw *vmm_host_iommu_hw(struct vmm_host *host)
{
	return host->iommu;
}

struct iommu_device *vmm_host_device(struct vmm_host *host,
				     unsigned int function)
{
	return host->seats[function].dev;
}

struct dsa_hw *vmm_host_dsa_hw(struct vmm_host *host, unsigned int function)
{
	return vmm_engine_hw(&host->seats[function].engine);
}
