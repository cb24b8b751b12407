/* SPDX-License-Identifier: MIT */
/*
 * The driver on the model, whose caches forget nothing by themselves, with a
 * device that has a translation cache of its own and takes its time.
 *
 * run_scenario() is also run with one kind of descriptor taken out of the queue
 * at a time: it has to notice each of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include <sva/fault.h>
#include <sva/sva.h>

#include "base/bits.h"
#include "fmt/vtd.h"
#include "tests/drivers/vtd_bench.h"

/*
 * Each line is something that goes wrong if an invalidation, or the wait for
 * it, is missing. Returns the number of the first one that did; 0: none.
 */
#define EXPECT(cond)                                                           \
	do {                                                                   \
		if (!(cond) && !bad)                                           \
			bad = __LINE__;                                        \
	} while (0)

#define PAGE(n) ((uint64_t)(n) << 12)

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

/* A table of the driver's, on a PASID and without. */
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
	detach_paging(b, d, pasid);
	assert_int_equal(iommu_domain_free(d), 0);
	return bad;
}

/* What to leave out: a kind, or the n-th; and what that was. */
struct omission {
	const struct vbench_kind *kind;
	unsigned int nth;
	unsigned int seen;
	uint64_t dropped;
};

static int run_scenario(struct omission *o, unsigned int levels,
			unsigned int command_batch)
{
	struct vbench *b = vbench_make(HW_STRICT, command_batch);
	struct iommu_domain *d1 = NULL, *d2 = NULL, *far = NULL;
	struct vbench_space m1, m2;
	int bad = 0;

	assert_int_equal(vbench_probe(b, 200), 0);
	if (o->kind)
		b->drop = *o->kind;
	b->drop_nth = o->nth;
	b->slow_atc = true;
	vbench_make_space(b, &m1, levels);
	vbench_make_space(b, &m2, levels);
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
	vbench_detach(b, d1, 7);
	vbench_detach(b, d2, 8);
	EXPECT(!vbench_atc_has(b, 0x9000, PAGE(16)));
	EXPECT(!vbench_atc_has(b, 7, PAGE(16)) &&
	       !vbench_atc_has(b, 8, PAGE(16)));
	/* Without its context entry's invalidation it reads what is freed. */
	if (!bad)
		EXPECT(vbench_dma(b, 8, PAGE(16)) == 0);

	iommu_mm_put_users(&m1.mm);
	iommu_mm_put_users(&m2.mm);
	o->seen = b->seen;
	o->dropped = b->dropped;
	vbench_unmake(b);
	return bad;
}

/* [R8] [R9] [R10] [M1] [M2] [K16] [L9] */
static void test_vtd_strict_caches_never_show_stale_state(void **state)
{
	unsigned int levels;

	(void)state;
	for (levels = 4; levels <= 5; levels++) {
		struct omission none = { .nth = 0 };

		assert_int_equal(run_scenario(&none, levels, 0), 0);
		assert_int_equal(run_scenario(&none, levels, 1), 0);
	}
}

/* The control of the test above: it sees each kind of descriptor missing. */
static void test_vtd_any_dropped_invalidation_is_noticed(void **state)
{
	static const struct vbench_kind kinds[] = {
		{ "context cache, device", 0x1, 3 },
		{ "PASID cache, PASID", 0x7, 1 },
		{ "PASID-based IOTLB, PASID", 0x6, 2 },
		{ "PASID-based IOTLB, page", 0x6, 3 },
		{ "IOTLB, domain", 0x2, 2 },
		{ "IOTLB, page", 0x2, 3 },
		{ "device TLB", 0x3, 0 },
		{ "PASID-based device TLB", 0x8, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct omission o = { .kind = &kinds[i] };
		int bad = run_scenario(&o, 4, 0);

		print_message("without %s: line %d\n", kinds[i].name, bad);
		assert_int_not_equal(bad, 0);
	}
}

/*
 * One descriptor at a time. What may be missing without being seen here: what
 * is said before an entry is shown (the model reads one in one piece), what is
 * said twice (of a pair, and of its domain id when that is given back; of all
 * pages before one of them goes), what pushes page requests on their way, and
 * what is said of a device that has nothing or has just been allowed to ask.
 * No unmap may be.
 */
static void test_vtd_each_invalidation_has_its_use(void **state)
{
	struct omission o = { .nth = UINT32_MAX };
	unsigned int unseen[0x40][4] = { { 0 } }, seen = 0, n;

	(void)state;
	assert_int_equal(run_scenario(&o, 4, 0), 0);
	n = o.seen;
	assert_true(n > 50);
	for (o.nth = 1; o.nth <= n; o.nth++) {
		if (run_scenario(&o, 4, 0))
			seen++;
		else
			unseen[vbench_type_of(o.dropped)][o.dropped >> 4 & 3]++;
	}
	for (n = 0; n < 0x40 * 4; n++)
		if (unseen[n / 4][n % 4])
			print_message("type %#x granularity %u: %u unseen\n",
				      n / 4, n % 4, unseen[n / 4][n % 4]);
	print_message("%u of %u seen\n", seen, o.nth - 1);
	assert_true(seen >= 20);
	assert_int_equal(unseen[VTD_INV_PIOTLB][VTD_INV_PIOTLB_G_PAGE], 0);
}

/* [R6] [B8] [M2]: after the exit, DMA aborts without a word. */
static void test_vtd_exit_is_quiet_until_detach(void **state)
{
	struct vbench *b = vbench_make(HW_STRICT, 0);
	struct iommu_hw_stats before, after;
	struct iommu_domain *d;
	struct vbench_space m;

	(void)state;
	assert_int_equal(vbench_probe(b, 200), 0);
	vbench_add_device(b);
	vbench_make_space(b, &m, 4);
	vbench_map(&m, 0x10000, 0x111000);
	assert_int_equal(vbench_attach(b, &m, 7, &d), 0);
	assert_int_equal(vbench_dma(b, 7, 0x10000), 0x111000);
	assert_int_equal(vbench_ats(b, 7, 0x10000), 0x111000);
	b->watch_pa = x86_64_root_pa(&m.table);
	/* Where the walk cache knows no table. */
	assert_int_equal(vbench_dma(b, 7, UINT64_C(1) << 40), 0);
	assert_int_equal(b->watch_loads, 1);

	iommu_mm_put_users(&m.mm);
	assert_true(m.exited);
	b->watch_loads = 0;
	assert_false(vbench_atc_has(b, 7, 0x10000));
	b->hw->ops->stats(b->hw, &before);
	assert_int_equal(vbench_dma(b, 7, 0x10000), 0);
	assert_int_equal(vbench_ats(b, 7, 0x10000), 0);
	b->hw->ops->stats(b->hw, &after);
	assert_int_equal(after.events, before.events);
	assert_int_equal(b->watch_loads, 0);

	vbench_detach(b, d, 7);
	assert_true(m.freed);
	/* After it, whoever still comes is reported. */
	assert_int_equal(vbench_dma(b, 7, 0x10000), 0);
	b->hw->ops->stats(b->hw, &after);
	assert_int_equal(after.events, before.events + 1);
	vbench_unmake(b);
}

static void serve(struct vbench *b)
{
	(void)testplat_irq_run(&b->tp);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
}

/* Bind, fault, answer, retry: through core, with the real codes. [J] [R2] */
static void test_vtd_page_request_is_answered(void **state)
{
	struct vbench *b = vbench_make(HW_STRICT, 0);
	struct hw_page_request req = {
		.requester = VBENCH_SID,
		.pasid_valid = true,
		.addr = 0x7654321000,
		.perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE,
		.prgi = 0x1ab,
		.last = true,
	};
	struct iommu_device_caps caps;
	struct iommu_sva *sva;
	struct vtd_stats stats;
	struct vbench_space m;

	(void)state;
	assert_int_equal(vbench_probe(b, 200), 0);
	vbench_add_device(b);
	iommu_device_caps(b->dev, &caps);
	assert_true(caps.ats && caps.pri && caps.sva && !caps.stall);
	assert_int_equal(caps.pasid_bits, 20);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	vbench_make_space(b, &m, 4);
	assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &sva), 0);
	req.pasid = iommu_sva_get_pasid(sva);
	assert_int_equal(vbench_ats(b, req.pasid, req.addr), 0);

	b->hw->ops->page_request(b->hw, &req);
	serve(b);
	assert_int_equal(b->prg_count, 1);
	assert_int_equal(b->prg.code, HW_PRG_SUCCESS);
	assert_int_equal(b->prg.prgi, 0x1ab);
	assert_int_equal(b->prg.requester, VBENCH_SID);
	assert_true(b->prg.pasid_valid);
	assert_int_equal(b->prg.pasid, req.pasid);
	assert_int_equal(m.faults, 1);
	assert_int_equal(vbench_ats(b, req.pasid, req.addr), req.addr);

	/* A bad address; a PASID of nobody, which the unit answers. */
	m.fault_err = -EFAULT;
	req.addr += 4096;
	b->hw->ops->page_request(b->hw, &req);
	serve(b);
	assert_int_equal(b->prg_count, 2);
	assert_int_equal(b->prg.code, HW_PRG_INVALID);
	req.pasid++;
	b->hw->ops->page_request(b->hw, &req);
	serve(b);
	assert_int_equal(b->prg_count, 3);
	assert_int_equal(b->prg.code, HW_PRG_INVALID);
	/* Privileged. [M3] */
	req.pasid--;
	req.perm |= IOMMU_PERM_PRIV;
	b->hw->ops->page_request(b->hw, &req);
	serve(b);
	assert_int_equal(b->prg_count, 4);
	assert_int_equal(b->prg.code, HW_PRG_INVALID);
	/* A stop marker is not answered. [R4] */
	req.perm = 0;
	b->hw->ops->page_request(b->hw, &req);
	serve(b);
	assert_int_equal(b->prg_count, 4);
	/* Unbinding drains what no interrupt told of. [R1] [M4] */
	req.perm = IOMMU_PERM_READ;
	b->hw->ops->page_request(b->hw, &req);
	iommu_sva_unbind(sva);
	assert_int_equal(b->prg_count, 5);
	vtd_stats(b->unit, &stats);
	assert_int_equal(stats.page_responses, 4);
	assert_int_equal(stats.prq_overflows, 0);

	iommu_mm_put_users(&m.mm);
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	vbench_unmake(b);
}

/* [R15] [R2] More than the queue holds: one answer each, whoever gives it. */
static void test_vtd_page_request_queue_overflows(void **state)
{
	enum { COUNT = 1000 };
	struct vbench *b = vbench_make(HW_STRICT, 0);
	struct hw_page_request req = {
		.requester = VBENCH_SID,
		.pasid_valid = true,
		.addr = 0x7654321000,
		.perm = IOMMU_PERM_READ,
		.last = true,
	};
	struct iommu_sva *sva;
	struct vtd_stats stats;
	struct vbench_space m;
	unsigned int i;

	(void)state;
	assert_int_equal(vbench_probe(b, 200), 0);
	vbench_add_device(b);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	vbench_make_space(b, &m, 4);
	assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &sva), 0);
	req.pasid = iommu_sva_get_pasid(sva);
	for (i = 0; i < COUNT; i++) {
		req.prgi = (uint16_t)(i % 512);
		b->hw->ops->page_request(b->hw, &req);
	}
	serve(b);
	assert_int_equal(b->prg_count, COUNT);
	vtd_stats(b->unit, &stats);
	assert_int_equal(stats.prq_overflows, 1);
	assert_true(stats.page_responses < COUNT);
	/* And it goes on. */
	b->hw->ops->page_request(b->hw, &req);
	serve(b);
	assert_int_equal(b->prg_count, COUNT + 1);
	assert_int_equal(b->prg.code, HW_PRG_SUCCESS);
	iommu_sva_unbind(sva);
	iommu_mm_put_users(&m.mm);
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	vbench_unmake(b);
}

/*
 * [R9] [L10]: the queue is dead and the TLB full of what has been unmapped.
 * When the notifier returns, no device gets there, with ATS or without.
 */
static void test_vtd_dead_queue_lets_nothing_through(void **state)
{
	struct vbench *b = vbench_make(HW_STRICT, 0);
	struct iommu_domain *d1, *d2, *d3;
	struct vbench_space m1, m2;

	(void)state;
	assert_int_equal(vbench_probe(b, 5), 0);
	vbench_add_device(b);
	vbench_make_space(b, &m1, 4);
	vbench_make_space(b, &m2, 4);
	vbench_map(&m1, 0x10000, 0x111000);
	vbench_map(&m2, 0x10000, 0x222000);
	assert_int_equal(vbench_attach(b, &m1, 7, &d1), 0);
	assert_int_equal(vbench_attach(b, &m2, 8, &d2), 0);
	assert_int_equal(vbench_dma(b, 7, 0x10000), 0x111000);
	assert_int_equal(vbench_dma(b, 8, 0x10000), 0x222000);
	assert_int_equal(vbench_ats(b, 7, 0x10000), 0x111000);

	b->deaf = true;
	/* The control: the model has it all cached. */
	x86_64_clear(&m1.table, 0x10000, 0x11000, NULL);
	assert_int_equal(vbench_dma(b, 7, 0x10000), 0x111000);
	iommu_mm_invalidate_range(&m1.mm, 0x10000, 0x11000);
	assert_int_equal(vbench_dma(b, 7, 0x10000), 0);
	assert_int_equal(vbench_ats(b, 7, 0x10000), 0);
	/* Nobody else either: it cannot be told what they may still use. */
	assert_int_equal(vbench_dma(b, 8, 0x10000), 0);
	assert_int_equal(vbench_attach(b, &m1, 9, &d3), -ETIMEDOUT);

	b->deaf = false;
	assert_int_equal(vbench_dma(b, 8, 0x10000), 0);
	vbench_detach(b, d2, 8);
	iommu_mm_put_users(&m2.mm);
	vbench_detach(b, d1, 7);
	iommu_mm_put_users(&m1.mm);
	vbench_unmake(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_strict_caches_never_show_stale_state),
		cmocka_unit_test(test_vtd_any_dropped_invalidation_is_noticed),
		cmocka_unit_test(test_vtd_each_invalidation_has_its_use),
		cmocka_unit_test(test_vtd_exit_is_quiet_until_detach),
		cmocka_unit_test(test_vtd_page_request_is_answered),
		cmocka_unit_test(test_vtd_page_request_queue_overflows),
		cmocka_unit_test(test_vtd_dead_queue_lets_nothing_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
