/* SPDX-License-Identifier: MIT */
/* Systems and units. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/ioasid.h>

#include "tests/core/rig.h"

static DECLARE_IOASID_SET(set);

static void test_system_bad_settings_einval(void **state)
{
	struct iommu_system_cfg cfg = { .pasid_bits = 21 };
	struct iommu_system *sys = NULL;
	struct testplat tp;

	(void)state;
	testplat_init(&tp);
	assert_err(iommu_system_create(&tp.plat, &cfg, &sys), EINVAL);
	cfg = (struct iommu_system_cfg){ .response_timeout_s = 101 };
	assert_err(iommu_system_create(&tp.plat, &cfg, &sys), EINVAL);
	cfg = (struct iommu_system_cfg){ .oom_policy = 2 };
	assert_err(iommu_system_create(&tp.plat, &cfg, &sys), EINVAL);
	assert_null(sys);
	testplat_fini(&tp);
}

static void test_system_create_no_memory_nothing_left(void **state)
{
	const struct iommu_system_cfg cfg = { .response_timeout_s = 100 };
	struct iommu_system *sys = NULL;
	struct testplat tp;
	long n;
	int err;

	(void)state;
	testplat_init(&tp);
	for (n = 1;; n++) {
		testplat_fail_nth(&tp, n);
		err = iommu_system_create(&tp.plat, &cfg, &sys);
		testplat_fail_nth(&tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
		assert_null(sys);
		assert_int_equal(tp.live_allocations, 0);
		assert_int_equal(tp.locks_live, 0);
	}
	assert_true(n > 2);
	assert_ptr_equal(iommu_system_plat(sys), &tp.plat);
	assert_ok(iommu_system_destroy(sys));
	testplat_fini(&tp);
}

static void test_system_destroy_in_use_ebusy(void **state)
{
	struct iommu_system *sys;
	struct testplat tp;
	struct mock *mock;
	ioasid_t id;

	(void)state;
	testplat_init(&tp);
	assert_ok(iommu_system_destroy(NULL));
	assert_ok(iommu_system_create(&tp.plat, NULL, &sys));
	assert_ok(mock_create(sys, NULL, &mock));
	assert_err(iommu_system_destroy(sys), EBUSY);
	assert_ok(mock_destroy(mock));
	assert_ok(ioasid_alloc(sys, &set, 1, 9, NULL, &id));
	assert_err(iommu_system_destroy(sys), EBUSY);
	assert_true(ioasid_free(sys, id));
	assert_ok(iommu_system_destroy(sys));
	testplat_fini(&tp);
}

/* [C5] Two systems share nothing. */
static void test_system_two_have_own_pasids(void **state)
{
	struct iommu_system *a, *b;
	struct testplat tp;
	ioasid_t ida, idb;

	(void)state;
	testplat_init(&tp);
	assert_ok(iommu_system_create(&tp.plat, NULL, &a));
	assert_ok(iommu_system_create(&tp.plat, NULL, &b));
	assert_ok(ioasid_alloc(a, &set, 1, 9, NULL, &ida));
	assert_ok(ioasid_alloc(b, &set, 1, 9, NULL, &idb));
	assert_int_equal(ida, idb);
	assert_true(ioasid_free(a, ida));
	assert_true(ioasid_free(b, idb));
	assert_ok(iommu_system_destroy(a));
	assert_ok(iommu_system_destroy(b));
	testplat_fini(&tp);
}

static void count_row(void *arg, const struct iommu_unit_row *row)
{
	unsigned int *count = arg;

	assert_non_null(row->reg);
	(*count)++;
}

static void test_system_unit_walk_and_describe(void **state)
{
	struct mock *second;
	struct iommu_unit *unit;
	unsigned int rows = 0;
	struct rig rig;

	(void)state;
	rig_up(&rig, NULL, NULL);
	assert_ok(mock_create(rig.sys, NULL, &second));
	unit = iommu_unit_next(rig.sys, NULL);
	assert_ptr_equal(unit, mock_unit(rig.mock));
	assert_string_equal(iommu_unit_name(unit), "mock.0");
	iommu_unit_describe(unit, count_row, &rows);
	assert_true(rows >= 2);
	unit = iommu_unit_next(rig.sys, unit);
	assert_ptr_equal(unit, mock_unit(second));
	assert_null(iommu_unit_next(rig.sys, unit));
	assert_err(mock_destroy(rig.mock), EBUSY);
	assert_ok(mock_destroy(second));
	rig_down(&rig);
}

/* A unit stays while it has domains. */
static void test_system_unit_with_domain_ebusy(void **state)
{
	struct iommu_domain *domain;
	struct iommu_system *sys;
	struct testplat tp;
	struct mock *mock;

	(void)state;
	testplat_init(&tp);
	assert_ok(iommu_system_create(&tp.plat, NULL, &sys));
	assert_ok(mock_create(sys, NULL, &mock));
	assert_ok(iommu_domain_alloc(mock_unit(mock), IOMMU_DOMAIN_PAGING,
				     &domain));
	assert_err(mock_destroy(mock), EBUSY);
	assert_ok(iommu_domain_free(domain));
	assert_ok(mock_destroy(mock));
	assert_ok(iommu_system_destroy(sys));
	testplat_fini(&tp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_system_bad_settings_einval),
		cmocka_unit_test(test_system_create_no_memory_nothing_left),
		cmocka_unit_test(test_system_destroy_in_use_ebusy),
		cmocka_unit_test(test_system_two_have_own_pasids),
		cmocka_unit_test(test_system_unit_walk_and_describe),
		cmocka_unit_test(test_system_unit_with_domain_ebusy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
