/* SPDX-License-Identifier: MIT */
/*
 * Paging domains of the driver, command by command, on the fake. What comes of
 * it on an SMMU is in smmuv3_drop_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "tests/drivers/smmuv3_fixture.h"

#define K4 UINT64_C(0x1000)
#define M2 UINT64_C(0x200000)
#define R  ((unsigned int)IOMMU_PERM_READ)

enum { SID = 0x42, PASID = 7, TLBI_VA = 0x12, ATC_INV = 0x40, SYNC = 0x46 };

struct bench {
	struct fake *f;
	struct iommu_device *dev;
	struct iommu_domain *d;
	long live; /* allocations when the last command came */
	unsigned int seen;
};

static void start(struct bench *b, unsigned int bbml)
{
	struct fake *f = malloc(sizeof(*f));

	assert_non_null(f);
	*b = (struct bench){ .f = f };
	fake_init(f);
	f->idr[3] = (f->idr[3] & ~(3u << 11)) | bbml << 11;
	assert_int_equal(fake_probe(f), 0);
	b->dev = fake_pci_device(f, SID);
	assert_int_equal(
		iommu_domain_alloc(f->unit, IOMMU_DOMAIN_PAGING, &b->d), 0);
	assert_int_equal(iommu_attach_device_pasid(b->d, b->dev, PASID), 0);
	fake_ops_clear(f);
}

static void stop(struct bench *b)
{
	iommu_detach_device_pasid(b->d, b->dev, PASID);
	assert_int_equal(iommu_domain_free(b->d), 0);
	assert_int_equal(iommu_device_remove(b->dev), 0);
	fake_fini(b->f);
	free(b->f);
}

/* Entry, TLB, sync, ATC, sync: in this order [R9]; and none for a map. */
static void test_smmuv3_paging_unmap_order(void **state)
{
	struct bench b;
	uint64_t bytes;

	(void)state;
	start(&b, 2);
	assert_int_equal(iommu_map(b.d, 4 * K4, 9 * K4, K4, R), 0);
	assert_int_equal(b.f->op_count, 0);
	assert_int_equal(iommu_unmap(b.d, 4 * K4, K4, &bytes), 0);
	assert_int_equal(bytes, K4);
	assert_int_equal(b.f->op_count, 4);
	assert_int_equal(fake_find(b.f, TLBI_VA, 0), 0);
	assert_int_equal(fake_cmd(b.f, 0)->dw[1] & ~0xfffull, 4 * K4);
	assert_int_equal(fake_find(b.f, SYNC, 0), 1);
	assert_int_equal(fake_find(b.f, ATC_INV, 0), 2);
	assert_int_equal(fake_cmd(b.f, 2)->dw[0] >> 32, SID);
	assert_int_equal(fake_cmd(b.f, 2)->dw[0] >> 12 & 0xfffff, PASID);
	assert_int_equal(fake_find(b.f, SYNC, 2), 3);
	stop(&b);
}

/* Many unmaps, one TLB invalidation and one of the device. */
static void test_smmuv3_paging_gather_is_one_batch(void **state)
{
	struct iommu_iotlb_gather gather;
	struct bench b;
	unsigned int i;

	(void)state;
	start(&b, 2);
	assert_int_equal(iommu_map(b.d, 8 * K4, 8 * K4, 8 * K4, R), 0);
	iommu_iotlb_gather_init(&gather);
	for (i = 8; i < 16; i++)
		assert_int_equal(
			iommu_unmap_gather(b.d, i * K4, K4, &gather, NULL), 0);
	assert_int_equal(b.f->op_count, 0);
	assert_int_equal(iommu_iotlb_sync(b.d, &gather), 0);
	assert_int_equal(fake_count(b.f, ATC_INV), 1);
	assert_int_equal(fake_count(b.f, SYNC), 2);
	stop(&b);
}

static void watch(struct fake *f, const struct smmu_cmd *cmd)
{
	struct bench *b = f->hook_arg;

	(void)cmd;
	b->live = f->tp.live_allocations;
	b->seen++;
}

/* The table that got empty is there until the last command is done. */
static void test_smmuv3_paging_table_outlives_the_flush(void **state)
{
	struct bench b;
	long before;

	(void)state;
	start(&b, 2);
	assert_int_equal(iommu_map(b.d, M2, M2, M2, R), 0);
	before = b.f->tp.live_allocations;
	assert_int_equal(iommu_map(b.d, 2 * M2, K4, K4, R), 0);
	assert_int_equal(b.f->tp.live_allocations, before + 1);
	b.f->hook = watch;
	b.f->hook_arg = &b;
	assert_int_equal(iommu_unmap(b.d, 2 * M2, K4, NULL), 0);
	b.f->hook = NULL;
	assert_int_equal(b.seen, 4);
	assert_int_equal(b.live, before + 1);
	assert_int_equal(b.f->tp.live_allocations, before);
	stop(&b);
}

/* SMMU_IDR3.BBML, 3.21.1.3: below 2 a block in use is not taken apart. */
static void test_smmuv3_paging_split_wants_bbml(void **state)
{
	uint64_t bytes = 1, pa;
	unsigned int bbml;
	struct bench b;

	(void)state;
	for (bbml = 0; bbml <= 2; bbml++) {
		start(&b, bbml);
		assert_int_equal(iommu_domain_page_sizes(b.d),
				 K4 | M2 | 512 * M2);
		assert_int_equal(iommu_map(b.d, M2, 8 * M2, M2, R), 0);
		assert_int_equal(iommu_unmap(b.d, M2 + K4, K4, &bytes),
				 bbml < 2 ? -EINVAL : 0);
		assert_int_equal(bytes, bbml < 2 ? 1 : K4);
		assert_int_equal(iommu_iova_to_phys(b.d, M2 + K4, &pa),
				 bbml < 2 ? 0 : -ENOENT);
		assert_int_equal(iommu_iova_to_phys(b.d, M2 + 2 * K4 + 7, &pa),
				 0);
		assert_int_equal(pa, 8 * M2 + 2 * K4 + 7);
		stop(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_paging_unmap_order),
		cmocka_unit_test(test_smmuv3_paging_gather_is_one_batch),
		cmocka_unit_test(test_smmuv3_paging_table_outlives_the_flush),
		cmocka_unit_test(test_smmuv3_paging_split_wants_bbml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
