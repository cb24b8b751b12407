/* SPDX-License-Identifier: MIT */
/*
 * The Intel SVM interface: a device reaches an address space, or the kernel's,
 * through a PASID the library picks.
 *
 * A front over sva/domain.h. What that interface hung on struct device is an
 * object here, struct intel_svm, and takes the device's place in the calls;
 * there is no current task, so the address space is named. It works with any
 * IOMMU.
 *
 * Page requests are resolved one by one, in the order they came, and the device
 * driver hears of each. A group is answered after its last with the worst of
 * what its requests got; one there is no memory for counts as success, and the
 * device faults again. At most 4096 are kept for a device.
 */
#ifndef SVA_COMPAT_INTEL_H
#define SVA_COMPAT_INTEL_H

#include <sva/device.h>
#include <sva/fault.h>
#include <sva/mm.h>
#include <sva/types.h>

struct intel_svm;

enum intel_svm_flags {
	/* A PASID of its own, shared with no other caller [C8] */
	SVM_FLAG_PRIVATE_PASID = 1 << 0,
	/* for kernel addresses, see intel_svm_kernel_alloc() [C9] */
	SVM_FLAG_SUPERVISOR_MODE = 1 << 1,
};

/* What a page request asks for, in svm_dev_ops.fault_cb. */
enum intel_svm_req {
	SVM_REQ_PRIV = 1 << 0,
	SVM_REQ_EXEC = 1 << 1,
	SVM_REQ_WRITE = 1 << 2,
	SVM_REQ_READ = 1 << 3,
};

/**
 * struct svm_dev_ops - what a device driver hears of a bind
 * @fault_cb: a page request has got its @response, also if that is success;
 *            for notice only. @private: what the request carried for whoever
 *            sent it, two words, or NULL; borrowed. @rwxp: of enum
 *            intel_svm_req. The group's answer comes after this. May be NULL.
 *
 * Called in a worker, one at a time for a device; may sleep, does not unbind,
 * and drops users of address spaces with iommu_mm_put_users_async() only. [F17]
 */
struct svm_dev_ops {
	void (*fault_cb)(struct iommu_device *dev, ioasid_t pasid,
			 uint64_t address, const uint64_t *private,
			 unsigned int rwxp,
			 enum iommu_page_response_code response);
};

/**
 * intel_svm_kernel_alloc() - describe the kernel's address space
 * @table:  a table with the kernel's linear map of memory in it, and nothing
 *          that is ever taken out: copied, but what it points to has to stay.
 * @ret_mm: an address space with one user, the caller's. The last user to go
 *          ends it, after which devices abort.
 *
 * Privileged accesses of a device go where the table says; nothing is paged in,
 * a page request is answered Invalid. No translation of it is ever invalidated,
 * so it is valid for the static 1:1 map of memory only, not for what is mapped
 * and unmapped in the kernel. [C9]
 *
 * Give a table without permissions for unprivileged accesses: a device may send
 * those, too.
 *
 * Context: may sleep.
 * Return:  0, -ENOMEM.
 * Test:    tests/compat/intel_test.c, tests/drivers/smmuv3_compat_test.c
 */
SVA_MUST_CHECK int intel_svm_kernel_alloc(struct iommu_system *sys,
					  const struct iommu_mm_table *table,
					  struct iommu_mm **ret_mm);

/**
 * intel_svm_available() - could address spaces be bound to the device?
 *
 * Every check of intel_svm_create() that depends on device and IOMMU, without a
 * side effect. [F16] [F4]
 *
 * Context: any.
 * Test:    tests/compat/intel_test.c
 */
bool intel_svm_available(struct iommu_device *dev);

/**
 * intel_svm_create() - make a device ready for intel_svm_bind_mm()
 * @dev:     borrowed until intel_svm_destroy(). While that lasts SVA is on for
 *           it, and its page requests are this object's to answer.
 * @kernel:  for SVM_FLAG_SUPERVISOR_MODE; NULL: there is none. The caller keeps
 *           a reference until intel_svm_destroy(). Once its last user has gone
 *           accesses abort, and there are no new binds (-ESRCH).
 * @ret_svm: owned by the caller.
 *
 * Context: may sleep; takes the SVA lock, then the device's.
 * Return:  0, -ENODEV device or IOMMU cannot, -EINVAL @kernel of another
 *          system, -EBUSY SVA or a fault handler is in use on it, -ENOMEM, or
 *          what the driver met (-ETIMEDOUT, -EIO).
 * Test:    tests/compat/intel_test.c
 */
SVA_MUST_CHECK int intel_svm_create(struct iommu_device *dev,
				    struct iommu_mm *kernel,
				    struct intel_svm **ret_svm);

/**
 * intel_svm_destroy() - undo that
 * @svm: gone on success. Nobody uses it meanwhile.
 *
 * Context: may sleep, not from a fault handler; waits for the device's faults.
 * Return:  0, -EBUSY something is bound: nothing changed.
 * Test:    tests/compat/intel_test.c
 */
SVA_MUST_CHECK int intel_svm_destroy(struct intel_svm *svm);

/**
 * intel_svm_bind_mm() - let the device reach an address space
 * @mm:        the caller holds a user; the bind keeps none. NULL, and only
 *             then: with SUPERVISOR_MODE, or in a probe.
 * @ret_pasid: NULL: probe, is such a bind possible? Nothing is bound. [F16]
 * @flags:     of enum intel_svm_flags.
 * @ops:       outlives the bind; NULL for none.
 *
 * Without PRIVATE_PASID all devices get one PASID for @mm, and binding it again
 * to this device gives the same with one more use. With it the PASID is new
 * and this bind's alone. [C5] [C8]
 *
 * Context: may sleep; takes the SVA lock, then the device's; waits for a bind
 *          or unbind of the same that is running.
 * Cost:    first use: one table write and one sync; later ones: none.
 * Return:  0, or with nothing changed: -EINVAL an unknown flag, @mm missing or
 *          given with SUPERVISOR_MODE, or @mm of another system, -EOPNOTSUPP
 *          there is no kernel's address space, or the IOMMU cannot walk the
 *          tables, -EBUSY it is bound with other @ops, or the device has
 *          something else at its PASID, -ESRCH @mm is exiting, -ENOSPC no PASID
 *          or hardware id left, -EOVERFLOW the PASID of @mm is beyond the
 *          device, or too many uses, -ENOMEM, -ETIMEDOUT. [F16]
 * Test:    tests/compat/intel_test.c, tests/drivers/smmuv3_compat_test.c
 */
SVA_MUST_CHECK int intel_svm_bind_mm(struct intel_svm *svm, struct iommu_mm *mm,
				     ioasid_t *ret_pasid, unsigned int flags,
				     const struct svm_dev_ops *ops);

/**
 * intel_svm_unbind_mm() - return one use of a bind
 *
 * Precondition of the last: the device has no access and no page request
 * outstanding. Those it has all the same are answered before this returns.
 *
 * Context: may sleep, not from a fault handler or callback; takes the SVA lock,
 *          then the device's; waits for faults without a lock.
 * Cost:    last use: one table write, one sync, two drains.
 * Return:  0, -EINVAL @pasid is not bound. [F16]
 * Test:    tests/compat/intel_test.c
 */
SVA_MUST_CHECK int intel_svm_unbind_mm(struct intel_svm *svm, ioasid_t pasid);

/**
 * intel_svm_is_pasid_valid() - does a PASID still lead to an address space?
 *
 * Context: may sleep.
 * Return:  1, 0 the address space is exiting or gone and the bind is left,
 *          -EINVAL @pasid is not bound. [F18]
 * Test:    tests/compat/intel_test.c
 */
SVA_MUST_CHECK int intel_svm_is_pasid_valid(struct intel_svm *svm,
					    ioasid_t pasid);

#endif
