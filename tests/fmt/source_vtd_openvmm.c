/* SPDX-License-Identifier: MIT */
/*
 * VT-d, a source: OpenVMM, vm/devices/iommu/intel_vtd/src/spec (2026, revision
 * 4.1, legacy mode): the members of its bitfields with their widths. A dash is
 * a reserved member.
 */
#include "base/bits.h"
#include "tests/fmt/sources.h"

/* clang-format off */
static const struct source_layout layouts[] = {
	{ "VersionReg", "VTD_VER_", 32, "MIN:4 MAX:4 -:24" },
	{ "CapReg", "VTD_CAP_", 64,
	  "ND:3 AFL:1 RWBF:1 PLMR:1 PHMR:1 CM:1 SAGAW:5 -:3 MGAW:6 ZLR:1 -:1 "
	  "FRO:10 SSLPS:4 -:1 PSI:1 NFR:8 MAMV:6 DWD:1 DRD:1 FS1GP:1 -:2 PI:1 "
	  "-:4" },
	{ "EcapReg", "VTD_ECAP_", 64,
	  "C:1 QI:1 DT:1 IR:1 EIM:1 -:1 PT:1 SC:1 IRO:10 -:2 MHMV:4 -:1 MTS:1 "
	  "NEST:1 -:2 PRS:1 ERS:1 SRS:1 -:1 NWFS:1 EAFS:1 PSS:5 PASID:1 DIT:1 "
	  "PDS:1 SMTS:1 VCS:1 SSADS:1 SSTS:1 FSTS:1 SMPWCS:1 RPS:1 -:1 PMS:1 "
	  "ADMS:1 RPRIVS:1 -:4 SMS:1 -:5" },
	{ "GcmdReg", "VTD_GCMD_", 32,
	  "-:23 CFI:1 SIRTP:1 IRE:1 QIE:1 WBF:1 EAFL:1 SFL:1 SRTP:1 TE:1" },
	{ "GstsReg", "VTD_GSTS_", 32,
	  "-:23 CFIS:1 IRTPS:1 IRES:1 QIES:1 WBFS:1 AFLS:1 FLS:1 RTPS:1 "
	  "TES:1" },
	{ "RtaddrReg", "VTD_RTADDR_", 64, "-:10 TTM:2 RTA:52" },
	{ "CcmdReg", "VTD_CCMD_", 64,
	  "DID:16 SID:16 FM:2 -:25 CAIG:2 CIRG:2 ICC:1" },
	{ "FstsReg", "VTD_FSTS_", 32,
	  "PFO:1 PPF:1 AFO:1 APF:1 IQE:1 ICE:1 ITE:1 -:1 FRI:8 -:16" },
	{ "FectlReg", "VTD_ECTL_", 32, "-:30 IP:1 IM:1" },
	{ "FedataReg", "VTD_EDATA_", 32, "IMD:16 EIMD:16" },
	{ "FeaddrReg", "VTD_EADDR_", 32, "-:2 MA:30" },
	{ "IqhReg", "VTD_IQH_", 64, "-:4 QH:15 -:45" },
	{ "IqtReg", "VTD_IQT_", 64, "-:4 QT:15 -:45" },
	{ "IqaReg", "VTD_IQA_", 64, "QS:3 DW:1 -:8 IQA:52" },
	{ "IcsReg", "VTD_ICS_", 32, "IWC:1 -:31" },
	{ "IrtaReg", "VTD_IRTA_", 64, "S:4 -:7 EIME:1 IRTA:52" },
	{ "IotlbReg", "VTD_IOTLB_", 64,
	  "-:32 DID:16 DW:1 DR:1 -:7 IAIG:2 -:1 IIRG:2 -:1 IVT:1" },
	{ "FrcdLo, FrcdHi", "VTD_FRCD_", 128,
	  "-:12 FI:52 SID:16 -:16 -:16 FR:8 -:4 AT:2 T1:1 F:1" },
	{ "RootEntryLo", "VTD_ROOT_", 64, "P:1 -:11 CTP:52" },
	{ "ContextEntryLo, ContextEntryHi", "VTD_CONTEXT_", 128,
	  "P:1 FPD:1 TT:2 -:8 SSPTPTR:52 AW:3 -:5 DID:16 -:40" },
	{ "IrteLo, IrteHi", "VTD_IRTE_", 128,
	  "P:1 FPD:1 DM:1 RH:1 TM:1 DLM:3 AVAIL:4 -:3 IM:1 V:8 -:8 DST:32 "
	  "SID:16 SQ:2 SVT:2 -:44" },
	{ "InvalidationDescriptor", "VTD_INV_", 128, "TYPE_LO:4 -:124" },
	{ "InvalidationWait", "VTD_INV_WAIT_", 128,
	  "-:4 IF:1 SW:1 FN:1 PD:1 -:24 STDATA:32 -:2 STADDR:62" },
	{ "ContextCacheInvalidate", "VTD_INV_CC_", 64,
	  "-:4 G:2 -:10 DID:16 SID:16 FM:2 -:14" },
	{ "IotlbInvalidate", "VTD_INV_IOTLB_", 64,
	  "-:4 -:1 G:2 DW:1 DR:1 -:7 DID:16 -:32" },
	{ "InterruptCacheInvalidate", "VTD_INV_IEC_", 64,
	  "-:4 G:1 -:18 IM:5 -:4 IIDX:16 -:16" },
	{ "SlPte", "VTD_SSPTE_", 64,
	  "R:1 W:1 X:1 -:4 PS:1 -:3 SNP:1 ADDR:40 -:10 -:1 -:1" },
};
/* clang-format on */

size_t source_vtd_openvmm(struct source_row *rows, size_t max)
{
	return source_layouts(layouts, ARRAY_SIZE(layouts), rows, max);
}
