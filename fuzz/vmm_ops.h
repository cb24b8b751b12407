/* SPDX-License-Identifier: MIT */
/* Operations of the monitor's target, as the bytes of an input say them. */
#ifndef FUZZ_VMM_OPS_H
#define FUZZ_VMM_OPS_H

/* The low bits of the first byte are the pair. */
enum {
	OPTION_PAIR = 7,
	OPTION_EAGER = 8,  /* caches of the host's models forget at will */
	OPTION_BOOT = 16,  /* first the guest does as a guest should */
	OPTION_TWICE = 32, /* another guest does the same */
};

enum vmm_op {
	OP_POKE,    /* page, word of it: 2 bytes, and what */
	OP_MAP,     /* table, entry, and which page or table */
	OP_ENTRY,   /* PASID */
	OP_START,   /* registers of the emulated IOMMU */
	OP_COMMAND, /* choices of tests/vmm/hostile.h */
	OP_ANSWER,  /* the oldest group that waits */
	OP_RESPOND, /* to what was never asked */
	OP_UNIT_WRITE,
	OP_UNIT_READ,
	OP_SPACE_WRITE,
	OP_SPACE_READ,
	OP_BAR0_WRITE,
	OP_BAR0_READ,
	OP_ENABLE, /* the function, as a driver does */
	OP_DSA,    /* a command of the function's */
	OP_SUBMIT, /* portal, descriptor */
	OP_BATCH,  /* page, place in it, descriptor */
	OP_LATER,  /* after so many points: a turn, or page, word, what */
	OP_OTHER,  /* the next so many bytes, by a second processor */
	OP_SETTLE,
	OP_TURN,
	OP_PASS,   /* time */
	OP_FAIL,   /* which allocation of the host's */
	OP_VICTIM, /* the other guest does a job */
	OP_KILL,
	OPS,
};

/* Pages of the hostile guest that are mapped, at the addresses 0 and up. */
enum { DATA_PAGE = 20, DATA_PAGES = 32 };

/* vmm_seeds.c: what OPTION_BOOT stands for. */
struct out;
struct rig_pair;
void vmm_boot(struct out *out, const struct rig_pair *pair);

#endif
