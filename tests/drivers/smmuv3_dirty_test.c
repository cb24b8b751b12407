/* SPDX-License-Identifier: MIT */
/* Dirty tracking on an SMMUv3: IHI 0070, 3.13. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/drivers/dirty_scene.h"
#include "tests/drivers/smmuv3_model_bench.h"

enum { TLBI_VA = 0x12, TLBI_ASID = 0x11, ATC_INV = 0x40 };

static int run(const struct shape *shape, unsigned int drop_op)
{
	struct bench *b = mb_make_shape(shape, HW_STRICT, 0);
	struct dirty_bench x = { .atc = &b->atc };
	int bad;

	assert_int_equal(mb_probe(b), 0);
	b->drop_op = drop_op;
	b->dev = fake_pci_device(&b->f, SID);
	x.unit = b->f.unit;
	x.dev = b->dev;
	bad = dirty_scene(&x);
	mb_unmake(b);
	return bad;
}

/* [R9] */
static void test_smmuv3_dirty_every_write_is_noted(void **state)
{
	(void)state;
	assert_int_equal(run(&mb_usual, NO_DROP), 0);
}

/* The controls: without the invalidations it would not be so. */
static void test_smmuv3_dirty_notices_what_is_left_out(void **state)
{
	(void)state;
	assert_int_not_equal(run(&mb_usual, TLBI_VA), 0);
	assert_int_not_equal(run(&mb_usual, TLBI_ASID), 0);
	assert_int_not_equal(run(&mb_usual, ATC_INV), 0);
}

/* SMMU_IDR0.HTTU below 2, IDR3.BBML below 2: said, and nothing is changed. */
static void test_smmuv3_dirty_wants_httu_and_bbml(void **state)
{
	static const struct shape shapes[] = {
		{ "no dirty state",
		  12,
		  { [0] = 1 << 6 },
		  { [0] = 3 << 6 },
		  false },
		{ "no HTTU", 12, { 0 }, { [0] = 3 << 6 }, false },
		{ "no BBM", 12, { 0 }, { [3] = 3 << 11 }, false },
	};
	struct iommu_dirty_bitmap all = { .page_lg2 = 12 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct bench *b = mb_make_shape(&shapes[i], HW_STRICT, 0);
		struct iommu_domain *d;

		assert_int_equal(mb_probe(b), 0);
		assert_int_equal(iommu_domain_alloc(b->f.unit,
						    IOMMU_DOMAIN_PAGING, &d),
				 0);
		assert_int_equal(iommu_set_dirty_tracking(d, true),
				 i < 2 ? -EOPNOTSUPP : 0);
		assert_int_equal(iommu_read_and_clear_dirty(d, 0, 4096, 0,
							    &all),
				 i < 2 ? -EINVAL : 0);
		assert_int_equal(iommu_read_and_clear_dirty(
					 d, 0, 4096, IOMMU_DIRTY_SPLIT, &all),
				 i < 2 ? -EINVAL : -EOPNOTSUPP);
		assert_int_equal(iommu_domain_free(d), 0);
		mb_unmake(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_dirty_every_write_is_noted),
		cmocka_unit_test(test_smmuv3_dirty_notices_what_is_left_out),
		cmocka_unit_test(test_smmuv3_dirty_wants_httu_and_bbml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
