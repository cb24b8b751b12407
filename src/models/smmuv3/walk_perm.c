/* SPDX-License-Identifier: MIT */
/*
 * Direct permissions: DDI 0487 D8.4, and section 13.4 of the SMMU's
 * architecture.
 *
 * A clean page counts as writable where writable pages are not executed.
 */
#include "models/smmuv3/walk.h"

/* The one privilege of EL2: AP[1] and PXN have no meaning. */
static unsigned int perm_el2(const struct smmuv3_hw_ctx *ctx,
			     const struct smmuv3_hw_ttb *ttb,
			     const struct arm_pte *pte, unsigned int limits)
{
	bool ro = FIELD_GET(ARM_PTE_S1_AP, pte) & ARM_PTE_S1_AP_READONLY;
	bool no_write = limits & LIMIT_NO_WRITE;
	bool clean = ro && !no_write && ttb->hd &&
		     FIELD_GET(ARM_PTE_S1_DBM, pte);
	bool xn = limits & LIMIT_UXN || FIELD_GET(ARM_PTE_S1_UXN, pte);
	unsigned int perm = IOMMU_PERM_READ;

	if (!ro && !no_write)
		perm |= IOMMU_PERM_WRITE;
	if (!xn && !(ctx->wxn && (perm & IOMMU_PERM_WRITE || clean)))
		perm |= IOMMU_PERM_EXEC;
	perm |= perm << PERM_PRIV_SHIFT;
	if (clean)
		perm |= PERM_CLEAN_USER | PERM_CLEAN_PRIV;
	return perm;
}

/* Users and privileged software. */
static unsigned int perm_el1(const struct smmuv3_hw_ctx *ctx,
			     const struct smmuv3_hw_ttb *ttb,
			     const struct arm_pte *pte, unsigned int limits)
{
	uint64_t ap = FIELD_GET(ARM_PTE_S1_AP, pte);
	bool user = ap & ARM_PTE_S1_AP_USER && !(limits & LIMIT_NO_USER);
	bool may = !(limits & LIMIT_NO_WRITE);
	bool write = may && !(ap & ARM_PTE_S1_AP_READONLY);
	bool clean = may && !write && ttb->hd && FIELD_GET(ARM_PTE_S1_DBM, pte);
	bool wxn = ctx->wxn && (write || clean);
	unsigned int u = 0, p = IOMMU_PERM_READ;

	if (user)
		u |= IOMMU_PERM_READ;
	if (user && write)
		u |= IOMMU_PERM_WRITE;
	if (!(limits & LIMIT_UXN) && !FIELD_GET(ARM_PTE_S1_UXN, pte) &&
	    !(wxn && user))
		u |= IOMMU_PERM_EXEC;

	if (write)
		p |= IOMMU_PERM_WRITE;
	/* What users may write, privileged software does not execute. */
	if (!(limits & LIMIT_PXN) && !FIELD_GET(ARM_PTE_S1_PXN, pte) && !wxn &&
	    !(user && (write || clean)))
		p |= IOMMU_PERM_EXEC;
	if (ctx->pan && user)
		p &= (unsigned int)IOMMU_PERM_EXEC;

	u |= p << PERM_PRIV_SHIFT;
	if (clean && user)
		u |= PERM_CLEAN_USER;
	if (clean && !(ctx->pan && user))
		u |= PERM_CLEAN_PRIV;
	return u;
}

unsigned int smmuv3_hw_perm1(const struct smmuv3_hw_ctx *ctx,
			     const struct smmuv3_hw_ttb *ttb,
			     const struct arm_pte *pte, unsigned int limits)
{
	return ctx->world == WORLD_EL2 ? perm_el2(ctx, ttb, pte, limits) :
					 perm_el1(ctx, ttb, pte, limits);
}

/* D8.4.2.1. Without XNX the low bit of XN is RES0. */
unsigned int smmuv3_hw_perm2(const struct smmuv3_hw_ttb *ttb, bool xnx,
			     const struct arm_pte *pte)
{
	uint64_t ap = FIELD_GET(ARM_PTE_S2_AP, pte);
	uint64_t xn = FIELD_GET(ARM_PTE_S2_XN, pte);
	unsigned int perm = 0;

	if (!xnx)
		xn &= ARM_PTE_S2_XN_NO_EXEC;
	if (ap & ARM_PTE_S2_AP_READ)
		perm |= IOMMU_PERM_READ;
	if (ap & ARM_PTE_S2_AP_WRITE)
		perm |= IOMMU_PERM_WRITE;
	perm |= perm << PERM_PRIV_SHIFT;
	if (xn == ARM_PTE_S2_XN_EXEC || xn == ARM_PTE_S2_XN_USER_EXEC)
		perm |= IOMMU_PERM_EXEC;
	if (xn == ARM_PTE_S2_XN_EXEC || xn == ARM_PTE_S2_XN_PRIV_EXEC)
		perm |= IOMMU_PERM_EXEC << PERM_PRIV_SHIFT;
	if (!(ap & ARM_PTE_S2_AP_WRITE) && ttb->hd &&
	    FIELD_GET(ARM_PTE_S2_DBM, pte))
		perm |= PERM_CLEAN_USER | PERM_CLEAN_PRIV;
	return perm;
}

unsigned int smmuv3_hw_perm_both(unsigned int perm1, unsigned int perm2)
{
	const unsigned int both = PERM_USER | PERM_PRIV;
	unsigned int perm = perm1 & perm2 & both;
	int priv;

	for (priv = 0; priv < 2; priv++) {
		unsigned int w = (unsigned int)IOMMU_PERM_WRITE
				 << (priv ? PERM_PRIV_SHIFT : 0);

		if (!(perm & w) &&
		    (perm1 & w || smmuv3_hw_clean(perm1, priv)) &&
		    (perm2 & w || smmuv3_hw_clean(perm2, priv)))
			perm |= priv ? PERM_CLEAN_PRIV : PERM_CLEAN_USER;
	}
	return perm;
}
