/* SPDX-License-Identifier: MIT */
/*
 * Linux's names and shapes: errors encoded in the pointer that is returned.
 *
 * For code that was written against the kernel's interface. The functions that
 * return an int there have the kernel's name and shape already and come with
 * the headers below: iommu_dev_has_feature(), iommu_dev_enable_feature(),
 * iommu_dev_disable_feature(), iommu_dev_feature_enabled(),
 * iommu_sva_get_pasid(), iommu_sva_set_ops(), the fault handlers and
 * iommu_page_response().
 */
#ifndef SVA_COMPAT_LINUX_H
#define SVA_COMPAT_LINUX_H

#include <sva/device.h>
#include <sva/domain.h>
#include <sva/fault.h>
#include <sva/mm.h>
#include <sva/sva.h>

/* The last 4095 values of a pointer are errors. */
#define MAX_ERRNO 4095

/* The pointer that stands for @error, a negative errno. */
static inline void *ERR_PTR(long error)
{
	return (void *)(intptr_t)error;
}

/* The error in @ptr; meaningful only if IS_ERR(@ptr). */
static inline long PTR_ERR(const void *ptr)
{
	return (long)(intptr_t)ptr;
}

static inline bool IS_ERR(const void *ptr)
{
	return (uintptr_t)ptr >= (uintptr_t)-MAX_ERRNO;
}

static inline bool IS_ERR_OR_NULL(const void *ptr)
{
	return !ptr || IS_ERR(ptr);
}

/* 0, or the error in @ptr. */
static inline int PTR_ERR_OR_ZERO(const void *ptr)
{
	return IS_ERR(ptr) ? (int)PTR_ERR(ptr) : 0;
}

/**
 * iommu_sva_bind_device() - iommu_sva_bind(), with its result returned
 * @dev:     as there.
 * @mm:      as there; the caller holds a user.
 * @drvdata: as there.
 *
 * Context: as iommu_sva_bind(). Cost: the same.
 * Return:  the handle, with one use to be given back with
 *          iommu_sva_unbind_device(); or iommu_sva_bind()'s error in a
 *          pointer, with nothing changed; never NULL. [B1] [B2]
 * Test:    tests/compat/linux_test.c
 */
SVA_MUST_CHECK struct iommu_sva *iommu_sva_bind_device(struct iommu_device *dev,
						       struct iommu_mm *mm,
						       void *drvdata);

/**
 * iommu_sva_unbind_device() - return one use of a bind
 * @handle: of iommu_sva_bind_device(); NULL and errors are left alone.
 *
 * Context: as iommu_sva_unbind(). Cost: the same. [B3]
 * Test:    tests/compat/linux_test.c
 */
void iommu_sva_unbind_device(struct iommu_sva *handle);

/**
 * iommu_sva_find_mm() - the kernel's iommu_sva_find()
 * @sys: whose PASIDs; the kernel has one system.
 *
 * Context: any; lock-free.
 * Return:  the address space, with one user taken for the caller; NULL when it
 *          is exiting; -ENOENT in a pointer: no such PASID. [C4]
 * Test:    tests/compat/linux_test.c
 */
SVA_MUST_CHECK struct iommu_mm *iommu_sva_find_mm(struct iommu_system *sys,
						  ioasid_t pasid);

/**
 * iommu_domain_alloc_mm() - iommu_domain_alloc_sva() for a device
 *
 * Context: as there.
 * Return:  the domain, owned by the caller; or iommu_domain_alloc_sva()'s error
 *          in a pointer; never NULL.
 * Test:    tests/compat/linux_test.c
 */
SVA_MUST_CHECK struct iommu_domain *
iommu_domain_alloc_mm(struct iommu_device *dev, struct iommu_mm *mm);

#endif
