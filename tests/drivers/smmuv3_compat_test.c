/* SPDX-License-Identifier: MIT */
/*
 * The Intel, the AMD and the 2018 interface on an SMMUv3: its driver on the model, with
 * page requests of a PCIe function or stalls of a platform device.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include <sva/compat/amd.h>
#include <sva/compat/intel.h>
#include <sva/compat/sva2018.h>
#include <sva/fault.h>

#include "tests/drivers/smmuv3_bench.h"

#define VA(n)  ((uint64_t)(n) << 16)
#define PA(n)  (UINT64_C(0x40000000) + VA(n))
#define UPPER  UINT64_C(0xffff000000000000)
#define R      ((unsigned int)IOMMU_PERM_READ)
#define W      ((unsigned int)IOMMU_PERM_WRITE)
#define PRIV   ((unsigned int)IOMMU_PERM_PRIV)
#define PASID  5u
#define PASIDS 32u

/*
 * The bench is one thread's. What a front's workers do has to be over before
 * the test goes on, so it has to know their queue: the last one made.
 */
static struct plat_workqueue *front_wq;
static const struct plat_ops *real_ops;

static struct plat_workqueue *remember_wq(void *ctx, const char *name,
					  unsigned int max_active)
{
	front_wq = real_ops->workqueue_create(ctx, name, max_active);
	return front_wq;
}

struct scene {
	struct bench *b;
	struct bench_mm m;
	unsigned int prgi;
};

static void scene_make(struct scene *s, enum bench_smmu smmu)
{
	*s = (struct scene){ .b = bench_make(smmu, BENCH_SLOW, HW_STRICT) };
	real_ops = s->b->below;
	s->b->ops.workqueue_create = remember_wq;
	assert_int_equal(bench_probe(s->b), 0);
	assert_int_equal(bench_add_device(s->b), 0);
	bench_mm_init(&s->m, s->b);
	bench_map(&s->m, VA(1), PA(1), R | W);
}

static void scene_free(struct scene *s)
{
	if (!s->m.exited)
		iommu_mm_put_users(&s->m.mm);
	assert_true(s->m.freed);
	/* No walk of a table that is not there any more, or never was. */
	assert_false(s->b->astray);
	assert_int_equal(iommu_device_remove(s->b->dev), 0);
	s->b->dev = NULL;
	bench_free(s->b);
}

/* A page is missing: the device asks for it, or stalls; the driver hears. */
static void fault(struct scene *s, ioasid_t pasid, uint64_t va)
{
	const struct hw_page_request req = {
		.requester = BENCH_SID,
		.pasid_valid = true,
		.pasid = pasid,
		.addr = va,
		.perm = R,
		.prgi = (uint16_t)++s->prgi,
		.last = true,
	};
	const struct hw_txn txn = {
		.requester = BENCH_SID,
		.flags = HW_TXN_PASID_VALID,
		.pasid = pasid,
		.perm = R,
		.addr = va,
	};
	struct hw_xlat xlat;

	if (s->b->pcie)
		s->b->hw->ops->page_request(s->b->hw, &req);
	else
		assert_int_equal(s->b->hw->ops->translate(s->b->hw, &s->b->port,
							  &txn, &xlat),
				 -EINPROGRESS);
	assert_int_not_equal(testplat_irq_run(&s->b->f.tp), 0);
	plat_workqueue_flush(&s->b->f.tp.plat, front_wq);
}

/* Answers the device has had; the last one was success. */
static unsigned int answers(const struct scene *s, bool *ret_success)
{
	*ret_success = s->b->pcie ? s->b->prg.code == HW_PRG_SUCCESS :
				    s->b->retried;
	return s->b->pcie ? s->b->prg_count : s->b->resume_count;
}

static void amd_on(enum bench_smmu smmu)
{
	struct amd_iommu *amd;
	bool success = false;
	struct scene s;

	scene_make(&s, smmu);
	assert_int_equal(amd_iommu_init_device(s.b->dev, PASIDS, &amd), 0);
	assert_int_equal(amd_iommu_bind_pasid(amd, PASID, &s.m.mm), 0);
	assert_int_equal(bench_dma(s.b, PASID, VA(1), R), PA(1));
	s.m.faults_work = true;
	fault(&s, PASID, VA(2));
	amd_iommu_unbind_pasid(amd, PASID);
	assert_int_equal(answers(&s, &success), 1);
	assert_true(success);
	assert_int_equal(s.m.faults, 1);
	/* The page is there for whoever comes next. */
	assert_int_equal(amd_iommu_bind_pasid(amd, PASID + 1, &s.m.mm), 0);
	assert_int_equal(bench_dma(s.b, PASID + 1, VA(2), R), VA(2));
	s.m.faults_work = false;
	fault(&s, PASID + 1, VA(3));
	amd_iommu_unbind_pasid(amd, PASID + 1);
	assert_int_equal(answers(&s, &success), 2);
	assert_false(success);
	assert_int_equal(amd_iommu_free_device(amd), 0);
	/* Nothing is left in the TLB, either. */
	assert_int_equal(bench_dma(s.b, PASID, VA(1), R), 0);
	assert_int_equal(bench_dma(s.b, PASID + 1, VA(2), R), 0);
	scene_free(&s);
}

/* [F10] [F11] [F12] [F15] */
static void test_smmuv3_compat_amd_pri(void **state)
{
	(void)state;
	amd_on(BENCH_DEFAULT);
	amd_on(BENCH_LARGE);
}

/* [F11] [F12] [F15] */
static void test_smmuv3_compat_amd_stall(void **state)
{
	(void)state;
	amd_on(BENCH_SMALL);
}

static struct {
	struct scene *s;
	unsigned int calls;
	uint64_t pa;
} ctx_seen;

static void invalidate_ctx(struct iommu_device *dev, ioasid_t pasid)
{
	(void)dev;
	ctx_seen.calls++;
	ctx_seen.pa = bench_dma(ctx_seen.s->b, pasid, VA(1), R);
}

/* [F14] [R6] The device is stopped before its entry, and its cache, go. */
static void test_smmuv3_compat_amd_exit(void **state)
{
	struct amd_iommu *amd;
	struct scene s;

	(void)state;
	scene_make(&s, BENCH_DEFAULT);
	ctx_seen.s = &s;
	ctx_seen.calls = 0;
	assert_int_equal(amd_iommu_init_device(s.b->dev, PASIDS, &amd), 0);
	assert_int_equal(amd_iommu_set_invalidate_ctx_cb(amd, invalidate_ctx),
			 0);
	assert_int_equal(amd_iommu_bind_pasid(amd, PASID, &s.m.mm), 0);
	iommu_mm_put_users(&s.m.mm);
	assert_true(s.m.exited);
	assert_int_equal(ctx_seen.calls, 1);
	assert_int_equal(ctx_seen.pa, PA(1));
	assert_int_equal(bench_dma(s.b, PASID, VA(1), R), 0);
	amd_iommu_unbind_pasid(amd, PASID);
	assert_int_equal(ctx_seen.calls, 1);
	assert_int_equal(amd_iommu_free_device(amd), 0);
	scene_free(&s);
}

static struct {
	unsigned int count, rwxp;
	ioasid_t pasid;
	uint64_t address;
	enum iommu_page_response_code response;
} heard;

static void fault_cb(struct iommu_device *dev, ioasid_t pasid, uint64_t address,
		     const uint64_t *private, unsigned int rwxp,
		     enum iommu_page_response_code response)
{
	(void)dev;
	assert_null(private);
	heard.count++;
	heard.pasid = pasid;
	heard.address = address;
	heard.rwxp = rwxp;
	heard.response = response;
}

static const struct svm_dev_ops ops = { fault_cb };

static void intel_on(enum bench_smmu smmu)
{
	struct intel_svm *svm;
	ioasid_t pasid, private;
	bool success = false;
	struct scene s;

	heard.count = 0;
	scene_make(&s, smmu);
	assert_int_equal(intel_svm_create(s.b->dev, NULL, &svm), 0);
	assert_int_equal(intel_svm_bind_mm(svm, &s.m.mm, &pasid, 0, &ops), 0);
	assert_int_equal(intel_svm_bind_mm(svm, &s.m.mm, &private,
					   SVM_FLAG_PRIVATE_PASID, &ops),
			 0);
	assert_int_equal(bench_dma(s.b, pasid, VA(1), R), PA(1));
	assert_int_equal(bench_dma(s.b, private, VA(1), W), PA(1));
	s.m.faults_work = true;
	fault(&s, private, VA(2));
	assert_int_equal(intel_svm_unbind_mm(svm, private), 0);
	assert_int_equal(answers(&s, &success), 1);
	assert_true(success);
	/* Before the answer, so by now. */
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.pasid, private);
	assert_int_equal(heard.address, VA(2));
	assert_int_equal(heard.rwxp, SVM_REQ_READ);
	assert_int_equal(heard.response, IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(bench_dma(s.b, private, VA(1), R), 0);
	assert_int_equal(bench_dma(s.b, pasid, VA(2), R), VA(2));
	assert_int_equal(intel_svm_unbind_mm(svm, pasid), 0);
	assert_int_equal(bench_dma(s.b, pasid, VA(2), R), 0);
	assert_int_equal(intel_svm_destroy(svm), 0);
	scene_free(&s);
}

/* [F16] [F17] [C8] */
static void test_smmuv3_compat_intel_pri(void **state)
{
	(void)state;
	intel_on(BENCH_DEFAULT);
	intel_on(BENCH_LARGE);
}

/* [F16] [F17] [C8] */
static void test_smmuv3_compat_intel_stall(void **state)
{
	(void)state;
	intel_on(BENCH_SMALL);
}

/* The kernel's table, of the upper half, and a PASID for it. */
struct kernel {
	struct scene s;
	struct bench_mm table;
	struct iommu_mm *mm;
	struct intel_svm *svm;
	ioasid_t pasid;
};

static void kernel_make(struct kernel *k, enum bench_smmu smmu)
{
	scene_make(&k->s, smmu);
	bench_mm_init(&k->table, k->s.b);
	k->table.desc.upper = true;
	bench_map(&k->table, VA(7), PA(7), R | W | PRIV);
	assert_int_equal(intel_svm_kernel_alloc(k->s.b->f.sys, &k->table.desc,
						&k->mm),
			 0);
	assert_int_equal(intel_svm_create(k->s.b->dev, k->mm, &k->svm), 0);
	assert_int_equal(intel_svm_bind_mm(k->svm, &k->s.m.mm, &k->pasid,
					   SVM_FLAG_SUPERVISOR_MODE, NULL),
			 -EINVAL);
	assert_int_equal(intel_svm_bind_mm(k->svm, NULL, &k->pasid,
					   SVM_FLAG_SUPERVISOR_MODE, NULL),
			 0);
}

static void kernel_free(struct kernel *k)
{
	assert_int_equal(intel_svm_destroy(k->svm), 0);
	iommu_mm_put_users(k->mm);
	iommu_mm_put_users(&k->table.mm);
	assert_true(k->table.freed);
	scene_free(&k->s);
}

static void supervisor_on(enum bench_smmu smmu)
{
	struct kernel k;
	ioasid_t user;

	kernel_make(&k, smmu);
	assert_int_equal(intel_svm_bind_mm(k.svm, &k.s.m.mm, &user, 0, NULL),
			 0);
	assert_int_equal(bench_dma(k.s.b, k.pasid, UPPER | VA(7), R | W | PRIV),
			 PA(7));
	assert_int_equal(bench_dma(k.s.b, user, VA(1), R), PA(1));
	/* What the table loses without a word stays in use. */
	arm_lpae_clear(&k.table.table, 0, UINT64_MAX, NULL);
	assert_int_equal(bench_dma(k.s.b, k.pasid, UPPER | VA(7), R | PRIV),
			 PA(7));
	if (k.s.b->pcie) {
		/* Not for users, not their half, and not with their PASID. */
		assert_int_equal(bench_dma(k.s.b, k.pasid, UPPER | VA(7), R),
				 0);
		assert_int_equal(bench_dma(k.s.b, k.pasid, VA(1), R | PRIV), 0);
		assert_int_equal(bench_dma(k.s.b, k.pasid, VA(7), R | PRIV), 0);
		assert_int_equal(
			bench_dma(k.s.b, user, UPPER | VA(7), R | PRIV), 0);
	}
	assert_int_equal(intel_svm_unbind_mm(k.svm, user), 0);
	assert_int_equal(intel_svm_unbind_mm(k.svm, k.pasid), 0);
	assert_int_equal(bench_dma(k.s.b, k.pasid, UPPER | VA(7), R | PRIV), 0);
	kernel_free(&k);
}

/* [C9] All granules; the upper half is TTB1's, 5.4. */
static void test_smmuv3_compat_supervisor_mode(void **state)
{
	(void)state;
	supervisor_on(BENCH_DEFAULT);
	supervisor_on(BENCH_SMALL);
	supervisor_on(BENCH_LARGE);
}

/* [C9] Through the cache of the device, too, as a privileged requester. */
static void test_smmuv3_compat_supervisor_ats(void **state)
{
	struct kernel k;

	(void)state;
	kernel_make(&k, BENCH_DEFAULT);
	assert_int_equal(bench_dma_cached(k.s.b, k.pasid, UPPER | VA(7),
					  R | PRIV),
			 PA(7));
	assert_int_equal(
		bench_dma_cached(k.s.b, k.pasid, UPPER | VA(6), R | PRIV), 0);
	/* Nothing is paged in for it. */
	fault(&k.s, k.pasid, UPPER | VA(6));
	assert_int_equal(intel_svm_unbind_mm(k.svm, k.pasid), 0);
	assert_int_equal(k.s.b->prg_count, 1);
	assert_int_equal(k.s.b->prg.code, HW_PRG_INVALID);
	assert_int_equal(
		bench_dma_cached(k.s.b, k.pasid, UPPER | VA(7), R | PRIV), 0);
	kernel_free(&k);
}

/* [C9] [R6] The kernel's address space may end like any other: quietly. */
static void test_smmuv3_compat_supervisor_end(void **state)
{
	struct kernel k;

	(void)state;
	kernel_make(&k, BENCH_DEFAULT);
	assert_int_equal(bench_dma(k.s.b, k.pasid, UPPER | VA(7), R | PRIV),
			 PA(7));
	assert_int_equal(intel_svm_is_pasid_valid(k.svm, k.pasid), 1);
	iommu_mm_get(k.mm);
	iommu_mm_put_users(k.mm);
	assert_int_equal(intel_svm_is_pasid_valid(k.svm, k.pasid), 0);
	assert_int_equal(bench_dma(k.s.b, k.pasid, UPPER | VA(7), R | PRIV), 0);
	assert_int_equal(intel_svm_unbind_mm(k.svm, k.pasid), 0);
	assert_int_equal(intel_svm_destroy(k.svm), 0);
	iommu_mm_put(k.mm);
	iommu_mm_put_users(&k.table.mm);
	scene_free(&k.s);
}

/*
 * [A7] [A8] A function without PRI in use: its driver makes the pages, and an
 * access to one that is absent is aborted.
 */
static void test_smmuv3_compat_2018_without_iopf(void **state)
{
	struct iommu_sva_device *sdev;
	struct scene s;
	ioasid_t pasid;
	size_t done;

	(void)state;
	scene_make(&s, BENCH_DEFAULT);
	assert_int_equal(iommu_sva_device_init(s.b->dev, 0, 0, NULL, &sdev), 0);
	assert_int_equal(iommu_sva_device_bind(sdev, &s.m.mm, &pasid, 0, NULL),
			 0);
	assert_int_equal(bench_dma(s.b, pasid, VA(1), R), PA(1));
	assert_int_equal(bench_dma(s.b, pasid, VA(2), R), 0);
	s.m.faults_work = true;
	assert_int_equal(s.m.mm.ops->handle_fault(&s.m.mm, VA(2), 1, R, &done),
			 0);
	assert_int_equal(bench_dma(s.b, pasid, VA(2), R), VA(2));
	bench_unmap(&s.m, VA(2), VA(3));
	assert_int_equal(bench_dma(s.b, pasid, VA(2), R), 0);
	assert_int_equal(s.m.faults, 1);
	/* Events of aborted accesses are there, and nobody wants them. */
	(void)testplat_irq_run(&s.b->f.tp);
	assert_int_equal(iommu_sva_device_unbind(sdev, pasid), 0);
	assert_int_equal(bench_dma(s.b, pasid, VA(1), R), 0);
	assert_int_equal(iommu_sva_device_shutdown(sdev), 0);
	scene_free(&s);
}

/* [A7] PRI is switched on before SVA and off after it. */
static void test_smmuv3_compat_iopf_before_sva(void **state)
{
	const uint8_t *pri;
	struct scene s;

	(void)state;
	scene_make(&s, BENCH_DEFAULT);
	/* Enable is bit 0 of the control register, PCIe 10.5.2. */
	pri = &s.b->f.cfg[FAKE_PRI + 4];
	assert_int_equal(*pri & 1, 0);
	assert_int_equal(
		iommu_dev_enable_feature(s.b->dev, IOMMU_DEV_FEAT_IOPF), 0);
	assert_int_equal(*pri & 1, 1);
	assert_int_equal(iommu_dev_enable_feature(s.b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(iommu_dev_disable_feature(s.b->dev,
						   IOMMU_DEV_FEAT_IOPF),
			 -EBUSY);
	assert_int_equal(
		iommu_dev_disable_feature(s.b->dev, IOMMU_DEV_FEAT_SVA), 0);
	assert_int_equal(*pri & 1, 1);
	assert_int_equal(
		iommu_dev_disable_feature(s.b->dev, IOMMU_DEV_FEAT_IOPF), 0);
	assert_int_equal(*pri & 1, 0);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_compat_amd_pri),
		cmocka_unit_test(test_smmuv3_compat_amd_stall),
		cmocka_unit_test(test_smmuv3_compat_amd_exit),
		cmocka_unit_test(test_smmuv3_compat_intel_pri),
		cmocka_unit_test(test_smmuv3_compat_intel_stall),
		cmocka_unit_test(test_smmuv3_compat_supervisor_mode),
		cmocka_unit_test(test_smmuv3_compat_supervisor_ats),
		cmocka_unit_test(test_smmuv3_compat_supervisor_end),
		cmocka_unit_test(test_smmuv3_compat_2018_without_iopf),
		cmocka_unit_test(test_smmuv3_compat_iopf_before_sva),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
