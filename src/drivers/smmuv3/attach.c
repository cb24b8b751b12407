/* SPDX-License-Identifier: MIT */
/*
 * Domains with a table, and the (device, PASID) pairs they are attached to.
 *
 * It is attached to a pair by a CD that points to its own or the address
 * space's table; traffic without a PASID uses the CD of 0. The list of
 * attachments is what an invalidation has to reach; a pair joins it before its
 * CD is written and leaves it after the last invalidation that concerns it has
 * completed. [R11]
 */
#include "base/errno.h"
#include "drivers/smmuv3/attach.h"

struct smmuv3_attach *
smmuv3_attach_find_locked(struct smmuv3_domain *d,
			  const struct smmuv3_device *sdev, ioasid_t pasid)
{
	struct smmuv3_attach *a;

	list_for_each(a, &d->attaches, link)
		if (a->sdev == sdev && a->pasid == pasid)
			return a;
	return NULL;
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
	a = smmuv3_attach_find_locked(old, sdev, pasid);
	if (a)
		a->passive = passive;
	if (a && !passive && old->dead && !a->quiet) {
		smmuv3_quiesce_locked(old, a);
		(void)smmuv3_forget_pair_locked(old, a);
	}
	plat_unlock(old->smmu->plat, &old->lock);
}

/* The CD is another domain's, or has gone. */
void smmuv3_leave(struct smmuv3_domain *d, const struct smmuv3_device *sdev,
		  ioasid_t pasid)
{
	struct smmuv3_attach *a;

	plat_lock(d->smmu->plat, &d->lock);
	a = smmuv3_attach_find_locked(d, sdev, pasid);
	if (a) {
		(void)smmuv3_forget_pair_locked(d, a);
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
			(void)smmuv3_forget_pair_locked(d, a);
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
		smmuv3_leave(old, a->sdev, a->pasid);
	return err;
}

int smmuv3_attach_table(struct smmuv3_domain *d, struct smmuv3_device *sdev,
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
void smmuv3_detach_table(struct smmuv3_domain *d, struct smmuv3_device *sdev,
			 ioasid_t pasid)
{
	struct smmuv3_attach *a;
	int err = 0;

	plat_lock(d->smmu->plat, &d->lock);
	a = smmuv3_attach_find_locked(d, sdev, pasid);
	if (a) {
		err = smmuv3_cd_clear(sdev, pasid, a->cd);
		/* Nothing is left that a release could make quiet. */
		a->passive = true;
	}
	if (err) {
		smmuv3_report_stuck(d, err);
		smmuv3_fail_closed(d->smmu, "a CD cannot be taken out");
	}
	plat_unlock(d->smmu->plat, &d->lock);
	smmuv3_leave(d, sdev, pasid);
}
