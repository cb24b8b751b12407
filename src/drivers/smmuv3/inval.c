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
static void add_ranges(struct smmuv3_batch *batch, const struct smmuv3_tlbi *t,
		       uint64_t va, uint64_t pages)
{
	unsigned int most = scale_max(batch->smmu);
	unsigned int tg = tlbi_tg(t->granule_lg2);

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
		smmuv3_batch_add(batch,
				 smmuv3_tlbi_at(t->page, va, (unsigned int)num,
						scale, tg));
		va += num << (scale + t->granule_lg2);
		pages -= num << scale;
	}
}

bool smmuv3_add_tlbi_pages(struct smmuv3_batch *batch,
			   const struct smmuv3_tlbi *t, uint64_t va,
			   uint64_t pages)
{
	unsigned int g = t->granule_lg2;

	/* As many as a table has entries of 8 bytes. */
	if (!batch->smmu->f.ranges && pages > BIT(g - 3)) {
		smmuv3_batch_add(batch, t->all);
		return true;
	}
	if (batch->smmu->f.ranges) {
		add_ranges(batch, t, va, pages);
		return false;
	}
	for (; pages; pages--, va += BIT(g))
		smmuv3_batch_add(batch, smmuv3_tlbi_at(t->page, va, 1, 0, 0));
	return false;
}

struct smmu_cmd smmuv3_tlbi_all(const struct smmuv3_domain *d)
{
	return d->stage2 ? smmuv3_make_tlbi_vmid(d->vmid) :
			   smmuv3_make_tlbi_asid(d->smmu->f.e2h, d->asid);
}

static struct smmu_cmd tlbi_page(const struct smmuv3_domain *d)
{
	return d->stage2 ?
		       smmuv3_make_tlbi_guest(SMMU_OP_TLBI_S2_IPA, d->vmid, 0) :
		       smmuv3_make_tlbi_va(d->smmu->f.e2h, d->asid);
}

bool smmuv3_add_tlbi_range(struct smmuv3_batch *batch,
			   const struct smmuv3_domain *d, uint64_t start,
			   uint64_t end)
{
	const struct smmuv3_tlbi t = {
		.page = tlbi_page(d),
		.all = smmuv3_tlbi_all(d),
		.granule_lg2 = d->table.granule_lg2,
	};
	uint64_t limit = BIT(d->table.va_bits), size = BIT(t.granule_lg2);
	uint64_t va = align_down(start, size);

	/* Of the kernel's half: rare, and its addresses are beyond limit. */
	if (d->table.upper) {
		smmuv3_batch_add(batch, t.all);
		return true;
	}
	if (end > limit)
		end = limit;
	if (va >= end)
		return false;
	if (div_round_up(end - va, size) * size == limit) {
		smmuv3_batch_add(batch, t.all);
		return true;
	}
	return smmuv3_add_tlbi_pages(batch, &t, va,
				     div_round_up(end - va, size));
}

int smmuv3_tlbi_or_fail_closed(struct smmuv3 *smmu, struct smmu_cmd all)
{
	struct smmuv3_batch batch;

	smmuv3_batch_init(&batch, smmu);
	smmuv3_batch_add(&batch, all);
	if (!smmuv3_batch_sync(&batch))
		return 0;
	smmuv3_fail_closed(smmu, "TLB invalidation failed");
	return smmuv3_is_stopped(smmu) ? 0 : -ETIMEDOUT;
}
