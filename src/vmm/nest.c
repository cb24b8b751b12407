/* SPDX-License-Identifier: MIT */
/*
 * The guest's tables under the host's second stage: what the guest says goes
 * to the host's driver as it is.
 */
#include <errno.h>

#include "vmm/vmm.h"

#define RWX (IOMMU_PERM_READ | IOMMU_PERM_WRITE | IOMMU_PERM_EXEC)

/* How often an answer that was under way may keep the handler. */
#define UNREGISTER_TRIES 1000u

/*
 * With a table from the beginning, so that each of the guest's takes the place
 * of another: ABORT has room then, whatever else has.
 */
static int first_table(struct vmm_guest *g)
{
	struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
	};
	int err;

	g->unit.vendor->read_table(g, &cfg);
	err = iommu_attach_pasid_table(g->parent, &cfg);
	if (!err)
		g->unit.table = cfg;
	return err;
}

static int start(struct vmm_guest *g)
{
	int err;

	err = iommu_domain_alloc_parent(g->host->unit, &g->parent);
	if (err)
		return err;
	err = vmm_map(g->parent, g->ram.gpa, g->ram.pa, g->ram.size, RWX);
	if (err)
		goto free_parent;
	err = iommu_attach_device(g->parent, g->host_dev);
	if (err)
		goto free_parent;
	err = iommu_register_device_fault_handler(g->host_dev, vmm_on_fault, g);
	if (err)
		goto detach;
	err = first_table(g);
	if (err)
		goto unregister;
	return 0;

	/* What was just made is unused: it cannot be busy. */
unregister:
	(void)!iommu_unregister_device_fault_handler(g->host_dev);
detach:
	(void)!iommu_detach_device(g->parent, g->host_dev);
free_parent:
	(void)!iommu_domain_free(g->parent);
	return err;
}

static void unregister(struct vmm_guest *g)
{
	unsigned int tries = 0;
	int err;

	do {
		vmm_requests_settle(g);
		err = iommu_unregister_device_fault_handler(g->host_dev);
		plat_relax(g->host_plat, tries);
	} while (err && ++tries < UNREGISTER_TRIES);
	if (err)
		vmm_log(g, PLAT_LOG_ERR, "an answer stays outstanding");
}

static void stop(struct vmm_guest *g)
{
	int err = iommu_detach_pasid_table(g->parent);

	if (err && err != -EINVAL && err != -ENODEV)
		vmm_log(g, PLAT_LOG_ERR, "its table is not unbound: %d", err);
	vmm_requests_end(g);
	err = iommu_detach_device(g->parent, g->host_dev);
	if (err)
		vmm_log(g, PLAT_LOG_ERR, "its memory is not detached: %d", err);
	vmm_function_reset(g);
	unregister(g);
	err = iommu_domain_free(g->parent);
	if (err)
		vmm_log(g, PLAT_LOG_ERR, "its memory is not unmapped: %d", err);
	g->parent = NULL;
}

/* A table that no hardware takes aborts, as it would there. */
static int config(struct vmm_guest *g,
		  const struct iommu_pasid_table_config *cfg)
{
	struct iommu_pasid_table_config abort = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = cfg->format,
		.config = IOMMU_PASID_CONFIG_ABORT,
	};
	int err = iommu_attach_pasid_table(g->parent, cfg);

	if (err != -EINVAL)
		return err;
	vmm_count(&g->counters.refused);
	return iommu_attach_pasid_table(g->parent, &abort);
}

static int invalidate(struct vmm_guest *g,
		      const struct iommu_cache_invalidate_info *info)
{
	return iommu_cache_invalidate(g->parent, g->host_dev, info);
}

/*
 * The host's IOMMU walks for itself. But a page that the guest has, and that
 * leads out of its memory, would be asked for again and again.
 */
static int resolved(struct vmm_guest *g,
		    const struct iommu_fault_page_request *prm)
{
	struct vmm_page page;

	return vmm_request_look_up(g, prm, &page);
}

const struct vmm_backend vmm_nest = {
	.start = start,
	.stop = stop,
	.config = config,
	.invalidate = invalidate,
	.requested = vmm_request_inject,
	.resolved = resolved,
};
