/* SPDX-License-Identifier: MIT */
/* Tests of core on the SMMUv3. */
#include "tests/core/hw/shim.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sva/smmuv3.h>
#include <sva/smmuv3_hw.h>

#include "base/le64.h"
#include "fmt/arm_pt.h"
#include "fmt/smmuv3.h"

#define SID_BITS 16u

static struct iommu_hw *make(const struct mock_cfg *mcfg,
			     const struct hw_env *env, const struct hw_bus *bus,
			     void **ret_mem)
{
	struct smmuv3_hw_cfg cfg;
	struct iommu_hw *hw;
	uint32_t *idr = cfg.idr;
	size_t size;

	smmuv3_hw_cfg_default(&cfg);
	idr[1] = (uint32_t)REG_PUT(SMMU_IDR1_SSIDSIZE, idr[1], MOCK_PASID_BITS);
	if (mcfg->no_sva)
		idr[0] = (uint32_t)REG_PUT(SMMU_IDR0_COHACC, idr[0], 0);
	if (mcfg->no_pri)
		idr[0] = (uint32_t)REG_PUT(SMMU_IDR0_PRI, idr[0], 0);
	size = smmuv3_hw_size(&cfg);
	assert_int_not_equal(size, 0);
	*ret_mem = aligned_alloc(64, (size + 63) & ~(size_t)63);
	assert_non_null(*ret_mem);
	memset(*ret_mem, 0, size);
	assert_int_equal(smmuv3_hw_create(&cfg, env, bus, *ret_mem, size, &hw),
			 0);
	return hw;
}

static int probe(struct iommu_system *sys, const struct plat_mmio *mmio,
		 struct iommu_unit **ret_unit)
{
	const struct smmuv3_desc desc = {
		.name = "mock.0",
		.mmio = *mmio,
		.sid_bits = SID_BITS,
	};

	return smmuv3_probe(sys, &desc, ret_unit);
}

/* Words of a table, by the index of an entry. */
static void load(uint64_t table, uint64_t index, uint64_t *dw, size_t words)
{
	const le64_atomic *at = le64_at((void *)(uintptr_t)table);
	size_t i;

	for (i = 0; i < words; i++)
		dw[i] = le64_load_acquire(&at[index * words + i]);
}

/* 3.3.1, 5.1, 5.2 */
static struct smmu_ste ste_of(struct iommu_hw *hw, uint32_t sid)
{
	uint64_t base = hw->ops->mmio_read(hw, SMMU_STRTAB_BASE, 8);
	uint64_t cfg = hw->ops->mmio_read(hw, SMMU_STRTAB_BASE_CFG, 4);
	unsigned int split = REG_GET(SMMU_STRTAB_BASE_CFG_SPLIT, cfg) & 31;
	struct smmu_ste ste = { { 0 } };
	struct smmu_l1std l1;

	base = REG_GET(SMMU_STRTAB_BASE_ADDR, base) << 6;
	if (REG_GET(SMMU_STRTAB_BASE_CFG_FMT, cfg) ==
	    SMMU_STRTAB_BASE_CFG_FMT_LINEAR) {
		load(base, sid, ste.dw, 8);
		return ste;
	}
	load(base, sid >> split, l1.dw, 1);
	if (FIELD_GET(SMMU_L1STD_SPAN, &l1))
		load(smmu_l1std_l2ptr(&l1), sid & ((1u << split) - 1), ste.dw,
		     8);
	return ste;
}

/* 3.3.2, 5.3, 5.4 */
static struct smmu_cd cd_of(const struct smmu_ste *ste, ioasid_t ssid)
{
	uint64_t base = smmu_ste_s1contextptr(ste);
	struct smmu_cd cd = { { 0 } };
	struct smmu_l1cd l1;

	if (ssid >> FIELD_GET(SMMU_STE_S1CDMAX, ste))
		return cd;
	if (FIELD_GET(SMMU_STE_S1FMT, ste) == SMMU_STE_S1FMT_LINEAR) {
		load(base, ssid, cd.dw, 8);
		return cd;
	}
	load(base, ssid >> SMMU_CDTAB_64K_L2_LG2, l1.dw, 1);
	if (FIELD_GET(SMMU_L1CD_V, &l1))
		load(smmu_l1cd_l2ptr(&l1), ssid % (1u << SMMU_CDTAB_64K_L2_LG2),
		     cd.dw, 8);
	return cd;
}

/* Quiet is valid, with walks of both halves disabled, and R = 0. */
static enum mock_entry entry(struct iommu_hw *hw, uint32_t rid, ioasid_t pasid)
{
	struct smmu_ste ste = ste_of(hw, rid);
	struct smmu_cd cd;

	if (!FIELD_GET(SMMU_STE_V, &ste))
		return MOCK_ENTRY_ABORT;
	if (FIELD_GET(SMMU_STE_CONFIG, &ste) == SMMU_STE_CONFIG_BYPASS)
		return MOCK_ENTRY_LIVE;
	if (!pasid && FIELD_GET(SMMU_STE_S1CDMAX, &ste)) {
		if (FIELD_GET(SMMU_STE_S1DSS, &ste) == SMMU_STE_S1DSS_TERMINATE)
			return MOCK_ENTRY_ABORT;
		if (FIELD_GET(SMMU_STE_S1DSS, &ste) == SMMU_STE_S1DSS_BYPASS)
			return MOCK_ENTRY_LIVE;
	}
	cd = cd_of(&ste, pasid);
	if (!FIELD_GET(SMMU_CD_V, &cd))
		return MOCK_ENTRY_ABORT;
	if (FIELD_GET(SMMU_CD_EPD0, &cd) && FIELD_GET(SMMU_CD_EPD1, &cd) &&
	    !FIELD_GET(SMMU_CD_R, &cd))
		return MOCK_ENTRY_QUIET;
	return MOCK_ENTRY_LIVE;
}

static uint64_t table(uint64_t pa)
{
	struct arm_pte pte = { { 0 } };

	FIELD_SET(ARM_PTE_VALID, &pte, 1);
	FIELD_SET(ARM_PTE_TYPE, &pte, 1);
	arm_pte_set_oa(&pte, ARM_PT_4K_LG2, pa, false);
	return pte.dw[0];
}

static uint64_t page(uint64_t pa, bool writable)
{
	struct arm_pte pte = { { table(pa) } };

	FIELD_SET(ARM_PTE_S1_AF, &pte, 1);
	FIELD_SET(ARM_PTE_S1_SH, &pte, ARM_PTE_SH_ISH);
	FIELD_SET(ARM_PTE_S1_NG, &pte, 1);
	FIELD_SET(ARM_PTE_S1_AP, &pte,
		  writable ? ARM_PTE_S1_AP_RW : ARM_PTE_S1_AP_RO);
	return pte.dw[0];
}

static const struct shim_left_out left_out[] = {
	{ "test_amd_invalid_ppr_cb_flags",
	  "one to execute that does not read is a stop marker" },
	{ "test_feature_has_is_enough_to_stall",
	  "no device stalls here: drivers/smmuv3_fault" },
	{ "test_intel_is_pasid_valid", "the kernel's table is x86-64's" },
	{ "test_intel_supervisor_mode", "the kernel's table is x86-64's" },
	{ "test_intel_supervisor_mode_ends", "the kernel's table is x86-64's" },
	{ "test_why_enable_names_the_walk",
	  "the driver says it more exactly: drivers/smmuv3_why" },
	{ "test_why_every_requirement_was_seen", "for the one before" },
	{ NULL, NULL },
};

const struct shim_vendor shim_vendor = {
	.make = make,
	.destroy = smmuv3_hw_destroy,
	.probe = probe,
	.remove = smmuv3_remove,
	.entry = entry,
	.fmt = IOMMU_TABLE_ARM_64_LPAE_S1,
	.table = table,
	.page = page,
	.left_out = left_out,
};
