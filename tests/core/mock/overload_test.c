/* SPDX-License-Identifier: MIT */
/* A device sends more page requests than anybody answers: from its side. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "core/device.h"
#include "tests/core/rig.h"

enum { GROUPS = 512, MORE = 20 };

static int keep(const struct iommu_fault *fault, struct iommu_device *dev,
		void *data)
{
	(void)fault;
	(void)dev;
	++*(unsigned int *)data;
	return 0;
}

static void flood(enum iommu_oom_policy policy,
		  enum iommu_page_response_code code)
{
	const struct iommu_system_cfg cfg = { .oom_policy = policy };
	unsigned int heard = 0, i;
	struct iommu_device *dev;
	struct rig rig;

	rig_up(&rig, &cfg, NULL);
	dev = rig.dev[0];
	assert_ok(iommu_register_device_fault_handler(dev, keep, &heard));
	for (i = 0; i < GROUPS; i++) {
		raise_request(&rig, dev, 5, i, 0x1000, R, true);
		mock_report_all(rig.mock);
	}
	assert_int_equal(mock_response_count(rig.mock), 0);
	/* A group of two pages: its first is forgotten with it. */
	raise_request(&rig, dev, 5, 3, 0x1000, R, false);
	for (i = 0; i < MORE; i++) {
		raise_request(&rig, dev, 5, 3, 0x2000, R, true);
		mock_report_all(rig.mock);
		assert_int_equal(mock_response_count(rig.mock), i + 1);
		assert_int_equal(last_code(&rig), code);
	}
	assert_int_equal(heard, GROUPS + 1);
	fault_answer_left(dev, NULL);
	assert_int_equal(mock_response_count(rig.mock), GROUPS + MORE);
	assert_ok(iommu_unregister_device_fault_handler(dev));
	rig_down(&rig);
}

/* [I3] [R2] One answer for each: the driver's, by the system's policy. */
static void test_overload_one_answer_each(void **state)
{
	(void)state;
	flood(IOMMU_OOM_FAILURE, IOMMU_PAGE_RESP_FAILURE);
	flood(IOMMU_OOM_RETRY, IOMMU_PAGE_RESP_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overload_one_answer_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
