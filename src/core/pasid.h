/* SPDX-License-Identifier: MIT */
/*
 * The id space behind sva/ioasid.h.
 *
 * Which ids are free is a bitmap with two summary levels above it, so that the
 * lowest free id costs the same however many are taken. It is in one piece:
 * 128 KiB for 20 bits stay in a CPU's cache, which they would not do spread
 * over the entries. Entries live in chunks that are made when the first id of
 * a chunk is handed out and stay until the system goes: a reader never sees
 * one vanish.
 *
 * An entry's words are atomics, written under the lock. A generation beside
 * the reference count lets a reader without the lock notice that an id was
 * given to somebody else while it looked.
 */
#ifndef CORE_PASID_H
#define CORE_PASID_H

#include <stdatomic.h>

#include <sva/ioasid.h>
#include <sva/plat.h>

#include "base/list.h"

#define IOASID_CHUNK_LG2 10u
#define IOASID_CHUNK_IDS (1u << IOASID_CHUNK_LG2)
#define IOASID_CHUNKS    (1u << (IOMMU_PASID_BITS_MAX - IOASID_CHUNK_LG2))
#define IOASID_WORDS     (1u << (IOMMU_PASID_BITS_MAX - 6))
#define IOASID_GROUPS    (IOASID_WORDS / 64)

/*
 * All atomics, written under the lock. state: references 30:0, never to be
 * free again 31, generation 63:32. Kept small: what an operation on one of a
 * million ids costs is the cache and TLB misses on its entry.
 */
struct ioasid_entry {
	_Atomic uint64_t state;
	_Atomic(const struct ioasid_set *) set;
	_Atomic(void *) priv;
};

struct ioasid_chunk {
	struct ioasid_entry entries[IOASID_CHUNK_IDS];
};

/* Allocators with the same two functions; they share their ids. All (l). */
struct ioasid_kind {
	struct list link;
	struct list members;
	const struct ioasid_allocator_ops *first;
	unsigned int busy;    /* calls into the allocator that are running */
	unsigned int waiters; /* who waits for that */
	bool dying;
};

/*
 * Letters: (c) constant after init, (l) the lock, (a) atomic.
 *
 * free has a bit per id that can be handed out. word_free has a bit per word
 * of it that is not 0, group_free a bit per word of word_free that is not 0.
 */
struct ioasid_space {
	const struct plat *plat; /* (c) */
	uint32_t end;            /* (c) exclusive */
	struct plat_lock lock;
	struct list kinds;             /* (l) the first is active */
	struct plat_event kinds_event; /* a call or a kind has ended */
	_Atomic uint32_t live;         /* (a) written under (l) */
	_Atomic uint32_t live_max;     /* (a) written under (l) */
	_Atomic uint32_t leaked;       /* (a) of live: never freed */
	uint64_t group_free[IOASID_GROUPS / 64];              /* (l) */
	uint64_t word_free[IOASID_GROUPS];                    /* (l) */
	uint64_t *free;                                       /* words (l) */
	_Atomic(struct ioasid_chunk *) chunks[IOASID_CHUNKS]; /* (a) */
};

/* Return: 0, -ENOMEM. */
SVA_MUST_CHECK int ioasid_space_init(struct ioasid_space *space,
				     const struct plat *plat,
				     unsigned int bits);
void ioasid_space_fini(struct ioasid_space *space);

/* No id is out, but those that were given up for lost. */
bool ioasid_space_unused(const struct ioasid_space *space);

/* All ids become free, whoever has them. Lock held. How many were there? */
unsigned int ioasid_space_forget_locked(struct ioasid_space *space);

void ioasid_kind_free(struct ioasid_space *space, struct ioasid_kind *kind);

/*
 * Like ioasid_free(), by whom the private pointer is of: references that are
 * left lead to NULL. @leak: when they have gone too, the id still is not
 * handed out again.
 */
void ioasid_disown(struct iommu_system *sys, ioasid_t id, bool leak);

#endif
