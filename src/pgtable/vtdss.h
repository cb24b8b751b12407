/* SPDX-License-Identifier: MIT */
/*
 * VT-d second-stage tables of 3, 4 and 5 levels: of paging domains, and of what
 * lies under a guest's tables.
 *
 * The guarantees are those of x86_64.h. There is no bit for "present" in this
 * format: an entry without read, write and execute is absent.
 */
#ifndef PGTABLE_VTDSS_H
#define PGTABLE_VTDSS_H

#include <sva/plat.h>
#include <sva/types.h>

#include "pgtable/pt512.h"

/**
 * struct vtdss_cfg - shape of a table
 * @plat:    where its memory comes from.
 * @levels:  3, 4 or 5: of CAP.SAGAW.
 * @va_bits: input addresses are below 1 << @va_bits; at most 39, 48 or 57, and
 *           what CAP.MGAW says.
 * @pa_bits: output addresses are below 1 << @pa_bits; 32 to 52.
 * @sizes:   bit n: leaves may have 1 << n bytes; 12, and of CAP.SLLPS 21 and
 *           30.
 * @snoop:   all leaves have SNP set; reserved without ECAP.SC.
 * @exec:    X is used; hardware looks at it if the PASID entry has SSEE.
 * @hw_ad:   accessed and dirty flags start clear, and hardware sets them if
 *           it was told to. If not, they are set from the start, dirty flags
 *           of what can be written.
 */
struct vtdss_cfg {
	const struct plat *plat;
	unsigned int levels;
	unsigned int va_bits;
	unsigned int pa_bits;
	uint64_t sizes;
	bool snoop;
	bool exec;
	bool hw_ad;
};

/* All members are private. */
struct vtdss {
	struct pt512 pt;
	bool snoop;
	bool exec;
	bool hw_ad;
};

enum vtdss_flags {
	/* only the smallest size, even where a larger one fits */
	VTDSS_NO_LARGE = 1 << 0,
	/* writable, and clean until hardware finds a write */
	VTDSS_CLEAN = 1 << 1,
};

/**
 * struct vtdss_leaf - what an address is mapped by
 * @va, @pa:  first bytes of the page.
 * @size_lg2: log2 of its bytes.
 * @perm:     of enum iommu_perm, never PRIV.
 * @snoop:    SNP.
 */
struct vtdss_leaf {
	uint64_t va;
	uint64_t pa;
	unsigned int size_lg2;
	unsigned int perm;
	bool snoop;
	bool accessed;
	bool dirty;
};

/* Return: 0, -EINVAL a shape this code cannot do, -ENOMEM. */
SVA_MUST_CHECK int vtdss_init(struct vtdss *t, const struct vtdss_cfg *cfg);

/* Frees all tables. Nothing walks them any more. */
void vtdss_fini(struct vtdss *t);

/* What a context or PASID entry takes; aligned to 4096 bytes. */
uint64_t vtdss_root_pa(const struct vtdss *t);

/*
 * The functions of x86_64.h, with these permissions: READ, WRITE or both, each
 * as it is asked for; EXEC beside them if the unit has it; no PRIV.
 */
SVA_MUST_CHECK int vtdss_map(struct vtdss *t, uint64_t va, uint64_t pa,
			     uint64_t size, unsigned int perm,
			     unsigned int flags);
SVA_MUST_CHECK int vtdss_unmap(struct vtdss *t, uint64_t va, uint64_t size,
			       uint64_t *ret_bytes);
/*
 * The same, and tables that are empty then join the chain *@freed, NULL at
 * first. They may be given back once hardware has been told of the range.
 */
SVA_MUST_CHECK int vtdss_unmap_free(struct vtdss *t, uint64_t va, uint64_t size,
				    void **freed, uint64_t *ret_bytes);
void vtdss_free_tables(const struct vtdss *t, void **freed);
SVA_MUST_CHECK int vtdss_split(struct vtdss *t, uint64_t va);

/* What vtdss_read_dirty() does with what it finds. */
enum vtdss_dirty {
	VTDSS_DIRTY_CLEAR = 1 << 0, /* make it clean */
	/* with CLEAR, and a large page made of the next smaller size */
	VTDSS_DIRTY_SPLIT = 1 << 1,
};

/*
 * Pages of [@start, @last] with D set: @found with the first byte and the size
 * of each, in order. @last may be beyond the table. Beside hardware that sets
 * flags: no D is lost, and each is found once. A large page that cannot be split
 * for want of memory stays. 0; -EINVAL with CLEAR: an end is inside a page;
 * nothing changed.
 */
SVA_MUST_CHECK int vtdss_read_dirty(struct vtdss *t, uint64_t start,
				    uint64_t last, unsigned int flags,
				    void (*found)(void *arg, uint64_t va,
						  unsigned int size_lg2),
				    void *arg);

SVA_MUST_CHECK int vtdss_set(struct vtdss *t, uint64_t va, uint64_t pa,
			     unsigned int perm);
void vtdss_clear(struct vtdss *t, uint64_t start, uint64_t end,
		 size_t *ret_cleared);
SVA_MUST_CHECK int vtdss_walk(const struct vtdss *t, uint64_t va,
			      struct vtdss_leaf *ret_leaf);
/* The same, but only where @va leads. */
static inline int vtdss_phys(const struct vtdss *t, uint64_t va,
			     uint64_t *ret_pa)
{
	return pt512_phys(&t->pt, va, ret_pa);
}
SVA_MUST_CHECK int vtdss_next(const struct vtdss *t, uint64_t va,
			      struct vtdss_leaf *ret_leaf);

#endif
