/* SPDX-License-Identifier: MIT */
/*
 * What other ID registers make of the model: EL2 and EL2-E2H streams, no
 * substreams, no hardware updates, small ASIDs; and a few rare paths.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

#define R ((unsigned int)IOMMU_PERM_READ)
#define W ((unsigned int)IOMMU_PERM_WRITE)
#define X ((unsigned int)IOMMU_PERM_EXEC)
#define P ((unsigned int)IOMMU_PERM_PRIV)

#define STE1_EL2        (UINT64_C(2) << 30)
#define STE1_INSTCFG(n) ((uint64_t)(n) << 50)

static struct fx fx;

static void start(uint32_t idr0_set, uint32_t idr0_clear, uint32_t idr1_clear)
{
	struct smmuv3_hw_cfg cfg;

	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] = (cfg.idr[0] & ~idr0_clear) | idr0_set;
	cfg.idr[1] &= ~idr1_clear;
	fx_start(&fx, &cfg);
}

static void set_cr2(uint32_t cr2)
{
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	fx_w32(&fx, FX_CR2, cr2);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL);
	fx_cmd(&fx, CMD_CFGI_ALL, 31);
}

static unsigned int event(void)
{
	uint64_t rec[4];

	return fx_evt(&fx, rec) ? rec[0] & 0xff : 0;
}

static uint64_t pa(uint64_t va, unsigned int perm)
{
	struct hw_xlat x;

	return fx_access(&fx, FX_SID, va, perm, &x) ? 0 : x.pa;
}

/* 5.4: one range, no ASID, no EPD, one privilege. */
static void test_variants_el2_one_privilege(void **state)
{
	uint64_t root, cd, pte;

	(void)state;
	start(1 << 9 | 1, 0, 0);
	root = fx_table(&fx);
	cd = fx_alloc(&fx, 64, 64);
	/* EPD0 is ignored. */
	fx_cd(&fx, cd, CD_BASIC | CD_EPD0 | CD_ASID(9) | CD_HA | CD_HD, root);
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | cd, STE1_EL2);
	pte = fx_map(&fx, root, 0x5000, 0x200000 | PTE_PAGE | PTE_AF | PTE_PXN,
		     3);
	fx_map(&fx, root, 0x6000,
	       0x201000 | PTE_PAGE | PTE_AF | PTE_RO | PTE_DBM | PTE_UXN, 3);
	/* Neither AP[1] nor PXN counts. */
	assert_int_equal(pa(0x5000, W), 0x200000);
	assert_int_equal(pa(0x5000, W | P), 0x200000);
	assert_int_equal(pa(0x5000, R | X), 0x200000);
	assert_int_equal(pa(0x6000, R | X), 0);
	assert_int_equal(event(), 0x13);
	assert_int_equal(pa(0x6000, W), 0x201000);
	/* No upper half. */
	assert_int_equal(pa(UINT64_MAX << 48, R), 0);
	assert_int_equal(event(), 0x10);
	/* TLBI of EL1 does not reach it; of EL2 it does, without ASID. */
	fx_put(&fx, pte, 0x300000 | PTE_PAGE | PTE_AF);
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	fx_cmd(&fx, CMD_TLBI_NH_VAA, 0x5000);
	fx_cmd(&fx, 0x21 | UINT64_C(9) << 48, 0);
	assert_int_equal(pa(0x5000, R), 0x200000);
	fx_cmd(&fx, 0x22, 0x5000);
	assert_int_equal(pa(0x5000, R), 0x300000);
	fx_put(&fx, pte, 0x200000 | PTE_PAGE | PTE_AF);
	fx_cmd(&fx, 0x20, 0);
	assert_int_equal(pa(0x5000, R), 0x200000);
	fx_put(&fx, pte, 0x300000 | PTE_PAGE | PTE_AF);
	fx_cmd(&fx, 0x23, 0x5000);
	assert_int_equal(pa(0x5000, R), 0x300000);
	assert_true(fx_cmdq_idle(&fx));
	fx_fini(&fx);
}

/* [K15] */
static void test_variants_e2h_has_asids(void **state)
{
	uint64_t root, cd, pte;

	(void)state;
	start(1 << 9 | 1, 0, 0);
	set_cr2(1);
	root = fx_table(&fx);
	cd = fx_alloc(&fx, 64, 64);
	fx_cd(&fx, cd, CD_BASIC | CD_ASID(9), root);
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | cd, STE1_EL2);
	pte = fx_map(&fx, root, 0x5000, 0x200000 | PTE_RW, 3);
	assert_int_equal(pa(0x5000, R), 0x200000);
	fx_put(&fx, pte, 0x300000 | PTE_RW);
	fx_cmd(&fx, CMD_TLBI_NH_ASID(9), 0);
	fx_cmd(&fx, 0x21 | UINT64_C(8) << 48, 0);
	fx_cmd(&fx, 0x22 | UINT64_C(8) << 48, 0x5000);
	assert_int_equal(pa(0x5000, R), 0x200000);
	fx_cmd(&fx, 0x21 | UINT64_C(9) << 48, 0);
	assert_int_equal(pa(0x5000, R), 0x300000);
	fx_put(&fx, pte, 0x200000 | PTE_RW);
	fx_cmd(&fx, 0x22 | UINT64_C(9) << 48, 0x5000);
	assert_int_equal(pa(0x5000, R), 0x200000);
	fx_put(&fx, pte, 0x300000 | PTE_RW);
	fx_cmd(&fx, 0x20, 0);
	assert_int_equal(pa(0x5000, R), 0x300000);
	/* STRW 1 is reserved here. */
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | cd, UINT64_C(1) << 30);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(event(), 0x04);
	fx_fini(&fx);
}

/* SSIDSIZE 0: S1CDMax and S1DSS mean nothing. */
static void test_variants_without_substreams(void **state)
{
	uint64_t root;

	(void)state;
	start(0, 0, 31 << 6);
	root = fx_stream(&fx, FX_SID, 0);
	fx_map(&fx, root, 0x5000, 0x200000 | PTE_RW, 3);
	fx_put(&fx, fx.strtab + FX_SID * 64,
	       fx_get(&fx, fx.strtab + FX_SID * 64) | STE_CDMAX(5) |
		       STE_FMT(2));
	assert_int_equal(pa(0x5000, R), 0x200000);
	assert_int_equal(fx_access_ssid(&fx, FX_SID, 0, 0x5000, R, NULL),
			 -EFAULT);
	assert_int_equal(event(), 0x08);
	/* No PASID on what is sent. */
	fx_cmd(&fx, CMD_ATC_INV(1) | 1 << 11 | 7 << 12, 52);
	assert_false(fx.inv[0].pasid_valid);
	fx_cmd(&fx, CMD_PRI_RESP(1) | 1 << 11 | 7 << 12, 0);
	assert_false(fx.resp[0].pasid_valid);
	fx_fini(&fx);
}

static void test_variants_illegal_by_id_registers(void **state)
{
	uint64_t cd, root;

	(void)state;
	/* HTTU 0, ASID16 0, CD2L 0 */
	start(0, 3 << 6 | 1 << 12 | 1 << 19, 0);
	root = fx_table(&fx);
	fx_map(&fx, root, 0x5000, 0x200000 | PTE_RW, 3);
	cd = fx_alloc(&fx, 64, 64);
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | cd, 0);
	fx_cd(&fx, cd, CD_BASIC | CD_HA, root);
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(event(), 0x0a);
	fx_cd(&fx, cd, CD_BASIC | CD_ASID(0x100), root);
	fx_cmd(&fx, CMD_CFGI_ALL, 31);
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(event(), 0x0a);
	fx_cd(&fx, cd, CD_BASIC | CD_ASID(0xff), root);
	fx_cmd(&fx, CMD_CFGI_ALL, 31);
	assert_int_equal(pa(0x5000, R), 0x200000);
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | cd | STE_CDMAX(8) | STE_FMT(1), 0);
	fx_cmd(&fx, CMD_CFGI_ALL, 31);
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(event(), 0x04);
	fx_fini(&fx);

	/* HTTU 1: AF, but not the dirty state. */
	start(1 << 6, 3 << 6, 0);
	(void)fx_stream(&fx, FX_SID, CD_HA | CD_HD);
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(event(), 0x0a);
	fx_fini(&fx);
}

/* Output addresses of 32 bits cap what tables say. */
static void test_variants_small_output_size(void **state)
{
	struct smmuv3_hw_cfg cfg;
	uint64_t root;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[5] &= ~UINT32_C(7);
	fx_start(&fx, &cfg);
	root = fx_stream(&fx, FX_SID, 0);
	fx_map(&fx, root, 0x5000, UINT64_C(0x100000000) | PTE_RW, 3);
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(event(), 0x11);
	fx_fini(&fx);
}

/* INSTCFG: reads are fetches, or fetches are reads. */
static void test_variants_instcfg_overrides(void **state)
{
	struct hw_txn txn = { .requester = FX_SID,
			      .flags = HW_TXN_NO_WRITE,
			      .perm = R,
			      .addr = 0x5000 };
	struct hw_ats_reply reply;
	uint64_t root, ste0;

	(void)state;
	start(0, 0, 0);
	root = fx_stream(&fx, FX_SID, 0);
	ste0 = fx_get(&fx, fx.strtab + FX_SID * 64);
	fx_map(&fx, root, 0x5000, 0x200000 | PTE_RW | PTE_RO | PTE_UXN, 3);
	/* Execute-only for users. */
	fx_map(&fx, root, 0x6000, 0x201000 | (PTE_RW & ~PTE_USER), 3);
	fx_ste(&fx, FX_SID, ste0, STE1_INSTCFG(3) | STE1_EATS);
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(event(), 0x13);
	assert_int_equal(pa(0x6000, R), 0x201000);
	fx.hw->ops->ats_translate(fx.hw, &fx.port, &txn, &reply);
	assert_int_equal(reply.xlat.perm, 0);
	txn.addr = 0x6000;
	fx.hw->ops->ats_translate(fx.hw, &fx.port, &txn, &reply);
	assert_int_equal(reply.xlat.perm, R | W * 0);
	fx_ste(&fx, FX_SID, ste0, STE1_INSTCFG(2) | STE1_EATS);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	assert_int_equal(pa(0x5000, R | X), 0x200000);
	fx_fini(&fx);
}

/* HAD0: what tables take away is ignored. */
static void test_variants_hierarchy_disabled(void **state)
{
	uint64_t root, cd;

	(void)state;
	start(0, 0, 0);
	root = fx_stream(&fx, FX_SID, 0);
	fx_map(&fx, root, 0x5000, 0x200000 | PTE_RW, 3);
	fx_put(&fx, root, fx_get(&fx, root) | UINT64_C(1) << 61);
	assert_int_equal(pa(0x5000, R), 0);
	cd = fx_get(&fx, fx.strtab + FX_SID * 64) & UINT64_C(0xffffffffffc0);
	fx_put(&fx, cd + 8, fx_get(&fx, cd + 8) | 2);
	fx_cmd(&fx, CMD_CFGI_ALL, 31);
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	assert_int_equal(pa(0x5000, R), 0x200000);
	fx_fini(&fx);
}

static void abort_at_cas(struct fx *f, uint64_t addr)
{
	f->abort_first = addr;
	f->abort_last = addr + 7;
}

static void test_variants_update_abort_recorded(void **state)
{
	uint64_t root, pte, rec[4];

	(void)state;
	start(0, 0, 0);
	root = fx_stream(&fx, FX_SID, CD_HA);
	pte = fx_map(&fx, root, 0x5000, 0x200000 | (PTE_RW & ~PTE_AF), 3);
	fx.on_cas = abort_at_cas;
	assert_int_equal(pa(0x5000, R), 0);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0] & 0xff, 0x0b);
	assert_int_equal(rec[3], pte);
	fx_fini(&fx);
}

/* PPS: the answer to an overflow has the PASID, whatever the STE says. */
static void test_variants_pps_and_last_only_overflow(void **state)
{
	struct hw_page_request req = { .requester = FX_SID,
				       .pasid_valid = true,
				       .pasid = 5,
				       .perm = R,
				       .last = true };
	struct smmuv3_hw_cfg cfg;
	unsigned int i;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[3] |= 1 << 5;
	fx_start(&fx, &cfg);
	fx_w32(&fx, FX_PRIQ_IRQ_CFG2, UINT32_C(1) << 31);
	fx_w32(&fx, FX_IRQ_CTRL, 2);
	for (i = 0; i < 1u << FX_PRIQ_LG2; i++)
		fx.hw->ops->page_request(fx.hw, &req);
	assert_int_equal(fx.resp_count, 0);
	i = fx.wires[SMMUV3_HW_WIRE_PRIQ];
	fx.hw->ops->page_request(fx.hw, &req);
	assert_int_equal(fx.resp_count, 1);
	assert_true(fx.resp[0].pasid_valid);
	assert_int_equal(fx.resp[0].code, HW_PRG_SUCCESS);
	assert_int_equal(fx.wires[SMMUV3_HW_WIRE_PRIQ], i + 1);
	assert_int_equal(event(), 0);
	fx_fini(&fx);
}

/* A port that never lets go does not hang the queue. */
static void test_variants_stuck_port_logged(void **state)
{
	struct hw_txn txn = { .requester = FX_SID, .perm = R, .addr = 0x5000 };
	struct hw_xlat x;
	uint64_t root;

	(void)state;
	start(0, 0, 0);
	root = fx_stream(&fx, FX_SID, 0);
	fx_map(&fx, root, 0x5000, 0x200000 | PTE_RW, 3);
	assert_int_equal(fx.hw->ops->translate(fx.hw, &fx.port, &txn, &x), 0);
	fx.clock_step = 1000000000;
	fx_cmd(&fx, CMD_TLBI_NH_ALL, 0);
	fx_sync(&fx);
	assert_true(fx_cmdq_idle(&fx));
	assert_non_null(strstr(fx.log, "busy"));
	hw_port_done(&fx.port);
	fx_fini(&fx);
}

/* More than the caches hold: what is thrown out is fetched again. */
static void test_variants_caches_overflow(void **state)
{
	struct smmuv3_hw_cfg cfg;
	uint64_t root, cds;
	struct hw_xlat x;
	unsigned int i, pass;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.tlb_lg2 = 6;
	fx_start(&fx, &cfg);
	root = fx_table(&fx);
	cds = fx_alloc(&fx, 64 << 13, 64);
	for (i = 0; i < 1 << 13; i++)
		fx_cd(&fx, cds + i * 64, CD_BASIC | CD_ASID(i & 0xffff), root);
	for (i = 0; i < 256; i++)
		fx_map(&fx, root, i * 0x1000u,
		       (0x400000 + i * 0x1000u) | PTE_RW, 3);
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | cds | STE_CDMAX(13), 0);
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < 1 << 13; i++) {
			assert_int_equal(fx_access_ssid(&fx, FX_SID, i,
							(i & 255) * 0x1000, R,
							&x),
					 0);
			assert_int_equal(x.pa, 0x400000 + (i & 255) * 0x1000);
		}
	fx_fini(&fx);
}

/*
 * One ASID, two granules, and nothing invalidated: a mistake of software that
 * must not take a walk to a level that its granule does not have. What the walk
 * of 4K tables kept at level 0 is no table of 64K.
 */
static void test_variants_asid_of_two_granules(void **state)
{
	const uint64_t ips52 = UINT64_C(1) << 32, va = UINT64_C(1) << 40;
	const uint64_t cd4k = (CD_BASIC | ips52 << 1 | CD_ASID(1)) - 4 - ips52;
	uint64_t cd, top, table, level2, level3;
	struct smmuv3_hw_cfg cfg;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.aidr = 2;
	/* 52 bits out and in, DS, every granule. */
	cfg.idr[5] = 6 | 7 << 4 | 1 << 7 | 1 << 10;
	fx_start(&fx, &cfg);
	/* 4K, five levels. */
	cd = fx_alloc(&fx, 64, 64);
	top = fx_table(&fx);
	table = fx_table(&fx);
	fx_put(&fx, top, table | 3);
	fx_map(&fx, table, 0x5000, 0x200000 | PTE_RW, 3);
	fx_cd(&fx, cd, cd4k, top);
	fx_put(&fx, cd + 16, UINT64_C(1) << 58);
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | cd, 0);
	assert_int_equal(pa(0x5000, R), 0x200000);
	/* 64K, three levels. */
	top = fx_alloc(&fx, 8192, 8192);
	level2 = fx_alloc(&fx, 1 << 16, 1 << 16);
	level3 = fx_alloc(&fx, 1 << 16, 1 << 16);
	fx_put(&fx, top, level2 | 3);
	fx_put(&fx, level2 + (va >> 29) * 8, level3 | 3);
	fx_put(&fx, level3, 0x300000 | PTE_RW);
	fx_cd(&fx, cd, cd4k | 1 << 6, top);
	fx_cmd(&fx, CMD_CFGI_CD(FX_SID, 0), 1);
	assert_int_equal(pa(va, R), 0x300000);
	fx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variants_el2_one_privilege),
		cmocka_unit_test(test_variants_e2h_has_asids),
		cmocka_unit_test(test_variants_without_substreams),
		cmocka_unit_test(test_variants_illegal_by_id_registers),
		cmocka_unit_test(test_variants_small_output_size),
		cmocka_unit_test(test_variants_instcfg_overrides),
		cmocka_unit_test(test_variants_hierarchy_disabled),
		cmocka_unit_test(test_variants_asid_of_two_granules),
		cmocka_unit_test(test_variants_update_abort_recorded),
		cmocka_unit_test(test_variants_pps_and_last_only_overflow),
		cmocka_unit_test(test_variants_stuck_port_logged),
		cmocka_unit_test(test_variants_caches_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
