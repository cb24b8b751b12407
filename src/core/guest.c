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
 */
#include <sva/guest.h>

#include "base/errno.h"
#include "base/string.h"
#include "core/device.h"
#include "core/guest.h"

bool guest_has_table(const struct iommu_device *dev)
{
	return dev->domain && dev->domain->type == IOMMU_DOMAIN_NESTED;
}

struct iommu_domain *guest_table_of(struct iommu_device *dev,
				    const struct iommu_domain *parent)
{
	if (!guest_has_table(dev) || dev->domain->stage2 != parent)
		return NULL;
	return dev->domain;
}

static bool nests(const struct iommu_device *dev)
{
	return dev->unit->ops->nested_alloc;
}

/* Faults: wanted by whoever has a handler. SVA lock held. */
static int faults_on_locked(struct iommu_device *dev)
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

static void faults_off_locked(struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;

	if (dev->guest_binds || !dev->guest_faults)
		return;
	plat_lock(plat, &dev->lock);
	dev->unit->ops->disable_faults(dev);
	plat_unlock(plat, &dev->lock);
	dev->guest_faults = false;
}

/* What the device has asked so far. SVA lock held, dropped meanwhile. */
static void answer_rest_locked(struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;

	plat_unlock(plat, &dev->sys->sva_lock);
	fault_drain(dev);
	fault_answer_left(dev, NULL);
	plat_lock(plat, &dev->sys->sva_lock);
}

/*
 * A bind has gone. With the last of them nobody is left to answer, whatever
 * PASID the device asked for. SVA lock held, dropped meanwhile.
 */
static void faults_end_locked(struct iommu_device *dev)
{
	faults_off_locked(dev);
	if (dev->guest_binds)
		return;
	dev->guest_changing = true;
	answer_rest_locked(dev);
	dev->guest_changing = false;
}

static int nested_make(struct iommu_domain *parent, struct iommu_device *dev,
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

static void nested_free(struct iommu_domain *domain)
{
	struct iommu_domain *parent = domain->stage2;

	if (iommu_domain_free(domain))
		plat_log(parent->unit->sys->plat, PLAT_LOG_ERR,
			 "%s: a nested domain is still attached",
			 parent->unit->name);
	/* Release pairs with the acquire in iommu_domain_free(). */
	atomic_fetch_sub_explicit(&parent->children, 1, memory_order_release);
}

/*
 * The table takes the place of @old, the parent or another table. SVA lock
 * held. After -ETIMEDOUT nothing is attached.
 */
static int table_swap_locked(struct iommu_device *dev,
			     struct iommu_domain *domain,
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
	err = nested_make(parent, dev, nest, &domain);
	if (err)
		return err;
	err = faults_on_locked(dev);
	if (err)
		goto free_domain;
	err = table_swap_locked(dev, domain, parent);
	if (err)
		goto faults_off;
	dev->guest_binds++;
	return 0;

faults_off:
	faults_end_locked(dev);
free_domain:
	nested_free(domain);
	return err;
}

static int table_replace_locked(struct iommu_domain *parent,
				struct iommu_device *dev,
				const struct iommu_nest *nest)
{
	struct iommu_domain *old = dev->domain;
	struct iommu_domain *domain;
	int err;

	if (dev->guest_changing)
		return -EBUSY;
	err = nested_make(parent, dev, nest, &domain);
	if (err)
		return err;
	err = table_swap_locked(dev, domain, old);
	if (err)
		nested_free(domain);
	if (err == -ETIMEDOUT) {
		dev->guest_binds--;
		faults_end_locked(dev);
	}
	if (!err || err == -ETIMEDOUT)
		nested_free(old);
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

	if (!nests(dev) || !domain->is_parent)
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

/*
 * As attach_del_locked(): drains first while the guest's table still counts,
 * and once more when it is gone. SVA lock held, dropped meanwhile.
 */
static int table_end_locked(struct iommu_domain *parent,
			    struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;
	struct iommu_domain *old = dev->domain;
	int err;

	dev->guest_changing = true;
	plat_unlock(plat, &dev->sys->sva_lock);
	fault_drain(dev);
	plat_lock(plat, &dev->sys->sva_lock);

	err = table_swap_locked(dev, parent, old);
	if (!err || err == -ETIMEDOUT) {
		answer_rest_locked(dev);
		dev->guest_binds--;
		faults_off_locked(dev);
		/* A device that is not quiet may have asked until then. */
		answer_rest_locked(dev);
		nested_free(old);
	}
	dev->guest_changing = false;
	return err;
}

int iommu_unbind_pasid_table(struct iommu_domain *domain,
			     struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;
	int err;

	if (!nests(dev))
		return -EINVAL;
	plat_lock(plat, &dev->sys->sva_lock);
	if (!guest_table_of(dev, domain))
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
	is_new = guest_table_of(dev, parent) && dev->guest_new;
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
	if (guest_table_of(dev, domain)) {
		dev->guest_new = false;
		err = table_replace_locked(domain, dev, nest);
	} else if (dev->domain == domain) {
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
	has = guest_table_of(dev, parent);
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

/* SVA lock held. */
static int gpasid_add_locked(struct iommu_domain *parent, struct attach *att,
			     const struct iommu_nest *nest)
{
	struct iommu_device *dev = att->dev;
	const struct plat *plat = dev->sys->plat;
	int err;

	if (dev->domain != parent)
		return -EINVAL;
	if (dev->feature_on[IOMMU_DEV_FEAT_SVA] ||
	    dev->feature_on[IOMMU_DEV_FEAT_IOPF] || dev->sva_changing ||
	    dev->guest_changing)
		return -EBUSY;
	err = nested_make(parent, dev, nest, &att->domain);
	if (err)
		return err;
	err = faults_on_locked(dev);
	if (err)
		goto free_domain;
	err = attach_add_locked(att);
	if (err)
		goto faults_off;
	dev->guest_binds++;
	plat_lock(plat, &dev->lock);
	att->next = dev->gpasids;
	dev->gpasids = att;
	plat_unlock(plat, &dev->lock);
	return 0;

faults_off:
	faults_end_locked(dev);
free_domain:
	nested_free(att->domain);
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

	if (!nests(dev))
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

int iommu_sva_unbind_gpasid(struct iommu_domain *domain,
			    struct iommu_device *dev, ioasid_t pasid)
{
	const struct plat *plat = dev->sys->plat;
	struct attach *att;

	if (!nests(dev))
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
	faults_end_locked(dev);
	plat_unlock(plat, &dev->sys->sva_lock);
	nested_free(att->domain);
	plat_free(plat, att);
	return 0;
}
