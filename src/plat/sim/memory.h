/* SPDX-License-Identifier: MIT */
/*
 * The memory of a simulation: all of it in two pieces that are wiped between
 * runs. Nothing is used twice in a run: what is freed is poisoned and stays
 * so, and who touches it is found out. [R1]
 */
#ifndef PLAT_SIM_MEMORY_H
#define PLAT_SIM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_PAGE        4096u
#define SIM_HEAP_BYTES  (UINT64_C(16) << 20)
#define SIM_PAGES_BYTES (UINT64_C(32) << 20)
#define SIM_FRAMES      (SIM_PAGES_BYTES / SIM_PAGE)
/* Above 4 GiB, so that a cut address is a wrong one. */
#define SIM_PA_BASE     UINT64_C(0x880000000)
/* Aligned, not an address on x86-64, and never mapped elsewhere. */
#define SIM_POISON      0xf8

enum sim_frame_kind {
	SIM_FRAME_NONE,
	SIM_FRAME_STACK, /* of core and the drivers: tables, queues */
	SIM_FRAME_TABLE, /* of an address space's page table */
	SIM_FRAME_USER,  /* of a process */
};

/**
 * struct sim_frame - what is known of 4096 bytes of physical memory
 * @dead:  it was given up: nothing may reach it. @rule is the one that is
 *         broken when something does, @why says how it ended.
 * @owner: TABLE, USER: whose. @va: USER: where it is mapped there.
 * @perm:  USER: of enum iommu_perm, what a device may do; more while a
 *         restriction is under way.
 */
struct sim_frame {
	enum sim_frame_kind kind;
	bool dead;
	const char *rule;
	const char *why;
	const void *owner;
	uint64_t va;
	unsigned int perm;
};

struct sim_memory {
	char *heap;
	char *pages;
	size_t heap_used, pages_used;
	unsigned int live; /* blocks and runs of pages of core and drivers */
	struct sim_frame *frames;
};

/* Return: 0, -ENOMEM. */
int sim_memory_init(struct sim_memory *m);
void sim_memory_fini(struct sim_memory *m);

/* As after sim_memory_init(). */
void sim_memory_reset(struct sim_memory *m);

/* Zeroed, 64-byte aligned. NULL: full. */
void *sim_heap_alloc(struct sim_memory *m, size_t size);
/* False: no block starts there, or it was freed before. */
bool sim_heap_free(struct sim_memory *m, void *mem);
/* An object in a freed block? */
bool sim_heap_is_dead(const struct sim_memory *m, const void *p);
/* The first freed block that was written to; NULL: none. */
const void *sim_heap_damaged(const struct sim_memory *m, size_t *ret_offset);

void *sim_pages_alloc(struct sim_memory *m, size_t size,
		      enum sim_frame_kind kind, const void *owner);
bool sim_pages_free(struct sim_memory *m, void *pages, size_t size,
		    const char *rule, const char *why);

uint64_t sim_phys(const struct sim_memory *m, const void *va);
/* NULL: no memory there, or not @len bytes. */
void *sim_virt(const struct sim_memory *m, uint64_t pa, size_t len);
struct sim_frame *sim_frame_at(const struct sim_memory *m, uint64_t pa);

#endif
