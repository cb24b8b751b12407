/* SPDX-License-Identifier: MIT */
/*
 * What a remapping unit keeps of its tables, and of translations.
 *
 * Contexts and PASID entries are kept as they are in memory, contexts by
 * source id and PASID entries by source id and PASID: section 6.2. Both are
 * there as software wrote them at the time, so a changed one is not seen until
 * its invalidation. What the two make of a request is in ctx, decoded, for the
 * path that takes no lock; nothing is in there that the other two would not
 * give at once.
 *
 * Letters as in state.h: (c) constant after create, (l) under the model's
 * lock, (a) atomic.
 */
#ifndef HW_VTD_CACHES_H
#define HW_VTD_CACHES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fmt/vtd_tables.h"

enum {
	VTD_HW_WAYS = 4,
	VTD_HW_CTX_LG2 = 10,
	VTD_HW_CONTEXTS_LG2 = 9,
	VTD_HW_PASIDS_LG2 = 11,
	VTD_HW_WALKS_LG2 = 10,
};

/* Whose addresses a translation is of. */
enum vtd_hw_stage {
	VTD_HW_SS = 0,     /* of a domain: second stage, also in legacy mode */
	VTD_HW_FS = 1,     /* of a domain and a PASID */
	VTD_HW_NESTED = 2, /* the same, both stages */
};

enum vtd_hw_kind {
	VTD_HW_NONE,
	VTD_HW_PASS, /* output is input, checked against the host's width */
	VTD_HW_TRANSLATE,
};

/*
 * How requests of one source, with one PASID or without, are served.
 *
 * @pasid: whose entry it is, for requests without PASID too; 0 in legacy mode.
 * @by_pasid: a PASID entry says so.
 * @fpd: faults of its requests are not recorded, if the reason allows that.
 * @rid_priv: requests without PASID are privileged.
 * @fs, @ss: stages that translate; @fs_base is a guest address if both do.
 * @tag, @ss_tag: what translations, and those of the second stage of a nested
 *          one, are kept under; see tlb.h.
 */
struct vtd_hw_ctx {
	enum vtd_hw_kind kind;
	uint32_t pasid;
	uint16_t did;
	bool scalable, by_pasid;
	bool fpd;
	bool dte;
	bool rid_priv;
	bool sre, ere;
	bool fs, ss;
	bool wpe, nxe, smep, eafe;
	bool ssade;
	bool pwsnp, pgsnp;
	uint8_t fs_levels, ss_levels;
	uint64_t fs_base, ss_base;
	uint64_t tag, ss_tag;
};

/*
 * The same as the hit path sees it; see tlb.c for the protocol.
 *
 * @word: kind 1:0, sre 2, ere 3, rid_priv 4, pgsnp 5, tag 56:16.
 */
struct vtd_hw_ctx_entry {
	_Alignas(32) _Atomic uint64_t seq;
	_Atomic uint64_t key;
	_Atomic uint64_t word;
};

/* @va, @tag, @out: see tlb.h. */
struct vtd_hw_tlb_entry {
	_Alignas(32) _Atomic uint64_t seq;
	_Atomic uint64_t va;
	_Atomic uint64_t tag;
	_Atomic uint64_t out;
};

/* Translations, or pointers to tables. */
struct vtd_hw_tlb {
	struct vtd_hw_tlb_entry *entry; /* (c) */
	unsigned int lg2;               /* (c) */
	/* Bit n: entries of 1 << n bytes may be there. */
	_Atomic uint64_t sizes; /* (a) */
	unsigned int victim;    /* (l) */
	unsigned int count;     /* (l) */
	bool fractured; /* (l) some are smaller than their first stage */
};

struct vtd_hw_xlat {
	struct vtd_hw_tlb tlb;
	struct vtd_hw_tlb walks; /* of paging structures; under the lock */

	struct vtd_hw_ctx_entry ctx[1 << VTD_HW_CTX_LG2]; /* (a) */
	struct vtd_hw_ctx ctx_full[1 << VTD_HW_CTX_LG2];  /* (l) */
	uint64_t ctx_used[(1 << VTD_HW_CTX_LG2) / 64];    /* (l) */
	unsigned int ctx_victim;                          /* (l) */

	/*
	 * Keys are never 0, which is a free one. Legacy contexts have half.
	 * used: a bit for each place that has a key, as an invalidation looks
	 * for few among many.
	 */
	uint64_t context_key[1 << VTD_HW_CONTEXTS_LG2];          /* (l) */
	struct vtd_sm_context context[1 << VTD_HW_CONTEXTS_LG2]; /* (l) */
	unsigned int context_victim;                             /* (l) */
	uint64_t pasid_key[1 << VTD_HW_PASIDS_LG2];              /* (l) */
	struct vtd_pasid pasid[1 << VTD_HW_PASIDS_LG2];          /* (l) */
	uint64_t pasid_used[(1 << VTD_HW_PASIDS_LG2) / 64];      /* (l) */
	/* FPD of the directory entry it was found by. */
	bool pasid_fpd[1 << VTD_HW_PASIDS_LG2]; /* (l) */
	unsigned int pasid_victim;              /* (l) */
};

static inline void vtd_hw_used_set(uint64_t *used, unsigned int i)
{
	used[i / 64] |= UINT64_C(1) << i % 64;
}

static inline void vtd_hw_used_clear(uint64_t *used, unsigned int i)
{
	used[i / 64] &= ~(UINT64_C(1) << i % 64);
}

/* The first that is used from i on, of n, a multiple of 64; n: none is. */
static inline unsigned int vtd_hw_used_next(const uint64_t *used,
					    unsigned int i, unsigned int n)
{
	for (; i < n; i = (i | 63) + 1) {
		uint64_t left = used[i / 64] >> i % 64;

		if (left)
			return i + (unsigned int)__builtin_ctzll(left);
	}
	return n;
}

/* clang-format off */
/* i is each that is used, in turn; it may be cleared meanwhile. */
#define vtd_hw_used_each(i, used, n)					\
	for ((i) = vtd_hw_used_next((used), 0, (n)); (i) < (n);		\
	     (i) = vtd_hw_used_next((used), (i) + 1, (n)))
/* clang-format on */

/* Index of the first way of the set of @key in a cache of 1 << lg2. */
static inline unsigned int vtd_hw_hash(uint64_t key, unsigned int lg2)
{
	uint64_t h = (key ^ key >> 32) * UINT64_C(0x9e3779b97f4a7c15);

	return (unsigned int)(h >> (66 - lg2)) * VTD_HW_WAYS;
}

#endif
