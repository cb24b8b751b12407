/* SPDX-License-Identifier: MIT */
/*
 * Guests' tables on the mock: PASID tables and page tables of its own formats,
 * in guest-physical memory. The hardware fetches every word through the
 * parent, and what a word says is an address there again.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/mock/priv.h"

int mock_op_parent_alloc(struct iommu_unit *unit,
			 struct iommu_domain **ret_domain)
{
	return unit->ops->domain_alloc(unit, IOMMU_DOMAIN_PAGING, NULL,
				       ret_domain);
}

static int table_check(const struct mock_device *md,
		       const struct iommu_pasid_table_config *cfg,
		       uint64_t *ret_size)
{
	uint64_t size = cfg->size;

	if (cfg->vendor_length)
		return -EINVAL;
	if (cfg->config != IOMMU_PASID_CONFIG_TRANSLATE)
		return 0;
	if (cfg->pasid_bits > md->pasid_bits)
		return -EINVAL;
	if (!size)
		size = (uint64_t)8 << cfg->pasid_bits;
	else if (cfg->pasid_bits && size < (uint64_t)8 << cfg->pasid_bits)
		return -EINVAL;
	if (size & 7 || size > (uint64_t)8 << md->pasid_bits ||
	    cfg->base & 4095 || cfg->base >> MOCK_VA_BITS)
		return -EINVAL;
	*ret_size = size;
	return 0;
}

static int gpasid_check(const struct iommu_gpasid_bind_data *data)
{
	if (data->addr_width != MOCK_VA_BITS || data->gpgd & ~MOCK_ADDRESS ||
	    data->gpgd >> MOCK_VA_BITS || data->vtd.flags || data->vtd.emt ||
	    data->vtd.pat || data->vtd.padding)
		return -EINVAL;
	return 0;
}

int mock_op_nested_alloc(struct iommu_domain *parent, struct iommu_device *dev,
			 const struct iommu_nest *nest,
			 struct iommu_domain **ret_domain)
{
	struct mock *mock = to_mock(iommu_device_unit(dev));
	struct mock_domain *md;
	uint64_t size = 0;
	int err = mock_enter(mock, MOCK_OP_NESTED_ALLOC, dev, IOMMU_NO_PASID);

	if (err)
		return err;
	err = nest->kind == IOMMU_NEST_TABLE ?
		      table_check(iommu_device_priv(dev), &nest->table, &size) :
		      gpasid_check(&nest->gpasid);
	if (err)
		return err;
	md = plat_zalloc(mock->plat, sizeof(*md));
	if (!md)
		return -ENOMEM;
	md->mock = mock;
	md->root = to_mock_domain(parent)->root;
	md->nest = *nest;
	md->guest_pasids = size / 8;
	*ret_domain = &md->domain;
	return 0;
}

/* A word of guest memory; false: the parent has none there. */
static bool fetch(const struct mock_domain *md, uint64_t gpa,
		  uint64_t *ret_word)
{
	uint64_t pa;
	void *va;

	if (!mock_table_walk(md->mock, md->root, gpa, IOMMU_PERM_READ, &pa))
		return false;
	va = plat_phys_to_virt(md->mock->plat, pa);
	if (!va)
		return false;
	*ret_word = le64_load_acquire((le64_atomic *)va);
	return true;
}

/* Where the guest's own table is, of a PASID. 0, or as mock_access() says. */
static int guest_root(const struct mock_domain *md, ioasid_t pasid,
		      uint64_t *ret_root)
{
	const struct iommu_nest *nest = &md->nest;
	uint64_t word;

	if (nest->kind == IOMMU_NEST_PASID) {
		*ret_root = nest->gpasid.gpgd;
		return 0;
	}
	if (pasid >= md->guest_pasids ||
	    !fetch(md, nest->table.base + 8ull * pasid, &word) ||
	    word & MOCK_INVALID)
		return -EACCES;
	if (word & MOCK_ENTRY_QUIETLY)
		return -EPERM;
	if (word & ~MOCK_ADDRESS)
		return -EACCES;
	*ret_root = word;
	return 0;
}

static int guest_walk(const struct mock_domain *md, uint64_t root, uint64_t va,
		      unsigned int perm, uint64_t *ret_gpa)
{
	unsigned int level = MOCK_LEVELS;
	uint64_t word = root;

	if (va >> MOCK_VA_BITS)
		return -EFAULT;
	while (level--) {
		uint64_t index = va >> (12 + 9 * level) & 511;

		if (!fetch(md, (word & MOCK_ADDRESS) + 8 * index, &word))
			return -EACCES;
		if (word & MOCK_INVALID)
			return -EFAULT;
	}
	if (word & mock_denials(~perm))
		return -EFAULT;
	*ret_gpa = word & MOCK_ADDRESS;
	return 0;
}

int mock_nested_walk(struct iommu_domain *nested, ioasid_t pasid, uint64_t va,
		     unsigned int perm, uint64_t *ret_pa)
{
	const struct mock_domain *md = to_mock_domain(nested);
	const struct iommu_nest *nest = &md->nest;
	uint64_t root = 0, gpa = va;
	int err = 0;

	if (nest->kind == IOMMU_NEST_TABLE &&
	    nest->table.config == IOMMU_PASID_CONFIG_ABORT)
		return -EACCES;
	if (nest->kind == IOMMU_NEST_PASID ||
	    nest->table.config == IOMMU_PASID_CONFIG_TRANSLATE) {
		err = guest_root(md, pasid, &root);
		if (!err)
			err = guest_walk(md, root, va, perm, &gpa);
	}
	if (err)
		return err;
	/* What the guest's table says, but not whether it is there: the
	 * second stage has the last word. */
	return mock_table_walk(md->mock, md->root, gpa, perm, ret_pa) ? 0 :
									-EACCES;
}

/* Does the guest mean what is cached of @pasid and @va? */
static bool meant(const struct iommu_cache_invalidate_info *info,
		  ioasid_t pasid, uint64_t va)
{
	const struct iommu_inv_addr_info *a = &info->granu.addr;

	switch (info->granularity) {
	case IOMMU_INV_GRANU_PASID:
		return info->granu.pasid.pasid == pasid;
	case IOMMU_INV_GRANU_ADDR:
		if (a->flags & IOMMU_INV_ADDR_FLAGS_PASID && a->pasid != pasid)
			return false;
		return va >= a->addr &&
		       (va - a->addr) / a->granule_size < a->nb_granules;
	}
	return true;
}

int mock_op_cache_invalidate(struct iommu_domain *nested,
			     struct iommu_device *dev,
			     const struct iommu_cache_invalidate_info *info)
{
	struct mock *mock = to_mock(iommu_device_unit(dev));
	int err = mock_enter(mock, MOCK_OP_INVALIDATE, dev, IOMMU_NO_PASID);
	unsigned int i;

	if (err)
		return err;
	/* Its cache has no tags but PASIDs. */
	if ((info->granularity == IOMMU_INV_GRANU_PASID &&
	     !(info->granu.pasid.flags & IOMMU_INV_PASID_FLAGS_PASID)) ||
	    (info->granularity == IOMMU_INV_GRANU_ADDR &&
	     info->granu.addr.flags & IOMMU_INV_ADDR_FLAGS_ARCHID))
		return -EINVAL;
	if (atomic_load(&mock->defects) & MOCK_SKIP_INVALIDATE)
		return 0;
	plat_lock(mock->plat, &mock->lock);
	for (i = 0; i < MOCK_CACHE; i++) {
		struct mock_cached *c = &mock->cache[i];

		if (c->dev == dev && c->domain == nested &&
		    meant(info, c->pasid, c->va))
			c->dev = NULL;
	}
	plat_unlock(mock->plat, &mock->lock);
	return 0;
}
