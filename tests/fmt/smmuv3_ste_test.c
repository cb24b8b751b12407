/* SPDX-License-Identifier: MIT */
/*
 * fmt/smmuv3_ste.h against a second table, and against records computed by
 * hand.
 *
 * The tables were made from the headings of the field descriptions in IHI 0070
 * F.b, 5.1 to 5.4, and count bits inside each 64-bit word. That is how Linux's
 * arm-smmu-v3.h has them, the second source: all its STE, CD and descriptor
 * masks agree with them (it has the address fields end at bit 51).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "fmt/smmuv3_ste.h"
#include "tests/fmt/transcript.h"

/* clang-format off */
#define D(name, word, hi, lo)	{ name, 64 * (word) + (hi), 64 * (word) + (lo) }

static const struct transcript_row want_l1std[] = {
	D("SMMU_L1STD_SPAN", 0, 4, 0),
	D("SMMU_L1STD_L2PTR", 0, 55, 6),
};

static const struct transcript_row want_ste[] = {
	D("SMMU_STE_V", 0, 0, 0),
	D("SMMU_STE_CONFIG", 0, 3, 1),
	D("SMMU_STE_S1FMT", 0, 5, 4),
	D("SMMU_STE_S1CONTEXTPTR", 0, 55, 6),
	D("SMMU_STE_S1CDMAX", 0, 63, 59),
	D("SMMU_STE_S1DSS", 1, 1, 0),
	D("SMMU_STE_S1CIR", 1, 3, 2),
	D("SMMU_STE_S1COR", 1, 5, 4),
	D("SMMU_STE_S1CSH", 1, 7, 6),
	D("SMMU_STE_S2HWU59", 1, 8, 8),
	D("SMMU_STE_S2HWU60", 1, 9, 9),
	D("SMMU_STE_S2HWU61", 1, 10, 10),
	D("SMMU_STE_S2HWU62", 1, 11, 11),
	D("SMMU_STE_DRE", 1, 12, 12),
	D("SMMU_STE_CONT", 1, 16, 13),
	D("SMMU_STE_DCP", 1, 17, 17),
	D("SMMU_STE_PPAR", 1, 18, 18),
	D("SMMU_STE_MEV", 1, 19, 19),
	D("SMMU_STE_SW_RESERVED", 1, 23, 20),
	D("SMMU_STE_S1PIE", 1, 24, 24),
	D("SMMU_STE_S2FWB", 1, 25, 25),
	D("SMMU_STE_S1MPAM", 1, 26, 26),
	D("SMMU_STE_S1STALLD", 1, 27, 27),
	D("SMMU_STE_EATS", 1, 29, 28),
	D("SMMU_STE_STRW", 1, 31, 30),
	D("SMMU_STE_MEMATTR", 1, 35, 32),
	D("SMMU_STE_MTCFG", 1, 36, 36),
	D("SMMU_STE_ALLOCCFG", 1, 40, 37),
	D("SMMU_STE_SHCFG", 1, 45, 44),
	D("SMMU_STE_NSCFG", 1, 47, 46),
	D("SMMU_STE_PRIVCFG", 1, 49, 48),
	D("SMMU_STE_INSTCFG", 1, 51, 50),
	D("SMMU_STE_IMPDEF1", 1, 63, 52),
	D("SMMU_STE_S2VMID", 2, 15, 0),
	D("SMMU_STE_IMPDEF2", 2, 31, 16),
	D("SMMU_STE_S2T0SZ", 2, 37, 32),
	D("SMMU_STE_S2SL0", 2, 39, 38),
	D("SMMU_STE_S2IR0", 2, 41, 40),
	D("SMMU_STE_S2OR0", 2, 43, 42),
	D("SMMU_STE_S2SH0", 2, 45, 44),
	D("SMMU_STE_S2TG", 2, 47, 46),
	D("SMMU_STE_S2PS", 2, 50, 48),
	D("SMMU_STE_S2AA64", 2, 51, 51),
	D("SMMU_STE_S2ENDI", 2, 52, 52),
	D("SMMU_STE_S2AFFD", 2, 53, 53),
	D("SMMU_STE_S2PTW", 2, 54, 54),
	D("SMMU_STE_S2HD", 2, 55, 55),
	D("SMMU_STE_S2HA", 2, 56, 56),
	D("SMMU_STE_S2S", 2, 57, 57),
	D("SMMU_STE_S2R", 2, 58, 58),
	D("SMMU_STE_S2HAFT", 2, 59, 59),
	D("SMMU_STE_S2PIE", 2, 60, 60),
	D("SMMU_STE_S2POE", 2, 61, 61),
	D("SMMU_STE_DPT_VMATCH", 2, 63, 62),
	D("SMMU_STE_S2NSW", 3, 0, 0),
	D("SMMU_STE_S2NSA", 3, 1, 1),
	D("SMMU_STE_S2SL0_2", 3, 2, 2),
	D("SMMU_STE_S2DS", 3, 3, 3),
	D("SMMU_STE_S2TTB", 3, 55, 4),
	D("SMMU_STE_S2SKL", 3, 62, 61),
	D("SMMU_STE_IMPDEF4", 4, 15, 0),
	D("SMMU_STE_PARTID", 4, 31, 16),
	D("SMMU_STE_S_S2T0SZ", 4, 37, 32),
	D("SMMU_STE_S_S2SL0", 4, 39, 38),
	D("SMMU_STE_S_S2TG", 4, 47, 46),
	D("SMMU_STE_MECID", 4, 63, 48),
	D("SMMU_STE_PMG", 5, 7, 0),
	D("SMMU_STE_MPAM_NS", 5, 8, 8),
	D("SMMU_STE_ASSUREDONLY", 5, 9, 9),
	D("SMMU_STE_TL0", 5, 10, 10),
	D("SMMU_STE_TL1", 5, 11, 11),
	D("SMMU_STE_VMSPTR", 5, 55, 12),
	D("SMMU_STE_S2SW", 6, 0, 0),
	D("SMMU_STE_S2SA", 6, 1, 1),
	D("SMMU_STE_S_S2SL0_2", 6, 2, 2),
	D("SMMU_STE_S_S2TTB", 6, 55, 4),
	D("SMMU_STE_S_S2SKL", 6, 62, 61),
	D("SMMU_STE_S2POI", 7, 63, 0),
};

static const struct transcript_row want_l1cd[] = {
	D("SMMU_L1CD_V", 0, 0, 0),
	D("SMMU_L1CD_L2PTR", 0, 55, 12),
};

static const struct transcript_row want_cd[] = {
	D("SMMU_CD_T0SZ", 0, 5, 0),
	D("SMMU_CD_TG0", 0, 7, 6),
	D("SMMU_CD_IR0", 0, 9, 8),
	D("SMMU_CD_OR0", 0, 11, 10),
	D("SMMU_CD_SH0", 0, 13, 12),
	D("SMMU_CD_EPD0", 0, 14, 14),
	D("SMMU_CD_ENDI", 0, 15, 15),
	D("SMMU_CD_T1SZ", 0, 21, 16),
	D("SMMU_CD_TG1", 0, 23, 22),
	D("SMMU_CD_IR1", 0, 25, 24),
	D("SMMU_CD_OR1", 0, 27, 26),
	D("SMMU_CD_SH1", 0, 29, 28),
	D("SMMU_CD_EPD1", 0, 30, 30),
	D("SMMU_CD_IPS", 0, 34, 32),
	D("SMMU_CD_V", 0, 31, 31),
	D("SMMU_CD_AFFD", 0, 35, 35),
	D("SMMU_CD_WXN", 0, 36, 36),
	D("SMMU_CD_UWXN", 0, 37, 37),
	D("SMMU_CD_TBI0", 0, 38, 38),
	D("SMMU_CD_TBI1", 0, 39, 39),
	D("SMMU_CD_PAN", 0, 40, 40),
	D("SMMU_CD_AA64", 0, 41, 41),
	D("SMMU_CD_HD", 0, 42, 42),
	D("SMMU_CD_HA", 0, 43, 43),
	D("SMMU_CD_ASET", 0, 47, 47),
	D("SMMU_CD_S", 0, 44, 44),
	D("SMMU_CD_R", 0, 45, 45),
	D("SMMU_CD_A", 0, 46, 46),
	D("SMMU_CD_ASID", 0, 63, 48),
	D("SMMU_CD_NSCFG0", 1, 0, 0),
	D("SMMU_CD_HAD0", 1, 1, 1),
	D("SMMU_CD_E0PD0", 1, 2, 2),
	D("SMMU_CD_HAFT", 1, 3, 3),
	D("SMMU_CD_TTB0", 1, 55, 4),
	D("SMMU_CD_PNCH", 1, 58, 58),
	D("SMMU_CD_EPAN", 1, 59, 59),
	D("SMMU_CD_HWU059", 1, 60, 60),
	D("SMMU_CD_HWU060", 1, 61, 61),
	D("SMMU_CD_HWU061", 1, 62, 62),
	D("SMMU_CD_HWU062", 1, 63, 63),
	D("SMMU_CD_NSCFG1", 2, 0, 0),
	D("SMMU_CD_HAD1", 2, 1, 1),
	D("SMMU_CD_E0PD1", 2, 2, 2),
	D("SMMU_CD_AIE", 2, 3, 3),
	D("SMMU_CD_TTB1", 2, 55, 4),
	D("SMMU_CD_DS", 2, 58, 58),
	D("SMMU_CD_PIE", 2, 59, 59),
	D("SMMU_CD_HWU159", 2, 60, 60),
	D("SMMU_CD_HWU160", 2, 61, 61),
	D("SMMU_CD_HWU161", 2, 62, 62),
	D("SMMU_CD_HWU162", 2, 63, 63),
	D("SMMU_CD_MAIR0", 3, 31, 0),
	D("SMMU_CD_MAIR1", 3, 63, 32),
	D("SMMU_CD_AMAIR0", 4, 31, 0),
	D("SMMU_CD_AMAIR1", 4, 63, 32),
	D("SMMU_CD_IMPDEF5", 5, 31, 0),
	D("SMMU_CD_PARTID", 5, 47, 32),
	D("SMMU_CD_PMG", 5, 55, 48),
	D("SMMU_CD_PIIU", 6, 47, 0),
	D("SMMU_CD_PIIP", 7, 47, 0),
};

static const struct transcript_row want_cd_d128[] = {
	D("SMMU_CD_DISCH0", 1, 1, 1),
	D("SMMU_CD_SKL0", 1, 63, 62),
	D("SMMU_CD_DISCH1", 2, 1, 1),
	D("SMMU_CD_SKL1", 2, 63, 62),
};

/* clang-format on */

static void test_ste_tables_second_transcription_agrees(void **state)
{
	(void)state;
	assert_transcript(SMMU_L1STD_FIELDS, want_l1std);
	assert_transcript(SMMU_STE_FIELDS, want_ste);
	assert_transcript(SMMU_L1CD_FIELDS, want_l1cd);
	assert_transcript(SMMU_CD_FIELDS, want_cd);
	assert_transcript(SMMU_CD_D128_FIELDS, want_cd_d128);
}

/* The "Reserved, RES0" headings of the same sections, as masks. */
static void test_ste_reserved_bits_are_those_without_field(void **state)
{
	(void)state;
	assert_int_equal(~FIELD_DEFINED(SMMU_L1STD_FIELDS, 0),
			 0xff00000000000020);
	assert_int_equal(~FIELD_DEFINED(SMMU_STE_FIELDS, 0),
			 0x0700000000000000);
	assert_int_equal(~FIELD_DEFINED(SMMU_STE_FIELDS, 1),
			 0x00000e0000000000);
	assert_int_equal(~FIELD_DEFINED(SMMU_STE_FIELDS, 2), 0);
	assert_int_equal(~FIELD_DEFINED(SMMU_STE_FIELDS, 3),
			 0x9f00000000000000);
	assert_int_equal(~FIELD_DEFINED(SMMU_STE_FIELDS, 4),
			 0x00003f0000000000);
	assert_int_equal(~FIELD_DEFINED(SMMU_STE_FIELDS, 5),
			 0xff00000000000000);
	assert_int_equal(~FIELD_DEFINED(SMMU_STE_FIELDS, 6),
			 0x9f00000000000008);
	assert_int_equal(~FIELD_DEFINED(SMMU_STE_FIELDS, 7), 0);
	assert_int_equal(~FIELD_DEFINED(SMMU_L1CD_FIELDS, 0),
			 0xff00000000000ffe);
	assert_int_equal(~FIELD_DEFINED(SMMU_CD_FIELDS, 0), 0);
	assert_int_equal(~FIELD_DEFINED(SMMU_CD_FIELDS, 1), 0x0300000000000000);
	assert_int_equal(~FIELD_DEFINED(SMMU_CD_FIELDS, 2), 0x0300000000000000);
	assert_int_equal(~FIELD_DEFINED(SMMU_CD_FIELDS, 3), 0);
	assert_int_equal(~FIELD_DEFINED(SMMU_CD_FIELDS, 4), 0);
	assert_int_equal(~FIELD_DEFINED(SMMU_CD_FIELDS, 5), 0xff00000000000000);
	assert_int_equal(~FIELD_DEFINED(SMMU_CD_FIELDS, 6), 0xffff000000000000);
	assert_int_equal(~FIELD_DEFINED(SMMU_CD_FIELDS, 7), 0xffff000000000000);
}

/* A stream of both stages with 2^16 substreams and ATS. */
static void test_ste_nested_stream_gives_golden_words(void **state)
{
	struct smmu_ste ste = { { 0 } };

	(void)state;
	FIELD_SET(SMMU_STE_V, &ste, 1);
	FIELD_SET(SMMU_STE_CONFIG, &ste, SMMU_STE_CONFIG_NESTED);
	FIELD_SET(SMMU_STE_S1FMT, &ste, SMMU_STE_S1FMT_64K_L2);
	smmu_ste_set_s1contextptr(&ste, 0x1234567000);
	FIELD_SET(SMMU_STE_S1CDMAX, &ste, 16);
	FIELD_SET(SMMU_STE_S1DSS, &ste, SMMU_STE_S1DSS_SSID0);
	FIELD_SET(SMMU_STE_S1CIR, &ste, SMMU_S1C_WB_RA);
	FIELD_SET(SMMU_STE_S1COR, &ste, SMMU_S1C_WB_RA);
	FIELD_SET(SMMU_STE_S1CSH, &ste, SMMU_SH_ISH);
	FIELD_SET(SMMU_STE_PPAR, &ste, 1);
	FIELD_SET(SMMU_STE_MEV, &ste, 1);
	FIELD_SET(SMMU_STE_EATS, &ste, SMMU_STE_EATS_FULL);
	FIELD_SET(SMMU_STE_STRW, &ste, SMMU_STE_STRW_EL2);
	FIELD_SET(SMMU_STE_SHCFG, &ste, SMMU_STE_SHCFG_INCOMING);
	FIELD_SET(SMMU_STE_S2VMID, &ste, 0x1234);
	FIELD_SET(SMMU_STE_S2T0SZ, &ste, 24);
	FIELD_SET(SMMU_STE_S2SL0, &ste, 1);
	FIELD_SET(SMMU_STE_S2IR0, &ste, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_STE_S2OR0, &ste, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_STE_S2SH0, &ste, SMMU_SH_ISH);
	FIELD_SET(SMMU_STE_S2TG, &ste, SMMU_TG0_4K);
	FIELD_SET(SMMU_STE_S2PS, &ste, SMMU_PS_48);
	FIELD_SET(SMMU_STE_S2AA64, &ste, 1);
	FIELD_SET(SMMU_STE_S2PTW, &ste, 1);
	FIELD_SET(SMMU_STE_S2R, &ste, 1);
	smmu_ste_set_s2ttb(&ste, 0x876543000);

	assert_int_equal(ste.dw[0], 0x800000123456702f);
	assert_int_equal(ste.dw[1], 0x00001000900c00d6);
	assert_int_equal(ste.dw[2], 0x044d355800001234);
	assert_int_equal(ste.dw[3], 0x0000000876543000);
	assert_int_equal(ste.dw[4] | ste.dw[5] | ste.dw[6] | ste.dw[7], 0);

	assert_int_equal(smmu_ste_s1contextptr(&ste), 0x1234567000);
	assert_int_equal(smmu_ste_s2ttb(&ste), 0x876543000);
	assert_int_equal(FIELD_GET(SMMU_STE_S1CDMAX, &ste), 16);
}

/* A process: 48-bit VA in 4K pages, TTB1 off, ASID 7. */
static void test_cd_process_gives_golden_words(void **state)
{
	struct smmu_cd cd = { { 0 } };

	(void)state;
	FIELD_SET(SMMU_CD_T0SZ, &cd, 16);
	FIELD_SET(SMMU_CD_TG0, &cd, SMMU_TG0_4K);
	FIELD_SET(SMMU_CD_IR0, &cd, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_CD_OR0, &cd, SMMU_RGN_WB_RAWA);
	FIELD_SET(SMMU_CD_SH0, &cd, SMMU_SH_ISH);
	FIELD_SET(SMMU_CD_EPD1, &cd, 1);
	FIELD_SET(SMMU_CD_V, &cd, 1);
	FIELD_SET(SMMU_CD_IPS, &cd, SMMU_PS_48);
	FIELD_SET(SMMU_CD_AA64, &cd, 1);
	FIELD_SET(SMMU_CD_R, &cd, 1);
	FIELD_SET(SMMU_CD_A, &cd, 1);
	FIELD_SET(SMMU_CD_ASET, &cd, 1);
	FIELD_SET(SMMU_CD_ASID, &cd, 7);
	smmu_cd_set_ttb0(&cd, 0x876540000);
	smmu_cd_set_mair(&cd, 0xff440c0400);

	assert_int_equal(cd.dw[0], 0x0007e205c0003510);
	assert_int_equal(cd.dw[1], 0x0000000876540000);
	assert_int_equal(cd.dw[2], 0);
	assert_int_equal(cd.dw[3], 0x000000ff440c0400);
	assert_int_equal(cd.dw[4] | cd.dw[5] | cd.dw[6] | cd.dw[7], 0);
	assert_int_equal(smmu_cd_ttb0(&cd), 0x876540000);
	assert_int_equal(smmu_cd_mair(&cd), 0xff440c0400);
}

/* Neighbours survive, and the widest address fills the field. */
static void test_ste_address_helpers_touch_only_their_field(void **state)
{
	struct smmu_l1std l1std = { { UINT64_MAX } };
	struct smmu_l1cd l1cd = { { 0 } };
	struct smmu_cd cd = { { 0 } };

	(void)state;
	smmu_l1std_set_l2ptr(&l1std, 0);
	assert_int_equal(l1std.dw[0], 0xff0000000000003f);
	smmu_l1std_set_l2ptr(&l1std, 0x00ffffffffffffc0);
	assert_int_equal(l1std.dw[0], UINT64_MAX);
	assert_int_equal(smmu_l1std_l2ptr(&l1std), 0x00ffffffffffffc0);

	FIELD_SET(SMMU_L1CD_V, &l1cd, 1);
	smmu_l1cd_set_l2ptr(&l1cd, 0x000fedcba9876000);
	assert_int_equal(l1cd.dw[0], 0x000fedcba9876001);
	assert_int_equal(smmu_l1cd_l2ptr(&l1cd), 0x000fedcba9876000);

	smmu_cd_set_ttb1(&cd, 0x00fffffffffffff0);
	assert_int_equal(cd.dw[2], 0x00fffffffffffff0);
	assert_int_equal(smmu_cd_ttb1(&cd), 0x00fffffffffffff0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ste_tables_second_transcription_agrees),
		cmocka_unit_test(
			test_ste_reserved_bits_are_those_without_field),
		cmocka_unit_test(test_ste_nested_stream_gives_golden_words),
		cmocka_unit_test(test_cd_process_gives_golden_words),
		cmocka_unit_test(
			test_ste_address_helpers_touch_only_their_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
