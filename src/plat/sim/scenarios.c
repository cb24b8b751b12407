/* SPDX-License-Identifier: MIT */
#include "plat/sim/scenarios.h"

#include <string.h>

#include "base/bits.h"

/* clang-format off */
static const struct scenario scenarios[] = {
	{
		.info = { .name = "tiny", .rule = "R9 R11", .iommus = ON_ALL,
			  .text = "one access beside one unmap",
			  .small = true },
		.cfg = { .endpoints = 1, .spaces = 1, .pasid_bits = 4 },
		.body = scenario_tiny,
	}, {
		.info = { .name = "unmap", .rule = "R9 R10", .iommus = ON_ALL,
			  .text = "a device's accesses beside unmap, remap and "
				  "protect" },
		.cfg = { .endpoints = 1, .spaces = 1 },
		.body = scenario_unmap,
	}, {
		.info = { .name = "unmap-stall", .rule = "R2 R9",
			  .iommus = ON_SMMUV3,
			  .text = "the same for a device that stalls" },
		.cfg = { .endpoints = 1, .spaces = 1, .kind = ENDPOINT_STALL,
			 .pasid_bits = 4 },
		.body = scenario_unmap,
	}, {
		.info = { .name = "fault", .rule = "R1 R2 R3 R7",
			  .iommus = ON_ALL,
			  .text = "page requests before, during and after an "
				  "unbind" },
		.cfg = { .endpoints = 1, .spaces = 1 },
		.body = scenario_fault,
	}, {
		.info = { .name = "fault-stall", .rule = "R1 R2 R3",
			  .iommus = ON_SMMUV3,
			  .text = "the same for a device that stalls" },
		.cfg = { .endpoints = 1, .spaces = 1, .kind = ENDPOINT_STALL,
			 .pasid_bits = 4 },
		.body = scenario_fault,
	}, {
		.info = { .name = "exit", .rule = "R6 R7", .iommus = ON_ALL,
			  .text = "a process exits beside faults and an "
				  "unbind" },
		.cfg = { .endpoints = 1, .spaces = 1 },
		.body = scenario_exit,
	}, {
		.info = { .name = "exit-stall", .rule = "R2 R6",
			  .iommus = ON_SMMUV3,
			  .text = "the same for a device that stalls" },
		.cfg = { .endpoints = 1, .spaces = 1, .kind = ENDPOINT_STALL,
			 .pasid_bits = 4 },
		.body = scenario_exit,
	}, {
		.info = { .name = "two-devices", .rule = "R10 R14",
			  .iommus = ON_ALL,
			  .text = "two devices share an address space; one "
				  "leaves" },
		.cfg = { .endpoints = 2, .spaces = 1 },
		.body = scenario_two_devices,
	}, {
		.info = { .name = "storm", .rule = "R8 R13 R14",
			  .iommus = ON_ALL,
			  .text = "binds and unbinds of the same pairs from "
				  "four threads" },
		.cfg = { .endpoints = 2, .spaces = 2 },
		.body = scenario_storm,
	}, {
		.info = { .name = "attach", .rule = "R8 R11",
			  .iommus = ON_ALL,
			  .text = "a second device is bound while the process "
				  "unmaps" },
		.cfg = { .endpoints = 2, .spaces = 1 },
		.body = scenario_attach,
	}, {
		.info = { .name = "overflow", .rule = "R2 R15",
			  .iommus = ON_MODELS,
			  .text = "more page requests than a queue of two "
				  "entries takes" },
		.cfg = { .endpoints = 1, .spaces = 1, .priq_lg2 = 1,
			 .groups = 3 },
		.body = scenario_overflow,
	}, {
		.info = { .name = "groups", .rule = "R2 R15", .iommus = ON_ALL,
			  .text = "groups of several pages, with indices used "
				  "again at once" },
		.cfg = { .endpoints = 1, .spaces = 1, .groups = 3 },
		.body = scenario_overflow,
	}, {
		.info = { .name = "partial", .rule = "R15", .iommus = ON_ALL,
			  .text = "a group that an unbind cuts off, and its "
				  "index used again" },
		.cfg = { .endpoints = 1, .spaces = 2, .groups = 2 },
		.body = scenario_partial,
	}, {
		.info = { .name = "remove", .rule = "R1 R2 R12 R15",
			  .iommus = ON_MODELS,
			  .text = "a device is taken away with page requests "
				  "on their way" },
		.cfg = { .endpoints = 2, .spaces = 1 },
		.body = scenario_remove,
	}, {
		.info = { .name = "marker", .rule = "R4", .iommus = ON_MODELS,
			  .text = "stop markers before, during and after an "
				  "unbind" },
		.cfg = { .endpoints = 1, .spaces = 1 },
		.body = scenario_marker,
	}, {
		.info = { .name = "stop", .rule = "R5", .iommus = ON_ALL,
			  .text = "mm_exit waits for another PASID's fault and "
				  "another bind" },
		.cfg = { .endpoints = 1, .spaces = 3 },
		.body = scenario_stop,
	}, {
		.info = { .name = "asid", .rule = "R13", .iommus = ON_ALL,
			  .text = "address spaces come and go, and their ids "
				  "are used again" },
		.cfg = { .endpoints = 1, .spaces = 4 },
		.body = scenario_asid,
	}, {
		.info = { .name = "find", .rule = "R1 R14", .iommus = ON_ALL,
			  .text = "a PASID is looked up beside unbind and "
				  "exit" },
		.cfg = { .endpoints = 1, .spaces = 2 },
		.body = scenario_find_mm,
	}, {
		.info = { .name = "feature", .rule = "R12", .iommus = ON_ALL,
			  .text = "SVA and the device itself go on and off "
				  "under traffic" },
		.cfg = { .endpoints = 1, .spaces = 1, .features_off = true },
		.body = scenario_feature,
	}, {
		.info = { .name = "timeout", .rule = "R2", .iommus = ON_ALL,
			  .text = "page requests that wait too long, and "
				  "their late answers" },
		.cfg = { .endpoints = 1, .spaces = 1, .groups = 3,
			 .timeout_s = 1 },
		.body = scenario_timeout,
	}, {
		.info = { .name = "timeout-stall", .rule = "R2",
			  .iommus = ON_SMMUV3,
			  .text = "the same for a device that stalls" },
		.cfg = { .endpoints = 1, .spaces = 1, .kind = ENDPOINT_STALL,
			 .pasid_bits = 4, .timeout_s = 1 },
		.body = scenario_timeout,
	}, {
		.info = { .name = "dead-queue", .rule = "R6 R9",
			  .iommus = ON_MODELS,
			  .text = "the IOMMU stops reading commands beside "
				  "unmap, bind and exit" },
		.cfg = { .endpoints = 1, .spaces = 2 },
		.body = scenario_dead_queue,
	}, {
		.info = { .name = "mute", .rule = "R1 R9 R14",
			  .iommus = ON_MODELS,
			  .text = "one of two devices completes no "
				  "invalidations any more" },
		.cfg = { .endpoints = 2, .spaces = 1 },
		.body = scenario_mute,
	}, {
		.info = { .name = "replug", .rule = "R1 R12 R14",
			  .iommus = ON_ALL,
			  .text = "device and IOMMU go and come back beside "
				  "unmap, lookup and exit" },
		.cfg = { .endpoints = 1, .spaces = 2 },
		.body = scenario_replug,
	}, {
		.info = { .name = "map-attach", .rule = "R8 R11",
			  .iommus = ON_ALL,
			  .text = "a device is attached to a paging domain "
				  "beside map and unmap" },
		.cfg = { .endpoints = 2, .spaces = 1, .features_off = true },
		.body = scenario_map_attach,
	}, {
		.info = { .name = "refill", .rule = "R9 R10", .iommus = ON_ALL,
			  .text = "unmaps of a paging domain, gathered and "
				  "deferred, beside DMA" },
		.cfg = { .endpoints = 1, .spaces = 1, .features_off = true },
		.body = scenario_refill,
	}, {
		.info = { .name = "aux-detach", .rule = "R1 R13",
			  .iommus = ON_ALL,
			  .text = "an auxiliary domain goes beside DMA, and "
				  "its ids are used again" },
		.cfg = { .endpoints = 1, .spaces = 3, .features_off = true },
		.body = scenario_aux_detach,
	}, {
		.info = { .name = "dirty", .rule = "R9", .iommus = ON_ALL,
			  .text = "dirty pages are read, cleared and copied "
				  "beside DMA" },
		.cfg = { .endpoints = 2, .spaces = 1, .features_off = true },
		.body = scenario_dirty,
	}, {
		.info = { .name = "guest", .rule = "R1 R2 R9",
			  .iommus = ON_ALL,
			  .text = "a guest's tables come and go beside its "
				  "invalidations, unmaps, DMA and requests; it "
				  "is killed" },
		.cfg = { .endpoints = 1, .spaces = 2, .features_off = true,
			 .guests = true },
		.body = scenario_guest,
	}, {
		.info = { .name = "guest-stall", .rule = "R1 R2 R9 R13",
			  .iommus = ON_SMMUV3,
			  .text = "the same for a device that stalls, and "
				  "waits for its guest" },
		.cfg = { .endpoints = 1, .spaces = 2, .kind = ENDPOINT_STALL,
			 .pasid_bits = 4, .features_off = true,
			 .guests = true },
		.body = scenario_guest,
	}, {
		.info = { .name = "guest-pair", .rule = "R1 R2 R9 R13",
			  .iommus = ON_ALL,
			  .text = "the same with two devices behind one "
				  "parent" },
		.cfg = { .endpoints = 2, .spaces = 2, .features_off = true,
			 .guests = true },
		.body = scenario_guest,
	}, {
		.info = { .name = "gpasid", .rule = "R1 R2 R9 R13",
			  .iommus = ON_MOCK | ON_VTD,
			  .text = "a guest's PASIDs, bound one by one from two "
				  "threads, beside the same" },
		.cfg = { .endpoints = 2, .spaces = 2, .features_off = true,
			 .guests = true },
		.body = scenario_gpasid,
	}, {
		.info = { .name = "guest-dead", .rule = "R1 R9",
			  .iommus = ON_MODELS,
			  .text = "the IOMMU stops reading commands under a "
				  "guest" },
		.cfg = { .endpoints = 1, .spaces = 2, .features_off = true,
			 .guests = true },
		.body = scenario_guest_dead,
	}, {
		.info = { .name = "guest-mute", .rule = "R1 R9",
			  .iommus = ON_MODELS,
			  .text = "one of a guest's two devices completes no "
				  "invalidations any more" },
		.cfg = { .endpoints = 2, .spaces = 2, .features_off = true,
			 .guests = true },
		.body = scenario_guest_mute,
	},
};
/* clang-format on */

const struct scenario *scenario_at(unsigned int index)
{
	return index < ARRAY_SIZE(scenarios) ? &scenarios[index] : NULL;
}

const struct scenario *scenario_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (!strcmp(scenarios[i].info.name, name))
			return &scenarios[i];
	return NULL;
}

/* A use of the pair for the scenario; false: a call was made to fail. */
static bool hold(struct world *w, unsigned int ep, unsigned int sp,
		 struct job *job)
{
	job->ep = &w->eps[ep];
	job->sp = &w->spaces[sp];
	if (world_bind(w, job->ep, job->sp, &job->sva))
		return false;
	job->pasid = world_bond(w, job->ep, job->sp)->pasid;
	return true;
}

void scenario_tiny(struct world *w)
{
	struct job dev = { .rounds = 1 };
	struct crew crew = { .w = w };
	struct job proc;

	map_pages(&w->spaces[0], 1, true);
	if (!hold(w, 0, 0, &dev))
		return;
	proc = dev;
	crew_add(&crew, "device", job_tiny_device, &dev);
	crew_add(&crew, "process", job_tiny_process, &proc);
	crew_run(&crew);
	job_unbind(&dev);
}

void scenario_unmap(struct world *w)
{
	struct job dev = { .rounds = 6 }, other, proc;
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 5, sim_random(w->sim, 2));
	if (!hold(w, 0, 0, &dev))
		return;
	other = proc = dev;
	proc.rounds = 3;
	crew_add(&crew, "device", job_device, &dev);
	crew_add(&crew, "device2", job_device, &other);
	crew_add(&crew, "process", job_process, &proc);
	crew_run(&crew);
	job_unbind(&dev);
}

void scenario_fault(struct world *w)
{
	struct job dev = { .rounds = 8 }, owner, proc;
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 3, false);
	if (!hold(w, 0, 0, &dev))
		return;
	owner = proc = dev;
	proc.rounds = 1;
	crew_add(&crew, "device", job_device, &dev);
	crew_add(&crew, "owner", job_leave, &owner);
	crew_add(&crew, "process", job_process, &proc);
	crew_run(&crew);
}

void scenario_exit(struct world *w)
{
	struct job dev = { .rounds = 8 }, owner, killer;
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 3, sim_random(w->sim, 2));
	if (!hold(w, 0, 0, &dev))
		return;
	owner = killer = dev;
	crew_add(&crew, "device", job_device, &dev);
	crew_add(&crew, "killer", job_exit, &killer);
	/* Half of the time the unbind comes after the exit. */
	if (sim_random(w->sim, 2)) {
		crew_add(&crew, "owner", job_leave, &owner);
		crew_run(&crew);
	} else {
		crew_run(&crew);
		job_unbind(&dev);
	}
}

void scenario_two_devices(struct world *w)
{
	struct job a = { .rounds = 5 }, b = { .rounds = 5 }, leave, proc;
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 4, sim_random(w->sim, 2));
	if (!hold(w, 0, 0, &a))
		return;
	if (!hold(w, 1, 0, &b)) {
		a.w = w;
		job_unbind(&a);
		return;
	}
	leave = b;
	proc = a;
	proc.rounds = 2;
	crew_add(&crew, "device0", job_device, &a);
	crew_add(&crew, "device1", job_device, &b);
	crew_add(&crew, "leaver", job_leave, &leave);
	crew_add(&crew, "process", job_process, &proc);
	crew_run(&crew);
	job_unbind(&a);
}

void scenario_storm(struct world *w)
{
	struct job jobs[4];
	struct crew crew = { .w = w };
	unsigned int i;

	for (i = 0; i < 2; i++)
		map_pages(&w->spaces[i], 4, true);
	for (i = 0; i < 4; i++) {
		jobs[i] = (struct job){
			.ep = &w->eps[i == 2],
			.sp = &w->spaces[i == 3],
			.rounds = 2,
			.flag = true,
		};
		crew_add(&crew, "binder", job_rebind, &jobs[i]);
	}
	crew_run(&crew);
}

void scenario_attach(struct world *w)
{
	struct job dev = { .rounds = 3 }, early, bind, proc;
	struct crew crew = { .w = w };

	map_pages(&w->spaces[0], 4, true);
	if (!hold(w, 0, 0, &dev))
		return;
	bind = proc = early = dev;
	/* A device that knows its PASID before it should. */
	early.ep = &w->eps[1];
	early.rounds = 8;
	bind.ep = &w->eps[1];
	bind.rounds = 2;
	bind.flag = true;
	proc.rounds = 3;
	crew_add(&crew, "device", job_device, &dev);
	crew_add(&crew, "early", job_device, &early);
	crew_add(&crew, "binder", job_rebind, &bind);
	crew_add(&crew, "process", job_process, &proc);
	crew_run(&crew);
	job_unbind(&dev);
}

void scenario_asid(struct world *w)
{
	struct job jobs[4];
	struct crew crew = { .w = w };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		map_pages(&w->spaces[i], 4, true);
		jobs[i] = (struct job){
			.ep = &w->eps[0],
			.sp = &w->spaces[i],
			.rounds = 2,
			.flag = true,
		};
		crew_add(&crew, "binder", job_rebind, &jobs[i]);
	}
	crew_run(&crew);
}
