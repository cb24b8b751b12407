/* SPDX-License-Identifier: MIT */
/*
 * Dirty tracking of a paging domain from its begin to its end, on whichever
 * model: what is written is noted, whatever the caches remember.
 */
#ifndef TESTS_DRIVERS_DIRTY_SCENE_H
#define TESTS_DRIVERS_DIRTY_SCENE_H

#include <sva/domain.h>

/**
 * struct dirty_bench - a device in front of a model whose caches are strict
 * @write: a write without a translation of its own: 0, or where it goes.
 * @ask:   a translation for writing, which the device keeps.
 * @kept:  it still does.
 */
struct dirty_bench {
	struct iommu_unit *unit;
	struct iommu_device *dev;
	uint64_t (*write)(void *arg, ioasid_t pasid, uint64_t va);
	bool (*ask)(void *arg, ioasid_t pasid, uint64_t va);
	bool (*kept)(void *arg, ioasid_t pasid, uint64_t va);
	void *arg;
};

/* The line of the first thing that was wrong, 0: nothing was. */
int dirty_scene(const struct dirty_bench *b);

#endif
