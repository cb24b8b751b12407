/* SPDX-License-Identifier: MIT */
/*
 * A host, a guest and a process of it with a bind and a queue, for the tests of
 * the monitor.
 */
#ifndef TESTS_VMM_FIXTURE_H
#define TESTS_VMM_FIXTURE_H

#include <sva/vmm.h>

#define PAGE 4096u

/* Where processes have their buffers: the same for all of them. */
#define SRC_VA UINT64_C(0x10000000)
#define DST_VA UINT64_C(0x20000000)

/**
 * struct pair - how a group of tests is run
 * @how, @host, @guest: as in the configurations.
 */
struct pair {
	const char *name;
	enum vmm_how how;
	enum sva_iommu host;
	enum sva_iommu guest;
};

/* Setups of groups. */
extern const struct pair *fixture_pair;
/* Of the hosts; at first, warnings are shown. */
extern enum plat_log_level fixture_log_level;
int fixture_emulated_smmuv3(void **state);
int fixture_emulated_vtd(void **state);
int fixture_shadow_smmuv3(void **state);
int fixture_shadow_vtd(void **state);
int fixture_shadow_vtd_on_smmuv3(void **state);
int fixture_shadow_smmuv3_on_vtd(void **state);
int fixture_nested_smmuv3(void **state);
int fixture_nested_vtd(void **state);

/* Run a group of tests with each. The failures. */
/* clang-format off */
#define GROUP(tests, setup)						\
	cmocka_run_group_tests_name(#setup, tests, fixture_##setup, NULL)
#define fixture_run_assigned_tests(tests)				\
	(GROUP(tests, shadow_smmuv3) + GROUP(tests, shadow_vtd) +	\
	 GROUP(tests, shadow_vtd_on_smmuv3) +				\
	 GROUP(tests, shadow_smmuv3_on_vtd) +				\
	 GROUP(tests, nested_smmuv3) + GROUP(tests, nested_vtd))
#define fixture_run_tests(tests)					\
	(GROUP(tests, emulated_smmuv3) + GROUP(tests, emulated_vtd) +	\
	 fixture_run_assigned_tests(tests))
/* clang-format on */

/* A process with its handle; buffers of @size bytes at SRC_VA and DST_VA. */
struct proc {
	struct vmm_process *process;
	struct iommu_sva *sva;
	uint64_t size;
};

/* Fail the test if any of it cannot be had. */
struct vmm_host *fixture_host(unsigned int functions);
void fixture_host_close(struct vmm_host *host);
struct vmm_guest *fixture_guest(struct vmm_host *host, unsigned int function);
struct dsa_wq *fixture_wq(struct vmm_guest *guest);
void proc_open(struct proc *p, struct vmm_guest *guest, uint64_t size);
void proc_close(struct proc *p);

/* Fill the process's source with what only @seed gives; check it at @va. */
void proc_fill(struct proc *p, uint32_t seed);
bool proc_holds(struct proc *p, uint64_t va, uint32_t seed);

/* Copy source to destination as a job; the result's status, or an error. */
int proc_copy(struct proc *p, struct dsa_wq *wq, unsigned int index,
	      struct dsa_result *ret_result);

#endif
