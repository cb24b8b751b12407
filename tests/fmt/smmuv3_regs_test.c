/* SPDX-License-Identifier: MIT */
/*
 * fmt/smmuv3_regs.h against a second table, and the arithmetic of queues.
 *
 * The tables were made from the headings and the memory map of IHI 0070 G.b,
 * 6.2 and 6.3, and give position and width, the way of QEMU's
 * smmuv3-internal.h. The second source, Linux's arm-smmu-v3.h, agrees with all
 * of them that it has (but ends addresses at bit 51); so does QEMU's, where
 * GERROR.SFM_ERR is MSI_SFM_ERR.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/bits.h"
#include "fmt/smmuv3_regs.h"
#include "tests/fmt/transcript.h"

/* clang-format off */
#define P(name, pos, width)	{ name, (pos) + (width) - 1, pos }

static const struct transcript_row want_idr0[] = {
	P("SMMU_IDR0_S2P", 0, 1),
	P("SMMU_IDR0_S1P", 1, 1),
	P("SMMU_IDR0_TTF", 2, 2),
	P("SMMU_IDR0_COHACC", 4, 1),
	P("SMMU_IDR0_BTM", 5, 1),
	P("SMMU_IDR0_HTTU", 6, 2),
	P("SMMU_IDR0_DORMHINT", 8, 1),
	P("SMMU_IDR0_HYP", 9, 1),
	P("SMMU_IDR0_ATS", 10, 1),
	P("SMMU_IDR0_NS1ATS", 11, 1),
	P("SMMU_IDR0_ASID16", 12, 1),
	P("SMMU_IDR0_MSI", 13, 1),
	P("SMMU_IDR0_SEV", 14, 1),
	P("SMMU_IDR0_ATOS", 15, 1),
	P("SMMU_IDR0_PRI", 16, 1),
	P("SMMU_IDR0_VMW", 17, 1),
	P("SMMU_IDR0_VMID16", 18, 1),
	P("SMMU_IDR0_CD2L", 19, 1),
	P("SMMU_IDR0_VATOS", 20, 1),
	P("SMMU_IDR0_TTENDIAN", 21, 2),
	P("SMMU_IDR0_ATSRECERR", 23, 1),
	P("SMMU_IDR0_STALL_MODEL", 24, 2),
	P("SMMU_IDR0_TERM_MODEL", 26, 1),
	P("SMMU_IDR0_ST_LEVEL", 27, 2),
	P("SMMU_IDR0_RME_IMPL", 30, 1),
};

static const struct transcript_row want_idr1[] = {
	P("SMMU_IDR1_SIDSIZE", 0, 6),
	P("SMMU_IDR1_SSIDSIZE", 6, 5),
	P("SMMU_IDR1_PRIQS", 11, 5),
	P("SMMU_IDR1_EVENTQS", 16, 5),
	P("SMMU_IDR1_CMDQS", 21, 5),
	P("SMMU_IDR1_ATTR_PERMS_OVR", 26, 1),
	P("SMMU_IDR1_ATTR_TYPES_OVR", 27, 1),
	P("SMMU_IDR1_REL", 28, 1),
	P("SMMU_IDR1_QUEUES_PRESET", 29, 1),
	P("SMMU_IDR1_TABLES_PRESET", 30, 1),
	P("SMMU_IDR1_ECMDQ", 31, 1),
};

static const struct transcript_row want_idr2[] = {
	P("SMMU_IDR2_BA_VATOS", 0, 10),
};

static const struct transcript_row want_idr3[] = {
	P("SMMU_IDR3_HAD", 2, 1),
	P("SMMU_IDR3_PBHA", 3, 1),
	P("SMMU_IDR3_XNX", 4, 1),
	P("SMMU_IDR3_PPS", 5, 1),
	P("SMMU_IDR3_MPAM", 7, 1),
	P("SMMU_IDR3_FWB", 8, 1),
	P("SMMU_IDR3_STT", 9, 1),
	P("SMMU_IDR3_RIL", 10, 1),
	P("SMMU_IDR3_BBML", 11, 2),
	P("SMMU_IDR3_E0PD", 13, 1),
	P("SMMU_IDR3_PTWNNC", 14, 1),
	P("SMMU_IDR3_DPT", 15, 1),
	P("SMMU_IDR3_PASIDTT", 16, 1),
	P("SMMU_IDR3_EPAN", 17, 1),
	P("SMMU_IDR3_S1PI", 18, 1),
	P("SMMU_IDR3_S2PI", 19, 1),
	P("SMMU_IDR3_S2PO", 20, 1),
	P("SMMU_IDR3_THE", 21, 1),
	P("SMMU_IDR3_MTEPERM", 22, 1),
	P("SMMU_IDR3_AIE", 23, 1),
};

static const struct transcript_row want_idr5[] = {
	P("SMMU_IDR5_OAS", 0, 3),
	P("SMMU_IDR5_GRAN4K", 4, 1),
	P("SMMU_IDR5_GRAN16K", 5, 1),
	P("SMMU_IDR5_GRAN64K", 6, 1),
	P("SMMU_IDR5_DS", 7, 1),
	P("SMMU_IDR5_D128", 8, 1),
	P("SMMU_IDR5_VAX", 10, 2),
	P("SMMU_IDR5_STALL_MAX", 16, 16),
};

static const struct transcript_row want_idr6[] = {
	P("SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMQ", 16, 4),
	P("SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMP", 24, 4),
};

static const struct transcript_row want_iidr[] = {
	P("SMMU_IIDR_IMPLEMENTER", 0, 12),
	P("SMMU_IIDR_REVISION", 12, 4),
	P("SMMU_IIDR_VARIANT", 16, 4),
	P("SMMU_IIDR_PRODUCTID", 20, 12),
};

static const struct transcript_row want_aidr[] = {
	P("SMMU_AIDR_ARCHMINORREV", 0, 4),
	P("SMMU_AIDR_ARCHMAJORREV", 4, 4),
};

static const struct transcript_row want_cr0[] = {
	P("SMMU_CR0_SMMUEN", 0, 1),
	P("SMMU_CR0_PRIQEN", 1, 1),
	P("SMMU_CR0_EVENTQEN", 2, 1),
	P("SMMU_CR0_CMDQEN", 3, 1),
	P("SMMU_CR0_ATSCHK", 4, 1),
	P("SMMU_CR0_VMW", 6, 3),
	P("SMMU_CR0_DPT_WALK_EN", 10, 1),
};

static const struct transcript_row want_cr1[] = {
	P("SMMU_CR1_QUEUE_IC", 0, 2),
	P("SMMU_CR1_QUEUE_OC", 2, 2),
	P("SMMU_CR1_QUEUE_SH", 4, 2),
	P("SMMU_CR1_TABLE_IC", 6, 2),
	P("SMMU_CR1_TABLE_OC", 8, 2),
	P("SMMU_CR1_TABLE_SH", 10, 2),
};

static const struct transcript_row want_cr2[] = {
	P("SMMU_CR2_E2H", 0, 1),
	P("SMMU_CR2_RECINVSID", 1, 1),
	P("SMMU_CR2_PTM", 2, 1),
	P("SMMU_CR2_REC_CFG_ATS", 3, 1),
};

static const struct transcript_row want_statusr[] = {
	P("SMMU_STATUSR_DORMANT", 0, 1),
};

static const struct transcript_row want_gbpa[] = {
	P("SMMU_GBPA_MEMATTR", 0, 4),
	P("SMMU_GBPA_MTCFG", 4, 1),
	P("SMMU_GBPA_ALLOCCFG", 8, 4),
	P("SMMU_GBPA_SHCFG", 12, 2),
	P("SMMU_GBPA_PRIVCFG", 16, 2),
	P("SMMU_GBPA_INSTCFG", 18, 2),
	P("SMMU_GBPA_ABORT", 20, 1),
	P("SMMU_GBPA_UPDATE", 31, 1),
};

static const struct transcript_row want_irq_ctrl[] = {
	P("SMMU_IRQ_CTRL_GERROR_IRQEN", 0, 1),
	P("SMMU_IRQ_CTRL_PRIQ_IRQEN", 1, 1),
	P("SMMU_IRQ_CTRL_EVENTQ_IRQEN", 2, 1),
};

static const struct transcript_row want_gerror[] = {
	P("SMMU_GERROR_CMDQ_ERR", 0, 1),
	P("SMMU_GERROR_EVENTQ_ABT_ERR", 2, 1),
	P("SMMU_GERROR_PRIQ_ABT_ERR", 3, 1),
	P("SMMU_GERROR_MSI_CMDQ_ABT_ERR", 4, 1),
	P("SMMU_GERROR_MSI_EVENTQ_ABT_ERR", 5, 1),
	P("SMMU_GERROR_MSI_PRIQ_ABT_ERR", 6, 1),
	P("SMMU_GERROR_MSI_GERROR_ABT_ERR", 7, 1),
	P("SMMU_GERROR_SFM_ERR", 8, 1),
	P("SMMU_GERROR_CMDQP_ERR", 9, 1),
	P("SMMU_GERROR_DPT_ERR", 10, 1),
};

static const struct transcript_row want_irq_cfg0[] = {
	P("SMMU_IRQ_CFG0_ADDR", 2, 54),
};

static const struct transcript_row want_irq_cfg1[] = {
	P("SMMU_IRQ_CFG1_DATA", 0, 32),
};

static const struct transcript_row want_irq_cfg2[] = {
	P("SMMU_IRQ_CFG2_MEMATTR", 0, 4),
	P("SMMU_IRQ_CFG2_SH", 4, 2),
};

static const struct transcript_row want_strtab_base[] = {
	P("SMMU_STRTAB_BASE_ADDR", 6, 50),
	P("SMMU_STRTAB_BASE_RA", 62, 1),
};

static const struct transcript_row want_strtab_base_cfg[] = {
	P("SMMU_STRTAB_BASE_CFG_LOG2SIZE", 0, 6),
	P("SMMU_STRTAB_BASE_CFG_SPLIT", 6, 5),
	P("SMMU_STRTAB_BASE_CFG_FMT", 16, 2),
};

static const struct transcript_row want_cmdq_base[] = {
	P("SMMU_CMDQ_BASE_LOG2SIZE", 0, 5),
	P("SMMU_CMDQ_BASE_ADDR", 5, 51),
	P("SMMU_CMDQ_BASE_RA", 62, 1),
};

static const struct transcript_row want_eventq_base[] = {
	P("SMMU_EVENTQ_BASE_LOG2SIZE", 0, 5),
	P("SMMU_EVENTQ_BASE_ADDR", 5, 51),
	P("SMMU_EVENTQ_BASE_WA", 62, 1),
};

static const struct transcript_row want_priq_base[] = {
	P("SMMU_PRIQ_BASE_LOG2SIZE", 0, 5),
	P("SMMU_PRIQ_BASE_ADDR", 5, 51),
	P("SMMU_PRIQ_BASE_WA", 62, 1),
};

static const struct transcript_row want_cmdq_prod[] = {
	P("SMMU_CMDQ_PROD_WR", 0, 20),
};

static const struct transcript_row want_cmdq_cons[] = {
	P("SMMU_CMDQ_CONS_RD", 0, 20),
	P("SMMU_CMDQ_CONS_ERR", 24, 7),
};

static const struct transcript_row want_eventq_prod[] = {
	P("SMMU_EVENTQ_PROD_WR", 0, 20),
	P("SMMU_EVENTQ_PROD_OVFLG", 31, 1),
};

static const struct transcript_row want_eventq_cons[] = {
	P("SMMU_EVENTQ_CONS_RD", 0, 20),
	P("SMMU_EVENTQ_CONS_OVACKFLG", 31, 1),
};

static const struct transcript_row want_priq_prod[] = {
	P("SMMU_PRIQ_PROD_WR", 0, 20),
	P("SMMU_PRIQ_PROD_OVFLG", 31, 1),
};

static const struct transcript_row want_priq_cons[] = {
	P("SMMU_PRIQ_CONS_RD", 0, 20),
	P("SMMU_PRIQ_CONS_OVACKFLG", 31, 1),
};

static const struct transcript_row want_gatos_ctrl[] = {
	P("SMMU_GATOS_CTRL_RUN", 0, 1),
};

static const struct transcript_row want_gatos_sid[] = {
	P("SMMU_GATOS_SID_STREAMID", 0, 32),
	P("SMMU_GATOS_SID_SUBSTREAMID", 32, 20),
	P("SMMU_GATOS_SID_SSID_VALID", 52, 1),
};

static const struct transcript_row want_gatos_addr[] = {
	P("SMMU_GATOS_ADDR_HTTUI", 6, 1),
	P("SMMU_GATOS_ADDR_IND", 7, 1),
	P("SMMU_GATOS_ADDR_RNW", 8, 1),
	P("SMMU_GATOS_ADDR_PNU", 9, 1),
	P("SMMU_GATOS_ADDR_TYPE", 10, 2),
	P("SMMU_GATOS_ADDR_ADDR", 12, 52),
};

static const struct transcript_row want_gatos_par[] = {
	P("SMMU_GATOS_PAR_FAULT", 0, 1),
	P("SMMU_GATOS_PAR_SH", 8, 2),
	P("SMMU_GATOS_PAR_SIZE", 11, 1),
	P("SMMU_GATOS_PAR_ADDR", 12, 44),
	P("SMMU_GATOS_PAR_ATTR", 56, 8),
};

static const struct transcript_row want_gatos_par_fault[] = {
	P("SMMU_GATOS_PAR_FAULT_FAULT", 0, 1),
	P("SMMU_GATOS_PAR_FAULT_REASON", 1, 2),
	P("SMMU_GATOS_PAR_FAULT_FAULTCODE", 4, 8),
	P("SMMU_GATOS_PAR_FAULT_FADDR", 12, 44),
	P("SMMU_GATOS_PAR_FAULT_IMPDEF", 60, 4),
};

static const struct transcript_row want_mpamidr[] = {
	P("SMMU_MPAMIDR_PARTID_MAX", 0, 16),
	P("SMMU_MPAMIDR_PMG_MAX", 16, 8),
};

static const struct transcript_row want_gmpam[] = {
	P("SMMU_GMPAM_SO_PARTID", 0, 16),
	P("SMMU_GMPAM_SO_PMG", 16, 8),
	P("SMMU_GMPAM_UPDATE", 31, 1),
};

static const struct transcript_row want_gbpmpam[] = {
	P("SMMU_GBPMPAM_GBP_PARTID", 0, 16),
	P("SMMU_GBPMPAM_GBP_PMG", 16, 8),
	P("SMMU_GBPMPAM_UPDATE", 31, 1),
};

static const struct transcript_row want_vatos_sel[] = {
	P("SMMU_VATOS_SEL_VMID", 0, 16),
};

static const struct transcript_row want_priq_irq_cfg2[] = {
	P("SMMU_PRIQ_IRQ_CFG2_LO", 31, 1),
};
/* clang-format on */

static void test_regs_tables_second_transcription_agrees(void **state)
{
	(void)state;
	assert_transcript(SMMU_IDR0_FIELDS, want_idr0);
	assert_transcript(SMMU_IDR1_FIELDS, want_idr1);
	assert_transcript(SMMU_IDR2_FIELDS, want_idr2);
	assert_transcript(SMMU_IDR3_FIELDS, want_idr3);
	assert_transcript(SMMU_IDR5_FIELDS, want_idr5);
	assert_transcript(SMMU_IDR6_FIELDS, want_idr6);
	assert_transcript(SMMU_IIDR_FIELDS, want_iidr);
	assert_transcript(SMMU_AIDR_FIELDS, want_aidr);
	assert_transcript(SMMU_CR0_FIELDS, want_cr0);
	assert_transcript(SMMU_CR1_FIELDS, want_cr1);
	assert_transcript(SMMU_CR2_FIELDS, want_cr2);
	assert_transcript(SMMU_STATUSR_FIELDS, want_statusr);
	assert_transcript(SMMU_GBPA_FIELDS, want_gbpa);
	assert_transcript(SMMU_IRQ_CTRL_FIELDS, want_irq_ctrl);
	assert_transcript(SMMU_GERROR_FIELDS, want_gerror);
	assert_transcript(SMMU_IRQ_CFG0_FIELDS, want_irq_cfg0);
	assert_transcript(SMMU_IRQ_CFG1_FIELDS, want_irq_cfg1);
	assert_transcript(SMMU_IRQ_CFG2_FIELDS, want_irq_cfg2);
	assert_transcript(SMMU_STRTAB_BASE_FIELDS, want_strtab_base);
	assert_transcript(SMMU_STRTAB_BASE_CFG_FIELDS, want_strtab_base_cfg);
	assert_transcript(SMMU_CMDQ_BASE_FIELDS, want_cmdq_base);
	assert_transcript(SMMU_EVENTQ_BASE_FIELDS, want_eventq_base);
	assert_transcript(SMMU_PRIQ_BASE_FIELDS, want_priq_base);
	assert_transcript(SMMU_CMDQ_PROD_FIELDS, want_cmdq_prod);
	assert_transcript(SMMU_CMDQ_CONS_FIELDS, want_cmdq_cons);
	assert_transcript(SMMU_EVENTQ_PROD_FIELDS, want_eventq_prod);
	assert_transcript(SMMU_EVENTQ_CONS_FIELDS, want_eventq_cons);
	assert_transcript(SMMU_PRIQ_PROD_FIELDS, want_priq_prod);
	assert_transcript(SMMU_PRIQ_CONS_FIELDS, want_priq_cons);
	assert_transcript(SMMU_GATOS_CTRL_FIELDS, want_gatos_ctrl);
	assert_transcript(SMMU_GATOS_SID_FIELDS, want_gatos_sid);
	assert_transcript(SMMU_GATOS_ADDR_FIELDS, want_gatos_addr);
	assert_transcript(SMMU_GATOS_PAR_FIELDS, want_gatos_par);
	assert_transcript(SMMU_GATOS_PAR_FAULT_FIELDS, want_gatos_par_fault);
	assert_transcript(SMMU_MPAMIDR_FIELDS, want_mpamidr);
	assert_transcript(SMMU_GMPAM_FIELDS, want_gmpam);
	assert_transcript(SMMU_GBPMPAM_FIELDS, want_gbpmpam);
	assert_transcript(SMMU_VATOS_SEL_FIELDS, want_vatos_sel);
	assert_transcript(SMMU_PRIQ_IRQ_CFG2_FIELDS, want_priq_irq_cfg2);
}

static void test_regs_offsets_second_transcription_agrees(void **state)
{
	static const int regs[][2] = {
		{ SMMU_IDR0, 0x0 },
		{ SMMU_IDR1, 0x4 },
		{ SMMU_IDR2, 0x8 },
		{ SMMU_IDR3, 0xc },
		{ SMMU_IDR4, 0x10 },
		{ SMMU_IDR5, 0x14 },
		{ SMMU_IIDR, 0x18 },
		{ SMMU_AIDR, 0x1c },
		{ SMMU_CR0, 0x20 },
		{ SMMU_CR0ACK, 0x24 },
		{ SMMU_CR1, 0x28 },
		{ SMMU_CR2, 0x2c },
		{ SMMU_S2PII, 0x30 },
		{ SMMU_STATUSR, 0x40 },
		{ SMMU_GBPA, 0x44 },
		{ SMMU_AGBPA, 0x48 },
		{ SMMU_IRQ_CTRL, 0x50 },
		{ SMMU_IRQ_CTRLACK, 0x54 },
		{ SMMU_GERROR, 0x60 },
		{ SMMU_GERRORN, 0x64 },
		{ SMMU_GERROR_IRQ_CFG0, 0x68 },
		{ SMMU_GERROR_IRQ_CFG1, 0x70 },
		{ SMMU_GERROR_IRQ_CFG2, 0x74 },
		{ SMMU_STRTAB_BASE, 0x80 },
		{ SMMU_STRTAB_BASE_CFG, 0x88 },
		{ SMMU_CMDQ_BASE, 0x90 },
		{ SMMU_CMDQ_PROD, 0x98 },
		{ SMMU_CMDQ_CONS, 0x9c },
		{ SMMU_EVENTQ_BASE, 0xa0 },
		{ SMMU_EVENTQ_IRQ_CFG0, 0xb0 },
		{ SMMU_EVENTQ_IRQ_CFG1, 0xb8 },
		{ SMMU_EVENTQ_IRQ_CFG2, 0xbc },
		{ SMMU_PRIQ_BASE, 0xc0 },
		{ SMMU_PRIQ_IRQ_CFG0, 0xd0 },
		{ SMMU_PRIQ_IRQ_CFG1, 0xd8 },
		{ SMMU_PRIQ_IRQ_CFG2, 0xdc },
		{ SMMU_GATOS_CTRL, 0x100 },
		{ SMMU_GATOS_SID, 0x108 },
		{ SMMU_GATOS_ADDR, 0x110 },
		{ SMMU_GATOS_PAR, 0x118 },
		{ SMMU_MPAMIDR, 0x130 },
		{ SMMU_GMPAM, 0x138 },
		{ SMMU_GBPMPAM, 0x13c },
		{ SMMU_VATOS_SEL, 0x180 },
		{ SMMU_IDR6, 0x190 },
		{ SMMU_DPT_BASE, 0x200 },
		{ SMMU_DPT_BASE_CFG, 0x208 },
		{ SMMU_DPT_CFG_FAR, 0x210 },
		{ SMMU_EVENTQ_PROD, 0x100a8 },
		{ SMMU_EVENTQ_CONS, 0x100ac },
		{ SMMU_PRIQ_PROD, 0x100c8 },
		{ SMMU_PRIQ_CONS, 0x100cc },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		assert_int_equal(regs[i][0], regs[i][1]);
	assert_int_equal(SMMU_ID_REGS, 0xfd0);
	assert_int_equal(SMMU_EVENTQ_PROD_ALIAS, SMMU_EVENTQ_PROD - SMMU_PAGE1);
	assert_int_equal(SMMU_EVENTQ_CONS_ALIAS, SMMU_EVENTQ_CONS - SMMU_PAGE1);
	assert_int_equal(SMMU_PRIQ_PROD_ALIAS, SMMU_PRIQ_PROD - SMMU_PAGE1);
	assert_int_equal(SMMU_PRIQ_CONS_ALIAS, SMMU_PRIQ_CONS - SMMU_PAGE1);
}

static void test_regs_idr_golden_values_give_fields(void **state)
{
	/* A model with the features that QEMU's has for stage 1 only. */
	const uint32_t idr0 = 0x0d40101a;
	const uint32_t idr1 = 0x02730010;

	(void)state;
	assert_int_equal(REG_GET(SMMU_IDR0_S1P, idr0), 1);
	assert_int_equal(REG_GET(SMMU_IDR0_S2P, idr0), 0);
	assert_int_equal(REG_GET(SMMU_IDR0_TTF, idr0), SMMU_IDR0_TTF_AARCH64);
	assert_int_equal(REG_GET(SMMU_IDR0_COHACC, idr0), 1);
	assert_int_equal(REG_GET(SMMU_IDR0_ASID16, idr0), 1);
	assert_int_equal(REG_GET(SMMU_IDR0_TTENDIAN, idr0),
			 SMMU_IDR0_TTENDIAN_LE);
	assert_int_equal(REG_GET(SMMU_IDR0_STALL_MODEL, idr0),
			 SMMU_IDR0_STALL_MODEL_NONE);
	assert_int_equal(REG_GET(SMMU_IDR0_TERM_MODEL, idr0), 1);
	assert_int_equal(REG_GET(SMMU_IDR0_ST_LEVEL, idr0),
			 SMMU_IDR0_ST_LEVEL_2LVL);
	assert_int_equal(REG_GET(SMMU_IDR1_SIDSIZE, idr1), 16);
	assert_int_equal(REG_GET(SMMU_IDR1_SSIDSIZE, idr1), 0);
	assert_int_equal(REG_GET(SMMU_IDR1_EVENTQS, idr1), 19);
	assert_int_equal(REG_GET(SMMU_IDR1_CMDQS, idr1), 19);
}

static void test_regs_put_gives_golden_values(void **state)
{
	uint64_t v;

	(void)state;
	v = REG_PUT(SMMU_CMDQ_BASE_ADDR, 0, 0x0000012345678000 >> 5);
	v = REG_PUT(SMMU_CMDQ_BASE_LOG2SIZE, v, 8);
	v = REG_PUT(SMMU_CMDQ_BASE_RA, v, 1);
	assert_int_equal(v, 0x4000012345678008);

	v = REG_CONST(SMMU_CR1_TABLE_SH, 3) | REG_CONST(SMMU_CR1_TABLE_OC, 1) |
	    REG_CONST(SMMU_CR1_TABLE_IC, 1) | REG_CONST(SMMU_CR1_QUEUE_SH, 3) |
	    REG_CONST(SMMU_CR1_QUEUE_OC, 1) | REG_CONST(SMMU_CR1_QUEUE_IC, 1);
	assert_int_equal(v, 0xd75);

	v = FIELD_MASK(SMMU_CR0_SMMUEN) | FIELD_MASK(SMMU_CR0_EVENTQEN) |
	    FIELD_MASK(SMMU_CR0_CMDQEN);
	assert_int_equal(v, 0xd);

	/* The errors software may see: bits 10 to 0 but 1. */
	assert_int_equal(FIELD_DEFINED(SMMU_GERROR_FIELDS, 0), 0x7fd);
}

static void test_queue_indexes_wrap_after_two_laps(void **state)
{
	const unsigned int sizes[] = { 0, 1, 4, 19, 31 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned int lg2 = sizes[i];
		uint32_t n = UINT32_C(1) << lg2;
		uint32_t last = smmu_q_mask(lg2);

		assert_true(smmu_q_empty(0, 0, lg2));
		assert_true(smmu_q_full(n, 0, lg2));
		assert_false(smmu_q_empty(n, 0, lg2));
		assert_int_equal(smmu_q_count(n, 0, lg2), n);
		assert_int_equal(smmu_q_index(n, lg2), 0);
		assert_true(smmu_q_wrap(n, lg2));
		assert_false(smmu_q_wrap(n - 1, lg2));

		assert_int_equal(smmu_q_add(last, 1, lg2), 0);
		assert_true(smmu_q_wrap(last, lg2));
		assert_int_equal(smmu_q_index(last, lg2), n - 1);
		assert_int_equal(smmu_q_count(0, last, lg2), 1);
		assert_true(smmu_q_full(n - 1, last, lg2));
	}
}

/* Overflow flags and errors above the index do not disturb. */
static void test_queue_indexes_ignore_flags(void **state)
{
	const uint32_t ovflg = FIELD_MASK(SMMU_EVENTQ_PROD_OVFLG);

	(void)state;
	assert_true(smmu_q_empty(ovflg | 5, 5, 4));
	assert_true(smmu_q_full(ovflg | 0x15, 5, 4));
	assert_int_equal(smmu_q_index(ovflg | 0x15, 4), 5);
	assert_int_equal(smmu_q_add(ovflg | 0x1f, 2, 4), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regs_tables_second_transcription_agrees),
		cmocka_unit_test(test_regs_offsets_second_transcription_agrees),
		cmocka_unit_test(test_regs_idr_golden_values_give_fields),
		cmocka_unit_test(test_regs_put_gives_golden_values),
		cmocka_unit_test(test_queue_indexes_wrap_after_two_laps),
		cmocka_unit_test(test_queue_indexes_ignore_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
