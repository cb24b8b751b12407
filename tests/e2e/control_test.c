/* SPDX-License-Identifier: MIT */
/*
 * One invalidation that does not reach the hardware makes a job see what is no
 * longer there: the negative control of every test that counts on strict
 * caches. The commands are taken out of the driver's queue on their way, by a
 * register window that looks into it when the queue's end is written.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "fmt/smmuv3.h"
#include "fmt/vtd.h"
#include "tests/e2e/fixture.h"

/* IHI 0070 6.3, VT-d 11.4; here once more: the test looks in from outside. */
#define CMDQ_BASE 0x90u
#define CMDQ_PROD 0x98u
#define CMDQ_ADDR UINT64_C(0x000fffffffffffe0)
#define IQT       0x88u
#define IQA       0x90u

/* The machine's accelerator. */
#define RID 0x0100u

enum drop {
	DROP_NOTHING,
	DROP_TLBI,
	DROP_ATC_INV,
	DROP_CONFIG, /* of what a PASID leads to */
};

/* @prod is of who writes the queue's end: one at a time, by the drivers. */
static struct {
	const struct iommu_hw_ops *real;
	struct iommu_hw_ops ops;
	_Atomic enum drop drop;
	_Atomic unsigned int dropped;
	uint64_t prod;
} tap;

/* Replaces the first words of a command. */
static void overwrite(uint64_t *cmd, uint64_t dw0)
{
	__atomic_store_n(&cmd[0], dw0, __ATOMIC_RELAXED);
	__atomic_store_n(&cmd[1], 0, __ATOMIC_RELAXED);
	atomic_fetch_add(&tap.dropped, 1);
}

static bool smmuv3_is_dropped(uint64_t dw0)
{
	unsigned int op = dw0 & 0xff;

	switch (atomic_load(&tap.drop)) {
	case DROP_NOTHING:
		return false;
	case DROP_TLBI:
		return op >= SMMU_OP_TLBI_NH_ALL && op < SMMU_OP_ATC_INV;
	case DROP_ATC_INV:
		return op == SMMU_OP_ATC_INV;
	case DROP_CONFIG:
		return op >= SMMU_OP_CFGI_STE && op <= SMMU_OP_CFGI_CD_ALL;
	}
	return false;
}

/* A CMD_SYNC that signals nobody takes the place of a command. */
static void smmuv3_drop(struct iommu_hw *hw, uint64_t prod)
{
	uint64_t base = tap.real->mmio_read(hw, CMDQ_BASE, 8);
	uint64_t *queue = (uint64_t *)(uintptr_t)(base & CMDQ_ADDR);
	uint64_t size = UINT64_C(1) << (base & 0x1f);
	uint64_t wrap = 2 * size - 1;

	for (; (tap.prod & wrap) != (prod & wrap); tap.prod++) {
		uint64_t *cmd = queue + 2 * (tap.prod & (size - 1));

		if (smmuv3_is_dropped(__atomic_load_n(cmd, __ATOMIC_RELAXED)))
			overwrite(cmd, SMMU_OP_SYNC);
	}
}

static bool vtd_is_dropped(uint64_t dw0)
{
	unsigned int type = (unsigned int)((dw0 & 0xf) | (dw0 >> 9 & 7) << 4);

	switch (atomic_load(&tap.drop)) {
	case DROP_NOTHING:
		return false;
	case DROP_TLBI:
		return type == VTD_INV_IOTLB || type == VTD_INV_PIOTLB;
	case DROP_ATC_INV:
		return type == VTD_INV_DEVTLB || type == VTD_INV_PDEVTLB;
	case DROP_CONFIG:
		return type == VTD_INV_PC;
	}
	return false;
}

/*
 * An invalidation of the context entry of a device that is none does. The
 * descriptors have 256 bits.
 */
static void vtd_drop(struct iommu_hw *hw, uint64_t tail)
{
	uint64_t iqa = tap.real->mmio_read(hw, IQA, 8);
	uint64_t *queue = (uint64_t *)(uintptr_t)(iqa & ~UINT64_C(4095));
	uint64_t size = UINT64_C(4096) << (iqa & 7);

	for (; tap.prod != tail; tap.prod = (tap.prod + 32) % size) {
		uint64_t *inv = queue + tap.prod / sizeof(*inv);

		if (vtd_is_dropped(__atomic_load_n(inv, __ATOMIC_RELAXED)))
			overwrite(inv,
				  VTD_INV_CC | 3 << 4 | UINT64_C(0xfffe) << 32);
	}
}

static uint64_t end_register(void)
{
	return fixture_iommu == SVA_IOMMU_VTD ? IQT : CMDQ_PROD;
}

static void tap_write(struct iommu_hw *hw, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	if (offset == end_register() && fixture_iommu == SVA_IOMMU_VTD)
		vtd_drop(hw, value);
	else if (offset == end_register())
		smmuv3_drop(hw, value);
	tap.real->mmio_write(hw, offset, size, value);
}

/* Before anything is bound: nobody uses the table meanwhile. */
static void tap_open(struct fixture *f)
{
	const struct sva_machine_cfg cfg = fixture_cfg(
		&(struct sva_machine_cfg){ .personality = HW_STRICT });
	struct dsa_wq_cfg wq_cfg = { .shared = true, .block_on_fault = true };
	struct iommu_hw *hw;

	assert_int_equal(sva_machine_create(&cfg, &f->machine), 0);
	f->populate = false;
	f->reset = false;
	hw = sva_machine_iommu_hw(f->machine);
	atomic_store(&tap.drop, DROP_NOTHING);
	atomic_store(&tap.dropped, 0);
	tap.real = hw->ops;
	tap.ops = *hw->ops;
	tap.ops.mmio_write = tap_write;
	tap.prod = hw->ops->mmio_read(hw, end_register(), 4);
	hw->ops = &tap.ops;
	assert_int_equal(iommu_sva_bind(sva_machine_device(f->machine),
					sva_machine_mm(f->machine), NULL,
					&f->sva),
			 0);
	assert_int_equal(
		dsa_wq_open(sva_machine_dsa(f->machine), &wq_cfg, &f->wq), 0);
}

static uint64_t run_fill(struct fixture *f, struct dsa_job *job, void *buf)
{
	uint64_t before = fixture_page_requests(f);
	struct dsa_result result;

	dsa_job_fill(job, f->sva, buf, 0, PAGE);
	assert_int_equal(fixture_run(f, job, &result), 0);
	assert_int_equal(result.status, 0);
	return fixture_page_requests(f) - before;
}

/*
 * How many page requests a job on a page needs after the page was given back:
 * with caches that know, one; with stale ones, none.
 */
static uint64_t requests_after_dontneed(enum drop drop)
{
	struct dsa_job *job = map_pages(1);
	void *buf = map_pages(1);
	struct fixture f = { 0 };
	struct dsa_result result;
	uint64_t requests;

	tap_open(&f);
	/* The job's own page is not what is counted. */
	dsa_job_noop(job, f.sva);
	assert_int_equal(fixture_run(&f, job, &result), 0);
	assert_int_equal(run_fill(&f, job, buf), 1);
	assert_int_equal(run_fill(&f, job, buf), 0);
	atomic_store(&tap.drop, drop);
	assert_int_equal(madvise(buf, PAGE, MADV_DONTNEED), 0);
	plat_hosted_submit_barrier(sva_machine_hosted(f.machine));
	if (drop != DROP_NOTHING)
		assert_true(atomic_load(&tap.dropped) > 0);
	atomic_store(&tap.drop, DROP_NOTHING);
	requests = run_fill(&f, job, buf);
	fixture_close(&f);
	unmap_pages(buf, 1);
	unmap_pages(job, 1);
	return requests;
}

/* Nothing is cached that nobody reports changes of. */
static void need_uffd(void)
{
	struct plat_hosted_features features;
	struct sva_machine *m;

	assert_int_equal(sva_machine_create(NULL, &m), 0);
	plat_hosted_features(sva_machine_hosted(m), &features);
	assert_int_equal(sva_machine_destroy(m), 0);
	if (!features.uffd)
		skip();
}

static void test_control_all_invalidations_job_faults_again(void **state)
{
	(void)state;
	need_uffd();
	assert_int_equal(requests_after_dontneed(DROP_NOTHING), 1);
}

static void test_control_tlbi_dropped_translation_is_stale(void **state)
{
	(void)state;
	need_uffd();
	assert_int_equal(requests_after_dontneed(DROP_TLBI), 0);
}

static void test_control_atc_inv_dropped_translation_is_stale(void **state)
{
	(void)state;
	need_uffd();
	assert_int_equal(requests_after_dontneed(DROP_ATC_INV), 0);
}

/*
 * A read of @va, without a translation of its own, of a device that goes on
 * with a PASID. The errno of it.
 */
static int late_read(struct fixture *f, ioasid_t pasid, const void *va)
{
	struct iommu_hw *hw = sva_machine_iommu_hw(f->machine);
	const struct hw_txn txn = {
		.requester = RID,
		.flags = HW_TXN_PASID_VALID,
		.pasid = pasid,
		.perm = IOMMU_PERM_READ,
		.addr = (uintptr_t)va,
	};
	struct hw_port port = { 0 };
	struct hw_xlat xlat;
	int err;

	hw->ops->port_add(hw, &port);
	err = hw->ops->translate(hw, &port, &txn, &xlat);
	if (!err)
		hw_port_done(&port);
	hw->ops->port_remove(hw, &port);
	return err;
}

/* What a late access finds after an unbind. */
static int late_after_unbind(enum drop drop)
{
	struct dsa_job *job = map_pages(1);
	void *buf = map_pages(1);
	struct fixture f = { 0 };
	ioasid_t pasid;
	int err;

	tap_open(&f);
	pasid = iommu_sva_get_pasid(f.sva);
	assert_true(run_fill(&f, job, buf) > 0);
	assert_int_equal(late_read(&f, pasid, buf), 0);
	atomic_store(&tap.drop, drop);
	iommu_sva_unbind(f.sva);
	if (drop != DROP_NOTHING)
		assert_true(atomic_load(&tap.dropped) > 0);
	err = late_read(&f, pasid, buf);
	atomic_store(&tap.drop, DROP_NOTHING);
	assert_int_equal(iommu_sva_bind(sva_machine_device(f.machine),
					sva_machine_mm(f.machine), NULL,
					&f.sva),
			 0);
	fixture_close(&f);
	unmap_pages(buf, 1);
	unmap_pages(job, 1);
	return err;
}

/* [R9] [M1]: what is cached of a PASID's entry goes with it. */
static void test_control_all_invalidations_late_access_aborts(void **state)
{
	(void)state;
	need_uffd();
	assert_int_equal(late_after_unbind(DROP_NOTHING), -EFAULT);
}

static void test_control_config_inv_dropped_late_access_lands(void **state)
{
	(void)state;
	need_uffd();
	assert_int_equal(late_after_unbind(DROP_CONFIG), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_control_all_invalidations_job_faults_again),
		cmocka_unit_test(
			test_control_tlbi_dropped_translation_is_stale),
		cmocka_unit_test(
			test_control_atc_inv_dropped_translation_is_stale),
		cmocka_unit_test(
			test_control_all_invalidations_late_access_aborts),
		cmocka_unit_test(
			test_control_config_inv_dropped_late_access_lands),
	};

	return cmocka_run_group_tests_name("smmuv3", tests, fixture_pri, NULL) +
	       cmocka_run_group_tests_name("vtd", tests, fixture_vtd, NULL);
}
