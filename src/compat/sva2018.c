/* SPDX-License-Identifier: MIT */
/*
 * SVA of 2018 over today's binds.
 *
 * A bond is in the list from before its bind until after its unbind, and
 * ->changing during both: who wants the same meanwhile waits.
 */
#include <sva/compat/sva2018.h>

#include <sva/sva.h>

#include "base/errno.h"
#include "base/list.h"

/* Letters: (c) constant after the bind, (l) the lock. */
struct bond {
	struct list link; /* (l) */
	struct iommu_sva_device *sdev;
	struct iommu_mm *mm;      /* (c) with a reference */
	struct iommu_sva *handle; /* (c) */
	ioasid_t pasid;           /* (c) */
	unsigned long flags;      /* (c) */
	void *drvdata;            /* (c) */
	uint32_t uses;            /* (l) */
	bool changing;            /* (l) */
};

struct iommu_sva_device {
	struct iommu_device *dev;
	const struct plat *plat;
	unsigned long features;
	iommu_mm_exit_handler_t mm_exit;
	struct plat_lock lock;
	struct plat_event event; /* a bond has changed */
	struct list bonds;       /* (l) */
};

static int mm_exits(struct iommu_device *dev, struct iommu_sva *handle,
		    void *drvdata)
{
	struct bond *bond = drvdata;

	(void)handle;
	return bond->sdev->mm_exit(dev, bond->pasid, bond->drvdata);
}

static const struct iommu_sva_ops sva_ops = { mm_exits };

int iommu_sva_device_init(struct iommu_device *dev, unsigned long features,
			  unsigned int max_pasid,
			  iommu_mm_exit_handler_t mm_exit,
			  struct iommu_sva_device **ret_sdev)
{
	const struct plat *plat = iommu_system_plat(iommu_device_system(dev));
	const struct iommu_sva_param param = {
		.max_pasid = max_pasid,
		.own_faults = !(features & IOMMU_SVA_FEAT_IOPF),
	};
	struct iommu_sva_device *sdev;
	int err;

	if (features & ~(unsigned long)IOMMU_SVA_FEAT_IOPF)
		return -EINVAL;
	sdev = plat_zalloc(plat, sizeof(*sdev));
	if (!sdev)
		return -ENOMEM;
	sdev->dev = dev;
	sdev->plat = plat;
	sdev->features = features;
	sdev->mm_exit = mm_exit;
	list_init(&sdev->bonds);
	err = iommu_sva_enable(dev, &param);
	if (err) {
		plat_free(plat, sdev);
		return err;
	}
	plat_lock_init(plat, &sdev->lock, PLAT_LOCK_MUTEX, PLAT_RANK_LEAF,
		       "2018 bonds");
	*ret_sdev = sdev;
	return 0;
}

static void wait_locked(struct iommu_sva_device *sdev)
{
	uint32_t seen = plat_event_read(&sdev->event);

	plat_unlock(sdev->plat, &sdev->lock);
	/* No time limit: as long as a bind, or an mm_exit, takes. */
	if (plat_event_wait(sdev->plat, &sdev->event, seen, UINT64_MAX))
		plat_relax(sdev->plat, 0);
	plat_lock(sdev->plat, &sdev->lock);
}

static struct bond *find_mm_locked(struct iommu_sva_device *sdev,
				   const struct iommu_mm *mm)
{
	struct bond *bond;

	list_for_each(bond, &sdev->bonds, link) {
		if (bond->mm == mm)
			return bond;
	}
	return NULL;
}

static struct bond *find_pasid_locked(struct iommu_sva_device *sdev,
				      ioasid_t pasid)
{
	struct bond *bond;

	list_for_each(bond, &sdev->bonds, link) {
		if (!bond->changing && bond->pasid == pasid)
			return bond;
	}
	return NULL;
}

static int reuse_locked(struct bond *bond, const struct bond *wanted,
			ioasid_t *ret_pasid)
{
	if (bond->flags != wanted->flags)
		return -EDOM;
	if (bond->drvdata != wanted->drvdata)
		return -EINVAL;
	if (bond->uses == UINT32_MAX)
		return -EOVERFLOW;
	bond->uses++;
	*ret_pasid = bond->pasid;
	return 0;
}

/*
 * True: *@ret_err is the bind's answer, from a bond that is there. False: the
 * bind is @bond's to make, which is in the list now.
 */
static bool join(struct iommu_sva_device *sdev, struct bond *bond,
		 ioasid_t *ret_pasid, int *ret_err)
{
	struct bond *other;

	plat_lock(sdev->plat, &sdev->lock);
	while ((other = find_mm_locked(sdev, bond->mm)) && other->changing)
		wait_locked(sdev);
	if (other)
		*ret_err = reuse_locked(other, bond, ret_pasid);
	else
		list_add_tail(&sdev->bonds, &bond->link);
	plat_unlock(sdev->plat, &sdev->lock);
	return other;
}

static int bond_make(struct bond *bond)
{
	struct iommu_sva_device *sdev = bond->sdev;
	int err;

	err = iommu_sva_bind(sdev->dev, bond->mm, bond, &bond->handle);
	if (err)
		return err == -EOVERFLOW ? -ERANGE : err;
	/* The caller has a user, so it is no INVALID. */
	bond->pasid = iommu_sva_get_pasid(bond->handle);
	if (sdev->mm_exit)
		err = iommu_sva_set_ops(bond->handle, &sva_ops);
	if (err)
		iommu_sva_unbind(bond->handle);
	return err;
}

/* Takes it from the list, and says so to who waits. */
static void bond_leave(struct bond *bond)
{
	struct iommu_sva_device *sdev = bond->sdev;

	plat_lock(sdev->plat, &sdev->lock);
	list_del(&bond->link);
	plat_event_signal(sdev->plat, &sdev->event);
	plat_unlock(sdev->plat, &sdev->lock);
	iommu_mm_put(bond->mm);
	plat_free(sdev->plat, bond);
}

int iommu_sva_device_bind(struct iommu_sva_device *sdev, struct iommu_mm *mm,
			  ioasid_t *ret_pasid, unsigned long flags,
			  void *drvdata)
{
	struct bond *bond;
	int err;

	if (flags & ~sdev->features)
		return -EINVAL;
	bond = plat_zalloc(sdev->plat, sizeof(*bond));
	if (!bond)
		return -ENOMEM;
	bond->sdev = sdev;
	bond->mm = mm;
	bond->flags = flags;
	bond->drvdata = drvdata;
	bond->uses = 1;
	bond->changing = true;
	if (join(sdev, bond, ret_pasid, &err)) {
		plat_free(sdev->plat, bond);
		return err;
	}
	iommu_mm_get(mm);
	err = bond_make(bond);
	if (err) {
		bond_leave(bond);
		return err;
	}
	plat_lock(sdev->plat, &sdev->lock);
	*ret_pasid = bond->pasid;
	bond->changing = false;
	plat_event_signal(sdev->plat, &sdev->event);
	plat_unlock(sdev->plat, &sdev->lock);
	return 0;
}

int iommu_sva_device_unbind(struct iommu_sva_device *sdev, ioasid_t pasid)
{
	struct bond *bond;
	bool last = false;

	plat_lock(sdev->plat, &sdev->lock);
	bond = find_pasid_locked(sdev, pasid);
	if (bond)
		last = bond->changing = !--bond->uses;
	plat_unlock(sdev->plat, &sdev->lock);
	if (last) {
		iommu_sva_unbind(bond->handle);
		bond_leave(bond);
	}
	return bond ? 0 : -ESRCH;
}

int iommu_sva_device_shutdown(struct iommu_sva_device *sdev)
{
	struct bond *bond;
	int err;

	/* Nobody else touches the list. */
	while ((bond = list_first(&sdev->bonds, struct bond, link))) {
		iommu_sva_unbind(bond->handle);
		bond_leave(bond);
	}
	err = iommu_sva_disable(sdev->dev);
	if (err)
		return err;
	plat_lock_fini(sdev->plat, &sdev->lock);
	plat_free(sdev->plat, sdev);
	return 0;
}
