/* SPDX-License-Identifier: MIT */
/*
 * Decoded contexts, IOTLB and paging-structure cache.
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
#include "models/vtd/tlb.h"

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

int vtd_hw_ctx_find(struct vtd_hw *m, uint64_t key)
{
	struct vtd_hw_xlat *x = m->xlat;
	unsigned int set = vtd_hw_hash(key, VTD_HW_CTX_LG2);
	unsigned int i;

	for (i = set; i < set + VTD_HW_WAYS; i++)
		if (relaxed(&x->ctx[i].key) == key)
			return (int)i;
	return -1;
}

/* All is held against the protected regions while there are any. */
static uint64_t ctx_word(const struct vtd_hw *m, const struct vtd_hw_ctx *ctx)
{
	bool slow = vtd_hw_root(m) & VTD_HW_ROOT_PMR;

	return (slow ? VTD_HW_NONE : (uint64_t)ctx->kind) |
	       (uint64_t)ctx->sre << 2 | (uint64_t)ctx->ere << 3 |
	       (uint64_t)ctx->rid_priv << 4 | (uint64_t)ctx->pgsnp << 5 |
	       ctx->tag << 16;
}

struct vtd_hw_ctx *vtd_hw_ctx_add(struct vtd_hw *m, uint64_t key,
				  const struct vtd_hw_ctx *ctx)
{
	struct vtd_hw_xlat *x = m->xlat;
	unsigned int set = vtd_hw_hash(key, VTD_HW_CTX_LG2);
	uint64_t words[2] = { key, ctx_word(m, ctx) };
	unsigned int i;

	for (i = set; i < set + VTD_HW_WAYS; i++)
		if (!relaxed(&x->ctx[i].key))
			break;
	if (i == set + VTD_HW_WAYS)
		i = set + x->ctx_victim++ % VTD_HW_WAYS;
	x->ctx_full[i] = *ctx;
	vtd_hw_used_set(x->ctx_used, i);
	entry_write(&x->ctx[i].seq, &x->ctx[i].key, words, 2);
	return &x->ctx_full[i];
}

uint64_t vtd_hw_ctx_key_at(const struct vtd_hw_xlat *x, unsigned int i)
{
	return relaxed(&x->ctx[i].key);
}

void vtd_hw_ctx_clear(struct vtd_hw_xlat *x, unsigned int i)
{
	entry_clear(&x->ctx[i].key);
	vtd_hw_used_clear(x->ctx_used, i);
}

void vtd_hw_ctx_flush(struct vtd_hw_xlat *x)
{
	unsigned int i;

	vtd_hw_used_each(i, x->ctx_used, 1u << VTD_HW_CTX_LG2)
		vtd_hw_ctx_clear(x, i);
}

size_t vtd_hw_tlb_room(unsigned int lg2)
{
	return sizeof(struct vtd_hw_tlb_entry) *
	       ((size_t)BIT(lg2) + BIT(VTD_HW_WALKS_LG2));
}

void vtd_hw_tlb_init(struct vtd_hw_xlat *x, void *room, unsigned int lg2)
{
	x->tlb.entry = room;
	x->tlb.lg2 = lg2;
	x->walks.entry = x->tlb.entry + BIT(lg2);
	x->walks.lg2 = VTD_HW_WALKS_LG2;
}

/* Index of the first way. */
static unsigned int tlb_set(const struct vtd_hw_tlb *t, uint64_t tag,
			    uint64_t va, unsigned int lg2)
{
	uint64_t x = va >> lg2;

	x += (tag & TLB_WHO_MASK) * UINT64_C(0xff51afd7ed558ccd) + lg2;
	return vtd_hw_hash(x, t->lg2);
}

static bool tlb_read(struct vtd_hw_tlb_entry *e, uint64_t tag, uint64_t va,
		     struct vtd_hw_leaf *ret_leaf)
{
	uint64_t seq, t, out;

	/* Pairs with the release stores of entry_write(). */
	seq = atomic_load_explicit(&e->seq, memory_order_acquire);
	/* After port_begin(): pairs with entry_clear() before a drain. */
	if (atomic_load_explicit(&e->va, memory_order_seq_cst) != va)
		return false;
	t = atomic_load_explicit(&e->tag, memory_order_acquire);
	out = atomic_load_explicit(&e->out, memory_order_acquire);
	if (seq & 1 || seq != relaxed(&e->seq) || (t ^ tag) & TLB_TAG_MASK)
		return false;
	ret_leaf->pa = out & TLB_PAGE_MASK;
	ret_leaf->bits = (unsigned int)(out & TLB_OUT_BITS);
	ret_leaf->inv_lg2 = t >> TLB_INV_LG2_SHIFT & 63;
	return true;
}

int vtd_hw_tlb_find(struct vtd_hw_tlb *t, uint64_t tag, uint64_t va,
		    struct vtd_hw_leaf *ret_leaf)
{
	uint64_t sizes = relaxed(&t->sizes);

	for (; sizes; sizes &= sizes - 1) {
		unsigned int lg2 = (unsigned int)__builtin_ctzll(sizes);
		unsigned int i = tlb_set(t, tag, va, lg2);
		unsigned int end = i + VTD_HW_WAYS;
		uint64_t key = (va >> lg2 << lg2) | TLB_VA_VALID |
			       (uint64_t)lg2 << TLB_VA_LG2_SHIFT;

		for (; i < end; i++) {
			if (!tlb_read(&t->entry[i], tag, key, ret_leaf))
				continue;
			ret_leaf->lg2 = lg2;
			return (int)i;
		}
	}
	return -1;
}

static void tlb_clear(struct vtd_hw_tlb *t, unsigned int i)
{
	t->count--;
	entry_clear(&t->entry[i].va);
}

/* In the place of what it replaces, else in a free one. */
static unsigned int tlb_way(struct vtd_hw_tlb *t, unsigned int set, uint64_t va,
			    uint64_t tag)
{
	unsigned int i;

	for (i = set; i < set + VTD_HW_WAYS; i++)
		if (relaxed(&t->entry[i].va) == va &&
		    !((relaxed(&t->entry[i].tag) ^ tag) & TLB_TAG_MASK))
			return i;
	for (i = set; i < set + VTD_HW_WAYS; i++)
		if (!relaxed(&t->entry[i].va))
			return i;
	return set + t->victim++ % VTD_HW_WAYS;
}

void vtd_hw_tlb_add(struct vtd_hw_tlb *t, uint64_t tag, uint64_t va,
		    const struct vtd_hw_leaf *leaf)
{
	unsigned int lg2 = leaf->lg2;
	uint64_t words[3], sizes;
	unsigned int i;

	words[0] = (va >> lg2 << lg2) | TLB_VA_VALID |
		   (uint64_t)lg2 << TLB_VA_LG2_SHIFT;
	words[1] = tag | (uint64_t)leaf->inv_lg2 << TLB_INV_LG2_SHIFT;
	words[2] = leaf->pa | leaf->bits;
	i = tlb_way(t, tlb_set(t, tag, va, lg2), words[0], tag);
	if (!relaxed(&t->entry[i].va))
		t->count++;
	entry_write(&t->entry[i].seq, &t->entry[i].va, words, 3);
	t->fractured |= leaf->inv_lg2 > lg2;

	/* A reader that misses the bit takes the lock and looks again. */
	sizes = relaxed(&t->sizes);
	if (!(sizes & BIT(lg2)))
		atomic_store_explicit(&t->sizes, sizes | BIT(lg2),
				      memory_order_relaxed);
}

static void flush(struct vtd_hw_tlb *t)
{
	unsigned int i;

	for (i = 0; t->count; i++)
		if (relaxed(&t->entry[i].va))
			tlb_clear(t, i);
	atomic_store_explicit(&t->sizes, 0, memory_order_relaxed);
	t->fractured = false;
}

void vtd_hw_tlb_flush(struct vtd_hw *m)
{
	flush(&m->xlat->tlb);
	flush(&m->xlat->walks);
}

/*
 * What an invalidation takes of one of the two arrays.
 *
 * @match, @mask: of the tag.
 * @by_va: only those that touch [@first, @last].
 */
struct drop {
	uint64_t match, mask;
	bool by_va;
	uint64_t first, last;
};

static unsigned int entry_lg2(const struct vtd_hw_tlb *t, unsigned int i)
{
	return relaxed(&t->entry[i].va) >> TLB_VA_LG2_SHIFT & 63;
}

static unsigned int entry_inv_lg2(const struct vtd_hw_tlb *t, unsigned int i)
{
	return relaxed(&t->entry[i].tag) >> TLB_INV_LG2_SHIFT & 63;
}

/* Does the range touch what the entry is a part of? */
static bool touches(const struct vtd_hw_tlb *t, unsigned int i,
		    const struct drop *d)
{
	uint64_t start = relaxed(&t->entry[i].va) & TLB_PAGE_MASK;
	unsigned int lg2 = entry_lg2(t, i);

	if (entry_inv_lg2(t, i) > lg2)
		lg2 = entry_inv_lg2(t, i);
	start = align_down(start, BIT(lg2));
	return start <= d->last && start + (BIT(lg2) - 1) >= d->first;
}

static void drop_one(struct vtd_hw_tlb *t, unsigned int i, const struct drop *d)
{
	if (!relaxed(&t->entry[i].va))
		return;
	if ((relaxed(&t->entry[i].tag) ^ d->match) & d->mask)
		return;
	if (d->by_va && !touches(t, i, d))
		return;
	tlb_clear(t, i);
}

/* Looks only where entries of the range can be. */
static void drop_range(struct vtd_hw_tlb *t, const struct drop *d,
		       unsigned int lg2)
{
	uint64_t block = d->first >> lg2;
	uint64_t last = d->last >> lg2;
	unsigned int i, set;

	for (;; block++) {
		set = tlb_set(t, d->match, block << lg2, lg2);
		for (i = set; i < set + VTD_HW_WAYS; i++)
			drop_one(t, i, d);
		if (block == last)
			return;
	}
}

/* Looks everywhere, and learns which sizes are left. */
static void drop_scan(struct vtd_hw_tlb *t, const struct drop *d)
{
	uint64_t sizes = 0;
	unsigned int i;

	t->fractured = false;
	for (i = 0; i < 1u << t->lg2; i++) {
		drop_one(t, i, d);
		if (!relaxed(&t->entry[i].va))
			continue;
		sizes |= BIT(entry_lg2(t, i));
		t->fractured |= entry_inv_lg2(t, i) > entry_lg2(t, i);
	}
	atomic_store_explicit(&t->sizes, sizes, memory_order_relaxed);
}

static void drop(struct vtd_hw_tlb *t, const struct drop *d)
{
	uint64_t sizes = relaxed(&t->sizes);
	unsigned int lg2;

	if (!t->count)
		return;
	/* The number of sets bounds the work of either way. */
	lg2 = (unsigned int)__builtin_ctzll(sizes);
	if (!d->by_va || d->mask != TLB_WHO_MASK || t->fractured ||
	    (d->last >> lg2) - (d->first >> lg2) >=
		    BIT(t->lg2) / VTD_HW_WAYS / 8) {
		drop_scan(t, d);
		return;
	}
	for (; sizes; sizes &= sizes - 1)
		drop_range(t, d, (unsigned int)__builtin_ctzll(sizes));
}

/* Of one kind of translations, and of its tables unless @ih. */
static void drop_kind(struct vtd_hw *m, const struct vtd_hw_tlb_inv *inv,
		      enum vtd_hw_stage stage, bool by_va)
{
	unsigned int lg2 = inv->am + 12u < 64 ? inv->am + 12u : 64;
	uint64_t size = lg2 < 64 ? BIT(lg2) - 1 : UINT64_MAX;
	struct drop d = {
		.match = vtd_hw_tlb_tag(stage, inv->did, inv->pasid),
		.mask = TLB_WHO_MASK,
		.by_va = by_va,
		.first = inv->addr & ~size,
		.last = inv->addr | size,
	};

	/* The domain's, whatever the PASID. */
	if (inv->scope < VTD_HW_TLB_PASID)
		d.mask &= stage == VTD_HW_SS ? ~UINT64_C(0) : ~TLB_PASID_MASK;
	drop(&m->xlat->tlb, &d);
	if (!inv->ih)
		drop(&m->xlat->walks, &d);
}

/*
 * Tables 23 and 24. Translations of both stages are known by the address that
 * goes in. So one of pages of a domain, which names what comes between the
 * stages, takes all nested ones of the domain, and those of a first stage by
 * itself, too; with their tables, for IH is about the second stage's. Those of
 * a second stage have no PASID here, so one of a PASID takes the domain's, and
 * leaves the tables.
 */
void vtd_hw_tlb_inv(struct vtd_hw *m, const struct vtd_hw_tlb_inv *inv)
{
	struct vtd_hw_tlb_inv whole = *inv;

	whole.ih = false;
	switch (inv->scope) {
	case VTD_HW_TLB_ALL:
		vtd_hw_tlb_flush(m);
		break;
	case VTD_HW_TLB_DOMAIN:
		drop_kind(m, &whole, VTD_HW_SS, false);
		drop_kind(m, &whole, VTD_HW_FS, false);
		drop_kind(m, &whole, VTD_HW_NESTED, false);
		break;
	case VTD_HW_TLB_PAGES:
		drop_kind(m, inv, VTD_HW_SS, true);
		drop_kind(m, &whole, VTD_HW_FS, false);
		drop_kind(m, &whole, VTD_HW_NESTED, false);
		break;
	case VTD_HW_TLB_PASID:
		drop_kind(m, &whole, VTD_HW_FS, false);
		drop_kind(m, &whole, VTD_HW_NESTED, false);
		whole.ih = true;
		drop_kind(m, &whole, VTD_HW_SS, false);
		break;
	case VTD_HW_TLB_PASID_PAGES:
		drop_kind(m, inv, VTD_HW_FS, true);
		drop_kind(m, inv, VTD_HW_NESTED, true);
		break;
	default:
		break;
	}
}
