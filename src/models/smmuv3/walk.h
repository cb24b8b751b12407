/* SPDX-License-Identifier: MIT */
/* Stage 1 table walks. Under the lock. */
#ifndef HW_SMMUV3_WALK_H
#define HW_SMMUV3_WALK_H

#include "models/smmuv3/state.h"
#include "models/smmuv3/tlb.h"

/* The address that walks and the TLB see: TBI's byte is a sign extension. */
static inline uint64_t smmuv3_hw_va(uint64_t addr, bool tbi0, bool tbi1)
{
	if (!(addr >> 55 & 1 ? tbi1 : tbi0))
		return addr;
	return (uint64_t)((int64_t)(addr << 8) >> 8);
}

/*
 * Translates va for what @need says, at the privilege of @priv, and updates
 * the flags of the descriptor where the context has hardware do it.
 *
 * @any: an ATS request, which takes what there is of @need.
 *
 * Return: 0, also if @need is not granted: see the permissions of the leaf;
 * -EFAULT and *ret_fault.
 */
int smmuv3_hw_walk(struct smmuv3_hw *m, const struct smmuv3_hw_ctx *ctx,
		   uint64_t va, unsigned int need, bool priv, bool any,
		   struct smmuv3_hw_leaf *ret_leaf,
		   struct smmuv3_hw_fault *ret_fault);

/* What of @need, at this privilege, the leaf lacks. */
static inline unsigned int smmuv3_hw_lacks(unsigned int perm, bool priv,
					   unsigned int need)
{
	return need & ~(perm >> (priv ? PERM_PRIV_SHIFT : 0)) & PERM_USER;
}

/* Would a write be allowed once the page is marked dirty? */
static inline bool smmuv3_hw_clean(unsigned int perm, bool priv)
{
	return perm & (priv ? PERM_CLEAN_PRIV : PERM_CLEAN_USER);
}

#endif
