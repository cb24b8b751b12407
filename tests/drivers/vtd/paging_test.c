/* SPDX-License-Identifier: MIT */
/* Paging domains of the VT-d driver, descriptor by descriptor. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/drivers/vtd/seam.h"

#define K4 UINT64_C(0x1000)
#define M2 UINT64_C(0x200000)
#define R  ((unsigned int)IOMMU_PERM_READ)

enum { SID = 0x77, PASID = 9 };

struct bench {
	struct seam *s;
	struct iommu_device *dev;
	struct iommu_domain *d;
	long live; /* allocations when the last descriptor came */
	unsigned int seen;
};

static void start(struct bench *b)
{
	struct seam *s = seam_make();

	*b = (struct bench){ .s = s };
	s->u.f.mgaw_bits = 48;
	seam_start(s);
	b->dev = seam_device(s, SID);
	assert_int_equal(
		iommu_domain_alloc(&s->u.unit, IOMMU_DOMAIN_PAGING, &b->d), 0);
	assert_int_equal(iommu_attach_device_pasid(b->d, b->dev, PASID), 0);
	seam_clear(s);
}

static void stop(struct bench *b)
{
	iommu_detach_device_pasid(b->d, b->dev, PASID);
	assert_int_equal(iommu_domain_free(b->d), 0);
	assert_int_equal(iommu_device_remove(b->dev), 0);
	seam_unmake(b->s);
}

/* Entry, IOTLB, wait, device, wait: in this order [R9]; and none for a map. */
static void test_vtd_paging_unmap_order(void **state)
{
	size_t tlb, dev, sync;
	struct bench b;
	uint64_t bytes;

	(void)state;
	start(&b);
	assert_int_equal(iommu_map(b.d, 4 * K4, 9 * K4, K4, R), 0);
	assert_int_equal(b.s->op_count, 0);
	assert_int_equal(iommu_unmap(b.d, 4 * K4, K4, &bytes), 0);
	assert_int_equal(bytes, K4);
	tlb = seam_find(b.s, SEAM_IOTLB, 0);
	dev = seam_find(b.s, SEAM_PASID_DEV_TLB, 0);
	sync = seam_find(b.s, SEAM_SYNC, 0);
	assert_int_equal(tlb, 0);
	assert_int_equal(seam_find(b.s, SEAM_BARRIER, 0), 1);
	assert_int_equal(dev, 2);
	assert_int_equal(sync, 3);
	assert_int_equal(b.s->op_count, 4);
	assert_int_equal(b.s->ops[tlb].start, 4 * K4);
	assert_int_equal(b.s->ops[tlb].last, 5 * K4 - 1);
	assert_int_equal(b.s->ops[dev].sid, SID);
	assert_int_equal(b.s->ops[dev].pasid, PASID);
	stop(&b);
}

/* Many unmaps, one IOTLB invalidation and one of the device. */
static void test_vtd_paging_gather_is_one_batch(void **state)
{
	struct iommu_iotlb_gather gather;
	struct bench b;
	unsigned int i;

	(void)state;
	start(&b);
	assert_int_equal(iommu_map(b.d, 8 * K4, 8 * K4, 8 * K4, R), 0);
	iommu_iotlb_gather_init(&gather);
	for (i = 8; i < 16; i++)
		assert_int_equal(
			iommu_unmap_gather(b.d, i * K4, K4, &gather, NULL), 0);
	assert_int_equal(b.s->op_count, 0);
	assert_int_equal(iommu_iotlb_sync(b.d, &gather), 0);
	assert_int_equal(seam_count(b.s, SEAM_IOTLB), 1);
	assert_int_equal(seam_count(b.s, SEAM_PASID_DEV_TLB), 1);
	assert_int_equal(seam_count(b.s, SEAM_SYNC), 1);
	stop(&b);
}

static void watch(struct seam *s, const struct seam_op *op)
{
	struct bench *b = s->hook_arg;

	(void)op;
	b->live = atomic_load(&s->tp.live_allocations);
	b->seen++;
}

/*
 * The tables that got empty are there until the last descriptor is done: the
 * unit may be in them, by what it has cached of the tables above. [R9]
 */
static void test_vtd_paging_tables_outlive_the_flush(void **state)
{
	struct bench b;
	long before;

	(void)state;
	start(&b);
	/* Its neighbour keeps the tables above. */
	assert_int_equal(iommu_map(b.d, M2, M2, K4, R), 0);
	before = atomic_load(&b.s->tp.live_allocations);
	assert_int_equal(iommu_map(b.d, 2 * M2, K4, K4, R), 0);
	assert_int_equal(iommu_map(b.d, 512 * M2, K4, K4, R), 0);
	/* One of the last level; a whole branch of two. */
	assert_int_equal(atomic_load(&b.s->tp.live_allocations), before + 3);
	b.s->hook = watch;
	b.s->hook_arg = &b;
	assert_int_equal(iommu_unmap(b.d, 2 * M2, 512 * M2, NULL), 0);
	b.s->hook = NULL;
	assert_int_equal(b.seen, 4);
	assert_int_equal(b.live, before + 3);
	assert_int_equal(atomic_load(&b.s->tp.live_allocations), before);
	stop(&b);
}

/*
 * A unit that does not confirm it may be in them for good: they are kept until
 * the domain goes, and nobody hears that his memory is free. [R9] [E5]
 */
static void test_vtd_paging_tables_kept_without_an_answer(void **state)
{
	uint64_t bytes = 1;
	struct bench b;
	long before;

	(void)state;
	start(&b);
	assert_int_equal(iommu_map(b.d, M2, M2, K4, R), 0);
	assert_int_equal(iommu_map(b.d, 2 * M2, K4, K4, R), 0);
	before = atomic_load(&b.s->tp.live_allocations);
	b.s->fail_kind = SEAM_IOTLB;
	b.s->fail_err = -EIO;
	b.s->fail_times = 2;
	assert_int_equal(iommu_unmap(b.d, 2 * M2, K4, &bytes), -ETIMEDOUT);
	assert_int_equal(bytes, 0);
	assert_int_equal(atomic_load(&b.s->tp.live_allocations), before);
	b.s->fail_times = 0;
	/* They do not come back with the next flush either. */
	assert_int_equal(iommu_map(b.d, 2 * M2, K4, K4, R), 0);
	(void)!iommu_unmap(b.d, 2 * M2, K4, &bytes);
	assert_true(atomic_load(&b.s->tp.live_allocations) >= before);
	stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_paging_unmap_order),
		cmocka_unit_test(test_vtd_paging_gather_is_one_batch),
		cmocka_unit_test(test_vtd_paging_tables_outlive_the_flush),
		cmocka_unit_test(test_vtd_paging_tables_kept_without_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
