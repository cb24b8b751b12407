/* SPDX-License-Identifier: MIT */
/* A guest's table has to go, and there is no memory for what comes next. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/drivers/vtd_guest.h"

#define VA VGUEST_VA

static int bind_mode(struct vguest *g, unsigned int mode)
{
	const struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_VTD,
		.base = g->dir,
		.size = 4096,
		.config = (uint8_t)mode,
	};

	return iommu_attach_pasid_table(g->parent, &cfg);
}

static bool aborts(struct vguest_one *o)
{
	return !vbench_dma(o->b, 5, VA) && !vbench_dma(o->b, 0, o->data) &&
	       !vbench_ats(o->b, 5, VA);
}

/* Whatever allocation fails, ABORT does not; nor does what follows. [G5] */
static void test_vtd_guest_abort_has_room(void **state)
{
	struct vguest_one o;
	unsigned int failed = 0;
	long n;

	(void)state;
	vguest_one_make(&o);
	assert_int_equal(bind_mode(o.g, IOMMU_PASID_CONFIG_TRANSLATE), 0);
	for (n = 1;; n++) {
		assert_int_equal(vbench_dma(o.b, 5, VA),
				 vguest_pa(o.g, o.data));
		testplat_fail_nth(&o.b->tp, n);
		assert_int_equal(bind_mode(o.g, IOMMU_PASID_CONFIG_ABORT), 0);
		assert_true(aborts(&o));
		assert_int_equal(vguest_inv(o.g, IOMMU_CACHE_INV_TYPE_PASID),
				 0);
		assert_true(aborts(&o));
		if (atomic_load(&o.b->tp.allocations) < n)
			break;
		failed++;
		testplat_fail_nth(&o.b->tp, 0);
		assert_int_equal(bind_mode(o.g, IOMMU_PASID_CONFIG_TRANSLATE),
				 0);
	}
	/* A domain, what is nested, its shadow, rows, the attachment. */
	assert_true(failed >= 5);
	testplat_fail_nth(&o.b->tp, 0);
	vguest_unbind(o.g);
	assert_int_equal(vbench_dma(o.b, 0, o.data), vguest_pa(o.g, o.data));
	vguest_one_unmake(&o);
}

/* The way back to the parent takes none, from there either. [G2] */
static void test_vtd_guest_aborted_ends_without_memory(void **state)
{
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	assert_int_equal(bind_mode(o.g, IOMMU_PASID_CONFIG_TRANSLATE), 0);
	testplat_fail_nth(&o.b->tp, 1);
	assert_int_equal(bind_mode(o.g, IOMMU_PASID_CONFIG_ABORT), 0);
	testplat_fail_nth(&o.b->tp, 1);
	vguest_unbind(o.g);
	testplat_fail_nth(&o.b->tp, 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	assert_int_equal(vbench_dma(o.b, 0, o.data), vguest_pa(o.g, o.data));
	vguest_one_unmake(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_guest_abort_has_room),
		cmocka_unit_test(test_vtd_guest_aborted_ends_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
