/* SPDX-License-Identifier: MIT */
/*
 * Command opcodes, event numbers and error codes of fmt/smmuv3_queue.h against
 * the four sources of smmuv3_sources_test.c: a column each, NO where a source
 * lacks it. QEMU's and Mu's columns follow from their enumerations.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/bits.h"
#include "fmt/smmuv3_queue.h"

enum { ARM, LINUX, QEMU, MU, SOURCES, NO = -1 };

struct value {
	const char *name;
	int have;
	int want[SOURCES];
};

/* clang-format off */
#define V(name, arm, lnx, qemu, mu) { #name, name, { arm, lnx, qemu, mu } }

/* 4.1.1; CMDQ_OP_*; enum SMMUCommandType; _SMMUV3_COMMAND_OPCODE */
static const struct value opcodes[] = {
	V(SMMU_OP_PREFETCH_CONFIG,	0x01, 0x1, 0x01, 0x01),
	V(SMMU_OP_PREFETCH_ADDR,	0x02, NO, 0x02, 0x02),
	V(SMMU_OP_CFGI_STE,		0x03, 0x3, 0x03, 0x03),
	V(SMMU_OP_CFGI_STE_RANGE,	0x04, NO, 0x04, 0x04),
	/* QEMU's CFGI_ALL is 0x07, which is CFGI_VMS_PIDM: docs/FORMATS.md */
	V(SMMU_OP_CFGI_ALL,		0x04, 0x4, NO, NO),
	V(SMMU_OP_CFGI_CD,		0x05, 0x5, 0x05, 0x05),
	V(SMMU_OP_CFGI_CD_ALL,		0x06, 0x6, 0x06, 0x06),
	V(SMMU_OP_CFGI_VMS_PIDM,	0x07, NO, NO, 0x07),
	V(SMMU_OP_TLBI_NH_ALL,		0x10, NO, 0x10, 0x10),
	V(SMMU_OP_TLBI_NH_ASID,		0x11, 0x11, 0x11, 0x11),
	V(SMMU_OP_TLBI_NH_VA,		0x12, 0x12, 0x12, 0x12),
	V(SMMU_OP_TLBI_NH_VAA,		0x13, NO, 0x13, 0x13),
	V(SMMU_OP_TLBI_EL3_ALL,		0x18, NO, 0x18, 0x18),
	V(SMMU_OP_TLBI_EL3_VA,		0x1a, NO, 0x1a, 0x1a),
	V(SMMU_OP_TLBI_EL2_ALL,		0x20, 0x20, 0x20, 0x20),
	V(SMMU_OP_TLBI_EL2_ASID,	0x21, 0x21, 0x21, 0x21),
	V(SMMU_OP_TLBI_EL2_VA,		0x22, 0x22, 0x22, 0x22),
	V(SMMU_OP_TLBI_EL2_VAA,		0x23, NO, 0x23, 0x23),
	V(SMMU_OP_TLBI_S12_VMALL,	0x28, 0x28, 0x28, 0x28),
	V(SMMU_OP_TLBI_S2_IPA,		0x2a, 0x2a, 0x2a, 0x2a),
	V(SMMU_OP_TLBI_NSNH_ALL,	0x30, 0x30, 0x30, 0x30),
	V(SMMU_OP_ATC_INV,		0x40, 0x40, 0x40, 0x40),
	V(SMMU_OP_PRI_RESP,		0x41, 0x41, 0x41, 0x41),
	V(SMMU_OP_RESUME,		0x44, 0x44, 0x44, 0x44),
	V(SMMU_OP_STALL_TERM,		0x45, NO, 0x45, 0x45),
	V(SMMU_OP_SYNC,			0x46, 0x46, 0x46, 0x46),
};

/* 7.3.2 to 7.3.20; EVT_ID_*; enum SMMUEventType; _SMMUV3_FAULT_TYPE */
static const struct value events[] = {
	V(SMMU_EVT_F_UUT,		0x01, NO, 0x01, 0x01),
	V(SMMU_EVT_C_BAD_STREAMID,	0x02, NO, 0x02, 0x02),
	V(SMMU_EVT_F_STE_FETCH,		0x03, NO, 0x03, 0x03),
	V(SMMU_EVT_C_BAD_STE,		0x04, NO, 0x04, 0x04),
	V(SMMU_EVT_F_BAD_ATS_TREQ,	0x05, NO, 0x05, 0x05),
	V(SMMU_EVT_F_STREAM_DISABLED,	0x06, NO, 0x06, 0x06),
	V(SMMU_EVT_F_TRANSL_FORBIDDEN,	0x07, NO, 0x07, 0x07),
	V(SMMU_EVT_C_BAD_SUBSTREAMID,	0x08, NO, 0x08, 0x08),
	V(SMMU_EVT_F_CD_FETCH,		0x09, NO, 0x09, 0x09),
	V(SMMU_EVT_C_BAD_CD,		0x0a, NO, 0x0a, 0x0a),
	V(SMMU_EVT_F_WALK_EABT,		0x0b, NO, 0x0b, 0x0b),
	V(SMMU_EVT_F_TRANSLATION,	0x10, 0x10, 0x10, 0x10),
	V(SMMU_EVT_F_ADDR_SIZE,		0x11, 0x11, 0x11, 0x11),
	V(SMMU_EVT_F_ACCESS,		0x12, 0x12, 0x12, 0x12),
	V(SMMU_EVT_F_PERMISSION,	0x13, 0x13, 0x13, 0x13),
	V(SMMU_EVT_F_TLB_CONFLICT,	0x20, NO, 0x20, 0x20),
	V(SMMU_EVT_F_CFG_CONFLICT,	0x21, NO, 0x21, 0x21),
	V(SMMU_EVT_E_PAGE_REQUEST,	0x24, NO, 0x24, 0x24),
	V(SMMU_EVT_F_VMS_FETCH,		0x25, NO, NO, 0x25),
	V(SMMU_EVT_IMPDEF_FIRST,	0xe0, NO, NO, 0xe0),
	V(SMMU_EVT_IMPDEF_LAST,		0xef, NO, NO, 0xef),
};

/*
 * 7.1, 4.7.3, 4.5.2, 4.7.1, 7.3; CMDQ_ERR_CERROR_*, CMDQ_SYNC_0_CS_*, enum
 * pri_resp, CMDQ_RESUME_0_RESP_*; SMMUCmdError, CMD_SYNC_SIG_*,
 * SMMUTranslationClass
 */
static const struct value codes[] = {
	V(SMMU_CERROR_NONE,		0, 0, 0, NO),
	V(SMMU_CERROR_ILL,		1, 1, 1, NO),
	V(SMMU_CERROR_ABT,		2, 2, 2, NO),
	V(SMMU_CERROR_ATC_INV_SYNC,	3, 3, 3, NO),
	V(SMMU_CMD_SYNC_CS_NONE,	0, 0, 0, NO),
	V(SMMU_CMD_SYNC_CS_IRQ,		1, 1, 1, NO),
	V(SMMU_CMD_SYNC_CS_SEV,		2, 2, 2, NO),
	V(SMMU_PRI_RESP_FAILURE,	0, 0, NO, NO),
	V(SMMU_PRI_RESP_INVALID,	1, 1, NO, NO),
	V(SMMU_PRI_RESP_SUCCESS,	2, 2, NO, NO),
	V(SMMU_CMD_RESUME_AC_TERMINATE,	0, 0, NO, NO),
	V(SMMU_CMD_RESUME_AC_RETRY,	1, 1, NO, NO),
	V(SMMU_CMD_ATC_INV_SIZE_ALL,	52, 52, NO, NO),
	V(SMMU_EVT_CLASS_CD,		0, NO, 0, NO),
	V(SMMU_EVT_CLASS_TT,		1, NO, 1, NO),
	V(SMMU_EVT_CLASS_IN,		2, NO, 2, NO),
};
/* clang-format on */

/* Two witnesses at least, and none against it. */
static bool agreed(const struct value *v)
{
	int i, n = 0;

	for (i = 0; i < SOURCES; i++) {
		if (v->want[i] == NO)
			continue;
		if (v->want[i] != v->have)
			return false;
		n++;
	}
	return n > 1;
}

static void assert_agreed(const struct value *v, size_t n)
{
	struct value wrong;
	int i;

	for (; n; v++, n--) {
		if (!agreed(v))
			fail_msg("%s", v->name);
		/* Negative control: each source is looked at, and fmt is. */
		for (i = 0; i < SOURCES; i++) {
			wrong = *v;
			wrong.want[i]++;
			if (v->want[i] != NO)
				assert_false(agreed(&wrong));
		}
		wrong = *v;
		wrong.have++;
		assert_false(agreed(&wrong));
	}
}

static void test_values_agree_with_two_sources(void **state)
{
	(void)state;
	assert_agreed(opcodes, ARRAY_SIZE(opcodes));
	assert_agreed(events, ARRAY_SIZE(events));
	assert_agreed(codes, ARRAY_SIZE(codes));
}

/* 4.1.1: the opcodes of Secure state, DPT and implementations. */
static void test_values_of_the_specification_alone(void **state)
{
	(void)state;
	assert_int_equal(SMMU_OP_TLBI_S_EL2_ALL, 0x50);
	assert_int_equal(SMMU_OP_TLBI_S_EL2_ASID, 0x51);
	assert_int_equal(SMMU_OP_TLBI_S_EL2_VA, 0x52);
	assert_int_equal(SMMU_OP_TLBI_S_EL2_VAA, 0x53);
	assert_int_equal(SMMU_OP_TLBI_S_S12_VMALL, 0x58);
	assert_int_equal(SMMU_OP_TLBI_S_S2_IPA, 0x5a);
	assert_int_equal(SMMU_OP_TLBI_SNH_ALL, 0x60);
	assert_int_equal(SMMU_OP_DPTI_ALL, 0x70);
	assert_int_equal(SMMU_OP_DPTI_PA, 0x73);
	assert_int_equal(SMMU_OP_IMPDEF_FIRST, 0x80);
	assert_int_equal(SMMU_OP_IMPDEF_LAST, 0x8f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_agree_with_two_sources),
		cmocka_unit_test(test_values_of_the_specification_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
