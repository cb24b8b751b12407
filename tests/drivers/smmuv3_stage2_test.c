/* SPDX-License-Identifier: MIT */
/*
 * Parents on SMMUs of each granule and output size there is: the model walks
 * what the driver has made, and no STE is illegal.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/drivers/smmuv3_iso.h"

#define RW ((unsigned int)IOMMU_PERM_READ | IOMMU_PERM_WRITE)

/* SMMU_IDR5: OAS 2:0, GRAN4K 4, GRAN16K 5, GRAN64K 6. */
static const struct {
	unsigned int bits, oas;
} sizes[] = { { 32, 0 }, { 36, 1 }, { 40, 2 }, { 42, 3 },
	      { 44, 4 }, { 48, 5 }, { 52, 6 } };

static const struct {
	unsigned int lg2, block_lg2;
	uint32_t idr5;
} granules[] = { { 12, 21, 1u << 4 },
		 { 14, 25, 1u << 5 },
		 { 16, 29, 1u << 6 } };

/* The physical address of a write without a PASID, or 0. */
static uint64_t dma(struct iso *iso, uint64_t addr)
{
	const struct hw_txn txn = {
		.requester = iso->guest[0].sid,
		.perm = IOMMU_PERM_WRITE,
		.addr = addr,
	};
	struct hw_xlat xlat;

	if (iso->hw->ops->translate(iso->hw, &iso->port, &txn, &xlat))
		return 0;
	hw_port_done(&iso->port);
	return xlat.pa;
}

static void check(unsigned int bits, uint32_t idr5, unsigned int page_lg2,
		  unsigned int block_lg2)
{
	struct iso *iso = iso_make_bare(0, idr5);
	uint64_t page = UINT64_C(1) << page_lg2;
	uint64_t block = UINT64_C(1) << block_lg2;
	unsigned int ipa_bits = bits < 48 ? bits : 48;
	uint64_t last = (UINT64_C(1) << ipa_bits) - page, half;
	struct iommu_domain *d;

	assert_non_null(iso);
	half = UINT64_C(1) << (ipa_bits - 1);
	assert_int_equal(iommu_domain_alloc_parent(iso->unit, &d), 0);
	assert_int_equal(iommu_domain_page_sizes(d) & (page | block),
			 page | block);
	assert_int_equal(iommu_attach_device(d, iso->guest[0].dev), 0);
	/* The first and the last page, and a block where tables meet. */
	assert_int_equal(iommu_map(d, 0, 3 * page, page, RW), 0);
	assert_int_equal(iommu_map(d, last, 5 * page, page, RW), 0);
	assert_int_equal(iommu_map(d, half, block, block, RW), 0);
	assert_int_not_equal(iommu_map(d, last + page, 0, page, RW), 0);
	assert_int_equal(dma(iso, 8), 3 * page + 8);
	assert_int_equal(dma(iso, last + page - 1), 6 * page - 1);
	assert_int_equal(dma(iso, half + 4096), block + 4096);
	assert_int_equal(dma(iso, half + block - 1), 2 * block - 1);
	assert_int_equal(dma(iso, half - 1), 0);
	assert_int_equal(dma(iso, half + block), 0);
	assert_int_equal(dma(iso, page), 0);
	assert_int_equal(iommu_unmap(d, last, page, NULL), 0);
	assert_int_equal(dma(iso, last), 0);
	/* In the middle of the block. */
	assert_int_equal(iommu_unmap(d, half + page, page, NULL), 0);
	assert_int_equal(dma(iso, half + page), 0);
	assert_int_equal(dma(iso, half), block);
	assert_int_equal(dma(iso, half + 2 * page), block + 2 * page);
	assert_int_equal(iommu_detach_device(d, iso->guest[0].dev), 0);
	assert_int_equal(dma(iso, half), 0);
	assert_int_equal(iommu_domain_free(d), 0);
	assert_null(iso_free(iso));
}

static void test_smmuv3_stage2_of_each_granule_and_size(void **state)
{
	size_t g, i;

	(void)state;
	for (g = 0; g < sizeof(granules) / sizeof(granules[0]); g++)
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			/* More than 48 bits take descriptors that have them. */
			if (sizes[i].bits <= 48 || granules[g].lg2 == 16)
				check(sizes[i].bits,
				      granules[g].idr5 | sizes[i].oas,
				      granules[g].lg2, granules[g].block_lg2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_stage2_of_each_granule_and_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
