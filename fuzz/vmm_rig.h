/* SPDX-License-Identifier: MIT */
/*
 * A host with two guests: one is hostile, and its software is the input; the
 * other one minds its own business.
 */
#ifndef FUZZ_VMM_RIG_H
#define FUZZ_VMM_RIG_H

#include "fuzz/fuzz.h"
#include "fuzz/vmm_plat.h"
#include "fuzz/vmm_task.h"
#include "tests/vmm/hostile.h"

/* Kinds of host and guest, and how the one translates for the other. */
struct rig_pair {
	enum vmm_how how;
	enum sva_iommu host;
	enum sva_iommu guest;
};

enum {
	RIG_PAIRS = 6,
	RIG_LATER = 8,
	RIG_MSIS = 4,
	RIG_MEMORY = 4 << 20,
};

/* Functions of the host, and whose pages are whose. */
enum {
	SEAT_HOSTILE,
	SEAT_VICTIM,
	SEATS,
	PAGE_VICTIM = PAGE_GUEST,
	PAGE_HOSTILE,
};

extern const struct rig_pair rig_pairs[RIG_PAIRS];

/*
 * What happens in the middle of things: a word of the hostile guest's memory
 * changes, or others have a turn.
 */
struct rig_later {
	unsigned int points; /* accesses and locks from now on, 0: none */
	bool turn;
	uint64_t gpa;
	uint64_t value;
};

/* What the host has, that a guest may have been the reason for. */
struct rig_holdings {
	unsigned int domains;
	uint64_t pasids;
	unsigned int pending;
	unsigned int others;
	bool handler;
	unsigned int paging;
	unsigned int guest_binds;
	const struct iommu_domain *domain;
	unsigned int queues;
	unsigned int ids;
};

/**
 * struct rig
 * @in:     what the hostile guest does; @other_in: and its second processor,
 *          @other, if it does something.
 * @h:      the hostile guest, and what writes its tables.
 * @dead:   it has been killed.
 * @starved: the host was without memory, and may have said so.
 * @victim: the other one. @busy: it is at work; otherwise nobody looks at its
 *          memory.
 * @before: what the host had before there was the hostile guest.
 */
struct rig {
	struct in *in;
	struct in other_in;
	struct task *other;
	const struct rig_pair *pair;
	struct vmm_host *host;
	struct hw_env seats[SEATS];
	struct hostile h;
	bool dead;
	bool starved;
	struct plat_pci pci;
	struct plat_mmio bar0;
	struct plat_mmio bar2;
	struct plat_msi msis[RIG_MSIS];
	struct rig_later later[RIG_LATER];
	struct vmm_guest *victim;
	struct vmm_process *process;
	struct iommu_sva *sva;
	struct dsa_wq *wq;
	bool busy;
	uint32_t jobs;
	struct rig_holdings before;
};

void rig_create(struct rig *r, const struct rig_pair *pair,
		enum hw_personality personality);
/* All that there is goes, and nothing is left. */
void rig_end(struct rig *r);

/* A hostile guest, from its beginning to its end, and what has to hold then. */
void rig_life(struct rig *r);
void rig_life_end(struct rig *r);

/* What the processor that runs has to do. */
struct in *rig_in(struct rig *r);
/* The second processor of the hostile guest: @fn, with @in. */
void rig_other(struct rig *r, void (*fn)(void *arg), struct in in);

/* The hostile guest is killed. */
void rig_kill(struct rig *r);
/* The other one does a job. */
void rig_victim_works(struct rig *r);
/* The function's registers, as a driver of the guest's sets them. */
void rig_enable_function(struct rig *r);

/* vmm_oracle.c: every access and message is looked at from now on. */
void rig_watch(struct rig *r);
struct rig_holdings rig_holdings(struct rig *r);
/* What is left of the hostile guest, after its death. */
void rig_check_dead(struct rig *r);

#endif
