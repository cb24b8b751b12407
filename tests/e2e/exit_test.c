/* SPDX-License-Identifier: MIT */
/*
 * An address space of the process ends while the accelerator works in it:
 * nothing of it is reached any more, and the others do not notice.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/e2e/fixture.h"

#define ROUNDS 10

struct exit_seen {
	unsigned int calls;
	struct iommu_sva *sva;
	struct dsa *dsa;
};

static int note_exit(struct iommu_device *dev, struct iommu_sva *sva,
		     void *drvdata)
{
	struct exit_seen *seen = drvdata;

	(void)dev;
	seen->calls++;
	seen->sva = sva;
	return dsa_drain_pasid(seen->dsa, sva);
}

static const struct iommu_sva_ops exit_ops = { .mm_exit = note_exit };

/* [B5] [B7] [B8] A second address space of the process comes and goes. */
static void test_exit_stops_its_jobs(void **state)
{
	struct exit_seen seen = { 0 };
	struct dsa_job *job = map_pages(1);
	unsigned char *buf = map_pages(1);
	struct dsa_result result;
	struct iommu_sva *sva;
	struct iommu_mm *mm;
	struct fixture f;
	size_t done;

	(void)state;
	fixture_open(&f, NULL, false);
	seen.dsa = sva_machine_dsa(f.machine);
	assert_int_equal(plat_hosted_mm_create(sva_machine_hosted(f.machine),
					       sva_machine_system(f.machine),
					       &mm),
			 0);
	assert_int_equal(iommu_sva_bind(sva_machine_device(f.machine), mm,
					&seen, &sva),
			 0);
	assert_ptr_not_equal(sva, f.sva);
	assert_int_not_equal(iommu_sva_get_pasid(sva),
			     iommu_sva_get_pasid(f.sva));
	assert_int_equal(iommu_sva_set_ops(sva, &exit_ops), 0);
	dsa_job_fill(job, sva, buf, 0x0101010101010101, PAGE);
	assert_int_equal(fixture_run(&f, job, &result), 0);
	assert_int_equal(result.status, 0);
	assert_int_equal(buf[PAGE - 1], 1);

	iommu_mm_put_users(mm);
	assert_int_equal(seen.calls, 1);
	assert_ptr_equal(seen.sva, sva);
	assert_int_equal(iommu_sva_get_pasid(sva), IOMMU_PASID_INVALID);
	/* There is no PASID to prepare a job with. */
	dsa_job_noop(job, sva);
	assert_int_equal(dsa_submit(f.wq, job), -EINVAL);
	assert_int_equal(plat_hosted_mm_populate(mm, buf, PAGE, IOMMU_PERM_READ,
						 &done),
			 -ESRCH);
	/* The other address space does not notice. */
	fixture_check_copy(&f, 4);
	iommu_sva_unbind(sva);
	fixture_check_copy(&f, 5);
	fixture_close(&f);
	unmap_pages(buf, 1);
	unmap_pages(job, 1);
}

/* A driver that lets nobody submit any more, then drains. */
struct gate {
	pthread_mutex_t lock;
	bool closed;
	struct fixture *f;
	struct iommu_mm *mm;
	struct iommu_sva *sva;
	struct dsa_job *job; /* one for each user */
	_Atomic unsigned int users;
	_Atomic bool leaving;
	_Atomic unsigned int jobs;
	_Atomic unsigned int wrong;
};

static int close_gate(struct iommu_device *dev, struct iommu_sva *sva,
		      void *drvdata)
{
	struct gate *g = drvdata;

	(void)dev;
	pthread_mutex_lock(&g->lock);
	g->closed = true;
	pthread_mutex_unlock(&g->lock);
	return dsa_drain_pasid(sva_machine_dsa(g->f->machine), sva);
}

static const struct iommu_sva_ops gate_ops = { .mm_exit = close_gate };

static bool submit_through(struct gate *g, struct dsa_job *job)
{
	bool done = false;

	pthread_mutex_lock(&g->lock);
	if (!g->closed) {
		done = true;
		if (dsa_submit(g->f->wq, job))
			atomic_fetch_add(&g->wrong, 1);
	}
	pthread_mutex_unlock(&g->lock);
	return done;
}

/* When the last user has gone, pages that are not there can not be had. */
static bool ended_well(struct gate *g, const struct dsa_result *result,
		       const unsigned char *buf)
{
	if (result->status)
		return result->status == -EFAULT && atomic_load(&g->leaving);
	return buf[0] == 0xff && buf[16 * PAGE - 1] == 0xff;
}

/* Fresh pages each time: the exit meets page requests under way. */
static void *gate_user(void *arg)
{
	struct gate *g = arg;
	struct dsa_job *job = &g->job[atomic_fetch_add(&g->users, 1)];
	struct dsa_result result;
	unsigned char *buf;

	for (;;) {
		buf = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (buf == MAP_FAILED)
			break;
		dsa_job_fill(job, g->sva, buf, UINT64_MAX, 16 * PAGE);
		dsa_job_set_block_on_fault(job);
		if (!submit_through(g, job))
			break;
		if (dsa_wait(job, 0, &result) || !ended_well(g, &result, buf))
			atomic_fetch_add(&g->wrong, 1);
		munmap(buf, 16 * PAGE);
		atomic_fetch_add(&g->jobs, 1);
	}
	munmap(buf, 16 * PAGE);
	return NULL;
}

/* [B7] */
static void test_exit_with_jobs_under_way(void **state)
{
	const struct sva_machine_cfg cfg = {
		.personality = HW_EAGER,
		.engines = 3,
	};
	unsigned int round, i;
	struct fixture f;

	(void)state;
	fixture_open(&f, &cfg, false);
	for (round = 0; round < ROUNDS; round++) {
		struct gate g = { .lock = PTHREAD_MUTEX_INITIALIZER, .f = &f };
		pthread_t users[3];
		size_t done;

		assert_int_equal(plat_hosted_mm_create(
					 sva_machine_hosted(f.machine),
					 sva_machine_system(f.machine), &g.mm),
				 0);
		assert_int_equal(iommu_sva_bind(sva_machine_device(f.machine),
						g.mm, &g, &g.sva),
				 0);
		assert_int_equal(iommu_sva_set_ops(g.sva, &gate_ops), 0);
		/* Completion records need their page even when all is over. */
		g.job = map_pages(1);
		assert_int_equal(plat_hosted_mm_populate(
					 g.mm, g.job, PAGE,
					 IOMMU_PERM_READ | IOMMU_PERM_WRITE,
					 &done),
				 0);
		for (i = 0; i < 3; i++)
			assert_int_equal(pthread_create(&users[i], NULL,
							gate_user, &g),
					 0);
		while (atomic_load(&g.jobs) < 5 && !atomic_load(&g.wrong))
			usleep(100);
		/* A fault being served may keep it for a moment longer. */
		atomic_store(&g.leaving, true);
		iommu_mm_put_users(g.mm);
		for (i = 0; i < 3; i++)
			pthread_join(users[i], NULL);
		assert_true(g.closed);
		assert_int_equal(atomic_load(&g.wrong), 0);
		iommu_sva_unbind(g.sva);
		unmap_pages(g.job, 1);
	}
	fixture_check_copy(&f, 6);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_stops_its_jobs),
		cmocka_unit_test(test_exit_with_jobs_under_way),
	};

	return fixture_run_tests(tests);
}
