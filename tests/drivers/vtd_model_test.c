/* SPDX-License-Identifier: MIT */
/*
 * The driver on the model, whose caches forget nothing by themselves, with a
 * device that has a translation cache of its own and takes its time.
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
#include "tests/drivers/vtd_scene.h"

#define PAGE(n) ((uint64_t)(n) << 12)

/* [R8] [R9] [R10] [M1] [M2] [K16] [L9] */
static void test_vtd_strict_caches_never_show_stale_state(void **state)
{
	unsigned int levels;

	(void)state;
	for (levels = 4; levels <= 5; levels++) {
		struct vscene none = { .drop = NULL };

		assert_int_equal(vscene_run(&none, levels, 0), 0);
		assert_int_equal(vscene_run(&none, levels, 1), 0);
	}
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
		cmocka_unit_test(test_vtd_exit_is_quiet_until_detach),
		cmocka_unit_test(test_vtd_page_request_is_answered),
		cmocka_unit_test(test_vtd_page_request_queue_overflows),
		cmocka_unit_test(test_vtd_dead_queue_lets_nothing_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
