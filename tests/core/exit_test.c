/* SPDX-License-Identifier: MIT */
/* Exit of an address space with binds: callbacks, quiet phase, races. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/ioasid.h>

#include "core/system.h"
#include "tests/core/bond.h"

static DECLARE_IOASID_SET(set);

static int exit_ok(struct iommu_device *dev, struct iommu_sva *sva,
		   void *drvdata)
{
	(void)dev, (void)sva, (void)drvdata;
	return 0;
}

static const struct iommu_sva_ops ok_ops = { exit_ok };

/* What an mm_exit callback saw. */
struct exit_probe {
	struct fixture *f;
	struct plat_event event;
	_Atomic unsigned int calls;
	_Atomic bool hold;
	int result;
	ioasid_t pasid;
	enum mock_entry entry;
	bool exited;
	bool feature_on;
};

static int exit_probe(struct iommu_device *dev, struct iommu_sva *sva,
		      void *drvdata)
{
	struct exit_probe *p = drvdata;
	const struct plat *plat = p->f->rig.plat;

	p->pasid = iommu_sva_get_pasid(sva);
	p->entry = mock_entry(p->f->rig.mock, dev, p->pasid);
	p->exited = atomic_load(&p->f->mm->exited);
	/* None of core's locks is held. */
	p->feature_on = iommu_dev_feature_enabled(dev, IOMMU_DEV_FEAT_SVA);
	atomic_fetch_add(&p->calls, 1);
	plat_event_signal(plat, &p->event);
	for (;;) {
		uint32_t seen = plat_event_read(&p->event);

		if (!atomic_load(&p->hold))
			return p->result;
		if (plat_event_wait(plat, &p->event, seen, UINT64_MAX))
			return -EINTR;
	}
}

static const struct iommu_sva_ops probe_ops = { exit_probe };

static void wait_for_call(struct exit_probe *p)
{
	for (;;) {
		uint32_t seen = plat_event_read(&p->event);

		if (atomic_load(&p->calls))
			return;
		assert_ok(plat_event_wait(p->f->rig.plat, &p->event, seen,
					  UINT64_MAX));
	}
}

static void bind_probe(struct exit_probe *p)
{
	struct fixture *f = p->f;

	assert_ok(iommu_sva_bind(f->dev, &f->mm->mm, p, &f->sva));
	assert_ok(iommu_sva_set_ops(f->sva, &probe_ops));
}

/* [B7] [B8] [R6] [U18] */
static void test_exit_calls_then_quiet_until_unbind(void **state)
{
	struct exit_probe p = { .f = *state };
	struct fixture *f = p.f;
	uint64_t pa;

	bind_probe(&p);
	assert_ok(dma(&f->rig, f->dev, 1, 0x1000, R));
	exit_mm(f);
	assert_int_equal(p.calls, 1);
	assert_int_equal(p.pasid, 1);
	assert_int_equal(p.entry, MOCK_ENTRY_LIVE);
	assert_false(p.exited);
	assert_true(p.feature_on);

	/* Quiet: nothing cached, aborted, PASID still owned. */
	assert_int_equal(mock_entry(f->rig.mock, f->dev, 1), MOCK_ENTRY_QUIET);
	assert_int_equal(mock_cached(f->rig.mock, f->dev, 1), 0);
	assert_err(mock_access(f->rig.mock, f->dev, 1, 0x1000, R, &pa), EPERM);
	assert_int_equal(stats_of(&f->rig).pasids, 1);
	iommu_sva_unbind(f->sva);
	assert_int_equal(mock_entry(f->rig.mock, f->dev, 1), MOCK_ENTRY_ABORT);
	assert_int_equal(stats_of(&f->rig).pasids, 0);
}

/* [R6] Negative control: an entry that is left live is seen to be. */
static void test_exit_without_quiesce_is_noticed(void **state)
{
	struct fixture *f = *state;

	bond_bind(f);
	mock_set_defects(f->rig.mock, MOCK_SKIP_QUIESCE);
	exit_mm(f);
	assert_int_equal(mock_entry(f->rig.mock, f->dev, 1), MOCK_ENTRY_LIVE);
	mock_set_defects(f->rig.mock, 0);
	iommu_sva_unbind(f->sva);
}

/* [B8] Requests in the quiet phase get Invalid without a word. */
static void test_exit_request_after_exit_invalid_silently(void **state)
{
	struct fixture *f = *state;
	unsigned int warnings;

	bond_bind(f);
	exit_mm(f);
	warnings = f->rig.tp.warnings_logged;
	raise_request(&f->rig, f->dev, 1, 4, 0x1000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 1));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->rig.tp.warnings_logged, warnings);
	iommu_sva_unbind(f->sva);

	/* After the unbind it is the device driver's bug, and is reported. */
	raise_request(&f->rig, f->dev, 1, 4, 0x1000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 2));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->rig.tp.warnings_logged, warnings + 1);
}

/* [B7] No callback for an unbound handle, none without ops. */
static void test_exit_unbind_before_exit_no_callback(void **state)
{
	struct exit_probe p = { .f = *state };

	bind_probe(&p);
	iommu_sva_unbind(p.f->sva);
	exit_mm(p.f);
	assert_int_equal(p.calls, 0);
	assert_int_equal(mock_calls(p.f->rig.mock, MOCK_OP_QUIESCE), 0);
}

static void *exit_thread(void *arg)
{
	exit_mm(arg);
	return NULL;
}

/* [B4] [R5] Unbind during mm_exit waits for it, and detaches once. */
static void test_exit_unbind_during_exit_waits(void **state)
{
	struct exit_probe p = { .f = *state, .hold = true };
	struct fixture *f = p.f;
	struct slow_fault s = { .f = f };
	struct soft_mm *other = soft_mm_create(&f->rig);
	struct iommu_sva *sva;
	pthread_t exiter, unbinder;

	bind_probe(&p);
	assert_ok(iommu_sva_bind(f->dev, &other->mm, NULL, &sva));
	pthread_create(&exiter, NULL, exit_thread, f);
	wait_for_call(&p);
	pthread_create(&unbinder, NULL, unbind_thread, &s);

	/* Faults and binds of others go on while the callback blocks. */
	assert_ok(dma(&f->rig, f->dev, iommu_sva_get_pasid(sva), 0x2000, W));
	iommu_sva_unbind(sva);
	while (!atomic_load(&f->rig.sys->sva_event.waiters) &&
	       !atomic_load(&s.unbound))
		plat_relax(f->rig.plat, 1);
	assert_false(atomic_load(&s.unbound));
	assert_int_equal(mock_entry(f->rig.mock, f->dev, 1), MOCK_ENTRY_LIVE);

	atomic_store(&p.hold, false);
	plat_event_signal(f->rig.plat, &p.event);
	pthread_join(unbinder, NULL);
	pthread_join(exiter, NULL);
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_QUIESCE), 1);
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_REMOVE), 2);
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	iommu_mm_put_users(&other->mm);
}

/* [B7] A device that goes on keeps its PASID for ever. */
static void test_exit_failed_pasid_never_reused(void **state)
{
	struct exit_probe p = { .f = *state, .result = -EBUSY };
	struct fixture *f = p.f;
	struct soft_mm *other = soft_mm_create(&f->rig);
	unsigned int warnings = f->rig.tp.warnings_logged;
	struct iommu_mm *mm;

	bind_probe(&p);
	exit_mm(f);
	assert_int_equal(f->rig.tp.warnings_logged, warnings + 1);
	iommu_sva_unbind(f->sva);
	assert_int_equal(stats_of(&f->rig).pasids, 1);
	assert_err(iommu_sva_find(f->rig.sys, 1, &mm), ENOENT);
	assert_ok(iommu_sva_bind(f->dev, &other->mm, NULL, &f->sva));
	assert_int_equal(iommu_sva_get_pasid(f->sva), 2);
	iommu_sva_unbind(f->sva);
	iommu_mm_put_users(&other->mm);
}

/* [B7] [D5] Nor when somebody else holds the number for longer. */
static void test_exit_failed_pasid_kept_never_reused(void **state)
{
	struct exit_probe p = { .f = *state, .result = -EBUSY };
	struct fixture *f = p.f;
	struct iommu_system *sys = f->rig.sys;
	ioasid_t id;

	bind_probe(&p);
	assert_ok(ioasid_get(sys, 1));
	exit_mm(f);
	iommu_sva_unbind(f->sva);
	assert_true(ioasid_free(sys, 1));
	assert_err(ioasid_get(sys, 1), ENOENT);
	assert_err(ioasid_alloc(sys, &set, 1, 1, NULL, &id), ENOSPC);
	assert_int_equal(stats_of(&f->rig).pasids, 1);
}

/* [B4] Binds on several devices, unbound while the exit runs. */
static void test_exit_race_unbind_detached_once(void **state)
{
	struct fixture *f = *state;
	unsigned int i;

	for (i = 0; i < 60; i++) {
		struct slow_fault s = { .f = f };
		unsigned int before = mock_calls(f->rig.mock, MOCK_OP_REMOVE);
		pthread_t exiter, unbinder;

		bond_bind(f);
		assert_ok(iommu_sva_set_ops(f->sva, &ok_ops));
		pthread_create(&exiter, NULL, exit_thread, f);
		pthread_create(&unbinder, NULL, unbind_thread, &s);
		pthread_join(exiter, NULL);
		pthread_join(unbinder, NULL);
		assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_REMOVE),
				 before + 1);
		assert_int_equal(mock_entry(f->rig.mock, f->dev, 1),
				 MOCK_ENTRY_ABORT);
		assert_int_equal(stats_of(&f->rig).pasids, 0);
		f->mm = soft_mm_create(&f->rig);
		f->mm_gone = false;
	}
}

/* [B5] */
static void test_exit_get_pasid_after_exit_invalid(void **state)
{
	struct fixture *f = *state;

	bond_bind(f);
	exit_mm(f);
	assert_int_equal(iommu_sva_get_pasid(f->sva), IOMMU_PASID_INVALID);
	iommu_sva_unbind(f->sva);
}

/* [B3] The mm outlives its users until the handle goes, and no longer. */
static void test_exit_unbind_after_exit_frees_the_mm(void **state)
{
	struct fixture *f = *state;
	_Atomic bool freed = false;

	f->mm->freed = &freed;
	bond_bind(f);
	exit_mm(f);
	assert_false(freed);
	iommu_sva_unbind(f->sva);
	assert_true(freed);
}

/* The same for a domain that somebody attached himself. */
static void domain_exit_probe(struct iommu_device *dev, ioasid_t pasid,
			      void *data)
{
	struct exit_probe *p = data;
	const struct plat *plat = p->f->rig.plat;

	p->pasid = pasid;
	p->entry = mock_entry(p->f->rig.mock, dev, pasid);
	p->exited = atomic_load(&p->f->mm->exited);
	p->feature_on = iommu_dev_feature_enabled(dev, IOMMU_DEV_FEAT_SVA);
	atomic_fetch_add(&p->calls, 1);
	plat_event_signal(plat, &p->event);
	for (;;) {
		uint32_t seen = plat_event_read(&p->event);

		if (!atomic_load(&p->hold) ||
		    plat_event_wait(plat, &p->event, seen, UINT64_MAX))
			return;
	}
}

static struct iommu_domain *attach_probe(struct exit_probe *p)
{
	struct fixture *f = p->f;
	struct iommu_domain *domain;

	assert_ok(iommu_domain_alloc_sva(iommu_device_unit(f->dev), &f->mm->mm,
					 &domain));
	assert_ok(iommu_domain_set_exit_handler(domain, domain_exit_probe, p));
	assert_ok(iommu_attach_device_pasid(domain, f->dev, 7));
	assert_err(iommu_domain_set_exit_handler(domain, NULL, NULL), EBUSY);
	return domain;
}

/* [F14] [R6] Called once per pair, while the entry translates. */
static void test_exit_handler_of_a_domain(void **state)
{
	struct exit_probe p = { .f = *state };
	struct fixture *f = p.f;
	struct iommu_domain *domain = attach_probe(&p), *paging;

	assert_ok(iommu_attach_device_pasid(domain, f->rig.dev[1], 7));
	exit_mm(f);
	assert_int_equal(p.calls, 2);
	assert_int_equal(p.pasid, 7);
	assert_int_equal(p.entry, MOCK_ENTRY_LIVE);
	assert_false(p.exited);
	assert_true(p.feature_on);
	assert_int_equal(mock_entry(f->rig.mock, f->dev, 7), MOCK_ENTRY_QUIET);
	iommu_detach_device_pasid(domain, f->dev, 7);
	iommu_detach_device_pasid(domain, f->rig.dev[1], 7);
	assert_int_equal(p.calls, 2);
	assert_ok(iommu_domain_free(domain));
	assert_ok(iommu_domain_alloc(iommu_device_unit(f->dev),
				     IOMMU_DOMAIN_PAGING, &paging));
	assert_err(iommu_domain_set_exit_handler(paging, domain_exit_probe, &p),
		   EINVAL);
	assert_ok(iommu_domain_free(paging));
}

struct detacher {
	struct exit_probe *p;
	struct iommu_domain *domain;
	_Atomic bool detached;
};

static void *detach_thread(void *arg)
{
	struct detacher *d = arg;

	iommu_detach_device_pasid(d->domain, d->p->f->dev, 7);
	atomic_store(&d->detached, true);
	return NULL;
}

/* [B4] [R1] A detach waits for the handler; before it, it is not called. */
static void test_exit_handler_and_detach(void **state)
{
	struct exit_probe p = { .f = *state, .hold = true };
	struct detacher d = { .p = &p, .domain = attach_probe(&p) };
	pthread_t exits, detaches;
	unsigned int i;

	pthread_create(&exits, NULL, exit_thread, p.f);
	wait_for_call(&p);
	pthread_create(&detaches, NULL, detach_thread, &d);
	for (i = 0; i < 1000; i++)
		plat_relax(p.f->rig.plat, 20);
	assert_false(atomic_load(&d.detached));
	assert_int_equal(mock_entry(p.f->rig.mock, p.f->dev, 7),
			 MOCK_ENTRY_LIVE);
	atomic_store(&p.hold, false);
	plat_event_signal(p.f->rig.plat, &p.event);
	pthread_join(exits, NULL);
	pthread_join(detaches, NULL);
	assert_int_equal(p.calls, 1);
	assert_ok(iommu_domain_free(d.domain));
}

/* [B4] */
static void test_exit_handler_not_after_the_detach(void **state)
{
	struct exit_probe p = { .f = *state };
	struct iommu_domain *domain = attach_probe(&p);

	iommu_detach_device_pasid(domain, p.f->dev, 7);
	exit_mm(p.f);
	assert_int_equal(p.calls, 0);
	assert_ok(iommu_domain_free(domain));
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, bond_setup, bond_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_exit_calls_then_quiet_until_unbind),
		TEST(test_exit_without_quiesce_is_noticed),
		TEST(test_exit_request_after_exit_invalid_silently),
		TEST(test_exit_unbind_before_exit_no_callback),
		TEST(test_exit_unbind_during_exit_waits),
		TEST(test_exit_failed_pasid_never_reused),
		TEST(test_exit_failed_pasid_kept_never_reused),
		TEST(test_exit_race_unbind_detached_once),
		TEST(test_exit_get_pasid_after_exit_invalid),
		TEST(test_exit_unbind_after_exit_frees_the_mm),
		TEST(test_exit_handler_of_a_domain),
		TEST(test_exit_handler_and_detach),
		TEST(test_exit_handler_not_after_the_detach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
