/* SPDX-License-Identifier: MIT */
/*
 * Domains: blocked, identity, paging (paging.c has its table), and those of
 * address spaces (SVA).
 *
 * An SVA domain has one domain id of this unit (did.c) and one subscription to
 * its address space. It is attached to a pair by an entry that points to the
 * address space's own table. The list of attachments is what an invalidation
 * has to reach; a pair joins it before its entry is written and leaves it after
 * the last invalidation that concerns it has completed. [R11]
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/vtd.h"

/*
 * A second stage is tagged with the domain id alone. Otherwise equal PASIDs are
 * neighbours, and under one id they are one tag.
 */
static void add_iotlb_locked(struct vtd_domain *d, struct vtd_batch *b,
			     uint64_t start, uint64_t last)
{
	ioasid_t done = INVALID_IOASID;
	struct vtd_attach *a;

	if (d->type == IOMMU_DOMAIN_PAGING) {
		vtd_inv_iotlb(b, d->did, start, last, false);
		return;
	}
	list_for_each(a, &d->attaches, link) {
		if (a->pasid == done)
			continue;
		done = a->pasid;
		/* Tables may have gone too. */
		vtd_inv_piotlb(b, d->did, a->pasid, start, last, false);
	}
}

/* One pair at a time, to know whose device it is that does not answer. */
static int flush_each_locked(struct vtd_domain *d)
{
	struct vtd_attach *a;
	int err = 0, one;

	list_for_each(a, &d->attaches, link) {
		one = vtd_pair_flush(a->vdev, d->did, a->pasid,
				     d->type == IOMMU_DOMAIN_PAGING);
		err = err ? err : one;
	}
	return err;
}

/*
 * TLB, wait, device TLBs, wait [R9]: in this order, or a device TLB is filled
 * again from the stale TLB. Both waits go in at once.
 */
static int invalidate_locked(struct vtd_domain *d, uint64_t start,
			     uint64_t last)
{
	struct vtd_attach *a;
	struct vtd_batch b;
	int err;

	if (list_empty(&d->attaches))
		return 0;
	vtd_batch_init(&b, d->u);
	add_iotlb_locked(d, &b, start, last);
	vtd_batch_barrier(&b);
	list_for_each(a, &d->attaches, link)
		vtd_add_dev_tlb(&b, a->vdev, a->pasid, start, last);
	err = vtd_batch_sync(&b);
	if (!err)
		return 0;
	plat_log(d->u->plat, PLAT_LOG_ERR,
		 "%s: invalidation of domain %u failed: error %d", d->u->name,
		 d->did, err);
	return flush_each_locked(d);
}

bool vtd_domain_invalidate(struct vtd_domain *d, uint64_t start, uint64_t last)
{
	int err;

	plat_lock(d->u->plat, &d->lock);
	err = invalidate_locked(d, start, last);
	plat_unlock(d->u->plat, &d->lock);
	return !err;
}

/* [L9]: called with the address space's locks held. */
static void mm_invalidate_range(struct iommu_mm_notifier *n, uint64_t start,
				uint64_t end)
{
	struct vtd_domain *d = container_of(n, struct vtd_domain, notifier);

	if (start >= end)
		return;
	(void)vtd_domain_invalidate(d, start,
				    end == UINT64_MAX ? end : end - 1);
}

/* [M2] [R6]: not present, and silent. */
void vtd_quiesce_locked(struct vtd_domain *d, struct vtd_attach *a)
{
	if (a->quiet || a->passive)
		return;
	if (vtd_pasid_retire(a->vdev, a->pasid, a->slot, true))
		plat_log(d->u->plat, PLAT_LOG_ERR,
			 "%s: PASID %u of %s did not become quiet", d->u->name,
			 a->pasid, iommu_device_name(a->vdev->dev));
	a->quiet = true;
}

/* True: there is none that another domain is about to take over. */
static bool quiesce_all(struct vtd_domain *d)
{
	struct vtd_attach *a;
	bool passive = false;

	plat_lock(d->u->plat, &d->lock);
	d->dead = true;
	list_for_each(a, &d->attaches, link) {
		vtd_quiesce_locked(d, a);
		passive |= a->passive;
	}
	plat_unlock(d->u->plat, &d->lock);
	return !passive;
}

/*
 * The entry of a passive pair is for another domain to retire, which is at it
 * and waits for nothing of ours. Until then the unit may walk the table.
 */
static void mm_release(struct iommu_mm_notifier *n)
{
	struct vtd_domain *d = container_of(n, struct vtd_domain, notifier);
	const struct plat *plat = d->u->plat;

	for (;;) {
		uint32_t seen = plat_event_read(&d->event);

		if (quiesce_all(d))
			return;
		if (plat_event_wait(plat, &d->event, seen, UINT64_MAX))
			plat_relax(plat, 0);
	}
}

static const struct iommu_mm_notifier_ops notifier_ops = {
	.invalidate_range = mm_invalidate_range,
	.release = mm_release,
};

/* The widest second stage the unit has. Pass-through is held to its width. */
static uint64_t widest_aw(const struct vtd_unit *u)
{
	return u->f.ss_levels & 1u << 5 ? VTD_AW_57 :
	       u->f.ss_levels & 1u << 4 ? VTD_AW_48 :
	       u->f.ss_levels & 1u << 3 ? VTD_AW_39 :
					  VTD_AW_48;
}

struct vtd_pasid vtd_make_pasid(const struct vtd_domain *d)
{
	const struct vtd_unit *u = d->u;
	struct vtd_pasid e = { { 0 } };

	FIELD_SET(VTD_PASID_P, &e, 1);
	FIELD_SET(VTD_PASID_DID, &e, d->did);
	/* Reserved where there is no second stage (9.6). */
	if (u->f.second_stage)
		FIELD_SET(VTD_PASID_AW, &e, widest_aw(u));
	FIELD_SET(VTD_PASID_PWSNP, &e, u->f.coherent_walk);
	if (d->type == IOMMU_DOMAIN_IDENTITY) {
		FIELD_SET(VTD_PASID_PGTT, &e, VTD_PASID_PGTT_PT);
		return e;
	}
	if (d->type == IOMMU_DOMAIN_PAGING) {
		FIELD_SET(VTD_PASID_PGTT, &e, VTD_PASID_PGTT_SS);
		FIELD_SET(VTD_PASID_AW, &e, d->ss_levels - 2);
		FIELD_SET(VTD_PASID_SSADE, &e, d->ssade);
		vtd_pasid_set_ssptptr(&e, vtdss_root_pa(&d->ss));
		return e;
	}
	FIELD_SET(VTD_PASID_PGTT, &e, VTD_PASID_PGTT_FS);
	FIELD_SET(VTD_PASID_FSPM, &e,
		  d->table.va_bits > 48 ? VTD_PASID_FSPM_5 : VTD_PASID_FSPM_4);
	/*
	 * Tables of CPUs have XD. A unit that takes requests to execute has it
	 * reserved unless it is told; others ignore it. ERE stays 0.
	 */
	FIELD_SET(VTD_PASID_NXE, &e, u->f.exec);
	vtd_pasid_set_fsptptr(&e, d->table.root);
	return e;
}

static int init_sva(struct vtd_domain *d, struct iommu_mm *mm)
{
	struct vtd_unit *u = d->u;
	int err;

	if (vtd_lacks_sva(u, NULL))
		return -EOPNOTSUPP;
	err = mm->ops->get_table(mm, IOMMU_TABLE_X86_64, &d->table);
	if (err)
		return err;
	if (vtd_lacks_table(u, &d->table, NULL))
		return -EOPNOTSUPP;
	err = vtd_did_get(u, &d->did);
	if (err)
		return err;
	d->notifier.ops = &notifier_ops;
	err = iommu_mm_notifier_register(&d->notifier, mm);
	if (err)
		vtd_did_put(u, d->did);
	return err;
}

static int init_domain(struct vtd_domain *d, struct iommu_mm *mm)
{
	switch (d->type) {
	case IOMMU_DOMAIN_BLOCKED:
		return 0;
	case IOMMU_DOMAIN_IDENTITY:
		d->did = VTD_DID_PASS_THROUGH;
		return d->u->f.pass_through ? 0 : -EOPNOTSUPP;
	case IOMMU_DOMAIN_SVA:
		return init_sva(d, mm);
	case IOMMU_DOMAIN_PAGING:
		return vtd_paging_init(d);
	case IOMMU_DOMAIN_NESTED:
	default:
		return -EOPNOTSUPP;
	}
}

int vtd_domain_alloc(struct iommu_unit *unit, enum iommu_domain_type type,
		     struct iommu_mm *mm, struct iommu_domain **ret_domain)
{
	struct vtd_unit *u = to_vtd(unit);
	struct vtd_domain *d;
	int err;

	d = plat_zalloc(u->plat, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->u = u;
	d->type = type;
	list_init(&d->attaches);
	/* Before a notifier can come. */
	plat_lock_init(u->plat, &d->lock, PLAT_LOCK_SPIN, PLAT_RANK_DOMAIN,
		       "vtd domain");
	err = init_domain(d, mm);
	if (err) {
		plat_lock_fini(u->plat, &d->lock);
		plat_free(u->plat, d);
		return err;
	}
	*ret_domain = &d->domain;
	return 0;
}

void vtd_domain_free(struct iommu_domain *domain)
{
	struct vtd_domain *d = to_vtd_domain(domain);

	if (d->type == IOMMU_DOMAIN_SVA) {
		iommu_mm_notifier_unregister(&d->notifier);
		vtd_did_put(d->u, d->did);
	}
	if (d->type == IOMMU_DOMAIN_PAGING)
		vtd_paging_fini(d);
	plat_lock_fini(d->u->plat, &d->lock);
	plat_free(d->u->plat, d);
}
