/* SPDX-License-Identifier: MIT */
/*
 * Guests' tables: NESTED domains on a device as a whole, or on one PASID.
 *
 * The caller has the parent in its hands; what is nested in it is core's own,
 * and lives while it is attached. While anything is, faults go to the handler
 * of whoever runs the guest, so that features which bring a handler along are
 * kept away, and the other way round.
 *
 * ->domain and what is attached to PASIDs changes under the SVA lock and the
 * device's: either is enough to read. Unbinding drops the SVA lock while it
 * drains; ->guest_changing keeps others away.
 *
 * One table in place of another is what a guest can have as often as it likes,
 * so nobody waits for it but who wants this device: ->guest_replacing stands
 * for the SVA lock meanwhile, and ->domain changes under the device's alone.
 * Whose table it is does not change, and is in ->guest_parent.
 *
 * Here is what both forms have in common: guest_table.c, guest_pasid.c.
 */
#include <sva/guest.h>

#include "base/errno.h"
#include "core/device.h"
#include "core/guest.h"

struct iommu_domain *guest_table_of(struct iommu_device *dev,
				    const struct iommu_domain *parent)
{
	struct iommu_domain *domain = dev->domain;

	if (!domain || domain->type != IOMMU_DOMAIN_NESTED ||
	    domain->stage2 != parent)
		return NULL;
	return domain;
}

bool guest_nests(const struct iommu_device *dev)
{
	return dev->unit->ops->nested_alloc;
}

int guest_faults_on_locked(struct iommu_device *dev)
{
	const struct iommu_unit_ops *ops = dev->unit->ops;
	const struct plat *plat = dev->sys->plat;
	int err;

	if (dev->guest_faults || !(dev->caps.pri || dev->caps.stall) ||
	    !ops->enable_faults || !ops->page_response ||
	    !fault_dev_handled(dev))
		return 0;
	plat_lock(plat, &dev->lock);
	err = ops->enable_faults(dev);
	plat_unlock(plat, &dev->lock);
	dev->guest_faults = !err;
	return err;
}

void guest_faults_off_locked(struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;

	if (dev->guest_binds || !dev->guest_faults)
		return;
	plat_lock(plat, &dev->lock);
	dev->unit->ops->disable_faults(dev);
	plat_unlock(plat, &dev->lock);
	dev->guest_faults = false;
}

void guest_answer_rest_locked(struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;

	plat_unlock(plat, &dev->sys->sva_lock);
	fault_drain(dev);
	fault_answer_left(dev, NULL);
	plat_lock(plat, &dev->sys->sva_lock);
}

void guest_faults_end_locked(struct iommu_device *dev)
{
	guest_faults_off_locked(dev);
	if (dev->guest_binds)
		return;
	dev->guest_changing = true;
	guest_answer_rest_locked(dev);
	dev->guest_changing = false;
}

int guest_nested_make(struct iommu_domain *parent, struct iommu_device *dev,
		      const struct iommu_nest *nest,
		      struct iommu_domain **ret_domain)
{
	struct iommu_domain *domain;
	int err;

	err = dev->unit->ops->nested_alloc(parent, dev, nest, &domain);
	if (err)
		return err;
	domain_fill(domain, dev->unit, IOMMU_DOMAIN_NESTED, NULL);
	domain->stage2 = parent;
	atomic_fetch_add_explicit(&parent->children, 1, memory_order_relaxed);
	*ret_domain = domain;
	return 0;
}

void guest_nested_free(struct iommu_domain *domain)
{
	struct iommu_domain *parent = domain->stage2;

	if (iommu_domain_free(domain))
		plat_log(parent->unit->sys->plat, PLAT_LOG_ERR,
			 "%s: a nested domain is still attached",
			 parent->unit->name);
	/* Release pairs with the acquire in iommu_domain_free(). */
	atomic_fetch_sub_explicit(&parent->children, 1, memory_order_release);
}
