/* SPDX-License-Identifier: MIT */
/*
 * What is behind struct iommu_device, and the table of what is attached to its
 * PASIDs.
 */
#ifndef CORE_DEVICE_H
#define CORE_DEVICE_H

#include <stdatomic.h>

#include <sva/device.h>
#include <sva/domain.h>
#include <sva/sva.h>

#include "base/list.h"
#include "core/driver.h"
#include "core/fault.h"
#include "core/system.h"

/*
 * Radix table from PASID to struct attach: 7, 7 and 6 bits. Nodes stay until
 * the device goes, so a reader needs no lock.
 */
#define ATTACH_LEAF_LG2   6u
#define ATTACH_NODE_LG2   7u
#define ATTACH_LEAF_SLOTS (1u << ATTACH_LEAF_LG2)
#define ATTACH_NODE_SLOTS (1u << ATTACH_NODE_LG2)

struct attach_leaf {
	_Atomic(struct attach *) slots[ATTACH_LEAF_SLOTS];
};

struct attach_node {
	_Atomic(struct attach_leaf *) leaves[ATTACH_NODE_SLOTS];
};

struct attach_table {
	_Atomic(struct attach_node *) nodes[ATTACH_NODE_SLOTS];
};

/*
 * Letters: (c) constant after iommu_device_add(), (s) SVA lock, (y) system
 * lock, (d) device lock, (a) atomic. Two of them: changed under both, read under
 * either.
 */
struct iommu_device {
	struct iommu_system *sys;      /* (c) */
	struct iommu_unit *unit;       /* (c) */
	void *priv;                    /* (c) of the driver */
	struct iommu_device_caps caps; /* (c) */
	uint32_t group;                /* (c) 0: its own */
	struct list link;              /* (y) */
	_Atomic uint32_t refs;         /* (a) */
	struct plat_lock lock;
	struct iommu_domain *domain;  /* (s) (d) of PASID 0; NULL: blocked */
	struct attach_table attached; /* slots: (a), set under (s) */
	unsigned int paging_count;    /* (s) attached to PASIDs */
	unsigned int sva_count;       /* (s) */
	unsigned int nr_bonds;        /* (s) */
	bool feature_on[IOMMU_DEV_FEAT_COUNT]; /* (s) */
	bool sva_changing; /* (s) SVA or IOPF is on its way off, lock dropped */
	bool iopf_along;   /* (s) IOPF came with SVA, and goes with it */
	bool own_faults;   /* (s) SVA without IOPF of its own */
	unsigned int guest_binds; /* (s) tables of guests */
	bool guest_faults;        /* (s) they brought faults along */
	bool guest_changing;      /* (s) one is on its way off, lock dropped */
	struct iommu_domain *guest_parent; /* (s) of ->domain, if a table */
	bool guest_replacing;   /* (s) that changes under (d), lock dropped */
	bool guest_new;         /* (s) bound by the call that is running */
	bool guest_blocked;     /* (d) ->domain is a table, and aborts */
	struct attach *gpasids; /* (s) (d) those of PASIDs */
	ioasid_t min_pasid, max_pasid; /* (s) for binds */
	struct fault_dev faults;
	char name[]; /* (c) */
};

/* A feature is on or half way, or a guest has a table. SVA lock held. */
static inline bool device_pinned_locked(const struct iommu_device *dev)
{
	return dev->feature_on[IOMMU_DEV_FEAT_SVA] ||
	       dev->feature_on[IOMMU_DEV_FEAT_AUX] ||
	       dev->feature_on[IOMMU_DEV_FEAT_IOPF] || dev->sva_changing ||
	       dev->guest_binds || dev->guest_changing;
}

/*
 * Highest PASID of the device, 0 if it has none.
 */
static inline ioasid_t device_pasid_last(const struct iommu_device *dev)
{
	return ((ioasid_t)1 << dev->caps.pasid_bits) - 1;
}

/* What the driver made becomes a domain of core's. */
void domain_fill(struct iommu_domain *domain, struct iommu_unit *unit,
		 enum iommu_domain_type type, struct iommu_mm *mm);

/* What (dev, 0) is attached to, NULL: nothing. Device lock held. */
void domain_set_primary(struct iommu_device *dev, struct iommu_domain *domain);

/* Others are in the device's group. Takes the system lock. */
bool device_shares_group(struct iommu_device *dev);

/**
 * struct attach - a domain attached to a (device, PASID) pair, PASID not 0
 *
 * dev, pasid, domain, sva are set by who makes it, and constant; the rest is
 * zero then. An attachment is reachable for fault workers from before the
 * hardware knows it until after it was forgotten and the workers flushed.
 */
struct attach {
	struct iommu_device *dev;
	ioasid_t pasid;
	struct iommu_domain *domain;
	struct iommu_sva *sva; /* the bind it belongs to, or NULL */
	struct attach *next;   /* (s) of the same mm, or of a guest: and (d) */
	bool detaching;        /* (s) somebody has begun to take it away */
	bool exiting;          /* (s) the exit of the mm is at work on it */
	bool quiet;            /* (s) the mm has gone */
	bool removed;          /* (d) the hardware has forgotten it */
};

/*
 * SVA lock held. Makes the pair translate; 0, -EBUSY, -ENOMEM, or what the
 * driver met. For an SVA domain the caller holds a user of its mm.
 */
int attach_add_locked(struct attach *att);

/*
 * SVA lock held, but dropped while an exit is at work on the attachment. True
 * for the one who is to call attach_del_locked().
 */
bool attach_claim_locked(struct attach *att);

/*
 * SVA lock held, but dropped and taken again meanwhile; the caller has claimed
 * the attachment. Afterwards nobody knows the attachment, nothing of the pair
 * is cached, and no fault of it is being handled.
 */
void attach_del_locked(struct attach *att);

/* SVA lock held. The address space has gone: the pair aborts quietly. */
void attach_quiesce_locked(struct attach *att);

/*
 * What a fault of the pair is resolved with, or NULL. For work of the device's
 * fault queue: attach_del_locked() waits for that.
 */
struct attach *attach_find(struct iommu_device *dev, ioasid_t pasid);

void attach_table_fini(struct iommu_device *dev);

#endif
