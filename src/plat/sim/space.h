/* SPDX-License-Identifier: MIT */
/*
 * Address spaces of simulated processes: a page table in the simulation's own
 * memory, mappings that faults fill, and the shadow that says what a device
 * may see at each moment.
 */
#ifndef PLAT_SIM_SPACE_H
#define PLAT_SIM_SPACE_H

#include <sva/mm.h>

#include "pgtable/mm_table.h"
#include "plat/sim/sim.h"

#define SPACE_PAGES 8u
/* The mock's tables of paging domains have 39 bits. */
#define SPACE_BASE  UINT64_C(0x7f12340000)

/**
 * struct space_page - one page a process may have mapped
 * @allowed: of enum iommu_perm; 0: nothing is mapped.
 * @frame:   where it is now, 0: absent, a fault brings it.
 * @changed: step at which @allowed was last lowered or raised.
 * @changing: a restriction is under way: nobody can say what a device sees.
 */
struct space_page {
	unsigned int allowed;
	uint64_t frame;
	uint64_t changed;
	bool changing;
};

/**
 * struct space - one process
 * @handling:  threads in handle_fault().
 * @exit_step: when its last user went, 0: it lives.
 * @gone:      ops->exit has run. @freed: ops->free has.
 */
struct space {
	struct iommu_mm mm;
	struct sim *sim;
	const char *name;
	struct plat table_plat;
	struct plat_ops table_ops;
	struct plat_lock lock;
	struct mm_table table;
	struct space_page pages[SPACE_PAGES];
	unsigned int handling;
	uint64_t exit_step;
	uint64_t gone_step;
	bool gone;
	bool freed;
};

/*
 * Set up in place, in memory of the simulation that is not freed. fmt: what the
 * world's IOMMU will ask for; another one that does gets its table, too.
 */
SVA_MUST_CHECK int space_init(struct space *sp, struct sim *s,
			      struct iommu_system *sys, const char *name,
			      enum iommu_table_fmt fmt);

static inline uint64_t space_va(unsigned int page)
{
	return SPACE_BASE + (uint64_t)page * SIM_PAGE;
}

/* What a process does. None of them is called after space_exit(). */
void space_map(struct space *sp, unsigned int page, unsigned int perm);
void space_unmap(struct space *sp, unsigned int first, unsigned int count);
/* Downwards only. */
void space_protect(struct space *sp, unsigned int page, unsigned int perm);
/* The process has the page present, as after touching it. */
void space_touch(struct space *sp, unsigned int page);
void space_exit(struct space *sp);

/* The one whose table this is. NULL: nobody's. */
struct space *space_of_root(struct sim *s, uint64_t root);

#endif
