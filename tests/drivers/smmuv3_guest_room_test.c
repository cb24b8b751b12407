/* SPDX-License-Identifier: MIT */
/* A guest's table has to go, and there is no memory for what comes next. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/drivers/smmuv3_guest_rig.h"

static struct iommu_pasid_table_config abort_table(void)
{
	struct iommu_pasid_table_config cfg = guest_table(0, 0);

	cfg.config = IOMMU_PASID_CONFIG_ABORT;
	return cfg;
}

/* 5.2: stage 1 without a CD, and S1DSS terminates; no stage 2. */
static bool is_host(struct bench *b)
{
	const uint64_t *ste = fake_ste(b->f, SID);

	return bits(ste[0], 3, 0) == 0xb && bits(ste[1], 1, 0) == 0 &&
	       !guest_vmid(b);
}

/* ABORT does not fail, and the table comes back when there is memory. [G5] */
static void test_smmuv3_guest_abort_has_room(void **state)
{
	struct iommu_pasid_table_config cfg = guest_table(0x10000, 4), abort;
	const struct iommu_cache_invalidate_info all =
		guest_info(TLB | CDS, IOMMU_INV_GRANU_DOMAIN);
	struct bench b;

	(void)state;
	abort = abort_table();
	guest_start(&b);
	guest_bind(&b, &cfg);
	assert_int_equal(bits(fake_ste(b.f, SID)[0], 3, 0), 0xf);
	testplat_fail_nth(&b.f->tp, 1);
	assert_int_equal(iommu_attach_pasid_table(b.parent, &abort), 0);
	assert_int_equal(atomic_load(&b.f->tp.allocations), 1);
	assert_true(is_host(&b));
	/* Nothing of it is known any more that could be forgotten. */
	fake_ops_clear(b.f);
	assert_int_equal(iommu_cache_invalidate(b.parent, b.dev, &all), 0);
	assert_int_equal(b.f->op_count, 0);
	/* As it was, when there is no memory for the place behind stage 2. */
	testplat_fail_nth(&b.f->tp, 2);
	assert_int_equal(iommu_attach_pasid_table(b.parent, &cfg), -ENOMEM);
	assert_true(is_host(&b));
	testplat_fail_nth(&b.f->tp, 0);
	guest_bind(&b, &cfg);
	assert_int_equal(bits(fake_ste(b.f, SID)[0], 3, 0), 0xf);
	guest_unbind(&b);
	assert_int_equal(bits(fake_ste(b.f, SID)[0], 3, 0), 0xd);
	guest_stop(&b);
}

/* Back to the parent, or to nothing if there is no memory for that. [G2] */
static void test_smmuv3_guest_aborted_ends(void **state)
{
	struct iommu_pasid_table_config cfg = guest_table(0x10000, 4), abort;
	struct bench b;

	(void)state;
	abort = abort_table();
	guest_start(&b);
	guest_bind(&b, &cfg);
	testplat_fail_nth(&b.f->tp, 1);
	guest_bind(&b, &abort);
	testplat_fail_nth(&b.f->tp, 0);
	guest_unbind(&b);
	assert_int_equal(bits(fake_ste(b.f, SID)[0], 3, 0), 0xd);
	guest_bind(&b, &cfg);
	testplat_fail_nth(&b.f->tp, 1);
	guest_bind(&b, &abort);
	testplat_fail_nth(&b.f->tp, 1);
	assert_int_equal(iommu_unbind_pasid_table(b.parent, b.dev), -ENOMEM);
	testplat_fail_nth(&b.f->tp, 0);
	assert_true(is_host(&b));
	assert_int_equal(iommu_attach_device(b.parent, b.dev), 0);
	assert_int_equal(bits(fake_ste(b.f, SID)[0], 3, 0), 0xd);
	guest_stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_guest_abort_has_room),
		cmocka_unit_test(test_smmuv3_guest_aborted_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
