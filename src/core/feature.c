/* SPDX-License-Identifier: MIT */
/* Features of devices, and the limits of SVA on one. */
#include "base/errno.h"
#include "core/device.h"
#include "core/guest.h"
#include "core/why.h"

bool iommu_dev_has_feature(struct iommu_device *dev,
			   enum iommu_dev_feature feat)
{
	const struct iommu_unit_ops *ops = dev->unit->ops;
	const struct iommu_device_caps *caps = &dev->caps;

	if (!ops->set_dev_pasid || !caps->pasid_bits)
		return false;
	switch (feat) {
	case IOMMU_DEV_FEAT_AUX:
		return true;
	case IOMMU_DEV_FEAT_SVA:
		return caps->sva &&
		       iommu_dev_has_feature(dev, IOMMU_DEV_FEAT_IOPF);
	case IOMMU_DEV_FEAT_IOPF:
		return (caps->pri || caps->stall) && ops->enable_faults &&
		       ops->page_response;
	case IOMMU_DEV_FEAT_COUNT:
		break;
	}
	return false;
}

/* Of a feature that iommu_dev_has_feature() denies. */
static int why_not(struct iommu_device *dev, enum iommu_dev_feature feat,
		   struct iommu_sva_why *why)
{
	const struct iommu_unit_ops *ops = dev->unit->ops;
	const struct iommu_device_caps *caps = &dev->caps;
	enum iommu_sva_req req = IOMMU_SVA_REQ_DRIVER;

	if (!ops->set_dev_pasid)
		return why_set(why, req, -ENODEV);
	if (!caps->pasid_bits)
		req = IOMMU_SVA_REQ_PASID;
	else if (!caps->sva && feat == IOMMU_DEV_FEAT_SVA)
		req = IOMMU_SVA_REQ_WALK;
	else if (!caps->pri && !caps->stall)
		req = IOMMU_SVA_REQ_RECOVERY;
	else
		return why_set(why, req, -ENODEV);
	return why_driver(why, req, -ENODEV, dev, NULL);
}

static bool known(enum iommu_dev_feature feat)
{
	return feat == IOMMU_DEV_FEAT_SVA || feat == IOMMU_DEV_FEAT_AUX ||
	       feat == IOMMU_DEV_FEAT_IOPF;
}

static int enable_faults(struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;
	int err;

	plat_lock(plat, &dev->lock);
	err = dev->unit->ops->enable_faults(dev);
	plat_unlock(plat, &dev->lock);
	return err;
}

static void disable_faults(struct iommu_device *dev)
{
	const struct plat *plat = dev->sys->plat;

	plat_lock(plat, &dev->lock);
	dev->unit->ops->disable_faults(dev);
	plat_unlock(plat, &dev->lock);
}

static void leave_queue(struct iommu_device *dev)
{
	if (iopf_queue_remove_device(dev->unit->iopf, dev))
		plat_log(dev->sys->plat, PLAT_LOG_ERR,
			 "%s: is not on the fault queue of its unit",
			 dev->name);
}

/* SVA lock held. The order is [A2]'s. */
static int iopf_on_locked(struct iommu_device *dev, struct iommu_sva_why *why)
{
	int err;

	/* Before SVA, not while it is on. [A7] */
	if (dev->feature_on[IOMMU_DEV_FEAT_IOPF] ||
	    dev->feature_on[IOMMU_DEV_FEAT_SVA] || dev->sva_changing ||
	    dev->guest_binds || dev->guest_changing)
		return why_set(why, IOMMU_SVA_REQ_ENABLED, -EBUSY);
	err = iopf_queue_add_device(dev->unit->iopf, dev);
	if (err)
		return why_errno(why, IOMMU_SVA_REQ_QUEUE, err);
	err = enable_faults(dev);
	if (err) {
		why_errno(why, IOMMU_SVA_REQ_DRIVER, err);
		goto leave_queue;
	}
	err = iommu_register_device_fault_handler(dev, iommu_queue_iopf, NULL);
	if (err) {
		why_errno(why, IOMMU_SVA_REQ_HANDLER, err);
		goto disable_faults;
	}
	dev->feature_on[IOMMU_DEV_FEAT_IOPF] = true;
	return 0;

disable_faults:
	disable_faults(dev);
leave_queue:
	leave_queue(dev);
	return err;
}

/* SVA lock held. Who has not asked for IOPF before gets it along. */
static int sva_on_locked(struct iommu_device *dev, bool own_faults,
			 struct iommu_sva_why *why)
{
	int err;

	if (dev->feature_on[IOMMU_DEV_FEAT_SVA] || dev->sva_changing ||
	    dev->guest_binds || dev->guest_changing)
		return why_set(why, IOMMU_SVA_REQ_ENABLED, -EBUSY);
	if (!own_faults && !dev->feature_on[IOMMU_DEV_FEAT_IOPF]) {
		err = iopf_on_locked(dev, why);
		if (err)
			return err;
		dev->iopf_along = true;
	}
	dev->own_faults = own_faults;
	dev->feature_on[IOMMU_DEV_FEAT_SVA] = true;
	return 0;
}

/*
 * The exact reverse, with what the device still had under way drained. SVA
 * lock held, but dropped for the drains: ->sva_changing keeps others away.
 */
static int off_locked(struct iommu_device *dev, enum iommu_dev_feature feat)
{
	bool iopf = feat == IOMMU_DEV_FEAT_IOPF || dev->iopf_along;
	struct iommu_system *sys = dev->sys;
	int err = 0;

	dev->feature_on[feat] = false;
	dev->sva_changing = true;
	plat_unlock(sys->plat, &sys->sva_lock);

	fault_drain(dev);
	if (iopf)
		err = iommu_unregister_device_fault_handler(dev);
	if (iopf && !err) {
		disable_faults(dev);
		leave_queue(dev);
	}

	plat_lock(sys->plat, &sys->sva_lock);
	dev->sva_changing = false;
	dev->feature_on[feat] = err;
	if (iopf && !err) {
		dev->feature_on[IOMMU_DEV_FEAT_IOPF] = false;
		dev->iopf_along = false;
	}
	return err;
}

static int sva_off_locked(struct iommu_device *dev)
{
	int err;

	if (!dev->feature_on[IOMMU_DEV_FEAT_SVA])
		return -EINVAL;
	if (dev->nr_bonds || dev->sva_count)
		return -EBUSY;
	err = off_locked(dev, IOMMU_DEV_FEAT_SVA);
	if (err)
		return err;
	dev->min_pasid = IOMMU_FIRST_PASID;
	dev->max_pasid = device_pasid_last(dev);
	return 0;
}

/* After SVA, not while somebody counts on it. [A7] */
static int iopf_off_locked(struct iommu_device *dev)
{
	if (!dev->feature_on[IOMMU_DEV_FEAT_IOPF])
		return -EINVAL;
	if (dev->feature_on[IOMMU_DEV_FEAT_SVA] || dev->sva_changing ||
	    dev->sva_count)
		return -EBUSY;
	return off_locked(dev, IOMMU_DEV_FEAT_IOPF);
}

static int aux_on_locked(struct iommu_device *dev, struct iommu_sva_why *why)
{
	if (dev->feature_on[IOMMU_DEV_FEAT_AUX] || guest_has_table(dev))
		return why_set(why, IOMMU_SVA_REQ_ENABLED, -EBUSY);
	dev->feature_on[IOMMU_DEV_FEAT_AUX] = true;
	return 0;
}

static int aux_off_locked(struct iommu_device *dev)
{
	if (!dev->feature_on[IOMMU_DEV_FEAT_AUX])
		return -EINVAL;
	if (dev->paging_count)
		return -EBUSY;
	dev->feature_on[IOMMU_DEV_FEAT_AUX] = false;
	return 0;
}

int iommu_dev_enable_feature_why(struct iommu_device *dev,
				 enum iommu_dev_feature feat,
				 struct iommu_sva_why *ret_why)
{
	const struct plat *plat = dev->sys->plat;
	int err;

	if (!known(feat))
		return why_set(ret_why, IOMMU_SVA_REQ_FEATURE, -EINVAL);
	if (!iommu_dev_has_feature(dev, feat))
		return why_not(dev, feat, ret_why);
	plat_lock(plat, &dev->sys->sva_lock);
	if (feat == IOMMU_DEV_FEAT_SVA)
		err = sva_on_locked(dev, false, ret_why);
	else if (feat == IOMMU_DEV_FEAT_IOPF)
		err = iopf_on_locked(dev, ret_why);
	else
		err = aux_on_locked(dev, ret_why);
	plat_unlock(plat, &dev->sys->sva_lock);
	return err;
}

int iommu_dev_enable_feature(struct iommu_device *dev,
			     enum iommu_dev_feature feat)
{
	return iommu_dev_enable_feature_why(dev, feat, NULL);
}

int iommu_dev_disable_feature(struct iommu_device *dev,
			      enum iommu_dev_feature feat)
{
	const struct plat *plat = dev->sys->plat;
	int err;

	if (!known(feat))
		return -EINVAL;
	if (!dev->unit->ops->set_dev_pasid)
		return -EBUSY;
	plat_lock(plat, &dev->sys->sva_lock);
	if (feat == IOMMU_DEV_FEAT_SVA)
		err = sva_off_locked(dev);
	else if (feat == IOMMU_DEV_FEAT_IOPF)
		err = iopf_off_locked(dev);
	else
		err = aux_off_locked(dev);
	plat_unlock(plat, &dev->sys->sva_lock);
	return err;
}

bool iommu_dev_feature_enabled(struct iommu_device *dev,
			       enum iommu_dev_feature feat)
{
	const struct plat *plat = dev->sys->plat;
	bool on;

	if (!known(feat))
		return false;
	plat_lock(plat, &dev->sys->sva_lock);
	on = dev->feature_on[feat];
	plat_unlock(plat, &dev->sys->sva_lock);
	return on;
}

/* SVA of a device that needs none of ours to recover from a fault. [A7] */
static bool can_without_iopf(const struct iommu_device *dev)
{
	return dev->unit->ops->set_dev_pasid && dev->caps.pasid_bits &&
	       dev->caps.sva;
}

int iommu_sva_enable(struct iommu_device *dev,
		     const struct iommu_sva_param *param)
{
	const struct plat *plat = dev->sys->plat;
	ioasid_t last = device_pasid_last(dev);
	ioasid_t min = IOMMU_FIRST_PASID, max = last;
	bool own_faults = param && param->own_faults;
	int err;

	if (param && param->min_pasid)
		min = param->min_pasid;
	if (param && param->max_pasid)
		max = param->max_pasid;

	if (own_faults ? !can_without_iopf(dev) :
			 !iommu_dev_has_feature(dev, IOMMU_DEV_FEAT_SVA))
		return -ENODEV;
	if (max < min || min > last)
		return -EINVAL;
	if (max > last)
		max = last;
	plat_lock(plat, &dev->sys->sva_lock);
	err = sva_on_locked(dev, own_faults, NULL);
	if (!err) {
		dev->min_pasid = min;
		dev->max_pasid = max;
	} else if (dev->feature_on[IOMMU_DEV_FEAT_SVA]) {
		err = -EEXIST;
	}
	plat_unlock(plat, &dev->sys->sva_lock);
	return err;
}

int iommu_sva_disable(struct iommu_device *dev)
{
	int err = iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_SVA);

	return err == -EINVAL ? -ENODEV : err;
}

bool iommu_sva_enabled(struct iommu_device *dev,
		       struct iommu_sva_param *ret_param)
{
	const struct plat *plat = dev->sys->plat;
	bool on;

	plat_lock(plat, &dev->sys->sva_lock);
	on = dev->feature_on[IOMMU_DEV_FEAT_SVA];
	if (on && ret_param) {
		ret_param->min_pasid = dev->min_pasid;
		ret_param->max_pasid = dev->max_pasid;
		ret_param->nr_bonds = dev->nr_bonds;
		ret_param->own_faults = dev->own_faults;
	}
	plat_unlock(plat, &dev->sys->sva_lock);
	return on;
}
