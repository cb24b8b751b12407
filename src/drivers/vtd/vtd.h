/* SPDX-License-Identifier: MIT */
/*
 * What the files share that know devices, domains, tables and page requests;
 * the unit's own are unit.h's.
 *
 * Of the locks there: a device's context entries have a spin lock of the unit's
 * rank, and nobody has both. A domain's is a spin lock too, held while its
 * invalidations are submitted and waited for, so that none is under way once an
 * attachment has gone: the notifier of an address space comes with locks of its
 * own.
 */
#ifndef DRIVERS_VTD_VTD_H
#define DRIVERS_VTD_VTD_H

#include "base/le64.h"
#include "base/list.h"
#include "base/refcount.h"
#include "drivers/pci/pci_func.h"
#include "drivers/vtd/devices.h"
#include "drivers/vtd/unit.h"
#include "fmt/vtd_tables.h"
#include "pgtable/vtdss.h"

/* Words of an entry. */
enum {
	VTD_ROOT_WORDS = 2,
	VTD_CONTEXT_WORDS = 4,
	VTD_PASID_WORDS = 8,
};

/*
 * Domain ids. With CAP.CM the unit tags what is not present with 0, so that is
 * nobody's. Pass-through is the same for everybody, so it has one for all.
 *
 * Every other domain has an id of its own, not one for all address spaces as in
 * Linux: the TLB tells translations apart by domain id and PASID, and here two
 * devices may have different address spaces under one PASID, as whoever attaches
 * a domain picks it.
 */
enum {
	VTD_DID_NONE = 0,
	VTD_DID_PASS_THROUGH = 1,
	VTD_DID_FIRST = 2,
};

/* One requester id and whose it is; NULL while the device is being probed. */
struct vtd_rid {
	uint16_t sid;
	struct vtd_device *vdev;
};

/**
 * struct vtd_tables - what a unit has once
 * @root:     by bus.
 * @contexts: (u) by bus and upper half: context tables, which stay.
 * @rids:     (u) sorted.
 * @did_lock: of @dids, a bitmap of those in use and of those that could not be
 *            flushed.
 * @abandoned: (u) devices whose tables the unit may still read.
 */
struct vtd_tables {
	le64_atomic *root;
	le64_atomic *contexts[2 * VTD_ROOT_ENTRIES];
	struct vtd_rid *rids;
	size_t rid_count;
	size_t rid_room;
	struct plat_lock did_lock;
	uint64_t *dids;
	struct vtd_device *abandoned;
};

/**
 * struct vtd_pasidtab - the PASIDs of a device
 * @bits:    width of those it has; 0: only what stands for none.
 * @dir:     directory of 1 << @dir_lg2 entries; see vtd_pasidtab_get().
 * @old_dir: of a page, replaced by @dir, and the unit may still read it; or
 *           NULL.
 *
 * @leaves:  how many there are; under the device lock.
 *
 * Leaves, and a larger directory, are made under the device lock. Leaves stay
 * until fini.
 */
struct vtd_pasidtab {
	const struct plat *plat;
	unsigned int bits;
	unsigned int dir_lg2;
	unsigned int leaves;
	le64_atomic *dir;
	le64_atomic *old_dir;
};

/**
 * struct vtd_device - a device of this unit
 * @refs: the device itself, and who handles a fault of it right now.
 * @ats:  with @ats_on: how to reach what it has cached.
 * @credits: outstanding page requests it was granted.
 * @rid_pasid: whose entry is for requests without a PASID: a guest may have
 *         picked another than IOMMU_NO_PASID. Changed with nothing attached.
 * @nested: so many nested domains are attached.
 *
 * (e) under @ctx_lock.
 */
struct vtd_device {
	struct vtd_unit *u;
	struct iommu_device *dev;
	struct refcount refs;
	uint16_t *sids;         /* (c) */
	le64_atomic **ctxs;     /* (c) of these; the entries are (e) */
	unsigned int sid_count; /* (c) */
	struct plat_lock ctx_lock;
	bool live; /* (e) the context entries are present */
	struct vtd_pasidtab ptab;
	struct pci_func pci;
	struct vtd_ats ats;   /* (c) */
	bool is_pci;          /* (c) */
	bool can_ats;         /* (c) */
	bool can_pri;         /* (c) */
	bool too_many;        /* (c) could have page requests, with one id */
	unsigned int credits; /* device lock */
	_Atomic bool ats_on;
	_Atomic bool isolated; /* before ATS counts as off: for good */
	_Atomic bool faults_on;
	_Atomic unsigned int nested;
	_Atomic ioasid_t rid_pasid;
	bool abandoned; /* the unit may still read its tables */
	struct vtd_device *next_abandoned;
};

/* A (device, PASID) pair of a domain. */
struct vtd_attach {
	struct list link;
	struct vtd_device *vdev;
	ioasid_t pasid;
	le64_atomic *slot;
	bool quiet;   /* the entry is not present, and does not report */
	bool passive; /* another domain has taken the entry over */
};

/**
 * struct vtd_domain - a domain
 * @did:      (c)
 * @ss:       paging: its table, under core's map lock; of @ss_levels, for
 *            addresses of @ss_va_bits (c).
 * @ssade:    (d) paging: its entries have the unit set A and D.
 * @stuck:    (d) paging: tables the unit was not told of.
 * @attaches: (d) sorted by PASID.
 * @dead:     (d) SVA: the address space has gone.
 * @event:    an attachment is not passive any more.
 * @nested_in: (d) of a parent: what is nested in it, by @nested_link.
 * @nest:     nested: how; NULL otherwise.
 *
 * What is nested has the lock of its parent: an invalidation of the parent is
 * about both.
 */
struct vtd_domain {
	struct iommu_domain domain;
	struct vtd_unit *u;
	enum iommu_domain_type type;
	uint16_t did;
	struct iommu_mm_table table; /* (c) SVA */
	struct iommu_mm_notifier notifier;
	struct vtdss ss;
	unsigned int ss_levels;
	unsigned int ss_va_bits;
	bool ssade;
	void *stuck;
	struct plat_lock lock;
	struct list attaches;
	bool dead;
	struct plat_event event;
	bool is_parent; /* (c) */
	struct list nested_in;
	struct list nested_link;
	struct vtd_nested *nest; /* (c) */
};

/* did.c: -ENOSPC; put: nothing is attached any more. */
SVA_MUST_CHECK int vtd_dids_init(struct vtd_unit *u, struct vtd_tables *t);
void vtd_dids_fini(struct vtd_unit *u, struct vtd_tables *t);
SVA_MUST_CHECK int vtd_did_get(struct vtd_unit *u, uint16_t *ret_did);
void vtd_did_put(struct vtd_unit *u, uint16_t did);

/*
 * tables.c: one requester id's context entry, its table made if needed. It
 * stays where it is. -ENOMEM
 */
SVA_MUST_CHECK int vtd_tables_context(struct vtd_unit *u, uint16_t sid,
				      le64_atomic **ret_slot);

/* rid.c: which device has which requester ids; all of a device's, or none. */
SVA_MUST_CHECK int vtd_rids_add(struct vtd_device *vdev);
/* From now on it is found. */
void vtd_rids_show(struct vtd_device *vdev);
void vtd_rids_remove(struct vtd_device *vdev);
/* With a reference, to be returned by vtd_device_put(); NULL: nobody's. */
struct vtd_device *vtd_device_find(struct vtd_unit *u, uint16_t sid);
struct vtd_device *vtd_device_any(struct vtd_unit *u);

/* context.c: the context entries of a device, all alike. */
SVA_MUST_CHECK int vtd_context_install(struct vtd_device *vdev);
SVA_MUST_CHECK int vtd_context_remove(struct vtd_device *vdev);
/* What is known of the device has changed. Nothing is attached. */
SVA_MUST_CHECK int vtd_context_renew(struct vtd_device *vdev);
/* Requests without a PASID have another entry. Nothing is attached. */
SVA_MUST_CHECK int vtd_context_set_rid_pasid(struct vtd_device *vdev,
					     ioasid_t pasid);
/* Another directory, with what the old one has and more. */
SVA_MUST_CHECK int vtd_context_set_dir(struct vtd_device *vdev,
				       le64_atomic *dir, unsigned int dir_lg2);
/*
 * The device does not complete invalidations: the unit takes nothing of it any
 * more, translated or not. Logged. An error means that the unit has failed
 * closed.
 */
SVA_MUST_CHECK int vtd_device_isolate(struct vtd_device *vdev);

/* pasidtab.c */
SVA_MUST_CHECK int vtd_pasidtab_init(struct vtd_pasidtab *tab,
				     const struct plat *plat,
				     unsigned int bits);
void vtd_pasidtab_fini(struct vtd_pasidtab *tab);
uint64_t vtd_pasidtab_pa(const struct vtd_pasidtab *tab);
/* NULL: there is no table for it, or no such PASID. */
le64_atomic *vtd_pasidtab_find(const struct vtd_pasidtab *tab, ioasid_t pasid);
/*
 * The entry of a PASID, with the directory grown and the table made if needed.
 * -EINVAL no such PASID, -ENOMEM, or what the unit said to a new directory.
 * Device lock held.
 */
SVA_MUST_CHECK int vtd_pasidtab_get(struct vtd_device *vdev, ioasid_t pasid,
				    le64_atomic **ret_slot);

/*
 * pasid.c: entries of the PASID table. install: the entry is not present.
 * retire: P goes, then all caches forget the pair: the PASID cache, the TLB, the
 * device, in this order [M2]; quiet: FPD stays. Errors have been logged and the
 * unit has failed closed, so nothing of the entry is used in any case.
 */
SVA_MUST_CHECK int vtd_pasid_install(struct vtd_device *vdev, ioasid_t pasid,
				     le64_atomic *slot,
				     const struct vtd_pasid *entry);
SVA_MUST_CHECK int vtd_pasid_retire(struct vtd_device *vdev, ioasid_t pasid,
				    le64_atomic *slot, bool quiet);
/*
 * Accessed and dirty flags of the second stage, on or off, of an entry that is
 * in use. Errors as of retire.
 */
SVA_MUST_CHECK int vtd_pasid_set_ssade(struct vtd_device *vdev, ioasid_t pasid,
				       le64_atomic *slot, bool on);
/*
 * Nothing cached of the pair is used on return: forgotten, or the device is
 * isolated, or the unit has failed closed and says so with an error.
 */
int vtd_pair_flush(struct vtd_device *vdev, uint16_t did, ioasid_t pasid,
		   bool second_stage);
/* To the batch, if the device has any: [start, last] of a PASID, or of none. */
void vtd_add_dev_tlb(struct vtd_batch *b, struct vtd_device *vdev,
		     ioasid_t pasid, uint64_t start, uint64_t last);

/* device.c */
SVA_MUST_CHECK int vtd_probe_device(struct iommu_unit *unit,
				    struct iommu_device *dev,
				    const struct iommu_device_desc *desc,
				    struct iommu_device_caps *ret_caps,
				    void **ret_priv);
void vtd_release_device(struct iommu_unit *unit, struct iommu_device *dev);
void vtd_device_put(struct vtd_device *vdev);
/* The unit is disabled. */
void vtd_free_abandoned(struct vtd_unit *u, struct vtd_tables *t);
/*
 * After a batch about one device failed with @err: 0, if the device was the
 * reason and is isolated now, by whoever found it out first; otherwise the unit
 * has failed closed.
 */
int vtd_settle(struct vtd_device *vdev, int err, const char *what);

static inline struct vtd_domain *to_vtd_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct vtd_domain, domain);
}

static inline bool vtd_has_ats(const struct vtd_device *vdev)
{
	/* Pairs with the release of who switched ATS on or off. */
	return atomic_load_explicit(&vdev->ats_on, memory_order_acquire);
}

/* What it does is up to a guest, and so are the faults. */
static inline bool vtd_is_nested(const struct vtd_device *vdev)
{
	/* Relaxed: a fault of before or after is told apart by nobody. */
	return atomic_load_explicit(&vdev->nested, memory_order_relaxed);
}

static inline ioasid_t vtd_rid_pasid(const struct vtd_device *vdev)
{
	/* Relaxed: changes while nothing is attached. */
	return atomic_load_explicit(&vdev->rid_pasid, memory_order_relaxed);
}

/* domain.c */
/* The lock of (d), and of what is nested in the same parent. */
void vtd_domain_lock(struct vtd_domain *d);
void vtd_domain_unlock(struct vtd_domain *d);
/* One without anything that makes it what @type says; NULL: no memory. */
struct vtd_domain *vtd_domain_new(struct vtd_unit *u,
				  enum iommu_domain_type type);
void vtd_domain_delete(struct vtd_domain *d);
SVA_MUST_CHECK int vtd_domain_alloc(struct iommu_unit *unit,
				    enum iommu_domain_type type,
				    struct iommu_mm *mm,
				    struct iommu_domain **ret_domain);
void vtd_domain_free(struct iommu_domain *domain);
SVA_MUST_CHECK int vtd_set_dev_pasid(struct iommu_domain *domain,
				     struct iommu_device *dev, ioasid_t pasid,
				     struct iommu_domain *old);
void vtd_remove_dev_pasid(struct iommu_domain *domain, struct iommu_device *dev,
			  ioasid_t pasid);
void vtd_quiesce_dev_pasid(struct iommu_domain *domain,
			   struct iommu_device *dev, ioasid_t pasid);

/*
 * What is cached of [start, last], wherever the domain is attached: the TLB,
 * then the devices. False: it could not be said, and the unit has failed closed.
 */
bool vtd_domain_invalidate(struct vtd_domain *d, uint64_t start, uint64_t last);
/* The entry of a pair it is attached to; not of a guest's table. */
struct vtd_pasid vtd_make_pasid(const struct vtd_domain *d);
/*
 * What of an entry says that the second stage is that of a paging domain. The
 * lock of that is held.
 */
void vtd_make_second_stage(const struct vtd_domain *d, struct vtd_pasid *e);
/* The pair aborts without reports. The domain's lock is held. */
void vtd_quiesce_locked(struct vtd_domain *d, struct vtd_attach *a);

/* paging.c: -EOPNOTSUPP, -ENOSPC, -ENOMEM */
SVA_MUST_CHECK int vtd_paging_init(struct vtd_domain *d);
void vtd_paging_fini(struct vtd_domain *d);
SVA_MUST_CHECK int vtd_map(struct iommu_domain *domain, uint64_t iova,
			   uint64_t pa, uint64_t size, unsigned int perm);
SVA_MUST_CHECK int vtd_unmap(struct iommu_domain *domain, uint64_t iova,
			     uint64_t size, struct iommu_iotlb_gather *gather,
			     uint64_t *ret_unmapped);
SVA_MUST_CHECK int vtd_iotlb_sync(struct iommu_domain *domain,
				  struct iommu_iotlb_gather *gather);
SVA_MUST_CHECK int vtd_iova_to_phys(struct iommu_domain *domain, uint64_t iova,
				    uint64_t *ret_pa);
SVA_MUST_CHECK int vtd_set_dirty_tracking(struct iommu_domain *domain, bool on);
SVA_MUST_CHECK int vtd_read_dirty(struct iommu_domain *domain, uint64_t iova,
				  uint64_t size, unsigned int flags,
				  struct iommu_dirty_read *read);

/* nest.c: as struct iommu_unit_ops says. */
SVA_MUST_CHECK int vtd_parent_alloc(struct iommu_unit *unit,
				    struct iommu_domain **ret_domain);
SVA_MUST_CHECK int vtd_nested_alloc(struct iommu_domain *parent,
				    struct iommu_device *dev,
				    const struct iommu_nest *nest,
				    struct iommu_domain **ret_domain);
void vtd_nested_fini(struct vtd_domain *d);
/* guest_inv.c */
SVA_MUST_CHECK int
vtd_cache_invalidate(struct iommu_domain *nested, struct iommu_device *dev,
		     const struct iommu_cache_invalidate_info *info);

/* prq.c and pri.c */
SVA_MUST_CHECK int vtd_enable_faults(struct iommu_device *dev);
void vtd_disable_faults(struct iommu_device *dev);
void vtd_drain_faults(struct iommu_device *dev);
int vtd_page_response(struct iommu_device *dev,
		      const struct iommu_fault_page_request *req,
		      enum iommu_page_response_code code);

/* why.c: *@why, unless NULL, says what. [K16] [U10] */
bool vtd_lacks_table(const struct vtd_unit *u, const struct iommu_mm_table *t,
		     struct iommu_sva_why *why);
void vtd_diagnose(struct iommu_device *dev, struct iommu_mm *mm,
		  struct iommu_sva_why *why);

#endif
