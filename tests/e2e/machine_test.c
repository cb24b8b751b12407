/* SPDX-License-Identifier: MIT */
/*
 * The whole machine: this process, bound to the accelerator through an IOMMU and
 * its driver, and what the jobs find, held against the CPU's own view.
 */
#define _GNU_SOURCE /* memfd_create() */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/e2e/fixture.h"

#define ROUNDS 10

/* Every setting there is. */
static const struct setting {
	struct sva_machine_cfg cfg;
	bool populate;
} settings[] = {
	{ { .personality = HW_STRICT }, false },
	{ { .personality = HW_EAGER, .engines = 3 }, false },
	{ { .personality = HW_STRICT, .engines = 2 }, true },
	{ { .personality = HW_EAGER }, true },
	{ { .hosted.no_uffd = true }, false },
	{ { .hosted.no_wp_async = true }, false },
	{ { .hosted.no_procmap_query = true }, false },
	{ { .hosted.no_signal_handler = true }, false },
	{ { .hosted.no_uffd = true }, true },
	{ { .hosted.no_wp_async = true, .hosted.no_procmap_query = true },
	  true },
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static void open_setting(struct fixture *f, size_t i)
{
	fixture_open(f, &settings[i].cfg, settings[i].populate);
}

static void test_machine_create_destroy_leaves_nothing(void **state)
{
	size_t files = 0, threads = 0, i;

	(void)state;
	for (i = 0; i < ROUNDS * SETTINGS; i++) {
		const struct sva_machine_cfg cfg =
			fixture_cfg(&settings[i % SETTINGS].cfg);
		struct sva_machine *m;

		assert_int_equal(sva_machine_create(&cfg, &m), 0);
		assert_int_equal(sva_machine_destroy(m), 0);
		/* The first round may have opened something for good. */
		if (i == SETTINGS - 1) {
			files = count_open_files();
			threads = count_threads();
		}
	}
	assert_int_equal(count_open_files(), files);
	assert_int_equal(count_threads(), threads);
}

static void test_machine_bad_settings_einval(void **state)
{
	const struct sva_machine_cfg engines = {
		.engines = DSA_HW_MAX_ENGINES + 1,
	};
	const struct sva_machine_cfg iommu = { .iommu = (enum sva_iommu)99 };
	const struct sva_machine_cfg faults = { .faults = (enum sva_faults)99 };
	const struct sva_machine_cfg stalls = {
		.iommu = SVA_IOMMU_VTD,
		.faults = SVA_FAULTS_STALL,
	};
	struct sva_machine *m = NULL;

	(void)state;
	assert_int_equal(sva_machine_create(&engines, &m), -EINVAL);
	assert_int_equal(sva_machine_create(&iommu, &m), -EINVAL);
	assert_int_equal(sva_machine_create(&faults, &m), -EINVAL);
	assert_int_equal(sva_machine_create(&stalls, &m), -EINVAL);
	assert_null(m);
	assert_int_equal(sva_machine_destroy(NULL), 0);
}

static void test_machine_second_in_process_ebusy(void **state)
{
	const struct sva_machine_cfg cfg = fixture_cfg(NULL);
	struct sva_machine *first, *second = NULL;

	(void)state;
	assert_int_equal(sva_machine_create(&cfg, &first), 0);
	assert_int_equal(sva_machine_create(&cfg, &second), -EBUSY);
	assert_null(second);
	assert_int_equal(sva_machine_destroy(first), 0);
}

static void test_machine_destroy_in_use_ebusy(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, NULL, false);
	assert_int_equal(sva_machine_destroy(f.machine), -EBUSY);
	fixture_check_copy(&f, 1);
	/* The bind alone is enough, and the machine still works. */
	assert_int_equal(dsa_wq_close(f.wq), 0);
	assert_int_equal(sva_machine_destroy(f.machine), -EBUSY);
	assert_int_equal(dsa_wq_open(sva_machine_dsa(f.machine),
				     &(struct dsa_wq_cfg){
					     .shared = true,
					     .block_on_fault = true,
				     },
				     &f.wq),
			 0);
	fixture_check_copy(&f, 2);
	fixture_close(&f);
}

static void test_machine_destroy_mm_user_left_ebusy_then_ok(void **state)
{
	const struct sva_machine_cfg cfg = fixture_cfg(NULL);
	struct sva_machine *m;
	struct iommu_mm *mm;

	(void)state;
	assert_int_equal(sva_machine_create(&cfg, &m), 0);
	mm = sva_machine_mm(m);
	assert_true(iommu_mm_get_users(mm));
	assert_int_equal(sva_machine_destroy(m), -EBUSY);
	assert_int_equal(sva_machine_destroy(m), -EBUSY);
	iommu_mm_put_users(mm);
	assert_int_equal(sva_machine_destroy(m), 0);
}

/* [B2] [B3] */
static void test_machine_bind_again_same_handle(void **state)
{
	struct sva_machine_stats stats;
	struct iommu_sva *again;
	struct fixture f;
	ioasid_t pasid;

	(void)state;
	fixture_open(&f, NULL, false);
	pasid = iommu_sva_get_pasid(f.sva);
	assert_in_range(pasid, 1, (1u << 20) - 1);
	assert_int_equal(iommu_sva_bind(sva_machine_device(f.machine),
					sva_machine_mm(f.machine), NULL,
					&again),
			 0);
	assert_ptr_equal(again, f.sva);
	sva_machine_stats(f.machine, &stats);
	assert_int_equal(stats.system.pasids, 1);
	/* One use less: the other one works. */
	iommu_sva_unbind(again);
	assert_int_equal(iommu_sva_get_pasid(f.sva), pasid);
	fixture_check_copy(&f, 3);
	fixture_close(&f);
}

/* [B2] [B3] */
static void test_machine_bind_unbind_loop_works_each_time(void **state)
{
	struct sva_machine_stats stats;
	struct fixture f;
	unsigned int i;

	(void)state;
	fixture_open(&f, NULL, false);
	for (i = 0; i < 50; i++) {
		iommu_sva_unbind(f.sva);
		sva_machine_stats(f.machine, &stats);
		assert_int_equal(stats.system.pasids, 0);
		assert_int_equal(iommu_sva_bind(sva_machine_device(f.machine),
						sva_machine_mm(f.machine), NULL,
						&f.sva),
				 0);
		fixture_check_copy(&f, (unsigned char)i);
	}
	fixture_close(&f);
}

/* Each operation, against the CPU. */
static void check_operations(struct fixture *f, uint32_t seed)
{
	struct dsa_job *job = map_pages(1);
	unsigned char *a = map_pages(8), *b = map_pages(8);
	struct dsa_result result;
	uint32_t size = 1 + next_random(&seed) % (7 * PAGE);
	uint32_t at = next_random(&seed) % PAGE;
	uint64_t pattern = next_random(&seed) * UINT64_C(0x100000001);
	uint32_t i;

	for (i = 0; i < 8 * PAGE; i++)
		a[i] = (unsigned char)next_random(&seed);
	dsa_job_crc32c(job, f->sva, a + at, 0, size);
	assert_int_equal(fixture_run(f, job, &result), 0);
	assert_int_equal(result.status, 0);
	assert_int_equal(result.crc, crc32c_slow(0, a + at, size));

	dsa_job_copy_crc32c(job, f->sva, b + at, a + at, 77, size);
	assert_int_equal(fixture_run(f, job, &result), 0);
	assert_int_equal(result.status, 0);
	assert_int_equal(result.crc, crc32c_slow(77, a + at, size));
	assert_memory_equal(a + at, b + at, size);

	dsa_job_compare(job, f->sva, a + at, b + at, size);
	assert_int_equal(fixture_run(f, job, &result), 0);
	assert_int_equal(result.status, 0);
	assert_false(result.differs);
	i = next_random(&seed) % size;
	b[at + i] ^= 0x40;
	dsa_job_compare(job, f->sva, a + at, b + at, size);
	assert_int_equal(fixture_run(f, job, &result), 0);
	assert_int_equal(result.status, 0);
	assert_true(result.differs);
	assert_int_equal(result.bytes, i);

	dsa_job_fill(job, f->sva, b + at, pattern, size);
	assert_int_equal(fixture_run(f, job, &result), 0);
	assert_int_equal(result.status, 0);
	for (i = 0; i < size; i++)
		assert_int_equal(b[at + i],
				 (unsigned char)(pattern >> i % 8 * 8));
	dsa_job_compare_pattern(job, f->sva, b + at, pattern, size);
	assert_int_equal(fixture_run(f, job, &result), 0);
	assert_int_equal(result.status, 0);
	assert_false(result.differs);

	dsa_job_noop(job, f->sva);
	assert_int_equal(fixture_run(f, job, &result), 0);
	assert_int_equal(result.status, 0);
	dsa_job_drain(job, f->sva);
	assert_int_equal(dsa_run(f->wq, job, NULL, NULL, &result), 0);
	assert_int_equal(result.status, 0);
	unmap_pages(job, 1);
	unmap_pages(b, 8);
	unmap_pages(a, 8);
}

static void test_machine_operations_agree_with_cpu(void **state)
{
	size_t i;
	uint32_t seed;

	(void)state;
	for (i = 0; i < SETTINGS; i++) {
		struct fixture f;

		open_setting(&f, i);
		for (seed = 0; seed < 3; seed++)
			check_operations(&f, seed);
		fixture_close(&f);
	}
}

/* Files, as the command maps them: a private one to read, a shared to write. */
static void check_files(struct fixture *f)
{
	enum { SIZE = 5 * PAGE + 77 };
	unsigned char *src, *dst, *copy = map_pages(6);
	struct dsa_job *job = map_pages(1);
	int from = memfd_create("from", MFD_CLOEXEC);
	FILE *to = tmpfile();
	struct dsa_result result;
	unsigned int i;

	assert_true(from >= 0);
	assert_non_null(to);
	for (i = 0; i < SIZE; i++)
		copy[i] = (unsigned char)(i * 31 + i / PAGE);
	assert_int_equal(write(from, copy, SIZE), SIZE);
	assert_int_equal(ftruncate(fileno(to), SIZE), 0);
	src = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, from, 0);
	dst = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(to),
		   0);
	assert_ptr_not_equal(src, MAP_FAILED);
	assert_ptr_not_equal(dst, MAP_FAILED);
	dsa_job_copy_crc32c(job, f->sva, dst, src, 0, SIZE);
	assert_int_equal(fixture_run(f, job, &result), 0);
	assert_int_equal(result.status, 0);
	assert_int_equal(result.crc, crc32c_slow(0, copy, SIZE));
	memset(copy, 0, SIZE);
	assert_int_equal(pread(fileno(to), copy, SIZE, 0), SIZE);
	assert_memory_equal(copy, src, SIZE);
	/* Cut in the middle of the first page: the second one is gone. */
	assert_int_equal(ftruncate(from, 100), 0);
	dsa_job_crc32c(job, f->sva, src, 0, SIZE);
	assert_int_equal(fixture_run(f, job, &result), 0);
	assert_int_equal(result.status, -EFAULT);
	assert_int_equal(result.bytes, PAGE);
	assert_int_equal(munmap(src, SIZE), 0);
	assert_int_equal(munmap(dst, SIZE), 0);
	fclose(to);
	close(from);
	unmap_pages(job, 1);
	unmap_pages(copy, 6);
}

static void test_machine_files_agree_with_read(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < SETTINGS; i++) {
		struct fixture f;

		open_setting(&f, i);
		check_files(&f);
		fixture_close(&f);
	}
}

/* Two queues at once: the shared one, and one of this bind alone. */
static void test_machine_dedicated_and_shared_queue(void **state)
{
	struct dsa_wq_cfg cfg = { .block_on_fault = true };
	unsigned char *src = map_pages(16), *dst = map_pages(16);
	struct dsa_job *jobs = map_pages(1);
	struct dsa_result result;
	struct dsa_wq *own;
	struct fixture f;
	unsigned int i;

	(void)state;
	open_setting(&f, 1);
	cfg.sva = f.sva;
	assert_int_equal(dsa_wq_open(sva_machine_dsa(f.machine), &cfg, &own),
			 0);
	for (i = 0; i < 16 * PAGE; i++)
		src[i] = (unsigned char)(i * 7 + i / PAGE);
	for (i = 0; i < 16; i++) {
		dsa_job_memmove(&jobs[i], f.sva, dst + i * PAGE, src + i * PAGE,
				PAGE);
		dsa_job_set_block_on_fault(&jobs[i]);
		assert_int_equal(dsa_submit(i % 2 ? own : f.wq, &jobs[i]), 0);
	}
	for (i = 0; i < 16; i++) {
		assert_int_equal(dsa_wait(&jobs[i], 0, &result), 0);
		assert_int_equal(result.status, 0);
	}
	assert_memory_equal(src, dst, 16 * PAGE);
	assert_int_equal(dsa_wq_close(own), 0);
	fixture_close(&f);
	unmap_pages(jobs, 1);
	unmap_pages(dst, 16);
	unmap_pages(src, 16);
}

static void test_machine_batch_does_all(void **state)
{
	enum { COUNT = 8 };
	unsigned char *src = map_pages(COUNT), *dst = map_pages(COUNT);
	struct dsa_job *jobs = map_pages(1), *batch = &jobs[COUNT];
	uint64_t(*descs)[8] = map_pages(1);
	struct dsa_result result;
	struct fixture f;
	unsigned int i;

	(void)state;
	fixture_open(&f, NULL, false);
	for (i = 0; i < COUNT; i++) {
		memset(src + i * PAGE, (int)i + 1, PAGE);
		dsa_job_memmove(&jobs[i], f.sva, dst + i * PAGE, src + i * PAGE,
				PAGE);
		dsa_job_set_block_on_fault(&jobs[i]);
		memcpy(descs[i], jobs[i].desc, sizeof(descs[i]));
	}
	dsa_job_batch(batch, f.sva, descs, COUNT);
	assert_int_equal(fixture_run(&f, batch, &result), 0);
	assert_int_equal(result.status, 0);
	assert_memory_equal(src, dst, COUNT * PAGE);
	/* One of them cannot: the batch says so, the others are done. */
	memset(dst, 0, COUNT * PAGE);
	assert_int_equal(mprotect(dst + 3 * PAGE, PAGE, PROT_READ), 0);
	dsa_job_batch(batch, f.sva, descs, COUNT);
	assert_int_equal(fixture_run(&f, batch, &result), 0);
	assert_int_equal(result.status, -EREMOTEIO);
	for (i = 0; i < COUNT; i++)
		assert_int_equal(dst[i * PAGE], i == 3 ? 0 : i + 1);
	fixture_close(&f);
	unmap_pages(descs, 1);
	unmap_pages(jobs, 1);
	unmap_pages(dst, COUNT);
	unmap_pages(src, COUNT);
}

/* The job ends at @bad of the pages at @base, having done all before. */
static void expect_fault(struct fixture *f, struct dsa_job *job,
			 const unsigned char *base, size_t bad, bool write)
{
	struct dsa_result result;

	assert_int_equal(fixture_run(f, job, &result), 0);
	assert_int_equal(result.status, -EFAULT);
	assert_int_equal(result.fault_addr & ~(uint64_t)(PAGE - 1),
			 (uintptr_t)base + bad * PAGE);
	assert_int_equal(result.fault_write, write);
	assert_int_equal(result.bytes, bad * PAGE);
}

static void check_faults(size_t setting)
{
	unsigned char *a = map_pages_below_gap(8), *b = map_pages(8);
	struct dsa_job *job = map_pages(1);
	struct fixture f;

	open_setting(&f, setting);
	memset(a, 1, 8 * PAGE);
	memset(b, 2, 8 * PAGE);

	assert_int_equal(mprotect(b + 5 * PAGE, PAGE, PROT_READ), 0);
	dsa_job_memmove(job, f.sva, b, a, 8 * PAGE);
	expect_fault(&f, job, b, 5, true);
	assert_memory_equal(a, b, 5 * PAGE);
	assert_int_equal(b[5 * PAGE], 2);
	/* A read of the same page is allowed. */
	dsa_job_crc32c(job, f.sva, b, 0, 8 * PAGE);
	{
		struct dsa_result result;

		assert_int_equal(fixture_run(&f, job, &result), 0);
		assert_int_equal(result.status, 0);
	}
	assert_int_equal(mprotect(a + 2 * PAGE, PAGE, PROT_NONE), 0);
	dsa_job_crc32c(job, f.sva, a, 0, 8 * PAGE);
	expect_fault(&f, job, a, 2, false);
	assert_int_equal(munmap(a + PAGE, PAGE), 0);
	dsa_job_crc32c(job, f.sva, a, 0, 8 * PAGE);
	expect_fault(&f, job, a, 1, false);
	assert_int_equal(munmap(a, PAGE), 0);
	dsa_job_crc32c(job, f.sva, a, 0, 8 * PAGE);
	expect_fault(&f, job, a, 0, false);
	/* And the machine goes on. */
	fixture_check_copy(&f, 9);
	fixture_close(&f);
	assert_int_equal(munmap(a + 2 * PAGE, 6 * PAGE), 0);
	unmap_pages(b, 8);
	unmap_pages(job, 1);
}

static void test_machine_no_access_faults_there(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < SETTINGS; i++)
		check_faults(i);
}

static uint64_t asked(const struct sva_machine_stats *stats)
{
	return stats->iommu_hw.page_requests + stats->iommu_hw.stalls;
}

/* Counters say what happened, and only that. */
static void test_machine_stats_count_what_happened(void **state)
{
	struct sva_machine_stats before, after;
	unsigned char *buf = map_pages(16);
	struct dsa_job *job = map_pages(1);
	struct dsa_result result;
	struct fixture f;

	(void)state;
	fixture_open(&f, NULL, false);
	dsa_job_noop(job, f.sva);
	assert_int_equal(fixture_run(&f, job, &result), 0);
	sva_machine_stats(f.machine, &before);
	dsa_job_fill(job, f.sva, buf, 0, 16 * PAGE);
	assert_int_equal(fixture_run(&f, job, &result), 0);
	assert_int_equal(result.status, 0);
	sva_machine_stats(f.machine, &after);
	assert_int_equal(after.dsa_hw.bytes - before.dsa_hw.bytes, 16 * PAGE);
	assert_int_equal(after.dsa_hw.descriptors - before.dsa_hw.descriptors,
			 1);
	assert_true(asked(&after) > asked(&before));
	assert_int_equal(after.iommu_hw.page_requests,
			 after.dsa_hw.page_requests);
	assert_int_equal(asked(&after), after.system.page_requests);
	assert_int_equal(after.iommu_hw.prg_responses,
			 after.dsa_hw.page_responses);
	assert_int_equal(after.iommu_hw.events, after.iommu_hw.stalls);
	/* Warm: the pages are there, and nobody is asked. */
	before = after;
	dsa_job_fill(job, f.sva, buf, 1, 16 * PAGE);
	assert_int_equal(fixture_run(&f, job, &result), 0);
	sva_machine_stats(f.machine, &after);
	assert_int_equal(asked(&after), asked(&before));
	fixture_close(&f);
	unmap_pages(job, 1);
	unmap_pages(buf, 16);
}

/* Cmocka's asserts are for the test's own thread: others count. */
struct user {
	struct fixture *f;
	pthread_t thread;
	uint32_t seed;
	unsigned int wrong;
};

static void *user_main(void *arg)
{
	struct user *u = arg;
	struct dsa_job *job = mmap(NULL, 9 * PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *buf = (unsigned char *)job + PAGE;
	struct dsa_result result;
	uint32_t i, size;

	if (job == MAP_FAILED) {
		u->wrong++;
		return NULL;
	}
	for (i = 0; i < 100; i++) {
		unsigned char tag = (unsigned char)next_random(&u->seed);

		size = 1 + next_random(&u->seed) % (4 * PAGE);
		memset(buf, tag, size);
		memset(buf + 4 * PAGE, tag + 1, size);
		dsa_job_memmove(job, u->f->sva, buf + 4 * PAGE, buf, size);
		if (fixture_run(u->f, job, &result) || result.status ||
		    memcmp(buf, buf + 4 * PAGE, size) != 0 || buf[0] != tag)
			u->wrong++;
	}
	munmap(job, 9 * PAGE);
	return NULL;
}

static void test_machine_jobs_from_threads_do_not_mix(void **state)
{
	enum { USERS = 6 };
	struct user users[USERS];
	unsigned int i;
	size_t n;

	(void)state;
	for (n = 0; n < 3; n++) {
		struct fixture f;

		open_setting(&f, n);
		for (i = 0; i < USERS; i++) {
			users[i] = (struct user){ .f = &f, .seed = i };
			assert_int_equal(pthread_create(&users[i].thread, NULL,
							user_main, &users[i]),
					 0);
		}
		for (i = 0; i < USERS; i++) {
			pthread_join(users[i].thread, NULL);
			assert_int_equal(users[i].wrong, 0);
		}
		fixture_close(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machine_create_destroy_leaves_nothing),
		cmocka_unit_test(test_machine_bad_settings_einval),
		cmocka_unit_test(test_machine_second_in_process_ebusy),
		cmocka_unit_test(test_machine_destroy_in_use_ebusy),
		cmocka_unit_test(
			test_machine_destroy_mm_user_left_ebusy_then_ok),
		cmocka_unit_test(test_machine_bind_again_same_handle),
		cmocka_unit_test(test_machine_bind_unbind_loop_works_each_time),
		cmocka_unit_test(test_machine_operations_agree_with_cpu),
		cmocka_unit_test(test_machine_files_agree_with_read),
		cmocka_unit_test(test_machine_dedicated_and_shared_queue),
		cmocka_unit_test(test_machine_batch_does_all),
		cmocka_unit_test(test_machine_no_access_faults_there),
		cmocka_unit_test(test_machine_stats_count_what_happened),
		cmocka_unit_test(test_machine_jobs_from_threads_do_not_mix),
	};

	return fixture_run_tests(tests);
}
