/* SPDX-License-Identifier: MIT */
/* Entries of a table, and where they are. Private to arm_lpae. */
#ifndef PGTABLE_ARM_LPAE_ENTRY_H
#define PGTABLE_ARM_LPAE_ENTRY_H

#include "base/bits.h"
#include "fmt/arm_pt.h"
#include "pgtable/arm_lpae.h"

/* log2 of the bytes one entry of the level maps. */
static inline unsigned int entry_lg2(const struct arm_lpae *t, int level)
{
	return arm_pt_entry_lg2(t->cfg.granule_lg2, level);
}

static inline size_t entry_index(const struct arm_lpae *t, int level,
				 uint64_t va)
{
	uint64_t index = va >> entry_lg2(t, level);

	/* The root has as many entries as va_bits asks for. */
	if (level == t->start_level)
		return (size_t)index;
	return (size_t)(index &
			(BIT(arm_pt_level_bits(t->cfg.granule_lg2)) - 1));
}

static inline size_t entry_count(const struct arm_lpae *t, int level)
{
	if (level == t->start_level)
		return (size_t)BIT(t->cfg.va_bits - entry_lg2(t, level));
	return (size_t)BIT(arm_pt_level_bits(t->cfg.granule_lg2));
}

static inline size_t table_size(const struct arm_lpae *t)
{
	return (size_t)BIT(t->cfg.granule_lg2);
}

static inline bool pte_valid(uint64_t pte)
{
	return pte & 1;
}

static inline bool pte_is_table(uint64_t pte, int level)
{
	return level < ARM_PT_LEVEL_LAST && (pte & 3) == ARM_PTE_KIND_TABLE;
}

static inline uint64_t pte_pa(const struct arm_lpae *t, uint64_t raw,
			      unsigned int size_lg2)
{
	struct arm_pte pte = { { raw } };

	return arm_pte_oa(&pte, t->cfg.granule_lg2, size_lg2, false);
}

/* Address bits below the granule are 0, as make_table() left them. */
static inline le64_atomic *pte_table(const struct arm_lpae *t, uint64_t raw)
{
	return plat_phys_to_virt(t->cfg.plat, pte_pa(t, raw, ARM_PT_4K_LG2));
}

/* A leaf maps @va, and does not begin there. */
bool arm_lpae_inside_leaf(const struct arm_lpae *t, uint64_t va);

/*
 * A table of leaves of the next level takes the place of the block. What
 * hardware sets in it meanwhile is not lost. -ENOMEM
 */
SVA_MUST_CHECK int arm_lpae_split_block(struct arm_lpae *t, le64_atomic *entry,
					int level);

#endif
