/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sva/sva.h>

#include "tests/vmm/fixture.h"

#define JOB_TIMEOUT_MS 60000u

static const struct pair pairs[] = {
	{ "emulated smmuv3", VMM_EMULATED, SVA_IOMMU_SMMUV3, SVA_IOMMU_SMMUV3 },
	{ "emulated vtd", VMM_EMULATED, SVA_IOMMU_SMMUV3, SVA_IOMMU_VTD },
	{ "shadow smmuv3", VMM_SHADOW, SVA_IOMMU_SMMUV3, SVA_IOMMU_SMMUV3 },
	{ "shadow vtd", VMM_SHADOW, SVA_IOMMU_VTD, SVA_IOMMU_VTD },
	{ "shadow vtd on smmuv3", VMM_SHADOW, SVA_IOMMU_SMMUV3, SVA_IOMMU_VTD },
	{ "shadow smmuv3 on vtd", VMM_SHADOW, SVA_IOMMU_VTD, SVA_IOMMU_SMMUV3 },
	{ "nested smmuv3", VMM_NESTED, SVA_IOMMU_SMMUV3, SVA_IOMMU_SMMUV3 },
	{ "nested vtd", VMM_NESTED, SVA_IOMMU_VTD, SVA_IOMMU_VTD },
};

const struct pair *fixture_pair = &pairs[0];
enum plat_log_level fixture_log_level = PLAT_LOG_WARN;

int fixture_emulated_smmuv3(void **state)
{
	(void)state;
	fixture_pair = &pairs[0];
	return 0;
}

int fixture_emulated_vtd(void **state)
{
	(void)state;
	fixture_pair = &pairs[1];
	return 0;
}

int fixture_shadow_smmuv3(void **state)
{
	(void)state;
	fixture_pair = &pairs[2];
	return 0;
}

int fixture_shadow_vtd(void **state)
{
	(void)state;
	fixture_pair = &pairs[3];
	return 0;
}

int fixture_shadow_vtd_on_smmuv3(void **state)
{
	(void)state;
	fixture_pair = &pairs[4];
	return 0;
}

int fixture_shadow_smmuv3_on_vtd(void **state)
{
	(void)state;
	fixture_pair = &pairs[5];
	return 0;
}

int fixture_nested_smmuv3(void **state)
{
	(void)state;
	fixture_pair = &pairs[6];
	return 0;
}

int fixture_nested_vtd(void **state)
{
	(void)state;
	fixture_pair = &pairs[7];
	return 0;
}

struct vmm_host *fixture_host(unsigned int functions)
{
	const struct vmm_host_cfg cfg = {
		.iommu = fixture_pair->host,
		.functions = functions,
		.hosted = { .log_level = fixture_log_level },
	};
	struct vmm_host *host;

	assert_int_equal(vmm_host_create(&cfg, &host), 0);
	return host;
}

void fixture_host_close(struct vmm_host *host)
{
	assert_int_equal(vmm_host_destroy(host), 0);
}

struct vmm_guest *fixture_guest(struct vmm_host *host, unsigned int function)
{
	const struct vmm_guest_cfg cfg = {
		.how = fixture_pair->how,
		.iommu = fixture_pair->guest,
		.function = function,
		.memory = UINT64_C(16) << 20,
	};
	struct vmm_guest *guest;

	assert_int_equal(vmm_guest_create(host, &cfg, &guest), 0);
	return guest;
}

struct dsa_wq *fixture_wq(struct vmm_guest *guest)
{
	const struct dsa_wq_cfg cfg = { .shared = true,
					.block_on_fault = true };
	struct dsa_wq *wq;

	assert_int_equal(dsa_wq_open(vmm_guest_dsa(guest), &cfg, &wq), 0);
	return wq;
}

void proc_open(struct proc *p, struct vmm_guest *guest, uint64_t size)
{
	p->size = size;
	assert_int_equal(vmm_process_create(guest, &p->process), 0);
	assert_int_equal(vmm_process_map(p->process, SRC_VA, size,
					 IOMMU_PERM_READ | IOMMU_PERM_WRITE),
			 0);
	assert_int_equal(vmm_process_map(p->process, DST_VA, size,
					 IOMMU_PERM_READ | IOMMU_PERM_WRITE),
			 0);
	assert_int_equal(iommu_sva_bind(vmm_guest_device(guest),
					vmm_process_mm(p->process), NULL,
					&p->sva),
			 0);
}

void proc_close(struct proc *p)
{
	iommu_sva_unbind(p->sva);
	vmm_process_destroy(p->process);
}

static uint32_t next_word(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state;
}

void proc_fill(struct proc *p, uint32_t seed)
{
	uint32_t words[PAGE / 4];
	uint64_t at;
	size_t i;

	for (at = 0; at < p->size; at += PAGE) {
		for (i = 0; i < PAGE / 4; i++)
			words[i] = next_word(&seed);
		assert_int_equal(vmm_process_write(p->process, SRC_VA + at,
						   words, PAGE),
				 0);
	}
}

bool proc_holds(struct proc *p, uint64_t va, uint32_t seed)
{
	uint32_t words[PAGE / 4];
	uint64_t at;
	size_t i;

	for (at = 0; at < p->size; at += PAGE) {
		assert_int_equal(
			vmm_process_read(p->process, va + at, words, PAGE), 0);
		for (i = 0; i < PAGE / 4; i++)
			if (words[i] != next_word(&seed))
				return false;
	}
	return true;
}

int proc_copy(struct proc *p, struct dsa_wq *wq, unsigned int index,
	      struct dsa_result *ret_result)
{
	struct dsa_job *job = vmm_process_job(p->process, index);
	int err;

	dsa_job_memmove(job, p->sva, (void *)(uintptr_t)DST_VA,
			(const void *)(uintptr_t)SRC_VA, (uint32_t)p->size);
	dsa_job_set_block_on_fault(job);
	vmm_process_job_ready(p->process, index);
	err = dsa_submit(wq, job);
	return err ? err : dsa_wait(job, JOB_TIMEOUT_MS, ret_result);
}
