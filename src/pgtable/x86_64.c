/* SPDX-License-Identifier: MIT */
#include "pgtable/x86_64.h"

#include "base/errno.h"
#include "fmt/x86_pt.h"

static const struct pt512_fmt fmt = {
	.present = FIELD_MASK(X86_PTE_P),
	.large = FIELD_MASK(X86_PTE_PS),
	.address = FIELD_MASK(X86_PTE_ADDR),
};

/* A table restricts nothing: leaves do. */
static uint64_t make_table(bool hw_ad)
{
	struct x86_pte pte = { { 0 } };

	FIELD_SET(X86_PTE_P, &pte, 1);
	FIELD_SET(X86_PTE_RW, &pte, 1);
	FIELD_SET(X86_PTE_US, &pte, 1);
	FIELD_SET(X86_PTE_A, &pte, !hw_ad);
	return pte.dw[0];
}

/* perm has passed perm_ok(). */
static uint64_t make_leaf(const struct x86_64 *t, unsigned int perm,
			  unsigned int flags)
{
	struct x86_pte pte = { { 0 } };
	bool write = perm & IOMMU_PERM_WRITE;
	bool dirty = write && !t->hw_ad && !(flags & X86_64_CLEAN);

	FIELD_SET(X86_PTE_P, &pte, 1);
	FIELD_SET(X86_PTE_RW, &pte, write);
	FIELD_SET(X86_PTE_US, &pte, !(perm & IOMMU_PERM_PRIV));
	FIELD_SET(X86_PTE_PWT, &pte, flags & 1);
	FIELD_SET(X86_PTE_PCD, &pte, flags >> 1 & 1);
	FIELD_SET(X86_PTE_A, &pte, !t->hw_ad);
	FIELD_SET(X86_PTE_D, &pte, dirty);
	FIELD_SET(X86_PTE_XD, &pte, !t->no_nx && !(perm & IOMMU_PERM_EXEC));
	return pte.dw[0];
}

static bool perm_ok(unsigned int perm)
{
	unsigned int known = IOMMU_PERM_RWX | IOMMU_PERM_PRIV;

	return !(perm & ~known) &&
	       (perm & (IOMMU_PERM_READ | IOMMU_PERM_WRITE));
}

/* Bytes of one half of the table. */
static uint64_t half(const struct x86_64 *t)
{
	return BIT(x86_pt_va_bits(t->pt.cfg.levels) - 1);
}

/* First address of the upper half. */
static uint64_t upper(const struct x86_64 *t)
{
	return -half(t);
}

static bool is_canonical(const struct x86_64 *t, uint64_t va)
{
	return x86_pt_canonical(t->pt.cfg.levels, va);
}

/* The address in the table, whose upper half is above the lower. */
static uint64_t fold(const struct x86_64 *t, uint64_t va)
{
	return va & (2 * half(t) - 1);
}

static uint64_t unfold(const struct x86_64 *t, uint64_t va)
{
	return va & half(t) ? va | upper(t) : va;
}

/* The rest of the rules are those of pt512.c. */
static bool range_ok(const struct x86_64 *t, uint64_t va, uint64_t size)
{
	return is_canonical(t, va) && size <= half(t) - (va & (half(t) - 1));
}

int x86_64_init(struct x86_64 *t, const struct x86_64_cfg *cfg)
{
	const struct pt512_cfg pt = {
		.plat = cfg->plat,
		.fmt = &fmt,
		.table = make_table(cfg->hw_ad),
		.levels = cfg->levels,
		.va_bits = x86_pt_va_bits(cfg->levels),
		.pa_bits = cfg->pa_bits,
		.sizes = cfg->sizes,
	};

	if (cfg->levels != 4 && cfg->levels != 5)
		return -EINVAL;
	t->hw_ad = cfg->hw_ad;
	t->no_nx = cfg->no_nx;
	return pt512_init(&t->pt, &pt);
}

void x86_64_fini(struct x86_64 *t)
{
	pt512_fini(&t->pt);
}

uint64_t x86_64_root_pa(const struct x86_64 *t)
{
	return pt512_root_pa(&t->pt);
}

unsigned int x86_64_va_bits(const struct x86_64 *t)
{
	return x86_pt_va_bits(t->pt.cfg.levels);
}

int x86_64_map(struct x86_64 *t, uint64_t va, uint64_t pa, uint64_t size,
	       unsigned int perm, unsigned int flags)
{
	uint64_t sizes = flags & X86_64_NO_LARGE ? BIT(12) : PT512_SIZES;

	if (!range_ok(t, va, size) || !perm_ok(perm))
		return -EINVAL;
	return pt512_map(&t->pt, fold(t, va), pa, size,
			 make_leaf(t, perm, flags), sizes);
}

int x86_64_unmap(struct x86_64 *t, uint64_t va, uint64_t size,
		 uint64_t *ret_bytes)
{
	if (!range_ok(t, va, size))
		return -EINVAL;
	return pt512_unmap(&t->pt, fold(t, va), size, ret_bytes);
}

int x86_64_split(struct x86_64 *t, uint64_t va)
{
	if (!is_canonical(t, va))
		return -EINVAL;
	return pt512_split(&t->pt, fold(t, va));
}

int x86_64_set(struct x86_64 *t, uint64_t va, uint64_t pa, unsigned int perm)
{
	if (!is_canonical(t, va) || !perm_ok(perm))
		return -EINVAL;
	return pt512_set(&t->pt, fold(t, va), pa, make_leaf(t, perm, 0));
}

void x86_64_clear(struct x86_64 *t, uint64_t start, uint64_t end,
		  size_t *ret_cleared)
{
	uint64_t low_end = end < half(t) ? end : half(t);
	uint64_t high = start > upper(t) ? start : upper(t);
	size_t cleared = 0;

	if (start < low_end)
		cleared += pt512_clear(&t->pt, start, low_end);
	if (high < end)
		cleared += pt512_clear(&t->pt, fold(t, high),
				       fold(t, end - 1) + 1);
	if (ret_cleared)
		*ret_cleared = cleared;
}

static void decode(const struct x86_64 *t, const struct pt512_leaf *at,
		   struct x86_64_leaf *leaf)
{
	struct x86_pte pte = { { at->entry } };

	leaf->va = unfold(t, at->va);
	leaf->pa = at->pa;
	leaf->size_lg2 = at->size_lg2;
	leaf->attr = (unsigned int)(FIELD_GET(X86_PTE_PWT, &pte) |
				    FIELD_GET(X86_PTE_PCD, &pte) << 1);
	leaf->accessed = FIELD_GET(X86_PTE_A, &pte);
	leaf->dirty = FIELD_GET(X86_PTE_D, &pte);
	leaf->perm = IOMMU_PERM_READ;
	if (FIELD_GET(X86_PTE_RW, &pte))
		leaf->perm |= IOMMU_PERM_WRITE;
	if (!FIELD_GET(X86_PTE_XD, &pte))
		leaf->perm |= IOMMU_PERM_EXEC;
	if (!FIELD_GET(X86_PTE_US, &pte))
		leaf->perm |= IOMMU_PERM_PRIV;
}

int x86_64_walk(const struct x86_64 *t, uint64_t va,
		struct x86_64_leaf *ret_leaf)
{
	struct pt512_leaf at;
	int err;

	if (!is_canonical(t, va))
		return -ENOENT;
	err = pt512_walk(&t->pt, fold(t, va), &at);
	if (!err)
		decode(t, &at, ret_leaf);
	return err;
}

int x86_64_next(const struct x86_64 *t, uint64_t va,
		struct x86_64_leaf *ret_leaf)
{
	struct pt512_leaf at;
	int err;

	if (!is_canonical(t, va))
		va = upper(t);
	err = pt512_next(&t->pt, fold(t, va), &at);
	if (!err)
		decode(t, &at, ret_leaf);
	return err;
}
