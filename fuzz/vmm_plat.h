/* SPDX-License-Identifier: MIT */
/*
 * The platform under the monitor, for its fuzz target: it stands for the hosted
 * one, whose functions it defines, with one thread and the same run for the
 * same input. Interrupts, workers and engines are tasks with stacks of their
 * own. A task runs until it waits; the others go on in turn. Nobody but the
 * target itself says when: between its operations nothing happens by itself.
 *
 * Time passes only where somebody polls, or when all wait for it.
 *
 * Physical memory is one array of pages, each of which knows whose it is.
 */
#ifndef FUZZ_VMM_PLAT_H
#define FUZZ_VMM_PLAT_H

#include <sva/hosted.h>
#include <sva/model.h>
#include <sva/plat.h>

#include "fuzz/fuzz.h"

/* Not what a guest's addresses are, nor a process's. */
#define PLAT_PA  UINT64_C(0x100000000)
/* Where messages are written to; their data is the interrupt. */
#define PLAT_MSI UINT64_C(0xfee00000)

enum {
	PLAT_PAGES = 24 << 8, /* 24 MiB */
	PLAT_MSI_FIRST = 64,
};

/* Whose a page is. */
enum page_owner {
	PAGE_FREE,
	PAGE_HOST,
	PAGE_GUEST, /* + number */
};

/* Who asks for an access. */
enum who {
	WHO_IOMMU, /* the host's */
	WHO_GUEST, /* models of a guest, as its platform lets them */
	WHO_SEAT,  /* + number: an accelerator */
};

/**
 * struct plat_hooks - what the target has a say in
 * @place:  before each access; a defect may give another address.
 * @msi:    before each message, and each interrupt of a guest's (WHO_GUEST).
 * @log:    every message; @model_log: what a model calls an error.
 */
struct plat_hooks {
	uint64_t (*place)(unsigned int who, uint64_t pa, size_t len,
			  bool write);
	void (*msi)(unsigned int who, unsigned int irq);
	void (*log)(enum plat_log_level level, const char *text);
	void (*model_log)(unsigned int who, const char *text);
};
extern struct plat_hooks plat_hooks;

/* A finding if it never ends: tasks had so many turns since. */
void plat_begin(void);

/* Until nobody else can do anything. */
void plat_settle(void);
/* The others once. */
void plat_turn(void);
/* And so much later. */
void plat_pass(uint64_t ns);

/* Of the next pages that are as large as a guest's memory. */
void plat_next_owner(unsigned int owner);
unsigned int plat_owner(uint64_t pa);
bool plat_has(uint64_t pa, uint64_t len);
void *plat_virt(uint64_t pa, uint64_t len);

/* An edge, for whoever has asked for it. */
void plat_raise(unsigned int irq);

/* Surroundings of a kind, like those of plat_hosted_env(), WHO_IOMMU's. */
void plat_env(unsigned int who, struct hw_env *ret_env);

/* The so manieth allocation from now on fails; 0: none does. */
extern unsigned int plat_fail;

/* What there is: allocations, pages of the host's, requested interrupts. */
struct plat_live {
	long blocks;
	unsigned int pages;
	unsigned int irqs;
	unsigned int msis;
	unsigned int queues;
};
struct plat_live plat_live(void);

#endif
