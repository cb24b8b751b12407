/* SPDX-License-Identifier: MIT */
/*
 * SMMUv3 queue entries: commands, events and page requests.
 *
 * Bit numbers and names are those of the Arm SMMU architecture specification,
 * IHI 0070 (issue G.b): chapter 4 for commands, 7.3 for events, 8 for page
 * requests. SID is StreamID and SSID SubstreamID.
 *
 * Left out until a second source confirms their position: MSI_NS of CMD_SYNC
 * (Realm queues only), Stride and NS of CMD_PREFETCH_ADDR, the operands of
 * CMD_DPTI_PA, and the cause bits that indirection and overlays add to
 * F_PERMISSION.
 */
#ifndef FMT_SMMUV3_QUEUE_H
#define FMT_SMMUV3_QUEUE_H

#include <stdint.h>

#include "base/field.h"
#include "fmt/smmuv3_ste.h"

struct smmu_cmd {
	uint64_t dw[2];
};
struct smmu_evt {
	uint64_t dw[4];
};
struct smmu_pri {
	uint64_t dw[2];
};

/* 4.1.1. CMD_CFGI_ALL is CMD_CFGI_STE_RANGE with a Range of 31. */
enum {
	SMMU_OP_PREFETCH_CONFIG = 0x01,
	SMMU_OP_PREFETCH_ADDR = 0x02,
	SMMU_OP_CFGI_STE = 0x03,
	SMMU_OP_CFGI_STE_RANGE = 0x04,
	SMMU_OP_CFGI_ALL = 0x04,
	SMMU_OP_CFGI_CD = 0x05,
	SMMU_OP_CFGI_CD_ALL = 0x06,
	SMMU_OP_CFGI_VMS_PIDM = 0x07,
	SMMU_OP_TLBI_NH_ALL = 0x10,
	SMMU_OP_TLBI_NH_ASID = 0x11,
	SMMU_OP_TLBI_NH_VA = 0x12,
	SMMU_OP_TLBI_NH_VAA = 0x13,
	SMMU_OP_TLBI_EL3_ALL = 0x18,
	SMMU_OP_TLBI_EL3_VA = 0x1a,
	SMMU_OP_TLBI_EL2_ALL = 0x20,
	SMMU_OP_TLBI_EL2_ASID = 0x21,
	SMMU_OP_TLBI_EL2_VA = 0x22,
	SMMU_OP_TLBI_EL2_VAA = 0x23,
	SMMU_OP_TLBI_S12_VMALL = 0x28,
	SMMU_OP_TLBI_S2_IPA = 0x2a,
	SMMU_OP_TLBI_NSNH_ALL = 0x30,
	SMMU_OP_ATC_INV = 0x40,
	SMMU_OP_PRI_RESP = 0x41,
	SMMU_OP_RESUME = 0x44,
	SMMU_OP_STALL_TERM = 0x45,
	SMMU_OP_SYNC = 0x46,
	SMMU_OP_TLBI_S_EL2_ALL = 0x50,
	SMMU_OP_TLBI_S_EL2_ASID = 0x51,
	SMMU_OP_TLBI_S_EL2_VA = 0x52,
	SMMU_OP_TLBI_S_EL2_VAA = 0x53,
	SMMU_OP_TLBI_S_S12_VMALL = 0x58,
	SMMU_OP_TLBI_S_S2_IPA = 0x5a,
	SMMU_OP_TLBI_SNH_ALL = 0x60,
	SMMU_OP_DPTI_ALL = 0x70,
	SMMU_OP_DPTI_PA = 0x73,
	SMMU_OP_IMPDEF_FIRST = 0x80,
	SMMU_OP_IMPDEF_LAST = 0x8f,
};

/* clang-format off */

/* Every command. */
#define SMMU_CMD_FIELDS(F, T)						\
	F(T, SMMU_CMD_OPCODE,		7, 0, "opcode")

/* 4.2; SIZE and ADDRESS are those of CMD_PREFETCH_ADDR. */
#define SMMU_CMD_PREFETCH_FIELDS(F, T)					\
	F(T, SMMU_CMD_PREFETCH_SSEC,	10, 10, "Secure stream")	\
	F(T, SMMU_CMD_PREFETCH_SSV,	11, 11, "SSID is valid")	\
	F(T, SMMU_CMD_PREFETCH_SSID,	31, 12, "substream")		\
	F(T, SMMU_CMD_PREFETCH_SID,	63, 32, "stream")		\
	F(T, SMMU_CMD_PREFETCH_SIZE,	68, 64, "log2 of translations")	\
	F(T, SMMU_CMD_PREFETCH_ADDRESS,	127, 76, "address, bits 63:12")

/* 4.3: CFGI_STE (LEAF), CFGI_CD (SSID, LEAF), CFGI_CD_ALL. */
#define SMMU_CMD_CFGI_FIELDS(F, T)					\
	F(T, SMMU_CMD_CFGI_SSEC,	10, 10, "Secure stream")	\
	F(T, SMMU_CMD_CFGI_SSID,	31, 12, "substream")		\
	F(T, SMMU_CMD_CFGI_SID,		63, 32, "stream")		\
	F(T, SMMU_CMD_CFGI_LEAF,	64, 64, "not the level-1 descriptor")

/* 4.3.2: what CFGI_STE_RANGE and CFGI_ALL have in the place of LEAF. */
#define SMMU_CMD_CFGI_RANGE_FIELDS(F, T)				\
	F(T, SMMU_CMD_CFGI_RANGE,	68, 64, "2^(Range+1) streams")

/* 4.3.5 */
#define SMMU_CMD_CFGI_VMS_PIDM_FIELDS(F, T)				\
	F(T, SMMU_CMD_CFGI_VMS_PIDM_SSEC, 10, 10, "Secure VMID")	\
	F(T, SMMU_CMD_CFGI_VMS_PIDM_VMID, 47, 32, "VMID")

/* 4.4: all TLBI; each takes the operands its name says, others are RES0. */
#define SMMU_CMD_TLBI_FIELDS(F, T)					\
	F(T, SMMU_CMD_TLBI_NUM,		16, 12, "range multiplier - 1")	\
	F(T, SMMU_CMD_TLBI_SCALE,	25, 20, "range scale")		\
	F(T, SMMU_CMD_TLBI_VMID,	47, 32, "VMID")			\
	F(T, SMMU_CMD_TLBI_ASID,	63, 48, "ASID")			\
	F(T, SMMU_CMD_TLBI_LEAF,	64, 64, "last level only")	\
	F(T, SMMU_CMD_TLBI_TTL128,	71, 71, "TTL of 128-bit tables") \
	F(T, SMMU_CMD_TLBI_TTL,		73, 72, "level hint")		\
	F(T, SMMU_CMD_TLBI_TG,		75, 74, "granule, 0 for no range") \
	F(T, SMMU_CMD_TLBI_ADDRESS,	127, 76, "VA or IPA, bits 63:12")

/* 4.5.1 */
#define SMMU_CMD_ATC_INV_FIELDS(F, T)					\
	F(T, SMMU_CMD_ATC_INV_GLOBAL,	9, 9, "all PASIDs")		\
	F(T, SMMU_CMD_ATC_INV_SSV,	11, 11, "SSID is valid")	\
	F(T, SMMU_CMD_ATC_INV_SSID,	31, 12, "substream")		\
	F(T, SMMU_CMD_ATC_INV_SID,	63, 32, "stream")		\
	F(T, SMMU_CMD_ATC_INV_SIZE,	69, 64, "4096 << Size bytes")	\
	F(T, SMMU_CMD_ATC_INV_ADDRESS,	127, 76, "address, bits 63:12")

/* 4.5.2 */
#define SMMU_CMD_PRI_RESP_FIELDS(F, T)					\
	F(T, SMMU_CMD_PRI_RESP_SSV,	11, 11, "SSID is valid")	\
	F(T, SMMU_CMD_PRI_RESP_SSID,	31, 12, "substream")		\
	F(T, SMMU_CMD_PRI_RESP_SID,	63, 32, "stream")		\
	F(T, SMMU_CMD_PRI_RESP_PRGINDEX, 72, 64, "page request group")	\
	F(T, SMMU_CMD_PRI_RESP_RESP,	77, 76, "response code")

/* 4.7.1 */
#define SMMU_CMD_RESUME_FIELDS(F, T)					\
	F(T, SMMU_CMD_RESUME_SSEC,	10, 10, "Secure stream")	\
	F(T, SMMU_CMD_RESUME_AC,	12, 12, "retry, not terminate")	\
	F(T, SMMU_CMD_RESUME_AB,	13, 13, "terminate by abort")	\
	F(T, SMMU_CMD_RESUME_SID,	63, 32, "stream")		\
	F(T, SMMU_CMD_RESUME_STAG,	79, 64, "stall tag")

/* 4.7.2 */
#define SMMU_CMD_STALL_TERM_FIELDS(F, T)				\
	F(T, SMMU_CMD_STALL_TERM_SSEC,	10, 10, "Secure stream")	\
	F(T, SMMU_CMD_STALL_TERM_SID,	63, 32, "stream")

/* 4.7.3 */
#define SMMU_CMD_SYNC_FIELDS(F, T)					\
	F(T, SMMU_CMD_SYNC_CS,		13, 12, "completion signal")	\
	F(T, SMMU_CMD_SYNC_MSH,		23, 22, "MSI shareability")	\
	F(T, SMMU_CMD_SYNC_MSIATTR,	27, 24, "MSI memory type")	\
	F(T, SMMU_CMD_SYNC_MSIDATA,	63, 32, "MSI data")		\
	F(T, SMMU_CMD_SYNC_MSIADDRESS,	119, 66, "MSI address, bits 55:2")

/*
 * 7.3, the fields of most events. An event has those its description names.
 * C_BAD_SUBSTREAMID has a substream without SSV.
 */
#define SMMU_EVT_FIELDS(F, T)						\
	F(T, SMMU_EVT_ID,		7, 0, "event number")		\
	F(T, SMMU_EVT_SSV,		11, 11, "substream is valid")	\
	F(T, SMMU_EVT_SUBSTREAMID,	31, 12, "substream")		\
	F(T, SMMU_EVT_STREAMID,		63, 32, "stream")		\
	F(T, SMMU_EVT_STAG,		79, 64, "stall tag")		\
	F(T, SMMU_EVT_STALL,		95, 95, "stalled")		\
	F(T, SMMU_EVT_PNU,		97, 97, "privileged")		\
	F(T, SMMU_EVT_IND,		98, 98, "instruction")		\
	F(T, SMMU_EVT_RNW,		99, 99, "read")			\
	F(T, SMMU_EVT_NSIPA,		102, 102, "Non-secure IPA")	\
	F(T, SMMU_EVT_S2,		103, 103, "stage 2")		\
	F(T, SMMU_EVT_CLASS,		105, 104, "what faulted")	\
	F(T, SMMU_EVT_TTRNW,		108, 108, "table access was a read") \
	F(T, SMMU_EVT_IMPDEF,		127, 112, "implementation defined") \
	F(T, SMMU_EVT_INPUTADDR,	191, 128, "input address")	\
	F(T, SMMU_EVT_IPA,		247, 204, "IPA, bits 55:12")

/*
 * 7.3: REASON of F_UUT and, with the others, of the events of fetches: F_STE_,
 * F_CD_, F_VMS_FETCH and F_WALK_EABT.
 */
#define SMMU_EVT_FETCH_FIELDS(F, T)					\
	F(T, SMMU_EVT_REASON,		79, 64, "implementation defined") \
	F(T, SMMU_EVT_GPCF,		80, 80, "granule protection fault") \
	F(T, SMMU_EVT_FETCHADDR,	247, 195, "PA, bits 55:3")

/* 7.3.17, 7.3.18: F_TLB_CONFLICT and F_CFG_CONFLICT have a wider reason. */
#define SMMU_EVT_CONFLICT_FIELDS(F, T)					\
	F(T, SMMU_EVT_CONFLICT_REASON,	95, 64, "implementation defined")

/* 7.3.6; the address is INPUTADDR with bits 11:0 clear. */
#define SMMU_EVT_F_BAD_ATS_TREQ_FIELDS(F, T)				\
	F(T, SMMU_EVT_F_BAD_ATS_TREQ_SPAN, 67, 64, "STUs requested")	\
	F(T, SMMU_EVT_F_BAD_ATS_TREQ_PRIV, 92, 92, "privileged")	\
	F(T, SMMU_EVT_F_BAD_ATS_TREQ_X,	93, 93, "execute")		\
	F(T, SMMU_EVT_F_BAD_ATS_TREQ_W,	94, 94, "write")		\
	F(T, SMMU_EVT_F_BAD_ATS_TREQ_R,	95, 95, "read, always 1")

/* 7.3.19; the address is INPUTADDR with bits 11:0 clear. */
#define SMMU_EVT_E_PAGE_REQUEST_FIELDS(F, T)				\
	F(T, SMMU_EVT_E_PAGE_REQUEST_UX, 97, 97, "user execute")	\
	F(T, SMMU_EVT_E_PAGE_REQUEST_UW, 98, 98, "user write")		\
	F(T, SMMU_EVT_E_PAGE_REQUEST_UR, 99, 99, "user read")		\
	F(T, SMMU_EVT_E_PAGE_REQUEST_PX, 101, 101, "privileged execute") \
	F(T, SMMU_EVT_E_PAGE_REQUEST_PW, 102, 102, "privileged write")	\
	F(T, SMMU_EVT_E_PAGE_REQUEST_PR, 103, 103, "privileged read")	\
	F(T, SMMU_EVT_E_PAGE_REQUEST_SPAN, 115, 108, "pages")

/* 8 */
#define SMMU_PRI_FIELDS(F, T)						\
	F(T, SMMU_PRI_STREAMID,		31, 0, "stream")		\
	F(T, SMMU_PRI_SUBSTREAMID,	51, 32, "substream")		\
	F(T, SMMU_PRI_PRIV,		58, 58, "privileged")		\
	F(T, SMMU_PRI_X,		59, 59, "execute")		\
	F(T, SMMU_PRI_R,		60, 60, "read")			\
	F(T, SMMU_PRI_W,		61, 61, "write")		\
	F(T, SMMU_PRI_LAST,		62, 62, "last of the group")	\
	F(T, SMMU_PRI_SSV,		63, 63, "substream is valid")	\
	F(T, SMMU_PRI_PRGINDEX,		72, 64, "page request group")	\
	F(T, SMMU_PRI_PAGEADDR,		127, 76, "address, bits 63:12")

/* clang-format on */

FIELD_RECORD(struct smmu_cmd, SMMU_CMD_FIELDS);
FIELD_RECORD(struct smmu_cmd, SMMU_CMD_PREFETCH_FIELDS);
FIELD_RECORD(struct smmu_cmd, SMMU_CMD_CFGI_FIELDS);
FIELD_RECORD(struct smmu_cmd, SMMU_CMD_CFGI_RANGE_FIELDS);
FIELD_RECORD(struct smmu_cmd, SMMU_CMD_CFGI_VMS_PIDM_FIELDS);
FIELD_RECORD(struct smmu_cmd, SMMU_CMD_TLBI_FIELDS);
FIELD_RECORD(struct smmu_cmd, SMMU_CMD_ATC_INV_FIELDS);
FIELD_RECORD(struct smmu_cmd, SMMU_CMD_PRI_RESP_FIELDS);
FIELD_RECORD(struct smmu_cmd, SMMU_CMD_RESUME_FIELDS);
FIELD_RECORD(struct smmu_cmd, SMMU_CMD_STALL_TERM_FIELDS);
FIELD_RECORD(struct smmu_cmd, SMMU_CMD_SYNC_FIELDS);
FIELD_RECORD(struct smmu_evt, SMMU_EVT_FIELDS);
FIELD_RECORD(struct smmu_evt, SMMU_EVT_FETCH_FIELDS);
FIELD_RECORD(struct smmu_evt, SMMU_EVT_CONFLICT_FIELDS);
FIELD_RECORD(struct smmu_evt, SMMU_EVT_F_BAD_ATS_TREQ_FIELDS);
FIELD_RECORD(struct smmu_evt, SMMU_EVT_E_PAGE_REQUEST_FIELDS);
FIELD_RECORD(struct smmu_pri, SMMU_PRI_FIELDS);

/* Operands of commands. */
enum {
	SMMU_CMD_CFGI_RANGE_ALL = 31,

	SMMU_CMD_TLBI_TG_NONE = 0,
	SMMU_CMD_TLBI_TG_4K = 1,
	SMMU_CMD_TLBI_TG_16K = 2,
	SMMU_CMD_TLBI_TG_64K = 3,
	SMMU_CMD_TLBI_SCALE_MAX = 39, /* larger ones behave as 39 */

	SMMU_CMD_ATC_INV_SIZE_ALL = 52,

	SMMU_CMD_RESUME_AC_TERMINATE = 0,
	SMMU_CMD_RESUME_AC_RETRY = 1,

	SMMU_CMD_SYNC_CS_NONE = 0,
	SMMU_CMD_SYNC_CS_IRQ = 1,
	SMMU_CMD_SYNC_CS_SEV = 2,
};

/* MSIATTR, MEMATTR: the encoding of stage 2 MemAttr. */
enum {
	SMMU_MEMATTR_DEVICE_NGNRNE = 0x0,
	SMMU_MEMATTR_DEVICE_NGNRE = 0x1,
	SMMU_MEMATTR_NC = 0x5,
	SMMU_MEMATTR_OIWB = 0xf,
};

/* CMD_PRI_RESP Resp; 3 is illegal. */
enum {
	SMMU_PRI_RESP_FAILURE = 0,
	SMMU_PRI_RESP_INVALID = 1,
	SMMU_PRI_RESP_SUCCESS = 2,
};

/* 8.3: the codes of a PRG Response message on the bus. */
enum {
	SMMU_PRG_SUCCESS = 0x0,
	SMMU_PRG_INVALID = 0x1,
	SMMU_PRG_FAILURE = 0xf,
};

/* 7.1: SMMU_CMDQ_CONS.ERR. */
enum {
	SMMU_CERROR_NONE = 0,
	SMMU_CERROR_ILL = 1,
	SMMU_CERROR_ABT = 2,
	SMMU_CERROR_ATC_INV_SYNC = 3,
};

/* clang-format off */

/* 7.3: event numbers, as a list of E(name, number). */
#define SMMU_EVENTS(E)							\
	E(SMMU_EVT_F_UUT,		0x01)				\
	E(SMMU_EVT_C_BAD_STREAMID,	0x02)				\
	E(SMMU_EVT_F_STE_FETCH,		0x03)				\
	E(SMMU_EVT_C_BAD_STE,		0x04)				\
	E(SMMU_EVT_F_BAD_ATS_TREQ,	0x05)				\
	E(SMMU_EVT_F_STREAM_DISABLED,	0x06)				\
	E(SMMU_EVT_F_TRANSL_FORBIDDEN,	0x07)				\
	E(SMMU_EVT_C_BAD_SUBSTREAMID,	0x08)				\
	E(SMMU_EVT_F_CD_FETCH,		0x09)				\
	E(SMMU_EVT_C_BAD_CD,		0x0a)				\
	E(SMMU_EVT_F_WALK_EABT,		0x0b)				\
	E(SMMU_EVT_F_TRANSLATION,	0x10)				\
	E(SMMU_EVT_F_ADDR_SIZE,		0x11)				\
	E(SMMU_EVT_F_ACCESS,		0x12)				\
	E(SMMU_EVT_F_PERMISSION,	0x13)				\
	E(SMMU_EVT_F_TLB_CONFLICT,	0x20)				\
	E(SMMU_EVT_F_CFG_CONFLICT,	0x21)				\
	E(SMMU_EVT_E_PAGE_REQUEST,	0x24)				\
	E(SMMU_EVT_F_VMS_FETCH,		0x25)

/* clang-format on */

#define SMMU__EVENT_ENUM(name, number) name = (number),
enum {
	SMMU_EVENTS(SMMU__EVENT_ENUM) SMMU_EVT_IMPDEF_FIRST = 0xe0,
	SMMU_EVT_IMPDEF_LAST = 0xef,
};

enum {
	SMMU_EVT_CLASS_CD = 0,
	SMMU_EVT_CLASS_TT = 1,
	SMMU_EVT_CLASS_IN = 2,
};

SMMU_ADDR_HELPERS(struct smmu_cmd, smmu_cmd_prefetch_address,
		  smmu_cmd_prefetch_set_address, SMMU_CMD_PREFETCH_ADDRESS, 12)
SMMU_ADDR_HELPERS(struct smmu_cmd, smmu_cmd_tlbi_address,
		  smmu_cmd_tlbi_set_address, SMMU_CMD_TLBI_ADDRESS, 12)
SMMU_ADDR_HELPERS(struct smmu_cmd, smmu_cmd_atc_inv_address,
		  smmu_cmd_atc_inv_set_address, SMMU_CMD_ATC_INV_ADDRESS, 12)
SMMU_ADDR_HELPERS(struct smmu_cmd, smmu_cmd_sync_msiaddress,
		  smmu_cmd_sync_set_msiaddress, SMMU_CMD_SYNC_MSIADDRESS, 2)
SMMU_ADDR_HELPERS(struct smmu_evt, smmu_evt_ipa, smmu_evt_set_ipa, SMMU_EVT_IPA,
		  12)
SMMU_ADDR_HELPERS(struct smmu_evt, smmu_evt_fetchaddr, smmu_evt_set_fetchaddr,
		  SMMU_EVT_FETCHADDR, 3)
SMMU_ADDR_HELPERS(struct smmu_pri, smmu_pri_address, smmu_pri_set_address,
		  SMMU_PRI_PAGEADDR, 12)

#endif
