/* SPDX-License-Identifier: MIT */
/*
 * What may not be in a cache, and whose it is: VT-d 6.2 to 6.4; and entries
 * that are read while software changes them. [M1]
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

enum { VA = 0x345000, FRAME = 0x900000, OTHER = 0xa00000, SID2 = 0x0124 };

static struct vx fx;

/* Two functions with the tables and the domain alike, and rules that differ. */
static uint64_t start_shared(uint64_t dw2, uint64_t dw2_other)
{
	struct vtd_hw_cfg cfg;
	uint64_t root;

	vtd_hw_cfg_default(&cfg);
	cfg.ecap |= VT_ECAP_ERS;
	vt_start(&fx, &cfg, VT_SCALABLE);
	root = vt_first(&fx, dw2);
	vt_sm_context(&fx, SID2, VT_P | SM_PASIDE | SM_PDTS(7), 0);
	vt_pasid(&fx, SID2, VT_PASID, VT_P | PE_FS, VT_DID | PE1_PWSNP,
		 root | dw2_other);
	return root;
}

/*
 * 6.2.1: translations are looked up by who asks, so what WPE, SMEP and NXE of
 * one function make of a page is not what those of another do.
 */
static void test_vtd_cache_rules_are_of_the_function(void **state)
{
	static const struct {
		uint64_t bit, page;
		unsigned int perm, reason;
	} row[] = {
		{ PE2_WPE, FS_P | FS_US | FS_A | FS_D, W | P, 0x85 },
		{ PE2_SMEP, FS_PAGE, R | X | P, 0x82 },
	};
	const uint64_t all = PE2_SRE | PE2_ERE | PE2_NXE;
	uint64_t rec[2], root;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		root = start_shared(all, all | row[i].bit);
		vt_map(&fx, root, 4, VA, FRAME | row[i].page, 1, FS_TABLE);
		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, row[i].perm),
				 FRAME);
		vt_expect(&fx, SID2, VT_PASID, VA, row[i].perm, row[i].reason,
			  rec);
		vt_pa(&fx, SID2, VT_PASID, VA, R);
		vt_expect(&fx, SID2, VT_PASID, VA, row[i].perm, row[i].reason,
			  rec);
		vt_pa(&fx, VT_SID, VT_PASID, VA, row[i].perm);
		/* One invalidation is for both of them. */
		vt_map(&fx, root, 4, VA, OTHER | row[i].page, 1, FS_TABLE);
		vt_inv_piotlb(&fx, PIOTLB_PAGE, VT_DID, VT_PASID, VA, 0, true);
		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R), OTHER);
		assert_int_equal(vt_pa(&fx, SID2, VT_PASID, VA, R), OTHER);
		vx_fini(&fx);
	}
	/* NXE makes the difference for pages that are executable or not. */
	root = start_shared(all, all & ~PE2_NXE);
	vt_map(&fx, root, 4, VA, FRAME | FS_PAGE | FS_XD, 1, FS_TABLE);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	vt_expect(&fx, SID2, VT_PASID, VA, R, 0x72, rec);
	vx_fini(&fx);
}

/* 16 bytes at @at become @now while they are read, once. */
static struct {
	uint64_t at, now[2];
	unsigned int left;
} change;

static void change_second(struct vx *vx, uint64_t pa)
{
	if (pa != change.at + 8 || !change.left)
		return;
	change.left--;
	vx_put(vx, change.at, change.now[0]);
	vx_put(vx, change.at + 8, change.now[1]);
}

static void change_at(uint64_t at, uint64_t dw0, uint64_t dw1)
{
	change.at = at;
	change.now[0] = dw0;
	change.now[1] = dw1;
	change.left = 1;
	fx.on_load = change_second;
}

/* 6.2.2.1: pointer and domain of a context that is in use, at once. */
static void test_vtd_cache_context_at_once(void **state)
{
	uint64_t a, b;

	(void)state;
	vt_start(&fx, NULL, VT_LEGACY);
	a = vt_table(&fx);
	b = vt_table(&fx);
	vt_map(&fx, a, 4, VA, FRAME | SS_RW, 1, SS_RW);
	vt_map(&fx, b, 4, VA, OTHER | SS_RW, 1, SS_RW);
	vt_context(&fx, VT_SID, VT_P | a, CE1_AW(2) | CE1_DID(1));
	change_at(vt_context_at(&fx, VT_SID), VT_P | b, CE1_AW(2) | CE1_DID(2));
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, W), OTHER);
	assert_int_equal(change.left, 0);
	/* Nothing of the first tables is under the second domain. */
	fx.on_load = NULL;
	vt_inv_context(&fx, CC_GLOBAL, 0, 0, 0);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, W), OTHER);
	vx_fini(&fx);
}

/* 6.2.3.1: the same of a PASID entry. */
static void test_vtd_cache_pasid_at_once(void **state)
{
	uint64_t a, b;

	(void)state;
	vt_start(&fx, NULL, VT_SCALABLE);
	a = vt_second(&fx, 0);
	b = vt_table(&fx);
	vt_map(&fx, a, 4, VA, FRAME | SS_RW, 1, SS_RW);
	vt_map(&fx, b, 4, VA, OTHER | SS_RW, 1, SS_RW);
	change_at(vt_pasid_at(&fx, VT_SID, VT_PASID),
		  VT_P | PE_SS | PE_AW(2) | b, 9 | PE1_PWSNP);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, W), OTHER);
	assert_int_equal(change.left, 0);
	vx_fini(&fx);
}

static void change_always(struct vx *vx, uint64_t pa)
{
	if (pa == change.at)
		vx_put(vx, pa, vx_get(vx, pa) ^ UINT64_C(1) << 12);
}

/* One that never stands still is an error, and the unit does not hang. */
static void test_vtd_cache_entry_never_still(void **state)
{
	uint64_t rec[2];

	(void)state;
	vt_start(&fx, NULL, VT_SCALABLE);
	vt_second(&fx, 0);
	change.at = vt_pasid_at(&fx, VT_SID, VT_PASID);
	fx.on_load = change_always;
	vt_expect(&fx, VT_SID, VT_PASID, VA, W, 0x58, rec);
	vx_fini(&fx);
}

/* 11.4.4.1: with scalable mode, turning translation off forgets it all. */
static void test_vtd_cache_off_forgets(void **state)
{
	struct vtd_hw_cfg cfg;
	uint64_t root, with;

	(void)state;
	for (with = 0; with < 2; with++) {
		vtd_hw_cfg_default(&cfg);
		if (!with) {
			/* No scalable mode, nor what is part of it. */
			cfg.ver = 0x10;
			cfg.cap &= ~(VT_CAP_FS1GP | VT_CAP_FS5LP);
			cfg.ecap &= UINT64_C(0xf0ffff) & ~VT_ECAP_PRS;
		}
		vt_start(&fx, &cfg, VT_LEGACY);
		root = vt_table(&fx);
		vt_map(&fx, root, 4, VA, FRAME | SS_RW, 1, SS_RW);
		vt_context(&fx, VT_SID, VT_P | root, CE1_AW(2) | CE1_DID(1));
		assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, W), FRAME);
		vt_map(&fx, root, 4, VA, OTHER | SS_RW, 1, SS_RW);
		assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, W), FRAME);
		vt_enable(&fx, false);
		vt_enable(&fx, true);
		assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, W),
				 with ? OTHER : FRAME);
		vx_fini(&fx);
	}
}

/*
 * Table 18: addresses are known by as many bits as the tables have, so what an
 * invalidation has above them does not count; nor do domain-ids beyond ND.
 */
static void test_vtd_cache_bits_that_do_not_count(void **state)
{
	const uint64_t high = UINT64_C(0xffffabcdef345000);
	static const struct {
		uint64_t addr;
		unsigned int am, did;
	} row[] = {
		{ UINT64_C(0xffffabcdef345000), 0, VT_DID },
		{ UINT64_C(0x01ffabcdef345000), 0, VT_DID },
		{ UINT64_C(0x0000abcdef345000), 0, VT_DID },
		{ UINT64_C(0x0000abcdef345000), 0, VT_DID | 0x100 },
		{ UINT64_C(0x0000abc000000000), 27, VT_DID },
		{ 0, 36, VT_DID },
		{ 0, 45, VT_DID },
		{ 0, 51, VT_DID },
		{ 0, 52, VT_DID },
		{ 0, 63, VT_DID },
	};
	struct vtd_hw_cfg cfg;
	uint64_t root, pages;
	unsigned int i;

	(void)state;
	vtd_hw_cfg_default(&cfg);
	cfg.cap &= ~UINT64_C(7);
	cfg.cap |= 2;
	vt_start(&fx, &cfg, VT_SCALABLE);
	root = vt_first(&fx, 0);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		vt_map(&fx, root, 4, high, FRAME | FS_PAGE, 1, FS_TABLE);
		vt_forget(&fx);
		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, high, R), FRAME);
		vt_map(&fx, root, 4, high, OTHER | FS_PAGE, 1, FS_TABLE);
		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, high, R), FRAME);
		vt_inv_piotlb(&fx, PIOTLB_PAGE, row[i].did, VT_PASID,
			      row[i].addr, row[i].am, true);
		if (vt_pa(&fx, VT_SID, VT_PASID, high, R) != OTHER)
			fail_msg("row %u", i);
	}
	/* Not what it is, after all. */
	vt_map(&fx, root, 4, high, FRAME | FS_PAGE, 1, FS_TABLE);
	vt_inv_piotlb(&fx, PIOTLB_PAGE, VT_DID, VT_PASID, high ^ 0x1000, 0,
		      true);
	vt_inv_piotlb(&fx, PIOTLB_PAGE, VT_DID, VT_PASID,
		      high ^ UINT64_C(1) << 47, 0, true);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, high, R), OTHER);
	vx_fini(&fx);

	/* The second stage: MGAW. */
	cfg.cap &= ~(UINT64_C(0x3f) << 16);
	cfg.cap |= VT_CAP_MGAW(40);
	vt_start(&fx, &cfg, VT_SCALABLE);
	pages = vt_second(&fx, 0);
	vt_map(&fx, pages, 4, VA, FRAME | SS_RW, 1, SS_RW);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, R), FRAME);
	vt_map(&fx, pages, 4, VA, OTHER | SS_RW, 1, SS_RW);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, R), FRAME);
	vt_inv_iotlb(&fx, IOTLB_PAGE, VT_DID | 0x4000,
		     VA | UINT64_C(0xabc) << 40, 0, true);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, R), OTHER);
	vx_fini(&fx);
}

/*
 * 4.2.3, Priv: RID_PRIV makes a request without PASID a supervisor's, and its
 * completion does not say so.
 */
static void test_vtd_cache_rid_priv_is_not_told(void **state)
{
	struct hw_txn txn = { .requester = VT_SID, .perm = R | W, .addr = VA };
	struct hw_ats_reply reply;
	struct vtd_hw_cfg cfg;
	uint64_t root;

	(void)state;
	vtd_hw_cfg_default(&cfg);
	cfg.ecap |= VT_ECAP_RPRIVS;
	vt_start(&fx, &cfg, VT_SCALABLE);
	root = vt_first(&fx, PE2_SRE);
	vt_sm_context(&fx, VT_SID, VT_P | SM_DTE | SM_PASIDE | SM_PDTS(7),
		      SM1_RID_PRIV);
	vt_map(&fx, root, 4, VA, FRAME | FS_P | FS_RW, 1, FS_TABLE);
	fx.hw->ops->ats_translate(fx.hw, &fx.port, &txn, &reply);
	assert_int_equal(reply.status, HW_ATS_SUCCESS);
	assert_int_equal(reply.xlat.perm, R | W);
	/* The same where nothing is looked up. */
	vt_pasid(&fx, VT_SID, 0, VT_P | PE_PT, VT_DID, PE2_SRE);
	vt_forget(&fx);
	fx.hw->ops->ats_translate(fx.hw, &fx.port, &txn, &reply);
	assert_int_equal(reply.xlat.perm, R | W);
	vx_fini(&fx);
}

enum kind { FIRST, SECOND, NESTED, KINDS };

/* Where the second stage has all of memory once more, for tables. */
#define ABOVE (UINT64_C(1) << 38)

/* A page to read; the entry that keeps it from being written. */
static uint64_t start_kind(enum kind kind)
{
	uint64_t first, second, at;
	unsigned int l;

	vt_start(&fx, NULL, VT_SCALABLE);
	if (kind == FIRST) {
		first = vt_first(&fx, 0);
		vt_map(&fx, first, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
		at = vt_map(&fx, first, 4, VA, 0, 2, FS_TABLE);
		vt_map(&fx, first, 4, VA, FRAME | FS_PAGE, 1, FS_P | FS_US);
		return at;
	}
	second = vt_second(&fx, 0);
	if (kind == SECOND) {
		at = vt_map(&fx, second, 4, VA, 0, 2, SS_RW);
		vt_map(&fx, second, 4, VA, FRAME | SS_RW, 1, SS_R);
		return at;
	}
	at = vt_map(&fx, second, 4, 0, SS_R | SS_PS, 3, SS_RW);
	vt_map(&fx, second, 4, ABOVE, SS_RW | SS_PS, 3, SS_RW);
	first = vt_table(&fx);
	vt_pasid(&fx, VT_SID, VT_PASID, VT_P | PE_NESTED | PE_AW(2) | second,
		 VT_DID | PE1_PWSNP, ABOVE | first);
	vt_map(&fx, first, 4, VA, VA | FS_PAGE, 1, FS_TABLE);
	for (l = 4; l > 1; l--) {
		uint64_t va = VA,
			 e = first + (va >> (12 + 9 * (l - 1)) & 511) * 8;

		first = vx_get(&fx, e) & ~UINT64_C(0xfff);
		vx_put(&fx, e, vx_get(&fx, e) | ABOVE);
	}
	return at;
}

/*
 * Table 27: a page request takes what is cached for its page, with the tables
 * on the way, so a permission that software adds is seen without more.
 */
static void test_vtd_cache_page_request_takes(void **state)
{
	uint64_t rec[2], at;
	enum kind kind;

	(void)state;
	for (kind = FIRST; kind < KINDS; kind++) {
		at = start_kind(kind);
		vt_pa(&fx, VT_SID, VT_PASID, VA, R);
		vt_expect(&fx, VT_SID, VT_PASID, VA, W, 0x85, rec);
		/* R/W and W are the same bit. */
		vx_put(&fx, at, vx_get(&fx, at) | FS_RW);
		vt_expect(&fx, VT_SID, VT_PASID, VA, W, 0x85, rec);
		vx_page_request(&fx, VT_SID, VT_PASID, VA, R | W, 1, true);
		vt_pa(&fx, VT_SID, VT_PASID, VA, W);
		vx_fini(&fx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_cache_rules_are_of_the_function),
		cmocka_unit_test(test_vtd_cache_context_at_once),
		cmocka_unit_test(test_vtd_cache_pasid_at_once),
		cmocka_unit_test(test_vtd_cache_entry_never_still),
		cmocka_unit_test(test_vtd_cache_off_forgets),
		cmocka_unit_test(test_vtd_cache_bits_that_do_not_count),
		cmocka_unit_test(test_vtd_cache_rid_priv_is_not_told),
		cmocka_unit_test(test_vtd_cache_page_request_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
