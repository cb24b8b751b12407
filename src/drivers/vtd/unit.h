/* SPDX-License-Identifier: MIT */
/*
 * A remapping unit: what its files share, and the seam to the files that know
 * devices (devices.h).
 *
 * Locks, outermost first (ranks of sva/plat.h):
 *   hwid    domain ids and their owners
 *   domain  a domain's attachments, and the entries that belong to them
 *   unit    the map of requester ids, root and context tables
 *   queue   errors of the invalidation queue and the global command register;
 *           the read side of the page request queue
 * Submitting invalidations takes none.
 */
#ifndef DRIVERS_VTD_UNIT_H
#define DRIVERS_VTD_UNIT_H

#include <sva/plat.h>
#include <sva/vtd.h>
#include <sva/why.h>

#include "base/bits.h"
#include "core/driver.h"
#include "drivers/vtd/inval.h"
#include "drivers/vtd/queue.h"

struct vtd_prq;
struct vtd_tables;

/**
 * struct vtd_features - what the capability registers say
 * @ver, @cap, @ecap: as read.
 * @pasid_bits:  width; 0: no PASIDs.
 * @did_bits:    width of domain ids.
 * @mgaw_bits:   width of addresses of requests without first stage.
 * @ss_levels:   bit n: second-stage tables of n levels (CAP.SAGAW).
 * @first_stage, @second_stage, @nested, @pass_through: kinds of translation.
 * @coherent_walk: paging structures are read coherently (ECAP.SMPWC); tables
 *               of entries always are, or the unit is refused.
 * @five_level, @gigapages: of the first stage.
 * @accessed_ext, @exec, @supervisor, @second_stage_ad: EAFS, ERS, SRS, SSADS.
 * @dev_tlb:     ATS (DT). @pri: page requests (PRS). @drain: PDS.
 * @snoop:       snoop control (SC).
 * @cm:          what is not present may be cached: invalidate also when an
 *               entry becomes present, with domain 0 if it has no other.
 * @rwbf:        vtd_write_buffer_flush() has something to do.
 * @drain_read, @drain_write: IOTLB invalidations can wait for requests.
 * @page_inv, @mamv: page-selective invalidation of second-stage translations,
 *               and the largest address mask of it.
 * @esrtps:      setting the root table forgets everything.
 * @fault_offset, @fault_count: fault recording registers.
 * @sva:         tables of processes can be walked: what Linux asks for too.
 */
struct vtd_features {
	uint32_t ver;
	uint64_t cap;
	uint64_t ecap;
	unsigned int pasid_bits;
	unsigned int did_bits;
	unsigned int mgaw_bits;
	unsigned int ss_levels;
	bool first_stage;
	bool second_stage;
	bool nested;
	bool pass_through;
	bool coherent_walk;
	bool five_level;
	bool gigapages;
	bool accessed_ext;
	bool exec;
	bool supervisor;
	bool second_stage_ad;
	bool dev_tlb;
	bool pri;
	bool drain;
	bool snoop;
	bool cm;
	bool rwbf;
	bool drain_read;
	bool drain_write;
	bool page_inv;
	unsigned int mamv;
	bool esrtps;
	uint32_t fault_offset;
	unsigned int fault_count;
	bool sva;
};

enum vtd_irq {
	VTD_IRQ_FAULT,
	VTD_IRQ_PAGE_REQUEST,
	VTD_IRQ_COUNT,
};

struct vtd_counters {
	_Atomic uint64_t descriptors;
	_Atomic uint64_t waits;
	_Atomic uint64_t doorbells;
	_Atomic uint64_t context_invalidations;
	_Atomic uint64_t pasid_invalidations;
	_Atomic uint64_t iotlb_invalidations;
	_Atomic uint64_t dev_tlb_invalidations;
	_Atomic uint64_t queue_errors;
	_Atomic uint64_t queue_timeouts;
	_Atomic uint64_t completion_errors;
	_Atomic uint64_t faults;
	_Atomic uint64_t faults_lost;
	_Atomic uint64_t page_requests;
	_Atomic uint64_t page_responses;
	_Atomic uint64_t prq_overflows;
};

/*
 * The fault recording registers. One thread at a time reads them: it has
 * claimed them. (q) under @lock, (r) the reader's.
 */
struct vtd_faults {
	struct plat_lock lock;
	struct plat_event event;   /* @rounds has moved, or no reader */
	uint64_t rounds;           /* (q) times all of them were read */
	bool busy;                 /* (q) there is a reader */
	bool again;                /* (q) it has to look once more */
	uint64_t log_window;       /* (r) */
	unsigned int log_count;    /* (r) */
	struct plat_workqueue *wq; /* (c) of @work: what a drain has left */
	struct plat_work work;
};

/**
 * struct vtd_unit - a remapping unit
 * @gcmd:      commands in force: bits of GCMD that stay.
 * @null_root: a root table without entries: where a unit that failed is sent;
 *             @spare_queue: a page to invalidate with then.
 * @lock:      the unit lock; devices.h.
 * @tables, @prq: devices.h.
 */
struct vtd_unit {
	struct iommu_unit unit;
	const struct plat *plat; /* (c) */
	struct plat_mmio mmio;   /* (c) */
	char name[32];           /* (c) */
	uint16_t segment;        /* (c) */
	uint64_t timeout_ns;     /* (c) */
	struct vtd_features f;   /* (c) */
	unsigned int prq_lg2;    /* (c) */
	void *null_root;         /* (c) */
	void *spare_queue;       /* (c) */
	uint32_t gcmd;           /* under the queue's error lock */

	struct vtd_qi qi;
	struct vtd_counters counters;

	struct plat_msi msi[VTD_IRQ_COUNT];
	bool msi_allocated[VTD_IRQ_COUNT];
	bool irq_requested[VTD_IRQ_COUNT];

	struct vtd_faults faults;

	struct plat_lock lock;
	struct vtd_tables *tables;
	struct vtd_prq *prq;
};

static inline struct vtd_unit *to_vtd(struct iommu_unit *unit)
{
	return container_of(unit, struct vtd_unit, unit);
}

static inline void vtd_count(_Atomic uint64_t *counter)
{
	/* Relaxed: counters order nothing. */
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static inline uint32_t vtd_read32(const struct vtd_unit *u, uint32_t reg)
{
	return mmio_read32(&u->mmio, reg);
}

static inline uint64_t vtd_read64(const struct vtd_unit *u, uint32_t reg)
{
	return mmio_read64(&u->mmio, reg);
}

static inline void vtd_write32(const struct vtd_unit *u, uint32_t reg,
			       uint32_t value)
{
	mmio_write32(&u->mmio, reg, value);
}

static inline void vtd_write64(const struct vtd_unit *u, uint32_t reg,
			       uint64_t value)
{
	mmio_write64(&u->mmio, reg, value);
}

/*
 * Poll until (register & mask) == want, for the unit's timeout. A register
 * that reads as ones is no confirmation. -ETIMEDOUT, logged.
 */
SVA_MUST_CHECK int vtd_wait32(struct vtd_unit *u, uint32_t reg, uint32_t mask,
			      uint32_t want);

/* features.c */
SVA_MUST_CHECK int vtd_features_read(struct vtd_unit *u,
				     unsigned int pasid_bits);
/* Is there something the unit lacks for any address space? [U10] */
bool vtd_lacks_sva(const struct vtd_unit *u, struct iommu_sva_why *why);
/* iommu_unit_ops.describe */
void vtd_describe(struct iommu_unit *unit,
		  void (*row)(void *arg, const struct iommu_unit_row *row),
		  void *arg);

/*
 * fault.c: read the fault recording registers and look for errors of the queue,
 * as the fault event does, or leave that to who is reading.
 */
void vtd_fault_irq(void *arg);
/* The same for who has claimed the records already. */
void vtd_fault_work(void *arg);
/*
 * For iommu_unit_ops.drain_faults: every record that is there now has been
 * reported on return. May sleep; not with the unit lock. -ETIMEDOUT
 */
SVA_MUST_CHECK int vtd_fault_drain(struct vtd_unit *u);

#endif
