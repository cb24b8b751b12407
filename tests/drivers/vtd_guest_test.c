/* SPDX-License-Identifier: MIT */
/*
 * Guests' PASID tables over the model, whose caches forget nothing by
 * themselves: what is walked, what goes stale, and what an invalidation, an
 * unmap or an unbind takes. docs/VTD.md has the shadowing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/drivers/vtd_guest.h"

#define VA    VGUEST_VA
#define IOTLB IOMMU_CACHE_INV_TYPE_IOTLB
#define DEV   IOMMU_CACHE_INV_TYPE_DEV_IOTLB
#define PASID IOMMU_CACHE_INV_TYPE_PASID

/* [G1] [G2] [G5] [M1]: 3.8 */
static void test_vtd_guest_two_stages_are_walked(void **state)
{
	struct vguest_one o;
	struct vtd_pasid e;

	(void)state;
	vguest_one_make(&o);
	assert_int_equal(vbench_dma(o.b, 0, o.data), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	assert_int_equal(vguest_bind(o.g), 0);
	/* What the entry says is the guest's, whose it is the host's. */
	e = vguest_host_entry(o.g, 5);
	assert_int_equal(FIELD_GET(VTD_PASID_PGTT, &e), VTD_PASID_PGTT_NESTED);
	assert_int_equal(vtd_pasid_fsptptr(&e), o.root);
	assert_int_not_equal(FIELD_GET(VTD_PASID_DID, &e), 0x7ff);
	assert_int_equal(vbench_dma(o.b, 5, VA + 0x123),
			 vguest_pa(o.g, o.data) + 0x123);
	assert_int_equal(vbench_dma(o.b, 5, VA + PAGE(1)), 0);
	assert_int_equal(vbench_dma(o.b, 6, VA), 0);
	/* Without a PASID: the guest passes its first stage by. */
	assert_int_equal(vbench_dma(o.b, 0, o.data), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_dma(o.b, 0, PAGE(VGUEST_PAGES)), 0);
	vguest_unbind(o.g);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	assert_int_equal(vbench_dma(o.b, 0, o.data), vguest_pa(o.g, o.data));
	vguest_one_unmake(&o);
}

/* [G1] [G5]: RID_PASID is the guest's, 9.4; that PASID is nobody's, SCT.9. */
static void test_vtd_guest_has_its_own_rid_pasid(void **state)
{
	struct vguest_one o;
	struct vtd_pasid e;

	(void)state;
	vguest_one_make(&o);
	e = vguest_fs(o.root);
	vguest_set(o.g, 9, &e);
	vguest_set(o.g, 0, &e);
	assert_int_equal(vguest_bind_rid(o.g, 9), 0);
	assert_int_equal(vbench_dma(o.b, 0, VA), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_ats(o.b, 0, VA), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_dma(o.b, 9, VA), 0);
	/* The entry without a PASID is invalidated by its PASID. [R10] */
	memset(vguest_entry(o.g, 9), 0, 64);
	assert_int_equal(vguest_inv_pasid(o.g, PASID, 9), 0);
	assert_int_equal(vbench_dma(o.b, 0, VA), 0);
	assert_false(vbench_atc_has(o.b, 0, VA));
	vguest_unbind(o.g);
	assert_int_equal(vbench_dma(o.b, 0, o.data), vguest_pa(o.g, o.data));
	/* Far away, where the device's directory grows for it. */
	assert_int_equal(vguest_bind_rid(o.g, 0x80000), 0);
	assert_int_equal(vbench_dma(o.b, 0, VA), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, o.data));
	vguest_unbind(o.g);
	assert_int_equal(vguest_bind_rid(o.g, 0x100000), -EINVAL);
	vguest_one_unmake(&o);
}

/* What was cached when the guest changed its table, and what forgets it. */
struct inv_case {
	const char *name;
	int (*inv)(struct vguest *g);
	bool tlb, dev;
};

static int inv_page(struct vguest *g)
{
	return vguest_inv_addr(g, IOTLB, 5, VA, PAGE(1));
}

static int inv_page_dev(struct vguest *g)
{
	return vguest_inv_addr(g, IOTLB | DEV, 5, VA, PAGE(1));
}

static int inv_other_page(struct vguest *g)
{
	return vguest_inv_addr(g, IOTLB | DEV, 5, VA + PAGE(1), PAGE(1));
}

static int inv_other_pasid(struct vguest *g)
{
	return vguest_inv_pasid(g, IOTLB | DEV, 6);
}

static int inv_range(struct vguest *g)
{
	return vguest_inv_addr(g, IOTLB | DEV, 5, VA - PAGE(9), PAGE(77));
}

static int inv_untagged(struct vguest *g)
{
	return vguest_inv_addr(g, IOTLB, 0, VA, PAGE(1));
}

static int inv_untagged_dev(struct vguest *g)
{
	return vguest_inv_addr(g, DEV, 0, VA, PAGE(1));
}

static int inv_whole_pasid(struct vguest *g)
{
	return vguest_inv_pasid(g, IOTLB | DEV, 5);
}

static int inv_dev_pasid(struct vguest *g)
{
	return vguest_inv_pasid(g, DEV, 5);
}

static int inv_domain(struct vguest *g)
{
	return vguest_inv(g, IOTLB);
}

static int inv_pasid_cache(struct vguest *g)
{
	return vguest_inv_pasid(g, PASID, 5);
}

static int inv_everything(struct vguest *g)
{
	return vguest_inv(g, IOTLB | PASID);
}

static const struct inv_case inv_cases[] = {
	{ "a page", inv_page, true, false },
	{ "a page, device too", inv_page_dev, true, true },
	{ "another page", inv_other_page, false, false },
	{ "another PASID", inv_other_pasid, false, false },
	{ "pages around it", inv_range, true, true },
	{ "a page of any PASID", inv_untagged, true, false },
	{ "a device's without", inv_untagged_dev, false, false },
	{ "its PASID", inv_whole_pasid, true, true },
	{ "its PASID, device only", inv_dev_pasid, false, true },
	{ "all", inv_domain, true, false },
	/* The entry has not changed, and what it led to is another matter. */
	{ "PASID cache", inv_pasid_cache, false, false },
	{ "all, with entries", inv_everything, true, false },
};

/*
 * [H1] [H2] [R9]: each cache and granularity takes what it names, and nothing
 * less; without one the old translation stays, which shows that the caches are
 * there to be missed.
 */
static void test_vtd_guest_invalidation_takes_what_it_names(void **state)
{
	uint64_t other;
	struct vguest_one o;
	size_t i;

	(void)state;
	vguest_one_make(&o);
	other = vguest_page(o.g);
	assert_int_equal(vguest_bind(o.g), 0);
	for (i = 0; i < sizeof(inv_cases) / sizeof(inv_cases[0]); i++) {
		const struct inv_case *c = &inv_cases[i];
		uint64_t now;

		vguest_map(o.g, o.root, VA, o.data);
		assert_int_equal(inv_page_dev(o.g), 0);
		assert_int_equal(vbench_dma(o.b, 5, VA),
				 vguest_pa(o.g, o.data));
		assert_int_equal(vbench_ats(o.b, 5, VA),
				 vguest_pa(o.g, o.data));
		vguest_map(o.g, o.root, VA, other);
		/* Negative control. */
		assert_int_equal(vbench_dma(o.b, 5, VA),
				 vguest_pa(o.g, o.data));
		assert_int_equal(c->inv(o.g), 0);
		now = vbench_dma(o.b, 5, VA);
		if (now != vguest_pa(o.g, c->tlb ? other : o.data) ||
		    vbench_atc_has(o.b, 5, VA) == c->dev)
			fail_msg("%s", c->name);
	}
	vguest_unbind(o.g);
	vguest_one_unmake(&o);
}

static int inv_raw(struct vguest *g, unsigned int granularity, uint32_t flags)
{
	struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = IOTLB,
		.granularity = (uint8_t)granularity,
	};

	if (granularity == IOMMU_INV_GRANU_PASID) {
		info.granu.pasid.flags = flags;
		info.granu.pasid.pasid = 5;
	} else {
		info.granu.addr.flags = flags;
		info.granu.addr.pasid = 5;
		info.granu.addr.granule_size = 4096;
		info.granu.addr.nb_granules = 1;
	}
	return iommu_cache_invalidate(g->parent, g->b->dev, &info);
}

/* [H2]: there is no tag beside the PASID. */
static void test_vtd_guest_has_no_tags(void **state)
{
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	assert_int_equal(vguest_inv(o.g, IOTLB), -ENODEV);
	assert_int_equal(vguest_bind(o.g), 0);
	assert_int_equal(inv_raw(o.g, IOMMU_INV_GRANU_PASID,
				 IOMMU_INV_PASID_FLAGS_ARCHID),
			 -EINVAL);
	assert_int_equal(inv_raw(o.g, IOMMU_INV_GRANU_PASID,
				 IOMMU_INV_PASID_FLAGS_ARCHID |
					 IOMMU_INV_PASID_FLAGS_PASID),
			 -EINVAL);
	assert_int_equal(inv_raw(o.g, IOMMU_INV_GRANU_ADDR,
				 IOMMU_INV_ADDR_FLAGS_ARCHID),
			 -EINVAL);
	vguest_unbind(o.g);
	vguest_one_unmake(&o);
}

/* [G1] [M2] [R7]: entries count when the guest invalidates its PASID cache. */
static void test_vtd_guest_entries_follow_the_guest(void **state)
{
	struct vtd_pasid e, none = { { 0 } };
	uint64_t root2, data2;
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	assert_int_equal(vguest_bind(o.g), 0);
	root2 = vguest_space(o.g);
	data2 = vguest_page(o.g);
	vguest_map(o.g, root2, VA, data2);
	e = vguest_fs(root2);
	/* A new one, in a table that is new too. */
	vguest_set(o.g, 700, &e);
	assert_int_equal(vbench_dma(o.b, 700, VA), 0);
	assert_int_equal(vguest_inv_pasid(o.g, PASID, 700), 0);
	assert_int_equal(vbench_dma(o.b, 700, VA), vguest_pa(o.g, data2));
	/* Another first stage, with everything that was cached of the old. */
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_ats(o.b, 5, VA), vguest_pa(o.g, o.data));
	vguest_set(o.g, 5, &e);
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, o.data));
	assert_int_equal(vguest_inv_pasid(o.g, PASID, 5), 0);
	assert_false(vbench_atc_has(o.b, 5, VA));
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, data2));
	/* Both go at once; one is in another table. */
	assert_int_equal(vbench_ats(o.b, 5, VA), vguest_pa(o.g, data2));
	assert_int_equal(vbench_ats(o.b, 700, VA), vguest_pa(o.g, data2));
	vguest_set(o.g, 5, &none);
	vguest_set(o.g, 700, &none);
	assert_int_equal(vguest_inv(o.g, PASID), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	assert_int_equal(vbench_dma(o.b, 700, VA), 0);
	assert_false(vbench_atc_has(o.b, 5, VA));
	assert_false(vbench_atc_has(o.b, 700, VA));
	/* A table that goes from the directory. */
	vguest_set(o.g, 700, &e);
	assert_int_equal(vguest_inv(o.g, PASID), 0);
	assert_int_equal(vbench_dma(o.b, 700, VA), vguest_pa(o.g, data2));
	vguest_at(o.g, o.g->dir)[700 / 64] = 0;
	assert_int_equal(vguest_inv(o.g, PASID), 0);
	assert_int_equal(vbench_dma(o.b, 700, VA), 0);
	vguest_unbind(o.g);
	vguest_one_unmake(&o);
}

/* [M2] [R6]: FPD is the guest's, present or not; the directory's is for all. */
static void test_vtd_guest_faults_are_as_quiet_as_it_says(void **state)
{
	struct vtd_pasid e = { { 0 } };
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	FIELD_SET(VTD_PASID_FPD, &e, 1);
	vguest_set(o.g, 6, &e);
	e = vguest_fs(o.root);
	FIELD_SET(VTD_PASID_FPD, &e, 1);
	vguest_set(o.g, 7, &e);
	assert_int_equal(vguest_bind(o.g), 0);
	e = vguest_host_entry(o.g, 6);
	assert_int_equal(e.dw[0], FIELD_MASK(VTD_PASID_FPD));
	e = vguest_host_entry(o.g, 7);
	assert_true(FIELD_GET(VTD_PASID_FPD, &e) && FIELD_GET(VTD_PASID_P, &e));
	e = vguest_host_entry(o.g, 5);
	assert_false(FIELD_GET(VTD_PASID_FPD, &e));
	vguest_at(o.g, o.g->dir)[0] |= FIELD_MASK(VTD_PASID_DIR_FPD);
	assert_int_equal(vguest_inv(o.g, PASID), 0);
	e = vguest_host_entry(o.g, 5);
	assert_true(FIELD_GET(VTD_PASID_FPD, &e));
	e = vguest_host_entry(o.g, 8);
	assert_int_equal(e.dw[0], FIELD_MASK(VTD_PASID_FPD));
	vguest_unbind(o.g);
	e = vguest_host_entry(o.g, 8);
	assert_int_equal(e.dw[0], 0);
	vguest_one_unmake(&o);
}

/* [R9] [R11] [H1]: 6.5.2.3, table 23; the device knows only virtual addresses */
static void test_vtd_guest_unmap_reaches_both_stages(void **state)
{
	uint64_t bytes;
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	assert_int_equal(vguest_bind(o.g), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_ats(o.b, 5, VA), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_dma(o.b, 0, o.data), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_ats(o.b, 0, o.data), vguest_pa(o.g, o.data));
	assert_int_equal(iommu_unmap(o.g->parent, o.data, PAGE(1), &bytes), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	assert_int_equal(vbench_dma(o.b, 0, o.data), 0);
	assert_false(vbench_atc_has(o.b, 5, VA));
	assert_false(vbench_atc_has(o.b, 0, o.data));
	assert_int_equal(iommu_map(o.g->parent, o.data, vguest_pa(o.g, o.data),
				   PAGE(1), IOMMU_PERM_READ),
			 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, o.data));
	/* A table of the guest's goes from under its feet. */
	assert_int_equal(iommu_unmap(o.g->parent, o.root, PAGE(1), &bytes), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	/* Its directory too: it cannot be read. */
	assert_int_equal(iommu_unmap(o.g->parent, o.g->dir, PAGE(1), &bytes),
			 0);
	assert_int_equal(vguest_inv(o.g, PASID), 0);
	assert_int_equal(vguest_host_entry(o.g, 0).dw[0], 0);
	vguest_unbind(o.g);
	vguest_one_unmake(&o);
}

static uint64_t dirty_of(struct vguest_one *o, uint64_t gpa)
{
	uint64_t bits = 0;
	struct iommu_dirty_bitmap dirty = {
		.iova = gpa,
		.page_lg2 = 12,
		.words = &bits,
		.bit_count = 1,
	};

	assert_int_equal(iommu_read_and_clear_dirty(o->g->parent, gpa, PAGE(1),
						    0, &dirty),
			 0);
	return bits;
}

static void write_to(struct vguest_one *o, uint64_t va)
{
	const struct hw_txn txn = {
		.requester = VBENCH_SID,
		.flags = HW_TXN_PASID_VALID,
		.pasid = 5,
		.perm = IOMMU_PERM_WRITE,
		.addr = va,
	};
	struct hw_xlat xlat;

	assert_int_equal(o->b->hw->ops->translate(o->b->hw, &o->b->port, &txn,
						  &xlat),
			 0);
	hw_port_done(&o->b->port);
}

/*
 * Dirty pages of a parent are those written through what is nested over it, too;
 * SSADE is the same in all entries of one second stage: 6.2.3.1.
 */
static void test_vtd_guest_writes_are_noted_in_the_parent(void **state)
{
	struct vguest_one o;
	struct vtd_pasid e;

	(void)state;
	vguest_one_make(&o);
	assert_int_equal(vguest_bind(o.g), 0);
	write_to(&o, VA);
	assert_int_equal(iommu_set_dirty_tracking(o.g->parent, true), 0);
	e = vguest_host_entry(o.g, 5);
	assert_true(FIELD_GET(VTD_PASID_SSADE, &e));
	assert_int_equal(dirty_of(&o, o.data), 0);
	/* What was cached is forgotten, so this is noticed. */
	write_to(&o, VA);
	assert_int_equal(dirty_of(&o, o.data), 1);
	assert_int_equal(dirty_of(&o, o.data), 0);
	write_to(&o, VA);
	assert_int_equal(dirty_of(&o, o.data), 1);
	/* An entry that comes later, and the parent's own when it is back. */
	e = vguest_fs(o.root);
	vguest_set(o.g, 6, &e);
	assert_int_equal(vguest_inv_pasid(o.g, PASID, 6), 0);
	e = vguest_host_entry(o.g, 6);
	assert_true(FIELD_GET(VTD_PASID_SSADE, &e));
	assert_int_equal(iommu_set_dirty_tracking(o.g->parent, false), 0);
	e = vguest_host_entry(o.g, 6);
	assert_false(FIELD_GET(VTD_PASID_SSADE, &e));
	assert_int_equal(iommu_set_dirty_tracking(o.g->parent, true), 0);
	vguest_unbind(o.g);
	e = vguest_host_entry(o.g, 0);
	assert_true(FIELD_GET(VTD_PASID_SSADE, &e));
	vguest_one_unmake(&o);
}

/*
 * [R13] [G2]: a domain id is another guest's only with nothing left of the
 * first, and the parent's own translation is back.
 */
static void test_vtd_guest_leaves_nothing_to_the_next(void **state)
{
	uint64_t root2, data2;
	struct vtd_pasid e;
	struct vguest_one o;
	uint64_t did;

	(void)state;
	vguest_one_make(&o);
	root2 = vguest_space(o.g);
	data2 = vguest_page(o.g);
	vguest_map(o.g, root2, VA, data2);
	assert_int_equal(vguest_bind(o.g), 0);
	e = vguest_host_entry(o.g, 5);
	did = FIELD_GET(VTD_PASID_DID, &e);
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_ats(o.b, 5, VA), vguest_pa(o.g, o.data));
	vguest_unbind(o.g);
	assert_false(vbench_atc_has(o.b, 5, VA));
	e = vguest_fs(root2);
	vguest_set(o.g, 5, &e);
	assert_int_equal(vguest_bind(o.g), 0);
	e = vguest_host_entry(o.g, 5);
	assert_int_equal(FIELD_GET(VTD_PASID_DID, &e), did);
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, data2));
	/* In place: another table, and nothing of the parent's between. [G5] */
	vguest_at(o.g, o.g->dir)[0] = 0;
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, data2));
	assert_int_equal(vguest_bind(o.g), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	vguest_unbind(o.g);
	vguest_one_unmake(&o);
}

static int bind_mode(struct vguest *g, unsigned int config)
{
	const struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.config = (uint8_t)config,
	};

	return iommu_attach_pasid_table(g->parent, &cfg);
}

/* [G5] */
static void test_vtd_guest_bypasses_and_aborts(void **state)
{
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	assert_int_equal(bind_mode(o.g, IOMMU_PASID_CONFIG_ABORT), 0);
	assert_int_equal(vbench_dma(o.b, 0, o.data), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	assert_int_equal(bind_mode(o.g, IOMMU_PASID_CONFIG_BYPASS), 0);
	assert_int_equal(vbench_dma(o.b, 0, o.data), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	assert_int_equal(vguest_inv(o.g, PASID), 0);
	assert_int_equal(vguest_inv_pasid(o.g, PASID, 0), 0);
	assert_int_equal(vguest_inv_pasid(o.g, PASID, 5), 0);
	assert_int_equal(vbench_dma(o.b, 0, o.data), vguest_pa(o.g, o.data));
	assert_int_equal(vguest_bind(o.g), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, o.data));
	vguest_unbind(o.g);
	vguest_one_unmake(&o);
}

/* [R7] [G3]: what is read is a snapshot, and anything may be in it. */
struct refusal {
	unsigned int word;
	uint64_t or, and;
};

/* clang-format off */
static const struct refusal refusals[] = {
	/* Present, and of no kind; second stage; nested; beyond. */
	{ 0, 0, ~UINT64_C(0x1c0) }, { 0, 0x80, ~UINT64_C(0x1c0) },
	{ 0, 0xc0, ~UINT64_C(0x1c0) }, { 0, 0x1c0, ~UINT64_C(0) },
	/* Widths there are none of; bits 5, 9, 10, 11; a second stage. */
	{ 0, 0x10, ~UINT64_C(0) }, { 0, 0x20, ~UINT64_C(0) },
	{ 0, 0x200, ~UINT64_C(0) }, { 0, 0x400, ~UINT64_C(0) },
	{ 0, 0x800, ~UINT64_C(0) }, { 0, 0x1000, ~UINT64_C(0) },
	/* Reserved; memory types. */
	{ 1, UINT64_C(1) << 16, ~UINT64_C(0) },
	{ 1, UINT64_C(1) << 22, ~UINT64_C(0) },
	{ 1, UINT64_C(1) << 25, ~UINT64_C(0) },
	{ 1, UINT64_C(1) << 26, ~UINT64_C(0) },
	{ 1, UINT64_C(1) << 30, ~UINT64_C(0) },
	{ 1, UINT64_C(1) << 63, ~UINT64_C(0) },
	/* ERE, and modes; reserved; a table beyond the second stage. */
	{ 2, 2, ~UINT64_C(0) }, { 2, 8, ~UINT64_C(0) },
	{ 2, 0x100, ~UINT64_C(0) }, { 2, 0x800, ~UINT64_C(0) },
	{ 2, UINT64_C(1) << 63, ~UINT64_C(0) },
	{ 2, UINT64_C(1) << 48, ~UINT64_C(0) },
	{ 3, 1, ~UINT64_C(0) }, { 4, 1, ~UINT64_C(0) }, { 5, 1, ~UINT64_C(0) },
	{ 6, 1, ~UINT64_C(0) }, { 7, UINT64_C(1) << 63, ~UINT64_C(0) },
};
/* clang-format on */

/* [G6] [M1]: 9.6, 6.2.3.1; the unit never sees an entry that is wrong. */
static void test_vtd_guest_entry_with_anything_else_is_none(void **state)
{
	struct vtd_pasid e, h;
	struct vguest_one o;
	size_t i;

	(void)state;
	vguest_one_make(&o);
	assert_int_equal(vguest_bind(o.g), 0);
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];

		e = vguest_fs(o.root);
		vguest_set(o.g, 5, &e);
		assert_int_equal(vguest_inv_pasid(o.g, PASID, 5), 0);
		assert_int_equal(vbench_dma(o.b, 5, VA),
				 vguest_pa(o.g, o.data));
		e.dw[r->word] = (e.dw[r->word] & r->and) | r->or ;
		vguest_set(o.g, 5, &e);
		assert_int_equal(vguest_inv_pasid(o.g, PASID, 5), 0);
		h = vguest_host_entry(o.g, 5);
		if (FIELD_GET(VTD_PASID_P, &h) || vbench_dma(o.b, 5, VA))
			fail_msg("row %zu", i);
	}
	/* The same of the directory, and an address that is not the guest's. */
	e = vguest_fs(o.root);
	vguest_set(o.g, 5, &e);
	vguest_at(o.g, o.g->dir)[0] |= 4;
	assert_int_equal(vguest_inv_pasid(o.g, PASID, 5), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	vguest_at(o.g, o.g->dir)[0] = vguest_pa(o.g, o.data) | 1;
	assert_int_equal(vguest_inv(o.g, PASID), 0);
	vguest_at(o.g, o.g->dir)[0] = UINT64_C(0xffffffffff000) | 1;
	assert_int_equal(vguest_inv(o.g, PASID), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	vguest_unbind(o.g);
	vguest_one_unmake(&o);
}

static int bind_sized(struct vguest *g, uint64_t base, uint64_t size,
		      unsigned int bits)
{
	const struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.base = base,
		.size = size,
		.pasid_bits = (uint8_t)bits,
		.config = IOMMU_PASID_CONFIG_TRANSLATE,
	};
	int err = iommu_attach_pasid_table(g->parent, &cfg);

	if (!err)
		vguest_unbind(g);
	return err;
}

/* [G3] [G4] [G5] */
static void test_vtd_guest_table_has_a_size(void **state)
{
	struct pasid_table_info *info =
		test_calloc(1, sizeof(*info) + IOMMU_PASID_VENDOR_BYTES);
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	assert_int_equal(bind_sized(o.g, o.g->dir, 4096, 0), 0);
	assert_int_equal(bind_sized(o.g, o.g->dir, 1024, 0), 0);
	assert_int_equal(bind_sized(o.g, o.g->dir, 8 << 14, 0), 0);
	assert_int_equal(bind_sized(o.g, o.g->dir, 0, 20), 0);
	assert_int_equal(bind_sized(o.g, o.g->dir, 0, 1), 0);
	assert_int_equal(bind_sized(o.g, o.g->dir, 512, 0), -EINVAL);
	assert_int_equal(bind_sized(o.g, o.g->dir, 5000, 0), -EINVAL);
	assert_int_equal(bind_sized(o.g, o.g->dir, 8 << 15, 0), -EINVAL);
	assert_int_equal(bind_sized(o.g, o.g->dir, UINT64_MAX, 0), -EINVAL);
	assert_int_equal(bind_sized(o.g, o.g->dir, 0, 21), -EINVAL);
	assert_int_equal(bind_sized(o.g, o.g->dir, 0, 0), -EINVAL);
	assert_int_equal(bind_sized(o.g, o.g->dir, 8192, 15), -EINVAL);
	assert_int_equal(bind_sized(o.g, o.g->dir + 8, 4096, 0), -EINVAL);
	assert_int_equal(bind_sized(o.g, UINT64_C(1) << 60, 4096, 0), -EINVAL);
	assert_int_equal(bind_sized(o.g, PAGE(1) - PAGE(2), 4096, 0), -EINVAL);
	/* Nowhere, and then there are no entries. */
	assert_int_equal(bind_sized(o.g, PAGE(VGUEST_PAGES), 4096, 0), 0);

	/* The form of 2017. */
	info->ptr = o.g->dir;
	info->size = 4096;
	info->model = IOMMU_MODEL_ARM_SMMU;
	assert_int_equal(iommu_bind_pasid_table(o.g->parent, o.b->dev, info),
			 -EINVAL);
	info->model = IOMMU_MODEL_INTEL_VTD;
	info->length = sizeof(struct iommu_pasid_vtd);
	assert_int_equal(iommu_bind_pasid_table(o.g->parent, o.b->dev, info),
			 -EINVAL);
	info->opaque[0] = IOMMU_PASID_VENDOR_VERSION_1;
	info->length = 7;
	assert_int_equal(iommu_bind_pasid_table(o.g->parent, o.b->dev, info),
			 -EINVAL);
	info->length = 20;
	info->opaque[19] = 1;
	assert_int_equal(iommu_bind_pasid_table(o.g->parent, o.b->dev, info),
			 -EINVAL);
	info->opaque[19] = 0;
	assert_int_equal(iommu_bind_pasid_table(o.g->parent, o.b->dev, info),
			 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, o.data));
	assert_int_equal(iommu_bind_pasid_table(o.g->parent, o.b->dev, info),
			 -EBUSY);
	vguest_unbind(o.g);
	test_free(info);
	vguest_one_unmake(&o);
}

static struct iommu_gpasid_bind_data gpasid_data(uint64_t root)
{
	return (struct iommu_gpasid_bind_data){
		.version = IOMMU_GPASID_BIND_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.addr_width = 48,
		.gpgd = root,
		.hpasid = 70,
	};
}

/* [G6] [M1] [H1] */
static void test_vtd_guest_single_pasid(void **state)
{
	struct iommu_gpasid_bind_data d;
	struct vtd_pasid e;
	uint64_t bytes;
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	d = gpasid_data(o.root);
	d.vtd.flags = IOMMU_SVA_VTD_GPASID_WPE | IOMMU_SVA_VTD_GPASID_SRE;
	assert_int_equal(iommu_sva_bind_gpasid(o.g->parent, o.b->dev, &d), 0);
	e = vguest_host_entry(o.g, 70);
	assert_true(FIELD_GET(VTD_PASID_WPE, &e) &&
		    FIELD_GET(VTD_PASID_SRE, &e));
	assert_int_equal(vbench_dma(o.b, 70, VA), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_ats(o.b, 70, VA), vguest_pa(o.g, o.data));
	/* The parent's own translation stays. */
	assert_int_equal(vbench_dma(o.b, 0, o.data), vguest_pa(o.g, o.data));
	assert_int_equal(vguest_inv_pasid(o.g, PASID | IOTLB | DEV, 70), 0);
	assert_false(vbench_atc_has(o.b, 70, VA));
	assert_int_equal(vbench_ats(o.b, 70, VA), vguest_pa(o.g, o.data));
	assert_int_equal(iommu_unmap(o.g->parent, o.data, PAGE(1), &bytes), 0);
	assert_int_equal(vbench_dma(o.b, 70, VA), 0);
	assert_false(vbench_atc_has(o.b, 70, VA));
	assert_int_equal(iommu_sva_unbind_gpasid(o.g->parent, o.b->dev, 70), 0);
	assert_int_equal(vbench_dma(o.b, 70, VA), 0);
	vguest_one_unmake(&o);
}

/* [G6]: each errno. */
static void test_vtd_guest_single_pasid_is_checked(void **state)
{
	struct iommu_gpasid_bind_data good, d;
	struct vtd_pasid e;
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	good = gpasid_data(o.root);
#define REFUSED(member, value)                                                 \
	do {                                                                   \
		d = good;                                                      \
		d.member = (value);                                            \
		assert_int_equal(iommu_sva_bind_gpasid(o.g->parent, o.b->dev,  \
						       &d),                    \
				 -EINVAL);                                     \
	} while (0)
	REFUSED(addr_width, 39);
	REFUSED(addr_width, 0);
	REFUSED(gpgd, o.root + 8);
	REFUSED(gpgd, UINT64_C(1) << 52);
	REFUSED(format, IOMMU_PASID_FORMAT_SMMUV3);
	REFUSED(vtd.flags, 1u << 7);
	REFUSED(vtd.flags, IOMMU_SVA_VTD_GPASID_PCD);
	REFUSED(vtd.flags, IOMMU_SVA_VTD_GPASID_PWT);
	REFUSED(vtd.flags, IOMMU_SVA_VTD_GPASID_EMTE);
	REFUSED(vtd.flags, IOMMU_SVA_VTD_GPASID_CD);
	REFUSED(vtd.emt, 6);
	REFUSED(vtd.emt, 8);
	REFUSED(vtd.pat, 1);
	REFUSED(vtd.padding, 1);
#undef REFUSED
	/* Five levels where the unit has them. */
	d = good;
	d.addr_width = 57;
	assert_int_equal(iommu_sva_bind_gpasid(o.g->parent, o.b->dev, &d), 0);
	e = vguest_host_entry(o.g, 70);
	assert_int_equal(FIELD_GET(VTD_PASID_FSPM, &e), VTD_PASID_FSPM_5);
	assert_int_equal(iommu_sva_unbind_gpasid(o.g->parent, o.b->dev, 70), 0);
	vguest_one_unmake(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_guest_two_stages_are_walked),
		cmocka_unit_test(test_vtd_guest_has_its_own_rid_pasid),
		cmocka_unit_test(
			test_vtd_guest_invalidation_takes_what_it_names),
		cmocka_unit_test(test_vtd_guest_has_no_tags),
		cmocka_unit_test(test_vtd_guest_entries_follow_the_guest),
		cmocka_unit_test(test_vtd_guest_faults_are_as_quiet_as_it_says),
		cmocka_unit_test(test_vtd_guest_unmap_reaches_both_stages),
		cmocka_unit_test(test_vtd_guest_writes_are_noted_in_the_parent),
		cmocka_unit_test(test_vtd_guest_leaves_nothing_to_the_next),
		cmocka_unit_test(test_vtd_guest_bypasses_and_aborts),
		cmocka_unit_test(
			test_vtd_guest_entry_with_anything_else_is_none),
		cmocka_unit_test(test_vtd_guest_table_has_a_size),
		cmocka_unit_test(test_vtd_guest_single_pasid),
		cmocka_unit_test(test_vtd_guest_single_pasid_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
