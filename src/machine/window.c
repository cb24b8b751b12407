/* SPDX-License-Identifier: MIT */
/* Register windows: the driver's side is struct plat_mmio, the model's a call. */
#include <sva/window.h>

static uint32_t iommu_read32(void *dev, uint64_t offset)
{
	struct iommu_hw *hw = dev;

	return (uint32_t)hw->ops->mmio_read(hw, offset, 4);
}

static uint64_t iommu_read64(void *dev, uint64_t offset)
{
	struct iommu_hw *hw = dev;

	return hw->ops->mmio_read(hw, offset, 8);
}

static void iommu_write32(void *dev, uint64_t offset, uint32_t value)
{
	struct iommu_hw *hw = dev;

	hw->ops->mmio_write(hw, offset, 4, value);
}

static void iommu_write64(void *dev, uint64_t offset, uint64_t value)
{
	struct iommu_hw *hw = dev;

	hw->ops->mmio_write(hw, offset, 8, value);
}

static const struct plat_mmio_ops iommu_mmio_ops = {
	.read32 = iommu_read32,
	.read64 = iommu_read64,
	.write32 = iommu_write32,
	.write64 = iommu_write64,
};

static uint32_t bar0_read32(void *dev, uint64_t offset)
{
	return (uint32_t)dsa_hw_mmio_read(dev, offset, 4);
}

static uint64_t bar0_read64(void *dev, uint64_t offset)
{
	return dsa_hw_mmio_read(dev, offset, 8);
}

static void bar0_write32(void *dev, uint64_t offset, uint32_t value)
{
	dsa_hw_mmio_write(dev, offset, 4, value);
}

static void bar0_write64(void *dev, uint64_t offset, uint64_t value)
{
	dsa_hw_mmio_write(dev, offset, 8, value);
}

static const struct plat_mmio_ops bar0_ops = {
	.read32 = bar0_read32,
	.read64 = bar0_read64,
	.write32 = bar0_write32,
	.write64 = bar0_write64,
};

/* Portals take 64-byte writes only. */

static uint32_t bar2_read32(void *dev, uint64_t offset)
{
	(void)dev, (void)offset;
	return UINT32_MAX;
}

static uint64_t bar2_read64(void *dev, uint64_t offset)
{
	(void)dev, (void)offset;
	return UINT64_MAX;
}

static void bar2_write32(void *dev, uint64_t offset, uint32_t value)
{
	(void)dev, (void)offset, (void)value;
}

static void bar2_write64(void *dev, uint64_t offset, uint64_t value)
{
	(void)dev, (void)offset, (void)value;
}

static void portal_write512(void *dev, uint64_t offset, const void *data)
{
	/* A posted write has no answer. */
	(void)!dsa_hw_portal_write(dev, offset, data, false);
}

static int portal_enqcmd(void *dev, uint64_t offset, const void *data)
{
	return dsa_hw_portal_write(dev, offset, data, true);
}

static const struct plat_mmio_ops bar2_ops = {
	.read32 = bar2_read32,
	.read64 = bar2_read64,
	.write32 = bar2_write32,
	.write64 = bar2_write64,
	.write512 = portal_write512,
	.enqcmd = portal_enqcmd,
};

static uint32_t cfg_read(void *dev, unsigned int offset, unsigned int size)
{
	return dsa_hw_cfg_read(dev, offset, size);
}

static void cfg_write(void *dev, unsigned int offset, unsigned int size,
		      uint32_t value)
{
	dsa_hw_cfg_write(dev, offset, size, value);
}

static const struct plat_pci_ops cfg_ops = {
	.read = cfg_read,
	.write = cfg_write,
};

struct plat_mmio sva_window_iommu(struct iommu_hw *hw)
{
	return (struct plat_mmio){
		.ops = &iommu_mmio_ops,
		.dev = hw,
		.size = hw->mmio_size,
	};
}

struct plat_mmio sva_window_dsa_regs(struct dsa_hw *hw)
{
	return (struct plat_mmio){
		.ops = &bar0_ops,
		.dev = hw,
		.size = dsa_hw_bar0_size(hw),
	};
}

struct plat_mmio sva_window_dsa_portals(struct dsa_hw *hw)
{
	return (struct plat_mmio){
		.ops = &bar2_ops,
		.dev = hw,
		.size = dsa_hw_bar2_size(hw),
	};
}

struct plat_pci sva_window_dsa_pci(struct dsa_hw *hw, uint16_t rid)
{
	return (struct plat_pci){ .ops = &cfg_ops, .dev = hw, .rid = rid };
}
