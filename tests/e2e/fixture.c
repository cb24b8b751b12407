/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/e2e/fixture.h"

enum sva_iommu fixture_iommu;
enum sva_faults fixture_faults;

int fixture_pri(void **state)
{
	(void)state;
	fixture_iommu = SVA_IOMMU_SMMUV3;
	fixture_faults = SVA_FAULTS_PRI;
	return 0;
}

int fixture_stall(void **state)
{
	(void)state;
	fixture_iommu = SVA_IOMMU_SMMUV3;
	fixture_faults = SVA_FAULTS_STALL;
	return 0;
}

int fixture_vtd(void **state)
{
	(void)state;
	fixture_iommu = SVA_IOMMU_VTD;
	fixture_faults = SVA_FAULTS_PRI;
	return 0;
}

struct sva_machine_cfg fixture_cfg(const struct sva_machine_cfg *cfg)
{
	struct sva_machine_cfg with = { 0 };

	if (cfg)
		with = *cfg;
	with.iommu = fixture_iommu;
	with.faults = fixture_faults;
	return with;
}

void fixture_open(struct fixture *f, const struct sva_machine_cfg *cfg,
		  bool populate)
{
	const struct sva_machine_cfg with = fixture_cfg(cfg);
	const struct dsa_wq_cfg wq_cfg = {
		.shared = true,
		.block_on_fault = !populate,
	};

	f->populate = populate;
	f->reset = false;
	assert_int_equal(sva_machine_create(&with, &f->machine), 0);
	assert_int_equal(iommu_sva_bind(sva_machine_device(f->machine),
					sva_machine_mm(f->machine), NULL,
					&f->sva),
			 0);
	assert_int_equal(
		dsa_wq_open(sva_machine_dsa(f->machine), &wq_cfg, &f->wq), 0);
}

void fixture_close(struct fixture *f)
{
	struct sva_machine_stats s;

	/* The driver was not told. */
	assert_int_equal(dsa_wq_close(f->wq), f->reset ? -ETIMEDOUT : 0);
	iommu_sva_unbind(f->sva);
	sva_machine_stats(f->machine, &s);
	assert_int_equal(s.iommu_hw.stalls, s.iommu_hw.resumes);
	/* An engine may not even have been told when it was reset. */
	if (!f->reset) {
		assert_int_equal(s.iommu_hw.stalls, s.dsa_hw.stalls);
		assert_int_equal(s.iommu_hw.resumes, s.dsa_hw.resumes);
	}
	assert_int_equal(s.dsa_hw.page_groups, s.iommu_hw.prg_responses);
	if (fixture_faults == SVA_FAULTS_STALL)
		assert_int_equal(s.iommu_hw.page_requests, 0);
	else
		assert_int_equal(s.iommu_hw.stalls, 0);
	assert_int_equal(sva_machine_destroy(f->machine), 0);
}

void *map_pages(size_t count)
{
	void *pages = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(pages, MAP_FAILED);
	return pages;
}

#define GAP 256u

void *map_pages_below_gap(size_t count)
{
	unsigned char *pages = map_pages(count + GAP);

	unmap_pages(pages + count * PAGE, GAP);
	return pages;
}

void unmap_pages(void *pages, size_t count)
{
	assert_int_equal(munmap(pages, count * PAGE), 0);
}

int fixture_touch(void *arg, uint64_t addr, bool write)
{
	struct fixture *f = arg;
	unsigned int perm = IOMMU_PERM_READ;
	uint64_t page = addr & ~(uint64_t)(PAGE - 1);
	size_t done = 0;

	if (write)
		perm |= IOMMU_PERM_WRITE;
	return plat_hosted_mm_populate(sva_machine_mm(f->machine),
				       (const void *)(uintptr_t)page, PAGE,
				       perm, &done);
}

int fixture_run(struct fixture *f, struct dsa_job *job,
		struct dsa_result *ret_result)
{
	if (f->populate)
		return dsa_run(f->wq, job, fixture_touch, f, ret_result);
	dsa_job_set_block_on_fault(job);
	return dsa_run(f->wq, job, NULL, NULL, ret_result);
}

uint64_t fixture_page_requests(struct fixture *f)
{
	struct sva_machine_stats stats;

	sva_machine_stats(f->machine, &stats);
	return stats.iommu_hw.page_requests + stats.iommu_hw.stalls;
}

uint32_t crc32c_slow(uint32_t seed, const void *data, size_t size)
{
	const unsigned char *in = data;
	uint32_t state = ~seed;
	unsigned int bit;

	while (size--) {
		state ^= *in++;
		for (bit = 0; bit < 8; bit++)
			state = state >> 1 ^ (state & 1 ? 0x82f63b78u : 0);
	}
	return ~state;
}

static size_t count_entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

size_t count_open_files(void)
{
	return count_entries("/proc/self/fd");
}

size_t count_threads(void)
{
	return count_entries("/proc/self/task");
}

uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

void fixture_check_copy(struct fixture *f, unsigned char tag)
{
	unsigned char *src = map_pages(4), *dst = map_pages(4);
	struct dsa_job *job = map_pages(1);
	struct dsa_result result;

	memset(src, tag, 3 * PAGE);
	dsa_job_memmove(job, f->sva, dst + 5, src + 3, 2 * PAGE + 7);
	assert_int_equal(fixture_run(f, job, &result), 0);
	assert_int_equal(result.status, 0);
	assert_int_equal(result.bytes, 2 * PAGE + 7);
	assert_memory_equal(dst + 5, src + 3, 2 * PAGE + 7);
	assert_int_equal(dst[4], 0);
	assert_int_equal(dst[5 + 2 * PAGE + 7], 0);
	unmap_pages(job, 1);
	unmap_pages(dst, 4);
	unmap_pages(src, 4);
}
