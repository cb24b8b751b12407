/* SPDX-License-Identifier: MIT */
/*
 * Stage 1 behind stage 2: IHI 0070 3.13.5, 5.2 (S1DSS, S2PTW), 5.5, 7.3.13 to
 * 16, 7.3.22; and ATS over both stages: 3.9.1, 13.6.3 to 5, 13.7.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_nest.h"

#define R ((unsigned int)IOMMU_PERM_READ)
#define W ((unsigned int)IOMMU_PERM_WRITE)
#define X ((unsigned int)IOMMU_PERM_EXEC)
#define P ((unsigned int)IOMMU_PERM_PRIV)

/* STE word 1 */
#define STE1_INSTCFG_INST (UINT64_C(3) << 50)

enum { PAGE_IPA = 0x2800000, PAGE_PA = 0x12345000 };

/* One nested stream; what of it lies where. */
static struct fx fx;
static uint64_t tree, root, cd, pte1, pte2, table3, stall_idr5;

static void build(uint64_t cd_bits, uint64_t dw0, uint64_t dw1, uint64_t dw2)
{
	uint64_t first, pa;

	tree = nest_tree2(&fx);
	first = fx.bump;
	cd = fx_alloc(&fx, 256, 4096);
	root = fx_alloc(&fx, 4096, 4096);
	fx_cd(&fx, cd, CD_BASIC | CD_ASID(1) | cd_bits, root);
	pte1 = fx_map(&fx, root, 0x5000, PAGE_IPA | PTE_RW, 3);
	table3 = pte1 & ~UINT64_C(0xfff);
	for (pa = first; pa < fx.bump; pa += 0x1000)
		nest_identity(&fx, tree, pa, S2_RW);
	pte2 = fx_map(&fx, tree, PAGE_IPA, PAGE_PA | S2_RW, 3);
	nest_ste(&fx, FX_SID, STE_NESTED | cd | dw0, dw1,
		 STE2_VMID(3) | STE2_S2R | dw2, tree);
}

static void start(uint32_t idr0_clear)
{
	struct smmuv3_hw_cfg cfg;

	nest_cfg(&cfg);
	cfg.idr[0] &= ~idr0_clear;
	cfg.idr[5] |= (uint32_t)stall_idr5 << 16;
	fx_start(&fx, &cfg);
}

static int setup(void **state)
{
	(void)state;
	stall_idr5 = 0;
	start(0);
	return 0;
}

/* STALL_MODEL 0: some streams stall. */
static int setup_stall(void **state)
{
	(void)state;
	stall_idr5 = 4;
	start(3 << 24);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fx.hw->ops->reset(fx.hw);
	fx_fini(&fx);
	return 0;
}

static void flush(void)
{
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	fx_cmd(&fx, CMD_CFGI_ALL, 31);
}

static uint64_t pa(uint64_t va, unsigned int perm)
{
	struct hw_xlat x;

	return fx_access(&fx, FX_SID, va, perm, &x) ? 0 : x.pa;
}

/* The one record there is. */
static void expect(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
	uint64_t rec[4] = { 0 };

	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0], w0);
	assert_int_equal(rec[1], w1);
	assert_int_equal(rec[2], w2);
	assert_int_equal(rec[3], w3);
	assert_false(fx_evt(&fx, rec));
}

#define HEAD(n) ((uint64_t)FX_SID << 32 | (n))

static unsigned int events(void)
{
	uint64_t rec[4];
	unsigned int n = 0;

	while (fx_evt(&fx, rec))
		n = n << 8 | (rec[0] & 0xff);
	return n;
}

static struct hw_ats_reply ask(int ssid, uint64_t addr, unsigned int perm)
{
	struct hw_txn txn = { .requester = FX_SID,
			      .flags = (perm & W ? 0 : HW_TXN_NO_WRITE),
			      .perm = perm,
			      .addr = addr };
	struct hw_ats_reply reply;

	if (ssid >= 0) {
		txn.flags |= HW_TXN_PASID_VALID;
		txn.pasid = (ioasid_t)ssid;
	}
	fx.hw->ops->ats_translate(fx.hw, &fx.port, &txn, &reply);
	return reply;
}

/* Each structure that is fetched through stage 2, missing there. */
static void test_nested_fault_records_by_class(void **state)
{
	static const struct {
		uint64_t *what;
		unsigned int perm;
		uint64_t word1;
	} rows[] = {
		{ &cd, R, EV_CLASS(0) | EV_RNW },
		{ &cd, W, EV_CLASS(0) },
		{ &root, R, EV_CLASS(1) | EV_RNW },
		{ &pte1, W, EV_CLASS(1) },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t at, entry, old;

		build(0, 0, 0, 0);
		flush();
		assert_int_equal(pa(0x5678, R), PAGE_PA + 0x678);
		at = *rows[i].what;
		entry = fx_map(&fx, tree, at & ~UINT64_C(0xfff), 0, 3);
		old = (at & ~UINT64_C(0xfff)) | S2_RW;
		/* Cached: nobody notices. */
		assert_int_equal(pa(0x5678, R), PAGE_PA + 0x678);
		flush();
		assert_int_equal(pa(0x5678, rows[i].perm), 0);
		expect(HEAD(0x10), EV_S2 | rows[i].word1, 0x5678,
		       at & ~UINT64_C(0xfff));
		/* Not accessed, an output that is too large, not readable. */
		fx_put(&fx, entry, old & ~PTE_AF);
		assert_int_equal(pa(0x5678, rows[i].perm), 0);
		expect(HEAD(0x12), EV_S2 | rows[i].word1, 0x5678,
		       at & ~UINT64_C(0xfff));
		fx_put(&fx, entry, old | UINT64_C(1) << 45);
		assert_int_equal(pa(0x5678, rows[i].perm), 0);
		expect(HEAD(0x11), EV_S2 | rows[i].word1, 0x5678,
		       at & ~UINT64_C(0xfff));
		fx_put(&fx, entry, old & ~S2_READ);
		assert_int_equal(pa(0x5678, rows[i].perm), 0);
		expect(HEAD(0x13),
		       EV_S2 | rows[i].word1 |
			       (rows[i].word1 & EV_CLASS(1) ? EV_TTRNW : 0),
		       0x5678, at & ~UINT64_C(0xfff));
		/* An external abort of stage 2's own table, and of stage 1's. */
		fx.abort_first = entry;
		fx.abort_last = entry + 7;
		fx_put(&fx, entry, old);
		flush();
		assert_int_equal(pa(0x5678, rows[i].perm), 0);
		expect(HEAD(0x0b), EV_S2 | rows[i].word1, 0x5678, entry);
		fx.abort_last = 0;
		flush();
		assert_int_equal(pa(0x5678, R), PAGE_PA + 0x678);
	}
}

/* 7.3.10, 7.3.12: aborts at the structure itself are of stage 1. */
static void test_nested_external_aborts_of_stage1(void **state)
{
	(void)state;
	build(0, 0, 0, 0);
	fx.abort_first = cd;
	fx.abort_last = cd + 63;
	assert_int_equal(pa(0x5000, R), 0);
	expect(HEAD(0x09), 0, 0, cd);
	fx.abort_first = pte1;
	fx.abort_last = pte1 + 7;
	assert_int_equal(pa(0x5000, W), 0);
	expect(HEAD(0x0b), EV_CLASS(1), 0x5000, pte1);
}

/* 3.3.2: a level-1 CD descriptor and the CD, each behind stage 2. */
static void test_nested_two_level_cds_through_stage2(void **state)
{
	uint64_t l1, rec[4];
	struct hw_xlat x;

	(void)state;
	build(0, 0, 0, 0);
	l1 = fx_alloc(&fx, 4096, 4096);
	fx_put(&fx, l1 + 8, cd | 1);
	/* Substream 65 is the second of the second table. */
	fx_cd(&fx, cd + 64, CD_BASIC | CD_ASID(1), root);
	nest_ste(&fx, FX_SID, STE_NESTED | l1 | STE_FMT(1) | STE_CDMAX(10), 0,
		 STE2_VMID(3) | STE2_S2R, tree);
	assert_int_equal(fx_access_ssid(&fx, FX_SID, 65, 0x5000, R, &x),
			 -EFAULT);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0], HEAD(0x10) | 65 << 12 | 1 << 11);
	assert_int_equal(rec[1], EV_S2 | EV_RNW | EV_CLASS(0));
	assert_int_equal(rec[3], l1);
	nest_identity(&fx, tree, l1, S2_PAGE | S2_READ);
	assert_int_equal(fx_access_ssid(&fx, FX_SID, 65, 0x5000, R, &x), 0);
	assert_int_equal(x.pa, PAGE_PA);
	/* The cached descriptor does; the CD's page is gone. */
	fx_map(&fx, tree, cd, 0, 3);
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	assert_int_equal(fx_access_ssid(&fx, FX_SID, 65, 0x5000, R, &x), 0);
	assert_int_equal(fx_access_ssid(&fx, FX_SID, 66, 0x5000, R, &x),
			 -EFAULT);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[3], cd);
}

/* 3.13.5: the update of stage 1 is a write at stage 2. */
static void test_nested_flag_update_needs_write_at_stage2(void **state)
{
	uint64_t entry, ro, rw;

	(void)state;
	build(CD_HA, 0, 0, STE2_S2HA | STE2_S2HD);
	entry = fx_map(&fx, tree, table3, 0, 3);
	rw = table3 | S2_RW;
	ro = rw & ~S2_WRITE;
	fx_put(&fx, entry, ro);
	fx_put(&fx, pte1, PAGE_IPA | (PTE_RW & ~PTE_AF));
	assert_int_equal(pa(0x5000, R), 0);
	/* A read of the device, a write of the table. */
	expect(HEAD(0x13), EV_S2 | EV_CLASS(1) | EV_RNW, 0x5000, table3);
	assert_int_equal(fx_get(&fx, pte1) & PTE_AF, 0);
	/* Clean at stage 2: marked for the sake of the table. */
	fx_put(&fx, entry, ro | PTE_DBM);
	flush();
	assert_int_equal(pa(0x5000, R), PAGE_PA);
	assert_int_equal(fx_get(&fx, entry), rw | PTE_DBM);
	assert_int_equal(fx_get(&fx, pte1), PAGE_IPA | PTE_RW);
	/* Nothing to update: reading is enough. */
	fx_put(&fx, entry, ro | PTE_DBM);
	flush();
	assert_int_equal(pa(0x5000, R), PAGE_PA);
	assert_int_equal(fx_get(&fx, entry), ro | PTE_DBM);
	/* A CD is only read: 3.13.3.1. */
	entry = fx_map(&fx, tree, cd, (cd | ro | PTE_DBM) & ~S2_WRITE, 3);
	fx_put(&fx, entry, cd | S2_PAGE | S2_READ | PTE_DBM);
	flush();
	assert_int_equal(pa(0x5000, R), PAGE_PA);
	assert_int_equal(fx_get(&fx, entry), cd | S2_PAGE | S2_READ | PTE_DBM);
}

/* 5.2: structures are not to be in a device; data may. */
static void test_nested_s2ptw_refuses_device(void **state)
{
	uint64_t entry;

	(void)state;
	build(0, 0, 0, STE2_S2PTW);
	fx_put(&fx, pte2, (PAGE_PA | S2_RW) & ~S2_DEVICE);
	assert_int_equal(pa(0x5000, R), PAGE_PA);
	entry = fx_map(&fx, tree, table3, (table3 | S2_RW) & ~S2_DEVICE, 3);
	flush();
	assert_int_equal(pa(0x5000, R), 0);
	expect(HEAD(0x13), EV_S2 | EV_CLASS(1) | EV_TTRNW | EV_RNW, 0x5000,
	       table3);
	fx_put(&fx, entry, table3 | S2_RW);
	fx_map(&fx, tree, cd, (cd | S2_RW) & ~S2_DEVICE, 3);
	flush();
	assert_int_equal(pa(0x5000, R), 0);
	expect(HEAD(0x13), EV_S2 | EV_CLASS(0) | EV_RNW, 0x5000, cd);
}

/* 7.3.22: stage 1 first, also if the answer comes from the TLB. */
static void test_nested_permission_of_stage1_first(void **state)
{
	struct hw_xlat x;
	unsigned int cached;

	(void)state;
	for (cached = 0; cached < 2; cached++) {
		build(0, 0, 0, 0);
		fx_put(&fx, pte1, PAGE_IPA | PTE_RW | PTE_RO);
		fx_put(&fx, pte2, PAGE_PA | S2_PAGE | S2_READ);
		flush();
		if (cached)
			assert_int_equal(pa(0x5000, R), PAGE_PA);
		assert_int_equal(pa(0x5008, W), 0);
		expect(HEAD(0x13), EV_CLASS(2), 0x5008, 0);
		/* Stage 2 alone refuses. */
		fx_put(&fx, pte1, PAGE_IPA | PTE_RW);
		flush();
		if (cached)
			assert_int_equal(pa(0x5000, R), PAGE_PA);
		assert_int_equal(pa(0x5008, W), 0);
		expect(HEAD(0x13), EV_S2 | EV_CLASS(2), 0x5008, PAGE_IPA);
		/* The permissions are those of both. */
		assert_int_equal(fx_access(&fx, FX_SID, 0x5000, R, &x), 0);
		assert_int_equal(x.perm, R | X);
	}
}

/* Clean at stage 1, read-only at stage 2: the second one refuses. */
static void test_nested_clean_page_that_stage2_refuses(void **state)
{
	(void)state;
	build(CD_HA | CD_HD, 0, 0, 0);
	fx_put(&fx, pte1, PAGE_IPA | PTE_RW | PTE_RO | PTE_DBM);
	fx_put(&fx, pte2, PAGE_PA | S2_PAGE | S2_READ);
	assert_int_equal(pa(0x5000, R), PAGE_PA);
	assert_int_equal(pa(0x5000, W), 0);
	expect(HEAD(0x13), EV_S2 | EV_CLASS(2), 0x5000, PAGE_IPA);
	/* 3.13.5: which stage 1 does not wait for. */
	assert_int_equal(fx_get(&fx, pte1), PAGE_IPA | PTE_RW | PTE_DBM);
}

/* What stage 2 has not marked accessed is not kept, AFFD or not. */
static void test_nested_unaccessed_is_not_kept(void **state)
{
	uint64_t none = (PAGE_PA | S2_PAGE) & ~PTE_AF;

	(void)state;
	build(0, 0, STE1_EATS, STE2_S2HA | STE2_S2AFFD);
	fx_put(&fx, pte2, none);
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(events(), 0x13);
	assert_int_equal(ask(-1, 0x5000, R).xlat.perm, 0);
	assert_int_equal(fx_get(&fx, pte2), none);
	fx_put(&fx, pte2, none | S2_READ);
	assert_int_equal(ask(-1, 0x5000, R).xlat.perm, R);
	assert_int_equal(fx_get(&fx, pte2), none | S2_READ | PTE_AF);
}

/* 5.2, S1DSS: a stream without a substream is one of stage 2. */
static void test_nested_s1dss_bypass_is_stage2_alone(void **state)
{
	(void)state;
	build(0, STE_CDMAX(2), STE1_S1DSS(1), 0);
	assert_int_equal(pa(PAGE_IPA + 4, R), PAGE_PA + 4);
	assert_int_equal(pa(0x5000, R), 0);
	expect(HEAD(0x10), EV_S2 | EV_CLASS(2) | EV_RNW, 0x5000, 0x5000);
	/* No CD is looked at; IAS is of stage 1. */
	assert_int_equal(pa(UINT64_C(1) << 48, R), 0);
	expect(HEAD(0x11), EV_CLASS(2) | EV_RNW, UINT64_C(1) << 48, 0);
	/* Beyond the 39 bits of stage 2. */
	assert_int_equal(pa(UINT64_C(1) << 39, R), 0);
	expect(HEAD(0x10), EV_S2 | EV_CLASS(2) | EV_RNW, UINT64_C(1) << 39,
	       UINT64_C(1) << 39);
}

/* Stage 2 alone: a substream has no meaning there. */
static void test_nested_stage2_only_refuses_substreams(void **state)
{
	struct hw_xlat x;

	(void)state;
	build(0, 0, 0, 0);
	nest_ste(&fx, FX_SID, STE_S2, 0, STE2_VMID(3) | STE2_S2R, tree);
	assert_int_equal(pa(PAGE_IPA, R), PAGE_PA);
	assert_int_equal(fx_access_ssid(&fx, FX_SID, 1, PAGE_IPA, R, &x),
			 -EFAULT);
	assert_int_equal(events(), 0x08);
}

/* 5.5: S2R and S2S decide about stage 2, CD.R and CD.S about stage 1. */
static void test_nested_record_bits_by_stage(void **state)
{
	(void)state;
	build(0, 0, 0, 0);
	/* CD.R alone */
	nest_ste(&fx, FX_SID, STE_NESTED | cd, 0, STE2_VMID(3), tree);
	fx_put(&fx, pte2, 0);
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(events(), 0);
	assert_int_equal(pa(0x6000, R), 0);
	assert_int_equal(events(), 0x10);
	/* Silent, too, of a CD. */
	fx_map(&fx, tree, cd, 0, 3);
	flush();
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(events(), 0);
	/* STE.S2R alone */
	fx_map(&fx, tree, cd, cd | S2_RW, 3);
	fx_put(&fx, cd, fx_get(&fx, cd) & ~CD_R);
	nest_ste(&fx, FX_SID, STE_NESTED | cd, 0, STE2_VMID(3) | STE2_S2R,
		 tree);
	flush();
	assert_int_equal(pa(0x6000, R), 0);
	assert_int_equal(events(), 0);
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(events(), 0x10);
	/* Other faults do not ask. */
	fx.abort_first = pte2;
	fx.abort_last = pte2 + 7;
	nest_ste(&fx, FX_SID, STE_NESTED | cd, 0, STE2_VMID(3), tree);
	flush();
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(events(), 0x0b);
}

static void test_nested_stalls_by_stage(void **state)
{
	struct hw_txn txn = {
		.requester = FX_SID, .perm = R, .addr = 0x5010, .cookie = 77
	};
	uint64_t rec[4];
	struct hw_xlat x;

	(void)state;
	build(0, 0, 0, STE2_S2S);
	/* Stage 1 does not stall. */
	assert_int_equal(pa(0x6000, R), 0);
	expect(HEAD(0x10), EV_CLASS(2) | EV_RNW, 0x6000, 0);
	fx_put(&fx, pte2, 0);
	assert_int_equal(fx.hw->ops->translate(fx.hw, &fx.port, &txn, &x),
			 -EINPROGRESS);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0], HEAD(0x10));
	assert_int_equal(rec[1] & ~UINT64_C(0xffff),
			 EV_STALL | EV_S2 | EV_CLASS(2) | EV_RNW);
	assert_int_equal(rec[3], PAGE_IPA);
	fx_put(&fx, pte2, PAGE_PA | S2_RW);
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_RETRY, rec[1] & 0xffff);
	assert_int_equal(fx.resume_count, 1);
	assert_int_equal(fx.resume[0].cookie, 77);
	assert_int_equal(pa(0x5010, R), PAGE_PA + 0x10);
	/* Of the fetch of a CD. */
	fx_map(&fx, tree, cd, 0, 3);
	flush();
	assert_int_equal(fx.hw->ops->translate(fx.hw, &fx.port, &txn, &x),
			 -EINPROGRESS);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[1] & ~UINT64_C(0xffff),
			 EV_STALL | EV_S2 | EV_CLASS(0) | EV_RNW);
	assert_int_equal(rec[3], cd);
	/* S2R of 0 does not silence a stall. */
	fx_cmd(&fx, CMD_STALL_TERM(FX_SID), 0);
	nest_ste(&fx, FX_SID, STE_NESTED | cd, 0, STE2_VMID(3) | STE2_S2S,
		 tree);
	flush();
	txn.cookie = 78;
	assert_int_equal(fx.hw->ops->translate(fx.hw, &fx.port, &txn, &x),
			 -EINPROGRESS);
	assert_true(fx_evt(&fx, rec));
}

/* 3.3.2, 3.21: a cached CD is used whatever stage 2 says by now. */
static void test_nested_cached_cd_outlives_stage2(void **state)
{
	(void)state;
	build(0, 0, 0, 0);
	assert_int_equal(pa(0x5000, R), PAGE_PA);
	fx_map(&fx, tree, cd, 0, 3);
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	assert_int_equal(pa(0x5000, R), PAGE_PA);
	fx_cmd(&fx, CMD_CFGI_CD(FX_SID, 0), 1);
	assert_int_equal(pa(0x5000, R), 0);
	assert_int_equal(events(), 0x10);
}

static int translated(uint64_t addr, unsigned int perm, uint64_t *ret_pa)
{
	struct hw_txn txn = { .requester = FX_SID,
			      .flags = HW_TXN_TRANSLATED,
			      .perm = perm,
			      .addr = addr };
	struct hw_xlat x = { .pa = 0 };
	int ret = fx.hw->ops->translate(fx.hw, &fx.port, &txn, &x);

	if (!ret)
		hw_port_done(&fx.port);
	/* 3.9.1.3: at stage 2 it is unprivileged, whatever it says. */
	if (!ret && x.pa != addr)
		assert_false(x.perm & P);
	*ret_pa = x.pa;
	return ret;
}

static void reply_is(struct hw_ats_reply r, uint64_t addr, uint64_t len,
		     unsigned int perm)
{
	assert_int_equal(r.status, HW_ATS_SUCCESS);
	assert_int_equal(r.xlat.pa, addr);
	assert_int_equal(r.xlat.len, len);
	assert_int_equal(r.xlat.perm, perm);
}

/* 13.7: permissions of both stages; the smaller size. */
static void test_nested_ats_full(void **state)
{
	uint64_t out;

	(void)state;
	build(0, 0, STE1_EATS, 0);
	reply_is(ask(-1, 0x5010, R | W), PAGE_PA + 0x10, 0xff0, R | W);
	assert_int_equal(translated(PAGE_PA + 0x10, R, &out), 0);
	assert_int_equal(out, PAGE_PA + 0x10);
	/* A block of stage 1 over pages of stage 2; its two tables. */
	nest_identity(&fx, tree, fx.bump, S2_RW);
	nest_identity(&fx, tree, fx.bump + 0x1000, S2_RW);
	nest_identity(&fx, tree, fx.bump + 0x2000, S2_RW);
	nest_identity(&fx, tree, fx.bump + 0x3000, S2_RW);
	fx_map(&fx, root, 0x40000000, PAGE_IPA | (PTE_RW & ~UINT64_C(2)), 2);
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	reply_is(ask(-1, 0x40000010, R), PAGE_PA + 0x10, 0xff0, R | W);
	/* Read-only at stage 2. */
	fx_put(&fx, pte2, PAGE_PA | S2_PAGE | S2_READ);
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	reply_is(ask(-1, 0x5010, R | W), PAGE_PA + 0x10, 0xff0, R);
	assert_int_equal(events(), 0);
}

/* 3.9.1.2: faults of stage 2, whatever they are of, are "no access". */
static void test_nested_ats_faults_of_stage2(void **state)
{
	uint64_t *const places[] = { &cd, &root, &table3 };
	unsigned int i;

	(void)state;
	build(0, 0, STE1_EATS, 0);
	fx_put(&fx, pte2, 0);
	reply_is(ask(-1, 0x5000, R | W), 0, 0x1000, 0);
	for (i = 0; i < 3; i++) {
		build(0, 0, STE1_EATS, 0);
		fx_map(&fx, tree, *places[i], 0, 3);
		flush();
		reply_is(ask(-1, 0x5000, R | W), 0, 0x1000, 0);
		/* Not readable there. */
		fx_map(&fx, tree, *places[i], *places[i] | (S2_RW & ~S2_READ),
		       3);
		flush();
		reply_is(ask(-1, 0x5000, R | W), 0, 0x1000, 0);
		assert_int_equal(events(), 0);
		/* An abort of stage 2 is an error. */
		fx.abort_first = *places[i];
		fx.abort_last = *places[i] + 0xfff;
		fx_map(&fx, tree, *places[i], *places[i] | S2_RW, 3);
		flush();
		assert_int_equal(ask(-1, 0x5000, R | W).status, HW_ATS_CA);
		assert_int_equal(events(), i ? 0x0b : 0x09);
		fx.abort_last = 0;
	}
}

/* 3.9.1.2, 3.13.7.1: what stage 1 denies does not reach stage 2. */
static void test_nested_ats_denied_leaves_stage2_alone(void **state)
{
	uint64_t clean = PAGE_PA | S2_PAGE | S2_READ | PTE_DBM;

	(void)state;
	build(CD_HA | CD_HD, 0, STE1_EATS, STE2_S2HA | STE2_S2HD);
	/* Privileged only, and the request is not. */
	fx_put(&fx, pte1, PAGE_IPA | (PTE_RW & ~PTE_USER));
	fx_put(&fx, pte2, clean & ~PTE_AF);
	reply_is(ask(-1, 0x5000, R | W), 0, 0x1000, 0);
	assert_int_equal(fx_get(&fx, pte2), clean & ~PTE_AF);
	/* Read-only: stage 2 stays clean. */
	fx_put(&fx, pte1, PAGE_IPA | PTE_RW | PTE_RO);
	flush();
	reply_is(ask(-1, 0x5000, R | W), PAGE_PA, 0x1000, R);
	assert_int_equal(fx_get(&fx, pte2), clean);
	/* Clean at both, and no intention to write. */
	fx_put(&fx, pte1, PAGE_IPA | PTE_RW | PTE_RO | PTE_DBM);
	flush();
	reply_is(ask(-1, 0x5000, R), PAGE_PA, 0x1000, R);
	assert_int_equal(fx_get(&fx, pte2), clean);
	assert_int_equal(fx_get(&fx, pte1) & PTE_RO, PTE_RO);
	/* To write marks both, from the TLB, too. */
	reply_is(ask(-1, 0x5000, R | W), PAGE_PA, 0x1000, R | W);
	assert_int_equal(fx_get(&fx, pte2), clean | S2_WRITE);
	assert_int_equal(fx_get(&fx, pte1) & PTE_RO, 0);
}

/*
 * 3.9.1.2, 13.7: INSTCFG makes an instruction fetch of the request, and stage 1
 * grants none: so nothing, also not the writes that nobody asked for, to where
 * stage 2 was not asked. No flag is set either.
 */
static void test_nested_ats_data_page_for_instructions(void **state)
{
	uint64_t page = PAGE_IPA | PTE_RW | PTE_UXN;

	(void)state;
	build(CD_HA, 0, STE1_EATS | STE1_INSTCFG_INST, 0);
	fx_put(&fx, pte1, page & ~PTE_AF);
	reply_is(ask(-1, 0x5000, R), 0, 0x1000, 0);
	assert_int_equal(fx_get(&fx, pte1), page & ~PTE_AF);
	/* The same of stage 2. */
	fx_put(&fx, pte1, page & ~PTE_UXN);
	fx_put(&fx, pte2, PAGE_PA | S2_RW | S2_XN);
	flush();
	reply_is(ask(-1, 0x5000, R), 0, 0x1000, 0);
	/* From the TLB, too. */
	reply_is(ask(-1, 0x5000, R), 0, 0x1000, 0);
	/* What is asked for is granted. */
	fx_put(&fx, pte1, page);
	flush();
	reply_is(ask(-1, 0x5000, R | W), PAGE_PA, 0x1000, W);
	assert_int_equal(events(), 0);
}

/* 13.6.3: the reply is an IPA, and traffic with it goes through stage 2. */
static void test_nested_ats_split_stage(void **state)
{
	uint64_t out;

	(void)state;
	build(0, 0, STE1_SPLIT, 0);
	reply_is(ask(-1, 0x5010, R | W), PAGE_IPA + 0x10, 0xff0, R | W);
	/* From the TLB. */
	reply_is(ask(-1, 0x5010, R), PAGE_IPA + 0x10, 0xff0, R | W);
	assert_int_equal(pa(0x5010, R), PAGE_PA + 0x10);
	assert_int_equal(translated(PAGE_IPA + 0x10, W, &out), 0);
	assert_int_equal(out, PAGE_PA + 0x10);
	assert_int_equal(translated(PAGE_IPA + 0x20, R, &out), 0);
	assert_int_equal(out, PAGE_PA + 0x20);
	/* Stage 2 still decides. */
	fx_put(&fx, pte2, PAGE_PA | S2_PAGE | S2_READ | S2_XN);
	fx_cmd(&fx, UINT64_C(0x2a) | UINT64_C(3) << 32, PAGE_IPA | 1);
	assert_int_equal(translated(PAGE_IPA + 0x10, W, &out), -EFAULT);
	expect(HEAD(0x13), EV_S2 | EV_CLASS(2), PAGE_IPA + 0x10, PAGE_IPA);
	assert_int_equal(translated(PAGE_IPA + 0x10, R, &out), 0);
	/* A PASID on it means nothing: 3.9.1.3. Data, unprivileged. */
	assert_int_equal(translated(PAGE_IPA + 0x10, R | X | P, &out), 0);
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	assert_int_equal(translated(PAGE_IPA + 0x10, R | X | P, &out), 0);
	/* Permissions are those of both stages. */
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	reply_is(ask(-1, 0x5010, R | W), PAGE_IPA + 0x10, 0xff0, R);
	/* 3.9.1.3: beyond IAS is a fault of stage 1. */
	assert_int_equal(translated(UINT64_C(1) << 48, R, &out), -EFAULT);
	expect(HEAD(0x11), EV_CLASS(2) | EV_RNW, UINT64_C(1) << 48, 0);
	assert_int_equal(translated(0x5000, R, &out), -EFAULT);
	expect(HEAD(0x10), EV_S2 | EV_CLASS(2) | EV_RNW, 0x5000, 0x5000);
}

/* 5.2, EATS: without ATSCHK split-stage is none. */
static void test_nested_ats_split_stage_needs_atschk(void **state)
{
	uint64_t out;

	(void)state;
	build(0, 0, STE1_SPLIT, 0);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_ATSCHK);
	flush();
	assert_int_equal(ask(-1, 0x5000, R).status, HW_ATS_UR);
	assert_int_equal(events(), 0x05);
	/* Nothing is checked; it is a PA. */
	assert_int_equal(translated(PAGE_IPA, R, &out), 0);
	assert_int_equal(out, PAGE_IPA);
}

/* 13.6.4, 13.6.5: a request that skips stage 1. */
static void test_nested_ats_skips_stage1(void **state)
{
	uint64_t out;

	(void)state;
	build(0, STE_CDMAX(2), STE1_EATS | STE1_S1DSS(1), 0);
	fx_put(&fx, pte2, PAGE_PA | S2_PAGE | S2_READ);
	reply_is(ask(-1, PAGE_IPA + 8, R | W), PAGE_PA + 8, 0xff8, R);
	reply_is(ask(-1, UINT64_C(1) << 48, R), 0, 0x1000, 0);
	build(0, STE_CDMAX(2), STE1_SPLIT | STE1_S1DSS(1), 0);
	flush();
	reply_is(ask(-1, PAGE_IPA + 8, R | W), PAGE_IPA + 8, 0xff8, R | W);
	assert_int_equal(translated(PAGE_IPA + 8, W, &out), 0);
	assert_int_equal(out, PAGE_PA + 8);
	/* Stage 2 alone has full ATS. */
	nest_ste(&fx, FX_SID, STE_S2, STE1_EATS, STE2_VMID(3), tree);
	flush();
	reply_is(ask(-1, PAGE_IPA + 8, R | W), PAGE_PA + 8, 0xff8, R | W);
	assert_int_equal(ask(1, PAGE_IPA + 8, R).status, HW_ATS_CA);
	assert_int_equal(events(), 0x08);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_nested_fault_records_by_class),
		T(test_nested_external_aborts_of_stage1),
		T(test_nested_two_level_cds_through_stage2),
		T(test_nested_flag_update_needs_write_at_stage2),
		T(test_nested_s2ptw_refuses_device),
		T(test_nested_permission_of_stage1_first),
		T(test_nested_clean_page_that_stage2_refuses),
		T(test_nested_unaccessed_is_not_kept),
		T(test_nested_s1dss_bypass_is_stage2_alone),
		T(test_nested_stage2_only_refuses_substreams),
		T(test_nested_record_bits_by_stage),
		cmocka_unit_test_setup_teardown(test_nested_stalls_by_stage,
						setup_stall, teardown),
		T(test_nested_cached_cd_outlives_stage2),
		T(test_nested_ats_full),
		T(test_nested_ats_faults_of_stage2),
		T(test_nested_ats_denied_leaves_stage2_alone),
		T(test_nested_ats_data_page_for_instructions),
		T(test_nested_ats_split_stage),
		T(test_nested_ats_split_stage_needs_atschk),
		T(test_nested_ats_skips_stage1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
