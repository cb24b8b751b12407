/* SPDX-License-Identifier: MIT */
/*
 * The table of an address space that IOMMUs share, in each format one of them
 * has asked for.
 *
 * There is none before mm_table_want(). All formats hold the same pages, of
 * 4 KiB each, so that one walk answers for all; a format that comes later
 * starts as a copy. Accessed and dirty flags are set from the start: hardware
 * has nothing to write.
 *
 * The rules of arm_lpae.h and x86_64.h: callers serialise all functions of one
 * table, hardware reads concurrently, TLBs are the caller's.
 */
#ifndef PGTABLE_MM_TABLE_H
#define PGTABLE_MM_TABLE_H

#include <stdatomic.h>

#include <sva/mm.h>
#include <sva/plat.h>

#include "pgtable/arm_lpae.h"
#include "pgtable/x86_64.h"

/**
 * struct mm_table_cfg - shape
 * @plat:       where its memory comes from.
 * @va_bits:    addresses are below 1 << @va_bits; 25 to 48.
 * @pa_bits:    output addresses are below 1 << @pa_bits; 32 to 48.
 * @x86_levels: of x86-64's format: 4, with which addresses are below 1 << 47,
 *              as its upper half is not the processes'; or 5.
 */
struct mm_table_cfg {
	const struct plat *plat;
	unsigned int va_bits;
	unsigned int pa_bits;
	unsigned int x86_levels;
};

/* All members are private. */
struct mm_table {
	struct mm_table_cfg cfg;
	_Atomic bool has_arm;
	_Atomic bool has_x86;
	struct arm_lpae arm;
	struct x86_64 x86;
};

struct mm_table_leaf {
	uint64_t pa;
	unsigned int perm;
};

void mm_table_init(struct mm_table *t, const struct mm_table_cfg *cfg);

/* Frees all. Nothing walks it any more. */
void mm_table_fini(struct mm_table *t);

/*
 * Is a table there, to be walked? A walk may run beside the making of one.
 * Acquire: the table is as it was made.
 */
static inline bool mm_table_has(const _Atomic bool *has)
{
	return atomic_load_explicit(has, memory_order_acquire);
}

/* Is there a format? */
static inline bool mm_table_any(const struct mm_table *t)
{
	return mm_table_has(&t->has_arm) || mm_table_has(&t->has_x86);
}

/**
 * mm_table_want() - have the table in a format
 * @ret_table: what an IOMMU needs to know of it; stays true until the end.
 *
 * Cost:   the first time, a copy of every page there is.
 * Return: 0, -EOPNOTSUPP an unknown format, or one that does not reach a page
 *         that is mapped, -EINVAL the shape, -ENOMEM.
 */
SVA_MUST_CHECK int mm_table_want(struct mm_table *t, enum iommu_table_fmt fmt,
				 struct iommu_mm_table *ret_table);

/**
 * mm_table_set() - map one page, whether or not it is mapped
 *
 * Return: 0, or with nothing changed: -EINVAL as arm_lpae_map(), @va is beyond
 *         one of the formats, or there is no format yet; -ENOMEM.
 */
SVA_MUST_CHECK int mm_table_set(struct mm_table *t, uint64_t va, uint64_t pa,
				unsigned int perm);

/* As arm_lpae_clear(). */
void mm_table_clear(struct mm_table *t, uint64_t start, uint64_t end,
		    size_t *ret_cleared);

/* Return: 0, -ENOENT. */
SVA_MUST_CHECK int mm_table_walk(const struct mm_table *t, uint64_t va,
				 struct mm_table_leaf *ret_leaf);

#endif
