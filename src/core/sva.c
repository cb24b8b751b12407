/* SPDX-License-Identifier: MIT */
/*
 * Binds: thin over attaching the SVA domain of an address space to (device,
 * PASID of the address space), and the exit of an address space.
 *
 * Everything is decided under the SVA lock. It is dropped for what may take
 * long, callbacks and drains; flags in struct attach say so, and whoever needs
 * the outcome waits for the system's event. [B4] [R5]
 */
#include "core/sva.h"

#include "base/errno.h"
#include "core/device.h"
#include "core/why.h"

/*
 * Letters: (c) constant, (s) SVA lock, (a) atomic. The handle is its
 * attachment with a count.
 */
struct iommu_sva {
	struct attach att;
	struct iommu_mm *mm;             /* (c) with a reference */
	void *drvdata;                   /* (c) */
	uint32_t uses;                   /* (s) */
	const struct iommu_sva_ops *ops; /* (s) */
	_Atomic ioasid_t pasid; /* (a) INVALID once the mm has gone [B5] */
};

static struct iommu_sva *find_bond(struct iommu_device *dev,
				   struct iommu_mm *mm)
{
	struct attach *att;

	for (att = mm->sva; att; att = att->next) {
		if (att->sva && att->dev == dev)
			return att->sva;
	}
	return NULL;
}

/*
 * The domain that the binds of @mm on @unit share, NULL without one. Domains
 * that were attached by their owners are none of ours.
 */
static struct iommu_domain *find_domain(const struct iommu_unit *unit,
					struct iommu_mm *mm)
{
	struct attach *att;

	for (att = mm->sva; att; att = att->next) {
		if (att->sva && att->domain->unit == unit)
			return att->domain;
	}
	return NULL;
}

/* What mm_pasid_get_locked() met. */
static void why_pasid(struct iommu_sva_why *why, const struct iommu_device *dev,
		      const struct iommu_mm *mm, int err)
{
	ioasid_t pasid = atomic_load_explicit(&mm->pasid, memory_order_relaxed);

	if (err == -ENOSPC)
		why_numbers(why, IOMMU_SVA_REQ_PASID_SPACE, err, dev->min_pasid,
			    dev->max_pasid);
	else if (err == -EOVERFLOW && pasid < dev->min_pasid)
		why_numbers(why, IOMMU_SVA_REQ_PASID_LIMITS, err,
			    dev->min_pasid, pasid);
	else if (err == -EOVERFLOW && pasid > dev->max_pasid)
		why_numbers(why, IOMMU_SVA_REQ_PASID_LIMITS, err,
			    dev->max_pasid, pasid);
	else
		why_errno(why, IOMMU_SVA_REQ_USES, err);
}

static void why_attach(struct iommu_sva_why *why, ioasid_t pasid, int err)
{
	if (err == -EBUSY)
		why_numbers(why, IOMMU_SVA_REQ_PASID_TAKEN, err, 0, pasid);
	else
		why_errno(why, IOMMU_SVA_REQ_DRIVER, err);
}

/* SVA lock held, and a user of @mm. Nothing is left behind on an error. */
static int bond_make(struct iommu_device *dev, struct iommu_mm *mm,
		     void *drvdata, struct iommu_sva **ret_sva,
		     struct iommu_sva_why *why)
{
	const struct plat *plat = dev->sys->plat;
	struct iommu_domain *shared;
	struct iommu_sva *sva;
	int err;

	sva = plat_zalloc(plat, sizeof(*sva));
	if (!sva)
		return why_set(why, IOMMU_SVA_REQ_MEMORY, -ENOMEM);
	err = mm_pasid_get_locked(mm, dev->min_pasid, dev->max_pasid);
	if (err) {
		why_pasid(why, dev, mm, err);
		goto free_bond;
	}
	shared = find_domain(dev->unit, mm);
	sva->att.domain = shared;
	if (!shared) {
		err = iommu_domain_alloc_sva(dev->unit, mm, &sva->att.domain);
		if (err) {
			why_driver(why, IOMMU_SVA_REQ_DRIVER, err, dev, mm);
			goto put_pasid;
		}
	}
	sva->att.dev = dev;
	sva->att.pasid = atomic_load_explicit(&mm->pasid, memory_order_relaxed);
	sva->att.sva = sva;
	sva->mm = mm;
	sva->drvdata = drvdata;
	sva->uses = 1;
	atomic_init(&sva->pasid, sva->att.pasid);
	err = attach_add_locked(&sva->att);
	if (err) {
		why_attach(why, sva->att.pasid, err);
		goto free_domain;
	}
	iommu_mm_get(mm);
	dev->nr_bonds++;
	*ret_sva = sva;
	return 0;

free_domain:
	if (!shared && iommu_domain_free(sva->att.domain))
		plat_log(plat, PLAT_LOG_ERR, "sva: a fresh domain is in use");
put_pasid:
	/* Not the last reference of the mm: its users hold one. */
	if (mm_pasid_put_locked(mm))
		iommu_mm_put(mm);
free_bond:
	plat_free(plat, sva);
	return err;
}

/* SVA lock held, but dropped while an unbind of the same pair finishes. */
static int bind_locked(struct iommu_device *dev, struct iommu_mm *mm,
		       void *drvdata, struct iommu_sva **ret_sva,
		       struct iommu_sva_why *why)
{
	struct iommu_sva *sva;

	for (;;) {
		if (!dev->feature_on[IOMMU_DEV_FEAT_SVA])
			return why_set(why, IOMMU_SVA_REQ_FEATURE, -ENODEV);
		if (device_shares_group(dev))
			return why_set(why, IOMMU_SVA_REQ_GROUP, -EINVAL);
		sva = find_bond(dev, mm);
		if (!sva)
			return bond_make(dev, mm, drvdata, ret_sva, why);
		if (sva->att.detaching) {
			system_wait_locked(dev->sys);
			continue;
		}
		if (sva->drvdata != drvdata)
			return why_set(why, IOMMU_SVA_REQ_DRVDATA, -EINVAL);
		if (sva->uses == UINT32_MAX)
			return why_set(why, IOMMU_SVA_REQ_USES, -EOVERFLOW);
		sva->uses++;
		*ret_sva = sva;
		return 0;
	}
}

int iommu_sva_bind_why(struct iommu_device *dev, struct iommu_mm *mm,
		       void *drvdata, struct iommu_sva **ret_sva,
		       struct iommu_sva_why *ret_why)
{
	struct iommu_system *sys = dev->sys;
	int err;

	if (mm->sys != sys)
		return why_set(ret_why, IOMMU_SVA_REQ_SYSTEM, -EINVAL);
	/* No exit begins before the bind can be found by it. */
	if (!iommu_mm_get_users(mm))
		return why_set(ret_why, IOMMU_SVA_REQ_MM_LIVE, -ESRCH);
	plat_lock(sys->plat, &sys->sva_lock);
	err = bind_locked(dev, mm, drvdata, ret_sva, ret_why);
	plat_unlock(sys->plat, &sys->sva_lock);
	iommu_mm_put_users(mm);
	return err;
}

int iommu_sva_bind(struct iommu_device *dev, struct iommu_mm *mm, void *drvdata,
		   struct iommu_sva **ret_sva)
{
	return iommu_sva_bind_why(dev, mm, drvdata, ret_sva, NULL);
}

/*
 * The order is R1's: the attachment and everything that could lead to it are
 * gone, then the domain, and only then the PASID may name something else.
 */
static void bond_destroy(struct iommu_sva *sva, struct iommu_domain *last)
{
	struct iommu_device *dev = sva->att.dev;
	struct iommu_system *sys = dev->sys;
	struct iommu_mm *mm = sva->mm;
	bool last_pasid;

	if (last && iommu_domain_free(last))
		plat_log(sys->plat, PLAT_LOG_ERR,
			 "sva: the domain of an unbound mm is in use");
	plat_free(sys->plat, sva);
	plat_lock(sys->plat, &sys->sva_lock);
	last_pasid = mm_pasid_put_locked(mm);
	dev->nr_bonds--;
	plat_unlock(sys->plat, &sys->sva_lock);
	if (last_pasid)
		iommu_mm_put(mm);
	iommu_mm_put(mm);
}

void iommu_sva_unbind(struct iommu_sva *sva)
{
	struct iommu_system *sys = sva->mm->sys;
	struct iommu_domain *domain = sva->att.domain;

	plat_lock(sys->plat, &sys->sva_lock);
	if (--sva->uses || !attach_claim_locked(&sva->att)) {
		plat_unlock(sys->plat, &sys->sva_lock);
		return;
	}
	attach_del_locked(&sva->att);
	if (find_domain(domain->unit, sva->mm) == domain)
		domain = NULL;
	plat_unlock(sys->plat, &sys->sva_lock);
	/* A bind of the same pair may have waited for this. */
	plat_event_signal(sys->plat, &sys->sva_event);
	bond_destroy(sva, domain);
}

ioasid_t iommu_sva_get_pasid(struct iommu_sva *sva)
{
	/* Acquire pairs with the release in sva_mm_exit(): who sees INVALID
	 * also sees what mm_exit did. */
	return atomic_load_explicit(&sva->pasid, memory_order_acquire);
}

int iommu_sva_set_ops(struct iommu_sva *sva, const struct iommu_sva_ops *ops)
{
	struct iommu_system *sys = sva->mm->sys;
	int err = 0;

	if (!ops)
		return -EINVAL;
	plat_lock(sys->plat, &sys->sva_lock);
	if (!sva->ops)
		sva->ops = ops;
	else if (sva->ops != ops)
		err = -EEXIST;
	plat_unlock(sys->plat, &sys->sva_lock);
	return err;
}

/* Of a bind its driver's, of any other attachment the domain's. */
static int call_exit(struct attach *att, const struct iommu_sva_ops *ops)
{
	struct iommu_domain *domain = att->domain;

	if (ops)
		return ops->mm_exit(att->dev, att->sva, att->sva->drvdata);
	domain->exit(att->dev, att->pasid, domain->exit_data);
	return 0;
}

/*
 * Tells the device driver. The lock is dropped; ->exiting keeps the
 * attachment, and with it the bind, where it is.
 */
static void tell_of_exit(struct attach *att)
{
	const struct iommu_sva_ops *ops = att->sva ? att->sva->ops : NULL;
	struct iommu_device *dev = att->dev;
	struct iommu_system *sys = dev->sys;
	int err;

	if (att->sva ? !ops || !ops->mm_exit : !att->domain->exit)
		return;
	att->exiting = true;
	plat_unlock(sys->plat, &sys->sva_lock);
	err = call_exit(att, ops);
	plat_lock(sys->plat, &sys->sva_lock);
	att->exiting = false;
	if (!err)
		return;
	/* The device may go on: nobody else is to get the PASID. */
	att->sva->mm->pasid_leaked = true;
	plat_log(sys->plat, PLAT_LOG_WARN,
		 "%s: mm_exit failed (%d): possible leak of PASID %u",
		 dev->name, err, att->pasid);
}

static struct attach *next_loud(struct iommu_mm *mm)
{
	struct attach *att = mm->sva;

	while (att && att->quiet)
		att = att->next;
	return att;
}

void sva_mm_exit(struct iommu_mm *mm)
{
	struct iommu_system *sys = mm->sys;
	struct attach *att;

	plat_lock(sys->plat, &sys->sva_lock);
	while ((att = next_loud(mm))) {
		/* An unbind that came first needs no callback any more, but
		 * what is left of its entry has to go quiet all the same. */
		if (!att->detaching)
			tell_of_exit(att);
		attach_quiesce_locked(att);
		if (att->sva)
			atomic_store_explicit(&att->sva->pasid,
					      IOMMU_PASID_INVALID,
					      memory_order_release);
		plat_event_signal(sys->plat, &sys->sva_event);
	}
	plat_unlock(sys->plat, &sys->sva_lock);
}
