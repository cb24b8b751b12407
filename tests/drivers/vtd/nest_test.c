/* SPDX-License-Identifier: MIT */
/*
 * What the unit is told about guests, descriptor by descriptor, and what
 * happens when it fails: the model tests (vtd_guest_test.c) show what that is
 * good for.
 */
#include "tests/drivers/vtd/seam.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/guest.h>

#include "base/bits.h"

#define PAGE(n) ((uint64_t)(n) << 12)
#define SID     0x321

/* Guest-physical: the directory, a table, and a first stage. */
enum { DIR = 1, TABLE = 2, ROOT = 3, PAGES = 8 };

struct guest {
	struct seam *s;
	struct iommu_device *dev;
	struct iommu_domain *parent;
	uint64_t *mem;
};

static void make(struct guest *g, bool cm)
{
	unsigned int i;

	g->s = seam_make();
	g->s->u.f.nested = true;
	g->s->u.f.first_stage = true;
	g->s->u.f.second_stage = true;
	g->s->u.f.coherent_walk = true;
	g->s->u.f.ss_levels = BIT(4);
	g->s->u.f.mgaw_bits = 48;
	g->s->u.f.cm = cm;
	seam_start(g->s);
	g->dev = seam_device(g->s, SID);
	assert_int_equal(iommu_domain_alloc_parent(&g->s->u.unit, &g->parent),
			 0);
	g->mem = plat_pages_alloc(&g->s->tp.plat, PAGE(PAGES));
	assert_non_null(g->mem);
	for (i = 0; i < PAGES; i++)
		assert_int_equal(
			iommu_map(g->parent, PAGE(i),
				  (uint64_t)(uintptr_t)g->mem + PAGE(i),
				  PAGE(1), IOMMU_PERM_READ),
			0);
	assert_int_equal(iommu_attach_device(g->parent, g->dev), 0);
	g->mem[512 * DIR] = PAGE(TABLE) | 1;
}

static void unmake(struct guest *g)
{
	if (g->parent)
		assert_int_equal(iommu_domain_free(g->parent), 0);
	assert_int_equal(iommu_device_remove(g->dev), 0);
	plat_pages_free(&g->s->tp.plat, g->mem, PAGE(PAGES));
	seam_unmake(g->s);
}

static void detach(struct guest *g)
{
	assert_int_equal(iommu_detach_device(g->parent, g->dev), 0);
}

static void set(struct guest *g, ioasid_t pasid, bool there)
{
	struct vtd_pasid e = { { 0 } };
	unsigned int i;

	FIELD_SET(VTD_PASID_P, &e, there);
	FIELD_SET(VTD_PASID_PGTT, &e, VTD_PASID_PGTT_FS);
	vtd_pasid_set_fsptptr(&e, PAGE(ROOT));
	for (i = 0; i < VTD_PASID_WORDS; i++)
		g->mem[512 * TABLE + 8 * pasid + i] = e.dw[i];
}

static int bind(struct guest *g)
{
	const struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.base = PAGE(DIR),
		.pasid_bits = 15,
		.config = IOMMU_PASID_CONFIG_TRANSLATE,
	};

	return iommu_attach_pasid_table(g->parent, &cfg);
}

static int unbind(struct guest *g)
{
	return iommu_unbind_pasid_table(g->parent, g->dev);
}

static int inv(struct guest *g, unsigned int cache, unsigned int granularity,
	       ioasid_t pasid)
{
	struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)cache,
		.granularity = (uint8_t)granularity,
	};

	if (granularity == IOMMU_INV_GRANU_PASID) {
		info.granu.pasid.flags = IOMMU_INV_PASID_FLAGS_PASID;
		info.granu.pasid.pasid = pasid;
	} else if (granularity == IOMMU_INV_GRANU_ADDR) {
		info.granu.addr.flags = pasid ? IOMMU_INV_ADDR_FLAGS_PASID : 0;
		info.granu.addr.pasid = pasid;
		info.granu.addr.addr = PAGE(16);
		info.granu.addr.granule_size = PAGE(1);
		info.granu.addr.nb_granules = 3;
	}
	return iommu_cache_invalidate(g->parent, g->dev, &info);
}

static const struct seam_op *op(struct guest *g, enum seam_kind kind)
{
	size_t i = seam_find(g->s, kind, 0);

	assert_int_not_equal(i, SIZE_MAX);
	return &g->s->ops[i];
}

static uint16_t did_of(struct guest *g, ioasid_t pasid)
{
	struct vtd_pasid e = seam_pasid(g->s, SID, pasid);

	assert_true(FIELD_GET(VTD_PASID_P, &e));
	return (uint16_t)FIELD_GET(VTD_PASID_DID, &e);
}

/* [R9] [H1] [H2]: the TLB, a wait, the device; under the nested domain's id */
static void test_vtd_nest_invalidations_are_in_order(void **state)
{
	const unsigned int both = IOMMU_CACHE_INV_TYPE_IOTLB |
				  IOMMU_CACHE_INV_TYPE_DEV_IOTLB;
	struct guest g;
	uint16_t did;

	(void)state;
	make(&g, false);
	set(&g, 5, true);
	assert_int_equal(bind(&g), 0);
	did = did_of(&g, 5);
	seam_clear(g.s);
	assert_int_equal(inv(&g, both, IOMMU_INV_GRANU_ADDR, 5), 0);
	assert_int_equal(op(&g, SEAM_PIOTLB)->did, did);
	assert_int_equal(op(&g, SEAM_PIOTLB)->pasid, 5);
	assert_int_equal(op(&g, SEAM_PIOTLB)->start, PAGE(16));
	assert_int_equal(op(&g, SEAM_PIOTLB)->last, PAGE(19) - 1);
	assert_int_equal(op(&g, SEAM_PASID_DEV_TLB)->pasid, 5);
	assert_int_equal(op(&g, SEAM_PASID_DEV_TLB)->last, PAGE(19) - 1);
	assert_true(seam_find(g.s, SEAM_PIOTLB, 0) <
			    seam_find(g.s, SEAM_BARRIER, 0) &&
		    seam_find(g.s, SEAM_BARRIER, 0) <
			    seam_find(g.s, SEAM_PASID_DEV_TLB, 0));
	/* The device's without a PASID; nothing of the parent's id. */
	seam_clear(g.s);
	assert_int_equal(inv(&g, both, IOMMU_INV_GRANU_ADDR, 0), 0);
	assert_int_equal(op(&g, SEAM_IOTLB)->did, did);
	assert_int_equal(op(&g, SEAM_IOTLB)->last, UINT64_MAX);
	assert_int_equal(op(&g, SEAM_DEV_TLB)->start, PAGE(16));
	assert_int_equal(seam_count(g.s, SEAM_PASID_DEV_TLB), 0);
	seam_clear(g.s);
	assert_int_equal(inv(&g, IOMMU_CACHE_INV_TYPE_IOTLB,
			     IOMMU_INV_GRANU_DOMAIN, 0),
			 0);
	assert_int_equal(op(&g, SEAM_IOTLB)->did, did);
	assert_int_equal(seam_count(g.s, SEAM_DEV_TLB), 0);
	/* An entry that has not changed is not touched. */
	seam_clear(g.s);
	assert_int_equal(inv(&g, IOMMU_CACHE_INV_TYPE_PASID,
			     IOMMU_INV_GRANU_DOMAIN, 0),
			 0);
	assert_int_equal(g.s->op_count, seam_count(g.s, SEAM_SYNC));
	assert_int_equal(unbind(&g), 0);
	detach(&g);
	unmake(&g);
}

/* [M2] [R9]: an entry that goes, and a page that does. */
static void test_vtd_nest_what_goes_is_named(void **state)
{
	struct guest g;
	uint64_t bytes;
	uint16_t did;

	(void)state;
	make(&g, false);
	set(&g, 5, true);
	set(&g, 6, true);
	assert_int_equal(bind(&g), 0);
	did = did_of(&g, 5);
	seam_clear(g.s);
	assert_int_equal(iommu_unmap(g.parent, PAGE(7), PAGE(1), &bytes), 0);
	/* One for the nested domain; the parent is attached nowhere now. */
	assert_int_equal(seam_count(g.s, SEAM_IOTLB), 1);
	assert_int_equal(op(&g, SEAM_IOTLB)->did, did);
	assert_int_equal(op(&g, SEAM_IOTLB)->start, PAGE(7));
	assert_int_equal(op(&g, SEAM_IOTLB)->last, PAGE(8) - 1);
	assert_int_equal(seam_count(g.s, SEAM_PASID_DEV_TLB), 2);
	assert_int_equal(op(&g, SEAM_PASID_DEV_TLB)->last, UINT64_MAX);
	seam_clear(g.s);
	set(&g, 5, false);
	assert_int_equal(inv(&g, IOMMU_CACHE_INV_TYPE_PASID,
			     IOMMU_INV_GRANU_PASID, 5),
			 0);
	assert_int_equal(op(&g, SEAM_PASID)->did, did);
	assert_int_equal(op(&g, SEAM_PASID)->pasid, 5);
	assert_int_equal(op(&g, SEAM_PIOTLB)->pasid, 5);
	assert_int_equal(op(&g, SEAM_PASID_DEV_TLB)->pasid, 5);
	assert_true(seam_find(g.s, SEAM_PASID, 0) <
			    seam_find(g.s, SEAM_PIOTLB, 0) &&
		    seam_find(g.s, SEAM_PIOTLB, 0) <
			    seam_find(g.s, SEAM_PASID_DEV_TLB, 0));
	assert_int_equal(unbind(&g), 0);
	detach(&g);
	unmake(&g);
}

/* 6.1: what was not there may have been cached, under domain 0. */
static void test_vtd_nest_caching_mode(void **state)
{
	struct guest g;
	size_t i;

	(void)state;
	make(&g, true);
	assert_int_equal(bind(&g), 0);
	seam_clear(g.s);
	set(&g, 5, true);
	assert_int_equal(inv(&g, IOMMU_CACHE_INV_TYPE_PASID,
			     IOMMU_INV_GRANU_PASID, 5),
			 0);
	for (i = 0; i < g.s->op_count; i++)
		if (g.s->ops[i].kind == SEAM_PASID && !g.s->ops[i].did)
			break;
	assert_true(i < g.s->op_count);
	assert_int_equal(unbind(&g), 0);
	detach(&g);
	unmake(&g);
}

static void fail_next(struct guest *g, enum seam_kind kind, unsigned int after)
{
	g->s->fail_kind = kind;
	g->s->fail_err = -EIO;
	g->s->fail_after = after;
	g->s->fail_times = 1;
}

/* [R14]: what cannot be said is not used any more: the unit fails closed. */
static void test_vtd_nest_bind_fails_closed(void **state)
{
	unsigned int after;
	struct guest g;
	int err = -ETIMEDOUT;

	(void)state;
	for (after = 0; err; after++) {
		make(&g, true);
		set(&g, 5, true);
		set(&g, 0, true);
		fail_next(&g, SEAM_PASID, after);
		err = bind(&g);
		if (!err)
			break;
		assert_int_equal(err, -ETIMEDOUT);
		assert_int_equal(unbind(&g), -EINVAL);
		unmake(&g);
	}
	/* The parent's entry goes; two come, with caching mode three each. */
	assert_true(after > 3);
	g.s->fail_times = 0;
	assert_int_equal(unbind(&g), 0);
	detach(&g);
	unmake(&g);
}

/* The context entry, which has another RID_PASID meanwhile. */
static void test_vtd_nest_context_fails_closed(void **state)
{
	struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.base = PAGE(DIR),
		.pasid_bits = 15,
		.config = IOMMU_PASID_CONFIG_TRANSLATE,
		.vendor_length = sizeof(cfg.vendor.vtd),
		.vendor.vtd = { .version = IOMMU_PASID_VENDOR_VERSION_1,
				.rid_pasid = 9 },
	};
	struct guest g;

	(void)state;
	make(&g, false);
	/* A field that this unit does not have. */
	assert_int_equal(iommu_attach_pasid_table(g.parent, &cfg), -EINVAL);
	g.s->u.f.ecap |= REG_CONST(VTD_ECAP_RPS, 1);
	set(&g, 9, true);
	assert_int_equal(iommu_attach_pasid_table(g.parent, &cfg), 0);
	assert_int_equal(unbind(&g), 0);
	fail_next(&g, SEAM_CONTEXT, 0);
	assert_int_equal(iommu_attach_pasid_table(g.parent, &cfg), -ETIMEDOUT);
	assert_true(g.s->dead);
	unmake(&g);
}

/* An unmap of the parent's that is not confirmed; entries that do not go. */
static void test_vtd_nest_unmap_fails_closed(void **state)
{
	struct guest g;
	uint64_t bytes;

	(void)state;
	make(&g, false);
	set(&g, 5, true);
	assert_int_equal(bind(&g), 0);
	/* Once: each pair by itself then, which works. */
	fail_next(&g, SEAM_IOTLB, 0);
	assert_int_equal(iommu_unmap(g.parent, PAGE(7), PAGE(1), &bytes), 0);
	assert_false(g.s->dead);
	fail_next(&g, SEAM_IOTLB, 0);
	g.s->fail_times = 2;
	assert_int_equal(iommu_unmap(g.parent, PAGE(6), PAGE(1), &bytes),
			 -ETIMEDOUT);
	assert_true(g.s->dead);
	set(&g, 5, false);
	assert_int_equal(inv(&g, IOMMU_CACHE_INV_TYPE_PASID,
			     IOMMU_INV_GRANU_PASID, 5),
			 -ETIMEDOUT);
	assert_int_equal(unbind(&g), -ETIMEDOUT);
	unmake(&g);
}

/* [G6] 9.6: the guest's own, if the unit has it; the rest is the host's. */
static void test_vtd_nest_entry_has_what_the_unit_has(void **state)
{
	/* PAT and CD; PGSNP; EMTE, which is not for the second stage. */
	const uint64_t types = UINT64_C(0xffffffff) << 32 | UINT64_C(1) << 25;
	const uint64_t all = types | UINT64_C(1) << 24;
	const uint64_t emte = UINT64_C(1) << 26;
	struct vtd_pasid h;
	unsigned int i;
	struct guest g;

	(void)state;
	make(&g, false);
	g.s->u.f.exec = true;
	g.s->u.f.supervisor = true;
	g.s->u.f.accessed_ext = true;
	g.s->u.f.snoop = true;
	g.s->u.f.ecap |= REG_CONST(VTD_ECAP_MTS, 1);
	set(&g, 5, true);
	g.mem[512 * TABLE + 8 * 5 + 1] = all | emte | 7;
	g.mem[512 * TABLE + 8 * 5 + 2] |= 0xf3;
	assert_int_equal(bind(&g), 0);
	h = seam_pasid(g.s, SID, 5);
	assert_int_equal(FIELD_GET(VTD_PASID_PGTT, &h), VTD_PASID_PGTT_NESTED);
	assert_int_equal(h.dw[1] & (all | emte), all);
	assert_int_not_equal(FIELD_GET(VTD_PASID_DID, &h), 7);
	assert_true(FIELD_GET(VTD_PASID_PWSNP, &h));
	assert_int_equal(h.dw[2], PAGE(ROOT) | 0xf3);
	/* 95:91 and 86:80, which nothing makes legal. */
	for (i = 16; i < 32; i++) {
		if (i >= 23 && i < 27)
			continue;
		g.mem[512 * TABLE + 8 * 5 + 1] = UINT64_C(1) << i | 7;
		assert_int_equal(inv(&g, IOMMU_CACHE_INV_TYPE_PASID,
				     IOMMU_INV_GRANU_PASID, 5),
				 0);
		h = seam_pasid(g.s, SID, 5);
		assert_false(FIELD_GET(VTD_PASID_P, &h));
	}
	assert_int_equal(unbind(&g), 0);
	detach(&g);
	unmake(&g);
}

/* [G6] 9.6: what of memory types a guest has a say in, one by one. */
static void test_vtd_nest_gpasid_memory_types(void **state)
{
	const struct iommu_gpasid_bind_data good = {
		.version = IOMMU_GPASID_BIND_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.addr_width = 48,
		.gpgd = PAGE(ROOT),
		.hpasid = 5,
		.vtd = { .flags = IOMMU_SVA_VTD_GPASID_CD, .pat = 0x70406 },
	};
	static const uint32_t bad[] = {
		IOMMU_SVA_VTD_GPASID_PCD,
		IOMMU_SVA_VTD_GPASID_PWT,
		IOMMU_SVA_VTD_GPASID_EMTE,
	};
	struct iommu_gpasid_bind_data d;
	struct vtd_pasid h;
	struct guest g;
	unsigned int i;

	(void)state;
	make(&g, false);
	g.s->u.f.ecap |= REG_CONST(VTD_ECAP_MTS, 1);
	for (i = 0; i < 3; i++) {
		d = good;
		d.vtd.flags |= bad[i];
		assert_int_equal(iommu_sva_bind_gpasid(g.parent, g.dev, &d),
				 -EINVAL);
	}
	d = good;
	d.vtd.emt = 6;
	assert_int_equal(iommu_sva_bind_gpasid(g.parent, g.dev, &d), -EINVAL);
	assert_int_equal(iommu_sva_bind_gpasid(g.parent, g.dev, &good), 0);
	h = seam_pasid(g.s, SID, 5);
	assert_int_equal(h.dw[1] >> 24, UINT64_C(0x7040602));
	assert_int_equal(iommu_sva_unbind_gpasid(g.parent, g.dev, 5), 0);
	detach(&g);
	unmake(&g);
}

/* [R13]: the parent has an id, and each that is nested in it. */
static void test_vtd_nest_takes_a_domain_id(void **state)
{
	struct iommu_gpasid_bind_data d = {
		.version = IOMMU_GPASID_BIND_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.addr_width = 48,
		.gpgd = PAGE(ROOT),
	};
	struct guest g;
	ioasid_t n;
	uint16_t last;

	(void)state;
	make(&g, false);
	for (n = 1; vtd_did_get(&g.s->u, &last) == 0; n++)
		;
	assert_true(n > 1);
	d.hpasid = 5;
	assert_int_equal(iommu_sva_bind_gpasid(g.parent, g.dev, &d), -ENOSPC);
	assert_int_equal(bind(&g), -ENOSPC);
	vtd_did_put(&g.s->u, (uint16_t)((1u << g.s->u.f.did_bits) - 1));
	assert_int_equal(iommu_sva_bind_gpasid(g.parent, g.dev, &d), 0);
	assert_int_equal(did_of(&g, 5), (1u << g.s->u.f.did_bits) - 1);
	assert_int_equal(iommu_sva_unbind_gpasid(g.parent, g.dev, 5), 0);
	detach(&g);
	unmake(&g);
}

/* [G1]: what has to be there for it. */
static void test_vtd_nest_needs_it(void **state)
{
	struct seam *s = seam_make();
	struct iommu_domain *parent;

	(void)state;
	s->u.f.nested = false;
	seam_start(s);
	assert_int_equal(iommu_domain_alloc_parent(&s->u.unit, &parent),
			 -EOPNOTSUPP);
	seam_unmake(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_nest_invalidations_are_in_order),
		cmocka_unit_test(test_vtd_nest_what_goes_is_named),
		cmocka_unit_test(test_vtd_nest_caching_mode),
		cmocka_unit_test(test_vtd_nest_bind_fails_closed),
		cmocka_unit_test(test_vtd_nest_context_fails_closed),
		cmocka_unit_test(test_vtd_nest_unmap_fails_closed),
		cmocka_unit_test(test_vtd_nest_entry_has_what_the_unit_has),
		cmocka_unit_test(test_vtd_nest_gpasid_memory_types),
		cmocka_unit_test(test_vtd_nest_takes_a_domain_id),
		cmocka_unit_test(test_vtd_nest_needs_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
