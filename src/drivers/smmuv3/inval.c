/* SPDX-License-Identifier: MIT */
#include "drivers/smmuv3/inval.h"

#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/smmuv3.h"

/* NUM has 5 bits and stands for one more. */
#define NUM_MAX 32u

/* SCALE has 5 bits without SMMU_IDR5.DS, 4.4.1.1. */
#define SCALE_MAX 31u

static unsigned int tlbi_tg(unsigned int granule_lg2)
{
	return granule_lg2 == 12 ? SMMU_CMD_TLBI_TG_4K :
	       granule_lg2 == 14 ? SMMU_CMD_TLBI_TG_16K :
				   SMMU_CMD_TLBI_TG_64K;
}

static unsigned int scale_max(const struct smmuv3 *smmu)
{
	return REG_GET(SMMU_IDR5_DS, smmu->f.idr[5]) ? SMMU_CMD_TLBI_SCALE_MAX :
						       SCALE_MAX;
}

/*
 * The low bits of the count first, so that each range starts where one ended:
 * five bits go with each, so there are at most eight or so.
 */
static void add_ranges(struct smmuv3_batch *batch, uint16_t asid, uint64_t va,
		       uint64_t pages, unsigned int granule_lg2)
{
	unsigned int most = scale_max(batch->smmu);

	while (pages) {
		unsigned int scale = (unsigned int)__builtin_ctzll(pages);
		uint64_t num;

		if (scale < most) {
			num = pages >> scale & (NUM_MAX - 1);
		} else {
			scale = most;
			num = pages >> scale;
			if (num > NUM_MAX)
				num = NUM_MAX;
		}
		smmuv3_batch_add(
			batch, smmuv3_make_tlbi_va(batch->smmu->f.e2h, asid, va,
						   (unsigned int)num, scale,
						   tlbi_tg(granule_lg2)));
		va += num << (scale + granule_lg2);
		pages -= num << scale;
	}
}

void smmuv3_add_tlbi_range(struct smmuv3_batch *batch, uint16_t asid,
			   const struct iommu_mm_table *t, uint64_t start,
			   uint64_t end)
{
	unsigned int g = t->granule_lg2;
	uint64_t limit = BIT(t->va_bits);
	uint64_t va = align_down(start, BIT(g)), pages;

	/* Of the kernel's half: rare, and its addresses are beyond limit. */
	if (t->upper) {
		smmuv3_batch_add(
			batch, smmuv3_make_tlbi_asid(batch->smmu->f.e2h, asid));
		return;
	}
	if (end > limit)
		end = limit;
	if (va >= end)
		return;
	pages = div_round_up(end - va, BIT(g));
	/* As many as a table has entries of 8 bytes. */
	if (pages << g == limit ||
	    (!batch->smmu->f.ranges && pages > BIT(g - 3))) {
		smmuv3_batch_add(
			batch, smmuv3_make_tlbi_asid(batch->smmu->f.e2h, asid));
		return;
	}
	if (batch->smmu->f.ranges) {
		add_ranges(batch, asid, va, pages, g);
		return;
	}
	for (; pages; pages--, va += BIT(g))
		smmuv3_batch_add(batch, smmuv3_make_tlbi_va(batch->smmu->f.e2h,
							    asid, va, 1, 0, 0));
}

int smmuv3_tlbi_or_fail_closed(struct smmuv3 *smmu, uint16_t asid)
{
	struct smmuv3_batch batch;

	smmuv3_batch_init(&batch, smmu);
	smmuv3_batch_add(&batch, smmuv3_make_tlbi_asid(smmu->f.e2h, asid));
	if (!smmuv3_batch_sync(&batch))
		return 0;
	smmuv3_fail_closed(smmu, "TLB invalidation failed");
	return smmuv3_is_stopped(smmu) ? 0 : -ETIMEDOUT;
}
