/* SPDX-License-Identifier: MIT */
/*
 * SVA as it was proposed in 2018: a device is initialised for it once, with one
 * mm_exit for all of its binds, and a bind hands out a number.
 *
 * A front over sva/sva.h. What 2018 kept in struct device is an object here,
 * struct iommu_sva_device, and takes the device's place in the calls. Two names
 * of 2018, iommu_sva_bind_device() and iommu_sva_unbind_device(), are today's
 * with other arguments (sva/compat/linux.h), so here it is
 * iommu_sva_device_bind() and iommu_sva_device_unbind(), and both headers can
 * be included.
 */
#ifndef SVA_COMPAT_SVA2018_H
#define SVA_COMPAT_SVA2018_H

#include <sva/device.h>
#include <sva/mm.h>
#include <sva/types.h>

struct iommu_sva_device;

/* Features of a device, and of a bind. */
enum iommu_sva_feat {
	/* absent pages are resolved: the device waits for them */
	IOMMU_SVA_FEAT_IOPF = 1 << 0,
};

/**
 * iommu_mm_exit_handler_t - an address space the device is bound to is going
 * @drvdata: of the bind.
 *
 * As iommu_sva_ops.mm_exit, which see: on return the device issues nothing more
 * for @pasid; nonzero says it could not be stopped. It must not unbind @pasid.
 */
typedef int (*iommu_mm_exit_handler_t)(struct iommu_device *dev, ioasid_t pasid,
				       void *drvdata);

/**
 * iommu_sva_device_init() - make a device ready for iommu_sva_device_bind()
 * @dev:       quiescent during the call; borrowed until
 *             iommu_sva_device_shutdown().
 * @features:  of enum iommu_sva_feat. Without IOPF the driver sees to it that
 *             pages are there: iommu_sva_param.own_faults.
 * @max_pasid: highest PASID it may be given; 0 means all it has.
 * @mm_exit:   NULL for none.
 * @ret_sdev:  owned by the caller.
 *
 * Context: may sleep; takes the SVA lock, then the device's.
 * Return:  0, -ENODEV device or IOMMU cannot, -EINVAL an unknown feature,
 *          -EEXIST SVA is on for it, -EBUSY a fault handler is in use on it,
 *          -ENOMEM, or what the driver met (-ETIMEDOUT, -EIO). [A8]
 * Test:    tests/compat/sva2018_test.c
 */
SVA_MUST_CHECK int iommu_sva_device_init(struct iommu_device *dev,
					 unsigned long features,
					 unsigned int max_pasid,
					 iommu_mm_exit_handler_t mm_exit,
					 struct iommu_sva_device **ret_sdev);

/**
 * iommu_sva_device_shutdown() - unbind all there is, and undo that
 * @sdev: gone on success. The device is quiescent, and nobody binds or unbinds
 *        meanwhile.
 *
 * Context: may sleep, not from a fault handler; waits for mm_exit callbacks and
 *          for the device's faults.
 * Return:  0, -EBUSY somebody else bound or attached an address space: all is
 *          unbound, the rest unchanged. [A8]
 * Test:    tests/compat/sva2018_test.c
 */
SVA_MUST_CHECK int iommu_sva_device_shutdown(struct iommu_sva_device *sdev);

/**
 * iommu_sva_device_bind() - bind an address space, and get its PASID
 * @mm:        the caller holds a user.
 * @ret_pasid: all devices bound to @mm have this one. [C5]
 * @flags:     of enum iommu_sva_feat, what the bind needs; features of the
 *             device.
 * @drvdata:   handed to mm_exit.
 *
 * A bind that is there is given out once more, and needs one more unbind: 2018
 * handed it out as often, and the first unbind took it from everybody. [B13]
 *
 * Context: may sleep; takes the SVA lock, then the device's; waits for a bind
 *          or unbind of the same that is running.
 * Cost:    first use: one table write and one sync; later uses: none.
 * Return:  0, or with nothing changed: -EINVAL @flags has what the device was
 *          not initialised for, or @mm is bound with another @drvdata, or as
 *          iommu_sva_bind(), -EDOM @mm is bound to the device with other
 *          @flags, -ERANGE the PASID of @mm is not below @max_pasid, -ENOSPC,
 *          -ESRCH @mm is exiting, -EOPNOTSUPP, -EBUSY, -EOVERFLOW too many
 *          uses, -ENOMEM, -ETIMEDOUT. [B13]
 * Test:    tests/compat/sva2018_test.c
 */
SVA_MUST_CHECK int iommu_sva_device_bind(struct iommu_sva_device *sdev,
					 struct iommu_mm *mm,
					 ioasid_t *ret_pasid,
					 unsigned long flags, void *drvdata);

/**
 * iommu_sva_device_unbind() - return one use of a bind
 *
 * Before, during (from another thread) and after the exit: the PASID is the
 * bind's until then.
 *
 * Context: as iommu_sva_unbind(). Cost: the same.
 * Return:  0, -ESRCH @pasid is not bound. [B13]
 * Test:    tests/compat/sva2018_test.c
 */
SVA_MUST_CHECK int iommu_sva_device_unbind(struct iommu_sva_device *sdev,
					   ioasid_t pasid);

#endif
