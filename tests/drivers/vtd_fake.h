/* SPDX-License-Identifier: MIT */
/*
 * A fake remapping unit for tests of the driver's unit side: commands that
 * acknowledge, an invalidation queue that is consumed and recorded, and fault
 * records. It translates nothing. What it is told not to do it does not do.
 *
 * It is as weak as the specification allows. A wait descriptor waits for what
 * stands between it and the one before, no more (6.5.2.12), so with a device
 * that is slow they complete out of order, and what was fetched when a device
 * does not answer is not done; descriptors may be fetched as soon as the tail
 * has been written, so they are copied then if it is detached.
 * What breaks the rules of the interface is noted in @violation.
 *
 * Everything is under one lock, so threads may use it. Descriptors are consumed
 * by whoever accesses a register; detached, by vtdfake_step() alone.
 */
#ifndef TESTS_DRIVERS_VTD_FAKE_H
#define TESTS_DRIVERS_VTD_FAKE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/system.h>
#include <sva/vtd.h>

#include "drivers/vtd/unit.h"
#include "fmt/vtd.h"
#include "tests/support/testplat.h"

enum { VTDFAKE_SIZE = 0x1000, VTDFAKE_WAITS = 256, VTDFAKE_SEGMENT = 64 };

/*
 * A wait descriptor that has been fetched and has not completed, and what
 * stands between it and the one before: done when it completes, never if it is
 * aborted.
 */
struct vtdfake_wait {
	struct vtd_inv inv;
	struct vtd_inv before[VTDFAKE_SEGMENT];
	size_t count;
};

/**
 * struct vtdfake - the fake, and a system with it
 * @ver, @cap, @ecap: change before vtdfake_probe().
 * @gone:       all registers read as ones.
 * @no_consume: the queue stands still.
 * @pace:       it does at most so many descriptors for each access to a
 *              register; 0: all there are.
 * @no_ack_nth: the n-th acknowledgement of GCMD from now on does not come, nor
 *              any later one of that bit; 0: all come.
 * @fail_type:  the next descriptor of this type is invalid, for @fail_iqei,
 *              @fail_times times, however it is changed meanwhile.
 * @slow:       device that does not answer until vtdfake_answer(), or
 *              vtdfake_timeout().
 * @slow_on:    there is one; @slow_also: and another.
 * @hook:       called before each descriptor, without the lock.
 * @read_hook:  called after a register was read, before the reader knows what,
 *              without the lock.
 * @effect:     called when one has been done, under the lock; @ops has them.
 * @gcmds:      values written to GCMD.
 */
struct vtdfake {
	struct testplat tp;
	struct iommu_system *sys;
	struct iommu_unit *unit;
	struct vtd_unit *u;
	pthread_mutex_t lock;

	uint32_t ver;
	uint64_t cap;
	uint64_t ecap;
	bool gone;
	bool no_consume;
	unsigned int pace;
	unsigned int no_ack_nth;
	uint32_t no_ack_bit;
	unsigned int fail_type;
	unsigned int fail_iqei;
	unsigned int fail_times;
	bool slow_on;
	uint16_t slow;
	bool slow_also_on;
	uint16_t slow_also;
	void (*hook)(struct vtdfake *f, const struct vtd_inv *inv);
	void (*read_hook)(struct vtdfake *f, uint64_t off);
	void *hook_arg;
	void (*effect)(void *arg, const struct vtd_inv *inv);
	void *effect_arg;
	bool consuming;

	uint32_t reg[VTDFAKE_SIZE / 4];
	uint64_t root; /* RTADDR as SRTP took it */
	uint32_t gcmds[64];
	size_t gcmd_count;
	const char *violation;

	unsigned int segment_pending; /* slow ones since the last wait */
	struct vtdfake_wait segment;  /* since the last wait */
	struct vtdfake_wait waits[VTDFAKE_WAITS];
	size_t wait_count;
	unsigned int timeouts;

	bool detached;
	unsigned int (*judge)(void *arg, const struct vtd_inv *inv);
	void *judge_arg;
	struct vtd_inv *fetched; /* by slot */
	uint32_t fetched_until;

	struct vtd_inv *ops;
	size_t op_count, op_room;
	unsigned int fault_index;
};

void vtdfake_init(struct vtdfake *f);
/* Removes the unit if there is one, and the system. */
void vtdfake_fini(struct vtdfake *f);
/* What vtd_probe() says; @desc's mmio is set. */
int vtdfake_probe(struct vtdfake *f);
int vtdfake_probe_desc(struct vtdfake *f, struct vtd_desc *desc);
int vtdfake_remove(struct vtdfake *f);

/* The device answers: what is pending completes. */
void vtdfake_answer(struct vtdfake *f);
/* It does not: ITE, if anything is pending. @known: ITESID says which. */
void vtdfake_timeout(struct vtdfake *f, bool known);
/* Somebody answers what nobody asked: ICE. */
void vtdfake_odd_answer(struct vtdfake *f, uint16_t sid);

/* The queue has to be empty. What @judge returns is 0, or IQEI + 1. */
void vtdfake_detach(struct vtdfake *f,
		    unsigned int (*judge)(void *arg, const struct vtd_inv *inv),
		    void *arg);
void vtdfake_attach(struct vtdfake *f);
unsigned int vtdfake_step(struct vtdfake *f, unsigned int most);

void vtdfake_ops_clear(struct vtdfake *f);
size_t vtdfake_count(struct vtdfake *f, unsigned int type);
/* Index of the first such descriptor at or after @from; SIZE_MAX: none. */
size_t vtdfake_find(struct vtdfake *f, unsigned int type, size_t from);

/* A fault is recorded: 7.2.1. False: it overflowed. */
bool vtdfake_fault(struct vtdfake *f, struct vtd_frcd frcd);
uint32_t vtdfake_reg32(struct vtdfake *f, uint32_t off);
uint64_t vtdfake_reg64(struct vtdfake *f, uint32_t off);

#endif
