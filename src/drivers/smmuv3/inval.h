/* SPDX-License-Identifier: MIT */
/* What to invalidate in TLBs for a range of addresses. */
#ifndef DRIVERS_SMMUV3_INVAL_H
#define DRIVERS_SMMUV3_INVAL_H

#include <sva/mm.h>

#include "drivers/smmuv3/queue.h"

/**
 * smmuv3_add_tlbi_range() - all pages of [start, end), whole pages
 * @t: the granule and the width of the addresses; what is beyond is not there.
 *
 * By ranges where the SMMU has them (4.4.1.1), otherwise page by page, or all
 * of the ASID when that would be more commands than a table has entries. [L7]
 *
 * Test: tests/drivers/smmuv3_inval_test.c
 */
void smmuv3_add_tlbi_range(struct smmuv3_batch *batch, uint16_t asid,
			   const struct iommu_mm_table *t, uint64_t start,
			   uint64_t end);

/*
 * All of an ASID has gone on return, or the SMMU has failed closed; -ETIMEDOUT:
 * and has not confirmed that.
 */
int smmuv3_tlbi_or_fail_closed(struct smmuv3 *smmu, uint16_t asid);

#endif
