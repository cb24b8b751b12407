/* SPDX-License-Identifier: MIT */
#include "pgtable/mm_table.h"

#include "base/errno.h"

#define PAGE_LG2 12u

void mm_table_init(struct mm_table *t, const struct mm_table_cfg *cfg)
{
	t->cfg = *cfg;
	atomic_init(&t->has_arm, false);
	atomic_init(&t->has_x86, false);
}

void mm_table_fini(struct mm_table *t)
{
	if (mm_table_has(&t->has_arm))
		arm_lpae_fini(&t->arm);
	if (mm_table_has(&t->has_x86))
		x86_64_fini(&t->x86);
	/* Relaxed: nobody else is here. */
	atomic_store_explicit(&t->has_arm, false, memory_order_relaxed);
	atomic_store_explicit(&t->has_x86, false, memory_order_relaxed);
}

static int copy_to_arm(struct mm_table *t)
{
	struct x86_64_leaf leaf;
	uint64_t va = 0;
	int err;

	while (mm_table_has(&t->has_x86) && !x86_64_next(&t->x86, va, &leaf)) {
		err = arm_lpae_set(&t->arm, leaf.va, leaf.pa, leaf.perm);
		if (err)
			return err;
		va = leaf.va + BIT(PAGE_LG2);
	}
	return 0;
}

static int copy_to_x86(struct mm_table *t)
{
	struct arm_lpae_leaf leaf;
	uint64_t va = 0;
	int err;

	while (mm_table_has(&t->has_arm) &&
	       !arm_lpae_next(&t->arm, va, &leaf)) {
		/* The upper half is not what it is at Arm's address. */
		if (leaf.va >= BIT(x86_64_va_bits(&t->x86) - 1))
			return -EOPNOTSUPP;
		err = x86_64_set(&t->x86, leaf.va, leaf.pa, leaf.perm);
		if (err)
			return err;
		va = leaf.va + BIT(PAGE_LG2);
	}
	return 0;
}

static int make_arm(struct mm_table *t)
{
	const struct arm_lpae_cfg cfg = {
		.plat = t->cfg.plat,
		.va_bits = t->cfg.va_bits,
		.pa_bits = t->cfg.pa_bits,
		.granule_lg2 = PAGE_LG2,
	};
	int err = arm_lpae_init(&t->arm, &cfg);

	if (err)
		return err;
	err = copy_to_arm(t);
	if (err)
		arm_lpae_fini(&t->arm);
	return err;
}

static int make_x86(struct mm_table *t)
{
	const struct x86_64_cfg cfg = {
		.plat = t->cfg.plat,
		.levels = t->cfg.x86_levels,
		.pa_bits = t->cfg.pa_bits,
		.sizes = BIT(PAGE_LG2),
	};
	int err = x86_64_init(&t->x86, &cfg);

	if (err)
		return err;
	err = copy_to_x86(t);
	if (err)
		x86_64_fini(&t->x86);
	return err;
}

static int want_arm(struct mm_table *t, struct iommu_mm_table *ret_table)
{
	int err = mm_table_has(&t->has_arm) ? 0 : make_arm(t);

	if (err)
		return err;
	/* Pairs with mm_table_has(). */
	atomic_store_explicit(&t->has_arm, true, memory_order_release);
	*ret_table = (struct iommu_mm_table){
		.fmt = IOMMU_TABLE_ARM_64_LPAE_S1,
		.root = arm_lpae_root_pa(&t->arm),
		.va_bits = t->cfg.va_bits,
		.granule_lg2 = PAGE_LG2,
		.pa_bits = t->cfg.pa_bits,
		.af_managed = true,
		.mair = ARM_LPAE_MAIR,
	};
	return 0;
}

static int want_x86(struct mm_table *t, struct iommu_mm_table *ret_table)
{
	int err = mm_table_has(&t->has_x86) ? 0 : make_x86(t);

	if (err)
		return err;
	/* Pairs with mm_table_has(). */
	atomic_store_explicit(&t->has_x86, true, memory_order_release);
	*ret_table = (struct iommu_mm_table){
		.fmt = IOMMU_TABLE_X86_64,
		.root = x86_64_root_pa(&t->x86),
		.va_bits = x86_64_va_bits(&t->x86),
		.granule_lg2 = PAGE_LG2,
		.pa_bits = t->cfg.pa_bits,
		.af_managed = true,
	};
	return 0;
}

int mm_table_want(struct mm_table *t, enum iommu_table_fmt fmt,
		  struct iommu_mm_table *ret_table)
{
	switch (fmt) {
	case IOMMU_TABLE_ARM_64_LPAE_S1:
		return want_arm(t, ret_table);
	case IOMMU_TABLE_X86_64:
		return want_x86(t, ret_table);
	}
	return -EOPNOTSUPP;
}

/* In all formats: what one cannot have, none has. */
static bool reaches(const struct mm_table *t, uint64_t va)
{
	return va < BIT(t->cfg.va_bits) &&
	       (!mm_table_has(&t->has_x86) ||
		va < BIT(x86_64_va_bits(&t->x86) - 1));
}

int mm_table_set(struct mm_table *t, uint64_t va, uint64_t pa,
		 unsigned int perm)
{
	int err = -EINVAL;

	if (!reaches(t, va))
		return -EINVAL;
	if (mm_table_has(&t->has_arm))
		err = arm_lpae_set(&t->arm, va, pa, perm);
	if (!mm_table_has(&t->has_x86) || (mm_table_has(&t->has_arm) && err))
		return err;
	err = x86_64_set(&t->x86, va, pa, perm);
	/*
	 * Out of memory for a table: so it was not mapped, in any format. All
	 * else has failed above.
	 */
	if (err && mm_table_has(&t->has_arm))
		arm_lpae_clear(&t->arm, va, va + 1, NULL);
	return err;
}

void mm_table_clear(struct mm_table *t, uint64_t start, uint64_t end,
		    size_t *ret_cleared)
{
	size_t cleared = 0;

	if (mm_table_has(&t->has_arm))
		arm_lpae_clear(&t->arm, start, end, &cleared);
	if (mm_table_has(&t->has_x86))
		x86_64_clear(&t->x86, start, end, &cleared);
	if (ret_cleared)
		*ret_cleared = cleared;
}

int mm_table_walk(const struct mm_table *t, uint64_t va,
		  struct mm_table_leaf *ret_leaf)
{
	struct arm_lpae_leaf arm;
	struct x86_64_leaf x86;

	if (mm_table_has(&t->has_arm)) {
		if (arm_lpae_walk(&t->arm, va, &arm))
			return -ENOENT;
		*ret_leaf = (struct mm_table_leaf){ arm.pa, arm.perm };
		return 0;
	}
	if (!mm_table_has(&t->has_x86) || x86_64_walk(&t->x86, va, &x86))
		return -ENOENT;
	*ret_leaf = (struct mm_table_leaf){ x86.pa, x86.perm };
	return 0;
}
