/* SPDX-License-Identifier: MIT */
/*
 * A host and its guests under the simulator: the monitor, and on both sides
 * core, a driver, the model of an IOMMU and an accelerator. One guest lives,
 * shuts down, and is killed at a step of that.
 */
#ifndef TESTS_VMM_SIM_STAGE_H
#define TESTS_VMM_SIM_STAGE_H

#include <stdio.h>

#include <sva/vmm.h>

#include "plat/sim/sim.h"
#include "vmm/vmm.h"

/* Who is there besides, and must not notice. */
enum stage_other {
	STAGE_NOBODY,
	STAGE_DEVICE, /* of the host, with a paging domain */
	STAGE_GUEST,
	STAGE_OTHERS,
};

/* What is left out of the end of a guest: breaks.c. */
enum stage_break {
	STAGE_SOUND,
	STAGE_REQUESTS_KEPT,
	STAGE_HANDLER_KEPT,
	STAGE_DOMAIN_KEPT,
	STAGE_DOMAIN_LEAKED,
	STAGE_PARENT_KEPT,
	STAGE_TABLE_KEPT,
	STAGE_ID_LEAKED,
	STAGE_PASID_LEAKED,
	STAGE_BLOCK_LEAKED,
	STAGE_PAGE_LEAKED,
	STAGE_NOT_RESET,
	STAGE_NOT_CLOSED,
	STAGE_BREAKS,
};

/**
 * struct stage_cfg - one run
 * @kill_at: so many steps after the guest's first, 0: never.
 * @again:   a second kill so many steps later, 0: none.
 * @mute:    from then on the guest answers no page request.
 * @heir:    another guest gets the function as soon as the first is dead. With
 *           nobody else, and one kill.
 */
struct stage_cfg {
	enum vmm_how how;
	enum sva_iommu host;
	enum sva_iommu guest;
	enum stage_other other;
	enum sva_sim_strategy strategy;
	uint64_t seed;
	uint64_t kill_at;
	uint64_t again;
	bool mute;
	bool heir;
	enum stage_break brk;
	void (*trace)(void *arg, const char *line);
	void *trace_arg;
};

/**
 * struct stage_result - what came of it
 * @steps:  of the run. @window: of the guest's, at which it can be killed.
 * @killed: it was. @struck: the break did what it does.
 * @threads: how many there were at most.
 * @in_job, @in_request: it was killed with a job, a page request under way.
 */
struct stage_result {
	bool failed;
	char rule[16];
	char what[256];
	uint64_t steps;
	uint64_t window;
	uint64_t hash;
	bool killed;
	bool struck;
	unsigned int threads;
	bool in_job;
	bool in_request;
	size_t heap, pages;
};

/* cmocka: memory for runs. */
int stage_setup(void **state);
int stage_teardown(void **state);

struct stage_result stage_run(const struct stage_cfg *cfg);

/* os.c: a line of the trace, not of the hash. */
void os_line(struct sim *s, const char *text);

/**
 * struct holdings - what the host has, that a guest may be the reason for
 */
struct holdings {
	/* of a device */
	unsigned int pending, paging, guest_binds, features;
	bool handler, guest_faults;
	const struct iommu_domain *domain;
	/* of all */
	unsigned int domains, ids, irqs;
	uint64_t pasids;
	unsigned int live;
};

/**
 * struct stage - the run that is under way
 * @guest: the one that is killed; NULL: not yet, or not any more.
 * @first: the step at which it began; @last: at which it had shut down.
 * @dying: it is being killed, or was. @over: it is gone.
 * @jobs:  of its, under way.
 * @machine: blocks of memory that are the guest's own, not its software's;
 *         with what the host had before. @software: those of its software.
 */
struct stage {
	struct sim sim;
	struct stage_cfg cfg;
	struct vmm_host *host;
	struct vmm_guest *guest;
	uint64_t first, last;
	bool dying, over;
	unsigned int begun, ended; /* kills */
	unsigned int jobs;
	unsigned int machine, software;
	struct sim_thread *killers[2];
	uint64_t kill_at[2];
	bool go[2];
	struct holdings before;
	struct stage_result result;
};

extern struct stage *stage;

#define STAGE_GUEST_NAME "guest"

/* The break is on, and the guest is being killed: it strikes. */
bool stage_breaks(enum stage_break brk);

/* What a guest does with itself, from its boot to its end. */
void life_of_guest(struct stage *st, const char *name, unsigned int function);
/* Devices of the host's: nothing happens to what they have at @va. */
void life_of_device(struct stage *st, unsigned int function, uint64_t va);

void holdings_get(struct stage *st, unsigned int function,
		  struct holdings *ret);
/* A difference ends the run. @all: nobody else has come or gone. */
void holdings_same(struct stage *st, const struct holdings *now,
		   const struct holdings *then, bool all);
/* The function reaches nothing, and asks for nothing. */
void holdings_none(struct stage *st, unsigned int function);

#endif
