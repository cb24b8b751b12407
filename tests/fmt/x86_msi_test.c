/* SPDX-License-Identifier: MIT */
/*
 * fmt/x86_msi.h against a second transcription: the structures of Linux
 * (x86_msi_addr_lo, x86_msi_addr_hi, x86_msi_data) and QEMU
 * (X86IOMMU_MSIMessage). Bit 14 is "active_low" in the former, "level" in the
 * latter and in the SDM.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "base/field.h"
#include "fmt/x86_msi.h"
#include "tests/fmt/layout.h"

static const struct member addr[] = {
	RSVD(2), { "X86_MSI_ADDR_DM", 1 },       { "X86_MSI_ADDR_RH", 1 },
	RSVD(8), { "X86_MSI_ADDR_DEST", 8 },     { "X86_MSI_ADDR_FEE", 12 },
	RSVD(8), { "X86_MSI_ADDR_DEST_HI", 24 },
};

static const struct member data[] = {
	{ "X86_MSI_DATA_VECTOR", 8 }, { "X86_MSI_DATA_DLM", 3 }, RSVD(3),
	{ "X86_MSI_DATA_ASSERT", 1 }, { "X86_MSI_DATA_TM", 1 },  RSVD(16),
};

static const struct layout layouts[] = {
	LAYOUT(X86_MSI_ADDR_FIELDS, addr, 64),
	LAYOUT(X86_MSI_DATA_FIELDS, data, 32),
};

static void test_x86_msi_transcription(void **state)
{
	(void)state;
	layout_assert_match(layouts, TRANSCRIPT_COUNT(layouts));
}

static void test_x86_msi_transcription_notices(void **state)
{
	(void)state;
	layout_assert_notices(layouts, TRANSCRIPT_COUNT(layouts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x86_msi_transcription),
		cmocka_unit_test(test_x86_msi_transcription_notices),
	};

	return cmocka_run_group_tests_name("x86_msi", tests, NULL, NULL);
}
