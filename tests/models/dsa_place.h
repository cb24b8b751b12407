/* SPDX-License-Identifier: MIT */
/*
 * For the tests of the accelerator's model: memory in the window of PASID 1,
 * and what is often asked of a record.
 */
#ifndef TESTS_MODELS_DSA_PLACE_H
#define TESTS_MODELS_DSA_PLACE_H

#include "tests/support/dsa_fixture.h"

#define RW     ((uint32_t)IOMMU_PERM_READ | IOMMU_PERM_WRITE)
#define ACTIVE UINT32_C(0x80000000) /* of CMDSTATUS */

/* 40 pages each to read and to write, pages for records, for a batch. */
struct place {
	uint64_t src;
	uint64_t dst;
	uint64_t comp;
	uint64_t list;
};

/*
 * A device with a running queue. NULL: the default device; queue 0, dedicated
 * to PASID 1, which may block on faults.
 */
struct fix *place_setup(struct place *p, const struct dsa_hw_cfg *cfg,
			const struct fix_wq *wq);
void place_alloc(struct fix *f, struct place *p, uint32_t perm);

struct dsa_desc place_move(const struct place *p, uint64_t size, bool bof);
void assert_moved(struct fix *f, const struct place *p, size_t n);

/* The record has this status; or, a page fault, all of that. */
unsigned int status_of(const struct dsa_comp *c);
void assert_fault(const struct dsa_comp *c, unsigned int status, uint64_t bytes,
		  uint64_t addr, bool write);

/* Map the first page of the group that is held, and say so. */
void place_answer(struct fix *f);

struct dsa_swerr read_swerr(struct fix *f);
uint32_t read_cmdstatus(struct fix *f);

#endif
