/* SPDX-License-Identifier: MIT */
/* A guest's page table, for one PASID of many. [G6] */
#include <sva/guest.h>

#include "base/errno.h"
#include "core/device.h"
#include "core/guest.h"

static int gpasid_check(const struct iommu_device *dev,
			const struct iommu_gpasid_bind_data *data)
{
	if (data->version != IOMMU_GPASID_BIND_VERSION_1 ||
	    data->format != dev->unit->ops->guest_format ||
	    data->flags & ~(uint32_t)IOMMU_SVA_GPASID_VAL)
		return -EINVAL;
	if (!data->hpasid || data->hpasid > device_pasid_last(dev))
		return -EINVAL;
	return 0;
}

/* Device lock not held. */
static void gpasid_link(struct attach *att)
{
	const struct plat *plat = att->dev->sys->plat;

	plat_lock(plat, &att->dev->lock);
	att->next = att->dev->gpasids;
	att->dev->gpasids = att;
	plat_unlock(plat, &att->dev->lock);
}

/* Device lock not held. */
static void gpasid_unlink(struct attach *att)
{
	const struct plat *plat = att->dev->sys->plat;
	struct attach **link;

	plat_lock(plat, &att->dev->lock);
	for (link = &att->dev->gpasids; *link != att; link = &(*link)->next)
		;
	*link = att->next;
	plat_unlock(plat, &att->dev->lock);
}

/* SVA lock held. */
static int gpasid_add_locked(struct iommu_domain *parent, struct attach *att,
			     const struct iommu_nest *nest)
{
	struct iommu_device *dev = att->dev;
	int err;

	if (guest_has_table(dev) || dev->domain != parent)
		return -EINVAL;
	if (dev->feature_on[IOMMU_DEV_FEAT_SVA] ||
	    dev->feature_on[IOMMU_DEV_FEAT_IOPF] || dev->sva_changing ||
	    dev->guest_changing)
		return -EBUSY;
	err = guest_nested_make(parent, dev, nest, &att->domain);
	if (err)
		return err;
	err = guest_faults_on_locked(dev);
	if (err)
		goto free_domain;
	/* Before its entry counts: what the guest invalidates finds it. */
	gpasid_link(att);
	err = attach_add_locked(att);
	if (err)
		goto unlink;
	dev->guest_binds++;
	return 0;

unlink:
	gpasid_unlink(att);
	guest_faults_end_locked(dev);
free_domain:
	guest_nested_free(att->domain);
	return err;
}

int iommu_sva_bind_gpasid(struct iommu_domain *domain, struct iommu_device *dev,
			  const struct iommu_gpasid_bind_data *data)
{
	const struct iommu_nest nest = {
		.kind = IOMMU_NEST_PASID,
		.gpasid = *data,
	};
	const struct plat *plat = dev->sys->plat;
	struct attach *att;
	int err;

	if (!guest_nests(dev))
		return -ENODEV;
	if (!domain->is_parent)
		return -EINVAL;
	err = gpasid_check(dev, data);
	if (err)
		return err;
	att = plat_zalloc(plat, sizeof(*att));
	if (!att)
		return -ENOMEM;
	att->dev = dev;
	att->pasid = data->hpasid;
	plat_lock(plat, &dev->sys->sva_lock);
	err = gpasid_add_locked(domain, att, &nest);
	plat_unlock(plat, &dev->sys->sva_lock);
	if (err)
		plat_free(plat, att);
	return err;
}

int iommu_sva_unbind_gpasid(struct iommu_domain *domain,
			    struct iommu_device *dev, ioasid_t pasid)
{
	const struct plat *plat = dev->sys->plat;
	struct attach *att;

	if (!guest_nests(dev))
		return -ENODEV;
	plat_lock(plat, &dev->sys->sva_lock);
	att = attach_find(dev, pasid);
	if (!att || att->domain->type != IOMMU_DOMAIN_NESTED ||
	    att->domain->stage2 != domain || !attach_claim_locked(att)) {
		plat_unlock(plat, &dev->sys->sva_lock);
		return -EINVAL;
	}
	attach_del_locked(att);
	gpasid_unlink(att);
	fault_answer_left(dev, &pasid);
	dev->guest_binds--;
	guest_faults_end_locked(dev);
	plat_unlock(plat, &dev->sys->sva_lock);
	guest_nested_free(att->domain);
	plat_free(plat, att);
	return 0;
}
