/* SPDX-License-Identifier: MIT */
#include "tests/drivers/vtd_scene.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/auxdomain.h>
#include <sva/fault.h>
#include <sva/sva.h>

#include "base/bits.h"
#include "fmt/vtd.h"
#include "tests/drivers/vtd_guest.h"

/*
 * Each line is something that goes wrong if an invalidation, or the wait for
 * it, is missing. Returns the number of the first one that did; 0: none.
 */
#define EXPECT(cond)                                                           \
	do {                                                                   \
		if (!(cond) && !bad)                                           \
			bad = __LINE__;                                        \
	} while (0)

/* PASID 0: identity, and not. */
static int run_untagged(struct vbench *b)
{
	struct iommu_domain *identity;
	int bad = 0;

	assert_int_equal(iommu_domain_alloc(b->unit, IOMMU_DOMAIN_IDENTITY,
					    &identity),
			 0);
	EXPECT(vbench_dma(b, 0, PAGE(5)) == 0);
	assert_int_equal(iommu_attach_device(identity, b->dev), 0);
	EXPECT(vbench_dma(b, 0, PAGE(5)) == PAGE(5));
	EXPECT(vbench_ats(b, 0, PAGE(5)) == PAGE(5));
	assert_int_equal(iommu_detach_device(identity, b->dev), 0);
	EXPECT(vbench_dma(b, 0, PAGE(5)) == 0);
	EXPECT(!vbench_atc_has(b, 0, PAGE(5)));
	assert_int_equal(iommu_domain_free(identity), 0);
	return bad;
}

static void attach_paging(struct vbench *b, struct iommu_domain *d,
			  ioasid_t pasid)
{
	assert_int_equal(pasid ? iommu_attach_device_pasid(d, b->dev, pasid) :
				 iommu_attach_device(d, b->dev),
			 0);
}

static void detach_paging(struct vbench *b, struct iommu_domain *d,
			  ioasid_t pasid)
{
	if (pasid)
		iommu_detach_device_pasid(d, b->dev, pasid);
	else
		assert_int_equal(iommu_detach_device(d, b->dev), 0);
}

/* A table of the driver's, on a PASID and without. [A6] */
static int run_paging(struct vbench *b, ioasid_t pasid)
{
	const uint64_t big = UINT64_C(2) << 20;
	struct iommu_domain *d;
	uint64_t bytes = 0;
	int bad = 0;

	assert_int_equal(iommu_domain_alloc(b->unit, IOMMU_DOMAIN_PAGING, &d),
			 0);
	attach_paging(b, d, pasid);
	EXPECT(vbench_dma(b, pasid, big) == 0);
	assert_int_equal(iommu_map(d, big, 64 * big, big, IOMMU_PERM_READ), 0);
	assert_int_equal(iommu_map(d, PAGE(3), PAGE(0x333), PAGE(2),
				   IOMMU_PERM_READ | IOMMU_PERM_WRITE),
			 0);
	assert_int_equal(iommu_map(d, PAGE(4), PAGE(0x333), PAGE(1),
				   IOMMU_PERM_READ),
			 -EEXIST);
	EXPECT(vbench_dma(b, pasid, big + PAGE(9)) == 64 * big + PAGE(9));
	EXPECT(vbench_dma(b, pasid, PAGE(4)) == PAGE(0x334));
	EXPECT(vbench_ats(b, pasid, PAGE(4)) == PAGE(0x334));
	EXPECT(vbench_ats(b, pasid, PAGE(3)) == PAGE(0x333));
	assert_int_equal(iommu_unmap(d, PAGE(4), PAGE(1), &bytes), 0);
	assert_int_equal(bytes, PAGE(1));
	EXPECT(vbench_dma(b, pasid, PAGE(4)) == 0);
	EXPECT(!vbench_atc_has(b, pasid, PAGE(4)));
	EXPECT(vbench_dma(b, pasid, PAGE(3)) == PAGE(0x333));
	/* From the middle of a large page. */
	assert_int_equal(iommu_unmap(d, big + PAGE(9), PAGE(1), &bytes), 0);
	assert_int_equal(bytes, PAGE(1));
	EXPECT(vbench_dma(b, pasid, big + PAGE(9)) == 0);
	EXPECT(vbench_dma(b, pasid, big + PAGE(8)) == 64 * big + PAGE(8));
	EXPECT(vbench_dma(b, pasid, big + PAGE(10)) == 64 * big + PAGE(10));
	/* Small pages, whose table goes, and a large one in its place. */
	assert_int_equal(iommu_map(d, 2 * big, PAGE(0x500), PAGE(2),
				   IOMMU_PERM_READ),
			 0);
	EXPECT(vbench_dma(b, pasid, 2 * big + PAGE(1)) == PAGE(0x501));
	assert_int_equal(iommu_unmap(d, 2 * big, PAGE(2), &bytes), 0);
	EXPECT(vbench_dma(b, pasid, 2 * big + PAGE(1)) == 0);
	assert_int_equal(iommu_map(d, 2 * big, 8 * big, big, IOMMU_PERM_READ),
			 0);
	EXPECT(vbench_dma(b, pasid, 2 * big + PAGE(1)) == 8 * big + PAGE(1));
	assert_int_equal(iommu_iova_to_phys(d, 2 * big + 5, &bytes), 0);
	assert_int_equal(bytes, 8 * big + 5);
	/* Nothing there, nothing said. */
	assert_int_equal(iommu_unmap(d, PAGE(4), PAGE(1), &bytes), 0);
	assert_int_equal(bytes, 0);
	assert_int_equal(iommu_map(d, UINT64_C(1) << 60, 0, PAGE(1),
				   IOMMU_PERM_READ),
			 -EINVAL);
	assert_int_equal(iommu_unmap(d, UINT64_C(1) << 60, PAGE(1), &bytes),
			 -EINVAL);
	detach_paging(b, d, pasid);
	EXPECT(vbench_dma(b, pasid, PAGE(3)) == 0);
	EXPECT(!vbench_atc_has(b, pasid, PAGE(3)));
	/* Away and back, and meanwhile nobody is told of an unmap. */
	assert_int_equal(iommu_unmap(d, PAGE(3), PAGE(1), &bytes), 0);
	attach_paging(b, d, pasid);
	EXPECT(vbench_dma(b, pasid, PAGE(3)) == 0);
	EXPECT(vbench_dma(b, pasid, big) == 64 * big);
	detach_paging(b, d, pasid);
	EXPECT(vbench_dma(b, pasid, big) == 0);
	assert_int_equal(iommu_domain_free(d), 0);
	return bad;
}

/* The n-th page of a domain of S2's. */
static void map_aux(struct iommu_domain *d, unsigned int base, unsigned int n)
{
	assert_int_equal(iommu_map(d, PAGE(n), PAGE(base + n), PAGE(1),
				   IOMMU_PERM_READ),
			 0);
}

/*
 * A context of the device, beside its own domain, by S2's usage. Twice, and the
 * second time with the domain id and the PASID of the first. [E1] [E3] [E4]
 * [E5] [R13]
 */
static int run_aux(struct vbench *b)
{
	struct iommu_domain *parent, *d;
	unsigned int i;
	uint64_t bytes;
	int bad = 0;

	assert_int_equal(
		iommu_domain_alloc(b->unit, IOMMU_DOMAIN_PAGING, &parent), 0);
	map_aux(parent, 0x300, 2);
	attach_paging(b, parent, IOMMU_NO_PASID);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_AUX),
			 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(iommu_domain_alloc(b->unit,
						    IOMMU_DOMAIN_PAGING, &d),
				 0);
		assert_int_equal(iommu_aux_attach_device(d, b->dev), 0);
		if (!i)
			map_aux(d, 0x400, 1);
		map_aux(d, 0x400, 2);
		map_aux(d, 0x400, 3);
		assert_int_equal(iommu_aux_get_pasid(d, b->dev), 1);
		EXPECT(vbench_dma(b, 1, PAGE(1)) == (i ? 0 : PAGE(0x401)));
		EXPECT(vbench_dma(b, 1, PAGE(2)) == PAGE(0x402));
		EXPECT(vbench_ats(b, 1, PAGE(2)) == PAGE(0x402));
		EXPECT(vbench_dma(b, 1, PAGE(3)) == PAGE(0x403));
		EXPECT(vbench_dma(b, 0, PAGE(2)) == PAGE(0x302));
		assert_int_equal(iommu_unmap(d, PAGE(2), PAGE(1), &bytes), 0);
		assert_int_equal(bytes, PAGE(1));
		EXPECT(vbench_dma(b, 1, PAGE(2)) == 0);
		EXPECT(!vbench_atc_has(b, 1, PAGE(2)));
		EXPECT(vbench_dma(b, 0, PAGE(2)) == PAGE(0x302));
		assert_int_equal(iommu_dev_disable_feature(b->dev,
							   IOMMU_DEV_FEAT_AUX),
				 -EBUSY);
		assert_int_equal(iommu_domain_free(parent), -EBUSY);
		EXPECT(vbench_ats(b, 1, PAGE(3)) == PAGE(0x403));
		iommu_aux_detach_device(d, b->dev);
		EXPECT(vbench_dma(b, 1, PAGE(3)) == 0);
		EXPECT(!vbench_atc_has(b, 1, PAGE(3)));
		EXPECT(vbench_dma(b, 0, PAGE(2)) == PAGE(0x302));
		assert_int_equal(iommu_domain_free(d), 0);
	}
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_AUX),
			 0);
	detach_paging(b, parent, IOMMU_NO_PASID);
	EXPECT(vbench_dma(b, 0, PAGE(2)) == 0);
	assert_int_equal(iommu_domain_free(parent), 0);
	return bad;
}

/*
 * A page that is not there is asked for, made, and answered; then the binding
 * goes, with a request that nobody has looked at yet.
 */
static int run_fault(struct vbench *b)
{
	struct hw_page_request req = {
		.requester = VBENCH_SID,
		.pasid_valid = true,
		.addr = 0x7654321000,
		.perm = IOMMU_PERM_READ,
		.prgi = 0x1ab,
		.last = true,
	};
	struct iommu_sva *sva;
	struct vbench_space m;
	int bad = 0;

	vbench_make_space(b, &m, 4);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &sva), 0);
	req.pasid = iommu_sva_get_pasid(sva);
	EXPECT(vbench_ats(b, req.pasid, req.addr) == 0);
	b->hw->ops->page_request(b->hw, &req);
	(void)testplat_irq_run(&b->tp);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
	EXPECT(b->prg_count == 1 && b->prg.code == HW_PRG_SUCCESS &&
	       b->prg.prgi == 0x1ab);
	EXPECT(vbench_ats(b, req.pasid, req.addr) == req.addr);
	req.addr += PAGE(1);
	req.prgi++;
	b->hw->ops->page_request(b->hw, &req);
	iommu_sva_unbind(sva);
	EXPECT(b->prg_count == 2 && b->prg.prgi == 0x1ac);
	EXPECT(vbench_ats(b, req.pasid, req.addr - PAGE(1)) == 0);
	EXPECT(!vbench_atc_has(b, req.pasid, req.addr - PAGE(1)));
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	iommu_mm_put_users(&m.mm);
	return bad;
}

#define GUEST_VA UINT64_C(0x7f0012345000)
#define IOTLB    IOMMU_CACHE_INV_TYPE_IOTLB
#define DEV      IOMMU_CACHE_INV_TYPE_DEV_IOTLB
#define ENTRY    IOMMU_CACHE_INV_TYPE_PASID

/* What both stages lead to, for DMA and for the device, which keeps it. */
static bool leads_to(struct vbench *b, uint64_t pa)
{
	return vbench_dma(b, 5, GUEST_VA) == pa &&
	       vbench_ats(b, 5, GUEST_VA) == pa;
}

/* The guest moves a page, and says so in one way after the other. [H1] [H2] */
static int move_page(struct vguest *g, uint64_t root, const uint64_t *data)
{
	struct vbench *b = g->b;
	int bad = 0;

	EXPECT(leads_to(b, vguest_pa(g, data[0])));
	vguest_map(g, root, GUEST_VA, data[1]);
	assert_int_equal(vguest_inv_addr(g, IOTLB | DEV, 5, GUEST_VA, PAGE(1)),
			 0);
	EXPECT(!vbench_atc_has(b, 5, GUEST_VA));
	EXPECT(leads_to(b, vguest_pa(g, data[1])));
	vguest_map(g, root, GUEST_VA, data[0]);
	assert_int_equal(vguest_inv_pasid(g, IOTLB | DEV, 5), 0);
	EXPECT(!vbench_atc_has(b, 5, GUEST_VA));
	EXPECT(leads_to(b, vguest_pa(g, data[0])));
	vguest_map(g, root, GUEST_VA, data[1]);
	assert_int_equal(vguest_inv(g, IOTLB), 0);
	EXPECT(vbench_dma(b, 5, GUEST_VA) == vguest_pa(g, data[1]));
	return bad;
}

/* The host takes the page away, and gives it back. */
static int take_page(struct vguest *g, uint64_t gpa)
{
	struct vbench *b = g->b;
	uint64_t bytes;
	int bad = 0;

	EXPECT(vbench_dma(b, 0, gpa) == vguest_pa(g, gpa));
	EXPECT(vbench_ats(b, 0, gpa) == vguest_pa(g, gpa));
	assert_int_equal(iommu_unmap(g->parent, gpa, PAGE(1), &bytes), 0);
	EXPECT(vbench_dma(b, 5, GUEST_VA) == 0);
	EXPECT(vbench_dma(b, 0, gpa) == 0);
	EXPECT(!vbench_atc_has(b, 5, GUEST_VA) && !vbench_atc_has(b, 0, gpa));
	assert_int_equal(iommu_map(g->parent, gpa, vguest_pa(g, gpa), PAGE(1),
				   IOMMU_PERM_READ),
			 0);
	return bad;
}

/*
 * A guest's table over a parent: entries that follow the guest's, both stages,
 * and what is left of it for the next one, with the same domain id. [G1] [G2]
 * [R13]
 */
static int run_guest(struct vbench *b)
{
	struct vguest *g = vguest_on(b);
	struct vtd_pasid e, none = { { 0 } };
	uint64_t root[2], data[2];
	int bad = 0;

	root[0] = vguest_space(g);
	root[1] = vguest_space(g);
	data[0] = vguest_page(g);
	data[1] = vguest_page(g);
	vguest_map(g, root[0], GUEST_VA, data[0]);
	vguest_map(g, root[1], GUEST_VA, data[0]);
	e = vguest_fs(root[0]);
	vguest_set(g, 5, &e);
	e = vguest_pt();
	vguest_set(g, 0, &e);
	EXPECT(vbench_dma(b, 0, data[0]) == vguest_pa(g, data[0]));
	assert_int_equal(vguest_bind(g), 0);
	bad = bad ? bad : move_page(g, root[0], data);
	bad = bad ? bad : take_page(g, data[1]);
	EXPECT(leads_to(b, vguest_pa(g, data[1])));
	/* Another first stage, none, and this one again. */
	e = vguest_fs(root[1]);
	vguest_set(g, 5, &e);
	assert_int_equal(vguest_inv_pasid(g, ENTRY, 5), 0);
	EXPECT(!vbench_atc_has(b, 5, GUEST_VA));
	EXPECT(leads_to(b, vguest_pa(g, data[0])));
	vguest_set(g, 5, &none);
	assert_int_equal(vguest_inv(g, ENTRY), 0);
	EXPECT(!vbench_atc_has(b, 5, GUEST_VA));
	EXPECT(vbench_dma(b, 5, GUEST_VA) == 0);
	vguest_set(g, 5, &e);
	assert_int_equal(vguest_inv(g, ENTRY), 0);
	EXPECT(leads_to(b, vguest_pa(g, data[0])));
	vguest_unbind(g);
	EXPECT(!vbench_atc_has(b, 5, GUEST_VA));
	EXPECT(vbench_dma(b, 5, GUEST_VA) == 0);
	EXPECT(vbench_dma(b, 0, data[0]) == vguest_pa(g, data[0]));
	/* The next one, which finds nothing. */
	vguest_map(g, root[1], GUEST_VA, data[1]);
	assert_int_equal(vguest_bind_rid(g, 9), 0);
	EXPECT(leads_to(b, vguest_pa(g, data[1])));
	EXPECT(vbench_dma(b, 0, data[0]) == 0);
	vguest_unbind(g);
	EXPECT(!vbench_atc_has(b, 5, GUEST_VA));
	vguest_off(g);
	EXPECT(vbench_dma(b, 0, data[0]) == 0);
	return bad;
}

int vscene_run(struct vscene *o, unsigned int levels,
	       unsigned int command_batch)
{
	struct vbench *b = vbench_make(HW_STRICT, command_batch);
	struct iommu_domain *d1 = NULL, *d2 = NULL, *far = NULL;
	struct vbench_space m1, m2, empty;
	int bad = 0;

	assert_int_equal(vbench_probe(b, 200), 0);
	if (o->kind)
		b->drop = *o->kind;
	b->drop_set = o->drop;
	b->watch = !o->kind && !o->drop;
	b->slow_atc = true;
	vbench_make_space(b, &m1, levels);
	vbench_make_space(b, &m2, levels);
	vbench_make_space(b, &empty, levels);
	vbench_map(&m1, PAGE(16), PAGE(0x111));
	vbench_map(&m1, PAGE(17), PAGE(0x112));
	vbench_map(&m1, PAGE(2048), PAGE(0x113));
	vbench_map(&m2, PAGE(16), PAGE(0x222));

	EXPECT(vbench_dma(b, 7, PAGE(16)) == 0);
	vbench_add_device(b);
	EXPECT(vbench_dma(b, 7, PAGE(16)) == 0);
	bad = bad ? bad : run_untagged(b);
	bad = bad ? bad : run_paging(b, 0);
	bad = bad ? bad : run_paging(b, 70);
	bad = bad ? bad : run_aux(b);
	bad = bad ? bad : run_guest(b);
	bad = bad ? bad : run_fault(b);
	assert_int_equal(vbench_attach(b, &m1, 7, &d1), 0);
	EXPECT(vbench_dma(b, 7, PAGE(16)) == PAGE(0x111));
	EXPECT(vbench_dma(b, 7, PAGE(17) - 1) == PAGE(0x112) - 1);
	EXPECT(vbench_dma(b, 8, PAGE(16)) == 0);
	assert_int_equal(vbench_attach(b, &m2, 8, &d2), 0);
	EXPECT(vbench_dma(b, 8, PAGE(16)) == PAGE(0x222));

	/* One page: only it goes, from TLB and device TLB. */
	EXPECT(vbench_dma(b, 7, PAGE(17)) == PAGE(0x112));
	EXPECT(vbench_ats(b, 7, PAGE(16)) == PAGE(0x111));
	EXPECT(vbench_ats(b, 7, PAGE(17)) == PAGE(0x112));
	EXPECT(vbench_ats(b, 8, PAGE(16)) == PAGE(0x222));
	vbench_unmap(&m1, PAGE(16), PAGE(17));
	EXPECT(vbench_dma(b, 7, PAGE(16)) == 0);
	EXPECT(vbench_dma(b, 7, PAGE(17)) == PAGE(0x112));
	EXPECT(!vbench_atc_has(b, 7, PAGE(16)));
	EXPECT(vbench_atc_has(b, 7, PAGE(17)) &&
	       vbench_atc_has(b, 8, PAGE(16)));

	/* Everything. */
	EXPECT(vbench_dma(b, 7, PAGE(2048)) == PAGE(0x113));
	vbench_unmap(&m1, 0, UINT64_MAX);
	EXPECT(vbench_dma(b, 7, PAGE(2048)) == 0);
	EXPECT(vbench_dma(b, 7, PAGE(17)) == 0);
	EXPECT(!vbench_atc_has(b, 7, PAGE(17)));
	EXPECT(vbench_dma(b, 8, PAGE(16)) == PAGE(0x222));

	/* The same PASID, another address space. */
	vbench_map(&m1, PAGE(16), PAGE(0x111));
	EXPECT(vbench_dma(b, 7, PAGE(16)) == PAGE(0x111));
	EXPECT(vbench_ats(b, 7, PAGE(16)) == PAGE(0x111));
	vbench_detach(b, d1, 7);
	EXPECT(vbench_dma(b, 7, PAGE(16)) == 0);
	EXPECT(!vbench_atc_has(b, 7, PAGE(16)));
	assert_int_equal(vbench_attach(b, &m2, 7, &d1), 0);
	EXPECT(vbench_dma(b, 7, PAGE(16)) == PAGE(0x222));
	/* One for which the directory grows: its old size is cached. */
	assert_int_equal(vbench_attach(b, &m2, 0x9000, &far), 0);
	EXPECT(vbench_dma(b, 0x9000, PAGE(16)) == PAGE(0x222));
	if (!bad)
		EXPECT(vbench_dma(b, 8, PAGE(16)) == PAGE(0x222));
	EXPECT(vbench_ats(b, 0x9000, PAGE(16)) == PAGE(0x222));
	EXPECT(vbench_ats(b, 7, PAGE(16)) == PAGE(0x222));
	EXPECT(vbench_ats(b, 8, PAGE(16)) == PAGE(0x222));
	/* Away and back, and meanwhile nobody is told of an unmap. */
	iommu_detach_device_pasid(far, b->dev, 0x9000);
	EXPECT(!vbench_atc_has(b, 0x9000, PAGE(16)));
	x86_64_clear(&m2.table, PAGE(16), PAGE(17), NULL);
	iommu_mm_invalidate_range(&m2.mm, PAGE(16), PAGE(17));
	assert_int_equal(iommu_attach_device_pasid(far, b->dev, 0x9000), 0);
	EXPECT(vbench_dma(b, 0x9000, PAGE(16)) == 0);
	EXPECT(!vbench_atc_has(b, 7, PAGE(16)) &&
	       !vbench_atc_has(b, 8, PAGE(16)));
	EXPECT(vbench_dma(b, 7, PAGE(16)) == 0 &&
	       vbench_dma(b, 8, PAGE(16)) == 0);
	vbench_map(&m2, PAGE(16), PAGE(0x222));
	EXPECT(vbench_ats(b, 0x9000, PAGE(16)) == PAGE(0x222));
	EXPECT(vbench_ats(b, 7, PAGE(16)) == PAGE(0x222));
	EXPECT(vbench_ats(b, 8, PAGE(16)) == PAGE(0x222));
	vbench_detach(b, far, 0x9000);
	EXPECT(vbench_dma(b, 0x9000, PAGE(16)) == 0);
	/* Its domain id and its PASID, and nothing that it had. [R13] */
	assert_int_equal(vbench_attach(b, &empty, 0x9000, &far), 0);
	EXPECT(vbench_dma(b, 0x9000, PAGE(16)) == 0);
	vbench_detach(b, far, 0x9000);
	vbench_detach(b, d1, 7);
	EXPECT(vbench_dma(b, 7, PAGE(16)) == 0);
	vbench_detach(b, d2, 8);
	EXPECT(!vbench_atc_has(b, 0x9000, PAGE(16)));
	EXPECT(!vbench_atc_has(b, 7, PAGE(16)) &&
	       !vbench_atc_has(b, 8, PAGE(16)));
	/* Without its context entry's invalidation it reads what is freed. */
	if (!bad)
		EXPECT(vbench_dma(b, 8, PAGE(16)) == 0);

	iommu_mm_put_users(&m1.mm);
	iommu_mm_put_users(&m2.mm);
	iommu_mm_put_users(&empty.mm);
	o->count = b->seen;
	memcpy(o->log, b->log, sizeof(o->log));
	memcpy(o->named, b->log_named, sizeof(o->named));
	memcpy(o->took, b->log_took, sizeof(o->took));
	vbench_unmake(b);
	return bad;
}
