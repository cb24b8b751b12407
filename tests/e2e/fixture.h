/* SPDX-License-Identifier: MIT */
/*
 * A machine with this process bound to its accelerator, for the end-to-end
 * tests.
 */
#ifndef TESTS_E2E_FIXTURE_H
#define TESTS_E2E_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/machine.h>

#define PAGE 4096u

struct fixture {
	struct sva_machine *machine;
	struct iommu_sva *sva;
	struct dsa_wq *wq; /* shared, jobs may block on faults */
	bool populate;     /* jobs do not block on faults, pages are touched */
	bool reset;        /* the test has reset the device */
};

/*
 * Setups of a group of tests: the IOMMU of the machines of fixture_open(), and
 * what they do about absent pages. The default is page requests to an SMMUv3.
 */
extern enum sva_iommu fixture_iommu;
extern enum sva_faults fixture_faults;
int fixture_pri(void **state);
int fixture_stall(void **state);
int fixture_vtd(void **state);

/* Run a group of tests with each. The failures. */
#define fixture_run_tests(tests)                                               \
	(cmocka_run_group_tests_name("pri", tests, fixture_pri, NULL) +        \
	 cmocka_run_group_tests_name("stall", tests, fixture_stall, NULL) +    \
	 cmocka_run_group_tests_name("vtd", tests, fixture_vtd, NULL))

/* The configuration of a machine of the group. */
struct sva_machine_cfg fixture_cfg(const struct sva_machine_cfg *cfg);

/*
 * Fails the test if any of it cannot be had. NULL: the default machine.
 * @populate: jobs cannot block on faults.
 */
void fixture_open(struct fixture *f, const struct sva_machine_cfg *cfg,
		  bool populate);

/* Fails the test also if a stall or a group of page requests has no end. */
void fixture_close(struct fixture *f);

/*
 * Memory on pages of its own: nothing else of the process lies there. Fails
 * the test when there is none.
 */
void *map_pages(size_t count);

/*
 * The same for a mapping in which the test makes holes. Whatever else the
 * process maps meanwhile goes into the highest gap that is large enough, so a
 * large one is left above.
 */
void *map_pages_below_gap(size_t count);
void unmap_pages(void *pages, size_t count);

/* Touch a page for a job that cannot request it; @arg is a struct fixture. */
int fixture_touch(void *arg, uint64_t addr, bool write);

/*
 * Run a prepared job, by whatever means the machine has against faults. 0 and
 * *@ret_result, or what dsa_run() met. For any thread.
 */
int fixture_run(struct fixture *f, struct dsa_job *job,
		struct dsa_result *ret_result);

/* How often the device asked for pages so far, in whatever way. */
uint64_t fixture_page_requests(struct fixture *f);

/* CRC-32C by long division, bit by bit: the CPU's word for it. */
uint32_t crc32c_slow(uint32_t seed, const void *data, size_t size);

/* How many of these the process has. */
size_t count_open_files(void);
size_t count_threads(void);

/* Small random numbers of a thread's own, the same in each run. */
uint32_t next_random(uint32_t *state);

/* The machine's own bind works: a copy across pages, of @tag. */
void fixture_check_copy(struct fixture *f, unsigned char tag);

#endif
