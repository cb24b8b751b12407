/* SPDX-License-Identifier: MIT */
/*
 * Context and translation caches.
 *
 * Every entry is a sequence lock whose data words are atomic. The writer holds
 * the model's lock: it makes seq odd, stores the words with release, and makes
 * seq even with release. A reader that sees a new word also sees the odd seq,
 * and gives up.
 *
 * An invalidation clears the first word with a sequentially consistent store
 * and then reads every port's busy counter; a translation makes its port busy
 * and then reads the first word, both sequentially consistent. So either the
 * translation misses, or the invalidation waits for it. The same holds for an
 * entry that made room for another one before it was to be invalidated.
 */
#include "models/smmuv3/tlb.h"

/* Words of an entry, the one that says which it is being the first. */
static void entry_write(_Atomic uint64_t *seq, _Atomic uint64_t *words,
			const uint64_t *values, unsigned int n)
{
	uint64_t s = atomic_load_explicit(seq, memory_order_relaxed);
	unsigned int i;

	atomic_store_explicit(seq, s + 1, memory_order_relaxed);
	/* A release too, and like entry_clear() for what was here. */
	atomic_store_explicit(&words[0], values[0], memory_order_seq_cst);
	/* Pair with the acquire loads of a reader. */
	for (i = 1; i < n; i++)
		atomic_store_explicit(&words[i], values[i],
				      memory_order_release);
	atomic_store_explicit(seq, s + 2, memory_order_release);
}

/* Pairs with the load of the word in a translation, see above. */
static void entry_clear(_Atomic uint64_t *first)
{
	atomic_store_explicit(first, 0, memory_order_seq_cst);
}

static uint64_t relaxed(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

int smmuv3_hw_ctx_find(struct smmuv3_hw *m, uint64_t key)
{
	unsigned int set = smmuv3_hw_hash(key, CTX_LG2);
	unsigned int i;

	for (i = set; i < set + CACHE_WAYS; i++)
		if (relaxed(&m->ctx[i].key) == key)
			return (int)i;
	return -1;
}

static uint64_t ctx_word(const struct smmuv3_hw_ctx *ctx)
{
	return (uint64_t)ctx->kind | (uint64_t)ctx->ttb[0].tbi << 2 |
	       (uint64_t)ctx->ttb[1].tbi << 3 | (uint64_t)ctx->privcfg << 4 |
	       (uint64_t)ctx->instcfg << 6 | ctx->tag << 16;
}

struct smmuv3_hw_ctx *smmuv3_hw_ctx_add(struct smmuv3_hw *m, uint64_t key,
					const struct smmuv3_hw_ctx *ctx)
{
	unsigned int set = smmuv3_hw_hash(key, CTX_LG2);
	uint64_t words[2] = { key, ctx_word(ctx) };
	unsigned int i;

	for (i = set; i < set + CACHE_WAYS; i++)
		if (!relaxed(&m->ctx[i].key))
			break;
	if (i == set + CACHE_WAYS)
		i = set + m->ctx_victim++ % CACHE_WAYS;
	m->ctx_full[i] = *ctx;
	entry_write(&m->ctx[i].seq, &m->ctx[i].key, words, 2);
	return &m->ctx_full[i];
}

void smmuv3_hw_ctx_drop(struct smmuv3_hw *m, uint64_t match, uint64_t mask)
{
	unsigned int i = 0, end = 1u << CTX_LG2;

	if (mask == UINT64_MAX) {
		i = smmuv3_hw_hash(match, CTX_LG2);
		end = i + CACHE_WAYS;
	}
	for (; i < end; i++) {
		uint64_t key = relaxed(&m->ctx[i].key);

		if (key && !((key ^ match) & mask))
			entry_clear(&m->ctx[i].key);
	}
}

/* Index of the first way. ASIDs share the set of a global entry. */
static unsigned int tlb_set(const struct smmuv3_hw *m, uint64_t tag,
			    uint64_t va, unsigned int lg2, bool global)
{
	uint64_t x = va >> lg2;

	if (global)
		tag &= ~TLB_ASID_MASK;
	x += tag * UINT64_C(0xff51afd7ed558ccd) + lg2;
	return smmuv3_hw_hash(x, m->tlb_lg2);
}

static bool tlb_read(struct smmuv3_hw_tlb_entry *e, uint64_t tag,
		     uint64_t tag_mask, uint64_t va,
		     struct smmuv3_hw_leaf *ret_leaf)
{
	uint64_t seq, t, out;

	/* Pairs with the release stores of entry_write(). */
	seq = atomic_load_explicit(&e->seq, memory_order_acquire);
	/* After port_begin(): pairs with entry_clear() before a drain. */
	if (atomic_load_explicit(&e->va, memory_order_seq_cst) != va)
		return false;
	t = atomic_load_explicit(&e->tag, memory_order_acquire);
	out = atomic_load_explicit(&e->out, memory_order_acquire);
	if (seq & 1 || seq != relaxed(&e->seq) || (t ^ tag) & tag_mask)
		return false;
	ret_leaf->pa = out & TLB_PAGE_MASK;
	ret_leaf->perm = (unsigned int)(out & TLB_OUT_PERM);
	ret_leaf->level = t >> TLB_LEVEL_SHIFT & 3;
	ret_leaf->tg = t >> TLB_TG_SHIFT & 3;
	ret_leaf->global = t >> TLB_GLOBAL_SHIFT & 1;
	ret_leaf->attr = (unsigned int)(t >> TLB_ATTR_SHIFT);
	return true;
}

bool smmuv3_hw_tlb_find(struct smmuv3_hw *m, uint64_t tag, uint64_t va,
			struct smmuv3_hw_leaf *ret_leaf)
{
	int global;

	for (global = 0; global < 2; global++) {
		uint64_t sizes = relaxed(&m->tlb_sizes[global]);
		uint64_t want = tag | (uint64_t)global << TLB_GLOBAL_SHIFT;
		uint64_t mask = TLB_TAG_MASK | BIT(TLB_GLOBAL_SHIFT);

		if (global)
			mask &= ~TLB_ASID_MASK;
		for (; sizes; sizes &= sizes - 1) {
			unsigned int lg2 = (unsigned int)__builtin_ctzll(sizes);
			unsigned int i = tlb_set(m, tag, va, lg2, global);
			unsigned int end = i + CACHE_WAYS;
			uint64_t key = (va >> lg2 << lg2) | TLB_VA_VALID |
				       (uint64_t)lg2 << TLB_VA_LG2_SHIFT;

			for (; i < end; i++) {
				if (!tlb_read(&m->tlb[i], want, mask, key,
					      ret_leaf))
					continue;
				ret_leaf->lg2 = lg2;
				return true;
			}
		}
	}
	return false;
}

void smmuv3_hw_tlb_add(struct smmuv3_hw *m, uint64_t tag, uint64_t va,
		       const struct smmuv3_hw_leaf *leaf)
{
	unsigned int lg2 = leaf->lg2;
	unsigned int set = tlb_set(m, tag, va, lg2, leaf->global);
	uint64_t mask = TLB_TAG_MASK, sizes;
	uint64_t words[3];
	unsigned int i;

	words[0] = (va >> lg2 << lg2) | TLB_VA_VALID |
		   (uint64_t)lg2 << TLB_VA_LG2_SHIFT;
	words[1] = tag | (uint64_t)leaf->global << TLB_GLOBAL_SHIFT |
		   (uint64_t)leaf->level << TLB_LEVEL_SHIFT |
		   (uint64_t)leaf->tg << TLB_TG_SHIFT |
		   (uint64_t)leaf->attr << TLB_ATTR_SHIFT;
	words[2] = leaf->pa | leaf->perm;
	if (leaf->global)
		mask &= ~TLB_ASID_MASK;

	/* In the place of what it replaces, else in a free one. */
	for (i = set; i < set + CACHE_WAYS; i++)
		if (relaxed(&m->tlb[i].va) == words[0] &&
		    !((relaxed(&m->tlb[i].tag) ^ words[1]) & mask))
			break;
	if (i == set + CACHE_WAYS)
		for (i = set; i < set + CACHE_WAYS; i++)
			if (!relaxed(&m->tlb[i].va))
				break;
	if (i == set + CACHE_WAYS)
		i = set + m->tlb_victim++ % CACHE_WAYS;
	entry_write(&m->tlb[i].seq, &m->tlb[i].va, words, 3);

	/* A reader that misses the bit takes the lock and looks again. */
	sizes = relaxed(&m->tlb_sizes[leaf->global]);
	if (!(sizes & BIT(lg2)))
		atomic_store_explicit(&m->tlb_sizes[leaf->global],
				      sizes | BIT(lg2), memory_order_relaxed);
}

void smmuv3_hw_tlb_flush(struct smmuv3_hw *m)
{
	unsigned int i;

	for (i = 0; i < 1u << m->tlb_lg2; i++)
		if (relaxed(&m->tlb[i].va))
			entry_clear(&m->tlb[i].va);
	for (i = 0; i < 2; i++)
		atomic_store_explicit(&m->tlb_sizes[i], 0,
				      memory_order_relaxed);
}

static void drop_one(struct smmuv3_hw_tlb_entry *e,
		     const struct smmuv3_hw_tlbi *inv)
{
	uint64_t va = relaxed(&e->va);
	uint64_t tag = relaxed(&e->tag);
	uint64_t mask = inv->mask;

	if (!va)
		return;
	if (tag >> TLB_GLOBAL_SHIFT & 1) {
		if (!inv->globals)
			return;
		mask &= ~TLB_ASID_MASK;
	}
	if ((tag ^ inv->match) & mask)
		return;
	if (inv->tg && inv->tg != (tag >> TLB_TG_SHIFT & 3))
		return;
	if (inv->level && inv->level != (tag >> TLB_LEVEL_SHIFT & 3))
		return;
	if (inv->by_va) {
		uint64_t start = va & TLB_PAGE_MASK;
		uint64_t size = BIT(va >> TLB_VA_LG2_SHIFT & 63);

		if (start > inv->last || start + (size - 1) < inv->first)
			return;
	}
	entry_clear(&e->va);
}

/* Looks only where entries of the range can be. */
static void drop_range(struct smmuv3_hw *m, const struct smmuv3_hw_tlbi *inv,
		       unsigned int lg2, bool global)
{
	uint64_t block = inv->first >> lg2;
	uint64_t last = inv->last >> lg2;
	unsigned int i, set;

	for (;; block++) {
		set = tlb_set(m, inv->match, block << lg2, lg2, global);
		for (i = set; i < set + CACHE_WAYS; i++)
			drop_one(&m->tlb[i], inv);
		if (block == last)
			return;
	}
}

/* Looks everywhere, and learns which sizes are left. */
static void drop_scan(struct smmuv3_hw *m, const struct smmuv3_hw_tlbi *inv)
{
	uint64_t sizes[2] = { 0, 0 };
	unsigned int i;

	for (i = 0; i < 1u << m->tlb_lg2; i++) {
		struct smmuv3_hw_tlb_entry *e = &m->tlb[i];
		uint64_t va;

		drop_one(e, inv);
		va = relaxed(&e->va);
		if (va)
			sizes[relaxed(&e->tag) >> TLB_GLOBAL_SHIFT & 1] |=
				BIT(va >> TLB_VA_LG2_SHIFT & 63);
	}
	for (i = 0; i < 2; i++)
		atomic_store_explicit(&m->tlb_sizes[i], sizes[i],
				      memory_order_relaxed);
}

void smmuv3_hw_tlb_drop(struct smmuv3_hw *m, const struct smmuv3_hw_tlbi *inv)
{
	uint64_t sizes = relaxed(&m->tlb_sizes[0]) | relaxed(&m->tlb_sizes[1]);
	bool exact = inv->by_va && inv->mask == TLB_TAG_MASK;
	unsigned int global;

	/* The number of sets bounds the work of either way. */
	if (exact && sizes)
		exact = (inv->last >> __builtin_ctzll(sizes)) -
				(inv->first >> __builtin_ctzll(sizes)) <
			BIT(m->tlb_lg2) / CACHE_WAYS / 8;
	if (!exact) {
		drop_scan(m, inv);
		return;
	}
	for (global = 0; global < 2; global++)
		for (sizes = relaxed(&m->tlb_sizes[global]); sizes;
		     sizes &= sizes - 1)
			drop_range(m, inv, (unsigned int)__builtin_ctzll(sizes),
				   global);
}
