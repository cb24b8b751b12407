/* SPDX-License-Identifier: MIT */
/* Walks of the first and the second stage. Under the lock. */
#ifndef HW_VTD_WALK_H
#define HW_VTD_WALK_H

#include "models/vtd/fault.h"
#include "models/vtd/tlb.h"

/* What the second stage is asked for. */
enum vtd_hw_purpose {
	VTD_HW_FOR_PAGE,   /* the request itself */
	VTD_HW_FOR_TOP,    /* to read the first table of the first stage */
	VTD_HW_FOR_TABLE,  /* one below that */
	VTD_HW_FOR_UPDATE, /* to set a flag in either */
};

/**
 * struct vtd_hw_want - what an address is translated for
 * @need: IOMMU_PERM_READ, _WRITE, _EXEC, at the privilege of @priv.
 * @any:  a translation request, which takes what there is of @need.
 * @ask:  a write has to be allowed, but is not done: no dirty flag is set.
 */
struct vtd_hw_want {
	unsigned int need;
	bool priv;
	bool any;
	bool ask;
	enum vtd_hw_purpose purpose;
};

/*
 * Walks the first stage; its tables lie behind the second, if the context has
 * one. @ret_leaf is of the first stage alone, and @ret_keep says whether it
 * may be cached: its flags are set.
 *
 * Return: 0, also if what is wanted is not granted: see the leaf; -EFAULT and
 *         the reason.
 */
int vtd_hw_walk_fs(struct vtd_hw *m, const struct vtd_hw_ctx *ctx, uint64_t va,
		   const struct vtd_hw_want *want, struct vtd_hw_leaf *ret_leaf,
		   bool *ret_keep, struct vtd_hw_fault *ret_fault);

/*
 * The second stage of one address, from the IOTLB or by a walk; access is
 * checked, unless @want takes any.
 *
 * Return: 0; -EFAULT and the reason.
 */
int vtd_hw_second_stage(struct vtd_hw *m, const struct vtd_hw_ctx *ctx,
			uint64_t gpa, const struct vtd_hw_want *want,
			struct vtd_hw_leaf *ret_leaf,
			struct vtd_hw_fault *ret_fault);

/* The reason for a page that lacks something of what is wanted, or 0. */
uint8_t vtd_hw_refused(const struct vtd_hw_ctx *ctx, unsigned int bits,
		       bool priv, unsigned int need);

/* Has a write that is granted still a flag to set? */
static inline bool vtd_hw_dirties(unsigned int bits,
				  const struct vtd_hw_want *want)
{
	return want->need & IOMMU_PERM_WRITE && !want->ask &&
	       !(bits & LEAF_DIRTY) &&
	       !vtd_hw_lacks(bits, want->priv, IOMMU_PERM_WRITE);
}

/* An entry that changes under the update of its flags more often is a fault. */
enum { VTD_HW_FLAG_TRIES = 64 };

#endif
