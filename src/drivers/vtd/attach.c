/* SPDX-License-Identifier: MIT */
/*
 * Attaching a domain to a (device, PASID) pair, replacing, taking it away.
 *
 * The device sees the old domain, then aborts, then the new one: the entry is
 * retired with everything cached of it, and only then the new one is installed.
 * (Linux does the same since 7.0.) Both domains have the pair on their lists
 * until that is over, so an invalidation of either reaches it. [R11]
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/nest.h"
#include "drivers/vtd/vtd.h"

static struct vtd_attach *
find_locked(struct vtd_domain *d, const struct vtd_device *vdev, ioasid_t pasid)
{
	struct vtd_attach *a;

	list_for_each(a, &d->attaches, link)
		if (a->vdev == vdev && a->pasid == pasid)
			return a;
	return NULL;
}

/* Sorted by PASID. */
static void add_locked(struct vtd_domain *d, struct vtd_attach *a)
{
	struct vtd_attach *next;

	list_for_each(next, &d->attaches, link)
		if (next->pasid >= a->pasid)
			break;
	/* Before it; at the end that is the head. */
	list_add_tail(&next->link, &a->link);
}

/*
 * Passive, old leaves the entry alone, but goes on invalidating the pair. A
 * release of meanwhile waits until it is not; if it gets the entry back, it
 * makes it quiet.
 */
static void make_passive(struct vtd_domain *old, const struct vtd_device *vdev,
			 ioasid_t pasid, bool passive)
{
	struct vtd_attach *a;

	vtd_domain_lock(old);
	a = find_locked(old, vdev, pasid);
	if (a)
		a->passive = passive;
	vtd_domain_unlock(old);
	plat_event_signal(old->u->plat, &old->event);
}

/* Faults are told apart by it. Relaxed: it orders nothing. */
static void mark(const struct vtd_domain *d, struct vtd_device *vdev)
{
	if (d->nest)
		atomic_fetch_add_explicit(&vdev->nested, 1,
					  memory_order_relaxed);
}

static void unmark(const struct vtd_domain *d, struct vtd_device *vdev)
{
	if (d->nest)
		atomic_fetch_sub_explicit(&vdev->nested, 1,
					  memory_order_relaxed);
}

/* The entry is another domain's, or has gone with all that was cached of it. */
static void leave(struct vtd_domain *d, const struct vtd_device *vdev,
		  ioasid_t pasid)
{
	struct vtd_attach *a;

	vtd_domain_lock(d);
	a = find_locked(d, vdev, pasid);
	if (a) {
		list_del(&a->link);
		unmark(d, a->vdev);
	}
	vtd_domain_unlock(d);
	plat_event_signal(d->u->plat, &d->event);
	plat_free(d->u->plat, a);
}

/* What a guest's table has is not one entry: vtd_shadow_open() follows. */
static int install(struct vtd_domain *d, struct vtd_attach *a)
{
	struct vtd_pasid entry;

	if (vtd_is_shadow(d))
		return 0;
	entry = vtd_make_pasid(d);
	return vtd_pasid_install(a->vdev, a->pasid, a->slot, &entry);
}

/* The domain's part of an attachment; -ESRCH: nothing was touched. */
static int join(struct vtd_domain *d, struct vtd_attach *a)
{
	int err;

	vtd_domain_lock(d);
	if (d->dead) {
		vtd_domain_unlock(d);
		return -ESRCH;
	}
	mark(d, a->vdev);
	add_locked(d, a);
	err = vtd_pasid_retire(a->vdev, a->pasid, a->slot, false);
	if (!err)
		err = install(d, a);
	if (err) {
		list_del(&a->link);
		unmark(d, a->vdev);
	}
	vtd_domain_unlock(d);
	/* Whatever it was: the pair aborts now. */
	return err ? -ETIMEDOUT : 0;
}

/* Out of the table, quiet or not. Cannot fail: see vtd_pasid_retire(). */
static void detach(struct vtd_domain *d, struct vtd_device *vdev,
		   ioasid_t pasid)
{
	struct vtd_attach *a;

	if (vtd_is_shadow(d))
		vtd_shadow_close(d);
	vtd_domain_lock(d);
	a = find_locked(d, vdev, pasid);
	if (a && vtd_pasid_retire(vdev, pasid, a->slot, false))
		plat_log(d->u->plat, PLAT_LOG_ERR,
			 "%s: PASID %u of %s was not taken out in order",
			 d->u->name, pasid, iommu_device_name(vdev->dev));
	if (a) {
		list_del(&a->link);
		unmark(d, vdev);
	}
	vtd_domain_unlock(d);
	plat_free(d->u->plat, a);
}

/* After a guest's table the parent comes back, whatever memory there is. */
static struct vtd_attach *new_attach(const struct plat *plat,
				     struct vtd_domain *old)
{
	struct vtd_attach *a;

	if (!old || !old->nest || !old->nest->spare)
		return plat_zalloc(plat, sizeof(*a));
	a = old->nest->spare;
	old->nest->spare = NULL;
	return a;
}

static int attach(struct vtd_domain *d, struct vtd_device *vdev, ioasid_t pasid,
		  struct vtd_domain *old)
{
	const struct plat *plat = d->u->plat;
	struct vtd_attach *a;
	int err;

	/* One table after another may fail, and then the first stays. */
	a = new_attach(plat, vtd_is_shadow(d) ? NULL : old);
	if (!a)
		return -ENOMEM;
	a->vdev = vdev;
	a->pasid = pasid;
	err = vtd_pasidtab_get(vdev, pasid, &a->slot);
	if (!err && vtd_is_shadow(d))
		err = vtd_shadow_prepare(d);
	if (err)
		goto free_attach;
	if (old)
		make_passive(old, vdev, pasid, true);
	if (old && vtd_is_shadow(old))
		vtd_shadow_close(old);
	err = join(d, a);
	if (old && err == -ESRCH)
		make_passive(old, vdev, pasid, false);
	else if (old)
		leave(old, vdev, pasid);
	if (!err && vtd_is_shadow(d) && vtd_shadow_open(d)) {
		detach(d, vdev, pasid);
		return -ETIMEDOUT;
	}
	if (!err)
		return 0;
free_attach:
	plat_free(plat, a);
	return err;
}

int vtd_set_dev_pasid(struct iommu_domain *domain, struct iommu_device *dev,
		      ioasid_t pasid, struct iommu_domain *old)
{
	struct vtd_device *vdev = iommu_device_priv(dev);
	struct vtd_domain *d = to_vtd_domain(domain);
	struct vtd_domain *o = old ? to_vtd_domain(old) : NULL;

	if (d->type == IOMMU_DOMAIN_SVA && pasid == IOMMU_NO_PASID)
		return -EINVAL;
	if ((uint64_t)pasid >> vdev->ptab.bits)
		return -EINVAL;
	if (d->nest && (d->nest->vdev != vdev ||
			(vtd_is_shadow(d) && pasid != IOMMU_NO_PASID)))
		return -EINVAL;
	/* A pair nothing is attached to is blocked. */
	if (o && o->type == IOMMU_DOMAIN_BLOCKED)
		o = NULL;
	if (d->type != IOMMU_DOMAIN_BLOCKED)
		return attach(d, vdev, pasid, o);
	if (o)
		detach(o, vdev, pasid);
	return vtd_is_dead(d->u) ? -ETIMEDOUT : 0;
}

void vtd_remove_dev_pasid(struct iommu_domain *domain, struct iommu_device *dev,
			  ioasid_t pasid)
{
	detach(to_vtd_domain(domain), iommu_device_priv(dev), pasid);
}

void vtd_quiesce_dev_pasid(struct iommu_domain *domain,
			   struct iommu_device *dev, ioasid_t pasid)
{
	struct vtd_device *vdev = iommu_device_priv(dev);
	struct vtd_domain *d = to_vtd_domain(domain);
	struct vtd_attach *a;

	vtd_domain_lock(d);
	a = find_locked(d, vdev, pasid);
	if (a)
		vtd_quiesce_locked(d, a);
	vtd_domain_unlock(d);
}
