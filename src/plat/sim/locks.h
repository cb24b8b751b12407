/* SPDX-License-Identifier: MIT */
/* Locks of the stack and of models: one kind, with ranks that are checked. */
#ifndef PLAT_SIM_LOCKS_H
#define PLAT_SIM_LOCKS_H

#include <sva/model.h>

#include "plat/sim/sim.h"

struct sim_lock_state {
	uint64_t magic;
	struct sim_thread *owner;
	const char *name;
	unsigned int rank;
	enum plat_lock_kind kind;
	bool kept; /* by a break */
};

void sim_lock_init(void *ctx, struct plat_lock *lock, enum plat_lock_kind kind,
		   unsigned int rank, const char *name);
void sim_lock_fini(void *ctx, struct plat_lock *lock);
void sim_lock(void *ctx, struct plat_lock *lock);
void sim_unlock(void *ctx, struct plat_lock *lock);

/* The same, for models. */
void sim_state_init(struct sim *s, struct sim_lock_state *l,
		    enum plat_lock_kind kind, unsigned int rank,
		    const char *name);
void sim_state_lock(struct sim *s, struct sim_lock_state *l);
void sim_state_unlock(struct sim *s, struct sim_lock_state *l);

#endif
