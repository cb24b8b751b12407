/* SPDX-License-Identifier: MIT */
/* More page requests wait for an answer than any device may have. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/device.h"
#include "tests/core/rig.h"

enum { GROUPS = 512, MORE = 100 };

struct fixture {
	struct rig rig;
	unsigned int heard;
	uint64_t cookies[GROUPS + 1];
};

/* A handler that does not answer. */
static int keep(const struct iommu_fault *fault, struct iommu_device *dev,
		void *data)
{
	struct fixture *f = data;

	(void)dev;
	if (f->heard < GROUPS + 1)
		f->cookies[f->heard] = fault->prm.cookie;
	f->heard++;
	return 0;
}

static int report(struct iommu_device *dev, uint32_t group)
{
	struct iommu_fault fault = page_request(5, group, 0x1000, R, true);

	return iommu_report_device_fault(dev, &fault);
}

static int answer(struct iommu_device *dev, uint32_t group, uint64_t cookie)
{
	const struct iommu_page_response msg = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = IOMMU_PAGE_RESP_PASID_VALID |
			 IOMMU_PAGE_RESP_COOKIE_VALID,
		.pasid = 5,
		.grpid = group,
		.cookie = cookie,
	};

	return iommu_page_response(dev, &msg);
}

/* [I3] [R2] Memory for what waits has a limit, and nobody else's is less. */
static void test_overload_is_refused(void **state)
{
	static struct fixture f;
	struct iommu_device *dev, *other;
	unsigned int i, warned;
	long live;

	(void)state;
	memset(&f, 0, sizeof(f));
	rig_up(&f.rig, NULL, NULL);
	dev = f.rig.dev[0];
	other = f.rig.dev[1];
	assert_ok(iommu_register_device_fault_handler(dev, keep, &f));
	assert_ok(iommu_register_device_fault_handler(other, keep, &f));
	for (i = 0; i < GROUPS; i++)
		assert_ok(report(dev, i));
	live = atomic_load(&f.rig.tp.live_allocations);
	warned = atomic_load(&f.rig.tp.warnings_logged);
	for (i = 0; i < MORE; i++)
		assert_err(report(dev, i), ENOMEM);
	assert_int_equal(atomic_load(&f.rig.tp.live_allocations), live);
	assert_int_equal(atomic_load(&f.rig.tp.warnings_logged), warned + 1);
	assert_int_equal(f.heard, GROUPS);
	assert_int_equal(stats_of(&f.rig).page_refusals, MORE);
	assert_int_equal(mock_response_count(f.rig.mock), 0);
	/* Whose place is free. */
	assert_ok(answer(dev, 7, f.cookies[7]));
	assert_ok(report(dev, 7));
	assert_err(report(dev, 8), ENOMEM);
	assert_ok(answer(dev, 7, f.cookies[GROUPS]));
	assert_ok(report(other, 7));
	assert_err(iommu_unregister_device_fault_handler(dev), EBUSY);
	fault_answer_left(dev, NULL);
	fault_answer_left(other, NULL);
	/* One for each that was taken. */
	assert_int_equal(mock_response_count(f.rig.mock), GROUPS + 2);
	assert_ok(report(dev, 7));
	fault_answer_left(dev, NULL);
	assert_ok(iommu_unregister_device_fault_handler(dev));
	assert_ok(iommu_unregister_device_fault_handler(other));
	rig_down(&f.rig);
}

/* Stalls have more tags: 16 bits. */
static void test_overload_of_stalls(void **state)
{
	static struct fixture f;
	struct iommu_device_caps caps;
	struct iommu_device *dev;
	unsigned int i;

	(void)state;
	memset(&f, 0, sizeof(f));
	rig_up(&f.rig, NULL, NULL);
	dev = f.rig.dev[2];
	iommu_device_caps(dev, &caps);
	assert_ok(iommu_register_device_fault_handler(dev, keep, &f));
	for (i = 0; i < (caps.stall ? 65536u : GROUPS); i++)
		assert_ok(report(dev, i));
	assert_err(report(dev, 0), ENOMEM);
	fault_answer_left(dev, NULL);
	assert_ok(iommu_unregister_device_fault_handler(dev));
	rig_down(&f.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overload_is_refused),
		cmocka_unit_test(test_overload_of_stalls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
