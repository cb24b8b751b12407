/* SPDX-License-Identifier: MIT */
/* What a guest tells its IOMMU, on its way to the host's. */
#include <errno.h>
#include <string.h>

#include "vmm/vmm.h"

/*
 * The host could not do it: what the guest has taken away its function may
 * still reach. It loses the function rather than its peace, until it says
 * something else of its table. ABORT needs neither memory nor hardware ids.
 */
static void lost(struct vmm_guest *g, int err)
{
	const struct iommu_pasid_table_config abort = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = g->unit.table.format,
		.config = IOMMU_PASID_CONFIG_ABORT,
	};

	vmm_log(g, PLAT_LOG_ERR, "the host's IOMMU: %d: its function aborts",
		err);
	err = g->backend->config(g, &abort);
	g->unit.table = abort;
	/* Then the host's driver has cut it off, or says that it cannot. */
	if (err)
		vmm_log(g, PLAT_LOG_ERR, "the host's IOMMU: %d: for good", err);
}

static bool same_table(const struct iommu_pasid_table_config *a,
		       const struct iommu_pasid_table_config *b)
{
	return a->config == b->config && a->format == b->format &&
	       a->base == b->base && a->size == b->size &&
	       a->pasid_bits == b->pasid_bits &&
	       !memcmp(a->vendor.bytes, b->vendor.bytes,
		       sizeof(a->vendor.bytes));
}

/* Also if it is the same: what is in it may be another. */
void vmm_configure(struct vmm_guest *g)
{
	struct iommu_pasid_table_config cfg;
	int err;

	memset(&cfg, 0, sizeof(cfg));
	cfg.version = IOMMU_PASID_TABLE_CFG_VERSION_1;
	g->unit.vendor->read_table(g, &cfg);
	if (same_table(&cfg, &g->unit.table)) {
		if (cfg.config == IOMMU_PASID_CONFIG_TRANSLATE) {
			vmm_forward_all(g, IOMMU_CACHE_INV_TYPE_PASID);
		}
		return;
	}
	vmm_count(&g->counters.binds);
	err = g->backend->config(g, &cfg);
	g->unit.table = cfg;
	if (err)
		lost(g, err);
}

/* What was named does not exist, or cannot be named: all of it, then. */
static int forget_all(struct vmm_guest *g, unsigned int cache)
{
	const unsigned int dev = IOMMU_CACHE_INV_TYPE_DEV_IOTLB;
	struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)(cache & ~dev),
		.granularity = IOMMU_INV_GRANU_DOMAIN,
	};
	int err = info.cache ? g->backend->invalidate(g, &info) : 0;

	if (err || !(cache & dev))
		return err;
	info.cache = (uint8_t)dev;
	info.granularity = IOMMU_INV_GRANU_ADDR;
	info.granu.addr = (struct iommu_inv_addr_info){
		.granule_size = VMM_WHOLE_GRANULE,
		.nb_granules = 2,
	};
	return g->backend->invalidate(g, &info);
}

/* -ENODEV: nothing is bound, so nothing is cached. */
void vmm_forward(struct vmm_guest *g,
		 const struct iommu_cache_invalidate_info *info)
{
	int err;

	vmm_count(&g->counters.invalidations);
	err = g->backend->invalidate(g, info);
	if (err == -EINVAL) {
		vmm_count(&g->counters.refused);
		err = forget_all(g, info->cache);
	}
	if (err && err != -ENODEV)
		lost(g, err);
}

void vmm_forward_all(struct vmm_guest *g, unsigned int cache)
{
	const struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)cache,
		.granularity = IOMMU_INV_GRANU_DOMAIN,
	};

	vmm_forward(g, &info);
}

void vmm_forward_pasid(struct vmm_guest *g, unsigned int cache,
		       unsigned int flags, ioasid_t pasid, uint32_t archid)
{
	const struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)cache,
		.granularity = IOMMU_INV_GRANU_PASID,
		.granu.pasid = {
			.flags = flags,
			.pasid = pasid,
			.archid = archid,
		},
	};

	vmm_forward(g, &info);
}

void vmm_forward_range(struct vmm_guest *g, unsigned int cache,
		       const struct iommu_inv_addr_info *range)
{
	const struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)cache,
		.granularity = IOMMU_INV_GRANU_ADDR,
		.granu.addr = *range,
	};

	vmm_forward(g, &info);
}

int vmm_map(struct iommu_domain *domain, uint64_t gpa, uint64_t pa,
	    uint64_t size, unsigned int perm)
{
	const unsigned int exec = IOMMU_PERM_EXEC;
	int err = iommu_map(domain, gpa, pa, size, perm);

	if (err == -EINVAL && perm & exec)
		err = iommu_map(domain, gpa, pa, size, perm & ~exec);
	return err;
}
