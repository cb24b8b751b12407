/* SPDX-License-Identifier: MIT */
/* Paging domains when something fails half way. [A6] */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/drivers/vtd/seam.h"

#define LARGE (UINT64_C(1) << 21)

/* Is [start, last] of the second stage forgotten in one go? */
static bool forgotten(struct seam *s, uint64_t start, uint64_t last)
{
	size_t i;

	for (i = 0; i < s->op_count; i++)
		if (s->ops[i].kind == SEAM_IOTLB && s->ops[i].start <= start &&
		    s->ops[i].last >= last)
			return true;
	return false;
}

/*
 * One end of the range makes a large page small, and for the other there is no
 * memory. The unit may have the large page still, and the unmap of a small one
 * would not have it forgotten: 6.5.3.2. [R9]
 */
static void test_vtd_split_without_memory(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device *dev;
	struct iommu_domain *d;
	uint64_t bytes = 0;

	(void)state;
	s->u.f.mgaw_bits = 48;
	s->u.f.cap = REG_PUT(VTD_CAP_SSLPS, s->u.f.cap, VTD_CAP_SSLPS_2M);
	seam_start(s);
	dev = seam_device(s, 0x77);
	assert_int_equal(
		iommu_domain_alloc(&s->u.unit, IOMMU_DOMAIN_PAGING, &d), 0);
	assert_int_equal(iommu_attach_device(d, dev), 0);
	assert_int_equal(iommu_map(d, LARGE, LARGE, 2 * LARGE,
				   IOMMU_PERM_READ | IOMMU_PERM_WRITE),
			 0);
	seam_clear(s);
	testplat_fail_nth(&s->tp, 2);
	assert_int_equal(iommu_unmap(d, LARGE + 4096, LARGE, &bytes), -ENOMEM);
	testplat_fail_nth(&s->tp, 0);
	assert_true(forgotten(s, LARGE, 2 * LARGE - 1));

	assert_int_equal(iommu_unmap(d, LARGE, 2 * LARGE, &bytes), 0);
	assert_int_equal(bytes, 2 * LARGE);
	assert_int_equal(iommu_detach_device(d, dev), 0);
	assert_int_equal(iommu_domain_free(d), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	seam_unmake(s);
}

/*
 * A map that fails because the unit does not say that it has seen it: it may
 * have, so the pages are forgotten before their owner has them back. [R9]
 */
static void test_vtd_split_map_not_acknowledged(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device *dev;
	struct iommu_domain *d;

	(void)state;
	s->u.f.mgaw_bits = 48;
	seam_start(s);
	dev = seam_device(s, 0x77);
	assert_int_equal(
		iommu_domain_alloc(&s->u.unit, IOMMU_DOMAIN_PAGING, &d), 0);
	assert_int_equal(iommu_attach_device(d, dev), 0);
	seam_clear(s);
	s->wbf_err = -ETIMEDOUT;
	assert_int_equal(iommu_map(d, 0x5000, 0x9000, 0x3000,
				   IOMMU_PERM_READ | IOMMU_PERM_WRITE),
			 -ETIMEDOUT);
	s->wbf_err = 0;
	assert_true(forgotten(s, 0x5000, 0x7fff));
	assert_int_equal(iommu_detach_device(d, dev), 0);
	assert_int_equal(iommu_domain_free(d), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	seam_unmake(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_split_without_memory),
		cmocka_unit_test(test_vtd_split_map_not_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
