/* SPDX-License-Identifier: MIT */
/*
 * fmt/arm_pt.h against a second table, descriptors computed by hand, and the
 * level tables of the architecture.
 *
 * The table gives a mask and its shift, the way of Linux's pgtable-hwdef.h of
 * arm64 and of its io-pgtable-arm.c, and was typed from them; FNXS, NT, PBHA,
 * NSTable, the NS of stage 2 and its software bits, which they lack, from
 * tables D8-50, D8-52 and D8-53 of DDI 0487 J.a.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/bits.h"
#include "fmt/arm_pt.h"
#include "tests/fmt/transcript.h"

/* clang-format off */
#define M(name, mask, shift)						\
	{ name, (shift) + __builtin_popcountll(mask) - 1, shift }

static const struct transcript_row want_pte[] = {
	M("ARM_PTE_VALID", 1, 0),
	M("ARM_PTE_TYPE", 1, 1),
};

static const struct transcript_row want_table[] = {
	M("ARM_PTE_TABLE_AF", 1, 10),
	M("ARM_PTE_TABLE_PXN", 1, 59),
	M("ARM_PTE_TABLE_UXN", 1, 60),
	M("ARM_PTE_TABLE_AP", 3, 61),
	M("ARM_PTE_TABLE_NS", 1, 63),
};

static const struct transcript_row want_s1[] = {
	M("ARM_PTE_S1_ATTRINDX", 7, 2),
	M("ARM_PTE_S1_NS", 1, 5),
	M("ARM_PTE_S1_AP", 3, 6),
	M("ARM_PTE_S1_SH", 3, 8),
	M("ARM_PTE_S1_AF", 1, 10),
	M("ARM_PTE_S1_NG", 1, 11),
	M("ARM_PTE_S1_GP", 1, 50),
	M("ARM_PTE_S1_DBM", 1, 51),
	M("ARM_PTE_S1_CONTIG", 1, 52),
	M("ARM_PTE_S1_PXN", 1, 53),
	M("ARM_PTE_S1_UXN", 1, 54),
	M("ARM_PTE_S1_SW", 0xf, 55),
	M("ARM_PTE_S1_PBHA", 0xf, 59),
};

static const struct transcript_row want_s2[] = {
	M("ARM_PTE_S2_MEMATTR", 0xf, 2),
	M("ARM_PTE_S2_AP", 3, 6),
	M("ARM_PTE_S2_SH", 3, 8),
	M("ARM_PTE_S2_AF", 1, 10),
	M("ARM_PTE_S2_FNXS", 1, 11),
	M("ARM_PTE_S2_DBM", 1, 51),
	M("ARM_PTE_S2_CONTIG", 1, 52),
	M("ARM_PTE_S2_XN", 3, 53),
	M("ARM_PTE_S2_NS", 1, 55),
	M("ARM_PTE_S2_SW", 7, 56),
	M("ARM_PTE_S2_PBHA", 0xf, 59),
};

static const struct transcript_row want_block[] = {
	M("ARM_PTE_BLOCK_NT", 1, 16),
};

static const struct transcript_row want_4k[] = {
	M("ARM_PTE_4K_OA", 0xfffffffff, 12),
};

static const struct transcript_row want_16k[] = {
	M("ARM_PTE_16K_OA", 0x3ffffffff, 14),
};

static const struct transcript_row want_64k[] = {
	M("ARM_PTE_64K_OA", 0xffffffff, 16),
	M("ARM_PTE_64K_OA_51_48", 0xf, 12),
};

static const struct transcript_row want_ds[] = {
	M("ARM_PTE_DS_OA_51_50", 3, 8),
	M("ARM_PTE_DS_OA_49_48", 3, 48),
};
/* clang-format on */

static void test_arm_pt_tables_second_transcription_agrees(void **state)
{
	(void)state;
	assert_transcript(ARM_PTE_FIELDS, want_pte);
	assert_transcript(ARM_PTE_TABLE_FIELDS, want_table);
	assert_transcript(ARM_PTE_S1_FIELDS, want_s1);
	assert_transcript(ARM_PTE_S2_FIELDS, want_s2);
	assert_transcript(ARM_PTE_BLOCK_FIELDS, want_block);
	assert_transcript(ARM_PTE_4K_FIELDS, want_4k);
	assert_transcript(ARM_PTE_16K_FIELDS, want_16k);
	assert_transcript(ARM_PTE_64K_FIELDS, want_64k);
	assert_transcript(ARM_PTE_DS_FIELDS, want_ds);
}

static void test_arm_pt_stage1_page_gives_golden_word(void **state)
{
	struct arm_pte pte = { { 0 } };

	(void)state;
	/* A user's data page: read, write, not global. */
	FIELD_SET(ARM_PTE_VALID, &pte, 1);
	FIELD_SET(ARM_PTE_TYPE, &pte, 1);
	FIELD_SET(ARM_PTE_S1_ATTRINDX, &pte, 3);
	FIELD_SET(ARM_PTE_S1_AP, &pte, ARM_PTE_S1_AP_RW);
	FIELD_SET(ARM_PTE_S1_SH, &pte, ARM_PTE_SH_ISH);
	FIELD_SET(ARM_PTE_S1_AF, &pte, 1);
	FIELD_SET(ARM_PTE_S1_NG, &pte, 1);
	FIELD_SET(ARM_PTE_S1_PXN, &pte, 1);
	FIELD_SET(ARM_PTE_S1_UXN, &pte, 1);
	arm_pte_set_oa(&pte, ARM_PT_4K_LG2, 0x812345000, false);
	assert_int_equal(pte.dw[0], 0x0060000812345f4f);
	assert_int_equal(arm_pte_oa(&pte, 12, 12, false), 0x812345000);
}

static void test_arm_pt_stage2_block_gives_golden_word(void **state)
{
	struct arm_pte pte = { { 0 } };

	(void)state;
	FIELD_SET(ARM_PTE_VALID, &pte, 1);
	FIELD_SET(ARM_PTE_S2_MEMATTR, &pte, ARM_PTE_S2_MEMATTR_WB);
	FIELD_SET(ARM_PTE_S2_AP, &pte, ARM_PTE_S2_AP_RW);
	FIELD_SET(ARM_PTE_S2_SH, &pte, ARM_PTE_SH_ISH);
	FIELD_SET(ARM_PTE_S2_AF, &pte, 1);
	FIELD_SET(ARM_PTE_S2_XN, &pte, ARM_PTE_S2_XN_NO_EXEC);
	arm_pte_set_oa(&pte, ARM_PT_4K_LG2, 0x40000000, false);
	assert_int_equal(pte.dw[0], 0x00400000400007fd);
	assert_int_equal(arm_pte_oa(&pte, 12, 21, false), 0x40000000);
}

static void test_arm_pt_52bit_addresses_keep_every_bit(void **state)
{
	struct arm_pte big = { { 0 } };
	struct arm_pte ds = { { 0 } };
	struct arm_pte ds16 = { { 0 } };

	(void)state;
	arm_pte_set_oa(&big, ARM_PT_64K_LG2, 0x000f123456780000, true);
	assert_int_equal(big.dw[0], 0x000012345678f000);
	assert_int_equal(arm_pte_oa(&big, 16, 16, true), 0x000f123456780000);
	assert_int_equal(arm_pte_oa(&big, 16, 16, false), 0x0000123456780000);

	arm_pte_set_oa(&ds, ARM_PT_4K_LG2, 0x000d123456789000, true);
	assert_int_equal(ds.dw[0], 0x0001123456789300);
	assert_int_equal(arm_pte_oa(&ds, 12, 12, true), 0x000d123456789000);

	arm_pte_set_oa(&ds16, ARM_PT_16K_LG2, 0x000e12345678c000, true);
	assert_int_equal(ds16.dw[0], 0x000212345678c300);
	assert_int_equal(arm_pte_oa(&ds16, 14, 14, true), 0x000e12345678c000);
}

/* RES0 bits below the size of a block, nT among them, are no address. */
static void test_arm_pt_block_address_ignores_low_bits(void **state)
{
	const struct arm_pte block = { { 0x00000000201ff001 } };

	(void)state;
	assert_int_equal(FIELD_GET(ARM_PTE_BLOCK_NT, &block), 1);
	assert_int_equal(arm_pte_oa(&block, 16, 29, false), 0x20000000);
	assert_int_equal(arm_pte_oa(&block, 16, 29, true), 0x000f000020000000);
}

/* The address bits of a descriptor are replaced, all others stay. */
static void test_arm_pt_set_address_keeps_other_bits(void **state)
{
	struct arm_pte pte;

	(void)state;
	pte.dw[0] = UINT64_MAX;
	arm_pte_set_oa(&pte, ARM_PT_4K_LG2, 0, false);
	assert_int_equal(pte.dw[0], 0xffff000000000fff);
	pte.dw[0] = UINT64_MAX;
	arm_pte_set_oa(&pte, ARM_PT_4K_LG2, 0, true);
	assert_int_equal(pte.dw[0], 0xfffc000000000cff);
	pte.dw[0] = UINT64_MAX;
	arm_pte_set_oa(&pte, ARM_PT_64K_LG2, 0, true);
	assert_int_equal(pte.dw[0], 0xffff000000000fff);
}

static void test_arm_pt_entry_sizes_are_those_of_the_architecture(void **state)
{
	(void)state;
	assert_int_equal(arm_pt_entry_lg2(12, 3), 12);
	assert_int_equal(arm_pt_entry_lg2(12, 2), 21);
	assert_int_equal(arm_pt_entry_lg2(12, 1), 30);
	assert_int_equal(arm_pt_entry_lg2(12, 0), 39);
	assert_int_equal(arm_pt_entry_lg2(12, -1), 48);
	assert_int_equal(arm_pt_entry_lg2(14, 3), 14);
	assert_int_equal(arm_pt_entry_lg2(14, 2), 25);
	assert_int_equal(arm_pt_entry_lg2(14, 1), 36);
	assert_int_equal(arm_pt_entry_lg2(14, 0), 47);
	assert_int_equal(arm_pt_entry_lg2(16, 3), 16);
	assert_int_equal(arm_pt_entry_lg2(16, 2), 29);
	assert_int_equal(arm_pt_entry_lg2(16, 1), 42);
}

/* D8.2: the ranges of TnSZ for which a stage 1 walk starts at a level. */
static void test_arm_pt_start_level_follows_tnsz(void **state)
{
	static const struct {
		unsigned int page_lg2;
		int level;
		unsigned int tnsz_min, tnsz_max;
	} rows[] = {
		{ 12, -1, 12, 15 }, { 12, 0, 16, 24 }, { 12, 1, 25, 33 },
		{ 12, 2, 34, 42 },  { 12, 3, 43, 48 }, { 14, 0, 12, 16 },
		{ 14, 1, 17, 27 },  { 14, 2, 28, 38 }, { 14, 3, 39, 48 },
		{ 16, 1, 12, 21 },  { 16, 2, 22, 34 }, { 16, 3, 35, 47 },
	};
	size_t i;
	unsigned int t;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		for (t = rows[i].tnsz_min; t <= rows[i].tnsz_max; t++)
			assert_int_equal(arm_pt_start_level(rows[i].page_lg2,
							    64 - t),
					 rows[i].level);
}

/* Tables D8-19, D8-29 and D8-38, SL2 being bit 2. */
static void test_arm_pt_s2_start_level_follows_sl0(void **state)
{
	static const int k4[] = { 2, 1, 0, 3, -1, -2, -2, -2 };
	static const int k16[] = { 3, 2, 1, 0, -2, -2, -2, -2 };
	static const int k64[] = { 3, 2, 1, -2, -2, -2, -2, -2 };
	unsigned int sl0;
	int level;

	(void)state;
	for (sl0 = 0; sl0 < 8; sl0++) {
		assert_int_equal(arm_pt_s2_start_level(12, sl0), k4[sl0]);
		assert_int_equal(arm_pt_s2_start_level(14, sl0), k16[sl0]);
		assert_int_equal(arm_pt_s2_start_level(16, sl0), k64[sl0]);
	}
	for (level = -1; level <= 3; level++)
		assert_int_equal(k4[arm_pt_s2_sl0(ARM_PT_4K_LG2, level)],
				 level);
	assert_int_equal(arm_pt_s2_sl0(14, -1), -1);
	assert_int_equal(arm_pt_s2_sl0(16, 0), -1);
	assert_int_equal(arm_pt_s2_sl0(12, 4), -1);
}

/* D8.3.1.2, which OAB rows exist, and table D8-104. */
static void test_arm_pt_blocks_and_contiguous_groups(void **state)
{
	static const struct {
		unsigned int page_lg2;
		int level;
		bool block, wide_block;
		unsigned int contig;
	} rows[] = {
		{ 12, -1, false, false, 1 },  { 12, 0, false, true, 1 },
		{ 12, 1, true, true, 16 },    { 12, 2, true, true, 16 },
		{ 12, 3, false, false, 16 },  { 14, 0, false, false, 1 },
		{ 14, 1, false, true, 1 },    { 14, 2, true, true, 32 },
		{ 14, 3, false, false, 128 }, { 16, 1, false, true, 1 },
		{ 16, 2, true, true, 32 },    { 16, 3, false, false, 32 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int page_lg2 = rows[i].page_lg2;
		int level = rows[i].level;

		assert_int_equal(arm_pt_block_level(page_lg2, level, false),
				 rows[i].block);
		assert_int_equal(arm_pt_block_level(page_lg2, level, true),
				 rows[i].wide_block);
		assert_int_equal(1u << arm_pt_contig_lg2(page_lg2, level),
				 rows[i].contig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_arm_pt_tables_second_transcription_agrees),
		cmocka_unit_test(test_arm_pt_stage1_page_gives_golden_word),
		cmocka_unit_test(test_arm_pt_stage2_block_gives_golden_word),
		cmocka_unit_test(test_arm_pt_52bit_addresses_keep_every_bit),
		cmocka_unit_test(test_arm_pt_block_address_ignores_low_bits),
		cmocka_unit_test(test_arm_pt_set_address_keeps_other_bits),
		cmocka_unit_test(
			test_arm_pt_entry_sizes_are_those_of_the_architecture),
		cmocka_unit_test(test_arm_pt_start_level_follows_tnsz),
		cmocka_unit_test(test_arm_pt_s2_start_level_follows_sl0),
		cmocka_unit_test(test_arm_pt_blocks_and_contiguous_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
