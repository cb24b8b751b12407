/* SPDX-License-Identifier: MIT */
/*
 * Hearing of changes of the process's address space: one userfaultfd, one
 * reader thread, one lock and one sequence number, for all mirrors.
 *
 * Registered mappings report unmaps, removals and moves. The kernel marks the
 * descriptor "changing" before the change, and takes the mark back when the
 * event has been read; whoever made the change sleeps until then. Being read
 * is not being applied, so four things together make it right:
 *
 *  1. The reader takes the lock, then reads, then clears, then lets go. Who
 *     takes the lock and finds no mark knows that all changes so far are
 *     applied.
 *  2. Each event counts up the sequence number. A fault that looked at the
 *     mappings before the event does not install what it saw.
 *  3. A fault installs only if, with the lock held, an operation on exactly
 *     these pages that changes nothing succeeds. EAGAIN: marked, a change has
 *     begun that is not read yet. ENOENT: a mapping that is not ours, one that
 *     took the place of the registered one.
 *  4. Before a job starts, the same operation on a page of our own, the canary,
 *     is repeated until there is no mark, then the lock is taken once: changes
 *     of other threads are applied, too.
 *
 * Faults take turns (fault_lock) from registering to installing: else one
 * fault could register the pages that another one found to be unwatched.
 */
#ifndef PLAT_HOSTED_NOTIFIER_H
#define PLAT_HOSTED_NOTIFIER_H

#include <pthread.h>
#include <stdatomic.h>

#include <sva/plat.h>

#include "plat/hosted/maps.h"
#include "plat/hosted/thread.h"

struct hosted_mirror;
struct plat_hosted;

/* Places in the serving of a fault where a test may interfere. */
enum hosted_step {
	HOSTED_BEFORE_WATCH,
	HOSTED_AFTER_WATCH,
	HOSTED_BEFORE_LOCK,
};

/**
 * struct hosted_hooks - for tests; all zero is how it works
 * @read_before_lock, @no_seq, @no_probe, @no_barrier: leave out one of the
 *            four parts.
 * @frame_of: output address of a page, aligned; NULL: its virtual address.
 *            @map is the mapping it was found in.
 * @step:     NULL, or called at those places, with the fault lock held.
 * @ctx:      handed to both.
 */
struct hosted_hooks {
	bool read_before_lock;
	bool no_seq;
	bool no_probe;
	bool no_barrier;
	uint64_t (*frame_of)(void *ctx, uint64_t va,
			     const struct hosted_map *map);
	void (*step)(void *ctx, enum hosted_step step);
	void *ctx;
};

/* What has happened so far; for tests and measurements. */
struct hosted_counters {
	_Atomic uint64_t events;
	_Atomic uint64_t faults;
	_Atomic uint64_t retries;
	_Atomic uint64_t unwatched; /* installs without being told */
	_Atomic uint64_t barrier_turns;
	_Atomic uint64_t barrier_resets;
};

/**
 * struct hosted_notifier
 * @uffd:    negative: nothing is reported.
 * @maps:    for hosted_maps_find().
 * @stop:    eventfd that ends the reader.
 * @canary:  a registered page that never changes.
 * @started: the reader runs. (l) of start_lock; the barrier reads it alone.
 * @lock:    "the lock" above, PLAT_RANK_MM: mirrors' tables, the list of them.
 * @seq:     counts events; written with @lock held.
 */
struct hosted_notifier {
	int uffd;
	int maps;
	int stop;
	void *canary;
	struct hosted_thread reader;
	pthread_mutex_t start_lock;
	pthread_mutex_t fault_lock;
	_Atomic bool started;
	struct plat_lock lock;
	_Atomic uint64_t seq;
	struct hosted_mirror *mirrors;
	struct hosted_hooks hooks;
	struct hosted_counters counters;
};

/* Probes the kernel too, and fills in the features. */
SVA_MUST_CHECK int hosted_notifier_init(struct plat_hosted *h);
void hosted_notifier_fini(struct plat_hosted *h);

/* In a forked child: the events are the parent's. */
void hosted_notifier_forked(struct plat_hosted *h);

/* Add a mirror; the first one starts the reader. 0, -ENOMEM, -EAGAIN. */
SVA_MUST_CHECK int hosted_notifier_add(struct plat_hosted *h,
				       struct hosted_mirror *m);
/* Take it out, if it is there. */
void hosted_notifier_del(struct plat_hosted *h, struct hosted_mirror *m);

/* Watch a mapping. Return: 0, or a negative errno: it cannot be. */
SVA_MUST_CHECK int hosted_notifier_watch(struct plat_hosted *h,
					 const struct hosted_map *map);

/*
 * The operation that changes nothing, for all of [start, end). 0, -EAGAIN
 * there is a mark, -ENOENT not ours, -EINVAL not whole pages, -ESRCH.
 */
SVA_MUST_CHECK int hosted_notifier_check(struct plat_hosted *h, uint64_t start,
					 uint64_t end);

#endif
