/* SPDX-License-Identifier: MIT */
/*
 * A guest: memory behind a parent, two PASID tables with a page table each, and
 * the books of who reaches what through them. Each table has the books of a
 * process: what the device reaches through both stages is a page of it.
 *
 * What the guest maps is a page of guest-physical memory; whoever takes it
 * away, the guest or the host, gives up the memory. Addresses are used again.
 */
#ifndef PLAT_SIM_GUEST_H
#define PLAT_SIM_GUEST_H

#include <sva/guest.h>

#include "plat/sim/area.h"
#include "plat/sim/nest.h"

#define GUEST_TABLES 2u
#define GUEST_PAGES  4u
#define GUEST_ASKED  16u

/**
 * struct guest_table - one PASID, its entry and its page table
 * @area:  the books; its domain is the parent.
 * @mem:   PASID table and page table, at @gpa.
 * @at:    where the guest has its pages; 0: nowhere.
 * @on:    the PASID's entry is valid.
 * @last:  the last level of the page table: its frame; and where the guest has
 *         it.
 */
struct guest_table {
	struct area area;
	uint8_t *mem;
	uint64_t gpa;
	ioasid_t pasid;
	uint16_t asid;
	uint64_t at[GUEST_PAGES];
	bool on;
	uint64_t last, last_gpa;
};

/**
 * struct guest - see above
 * @slots:  of guest-physical memory in use, a bit each.
 * @bound:  the table that a device walks; NULL: none.
 * @single: PASIDs are bound one by one: bit per table, by device.
 * @killed: its processors have stopped. @busy: threads that it still has.
 * @asked:  that it has not answered.
 */
struct guest {
	struct world *w;
	const struct sim_nest *nest;
	struct iommu_domain *parent;
	struct guest_table tables[GUEST_TABLES];
	uint32_t slots;
	const struct guest_table *bound[WORLD_ENDPOINTS];
	bool attached[WORLD_ENDPOINTS];
	bool handled[WORLD_ENDPOINTS];
	unsigned int single[WORLD_ENDPOINTS];
	bool killed;
	unsigned int busy;
	struct {
		const struct endpoint *ep;
		struct iommu_page_response msg;
	} asked[GUEST_ASKED];
	unsigned int asked_count;
};

/* Something was made to fail, or hardware did: so calls do as well. */
bool guest_ails(const struct guest *g);

/*
 * Everything up to the parent on the devices. False: a call was made to fail;
 * guest_fini() is due either way. @singles: each table is of a PASID of its own.
 */
SVA_MUST_CHECK bool guest_init(struct guest *g, struct world *w, bool singles);
/*
 * The host's end of it: unbinds, detaches, frees; the devices may be at work.
 * No thread of the guest is left.
 */
void guest_fini(struct guest *g);

/* Its pages. By the guest, from its table; or by the host, from under it. */
void guest_map(struct guest *g, struct guest_table *t, unsigned int page);
void guest_unmap(struct guest *g, struct guest_table *t, unsigned int page,
		 bool host);
/* The last level of its page table is elsewhere from now on. */
void guest_move(struct guest *g, struct guest_table *t);
/* Its entry of the PASID comes, or goes. */
void guest_entry(struct guest *g, struct guest_table *t, bool on);

/* What the host is told to walk; false: a call was made to fail. */
bool guest_bind(struct guest *g, struct endpoint *ep,
		const struct guest_table *t);
void guest_unbind(struct guest *g, struct endpoint *ep);
/* For all devices, in place of what they had. */
bool guest_attach(struct guest *g, const struct guest_table *t);
void guest_detach(struct guest *g);
bool guest_bind_single(struct guest *g, struct endpoint *ep,
		       const struct guest_table *t);
void guest_unbind_single(struct guest *g, struct endpoint *ep,
			 const struct guest_table *t);

/* One of its requests is answered. */
void guest_answer(struct guest *g);

/* Which of them a PASID is about; in doubt, any. */
struct guest_table *guest_meant(struct guest *g, const struct endpoint *ep);

#endif
