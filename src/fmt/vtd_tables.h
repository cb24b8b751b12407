/* SPDX-License-Identifier: MIT */
/*
 * VT-d tables: root and context entries of both modes, PASID directory and
 * table, interrupt remapping table, and the interrupt messages it remaps.
 *
 * Bit numbers are counted over the whole record. Names are those of revision 4
 * of the specification; "first level" and "second level" of older revisions
 * and of the kernel are first and second stage here (FLPTPTR is FSPTPTR, SLADE
 * is SSADE and so on). docs/FORMATS.md says where the bits are known from.
 *
 * The helpers at the end take and give whole addresses; the fields hold the
 * address bits only.
 */
#ifndef FMT_VTD_TABLES_H
#define FMT_VTD_TABLES_H

#include <stdint.h>

#include "base/field.h"

struct vtd_root {
	uint64_t dw[2];
};
struct vtd_context {
	uint64_t dw[2];
};
struct vtd_sm_context {
	uint64_t dw[4];
};
struct vtd_pasid_dir {
	uint64_t dw[1];
};
struct vtd_pasid {
	uint64_t dw[8];
};
struct vtd_irte {
	uint64_t dw[2];
};

/* clang-format off */

/* Legacy mode: one context table for a bus. */
#define VTD_ROOT_FIELDS(F, T)						\
	F(T, VTD_ROOT_P,		0, 0, "present")		\
	F(T, VTD_ROOT_CTP,		63, 12, "context table, bits 63:12")

/* Scalable mode: two, for devices 0 to 15 and 16 to 31. */
#define VTD_SM_ROOT_FIELDS(F, T)					\
	F(T, VTD_SM_ROOT_LP,		0, 0, "lower present")		\
	F(T, VTD_SM_ROOT_LCTP,		63, 12, "lower table, bits 63:12") \
	F(T, VTD_SM_ROOT_UP,		64, 64, "upper present")	\
	F(T, VTD_SM_ROOT_UCTP,		127, 76, "upper table, bits 63:12")

/* Legacy mode */
#define VTD_CONTEXT_FIELDS(F, T)					\
	F(T, VTD_CONTEXT_P,		0, 0, "present")		\
	F(T, VTD_CONTEXT_FPD,		1, 1, "faults are not recorded") \
	F(T, VTD_CONTEXT_TT,		3, 2, "translation type")	\
	F(T, VTD_CONTEXT_SSPTPTR,	63, 12, "second stage, bits 63:12") \
	F(T, VTD_CONTEXT_AW,		66, 64, "levels - 2")		\
	F(T, VTD_CONTEXT_IGN,		70, 67, "software use")		\
	F(T, VTD_CONTEXT_DID,		87, 72, "domain id")

#define VTD_SM_CONTEXT_FIELDS(F, T)					\
	F(T, VTD_SM_CONTEXT_P,		0, 0, "present")		\
	F(T, VTD_SM_CONTEXT_FPD,	1, 1, "faults are not recorded") \
	F(T, VTD_SM_CONTEXT_DTE,	2, 2, "device TLB")		\
	F(T, VTD_SM_CONTEXT_PASIDE,	3, 3, "requests with PASID")	\
	F(T, VTD_SM_CONTEXT_PRE,	4, 4, "page requests")		\
	F(T, VTD_SM_CONTEXT_PDTS,	11, 9, "2^(PDTS + 7) directory entries") \
	F(T, VTD_SM_CONTEXT_PASIDDIRPTR, 63, 12, "directory, bits 63:12") \
	F(T, VTD_SM_CONTEXT_RID_PASID,	83, 64, "PASID of requests without") \
	F(T, VTD_SM_CONTEXT_RID_PRIV,	84, 84, "those are privileged")

#define VTD_PASID_DIR_FIELDS(F, T)					\
	F(T, VTD_PASID_DIR_P,		0, 0, "present")		\
	F(T, VTD_PASID_DIR_FPD,		1, 1, "faults are not recorded") \
	F(T, VTD_PASID_DIR_SMPTBLPTR,	63, 12, "PASID table, bits 63:12")

/* Words 4 to 7 are 0, but for a host permission table. */
#define VTD_PASID_FIELDS(F, T)						\
	F(T, VTD_PASID_P,		0, 0, "present")		\
	F(T, VTD_PASID_FPD,		1, 1, "faults are not recorded") \
	F(T, VTD_PASID_AW,		4, 2, "second-stage levels - 2") \
	F(T, VTD_PASID_SSEE,		5, 5, "second-stage execute, old") \
	F(T, VTD_PASID_PGTT,		8, 6, "translation type")	\
	F(T, VTD_PASID_SSADE,		9, 9, "second-stage A/D")	\
	F(T, VTD_PASID_SSPTPTR,		63, 12, "second stage, bits 63:12") \
	F(T, VTD_PASID_DID,		79, 64, "domain id")		\
	F(T, VTD_PASID_PWSNP,		87, 87, "walks snoop")		\
	F(T, VTD_PASID_PGSNP,		88, 88, "pages are snooped")	\
	F(T, VTD_PASID_CD,		89, 89, "cache disable")	\
	F(T, VTD_PASID_EMTE,		90, 90, "extended memory type on") \
	F(T, VTD_PASID_EMT,		93, 91, "extended memory type")	\
	F(T, VTD_PASID_PWT,		94, 94, "write-through of the top") \
	F(T, VTD_PASID_PCD,		95, 95, "cache disable of the top") \
	F(T, VTD_PASID_PAT,		127, 96, "page attribute table") \
	F(T, VTD_PASID_SRE,		128, 128, "supervisor requests") \
	F(T, VTD_PASID_ERE,		129, 129, "execute requests")	\
	F(T, VTD_PASID_FSPM,		131, 130, "first-stage mode")	\
	F(T, VTD_PASID_WPE,		132, 132, "supervisor minds R/W") \
	F(T, VTD_PASID_NXE,		133, 133, "XD is not reserved")	\
	F(T, VTD_PASID_SMEP,		134, 134, "no supervisor fetch of U") \
	F(T, VTD_PASID_EAFE,		135, 135, "extended accessed flag") \
	F(T, VTD_PASID_FSPTPTR,		191, 140, "first stage, bits 63:12")

/* Both formats */
#define VTD_IRTE_FIELDS(F, T)						\
	F(T, VTD_IRTE_P,		0, 0, "present")		\
	F(T, VTD_IRTE_FPD,		1, 1, "faults are not recorded") \
	F(T, VTD_IRTE_AVAIL,		11, 8, "software use")		\
	F(T, VTD_IRTE_IM,		15, 15, "posted")		\
	F(T, VTD_IRTE_V,		23, 16, "vector")		\
	F(T, VTD_IRTE_SID,		79, 64, "source id")		\
	F(T, VTD_IRTE_SQ,		81, 80, "source id qualifier")	\
	F(T, VTD_IRTE_SVT,		83, 82, "source validation")

/* Remapped: IM is 0 */
#define VTD_IRTE_REMAP_FIELDS(F, T)					\
	F(T, VTD_IRTE_DM,		2, 2, "logical destination")	\
	F(T, VTD_IRTE_RH,		3, 3, "redirection hint")	\
	F(T, VTD_IRTE_TM,		4, 4, "level triggered")	\
	F(T, VTD_IRTE_DLM,		7, 5, "delivery mode")		\
	F(T, VTD_IRTE_DST,		63, 32, "destination, if EIME")

/* Remapped, IRTA.EIME is 0: the rest of DST is reserved. */
#define VTD_IRTE_XAPIC_FIELDS(F, T)					\
	F(T, VTD_IRTE_DST_XAPIC,	47, 40, "destination, unless EIME")

/* Posted: IM is 1 */
#define VTD_IRTE_POST_FIELDS(F, T)					\
	F(T, VTD_IRTE_URG,		14, 14, "urgent")		\
	F(T, VTD_IRTE_PDA_LO,		63, 38, "posted descriptor, bits 31:6") \
	F(T, VTD_IRTE_PDA_HI,		127, 96, "posted descriptor, bits 63:32")

/* Address of a message in remappable format; IF is 0 in the other format. */
#define VTD_MSI_ADDR_FIELDS(F, T)					\
	F(T, VTD_MSI_ADDR_HANDLE_HI,	2, 2, "handle, bit 15")		\
	F(T, VTD_MSI_ADDR_SHV,		3, 3, "subhandle is valid")	\
	F(T, VTD_MSI_ADDR_IF,		4, 4, "remappable format")	\
	F(T, VTD_MSI_ADDR_HANDLE_LO,	19, 5, "handle, bits 14:0")	\
	F(T, VTD_MSI_ADDR_FEE,		31, 20, "always 0xfee")

#define VTD_MSI_DATA_FIELDS(F, T)					\
	F(T, VTD_MSI_DATA_SUBHANDLE,	15, 0, "added to the handle, if SHV")

/* clang-format on */

FIELD_RECORD(struct vtd_root, VTD_ROOT_FIELDS);
FIELD_RECORD(struct vtd_root, VTD_SM_ROOT_FIELDS);
FIELD_RECORD(struct vtd_context, VTD_CONTEXT_FIELDS);
FIELD_RECORD(struct vtd_sm_context, VTD_SM_CONTEXT_FIELDS);
FIELD_RECORD(struct vtd_pasid_dir, VTD_PASID_DIR_FIELDS);
FIELD_RECORD(struct vtd_pasid, VTD_PASID_FIELDS);
FIELD_RECORD(struct vtd_irte, VTD_IRTE_FIELDS);
FIELD_RECORD(struct vtd_irte, VTD_IRTE_REMAP_FIELDS);
FIELD_RECORD(struct vtd_irte, VTD_IRTE_XAPIC_FIELDS);
FIELD_RECORD(struct vtd_irte, VTD_IRTE_POST_FIELDS);
FIELD_REGISTER(VTD_MSI_ADDR_FIELDS);
FIELD_REGISTER(VTD_MSI_DATA_FIELDS);

/* Sizes of the tables, in entries (log2 of it where the name says so). */
enum {
	VTD_ROOT_ENTRIES = 256,       /* by bus */
	VTD_CONTEXT_ENTRIES = 256,    /* by device and function */
	VTD_SM_CONTEXT_ENTRIES = 128, /* by device[3:0] and function */
	VTD_SM_ROOT_UPPER = 0x80,     /* bit of devfn: the upper table */
	VTD_PASID_DIR_LG2_MIN = 7,
	VTD_PASID_TABLE_LG2 = 6,
	VTD_PASID_BITS = 20,
};

/* TT; 3 is reserved. */
enum {
	VTD_CONTEXT_TT_UNTRANSLATED = 0, /* second stage, no ATS */
	VTD_CONTEXT_TT_ALL = 1,          /* second stage, with ATS */
	VTD_CONTEXT_TT_PASS = 2,
};

/* AW, here and in the PASID table; others are reserved. */
enum {
	VTD_AW_39 = 1,
	VTD_AW_48 = 2,
	VTD_AW_57 = 3,
};

/* PGTT; others are reserved. */
enum {
	VTD_PASID_PGTT_FS = 1,
	VTD_PASID_PGTT_SS = 2,
	VTD_PASID_PGTT_NESTED = 3,
	VTD_PASID_PGTT_PT = 4,
};

/* FSPM; others are reserved. */
enum {
	VTD_PASID_FSPM_4 = 0,
	VTD_PASID_FSPM_5 = 1,
};

/* Memory types of EMT and of the MTRRs. */
enum {
	VTD_MT_UC = 0,
	VTD_MT_WC = 1,
	VTD_MT_WT = 4,
	VTD_MT_WP = 5,
	VTD_MT_WB = 6,
};

/* SVT; 3 is reserved. */
enum {
	VTD_IRTE_SVT_NONE = 0,
	VTD_IRTE_SVT_SID = 1, /* as SQ says */
	VTD_IRTE_SVT_BUS = 2, /* from SID[15:8] to SID[7:0] */
};

/* SQ: which bits of the function are not compared. */
enum {
	VTD_IRTE_SQ_ALL = 0,
	VTD_IRTE_SQ_NOT_2 = 1,
	VTD_IRTE_SQ_NOT_21 = 2,
	VTD_IRTE_SQ_NOT_210 = 3,
};

/* DLM; others are reserved. */
enum {
	VTD_IRTE_DLM_FIXED = 0,
	VTD_IRTE_DLM_LOWEST = 1,
	VTD_IRTE_DLM_SMI = 2,
	VTD_IRTE_DLM_NMI = 4,
	VTD_IRTE_DLM_INIT = 5,
	VTD_IRTE_DLM_EXTINT = 7,
};

/* Messages of all devices go here; requests with PASID may not. */
enum {
	VTD_MSI_FIRST_PAGE = 0xfee00,
	VTD_MSI_LAST_PAGE = 0xfeeff,
	VTD_MSI_ADDR_FEE_VALUE = 0xfee,
};

/* An address field as a whole address, and back; other bits are dropped. */
#define VTD_ADDR_HELPERS(T, get, set, f, low)                                  \
	FIELD__FN uint64_t get(const T *rec)                                   \
	{                                                                      \
		return FIELD_GET(f, rec) << (low);                             \
	}                                                                      \
	FIELD__FN void set(T *rec, uint64_t addr)                              \
	{                                                                      \
		FIELD_SET(f, rec, addr >> (low));                              \
	}

VTD_ADDR_HELPERS(struct vtd_root, vtd_root_ctp, vtd_root_set_ctp, VTD_ROOT_CTP,
		 12)
VTD_ADDR_HELPERS(struct vtd_root, vtd_sm_root_lctp, vtd_sm_root_set_lctp,
		 VTD_SM_ROOT_LCTP, 12)
VTD_ADDR_HELPERS(struct vtd_root, vtd_sm_root_uctp, vtd_sm_root_set_uctp,
		 VTD_SM_ROOT_UCTP, 12)
VTD_ADDR_HELPERS(struct vtd_context, vtd_context_ssptptr,
		 vtd_context_set_ssptptr, VTD_CONTEXT_SSPTPTR, 12)
VTD_ADDR_HELPERS(struct vtd_sm_context, vtd_sm_context_pasiddirptr,
		 vtd_sm_context_set_pasiddirptr, VTD_SM_CONTEXT_PASIDDIRPTR, 12)
VTD_ADDR_HELPERS(struct vtd_pasid_dir, vtd_pasid_dir_smptblptr,
		 vtd_pasid_dir_set_smptblptr, VTD_PASID_DIR_SMPTBLPTR, 12)
VTD_ADDR_HELPERS(struct vtd_pasid, vtd_pasid_ssptptr, vtd_pasid_set_ssptptr,
		 VTD_PASID_SSPTPTR, 12)
VTD_ADDR_HELPERS(struct vtd_pasid, vtd_pasid_fsptptr, vtd_pasid_set_fsptptr,
		 VTD_PASID_FSPTPTR, 12)

/* The posted interrupt descriptor, 64 bytes and as much aligned. */
FIELD__FN uint64_t vtd_irte_pda(const struct vtd_irte *irte)
{
	return FIELD_GET(VTD_IRTE_PDA_HI, irte) << 32 |
	       FIELD_GET(VTD_IRTE_PDA_LO, irte) << 6;
}

/* Handle of a message in remappable format, without the subhandle. */
FIELD__FN uint32_t vtd_msi_handle(uint32_t addr)
{
	return (uint32_t)(REG_GET(VTD_MSI_ADDR_HANDLE_HI, addr) << 15 |
			  REG_GET(VTD_MSI_ADDR_HANDLE_LO, addr));
}

#endif
