/* SPDX-License-Identifier: MIT */
#include "pgtable/vtdss.h"

#include "base/errno.h"
#include "fmt/x86_pt.h"

static const struct pt512_fmt fmt = {
	.present = FIELD_MASK(VTD_SSPTE_R) | FIELD_MASK(VTD_SSPTE_W) |
		   FIELD_MASK(VTD_SSPTE_X),
	.large = FIELD_MASK(VTD_SSPTE_PS),
	.address = FIELD_MASK(VTD_SSPTE_ADDR),
};

/* A table restricts nothing: leaves do. */
static uint64_t make_table(const struct vtdss_cfg *cfg)
{
	struct vtd_sspte pte = { { 0 } };

	FIELD_SET(VTD_SSPTE_R, &pte, 1);
	FIELD_SET(VTD_SSPTE_W, &pte, 1);
	FIELD_SET(VTD_SSPTE_X, &pte, cfg->exec);
	FIELD_SET(VTD_SSPTE_A, &pte, !cfg->hw_ad);
	return pte.dw[0];
}

/* perm has passed perm_ok(). */
static uint64_t make_leaf(const struct vtdss *t, unsigned int perm,
			  unsigned int flags)
{
	struct vtd_sspte pte = { { 0 } };
	bool write = perm & IOMMU_PERM_WRITE;
	bool dirty = write && !t->hw_ad && !(flags & VTDSS_CLEAN);

	FIELD_SET(VTD_SSPTE_R, &pte, !!(perm & IOMMU_PERM_READ));
	FIELD_SET(VTD_SSPTE_W, &pte, write);
	FIELD_SET(VTD_SSPTE_X, &pte, !!(perm & IOMMU_PERM_EXEC));
	FIELD_SET(VTD_SSPTE_A, &pte, !t->hw_ad);
	FIELD_SET(VTD_SSPTE_D, &pte, dirty);
	FIELD_SET(VTD_SSPTE_SNP, &pte, t->snoop);
	return pte.dw[0];
}

static bool perm_ok(const struct vtdss *t, unsigned int perm)
{
	unsigned int known = IOMMU_PERM_READ | IOMMU_PERM_WRITE |
			     (t->exec ? IOMMU_PERM_EXEC : 0u);

	return !(perm & ~known) &&
	       (perm & (IOMMU_PERM_READ | IOMMU_PERM_WRITE));
}

int vtdss_init(struct vtdss *t, const struct vtdss_cfg *cfg)
{
	const struct pt512_cfg pt = {
		.plat = cfg->plat,
		.fmt = &fmt,
		.table = make_table(cfg),
		.levels = cfg->levels,
		.va_bits = cfg->va_bits,
		.pa_bits = cfg->pa_bits,
		.sizes = cfg->sizes,
	};

	t->snoop = cfg->snoop;
	t->exec = cfg->exec;
	t->hw_ad = cfg->hw_ad;
	return pt512_init(&t->pt, &pt);
}

void vtdss_fini(struct vtdss *t)
{
	pt512_fini(&t->pt);
}

uint64_t vtdss_root_pa(const struct vtdss *t)
{
	return pt512_root_pa(&t->pt);
}

int vtdss_map(struct vtdss *t, uint64_t va, uint64_t pa, uint64_t size,
	      unsigned int perm, unsigned int flags)
{
	uint64_t sizes = flags & VTDSS_NO_LARGE ? BIT(12) : PT512_SIZES;

	if (!perm_ok(t, perm))
		return -EINVAL;
	return pt512_map(&t->pt, va, pa, size, make_leaf(t, perm, flags),
			 sizes);
}

int vtdss_unmap(struct vtdss *t, uint64_t va, uint64_t size,
		uint64_t *ret_bytes)
{
	return pt512_unmap(&t->pt, va, size, ret_bytes);
}

int vtdss_unmap_free(struct vtdss *t, uint64_t va, uint64_t size, void **freed,
		     uint64_t *ret_bytes)
{
	return pt512_unmap_free(&t->pt, va, size, freed, ret_bytes);
}

void vtdss_free_tables(const struct vtdss *t, void **freed)
{
	pt512_free_tables(&t->pt, freed);
}

int vtdss_split(struct vtdss *t, uint64_t va)
{
	return pt512_split(&t->pt, va);
}

int vtdss_read_dirty(
	struct vtdss *t, uint64_t start, uint64_t last, unsigned int flags,
	void (*found)(void *arg, uint64_t va, unsigned int size_lg2), void *arg)
{
	const struct pt512_dirty d = {
		.mask = FIELD_MASK(VTD_SSPTE_D),
		.clear = flags & VTDSS_DIRTY_CLEAR,
		.split = flags & VTDSS_DIRTY_SPLIT,
		.found = found,
		.arg = arg,
	};

	return pt512_read_dirty(&t->pt, start, last, &d);
}

int vtdss_set(struct vtdss *t, uint64_t va, uint64_t pa, unsigned int perm)
{
	if (!perm_ok(t, perm))
		return -EINVAL;
	return pt512_set(&t->pt, va, pa, make_leaf(t, perm, 0));
}

void vtdss_clear(struct vtdss *t, uint64_t start, uint64_t end,
		 size_t *ret_cleared)
{
	size_t cleared = pt512_clear(&t->pt, start, end);

	if (ret_cleared)
		*ret_cleared = cleared;
}

static void decode(const struct pt512_leaf *at, struct vtdss_leaf *leaf)
{
	struct vtd_sspte pte = { { at->entry } };

	leaf->va = at->va;
	leaf->pa = at->pa;
	leaf->size_lg2 = at->size_lg2;
	leaf->snoop = FIELD_GET(VTD_SSPTE_SNP, &pte);
	leaf->accessed = FIELD_GET(VTD_SSPTE_A, &pte);
	leaf->dirty = FIELD_GET(VTD_SSPTE_D, &pte);
	leaf->perm = 0;
	if (FIELD_GET(VTD_SSPTE_R, &pte))
		leaf->perm |= IOMMU_PERM_READ;
	if (FIELD_GET(VTD_SSPTE_W, &pte))
		leaf->perm |= IOMMU_PERM_WRITE;
	if (FIELD_GET(VTD_SSPTE_X, &pte))
		leaf->perm |= IOMMU_PERM_EXEC;
}

int vtdss_walk(const struct vtdss *t, uint64_t va, struct vtdss_leaf *ret_leaf)
{
	struct pt512_leaf at;
	int err = pt512_walk(&t->pt, va, &at);

	if (!err)
		decode(&at, ret_leaf);
	return err;
}

int vtdss_next(const struct vtdss *t, uint64_t va, struct vtdss_leaf *ret_leaf)
{
	struct pt512_leaf at;
	int err = pt512_next(&t->pt, va, &at);

	if (!err)
		decode(&at, ret_leaf);
	return err;
}
