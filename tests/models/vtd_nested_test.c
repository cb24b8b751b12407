/* SPDX-License-Identifier: MIT */
/*
 * Nested translation: VT-d 3.8. Tables of the first stage, the page, and the
 * flags of both stages, each through the second stage and each with the
 * reasons that say which of the two it was.
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

/* Guest addresses are so much larger than where they are. */
#define GUEST UINT64_C(0x200000000)

enum { VA = 0x345000, PAGE = 0x900000, HAW = 50 };

static struct vx fx;
static uint64_t first, second, pe;
/* Entries of the first stage by level, and of the second for each of them. */
static uint64_t at[5], leaf2[5], page2;

static uint64_t bit(unsigned int n)
{
	return UINT64_C(1) << n;
}

/* The second stage has the page of this address where it is. */
static uint64_t map2(uint64_t pa)
{
	pa &= ~UINT64_C(0xfff);
	return vt_map(&fx, second, 4, GUEST + pa, pa | SS_RW, 1, SS_RW);
}

static void start(uint64_t dw0, uint64_t dw2)
{
	struct vtd_hw_cfg cfg;
	uint64_t table;
	unsigned int l;

	vtd_hw_cfg_default(&cfg);
	cfg.haw = HAW;
	cfg.ecap |= VT_ECAP_ERS;
	vt_start(&fx, &cfg, VT_SCALABLE);
	first = vt_table(&fx);
	second = vt_table(&fx);
	vt_sm_context(&fx, VT_SID, VT_P | SM_DTE | SM_PASIDE | SM_PDTS(7), 0);
	vt_pasid(&fx, VT_SID, VT_PASID,
		 VT_P | PE_NESTED | PE_AW(2) | second | dw0, VT_DID | PE1_PWSNP,
		 (GUEST + first) | PE2_NXE | dw2);
	pe = vt_pasid_at(&fx, VT_SID, VT_PASID);
	vt_map(&fx, first, 4, VA, (GUEST + PAGE) | FS_PAGE, 1, FS_TABLE);
	table = first;
	for (l = 4; l >= 1; l--) {
		at[l] = table + ((uint64_t)VA >> (12 + 9 * (l - 1)) & 511) * 8;
		leaf2[l] = map2(at[l]);
		table = vx_get(&fx, at[l]) & UINT64_C(0xffffffffff000);
		if (l > 1)
			vx_put(&fx, at[l], vx_get(&fx, at[l]) + GUEST);
	}
	page2 = map2(PAGE);
}

static void expect(uint64_t va, unsigned int perm, unsigned int reason)
{
	uint64_t rec[2];

	vt_expect(&fx, VT_SID, VT_PASID, va, perm, reason, rec);
	/* The address that was asked for, whoever refused it. */
	assert_int_equal(rec[0], VX_FI(va));
	assert_int_equal(rec[1] >> 40 & 0xfffff, VT_PASID);
}

static void with(uint64_t pa, uint64_t value, unsigned int perm,
		 unsigned int reason)
{
	uint64_t old = vx_get(&fx, pa);

	vt_forget(&fx);
	vx_put(&fx, pa, value);
	expect(VA, perm, reason);
	vx_put(&fx, pa, old);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
}

/* The same with an entry that is legal, and so is kept until it is named. */
static void with_kept(uint64_t pa, uint64_t value, unsigned int perm,
		      unsigned int reason)
{
	uint64_t old = vx_get(&fx, pa);

	vt_forget(&fx);
	vx_put(&fx, pa, value);
	expect(VA, perm, reason);
	vx_put(&fx, pa, old);
	expect(VA, perm, reason);
	vt_forget(&fx);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
}

static void without(uint64_t pa, unsigned int reason)
{
	vt_forget(&fx);
	fx.abort_first = fx.abort_last = pa;
	expect(VA, R, reason);
	fx.abort_first = fx.abort_last = 0;
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
}

static void test_vtd_nested_tables_each_reason(void **state)
{
	unsigned int l, b;

	(void)state;
	start(0, 0);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA + 4, R), PAGE + 4);
	for (l = 1; l <= 4; l++) {
		uint64_t e1 = vx_get(&fx, at[l]), e2 = vx_get(&fx, leaf2[l]);

		without(at[l], l == 4 ? 0x73 : 0x70);
		without(leaf2[l], 0x78);
		with(at[l], e1 & ~FS_P, R, 0x71);
		if (l >= 4)
			with(at[l], e1 | FS_PS, R, 0x72);
		with(leaf2[l], 0, R, 0x79);
		with(leaf2[l], e2 & ~SS_R, R, l == 4 ? 0x75 : 0x76);
		with(leaf2[l], e2 | SS_TM, R, 0x7a);
		for (b = HAW; b < 52; b++)
			with(leaf2[l], e2 | bit(b), R, 0x7a);
		/*
		 * The next table is beyond what the second stage takes. 6.2.5:
		 * the entry that says so is not kept.
		 */
		if (l > 1)
			for (b = 48; b < HAW; b++)
				with(at[l], e1 | bit(b), R, 0x74);
		/* 9.7: reserved, though it is a guest address. */
		for (b = HAW; b < 52; b++)
			with(at[l], e1 | bit(b), R, 0x72);
	}
	/* The top of either. */
	without(second, 0x7b);
	vt_forget(&fx);
	vx_put(&fx, pe + 16, vx_get(&fx, pe + 16) | bit(49));
	expect(VA, W, 0x5b);
	vx_put(&fx, pe + 16, vx_get(&fx, pe + 16) | bit(HAW));
	expect(VA, W, 0x5a);
	vx_fini(&fx);
}

static void test_vtd_nested_page_each_reason(void **state)
{
	uint64_t e1, e2;
	unsigned int b;

	(void)state;
	start(0, 0);
	e1 = vx_get(&fx, at[1]);
	e2 = vx_get(&fx, page2);
	/* Not reserved, but beyond the second stage: of any entry, SFS.5. */
	for (b = 48; b < HAW; b++)
		with(at[1], e1 | bit(b), R, 0x74);
	for (b = 40; b < 48; b++)
		with(at[1], e1 | bit(b), R, 0x79);
	with(page2, 0, W, 0x79);
	with(page2, e2 & ~SS_W, W, 0x85);
	with(page2, e2 | SS_TM, R, 0x7a);
	without(page2, 0x78);
	vx_put(&fx, page2, e2 & ~SS_R);
	vt_forget(&fx);
	expect(VA, R, 0x86);
	expect(VA, R | X, 0x5c);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	/* What the first stage refuses never gets to the second. */
	vx_put(&fx, page2, 0);
	vx_put(&fx, at[1], e1 & ~FS_RW);
	vt_forget(&fx);
	expect(VA, W, 0x85);
	vx_put(&fx, at[1], e1 & ~FS_US);
	vt_forget(&fx);
	expect(VA, R, 0x81);
	/* And what it puts out may be an interrupt's. */
	vx_put(&fx, at[1], e1);
	vx_put(&fx, page2, 0xfee00000 | SS_RW);
	vt_forget(&fx);
	expect(VA, W, 0x87);
	vx_fini(&fx);
}

/* Execute and supervisor are the first stage's business. */
static void test_vtd_nested_permissions(void **state)
{
	unsigned int fs, ss, i;
	static const unsigned int perms[] = { R, W, R | X, R | P, W | P };

	(void)state;
	start(0, PE2_SRE | PE2_ERE | PE2_WPE);
	for (fs = 0; fs < 8; fs++)
		for (ss = 0; ss < 4; ss++)
			for (i = 0; i < 5; i++) {
				unsigned int perm = perms[i], reason = 0;

				vx_put(&fx, at[1],
				       (GUEST + PAGE) | FS_P | (fs & 6) |
					       (fs & 1 ? FS_XD : 0));
				vx_put(&fx, page2, PAGE | ss);
				if (!(fs & 4) && !(perm & P))
					reason = 0x81;
				else if (perm & W && !(fs & 2))
					reason = 0x85;
				else if (perm & X && fs & 1)
					reason = 0x82;
				else if (!ss)
					reason = 0x79;
				else if (perm & W && !(ss & 2))
					reason = 0x85;
				else if (perm & R && !(ss & 1))
					reason = 0x86;
				vt_forget(&fx);
				if (reason)
					expect(VA, perm, reason);
				else
					vt_pa(&fx, VT_SID, VT_PASID, VA, perm);
			}
	vx_fini(&fx);
}

static void test_vtd_nested_flags(void **state)
{
	unsigned int l;

	(void)state;
	start(PE_SSADE, 0);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	/* Tables were read, and written to for their flags. */
	for (l = 1; l <= 4; l++) {
		assert_int_equal(vx_get(&fx, at[l]) & (FS_A | FS_D), FS_A);
		assert_int_equal(vx_get(&fx, leaf2[l]) & (SS_A | SS_D),
				 SS_A | SS_D);
	}
	assert_int_equal(vx_get(&fx, page2) & (SS_A | SS_D), SS_A);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	assert_int_equal(vx_get(&fx, at[1]) & (FS_A | FS_D), FS_A | FS_D);
	assert_int_equal(vx_get(&fx, page2) & (SS_A | SS_D), SS_A | SS_D);
	/* Flags that are there: the tables are only read. */
	for (l = 1; l <= 4; l++)
		vx_put(&fx, leaf2[l], vx_get(&fx, leaf2[l]) & ~(SS_A | SS_D));
	vt_forget(&fx);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	for (l = 1; l <= 4; l++)
		assert_int_equal(vx_get(&fx, leaf2[l]) & (SS_A | SS_D), SS_A);
	/* 3.8.1: but with flags in the second stage that takes both rights. */
	for (l = 1; l <= 4; l++)
		with(leaf2[l], vx_get(&fx, leaf2[l]) & ~SS_W, R,
		     l == 4 ? 0x75 : 0x76);
	vx_fini(&fx);

	/* Only the second stage still has a flag to set for a write. */
	start(PE_SSADE, 0);
	vx_put(&fx, at[1], vx_get(&fx, at[1]) | FS_D);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	assert_int_equal(vx_get(&fx, page2) & (SS_A | SS_D), SS_A);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	assert_int_equal(vx_get(&fx, page2) & (SS_A | SS_D), SS_A | SS_D);
	vx_fini(&fx);
}

/* A table that may be read, not written: its flags cannot be set. */
static void test_vtd_nested_flags_refused(void **state)
{
	unsigned int l;

	(void)state;
	start(0, 0);
	for (l = 4; l >= 1; l--) {
		uint64_t e1 = vx_get(&fx, at[l]), e2 = vx_get(&fx, leaf2[l]);

		vx_put(&fx, at[l], e1 & ~FS_A);
		with_kept(leaf2[l], e2 & ~SS_W, R, 0x77);
		vx_put(&fx, at[l], e1 | FS_A);
		vx_put(&fx, leaf2[l], e2 & ~SS_W);
		vt_forget(&fx);
		vt_pa(&fx, VT_SID, VT_PASID, VA, R);
		if (l == 1)
			expect(VA, W, 0x77);
		vx_put(&fx, leaf2[l], e2);
		vx_put(&fx, at[l], e1);
	}
	vx_fini(&fx);
}

/*
 * 3.6.2: A may be set for a request that is blocked, D may not: whoever keeps
 * the first stage would take the page for written to.
 */
static void test_vtd_nested_dirty_if_written(void **state)
{
	struct hw_txn txn = { .requester = VT_SID,
			      .flags = HW_TXN_PASID_VALID,
			      .pasid = VT_PASID,
			      .perm = R | W,
			      .addr = VA };
	struct hw_ats_reply reply;

	(void)state;
	start(PE_SSADE, 0);
	vx_put(&fx, page2, PAGE | SS_R);
	expect(VA, W, 0x85);
	assert_int_equal(vx_get(&fx, at[1]) & FS_D, 0);
	fx.hw->ops->ats_translate(fx.hw, &fx.port, &txn, &reply);
	assert_int_equal(reply.status, HW_ATS_SUCCESS);
	assert_int_equal(reply.xlat.perm, R);
	assert_int_equal(vx_get(&fx, at[1]) & (FS_A | FS_D), FS_A);
	/* The same from an entry of the second stage that is cached. */
	expect(VA, W, 0x85);
	assert_int_equal(vx_get(&fx, at[1]) & FS_D, 0);
	vx_put(&fx, page2, 0);
	vt_forget(&fx);
	expect(VA, W, 0x79);
	assert_int_equal(vx_get(&fx, at[1]) & FS_D, 0);
	/* Nor is it dirty in the second stage if it cannot be in the first. */
	vx_put(&fx, page2, PAGE | SS_RW);
	vx_put(&fx, leaf2[1], vx_get(&fx, leaf2[1]) & ~SS_W);
	vt_forget(&fx);
	expect(VA, W, 0x76);
	assert_int_equal(vx_get(&fx, page2) & SS_D, 0);
	vx_put(&fx, leaf2[1], vx_get(&fx, leaf2[1]) | SS_W);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	assert_int_equal(vx_get(&fx, at[1]) & (FS_A | FS_D), FS_A | FS_D);
	assert_int_equal(vx_get(&fx, page2) & (SS_A | SS_D), SS_A | SS_D);
	vx_fini(&fx);
}

/*
 * 6.2.5: an entry of the first stage is not kept while the second has not the
 * table it leads to. Software that changes it then has nothing to invalidate.
 */
static void test_vtd_nested_step_not_kept(void **state)
{
	uint64_t e1, e2, other;
	unsigned int l;

	(void)state;
	start(0, 0);
	for (l = 4; l > 1; l--) {
		vt_forget(&fx);
		e1 = vx_get(&fx, at[l]);
		e2 = vx_get(&fx, leaf2[l - 1]);
		vx_put(&fx, leaf2[l - 1], 0);
		expect(VA, R, 0x79);
		/* Another table, with another page at the end of the walk. */
		other = vt_table(&fx);
		map2(other);
		vx_put(&fx, at[l], (GUEST + other) | FS_TABLE);
		vx_put(&fx, leaf2[l - 1], e2);
		expect(VA, R, 0x71);
		vx_put(&fx, at[l], e1);
		vt_forget(&fx);
		vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	}
	vx_fini(&fx);
}

static void abort_cas(struct vx *vx, uint64_t pa)
{
	vx->abort_first = pa;
	vx->abort_last = pa + 7;
}

static void test_vtd_nested_flags_fail(void **state)
{
	(void)state;
	start(PE_SSADE, 0);
	/* Snooping is for both. */
	vx_put(&fx, pe + 8, VT_DID);
	expect(VA, R, 0x7c);
	vx_put(&fx, pe, vx_get(&fx, pe) & ~PE_SSADE);
	vt_forget(&fx);
	expect(VA, R, 0x90);
	vx_put(&fx, pe + 8, VT_DID | PE1_PWSNP);
	vt_forget(&fx);
	fx.on_cas = abort_cas;
	expect(VA, R, 0x91);
	fx.on_cas = NULL;
	fx.abort_first = fx.abort_last = 0;
	vx_put(&fx, pe, vx_get(&fx, pe) | PE_SSADE);
	vt_forget(&fx);
	fx.on_cas = abort_cas;
	expect(VA, R, 0x7d);
	vx_fini(&fx);
}

/* Translation requests: what both stages grant, and no record of the rest. */
static unsigned int granted(unsigned int perm)
{
	struct hw_txn txn = { .requester = VT_SID,
			      .flags = HW_TXN_PASID_VALID,
			      .pasid = VT_PASID,
			      .perm = perm,
			      .addr = VA };
	struct hw_ats_reply reply;

	vt_forget(&fx);
	fx.hw->ops->ats_translate(fx.hw, &fx.port, &txn, &reply);
	assert_int_equal(reply.status, HW_ATS_SUCCESS);
	assert_false(vx_fault(&fx, (uint64_t[2]){ 0 }));
	return reply.xlat.perm;
}

static void test_vtd_nested_translation_requests(void **state)
{
	uint64_t e1, e2;

	(void)state;
	start(0, 0);
	e1 = vx_get(&fx, at[1]);
	e2 = vx_get(&fx, page2);
	assert_int_equal(granted(R | W), R | W);
	vx_put(&fx, page2, e2 & ~SS_W);
	assert_int_equal(granted(R | W), R);
	vx_put(&fx, page2, e2 & ~SS_R);
	assert_int_equal(granted(R | W), W);
	vx_put(&fx, page2, 0);
	assert_int_equal(granted(R | W), 0);
	vx_put(&fx, page2, e2);
	vx_put(&fx, at[1], e1 & ~FS_RW);
	assert_int_equal(granted(R | W), R);
	/* The second stage is not asked, nor is its input an output. */
	vx_put(&fx, at[1], 0xfee00000 | FS_P | FS_RW);
	assert_int_equal(granted(R | W), 0);
	vx_fini(&fx);
}

/* The smaller of two pages, with the attribute of the second. */
static void test_vtd_nested_sizes(void **state)
{
	struct hw_xlat x;

	(void)state;
	start(0, 0);
	vt_access(&fx, VT_SID, VT_PASID, VA + 0x10, R, &x);
	assert_int_equal(x.len, 0xff0);
	assert_int_equal(x.attr, 0);
	/* 2M of the first over 4K of the second. */
	vx_put(&fx, at[2], (GUEST + 0x1000000) | FS_PAGE | FS_PS);
	vt_map(&fx, second, 4, GUEST + 0x1145000, 0xa00000 | SS_RW | SS_SNP, 1,
	       SS_RW);
	vt_forget(&fx);
	vt_access(&fx, VT_SID, VT_PASID, VA + 0x10, W, &x);
	assert_int_equal(x.pa, 0xa00010);
	assert_int_equal(x.len, 0xff0);
	assert_int_equal(x.attr, 1);
	expect(VA + 0x1000, R, 0x79);
	/* 4K over 2M. */
	vx_fini(&fx);
	start(0, 0);
	vt_map(&fx, second, 4, GUEST + 0x4000000, 0x400000 | SS_RW | SS_PS, 2,
	       SS_RW);
	vx_put(&fx, at[1], (GUEST + 0x4056000) | FS_PAGE);
	vt_access(&fx, VT_SID, VT_PASID, VA + 0x20, R, &x);
	assert_int_equal(x.pa, 0x456020);
	assert_int_equal(x.len, 0xfe0);
	vx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_nested_tables_each_reason),
		cmocka_unit_test(test_vtd_nested_page_each_reason),
		cmocka_unit_test(test_vtd_nested_permissions),
		cmocka_unit_test(test_vtd_nested_flags),
		cmocka_unit_test(test_vtd_nested_flags_refused),
		cmocka_unit_test(test_vtd_nested_dirty_if_written),
		cmocka_unit_test(test_vtd_nested_step_not_kept),
		cmocka_unit_test(test_vtd_nested_flags_fail),
		cmocka_unit_test(test_vtd_nested_translation_requests),
		cmocka_unit_test(test_vtd_nested_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
