/* SPDX-License-Identifier: MIT */
/*
 * Watchers of a VT-d unit's memory and descriptors: entries are never torn
 * [R7], each domain id has one owner [R13].
 */
#ifndef PLAT_SIM_VTD_WATCH_H
#define PLAT_SIM_VTD_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "fmt/vtd.h"
#include "plat/sim/sim.h"

#define VTD_WATCH_DEVICES   2u
#define VTD_WATCH_PASIDS    6u
#define VTD_WATCH_DIDS      64u
#define VTD_PASID_WORDS_ALL 8u

struct world;

struct vtd_watch_context {
	bool known;
	struct vtd_sm_context ctx;
};

/*
 * What an entry was at the last look; @early: once it was @fetched. @gone: of a
 * guest, when it was last present.
 */
struct vtd_watch_pasid {
	bool known, fetched;
	struct vtd_pasid pe, early, gone;
};

/* What an id was last used for. @flushed: since it was live. */
struct vtd_watch_use {
	uint64_t root;
	bool live;
	bool flushed;
};

/* Of a guest's: its second stage, and by PASID the first stages above it. */
struct vtd_watch_did {
	bool guest;
	struct vtd_watch_use use;
	struct vtd_watch_use firsts[VTD_WATCH_PASIDS];
};

/* What a thread's walk has of a PASID entry; @pa: where it is, 0: nothing. */
struct vtd_fetch {
	uint64_t pa;
	struct vtd_pasid pe;
};

/**
 * struct vtd_watch - see above
 * @iqa, @iqt, @pqa, @rtaddr: registers as the driver wrote them; @pqh: where it
 *          reads, which is not what the model was told.
 * @fault_data: of the message about recorded faults.
 * @spare:  the driver has set up a second queue, as the first one is dead.
 * @off:    everything is blocked: no entry is live.
 */
struct vtd_watch {
	struct world *w;
	uint64_t iqa, iqt, pqa, pqh, rtaddr;
	uint32_t fault_data;
	bool off, spare;
	struct vtd_watch_context ctxs[VTD_WATCH_DEVICES];
	struct vtd_watch_pasid pasids[VTD_WATCH_DEVICES][VTD_WATCH_PASIDS];
	struct vtd_watch_did dids[VTD_WATCH_DIDS];
	struct vtd_fetch fetches[SIM_THREADS];
};

/* The context entry of an endpoint, as memory has it now, has P and DTE. */
bool vtd_watch_dte(struct vtd_watch *t, unsigned int index);
/* Domain id of a PASID there, 0: of what has none. 0: there is no entry. */
unsigned int vtd_watch_did(struct vtd_watch *t, unsigned int index,
			   ioasid_t pasid);
/*
 * Of the entry at @pa, what the unit may have fetched early: from now until it
 * is told to forget. NULL: none is there that is watched.
 */
struct vtd_pasid *vtd_watch_early(struct vtd_watch *t, uint64_t pa);
/* It is told. 0: all PASIDs. */
void vtd_watch_forget(struct vtd_watch *t, ioasid_t pasid);
/* A look at all entries. */
void vtd_watch_look(struct vtd_watch *t);
/* The unit has written a record at @pa, which is @record here. */
void vtd_watch_record(struct vtd_watch *t, uint64_t pa, void *record);
/* The driver writes @tail to IQT. Breaks change what is new in the queue. */
void vtd_watch_descriptors(struct vtd_watch *t, uint64_t tail);

/* vtd_watch_did.c: what all entries say of domain ids; a descriptor is sent. */
void vtd_watch_dids(struct vtd_watch *t);
void vtd_watch_flushed(struct vtd_watch *t, const struct vtd_inv *inv);
/* A break: an entry that is being made at @p gets the id of another. */
void vtd_watch_share_did(struct vtd_watch *t, const struct vtd_watch_pasid *w,
			 void *p);

#endif
