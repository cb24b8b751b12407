/* SPDX-License-Identifier: MIT */
/* The task interface of 2017 on an SMMUv3: what its tables and queues say. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include <sva/compat/task.h>
#include <sva/fault.h>

#include "tests/drivers/smmuv3_fixture.h"

enum { SID = 0x42 };

/* A PRI queue record; CMD_PRI_RESP and its answers, 4.5.2. */
#define PRIV     (UINT64_C(1) << 58)
#define READ     (UINT64_C(1) << 60)
#define LAST     (UINT64_C(1) << 62)
#define SSV      (UINT64_C(1) << 63)
#define PRI_RESP 0x41u

struct bench {
	struct fake f;
	struct fake_mm mm;
	struct iommu_device *dev;
	struct iommu_svm *svm;
};

static struct bench *make(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	fake_init(&b->f);
	assert_int_equal(fake_probe(&b->f), 0);
	b->dev = fake_pci_device(&b->f, SID);
	fake_mm_init(&b->mm, &b->f);
	assert_int_equal(iommu_svm_capable(b->dev, 0), 0);
	assert_int_equal(iommu_svm_create(b->dev, &b->svm), 0);
	return b;
}

static void unmake(struct bench *b)
{
	assert_int_equal(iommu_svm_destroy(b->svm), 0);
	if (!b->mm.exited)
		iommu_mm_put_users(&b->mm.mm);
	assert_true(b->mm.freed);
	assert_int_equal(iommu_device_remove(b->dev), 0);
	fake_fini(&b->f);
	free(b);
}

/* CD.V, bit 31. */
static bool cd_valid(struct bench *b, ioasid_t pasid)
{
	const uint64_t *cd = fake_cd(&b->f, SID, pasid);

	return cd && cd[0] >> 31 & 1;
}

/* How many answers a request gets; the code of one in *ret_code. */
static size_t request(struct bench *b, ioasid_t pasid, uint64_t bits,
		      unsigned int *ret_code)
{
	const uint64_t dw[2] = { bits | (uint64_t)pasid << 32 | SID,
				 0x7000 | 0x33 };
	size_t n;

	fake_ops_clear(&b->f);
	assert_true(fake_push_pri(&b->f, dw));
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
	n = fake_count(&b->f, PRI_RESP);
	if (n)
		*ret_code =
			(unsigned int)(fake_cmd(&b->f,
						fake_find(&b->f, PRI_RESP, 0))
					       ->dw[1] >>
				       12) &
			3;
	return n;
}

/* [F1] [F2] [F7] The context descriptor follows the bond, not its PASID. */
static void test_smmuv3_task_bind_and_unbind(void **state)
{
	struct bench *b = make();
	ioasid_t pasid, again;

	(void)state;
	assert_int_equal(iommu_bind_task(b->svm, &b->mm.mm, &pasid, 0, b), 0);
	assert_true(cd_valid(b, pasid));
	assert_int_equal(iommu_bind_task(b->svm, &b->mm.mm, &again, 0, b),
			 -EEXIST);
	assert_int_equal(iommu_bind_task(b->svm, &b->mm.mm, &again,
					 IOMMU_SVM_FLAG_PRIVATE_PASID, b),
			 0);
	assert_true(cd_valid(b, again));
	assert_int_equal(iommu_unbind_task(b->svm, pasid, 0), -EBUSY);
	assert_true(cd_valid(b, pasid));
	assert_int_equal(iommu_unbind_task(b->svm, pasid, IOMMU_PASID_FLUSHED),
			 0);
	assert_false(cd_valid(b, pasid));
	assert_true(cd_valid(b, again));
	assert_int_equal(iommu_svm_stale_count(b->svm), 1);
	assert_int_equal(iommu_svm_pasid_stopped(b->svm, pasid), 0);
	assert_int_equal(iommu_svm_stale_count(b->svm), 0);
	/* After the task has gone, too. */
	iommu_mm_put_users(&b->mm.mm);
	assert_true(b->mm.exited);
	assert_int_equal(iommu_unbind_task(b->svm, again, IOMMU_PASID_CLEAN),
			 0);
	assert_false(cd_valid(b, again));
	unmake(b);
}

static uint64_t reported(struct bench *b)
{
	struct iommu_system_stats stats;

	iommu_system_stats(b->f.sys, &stats);
	return stats.page_requests;
}

/*
 * [F7] [F9] [I5] [J7] [R4] CMD_PRI_RESP: 0 Failure, 1 Invalid Request,
 * 2 Success.
 */
static void test_smmuv3_task_verdicts(void **state)
{
	struct bench *b = make();
	unsigned int code = 9;
	ioasid_t pasid;

	(void)state;
	assert_int_equal(iommu_bind_task(b->svm, &b->mm.mm, &pasid, 0, b), 0);
	/* A stop marker is not reported, bound or not. */
	assert_int_equal(request(b, pasid, LAST | SSV, &code), 0);
	assert_int_equal(reported(b), 0);
	assert_int_equal(b->mm.faults, 0);
	assert_int_equal(request(b, pasid, READ | LAST | SSV, &code), 1);
	assert_int_equal(code, 2);
	assert_int_equal(request(b, 0, READ | LAST, &code), 1);
	assert_int_equal(code, 0);
	assert_int_equal(request(b, pasid, READ | PRIV | LAST | SSV, &code), 1);
	assert_int_equal(code, 1);
	assert_int_equal(request(b, pasid + 1, READ | LAST | SSV, &code), 1);
	assert_int_equal(code, 1);
	assert_int_equal(iommu_unbind_task(b->svm, pasid, IOMMU_PASID_FLUSHED),
			 0);
	assert_int_equal(request(b, pasid, READ | LAST | SSV, &code), 1);
	assert_int_equal(code, 1);
	/* A stop marker is nobody's: no answer, and the context is stale. */
	assert_int_equal(reported(b), 5);
	assert_int_equal(request(b, pasid, LAST | SSV, &code), 0);
	assert_int_equal(reported(b), 5);
	assert_int_equal(iommu_svm_stale_count(b->svm), 1);
	unmake(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_task_bind_and_unbind),
		cmocka_unit_test(test_smmuv3_task_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
