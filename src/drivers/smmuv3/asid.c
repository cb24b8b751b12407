/* SPDX-License-Identifier: MIT */
/*
 * ASIDs: Arm IHI 0070, 3.17. [K10] to [K14], [R13]
 *
 * An SMMU has one space of them. 0 is nobody's. An ASID is *private* to one
 * domain (CD.ASET 1) and then any that is free will do, or it is *shared* with
 * the CPUs (ASET 0): the one that they use for the address space, so that
 * their broadcast TLB maintenance reaches what the SMMU has cached. A shared
 * one is not ours to choose. If it belongs to a private domain, that one moves
 * to another; see move_locked().
 *
 * The lock of all this is taken outside those of domains. An ASID changes
 * hands under it, with nothing of its last owner in the TLB.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/smmuv3.h"

int smmuv3_asids_init(struct smmuv3 *smmu)
{
	struct smmuv3_asids *as = &smmu->asids;

	as->taken =
		plat_zalloc(smmu->plat, ((size_t)1 << smmu->f.asid_bits) / 8);
	if (!as->taken)
		return -ENOMEM;
	as->taken[0] = 1;
	plat_lock_init(smmu->plat, &as->lock, PLAT_LOCK_MUTEX, PLAT_RANK_HWID,
		       "smmuv3 ASIDs");
	return 0;
}

void smmuv3_asids_fini(struct smmuv3 *smmu)
{
	struct smmuv3_asids *as = &smmu->asids;
	size_t i;

	if (!as->taken)
		return;
	for (i = 0; i < ARRAY_SIZE(as->leaves); i++)
		plat_free(smmu->plat, as->leaves[i]);
	plat_free(smmu->plat, as->taken);
	plat_lock_fini(smmu->plat, &as->lock);
}

static bool is_taken_locked(const struct smmuv3 *smmu, uint16_t asid)
{
	return smmu->asids.taken[asid / 64] >> (asid % 64) & 1;
}

/* Where the first domain of an ASID that is in use is noted. */
static struct smmuv3_domain **owner_of_locked(struct smmuv3 *smmu,
					      uint16_t asid)
{
	return &smmu->asids.leaves[asid / SMMUV3_ASID_LEAF]
			->owners[asid % SMMUV3_ASID_LEAF];
}

/* The same of any ASID; NULL: there is no room. */
static struct smmuv3_domain **owner_locked(struct smmuv3 *smmu, uint16_t asid)
{
	struct smmuv3_asid_leaf **leaf =
		&smmu->asids.leaves[asid / SMMUV3_ASID_LEAF];

	if (!*leaf)
		*leaf = plat_zalloc(smmu->plat, sizeof(**leaf));
	return *leaf ? owner_of_locked(smmu, asid) : NULL;
}

/* The lowest that is free. -ENOSPC, -ENOMEM */
static int take_locked(struct smmuv3 *smmu, struct smmuv3_domain *d,
		       uint16_t *ret_asid)
{
	unsigned int words = (1u << smmu->f.asid_bits) / 64, w;
	struct smmuv3_domain **owner;
	uint16_t asid;

	for (w = 0; w < words && !~smmu->asids.taken[w]; w++)
		;
	if (w == words)
		return -ENOSPC;
	asid = (uint16_t)(64 * w +
			  (unsigned int)__builtin_ctzll(~smmu->asids.taken[w]));
	owner = owner_locked(smmu, asid);
	if (!owner)
		return -ENOMEM;
	smmu->asids.taken[w] |= BIT(asid % 64);
	*owner = d;
	*ret_asid = asid;
	return 0;
}

static int flush(struct smmuv3 *smmu, uint16_t asid)
{
	struct smmuv3_batch batch;

	smmuv3_batch_init(&batch, smmu);
	smmuv3_batch_add(&batch, smmuv3_make_tlbi_asid(smmu->f.e2h, asid));
	return smmuv3_batch_sync(&batch);
}

/*
 * [K13]: another ASID for a private domain. Its CDs are rewritten, each in one
 * store, then the old ASID leaves the TLB. The domain's lock is held all the
 * time: whoever unmaps waits for it, and then invalidates under the new ASID,
 * under which there can be entries by now. None are left under the old one, so
 * no unmap is lost.
 */
static int move_locked(struct smmuv3 *smmu, struct smmuv3_domain *d)
{
	struct smmuv3_attach *a;
	uint16_t old, fresh;
	int err, one;

	err = take_locked(smmu, d, &fresh);
	if (err)
		return err;
	plat_lock(smmu->plat, &d->lock);
	old = d->asid;
	d->asid = fresh;
	list_for_each(a, &d->attaches, link) {
		/* Passive: the CD is another domain's, or there is none. */
		if (a->passive)
			continue;
		one = smmuv3_cd_set_asid(a->sdev, a->pasid, a->cd, fresh);
		err = err ? err : one;
	}
	one = flush(smmu, old);
	err = err ? err : one;
	if (err)
		smmuv3_fail_closed(smmu, "an ASID is not given up");
	plat_unlock(smmu->plat, &d->lock);
	if (err)
		/* Nobody's for good. */
		*owner_of_locked(smmu, old) = NULL;
	return err;
}

/* The CPUs' ASID of an address space. [K12] */
static int share_locked(struct smmuv3 *smmu, struct smmuv3_domain *d,
			struct iommu_mm *mm, uint16_t asid)
{
	struct smmuv3_domain **owner = owner_locked(smmu, asid);
	int err = 0;

	if (!owner)
		return -ENOMEM;
	if (*owner && !(*owner)->shared_mm)
		err = move_locked(smmu, *owner);
	else if (*owner && (*owner)->shared_mm != mm)
		err = -ESRCH; /* the CPUs' ids are not what they say */
	else if (!*owner && is_taken_locked(smmu, asid))
		err = flush(smmu, asid); /* could not be flushed before */
	if (err)
		return err;
	d->next_shared = *owner && (*owner)->shared_mm ? *owner : NULL;
	*owner = d;
	smmu->asids.taken[asid / 64] |= BIT(asid % 64);
	d->asid = asid;
	d->shared_mm = mm;
	return 0;
}

static int get_shared(struct smmuv3_domain *d, struct iommu_mm *mm)
{
	struct smmuv3 *smmu = d->smmu;
	uint16_t asid;
	int err;

	err = smmu->cpu.ops->pin(smmu->cpu.ctx, mm, &asid);
	if (err)
		return err == -EOPNOTSUPP ? err : -ESRCH;
	plat_lock(smmu->plat, &smmu->asids.lock);
	if (!asid || (uint32_t)asid >> smmu->f.asid_bits)
		err = -ESRCH;
	else
		err = share_locked(smmu, d, mm, asid);
	plat_unlock(smmu->plat, &smmu->asids.lock);
	if (err)
		smmu->cpu.ops->unpin(smmu->cpu.ctx, mm);
	return err;
}

int smmuv3_asid_get_private(struct smmuv3_domain *d)
{
	struct smmuv3 *smmu = d->smmu;
	int err;

	plat_lock(smmu->plat, &smmu->asids.lock);
	err = take_locked(smmu, d, &d->asid);
	plat_unlock(smmu->plat, &smmu->asids.lock);
	return err;
}

int smmuv3_asid_get(struct smmuv3_domain *d, struct iommu_mm *mm)
{
	int err = -EOPNOTSUPP;

	if (d->smmu->f.btm)
		err = get_shared(d, mm);
	/* No CPU runs it. */
	return err == -EOPNOTSUPP ? smmuv3_asid_get_private(d) : err;
}

static void unlink_locked(struct smmuv3_domain **owner,
			  const struct smmuv3_domain *d)
{
	while (*owner != d)
		owner = &(*owner)->next_shared;
	*owner = d->next_shared;
}

void smmuv3_asid_put(struct smmuv3_domain *d)
{
	struct smmuv3 *smmu = d->smmu;
	struct smmuv3_domain **owner;
	int err = 0;

	plat_lock(smmu->plat, &smmu->asids.lock);
	owner = owner_of_locked(smmu, d->asid);
	unlink_locked(owner, d);
	if (!*owner) {
		/* [R13]: the next owner finds none of our entries. */
		err = flush(smmu, d->asid);
		if (!err)
			smmu->asids.taken[d->asid / 64] &= ~BIT(d->asid % 64);
	}
	plat_unlock(smmu->plat, &smmu->asids.lock);
	if (err)
		plat_log(smmu->plat, PLAT_LOG_ERR,
			 "%s: ASID %u is not used again: error %d", smmu->name,
			 d->asid, err);
	/* From here on the CPUs may use it for something else. */
	if (d->shared_mm)
		smmu->cpu.ops->unpin(smmu->cpu.ctx, d->shared_mm);
}
