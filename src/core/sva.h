/* SPDX-License-Identifier: MIT */
/* Binds, and what the rest of core asks of them. */
#ifndef CORE_SVA_H
#define CORE_SVA_H

#include <sva/mm.h>
#include <sva/sva.h>

/*
 * The last user of the address space has gone: tell the device drivers, and
 * make every entry quiet. Takes the SVA lock, not across the drivers'
 * callbacks.
 */
void sva_mm_exit(struct iommu_mm *mm);

/* One more reference to the PASID of @mm; see iommu_sva_alloc_pasid(). */
int mm_pasid_get_locked(struct iommu_mm *mm, ioasid_t min, ioasid_t max);

/*
 * Drops one. True: it was the last, and the caller owes an iommu_mm_put(),
 * without the lock.
 */
bool mm_pasid_put_locked(struct iommu_mm *mm);

#endif
