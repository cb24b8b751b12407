/* SPDX-License-Identifier: MIT */
/*
 * Translations on several threads against a driver that remaps pages.
 *
 * The driver moves a page between two frames. After each move, invalidation
 * and CMD_SYNC it marks the frame the page has left as reusable. A translator
 * that holds a translation (its port is busy) of a frame that is marked has
 * used one that is older than a completed CMD_SYNC. [R9] [L7]
 *
 * Negative controls: without the invalidation, and with a translator that does
 * not tell that it is busy, stale ones are found.
 */
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

enum {
	PAGES = 4,
	TRANSLATORS = 3,
	ROUNDS = 3000,
	VA = 0x400000,
	FRAMES = 0x1000000,
};

enum mode {
	CORRECT,
	NO_TLBI,
	NO_PORT_WAIT, /* done before the access, not after */
};

static struct fx fx;
static enum mode mode;
static _Atomic bool stop;
static _Atomic uint64_t stale, uses;
/* Bumped when the frame is given up, and when it is mapped again. */
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
		struct hw_txn txn = { .requester = FX_SID,
				      .perm = IOMMU_PERM_READ,
				      .addr = VA + page * 0x1000u };

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

static void move(unsigned int page, unsigned int to, uint64_t pte)
{
	/* What was freed before may be used again: it is in the table. */
	atomic_store_explicit(&dead[page][to], false, memory_order_release);
	fx_put(&fx, pte, frame(page, to) | PTE_RW);
	if (mode != NO_TLBI)
		fx_cmd(&fx, CMD_TLBI_NH_VA(1), (VA + page * 0x1000u) | 1);
	fx_sync(&fx);
	assert_true(fx_cmdq_idle(&fx));
	atomic_store_explicit(&dead[page][!to], true, memory_order_release);
}

static uint64_t run(enum mode m)
{
	pthread_t thread[TRANSLATORS];
	uint64_t pte[PAGES], root;
	unsigned int i, round;

	mode = m;
	stop = false;
	stale = 0;
	uses = 0;
	fx_start(&fx, NULL);
	root = fx_stream(&fx, FX_SID, CD_ASID(1));
	for (i = 0; i < PAGES; i++) {
		pte[i] = fx_map(&fx, root, VA + i * 0x1000u,
				frame(i, 0) | PTE_RW, 3);
		dead[i][0] = false;
		dead[i][1] = true;
	}
	for (i = 0; i < TRANSLATORS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, translator,
						(void *)(uintptr_t)i),
				 0);
	/* A loaded machine may start the translators late. */
	for (round = 0; round < ROUNDS ||
			(!(m == NO_TLBI ? stale : uses) && round < 1000000);
	     round++) {
		for (i = 0; i < PAGES; i++)
			move(i, ~round & 1, pte[i]);
		if (m != CORRECT && stale)
			break;
		if (round % 16 == 0)
			sched_yield();
	}
	stop = true;
	for (i = 0; i < TRANSLATORS; i++)
		pthread_join(thread[i], NULL);
	assert_true(uses > 0);
	fx_fini(&fx);
	return stale;
}

static void test_race_remap_nothing_stale(void **state)
{
	(void)state;
	assert_int_equal(run(CORRECT), 0);
}

static void test_race_without_tlbi_stale(void **state)
{
	(void)state;
	assert_true(run(NO_TLBI) > 0);
}

static void test_race_without_port_stale(void **state)
{
	unsigned int tries;

	(void)state;
	for (tries = 0; tries < 20; tries++)
		if (run(NO_PORT_WAIT) > 0)
			return;
	fail_msg("a translator that is not waited for was never stale");
}

/* A SYNC does not hold the lock while it waits: a second port can miss. */
static struct hw_port second;
static _Atomic bool waiting;

static void *syncer(void *arg)
{
	(void)arg;
	fx_cmd(&fx, CMD_TLBI_NH_ALL, 0);
	atomic_store(&waiting, true);
	fx_sync(&fx);
	return NULL;
}

static void test_race_miss_while_sync_waits_no_deadlock(void **state)
{
	struct hw_txn txn = { .requester = FX_SID,
			      .perm = IOMMU_PERM_READ,
			      .addr = VA };
	struct hw_xlat x;
	pthread_t thread;
	uint64_t root;
	int i;

	(void)state;
	fx_start(&fx, NULL);
	root = fx_stream(&fx, FX_SID, CD_ASID(1));
	fx_map(&fx, root, VA, FRAMES | PTE_RW, 3);
	fx_map(&fx, root, VA + 0x1000, (FRAMES + 0x1000) | PTE_RW, 3);
	fx.hw->ops->port_add(fx.hw, &second);
	assert_int_equal(fx.hw->ops->translate(fx.hw, &fx.port, &txn, &x), 0);
	waiting = false;
	assert_int_equal(pthread_create(&thread, NULL, syncer, NULL), 0);
	while (!waiting)
		sched_yield();
	for (i = 0; i < 1000; i++)
		sched_yield();
	assert_false(fx_cmdq_idle(&fx));
	txn.addr += 0x1000;
	assert_int_equal(fx.hw->ops->translate(fx.hw, &second, &txn, &x), 0);
	hw_port_done(&second);
	/* The port that waits may even leave. */
	hw_port_done(&fx.port);
	pthread_join(thread, NULL);
	assert_true(fx_cmdq_idle(&fx));
	fx.hw->ops->port_remove(fx.hw, &second);
	fx_fini(&fx);
}

/* Registers, translations, ATS and page requests from everywhere. */
static void *poker(void *arg)
{
	struct hw_page_request req = { .requester = FX_SID,
				       .perm = IOMMU_PERM_READ,
				       .last = true };
	struct hw_txn txn = { .requester = FX_SID,
			      .perm = IOMMU_PERM_READ,
			      .addr = VA };
	struct hw_port port = { .busy = 0 };
	struct hw_ats_reply reply;
	struct iommu_hw_stats stats;
	int i;

	(void)arg;
	fx.hw->ops->port_add(fx.hw, &port);
	for (i = 0; i < 2000; i++) {
		fx.hw->ops->ats_translate(fx.hw, &port, &txn, &reply);
		fx.hw->ops->page_request(fx.hw, &req);
		fx.hw->ops->stats(fx.hw, &stats);
		fx_r32(&fx, FX_CMDQ_CONS);
		fx_w32(&fx, FX_PRIQ_CONS, fx_r32(&fx, FX_PRIQ_PROD));
	}
	fx.hw->ops->port_remove(fx.hw, &port);
	return NULL;
}

static void test_race_everything_at_once(void **state)
{
	pthread_t thread[3];
	struct hw_port port = { .busy = 0 };
	struct hw_xlat x;
	uint64_t root;
	int i;

	(void)state;
	(void)port;
	mode = CORRECT;
	stop = false;
	fx_start(&fx, NULL);
	root = fx_stream(&fx, FX_SID, CD_ASID(1));
	for (i = 0; i < PAGES; i++) {
		fx_map(&fx, root, VA + (unsigned int)i * 0x1000u,
		       frame((unsigned int)i, 0) | PTE_RW, 3);
		dead[i][0] = false;
	}
	pthread_create(&thread[0], NULL, poker, NULL);
	pthread_create(&thread[1], NULL, translator, (void *)1);
	pthread_create(&thread[2], NULL, translator, (void *)2);
	for (i = 0; i < 2000; i++) {
		fx_cmd(&fx, CMD_CFGI_ALL, 31);
		fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
		fx_cmd(&fx, CMD_ATC_INV(FX_SID), 52);
		fx_sync(&fx);
		if (i % 100 == 0) {
			fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_ATSCHK);
			fx_w32(&fx, FX_CR0, FX_CR0_ALL);
			assert_int_equal(fx_r32(&fx, FX_CR0ACK), FX_CR0_ALL);
		}
	}
	stop = true;
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	assert_true(fx_cmdq_idle(&fx));
	assert_int_equal(fx_access(&fx, FX_SID, VA, IOMMU_PERM_READ, &x), 0);
	assert_int_equal(x.pa, frame(0, 0));
	fx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_race_remap_nothing_stale),
		cmocka_unit_test(test_race_without_tlbi_stale),
		cmocka_unit_test(test_race_without_port_stale),
		cmocka_unit_test(test_race_miss_while_sync_waits_no_deadlock),
		cmocka_unit_test(test_race_everything_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
