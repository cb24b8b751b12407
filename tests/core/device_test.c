/* SPDX-License-Identifier: MIT */
/* Adding and removing devices. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/system.h"
#include "tests/core/rig.h"

static int setup(void **state)
{
	static struct rig rig;

	memset(&rig, 0, sizeof(rig));
	rig_up(&rig, NULL, NULL);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	rig_down(*state);
	return 0;
}

static void test_device_add_bad_description_einval(void **state)
{
	struct rig *rig = *state;
	const uint32_t id = 50;
	const struct iommu_device_desc good = {
		.name = "d",
		.unit = mock_unit(rig->mock),
		.stream_ids = &id,
		.stream_id_count = 1,
	};
	struct iommu_device_desc desc = good;
	struct iommu_device *dev = NULL;
	struct iommu_system *other;

	desc.name = NULL;
	assert_err(iommu_device_add(rig->sys, &desc, &dev), EINVAL);
	desc = good;
	desc.unit = NULL;
	assert_err(iommu_device_add(rig->sys, &desc, &dev), EINVAL);
	desc = good;
	desc.stream_id_count = 0;
	assert_err(iommu_device_add(rig->sys, &desc, &dev), EINVAL);
	desc = good;
	desc.pasid_bits = 21;
	assert_err(iommu_device_add(rig->sys, &desc, &dev), EINVAL);
	assert_ok(iommu_system_create(rig->plat, NULL, &other));
	assert_err(iommu_device_add(other, &good, &dev), EINVAL);
	assert_ok(iommu_system_destroy(other));
	assert_null(dev);
}

/* [K20] [K21] What the driver says comes through. */
static void test_device_add_stream_id_taken_or_beyond(void **state)
{
	struct rig *rig = *state;
	uint32_t ids[2] = { 60, 0 };
	const struct iommu_device_desc desc = {
		.name = "d",
		.unit = mock_unit(rig->mock),
		.stream_ids = ids,
		.stream_id_count = 2,
	};
	struct iommu_device *dev = NULL;

	assert_err(iommu_device_add(rig->sys, &desc, &dev), EEXIST);
	ids[1] = 0x10000;
	assert_err(iommu_device_add(rig->sys, &desc, &dev), ERANGE);
	assert_null(dev);
	ids[1] = 61;
	assert_ok(iommu_device_add(rig->sys, &desc, &dev));
	assert_ok(iommu_device_remove(dev));
}

static void test_device_add_no_memory_nothing_left(void **state)
{
	struct rig *rig = *state;
	const uint32_t id = 50;
	const struct iommu_device_desc desc = {
		.name = "d",
		.unit = mock_unit(rig->mock),
		.stream_ids = &id,
		.stream_id_count = 1,
		.pasid_bits = 4,
	};
	long n, live = rig->tp.live_allocations;
	struct iommu_device *dev = NULL;
	int err;

	for (n = 1;; n++) {
		testplat_fail_nth(&rig->tp, n);
		err = iommu_device_add(rig->sys, &desc, &dev);
		testplat_fail_nth(&rig->tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
		assert_null(dev);
		assert_int_equal(rig->tp.live_allocations, live);
	}
	assert_true(n > 4);
	assert_ok(iommu_device_remove(dev));
	assert_int_equal(rig->tp.live_allocations, live);
}

static void test_device_caps_name_walk(void **state)
{
	struct rig *rig = *state;
	struct iommu_device_caps caps;
	struct iommu_device *dev;

	dev = iommu_device_next(rig->sys, NULL);
	assert_ptr_equal(dev, rig->dev[0]);
	assert_string_equal(iommu_device_name(dev), "pri0");
	assert_ptr_equal(iommu_device_unit(dev), mock_unit(rig->mock));
	assert_ptr_equal(iommu_device_system(dev), rig->sys);
	iommu_device_caps(dev, &caps);
	assert_int_equal(caps.pasid_bits, MOCK_PASID_BITS);
	assert_true(caps.pri && caps.sva && !caps.stall);
	dev = iommu_device_next(rig->sys, dev);
	assert_ptr_equal(dev, rig->dev[1]);
	dev = iommu_device_next(rig->sys, dev);
	assert_ptr_equal(dev, rig->dev[2]);
	assert_null(iommu_device_next(rig->sys, dev));
}

/* The system's width of PASIDs limits the device's. */
static void test_device_pasid_bits_cut_to_system(void **state)
{
	const struct iommu_system_cfg cfg = { .pasid_bits = 3 };
	struct iommu_device_caps caps;
	struct rig rig;

	(void)state;
	rig_up(&rig, &cfg, NULL);
	iommu_device_caps(rig.dev[0], &caps);
	assert_int_equal(caps.pasid_bits, 3);
	rig_down(&rig);
}

/* [A5] [I1] */
static void test_device_remove_in_use_ebusy(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig_add_device(rig, "d", 70, 8, 0);
	struct iommu_domain *domain;

	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_err(iommu_device_remove(dev), EBUSY);
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX));

	assert_ok(iommu_register_device_fault_handler(dev, iommu_queue_iopf,
						      NULL));
	assert_err(iommu_device_remove(dev), EBUSY);
	assert_ok(iommu_unregister_device_fault_handler(dev));

	assert_ok(iommu_domain_alloc(mock_unit(rig->mock), IOMMU_DOMAIN_PAGING,
				     &domain));
	assert_ok(iommu_attach_device_pasid(domain, dev, 9));
	assert_err(iommu_device_remove(dev), EBUSY);
	iommu_detach_device_pasid(domain, dev, 9);

	/* Its own domain goes with it. */
	assert_ok(iommu_attach_device(domain, dev));
	assert_err(iommu_domain_free(domain), EBUSY);
	assert_ok(iommu_device_remove(dev));
	assert_ok(iommu_domain_free(domain));
}

struct remover {
	struct iommu_device *dev;
	_Atomic bool gone;
	int err;
};

static void *remove_thread(void *arg)
{
	struct remover *r = arg;

	r->err = iommu_device_remove(r->dev);
	atomic_store(&r->gone, true);
	return NULL;
}

/* [K21] A driver in the middle of a report keeps the device. */
static void test_device_remove_waits_for_reporter(void **state)
{
	struct rig *rig = *state;
	struct remover r = { .dev = rig_add_device(rig, "d", 70, 8, 0) };
	struct iommu_fault fault = page_request(1, 1, 0, R, true);
	unsigned int released = mock_calls(rig->mock, MOCK_OP_RELEASE);
	pthread_t thread;

	mock_hold_faults(rig->mock, true);
	assert_ok(mock_raise(rig->mock, r.dev, &fault));
	pthread_create(&thread, NULL, remove_thread, &r);
	while (mock_calls(rig->mock, MOCK_OP_RELEASE) == released)
		plat_relax(rig->plat, 1);
	while (!atomic_load(&rig->sys->sva_event.waiters) &&
	       !atomic_load(&r.gone))
		plat_relax(rig->plat, 1);
	assert_false(atomic_load(&r.gone));
	mock_hold_faults(rig->mock, false);
	pthread_join(thread, NULL);
	assert_ok(r.err);
	/* On hardware the answer may come after that. */
	assert_true(mock_wait_responses(rig->mock, 1));
	assert_int_equal(mock_response_count(rig->mock), 1);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_device_add_bad_description_einval),
		TEST(test_device_add_stream_id_taken_or_beyond),
		TEST(test_device_add_no_memory_nothing_left),
		TEST(test_device_caps_name_walk),
		cmocka_unit_test(test_device_pasid_bits_cut_to_system),
		TEST(test_device_remove_in_use_ebusy),
		TEST(test_device_remove_waits_for_reporter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
