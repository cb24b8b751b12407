/* SPDX-License-Identifier: MIT */
/* Address spaces: counts, notifiers, exit. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

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

struct listener {
	struct iommu_mm_notifier n;
	struct rig *rig;
	struct soft_mm *mm;
	unsigned int invalidations;
	uint64_t start, end;
	_Atomic unsigned int releases;
	bool exited_at_release;
	_Atomic bool hold;
	_Atomic bool unregistered;
	struct plat_event event;
};

static void on_invalidate(struct iommu_mm_notifier *n, uint64_t start,
			  uint64_t end)
{
	struct listener *l = (struct listener *)(void *)n;

	l->invalidations++;
	l->start = start;
	l->end = end;
}

static void on_release(struct iommu_mm_notifier *n)
{
	struct listener *l = (struct listener *)(void *)n;

	l->exited_at_release = atomic_load(&l->mm->exited);
	atomic_fetch_add(&l->releases, 1);
	plat_event_signal(l->rig->plat, &l->event);
	for (;;) {
		uint32_t seen = plat_event_read(&l->event);

		if (!atomic_load(&l->hold))
			break;
		if (plat_event_wait(l->rig->plat, &l->event, seen, UINT64_MAX))
			break;
	}
}

static const struct iommu_mm_notifier_ops listener_ops = {
	on_invalidate,
	on_release,
};
static const struct iommu_mm_notifier_ops deaf_ops = { NULL, NULL };

static void listen(struct listener *l, struct soft_mm *mm)
{
	l->n.ops = &listener_ops;
	l->mm = mm;
	l->rig = mm->rig;
	assert_ok(iommu_mm_notifier_register(&l->n, &mm->mm));
}

static void test_mm_last_user_exits_last_ref_frees(void **state)
{
	struct soft_mm *mm = soft_mm_create(*state);
	_Atomic bool freed = false;

	mm->freed = &freed;
	assert_true(iommu_mm_get_users(&mm->mm));
	iommu_mm_get(&mm->mm);
	iommu_mm_put_users(&mm->mm);
	assert_false(mm->exited);
	iommu_mm_put_users(&mm->mm);
	assert_true(mm->exited);
	assert_false(freed);
	assert_false(iommu_mm_get_users(&mm->mm));
	iommu_mm_put(&mm->mm);
	assert_true(freed);
}

/* [B7] */
static void test_mm_put_async_exits_on_a_worker(void **state)
{
	struct rig *rig = *state;
	struct soft_mm *mm = soft_mm_create(rig);
	_Atomic bool freed = false;

	mm->freed = &freed;
	assert_true(iommu_mm_get_users(&mm->mm));
	iommu_mm_put_users_async(&mm->mm);
	assert_false(mm->exited);
	iommu_mm_put_users_async(&mm->mm);
	while (!freed)
		plat_relax(rig->plat, 1);
}

/* [N4] The range arrives as it was given: end exclusive. */
static void test_mm_invalidate_reaches_subscribers(void **state)
{
	struct rig *rig = *state;
	struct soft_mm *mm = soft_mm_create(rig);
	struct iommu_mm_notifier deaf = { .ops = &deaf_ops };
	struct listener a = { .invalidations = 0 }, b = { .invalidations = 0 };

	iommu_mm_invalidate_range(&mm->mm, 0, 0x1000);
	assert_int_equal(stats_of(rig).invalidations, 0);
	listen(&a, mm);
	listen(&b, mm);
	assert_ok(iommu_mm_notifier_register(&deaf, &mm->mm));
	iommu_mm_invalidate_range(&mm->mm, 0x3000, 0x5000);
	assert_int_equal(a.invalidations, 1);
	assert_int_equal(b.invalidations, 1);
	assert_int_equal(a.start, 0x3000);
	assert_int_equal(a.end, 0x5000);
	assert_int_equal(stats_of(rig).invalidations, 1);
	iommu_mm_notifier_unregister(&a.n);
	iommu_mm_invalidate_range(&mm->mm, 0, UINT64_MAX);
	assert_int_equal(a.invalidations, 1);
	assert_int_equal(b.invalidations, 2);
	iommu_mm_notifier_unregister(&deaf);
	iommu_mm_put_users(&mm->mm);
	assert_int_equal(b.releases, 1);
	iommu_mm_notifier_unregister(&b.n);
}

/* [R6] Once, before the pages go; not for who has left. */
static void test_mm_release_once_before_exit(void **state)
{
	struct soft_mm *mm = soft_mm_create(*state);
	struct listener a = { .invalidations = 0 }, b = { .invalidations = 0 };
	_Atomic bool freed = false;

	mm->freed = &freed;
	listen(&a, mm);
	listen(&b, mm);
	iommu_mm_notifier_unregister(&b.n);
	iommu_mm_put_users(&mm->mm);
	assert_int_equal(a.releases, 1);
	assert_false(a.exited_at_release);
	assert_int_equal(b.releases, 0);
	assert_true(mm->exited);
	assert_err(iommu_mm_notifier_register(&b.n, &mm->mm), ESRCH);
	/* The subscription holds the structure, and hears no more. */
	assert_false(freed);
	iommu_mm_invalidate_range(&mm->mm, 0, 0x1000);
	assert_int_equal(a.invalidations, 0);
	iommu_mm_notifier_unregister(&a.n);
	assert_true(freed);
}

static void *put_thread(void *arg)
{
	iommu_mm_put_users(arg);
	return NULL;
}

static void *unregister_thread(void *arg)
{
	struct listener *l = arg;

	iommu_mm_notifier_unregister(&l->n);
	atomic_store(&l->unregistered, true);
	return NULL;
}

/* [B4] */
static void test_mm_unregister_waits_for_release(void **state)
{
	struct rig *rig = *state;
	struct soft_mm *mm = soft_mm_create(rig);
	struct listener l = { .hold = true };
	pthread_t exiter, leaver;

	listen(&l, mm);
	pthread_create(&exiter, NULL, put_thread, &mm->mm);
	while (!atomic_load(&l.releases))
		plat_relax(rig->plat, 1);
	pthread_create(&leaver, NULL, unregister_thread, &l);
	while (!atomic_load(&mm->mm.release_event.waiters) &&
	       !atomic_load(&l.unregistered))
		plat_relax(rig->plat, 1);
	/* Others are not held up. */
	iommu_mm_invalidate_range(&mm->mm, 0, 0x1000);
	assert_false(atomic_load(&l.unregistered));
	atomic_store(&l.hold, false);
	plat_event_signal(rig->plat, &l.event);
	pthread_join(leaver, NULL);
	pthread_join(exiter, NULL);
	assert_int_equal(l.releases, 1);
}

struct storm {
	struct soft_mm *mm;
	_Atomic bool stop;
};

static void *invalidate_thread(void *arg)
{
	struct storm *s = arg;

	while (!atomic_load(&s->stop))
		iommu_mm_invalidate_range(&s->mm->mm, 0, 0x1000);
	return NULL;
}

/* After unregister nothing of the subscriber is touched: it is on the stack. */
static void test_mm_unregister_against_invalidate(void **state)
{
	struct storm s = { .mm = soft_mm_create(*state) };
	pthread_t thread;
	unsigned int i;

	pthread_create(&thread, NULL, invalidate_thread, &s);
	for (i = 0; i < 500; i++) {
		struct listener l = { .invalidations = 0 };

		listen(&l, s.mm);
		iommu_mm_notifier_unregister(&l.n);
		memset(&l, 0xa5, sizeof(l));
	}
	atomic_store(&s.stop, true);
	pthread_join(thread, NULL);
	iommu_mm_put_users(&s.mm->mm);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_mm_last_user_exits_last_ref_frees),
		TEST(test_mm_put_async_exits_on_a_worker),
		TEST(test_mm_invalidate_reaches_subscribers),
		TEST(test_mm_release_once_before_exit),
		TEST(test_mm_unregister_waits_for_release),
		TEST(test_mm_unregister_against_invalidate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
