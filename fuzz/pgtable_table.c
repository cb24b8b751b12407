/* SPDX-License-Identifier: MIT */
#include "fuzz/pgtable_table.h"

#include <errno.h>

static int init_arm(struct table *t, const struct plat *plat, struct in *in,
		    uint8_t shape, bool *ret_good)
{
	static const uint8_t granules[] = { 12, 14, 16, 13 };
	struct arm_lpae_cfg cfg = { .plat = plat };

	cfg.granule_lg2 = granules[shape & 3];
	cfg.va_bits = 48 - (in_u8(in) & 31);
	cfg.pa_bits = 48 - (in_u8(in) & 31);
	t->page_lg2 = cfg.granule_lg2;
	t->va_bits = cfg.va_bits;
	t->pa_bits = cfg.pa_bits;
	t->largest_lg2 = 63;
	*ret_good = cfg.granule_lg2 != 13 && cfg.va_bits >= 25 &&
		    cfg.pa_bits >= 32;
	return arm_lpae_init(&t->arm, &cfg);
}

/* One byte says which sizes, and the rest. */
static uint64_t take_sizes(struct table *t, uint8_t b)
{
	uint64_t sizes = UINT64_C(1) << 12;

	t->largest_lg2 = 12;
	if (!(b & 1)) {
		sizes |= UINT64_C(1) << 21;
		t->largest_lg2 = 21;
	}
	if (!(b & 2)) {
		sizes |= UINT64_C(1) << 30;
		t->largest_lg2 = 30;
	}
	t->hw_ad = b & 4;
	t->exec = !(b & 8);
	return sizes;
}

static int init_x86(struct table *t, const struct plat *plat, struct in *in,
		    uint8_t shape, bool *ret_good)
{
	struct x86_64_cfg cfg = { .plat = plat };

	cfg.levels = shape & 1 ? 5 : 4;
	cfg.pa_bits = 52 - (in_u8(in) & 31);
	cfg.sizes = take_sizes(t, in_u8(in));
	cfg.hw_ad = t->hw_ad;
	cfg.no_nx = !t->exec;
	t->va_bits = cfg.levels == 5 ? 57 : 48;
	t->pa_bits = cfg.pa_bits;
	t->page_lg2 = 12;
	*ret_good = cfg.pa_bits >= 32;
	return x86_64_init(&t->x86, &cfg);
}

static int init_ss(struct table *t, const struct plat *plat, struct in *in,
		   uint8_t shape, bool *ret_good)
{
	uint8_t b = in_u8(in);
	struct vtdss_cfg cfg = { .plat = plat };

	cfg.levels = 2 + (shape & 3);
	cfg.va_bits = 12 + 9 * cfg.levels - (b & 7);
	cfg.pa_bits = 52 - (b >> 3);
	cfg.sizes = take_sizes(t, in_u8(in));
	cfg.hw_ad = t->hw_ad;
	cfg.exec = t->exec;
	t->va_bits = cfg.va_bits;
	t->pa_bits = cfg.pa_bits;
	t->page_lg2 = 12;
	*ret_good = cfg.pa_bits >= 32 && cfg.levels > 2 && cfg.va_bits >= 32;
	return vtdss_init(&t->ss, &cfg);
}

int table_init(struct table *t, const struct plat *plat, struct in *in,
	       bool *ret_good)
{
	uint8_t b = in_u8(in);

	if (b & 0x10) {
		t->kind = KIND_X86;
		return init_x86(t, plat, in, b, ret_good);
	}
	if (b & 0x20) {
		t->kind = KIND_SS;
		return init_ss(t, plat, in, b, ret_good);
	}
	t->kind = KIND_ARM;
	return init_arm(t, plat, in, b, ret_good);
}

void table_fini(struct table *t)
{
	if (t->kind == KIND_ARM)
		arm_lpae_fini(&t->arm);
	else if (t->kind == KIND_X86)
		x86_64_fini(&t->x86);
	else
		vtdss_fini(&t->ss);
}

static unsigned int flags_x86(unsigned int flags)
{
	return (flags & X86_64_ATTR_MASK) |
	       (flags & FLAG_SMALL ? (unsigned int)X86_64_NO_LARGE : 0u) |
	       (flags & FLAG_CLEAN ? (unsigned int)X86_64_CLEAN : 0u);
}

static unsigned int flags_ss(unsigned int flags)
{
	return (flags & FLAG_SMALL ? (unsigned int)VTDSS_NO_LARGE : 0u) |
	       (flags & FLAG_CLEAN ? (unsigned int)VTDSS_CLEAN : 0u);
}

int table_map(struct table *t, uint64_t va, uint64_t pa, uint64_t size,
	      unsigned int perm, unsigned int flags)
{
	if (t->kind == KIND_ARM)
		return arm_lpae_map(&t->arm, va, pa, size, perm, flags);
	if (t->kind == KIND_X86)
		return x86_64_map(&t->x86, va, pa, size, perm,
				  flags_x86(flags));
	return vtdss_map(&t->ss, va, pa, size, perm, flags_ss(flags));
}

int table_unmap(struct table *t, uint64_t va, uint64_t size,
		uint64_t *ret_bytes)
{
	if (t->kind == KIND_ARM)
		return arm_lpae_unmap(&t->arm, va, size, ret_bytes);
	if (t->kind == KIND_X86)
		return x86_64_unmap(&t->x86, va, size, ret_bytes);
	return vtdss_unmap(&t->ss, va, size, ret_bytes);
}

int table_set(struct table *t, uint64_t va, uint64_t pa, unsigned int perm)
{
	if (t->kind == KIND_ARM)
		return arm_lpae_set(&t->arm, va, pa, perm);
	if (t->kind == KIND_X86)
		return x86_64_set(&t->x86, va, pa, perm);
	return vtdss_set(&t->ss, va, pa, perm);
}

void table_clear(struct table *t, uint64_t start, uint64_t end,
		 size_t *ret_cleared)
{
	if (t->kind == KIND_ARM)
		arm_lpae_clear(&t->arm, start, end, ret_cleared);
	else if (t->kind == KIND_X86)
		x86_64_clear(&t->x86, start, end, ret_cleared);
	else
		vtdss_clear(&t->ss, start, end, ret_cleared);
}

/* Members of the three leaves have the same names. */
#define TAKE(to, from)                                                         \
	do {                                                                   \
		(to)->va = (from).va;                                          \
		(to)->pa = (from).pa;                                          \
		(to)->size_lg2 = (from).size_lg2;                              \
		(to)->perm = (from).perm;                                      \
		(to)->accessed = (from).accessed;                              \
		(to)->dirty = (from).dirty;                                    \
	} while (0)

static int walk_ss(struct table *t, uint64_t va, bool next,
		   struct table_leaf *ret_leaf)
{
	struct vtdss_leaf leaf;
	int err = next ? vtdss_next(&t->ss, va, &leaf) :
			 vtdss_walk(&t->ss, va, &leaf);

	if (err)
		return err;
	TAKE(ret_leaf, leaf);
	ret_leaf->attr = 0;
	return 0;
}

static int walk_x86(struct table *t, uint64_t va, bool next,
		    struct table_leaf *ret_leaf)
{
	struct x86_64_leaf leaf;
	int err = next ? x86_64_next(&t->x86, va, &leaf) :
			 x86_64_walk(&t->x86, va, &leaf);

	if (err)
		return err;
	TAKE(ret_leaf, leaf);
	ret_leaf->attr = leaf.attr;
	return 0;
}

int table_walk(struct table *t, uint64_t va, struct table_leaf *ret_leaf)
{
	struct arm_lpae_leaf leaf;
	int err;

	if (t->kind == KIND_X86)
		return walk_x86(t, va, false, ret_leaf);
	if (t->kind == KIND_SS)
		return walk_ss(t, va, false, ret_leaf);
	err = arm_lpae_walk(&t->arm, va, &leaf);
	if (err)
		return err;
	TAKE(ret_leaf, leaf);
	ret_leaf->attr = leaf.attr;
	return 0;
}

int table_next(struct table *t, uint64_t va, struct table_leaf *ret_leaf)
{
	return t->kind == KIND_X86 ? walk_x86(t, va, true, ret_leaf) :
				     walk_ss(t, va, true, ret_leaf);
}

int table_split(struct table *t, uint64_t va)
{
	return t->kind == KIND_X86 ? x86_64_split(&t->x86, va) :
				     vtdss_split(&t->ss, va);
}

int table_read_dirty(
	struct table *t, uint64_t start, uint64_t last, unsigned int flags,
	void (*found)(void *arg, uint64_t va, unsigned int size_lg2), void *arg)
{
	unsigned int ss = 0;

	if (t->kind == KIND_ARM)
		return arm_lpae_read_dirty(&t->arm, start, last, flags, found,
					   arg);
	if (flags & ARM_LPAE_DIRTY_CLEAR)
		ss |= VTDSS_DIRTY_CLEAR;
	if (flags & ARM_LPAE_DIRTY_SPLIT)
		ss |= VTDSS_DIRTY_SPLIT;
	return vtdss_read_dirty(&t->ss, start, last, ss, found, arg);
}

uint64_t table_limit(const struct table *t)
{
	return UINT64_C(1) << (t->va_bits - (t->kind == KIND_X86));
}

bool table_range_good(const struct table *t, uint64_t va, uint64_t size)
{
	uint64_t end = table_limit(t);

	if (!size || (va | size) & ((UINT64_C(1) << t->page_lg2) - 1))
		return false;
	/* The upper half ends where 64 bits do. */
	if (t->kind == KIND_X86 && va >= -end)
		return size <= -va;
	return va < end && size <= end - va;
}

bool table_perm_good(const struct table *t, unsigned int perm)
{
	unsigned int known = IOMMU_PERM_RWX | IOMMU_PERM_PRIV;

	if (t->kind == KIND_SS)
		known = t->exec ? 7 : 3;
	return !(perm & ~known) && perm & (IOMMU_PERM_READ | IOMMU_PERM_WRITE);
}

void table_expect(const struct table *t, unsigned int perm, unsigned int flags,
		  struct table_leaf *want)
{
	static const unsigned int attrs[] = { FLAG_ATTR, 3, 0 };

	/* But for the second stage, writing brings reading along. */
	want->perm = perm | (t->kind == KIND_SS ? 0u : IOMMU_PERM_READ);
	if (t->kind == KIND_X86 && !t->exec)
		want->perm |= IOMMU_PERM_EXEC;
	want->attr = flags & attrs[t->kind];
	want->accessed = !t->hw_ad;
	want->dirty = perm & IOMMU_PERM_WRITE && !(flags & FLAG_CLEAN) &&
		      !t->hw_ad;
}
