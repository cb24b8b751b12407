/* SPDX-License-Identifier: MIT */
/*
 * The life of a VT-d unit: probe, domains of each kind, address spaces, unmaps,
 * page requests, detaches, strict. It sees what is stale.
 */
#ifndef TESTS_DRIVERS_VTD_SCENE_H
#define TESTS_DRIVERS_VTD_SCENE_H

#include "tests/drivers/vtd_bench.h"

/**
 * struct vscene - what to leave out, and what there was
 * @kind, @drop: a kind, or those at their index in @log; or neither.
 * @count: descriptors, but wait descriptors, in order: the first words.
 * @named: an invalidation of a device TLB that was about something in it.
 * @took: the unit had something of what it was about, or it had to wait.
 */
struct vscene {
	const struct vbench_kind *kind;
	const bool *drop;
	unsigned int count;
	uint64_t log[VBENCH_LOG];
	bool named[VBENCH_LOG];
	bool took[VBENCH_LOG];
};

/* The line of the first thing that was wrong, 0: nothing was. */
int vscene_run(struct vscene *o, unsigned int levels,
	       unsigned int command_batch);

#endif
