/* SPDX-License-Identifier: MIT */
/*
 * What a model under test lives in: memory, locks, a clock; and a log of what
 * it did with them.
 *
 * Memory is a small array. With @alias, every physical address leads into it
 * modulo its size, so that a pointer made of garbage leads to tables too;
 * without, what is beyond it is an external abort. A log entry has the address
 * as the model gave it.
 *
 * Every call into a model is a frame. Frames nest, because a model calls back
 * without its lock: what a nested frame did is taken off the log when it ends.
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include <sva/model.h>

#include "fuzz/fuzz.h"

enum {
	WORLD_RAM_LG2 = 19,
	WORLD_RAM = 1 << WORLD_RAM_LG2,
	WORLD_PAGES = WORLD_RAM >> 12,
	WORLD_LOG = 8192,
};

enum access_kind {
	ACCESS_LOAD,
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_CAS, /* one that succeeded */
	ACCESS_MSI,
};

/* @value: loaded, or before a CAS. @to: stored by a CAS, MSI data. */
struct access {
	enum access_kind kind;
	uint64_t pa;
	uint64_t len;
	uint64_t value;
	uint64_t to;
	bool aborted; /* a write that changed nothing */
};

/*
 * @forced: compare-and-swaps that the world made fail.
 * @commands: for the target.
 */
struct frame {
	struct frame *outer;
	unsigned int first;
	unsigned long loads, writes, cas, forced, relaxes;
	uint64_t commands;
};

struct world {
	union {
		uint64_t word[WORLD_RAM / 8];
		uint8_t byte[WORLD_RAM];
	} ram;
	bool dirty[WORLD_PAGES];

	bool alias;
	unsigned int pa_bits;             /* no access is to be beyond */
	bool words;                       /* aligned 64-bit loads only */
	bool msi_any;                     /* pa_bits does not count for them */
	uint64_t abort_first, abort_last; /* external abort, inclusive */
	unsigned int meddle; /* every so many loads a word changes; 0 never */
	unsigned int meddle_n;

	struct access log[WORLD_LOG];
	unsigned int log_n;
	struct frame *frame;

	const void *held[4]; /* locks, in the order they were taken */
	unsigned int held_rank[4];
	unsigned int held_n;
	unsigned int locks; /* that exist */
	uint64_t clock;
	unsigned int wires; /* high ones */

	void *ctx;
	void (*on_relax)(void *ctx, unsigned int turns);
	/* After a read or before a write of memory, NULL: nobody looks. */
	void (*on_access)(void *ctx, const struct access *a, const void *data);
};

/* Memory is zero again; aliasing and abort windows as after birth. */
void world_reset(struct world *w);
/*
 * Memory for a model's state, of exactly that size; the same as last time if
 * it was as large, which is what makes thousands of runs in a second possible.
 */
void *world_state(size_t size);
/* All the callbacks, mem_copy and logging included. */
void world_env(struct world *w, struct hw_env *ret_env);

void world_enter(struct world *w, struct frame *f);
/* Nothing is locked but what was locked when the frame was entered. */
void world_leave(struct world *w, struct frame *f);

/* As the software sees it: any address, modulo the size. */
uint64_t world_get(struct world *w, uint64_t pa);
void world_put(struct world *w, uint64_t pa, uint64_t value);

#endif
