/* SPDX-License-Identifier: MIT */
#include "tests/drivers/vtd_guest.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/le64.h"
#include "drivers/vtd/vtd.h"

uint64_t vguest_pa(struct vguest *g, uint64_t gpa)
{
	return (uint64_t)(uintptr_t)g->arena + gpa;
}

uint64_t *vguest_at(struct vguest *g, uint64_t gpa)
{
	assert_true(gpa < PAGE(VGUEST_PAGES));
	return (uint64_t *)(void *)(g->arena + gpa);
}

uint64_t vguest_page(struct vguest *g)
{
	uint64_t gpa = g->next;

	g->next += PAGE(1);
	memset(vguest_at(g, gpa), 0, 4096);
	return gpa;
}

/* Pages of the bench's are kept to its end, whoever still knows them. */
static struct vguest *new_guest(struct vbench *b)
{
	struct vguest *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	g->b = b;
	g->arena = plat_pages_alloc(&b->plat, PAGE(VGUEST_PAGES));
	assert_non_null(g->arena);
	g->next = PAGE(1);
	return g;
}

static void map_memory(struct vguest *g)
{
	unsigned int i;

	g->dir = vguest_page(g);
	assert_int_equal(iommu_domain_alloc_parent(g->b->unit, &g->parent), 0);
	for (i = 0; i < VGUEST_PAGES; i++)
		assert_int_equal(iommu_map(g->parent, PAGE(i),
					   vguest_pa(g, PAGE(i)), PAGE(1),
					   IOMMU_PERM_READ | IOMMU_PERM_WRITE),
				 0);
	assert_int_equal(iommu_attach_device(g->parent, g->b->dev), 0);
}

struct vguest *vguest_on(struct vbench *b)
{
	struct vguest *g = new_guest(b);

	map_memory(g);
	return g;
}

struct vguest *vguest_make_with(enum hw_personality personality,
				void (*prepare)(struct vguest *g, void *arg),
				void *arg)
{
	struct vguest *g = new_guest(vbench_make(personality, 0));

	if (prepare)
		prepare(g, arg);
	assert_int_equal(vbench_probe(g->b, 200), 0);
	vbench_add_device(g->b);
	map_memory(g);
	return g;
}

struct vguest *vguest_make(enum hw_personality personality)
{
	return vguest_make_with(personality, NULL, NULL);
}

static void give_back(struct vguest *g)
{
	plat_pages_free(&g->b->plat, g->arena, PAGE(VGUEST_PAGES));
	free(g);
}

void vguest_drop(struct vguest *g)
{
	struct vbench *b = g->b;

	give_back(g);
	vbench_unmake(b);
}

static void take_down(struct vguest *g)
{
	assert_int_equal(iommu_detach_device(g->parent, g->b->dev), 0);
	assert_int_equal(iommu_domain_free(g->parent), 0);
}

void vguest_off(struct vguest *g)
{
	take_down(g);
	give_back(g);
}

void vguest_unmake(struct vguest *g)
{
	take_down(g);
	vguest_drop(g);
}

static void store(uint64_t *p, uint64_t v)
{
	le64_store_release(le64_at(p), v);
}

/* The unit may be setting A and D. */
static uint64_t load(uint64_t *p)
{
	return le64_load_relaxed(le64_at(p));
}

uint64_t *vguest_entry(struct vguest *g, ioasid_t pasid)
{
	uint64_t *pde = vguest_at(g, g->dir) + (pasid >> 6);
	struct vtd_pasid_dir d = { { load(pde) } };

	if (!FIELD_GET(VTD_PASID_DIR_P, &d)) {
		FIELD_SET(VTD_PASID_DIR_P, &d, 1);
		vtd_pasid_dir_set_smptblptr(&d, vguest_page(g));
		store(pde, d.dw[0]);
	}
	return vguest_at(g, vtd_pasid_dir_smptblptr(&d)) +
	       (size_t)VTD_PASID_WORDS * (pasid & 63);
}

uint64_t vguest_space(struct vguest *g)
{
	return vguest_page(g);
}

/* P, R/W, U/S */
#define TABLE UINT64_C(7)

uint64_t *vguest_pte(struct vguest *g, uint64_t root, uint64_t va)
{
	uint64_t table = root;
	unsigned int level;

	for (level = 4; level > 1; level--) {
		uint64_t *e = vguest_at(g, table) +
			      (va >> (12 + 9 * (level - 1)) & 511);

		if (!load(e))
			store(e, vguest_page(g) | TABLE);
		table = load(e) & ~UINT64_C(4095);
	}
	return vguest_at(g, table) + (va >> 12 & 511);
}

void vguest_map(struct vguest *g, uint64_t root, uint64_t va, uint64_t gpa)
{
	store(vguest_pte(g, root, va), gpa | TABLE);
}

struct vtd_pasid vguest_fs(uint64_t root)
{
	struct vtd_pasid e = { { 0 } };

	FIELD_SET(VTD_PASID_P, &e, 1);
	FIELD_SET(VTD_PASID_PGTT, &e, VTD_PASID_PGTT_FS);
	FIELD_SET(VTD_PASID_AW, &e, VTD_AW_48);
	/* The guest's own, which it picks as it likes. */
	FIELD_SET(VTD_PASID_DID, &e, 0x7ff);
	FIELD_SET(VTD_PASID_PWSNP, &e, 1);
	vtd_pasid_set_fsptptr(&e, root);
	return e;
}

struct vtd_pasid vguest_pt(void)
{
	struct vtd_pasid e = { { 0 } };

	FIELD_SET(VTD_PASID_P, &e, 1);
	FIELD_SET(VTD_PASID_PGTT, &e, VTD_PASID_PGTT_PT);
	FIELD_SET(VTD_PASID_AW, &e, VTD_AW_48);
	FIELD_SET(VTD_PASID_DID, &e, 1);
	return e;
}

void vguest_set(struct vguest *g, ioasid_t pasid, const struct vtd_pasid *e)
{
	uint64_t *to = vguest_entry(g, pasid);
	unsigned int i;

	for (i = VTD_PASID_WORDS; i--;)
		store(&to[i], e->dw[i]);
}

int vguest_bind_rid(struct vguest *g, ioasid_t rid_pasid)
{
	struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.base = g->dir,
		.pasid_bits = 15,
		.config = IOMMU_PASID_CONFIG_TRANSLATE,
		.vendor_length = sizeof(cfg.vendor.vtd),
		.vendor.vtd = {
			.version = IOMMU_PASID_VENDOR_VERSION_1,
			.rid_pasid = rid_pasid,
		},
	};

	return iommu_attach_pasid_table(g->parent, &cfg);
}

int vguest_bind(struct vguest *g)
{
	return vguest_bind_rid(g, IOMMU_NO_PASID);
}

void vguest_unbind(struct vguest *g)
{
	assert_int_equal(iommu_unbind_pasid_table(g->parent, g->b->dev), 0);
}

int vguest_inv(struct vguest *g, unsigned int cache)
{
	const struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)cache,
		.granularity = IOMMU_INV_GRANU_DOMAIN,
	};

	return iommu_cache_invalidate(g->parent, g->b->dev, &info);
}

int vguest_inv_pasid(struct vguest *g, unsigned int cache, ioasid_t pasid)
{
	const struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)cache,
		.granularity = IOMMU_INV_GRANU_PASID,
		.granu.pasid = { .flags = IOMMU_INV_PASID_FLAGS_PASID,
				 .pasid = pasid },
	};

	return iommu_cache_invalidate(g->parent, g->b->dev, &info);
}

int vguest_inv_addr(struct vguest *g, unsigned int cache, ioasid_t pasid,
		    uint64_t addr, uint64_t size)
{
	const struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)cache,
		.granularity = IOMMU_INV_GRANU_ADDR,
		.granu.addr = {
			.flags = pasid ? IOMMU_INV_ADDR_FLAGS_PASID : 0,
			.pasid = pasid,
			.addr = addr,
			.granule_size = 4096,
			.nb_granules = size / 4096,
		},
	};

	return iommu_cache_invalidate(g->parent, g->b->dev, &info);
}

struct vtd_pasid vguest_host_entry(struct vguest *g, ioasid_t pasid)
{
	struct vtd_device *vdev = iommu_device_priv(g->b->dev);
	le64_atomic *slot = vtd_pasidtab_find(&vdev->ptab, pasid);
	struct vtd_pasid e = { { 0 } };
	unsigned int i;

	for (i = 0; slot && i < VTD_PASID_WORDS; i++)
		e.dw[i] = le64_load_relaxed(&slot[i]);
	return e;
}

void vguest_one_make(struct vguest_one *o)
{
	struct vtd_pasid e;

	o->g = vguest_make(HW_STRICT);
	o->b = o->g->b;
	o->root = vguest_space(o->g);
	o->data = vguest_page(o->g);
	vguest_map(o->g, o->root, VGUEST_VA, o->data);
	e = vguest_fs(o->root);
	vguest_set(o->g, 5, &e);
	e = vguest_pt();
	vguest_set(o->g, 0, &e);
}

void vguest_one_unmake(struct vguest_one *o)
{
	vguest_unmake(o->g);
}
