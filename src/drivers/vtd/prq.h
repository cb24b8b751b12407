/* SPDX-License-Identifier: MIT */
/* Page requests: between the queue (prq.c) and what becomes of them (pri.c). */
#ifndef DRIVERS_VTD_PRQ_H
#define DRIVERS_VTD_PRQ_H

#include <sva/plat.h>

#include "base/le64.h"
#include "fmt/vtd_queue.h"

struct vtd_unit;

/* Page requests one device may have outstanding, if there is room. */
#define VTD_PRI_QUOTA 32u

/* The most times a drain is repeated because the queue overflowed. */
#define VTD_DRAIN_ROUNDS 4u

/**
 * struct vtd_prq - a page request queue
 * @event:     @busy or @drains has changed.
 * @head:      in bytes.
 * @overflows: so far.
 * @busy:      somebody has a pass. @drains: so many wait for one.
 * @credits:   outstanding requests that may still be granted to devices, so
 *             that all of them find room.
 *
 * (q) under @lock, (r) of who has the pass.
 */
struct vtd_prq {
	struct plat_lock lock;
	struct plat_event event;
	le64_atomic *entries;
	uint32_t head;        /* (r) */
	uint64_t overflows;   /* (q) */
	bool busy;            /* (q) */
	unsigned int drains;  /* (q) */
	unsigned int credits; /* (q) */
};

/* pri.c: a record was read. May sleep. */
void vtd_prq_record(struct vtd_unit *u, const struct vtd_prd *prd);

#endif
