/* SPDX-License-Identifier: MIT */
/* Tests of core on VT-d. */
#include "tests/core/hw/shim.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sva/vtd.h>
#include <sva/vtd_hw.h>

#include "base/le64.h"
#include "fmt/vtd.h"
#include "fmt/x86_pt.h"

static struct iommu_hw *make(const struct mock_cfg *mcfg,
			     const struct hw_env *env, const struct hw_bus *bus,
			     void **ret_mem)
{
	struct vtd_hw_cfg cfg;
	struct iommu_hw *hw;
	size_t size;

	vtd_hw_cfg_default(&cfg);
	cfg.ecap = REG_PUT(VTD_ECAP_PSS, cfg.ecap, MOCK_PASID_BITS - 1);
	cfg.cap = REG_PUT(VTD_CAP_SSLPS, cfg.cap, 0);
	if (mcfg->no_sva)
		cfg.ecap = REG_PUT(VTD_ECAP_SMPWCS, cfg.ecap, 0);
	if (mcfg->no_pri) {
		cfg.ecap = REG_PUT(VTD_ECAP_PRS, cfg.ecap, 0);
		cfg.ecap = REG_PUT(VTD_ECAP_PDS, cfg.ecap, 0);
	}
	size = vtd_hw_size(&cfg);
	assert_int_not_equal(size, 0);
	*ret_mem = aligned_alloc(64, (size + 63) & ~(size_t)63);
	assert_non_null(*ret_mem);
	memset(*ret_mem, 0, size);
	assert_int_equal(vtd_hw_create(&cfg, env, bus, *ret_mem, size, &hw), 0);
	return hw;
}

static int probe(struct iommu_system *sys, const struct plat_mmio *mmio,
		 struct iommu_unit **ret_unit)
{
	const struct vtd_desc desc = { .name = "mock.0", .mmio = *mmio };

	return vtd_probe(sys, &desc, ret_unit);
}

/* Words of a table, by the index of an entry. */
static void load(uint64_t table, uint64_t index, uint64_t *dw, size_t words)
{
	const le64_atomic *at = le64_at((void *)(uintptr_t)table);
	size_t i;

	for (i = 0; i < words; i++)
		dw[i] = le64_load_acquire(&at[index * words + i]);
}

/* 9.1, 9.3: the context entry of a requester. */
static struct vtd_sm_context context_of(struct iommu_hw *hw, uint32_t rid)
{
	uint64_t rtaddr = hw->ops->mmio_read(hw, VTD_RTADDR, 8);
	unsigned int devfn = rid & 0xff;
	bool upper = devfn & VTD_SM_ROOT_UPPER;
	struct vtd_sm_context ctx = { { 0 } };
	struct vtd_root root;

	load(REG_GET(VTD_RTADDR_RTA, rtaddr) << 12, rid >> 8, root.dw, 2);
	if (upper ? FIELD_GET(VTD_SM_ROOT_UP, &root) :
		    FIELD_GET(VTD_SM_ROOT_LP, &root))
		load(upper ? vtd_sm_root_uctp(&root) : vtd_sm_root_lctp(&root),
		     devfn % VTD_SM_CONTEXT_ENTRIES, ctx.dw, 4);
	return ctx;
}

/* 9.4 to 9.6. Quiet is not present, and FPD: nothing is recorded. */
static enum mock_entry entry(struct iommu_hw *hw, uint32_t rid, ioasid_t pasid)
{
	struct vtd_sm_context ctx = context_of(hw, rid);
	struct vtd_pasid_dir pde;
	struct vtd_pasid e;
	uint64_t index;

	if (!FIELD_GET(VTD_SM_CONTEXT_P, &ctx))
		return MOCK_ENTRY_ABORT;
	if (!pasid)
		pasid = (ioasid_t)FIELD_GET(VTD_SM_CONTEXT_RID_PASID, &ctx);
	index = pasid >> VTD_PASID_TABLE_LG2;
	if (index >>
	    (FIELD_GET(VTD_SM_CONTEXT_PDTS, &ctx) + VTD_PASID_DIR_LG2_MIN))
		return MOCK_ENTRY_ABORT;
	load(vtd_sm_context_pasiddirptr(&ctx), index, pde.dw, 1);
	if (!FIELD_GET(VTD_PASID_DIR_P, &pde))
		return MOCK_ENTRY_ABORT;
	load(vtd_pasid_dir_smptblptr(&pde), pasid % (1u << VTD_PASID_TABLE_LG2),
	     e.dw, 8);
	if (FIELD_GET(VTD_PASID_P, &e))
		return MOCK_ENTRY_LIVE;
	return FIELD_GET(VTD_PASID_FPD, &e) ? MOCK_ENTRY_QUIET :
					      MOCK_ENTRY_ABORT;
}

static struct x86_pte pte_of(uint64_t pa, bool writable)
{
	struct x86_pte pte = { { 0 } };

	FIELD_SET(X86_PTE_P, &pte, 1);
	FIELD_SET(X86_PTE_US, &pte, 1);
	FIELD_SET(X86_PTE_A, &pte, 1);
	FIELD_SET(X86_PTE_RW, &pte, writable);
	FIELD_SET(X86_PTE_ADDR, &pte, pa >> X86_PT_PAGE_LG2);
	return pte;
}

static uint64_t table(uint64_t pa)
{
	return pte_of(pa, true).dw[0];
}

static uint64_t page(uint64_t pa, bool writable)
{
	struct x86_pte pte = pte_of(pa, writable);

	FIELD_SET(X86_PTE_D, &pte, writable);
	return pte.dw[0];
}

static const struct shim_left_out left_out[] = {
	{ "test_amd_invalid_ppr_cb_flags",
	  "privileged requests come without rights" },
	{ "test_fault_private_data_echoed",
	  "reserved in responses from version 6 on" },
	{ "test_feature_has_is_enough_to_stall", "no device stalls" },
	{ "test_intel_fault_cb_hears_successes",
	  "private data, as in test_fault_private_data_echoed" },
	{ "test_why_enable_names_the_walk",
	  "the driver says it more exactly: drivers/vtd_probe" },
	{ "test_why_every_requirement_was_seen", "for the one before" },
	{ NULL, NULL },
};

const struct shim_vendor shim_vendor = {
	.make = make,
	.destroy = vtd_hw_destroy,
	.probe = probe,
	.remove = vtd_remove,
	.entry = entry,
	.fmt = IOMMU_TABLE_X86_64,
	.table = table,
	.page = page,
	.answers_absent = true,
	.left_out = left_out,
};
