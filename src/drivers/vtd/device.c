/* SPDX-License-Identifier: MIT */
/* Devices: their PCIe features and their life; their tables are others'. */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/vtd.h"

static void really_free(struct vtd_device *vdev)
{
	const struct plat *plat = vdev->u->plat;

	vtd_pasidtab_fini(&vdev->ptab);
	plat_lock_fini(plat, &vdev->ctx_lock);
	plat_free(plat, vdev->ctxs);
	plat_free(plat, vdev->sids);
	plat_free(plat, vdev);
}

/*
 * A unit that did not answer when the device's context entries went may still
 * read its tables. They stay until it has been disabled.
 */
static void free_device(struct vtd_device *vdev)
{
	struct vtd_unit *u = vdev->u;

	if (!vdev->abandoned) {
		really_free(vdev);
		return;
	}
	plat_lock(u->plat, &u->lock);
	vdev->next_abandoned = u->tables->abandoned;
	u->tables->abandoned = vdev;
	plat_unlock(u->plat, &u->lock);
}

void vtd_free_abandoned(struct vtd_unit *u, struct vtd_tables *t)
{
	(void)u;
	while (t->abandoned) {
		struct vtd_device *vdev = t->abandoned;

		t->abandoned = vdev->next_abandoned;
		really_free(vdev);
	}
}

void vtd_device_put(struct vtd_device *vdev)
{
	struct iommu_device *dev = vdev->dev;

	if (refcount_put(&vdev->refs))
		free_device(vdev);
	iommu_device_put(dev);
}

int vtd_settle(struct vtd_device *vdev, int err, const char *what)
{
	struct vtd_unit *u = vdev->u;

	if (!err)
		return 0;
	/* All else in the batch was done. */
	if (err == -ETIMEDOUT && !vtd_is_dead(u)) {
		if (vtd_has_ats(vdev))
			return vtd_device_isolate(vdev);
		/* Somebody else has, since the batch was made: see there. */
		if (atomic_load_explicit(&vdev->isolated, memory_order_relaxed))
			return 0;
	}
	vtd_fail_closed(u, what);
	return -ETIMEDOUT;
}

static void give_up_tables(struct vtd_device *vdev)
{
	if (!vtd_context_remove(vdev))
		return;
	plat_log(vdev->u->plat, PLAT_LOG_ERR,
		 "%s: the tables of requester %#x stay where they are",
		 vdev->u->name, vdev->sids[0]);
	vdev->abandoned = true;
}

/*
 * [R12]: the context entry has DTE by now. What the device may have cached
 * since is that nothing is there; one that does not even forget that is found
 * out here, and not by whoever unmaps memory first. It loses DTE again, which
 * would let it go on translating, and nobody would tell it what has changed.
 */
static int enable_ats(struct vtd_device *vdev, const char *name)
{
	struct vtd_unit *u = vdev->u;
	struct vtd_batch b;
	int err;

	err = pci_func_enable_ats(&vdev->pci, PCI_FUNC_STU_4K_LG2);
	if (!err) {
		vtd_batch_init(&b, u);
		vtd_inv_dev_tlb(&b, &vdev->ats, 0, UINT64_MAX);
		err = vtd_batch_sync(&b);
		if (err)
			pci_func_disable_ats(&vdev->pci);
	}
	if (err) {
		/* The device's fault, or so it seems; it works without. */
		plat_log(u->plat, PLAT_LOG_WARN, "%s: %s: no ATS: error %d",
			 u->name, name, err);
		vdev->can_ats = false;
		vdev->can_pri = false;
		return vtd_context_renew(vdev);
	}
	/* Pairs with the acquire of vtd_has_ats(). */
	atomic_store_explicit(&vdev->ats_on, true, memory_order_release);
	return 0;
}

/* The device forgets, then stops asking; nothing is attached. [R12] */
static void disable_ats(struct vtd_device *vdev)
{
	struct vtd_batch b;

	if (vtd_has_ats(vdev)) {
		vtd_batch_init(&b, vdev->u);
		vtd_inv_dev_tlb(&b, &vdev->ats, 0, UINT64_MAX);
		(void)vtd_settle(vdev, vtd_batch_sync(&b),
				 "a device TLB stays in use");
		atomic_store_explicit(&vdev->ats_on, false,
				      memory_order_release);
	}
	pci_func_disable_ats(&vdev->pci);
}

static int check_desc(const struct iommu_device_desc *desc)
{
	unsigned int i;

	if (!desc->stream_id_count || !desc->stream_ids)
		return -EINVAL;
	for (i = 0; i < desc->stream_id_count; i++)
		if (desc->stream_ids[i] > UINT16_MAX)
			return -ERANGE;
	return 0;
}

static struct vtd_device *alloc_device(struct vtd_unit *u,
				       struct iommu_device *dev,
				       const struct iommu_device_desc *desc)
{
	unsigned int n = desc->stream_id_count, i;
	struct vtd_device *vdev = plat_zalloc(u->plat, sizeof(*vdev));

	if (!vdev)
		return NULL;
	vdev->sids = plat_zalloc(u->plat, n * sizeof(vdev->sids[0]));
	vdev->ctxs = plat_zalloc(u->plat, n * sizeof(vdev->ctxs[0]));
	if (!vdev->sids || !vdev->ctxs) {
		plat_free(u->plat, vdev->ctxs);
		plat_free(u->plat, vdev->sids);
		plat_free(u->plat, vdev);
		return NULL;
	}
	for (i = 0; i < n; i++)
		vdev->sids[i] = (uint16_t)desc->stream_ids[i];
	vdev->sid_count = n;
	vdev->u = u;
	vdev->dev = dev;
	refcount_init(&vdev->refs, 1);
	plat_lock_init(u->plat, &vdev->ctx_lock, PLAT_LOCK_SPIN, PLAT_RANK_UNIT,
		       "vtd contexts");
	return vdev;
}

/*
 * What both sides have. Invalidations and answers name one requester, so
 * ATS and page requests are of devices that are one. [U5]
 */
static void probe_features(struct vtd_device *vdev,
			   const struct iommu_device_desc *desc)
{
	const struct vtd_features *f = &vdev->u->f;
	bool single = vdev->sid_count == 1, pri;

	vdev->is_pci = desc->pci;
	if (!vdev->is_pci)
		return;
	pci_func_init(&vdev->pci, desc->pci);
	vdev->ats.sid = vdev->sids[0];
	/* Of a virtual function it would be the physical one's. */
	vdev->ats.pfsid = vdev->sids[0];
	vdev->ats.qdep = pci_func_ats_queue_depth(&vdev->pci) % 32;
	vdev->can_ats = single && f->dev_tlb && vdev->pci.ats;
	/* Without a drain nobody knows when the last request has come. [M4] */
	pri = f->dev_tlb && vdev->pci.ats && f->pri && f->drain &&
	      vdev->pci.pri;
	vdev->can_pri = single && pri;
	vdev->too_many = !single && pri;
}

/* PASID first. [K18] [K19] */
static unsigned int setup_pasid(struct vtd_device *vdev,
				const struct iommu_device_desc *desc)
{
	const struct vtd_features *f = &vdev->u->f;
	unsigned int bits = desc->pasid_bits;

	if (vdev->is_pci) {
		int err;

		bits = 0;
		if (f->pasid_bits && vdev->pci.pasid_bits) {
			err = pci_func_enable_pasid(&vdev->pci);
			if (err)
				plat_log(vdev->u->plat, PLAT_LOG_WARN,
					 "%s: %s: no PASIDs: error %d",
					 vdev->u->name, desc->name, err);
			else
				bits = vdev->pci.pasid_bits;
		}
	}
	return bits < f->pasid_bits ? bits : f->pasid_bits;
}

int vtd_probe_device(struct iommu_unit *unit, struct iommu_device *dev,
		     const struct iommu_device_desc *desc,
		     struct iommu_device_caps *ret_caps, void **ret_priv)
{
	struct vtd_unit *u = to_vtd(unit);
	struct vtd_device *vdev;
	int err;

	err = check_desc(desc);
	if (err)
		return err;
	vdev = alloc_device(u, dev, desc);
	if (!vdev)
		return -ENOMEM;
	err = vtd_rids_add(vdev);
	if (err)
		goto free_device;
	/* From here on the device is ours to change. */
	probe_features(vdev, desc);
	err = vtd_pasidtab_init(&vdev->ptab, u->plat, setup_pasid(vdev, desc));
	if (err)
		goto disable_pasid;
	err = vtd_context_install(vdev);
	if (!err && vdev->can_ats)
		err = enable_ats(vdev, desc->name);
	if (err)
		goto remove_contexts;

	*ret_caps = (struct iommu_device_caps){
		.pasid_bits = vdev->ptab.bits,
		.ats = vtd_has_ats(vdev),
		.pri = vdev->can_pri,
		.sva = u->f.sva && vdev->ptab.bits,
	};
	*ret_priv = vdev;
	vtd_rids_show(vdev);
	return 0;

remove_contexts:
	give_up_tables(vdev);
disable_pasid:
	pci_func_disable_pasid(&vdev->pci);
	vtd_rids_remove(vdev);
free_device:
	free_device(vdev);
	return err;
}

void vtd_release_device(struct iommu_unit *unit, struct iommu_device *dev)
{
	struct vtd_device *vdev = iommu_device_priv(dev);

	(void)unit;
	if (atomic_load_explicit(&vdev->faults_on, memory_order_acquire))
		vtd_disable_faults(dev);
	disable_ats(vdev);
	give_up_tables(vdev);
	pci_func_disable_pasid(&vdev->pci);
	vtd_rids_remove(vdev);
	if (refcount_put(&vdev->refs))
		free_device(vdev);
}

const struct iommu_unit_ops vtd_unit_ops = {
	.probe_device = vtd_probe_device,
	.release_device = vtd_release_device,
	.domain_alloc = vtd_domain_alloc,
	.domain_free = vtd_domain_free,
	.set_dev_pasid = vtd_set_dev_pasid,
	.remove_dev_pasid = vtd_remove_dev_pasid,
	.quiesce_dev_pasid = vtd_quiesce_dev_pasid,
	.enable_faults = vtd_enable_faults,
	.disable_faults = vtd_disable_faults,
	.drain_faults = vtd_drain_faults,
	.page_response = vtd_page_response,
	.map = vtd_map,
	.unmap = vtd_unmap,
	.iotlb_sync = vtd_iotlb_sync,
	.iova_to_phys = vtd_iova_to_phys,
	.set_dirty_tracking = vtd_set_dirty_tracking,
	.read_dirty = vtd_read_dirty,
	.guest_format = IOMMU_PASID_FORMAT_VTD,
	.parent_alloc = vtd_parent_alloc,
	.nested_alloc = vtd_nested_alloc,
	.cache_invalidate = vtd_cache_invalidate,
	.describe = vtd_describe,
	.diagnose = vtd_diagnose,
};
