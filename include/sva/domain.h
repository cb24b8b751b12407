/* SPDX-License-Identifier: MIT */
/*
 * Domains: what a transaction of a (device, PASID) pair is translated with.
 *
 * The one mechanism of the library. Binding an address space, auxiliary
 * domains, guest tables are fronts over *attach a domain to a (device, PASID)
 * pair*; PASID 0 stands for transactions without one.
 */
#ifndef SVA_DOMAIN_H
#define SVA_DOMAIN_H

#include <sva/device.h>
#include <sva/mm.h>
#include <sva/types.h>

struct iommu_domain;

/**
 * enum iommu_domain_type - where the translation comes from
 * @IOMMU_DOMAIN_BLOCKED:  nowhere: every access is aborted.
 * @IOMMU_DOMAIN_IDENTITY: addresses are physical.
 * @IOMMU_DOMAIN_PAGING:   a table of the driver, changed by map and unmap.
 * @IOMMU_DOMAIN_SVA:      the table of an address space.
 * @IOMMU_DOMAIN_NESTED:   a guest's table through a stage-2 parent.
 */
enum iommu_domain_type {
	IOMMU_DOMAIN_BLOCKED,
	IOMMU_DOMAIN_IDENTITY,
	IOMMU_DOMAIN_PAGING,
	IOMMU_DOMAIN_SVA,
	IOMMU_DOMAIN_NESTED,
};

/**
 * iommu_domain_alloc() - make a domain
 * @unit:       IOMMU whose devices it is for. Borrowed while it lives.
 * @type:       BLOCKED, IDENTITY or PAGING; the others have their own makers.
 * @ret_domain: owned by the caller.
 *
 * Context: may sleep.
 * Return:  0, -EINVAL another type, -EOPNOTSUPP not with this IOMMU, -ENOSPC no
 *          hardware id left for it, -ENOMEM.
 */
SVA_MUST_CHECK int iommu_domain_alloc(struct iommu_unit *unit,
				      enum iommu_domain_type type,
				      struct iommu_domain **ret_domain);

/**
 * iommu_domain_alloc_sva() - make a domain of an address space
 * @mm: the caller holds a user. The domain takes a reference, not a user.
 *
 * Context: may sleep.
 * Return:  0, -EINVAL @mm of another system, -EOPNOTSUPP the IOMMU cannot walk
 *          @mm, -ESRCH it is exiting, -ENOSPC no hardware id left for it,
 *          -ENOMEM. [K16]
 */
SVA_MUST_CHECK int iommu_domain_alloc_sva(struct iommu_unit *unit,
					  struct iommu_mm *mm,
					  struct iommu_domain **ret_domain);

/**
 * iommu_domain_free() - free it
 * @domain: attached nowhere, and not the parent of auxiliary domains [E2];
 *          otherwise -EBUSY and nothing changed. Its hardware id is used again
 *          only when nothing of it is cached. [R13]
 */
SVA_MUST_CHECK int iommu_domain_free(struct iommu_domain *domain);

struct iommu_fault_page_request;

/**
 * iommu_domain_iopf_handler_t - asked for a page the address space refuses
 * @prm:  the request. Borrowed for the call.
 * @err:  what the address space said: -EFAULT, -EACCES, ...
 * @data: as registered.
 *
 * Runs in a worker of the fault queue with a user of the address space held;
 * may sleep, does not wait for other faults and does not detach. Returns 0 to
 * count the page as resolved, or the error that decides the group.
 */
typedef int (*iommu_domain_iopf_handler_t)(
	struct iommu_device *dev, const struct iommu_fault_page_request *prm,
	int err, void *data);

/**
 * iommu_domain_set_iopf_handler() - a last resort for pages that are refused
 * @domain:  SVA domain, attached nowhere yet.
 * @handler: NULL for none. Not called for a request that asks for no access,
 *           nor once the address space is exiting. [F6]
 *
 * After the last detach has returned it does not run and will not. [R1]
 *
 * Context: any; the caller owns @domain and attaches it after this.
 * Return:  0, -EINVAL not an SVA domain, -EBUSY attached somewhere.
 * Test:    tests/core/iopf_test.c
 */
SVA_MUST_CHECK int
iommu_domain_set_iopf_handler(struct iommu_domain *domain,
			      iommu_domain_iopf_handler_t handler, void *data);

/**
 * iommu_domain_exit_handler_t - the address space of an attachment is going
 * @data: as registered.
 *
 * What iommu_sva_ops.mm_exit is to a bind: called once per (device, PASID),
 * before the entry goes quiet, without core's locks. May sleep. Must not detach
 * the pair it is called for, and takes no lock that is held while a user of the
 * address space is dropped.
 */
typedef void (*iommu_domain_exit_handler_t)(struct iommu_device *dev,
					    ioasid_t pasid, void *data);

/**
 * iommu_domain_set_exit_handler() - hear of the exit of the address space
 * @domain:  SVA domain, attached nowhere yet.
 * @handler: NULL for none.
 *
 * It does not run for a pair whose detach came first, and a detach waits for
 * one that runs: after it has returned the handler will not run. [B4] [R1]
 *
 * Context: any; the caller owns @domain and attaches it after this.
 * Return:  0, -EINVAL not an SVA domain, -EBUSY attached somewhere.
 * Test:    tests/core/exit_test.c
 */
SVA_MUST_CHECK int
iommu_domain_set_exit_handler(struct iommu_domain *domain,
			      iommu_domain_exit_handler_t handler, void *data);

/* Context: any. */
enum iommu_domain_type iommu_domain_type(const struct iommu_domain *domain);

/**
 * iommu_attach_device() - translate what a device sends without a PASID
 *
 * Replaces what was attached before.
 *
 * Context: may sleep; takes the SVA lock, then the device's.
 * Return:  0, -EINVAL the domain is of another unit, of SVA type or auxiliary
 *          [E2], -EBUSY a feature is enabled on the device or something is
 *          attached to its PASIDs [A5] [A6], or what the driver met: -ENOMEM,
 *          or -ETIMEDOUT, after which nothing is attached and the device's
 *          accesses abort.
 * Test:    tests/core/domain_test.c
 */
SVA_MUST_CHECK int iommu_attach_device(struct iommu_domain *domain,
				       struct iommu_device *dev);

/* Back to blocked. As iommu_attach_device(); -EINVAL not attached. */
SVA_MUST_CHECK int iommu_detach_device(struct iommu_domain *domain,
				       struct iommu_device *dev);

/**
 * iommu_attach_device_pasid() - translate what a device sends with a PASID
 * @domain: PAGING or SVA, of the device's unit.
 * @pasid:  1 to (1 << pasid_bits of the device) - 1, owned by the caller.
 *
 * Context: may sleep; takes the SVA lock, then the device's.
 * Return:  0, -EINVAL a bad pasid or domain, an auxiliary one [E2], or an SVA
 *          domain for a device that shares its group [B10], -EBUSY something is
 *          attached there, -EOPNOTSUPP not with this IOMMU, -ESRCH the address
 *          space of an SVA domain is exiting, or what the driver met (-ENOMEM,
 *          -ETIMEDOUT, -ENOSPC).
 * Test:    tests/core/domain_test.c
 */
SVA_MUST_CHECK int iommu_attach_device_pasid(struct iommu_domain *domain,
					     struct iommu_device *dev,
					     ioasid_t pasid);

/**
 * iommu_detach_device_pasid() - stop that
 *
 * Precondition: the device issues nothing new for the PASID and its page
 * requests are on their way. On return everything they led to is over: queues
 * drained, work flushed, the entry and all caches clear. [B3]
 *
 * What is not attached, or was attached by a bind, is left alone and logged.
 *
 * Context: may sleep; takes the SVA lock, then the device's. Not from a fault
 *          handler.
 * Test:    tests/core/domain_test.c
 */
void iommu_detach_device_pasid(struct iommu_domain *domain,
			       struct iommu_device *dev, ioasid_t pasid);

/**
 * iommu_map() - make a range of a PAGING domain lead somewhere
 * @iova, @pa, @size: multiples of the domain's smallest page.
 * @perm: of enum iommu_perm.
 *
 * With the largest pages that fit. What awaits its invalidation (see
 * iommu_domain_set_deferred()) there is invalidated first.
 *
 * Context: may sleep; takes the domain's map lock. Any number of threads.
 * Return:  0, or with nothing mapped: -EINVAL a bad range, permission or
 *          domain, -EEXIST something is mapped there, -EOPNOTSUPP not with this
 *          IOMMU, -ENOMEM, -ETIMEDOUT.
 * Test:    tests/core/paging_test.c, tests/drivers/smmuv3_paging_test.c
 */
SVA_MUST_CHECK int iommu_map(struct iommu_domain *domain, uint64_t iova,
			     uint64_t pa, uint64_t size, unsigned int perm);

/**
 * iommu_unmap() - take a range out of a PAGING domain
 * @ret_unmapped: how many bytes of it were mapped, which need not be all. 0
 *                with -ETIMEDOUT. May be NULL.
 *
 * On return no device uses them: the entries were cleared, then the TLB was
 * invalidated and has confirmed it, then the devices' own caches. [R9] A page
 * that the range ends inside is split where the IOMMU can do that while the
 * page is in use. Not so with deferred invalidation.
 *
 * Context: may sleep; takes the domain's map lock.
 * Return:  0; with nothing changed -EINVAL a bad range or domain, or an end
 *          inside a page that cannot be split, -EOPNOTSUPP, -ENOMEM for
 *          smaller pages; -ETIMEDOUT it is out, but the IOMMU did not confirm
 *          it: the memory must not be reused. [E5]
 * Test:    as iommu_map()
 */
SVA_MUST_CHECK int iommu_unmap(struct iommu_domain *domain, uint64_t iova,
			       uint64_t size, uint64_t *ret_unmapped);

/**
 * struct iommu_iotlb_gather - unmapped, and not yet invalidated
 * @start, @last: the hull of what was unmapped; @start above @last: nothing.
 * @freed: tables that went along, which hardware may still be in; private.
 */
struct iommu_iotlb_gather {
	uint64_t start;
	uint64_t last;
	void *freed;
};

static inline void iommu_iotlb_gather_init(struct iommu_iotlb_gather *gather)
{
	gather->start = UINT64_MAX;
	gather->last = 0;
	gather->freed = NULL;
}

/**
 * iommu_unmap_gather() - iommu_unmap(), but leave the invalidation for later
 * @gather: initialised; of this domain only. Nothing of the range is reused or
 *          mapped again until iommu_iotlb_sync() has returned 0, which has to
 *          come before the domain is freed.
 *
 * Context: may sleep; takes the domain's map lock. @gather is the caller's, one
 *          thread at a time.
 * Cost:    the table only; one iommu_iotlb_sync() for many.
 * Return:  as iommu_unmap(), without -ETIMEDOUT.
 */
SVA_MUST_CHECK int iommu_unmap_gather(struct iommu_domain *domain,
				      uint64_t iova, uint64_t size,
				      struct iommu_iotlb_gather *gather,
				      uint64_t *ret_unmapped);

/**
 * iommu_iotlb_sync() - the invalidation for all that was gathered [R9]
 *
 * @gather is initialised again, whatever the outcome.
 *
 * Context: may sleep; takes no mutex of core, but waits for iommu_iova_to_phys()
 *          of the domain if tables are about to go.
 * Return:  0, -ETIMEDOUT the IOMMU did not confirm it: the memory must not be
 *          reused. What could be done to keep devices out has been done.
 */
SVA_MUST_CHECK int iommu_iotlb_sync(struct iommu_domain *domain,
				    struct iommu_iotlb_gather *gather);

/**
 * iommu_domain_set_deferred() - let unmapped ranges await their invalidation
 * @limit: iommu_unmap() invalidates nothing until more than so many bytes wait;
 *         then it does for all of them. 0, as at first: at once.
 *
 * The caller keeps what it unmapped, page for page, until
 * iommu_domain_flush(): until then devices may use it. A range that waits is
 * invalidated before it is mapped again.
 *
 * Context: may sleep; takes the domain's map lock.
 * Return:  0, -EINVAL not a PAGING domain, -ETIMEDOUT as iommu_iotlb_sync().
 */
SVA_MUST_CHECK int iommu_domain_set_deferred(struct iommu_domain *domain,
					     uint64_t limit);

/* What waits is invalidated. 0, -EINVAL not a PAGING domain, -ETIMEDOUT. */
SVA_MUST_CHECK int iommu_domain_flush(struct iommu_domain *domain);

/**
 * enum iommu_dirty_flags - how dirty pages are read
 * @IOMMU_DIRTY_NO_CLEAR: they stay dirty.
 * @IOMMU_DIRTY_SPLIT:    a page that is dirty, larger than the smallest, and
 *     made clean, becomes pages of the next smaller size, if there is memory
 *     for them: what is written next is known more closely.
 */
enum iommu_dirty_flags {
	IOMMU_DIRTY_NO_CLEAR = 1 << 0,
	IOMMU_DIRTY_SPLIT = 1 << 1,
};

/**
 * struct iommu_dirty_bitmap - where dirty pages are noted
 * @iova:      of the first byte that bit 0 of @words[0] is about.
 * @page_lg2:  log2 of the bytes a bit is about, 12 to 63, and a bit is set if
 *             one of them is in a dirty page.
 * @bit_count: how many there are.
 * @words:     the caller's; bits are set there, none is cleared. NULL: the
 *             pages are made clean, and nobody wants to know which.
 * @gather:    what was made clean joins it, for an iommu_iotlb_sync() of the
 *             caller's. NULL: iommu_read_and_clear_dirty() does that itself.
 */
struct iommu_dirty_bitmap {
	uint64_t iova;
	unsigned int page_lg2;
	uint64_t bit_count;
	uint64_t *words;
	struct iommu_iotlb_gather *gather;
};

/**
 * iommu_set_dirty_tracking() - let hardware note which pages devices write
 * @domain: attached or not; who attaches it later is tracked, too.
 *
 * When it begins all pages are clean, also those mapped later: what was written
 * before the return need not be noted, what is written after it is. Off, as at
 * first, nothing can be read. What is on already stays as it is.
 *
 * Context: may sleep; takes the domain's map lock.
 * Cost:    to begin, the whole table and an invalidation of all of it.
 * Return:  0, -EINVAL not a PAGING domain, -EOPNOTSUPP not with this IOMMU
 *          (SMMUv3: SMMU_IDR0.HTTU below 2; VT-d: ECAP_REG.SSADS 0),
 *          -ETIMEDOUT the IOMMU did not confirm it: it is off.
 * Spec:    Arm IHI 0070, 3.13; VT-d 3.7.2, 6.5.3.3 (table 28: SSADE).
 * Test:    tests/core/dirty_test.c, tests/drivers/smmuv3_dirty_test.c,
 *          tests/drivers/vtd/dirty_test.c
 */
SVA_MUST_CHECK int iommu_set_dirty_tracking(struct iommu_domain *domain,
					    bool on);

/**
 * iommu_read_and_clear_dirty() - which pages devices wrote
 * @iova, @size: multiples of 4096 bytes, within what @dirty has bits for.
 * @flags: of enum iommu_dirty_flags.
 * @dirty: bits are set for pages that are dirty, or for the part of them within
 *         the range.
 *
 * A page that is made clean may be written unseen until the invalidation has
 * completed: hardware has cached that it is dirty. So who copies memory reads
 * and clears, has that invalidated (see @dirty->gather), and then copies the
 * pages that were dirty. What is written after the invalidation is noted for the
 * next read; what was written before it is in the copy. [R9]
 *
 * An unmap takes what is known of a page along: stop the device's writes, read,
 * then unmap.
 *
 * Context: may sleep; takes the domain's map lock. @dirty is the caller's, one
 *          thread at a time.
 * Cost:    the tables of the range, and the invalidation.
 * Return:  0; with nothing changed -EINVAL a bad range, flag or domain,
 *          tracking is off, or the range ends inside a page that would have to
 *          be made clean; -EOPNOTSUPP the IOMMU does not take pages apart
 *          while they are in use (as iommu_unmap()). -ETIMEDOUT, without
 *          @dirty->gather: the bits are there, but the IOMMU did not confirm
 *          the invalidation. What could be done to keep devices out has been
 *          done.
 * Test:    as iommu_set_dirty_tracking(), tests/pgtable/dirty_test.c, and the
 *          simulator's scenario dirty
 */
SVA_MUST_CHECK int iommu_read_and_clear_dirty(struct iommu_domain *domain,
					      uint64_t iova, uint64_t size,
					      unsigned int flags,
					      struct iommu_dirty_bitmap *dirty);

/**
 * iommu_iova_to_phys() - where an address of a domain leads
 * @domain: PAGING or IDENTITY.
 *
 * Beside maps and unmaps of the same address it is what was there before or
 * after.
 *
 * Context: any; takes a spin lock of the domain's rank.
 * Cost:    one walk.
 * Return:  0, -ENOENT nowhere, -EINVAL the domain is of another type,
 *          -EOPNOTSUPP.
 */
SVA_MUST_CHECK int iommu_iova_to_phys(struct iommu_domain *domain,
				      uint64_t iova, uint64_t *ret_pa);

/*
 * Sizes of the pages of a PAGING domain: bit n for 1 << n bytes; 0: of another
 * type. Context: any.
 */
uint64_t iommu_domain_page_sizes(const struct iommu_domain *domain);

#endif
