/* SPDX-License-Identifier: MIT */
/* The page request queue when it overflows. [M3] [R15] VT-d 7.4.1. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/bits.h"
#include "fmt/vtd.h"
#include "tests/drivers/vtd/prq_bench.h"

/* [R15] Overflow: partials go, PRO last, the queue goes on. */
static void test_vtd_prq_overflow(void **state)
{
	struct vtd_prd prd;
	struct prq_bench b;
	unsigned int i;

	(void)state;
	prq_bench_up(&b);
	prd = seam_prd(SID, b.pasid, 1, 0x1000, false);
	for (i = 0; i < QUEUE - 1; i++)
		prq_bench_push(&b, &prd);
	prd = seam_prd(SID, b.pasid, 1, 0x2000, true);
	/* The Last is lost: the unit answers it. */
	assert_false(seam_push(b.s, &prd));
	assert_int_equal(b.s->prs, 3);
	prq_bench_run(&b);
	assert_int_equal(b.s->prs, 0);
	assert_int_equal(b.s->pqh, b.s->pqt);
	assert_int_equal(seam_count(b.s, SEAM_RESPONSE), 0);
	assert_int_equal(b.m.faults, 0);
	/* The next group with this number is its own. */
	prq_bench_push(&b, &prd);
	prq_bench_run(&b);
	assert_int_equal(prq_bench_answer(&b)->code, IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(b.m.faults, 1);
	assert_int_equal(atomic_load(&b.s->u.counters.prq_overflows), 1);
	prq_bench_down(&b);
}

/*
 * An overflow that cannot be acknowledged: what is there is read, and then the
 * reading ends, for the interrupt as for a drain. It is said once.
 */
static void test_vtd_prq_overflow_stays(void **state)
{
	struct vtd_prd prd;
	unsigned int errors;
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	prd = seam_prd(SID, b.pasid, 1, 0x1000, true);
	prq_bench_push(&b, &prd);
	b.s->prs |= 2;
	b.s->prs_stuck = 2;
	errors = atomic_load(&b.s->tp.errors_logged);
	prq_bench_run(&b);
	assert_int_equal(prq_bench_answer(&b)->code, IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(b.s->pqh, b.s->pqt);
	assert_int_equal(atomic_load(&b.s->tp.errors_logged), errors + 1);
	vtd_unit_ops.drain_faults(b.dev);
	/* Acknowledged once more, it is as before. */
	b.s->prs_stuck = 0;
	prq_bench_run(&b);
	assert_int_equal(b.s->prs, 0);
	seam_clear(b.s);
	prq_bench_push(&b, &prd);
	prq_bench_run(&b);
	assert_int_equal(prq_bench_answer(&b)->code, IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(atomic_load(&b.s->tp.errors_logged), errors + 1);
	prq_bench_down(&b);
}

/* Overflows that do go, many of them in a row, are not that. */
static void overflow_again(struct seam *s)
{
	unsigned int *left = s->hook_arg;

	if (!*left)
		return;
	--*left;
	pthread_mutex_lock(&s->lock);
	s->prs |= 2;
	pthread_mutex_unlock(&s->lock);
}

static int send_for_each(const struct iommu_fault *fault,
			 struct iommu_device *dev, void *data)
{
	struct prq_bench *b = data;
	struct vtd_prd prd = seam_prd(SID, b->pasid, 0, 0x1000, false);
	unsigned int *left = b->s->hook_arg;

	(void)fault;
	(void)dev;
	if (*left) {
		pthread_mutex_lock(&b->s->lock);
		b->s->prs = 0;
		pthread_mutex_unlock(&b->s->lock);
		(void)seam_push(b->s, &prd);
	}
	return 0;
}

static void test_vtd_prq_many_overflows(void **state)
{
	unsigned int errors, left = 40;
	struct vtd_prd prd;
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	iommu_sva_unbind(b.sva);
	b.sva = NULL;
	assert_int_equal(iommu_dev_disable_feature(b.dev, IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(iommu_register_device_fault_handler(b.dev,
							     send_for_each, &b),
			 0);
	prd = seam_prd(SID, b.pasid, 0, 0x1000, false);
	prq_bench_push(&b, &prd);
	errors = atomic_load(&b.s->tp.errors_logged);
	b.s->hook_arg = &left;
	b.s->tail_hook = overflow_again;
	vtd_prq_irq(&b.s->u);
	b.s->tail_hook = NULL;
	assert_int_equal(left, 0);
	assert_int_equal(b.s->pqh, b.s->pqt);
	assert_int_equal(b.s->prs, 0);
	assert_int_equal(atomic_load(&b.s->tp.errors_logged), errors);
	assert_int_equal(iommu_unregister_device_fault_handler(b.dev), 0);
	assert_int_equal(iommu_dev_enable_feature(b.dev, IOMMU_DEV_FEAT_SVA),
			 0);
	prq_bench_down(&b);
}

static void fill_behind_the_tail(struct seam *s)
{
	struct prq_bench *b = s->hook_arg;
	struct vtd_prd prd = seam_prd(SID, b->pasid, 1, 0x1000, false);

	s->tail_hook = NULL;
	while (seam_push(s, &prd))
		;
}

/* [R15] What came behind the tail is of before the overflow, too. */
static void test_vtd_prq_overflow_while_reading(void **state)
{
	struct vtd_prd prd;
	struct prq_bench b;

	(void)state;
	prq_bench_up(&b);
	prd = seam_prd(SID, b.pasid, 1, 0x1000, false);
	prq_bench_push(&b, &prd);
	b.s->hook_arg = &b;
	b.s->tail_hook = fill_behind_the_tail;
	prq_bench_run(&b);
	assert_null(b.s->tail_hook);
	assert_int_equal(b.s->prs, 0);
	prd = seam_prd(SID, b.pasid, 1, 0x2000, true);
	prq_bench_push(&b, &prd);
	prq_bench_run(&b);
	assert_int_equal(prq_bench_answer(&b)->code, IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(b.m.faults, 1);
	prq_bench_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_prq_overflow),
		cmocka_unit_test(test_vtd_prq_overflow_stays),
		cmocka_unit_test(test_vtd_prq_many_overflows),
		cmocka_unit_test(test_vtd_prq_overflow_while_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
