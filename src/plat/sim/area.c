/* SPDX-License-Identifier: MIT */
#include "plat/sim/area.h"

#include <string.h>

#include "base/bits.h"
#include "base/errno.h"
#include "plat/sim/breaks.h"

static const char gone[] = "a device reaches memory after the unmap returned";

/* A call that nothing was made to fail in, and that may not fail. */
static void must(const struct area *a, int err, const char *what)
{
	if (err && !a->w->sim->fail_fired)
		sim_fail(a->w->sim, "R14", "%s fails: %d", what, err);
}

static void give_up(const struct area *a, uint64_t frame, const char *rule,
		    const char *why)
{
	struct sim *s = a->w->sim;

	if (!sim_pages_free(&s->mem, sim_virt(&s->mem, frame, 1), SIM_PAGE,
			    rule, why))
		sim_fail(s, "crash", "a frame is freed twice");
}

bool area_init(struct area *a, struct world *w, unsigned int space)
{
	int err;

	memset(a, 0, sizeof(*a));
	a->w = w;
	a->sp = &w->spaces[space];
	err = iommu_domain_alloc(w->unit, IOMMU_DOMAIN_PAGING, &a->domain);
	must(a, err, "a paging domain");
	return !err;
}

void area_abandon(struct area *a)
{
	unsigned int i;

	for (i = 0; i < SPACE_PAGES; i++) {
		struct space_page *p = &a->sp->pages[i];

		if (p->frame)
			give_up(a, p->frame, "R1",
				"a device reaches memory after the detach "
				"returned");
		memset(p, 0, sizeof(*p));
		p->changed = a->w->sim->steps;
	}
}

void area_fini(struct area *a)
{
	area_flush(a);
	area_abandon(a);
	if (iommu_domain_free(a->domain))
		sim_fail(a->w->sim, "R14", "a domain cannot be freed");
}

void area_map(struct area *a, unsigned int page, unsigned int perm)
{
	struct space_page *p = &a->sp->pages[page];
	struct sim *s = a->w->sim;
	struct sim_frame *frame;
	uint64_t pa;
	void *mem;
	int err;

	if (p->allowed)
		return;
	mem = sim_pages_alloc(&s->mem, SIM_PAGE, SIM_FRAME_USER, a->sp);
	if (!mem)
		sim_fail(s, "crash", "there is no memory left");
	pa = sim_phys(&s->mem, mem);
	frame = sim_frame_at(&s->mem, pa);
	frame->va = space_va(page);
	frame->perm = perm;
	err = iommu_map(a->domain, space_va(page), pa, SIM_PAGE, perm);
	must(a, err, "a map");
	if (err) {
		give_up(a, pa, "R9", "a map that failed leads somewhere");
		return;
	}
	/* Nothing is cached of what was there before. */
	p->frame = pa;
	p->allowed = perm;
	p->changing = false;
	p->changed = s->steps;
	a->waits[page] = false;
	sim_note(s, "mapped", space_va(page));
}

/* The range is somebody else's; so says the rule that is broken otherwise. */
static void release(struct area *a, unsigned int first, unsigned int count,
		    const char *rule)
{
	unsigned int i;

	world_check_unmapped(a->w, a->sp, first, count, rule);
	for (i = first; i < first + count; i++) {
		struct space_page *p = &a->sp->pages[i];

		if (p->frame)
			give_up(a, p->frame, rule, gone);
		p->frame = 0;
		p->changing = false;
		p->changed = a->w->sim->steps;
	}
}

void area_flush(struct area *a)
{
	unsigned int i;

	must(a, iommu_domain_flush(a->domain), "a flush");
	for (i = 0; i < SPACE_PAGES; i++) {
		if (!a->waits[i])
			continue;
		a->waits[i] = false;
		release(a, i, 1, "R9");
	}
	for (i = 0; i < a->waiting_count; i++)
		give_up(a, a->waiting[i], "R9", gone);
	a->waiting_count = 0;
}

/* The caller keeps what it unmapped, and others may use it for a while. */
static void defer(struct area *a, unsigned int first, unsigned int count)
{
	unsigned int i;

	must(a, iommu_domain_set_deferred(a->domain, 4 * SIM_PAGE),
	     "deferring");
	must(a,
	     iommu_unmap(a->domain, space_va(first), (uint64_t)count * SIM_PAGE,
			 NULL),
	     "an unmap");
	for (i = first; i < first + count; i++) {
		struct space_page *p = &a->sp->pages[i];

		if (!p->frame)
			continue;
		a->waiting[a->waiting_count++] = p->frame;
		p->frame = 0;
		a->waits[i] = true;
	}
	if (a->waiting_count > AREA_WAITING - SPACE_PAGES ||
	    sim_random(a->w->sim, 2))
		area_flush(a);
}

/* In two, with one invalidation behind both. */
static void unmap_gathered(struct area *a, unsigned int first,
			   unsigned int count)
{
	struct iommu_iotlb_gather gather;
	struct sim *s = a->w->sim;
	unsigned int i;

	iommu_iotlb_gather_init(&gather);
	for (i = first; i < first + count; i++)
		must(a,
		     iommu_unmap_gather(a->domain, space_va(i), SIM_PAGE,
					&gather, NULL),
		     "an unmap");
	sim_point(s, SIM_NOTE, "gathered", space_va(first));
	if (sim_broken(s, BREAK_SHORT_RANGE) && gather.last > gather.start &&
	    gather.last - gather.start >= SIM_PAGE) {
		sim_strike(s, gather.last);
		gather.last -= SIM_PAGE;
	}
	must(a, iommu_iotlb_sync(a->domain, &gather), "a sync");
}

void area_unmap(struct area *a, unsigned int first, unsigned int count)
{
	struct sim *s = a->w->sim;
	bool raced = world_binding(a->w);
	bool deaf = sim_broken(s, BREAK_MAP_GAP) && raced;
	unsigned int i, how = (unsigned int)sim_random(s, 3);

	for (i = first; i < first + count; i++) {
		a->sp->pages[i].allowed = 0;
		a->sp->pages[i].changing = true;
		a->sp->pages[i].changed = s->steps;
	}
	sim_point(s, SIM_NOTE, "unmap", space_va(first));
	if (!how && !deaf) {
		defer(a, first, count);
		return;
	}
	must(a, iommu_domain_set_deferred(a->domain, 0), "deferring");
	world_deafen(a->w, deaf);
	if (how == 1)
		unmap_gathered(a, first, count);
	else
		must(a,
		     iommu_unmap(a->domain, space_va(first),
				 (uint64_t)count * SIM_PAGE, NULL),
		     "an unmap");
	world_deafen(a->w, false);
	raced |= world_binding(a->w);
	/* What waited is not this call's to invalidate, nor to give up. */
	for (i = first; i < first + count; i++)
		if (!a->waits[i])
			release(a, i, 1, raced ? "R11" : "R9");
	sim_note(s, "unmapped", space_va(first));
}

/* Attachments, in the books of binds */

static struct bond *begin(struct area *a, struct endpoint *ep)
{
	struct bond *b = world_bond(a->w, ep, a->sp);

	b->ep = ep;
	b->sp = a->sp;
	b->binding++;
	a->w->binding++;
	sim_note(a->w->sim, "attach", 0);
	return b;
}

static int end(struct area *a, struct bond *b, int err, ioasid_t pasid)
{
	must(a, err, "an attach");
	b->binding--;
	a->w->binding--;
	sim_note(a->w->sim, "attached", (uint64_t)err);
	if (err)
		return err;
	b->held++;
	b->since = a->w->sim->steps;
	b->pasid = pasid;
	b->worked = false;
	return 0;
}

int area_attach(struct area *a, struct endpoint *ep, ioasid_t pasid)
{
	struct bond *b = begin(a, ep);

	return end(a, b, iommu_attach_device_pasid(a->domain, ep->dev, pasid),
		   pasid);
}

int area_aux_attach(struct area *a, struct endpoint *ep)
{
	struct bond *b = begin(a, ep);
	int err = iommu_aux_attach_device(a->domain, ep->dev);
	int pasid = err ? 1 : iommu_aux_get_pasid(a->domain, ep->dev);

	if (pasid <= 0)
		sim_fail(a->w->sim, "R14", "no PASID: %d", pasid);
	return end(a, b, err, (ioasid_t)pasid);
}

static struct bond *leave(struct area *a, struct endpoint *ep)
{
	struct bond *b = world_bond(a->w, ep, a->sp);

	b->held--;
	b->unbinding++;
	b->drops++;
	sim_note(a->w->sim, "detach", 0);
	return b;
}

void area_detach(struct area *a, struct endpoint *ep)
{
	struct bond *b = leave(a, ep);

	iommu_detach_device_pasid(a->domain, ep->dev, b->pasid);
	b->unbinding--;
	sim_note(a->w->sim, "detached", 0);
}

void area_aux_detach(struct area *a, struct endpoint *ep)
{
	struct bond *b = leave(a, ep);

	iommu_aux_detach_device(a->domain, ep->dev);
	b->unbinding--;
	sim_note(a->w->sim, "detached", 0);
}

enum agent_result area_access(struct area *area, struct agent *a,
			      unsigned int page, bool write)
{
	struct world *w = area->w;
	struct sim *s = w->sim;
	const struct space_page *p = &area->sp->pages[page];
	const struct bond *b = world_bond(w, a->ep, area->sp);
	uint64_t start = s->steps, drops = b->drops;
	bool held = b->held && b->since && b->pasid == a->pasid;
	unsigned int perm = write ? IOMMU_PERM_READ | IOMMU_PERM_WRITE :
				    (unsigned int)IOMMU_PERM_READ;
	enum agent_result r = agent_access(a, page, write);

	if (r == AGENT_OK || !held || drops != b->drops || p->changing ||
	    p->changed >= start || perm & ~p->allowed || s->fail_fired ||
	    w->dead || a->ep->mute)
		return r;
	sim_fail(s, b->worked ? "R11" : "R8",
		 "%s with PASID %u does not reach page %u, which is mapped",
		 a->ep->name, (unsigned int)a->pasid, page);
}
