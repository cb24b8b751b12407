/* SPDX-License-Identifier: MIT */
/*
 * Guests: their tables come and go beside what they invalidate, what the host
 * takes away, DMA and page requests. At some point a guest's processors stop,
 * and its owner takes down what is left; devices notice nothing of that.
 */
#include "plat/sim/breaks.h"
#include "plat/sim/guest.h"
#include "plat/sim/scenarios.h"

enum { TRIES = 64, DEVICE_ROUNDS = 28, JOBS = 8, LIVES = 2 };

static void dawdle(struct sim *s, uint64_t most)
{
	uint64_t turns = sim_random(s, most);

	while (turns--)
		sim_relax(s);
}

/* The guest's processors: one per page table, one for requests. */

static void mapper(struct job *j)
{
	struct guest *g = j->w->scratch;
	struct guest_table *t = &g->tables[j->flag];
	struct sim *s = j->w->sim;
	unsigned int i;

	for (i = 0; i < j->rounds && !g->killed; i++) {
		unsigned int page = (unsigned int)sim_random(s, GUEST_PAGES);

		if (sim_random(s, 8) == 0)
			guest_move(g, t);
		if (!g->killed && t->at[page])
			guest_unmap(g, t, page, sim_random(s, 2));
		if (!g->killed && !t->at[page] && sim_random(s, 4))
			guest_map(g, t, page);
	}
	g->busy--;
}

static void answerer(struct job *j)
{
	struct guest *g = j->w->scratch;
	unsigned int i;

	for (i = 0; i < j->rounds && !g->killed; i++) {
		sim_relax(j->w->sim);
		guest_answer(g);
	}
	g->busy--;
}

/* Not always: some guests end well. */
static void killer(struct job *j)
{
	struct guest *g = j->w->scratch;

	dawdle(j->w->sim, 200);
	g->killed = true;
	sim_note(j->w->sim, "killed", 0);
}

/* The host, in the end: the devices go on. */
static void end(struct guest *g)
{
	while (g->busy)
		sim_relax(g->w->sim);
	sim_note(g->w->sim, "the end", 0);
	guest_fini(g);
	while (g->asked_count)
		guest_answer(g);
}

/* Something else than now, of what there is to do with tables. */
static void change(struct guest *g)
{
	struct sim *s = g->w->sim;
	struct endpoint *ep = &g->w->eps[sim_random(s, g->w->cfg.endpoints)];
	struct guest_table *t = &g->tables[sim_random(s, GUEST_TABLES)];

	switch (sim_random(s, 6)) {
	case 0:
	case 1:
		guest_entry(g, t, !t->on);
		break;
	case 2:
		guest_detach(g);
		break;
	case 3:
		(void)guest_attach(g, t);
		break;
	default:
		if (g->bound[ep->index])
			guest_unbind(g, ep);
		else
			(void)guest_bind(g, ep, t);
		break;
	}
}

static void owner(struct job *j)
{
	struct guest *g = j->w->scratch;
	unsigned int i;

	for (i = 0; i < j->rounds && !g->killed; i++) {
		change(g);
		dawdle(j->w->sim, 12);
	}
	end(g);
}

/* PASIDs one by one: several at once come and go. */

static void single(struct job *j)
{
	struct guest *g = j->w->scratch;
	struct guest_table *t = &g->tables[j->flag];
	unsigned int i;

	for (i = 0; i < j->rounds && !g->killed; i++) {
		dawdle(j->w->sim, 12);
		if (!guest_bind_single(g, j->ep, t))
			continue;
		dawdle(j->w->sim, 12);
		if (!g->killed)
			guest_unbind_single(g, j->ep, t);
		else
			break;
	}
	g->busy--;
}

static void single_owner(struct job *j)
{
	end(j->w->scratch);
}

/* Requests of nobody's pages, whatever is bound. */
static void asker(struct job *j)
{
	struct sim *s = j->w->sim;
	unsigned int i;

	for (i = 0; i < j->rounds; i++) {
		struct agent a;

		agent_init(&a, j->ep, NULL,
			   1 + (ioasid_t)sim_random(s, j->pasid));
		(void)agent_request(
			&a, (unsigned int)sim_random(s, GUEST_PAGES), 1, true);
		agent_fini(&a);
		sim_relax(s);
	}
}

static void device(struct job *j)
{
	struct guest *g = j->w->scratch;
	struct sim *s = j->w->sim;
	struct agent a;
	unsigned int i;

	agent_init(&a, j->ep, NULL, 0);
	a.never_asks = true;
	a.any = true;
	a.tries = TRIES;
	for (i = 0; i < j->rounds; i++) {
		struct guest_table *t = guest_meant(g, j->ep);
		unsigned int page = (unsigned int)sim_random(s, GUEST_PAGES);

		a.sp = t->area.sp;
		a.pasid = t->pasid;
		(void)area_access(&t->area, &a, page, sim_random(s, 2));
		/* Also for others: what is absent keeps it from nothing. */
		sim_relax(s);
		/* Slow beside the IOMMU's timeouts: some come after them. */
		if (j->flag)
			dawdle(s, 400);
	}
	agent_fini(&a);
}

static void prepare(const struct guest *g, struct job *jobs,
		    unsigned int pasids)
{
	struct world *w = g->w;
	struct endpoint *last = &w->eps[w->cfg.endpoints - 1];
	unsigned int i;

	for (i = 0; i < JOBS; i++)
		jobs[i] = (struct job){ .ep = i ? last : &w->eps[0],
					.rounds = DEVICE_ROUNDS,
					.pasid = pasids };
	jobs[2].rounds = 40;
	jobs[3].rounds = 24;
	jobs[4].rounds = jobs[5].rounds = jobs[6].rounds = 5;
	jobs[5].flag = true;
}

static void begin(struct guest *g, struct crew *crew, struct job *jobs,
		  unsigned int pasids)
{
	prepare(g, jobs, pasids);
	g->busy = 3;
	crew_add(crew, "device", device, &jobs[0]);
	crew_add(crew, "device2", device, &jobs[1]);
	crew_add(crew, "asker", asker, &jobs[2]);
	crew_add(crew, "answerer", answerer, &jobs[3]);
	crew_add(crew, "mapper", mapper, &jobs[4]);
	crew_add(crew, "mapper2", mapper, &jobs[5]);
}

static void live(struct guest *g)
{
	struct crew crew = { .w = g->w };
	struct job jobs[JOBS];

	begin(g, &crew, jobs, 1);
	crew_add(&crew, "owner", owner, &jobs[6]);
	crew_add(&crew, "killer", killer, &jobs[7]);
	crew_run(&crew);
}

static void live_by_singles(struct guest *g)
{
	struct crew crew = { .w = g->w };
	struct job jobs[JOBS], more[2];

	begin(g, &crew, jobs, GUEST_TABLES);
	more[0] = jobs[0];
	more[1] = jobs[1];
	more[0].rounds = more[1].rounds = 2;
	more[1].flag = true;
	g->busy += 2;
	crew_add(&crew, "binder", single, &more[0]);
	crew_add(&crew, "binder2", single, &more[1]);
	crew_add(&crew, "owner", single_owner, &jobs[6]);
	crew_add(&crew, "killer", killer, &jobs[7]);
	crew_run(&crew);
}

/*
 * Hardware fails meanwhile, and nobody can be told to forget anything. Nobody
 * asks for pages: a device that waits for an answer then waits for its reset.
 */
static void live_with(struct guest *g, void (*fail)(struct job *job))
{
	struct crew crew = { .w = g->w };
	struct job jobs[JOBS];

	prepare(g, jobs, 1);
	(void)guest_attach(g, &g->tables[0]);
	jobs[0].flag = jobs[1].flag = true;
	g->busy = 2;
	crew_add(&crew, "device", device, &jobs[0]);
	crew_add(&crew, "device2", device, &jobs[1]);
	crew_add(&crew, "mapper", mapper, &jobs[4]);
	crew_add(&crew, "mapper2", mapper, &jobs[5]);
	crew_add(&crew, "owner", owner, &jobs[6]);
	crew_add(&crew, "failure", fail, &jobs[7]);
	crew_run(&crew);
}

static void live_dead(struct guest *g)
{
	live_with(g, job_stop_commands);
}

/* The last device falls silent. */
static void live_mute(struct guest *g)
{
	live_with(g, job_fall_silent);
}

/*
 * The ids that one guest had the next one gets, the lowest first: if it does
 * not, somebody has kept them.
 */
static void check_ids(struct guest *g, unsigned int *first)
{
	struct world *w = g->w;
	unsigned int parent, table;

	if (!g->nest->id)
		return;
	parent = g->nest->id(w, 0, 0);
	if (!*first)
		*first = parent;
	if (!guest_bind(g, &w->eps[0], &g->tables[0]))
		return;
	table = g->nest->id(w, 0, g->tables[0].pasid);
	guest_unbind(g, &w->eps[0]);
	if (guest_ails(g) ||
	    (parent == *first && table == parent + g->nest->own_ids))
		return;
	sim_fail(w->sim, "R14", "ids %u and %u, while nobody has %u", parent,
		 table, *first);
}

static void lives(struct world *w, bool singles,
		  void (*live_it)(struct guest *g))
{
	unsigned int count = 1 + (unsigned int)sim_random(w->sim, LIVES);
	unsigned int first = 0, i;
	struct guest g;

	/* The last one only begins. */
	for (i = 0; i <= count; i++) {
		if (!guest_init(&g, w, singles)) {
			guest_fini(&g);
			return;
		}
		check_ids(&g, &first);
		w->scratch = &g;
		if (i < count)
			live_it(&g);
		else
			guest_fini(&g);
		w->scratch = NULL;
	}
}

void scenario_guest(struct world *w)
{
	lives(w, false, live);
}

void scenario_gpasid(struct world *w)
{
	lives(w, true, live_by_singles);
}

void scenario_guest_dead(struct world *w)
{
	lives(w, false, live_dead);
}

void scenario_guest_mute(struct world *w)
{
	lives(w, false, live_mute);
}
