/* SPDX-License-Identifier: MIT */
/* Binds: handles, errors, races with the exit of the address space. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/core/bond.h"

/* [B1] [C1] */
static void test_sva_bind_reaches_the_address_space(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid;

	bond_bind(f);
	pasid = iommu_sva_get_pasid(f->sva);
	assert_int_equal(pasid, 1);
	assert_int_equal(f->mm->mm.pasid, pasid);
	assert_int_equal(mock_entry(f->rig.mock, f->dev, pasid),
			 MOCK_ENTRY_LIVE);
	assert_ok(dma(&f->rig, f->dev, pasid, 0x5000, W));
	assert_int_equal(f->mm->pages, 1);
	iommu_sva_unbind(f->sva);
	assert_unbound(f);
}

/* What an address space takes back the device does not use. [B11] */
static void test_sva_unmap_is_seen_by_the_device(void **state)
{
	struct fixture *f = *state;
	uint64_t pa;

	bond_bind(f);
	assert_ok(dma(&f->rig, f->dev, 1, 0x5000, R));
	assert_int_equal(mock_cached(f->rig.mock, f->dev, 1), 1);
	soft_mm_unmap(f->mm, 0x5000, 0x6000);
	assert_err(mock_access(f->rig.mock, f->dev, 1, 0x5000, R, &pa), EFAULT);

	/* Negative control: a driver that forgets is caught by the cache. */
	assert_ok(dma(&f->rig, f->dev, 1, 0x5000, R));
	mock_set_defects(f->rig.mock, MOCK_SKIP_INVALIDATE);
	soft_mm_unmap(f->mm, 0x5000, 0x6000);
	assert_ok(mock_access(f->rig.mock, f->dev, 1, 0x5000, R, &pa));
	mock_set_defects(f->rig.mock, 0);
	iommu_sva_unbind(f->sva);
}

/* [B2] [R14] */
static void test_sva_bind_again_same_handle(void **state)
{
	struct fixture *f = *state;
	struct iommu_sva *again;

	bond_bind(f);
	assert_ok(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &again));
	assert_ptr_equal(again, f->sva);
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_SET), 1);
	iommu_sva_unbind(again);
	assert_ok(dma(&f->rig, f->dev, iommu_sva_get_pasid(f->sva), 0, R));
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_REMOVE), 0);
	iommu_sva_unbind(f->sva);
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_REMOVE), 1);
	assert_unbound(f);
}

/* [B2] */
static void test_sva_bind_again_other_drvdata_einval(void **state)
{
	struct fixture *f = *state;
	struct iommu_sva *again = NULL;

	bond_bind(f);
	assert_err(iommu_sva_bind(f->dev, &f->mm->mm, f, &again), EINVAL);
	assert_null(again);
	iommu_sva_unbind(f->sva);
	assert_unbound(f);
}

/* [B1] [A5] */
static void test_sva_bind_feature_off_enodev(void **state)
{
	struct fixture *f = *state;

	assert_ok(iommu_dev_disable_feature(f->dev, IOMMU_DEV_FEAT_SVA));
	assert_err(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->sva), ENODEV);
	assert_null(f->sva);
	assert_unbound(f);
}

/* [B10] */
static void test_sva_bind_shared_group_einval(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *a = rig_add_device(&f->rig, "a", 10, 8, 7);
	struct iommu_device *b = rig_add_device(&f->rig, "b", 11, 8, 7);
	const uint32_t sid = 12;
	const struct iommu_device_desc desc = {
		.name = "c",
		.unit = mock_unit(f->rig.mock),
		.stream_ids = &sid,
		.stream_id_count = 1,
		.group = 7,
	};
	struct iommu_domain *domain;

	assert_ok(iommu_dev_enable_feature(a, IOMMU_DEV_FEAT_SVA));
	assert_err(iommu_sva_bind(a, &f->mm->mm, NULL, &f->sva), EINVAL);
	assert_unbound(f);
	/* The same by hand. */
	assert_ok(iommu_domain_alloc_sva(mock_unit(f->rig.mock), &f->mm->mm,
					 &domain));
	assert_err(iommu_attach_device_pasid(domain, a, 5), EINVAL);
	assert_int_equal(mock_entry(f->rig.mock, a, 5), MOCK_ENTRY_ABORT);
	assert_ok(iommu_device_remove(b));
	assert_ok(iommu_attach_device_pasid(domain, a, 5));
	/* Nor does one join a group that has one attached. */
	assert_err(iommu_device_add(f->rig.sys, &desc, &b), EBUSY);
	iommu_detach_device_pasid(domain, a, 5);
	assert_ok(iommu_domain_free(domain));
	assert_ok(iommu_sva_bind(a, &f->mm->mm, NULL, &f->sva));

	/* Nor one that has binds. */
	assert_err(iommu_device_add(f->rig.sys, &desc, &b), EBUSY);
	iommu_sva_unbind(f->sva);
	assert_ok(iommu_sva_disable(a));
	assert_ok(iommu_device_remove(a));
}

/* [B1] */
static void test_sva_bind_mm_of_other_system_einval(void **state)
{
	struct fixture *f = *state;
	struct iommu_system *mine = f->rig.sys, *other;
	struct soft_mm *mm;

	assert_ok(iommu_system_create(f->rig.plat, NULL, &other));
	f->rig.sys = other;
	mm = soft_mm_create(&f->rig);
	f->rig.sys = mine;
	assert_err(iommu_sva_bind(f->dev, &mm->mm, NULL, &f->sva), EINVAL);
	assert_err(iommu_system_destroy(other), EBUSY);
	iommu_mm_put_users(&mm->mm);
	assert_ok(iommu_system_destroy(other));
}

/* [B1] [C2] */
static void test_sva_bind_pasid_beyond_device_eoverflow(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *small = rig_add_device(&f->rig, "small", 20, 3, 0);

	assert_ok(iommu_dev_enable_feature(small, IOMMU_DEV_FEAT_SVA));
	assert_ok(iommu_sva_alloc_pasid(&f->mm->mm, 100, 200));
	assert_err(iommu_sva_bind(small, &f->mm->mm, NULL, &f->sva), EOVERFLOW);
	assert_int_equal(f->mm->mm.pasid, 100);
	assert_int_equal(f->mm->mm.pasid_refs, 1);
	iommu_sva_free_pasid(&f->mm->mm);
	assert_unbound(f);
	assert_ok(iommu_sva_disable(small));
	assert_ok(iommu_device_remove(small));
}

/* [B1] [B12] */
static void test_sva_bind_no_pasid_left_enospc(void **state)
{
	struct fixture *f = *state;
	const struct iommu_sva_param window = { .min_pasid = 5,
						.max_pasid = 5 };
	struct soft_mm *other = soft_mm_create(&f->rig);
	struct iommu_device *dev = f->rig.dev[1];
	struct iommu_sva *sva;

	assert_ok(iommu_sva_enable(dev, &window));
	assert_ok(iommu_sva_bind(dev, &other->mm, NULL, &sva));
	assert_int_equal(iommu_sva_get_pasid(sva), 5);
	assert_err(iommu_sva_bind(dev, &f->mm->mm, NULL, &f->sva), ENOSPC);
	assert_int_equal(f->mm->mm.pasid, 0);
	assert_int_equal(f->mm->mm.refs, 1);
	iommu_sva_unbind(sva);
	iommu_mm_put_users(&other->mm);
	assert_unbound(f);
}

/* [B1] */
static void test_sva_bind_exiting_mm_esrch(void **state)
{
	struct fixture *f = *state;

	iommu_mm_get(&f->mm->mm);
	exit_mm(f);
	assert_err(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->sva), ESRCH);
	assert_null(f->mm->mm.sva);
	iommu_mm_put(&f->mm->mm);
}

/* [B1] [R14] What the driver meets comes through and nothing is left. */
static void test_sva_bind_driver_error_nothing_changed(void **state)
{
	struct fixture *f = *state;

	mock_fail(f->rig.mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	assert_err(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->sva),
		   ETIMEDOUT);
	assert_unbound(f);
	mock_fail(f->rig.mock, MOCK_OP_DOMAIN_ALLOC, 1, -EOPNOTSUPP);
	assert_err(iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->sva),
		   EOPNOTSUPP);
	assert_unbound(f);
	assert_null(f->sva);
}

/* [B1] Each allocation of a bind fails in turn. */
static void test_sva_bind_no_memory_nothing_changed(void **state)
{
	struct fixture *f = *state;
	long n, live;
	int err;

	for (n = 1;; n++) {
		live = f->rig.tp.live_allocations;
		testplat_fail_nth(&f->rig.tp, n);
		err = iommu_sva_bind(f->dev, &f->mm->mm, NULL, &f->sva);
		testplat_fail_nth(&f->rig.tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
		assert_unbound(f);
		/* Pieces of tables may stay, binds do not. */
		assert_in_range(f->rig.tp.live_allocations - live, 0, 2);
	}
	assert_true(n > 4);
	iommu_sva_unbind(f->sva);
	assert_unbound(f);
}

/* [C5] [B9] One PASID and one domain for all devices of an mm. */
static void test_sva_bind_two_devices_share_pasid(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *stall = f->rig.dev[2];
	struct iommu_sva *other;
	uint64_t pa;

	bond_bind(f);
	assert_err(mock_access(f->rig.mock, stall, 1, 0, R, &pa), EACCES);
	assert_ok(iommu_dev_enable_feature(stall, IOMMU_DEV_FEAT_SVA));
	assert_ok(iommu_sva_bind(stall, &f->mm->mm, f, &other));
	assert_ptr_not_equal(other, f->sva);
	assert_int_equal(iommu_sva_get_pasid(other),
			 iommu_sva_get_pasid(f->sva));
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_DOMAIN_ALLOC), 1);
	iommu_sva_unbind(f->sva);
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_DOMAIN_FREE), 0);
	assert_ok(dma(&f->rig, stall, 1, 0x1000, R));
	iommu_sva_unbind(other);
	assert_int_equal(mock_calls(f->rig.mock, MOCK_OP_DOMAIN_FREE), 1);
	assert_unbound(f);
}

/* A device that is not bound does not get at an mm by its PASID. [B9] */
static void test_sva_request_of_unbound_device_invalid(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *other = f->rig.dev[1];

	bond_bind(f);
	assert_ok(iommu_dev_enable_feature(other, IOMMU_DEV_FEAT_SVA));
	raise_request(&f->rig, other, 1, 0, 0x1000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 1));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->mm->calls, 0);
	iommu_sva_unbind(f->sva);
}

struct bind_thread {
	struct fixture *f;
	pthread_barrier_t *barrier;
	struct iommu_sva *sva;
	int err;
};

static void *bind_thread(void *arg)
{
	struct bind_thread *t = arg;

	pthread_barrier_wait(t->barrier);
	t->err = iommu_sva_bind(t->f->dev, &t->f->mm->mm, NULL, &t->sva);
	return NULL;
}

/* [B2] Two threads get one handle with two uses. */
static void test_sva_bind_race_one_handle(void **state)
{
	struct fixture *f = *state;
	pthread_barrier_t barrier;
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, 2);
	for (i = 0; i < 50; i++) {
		struct bind_thread t[2] = {
			{ .f = f, .barrier = &barrier },
			{ .f = f, .barrier = &barrier },
		};
		pthread_t thread[2];

		pthread_create(&thread[0], NULL, bind_thread, &t[0]);
		pthread_create(&thread[1], NULL, bind_thread, &t[1]);
		pthread_join(thread[0], NULL);
		pthread_join(thread[1], NULL);
		assert_ok(t[0].err);
		assert_ok(t[1].err);
		assert_ptr_equal(t[0].sva, t[1].sva);
		iommu_sva_unbind(t[0].sva);
		assert_int_equal(mock_entry(f->rig.mock, f->dev, 1),
				 MOCK_ENTRY_LIVE);
		iommu_sva_unbind(t[1].sva);
		assert_unbound(f);
	}
	pthread_barrier_destroy(&barrier);
}

static void *bind_unbind_thread(void *arg)
{
	struct bind_thread *t = arg;
	unsigned int i;

	pthread_barrier_wait(t->barrier);
	for (i = 0; i < 100 && !t->err; i++) {
		t->err =
			iommu_sva_bind(t->f->dev, &t->f->mm->mm, NULL, &t->sva);
		if (t->err)
			break;
		/* A live handle: the pair translates, not only just so. */
		if (mock_entry(t->f->rig.mock, t->f->dev,
			       iommu_sva_get_pasid(t->sva)) != MOCK_ENTRY_LIVE)
			t->err = -EPROTO;
		iommu_sva_unbind(t->sva);
	}
	return NULL;
}

/* [R14] A bind that races the last unbind is live or new. */
static void test_sva_bind_race_last_unbind_live(void **state)
{
	struct fixture *f = *state;
	pthread_barrier_t barrier;
	struct bind_thread t[3];
	pthread_t thread[3];
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, 3);
	for (i = 0; i < 3; i++) {
		t[i] = (struct bind_thread){ .f = f, .barrier = &barrier };
		pthread_create(&thread[i], NULL, bind_unbind_thread, &t[i]);
	}
	for (i = 0; i < 3; i++) {
		pthread_join(thread[i], NULL);
		assert_ok(t[i].err);
	}
	pthread_barrier_destroy(&barrier);
	assert_unbound(f);
}

/* [B3] [R1] Entry first or drain first: both, in this order. */
static void test_sva_unbind_drains_removes_drains(void **state)
{
	struct fixture *f = *state;
	enum mock_op ops[MOCK_LOG];

	bond_bind(f);
	mock_log_reset(f->rig.mock);
	iommu_sva_unbind(f->sva);
	assert_int_equal(mock_log(f->rig.mock, ops, MOCK_LOG), 4);
	assert_int_equal(ops[0], MOCK_OP_DRAIN);
	assert_int_equal(ops[1], MOCK_OP_REMOVE);
	assert_int_equal(ops[2], MOCK_OP_DRAIN);
	assert_int_equal(ops[3], MOCK_OP_DOMAIN_FREE);
}

/* Is everything that the device had asked for before the unbind answered, and
 * with the address space's verdict? */
static bool unbind_answers_pending(struct fixture *f)
{
	struct mock_response r;
	unsigned int before = mock_response_count(f->rig.mock);
	bool answered;

	bond_bind(f);
	mock_hold_faults(f->rig.mock, true);
	raise_request(&f->rig, f->dev, 1, 3, 0x3000, R, true);
	iommu_sva_unbind(f->sva);
	answered = mock_response_count(f->rig.mock) == before + 1 &&
		   mock_response(f->rig.mock, before, &r) &&
		   r.code == IOMMU_PAGE_RESP_SUCCESS && r.prm.grpid == 3;
	mock_hold_faults(f->rig.mock, false);
	mock_report_all(f->rig.mock);
	return answered;
}

/* [B3] [R1] [R2] */
static void test_sva_unbind_pending_requests_answered(void **state)
{
	struct fixture *f = *state;

	assert_true(unbind_answers_pending(f));
	/* Negative control: without the drain this test would fail. */
	mock_set_defects(f->rig.mock, MOCK_SKIP_DRAIN);
	assert_false(unbind_answers_pending(f));
	mock_set_defects(f->rig.mock, 0);
}

/* [B3] [C6] Nothing cached is left, and the next owner's PASID is clean. */
static void test_sva_unbind_caches_clean(void **state)
{
	struct fixture *f = *state;

	bond_bind(f);
	assert_ok(dma(&f->rig, f->dev, 1, 0x3000, R));
	iommu_sva_unbind(f->sva);
	assert_int_equal(mock_cached(f->rig.mock, f->dev, 1), 0);
}

/* [B3] Incomplete groups of the PASID do not wait for its next owner. */
static void test_sva_unbind_discards_partials(void **state)
{
	struct fixture *f = *state;

	bond_bind(f);
	raise_request(&f->rig, f->dev, 1, 9, 0x1000, R, false);
	mock_report_all(f->rig.mock);
	iommu_sva_unbind(f->sva);
	bond_bind(f);
	raise_request(&f->rig, f->dev, 1, 9, 0x7000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 1));
	assert_int_equal(f->mm->pages, 1);
	iommu_sva_unbind(f->sva);
}

/* [R1] Unbind does not return while a fault of the pair is being handled. */
static void test_sva_unbind_waits_for_running_fault(void **state)
{
	struct slow_fault s = { .f = *state };
	struct fixture *f = s.f;
	pthread_t thread;

	bond_bind(f);
	soft_mm_block(f->mm, true);
	raise_request(&f->rig, f->dev, 1, 3, 0x3000, R, true);
	soft_mm_wait_blocked(f->mm, 1);
	pthread_create(&thread, NULL, unbind_thread, &s);
	while (!mock_calls(f->rig.mock, MOCK_OP_DRAIN))
		plat_relax(f->rig.plat, 1);
	assert_false(atomic_load(&s.unbound));
	/* And others can bind meanwhile. [R5] */
	{
		struct soft_mm *other = soft_mm_create(&f->rig);
		struct iommu_sva *sva;

		assert_ok(iommu_sva_bind(f->dev, &other->mm, NULL, &sva));
		assert_int_equal(iommu_sva_get_pasid(sva), 2);
		assert_false(atomic_load(&s.unbound));
		soft_mm_block(f->mm, false);
		iommu_sva_unbind(sva);
		iommu_mm_put_users(&other->mm);
	}
	pthread_join(thread, NULL);
	assert_unbound(f);
}

static int exit_ok(struct iommu_device *dev, struct iommu_sva *sva,
		   void *drvdata)
{
	(void)dev, (void)sva, (void)drvdata;
	return 0;
}

/* [B6] */
static void test_sva_set_ops_first_wins(void **state)
{
	struct fixture *f = *state;
	const struct iommu_sva_ops ops = { exit_ok }, others = { exit_ok };

	bond_bind(f);
	assert_err(iommu_sva_set_ops(f->sva, NULL), EINVAL);
	assert_ok(iommu_sva_set_ops(f->sva, &ops));
	assert_ok(iommu_sva_set_ops(f->sva, &ops));
	assert_err(iommu_sva_set_ops(f->sva, &others), EEXIST);
	iommu_sva_unbind(f->sva);
}

/* Faults while the address space exits and the handle goes. [R1] [R2] [B4] */
struct storm {
	struct fixture *f;
	_Atomic bool stop;
	_Atomic unsigned int raised;
};

static void *storm_thread(void *arg)
{
	struct storm *s = arg;
	struct rig *rig = &s->f->rig;
	uint32_t i;

	for (i = 0; !atomic_load(&s->stop) && i < 6000; i++) {
		struct iommu_fault fault = page_request(
			1, i % 512, (i % 64) << 12, i % 2 ? R : W, true);

		if (!mock_raise(rig->mock, s->f->dev, &fault))
			atomic_fetch_add(&s->raised, 1);
		else
			plat_relax(rig->plat, 1);
	}
	return NULL;
}

static void test_sva_fault_storm_one_answer_each(void **state)
{
	struct storm s = { .f = *state };
	struct fixture *f = s.f;
	pthread_t thread;
	unsigned int i;

	pthread_create(&thread, NULL, storm_thread, &s);
	for (i = 0; i < 30; i++) {
		bond_bind(f);
		if (i % 2)
			exit_mm(f);
		iommu_sva_unbind(f->sva);
		if (i % 2) {
			f->mm = soft_mm_create(&f->rig);
			f->mm_gone = false;
		}
	}
	atomic_store(&s.stop, true);
	pthread_join(thread, NULL);
	mock_report_all(f->rig.mock);
	assert_ok(iopf_queue_flush_dev(f->dev));
	assert_int_equal(mock_response_count(f->rig.mock), s.raised);
}

/* [R2] Negative control: the ledger sees a second answer. */
static void test_sva_two_answers_are_noticed(void **state)
{
	struct fixture *f = *state;

	bond_bind(f);
	mock_set_defects(f->rig.mock, MOCK_TWO_RESPONSES);
	raise_request(&f->rig, f->dev, 1, 4, 0x1000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 1));
	assert_int_equal(mock_response_count(f->rig.mock), 2);
	mock_set_defects(f->rig.mock, 0);
	iommu_sva_unbind(f->sva);
}

/* [A3] */
static void test_sva_disable_with_binds_ebusy(void **state)
{
	struct fixture *f = *state;
	struct iommu_sva_param param;

	bond_bind(f);
	assert_err(iommu_dev_disable_feature(f->dev, IOMMU_DEV_FEAT_SVA),
		   EBUSY);
	assert_err(iommu_sva_disable(f->dev), EBUSY);
	assert_true(iommu_sva_enabled(f->dev, &param));
	assert_int_equal(param.nr_bonds, 1);
	assert_err(iommu_device_remove(f->dev), EBUSY);
	iommu_sva_unbind(f->sva);
	assert_ok(iommu_sva_disable(f->dev));
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, bond_setup, bond_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sva_bind_reaches_the_address_space),
		TEST(test_sva_unmap_is_seen_by_the_device),
		TEST(test_sva_bind_again_same_handle),
		TEST(test_sva_bind_again_other_drvdata_einval),
		TEST(test_sva_bind_feature_off_enodev),
		TEST(test_sva_bind_shared_group_einval),
		TEST(test_sva_bind_mm_of_other_system_einval),
		TEST(test_sva_bind_pasid_beyond_device_eoverflow),
		TEST(test_sva_bind_no_pasid_left_enospc),
		TEST(test_sva_bind_exiting_mm_esrch),
		TEST(test_sva_bind_driver_error_nothing_changed),
		TEST(test_sva_bind_no_memory_nothing_changed),
		TEST(test_sva_bind_two_devices_share_pasid),
		TEST(test_sva_request_of_unbound_device_invalid),
		TEST(test_sva_bind_race_one_handle),
		TEST(test_sva_bind_race_last_unbind_live),
		TEST(test_sva_unbind_drains_removes_drains),
		TEST(test_sva_unbind_pending_requests_answered),
		TEST(test_sva_unbind_caches_clean),
		TEST(test_sva_unbind_discards_partials),
		TEST(test_sva_unbind_waits_for_running_fault),
		TEST(test_sva_set_ops_first_wins),
		TEST(test_sva_fault_storm_one_answer_each),
		TEST(test_sva_two_answers_are_noticed),
		TEST(test_sva_disable_with_binds_ebusy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
