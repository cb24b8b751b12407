/* SPDX-License-Identifier: MIT */
/*
 * The caches of the hit path: contexts by (source, PASID), translations by
 * (domain, PASID, address). Read without a lock; changed under the model's
 * lock only.
 *
 * Tags are those of section 6.2: translations of the second stage belong to
 * their domain, whatever PASID used them and whether they were of a request or
 * of a table of the first stage; others to their domain and PASID. The cache
 * of paging structures has the same form and the addresses of tables in it.
 */
#ifndef HW_VTD_TLB_H
#define HW_VTD_TLB_H

#include "models/vtd/caches.h"
#include "models/vtd/state.h"

/* Key of a context: of a request, or of a translated request. Never 0. */
static inline uint64_t vtd_hw_ctx_key(uint32_t sid, bool pv, uint32_t pasid,
				      bool translated)
{
	return (uint64_t)(sid & 0xffff) << 32 |
	       (pv ? (uint64_t)pasid << 3 | 2 : 0) |
	       (translated ? BIT(23) : 0) | 1;
}

enum {
	/* Tag: what a lookup has to match. */
	TLB_TAG_DID_SHIFT = 0,
	TLB_TAG_PASID_SHIFT = 16,
	TLB_TAG_STAGE_SHIFT = 36,
	TLB_TAG_RULES_SHIFT = 38,
	TLB_TAG_BITS = 41,
	/* Beside it in an entry: the first stage's leaf it is a part of. */
	TLB_INV_LG2_SHIFT = 41,
	/* Entry va: the address, aligned to the size, and */
	TLB_VA_VALID = 1,
	TLB_VA_LG2_SHIFT = 1,
	/* Entry out: the address, and LEAF_* */
	TLB_OUT_BITS = 0xfff,
};

#define TLB_TAG_MASK   (BIT(TLB_TAG_BITS) - 1)
/* Without the rules, which no invalidation names. */
#define TLB_WHO_MASK   (BIT(TLB_TAG_RULES_SHIFT) - 1)
#define TLB_DID_MASK   UINT64_C(0xffff)
#define TLB_PASID_MASK (UINT64_C(0xfffff) << TLB_TAG_PASID_SHIFT)
#define TLB_STAGE_MASK (UINT64_C(3) << TLB_TAG_STAGE_SHIFT)
#define TLB_PAGE_MASK  (~UINT64_C(0xfff))

static inline uint64_t vtd_hw_tlb_tag(enum vtd_hw_stage stage, uint64_t did,
				      uint64_t pasid)
{
	return (uint64_t)stage << TLB_TAG_STAGE_SHIFT |
	       (stage == VTD_HW_SS ? 0 : pasid << TLB_TAG_PASID_SHIFT) |
	       did << TLB_TAG_DID_SHIFT;
}

/*
 * What of a PASID entry decides what its first stage allows, apart from the
 * tables: the same tables may be under other rules for another function, whose
 * translations these are not (6.2.1, lookup by source-id).
 */
static inline uint64_t vtd_hw_tlb_rules(bool wpe, bool smep, bool nxe)
{
	return (uint64_t)(wpe | smep << 1 | nxe << 2) << TLB_TAG_RULES_SHIFT;
}

/*
 * What a leaf allows, IOMMU_PERM_* of a user and, shifted, of a supervisor,
 * and what else is known of it.
 *
 * DIRTY: a write has no flag to set any more. SUPERVISOR: not for users (U/S
 * is 0). SNOOP: SNP of the second stage.
 */
enum {
	LEAF_PRIV_SHIFT = 3,
	LEAF_USER = 7,
	LEAF_PRIV = 7 << LEAF_PRIV_SHIFT,
	LEAF_DIRTY = 1 << 6,
	LEAF_SUPERVISOR = 1 << 7,
	LEAF_SNOOP = 1 << 8,
};

/* A translation, as it comes from a walk or from the IOTLB. */
struct vtd_hw_leaf {
	uint64_t pa; /* of the start of the entry */
	unsigned int lg2;
	unsigned int bits; /* LEAF_* */
	unsigned int inv_lg2;
};

/* What of @need, at this privilege, the leaf lacks. */
static inline unsigned int vtd_hw_lacks(unsigned int bits, bool priv,
					unsigned int need)
{
	return need & ~(bits >> (priv ? LEAF_PRIV_SHIFT : 0)) & LEAF_USER;
}

/* 3.14: addresses of interrupts. */
static inline bool vtd_hw_is_interrupt(uint64_t addr)
{
	return addr >> 12 >= VTD_MSI_FIRST_PAGE &&
	       addr >> 12 <= VTD_MSI_LAST_PAGE;
}

/* A page that nothing is to be mapped to: that is an error, and not kept. */
static inline bool vtd_hw_leaf_blocked(const struct vtd_hw_leaf *leaf)
{
	return leaf->lg2 == 12 && vtd_hw_is_interrupt(leaf->pa);
}

/* Bytes that follow the model's state for the entries. */
size_t vtd_hw_tlb_room(unsigned int lg2);
void vtd_hw_tlb_init(struct vtd_hw_xlat *x, void *room, unsigned int lg2);

/* Under the lock. -1: not there. */
int vtd_hw_ctx_find(struct vtd_hw *m, uint64_t key);
/* The slot that holds *ctx from now on. */
struct vtd_hw_ctx *vtd_hw_ctx_add(struct vtd_hw *m, uint64_t key,
				  const struct vtd_hw_ctx *ctx);
/* By index: the key, or 0; forgets it; forgets all. */
uint64_t vtd_hw_ctx_key_at(const struct vtd_hw_xlat *x, unsigned int i);
void vtd_hw_ctx_clear(struct vtd_hw_xlat *x, unsigned int i);
void vtd_hw_ctx_flush(struct vtd_hw_xlat *x);

/* With or without the lock; -1, or the index of the smallest entry. */
int vtd_hw_tlb_find(struct vtd_hw_tlb *t, uint64_t tag, uint64_t va,
		    struct vtd_hw_leaf *ret_leaf);
void vtd_hw_tlb_add(struct vtd_hw_tlb *t, uint64_t tag, uint64_t va,
		    const struct vtd_hw_leaf *leaf);

/* What an invalidation of the IOTLB is about. */
enum vtd_hw_tlb_scope {
	VTD_HW_TLB_ALL,         /* everything */
	VTD_HW_TLB_DOMAIN,      /* what is tagged @did */
	VTD_HW_TLB_PAGES,       /* IOTLB inval., page-selective: 6.5.2.3 */
	VTD_HW_TLB_PASID,       /* all of @pasid in @did */
	VTD_HW_TLB_PASID_PAGES, /* pages of @pasid in @did */
};

/**
 * struct vtd_hw_tlb_inv - what an invalidation is about
 * @am: log2 of 4 KiB pages; bits of @addr below that are not looked at.
 * @ih: leaf entries only have changed.
 */
struct vtd_hw_tlb_inv {
	enum vtd_hw_tlb_scope scope;
	uint16_t did;
	bool ih;
	uint8_t am;
	ioasid_t pasid;
	uint64_t addr;
};

/* Under the lock. The ports are not waited for: vtd_hw_drain() does. */
void vtd_hw_tlb_inv(struct vtd_hw *m, const struct vtd_hw_tlb_inv *inv);
void vtd_hw_tlb_flush(struct vtd_hw *m);

/* The hit path: the context word of a key, without the lock. */
static inline bool vtd_hw_ctx_word(struct vtd_hw_xlat *x, uint64_t key,
				   uint64_t *ret_word)
{
	unsigned int set = vtd_hw_hash(key, VTD_HW_CTX_LG2);
	unsigned int i;

	for (i = set; i < set + VTD_HW_WAYS; i++) {
		struct vtd_hw_ctx_entry *e = &x->ctx[i];
		uint64_t seq, word;

		/* Pairs with the release stores of entry_write(). */
		seq = atomic_load_explicit(&e->seq, memory_order_acquire);
		/*
		 * Sequentially consistent, after port_begin(): pairs with
		 * entry_clear() before vtd_hw_drain().
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
