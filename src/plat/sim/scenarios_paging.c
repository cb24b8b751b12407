/* SPDX-License-Identifier: MIT */
/* Scenarios of paging domains: no process, no faults. */
#include "base/bits.h"
#include "plat/sim/area.h"
#include "plat/sim/breaks.h"
#include "plat/sim/scenarios.h"

#define RW ((unsigned int)(IOMMU_PERM_READ | IOMMU_PERM_WRITE))

enum { PASID = 1, PAGES = 4, TRIES = 64 };

/* False: a call was made to fail, and some are not there. */
static bool map_all(struct area *a)
{
	bool all = true;
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		area_map(a, i, RW);
		all &= a->sp->pages[i].allowed == RW;
	}
	return all;
}

/* A device that does without what is not there. */
static void device(struct job *j)
{
	struct sim *s = j->w->sim;
	struct agent a;
	unsigned int i;

	agent_init(&a, j->ep, j->area->sp, j->pasid);
	a.never_asks = true;
	a.tries = TRIES;
	for (i = 0; i < j->rounds; i++) {
		unsigned int page = (unsigned int)sim_random(s, PAGES);

		(void)area_access(j->area, &a, page, sim_random(s, 2));
	}
	agent_fini(&a);
}

static void mapper(struct job *j)
{
	struct sim *s = j->w->sim;
	unsigned int i;

	for (i = 0; i < j->rounds; i++) {
		unsigned int first = (unsigned int)sim_random(s, PAGES);
		unsigned int count = 1 + (unsigned int)sim_random(s, 3);

		area_unmap(j->area, first, count);
		for (; count--; first++)
			if (sim_random(s, 4))
				area_map(j->area, first, RW);
	}
	area_flush(j->area);
}

static void binder(struct job *j)
{
	struct job dev = *j;
	unsigned int i;

	dev.rounds = 2;
	for (i = 0; i < j->rounds; i++) {
		if (area_attach(j->area, j->ep, j->pasid))
			continue;
		device(&dev);
		area_detach(j->area, j->ep);
	}
}

/* Map and unmap beside attach and detach of a second device. [R11] */
void scenario_map_attach(struct world *w)
{
	struct crew crew = { .w = w };
	struct job dev, early, bind, map;
	struct area a;

	if (!area_init(&a, w, 0))
		return;
	(void)map_all(&a);
	dev = (struct job){
		.ep = &w->eps[0],
		.area = &a,
		.pasid = PASID,
		.rounds = 3,
	};
	early = bind = map = dev;
	/* A device that knows its PASID before it should. */
	early.ep = bind.ep = &w->eps[1];
	early.rounds = 6;
	bind.rounds = 2;
	if (!area_attach(&a, dev.ep, PASID)) {
		crew_add(&crew, "device", device, &dev);
		crew_add(&crew, "early", device, &early);
		crew_add(&crew, "binder", binder, &bind);
		crew_add(&crew, "mapper", mapper, &map);
		crew_run(&crew);
		area_detach(&a, dev.ep);
	}
	area_fini(&a);
}

/* Unmaps, and a device that fills its cache again and again. [R9] */
void scenario_refill(struct world *w)
{
	struct crew crew = { .w = w };
	struct job dev, other, map;
	struct area a;

	if (!area_init(&a, w, 0))
		return;
	(void)map_all(&a);
	dev = (struct job){
		.ep = &w->eps[0],
		.area = &a,
		.pasid = PASID,
		.rounds = 6,
	};
	other = map = dev;
	map.rounds = 4;
	if (!area_attach(&a, dev.ep, PASID)) {
		crew_add(&crew, "device", device, &dev);
		crew_add(&crew, "device2", device, &other);
		crew_add(&crew, "mapper", mapper, &map);
		crew_run(&crew);
		area_detach(&a, dev.ep);
	}
	area_fini(&a);
}

/* The detach is enough: nobody unmaps anything, and the memory goes. */
static void aux_owner(struct job *j)
{
	struct sim *s = j->w->sim;
	uint64_t turns = sim_random(s, 2) ? sim_random(s, 24) : 0;

	while (turns--)
		sim_relax(s);
	area_aux_detach(j->area, j->ep);
	area_abandon(j->area);
}

/* One that comes and goes, under a device that does not stop. */
static void run_aux(struct world *w, struct endpoint *ep, unsigned int space)
{
	struct crew crew = { .w = w };
	struct job dev, other, owner;
	struct area a;

	if (!area_init(&a, w, space))
		return;
	(void)map_all(&a);
	if (!area_aux_attach(&a, ep)) {
		dev = (struct job){
			.ep = ep,
			.area = &a,
			.pasid = world_bond(w, ep, a.sp)->pasid,
			.rounds = 6,
		};
		owner = other = dev;
		crew_add(&crew, "device", device, &dev);
		crew_add(&crew, "device2", device, &other);
		crew_add(&crew, "owner", aux_owner, &owner);
		crew_run(&crew);
	}
	area_fini(&a);
}

/*
 * Auxiliary domains one after the other: the second has the hardware id and the
 * PASID of the first, and other memory. [R1] [R13]
 */
void scenario_aux_detach(struct world *w)
{
	struct endpoint *ep = &w->eps[0];
	struct area parent;

	if (!area_init(&parent, w, 2))
		return;
	if (!iommu_attach_device(parent.domain, ep->dev)) {
		if (!iommu_dev_enable_feature(ep->dev, IOMMU_DEV_FEAT_AUX)) {
			run_aux(w, ep, 0);
			run_aux(w, ep, 1);
			if (iommu_dev_disable_feature(ep->dev,
						      IOMMU_DEV_FEAT_AUX))
				sim_fail(w->sim, "R14", "AUX stays on");
		}
		if (iommu_detach_device(parent.domain, ep->dev))
			sim_fail(w->sim, "R14", "the parent stays attached");
	}
	area_fini(&parent);
}

/*
 * Who copies memory that a device writes: reads and clears, has that
 * invalidated, copies what was dirty. What is written later is dirty again.
 */
struct copier {
	struct area *a;
	uint32_t copy[PAGES];
};

static uint32_t content(const struct area *a, unsigned int page)
{
	const uint32_t *word =
		sim_virt(&a->w->sim->mem, a->sp->pages[page].frame, 4);

	return *word;
}

static uint64_t read_dirty(struct copier *c)
{
	struct iommu_iotlb_gather gather;
	struct world *w = c->a->w;
	uint64_t bits = 0;
	struct iommu_dirty_bitmap bitmap = {
		.iova = space_va(0),
		.page_lg2 = 12,
		.bit_count = PAGES,
		.words = &bits,
		.gather = &gather,
	};

	iommu_iotlb_gather_init(&gather);
	if (iommu_read_and_clear_dirty(c->a->domain, space_va(0),
				       PAGES * SIM_PAGE, 0, &bitmap) &&
	    !w->sim->fail_fired)
		sim_fail(w->sim, "R14", "dirty pages cannot be read");
	sim_point(w->sim, SIM_NOTE, "read and cleared", bits);
	world_deafen(w, sim_broken(w->sim, BREAK_DIRTY_FLUSH));
	if (iommu_iotlb_sync(c->a->domain, &gather) && !w->sim->fail_fired)
		sim_fail(w->sim, "R14", "a sync fails");
	world_deafen(w, false);
	return bits;
}

static void copy_pages(struct copier *c, uint64_t bits)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		if (!(bits >> i & 1))
			continue;
		c->copy[i] = content(c->a, i);
		sim_point(c->a->w->sim, SIM_DMA, "copied", space_va(i));
	}
}

static bool track(struct copier *c)
{
	struct sim *s = c->a->w->sim;
	int err = iommu_set_dirty_tracking(c->a->domain, true);

	if (err && !s->fail_fired)
		sim_fail(s, "R14", "no dirty tracking: %d", err);
	/* From here on: what was before is in the copy. */
	copy_pages(c, GENMASK64(PAGES - 1, 0));
	return !err;
}

static void copier(struct job *j)
{
	struct copier *c = j->w->scratch;
	struct sim *s = j->w->sim;
	unsigned int i;

	for (i = 0; i < j->rounds; i++) {
		if (!sim_random(s, 4)) {
			if (iommu_set_dirty_tracking(c->a->domain, false))
				sim_fail(s, "R14", "tracking stays on");
			(void)track(c);
		}
		copy_pages(c, read_dirty(c));
	}
}

static void run_dirty(struct world *w, struct copier *c, struct job *dev)
{
	struct crew crew = { .w = w };
	struct job bind = *dev, copy = *dev;
	uint64_t bits;
	unsigned int i;

	bind.ep = &w->eps[1];
	bind.rounds = 2;
	copy.rounds = 3;
	w->scratch = c;
	crew_add(&crew, "device", device, dev);
	crew_add(&crew, "binder", binder, &bind);
	crew_add(&crew, "copier", copier, &copy);
	crew_run(&crew);
	w->scratch = NULL;
	/* The device has stopped: the copy and what is dirty are all of it. */
	bits = read_dirty(c);
	for (i = 0; i < PAGES; i++)
		if (!(bits >> i & 1) && c->copy[i] != content(c->a, i) &&
		    !w->sim->fail_fired)
			sim_fail(w->sim, "R9",
				 "page %u was written after it was copied, and "
				 "is not dirty",
				 i);
}

/* Dirty pages are read and cleared beside DMA, and a device that comes. [R9] */
void scenario_dirty(struct world *w)
{
	struct copier c;
	struct area a;
	struct job dev = {
		.ep = &w->eps[0],
		.area = &a,
		.pasid = PASID,
		.rounds = 8,
	};

	if (!area_init(&a, w, 0))
		return;
	c = (struct copier){ .a = &a };
	if (map_all(&a) && !area_attach(&a, dev.ep, PASID)) {
		if (track(&c))
			run_dirty(w, &c, &dev);
		area_detach(&a, dev.ep);
	}
	area_fini(&a);
}
