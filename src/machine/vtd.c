/* SPDX-License-Identifier: MIT */
/*
 * An Intel VT-d remapping unit for a machine.
 */
#include <errno.h>

#include <sva/vtd.h>
#include <sva/vtd_hw.h>
#include <sva/window.h>

#include "fmt/vtd.h"
#include "machine/vendor.h"

/* Bits of the unit that are not there. */
static void leave_out(enum sva_lack lacks, struct vtd_hw_cfg *cfg)
{
	switch (lacks) {
	case SVA_LACKS_UNIT_PASID:
		/* What is not announced without PASIDs goes with them. */
		cfg->ecap &=
			~(FIELD_MASK(VTD_ECAP_PASID) |
			  FIELD_MASK(VTD_ECAP_PSS) | FIELD_MASK(VTD_ECAP_SRS));
		break;
	case SVA_LACKS_COHERENCE:
		/* Not ECAP.C: without it the driver does not take a unit. */
		cfg->ecap &= ~FIELD_MASK(VTD_ECAP_SMPWCS);
		break;
	case SVA_LACKS_GRANULE:
		/* Pages of 4 KiB all units have. */
		cfg->cap &= ~FIELD_MASK(VTD_CAP_FS1GP);
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
	struct vtd_hw_cfg cfg;
	size_t size;
	void *mem;
	int err;

	vtd_hw_cfg_default(&cfg);
	cfg.personality = mcfg->personality;
	leave_out(mcfg->lacks, &cfg);
	size = vtd_hw_size(&cfg);
	mem = plat_zalloc(plat, size);
	if (!mem)
		return -ENOMEM;
	err = vtd_hw_create(&cfg, env, bus, mem, size, ret_hw);
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
	const struct vtd_desc desc = {
		.name = "vtd.0",
		.mmio = sva_window_iommu(hw),
		.timeout_ms = MACHINE_TIMEOUT_MS,
	};

	return vtd_probe(sys, &desc, ret_unit);
}

const struct machine_vendor machine_vtd = {
	.create_hw = create_hw,
	.destroy_hw = vtd_hw_destroy,
	.probe = probe,
	.remove = vtd_remove,
	.table_fmt = IOMMU_TABLE_X86_64,
};
