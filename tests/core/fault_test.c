/* SPDX-License-Identifier: MIT */
/* Fault handlers, reports and answers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/device.h"
#include "tests/core/rig.h"

/* A handler that remembers what it got, and may answer at once or fail. */
struct handler {
	struct rig *rig;
	unsigned int calls;
	struct iommu_fault last;
	int result;
	bool answer;
	int answer_result;
	_Atomic bool inside, hold;
};

static struct iommu_page_response answer_to(const struct iommu_fault *fault,
					    enum iommu_page_response_code code)
{
	return (struct iommu_page_response){
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = IOMMU_PAGE_RESP_PASID_VALID,
		.pasid = fault->prm.pasid,
		.grpid = fault->prm.grpid,
		.code = code,
	};
}

static int handle(const struct iommu_fault *fault, struct iommu_device *dev,
		  void *data)
{
	struct handler *h = data;

	h->calls++;
	h->last = *fault;
	if (h->answer) {
		struct iommu_page_response msg =
			answer_to(fault, IOMMU_PAGE_RESP_SUCCESS);

		h->answer_result = iommu_page_response(dev, &msg);
	}
	atomic_store(&h->inside, true);
	while (atomic_load(&h->hold))
		plat_relax(h->rig->plat, 1);
	return h->result;
}

struct fixture {
	struct rig rig;
	struct iommu_device *dev;
	struct handler h;
};

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	rig_up(&f.rig, NULL, NULL);
	f.dev = f.rig.dev[0];
	f.h.rig = &f.rig;
	assert_ok(iommu_register_device_fault_handler(f.dev, handle, &f.h));
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_ok(iommu_unregister_device_fault_handler(f->dev));
	rig_down(&f->rig);
	return 0;
}

/* [I1] [I2] */
static void test_fault_register_one_handler(void **state)
{
	struct fixture *f = *state;

	assert_err(iommu_register_device_fault_handler(f->dev, NULL, NULL),
		   EINVAL);
	assert_err(iommu_register_device_fault_handler(f->dev, handle, NULL),
		   EBUSY);
	assert_ok(iommu_unregister_device_fault_handler(f->dev));
	assert_ok(iommu_unregister_device_fault_handler(f->dev));
	assert_ok(iommu_register_device_fault_handler(f->dev, handle, &f->h));
}

/* [I3] [I6] */
static void test_fault_report_reaches_handler(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = {
		.type = IOMMU_FAULT_UNRECOV,
		.event = {
			.reason = IOMMU_FAULT_REASON_PERMISSION,
			.flags = IOMMU_FAULT_UNRECOV_ADDR_VALID,
			.addr = 0x1234,
		},
	};

	assert_err(iommu_report_device_fault(f->rig.dev[1], &fault), EINVAL);
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_int_equal(f->h.calls, 1);
	assert_int_equal(f->h.last.event.addr, 0x1234);
	assert_int_equal(f->h.last.event.reason, IOMMU_FAULT_REASON_PERMISSION);
	assert_int_equal(stats_of(&f->rig).faults, 2);
	fault.type = 0;
	assert_err(iommu_report_device_fault(f->dev, &fault), EINVAL);
	assert_int_equal(f->h.calls, 1);
}

/* [I3] [I4] A fast answer finds the record; a second one does not. [R2] */
static void test_fault_answer_inside_handler(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, true);
	struct iommu_page_response msg =
		answer_to(&fault, IOMMU_PAGE_RESP_INVALID);
	struct mock_response r;

	f->h.answer = true;
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_ok(f->h.answer_result);
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_true(mock_response(f->rig.mock, 0, &r));
	assert_int_equal(r.code, IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(r.prm.grpid, 7);
	assert_int_equal(r.prm.pasid, 5);
}

/* [I3] Not Last: no record, no answer. */
static void test_fault_partial_has_no_record(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, false);
	struct iommu_page_response msg =
		answer_to(&fault, IOMMU_PAGE_RESP_SUCCESS);

	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
	assert_int_equal(mock_response_count(f->rig.mock), 0);
}

/* [I3] The handler fails: no record is left, the reporter answers. */
static void test_fault_handler_fails_record_removed(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, true);
	struct iommu_page_response msg =
		answer_to(&fault, IOMMU_PAGE_RESP_SUCCESS);

	f->h.result = -EIO;
	assert_err(iommu_report_device_fault(f->dev, &fault), EIO);
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
	assert_int_equal(mock_response_count(f->rig.mock), 0);

	/* Answered and failed: answered. [R2] */
	f->h.answer = true;
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_int_equal(mock_response_count(f->rig.mock), 1);
}

/* [I3] No memory for the record: the handler never hears of it. */
static void test_fault_no_memory_not_reported(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, true);

	testplat_fail_nth(&f->rig.tp, 1);
	assert_err(iommu_report_device_fault(f->dev, &fault), ENOMEM);
	testplat_fail_nth(&f->rig.tp, 0);
	assert_int_equal(f->h.calls, 0);
	assert_int_equal(iommu_fault_verdict(f->dev, -ENOMEM),
			 IOMMU_PAGE_RESP_FAILURE);
	assert_int_equal(iommu_fault_verdict(f->dev, -EINVAL),
			 IOMMU_PAGE_RESP_FAILURE);
	assert_int_equal(iommu_fault_verdict(f->dev, -EIO),
			 IOMMU_PAGE_RESP_INVALID);
}

/* [I4] */
static void test_fault_response_checked(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, true);
	const struct iommu_page_response good =
		answer_to(&fault, IOMMU_PAGE_RESP_FAILURE);
	struct iommu_page_response msg;

	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_err(iommu_page_response(f->dev, NULL), EINVAL);
	msg = good;
	msg.version = 2;
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
	msg = good;
	msg.flags = 4;
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
	msg = good;
	msg.code = 3;
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
	msg = good;
	msg.grpid = 8;
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
	msg = good;
	msg.grpid = 7 + 64; /* another group of the same bucket */
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
	msg = good;
	msg.pasid = 6;
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
	assert_int_equal(mock_response_count(f->rig.mock), 0);
	/* The PASID flag of the answer does not matter. */
	msg = good;
	msg.flags = 0;
	assert_ok(iommu_page_response(f->dev, &msg));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_FAILURE);
}

/* [I4] A request without a PASID is found by its group alone. */
static void test_fault_response_without_pasid(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = page_request(0, 7, 0x1000, R, true);
	struct iommu_page_response msg =
		answer_to(&fault, IOMMU_PAGE_RESP_SUCCESS);

	msg.pasid = 1234;
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_ok(iommu_page_response(f->dev, &msg));
}

/* [I4] Two devices, and two PASIDs of one, may use one group number. */
static void test_fault_response_finds_its_own(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault a = page_request(5, 7, 0x1000, R, true);
	struct iommu_fault b = page_request(6, 7, 0x2000, R, true);
	struct iommu_page_response msg = answer_to(&b, IOMMU_PAGE_RESP_SUCCESS);
	struct mock_response r;

	assert_ok(iommu_report_device_fault(f->dev, &a));
	assert_ok(iommu_report_device_fault(f->dev, &b));
	assert_err(iommu_page_response(f->rig.dev[1], &msg), EINVAL);
	assert_ok(iommu_page_response(f->dev, &msg));
	assert_true(mock_response(f->rig.mock, 0, &r));
	assert_int_equal(r.prm.addr, 0x2000);
	msg = answer_to(&a, IOMMU_PAGE_RESP_INVALID);
	assert_ok(iommu_page_response(f->dev, &msg));
}

/* [I6] Private data comes back to the driver. */
static void test_fault_private_data_echoed(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, true);
	struct iommu_page_response msg =
		answer_to(&fault, IOMMU_PAGE_RESP_SUCCESS);
	struct mock_response r;

	fault.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_PRIV_DATA;
	fault.prm.private_data[0] = 0x1122;
	fault.prm.private_data[1] = 0x3344;
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_ok(iommu_page_response(f->dev, &msg));
	assert_true(mock_response(f->rig.mock, 0, &r));
	assert_int_equal(r.prm.private_data[0], 0x1122);
	assert_int_equal(r.prm.private_data[1], 0x3344);
	assert_int_equal(r.prm.flags, fault.prm.flags);
}

/* [I4] The driver could not: said, and the record is gone. */
static void test_fault_response_driver_fails(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, true);
	struct iommu_page_response msg =
		answer_to(&fault, IOMMU_PAGE_RESP_SUCCESS);

	assert_ok(iommu_report_device_fault(f->dev, &fault));
	mock_fail(f->rig.mock, MOCK_OP_RESPONSE, 1, -ETIMEDOUT);
	assert_err(iommu_page_response(f->dev, &msg), ETIMEDOUT);
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
}

/* [I2] */
static void test_fault_unregister_answer_due_ebusy(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, true);
	struct iommu_page_response msg =
		answer_to(&fault, IOMMU_PAGE_RESP_SUCCESS);

	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_err(iommu_unregister_device_fault_handler(f->dev), EBUSY);
	assert_ok(iommu_page_response(f->dev, &msg));
	assert_ok(iommu_unregister_device_fault_handler(f->dev));
	assert_err(iommu_report_device_fault(f->dev, &fault), EINVAL);
}

struct leaver {
	struct fixture *f;
	_Atomic bool done;
	int err;
};

static void *unregister_thread(void *arg)
{
	struct leaver *l = arg;

	l->err = iommu_unregister_device_fault_handler(l->f->dev);
	atomic_store(&l->done, true);
	return NULL;
}

static void *report_thread(void *arg)
{
	struct fixture *f = arg;
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, false);

	(void)!iommu_report_device_fault(f->dev, &fault);
	return NULL;
}

/* [I2] On return the handler does not run. [R1] */
static void test_fault_unregister_waits_for_handler(void **state)
{
	struct leaver l = { .f = *state };
	struct fixture *f = l.f;
	pthread_t reporter, leaver;

	atomic_store(&f->h.hold, true);
	pthread_create(&reporter, NULL, report_thread, f);
	while (!atomic_load(&f->h.inside))
		plat_relax(f->rig.plat, 1);
	pthread_create(&leaver, NULL, unregister_thread, &l);
	while (!atomic_load(&f->dev->faults.idle.waiters) &&
	       !atomic_load(&l.done))
		plat_relax(f->rig.plat, 1);
	assert_false(atomic_load(&l.done));
	atomic_store(&f->h.hold, false);
	pthread_join(leaver, NULL);
	pthread_join(reporter, NULL);
	assert_ok(l.err);
}

/* The counters of the system. [U14] */
static void test_fault_stats(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, false);
	struct iommu_page_response msg =
		answer_to(&fault, IOMMU_PAGE_RESP_INVALID);
	struct iommu_system_stats stats;

	assert_ok(iommu_report_device_fault(f->dev, &fault));
	fault = page_request(5, 7, 0x2000, R, true);
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_ok(iommu_page_response(f->dev, &msg));
	stats = stats_of(&f->rig);
	assert_int_equal(stats.page_requests, 2);
	assert_int_equal(stats.page_groups, 1);
	assert_int_equal(stats.page_responses, 1);
	assert_int_equal(stats.response_failures, 1);
}

/* [I7] [U13] */
static void test_fault_unanswered_request_times_out(void **state)
{
	const struct iommu_system_cfg cfg = { .response_timeout_s = 1 };
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, true);
	struct iommu_page_response msg =
		answer_to(&fault, IOMMU_PAGE_RESP_SUCCESS);
	struct handler h = { .calls = 0 };
	struct mock_response r;
	unsigned int warnings;
	struct rig rig;

	(void)state;
	rig_up(&rig, &cfg, NULL);
	h.rig = &rig;
	warnings = rig.tp.warnings_logged;
	assert_ok(iommu_register_device_fault_handler(rig.dev[0], handle, &h));
	assert_ok(iommu_report_device_fault(rig.dev[0], &fault));
	assert_true(mock_wait_responses(rig.mock, 1));
	assert_true(mock_response(rig.mock, 0, &r));
	assert_int_equal(r.code, IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(r.prm.grpid, 7);
	assert_int_equal(rig.tp.warnings_logged, warnings + 1);
	/* Too late. [R2] */
	msg.flags |= IOMMU_PAGE_RESP_COOKIE_VALID;
	msg.cookie = h.last.prm.cookie;
	assert_err(iommu_page_response(rig.dev[0], &msg), EINVAL);
	assert_int_equal(mock_response_count(rig.mock), 1);
	assert_ok(iommu_unregister_device_fault_handler(rig.dev[0]));
	rig_down(&rig);
}

/* [I4] [I7] A cookie names one request, whichever has the group's number. */
static void test_fault_cookie_names_the_request(void **state)
{
	struct fixture *f = *state;
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, true);
	struct iommu_page_response msg =
		answer_to(&fault, IOMMU_PAGE_RESP_SUCCESS);
	struct mock_response r;
	uint64_t old;

	assert_ok(iommu_report_device_fault(f->dev, &fault));
	old = f->h.last.prm.cookie;
	fault.prm.addr = 0x2000;
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_int_not_equal(old, 0);
	assert_int_not_equal(f->h.last.prm.cookie, old);

	msg.flags |= IOMMU_PAGE_RESP_COOKIE_VALID;
	msg.cookie = 0;
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
	msg.cookie = f->h.last.prm.cookie;
	msg.grpid = 8;
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
	msg.grpid = 7;
	assert_int_equal(mock_response_count(f->rig.mock), 0);
	assert_ok(iommu_page_response(f->dev, &msg));
	assert_true(mock_response(f->rig.mock, 0, &r));
	assert_int_equal(r.prm.addr, 0x2000);
	/* Once. The old one is still there. */
	assert_err(iommu_page_response(f->dev, &msg), EINVAL);
	msg.cookie = old;
	assert_ok(iommu_page_response(f->dev, &msg));
	assert_true(mock_response(f->rig.mock, 1, &r));
	assert_int_equal(r.prm.addr, 0x1000);
}

/*
 * [I7] [R2] A handler that is late, and a device that has used the number
 * again: with a cookie or without, the old answer reaches nothing. The new
 * request may time out too, so what is held is that none is a success.
 */
static void test_fault_late_answer_misses_a_reused_group(void **state)
{
	const struct iommu_system_cfg cfg = { .response_timeout_s = 1 };
	struct iommu_fault fault = page_request(5, 7, 0x1000, R, true);
	struct iommu_page_response late =
		answer_to(&fault, IOMMU_PAGE_RESP_SUCCESS);
	struct handler h = { .calls = 0 };
	struct mock_response r;
	unsigned int i;
	struct rig rig;

	(void)state;
	rig_up(&rig, &cfg, NULL);
	h.rig = &rig;
	assert_ok(iommu_register_device_fault_handler(rig.dev[0], handle, &h));
	assert_ok(iommu_report_device_fault(rig.dev[0], &fault));
	late.cookie = h.last.prm.cookie;
	assert_true(mock_wait_responses(rig.mock, 1));

	fault.prm.addr = 0x2000;
	assert_ok(iommu_report_device_fault(rig.dev[0], &fault));
	assert_err(iommu_page_response(rig.dev[0], &late), EINVAL);
	late.flags |= IOMMU_PAGE_RESP_COOKIE_VALID;
	assert_err(iommu_page_response(rig.dev[0], &late), EINVAL);
	assert_true(mock_wait_responses(rig.mock, 2));
	for (i = 0; i < 2; i++) {
		assert_true(mock_response(rig.mock, i, &r));
		assert_int_equal(r.code, IOMMU_PAGE_RESP_INVALID);
	}
	assert_int_equal(mock_response_count(rig.mock), 2);
	assert_ok(iommu_unregister_device_fault_handler(rig.dev[0]));
	rig_down(&rig);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fault_register_one_handler),
		TEST(test_fault_report_reaches_handler),
		TEST(test_fault_answer_inside_handler),
		TEST(test_fault_partial_has_no_record),
		TEST(test_fault_handler_fails_record_removed),
		TEST(test_fault_no_memory_not_reported),
		TEST(test_fault_response_checked),
		TEST(test_fault_response_without_pasid),
		TEST(test_fault_response_finds_its_own),
		TEST(test_fault_private_data_echoed),
		TEST(test_fault_response_driver_fails),
		TEST(test_fault_unregister_answer_due_ebusy),
		TEST(test_fault_unregister_waits_for_handler),
		TEST(test_fault_stats),
		cmocka_unit_test(test_fault_unanswered_request_times_out),
		cmocka_unit_test(test_fault_late_answer_misses_a_reused_group),
		TEST(test_fault_cookie_names_the_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
