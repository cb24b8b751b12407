/* SPDX-License-Identifier: MIT */
/* The engines of a machine's accelerator: a thread each that steps it. */
#ifndef MACHINE_ENGINE_H
#define MACHINE_ENGINE_H

#include <pthread.h>

#include <sva/dsa_hw.h>
#include <sva/plat.h>

struct machine_engine {
	struct machine_engines *all;
	unsigned int index;
	struct plat_event work;
	_Atomic bool stop;
	pthread_t thread;
};

/**
 * struct machine_engines - all of them
 * @plat: set before the accelerator is created, which wakes them.
 */
struct machine_engines {
	const struct plat *plat;
	struct dsa_hw *hw;
	unsigned int count; /* running */
	struct machine_engine engines[DSA_HW_MAX_ENGINES];
};

/* There is work for one; also before it runs. As struct dsa_hw_host has it. */
void machine_engines_wake(void *ctx, unsigned int index);

/* 0, or a negative errno with none of them running. */
int machine_engines_start(struct machine_engines *all, struct dsa_hw *hw,
			  unsigned int count);
void machine_engines_stop(struct machine_engines *all);

#endif
