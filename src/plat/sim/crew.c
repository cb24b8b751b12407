/* SPDX-License-Identifier: MIT */
/* What scenarios are made of. */
#include "plat/sim/scenarios.h"

static void job_main(void *arg)
{
	struct job *job = arg;

	job->fn(job);
}

void crew_add(struct crew *c, const char *name, void (*fn)(struct job *job),
	      struct job *job)
{
	job->w = c->w;
	job->fn = fn;
	c->threads[c->count++] = sim_spawn(c->w->sim, name, job_main, job);
}

void crew_run(struct crew *c)
{
	unsigned int i;

	c->w->sim->exploring = true;
	for (i = 0; i < c->count; i++)
		sim_join(c->w->sim, c->threads[i]);
	c->count = 0;
	ledger_settle(c->w);
	c->w->sim->exploring = false;
	if (c->w->vendor->quiet)
		c->w->vendor->quiet(c->w);
}

void map_pages(struct space *sp, unsigned int count, bool touch)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		space_map(sp, i, IOMMU_PERM_READ | IOMMU_PERM_WRITE);
		if (touch)
			space_touch(sp, i);
	}
}

enum agent_result access_checked(struct agent *a, unsigned int page, bool write)
{
	struct world *w = a->ep->w;
	struct sim *s = w->sim;
	const struct space_page *p = &a->sp->pages[page];
	const struct bond *b = world_bond(w, a->ep, a->sp);
	uint64_t start = s->steps, drops = b->drops;
	bool held = b->held && b->since && b->pasid == a->pasid;
	unsigned int perm = write ? IOMMU_PERM_READ | IOMMU_PERM_WRITE :
				    (unsigned int)IOMMU_PERM_READ;
	enum agent_result r = agent_access(a, page, write);

	if (r == AGENT_OK || r == AGENT_GAVE_UP || !held || drops != b->drops ||
	    p->changing || p->changed >= start || perm & ~p->allowed ||
	    a->sp->exit_step || s->fail_fired || w->dead || a->ep->mute)
		return r;
	/* Of which answers the ledger knows whether they came in time. */
	if (r == AGENT_REFUSED && w->cfg.timeout_s)
		return r;
	if (r == AGENT_REFUSED)
		sim_fail(s, "R3", "%s: no, for page %u, which is mapped",
			 a->ep->name, page);
	sim_fail(s, b->worked ? "R14" : "R8",
		 "%s with PASID %u aborts, while it is bound", a->ep->name,
		 (unsigned int)a->pasid);
}

void job_device(struct job *j)
{
	struct sim *s = j->w->sim;
	struct agent a;
	unsigned int i;

	agent_init(&a, j->ep, j->sp, j->pasid);
	for (i = 0; i < j->rounds; i++) {
		unsigned int page = (unsigned int)sim_random(s, 4);

		(void)access_checked(&a, page, sim_random(s, 2));
	}
	agent_fini(&a);
}

void job_process(struct job *j)
{
	struct sim *s = j->w->sim;
	unsigned int i;

	for (i = 0; i < j->rounds; i++) {
		unsigned int page = (unsigned int)sim_random(s, 4);

		switch (sim_random(s, 4)) {
		case 0:
			space_protect(j->sp, page, IOMMU_PERM_READ);
			break;
		case 1:
			space_map(j->sp, page,
				  IOMMU_PERM_READ | IOMMU_PERM_WRITE);
			break;
		default:
			space_unmap(j->sp, page,
				    1 + (unsigned int)sim_random(s, 3));
			space_map(j->sp, page,
				  IOMMU_PERM_READ | IOMMU_PERM_WRITE);
			break;
		}
	}
}

/* Half of the time at once; else some of what the device wants comes first. */
static void dawdle(struct job *j)
{
	struct sim *s = j->w->sim;
	uint64_t turns = sim_random(s, 2) ? sim_random(s, 24) : 0;

	while (turns--)
		sim_relax(s);
}

void job_exit(struct job *j)
{
	dawdle(j);
	space_exit(j->sp);
}

void job_leave(struct job *j)
{
	dawdle(j);
	job_unbind(j);
}

void job_unbind(struct job *j)
{
	world_unbind(j->w, j->ep, j->sp, j->sva);
}

void job_rebind(struct job *j)
{
	struct iommu_sva *sva;
	unsigned int i;
	ioasid_t pasid;

	for (i = 0; i < j->rounds; i++) {
		if (world_bind(j->w, j->ep, j->sp, &sva))
			continue;
		/* The address space may have gone: then there is none. [B5] */
		pasid = world_bond(j->w, j->ep, j->sp)->pasid;
		if (j->flag && pasid != IOMMU_PASID_INVALID) {
			struct agent a;

			agent_init(&a, j->ep, j->sp, pasid);
			(void)access_checked(
				&a, (unsigned int)sim_random(j->w->sim, 4),
				false);
			agent_fini(&a);
		}
		world_unbind(j->w, j->ep, j->sp, sva);
	}
}
