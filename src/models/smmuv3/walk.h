/* SPDX-License-Identifier: MIT */
/* Table walks of both stages. Under the lock. */
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

/**
 * struct smmuv3_hw_want - what an address is translated for
 * @need:  IOMMU_PERM_READ, _WRITE, _EXEC, at the privilege of @priv.
 * @any:   an ATS request, which takes what there is of @need.
 * @class: SMMU_EVT_CLASS_*: the transaction itself, or a fetch for its sake.
 */
struct smmuv3_hw_want {
	unsigned int need;
	bool priv;
	bool any;
	uint8_t class;
};

/* What table descriptors take away from those below them. */
enum {
	LIMIT_NO_USER = 1 << 0,
	LIMIT_NO_WRITE = 1 << 1,
	LIMIT_PXN = 1 << 2,
	LIMIT_UXN = 1 << 3,
};

/*
 * Walks one set of tables for ia, and updates the flags of the last descriptor
 * where hardware is to. The descriptors of stage 1 lie behind stage 2, if the
 * context has one.
 *
 * Return: 0, also if what is wanted is not granted: see the permissions of the
 * leaf; -EFAULT and *ret_fault, whose class is IN unless it says more.
 */
int smmuv3_hw_walk(struct smmuv3_hw *m, const struct smmuv3_hw_ctx *ctx,
		   const struct smmuv3_hw_ttb *ttb, uint64_t ia,
		   const struct smmuv3_hw_want *want,
		   struct smmuv3_hw_leaf *ret_leaf,
		   struct smmuv3_hw_fault *ret_fault);

/*
 * Stage 2 of one address, from the TLB or by a walk; access to it is checked,
 * unless @want takes any.
 *
 * Return: 0; -EFAULT and *ret_fault, complete.
 */
int smmuv3_hw_stage2(struct smmuv3_hw *m, const struct smmuv3_hw_ctx *ctx,
		     uint64_t ipa, const struct smmuv3_hw_want *want,
		     struct smmuv3_hw_leaf *ret_leaf,
		     struct smmuv3_hw_fault *ret_fault);

/* PERM_* of a last descriptor. @limits: LIMIT_*, of the tables above it. */
unsigned int smmuv3_hw_perm1(const struct smmuv3_hw_ctx *ctx,
			     const struct smmuv3_hw_ttb *ttb,
			     const struct arm_pte *pte, unsigned int limits);
unsigned int smmuv3_hw_perm2(const struct smmuv3_hw_ttb *ttb, bool xnx,
			     const struct arm_pte *pte);
/* What both stages allow. */
unsigned int smmuv3_hw_perm_both(unsigned int perm1, unsigned int perm2);

/*
 * Memory attributes, as in struct hw_xlat: a byte of MAIR, from bit 8 on SH.
 * @attr2: of stage 2, see struct smmuv3_hw_tlb_side.
 */
unsigned int smmuv3_hw_attr(unsigned int mair, unsigned int sh);
unsigned int smmuv3_hw_attr_combine(unsigned int attr, unsigned int attr2,
				    bool fwb);
bool smmuv3_hw_attr2_device(unsigned int attr2, bool fwb);

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

/* A write that the permissions refuse until the page is dirty. */
static inline bool smmuv3_hw_dirties(unsigned int perm,
				     const struct smmuv3_hw_want *want)
{
	return smmuv3_hw_lacks(perm, want->priv, want->need) &
		       IOMMU_PERM_WRITE &&
	       smmuv3_hw_clean(perm, want->priv);
}

#endif
