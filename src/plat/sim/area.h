/* SPDX-License-Identifier: MIT */
/*
 * Memory that a paging domain leads to, and what a device may see of it at each
 * moment. The books are those of a process, without one behind them: pages are
 * there when they are mapped, and no fault brings them.
 */
#ifndef PLAT_SIM_AREA_H
#define PLAT_SIM_AREA_H

#include <sva/auxdomain.h>

#include "plat/sim/endpoint.h"
#include "plat/sim/space.h"
#include "plat/sim/world.h"

#define AREA_WAITING 32u

/**
 * struct area - a paging domain and its pages
 * @sp:      whose books it has. Nothing is bound to it.
 * @waiting: frames that were unmapped and await their invalidation.
 *
 * Maps and unmaps are one thread's.
 */
struct area {
	struct world *w;
	struct space *sp;
	struct iommu_domain *domain;
	uint64_t waiting[AREA_WAITING];
	unsigned int waiting_count;
	bool waits[SPACE_PAGES]; /* a page of it is among them */
};

/* False: a call was made to fail. */
SVA_MUST_CHECK bool area_init(struct area *a, struct world *w,
			      unsigned int space);
/* The memory is given up, as it is; then the domain. Attached nowhere. */
void area_fini(struct area *a);

/* With a frame of its own. Nothing if it is mapped. */
void area_map(struct area *a, unsigned int page, unsigned int perm);
/* At once, gathered or deferred, as the seed says. */
void area_unmap(struct area *a, unsigned int first, unsigned int count);
/* All that was deferred. */
void area_flush(struct area *a);
/* The memory is somebody else's, and still mapped: nothing leads there. [R1] */
void area_abandon(struct area *a);

/*
 * Attach to a PASID of the endpoint, or as its auxiliary domain. The books say
 * which PASID. 0, or what a call that was made to fail did.
 */
SVA_MUST_CHECK int area_attach(struct area *a, struct endpoint *ep,
			       ioasid_t pasid);
void area_detach(struct area *a, struct endpoint *ep);
SVA_MUST_CHECK int area_aux_attach(struct area *a, struct endpoint *ep);
void area_aux_detach(struct area *a, struct endpoint *ep);

/*
 * One access, whose outcome has to fit what the books say: a page that was
 * mapped all along, for a device that was attached all along, is reached.
 */
enum agent_result area_access(struct area *area, struct agent *a,
			      unsigned int page, bool write);

#endif
