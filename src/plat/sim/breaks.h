/* SPDX-License-Identifier: MIT */
/*
 * Breaks: defects put in from outside, each in the platform, the bus, the
 * registers or the memory around the stack. A watcher that does not find the
 * break that is meant for it watches nothing.
 */
#ifndef PLAT_SIM_BREAKS_H
#define PLAT_SIM_BREAKS_H

#include "plat/sim/sim.h"

enum sim_break_id {
	BREAK_SKIP_FLUSH,      /* a flush of a work queue does not wait */
	BREAK_LOST_RESPONSE,   /* an answer does not reach the device */
	BREAK_TWO_RESPONSES,   /* an answer reaches it twice */
	BREAK_WRONG_CODE,      /* Success becomes Invalid, and the reverse */
	BREAK_WRONG_GROUP,     /* the answer names another group */
	BREAK_MARKER_ANSWERED, /* a stop marker is answered */
	BREAK_LOCK_KEPT,       /* the SVA lock is kept across mm_exit */
	BREAK_SKIP_QUIESCE,    /* the exit leaves the entry as it is cached */
	BREAK_EXIT_NO_TLBI,    /* the exit flushes no TLB */
	BREAK_EXIT_LOUD,       /* the quiet entry records what it aborts */
	BREAK_NO_BARRIER,      /* no sync between TLB and ATC */
	BREAK_TORN_ENTRY,      /* two words of a live entry change at once */
	BREAK_EARLY_WORDS,     /* words change before V=0 is known */
	BREAK_NO_CFGI,         /* a bind does not invalidate the entry */
	BREAK_NO_TLBI,         /* an unmap does not invalidate the TLB */
	BREAK_NO_ATC_INV,      /* nor the device's cache */
	BREAK_ATC_FIRST,       /* the device's cache first, then the TLB */
	BREAK_NO_SYNC,         /* nobody waits for invalidations */
	BREAK_SHORT_RANGE,     /* the last page of a range is forgotten */
	BREAK_ATC_PASID,       /* the device's cache of another PASID */
	BREAK_ATTACH_GAP,      /* an unmap misses who is being attached */
	BREAK_UNBIND_NO_INV,   /* an unbind invalidates nothing */
	BREAK_ATS_FIRST,       /* ATS before PASID */
	BREAK_ATC_INV_LATE,    /* an ATC_INV after ATS went off */
	BREAK_ASID_FLUSH,      /* an ASID is used again without a flush */
	BREAK_ASID_SHARED,     /* two address spaces share an ASID */
	BREAK_EARLY_FREE,      /* a handle is used after its last unbind */
	BREAK_PUT_TWICE,       /* a reference to an mm is dropped twice */
	BREAK_NO_OVACK,        /* an overflow is not acknowledged */
	BREAK_PRI_ORDER,       /* two page requests change places */
	BREAK_LOST_IRQ,        /* an interrupt is lost */
	BREAK_TIMER_DEAD,      /* nobody looks at the time limit of answers */
	BREAK_LATE_ANSWER,     /* an answer after its timeout goes out */
	BREAK_NOT_CLOSED,      /* a dead SMMU goes on translating */
	BREAK_NO_PASID_INV,    /* the PASID cache is never invalidated */
	BREAK_NO_CONTEXT_INV,  /* the context cache is never invalidated */
	BREAK_PRESENT_FIRST,   /* an entry is present before its words are */
	BREAK_EARLY_OVACK,     /* an overflow is acknowledged unseen */
	BREAK_NOT_ISOLATED,    /* nor a device that does not forget */
	BREAK_NO_DRAIN,        /* a drain waits for no page requests */
	BREAK_MAP_GAP,         /* an unmap misses who is being attached, too */
	BREAK_DIRTY_FLUSH,     /* nothing is told that pages are clean */
	BREAK_GUEST_INV,       /* a guest's invalidation gets lost */
	BREAK_GUEST_SWAP,    /* an unbind of a guest's table forgets nothing */
	BREAK_GUEST_REPLACE, /* nor does another one in its place */
	BREAK_GUEST_ENTRY,   /* a guest's PASID entry is not looked at again */
	BREAK_GUEST_UNMAP,   /* an unmap leaves what both stages made */
	BREAK_GUEST_UNMAP_ATC, /* and what devices have of that */
	BREAK_GUEST_ID,        /* a guest's id is used again without a flush */
	BREAK_SHADOW_STALE,    /* an entry that went from a shadow comes back */
	BREAK_SKIP_GRACE,      /* a grace period does not wait */
	BREAK_COUNT,
};

struct sim_break {
	enum sim_break_id id;
	struct sva_sim_info info;
	unsigned int mock_defects; /* of enum mock_defect, which does it there */
	bool points; /* found only where atomic accesses are points: tests */
};

const struct sim_break *sim_break_at(unsigned int index);
const struct sim_break *sim_break_find(const char *name);

static inline bool sim_broken(const struct sim *s, enum sim_break_id id)
{
	return s->broken && s->broken->id == id;
}

/* The break does what it does, here. */
void sim_strike(struct sim *s, uint64_t detail);

#endif
