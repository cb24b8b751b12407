/* SPDX-License-Identifier: MIT */
/*
 * VT-d, a source: VirtualBox, include/VBox/iommu-intel.h (2021, revision 3.2).
 * It has a mask for each field and each reserved range, and a check that they
 * fill the word; here they are in that order as the widths of the masks, word
 * for word. A dash is a reserved or ignored range.
 */
#include "base/bits.h"
#include "tests/fmt/sources.h"

/* clang-format off */
static const struct source_layout layouts[] = {
	{ "VER_REG", "VTD_VER_", 32, "MIN:4 MAX:4 -:24" },
	{ "CAP_REG", "VTD_CAP_", 64,
	  "ND:3 AFL:1 RWBF:1 PLMR:1 PHMR:1 CM:1 SAGAW:5 -:3 MGAW:6 ZLR:1 -:1 "
	  "FRO:10 SSLPS:4 -:1 PSI:1 NFR:8 MAMV:6 DWD:1 DRD:1 FS1GP:1 -:2 PI:1 "
	  "FS5LP:1 -:1 ESIRTPS:1 ESRTPS:1" },
	{ "ECAP_REG", "VTD_ECAP_", 64,
	  "C:1 QI:1 DT:1 IR:1 EIM:1 -:1 PT:1 SC:1 IRO:10 -:2 MHMV:4 -:1 MTS:1 "
	  "NEST:1 -:1 -:1 PRS:1 ERS:1 SRS:1 -:1 NWFS:1 EAFS:1 PSS:5 PASID:1 "
	  "DIT:1 PDS:1 SMTS:1 VCS:1 SSADS:1 SSTS:1 FSTS:1 SMPWCS:1 RPS:1 -:2 "
	  "ADMS:1 RPRIVS:1 -:10" },
	{ "GCMD_REG", "VTD_GCMD_", 32,
	  "-:23 CFI:1 SIRTP:1 IRE:1 QIE:1 WBF:1 EAFL:1 SFL:1 SRTP:1 TE:1" },
	{ "GSTS_REG", "VTD_GSTS_", 32,
	  "-:23 CFIS:1 IRTPS:1 IRES:1 QIES:1 WBFS:1 AFLS:1 FLS:1 RTPS:1 "
	  "TES:1" },
	{ "RTADDR_REG", "VTD_RTADDR_", 64, "-:10 TTM:2 RTA:52" },
	{ "CCMD_REG", "VTD_CCMD_", 64,
	  "DID:16 SID:16 FM:2 -:25 CAIG:2 CIRG:2 ICC:1" },
	{ "IOTLB_REG", "VTD_IOTLB_", 64,
	  "-:32 DID:16 DW:1 DR:1 -:7 IAIG:2 -:1 IIRG:2 -:1 IVT:1" },
	{ "IVA_REG", "VTD_IVA_", 64, "AM:6 IH:1 -:5 ADDR:52" },
	{ "FSTS_REG", "VTD_FSTS_", 32,
	  "PFO:1 PPF:1 AFO:1 APF:1 IQE:1 ICE:1 ITE:1 -:1 FRI:8 -:16" },
	{ "FECTL_REG", "VTD_ECTL_", 32, "-:30 IP:1 IM:1" },
	{ "IECTL_REG", "VTD_ECTL_", 32, "-:30 IP:1 IM:1" },
	{ "PECTL_REG", "VTD_ECTL_", 32, "-:30 IP:1 IM:1" },
	{ "FEDATA_REG", "VTD_EDATA_", 32, "IMD:16 -:16" },
	{ "IEDATA_REG", "VTD_EDATA_", 32, "IMD:16 -:16" },
	{ "PEDATA_REG", "VTD_EDATA_", 32, "IMD:16 -:16" },
	{ "FEADDR_REG", "VTD_EADDR_", 32, "-:2 MA:30" },
	{ "IEADDR_REG", "VTD_EADDR_", 32, "-:2 MA:30" },
	{ "PEADDR_REG", "VTD_EADDR_", 32, "-:2 MA:30" },
	{ "FEUADDR_REG", "VTD_EUADDR_", 32, "MUA:32" },
	{ "FRCD_REG", "VTD_FRCD_", 128,
	  "-:12 FI:52 SID:16 -:12 T2:1 PRIV:1 EXE:1 PP:1 FR:8 PV:20 AT:2 T1:1 "
	  "F:1" },
	{ "AFLOG_REG", "VTD_AFLOG_", 64, "-:9 FLS:3 FLA:52" },
	{ "PMEN_REG", "VTD_PMEN_", 32, "PRS:1 -:30 EPM:1" },
	{ "IQH_REG", "VTD_IQH_", 64, "-:4 QH:15 -:45" },
	{ "IQT_REG", "VTD_IQT_", 64, "-:4 QT:15 -:45" },
	{ "IQA_REG", "VTD_IQA_", 64, "QS:3 -:8 DW:1 IQA:52" },
	{ "ICS_REG", "VTD_ICS_", 32, "IWC:1 -:31" },
	{ "IQERCD_REG", "VTD_IQERCD_", 64, "IQEI:4 -:28 ITESID:16 ICESID:16" },
	{ "IRTA_REG", "VTD_IRTA_", 64, "S:4 -:7 EIME:1 IRTA:52" },
	{ "PQH_REG", "VTD_PQH_", 64, "-:5 PQH:14 -:45" },
	{ "PQT_REG", "VTD_PQT_", 64, "-:5 PQT:14 -:45" },
	{ "PQA_REG", "VTD_PQA_", 64, "PQS:3 -:9 PQA:52" },
	{ "PRS_REG", "VTD_PRS_", 32, "PPR:1 PRO:1 -:30" },
	{ "MTRRCAP_REG", "VTD_MTRRCAP_", 64, "VCNT:8 FIX:1 -:1 WC:1 -:53" },
	{ "MTRRDEF_REG", "VTD_MTRRDEF_", 64, "TYPE:8 -:2 FE:1 E:1 -:52" },
	{ "VCCAP_REG", "VTD_VCCAP_", 64, "PAS:1 -:63" },
	{ "VCMD_REG", "VTD_VCMD_", 64, "CMD:8 OP:56" },
	{ "VCRSP_REG", "VTD_VCRSP_", 64, "IP:1 SC:2 -:5 -:56" },
	{ "ROOT_ENTRY", "VTD_ROOT_", 64, "P:1 -:11 CTP:52" },
	{ "SM_ROOT_ENTRY", "VTD_SM_ROOT_", 128,
	  "LP:1 -:11 LCTP:52 UP:1 -:11 UCTP:52" },
	{ "CONTEXT_ENTRY", "VTD_CONTEXT_", 128,
	  "P:1 FPD:1 TT:2 -:8 SSPTPTR:52 AW:3 IGN:4 -:1 DID:16 -:40" },
	{ "SM_CONTEXT_ENTRY", "VTD_SM_CONTEXT_", 128,
	  "P:1 FPD:1 DTE:1 PASIDE:1 PRE:1 -:4 PDTS:3 PASIDDIRPTR:52 "
	  "RID_PASID:20 RID_PRIV:1 -:43" },
	{ "SM_PASID_DIR_ENTRY", "VTD_PASID_DIR_", 64,
	  "P:1 FPD:1 -:10 SMPTBLPTR:52" },
	{ "SM_PASID_TBL_ENTRY", "VTD_PASID_", 192,
	  "P:1 FPD:1 AW:3 SSEE:1 PGTT:3 SSADE:1 -:2 SSPTPTR:52 "
	  "DID:16 -:7 PWSNP:1 PGSNP:1 CD:1 EMTE:1 EMT:3 PWT:1 PCD:1 PAT:32 "
	  "SRE:1 ERE:1 FSPM:2 WPE:1 NXE:1 SMEP:1 EAFE:1 -:4 FSPTPTR:52" },
	{ "IRTE", "VTD_IRTE_", 128,
	  "P:1 FPD:1 DM:1 RH:1 TM:1 DLM:3 AVAIL:4 -:3 IM:1 V:8 -:8 DST:32 "
	  "SID:16 SQ:2 SVT:2 -:44" },
	{ "IRTE, EIME=0", "VTD_IRTE_", 64,
	  "-:1 -:1 -:1 -:1 -:1 -:3 -:4 -:3 -:1 -:8 -:8 -:8 DST_XAPIC:8 -:16" },
	{ "REMAPPABLE_MSI_ADDR", "VTD_MSI_ADDR_", 32,
	  "-:2 HANDLE_HI:1 SHV:1 IF:1 HANDLE_LO:15 FEE:12" },
	{ "REMAPPABLE_MSI_DATA", "VTD_MSI_DATA_", 32, "SUBHANDLE:16 -:16" },
	{ "GENERIC_INV_DSC", "VTD_INV_", 64, "TYPE_LO:4 -:5 TYPE_HI:3 -:52" },
	{ "CC_INV_DSC", "VTD_INV_CC_", 64,
	  "-:4 G:2 -:3 -:3 -:4 DID:16 SID:16 FM:2 -:14" },
	{ "PC_INV_DSC", "VTD_INV_PC_", 64,
	  "-:4 G:2 -:3 -:3 -:4 DID:16 PASID:20 -:12" },
	{ "IOTLB_INV_DSC", "VTD_INV_IOTLB_", 128,
	  "-:4 G:2 DW:1 DR:1 -:1 -:3 -:4 DID:16 -:32 AM:6 IH:1 -:5 ADDR:52" },
	{ "P_IOTLB_INV_DSC", "VTD_INV_PIOTLB_", 128,
	  "-:4 G:2 -:3 -:3 -:4 DID:16 PASID:20 -:12 AM:6 IH:1 -:5 ADDR:52" },
	{ "DEV_TLB_INV_DSC", "VTD_INV_DEVTLB_", 128,
	  "-:4 -:5 -:3 PFSID_LO:4 MIP:5 -:11 SID:16 -:4 PFSID_HI:12 "
	  "S:1 -:11 ADDR:52" },
	{ "P_DEV_TLB_INV_DSC", "VTD_INV_PDEVTLB_", 128,
	  "-:4 MIP:5 -:3 PFSID_LO:4 SID:16 PASID:20 PFSID_HI:12 "
	  "G:1 -:10 S:1 ADDR:52" },
	{ "IEC_INV_DSC", "VTD_INV_IEC_", 64,
	  "-:4 G:1 -:4 -:3 -:15 IM:5 IIDX:16 -:16" },
	{ "INV_WAIT_DSC", "VTD_INV_WAIT_", 128,
	  "-:4 IF:1 SW:1 FN:1 PD:1 -:1 -:3 -:20 STDATA:32 -:2 STADDR:62" },
	{ "FLP_ENTRY", "X86_PTE_", 64,
	  "P:1 RW:1 US:1 PWT:1 PCD:1 A:1 -:1 -:1 -:2 EA:1 -:1 ADDR:40 -:11 "
	  "XD:1" },
	{ "SLP_ENTRY", "VTD_SSPTE_", 64,
	  "R:1 W:1 X:1 -:4 -:1 A:1 -:2 -:1 ADDR:40 -:10 -:1 -:1" },
	{ "ACPIDRHD", "DMAR_DRHD_", 128,
	  "TYPE:16 LENGTH:16 INCLUDE_PCI_ALL:1 -:7 -:8 SEGMENT:16 BASE:64" },
	{ "ACPIDMARDEVSCOPE", "DMAR_SCOPE_", 48,
	  "TYPE:8 LENGTH:8 -:16 ENUM_ID:8 BUS:8" },
	{ "ACPI_DMAR_F_*", "DMAR_TABLE_", 304,
	  "-:296 INTR_REMAP:1 X2APIC_OPT_OUT:1 DMA_CTRL_OPT_IN:1 -:5" },
};
/* clang-format on */

size_t source_vtd_vbox(struct source_row *rows, size_t max)
{
	return source_layouts(layouts, ARRAY_SIZE(layouts), rows, max);
}
