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

size_t smmuv3_hw_tlb_room(unsigned int lg2)
{
	return ((sizeof(struct smmuv3_hw_tlb_entry) +
		 sizeof(struct smmuv3_hw_tlb_side))
		<< lg2) +
	       (sizeof(struct smmuv3_hw_tlb_entry) << WALKS_LG2);
}

void smmuv3_hw_tlb_init(struct smmuv3_hw *m, unsigned int lg2)
{
	m->tlb.entry = m->room;
	m->tlb.lg2 = lg2;
	m->walks.entry = m->tlb.entry + BIT(lg2);
	m->walks.lg2 = WALKS_LG2;
	m->tlb.side = (void *)(m->walks.entry + BIT(WALKS_LG2));
}

/*
 * Index of the first way. ASIDs share the set of a global entry, and both ASID
 * sets that of another one: 3.17.
 */
static unsigned int tlb_set(const struct smmuv3_hw_tlb *t, uint64_t tag,
			    uint64_t va, unsigned int lg2, bool global)
{
	uint64_t x = va >> lg2;

	tag &= ~(global ? TLB_ASID_MASK : TLB_ASET_MASK);
	x += tag * UINT64_C(0xff51afd7ed558ccd) + lg2;
	return smmuv3_hw_hash(x, t->lg2);
}

static uint64_t tag_mask(bool global)
{
	return (TLB_TAG_MASK & ~(global ? TLB_ASID_MASK : TLB_ASET_MASK)) |
	       BIT(TLB_GLOBAL_SHIFT);
}

static bool tlb_read(struct smmuv3_hw_tlb_entry *e, uint64_t tag, uint64_t mask,
		     uint64_t va, struct smmuv3_hw_leaf *ret_leaf)
{
	uint64_t seq, t, out;

	/* Pairs with the release stores of entry_write(). */
	seq = atomic_load_explicit(&e->seq, memory_order_acquire);
	/* After port_begin(): pairs with entry_clear() before a drain. */
	if (atomic_load_explicit(&e->va, memory_order_seq_cst) != va)
		return false;
	t = atomic_load_explicit(&e->tag, memory_order_acquire);
	out = atomic_load_explicit(&e->out, memory_order_acquire);
	if (seq & 1 || seq != relaxed(&e->seq) || (t ^ tag) & mask)
		return false;
	ret_leaf->pa = out & TLB_PAGE_MASK;
	ret_leaf->perm = (unsigned int)(out & TLB_OUT_PERM);
	ret_leaf->level = t >> TLB_LEVEL_SHIFT & 3;
	ret_leaf->tg = t >> TLB_TG_SHIFT & 3;
	ret_leaf->global = t >> TLB_GLOBAL_SHIFT & 1;
	ret_leaf->attr = (unsigned int)(t >> TLB_ATTR_SHIFT);
	return true;
}

int smmuv3_hw_tlb_find(struct smmuv3_hw_tlb *t, uint64_t tag, uint64_t va,
		       struct smmuv3_hw_leaf *ret_leaf)
{
	int global;

	for (global = 0; global < 2; global++) {
		uint64_t sizes = relaxed(&t->sizes[global]);
		uint64_t want = tag | (uint64_t)global << TLB_GLOBAL_SHIFT;
		uint64_t mask = tag_mask(global);

		for (; sizes; sizes &= sizes - 1) {
			unsigned int lg2 = (unsigned int)__builtin_ctzll(sizes);
			unsigned int i = tlb_set(t, tag, va, lg2, global);
			unsigned int end = i + CACHE_WAYS;
			uint64_t key = (va >> lg2 << lg2) | TLB_VA_VALID |
				       (uint64_t)lg2 << TLB_VA_LG2_SHIFT;

			for (; i < end; i++) {
				if (!tlb_read(&t->entry[i], want, mask, key,
					      ret_leaf))
					continue;
				ret_leaf->lg2 = lg2;
				return (int)i;
			}
		}
	}
	return -1;
}

/* Counts an entry that comes (1) or goes (-1). */
static void tally(struct smmuv3_hw_tlb *t, uint64_t tag, int n)
{
	t->count += (unsigned int)n;
	t->by_asid[tag % TLB_ASIDS] += (unsigned int)n;
}

static void tlb_clear(struct smmuv3_hw_tlb *t, unsigned int i)
{
	tally(t, relaxed(&t->entry[i].tag), -1);
	entry_clear(&t->entry[i].va);
}

/* In the place of what it replaces, else in a free one. */
static unsigned int tlb_way(struct smmuv3_hw_tlb *t, unsigned int set,
			    uint64_t va, uint64_t tag, uint64_t mask)
{
	unsigned int i;

	for (i = set; i < set + CACHE_WAYS; i++)
		if (relaxed(&t->entry[i].va) == va &&
		    !((relaxed(&t->entry[i].tag) ^ tag) & mask))
			return i;
	for (i = set; i < set + CACHE_WAYS; i++)
		if (!relaxed(&t->entry[i].va))
			return i;
	return set + t->victim++ % CACHE_WAYS;
}

void smmuv3_hw_tlb_add(struct smmuv3_hw_tlb *t, uint64_t tag, uint64_t va,
		       const struct smmuv3_hw_leaf *leaf)
{
	unsigned int lg2 = leaf->lg2;
	uint64_t words[3], sizes;
	unsigned int i;

	words[0] = (va >> lg2 << lg2) | TLB_VA_VALID |
		   (uint64_t)lg2 << TLB_VA_LG2_SHIFT;
	words[1] = tag | (uint64_t)leaf->global << TLB_GLOBAL_SHIFT |
		   (uint64_t)leaf->level << TLB_LEVEL_SHIFT |
		   (uint64_t)leaf->tg << TLB_TG_SHIFT |
		   (uint64_t)leaf->attr << TLB_ATTR_SHIFT;
	words[2] = leaf->pa | leaf->perm;
	i = tlb_way(t, tlb_set(t, tag, va, lg2, leaf->global), words[0],
		    words[1], tag_mask(leaf->global));
	if (relaxed(&t->entry[i].va))
		tally(t, relaxed(&t->entry[i].tag), -1);
	tally(t, words[1], 1);
	entry_write(&t->entry[i].seq, &t->entry[i].va, words, 3);
	if (t->side) {
		t->side[i] = leaf->side;
		t->fractured |= leaf->side.inv_lg2 > lg2;
	}

	/* A reader that misses the bit takes the lock and looks again. */
	sizes = relaxed(&t->sizes[leaf->global]);
	if (!(sizes & BIT(lg2)))
		atomic_store_explicit(&t->sizes[leaf->global], sizes | BIT(lg2),
				      memory_order_relaxed);
}

static void set_sizes(struct smmuv3_hw_tlb *t, uint64_t by_asid, uint64_t all)
{
	atomic_store_explicit(&t->sizes[0], by_asid, memory_order_relaxed);
	atomic_store_explicit(&t->sizes[1], all, memory_order_relaxed);
}

static void flush(struct smmuv3_hw_tlb *t)
{
	unsigned int i;

	for (i = 0; t->count; i++)
		if (relaxed(&t->entry[i].va))
			tlb_clear(t, i);
	set_sizes(t, 0, 0);
	t->fractured = false;
}

void smmuv3_hw_tlb_flush(struct smmuv3_hw *m)
{
	flush(&m->tlb);
	flush(&m->walks);
}

static unsigned int entry_lg2(const struct smmuv3_hw_tlb *t, unsigned int i)
{
	return relaxed(&t->entry[i].va) >> TLB_VA_LG2_SHIFT & 63;
}

/* Does the range touch what the entry is a part of? */
static bool touches(const struct smmuv3_hw_tlb *t, unsigned int i,
		    const struct smmuv3_hw_tlbi *inv)
{
	uint64_t start = relaxed(&t->entry[i].va) & TLB_PAGE_MASK;
	unsigned int lg2 = entry_lg2(t, i);

	if (t->side && t->side[i].inv_lg2 > lg2)
		lg2 = t->side[i].inv_lg2;
	start = align_down(start, BIT(lg2));
	return start <= inv->last && start + (BIT(lg2) - 1) >= inv->first;
}

/* 4.4.1.1: TTL is of the leaf; the tables that lead to it lie above. */
static bool level_matches(const struct smmuv3_hw_tlb *t, uint64_t tag,
			  unsigned int level)
{
	unsigned int have = tag >> TLB_LEVEL_SHIFT & 3;

	if (!level)
		return true;
	return t->side ? have == level : have <= level;
}

static void drop_one(struct smmuv3_hw_tlb *t, unsigned int i,
		     const struct smmuv3_hw_tlbi *inv)
{
	uint64_t tag = relaxed(&t->entry[i].tag);
	uint64_t mask = inv->mask & ~TLB_ASET_MASK;

	if (!relaxed(&t->entry[i].va))
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
	if (!level_matches(t, tag, inv->level))
		return;
	if (inv->by_va && !touches(t, i, inv))
		return;
	tlb_clear(t, i);
}

/* Looks only where entries of the range can be. */
static void drop_range(struct smmuv3_hw_tlb *t,
		       const struct smmuv3_hw_tlbi *inv, uint64_t tag,
		       unsigned int lg2, bool global)
{
	uint64_t block = inv->first >> lg2;
	uint64_t last = inv->last >> lg2;
	unsigned int i, set;

	for (;; block++) {
		set = tlb_set(t, tag, block << lg2, lg2, global);
		for (i = set; i < set + CACHE_WAYS; i++)
			drop_one(t, i, inv);
		if (block == last)
			return;
	}
}

/* Looks everywhere, and learns which sizes are left. */
static void drop_scan(struct smmuv3_hw_tlb *t, const struct smmuv3_hw_tlbi *inv)
{
	uint64_t sizes[2] = { 0, 0 };
	unsigned int i;

	t->fractured = false;
	for (i = 0; i < 1u << t->lg2; i++) {
		drop_one(t, i, inv);
		if (!relaxed(&t->entry[i].va))
			continue;
		sizes[relaxed(&t->entry[i].tag) >> TLB_GLOBAL_SHIFT & 1] |=
			BIT(entry_lg2(t, i));
		if (t->side)
			t->fractured |= t->side[i].inv_lg2 > entry_lg2(t, i);
	}
	set_sizes(t, sizes[0], sizes[1]);
}

/* No entry that the command could name. */
static bool nothing(const struct smmuv3_hw_tlb *t,
		    const struct smmuv3_hw_tlbi *inv)
{
	if (!inv->globals && (inv->mask & TLB_ASID_MASK) == TLB_ASID_MASK)
		return !t->by_asid[inv->match % TLB_ASIDS];
	return !t->count;
}

static void drop(struct smmuv3_hw_tlb *t, const struct smmuv3_hw_tlbi *inv)
{
	uint64_t by_asid = relaxed(&t->sizes[0]), all = relaxed(&t->sizes[1]);
	uint64_t exactly = TLB_TAG_MASK & ~TLB_ASET_MASK;
	unsigned int lg2;

	if (nothing(t, inv))
		return;
	/* The number of sets bounds the work of either way. */
	lg2 = (unsigned int)__builtin_ctzll(by_asid | all);
	if (!inv->by_va || (inv->mask & exactly) != exactly || t->fractured ||
	    (inv->last >> lg2) - (inv->first >> lg2) >=
		    BIT(t->lg2) / CACHE_WAYS / 8) {
		drop_scan(t, inv);
		return;
	}
	for (; by_asid; by_asid &= by_asid - 1) {
		lg2 = (unsigned int)__builtin_ctzll(by_asid);
		drop_range(t, inv, inv->match, lg2, false);
	}
	for (; all; all &= all - 1) {
		lg2 = (unsigned int)__builtin_ctzll(all);
		drop_range(t, inv, inv->match & ~TLB_ASET_MASK, lg2, true);
		drop_range(t, inv, inv->match | TLB_ASET_MASK, lg2, true);
	}
}

void smmuv3_hw_tlb_drop(struct smmuv3_hw *m, const struct smmuv3_hw_tlbi *inv)
{
	drop(&m->tlb, inv);
	if (!inv->leaf)
		drop(&m->walks, inv);
}
