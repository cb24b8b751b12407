/* SPDX-License-Identifier: MIT */
/*
 * Arm VMSAv8-64 translation table descriptors, stages 1 and 2.
 *
 * Bit numbers and names are those of the Arm architecture reference manual for
 * A-profile, DDI 0487 (issue J.a), D8.3.1; levels and granules D8.2, the
 * Contiguous bit D8.7.1. Meanings that permission indirection, overlays and
 * memory encryption contexts give to bits 6, 51, 53, 54 and 59 to 63 are left
 * out.
 *
 * A granule is given as page_lg2: 12, 14 or 16. "wide" tells whether
 * descriptors hold 52-bit addresses: with 4K and 16K, if DS is set; with 64K,
 * if the output address size is 52 bits. Levels run from -1 to 3.
 */
#ifndef FMT_ARM_PT_H
#define FMT_ARM_PT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/field.h"

struct arm_pte {
	uint64_t dw[1];
};

/* clang-format off */

/* Every descriptor; TYPE counts only if VALID. */
#define ARM_PTE_FIELDS(F, T)						\
	F(T, ARM_PTE_VALID,		0, 0, "valid")			\
	F(T, ARM_PTE_TYPE,		1, 1, "table or page, not block")

/* Table D8-50: attributes of stage 1 Table descriptors */
#define ARM_PTE_TABLE_FIELDS(F, T)					\
	F(T, ARM_PTE_TABLE_AF,		10, 10, "Access flag, with HAFT") \
	F(T, ARM_PTE_TABLE_PXN,		59, 59, "PXNTable")		\
	F(T, ARM_PTE_TABLE_UXN,		60, 60, "UXNTable, XNTable")	\
	F(T, ARM_PTE_TABLE_AP,		62, 61, "APTable[1:0]")		\
	F(T, ARM_PTE_TABLE_NS,		63, 63, "NSTable")

/* Table D8-52: attributes of stage 1 Block and Page descriptors */
#define ARM_PTE_S1_FIELDS(F, T)						\
	F(T, ARM_PTE_S1_ATTRINDX,	4, 2, "index into MAIR")	\
	F(T, ARM_PTE_S1_NS,		5, 5, "Non-secure")		\
	F(T, ARM_PTE_S1_AP,		7, 6, "AP[2:1]")		\
	F(T, ARM_PTE_S1_SH,		9, 8, "shareability, unless DS") \
	F(T, ARM_PTE_S1_AF,		10, 10, "Access flag")		\
	F(T, ARM_PTE_S1_NG,		11, 11, "not global")		\
	F(T, ARM_PTE_S1_GP,		50, 50, "guarded page")		\
	F(T, ARM_PTE_S1_DBM,		51, 51, "dirty bit modifier")	\
	F(T, ARM_PTE_S1_CONTIG,		52, 52, "Contiguous")		\
	F(T, ARM_PTE_S1_PXN,		53, 53, "privileged execute-never") \
	F(T, ARM_PTE_S1_UXN,		54, 54, "user execute-never, XN") \
	F(T, ARM_PTE_S1_SW,		58, 55, "software use")		\
	F(T, ARM_PTE_S1_PBHA,		62, 59, "page-based attributes")

/* Table D8-53: attributes of stage 2 Block and Page descriptors */
#define ARM_PTE_S2_FIELDS(F, T)						\
	F(T, ARM_PTE_S2_MEMATTR,	5, 2, "memory type")		\
	F(T, ARM_PTE_S2_AP,		7, 6, "S2AP[1:0]")		\
	F(T, ARM_PTE_S2_SH,		9, 8, "shareability, unless DS") \
	F(T, ARM_PTE_S2_AF,		10, 10, "Access flag")		\
	F(T, ARM_PTE_S2_FNXS,		11, 11, "not XS")		\
	F(T, ARM_PTE_S2_DBM,		51, 51, "dirty bit modifier")	\
	F(T, ARM_PTE_S2_CONTIG,		52, 52, "Contiguous")		\
	F(T, ARM_PTE_S2_XN,		54, 53, "XN[1:0]")		\
	F(T, ARM_PTE_S2_NS,		55, 55, "Non-secure, Realm only") \
	F(T, ARM_PTE_S2_SW,		58, 56, "software use")		\
	F(T, ARM_PTE_S2_PBHA,		62, 59, "page-based attributes")

/* Blocks of both stages: do not cache while changing the size, BBM level 1. */
#define ARM_PTE_BLOCK_FIELDS(F, T)					\
	F(T, ARM_PTE_BLOCK_NT,		16, 16, "nT")

/* Address bits of tables and pages; blocks have fewer, see arm_pte_oa(). */
#define ARM_PTE_4K_FIELDS(F, T)						\
	F(T, ARM_PTE_4K_OA,		47, 12, "address, bits 47:12")
#define ARM_PTE_16K_FIELDS(F, T)					\
	F(T, ARM_PTE_16K_OA,		47, 14, "address, bits 47:14")
#define ARM_PTE_64K_FIELDS(F, T)					\
	F(T, ARM_PTE_64K_OA,		47, 16, "address, bits 47:16")	\
	F(T, ARM_PTE_64K_OA_51_48,	15, 12, "address, bits 51:48")

/* 4K and 16K if DS, beside those above and instead of SH */
#define ARM_PTE_DS_FIELDS(F, T)						\
	F(T, ARM_PTE_DS_OA_51_50,	9, 8, "address, bits 51:50")	\
	F(T, ARM_PTE_DS_OA_49_48,	49, 48, "address, bits 49:48")

/* clang-format on */

FIELD_RECORD(struct arm_pte, ARM_PTE_FIELDS);
FIELD_RECORD(struct arm_pte, ARM_PTE_TABLE_FIELDS);
FIELD_RECORD(struct arm_pte, ARM_PTE_S1_FIELDS);
FIELD_RECORD(struct arm_pte, ARM_PTE_S2_FIELDS);
FIELD_RECORD(struct arm_pte, ARM_PTE_BLOCK_FIELDS);
FIELD_RECORD(struct arm_pte, ARM_PTE_4K_FIELDS);
FIELD_RECORD(struct arm_pte, ARM_PTE_16K_FIELDS);
FIELD_RECORD(struct arm_pte, ARM_PTE_64K_FIELDS);
FIELD_RECORD(struct arm_pte, ARM_PTE_DS_FIELDS);

/* VALID and TYPE together. At level 3 a block is reserved and faults. */
enum {
	ARM_PTE_KIND_INVALID = 0, /* and 2: bit 0 decides */
	ARM_PTE_KIND_BLOCK = 1,
	ARM_PTE_KIND_TABLE = 3,
	ARM_PTE_KIND_PAGE = 3,
};

/* AP[2:1]: bit 0 lets users in, bit 1 takes writing away. */
enum {
	ARM_PTE_S1_AP_PRIV_RW = 0,
	ARM_PTE_S1_AP_RW = 1,
	ARM_PTE_S1_AP_PRIV_RO = 2,
	ARM_PTE_S1_AP_RO = 3,
	ARM_PTE_S1_AP_USER = 1,
	ARM_PTE_S1_AP_READONLY = 2,
};

/* APTable limits AP of all levels below. */
enum {
	ARM_PTE_TABLE_AP_NO_LIMIT = 0,
	ARM_PTE_TABLE_AP_NO_USER = 1,
	ARM_PTE_TABLE_AP_NO_WRITE = 2,
	ARM_PTE_TABLE_AP_NO_USER_NO_WRITE = 3,
};

enum {
	ARM_PTE_S2_AP_NONE = 0,
	ARM_PTE_S2_AP_RO = 1,
	ARM_PTE_S2_AP_WO = 2,
	ARM_PTE_S2_AP_RW = 3,
	ARM_PTE_S2_AP_READ = 1,
	ARM_PTE_S2_AP_WRITE = 2,
};

/* XN[1:0]; without XNX bit 0 is RES0 and bit 1 forbids both. */
enum {
	ARM_PTE_S2_XN_EXEC = 0,
	ARM_PTE_S2_XN_USER_EXEC = 1,
	ARM_PTE_S2_XN_NO_EXEC = 2,
	ARM_PTE_S2_XN_PRIV_EXEC = 3,
};

/* 1 is reserved. */
enum {
	ARM_PTE_SH_NSH = 0,
	ARM_PTE_SH_OSH = 2,
	ARM_PTE_SH_ISH = 3,
};

/* Stage 2 MemAttr without FWB. */
enum {
	ARM_PTE_S2_MEMATTR_DEVICE_NGNRNE = 0x0,
	ARM_PTE_S2_MEMATTR_DEVICE_NGNRE = 0x1,
	ARM_PTE_S2_MEMATTR_DEVICE_NGRE = 0x2,
	ARM_PTE_S2_MEMATTR_DEVICE_GRE = 0x3,
	ARM_PTE_S2_MEMATTR_NC = 0x5,
	ARM_PTE_S2_MEMATTR_WT = 0xa,
	ARM_PTE_S2_MEMATTR_WB = 0xf,
};

/* Stage 2 MemAttr with FWB, D8.6: the stage 1 type, Normal-NC or Normal-WB. */
enum {
	ARM_PTE_S2_MEMATTR_FWB_NC = 0x5,
	ARM_PTE_S2_MEMATTR_FWB_WB = 0x6,
	ARM_PTE_S2_MEMATTR_FWB_STAGE1 = 0x7,
};

/* One byte of MAIR. */
enum {
	ARM_MAIR_DEVICE_NGNRNE = 0x00,
	ARM_MAIR_DEVICE_NGNRE = 0x04,
	ARM_MAIR_DEVICE_NGRE = 0x08,
	ARM_MAIR_DEVICE_GRE = 0x0c,
	ARM_MAIR_NC = 0x44,
	ARM_MAIR_WT_RA = 0xaa,
	ARM_MAIR_WB_RAWA = 0xff,
};

enum {
	ARM_PT_4K_LG2 = 12,
	ARM_PT_16K_LG2 = 14,
	ARM_PT_64K_LG2 = 16,
	ARM_PT_LEVEL_FIRST = -1,
	ARM_PT_LEVEL_LAST = 3,
};

/* Index bits of one level: a table fills a page with 8-byte descriptors. */
FIELD__FN unsigned int arm_pt_level_bits(unsigned int page_lg2)
{
	return page_lg2 - 3;
}

/* log2 of the bytes that one entry of the level maps, whatever its kind. */
FIELD__FN unsigned int arm_pt_entry_lg2(unsigned int page_lg2, int level)
{
	return page_lg2 + (unsigned int)(ARM_PT_LEVEL_LAST - level) *
				  arm_pt_level_bits(page_lg2);
}

/*
 * First level of a stage 1 walk of va_bits. For stage 2 it is that of SL0,
 * which may be one more, with up to 16 tables side by side.
 */
FIELD__FN int arm_pt_start_level(unsigned int page_lg2, unsigned int va_bits)
{
	unsigned int bits = arm_pt_level_bits(page_lg2);

	return ARM_PT_LEVEL_LAST + 1 -
	       (int)((va_bits - page_lg2 + bits - 1) / bits);
}

/* Levels that may hold a Block. */
FIELD__FN bool arm_pt_block_level(unsigned int page_lg2, int level, bool wide)
{
	int first = page_lg2 == ARM_PT_4K_LG2 ? 1 : 2;

	return level >= first - (wide ? 1 : 0) && level <= 2;
}

/*
 * log2 of the entries that one Contiguous group has, 0 where the bit is RES0:
 * the blocks that only 52-bit addresses allow.
 */
FIELD__FN unsigned int arm_pt_contig_lg2(unsigned int page_lg2, int level)
{
	switch (page_lg2) {
	case ARM_PT_4K_LG2:
		return level >= 1 ? 4 : 0;
	case ARM_PT_16K_LG2:
		return level == 3 ? 7 : level == 2 ? 5 : 0;
	case ARM_PT_64K_LG2:
		return level >= 2 ? 5 : 0;
	default:
		return 0;
	}
}

/* {S2SL0_2, S2SL0} as a 3-bit number. A level without an encoding gives -1. */
FIELD__FN int arm_pt_s2_sl0(unsigned int page_lg2, int level)
{
	if (level < ARM_PT_LEVEL_FIRST || level > ARM_PT_LEVEL_LAST)
		return -1;
	if (page_lg2 == ARM_PT_4K_LG2)
		return level == -1 ? 4 : level == 3 ? 3 : 2 - level;
	if (level < (page_lg2 == ARM_PT_16K_LG2 ? 0 : 1))
		return -1;
	return 3 - level;
}

/* The opposite; a reserved sl0 gives ARM_PT_LEVEL_FIRST - 1. */
FIELD__FN int arm_pt_s2_start_level(unsigned int page_lg2, unsigned int sl0)
{
	int level;

	for (level = ARM_PT_LEVEL_FIRST; level <= ARM_PT_LEVEL_LAST; level++)
		if (arm_pt_s2_sl0(page_lg2, level) == (int)sl0)
			return level;
	return ARM_PT_LEVEL_FIRST - 1;
}

/*
 * The address in a descriptor that maps 1 << size_lg2 bytes, or points to a
 * table, which counts as page_lg2.
 */
FIELD__FN uint64_t arm_pte_oa(const struct arm_pte *pte, unsigned int page_lg2,
			      unsigned int size_lg2, bool wide)
{
	uint64_t oa = FIELD_GET(ARM_PTE_4K_OA, pte) << 12;

	oa &= ~UINT64_C(0) << size_lg2;
	if (!wide)
		return oa;
	if (page_lg2 == ARM_PT_64K_LG2)
		return oa | FIELD_GET(ARM_PTE_64K_OA_51_48, pte) << 48;
	return oa | FIELD_GET(ARM_PTE_DS_OA_49_48, pte) << 48 |
	       FIELD_GET(ARM_PTE_DS_OA_51_50, pte) << 50;
}

/*
 * Puts an address that is aligned to the page into a descriptor, which keeps
 * its other bits. Bits that do not fit (47:0, or 51:0 if wide) are dropped.
 */
FIELD__FN void arm_pte_set_oa(struct arm_pte *pte, unsigned int page_lg2,
			      uint64_t oa, bool wide)
{
	if (page_lg2 == ARM_PT_64K_LG2)
		FIELD_SET(ARM_PTE_64K_OA, pte,
			  oa >> 16 & FIELD_MAX(ARM_PTE_64K_OA));
	else if (page_lg2 == ARM_PT_16K_LG2)
		FIELD_SET(ARM_PTE_16K_OA, pte,
			  oa >> 14 & FIELD_MAX(ARM_PTE_16K_OA));
	else
		FIELD_SET(ARM_PTE_4K_OA, pte,
			  oa >> 12 & FIELD_MAX(ARM_PTE_4K_OA));
	if (!wide)
		return;
	if (page_lg2 == ARM_PT_64K_LG2) {
		FIELD_SET(ARM_PTE_64K_OA_51_48, pte, oa >> 48 & 0xf);
		return;
	}
	FIELD_SET(ARM_PTE_DS_OA_49_48, pte, oa >> 48 & 3);
	FIELD_SET(ARM_PTE_DS_OA_51_50, pte, oa >> 50 & 3);
}

#endif
