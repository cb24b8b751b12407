/* SPDX-License-Identifier: MIT */
/*
 * IA-32e page tables of 4 and 5 levels, as an x86-64 CPU walks them (SDM
 * volume 3, 4.5), VT-d's first stage and AMD-Vi's guest tables.
 *
 * The guarantees of arm_lpae.h: one writer at a time, callers serialise all
 * functions of one table but x86_64_walk(); hardware reads concurrently; a
 * table is published with a release store, a leaf is installed, replaced and
 * cleared with one 64-bit store, no table is freed before x86_64_fini(). TLBs
 * are the caller's.
 *
 * Addresses are canonical: the upper half of the table is that of the
 * addresses whose upper bits are all ones. A range lies in one half.
 */
#ifndef PGTABLE_X86_64_H
#define PGTABLE_X86_64_H

#include <sva/plat.h>
#include <sva/types.h>

#include "pgtable/pt512.h"

/**
 * struct x86_64_cfg - shape of a table
 * @plat:    where its memory comes from.
 * @levels:  4: addresses of 48 bits; 5: of 57.
 * @pa_bits: output addresses are below 1 << @pa_bits; 32 to 52.
 * @sizes:   bit n: leaves may have 1 << n bytes; 12, and 21 and 30.
 * @hw_ad:   accessed and dirty flags start clear, and hardware sets them. If
 *           not, they are set from the start, dirty flags of what can be
 *           written, so that hardware has nothing to write.
 * @no_nx:   bit 63 is reserved: everything can be executed.
 */
struct x86_64_cfg {
	const struct plat *plat;
	unsigned int levels;
	unsigned int pa_bits;
	uint64_t sizes;
	bool hw_ad;
	bool no_nx;
};

/* All members are private. */
struct x86_64 {
	struct pt512 pt;
	bool hw_ad;
	bool no_nx;
};

/* The low two bits of flags are PCD and PWT, an index into the PAT. */
enum x86_64_flags {
	X86_64_ATTR_WB = 0, /* meanings of the PAT after reset */
	X86_64_ATTR_WT = 1,
	X86_64_ATTR_UC_MINUS = 2,
	X86_64_ATTR_UC = 3,
	X86_64_ATTR_MASK = 3,
	/* only the smallest size, even where a larger one fits */
	X86_64_NO_LARGE = 1 << 2,
	/* writable, and clean until hardware finds a write */
	X86_64_CLEAN = 1 << 3,
};

/**
 * struct x86_64_leaf - what an address is mapped by
 * @va, @pa:  first bytes of the page.
 * @size_lg2: log2 of its bytes.
 * @perm:     of enum iommu_perm; PRIV: not for users.
 * @attr:     of the low bits of enum x86_64_flags.
 */
struct x86_64_leaf {
	uint64_t va;
	uint64_t pa;
	unsigned int size_lg2;
	unsigned int perm;
	unsigned int attr;
	bool accessed;
	bool dirty;
};

/* Return: 0, -EINVAL a shape this code cannot do, -ENOMEM. */
SVA_MUST_CHECK int x86_64_init(struct x86_64 *t, const struct x86_64_cfg *cfg);

/* Frees all tables. Nothing walks them any more. */
void x86_64_fini(struct x86_64 *t);

/* What CR3 or a PASID entry takes; aligned to 4096 bytes. */
uint64_t x86_64_root_pa(const struct x86_64 *t);

/* Width of a canonical address: 48 or 57. */
unsigned int x86_64_va_bits(const struct x86_64 *t);

/**
 * x86_64_map() - map a range, with the largest pages that fit
 * @perm:  READ, or WRITE which brings it along; EXEC beside them; PRIV for
 *         the supervisor instead of users.
 * @flags: of enum x86_64_flags.
 *
 * Where a table of smaller pages is, also an empty one, it stays, and no
 * larger page takes its place.
 *
 * Cost:   two visits of each table in the range.
 * Return: 0, or with nothing mapped and no present entry touched: -EINVAL a
 *         range that is empty, not aligned to 4096 bytes, not canonical or too
 *         high, or a @perm that cannot be had; -EEXIST part of it is mapped;
 *         -ENOMEM.
 */
SVA_MUST_CHECK int x86_64_map(struct x86_64 *t, uint64_t va, uint64_t pa,
			      uint64_t size, unsigned int perm,
			      unsigned int flags);

/**
 * x86_64_unmap() - take a range out
 * @ret_bytes: how much of it was mapped. May be NULL.
 *
 * What hardware noted in the flags of the leaves is lost.
 *
 * Cost:   one visit of each table in the range.
 * Return: 0, -EINVAL a bad range, or one with an end inside a larger page:
 *         nothing changed; see x86_64_split().
 */
SVA_MUST_CHECK int x86_64_unmap(struct x86_64 *t, uint64_t va, uint64_t size,
				uint64_t *ret_bytes);

/**
 * x86_64_split() - make pages smaller until @va is the first byte of one
 *
 * The same is mapped as before, under the eyes of hardware, with the flags it
 * has set. It may keep using the larger page until it is invalidated, so do
 * that before anything of it changes. Nothing to do where nothing is mapped.
 *
 * Return: 0, -EINVAL a bad @va, -ENOMEM (pages may have become smaller).
 */
SVA_MUST_CHECK int x86_64_split(struct x86_64 *t, uint64_t va);

/**
 * x86_64_set() - map one page, whether or not it is mapped
 *
 * One 64-bit store: hardware sees the page before or after, never absent. What
 * it noted in the flags of the old leaf is lost.
 *
 * Return: 0, -EINVAL as x86_64_map(), -EEXIST a larger page is there, -ENOMEM.
 */
SVA_MUST_CHECK int x86_64_set(struct x86_64 *t, uint64_t va, uint64_t pa,
			      unsigned int perm);

/**
 * x86_64_clear() - make [@start, @end) absent
 * @end:         exclusive; may be beyond the table, UINT64_MAX for everything.
 * @ret_cleared: leaves that were there. May be NULL.
 *
 * Cost is that of the tables present in the range, not of its size. A page
 * goes as a whole if any byte of it is in the range.
 */
void x86_64_clear(struct x86_64 *t, uint64_t start, uint64_t end,
		  size_t *ret_cleared);

/* Return: 0, -ENOENT nothing is mapped at @va. Context: any. */
SVA_MUST_CHECK int x86_64_walk(const struct x86_64 *t, uint64_t va,
			       struct x86_64_leaf *ret_leaf);

/**
 * x86_64_next() - the first leaf that ends after @va
 *
 * Return: 0, -ENOENT there is none.
 */
SVA_MUST_CHECK int x86_64_next(const struct x86_64 *t, uint64_t va,
			       struct x86_64_leaf *ret_leaf);

#endif
