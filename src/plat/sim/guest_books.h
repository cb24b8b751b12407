/* SPDX-License-Identifier: MIT */
/* What guest.c and guest_bind.c share. */
#ifndef PLAT_SIM_GUEST_BOOKS_H
#define PLAT_SIM_GUEST_BOOKS_H

#include "plat/sim/breaks.h"
#include "plat/sim/guest.h"

#define GUEST_RW ((unsigned int)(IOMMU_PERM_READ | IOMMU_PERM_WRITE))

/* A call that nothing was made to fail in, and that may not fail. */
void guest_must(const struct guest *g, int err, const char *what);
/* A break: that call, and what else falls into its time, forgets nothing. */
void guest_deafen(const struct guest *g, enum sim_break_id id, bool deaf);
/* Guest-physical address of a table's page table. */
uint64_t guest_root(const struct guest *g, const struct guest_table *t);

/* The parent on all devices, and who hears their faults; and off again. */
SVA_MUST_CHECK bool guest_plug(struct guest *g);
void guest_unplug(struct guest *g);

/* An entry that changes, for those devices that walk its table; has changed. */
void guest_books_entry(struct guest *g, struct guest_table *t, bool on,
		       bool done);

#endif
