/* SPDX-License-Identifier: MIT */
/* Transactions: without the lock if everything is cached, else under it. */
#ifndef HW_SMMUV3_TRANSLATE_H
#define HW_SMMUV3_TRANSLATE_H

#include "models/smmuv3/state.h"
#include "models/smmuv3/tlb.h"

int smmuv3_hw_translate(struct iommu_hw *hw, struct hw_port *port,
			const struct hw_txn *txn, struct hw_xlat *ret_xlat);
void smmuv3_hw_ats_translate(struct iommu_hw *hw, struct hw_port *port,
			     const struct hw_txn *txn,
			     struct hw_ats_reply *ret_reply);

/* What the parts of a lookup under the lock tell each other. */
struct smmuv3_hw_lookup {
	struct smmuv3_hw_req req;
	struct smmuv3_hw_fault fault;
	const struct smmuv3_hw_ctx *ctx;
	bool hit, miss; /* for the port's counters */
	bool stalls;    /* what the fault does to it */
	bool razwi;     /* and if it is terminated */
};

/* The transaction's own attributes. */
void smmuv3_hw_request(const struct hw_txn *txn, struct smmuv3_hw_req *ret_req);
/* STE.PRIVCFG and INSTCFG. */
void smmuv3_hw_override(struct smmuv3_hw_req *req, unsigned int privcfg,
			unsigned int instcfg);

/* Is it time to forget, in an eager model, before this lookup of a port? */
static inline bool smmuv3_hw_forgets(const struct smmuv3_hw *m, uint64_t lookup)
{
	return m->cfg.personality == HW_EAGER &&
	       lookup % m->cfg.eager_period == 0;
}

/* All of what the caches hold. Under the lock. */
void smmuv3_hw_forget(struct smmuv3_hw *m);

/*
 * Translation of a request in the context of l->ctx, from the TLB or by walks.
 * @any as in struct smmuv3_hw_want. -EFAULT: l->fault.
 */
int smmuv3_hw_stages(struct smmuv3_hw *m, struct smmuv3_hw_lookup *l, bool any,
		     struct smmuv3_hw_leaf *ret_leaf);

/* A refused transaction: -EFAULT, and no record if id is 0. */
int smmuv3_hw_refuse(struct smmuv3_hw_lookup *l, unsigned int id);

void smmuv3_hw_xlat(const struct smmuv3_hw_req *req, uint64_t va,
		    const struct smmuv3_hw_leaf *leaf,
		    struct hw_xlat *ret_xlat);

#endif
