/* SPDX-License-Identifier: MIT */
/*
 * Requests as a whole: translation off, pass-through, protected regions,
 * interrupt addresses, the hit path and what it may not use any more after the
 * registers have changed. VT-d 3.2, 3.14, 10.4.6, 10.4.16.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/vtd_tables.h"

#define R ((unsigned int)IOMMU_PERM_READ)
#define W ((unsigned int)IOMMU_PERM_WRITE)
#define X ((unsigned int)IOMMU_PERM_EXEC)
#define P ((unsigned int)IOMMU_PERM_PRIV)

enum { VA = 0x345000, FRAME = 0x800000, OTHER = 0x900000 };

static struct vx fx;

/* Refused, without a record. */
static void quiet(uint32_t pasid, uint64_t addr, unsigned int perm)
{
	uint64_t rec[2];
	struct hw_xlat x;

	assert_int_equal(vt_access(&fx, VT_SID, pasid, addr, perm, &x),
			 -EFAULT);
	assert_false(vx_fault(&fx, rec));
}

static void test_vtd_translate_off_passes(void **state)
{
	struct vtd_hw_cfg cfg;
	struct hw_xlat x;

	(void)state;
	vtd_hw_cfg_default(&cfg);
	cfg.haw = 40;
	vx_init(&fx, &cfg);
	assert_int_equal(vt_access(&fx, VT_SID, 0, VA + 1, W, &x), 0);
	assert_int_equal(x.pa, VA + 1);
	assert_int_equal(x.perm & (R | W), R | W);
	assert_int_equal(x.len, 0xfee00000 - (VA + 1));
	assert_int_equal(vt_access(&fx, VT_SID, 0, 0xfef00000, W, &x), 0);
	assert_int_equal(x.len, (UINT64_C(1) << 40) - 0xfef00000);
	/* There is no such address, and nobody to say so. */
	quiet(0, UINT64_C(1) << 40, R);
	quiet(0, 0xfee00000, R);
	vx_fini(&fx);
}

/* While it is off nothing of the caches counts, and nothing does after. */
static void test_vtd_translate_off_and_on(void **state)
{
	uint64_t root;

	(void)state;
	vt_start(&fx, NULL, VT_SCALABLE);
	root = vt_first(&fx, 0);
	vt_map(&fx, root, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R), FRAME);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R), FRAME);
	vt_enable(&fx, false);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, R), VA);
	vt_map(&fx, root, 4, VA, OTHER | FS_PAGE, 1, FS_TABLE);
	vt_enable(&fx, true);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R), OTHER);
	vx_fini(&fx);
}

/* 10.4.6: with ESRTPS a new root table starts from empty caches, else not. */
static void test_vtd_translate_new_root_table(void **state)
{
	struct vtd_hw_cfg cfg;
	uint64_t root, old;
	int esrtps;

	(void)state;
	for (esrtps = 0; esrtps < 2; esrtps++) {
		vtd_hw_cfg_default(&cfg);
		cfg.cap &= ~(UINT64_C(1) << 63);
		cfg.cap |= (uint64_t)esrtps << 63;
		vt_start(&fx, &cfg, VT_SCALABLE);
		old = fx.root;
		root = vt_first(&fx, 0);
		vt_map(&fx, root, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R), FRAME);
		fx.root = vx_alloc(&fx, 4096, 4096);
		root = vt_first(&fx, 0);
		vt_map(&fx, root, 4, VA, OTHER | FS_PAGE, 1, FS_TABLE);
		assert_int_not_equal(fx.root, old);
		vt_set_root(&fx, fx.root | VT_SCALABLE << 10);
		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R),
				 esrtps ? OTHER : FRAME);
		vt_forget(&fx);
		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R), OTHER);
		vx_fini(&fx);
	}
}

static void test_vtd_translate_pass_through(void **state)
{
	struct vtd_hw_cfg cfg;
	uint64_t rec[2];
	struct hw_xlat x;
	int i;

	(void)state;
	vtd_hw_cfg_default(&cfg);
	cfg.haw = 46;
	vt_start(&fx, &cfg, VT_SCALABLE);
	vt_first(&fx, 0);
	vt_pasid(&fx, VT_SID, VT_PASID, VT_P | PE_PT, VT_DID | PE1_PGSNP, 0);
	vt_pasid(&fx, VT_SID, 0, VT_P | PE_PT, VT_DID, 0);
	/* Twice: with the lock, and without. */
	for (i = 0; i < 2; i++) {
		assert_int_equal(
			vt_access(&fx, VT_SID, VT_PASID, VA + 1, W, &x), 0);
		assert_int_equal(x.pa, VA + 1);
		assert_int_equal(x.attr, 1);
		assert_int_equal(x.len, 0xfee00000 - (VA + 1));
		vt_expect(&fx, VT_SID, VT_PASID, UINT64_C(1) << 46, R, 0x83,
			  rec);
		/* 3.14 */
		vt_expect(&fx, VT_SID, VT_PASID, 0xfee00000, W, 0x87, rec);
		vt_expect(&fx, VT_SID, VT_PASID, 0xfeefffff, W, 0x87, rec);
		vt_pa(&fx, VT_SID, VT_PASID, 0xfef00000, W);
		vt_pa(&fx, VT_SID, VT_PASID, 0xfedfffff, W);
		vt_pa(&fx, VT_SID, 0, VA, R);
		/* SRE counts here as well. */
		vt_expect(&fx, VT_SID, VT_PASID, VA, R | P, 0x5d, rec);
	}
	vx_fini(&fx);
}

/*
 * 3.14: without PASID an interrupt address is no address of memory, whatever
 * the tables say; with one it is like any other.
 */
static void test_vtd_translate_interrupt_addresses(void **state)
{
	uint64_t root;

	(void)state;
	vt_start(&fx, NULL, VT_SCALABLE);
	root = vt_second(&fx, 0);
	vt_map(&fx, root, 4, 0xfee00000, FRAME | SS_RW | SS_PS, 2, SS_RW);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0xfee01000, W),
			 FRAME + 0x1000);
	/* Both have the same domain, and so the same entry. */
	quiet(0, 0xfee01000, W);
	quiet(0, 0xfee01000, R);
	quiet(0, 0xfeeff000, R);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, 0xfef00000, W),
			 FRAME + 0x100000);
	vx_fini(&fx);
}

/* What a translation request is granted; nothing is recorded. */
static unsigned int ats(uint64_t addr)
{
	const struct hw_txn txn = { .requester = VT_SID,
				    .flags = HW_TXN_PASID_VALID,
				    .pasid = VT_PASID,
				    .perm = R | W,
				    .addr = addr };
	struct hw_ats_reply reply;
	uint64_t rec[2];

	fx.hw->ops->ats_translate(fx.hw, &fx.port, &txn, &reply);
	assert_int_equal(reply.status, HW_ATS_SUCCESS);
	assert_false(vx_fault(&fx, rec));
	return reply.xlat.perm;
}

/* 11.4.8.1: before version 2 a translation may lead there. */
static void protected_regions(uint32_t ver)
{
	struct vtd_hw_cfg cfg;
	struct hw_xlat x;
	uint64_t root;

	vtd_hw_cfg_default(&cfg);
	cfg.cap |= VT_CAP_PLMR;
	cfg.ver = ver << 4;
	vt_start(&fx, &cfg, VT_SCALABLE);
	root = vt_first(&fx, 0);
	vt_map(&fx, root, 4, VA, 0x1000000 | FS_PAGE, 1, FS_TABLE);
	vt_map(&fx, root, 4, 0x40000000, 0xe00000 | FS_PAGE | FS_PS, 2,
	       FS_TABLE);
	vt_map(&fx, root, 4, 0x40200000, 0x1000000 | FS_PAGE | FS_PS, 2,
	       FS_TABLE);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, W), 0x1000000);
	vt_pasid(&fx, VT_SID, 0, VT_P | PE_PT, VT_DID, 0);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, 0x1000000, W), 0x1000000);
	vx_w32(&fx, VX_PLMBASE, 0x1000000);
	vx_w32(&fx, VX_PLMLIMIT, 0x11fffff);
	vx_w32(&fx, VX_PMEN, UINT32_C(1) << 31);
	/* What passes through is held against them, also once it is cached. */
	quiet(0, 0x1000000, W);
	quiet(0, 0x1000000, W);
	assert_int_equal(vt_access(&fx, VT_SID, 0, 0xfff010, W, &x), 0);
	assert_true(x.len <= 0xff0);
	if (ver < 2) {
		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, W),
				 0x1000000);
		assert_int_equal(ats(VA), R | W);
		assert_int_equal(ats(0x40200000), R | W);
	} else {
		quiet(VT_PASID, VA, W);
		quiet(VT_PASID, VA, W);
		assert_int_equal(ats(VA), 0);
		assert_int_equal(ats(0x40200000), 0);
		assert_int_equal(ats(0x40000000), R | W);
		quiet(VT_PASID, 0x40200000, W);
		assert_int_equal(
			vt_access(&fx, VT_SID, VT_PASID, 0x401ff010, W, &x), 0);
		assert_true(x.len <= 0xff0);
	}
	vt_enable(&fx, false);
	quiet(0, 0x1100000, R);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, 0x2000000, W), 0x2000000);
	vx_w32(&fx, VX_PMEN, 0);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, 0x1100000, W), 0x1100000);
	vt_enable(&fx, true);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, 0x1000000, W), 0x1000000);
	vx_fini(&fx);
}

static void test_vtd_translate_protected_regions(void **state)
{
	(void)state;
	protected_regions(1);
	protected_regions(2);
	protected_regions(6);
}

/* A hit walks nothing, reads nothing, and says the same as a miss. */
static void test_vtd_translate_hit(void **state)
{
	struct iommu_hw_stats before, after;
	struct hw_xlat miss, hit;
	uint64_t root;

	(void)state;
	vt_start(&fx, NULL, VT_SCALABLE);
	root = vt_first(&fx, PE2_SRE);
	vt_map(&fx, root, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
	vt_access(&fx, VT_SID, VT_PASID, VA + 0x18, W, &miss);
	before = vx_stats(&fx);
	fx.abort_first = 0;
	fx.abort_last = UINT64_MAX;
	assert_int_equal(vt_access(&fx, VT_SID, VT_PASID, VA + 0x18, W, &hit),
			 0);
	assert_memory_equal(&miss, &hit, sizeof(hit));
	assert_int_equal(
		vt_access(&fx, VT_SID, VT_PASID, VA + 0x18, R | P, &hit), 0);
	assert_int_equal(hit.pa, miss.pa);
	assert_int_equal(hit.perm, R | W | X | P);
	after = vx_stats(&fx);
	assert_int_equal(after.walks, before.walks);
	assert_int_equal(after.tlb_hits, before.tlb_hits + 2);
	assert_int_equal(after.tlb_misses, before.tlb_misses);
	assert_int_equal(after.translations, before.translations + 2);
	vx_fini(&fx);
}

/* Two PASIDs of one domain, two domains, two devices of one PASID. */
static void test_vtd_translate_tags(void **state)
{
	uint64_t a, b;

	(void)state;
	vt_start(&fx, NULL, VT_SCALABLE);
	a = vt_first(&fx, 0);
	b = vt_table(&fx);
	vt_map(&fx, a, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
	vt_map(&fx, b, 4, VA, OTHER | FS_PAGE, 1, FS_TABLE);
	vt_pasid(&fx, VT_SID, 5, VT_P | PE_FS, VT_DID | PE1_PWSNP, b);
	vt_sm_context(&fx, VT_SID_UPPER, VT_P | SM_PASIDE | SM_PDTS(7), 0);
	/* The same PASID in another domain, and the same process's. */
	vt_pasid(&fx, VT_SID_UPPER, VT_PASID, VT_P | PE_FS, 9 | PE1_PWSNP, b);
	vt_pasid(&fx, VT_SID_UPPER, 5, VT_P | PE_FS, VT_DID | PE1_PWSNP, b);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R), FRAME);
	assert_int_equal(vt_pa(&fx, VT_SID, 5, VA, R), OTHER);
	assert_int_equal(vt_pa(&fx, VT_SID_UPPER, VT_PASID, VA, R), OTHER);
	/* Devices share what a domain's PASID has. */
	vt_map(&fx, b, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
	assert_int_equal(vt_pa(&fx, VT_SID_UPPER, 5, VA, R), OTHER);
	vx_fini(&fx);
}

/* Few sets, so that entries that differ in their tag alone meet in one. */
static void test_vtd_translate_tags_in_one_set(void **state)
{
	struct vtd_hw_cfg cfg;
	unsigned int round, i;

	(void)state;
	vtd_hw_cfg_default(&cfg);
	cfg.iotlb_lg2 = 6;
	vt_start(&fx, &cfg, VT_SCALABLE);
	vt_first(&fx, 0);
	/* By PASID, by domain, and by stage. */
	for (i = 1; i <= 96; i++) {
		uint64_t root = vt_table(&fx), pa = 0x1000000 + i * 0x1000u;
		uint64_t did = i <= 48 ? 1 : i;

		if (i % 3) {
			vt_map(&fx, root, 4, VA, pa | FS_PAGE, 1, FS_TABLE);
			vt_pasid(&fx, VT_SID, i, VT_P | PE_FS, did | PE1_PWSNP,
				 root);
		} else {
			vt_map(&fx, root, 4, VA, pa | SS_RW, 1, SS_RW);
			vt_pasid(&fx, VT_SID, i, VT_P | PE_SS | PE_AW(2) | root,
				 (i == 3 ? 1 : i) | PE1_PWSNP, 0);
		}
	}
	for (round = 0; round < 3; round++)
		for (i = 1; i <= 96; i++)
			assert_int_equal(vt_pa(&fx, VT_SID, i, VA, R),
					 0x1000000 + i * 0x1000u);
	vx_fini(&fx);
}

/* A domain's second stage is one, whoever uses it: 6.2. */
static void test_vtd_translate_second_stage_is_the_domains(void **state)
{
	struct iommu_hw_stats before, after;
	uint64_t root;

	(void)state;
	vt_start(&fx, NULL, VT_SCALABLE);
	root = vt_second(&fx, 0);
	vt_map(&fx, root, 4, VA, FRAME | SS_RW, 1, SS_RW);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	vt_map(&fx, root, 4, VA, OTHER | SS_RW, 1, SS_RW);
	before = vx_stats(&fx);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, R), FRAME);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, W), FRAME);
	after = vx_stats(&fx);
	assert_int_equal(after.tlb_hits, before.tlb_hits + 2);
	assert_int_equal(after.walks, before.walks);
	vx_fini(&fx);
}

/* Page requests: what the tables let through, for the queue. */
static void test_vtd_translate_page_request_reasons(void **state)
{
	static const struct {
		uint64_t clear, dw1;
		uint32_t pasid;
		unsigned int reason;
	} rows[] = {
		{ SM_PRE, 0, VT_PASID, 0x47 },
		{ SM_PASIDE, 0, VT_PASID, 0x45 },
		{ SM_PDTS(7), 0, 0x2000, 0x46 },
		{ VT_P, 0, VT_PASID, 0x41 },
	};
	uint64_t ce, old, rec[2];
	unsigned int i;

	(void)state;
	vt_start(&fx, NULL, VT_SCALABLE);
	vt_first(&fx, 0);
	ce = vt_sm_context_at(&fx, VT_SID);
	old = vx_get(&fx, ce);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		vx_put(&fx, ce, old & ~rows[i].clear);
		vt_forget(&fx);
		vx_page_request(&fx, VT_SID, rows[i].pasid, VA, R, 3, true);
		assert_true(vx_fault(&fx, rec));
		assert_int_equal(rec[1] >> 32 & 0xff, rows[i].reason);
		assert_false(vx_fault(&fx, rec));
		assert_int_equal(fx.resp_count, i + 1);
	}
	vx_fini(&fx);
	vt_start(&fx, NULL, VT_LEGACY);
	vt_enable(&fx, false);
	vx_page_request(&fx, VT_SID, VT_PASID, VA, R, 3, true);
	assert_false(vx_fault(&fx, rec));
	vt_enable(&fx, true);
	vx_page_request(&fx, VT_SID, VT_PASID, VA, R, 3, true);
	assert_true(vx_fault(&fx, rec));
	assert_int_equal(rec[1] >> 32 & 0xff, 0x32);
	vx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_translate_off_passes),
		cmocka_unit_test(test_vtd_translate_off_and_on),
		cmocka_unit_test(test_vtd_translate_new_root_table),
		cmocka_unit_test(test_vtd_translate_pass_through),
		cmocka_unit_test(test_vtd_translate_interrupt_addresses),
		cmocka_unit_test(test_vtd_translate_protected_regions),
		cmocka_unit_test(test_vtd_translate_hit),
		cmocka_unit_test(test_vtd_translate_tags),
		cmocka_unit_test(test_vtd_translate_tags_in_one_set),
		cmocka_unit_test(
			test_vtd_translate_second_stage_is_the_domains),
		cmocka_unit_test(test_vtd_translate_page_request_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
