/* SPDX-License-Identifier: MIT */
/* Events and page requests, from the queues to their answers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <sva/fault.h>
#include <sva/sva.h>

#include "core/driver.h"
#include "tests/drivers/smmuv3_fixture.h"

enum { SID = 0x42 };

/* A device whose faults end in a test's own handler. */
struct bench {
	struct fake f;
	struct iommu_device *dev;
	struct iommu_fault last;
	_Atomic unsigned int count;
	int verdict;
	ioasid_t pasid; /* of page requests */
};

static int handler(const struct iommu_fault *fault, struct iommu_device *dev,
		   void *data)
{
	struct bench *b = data;

	assert_ptr_equal(dev, b->dev);
	b->last = *fault;
	atomic_fetch_add(&b->count, 1);
	return b->verdict;
}

static void optional_stall(struct fake *f)
{
	f->idr[0] &= ~(3u << 24);
}

static struct bench *make_patient(void (*change)(struct fake *f), bool pci,
				  unsigned int queue_lg2,
				  unsigned int timeout_ms)
{
	struct smmuv3_desc desc = {
		.irq = { 1, 2, 3 },
		.evtq_lg2 = queue_lg2,
		.priq_lg2 = queue_lg2,
		.timeout_ms = timeout_ms,
	};
	const uint32_t sid = SID;
	struct iommu_device_desc dd = {
		.name = "fake0",
		.stream_ids = &sid,
		.stream_id_count = 1,
		.pasid_bits = 20,
		.can_stall = true,
	};
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	fake_init(&b->f);
	if (change)
		change(&b->f);
	assert_int_equal(fake_probe_desc(&b->f, &desc), 0);
	b->pasid = 5;
	dd.unit = b->f.unit;
	dd.pci = pci ? &b->f.pci : NULL;
	assert_int_equal(fake_add_device(&b->f, &dd, &b->dev), 0);
	fake_ops_clear(&b->f);
	return b;
}

static struct bench *make(void (*change)(struct fake *f), bool pci,
			  unsigned int queue_lg2)
{
	return make_patient(change, pci, queue_lg2, 100);
}

static void unmake(struct bench *b)
{
	assert_int_equal(iommu_device_remove(b->dev), 0);
	fake_fini(&b->f);
	free(b);
}

static void listen(struct bench *b)
{
	assert_int_equal(
		iommu_register_device_fault_handler(b->dev, handler, b), 0);
}

static void deafen(struct bench *b)
{
	assert_int_equal(iommu_unregister_device_fault_handler(b->dev), 0);
}

/* ID, SSV, SSID, SID; RnW 99, IND 98, PNU 97, STALL 95 */
static bool push_event(struct bench *b, unsigned int id, uint64_t q0,
		       uint64_t q1, uint64_t addr, uint64_t q3)
{
	const uint64_t dw[4] = {
		(uint64_t)SID << 32 | q0 | id,
		q1,
		addr,
		q3,
	};

	return fake_push_event(&b->f, dw);
}

/* R 60, W 61, LAST 62, SSV 63 */
static bool push_pri(struct bench *b, uint32_t sid, uint64_t bits,
		     unsigned int prgi)
{
	const uint64_t dw[2] = {
		bits | (uint64_t)b->pasid << 32 | sid,
		0x7000 | prgi,
	};

	return fake_push_pri(&b->f, dw);
}

#define R    (1ull << 60)
#define W    (1ull << 61)
#define LAST (1ull << 62)
#define SSV  (1ull << 63)

/* [L1] [I6]: every event, decoded. */
static void test_smmuv3_event_is_decoded(void **state)
{
	static const struct {
		unsigned int id;
		enum iommu_fault_reason reason;
		bool addr, fetch;
	} rows[] = {
		{ 0x02, IOMMU_FAULT_REASON_BAD_STREAM, false, false },
		{ 0x03, IOMMU_FAULT_REASON_BAD_STREAM, false, true },
		{ 0x04, IOMMU_FAULT_REASON_BAD_STREAM, false, false },
		{ 0x08, IOMMU_FAULT_REASON_PASID_INVALID, false, false },
		{ 0x09, IOMMU_FAULT_REASON_PASID_FETCH, false, true },
		{ 0x0a, IOMMU_FAULT_REASON_BAD_PASID_ENTRY, false, false },
		{ 0x0b, IOMMU_FAULT_REASON_WALK_EABT, true, true },
		{ 0x10, IOMMU_FAULT_REASON_PTE_FETCH, true, false },
		{ 0x11, IOMMU_FAULT_REASON_OOR_ADDRESS, true, false },
		{ 0x12, IOMMU_FAULT_REASON_ACCESS, true, false },
		{ 0x13, IOMMU_FAULT_REASON_PERMISSION, true, false },
		{ 0x77, IOMMU_FAULT_REASON_UNKNOWN, false, false },
	};
	struct bench *b = make(NULL, true, 0);
	size_t i;

	(void)state;
	listen(b);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t flags = IOMMU_FAULT_UNRECOV_PASID_VALID;

		if (rows[i].addr)
			flags |= IOMMU_FAULT_UNRECOV_ADDR_VALID;
		if (rows[i].fetch)
			flags |= IOMMU_FAULT_UNRECOV_FETCH_ADDR_VALID;
		assert_true(push_event(b, rows[i].id, 0x12345 << 12 | 1 << 11,
				       1ull << 35 | 1ull << 33, 0xdead0000beef,
				       0xabcde123458));
		assert_int_equal(testplat_irq_run(&b->f.tp), 1);
		assert_int_equal(b->count, i + 1);
		assert_int_equal(b->last.type, IOMMU_FAULT_UNRECOV);
		assert_int_equal(b->last.event.reason, rows[i].reason);
		assert_int_equal(b->last.event.flags, flags);
		assert_int_equal(b->last.event.pasid, 0x12345);
		if (rows[i].addr) {
			assert_int_equal(b->last.event.addr, 0xdead0000beef);
			assert_int_equal(b->last.event.perm,
					 IOMMU_PERM_READ | IOMMU_PERM_PRIV);
		}
		if (rows[i].fetch)
			assert_int_equal(b->last.event.fetch_addr,
					 0xabcde123458);
	}
	/* Without a substream; a fetch; a write. */
	assert_true(push_event(b, 0x10, 0, 1ull << 34, 0x1000, 0));
	testplat_irq_run(&b->f.tp);
	assert_int_equal(b->last.event.flags, IOMMU_FAULT_UNRECOV_ADDR_VALID);
	assert_int_equal(b->last.event.perm,
			 IOMMU_PERM_WRITE | IOMMU_PERM_EXEC);
	deafen(b);
	unmake(b);
}

/* Nobody's streams, and floods, are logged, but not without end. */
static void test_smmuv3_event_of_nobody_is_logged_sparingly(void **state)
{
	const uint64_t dw[4] = { (uint64_t)0x999 << 32 | 0x02, 0, 0, 0 };
	struct bench *b = make(NULL, true, 8);
	struct smmuv3_stats stats;
	unsigned int i, before = b->f.tp.warnings_logged;

	(void)state;
	for (i = 0; i < 200; i++)
		assert_true(fake_push_event(&b->f, dw));
	testplat_irq_run(&b->f.tp);
	smmuv3_stats(b->f.unit, &stats);
	assert_int_equal(stats.events, 200);
	assert_in_range(b->f.tp.warnings_logged - before, 1, 30);
	unmake(b);
}

/* [L5]: lost events are counted, and the queue goes on. */
static void test_smmuv3_event_overflow_is_acknowledged(void **state)
{
	struct bench *b = make(NULL, true, 1);
	struct smmuv3_stats stats;
	unsigned int lap;

	(void)state;
	listen(b);
	for (lap = 1; lap <= 3; lap++) {
		assert_true(push_event(b, 0x10, 0, 0, 0, 0));
		assert_true(push_event(b, 0x10, 0, 0, 0, 0));
		assert_false(push_event(b, 0x10, 0, 0, 0, 0));
		testplat_irq_run(&b->f.tp);
		assert_int_equal(b->count, 2 * lap);
		smmuv3_stats(b->f.unit, &stats);
		assert_int_equal(stats.events_lost, lap);
		assert_int_equal(b->f.reg[0x100a8 / 4], b->f.reg[0x100ac / 4]);
	}
	deafen(b);
	unmake(b);
}

/* [L3]: a request that core took is not answered here; its record is whole. */
static void test_smmuv3_page_request_is_decoded(void **state)
{
	struct bench *b = make(NULL, true, 0);
	struct iommu_page_response resp = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = IOMMU_PAGE_RESP_PASID_VALID,
		.pasid = 5,
		.grpid = 0x1ff,
		.code = IOMMU_PAGE_RESP_SUCCESS,
	};

	(void)state;
	listen(b);
	assert_true(push_pri(b, SID, R | W | LAST | SSV | 1ull << 59, 0x1ff));
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(b->count, 1);
	assert_int_equal(b->last.type, IOMMU_FAULT_PAGE_REQ);
	assert_int_equal(b->last.prm.flags,
			 IOMMU_FAULT_PAGE_REQUEST_PASID_VALID |
				 IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE |
				 IOMMU_FAULT_PAGE_REQUEST_RESPONSE_NEEDS_PASID);
	assert_int_equal(b->last.prm.pasid, 5);
	assert_int_equal(b->last.prm.grpid, 0x1ff);
	assert_int_equal(b->last.prm.perm, IOMMU_PERM_RWX);
	assert_int_equal(b->last.prm.addr, 0x7000);
	assert_int_equal(fake_count(&b->f, 0x41), 0);
	assert_int_equal(iommu_page_response(b->dev, &resp), 0);
	assert_int_equal(fake_count(&b->f, 0x41), 1);
	/* SSV, SSID, SID; group and Success */
	assert_int_equal(fake_cmd(&b->f, 0)->dw[0],
			 (uint64_t)SID << 32 | 5 << 12 | 1 << 11 | 0x41);
	assert_int_equal(fake_cmd(&b->f, 0)->dw[1], 0x21ff);
	assert_int_equal(fake_cmd(&b->f, 1)->dw[0], 0x46);
	/* [R2]: not twice */
	assert_int_equal(iommu_page_response(b->dev, &resp), -EINVAL);
	assert_int_equal(fake_count(&b->f, 0x41), 1);
	deafen(b);
	unmake(b);
}

/* [R2] [R4]: who is answered here, with what, and who is not. */
static void test_smmuv3_page_request_nobody_takes_is_refused(void **state)
{
	static const struct {
		uint32_t sid;
		uint64_t bits;
		unsigned int answers;
		uint64_t dw0;
	} rows[] = {
		{ SID, R | LAST | SSV, 1, 5 << 12 | 1 << 11 | 0x41 },
		{ SID, R | LAST, 1, 0x41 },
		{ SID, R | SSV, 0, 0 },
		{ SID, R | W, 0, 0 },
		{ 0x777, W | LAST | SSV, 1, 5 << 12 | 1 << 11 | 0x41 },
		{ 0x777, W | LAST, 1, 0x41 },
		{ 0x777, W | SSV, 0, 0 },
		/* a stop marker, and what only looks like one */
		{ SID, LAST | SSV, 0, 0 },
		{ 0x777, LAST | SSV, 0, 0 },
		{ SID, LAST, 1, 0x41 },
	};
	struct bench *b = make(NULL, true, 0);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_ops_clear(&b->f);
		assert_true(push_pri(b, rows[i].sid, rows[i].bits, 0x33));
		assert_int_equal(testplat_irq_run(&b->f.tp), 1);
		assert_int_equal(fake_count(&b->f, 0x41), rows[i].answers);
		if (!rows[i].answers)
			continue;
		assert_int_equal(fake_cmd(&b->f, 0)->dw[0],
				 (uint64_t)rows[i].sid << 32 | rows[i].dw0);
		/* Response Failure */
		assert_int_equal(fake_cmd(&b->f, 0)->dw[1], 0x33);
	}
	/* [F9]: a handler's error is a verdict: no memory, no such thing. */
	listen(b);
	for (i = 0; i < 2; i++) {
		b->verdict = i ? -ESRCH : -ENOMEM;
		fake_ops_clear(&b->f);
		assert_true(push_pri(b, SID, R | LAST | SSV, 1));
		testplat_irq_run(&b->f.tp);
		assert_int_equal(fake_count(&b->f, 0x41), 1);
		/* Failure, Invalid */
		assert_int_equal(fake_cmd(&b->f, 0)->dw[1] >> 12, i);
	}
	deafen(b);
	unmake(b);
}

/*
 * [L5] [R15]: the group whose Last was lost does not come back with the next
 * one of its number, and the whole group before is answered once.
 */
static void test_smmuv3_priq_overflow_discards_partial_groups(void **state)
{
	struct bench *b = make(NULL, true, 2);
	struct smmuv3_stats stats;
	struct iommu_sva *sva;
	struct fake_mm m;
	unsigned int lap;

	(void)state;
	fake_mm_init(&m, &b->f);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &sva), 0);
	b->pasid = iommu_sva_get_pasid(sva);
	for (lap = 1; lap <= 3; lap++) {
		fake_ops_clear(&b->f);
		m.faults = 0;
		assert_true(push_pri(b, SID, R | LAST | SSV, 1));
		assert_true(push_pri(b, SID, R | SSV, 2));
		assert_true(push_pri(b, SID, R | SSV, 2));
		assert_true(push_pri(b, SID, R | SSV, 3));
		assert_false(push_pri(b, SID, R | LAST | SSV, 2));
		/* still not acknowledged */
		assert_false(push_pri(b, SID, R | SSV, 4));
		testplat_irq_run(&b->f.tp);
		assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
		assert_int_equal(fake_count(&b->f, 0x41), 1);
		assert_int_equal(m.faults, 1);
		smmuv3_stats(b->f.unit, &stats);
		assert_int_equal(stats.priq_overflows, lap);
		assert_int_equal(b->f.reg[0x100c8 / 4], b->f.reg[0x100cc / 4]);
	}
	/* Group 2 is new: one answer, for one page and not for three. */
	fake_ops_clear(&b->f);
	m.faults = 0;
	assert_true(push_pri(b, SID, R | LAST | SSV, 2));
	testplat_irq_run(&b->f.tp);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
	assert_int_equal(fake_count(&b->f, 0x41), 1);
	assert_int_equal(m.faults, 1);
	iommu_sva_unbind(sva);
	iommu_mm_put_users(&m.mm);
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	unmake(b);
}

/* [L4] [R1]: a drain needs no interrupt. */
static void test_smmuv3_drain_reads_what_no_interrupt_told_of(void **state)
{
	struct bench *b = make(NULL, true, 0);
	const struct iommu_unit_ops *ops = b->f.unit->ops;

	(void)state;
	listen(b);
	assert_true(push_pri(b, SID, R | SSV, 1));
	assert_true(push_pri(b, SID, R | SSV, 1));
	assert_true(push_event(b, 0x10, 0, 0, 0, 0));
	ops->drain_faults(b->dev);
	assert_int_equal(b->count, 3);
	ops->drain_faults(b->dev);
	assert_int_equal(b->count, 3);
	deafen(b);
	unmake(b);
}

/* While the queue is not empty: hardware raises no interrupt for that. */
static int adding_handler(const struct iommu_fault *fault,
			  struct iommu_device *dev, void *data)
{
	struct bench *b = data;

	(void)fault;
	(void)dev;
	if (atomic_fetch_add(&b->count, 1) == 0) {
		assert_true(push_pri(b, SID, R | SSV, 1));
		assert_true(push_event(b, 0x10, 0, 0, 0, 0));
	}
	return 0;
}

/* [L4] [R2]: no record is left to an interrupt that will not come. */
static void test_smmuv3_drain_leaves_an_empty_queue(void **state)
{
	struct bench *b = make(NULL, true, 0);

	(void)state;
	assert_int_equal(iommu_register_device_fault_handler(b->dev,
							     adding_handler, b),
			 0);
	assert_true(push_pri(b, SID, R | SSV, 1));
	assert_true(push_pri(b, SID, R | SSV, 1));
	b->f.unit->ops->drain_faults(b->dev);
	assert_int_equal(b->count, 4);
	assert_int_equal(b->f.reg[0x100c8 / 4], b->f.reg[0x100cc / 4]);
	assert_int_equal(b->f.reg[0x100a8 / 4], b->f.reg[0x100ac / 4]);
	deafen(b);
	unmake(b);
}

/* A device that sends the next request while one is handled. */
struct flood {
	struct bench *b;
	_Atomic bool stop;
	_Atomic unsigned int sent;
};

static int flooding_handler(const struct iommu_fault *fault,
			    struct iommu_device *dev, void *data)
{
	struct flood *flood = data;

	(void)fault;
	(void)dev;
	atomic_fetch_add(&flood->b->count, 1);
	if (!atomic_load(&flood->stop) && push_pri(flood->b, SID, R | SSV, 1))
		atomic_fetch_add(&flood->sent, 1);
	return 0;
}

/*
 * [L4] [R1]: a drain comes to its end beside a device that does not; and then
 * nothing is left, though no interrupt tells of it.
 */
static void test_smmuv3_drain_of_a_flood_ends(void **state)
{
	struct bench *b = make_patient(NULL, true, 2, 60000);
	struct flood flood = { .b = b, .sent = 3 };
	unsigned int i, seen;

	(void)state;
	assert_int_equal(iommu_register_device_fault_handler(
				 b->dev, flooding_handler, &flood),
			 0);
	for (i = 0; i < 3; i++)
		assert_true(push_pri(b, SID, R | SSV, 1));
	for (i = 0; i < 3; i++) {
		b->f.unit->ops->drain_faults(b->dev);
		seen = atomic_load(&b->count);
		assert_true(seen >= 3);
		/* It did end, and the device did not. */
		while (atomic_load(&b->count) < seen + 20)
			sched_yield();
	}
	atomic_store(&flood.stop, true);
	while (atomic_load(&b->count) < atomic_load(&flood.sent))
		sched_yield();
	b->f.unit->ops->drain_faults(b->dev);
	assert_int_equal(b->count, flood.sent);
	deafen(b);
	unmake(b);
}

struct slow {
	struct bench *b;
	_Atomic bool inside, go_on;
};

static int slow_handler(const struct iommu_fault *fault,
			struct iommu_device *dev, void *data)
{
	struct slow *s = data;

	(void)fault;
	(void)dev;
	atomic_store(&s->inside, true);
	while (!atomic_load(&s->go_on))
		sched_yield();
	atomic_fetch_add(&s->b->count, 1);
	return 0;
}

static void *run_irqs(void *arg)
{
	struct bench *b = arg;

	testplat_irq_run(&b->f.tp);
	return NULL;
}

static void *let_go(void *arg)
{
	struct slow *s = arg;
	unsigned int i;

	/* Enough for a drain that does not wait to return. */
	for (i = 0; i < 200; i++)
		sched_yield();
	atomic_store(&s->go_on, true);
	return NULL;
}

/* [R1]: it also waits for the handler that is at work. */
static void test_smmuv3_drain_waits_for_a_handler_at_work(void **state)
{
	struct bench *b = make_patient(NULL, true, 0, 60000);
	struct slow s = { .b = b };
	pthread_t reader, releaser;

	(void)state;
	assert_int_equal(iommu_register_device_fault_handler(b->dev,
							     slow_handler, &s),
			 0);
	assert_true(push_pri(b, SID, R | SSV, 1));
	assert_true(push_pri(b, SID, R | SSV, 1));
	assert_int_equal(pthread_create(&reader, NULL, run_irqs, b), 0);
	while (!atomic_load(&s.inside))
		sched_yield();
	assert_int_equal(pthread_create(&releaser, NULL, let_go, &s), 0);
	b->f.unit->ops->drain_faults(b->dev);
	assert_int_equal(b->count, 2);
	pthread_join(reader, NULL);
	pthread_join(releaser, NULL);
	deafen(b);
	unmake(b);
}

/* [R12] [A2]: reset, quota, enable; and PRI goes before ATS. */
static void test_smmuv3_faults_are_enabled_with_a_quota(void **state)
{
	struct bench *b = make(NULL, true, 0);
	const struct iommu_unit_ops *ops = b->f.unit->ops;
	size_t reset, quota, on, off;

	(void)state;
	assert_int_equal(ops->enable_faults(b->dev), 0);
	reset = fake_find_cfg(&b->f, FAKE_PRI + 4, 2, 0);
	quota = fake_find_cfg(&b->f, FAKE_PRI + 12, 16, 0);
	on = fake_find_cfg(&b->f, FAKE_PRI + 4, 1, 0);
	assert_true(reset < quota && quota < on && on < b->f.op_count);
	ops->disable_faults(b->dev);
	off = fake_find_cfg(&b->f, FAKE_PRI + 4, 0, on);
	assert_true(off < b->f.op_count);
	/* [N6]: a device that is not done with old requests fails it. */
	b->f.pri_never_stops = true;
	assert_int_equal(ops->enable_faults(b->dev), -ETIMEDOUT);
	unmake(b);

	b = make(NULL, false, 0);
	assert_int_equal(b->f.unit->ops->enable_faults(b->dev), -ENODEV);
	unmake(b);
}

/* [L2] [R2]: a stalled transaction is a group of its own, resumed once. */
static void test_smmuv3_stall_is_reported_and_resumed(void **state)
{
	struct bench *b = make(optional_stall, false, 0);
	struct iommu_page_response resp = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = IOMMU_PAGE_RESP_PASID_VALID,
		.pasid = 5,
		.grpid = 0xabcd,
	};
	static const struct {
		enum iommu_page_response_code code;
		uint64_t bits;
	} rows[] = {
		{ IOMMU_PAGE_RESP_SUCCESS, 0x1044 },
		{ IOMMU_PAGE_RESP_INVALID, 0x2044 },
		{ IOMMU_PAGE_RESP_FAILURE, 0x2044 },
	};
	size_t i;

	(void)state;
	assert_int_equal(b->f.unit->ops->enable_faults(b->dev), 0);
	/* Nobody listens: aborted. */
	assert_true(push_event(b, 0x10, 5 << 12 | 1 << 11,
			       1ull << 35 | 1ull << 31 | 0xabcd, 0x7123, 0));
	testplat_irq_run(&b->f.tp);
	assert_int_equal(fake_cmd(&b->f, 0)->dw[0],
			 (uint64_t)SID << 32 | 0x2044);
	assert_int_equal(fake_cmd(&b->f, 0)->dw[1], 0xabcd);

	listen(b);
	for (i = 0; i < 3; i++) {
		fake_ops_clear(&b->f);
		assert_true(push_event(b, 0x13, 5 << 12 | 1 << 11,
				       1ull << 31 | 0xabcd, 0x7123, 0));
		testplat_irq_run(&b->f.tp);
		assert_int_equal(b->last.type, IOMMU_FAULT_PAGE_REQ);
		assert_int_equal(b->last.prm.addr, 0x7000);
		assert_int_equal(b->last.prm.perm, IOMMU_PERM_WRITE);
		assert_int_equal(b->last.prm.grpid, 0xabcd);
		resp.code = rows[i].code;
		assert_int_equal(iommu_page_response(b->dev, &resp), 0);
		assert_int_equal(fake_count(&b->f, 0x44), 1);
		assert_int_equal(fake_cmd(&b->f, 0)->dw[0],
				 (uint64_t)SID << 32 | rows[i].bits);
	}
	b->f.unit->ops->disable_faults(b->dev);
	deafen(b);
	unmake(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_event_is_decoded),
		cmocka_unit_test(
			test_smmuv3_event_of_nobody_is_logged_sparingly),
		cmocka_unit_test(test_smmuv3_event_overflow_is_acknowledged),
		cmocka_unit_test(test_smmuv3_page_request_is_decoded),
		cmocka_unit_test(
			test_smmuv3_page_request_nobody_takes_is_refused),
		cmocka_unit_test(
			test_smmuv3_priq_overflow_discards_partial_groups),
		cmocka_unit_test(
			test_smmuv3_drain_reads_what_no_interrupt_told_of),
		cmocka_unit_test(test_smmuv3_drain_leaves_an_empty_queue),
		cmocka_unit_test(test_smmuv3_drain_of_a_flood_ends),
		cmocka_unit_test(test_smmuv3_drain_waits_for_a_handler_at_work),
		cmocka_unit_test(test_smmuv3_faults_are_enabled_with_a_quota),
		cmocka_unit_test(test_smmuv3_stall_is_reported_and_resumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
