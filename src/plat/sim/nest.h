/* SPDX-License-Identifier: MIT */
/*
 * How a guest writes its tables on a kind of IOMMU: a PASID table in one or two
 * pages, and page tables of 512 entries, all guest-physical.
 */
#ifndef PLAT_SIM_NEST_H
#define PLAT_SIM_NEST_H

#include <sva/guest.h>

#include "base/le64.h"

struct world;

/**
 * struct sim_nest_entry - what a PASID table has of a PASID
 * @root:   of its page table.
 * @on:     valid.
 * @stalls: faults wait for the guest, where that is the entry's to say.
 */
struct sim_nest_entry {
	ioasid_t pasid;
	uint16_t asid;
	uint64_t root;
	bool on;
	bool stalls;
};

/**
 * struct sim_nest - see above
 * @model, @format: of sva/guest.h.
 * @size:    bytes of the PASID table, as the host is told.
 * @pages:   it has.
 * @levels:  of a page table.
 * @width:   bits of virtual addresses in a PASID bound by itself; 0: none is.
 * @tagged:  invalidations can name an ASID.
 * @nothing: an entry of a page table that leads nowhere.
 * @init:    an empty PASID table at @gpa.
 * @entry:   that of a PASID; what makes it valid last. Nothing of it is cached
 *           as another one.
 * @link, @leaf: an entry that leads to another table, to a page that may be
 *           read and written.
 * @id:      the hardware id that the endpoint has for the PASID now; for 0
 *           that of the parent. May be NULL.
 * @own_ids: of tables, besides their parents'.
 */
struct sim_nest {
	uint32_t model;
	uint32_t format;
	uint64_t size;
	unsigned int pages;
	unsigned int levels;
	unsigned int width;
	bool tagged;
	uint64_t nothing;
	void (*init)(le64_atomic *table, uint64_t gpa);
	void (*entry)(le64_atomic *table, const struct sim_nest_entry *e);
	uint64_t (*link)(uint64_t gpa);
	uint64_t (*leaf)(uint64_t gpa);
	unsigned int (*id)(struct world *w, unsigned int endpoint,
			   ioasid_t pasid);
	bool own_ids;
};

#endif
