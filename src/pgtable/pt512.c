/* SPDX-License-Identifier: MIT */
#include "pgtable/pt512.h"

#include "base/errno.h"
#include "fmt/x86_pt.h"
#include "pgtable/freed.h"

#define ENTRIES    ((size_t)X86_PT_ENTRIES)
#define TABLE_SIZE ((size_t)4096)
#define LEAF_LEVEL ((unsigned int)X86_PT_LEVEL_LAST)

/* log2 of the bytes one entry of the level maps. */
static unsigned int entry_lg2(unsigned int level)
{
	return x86_pt_entry_lg2(level);
}

static size_t entry_index(unsigned int level, uint64_t va)
{
	return x86_pt_index(level, va);
}

static bool is_present(const struct pt512 *t, uint64_t entry)
{
	return entry & t->cfg.fmt->present;
}

/* Of an entry above the last level. */
static bool is_table(const struct pt512 *t, uint64_t entry)
{
	return is_present(t, entry) && !(entry & t->cfg.fmt->large);
}

static uint64_t entry_pa(const struct pt512 *t, uint64_t entry,
			 unsigned int lg2)
{
	/* Above the last level, low bits of the field are not address. */
	return align_down(entry & t->cfg.fmt->address, BIT(lg2));
}

static le64_atomic *table_of(const struct pt512 *t, uint64_t entry)
{
	return plat_phys_to_virt(t->cfg.plat,
				 entry_pa(t, entry, PT512_PAGE_LG2));
}

static le64_atomic *new_table(struct pt512 *t)
{
	le64_atomic *table = plat_pages_alloc(t->cfg.plat, TABLE_SIZE);

	if (table)
		t->table_count++;
	return table;
}

static uint64_t make_table(const struct pt512 *t, const le64_atomic *table)
{
	return t->cfg.table | plat_virt_to_phys(t->cfg.plat, table);
}

static bool range_ok(uint64_t addr, uint64_t size, unsigned int bits)
{
	return size && is_aligned(addr | size, BIT(PT512_PAGE_LG2)) &&
	       addr < BIT(bits) && size <= BIT(bits) - addr;
}

int pt512_init(struct pt512 *t, const struct pt512_cfg *cfg)
{
	if (!cfg->plat || cfg->levels < PT512_LEVELS_MIN ||
	    cfg->levels > PT512_LEVELS_MAX || cfg->va_bits < 32 ||
	    cfg->va_bits > x86_pt_va_bits(cfg->levels) || cfg->pa_bits < 32 ||
	    cfg->pa_bits > X86_PT_ADDR_BITS || cfg->sizes & ~PT512_SIZES ||
	    !(cfg->sizes & BIT(PT512_PAGE_LG2)))
		return -EINVAL;
	t->cfg = *cfg;
	t->table_count = 0;
	t->root = plat_pages_alloc(cfg->plat, TABLE_SIZE);
	return t->root ? 0 : -ENOMEM;
}

/* Recursion is as deep as there are levels, here and below. */
static void free_below(struct pt512 *t, le64_atomic *table, unsigned int level)
{
	size_t i;

	for (i = 0; level > LEAF_LEVEL && i < ENTRIES; i++) {
		uint64_t entry = le64_load_relaxed(&table[i]);
		le64_atomic *next;

		if (!is_table(t, entry))
			continue;
		next = table_of(t, entry);
		free_below(t, next, level - 1);
		plat_pages_free(t->cfg.plat, next, TABLE_SIZE);
	}
}

void pt512_fini(struct pt512 *t)
{
	if (!t->root)
		return;
	free_below(t, t->root, t->cfg.levels);
	plat_pages_free(t->cfg.plat, t->root, TABLE_SIZE);
	t->root = NULL;
}

/*
 * A mapping under way: delta is pa - va, leaf an entry without the address.
 * Two passes with the same choices: the first makes the tables and finds
 * conflicts, so that the second, which makes things visible, cannot fail.
 */
struct mapping {
	uint64_t delta;
	uint64_t leaf;
	uint64_t sizes;
	bool install;
};

/* The part of [va, last] that an entry maps, which begins at base. */
struct part {
	uint64_t first;
	uint64_t last;
	bool whole;
};

static struct part part_of(uint64_t base, unsigned int lg2, uint64_t va,
			   uint64_t last)
{
	uint64_t end = base + (BIT(lg2) - 1);
	struct part p = {
		.first = va > base ? va : base,
		.last = last < end ? last : end,
		.whole = va <= base && last >= end,
	};

	return p;
}

static int map_pages(const struct pt512 *t, le64_atomic *table,
		     const struct mapping *m, uint64_t va, uint64_t last)
{
	size_t i = entry_index(LEAF_LEVEL, va);
	size_t n = entry_index(LEAF_LEVEL, last);
	uint64_t entry = m->leaf | (va + m->delta);

	if (!m->install) {
		for (; i <= n; i++)
			if (is_present(t, le64_load_relaxed(&table[i])))
				return -EEXIST;
		return 0;
	}
	/* What is in the pages is seen by who finds the leaf. */
	for (; i <= n; i++, entry += BIT(PT512_PAGE_LG2))
		le64_store_release(&table[i], entry);
	return 0;
}

static bool leaf_fits(const struct mapping *m, const struct part *p,
		      unsigned int lg2)
{
	return p->whole && m->sizes & BIT(lg2) &&
	       is_aligned(p->first + m->delta, BIT(lg2));
}

static int map_table(struct pt512 *t, le64_atomic *table, unsigned int level,
		     const struct mapping *m, uint64_t va, uint64_t last)
{
	unsigned int lg2 = entry_lg2(level);
	size_t i = entry_index(level, va), n = entry_index(level, last);
	uint64_t base = align_down(va, BIT(lg2));
	int err = 0;

	if (level == LEAF_LEVEL)
		return map_pages(t, table, m, va, last);
	for (; i <= n && !err; i++, base += BIT(lg2)) {
		struct part p = part_of(base, lg2, va, last);
		uint64_t entry = le64_load_relaxed(&table[i]);
		le64_atomic *next;

		if (is_table(t, entry)) {
			next = table_of(t, entry);
		} else if (is_present(t, entry)) {
			return -EEXIST;
		} else if (leaf_fits(m, &p, lg2)) {
			if (m->install)
				le64_store_release(&table[i],
						   m->leaf | t->cfg.fmt->large |
							   (base + m->delta));
			continue;
		} else {
			next = new_table(t);
			if (!next)
				return -ENOMEM;
			/* Pairs with the walker's acquire: it is zeroed. */
			le64_store_release(&table[i], make_table(t, next));
			if (level - 1 == LEAF_LEVEL)
				continue;
		}
		err = map_table(t, next, level - 1, m, p.first, p.last);
	}
	return err;
}

int pt512_map(struct pt512 *t, uint64_t va, uint64_t pa, uint64_t size,
	      uint64_t leaf, uint64_t sizes)
{
	struct mapping m = {
		.delta = pa - va,
		.leaf = leaf,
		.sizes = t->cfg.sizes & sizes,
	};
	int err;

	if (!range_ok(va, size, t->cfg.va_bits) ||
	    !range_ok(pa, size, t->cfg.pa_bits))
		return -EINVAL;
	err = map_table(t, t->root, t->cfg.levels, &m, va, va + size - 1);
	if (err)
		return err;
	m.install = true;
	return map_table(t, t->root, t->cfg.levels, &m, va, va + size - 1);
}

/* What was cleared, and where empty tables go; NULL: they stay. */
struct cleared {
	size_t leaves;
	uint64_t bytes;
	void **freed;
};

/* From the one after @i round: who unmaps in order finds a page at once. */
static bool is_empty(const struct pt512 *t, const le64_atomic *table, size_t i)
{
	size_t k;

	for (k = 1; k <= ENTRIES; k++)
		if (is_present(t, le64_load_relaxed(&table[(i + k) % ENTRIES])))
			return false;
	return true;
}

static void clear_pages(struct pt512 *t, le64_atomic *table, uint64_t va,
			uint64_t last, struct cleared *c)
{
	size_t i = entry_index(LEAF_LEVEL, va);
	size_t n = entry_index(LEAF_LEVEL, last);
	size_t leaves = 0;

	/*
	 * Nothing to release: whoever reuses the page has a TLB invalidation
	 * between this and that.
	 */
	for (; i <= n; i++) {
		if (!is_present(t, le64_load_relaxed(&table[i])))
			continue;
		le64_store_relaxed(&table[i], 0);
		leaves++;
	}
	c->leaves += leaves;
	c->bytes += leaves << PT512_PAGE_LG2;
}

/* Leaves that overlap [va, last]; both are inside the table. */
static void clear_table(struct pt512 *t, le64_atomic *table, unsigned int level,
			uint64_t va, uint64_t last, struct cleared *c)
{
	unsigned int lg2 = entry_lg2(level);
	size_t i = entry_index(level, va), n = entry_index(level, last);
	uint64_t base = align_down(va, BIT(lg2));

	if (level == LEAF_LEVEL) {
		clear_pages(t, table, va, last, c);
		return;
	}
	for (; i <= n; i++, base += BIT(lg2)) {
		struct part p = part_of(base, lg2, va, last);
		uint64_t entry = le64_load_relaxed(&table[i]);

		if (is_table(t, entry)) {
			le64_atomic *next = table_of(t, entry);

			clear_table(t, next, level - 1, p.first, p.last, c);
			if (!c->freed)
				continue;
			/* Nothing is left in what was cleared as a whole. */
			if (!p.whole &&
			    !is_empty(t, next, entry_index(level - 1, p.last)))
				continue;
			le64_store_relaxed(&table[i], 0);
			pt_freed_add(t->cfg.plat, c->freed, next);
			t->table_count--;
		} else if (is_present(t, entry)) {
			le64_store_relaxed(&table[i], 0);
			c->leaves++;
			c->bytes += BIT(lg2);
		}
	}
}

static bool inside_leaf(const struct pt512 *t, uint64_t va)
{
	struct pt512_leaf leaf;

	return !pt512_walk(t, va, &leaf) && leaf.va != va;
}

int pt512_unmap_free(struct pt512 *t, uint64_t va, uint64_t size, void **freed,
		     uint64_t *ret_bytes)
{
	struct cleared c = { .freed = freed };

	if (!range_ok(va, size, t->cfg.va_bits) || inside_leaf(t, va) ||
	    inside_leaf(t, va + size))
		return -EINVAL;
	clear_table(t, t->root, t->cfg.levels, va, va + size - 1, &c);
	if (ret_bytes)
		*ret_bytes = c.bytes;
	return 0;
}

int pt512_unmap(struct pt512 *t, uint64_t va, uint64_t size,
		uint64_t *ret_bytes)
{
	return pt512_unmap_free(t, va, size, NULL, ret_bytes);
}

void pt512_free_tables(const struct pt512 *t, void **freed)
{
	pt_freed_free(t->cfg.plat, freed, TABLE_SIZE);
}

size_t pt512_clear(struct pt512 *t, uint64_t start, uint64_t end)
{
	struct cleared c = { .freed = NULL };

	if (end > BIT(t->cfg.va_bits))
		end = BIT(t->cfg.va_bits);
	if (start < end)
		clear_table(t, t->root, t->cfg.levels, start, end - 1, &c);
	return c.leaves;
}

int pt512_set(struct pt512 *t, uint64_t va, uint64_t pa, uint64_t leaf)
{
	le64_atomic *table = t->root;
	unsigned int level;

	if (!range_ok(va, BIT(PT512_PAGE_LG2), t->cfg.va_bits) ||
	    !range_ok(pa, BIT(PT512_PAGE_LG2), t->cfg.pa_bits))
		return -EINVAL;
	for (level = t->cfg.levels; level > LEAF_LEVEL; level--) {
		le64_atomic *at = &table[entry_index(level, va)];
		uint64_t entry = le64_load_relaxed(at);

		if (is_table(t, entry)) {
			table = table_of(t, entry);
			continue;
		}
		if (is_present(t, entry))
			return -EEXIST;
		table = new_table(t);
		if (!table)
			return -ENOMEM;
		/* Pairs with the walker's acquire: it sees a zeroed table. */
		le64_store_release(at, make_table(t, table));
	}
	/* What is in the page is seen by who finds the leaf. */
	le64_store_release(&table[entry_index(LEAF_LEVEL, va)], leaf | pa);
	return 0;
}

/* A table that maps what the leaf entry of the level does. */
static void fill_split(const struct pt512 *t, le64_atomic *table,
		       unsigned int level, uint64_t entry)
{
	uint64_t small = entry;
	size_t i;

	if (level - 1 == LEAF_LEVEL)
		small &= ~t->cfg.fmt->large;
	/* Not visible yet. */
	for (i = 0; i < ENTRIES; i++)
		le64_store_relaxed(&table[i], small + ((uint64_t)i << entry_lg2(
							       level - 1)));
}

/* Puts a table of the next level's leaves in the place of a leaf. */
static int split_leaf(struct pt512 *t, le64_atomic *at, unsigned int level)
{
	le64_atomic *table = new_table(t);
	uint64_t entry = le64_load_relaxed(at);

	if (!table)
		return -ENOMEM;
	/*
	 * Hardware sets accessed and dirty flags with a compare and swap of
	 * its own: then the copies want them too.
	 */
	do {
		fill_split(t, table, level, entry);
	} while (!le64_cmpxchg(at, &entry, make_table(t, table)));
	return 0;
}

int pt512_split(struct pt512 *t, uint64_t va)
{
	le64_atomic *table = t->root;
	unsigned int level;

	if (!range_ok(va, BIT(PT512_PAGE_LG2), t->cfg.va_bits))
		return -EINVAL;
	for (level = t->cfg.levels; level > LEAF_LEVEL; level--) {
		le64_atomic *at = &table[entry_index(level, va)];
		uint64_t entry = le64_load_relaxed(at);
		int err;

		if (!is_present(t, entry))
			break;
		if (!is_table(t, entry)) {
			if (is_aligned(va, BIT(entry_lg2(level))))
				break;
			err = split_leaf(t, at, level);
			if (err)
				return err;
			entry = le64_load_relaxed(at);
		}
		table = table_of(t, entry);
	}
	return 0;
}

static void read_leaf(struct pt512 *t, le64_atomic *at, unsigned int level,
		      uint64_t va, const struct pt512_dirty *d)
{
	uint64_t entry = le64_load_relaxed(at);

	if (!is_present(t, entry) || !(entry & d->mask))
		return;
	d->found(d->arg, va, entry_lg2(level));
	if (!d->clear)
		return;
	/* Hardware may set the Accessed flag meanwhile. */
	while (!le64_cmpxchg(at, &entry, entry & ~d->mask))
		;
	/* What is found dirty as a whole may stay whole. */
	if (d->split && level > LEAF_LEVEL)
		(void)!split_leaf(t, at, level);
}

static void read_table(struct pt512 *t, le64_atomic *table, unsigned int level,
		       uint64_t va, uint64_t last, const struct pt512_dirty *d)
{
	unsigned int lg2 = entry_lg2(level);
	size_t i = entry_index(level, va), n = entry_index(level, last);
	uint64_t base = align_down(va, BIT(lg2));

	for (; i <= n; i++, base += BIT(lg2)) {
		struct part p = part_of(base, lg2, va, last);
		uint64_t entry = le64_load_relaxed(&table[i]);

		if (level > LEAF_LEVEL && is_table(t, entry))
			read_table(t, table_of(t, entry), level - 1, p.first,
				   p.last, d);
		else
			read_leaf(t, &table[i], level, base, d);
	}
}

int pt512_read_dirty(struct pt512 *t, uint64_t start, uint64_t last,
		     const struct pt512_dirty *d)
{
	uint64_t top = BIT(t->cfg.va_bits) - 1;

	if (last > top)
		last = top;
	if (start > last)
		return 0;
	if (d->clear && (inside_leaf(t, start) || inside_leaf(t, last + 1)))
		return -EINVAL;
	read_table(t, t->root, t->cfg.levels, start, last, d);
	return 0;
}

static void found(const struct pt512 *t, uint64_t entry, uint64_t va,
		  unsigned int level, struct pt512_leaf *ret_leaf)
{
	unsigned int lg2 = entry_lg2(level);

	ret_leaf->va = align_down(va, BIT(lg2));
	ret_leaf->pa = entry_pa(t, entry, lg2);
	ret_leaf->entry = entry;
	ret_leaf->size_lg2 = lg2;
}

/* The entry of what maps va, and its level; 0: nothing does. */
static inline unsigned int find(const struct pt512 *t, uint64_t va,
				uint64_t *ret_entry)
{
	const struct pt512_fmt fmt = *t->cfg.fmt;
	unsigned int level = t->cfg.levels;
	const le64_atomic *table = t->root;
	uint64_t entry;

	if (va >> t->cfg.va_bits)
		return 0;
	for (;; level--) {
		/* Pairs with the release of what publishes tables. */
		entry = le64_load_acquire(&table[entry_index(level, va)]);
		if (!(entry & fmt.present))
			return 0;
		if (level == LEAF_LEVEL || entry & fmt.large)
			break;
		table = plat_phys_to_virt(t->cfg.plat, entry & fmt.address);
	}
	*ret_entry = entry;
	return level;
}

int pt512_walk(const struct pt512 *t, uint64_t va, struct pt512_leaf *ret_leaf)
{
	uint64_t entry;
	unsigned int level = find(t, va, &entry);

	if (!level)
		return -ENOENT;
	found(t, entry, va, level, ret_leaf);
	return 0;
}

int pt512_phys(const struct pt512 *t, uint64_t va, uint64_t *ret_pa)
{
	uint64_t entry;
	unsigned int level = find(t, va, &entry), lg2;

	if (!level)
		return -ENOENT;
	lg2 = entry_lg2(level);
	*ret_pa = entry_pa(t, entry, lg2) | (va & (BIT(lg2) - 1));
	return 0;
}

/* Of the entries of one table, from va on. */
static int next_in(const struct pt512 *t, const le64_atomic *table,
		   unsigned int level, uint64_t va, struct pt512_leaf *ret_leaf)
{
	unsigned int lg2 = entry_lg2(level);
	size_t i;

	for (i = entry_index(level, va); i < ENTRIES; i++) {
		/* Pairs with the release of what publishes tables. */
		uint64_t entry = le64_load_acquire(&table[i]);

		if (is_present(t, entry) &&
		    (level == LEAF_LEVEL || !is_table(t, entry))) {
			found(t, entry, va, level, ret_leaf);
			return 0;
		}
		if (is_present(t, entry) &&
		    !next_in(t, table_of(t, entry), level - 1, va, ret_leaf))
			return 0;
		va = align_down(va, BIT(lg2)) + BIT(lg2);
	}
	return -ENOENT;
}

int pt512_next(const struct pt512 *t, uint64_t va, struct pt512_leaf *ret_leaf)
{
	if (va >= BIT(t->cfg.va_bits))
		return -ENOENT;
	return next_in(t, t->root, t->cfg.levels, va, ret_leaf);
}
