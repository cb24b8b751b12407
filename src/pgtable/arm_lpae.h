/* SPDX-License-Identifier: MIT */
/*
 * Arm VMSAv8-64 translation tables of stage 1 or 2 (LPAE), as an SMMU or an Arm
 * CPU walks them: DDI 0487, D8.
 *
 * One writer at a time: callers serialise all functions of one table but
 * arm_lpae_walk(). Hardware reads concurrently, in 64-bit pieces: a new table
 * is published with a release store, a leaf is installed, replaced and cleared
 * with one 64-bit access, and no table is freed before arm_lpae_fini(), or
 * until the caller says that hardware has forgotten it. Nobody flushes a TLB
 * here; that is the caller's.
 *
 * Granules of 4, 16 and 64 KiB and input and output addresses of up to 48 bits
 * are there. What stage 2 has of its own is in arm_lpae_s2.c.
 */
#ifndef PGTABLE_ARM_LPAE_H
#define PGTABLE_ARM_LPAE_H

#include <sva/plat.h>
#include <sva/types.h>

#include "base/le64.h"

/**
 * struct arm_lpae_cfg - shape of a table
 * @plat:       where its memory comes from.
 * @va_bits:    input addresses are below 1 << @va_bits; 25 to 48.
 * @pa_bits:    output addresses are below 1 << @pa_bits; 32 to 48.
 * @granule_lg2: 12, 14 or 16.
 * @stage2:     of stage 2: input addresses are IPAs. Its root may be up to 16
 *              tables side by side.
 */
struct arm_lpae_cfg {
	const struct plat *plat;
	unsigned int va_bits;
	unsigned int pa_bits;
	unsigned int granule_lg2;
	bool stage2;
};

/* All members are private. */
struct arm_lpae {
	struct arm_lpae_cfg cfg;
	int start_level;
	size_t root_size;
	le64_atomic *root;
	size_t table_count; /* without the root */
};

/*
 * The low three bits of flags are an index into MAIR. ARM_LPAE_MAIR gives the
 * indices their meaning. Stage 2 has the three that are named here.
 */
enum arm_lpae_flags {
	ARM_LPAE_ATTR_NORMAL = 0, /* write-back */
	ARM_LPAE_ATTR_DEVICE = 1, /* nGnRE */
	ARM_LPAE_ATTR_NC = 2,     /* not cached */
	ARM_LPAE_ATTR_MASK = 7,
	/* only the smallest size, even where a block fits */
	ARM_LPAE_NO_BLOCK = 1 << 3,
	/* writable, and clean until hardware with dirty state finds a write */
	ARM_LPAE_CLEAN = 1 << 4,
};

#define ARM_LPAE_MAIR UINT64_C(0x4404ff)

/**
 * struct arm_lpae_leaf - what an address is mapped by
 * @va, @pa:  first bytes of the page or block.
 * @size_lg2: log2 of its bytes.
 * @perm:     of enum iommu_perm; PRIV: not for users.
 * @attr:     MAIR index; of stage 2, the memory type with that name.
 * @accessed: the Access flag.
 * @dirty:    it is writable and not clean.
 */
struct arm_lpae_leaf {
	uint64_t va;
	uint64_t pa;
	unsigned int size_lg2;
	unsigned int perm;
	unsigned int attr;
	bool accessed;
	bool dirty;
};

/* Return: 0, -EINVAL a shape this code cannot do, -ENOMEM. */
SVA_MUST_CHECK int arm_lpae_init(struct arm_lpae *t,
				 const struct arm_lpae_cfg *cfg);

/* Frees all tables. Nothing walks them any more. */
void arm_lpae_fini(struct arm_lpae *t);

/* What TTBR0, CD.TTB0 or STE.S2TTB takes; aligned to its size, or more. */
uint64_t arm_lpae_root_pa(const struct arm_lpae *t);

/* The level of the root, for STE.S2SL0; see arm_pt_s2_sl0(). */
int arm_lpae_start_level(const struct arm_lpae *t);

/**
 * arm_lpae_map() - map a range, with the largest blocks that fit
 * @perm:  READ, or WRITE which brings it along; EXEC beside them; PRIV for
 *         privileged accesses instead of those of users. Stage 2: READ and
 *         WRITE each for itself; no PRIV.
 * @flags: of enum arm_lpae_flags.
 *
 * Return: 0, or with nothing mapped and no valid entry touched: -EINVAL a
 *         range that is empty, not aligned to the granule or too high, or a
 *         @perm that cannot be had; -EEXIST part of it is mapped; -ENOMEM.
 */
SVA_MUST_CHECK int arm_lpae_map(struct arm_lpae *t, uint64_t va, uint64_t pa,
				uint64_t size, unsigned int perm,
				unsigned int flags);

/**
 * arm_lpae_unmap() - take a range out
 * @ret_bytes: how much of it was mapped. May be NULL.
 *
 * Return: 0, -EINVAL a bad range, or one with an end inside a block (making
 *         pages of a live block needs a break before the make): nothing
 *         changed.
 */
SVA_MUST_CHECK int arm_lpae_unmap(struct arm_lpae *t, uint64_t va,
				  uint64_t size, uint64_t *ret_bytes);

/**
 * arm_lpae_unmap_free() - the same, and tables that are empty then go too
 * @freed: chain of tables, NULL at first; those taken out join it. Once a TLB
 *         invalidation of the range, of all levels, has completed they may be
 *         given back with arm_lpae_free_tables().
 */
SVA_MUST_CHECK int arm_lpae_unmap_free(struct arm_lpae *t, uint64_t va,
				       uint64_t size, void **freed,
				       uint64_t *ret_bytes);

/* *@freed is NULL on return. Context: beside all others. */
void arm_lpae_free_tables(const struct arm_lpae *t, void **freed);

/**
 * arm_lpae_split() - make @va the first byte of a page or block
 *
 * If something maps it. Tables of smaller leaves take the place of the block it
 * is in, each in one 64-bit access, without a break before the make: for
 * hardware with FEAT_BBM level 2 (DDI 0487, D8.17.2; SMMU_IDR3.BBML). The
 * block may be cached until it is invalidated.
 *
 * Return: 0, -EINVAL @va is not of a page, -ENOMEM: some of it may be done.
 */
SVA_MUST_CHECK int arm_lpae_split(struct arm_lpae *t, uint64_t va);

/* What arm_lpae_read_dirty() does with what it finds. */
enum arm_lpae_dirty {
	ARM_LPAE_DIRTY_CLEAR = 1 << 0, /* make it clean */
	/* with CLEAR, and a block made of the next smaller size; needs BBM 2 */
	ARM_LPAE_DIRTY_SPLIT = 1 << 1,
};

/**
 * arm_lpae_read_dirty() - pages and blocks of [@start, @last] that were written
 * @last:  inclusive; may be beyond the table.
 * @flags: of enum arm_lpae_dirty.
 * @found: with the first byte and the size of each, in order. A leaf is dirty if
 *         its AP lets somebody write; with DBM and without that it is clean.
 *
 * Beside hardware that marks pages: no mark is lost, and each is found once.
 * A block that cannot be split for want of memory stays.
 *
 * Return: 0; -EINVAL with CLEAR: an end is inside a block; nothing changed.
 */
SVA_MUST_CHECK int arm_lpae_read_dirty(struct arm_lpae *t, uint64_t start,
				       uint64_t last, unsigned int flags,
				       void (*found)(void *arg, uint64_t va,
						     unsigned int size_lg2),
				       void *arg);

/**
 * arm_lpae_set() - map one page, whether or not it is mapped
 *
 * One 64-bit store: hardware sees the page before or after, never absent.
 *
 * Return: 0, -EINVAL as arm_lpae_map(), -EEXIST a block is there, -ENOMEM.
 */
SVA_MUST_CHECK int arm_lpae_set(struct arm_lpae *t, uint64_t va, uint64_t pa,
				unsigned int perm);

/**
 * arm_lpae_clear() - make [@start, @end) absent
 * @end:         exclusive; may be beyond the table, UINT64_MAX for everything.
 * @ret_cleared: leaves that were there. May be NULL.
 *
 * Cost is that of the tables present in the range, not of its size. A page or
 * block goes as a whole if any byte of it is in the range.
 */
void arm_lpae_clear(struct arm_lpae *t, uint64_t start, uint64_t end,
		    size_t *ret_cleared);

/* Return: 0, -ENOENT nothing is mapped at @va. Context: any. */
SVA_MUST_CHECK int arm_lpae_walk(const struct arm_lpae *t, uint64_t va,
				 struct arm_lpae_leaf *ret_leaf);

/* The same, but only where @va leads. Context: any. */
SVA_MUST_CHECK int arm_lpae_phys(const struct arm_lpae *t, uint64_t va,
				 uint64_t *ret_pa);

/**
 * arm_lpae_next() - the first leaf that ends after @va
 *
 * Return: 0, -ENOENT there is none.
 */
SVA_MUST_CHECK int arm_lpae_next(const struct arm_lpae *t, uint64_t va,
				 struct arm_lpae_leaf *ret_leaf);

#endif
