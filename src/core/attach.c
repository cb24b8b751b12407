/* SPDX-License-Identifier: MIT */
/*
 * The one mechanism: a domain attached to a (device, PASID) pair.
 *
 * A slot of the device's table is NULL, points to the attachment, or is BUSY:
 * taken, but nothing that a fault could use. Fault workers read slots without
 * a lock. What they found stays until they have finished, because nothing is
 * freed before its slot went to BUSY and the workers were flushed.
 */
#include "base/errno.h"
#include "core/device.h"
#include "core/guest.h"

static struct attach busy;

#define ATTACH_BUSY (&busy)

static struct attach_leaf *leaf_of(struct iommu_device *dev, ioasid_t pasid)
{
	unsigned int index = pasid >> ATTACH_LEAF_LG2;
	struct attach_node *node;

	/* Acquire, here and below, pairs with the release in slot_make(). */
	node = atomic_load_explicit(
		&dev->attached.nodes[index >> ATTACH_NODE_LG2],
		memory_order_acquire);
	if (!node)
		return NULL;
	return atomic_load_explicit(&node->leaves[index % ATTACH_NODE_SLOTS],
				    memory_order_acquire);
}

/* The slot of a PASID, made if need be; NULL: no memory. SVA lock held. */
static _Atomic(struct attach *) *slot_make(struct iommu_device *dev,
					   ioasid_t pasid)
{
	unsigned int index = pasid >> ATTACH_LEAF_LG2;
	const struct plat *plat = dev->sys->plat;
	_Atomic(struct attach_leaf *) *leaf_link;
	_Atomic(struct attach_node *) *node_link;
	struct attach_node *node;
	struct attach_leaf *leaf;

	node_link = &dev->attached.nodes[index >> ATTACH_NODE_LG2];
	node = atomic_load_explicit(node_link, memory_order_relaxed);
	if (!node) {
		node = plat_zalloc(plat, sizeof(*node));
		if (!node)
			return NULL;
		atomic_store_explicit(node_link, node, memory_order_release);
	}
	leaf_link = &node->leaves[index % ATTACH_NODE_SLOTS];
	leaf = atomic_load_explicit(leaf_link, memory_order_relaxed);
	if (!leaf) {
		leaf = plat_zalloc(plat, sizeof(*leaf));
		if (!leaf)
			return NULL;
		atomic_store_explicit(leaf_link, leaf, memory_order_release);
	}
	return &leaf->slots[pasid % ATTACH_LEAF_SLOTS];
}

void attach_table_fini(struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;
	unsigned int i, j;

	for (i = 0; i < ATTACH_NODE_SLOTS; i++) {
		struct attach_node *node = atomic_load_explicit(
			&dev->attached.nodes[i], memory_order_relaxed);

		if (!node)
			continue;
		for (j = 0; j < ATTACH_NODE_SLOTS; j++)
			plat_free(plat,
				  atomic_load_explicit(&node->leaves[j],
						       memory_order_relaxed));
		plat_free(plat, node);
	}
}

/* Release pairs with slot_read(). */
static void slot_write(_Atomic(struct attach *) *slot, struct attach *att)
{
	atomic_store_explicit(slot, att, memory_order_release);
}

static struct attach *slot_read(struct iommu_device *dev, ioasid_t pasid)
{
	struct attach_leaf *leaf = leaf_of(dev, pasid);

	if (!leaf)
		return NULL;
	return atomic_load_explicit(&leaf->slots[pasid % ATTACH_LEAF_SLOTS],
				    memory_order_acquire);
}

struct attach *attach_find(struct iommu_device *dev, ioasid_t pasid)
{
	struct attach *att;

	if (!pasid || pasid > device_pasid_last(dev))
		return NULL;
	att = slot_read(dev, pasid);
	return att == ATTACH_BUSY ? NULL : att;
}

/* The attachments of one address space, newest first: mm->sva is the head. */
static void mm_link(struct attach *att)
{
	struct iommu_mm *mm = att->domain->mm;

	att->next = mm->sva;
	mm->sva = att;
}

static void mm_unlink(struct attach *att)
{
	struct iommu_mm *mm = att->domain->mm;
	struct attach *prev = mm->sva;

	if (prev == att) {
		mm->sva = att->next;
		return;
	}
	while (prev->next != att)
		prev = prev->next;
	prev->next = att->next;
}

/* @by is 1 or -1. SVA lock held. */
static void count(struct attach *att, int by)
{
	struct iommu_device *dev = att->dev;

	/* Release pairs with the acquire in iommu_domain_free(). */
	atomic_fetch_add_explicit(&att->domain->attach_count, (unsigned int)by,
				  memory_order_release);
	if (att->domain->type == IOMMU_DOMAIN_SVA)
		dev->sva_count += (unsigned int)by;
	else
		dev->paging_count += (unsigned int)by;
}

int attach_add_locked(struct attach *att)
{
	const struct plat *plat = att->dev->sys->plat;
	struct iommu_domain *domain = att->domain;
	struct iommu_device *dev = att->dev;
	_Atomic(struct attach *) *slot;
	int err;

	/* All PASIDs of the device are the guest's. */
	if (guest_has_table(dev))
		return -EBUSY;
	slot = slot_make(dev, att->pasid);
	if (!slot)
		return -ENOMEM;
	if (slot_read(dev, att->pasid))
		return -EBUSY;

	/*
	 * The first fault may come before set_dev_pasid() returns. What guests
	 * invalidate looks under the device lock, and finds it after that only.
	 */
	plat_lock(plat, &dev->lock);
	slot_write(slot, att);
	err = domain->unit->ops->set_dev_pasid(domain, dev, att->pasid, NULL);
	if (err)
		slot_write(slot, ATTACH_BUSY);
	plat_unlock(plat, &dev->lock);
	if (err) {
		fault_flush(dev);
		slot_write(slot, NULL);
		return err;
	}
	count(att, 1);
	if (domain->type == IOMMU_DOMAIN_SVA)
		mm_link(att);
	return 0;
}

bool attach_claim_locked(struct attach *att)
{
	struct iommu_system *sys = att->dev->sys;

	if (att->detaching)
		return false;
	att->detaching = true;
	/* No time limit: mm_exit may take as long as the device does. [R5] */
	while (att->exiting)
		system_wait_locked(sys);
	return true;
}

void attach_quiesce_locked(struct attach *att)
{
	const struct iommu_unit_ops *ops = att->dev->unit->ops;
	const struct plat *plat = att->dev->sys->plat;

	plat_lock(plat, &att->dev->lock);
	if (!att->removed)
		ops->quiesce_dev_pasid(att->domain, att->dev, att->pasid);
	plat_unlock(plat, &att->dev->lock);
	att->quiet = true;
}

/*
 * Drains twice. First while the entry still translates, so that the faults the
 * device has pushed out get the answer they deserve [B3]. Then with the entry
 * gone: what a device slipped in between is handled, and cannot find the
 * attachment any more, before anybody frees it [R1].
 */
void attach_del_locked(struct attach *att)
{
	struct iommu_device *dev = att->dev;
	const struct plat *plat = dev->sys->plat;
	struct attach_leaf *leaf = leaf_of(dev, att->pasid);
	_Atomic(struct attach *) *slot =
		&leaf->slots[att->pasid % ATTACH_LEAF_SLOTS];

	plat_unlock(plat, &dev->sys->sva_lock);
	fault_drain(dev);

	plat_lock(plat, &dev->lock);
	dev->unit->ops->remove_dev_pasid(att->domain, dev, att->pasid);
	att->removed = true;
	slot_write(slot, ATTACH_BUSY);
	plat_unlock(plat, &dev->lock);

	fault_drain(dev);
	fault_discard_pasid(dev, att->pasid);

	plat_lock(plat, &dev->sys->sva_lock);
	if (att->domain->type == IOMMU_DOMAIN_SVA)
		mm_unlink(att);
	count(att, -1);
	slot_write(slot, NULL);
}
