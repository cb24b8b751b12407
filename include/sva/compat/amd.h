/* SPDX-License-Identifier: MIT */
/*
 * The AMD IOMMUv2 interface: the device picks the PASID.
 *
 * A front over sva/domain.h: each bond attaches an SVA domain to the PASID the
 * device driver names. What that interface hung on struct pci_dev is an object
 * here, struct amd_iommu, and takes the device's place in the calls; the task
 * is its address space. It works with any IOMMU.
 *
 * PASIDs are one space for the whole system [C5]: what a device picks is taken
 * from it, so that no bind, and no other device, gets that number for another
 * address space. Two devices may pick one PASID for the same address space.
 *
 * Page requests are resolved one by one; each (PASID, tag) counts those under
 * way and is answered when none is and its last has come, with the worst of
 * what they got. A request there is no memory for counts as success, and the
 * device faults again. At most 4096 are kept for a device. [F15]
 */
#ifndef SVA_COMPAT_AMD_H
#define SVA_COMPAT_AMD_H

#include <sva/device.h>
#include <sva/mm.h>
#include <sva/types.h>

struct amd_iommu;

/* What an amd_iommu_invalid_ppr_cb answers. */
enum amd_iommu_inv_pri_rsp {
	AMD_IOMMU_INV_PRI_RSP_SUCCESS = 0,
	AMD_IOMMU_INV_PRI_RSP_INVALID = 1,
	AMD_IOMMU_INV_PRI_RSP_FAIL = 2,
};

/* What a page request asks for, as in the records of a PPR log. */
enum amd_iommu_ppr_fault {
	PPR_FAULT_EXEC = 1 << 1,
	PPR_FAULT_READ = 1 << 2,
	PPR_FAULT_WRITE = 1 << 5,
	PPR_FAULT_USER = 1 << 6, /* not privileged */
};

/**
 * amd_iommu_invalid_ppr_cb - asked what to say to a request that failed
 * @address: of the page.
 * @flags:   of enum amd_iommu_ppr_fault.
 *
 * Returns of enum amd_iommu_inv_pri_rsp; anything else counts as INVALID. Runs
 * in a worker, several at once; may sleep, does not unbind, and drops users of
 * address spaces with iommu_mm_put_users_async() only.
 */
typedef int (*amd_iommu_invalid_ppr_cb)(struct iommu_device *dev,
					ioasid_t pasid, uint64_t address,
					unsigned int flags);

/**
 * amd_iommu_invalidate_ctx - the task behind @pasid is going
 *
 * On return the device issues nothing more for it. Once per bond, while the
 * entry still translates: at the exit of the address space, or else by the
 * unbind, as the original did. May sleep, without a lock; waits for no exit,
 * and does not unbind @pasid.
 */
typedef void (*amd_iommu_invalidate_ctx)(struct iommu_device *dev,
					 ioasid_t pasid);

/**
 * amd_iommu_init_device() - make a device ready for amd_iommu_bind_pasid()
 * @dev:     borrowed until amd_iommu_free_device(). While that lasts SVA is on
 *           for it, and its page requests are this object's to answer.
 * @pasids:  how many it will use, from 0 on; 1 to 1 << 20.
 * @ret_amd: owned by the caller.
 *
 * Context: may sleep; takes the SVA lock, then the device's.
 * Cost:    8 bytes per 512 of @pasids, and 4 KiB per 512 that are used.
 * Return:  0, -ENODEV device or IOMMU cannot, -EINVAL @pasids, -EBUSY SVA or a
 *          fault handler is in use on it, -ENOMEM, or what the driver met
 *          (-ETIMEDOUT, -EIO). [F10]
 * Test:    tests/compat/amd_test.c
 */
SVA_MUST_CHECK int amd_iommu_init_device(struct iommu_device *dev,
					 unsigned int pasids,
					 struct amd_iommu **ret_amd);

/**
 * amd_iommu_free_device() - unbind what is bound, and undo that
 * @amd: gone on success. Nobody binds meanwhile; an unbind may be running, and
 *       is waited for.
 *
 * Context: as amd_iommu_unbind_pasid().
 * Return:  0, -EBUSY somebody else attached an address space to the device: all
 *          is unbound, the rest unchanged. [F10]
 * Test:    tests/compat/amd_test.c
 */
SVA_MUST_CHECK int amd_iommu_free_device(struct amd_iommu *amd);

/**
 * amd_iommu_bind_pasid() - let the device reach a task through a PASID
 * @pasid: the device's choice, 1 to the device's @pasids - 1. 0 stands for
 *         transactions without a PASID and cannot be had.
 * @mm:    of the task; the caller holds a user. The bond keeps no user.
 *
 * Requests get Invalid until the entry is in place. [F11]
 *
 * Context: may sleep; takes the SVA lock, then the device's.
 * Cost:    one table write and one sync.
 * Return:  0, or with nothing changed: -EINVAL @pasid is 0, beyond what was
 *          asked for or beyond the device, or @mm of another system, -EBUSY it
 *          is bound, or names another address space in the system, or an
 *          unbind of it is running, -ESRCH @mm is exiting, -ENOSPC no hardware
 *          id left, -EOPNOTSUPP the IOMMU cannot walk its tables, -ENOMEM,
 *          -ETIMEDOUT.
 * Test:    tests/compat/amd_test.c, tests/drivers/smmuv3_compat_test.c
 */
SVA_MUST_CHECK int amd_iommu_bind_pasid(struct amd_iommu *amd, ioasid_t pasid,
					struct iommu_mm *mm);

/**
 * amd_iommu_unbind_pasid() - take the task away again
 * @pasid: one that is not bound, or whose unbind is running, is left alone.
 *
 * On return nothing the device does for @pasid reaches the task: the callback
 * has run, the entry is gone, and every request that was under way is answered.
 * [F12] [F14]
 *
 * Context: may sleep, not from a fault handler or callback; takes the SVA lock,
 *          then the device's; waits for faults without a lock.
 * Cost:    one table write, one sync, two drains.
 * Test:    tests/compat/amd_test.c
 */
void amd_iommu_unbind_pasid(struct amd_iommu *amd, ioasid_t pasid);

/**
 * amd_iommu_set_invalid_ppr_cb() - choose the answers to requests that fail
 * @cb: NULL: Invalid. Replaces what was set. Not called for a PASID that is not
 *      bound, nor once the address space is exiting. [F13]
 *
 * Context: any.
 * Return:  0, -EINVAL @amd is NULL.
 * Test:    tests/compat/amd_test.c
 */
SVA_MUST_CHECK int amd_iommu_set_invalid_ppr_cb(struct amd_iommu *amd,
						amd_iommu_invalid_ppr_cb cb);

/**
 * amd_iommu_set_invalidate_ctx_cb() - hear when the device has to stop
 * @cb: NULL for none. Replaces what was set. [F14]
 *
 * Context: any.
 * Return:  0, -EINVAL @amd is NULL.
 * Test:    tests/compat/amd_test.c
 */
SVA_MUST_CHECK int amd_iommu_set_invalidate_ctx_cb(struct amd_iommu *amd,
						   amd_iommu_invalidate_ctx cb);

#endif
