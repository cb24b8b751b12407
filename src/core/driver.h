/* SPDX-License-Identifier: MIT */
/*
 * The boundary to vendor drivers: what core asks of an IOMMU driver, and what
 * it offers one.
 *
 * One mechanism: set_dev_pasid() attaches a domain to a (device, PASID) pair,
 * remove_dev_pasid() takes it away. A front of the public API that would need
 * a hook of its own here is a mistake in the mechanism.
 *
 * Unless said otherwise an op may sleep, and one that fails leaves things as
 * they were.
 */
#ifndef CORE_DRIVER_H
#define CORE_DRIVER_H

#include <sva/device.h>
#include <sva/domain.h>
#include <sva/fault.h>
#include <sva/guest.h>
#include <sva/mm.h>
#include <sva/system.h>
#include <sva/why.h>

struct iommu_dirty_read;
struct iommu_unit_ops;

/**
 * struct iommu_unit - one IOMMU; embedded in the driver's own structure
 * @sys, @ops, @name: set by iommu_unit_register().
 * @iopf:  fault queue of its devices, made by core before the first of them
 *         is added. The driver may discard its partial groups.
 *
 * The rest is core's.
 */
struct iommu_unit {
	struct iommu_system *sys;
	const struct iommu_unit_ops *ops;
	char name[32];
	struct iopf_queue *iopf;
	struct iommu_unit *next;
	unsigned int device_count;
	_Atomic unsigned int domain_count;
};

/**
 * struct iommu_domain - embedded in the driver's own structure
 * @unit, @type, @mm: set by core after domain_alloc(). @mm: SVA domains only,
 *             with a reference held.
 * @attach_count: (device, PASID) pairs it is attached to; core's.
 * @iopf, @iopf_data: last resort for pages @mm refuses, or NULL; core's.
 * @exit, @exit_data: told of the exit of @mm, or NULL; core's.
 * @normal:    attached before, and not as an auxiliary domain. SVA lock.
 * @parent, @aux_pasid: auxiliary: under the SVA lock; see auxdomain.c.
 * @children:  domains that have this one for their parent: auxiliary, nested.
 * @is_parent: PAGING, from parent_alloc(): guests' tables can be nested in it.
 * @stage2:    NESTED: its parent.
 * @page_sizes: PAGING: bit n: pages of 1 << n bytes; the driver's domain_alloc()
 *             sets it.
 * @map_lock, @waiting, @waiting_bytes, @defer_limit: PAGING: see paging.c;
 *             core's. A driver that reads a guest's memory through its parent
 *             holds the parent's map lock meanwhile: what is mapped then has
 *             not been given back.
 * @walk_lock: PAGING: somebody walks the table who has not @map_lock; core's.
 * @dirty_tracking: PAGING: is on. Core's, written under the map lock.
 */
struct iommu_domain {
	struct iommu_unit *unit;
	enum iommu_domain_type type;
	struct iommu_mm *mm;
	_Atomic unsigned int attach_count;
	iommu_domain_iopf_handler_t iopf;
	void *iopf_data;
	iommu_domain_exit_handler_t exit;
	void *exit_data;
	bool normal;
	struct iommu_domain *parent;
	ioasid_t aux_pasid;
	_Atomic unsigned int children;
	bool is_parent;
	struct iommu_domain *stage2;
	uint64_t page_sizes;
	struct plat_lock map_lock;
	struct plat_lock walk_lock;
	struct iommu_iotlb_gather waiting;
	uint64_t waiting_bytes;
	uint64_t defer_limit;
	bool dirty_tracking;
};

/* What is nested in a parent. */
enum iommu_nest_kind {
	IOMMU_NEST_TABLE, /* a guest's PASID table: for a device as a whole */
	IOMMU_NEST_PASID, /* a guest's page table: for one PASID */
};

/**
 * struct iommu_nest - what a NESTED domain is made of
 * @table, @gpasid: as the caller gave it. Versions, format and mode are right;
 *          the rest is the driver's to check.
 */
struct iommu_nest {
	enum iommu_nest_kind kind;
	union {
		struct iommu_pasid_table_config table;
		struct iommu_gpasid_bind_data gpasid;
	};
};

/**
 * struct iommu_unit_ops - an IOMMU driver
 *
 * @probe_device: make the unit ready for the device: stream table entries
 *     that abort, PASID table, then PASID and ATS in its configuration space
 *     where both sides have them. *@ret_caps says what works, *@ret_priv is
 *     found again with iommu_device_priv(). Called under the system lock.
 *     -ERANGE a stream id is out of range, -EEXIST it is taken, -ENOMEM,
 *     -ETIMEDOUT.
 * @release_device: the reverse. Nothing is attached any more.
 *
 * @domain_alloc: @mm is set for IOMMU_DOMAIN_SVA only, with a user held by
 *     the caller. An SVA domain's driver registers its own notifier on @mm.
 *     *@ret_domain is embedded in the driver's structure; core fills it.
 *     -EOPNOTSUPP not this type, or the table of @mm cannot be walked;
 *     -ENOSPC no hardware id; -ESRCH; -ENOMEM.
 * @domain_free: attached nowhere.
 *
 * @set_dev_pasid: from now on the device's transactions with @pasid (0:
 *     without one) are translated with @domain. What was there before, if
 *     anything, is @old: the device sees @old, then for a moment possibly
 *     aborts, then @domain, never a mixture; on return nothing cached of @old
 *     for this pair is used. Device lock held.
 *     -ENOMEM, -ETIMEDOUT (the entry is then aborting, not @old).
 * @remove_dev_pasid: the pair's transactions abort and are reported. On return
 *     nothing cached is used. Device lock held; cannot fail: a hardware
 *     that does not answer is logged and stays aborting.
 * @quiesce_dev_pasid: the pair's transactions abort quietly, without a report,
 *     and page requests for it get Invalid; on return nothing cached is used.
 *     The address space has gone. Device lock held. Followed by
 *     remove_dev_pasid() at the unbind.
 *
 * @enable_faults: page requests (PRI) or stalls of the device reach
 *     iommu_report_device_fault(). -ENODEV it has neither, -EIO, -ETIMEDOUT.
 * @disable_faults: the reverse.
 * @drain_faults: every fault of the device that the hardware had queued at the
 *     call has been reported on return. No lock held. May be NULL.
 * @page_response: send the answer to a closed group. @req is the request that
 *     closed it. Any thread, no core lock but the device's fault lock.
 *     -ETIMEDOUT.
 *
 * @map, @unmap, @iova_to_phys: of PAGING domains; NULL: the driver has none.
 *     Map lock held; @iova_to_phys runs beside them, under the walk lock, so
 *     that what is in @gather->freed when @iotlb_sync is called is walked by
 *     nobody but hardware. @unmap clears entries, splits pages if it can, and notes
 *     in @gather what hardware may remember: with iommu_gather_add(), and
 *     tables that are empty in @gather->freed, in the driver's way.
 * @iotlb_sync: hardware forgets what was gathered, TLB first, then devices [R9];
 *     then tables are freed. No lock is held, or the map lock. -ETIMEDOUT: the
 *     driver has done what it does then, and keeps the tables.
 * @set_dirty_tracking: on: hardware marks pages as dirty that are written
 *     from now on, and all that are mapped are clean on return; until
 *     @domain->dirty_tracking is false again @map adds clean ones. It is not
 *     what it was. Map lock held. -EOPNOTSUPP, -ETIMEDOUT: off.
 * @read_dirty: iommu_dirty_add() for each page of [@iova, @iova + @size) that is
 *     dirty, and unless NO_CLEAR make it clean. Map lock held; tracking is on.
 *     With nothing changed: -EINVAL an end is inside a page that would have to
 *     be made clean, -EOPNOTSUPP no SPLIT. Both NULL: there is no tracking.
 *
 * @guest_format: of enum iommu_pasid_table_format, of the guests' tables that
 *     nested_alloc() takes; 0: the driver does not nest, and the next three
 *     are NULL.
 * @parent_alloc: a PAGING domain in the second stage. Unmapping from it
 *     reaches whatever hardware remembers of both stages together, for every
 *     domain nested in it. As domain_alloc().
 * @nested_alloc: nothing is attached yet. @dev is where it will be, and stays
 *     until it is freed. -EINVAL what no guest may ask for, or the hardware
 *     does not have, -EOPNOTSUPP not this kind, -ENOSPC, -ENOMEM.
 *     Of IOMMU_NEST_TABLE: set_dev_pasid() with PASID 0 makes it count for all
 *     PASIDs of the device. It replaces, and is replaced by, the parent or
 *     another domain nested there. remove_dev_pasid() may have taken it away
 *     before it is replaced: then the pair aborts until that.
 * @cache_invalidate: what the guest has invalidated, checked but for what only
 *     this hardware cannot do (-EINVAL). Device lock held. -ETIMEDOUT; -ENOMEM
 *     what the guest has added aborts, and the rest was done.
 *
 * @describe: see iommu_unit_describe(). May be NULL.
 * @diagnose: a bind or an enable has failed with @why->err, and *@why says what
 *     core makes of that. The driver writes what it knows better, or nothing.
 *     @mm NULL: the device cannot have the feature at all; otherwise
 *     domain_alloc() has failed for it, and a user is held. SVA lock held if
 *     @mm. May be NULL. [U10]
 */
struct iommu_unit_ops {
	int (*probe_device)(struct iommu_unit *unit, struct iommu_device *dev,
			    const struct iommu_device_desc *desc,
			    struct iommu_device_caps *ret_caps,
			    void **ret_priv);
	void (*release_device)(struct iommu_unit *unit,
			       struct iommu_device *dev);

	int (*domain_alloc)(struct iommu_unit *unit,
			    enum iommu_domain_type type, struct iommu_mm *mm,
			    struct iommu_domain **ret_domain);
	void (*domain_free)(struct iommu_domain *domain);

	int (*set_dev_pasid)(struct iommu_domain *domain,
			     struct iommu_device *dev, ioasid_t pasid,
			     struct iommu_domain *old);
	void (*remove_dev_pasid)(struct iommu_domain *domain,
				 struct iommu_device *dev, ioasid_t pasid);
	void (*quiesce_dev_pasid)(struct iommu_domain *domain,
				  struct iommu_device *dev, ioasid_t pasid);

	int (*enable_faults)(struct iommu_device *dev);
	void (*disable_faults)(struct iommu_device *dev);
	void (*drain_faults)(struct iommu_device *dev);
	int (*page_response)(struct iommu_device *dev,
			     const struct iommu_fault_page_request *req,
			     enum iommu_page_response_code code);

	int (*map)(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
		   uint64_t size, unsigned int perm);
	int (*unmap)(struct iommu_domain *domain, uint64_t iova, uint64_t size,
		     struct iommu_iotlb_gather *gather, uint64_t *ret_unmapped);
	int (*iotlb_sync)(struct iommu_domain *domain,
			  struct iommu_iotlb_gather *gather);
	int (*iova_to_phys)(struct iommu_domain *domain, uint64_t iova,
			    uint64_t *ret_pa);
	int (*set_dirty_tracking)(struct iommu_domain *domain, bool on);
	int (*read_dirty)(struct iommu_domain *domain, uint64_t iova,
			  uint64_t size, unsigned int flags,
			  struct iommu_dirty_read *read);

	uint32_t guest_format;
	int (*parent_alloc)(struct iommu_unit *unit,
			    struct iommu_domain **ret_domain);
	int (*nested_alloc)(struct iommu_domain *parent,
			    struct iommu_device *dev,
			    const struct iommu_nest *nest,
			    struct iommu_domain **ret_domain);
	int (*cache_invalidate)(struct iommu_domain *nested,
				struct iommu_device *dev,
				const struct iommu_cache_invalidate_info *info);

	void (*describe)(struct iommu_unit *unit,
			 void (*row)(void *arg,
				     const struct iommu_unit_row *row),
			 void *arg);
	void (*diagnose)(struct iommu_device *dev, struct iommu_mm *mm,
			 struct iommu_sva_why *why);
};

static inline bool iommu_gather_empty(const struct iommu_iotlb_gather *gather)
{
	return gather->start > gather->last;
}

/* [start, last] */
static inline void iommu_gather_add(struct iommu_iotlb_gather *gather,
				    uint64_t start, uint64_t last)
{
	if (start < gather->start)
		gather->start = start;
	if (last > gather->last)
		gather->last = last;
}

/**
 * struct iommu_dirty_read - one iommu_read_and_clear_dirty() under way
 * @start, @last: bytes somebody wants to know about.
 * @bitmap: the caller's.
 * @gather: what is made clean; NULL: nothing is.
 */
struct iommu_dirty_read {
	uint64_t start;
	uint64_t last;
	const struct iommu_dirty_bitmap *bitmap;
	struct iommu_iotlb_gather *gather;
};

/*
 * The page of 1 << @size_lg2 bytes at @iova was dirty. @arg: the struct
 * iommu_dirty_read, so that it fits where a table's walk calls back.
 */
void iommu_dirty_add(void *arg, uint64_t iova, unsigned int size_lg2);

/**
 * iommu_unit_register() - a driver has brought up an IOMMU
 * @unit: embedded in the driver's structure, zeroed.
 * @name: copied, cut to 31 bytes.
 *
 * Return: 0.
 */
SVA_MUST_CHECK int iommu_unit_register(struct iommu_system *sys,
				       struct iommu_unit *unit,
				       const struct iommu_unit_ops *ops,
				       const char *name);

/* Return: 0, -EBUSY while it has devices or domains: nothing changed. */
SVA_MUST_CHECK int iommu_unit_unregister(struct iommu_unit *unit);

/* What probe_device() gave; NULL before. Context: any. */
void *iommu_device_priv(const struct iommu_device *dev);

/*
 * What to answer the hardware when iommu_report_device_fault() failed with @err
 * for a request with LAST_PAGE: no memory as the system's oom_policy says, no
 * handler Failure, all else Invalid. [F9] [L3]
 */
enum iommu_page_response_code
iommu_fault_verdict(const struct iommu_device *dev, int err);

/* Hold a device found from hardware's stream id while reporting its fault. */
void iommu_device_get(struct iommu_device *dev);
void iommu_device_put(struct iommu_device *dev);

#endif
