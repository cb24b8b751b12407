/* SPDX-License-Identifier: MIT */
/*
 * One invalidation that does not reach the hardware makes a job see what is no
 * longer there: the negative control of every test that counts on strict
 * caches. The commands are taken out of the driver's queue on their way, by a
 * register window that looks into it when CMD_PROD is written.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <sys/mman.h>

#include "fmt/smmuv3.h"
#include "tests/e2e/fixture.h"

/* IHI 0070 6.3, typed here once more: the test looks in from outside. */
#define CMDQ_BASE 0x90u
#define CMDQ_PROD 0x98u
#define BASE_ADDR UINT64_C(0x000fffffffffffe0)

enum drop {
	DROP_NOTHING,
	DROP_TLBI,
	DROP_ATC_INV,
};

static struct {
	const struct iommu_hw_ops *real;
	struct iommu_hw_ops ops;
	_Atomic enum drop drop;
	_Atomic unsigned int dropped;
	uint64_t prod; /* under the driver's lock of the queue */
} tap;

static bool is_dropped(uint64_t dw0)
{
	unsigned int op = dw0 & 0xff;

	switch (atomic_load(&tap.drop)) {
	case DROP_NOTHING:
		return false;
	case DROP_TLBI:
		return op >= SMMU_OP_TLBI_NH_ALL && op < SMMU_OP_ATC_INV;
	case DROP_ATC_INV:
		return op == SMMU_OP_ATC_INV;
	}
	return false;
}

/* A CMD_SYNC that signals nobody takes the place of a command. */
static void drop_commands(struct iommu_hw *hw, uint64_t prod)
{
	uint64_t base = tap.real->mmio_read(hw, CMDQ_BASE, 8);
	uint64_t *queue = (uint64_t *)(uintptr_t)(base & BASE_ADDR);
	uint64_t size = UINT64_C(1) << (base & 0x1f);
	uint64_t wrap = 2 * size - 1;

	for (; (tap.prod & wrap) != (prod & wrap); tap.prod++) {
		uint64_t *cmd = queue + 2 * (tap.prod & (size - 1));
		uint64_t dw0 = __atomic_load_n(cmd, __ATOMIC_RELAXED);

		if (!is_dropped(dw0))
			continue;
		__atomic_store_n(&cmd[0], SMMU_OP_SYNC, __ATOMIC_RELAXED);
		__atomic_store_n(&cmd[1], 0, __ATOMIC_RELAXED);
		atomic_fetch_add(&tap.dropped, 1);
	}
}

static void tap_write(struct iommu_hw *hw, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	if (offset == CMDQ_PROD)
		drop_commands(hw, value);
	tap.real->mmio_write(hw, offset, size, value);
}

/* Before anything is bound: nobody uses the table meanwhile. */
static void tap_open(struct fixture *f)
{
	const struct sva_machine_cfg cfg = { .personality = HW_STRICT };
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
	tap.prod = hw->ops->mmio_read(hw, CMDQ_PROD, 4);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_control_all_invalidations_job_faults_again),
		cmocka_unit_test(
			test_control_tlbi_dropped_translation_is_stale),
		cmocka_unit_test(
			test_control_atc_inv_dropped_translation_is_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
