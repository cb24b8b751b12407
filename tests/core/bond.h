/* SPDX-License-Identifier: MIT */
/* A rig with an address space and a device that may be bound to it. */
#ifndef TESTS_CORE_BOND_H
#define TESTS_CORE_BOND_H

#include "tests/core/rig.h"

struct fixture {
	struct rig rig;
	struct soft_mm *mm;
	struct iommu_device *dev;
	struct iommu_sva *sva;
	bool mm_gone;
};

int bond_setup(void **state);
int bond_teardown(void **state);

/* The last user goes; the address space is freed when the last bind is. */
void exit_mm(struct fixture *f);
void bond_bind(struct fixture *f);

/* Nothing of a bind is left: what a failing bind must leave. */
void assert_unbound(struct fixture *f);

/* A thread that unbinds and says when it has. */
struct slow_fault {
	struct fixture *f;
	_Atomic bool unbound;
};

void *unbind_thread(void *arg);

#endif
