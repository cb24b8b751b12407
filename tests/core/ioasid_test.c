/* SPDX-License-Identifier: MIT */
/* The allocator of ids. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <sva/ioasid.h>

#include "tests/support/testplat.h"

#define IDS                 ((1u << 20) - 1)
#define assert_ok(e)        assert_int_equal(e, 0)
#define assert_err(e, want) assert_int_equal(e, -(want))

static DECLARE_IOASID_SET(set);
static DECLARE_IOASID_SET(other_set);

struct fixture {
	struct testplat tp;
	struct iommu_system *sys;
};

static int setup(void **state)
{
	static struct fixture f;

	testplat_init(&f.tp);
	assert_ok(iommu_system_create(&f.tp.plat, NULL, &f.sys));
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_ok(iommu_system_destroy(f->sys));
	testplat_fini(&f->tp);
	return 0;
}

static struct iommu_system_stats stats_of(struct fixture *f)
{
	struct iommu_system_stats stats;

	iommu_system_stats(f->sys, &stats);
	return stats;
}

static ioasid_t alloc(struct fixture *f, ioasid_t min, ioasid_t max, void *priv)
{
	ioasid_t id;

	assert_ok(ioasid_alloc(f->sys, &set, min, max, priv, &id));
	assert_in_range(id, min, max);
	return id;
}

/* [D1] [D3] */
static void test_ioasid_alloc_bad_range_einval(void **state)
{
	struct fixture *f = *state;
	ioasid_t id = 7;

	assert_err(ioasid_alloc(f->sys, NULL, 1, 2, NULL, &id), EINVAL);
	assert_err(ioasid_alloc(f->sys, &set, 0, 2, NULL, &id), EINVAL);
	assert_err(ioasid_alloc(f->sys, &set, 3, 2, NULL, &id), EINVAL);
	assert_err(ioasid_alloc(f->sys, &set, 1u << 20, UINT32_MAX, NULL, &id),
		   ENOSPC);
	assert_int_equal(id, 7);
	assert_int_equal(stats_of(f).pasids, 0);
}

/* [D3] Both bounds inclusive, the lowest free one. */
static void test_ioasid_alloc_lowest_free(void **state)
{
	struct fixture *f = *state;
	ioasid_t id;

	assert_int_equal(alloc(f, 10, 12, NULL), 10);
	assert_int_equal(alloc(f, 10, 12, NULL), 11);
	assert_int_equal(alloc(f, 10, 12, NULL), 12);
	assert_err(ioasid_alloc(f->sys, &set, 10, 12, NULL, &id), ENOSPC);
	assert_true(ioasid_free(f->sys, 11));
	assert_int_equal(alloc(f, 1, IDS, NULL), 1);
	assert_int_equal(alloc(f, 10, 12, NULL), 11);
	assert_int_equal(alloc(f, IDS, UINT32_MAX, NULL), IDS);
	for (id = 10; id <= 12; id++)
		assert_true(ioasid_free(f->sys, id));
	assert_true(ioasid_free(f->sys, 1));
	assert_true(ioasid_free(f->sys, IDS));
}

/* [D3] Across the borders of words, groups of words and chunks. */
static void test_ioasid_alloc_across_borders(void **state)
{
	static const ioasid_t borders[] = { 64, 1024, 4096, 65536, 262144 };
	struct fixture *f = *state;
	unsigned int i;
	ioasid_t b;

	for (i = 0; i < sizeof(borders) / sizeof(borders[0]); i++) {
		b = borders[i];
		assert_int_equal(alloc(f, b - 1, IDS, NULL), b - 1);
		assert_int_equal(alloc(f, b - 1, IDS, NULL), b);
		assert_int_equal(alloc(f, b - 1, IDS, NULL), b + 1);
		assert_true(ioasid_free(f->sys, b));
		assert_int_equal(alloc(f, b - 1, IDS, NULL), b);
		for (b--; b <= borders[i] + 1; b++)
			assert_true(ioasid_free(f->sys, b));
	}
}

/* [D4] [D5] */
static void test_ioasid_get_free_counts(void **state)
{
	struct fixture *f = *state;
	ioasid_t id = alloc(f, 1, 5, f);
	unsigned int warnings = f->tp.warnings_logged;
	void *priv;

	assert_ok(ioasid_get(f->sys, id));
	assert_false(ioasid_free(f->sys, id));
	assert_ok(ioasid_find(f->sys, &set, id, NULL, &priv));
	assert_true(ioasid_free(f->sys, id));
	assert_err(ioasid_find(f->sys, &set, id, NULL, &priv), ENOENT);
	assert_int_equal(f->tp.warnings_logged, warnings);

	/* Bugs of the caller: refused and logged. */
	assert_false(ioasid_free(f->sys, id));
	assert_err(ioasid_get(f->sys, id), ENOENT);
	assert_false(ioasid_free(f->sys, 900000));
	assert_false(ioasid_free(f->sys, INVALID_IOASID));
	assert_err(ioasid_get(f->sys, INVALID_IOASID), ENOENT);
	assert_int_equal(f->tp.warnings_logged, warnings + 5);
	assert_int_equal(stats_of(f).pasids, 0);
}

static bool accept(void *priv)
{
	(void)priv;
	return true;
}

static bool refuse(void *priv)
{
	(void)priv;
	return false;
}

/* [D2] [D6] [R14] */
static void test_ioasid_find_by_set_and_getter(void **state)
{
	struct fixture *f = *state;
	ioasid_t id = alloc(f, 1, 5, f), none = alloc(f, 1, 5, NULL);
	void *priv = &id;

	assert_err(ioasid_find(f->sys, &set, 5, NULL, &priv), ENOENT);
	assert_err(ioasid_find(f->sys, &set, 0, NULL, &priv), ENOENT);
	assert_err(ioasid_find(f->sys, &set, 1u << 20, NULL, &priv), ENOENT);
	assert_err(ioasid_find(f->sys, &other_set, id, NULL, &priv), EACCES);
	assert_ptr_equal(priv, &id);
	assert_ok(ioasid_find(f->sys, NULL, id, NULL, &priv));
	assert_ptr_equal(priv, f);
	assert_ok(ioasid_find(f->sys, &set, id, refuse, &priv));
	assert_null(priv);
	assert_ok(ioasid_find(f->sys, &set, id, accept, &priv));
	assert_ptr_equal(priv, f);
	assert_ok(ioasid_find(f->sys, &set, none, NULL, &priv));
	assert_null(priv);
	assert_true(ioasid_free(f->sys, id));
	assert_true(ioasid_free(f->sys, none));
}

/* [D7] */
static void test_ioasid_set_data(void **state)
{
	struct fixture *f = *state;
	ioasid_t id = alloc(f, 1, 5, f);
	void *priv;

	assert_err(ioasid_set_data(f->sys, 5, NULL), ENOENT);
	assert_err(ioasid_set_data(f->sys, INVALID_IOASID, NULL), ENOENT);
	assert_ok(ioasid_set_data(f->sys, id, &id));
	assert_ok(ioasid_find(f->sys, &set, id, NULL, &priv));
	assert_ptr_equal(priv, &id);
	assert_true(ioasid_free(f->sys, id));
	assert_err(ioasid_set_data(f->sys, id, NULL), ENOENT);
}

/* [D3] [D4] [D6] Every id there is. */
static void test_ioasid_all_ids(void **state)
{
	struct fixture *f = *state;
	ioasid_t id;
	void *priv;
	uint32_t i;

	for (i = 1; i <= IDS; i++) {
		if (ioasid_alloc(f->sys, &set, 1, IDS,
				 (void *)(uintptr_t)(i * 3ul), &id) ||
		    id != i)
			fail_msg("id %u", i);
	}
	assert_err(ioasid_alloc(f->sys, &set, 1, IDS, NULL, &id), ENOSPC);
	assert_err(ioasid_alloc(f->sys, &set, 500000, 500000, NULL, &id),
		   ENOSPC);
	assert_int_equal(stats_of(f).pasids, IDS);
	for (i = 1; i <= IDS; i++) {
		if (ioasid_find(f->sys, &set, i, NULL, &priv) ||
		    priv != (void *)(uintptr_t)(i * 3ul))
			fail_msg("id %u", i);
	}
	/* One hole far in is found at once, whatever range is asked for. */
	assert_true(ioasid_free(f->sys, 777777));
	assert_err(ioasid_alloc(f->sys, &set, 1, 777776, NULL, &id), ENOSPC);
	assert_err(ioasid_alloc(f->sys, &set, 777778, IDS, NULL, &id), ENOSPC);
	assert_int_equal(alloc(f, 1, IDS, NULL), 777777);
	for (i = IDS; i; i--) {
		if (!ioasid_free(f->sys, i))
			fail_msg("id %u", i);
	}
	assert_int_equal(stats_of(f).pasids, 0);
	assert_int_equal(stats_of(f).pasids_max, IDS);
}

/* [D11] Tables grow by need; without memory nothing changes. */
static void test_ioasid_alloc_no_memory(void **state)
{
	struct fixture *f = *state;
	long live = f->tp.live_allocations;
	ioasid_t id = 0;

	testplat_fail_nth(&f->tp, 1);
	assert_err(ioasid_alloc(f->sys, &set, 1, 9, NULL, &id), ENOMEM);
	testplat_fail_nth(&f->tp, 0);
	assert_int_equal(id, 0);
	assert_int_equal(stats_of(f).pasids, 0);
	assert_int_equal(alloc(f, 1, 9, NULL), 1);
	assert_int_equal(f->tp.live_allocations, live + 1);
	assert_true(ioasid_free(f->sys, 1));
}

/* A small space ends where the system says. [C5] */
static void test_ioasid_small_system(void **state)
{
	const struct iommu_system_cfg cfg = { .pasid_bits = 2 };
	struct iommu_system *sys;
	struct testplat tp;
	ioasid_t id, i;

	(void)state;
	testplat_init(&tp);
	assert_ok(iommu_system_create(&tp.plat, &cfg, &sys));
	for (i = 1; i < 4; i++)
		assert_ok(ioasid_alloc(sys, &set, 1, IDS, NULL, &id));
	assert_err(ioasid_alloc(sys, &set, 1, IDS, NULL, &id), ENOSPC);
	for (i = 1; i < 4; i++)
		assert_true(ioasid_free(sys, i));
	assert_ok(iommu_system_destroy(sys));
	testplat_fini(&tp);
}

/*
 * Owners allocate and free; what is behind an id says which set it is of, and
 * is overwritten as soon as no reader may use it.
 */
struct thing {
	_Atomic uint32_t alive;
	_Atomic(const struct ioasid_set *) set;
};

#define THINGS 16u

struct race {
	struct fixture *f;
	_Atomic bool stop;
	_Atomic unsigned int bad;
	_Atomic unsigned int found;
	const struct ioasid_set *set;
};

static _Thread_local const struct ioasid_set *set_wanted;

static bool thing_alive(void *priv)
{
	struct thing *thing = priv;

	return atomic_load(&thing->alive) == 1 &&
	       atomic_load(&thing->set) == set_wanted;
}

static void *finder(void *arg)
{
	struct race *race = arg;
	ioasid_t id;
	void *priv;
	int err;

	set_wanted = race->set;
	while (!atomic_load(&race->stop)) {
		for (id = 1; id <= THINGS; id++) {
			err = ioasid_find(race->f->sys, race->set, id,
					  thing_alive, &priv);
			if (err && err != -ENOENT && err != -EACCES)
				atomic_fetch_add(&race->bad, 1);
			if (err)
				continue;
			atomic_fetch_add(&race->found, 1);
			/* The getter said no: dead, or somebody else's. */
			if (!priv)
				atomic_fetch_add(&race->bad, 1);
		}
	}
	return NULL;
}

static void *owner(void *arg)
{
	struct race *race = arg;
	const struct plat *plat = &race->f->tp.plat;
	struct thing things[THINGS];
	ioasid_t ids[THINGS];
	unsigned int round, i;

	for (round = 0; round < 150; round++) {
		for (i = 0; i < THINGS; i++) {
			atomic_store(&things[i].set, race->set);
			atomic_store(&things[i].alive, 1);
			if (ioasid_alloc(race->f->sys, race->set, 1, 2 * THINGS,
					 &things[i], &ids[i]))
				atomic_fetch_add(&race->bad, 1);
		}
		for (i = 0; i < THINGS; i++) {
			if (!ioasid_free(race->f->sys, ids[i]))
				atomic_fetch_add(&race->bad, 1);
		}
		plat_rcu_synchronize(plat);
		for (i = 0; i < THINGS; i++)
			atomic_store(&things[i].alive, 2);
	}
	return NULL;
}

/* [D6] [D11] [R14] Never the data of a freed or of a foreign id. */
static void test_ioasid_find_against_free(void **state)
{
	struct race a = { .f = *state, .set = &set };
	struct race b = { .f = *state, .set = &other_set };
	pthread_t owners[2], finders[2];

	pthread_create(&finders[0], NULL, finder, &a);
	pthread_create(&finders[1], NULL, finder, &b);
	pthread_create(&owners[0], NULL, owner, &a);
	pthread_create(&owners[1], NULL, owner, &b);
	pthread_join(owners[0], NULL);
	pthread_join(owners[1], NULL);
	atomic_store(&a.stop, true);
	atomic_store(&b.stop, true);
	pthread_join(finders[0], NULL);
	pthread_join(finders[1], NULL);
	assert_int_equal(a.bad, 0);
	assert_int_equal(b.bad, 0);
	assert_int_equal(stats_of(a.f).pasids, 0);
}

/* Custom allocators: count down from the top of the range. */
struct custom {
	ioasid_t next; /* 0: max */
	unsigned int allocs, frees;
	ioasid_t freed;
	bool refuse;
};

static ioasid_t custom_alloc(ioasid_t min, ioasid_t max, void *pdata)
{
	struct custom *c = pdata;

	(void)min;
	c->allocs++;
	if (c->refuse)
		return INVALID_IOASID;
	return c->next ? c->next++ : max;
}

static ioasid_t spare_alloc(ioasid_t min, ioasid_t max, void *pdata)
{
	return custom_alloc(min, max, pdata);
}

static void custom_free(ioasid_t id, void *pdata)
{
	struct custom *c = pdata;

	c->frees++;
	c->freed = id;
}

/* [D9] [D10] */
static void test_ioasid_custom_allocator_in_charge(void **state)
{
	struct fixture *f = *state;
	struct custom c = { .next = 500 };
	const struct ioasid_allocator_ops ops = { custom_alloc, custom_free,
						  &c };
	const struct ioasid_allocator_ops bad = { custom_alloc, NULL, &c };
	void *priv;
	ioasid_t id;

	assert_err(ioasid_register_allocator(f->sys, NULL), EINVAL);
	assert_err(ioasid_register_allocator(f->sys, &bad), EINVAL);
	id = alloc(f, 1, 9, NULL);
	assert_err(ioasid_register_allocator(f->sys, &ops), EAGAIN);
	assert_true(ioasid_free(f->sys, id));
	assert_ok(ioasid_register_allocator(f->sys, &ops));
	assert_err(ioasid_register_allocator(f->sys, &ops), EEXIST);

	id = alloc(f, 1, 1000, f);
	assert_int_equal(id, 500);
	assert_ok(ioasid_find(f->sys, &set, id, NULL, &priv));
	assert_ptr_equal(priv, f);
	assert_true(ioasid_free(f->sys, id));
	assert_int_equal(c.freed, 500);
	c.refuse = true;
	assert_err(ioasid_alloc(f->sys, &set, 1, 1000, NULL, &id), ENOSPC);
	ioasid_unregister_allocator(f->sys, &ops);
	assert_int_equal(alloc(f, 1, 9, NULL), 1);
	assert_true(ioasid_free(f->sys, 1));
	assert_int_equal(c.frees, 1);
}

/* [D11] What cannot be recorded goes back. */
static void test_ioasid_custom_id_given_back(void **state)
{
	struct fixture *f = *state;
	struct custom c = { .next = 500 };
	const struct ioasid_allocator_ops ops = { custom_alloc, custom_free,
						  &c };
	ioasid_t id;

	assert_ok(ioasid_register_allocator(f->sys, &ops));
	testplat_fail_nth(&f->tp, 1);
	assert_err(ioasid_alloc(f->sys, &set, 1, 1000, NULL, &id), ENOMEM);
	testplat_fail_nth(&f->tp, 0);
	assert_int_equal(c.freed, 500);
	/* Out of range. */
	assert_err(ioasid_alloc(f->sys, &set, 1, 9, NULL, &id), ENOSPC);
	assert_int_equal(c.freed, 501);
	assert_int_equal(stats_of(f).pasids, 0);
	ioasid_unregister_allocator(f->sys, &ops);
}

/* [D9] [D10] [N9] Shared functions, different data: one space. */
static void test_ioasid_custom_shared_space(void **state)
{
	struct fixture *f = *state;
	struct custom a = { .next = 100 }, b = { .next = 200 };
	const struct ioasid_allocator_ops first = { custom_alloc, custom_free,
						    &a };
	const struct ioasid_allocator_ops second = { custom_alloc, custom_free,
						     &b };
	ioasid_t one, two;

	assert_ok(ioasid_register_allocator(f->sys, &first));
	one = alloc(f, 1, 1000, f);
	assert_ok(ioasid_register_allocator(f->sys, &second));
	ioasid_unregister_allocator(f->sys, &first);
	two = alloc(f, 1, 1000, f);
	assert_int_equal(one, 100);
	assert_int_equal(two, 200);
	assert_true(ioasid_free(f->sys, one));
	assert_true(ioasid_free(f->sys, two));
	assert_int_equal(b.frees, 2);
	ioasid_unregister_allocator(f->sys, &second);
}

/* [D10] Spares wait their turn; ids of the last of a kind are forgotten. */
static void test_ioasid_custom_spare_takes_over(void **state)
{
	struct fixture *f = *state;
	struct custom a = { .next = 100 }, b = { .next = 200 };
	const struct ioasid_allocator_ops first = { custom_alloc, custom_free,
						    &a };
	const struct ioasid_allocator_ops spare = { spare_alloc, custom_free,
						    &b };
	const struct ioasid_allocator_ops unused = { spare_alloc, custom_free,
						     &a };
	unsigned int warnings = f->tp.warnings_logged;
	void *priv;

	assert_ok(ioasid_register_allocator(f->sys, &first));
	assert_ok(ioasid_register_allocator(f->sys, &spare));
	assert_ok(ioasid_register_allocator(f->sys, &unused));
	assert_int_equal(alloc(f, 1, 1000, f), 100);
	ioasid_unregister_allocator(f->sys, &unused);
	assert_ok(ioasid_find(f->sys, &set, 100, NULL, &priv));
	assert_int_equal(f->tp.warnings_logged, warnings);
	ioasid_unregister_allocator(f->sys, &first);
	assert_int_equal(f->tp.warnings_logged, warnings + 1);
	assert_err(ioasid_find(f->sys, &set, 100, NULL, &priv), ENOENT);
	assert_int_equal(stats_of(f).pasids, 0);
	assert_int_equal(alloc(f, 1, 1000, f), 200);
	assert_true(ioasid_free(f->sys, 200));
	ioasid_unregister_allocator(f->sys, &spare);
	ioasid_unregister_allocator(f->sys, &spare);
	assert_int_equal(f->tp.warnings_logged, warnings + 2);
}

/* Two owners of one id: the allocator's fault, but the first keeps it. */
static void test_ioasid_custom_id_twice_refused(void **state)
{
	struct fixture *f = *state;
	struct custom c = { .next = 500 };
	const struct ioasid_allocator_ops ops = { custom_alloc, custom_free,
						  &c };
	ioasid_t id;

	assert_ok(ioasid_register_allocator(f->sys, &ops));
	assert_int_equal(alloc(f, 1, 1000, f), 500);
	c.next = 500;
	assert_err(ioasid_alloc(f->sys, &set, 1, 1000, NULL, &id), ENOSPC);
	assert_int_equal(c.frees, 0);
	assert_true(ioasid_free(f->sys, 500));
	assert_int_equal(c.frees, 1);
	ioasid_unregister_allocator(f->sys, &ops);
}

/*
 * Somebody else acts in the middle of a call, once: before the next lock or
 * the next allocation.
 */
struct meddler {
	struct fixture *f;
	struct plat_ops ops;
	const struct plat_ops *real;
	void (*act)(struct fixture *f);
	bool at_lock;
};

static struct meddler meddler;

static void meddle(bool at_lock)
{
	void (*act)(struct fixture * f) = meddler.act;

	if (!act || at_lock != meddler.at_lock)
		return;
	meddler.act = NULL;
	act(meddler.f);
}

static void meddled_lock(void *ctx, struct plat_lock *lock)
{
	meddle(true);
	meddler.real->lock(ctx, lock);
}

static void *meddled_zalloc(void *ctx, size_t size)
{
	meddle(false);
	return meddler.real->zalloc(ctx, size);
}

static int setup_meddled(void **state)
{
	int err = setup(state);

	meddler = (struct meddler){ .f = *state };
	meddler.real = meddler.f->tp.plat.ops;
	meddler.ops = *meddler.real;
	meddler.ops.lock = meddled_lock;
	meddler.ops.zalloc = meddled_zalloc;
	meddler.f->tp.plat.ops = &meddler.ops;
	return err;
}

static struct custom custom_a, custom_b;
static const struct ioasid_allocator_ops ops_a = { custom_alloc, custom_free,
						   &custom_a };
static const struct ioasid_allocator_ops ops_b = { spare_alloc, custom_free,
						   &custom_b };

static void register_a(struct fixture *f)
{
	assert_ok(ioasid_register_allocator(f->sys, &ops_a));
}

static void unregister_a(struct fixture *f)
{
	ioasid_unregister_allocator(f->sys, &ops_a);
}

/* [D9] An allocator that comes while memory is sought is in charge. */
static void test_ioasid_register_during_alloc_takes_over(void **state)
{
	struct fixture *f = *state;

	custom_a = (struct custom){ .next = 500 };
	meddler.act = register_a;
	assert_int_equal(alloc(f, 1, 1000, f), 500);
	assert_int_equal(custom_a.allocs, 1);
	assert_true(ioasid_free(f->sys, 500));
	assert_int_equal(custom_a.freed, 500);
	ioasid_unregister_allocator(f->sys, &ops_a);
}

/* [D10] [R14] Forgotten and freed at once: freed once, and not to a spare. */
static void test_ioasid_unregister_during_free_frees_once(void **state)
{
	struct fixture *f = *state;

	custom_a = (struct custom){ .next = 500 };
	custom_b = (struct custom){ .next = 600 };
	assert_ok(ioasid_register_allocator(f->sys, &ops_a));
	assert_ok(ioasid_register_allocator(f->sys, &ops_b));
	assert_int_equal(alloc(f, 1, 1000, f), 500);
	meddler.at_lock = true;
	meddler.act = unregister_a;
	assert_false(ioasid_free(f->sys, 500));
	assert_int_equal(custom_b.frees, 0);
	assert_int_equal(stats_of(f).pasids, 0);
	ioasid_unregister_allocator(f->sys, &ops_b);
}

struct taker {
	struct fixture *f;
	_Atomic unsigned int bad;
};

static _Atomic bool taken[THINGS + 1];

static void *take_and_free(void *arg)
{
	struct taker *taker = arg;
	unsigned int round;
	ioasid_t id;
	int err;

	for (round = 0; round < 2000; round++) {
		err = ioasid_alloc(taker->f->sys, &set, 1, THINGS, NULL, &id);
		if (err == -ENOSPC)
			continue;
		if (err || atomic_exchange(&taken[id], true)) {
			atomic_fetch_add(&taker->bad, 1);
			continue;
		}
		if (ioasid_get(taker->f->sys, id) ||
		    ioasid_free(taker->f->sys, id))
			atomic_fetch_add(&taker->bad, 1);
		atomic_store(&taken[id], false);
		if (!ioasid_free(taker->f->sys, id))
			atomic_fetch_add(&taker->bad, 1);
	}
	return NULL;
}

/* [D3] [D11] [R14] No id has two owners at a time. */
static void test_ioasid_alloc_against_alloc_one_owner(void **state)
{
	struct taker taker = { .f = *state };
	pthread_t threads[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, take_and_free, &taker);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(taker.bad, 0);
	assert_int_equal(stats_of(taker.f).pasids, 0);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
#define TEST_MEDDLED(t)                                                        \
	cmocka_unit_test_setup_teardown(t, setup_meddled, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ioasid_alloc_bad_range_einval),
		TEST(test_ioasid_alloc_lowest_free),
		TEST(test_ioasid_alloc_across_borders),
		TEST(test_ioasid_get_free_counts),
		TEST(test_ioasid_find_by_set_and_getter),
		TEST(test_ioasid_set_data),
		TEST(test_ioasid_all_ids),
		TEST(test_ioasid_alloc_no_memory),
		cmocka_unit_test(test_ioasid_small_system),
		TEST(test_ioasid_find_against_free),
		TEST(test_ioasid_custom_allocator_in_charge),
		TEST(test_ioasid_custom_id_given_back),
		TEST(test_ioasid_custom_shared_space),
		TEST(test_ioasid_custom_spare_takes_over),
		TEST(test_ioasid_custom_id_twice_refused),
		TEST_MEDDLED(test_ioasid_register_during_alloc_takes_over),
		TEST_MEDDLED(test_ioasid_unregister_during_free_frees_once),
		TEST(test_ioasid_alloc_against_alloc_one_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
