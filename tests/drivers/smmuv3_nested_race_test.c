/* SPDX-License-Identifier: MIT */
/*
 * A guest's table comes, is replaced, and goes, and the guest invalidates;
 * beside that, the host takes pages from the parent. When an unmap has
 * returned, no way leads to the page, whichever table counts at that moment.
 * [R9] [R11]
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <sva/guest.h>

#include "base/le64.h"
#include "tests/drivers/smmuv3_model_bench.h"

#define K4  UINT64_C(0x1000)
#define GPA UINT64_C(0x80000000)
#define VA  UINT64_C(0x202000)
#define RW  ((unsigned int)IOMMU_PERM_READ | IOMMU_PERM_WRITE)

enum { ROUNDS = 3000, PAGES = 5, CDS = 0, FIRST, SECOND, DATA, MORE };

static const struct shape shape = {
	.name = "stage 2",
	.granule_lg2 = 12,
	.set = { 1u | 1u << 18 },
};

struct race {
	struct bench *b;
	struct iommu_domain *parent;
	uint64_t *page[PAGES];
	_Atomic bool done;
	_Atomic unsigned int binds, invalidations;
};

static uint64_t gpa(unsigned int i)
{
	return GPA + i * K4;
}

static void put(struct race *r, unsigned int page, unsigned int word,
		uint64_t value)
{
	le64_store_release(le64_at(&r->page[page][word]), value);
}

/* CDs 1 and 2 with 25 bits of VA; two levels; see smmuv3_nested_test.c. */
static void make_tables(struct race *r)
{
	unsigned int ssid;

	for (ssid = 1; ssid < 3; ssid++) {
		put(r, CDS, 8 * ssid + 1, gpa(FIRST));
		put(r, CDS, 8 * ssid + 3, 0xff);
		put(r, CDS, 8 * ssid,
		    39 | UINT64_C(0xe205) << 32 | UINT64_C(3) << 30 |
			    (uint64_t)ssid << 48);
	}
	put(r, FIRST, 1, gpa(SECOND) | 3);
	put(r, SECOND, 2, gpa(DATA) | 0xc43);
}

static void *bind_on(void *arg)
{
	struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_SMMUV3,
		.base = gpa(CDS),
		.pasid_bits = 2,
		.config = IOMMU_PASID_CONFIG_TRANSLATE,
	};
	struct race *r = arg;

	while (!atomic_load_explicit(&r->done, memory_order_relaxed)) {
		cfg.pasid_bits = 2;
		assert_int_equal(iommu_attach_pasid_table(r->parent, &cfg), 0);
		cfg.pasid_bits = 3;
		assert_int_equal(iommu_attach_pasid_table(r->parent, &cfg), 0);
		assert_int_equal(iommu_unbind_pasid_table(r->parent, r->b->dev),
				 0);
		atomic_fetch_add_explicit(&r->binds, 1, memory_order_relaxed);
	}
	return NULL;
}

static void *invalidate_on(void *arg)
{
	struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = IOMMU_CACHE_INV_TYPE_IOTLB |
			 IOMMU_CACHE_INV_TYPE_PASID,
		.granularity = IOMMU_INV_GRANU_DOMAIN,
	};
	struct race *r = arg;
	int err;

	while (!atomic_load_explicit(&r->done, memory_order_relaxed)) {
		err = iommu_cache_invalidate(r->parent, r->b->dev, &info);
		assert_true(!err || err == -ENODEV);
		if (!err)
			atomic_fetch_add_explicit(&r->invalidations, 1,
						  memory_order_relaxed);
	}
	return NULL;
}

/* Number of times that a way led to the page while it was mapped. */
static unsigned int unmap_on(struct race *r)
{
	uint64_t pa = (uint64_t)(uintptr_t)r->page[DATA];
	unsigned int i, reached = 0;

	for (i = 0; i < ROUNDS; i++) {
		assert_int_equal(iommu_map(r->parent, gpa(DATA), pa, K4, RW),
				 0);
		reached += mb_dma(r->b, 1, VA) == pa;
		reached += mb_dma(r->b, 0, gpa(DATA)) == pa;
		assert_int_equal(iommu_unmap(r->parent, gpa(DATA), K4, NULL),
				 0);
		assert_int_equal(mb_dma(r->b, 1, VA), 0);
		assert_int_equal(mb_dma(r->b, 2, VA), 0);
		assert_int_equal(mb_dma(r->b, 0, gpa(DATA)), 0);
	}
	return reached;
}

static void test_smmuv3_nested_race_unmap_against_bind(void **state)
{
	struct race r = { .b = mb_make_shape(&shape, HW_STRICT, 0) };
	pthread_t binder, invalidator;
	unsigned int i, reached;

	(void)state;
	assert_int_equal(mb_probe(r.b), 0);
	r.b->dev = fake_pci_device(&r.b->f, SID);
	assert_int_equal(iommu_domain_alloc_parent(r.b->f.unit, &r.parent), 0);
	for (i = 0; i < PAGES; i++) {
		r.page[i] = aligned_alloc(K4, K4);
		assert_non_null(r.page[i]);
		memset(r.page[i], 0, K4);
		if (i != DATA)
			assert_int_equal(
				iommu_map(r.parent, gpa(i),
					  (uint64_t)(uintptr_t)r.page[i], K4,
					  RW),
				0);
	}
	make_tables(&r);
	assert_int_equal(iommu_attach_device(r.parent, r.b->dev), 0);
	assert_int_equal(pthread_create(&binder, NULL, bind_on, &r), 0);
	assert_int_equal(pthread_create(&invalidator, NULL, invalidate_on, &r),
			 0);
	reached = 0;
	/* Until all of them came round. */
	do {
		reached += unmap_on(&r);
	} while (!reached ||
		 atomic_load_explicit(&r.binds, memory_order_relaxed) < 10 ||
		 !atomic_load_explicit(&r.invalidations, memory_order_relaxed));
	atomic_store_explicit(&r.done, true, memory_order_relaxed);
	pthread_join(binder, NULL);
	pthread_join(invalidator, NULL);
	assert_int_equal(iommu_detach_device(r.parent, r.b->dev), 0);
	assert_int_equal(iommu_domain_free(r.parent), 0);
	for (i = 0; i < PAGES; i++)
		free(r.page[i]);
	mb_unmake(r.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_nested_race_unmap_against_bind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
