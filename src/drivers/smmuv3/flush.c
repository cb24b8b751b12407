/* SPDX-License-Identifier: MIT */
/*
 * What hardware remembers of a domain goes: when its table changes, when a pair
 * leaves it, when its address space does.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/attach.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/inval.h"

/*
 * Without a substream entries of all of them go. [R10] Where there is a guest's
 * stage 1, the device knows its addresses, and not what they lead to.
 */
static void add_atc_inv(struct smmuv3_batch *batch,
			const struct smmuv3_attach *a, uint64_t start,
			uint64_t end)
{
	smmuv3_add_atc_inv(batch, a->sdev, a->pasid != IOMMU_NO_PASID, a->pasid,
			   a->nested ? 0 : start, a->nested ? UINT64_MAX : end);
}

static int atc_flush(const struct smmuv3_attach *a, uint64_t start,
		     uint64_t end)
{
	return smmuv3_atc_flush(a->sdev, a->pasid != IOMMU_NO_PASID, a->pasid,
				a->nested ? 0 : start,
				a->nested ? UINT64_MAX : end);
}

/* One pair at a time, to know whose device it is that does not answer. */
static int atc_flush_each_locked(struct smmuv3_domain *d, uint64_t start,
				 uint64_t end)
{
	struct smmuv3_attach *a;
	int err = 0, one;

	list_for_each(a, &d->attaches, link) {
		one = atc_flush(a, start, end);
		err = err ? err : one;
	}
	return err;
}

void smmuv3_report_stuck(const struct smmuv3_domain *d, int err)
{
	plat_log(d->smmu->plat, PLAT_LOG_ERR,
		 "%s: invalidation of %s %u failed: error %d", d->smmu->name,
		 d->stage2 ? "VMID" : "ASID", d->stage2 ? d->vmid : d->asid,
		 err);
}

static bool any_nested_locked(struct smmuv3_domain *d)
{
	struct smmuv3_attach *a;

	list_for_each(a, &d->attaches, link)
		if (a->nested)
			return true;
	return false;
}

/*
 * Of stage 2 first what it made alone, or entries of both stages would be made
 * of it once more (4.4.3.1). What those are by VA only the guest knows.
 */
static void add_tlbi_locked(struct smmuv3_batch *batch, struct smmuv3_domain *d,
			    uint64_t start, uint64_t end)
{
	bool all = smmuv3_add_tlbi_range(batch, d, start, end);

	smmuv3_batch_barrier(batch);
	if (all || !any_nested_locked(d))
		return;
	smmuv3_batch_add(batch, smmuv3_make_tlbi_guest(SMMU_OP_TLBI_NH_ALL,
						       d->vmid, 0));
	smmuv3_batch_barrier(batch);
}

/*
 * TLB, sync, ATCs, sync [R9]: in this order, or an ATC is filled again from
 * the stale TLB. Both syncs go in at once; nothing behind the first starts
 * before it has completed (4.7.3).
 *
 * by_cpu: the CPUs' broadcast has been in the TLB already. [K14]
 */
static int invalidate_locked(struct smmuv3_domain *d, uint64_t start,
			     uint64_t end, bool by_cpu)
{
	struct smmuv3_batch batch;
	struct smmuv3_attach *a;
	int err;

	if (list_empty(&d->attaches))
		return 0;
	smmuv3_batch_init(&batch, d->smmu);
	if (!by_cpu)
		add_tlbi_locked(&batch, d, start, end);
	list_for_each(a, &d->attaches, link)
		add_atc_inv(&batch, a, start, end);
	err = smmuv3_batch_sync(&batch);
	if (!err)
		return 0;
	smmuv3_report_stuck(d, err);
	err = smmuv3_tlbi_or_fail_closed(d->smmu, smmuv3_tlbi_all(d));
	return atc_flush_each_locked(d, start, end) ? -ETIMEDOUT : err;
}

int smmuv3_domain_invalidate_locked(struct smmuv3_domain *d, uint64_t start,
				    uint64_t end)
{
	return invalidate_locked(d, start, end, false);
}

/* [L9]: called with the address space's locks held. */
static void mm_invalidate_range(struct iommu_mm_notifier *n, uint64_t start,
				uint64_t end)
{
	struct smmuv3_domain *d =
		container_of(n, struct smmuv3_domain, notifier);

	if (start >= end)
		return;
	plat_lock(d->smmu->plat, &d->lock);
	(void)invalidate_locked(d, start, end, d->shared_mm);
	plat_unlock(d->smmu->plat, &d->lock);
}

void smmuv3_quiesce_locked(struct smmuv3_domain *d, struct smmuv3_attach *a)
{
	int err;

	if (a->quiet || a->passive)
		return;
	err = smmuv3_cd_quiesce(a->sdev, a->pasid, a->cd);
	if (err) {
		smmuv3_report_stuck(d, err);
		smmuv3_fail_closed(d->smmu, "a CD cannot be made quiet");
	}
	a->quiet = true;
}

/* [R6]: all CDs quiet, then the TLB, then the ATCs; whatever core does. */
static void mm_release(struct iommu_mm_notifier *n)
{
	struct smmuv3_domain *d =
		container_of(n, struct smmuv3_domain, notifier);
	struct smmuv3_attach *a;

	plat_lock(d->smmu->plat, &d->lock);
	d->dead = true;
	list_for_each(a, &d->attaches, link)
		smmuv3_quiesce_locked(d, a);
	/* What the CPUs do at an exit may come later. */
	(void)invalidate_locked(d, 0, UINT64_MAX, false);
	plat_unlock(d->smmu->plat, &d->lock);
}

const struct iommu_mm_notifier_ops smmuv3_notifier_ops = {
	.invalidate_range = mm_invalidate_range,
	.release = mm_release,
};

/* What is cached of the pair goes: TLB, sync, its ATC, sync. [R1] [R10] */
int smmuv3_forget_pair_locked(struct smmuv3_domain *d,
			      const struct smmuv3_attach *a)
{
	struct smmuv3_batch batch;
	int err;

	smmuv3_batch_init(&batch, d->smmu);
	smmuv3_batch_add(&batch, smmuv3_tlbi_all(d));
	smmuv3_batch_barrier(&batch);
	add_atc_inv(&batch, a, 0, UINT64_MAX);
	err = smmuv3_batch_sync(&batch);
	if (err) {
		smmuv3_report_stuck(d, err);
		(void)smmuv3_tlbi_or_fail_closed(d->smmu, smmuv3_tlbi_all(d));
		(void)atc_flush(a, 0, UINT64_MAX);
	}
	return err;
}
