/* SPDX-License-Identifier: MIT */
/*
 * The engine of x86_64.c and vtdss.c: a tree of 4 KiB tables with 512 entries
 * of 64 bits, in which a bit says that an entry is there, and another that it
 * is a leaf above the last level.
 *
 * What entries mean is the caller's: a leaf is given without its address. The
 * rules of arm_lpae.h hold: one writer at a time, hardware and pt512_walk()
 * beside it; tables and leaves appear by a release store, each change is one
 * 64-bit store, tables stay until pt512_fini(), TLBs are the caller's.
 *
 * Cost of pt512_map(), pt512_unmap() and pt512_clear(): each table of the range
 * is entered once, not once per page.
 *
 * Levels are counted from 1, whose entries map pages of 4 KiB.
 */
#ifndef PGTABLE_PT512_H
#define PGTABLE_PT512_H

#include <sva/plat.h>
#include <sva/types.h>

#include "base/bits.h"
#include "base/le64.h"

#define PT512_PAGE_LG2   12u
#define PT512_LEVELS_MIN 3u
#define PT512_LEVELS_MAX 5u
#define PT512_SIZES      (BIT(12) | BIT(21) | BIT(30))

/**
 * struct pt512_fmt - where an entry has what
 * @present: it counts if one of these bits is set.
 * @large:   above the last level: a leaf.
 * @address: bits of its address; aligned to 4 KiB.
 */
struct pt512_fmt {
	uint64_t present;
	uint64_t large;
	uint64_t address;
};

/**
 * struct pt512_cfg - shape of a table
 * @plat:    where its memory comes from.
 * @fmt:     outlives the table.
 * @table:   an entry that leads to a table, without the address.
 * @levels:  3, 4 or 5.
 * @va_bits: input addresses are below 1 << @va_bits.
 * @pa_bits: output addresses are below 1 << @pa_bits; 32 to 52.
 * @sizes:   bit n: leaves may have 1 << n bytes; of PT512_SIZES, with bit 12.
 */
struct pt512_cfg {
	const struct plat *plat;
	const struct pt512_fmt *fmt;
	uint64_t table;
	unsigned int levels;
	unsigned int va_bits;
	unsigned int pa_bits;
	uint64_t sizes;
};

/* All members are private, but may be read. */
struct pt512 {
	struct pt512_cfg cfg;
	le64_atomic *root;
	size_t table_count; /* without the root */
};

/* Entry and place of what maps an address. */
struct pt512_leaf {
	uint64_t va;
	uint64_t pa;
	uint64_t entry;
	unsigned int size_lg2;
};

/* 0, -EINVAL a shape this code cannot do, -ENOMEM. */
SVA_MUST_CHECK int pt512_init(struct pt512 *t, const struct pt512_cfg *cfg);

void pt512_fini(struct pt512 *t);

static inline uint64_t pt512_root_pa(const struct pt512 *t)
{
	return plat_virt_to_phys(t->cfg.plat, t->root);
}

/*
 * sizes: those of the table's that this mapping may have. 0, or with nothing
 * mapped and no entry touched that was there: -EINVAL a range that is empty,
 * not aligned to pages or too high; -EEXIST; -ENOMEM.
 */
SVA_MUST_CHECK int pt512_map(struct pt512 *t, uint64_t va, uint64_t pa,
			     uint64_t size, uint64_t leaf, uint64_t sizes);

/* 0, -EINVAL a bad range, or one with an end inside a leaf. */
SVA_MUST_CHECK int pt512_unmap(struct pt512 *t, uint64_t va, uint64_t size,
			       uint64_t *ret_bytes);

/*
 * The same, and tables that are empty then join the chain *freed, NULL at
 * first. They may be given back once hardware has been told of the range.
 */
SVA_MUST_CHECK int pt512_unmap_free(struct pt512 *t, uint64_t va, uint64_t size,
				    void **freed, uint64_t *ret_bytes);
void pt512_free_tables(const struct pt512 *t, void **freed);

/* One page, whether or not it is mapped. 0, -EINVAL, -EEXIST, -ENOMEM. */
SVA_MUST_CHECK int pt512_set(struct pt512 *t, uint64_t va, uint64_t pa,
			     uint64_t leaf);

/*
 * Make va the first byte of a leaf, if anything maps it, by putting tables of
 * smaller leaves in the place of the one it is in. What hardware sets in the
 * leaf meanwhile is not lost. 0, -EINVAL va is not of a page, -ENOMEM.
 */
SVA_MUST_CHECK int pt512_split(struct pt512 *t, uint64_t va);

/**
 * struct pt512_dirty - a look for leaves that were written
 * @mask:  the bit that says so.
 * @clear: take it out. @split: with it, make a large leaf one of the next
 *         smaller size, or leave it for want of memory.
 * @found: with the first byte and the size of each, in order.
 */
struct pt512_dirty {
	uint64_t mask;
	bool clear;
	bool split;
	void (*found)(void *arg, uint64_t va, unsigned int size_lg2);
	void *arg;
};

/*
 * Of [start, last]; last may be beyond the table. No mark that hardware makes
 * meanwhile is lost. 0, -EINVAL to clear, an end is inside a leaf: nothing
 * changed.
 */
SVA_MUST_CHECK int pt512_read_dirty(struct pt512 *t, uint64_t start,
				    uint64_t last, const struct pt512_dirty *d);

/* Leaves with a byte in [start, end) go. Returns how many. */
size_t pt512_clear(struct pt512 *t, uint64_t start, uint64_t end);

/* 0, -ENOENT. Context: any, beside the writer. */
SVA_MUST_CHECK int pt512_walk(const struct pt512 *t, uint64_t va,
			      struct pt512_leaf *ret_leaf);

/* The same, but only where va leads. */
SVA_MUST_CHECK int pt512_phys(const struct pt512 *t, uint64_t va,
			      uint64_t *ret_pa);

/* The first leaf that ends after va. 0, -ENOENT there is none. */
SVA_MUST_CHECK int pt512_next(const struct pt512 *t, uint64_t va,
			      struct pt512_leaf *ret_leaf);

#endif
