/* SPDX-License-Identifier: MIT */
/*
 * The PASID of an address space: one for the whole system, counted. [C1]
 *
 * A PASID holds a reference to its address space, so that iommu_sva_find() has
 * something to look at; see iommu_mm_put() for the other half.
 */
#include <sva/sva.h>

#include "base/errno.h"
#include "core/pasid.h"
#include "core/sva.h"
#include "core/system.h"

int mm_pasid_get_locked(struct iommu_mm *mm, ioasid_t min, ioasid_t max)
{
	struct iommu_system *sys = mm->sys;
	ioasid_t pasid;
	int err;

	if (!min || min == IOMMU_PASID_INVALID || max == IOMMU_PASID_INVALID ||
	    max < min)
		return -EINVAL;
	pasid = atomic_load_explicit(&mm->pasid, memory_order_relaxed);
	if (pasid) {
		if (pasid < min || pasid > max || mm->pasid_refs == UINT32_MAX)
			return -EOVERFLOW;
		mm->pasid_refs++;
		return 0;
	}
	err = ioasid_alloc(sys, &sys->sva_set, min, max, mm, &pasid);
	if (err)
		return err;
	iommu_mm_get(mm);
	mm->pasid_refs = 1;
	/* Relaxed: readers want the number, nothing that it leads to. */
	atomic_store_explicit(&mm->pasid, pasid, memory_order_relaxed);
	return 0;
}

bool mm_pasid_put_locked(struct iommu_mm *mm)
{
	ioasid_t pasid = atomic_load_explicit(&mm->pasid, memory_order_relaxed);

	if (--mm->pasid_refs)
		return false;
	atomic_store_explicit(&mm->pasid, IOMMU_NO_PASID, memory_order_relaxed);
	/* Somebody may hold the id with ioasid_get(): the mm goes even so. */
	ioasid_disown(mm->sys, pasid, mm->pasid_leaked);
	mm->pasid_leaked = false;
	return true;
}

int iommu_sva_alloc_pasid(struct iommu_mm *mm, ioasid_t min, ioasid_t max)
{
	struct iommu_system *sys = mm->sys;
	int err;

	plat_lock(sys->plat, &sys->sva_lock);
	err = mm_pasid_get_locked(mm, min, max);
	plat_unlock(sys->plat, &sys->sva_lock);
	return err;
}

void iommu_sva_free_pasid(struct iommu_mm *mm)
{
	struct iommu_system *sys = mm->sys;
	bool known, last = false;

	plat_lock(sys->plat, &sys->sva_lock);
	known = mm->pasid_refs;
	if (known)
		last = mm_pasid_put_locked(mm);
	plat_unlock(sys->plat, &sys->sva_lock);
	if (!known)
		plat_log(sys->plat, PLAT_LOG_WARN,
			 "sva: an address space gives up a PASID it lacks");
	if (last)
		iommu_mm_put(mm);
}

static bool get_users(void *priv)
{
	return priv && iommu_mm_get_users(priv);
}

int iommu_sva_find(struct iommu_system *sys, ioasid_t pasid,
		   struct iommu_mm **ret_mm)
{
	void *mm;

	if (ioasid_find(sys, &sys->sva_set, pasid, get_users, &mm))
		return -ENOENT;
	*ret_mm = mm;
	return 0;
}
