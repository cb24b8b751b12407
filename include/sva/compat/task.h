/* SPDX-License-Identifier: MIT */
/*
 * The task interface of 2017: a device is bound to a task and gets a PASID of
 * its own for it.
 *
 * A front over sva/domain.h: each bond attaches an SVA domain to a PASID that
 * is its own, not the address space's. What 2017 hung on struct device is an
 * object here, struct iommu_svm, and takes the device's place in the calls;
 * the task is its address space.
 *
 * The life of a context: two things have to be true before its PASID may name
 * another [F7].
 *
 *  STALE        iommu_unbind_task() has taken the task from it.
 *  INVALIDATED  the device has no request for it any more: the caller said
 *               CLEAN, or the device's stop marker came.
 *
 * What is stale only is freed by a sweep [F8].
 */
#ifndef SVA_COMPAT_TASK_H
#define SVA_COMPAT_TASK_H

#include <sva/device.h>
#include <sva/mm.h>
#include <sva/types.h>

struct iommu_svm;

/* For iommu_bind_task() and iommu_svm_capable(). */
enum iommu_svm_flags {
	/* a context beside others of the same task [C8] */
	IOMMU_SVM_FLAG_PRIVATE_PASID = 1 << 0,
};

/* What is known of a device that stops using a PASID; may be or-ed. [F2] */
enum iommu_pasid_state {
	/* every request for it was pushed to the IOMMU */
	IOMMU_PASID_FLUSHED = 1 << 0,
	/* and every one was answered: nothing is in flight, nor will be */
	IOMMU_PASID_CLEAN = 1 << 1,
};

/**
 * struct iommu_svm_ops - what a device driver does for its contexts
 * @invalidate_pasid: stop the device's use of @pasid and say in what state it
 *           is, of enum iommu_pasid_state; 0, or an error, it still uses it.
 *           Called by iommu_unbind_task() without any lock: may block without
 *           bound, and until faults were answered. [F5] [R5]
 * @handle_fault: a page the task refuses, with what was wanted (of enum
 *           iommu_perm). 0: it is there now, the device may retry. Runs in a
 *           fault worker; may sleep, waits for no other fault and does not
 *           unbind. Not called for privileged requests. [F6]
 *
 * Either may be NULL. @priv is iommu_bind_task()'s.
 */
struct iommu_svm_ops {
	int (*invalidate_pasid)(struct iommu_device *dev, ioasid_t pasid,
				void *priv);
	int (*handle_fault)(struct iommu_device *dev, ioasid_t pasid,
			    uint64_t addr, unsigned int perm, void *priv);
};

/**
 * iommu_svm_capable() - could tasks be bound to the device?
 * @flags: of enum iommu_svm_flags, as for the binds.
 *
 * Every check of iommu_svm_create() that depends on device and IOMMU, without
 * a side effect. [F4]
 *
 * Context: any.
 * Return:  0, -EINVAL an unknown flag, or device or IOMMU cannot.
 * Test:    tests/compat/task_test.c
 */
SVA_MUST_CHECK int iommu_svm_capable(struct iommu_device *dev,
				     unsigned int flags);

/**
 * iommu_svm_create() - make a device ready for iommu_bind_task()
 * @dev:     borrowed until iommu_svm_destroy(). While that lasts SVA is on for
 *           it, and its page requests are this object's to answer.
 * @ret_svm: owned by the caller.
 *
 * Page requests get the verdicts of 2017 [F9]: without a PASID Response
 * Failure; privileged, for an unknown or a stale context, or refused by the
 * task Invalid Request, and the first that fails decides its group; out of
 * memory to keep track of a group Success. For all other want of memory that
 * takes iommu_system_cfg.oom_policy = IOMMU_OOM_RETRY.
 *
 * Context: may sleep; takes the SVA lock, then the device's.
 * Return:  0, -EINVAL device or IOMMU cannot, -EBUSY SVA or a fault handler is
 *          in use on it, -ENOMEM, or what the driver met (-ETIMEDOUT, -EIO).
 * Test:    tests/compat/task_test.c
 */
SVA_MUST_CHECK int iommu_svm_create(struct iommu_device *dev,
				    struct iommu_svm **ret_svm);

/**
 * iommu_svm_destroy() - undo that
 * @svm: gone on success, stale contexts included. Nobody uses it meanwhile.
 *
 * Context: may sleep, not from a fault handler; waits for the device's faults.
 * Return:  0, -EBUSY a task is bound or an answer outstanding: nothing
 *          changed.
 * Test:    tests/compat/task_test.c
 */
SVA_MUST_CHECK int iommu_svm_destroy(struct iommu_svm *svm);

/**
 * iommu_set_svm_ops() - say what the device driver does
 * @svm: NULL, an unknown device, is answered -EINVAL. [F3]
 * @ops: outlives @svm; NULL for none. Replaces what was set; a call that is
 *       running ends as it began.
 *
 * Context: any.
 * Return:  0, -EINVAL.
 * Test:    tests/compat/task_test.c
 */
SVA_MUST_CHECK int iommu_set_svm_ops(struct iommu_svm *svm,
				     const struct iommu_svm_ops *ops);

/**
 * iommu_bind_task() - let the device reach a task
 * @mm:        of the task; the caller holds a user. The bond keeps no user:
 *             the task may exit, and accesses are aborted quietly from then
 *             until iommu_unbind_task().
 * @ret_pasid: PASID of the bond, which no other context has.
 * @flags:     of enum iommu_svm_flags.
 * @priv:      handed to the ops.
 *
 * Context: may sleep; takes the SVA lock, then the device's.
 * Cost:    one table write and one sync; a sweep when PASIDs are out.
 * Return:  0, or with nothing changed: -EINVAL an unknown flag or @mm of
 *          another system, -EEXIST the task is bound to the device and
 *          PRIVATE_PASID was not asked for, -ESRCH @mm is exiting, -ENOSPC no
 *          PASID or hardware id left, -EOPNOTSUPP the IOMMU cannot walk its
 *          tables, -ENOMEM, -ETIMEDOUT. [F1]
 * Test:    tests/compat/task_test.c, tests/drivers/smmuv3_task_test.c
 */
SVA_MUST_CHECK int iommu_bind_task(struct iommu_svm *svm, struct iommu_mm *mm,
				   ioasid_t *ret_pasid, unsigned int flags,
				   void *priv);

/**
 * iommu_unbind_task() - take the task from the device again
 * @flags: of enum iommu_pasid_state, what the caller vouches for. With none,
 *         ops->invalidate_pasid is asked.
 *
 * On return nothing the device does for @pasid reaches the task. The PASID is
 * free if the context was CLEAN or stopped, and stale otherwise. A quarter of
 * the device's PASIDs stale sweeps them: the fault work is flushed, which is
 * enough, as this function has emptied the IOMMU's queue before. [F8]
 *
 * Context: may sleep, not from a fault handler; takes the SVA lock, then the
 *          device's, neither of them around the callback.
 * Cost:    one table write, one sync, two drains.
 * Return:  0, or with nothing changed: -EINVAL an unknown flag, -ESRCH no such
 *          bond, -EBUSY nobody says the device has stopped, or another unbind
 *          of it is running. [F2]
 * Test:    tests/compat/task_test.c
 */
SVA_MUST_CHECK int iommu_unbind_task(struct iommu_svm *svm, ioasid_t pasid,
				     unsigned int flags);

/**
 * iommu_svm_pasid_stopped() - the device has sent its stop marker
 *
 * The IOMMU drivers drop markers before anybody else sees them [J7], so it is
 * the device driver that knows. Before or after the unbind: whichever comes
 * second frees the context. [F7]
 *
 * Context: may sleep.
 * Return:  0, also when it was said before, -ESRCH no such context.
 * Test:    tests/compat/task_test.c
 */
SVA_MUST_CHECK int iommu_svm_pasid_stopped(struct iommu_svm *svm,
					   ioasid_t pasid);

/**
 * iommu_svm_sweep() - free the contexts that are stale only
 *
 * iommu_unbind_task() and iommu_bind_task() do it when it is time. A sweep
 * beside another does nothing.
 *
 * Context: may sleep, not from a fault handler; flushes the fault work.
 * Return:  0, -ENODEV the device is not on a fault queue: what was claimed is
 *          stale again. [F8]
 * Test:    tests/compat/task_test.c
 */
SVA_MUST_CHECK int iommu_svm_sweep(struct iommu_svm *svm);

/* Contexts that are stale now. Context: may sleep. */
unsigned int iommu_svm_stale_count(struct iommu_svm *svm);

#endif
