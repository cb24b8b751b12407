/* SPDX-License-Identifier: MIT */
/*
 * Scenarios about what takes too long, stops, or goes away: address spaces that
 * are slow, an IOMMU that reads no commands any more, one that is unplugged.
 */
#include "plat/sim/breaks.h"
#include "plat/sim/scenarios.h"

#include "base/bits.h"

#define SLOW_NS UINT64_C(1500000000)

static bool hold(struct world *w, unsigned int sp, struct job *job)
{
	job->w = w;
	job->ep = &w->eps[0];
	job->sp = &w->spaces[sp];
	if (world_bind(w, job->ep, job->sp, &job->sva))
		return false;
	job->pasid = world_bond(w, job->ep, job->sp)->pasid;
	return true;
}

/*
 * The address space has the page and does not come back for 1.5 s. After one
 * second core answers for it [I7]; what it says later is for nobody, though
 * the device may have used the number of the group again.
 */

struct slow {
	const struct iommu_mm_ops *ops; /* the space's own */
	struct iommu_mm_ops with;
};

/* What a core without ids of requests would do: answer by number. */
static void answer_again(struct world *w, uint64_t va)
{
	struct ledger *l = &w->ledger;
	unsigned int i;

	for (i = 0; i < l->count; i++) {
		const struct ledger_entry *e = &l->entries[i];

		if (!e->answers || e->stall || !e->ep ||
		    e->code != IOMMU_PAGE_RESP_INVALID ||
		    !(e->pages >> (va - SPACE_BASE) / SIM_PAGE & 1))
			continue;
		sim_strike(w->sim, e->group);
		ledger_answer(w, e->ep, e->group, e->pasid, true,
			      IOMMU_PAGE_RESP_SUCCESS);
		return;
	}
}

static int slow_handle_fault(struct iommu_mm *mm, uint64_t va, size_t count,
			     unsigned int perm, size_t *ret_done)
{
	struct sim *s = sim_running;
	struct world *w = s->world;
	struct slow *slow = w->scratch;
	int err = slow->ops->handle_fault(mm, va, count, perm, ret_done);

	if (err || sim_random(s, 3))
		return err;
	(void)sim_block(s, slow, "a slow address space", NULL,
			s->now_ns + SLOW_NS);
	if (sim_broken(s, BREAK_LATE_ANSWER))
		answer_again(w, va);
	return err;
}

void scenario_timeout(struct world *w)
{
	struct job dev = { .rounds = 5 }, other, owner;
	struct iommu_mm *mm = &w->spaces[0].mm;
	struct crew crew = { .w = w };
	struct slow slow = { .ops = mm->ops, .with = *mm->ops };
	bool leaves;

	slow.with.handle_fault = slow_handle_fault;
	mm->ops = &slow.with;
	w->scratch = &slow;
	map_pages(&w->spaces[0], 4, false);
	if (hold(w, 0, &dev)) {
		owner = other = dev;
		crew_add(&crew, "device", job_device, &dev);
		crew_add(&crew, "device2", job_device, &other);
		leaves = sim_random(w->sim, 2);
		if (leaves)
			crew_add(&crew, "owner", job_leave, &owner);
		crew_run(&crew);
		if (!leaves)
			job_unbind(&dev);
	}
	mm->ops = slow.ops;
	w->scratch = NULL;
}

/*
 * From some moment on the command queue stands still. Whoever needs it is told
 * after a while; before an unmap or an exit returns the IOMMU has been stopped,
 * as nothing else keeps a device from what it has cached.
 */

static void use_what_is_there(struct job *j)
{
	struct sim *s = j->w->sim;
	struct agent a;
	unsigned int i;

	agent_init(&a, j->ep, j->sp, j->pasid);
	a.never_asks = true;
	for (i = 0; i < j->rounds; i++) {
		/* Slow beside the IOMMU's timeouts: some come after them. */
		unsigned int turns = (unsigned int)sim_random(s, 400);

		(void)agent_access(&a, (unsigned int)sim_random(s, 4), false);
		while (turns--)
			sim_relax(s);
	}
	agent_fini(&a);
}

void job_stop_commands(struct job *j)
{
	unsigned int turns = (unsigned int)sim_random(j->w->sim, 40);

	while (turns--)
		sim_relax(j->w->sim);
	j->w->dead = true;
	sim_note(j->w->sim, "the command queue stands still", 0);
}

static void unmap_all(struct job *j)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		sim_relax(j->w->sim);
		space_unmap(j->sp, i, 1);
	}
}

void scenario_dead_queue(struct world *w)
{
	struct job dev = { .rounds = 40 }, proc, binder, killer, stopper;
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 4, true);
	map_pages(&w->spaces[1], 4, true);
	if (!hold(w, 0, &dev))
		return;
	proc = binder = killer = stopper = dev;
	binder.sp = killer.sp = &w->spaces[1];
	binder.rounds = 2;
	/* Who binds an address space that may exit has a reference. */
	iommu_mm_get(&w->spaces[1].mm);
	crew_add(&crew, "device", use_what_is_there, &dev);
	crew_add(&crew, "process", unmap_all, &proc);
	crew_add(&crew, "binder", job_rebind, &binder);
	crew_add(&crew, "killer", job_exit, &killer);
	crew_add(&crew, "stopper", job_stop_commands, &stopper);
	crew_run(&crew);
	iommu_mm_put(&w->spaces[1].mm);
	job_unbind(&dev);
}

/*
 * A device stops completing invalidations. What it has cached it goes on using:
 * before an unmap returns the IOMMU lets it through no more, and the other
 * device, of the same process, notices nothing.
 */

void job_fall_silent(struct job *j)
{
	unsigned int turns = (unsigned int)sim_random(j->w->sim, 40);

	while (turns--)
		sim_relax(j->w->sim);
	j->ep->mute = true;
	sim_note(j->w->sim, "completes no invalidation any more", j->ep->index);
}

void scenario_mute(struct world *w)
{
	struct job dev = { .rounds = 6 }, mute, proc, silence;
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 4, true);
	if (!hold(w, 0, &dev))
		return;
	mute = dev;
	mute.ep = &w->eps[1];
	mute.rounds = 20;
	if (world_bind(w, mute.ep, mute.sp, &mute.sva)) {
		job_unbind(&dev);
		return;
	}
	silence = mute;
	proc = dev;
	proc.rounds = 4;
	crew_add(&crew, "device", job_device, &dev);
	crew_add(&crew, "mute", use_what_is_there, &mute);
	crew_add(&crew, "silence", job_fall_silent, &silence);
	crew_add(&crew, "process", job_process, &proc);
	crew_run(&crew);
	job_unbind(&mute);
	job_unbind(&dev);
}

/* The machine is taken apart and put together, and works again. */

static void replug(struct job *j)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct job use = { .rounds = 3 };

		if (hold(j->w, 0, &use)) {
			job_device(&use);
			job_unbind(&use);
		}
		if (world_replug(j->w))
			return;
	}
	job_rebind(j);
}

void scenario_replug(struct world *w)
{
	struct job owner = { .rounds = 1, .flag = true }, proc, finder, killer;
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 4, false);
	owner.ep = &w->eps[0];
	owner.sp = &w->spaces[0];
	proc = finder = killer = owner;
	proc.rounds = finder.rounds = 4;
	killer.sp = &w->spaces[1];
	crew_add(&crew, "owner", replug, &owner);
	crew_add(&crew, "process", job_process, &proc);
	crew_add(&crew, "finder", job_find, &finder);
	crew_add(&crew, "killer", job_exit, &killer);
	crew_run(&crew);
}
