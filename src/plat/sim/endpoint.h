/* SPDX-License-Identifier: MIT */
/*
 * A device: a function with PASIDs, a translation cache and page requests, or
 * a platform device whose transactions stall. Small, so that a run is cheap,
 * and misbehaved where the rules must hold for misbehaved devices too.
 */
#ifndef PLAT_SIM_ENDPOINT_H
#define PLAT_SIM_ENDPOINT_H

#include <sva/device.h>
#include <sva/model.h>

#include "models/pcie/pcie.h"
#include "plat/sim/sim.h"

#define ATC_ENTRIES  8u
#define ATC_USES     4u
#define ATC_PENDING  16u
#define ATC_HISTORY  8u
#define AGENT_STALLS 4u
#define BUS_REQUESTS 16u

struct ledger_entry;
struct space;
struct world;

enum endpoint_kind {
	ENDPOINT_PCI,   /* PASID, ATS, PRI */
	ENDPOINT_STALL, /* a platform device */
};

struct atc_entry {
	bool valid;
	ioasid_t pasid;
	uint64_t va, pa;
	unsigned int perm;
};

/* A cached translation that is being used right now. */
struct atc_use {
	bool active;
	ioasid_t pasid;
	uint64_t va;
};

struct atc_pending {
	bool active;
	struct hw_ats_inv inv;
	uint64_t cookie;
};

struct endpoint {
	struct world *w;
	unsigned int index;
	const char *name;
	enum endpoint_kind kind;
	uint32_t sid;
	struct iommu_device *dev;
	bool sva_on;

	struct hw_env env;
	struct pcie_hw pcie;
	bool ats_was_on; /* ever */
	bool pri_was_reset;
	bool mute;    /* completes no invalidation any more */
	bool flushed; /* the whole cache, since ATS went off */
	struct atc_entry atc[ATC_ENTRIES];
	unsigned int atc_next;
	struct atc_use uses[ATC_USES];
	struct atc_pending pending[ATC_PENDING];
	struct hw_page_request on_bus[BUS_REQUESTS]; /* the oldest first */
	unsigned int posted;                         /* of these */
	struct sim_thread *completer;
	bool stop;
	struct {
		struct hw_ats_inv inv;
		uint64_t step;
	} history[ATC_HISTORY];
	uint64_t invs;
	uint32_t next_group; /* mock */
};

/**
 * struct agent - an engine of a device: one thread's transactions
 * @sp:    the process it works for. @pasid: by which.
 * @tries: how often it asks for a page before it gives up; @never_asks: what is
 *         not there it does without.
 * @any:   of the PASID's owners, whichever it is now: a guest's tables change.
 */
struct agent {
	struct endpoint *ep;
	struct space *sp;
	ioasid_t pasid;
	struct hw_port port;
	struct ledger_entry *stalled;
	bool resumed, retry;
	uint64_t cookie;
	unsigned int tries;
	bool never_asks;
	bool any;
};

enum agent_result {
	AGENT_OK,
	AGENT_ABORT,   /* the IOMMU refused */
	AGENT_REFUSED, /* a page request was answered with no */
	AGENT_GAVE_UP, /* still not there after all tries */
};

int endpoint_init(struct endpoint *ep, struct world *w, unsigned int index);
void endpoint_fini(struct endpoint *ep);
/* A page request goes off, and arrives when it likes. */
void endpoint_post(struct endpoint *ep, const struct hw_page_request *req);
/* Until all of them have arrived. */
void endpoint_settle(struct endpoint *ep);
/* What iommu_device_add() is told. */
void endpoint_desc(struct endpoint *ep, struct plat_pci *pci,
		   struct iommu_device_desc *ret_desc);

/* IOMMU_DEV_FEAT_SVA. */
SVA_MUST_CHECK int endpoint_enable(struct endpoint *ep);
SVA_MUST_CHECK int endpoint_disable(struct endpoint *ep);

/* Its cache has nothing of the address: asked before the memory goes. */
void endpoint_check_forgotten(const struct endpoint *ep, ioasid_t pasid,
			      uint64_t va, const char *rule);

void agent_init(struct agent *a, struct endpoint *ep, struct space *sp,
		ioasid_t pasid);
void agent_fini(struct agent *a);

/* Reads or writes one page. */
enum agent_result agent_access(struct agent *a, unsigned int page, bool write);

/*
 * Asks for pages [first, first + count) and does not wait. False: it may not
 * now.
 */
bool agent_request(struct agent *a, unsigned int first, unsigned int count,
		   bool write);
/* A page of a group whose Last never comes. */
void agent_partial(struct agent *a, unsigned int page, uint16_t prgi);
/* A stop marker. */
void agent_marker(struct agent *a);

/* The bus of the IOMMU model. */
extern const struct hw_bus endpoint_bus;

#endif
