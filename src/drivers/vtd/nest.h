/* SPDX-License-Identifier: MIT */
/*
 * Domains of guests: nested over a parent, which is a paging domain.
 *
 * The unit reads PASID directories and tables by host-physical address only
 * (9.4 to 9.6), and a guest's say guest-physical ones. So either the host hands
 * in a single first-stage table (IOMMU_NEST_PASID), or the guest's directory
 * is shadowed in the device's own (IOMMU_NEST_TABLE): shadow.c. First-stage
 * tables themselves the unit does fetch through the second stage.
 *
 * Each nested domain has a domain id of its own, though the second stage is its
 * parent's: entries of one PASID and one domain id have to have the same first
 * stage (6.2.3.1), and guests of two devices pick theirs as they like. So what
 * is unmapped from a parent is invalidated for its own id and for each of
 * these.
 */
#ifndef DRIVERS_VTD_NEST_H
#define DRIVERS_VTD_NEST_H

#include "drivers/vtd/vtd.h"

/*
 * The most tables of 64 entries a device gets while a guest says what it has:
 * a guest cannot have more memory allocated than that, nor more entries looked
 * at when something is unmapped.
 */
#define VTD_SHADOW_LEAVES 256u

/* (d) Of 64 PASIDs, those that have an entry, and the first one's. */
struct vtd_shadow_row {
	uint64_t present;
	le64_atomic *leaf;
};

/**
 * struct vtd_shadow - a guest's PASID directory
 * @config:   enum iommu_pasid_table_mode.
 * @dir_gpa:  where it is, and @dir_count: entries that are looked at: not more
 *            than the device has PASIDs for.
 * @rid_pasid: the guest's.
 * @rows:     (d) by entry of the directory. @end: (d) none behind it is used.
 * @full:     a table was not made, as there were VTD_SHADOW_LEAVES; logged.
 * @copy:     room for a table of the guest's, under the device lock.
 */
struct vtd_shadow {
	unsigned int config;
	uint64_t dir_gpa;
	size_t dir_count;
	ioasid_t rid_pasid;
	struct vtd_shadow_row *rows;
	size_t end;
	bool full;
	struct vtd_pasid copy[1 << VTD_PASID_TABLE_LG2];
};

/**
 * struct vtd_nested - what makes a domain a nested one
 * @parent: (c)
 * @vdev:   (c) the one device.
 * @entry:  (c) PASID: the guest's part of the entry.
 * @shadow: table; NULL: a PASID.
 * @spare:  for what comes after a table: its end takes no memory.
 */
struct vtd_nested {
	struct vtd_domain *parent;
	struct vtd_device *vdev;
	struct vtd_pasid entry;
	struct vtd_shadow *shadow;
	struct vtd_attach *spare;
};

static inline bool vtd_is_shadow(const struct vtd_domain *d)
{
	return d->nest && d->nest->shadow;
}

/*
 * guest_entry.c: the entry for what a guest has in its own, without the second
 * stage, whose flags may change: vtd_make_second_stage(). False: there is none,
 * and @ret_quiet says whether that is reported. Where anything is set that this
 * unit does not have or a guest does not say, there is none.
 */
bool vtd_guest_entry(const struct vtd_domain *d, const struct vtd_pasid *guest,
		     struct vtd_pasid *ret_entry, bool *ret_quiet);
/* The first stage of a single PASID. -EINVAL */
SVA_MUST_CHECK int vtd_guest_first_stage(const struct vtd_domain *parent,
					 const struct iommu_gpasid_bind_data *g,
					 struct vtd_pasid *ret_entry);

/* shadow.c. @vdev has the pair (device, 0); device lock held. -EINVAL, -ENOMEM */
SVA_MUST_CHECK int vtd_shadow_init(struct vtd_domain *d,
				   const struct iommu_pasid_table_config *cfg);
void vtd_shadow_fini(struct vtd_domain *d);
/* Make room for what the guest has now; nothing is used yet. -ENOMEM */
SVA_MUST_CHECK int vtd_shadow_prepare(struct vtd_domain *d);
/*
 * The device's entries are the guest's from now on; there were none. -ETIMEDOUT:
 * vtd_shadow_close() is due.
 */
SVA_MUST_CHECK int vtd_shadow_open(struct vtd_domain *d);
/* None are any more, and nothing cached of them is used. */
void vtd_shadow_close(struct vtd_domain *d);
/*
 * What the guest has changed: a PASID, or all of them. -ENOMEM an entry that
 * is new could not be made, and aborts; -ETIMEDOUT. All else was done.
 */
SVA_MUST_CHECK int vtd_shadow_sync(struct vtd_domain *d, ioasid_t pasid);
SVA_MUST_CHECK int vtd_shadow_sync_all(struct vtd_domain *d);

/* A pair and its entry. */
typedef void (*vtd_pair_fn_t)(void *arg, struct vtd_device *vdev,
			      ioasid_t pasid, le64_atomic *slot);

/* Domain's lock held: every PASID the nested domain has an entry for. */
void vtd_nested_each_locked(struct vtd_domain *d, vtd_pair_fn_t fn, void *arg);

#endif
