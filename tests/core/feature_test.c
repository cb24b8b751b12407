/* SPDX-License-Identifier: MIT */
/* Device features. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/why.h>

#include "tests/core/rig.h"

#define BAD_FEATURE ((enum iommu_dev_feature)7)

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

/* [A1] A query: no op of the driver is called. */
static void test_feature_has_needs_pasid_and_recovery(void **state)
{
	const struct mock_cfg no_sva = { .no_sva = true };
	const struct mock_cfg no_pri = { .no_pri = true };
	struct rig *rig = *state;
	struct iommu_device *plain = rig_add_device(rig, "d", 70, 0, 0);
	struct rig other;

	mock_log_reset(rig->mock);
	assert_true(iommu_dev_has_feature(rig->dev[0], IOMMU_DEV_FEAT_SVA));
	assert_true(iommu_dev_has_feature(rig->dev[0], IOMMU_DEV_FEAT_AUX));
	assert_false(iommu_dev_has_feature(rig->dev[0], BAD_FEATURE));
	assert_false(iommu_dev_has_feature(plain, IOMMU_DEV_FEAT_SVA));
	assert_false(iommu_dev_has_feature(plain, IOMMU_DEV_FEAT_AUX));
	assert_int_equal(mock_log(rig->mock, (enum mock_op[1]){ 0 }, 1), 0);
	assert_err(iommu_dev_enable_feature(plain, IOMMU_DEV_FEAT_SVA), ENODEV);
	assert_ok(iommu_device_remove(plain));

	rig_up(&other, NULL, &no_sva);
	assert_false(iommu_dev_has_feature(other.dev[0], IOMMU_DEV_FEAT_SVA));
	assert_true(iommu_dev_has_feature(other.dev[0], IOMMU_DEV_FEAT_AUX));
	rig_down(&other);
	rig_up(&other, NULL, &no_pri);
	assert_false(iommu_dev_has_feature(other.dev[0], IOMMU_DEV_FEAT_SVA));
	rig_down(&other);
}

/* [A1] A device that stalls needs no page requests. */
static void test_feature_has_is_enough_to_stall(void **state)
{
	const struct mock_cfg no_pri = { .no_pri = true };
	struct rig *rig = *state;
	struct rig other;

	assert_true(iommu_dev_has_feature(rig->dev[2], IOMMU_DEV_FEAT_SVA));
	rig_up(&other, NULL, &no_pri);
	assert_true(iommu_dev_has_feature(other.dev[2], IOMMU_DEV_FEAT_SVA));
	rig_down(&other);
}

/* [A2] [A4] */
static void test_feature_enable_once(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	enum iommu_dev_feature feat;

	assert_err(iommu_dev_enable_feature(dev, BAD_FEATURE), EINVAL);
	for (feat = 0; feat < IOMMU_DEV_FEAT_COUNT; feat++) {
		assert_false(iommu_dev_feature_enabled(dev, feat));
		assert_ok(iommu_dev_enable_feature(dev, feat));
		assert_true(iommu_dev_feature_enabled(dev, feat));
		assert_err(iommu_dev_enable_feature(dev, feat), EBUSY);
		assert_true(iommu_dev_feature_enabled(dev, feat));
		assert_ok(iommu_dev_disable_feature(dev, feat));
		assert_false(iommu_dev_feature_enabled(dev, feat));
	}
	assert_false(iommu_dev_feature_enabled(dev, BAD_FEATURE));
}

/* [A3] */
static void test_feature_disable_not_on_einval(void **state)
{
	struct rig *rig = *state;

	assert_err(iommu_dev_disable_feature(rig->dev[0], BAD_FEATURE), EINVAL);
	assert_err(iommu_dev_disable_feature(rig->dev[0], IOMMU_DEV_FEAT_SVA),
		   EINVAL);
	assert_err(iommu_dev_disable_feature(rig->dev[0], IOMMU_DEV_FEAT_AUX),
		   EINVAL);
}

/* How far a device is on the way to SVA. */
static void assert_sva_off(struct rig *rig)
{
	struct iommu_device *dev = rig->dev[0];

	assert_false(mock_faults_enabled(dev));
	assert_false(iommu_dev_feature_enabled(dev, IOMMU_DEV_FEAT_SVA));
	assert_err(iopf_queue_flush_dev(dev), ENODEV); /* on no queue */
}

/* What device 0 looked like when the driver was asked to do something. */
struct enable_probe {
	struct rig *rig;
	bool on_queue;
	int report_err;
};

static void enable_before(void *arg, enum mock_op op, struct iommu_device *dev,
			  ioasid_t pasid)
{
	struct enable_probe *p = arg;
	struct iommu_fault fault = page_request(1, 1, 0, R, false);

	(void)pasid;
	if (op != MOCK_OP_ENABLE_FAULTS && op != MOCK_OP_DISABLE_FAULTS)
		return;
	p->on_queue = iommu_queue_iopf(&fault, dev, NULL) == 0;
	p->report_err = iommu_report_device_fault(dev, &fault);
}

/* [A2] [A3] [N6] Queue, then faults, then handler; back in reverse. */
static void test_feature_sva_order_and_unwind(void **state)
{
	struct enable_probe p = { .on_queue = false };
	const struct mock_cfg cfg = { .before = enable_before, .arg = &p };
	struct rig rig;

	(void)state;
	rig_up(&rig, NULL, &cfg);
	p.rig = &rig;
	assert_ok(iommu_dev_enable_feature(rig.dev[0], IOMMU_DEV_FEAT_SVA));
	assert_true(p.on_queue);
	assert_err(p.report_err, EINVAL); /* no handler yet */
	assert_true(mock_faults_enabled(rig.dev[0]));

	p.on_queue = false;
	p.report_err = 0;
	assert_ok(iommu_dev_disable_feature(rig.dev[0], IOMMU_DEV_FEAT_SVA));
	assert_true(p.on_queue);
	assert_err(p.report_err, EINVAL); /* no handler any more */
	assert_sva_off(&rig);

	/* Page requests cannot be switched on. */
	mock_fail(rig.mock, MOCK_OP_ENABLE_FAULTS, 1, -EIO);
	assert_err(iommu_dev_enable_feature(rig.dev[0], IOMMU_DEV_FEAT_SVA),
		   EIO);
	assert_sva_off(&rig);

	/* Somebody else handles the faults. */
	assert_ok(iommu_register_device_fault_handler(rig.dev[0],
						      iommu_queue_iopf, NULL));
	assert_err(iommu_dev_enable_feature(rig.dev[0], IOMMU_DEV_FEAT_SVA),
		   EBUSY);
	assert_sva_off(&rig);
	assert_ok(iommu_unregister_device_fault_handler(rig.dev[0]));
	assert_ok(iommu_dev_enable_feature(rig.dev[0], IOMMU_DEV_FEAT_SVA));
	rig_down(&rig);
}

/* [A3] [N8] */
static void test_feature_aux_disable_with_domains_ebusy(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_domain *domain;

	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_ok(iommu_domain_alloc(mock_unit(rig->mock), IOMMU_DOMAIN_PAGING,
				     &domain));
	assert_ok(iommu_attach_device_pasid(domain, dev, 3));
	assert_err(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX), EBUSY);
	assert_true(iommu_dev_feature_enabled(dev, IOMMU_DEV_FEAT_AUX));
	iommu_detach_device_pasid(domain, dev, 3);
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_ok(iommu_domain_free(domain));
}

/* [A5] [A6] The device's own domain stays as it is. */
static void test_feature_on_primary_attach_ebusy(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_domain *domain, *other;
	enum iommu_dev_feature feat;

	assert_ok(iommu_domain_alloc(mock_unit(rig->mock), IOMMU_DOMAIN_PAGING,
				     &domain));
	assert_ok(iommu_domain_alloc(mock_unit(rig->mock),
				     IOMMU_DOMAIN_IDENTITY, &other));
	assert_ok(iommu_attach_device(domain, dev));
	for (feat = 0; feat < IOMMU_DEV_FEAT_COUNT; feat++) {
		assert_ok(iommu_dev_enable_feature(dev, feat));
		assert_err(iommu_attach_device(other, dev), EBUSY);
		assert_err(iommu_detach_device(domain, dev), EBUSY);
		assert_ok(iommu_dev_disable_feature(dev, feat));
	}
	assert_ok(iommu_detach_device(domain, dev));
	assert_ok(iommu_domain_free(domain));
	assert_ok(iommu_domain_free(other));
}

/* [B12] */
static void test_feature_sva_param_limits(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_sva_param param = { .min_pasid = 9, .max_pasid = 8 };

	assert_err(iommu_sva_enable(dev, &param), EINVAL);
	param.min_pasid = 1u << MOCK_PASID_BITS;
	param.max_pasid = 0;
	assert_err(iommu_sva_enable(dev, &param), EINVAL);
	assert_err(iommu_sva_disable(dev), ENODEV);
	assert_false(iommu_sva_enabled(dev, &param));

	param = (struct iommu_sva_param){ .min_pasid = 9 };
	assert_ok(iommu_sva_enable(dev, &param));
	assert_err(iommu_sva_enable(dev, &param), EEXIST);
	assert_true(iommu_sva_enabled(dev, &param));
	assert_int_equal(param.min_pasid, 9);
	assert_int_equal(param.max_pasid, (1u << MOCK_PASID_BITS) - 1);
	assert_int_equal(param.nr_bonds, 0);
	assert_ok(iommu_sva_disable(dev));
	assert_ok(iommu_sva_enable(dev, NULL));
	assert_true(iommu_sva_enabled(dev, &param));
	assert_int_equal(param.min_pasid, 1);
}

/* [A7] Before SVA and after it, and SVA does not do it twice. */
static void test_feature_iopf_around_sva(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];

	assert_true(iommu_dev_has_feature(dev, IOMMU_DEV_FEAT_IOPF));
	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_IOPF));
	assert_true(mock_faults_enabled(dev));
	assert_ok(iopf_queue_flush_dev(dev)); /* it is on a queue */
	assert_false(iommu_dev_feature_enabled(dev, IOMMU_DEV_FEAT_SVA));
	assert_err(iommu_device_remove(dev), EBUSY);
	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_SVA));
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_ENABLE_FAULTS), 1);
	assert_err(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF), EBUSY);
	assert_true(mock_faults_enabled(dev));
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_SVA));
	assert_true(iommu_dev_feature_enabled(dev, IOMMU_DEV_FEAT_IOPF));
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_DISABLE_FAULTS), 0);
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF));
	assert_err(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF), EINVAL);
	assert_sva_off(rig);
}

/* [A7] [A2] [A3] Who does not ask for it gets it along with SVA. */
static void test_feature_iopf_comes_with_sva(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];

	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_SVA));
	assert_true(iommu_dev_feature_enabled(dev, IOMMU_DEV_FEAT_IOPF));
	assert_err(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_IOPF), EBUSY);
	assert_err(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF), EBUSY);
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_SVA));
	assert_false(iommu_dev_feature_enabled(dev, IOMMU_DEV_FEAT_IOPF));
	assert_sva_off(rig);
	/* And nothing is left that would do it for IOPF alone. */
	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_IOPF));
	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_SVA));
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_SVA));
	assert_true(mock_faults_enabled(dev));
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF));
	assert_sva_off(rig);
}

static int take_it(const struct iommu_fault *fault, struct iommu_device *dev,
		   void *data)
{
	(void)fault, (void)dev, (void)data;
	return 0;
}

/* [A7] [I2] An answer is outstanding: it stays on, and can go later. */
static void test_feature_iopf_waits_for_answers(void **state)
{
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_fault fault = page_request(5, 1, 0x1000, R, true);
	const struct iommu_page_response msg = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = IOMMU_PAGE_RESP_PASID_VALID,
		.pasid = 5,
		.grpid = 1,
	};

	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_IOPF));
	assert_ok(iommu_unregister_device_fault_handler(dev));
	assert_ok(iommu_register_device_fault_handler(dev, take_it, NULL));
	assert_ok(iommu_report_device_fault(dev, &fault));
	assert_err(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF), EBUSY);
	assert_true(iommu_dev_feature_enabled(dev, IOMMU_DEV_FEAT_IOPF));
	assert_true(mock_faults_enabled(dev));
	assert_ok(iommu_page_response(dev, &msg));
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF));
	assert_sva_off(rig);
}

/* [A7] A device that handles its own faults, and has no other way. */
static void test_feature_own_faults(void **state)
{
	const struct mock_cfg no_pri = { .no_pri = true };
	struct iommu_sva_param param = { .own_faults = true };
	struct iommu_sva_why why;
	struct iommu_device *dev;
	struct soft_mm *mm;
	struct iommu_sva *sva;
	struct rig rig;
	size_t done;
	uint64_t pa;

	(void)state;
	rig_up(&rig, NULL, &no_pri);
	dev = rig.dev[0];
	mm = soft_mm_create(&rig);
	assert_false(iommu_dev_has_feature(dev, IOMMU_DEV_FEAT_IOPF));
	assert_err(iommu_dev_enable_feature_why(dev, IOMMU_DEV_FEAT_IOPF, &why),
		   ENODEV);
	assert_int_equal(why.req, IOMMU_SVA_REQ_RECOVERY);
	assert_err(iommu_sva_enable(dev, NULL), ENODEV);
	assert_ok(iommu_sva_enable(dev, &param));
	assert_err(iommu_sva_enable(dev, &param), EEXIST);
	param.own_faults = false;
	assert_true(iommu_sva_enabled(dev, &param));
	assert_true(param.own_faults);
	assert_false(iommu_dev_feature_enabled(dev, IOMMU_DEV_FEAT_IOPF));
	assert_int_equal(mock_calls(rig.mock, MOCK_OP_ENABLE_FAULTS), 0);

	assert_ok(iommu_sva_bind(dev, &mm->mm, NULL, &sva));
	assert_err(mock_access(rig.mock, dev, 1, 0x3000, W, &pa), EFAULT);
	assert_ok(mm->mm.ops->handle_fault(&mm->mm, 0x3000, 1, W, &done));
	assert_ok(mock_access(rig.mock, dev, 1, 0x3000, W, &pa));
	soft_mm_unmap(mm, 0x3000, 0x4000);
	assert_err(mock_access(rig.mock, dev, 1, 0x3000, W, &pa), EFAULT);
	/* It has no business to ask; nobody is there to be asked. */
	raise_request(&rig, dev, 1, 7, 0x3000, W, true);
	assert_true(mock_wait_responses(rig.mock, 1));
	/* By whom depends: core's verdict is Failure, hardware's Invalid. */
	assert_int_not_equal(last_code(&rig), IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(mm->calls, 1);
	iommu_mm_put_users(&mm->mm);
	assert_int_equal(mock_entry(rig.mock, dev, 1), MOCK_ENTRY_QUIET);
	iommu_sva_unbind(sva);
	assert_ok(iommu_sva_disable(dev));
	assert_false(iommu_sva_enabled(dev, NULL));
	assert_int_equal(mock_calls(rig.mock, MOCK_OP_DISABLE_FAULTS), 0);
	rig_down(&rig);
}

/* [A7] Also of a device that could ask: it is not switched on. */
static void test_feature_own_faults_leave_page_requests_off(void **state)
{
	const struct iommu_sva_param own = { .own_faults = true };
	struct rig *rig = *state;
	struct iommu_device *dev = rig->dev[0];

	assert_ok(iommu_sva_enable(dev, &own));
	assert_false(mock_faults_enabled(dev));
	assert_err(iopf_queue_flush_dev(dev), ENODEV);
	assert_err(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_IOPF), EBUSY);
	assert_ok(iommu_sva_disable(dev));
	/* The next one is as ever. */
	assert_ok(iommu_sva_enable(dev, NULL));
	assert_true(mock_faults_enabled(dev));
	assert_ok(iommu_sva_disable(dev));
	assert_sva_off(rig);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_feature_has_needs_pasid_and_recovery),
		TEST(test_feature_has_is_enough_to_stall),
		TEST(test_feature_enable_once),
		TEST(test_feature_disable_not_on_einval),
		cmocka_unit_test(test_feature_sva_order_and_unwind),
		TEST(test_feature_aux_disable_with_domains_ebusy),
		TEST(test_feature_on_primary_attach_ebusy),
		TEST(test_feature_iopf_around_sva),
		TEST(test_feature_iopf_comes_with_sva),
		TEST(test_feature_iopf_waits_for_answers),
		TEST(test_feature_own_faults),
		TEST(test_feature_own_faults_leave_page_requests_off),
		TEST(test_feature_sva_param_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
