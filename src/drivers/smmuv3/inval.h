/* SPDX-License-Identifier: MIT */
/* What to invalidate in TLBs for a range of addresses. */
#ifndef DRIVERS_SMMUV3_INVAL_H
#define DRIVERS_SMMUV3_INVAL_H

#include "drivers/smmuv3/queue.h"

struct smmuv3_domain;

/**
 * struct smmuv3_tlbi - how a range of addresses is named
 * @page: one address; still without it.
 * @all:  everything that has the same tag, and more if there is no other way.
 */
struct smmuv3_tlbi {
	struct smmu_cmd page;
	struct smmu_cmd all;
	unsigned int granule_lg2;
};

/**
 * smmuv3_add_tlbi_pages() - the pages from @va on
 *
 * By ranges where the SMMU has them (4.4.1.1), otherwise page by page, or all
 * when that would be more commands than a table has entries. [L7]
 *
 * Return: true: by @t->all.
 * Test: tests/drivers/smmuv3_inval_test.c
 */
bool smmuv3_add_tlbi_pages(struct smmuv3_batch *batch,
			   const struct smmuv3_tlbi *t, uint64_t va,
			   uint64_t pages);

/*
 * All pages of [start, end), whole pages; what the table of the domain cannot
 * have is not there. Of stage 2 this is what stage 2 made alone, unless it
 * returns true: then combined entries have gone, too.
 */
bool smmuv3_add_tlbi_range(struct smmuv3_batch *batch,
			   const struct smmuv3_domain *d, uint64_t start,
			   uint64_t end);

/* All of the domain's ASID, or of its VMID. */
struct smmu_cmd smmuv3_tlbi_all(const struct smmuv3_domain *d);

/*
 * What @all names has gone on return, or the SMMU has failed closed;
 * -ETIMEDOUT: and has not confirmed that.
 */
int smmuv3_tlbi_or_fail_closed(struct smmuv3 *smmu, struct smmu_cmd all);

#endif
