/* SPDX-License-Identifier: MIT */
/*
 * fmt/pcie.h against a second transcription.
 *
 * The header was typed from the PCI Express Base Specification's bit numbers as
 * the configuration space appendix of the Intel DSA specification repeats them.
 * The tables here were typed from the masks of Linux's uapi/linux/pci_regs.h
 * and pciutils' header.h, and, for messages and TLP data, from the structures
 * of two device models (an ATS completion entry, a VT-d page request record).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "base/field.h"
#include "fmt/pcie.h"
#include "tests/fmt/transcript.h"

/* The hi and lo of a mask without holes. */
#define MASK(m)                                                                \
	63u - (unsigned int)__builtin_clzll(m), (unsigned int)__builtin_ctzll(m)

/* Of a mask in 64-bit word w. */
#define WORD_MASK(w, m)                                                        \
	(w) * 64u + 63u - (unsigned int)__builtin_clzll(m),                    \
		(w)*64u + (unsigned int)__builtin_ctzll(m)

static const struct transcript_row command[] = {
	{ "PCIE_COMMAND_IO", MASK(0x1) },
	{ "PCIE_COMMAND_MEMORY", MASK(0x2) },
	{ "PCIE_COMMAND_BUS_MASTER", MASK(0x4) },
	{ "PCIE_COMMAND_PARITY", MASK(0x40) },
	{ "PCIE_COMMAND_SERR", MASK(0x100) },
	{ "PCIE_COMMAND_INTX_DISABLE", MASK(0x400) },
};

static const struct transcript_row status[] = {
	{ "PCIE_STATUS_INTX", MASK(0x08) },
	{ "PCIE_STATUS_CAP_LIST", MASK(0x10) },
	{ "PCIE_STATUS_MASTER_PARITY", MASK(0x100) },
	{ "PCIE_STATUS_SENT_CA", MASK(0x800) },
	{ "PCIE_STATUS_RECEIVED_CA", MASK(0x1000) },
	{ "PCIE_STATUS_RECEIVED_UR", MASK(0x2000) },
	{ "PCIE_STATUS_SERR", MASK(0x4000) },
	{ "PCIE_STATUS_PARITY", MASK(0x8000) },
};

static const struct transcript_row class[] = {
	{ "PCIE_CLASS_REVISION", MASK(0x000000ff) },
	{ "PCIE_CLASS_CODE", MASK(0xffffff00) },
};

static const struct transcript_row header_type[] = {
	{ "PCIE_HEADER_TYPE_LAYOUT", MASK(0x7f) },
	{ "PCIE_HEADER_TYPE_MULTI", MASK(0x80) },
};

static const struct transcript_row bar[] = {
	{ "PCIE_BAR_IO", MASK(0x01) },
	{ "PCIE_BAR_TYPE", MASK(0x06) },
	{ "PCIE_BAR_PREFETCH", MASK(0x08) },
	{ "PCIE_BAR_ADDR", MASK(0xfffffff0) },
};

static const struct transcript_row cap_header[] = {
	{ "PCIE_CAP_HEADER_ID", MASK(0x00ff) },
	{ "PCIE_CAP_HEADER_NEXT", MASK(0xff00) },
};

static const struct transcript_row pm_cap[] = {
	{ "PCIE_PM_CAP_VERSION", MASK(0x0007) },
	{ "PCIE_PM_CAP_DSI", MASK(0x0020) },
	{ "PCIE_PM_CAP_D1", MASK(0x0200) },
	{ "PCIE_PM_CAP_D2", MASK(0x0400) },
	{ "PCIE_PM_CAP_PME", MASK(0xf800) },
};

static const struct transcript_row pm_ctrl[] = {
	{ "PCIE_PM_CTRL_STATE", MASK(0x0003) },
	{ "PCIE_PM_CTRL_NO_SOFT_RESET", MASK(0x0008) },
	{ "PCIE_PM_CTRL_PME_ENABLE", MASK(0x0100) },
	{ "PCIE_PM_CTRL_PME_STATUS", MASK(0x8000) },
};

static const struct transcript_row exp_flags[] = {
	{ "PCIE_EXP_FLAGS_VERSION", MASK(0x000f) },
	{ "PCIE_EXP_FLAGS_TYPE", MASK(0x00f0) },
	{ "PCIE_EXP_FLAGS_SLOT", MASK(0x0100) },
	{ "PCIE_EXP_FLAGS_IRQ", MASK(0x3e00) },
};

static const struct transcript_row exp_devcap[] = {
	{ "PCIE_EXP_DEVCAP_MAX_PAYLOAD", MASK(0x00000007) },
	{ "PCIE_EXP_DEVCAP_PHANTOM", MASK(0x00000018) },
	{ "PCIE_EXP_DEVCAP_EXT_TAG", MASK(0x00000020) },
	{ "PCIE_EXP_DEVCAP_L0S", MASK(0x000001c0) },
	{ "PCIE_EXP_DEVCAP_L1", MASK(0x00000e00) },
	{ "PCIE_EXP_DEVCAP_RBER", MASK(0x00008000) },
	{ "PCIE_EXP_DEVCAP_FLR", MASK(0x10000000) },
};

static const struct transcript_row exp_devctl[] = {
	{ "PCIE_EXP_DEVCTL_CERE", MASK(0x0001) },
	{ "PCIE_EXP_DEVCTL_NFERE", MASK(0x0002) },
	{ "PCIE_EXP_DEVCTL_FERE", MASK(0x0004) },
	{ "PCIE_EXP_DEVCTL_URRE", MASK(0x0008) },
	{ "PCIE_EXP_DEVCTL_RELAXED", MASK(0x0010) },
	{ "PCIE_EXP_DEVCTL_MAX_PAYLOAD", MASK(0x00e0) },
	{ "PCIE_EXP_DEVCTL_EXT_TAG", MASK(0x0100) },
	{ "PCIE_EXP_DEVCTL_PHANTOM", MASK(0x0200) },
	{ "PCIE_EXP_DEVCTL_AUX_PM", MASK(0x0400) },
	{ "PCIE_EXP_DEVCTL_NO_SNOOP", MASK(0x0800) },
	{ "PCIE_EXP_DEVCTL_MAX_READ", MASK(0x7000) },
	{ "PCIE_EXP_DEVCTL_FLR", MASK(0x8000) },
};

static const struct transcript_row exp_devsta[] = {
	{ "PCIE_EXP_DEVSTA_CED", MASK(0x0001) },
	{ "PCIE_EXP_DEVSTA_NFED", MASK(0x0002) },
	{ "PCIE_EXP_DEVSTA_FED", MASK(0x0004) },
	{ "PCIE_EXP_DEVSTA_URD", MASK(0x0008) },
	{ "PCIE_EXP_DEVSTA_AUX_POWER", MASK(0x0010) },
	{ "PCIE_EXP_DEVSTA_PENDING", MASK(0x0020) },
};

static const struct transcript_row exp_devcap2[] = {
	{ "PCIE_EXP_DEVCAP2_CTO_RANGES", MASK(0x0000000f) },
	{ "PCIE_EXP_DEVCAP2_CTO_DISABLE", MASK(0x00000010) },
	{ "PCIE_EXP_DEVCAP2_LTR", MASK(0x00000800) },
	{ "PCIE_EXP_DEVCAP2_TAG10_COMPLETER", MASK(0x00010000) },
	{ "PCIE_EXP_DEVCAP2_TAG10_REQUESTER", MASK(0x00020000) },
	{ "PCIE_EXP_DEVCAP2_EXT_FMT", MASK(0x00100000) },
	{ "PCIE_EXP_DEVCAP2_EE_PREFIX", MASK(0x00200000) },
	{ "PCIE_EXP_DEVCAP2_EE_PREFIX_MAX", MASK(0x00c00000) },
	{ "PCIE_EXP_DEVCAP2_DMWR", MASK(0x10000000) },
};

static const struct transcript_row exp_devctl2[] = {
	{ "PCIE_EXP_DEVCTL2_CTO_VALUE", MASK(0x000f) },
	{ "PCIE_EXP_DEVCTL2_CTO_DISABLE", MASK(0x0010) },
	{ "PCIE_EXP_DEVCTL2_LTR", MASK(0x0400) },
	{ "PCIE_EXP_DEVCTL2_TAG10", MASK(0x1000) },
};

static const struct transcript_row msix_ctrl[] = {
	{ "PCIE_MSIX_CTRL_TABLE_SIZE", MASK(0x07ff) },
	{ "PCIE_MSIX_CTRL_MASK_ALL", MASK(0x4000) },
	{ "PCIE_MSIX_CTRL_ENABLE", MASK(0x8000) },
};

static const struct transcript_row msix_table[] = {
	{ "PCIE_MSIX_TABLE_BIR", MASK(0x00000007) },
	{ "PCIE_MSIX_TABLE_OFFSET", MASK(0xfffffff8) },
};

static const struct transcript_row msix_pba[] = {
	{ "PCIE_MSIX_PBA_BIR", MASK(0x00000007) },
	{ "PCIE_MSIX_PBA_OFFSET", MASK(0xfffffff8) },
};

static const struct transcript_row msix_entry[] = {
	{ "PCIE_MSIX_ENTRY_ADDR", WORD_MASK(0, 0xffffffffffffffff) },
	{ "PCIE_MSIX_ENTRY_DATA", WORD_MASK(1, 0x00000000ffffffff) },
	{ "PCIE_MSIX_ENTRY_MASK", WORD_MASK(1, 0x0000000100000000) },
};

static const struct transcript_row ext_cap[] = {
	{ "PCIE_EXT_CAP_ID", MASK(0x0000ffff) },
	{ "PCIE_EXT_CAP_VERSION", MASK(0x000f0000) },
	{ "PCIE_EXT_CAP_NEXT", MASK(0xfff00000) },
};

static const struct transcript_row pasid_cap[] = {
	{ "PCIE_PASID_CAP_EXEC", MASK(0x0002) },
	{ "PCIE_PASID_CAP_PRIV", MASK(0x0004) },
	{ "PCIE_PASID_CAP_WIDTH", MASK(0x1f00) },
};

static const struct transcript_row pasid_ctrl[] = {
	{ "PCIE_PASID_CTRL_ENABLE", MASK(0x0001) },
	{ "PCIE_PASID_CTRL_EXEC", MASK(0x0002) },
	{ "PCIE_PASID_CTRL_PRIV", MASK(0x0004) },
};

static const struct transcript_row ats_cap[] = {
	{ "PCIE_ATS_CAP_QUEUE_DEPTH", MASK(0x001f) },
	{ "PCIE_ATS_CAP_PAGE_ALIGNED", MASK(0x0020) },
	{ "PCIE_ATS_CAP_GLOBAL_INV", MASK(0x0040) },
	{ "PCIE_ATS_CAP_RELAXED", MASK(0x0080) },
};

static const struct transcript_row ats_ctrl[] = {
	{ "PCIE_ATS_CTRL_STU", MASK(0x001f) },
	{ "PCIE_ATS_CTRL_ENABLE", MASK(0x8000) },
};

static const struct transcript_row pri_ctrl[] = {
	{ "PCIE_PRI_CTRL_ENABLE", MASK(0x0001) },
	{ "PCIE_PRI_CTRL_RESET", MASK(0x0002) },
};

static const struct transcript_row pri_status[] = {
	{ "PCIE_PRI_STATUS_RF", MASK(0x0001) },
	{ "PCIE_PRI_STATUS_UPRGI", MASK(0x0002) },
	{ "PCIE_PRI_STATUS_STOPPED", MASK(0x0100) },
	{ "PCIE_PRI_STATUS_PASID", MASK(0x8000) },
};

static const struct transcript_row page_request[] = {
	{ "PCIE_PAGE_REQUEST_READ", WORD_MASK(0, 0x1) },
	{ "PCIE_PAGE_REQUEST_WRITE", WORD_MASK(0, 0x2) },
	{ "PCIE_PAGE_REQUEST_LAST", WORD_MASK(0, 0x4) },
	{ "PCIE_PAGE_REQUEST_PRGI", WORD_MASK(0, 0xff8) },
	{ "PCIE_PAGE_REQUEST_PAGE", WORD_MASK(0, 0xfffffffffffff000) },
	{ "PCIE_PAGE_REQUEST_PASID", WORD_MASK(1, 0x000fffff) },
	{ "PCIE_PAGE_REQUEST_EXEC", WORD_MASK(1, 0x00400000) },
	{ "PCIE_PAGE_REQUEST_PRIV", WORD_MASK(1, 0x00800000) },
	{ "PCIE_PAGE_REQUEST_PASID_VALID", WORD_MASK(1, 0x01000000) },
	{ "PCIE_PAGE_REQUEST_RID", WORD_MASK(1, 0x0000ffff00000000) },
};

static const struct transcript_row ats_entry[] = {
	{ "PCIE_ATS_ENTRY_READ", MASK(0x001) },
	{ "PCIE_ATS_ENTRY_WRITE", MASK(0x002) },
	{ "PCIE_ATS_ENTRY_UNTRANSLATED", MASK(0x004) },
	{ "PCIE_ATS_ENTRY_EXEC", MASK(0x008) },
	{ "PCIE_ATS_ENTRY_PRIV", MASK(0x010) },
	{ "PCIE_ATS_ENTRY_GLOBAL", MASK(0x020) },
	{ "PCIE_ATS_ENTRY_NON_SNOOPED", MASK(0x400) },
	{ "PCIE_ATS_ENTRY_SIZE", MASK(0x800) },
	{ "PCIE_ATS_ENTRY_ADDR", MASK(0xfffffffffffff000) },
};

#define LIST(list, rows)                                                       \
	{                                                                      \
#list, (const struct field_desc[])FIELD_DESC_TABLE(list),      \
			TRANSCRIPT_COUNT(((const struct field_desc[])          \
						  FIELD_DESC_TABLE(list))),    \
			rows, TRANSCRIPT_COUNT(rows)                           \
	}

/* Every list of the header; the count is checked by hand, not by a tool. */
static const struct list {
	const char *name;
	const struct field_desc *have;
	size_t n_have;
	const struct transcript_row *want;
	size_t n_want;
} lists[] = {
	LIST(PCIE_COMMAND_FIELDS, command),
	LIST(PCIE_STATUS_FIELDS, status),
	LIST(PCIE_CLASS_FIELDS, class),
	LIST(PCIE_HEADER_TYPE_FIELDS, header_type),
	LIST(PCIE_BAR_FIELDS, bar),
	LIST(PCIE_CAP_HEADER_FIELDS, cap_header),
	LIST(PCIE_PM_CAP_FIELDS, pm_cap),
	LIST(PCIE_PM_CTRL_FIELDS, pm_ctrl),
	LIST(PCIE_EXP_FLAGS_FIELDS, exp_flags),
	LIST(PCIE_EXP_DEVCAP_FIELDS, exp_devcap),
	LIST(PCIE_EXP_DEVCTL_FIELDS, exp_devctl),
	LIST(PCIE_EXP_DEVSTA_FIELDS, exp_devsta),
	LIST(PCIE_EXP_DEVCAP2_FIELDS, exp_devcap2),
	LIST(PCIE_EXP_DEVCTL2_FIELDS, exp_devctl2),
	LIST(PCIE_MSIX_CTRL_FIELDS, msix_ctrl),
	LIST(PCIE_MSIX_TABLE_FIELDS, msix_table),
	LIST(PCIE_MSIX_PBA_FIELDS, msix_pba),
	LIST(PCIE_MSIX_ENTRY_FIELDS, msix_entry),
	LIST(PCIE_EXT_CAP_FIELDS, ext_cap),
	LIST(PCIE_PASID_CAP_FIELDS, pasid_cap),
	LIST(PCIE_PASID_CTRL_FIELDS, pasid_ctrl),
	LIST(PCIE_ATS_CAP_FIELDS, ats_cap),
	LIST(PCIE_ATS_CTRL_FIELDS, ats_ctrl),
	LIST(PCIE_PRI_CTRL_FIELDS, pri_ctrl),
	LIST(PCIE_PRI_STATUS_FIELDS, pri_status),
	LIST(PCIE_PAGE_REQUEST_FIELDS, page_request),
	LIST(PCIE_ATS_ENTRY_FIELDS, ats_entry),
};

static void test_fields_match_the_transcript(void **state)
{
	char err[1024];
	size_t i;

	(void)state;
	for (i = 0; i < TRANSCRIPT_COUNT(lists); i++) {
		const struct list *l = &lists[i];

		if (transcript_compare(l->have, l->n_have, l->want, l->n_want,
				       err, sizeof(err)))
			fail_msg("%s: %s", l->name, err);
	}
}

/* Negative control: any single wrong or missing row of any list is noticed. */
static void test_transcript_notices_every_wrong_row(void **state)
{
	struct transcript_row wrong[32];
	char err[1024];
	size_t i, r;

	(void)state;
	for (i = 0; i < TRANSCRIPT_COUNT(lists); i++) {
		const struct list *l = &lists[i];

		assert_true(l->n_want <= TRANSCRIPT_COUNT(wrong));
		for (r = 0; r < l->n_want; r++) {
			memcpy(wrong, l->want, l->n_want * sizeof(wrong[0]));
			wrong[r].hi++;
			assert_int_equal(transcript_compare(l->have, l->n_have,
							    wrong, l->n_want,
							    err, sizeof(err)),
					 1);
			assert_non_null(strstr(err, wrong[r].name));

			/* Left out of the table, then out of the header. */
			wrong[r] = l->want[l->n_want - 1];
			assert_int_equal(transcript_compare(l->have, l->n_have,
							    wrong,
							    l->n_want - 1, err,
							    sizeof(err)),
					 1);
			assert_int_equal(transcript_compare(l->have,
							    l->n_have - 1,
							    l->want, l->n_want,
							    err, sizeof(err)),
					 1);
		}
	}
}

/* Offsets and values, as pci_regs.h writes them: decimal and hexadecimal. */
static void test_offsets_match_the_transcript(void **state)
{
	static const struct {
		unsigned int have, want;
	} row[] = {
		{ PCIE_CFG_VENDOR, 0x00 },
		{ PCIE_CFG_DEVICE, 0x02 },
		{ PCIE_CFG_COMMAND, 0x04 },
		{ PCIE_CFG_STATUS, 0x06 },
		{ PCIE_CFG_CLASS, 0x08 },
		{ PCIE_CFG_CACHE_LINE_SIZE, 0x0c },
		{ PCIE_CFG_LATENCY_TIMER, 0x0d },
		{ PCIE_CFG_HEADER_TYPE, 0x0e },
		{ PCIE_CFG_BIST, 0x0f },
		{ PCIE_CFG_BAR0, 0x10 },
		{ PCIE_CFG_BAR0 + 4 * (PCIE_CFG_NUM_BARS - 1), 0x24 },
		{ PCIE_CFG_SUBSYSTEM_VENDOR, 0x2c },
		{ PCIE_CFG_SUBSYSTEM, 0x2e },
		{ PCIE_CFG_ROM, 0x30 },
		{ PCIE_CFG_CAP_POINTER, 0x34 },
		{ PCIE_CFG_INTERRUPT_LINE, 0x3c },
		{ PCIE_CFG_INTERRUPT_PIN, 0x3d },
		{ PCIE_CFG_HEADER_SIZE, 64 },
		{ PCIE_CFG_EXT_CAPS, 256 },
		{ PCIE_CFG_SIZE, 4096 },
		{ (unsigned int)PCIE_BAR_TYPE_32 << 1, 0x00 },
		{ (unsigned int)PCIE_BAR_TYPE_64 << 1, 0x04 },
		{ PCIE_CAP_ID_PM, 0x01 },
		{ PCIE_CAP_ID_MSI, 0x05 },
		{ PCIE_CAP_ID_VENDOR, 0x09 },
		{ PCIE_CAP_ID_EXP, 0x10 },
		{ PCIE_CAP_ID_MSIX, 0x11 },
		{ PCIE_PM_CAP, 2 },
		{ PCIE_PM_CTRL, 4 },
		{ PCIE_PM_SIZE, 8 },
		{ PCIE_EXP_FLAGS, 2 },
		{ PCIE_EXP_DEVCAP, 4 },
		{ PCIE_EXP_DEVCTL, 8 },
		{ PCIE_EXP_DEVSTA, 10 },
		{ PCIE_EXP_LNKCAP, 12 },
		{ PCIE_EXP_LNKCTL, 16 },
		{ PCIE_EXP_LNKSTA, 18 },
		{ PCIE_EXP_DEVCAP2, 36 },
		{ PCIE_EXP_DEVCTL2, 40 },
		{ PCIE_EXP_DEVSTA2, 42 },
		{ PCIE_EXP_SIZE, 60 },
		{ PCIE_PORT_TYPE_ENDPOINT, 0x0 },
		{ PCIE_PORT_TYPE_LEGACY_ENDPOINT, 0x1 },
		{ PCIE_PORT_TYPE_ROOT_PORT, 0x4 },
		{ PCIE_PORT_TYPE_UPSTREAM, 0x5 },
		{ PCIE_PORT_TYPE_DOWNSTREAM, 0x6 },
		{ PCIE_PORT_TYPE_RC_ENDPOINT, 0x9 },
		{ PCIE_PORT_TYPE_RC_EVENT_COLLECTOR, 0xa },
		{ PCIE_MSIX_CTRL, 2 },
		{ PCIE_MSIX_TABLE, 4 },
		{ PCIE_MSIX_PBA, 8 },
		{ PCIE_MSIX_SIZE, 12 },
		{ PCIE_MSIX_MAX_VECTORS, 0x7ff + 1 },
		{ PCIE_MSIX_ENTRY_SIZE, 16 },
		{ PCIE_MSIX_ENTRY_OFF_ADDR_LOW, 0 },
		{ PCIE_MSIX_ENTRY_OFF_ADDR_HIGH, 4 },
		{ PCIE_MSIX_ENTRY_OFF_DATA, 8 },
		{ PCIE_MSIX_ENTRY_OFF_CTRL, 12 },
		{ PCIE_EXT_CAP_ID_AER, 0x01 },
		{ PCIE_EXT_CAP_ID_ATS, 0x0f },
		{ PCIE_EXT_CAP_ID_PRI, 0x13 },
		{ PCIE_EXT_CAP_ID_PASID, 0x1b },
		{ PCIE_PASID_CAP, 0x04 },
		{ PCIE_PASID_CTRL, 0x06 },
		{ PCIE_PASID_SIZE, 8 },
		{ PCIE_PASID_BITS, 20 },
		{ PCIE_ATS_CAP, 0x04 },
		{ PCIE_ATS_CTRL, 0x06 },
		{ PCIE_ATS_SIZE, 8 },
		{ PCIE_ATS_MAX_QUEUE_DEPTH, 32 },
		{ PCIE_ATS_MIN_SHIFT, 12 },
		{ PCIE_PRI_CTRL, 0x04 },
		{ PCIE_PRI_STATUS, 0x06 },
		{ PCIE_PRI_CAPACITY, 0x08 },
		{ PCIE_PRI_ALLOCATION, 0x0c },
		{ PCIE_PRI_SIZE, 16 },
		{ PCIE_PRG_RESP_SUCCESS, 0x0 },
		{ PCIE_PRG_RESP_INVALID, 0x1 },
		{ PCIE_PRG_RESP_FAILURE, 0xf },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TRANSCRIPT_COUNT(row); i++)
		if (row[i].have != row[i].want)
			fail_msg("row %zu: header %#x, table %#x", i,
				 row[i].have, row[i].want);
}

/* Reset values a real function has, from its register descriptions. */
static void test_registers_reset_values_of_a_device_built(void **state)
{
	(void)state;

	/* 64-bit prefetchable memory BAR at 0. */
	assert_int_equal(REG_CONST(PCIE_BAR_TYPE, PCIE_BAR_TYPE_64) |
				 REG_CONST(PCIE_BAR_PREFETCH, 1),
			 0x0000000c);
	/* PCI Express 2.0, root complex integrated endpoint. */
	assert_int_equal(REG_CONST(PCIE_EXP_FLAGS_VERSION, 2) |
				 REG_CONST(PCIE_EXP_FLAGS_TYPE,
					   PCIE_PORT_TYPE_RC_ENDPOINT),
			 0x0092);
	/* FLR, role-based errors, 8-bit tags, 512 bytes of payload. */
	assert_int_equal(REG_CONST(PCIE_EXP_DEVCAP_FLR, 1) |
				 REG_CONST(PCIE_EXP_DEVCAP_RBER, 1) |
				 REG_CONST(PCIE_EXP_DEVCAP_EXT_TAG, 1) |
				 REG_CONST(PCIE_EXP_DEVCAP_MAX_PAYLOAD, 2),
			 0x10008022);
	/* 512-byte reads, no snoop, 8-bit tags, relaxed ordering. */
	assert_int_equal(REG_CONST(PCIE_EXP_DEVCTL_MAX_READ, 2) |
				 REG_CONST(PCIE_EXP_DEVCTL_NO_SNOOP, 1) |
				 REG_CONST(PCIE_EXP_DEVCTL_EXT_TAG, 1) |
				 REG_CONST(PCIE_EXP_DEVCTL_RELAXED, 1),
			 0x2910);
	assert_int_equal(
		REG_CONST(PCIE_EXP_DEVCAP2_DMWR, 1) |
			REG_CONST(PCIE_EXP_DEVCAP2_EE_PREFIX_MAX, 1) |
			REG_CONST(PCIE_EXP_DEVCAP2_EE_PREFIX, 1) |
			REG_CONST(PCIE_EXP_DEVCAP2_EXT_FMT, 1) |
			REG_CONST(PCIE_EXP_DEVCAP2_TAG10_REQUESTER, 1) |
			REG_CONST(PCIE_EXP_DEVCAP2_TAG10_COMPLETER, 1) |
			REG_CONST(PCIE_EXP_DEVCAP2_LTR, 1) |
			REG_CONST(PCIE_EXP_DEVCAP2_CTO_DISABLE, 1),
		0x10730810);
	/* PASID capability at 0x230, the next one at 0x240. */
	assert_int_equal(REG_CONST(PCIE_EXT_CAP_ID, PCIE_EXT_CAP_ID_PASID) |
				 REG_CONST(PCIE_EXT_CAP_VERSION, 1) |
				 REG_CONST(PCIE_EXT_CAP_NEXT, 0x240),
			 0x2401001b);
	/* 20-bit PASIDs, privileged mode, no execute. */
	assert_int_equal(REG_CONST(PCIE_PASID_CAP_WIDTH, PCIE_PASID_BITS) |
				 REG_CONST(PCIE_PASID_CAP_PRIV, 1),
			 0x1404);
	/* Stopped, responses carry the PASID. */
	assert_int_equal(REG_CONST(PCIE_PRI_STATUS_STOPPED, 1) |
				 REG_CONST(PCIE_PRI_STATUS_PASID, 1),
			 0x8100);
}

static void test_page_request_golden_value_both_ways(void **state)
{
	struct pcie_page_request req = { { 0, 0 } };

	(void)state;
	FIELD_SET(PCIE_PAGE_REQUEST_PAGE, &req, 0x7f0012345);
	FIELD_SET(PCIE_PAGE_REQUEST_PRGI, &req, 0x1a5);
	FIELD_SET(PCIE_PAGE_REQUEST_LAST, &req, 1);
	FIELD_SET(PCIE_PAGE_REQUEST_WRITE, &req, 1);
	FIELD_SET(PCIE_PAGE_REQUEST_PASID, &req, 0xabcde);
	FIELD_SET(PCIE_PAGE_REQUEST_EXEC, &req, 1);
	FIELD_SET(PCIE_PAGE_REQUEST_PRIV, &req, 1);
	FIELD_SET(PCIE_PAGE_REQUEST_PASID_VALID, &req, 1);
	FIELD_SET(PCIE_PAGE_REQUEST_RID, &req, 0x0305);

	assert_true(req.dw[0] == 0x00007f0012345d2e);
	assert_true(req.dw[1] == 0x0000030501cabcde);
	assert_int_equal(FIELD_GET(PCIE_PAGE_REQUEST_PRGI, &req), 0x1a5);
	assert_int_equal(FIELD_GET(PCIE_PAGE_REQUEST_READ, &req), 0);
	assert_int_equal(FIELD_MAX(PCIE_PAGE_REQUEST_PRGI),
			 (1 << PCIE_PRGI_BITS) - 1);
}

/* 2 MiB at 1 GiB: bits 19:12 ones, bit 20 zero, S. */
static void test_ats_entry_golden_value_both_ways(void **state)
{
	struct pcie_ats_entry entry = { { 0 } };

	(void)state;
	FIELD_SET(PCIE_ATS_ENTRY_ADDR, &entry, 0x40000 | 0xff);
	FIELD_SET(PCIE_ATS_ENTRY_SIZE, &entry, 1);
	FIELD_SET(PCIE_ATS_ENTRY_WRITE, &entry, 1);
	FIELD_SET(PCIE_ATS_ENTRY_READ, &entry, 1);

	assert_true(entry.dw[0] == 0x00000000400ff803);
	assert_int_equal(FIELD_GET(PCIE_ATS_ENTRY_EXEC, &entry), 0);
	/* Bits 9:6 are reserved or CXL's. */
	assert_true(FIELD_DEFINED(PCIE_ATS_ENTRY_FIELDS, 0) ==
		    0xfffffffffffffc3f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_match_the_transcript),
		cmocka_unit_test(test_transcript_notices_every_wrong_row),
		cmocka_unit_test(test_offsets_match_the_transcript),
		cmocka_unit_test(test_registers_reset_values_of_a_device_built),
		cmocka_unit_test(test_page_request_golden_value_both_ways),
		cmocka_unit_test(test_ats_entry_golden_value_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
