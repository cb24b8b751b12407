/* SPDX-License-Identifier: MIT */
/* Devices: putting them behind an IOMMU and taking them away. */
#include "core/device.h"

#include "base/errno.h"
#include "base/string.h"

static size_t name_length(const char *name)
{
	size_t n = 0;

	while (name[n])
		n++;
	return n;
}

static int desc_check(struct iommu_system *sys,
		      const struct iommu_device_desc *desc)
{
	if (!desc->name || !desc->unit || desc->unit->sys != sys ||
	    !desc->stream_ids || !desc->stream_id_count ||
	    desc->pasid_bits > IOMMU_PASID_BITS_MAX)
		return -EINVAL;
	return 0;
}

static struct iommu_device *device_alloc(struct iommu_system *sys,
					 const struct iommu_device_desc *desc)
{
	size_t length = name_length(desc->name);
	struct iommu_device *dev;

	dev = plat_zalloc(sys->plat, sizeof(*dev) + length + 1);
	if (!dev)
		return NULL;
	memcpy(dev->name, desc->name, length);
	dev->sys = sys;
	dev->unit = desc->unit;
	dev->group = desc->group;
	atomic_init(&dev->refs, 1);
	plat_lock_init(sys->plat, &dev->lock, PLAT_LOCK_MUTEX, PLAT_RANK_DEVICE,
		       "device");
	fault_dev_init(dev);
	return dev;
}

static void device_free(struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;

	attach_table_fini(dev);
	fault_dev_fini(dev);
	plat_lock_fini(plat, &dev->lock);
	plat_free(plat, dev);
}

/* Would a new member of @group come beside a device that shares an address
 * space? [B10] */
static bool group_has_sva_locked(struct iommu_system *sys, uint32_t group)
{
	struct iommu_device *dev;

	list_for_each(dev, &sys->devices, link) {
		if (group && dev->group == group && dev->sva_count)
			return true;
	}
	return false;
}

bool device_shares_group(struct iommu_device *dev)
{
	struct iommu_system *sys = dev->sys;
	struct iommu_device *other;
	bool shares = false;

	if (!dev->group)
		return false;
	plat_lock(sys->plat, &sys->lock);
	list_for_each(other, &sys->devices, link) {
		if (other != dev && other->group == dev->group)
			shares = true;
	}
	plat_unlock(sys->plat, &sys->lock);
	return shares;
}

/* What the driver made of the device, cut to what the system has. */
static void take_caps(struct iommu_device *dev,
		      const struct iommu_device_caps *caps)
{
	dev->caps = *caps;
	if (dev->caps.pasid_bits > dev->sys->cfg.pasid_bits)
		dev->caps.pasid_bits = dev->sys->cfg.pasid_bits;
	dev->min_pasid = IOMMU_FIRST_PASID;
	dev->max_pasid = device_pasid_last(dev);
}

/* SVA and system lock held. */
static int device_add_locked(struct iommu_device *dev,
			     const struct iommu_device_desc *desc)
{
	struct iommu_system *sys = dev->sys;
	struct iommu_unit *unit = dev->unit;
	struct iommu_device_caps caps = { 0 };
	int err;

	if (group_has_sva_locked(sys, dev->group))
		return -EBUSY;
	if (!unit->iopf) {
		err = iopf_queue_alloc(sys, unit->name, &unit->iopf);
		if (err)
			return err;
	}
	err = unit->ops->probe_device(unit, dev, desc, &caps, &dev->priv);
	if (err)
		return err;
	take_caps(dev, &caps);
	unit->device_count++;
	list_add_tail(&sys->devices, &dev->link);
	return 0;
}

int iommu_device_add(struct iommu_system *sys,
		     const struct iommu_device_desc *desc,
		     struct iommu_device **ret_dev)
{
	struct iommu_device *dev;
	int err;

	err = desc_check(sys, desc);
	if (err)
		return err;
	dev = device_alloc(sys, desc);
	if (!dev)
		return -ENOMEM;
	plat_lock(sys->plat, &sys->sva_lock);
	plat_lock(sys->plat, &sys->lock);
	err = device_add_locked(dev, desc);
	plat_unlock(sys->plat, &sys->lock);
	plat_unlock(sys->plat, &sys->sva_lock);
	if (err) {
		device_free(dev);
		return err;
	}
	*ret_dev = dev;
	return 0;
}

/* SVA and system lock held. */
static int device_remove_locked(struct iommu_device *dev)
{
	const struct iommu_unit_ops *ops = dev->unit->ops;
	const struct plat *plat = dev->sys->plat;

	if (device_pinned_locked(dev) || dev->paging_count || dev->sva_count ||
	    dev->nr_bonds || fault_dev_busy(dev))
		return -EBUSY;
	plat_lock(plat, &dev->lock);
	if (dev->domain) {
		ops->remove_dev_pasid(dev->domain, dev, IOMMU_NO_PASID);
		/* Release pairs with the acquire in iommu_domain_free(). */
		atomic_fetch_sub_explicit(&dev->domain->attach_count, 1,
					  memory_order_release);
		dev->domain = NULL;
	}
	plat_unlock(plat, &dev->lock);
	list_del(&dev->link);
	ops->release_device(dev->unit, dev);
	dev->unit->device_count--;
	return 0;
}

int iommu_device_remove(struct iommu_device *dev)
{
	struct iommu_system *sys = dev->sys;
	const struct plat *plat = sys->plat;
	int err;

	plat_lock(plat, &sys->sva_lock);
	plat_lock(plat, &sys->lock);
	err = device_remove_locked(dev);
	plat_unlock(plat, &sys->lock);
	plat_unlock(plat, &sys->sva_lock);
	if (err)
		return err;
	for (;;) {
		uint32_t seen = plat_event_read(&sys->sva_event);

		/* Acquire pairs with the release in iommu_device_put(). No
		 * time limit: the holders are drivers in the middle of a
		 * report. */
		if (atomic_load_explicit(&dev->refs, memory_order_acquire) == 1)
			break;
		if (plat_event_wait(plat, &sys->sva_event, seen, UINT64_MAX))
			plat_relax(plat, 0);
	}
	device_free(dev);
	return 0;
}

struct iommu_device *iommu_device_next(struct iommu_system *sys,
				       struct iommu_device *prev)
{
	struct iommu_device *next = NULL;
	struct list *l;

	plat_lock(sys->plat, &sys->lock);
	l = prev ? prev->link.next : sys->devices.next;
	if (l != &sys->devices)
		next = list_entry(l, struct iommu_device, link);
	plat_unlock(sys->plat, &sys->lock);
	return next;
}

const char *iommu_device_name(const struct iommu_device *dev)
{
	return dev->name;
}

struct iommu_unit *iommu_device_unit(const struct iommu_device *dev)
{
	return dev->unit;
}

struct iommu_system *iommu_device_system(const struct iommu_device *dev)
{
	return dev->sys;
}

void iommu_device_caps(const struct iommu_device *dev,
		       struct iommu_device_caps *ret_caps)
{
	*ret_caps = dev->caps;
}

void *iommu_device_priv(const struct iommu_device *dev)
{
	return dev->priv;
}

void iommu_device_get(struct iommu_device *dev)
{
	/* Relaxed: whoever found the device ordered its contents. */
	atomic_fetch_add_explicit(&dev->refs, 1, memory_order_relaxed);
}

void iommu_device_put(struct iommu_device *dev)
{
	struct iommu_system *sys = dev->sys;

	/* Release pairs with iommu_device_remove(), which may free the device
	 * at once: the event is the system's. */
	atomic_fetch_sub_explicit(&dev->refs, 1, memory_order_release);
	plat_event_signal(sys->plat, &sys->sva_event);
}
