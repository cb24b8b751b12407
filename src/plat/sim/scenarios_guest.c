/* SPDX-License-Identifier: MIT */
/*
 * A guest on the mock: its PASID table and one page table, in its own memory,
 * behind a parent. What it maps is a page of guest-physical memory that is used
 * once; whoever takes a page away, the guest or the host, gives up the memory.
 */
#include <string.h>

#include <sva/guest.h>

#include "base/errno.h"
#include "base/le64.h"
#include "plat/sim/area.h"
#include "plat/sim/breaks.h"
#include "plat/sim/scenarios.h"

/* Of the mock's format: three levels, all ones is nothing. */
enum { PASID = 1, PASIDS = 16, PAGES = 4, LEVELS = 3, TRIES = 64, ASKED = 8 };

#define RW      ((unsigned int)(IOMMU_PERM_READ | IOMMU_PERM_WRITE))
#define NOTHING UINT64_MAX
/* Guest-physical: the PASID table and the levels behind it; data. */
#define TABLES  UINT64_C(0x100000)
#define DATA    UINT64_C(0x200000)

/**
 * struct guest - the guest and who runs it
 * @area:   the parent, with the books of a process.
 * @gpa:    of pages, where the guest has them; 0: nowhere.
 * @asked:  that the guest has not answered.
 */
struct guest {
	struct area area;
	struct endpoint *ep;
	uint8_t *tables;
	uint64_t gpa[PAGES];
	unsigned int used;
	struct iommu_page_response asked[ASKED];
	unsigned int asked_count;
};

static void must(const struct guest *g, int err, const char *what)
{
	struct sim *s = g->area.w->sim;

	if (err && !s->fail_fired)
		sim_fail(s, "R14", "%s fails: %d", what, err);
}

static le64_atomic *word(const struct guest *g, unsigned int table,
			 uint64_t index)
{
	return le64_at(g->tables + table * SIM_PAGE + 8 * index);
}

static le64_atomic *leaf(const struct guest *g, unsigned int page)
{
	return word(g, LEVELS, space_va(page) >> 12 & 511);
}

/* The pages are behind one last table. */
static void fill_tables(const struct guest *g)
{
	unsigned int i;

	memset(g->tables, 0xff, (1 + LEVELS) * SIM_PAGE);
	le64_store_relaxed(word(g, 0, PASID), TABLES + SIM_PAGE);
	for (i = 1; i < LEVELS; i++)
		le64_store_relaxed(word(g, i,
					space_va(0) >> (12 + 9 * (LEVELS - i)) &
						511),
				   TABLES + (i + 1) * SIM_PAGE);
}

/* The guest has memory there from now on; nothing is cached of it. */
static void map(struct guest *g, unsigned int page)
{
	struct space_page *p = &g->area.sp->pages[page];
	uint64_t gpa = DATA + (uint64_t)g->used++ * SIM_PAGE;
	struct sim *s = g->area.w->sim;
	struct sim_frame *frame;
	void *mem;
	int err;

	mem = sim_pages_alloc(&s->mem, SIM_PAGE, SIM_FRAME_USER, g->area.sp);
	if (!mem)
		sim_fail(s, "crash", "there is no memory left");
	p->frame = sim_phys(&s->mem, mem);
	frame = sim_frame_at(&s->mem, p->frame);
	frame->va = space_va(page);
	frame->perm = RW;
	err = iommu_map(g->area.domain, gpa, p->frame, SIM_PAGE, RW);
	must(g, err, "a map");
	if (err)
		return;
	le64_store_release(leaf(g, page), gpa);
	g->gpa[page] = gpa;
	p->allowed = RW;
	p->changing = false;
	p->changed = s->steps;
	sim_note(s, "mapped", space_va(page));
}

static void give_up(const struct guest *g, unsigned int page, const char *why)
{
	struct space_page *p = &g->area.sp->pages[page];
	struct sim *s = g->area.w->sim;

	if (p->frame && !sim_pages_free(&s->mem, sim_virt(&s->mem, p->frame, 1),
					SIM_PAGE, "R9", why))
		sim_fail(s, "crash", "a frame is freed twice");
	p->frame = 0;
}

/* A break: that call, and what else falls into its time, forgets nothing. */
static void deafen(const struct guest *g, enum sim_break_id id, bool deaf)
{
	if (sim_broken(g->area.w->sim, id))
		world_deafen(g->area.w, deaf);
}

static void invalidate(const struct guest *g, unsigned int page)
{
	const struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = IOMMU_CACHE_INV_TYPE_IOTLB |
			 IOMMU_CACHE_INV_TYPE_DEV_IOTLB,
		.granularity = IOMMU_INV_GRANU_ADDR,
		.granu.addr = {
			.flags = IOMMU_INV_ADDR_FLAGS_PASID,
			.pasid = PASID,
			.addr = space_va(page),
			.granule_size = SIM_PAGE,
			.nb_granules = 1,
		},
	};
	int err;

	deafen(g, BREAK_GUEST_INV, true);
	err = iommu_cache_invalidate(g->area.domain, g->ep->dev, &info);
	deafen(g, BREAK_GUEST_INV, false);
	/* No table is bound: so nothing is cached. */
	must(g, err == -ENODEV ? 0 : err, "an invalidation");
}

/* By the guest, from its table; or by the host, from under it. */
static void unmap(struct guest *g, unsigned int page, bool host)
{
	struct space_page *p = &g->area.sp->pages[page];
	struct sim *s = g->area.w->sim;

	p->allowed = 0;
	p->changing = true;
	p->changed = s->steps;
	if (host) {
		must(g,
		     iommu_unmap(g->area.domain, g->gpa[page], SIM_PAGE, NULL),
		     "an unmap");
		give_up(g, page, "a device reaches what the host unmapped");
	} else {
		le64_store_release(leaf(g, page), NOTHING);
		sim_point(s, SIM_NOTE, "the guest unmaps", space_va(page));
		invalidate(g, page);
		give_up(g, page, "a device reaches what the guest invalidated");
		must(g,
		     iommu_unmap(g->area.domain, g->gpa[page], SIM_PAGE, NULL),
		     "an unmap");
	}
	p->changing = false;
	p->changed = s->steps;
	g->gpa[page] = 0;
	sim_note(s, "unmapped", space_va(page));
}

static void mapper(struct job *j)
{
	struct guest *g = j->w->scratch;
	unsigned int i;

	for (i = 0; i < j->rounds; i++) {
		unsigned int page = (unsigned int)sim_random(j->w->sim, PAGES);

		if (g->gpa[page])
			unmap(g, page, sim_random(j->w->sim, 2));
		if (sim_random(j->w->sim, 4))
			map(g, page);
	}
}

/* Binds and unbinds, in the books of a process. */

static int bind(struct guest *g)
{
	const struct pasid_table_info info = {
		.ptr = TABLES,
		.size = 8 * PASIDS,
		.model = IOMMU_MODEL_MOCK,
	};
	struct world *w = g->area.w;
	struct bond *b = world_bond(w, g->ep, g->area.sp);
	int err;

	b->ep = g->ep;
	b->sp = g->area.sp;
	b->binding++;
	w->binding++;
	err = iommu_bind_pasid_table(g->area.domain, g->ep->dev, &info);
	must(g, err, "a bind");
	b->binding--;
	w->binding--;
	sim_note(w->sim, "bound", (uint64_t)err);
	if (err) {
		return err;
	}
	b->held++;
	b->since = w->sim->steps;
	b->pasid = PASID;
	b->worked = false;
	return 0;
}

static void unbind(struct guest *g)
{
	struct world *w = g->area.w;
	struct bond *b = world_bond(w, g->ep, g->area.sp);

	b->held--;
	b->unbinding++;
	b->drops++;
	sim_note(w->sim, "unbind", 0);
	deafen(g, BREAK_GUEST_SWAP, true);
	must(g, iommu_unbind_pasid_table(g->area.domain, g->ep->dev),
	     "an unbind");
	deafen(g, BREAK_GUEST_SWAP, false);
	b->unbinding--;
	sim_note(w->sim, "unbound", 0);
}

static void dawdle(struct sim *s)
{
	uint64_t turns = sim_random(s, 12);

	while (turns--)
		sim_relax(s);
}

static void binder(struct job *j)
{
	struct guest *g = j->w->scratch;
	struct sim *s = j->w->sim;
	unsigned int i;

	for (i = 0; i < j->rounds; i++) {
		if (bind(g))
			continue;
		dawdle(s);
		unbind(g);
		dawdle(s);
	}
}

/* Page requests: the guest answers some, and leaves some to the unbind. */

static int hear(const struct iommu_fault *fault, struct iommu_device *dev,
		void *data)
{
	const struct iommu_fault_page_request *q = &fault->prm;
	struct guest *g = data;

	if (fault->type != IOMMU_FAULT_PAGE_REQ)
		return 0;
	/* Hardware would not have brought it. */
	if (!mock_faults_enabled(dev))
		return -ENODEV;
	if (g->asked_count < ASKED)
		g->asked[g->asked_count++] = (struct iommu_page_response){
			.version = IOMMU_PAGE_RESP_VERSION_1,
			.flags = IOMMU_PAGE_RESP_PASID_VALID |
				 IOMMU_PAGE_RESP_COOKIE_VALID,
			.pasid = q->pasid,
			.grpid = q->grpid,
			.cookie = q->cookie,
		};
	return 0;
}

static void answerer(struct job *j)
{
	struct guest *g = j->w->scratch;
	struct iommu_page_response msg;
	unsigned int i;
	int err;

	for (i = 0; i < j->rounds; i++) {
		sim_relax(j->w->sim);
		if (!g->asked_count)
			continue;
		msg = g->asked[--g->asked_count];
		/* An unbind may have answered. */
		err = iommu_page_response(g->ep->dev, &msg);
		must(g, err == -EINVAL ? 0 : err, "a response");
	}
}

/* Requests of nobody's pages, whatever is bound. */
static void asker(struct job *j)
{
	struct agent a;
	unsigned int i;

	agent_init(&a, j->ep, NULL, PASID);
	for (i = 0; i < j->rounds; i++) {
		(void)agent_request(&a,
				    (unsigned int)sim_random(j->w->sim, PAGES),
				    1, true);
		sim_relax(j->w->sim);
	}
	agent_fini(&a);
}

static void device(struct job *j)
{
	struct guest *g = j->w->scratch;
	struct sim *s = j->w->sim;
	struct agent a;
	unsigned int i;

	agent_init(&a, j->ep, g->area.sp, PASID);
	a.never_asks = true;
	a.tries = TRIES;
	for (i = 0; i < j->rounds; i++) {
		unsigned int page = (unsigned int)sim_random(s, PAGES);

		(void)area_access(&g->area, &a, page, sim_random(s, 2));
		/* Also for others: what is absent keeps it from nothing. */
		sim_relax(s);
	}
	agent_fini(&a);
}

static void run(struct world *w, struct guest *g)
{
	struct crew crew = { .w = w };
	struct job dev = { .ep = g->ep, .rounds = 32 }, other = dev, ask = dev;
	struct job reply = dev, maps = dev, binds = dev;

	ask.rounds = 40;
	maps.rounds = 8;
	reply.rounds = 24;
	binds.rounds = 2;
	w->scratch = g;
	crew_add(&crew, "device", device, &dev);
	crew_add(&crew, "device2", device, &other);
	crew_add(&crew, "asker", asker, &ask);
	crew_add(&crew, "answerer", answerer, &reply);
	crew_add(&crew, "mapper", mapper, &maps);
	crew_add(&crew, "binder", binder, &binds);
	crew_run(&crew);
	w->scratch = NULL;
}

/* The guest's memory behind the parent, and the parent on the device. */
static bool set_up(struct world *w, struct guest *g)
{
	struct sim *s = w->sim;
	unsigned int i;
	int err;

	memset(g, 0, sizeof(*g));
	g->area.w = w;
	g->area.sp = &w->spaces[0];
	g->ep = &w->eps[0];
	g->tables = sim_pages_alloc(&s->mem, (1 + LEVELS) * SIM_PAGE,
				    SIM_FRAME_TABLE, g->area.sp);
	if (!g->tables)
		sim_fail(s, "crash", "there is no memory left");
	fill_tables(g);
	err = iommu_domain_alloc_parent(w->unit, &g->area.domain);
	must(g, err, "a parent");
	if (err)
		return false;
	err = iommu_map(g->area.domain, TABLES, sim_phys(&s->mem, g->tables),
			(1 + LEVELS) * SIM_PAGE, RW);
	must(g, err, "a map");
	for (i = 0; i < PAGES; i++)
		map(g, i);
	return true;
}

static void tear_down(struct guest *g)
{
	struct sim *s = g->area.w->sim;

	if (iommu_domain_free(g->area.domain))
		sim_fail(s, "R14", "a parent cannot be freed");
	area_abandon(&g->area);
	(void)sim_pages_free(&s->mem, g->tables, (1 + LEVELS) * SIM_PAGE, "R1",
			     "a guest's table is walked after its end");
}

/* A guest's table comes and goes beside invalidations, DMA and requests. */
void scenario_guest(struct world *w)
{
	struct guest g;
	int err;

	if (!set_up(w, &g))
		return;
	err = iommu_attach_device(g.area.domain, g.ep->dev);
	must(&g, err, "an attach");
	if (!err) {
		must(&g,
		     iommu_register_device_fault_handler(g.ep->dev, hear, &g),
		     "a handler");
		run(w, &g);
		if (iommu_unregister_device_fault_handler(g.ep->dev))
			sim_fail(w->sim, "R2", "a page request is left");
		if (iommu_detach_device(g.area.domain, g.ep->dev))
			sim_fail(w->sim, "R14", "the parent stays attached");
	}
	tear_down(&g);
}
