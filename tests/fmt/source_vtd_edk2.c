/* SPDX-License-Identifier: MIT */
/*
 * VT-d, a source: edk2's VtdReg.h (2017, revision 2.x) and
 * MdePkg/Include/IndustryStandard/DmaRemappingReportingTable.h (since 2022, with
 * SATC and SIDP, as EfiPy2 renders it), members of structures with their
 * widths. A dash is a reserved member, or one that only revision 2 has.
 */
#include "base/bits.h"
#include "tests/fmt/sources.h"

/* clang-format off */
static const struct source_layout layouts[] = {
	{ "VTD_CAP_REG", "VTD_CAP_", 64,
	  "ND:3 AFL:1 RWBF:1 PLMR:1 PHMR:1 CM:1 SAGAW:5 -:3 MGAW:6 ZLR:1 -:1 "
	  "FRO:10 SSLPS:4 -:1 PSI:1 NFR:8 MAMV:6 DWD:1 DRD:1 FS1GP:1 -:2 PI:1 "
	  "-:4" },
	{ "VTD_ECAP_REG", "VTD_ECAP_", 64,
	  "C:1 QI:1 DT:1 IR:1 EIM:1 -:1 PT:1 SC:1 IRO:10 -:2 MHMV:4 ECS:1 "
	  "MTS:1 NEST:1 DIS:1 PASID_OLD:1 PRS:1 ERS:1 SRS:1 -:1 NWFS:1 EAFS:1 "
	  "PSS:5 -:24" },
	{ "VTD_FRCD_REG", "VTD_FRCD_", 128,
	  "-:12 FI:52 SID:16 -:13 PRIV:1 EXE:1 PP:1 FR:8 PV:20 AT:2 T1:1 "
	  "F:1" },
	{ "VTD_ROOT_ENTRY", "VTD_ROOT_", 128, "P:1 -:11 CTP:52 -:64" },
	/* Of extended mode; scalable mode has the same. */
	{ "VTD_EXT_ROOT_ENTRY", "VTD_SM_ROOT_", 128,
	  "LP:1 -:11 LCTP:52 UP:1 -:11 UCTP:52" },
	{ "VTD_CONTEXT_ENTRY", "VTD_CONTEXT_", 128,
	  "P:1 FPD:1 TT:2 -:8 SSPTPTR:52 AW:3 IGN:4 -:1 DID:16 -:40" },
	{ "VTD_FIRST_LEVEL_PAGING_ENTRY", "X86_PTE_", 64,
	  "P:1 RW:1 US:1 PWT:1 PCD:1 A:1 D:1 PS:1 G:1 -:1 EA:1 -:1 ADDR:40 "
	  "-:11 XD:1" },
	{ "VTD_FIRST_LEVEL_PAGING_ENTRY, 4K", "X86_PTE_", 64, "-:7 PAT:1 -:56" },
	{ "VTD_FIRST_LEVEL_PAGING_ENTRY, 2M", "X86_PTE_", 64,
	  "-:12 PAT_LARGE:1 -:51" },
	{ "VTD_SECOND_LEVEL_PAGING_ENTRY", "VTD_SSPTE_", 64,
	  "R:1 W:1 X:1 EMT:3 IPAT:1 PS:1 -:3 SNP:1 ADDR:40 -:10 TM:1 -:1" },
	{ "B_*_REG_*", "VTD_CCMD_", 64, "-:61 CIRG:2 ICC:1" },
	{ "B_IOTLB_REG_*", "VTD_IOTLB_", 64, "-:60 IIRG:2 -:1 IVT:1" },
	{ "B_IVA_REG_*", "VTD_IVA_", 64, "AM:6 IH:1 -:57" },
	{ "EFI_ACPI_DESCRIPTION_HEADER, EFI_ACPI_DMAR_HEADER", "DMAR_TABLE_",
	  384,
	  "SIGNATURE:32 LENGTH:32 REVISION:8 CHECKSUM:8 OEM_ID:48 "
	  "OEM_TABLE_ID:64 OEM_REVISION:32 CREATOR_ID:32 CREATOR_REVISION:32 "
	  "HAW:8 INTR_REMAP:1 X2APIC_OPT_OUT:1 DMA_CTRL_OPT_IN:1 -:5 -:80" },
	{ "EFI_ACPI_DMAR_STRUCTURE_HEADER", "DMAR_HEADER_", 32,
	  "TYPE:16 LENGTH:16" },
	{ "EFI_ACPI_DMAR_DEVICE_SCOPE_STRUCTURE_HEADER", "DMAR_SCOPE_", 48,
	  "TYPE:8 LENGTH:8 FLAGS:8 -:8 ENUM_ID:8 BUS:8" },
	{ "EFI_ACPI_DMAR_DRHD_HEADER", "DMAR_DRHD_", 128,
	  "TYPE:16 LENGTH:16 INCLUDE_PCI_ALL:1 -:7 SIZE:8 SEGMENT:16 "
	  "BASE:64" },
	{ "EFI_ACPI_DMAR_RMRR_HEADER", "DMAR_RMRR_", 192,
	  "TYPE:16 LENGTH:16 -:16 SEGMENT:16 BASE:64 LIMIT:64" },
	{ "EFI_ACPI_DMAR_ATSR_HEADER", "DMAR_ATSR_", 64,
	  "TYPE:16 LENGTH:16 ALL_PORTS:1 -:7 -:8 SEGMENT:16" },
	{ "EFI_ACPI_DMAR_RHSA_HEADER", "DMAR_RHSA_", 160,
	  "TYPE:16 LENGTH:16 -:32 BASE:64 DOMAIN:32" },
	{ "EFI_ACPI_DMAR_ANDD_HEADER", "DMAR_ANDD_", 64,
	  "TYPE:16 LENGTH:16 -:24 NUMBER:8" },
	{ "EFI_ACPI_DMAR_SATC_HEADER", "DMAR_SATC_", 64,
	  "TYPE:16 LENGTH:16 -:8 -:8 SEGMENT:16" },
	{ "EFI_ACPI_DMAR_SIDP_HEADER", "DMAR_SIDP_", 64,
	  "TYPE:16 LENGTH:16 -:16 SEGMENT:16" },
};
/* clang-format on */

size_t source_vtd_edk2(struct source_row *rows, size_t max)
{
	return source_layouts(layouts, ARRAY_SIZE(layouts), rows, max);
}
