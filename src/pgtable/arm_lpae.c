/* SPDX-License-Identifier: MIT */
#include "pgtable/arm_lpae.h"

#include "base/bits.h"
#include "base/errno.h"
#include "pgtable/arm_lpae_entry.h"
#include "pgtable/arm_lpae_s2.h"
#include "pgtable/freed.h"

#define MIN_ALLOC 4096u

static uint64_t make_table(const struct arm_lpae *t, const void *table)
{
	struct arm_pte pte = { { ARM_PTE_KIND_TABLE } };

	arm_pte_set_oa(&pte, t->cfg.granule_lg2,
		       plat_virt_to_phys(t->cfg.plat, table), false);
	return pte.dw[0];
}

static void set_s1_attrs(struct arm_pte *pte, unsigned int perm,
			 unsigned int flags)
{
	bool priv = perm & IOMMU_PERM_PRIV;
	bool exec = perm & IOMMU_PERM_EXEC;
	bool clean = flags & ARM_LPAE_CLEAN;
	unsigned int ap = priv ? 0 : ARM_PTE_S1_AP_USER;

	if (!(perm & IOMMU_PERM_WRITE) || clean)
		ap |= ARM_PTE_S1_AP_READONLY;

	FIELD_SET(ARM_PTE_S1_ATTRINDX, pte, flags & ARM_LPAE_ATTR_MASK);
	FIELD_SET(ARM_PTE_S1_AP, pte, ap);
	FIELD_SET(ARM_PTE_S1_SH, pte, ARM_PTE_SH_ISH);
	FIELD_SET(ARM_PTE_S1_AF, pte, 1);
	FIELD_SET(ARM_PTE_S1_NG, pte, 1);
	FIELD_SET(ARM_PTE_S1_DBM, pte, clean && (perm & IOMMU_PERM_WRITE));
	FIELD_SET(ARM_PTE_S1_PXN, pte, !(priv && exec));
	FIELD_SET(ARM_PTE_S1_UXN, pte, priv || !exec);
}

/* perm has passed perm_ok(). */
static uint64_t make_leaf(const struct arm_lpae *t, int level, uint64_t pa,
			  unsigned int perm, unsigned int flags)
{
	struct arm_pte pte = { { level == ARM_PT_LEVEL_LAST ?
					 ARM_PTE_KIND_PAGE :
					 ARM_PTE_KIND_BLOCK } };

	arm_pte_set_oa(&pte, t->cfg.granule_lg2, pa, false);
	if (t->cfg.stage2)
		arm_lpae_s2_set_attrs(&pte, perm, flags);
	else
		set_s1_attrs(&pte, perm, flags);
	return pte.dw[0];
}

static bool perm_ok(const struct arm_lpae *t, unsigned int perm,
		    unsigned int flags)
{
	unsigned int known = IOMMU_PERM_RWX | IOMMU_PERM_PRIV;

	if (t->cfg.stage2 && !arm_lpae_s2_ok(perm, flags))
		return false;
	return !(perm & ~known) &&
	       (perm & (IOMMU_PERM_READ | IOMMU_PERM_WRITE));
}

static bool range_ok(uint64_t addr, uint64_t size, unsigned int bits,
		     unsigned int granule_lg2)
{
	return size && is_aligned(addr | size, BIT(granule_lg2)) &&
	       addr < BIT(bits) && size <= BIT(bits) - addr;
}

int arm_lpae_init(struct arm_lpae *t, const struct arm_lpae_cfg *cfg)
{
	unsigned int g = cfg->granule_lg2;

	if (!cfg->plat ||
	    (g != ARM_PT_4K_LG2 && g != ARM_PT_16K_LG2 &&
	     g != ARM_PT_64K_LG2) ||
	    cfg->va_bits < 25 || cfg->va_bits > 48 || cfg->pa_bits < 32 ||
	    cfg->pa_bits > 48)
		return -EINVAL;

	t->cfg = *cfg;
	t->start_level = cfg->stage2 ?
				 arm_lpae_s2_start_level(g, cfg->va_bits) :
				 arm_pt_start_level(g, cfg->va_bits);
	t->table_count = 0;
	t->root_size = entry_count(t, t->start_level) * sizeof(le64_atomic);
	if (t->root_size < MIN_ALLOC)
		t->root_size = MIN_ALLOC;
	t->root = plat_pages_alloc(cfg->plat, t->root_size);
	return t->root ? 0 : -ENOMEM;
}

/* Recursion is as deep as there are levels. */
static void free_below(struct arm_lpae *t, le64_atomic *table, int level)
{
	size_t i, n = entry_count(t, level);

	for (i = 0; i < n; i++) {
		uint64_t pte = le64_load_relaxed(&table[i]);
		le64_atomic *next;

		if (!pte_is_table(pte, level))
			continue;
		next = pte_table(t, pte);
		free_below(t, next, level + 1);
		plat_pages_free(t->cfg.plat, next, table_size(t));
	}
}

void arm_lpae_fini(struct arm_lpae *t)
{
	if (!t->root)
		return;
	free_below(t, t->root, t->start_level);
	plat_pages_free(t->cfg.plat, t->root, t->root_size);
	t->root = NULL;
}

uint64_t arm_lpae_root_pa(const struct arm_lpae *t)
{
	return plat_virt_to_phys(t->cfg.plat, t->root);
}

int arm_lpae_start_level(const struct arm_lpae *t)
{
	return t->start_level;
}

/* The entry of va at the level; missing tables above it are made. */
static int get_entry(struct arm_lpae *t, uint64_t va, int level,
		     le64_atomic **ret_entry)
{
	le64_atomic *entry, *table = t->root;
	int l;

	for (l = t->start_level;; l++) {
		uint64_t pte;

		entry = &table[entry_index(t, l, va)];
		if (l == level)
			break;
		pte = le64_load_relaxed(entry);
		if (pte_is_table(pte, l)) {
			table = pte_table(t, pte);
			continue;
		}
		if (pte_valid(pte))
			return -EEXIST;
		table = plat_pages_alloc(t->cfg.plat, table_size(t));
		if (!table)
			return -ENOMEM;
		t->table_count++;
		/* Pairs with the walker's acquire: it sees a zeroed table. */
		le64_store_release(entry, make_table(t, table));
	}
	*ret_entry = entry;
	return 0;
}

/*
 * First level that has no table for va: below it there is nothing yet, so a
 * block of it could be installed.
 */
static int first_free_level(const struct arm_lpae *t, uint64_t va)
{
	const le64_atomic *table = t->root;
	int level;

	for (level = t->start_level; level < ARM_PT_LEVEL_LAST; level++) {
		uint64_t pte =
			le64_load_relaxed(&table[entry_index(t, level, va)]);

		if (!pte_is_table(pte, level))
			break;
		table = pte_table(t, pte);
	}
	return level;
}

/* The level at which the next piece of a mapping goes in. */
static int pick_level(const struct arm_lpae *t, uint64_t va, uint64_t pa,
		      uint64_t size, unsigned int flags)
{
	int level;

	if (flags & ARM_LPAE_NO_BLOCK)
		return ARM_PT_LEVEL_LAST;
	for (level = first_free_level(t, va); level < ARM_PT_LEVEL_LAST;
	     level++) {
		uint64_t bytes = BIT(entry_lg2(t, level));

		if (arm_pt_block_level(t->cfg.granule_lg2, level, false) &&
		    bytes <= size && is_aligned(va | pa, bytes))
			break;
	}
	return level;
}

/* @count leaves one after the other, the first of them @leaf. */
static int put_leaves(le64_atomic *entry, size_t count, uint64_t leaf,
		      uint64_t bytes, bool install)
{
	size_t i;

	for (i = 0; i < count; i++, leaf += bytes) {
		if (install)
			/* What is in the page is seen by who finds the leaf. */
			le64_store_release(&entry[i], leaf);
		else if (pte_valid(le64_load_relaxed(&entry[i])))
			return -EEXIST;
	}
	return 0;
}

/*
 * How many leaves of the level go in one after the other, @most at the most: to
 * the end of the table, or to something that wants another look.
 */
static size_t run_length(const struct arm_lpae *t, const le64_atomic *entry,
			 int level, uint64_t va, uint64_t most)
{
	size_t n = entry_count(t, level) - entry_index(t, level, va), i;

	if (n > most)
		n = (size_t)most;
	if (level == ARM_PT_LEVEL_LAST)
		return n;
	for (i = 1; i < n && !pte_valid(le64_load_relaxed(&entry[i])); i++)
		;
	return i;
}

/*
 * Two passes with the same choices: the first makes the tables and finds
 * conflicts, so that the second, which makes things visible, cannot fail.
 */
static int map_pass(struct arm_lpae *t, uint64_t va, uint64_t pa, uint64_t size,
		    unsigned int perm, unsigned int flags, bool install)
{
	while (size) {
		int level = pick_level(t, va, pa, size, flags);
		uint64_t bytes = BIT(entry_lg2(t, level));
		le64_atomic *entry;
		size_t count;
		int err;

		err = get_entry(t, va, level, &entry);
		if (err)
			return err;
		count = run_length(t, entry, level, va, size / bytes);
		err = put_leaves(entry, count,
				 make_leaf(t, level, pa, perm, flags), bytes,
				 install);
		if (err)
			return err;
		va += count * bytes;
		pa += count * bytes;
		size -= count * bytes;
	}
	return 0;
}

int arm_lpae_map(struct arm_lpae *t, uint64_t va, uint64_t pa, uint64_t size,
		 unsigned int perm, unsigned int flags)
{
	unsigned int g = t->cfg.granule_lg2;
	int err;

	if (!range_ok(va, size, t->cfg.va_bits, g) ||
	    !range_ok(pa, size, t->cfg.pa_bits, g) || !perm_ok(t, perm, flags))
		return -EINVAL;

	err = map_pass(t, va, pa, size, perm, flags, false);
	if (err)
		return err;
	return map_pass(t, va, pa, size, perm, flags, true);
}

/* What was cleared, and where empty tables go; NULL: they stay. */
struct cleared {
	size_t leaves;
	uint64_t bytes;
	void **freed;
};

/* From the one after @i round: who unmaps in order finds a page at once. */
static bool is_empty(const struct arm_lpae *t, const le64_atomic *table,
		     int level, size_t i)
{
	size_t n = entry_count(t, level), k;

	for (k = 1; k <= n; k++)
		if (pte_valid(le64_load_relaxed(&table[(i + k) % n])))
			return false;
	return true;
}

/* Of the last level, where there is one kind of entry only. */
static void clear_pages(struct arm_lpae *t, le64_atomic *table, uint64_t start,
			uint64_t last, struct cleared *c)
{
	size_t i = entry_index(t, ARM_PT_LEVEL_LAST, start);
	size_t n = entry_index(t, ARM_PT_LEVEL_LAST, last);
	size_t leaves = 0;

	for (; i <= n; i++) {
		if (!pte_valid(le64_load_relaxed(&table[i])))
			continue;
		/* Relaxed, as in clear_table(). */
		le64_store_relaxed(&table[i], 0);
		leaves++;
	}
	c->leaves += leaves;
	c->bytes += leaves << t->cfg.granule_lg2;
}

/* Clears leaves of one table that overlap [start, last]; both are inside it. */
static void clear_table(struct arm_lpae *t, le64_atomic *table, int level,
			uint64_t start, uint64_t last, struct cleared *c)
{
	unsigned int lg2 = entry_lg2(t, level);
	size_t i = entry_index(t, level, start);
	size_t n = entry_index(t, level, last);
	uint64_t base = align_down(start, BIT(lg2));

	if (level == ARM_PT_LEVEL_LAST) {
		clear_pages(t, table, start, last, c);
		return;
	}
	for (; i <= n; i++, base += BIT(lg2)) {
		uint64_t pte = le64_load_relaxed(&table[i]);
		uint64_t end = base + (BIT(lg2) - 1);
		bool whole = start <= base && last >= end;

		if (pte_is_table(pte, level)) {
			le64_atomic *next = pte_table(t, pte);

			end = last < end ? last : end;
			clear_table(t, next, level + 1,
				    start > base ? start : base, end, c);
			if (!c->freed)
				continue;
			/* Nothing is left in what was cleared as a whole. */
			if (!whole && !is_empty(t, next, level + 1,
						entry_index(t, level + 1, end)))
				continue;
			le64_store_relaxed(&table[i], 0);
			pt_freed_add(t->cfg.plat, c->freed, next);
			t->table_count--;
		} else if (pte_valid(pte)) {
			/*
			 * Nothing to release: whoever reuses the page has a
			 * TLB invalidation between this and that.
			 */
			le64_store_relaxed(&table[i], 0);
			c->leaves++;
			c->bytes += BIT(lg2);
		}
	}
}

int arm_lpae_unmap_free(struct arm_lpae *t, uint64_t va, uint64_t size,
			void **freed, uint64_t *ret_bytes)
{
	struct cleared c = { .freed = freed };

	if (!range_ok(va, size, t->cfg.va_bits, t->cfg.granule_lg2) ||
	    arm_lpae_inside_leaf(t, va) || arm_lpae_inside_leaf(t, va + size))
		return -EINVAL;

	clear_table(t, t->root, t->start_level, va, va + size - 1, &c);
	if (ret_bytes)
		*ret_bytes = c.bytes;
	return 0;
}

int arm_lpae_unmap(struct arm_lpae *t, uint64_t va, uint64_t size,
		   uint64_t *ret_bytes)
{
	return arm_lpae_unmap_free(t, va, size, NULL, ret_bytes);
}

void arm_lpae_free_tables(const struct arm_lpae *t, void **freed)
{
	pt_freed_free(t->cfg.plat, freed, table_size(t));
}

/* A table that maps what the block of the level does; not visible yet. */
static void fill_split(const struct arm_lpae *t, le64_atomic *table, int level,
		       uint64_t block)
{
	unsigned int lg2 = entry_lg2(t, level + 1);
	size_t i, n = entry_count(t, level + 1);

	if (level + 1 == ARM_PT_LEVEL_LAST)
		block |= ARM_PTE_KIND_PAGE;
	for (i = 0; i < n; i++)
		le64_store_relaxed(&table[i], block + ((uint64_t)i << lg2));
}

int arm_lpae_split_block(struct arm_lpae *t, le64_atomic *entry, int level)
{
	le64_atomic *table = plat_pages_alloc(t->cfg.plat, table_size(t));
	uint64_t block = le64_load_relaxed(entry);

	if (!table)
		return -ENOMEM;
	t->table_count++;
	/* Hardware that makes it dirty meanwhile makes the copies dirty. */
	do {
		fill_split(t, table, level, block);
	} while (!le64_cmpxchg(entry, &block, make_table(t, table)));
	return 0;
}

int arm_lpae_split(struct arm_lpae *t, uint64_t va)
{
	le64_atomic *table = t->root;
	int level;

	if (!range_ok(va, BIT(t->cfg.granule_lg2), t->cfg.va_bits,
		      t->cfg.granule_lg2))
		return -EINVAL;
	for (level = t->start_level; level < ARM_PT_LEVEL_LAST; level++) {
		le64_atomic *entry = &table[entry_index(t, level, va)];
		uint64_t pte = le64_load_relaxed(entry);
		int err;

		if (!pte_valid(pte))
			break;
		if (!pte_is_table(pte, level)) {
			if (is_aligned(va, BIT(entry_lg2(t, level))))
				break;
			err = arm_lpae_split_block(t, entry, level);
			if (err)
				return err;
			pte = le64_load_relaxed(entry);
		}
		table = pte_table(t, pte);
	}
	return 0;
}

int arm_lpae_set(struct arm_lpae *t, uint64_t va, uint64_t pa,
		 unsigned int perm)
{
	unsigned int g = t->cfg.granule_lg2;
	le64_atomic *entry;
	int err;

	if (!range_ok(va, BIT(g), t->cfg.va_bits, g) ||
	    !range_ok(pa, BIT(g), t->cfg.pa_bits, g) ||
	    !perm_ok(t, perm, ARM_LPAE_ATTR_NORMAL))
		return -EINVAL;
	err = get_entry(t, va, ARM_PT_LEVEL_LAST, &entry);
	if (err)
		return err;
	/* What is in the page is seen by who finds the leaf. */
	le64_store_release(entry, make_leaf(t, ARM_PT_LEVEL_LAST, pa, perm,
					    ARM_LPAE_ATTR_NORMAL));
	return 0;
}

void arm_lpae_clear(struct arm_lpae *t, uint64_t start, uint64_t end,
		    size_t *ret_cleared)
{
	uint64_t limit = BIT(t->cfg.va_bits);
	struct cleared c = { .freed = NULL };

	if (end > limit)
		end = limit;
	if (start < end)
		clear_table(t, t->root, t->start_level, start, end - 1, &c);
	if (ret_cleared)
		*ret_cleared = c.leaves;
}
