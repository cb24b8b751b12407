/* SPDX-License-Identifier: MIT */
/*
 * Guests, on the model, whose caches forget nothing by themselves: what two
 * stages make of an address, and who has to invalidate what. Each command that
 * is left out is noticed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva/fault.h>
#include <sva/guest.h>

#include "tests/drivers/smmuv3_model_bench.h"

#define K4 UINT64_C(0x1000)
#define RW ((unsigned int)IOMMU_PERM_READ | IOMMU_PERM_WRITE)

/* S2P and VMID16, beside the default; and without ranges, and VMIDs of 8 bits */
static const struct shape shapes[] = {
	{ .name = "ranges", .granule_lg2 = 12, .set = { 1u | 1u << 18 } },
	{
		.name = "no ranges",
		.granule_lg2 = 12,
		.set = { 1u },
		.clear = { 0, 0, 0, 1u << 10 },
	},
	{
		.name = "VHE",
		.granule_lg2 = 12,
		.set = { 1u | 1u << 9 | 1u << 18 },
		.vhe = true,
	},
};

enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

/* Guest-physical pages, and where they are. */
enum { CDS = 4, ROOT = 5, GUEST_PAGES = 16 };

struct guest {
	struct bench *b;
	struct iommu_domain *parent;
	uint64_t *page[GUEST_PAGES]; /* the host's, at gpa(i) */
};

static uint64_t gpa(unsigned int i)
{
	return UINT64_C(0x80000000) + i * K4;
}

static uint64_t pa(const struct guest *g, unsigned int i)
{
	return (uint64_t)(uintptr_t)g->page[i];
}

static void map(struct guest *g, unsigned int i, unsigned int perm)
{
	assert_int_equal(iommu_map(g->parent, gpa(i), pa(g, i), K4, perm), 0);
}

static void start(struct guest *g, struct bench *b)
{
	unsigned int i;

	memset(g, 0, sizeof(*g));
	g->b = b;
	assert_int_equal(iommu_domain_alloc_parent(b->f.unit, &g->parent), 0);
	for (i = 0; i < GUEST_PAGES; i++) {
		g->page[i] = aligned_alloc(K4, K4);
		assert_non_null(g->page[i]);
		memset(g->page[i], 0, K4);
		map(g, i, RW);
	}
}

static void stop(struct guest *g)
{
	unsigned int i;

	assert_int_equal(iommu_domain_free(g->parent), 0);
	for (i = 0; i < GUEST_PAGES; i++)
		free(g->page[i]);
}

/*
 * The guest's own hands, with numbers from 5.4 and DDI 0487: a CD with a table
 * of 25 bits, that begins at level 2 and has 16 entries.
 */
static void write_cd(struct guest *g, unsigned int ssid, unsigned int asid,
		     unsigned int root)
{
	uint64_t *cd = &g->page[CDS][8 * ssid];

	/* T0SZ 39, EPD1, V, IPS 5, AA64, R, A, ASET, ASID */
	cd[0] = 39 | 1u << 30 | UINT64_C(1) << 31 | UINT64_C(5) << 32 |
		UINT64_C(1) << 41 | UINT64_C(1) << 45 | UINT64_C(1) << 46 |
		UINT64_C(1) << 47 | (uint64_t)asid << 48;
	cd[1] = gpa(root);
	cd[3] = 0xff;
}

static void write_pte(struct guest *g, unsigned int page, unsigned int index,
		      uint64_t value)
{
	g->page[page][index] = value;
}

static uint64_t table(unsigned int page)
{
	return gpa(page) | 3;
}

/* Page, AF, nG, for users. */
static uint64_t leaf(unsigned int page)
{
	return gpa(page) | 3 | 1u << 10 | 1u << 11 | 1u << 6;
}

static void bind(struct guest *g)
{
	struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_SMMUV3,
		.base = gpa(CDS),
		.pasid_bits = 4,
		.config = IOMMU_PASID_CONFIG_TRANSLATE,
	};

	assert_int_equal(iommu_attach_pasid_table(g->parent, &cfg), 0);
}

static void unbind(struct guest *g)
{
	assert_int_equal(iommu_unbind_pasid_table(g->parent, g->b->dev), 0);
}

static void invalidate(struct guest *g, unsigned int cache, int pasid, int asid,
		       int64_t va)
{
	struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)cache,
		.granularity = va >= 0               ? IOMMU_INV_GRANU_ADDR :
			       pasid < 0 && asid < 0 ? IOMMU_INV_GRANU_DOMAIN :
						       IOMMU_INV_GRANU_PASID,
	};

	if (va >= 0) {
		info.granu.addr.flags = (pasid >= 0 ? 1u : 0) |
					(asid >= 0 ? 2u : 0);
		info.granu.addr.pasid = pasid < 0 ? 0 : (uint64_t)pasid;
		info.granu.addr.archid = asid < 0 ? 0 : (uint32_t)asid;
		info.granu.addr.addr = (uint64_t)va;
		info.granu.addr.granule_size = K4;
		info.granu.addr.nb_granules = 1;
	} else {
		info.granu.pasid.flags = (pasid >= 0 ? 1u : 0) |
					 (asid >= 0 ? 2u : 0);
		info.granu.pasid.pasid = pasid < 0 ? 0 : (uint64_t)pasid;
		info.granu.pasid.archid = asid < 0 ? 0 : (uint32_t)asid;
	}
	assert_int_equal(iommu_cache_invalidate(g->parent, g->b->dev, &info),
			 0);
}

enum { TLB = 1, ATC = 2, CD = 4 };

/*
 * Each line is something that goes wrong if an invalidation, or the wait for
 * it, is missing. Returns the number of the first one that did; 0: none.
 */
#define EXPECT(cond)                                                           \
	do {                                                                   \
		if (!(cond) && !bad)                                           \
			bad = __LINE__;                                        \
	} while (0)

/*
 * @lazy: the guest invalidates nothing. [G1] [G2] [H1] [H2] [R9]
 */
static int run_scenario(const struct shape *shape, unsigned int drop_op,
			unsigned int command_batch, bool lazy)
{
	struct bench *b = mb_make_shape(shape, HW_STRICT, command_batch);
	struct guest g;
	int bad = 0;

	assert_int_equal(mb_probe(b), 0);
	b->dev = fake_pci_device(&b->f, SID);
	b->drop_op = drop_op;
	b->slow_atc = true;
	start(&g, b);

	/* A parent alone: guest-physical addresses, no PASIDs. */
	EXPECT(mb_dma(b, 0, gpa(8)) == 0);
	assert_int_equal(iommu_attach_device(g.parent, b->dev), 0);
	EXPECT(mb_dma(b, 0, gpa(8) + 5) == pa(&g, 8) + 5);
	EXPECT(mb_dma(b, 3, gpa(8)) == 0);
	EXPECT(mb_dma(b, 0, gpa(GUEST_PAGES)) == 0);

	/* Two of the guest's processes, and what has no PASID. */
	write_cd(&g, 0, 1, ROOT);
	write_cd(&g, 3, 2, ROOT + 1);
	write_pte(&g, ROOT, 1, table(7));
	write_pte(&g, 7, 2, leaf(8));
	write_pte(&g, ROOT + 1, 1, table(9));
	write_pte(&g, 9, 2, leaf(10));
	write_pte(&g, 9, 3, leaf(11));
	bind(&g);
	EXPECT(mb_dma(b, 0, 0x202000) == pa(&g, 8));
	EXPECT(mb_dma(b, 3, 0x202007) == pa(&g, 10) + 7);
	EXPECT(mb_dma(b, 3, 0x203000) == pa(&g, 11));
	EXPECT(mb_ats(b, 3, 0x202000) == pa(&g, 10));
	EXPECT(mb_ats(b, 3, 0x203000) == pa(&g, 11));
	/* No such CD; no such page. */
	EXPECT(mb_dma(b, 2, 0x202000) == 0);
	EXPECT(mb_dma(b, 3, 0x204000) == 0);
	EXPECT(mb_dma(b, 0, gpa(8)) == 0);

	/* One page by its address: only it goes. */
	write_pte(&g, 9, 2, leaf(12));
	if (!lazy)
		invalidate(&g, TLB | ATC, 3, 2, 0x202000);
	EXPECT(mb_dma(b, 3, 0x202000) == pa(&g, 12));
	EXPECT(!mb_atc_has(b, 3, 0x202000) && mb_atc_has(b, 3, 0x203000));

	/* All of an ASID. */
	write_pte(&g, 9, 3, leaf(13));
	if (!lazy)
		invalidate(&g, TLB | ATC, 3, 2, -1);
	EXPECT(mb_dma(b, 3, 0x203000) == pa(&g, 13));
	EXPECT(!mb_atc_has(b, 3, 0x203000));

	/* A CD that comes, and one that leads elsewhere. */
	write_cd(&g, 2, 3, ROOT);
	if (!lazy)
		invalidate(&g, CD, 2, -1, -1);
	EXPECT(mb_dma(b, 2, 0x202000) == pa(&g, 8));
	write_cd(&g, 3, 2, ROOT);
	if (!lazy)
		invalidate(&g, CD | TLB, -1, -1, -1);
	EXPECT(mb_dma(b, 3, 0x202000) == pa(&g, 8));

	/* The host takes a page: from what is of both stages, and from ATCs. */
	EXPECT(mb_ats(b, 3, 0x202000) == pa(&g, 8));
	assert_int_equal(iommu_unmap(g.parent, gpa(8), K4, NULL), 0);
	EXPECT(mb_dma(b, 3, 0x202000) == 0);
	EXPECT(mb_dma(b, 0, 0x202000) == 0);
	EXPECT(!mb_atc_has(b, 3, 0x202000));
	assert_int_equal(iommu_map(g.parent, gpa(8), pa(&g, 14), K4, RW), 0);
	EXPECT(mb_dma(b, 3, 0x202000) == pa(&g, 14));
	/* And one that a table is in. */
	assert_int_equal(iommu_unmap(g.parent, gpa(7), K4, NULL), 0);
	EXPECT(mb_dma(b, 3, 0x202000) == 0);
	map(&g, 7, RW);
	EXPECT(mb_dma(b, 3, 0x202000) == pa(&g, 14));

	/* [G2]: the parent again, and nothing of the guest's tables. */
	EXPECT(mb_ats(b, 3, 0x202000) == pa(&g, 14));
	unbind(&g);
	EXPECT(mb_dma(b, 0, gpa(10)) == pa(&g, 10));
	EXPECT(mb_dma(b, 0, 0x202000) == 0);
	EXPECT(mb_dma(b, 3, 0x202000) == 0);
	EXPECT(!mb_atc_has(b, 3, 0x202000));
	/* Changed without a word, while nobody looked. */
	write_pte(&g, 7, 2, leaf(15));
	bind(&g);
	EXPECT(mb_dma(b, 3, 0x202000) == pa(&g, 15));
	unbind(&g);
	assert_int_equal(iommu_detach_device(g.parent, b->dev), 0);
	EXPECT(mb_dma(b, 0, gpa(10)) == 0);
	stop(&g);
	mb_unmake(b);
	return bad;
}

/* [G1] [G2] [H1] [H2] [U15]: on each SMMU, commands at once, one by one. */
static void test_smmuv3_nested_walks_and_invalidations(void **state)
{
	unsigned int i, batch;

	(void)state;
	for (i = 0; i < SHAPES; i++)
		for (batch = 0; batch < 2; batch++)
			if (run_scenario(&shapes[i], NO_DROP, batch, false))
				fail_msg("%s, batch %u: line %d",
					 shapes[i].name, batch,
					 run_scenario(&shapes[i], NO_DROP,
						      batch, false));
}

/* What is left out is noticed: by the guest, and by the driver. */
static void test_smmuv3_nested_missing_invalidation_is_noticed(void **state)
{
	static const uint8_t ops[] = {
		SMMU_OP_CFGI_STE,     SMMU_OP_CFGI_CD,
		SMMU_OP_CFGI_CD_ALL,  SMMU_OP_TLBI_NH_ALL,
		SMMU_OP_TLBI_NH_ASID, SMMU_OP_TLBI_NH_VA,
		SMMU_OP_TLBI_S2_IPA,  SMMU_OP_TLBI_S12_VMALL,
		SMMU_OP_ATC_INV,
	};
	unsigned int i;

	(void)state;
	assert_int_not_equal(run_scenario(&shapes[0], NO_DROP, 0, true), 0);
	for (i = 0; i < sizeof(ops); i++)
		if (!run_scenario(&shapes[0], ops[i], 0, false))
			fail_msg("command %#x is not missed", ops[i]);
}

/* [R13]: the VMID of one who has gone is another's, and nothing is left. */
static void test_smmuv3_nested_vmid_is_used_again(void **state)
{
	struct bench *b = mb_make_shape(&shapes[1], HW_STRICT, 0);
	struct guest first, second;

	(void)state;
	assert_int_equal(mb_probe(b), 0);
	b->dev = fake_pci_device(&b->f, SID);
	start(&first, b);
	assert_int_equal(iommu_attach_device(first.parent, b->dev), 0);
	write_cd(&first, 3, 2, ROOT);
	write_pte(&first, ROOT, 1, table(7));
	write_pte(&first, 7, 2, leaf(8));
	bind(&first);
	assert_int_equal(mb_dma(b, 3, 0x202000), pa(&first, 8));
	unbind(&first);
	assert_int_equal(mb_dma(b, 0, gpa(8)), pa(&first, 8));
	assert_int_equal(iommu_detach_device(first.parent, b->dev), 0);
	stop(&first);
	start(&second, b);
	assert_int_equal(iommu_attach_device(second.parent, b->dev), 0);
	assert_int_equal(mb_dma(b, 0, gpa(8)), pa(&second, 8));
	write_cd(&second, 3, 2, ROOT);
	bind(&second);
	assert_int_equal(mb_dma(b, 3, 0x202000), 0);
	unbind(&second);
	assert_int_equal(iommu_detach_device(second.parent, b->dev), 0);
	stop(&second);
	mb_unmake(b);
}

/* Another table in one step; a domain of the host's before and after. */
static void test_smmuv3_nested_replaces_and_is_replaced(void **state)
{
	struct bench *b = mb_make_shape(&shapes[0], HW_STRICT, 0);
	struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_SMMUV3,
		.base = gpa(10),
		.pasid_bits = 2,
		.config = IOMMU_PASID_CONFIG_TRANSLATE,
	};
	struct iommu_domain *host;
	struct guest g;

	(void)state;
	assert_int_equal(mb_probe(b), 0);
	b->dev = fake_pci_device(&b->f, SID);
	start(&g, b);
	assert_int_equal(
		iommu_domain_alloc(b->f.unit, IOMMU_DOMAIN_PAGING, &host), 0);
	assert_int_equal(iommu_map(host, 0x5000, 0x77000, K4, RW), 0);
	assert_int_equal(iommu_attach_device(host, b->dev), 0);
	assert_int_equal(mb_dma(b, 0, 0x5000), 0x77000);
	assert_int_equal(iommu_attach_device(g.parent, b->dev), 0);
	assert_int_equal(mb_dma(b, 0, 0x5000), 0);
	assert_int_equal(mb_dma(b, 0, gpa(3)), pa(&g, 3));

	write_cd(&g, 1, 2, ROOT);
	write_pte(&g, ROOT, 1, table(7));
	write_pte(&g, 7, 2, leaf(8));
	bind(&g);
	assert_int_equal(mb_dma(b, 1, 0x202000), pa(&g, 8));
	/* The same ASID by another CD: what is cached of it is not it. */
	memcpy(g.page[10], g.page[CDS], K4);
	g.page[10][8 + 1] = gpa(6);
	write_pte(&g, 6, 1, table(9));
	write_pte(&g, 9, 2, leaf(11));
	assert_int_equal(iommu_attach_pasid_table(g.parent, &cfg), 0);
	assert_int_equal(mb_dma(b, 1, 0x202000), pa(&g, 11));
	cfg.config = IOMMU_PASID_CONFIG_BYPASS;
	assert_int_equal(iommu_attach_pasid_table(g.parent, &cfg), 0);
	assert_int_equal(mb_dma(b, 1, 0x202000), 0);
	assert_int_equal(mb_dma(b, 0, gpa(3)), pa(&g, 3));
	cfg.config = IOMMU_PASID_CONFIG_ABORT;
	assert_int_equal(iommu_attach_pasid_table(g.parent, &cfg), 0);
	assert_int_equal(mb_dma(b, 0, gpa(3)), 0);
	unbind(&g);
	assert_int_equal(mb_dma(b, 0, gpa(3)), pa(&g, 3));

	assert_int_equal(iommu_attach_device(host, b->dev), 0);
	assert_int_equal(mb_dma(b, 0, gpa(3)), 0);
	assert_int_equal(mb_dma(b, 0, 0x5000), 0x77000);
	assert_int_equal(iommu_detach_device(host, b->dev), 0);
	assert_int_equal(iommu_domain_free(host), 0);
	stop(&g);
	mb_unmake(b);
}

static int keep_fault(const struct iommu_fault *fault, struct iommu_device *dev,
		      void *data)
{
	(void)dev;
	*(struct iommu_fault *)data = *fault;
	return 0;
}

/*
 * [I6] [G1]: what the guest has not mapped has its addresses; what the host has
 * not, the guest-physical one. A page request goes there and back.
 */
static void test_smmuv3_nested_faults_and_requests(void **state)
{
	struct bench *b = mb_make_shape(&shapes[0], HW_STRICT, 0);
	struct hw_page_request req = {
		.requester = SID,
		.pasid_valid = true,
		.pasid = 3,
		.addr = 0x205000,
		.perm = IOMMU_PERM_READ,
		.prgi = 17,
		.last = true,
	};
	struct iommu_page_response resp = { .version = 1 };
	struct iommu_fault f;
	struct guest g;

	(void)state;
	assert_int_equal(mb_probe(b), 0);
	b->dev = fake_pci_device(&b->f, SID);
	start(&g, b);
	assert_int_equal(
		iommu_register_device_fault_handler(b->dev, keep_fault, &f), 0);
	assert_int_equal(iommu_attach_device(g.parent, b->dev), 0);
	write_cd(&g, 3, 2, ROOT);
	write_pte(&g, ROOT, 1, table(7));
	write_pte(&g, ROOT, 2, table(GUEST_PAGES + 3));
	write_pte(&g, 7, 2, leaf(GUEST_PAGES + 1));
	bind(&g);

	assert_int_equal(mb_dma(b, 3, 0x204567), 0);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(f.event.reason, IOMMU_FAULT_REASON_PTE_FETCH);
	assert_int_equal(f.event.flags, IOMMU_FAULT_UNRECOV_PASID_VALID |
						IOMMU_FAULT_UNRECOV_ADDR_VALID);
	assert_int_equal(f.event.addr, 0x204567);
	assert_int_equal(f.event.pasid, 3);

	assert_int_equal(mb_dma(b, 3, 0x202567), 0);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(f.event.reason, IOMMU_FAULT_REASON_PTE_FETCH);
	assert_true(f.event.flags & IOMMU_FAULT_UNRECOV_STAGE2);
	assert_int_equal(f.event.addr, 0x202567);
	assert_int_equal(f.event.fetch_addr, gpa(GUEST_PAGES + 1));

	assert_int_equal(mb_dma(b, 3, 0x402567), 0);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(f.event.reason, IOMMU_FAULT_REASON_WALK_EABT);
	assert_true(f.event.flags & IOMMU_FAULT_UNRECOV_STAGE2);
	assert_int_equal(f.event.fetch_addr, gpa(GUEST_PAGES + 3));

	b->hw->ops->page_request(b->hw, &req);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(f.type, IOMMU_FAULT_PAGE_REQ);
	assert_int_equal(f.prm.addr, 0x205000);
	assert_int_equal(f.prm.pasid, 3);
	assert_int_equal(b->prg_count, 0);
	write_pte(&g, 7, 5, leaf(8));
	resp.flags = IOMMU_PAGE_RESP_PASID_VALID | IOMMU_PAGE_RESP_COOKIE_VALID;
	resp.pasid = 3;
	resp.grpid = f.prm.grpid;
	resp.cookie = f.prm.cookie;
	assert_int_equal(iommu_page_response(b->dev, &resp), 0);
	assert_int_equal(b->prg_count, 1);
	assert_int_equal(b->prg.prgi, 17);
	assert_int_equal(b->prg.code, HW_PRG_SUCCESS);
	assert_int_equal(mb_dma(b, 3, 0x205000), pa(&g, 8));

	/* One that nobody answers is answered at the end. */
	b->hw->ops->page_request(b->hw, &req);
	testplat_irq_run(&b->f.tp);
	unbind(&g);
	assert_int_equal(b->prg_count, 2);
	assert_int_equal(b->prg.code, HW_PRG_INVALID);
	assert_int_equal(iommu_page_response(b->dev, &resp), -EINVAL);
	assert_int_equal(iommu_unregister_device_fault_handler(b->dev), 0);
	assert_int_equal(iommu_detach_device(g.parent, b->dev), 0);
	stop(&g);
	mb_unmake(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_nested_walks_and_invalidations),
		cmocka_unit_test(
			test_smmuv3_nested_missing_invalidation_is_noticed),
		cmocka_unit_test(test_smmuv3_nested_vmid_is_used_again),
		cmocka_unit_test(test_smmuv3_nested_replaces_and_is_replaced),
		cmocka_unit_test(test_smmuv3_nested_faults_and_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
