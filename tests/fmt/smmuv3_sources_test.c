/* SPDX-License-Identifier: MIT */
/*
 * Every field list of fmt/smmuv3*.h against four sources: Arm's specification
 * (source_arm.c), Linux (source_linux.c), QEMU (source_qemu.c) and Project Mu
 * (source_mu.c). docs/FORMATS.md gives the reason for each difference below.
 *
 * smmuv3_sources_test.sh sees to it that no list is left out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/bits.h"
#include "fmt/smmuv3.h"
#include "tests/fmt/sources.h"

/* clang-format off */
#define DIFF(source, name, theirs, hi, lo)				\
	{ source, { #name, theirs, hi, lo } }
#define LIST(list)							\
	{ #list, (const struct field_desc[])FIELD_DESC_TABLE(list),	\
	  ARRAY_SIZE(((const struct field_desc[])FIELD_DESC_TABLE(list))) }

static const struct source_difference differences[] = {
	DIFF("linux", SMMU_CD_TTB0, "CTXDESC_CD_1_TTB0_MASK", 115, 68),
	DIFF("mu", SMMU_CD_TTB0, "SMMUV3_CONTEXT_DESCRIPTOR", 115, 68),
	DIFF("qemu", SMMU_CD_TTB0, "CD_TTB(x, 0)", 114, 68),
	DIFF("mu", SMMU_CD_TTB1, "SMMUV3_CONTEXT_DESCRIPTOR", 179, 132),
	DIFF("qemu", SMMU_CD_TTB1, "CD_TTB(x, 1)", 178, 132),
	DIFF("linux", SMMU_CMDQ_BASE_ADDR, "Q_BASE_ADDR_MASK", 51, 5),
	DIFF("mu", SMMU_CMDQ_BASE_ADDR, "SMMUV3_CMDQ_BASE", 51, 5),
	DIFF("qemu", SMMU_CMD_PRI_RESP_RESP, "CMD_RESP", 76, 75),
	DIFF("linux", SMMU_CMD_SYNC_MSIADDRESS, "CMDQ_SYNC_1_MSIADDR_MASK", 115, 66),
	DIFF("mu", SMMU_CMD_SYNC_MSIADDRESS, "SMMUV3_CMD_SYNC", 115, 66),
	DIFF("linux", SMMU_CMD_TLBI_ADDRESS, "CMDQ_TLBI_1_IPA_MASK", 115, 76),
	DIFF("mu", SMMU_CMD_TLBI_ADDRESS, "SMMUV3_CMD_TLBI_S2_IPA", 115, 76),
	DIFF("linux", SMMU_CMD_TLBI_SCALE, "CMDQ_TLBI_0_SCALE", 24, 20),
	DIFF("mu", SMMU_CMD_TLBI_SCALE, "SMMUV3_CMD_TLBI_NH_VAA", 24, 20),
	DIFF("qemu", SMMU_CMD_TLBI_SCALE, "CMD_SCALE", 24, 20),
	DIFF("linux", SMMU_EVENTQ_BASE_ADDR, "Q_BASE_ADDR_MASK", 51, 5),
	DIFF("mu", SMMU_EVENTQ_BASE_ADDR, "SMMUV3_EVENTQ_BASE", 51, 5),
	DIFF("mu", SMMU_EVT_FETCHADDR, "SMMUV3_STREAM_ENTRY_FETCH_ABORT_FAULT", 243, 195),
	DIFF("linux", SMMU_EVT_IPA, "EVTQ_3_IPA", 243, 204),
	DIFF("mu", SMMU_EVT_IPA, "SMMUV3_TRANSLATION_FAULT", 243, 204),
	DIFF("mu", SMMU_GATOS_PAR_ADDR, "SMMUV3_GATOS_PAR.NoFault", 51, 12),
	DIFF("mu", SMMU_GATOS_PAR_FAULT_FADDR, "SMMUV3_GATOS_PAR.Fault", 51, 12),
	DIFF("linux", SMMU_IRQ_CFG0_ADDR, "MSI_CFG0_ADDR_MASK", 51, 2),
	DIFF("mu", SMMU_IRQ_CFG0_ADDR, "SMMUV3_GERROR_IRQ_CFG0", 51, 2),
	DIFF("linux", SMMU_L1CD_L2PTR, "CTXDESC_L1_DESC_L2PTR_MASK", 51, 12),
	DIFF("mu", SMMU_L1CD_L2PTR, "SMMUV3_L1_CONTEXT_DESCRIPTOR", 51, 12),
	DIFF("linux", SMMU_L1STD_L2PTR, "STRTAB_L1_DESC_L2PTR_MASK", 51, 6),
	DIFF("mu", SMMU_L1STD_L2PTR, "SMMUV3_L1_STREAM_TABLE_DESCRIPTOR", 51, 6),
	DIFF("qemu", SMMU_L1STD_L2PTR, "l1std_l2ptr", 63, 5),
	DIFF("linux", SMMU_PRIQ_BASE_ADDR, "Q_BASE_ADDR_MASK", 51, 5),
	DIFF("mu", SMMU_PRIQ_BASE_ADDR, "SMMUV3_PRIQ_BASE", 51, 5),
	DIFF("linux", SMMU_STE_S1CONTEXTPTR, "STRTAB_STE_0_S1CTXPTR_MASK", 51, 6),
	DIFF("mu", SMMU_STE_S1CONTEXTPTR, "SMMUV3_STREAM_TABLE_ENTRY", 51, 6),
	DIFF("qemu", SMMU_STE_S1CONTEXTPTR, "STE_CTXPTR", 47, 6),
	DIFF("linux", SMMU_STE_S2TTB, "STRTAB_STE_3_S2TTB_MASK", 243, 196),
	DIFF("mu", SMMU_STE_S2TTB, "SMMUV3_STREAM_TABLE_ENTRY", 243, 196),
	DIFF("qemu", SMMU_STE_S2TTB, "STE_S2TTB", 239, 196),
	DIFF("mu", SMMU_STE_VMSPTR, "SMMUV3_STREAM_TABLE_ENTRY", 371, 332),
	DIFF("linux", SMMU_STRTAB_BASE_ADDR, "STRTAB_BASE_ADDR_MASK", 51, 6),
	DIFF("mu", SMMU_STRTAB_BASE_ADDR, "SMMUV3_STRTAB_BASE", 51, 6),
};

static const char *const single[] = {
	/* The specification alone. */
	"SMMU_STE_S1PIE",
	"SMMU_STE_S2HAFT",
	"SMMU_STE_S2PIE",
	"SMMU_STE_S2POE",
	"SMMU_STE_DPT_VMATCH",
	"SMMU_STE_S2SL0_2",
	"SMMU_STE_S2DS",
	"SMMU_STE_S2SKL",
	"SMMU_STE_S_S2T0SZ",
	"SMMU_STE_S_S2SL0",
	"SMMU_STE_S_S2TG",
	"SMMU_STE_MECID",
	"SMMU_STE_MPAM_NS",
	"SMMU_STE_ASSUREDONLY",
	"SMMU_STE_TL0",
	"SMMU_STE_TL1",
	"SMMU_STE_S2SW",
	"SMMU_STE_S2SA",
	"SMMU_STE_S_S2SL0_2",
	"SMMU_STE_S_S2TTB",
	"SMMU_STE_S_S2SKL",
	"SMMU_STE_S2POI",
	"SMMU_CD_E0PD0",
	"SMMU_CD_HAFT",
	"SMMU_CD_PNCH",
	"SMMU_CD_EPAN",
	"SMMU_CD_E0PD1",
	"SMMU_CD_AIE",
	"SMMU_CD_DS",
	"SMMU_CD_PIE",
	"SMMU_CD_PIIU",
	"SMMU_CD_PIIP",
	"SMMU_CD_DISCH0",
	"SMMU_CD_SKL0",
	"SMMU_CD_DISCH1",
	"SMMU_CD_SKL1",
	"SMMU_CMD_TLBI_TTL128",
	"SMMU_EVT_GPCF",
	"SMMU_IDR3_PASIDTT",
	"SMMU_IDR3_EPAN",
	"SMMU_IDR3_S1PI",
	"SMMU_IDR3_S2PI",
	"SMMU_IDR3_S2PO",
	"SMMU_IDR3_THE",
	"SMMU_IDR3_MTEPERM",
	"SMMU_IDR3_AIE",
	"SMMU_IDR5_DS",
	"SMMU_IDR5_D128",
	"SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMQ",
	"SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMP",
	"SMMU_CR0_DPT_WALK_EN",
	"SMMU_CR2_REC_CFG_ATS",
	"SMMU_GERROR_CMDQP_ERR",
	"SMMU_GERROR_DPT_ERR",
	/* Linux alone. */
	"SMMU_CMD_PREFETCH_SIZE",
	"SMMU_CMD_ATC_INV_GLOBAL",
	"SMMU_CMD_ATC_INV_SIZE",
	"SMMU_CMD_PRI_RESP_PRGINDEX",
	"SMMU_EVT_TTRNW",
	"SMMU_PRI_STREAMID",
	"SMMU_PRI_SUBSTREAMID",
	"SMMU_PRI_PRIV",
	"SMMU_PRI_X",
	"SMMU_PRI_R",
	"SMMU_PRI_W",
	"SMMU_PRI_LAST",
	"SMMU_PRI_SSV",
	"SMMU_PRI_PRGINDEX",
	"SMMU_PRI_PAGEADDR",
	/* QEMU alone. */
	"SMMU_CMD_PREFETCH_SSEC",
	"SMMU_CMD_PREFETCH_SSID",
	/* Project Mu alone. */
	"SMMU_EVT_NSIPA",
	"SMMU_EVT_IMPDEF",
	"SMMU_EVT_CONFLICT_REASON",
	"SMMU_EVT_F_BAD_ATS_TREQ_SPAN",
	"SMMU_EVT_F_BAD_ATS_TREQ_PRIV",
	"SMMU_EVT_F_BAD_ATS_TREQ_X",
	"SMMU_EVT_F_BAD_ATS_TREQ_W",
	"SMMU_EVT_F_BAD_ATS_TREQ_R",
};

static const struct source_list lists[] = {
	LIST(SMMU_L1STD_FIELDS),
	LIST(SMMU_STE_FIELDS),
	LIST(SMMU_L1CD_FIELDS),
	LIST(SMMU_CD_FIELDS),
	LIST(SMMU_CD_D128_FIELDS),
	LIST(SMMU_CMD_FIELDS),
	LIST(SMMU_CMD_PREFETCH_FIELDS),
	LIST(SMMU_CMD_CFGI_FIELDS),
	LIST(SMMU_CMD_CFGI_RANGE_FIELDS),
	LIST(SMMU_CMD_CFGI_VMS_PIDM_FIELDS),
	LIST(SMMU_CMD_TLBI_FIELDS),
	LIST(SMMU_CMD_ATC_INV_FIELDS),
	LIST(SMMU_CMD_PRI_RESP_FIELDS),
	LIST(SMMU_CMD_RESUME_FIELDS),
	LIST(SMMU_CMD_STALL_TERM_FIELDS),
	LIST(SMMU_CMD_SYNC_FIELDS),
	LIST(SMMU_EVT_FIELDS),
	LIST(SMMU_EVT_FETCH_FIELDS),
	LIST(SMMU_EVT_CONFLICT_FIELDS),
	LIST(SMMU_EVT_F_BAD_ATS_TREQ_FIELDS),
	LIST(SMMU_EVT_E_PAGE_REQUEST_FIELDS),
	LIST(SMMU_PRI_FIELDS),
	LIST(SMMU_IDR0_FIELDS),
	LIST(SMMU_IDR1_FIELDS),
	LIST(SMMU_IDR2_FIELDS),
	LIST(SMMU_IDR3_FIELDS),
	LIST(SMMU_IDR5_FIELDS),
	LIST(SMMU_IDR6_FIELDS),
	LIST(SMMU_IIDR_FIELDS),
	LIST(SMMU_AIDR_FIELDS),
	LIST(SMMU_CR0_FIELDS),
	LIST(SMMU_CR1_FIELDS),
	LIST(SMMU_CR2_FIELDS),
	LIST(SMMU_STATUSR_FIELDS),
	LIST(SMMU_GBPA_FIELDS),
	LIST(SMMU_IRQ_CTRL_FIELDS),
	LIST(SMMU_GERROR_FIELDS),
	LIST(SMMU_IRQ_CFG0_FIELDS),
	LIST(SMMU_IRQ_CFG1_FIELDS),
	LIST(SMMU_IRQ_CFG2_FIELDS),
	LIST(SMMU_PRIQ_IRQ_CFG2_FIELDS),
	LIST(SMMU_STRTAB_BASE_FIELDS),
	LIST(SMMU_STRTAB_BASE_CFG_FIELDS),
	LIST(SMMU_CMDQ_BASE_FIELDS),
	LIST(SMMU_EVENTQ_BASE_FIELDS),
	LIST(SMMU_PRIQ_BASE_FIELDS),
	LIST(SMMU_CMDQ_PROD_FIELDS),
	LIST(SMMU_CMDQ_CONS_FIELDS),
	LIST(SMMU_EVENTQ_PROD_FIELDS),
	LIST(SMMU_EVENTQ_CONS_FIELDS),
	LIST(SMMU_PRIQ_PROD_FIELDS),
	LIST(SMMU_PRIQ_CONS_FIELDS),
	LIST(SMMU_GATOS_CTRL_FIELDS),
	LIST(SMMU_GATOS_SID_FIELDS),
	LIST(SMMU_GATOS_ADDR_FIELDS),
	LIST(SMMU_GATOS_PAR_FIELDS),
	LIST(SMMU_GATOS_PAR_FAULT_FIELDS),
	LIST(SMMU_MPAMIDR_FIELDS),
	LIST(SMMU_GMPAM_FIELDS),
	LIST(SMMU_GBPMPAM_FIELDS),
	LIST(SMMU_VATOS_SEL_FIELDS),
};
/* clang-format on */

enum { MU_MAX = 512 };

static struct source_row mu[MU_MAX];

static struct source sources[] = {
	{ "arm", source_arm, 0 },
	{ "linux", source_linux, 0 },
	{ "qemu", source_qemu, 0 },
	{ "mu", mu, 0 },
};

static const struct source_check check = {
	.lists = lists,
	.n_lists = ARRAY_SIZE(lists),
	.sources = sources,
	.n_sources = ARRAY_SIZE(sources),
	.differences = differences,
	.n_differences = ARRAY_SIZE(differences),
	.single = single,
	.n_single = ARRAY_SIZE(single),
};

static void test_sources_agree_with_every_field_list(void **state)
{
	(void)state;
	source_assert_agreed(&check);
}

/* Negative control: any row of any source off by a bit, wider, or renamed. */
static void test_sources_any_wrong_row_is_noticed(void **state)
{
	(void)state;
	source_assert_rows_noticed(&check);
}

/* Negative control: a wrong bit in fmt/, at any field. */
static void test_sources_any_wrong_field_is_noticed(void **state)
{
	(void)state;
	source_assert_fields_noticed(&check);
}

/* Neither list of exceptions has an entry too many, or one too few. */
static void test_sources_exceptions_are_exact(void **state)
{
	(void)state;
	source_assert_exceptions_exact(&check, "SMMU_STE_V");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources_agree_with_every_field_list),
		cmocka_unit_test(test_sources_any_wrong_row_is_noticed),
		cmocka_unit_test(test_sources_any_wrong_field_is_noticed),
		cmocka_unit_test(test_sources_exceptions_are_exact),
	};

	sources[0].n = source_arm_n;
	sources[1].n = source_linux_n;
	sources[2].n = source_qemu_n;
	sources[3].n = source_mu(mu, MU_MAX);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
