/* SPDX-License-Identifier: MIT */
/* Scenarios: what runs beside what. */
#ifndef PLAT_SIM_SCENARIOS_H
#define PLAT_SIM_SCENARIOS_H

#include "plat/sim/world.h"

#define ON_MOCK   (1u << SVA_SIM_MOCK)
#define ON_SMMUV3 (1u << SVA_SIM_SMMUV3)
#define ON_VTD    (1u << SVA_SIM_VTD)
/* Whatever has a model, and whatever there is. */
#define ON_MODELS (ON_SMMUV3 | ON_VTD)
#define ON_ALL    (ON_MOCK | ON_MODELS)

/**
 * struct scenario - see above
 * @cfg:  of the machine.
 * @body: runs in the first thread, with the machine built; leaves nothing
 *        bound. Processes may be left.
 */
struct scenario {
	struct sva_sim_info info;
	struct world_cfg cfg;
	void (*body)(struct world *w);
};

const struct scenario *scenario_at(unsigned int index);
const struct scenario *scenario_find(const char *name);

/* The bodies. */
void scenario_unmap(struct world *w);
void scenario_fault(struct world *w);
void scenario_exit(struct world *w);
void scenario_two_devices(struct world *w);
void scenario_storm(struct world *w);
void scenario_attach(struct world *w);
void scenario_overflow(struct world *w);
void scenario_partial(struct world *w);
void scenario_remove(struct world *w);
void scenario_marker(struct world *w);
void scenario_stop(struct world *w);
void scenario_asid(struct world *w);
void scenario_find_mm(struct world *w);
void scenario_feature(struct world *w);
void scenario_timeout(struct world *w);
void scenario_dead_queue(struct world *w);
void scenario_mute(struct world *w);
void scenario_replug(struct world *w);
void scenario_tiny(struct world *w);
void scenario_map_attach(struct world *w);
void scenario_refill(struct world *w);
void scenario_aux_detach(struct world *w);
void scenario_dirty(struct world *w);
void scenario_guest(struct world *w);
void scenario_gpasid(struct world *w);
void scenario_guest_dead(struct world *w);
void scenario_guest_mute(struct world *w);

/* Threads of a scenario. */
#define CREW_MAX 10u

struct area;
struct job;

struct crew {
	struct world *w;
	struct sim_thread *threads[CREW_MAX];
	struct job *jobs[CREW_MAX];
	unsigned int count;
};

/**
 * struct job - one thread's work
 * @pasid: for devices: theirs to use, bound or not.
 * @rounds: how often.
 * @flag:  job_rebind(): use the bind.
 * @area:  in place of @sp: of a paging domain.
 */
struct job {
	struct world *w;
	void (*fn)(struct job *job);
	struct endpoint *ep;
	struct space *sp;
	struct iommu_sva *sva;
	ioasid_t pasid;
	unsigned int rounds;
	bool flag;
	struct area *area;
};

void crew_add(struct crew *c, const char *name, void (*fn)(struct job *job),
	      struct job *job);
/* From here on threads are switched; returns when all have ended. */
void crew_run(struct crew *c);

/* Jobs that several scenarios have. */
void job_device(struct job *j);
void job_process(struct job *j);
void job_exit(struct job *j);
void job_unbind(struct job *j);
/* The same, some time later. */
void job_leave(struct job *j);
void job_rebind(struct job *j);
/* Looks up PASIDs. */
void job_find(struct job *j);
/* Some time later the IOMMU reads no commands, its device forgets nothing. */
void job_stop_commands(struct job *j);
void job_fall_silent(struct job *j);
void job_tiny_device(struct job *j);
void job_tiny_process(struct job *j);

/* Pages 0 to @count - 1, writable; with @touch present. */
void map_pages(struct space *sp, unsigned int count, bool touch);
/* One access, whose outcome has to fit what the books say. */
enum agent_result access_checked(struct agent *a, unsigned int page,
				 bool write);

#endif
