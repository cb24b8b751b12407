/* SPDX-License-Identifier: MIT */
/*
 * Intel DSA 1.x: BAR0 registers and configuration tables, BAR2 portals.
 *
 * Writable registers and tables list the 1.x bits only, so that
 * FIELD_DEFINED() of a list is what a 1.x device implements. Capability
 * registers also list the later bits a driver has to look at; a 1.x device
 * reads them as 0.
 *
 * Registers of at most 64 bits are plain integers; wider ones are records.
 */
#ifndef FMT_DSA_REGS_H
#define FMT_DSA_REGS_H

#include "base/field.h"

/* PCI identity of the first implementation, and its two 64-bit BARs. */
enum {
	DSA_PCI_VENDOR = 0x8086,
	DSA_PCI_DEVICE = 0x0b25,
	DSA_PCI_CLASS = 0x088000, /* other system peripheral */

	DSA_BAR_REGS = 0,
	DSA_BAR_PORTALS = 2,
	DSA_BAR_REGS_MIN_SIZE = 0x10000,
};

/* Offsets in BAR0, architecture 9.2. Width in bytes behind each. */
enum {
	DSA_REG_VERSION = 0x00,        /* 4 */
	DSA_REG_GENCAP = 0x10,         /* 8 */
	DSA_REG_WQCAP = 0x20,          /* 8 */
	DSA_REG_GRPCAP = 0x30,         /* 8 */
	DSA_REG_ENGCAP = 0x38,         /* 8 */
	DSA_REG_OPCAP = 0x40,          /* 32 */
	DSA_REG_TABLE_OFFSETS = 0x60,  /* 16 */
	DSA_REG_GENCFG = 0x80,         /* 4 */
	DSA_REG_GENCTRL = 0x88,        /* 4 */
	DSA_REG_GENSTATUS = 0x90,      /* 4 */
	DSA_REG_INTCAUSE = 0x98,       /* 4 */
	DSA_REG_CMD = 0xa0,            /* 4 */
	DSA_REG_CMDSTATUS = 0xa8,      /* 4 */
	DSA_REG_CMDCAP = 0xb0,         /* 8; drivers read the low 4 */
	DSA_REG_SWERR = 0xc0,          /* 32 */
	DSA_REG_DUMMY_PORTAL = 0xf000, /* one page */
};

/* clang-format off */

/* VERSION is 0x100 in a 1.0 device. */
#define DSA_VERSION_FIELDS(F, T)					\
	F(T, DSA_VERSION_MINOR,		 7,  0, "minor version")	\
	F(T, DSA_VERSION_MAJOR,		15,  8, "major version")
FIELD_REGISTER(DSA_VERSION_FIELDS);

#define DSA_GENCAP_FIELDS(F, T)						\
	F(T, DSA_GENCAP_BLOCK_ON_FAULT,	 0,  0, "block on fault")	\
	F(T, DSA_GENCAP_OVERLAP_COPY,	 1,  1, "memmove may overlap")	\
	F(T, DSA_GENCAP_CACHE_CONTROL_MEM, 2, 2, "cache control, writes") \
	F(T, DSA_GENCAP_CACHE_CONTROL_FLUSH, 3, 3, "cache control, flush") \
	F(T, DSA_GENCAP_CMD_CAP,	 4,  4, "CMDCAP is present")	\
	F(T, DSA_GENCAP_DST_READBACK,	 8,  8, "destination readback")	\
	F(T, DSA_GENCAP_DRAIN_READBACK,	 9,  9, "drain readback address") \
	F(T, DSA_GENCAP_FAULT_INFO,	12, 12, "2.0: fault info")	\
	F(T, DSA_GENCAP_EVL,		14, 13, "2.0: event log entry size") \
	F(T, DSA_GENCAP_BATCH_CONT,	15, 15, "2.0: batch continuation") \
	F(T, DSA_GENCAP_MAX_XFER_SHIFT,	20, 16, "largest transfer, lg2") \
	F(T, DSA_GENCAP_MAX_BATCH_SHIFT, 24, 21, "largest batch, lg2")	\
	F(T, DSA_GENCAP_IMS_SIZE,	30, 25, "IMS entries / 256")	\
	F(T, DSA_GENCAP_CONFIG_EN,	31, 31, "configuration is writable")
FIELD_REGISTER(DSA_GENCAP_FIELDS);

/* The stride of the WQ configuration table is 1 << (WQCFG_SIZE + 5). */
#define DSA_WQCAP_FIELDS(F, T)						\
	F(T, DSA_WQCAP_TOTAL_SIZE,	15,  0, "entries of all WQs")	\
	F(T, DSA_WQCAP_NUM_WQS,		23, 16, "number of WQs")	\
	F(T, DSA_WQCAP_WQCFG_SIZE,	27, 24, "WQCFG bytes, lg2 - 5")	\
	F(T, DSA_WQCAP_SHARED,		48, 48, "shared mode")		\
	F(T, DSA_WQCAP_DEDICATED,	49, 49, "dedicated mode")	\
	F(T, DSA_WQCAP_ATS_DISABLE,	50, 50, "ATS disable per WQ")	\
	F(T, DSA_WQCAP_PRIORITY,	51, 51, "priorities")		\
	F(T, DSA_WQCAP_OCCUPANCY,	52, 52, "occupancy readable")	\
	F(T, DSA_WQCAP_OCCUPANCY_INT,	53, 53, "occupancy interrupt")	\
	F(T, DSA_WQCAP_OPCFG,		54, 54, "2.0: operations per WQ") \
	F(T, DSA_WQCAP_PRS_DISABLE,	55, 55, "2.0: PRS disable per WQ")
FIELD_REGISTER(DSA_WQCAP_FIELDS);

#define DSA_GRPCAP_FIELDS(F, T)						\
	F(T, DSA_GRPCAP_NUM_GROUPS,	 7,  0, "number of groups")	\
	F(T, DSA_GRPCAP_TOTAL_RDBUFS,	15,  8, "read buffers")		\
	F(T, DSA_GRPCAP_RDBUF_CTRL,	16, 16, "read buffer controls")	\
	F(T, DSA_GRPCAP_RDBUF_LIMIT,	17, 17, "global buffer limit")	\
	F(T, DSA_GRPCAP_PROGRESS_LIMIT,	18, 18, "2.0: progress limits")
FIELD_REGISTER(DSA_GRPCAP_FIELDS);

#define DSA_ENGCAP_FIELDS(F, T)						\
	F(T, DSA_ENGCAP_NUM_ENGINES,	 7,  0, "number of engines")
FIELD_REGISTER(DSA_ENGCAP_FIELDS);

/* clang-format on */

/* One bit per enum dsa_op. */
struct dsa_opcap {
	uint64_t dw[4];
};

/* clang-format off */

#define DSA_OPCAP_FIELDS(F, T)						\
	F(T, DSA_OPCAP_0,	 63,   0, "operations 0x00 to 0x3f")	\
	F(T, DSA_OPCAP_1,	127,  64, "operations 0x40 to 0x7f")	\
	F(T, DSA_OPCAP_2,	191, 128, "operations 0x80 to 0xbf")	\
	F(T, DSA_OPCAP_3,	255, 192, "operations 0xc0 to 0xff")
FIELD_RECORD(struct dsa_opcap, DSA_OPCAP_FIELDS);

/* clang-format on */

/* Where the tables are in BAR0, in units of DSA_TABLE_UNIT. */
struct dsa_table_offsets {
	uint64_t dw[2];
};

enum {
	DSA_TABLE_UNIT = 0x100,
};

/* clang-format off */

#define DSA_TABLE_OFFSETS_FIELDS(F, T)					\
	F(T, DSA_TABLE_OFFSETS_GRPCFG,	  15,  0, "group configuration") \
	F(T, DSA_TABLE_OFFSETS_WQCFG,	  31, 16, "WQ configuration")	\
	F(T, DSA_TABLE_OFFSETS_MSIX_PERM, 47, 32, "MSI-X permissions")	\
	F(T, DSA_TABLE_OFFSETS_IMS,	  63, 48, "interrupt messages")	\
	F(T, DSA_TABLE_OFFSETS_PERFMON,	  79, 64, "performance counters")
FIELD_RECORD(struct dsa_table_offsets, DSA_TABLE_OFFSETS_FIELDS);

/* GENCFG is writable only while the device is disabled. */
#define DSA_GENCFG_FIELDS(F, T)						\
	F(T, DSA_GENCFG_RDBUF_LIMIT,	 7,  0, "global buffer limit")	\
	F(T, DSA_GENCFG_USER_INT_EN,	12, 12, "users may interrupt")
FIELD_REGISTER(DSA_GENCFG_FIELDS);

#define DSA_GENCTRL_FIELDS(F, T)					\
	F(T, DSA_GENCTRL_SWERR_INT_EN,	 0,  0, "software error interrupt") \
	F(T, DSA_GENCTRL_HALT_INT_EN,	 1,  1, "halt interrupt")
FIELD_REGISTER(DSA_GENCTRL_FIELDS);

#define DSA_GENSTATUS_FIELDS(F, T)					\
	F(T, DSA_GENSTATUS_STATE,	 1,  0, "enum dsa_device_state") \
	F(T, DSA_GENSTATUS_RESET_TYPE,	 3,  2, "enum dsa_reset_type")
FIELD_REGISTER(DSA_GENSTATUS_FIELDS);

/* Causes of MSI-X vector 0. Writing 1 clears. */
#define DSA_INTCAUSE_FIELDS(F, T)					\
	F(T, DSA_INTCAUSE_SWERR,	 0,  0, "software error")	\
	F(T, DSA_INTCAUSE_CMD,		 1,  1, "command complete")	\
	F(T, DSA_INTCAUSE_OCCUPANCY,	 2,  2, "WQ occupancy below limit") \
	F(T, DSA_INTCAUSE_PERFMON,	 3,  3, "counter overflow")	\
	F(T, DSA_INTCAUSE_HALT,		 4,  4, "halt state")		\
	F(T, DSA_INTCAUSE_INT_REVOKED,	31, 31, "interrupt handles revoked")
FIELD_REGISTER(DSA_INTCAUSE_FIELDS);

/* clang-format on */

enum dsa_device_state {
	DSA_DEVICE_DISABLED = 0,
	DSA_DEVICE_ENABLED = 1,
	DSA_DEVICE_DRAINING = 2, /* disable or reset in progress */
	DSA_DEVICE_HALTED = 3,
};

/* The weakest reset that leaves the halt state. */
enum dsa_reset_type {
	DSA_RESET_SOFTWARE = 0, /* the Reset Device command */
	DSA_RESET_FLR = 1,
	DSA_RESET_WARM = 2,
	DSA_RESET_COLD = 3,
};

/* clang-format off */

#define DSA_CMD_FIELDS(F, T)						\
	F(T, DSA_CMD_OPERAND,		19,  0, "depends on the command") \
	F(T, DSA_CMD_CODE,		24, 20, "enum dsa_cmd")		\
	F(T, DSA_CMD_INT_REQ,		31, 31, "interrupt when complete")
FIELD_REGISTER(DSA_CMD_FIELDS);

/* Operand of Enable WQ. */
#define DSA_CMD_OPERAND_ENABLE_FIELDS(F, T)				\
	F(T, DSA_CMD_OPERAND_WQ,	 7,  0, "the WQ")
FIELD_REGISTER(DSA_CMD_OPERAND_ENABLE_FIELDS);

/* Operand of Disable, Drain, Abort and Reset WQ: up to 16 WQs at once. */
#define DSA_CMD_OPERAND_WQS_FIELDS(F, T)				\
	F(T, DSA_CMD_OPERAND_WQ_BITMAP,	15,  0, "WQs of the set of 16")	\
	F(T, DSA_CMD_OPERAND_WQ_SET,	19, 16, "bits 7:4 of the WQ numbers")
FIELD_REGISTER(DSA_CMD_OPERAND_WQS_FIELDS);

/* Operand of Request and Release Interrupt Handle. */
#define DSA_CMD_OPERAND_INT_FIELDS(F, T)				\
	F(T, DSA_CMD_OPERAND_INT_INDEX,	15,  0, "entry of the table")	\
	F(T, DSA_CMD_OPERAND_INT_IMS,	16, 16, "IMS, not MSI-X")
FIELD_REGISTER(DSA_CMD_OPERAND_INT_FIELDS);

#define DSA_CMDSTATUS_FIELDS(F, T)					\
	F(T, DSA_CMDSTATUS_ERROR,	 7,  0, "enum dsa_cmdstatus_error") \
	F(T, DSA_CMDSTATUS_RESULT,	23,  8, "the interrupt handle")	\
	F(T, DSA_CMDSTATUS_ACTIVE,	31, 31, "command in progress")
FIELD_REGISTER(DSA_CMDSTATUS_FIELDS);

/* clang-format on */

/* Also the bit numbers of CMDCAP. The operand of 11 and 12 is a PASID. */
enum dsa_cmd {
	DSA_CMD_ENABLE_DEVICE = 1,
	DSA_CMD_DISABLE_DEVICE = 2,
	DSA_CMD_DRAIN_ALL = 3,
	DSA_CMD_ABORT_ALL = 4,
	DSA_CMD_RESET_DEVICE = 5,
	DSA_CMD_ENABLE_WQ = 6,
	DSA_CMD_DISABLE_WQ = 7,
	DSA_CMD_DRAIN_WQ = 8,
	DSA_CMD_ABORT_WQ = 9,
	DSA_CMD_RESET_WQ = 10,
	DSA_CMD_DRAIN_PASID = 11,
	DSA_CMD_ABORT_PASID = 12,
	DSA_CMD_REQUEST_INT_HANDLE = 13,
	DSA_CMD_RELEASE_INT_HANDLE = 14,
};

/* What a device without CMDCAP supports: commands 1 to 12. */
enum {
	DSA_CMDCAP_DEFAULT = 0x1ffe,
};

/* Architecture 5.8.3 and 9.2.13. */
enum dsa_cmdstatus_error {
	DSA_CMDSTATUS_SUCCESS = 0x00,
	DSA_CMDSTATUS_INVALID_CMD = 0x01,
	DSA_CMDSTATUS_INVALID_WQ = 0x02,
	DSA_CMDSTATUS_HW_ERROR = 0x03,
	DSA_CMDSTATUS_RESERVED_FIELD = 0x04,
	DSA_CMDSTATUS_HALTED = 0x05,

	/* Enable Device */
	DSA_CMDSTATUS_DEVICE_NOT_DISABLED = 0x10,
	DSA_CMDSTATUS_CONFIG = 0x11,
	DSA_CMDSTATUS_BUS_MASTER = 0x12,
	DSA_CMDSTATUS_PRS_ALLOC = 0x13,
	DSA_CMDSTATUS_TOTAL_WQ_SIZE = 0x14,
	DSA_CMDSTATUS_GRP_EMPTY = 0x15,   /* WQs xor engines */
	DSA_CMDSTATUS_GRP_WQS = 0x16,     /* WQ not in one group */
	DSA_CMDSTATUS_GRP_ENGINES = 0x17, /* engine in two groups */
	DSA_CMDSTATUS_GRP_RDBUFS = 0x18,

	/* Enable WQ */
	DSA_CMDSTATUS_DEVICE_NOT_ENABLED = 0x20,
	DSA_CMDSTATUS_WQ_NOT_DISABLED = 0x21,
	DSA_CMDSTATUS_WQ_SIZE = 0x22,
	DSA_CMDSTATUS_WQ_PRIORITY = 0x23,
	DSA_CMDSTATUS_WQ_MODE = 0x24,
	DSA_CMDSTATUS_WQ_BOF = 0x25,
	DSA_CMDSTATUS_WQ_PASID_EN = 0x26,
	DSA_CMDSTATUS_WQ_MAX_BATCH = 0x27,
	DSA_CMDSTATUS_WQ_MAX_XFER = 0x28,
	DSA_CMDSTATUS_WQ_PRIV = 0x2a,
	DSA_CMDSTATUS_WQ_OCCUPANCY_INT = 0x2b,
	DSA_CMDSTATUS_WQ_ATS_DISABLE = 0x2c,

	/* Disable Device; Disable, Drain and Abort WQ */
	DSA_CMDSTATUS_DISABLE_NOT_ENABLED = 0x31,
	DSA_CMDSTATUS_WQ_NOT_ENABLED = 0x32,

	/* Request and Release Interrupt Handle */
	DSA_CMDSTATUS_INT_INDEX = 0x41,
	DSA_CMDSTATUS_NO_INT_HANDLE = 0x42,
};

/*
 * SWERROR: the first error that had no completion record to go to. Writing 1
 * clears VALID and OVERFLOW. ERROR is an enum dsa_comp_status or one of
 * enum dsa_swerr_error.
 */
struct dsa_swerr {
	uint64_t dw[4];
};

/* clang-format off */

#define DSA_SWERR_FIELDS(F, T)						\
	F(T, DSA_SWERR_VALID,		  0,   0, "an error is recorded") \
	F(T, DSA_SWERR_OVERFLOW,	  1,   1, "later errors were lost") \
	F(T, DSA_SWERR_DESC_VALID,	  2,   2, "descriptor known")	\
	F(T, DSA_SWERR_WQ_IDX_VALID,	  3,   3, "WQ known")		\
	F(T, DSA_SWERR_BATCH,		  4,   4, "descriptor of a batch") \
	F(T, DSA_SWERR_WRITE,		  5,   5, "the fault is a write") \
	F(T, DSA_SWERR_PRIV,		  6,   6, "privileged")		\
	F(T, DSA_SWERR_ERROR,		 15,   8, "error code")		\
	F(T, DSA_SWERR_WQ_IDX,		 23,  16, "WQ")			\
	F(T, DSA_SWERR_OPERATION,	 39,  32, "enum dsa_op")	\
	F(T, DSA_SWERR_PASID,		 59,  40, "PASID")		\
	F(T, DSA_SWERR_BATCH_IDX,	 79,  64, "index in the batch")	\
	F(T, DSA_SWERR_INVALID_FLAGS,	127,  96, "flags found invalid") \
	F(T, DSA_SWERR_ADDR,		191, 128, "faulting address")
FIELD_RECORD(struct dsa_swerr, DSA_SWERR_FIELDS);

/* clang-format on */

/* Architecture 5.8.2. */
enum dsa_swerr_error {
	DSA_SWERR_CONFIG_CHANGED = 0x51, /* PCI config, not disabled */
	DSA_SWERR_CMD_ACTIVE = 0x52,     /* CMD written while active */
	DSA_SWERR_WQ_FULL = 0x53,        /* dedicated WQ was full */
};

/* MSI-X permissions: one 32-bit register per vector, on 8-byte boundaries. */
enum {
	DSA_MSIX_PERM_STRIDE = 8,
};

/* clang-format off */

#define DSA_MSIX_PERM_FIELDS(F, T)					\
	F(T, DSA_MSIX_PERM_IGNORE,	 2,  2, "no completion interrupts") \
	F(T, DSA_MSIX_PERM_PASID_EN,	 3,  3, "PASID is checked")	\
	F(T, DSA_MSIX_PERM_PASID,	31, 12, "PASID")
FIELD_REGISTER(DSA_MSIX_PERM_FIELDS);

/* clang-format on */

/*
 * Group configuration, DSA_GRPCFG_STRIDE bytes per group: WQ bitmap, engine
 * bitmap, flags; the last two words are unused. Writable only while the device
 * is disabled.
 */
struct dsa_grpcfg {
	uint64_t dw[8];
};

enum {
	DSA_GRPCFG_STRIDE = 64,
	DSA_GRPCFG_OFF_WQS = 0, /* 32 bytes */
	DSA_GRPCFG_OFF_ENGINES = 32,
	DSA_GRPCFG_OFF_FLAGS = 40,
};

/* clang-format off */

#define DSA_GRPCFG_FIELDS(F, T)						\
	F(T, DSA_GRPCFG_WQS_0,		 63,   0, "WQs 0 to 63")	\
	F(T, DSA_GRPCFG_WQS_1,		127,  64, "WQs 64 to 127")	\
	F(T, DSA_GRPCFG_WQS_2,		191, 128, "WQs 128 to 191")	\
	F(T, DSA_GRPCFG_WQS_3,		255, 192, "WQs 192 to 255")	\
	F(T, DSA_GRPCFG_ENGINES,	319, 256, "engines")		\
	F(T, DSA_GRPCFG_TC_A,		322, 320, "traffic class A")	\
	F(T, DSA_GRPCFG_TC_B,		325, 323, "traffic class B")	\
	F(T, DSA_GRPCFG_USE_RDBUF_LIMIT, 327, 327, "obey the global limit") \
	F(T, DSA_GRPCFG_RDBUFS_RESERVED, 335, 328, "buffers reserved")	\
	F(T, DSA_GRPCFG_RDBUFS_ALLOWED,	347, 340, "buffers allowed")
FIELD_RECORD(struct dsa_grpcfg, DSA_GRPCFG_FIELDS);

/* clang-format on */

/*
 * WQ configuration, the first 32 bytes; the stride is in WQCAP. Which field is
 * writable when is architecture table 9-7: SIZE while the device is disabled,
 * THRESHOLD and OCC_INT_EN always, the rest while the WQ is disabled.
 */
struct dsa_wqcfg {
	uint64_t dw[4];
};

/* clang-format off */

#define DSA_WQCFG_FIELDS(F, T)						\
	F(T, DSA_WQCFG_SIZE,		 15,   0, "entries")		\
	F(T, DSA_WQCFG_THRESHOLD,	 47,  32, "limited portals stop") \
	F(T, DSA_WQCFG_MODE,		 64,  64, "enum dsa_wq_mode")	\
	F(T, DSA_WQCFG_BOF,		 65,  65, "may block on fault")	\
	F(T, DSA_WQCFG_ATS_DISABLE,	 66,  66, "do not use ATS")	\
	F(T, DSA_WQCFG_PRIORITY,	 71,  68, "within the group, not 0") \
	F(T, DSA_WQCFG_PASID,		 91,  72, "PASID, dedicated mode") \
	F(T, DSA_WQCFG_PASID_EN,	 92,  92, "translate with PASID") \
	F(T, DSA_WQCFG_PRIV,		 93,  93, "privileged, dedicated") \
	F(T, DSA_WQCFG_MAX_XFER_SHIFT,	100,  96, "largest transfer, lg2") \
	F(T, DSA_WQCFG_MAX_BATCH_SHIFT,	104, 101, "largest batch, lg2")	\
	F(T, DSA_WQCFG_OCC_INT_HANDLE,	143, 128, "occupancy interrupt") \
	F(T, DSA_WQCFG_OCC_INT_IMS,	144, 144, "handle is of the IMS") \
	F(T, DSA_WQCFG_OCC_LIMIT,	175, 160, "occupancy limit")	\
	F(T, DSA_WQCFG_OCC_INT_EN,	176, 176, "its enable")		\
	F(T, DSA_WQCFG_OCCUPANCY,	207, 192, "entries in use")	\
	F(T, DSA_WQCFG_OCC_INT,		208, 208, "occupancy interrupt sent") \
	F(T, DSA_WQCFG_MODE_SUPPORT,	221, 221, "mode and PASID writable") \
	F(T, DSA_WQCFG_STATE,		223, 222, "enum dsa_wq_state")
FIELD_RECORD(struct dsa_wqcfg, DSA_WQCFG_FIELDS);

/* clang-format on */

enum dsa_wq_mode {
	DSA_WQ_MODE_SHARED = 0,
	DSA_WQ_MODE_DEDICATED = 1,
};

enum dsa_wq_state {
	DSA_WQ_DISABLED = 0,
	DSA_WQ_ENABLED = 1,
	DSA_WQ_BUSY = 2, /* disable or reset in progress */
};

/*
 * An offset in BAR2: four portals of one page per WQ. A 64-byte write anywhere
 * in the page, aligned to 64, submits a descriptor; ADDR is ignored. Shared
 * WQs take deferrable writes only, dedicated WQs ordinary ones only.
 */
enum dsa_portal {
	DSA_PORTAL_UNLIMITED_MSIX = 0,
	DSA_PORTAL_LIMITED_MSIX = 1,
	DSA_PORTAL_UNLIMITED_IMS = 2,
	DSA_PORTAL_LIMITED_IMS = 3,
};

enum {
	DSA_PORTAL_SIZE = 0x1000,
	DSA_PORTALS_PER_WQ = 4,
};

/* clang-format off */

#define DSA_PORTAL_OFFSET_FIELDS(F, T)					\
	F(T, DSA_PORTAL_OFFSET_BYTE,	 5,  0, "must be 0")		\
	F(T, DSA_PORTAL_OFFSET_ADDR,	11,  6, "ignored")		\
	F(T, DSA_PORTAL_OFFSET_KIND,	13, 12, "enum dsa_portal")	\
	F(T, DSA_PORTAL_OFFSET_WQ,	21, 14, "WQ")
FIELD_REGISTER(DSA_PORTAL_OFFSET_FIELDS);

/* clang-format on */

#endif
