/* SPDX-License-Identifier: MIT */
/*
 * The ledger: every group of page requests and every stalled transaction, and
 * the answers it got. [R2] [R3] [R4] [R15]
 */
#ifndef PLAT_SIM_LEDGER_H
#define PLAT_SIM_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include <sva/fault.h>
#include <sva/types.h>

#define LEDGER_ENTRIES 512u

struct endpoint;
struct space;
struct sim;
struct world;

/**
 * struct ledger_entry - one group
 * @sp:     whose pages it asks for; NULL: nobody's.
 * @pages:  bit per page of @sp. @perm: wanted.
 * @sent:   step at which its last page went out. @sent_ns: when that was.
 * @marker: a stop marker: there must be no answer.
 * @in_time: it went out as a whole while the pair was bound, before anybody
 *          began an unbind: it gets the answer it deserves, unbind or not. [B3]
 * @told:   a guest has answered it, with @want, and was not too late.
 */
struct ledger_entry {
	const struct endpoint *ep;
	const struct space *sp;
	uint32_t group;
	ioasid_t pasid;
	uint32_t pages;
	unsigned int perm;
	uint64_t sent;
	uint64_t sent_ns;
	uint64_t drops; /* of the bond, then */
	bool in_time;
	unsigned int answers;
	enum iommu_page_response_code code;
	bool marker;
	bool stall;
	bool told;
	enum iommu_page_response_code want;
};

struct ledger {
	struct ledger_entry entries[LEDGER_ENTRIES];
	unsigned int count;
	unsigned int markers;
	unsigned int answered;
	uint64_t overflows; /* last step at which the queue was full */
};

/* NULL: the book is full, send nothing. */
struct ledger_entry *ledger_open(struct world *w, const struct endpoint *ep,
				 const struct space *sp, ioasid_t pasid,
				 uint32_t group, uint32_t pages,
				 unsigned int perm);

/* The newest of that index; NULL: none was sent. */
struct ledger_entry *ledger_find(struct world *w, const struct endpoint *ep,
				 uint32_t group);
/* Somebody has answered it and was heard: the device gets just that. */
void ledger_told(struct world *w, struct ledger_entry *e,
		 enum iommu_page_response_code code);

/* An answer reached the device: of page requests, of a stall. */
void ledger_answer(struct world *w, const struct endpoint *ep, uint32_t group,
		   ioasid_t pasid, bool pasid_valid,
		   enum iommu_page_response_code code);
/* Its last page, or the stalled transaction, is with the IOMMU. */
void ledger_sent(struct world *w, struct ledger_entry *e);
/* Nothing was sent after all. */
void ledger_cancel(struct world *w, struct ledger_entry *e);
void ledger_resume(struct world *w, struct ledger_entry *e, bool retry);

/* Somebody waits for page @page of @sp. */
bool ledger_waits(struct world *w, const struct space *sp, uint64_t page);

/* Everything sent has its answer. Sleeps until then. */
void ledger_settle(struct world *w);

#endif
