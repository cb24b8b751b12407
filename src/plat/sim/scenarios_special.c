/* SPDX-License-Identifier: MIT */
/* Scenarios whose threads do something of their own. */
#include "base/bits.h"
#include "plat/sim/scenarios.h"

/* One access, one unmap: small enough for every path. */

void job_tiny_device(struct job *j)
{
	struct agent a;

	agent_init(&a, j->ep, j->sp, j->pasid);
	a.tries = 2;
	(void)access_checked(&a, 0, true);
	agent_fini(&a);
}

void job_tiny_process(struct job *j)
{
	space_unmap(j->sp, 0, 1);
}

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

/* Groups of pages, as fast as the device may send them. */

static void flood(struct job *j)
{
	struct sim *s = j->w->sim;
	struct agent a;
	unsigned int i;

	agent_init(&a, j->ep, j->sp, j->pasid);
	for (i = 0; i < j->rounds; i++) {
		/* One at a time: compilers differ in the order of arguments. */
		unsigned int first = (unsigned int)sim_random(s, 4);
		unsigned int count = 1 + (unsigned int)sim_random(s, 3);
		bool write = sim_random(s, 2);

		if (!agent_request(&a, first, count, write))
			sim_relax(s);
	}
	agent_fini(&a);
}

void scenario_overflow(struct world *w)
{
	struct job dev = { .rounds = 3 }, floods[2], proc;
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 7, false);
	if (!hold(w, 0, &dev))
		return;
	floods[0] = floods[1] = proc = dev;
	floods[0].rounds = floods[1].rounds = 6;
	proc.rounds = 1;
	crew_add(&crew, "device", job_device, &dev);
	crew_add(&crew, "flood0", flood, &floods[0]);
	crew_add(&crew, "flood1", flood, &floods[1]);
	crew_add(&crew, "process", job_process, &proc);
	crew_run(&crew);
	job_unbind(&dev);
}

/*
 * A group without its end: the unbind drops what has come of it, so that the
 * next group of that index is whole. Other traffic goes on meanwhile.
 */

static void cut_off(struct job *j)
{
	struct iommu_sva *sva;
	struct agent a;
	unsigned int i;

	agent_init(&a, j->ep, j->sp, j->pasid);
	for (i = 0; i < 2; i++)
		agent_partial(&a, 4 + i, (uint16_t)i);
	world_unbind(j->w, j->ep, j->sp, j->sva);
	if (!world_bind(j->w, j->ep, j->sp, &sva)) {
		a.pasid = world_bond(j->w, j->ep, j->sp)->pasid;
		for (i = 0; i < 3; i++)
			(void)access_checked(&a, i, false);
		world_unbind(j->w, j->ep, j->sp, sva);
	}
	agent_fini(&a);
}

void scenario_partial(struct world *w)
{
	struct job cut = { .rounds = 1 }, other = { .rounds = 4 };
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 7, false);
	map_pages(&w->spaces[1], 4, false);
	if (!hold(w, 0, &cut))
		return;
	if (!hold(w, 1, &other)) {
		job_unbind(&cut);
		return;
	}
	crew_add(&crew, "cut", cut_off, &cut);
	crew_add(&crew, "device", job_device, &other);
	crew_run(&crew);
	job_unbind(&other);
}

/* The device has stopped; what it has sent is on its way. */

static void take_away(struct job *j)
{
	struct world *w = j->w;
	struct agent a;
	unsigned int i;

	agent_init(&a, j->ep, j->sp, j->pasid);
	for (i = 0; i < 4; i++)
		(void)agent_request(&a, i, 1 + i % 2, i % 2);
	world_unbind(w, j->ep, j->sp, j->sva);
	while (endpoint_disable(j->ep))
		sim_relax(w->sim);
	if (iommu_device_remove(j->ep->dev))
		sim_fail(w->sim, "R14", "%s cannot be removed", j->ep->name);
	j->ep->dev = NULL;
	/* It should be quiet by now; this one is not. */
	a.never_asks = true;
	for (i = 0; i < 2; i++)
		(void)agent_access(&a, i, false);
	agent_fini(&a);
}

void scenario_remove(struct world *w)
{
	struct job stays = { .rounds = 4 }, goes;
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 5, false);
	if (!hold(w, 0, &stays))
		return;
	goes = stays;
	goes.ep = &w->eps[1];
	if (world_bind(w, goes.ep, goes.sp, &goes.sva)) {
		job_unbind(&stays);
		return;
	}
	crew_add(&crew, "device", job_device, &stays);
	crew_add(&crew, "remover", take_away, &goes);
	crew_run(&crew);
	job_unbind(&stays);
}

/* Stop markers */

static void send_markers(struct job *j)
{
	struct agent a;
	unsigned int i;

	agent_init(&a, j->ep, j->sp, j->pasid);
	for (i = 0; i < j->rounds; i++) {
		agent_marker(&a);
		sim_point(j->w->sim, SIM_DMA, "marker sent", i);
	}
	agent_fini(&a);
}

void scenario_marker(struct world *w)
{
	struct job dev = { .rounds = 4 }, marks, owner, again;
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 3, false);
	if (!hold(w, 0, &dev))
		return;
	marks = owner = again = dev;
	marks.rounds = 6;
	again.rounds = 2;
	again.flag = true;
	crew_add(&crew, "device", job_device, &dev);
	crew_add(&crew, "markers", send_markers, &marks);
	crew_add(&crew, "owner", job_leave, &owner);
	crew_add(&crew, "binder", job_rebind, &again);
	crew_run(&crew);
}

/*
 * The driver of the device is told of the exit of mm0. It does not return
 * before a fault of mm1 was handled, and a bind of mm2 came and went.
 */

struct stop {
	struct sim *sim;
	bool fault_done, bind_done;
	unsigned int calls;
};

static int on_mm_exit(struct iommu_device *dev, struct iommu_sva *sva,
		      void *drvdata)
{
	struct stop *stop = ((struct world *)sim_running->world)->scratch;

	(void)dev, (void)sva, (void)drvdata;
	stop->calls++;
	while (!stop->fault_done || !stop->bind_done)
		(void)sim_block(stop->sim, stop,
				"mm_exit() for a fault and a bind", "R5",
				SIM_NEVER);
	return 0;
}

static void stop_device(struct job *j)
{
	struct stop *stop = j->w->scratch;

	job_device(j);
	stop->fault_done = true;
	sim_wake(stop->sim, stop);
}

static void stop_binder(struct job *j)
{
	struct stop *stop = j->w->scratch;

	job_rebind(j);
	stop->bind_done = true;
	sim_wake(stop->sim, stop);
}

static void run_stop(struct world *w, struct job *dying, struct job *living)
{
	struct job killer = *dying, dev = *living, binder = *living, old;
	struct crew crew = { .w = w };

	old = *dying;
	old.rounds = 3;
	dev.rounds = 4;
	binder.sp = &w->spaces[2];
	binder.rounds = 1;
	crew_add(&crew, "killer", job_exit, &killer);
	crew_add(&crew, "device1", stop_device, &dev);
	crew_add(&crew, "binder", stop_binder, &binder);
	crew_add(&crew, "device0", job_device, &old);
	crew_run(&crew);
}

void scenario_stop(struct world *w)
{
	static const struct iommu_sva_ops ops = { .mm_exit = on_mm_exit };
	struct stop stop = { .sim = w->sim };
	struct job dying = { .rounds = 0 }, living = { .rounds = 0 };

	map_pages(&w->spaces[0], 3, true);
	map_pages(&w->spaces[1], 3, false);
	if (!hold(w, 0, &dying))
		return;
	w->scratch = &stop;
	if (iommu_sva_set_ops(dying.sva, &ops))
		sim_fail(w->sim, "R14", "set_ops() of a fresh bind fails");
	if (hold(w, 1, &living)) {
		run_stop(w, &dying, &living);
		job_unbind(&living);
		if (stop.calls != 1)
			sim_fail(w->sim, "R5", "mm_exit was called %u times",
				 stop.calls);
	}
	job_unbind(&dying);
	w->scratch = NULL;
}

/* Who holds a PASID only looks. [C4] */

void job_find(struct job *j)
{
	struct sim *s = j->w->sim;
	unsigned int i;

	for (i = 0; i < j->rounds; i++) {
		struct iommu_mm *mm = NULL;
		ioasid_t pasid = 1 + (ioasid_t)sim_random(s, 2);
		const struct space *sp;

		if (iommu_sva_find(j->w->sys, pasid, &mm) || !mm)
			continue;
		sp = container_of(mm, struct space, mm);
		if (sp->freed || sp->gone)
			sim_fail(s, "R14", "%s is found after its end",
				 sp->name);
		sim_point(s, SIM_NOTE, "found", pasid);
		iommu_mm_put_users(mm);
	}
}

/* Who binds an address space that may exit has a reference; then it goes. */
static void rebind_and_put(struct job *j)
{
	job_rebind(j);
	iommu_mm_put(&j->sp->mm);
}

void scenario_find_mm(struct world *w)
{
	struct job finders[2], bind[2], killer = { .rounds = 0 };
	struct crew crew = { .w = w };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		map_pages(&w->spaces[i], 4, sim_random(w->sim, 2));
		finders[i] = (struct job){ .rounds = 5 };
		bind[i] = (struct job){
			.ep = &w->eps[0],
			.sp = &w->spaces[i],
			.rounds = 2,
			.flag = true,
		};
		crew_add(&crew, "finder", job_find, &finders[i]);
		crew_add(&crew, "binder", i ? job_rebind : rebind_and_put,
			 &bind[i]);
	}
	killer.sp = &w->spaces[0];
	crew_add(&crew, "killer", job_exit, &killer);
	iommu_mm_get(&w->spaces[0].mm);
	crew_run(&crew);
}

/* On and off */

static void toggle(struct job *j)
{
	struct world *w = j->w;
	struct endpoint *ep = j->ep;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		int err = endpoint_enable(ep);

		if (err && !w->sim->fail_fired)
			sim_fail(w->sim, "R14", "SVA cannot be enabled: %d",
				 err);
		if (err)
			continue;
		job_rebind(j);
		/* A page request may be on its way still. */
		while (endpoint_disable(ep))
			sim_relax(w->sim);
	}
}

void scenario_feature(struct world *w)
{
	struct job dev = { .rounds = 6 }, on_off = { .rounds = 1 };
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 3, false);
	dev.ep = on_off.ep = &w->eps[0];
	dev.sp = on_off.sp = &w->spaces[0];
	dev.pasid = 1;
	on_off.flag = true;
	crew_add(&crew, "device", job_device, &dev);
	crew_add(&crew, "owner", toggle, &on_off);
	crew_run(&crew);
}
