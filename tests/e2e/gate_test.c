/* SPDX-License-Identifier: MIT */
/*
 * What may happen to a job while it waits for a page: unbind, exit of the
 * address space, reset of the device, queues that close. The page comes when
 * the test says so: the address space is one of the test's own, of the same
 * addresses as the process, and has a gate in front of some of them.
 *
 * Whatever happens, each stall, or group of page requests, has exactly one end
 * (fixture_close()), and nobody waits for ever.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "pgtable/mm_table.h"
#include "tests/e2e/fixture.h"

#define PAGES 4u

struct gate {
	struct iommu_mm mm;
	struct fixture f;
	struct mm_table table;
	struct iommu_sva *sva;
	unsigned char *buf; /* behind the gate */
	struct dsa_job *job;
	pthread_mutex_t lock; /* of the table and what follows */
	pthread_cond_t moved;
	bool open;
	bool refuses;
	_Atomic bool freed;
	unsigned int waiting;
	struct dsa_result result;
	pthread_t thread;
	_Atomic bool done; /* of the thread */
};

static struct gate *gate_of(struct iommu_mm *mm)
{
	return (struct gate *)(void *)mm;
}

static int gate_get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			  struct iommu_mm_table *ret_table)
{
	struct gate *g = gate_of(mm);
	int err;

	pthread_mutex_lock(&g->lock);
	err = mm_table_want(&g->table, fmt, ret_table);
	pthread_mutex_unlock(&g->lock);
	return err;
}

static int gate_handle_fault(struct iommu_mm *mm, uint64_t va, size_t count,
			     unsigned int perm, size_t *ret_done)
{
	struct gate *g = gate_of(mm);
	uint64_t base = (uintptr_t)g->buf;
	int err = 0;

	(void)perm;
	*ret_done = 0;
	pthread_mutex_lock(&g->lock);
	if (va - base < (uint64_t)PAGES * PAGE) {
		g->waiting++;
		pthread_cond_broadcast(&g->moved);
		while (!g->open)
			pthread_cond_wait(&g->moved, &g->lock);
		if (g->refuses)
			err = -EFAULT;
	}
	while (!err && *ret_done < count) {
		uint64_t at = (va & ~(uint64_t)(PAGE - 1)) + *ret_done * PAGE;

		err = mm_table_set(&g->table, at, at,
				   IOMMU_PERM_READ | IOMMU_PERM_WRITE);
		if (!err)
			++*ret_done;
	}
	pthread_mutex_unlock(&g->lock);
	return err;
}

static void gate_exit(struct iommu_mm *mm)
{
	(void)mm;
}

static void gate_free(struct iommu_mm *mm)
{
	atomic_store(&gate_of(mm)->freed, true);
}

static const struct iommu_mm_ops gate_ops = {
	.get_table = gate_get_table,
	.handle_fault = gate_handle_fault,
	.exit = gate_exit,
	.free = gate_free,
};

/* Opens it for good. */
static void gate_lift(struct gate *g, bool refuses)
{
	pthread_mutex_lock(&g->lock);
	g->refuses = refuses;
	g->open = true;
	pthread_cond_broadcast(&g->moved);
	pthread_mutex_unlock(&g->lock);
}

/* A job is submitted, and waits for a page behind the gate. */
static void gate_open(struct gate *g)
{
	struct mm_table_cfg cfg = { .va_bits = 48,
				    .pa_bits = 48,
				    .x86_levels = 4 };

	memset(g, 0, sizeof(*g));
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->moved, NULL);
	fixture_open(&g->f, NULL, false);
	cfg.plat = iommu_system_plat(sva_machine_system(g->f.machine));
	mm_table_init(&g->table, &cfg);
	iommu_mm_init(&g->mm, sva_machine_system(g->f.machine), &gate_ops);
	assert_int_equal(iommu_sva_bind(sva_machine_device(g->f.machine),
					&g->mm, NULL, &g->sva),
			 0);
	g->buf = map_pages(PAGES);
	g->job = map_pages(1);
	memset(g->buf, 1, PAGES * (size_t)PAGE);
	dsa_job_fill(g->job, g->sva, g->buf, UINT64_MAX, PAGES * PAGE);
	dsa_job_set_block_on_fault(g->job);
	assert_int_equal(dsa_submit(g->f.wq, g->job), 0);
	pthread_mutex_lock(&g->lock);
	while (!g->waiting)
		pthread_cond_wait(&g->moved, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

/* The address space has no user of the test's any more. */
static void gate_close(struct gate *g)
{
	/* Who serves a fault is a user a moment longer. */
	while (!atomic_load(&g->freed))
		sched_yield();
	mm_table_fini(&g->table);
	fixture_close(&g->f);
	unmap_pages(g->buf, PAGES);
	unmap_pages(g->job, 1);
	pthread_cond_destroy(&g->moved);
	pthread_mutex_destroy(&g->lock);
}

static size_t filled(const struct gate *g)
{
	size_t i;

	for (i = 0; i < PAGES * (size_t)PAGE && g->buf[i] == 0xff; i++)
		;
	return i;
}

/* Control of all others: the page comes, and the job goes on. */
static void test_gate_lifted_job_goes_on(void **state)
{
	struct gate g;

	(void)state;
	gate_open(&g);
	assert_false(dsa_job_done(g.job));
	assert_int_equal(filled(&g), 0);
	gate_lift(&g, false);
	assert_int_equal(dsa_wait(g.job, 0, &g.result), 0);
	assert_int_equal(g.result.status, 0);
	assert_int_equal(filled(&g), PAGES * PAGE);
	iommu_sva_unbind(g.sva);
	iommu_mm_put_users(&g.mm);
	gate_close(&g);
}

/* The page is refused: the job ends, and says where. */
static void test_gate_refused_job_faults_there(void **state)
{
	struct gate g;

	(void)state;
	gate_open(&g);
	gate_lift(&g, true);
	assert_int_equal(dsa_wait(g.job, 0, &g.result), 0);
	assert_int_equal(g.result.status, -EFAULT);
	assert_int_equal(g.result.code, 0x04);
	assert_int_equal(g.result.fault_addr, (uintptr_t)g.buf);
	assert_true(g.result.fault_write);
	assert_int_equal(g.result.bytes, 0);
	assert_int_equal(filled(&g), 0);
	iommu_sva_unbind(g.sva);
	iommu_mm_put_users(&g.mm);
	gate_close(&g);
}

/* Another thread does something that has to wait. */

static void *unbind_main(void *arg)
{
	struct gate *g = arg;

	iommu_sva_unbind(g->sva);
	atomic_store(&g->done, true);
	return NULL;
}

static void *drain_main(void *arg)
{
	struct gate *g = arg;

	if (!dsa_drain_pasid(sva_machine_dsa(g->f.machine), g->sva))
		atomic_store(&g->done, true);
	return NULL;
}

/* [B8] [R2] The drain waits for the page, then the unbind has nothing to do. */
static void test_gate_drain_then_unbind(void **state)
{
	unsigned int i;
	struct gate g;

	(void)state;
	gate_open(&g);
	assert_int_equal(pthread_create(&g.thread, NULL, drain_main, &g), 0);
	for (i = 0; i < 100; i++)
		sched_yield();
	assert_false(atomic_load(&g.done));
	gate_lift(&g, false);
	pthread_join(g.thread, NULL);
	assert_true(atomic_load(&g.done));
	assert_true(dsa_job_done(g.job));
	assert_int_equal(filled(&g), PAGES * PAGE);
	iommu_sva_unbind(g.sva);
	iommu_mm_put_users(&g.mm);
	gate_close(&g);
}

/*
 * [R2] A driver that does not drain: the unbind answers what is outstanding, or
 * waits until it is. Of the rest of the job nothing reaches memory, and its
 * record, which has no address space any more, is not waited for.
 */
static void test_gate_unbind_under_job(void **state)
{
	size_t at;
	struct gate g;

	(void)state;
	gate_open(&g);
	assert_int_equal(pthread_create(&g.thread, NULL, unbind_main, &g), 0);
	gate_lift(&g, false);
	pthread_join(g.thread, NULL);
	assert_true(atomic_load(&g.done));
	at = filled(&g);
	assert_int_equal(dsa_wq_close(g.f.wq), 0);
	if (!dsa_job_done(g.job))
		assert_int_equal(filled(&g), at);
	assert_int_equal(dsa_wq_open(sva_machine_dsa(g.f.machine),
				     &(struct dsa_wq_cfg){ .shared = true },
				     &g.f.wq),
			 0);
	iommu_mm_put_users(&g.mm);
	gate_close(&g);
}

/*
 * [B5] [B7] The address space goes while the job waits. The fault being served
 * holds it until the gate is lifted.
 */
static void test_gate_exit_under_job(void **state)
{
	struct gate g;

	(void)state;
	gate_open(&g);
	iommu_mm_put_users(&g.mm);
	gate_lift(&g, false);
	assert_int_equal(dsa_drain_pasid(sva_machine_dsa(g.f.machine), g.sva),
			 0);
	iommu_sva_unbind(g.sva);
	gate_close(&g);
}

/* The device is reset under it: the late end of the stall finds nobody. */
static void test_gate_reset_under_job(void **state)
{
	struct dsa_hw_stats stats;
	struct dsa_hw *hw;
	struct gate g;

	(void)state;
	if (fixture_faults != SVA_FAULTS_STALL)
		skip();
	gate_open(&g);
	hw = sva_machine_dsa_hw(g.f.machine);
	dsa_hw_reset(hw);
	g.f.reset = true;
	gate_lift(&g, false);
	iommu_sva_unbind(g.sva);
	dsa_hw_stats(hw, &stats);
	assert_int_equal(stats.descriptors, 0);
	assert_int_equal(filled(&g), 0);
	assert_false(dsa_job_done(g.job));
	iommu_mm_put_users(&g.mm);
	gate_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gate_lifted_job_goes_on),
		cmocka_unit_test(test_gate_refused_job_faults_there),
		cmocka_unit_test(test_gate_drain_then_unbind),
		cmocka_unit_test(test_gate_unbind_under_job),
		cmocka_unit_test(test_gate_exit_under_job),
		cmocka_unit_test(test_gate_reset_under_job),
	};

	return fixture_run_tests(tests);
}
