/* SPDX-License-Identifier: MIT */
/*
 * Queues whose interrupt was lost, or comes once for many records; and the
 * errors GERROR tells of. IHI 0070 3.18.2, 7.2.2, 7.5, 8.2. [L1] [L5]
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <sva/fault.h>
#include <sva/sva.h>

#include "core/driver.h"
#include "fmt/smmuv3.h"
#include "tests/drivers/smmuv3_fixture.h"
#include "tests/support/random.h"

enum { SID = 0x42 };

#define GERROR  (0x60 / 4)
#define GERRORN (0x64 / 4)

#define PRI_R    (UINT64_C(1) << 60)
#define PRI_LAST (UINT64_C(1) << 62)
#define PRI_SSV  (UINT64_C(1) << 63)

struct bench {
	struct fake f;
	struct iommu_device *dev;
	_Atomic unsigned int count;
	_Atomic bool stop;
	unsigned int pushed;
};

static int handler(const struct iommu_fault *fault, struct iommu_device *dev,
		   void *data)
{
	struct bench *b = data;

	(void)fault;
	(void)dev;
	atomic_fetch_add(&b->count, 1);
	return 0;
}

static struct bench *make(unsigned int queue_lg2)
{
	struct smmuv3_desc desc = {
		.irq = { 1, 2, 3 },
		.evtq_lg2 = queue_lg2,
		.priq_lg2 = queue_lg2,
		.timeout_ms = 100,
	};
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	fake_init(&b->f);
	assert_int_equal(fake_probe_desc(&b->f, &desc), 0);
	b->dev = fake_pci_device(&b->f, SID);
	fake_ops_clear(&b->f);
	return b;
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

static bool push_event(struct bench *b)
{
	const uint64_t dw[4] = { (uint64_t)SID << 32 | 0x10, 0, 0x1000, 0 };

	return fake_push_event(&b->f, dw);
}

static bool push_pri(struct bench *b, uint64_t bits, ioasid_t pasid,
		     unsigned int prgi)
{
	const uint64_t dw[2] = { bits | (uint64_t)pasid << 32 | SID,
				 0x7000 | prgi };

	return fake_push_pri(&b->f, dw);
}

/* The error becomes active, and its interrupt comes. */
static void raise_gerror(struct bench *b, unsigned int bit)
{
	b->f.reg[GERROR] ^= 1u << bit;
	assert_true(
		testplat_msi(&b->f.tp, b->f.reg[0x68 / 4], b->f.reg[0x70 / 4]));
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(b->f.reg[GERRORN], b->f.reg[GERROR]);
}

/* The fake's own: one interrupt for what a queue that was empty gets. */
static void test_smmuv3_fault_interrupt_is_an_edge(void **state)
{
	struct bench *b = make(3);

	(void)state;
	listen(b);
	assert_true(push_event(b));
	assert_int_equal(testplat_irq_run(&b->f.tp), 1);
	assert_int_equal(b->count, 1);
	b->f.reg[0x50 / 4] &= ~4u; /* its interrupt is lost */
	assert_true(push_event(b));
	b->f.reg[0x50 / 4] |= 4;
	assert_true(push_event(b));
	assert_int_equal(testplat_irq_run(&b->f.tp), 0);
	assert_int_equal(b->count, 1);
	b->f.unit->ops->drain_faults(b->dev);
	assert_int_equal(b->count, 3);
	deafen(b);
	unmake(b);
}

/* 7.5: the message was aborted, so the queue is read without it. */
static void test_smmuv3_gerror_aborted_message_is_made_up_for(void **state)
{
	struct bench *b = make(3);

	(void)state;
	listen(b);
	b->f.reg[0x50 / 4] &= ~6u;
	assert_true(push_event(b));
	assert_true(push_event(b));
	assert_true(push_pri(b, PRI_R | PRI_SSV, 5, 1));
	b->f.reg[0x50 / 4] |= 6;
	assert_int_equal(testplat_irq_run(&b->f.tp), 0);
	raise_gerror(b, 5); /* MSI_EVENTQ_ABT_ERR */
	assert_int_equal(b->count, 2);
	raise_gerror(b, 6); /* MSI_PRIQ_ABT_ERR */
	assert_int_equal(b->count, 3);
	/* Nothing depends on these. */
	raise_gerror(b, 4);
	raise_gerror(b, 7);
	assert_int_equal(b->count, 3);
	deafen(b);
	unmake(b);
}

/* 7.2.2: what was written is read, what was not is counted. */
static void test_smmuv3_gerror_aborted_event_is_counted(void **state)
{
	struct bench *b = make(3);
	struct smmuv3_stats stats;

	(void)state;
	listen(b);
	b->f.reg[0x50 / 4] &= ~4u;
	assert_true(push_event(b));
	raise_gerror(b, 2); /* EVENTQ_ABT_ERR */
	assert_int_equal(b->count, 1);
	smmuv3_stats(b->f.unit, &stats);
	assert_int_equal(stats.events_lost, 1);
	deafen(b);
	unmake(b);
}

/* 8.2 [L5] [R15]: the Last of a group may be what was lost. */
static void test_smmuv3_gerror_aborted_request_discards_partial(void **state)
{
	struct bench *b = make(3);
	struct iommu_sva *sva;
	struct fake_mm m;
	ioasid_t pasid;

	(void)state;
	fake_mm_init(&m, &b->f);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);
	assert_true(push_pri(b, PRI_R | PRI_SSV, pasid, 2));
	assert_true(push_pri(b, PRI_R | PRI_SSV, pasid, 2));
	testplat_irq_run(&b->f.tp);
	raise_gerror(b, 3); /* PRIQ_ABT_ERR */
	fake_ops_clear(&b->f);
	assert_true(push_pri(b, PRI_R | PRI_LAST | PRI_SSV, pasid, 2));
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

/* What was taken of each page request group, and what has to come of it. */
struct groups {
	unsigned int partial[4]; /* requests without their Last */
	unsigned int answers[4];
	unsigned int pages;
	unsigned int lost;
};

static void push_random(struct bench *b, struct groups *g, ioasid_t pasid,
			uint64_t random)
{
	unsigned int group = random % 4;
	bool last = random >> 8 & 1;

	if (!push_pri(b, PRI_R | PRI_SSV | (last ? PRI_LAST : 0), pasid,
		      group)) {
		/* The SMMU has answered it. Its number may come again. */
		memset(g->partial, 0, sizeof(g->partial));
		g->lost++;
		return;
	}
	g->partial[group]++;
	if (!last)
		return;
	g->pages += g->partial[group];
	g->answers[group]++;
	g->partial[group] = 0;
}

static void assert_answered(struct bench *b, const struct groups *g)
{
	unsigned int answers[4] = { 0 };
	size_t i;

	for (i = fake_find(&b->f, 0x41, 0); i != SIZE_MAX;
	     i = fake_find(&b->f, 0x41, i + 1)) {
		/* Success */
		assert_int_equal(fake_cmd(&b->f, i)->dw[1] >> 12, 2);
		answers[fake_cmd(&b->f, i)->dw[1] & 3]++;
	}
	assert_memory_equal(answers, g->answers, sizeof(answers));
}

/*
 * [R15] [L5] [R2]: queues of two to eight records, random groups that reuse
 * four numbers, and whatever does not fit is lost. Each Last that was taken
 * has one answer; a group has the pages since the last overflow, no others.
 */
static void test_smmuv3_fault_overflow_never_mixes_groups(void **state)
{
	uint64_t rng = 0x2545f4914f6cdd1d;
	unsigned int lg2, i;

	(void)state;
	for (lg2 = 1; lg2 <= 3; lg2++) {
		struct bench *b = make(lg2);
		struct groups g = { .lost = 0 };
		struct iommu_sva *sva;
		struct fake_mm m;
		ioasid_t pasid;

		fake_mm_init(&m, &b->f);
		assert_int_equal(iommu_dev_enable_feature(b->dev,
							  IOMMU_DEV_FEAT_SVA),
				 0);
		assert_int_equal(iommu_sva_bind(b->dev, &m.mm, NULL, &sva), 0);
		pasid = iommu_sva_get_pasid(sva);
		fake_ops_clear(&b->f);
		for (i = 0; i < 3000; i++) {
			push_random(b, &g, pasid, next_random(&rng) >> 16);
			if (rng >> 60 < 4)
				testplat_irq_run(&b->f.tp);
			if (i % 100 == 0)
				assert_int_equal(iopf_queue_flush_dev(b->dev),
						 0);
		}
		testplat_irq_run(&b->f.tp);
		assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
		assert_true(g.lost > 100 && g.answers[0] > 100);
		assert_answered(b, &g);
		assert_int_equal(m.faults, g.pages);
		iommu_sva_unbind(sva);
		iommu_mm_put_users(&m.mm);
		assert_int_equal(iommu_dev_disable_feature(b->dev,
							   IOMMU_DEV_FEAT_SVA),
				 0);
		unmake(b);
	}
}

/* An error that is not active is not acknowledged; unknown ones are left. */
static void test_smmuv3_gerror_acknowledges_what_it_knows(void **state)
{
	struct bench *b = make(3);

	(void)state;
	b->f.reg[GERROR] ^= 1u << 9 | 1u << 10 | 1u << 4;
	assert_true(
		testplat_msi(&b->f.tp, b->f.reg[0x68 / 4], b->f.reg[0x70 / 4]));
	testplat_irq_run(&b->f.tp);
	assert_int_equal(b->f.reg[GERROR] ^ b->f.reg[GERRORN],
			 1u << 9 | 1u << 10);
	assert_null(b->f.violation);
	unmake(b);
}

/* After a look at PROD by who reads the event queue, a record more. */
struct late {
	struct bench *b;
	unsigned int looks; /* of PROD until then */
	unsigned int interrupts;
};

static void add_late(struct fake *f, uint64_t off)
{
	struct late *l = f->hook_arg;

	if (off != SMMU_EVENTQ_PROD || --l->looks)
		return;
	f->read_hook = NULL;
	assert_true(push_event(l->b));
	l->interrupts += testplat_irq_run(&f->tp);
}

/*
 * [L1] [L4]: a drain has looked at PROD, and then comes a record. Before the
 * last CONS it raises no interrupt; after it, one that finds the queue being
 * read. Neither may be left.
 */
static void test_smmuv3_fault_record_after_the_last_look(void **state)
{
	unsigned int looks;

	(void)state;
	/* The first look is the drain's own, under a lock. */
	for (looks = 2; looks <= 3; looks++) {
		struct bench *b = make(3);
		struct late l = { .b = b, .looks = looks };

		listen(b);
		b->f.reg[0x50 / 4] &= ~4u;
		assert_true(push_event(b));
		b->f.reg[0x50 / 4] |= 4;
		b->f.hook_arg = &l;
		b->f.read_hook = add_late;
		b->f.unit->ops->drain_faults(b->dev);
		assert_null(b->f.read_hook);
		assert_int_equal(l.interrupts, looks - 2);
		assert_int_equal(b->count, 2);
		deafen(b);
		unmake(b);
	}
}

/* Does not come back before it is told to. */
static int stuck_handler(const struct iommu_fault *fault,
			 struct iommu_device *dev, void *data)
{
	struct bench *b = data;

	(void)fault;
	(void)dev;
	atomic_fetch_add(&b->count, 1);
	while (!atomic_load(&b->stop))
		sched_yield();
	return 0;
}

static void *irq_once(void *arg)
{
	struct bench *b = arg;

	testplat_irq_run(&b->f.tp);
	return NULL;
}

/* [L4]: a drain has an end, and says that it was none. */
static void test_smmuv3_fault_drain_of_a_stuck_handler_ends(void **state)
{
	struct bench *b = make(3);
	unsigned int errors;
	pthread_t reader;

	(void)state;
	assert_int_equal(iommu_register_device_fault_handler(b->dev,
							     stuck_handler, b),
			 0);
	assert_true(push_event(b));
	assert_int_equal(pthread_create(&reader, NULL, irq_once, b), 0);
	while (!atomic_load(&b->count))
		sched_yield();
	errors = b->f.tp.errors_logged;
	b->f.unit->ops->drain_faults(b->dev);
	assert_int_equal(b->f.tp.errors_logged, errors + 1);
	atomic_store(&b->stop, true);
	pthread_join(reader, NULL);
	b->f.unit->ops->drain_faults(b->dev);
	assert_int_equal(b->f.tp.errors_logged, errors + 1);
	deafen(b);
	unmake(b);
}

enum { RECORDS = 2000, TRIES = 20000000 };

/* Both queues, faster than they are read; what does not fit comes again. */
static void *pusher(void *arg)
{
	struct bench *b = arg;
	unsigned int tries = 0;

	while (b->pushed < RECORDS && tries++ < TRIES) {
		bool done = b->pushed % 2 ? push_event(b) :
					    push_pri(b, PRI_R | PRI_SSV, 5, 1);

		if (done)
			b->pushed++;
		else
			sched_yield();
	}
	atomic_store(&b->stop, true);
	return NULL;
}

static void *irqs(void *arg)
{
	struct bench *b = arg;

	while (!atomic_load(&b->stop))
		if (!testplat_irq_run(&b->f.tp))
			sched_yield();
	return NULL;
}

static void *drains(void *arg)
{
	struct bench *b = arg;

	while (!atomic_load(&b->stop)) {
		b->f.unit->ops->drain_faults(b->dev);
		sched_yield();
	}
	return NULL;
}

/*
 * [L1] [L3]: the interrupt of a queue that was empty is all there is. Whoever
 * reads, and whatever comes meanwhile, nothing is left in the end.
 */
static void test_smmuv3_fault_no_record_waits_for_a_second_edge(void **state)
{
	unsigned int lg2;

	(void)state;
	for (lg2 = 1; lg2 <= 4; lg2++) {
		struct bench *b = make(lg2);
		pthread_t p, i, d;

		listen(b);
		assert_int_equal(pthread_create(&i, NULL, irqs, b), 0);
		assert_int_equal(pthread_create(&p, NULL, pusher, b), 0);
		/* Alone, the interrupts have to do. */
		if (lg2 % 2)
			assert_int_equal(pthread_create(&d, NULL, drains, b),
					 0);
		pthread_join(p, NULL);
		pthread_join(i, NULL);
		if (lg2 % 2)
			pthread_join(d, NULL);
		while (testplat_irq_run(&b->f.tp))
			;
		assert_int_equal(b->pushed, RECORDS);
		assert_int_equal(b->count, RECORDS);
		deafen(b);
		unmake(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_fault_interrupt_is_an_edge),
		cmocka_unit_test(
			test_smmuv3_gerror_aborted_message_is_made_up_for),
		cmocka_unit_test(test_smmuv3_gerror_aborted_event_is_counted),
		cmocka_unit_test(
			test_smmuv3_gerror_aborted_request_discards_partial),
		cmocka_unit_test(test_smmuv3_fault_overflow_never_mixes_groups),
		cmocka_unit_test(test_smmuv3_gerror_acknowledges_what_it_knows),
		cmocka_unit_test(test_smmuv3_fault_record_after_the_last_look),
		cmocka_unit_test(
			test_smmuv3_fault_drain_of_a_stuck_handler_ends),
		cmocka_unit_test(
			test_smmuv3_fault_no_record_waits_for_a_second_edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
