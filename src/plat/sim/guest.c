/* SPDX-License-Identifier: MIT */
/* A guest's memory and tables, and what it says of them. */
#include "plat/sim/guest.h"

#include <string.h>

#include "base/errno.h"
#include "plat/sim/breaks.h"
#include "plat/sim/guest_books.h"

/* Guest-physical: tables of each PASID; pages that come and go. */
#define TABLES      UINT64_C(0x100000)
#define TABLES_STEP UINT64_C(0x10000)
#define DATA        UINT64_C(0x200000)

enum { BLOCK_PAGES = 8, SLOTS = 16 };

#define BLOCK (BLOCK_PAGES * (size_t)SIM_PAGE)

bool guest_ails(const struct guest *g)
{
	bool ails = g->w->sim->fail_fired || g->w->dead;
	unsigned int i;

	for (i = 0; i < g->w->cfg.endpoints; i++)
		ails |= g->w->eps[i].mute;
	return ails;
}

void guest_must(const struct guest *g, int err, const char *what)
{
	if (err && !guest_ails(g))
		sim_fail(g->w->sim, "R14", "%s fails: %d", what, err);
}

void guest_deafen(const struct guest *g, enum sim_break_id id, bool deaf)
{
	if (sim_broken(g->w->sim, id))
		world_deafen(g->w, deaf);
}

/* Guest-physical addresses */

static uint64_t slot_take(struct guest *g)
{
	unsigned int i = (unsigned int)sim_random(g->w->sim, SLOTS);

	while (g->slots >> i & 1)
		i = (i + 1) % SLOTS;
	g->slots |= 1u << i;
	return DATA + (uint64_t)i * SIM_PAGE;
}

static void slot_give(struct guest *g, uint64_t gpa)
{
	g->slots &= ~(1u << (gpa - DATA) / SIM_PAGE);
}

/* A frame that the host puts at @gpa. 0: a call was made to fail. */
static uint64_t frame_map(struct guest *g, const struct guest_table *t,
			  enum sim_frame_kind kind, uint64_t gpa)
{
	struct sim *s = g->w->sim;
	void *mem = sim_pages_alloc(&s->mem, SIM_PAGE, kind, t->area.sp);
	uint64_t pa;
	int err;

	if (!mem)
		sim_fail(s, "crash", "there is no memory left");
	pa = sim_phys(&s->mem, mem);
	err = iommu_map(g->parent, gpa, pa, SIM_PAGE, GUEST_RW);
	guest_must(g, err, "a map");
	if (!err)
		return pa;
	(void)sim_pages_free(&s->mem, mem, SIM_PAGE, "R9",
			     "a map that failed leads somewhere");
	return 0;
}

static void frame_free(const struct guest *g, uint64_t pa, const char *why)
{
	struct sim *s = g->w->sim;

	if (!sim_pages_free(&s->mem, sim_virt(&s->mem, pa, 1), SIM_PAGE, "R9",
			    why))
		sim_fail(s, "crash", "a frame is freed twice");
}

static void host_unmap(const struct guest *g, uint64_t gpa)
{
	guest_must(g, iommu_unmap(g->parent, gpa, SIM_PAGE, NULL), "an unmap");
}

/* Tables: the last one may be elsewhere, and has all pages. */

static le64_atomic *word(const struct guest_table *t, unsigned int page,
			 uint64_t index)
{
	return le64_at(t->mem + (size_t)page * SIM_PAGE + 8 * index);
}

static uint64_t root_of(const struct guest *g, const struct guest_table *t)
{
	return t->gpa + (uint64_t)g->nest->pages * SIM_PAGE;
}

/* The entry of a page's level, 0 the root, in the block. */
static le64_atomic *entry(const struct guest *g, const struct guest_table *t,
			  unsigned int level)
{
	unsigned int shift = 12 + 9 * (g->nest->levels - 1 - level);

	return word(t, g->nest->pages + level, space_va(0) >> shift & 511);
}

static le64_atomic *leaf(const struct guest *g, const struct guest_table *t,
			 unsigned int page)
{
	return le64_at(sim_virt(&g->w->sim->mem, t->last, SIM_PAGE)) +
	       (space_va(page) >> 12 & 511);
}

static void clear_last(const struct guest *g, const struct guest_table *t)
{
	le64_atomic *words =
		le64_at(sim_virt(&g->w->sim->mem, t->last, SIM_PAGE));
	unsigned int i;

	for (i = 0; i < SIM_PAGE / 8; i++)
		le64_store_relaxed(&words[i], g->nest->nothing);
}

static void fill_tables(const struct guest *g, const struct guest_table *t)
{
	unsigned int i, level;

	for (level = 0; level + 1 < g->nest->levels; level++)
		for (i = 0; i < SIM_PAGE / 8; i++)
			le64_store_relaxed(word(t, g->nest->pages + level, i),
					   g->nest->nothing);
	for (level = 0; level + 2 < g->nest->levels; level++)
		le64_store_relaxed(
			entry(g, t, level),
			g->nest->link(root_of(g, t) +
				      (uint64_t)(level + 1) * SIM_PAGE));
	g->nest->init(word(t, 0, 0), t->gpa);
}

/* With the last table, which was made just now. */
static void show_last(const struct guest *g, const struct guest_table *t)
{
	le64_store_release(entry(g, t, g->nest->levels - 2),
			   g->nest->link(t->last_gpa));
}

static void write_entry(const struct guest *g, const struct guest_table *t,
			bool on)
{
	const struct sim_nest_entry e = {
		.pasid = t->pasid,
		.asid = t->asid,
		.root = root_of(g, t),
		.on = on,
		.stalls = g->w->cfg.kind == ENDPOINT_STALL,
	};

	g->nest->entry(word(t, 0, 0), &e);
}

/* The guest's memory of a table; false: a call was made to fail. */
static bool table_init(struct guest *g, unsigned int index, bool singles)
{
	struct guest_table *t = &g->tables[index];
	struct sim *s = g->w->sim;
	int err;

	t->area.w = g->w;
	t->area.sp = &g->w->spaces[index];
	t->area.domain = g->parent;
	t->pasid = 1 + (singles ? index : 0);
	/* Devices of one guest share ASIDs, if they can be told apart. */
	t->asid = (uint16_t)(1 + (g->w->cfg.endpoints > 1 ? index : 0));
	t->gpa = TABLES + index * TABLES_STEP;
	t->on = true;
	t->mem = sim_pages_alloc(&s->mem, BLOCK, SIM_FRAME_TABLE, t->area.sp);
	if (!t->mem)
		sim_fail(s, "crash", "there is no memory left");
	err = iommu_map(g->parent, t->gpa, sim_phys(&s->mem, t->mem), BLOCK,
			GUEST_RW);
	guest_must(g, err, "a map");
	if (err)
		return false;
	fill_tables(g, t);
	t->last_gpa = slot_take(g);
	t->last = frame_map(g, t, SIM_FRAME_TABLE, t->last_gpa);
	if (!t->last)
		return false;
	clear_last(g, t);
	show_last(g, t);
	write_entry(g, t, true);
	return true;
}

bool guest_init(struct guest *g, struct world *w, bool singles)
{
	unsigned int i, page;
	int err;

	memset(g, 0, sizeof(*g));
	g->w = w;
	g->nest = w->vendor->nest;
	err = iommu_domain_alloc_parent(w->unit, &g->parent);
	guest_must(g, err, "a parent");
	if (err)
		return false;
	for (i = 0; i < GUEST_TABLES; i++) {
		if (!table_init(g, i, singles))
			return false;
		for (page = 0; page < GUEST_PAGES; page++)
			guest_map(g, &g->tables[i], page);
	}
	return guest_plug(g);
}

uint64_t guest_root(const struct guest *g, const struct guest_table *t)
{
	return root_of(g, t);
}

/* Whatever was still there is somebody else's. */
static void table_fini(struct guest *g, struct guest_table *t)
{
	struct sim *s = g->w->sim;

	if (!t->mem)
		return;
	area_abandon(&t->area);
	if (t->last)
		(void)sim_pages_free(&s->mem, sim_virt(&s->mem, t->last, 1),
				     SIM_PAGE, "R1",
				     "a guest's table is walked after its end");
	(void)sim_pages_free(&s->mem, t->mem, BLOCK, "R1",
			     "a guest's table is walked after its end");
}

void guest_fini(struct guest *g)
{
	unsigned int i;

	if (!g->parent)
		return;
	guest_unplug(g);
	guest_deafen(g, BREAK_GUEST_ID, true);
	if (iommu_domain_free(g->parent))
		sim_fail(g->w->sim, "R14", "a parent cannot be freed");
	guest_deafen(g, BREAK_GUEST_ID, false);
	g->parent = NULL;
	for (i = 0; i < GUEST_TABLES; i++)
		table_fini(g, &g->tables[i]);
}

/* What it invalidates */

/* Pages, and whether tables have changed, too; @count 0: all of the PASID. */
struct what {
	unsigned int first, count;
	bool tables;
};

static struct iommu_cache_invalidate_info make_info(const struct guest *g,
						    const struct guest_table *t,
						    const struct what *what,
						    unsigned int cache)
{
	struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)cache,
		.granularity = IOMMU_INV_GRANU_PASID,
		.granu.pasid = {
			.flags = IOMMU_INV_PASID_FLAGS_PASID,
			.pasid = t->pasid,
		},
	};
	bool tagged = g->nest->tagged && sim_random(g->w->sim, 2);

	if (!what->count) {
		if (tagged)
			info.granu.pasid.flags |= IOMMU_INV_PASID_FLAGS_ARCHID;
		info.granu.pasid.archid = tagged ? t->asid : 0;
		return info;
	}
	info.granularity = IOMMU_INV_GRANU_ADDR;
	info.granu.addr = (struct iommu_inv_addr_info){
		.flags = IOMMU_INV_ADDR_FLAGS_PASID |
			 (what->tables ? 0 : IOMMU_INV_ADDR_FLAGS_LEAF) |
			 (tagged ? IOMMU_INV_ADDR_FLAGS_ARCHID : 0),
		.archid = tagged ? t->asid : 0,
		.pasid = t->pasid,
		.addr = space_va(what->first),
		.granule_size = SIM_PAGE,
		.nb_granules = what->count,
	};
	return info;
}

static void invalidate(const struct guest *g, const struct guest_table *t,
		       const struct what *what, unsigned int cache,
		       const struct endpoint *ep)
{
	const struct iommu_cache_invalidate_info info =
		make_info(g, t, what, cache);
	int err = iommu_cache_invalidate(g->parent, ep->dev, &info);

	/* No table is bound: so nothing is cached. */
	guest_must(g, err == -ENODEV ? 0 : err, "an invalidation");
}

/*
 * On all devices, now and then more than has to. False: it died before it was
 * done.
 */
static bool invalidate_pages(const struct guest *g, const struct guest_table *t,
			     unsigned int first, unsigned int count,
			     bool tables)
{
	struct what what = { first, count, tables };
	unsigned int i;

	if (sim_random(g->w->sim, 4) == 0)
		what.count = 0;
	guest_deafen(g, BREAK_GUEST_INV, true);
	for (i = 0; i < g->w->cfg.endpoints && !g->killed; i++)
		invalidate(g, t, &what,
			   IOMMU_CACHE_INV_TYPE_IOTLB |
				   IOMMU_CACHE_INV_TYPE_DEV_IOTLB,
			   &g->w->eps[i]);
	guest_deafen(g, BREAK_GUEST_INV, false);
	return i == g->w->cfg.endpoints;
}

void guest_entry(struct guest *g, struct guest_table *t, bool on)
{
	const struct what all = { 0 };
	unsigned int i;

	if (t->on == on)
		return;
	guest_books_entry(g, t, on, false);
	write_entry(g, t, on);
	sim_note(g->w->sim, on ? "entry" : "no entry", t->pasid);
	guest_deafen(g, BREAK_GUEST_ENTRY, true);
	for (i = 0; i < g->w->cfg.endpoints; i++)
		invalidate(g, t, &all,
			   IOMMU_CACHE_INV_TYPE_PASID |
				   IOMMU_CACHE_INV_TYPE_IOTLB |
				   IOMMU_CACHE_INV_TYPE_DEV_IOTLB,
			   &g->w->eps[i]);
	guest_deafen(g, BREAK_GUEST_ENTRY, false);
	guest_books_entry(g, t, on, true);
}

/* Pages */

void guest_map(struct guest *g, struct guest_table *t, unsigned int page)
{
	struct space_page *p = &t->area.sp->pages[page];
	uint64_t gpa = slot_take(g), pa;
	struct sim *s = g->w->sim;
	struct sim_frame *frame;

	pa = frame_map(g, t, SIM_FRAME_USER, gpa);
	if (!pa) {
		slot_give(g, gpa);
		return;
	}
	frame = sim_frame_at(&s->mem, pa);
	frame->va = space_va(page);
	frame->perm = GUEST_RW;
	p->frame = pa;
	t->at[page] = gpa;
	if (g->killed)
		return;
	le64_store_release(leaf(g, t, page), g->nest->leaf(gpa));
	p->allowed = GUEST_RW;
	p->changing = false;
	p->changed = s->steps;
	sim_note(s, "mapped", space_va(page));
}

static void give_up(const struct guest *g, const struct guest_table *t,
		    unsigned int page, const char *why)
{
	struct space_page *p = &t->area.sp->pages[page];

	/* Dead or alive: the host looks for it here no more. */
	world_check_unmapped(g->w, t->area.sp, page, 1, "R9");
	frame_free(g, p->frame, why);
	p->frame = 0;
}

/* False: it died before it was done. */
static bool forget(struct guest *g, struct guest_table *t, unsigned int page)
{
	if (g->killed)
		return false;
	le64_store_release(leaf(g, t, page), g->nest->nothing);
	sim_point(g->w->sim, SIM_NOTE, "the guest unmaps", space_va(page));
	return invalidate_pages(g, t, page, 1, false);
}

static bool unmap(struct guest *g, struct guest_table *t, unsigned int page,
		  bool host)
{
	if (host) {
		guest_deafen(g, BREAK_GUEST_UNMAP, true);
		guest_deafen(g, BREAK_GUEST_UNMAP_ATC, true);
		host_unmap(g, t->at[page]);
		guest_deafen(g, BREAK_GUEST_UNMAP_ATC, false);
		guest_deafen(g, BREAK_GUEST_UNMAP, false);
		give_up(g, t, page, "a device reaches what the host unmapped");
		return forget(g, t, page);
	}
	if (!forget(g, t, page))
		return false;
	give_up(g, t, page, "a device reaches what the guest invalidated");
	host_unmap(g, t->at[page]);
	return true;
}

void guest_unmap(struct guest *g, struct guest_table *t, unsigned int page,
		 bool host)
{
	struct space_page *p = &t->area.sp->pages[page];
	struct sim *s = g->w->sim;

	p->allowed = 0;
	p->changing = true;
	p->changed = s->steps;
	if (!unmap(g, t, page, host))
		return;
	slot_give(g, t->at[page]);
	t->at[page] = 0;
	p->changing = false;
	p->changed = s->steps;
	sim_note(s, "unmapped", space_va(page));
}

/* The same entries elsewhere; the old place is used for something else. */
void guest_move(struct guest *g, struct guest_table *t)
{
	uint64_t old = t->last, old_gpa = t->last_gpa, gpa = slot_take(g);
	uint64_t pa = frame_map(g, t, SIM_FRAME_TABLE, gpa);
	struct sim *s = g->w->sim;

	if (!pa || g->killed)
		return;
	memcpy(sim_virt(&s->mem, pa, SIM_PAGE),
	       sim_virt(&s->mem, old, SIM_PAGE), SIM_PAGE);
	t->last = pa;
	t->last_gpa = gpa;
	show_last(g, t);
	sim_point(s, SIM_NOTE, "the guest moves a table", gpa);
	if (!invalidate_pages(g, t, 0, GUEST_PAGES, true))
		return;
	frame_free(g, old, "a table is walked after the guest moved it");
	host_unmap(g, old_gpa);
	slot_give(g, old_gpa);
	sim_note(s, "moved", gpa);
}
