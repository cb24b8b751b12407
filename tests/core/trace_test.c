/* SPDX-License-Identifier: MIT */
/* Following faults: each that ends is told of once, with what became of it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "core/driver.h"
#include "tests/core/bond.h"

#define LOG 16u

struct seen {
	struct iommu_device *dev;
	struct iommu_fault fault;
	struct iommu_fault_trace end;
};

struct log {
	struct iommu_fault_tracer tracer;
	pthread_mutex_t lock;
	struct seen seen[LOG];
	unsigned int count;
};

static void keep(void *arg, struct iommu_device *dev,
		 const struct iommu_fault_trace *trace)
{
	struct log *log = arg;

	pthread_mutex_lock(&log->lock);
	if (log->count < LOG)
		log->seen[log->count] = (struct seen){
			.dev = dev,
			.fault = *trace->fault,
			.end = *trace,
		};
	log->count++;
	pthread_mutex_unlock(&log->lock);
}

static void follow(struct fixture *f, struct log *log)
{
	memset(log, 0, sizeof(*log));
	pthread_mutex_init(&log->lock, NULL);
	log->tracer = (struct iommu_fault_tracer){ keep, log };
	iommu_system_trace_faults(f->rig.sys, &log->tracer);
}

static void unfollow(struct fixture *f, struct log *log)
{
	iommu_system_trace_faults(f->rig.sys, NULL);
	pthread_mutex_destroy(&log->lock);
}

/* [U12] PASID, group, address, wish, verdict, time; all of a group at once. */
static void test_trace_tells_of_each_group(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid;
	struct log log;
	struct seen *s = log.seen;

	bond_bind(f);
	pasid = iommu_sva_get_pasid(f->sva);
	f->mm->limit = 8;
	/* Nobody follows: nothing is kept. */
	raise_request(&f->rig, f->dev, pasid, 1, 0x1000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 1));
	/* The device has it before the tracer would. */
	assert_ok(iopf_queue_flush_dev(f->dev));
	follow(f, &log);
	assert_int_equal(log.count, 0);
	raise_request(&f->rig, f->dev, pasid, 3, 0x2000, R, false);
	raise_request(&f->rig, f->dev, pasid, 3, 0x3000, R | W, true);
	assert_true(mock_wait_responses(f->rig.mock, 2));
	assert_ok(iopf_queue_flush_dev(f->dev));
	assert_int_equal(log.count, 1);
	assert_ptr_equal(s->dev, f->dev);
	assert_int_equal(s->fault.type, IOMMU_FAULT_PAGE_REQ);
	assert_int_equal(s->fault.prm.pasid, pasid);
	assert_int_equal(s->fault.prm.grpid, 3);
	assert_int_equal(s->fault.prm.addr, 0x3000);
	assert_int_equal(s->fault.prm.perm, R | W);
	assert_int_not_equal(s->fault.prm.cookie, 0);
	assert_int_equal(s->end.by, IOMMU_FAULT_BY_HANDLER);
	assert_int_equal(s->end.code, IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(s->end.err, 0);
	assert_true(s->end.latency_ns > 0);

	raise_request(&f->rig, f->dev, pasid, 4, 0x9000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 3));
	assert_ok(iopf_queue_flush_dev(f->dev));
	assert_int_equal(log.count, 2);
	assert_int_equal(s[1].end.code, IOMMU_PAGE_RESP_INVALID);
	unfollow(f, &log);
	/* Nor any more. */
	raise_request(&f->rig, f->dev, pasid, 5, 0x2000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 4));
	iommu_sva_unbind(f->sva);
	assert_int_equal(log.count, 2);
}

/* [U12] What core does not take, what the driver meets, and plain faults. */
static void test_trace_tells_what_went_wrong(void **state)
{
	const struct iommu_fault plain = {
		.type = IOMMU_FAULT_UNRECOV,
		.event = { .reason = IOMMU_FAULT_REASON_PERMISSION,
			   .addr = 0x5000 },
	};
	struct fixture *f = *state;
	struct iommu_device *other = f->rig.dev[1];
	struct iommu_fault fault = page_request(9, 7, 0x1000, R, true);
	struct log log;
	struct seen *s = log.seen;

	follow(f, &log);
	/* Nobody handles its faults: its driver answers. */
	assert_err(iommu_report_device_fault(other, &fault), EINVAL);
	assert_int_equal(log.count, 1);
	assert_ptr_equal(s->dev, other);
	assert_int_equal(s->end.by, IOMMU_FAULT_BY_DRIVER);
	assert_int_equal(s->end.err, -EINVAL);
	assert_int_equal(s->end.code, IOMMU_PAGE_RESP_FAILURE);
	/* A page that closes no group has no answer of its own. */
	fault.prm.flags &= ~(uint32_t)IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE;
	assert_err(iommu_report_device_fault(other, &fault), EINVAL);
	assert_int_equal(log.count, 1);

	assert_err(iommu_report_device_fault(f->dev, &plain), EOPNOTSUPP);
	assert_int_equal(log.count, 2);
	assert_int_equal(s[1].end.by, IOMMU_FAULT_BY_NOBODY);
	assert_int_equal(s[1].fault.type, IOMMU_FAULT_UNRECOV);
	assert_int_equal(s[1].fault.event.addr, 0x5000);

	bond_bind(f);
	mock_fail(f->rig.mock, MOCK_OP_RESPONSE, 1, -ETIMEDOUT);
	fault = page_request(iommu_sva_get_pasid(f->sva), 8, 0x1000, R, true);
	assert_ok(iommu_report_device_fault(f->dev, &fault));
	assert_ok(iopf_queue_flush_dev(f->dev));
	assert_int_equal(log.count, 3);
	assert_int_equal(s[2].end.by, IOMMU_FAULT_BY_HANDLER);
	assert_int_equal(s[2].end.err, -ETIMEDOUT);
	iommu_sva_unbind(f->sva);
	unfollow(f, &log);
}

static int take(const struct iommu_fault *fault, struct iommu_device *dev,
		void *data)
{
	(void)fault, (void)dev, (void)data;
	return 0;
}

/* [U12] [I7] [U13] Nobody answered: it says so, and after how long. */
static void test_trace_tells_of_timeouts(void **state)
{
	const struct iommu_system_cfg cfg = { .response_timeout_s = 1 };
	static struct fixture f;
	struct iommu_fault fault = page_request(9, 7, 0x1000, R, true);
	struct log log;

	(void)state;
	memset(&f, 0, sizeof(f));
	rig_up(&f.rig, &cfg, NULL);
	follow(&f, &log);
	assert_ok(
		iommu_register_device_fault_handler(f.rig.dev[0], take, NULL));
	assert_ok(iommu_report_device_fault(f.rig.dev[0], &fault));
	assert_true(mock_wait_responses(f.rig.mock, 1));
	/* The answer goes out before the tracer hears of it. */
	while (iommu_unregister_device_fault_handler(f.rig.dev[0]))
		sched_yield();
	assert_int_equal(log.count, 1);
	assert_int_equal(log.seen[0].end.by, IOMMU_FAULT_BY_TIMEOUT);
	assert_int_equal(log.seen[0].end.code, IOMMU_PAGE_RESP_INVALID);
	assert_true(log.seen[0].end.latency_ns >= 1000000000);
	unfollow(&f, &log);
	rig_down(&f.rig);
}

struct churn {
	struct fixture *f;
	ioasid_t pasid;
	_Atomic bool stop;
};

static void *churn_thread(void *arg)
{
	struct churn *c = arg;
	uint32_t i;

	for (i = 0; !atomic_load(&c->stop); i++) {
		unsigned int before = mock_response_count(c->f->rig.mock);

		raise_request(&c->f->rig, c->f->dev, c->pasid, i % 512, 0x1000,
			      R, true);
		if (!mock_wait_responses(c->f->rig.mock, before + 1))
			break;
	}
	return NULL;
}

/* After it was replaced a tracer is not called: its memory may go. */
static void test_trace_replaced_is_left_alone(void **state)
{
	struct churn c = { .f = *state };
	struct fixture *f = c.f;
	pthread_t thread;
	unsigned int i;

	bond_bind(f);
	c.pasid = iommu_sva_get_pasid(f->sva);
	assert_int_equal(pthread_create(&thread, NULL, churn_thread, &c), 0);
	for (i = 0; i < 50; i++) {
		struct log log;
		bool some = false;

		follow(f, &log);
		while (!some) {
			pthread_mutex_lock(&log.lock);
			some = log.count;
			pthread_mutex_unlock(&log.lock);
			sched_yield();
		}
		unfollow(f, &log);
		/* Who comes now writes into what is not a log any more. */
		memset(&log, 0xa5, sizeof(log));
	}
	atomic_store(&c.stop, true);
	pthread_join(thread, NULL);
	iommu_sva_unbind(f->sva);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, bond_setup, bond_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_trace_tells_of_each_group),
		TEST(test_trace_tells_what_went_wrong),
		cmocka_unit_test(test_trace_tells_of_timeouts),
		TEST(test_trace_replaced_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
