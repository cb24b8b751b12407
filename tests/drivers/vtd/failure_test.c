/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong late, or elsewhere: each has its errno, its line in the log
 * or its unit that fails closed, and nothing is left behind.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "base/bits.h"
#include "tests/drivers/vtd/seam.h"

enum { SID = 0x310, PASID = 77 };

#define RW ((unsigned int)IOMMU_PERM_READ | IOMMU_PERM_WRITE)

/* A device and an address space attached to a PASID of it. */
struct bench {
	struct seam *s;
	struct iommu_device *dev;
	struct seam_mm m;
	struct iommu_domain *d;
};

static void setup(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->s = seam_make();
	seam_start(b->s);
	b->dev = seam_device(b->s, SID);
	seam_mm_init(&b->m, b->s);
	assert_int_equal(iommu_domain_alloc_sva(&b->s->u.unit, &b->m.mm, &b->d),
			 0);
	seam_clear(b->s);
}

static void teardown(struct bench *b)
{
	assert_int_equal(iommu_domain_free(b->d), 0);
	if (!b->m.exited)
		iommu_mm_put_users(&b->m.mm);
	assert_int_equal(iommu_device_remove(b->dev), 0);
	seam_unmake(b->s);
}

static void fail_from_now_on(struct seam *s, enum seam_kind kind, int err)
{
	s->fail_kind = kind;
	s->fail_err = err;
	s->fail_times = 1;
}

static unsigned int errors_of(struct seam *s)
{
	return atomic_load(&s->tp.errors_logged);
}

static unsigned int warnings_of(struct seam *s)
{
	return atomic_load(&s->tp.warnings_logged);
}

/* [R1] [R6] An exit whose invalidations fail: absent, silent, closed, said. */
static void test_vtd_failure_exit_is_not_confirmed(void **state)
{
	unsigned int errors;
	struct bench b;

	(void)state;
	setup(&b);
	assert_int_equal(vtd_unit_ops.set_dev_pasid(b.d, b.dev, PASID, NULL),
			 0);
	errors = errors_of(b.s);
	fail_from_now_on(b.s, SEAM_PIOTLB, -EIO);
	iommu_mm_put_users(&b.m.mm);
	assert_true(b.s->dead);
	assert_int_equal(errors_of(b.s), errors + 1);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0], 2);
	/* The table's address stays, as it may still be looked at. */
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[2], b.m.desc.root);
	vtd_unit_ops.remove_dev_pasid(b.d, b.dev, PASID);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0], 0);
	teardown(&b);
}

/* An address space that exits while a domain of it is being made. [R11] */
static void test_vtd_failure_domain_of_the_dead(void **state)
{
	struct iommu_domain *d;
	struct bench b;
	uint16_t did;
	unsigned int n = 0;

	(void)state;
	memset(&b, 0, sizeof(b));
	b.s = seam_make();
	b.s->u.f.did_bits = 4;
	seam_start(b.s);
	seam_mm_init(&b.m, b.s);
	iommu_mm_get(&b.m.mm);
	iommu_mm_put_users(&b.m.mm);
	/* Core has looked before it did. */
	assert_int_equal(vtd_unit_ops.domain_alloc(
				 &b.s->u.unit, IOMMU_DOMAIN_SVA, &b.m.mm, &d),
			 -ESRCH);
	/* The domain id is there again, [R13]: 14 of 16 are to be had. */
	while (!vtd_did_get(&b.s->u, &did))
		n++;
	assert_int_equal(n, 14);
	iommu_mm_put(&b.m.mm);
	seam_unmake(b.s);
}

/* The old address space exits while the new one is found to be dead. */
struct meeting {
	struct bench *b;
	struct plat_ops ops;
	const struct plat_ops *real;
	const struct plat_lock *at; /* of the new domain */
	struct vtd_domain *old;
	pthread_t thread;
	unsigned int met;
	_Atomic bool released;
};

static struct meeting meeting;

static void *exit_old(void *arg)
{
	struct meeting *t = arg;

	iommu_mm_put_users(&t->b->m.mm);
	atomic_store(&t->released, true);
	return NULL;
}

static void meet_at_lock(void *ctx, struct plat_lock *lock)
{
	struct meeting *t = &meeting;

	if (lock == t->at && !t->met) {
		t->met++;
		assert_int_equal(pthread_create(&t->thread, NULL, exit_old, t),
				 0);
		/* It waits for the entry that the new domain has taken over. */
		while (!atomic_load(&t->old->event.waiters))
			sched_yield();
		assert_false(atomic_load(&t->released));
		assert_int_equal(seam_pasid(t->b->s, SID, PASID).dw[0] & 1, 1);
	}
	t->real->lock(ctx, lock);
}

/*
 * [R11] The pair goes back to the old domain, whose exit makes it quiet: it
 * does not return before.
 */
static void test_vtd_failure_replacement_meets_exit(void **state)
{
	struct seam_mm other;
	struct iommu_domain *d;
	struct bench b;

	(void)state;
	setup(&b);
	seam_mm_init(&other, b.s);
	assert_int_equal(iommu_domain_alloc_sva(&b.s->u.unit, &other.mm, &d),
			 0);
	assert_int_equal(vtd_unit_ops.set_dev_pasid(b.d, b.dev, PASID, NULL),
			 0);
	iommu_mm_put_users(&other.mm);

	meeting = (struct meeting){
		.b = &b,
		.ops = *b.s->tp.plat.ops,
		.real = b.s->tp.plat.ops,
		.at = &container_of(d, struct vtd_domain, domain)->lock,
		.old = container_of(b.d, struct vtd_domain, domain),
	};
	meeting.ops.lock = meet_at_lock;
	b.s->tp.plat.ops = &meeting.ops;
	assert_int_equal(vtd_unit_ops.set_dev_pasid(d, b.dev, PASID, b.d),
			 -ESRCH);
	assert_int_equal(meeting.met, 1);
	assert_int_equal(pthread_join(meeting.thread, NULL), 0);
	b.s->tp.plat.ops = meeting.real;
	assert_true(meeting.released);
	/* FPD, and no P. */
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0], 2);
	vtd_unit_ops.remove_dev_pasid(b.d, b.dev, PASID);
	assert_int_equal(iommu_domain_free(d), 0);
	teardown(&b);
}

/* 9.6: what AW says is the widest second stage of the unit. [M1] */
static void test_vtd_failure_widths(void **state)
{
	static const struct {
		unsigned int levels;
		uint64_t aw;
	} rows[] = {
		{ 1 << 3, 1 },
		{ 1 << 4, 2 },
		{ 1 << 3 | 1 << 4, 2 },
		{ 1 << 4 | 1 << 5, 3 },
	};
	struct iommu_domain *d;
	struct bench b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(&b);
		b.s->u.f.ss_levels = rows[i].levels;
		assert_int_equal(iommu_domain_alloc(&b.s->u.unit,
						    IOMMU_DOMAIN_IDENTITY, &d),
				 0);
		assert_int_equal(iommu_attach_device(d, b.dev), 0);
		assert_int_equal(seam_pasid(b.s, SID, 0).dw[0],
				 1 | rows[i].aw << 2 | 4 << 6);
		assert_int_equal(iommu_detach_device(d, b.dev), 0);
		assert_int_equal(iommu_domain_free(d), 0);
		teardown(&b);
	}
}

/* Somebody handles a fault of a device while it goes. [R1] */
static void *remove_device(void *arg)
{
	struct bench *b = arg;

	assert_int_equal(iommu_device_remove(b->dev), 0);
	return NULL;
}

static void test_vtd_failure_device_goes_in_a_report(void **state)
{
	struct vtd_device *held;
	pthread_t thread;
	struct bench b;
	long live;

	(void)state;
	setup(&b);
	held = vtd_device_find(&b.s->u, SID);
	assert_non_null(held);
	live = atomic_load(&b.s->tp.live_allocations);
	assert_int_equal(pthread_create(&thread, NULL, remove_device, &b), 0);
	/* It has been released, and is there as long as it is looked at. */
	while (refcount_read(&held->refs) != 1)
		sched_yield();
	assert_null(vtd_device_find(&b.s->u, SID));
	assert_ptr_equal(held->u, &b.s->u);
	assert_int_equal(held->sids[0], SID);
	vtd_device_put(held);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(atomic_load(&b.s->tp.live_allocations) < live);
	b.dev = seam_device(b.s, SID);
	teardown(&b);
}

/* More requester ids than there was room for. [K20] */
static void test_vtd_failure_many_requesters(void **state)
{
	enum { DEVICES = 40 };
	struct iommu_device *dev[DEVICES];
	struct seam *s = seam_make();
	unsigned int i;

	(void)state;
	seam_start(s);
	for (i = 0; i < DEVICES; i++)
		dev[i] = seam_device(s, 0x1000 - 7 * i);
	for (i = 0; i < DEVICES; i++) {
		struct vtd_device *found =
			vtd_device_find(&s->u, (uint16_t)(0x1000 - 7 * i));

		assert_non_null(found);
		assert_ptr_equal(found->dev, dev[i]);
		vtd_device_put(found);
		assert_null(vtd_device_find(&s->u, (uint16_t)(0x1001 - 7 * i)));
	}
	for (i = 0; i < DEVICES; i++)
		assert_int_equal(iommu_device_remove(dev[i]), 0);
	seam_unmake(s);
}

/* What a function does with one of its registers. */
static struct stubborn {
	const struct plat_pci_ops *real;
	unsigned int reg;   /* it ignores writes */
	unsigned int stuck; /* it is 0 */
} stubborn;

static uint32_t stubborn_read(void *dev, unsigned int off, unsigned int size)
{
	if (stubborn.stuck && off == stubborn.stuck)
		return 0;
	return stubborn.real->read(dev, off, size);
}

static void stubborn_write(void *dev, unsigned int off, unsigned int size,
			   uint32_t v)
{
	if (!stubborn.reg || off != stubborn.reg)
		stubborn.real->write(dev, off, size, v);
}

static const struct plat_pci_ops stubborn_ops = {
	.read = stubborn_read,
	.write = stubborn_write,
};

static void be_stubborn(struct seam *s, unsigned int reg, unsigned int stuck)
{
	stubborn = (struct stubborn){ s->pci.ops, reg, stuck };
	s->pci.ops = &stubborn_ops;
}

/* [K18] A function that does not enable PASIDs has none, and is said to. */
static void test_vtd_failure_function_without_pasids(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device_caps caps;
	struct iommu_device *dev;
	unsigned int warnings;

	(void)state;
	seam_start(s);
	be_stubborn(s, SEAM_PASID_CAP + 6, 0);
	warnings = warnings_of(s);
	dev = seam_device(s, SID);
	assert_int_equal(warnings_of(s), warnings + 1);
	iommu_device_caps(dev, &caps);
	assert_int_equal(caps.pasid_bits, 0);
	/* Nor PASIDE (9.4); the rest works. */
	assert_int_equal(le64_load_relaxed(seam_context(s, SID)) & 1 << 3, 0);
	assert_true(caps.ats && caps.pri && !caps.sva);
	assert_int_equal(iommu_device_remove(dev), 0);
	seam_unmake(s);
}

/* [M4] PRI that does not go on gives its credits back. */
static void test_vtd_failure_page_requests_stay_off(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device *dev;
	unsigned int credits;

	(void)state;
	seam_start(s);
	be_stubborn(s, 0, 0);
	dev = seam_device(s, SID);
	credits = s->u.prq->credits;
	stubborn.reg = SEAM_PRI + 4;
	assert_int_equal(vtd_unit_ops.enable_faults(dev), -EIO);
	assert_int_equal(s->u.prq->credits, credits);
	stubborn.reg = 0;
	assert_int_equal(vtd_unit_ops.enable_faults(dev), 0);
	assert_int_equal(s->u.prq->credits, credits - VTD_PRI_QUOTA);
	/* A device that goes with them on has them off. */
	assert_int_equal(iommu_device_remove(dev), 0);
	assert_int_equal(s->u.prq->credits, credits);
	assert_int_equal(s->cfg[SEAM_PRI + 4] & 1, 0);
	seam_unmake(s);
}

/* [M4] A function whose requests never stop: said, and it is off all the same. */
static void test_vtd_failure_page_requests_do_not_stop(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device *dev;
	unsigned int warnings;

	(void)state;
	s->u.timeout_ns = 1;
	seam_start(s);
	be_stubborn(s, 0, 0);
	dev = seam_device(s, SID);
	assert_int_equal(vtd_unit_ops.enable_faults(dev), 0);
	warnings = warnings_of(s);
	stubborn.stuck = SEAM_PRI + 6;
	vtd_unit_ops.disable_faults(dev);
	assert_int_equal(warnings_of(s), warnings + 1);
	assert_int_equal(s->cfg[SEAM_PRI + 4] & 1, 0);
	stubborn.stuck = 0;
	assert_int_equal(iommu_device_remove(dev), 0);
	s->pci.ops = stubborn.real;
	seam_unmake(s);
}

/* An answer that the unit does not take is at least in the log. [R2] */
static void test_vtd_failure_answer_is_lost(void **state)
{
	struct seam *s = seam_make();
	struct vtd_prd prd = seam_prd(SID + 1, PASID, 3, 0x1000, true);
	unsigned int errors;

	(void)state;
	seam_start(s);
	assert_true(seam_push(s, &prd));
	errors = errors_of(s);
	fail_from_now_on(s, SEAM_RESPONSE, -EIO);
	vtd_prq_irq(&s->u);
	assert_int_equal(errors_of(s), errors + 1);
	assert_int_equal(seam_count(s, SEAM_RESPONSE), 0);
	assert_int_equal(s->pqh, s->pqt);
	seam_unmake(s);
}

/* [M4] A reader that does not come to an end: the drain does, and says so. */
static void test_vtd_failure_drain_has_an_end(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device *dev;
	unsigned int errors;

	(void)state;
	seam_start(s);
	dev = seam_device(s, SID);
	s->u.timeout_ns = 1;
	s->u.prq->busy = true;
	errors = errors_of(s);
	vtd_unit_ops.drain_faults(dev);
	assert_int_equal(errors_of(s), errors + 1);
	/* It does not wait any more, nor hold up the interrupt. */
	assert_int_equal(s->u.prq->drains, 0);
	assert_true(s->u.prq->busy);
	assert_int_equal(seam_count(s, SEAM_FAULTS), 0);
	s->u.prq->busy = false;
	assert_int_equal(iommu_device_remove(dev), 0);
	seam_unmake(s);
}

/*
 * [R1] A directory that was replaced while the unit did not confirm: if it has
 * stopped, the old one goes; if not even that is known, it stays for ever.
 */
static void test_vtd_failure_directory_stays(void **state)
{
	unsigned int stops;
	struct bench b;

	(void)state;
	for (stops = 0; stops < 2; stops++) {
		const le64_atomic *ctx;
		void *old;

		setup(&b);
		ctx = seam_context(b.s, SID);
		old = (void *)(uintptr_t)(le64_load_relaxed(ctx) &
					  ~UINT64_C(4095));
		assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, PASID),
				 0);
		b.s->refuse_stop = !stops;
		fail_from_now_on(b.s, SEAM_CONTEXT, -EIO);
		assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 0x8000),
				 -ETIMEDOUT);
		assert_true(b.s->dead);
		iommu_detach_device_pasid(b.d, b.dev, PASID);
		/* Which still says what it said, where the unit did not
		 * confirm that it has stopped. */
		if (!stops)
			assert_int_equal(
				le64_load_relaxed((le64_atomic *)old + 1) & 1,
				1);
		/* Leaks and what is freed twice are testplat's to notice. */
		teardown(&b);
	}
}

/* Tables of another kind than was asked for are not walked. [K16] */
static void test_vtd_failure_table_of_another_format(void **state)
{
	const struct iommu_mm_table t = {
		.fmt = IOMMU_TABLE_ARM_64_LPAE_S1,
		.root = 0x1000,
		.va_bits = 48,
		.granule_lg2 = 12,
		.pa_bits = 46,
	};
	struct seam *s = seam_make();
	struct iommu_sva_why why = { 0 };

	(void)state;
	assert_true(vtd_lacks_table(&s->u, &t, &why));
	assert_int_equal(why.req, IOMMU_SVA_REQ_FORMAT);
	seam_unmake(s);
}

/* Caching mode: a context entry's absence may be cached. 6.1 */
static void look_at_context(struct seam *s, const struct seam_op *op)
{
	uint64_t *present = s->hook_arg;

	if (op->kind == SEAM_CONTEXT)
		*present += le64_load_acquire(seam_context(s, SID)) & 1;
}

static void test_vtd_failure_context_in_caching_mode(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device *dev;
	uint64_t present = 0;

	(void)state;
	seam_start(s);
	s->hook = look_at_context;
	s->hook_arg = &present;
	dev = seam_device(s, SID);
	/* Otherwise what is fetched next is what it is. */
	assert_int_equal(present, 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	s->u.f.cm = true;
	dev = seam_device(s, SID);
	assert_int_equal(present, 1);
	s->hook = NULL;
	assert_int_equal(iommu_device_remove(dev), 0);
	seam_unmake(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_failure_exit_is_not_confirmed),
		cmocka_unit_test(test_vtd_failure_domain_of_the_dead),
		cmocka_unit_test(test_vtd_failure_replacement_meets_exit),
		cmocka_unit_test(test_vtd_failure_widths),
		cmocka_unit_test(test_vtd_failure_device_goes_in_a_report),
		cmocka_unit_test(test_vtd_failure_many_requesters),
		cmocka_unit_test(test_vtd_failure_function_without_pasids),
		cmocka_unit_test(test_vtd_failure_page_requests_stay_off),
		cmocka_unit_test(test_vtd_failure_page_requests_do_not_stop),
		cmocka_unit_test(test_vtd_failure_answer_is_lost),
		cmocka_unit_test(test_vtd_failure_drain_has_an_end),
		cmocka_unit_test(test_vtd_failure_directory_stays),
		cmocka_unit_test(test_vtd_failure_table_of_another_format),
		cmocka_unit_test(test_vtd_failure_context_in_caching_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
