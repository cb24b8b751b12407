/* SPDX-License-Identifier: MIT */
/* Features of devices, and the limits of SVA on one. */
#include "base/errno.h"
#include "core/device.h"
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
		return caps->sva && (caps->pri || caps->stall) &&
		       ops->enable_faults && ops->page_response;
	case IOMMU_DEV_FEAT_COUNT:
		break;
	}
	return false;
}

/* Of a feature that iommu_dev_has_feature() denies. */
static int why_not(struct iommu_device *dev, struct iommu_sva_why *why)
{
	const struct iommu_unit_ops *ops = dev->unit->ops;
	const struct iommu_device_caps *caps = &dev->caps;
	enum iommu_sva_req req = IOMMU_SVA_REQ_DRIVER;

	if (!ops->set_dev_pasid)
		return why_set(why, req, -ENODEV);
	if (!caps->pasid_bits)
		req = IOMMU_SVA_REQ_PASID;
	else if (!caps->sva)
		req = IOMMU_SVA_REQ_WALK;
	else if (!caps->pri && !caps->stall)
		req = IOMMU_SVA_REQ_RECOVERY;
	else
		return why_set(why, req, -ENODEV);
	return why_driver(why, req, -ENODEV, dev, NULL);
}

static bool known(enum iommu_dev_feature feat)
{
	return feat == IOMMU_DEV_FEAT_SVA || feat == IOMMU_DEV_FEAT_AUX;
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
static int sva_on_locked(struct iommu_device *dev, struct iommu_sva_why *why)
{
	int err;

	if (dev->feature_on[IOMMU_DEV_FEAT_SVA] || dev->sva_changing)
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
	dev->feature_on[IOMMU_DEV_FEAT_SVA] = true;
	return 0;

disable_faults:
	disable_faults(dev);
leave_queue:
	leave_queue(dev);
	return err;
}

/*
 * The exact reverse, with what the device still had under way drained. SVA
 * lock held, but dropped for the drains: ->sva_changing keeps others away.
 */
static int sva_off_locked(struct iommu_device *dev)
{
	struct iommu_system *sys = dev->sys;
	int err;

	if (!dev->feature_on[IOMMU_DEV_FEAT_SVA])
		return -EINVAL;
	if (dev->nr_bonds || dev->sva_count)
		return -EBUSY;
	dev->feature_on[IOMMU_DEV_FEAT_SVA] = false;
	dev->sva_changing = true;
	plat_unlock(sys->plat, &sys->sva_lock);

	fault_drain(dev);
	err = iommu_unregister_device_fault_handler(dev);
	if (!err) {
		disable_faults(dev);
		leave_queue(dev);
	}

	plat_lock(sys->plat, &sys->sva_lock);
	dev->sva_changing = false;
	if (err) {
		dev->feature_on[IOMMU_DEV_FEAT_SVA] = true;
		return err;
	}
	dev->min_pasid = IOMMU_FIRST_PASID;
	dev->max_pasid = device_pasid_last(dev);
	return 0;
}

int iommu_dev_enable_feature_why(struct iommu_device *dev,
				 enum iommu_dev_feature feat,
				 struct iommu_sva_why *ret_why)
{
	const struct plat *plat = dev->sys->plat;
	int err = 0;

	if (!known(feat))
		return why_set(ret_why, IOMMU_SVA_REQ_FEATURE, -EINVAL);
	if (!iommu_dev_has_feature(dev, feat))
		return why_not(dev, ret_why);
	plat_lock(plat, &dev->sys->sva_lock);
	if (feat == IOMMU_DEV_FEAT_SVA)
		err = sva_on_locked(dev, ret_why);
	else if (dev->feature_on[feat])
		err = why_set(ret_why, IOMMU_SVA_REQ_ENABLED, -EBUSY);
	else
		dev->feature_on[feat] = true;
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
	int err = 0;

	if (!known(feat))
		return -EINVAL;
	if (!dev->unit->ops->set_dev_pasid)
		return -EBUSY;
	plat_lock(plat, &dev->sys->sva_lock);
	if (feat == IOMMU_DEV_FEAT_SVA)
		err = sva_off_locked(dev);
	else if (!dev->feature_on[feat])
		err = -EINVAL;
	else if (dev->paging_count)
		err = -EBUSY;
	else
		dev->feature_on[feat] = false;
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

int iommu_sva_enable(struct iommu_device *dev,
		     const struct iommu_sva_param *param)
{
	const struct plat *plat = dev->sys->plat;
	ioasid_t last = device_pasid_last(dev);
	ioasid_t min = IOMMU_FIRST_PASID, max = last;
	int err;

	if (param && param->min_pasid)
		min = param->min_pasid;
	if (param && param->max_pasid)
		max = param->max_pasid;

	if (!iommu_dev_has_feature(dev, IOMMU_DEV_FEAT_SVA))
		return -ENODEV;
	if (max < min || min > last)
		return -EINVAL;
	if (max > last)
		max = last;
	plat_lock(plat, &dev->sys->sva_lock);
	err = sva_on_locked(dev, NULL);
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
	}
	plat_unlock(plat, &dev->sys->sva_lock);
	return on;
}
