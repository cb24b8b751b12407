/* SPDX-License-Identifier: MIT */
/*
 * A flattened device tree that has been read once: its nodes in an array, with
 * parents, and its phandles sorted, so that no later question is a walk of it
 * all. Nothing in the tree is trusted.
 */
#ifndef PLAT_HOSTED_FDT_H
#define PLAT_HOSTED_FDT_H

#include <sva/dt.h>

/* Deeper trees, and larger ones, are refused. */
enum {
	FDT_DEPTH_MAX = 64,
	FDT_SIZE_MAX = 16 << 20,
};

/* What a reference is to. */
enum fdt_target {
	FDT_TO_IOMMU,
	FDT_TO_INTERRUPT,
	FDT_TARGETS,
};

/**
 * struct fdt_node - one node
 * @offset: for libfdt.
 * @parent: index; the root is its own.
 * @intr:   index of the node whose interrupt-parent counts; -1: none.
 * @address_cells, @size_cells: of its children.
 * @enabled: it and all above it are available.
 * @cells:   of a reference to it; UINT32_MAX: it does not say.
 */
struct fdt_node {
	int offset;
	uint32_t parent;
	int64_t intr;
	uint32_t phandle;
	uint32_t address_cells;
	uint32_t size_cells;
	bool enabled;
	uint32_t cells[FDT_TARGETS];
};

struct fdt_phandle {
	uint32_t phandle;
	uint32_t node;
};

struct fdt {
	void *blob; /* a copy, aligned */
	struct fdt_node *nodes;
	size_t node_count;
	struct fdt_phandle *phandles;
	size_t phandle_count;
	struct plat_dt_error *error;
};

/* A property of 32-bit cells; next is how many were taken. */
struct fdt_cells {
	const unsigned char *p;
	size_t count;
	size_t next;
};

/* -EINVAL with the error set, -ENOMEM. */
SVA_MUST_CHECK int fdt_open(struct fdt *t, const void *blob, size_t size,
			    struct plat_dt_error *error);
void fdt_close(struct fdt *t);

/* Says what is wrong in a node; -EINVAL. */
int fdt_wrong(const struct fdt *t, size_t node, const char *what)
	__attribute__((cold));

/* malloc()ed; NULL: no memory. */
char *fdt_path(const struct fdt *t, size_t node);

bool fdt_has(const struct fdt *t, size_t node, const char *name);
bool fdt_is_compatible(const struct fdt *t, size_t node, const char *name);

/* An absent property is one of no cells. -EINVAL: not whole cells. */
SVA_MUST_CHECK int fdt_get_cells(const struct fdt *t, size_t node,
				 const char *name, struct fdt_cells *ret);
/* One cell; an absent property leaves *ret alone. -EINVAL */
SVA_MUST_CHECK int fdt_get_u32(const struct fdt *t, size_t node,
			       const char *name, uint32_t *ret);
static inline size_t fdt_left(const struct fdt_cells *c)
{
	return c->count - c->next;
}
/* The caller knows that there are as many. */
uint32_t fdt_take(struct fdt_cells *c);
uint64_t fdt_take_number(struct fdt_cells *c, unsigned int cells);

/* Who has this phandle; -ENOENT. */
SVA_MUST_CHECK int fdt_find(const struct fdt *t, uint32_t phandle,
			    size_t *ret_node);

/*
 * A reference: a phandle and as many cells as its node says, which are left to
 * be taken: *@ret_cells. Cost: a binary search. -EINVAL
 */
SVA_MUST_CHECK int fdt_take_reference(const struct fdt *t, size_t node,
				      struct fdt_cells *c,
				      enum fdt_target target,
				      uint32_t *ret_phandle, size_t *ret_node,
				      uint32_t *ret_cells);

/* The first entry of reg, as the root's children have it. -EINVAL */
SVA_MUST_CHECK int fdt_get_reg(const struct fdt *t, size_t node,
			       uint64_t *ret_base, uint64_t *ret_size);

/* The interrupt of this number, by interrupts or interrupts-extended. */
SVA_MUST_CHECK int fdt_get_irq(const struct fdt *t, size_t node,
			       unsigned int number, struct plat_dt_irq *ret);

#endif
