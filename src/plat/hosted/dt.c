/* SPDX-License-Identifier: MIT */
/* The bindings of sva/dt.h, over a tree that fdt.c has read. */
#include <sva/dt.h>

#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "plat/hosted/fdt.h"

#define PAGE64K UINT64_C(0x10000)

/* Requester ids of PCIe. */
#define RIDS UINT64_C(0x10000)

/*
 * More is no machine. What an SMMU refers to is looked up in lists as long as
 * the tree, once for each.
 */
#define SMMUS_MAX 256u

/* What is handed out, and the arrays behind it. */
struct dt {
	struct plat_dt pub;
	struct plat_dt_smmu *smmus;
	struct plat_dt_master *masters;
};

/* While it is made: which node an SMMU was. */
struct builder {
	struct fdt t;
	struct dt *dt;
	size_t *nodes; /* by SMMU, rising */
};

static int find_irqs(const struct fdt *t, size_t node,
		     struct plat_dt_smmu *smmu)
{
	static const char *const names[PLAT_DT_IRQ_COUNT] = {
		[PLAT_DT_IRQ_EVENTQ] = "eventq",
		[PLAT_DT_IRQ_PRIQ] = "priq",
		[PLAT_DT_IRQ_GERROR] = "gerror",
		[PLAT_DT_IRQ_CMDQ_SYNC] = "cmdq-sync",
		[PLAT_DT_IRQ_COMBINED] = "combined",
	};
	unsigned int i;
	int err = 0;

	if (fdt_has(t, node, "interrupts") &&
	    !fdt_has(t, node, "interrupt-names"))
		return fdt_wrong(t, node, "interrupts without names");
	for (i = 0; i < PLAT_DT_IRQ_COUNT && !err; i++) {
		int at = fdt_stringlist_search(t->blob, t->nodes[node].offset,
					       "interrupt-names", names[i]);

		if (at >= 0)
			err = fdt_get_irq(t, node, (unsigned int)at,
					  &smmu->irq[i]);
		else if (at != -FDT_ERR_NOTFOUND)
			err = fdt_wrong(t, node,
					"interrupt-names is no list of names");
	}
	return err;
}

static int find_msi_parent(const struct fdt *t, size_t node,
			   struct plat_dt_smmu *smmu)
{
	struct fdt_cells c;
	uint32_t cells = 0;
	size_t target;
	int err = fdt_get_cells(t, node, "msi-parent", &c);

	if (err || !c.p)
		return err;
	if (!c.count)
		return fdt_wrong(t, node, "msi-parent is empty");
	smmu->msi_parent = fdt_take(&c);
	if (fdt_find(t, smmu->msi_parent, &target))
		return fdt_wrong(t, node, "an msi-parent that is not");
	err = fdt_get_u32(t, target, "#msi-cells", &cells);
	if (err)
		return err;
	if (cells > 1 || c.count != 1 + cells)
		return fdt_wrong(t, node, "msi-parent of another form");
	if (cells)
		smmu->msi_id = fdt_take(&c);
	return 0;
}

static int read_smmu(const struct fdt *t, size_t node,
		     struct plat_dt_smmu *smmu)
{
	uint32_t cells = 0;
	int err;

	smmu->path = fdt_path(t, node);
	if (!smmu->path)
		return -ENOMEM;
	smmu->coherent = fdt_has(t, node, "dma-coherent");
	smmu->broken_prefetch =
		fdt_has(t, node, "hisilicon,broken-prefetch-cmd");
	smmu->broken_page1 =
		fdt_has(t, node, "cavium,cn9900-broken-page1-regspace");
	err = fdt_get_u32(t, node, "#iommu-cells", &cells);
	if (err)
		return err;
	if (cells != 1)
		return fdt_wrong(t, node, "#iommu-cells is not 1");
	if (fdt_has(t, node, "iommus"))
		return fdt_wrong(t, node, "an SMMU behind an IOMMU");
	err = fdt_get_reg(t, node, &smmu->base, &smmu->size);
	if (err)
		return err;
	if (smmu->size < (smmu->broken_page1 ? PAGE64K : 2 * PAGE64K) ||
	    smmu->base % PAGE64K)
		return fdt_wrong(t, node, "reg is not the pages of an SMMU");
	err = find_irqs(t, node, smmu);
	return err ? err : find_msi_parent(t, node, smmu);
}

static bool is_smmu(const struct fdt *t, size_t node)
{
	return t->nodes[node].enabled &&
	       fdt_is_compatible(t, node, "arm,smmu-v3");
}

static int read_smmus(struct builder *b)
{
	const struct fdt *t = &b->t;
	struct dt *dt = b->dt;
	size_t i, count = 0;
	int err = 0;

	for (i = 0; i < t->node_count; i++)
		count += is_smmu(t, i);
	if (count > SMMUS_MAX)
		return fdt_wrong(t, 0, "more than 256 SMMUs");
	dt->smmus = calloc(count + 1, sizeof(dt->smmus[0]));
	b->nodes = calloc(count + 1, sizeof(b->nodes[0]));
	dt->pub.smmus = dt->smmus;
	if (!dt->smmus || !b->nodes)
		return -ENOMEM;
	for (i = 0; i < t->node_count && !err; i++) {
		if (!is_smmu(t, i))
			continue;
		b->nodes[dt->pub.smmu_count] = i;
		err = read_smmu(t, i, &dt->smmus[dt->pub.smmu_count++]);
	}
	return err;
}

static int compare_nodes(const void *a, const void *b)
{
	const size_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* False: not an SMMU, or one that is not available. */
static bool find_smmu(const struct builder *b, size_t node, size_t *ret_smmu)
{
	const size_t *found = NULL;

	if (b->dt->pub.smmu_count)
		found = bsearch(&node, b->nodes, b->dt->pub.smmu_count,
				sizeof(b->nodes[0]), compare_nodes);
	if (found)
		*ret_smmu = (size_t)(found - b->nodes);
	return found;
}

static int read_streams(const struct builder *b, size_t node,
			struct plat_dt_master *m)
{
	struct plat_dt_stream *streams;
	struct fdt_cells c;
	int err = fdt_get_cells(&b->t, node, "iommus", &c);

	if (err || !c.p)
		return err;
	if (!c.count)
		return fdt_wrong(&b->t, node, "iommus is empty");
	streams = calloc(c.count, sizeof(streams[0]));
	if (!streams)
		return -ENOMEM;
	m->streams = streams;
	while (fdt_left(&c)) {
		uint32_t phandle, cells;
		size_t target, smmu;

		err = fdt_take_reference(&b->t, node, &c, FDT_TO_IOMMU,
					 &phandle, &target, &cells);
		if (err)
			return err;
		if (!find_smmu(b, target, &smmu)) {
			c.next += cells;
			continue;
		}
		/* read_smmu() knows that it is one cell. */
		streams[m->stream_count++] =
			(struct plat_dt_stream){ smmu, fdt_take(&c) };
	}
	return 0;
}

static int read_map(const struct builder *b, size_t node, struct fdt_cells *c,
		    struct plat_dt_master *m, struct plat_dt_map *map,
		    bool *ret_ours)
{
	uint32_t phandle;
	size_t target;

	map->rid = fdt_take(c);
	phandle = fdt_take(c);
	map->stream = fdt_take(c);
	map->count = fdt_take(c);
	if (fdt_find(&b->t, phandle, &target))
		return fdt_wrong(&b->t, node,
				 "iommu-map to a node that is not");
	if (!map->count || (uint64_t)map->rid + map->count > RIDS ||
	    (uint64_t)map->stream + map->count > UINT64_C(1) << 32)
		return fdt_wrong(&b->t, node,
				 "iommu-map of ids that cannot be");
	if (map->rid & ~m->map_mask)
		return fdt_wrong(&b->t, node,
				 "iommu-map of ids that its mask takes away");
	*ret_ours = find_smmu(b, target, &map->smmu);
	return 0;
}

static int read_maps(const struct builder *b, size_t node,
		     struct plat_dt_master *m)
{
	struct plat_dt_map *maps;
	struct fdt_cells c;
	int err;

	m->map_mask = UINT32_MAX;
	err = fdt_get_u32(&b->t, node, "iommu-map-mask", &m->map_mask);
	if (!err)
		err = fdt_get_cells(&b->t, node, "iommu-map", &c);
	if (err || !c.p)
		return err;
	if (!c.count || c.count % 4)
		return fdt_wrong(&b->t, node, "iommu-map is cut off");
	maps = calloc(c.count / 4, sizeof(maps[0]));
	if (!maps)
		return -ENOMEM;
	m->maps = maps;
	while (fdt_left(&c)) {
		bool ours = false;

		err = read_map(b, node, &c, m, &maps[m->map_count], &ours);
		if (err)
			return err;
		m->map_count += ours;
	}
	return 0;
}

static int read_master(const struct builder *b, size_t node,
		       struct plat_dt_master *m)
{
	uint32_t bits = 0;
	int err;

	m->path = fdt_path(&b->t, node);
	if (!m->path)
		return -ENOMEM;
	m->can_stall = fdt_has(&b->t, node, "dma-can-stall");
	m->ats = fdt_has(&b->t, node, "ats-supported");
	m->coherent = fdt_has(&b->t, node, "dma-coherent");
	err = fdt_get_u32(&b->t, node, "pasid-num-bits", &bits);
	if (err)
		return err;
	if (bits > IOMMU_PASID_BITS_MAX)
		return fdt_wrong(&b->t, node, "pasid-num-bits is above 20");
	m->pasid_bits = bits;
	err = read_streams(b, node, m);
	return err ? err : read_maps(b, node, m);
}

static void free_master(const struct plat_dt_master *m)
{
	free((void *)(uintptr_t)m->path);
	free((void *)(uintptr_t)m->streams);
	free((void *)(uintptr_t)m->maps);
}

static bool is_master(const struct fdt *t, size_t node)
{
	return t->nodes[node].enabled &&
	       (fdt_has(t, node, "iommus") || fdt_has(t, node, "iommu-map"));
}

static int read_masters(struct builder *b)
{
	struct dt *dt = b->dt;
	size_t i, count = 0;
	int err = 0;

	for (i = 0; i < b->t.node_count; i++)
		count += is_master(&b->t, i);
	dt->masters = calloc(count + 1, sizeof(dt->masters[0]));
	dt->pub.masters = dt->masters;
	if (!dt->masters)
		return -ENOMEM;
	for (i = 0; i < b->t.node_count && !err; i++) {
		struct plat_dt_master *m = &dt->masters[dt->pub.master_count];

		if (!is_master(&b->t, i))
			continue;
		err = read_master(b, i, m);
		if (!err && (m->stream_count || m->map_count)) {
			dt->pub.master_count++;
			continue;
		}
		free_master(m);
		memset(m, 0, sizeof(*m));
	}
	return err;
}

void plat_dt_free(struct plat_dt *dt)
{
	struct dt *d;
	size_t i;

	if (!dt)
		return;
	d = container_of(dt, struct dt, pub);
	for (i = 0; i < dt->smmu_count; i++)
		free((void *)(uintptr_t)d->smmus[i].path);
	for (i = 0; i < dt->master_count; i++)
		free_master(&d->masters[i]);
	free(d->smmus);
	free(d->masters);
	free(d);
}

int plat_dt_parse(const void *blob, size_t size, struct plat_dt **ret_dt,
		  struct plat_dt_error *ret_error)
{
	struct builder b = { .nodes = NULL };
	int err = fdt_open(&b.t, blob, size, ret_error);

	if (err)
		return err;
	b.dt = calloc(1, sizeof(*b.dt));
	err = b.dt ? read_smmus(&b) : -ENOMEM;
	if (!err)
		err = read_masters(&b);
	fdt_close(&b.t);
	free(b.nodes);
	if (err && b.dt)
		plat_dt_free(&b.dt->pub);
	else if (!err)
		*ret_dt = &b.dt->pub;
	return err;
}

int plat_dt_find_stream(const struct plat_dt_master *m, uint16_t rid,
			struct plat_dt_stream *ret_stream)
{
	uint32_t id = rid & m->map_mask;
	size_t i;

	for (i = 0; i < m->map_count; i++) {
		const struct plat_dt_map *map = &m->maps[i];

		if (id < map->rid || id - map->rid >= map->count)
			continue;
		ret_stream->smmu = map->smmu;
		ret_stream->id = map->stream + (id - map->rid);
		return 0;
	}
	return -ENOENT;
}

int plat_dt_device(const struct plat_dt_master *m, size_t smmu, uint32_t *ids,
		   size_t room, struct iommu_device_desc *ret_desc)
{
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < m->stream_count; i++) {
		if (m->streams[i].smmu != smmu)
			continue;
		if (count == room)
			return -ENOSPC;
		ids[count++] = m->streams[i].id;
	}
	if (!count)
		return -ENOENT;
	*ret_desc = (struct iommu_device_desc){
		.name = m->path,
		.stream_ids = ids,
		.stream_id_count = count,
		.pasid_bits = m->pasid_bits,
		.can_stall = m->can_stall,
	};
	return 0;
}
