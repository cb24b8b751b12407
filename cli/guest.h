/* SPDX-License-Identifier: MIT */
/* sva guest: what was asked for, and what came of it. */
#ifndef CLI_GUEST_H
#define CLI_GUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <sva/vmm.h>

#define GUESTS_MAX    16u
#define PROCESSES_MAX 256u
#define JOBS_MAX      1000000u

struct guest_options {
	enum sva_iommu iommu;
	enum sva_iommu guest_iommu;
	bool guest_iommu_set;
	enum vmm_how how;
	bool how_set;
	enum hw_personality personality;
	unsigned int guests;
	unsigned int processes;
	unsigned int jobs; /* of each process */
	bool kill;
	bool json;
};

/**
 * struct guest_result - what came of a guest
 * @killed: it was to be, before its jobs were done.
 * @jobs:   done and found right; @wrong: with other bytes than they should
 *          have; @failed: ended otherwise, of a guest that is alive.
 * @err:    with which the guest itself failed, and @what.
 */
struct guest_result {
	bool killed;
	_Atomic uint64_t jobs;
	_Atomic uint64_t wrong;
	_Atomic uint64_t failed;
	_Atomic uint64_t bytes;
	int err;
	const char *what;
	struct vmm_guest_stats stats;
};

/**
 * struct guest_run - all of them
 * @hw, @pasids: of the host, when the work was done; @pasids when all guests had
 *          gone: 0.
 */
struct guest_run {
	const struct guest_options *options;
	struct guest_result results[GUESTS_MAX];
	struct iommu_hw_stats hw;
	uint64_t pasids;
	double seconds; /* of the work, without setting up */
};

/* Fill @run. 0, or a negative errno after a message. */
int guest_run(const struct guest_options *options, struct guest_run *run);

/* Did the guest do what it was to do? */
bool guest_good(const struct guest_run *run, unsigned int index);

const char *guest_how_name(enum vmm_how how);

void guest_print(const struct guest_run *run);
/* 0 or -ENOMEM. */
int guest_json(const struct guest_run *run);

#endif
