/* SPDX-License-Identifier: MIT */
/*
 * The caches of the hit path: contexts by (stream, substream), translations by
 * (VMID, ASID, address). Read without a lock; changed under the model's lock
 * only.
 *
 * Translations of stage 2 alone are there, too, by (VMID, IPA): those of
 * streams that have no stage 1, and those that nested walks are made of. The
 * walk cache has the same form and the addresses of tables in it.
 */
#ifndef HW_SMMUV3_TLB_H
#define HW_SMMUV3_TLB_H

#include "models/smmuv3/state.h"

/* Key of a context. Never 0. */
static inline uint64_t smmuv3_hw_ctx_key(uint32_t sid, bool ssv, uint32_t ssid,
					 bool translated)
{
	return (uint64_t)sid << 32 | (ssv ? (uint64_t)ssid << 3 | 2 : 0) |
	       (translated ? BIT(23) : 0) | 1;
}

/* TLB tag: what a lookup has to match. */
enum {
	TLB_TAG_ASID_SHIFT = 0,
	TLB_TAG_VMID_SHIFT = 16,
	TLB_TAG_WORLD_SHIFT = 32,
	TLB_TAG_ASET_SHIFT = 34,
	TLB_TAG_BITS = 35,
	/* Beside it in an entry: */
	TLB_GLOBAL_SHIFT = 35,
	TLB_LEVEL_SHIFT = 36, /* 0 to 3; of a table one more than its level */
	TLB_TG_SHIFT = 38,    /* as in CMD_TLBI */
	TLB_ATTR_SHIFT = 40,  /* MAIR byte, then SH */
	/* Entry va: the address, aligned to the size, and */
	TLB_VA_VALID = 1,
	TLB_VA_LG2_SHIFT = 1,
	/* Entry out: the address, and the PERM_ bits. */
	TLB_OUT_PERM = 0xff,
};

#define TLB_TAG_MASK  (BIT(TLB_TAG_BITS) - 1)
#define TLB_ASID_MASK UINT64_C(0xffff)
#define TLB_VMID_MASK (UINT64_C(0xffff) << TLB_TAG_VMID_SHIFT)
#define TLB_ASET_MASK BIT(TLB_TAG_ASET_SHIFT)
#define TLB_PAGE_MASK (~UINT64_C(0xfff))

static inline uint64_t smmuv3_hw_tlb_tag(enum smmuv3_hw_world world,
					 uint64_t vmid, uint64_t asid)
{
	return (uint64_t)world << TLB_TAG_WORLD_SHIFT |
	       vmid << TLB_TAG_VMID_SHIFT | asid << TLB_TAG_ASID_SHIFT;
}

/*
 * A translation, as it comes from a walk or from the TLB. The hit path sees
 * the members down to @global.
 */
struct smmuv3_hw_leaf {
	uint64_t pa; /* of the start of the entry */
	unsigned int lg2;
	unsigned int level;
	unsigned int tg;   /* as in CMD_TLBI */
	unsigned int perm; /* PERM_* */
	unsigned int attr;
	bool global;
	struct smmuv3_hw_tlb_side side;
	bool accessed; /* may be kept in a TLB */
};

/* Bytes that follow struct smmuv3_hw, and what is in them. */
size_t smmuv3_hw_tlb_room(unsigned int lg2);
void smmuv3_hw_tlb_init(struct smmuv3_hw *m, unsigned int lg2);

/* Under the lock. -1: not there. */
int smmuv3_hw_ctx_find(struct smmuv3_hw *m, uint64_t key);
/* The slot that holds *ctx from now on. */
struct smmuv3_hw_ctx *smmuv3_hw_ctx_add(struct smmuv3_hw *m, uint64_t key,
					const struct smmuv3_hw_ctx *ctx);
/* Drops contexts whose key bits in mask are those of match. */
void smmuv3_hw_ctx_drop(struct smmuv3_hw *m, uint64_t match, uint64_t mask);

/*
 * va without the byte that TBI ignores. With or without the lock; -1, or the
 * index of the smallest entry.
 */
int smmuv3_hw_tlb_find(struct smmuv3_hw_tlb *t, uint64_t tag, uint64_t va,
		       struct smmuv3_hw_leaf *ret_leaf);
void smmuv3_hw_tlb_add(struct smmuv3_hw_tlb *t, uint64_t tag, uint64_t va,
		       const struct smmuv3_hw_leaf *leaf);
/* Translations and partial walks. */
void smmuv3_hw_tlb_flush(struct smmuv3_hw *m);

/**
 * struct smmuv3_hw_tlbi - which entries go
 * @match, @mask: of the tag; ASET is not looked at.
 * @globals: global ones too, whatever their ASID.
 * @leaf: no partial walks.
 * @by_va: only those that touch [@first, @last].
 * @tg: 0, or only those of that granule.
 * @level: 0, or only leaves of that level, and tables above it.
 */
struct smmuv3_hw_tlbi {
	uint64_t match, mask;
	bool globals;
	bool leaf;
	bool by_va;
	uint64_t first, last;
	unsigned int tg, level;
};

void smmuv3_hw_tlb_drop(struct smmuv3_hw *m, const struct smmuv3_hw_tlbi *inv);

/*
 * The hit path: the context word of a key, without the lock.
 */
static inline bool smmuv3_hw_ctx_word(struct smmuv3_hw *m, uint64_t key,
				      uint64_t *ret_word)
{
	unsigned int set = smmuv3_hw_hash(key, CTX_LG2);
	unsigned int i;

	for (i = set; i < set + CACHE_WAYS; i++) {
		struct smmuv3_hw_ctx_entry *e = &m->ctx[i];
		uint64_t seq, word;

		/* Pairs with the release stores of entry_write(). */
		seq = atomic_load_explicit(&e->seq, memory_order_acquire);
		/*
		 * Sequentially consistent, after port_begin(): pairs with
		 * entry_clear() before smmuv3_hw_drain().
		 */
		if (atomic_load_explicit(&e->key, memory_order_seq_cst) != key)
			continue;
		word = atomic_load_explicit(&e->word, memory_order_acquire);
		if (seq & 1 ||
		    seq != atomic_load_explicit(&e->seq, memory_order_relaxed))
			continue;
		*ret_word = word;
		return true;
	}
	return false;
}

#endif
