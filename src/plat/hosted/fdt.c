/* SPDX-License-Identifier: MIT */
/*
 * Reading a flattened device tree: Devicetree Specification 0.4, 2.3, 2.4, 5.
 *
 * libfdt checks that the blob is a tree; what its properties say is checked
 * here. All walks go up the array of nodes, towards the root, or along the
 * cells of one property, so they end.
 */
#include "plat/hosted/fdt.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_PHANDLE UINT32_MAX

uint32_t fdt_take(struct fdt_cells *c)
{
	const unsigned char *p = c->p + 4 * c->next++;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

uint64_t fdt_take_number(struct fdt_cells *c, unsigned int cells)
{
	uint64_t value = 0;

	while (cells--)
		value = value << 32 | fdt_take(c);
	return value;
}

static const char *name_of(const struct fdt *t, size_t node)
{
	int len;
	const char *name = fdt_get_name(t->blob, t->nodes[node].offset, &len);

	return name ? name : "?";
}

char *fdt_path(const struct fdt *t, size_t node)
{
	size_t size = 1, at, n;
	char *path;

	for (n = node; n; n = t->nodes[n].parent)
		size += 1 + strlen(name_of(t, n));
	if (!node)
		size++;
	path = malloc(size);
	if (!path)
		return NULL;
	at = size - 1;
	path[at] = '\0';
	for (n = node; n; n = t->nodes[n].parent) {
		const char *name = name_of(t, n);
		size_t len = strlen(name), i;

		at -= len + 1;
		path[at] = '/';
		for (i = 0; i < len; i++)
			path[at + 1 + i] = '?';
		for (i = 0; i < len; i++)
			if (name[i] > ' ' && name[i] <= '~')
				path[at + 1 + i] = name[i];
	}
	if (!node)
		path[0] = '/';
	return path;
}

int fdt_wrong(const struct fdt *t, size_t node, const char *what)
{
	char *path;

	if (!t->error)
		return -EINVAL;
	path = fdt_path(t, node);
	snprintf(t->error->text, sizeof(t->error->text), "%.100s: %s",
		 path ? path : "?", what);
	free(path);
	return -EINVAL;
}

static int not_a_tree(const struct fdt *t, int fdt_err)
{
	if (t->error)
		snprintf(t->error->text, sizeof(t->error->text),
			 "not a device tree: %s", fdt_strerror(fdt_err));
	return -EINVAL;
}

static const void *get(const struct fdt *t, size_t node, const char *name,
		       size_t *ret_len)
{
	int len = 0;
	const void *p = fdt_getprop(t->blob, t->nodes[node].offset, name, &len);

	*ret_len = p ? (size_t)len : 0;
	return p;
}

bool fdt_has(const struct fdt *t, size_t node, const char *name)
{
	size_t len;

	return get(t, node, name, &len) != NULL;
}

bool fdt_is_compatible(const struct fdt *t, size_t node, const char *name)
{
	return fdt_node_check_compatible(t->blob, t->nodes[node].offset,
					 name) == 0;
}

static int wrong_property(const struct fdt *t, size_t node, const char *name,
			  const char *how)
{
	char what[80];

	snprintf(what, sizeof(what), "%s %s", name, how);
	return fdt_wrong(t, node, what);
}

int fdt_get_cells(const struct fdt *t, size_t node, const char *name,
		  struct fdt_cells *ret)
{
	size_t len;

	ret->p = get(t, node, name, &len);
	ret->count = len / 4;
	ret->next = 0;
	return len % 4 ? wrong_property(t, node, name, "is not made of cells") :
			 0;
}

int fdt_get_u32(const struct fdt *t, size_t node, const char *name,
		uint32_t *ret)
{
	struct fdt_cells c;
	int err = fdt_get_cells(t, node, name, &c);

	if (err || !c.p)
		return err;
	if (c.count != 1)
		return wrong_property(t, node, name, "is not one cell");
	*ret = fdt_take(&c);
	return 0;
}

static bool is_enabled(const struct fdt *t, size_t node)
{
	size_t len;
	const char *status = get(t, node, "status", &len);

	return !status || (len == 5 && !memcmp(status, "okay", 5)) ||
	       (len == 3 && !memcmp(status, "ok", 3));
}

static const char *const cells_names[FDT_TARGETS] = {
	[FDT_TO_IOMMU] = "#iommu-cells",
	[FDT_TO_INTERRUPT] = "#interrupt-cells",
};

/* What is wrong with it matters to who refers to the node. */
static void fill_cells(struct fdt *t, size_t node)
{
	unsigned int i;

	for (i = 0; i < FDT_TARGETS; i++) {
		size_t len;
		const void *p = get(t, node, cells_names[i], &len);
		struct fdt_cells c = { p, 1, 0 };

		t->nodes[node].cells[i] = len == 4 ? fdt_take(&c) : UINT32_MAX;
	}
}

/* What is asked of every node once; its parent is there. */
static int fill_node(struct fdt *t, size_t node)
{
	struct fdt_node *n = &t->nodes[node];
	const struct fdt_node *up = &t->nodes[n->parent];
	int err;

	n->address_cells = 2;
	n->size_cells = 1;
	err = fdt_get_u32(t, node, "#address-cells", &n->address_cells);
	if (!err)
		err = fdt_get_u32(t, node, "#size-cells", &n->size_cells);
	if (err)
		return err;
	fill_cells(t, node);
	n->phandle = fdt_get_phandle(t->blob, n->offset);
	n->enabled = (!node || up->enabled) && is_enabled(t, node);
	n->intr = node ? up->intr : -1;
	if (fdt_has(t, node, "interrupt-parent"))
		n->intr = (int64_t)node;
	if (n->phandle && n->phandle != NO_PHANDLE)
		t->phandles[t->phandle_count++] =
			(struct fdt_phandle){ n->phandle, (uint32_t)node };
	return 0;
}

static int count_nodes(struct fdt *t)
{
	int offset, depth = 0;

	for (offset = fdt_next_node(t->blob, -1, &depth); offset >= 0;
	     offset = fdt_next_node(t->blob, offset, &depth)) {
		if (depth < 0)
			break;
		t->node_count++;
	}
	if (!t->node_count)
		return not_a_tree(t,
				  offset < 0 ? offset : -FDT_ERR_BADSTRUCTURE);
	return 0;
}

static int fill_nodes(struct fdt *t)
{
	uint32_t last[FDT_DEPTH_MAX] = { 0 }; /* node of each depth */
	int offset = -1, depth = 0, err = 0;
	size_t i;

	for (i = 0; i < t->node_count && !err; i++) {
		offset = fdt_next_node(t->blob, offset, &depth);
		t->nodes[i].offset = offset;
		if (depth >= FDT_DEPTH_MAX)
			return fdt_wrong(t, 0, "the tree is too deep");
		t->nodes[i].parent = depth ? last[depth - 1] : 0;
		last[depth] = (uint32_t)i;
		err = fill_node(t, i);
	}
	return err;
}

static int compare_phandles(const void *a, const void *b)
{
	const struct fdt_phandle *x = a, *y = b;

	return (x->phandle > y->phandle) - (x->phandle < y->phandle);
}

static int sort_phandles(struct fdt *t)
{
	size_t i;

	qsort(t->phandles, t->phandle_count, sizeof(t->phandles[0]),
	      compare_phandles);
	for (i = 1; i < t->phandle_count; i++)
		if (t->phandles[i].phandle == t->phandles[i - 1].phandle)
			return fdt_wrong(t, t->phandles[i].node,
					 "phandle that is another node's too");
	return 0;
}

int fdt_open(struct fdt *t, const void *blob, size_t size,
	     struct plat_dt_error *error)
{
	int err;

	*t = (struct fdt){ .error = error };
	if (size > FDT_SIZE_MAX)
		size = FDT_SIZE_MAX;
	if (size < sizeof(struct fdt_header))
		return not_a_tree(t, -FDT_ERR_TRUNCATED);
	t->blob = malloc(size);
	if (!t->blob)
		return -ENOMEM;
	memcpy(t->blob, blob, size);
	err = fdt_check_full(t->blob, size);
	err = err ? not_a_tree(t, err) : count_nodes(t);
	if (!err) {
		t->nodes = calloc(t->node_count, sizeof(t->nodes[0]));
		t->phandles = calloc(t->node_count, sizeof(t->phandles[0]));
		err = t->nodes && t->phandles ? fill_nodes(t) : -ENOMEM;
	}
	if (!err)
		err = sort_phandles(t);
	if (err)
		fdt_close(t);
	return err;
}

void fdt_close(struct fdt *t)
{
	free(t->phandles);
	free(t->nodes);
	free(t->blob);
	*t = (struct fdt){ .error = t->error };
}

int fdt_find(const struct fdt *t, uint32_t phandle, size_t *ret_node)
{
	const struct fdt_phandle key = { phandle, 0 }, *found;

	if (!t->phandle_count)
		return -ENOENT;
	found = bsearch(&key, t->phandles, t->phandle_count,
			sizeof(t->phandles[0]), compare_phandles);
	if (!found)
		return -ENOENT;
	*ret_node = found->node;
	return 0;
}

int fdt_take_reference(const struct fdt *t, size_t node, struct fdt_cells *c,
		       enum fdt_target target, uint32_t *ret_phandle,
		       size_t *ret_node, uint32_t *ret_cells)
{
	uint32_t cells;
	int err;

	if (!fdt_left(c))
		return fdt_wrong(t, node, "a list of references is cut off");
	*ret_phandle = fdt_take(c);
	if (fdt_find(t, *ret_phandle, ret_node))
		return fdt_wrong(t, node, "a reference to a node that is not");
	cells = t->nodes[*ret_node].cells[target];
	if (cells == UINT32_MAX) {
		err = fdt_get_u32(t, *ret_node, cells_names[target], &cells);
		return err ? err :
			     wrong_property(t, *ret_node, cells_names[target],
					    "is missing");
	}
	if (cells > fdt_left(c))
		return fdt_wrong(t, node, "a list of references is cut off");
	*ret_cells = cells;
	return 0;
}

/* One step up: through the ranges of a bus, which nodes below count in. */
static int translate(const struct fdt *t, size_t bus, uint64_t size,
		     uint64_t *addr)
{
	const struct fdt_node *b = &t->nodes[bus], *up = &t->nodes[b->parent];
	unsigned int entry =
		b->address_cells + up->address_cells + b->size_cells;
	struct fdt_cells c;
	int err = fdt_get_cells(t, bus, "ranges", &c);

	if (err)
		return err;
	if (!c.p)
		return fdt_wrong(t, bus, "registers below it, and no ranges");
	if (!c.count)
		return 0;
	if (b->address_cells > 2 || up->address_cells > 2 ||
	    b->size_cells > 2 || !entry || c.count % entry)
		return fdt_wrong(t, bus, "ranges of another form");
	while (fdt_left(&c)) {
		uint64_t child = fdt_take_number(&c, b->address_cells);
		uint64_t parent = fdt_take_number(&c, up->address_cells);
		uint64_t len = fdt_take_number(&c, b->size_cells);

		if (*addr < child || *addr - child >= len ||
		    size > len - (*addr - child))
			continue;
		if (parent + (*addr - child) < parent)
			break;
		*addr = parent + (*addr - child);
		return 0;
	}
	return fdt_wrong(t, bus,
			 "registers below it are in none of its ranges");
}

int fdt_get_reg(const struct fdt *t, size_t node, uint64_t *ret_base,
		uint64_t *ret_size)
{
	size_t bus = t->nodes[node].parent;
	const struct fdt_node *b = &t->nodes[bus];
	uint64_t base, size;
	struct fdt_cells c;
	int err = fdt_get_cells(t, node, "reg", &c);

	if (err)
		return err;
	if (!b->address_cells || b->address_cells > 2 || !b->size_cells ||
	    b->size_cells > 2)
		return fdt_wrong(t, bus, "addresses of another form");
	if (c.count < b->address_cells + b->size_cells)
		return fdt_wrong(t, node, "reg is missing or cut off");
	base = fdt_take_number(&c, b->address_cells);
	size = fdt_take_number(&c, b->size_cells);
	for (; bus && !err; bus = t->nodes[bus].parent)
		err = translate(t, bus, size, &base);
	if (err)
		return err;
	if (base + size < base)
		return fdt_wrong(t, node, "reg is beyond all addresses");
	*ret_base = base;
	*ret_size = size;
	return 0;
}

static int check_irq_cells(const struct fdt *t, size_t node, uint32_t cells)
{
	if (!cells || cells > PLAT_DT_IRQ_CELLS)
		return fdt_wrong(t, node, "interrupts of another form");
	return 0;
}

/* Of whom interrupts are, and of how many cells each. */
static int find_controller(const struct fdt *t, size_t node,
			   uint32_t *ret_phandle, uint32_t *ret_cells)
{
	struct fdt_cells c;
	size_t target;
	int err;

	if (t->nodes[node].intr < 0)
		return fdt_wrong(t, node, "interrupts, and nobody's");
	err = fdt_get_cells(t, (size_t)t->nodes[node].intr, "interrupt-parent",
			    &c);
	if (err)
		return err;
	if (c.count != 1)
		return fdt_wrong(t, (size_t)t->nodes[node].intr,
				 "interrupt-parent is not one cell");
	*ret_phandle = fdt_take(&c);
	*ret_cells = 0;
	if (fdt_find(t, *ret_phandle, &target))
		return fdt_wrong(t, node, "an interrupt-parent that is not");
	err = fdt_get_u32(t, target, "#interrupt-cells", ret_cells);
	return err ? err : check_irq_cells(t, target, *ret_cells);
}

static void take_irq(struct fdt_cells *c, uint32_t controller, uint32_t cells,
		     struct plat_dt_irq *ret)
{
	unsigned int i;

	*ret = (struct plat_dt_irq){ cells, controller, { 0 } };
	for (i = 0; i < cells; i++)
		ret->cells[i] = fdt_take(c);
}

static int get_irq_extended(const struct fdt *t, size_t node,
			    unsigned int number, struct fdt_cells *c,
			    struct plat_dt_irq *ret)
{
	uint32_t phandle, cells;
	size_t target;
	int err;

	for (;;) {
		err = fdt_take_reference(t, node, c, FDT_TO_INTERRUPT, &phandle,
					 &target, &cells);
		if (!err)
			err = check_irq_cells(t, target, cells);
		if (err)
			return err;
		if (!number--)
			break;
		c->next += cells;
	}
	take_irq(c, phandle, cells, ret);
	return 0;
}

int fdt_get_irq(const struct fdt *t, size_t node, unsigned int number,
		struct plat_dt_irq *ret)
{
	uint32_t controller = 0, cells = 0;
	struct fdt_cells c;
	int err;

	err = fdt_get_cells(t, node, "interrupts-extended", &c);
	if (err)
		return err;
	if (c.p)
		return get_irq_extended(t, node, number, &c, ret);
	err = fdt_get_cells(t, node, "interrupts", &c);
	if (!err)
		err = find_controller(t, node, &controller, &cells);
	if (err)
		return err;
	if (c.count / cells <= number)
		return fdt_wrong(t, node, "fewer interrupts than names");
	c.next = (size_t)number * cells;
	take_irq(&c, controller, cells, ret);
	return 0;
}
