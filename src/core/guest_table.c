/* SPDX-License-Identifier: MIT */
/* A guest's PASID table: it counts for the device as a whole. [G1] [G2] [G5] */
#include <sva/guest.h>

#include "base/errno.h"
#include "base/string.h"
#include "core/device.h"
#include "core/guest.h"

/*
 * The table takes the place of @old, the parent or another table. After
 * -ETIMEDOUT nothing is attached; what is blocked stays so after any other
 * error. SVA lock held, or ->guest_replacing.
 */
static int table_swap(struct iommu_device *dev, struct iommu_domain *domain,
		      struct iommu_domain *old)
{
	const struct plat *plat = dev->sys->plat;
	int err;

	plat_lock(plat, &dev->lock);
	err = dev->unit->ops->set_dev_pasid(domain, dev, IOMMU_NO_PASID, old);
	if (!err)
		domain_set_primary(dev, domain);
	else if (err == -ETIMEDOUT)
		domain_set_primary(dev, NULL); /* the entry aborts */
	if (!err || err == -ETIMEDOUT)
		dev->guest_blocked = false;
	plat_unlock(plat, &dev->lock);
	return err;
}

static int table_first_locked(struct iommu_domain *parent,
			      struct iommu_device *dev,
			      const struct iommu_nest *nest)
{
	struct iommu_domain *domain;
	int err;

	if (device_pinned_locked(dev) || dev->paging_count || dev->sva_count)
		return -EBUSY;
	err = guest_nested_make(parent, dev, nest, &domain);
	if (err)
		return err;
	err = guest_faults_on_locked(dev);
	if (err)
		goto free_domain;
	err = table_swap(dev, domain, parent);
	if (err)
		goto faults_off;
	dev->guest_parent = parent;
	dev->guest_binds++;
	return 0;

faults_off:
	guest_faults_end_locked(dev);
free_domain:
	guest_nested_free(domain);
	return err;
}

/*
 * It has a table of @parent's guest. SVA lock held, dropped while somebody
 * replaces that.
 */
static bool table_settled_locked(struct iommu_device *dev,
				 const struct iommu_domain *parent)
{
	while (dev->guest_parent == parent && dev->guest_replacing)
		system_wait_locked(dev->sys);
	return dev->guest_parent == parent;
}

/* It aborts, and takes neither memory nor an id for that. */
static void table_block(struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;

	plat_lock(plat, &dev->lock);
	if (!dev->guest_blocked)
		dev->unit->ops->remove_dev_pasid(dev->domain, dev,
						 IOMMU_NO_PASID);
	dev->guest_blocked = true;
	plat_unlock(plat, &dev->lock);
}

static bool no_room(int err)
{
	return err == -ENOMEM || err == -ENOSPC;
}

/*
 * What the guest has taken away cannot stay because there is no room for what
 * comes next: ABORT always succeeds, or the IOMMU does not answer. No lock
 * held, but ->guest_replacing.
 */
static int table_replace(struct iommu_domain *parent, struct iommu_device *dev,
			 const struct iommu_nest *nest)
{
	struct iommu_domain *old = dev->domain;
	struct iommu_domain *domain;
	int err;

	err = guest_nested_make(parent, dev, nest, &domain);
	if (!err) {
		err = table_swap(dev, domain, old);
		if (err)
			guest_nested_free(domain);
	}
	if (no_room(err) && nest->table.config == IOMMU_PASID_CONFIG_ABORT) {
		table_block(dev);
		return 0;
	}
	if (!err || err == -ETIMEDOUT)
		guest_nested_free(old);
	return err;
}

/* SVA lock held, dropped meanwhile; nobody else is at it. */
static int table_replace_locked(struct iommu_domain *parent,
				struct iommu_device *dev,
				const struct iommu_nest *nest)
{
	struct iommu_system *sys = dev->sys;
	int err;

	if (dev->guest_changing)
		return -EBUSY;
	dev->guest_replacing = true;
	plat_unlock(sys->plat, &sys->sva_lock);
	err = table_replace(parent, dev, nest);
	plat_lock(sys->plat, &sys->sva_lock);
	dev->guest_replacing = false;
	plat_event_signal(sys->plat, &sys->sva_event);
	if (err == -ETIMEDOUT) {
		dev->guest_parent = NULL;
		dev->guest_binds--;
		guest_faults_end_locked(dev);
	}
	return err;
}

static int config_check(const struct iommu_unit_ops *ops,
			const struct iommu_pasid_table_config *cfg)
{
	if (cfg->version != IOMMU_PASID_TABLE_CFG_VERSION_1 || cfg->padding ||
	    cfg->format != ops->guest_format ||
	    cfg->vendor_length > sizeof(cfg->vendor))
		return -EINVAL;
	switch (cfg->config) {
	case IOMMU_PASID_CONFIG_TRANSLATE:
	case IOMMU_PASID_CONFIG_BYPASS:
	case IOMMU_PASID_CONFIG_ABORT:
		return 0;
	}
	return -EINVAL;
}

/* Fills @nest from what the caller gave; what it did not give is zero. */
static int table_nest(const struct iommu_unit_ops *ops,
		      const struct iommu_pasid_table_config *cfg,
		      struct iommu_nest *nest)
{
	size_t length;
	int err = config_check(ops, cfg);

	if (err)
		return err;
	length = cfg->vendor_length;
	nest->kind = IOMMU_NEST_TABLE;
	nest->table = *cfg;
	memset(nest->table.vendor.bytes + length, 0,
	       sizeof(nest->table.vendor) - length);
	return 0;
}

static int model_format(uint32_t model, uint32_t *ret_format)
{
	switch (model) {
	case IOMMU_MODEL_INTEL_VTD:
		*ret_format = IOMMU_PASID_FORMAT_VTD;
		return 0;
	case IOMMU_MODEL_ARM_SMMU:
		*ret_format = IOMMU_PASID_FORMAT_SMMUV3;
		return 0;
	case IOMMU_MODEL_MOCK:
		*ret_format = IOMMU_PASID_FORMAT_MOCK;
		return 0;
	}
	return -EINVAL;
}

/* The form of 2017 in terms of that of 2019. [G3] */
static int config_of_info(const struct pasid_table_info *info,
			  struct iommu_pasid_table_config *cfg)
{
	int err = model_format(info->model, &cfg->format);

	if (err)
		return err;
	if (!info->size || info->length > sizeof(cfg->vendor))
		return -EINVAL;
	cfg->version = IOMMU_PASID_TABLE_CFG_VERSION_1;
	cfg->base = info->ptr;
	cfg->size = info->size;
	cfg->config = IOMMU_PASID_CONFIG_TRANSLATE;
	cfg->vendor_length = (uint16_t)info->length;
	memcpy(cfg->vendor.bytes, info->opaque, info->length);
	return 0;
}

int iommu_bind_pasid_table(struct iommu_domain *domain,
			   struct iommu_device *dev,
			   const struct pasid_table_info *info)
{
	struct iommu_pasid_table_config cfg = { 0 };
	const struct plat *plat = dev->sys->plat;
	struct iommu_nest nest;
	int err;

	if (!guest_nests(dev) || !domain->is_parent)
		return -EINVAL;
	err = config_of_info(info, &cfg);
	if (!err)
		err = table_nest(dev->unit->ops, &cfg, &nest);
	if (err)
		return err;
	plat_lock(plat, &dev->sys->sva_lock);
	if (guest_has_table(dev))
		err = -EBUSY;
	else if (dev->domain != domain)
		err = -EINVAL;
	else
		err = table_first_locked(domain, dev, &nest);
	plat_unlock(plat, &dev->sys->sva_lock);
	return err;
}

/* It aborts already: then it is attached to nothing. SVA lock held. */
static bool table_drop_blocked_locked(struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;
	bool blocked;

	plat_lock(plat, &dev->lock);
	blocked = dev->guest_blocked;
	dev->guest_blocked = false;
	if (blocked)
		domain_set_primary(dev, NULL);
	plat_unlock(plat, &dev->lock);
	return blocked;
}

/*
 * As attach_del_locked(): drains first while the guest's table still counts,
 * and once more when it is gone. SVA lock held, dropped meanwhile.
 */
static int table_end_locked(struct iommu_domain *parent,
			    struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;
	struct iommu_domain *old = dev->domain;
	bool gone;
	int err;

	dev->guest_changing = true;
	plat_unlock(plat, &dev->sys->sva_lock);
	fault_drain(dev);
	plat_lock(plat, &dev->sys->sva_lock);

	err = table_swap(dev, parent, old);
	gone = err == -ETIMEDOUT ||
	       (no_room(err) && table_drop_blocked_locked(dev));
	if (!err || gone) {
		dev->guest_parent = NULL;
		guest_answer_rest_locked(dev);
		dev->guest_binds--;
		guest_faults_off_locked(dev);
		/* A device that is not quiet may have asked until then. */
		guest_answer_rest_locked(dev);
		guest_nested_free(old);
	}
	dev->guest_changing = false;
	return err;
}

int iommu_unbind_pasid_table(struct iommu_domain *domain,
			     struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;
	int err;

	if (!guest_nests(dev))
		return -EINVAL;
	plat_lock(plat, &dev->sys->sva_lock);
	if (!table_settled_locked(dev, domain))
		err = -EINVAL;
	else if (dev->guest_changing)
		err = -EBUSY;
	else
		err = table_end_locked(domain, dev);
	plat_unlock(plat, &dev->sys->sva_lock);
	return err;
}

/* Bound by this call? No longer. ->guest_new of others is theirs. */
static bool take_new(struct iommu_device *dev,
		     const struct iommu_domain *parent)
{
	const struct plat *plat = dev->sys->plat;
	bool is_new;

	plat_lock(plat, &dev->sys->sva_lock);
	is_new = dev->guest_parent == parent && dev->guest_new;
	if (is_new)
		dev->guest_new = false;
	plat_unlock(plat, &dev->sys->sva_lock);
	return is_new;
}

/* Undoes what this call bound: @last and the devices before it. */
static void attach_undo(struct iommu_domain *domain, struct iommu_device *last)
{
	struct iommu_device *dev = NULL;

	do {
		dev = iommu_device_next(last->sys, dev);
		if (dev->unit != domain->unit || !take_new(dev, domain))
			continue;
		if (iommu_unbind_pasid_table(domain, dev))
			plat_log(dev->sys->plat, PLAT_LOG_WARN,
				 "%s: aborts after a table that was not bound",
				 dev->name);
	} while (dev != last);
}

static int attach_one(struct iommu_domain *domain, struct iommu_device *dev,
		      const struct iommu_nest *nest)
{
	const struct plat *plat = dev->sys->plat;
	int err;

	plat_lock(plat, &dev->sys->sva_lock);
	if (table_settled_locked(dev, domain)) {
		dev->guest_new = false;
		err = table_replace_locked(domain, dev, nest);
	} else if (!guest_has_table(dev) && dev->domain == domain) {
		err = table_first_locked(domain, dev, nest);
		dev->guest_new = !err;
	} else {
		err = -ENODEV;
	}
	plat_unlock(plat, &dev->sys->sva_lock);
	return err;
}

int iommu_attach_pasid_table(struct iommu_domain *domain,
			     const struct iommu_pasid_table_config *cfg)
{
	struct iommu_system *sys = domain->unit->sys;
	struct iommu_device *dev = NULL;
	struct iommu_nest nest;
	unsigned int count = 0;
	int err;

	if (!domain->unit->ops->nested_alloc)
		return -ENODEV;
	if (!domain->is_parent)
		return -EINVAL;
	err = table_nest(domain->unit->ops, cfg, &nest);
	if (err)
		return err;
	for (;;) {
		dev = iommu_device_next(sys, dev);
		if (!dev)
			return count ? 0 : -ENODEV;
		err = attach_one(domain, dev, &nest);
		if (!err)
			count++;
		else if (err != -ENODEV)
			break;
	}
	attach_undo(domain, dev);
	return err;
}

/* Other guests' devices are asked as well, and their tables come and go. */
static bool has_table_of(struct iommu_device *dev,
			 const struct iommu_domain *parent)
{
	const struct plat *plat = dev->sys->plat;
	bool has;

	plat_lock(plat, &dev->sys->sva_lock);
	has = dev->guest_parent == parent;
	plat_unlock(plat, &dev->sys->sva_lock);
	return has;
}

int iommu_detach_pasid_table(struct iommu_domain *domain)
{
	struct iommu_system *sys = domain->unit->sys;
	struct iommu_device *dev = NULL;
	int first = 0;

	if (!domain->unit->ops->nested_alloc)
		return -ENODEV;
	while ((dev = iommu_device_next(sys, dev))) {
		int err = 0;

		if (dev->unit == domain->unit && has_table_of(dev, domain))
			err = iommu_unbind_pasid_table(domain, dev);
		if (!first)
			first = err;
	}
	return first;
}
