/* SPDX-License-Identifier: MIT */
/*
 * The driver on the model, whose caches forget nothing by themselves, with a
 * device that has a translation cache of its own.
 *
 * run_scenario() is also run with one kind of command taken out of the queue
 * at a time: it has to notice each of them.
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
#include <sva/sva.h>

#include "tests/drivers/smmuv3_model_bench.h"

/*
 * Each line is something that goes wrong if an invalidation, or the wait for
 * it, is missing. Returns the number of the first one that did; 0: none.
 */
#define EXPECT(cond)                                                           \
	do {                                                                   \
		if (!(cond) && !bad)                                           \
			bad = __LINE__;                                        \
	} while (0)

#define PAGE(n) ((uint64_t)(n) << g)

static int run_scenario(const struct shape *shape, unsigned int drop_op,
			unsigned int command_batch)
{
	struct bench *b = mb_make_shape(shape, HW_STRICT, command_batch);
	const unsigned int g = shape->granule_lg2;
	struct iommu_domain *d1 = NULL, *d2 = NULL;
	struct fake_mm m1, m2;
	int bad = 0;

	assert_int_equal(mb_probe(b), 0);
	b->drop_op = drop_op;
	b->slow_atc = true;
	mb_make_mm(b, &m1);
	mb_make_mm(b, &m2);
	mb_map(&m1, PAGE(16), PAGE(0x111));
	mb_map(&m1, PAGE(17), PAGE(0x112));
	mb_map(&m1, PAGE(2048), PAGE(0x113));
	mb_map(&m2, PAGE(16), PAGE(0x222));

	/* The invalid level-1 stream descriptor is cached now. */
	EXPECT(mb_dma(b, 7, PAGE(16)) == 0);
	b->dev = fake_pci_device(&b->f, SID);
	/* The STE, the invalid level-1 CD descriptor. */
	EXPECT(mb_dma(b, 7, PAGE(16)) == 0);
	assert_int_equal(mb_attach(b, &m1, 7, &d1), 0);
	EXPECT(mb_dma(b, 7, PAGE(16)) == PAGE(0x111));
	EXPECT(mb_dma(b, 7, PAGE(17) - 1) == PAGE(0x112) - 1);
	/* Its neighbour's invalid CD, in a leaf that is there. */
	EXPECT(mb_dma(b, 8, PAGE(16)) == 0);
	assert_int_equal(mb_attach(b, &m2, 8, &d2), 0);
	EXPECT(mb_dma(b, 8, PAGE(16)) == PAGE(0x222));

	/* One page: only it goes, from TLB and ATC. */
	EXPECT(mb_dma(b, 7, PAGE(17)) == PAGE(0x112));
	EXPECT(mb_ats(b, 7, PAGE(16)) == PAGE(0x111));
	EXPECT(mb_ats(b, 7, PAGE(17)) == PAGE(0x112));
	EXPECT(mb_ats(b, 8, PAGE(16)) == PAGE(0x222));
	mb_unmap(&m1, PAGE(16), PAGE(17));
	EXPECT(mb_dma(b, 7, PAGE(16)) == 0);
	EXPECT(mb_dma(b, 7, PAGE(17)) == PAGE(0x112));
	EXPECT(!mb_atc_has(b, 7, PAGE(16)));
	EXPECT(mb_atc_has(b, 7, PAGE(17)) && mb_atc_has(b, 8, PAGE(16)));

	/* Everything: by ASID. */
	EXPECT(mb_dma(b, 7, PAGE(2048)) == PAGE(0x113));
	mb_unmap(&m1, 0, UINT64_MAX);
	EXPECT(mb_dma(b, 7, PAGE(2048)) == 0);
	EXPECT(mb_dma(b, 7, PAGE(17)) == 0);
	EXPECT(!mb_atc_has(b, 7, PAGE(17)));
	EXPECT(mb_dma(b, 8, PAGE(16)) == PAGE(0x222));

	/* The same PASID, another address space. */
	mb_map(&m1, PAGE(16), PAGE(0x111));
	EXPECT(mb_dma(b, 7, PAGE(16)) == PAGE(0x111));
	EXPECT(mb_ats(b, 7, PAGE(16)) == PAGE(0x111));
	mb_detach(b, d1, 7);
	EXPECT(mb_dma(b, 7, PAGE(16)) == 0);
	EXPECT(!mb_atc_has(b, 7, PAGE(16)));
	assert_int_equal(mb_attach(b, &m2, 7, &d1), 0);
	EXPECT(mb_dma(b, 7, PAGE(16)) == PAGE(0x222));
	mb_detach(b, d1, 7);
	mb_detach(b, d2, 8);
	EXPECT(mb_dma(b, 8, PAGE(16)) == 0);

	iommu_mm_put_users(&m1.mm);
	iommu_mm_put_users(&m2.mm);
	mb_unmake(b);
	return bad;
}

/*
 * Three that differ from the default and from each other in all that a driver
 * has to follow.
 */
static const struct shape shapes[] = {
	{ .name = "usual", .granule_lg2 = 12 },
	{
		/* 16K; no CD2L, no RIL; STALL_MODEL forced, 4 at most */
		.name = "16K",
		.granule_lg2 = 14,
		.set = { 2u << 24, 0, 0, 0, 0, 1u << 5 | 4u << 16 },
		.clear = { 1u << 19 | 3u << 24, 0, 0, 1u << 10, 0, 1u << 4 },
	},
	{
		/* 64K, 52 bits of both; two levels and HTTU as the default */
		.name = "64K",
		.granule_lg2 = 16,
		.set = { 0, 0, 0, 0, 0, 1u << 6 | 6 | 1u << 10 },
		.clear = { 0, 0, 0, 0, 0, 1u << 4 | 7 },
	},
	{
		/* HYP and what it takes, for CPUs in VHE; 8-bit ASIDs */
		.name = "VHE",
		.granule_lg2 = 12,
		.set = { 1u << 9 | 1, 0, 0, 0, 0, 0 },
		.clear = { 1u << 12, 0, 0, 0, 0, 0 },
		.vhe = true,
	},
};

/* [R8] [R9] [R10] [K5] [K6] [K7] [K15] [K16] [L6] [L9] */
static void test_smmuv3_strict_caches_never_show_stale_state(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		assert_int_equal(run_scenario(&shapes[i], NO_DROP, 0), 0);
		assert_int_equal(run_scenario(&shapes[i], NO_DROP, 1), 0);
	}
}

/* The control of the test above: it sees each kind of command missing. */
static void test_smmuv3_any_dropped_invalidation_is_noticed(void **state)
{
	static const unsigned int ops[] = {
		SMMU_OP_CFGI_STE,     SMMU_OP_CFGI_CD, SMMU_OP_TLBI_NH_VA,
		SMMU_OP_TLBI_NH_ASID, SMMU_OP_ATC_INV, SMMU_OP_SYNC,
	};
	static const unsigned int vhe_ops[] = {
		SMMU_OP_TLBI_EL2_VA,
		SMMU_OP_TLBI_EL2_ASID,
	};
	size_t i, j;

	(void)state;
	for (j = 0; j < sizeof(shapes) / sizeof(shapes[0]); j++) {
		for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
			bool tlbi = ops[i] == SMMU_OP_TLBI_NH_VA ||
				    ops[i] == SMMU_OP_TLBI_NH_ASID;
			unsigned int op =
				tlbi && shapes[j].vhe ? vhe_ops[i - 2] : ops[i];
			int bad = run_scenario(&shapes[j], op, 0);

			print_message("%s without command %#x: line %d\n",
				      shapes[j].name, op, bad);
			assert_int_not_equal(bad, 0);
		}
	}
}

/* [R6] [B8]: after the exit, DMA aborts without a word. */
static void test_smmuv3_exit_is_quiet_until_detach(void **state)
{
	struct bench *b = mb_make(HW_STRICT, 0);
	struct iommu_hw_stats before, after;
	struct iommu_domain *d;
	struct fake_mm m;

	(void)state;
	assert_int_equal(mb_probe(b), 0);
	b->dev = fake_pci_device(&b->f, SID);
	fake_mm_init(&m, &b->f);
	mb_map(&m, 0x10000, 0x111000);
	assert_int_equal(mb_attach(b, &m, 7, &d), 0);
	assert_int_equal(mb_dma(b, 7, 0x10000), 0x111000);
	assert_int_equal(mb_ats(b, 7, 0x10000), 0x111000);
	b->watch_pa = m.desc.root;
	/* Where the walk cache knows no table. */
	assert_int_equal(mb_dma(b, 7, UINT64_C(1) << 40), 0);
	assert_int_equal(b->watch_loads, 1);

	iommu_mm_put_users(&m.mm);
	assert_true(m.exited);
	b->watch_loads = 0;
	assert_false(mb_atc_has(b, 7, 0x10000));
	b->hw->ops->stats(b->hw, &before);
	assert_int_equal(mb_dma(b, 7, 0x10000), 0);
	assert_int_equal(mb_ats(b, 7, 0x10000), 0);
	b->hw->ops->stats(b->hw, &after);
	assert_int_equal(after.events, before.events);
	assert_int_equal(b->watch_loads, 0);

	mb_detach(b, d, 7);
	assert_true(m.freed);
	/* After it, whoever still comes is reported. */
	assert_int_equal(mb_dma(b, 7, 0x10000), 0);
	b->hw->ops->stats(b->hw, &after);
	assert_int_equal(after.events, before.events + 1);
	mb_unmake(b);
}

/* Bind, fault, answer, retry: through core, with the real codes. [J] [R2] */
static void test_smmuv3_page_request_is_answered(void **state)
{
	struct bench *b = mb_make(HW_STRICT, 0);
	struct hw_page_request req = {
		.requester = SID,
		.pasid_valid = true,
		.addr = 0x7654321000,
		.perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE,
		.prgi = 0x1ab,
		.last = true,
	};
	struct iommu_device_caps caps;
	struct iommu_sva *sva;
	struct fake_mm m;

	(void)state;
	assert_int_equal(mb_probe(b), 0);
	b->dev = fake_pci_device(&b->f, SID);
	iommu_device_caps(b->dev, &caps);
	assert_true(caps.ats && caps.pri && caps.sva && !caps.stall);
	assert_int_equal(caps.pasid_bits, 20);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	fake_mm_init(&m, &b->f);
	assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &sva), 0);
	req.pasid = iommu_sva_get_pasid(sva);
	assert_int_equal(mb_ats(b, req.pasid, req.addr), 0);

	b->hw->ops->page_request(b->hw, &req);
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
	assert_int_equal(b->prg_count, 1);
	assert_int_equal(b->prg.code, HW_PRG_SUCCESS);
	assert_int_equal(b->prg.prgi, 0x1ab);
	assert_int_equal(b->prg.requester, SID);
	assert_true(b->prg.pasid_valid); /* the function wants it */
	assert_int_equal(b->prg.pasid, req.pasid);
	assert_int_equal(m.faults, 1);
	assert_int_equal(mb_ats(b, req.pasid, req.addr), req.addr);

	/* A bad address, and a PASID of nobody. */
	m.fault_err = -EFAULT;
	req.addr += 4096;
	b->hw->ops->page_request(b->hw, &req);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
	assert_int_equal(b->prg.code, HW_PRG_INVALID);
	req.pasid++;
	b->hw->ops->page_request(b->hw, &req);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
	assert_int_equal(b->prg_count, 3);
	assert_int_equal(b->prg.code, HW_PRG_INVALID);
	/* A stop marker is not answered. [R4] */
	req.perm = 0;
	b->hw->ops->page_request(b->hw, &req);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
	assert_int_equal(b->prg_count, 3);
	/* Unbinding drains what no interrupt told of. [R1] */
	req.perm = IOMMU_PERM_READ;
	req.pasid--;
	b->hw->ops->page_request(b->hw, &req);
	iommu_sva_unbind(sva);
	assert_int_equal(b->prg_count, 4);

	iommu_mm_put_users(&m.mm);
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	mb_unmake(b);
}

/* A device that waits for its transactions, and is not PCIe. */
static void add_platform_device(struct bench *b)
{
	const uint32_t sid = SID;
	struct iommu_device_desc desc = {
		.name = "fake0",
		.unit = b->f.unit,
		.stream_ids = &sid,
		.stream_id_count = 1,
		.pasid_bits = 10,
		.can_stall = true,
	};

	assert_int_equal(iommu_device_add(b->f.sys, &desc, &b->dev), 0);
}

static int stalling_read(struct bench *b, ioasid_t pasid, uint64_t va,
			 uint64_t cookie, struct hw_xlat *ret_xlat)
{
	struct hw_txn txn = {
		.requester = SID,
		.flags = HW_TXN_PASID_VALID,
		.pasid = pasid,
		.perm = IOMMU_PERM_READ,
		.addr = va,
		.cookie = cookie,
	};
	int err = b->hw->ops->translate(b->hw, &b->port, &txn, ret_xlat);

	if (!err)
		hw_port_done(&b->port);
	return err;
}

/* The interrupt, the answer, and what the device hears. */
static void serve_stall(struct bench *b)
{
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
}

static void run_stalls(unsigned int stall_model)
{
	const struct shape stalls = {
		.granule_lg2 = 12,
		.set = { stall_model << 24, 0, 0, 0, 0, 4u << 16 },
		.clear = { 3u << 24, 0, 0, 0, 0, 0 },
	};
	struct bench *b = mb_make_shape(&stalls, HW_STRICT, 0);
	struct iommu_hw_stats stats;
	struct iommu_device_caps caps;
	struct hw_xlat xlat;
	struct iommu_sva *sva;
	struct fake_mm m;
	ioasid_t pasid;

	assert_int_equal(mb_probe(b), 0);
	add_platform_device(b);
	iommu_device_caps(b->dev, &caps);
	assert_true(caps.stall && caps.sva && !caps.ats && !caps.pri);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	fake_mm_init(&m, &b->f);
	assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);

	/* Faulted in, retried. */
	assert_int_equal(stalling_read(b, pasid, 0x7654321008, 41, &xlat),
			 -EINPROGRESS);
	assert_int_equal(b->resume_count, 0);
	serve_stall(b);
	assert_int_equal(b->resume_count, 1);
	assert_int_equal(b->resumed, 41);
	assert_true(b->retried);
	assert_int_equal(m.faults, 1);
	assert_int_equal(stalling_read(b, pasid, 0x7654321008, 42, &xlat), 0);
	assert_int_equal(xlat.pa, 0x7654321008);

	/* A bad address aborts. */
	m.fault_err = -EFAULT;
	assert_int_equal(stalling_read(b, pasid, 0x7654400000, 43, &xlat),
			 -EINPROGRESS);
	serve_stall(b);
	assert_int_equal(b->resume_count, 2);
	assert_int_equal(b->resumed, 43);
	assert_false(b->retried);

	/* Unbinding answers what no interrupt told of. [R1] */
	assert_int_equal(stalling_read(b, pasid, 0x7654500000, 44, &xlat),
			 -EINPROGRESS);
	iommu_sva_unbind(sva);
	assert_int_equal(b->resume_count, 3);
	assert_int_equal(b->resumed, 44);

	b->hw->ops->stats(b->hw, &stats);
	assert_int_equal(stats.stalls, 3);
	assert_int_equal(stats.resumes, stats.stalls);
	assert_int_equal(stats.events_lost, 0);
	iommu_mm_put_users(&m.mm);
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	mb_unmake(b);
}

/* [L2] [K7] [R2] [U7]: fault, page in, resume, retry: all real. */
static void test_smmuv3_stalled_transactions_are_resumed(void **state)
{
	(void)state;
	run_stalls(0);
	run_stalls(2);
}

static void test_smmuv3_identity_and_blocked_without_pasid(void **state)
{
	struct bench *b = mb_make(HW_STRICT, 0);
	struct iommu_domain *identity, *blocked;

	(void)state;
	assert_int_equal(mb_probe(b), 0);
	b->dev = fake_pci_device(&b->f, SID);
	assert_int_equal(mb_dma(b, 0, 0x5000), 0);
	assert_int_equal(iommu_domain_alloc(b->f.unit, IOMMU_DOMAIN_IDENTITY,
					    &identity),
			 0);
	assert_int_equal(iommu_domain_alloc(b->f.unit, IOMMU_DOMAIN_BLOCKED,
					    &blocked),
			 0);
	assert_int_equal(iommu_attach_device(identity, b->dev), 0);
	assert_int_equal(mb_dma(b, 0, 0x5000), 0x5000);
	assert_int_equal(iommu_attach_device(blocked, b->dev), 0);
	assert_int_equal(mb_dma(b, 0, 0x5000), 0);
	assert_int_equal(iommu_attach_device(identity, b->dev), 0);
	assert_int_equal(mb_dma(b, 0, 0x5000), 0x5000);
	assert_int_equal(iommu_detach_device(identity, b->dev), 0);
	assert_int_equal(mb_dma(b, 0, 0x5000), 0);
	assert_int_equal(iommu_domain_free(identity), 0);
	assert_int_equal(iommu_domain_free(blocked), 0);
	mb_unmake(b);
}

/*
 * [R9] [L10]: the queue is dead and the TLB full of what has been unmapped.
 * When the notifier returns, no device gets there, with ATS or without.
 */
static void test_smmuv3_dead_queue_lets_nothing_through(void **state)
{
	struct bench *b = mb_make(HW_STRICT, 0);
	struct smmuv3_desc desc = {
		.mmio = { &mb_mmio_ops, b, b->hw->mmio_size },
		.irq = { 1, 2, 3 },
		.timeout_ms = 5,
	};
	struct iommu_domain *d1, *d2, *d3;
	struct fake_mm m1, m2;

	(void)state;
	assert_int_equal(smmuv3_probe(b->f.sys, &desc, &b->f.unit), 0);
	b->dev = fake_pci_device(&b->f, SID);
	fake_mm_init(&m1, &b->f);
	fake_mm_init(&m2, &b->f);
	mb_map(&m1, 0x10000, 0x111000);
	mb_map(&m2, 0x10000, 0x222000);
	assert_int_equal(mb_attach(b, &m1, 7, &d1), 0);
	assert_int_equal(mb_attach(b, &m2, 8, &d2), 0);
	assert_int_equal(mb_dma(b, 7, 0x10000), 0x111000);
	assert_int_equal(mb_dma(b, 8, 0x10000), 0x222000);
	assert_int_equal(mb_ats(b, 7, 0x10000), 0x111000);

	b->deaf = true;
	/* The control: the model has it all cached. */
	arm_lpae_clear(&m1.table, 0x10000, 0x11000, NULL);
	assert_int_equal(mb_dma(b, 7, 0x10000), 0x111000);
	iommu_mm_invalidate_range(&m1.mm, 0x10000, 0x11000);
	assert_int_equal(mb_dma(b, 7, 0x10000), 0);
	assert_int_equal(mb_ats(b, 7, 0x10000), 0);
	/* Nobody else either: it cannot be told what they may still use. */
	assert_int_equal(mb_dma(b, 8, 0x10000), 0);
	assert_int_equal(mb_attach(b, &m1, 9, &d3), -EIO);

	b->deaf = false;
	assert_int_equal(mb_dma(b, 8, 0x10000), 0);
	mb_detach(b, d2, 8);
	iommu_mm_put_users(&m2.mm);
	mb_detach(b, d1, 7);
	iommu_mm_put_users(&m1.mm);
	mb_unmake(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_smmuv3_strict_caches_never_show_stale_state),
		cmocka_unit_test(
			test_smmuv3_any_dropped_invalidation_is_noticed),
		cmocka_unit_test(test_smmuv3_exit_is_quiet_until_detach),
		cmocka_unit_test(test_smmuv3_page_request_is_answered),
		cmocka_unit_test(test_smmuv3_stalled_transactions_are_resumed),
		cmocka_unit_test(
			test_smmuv3_identity_and_blocked_without_pasid),
		cmocka_unit_test(test_smmuv3_dead_queue_lets_nothing_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
