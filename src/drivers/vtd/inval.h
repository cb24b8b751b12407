/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the driver says to the invalidation queue.
 *
 *	struct vtd_batch b;
 *
 *	vtd_batch_init(&b, u);
 *	vtd_inv_pasid(&b, did, pasid);
 *	vtd_inv_piotlb_all(&b, did, pasid);
 *	vtd_inv_pasid_dev_tlb(&b, &ats, pasid, 0, UINT64_MAX);
 *	err = vtd_batch_sync(&b);
 *
 * A batch is written together, with one wait descriptor behind it and one
 * write of the tail. Within it the unit keeps the order this driver relies on:
 * caches of tables before TLBs before device TLBs (inval.c says why that is
 * enough for [R9]): add them in that order, for all devices each. Adding to a
 * full batch submits what is there.
 *
 * Every function may be called with spin locks up to PLAT_RANK_UNIT held, not
 * from interrupts, and polls as vtd_batch_sync() says.
 */
#ifndef DRIVERS_VTD_INVAL_H
#define DRIVERS_VTD_INVAL_H

#include <sva/fault.h>
#include <sva/plat.h>

#include "drivers/vtd/queue.h"

struct vtd_unit;

/* Descriptors of a batch, beside the wait descriptor at its end. */
enum { VTD_BATCH = 32 };

/**
 * struct vtd_batch - descriptors to be submitted together
 * @err:   the first error of what was submitted already.
 * @piotlb: a PASID-based IOTLB invalidation is in it, behind the last barrier.
 * @sid:   with @sid_known: the one device that did not complete.
 */
struct vtd_batch {
	struct vtd_unit *u;
	size_t count;
	int err;
	bool piotlb;
	bool sid_known;
	uint16_t sid;
	struct vtd_inv invs[VTD_BATCH];
};

/**
 * struct vtd_ats - a device that has translations cached
 * @sid:   its requester id; @pfsid: that of its physical function, where
 *         PCIe counts invalidations in flight for both together (its own, if
 *         it is one).
 * @qdep:  Invalidate Queue Depth of its ATS capability, 0 stands for 32.
 */
struct vtd_ats {
	uint16_t sid;
	uint16_t pfsid;
	uint8_t qdep;
};

void vtd_batch_init(struct vtd_batch *b, struct vtd_unit *u);

/*
 * What is added later starts after everything before in this batch has
 * completed. Nothing if nothing was added.
 */
void vtd_batch_barrier(struct vtd_batch *b);

/* The same, but after everything before in the queue, whose ever it is: 7.10 */
void vtd_batch_fence(struct vtd_batch *b);

/**
 * vtd_batch_sync() - submit with a wait descriptor behind, and wait
 *
 * The batch is empty again, its error is forgotten; @sid is of this one.
 *
 * Context: any but interrupts; takes no lock unless something fails, polls,
 *          does not sleep. Ends at the latest when the unit has done nothing
 *          for its timeout (for that of ATS, if it waits for a device), or
 *          another submitter has done nothing for ten of them.
 * Return:  0; or, with the queue going on: -EIO a descriptor of these was
 *          invalid and was replaced, -ETIMEDOUT a device did not complete an
 *          invalidation of these: @b->sid, if that is known, otherwise any of
 *          the batch; everything else in it was done, invalidations and
 *          responses possibly twice. Or, with vtd_is_dead():
 *          -ETIMEDOUT to who found out, -EIO to everybody else.
 * Test:    tests/drivers/vtd_queue_test.c
 */
SVA_MUST_CHECK int vtd_batch_sync(struct vtd_batch *b);

/*
 * The same, and on success every page request the unit had taken in before,
 * is in the page request queue (or was answered by the unit, as it
 * overflowed), and every response before has been sent: the wait descriptor
 * has Page-request Drain. -EOPNOTSUPP: ECAP.PDS is 0; nothing was submitted.
 */
SVA_MUST_CHECK int vtd_batch_drain(struct vtd_batch *b);

/*
 * Caches of tables. @did: the domain an entry was tagged with; that of one
 * which was not there is 0, and it is cached with CAP.CM only.
 */
void vtd_inv_context_device(struct vtd_batch *b, uint16_t did, uint16_t sid);
void vtd_inv_context_global(struct vtd_batch *b);
void vtd_inv_pasid(struct vtd_batch *b, uint16_t did, uint32_t pasid);
/* Of all PASIDs of a domain; of everything. */
void vtd_inv_pasid_domain(struct vtd_batch *b, uint16_t did);
void vtd_inv_pasid_global(struct vtd_batch *b);

/*
 * First-stage, nested and pass-through translations of a PASID, [start, last],
 * bytes. @ih: no table of tables has changed. What CAP.MAMV cannot cover in a
 * few descriptors is the whole PASID. [L7]
 */
void vtd_inv_piotlb(struct vtd_batch *b, uint16_t did, uint32_t pasid,
		    uint64_t start, uint64_t last, bool ih);
void vtd_inv_piotlb_all(struct vtd_batch *b, uint16_t did, uint32_t pasid);

/* Second-stage translations of a domain, likewise. */
void vtd_inv_iotlb(struct vtd_batch *b, uint16_t did, uint64_t start,
		   uint64_t last, bool ih);
void vtd_inv_iotlb_domain(struct vtd_batch *b, uint16_t did);
void vtd_inv_iotlb_global(struct vtd_batch *b);

/*
 * What a device has cached of [start, last], in one descriptor: the smallest
 * range PCIe can say that covers it. 0 to UINT64_MAX: all.
 */
void vtd_inv_dev_tlb(struct vtd_batch *b, const struct vtd_ats *ats,
		     uint64_t start, uint64_t last);
void vtd_inv_pasid_dev_tlb(struct vtd_batch *b, const struct vtd_ats *ats,
			   uint32_t pasid, uint64_t start, uint64_t last);

/**
 * struct vtd_prg_response - an answer to a group of page requests [R3]
 * @pasid_valid: it goes to a PASID.
 * @private_valid: the request had private data, which only units before
 *         revision 4 of the specification have: @private_data and @last are
 *         of the request.
 */
struct vtd_prg_response {
	uint16_t sid;
	uint16_t index;
	uint32_t pasid;
	bool pasid_valid;
	bool private_valid;
	bool last;
	enum iommu_page_response_code code;
	uint64_t private_data[2];
};

void vtd_prg_response(struct vtd_batch *b, const struct vtd_prg_response *r);

/*
 * Tables in memory have been written that were not cached, since not present:
 * what is left for the unit to see them, without a queue: CAP.RWBF's write
 * buffers. Where CAP.CM is set what was not present may be cached, and has to
 * be invalidated like anything else; see vtd_features.cm. -ETIMEDOUT
 */
SVA_MUST_CHECK int vtd_write_buffer_flush(struct vtd_unit *u);

/**
 * vtd_fail_closed() - something was not invalidated and never will be
 * @why: for the log.
 *
 * The unit blocks every request, translated ones too, until it is removed and
 * probed again. Does nothing if that has happened. vtd_is_dead() is true on
 * return; vtd_is_stopped(), if the unit has confirmed it.
 *
 * Context: as vtd_batch_sync(); takes the queue's error lock.
 */
void vtd_fail_closed(struct vtd_unit *u, const char *why);

bool vtd_is_dead(const struct vtd_unit *u);
bool vtd_is_stopped(const struct vtd_unit *u);

#endif
