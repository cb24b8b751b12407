/* SPDX-License-Identifier: MIT */
/*
 * fmt/smmuv3_queue.h against a second table, and against records computed by
 * hand.
 *
 * The tables count bits inside each 64-bit word, the way of Linux's
 * arm-smmu-v3.h, or inside each 32-bit word, the way of QEMU's
 * smmuv3-internal.h and of Project Mu's SmmuV3Registers.h, and were typed from
 * those three. One source only, as the specification's drawings are: SSEC, SSV
 * and SSID of prefetches (QEMU), F_BAD_ATS_TREQ (Mu), TTRNW (Linux), STALL_TERM
 * (QEMU); TTL128, the sixth bit of SCALE (4.4.1.1) and GPCF come from the text
 * of IHI 0070 G.b.
 *
 * The sources disagree on CMD_PRI_RESP.Resp, which QEMU reads at bit 75 and
 * Linux at 76: docs/FORMATS.md. smmuv3_sources_test.c compares source by source.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/bits.h"
#include "fmt/smmuv3_queue.h"
#include "tests/fmt/transcript.h"

/* clang-format off */
#define D(name, word, hi, lo)	{ name, 64 * (word) + (hi), 64 * (word) + (lo) }
#define W(name, word, pos, n)	{ name, 32 * (word) + (pos) + (n) - 1,	\
				  32 * (word) + (pos) }

static const struct transcript_row want_cmd[] = {
	W("SMMU_CMD_OPCODE", 0, 0, 8),
};

static const struct transcript_row want_prefetch[] = {
	W("SMMU_CMD_PREFETCH_SSEC", 0, 10, 1),
	W("SMMU_CMD_PREFETCH_SSV", 0, 11, 1),
	W("SMMU_CMD_PREFETCH_SSID", 0, 12, 20),
	D("SMMU_CMD_PREFETCH_SID", 0, 63, 32),
	D("SMMU_CMD_PREFETCH_SIZE", 1, 4, 0),
	D("SMMU_CMD_PREFETCH_ADDRESS", 1, 63, 12),
};

static const struct transcript_row want_cfgi[] = {
	W("SMMU_CMD_CFGI_SSEC", 0, 10, 1),
	D("SMMU_CMD_CFGI_SSID", 0, 31, 12),
	D("SMMU_CMD_CFGI_SID", 0, 63, 32),
	D("SMMU_CMD_CFGI_LEAF", 1, 0, 0),
};

static const struct transcript_row want_cfgi_range[] = {
	W("SMMU_CMD_CFGI_RANGE", 2, 0, 5),
};

static const struct transcript_row want_cfgi_vms_pidm[] = {
	W("SMMU_CMD_CFGI_VMS_PIDM_SSEC", 0, 10, 1),
	W("SMMU_CMD_CFGI_VMS_PIDM_VMID", 1, 0, 16),
};

static const struct transcript_row want_tlbi[] = {
	D("SMMU_CMD_TLBI_NUM", 0, 16, 12),
	D("SMMU_CMD_TLBI_SCALE", 0, 25, 20),
	D("SMMU_CMD_TLBI_VMID", 0, 47, 32),
	D("SMMU_CMD_TLBI_ASID", 0, 63, 48),
	D("SMMU_CMD_TLBI_LEAF", 1, 0, 0),
	D("SMMU_CMD_TLBI_TTL128", 1, 7, 7),
	D("SMMU_CMD_TLBI_TTL", 1, 9, 8),
	D("SMMU_CMD_TLBI_TG", 1, 11, 10),
	D("SMMU_CMD_TLBI_ADDRESS", 1, 63, 12),
};

static const struct transcript_row want_atc_inv[] = {
	D("SMMU_CMD_ATC_INV_GLOBAL", 0, 9, 9),
	D("SMMU_CMD_ATC_INV_SSV", 0, 11, 11),
	D("SMMU_CMD_ATC_INV_SSID", 0, 31, 12),
	D("SMMU_CMD_ATC_INV_SID", 0, 63, 32),
	D("SMMU_CMD_ATC_INV_SIZE", 1, 5, 0),
	D("SMMU_CMD_ATC_INV_ADDRESS", 1, 63, 12),
};

static const struct transcript_row want_pri_resp[] = {
	D("SMMU_CMD_PRI_RESP_SSV", 0, 11, 11),
	D("SMMU_CMD_PRI_RESP_SSID", 0, 31, 12),
	D("SMMU_CMD_PRI_RESP_SID", 0, 63, 32),
	D("SMMU_CMD_PRI_RESP_PRGINDEX", 1, 8, 0),
	D("SMMU_CMD_PRI_RESP_RESP", 1, 13, 12),
};

static const struct transcript_row want_resume[] = {
	W("SMMU_CMD_RESUME_SSEC", 0, 10, 1),
	W("SMMU_CMD_RESUME_AC", 0, 12, 1),
	W("SMMU_CMD_RESUME_AB", 0, 13, 1),
	W("SMMU_CMD_RESUME_SID", 1, 0, 32),
	W("SMMU_CMD_RESUME_STAG", 2, 0, 16),
};

static const struct transcript_row want_stall_term[] = {
	W("SMMU_CMD_STALL_TERM_SSEC", 0, 10, 1),
	W("SMMU_CMD_STALL_TERM_SID", 1, 0, 32),
};

static const struct transcript_row want_sync[] = {
	D("SMMU_CMD_SYNC_CS", 0, 13, 12),
	D("SMMU_CMD_SYNC_MSH", 0, 23, 22),
	D("SMMU_CMD_SYNC_MSIATTR", 0, 27, 24),
	D("SMMU_CMD_SYNC_MSIDATA", 0, 63, 32),
	D("SMMU_CMD_SYNC_MSIADDRESS", 1, 55, 2),
};

static const struct transcript_row want_evt[] = {
	W("SMMU_EVT_ID", 0, 0, 8),
	W("SMMU_EVT_SSV", 0, 11, 1),
	W("SMMU_EVT_SUBSTREAMID", 0, 12, 20),
	W("SMMU_EVT_STREAMID", 1, 0, 32),
	W("SMMU_EVT_STAG", 2, 0, 16),
	W("SMMU_EVT_STALL", 2, 31, 1),
	W("SMMU_EVT_PNU", 3, 1, 1),
	W("SMMU_EVT_IND", 3, 2, 1),
	W("SMMU_EVT_RNW", 3, 3, 1),
	W("SMMU_EVT_NSIPA", 3, 6, 1),
	W("SMMU_EVT_S2", 3, 7, 1),
	W("SMMU_EVT_CLASS", 3, 8, 2),
	D("SMMU_EVT_TTRNW", 1, 44, 44),
	W("SMMU_EVT_IMPDEF", 3, 16, 16),
	D("SMMU_EVT_INPUTADDR", 2, 63, 0),
	D("SMMU_EVT_IPA", 3, 55, 12),
};

static const struct transcript_row want_evt_fetch[] = {
	W("SMMU_EVT_REASON", 2, 0, 16),
	W("SMMU_EVT_GPCF", 2, 16, 1),
	D("SMMU_EVT_FETCHADDR", 3, 55, 3),
};

static const struct transcript_row want_evt_conflict[] = {
	W("SMMU_EVT_CONFLICT_REASON", 2, 0, 32),
};

static const struct transcript_row want_evt_bad_ats_treq[] = {
	W("SMMU_EVT_F_BAD_ATS_TREQ_SPAN", 2, 0, 4),
	W("SMMU_EVT_F_BAD_ATS_TREQ_PRIV", 2, 28, 1),
	W("SMMU_EVT_F_BAD_ATS_TREQ_X", 2, 29, 1),
	W("SMMU_EVT_F_BAD_ATS_TREQ_W", 2, 30, 1),
	W("SMMU_EVT_F_BAD_ATS_TREQ_R", 2, 31, 1),
};

static const struct transcript_row want_evt_page_request[] = {
	W("SMMU_EVT_E_PAGE_REQUEST_UX", 3, 1, 1),
	W("SMMU_EVT_E_PAGE_REQUEST_UW", 3, 2, 1),
	W("SMMU_EVT_E_PAGE_REQUEST_UR", 3, 3, 1),
	W("SMMU_EVT_E_PAGE_REQUEST_PX", 3, 5, 1),
	W("SMMU_EVT_E_PAGE_REQUEST_PW", 3, 6, 1),
	W("SMMU_EVT_E_PAGE_REQUEST_PR", 3, 7, 1),
	W("SMMU_EVT_E_PAGE_REQUEST_SPAN", 3, 12, 8),
};

static const struct transcript_row want_pri[] = {
	D("SMMU_PRI_STREAMID", 0, 31, 0),
	D("SMMU_PRI_SUBSTREAMID", 0, 51, 32),
	D("SMMU_PRI_PRIV", 0, 58, 58),
	D("SMMU_PRI_X", 0, 59, 59),
	D("SMMU_PRI_R", 0, 60, 60),
	D("SMMU_PRI_W", 0, 61, 61),
	D("SMMU_PRI_LAST", 0, 62, 62),
	D("SMMU_PRI_SSV", 0, 63, 63),
	D("SMMU_PRI_PRGINDEX", 1, 8, 0),
	D("SMMU_PRI_PAGEADDR", 1, 63, 12),
};
/* clang-format on */

static void test_queue_tables_second_transcription_agrees(void **state)
{
	(void)state;
	assert_transcript(SMMU_CMD_FIELDS, want_cmd);
	assert_transcript(SMMU_CMD_PREFETCH_FIELDS, want_prefetch);
	assert_transcript(SMMU_CMD_CFGI_FIELDS, want_cfgi);
	assert_transcript(SMMU_CMD_CFGI_RANGE_FIELDS, want_cfgi_range);
	assert_transcript(SMMU_CMD_CFGI_VMS_PIDM_FIELDS, want_cfgi_vms_pidm);
	assert_transcript(SMMU_CMD_TLBI_FIELDS, want_tlbi);
	assert_transcript(SMMU_CMD_ATC_INV_FIELDS, want_atc_inv);
	assert_transcript(SMMU_CMD_PRI_RESP_FIELDS, want_pri_resp);
	assert_transcript(SMMU_CMD_RESUME_FIELDS, want_resume);
	assert_transcript(SMMU_CMD_STALL_TERM_FIELDS, want_stall_term);
	assert_transcript(SMMU_CMD_SYNC_FIELDS, want_sync);
	assert_transcript(SMMU_EVT_FIELDS, want_evt);
	assert_transcript(SMMU_EVT_FETCH_FIELDS, want_evt_fetch);
	assert_transcript(SMMU_EVT_CONFLICT_FIELDS, want_evt_conflict);
	assert_transcript(SMMU_EVT_F_BAD_ATS_TREQ_FIELDS,
			  want_evt_bad_ats_treq);
	assert_transcript(SMMU_EVT_E_PAGE_REQUEST_FIELDS,
			  want_evt_page_request);
	assert_transcript(SMMU_PRI_FIELDS, want_pri);
}

/* A wrong copy of one row is named, with both opinions. */
static void test_queue_wrong_row_is_reported(void **state)
{
	static const struct field_desc have[] =
		FIELD_DESC_TABLE(SMMU_CMD_SYNC_FIELDS);
	struct transcript_row wrong[ARRAY_SIZE(want_sync)];
	char err[256];

	(void)state;
	memcpy(wrong, want_sync, sizeof(wrong));
	wrong[1].lo = 21;
	assert_int_equal(transcript_compare(have, ARRAY_SIZE(have), wrong,
					    ARRAY_SIZE(wrong), err,
					    sizeof(err)),
			 1);
	assert_string_equal(err,
			    "SMMU_CMD_SYNC_MSH: header 23:22, table 23:21\n");
}

/* 4.1.1 and 7.3, the numbers in the order of the tables there. */
static void test_queue_numbers_second_transcription_agrees(void **state)
{
	/* clang-format off */
	static const int ops[][2] = {
		{ SMMU_OP_PREFETCH_CONFIG, 1 }, { SMMU_OP_PREFETCH_ADDR, 2 },
		{ SMMU_OP_CFGI_STE, 3 }, { SMMU_OP_CFGI_STE_RANGE, 4 },
		{ SMMU_OP_CFGI_ALL, 4 }, { SMMU_OP_CFGI_CD, 5 },
		{ SMMU_OP_CFGI_CD_ALL, 6 }, { SMMU_OP_CFGI_VMS_PIDM, 7 },
		{ SMMU_OP_TLBI_NH_ALL, 16 }, { SMMU_OP_TLBI_NH_ASID, 17 },
		{ SMMU_OP_TLBI_NH_VA, 18 }, { SMMU_OP_TLBI_NH_VAA, 19 },
		{ SMMU_OP_TLBI_EL3_ALL, 24 }, { SMMU_OP_TLBI_EL3_VA, 26 },
		{ SMMU_OP_TLBI_EL2_ALL, 32 }, { SMMU_OP_TLBI_EL2_ASID, 33 },
		{ SMMU_OP_TLBI_EL2_VA, 34 }, { SMMU_OP_TLBI_EL2_VAA, 35 },
		{ SMMU_OP_TLBI_S12_VMALL, 40 }, { SMMU_OP_TLBI_S2_IPA, 42 },
		{ SMMU_OP_TLBI_NSNH_ALL, 48 }, { SMMU_OP_ATC_INV, 64 },
		{ SMMU_OP_PRI_RESP, 65 }, { SMMU_OP_RESUME, 68 },
		{ SMMU_OP_STALL_TERM, 69 }, { SMMU_OP_SYNC, 70 },
		{ SMMU_OP_TLBI_S_EL2_ALL, 80 },
		{ SMMU_OP_TLBI_S_EL2_ASID, 81 },
		{ SMMU_OP_TLBI_S_EL2_VA, 82 }, { SMMU_OP_TLBI_S_EL2_VAA, 83 },
		{ SMMU_OP_TLBI_S_S12_VMALL, 88 },
		{ SMMU_OP_TLBI_S_S2_IPA, 90 }, { SMMU_OP_TLBI_SNH_ALL, 96 },
		{ SMMU_OP_DPTI_ALL, 112 }, { SMMU_OP_DPTI_PA, 115 },
	};
	static const int evts[][2] = {
		{ SMMU_EVT_F_UUT, 1 }, { SMMU_EVT_C_BAD_STREAMID, 2 },
		{ SMMU_EVT_F_STE_FETCH, 3 }, { SMMU_EVT_C_BAD_STE, 4 },
		{ SMMU_EVT_F_BAD_ATS_TREQ, 5 },
		{ SMMU_EVT_F_STREAM_DISABLED, 6 },
		{ SMMU_EVT_F_TRANSL_FORBIDDEN, 7 },
		{ SMMU_EVT_C_BAD_SUBSTREAMID, 8 },
		{ SMMU_EVT_F_CD_FETCH, 9 }, { SMMU_EVT_C_BAD_CD, 10 },
		{ SMMU_EVT_F_WALK_EABT, 11 }, { SMMU_EVT_F_TRANSLATION, 16 },
		{ SMMU_EVT_F_ADDR_SIZE, 17 }, { SMMU_EVT_F_ACCESS, 18 },
		{ SMMU_EVT_F_PERMISSION, 19 },
		{ SMMU_EVT_F_TLB_CONFLICT, 32 },
		{ SMMU_EVT_F_CFG_CONFLICT, 33 },
		{ SMMU_EVT_E_PAGE_REQUEST, 36 },
		{ SMMU_EVT_F_VMS_FETCH, 37 },
	};
	/* clang-format on */
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		assert_int_equal(ops[i][0], ops[i][1]);
	for (i = 0; i < ARRAY_SIZE(evts); i++)
		assert_int_equal(evts[i][0], evts[i][1]);
}

static void test_cmd_invalidations_give_golden_words(void **state)
{
	struct smmu_cmd tlbi = { { 0 } };
	struct smmu_cmd atc = { { 0 } };

	(void)state;
	/* 32 pages of 4K from VA 0xffff_8000_1234_5000, leaf at level 3. */
	FIELD_SET(SMMU_CMD_OPCODE, &tlbi, SMMU_OP_TLBI_NH_VA);
	FIELD_SET(SMMU_CMD_TLBI_NUM, &tlbi, 31);
	FIELD_SET(SMMU_CMD_TLBI_VMID, &tlbi, 2);
	FIELD_SET(SMMU_CMD_TLBI_ASID, &tlbi, 0xbeef);
	FIELD_SET(SMMU_CMD_TLBI_LEAF, &tlbi, 1);
	FIELD_SET(SMMU_CMD_TLBI_TTL, &tlbi, 3);
	FIELD_SET(SMMU_CMD_TLBI_TG, &tlbi, SMMU_CMD_TLBI_TG_4K);
	smmu_cmd_tlbi_set_address(&tlbi, 0xffff800012345000);
	assert_int_equal(tlbi.dw[0], 0xbeef00020001f012);
	assert_int_equal(tlbi.dw[1], 0xffff800012345701);
	assert_int_equal(smmu_cmd_tlbi_address(&tlbi), 0xffff800012345000);

	FIELD_SET(SMMU_CMD_OPCODE, &atc, SMMU_OP_ATC_INV);
	FIELD_SET(SMMU_CMD_ATC_INV_SSV, &atc, 1);
	FIELD_SET(SMMU_CMD_ATC_INV_SSID, &atc, 0xabcde);
	FIELD_SET(SMMU_CMD_ATC_INV_SID, &atc, 0x100);
	FIELD_SET(SMMU_CMD_ATC_INV_SIZE, &atc, SMMU_CMD_ATC_INV_SIZE_ALL);
	assert_int_equal(atc.dw[0], 0x00000100abcde840);
	assert_int_equal(atc.dw[1], 0x34);
}

static void test_cmd_answers_give_golden_words(void **state)
{
	struct smmu_cmd resp = { { 0 } };
	struct smmu_cmd resume = { { 0 } };
	struct smmu_cmd sync = { { 0 } };

	(void)state;
	FIELD_SET(SMMU_CMD_OPCODE, &resp, SMMU_OP_PRI_RESP);
	FIELD_SET(SMMU_CMD_PRI_RESP_SSV, &resp, 1);
	FIELD_SET(SMMU_CMD_PRI_RESP_SSID, &resp, 1);
	FIELD_SET(SMMU_CMD_PRI_RESP_SID, &resp, 0x18);
	FIELD_SET(SMMU_CMD_PRI_RESP_PRGINDEX, &resp, 0x1ff);
	FIELD_SET(SMMU_CMD_PRI_RESP_RESP, &resp, SMMU_PRI_RESP_SUCCESS);
	assert_int_equal(resp.dw[0], 0x0000001800001841);
	assert_int_equal(resp.dw[1], 0x21ff);

	FIELD_SET(SMMU_CMD_OPCODE, &resume, SMMU_OP_RESUME);
	FIELD_SET(SMMU_CMD_RESUME_AC, &resume, SMMU_CMD_RESUME_AC_RETRY);
	FIELD_SET(SMMU_CMD_RESUME_SID, &resume, 0x18);
	FIELD_SET(SMMU_CMD_RESUME_STAG, &resume, 0xcafe);
	assert_int_equal(resume.dw[0], 0x0000001800001044);
	assert_int_equal(resume.dw[1], 0xcafe);

	/* As Linux has it: an interrupt by a write to normal memory. */
	FIELD_SET(SMMU_CMD_OPCODE, &sync, SMMU_OP_SYNC);
	FIELD_SET(SMMU_CMD_SYNC_CS, &sync, SMMU_CMD_SYNC_CS_IRQ);
	FIELD_SET(SMMU_CMD_SYNC_MSH, &sync, SMMU_SH_ISH);
	FIELD_SET(SMMU_CMD_SYNC_MSIATTR, &sync, SMMU_MEMATTR_OIWB);
	smmu_cmd_sync_set_msiaddress(&sync, 0x0012345678abcdec);
	assert_int_equal(sync.dw[0], 0x000000000fc01046);
	assert_int_equal(sync.dw[1], 0x0012345678abcdec);
	assert_int_equal(smmu_cmd_sync_msiaddress(&sync), 0x0012345678abcdec);
}

static void test_evt_golden_words_give_fields(void **state)
{
	/* A stalled user write of stage 1 by substream 5 of stream 0x18. */
	const struct smmu_evt stall = { {
		0x0000001800005810,
		0x0000020080000042,
		0x00007fffdeadb000,
		0,
	} };
	/* The fetch of a stage 1 table at PA 0x8_0000_1ff8 was aborted. */
	const struct smmu_evt eabt = { {
		0x000000180000000b,
		0x0000010800010003,
		0x1000,
		0x0000000800001ff8,
	} };
	const struct smmu_evt s2 = { {
		0x0000001800000010,
		0x0000028800000000,
		0x1000,
		0x00ffedcba9876000,
	} };

	(void)state;
	assert_int_equal(FIELD_GET(SMMU_EVT_ID, &stall),
			 SMMU_EVT_F_TRANSLATION);
	assert_int_equal(FIELD_GET(SMMU_EVT_SSV, &stall), 1);
	assert_int_equal(FIELD_GET(SMMU_EVT_SUBSTREAMID, &stall), 5);
	assert_int_equal(FIELD_GET(SMMU_EVT_STREAMID, &stall), 0x18);
	assert_int_equal(FIELD_GET(SMMU_EVT_STAG, &stall), 0x42);
	assert_int_equal(FIELD_GET(SMMU_EVT_STALL, &stall), 1);
	assert_int_equal(FIELD_GET(SMMU_EVT_RNW, &stall), 0);
	assert_int_equal(FIELD_GET(SMMU_EVT_PNU, &stall), 0);
	assert_int_equal(FIELD_GET(SMMU_EVT_S2, &stall), 0);
	assert_int_equal(FIELD_GET(SMMU_EVT_CLASS, &stall), SMMU_EVT_CLASS_IN);
	assert_int_equal(FIELD_GET(SMMU_EVT_INPUTADDR, &stall),
			 0x00007fffdeadb000);

	assert_int_equal(FIELD_GET(SMMU_EVT_ID, &eabt), SMMU_EVT_F_WALK_EABT);
	assert_int_equal(FIELD_GET(SMMU_EVT_SSV, &eabt), 0);
	assert_int_equal(FIELD_GET(SMMU_EVT_REASON, &eabt), 3);
	assert_int_equal(FIELD_GET(SMMU_EVT_GPCF, &eabt), 1);
	assert_int_equal(FIELD_GET(SMMU_EVT_RNW, &eabt), 1);
	assert_int_equal(FIELD_GET(SMMU_EVT_CLASS, &eabt), SMMU_EVT_CLASS_TT);
	assert_int_equal(smmu_evt_fetchaddr(&eabt), 0x800001ff8);

	assert_int_equal(FIELD_GET(SMMU_EVT_S2, &s2), 1);
	assert_int_equal(FIELD_GET(SMMU_EVT_RNW, &s2), 1);
	assert_int_equal(smmu_evt_ipa(&s2), 0x00ffedcba9876000);
}

static void test_pri_golden_words_give_fields(void **state)
{
	/* Last request, read and write, substream 0xfffff. */
	const struct smmu_pri ppr = { { 0xf00fffff00000100,
					0xfffffffffffff123 } };

	(void)state;
	assert_int_equal(FIELD_GET(SMMU_PRI_STREAMID, &ppr), 0x100);
	assert_int_equal(FIELD_GET(SMMU_PRI_SUBSTREAMID, &ppr), 0xfffff);
	assert_int_equal(FIELD_GET(SMMU_PRI_SSV, &ppr), 1);
	assert_int_equal(FIELD_GET(SMMU_PRI_LAST, &ppr), 1);
	assert_int_equal(FIELD_GET(SMMU_PRI_W, &ppr), 1);
	assert_int_equal(FIELD_GET(SMMU_PRI_R, &ppr), 1);
	assert_int_equal(FIELD_GET(SMMU_PRI_X, &ppr), 0);
	assert_int_equal(FIELD_GET(SMMU_PRI_PRIV, &ppr), 0);
	assert_int_equal(FIELD_GET(SMMU_PRI_PRGINDEX, &ppr), 0x123);
	assert_int_equal(smmu_pri_address(&ppr), 0xfffffffffffff000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue_tables_second_transcription_agrees),
		cmocka_unit_test(test_queue_wrong_row_is_reported),
		cmocka_unit_test(
			test_queue_numbers_second_transcription_agrees),
		cmocka_unit_test(test_cmd_invalidations_give_golden_words),
		cmocka_unit_test(test_cmd_answers_give_golden_words),
		cmocka_unit_test(test_evt_golden_words_give_fields),
		cmocka_unit_test(test_pri_golden_words_give_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
