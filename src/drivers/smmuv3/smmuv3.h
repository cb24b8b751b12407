/* SPDX-License-Identifier: MIT */
/*
 * What the files of the SMMUv3 driver share.
 *
 * Locks, outermost first (ranks of sva/plat.h):
 *   hwid    ASIDs and their owners. An ASID of a domain changes under this and
 *           the domain's lock
 *   domain  a domain's attachments, and the CDs that belong to them. Held
 *           while their invalidations are submitted and waited for, so that
 *           none is under way once an attachment has gone.
 *   unit    the map of StreamIDs, the stream table's level 1. Of the
 *           same rank and never together: the STEs of a device, a spin lock
 *   queue   errors of the command queue; the read side of one other queue
 * The domain's and the queues' are spin locks: the notifier of an address
 * space and whoever answers a page request come with locks of their own.
 * Submitting commands takes none.
 */
#ifndef DRIVERS_SMMUV3_SMMUV3_H
#define DRIVERS_SMMUV3_SMMUV3_H

#include <sva/plat.h>
#include <sva/smmuv3.h>

#include "base/le64.h"
#include "base/list.h"
#include "base/refcount.h"
#include "core/driver.h"
#include "drivers/pci/pci_func.h"
#include "drivers/smmuv3/queue.h"
#include "drivers/smmuv3/writer.h"
#include "fmt/smmuv3.h"
#include "pgtable/arm_lpae.h"

struct smmuv3_device;

/* Outstanding page requests one device may have. */
#define SMMUV3_PRI_QUOTA 16u

/* GERROR bits this driver knows; others are left alone. */
#define SMMUV3_GERROR_KNOWN                                                    \
	((uint32_t)(FIELD_MASK(SMMU_GERROR_CMDQ_ERR) |                         \
		    FIELD_MASK(SMMU_GERROR_EVENTQ_ABT_ERR) |                   \
		    FIELD_MASK(SMMU_GERROR_PRIQ_ABT_ERR) |                     \
		    FIELD_MASK(SMMU_GERROR_MSI_CMDQ_ABT_ERR) |                 \
		    FIELD_MASK(SMMU_GERROR_MSI_EVENTQ_ABT_ERR) |               \
		    FIELD_MASK(SMMU_GERROR_MSI_PRIQ_ABT_ERR) |                 \
		    FIELD_MASK(SMMU_GERROR_MSI_GERROR_ABT_ERR) |               \
		    FIELD_MASK(SMMU_GERROR_SFM_ERR)))

/**
 * struct smmuv3_features - what the identification registers say
 * @idr, @iidr, @aidr: as read.
 * @sid_bits, @ssid_bits, @asid_bits, @vmid_bits, @oas_bits, @va_bits: widths.
 * @cmdq_lg2, @evtq_lg2, @priq_lg2: the most entries of each queue.
 * @stall, @stall_forced: transactions can be, or always are, stalled.
 * @e2h: streams are in the world of a CPU whose kernel runs in EL2. [K15]
 * @btm: TLB maintenance of the CPUs reaches the SMMU, and is used. [K14]
 * @sva: tables of address spaces can be walked. [K16]
 * @stage2: guests can be behind it.
 */
struct smmuv3_features {
	uint32_t idr[7];
	uint32_t iidr;
	uint32_t aidr;
	unsigned int sid_bits;
	unsigned int ssid_bits;
	unsigned int asid_bits;
	unsigned int vmid_bits;
	unsigned int oas_bits;
	unsigned int va_bits;
	unsigned int cmdq_lg2;
	unsigned int evtq_lg2;
	unsigned int priq_lg2;
	bool coherent;
	bool two_level_strtab;
	bool two_level_cd;
	bool ats;
	bool pri;
	bool msi;
	bool hyp;
	bool e2h;
	bool btm;
	bool ranges;
	bool httu_access;
	bool httu_dirty;
	bool stall;
	bool stall_forced;
	bool sva;
	bool stage2;
};

/*
 * The stream table: level 1 and on demand level 2, or one linear array.
 * Level 2 arrays stay until the SMMU is removed.
 */
struct smmuv3_strtab {
	unsigned int sid_bits;
	bool two_level;
	le64_atomic *base; /* STEs, or level-1 descriptors */
	size_t base_size;
	le64_atomic **l2; /* (u) by level-1 index */
	size_t l2_count;
};

struct smmuv3_inq_ops;

/*
 * A queue the SMMU writes. One thread at a time is its reader: it has claimed
 * it. (q) under @lock, (r) the reader's.
 */
struct smmuv3_inq {
	struct plat_lock lock;
	struct plat_event event; /* @handled has moved, or no reader */
	le64_atomic *entries;
	unsigned int lg2;
	unsigned int words; /* of one record */
	uint32_t prod_reg;
	uint32_t cons_reg;
	uint32_t cons;             /* (q) with the wrap bit */
	uint64_t taken;            /* (q) records read */
	uint64_t handled;          /* (q) records done with */
	bool busy;                 /* (q) there is a reader */
	bool again;                /* (q) it has to look once more */
	uint32_t ovack;            /* (r) overflow flag acknowledged */
	struct plat_workqueue *wq; /* reads on where a drain has an end */
	struct plat_work rest;
	struct smmuv3 *smmu;              /* (c) */
	const struct smmuv3_inq_ops *ops; /* (r) of @rest */
	bool enabled;
};

struct smmuv3_counters {
	_Atomic uint64_t commands;
	_Atomic uint64_t command_errors;
	_Atomic uint64_t syncs;
	_Atomic uint64_t tlb_invalidations;
	_Atomic uint64_t ats_invalidations;
	_Atomic uint64_t config_invalidations;
	_Atomic uint64_t events;
	_Atomic uint64_t events_lost;
	_Atomic uint64_t page_requests;
	_Atomic uint64_t page_responses;
	_Atomic uint64_t priq_overflows;
};

#define SMMUV3_ASID_LEAF 256u

/* The first domain that has each of them; NULL: nobody. */
struct smmuv3_asid_leaf {
	struct smmuv3_domain *owners[SMMUV3_ASID_LEAF];
};

/**
 * struct smmuv3_asids - ASIDs of an SMMU, and whose they are
 * @taken:  bitmap of those in use, and of those that could not be flushed.
 * @leaves: by ASID, whose it is. There is one where an ASID was taken.
 *
 * All under @lock, which is taken outside those of domains.
 */
struct smmuv3_asids {
	struct plat_lock lock;
	uint64_t *taken;
	struct smmuv3_asid_leaf *leaves[65536 / SMMUV3_ASID_LEAF];
};

/* VMIDs in use, and those that could not be flushed; NULL: there are none. */
struct smmuv3_vmids {
	struct plat_lock lock;
	uint64_t *taken;
};

/* One StreamID and whose it is; NULL while the device is being probed. */
/*
 * The group of a stalled transaction, as core knows it: STAG 15:0, and above it
 * which of the device's streams it is of, as an answer names both. [U5]
 */
#define SMMUV3_STAG_BITS     16u
#define SMMUV3_STALL_STREAMS (1u << SMMUV3_STAG_BITS)

struct smmuv3_stream {
	uint32_t sid;
	struct smmuv3_device *sdev;
};

struct smmuv3 {
	struct iommu_unit unit;
	const struct plat *plat;  /* (c) */
	struct plat_mmio mmio;    /* (c) */
	char name[32];            /* (c) */
	uint64_t timeout_ns;      /* (c) */
	struct smmuv3_features f; /* (c) */
	uint32_t cr0;             /* under the command queue's error lock */
	_Atomic uint32_t gerrorn; /* written under it */

	struct smmuv3_cmdq cmdq;
	struct smmuv3_inq evtq;
	struct smmuv3_inq priq;
	struct smmuv3_strtab strtab;
	struct smmuv3_counters counters;

	unsigned int irq[SMMUV3_IRQ_COUNT];
	bool irq_requested[SMMUV3_IRQ_COUNT];
	struct plat_msi msi[SMMUV3_IRQ_COUNT];
	unsigned int msi_count;

	struct plat_lock lock;         /* the unit lock */
	struct smmuv3_stream *streams; /* (u) sorted by sid */
	size_t stream_count;           /* (u) */
	size_t stream_room;            /* (u) */

	struct smmuv3_asids asids;
	struct smmuv3_vmids vmids;
	struct smmuv3_cpu cpu; /* (c) */

	struct smmuv3_device *abandoned; /* (u) see device.c */

	uint64_t log_window; /* reader of the event queue */
	unsigned int log_count;
};

/**
 * struct smmuv3_cdtab - the CDs of a device
 * @ssid_bits: S1CDMax.
 * @base: CDs, or level-1 descriptors of leaves of 64 KiB.
 * @l2:   leaves by level-1 index; NULL: linear.
 * @unpublished: the SMMU may not know of a leaf: its invalidation failed.
 *
 * Slots and leaves are made under the device lock. Leaves stay until fini.
 */
struct smmuv3_cdtab {
	const struct plat *plat;
	unsigned int ssid_bits;
	le64_atomic *base;
	size_t base_size;
	le64_atomic **l2;
	size_t l2_count;
	bool unpublished;
};

/**
 * struct smmuv3_device - a device of this SMMU
 * @refs: the device itself, and who handles a fault of it right now.
 * @ats_on: translation requests are answered; see smmuv3_device_isolate().
 * @guest: the domain of a guest's memory, or of its tables, that all of the
 *         device is attached to; NULL: none. Read under the device lock, too.
 * @nested: stage 1 is a guest's.
 *
 * (e) under @ste_lock.
 */
struct smmuv3_device {
	struct smmuv3 *smmu;
	struct iommu_device *dev;
	struct refcount refs;
	uint32_t *sids;         /* (c) */
	le64_atomic **stes;     /* (c) of these; the entries are (e) */
	unsigned int sid_count; /* (c) */
	struct plat_lock ste_lock;
	bool live;                       /* (e) the STEs are valid */
	enum iommu_domain_type untagged; /* (e) what has no PASID meets */
	struct smmuv3_domain *guest;     /* (e) */
	bool eats;                       /* (e) */
	struct smmuv3_cdtab cdtab;
	struct pci_func pci;
	bool is_pci;      /* (c) */
	bool can_pri;     /* (c) */
	bool can_stall;   /* (c) */
	bool too_many;    /* (c) would have either, with fewer streams */
	bool needs_pasid; /* (c) in answers to page requests */
	_Atomic bool ats_on;
	_Atomic bool faults_on;
	_Atomic bool nested;
	bool abandoned; /* the SMMU may still read the CDs */
	struct smmuv3_device *next_abandoned;
};

/* A (device, PASID) pair of a domain with a table. PASID 0: without one. */
struct smmuv3_attach {
	struct list link;
	struct smmuv3_device *sdev;
	ioasid_t pasid;
	le64_atomic *cd;
	bool quiet;   /* its CD does not walk any more */
	bool passive; /* another domain has taken the CD over */
	bool nested;  /* of stage 2: what is cached may be of both stages */
};

/**
 * struct smmuv3_domain - a domain; the rest is of those with a table
 * @stage2: PAGING: the table is of stage 2, and has a VMID and no ASID.
 * @vmid: (c) of these, of this SMMU.
 * @parent: NESTED: the stage 2 below.
 * @ste: NESTED: what the STE says of the guest's stage 1.
 * @table: the address space's, or what @pt looks like.
 * @pt: PAGING: its table, under core's map lock.
 * @stuck: (d) PAGING: tables the SMMU was not told of.
 * @asid: of this SMMU. Read under @lock, or under that of ASIDs.
 * @shared_mm: @asid is the CPUs' for this address space; NULL: private. [K11]
 * @next_shared: under the lock of ASIDs: the next one with the same.
 * @dead: the address space has gone.
 */
struct smmuv3_domain {
	struct iommu_domain domain;
	struct smmuv3 *smmu;
	enum iommu_domain_type type;
	bool stage2; /* (c) */
	uint16_t vmid;
	struct smmuv3_domain *parent; /* (c) */
	struct smmu_ste ste;          /* (c) */
	struct iommu_mm_table table;  /* (c) */
	struct arm_lpae pt;
	void *stuck;
	uint16_t asid;
	struct iommu_mm *shared_mm; /* (c) */
	struct smmuv3_domain *next_shared;
	struct iommu_mm_notifier notifier;
	struct plat_lock lock;
	struct list attaches; /* (d) */
	bool dead;            /* (d) */
};

static inline void smmuv3_count(_Atomic uint64_t *counter)
{
	/* Relaxed: counters order nothing. */
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static inline struct smmuv3_domain *
to_smmuv3_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct smmuv3_domain, domain);
}

/* One that a CD of the host's leads to. */
static inline bool smmuv3_has_table(const struct smmuv3_domain *d)
{
	return d->type == IOMMU_DOMAIN_SVA ||
	       (d->type == IOMMU_DOMAIN_PAGING && !d->stage2);
}

/* The stage 2 that a domain is or has; NULL: none. */
static inline struct smmuv3_domain *smmuv3_stage2_of(struct smmuv3_domain *d)
{
	return d->type == IOMMU_DOMAIN_NESTED ? d->parent :
	       d->stage2                      ? d :
						NULL;
}

/* What to allocate for a queue: at least a page, aligned to its size. */
static inline size_t smmuv3_queue_size(unsigned int lg2, size_t entry)
{
	size_t size = entry << lg2;

	return size < 4096 ? 4096 : size;
}

static inline struct smmuv3 *to_smmuv3(struct iommu_unit *unit)
{
	return container_of(unit, struct smmuv3, unit);
}

/* probe.c: identification. -ENODEV, with the reason logged. */
SVA_MUST_CHECK int smmuv3_features_read(struct smmuv3 *smmu);
/*
 * Is there something of a table the SMMU cannot walk? *@why, unless NULL, says
 * what. [K16]
 */
bool smmuv3_lacks_table(const struct smmuv3 *smmu,
			const struct iommu_mm_table *t,
			struct iommu_sva_why *why);

/* iommu_unit_ops.diagnose [U10] */
void smmuv3_diagnose(struct iommu_device *dev, struct iommu_mm *mm,
		     struct iommu_sva_why *why);

void smmuv3_describe(struct iommu_unit *unit,
		     void (*row)(void *arg, const struct iommu_unit_row *row),
		     void *arg);

/* strtab.c: one stream's entry, its table made if needed. -ERANGE, -ENOMEM */
SVA_MUST_CHECK int smmuv3_strtab_init(struct smmuv3 *smmu,
				      unsigned int sid_bits);
void smmuv3_strtab_fini(struct smmuv3 *smmu);
SVA_MUST_CHECK int smmuv3_strtab_get(struct smmuv3 *smmu, uint32_t sid);
le64_atomic *smmuv3_strtab_find(struct smmuv3 *smmu, uint32_t sid);

/* cdtab.c */
SVA_MUST_CHECK int smmuv3_cdtab_init(struct smmuv3_cdtab *tab,
				     const struct plat *plat,
				     unsigned int ssid_bits, bool two_level);
void smmuv3_cdtab_fini(struct smmuv3_cdtab *tab);
uint64_t smmuv3_cdtab_pa(const struct smmuv3_cdtab *tab);
le64_atomic *smmuv3_cdtab_find(const struct smmuv3_cdtab *tab, uint32_t ssid);
SVA_MUST_CHECK int smmuv3_cdtab_get(struct smmuv3_cdtab *tab, uint32_t ssid,
				    le64_atomic **ret_cd, bool *ret_new_leaf);
/*
 * The slot is read by hardware; each returns when it has forgotten the old. An
 * install that fails leaves an entry that aborts.
 */
SVA_MUST_CHECK int smmuv3_cd_install(struct smmuv3_device *sdev, uint32_t ssid,
				     le64_atomic *slot,
				     const struct smmu_cd *cd);
SVA_MUST_CHECK int smmuv3_cd_set_asid(struct smmuv3_device *sdev, uint32_t ssid,
				      le64_atomic *slot, uint16_t asid);
SVA_MUST_CHECK int smmuv3_cd_quiesce(struct smmuv3_device *sdev, uint32_t ssid,
				     le64_atomic *slot);
SVA_MUST_CHECK int smmuv3_cd_clear(struct smmuv3_device *sdev, uint32_t ssid,
				   le64_atomic *slot);
/* A fresh leaf: the invalid level-1 descriptor may be cached. [R8] */
SVA_MUST_CHECK int smmuv3_cd_publish_leaf(struct smmuv3_device *sdev,
					  uint32_t ssid);

/* ste.c: the STEs of a device, all alike. Errors leave them as they may be. */
SVA_MUST_CHECK int smmuv3_stes_install(struct smmuv3_device *sdev);
SVA_MUST_CHECK int smmuv3_stes_remove(struct smmuv3_device *sdev);
SVA_MUST_CHECK int smmuv3_stes_set_eats(struct smmuv3_device *sdev, bool on);
/* @d: what traffic without a PASID, or with stage 2 all of it, meets; NULL:
 * nothing. Its ATC is empty on return. -ETIMEDOUT: nothing. */
SVA_MUST_CHECK int smmuv3_set_no_pasid(struct smmuv3_device *sdev,
				       struct smmuv3_domain *d);
/*
 * The device does not complete invalidations: the SMMU takes no translated
 * traffic of it any more. Logged. An error means that it may still.
 */
SVA_MUST_CHECK int smmuv3_device_isolate(struct smmuv3_device *sdev);

/* device.c */
SVA_MUST_CHECK int smmuv3_probe_device(struct iommu_unit *unit,
				       struct iommu_device *dev,
				       const struct iommu_device_desc *desc,
				       struct iommu_device_caps *ret_caps,
				       void **ret_priv);
void smmuv3_release_device(struct iommu_unit *unit, struct iommu_device *dev);
/* The SMMU is disabled. */
void smmuv3_free_abandoned(struct smmuv3 *smmu);
/* With a reference; NULL: nobody's. */
struct smmuv3_device *smmuv3_device_find(struct smmuv3 *smmu, uint32_t sid);
struct smmuv3_device *smmuv3_device_any(struct smmuv3 *smmu);
void smmuv3_device_put(struct smmuv3_device *sdev);
void smmuv3_add_cfgi_cd(struct smmuv3_batch *batch, struct smmuv3_device *sdev,
			uint32_t ssid, bool leaf);
void smmuv3_add_atc_inv(struct smmuv3_batch *batch, struct smmuv3_device *sdev,
			bool ssv, uint32_t ssid, uint64_t start, uint64_t end);
/*
 * On success nothing of it is used: the device has forgotten it, or has been
 * isolated. Errors have been logged.
 */
int smmuv3_atc_flush(struct smmuv3_device *sdev, bool ssv, uint32_t ssid,
		     uint64_t start, uint64_t end);

/* asid.c */
SVA_MUST_CHECK int smmuv3_asids_init(struct smmuv3 *smmu);
void smmuv3_asids_fini(struct smmuv3 *smmu);
/*
 * An ASID for a domain, of which @asid and @shared_mm are set. The domain's
 * lock is there. -ESRCH the CPUs do not give theirs, -ENOSPC, -ENOMEM, or what
 * the SMMU said when another domain had to give it up.
 */
SVA_MUST_CHECK int smmuv3_asid_get(struct smmuv3_domain *d,
				   struct iommu_mm *mm);
/* One that no CPU uses. -ENOSPC, -ENOMEM */
SVA_MUST_CHECK int smmuv3_asid_get_private(struct smmuv3_domain *d);
/* Nothing is attached any more. */
void smmuv3_asid_put(struct smmuv3_domain *d);

/* domain.c */
SVA_MUST_CHECK int smmuv3_domain_make(struct smmuv3 *smmu,
				      enum iommu_domain_type type, bool stage2,
				      struct iommu_mm *mm,
				      struct iommu_domain **ret_domain);
SVA_MUST_CHECK int smmuv3_domain_alloc(struct iommu_unit *unit,
				       enum iommu_domain_type type,
				       struct iommu_mm *mm,
				       struct iommu_domain **ret_domain);
void smmuv3_domain_free(struct iommu_domain *domain);
SVA_MUST_CHECK int smmuv3_set_dev_pasid(struct iommu_domain *domain,
					struct iommu_device *dev,
					ioasid_t pasid,
					struct iommu_domain *old);
void smmuv3_remove_dev_pasid(struct iommu_domain *domain,
			     struct iommu_device *dev, ioasid_t pasid);
void smmuv3_quiesce_dev_pasid(struct iommu_domain *domain,
			      struct iommu_device *dev, ioasid_t pasid);

/* cd.c; smmuv3_ps_of(): IPS, or S2PS, for so many bits */
struct smmu_cd smmuv3_make_cd(const struct smmuv3_domain *d,
			      const struct smmuv3_device *sdev);
uint64_t smmuv3_ps_of(unsigned int pa_bits);

/*
 * flush.c: TLB, then ATCs, of [start, end). An error: neither could be told, nor be kept
 * from using it.
 */
int smmuv3_domain_invalidate_locked(struct smmuv3_domain *d, uint64_t start,
				    uint64_t end);

/* paging.c: -EOPNOTSUPP, -ENOSPC, -ENOMEM. The domain's lock is there. */
SVA_MUST_CHECK int smmuv3_paging_init(struct smmuv3_domain *d);
void smmuv3_paging_fini(struct smmuv3_domain *d);
SVA_MUST_CHECK int smmuv3_map(struct iommu_domain *domain, uint64_t iova,
			      uint64_t pa, uint64_t size, unsigned int perm);
SVA_MUST_CHECK int smmuv3_unmap(struct iommu_domain *domain, uint64_t iova,
				uint64_t size,
				struct iommu_iotlb_gather *gather,
				uint64_t *ret_unmapped);
SVA_MUST_CHECK int smmuv3_iotlb_sync(struct iommu_domain *domain,
				     struct iommu_iotlb_gather *gather);
SVA_MUST_CHECK int smmuv3_iova_to_phys(struct iommu_domain *domain,
				       uint64_t iova, uint64_t *ret_pa);
SVA_MUST_CHECK int smmuv3_set_dirty_tracking(struct iommu_domain *domain,
					     bool on);
SVA_MUST_CHECK int smmuv3_read_dirty(struct iommu_domain *domain, uint64_t iova,
				     uint64_t size, unsigned int flags,
				     struct iommu_dirty_read *read);

/* inq.c: a queue the SMMU writes */
SVA_MUST_CHECK int smmuv3_inq_init(struct smmuv3 *smmu, struct smmuv3_inq *q,
				   const char *name, unsigned int lg2,
				   unsigned int words, uint32_t prod_reg,
				   uint32_t cons_reg);
void smmuv3_inq_fini(struct smmuv3 *smmu, struct smmuv3_inq *q);
/* With a record, and after an overflow, before that is acknowledged. */
struct smmuv3_inq_ops {
	void (*record)(struct smmuv3 *smmu, const uint64_t *dw);
	void (*overflow)(struct smmuv3 *smmu);
};
/* Read until it is empty, or leave that to who is reading. */
void smmuv3_inq_run(struct smmuv3 *smmu, struct smmuv3_inq *q,
		    const struct smmuv3_inq_ops *ops);
/* What is in it now has been handled on return. -ETIMEDOUT */
SVA_MUST_CHECK int smmuv3_inq_drain(struct smmuv3 *smmu, struct smmuv3_inq *q,
				    const struct smmuv3_inq_ops *ops);

/* fault.c */
void smmuv3_evtq_irq(void *arg);
void smmuv3_priq_irq(void *arg);
void smmuv3_gerror_irq(void *arg);
/* Without an interrupt; lost: a record may never have been written. */
void smmuv3_evtq_run(struct smmuv3 *smmu, bool lost);
void smmuv3_priq_run(struct smmuv3 *smmu, bool lost);
SVA_MUST_CHECK int smmuv3_enable_faults(struct iommu_device *dev);
void smmuv3_disable_faults(struct iommu_device *dev);
void smmuv3_drain_faults(struct iommu_device *dev);
SVA_MUST_CHECK int
smmuv3_page_response(struct iommu_device *dev,
		     const struct iommu_fault_page_request *req,
		     enum iommu_page_response_code code);

#endif
