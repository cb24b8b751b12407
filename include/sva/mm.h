/* SPDX-License-Identifier: MIT */
/*
 * Address spaces a device can share.
 *
 * A struct iommu_mm is embedded in its implementation: the process itself
 * (sva/hosted.h), another process, a software one for tests and guests, the
 * CPU's own table on bare metal.
 *
 * Two counts, as for a Linux mm. *Users* keep the address space alive; the
 * last one to go runs its exit: release() of every notifier, then ops->exit.
 * *References* keep the structure alive; users together hold one.
 */
#ifndef SVA_MM_H
#define SVA_MM_H

#include <stdatomic.h>

#include <sva/plat.h>
#include <sva/system.h>
#include <sva/types.h>

struct iommu_mm;
struct iommu_mm_notifier;

/* Formats an address space may have its table in. */
enum iommu_table_fmt {
	IOMMU_TABLE_ARM_64_LPAE_S1,
	IOMMU_TABLE_X86_64,
};

/**
 * struct iommu_mm_table - a page table an IOMMU can walk
 * @fmt:        format.
 * @root:       physical address of the first level.
 * @va_bits:    width of an address, 48 for instance. Of x86-64, with the sign:
 *              48 means 4 levels, 57 means 5.
 * @granule_lg2: log2 of the smallest page.
 * @pa_bits:    addresses in the table are below 1 << @pa_bits.
 * @af_managed: the table's owner never leaves the access flag clear.
 * @mair:       Arm: the attributes the table's indices mean.
 * @upper:      Arm: the table is of the upper half of the address space, TTBR1:
 *              addresses have ones above va_bits.
 * @ds:         Arm: addresses of 52 bits with a granule below 64 KiB (LPA2).
 * @haft:       Arm: access flags of table descriptors are managed by hardware.
 * @bbml:       Arm: blocks change size without being absent meanwhile, in the
 *              sense of this level of FEAT_BBM.
 */
struct iommu_mm_table {
	enum iommu_table_fmt fmt;
	uint64_t root;
	unsigned int va_bits;
	unsigned int granule_lg2;
	unsigned int pa_bits;
	bool af_managed;
	uint64_t mair;
	bool upper;
	bool ds;
	bool haft;
	unsigned int bbml;
};

/**
 * struct iommu_mm_ops - what an address space does
 * @get_table:    its table in the format asked for; stays valid until exit.
 *                An implementation may keep several formats at a time. 0,
 *                -EOPNOTSUPP not in this format, -ESRCH exiting, -ENOMEM. May
 *                sleep; takes locks up to PLAT_RANK_MM.
 * @handle_fault: make @count pages of 4096 bytes from @va accessible for
 *                @perm, as a CPU access would; on return the table has them or
 *                a later access faults again. Stops at the first page that
 *                fails; *@ret_done is how many were made, also on error.
 *                0, -EFAULT nothing is mapped there, -EACCES the mapping does
 *                not allow @perm, -ENOMEM, -ESRCH exiting, -EAGAIN the address
 *                space kept changing (the device may retry). May sleep. Called
 *                with a user held.
 * @exit:         the last user has gone and every notifier was released: give
 *                up the pages. May sleep.
 * @free:         the last reference has gone: free the structure. May sleep.
 */
struct iommu_mm_ops {
	int (*get_table)(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			 struct iommu_mm_table *ret_table);
	int (*handle_fault)(struct iommu_mm *mm, uint64_t va, size_t count,
			    unsigned int perm, size_t *ret_done);
	void (*exit)(struct iommu_mm *mm);
	void (*free)(struct iommu_mm *mm);
};

/**
 * struct iommu_mm_notifier_ops - what a subscriber wants to hear
 * @invalidate_range: translations of [@start, @end) are no longer valid; on
 *           return the subscriber's hardware does not use them. Called after
 *           the table has changed, with the address space's own lock held: it
 *           may poll hardware, but takes no lock below PLAT_RANK_MM_NOTIFIER
 *           and never calls back into the address space. NULL: not interested.
 * @release: the address space is going: no translation may be used after
 *           return. Called once, by the exit or, if that comes first, not at
 *           all. May sleep. NULL: not interested.
 */
struct iommu_mm_notifier_ops {
	void (*invalidate_range)(struct iommu_mm_notifier *n, uint64_t start,
				 uint64_t end);
	void (*release)(struct iommu_mm_notifier *n);
};

/**
 * struct iommu_mm_notifier - one subscription; embedded in the subscriber's own
 * @ops: set before registering. Outlives the subscription.
 * @mm:  the address space; set by registering.
 *
 * The rest belongs to core.
 */
struct iommu_mm_notifier {
	const struct iommu_mm_notifier_ops *ops;
	struct iommu_mm *mm;
	struct iommu_mm_notifier *next;
	bool released;
};

/**
 * struct iommu_mm - an address space; set up with iommu_mm_init()
 *
 * Letters: (c) constant after init, (a) atomic, (n) notifier lock, (s) SVA
 * lock of the system.
 */
struct iommu_mm {
	const struct iommu_mm_ops *ops; /* (c) */
	struct iommu_system *sys;       /* (c) */
	_Atomic uint32_t users;         /* (a) */
	_Atomic uint32_t refs;          /* (a) */
	struct plat_lock notifier_lock;
	struct iommu_mm_notifier *notifiers; /* (n) */
	struct iommu_mm_notifier *releasing; /* (n) its release() runs */
	struct plat_event release_event;     /* releasing has changed */
	_Atomic ioasid_t pasid;              /* (a) written under (s) [C1] */
	uint32_t pasid_refs;                 /* (s) */
	bool pasid_leaked;                   /* (s) never to be used again */
	void *sva;                           /* (s) core's attachments */
	struct plat_work put_work;           /* iommu_mm_put_users_async() */
};

/**
 * iommu_mm_init() - set up the core part of an address space
 * @mm:  embedded in the implementation's own structure.
 * @sys: system whose devices may share it.
 * @ops: outlives @mm.
 *
 * One user and thereby one reference belong to the caller.
 *
 * Context: may sleep.
 * Test:    tests/core/mm_test.c
 */
void iommu_mm_init(struct iommu_mm *mm, struct iommu_system *sys,
		   const struct iommu_mm_ops *ops);

/* One more reference to the structure; the caller holds one. Context: any. */
void iommu_mm_get(struct iommu_mm *mm);

/* Drop it; the last one calls ops->free. Context: may sleep. */
void iommu_mm_put(struct iommu_mm *mm);

/**
 * iommu_mm_get_users() - keep the address space alive, if it is
 *
 * Context: any; lock-free.
 * Return:  false: it is exiting or gone; nothing was taken.
 */
SVA_MUST_CHECK bool iommu_mm_get_users(struct iommu_mm *mm);

/**
 * iommu_mm_put_users() - drop a user; the last one runs the exit
 *
 * The exit calls mm_exit callbacks of binds. Never hold a lock here that such
 * a callback takes; use iommu_mm_put_users_async() then. [B7]
 *
 * Context: may sleep; takes the SVA lock.
 * Test:    tests/core/mm_test.c
 */
void iommu_mm_put_users(struct iommu_mm *mm);

/* The same from a worker of the system. Context: any. Cost: may queue. */
void iommu_mm_put_users_async(struct iommu_mm *mm);

/**
 * iommu_mm_notifier_register() - subscribe
 * @n:  with ops set; the caller's until unregistered.
 * @mm: the caller holds a user. The subscription holds a reference.
 *
 * Callbacks may come before this returns.
 *
 * Context: may sleep; takes the notifier lock.
 * Return:  0, -ESRCH @mm is exiting.
 * Test:    tests/core/mm_test.c
 */
SVA_MUST_CHECK int iommu_mm_notifier_register(struct iommu_mm_notifier *n,
					      struct iommu_mm *mm);

/**
 * iommu_mm_notifier_unregister() - unsubscribe
 *
 * On return no callback of @n runs or will run. Legal before, during (from
 * another thread) and after the exit.
 *
 * Context: may sleep; takes the notifier lock.
 */
void iommu_mm_notifier_unregister(struct iommu_mm_notifier *n);

/**
 * iommu_mm_invalidate_range() - tell every subscriber
 *
 * For implementations: after the table has changed and before the change is
 * reported to whoever asked for it. [@start, @end), in bytes, 4096-aligned;
 * (0, UINT64_MAX) is everything.
 *
 * Context: as the callbacks; takes the notifier lock. Cost: one call per
 *          subscriber, each with one hardware sync.
 * Test:    tests/core/mm_test.c
 */
void iommu_mm_invalidate_range(struct iommu_mm *mm, uint64_t start,
			       uint64_t end);

#endif
