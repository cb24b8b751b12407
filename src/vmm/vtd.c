/* SPDX-License-Identifier: MIT */
/* VT-d, for hosts and for guests. */
#include <errno.h>

#include <sva/vtd.h>
#include <sva/vtd_hw.h>

#include "fmt/vtd.h"
#include "vmm/vmm.h"

static int create_hw(bool guest, enum hw_personality personality,
		     const struct plat *plat, const struct hw_env *env,
		     const struct hw_bus *bus, void **ret_mem,
		     struct iommu_hw **ret_hw)
{
	struct vtd_hw_cfg cfg;
	size_t size;
	void *mem;
	int err;

	vtd_hw_cfg_default(&cfg);
	cfg.personality = personality;
	/* The monitor has to hear of each entry that becomes present (6.1). */
	if (guest)
		cfg.cap |= FIELD_MASK(VTD_CAP_CM);
	size = vtd_hw_size(&cfg);
	if (!size)
		return -EINVAL;
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

static int probe(struct iommu_system *sys, const struct plat_mmio *mmio,
		 struct iommu_unit **ret_unit)
{
	const struct vtd_desc desc = {
		.name = "vtd.0",
		.mmio = *mmio,
		.timeout_ms = VMM_TIMEOUT_MS,
	};

	return vtd_probe(sys, &desc, ret_unit);
}

const struct vmm_vendor vmm_vtd = {
	.create_hw = create_hw,
	.destroy_hw = vtd_hw_destroy,
	.probe = probe,
	.remove = vtd_remove,
	.table_fmt = IOMMU_TABLE_X86_64,
	.before = vmm_vtd_before,
	.configures = vmm_vtd_configures,
	.read_table = vmm_vtd_read_table,
	.has_pasid = vmm_vtd_has_pasid,
};
