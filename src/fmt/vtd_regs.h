/* SPDX-License-Identifier: MIT */
/*
 * VT-d registers of one remapping unit.
 *
 * Offsets, bit numbers and names are those of the Intel Virtualization
 * Technology for Directed I/O architecture specification, revision 4; names
 * that older revisions and the kernel have are in the glosses. Where the bits
 * are known from, and what was decided where sources differ, is in
 * docs/FORMATS.md. Registers are 32 bits wide unless their offset says 64.
 *
 * Registers with the same layout share a list; its comment names them all.
 * Two sets have no fixed place: the fault recording registers are at
 * CAP.FRO * 16, the two of the IOTLB at ECAP.IRO * 16.
 */
#ifndef FMT_VTD_REGS_H
#define FMT_VTD_REGS_H

#include <stdint.h>

#include "base/field.h"

/* From the base of the unit, which is 4 KiB large or more. */
enum {
	VTD_VER = 0x0,
	VTD_CAP = 0x8,   /* 64 */
	VTD_ECAP = 0x10, /* 64 */
	VTD_GCMD = 0x18,
	VTD_GSTS = 0x1c,
	VTD_RTADDR = 0x20, /* 64 */
	VTD_CCMD = 0x28,   /* 64 */
	VTD_FSTS = 0x34,
	VTD_FECTL = 0x38,
	VTD_FEDATA = 0x3c,
	VTD_FEADDR = 0x40,
	VTD_FEUADDR = 0x44,
	VTD_AFLOG = 0x58, /* 64 */
	VTD_PMEN = 0x64,
	VTD_PLMBASE = 0x68,
	VTD_PLMLIMIT = 0x6c,
	VTD_PHMBASE = 0x70,  /* 64 */
	VTD_PHMLIMIT = 0x78, /* 64 */
	VTD_IQH = 0x80,      /* 64 */
	VTD_IQT = 0x88,      /* 64 */
	VTD_IQA = 0x90,      /* 64 */
	VTD_ICS = 0x9c,
	VTD_IECTL = 0xa0,
	VTD_IEDATA = 0xa4,
	VTD_IEADDR = 0xa8,
	VTD_IEUADDR = 0xac,
	VTD_IQERCD = 0xb0, /* 64 */
	VTD_IRTA = 0xb8,   /* 64 */
	VTD_PQH = 0xc0,    /* 64 */
	VTD_PQT = 0xc8,    /* 64 */
	VTD_PQA = 0xd0,    /* 64 */
	VTD_PRS = 0xdc,
	VTD_PECTL = 0xe0,
	VTD_PEDATA = 0xe4,
	VTD_PEADDR = 0xe8,
	VTD_PEUADDR = 0xec,

	VTD_MTRRCAP = 0x100, /* 64, as all of the MTRRs */
	VTD_MTRRDEF = 0x108,
	VTD_MTRR_FIX64K_00000 = 0x120,
	VTD_MTRR_FIX16K_80000 = 0x128,
	VTD_MTRR_FIX16K_A0000 = 0x130,
	VTD_MTRR_FIX4K_C0000 = 0x138,
	VTD_MTRR_FIX4K_C8000 = 0x140,
	VTD_MTRR_FIX4K_D0000 = 0x148,
	VTD_MTRR_FIX4K_D8000 = 0x150,
	VTD_MTRR_FIX4K_E0000 = 0x158,
	VTD_MTRR_FIX4K_E8000 = 0x160,
	VTD_MTRR_FIX4K_F0000 = 0x168,
	VTD_MTRR_FIX4K_F8000 = 0x170,
	VTD_MTRR_PHYSBASE0 = 0x180, /* and nine more, 0x10 apart */
	VTD_MTRR_PHYSMASK0 = 0x188,
	VTD_MTRR_PHYSBASE9 = 0x210,
	VTD_MTRR_PHYSMASK9 = 0x218,

	VTD_PERFCAP = 0x300, /* 64 */
	VTD_PERFCFGOFF = 0x310,
	VTD_PERFFRZOFF = 0x314,
	VTD_PERFOVFOFF = 0x318,
	VTD_PERFCNTROFF = 0x31c,
	VTD_PERFINTRSTS = 0x324,
	VTD_PERFINTRCTL = 0x328,
	VTD_PERFINTRDATA = 0x32c,
	VTD_PERFINTRADDR = 0x330,
	VTD_PERFINTRUADDR = 0x334,
	VTD_PERFEVNTCAP = 0x380, /* 64, one for each event group */

	VTD_ECMD = 0x400,   /* 64 */
	VTD_ECEO = 0x408,   /* 64 */
	VTD_ECRSP = 0x410,  /* 64 */
	VTD_ECCAP0 = 0x430, /* 64, four of them */
	VTD_ECCAP1 = 0x438,
	VTD_ECCAP2 = 0x440,
	VTD_ECCAP3 = 0x448,

	/* Revision 3.3; older ones have VCCAP at 0xe00 and VCMD at 0xe10. */
	VTD_VCMD = 0xe00,    /* 64 */
	VTD_VCMD_EO = 0xe08, /* 64 */
	VTD_VCRSP = 0xe10,   /* 64 */
	VTD_VCCAP = 0xe30,   /* 64 */

	/* From ECAP.IRO * 16. */
	VTD_IVA = 0x0,   /* 64 */
	VTD_IOTLB = 0x8, /* 64 */

	/* From CAP.FRO * 16. */
	VTD_FRCD_SIZE = 0x10,
};

/* clang-format off */

#define VTD_VER_FIELDS(F, T)						\
	F(T, VTD_VER_MIN,		3, 0, "minor version")		\
	F(T, VTD_VER_MAX,		7, 4, "major version")

#define VTD_CAP_FIELDS(F, T)						\
	F(T, VTD_CAP_ND,		2, 0, "2^(4 + 2 ND) domain ids") \
	F(T, VTD_CAP_AFL,		3, 3, "advanced fault logging")	\
	F(T, VTD_CAP_RWBF,		4, 4, "write buffer needs flushing") \
	F(T, VTD_CAP_PLMR,		5, 5, "protected low memory")	\
	F(T, VTD_CAP_PHMR,		6, 6, "protected high memory")	\
	F(T, VTD_CAP_CM,		7, 7, "caching mode")		\
	F(T, VTD_CAP_SAGAW,		12, 8, "second-stage widths, bits") \
	F(T, VTD_CAP_MGAW,		21, 16, "largest guest width - 1") \
	F(T, VTD_CAP_ZLR,		22, 22, "zero-length reads")	\
	F(T, VTD_CAP_ISOCH,		23, 23, "isochrony, deprecated") \
	F(T, VTD_CAP_FRO,		33, 24, "fault records, from * 16") \
	F(T, VTD_CAP_SSLPS,		37, 34, "second-stage large pages, SLLPS") \
	F(T, VTD_CAP_PSI,		39, 39, "page-selective invalidation") \
	F(T, VTD_CAP_NFR,		47, 40, "fault records - 1")	\
	F(T, VTD_CAP_MAMV,		53, 48, "largest address mask")	\
	F(T, VTD_CAP_DWD,		54, 54, "drains writes")	\
	F(T, VTD_CAP_DRD,		55, 55, "drains reads")		\
	F(T, VTD_CAP_FS1GP,		56, 56, "first-stage 1G pages, FL1GP") \
	F(T, VTD_CAP_PI,		59, 59, "posted interrupts")	\
	F(T, VTD_CAP_FS5LP,		60, 60, "first-stage 5 levels, FL5LP") \
	F(T, VTD_CAP_ECMDS,		61, 61, "enhanced commands")	\
	F(T, VTD_CAP_ESIRTPS,		62, 62, "SIRTP invalidates")	\
	F(T, VTD_CAP_ESRTPS,		63, 63, "SRTP invalidates")

#define VTD_ECAP_FIELDS(F, T)						\
	F(T, VTD_ECAP_C,		0, 0, "page walks are coherent") \
	F(T, VTD_ECAP_QI,		1, 1, "queued invalidation")	\
	F(T, VTD_ECAP_DT,		2, 2, "device TLBs")		\
	F(T, VTD_ECAP_IR,		3, 3, "interrupt remapping")	\
	F(T, VTD_ECAP_EIM,		4, 4, "extended interrupt mode") \
	F(T, VTD_ECAP_CH,		5, 5, "caching hints, deprecated") \
	F(T, VTD_ECAP_PT,		6, 6, "pass-through")		\
	F(T, VTD_ECAP_SC,		7, 7, "snoop control")		\
	F(T, VTD_ECAP_IRO,		17, 8, "IOTLB registers, from * 16") \
	F(T, VTD_ECAP_MHMV,		23, 20, "largest handle mask")	\
	F(T, VTD_ECAP_ECS,		24, 24, "extended context, deprecated") \
	F(T, VTD_ECAP_MTS,		25, 25, "memory types")		\
	F(T, VTD_ECAP_NEST,		26, 26, "nested translation")	\
	F(T, VTD_ECAP_DIS,		27, 27, "deferred invalidation, deprecated") \
	F(T, VTD_ECAP_PASID_OLD,	28, 28, "PASID, deprecated")	\
	F(T, VTD_ECAP_PRS,		29, 29, "page requests")	\
	F(T, VTD_ECAP_ERS,		30, 30, "execute requests")	\
	F(T, VTD_ECAP_SRS,		31, 31, "supervisor requests")	\
	F(T, VTD_ECAP_POT,		32, 32, "PASID only, deprecated") \
	F(T, VTD_ECAP_NWFS,		33, 33, "no-write flag")	\
	F(T, VTD_ECAP_EAFS,		34, 34, "extended accessed flag") \
	F(T, VTD_ECAP_PSS,		39, 35, "PASID bits - 1")	\
	F(T, VTD_ECAP_PASID,		40, 40, "PASID")		\
	F(T, VTD_ECAP_DIT,		41, 41, "device TLB throttle")	\
	F(T, VTD_ECAP_PDS,		42, 42, "page request drain")	\
	F(T, VTD_ECAP_SMTS,		43, 43, "scalable mode")	\
	F(T, VTD_ECAP_VCS,		44, 44, "virtual commands")	\
	F(T, VTD_ECAP_SSADS,		45, 45, "second-stage A/D, SLADS") \
	F(T, VTD_ECAP_SSTS,		46, 46, "second stage, SLTS")	\
	F(T, VTD_ECAP_FSTS,		47, 47, "first stage, FLTS")	\
	F(T, VTD_ECAP_SMPWCS,		48, 48, "scalable walks coherent, SMPWC") \
	F(T, VTD_ECAP_RPS,		49, 49, "RID_PASID")		\
	F(T, VTD_ECAP_TDXIO,		50, 50, "TDX I/O")		\
	F(T, VTD_ECAP_PMS,		51, 51, "performance monitoring") \
	F(T, VTD_ECAP_ADMS,		52, 52, "abort DMA mode")	\
	F(T, VTD_ECAP_RPRIVS,		53, 53, "RID_PRIV")		\
	F(T, VTD_ECAP_HPTS,		55, 55, "host permission table") \
	F(T, VTD_ECAP_PTRS,		56, 56, "PASID in translated requests") \
	F(T, VTD_ECAP_SSIRWS,		57, 57, "IR and IW of the second stage") \
	F(T, VTD_ECAP_SMS,		58, 58, "stop markers")

#define VTD_GCMD_FIELDS(F, T)						\
	F(T, VTD_GCMD_CFI,		23, 23, "let compatibility format in") \
	F(T, VTD_GCMD_SIRTP,		24, 24, "set interrupt table")	\
	F(T, VTD_GCMD_IRE,		25, 25, "interrupt remapping on") \
	F(T, VTD_GCMD_QIE,		26, 26, "queued invalidation on") \
	F(T, VTD_GCMD_WBF,		27, 27, "flush write buffer")	\
	F(T, VTD_GCMD_EAFL,		28, 28, "advanced fault log on") \
	F(T, VTD_GCMD_SFL,		29, 29, "set fault log")	\
	F(T, VTD_GCMD_SRTP,		30, 30, "set root table")	\
	F(T, VTD_GCMD_TE,		31, 31, "translation on")

#define VTD_GSTS_FIELDS(F, T)						\
	F(T, VTD_GSTS_CFIS,		23, 23, "compatibility format is let in") \
	F(T, VTD_GSTS_IRTPS,		24, 24, "interrupt table is set") \
	F(T, VTD_GSTS_IRES,		25, 25, "interrupt remapping is on") \
	F(T, VTD_GSTS_QIES,		26, 26, "queued invalidation is on") \
	F(T, VTD_GSTS_WBFS,		27, 27, "write buffer is flushing") \
	F(T, VTD_GSTS_AFLS,		28, 28, "advanced fault log is on") \
	F(T, VTD_GSTS_FLS,		29, 29, "fault log is set")	\
	F(T, VTD_GSTS_RTPS,		30, 30, "root table is set")	\
	F(T, VTD_GSTS_TES,		31, 31, "translation is on")

#define VTD_RTADDR_FIELDS(F, T)						\
	F(T, VTD_RTADDR_TTM,		11, 10, "translation table mode") \
	F(T, VTD_RTADDR_RTA,		63, 12, "root table, bits 63:12")

#define VTD_CCMD_FIELDS(F, T)						\
	F(T, VTD_CCMD_DID,		15, 0, "domain id")		\
	F(T, VTD_CCMD_SID,		31, 16, "source id")		\
	F(T, VTD_CCMD_FM,		33, 32, "function mask")	\
	F(T, VTD_CCMD_CAIG,		60, 59, "granularity done")	\
	F(T, VTD_CCMD_CIRG,		62, 61, "granularity asked for") \
	F(T, VTD_CCMD_ICC,		63, 63, "invalidate")

#define VTD_IVA_FIELDS(F, T)						\
	F(T, VTD_IVA_AM,		5, 0, "log2 of pages")		\
	F(T, VTD_IVA_IH,		6, 6, "leaf entries only")	\
	F(T, VTD_IVA_ADDR,		63, 12, "page, bits 63:12")

#define VTD_IOTLB_FIELDS(F, T)						\
	F(T, VTD_IOTLB_DID,		47, 32, "domain id")		\
	F(T, VTD_IOTLB_DW,		48, 48, "drain writes")		\
	F(T, VTD_IOTLB_DR,		49, 49, "drain reads")		\
	F(T, VTD_IOTLB_IAIG,		58, 57, "granularity done")	\
	F(T, VTD_IOTLB_IIRG,		61, 60, "granularity asked for") \
	F(T, VTD_IOTLB_IVT,		63, 63, "invalidate")

/* PFO, AFO, IQE, ICE, ITE and PRO are cleared by writing 1. */
#define VTD_FSTS_FIELDS(F, T)						\
	F(T, VTD_FSTS_PFO,		0, 0, "fault records overflowed") \
	F(T, VTD_FSTS_PPF,		1, 1, "a fault record is in use") \
	F(T, VTD_FSTS_AFO,		2, 2, "advanced log overflowed") \
	F(T, VTD_FSTS_APF,		3, 3, "advanced log has faults") \
	F(T, VTD_FSTS_IQE,		4, 4, "invalidation queue error") \
	F(T, VTD_FSTS_ICE,		5, 5, "invalid device TLB completion") \
	F(T, VTD_FSTS_ITE,		6, 6, "device TLB did not answer") \
	F(T, VTD_FSTS_PRO,		7, 7, "deprecated, now PRS.PRO") \
	F(T, VTD_FSTS_FRI,		15, 8, "first record of pending ones")

/* FECTL, IECTL, PECTL, PERFINTRCTL */
#define VTD_ECTL_FIELDS(F, T)						\
	F(T, VTD_ECTL_IP,		30, 30, "interrupt pending")	\
	F(T, VTD_ECTL_IM,		31, 31, "interrupt masked")

/* FEDATA, IEDATA, PEDATA, PERFINTRDATA */
#define VTD_EDATA_FIELDS(F, T)						\
	F(T, VTD_EDATA_IMD,		15, 0, "message data")		\
	F(T, VTD_EDATA_EIMD,		31, 16, "reserved since revision 3.3")

/* FEADDR, IEADDR, PEADDR, PERFINTRADDR */
#define VTD_EADDR_FIELDS(F, T)						\
	F(T, VTD_EADDR_MA,		31, 2, "message address, bits 31:2")

/* FEUADDR, IEUADDR, PEUADDR, PERFINTRUADDR */
#define VTD_EUADDR_FIELDS(F, T)						\
	F(T, VTD_EUADDR_MUA,		31, 0, "message address, bits 63:32")

#define VTD_AFLOG_FIELDS(F, T)						\
	F(T, VTD_AFLOG_FLS,		11, 9, "2^FLS pages")		\
	F(T, VTD_AFLOG_FLA,		63, 12, "fault log, bits 63:12")

#define VTD_PMEN_FIELDS(F, T)						\
	F(T, VTD_PMEN_PRS,		0, 0, "regions are protected")	\
	F(T, VTD_PMEN_EPM,		31, 31, "protect regions")

/* Bit 4 is reserved with descriptors of 256 bits. */
#define VTD_IQH_FIELDS(F, T)						\
	F(T, VTD_IQH_QH,		18, 4, "head, bits 18:4")
#define VTD_IQT_FIELDS(F, T)						\
	F(T, VTD_IQT_QT,		18, 4, "tail, bits 18:4")

#define VTD_IQA_FIELDS(F, T)						\
	F(T, VTD_IQA_QS,		2, 0, "2^QS pages")		\
	F(T, VTD_IQA_DW,		11, 11, "descriptors of 256 bits") \
	F(T, VTD_IQA_IQA,		63, 12, "queue, bits 63:12")

/* Cleared by writing 1. */
#define VTD_ICS_FIELDS(F, T)						\
	F(T, VTD_ICS_IWC,		0, 0, "a wait with IF is done")

#define VTD_IQERCD_FIELDS(F, T)						\
	F(T, VTD_IQERCD_IQEI,		3, 0, "queue error")		\
	F(T, VTD_IQERCD_ITESID,		47, 32, "source of ITE")	\
	F(T, VTD_IQERCD_ICESID,		63, 48, "source of ICE")

#define VTD_IRTA_FIELDS(F, T)						\
	F(T, VTD_IRTA_S,		3, 0, "2^(S + 1) entries")	\
	F(T, VTD_IRTA_EIME,		11, 11, "32-bit destinations")	\
	F(T, VTD_IRTA_IRTA,		63, 12, "table, bits 63:12")

#define VTD_PQH_FIELDS(F, T)						\
	F(T, VTD_PQH_PQH,		18, 5, "head, bits 18:5")
#define VTD_PQT_FIELDS(F, T)						\
	F(T, VTD_PQT_PQT,		18, 5, "tail, bits 18:5")

#define VTD_PQA_FIELDS(F, T)						\
	F(T, VTD_PQA_PQS,		2, 0, "2^PQS pages")		\
	F(T, VTD_PQA_PQA,		63, 12, "queue, bits 63:12")

/* Both are cleared by writing 1. */
#define VTD_PRS_FIELDS(F, T)						\
	F(T, VTD_PRS_PPR,		0, 0, "page requests are pending") \
	F(T, VTD_PRS_PRO,		1, 1, "page request queue overflowed")

#define VTD_MTRRCAP_FIELDS(F, T)					\
	F(T, VTD_MTRRCAP_VCNT,		7, 0, "variable ranges")	\
	F(T, VTD_MTRRCAP_FIX,		8, 8, "fixed ranges")		\
	F(T, VTD_MTRRCAP_WC,		10, 10, "write combining")

#define VTD_MTRRDEF_FIELDS(F, T)					\
	F(T, VTD_MTRRDEF_TYPE,		7, 0, "default memory type")	\
	F(T, VTD_MTRRDEF_FE,		10, 10, "fixed ranges on")	\
	F(T, VTD_MTRRDEF_E,		11, 11, "ranges on")

#define VTD_PERFCAP_FIELDS(F, T)					\
	F(T, VTD_PERFCAP_NCNTR,		15, 0, "counters")		\
	F(T, VTD_PERFCAP_CNTRWIDTH,	22, 16, "counter bits")		\
	F(T, VTD_PERFCAP_NEVGRP,	28, 24, "event groups")		\
	F(T, VTD_PERFCAP_FILTERS,	36, 32, "filters")		\
	F(T, VTD_PERFCAP_INT,		50, 50, "interrupt on overflow") \
	F(T, VTD_PERFCAP_STRIDE,	54, 52, "counters are 2^(10 + STRIDE) apart")

#define VTD_PERFINTRSTS_FIELDS(F, T)					\
	F(T, VTD_PERFINTRSTS_PIS,	0, 0, "a counter overflowed")

#define VTD_PERFEVNTCAP_FIELDS(F, T)					\
	F(T, VTD_PERFEVNTCAP_ES,	27, 0, "events")

#define VTD_ECMD_FIELDS(F, T)						\
	F(T, VTD_ECMD_ECMD,		7, 0, "command")		\
	F(T, VTD_ECMD_OA,		63, 16, "operand A")

#define VTD_ECRSP_FIELDS(F, T)						\
	F(T, VTD_ECRSP_IP,		0, 0, "in progress")		\
	F(T, VTD_ECRSP_SC,		7, 1, "status code")

#define VTD_ECCAP3_FIELDS(F, T)						\
	F(T, VTD_ECCAP3_ECNTS,		48, 48, "enable counter")	\
	F(T, VTD_ECCAP3_DCNTS,		49, 49, "disable counter")	\
	F(T, VTD_ECCAP3_FCNTS,		52, 52, "freeze counters")	\
	F(T, VTD_ECCAP3_UFCNTS,		53, 53, "unfreeze counters")

#define VTD_VCMD_FIELDS(F, T)						\
	F(T, VTD_VCMD_CMD,		7, 0, "command")		\
	F(T, VTD_VCMD_OP,		63, 16, "operand A")

#define VTD_VCRSP_FIELDS(F, T)						\
	F(T, VTD_VCRSP_IP,		0, 0, "in progress")		\
	F(T, VTD_VCRSP_SC,		7, 1, "status code")		\
	F(T, VTD_VCRSP_PASID,		35, 16, "result: PASID allocated")

#define VTD_VCCAP_FIELDS(F, T)						\
	F(T, VTD_VCCAP_PAS,		0, 0, "PASID allocation")

/* clang-format on */

FIELD_REGISTER(VTD_VER_FIELDS);
FIELD_REGISTER(VTD_CAP_FIELDS);
FIELD_REGISTER(VTD_ECAP_FIELDS);
FIELD_REGISTER(VTD_GCMD_FIELDS);
FIELD_REGISTER(VTD_GSTS_FIELDS);
FIELD_REGISTER(VTD_RTADDR_FIELDS);
FIELD_REGISTER(VTD_CCMD_FIELDS);
FIELD_REGISTER(VTD_IVA_FIELDS);
FIELD_REGISTER(VTD_IOTLB_FIELDS);
FIELD_REGISTER(VTD_FSTS_FIELDS);
FIELD_REGISTER(VTD_ECTL_FIELDS);
FIELD_REGISTER(VTD_EDATA_FIELDS);
FIELD_REGISTER(VTD_EADDR_FIELDS);
FIELD_REGISTER(VTD_EUADDR_FIELDS);
FIELD_REGISTER(VTD_AFLOG_FIELDS);
FIELD_REGISTER(VTD_PMEN_FIELDS);
FIELD_REGISTER(VTD_IQH_FIELDS);
FIELD_REGISTER(VTD_IQT_FIELDS);
FIELD_REGISTER(VTD_IQA_FIELDS);
FIELD_REGISTER(VTD_ICS_FIELDS);
FIELD_REGISTER(VTD_IQERCD_FIELDS);
FIELD_REGISTER(VTD_IRTA_FIELDS);
FIELD_REGISTER(VTD_PQH_FIELDS);
FIELD_REGISTER(VTD_PQT_FIELDS);
FIELD_REGISTER(VTD_PQA_FIELDS);
FIELD_REGISTER(VTD_PRS_FIELDS);
FIELD_REGISTER(VTD_MTRRCAP_FIELDS);
FIELD_REGISTER(VTD_MTRRDEF_FIELDS);
FIELD_REGISTER(VTD_PERFCAP_FIELDS);
FIELD_REGISTER(VTD_PERFINTRSTS_FIELDS);
FIELD_REGISTER(VTD_PERFEVNTCAP_FIELDS);
FIELD_REGISTER(VTD_ECMD_FIELDS);
FIELD_REGISTER(VTD_ECRSP_FIELDS);
FIELD_REGISTER(VTD_ECCAP3_FIELDS);
FIELD_REGISTER(VTD_VCMD_FIELDS);
FIELD_REGISTER(VTD_VCRSP_FIELDS);
FIELD_REGISTER(VTD_VCCAP_FIELDS);

/* Bits of SAGAW; the levels of a width are AW + 2. */
enum {
	VTD_CAP_SAGAW_39 = 1 << 1,
	VTD_CAP_SAGAW_48 = 1 << 2,
	VTD_CAP_SAGAW_57 = 1 << 3,
};

/* Bits of SSLPS. */
enum {
	VTD_CAP_SSLPS_2M = 1 << 0,
	VTD_CAP_SSLPS_1G = 1 << 1,
};

enum {
	VTD_RTADDR_TTM_LEGACY = 0,
	VTD_RTADDR_TTM_SCALABLE = 1,
	VTD_RTADDR_TTM_RESERVED = 2, /* extended mode, long ago */
	VTD_RTADDR_TTM_ABORT = 3,
};

/* CIRG and CAIG; 0 is reserved, in CAIG nothing was done. */
enum {
	VTD_CCMD_CIRG_GLOBAL = 1,
	VTD_CCMD_CIRG_DOMAIN = 2,
	VTD_CCMD_CIRG_DEVICE = 3,
};

/* IIRG and IAIG; 0 is reserved, in IAIG nothing was done. */
enum {
	VTD_IOTLB_IIRG_GLOBAL = 1,
	VTD_IOTLB_IIRG_DOMAIN = 2,
	VTD_IOTLB_IIRG_PAGE = 3,
};

/* IQEI */
enum {
	VTD_IQEI_UNKNOWN = 0,
	VTD_IQEI_TAIL = 1,       /* beyond the queue */
	VTD_IQEI_FETCH = 2,      /* descriptor cannot be read */
	VTD_IQEI_TYPE = 3,       /* no such type */
	VTD_IQEI_RESERVED = 4,   /* reserved bits or values of a type */
	VTD_IQEI_WIDTH = 5,      /* IQA.DW is not allowed */
	VTD_IQEI_TAIL_ALIGN = 6, /* bit 4 of the tail, with 256 bits */
	VTD_IQEI_TTM = 7,        /* RTADDR.TTM is not allowed */
};

/* Enhanced commands that are known. */
enum {
	VTD_ECMD_ENABLE_COUNTER = 0xf0,
	VTD_ECMD_DISABLE_COUNTER = 0xf1,
	VTD_ECMD_FREEZE_COUNTERS = 0xf4,
	VTD_ECMD_UNFREEZE_COUNTERS = 0xf5,
};

/* Sizes of the queues, as their size field SIZE has them. */
enum {
	VTD_IQ_SIZE_MAX = 7,
	VTD_PQ_SIZE_MAX = 7,
	VTD_QUEUE_UNIT_LG2 = 12, /* 2^SIZE of these */
};

/* Where the registers without a fixed place are, from the unit's base. */
FIELD__FN uint32_t vtd_frcd_offset(uint64_t cap)
{
	return (uint32_t)REG_GET(VTD_CAP_FRO, cap) * 16;
}

FIELD__FN uint32_t vtd_iva_offset(uint64_t ecap)
{
	return (uint32_t)REG_GET(VTD_ECAP_IRO, ecap) * 16 + VTD_IVA;
}

FIELD__FN uint32_t vtd_iotlb_offset(uint64_t ecap)
{
	return (uint32_t)REG_GET(VTD_ECAP_IRO, ecap) * 16 + VTD_IOTLB;
}

#endif
