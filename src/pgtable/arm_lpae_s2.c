/* SPDX-License-Identifier: MIT */
#include "pgtable/arm_lpae_s2.h"

#include "base/bits.h"

/* D8.2.2: tables that are concatenated, at most. */
#define CONCAT_LG2 4u

int arm_lpae_s2_start_level(unsigned int granule_lg2, unsigned int va_bits)
{
	int level = arm_pt_start_level(granule_lg2, va_bits);

	if (level < ARM_PT_LEVEL_LAST &&
	    va_bits - arm_pt_entry_lg2(granule_lg2, level) <= CONCAT_LG2)
		level++;
	return level;
}

/* As struct arm_lpae_leaf's attr, which stage 1 finds in MAIR. */
static const uint8_t memattr[] = {
	[ARM_LPAE_ATTR_NORMAL] = ARM_PTE_S2_MEMATTR_WB,
	[ARM_LPAE_ATTR_DEVICE] = ARM_PTE_S2_MEMATTR_DEVICE_NGNRE,
	[ARM_LPAE_ATTR_NC] = ARM_PTE_S2_MEMATTR_NC,
};

/* Privilege is a matter of stage 1. */
bool arm_lpae_s2_ok(unsigned int perm, unsigned int flags)
{
	return !(perm & IOMMU_PERM_PRIV) &&
	       (flags & ARM_LPAE_ATTR_MASK) < ARRAY_SIZE(memattr);
}

void arm_lpae_s2_set_attrs(struct arm_pte *pte, unsigned int perm,
			   unsigned int flags)
{
	bool write = perm & IOMMU_PERM_WRITE;
	bool clean = flags & ARM_LPAE_CLEAN && write;
	unsigned int ap = 0;

	if (perm & IOMMU_PERM_READ)
		ap |= ARM_PTE_S2_AP_READ;
	if (write && !clean)
		ap |= ARM_PTE_S2_AP_WRITE;
	FIELD_SET(ARM_PTE_S2_MEMATTR, pte, memattr[flags & ARM_LPAE_ATTR_MASK]);
	FIELD_SET(ARM_PTE_S2_AP, pte, ap);
	FIELD_SET(ARM_PTE_S2_SH, pte, ARM_PTE_SH_ISH);
	FIELD_SET(ARM_PTE_S2_AF, pte, 1);
	FIELD_SET(ARM_PTE_S2_DBM, pte, clean);
	FIELD_SET(ARM_PTE_S2_XN, pte,
		  perm & IOMMU_PERM_EXEC ? ARM_PTE_S2_XN_EXEC :
					   ARM_PTE_S2_XN_NO_EXEC);
}

void arm_lpae_s2_decode(const struct arm_pte *pte,
			struct arm_lpae_leaf *ret_leaf)
{
	uint64_t ap = FIELD_GET(ARM_PTE_S2_AP, pte);
	uint64_t attr = FIELD_GET(ARM_PTE_S2_MEMATTR, pte);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(memattr) - 1 && memattr[i] != attr; i++)
		;
	ret_leaf->attr = i;
	ret_leaf->accessed = FIELD_GET(ARM_PTE_S2_AF, pte);
	ret_leaf->dirty = ap & ARM_PTE_S2_AP_WRITE;
	ret_leaf->perm = ap & ARM_PTE_S2_AP_READ ? IOMMU_PERM_READ : 0;
	if (ret_leaf->dirty || FIELD_GET(ARM_PTE_S2_DBM, pte))
		ret_leaf->perm |= IOMMU_PERM_WRITE;
	if (FIELD_GET(ARM_PTE_S2_XN, pte) == ARM_PTE_S2_XN_EXEC)
		ret_leaf->perm |= IOMMU_PERM_EXEC;
}
