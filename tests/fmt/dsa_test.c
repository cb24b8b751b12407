/* SPDX-License-Identifier: MIT */
/*
 * fmt/dsa_regs.h, through its umbrella fmt/dsa.h, against a second
 * transcription.
 *
 * The header was typed from the bit numbers of the Intel DSA Architecture
 * Specification (341204). The tables here were typed from the C structures of
 * Linux's drivers/dma/idxd/registers.h.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "base/field.h"
#include "fmt/dsa.h"
#include "tests/fmt/layout.h"

static const struct member version[] = {
	{ "DSA_VERSION_MINOR", 8 },
	{ "DSA_VERSION_MAJOR", 8 },
	RSVD(16),
};

static const struct member gencap[] = {
	{ "DSA_GENCAP_BLOCK_ON_FAULT", 1 },
	{ "DSA_GENCAP_OVERLAP_COPY", 1 },
	{ "DSA_GENCAP_CACHE_CONTROL_MEM", 1 },
	{ "DSA_GENCAP_CACHE_CONTROL_FLUSH", 1 },
	{ "DSA_GENCAP_CMD_CAP", 1 },
	RSVD(3),
	{ "DSA_GENCAP_DST_READBACK", 1 },
	{ "DSA_GENCAP_DRAIN_READBACK", 1 },
	RSVD(2),
	{ "DSA_GENCAP_FAULT_INFO", 1 },
	{ "DSA_GENCAP_EVL", 2 },
	{ "DSA_GENCAP_BATCH_CONT", 1 },
	{ "DSA_GENCAP_MAX_XFER_SHIFT", 5 },
	{ "DSA_GENCAP_MAX_BATCH_SHIFT", 4 },
	{ "DSA_GENCAP_IMS_SIZE", 6 },
	{ "DSA_GENCAP_CONFIG_EN", 1 },
	RSVD(32),
};

static const struct member wqcap[] = {
	{ "DSA_WQCAP_TOTAL_SIZE", 16 },
	{ "DSA_WQCAP_NUM_WQS", 8 },
	{ "DSA_WQCAP_WQCFG_SIZE", 4 },
	RSVD(20),
	{ "DSA_WQCAP_SHARED", 1 },
	{ "DSA_WQCAP_DEDICATED", 1 },
	{ "DSA_WQCAP_ATS_DISABLE", 1 },
	{ "DSA_WQCAP_PRIORITY", 1 },
	{ "DSA_WQCAP_OCCUPANCY", 1 },
	{ "DSA_WQCAP_OCCUPANCY_INT", 1 },
	{ "DSA_WQCAP_OPCFG", 1 },
	{ "DSA_WQCAP_PRS_DISABLE", 1 },
	RSVD(8),
};

static const struct member grpcap[] = {
	{ "DSA_GRPCAP_NUM_GROUPS", 8 },     { "DSA_GRPCAP_TOTAL_RDBUFS", 8 },
	{ "DSA_GRPCAP_RDBUF_CTRL", 1 },     { "DSA_GRPCAP_RDBUF_LIMIT", 1 },
	{ "DSA_GRPCAP_PROGRESS_LIMIT", 1 }, RSVD(45),
};

static const struct member engcap[] = {
	{ "DSA_ENGCAP_NUM_ENGINES", 8 },
	RSVD(56),
};

static const struct member opcap[] = {
	{ "DSA_OPCAP_0", 64 },
	{ "DSA_OPCAP_1", 64 },
	{ "DSA_OPCAP_2", 64 },
	{ "DSA_OPCAP_3", 64 },
};

static const struct member table_offsets[] = {
	{ "DSA_TABLE_OFFSETS_GRPCFG", 16 },
	{ "DSA_TABLE_OFFSETS_WQCFG", 16 },
	{ "DSA_TABLE_OFFSETS_MSIX_PERM", 16 },
	{ "DSA_TABLE_OFFSETS_IMS", 16 },
	{ "DSA_TABLE_OFFSETS_PERFMON", 16 },
	RSVD(48),
};

/* The event log bits of 2.0 are left out here and in the two that follow. */
static const struct member gencfg[] = {
	{ "DSA_GENCFG_RDBUF_LIMIT", 8 },
	RSVD(4),
	{ "DSA_GENCFG_USER_INT_EN", 1 },
	RSVD(1),
	RSVD(18),
};

static const struct member genctrl[] = {
	{ "DSA_GENCTRL_SWERR_INT_EN", 1 },
	{ "DSA_GENCTRL_HALT_INT_EN", 1 },
	RSVD(1),
	RSVD(29),
};

static const struct member intcause[] = {
	{ "DSA_INTCAUSE_SWERR", 1 },
	{ "DSA_INTCAUSE_CMD", 1 },
	{ "DSA_INTCAUSE_OCCUPANCY", 1 },
	{ "DSA_INTCAUSE_PERFMON", 1 },
	{ "DSA_INTCAUSE_HALT", 1 },
	RSVD(1),
	RSVD(25),
	{ "DSA_INTCAUSE_INT_REVOKED", 1 },
};

static const struct member genstatus[] = {
	{ "DSA_GENSTATUS_STATE", 2 },
	{ "DSA_GENSTATUS_RESET_TYPE", 2 },
	RSVD(28),
};

static const struct member cmd[] = {
	{ "DSA_CMD_OPERAND", 20 },
	{ "DSA_CMD_CODE", 5 },
	RSVD(6),
	{ "DSA_CMD_INT_REQ", 1 },
};

static const struct member cmd_operand_enable[] = {
	{ "DSA_CMD_OPERAND_WQ", 8 },
	RSVD(12),
};

static const struct member cmd_operand_wqs[] = {
	{ "DSA_CMD_OPERAND_WQ_BITMAP", 16 },
	{ "DSA_CMD_OPERAND_WQ_SET", 4 },
};

static const struct member cmd_operand_int[] = {
	{ "DSA_CMD_OPERAND_INT_INDEX", 16 },
	{ "DSA_CMD_OPERAND_INT_IMS", 1 },
	RSVD(3),
};

static const struct member cmdstatus[] = {
	{ "DSA_CMDSTATUS_ERROR", 8 },
	{ "DSA_CMDSTATUS_RESULT", 16 },
	RSVD(7),
	{ "DSA_CMDSTATUS_ACTIVE", 1 },
};

static const struct member swerr[] = {
	{ "DSA_SWERR_VALID", 1 },
	{ "DSA_SWERR_OVERFLOW", 1 },
	{ "DSA_SWERR_DESC_VALID", 1 },
	{ "DSA_SWERR_WQ_IDX_VALID", 1 },
	{ "DSA_SWERR_BATCH", 1 },
	{ "DSA_SWERR_WRITE", 1 },
	{ "DSA_SWERR_PRIV", 1 },
	RSVD(1),
	{ "DSA_SWERR_ERROR", 8 },
	{ "DSA_SWERR_WQ_IDX", 8 },
	RSVD(8),
	{ "DSA_SWERR_OPERATION", 8 },
	{ "DSA_SWERR_PASID", 20 },
	RSVD(4),
	{ "DSA_SWERR_BATCH_IDX", 16 },
	RSVD(16),
	{ "DSA_SWERR_INVALID_FLAGS", 32 },
	{ "DSA_SWERR_ADDR", 64 },
	RSVD(64),
};

static const struct member msix_perm[] = {
	RSVD(2), { "DSA_MSIX_PERM_IGNORE", 1 }, { "DSA_MSIX_PERM_PASID_EN", 1 },
	RSVD(8), { "DSA_MSIX_PERM_PASID", 20 },
};

static const struct member grpcfg[] = {
	{ "DSA_GRPCFG_WQS_0", 64 },
	{ "DSA_GRPCFG_WQS_1", 64 },
	{ "DSA_GRPCFG_WQS_2", 64 },
	{ "DSA_GRPCFG_WQS_3", 64 },
	{ "DSA_GRPCFG_ENGINES", 64 },
	{ "DSA_GRPCFG_TC_A", 3 },
	{ "DSA_GRPCFG_TC_B", 3 },
	RSVD(1),
	{ "DSA_GRPCFG_USE_RDBUF_LIMIT", 1 },
	{ "DSA_GRPCFG_RDBUFS_RESERVED", 8 },
	RSVD(4),
	{ "DSA_GRPCFG_RDBUFS_ALLOWED", 8 },
	RSVD(4),
	RSVD(32),  /* 2.0: progress limits */
	RSVD(128), /* to the stride, 64 bytes */
};

static const struct member wqcfg[] = {
	/* bytes 0 to 7 */
	{ "DSA_WQCFG_SIZE", 16 },
	RSVD(16),
	{ "DSA_WQCFG_THRESHOLD", 16 },
	RSVD(16),
	/* bytes 8 to 15 */
	{ "DSA_WQCFG_MODE", 1 },
	{ "DSA_WQCFG_BOF", 1 },
	{ "DSA_WQCFG_ATS_DISABLE", 1 },
	RSVD(1), /* 2.0: PRS disable */
	{ "DSA_WQCFG_PRIORITY", 4 },
	{ "DSA_WQCFG_PASID", 20 },
	{ "DSA_WQCFG_PASID_EN", 1 },
	{ "DSA_WQCFG_PRIV", 1 },
	RSVD(2),
	{ "DSA_WQCFG_MAX_XFER_SHIFT", 5 },
	{ "DSA_WQCFG_MAX_BATCH_SHIFT", 4 },
	RSVD(23),
	/* bytes 16 to 23 */
	{ "DSA_WQCFG_OCC_INT_HANDLE", 16 },
	{ "DSA_WQCFG_OCC_INT_IMS", 1 },
	RSVD(15),
	{ "DSA_WQCFG_OCC_LIMIT", 16 },
	{ "DSA_WQCFG_OCC_INT_EN", 1 },
	RSVD(15),
	/* bytes 24 to 31 */
	{ "DSA_WQCFG_OCCUPANCY", 16 },
	{ "DSA_WQCFG_OCC_INT", 1 },
	RSVD(12),
	{ "DSA_WQCFG_MODE_SUPPORT", 1 },
	{ "DSA_WQCFG_STATE", 2 },
	RSVD(32),
};

/* Drivers compute wq * 4 * 0x1000 + kind * 0x1000 and step by 64. */
static const struct member portal_offset[] = {
	{ "DSA_PORTAL_OFFSET_BYTE", 6 },
	{ "DSA_PORTAL_OFFSET_ADDR", 6 },
	{ "DSA_PORTAL_OFFSET_KIND", 2 },
	{ "DSA_PORTAL_OFFSET_WQ", 8 },
};

/* Every list of the header. */
static const struct layout layouts[] = {
	LAYOUT(DSA_VERSION_FIELDS, version, 32),
	LAYOUT(DSA_GENCAP_FIELDS, gencap, 64),
	LAYOUT(DSA_WQCAP_FIELDS, wqcap, 64),
	LAYOUT(DSA_GRPCAP_FIELDS, grpcap, 64),
	LAYOUT(DSA_ENGCAP_FIELDS, engcap, 64),
	LAYOUT(DSA_OPCAP_FIELDS, opcap, 256),
	LAYOUT(DSA_TABLE_OFFSETS_FIELDS, table_offsets, 128),
	LAYOUT(DSA_GENCFG_FIELDS, gencfg, 32),
	LAYOUT(DSA_GENCTRL_FIELDS, genctrl, 32),
	LAYOUT(DSA_INTCAUSE_FIELDS, intcause, 32),
	LAYOUT(DSA_GENSTATUS_FIELDS, genstatus, 32),
	LAYOUT(DSA_CMD_FIELDS, cmd, 32),
	LAYOUT(DSA_CMD_OPERAND_ENABLE_FIELDS, cmd_operand_enable, 20),
	LAYOUT(DSA_CMD_OPERAND_WQS_FIELDS, cmd_operand_wqs, 20),
	LAYOUT(DSA_CMD_OPERAND_INT_FIELDS, cmd_operand_int, 20),
	LAYOUT(DSA_CMDSTATUS_FIELDS, cmdstatus, 32),
	LAYOUT(DSA_SWERR_FIELDS, swerr, 8 * sizeof(struct dsa_swerr)),
	LAYOUT(DSA_MSIX_PERM_FIELDS, msix_perm, 32),
	LAYOUT(DSA_GRPCFG_FIELDS, grpcfg, 8 * sizeof(struct dsa_grpcfg)),
	LAYOUT(DSA_WQCFG_FIELDS, wqcfg, 8 * sizeof(struct dsa_wqcfg)),
	LAYOUT(DSA_PORTAL_OFFSET_FIELDS, portal_offset, 22),
};

static void test_fields_match_the_transcript(void **state)
{
	(void)state;
	layout_assert_match(layouts, TRANSCRIPT_COUNT(layouts));
}

static void test_transcript_notices_every_wrong_row(void **state)
{
	(void)state;
	layout_assert_notices(layouts, TRANSCRIPT_COUNT(layouts));
}

/*
 * Values, from the drivers' macros and from enumerations that count up: what
 * follows an explicit value is typed as that value plus its distance.
 */
static void test_values_match_the_transcript(void **state)
{
	static const struct {
		unsigned int have, want;
	} row[] = {
		{ DSA_REG_VERSION, 0x00 },
		{ DSA_REG_GENCAP, 0x10 },
		{ DSA_REG_WQCAP, 0x20 },
		{ DSA_REG_GRPCAP, 0x30 },
		{ DSA_REG_ENGCAP, 0x38 },
		{ DSA_REG_OPCAP, 0x40 },
		{ DSA_REG_TABLE_OFFSETS, 0x60 },
		{ DSA_REG_GENCFG, 0x80 },
		{ DSA_REG_GENCTRL, 0x88 },
		{ DSA_REG_GENSTATUS, 0x90 },
		{ DSA_REG_INTCAUSE, 0x98 },
		{ DSA_REG_CMD, 0xa0 },
		{ DSA_REG_CMDSTATUS, 0xa8 },
		{ DSA_REG_CMDCAP, 0xb0 },
		{ DSA_REG_SWERR, 0xc0 },
		{ DSA_TABLE_UNIT, 0x100 },
		{ DSA_GRPCFG_STRIDE, 64 },
		{ DSA_GRPCFG_OFF_WQS, 0 },
		{ DSA_GRPCFG_OFF_ENGINES, 32 },
		{ DSA_GRPCFG_OFF_FLAGS, 40 },
		{ DSA_MSIX_PERM_STRIDE, 8 },
		{ sizeof(struct dsa_wqcfg), 1 << 5 },
		{ DSA_PCI_DEVICE, 0x0b25 },
		{ DSA_BAR_REGS, 0 },
		{ DSA_BAR_PORTALS, 2 },
		{ DSA_PORTAL_SIZE * DSA_PORTALS_PER_WQ, 4 << 12 },

		{ DSA_DEVICE_DISABLED, 0 },
		{ DSA_DEVICE_ENABLED, 0 + 1 },
		{ DSA_DEVICE_DRAINING, 0 + 2 },
		{ DSA_DEVICE_HALTED, 0 + 3 },
		{ DSA_RESET_SOFTWARE, 0 },
		{ DSA_RESET_FLR, 0 + 1 },
		{ DSA_RESET_WARM, 0 + 2 },
		{ DSA_RESET_COLD, 0 + 3 },
		{ DSA_WQ_DISABLED, 0 },
		{ DSA_WQ_ENABLED, 0 + 1 },
		{ DSA_WQ_BUSY, 0 + 2 },
		{ DSA_WQ_MODE_SHARED, 0 },
		{ DSA_WQ_MODE_DEDICATED, 1 },

		{ DSA_CMD_ENABLE_DEVICE, 1 },
		{ DSA_CMD_DISABLE_DEVICE, 1 + 1 },
		{ DSA_CMD_DRAIN_ALL, 1 + 2 },
		{ DSA_CMD_ABORT_ALL, 1 + 3 },
		{ DSA_CMD_RESET_DEVICE, 1 + 4 },
		{ DSA_CMD_ENABLE_WQ, 1 + 5 },
		{ DSA_CMD_DISABLE_WQ, 1 + 6 },
		{ DSA_CMD_DRAIN_WQ, 1 + 7 },
		{ DSA_CMD_ABORT_WQ, 1 + 8 },
		{ DSA_CMD_RESET_WQ, 1 + 9 },
		{ DSA_CMD_DRAIN_PASID, 1 + 10 },
		{ DSA_CMD_ABORT_PASID, 1 + 11 },
		{ DSA_CMD_REQUEST_INT_HANDLE, 1 + 12 },
		{ DSA_CMD_RELEASE_INT_HANDLE, 1 + 13 },

		{ DSA_CMDSTATUS_SUCCESS, 0 },
		{ DSA_CMDSTATUS_INVALID_CMD, 0 + 1 },
		{ DSA_CMDSTATUS_INVALID_WQ, 0 + 2 },
		{ DSA_CMDSTATUS_HW_ERROR, 0 + 3 },
		{ DSA_CMDSTATUS_DEVICE_NOT_DISABLED, 0x10 },
		{ DSA_CMDSTATUS_CONFIG, 0x10 + 1 },
		{ DSA_CMDSTATUS_BUS_MASTER, 0x10 + 2 },
		{ DSA_CMDSTATUS_PRS_ALLOC, 0x10 + 3 },
		{ DSA_CMDSTATUS_TOTAL_WQ_SIZE, 0x10 + 4 },
		{ DSA_CMDSTATUS_GRP_EMPTY, 0x10 + 5 },
		{ DSA_CMDSTATUS_GRP_WQS, 0x10 + 6 },
		{ DSA_CMDSTATUS_GRP_ENGINES, 0x10 + 7 },
		{ DSA_CMDSTATUS_GRP_RDBUFS, 0x10 + 8 },
		{ DSA_CMDSTATUS_DEVICE_NOT_ENABLED, 0x20 },
		{ DSA_CMDSTATUS_WQ_NOT_DISABLED, 0x20 + 1 },
		{ DSA_CMDSTATUS_WQ_SIZE, 0x20 + 2 },
		{ DSA_CMDSTATUS_WQ_PRIORITY, 0x20 + 3 },
		{ DSA_CMDSTATUS_WQ_MODE, 0x20 + 4 },
		{ DSA_CMDSTATUS_WQ_BOF, 0x20 + 5 },
		{ DSA_CMDSTATUS_WQ_PASID_EN, 0x20 + 6 },
		{ DSA_CMDSTATUS_WQ_MAX_BATCH, 0x20 + 7 },
		{ DSA_CMDSTATUS_WQ_MAX_XFER, 0x20 + 8 },
		{ DSA_CMDSTATUS_DISABLE_NOT_ENABLED, 0x31 },
		{ DSA_CMDSTATUS_WQ_NOT_ENABLED, 0x31 + 1 },
		{ DSA_CMDSTATUS_INT_INDEX, 0x41 },
		{ DSA_CMDSTATUS_NO_INT_HANDLE, 0x41 + 1 },

		/* Only the specification has these; read a second time. */
		{ DSA_PCI_VENDOR, 0x8086 },
		{ DSA_PCI_CLASS, 0x08 << 16 | 0x80 << 8 | 0x00 },
		{ DSA_BAR_REGS_MIN_SIZE, 64 * 1024 },
		{ DSA_REG_DUMMY_PORTAL, 0xf000 },
		{ DSA_CMDSTATUS_RESERVED_FIELD, 0x04 },
		{ DSA_CMDSTATUS_HALTED, 0x05 },
		{ DSA_CMDSTATUS_WQ_PRIV, 0x2a },
		{ DSA_CMDSTATUS_WQ_OCCUPANCY_INT, 0x2b },
		{ DSA_CMDSTATUS_WQ_ATS_DISABLE, 0x2c },
		{ DSA_SWERR_CONFIG_CHANGED, 0x51 },
		{ DSA_SWERR_CMD_ACTIVE, 0x52 },
		{ DSA_SWERR_WQ_FULL, 0x53 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TRANSCRIPT_COUNT(row); i++)
		if (row[i].have != row[i].want)
			fail_msg("row %zu: header %#x, table %#x", i,
				 row[i].have, row[i].want);
}

/* gen_cap and op_cap of shipping hardware, as its owners published them. */
static void test_capabilities_of_a_real_device_decoded(void **state)
{
	static const uint64_t gen = 0x40915f0107;
	static const struct dsa_opcap op = { { 0x1003f027d, 0, 0, 0 } };
	static const unsigned int ops[] = {
		DSA_OP_NOOP,       DSA_OP_DRAIN,       DSA_OP_MEMMOVE,
		DSA_OP_FILL,       DSA_OP_COMPARE,     DSA_OP_COMPARE_PATTERN,
		DSA_OP_DUALCAST,   DSA_OP_CRC_GEN,     DSA_OP_COPY_CRC,
		DSA_OP_DIF_CHECK,  DSA_OP_DIF_INSERT,  DSA_OP_DIF_STRIP,
		DSA_OP_DIF_UPDATE, DSA_OP_CACHE_FLUSH,
	};
	uint64_t mask = 0;
	size_t i;

	(void)state;
	assert_int_equal(REG_GET(DSA_GENCAP_BLOCK_ON_FAULT, gen), 1);
	assert_int_equal(REG_GET(DSA_GENCAP_OVERLAP_COPY, gen), 1);
	assert_int_equal(REG_GET(DSA_GENCAP_CACHE_CONTROL_MEM, gen), 1);
	assert_int_equal(REG_GET(DSA_GENCAP_CMD_CAP, gen), 0);
	assert_int_equal(REG_GET(DSA_GENCAP_DST_READBACK, gen), 1);
	/* max_transfer_size 2147483648, max_batch_size 1024, configurable. */
	assert_int_equal(UINT64_C(1) << REG_GET(DSA_GENCAP_MAX_XFER_SHIFT, gen),
			 2147483648);
	assert_int_equal(1u << REG_GET(DSA_GENCAP_MAX_BATCH_SHIFT, gen), 1024);
	assert_int_equal(256 * REG_GET(DSA_GENCAP_IMS_SIZE, gen), 2048);
	assert_int_equal(REG_GET(DSA_GENCAP_CONFIG_EN, gen), 1);
	assert_int_equal(REG_GET(DSA_GENCAP_EVL, gen), 0);

	for (i = 0; i < TRANSCRIPT_COUNT(ops); i++)
		mask |= UINT64_C(1) << ops[i];
	assert_true(FIELD_GET(DSA_OPCAP_0, &op) == mask);
	assert_int_equal(REG_GET(DSA_VERSION_MAJOR, 0x100), 1);
}

/* The specification's own examples: WQs 1, 4 and 7; WQs 21 and 22. */
static void test_drain_wq_command_examples_built(void **state)
{
	uint64_t reg;

	(void)state;
	reg = REG_CONST(DSA_CMD_OPERAND_WQ_BITMAP, 1 << 1 | 1 << 4 | 1 << 7);
	assert_int_equal(reg, 0x00092);

	reg = REG_CONST(DSA_CMD_OPERAND_WQ_SET, 1) |
	      REG_CONST(DSA_CMD_OPERAND_WQ_BITMAP, 1 << 5 | 1 << 6);
	assert_int_equal(reg, 0x10060);

	reg = REG_PUT(DSA_CMD_CODE, reg, DSA_CMD_DRAIN_WQ);
	reg = REG_PUT(DSA_CMD_INT_REQ, reg, 1);
	assert_int_equal(reg, 0x80810060);
	assert_int_equal(REG_GET(DSA_CMD_OPERAND, reg), 0x10060);

	/* 12 commands without CMDCAP, and bit 0 is none. */
	assert_int_equal(DSA_CMDCAP_DEFAULT,
			 (1 << (DSA_CMD_ABORT_PASID + 1)) - 2);
}

static void test_wqcfg_golden_value_built(void **state)
{
	struct dsa_wqcfg cfg = { { 0, 0, 0, 0 } };

	(void)state;
	FIELD_SET(DSA_WQCFG_SIZE, &cfg, 16);
	FIELD_SET(DSA_WQCFG_THRESHOLD, &cfg, 15);
	FIELD_SET(DSA_WQCFG_MODE, &cfg, DSA_WQ_MODE_DEDICATED);
	FIELD_SET(DSA_WQCFG_BOF, &cfg, 1);
	FIELD_SET(DSA_WQCFG_PRIORITY, &cfg, 10);
	FIELD_SET(DSA_WQCFG_PASID, &cfg, 5);
	FIELD_SET(DSA_WQCFG_PASID_EN, &cfg, 1);
	FIELD_SET(DSA_WQCFG_MAX_XFER_SHIFT, &cfg, 21);
	FIELD_SET(DSA_WQCFG_MAX_BATCH_SHIFT, &cfg, 5);
	FIELD_SET(DSA_WQCFG_STATE, &cfg, DSA_WQ_ENABLED);

	assert_true(cfg.dw[0] == 0x0000000f00000010);
	assert_true(cfg.dw[1] == 0x000000b5100005a3);
	assert_true(cfg.dw[2] == 0);
	assert_true(cfg.dw[3] == 0x0000000040000000);
}

/* WQ 3, limited MSI-X portal, third slot of the page. */
static void test_portal_offset_golden_value_both_ways(void **state)
{
	uint64_t off =
		REG_CONST(DSA_PORTAL_OFFSET_WQ, 3) |
		REG_CONST(DSA_PORTAL_OFFSET_KIND, DSA_PORTAL_LIMITED_MSIX);

	(void)state;
	assert_int_equal(off, 3 * 0x4000 + 0x1000);
	off += 2 * 64;
	assert_int_equal(REG_GET(DSA_PORTAL_OFFSET_WQ, off), 3);
	assert_int_equal(REG_GET(DSA_PORTAL_OFFSET_KIND, off),
			 DSA_PORTAL_LIMITED_MSIX);
	assert_int_equal(REG_GET(DSA_PORTAL_OFFSET_BYTE, off), 0);
	assert_int_equal(REG_GET(DSA_PORTAL_OFFSET_KIND, 3 * 0x4000),
			 DSA_PORTAL_UNLIMITED_MSIX);
	assert_int_equal(REG_GET(DSA_PORTAL_OFFSET_KIND, 0x2000),
			 DSA_PORTAL_UNLIMITED_IMS);
	assert_int_equal(REG_GET(DSA_PORTAL_OFFSET_KIND, 0x3000),
			 DSA_PORTAL_LIMITED_IMS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_match_the_transcript),
		cmocka_unit_test(test_transcript_notices_every_wrong_row),
		cmocka_unit_test(test_values_match_the_transcript),
		cmocka_unit_test(test_capabilities_of_a_real_device_decoded),
		cmocka_unit_test(test_drain_wq_command_examples_built),
		cmocka_unit_test(test_wqcfg_golden_value_built),
		cmocka_unit_test(test_portal_offset_golden_value_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
