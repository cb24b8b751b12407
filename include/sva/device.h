/* SPDX-License-Identifier: MIT */
/*
 * Devices behind an IOMMU, and their features.
 */
#ifndef SVA_DEVICE_H
#define SVA_DEVICE_H

#include <sva/plat.h>
#include <sva/system.h>
#include <sva/types.h>

struct iommu_device;

/**
 * enum iommu_dev_feature - what a device driver may switch on
 * @IOMMU_DEV_FEAT_SVA: bind address spaces. While on, the device's own domain
 *                      (PASID 0) stays as it is. [A5]
 * @IOMMU_DEV_FEAT_AUX: attach paging domains to PASIDs. [A6]
 * @IOMMU_DEV_FEAT_IOPF: resolve the device's page requests or stalls. Switched
 *                      on before SVA and off after it [A7]; SVA brings it along
 *                      where it is not on, and takes it away again. Devices
 *                      that handle their own faults do without: see
 *                      iommu_sva_param.
 */
enum iommu_dev_feature {
	IOMMU_DEV_FEAT_SVA,
	IOMMU_DEV_FEAT_AUX,
	IOMMU_DEV_FEAT_IOPF,
	IOMMU_DEV_FEAT_COUNT,
};

/**
 * struct iommu_device_desc - what is known of a device before it is probed
 * @name:       for messages; copied.
 * @unit:       the IOMMU its transactions go through. Borrowed until
 *              iommu_device_remove().
 * @stream_ids: ids its transactions carry there (StreamIDs, source ids).
 *              Copied. At least one.
 * @stream_id_count: how many.
 * @pci:        its configuration space, copied; NULL for a platform device.
 *              The IOMMU driver uses its PASID, ATS and PRI capabilities, the
 *              device driver keeps off them.
 * @pasid_bits: platform devices: width of the ids it sends ("pasid-num-bits"
 *              of a device tree), 0 for none. Ignored with @pci.
 * @can_stall:  platform devices: its transactions may be stalled
 *              ("dma-can-stall").
 * @group:      devices the IOMMU cannot tell apart carry one number; 0 means
 *              a group of its own. [B10]
 */
struct iommu_device_desc {
	const char *name;
	struct iommu_unit *unit;
	const uint32_t *stream_ids;
	unsigned int stream_id_count;
	const struct plat_pci *pci;
	unsigned int pasid_bits;
	bool can_stall;
	uint32_t group;
};

/**
 * struct iommu_device_caps - what device and IOMMU can do together
 * @pasid_bits: ids are below 1 << @pasid_bits; 0: none.
 * @ats:        the device caches translations.
 * @pri:        it sends page requests.
 * @stall:      its transactions stall on a fault.
 * @sva:        the IOMMU can walk the tables of an address space for it.
 */
struct iommu_device_caps {
	unsigned int pasid_bits;
	bool ats;
	bool pri;
	bool stall;
	bool sva;
};

/**
 * iommu_device_add() - put a device behind its IOMMU
 * @sys:     system it belongs to.
 * @desc:    borrowed for the call.
 * @ret_dev: the device, owned by the caller until iommu_device_remove().
 *
 * PASID, then ATS are enabled where both sides have them; a device without
 * them works without. The device starts with a blocked domain on PASID 0.
 *
 * Context: may sleep; takes the SVA lock, then the system lock.
 * Return:  0, -EINVAL a bad description or a unit of another system, -ERANGE
 *          a stream id beyond what the unit has, -EEXIST a stream id is taken,
 *          -EBUSY a device of the group shares an address space [B10], -ENOMEM, -ETIMEDOUT
 *          no answer from the IOMMU.
 * Spec:    Arm IHI 0070 3.4 (stream tables), PCIe 6.0 10.5 (ATS), [K18-K21].
 * Test:    tests/core/device_test.c, tests/drivers/smmuv3_device_test.c
 */
SVA_MUST_CHECK int iommu_device_add(struct iommu_system *sys,
				    const struct iommu_device_desc *desc,
				    struct iommu_device **ret_dev);

/**
 * iommu_device_remove() - take a device from its IOMMU
 * @dev: gone on success. The device does no DMA any more.
 *
 * Waits, without limit, for its driver to finish a report of the device.
 *
 * Context: may sleep, not from a fault handler; takes the SVA lock, the system
 *          lock, then the device's.
 * Return:  0, -EBUSY while a feature is enabled, a fault handler is
 *          registered, an answer is outstanding, the device is on a fault
 *          queue or a domain is attached to a PASID: nothing changed.
 * Test:    tests/core/device_test.c
 */
SVA_MUST_CHECK int iommu_device_remove(struct iommu_device *dev);

/**
 * iommu_device_next() - walk the devices of a system
 * @prev: NULL for the first.
 *
 * The caller keeps devices from being removed meanwhile.
 *
 * Context: may sleep; takes the system lock.
 * Return:  the next device, NULL after the last.
 */
struct iommu_device *iommu_device_next(struct iommu_system *sys,
				       struct iommu_device *prev);

/* Constant while the device is there. Context: any. */
const char *iommu_device_name(const struct iommu_device *dev);
struct iommu_unit *iommu_device_unit(const struct iommu_device *dev);
struct iommu_system *iommu_device_system(const struct iommu_device *dev);
void iommu_device_caps(const struct iommu_device *dev,
		       struct iommu_device_caps *ret_caps);

/**
 * iommu_dev_has_feature() - could the feature be enabled?
 *
 * A query without side effects. AUX needs a PASID width above 0; IOPF needs in
 * addition a way to recover from faults (page requests or stall), and SVA an
 * IOMMU that can walk address spaces, too. [A1]
 *
 * Context: any.
 * Return:  false also for an unknown feature.
 * Test:    tests/core/feature_test.c
 */
bool iommu_dev_has_feature(struct iommu_device *dev,
			   enum iommu_dev_feature feat);

/**
 * iommu_dev_enable_feature() - switch a feature on
 *
 * IOPF, and SVA if IOPF is not on: the device joins its unit's fault queue, page
 * requests are enabled, the fault handler is registered, then the feature counts
 * as on. An error undoes these in reverse. [A2] [A7]
 *
 * Context: may sleep; takes the SVA lock, then the device's.
 * Return:  0, -EINVAL unknown feature, -ENODEV not supported, -EBUSY already
 *          on, or IOPF while SVA is on, -ENOMEM, or what the driver met (-ETIMEDOUT, -EIO).
 * Test:    tests/core/feature_test.c
 */
SVA_MUST_CHECK int iommu_dev_enable_feature(struct iommu_device *dev,
					    enum iommu_dev_feature feat);

/**
 * iommu_dev_disable_feature() - switch it off again
 *
 * The exact reverse of enabling. [A3]
 *
 * Context: may sleep, not from a fault handler; takes the SVA lock, then the
 *          device's; waits for the device's faults without a lock.
 * Return:  0, -EINVAL not on or unknown, -EBUSY while binds (SVA), attached
 *          domains (AUX) or SVA (IOPF) are left or an answer is outstanding, or
 *          when the driver has no such feature.
 * Test:    tests/core/feature_test.c
 */
SVA_MUST_CHECK int iommu_dev_disable_feature(struct iommu_device *dev,
					     enum iommu_dev_feature feat);

/**
 * iommu_dev_feature_enabled() - is it on?
 *
 * True only between a successful enable and disable. [A4]
 *
 * Context: may sleep; takes the SVA lock.
 * Test:    tests/core/feature_test.c
 */
bool iommu_dev_feature_enabled(struct iommu_device *dev,
			       enum iommu_dev_feature feat);

#endif
