/* SPDX-License-Identifier: MIT */
/*
 * SMMUv3 configuration structures: Stream Table Entry, Context Descriptor and
 * the level-1 descriptors of both tables.
 *
 * Bit numbers and names are those of the Arm SMMU architecture specification,
 * IHI 0070, chapter 5 (issue G.b), counted over the whole record. Bits that
 * mean something else with 128-bit descriptors (SMMU_IDR5.D128) have a list of
 * their own.
 *
 * The helpers at the end take and give whole addresses; the fields hold the
 * address bits only.
 */
#ifndef FMT_SMMUV3_STE_H
#define FMT_SMMUV3_STE_H

#include <stdint.h>

#include "base/field.h"

struct smmu_l1std {
	uint64_t dw[1];
};
struct smmu_ste {
	uint64_t dw[8];
};
struct smmu_l1cd {
	uint64_t dw[1];
};
struct smmu_cd {
	uint64_t dw[8];
};

/* clang-format off */

/* 5.1 */
#define SMMU_L1STD_FIELDS(F, T)						\
	F(T, SMMU_L1STD_SPAN,		4, 0, "2^(Span-1) STEs, 0 is invalid") \
	F(T, SMMU_L1STD_L2PTR,		55, 6, "level-2 array, bits 55:6")

/* 5.2 */
#define SMMU_STE_FIELDS(F, T)						\
	F(T, SMMU_STE_V,		0, 0, "valid")			\
	F(T, SMMU_STE_CONFIG,		3, 1, "stages enabled")		\
	F(T, SMMU_STE_S1FMT,		5, 4, "CD table format")	\
	F(T, SMMU_STE_S1CONTEXTPTR,	55, 6, "CD table, bits 55:6")	\
	F(T, SMMU_STE_S1CDMAX,		63, 59, "log2 of number of CDs") \
	F(T, SMMU_STE_S1DSS,		65, 64, "default substream")	\
	F(T, SMMU_STE_S1CIR,		67, 66, "CD inner cacheability") \
	F(T, SMMU_STE_S1COR,		69, 68, "CD outer cacheability") \
	F(T, SMMU_STE_S1CSH,		71, 70, "CD shareability")	\
	F(T, SMMU_STE_S2HWU59,		72, 72, "bit 59 is hardware\'s") \
	F(T, SMMU_STE_S2HWU60,		73, 73, "bit 60 is hardware\'s") \
	F(T, SMMU_STE_S2HWU61,		74, 74, "bit 61 is hardware\'s") \
	F(T, SMMU_STE_S2HWU62,		75, 75, "bit 62 is hardware\'s") \
	F(T, SMMU_STE_DRE,		76, 76, "destructive read enable") \
	F(T, SMMU_STE_CONT,		80, 77, "log2 of identical STEs") \
	F(T, SMMU_STE_DCP,		81, 81, "directed cache prefetch") \
	F(T, SMMU_STE_PPAR,		82, 82, "PASID on PRI auto-response") \
	F(T, SMMU_STE_MEV,		83, 83, "merge events")		\
	F(T, SMMU_STE_SW_RESERVED,	87, 84, "software use")		\
	F(T, SMMU_STE_S1PIE,		88, 88, "CD may use indirection") \
	F(T, SMMU_STE_S2FWB,		89, 89, "stage 2 forces write-back") \
	F(T, SMMU_STE_S1MPAM,		90, 90, "MPAM ids from the CD")	\
	F(T, SMMU_STE_S1STALLD,		91, 91, "stage 1 may not stall") \
	F(T, SMMU_STE_EATS,		93, 92, "ATS")			\
	F(T, SMMU_STE_STRW,		95, 94, "stream world")		\
	F(T, SMMU_STE_MEMATTR,		99, 96, "memory type override")	\
	F(T, SMMU_STE_MTCFG,		100, 100, "override memory type") \
	F(T, SMMU_STE_ALLOCCFG,		104, 101, "allocation hints")	\
	F(T, SMMU_STE_SHCFG,		109, 108, "shareability override") \
	F(T, SMMU_STE_NSCFG,		111, 110, "NS attribute override") \
	F(T, SMMU_STE_PRIVCFG,		113, 112, "privilege override")	\
	F(T, SMMU_STE_INSTCFG,		115, 114, "instruction override") \
	F(T, SMMU_STE_IMPDEF1,		127, 116, "implementation defined") \
	F(T, SMMU_STE_S2VMID,		143, 128, "VMID")		\
	F(T, SMMU_STE_IMPDEF2,		159, 144, "implementation defined") \
	F(T, SMMU_STE_S2T0SZ,		165, 160, "64 - IPA bits")	\
	F(T, SMMU_STE_S2SL0,		167, 166, "start level")	\
	F(T, SMMU_STE_S2IR0,		169, 168, "walk inner cacheability") \
	F(T, SMMU_STE_S2OR0,		171, 170, "walk outer cacheability") \
	F(T, SMMU_STE_S2SH0,		173, 172, "walk shareability")	\
	F(T, SMMU_STE_S2TG,		175, 174, "granule")		\
	F(T, SMMU_STE_S2PS,		178, 176, "PA size")		\
	F(T, SMMU_STE_S2AA64,		179, 179, "VMSAv8-64 tables")	\
	F(T, SMMU_STE_S2ENDI,		180, 180, "big-endian tables")	\
	F(T, SMMU_STE_S2AFFD,		181, 181, "no Access flag faults") \
	F(T, SMMU_STE_S2PTW,		182, 182, "no walk through Device") \
	F(T, SMMU_STE_S2HD,		183, 183, "hardware dirty state") \
	F(T, SMMU_STE_S2HA,		184, 184, "hardware Access flag") \
	F(T, SMMU_STE_S2S,		185, 185, "stall on fault")	\
	F(T, SMMU_STE_S2R,		186, 186, "record faults")	\
	F(T, SMMU_STE_S2HAFT,		187, 187, "Access flag of tables") \
	F(T, SMMU_STE_S2PIE,		188, 188, "indirect permissions") \
	F(T, SMMU_STE_S2POE,		189, 189, "permission overlays") \
	F(T, SMMU_STE_DPT_VMATCH,	191, 190, "DPT check of the VMID") \
	F(T, SMMU_STE_S2NSW,		192, 192, "NS of walks, NS IPA") \
	F(T, SMMU_STE_S2NSA,		193, 193, "NS of output, NS IPA") \
	F(T, SMMU_STE_S2SL0_2,		194, 194, "bit 2 of S2SL0")	\
	F(T, SMMU_STE_S2DS,		195, 195, "52 bits with 4K and 16K") \
	F(T, SMMU_STE_S2TTB,		247, 196, "stage 2 table, bits 55:4") \
	F(T, SMMU_STE_S2SKL,		254, 253, "levels to skip")	\
	F(T, SMMU_STE_IMPDEF4,		271, 256, "implementation defined") \
	F(T, SMMU_STE_PARTID,		287, 272, "MPAM partition")	\
	F(T, SMMU_STE_S_S2T0SZ,		293, 288, "Secure: 64 - IPA bits") \
	F(T, SMMU_STE_S_S2SL0,		295, 294, "Secure: start level") \
	F(T, SMMU_STE_S_S2TG,		303, 302, "Secure: granule")	\
	F(T, SMMU_STE_MECID,		319, 304, "memory encryption context") \
	F(T, SMMU_STE_PMG,		327, 320, "MPAM monitoring group") \
	F(T, SMMU_STE_MPAM_NS,		328, 328, "MPAM space, if Secure") \
	F(T, SMMU_STE_ASSUREDONLY,	329, 329, "AssuredOnly check")	\
	F(T, SMMU_STE_TL0,		330, 330, "TopLevel 0 check")	\
	F(T, SMMU_STE_TL1,		331, 331, "TopLevel 1 check")	\
	F(T, SMMU_STE_VMSPTR,		375, 332, "VMS, bits 55:12")	\
	F(T, SMMU_STE_S2SW,		384, 384, "NS of walks, Secure IPA") \
	F(T, SMMU_STE_S2SA,		385, 385, "NS of output, Secure IPA") \
	F(T, SMMU_STE_S_S2SL0_2,	386, 386, "bit 2 of S_S2SL0")	\
	F(T, SMMU_STE_S_S2TTB,		439, 388, "Secure table, bits 55:4") \
	F(T, SMMU_STE_S_S2SKL,		446, 445, "Secure: levels to skip") \
	F(T, SMMU_STE_S2POI,		511, 448, "16 overlays")

/* 5.3 */
#define SMMU_L1CD_FIELDS(F, T)						\
	F(T, SMMU_L1CD_V,		0, 0, "valid")			\
	F(T, SMMU_L1CD_L2PTR,		55, 12, "level-2 table, bits 55:12")

/* 5.4 */
#define SMMU_CD_FIELDS(F, T)						\
	F(T, SMMU_CD_T0SZ,		5, 0, "64 - VA bits of TTB0")	\
	F(T, SMMU_CD_TG0,		7, 6, "granule of TTB0")	\
	F(T, SMMU_CD_IR0,		9, 8, "inner cacheability of TTB0") \
	F(T, SMMU_CD_OR0,		11, 10, "outer cacheability of TTB0") \
	F(T, SMMU_CD_SH0,		13, 12, "shareability of TTB0")	\
	F(T, SMMU_CD_EPD0,		14, 14, "no walks of TTB0")	\
	F(T, SMMU_CD_ENDI,		15, 15, "big-endian tables")	\
	F(T, SMMU_CD_T1SZ,		21, 16, "64 - VA bits of TTB1")	\
	F(T, SMMU_CD_TG1,		23, 22, "granule of TTB1")	\
	F(T, SMMU_CD_IR1,		25, 24, "inner cacheability of TTB1") \
	F(T, SMMU_CD_OR1,		27, 26, "outer cacheability of TTB1") \
	F(T, SMMU_CD_SH1,		29, 28, "shareability of TTB1")	\
	F(T, SMMU_CD_EPD1,		30, 30, "no walks of TTB1")	\
	F(T, SMMU_CD_V,			31, 31, "valid")		\
	F(T, SMMU_CD_IPS,		34, 32, "IPA size")		\
	F(T, SMMU_CD_AFFD,		35, 35, "no Access flag faults") \
	F(T, SMMU_CD_WXN,		36, 36, "writable is execute-never") \
	F(T, SMMU_CD_UWXN,		37, 37, "user writable is PXN")	\
	F(T, SMMU_CD_TBI0,		38, 38, "top byte ignored, TTB0") \
	F(T, SMMU_CD_TBI1,		39, 39, "top byte ignored, TTB1") \
	F(T, SMMU_CD_PAN,		40, 40, "privileged access never") \
	F(T, SMMU_CD_AA64,		41, 41, "VMSAv8-64 tables")	\
	F(T, SMMU_CD_HD,		42, 42, "hardware dirty state")	\
	F(T, SMMU_CD_HA,		43, 43, "hardware Access flag")	\
	F(T, SMMU_CD_S,			44, 44, "stall on fault")	\
	F(T, SMMU_CD_R,			45, 45, "record faults")	\
	F(T, SMMU_CD_A,			46, 46, "abort, not RAZ/WI")	\
	F(T, SMMU_CD_ASET,		47, 47, "ASID not shared with CPUs") \
	F(T, SMMU_CD_ASID,		63, 48, "ASID")			\
	F(T, SMMU_CD_NSCFG0,		64, 64, "NS of the TTB0 table")	\
	F(T, SMMU_CD_HAD0,		65, 65, "no hierarchy of TTB0")	\
	F(T, SMMU_CD_E0PD0,		66, 66, "no user access to TTB0") \
	F(T, SMMU_CD_HAFT,		67, 67, "Access flag of tables") \
	F(T, SMMU_CD_TTB0,		119, 68, "table 0, bits 55:4")	\
	F(T, SMMU_CD_PNCH,		122, 122, "Protected, not Contiguous") \
	F(T, SMMU_CD_EPAN,		123, 123, "PAN looks at execute-only") \
	F(T, SMMU_CD_HWU059,		124, 124, "TTB0 bit 59 is hardware's") \
	F(T, SMMU_CD_HWU060,		125, 125, "TTB0 bit 60 is hardware's") \
	F(T, SMMU_CD_HWU061,		126, 126, "TTB0 bit 61 is hardware's") \
	F(T, SMMU_CD_HWU062,		127, 127, "TTB0 bit 62 is hardware's") \
	F(T, SMMU_CD_NSCFG1,		128, 128, "NS of the TTB1 table") \
	F(T, SMMU_CD_HAD1,		129, 129, "no hierarchy of TTB1") \
	F(T, SMMU_CD_E0PD1,		130, 130, "no user access to TTB1") \
	F(T, SMMU_CD_AIE,		131, 131, "attribute index extension") \
	F(T, SMMU_CD_TTB1,		183, 132, "table 1, bits 55:4")	\
	F(T, SMMU_CD_DS,		186, 186, "52 bits with 4K and 16K") \
	F(T, SMMU_CD_PIE,		187, 187, "indirect permissions") \
	F(T, SMMU_CD_HWU159,		188, 188, "TTB1 bit 59 is hardware's") \
	F(T, SMMU_CD_HWU160,		189, 189, "TTB1 bit 60 is hardware's") \
	F(T, SMMU_CD_HWU161,		190, 190, "TTB1 bit 61 is hardware's") \
	F(T, SMMU_CD_HWU162,		191, 191, "TTB1 bit 62 is hardware's") \
	F(T, SMMU_CD_MAIR0,		223, 192, "attributes 0 to 3")	\
	F(T, SMMU_CD_MAIR1,		255, 224, "attributes 4 to 7")	\
	F(T, SMMU_CD_AMAIR0,		287, 256, "auxiliary 0 to 3")	\
	F(T, SMMU_CD_AMAIR1,		319, 288, "auxiliary 4 to 7")	\
	F(T, SMMU_CD_IMPDEF5,		351, 320, "implementation defined") \
	F(T, SMMU_CD_PARTID,		367, 352, "MPAM partition")	\
	F(T, SMMU_CD_PMG,		375, 368, "MPAM monitoring group") \
	F(T, SMMU_CD_PIIU,		431, 384, "16 user permissions") \
	F(T, SMMU_CD_PIIP,		495, 448, "16 privileged permissions")

/* 5.4, the bits that differ when SMMU_IDR5.D128 is 1. */
#define SMMU_CD_D128_FIELDS(F, T)					\
	F(T, SMMU_CD_DISCH0,		65, 65, "no Contiguous at start") \
	F(T, SMMU_CD_SKL0,		127, 126, "levels to skip, TTB0") \
	F(T, SMMU_CD_DISCH1,		129, 129, "no Contiguous at start") \
	F(T, SMMU_CD_SKL1,		191, 190, "levels to skip, TTB1")

/* clang-format on */

FIELD_RECORD(struct smmu_l1std, SMMU_L1STD_FIELDS);
FIELD_RECORD(struct smmu_ste, SMMU_STE_FIELDS);
FIELD_RECORD(struct smmu_l1cd, SMMU_L1CD_FIELDS);
FIELD_RECORD(struct smmu_cd, SMMU_CD_FIELDS);
FIELD_RECORD(struct smmu_cd, SMMU_CD_D128_FIELDS);

/* Sizes of the tables, in entries (log2 of it where the name says so). */
enum {
	SMMU_STRTAB_SPLIT_4K = 6,
	SMMU_STRTAB_SPLIT_16K = 8,
	SMMU_STRTAB_SPLIT_64K = 10,
	SMMU_L1STD_SPAN_MAX = 11, /* larger ones behave as 0 */
	SMMU_CDTAB_4K_L2_LG2 = 6,
	SMMU_CDTAB_64K_L2_LG2 = 10,
};

/* CONFIG: 0b0xx aborts without a record; bit 0 is stage 1, bit 1 stage 2. */
enum {
	SMMU_STE_CONFIG_ABORT = 0,
	SMMU_STE_CONFIG_BYPASS = 4,
	SMMU_STE_CONFIG_S1 = 5,
	SMMU_STE_CONFIG_S2 = 6,
	SMMU_STE_CONFIG_NESTED = 7,
};

enum {
	SMMU_STE_S1FMT_LINEAR = 0,
	SMMU_STE_S1FMT_4K_L2 = 1,
	SMMU_STE_S1FMT_64K_L2 = 2,
};

enum {
	SMMU_STE_S1DSS_TERMINATE = 0,
	SMMU_STE_S1DSS_BYPASS = 1,
	SMMU_STE_S1DSS_SSID0 = 2,
};

enum {
	SMMU_STE_EATS_ABORT = 0,
	SMMU_STE_EATS_FULL = 1,
	SMMU_STE_EATS_SPLIT = 2,
	SMMU_STE_EATS_DPT = 3,
};

enum {
	SMMU_STE_STRW_EL1 = 0,
	SMMU_STE_STRW_EL3 = 1, /* Secure streams only */
	SMMU_STE_STRW_EL2 = 2,
};

enum {
	SMMU_STE_SHCFG_NSH = 0,
	SMMU_STE_SHCFG_INCOMING = 1,
	SMMU_STE_SHCFG_OSH = 2,
	SMMU_STE_SHCFG_ISH = 3,
};

/* PRIVCFG and INSTCFG; 1 is reserved and behaves as incoming. */
enum {
	SMMU_STE_PRIVCFG_INCOMING = 0,
	SMMU_STE_PRIVCFG_UNPRIV = 2,
	SMMU_STE_PRIVCFG_PRIV = 3,
	SMMU_STE_INSTCFG_INCOMING = 0,
	SMMU_STE_INSTCFG_DATA = 2,
	SMMU_STE_INSTCFG_INST = 3,
};

/* S1CSH, S2SH0, SH0, SH1 and CR1; 1 is reserved and behaves as 0. */
enum {
	SMMU_SH_NSH = 0,
	SMMU_SH_OSH = 2,
	SMMU_SH_ISH = 3,
};

/* S1CIR, S1COR: the CD is only ever read. */
enum {
	SMMU_S1C_NC = 0,
	SMMU_S1C_WB_RA = 1,
	SMMU_S1C_WT_RA = 2,
	SMMU_S1C_WB = 3,
};

/* IRx, ORx, S2IR0, S2OR0. */
enum {
	SMMU_RGN_NC = 0,
	SMMU_RGN_WB_RAWA = 1,
	SMMU_RGN_WT_RA = 2,
	SMMU_RGN_WB_RA = 3,
};

/* TG0 and S2TG have one encoding, TG1 another. */
enum {
	SMMU_TG0_4K = 0,
	SMMU_TG0_64K = 1,
	SMMU_TG0_16K = 2,
	SMMU_TG1_16K = 1,
	SMMU_TG1_4K = 2,
	SMMU_TG1_64K = 3,
};

/* IPS, S2PS and SMMU_IDR5.OAS. */
enum {
	SMMU_PS_32 = 0,
	SMMU_PS_36 = 1,
	SMMU_PS_40 = 2,
	SMMU_PS_42 = 3,
	SMMU_PS_44 = 4,
	SMMU_PS_48 = 5,
	SMMU_PS_52 = 6,
	SMMU_PS_56 = 7,
};

/* An address field as a whole address, and back; other bits are dropped. */
#define SMMU_ADDR_HELPERS(T, get, set, f, low)                                 \
	FIELD__FN uint64_t get(const T *rec)                                   \
	{                                                                      \
		return FIELD_GET(f, rec) << (low);                             \
	}                                                                      \
	FIELD__FN void set(T *rec, uint64_t addr)                              \
	{                                                                      \
		FIELD_SET(f, rec, addr >> (low));                              \
	}

SMMU_ADDR_HELPERS(struct smmu_l1std, smmu_l1std_l2ptr, smmu_l1std_set_l2ptr,
		  SMMU_L1STD_L2PTR, 6)
SMMU_ADDR_HELPERS(struct smmu_ste, smmu_ste_s1contextptr,
		  smmu_ste_set_s1contextptr, SMMU_STE_S1CONTEXTPTR, 6)
SMMU_ADDR_HELPERS(struct smmu_ste, smmu_ste_s2ttb, smmu_ste_set_s2ttb,
		  SMMU_STE_S2TTB, 4)
SMMU_ADDR_HELPERS(struct smmu_ste, smmu_ste_vmsptr, smmu_ste_set_vmsptr,
		  SMMU_STE_VMSPTR, 12)
SMMU_ADDR_HELPERS(struct smmu_l1cd, smmu_l1cd_l2ptr, smmu_l1cd_set_l2ptr,
		  SMMU_L1CD_L2PTR, 12)
SMMU_ADDR_HELPERS(struct smmu_cd, smmu_cd_ttb0, smmu_cd_set_ttb0, SMMU_CD_TTB0,
		  4)
SMMU_ADDR_HELPERS(struct smmu_cd, smmu_cd_ttb1, smmu_cd_set_ttb1, SMMU_CD_TTB1,
		  4)

/* The eight memory attributes, as MAIR_ELx prints them. */
FIELD__FN uint64_t smmu_cd_mair(const struct smmu_cd *cd)
{
	return FIELD_GET(SMMU_CD_MAIR1, cd) << 32 |
	       FIELD_GET(SMMU_CD_MAIR0, cd);
}

FIELD__FN void smmu_cd_set_mair(struct smmu_cd *cd, uint64_t mair)
{
	FIELD_SET(SMMU_CD_MAIR0, cd, mair & UINT32_MAX);
	FIELD_SET(SMMU_CD_MAIR1, cd, mair >> 32);
}

#endif
