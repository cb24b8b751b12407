/* SPDX-License-Identifier: MIT */
/*
 * Fault recording registers: what becomes of a record, of overflows, and of
 * events that are lost. [L1] [L3] VT-d 7.1.3, 7.2.1, 7.3.
 */
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

#include <sva/device.h>
#include <sva/fault.h>

#include "base/bits.h"
#include "tests/drivers/vtd_fake.h"

enum { RID = 0x0310, NOBODY = 0x0500, SEEN_MAX = 64 };

/* Faults of a flood; of them, a drain reports two rounds of four records. */
enum { FLOOD = 1000, DRAINED = 8 };

/* Faults that find a free record while others read, at least. */
enum { MADE_MIN = 100 };

struct bench {
	struct vtdfake f;
	struct iommu_device *dev;
	struct iommu_fault seen[SEEN_MAX];
	_Atomic unsigned int count;
	_Atomic unsigned int mine; /* of @count: by the test's thread */
	pthread_t thread;
	int err;
	void (*hook)(struct bench *b);
};

static int on_fault(const struct iommu_fault *fault, struct iommu_device *dev,
		    void *data)
{
	struct bench *b = data;
	unsigned int n = atomic_load(&b->count);

	assert_ptr_equal(dev, b->dev);
	b->seen[n % SEEN_MAX] = *fault;
	if (pthread_equal(pthread_self(), b->thread))
		atomic_fetch_add(&b->mine, 1);
	atomic_store(&b->count, n + 1);
	if (b->hook)
		b->hook(b);
	return b->err;
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	static const uint32_t rid = RID;
	struct iommu_device_desc desc = {
		.name = "dev0",
		.stream_ids = &rid,
		.stream_id_count = 1,
	};

	assert_non_null(b);
	b->thread = pthread_self();
	vtdfake_init(&b->f);
	assert_int_equal(vtdfake_probe(&b->f), 0);
	/* No drain here is to end because the machine is slow. */
	b->f.u->timeout_ns = UINT64_C(100000000000);
	desc.unit = b->f.unit;
	assert_int_equal(iommu_device_add(b->f.sys, &desc, &b->dev), 0);
	assert_int_equal(
		iommu_register_device_fault_handler(b->dev, on_fault, b), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	assert_int_equal(iommu_unregister_device_fault_handler(b->dev), 0);
	assert_int_equal(iommu_device_remove(b->dev), 0);
	vtdfake_fini(&b->f);
	free(b);
	return 0;
}

static struct vtd_stats stats_of(struct bench *b)
{
	struct vtd_stats s;

	vtd_stats(b->f.unit, &s);
	return s;
}

static struct vtd_frcd make_frcd(uint16_t sid, unsigned int fr, uint64_t addr)
{
	struct vtd_frcd frcd = { { 0, 0 } };

	FIELD_SET(VTD_FRCD_SID, &frcd, sid);
	FIELD_SET(VTD_FRCD_FR, &frcd, fr);
	vtd_frcd_set_type(&frcd, VTD_FRCD_TYPE_READ);
	vtd_frcd_set_fi(&frcd, addr);
	return frcd;
}

/* Every field of a record, and the event that tells of it. */
static void test_vtd_fault_is_reported(void **state)
{
	struct bench *b = *state;
	struct vtd_frcd frcd = make_frcd(RID, 0x71, 0x7fff12345000);
	const struct iommu_fault_unrecov *e = &b->seen[0].event;

	FIELD_SET(VTD_FRCD_PP, &frcd, 1);
	FIELD_SET(VTD_FRCD_PV, &frcd, 0xabcde);
	FIELD_SET(VTD_FRCD_PRIV, &frcd, 1);
	FIELD_SET(VTD_FRCD_EXE, &frcd, 1);
	assert_true(vtdfake_fault(&b->f, frcd));
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);

	assert_int_equal(b->count, 1);
	assert_int_equal(b->seen[0].type, IOMMU_FAULT_UNRECOV);
	assert_int_equal(e->reason, IOMMU_FAULT_REASON_PTE_FETCH);
	assert_int_equal(e->flags, IOMMU_FAULT_UNRECOV_PASID_VALID |
					   IOMMU_FAULT_UNRECOV_ADDR_VALID);
	assert_int_equal(e->pasid, 0xabcde);
	assert_int_equal(e->addr, 0x7fff12345000);
	assert_int_equal(e->perm,
			 IOMMU_PERM_READ | IOMMU_PERM_EXEC | IOMMU_PERM_PRIV);
	assert_int_equal(stats_of(b).faults, 1);
	assert_int_equal(vtdfake_reg32(&b->f, VTD_FSTS) & 0xff, 0);
	/* Somebody has taken it: the log is none of its business. */
	assert_int_equal(atomic_load(&b->f.tp.warnings_logged), 0);
}

/* T1 and T2 say what was wanted; without PASID the rest says nothing. */
static void test_vtd_fault_permissions(void **state)
{
	static const struct {
		unsigned int type;
		uint32_t perm;
	} rows[] = {
		{ VTD_FRCD_TYPE_WRITE, IOMMU_PERM_WRITE },
		{ VTD_FRCD_TYPE_READ, IOMMU_PERM_READ },
		{ VTD_FRCD_TYPE_ATOMIC, IOMMU_PERM_READ | IOMMU_PERM_WRITE },
		{ VTD_FRCD_TYPE_PAGE_REQUEST, 0 },
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vtd_frcd frcd = make_frcd(RID, 0x71, 0x1000);

		vtd_frcd_set_type(&frcd, rows[i].type);
		FIELD_SET(VTD_FRCD_PV, &frcd, 1);
		FIELD_SET(VTD_FRCD_EXE, &frcd, 1);
		FIELD_SET(VTD_FRCD_PRIV, &frcd, 1);
		assert_true(vtdfake_fault(&b->f, frcd));
		assert_int_equal(testplat_irq_run(&b->f.tp), 1);
		assert_int_equal(b->seen[i].event.perm, rows[i].perm);
		assert_int_equal(b->seen[i].event.flags,
				 IOMMU_FAULT_UNRECOV_ADDR_VALID);
	}
}

/* 7.1.3, each number once: whose fault it was. Written down a second time. */
static void test_vtd_fault_reasons(void **state)
{
	enum {
		UNK = IOMMU_FAULT_REASON_UNKNOWN,
		PFE = IOMMU_FAULT_REASON_PASID_FETCH,
		BPE = IOMMU_FAULT_REASON_BAD_PASID_ENTRY,
		PIN = IOMMU_FAULT_REASON_PASID_INVALID,
		WAL = IOMMU_FAULT_REASON_WALK_EABT,
		PTE = IOMMU_FAULT_REASON_PTE_FETCH,
		PER = IOMMU_FAULT_REASON_PERMISSION,
		ACC = IOMMU_FAULT_REASON_ACCESS,
		OOR = IOMMU_FAULT_REASON_OOR_ADDRESS,
		STR = IOMMU_FAULT_REASON_BAD_STREAM,
	};
	static const uint8_t rows[][2] = {
		{ 0x01, STR }, { 0x02, STR }, { 0x03, STR }, { 0x04, OOR },
		{ 0x05, PER }, { 0x06, PER }, { 0x07, WAL }, { 0x08, STR },
		{ 0x09, STR }, { 0x0a, STR }, { 0x0b, STR }, { 0x0c, UNK },
		{ 0x0d, STR }, { 0x0e, OOR }, { 0x30, STR }, { 0x31, STR },
		{ 0x32, STR }, { 0x33, STR }, { 0x38, STR }, { 0x39, STR },
		{ 0x3a, STR }, { 0x40, STR }, { 0x41, STR }, { 0x42, STR },
		{ 0x43, STR }, { 0x44, STR }, { 0x45, PIN }, { 0x46, PIN },
		{ 0x47, STR }, { 0x48, PIN }, { 0x50, PFE }, { 0x51, PIN },
		{ 0x52, BPE }, { 0x58, PFE }, { 0x59, PIN }, { 0x5a, BPE },
		{ 0x5b, BPE }, { 0x5c, PER }, { 0x5d, PER }, { 0x70, WAL },
		{ 0x71, PTE }, { 0x72, UNK }, { 0x73, WAL }, { 0x74, OOR },
		{ 0x75, PER }, { 0x76, PER }, { 0x77, PER }, { 0x78, WAL },
		{ 0x79, PER }, { 0x7a, UNK }, { 0x7b, WAL }, { 0x7c, ACC },
		{ 0x7d, ACC }, { 0x80, OOR }, { 0x81, PER }, { 0x82, PER },
		{ 0x83, OOR }, { 0x84, OOR }, { 0x85, PER }, { 0x86, PER },
		{ 0x87, OOR }, { 0x89, PIN }, { 0x90, ACC }, { 0x91, ACC },
		{ 0xff, UNK }, { 0x00, UNK },
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(vtdfake_fault(&b->f,
					  make_frcd(RID, rows[i][0], 0x1000)));
		assert_int_equal(testplat_irq_run(&b->f.tp), 1);
		assert_int_equal(b->count, i + 1);
		assert_int_equal(b->seen[i % SEEN_MAX].event.reason,
				 rows[i][1]);
	}
}

/* Interrupts are not transactions of the device; strangers have nobody. */
static void test_vtd_fault_nobodys_are_logged(void **state)
{
	struct bench *b = *state;
	unsigned int fr, logged = 0;

	for (fr = 0x20; fr < 0x30; fr++) {
		assert_true(vtdfake_fault(&b->f, make_frcd(RID, fr, 0)));
		assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	}
	assert_true(vtdfake_fault(&b->f, make_frcd(NOBODY, 0x39, 0)));
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(b->count, 0);
	assert_int_equal(stats_of(b).faults, 17);
	/* So many of them that the log has an end. */
	logged = atomic_load(&b->f.tp.warnings_logged);
	assert_true(logged >= 10 && logged < 17);
}

/* One that the handler does not take is logged too. */
static void test_vtd_fault_refused_is_logged(void **state)
{
	struct bench *b = *state;

	b->err = -ENOMEM;
	assert_true(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0x1000)));
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(b->count, 1);
	assert_int_equal(atomic_load(&b->f.tp.warnings_logged), 1);
}

/* All records of the ring in their order, wherever it begins. */
static void test_vtd_fault_ring_in_order(void **state)
{
	struct bench *b = *state;
	uint64_t addr = 0x1000;
	unsigned int round, i, n = 0;

	for (round = 0; round < 11; round++) {
		unsigned int some = 1 + round % 4, first = n;

		for (i = 0; i < some; i++, addr += 0x1000)
			assert_true(vtdfake_fault(&b->f,
						  make_frcd(RID, 0x71, addr)));
		assert_int_equal(testplat_irq_run(&b->f.tp), 1);
		n += some;
		assert_int_equal(b->count, n);
		for (i = first; i < n; i++)
			assert_int_equal(b->seen[i].event.addr,
					 0x1000 * (i + 1));
	}
}

/* PFO: all are read and given back, it is counted, and new ones come again. */
static void test_vtd_fault_overflow(void **state)
{
	struct bench *b = *state;
	unsigned int i;

	for (i = 0; i < 4; i++)
		assert_true(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
	assert_false(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
	assert_false(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(b->count, 4);
	assert_int_equal(stats_of(b).faults, 4);
	assert_int_equal(stats_of(b).faults_lost, 1);
	assert_int_equal(vtdfake_reg32(&b->f, VTD_FSTS) & 0xff, 0);
	assert_true(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(b->count, 5);
}

static void fault_once_more(struct bench *b)
{
	if (atomic_load(&b->count) < 20)
		(void)vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0));
}

/* What comes while records are read has no event of its own: 7.3. */
static void test_vtd_fault_during_reading(void **state)
{
	struct bench *b = *state;

	b->hook = fault_once_more;
	assert_true(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
	(void)testplat_irq_run(&b->f.tp);
	assert_int_equal(b->count, 20);
	assert_int_equal(vtdfake_reg32(&b->f, VTD_FSTS) & 0xff, 0);
	b->hook = NULL;
}

/* An error of the queue keeps the event from coming: it is looked at too. */
static void test_vtd_fault_event_repairs_the_queue(void **state)
{
	struct bench *b = *state;

	vtdfake_odd_answer(&b->f, NOBODY);
	assert_true(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(b->count, 1);
	assert_int_equal(stats_of(b).completion_errors, 1);
	assert_int_equal(vtdfake_reg32(&b->f, VTD_FSTS) & 0xff, 0);
	assert_true(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(b->count, 2);
}

/* A drain needs no interrupt. [L4] */
static void test_vtd_fault_drain(void **state)
{
	struct bench *b = *state;

	assert_int_equal(vtd_fault_drain(b->f.u), 0);
	assert_true(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
	assert_int_equal(vtd_fault_drain(b->f.u), 0);
	assert_int_equal(b->count, 1);
	(void)testplat_irq_run(&b->f.tp);
	assert_int_equal(b->count, 1);
}

static void fault_again(struct bench *b)
{
	/* Were this all that ends it, the drain would see the last one. */
	if (atomic_load(&b->count) < FLOOD)
		(void)vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0));
}

/*
 * A device with a fault for each one that is reported does not keep a drain,
 * and what the drain leaves is somebody's: there is no event for it (7.3).
 */
static void test_vtd_fault_drain_of_a_flood_ends(void **state)
{
	struct bench *b = *state;

	b->hook = fault_again;
	assert_true(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
	assert_int_equal(vtd_fault_drain(b->f.u), 0);
	assert_int_equal(atomic_load(&b->mine), DRAINED);
	while (atomic_load(&b->count) < FLOOD)
		sched_yield();
	plat_workqueue_flush(b->f.u->plat, b->f.u->faults.wq);
	b->hook = NULL;
	assert_int_equal(vtdfake_reg32(&b->f, VTD_FSTS) & 0xff, 0);
	assert_false(b->f.u->faults.busy);
	/* And events are told of again. */
	assert_true(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(b->count, FLOOD + 1);
}

/* A unit that is gone has no faults, and does not keep anybody. */
static void test_vtd_fault_gone(void **state)
{
	struct bench *b = *state;

	b->f.gone = true;
	vtd_fault_irq(b->f.u);
	assert_int_equal(vtd_fault_drain(b->f.u), 0);
	assert_int_equal(b->count, 0);
	b->f.gone = false;
}

/* The second look at FSTS is the last: then it comes, and so does its event. */
static void fault_too_late(struct vtdfake *f, uint64_t off)
{
	unsigned int *looks = f->hook_arg;

	if (off != VTD_FSTS || ++*looks != 2)
		return;
	assert_true(vtdfake_fault(f, make_frcd(RID, 0x71, 0)));
	vtd_fault_irq(f->u);
}

/* An event that finds a reader at it makes that one look again. [L1] */
static void test_vtd_fault_event_while_reading(void **state)
{
	struct bench *b = *state;
	unsigned int looks = 0;

	b->f.read_hook = fault_too_late;
	b->f.hook_arg = &looks;
	vtd_fault_irq(b->f.u);
	b->f.read_hook = NULL;
	assert_int_equal(b->count, 1);
	assert_int_equal(vtdfake_reg32(&b->f, VTD_FSTS) & 0xff, 0);
}

struct drainer {
	struct bench *b;
	_Atomic bool done;
	unsigned int seen;
	pthread_t thread;
};

static struct drainer *the_drainer;

static void *drain_once(void *arg)
{
	struct drainer *d = arg;

	assert_int_equal(vtd_fault_drain(d->b->f.u), 0);
	d->seen = atomic_load(&d->b->count);
	atomic_store(&d->done, true);
	return NULL;
}

static bool told_to_look_again(struct vtd_unit *u)
{
	bool again;

	plat_lock(u->plat, &u->faults.lock);
	again = u->faults.again;
	plat_unlock(u->plat, &u->faults.lock);
	return again;
}

static void drain_meanwhile(struct bench *b)
{
	unsigned int i;

	/* While the first is handled a second is recorded, then a drain. */
	if (atomic_load(&b->count) == 1) {
		assert_true(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
		assert_int_equal(pthread_create(&the_drainer->thread, NULL,
						drain_once, the_drainer),
				 0);
		while (!told_to_look_again(b->f.u))
			sched_yield();
		return;
	}
	/* The second is not done with: time enough for who should wait. */
	atomic_store(&b->count, 1);
	for (i = 0; i < 3000 && !atomic_load(&the_drainer->done); i++)
		sched_yield();
	atomic_store(&b->count, 2);
}

/*
 * The round in which a drain begins may be past the record it is about, so it
 * waits for the end of the next. One record is enough for that. [L4]
 */
static void test_vtd_fault_drain_waits_for_a_whole_round(void **state)
{
	struct bench *b = *state;
	struct drainer d = { .b = b };

	b->f.u->f.fault_count = 1;
	b->f.cap &= ~FIELD_MASK(VTD_CAP_NFR);
	b->f.fault_index = 0;
	the_drainer = &d;
	b->hook = drain_meanwhile;
	assert_true(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
	vtd_fault_irq(b->f.u);
	pthread_join(d.thread, NULL);
	b->hook = NULL;
	assert_int_equal(b->count, 2);
	assert_int_equal(d.seen, 2);
}

static void drain_in_vain(struct bench *b)
{
	/* The reader is this thread, and does not come to an end. */
	b->hook = NULL;
	b->f.u->timeout_ns = 1;
	assert_int_equal(vtd_fault_drain(b->f.u), -ETIMEDOUT);
}

/* A reader that hangs in a handler: a drain does not hang with it. [L4] */
static void test_vtd_fault_drain_has_an_end(void **state)
{
	struct bench *b = *state;

	b->hook = drain_in_vain;
	assert_true(vtdfake_fault(&b->f, make_frcd(RID, 0x71, 0)));
	vtd_fault_irq(b->f.u);
	assert_null(b->hook);
	assert_int_equal(b->count, 1);
	/* It has asked for another look, and that has come. */
	assert_false(told_to_look_again(b->f.u));
	assert_int_equal(vtd_fault_drain(b->f.u), 0);
}

struct shared {
	struct bench *b;
	_Atomic bool stop;
	_Atomic unsigned int made;
};

static void *produce(void *arg)
{
	struct shared *s = arg;
	unsigned int i;

	for (i = 0; i < 3000 || atomic_load(&s->made) <= MADE_MIN; i++) {
		if (vtdfake_fault(&s->b->f, make_frcd(RID, 0x71, 0x1000)))
			atomic_fetch_add(&s->made, 1);
		if (i % 16 == 0)
			sched_yield();
	}
	return NULL;
}

static void *interrupt(void *arg)
{
	struct shared *s = arg;

	while (!atomic_load(&s->stop))
		if (!testplat_irq_run(&s->b->f.tp))
			sched_yield();
	return NULL;
}

/* What was recorded before a drain has been reported after it. */
static void *drain(void *arg)
{
	struct shared *s = arg;

	while (!atomic_load(&s->stop)) {
		unsigned int made = atomic_load(&s->made);

		assert_int_equal(vtd_fault_drain(s->b->f.u), 0);
		assert_true(atomic_load(&s->b->count) >= made);
		sched_yield();
	}
	return NULL;
}

/* Whoever reads, nothing is left and nothing is reported twice. [L1] [L4] */
static void test_vtd_fault_readers_race(void **state)
{
	struct bench *b = *state;
	struct shared s = { .b = b };
	pthread_t p, i, d, e;

	assert_int_equal(pthread_create(&i, NULL, interrupt, &s), 0);
	assert_int_equal(pthread_create(&d, NULL, drain, &s), 0);
	assert_int_equal(pthread_create(&e, NULL, drain, &s), 0);
	assert_int_equal(pthread_create(&p, NULL, produce, &s), 0);
	pthread_join(p, NULL);
	atomic_store(&s.stop, true);
	pthread_join(i, NULL);
	pthread_join(d, NULL);
	pthread_join(e, NULL);
	(void)testplat_irq_run(&b->f.tp);
	/* Of a drain that left something. */
	plat_workqueue_flush(b->f.u->plat, b->f.u->faults.wq);
	/* An event per transition is all there was. */
	assert_int_equal(vtdfake_reg32(&b->f, VTD_FSTS) & 0xff, 0);
	assert_int_equal(b->count, atomic_load(&s.made));
	assert_int_equal(stats_of(b).faults, atomic_load(&s.made));
	assert_true(atomic_load(&s.made) > MADE_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		T(test_vtd_fault_is_reported),
		T(test_vtd_fault_permissions),
		T(test_vtd_fault_reasons),
		T(test_vtd_fault_nobodys_are_logged),
		T(test_vtd_fault_refused_is_logged),
		T(test_vtd_fault_ring_in_order),
		T(test_vtd_fault_overflow),
		T(test_vtd_fault_during_reading),
		T(test_vtd_fault_event_repairs_the_queue),
		T(test_vtd_fault_drain),
		T(test_vtd_fault_drain_of_a_flood_ends),
		T(test_vtd_fault_gone),
		T(test_vtd_fault_event_while_reading),
		T(test_vtd_fault_drain_waits_for_a_whole_round),
		T(test_vtd_fault_drain_has_an_end),
		T(test_vtd_fault_readers_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
