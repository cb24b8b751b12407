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
#include "drivers/vtd/nest.h"
#include "drivers/vtd/vtd.h"

void vtd_domain_lock(struct vtd_domain *d)
{
	plat_lock(d->u->plat, d->nest ? &d->nest->parent->lock : &d->lock);
}

void vtd_domain_unlock(struct vtd_domain *d)
{
	plat_unlock(d->u->plat, d->nest ? &d->nest->parent->lock : &d->lock);
}

/*
 * A second stage is tagged with the domain id alone. Otherwise equal PASIDs are
 * neighbours, and under one id they are one tag.
 */
static void add_iotlb_locked(struct vtd_domain *d, struct vtd_batch *b,
			     uint64_t start, uint64_t last)
{
	ioasid_t done = INVALID_IOASID;
	struct vtd_attach *a;

	if (list_empty(&d->attaches))
		return;
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

/*
 * Of what is nested over a domain, pages of which have gone. By domain id an
 * IOTLB invalidation takes all translations of both stages, whatever its
 * addresses, and those of tables by the address of the second stage (6.5.2.3,
 * table 23).
 */
static void add_nested_iotlb_locked(struct vtd_domain *d, struct vtd_batch *b,
				    uint64_t start, uint64_t last)
{
	struct vtd_domain *n;

	list_for_each(n, &d->nested_in, nested_link)
		if (!list_empty(&n->attaches))
			vtd_inv_iotlb(b, n->did, start, last, false);
}

static void add_dev_tlb_all(void *arg, struct vtd_device *vdev, ioasid_t pasid,
			    le64_atomic *slot)
{
	(void)slot;
	vtd_add_dev_tlb(arg, vdev, pasid, 0, UINT64_MAX);
}

/* A device knows the guest's virtual addresses: all of them. */
static void add_nested_dev_tlb_locked(struct vtd_domain *d, struct vtd_batch *b)
{
	struct vtd_domain *n;

	list_for_each(n, &d->nested_in, nested_link)
		vtd_nested_each_locked(n, add_dev_tlb_all, b);
}

struct flush {
	uint16_t did;
	bool second_stage;
	int err;
};

static void flush_one(void *arg, struct vtd_device *vdev, ioasid_t pasid,
		      le64_atomic *slot)
{
	struct flush *f = arg;
	int err = vtd_pair_flush(vdev, f->did, pasid, f->second_stage);

	(void)slot;
	f->err = f->err ? f->err : err;
}

/* One pair at a time, to know whose device it is that does not answer. */
static int flush_each_locked(struct vtd_domain *d)
{
	struct flush f = { d->did, d->type == IOMMU_DOMAIN_PAGING, 0 };
	struct vtd_domain *n;
	struct vtd_attach *a;

	list_for_each(a, &d->attaches, link)
		flush_one(&f, a->vdev, a->pasid, a->slot);
	list_for_each(n, &d->nested_in, nested_link) {
		f.did = n->did;
		vtd_nested_each_locked(n, flush_one, &f);
	}
	return f.err;
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

	if (list_empty(&d->attaches) && list_empty(&d->nested_in))
		return 0;
	vtd_batch_init(&b, d->u);
	add_iotlb_locked(d, &b, start, last);
	add_nested_iotlb_locked(d, &b, start, last);
	vtd_batch_barrier(&b);
	list_for_each(a, &d->attaches, link)
		vtd_add_dev_tlb(&b, a->vdev, a->pasid, start, last);
	add_nested_dev_tlb_locked(d, &b);
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

	vtd_domain_lock(d);
	err = invalidate_locked(d, start, last);
	vtd_domain_unlock(d);
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

	vtd_domain_lock(d);
	d->dead = true;
	list_for_each(a, &d->attaches, link) {
		vtd_quiesce_locked(d, a);
		passive |= a->passive;
	}
	vtd_domain_unlock(d);
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

void vtd_make_second_stage(const struct vtd_domain *d, struct vtd_pasid *e)
{
	FIELD_SET(VTD_PASID_AW, e, d->ss_levels - 2);
	FIELD_SET(VTD_PASID_SSADE, e, d->ssade);
	vtd_pasid_set_ssptptr(e, vtdss_root_pa(&d->ss));
}

struct vtd_pasid vtd_make_pasid(const struct vtd_domain *d)
{
	const struct vtd_unit *u = d->u;
	struct vtd_pasid e = { { 0 } };

	if (d->type == IOMMU_DOMAIN_NESTED) {
		e = d->nest->entry;
		vtd_make_second_stage(d->nest->parent, &e);
		return e;
	}
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
		vtd_make_second_stage(d, &e);
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

struct vtd_domain *vtd_domain_new(struct vtd_unit *u,
				  enum iommu_domain_type type)
{
	struct vtd_domain *d = plat_zalloc(u->plat, sizeof(*d));

	if (!d)
		return NULL;
	d->u = u;
	d->type = type;
	list_init(&d->attaches);
	list_init(&d->nested_in);
	/* Before a notifier can come. */
	plat_lock_init(u->plat, &d->lock, PLAT_LOCK_SPIN, PLAT_RANK_DOMAIN,
		       "vtd domain");
	return d;
}

void vtd_domain_delete(struct vtd_domain *d)
{
	plat_lock_fini(d->u->plat, &d->lock);
	plat_free(d->u->plat, d);
}

int vtd_domain_alloc(struct iommu_unit *unit, enum iommu_domain_type type,
		     struct iommu_mm *mm, struct iommu_domain **ret_domain)
{
	struct vtd_domain *d = vtd_domain_new(to_vtd(unit), type);
	int err;

	if (!d)
		return -ENOMEM;
	err = init_domain(d, mm);
	if (err) {
		vtd_domain_delete(d);
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
	if (d->type == IOMMU_DOMAIN_NESTED)
		vtd_nested_fini(d);
	vtd_domain_delete(d);
}
