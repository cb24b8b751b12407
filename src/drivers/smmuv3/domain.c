/* SPDX-License-Identifier: MIT */
/*
 * Domains: blocked, identity, paging (paging.c has its table), and those of
 * address spaces (SVA).
 *
 * One with a table has one ASID of this SMMU (asid.c), and an SVA domain one
 * subscription to its address space. It is attached to a pair by a CD that
 * points to its own or the address space's table; traffic without a PASID uses
 * the CD of 0. The list of attachments is what an invalidation has to reach; a
 * pair joins it before its CD is written and leaves it after the last
 * invalidation that concerns it has completed. [R11]
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/inval.h"
#include "drivers/smmuv3/smmuv3.h"

/* Without a substream entries of all of them go. [R10] */
static void add_atc_inv(struct smmuv3_batch *batch,
			const struct smmuv3_attach *a, uint64_t start,
			uint64_t end)
{
	smmuv3_add_atc_inv(batch, a->sdev, a->pasid != IOMMU_NO_PASID, a->pasid,
			   start, end);
}

static int atc_flush(const struct smmuv3_attach *a, uint64_t start,
		     uint64_t end)
{
	return smmuv3_atc_flush(a->sdev, a->pasid != IOMMU_NO_PASID, a->pasid,
				start, end);
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

static void report_stuck(const struct smmuv3_domain *d, int err)
{
	plat_log(d->smmu->plat, PLAT_LOG_ERR,
		 "%s: invalidation of ASID %u failed: error %d", d->smmu->name,
		 d->asid, err);
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
	if (!by_cpu) {
		smmuv3_add_tlbi_range(&batch, d->asid, &d->table, start, end);
		smmuv3_batch_barrier(&batch);
	}
	list_for_each(a, &d->attaches, link)
		add_atc_inv(&batch, a, start, end);
	err = smmuv3_batch_sync(&batch);
	if (!err)
		return 0;
	report_stuck(d, err);
	err = smmuv3_tlbi_or_fail_closed(d->smmu, d->asid);
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

static void quiesce_locked(struct smmuv3_domain *d, struct smmuv3_attach *a)
{
	int err;

	if (a->quiet || a->passive)
		return;
	err = smmuv3_cd_quiesce(a->sdev, a->pasid, a->cd);
	if (err) {
		report_stuck(d, err);
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
		quiesce_locked(d, a);
	/* What the CPUs do at an exit may come later. */
	(void)invalidate_locked(d, 0, UINT64_MAX, false);
	plat_unlock(d->smmu->plat, &d->lock);
}

static const struct iommu_mm_notifier_ops notifier_ops = {
	.invalidate_range = mm_invalidate_range,
	.release = mm_release,
};

static uint64_t ips_of(unsigned int pa_bits)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52, 56 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bits) - 1 && bits[i] < pa_bits; i++)
		;
	return i;
}

static uint64_t tg0_of(unsigned int granule_lg2)
{
	return granule_lg2 == 12 ? SMMU_TG0_4K :
	       granule_lg2 == 14 ? SMMU_TG0_16K :
				   SMMU_TG0_64K;
}

static uint64_t tg1_of(unsigned int granule_lg2)
{
	return granule_lg2 == 12 ? SMMU_TG1_4K :
	       granule_lg2 == 14 ? SMMU_TG1_16K :
				   SMMU_TG1_64K;
}

/* The table is of one half, and the other one is not walked. */
static void set_half(struct smmu_cd *cd, const struct iommu_mm_table *t)
{
	FIELD_SET(SMMU_CD_EPD0, cd, t->upper);
	FIELD_SET(SMMU_CD_EPD1, cd, !t->upper);
	if (t->upper) {
		FIELD_SET(SMMU_CD_T1SZ, cd, 64 - t->va_bits);
		FIELD_SET(SMMU_CD_TG1, cd, tg1_of(t->granule_lg2));
		FIELD_SET(SMMU_CD_IR1, cd, SMMU_RGN_WB_RAWA);
		FIELD_SET(SMMU_CD_OR1, cd, SMMU_RGN_WB_RAWA);
		FIELD_SET(SMMU_CD_SH1, cd, SMMU_SH_ISH);
		smmu_cd_set_ttb1(cd, t->root);
		return;
	}
	FIELD_SET(SMMU_CD_T0SZ, cd, 64 - t->va_bits);
	FIELD_SET(SMMU_CD_TG0, cd, tg0_of(t->granule_lg2));
	FIELD_SET(SMMU_CD_IR0, cd, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_CD_OR0, cd, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_CD_SH0, cd, SMMU_SH_ISH);
	smmu_cd_set_ttb0(cd, t->root);
}

struct smmu_cd smmuv3_make_cd(const struct smmuv3_domain *d,
			      const struct smmuv3_device *sdev)
{
	const struct smmuv3_features *f = &d->smmu->f;
	/* Nobody could answer for a table of the driver's. */
	bool stall = sdev->can_stall && d->type == IOMMU_DOMAIN_SVA;
	struct smmu_cd cd = { { 0 } };

	set_half(&cd, &d->table);
	FIELD_SET(SMMU_CD_V, &cd, 1);
	FIELD_SET(SMMU_CD_IPS, &cd, ips_of(d->table.pa_bits));
	FIELD_SET(SMMU_CD_AA64, &cd, 1);
	FIELD_SET(SMMU_CD_HA, &cd, f->httu_access); /* [K17] */
	FIELD_SET(SMMU_CD_HD, &cd, f->httu_dirty);
	/* [K7]: forced, it is set for all; a device that cannot wait fails. */
	FIELD_SET(SMMU_CD_S, &cd, stall || f->stall_forced);
	FIELD_SET(SMMU_CD_R, &cd, 1);
	FIELD_SET(SMMU_CD_A, &cd, 1);
	FIELD_SET(SMMU_CD_ASET, &cd, !d->shared_mm); /* [K11] */
	FIELD_SET(SMMU_CD_ASID, &cd, d->asid);
	FIELD_SET(SMMU_CD_HAFT, &cd, d->table.haft);
	FIELD_SET(SMMU_CD_DS, &cd, d->table.ds);
	smmu_cd_set_mair(&cd, d->table.mair);
	return cd;
}

static int init_sva(struct smmuv3_domain *d, struct iommu_mm *mm)
{
	struct smmuv3 *smmu = d->smmu;
	int err;

	err = mm->ops->get_table(mm, IOMMU_TABLE_ARM_64_LPAE_S1, &d->table);
	if (err)
		return err;
	if (smmuv3_lacks_table(smmu, &d->table, NULL))
		return -EOPNOTSUPP;
	err = smmuv3_asid_get(d, mm);
	if (err)
		return err;
	d->notifier.ops = &notifier_ops;
	err = iommu_mm_notifier_register(&d->notifier, mm);
	if (err)
		smmuv3_asid_put(d);
	return err;
}

static int init_domain(struct smmuv3_domain *d, struct iommu_mm *mm)
{
	switch (d->type) {
	case IOMMU_DOMAIN_BLOCKED:
	case IOMMU_DOMAIN_IDENTITY:
		return 0;
	case IOMMU_DOMAIN_PAGING:
		return smmuv3_paging_init(d);
	case IOMMU_DOMAIN_SVA:
		return init_sva(d, mm);
	case IOMMU_DOMAIN_NESTED:
		break;
	}
	return -EOPNOTSUPP;
}

int smmuv3_domain_alloc(struct iommu_unit *unit, enum iommu_domain_type type,
			struct iommu_mm *mm, struct iommu_domain **ret_domain)
{
	struct smmuv3 *smmu = to_smmuv3(unit);
	struct smmuv3_domain *d;
	int err;

	d = plat_zalloc(smmu->plat, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->smmu = smmu;
	d->type = type;
	list_init(&d->attaches);
	/* Before a notifier can come. */
	plat_lock_init(smmu->plat, &d->lock, PLAT_LOCK_SPIN, PLAT_RANK_DOMAIN,
		       "smmuv3 domain");
	err = init_domain(d, mm);
	if (err) {
		plat_lock_fini(smmu->plat, &d->lock);
		plat_free(smmu->plat, d);
		return err;
	}
	*ret_domain = &d->domain;
	return 0;
}

void smmuv3_domain_free(struct iommu_domain *domain)
{
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	struct smmuv3 *smmu = d->smmu;

	if (d->type == IOMMU_DOMAIN_SVA) {
		iommu_mm_notifier_unregister(&d->notifier);
		smmuv3_asid_put(d);
	}
	if (d->type == IOMMU_DOMAIN_PAGING)
		smmuv3_paging_fini(d);
	plat_lock_fini(smmu->plat, &d->lock);
	plat_free(smmu->plat, d);
}

static struct smmuv3_attach *find_locked(struct smmuv3_domain *d,
					 const struct smmuv3_device *sdev,
					 ioasid_t pasid)
{
	struct smmuv3_attach *a;

	list_for_each(a, &d->attaches, link)
		if (a->sdev == sdev && a->pasid == pasid)
			return a;
	return NULL;
}

/* What is cached of the pair goes: TLB, sync, its ATC, sync. [R1] [R10] */
static int forget_pair_locked(struct smmuv3_domain *d,
			      const struct smmuv3_attach *a)
{
	struct smmuv3_batch batch;
	int err;

	smmuv3_batch_init(&batch, d->smmu);
	smmuv3_batch_add(&batch,
			 smmuv3_make_tlbi_asid(d->smmu->f.e2h, d->asid));
	smmuv3_batch_barrier(&batch);
	add_atc_inv(&batch, a, 0, UINT64_MAX);
	err = smmuv3_batch_sync(&batch);
	if (err) {
		report_stuck(d, err);
		(void)smmuv3_tlbi_or_fail_closed(d->smmu, d->asid);
		(void)atc_flush(a, 0, UINT64_MAX);
	}
	return err;
}

/*
 * Passive, old leaves the CD alone, but goes on invalidating the pair. If it
 * gets the CD back, it makes up for a release of meanwhile.
 */
static void make_passive(struct smmuv3_domain *old,
			 const struct smmuv3_device *sdev, ioasid_t pasid,
			 bool passive)
{
	struct smmuv3_attach *a;

	plat_lock(old->smmu->plat, &old->lock);
	a = find_locked(old, sdev, pasid);
	if (a)
		a->passive = passive;
	if (a && !passive && old->dead && !a->quiet) {
		quiesce_locked(old, a);
		(void)forget_pair_locked(old, a);
	}
	plat_unlock(old->smmu->plat, &old->lock);
}

/* The CD is another domain's, or has gone. */
static void leave(struct smmuv3_domain *d, const struct smmuv3_device *sdev,
		  ioasid_t pasid)
{
	struct smmuv3_attach *a;

	plat_lock(d->smmu->plat, &d->lock);
	a = find_locked(d, sdev, pasid);
	if (a) {
		(void)forget_pair_locked(d, a);
		list_del(&a->link);
	}
	plat_unlock(d->smmu->plat, &d->lock);
	plat_free(d->smmu->plat, a);
}

/* The domain's part of an attachment; the slot is there. */
static int join(struct smmuv3_domain *d, struct smmuv3_attach *a)
{
	struct smmu_cd cd;
	int err = 0;

	plat_lock(d->smmu->plat, &d->lock);
	if (d->dead) {
		err = -ESRCH;
	} else {
		list_add_tail(&d->attaches, &a->link);
		/* Here, as the ASID may be another one in the next moment. */
		cd = smmuv3_make_cd(d, a->sdev);
		err = smmuv3_cd_install(a->sdev, a->pasid, a->cd, &cd);
		if (err) {
			/* It was live for a moment, maybe: see R9. */
			(void)forget_pair_locked(d, a);
			list_del(&a->link);
		}
	}
	plat_unlock(d->smmu->plat, &d->lock);
	return err;
}

/*
 * In place of another domain. Between the first step and the last the CD is
 * nobody's to rewrite, so ASIDs stay whose they are meanwhile.
 */
static int replace(struct smmuv3_domain *d, struct smmuv3_attach *a,
		   struct smmuv3_domain *old)
{
	const struct plat *plat = d->smmu->plat;
	int err;

	plat_lock(plat, &d->smmu->asids.lock);
	make_passive(old, a->sdev, a->pasid, true);
	err = join(d, a);
	/* Dead: nothing was written. Otherwise the entry aborts by now. */
	if (err)
		make_passive(old, a->sdev, a->pasid, false);
	plat_unlock(plat, &d->smmu->asids.lock);
	if (!err)
		leave(old, a->sdev, a->pasid);
	return err;
}

static int attach_table(struct smmuv3_domain *d, struct smmuv3_device *sdev,
			ioasid_t pasid, struct smmuv3_domain *old)
{
	const struct plat *plat = d->smmu->plat;
	struct smmuv3_attach *a;
	bool new_leaf;
	int err;

	a = plat_zalloc(plat, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->sdev = sdev;
	a->pasid = pasid;
	err = smmuv3_cdtab_get(&sdev->cdtab, pasid, &a->cd, &new_leaf);
	if (!err && new_leaf)
		err = smmuv3_cd_publish_leaf(sdev, pasid);
	if (!err)
		err = old ? replace(d, a, old) : join(d, a);
	if (err)
		plat_free(plat, a);
	return err;
}

/* The CD goes, and what is cached of the pair. Cannot fail. */
static void detach_table(struct smmuv3_domain *d, struct smmuv3_device *sdev,
			 ioasid_t pasid)
{
	struct smmuv3_attach *a;
	int err = 0;

	plat_lock(d->smmu->plat, &d->lock);
	a = find_locked(d, sdev, pasid);
	if (a) {
		err = smmuv3_cd_clear(sdev, pasid, a->cd);
		/* Nothing is left that a release could make quiet. */
		a->passive = true;
	}
	if (err) {
		report_stuck(d, err);
		smmuv3_fail_closed(d->smmu, "a CD cannot be taken out");
	}
	plat_unlock(d->smmu->plat, &d->lock);
	leave(d, sdev, pasid);
}

/*
 * What has no PASID. From one table to another the CD of 0 changes; otherwise
 * the STE, with the CD there before and until after. What fails in the SMMU
 * leaves it blocked, and core forgets what was there.
 */
static int set_untagged(struct smmuv3_domain *d, struct smmuv3_device *sdev,
			struct smmuv3_domain *old)
{
	struct smmuv3_domain *table = old && smmuv3_has_table(old) ? old : NULL;
	int err = 0;

	if (smmuv3_has_table(d)) {
		err = attach_table(d, sdev, IOMMU_NO_PASID, table);
		if (err == -ENOMEM)
			return err;
		if (!err && table)
			return 0;
	}
	if (!err)
		err = smmuv3_set_no_pasid(sdev, d->type);
	else if (smmuv3_set_no_pasid(sdev, IOMMU_DOMAIN_BLOCKED))
		err = -ETIMEDOUT;
	if (table)
		detach_table(table, sdev, IOMMU_NO_PASID);
	if (err && smmuv3_has_table(d))
		detach_table(d, sdev, IOMMU_NO_PASID);
	return err ? -ETIMEDOUT : 0;
}

int smmuv3_set_dev_pasid(struct iommu_domain *domain, struct iommu_device *dev,
			 ioasid_t pasid, struct iommu_domain *old)
{
	struct smmuv3_device *sdev = iommu_device_priv(dev);
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	struct smmuv3_domain *o = old ? to_smmuv3_domain(old) : NULL;

	if (pasid == IOMMU_NO_PASID)
		return d->type == IOMMU_DOMAIN_SVA ? -EINVAL :
						     set_untagged(d, sdev, o);
	if (!smmuv3_has_table(d) || (uint64_t)pasid >> sdev->cdtab.ssid_bits)
		return -EINVAL;
	return attach_table(d, sdev, pasid,
			    o && smmuv3_has_table(o) ? o : NULL);
}

void smmuv3_remove_dev_pasid(struct iommu_domain *domain,
			     struct iommu_device *dev, ioasid_t pasid)
{
	struct smmuv3_device *sdev = iommu_device_priv(dev);
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	int err;

	if (pasid == IOMMU_NO_PASID) {
		err = smmuv3_set_no_pasid(sdev, IOMMU_DOMAIN_BLOCKED);
		if (err) {
			report_stuck(d, err);
			smmuv3_fail_closed(d->smmu, "a stream stays open");
		}
	}
	if (smmuv3_has_table(d))
		detach_table(d, sdev, pasid);
}

void smmuv3_quiesce_dev_pasid(struct iommu_domain *domain,
			      struct iommu_device *dev, ioasid_t pasid)
{
	struct smmuv3_device *sdev = iommu_device_priv(dev);
	struct smmuv3_domain *d = to_smmuv3_domain(domain);
	struct smmuv3_attach *a;

	if (pasid == IOMMU_NO_PASID || !smmuv3_has_table(d)) {
		smmuv3_remove_dev_pasid(domain, dev, pasid);
		return;
	}
	plat_lock(d->smmu->plat, &d->lock);
	a = find_locked(d, sdev, pasid);
	if (a && !a->quiet) {
		quiesce_locked(d, a);
		(void)forget_pair_locked(d, a);
	}
	plat_unlock(d->smmu->plat, &d->lock);
}
