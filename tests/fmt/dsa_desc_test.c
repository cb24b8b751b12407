/* SPDX-License-Identifier: MIT */
/*
 * fmt/dsa_desc.h against a second transcription.
 *
 * The header was typed from the bit numbers of the Intel DSA Architecture
 * Specification (341204). The tables here were typed from the C structures of
 * Linux's uapi/linux/idxd.h; from accel-config's idxd.h for the results of CRC
 * and delta operations, which Linux has at 16 bits; and from DML's enumerations
 * for the flags of operations.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "base/field.h"
#include "fmt/dsa_desc.h"
#include "tests/fmt/layout.h"

/* Flags from IDXD_OP_FLAG_*: fence 0x1 ... destination steering 0x8000. */
static const struct member desc[] = {
	{ "DSA_DESC_PASID", 20 },
	RSVD(11),
	{ "DSA_DESC_PRIV", 1 },
	{ "DSA_DESC_FENCE", 1 },
	{ "DSA_DESC_BOF", 1 },
	{ "DSA_DESC_CRAV", 1 },
	{ "DSA_DESC_RCR", 1 },
	{ "DSA_DESC_RCI", 1 },
	{ "DSA_DESC_CR_ST", 1 },
	RSVD(1),
	{ "DSA_DESC_CHECK_RESULT", 1 },
	{ "DSA_DESC_CACHE_CONTROL", 1 },
	{ "DSA_DESC_ADDR1_TC", 1 },
	{ "DSA_DESC_ADDR2_TC", 1 },
	{ "DSA_DESC_ADDR3_TC", 1 },
	{ "DSA_DESC_CR_TC", 1 },
	{ "DSA_DESC_STRICT_ORDER", 1 },
	{ "DSA_DESC_DST_READBACK", 1 },
	{ "DSA_DESC_DST_ST", 1 },
	{ "DSA_DESC_OP_FLAGS", 8 },
	{ "DSA_DESC_OPCODE", 8 },
	{ "DSA_DESC_COMPLETION_ADDR", 64 },
	{ "DSA_DESC_SRC", 64 },
	{ "DSA_DESC_DST", 64 },
	{ "DSA_DESC_XFER_SIZE", 32 },
	{ "DSA_DESC_INT_HANDLE", 16 },
	RSVD(16),
	RSVD(8 * 24),
};

static const struct member desc_flags[] = {
	RSVD(32),
	{ "DSA_DESC_FLAGS", 24 },
	RSVD(8),
	RSVD(7 * 64),
};

static const struct member desc_batch[] = {
	RSVD(2 * 64), { "DSA_DESC_BATCH_LIST", 64 },
	RSVD(64),     { "DSA_DESC_BATCH_COUNT", 32 },
	RSVD(32),     RSVD(8 * 24),
};

/* The operation's flags are bits 16 and up of the 24 that follow 32 bits. */
static const struct member desc_drain[] = {
	RSVD(32 + 16),
	{ "DSA_DESC_DRAIN_RB1_VALID", 1 },
	{ "DSA_DESC_DRAIN_RB2_VALID", 1 },
	{ "DSA_DESC_DRAIN_NO_RB_TC_A", 1 },
	{ "DSA_DESC_DRAIN_NO_RB_TC_B", 1 },
	RSVD(4 + 8),
	RSVD(64),
	{ "DSA_DESC_DRAIN_RB1", 64 },
	{ "DSA_DESC_DRAIN_RB2", 64 },
	RSVD(64),
	RSVD(8 * 24),
};

static const struct member desc_fill[] = {
	RSVD(2 * 64),
	{ "DSA_DESC_FILL_PATTERN", 64 },
	RSVD(2 * 64),
	RSVD(8 * 24),
};

static const struct member desc_compare[] = {
	RSVD(3 * 64), { "DSA_DESC_COMPARE_SRC2", 64 },
	RSVD(64),     { "DSA_DESC_COMPARE_EXPECTED", 8 },
	RSVD(8 * 23),
};

static const struct member desc_compare_pattern[] = {
	RSVD(3 * 64), { "DSA_DESC_COMPARE_PATTERN", 64 },
	RSVD(64),     { "DSA_DESC_COMPARE_PATTERN_EXPECTED", 8 },
	RSVD(8 * 23),
};

static const struct member desc_create_delta[] = {
	RSVD(3 * 64),
	{ "DSA_DESC_CREATE_DELTA_SRC2", 64 },
	RSVD(64),
	{ "DSA_DESC_CREATE_DELTA_ADDR", 64 },
	{ "DSA_DESC_CREATE_DELTA_MAX_SIZE", 32 },
	RSVD(32),
	{ "DSA_DESC_CREATE_DELTA_EXPECTED", 8 },
	RSVD(8 * 7),
};

static const struct member desc_apply_delta[] = {
	RSVD(2 * 64), { "DSA_DESC_APPLY_DELTA_ADDR", 64 },
	RSVD(2 * 64), { "DSA_DESC_APPLY_DELTA_SIZE", 32 },
	RSVD(8 * 20),
};

static const struct member desc_dualcast[] = {
	RSVD(32 + 16), { "DSA_DESC_DUALCAST_DST2_ST", 1 }, RSVD(7 + 8),
	RSVD(4 * 64),  { "DSA_DESC_DUALCAST_DST2", 64 },   RSVD(8 * 16),
};

/* Flags 0x10000, 0x20000, 0x40000. */
static const struct member desc_crc[] = {
	RSVD(32 + 16),
	{ "DSA_DESC_CRC_READ_SEED", 1 },
	{ "DSA_DESC_CRC_BYPASS_INVERSION", 1 },
	{ "DSA_DESC_CRC_BYPASS_REFLECTION", 1 },
	RSVD(5 + 8),
	RSVD(4 * 64),
	{ "DSA_DESC_CRC_SEED", 32 },
	RSVD(32),
	{ "DSA_DESC_CRC_SEED_ADDR", 64 },
	RSVD(8 * 8),
};

static const struct member desc_dif[] = {
	RSVD(5 * 64),
	{ "DSA_DESC_DIF_SRC_FLAGS", 8 },
	{ "DSA_DESC_DIF_DST_FLAGS", 8 },
	{ "DSA_DESC_DIF_FLAGS", 8 },
	RSVD(8 * 5),
	{ "DSA_DESC_DIF_SRC_REF_TAG", 32 },
	{ "DSA_DESC_DIF_SRC_APP_MASK", 16 },
	{ "DSA_DESC_DIF_SRC_APP_TAG", 16 },
	{ "DSA_DESC_DIF_DST_REF_TAG", 32 },
	{ "DSA_DESC_DIF_DST_APP_MASK", 16 },
	{ "DSA_DESC_DIF_DST_APP_TAG", 16 },
};

static const struct member dif[] = {
	{ "DSA_DIF_BLOCK_SIZE", 2 },
	{ "DSA_DIF_INVERT_SEED", 1 },
	{ "DSA_DIF_INVERT_RESULT", 1 },
	RSVD(4),
};

static const struct member dif_src[] = {
	{ "DSA_DIF_SRC_ALL_F_ERROR", 1 }, { "DSA_DIF_SRC_ALL_F", 1 },
	{ "DSA_DIF_SRC_APP_F", 1 },       { "DSA_DIF_SRC_APP_REF_F", 1 },
	{ "DSA_DIF_SRC_APP_INCR", 1 },    { "DSA_DIF_SRC_NO_GUARD", 1 },
	{ "DSA_DIF_SRC_NO_REF", 1 },      { "DSA_DIF_SRC_REF_FIXED", 1 },
};

static const struct member dif_dst[] = {
	RSVD(3),
	{ "DSA_DIF_DST_PASS_APP", 1 },
	{ "DSA_DIF_DST_APP_INCR", 1 },
	{ "DSA_DIF_DST_PASS_GUARD", 1 },
	{ "DSA_DIF_DST_PASS_REF", 1 },
	{ "DSA_DIF_DST_REF_FIXED", 1 },
};

/* The first byte is masks 0x7f and 0x80. */
static const struct member comp[] = {
	{ "DSA_COMP_STATUS", 7 },
	{ "DSA_COMP_WRITE", 1 },
	{ "DSA_COMP_RESULT", 8 },
	RSVD(16),
	{ "DSA_COMP_BYTES_COMPLETED", 32 },
	{ "DSA_COMP_FAULT_ADDR", 64 },
	RSVD(8 * 16),
};

static const struct member comp_fault_info[] = {
	RSVD(16),
	{ "DSA_COMP_FAULT_MASKED", 1 },
	{ "DSA_COMP_FAULT_OPERAND", 3 },
	RSVD(4),
	RSVD(8 + 32),
	RSVD(3 * 64),
};

static const struct member comp_flags[] = {
	RSVD(2 * 64),
	{ "DSA_COMP_FLAGS_INVALID", 24 },
	RSVD(8),
	RSVD(8 * 12),
};

static const struct member comp_batch[] = {
	RSVD(32),
	{ "DSA_COMP_BATCH_DONE", 32 },
	RSVD(3 * 64),
};

static const struct member comp_delta[] = {
	RSVD(2 * 64),
	{ "DSA_COMP_DELTA_SIZE", 32 },
	RSVD(8 * 12),
};

static const struct member comp_crc[] = {
	RSVD(2 * 64),
	{ "DSA_COMP_CRC", 32 },
	RSVD(8 * 12),
};

/* The status byte's values are 0x01, 0x02, 0x04 and 0x08. */
static const struct member comp_dif[] = {
	RSVD(8),
	{ "DSA_COMP_DIF_GUARD", 1 },
	{ "DSA_COMP_DIF_APP_TAG", 1 },
	{ "DSA_COMP_DIF_REF_TAG", 1 },
	{ "DSA_COMP_DIF_ALL_F", 1 },
	RSVD(4),
	RSVD(16 + 32),
	RSVD(64),
	{ "DSA_COMP_DIF_SRC_REF_TAG", 32 },
	{ "DSA_COMP_DIF_SRC_APP_MASK", 16 },
	{ "DSA_COMP_DIF_SRC_APP_TAG", 16 },
	{ "DSA_COMP_DIF_DST_REF_TAG", 32 },
	{ "DSA_COMP_DIF_DST_APP_MASK", 16 },
	{ "DSA_COMP_DIF_DST_APP_TAG", 16 },
};

/* Every list of the header. */
static const struct layout layouts[] = {
	LAYOUT(DSA_DESC_FIELDS, desc, 8 * DSA_DESC_SIZE),
	LAYOUT(DSA_DESC_FLAGS_FIELDS, desc_flags, 8 * DSA_DESC_SIZE),
	LAYOUT(DSA_DESC_BATCH_FIELDS, desc_batch, 8 * DSA_DESC_SIZE),
	LAYOUT(DSA_DESC_DRAIN_FIELDS, desc_drain, 8 * DSA_DESC_SIZE),
	LAYOUT(DSA_DESC_FILL_FIELDS, desc_fill, 8 * DSA_DESC_SIZE),
	LAYOUT(DSA_DESC_COMPARE_FIELDS, desc_compare, 8 * DSA_DESC_SIZE),
	LAYOUT(DSA_DESC_COMPARE_PATTERN_FIELDS, desc_compare_pattern,
	       8 * DSA_DESC_SIZE),
	LAYOUT(DSA_DESC_CREATE_DELTA_FIELDS, desc_create_delta,
	       8 * DSA_DESC_SIZE),
	LAYOUT(DSA_DESC_APPLY_DELTA_FIELDS, desc_apply_delta,
	       8 * DSA_DESC_SIZE),
	LAYOUT(DSA_DESC_DUALCAST_FIELDS, desc_dualcast, 8 * DSA_DESC_SIZE),
	LAYOUT(DSA_DESC_CRC_FIELDS, desc_crc, 8 * DSA_DESC_SIZE),
	LAYOUT(DSA_DESC_DIF_FIELDS, desc_dif, 8 * DSA_DESC_SIZE),
	LAYOUT(DSA_DIF_FIELDS, dif, 8),
	LAYOUT(DSA_DIF_SRC_FIELDS, dif_src, 8),
	LAYOUT(DSA_DIF_DST_FIELDS, dif_dst, 8),
	LAYOUT(DSA_COMP_FIELDS, comp, 8 * DSA_COMP_SIZE),
	LAYOUT(DSA_COMP_FAULT_INFO_FIELDS, comp_fault_info, 8 * DSA_COMP_SIZE),
	LAYOUT(DSA_COMP_FLAGS_FIELDS, comp_flags, 8 * DSA_COMP_SIZE),
	LAYOUT(DSA_COMP_BATCH_FIELDS, comp_batch, 8 * DSA_COMP_SIZE),
	LAYOUT(DSA_COMP_DELTA_FIELDS, comp_delta, 8 * DSA_COMP_SIZE),
	LAYOUT(DSA_COMP_CRC_FIELDS, comp_crc, 8 * DSA_COMP_SIZE),
	LAYOUT(DSA_COMP_DIF_FIELDS, comp_dif, 8 * DSA_COMP_SIZE),
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
		{ sizeof(struct dsa_desc), DSA_DESC_SIZE },
		{ sizeof(struct dsa_comp), DSA_COMP_SIZE },

		{ DSA_OP_NOOP, 0 },
		{ DSA_OP_BATCH, 0 + 1 },
		{ DSA_OP_DRAIN, 0 + 2 },
		{ DSA_OP_MEMMOVE, 0 + 3 },
		{ DSA_OP_FILL, 0 + 4 },
		{ DSA_OP_COMPARE, 0 + 5 },
		{ DSA_OP_COMPARE_PATTERN, 0 + 6 },
		{ DSA_OP_CREATE_DELTA, 0 + 7 },
		{ DSA_OP_APPLY_DELTA, 0 + 8 },
		{ DSA_OP_DUALCAST, 0 + 9 },
		{ DSA_OP_CRC_GEN, 0x10 },
		{ DSA_OP_COPY_CRC, 0x10 + 1 },
		{ DSA_OP_DIF_CHECK, 0x10 + 2 },
		{ DSA_OP_DIF_INSERT, 0x10 + 3 },
		{ DSA_OP_DIF_STRIP, 0x10 + 4 },
		{ DSA_OP_DIF_UPDATE, 0x10 + 5 },
		{ DSA_OP_CACHE_FLUSH, 0x20 },

		{ DSA_COMP_NONE, 0 },
		{ DSA_COMP_SUCCESS, 0 + 1 },
		{ DSA_COMP_SUCCESS_FALSE, 0 + 2 },
		{ DSA_COMP_PAGE_FAULT_NOBOF, 0 + 3 },
		{ DSA_COMP_PAGE_FAULT_IR, 0 + 4 },
		{ DSA_COMP_BATCH_FAIL, 0 + 5 },
		{ DSA_COMP_BATCH_PAGE_FAULT, 0 + 6 },
		{ DSA_COMP_DELTA_OFFSET_ORDER, 0 + 7 },
		{ DSA_COMP_DELTA_OFFSET_RANGE, 0 + 8 },
		{ DSA_COMP_DIF_ERROR, 0 + 9 },
		{ DSA_COMP_INVALID_OPCODE, 0x10 },
		{ DSA_COMP_INVALID_FLAGS, 0x10 + 1 },
		{ DSA_COMP_RESERVED_FIELD, 0x10 + 2 },
		{ DSA_COMP_INVALID_SIZE, 0x10 + 3 },
		{ DSA_COMP_INVALID_COUNT, 0x10 + 4 },
		{ DSA_COMP_INVALID_DELTA_SIZE, 0x10 + 5 },
		{ DSA_COMP_OVERLAP_BUFFERS, 0x10 + 6 },
		{ DSA_COMP_DUALCAST_ALIGN, 0x10 + 7 },
		{ DSA_COMP_BATCH_LIST_ALIGN, 0x10 + 8 },
		{ DSA_COMP_INVALID_INT_HANDLE, 0x10 + 9 },
		{ DSA_COMP_CR_PAGE_FAULT, 0x10 + 10 },
		{ DSA_COMP_CR_ALIGN, 0x10 + 11 },
		{ DSA_COMP_ADDR_ALIGN, 0x10 + 12 },
		{ DSA_COMP_PRIV, 0x10 + 13 },
		{ DSA_COMP_TRAFFIC_CLASS, 0x10 + 14 },
		{ DSA_COMP_DRAIN_PAGE_FAULT, 0x10 + 15 },
		{ DSA_COMP_HW_ERROR, 0x10 + 16 },
		{ DSA_COMP_HW_ERROR_WRITE, 0x10 + 17 },
		{ DSA_COMP_TRANSLATION_FAIL, 0x10 + 18 },

		/* Only the specification has these; read a second time. */
		{ DSA_DELTA_SIZE, 2 + 8 },
		{ DSA_DELTA_MIN_RECORD, 64 / 8 * (2 + 8) },
		{ DSA_DELTA_MAX_XFER, 512 * 1024 },
		{ DSA_RESULT_EQUAL, 0 },
		{ DSA_RESULT_DIFFER, 1 },
		{ DSA_RESULT_DELTA_FULL, 2 },
		{ DSA_RESULT_FORWARD, 0 },
		{ DSA_RESULT_BACKWARD, 1 },
		{ DSA_OPERAND_UNKNOWN, 0 },
		{ DSA_OPERAND_SRC, 1 },
		{ DSA_OPERAND_SRC2, 2 },
		{ DSA_OPERAND_DST, 3 },
		{ DSA_OPERAND_DST2, 4 },
		{ DSA_OPERAND_COMPLETION, 5 },
		{ DSA_DIF_BLOCK_512, 0 },
		{ DSA_DIF_BLOCK_520, 1 },
		{ DSA_DIF_BLOCK_4096, 2 },
		{ DSA_DIF_BLOCK_4104, 3 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TRANSCRIPT_COUNT(row); i++)
		if (row[i].have != row[i].want)
			fail_msg("row %zu: header %#x, table %#x", i,
				 row[i].have, row[i].want);
}

static void test_memmove_descriptor_golden_value_built(void **state)
{
	struct dsa_desc d;

	(void)state;
	memset(&d, 0, sizeof(d));
	FIELD_SET(DSA_DESC_OPCODE, &d, DSA_OP_MEMMOVE);
	FIELD_SET(DSA_DESC_PASID, &d, 0x12345);
	FIELD_SET(DSA_DESC_BOF, &d, 1);
	FIELD_SET(DSA_DESC_CRAV, &d, 1);
	FIELD_SET(DSA_DESC_RCR, &d, 1);
	FIELD_SET(DSA_DESC_COMPLETION_ADDR, &d, 0x7fff00000020);
	FIELD_SET(DSA_DESC_SRC, &d, 0x2001);
	FIELD_SET(DSA_DESC_DST, &d, 0x3003);
	FIELD_SET(DSA_DESC_XFER_SIZE, &d, 0x100);
	FIELD_SET(DSA_DESC_INT_HANDLE, &d, 5);

	assert_true(d.dw[0] == 0x0300000e00012345);
	assert_true(d.dw[1] == 0x00007fff00000020);
	assert_true(d.dw[2] == 0x0000000000002001);
	assert_true(d.dw[3] == 0x0000000000003003);
	assert_true(d.dw[4] == 0x0000000500000100);
	assert_true(d.dw[5] == 0 && d.dw[6] == 0 && d.dw[7] == 0);
	assert_int_equal(FIELD_GET(DSA_DESC_FLAGS, &d), 0xe);
}

static void test_operation_fields_golden_values_built(void **state)
{
	struct dsa_desc d;

	(void)state;
	memset(&d, 0, sizeof(d));
	FIELD_SET(DSA_DESC_OPCODE, &d, DSA_OP_CRC_GEN);
	FIELD_SET(DSA_DESC_FLAGS, &d, 0xc);
	FIELD_SET(DSA_DESC_CRC_READ_SEED, &d, 1);
	FIELD_SET(DSA_DESC_CRC_SEED_ADDR, &d, 0x1122334455667788);
	assert_true(d.dw[0] == 0x1001000c00000000);
	assert_true(d.dw[6] == 0x1122334455667788);

	memset(&d, 0, sizeof(d));
	FIELD_SET(DSA_DESC_CREATE_DELTA_ADDR, &d, 0x8877665544332211);
	FIELD_SET(DSA_DESC_CREATE_DELTA_MAX_SIZE, &d, DSA_DELTA_MIN_RECORD);
	FIELD_SET(DSA_DESC_CREATE_DELTA_EXPECTED, &d, 1 << DSA_RESULT_DIFFER);
	assert_true(d.dw[5] == 0x8877665544332211);
	assert_true(d.dw[6] == 0x0000000000000050);
	assert_true(d.dw[7] == 0x0000000000000002);

	memset(&d, 0, sizeof(d));
	FIELD_SET(DSA_DESC_DIF_DST_FLAGS, &d,
		  REG_CONST(DSA_DIF_DST_APP_INCR, 1));
	FIELD_SET(DSA_DESC_DIF_FLAGS, &d, DSA_DIF_BLOCK_4096);
	FIELD_SET(DSA_DESC_DIF_DST_REF_TAG, &d, 0x11223344);
	FIELD_SET(DSA_DESC_DIF_DST_APP_MASK, &d, 0x00ff);
	FIELD_SET(DSA_DESC_DIF_DST_APP_TAG, &d, 0xaaaa);
	assert_true(d.dw[5] == 0x0000000000021000);
	assert_true(d.dw[7] == 0xaaaa00ff11223344);
}

/* A write fault on the second page of a copy, and a CRC. */
static void test_completion_golden_values_decoded(void **state)
{
	static const struct dsa_comp fault = { { 0x0000100000000083,
						 0x00007f0000003000, 0, 0 } };
	static const struct dsa_comp crc = { { 0x0000000000000001, 0,
					       0x00000000e3069283, 0 } };

	(void)state;
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &fault),
			 DSA_COMP_PAGE_FAULT_NOBOF);
	assert_int_equal(FIELD_GET(DSA_COMP_WRITE, &fault), 1);
	assert_int_equal(FIELD_GET(DSA_COMP_RESULT, &fault), 0);
	assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, &fault), 0x1000);
	assert_true(FIELD_GET(DSA_COMP_FAULT_ADDR, &fault) == 0x7f0000003000);

	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &crc), DSA_COMP_SUCCESS);
	assert_int_equal(FIELD_GET(DSA_COMP_CRC, &crc), 0xe3069283);
}

/* The check value of CRC-32C, bit 0 of each byte first. */
static void test_crc_polynomial_check_value_computed(void **state)
{
	const unsigned char *byte = (const unsigned char *)"123456789";
	uint32_t crc = 0xffffffff, reflected = 0;
	int i;

	(void)state;
	for (; *byte; byte++)
		for (i = 0; i < 8; i++) {
			uint32_t out = crc >> 31 ^ ((*byte >> i) & 1u);

			crc = crc << 1 ^ (out ? DSA_CRC32_POLY : 0u);
		}
	for (i = 0; i < 32; i++)
		reflected |= (crc >> i & 1) << (31 - i);
	assert_int_equal(~reflected, 0xe3069283);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_match_the_transcript),
		cmocka_unit_test(test_transcript_notices_every_wrong_row),
		cmocka_unit_test(test_values_match_the_transcript),
		cmocka_unit_test(test_memmove_descriptor_golden_value_built),
		cmocka_unit_test(test_operation_fields_golden_values_built),
		cmocka_unit_test(test_completion_golden_values_decoded),
		cmocka_unit_test(test_crc_polynomial_check_value_computed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
