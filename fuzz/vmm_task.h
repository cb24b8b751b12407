/* SPDX-License-Identifier: MIT */
/* Tasks of one thread, which take turns where they wait; see vmm_plat.h. */
#ifndef FUZZ_VMM_TASK_H
#define FUZZ_VMM_TASK_H

#include "fuzz/fuzz.h"

#define TASK_NEVER UINT64_MAX

struct task;

/* The one that runs. */
struct task *task_current(void);

struct task *task_start(void (*fn)(void *arg), void *arg);
/* Wait for its end. */
void task_join(struct task *t);

/*
 * Wait until @ready, or until @deadline: then false. Both may be so from the
 * start, and others have had a turn then, too.
 */
bool task_wait(bool (*ready)(void *arg), void *arg, uint64_t deadline,
	       const char *what);
/* A turn of a polling loop. */
void task_relax(unsigned int turns);
/* The others have nothing to do. */
void task_settle(void);
void task_turn(void);
void task_begin(void);

uint64_t task_now(void);
void task_pass(uint64_t ns);

/* RCU, whose readers are tasks. */
void task_read_lock(void);
void task_read_unlock(void);
void task_synchronize(void);

/* Called before a lock is taken: others may have a turn there. */
extern void (*task_point)(void);

/* Locks, of whatever kind: @opaque is as large as a struct plat_lock. */
void task_lock_init(void *opaque, const char *name);
void task_lock_fini(void *opaque);
void task_lock(void *opaque);
void task_unlock(void *opaque);

#endif
