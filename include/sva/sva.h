/* SPDX-License-Identifier: MIT */
/*
 * Sharing an address space with a device.
 *
 * Thin over sva/domain.h: a bind attaches the SVA domain of the address space
 * to (device, PASID of the address space). The life of a bind has three
 * phases [B8]:
 *
 *  bind to exit    faults are resolved by the address space; what it refuses
 *                  is aborted.
 *  exit to unbind  the address space is gone: the entry is quiet, accesses are
 *                  aborted without a report, the PASID is still owned.
 *  after unbind    the PASID may name something else; traffic for it is a bug
 *                  of the device driver and is reported.
 */
#ifndef SVA_SVA_H
#define SVA_SVA_H

#include <sva/device.h>
#include <sva/mm.h>
#include <sva/types.h>

struct iommu_sva;

/**
 * struct iommu_sva_ops - what a device driver may want to hear of a bind
 * @mm_exit: the address space is going. On return the device issues nothing
 *           more for the PASID; nonzero says it could not be stopped: logged,
 *           and the PASID is never handed out again. May sleep. Called once,
 *           without core's locks; must not unbind the handle it is given, and
 *           takes no lock that is held while a user of the address space is
 *           dropped. [B7]
 */
struct iommu_sva_ops {
	int (*mm_exit)(struct iommu_device *dev, struct iommu_sva *sva,
		       void *drvdata);
};

/**
 * iommu_sva_bind() - let a device reach an address space through a PASID
 * @dev:     device with IOMMU_DEV_FEAT_SVA enabled. Borrowed.
 * @mm:      address space; the caller holds a user. The bind takes a
 *           reference.
 * @drvdata: handed back to the ops of this bind.
 * @ret_sva: set on success only; one use, returned with iommu_sva_unbind().
 *
 * After success a DMA tagged with iommu_sva_get_pasid(*ret_sva) sees what the
 * process sees, page faults included. Binding the same @dev and @mm again gives
 * the same handle with one more use. [B2] All devices bound to one @mm share a
 * PASID. [C5]
 *
 * Context: may sleep; takes the system's SVA lock, then the device's.
 * Cost:    first use: one table write and one sync; later uses: none.
 * Return:  0, or with nothing changed: -ENODEV feature not enabled, -EINVAL
 *          the device shares its group, or @mm of another system, or bound
 *          already with another @drvdata, -ENOSPC no PASID within the device's
 *          limits or no hardware id for the mm, -EOVERFLOW the mm's PASID is
 *          outside them, or too many uses, -ESRCH @mm is exiting,
 *          -EOPNOTSUPP the IOMMU cannot walk its tables, -EBUSY somebody
 *          attached something else to that PASID of the device, -ENOMEM,
 *          -ETIMEDOUT no answer from the IOMMU. [B1] See sva/why.h for a
 *          record of which of them it was.
 * Test:    tests/core/sva_test.c
 */
SVA_MUST_CHECK int iommu_sva_bind(struct iommu_device *dev, struct iommu_mm *mm,
				  void *drvdata, struct iommu_sva **ret_sva);

/**
 * iommu_sva_unbind() - return one use of a bind
 * @sva: the handle; gone when this was the last use.
 *
 * Precondition: the device issues nothing new for the PASID and has pushed its
 * page requests out. The last use drains the IOMMU's queues and the fault
 * work, clears the entry and every cache, and gives up the PASID reference.
 * Legal before, during and after the exit of the address space; during it, the
 * last use waits until mm_exit has returned. [B3] [B4]
 *
 * Context: may sleep; takes the system's SVA lock, then the device's.
 * Cost:    last use: one table write, one sync, one flush of the fault work.
 * Test:    tests/core/sva_test.c, exit_test.c, steps_test.c
 */
void iommu_sva_unbind(struct iommu_sva *sva);

/**
 * iommu_sva_get_pasid() - the PASID of a bind
 *
 * Context: any. Cost: two loads.
 * Return:  the PASID, or IOMMU_PASID_INVALID once the address space is gone.
 *          [B5]
 */
ioasid_t iommu_sva_get_pasid(struct iommu_sva *sva);

/**
 * iommu_sva_set_ops() - hear of what happens to a bind
 * @ops: outlives the bind.
 *
 * Context: may sleep; takes the SVA lock.
 * Return:  0 also when @ops is set already, -EEXIST others are set, -EINVAL
 *          @ops is NULL. [B6]
 * Test:    tests/core/sva_test.c
 */
SVA_MUST_CHECK int iommu_sva_set_ops(struct iommu_sva *sva,
				     const struct iommu_sva_ops *ops);

/**
 * struct iommu_sva_param - limits of SVA on one device [B12]
 * @min_pasid: lowest PASID the device may be given; 0 means 1.
 * @max_pasid: highest, inclusive; 0 means all of the device's width.
 * @nr_bonds:  out: binds it has now.
 * @own_faults: the device's driver resolves its faults: it gets SVA without a
 *             page request or a stall, also if it has neither. Pages that are
 *             absent are the driver's to make, before an access or when the
 *             device reports it: iommu_mm_ops.handle_fault(). Without effect on
 *             IOMMU_DEV_FEAT_IOPF that was enabled before. [A7]
 */
struct iommu_sva_param {
	ioasid_t min_pasid;
	ioasid_t max_pasid;
	unsigned int nr_bonds;
	bool own_faults;
};

/**
 * iommu_sva_enable() - enable IOMMU_DEV_FEAT_SVA with limits
 * @param: NULL for none; nr_bonds is ignored.
 *
 * Context: may sleep. Return: as iommu_dev_enable_feature(), but -EEXIST when
 * it is on, and -EINVAL for limits no PASID of the device fits.
 * Test:    tests/core/feature_test.c
 */
SVA_MUST_CHECK int iommu_sva_enable(struct iommu_device *dev,
				    const struct iommu_sva_param *param);

/* Return: 0, -EBUSY with binds left, -ENODEV not on. */
SVA_MUST_CHECK int iommu_sva_disable(struct iommu_device *dev);

/* Return: whether it is on; *@ret_param, unless NULL, is filled when it is. */
bool iommu_sva_enabled(struct iommu_device *dev,
		       struct iommu_sva_param *ret_param);

/**
 * iommu_sva_alloc_pasid() - one more reference to the PASID of an mm
 * @mm:  gets one from [@min, @max], inclusive, if it has none.
 *
 * Context: may sleep; takes the SVA lock.
 * Return:  0, -EINVAL @min is 0 or either is IOMMU_PASID_INVALID or @max below
 *          @min, -EOVERFLOW it has one outside the range, -ENOSPC none left,
 *          -ENOMEM. [C2]
 * Test:    tests/core/pasid_test.c
 */
SVA_MUST_CHECK int iommu_sva_alloc_pasid(struct iommu_mm *mm, ioasid_t min,
					 ioasid_t max);

/* Drop a reference; the last one frees the PASID. May sleep. [C3] */
void iommu_sva_free_pasid(struct iommu_mm *mm);

/**
 * iommu_sva_find() - the address space behind a PASID
 * @ret_mm: with one user taken, to be dropped by the caller; NULL when the
 *          address space is exiting.
 *
 * Context: any; lock-free.
 * Return:  0, -ENOENT no such PASID. [C4]
 * Test:    tests/core/pasid_test.c
 */
SVA_MUST_CHECK int iommu_sva_find(struct iommu_system *sys, ioasid_t pasid,
				  struct iommu_mm **ret_mm);

#endif
