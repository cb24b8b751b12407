/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva/smmuv3.h>
#include <sva/smmuv3_hw.h>
#include <sva/vtd.h>
#include <sva/vtd_hw.h>
#include <sva/window.h>

#include "bench/rig.h"

/*
 * Bench sees the public headers only, so what tables need stands here: Arm LPAE
 * stage 1 descriptors of the 4 KiB granule (DDI 0487, D8.3.1), and entries of
 * IA-32e paging (SDM volume 3, 4.5).
 *
 * @table: of a table. @page: read and written by users, accessed, and dirty;
 * of Arm, inner shareable and not global, too.
 */
static const struct pte {
	enum iommu_table_fmt fmt;
	uint64_t table;
	uint64_t page;
} ptes[] = {
	[SVA_IOMMU_SMMUV3] = { IOMMU_TABLE_ARM_64_LPAE_S1, 0x003, 0xf43 },
	[SVA_IOMMU_VTD] = { IOMMU_TABLE_X86_64, 0x027, 0x067 },
};

#define PTE_MAIR       UINT64_C(0xff) /* index 0: write-back */
#define PTE_ADDRESS    UINT64_C(0xfffffffff000)
#define PTE_LEVEL_LG2  9u
#define PTE_INDEX_MASK 511u

static _Atomic uint64_t *table_alloc(struct space *s)
{
	_Atomic uint64_t *table;

	if (s->table_count == RIG_TABLES_MAX)
		return NULL;
	table = plat_pages_alloc(s->plat, RIG_PAGE);
	if (table)
		s->tables[s->table_count++] = table;
	return table;
}

static unsigned int index_of(uint64_t va, unsigned int level)
{
	unsigned int shift =
		RIG_PAGE_LG2 + (RIG_LEVELS - 1 - level) * PTE_LEVEL_LG2;

	return (unsigned int)(va >> shift) & PTE_INDEX_MASK;
}

static int map_page(struct space *s, uint64_t va, uint64_t pa)
{
	const struct pte *bits = &ptes[s->iommu];
	_Atomic uint64_t *table = s->root;
	unsigned int level;

	for (level = 0; level < RIG_LEVELS - 1; level++) {
		_Atomic uint64_t *entry = &table[index_of(va, level)];
		uint64_t pte =
			atomic_load_explicit(entry, memory_order_relaxed);

		if (pte) {
			table = plat_phys_to_virt(s->plat, pte & PTE_ADDRESS);
			continue;
		}
		table = table_alloc(s);
		if (!table)
			return -ENOMEM;
		pte = plat_virt_to_phys(s->plat,
					(const void *)(uintptr_t)table);
		/* Pairs with the model's acquire loads. */
		atomic_store_explicit(entry, pte | bits->table,
				      memory_order_release);
	}
	atomic_store_explicit(&table[index_of(va, level)], pa | bits->page,
			      memory_order_release);
	return 0;
}

static struct space *space_of(struct iommu_mm *mm)
{
	return (void *)((char *)mm - offsetof(struct space, mm));
}

static int space_get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			   struct iommu_mm_table *ret_table)
{
	struct space *s = space_of(mm);
	const struct iommu_mm_table table = {
		.fmt = fmt,
		.root = plat_virt_to_phys(s->plat,
					  (const void *)(uintptr_t)s->root),
		.va_bits = 48,
		.granule_lg2 = RIG_PAGE_LG2,
		.pa_bits = 48,
		.af_managed = true,
		.mair = PTE_MAIR,
	};

	if (fmt != ptes[s->iommu].fmt)
		return -EOPNOTSUPP;
	*ret_table = table;
	return 0;
}

/* Everything there is is in the table. */
static int space_handle_fault(struct iommu_mm *mm, uint64_t va, size_t count,
			      unsigned int perm, size_t *ret_done)
{
	(void)mm, (void)va, (void)count, (void)perm;
	*ret_done = 0;
	return -EFAULT;
}

/* Its memory is the embedder's, until space_fini(). */
static void space_exit(struct iommu_mm *mm)
{
	(void)mm;
}

static const struct iommu_mm_ops space_ops = {
	.get_table = space_get_table,
	.handle_fault = space_handle_fault,
	.exit = space_exit,
	.free = space_exit,
};

static void free_tables(struct space *s)
{
	while (s->table_count > 0)
		plat_pages_free(s->plat, s->tables[--s->table_count], RIG_PAGE);
}

int space_init(struct space *s, struct iommu_system *sys, enum sva_iommu iommu,
	       uint64_t va, uint64_t pages)
{
	uint64_t i;
	int err = 0;

	memset(s, 0, sizeof(*s));
	s->plat = iommu_system_plat(sys);
	s->iommu = iommu;
	s->va = va;
	s->pages = pages;
	s->root = table_alloc(s);
	if (!s->root)
		return -ENOMEM;
	for (i = 0; i < pages && !err; i++)
		err = map_page(s, va + i * RIG_PAGE, space_pa(i));
	if (err) {
		free_tables(s);
		return err;
	}
	iommu_mm_init(&s->mm, sys, &space_ops);
	return 0;
}

void space_fini(struct space *s)
{
	iommu_mm_put_users(&s->mm);
	free_tables(s);
}

static int create_smmuv3(struct rig *r, const struct hw_env *env,
			 const struct hw_bus *bus)
{
	struct smmuv3_hw_cfg cfg;
	size_t size;

	smmuv3_hw_cfg_default(&cfg);
	if (r->cfg.tlb_lg2)
		cfg.tlb_lg2 = r->cfg.tlb_lg2;
	size = smmuv3_hw_size(&cfg);
	r->hw_mem = size ? plat_zalloc(r->plat, size) : NULL;
	if (!r->hw_mem)
		return size ? -ENOMEM : -EINVAL;
	return smmuv3_hw_create(&cfg, env, bus, r->hw_mem, size, &r->hw);
}

static int create_vtd(struct rig *r, const struct hw_env *env,
		      const struct hw_bus *bus)
{
	struct vtd_hw_cfg cfg;
	size_t size;

	vtd_hw_cfg_default(&cfg);
	if (r->cfg.tlb_lg2)
		cfg.iotlb_lg2 = r->cfg.tlb_lg2;
	size = vtd_hw_size(&cfg);
	r->hw_mem = size ? plat_zalloc(r->plat, size) : NULL;
	if (!r->hw_mem)
		return size ? -ENOMEM : -EINVAL;
	return vtd_hw_create(&cfg, env, bus, r->hw_mem, size, &r->hw);
}

static int create_hw(struct rig *r, const struct hw_bus *bus)
{
	struct hw_env env;
	int err;

	plat_hosted_env(r->hosted, &env);
	err = r->cfg.iommu == SVA_IOMMU_VTD ? create_vtd(r, &env, bus) :
					      create_smmuv3(r, &env, bus);
	if (err)
		plat_free(r->plat, r->hw_mem);
	return err;
}

static void destroy_hw(struct rig *r)
{
	if (r->cfg.iommu == SVA_IOMMU_VTD)
		vtd_hw_destroy(r->hw);
	else
		smmuv3_hw_destroy(r->hw);
	plat_free(r->plat, r->hw_mem);
}

static int probe(struct rig *r)
{
	const struct smmuv3_desc smmuv3 = {
		.name = "smmuv3.bench",
		.mmio = sva_window_iommu(r->hw),
		.sid_bits = 16,
	};
	const struct vtd_desc vtd = {
		.name = "vtd.bench",
		.mmio = sva_window_iommu(r->hw),
	};

	if (r->cfg.iommu == SVA_IOMMU_VTD)
		return vtd_probe(r->sys, &vtd, &r->unit);
	return smmuv3_probe(r->sys, &smmuv3, &r->unit);
}

static int remove_unit(struct rig *r)
{
	return r->cfg.iommu == SVA_IOMMU_VTD ? vtd_remove(r->unit) :
					       smmuv3_remove(r->unit);
}

static int add_port(struct rig *r)
{
	r->port = aligned_alloc(_Alignof(struct hw_port), sizeof(*r->port));
	if (!r->port)
		return -ENOMEM;
	memset(r->port, 0, sizeof(*r->port));
	r->hw->ops->port_add(r->hw, r->port);
	return 0;
}

int rig_open(struct rig *r, const struct rig_cfg *cfg, const struct hw_bus *bus)
{
	int err;

	memset(r, 0, sizeof(*r));
	r->cfg = *cfg;
	err = plat_hosted_create(NULL, &r->hosted);
	if (err)
		return err;
	r->plat = plat_hosted_plat(r->hosted);
	err = create_hw(r, bus);
	if (err)
		goto destroy_hosted;
	err = iommu_system_create(r->plat, NULL, &r->sys);
	if (err)
		goto destroy_hw;
	err = probe(r);
	if (err)
		goto destroy_system;
	err = add_port(r);
	if (err)
		goto remove_unit;
	return 0;

	/* What follows was just made and is unused: it cannot be busy. */
remove_unit:
	(void)!remove_unit(r);
destroy_system:
	(void)!iommu_system_destroy(r->sys);
destroy_hw:
	destroy_hw(r);
destroy_hosted:
	plat_hosted_destroy(r->hosted);
	return err;
}

int rig_add_streams(struct rig *r, unsigned int streams)
{
	uint32_t sids[RIG_STREAMS_MAX];
	const struct iommu_device_desc desc = {
		.name = "bench",
		.unit = r->unit,
		.stream_ids = sids,
		.stream_id_count = streams,
		.pasid_bits = IOMMU_PASID_BITS_MAX,
	};
	unsigned int i;

	if (streams > RIG_STREAMS_MAX)
		return -EINVAL;
	for (i = 0; i < streams; i++)
		sids[i] = RIG_SID + i;
	return iommu_device_add(r->sys, &desc, &r->dev);
}

int rig_close(struct rig *r)
{
	int err = 0;

	r->hw->ops->port_remove(r->hw, r->port);
	free(r->port);
	if (r->dev)
		err = iommu_device_remove(r->dev);
	if (!err)
		err = remove_unit(r);
	if (!err)
		err = iommu_system_destroy(r->sys);
	if (err)
		return err;
	destroy_hw(r);
	plat_hosted_destroy(r->hosted);
	return 0;
}
