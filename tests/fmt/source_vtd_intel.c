/* SPDX-License-Identifier: MIT */
/*
 * VT-d, a source: Intel's register pages of processors, which repeat the
 * specification's chapter on registers with its names and bits. Core Ultra
 * 200V SOC I/O Registers (831520), Core Ultra CFG and MEM Registers (795258),
 * 12th generation datasheet volume 2 (767626), 7th generation datasheet volume
 * 2, and of what is in none of them an older one (Xeon E5, Celeron B940).
 * Fields of which no page was at hand are left out.
 */
#include "base/bits.h"
#include "tests/fmt/sources.h"

/* clang-format off */
#define INTEL(name, theirs, hi, lo)	{ #name, theirs, hi, lo }

const struct source_row source_vtd_intel[] = {
	/* 831520, CAP_REG, offset 20008 */
	INTEL(VTD_CAP_ESRTPS, "ESRTPS", 63, 63),
	INTEL(VTD_CAP_ESIRTPS, "ESIRTPS", 62, 62),
	INTEL(VTD_CAP_ECMDS, "ECMDS", 61, 61),
	INTEL(VTD_CAP_FS5LP, "FL5LP", 60, 60),
	INTEL(VTD_CAP_PI, "PI", 59, 59),
	INTEL(VTD_CAP_FS1GP, "FL1GP", 56, 56),
	INTEL(VTD_CAP_DRD, "DRD", 55, 55),
	INTEL(VTD_CAP_DWD, "DWD", 54, 54),
	INTEL(VTD_CAP_MAMV, "MAMV", 53, 48),
	INTEL(VTD_CAP_NFR, "NFR", 47, 40),
	INTEL(VTD_CAP_PSI, "PSI", 39, 39),
	/* Xeon E5, VTD1_CAP */
	INTEL(VTD_CAP_SSLPS, "Super Page Support", 37, 34),
	INTEL(VTD_CAP_FRO, "Fault Recording Register Offset", 33, 24),
	INTEL(VTD_CAP_ISOCH, "ISOCH", 23, 23),
	INTEL(VTD_CAP_ZLR, "ZLR", 22, 22),
	INTEL(VTD_CAP_MGAW, "MGAW", 21, 16),
	INTEL(VTD_CAP_SAGAW, "SAGAW", 12, 8),
	INTEL(VTD_CAP_CM, "CM", 7, 7),
	INTEL(VTD_CAP_PHMR, "PHMR Support", 6, 6),
	INTEL(VTD_CAP_PLMR, "PLMR Support", 5, 5),
	INTEL(VTD_CAP_RWBF, "RWBF", 4, 4),
	INTEL(VTD_CAP_AFL, "Advanced Fault Logging", 3, 3),
	INTEL(VTD_CAP_ND, "Number of Domains Supported", 2, 0),
	/* 831520, ECAP_REG, offset 20010 */
	INTEL(VTD_ECAP_SSIRWS, "PBDS", 57, 57),
	INTEL(VTD_ECAP_PTRS, "PTRS", 56, 56),
	INTEL(VTD_ECAP_HPTS, "HPTS", 55, 55),
	INTEL(VTD_ECAP_RPRIVS, "RPRIVS", 53, 53),
	INTEL(VTD_ECAP_ADMS, "ADMS", 52, 52),
	INTEL(VTD_ECAP_PMS, "PMS", 51, 51),
	INTEL(VTD_ECAP_TDXIO, "TDXIO", 50, 50),
	INTEL(VTD_ECAP_RPS, "RPS", 49, 49),
	INTEL(VTD_ECAP_SMPWCS, "SMPWCS", 48, 48),
	INTEL(VTD_ECAP_FSTS, "FLTS", 47, 47),
	INTEL(VTD_ECAP_SSTS, "SLTS", 46, 46),
	INTEL(VTD_ECAP_SSADS, "SLADS", 45, 45),
	INTEL(VTD_ECAP_VCS, "VCS", 44, 44),
	INTEL(VTD_ECAP_SMTS, "SMTS", 43, 43),
	INTEL(VTD_ECAP_PDS, "PDS", 42, 42),
	INTEL(VTD_ECAP_DIT, "DIT", 41, 41),
	/* 767626, ECAP_REG; its bit 43 is PSL, of revision 2 */
	INTEL(VTD_ECAP_PASID, "PASID", 40, 40),
	INTEL(VTD_ECAP_PSS, "PSS", 39, 35),
	INTEL(VTD_ECAP_EAFS, "EAFS", 34, 34),
	INTEL(VTD_ECAP_NWFS, "NWFS", 33, 33),
	INTEL(VTD_ECAP_SRS, "SRS", 31, 31),
	INTEL(VTD_ECAP_ERS, "ERS", 30, 30),
	INTEL(VTD_ECAP_PRS, "PRS", 29, 29),
	/* 7th generation, ECAP */
	INTEL(VTD_ECAP_POT, "POT", 32, 32),
	/* Celeron B940, Xeon E5 */
	INTEL(VTD_ECAP_MHMV, "MHMV", 23, 20),
	INTEL(VTD_ECAP_IRO, "IVO", 17, 8),
	INTEL(VTD_ECAP_SC, "SC", 7, 7),
	INTEL(VTD_ECAP_PT, "PT", 6, 6),
	INTEL(VTD_ECAP_CH, "CH", 5, 5),
	INTEL(VTD_ECAP_EIM, "EIM", 4, 4),
	INTEL(VTD_ECAP_IR, "IR", 3, 3),
	INTEL(VTD_ECAP_DT, "Device TLB Support", 2, 2),
	/* 831520, GSTS_REG */
	INTEL(VTD_GSTS_TES, "TES", 31, 31),
	INTEL(VTD_GSTS_RTPS, "RTPS", 30, 30),
	INTEL(VTD_GSTS_FLS, "FLS", 29, 29),
	INTEL(VTD_GSTS_AFLS, "AFLS", 28, 28),
	INTEL(VTD_GSTS_WBFS, "WBFS", 27, 27),
	INTEL(VTD_GSTS_QIES, "QIES", 26, 26),
	INTEL(VTD_GSTS_IRES, "IRES", 25, 25),
	INTEL(VTD_GSTS_IRTPS, "IRTPS", 24, 24),
	/* Intel 4 Series chipset, GSTS_REG and others */
	INTEL(VTD_GSTS_CFIS, "CFIS", 23, 23),
	INTEL(VTD_VER_MAX, "Major Version number", 7, 4),
	INTEL(VTD_VER_MIN, "Minor Version number", 3, 0),
	INTEL(VTD_RTADDR_RTA, "RTA", 63, 12),
	INTEL(VTD_IOTLB_DR, "DR", 49, 49),
	INTEL(VTD_IOTLB_DW, "DW", 48, 48),
	INTEL(VTD_IOTLB_DID, "DID", 47, 32),
	/* Celeron B940, FSTS_REG and the event registers */
	INTEL(VTD_FSTS_FRI, "FRI", 15, 8),
	INTEL(VTD_FSTS_ITE, "ITE", 6, 6),
	INTEL(VTD_FSTS_ICE, "ICE", 5, 5),
	INTEL(VTD_FSTS_IQE, "IQE", 4, 4),
	INTEL(VTD_EDATA_EIMD, "EIMD", 31, 16),
	INTEL(VTD_EDATA_IMD, "IMD", 15, 0),
	INTEL(VTD_EADDR_MA, "MA", 31, 2),
	/* Xeon E5, VTD0_FLTSTS */
	INTEL(VTD_FSTS_PPF, "Primary Fault Pending", 1, 1),
	/* 7th generation, FSTS */
	INTEL(VTD_FSTS_AFO, "AFO", 2, 2),
	INTEL(VTD_FSTS_PFO, "Primary Fault Overflow", 0, 0),
	/* 831520, IQH_REG; Xeon E5, the others of the queue */
	INTEL(VTD_IQH_QH, "QH", 18, 4),
	INTEL(VTD_IQT_QT, "Queue Tail", 18, 4),
	INTEL(VTD_IQA_IQA, "Invalidation Request Queue Base Address", 63, 12),
	INTEL(VTD_IQA_QS, "Queue Size", 2, 0),
	/* 831520 and 795258, IQERCD_REG */
	INTEL(VTD_IQERCD_ICESID, "ICESID", 63, 48),
	INTEL(VTD_IQERCD_ITESID, "ITESID", 47, 32),
	INTEL(VTD_IQERCD_IQEI, "IQEI", 3, 0),
	/* 7th generation, IRTA and FRCD; 38 and not 63 is the processor's width */
	INTEL(VTD_IRTA_IRTA, "IRTA", 38, 12),
	INTEL(VTD_IRTA_EIME, "EIME", 11, 11),
	INTEL(VTD_IRTA_S, "S", 3, 0),
	INTEL(VTD_FRCD_F, "F", 64 + 63, 64 + 63),
	INTEL(VTD_FRCD_T1, "T", 64 + 62, 64 + 62),
	INTEL(VTD_FRCD_AT, "AT", 64 + 61, 64 + 60),
	INTEL(VTD_FRCD_PV, "PN", 64 + 59, 64 + 40),
	INTEL(VTD_FRCD_FR, "FR", 64 + 39, 64 + 32),
	INTEL(VTD_FRCD_PP, "PP", 64 + 31, 64 + 31),
	INTEL(VTD_FRCD_SID, "SID", 64 + 15, 64 + 0),
	INTEL(VTD_FRCD_FI, "FI", 63, 12),
	INTEL(VTD_FRCD_IR_INDEX, "FI, interrupt_index", 63, 48),
	/* 767626, PQA_REG; 45 is the processor's width */
	INTEL(VTD_PQA_PQA, "PQA", 45, 12),
	INTEL(VTD_PQA_PQS, "PQS", 2, 0),
	/* SDM volume 3, the MTRRs of a CPU, which VT-d's follow */
	INTEL(VTD_MTRRCAP_VCNT, "IA32_MTRRCAP.VCNT", 7, 0),
	INTEL(VTD_MTRRCAP_FIX, "IA32_MTRRCAP.FIX", 8, 8),
	INTEL(VTD_MTRRCAP_WC, "IA32_MTRRCAP.WC", 10, 10),
	INTEL(VTD_MTRRDEF_TYPE, "IA32_MTRR_DEF_TYPE.Type", 7, 0),
	INTEL(VTD_MTRRDEF_FE, "IA32_MTRR_DEF_TYPE.FE", 10, 10),
	INTEL(VTD_MTRRDEF_E, "IA32_MTRR_DEF_TYPE.E", 11, 11),
};
/* clang-format on */
const size_t source_vtd_intel_n = ARRAY_SIZE(source_vtd_intel);
