/* SPDX-License-Identifier: MIT */
/* Pages that were written, and hardware that marks them meanwhile. */
#include "base/errno.h"
#include "pgtable/arm_lpae_entry.h"

struct dirty_read {
	unsigned int flags;
	void (*found)(void *arg, uint64_t va, unsigned int size_lg2);
	void *arg;
};

/* DDI 0487, D8.5.4: with DBM, what cannot be written is only clean. */
static bool pte_dirty(const struct arm_lpae *t, uint64_t raw)
{
	struct arm_pte pte = { { raw } };

	if (t->cfg.stage2)
		return FIELD_GET(ARM_PTE_S2_AP, &pte) & ARM_PTE_S2_AP_WRITE;
	return !(FIELD_GET(ARM_PTE_S1_AP, &pte) & ARM_PTE_S1_AP_READONLY);
}

/* DBM is the same bit in both stages. */
static uint64_t make_clean(const struct arm_lpae *t, uint64_t raw)
{
	struct arm_pte pte = { { raw } };
	uint64_t s1 = FIELD_GET(ARM_PTE_S1_AP, &pte);
	uint64_t s2 = FIELD_GET(ARM_PTE_S2_AP, &pte);

	if (t->cfg.stage2)
		FIELD_SET(ARM_PTE_S2_AP, &pte,
			  s2 & ~(uint64_t)ARM_PTE_S2_AP_WRITE);
	else
		FIELD_SET(ARM_PTE_S1_AP, &pte, s1 | ARM_PTE_S1_AP_READONLY);
	FIELD_SET(ARM_PTE_S1_DBM, &pte, 1);
	return pte.dw[0];
}

static void read_leaf(struct arm_lpae *t, le64_atomic *entry, int level,
		      uint64_t va, const struct dirty_read *r)
{
	uint64_t pte = le64_load_relaxed(entry);
	bool split = r->flags & ARM_LPAE_DIRTY_SPLIT;

	if (!pte_valid(pte) || !pte_dirty(t, pte))
		return;
	r->found(r->arg, va, entry_lg2(t, level));
	if (!(r->flags & ARM_LPAE_DIRTY_CLEAR))
		return;
	/* Hardware may set the Access flag meanwhile. */
	while (!le64_cmpxchg(entry, &pte, make_clean(t, pte)))
		;
	/* What is found dirty as a whole may stay whole. */
	if (split && level < ARM_PT_LEVEL_LAST)
		(void)!arm_lpae_split_block(t, entry, level);
}

/* Both ends are inside the table. Recurses once per level. */
static void read_table(struct arm_lpae *t, le64_atomic *table, int level,
		       uint64_t start, uint64_t last,
		       const struct dirty_read *r)
{
	unsigned int lg2 = entry_lg2(t, level);
	size_t i = entry_index(t, level, start);
	size_t n = entry_index(t, level, last);
	uint64_t base = align_down(start, BIT(lg2));

	for (; i <= n; i++, base += BIT(lg2)) {
		uint64_t pte = le64_load_relaxed(&table[i]);
		uint64_t end = base + (BIT(lg2) - 1);

		if (pte_is_table(pte, level))
			read_table(t, pte_table(t, pte), level + 1,
				   start > base ? start : base,
				   last < end ? last : end, r);
		else
			read_leaf(t, &table[i], level, base, r);
	}
}

int arm_lpae_read_dirty(
	struct arm_lpae *t, uint64_t start, uint64_t last, unsigned int flags,
	void (*found)(void *arg, uint64_t va, unsigned int size_lg2), void *arg)
{
	const struct dirty_read r = { flags, found, arg };
	uint64_t top = BIT(t->cfg.va_bits) - 1;

	if (last > top)
		last = top;
	if (start > last)
		return 0;
	if (flags & ARM_LPAE_DIRTY_CLEAR && (arm_lpae_inside_leaf(t, start) ||
					     arm_lpae_inside_leaf(t, last + 1)))
		return -EINVAL;
	read_table(t, t->root, t->start_level, start, last, &r);
	return 0;
}
