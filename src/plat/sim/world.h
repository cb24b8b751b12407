/* SPDX-License-Identifier: MIT */
/*
 * A machine to be simulated: one IOMMU with its driver, devices behind it,
 * processes, and the watchers' books: who is bound to what, which requests
 * were sent and answered.
 */
#ifndef PLAT_SIM_WORLD_H
#define PLAT_SIM_WORLD_H

#include <sva/device.h>
#include <sva/fault.h>
#include <sva/model.h>
#include <sva/sva.h>
#include <sva/system.h>

#include "drivers/mock/mock.h"
#include "plat/sim/endpoint.h"
#include "plat/sim/ledger.h"
#include "plat/sim/sim.h"
#include "plat/sim/space.h"
#include "plat/sim/vendor.h"
#include "plat/sim/vtd_watch.h"
#include "plat/sim/watch.h"

#define WORLD_ENDPOINTS  2u
#define WORLD_SPACES     4u
#define WORLD_BONDS      (WORLD_ENDPOINTS * WORLD_SPACES)
#define WORLD_TIMEOUT_MS 40u

/**
 * struct bond - what the books say of a (device, address space) pair
 * @handle:  while @held.
 * @held:    uses that somebody has, and nobody is returning.
 * @binding, @unbinding: calls under way.
 * @drops:   unbinds ever begun. @since: step at which @held left 0.
 * @worked:  an access of the device succeeded since.
 */
struct bond {
	struct endpoint *ep;
	struct space *sp;
	struct iommu_sva *handle;
	ioasid_t pasid;
	unsigned int held, binding, unbinding;
	uint64_t drops;
	uint64_t since;
	bool worked;
};

/**
 * struct world_cfg - what a scenario wants
 * @endpoints, @spaces: how many.
 * @kind:      of the endpoints.
 * @priq_lg2, @evtq_lg2: 0: the driver's choice.
 * @pasid_bits: of endpoints; 0: some number that the seed picks.
 * @groups:    page request group indices in use, 0: all.
 * @features_off: SVA is left for the scenario to enable.
 * @guests:    the IOMMU has what they need.
 * @timeout_s: of answers to page requests, see struct iommu_system_cfg.
 */
struct world_cfg {
	unsigned int endpoints;
	unsigned int spaces;
	enum endpoint_kind kind;
	unsigned int priq_lg2;
	unsigned int evtq_lg2;
	unsigned int pasid_bits;
	unsigned int groups;
	bool features_off;
	bool guests;
	unsigned int timeout_s;
};

struct world {
	struct sim *sim;
	struct world_cfg cfg;
	const struct sim_vendor *vendor;
	struct iommu_system *sys;
	struct iommu_unit *unit;

	struct mock *mock;
	unsigned int mock_seen; /* answers taken from its book */

	/* A model: NULL on the mock, which has none. */
	void *hw_mem;
	struct iommu_hw *hw;
	struct hw_env env;
	struct watch watch;
	struct vtd_watch vtd;

	struct endpoint eps[WORLD_ENDPOINTS];
	struct space spaces[WORLD_SPACES];
	unsigned int space_count;
	struct bond bonds[WORLD_BONDS];
	unsigned int bond_count;
	struct ledger ledger;
	unsigned int binding; /* binds under way */
	unsigned int calls;   /* binds and unbinds: under way, and */
	uint64_t calls_begun; /* ever */
	bool dead;            /* the IOMMU reads no commands any more */
	bool deaf;            /* a break: it hears of no invalidations */
	void *scratch;        /* the scenario's */
	/* A thread's last transaction: the step at which it entered the IOMMU. */
	struct {
		uint64_t step;
		uint32_t sid;
		ioasid_t pasid;
	} txn[SIM_THREADS];
};

/* 0, or what failed, with nothing left: only if a call was made to fail. */
SVA_MUST_CHECK int world_build(struct world *w, struct sim *s,
			       enum sva_sim_iommu iommu,
			       const struct world_cfg *cfg);
/* Takes everything down, and checks that nothing is left. */
void world_fini(struct world *w);

/*
 * A bind and an unbind, held against the books. A bind fails only where it
 * may: the address space exits, or a call was made to fail.
 */
SVA_MUST_CHECK int world_bind(struct world *w, struct endpoint *ep,
			      struct space *sp, struct iommu_sva **ret_sva);
void world_unbind(struct world *w, struct endpoint *ep, struct space *sp,
		  struct iommu_sva *sva);
struct bond *world_bond(struct world *w, const struct endpoint *ep,
			const struct space *sp);

/* Pairs of @sp that are bound, or may be. */
unsigned int world_bonds_of(struct world *w, const struct space *sp);
bool world_binding(struct world *w);

/*
 * Takes the only endpoint and the IOMMU away, and puts both there again, as
 * new. Nothing is bound. 0, or what a call that was made to fail did.
 */
SVA_MUST_CHECK int world_replug(struct world *w);
/* The calling thread's transaction enters the IOMMU. */
void world_txn(struct world *w, uint32_t sid, ioasid_t pasid);
/* An event about (@sid, @pasid) was recorded by the calling thread. */
void world_check_event(struct world *w, uint32_t sid, ioasid_t pasid);
/* The same, about its transaction. */
void world_check_event_of_txn(struct world *w);

/* Nothing of the range is cached any more: asked before its memory goes. */
void world_check_unmapped(struct world *w, struct space *sp, unsigned int first,
			  unsigned int count, const char *rule);

/*
 * A device reads or writes @pa for (@ep, @pasid), meaning page @page of @sp:
 * is that memory what it may see now?
 */
void world_check_dma(struct world *w, const struct endpoint *ep, ioasid_t pasid,
		     const struct space *sp, unsigned int page, uint64_t pa,
		     unsigned int perm);

/* hw.c: what a model is surrounded by. Lives as long as @w. */
const struct hw_env *world_env(struct world *w);
/* Its registers, for the driver. */
struct plat_mmio world_window(struct world *w, uint64_t size);

/* For breaks: from now on, until false, invalidations are left out. */
void world_deafen(struct world *w, bool deaf);

/* mock.c: answers that have come since; they go to the ledger. */
void world_mock_collect(struct world *w);

#endif
