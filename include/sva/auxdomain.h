/* SPDX-License-Identifier: MIT */
/*
 * Auxiliary domains: a device split into contexts, each with mappings of its
 * own, as Linux had them from 2019 to 2022.
 *
 *	iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_AUX);
 *	iommu_domain_alloc(unit, IOMMU_DOMAIN_PAGING, &domain);
 *	iommu_aux_attach_device(domain, dev);
 *	iommu_map(domain, iova, pa, size, perm);
 *	pasid = iommu_aux_get_pasid(domain, dev);
 *
 * and then DMA tagged with that PASID goes through the domain. It is a front of
 * iommu_attach_device_pasid(), which takes any PASID of the caller's and has
 * none of these rules: a domain is auxiliary for life, belongs to one parent,
 * the domain its devices have without a PASID, and has one PASID. [E2]
 *
 * Addresses and memory are the driver's to manage: the platform's DMA mapping
 * interfaces know nothing of PASIDs. [E7] Unlike with Linux's patches a PASID
 * works on the devices it was attached to, and not on all of the parent. [E6]
 */
#ifndef SVA_AUXDOMAIN_H
#define SVA_AUXDOMAIN_H

#include <sva/domain.h>

/**
 * iommu_aux_attach_device() - give a device one context more
 * @domain: PAGING, of the device's unit, and never attached in another way.
 *
 * The first time the domain gets its PASID, which all its devices share, and
 * the device's domain for its parent; both are its own until it is freed. [E2]
 *
 * Context: may sleep; takes the SVA lock, then the device's.
 * Return:  0, or with nothing changed: -ENODEV the device cannot have PASIDs,
 *          -EINVAL the feature AUX is not on, the device has no PAGING domain
 *          of its own, or not the parent; @domain is of another type or unit,
 *          or was attached without being auxiliary; one of the two is a
 *          guest's memory (iommu_domain_alloc_parent()); or there is no PASID
 *          that the device could have [E1]; -EBUSY it is attached already,
 *          -ENOMEM, or what the driver met (-ETIMEDOUT).
 * Test:    tests/core/auxdomain_test.c
 */
SVA_MUST_CHECK int iommu_aux_attach_device(struct iommu_domain *domain,
					   struct iommu_device *dev);

/**
 * iommu_aux_detach_device() - take it away
 *
 * As iommu_detach_device_pasid(), and nothing if it is not attached. PASID,
 * parent and mappings stay. [E3]
 */
void iommu_aux_detach_device(struct iommu_domain *domain,
			     struct iommu_device *dev);

/**
 * iommu_aux_get_pasid() - what to tag DMA with
 *
 * Context: may sleep; takes the SVA lock.
 * Return:  the PASID, above 0; -ENODEV the device cannot have PASIDs, -EINVAL
 *          the domain has none, or is of another unit. [E4]
 */
SVA_MUST_CHECK int iommu_aux_get_pasid(struct iommu_domain *domain,
				       struct iommu_device *dev);

#endif
