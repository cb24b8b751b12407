/* SPDX-License-Identifier: MIT */
/* Looks at a table, beside its writer. */
#include "base/errno.h"
#include "pgtable/arm_lpae_entry.h"
#include "pgtable/arm_lpae_s2.h"

static void decode_leaf(const struct arm_lpae *t, uint64_t raw, uint64_t va,
			unsigned int size_lg2, struct arm_lpae_leaf *leaf)
{
	struct arm_pte pte = { { raw } };
	uint64_t ap = FIELD_GET(ARM_PTE_S1_AP, &pte);
	bool priv = !(ap & ARM_PTE_S1_AP_USER);
	bool dbm = FIELD_GET(ARM_PTE_S1_DBM, &pte);

	leaf->va = align_down(va, BIT(size_lg2));
	leaf->pa = pte_pa(t, raw, size_lg2);
	leaf->size_lg2 = size_lg2;
	if (t->cfg.stage2) {
		arm_lpae_s2_decode(&pte, leaf);
		return;
	}
	leaf->attr = (unsigned int)FIELD_GET(ARM_PTE_S1_ATTRINDX, &pte);
	leaf->accessed = FIELD_GET(ARM_PTE_S1_AF, &pte);
	leaf->dirty = !(ap & ARM_PTE_S1_AP_READONLY);
	leaf->perm = IOMMU_PERM_READ;
	if (leaf->dirty || dbm)
		leaf->perm |= IOMMU_PERM_WRITE;
	if (priv ? !FIELD_GET(ARM_PTE_S1_PXN, &pte) :
		   !FIELD_GET(ARM_PTE_S1_UXN, &pte))
		leaf->perm |= IOMMU_PERM_EXEC;
	if (priv)
		leaf->perm |= IOMMU_PERM_PRIV;
}

/* The descriptor of what maps @va, and log2 of its bytes. */
static inline int find(const struct arm_lpae *t, uint64_t va, uint64_t *ret_pte,
		       unsigned int *ret_lg2)
{
	const unsigned int bits = arm_pt_level_bits(t->cfg.granule_lg2);
	unsigned int lg2 = entry_lg2(t, t->start_level);
	const le64_atomic *table = t->root;
	int level = t->start_level;
	uint64_t pte, index;

	if (va >> t->cfg.va_bits)
		return -ENOENT;
	for (index = va >> lg2;; index = va >> lg2 & (BIT(bits) - 1)) {
		/* Pairs with the release of get_entry(). */
		pte = le64_load_acquire(&table[index]);
		if (!pte_valid(pte))
			return -ENOENT;
		if (!pte_is_table(pte, level))
			break;
		table = pte_table(t, pte);
		level++;
		lg2 -= bits;
	}
	*ret_pte = pte;
	*ret_lg2 = lg2;
	return 0;
}

int arm_lpae_walk(const struct arm_lpae *t, uint64_t va,
		  struct arm_lpae_leaf *ret_leaf)
{
	unsigned int lg2;
	uint64_t pte;
	int err = find(t, va, &pte, &lg2);

	if (!err)
		decode_leaf(t, pte, va, lg2, ret_leaf);
	return err;
}

int arm_lpae_phys(const struct arm_lpae *t, uint64_t va, uint64_t *ret_pa)
{
	unsigned int lg2;
	uint64_t pte;
	int err = find(t, va, &pte, &lg2);

	if (!err)
		*ret_pa = pte_pa(t, pte, lg2) | (va & (BIT(lg2) - 1));
	return err;
}

bool arm_lpae_inside_leaf(const struct arm_lpae *t, uint64_t va)
{
	struct arm_lpae_leaf leaf;

	return !arm_lpae_walk(t, va, &leaf) && leaf.va != va;
}

/* Of the entries of one table, from va on. Recurses once per level. */
static int next_in(const struct arm_lpae *t, const le64_atomic *table,
		   int level, uint64_t va, struct arm_lpae_leaf *ret_leaf)
{
	unsigned int lg2 = entry_lg2(t, level);
	size_t i = entry_index(t, level, va), n = entry_count(t, level);

	for (; i < n; i++, va = align_down(va, BIT(lg2)) + BIT(lg2)) {
		/* Pairs with the release of get_entry(). */
		uint64_t pte = le64_load_acquire(&table[i]);

		if (pte_is_table(pte, level)) {
			if (!next_in(t, pte_table(t, pte), level + 1, va,
				     ret_leaf))
				return 0;
		} else if (pte_valid(pte)) {
			decode_leaf(t, pte, va, lg2, ret_leaf);
			return 0;
		}
	}
	return -ENOENT;
}

int arm_lpae_next(const struct arm_lpae *t, uint64_t va,
		  struct arm_lpae_leaf *ret_leaf)
{
	if (va >= BIT(t->cfg.va_bits))
		return -ENOENT;
	return next_in(t, t->root, t->start_level, va, ret_leaf);
}
