/* SPDX-License-Identifier: MIT */
/*
 * An Arm SMMUv3 for a machine.
 */
#include <errno.h>

#include <sva/smmuv3.h>
#include <sva/smmuv3_hw.h>
#include <sva/window.h>

#include "fmt/smmuv3_regs.h"
#include "machine/vendor.h"

#define STALLS_MAX 64u

/* Each stream decides whether its transactions stall. */
static void announce_stalls(struct smmuv3_hw_cfg *cfg)
{
	cfg->idr[0] = (uint32_t)REG_PUT(SMMU_IDR0_STALL_MODEL, cfg->idr[0],
					SMMU_IDR0_STALL_MODEL_BOTH);
	cfg->idr[5] =
		(uint32_t)REG_PUT(SMMU_IDR5_STALL_MAX, cfg->idr[5], STALLS_MAX);
}

/* Bits of the IOMMU that are not there. */
static void leave_out(enum sva_lack lacks, struct smmuv3_hw_cfg *cfg)
{
	uint32_t *idr = cfg->idr;

	switch (lacks) {
	case SVA_LACKS_UNIT_PASID:
		idr[1] = (uint32_t)REG_PUT(SMMU_IDR1_SSIDSIZE, idr[1], 0);
		break;
	case SVA_LACKS_COHERENCE:
		idr[0] = (uint32_t)REG_PUT(SMMU_IDR0_COHACC, idr[0], 0);
		break;
	case SVA_LACKS_GRANULE:
		idr[5] = (uint32_t)REG_PUT(SMMU_IDR5_GRAN64K, idr[5], 1);
		idr[5] = (uint32_t)REG_PUT(SMMU_IDR5_GRAN4K, idr[5], 0);
		break;
	case SVA_LACKS_NOTHING:
	case SVA_LACKS_PASID:
	case SVA_LACKS_ATS:
	case SVA_LACKS_PRI:
		break;
	}
}

static int create_hw(const struct sva_machine_cfg *mcfg,
		     const struct plat *plat, const struct hw_env *env,
		     const struct hw_bus *bus, void **ret_mem,
		     struct iommu_hw **ret_hw)
{
	struct smmuv3_hw_cfg cfg;
	size_t size;
	void *mem;
	int err;

	smmuv3_hw_cfg_default(&cfg);
	cfg.personality = mcfg->personality;
	if (mcfg->faults == SVA_FAULTS_STALL)
		announce_stalls(&cfg);
	leave_out(mcfg->lacks, &cfg);
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

static int probe(struct iommu_system *sys, struct iommu_hw *hw,
		 struct iommu_unit **ret_unit)
{
	const struct smmuv3_desc desc = {
		.name = "smmuv3.0",
		.mmio = sva_window_iommu(hw),
		.sid_bits = 16,
		.timeout_ms = MACHINE_TIMEOUT_MS,
	};

	return smmuv3_probe(sys, &desc, ret_unit);
}

const struct machine_vendor machine_smmuv3 = {
	.stalls = true,
	.create_hw = create_hw,
	.destroy_hw = smmuv3_hw_destroy,
	.probe = probe,
	.remove = smmuv3_remove,
	.table_fmt = IOMMU_TABLE_ARM_64_LPAE_S1,
};
