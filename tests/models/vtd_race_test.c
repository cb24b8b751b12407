/* SPDX-License-Identifier: MIT */
/*
 * Translations on several threads against a driver that remaps pages, and one
 * that gives a PASID to another process.
 *
 * The driver moves a page between two frames. After each move, invalidation
 * and wait descriptor it marks the frame the page has left as reusable. A
 * translator that holds a translation (its port is busy) of a frame that is
 * marked has used one that is older than a completed wait. [R9] [M2]
 *
 * Negative controls: without one of the invalidations, and with a translator
 * that does not tell that it is busy, stale ones are found.
 */
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/vtd_tables.h"

enum {
	PAGES = 4,
	TRANSLATORS = 3,
	ROUNDS = 2000,
	VA = 0x400000,
	FRAMES = 0x1000000,
};

enum mode {
	PAGE,           /* entries change, PASID-based IOTLB invalidation */
	PAGE_SECOND,    /* of the second stage, IOTLB invalidation */
	TABLES,         /* the PASID entry changes */
	NO_IOTLB,       /* as PAGE */
	NO_PASID_CACHE, /* as TABLES */
	NO_PORT_WAIT,   /* done before the access, not after */
};

static struct vx fx;
static enum mode mode;
static _Atomic bool stop;
static _Atomic uint64_t stale, uses;
/* Set when the frame is given up, cleared when it is mapped again. */
static _Atomic bool dead[PAGES][2];

static uint64_t frame(unsigned int page, unsigned int which)
{
	return FRAMES + (page * 2 + which) * 0x1000u;
}

static void use(unsigned int page, uint64_t pa)
{
	unsigned int which = (unsigned int)(pa - frame(page, 0)) >> 12;

	sched_yield();
	if (atomic_load_explicit(&dead[page][which], memory_order_acquire))
		atomic_fetch_add(&stale, 1);
	atomic_fetch_add_explicit(&uses, 1, memory_order_relaxed);
}

static void *translator(void *arg)
{
	struct hw_port port = { .busy = 0 };
	unsigned int n = (unsigned int)(uintptr_t)arg;
	struct hw_xlat x;

	fx.hw->ops->port_add(fx.hw, &port);
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		unsigned int page = n++ % PAGES;
		struct hw_txn txn = {
			.requester = VT_SID,
			.flags = HW_TXN_PASID_VALID,
			.pasid = VT_PASID,
			.perm = n & 4 ? IOMMU_PERM_READ : IOMMU_PERM_WRITE,
			.addr = VA + page * 0x1000u,
		};

		if (fx.hw->ops->translate(fx.hw, &port, &txn, &x))
			continue;
		if (mode == NO_PORT_WAIT)
			hw_port_done(&port);
		use(page, x.pa);
		if (mode != NO_PORT_WAIT)
			hw_port_done(&port);
	}
	fx.hw->ops->port_remove(fx.hw, &port);
	return NULL;
}

static void invalidate(unsigned int page)
{
	uint64_t addr = VA + page * 0x1000u;

	switch (mode) {
	case NO_IOTLB:
		vt_inv(&fx, 0x45, 0);
		break;
	case PAGE_SECOND:
		vt_inv_iotlb(&fx, IOTLB_PAGE, VT_DID, addr, 0, true);
		break;
	case TABLES:
		vt_inv_pasid(&fx, PC_PASID, VT_DID, VT_PASID);
		vt_inv_piotlb(&fx, PIOTLB_PASID, VT_DID, VT_PASID, 0, 0, false);
		break;
	case NO_PASID_CACHE:
		vt_inv_piotlb(&fx, PIOTLB_PASID, VT_DID, VT_PASID, 0, 0, false);
		break;
	case PAGE:
	case NO_PORT_WAIT:
	default:
		vt_inv_piotlb(&fx, PIOTLB_PAGE, VT_DID, VT_PASID, addr, 0,
			      true);
		break;
	}
}

static void set_dead(unsigned int page, unsigned int which, bool on)
{
	atomic_store_explicit(&dead[page][which], on, memory_order_release);
}

static void move_page(unsigned int page, unsigned int to, uint64_t pte)
{
	/* What was freed before may be used again: it is in the table. */
	set_dead(page, to, false);
	vx_put(&fx, pte,
	       frame(page, to) | (mode == PAGE_SECOND ? SS_RW : FS_PAGE));
	invalidate(page);
	set_dead(page, !to, true);
}

/* All pages at once: from one process's tables to another's. */
static void move_tables(unsigned int to, const uint64_t *root)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		set_dead(i, to, false);
	vx_put(&fx, vt_pasid_at(&fx, VT_SID, VT_PASID) + 16, root[to]);
	invalidate(0);
	for (i = 0; i < PAGES; i++)
		set_dead(i, !to, true);
}

static uint64_t run(enum mode m)
{
	bool tables = m == TABLES || m == NO_PASID_CACHE;
	bool wrong = m >= NO_IOTLB;
	uint64_t pte[PAGES], root[2];
	pthread_t thread[TRANSLATORS];
	unsigned int i, round;

	mode = m;
	stop = false;
	stale = 0;
	uses = 0;
	vt_start(&fx, NULL, VT_SCALABLE);
	root[0] = m == PAGE_SECOND ? vt_second(&fx, 0) : vt_first(&fx, 0);
	root[1] = vt_table(&fx);
	for (i = 0; i < PAGES; i++) {
		uint64_t va = VA + i * 0x1000u;

		pte[i] = vt_map(&fx, root[0], 4, va,
				frame(i, 0) |
					(m == PAGE_SECOND ? SS_RW : FS_PAGE),
				1, FS_TABLE);
		vt_map(&fx, root[1], 4, va, frame(i, 1) | FS_PAGE, 1, FS_TABLE);
		dead[i][0] = false;
		dead[i][1] = true;
	}
	for (i = 0; i < TRANSLATORS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, translator,
						(void *)(uintptr_t)i),
				 0);
	/* A loaded machine may start the translators late. */
	for (round = 0;
	     round < ROUNDS ||
	     (!(wrong && m != NO_PORT_WAIT ? stale : uses) && round < 1000000);
	     round++) {
		if (tables)
			move_tables(~round & 1, root);
		for (i = 0; i < PAGES && !tables; i++)
			move_page(i, ~round & 1, pte[i]);
		if (wrong && stale)
			break;
		if (round % 16 == 0)
			sched_yield();
	}
	stop = true;
	for (i = 0; i < TRANSLATORS; i++)
		pthread_join(thread[i], NULL);
	assert_true(uses > 0);
	vx_fini(&fx);
	return stale;
}

static void test_vtd_race_remap_nothing_stale(void **state)
{
	(void)state;
	assert_int_equal(run(PAGE), 0);
	assert_int_equal(run(PAGE_SECOND), 0);
}

static void test_vtd_race_pasid_moves_nothing_stale(void **state)
{
	(void)state;
	assert_int_equal(run(TABLES), 0);
}

static void test_vtd_race_without_iotlb_stale(void **state)
{
	(void)state;
	assert_true(run(NO_IOTLB) > 0);
}

static void test_vtd_race_without_pasid_cache_stale(void **state)
{
	(void)state;
	assert_true(run(NO_PASID_CACHE) > 0);
}

static void test_vtd_race_without_port_stale(void **state)
{
	unsigned int tries;

	(void)state;
	for (tries = 0; tries < 20; tries++)
		if (run(NO_PORT_WAIT) > 0)
			return;
	fail_msg("a translator that is not waited for was never stale");
}

/* Both flags of a page survive two writers at once: nothing is lost. */
static _Atomic bool flags_on;

static void *writer(void *arg)
{
	struct hw_port port = { .busy = 0 };
	struct hw_xlat x;

	(void)arg;
	fx.hw->ops->port_add(fx.hw, &port);
	while (!atomic_load(&stop)) {
		struct hw_txn txn = { .requester = VT_SID,
				      .flags = HW_TXN_PASID_VALID,
				      .pasid = VT_PASID,
				      .perm = IOMMU_PERM_WRITE,
				      .addr = VA };

		if (!fx.hw->ops->translate(fx.hw, &port, &txn, &x))
			hw_port_done(&port);
		atomic_store(&flags_on, true);
	}
	fx.hw->ops->port_remove(fx.hw, &port);
	return NULL;
}

/*
 * Software takes a page away by exchange, as a kernel does, and finds every
 * write that was let through in the value it takes: D is in the entry it got,
 * or the write was refused.
 */
static void test_vtd_race_dirty_not_lost(void **state)
{
	pthread_t thread;
	uint64_t pte, old;
	unsigned int i;

	(void)state;
	stop = false;
	flags_on = false;
	vt_start(&fx, NULL, VT_SCALABLE);
	pte = vt_map(&fx, vt_first(&fx, 0), 4, VA, FRAMES | FS_PAGE, 1,
		     FS_TABLE);
	assert_int_equal(pthread_create(&thread, NULL, writer, NULL), 0);
	while (!flags_on)
		sched_yield();
	for (i = 0; i < 2000; i++) {
		old = atomic_exchange(&fx.words[pte / 8], 0);
		assert_true(!old || !(old & FS_D) || (old & FS_A));
		/* Not there: no update may bring it back. */
		vt_inv_piotlb(&fx, PIOTLB_PAGE, VT_DID, VT_PASID, VA, 0, true);
		assert_int_equal(vx_get(&fx, pte), 0);
		vx_put(&fx, pte, FRAMES | FS_PAGE);
		if (i % 8 == 0)
			sched_yield();
	}
	stop = true;
	pthread_join(thread, NULL);
	vx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_race_remap_nothing_stale),
		cmocka_unit_test(test_vtd_race_pasid_moves_nothing_stale),
		cmocka_unit_test(test_vtd_race_without_iotlb_stale),
		cmocka_unit_test(test_vtd_race_without_pasid_cache_stale),
		cmocka_unit_test(test_vtd_race_without_port_stale),
		cmocka_unit_test(test_vtd_race_dirty_not_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
