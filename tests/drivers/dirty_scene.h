/* SPDX-License-Identifier: MIT */
/*
 * Dirty tracking of a paging domain from its begin to its end, on whichever
 * model: what is written is noted, whatever the caches remember.
 */
#ifndef TESTS_DRIVERS_DIRTY_SCENE_H
#define TESTS_DRIVERS_DIRTY_SCENE_H

#include <sva/domain.h>

#include "tests/drivers/atc.h"

/* @atc: the device's cache; the caches of the model are strict. */
struct dirty_bench {
	struct iommu_unit *unit;
	struct iommu_device *dev;
	struct atc *atc;
};

/* The line of the first thing that was wrong, 0: nothing was. */
int dirty_scene(const struct dirty_bench *b);

#endif
