/* SPDX-License-Identifier: MIT */
/* SMMUv3, for hosts and for guests. */
#include <errno.h>

#include <sva/smmuv3.h>
#include <sva/smmuv3_hw.h>

#include "fmt/smmuv3_regs.h"
#include "vmm/vmm.h"

/* What a host's has besides: a second stage, and 16-bit VMIDs. */
static void announce_stage2(struct smmuv3_hw_cfg *cfg)
{
	uint32_t *idr = cfg->idr;

	idr[0] = (uint32_t)REG_PUT(SMMU_IDR0_S2P, idr[0], 1);
	idr[0] = (uint32_t)REG_PUT(SMMU_IDR0_VMID16, idr[0], 1);
}

static int create_hw(bool guest, enum hw_personality personality,
		     const struct plat *plat, const struct hw_env *env,
		     const struct hw_bus *bus, void **ret_mem,
		     struct iommu_hw **ret_hw)
{
	struct smmuv3_hw_cfg cfg;
	size_t size;
	void *mem;
	int err;

	smmuv3_hw_cfg_default(&cfg);
	cfg.personality = personality;
	if (!guest)
		announce_stage2(&cfg);
	size = smmuv3_hw_size(&cfg);
	mem = plat_zalloc(plat, size);
	if (!mem)
		return -ENOMEM;
	err = smmuv3_hw_create(&cfg, env, bus, mem, size, ret_hw);
	if (err) {
		plat_free(plat, mem);
		return err;
	}
	*ret_mem = mem;
	return 0;
}

static int probe(struct iommu_system *sys, const struct plat_mmio *mmio,
		 struct iommu_unit **ret_unit)
{
	const struct smmuv3_desc desc = {
		.name = "smmuv3.0",
		.mmio = *mmio,
		.sid_bits = 16,
		.timeout_ms = VMM_TIMEOUT_MS,
	};

	return smmuv3_probe(sys, &desc, ret_unit);
}

const struct vmm_vendor vmm_smmuv3 = {
	.create_hw = create_hw,
	.destroy_hw = smmuv3_hw_destroy,
	.probe = probe,
	.remove = smmuv3_remove,
	.table_fmt = IOMMU_TABLE_ARM_64_LPAE_S1,
	.before = vmm_smmuv3_before,
	.configures = vmm_smmuv3_configures,
	.read_table = vmm_smmuv3_read_table,
	.has_pasid = vmm_smmuv3_has_pasid,
};
