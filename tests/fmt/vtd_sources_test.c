/* SPDX-License-Identifier: MIT */
/*
 * Every field list of fmt/vtd*.h, fmt/x86_pt.h and fmt/dmar.h against seven
 * sources: Intel's register pages, Linux, QEMU, VirtualBox, FreeBSD, edk2 and
 * OpenVMM (source_vtd_*.c). docs/FORMATS.md gives the reason for each
 * difference below.
 *
 * vtd_sources_test.sh sees to it that no list is left out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/bits.h"
#include "fmt/dmar.h"
#include "fmt/vtd.h"
#include "fmt/x86_pt.h"
#include "tests/fmt/sources.h"

/* clang-format off */
#define DIFF(source, name, theirs, hi, lo)				\
	{ source, { #name, theirs, hi, lo } }
#define LIST(list)							\
	{ #list, (const struct field_desc[])FIELD_DESC_TABLE(list),	\
	  ARRAY_SIZE(((const struct field_desc[])FIELD_DESC_TABLE(list))) }

static const struct source_difference differences[] = {
	DIFF("openvmm", VTD_FRCD_FR, "FrcdLo, FrcdHi", 119, 112),
	DIFF("freebsd", VTD_CAP_FRO, "DMAR_CAP_FRO", 32, 24),
	DIFF("freebsd", VTD_CAP_ND, "DMAR_CAP_ND", 1, 0),
	DIFF("qemu", VTD_CAP_SSLPS, "VTD_CAP_SLLPS", 35, 34),
	DIFF("freebsd", VTD_CONTEXT_DID, "DMAR_CTX2_DID_MASK", 83, 68),
	DIFF("freebsd", VTD_ECAP_PSS, "DMAR_ECAP_PSS", 38, 35),
	DIFF("freebsd", VTD_FRCD_FI, "DMAR_FRCS1_FI_MASK", 51, 12),
	DIFF("qemu", VTD_FRCD_PV, "VTD_FRCD_PV", 119, 104),
	DIFF("openvmm", VTD_INV_IEC_IM, "InterruptCacheInvalidate", 27, 23),
	DIFF("openvmm", VTD_INV_IOTLB_DR, "IotlbInvalidate", 8, 8),
	DIFF("openvmm", VTD_INV_IOTLB_DW, "IotlbInvalidate", 7, 7),
	DIFF("openvmm", VTD_INV_IOTLB_G, "IotlbInvalidate", 6, 5),
	DIFF("openvmm", VTD_IQA_DW, "IqaReg", 3, 3),
	DIFF("intel", VTD_IRTA_IRTA, "IRTA", 38, 12),
	DIFF("freebsd", VTD_IVA_AM, "DMAR_IVA_AM", 4, 0),
	DIFF("intel", VTD_PQA_PQA, "PQA", 45, 12),
	DIFF("freebsd", VTD_RTADDR_TTM, "DMAR_RTADDR_RTT", 11, 11),
	DIFF("linux", VTD_RTADDR_TTM, "DMA_RTADDR_SMT", 10, 10),
	DIFF("qemu", VTD_RTADDR_TTM, "VTD_RTADDR_SMT", 10, 10),
	DIFF("vbox", VTD_VCMD_OP, "VCMD_REG", 63, 8),
	DIFF("vbox", VTD_VCRSP_SC, "VCRSP_REG", 2, 1),
};

static const char *const single[] = {
	/* Intel's pages alone. */
	"VTD_ECAP_CH",
	"VTD_ECAP_POT",
	"VTD_ECAP_TDXIO",
	"VTD_ECAP_HPTS",
	"VTD_ECAP_PTRS",
	"VTD_ECAP_SSIRWS",
	/* OpenVMM alone. */
	"VTD_ECAP_SMS",
	/* Linux alone. */
	"VTD_FSTS_PRO",
	"VTD_PERFCAP_NCNTR",
	"VTD_PERFCAP_CNTRWIDTH",
	"VTD_PERFCAP_NEVGRP",
	"VTD_PERFCAP_FILTERS",
	"VTD_PERFCAP_INT",
	"VTD_PERFCAP_STRIDE",
	"VTD_PERFINTRSTS_PIS",
	"VTD_PERFEVNTCAP_ES",
	"VTD_ECMD_ECMD",
	"VTD_ECMD_OA",
	"VTD_ECRSP_IP",
	"VTD_ECRSP_SC",
	"VTD_ECCAP3_ECNTS",
	"VTD_ECCAP3_DCNTS",
	"VTD_ECCAP3_FCNTS",
	"VTD_ECCAP3_UFCNTS",
	"VTD_VCRSP_PASID",
	"VTD_IRTE_URG",
	"VTD_IRTE_PDA_LO",
	"VTD_IRTE_PDA_HI",
	"VTD_INV_PGRESP_PDP",
	"VTD_INV_PGRESP_LPIG",
	"VTD_INV_PGRESP_PRIV_LO",
	"VTD_INV_PGRESP_PRIV_HI",
	"VTD_PRD_TYPE",
	"VTD_PRD_PDP",
	"VTD_PRD_PRIV_LO",
	"VTD_PRD_PRIV_HI",
	"X86_PTE_PK",
	"VTD_SSPTE_D",
	"DMAR_SATC_ATC_REQUIRED",
	/* VirtualBox alone. */
	"VTD_AFLOG_FLS",
	"VTD_AFLOG_FLA",
	"VTD_VCMD_CMD",
	"VTD_PASID_SSEE",
	"VTD_PASID_ERE",
	"VTD_PASID_NXE",
	"VTD_PASID_SMEP",
	"VTD_FRCD_T2",
	/* edk2 alone. */
	"VTD_SSPTE_EMT",
	"VTD_SSPTE_IPAT",
};

static const struct source_list lists[] = {
	LIST(VTD_VER_FIELDS),
	LIST(VTD_CAP_FIELDS),
	LIST(VTD_ECAP_FIELDS),
	LIST(VTD_GCMD_FIELDS),
	LIST(VTD_GSTS_FIELDS),
	LIST(VTD_RTADDR_FIELDS),
	LIST(VTD_CCMD_FIELDS),
	LIST(VTD_IVA_FIELDS),
	LIST(VTD_IOTLB_FIELDS),
	LIST(VTD_FSTS_FIELDS),
	LIST(VTD_ECTL_FIELDS),
	LIST(VTD_EDATA_FIELDS),
	LIST(VTD_EADDR_FIELDS),
	LIST(VTD_EUADDR_FIELDS),
	LIST(VTD_AFLOG_FIELDS),
	LIST(VTD_PMEN_FIELDS),
	LIST(VTD_IQH_FIELDS),
	LIST(VTD_IQT_FIELDS),
	LIST(VTD_IQA_FIELDS),
	LIST(VTD_ICS_FIELDS),
	LIST(VTD_IQERCD_FIELDS),
	LIST(VTD_IRTA_FIELDS),
	LIST(VTD_PQH_FIELDS),
	LIST(VTD_PQT_FIELDS),
	LIST(VTD_PQA_FIELDS),
	LIST(VTD_PRS_FIELDS),
	LIST(VTD_MTRRCAP_FIELDS),
	LIST(VTD_MTRRDEF_FIELDS),
	LIST(VTD_PERFCAP_FIELDS),
	LIST(VTD_PERFINTRSTS_FIELDS),
	LIST(VTD_PERFEVNTCAP_FIELDS),
	LIST(VTD_ECMD_FIELDS),
	LIST(VTD_ECRSP_FIELDS),
	LIST(VTD_ECCAP3_FIELDS),
	LIST(VTD_VCMD_FIELDS),
	LIST(VTD_VCRSP_FIELDS),
	LIST(VTD_VCCAP_FIELDS),
	LIST(VTD_ROOT_FIELDS),
	LIST(VTD_SM_ROOT_FIELDS),
	LIST(VTD_CONTEXT_FIELDS),
	LIST(VTD_SM_CONTEXT_FIELDS),
	LIST(VTD_PASID_DIR_FIELDS),
	LIST(VTD_PASID_FIELDS),
	LIST(VTD_IRTE_FIELDS),
	LIST(VTD_IRTE_REMAP_FIELDS),
	LIST(VTD_IRTE_XAPIC_FIELDS),
	LIST(VTD_IRTE_POST_FIELDS),
	LIST(VTD_MSI_ADDR_FIELDS),
	LIST(VTD_MSI_DATA_FIELDS),
	LIST(VTD_INV_FIELDS),
	LIST(VTD_INV_CC_FIELDS),
	LIST(VTD_INV_PC_FIELDS),
	LIST(VTD_INV_IOTLB_FIELDS),
	LIST(VTD_INV_PIOTLB_FIELDS),
	LIST(VTD_INV_DEVTLB_FIELDS),
	LIST(VTD_INV_PDEVTLB_FIELDS),
	LIST(VTD_INV_IEC_FIELDS),
	LIST(VTD_INV_WAIT_FIELDS),
	LIST(VTD_INV_PGRESP_FIELDS),
	LIST(VTD_PRD_FIELDS),
	LIST(VTD_FRCD_FIELDS),
	LIST(VTD_FRCD_IR_FIELDS),
	LIST(X86_PTE_FIELDS),
	LIST(X86_PTE_LEAF_FIELDS),
	LIST(X86_PTE_4K_FIELDS),
	LIST(X86_PTE_LARGE_FIELDS),
	LIST(X86_PTE_CPU_FIELDS),
	LIST(VTD_SSPTE_FIELDS),
	LIST(VTD_SSPTE_LEAF_FIELDS),
	LIST(DMAR_TABLE_FIELDS),
	LIST(DMAR_HEADER_FIELDS),
	LIST(DMAR_SCOPE_FIELDS),
	LIST(DMAR_DRHD_FIELDS),
	LIST(DMAR_RMRR_FIELDS),
	LIST(DMAR_ATSR_FIELDS),
	LIST(DMAR_RHSA_FIELDS),
	LIST(DMAR_ANDD_FIELDS),
	LIST(DMAR_SATC_FIELDS),
	LIST(DMAR_SIDP_FIELDS),
};
/* clang-format on */

enum { ROWS = 1024 };

static struct source_row linux_rows[ROWS], qemu_rows[ROWS], vbox_rows[ROWS];
static struct source_row edk2_rows[ROWS], openvmm_rows[ROWS];

static struct source sources[] = {
	{ "intel", source_vtd_intel, 0 },
	{ "linux", linux_rows, 0 },
	{ "qemu", qemu_rows, 0 },
	{ "vbox", vbox_rows, 0 },
	{ "freebsd", source_vtd_freebsd, 0 },
	{ "edk2", edk2_rows, 0 },
	{ "openvmm", openvmm_rows, 0 },
};

static const struct source_check check = {
	.lists = lists,
	.n_lists = ARRAY_SIZE(lists),
	.sources = sources,
	.n_sources = ARRAY_SIZE(sources),
	.differences = differences,
	.n_differences = ARRAY_SIZE(differences),
	.single = single,
	.n_single = ARRAY_SIZE(single),
};

static void test_sources_agree_with_every_field_list(void **state)
{
	(void)state;
	source_assert_agreed(&check);
}

/* Negative control: any row of any source off by a bit, wider, or renamed. */
static void test_sources_any_wrong_row_is_noticed(void **state)
{
	(void)state;
	source_assert_rows_noticed(&check);
}

/* Negative control: a wrong bit in fmt/, at any field. */
static void test_sources_any_wrong_field_is_noticed(void **state)
{
	(void)state;
	source_assert_fields_noticed(&check);
}

/* Neither list of exceptions has an entry too many, or one too few. */
static void test_sources_exceptions_are_exact(void **state)
{
	(void)state;
	source_assert_exceptions_exact(&check, "VTD_CAP_ND");
}

/* The typed rows of a source, and behind them those of its layouts. */
static size_t both(struct source_row *rows, const struct source_row *typed,
		   size_t n, size_t (*layouts)(struct source_row *, size_t))
{
	assert_true(n < ROWS);
	memcpy(rows, typed, n * sizeof(rows[0]));
	return n + layouts(rows + n, ROWS - n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources_agree_with_every_field_list),
		cmocka_unit_test(test_sources_any_wrong_row_is_noticed),
		cmocka_unit_test(test_sources_any_wrong_field_is_noticed),
		cmocka_unit_test(test_sources_exceptions_are_exact),
	};

	sources[0].n = source_vtd_intel_n;
	sources[1].n = both(linux_rows, source_vtd_linux, source_vtd_linux_n,
			    source_vtd_linux_layouts);
	sources[2].n = both(qemu_rows, source_vtd_qemu, source_vtd_qemu_n,
			    source_vtd_qemu_layouts);
	sources[3].n = source_vtd_vbox(vbox_rows, ROWS);
	sources[4].n = source_vtd_freebsd_n;
	sources[5].n = source_vtd_edk2(edk2_rows, ROWS);
	sources[6].n = source_vtd_openvmm(openvmm_rows, ROWS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
