/* SPDX-License-Identifier: MIT */
/*
 * From a request to its tables: VT-d 3.4, 9.1 to 9.6 and the reasons of 7.1.3,
 * each with its whole record. Which entries count, what their reserved bits
 * are, what FPD silences.
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

enum { VA = 0x345000, FRAME = 0x800000, NOWHERE = 0x7000000 };

static struct vx fx;

static struct vtd_hw_cfg cfg_with(uint64_t ecap_set, uint64_t ecap_clear)
{
	struct vtd_hw_cfg cfg;

	vtd_hw_cfg_default(&cfg);
	cfg.ecap = (cfg.ecap | ecap_set) & ~ecap_clear;
	cfg.haw = 46;
	return cfg;
}

/* A record, from what the request was. */
static void check_record(const uint64_t rec[2], unsigned int sid,
			 uint32_t pasid, unsigned int perm, unsigned int at,
			 unsigned int reason, uint64_t addr)
{
	uint64_t want = UINT64_C(1) << 63 | (uint64_t)at << 60 |
			(uint64_t)reason << 32 | sid;

	if (!(perm & W))
		want |= UINT64_C(1) << 62;
	if (pasid)
		want |= (uint64_t)pasid << 40 | UINT64_C(1) << 31;
	if (pasid && perm & X)
		want |= UINT64_C(1) << 30;
	if (pasid && perm & P)
		want |= UINT64_C(1) << 29;
	assert_int_equal(rec[0], VX_FI(addr));
	assert_int_equal(rec[1], want);
}

static void expect(unsigned int sid, uint32_t pasid, unsigned int perm,
		   unsigned int reason)
{
	uint64_t rec[2];

	vt_expect(&fx, sid, pasid, VA, perm, reason, rec);
	check_record(rec, sid, pasid, perm, 0, reason, VA);
}

/* Refused, without a record. */
static void quiet(unsigned int sid, uint32_t pasid, unsigned int perm)
{
	uint64_t rec[2];
	struct hw_xlat x;

	assert_int_equal(vt_access(&fx, sid, pasid, VA, perm, &x), -EFAULT);
	assert_false(vx_fault(&fx, rec));
}

static void legacy(const struct vtd_hw_cfg *cfg)
{
	uint64_t root;

	vt_start(&fx, cfg, VT_LEGACY);
	root = vt_table(&fx);
	vt_map(&fx, root, 4, VA, FRAME | SS_RW, 1, SS_RW);
	vt_context(&fx, VT_SID, VT_P | CE_TT(0) | root,
		   CE1_AW(2) | CE1_DID(VT_DID));
}

/*
 * Each changes one word of a good configuration; a request without PASID is
 * refused for it, and goes through again with the old word: nothing that was
 * not present or not legal has been kept. [M1]
 */
static void with(uint64_t pa, uint64_t value, uint32_t pasid,
		 unsigned int reason)
{
	uint64_t old = vx_get(&fx, pa);

	vt_forget(&fx);
	vx_put(&fx, pa, value);
	expect(VT_SID, pasid, R, reason);
	expect(VT_SID, pasid, W, reason);
	vx_put(&fx, pa, old);
	vt_pa(&fx, VT_SID, pasid, VA, R);
}

/* The same with an entry that is legal, and so is kept until it is named. */
static void with_kept(uint64_t pa, uint64_t value, uint32_t pasid,
		      unsigned int reason)
{
	uint64_t old = vx_get(&fx, pa);

	vt_forget(&fx);
	vx_put(&fx, pa, value);
	expect(VT_SID, pasid, R, reason);
	vx_put(&fx, pa, old);
	expect(VT_SID, pasid, W, reason);
	vt_forget(&fx);
	vt_pa(&fx, VT_SID, pasid, VA, R);
}

/* The structure itself cannot be read. */
static void without(uint64_t pa, uint32_t pasid, unsigned int reason)
{
	vt_forget(&fx);
	fx.abort_first = fx.abort_last = pa | 7;
	fx.abort_first &= ~UINT64_C(7);
	expect(VT_SID, pasid, R, reason);
	fx.abort_first = fx.abort_last = 0;
	vt_pa(&fx, VT_SID, pasid, VA, R);
}

static void test_vtd_config_legacy_each_reason(void **state)
{
	const struct vtd_hw_cfg cfg =
		cfg_with(0, VT_ECAP_DT | VT_ECAP_PRS | UINT64_C(1) << 42);
	uint64_t root, ce, dw0, dw1;
	unsigned int bit;

	(void)state;
	legacy(&cfg);
	root = fx.root + 16;
	ce = vt_context_at(&fx, VT_SID);
	dw0 = vx_get(&fx, ce);
	dw1 = vx_get(&fx, ce + 8);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, R), FRAME);

	without(root, 0, 0x08);
	with(root, 0, 0, 0x01);
	for (bit = 1; bit < 12; bit++)
		with(root, vx_get(&fx, root) | UINT64_C(1) << bit, 0, 0x0a);
	for (bit = 46; bit < 64; bit++)
		with(root, vx_get(&fx, root) | UINT64_C(1) << bit, 0, 0x0a);
	for (bit = 0; bit < 64; bit++)
		with(root + 8, UINT64_C(1) << bit, 0, 0x0a);
	without(ce, 0, 0x09);
	without(ce + 8, 0, 0x09);
	with(root, (NOWHERE & ~0xfffu) | 1, 0, 0x09);
	with(ce, dw0 & ~VT_P, 0, 0x02);
	for (bit = 4; bit < 12; bit++)
		with(ce, dw0 | UINT64_C(1) << bit, 0, 0x0b);
	for (bit = 46; bit < 64; bit++)
		with(ce, dw0 | UINT64_C(1) << bit, 0, 0x0b);
	with(ce + 8, dw1 | 1 << 7, 0, 0x0b);
	for (bit = 24; bit < 64; bit++)
		with(ce + 8, dw1 | UINT64_C(1) << bit, 0, 0x0b);
	/* TT: DT is not announced, and 3 is reserved; AW. */
	with(ce, dw0 | CE_TT(1), 0, 0x03);
	with(ce, dw0 | CE_TT(3), 0, 0x03);
	with(ce + 8, dw1 & ~UINT64_C(7), 0, 0x03);
	with(ce + 8, (dw1 & ~UINT64_C(7)) | 4, 0, 0x03);
	/* A pass-through entry has the largest width, which is 3. */
	with(ce, dw0 | CE_TT(2), 0, 0x03);
	/* The top table cannot be read. */
	with_kept(ce, (dw0 & 0xfff) | NOWHERE, 0, 0x03);
	vx_fini(&fx);
}

static void test_vtd_config_legacy_ignored_bits_no_fault(void **state)
{
	uint64_t ce, dw1;
	unsigned int bit;

	(void)state;
	legacy(NULL);
	ce = vt_context_at(&fx, VT_SID);
	dw1 = vx_get(&fx, ce + 8);
	for (bit = 3; bit < 7; bit++) {
		vt_forget(&fx);
		vx_put(&fx, ce + 8, dw1 | UINT64_C(1) << bit);
		assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, W), FRAME);
	}
	vx_fini(&fx);
}

/* Requests with PASID are not for legacy mode. */
static void test_vtd_config_legacy_pasid_rta2(void **state)
{
	(void)state;
	legacy(NULL);
	expect(VT_SID, 5, R, 0x31);
	expect(VT_SID, 5, W, 0x31);
	vx_fini(&fx);
}

static void test_vtd_config_legacy_pass_through_checked(void **state)
{
	const struct vtd_hw_cfg cfg = cfg_with(0, 0);
	uint64_t rec[2];
	struct hw_xlat x;

	(void)state;
	vt_start(&fx, &cfg, VT_LEGACY);
	/* The pointer is not looked at. */
	vt_context(&fx, VT_SID,
		   VT_P | CE_TT(2) | UINT64_C(0xffffffffff000) << 8,
		   CE1_AW(3) | CE1_DID(VT_DID));
	assert_int_equal(vt_access(&fx, VT_SID, 0, VA + 5, W, &x), 0);
	assert_int_equal(x.pa, VA + 5);
	assert_int_equal(x.perm & (R | W), R | W);
	/* To the interrupts, and no further. */
	assert_int_equal(x.len, 0xfee00000 - (VA + 5));
	vt_expect(&fx, VT_SID, 0, UINT64_C(1) << 46, R, 0x04, rec);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, (UINT64_C(1) << 46) - 4096, R),
			 (UINT64_C(1) << 46) - 4096);
	vx_fini(&fx);
}

static void test_vtd_config_domain_width_reserved(void **state)
{
	struct vtd_hw_cfg cfg = cfg_with(0, 0);
	uint64_t ce, dw1;

	(void)state;
	cfg.cap = (cfg.cap & ~UINT64_C(7)) | 2; /* 8 bits */
	legacy(&cfg);
	ce = vt_context_at(&fx, VT_SID);
	dw1 = vx_get(&fx, ce + 8) & ~CE1_DID(0xffff);
	with(ce + 8, dw1 | CE1_DID(0x100), 0, 0x0b);
	vt_forget(&fx);
	vx_put(&fx, ce + 8, dw1 | CE1_DID(0xff));
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, R), FRAME);
	vx_fini(&fx);
}

static void scalable(const struct vtd_hw_cfg *cfg)
{
	uint64_t root;

	vt_start(&fx, cfg, VT_SCALABLE);
	root = vt_first(&fx, 0);
	vt_map(&fx, root, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, R), FRAME);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R), FRAME);
}

static void test_vtd_config_scalable_root_and_context_each_reason(void **state)
{
	const struct vtd_hw_cfg cfg = cfg_with(0, 0);
	uint64_t root, ce, dw0;
	unsigned int bit, word;

	(void)state;
	scalable(&cfg);
	root = fx.root + 16;
	ce = vt_sm_context_at(&fx, VT_SID);
	dw0 = vx_get(&fx, ce);
	without(root, 0, 0x38);
	with(root, 0, 0, 0x39);
	for (bit = 1; bit < 12; bit++)
		with(root, vx_get(&fx, root) | UINT64_C(1) << bit, 0, 0x3a);
	for (bit = 46; bit < 64; bit++)
		with(root, vx_get(&fx, root) | UINT64_C(1) << bit, 0, 0x3a);
	for (word = 0; word < 4; word++)
		without(ce + 8 * word, VT_PASID, 0x40);
	with(ce, dw0 & ~VT_P, VT_PASID, 0x41);
	for (bit = 5; bit < 9; bit++)
		with(ce, dw0 | UINT64_C(1) << bit, 0, 0x42);
	for (bit = 46; bit < 64; bit++)
		with(ce, dw0 | UINT64_C(1) << bit, 0, 0x42);
	/* RPRIVS is not announced, which reserves the first of these. */
	for (bit = 20; bit < 64; bit++)
		with(ce + 8, UINT64_C(1) << bit, 0, 0x42);
	for (word = 2; word < 4; word++)
		for (bit = 0; bit < 64; bit++)
			with(ce + 8 * word, UINT64_C(1) << bit, 0, 0x42);
	/* PASIDE, PASIDs beyond PDTS (128 << 6 of them), RID_PASID beyond. */
	with_kept(ce, dw0 & ~SM_PASIDE, VT_PASID, 0x45);
	vt_forget(&fx);
	vx_put(&fx, ce, dw0 & ~SM_PDTS(7));
	expect(VT_SID, 0x2000, R, 0x46);
	expect(VT_SID, 0x1fff, R, 0x51);
	vx_put(&fx, ce + 8, SM1_RID_PASID(0x2000));
	vt_forget(&fx);
	expect(VT_SID, 0, W, 0x43);
	expect(VT_SID, 1, W, 0x43);
	/* PRE without DTE; a PASID that is RID_PASID. */
	vx_put(&fx, ce + 8, SM1_RID_PASID(0x1ff0));
	vx_put(&fx, ce, (dw0 & ~SM_PDTS(7)) & ~SM_DTE);
	vt_forget(&fx);
	expect(VT_SID, 1, W, 0x43);
	vx_put(&fx, ce, dw0 & ~(SM_PDTS(7) | SM_DTE | SM_PRE));
	vt_forget(&fx);
	expect(VT_SID, 0x1ff0, W, 0x48);
	expect(VT_SID, 0x1fef, W, 0x51);
	vx_fini(&fx);
}

/* The two halves of a root entry are of 16 devices each. */
static void test_vtd_config_scalable_upper_half(void **state)
{
	uint64_t entry;

	(void)state;
	scalable(NULL);
	entry = fx.root + 16;
	expect(VT_SID_UPPER, 0, R, 0x39);
	/* Not of the other half's business. */
	vx_put(&fx, entry + 8, UINT64_C(1) << 5);
	vt_forget(&fx);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, R), FRAME);
	vx_put(&fx, entry + 8, UINT64_C(1) << 5 | 1);
	expect(VT_SID_UPPER, 0, R, 0x3a);
	vx_put(&fx, entry + 8, 0);
	vx_put(&fx, vt_sm_context_at(&fx, VT_SID_UPPER),
	       vx_get(&fx, vt_sm_context_at(&fx, VT_SID)));
	assert_int_equal(vt_pa(&fx, VT_SID_UPPER, VT_PASID, VA, R), FRAME);
	vx_fini(&fx);
}

/* What is not announced is reserved in a context. */
static void test_vtd_config_context_unannounced_reserved(void **state)
{
	static const struct {
		uint64_t ecap, more, dw0, dw1;
	} rows[] = {
		{ VT_ECAP_DT, VT_ECAP_PRS | UINT64_C(1) << 42, SM_DTE, 0 },
		{ VT_ECAP_PRS, UINT64_C(1) << 42, SM_PRE, 0 },
		{ VT_ECAP_RPS, 0, 0, SM1_RID_PASID(1) },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct vtd_hw_cfg cfg =
			cfg_with(0, rows[i].ecap | rows[i].more);
		uint64_t root;

		vt_start(&fx, &cfg, VT_SCALABLE);
		root = vt_first(&fx, 0);
		vt_map(&fx, root, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
		vt_sm_context(&fx, VT_SID, VT_P | SM_PASIDE | SM_PDTS(7), 0);
		vt_pa(&fx, VT_SID, 0, VA, R);
		vt_forget(&fx);
		vt_sm_context(&fx, VT_SID,
			      VT_P | SM_PASIDE | SM_PDTS(7) | rows[i].dw0,
			      rows[i].dw1);
		expect(VT_SID, 0, R, 0x42);
		vx_fini(&fx);
	}
}

static void test_vtd_config_pasid_each_reason(void **state)
{
	const struct vtd_hw_cfg cfg = cfg_with(0, VT_ECAP_ERS);
	uint64_t dir, pe, d, p[3];
	unsigned int bit, i;

	(void)state;
	scalable(&cfg);
	dir = vt_dir_at(&fx, VT_SID, VT_PASID);
	pe = vt_pasid_at(&fx, VT_SID, VT_PASID);
	d = vx_get(&fx, dir);
	for (i = 0; i < 3; i++)
		p[i] = vx_get(&fx, pe + 8 * i);
	without(dir, VT_PASID, 0x50);
	with(dir, d & ~VT_P, VT_PASID, 0x51);
	for (bit = 2; bit < 12; bit++)
		with(dir, d | UINT64_C(1) << bit, VT_PASID, 0x52);
	for (bit = 46; bit < 64; bit++)
		with(dir, d | UINT64_C(1) << bit, VT_PASID, 0x52);
	for (i = 0; i < 8; i++)
		without(pe + 8 * i, VT_PASID, 0x58);
	with(pe, p[0] & ~VT_P, VT_PASID, 0x59);
	/* Bit 5 is SSEE, of older revisions. */
	with(pe, p[0] | 1 << 5, VT_PASID, 0x5a);
	with(pe, p[0] | 1 << 10, VT_PASID, 0x5a);
	with(pe, p[0] | 1 << 11, VT_PASID, 0x5a);
	for (bit = 16; bit < 23; bit++)
		with(pe + 8, p[1] | UINT64_C(1) << bit, VT_PASID, 0x5a);
	/* Memory types are not announced. */
	for (bit = 25; bit < 64; bit++)
		with(pe + 8, p[1] | UINT64_C(1) << bit, VT_PASID, 0x5a);
	for (bit = 8; bit < 12; bit++)
		with(pe + 16, p[2] | UINT64_C(1) << bit, VT_PASID, 0x5a);
	/* ERE without ERS. */
	with(pe + 16, p[2] | PE2_ERE, VT_PASID, 0x5a);
	/* Of a pointer that is not used, too. */
	for (bit = 46; bit < 64; bit++)
		with(pe, p[0] | UINT64_C(1) << bit, VT_PASID, 0x5a);
	for (bit = 46; bit < 64; bit++)
		with(pe + 16, p[2] | UINT64_C(1) << bit, VT_PASID, 0x5a);
	for (i = 3; i < 8; i++)
		for (bit = 0; bit < 64; bit++)
			with(pe + 8 * i, UINT64_C(1) << bit, VT_PASID, 0x5a);
	/* PGTT 0, 5 to 7; FSPM 2 and 3. */
	for (i = 0; i < 8; i++)
		if (!i || i > 4)
			with(pe, (p[0] & ~PE_PGTT(7)) | PE_PGTT(i), VT_PASID,
			     0x5b);
	with(pe + 16, p[2] | 2 << 2, VT_PASID, 0x5b);
	with(pe + 16, p[2] | 3 << 2, VT_PASID, 0x5b);
	/* The second stage's levels count where there is one. */
	for (i = 0; i < 8; i++) {
		uint64_t dw0 = (p[0] & ~PE_PGTT(7)) | PE_AW(i);

		if (i >= 1 && i <= 3)
			continue;
		with(pe, dw0 | PE_SS, VT_PASID, 0x5b);
		with(pe, dw0 | PE_NESTED, VT_PASID, 0x5b);
	}
	vt_forget(&fx);
	vx_put(&fx, pe, p[0] | PE_AW(7));
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	vx_fini(&fx);
}

/* 9.6: NXE and SMEP are ignored without ERS; Linux of 2023 sets the first. */
static void test_vtd_config_pasid_ignored_bits_no_fault(void **state)
{
	const struct vtd_hw_cfg cfg = cfg_with(0, VT_ECAP_ERS);
	uint64_t pe;

	(void)state;
	scalable(&cfg);
	pe = vt_pasid_at(&fx, VT_SID, VT_PASID);
	vx_put(&fx, pe + 16, vx_get(&fx, pe + 16) | PE2_NXE | PE2_SMEP);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R), FRAME);
	vx_fini(&fx);
}

static void test_vtd_config_pasid_unannounced(void **state)
{
	static const struct {
		uint64_t ecap, cap, dw0, dw1, dw2;
		unsigned int reason;
	} rows[] = {
		{ VT_ECAP_SSADS, 0, PE_FS | PE_SSADE, 0, 0, 0x5a },
		{ VT_ECAP_SMPWCS, 0, PE_FS, PE1_PWSNP, 0, 0x5a },
		{ VT_ECAP_SC, 0, PE_FS, PE1_PGSNP, 0, 0x5a },
		{ VT_ECAP_SRS, 0, PE_FS, 0, PE2_SRE, 0x5a },
		{ VT_ECAP_EAFS, 0, PE_FS, 0, PE2_EAFE, 0x5a },
		{ VT_ECAP_NEST, 0, PE_NESTED | PE_AW(2), 0, 0, 0x5b },
		/* With the pointer of the stage that is not there; AW. */
		{ VT_ECAP_NEST | VT_ECAP_FSTS | VT_ECAP_EAFS,
		  VT_CAP_FS1GP | VT_CAP_FS5LP, PE_FS, 0, 0, 0x5a },
		{ VT_ECAP_NEST | VT_ECAP_SSTS | VT_ECAP_SSADS, 0,
		  PE_SS | PE_AW(2), 0, 0, 0x5a },
		{ VT_ECAP_NEST | VT_ECAP_SSTS | VT_ECAP_SSADS, 0,
		  PE_FS | 0x1000, 0, 0, 0x5a },
		{ VT_ECAP_NEST | VT_ECAP_SSTS | VT_ECAP_SSADS, 0, PE_SS, 0, 0,
		  0x5b },
		{ VT_ECAP_PT, 0, PE_PT, 0, 0, 0x5b },
		{ 0, VT_CAP_FS5LP, PE_FS, 0, PE2_5LEVEL, 0x5b },
		{ 0, UINT64_C(8) << 8, PE_SS | PE_AW(3), 0, 0, 0x5b },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vtd_hw_cfg cfg = cfg_with(VT_ECAP_ERS, rows[i].ecap);
		uint64_t root;

		cfg.cap &= ~rows[i].cap;
		vt_start(&fx, &cfg, VT_SCALABLE);
		root = vt_first(&fx, 0);
		vt_pasid(&fx, VT_SID, VT_PASID, VT_P | rows[i].dw0,
			 VT_DID | rows[i].dw1, root | rows[i].dw2);
		expect(VT_SID, VT_PASID, R, rows[i].reason);
		vx_fini(&fx);
	}
}

/* ERE and SRE; privilege of requests without PASID is the context's. */
static void test_vtd_config_execute_supervisor_requests(void **state)
{
	const struct vtd_hw_cfg cfg = cfg_with(VT_ECAP_ERS | VT_ECAP_RPRIVS, 0);
	uint64_t root, ce;

	(void)state;
	vt_start(&fx, &cfg, VT_SCALABLE);
	root = vt_first(&fx, PE2_NXE);
	vt_map(&fx, root, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
	expect(VT_SID, VT_PASID, R | X, 0x5c);
	expect(VT_SID, VT_PASID, R | P, 0x5d);
	expect(VT_SID, VT_PASID, W | P, 0x5d);
	expect(VT_SID, VT_PASID, R | X | P, 0x5c);
	ce = vt_sm_context_at(&fx, VT_SID);
	vx_put(&fx, ce + 8, SM1_RID_PRIV);
	vt_inv_context(&fx, CC_GLOBAL, 0, 0, 0);
	expect(VT_SID, 0, R, 0x5d);
	vt_first(&fx, PE2_NXE);
	vt_pasid(&fx, VT_SID, 0, VT_P | PE_FS, VT_DID | PE1_PWSNP,
		 root | PE2_NXE | PE2_SRE | PE2_ERE);
	vx_put(&fx, ce + 8, SM1_RID_PRIV);
	vt_pasid(&fx, VT_SID, VT_PASID, VT_P | PE_FS, VT_DID | PE1_PWSNP,
		 root | PE2_NXE | PE2_SRE | PE2_ERE);
	vt_forget(&fx);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, R), FRAME);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R | X), FRAME);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, W | P), FRAME);
	/* Without PASID nothing says that it is privileged or a fetch. */
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, R | X | P), FRAME);
	vx_fini(&fx);
}

static void test_vtd_config_rid_pasid_used(void **state)
{
	uint64_t ce;

	(void)state;
	scalable(NULL);
	ce = vt_sm_context_at(&fx, VT_SID);
	vx_put(&fx, ce + 8, SM1_RID_PASID(VT_PASID));
	vx_put(&fx, vt_pasid_at(&fx, VT_SID, 0), 0);
	vt_forget(&fx);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, R), FRAME);
	vx_fini(&fx);
}

/*
 * FPD of any of the three silences what is found after it was read, whether
 * its entry is present or not, but not that it cannot be read. [M2]
 */
static void test_vtd_config_fpd(void **state)
{
	const struct vtd_hw_cfg cfg = cfg_with(0, 0);
	uint64_t ce, dir, pe;

	(void)state;
	scalable(&cfg);
	ce = vt_sm_context_at(&fx, VT_SID);
	dir = vt_dir_at(&fx, VT_SID, VT_PASID);
	pe = vt_pasid_at(&fx, VT_SID, VT_PASID);

	/* Of the context: all qualified faults of it, and below. */
	vx_put(&fx, ce, vx_get(&fx, ce) | VT_FPD);
	vx_put(&fx, pe, vx_get(&fx, pe) & ~VT_P);
	vt_forget(&fx);
	quiet(VT_SID, VT_PASID, R);
	vx_put(&fx, pe, vx_get(&fx, pe) | VT_P);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	/* From the context that is kept, too. */
	assert_int_equal(vt_access(&fx, VT_SID, VT_PASID, VA + 0x1000, R,
				   &(struct hw_xlat){ 0 }),
			 -EFAULT);
	assert_false(vx_fault(&fx, (uint64_t[2]){ 0 }));
	vx_put(&fx, ce, vx_get(&fx, ce) & ~VT_P);
	vt_forget(&fx);
	quiet(VT_SID, 0, R);
	fx.abort_first = fx.abort_last = ce;
	expect(VT_SID, 0, R, 0x40);
	fx.abort_last = fx.abort_first = 0;
	vx_put(&fx, ce, (vx_get(&fx, ce) | VT_P) & ~VT_FPD);

	/* Of the directory. */
	vx_put(&fx, dir, vx_get(&fx, dir) ^ (VT_FPD | VT_P));
	vt_forget(&fx);
	quiet(VT_SID, VT_PASID, W);
	vx_put(&fx, dir, vx_get(&fx, dir) | VT_P);
	vx_put(&fx, pe, vx_get(&fx, pe) & ~VT_P);
	quiet(VT_SID, VT_PASID, W);
	vx_put(&fx, dir, vx_get(&fx, dir) & ~VT_FPD);
	expect(VT_SID, VT_PASID, W, 0x59);

	/* Of the entry, which is how a PASID is retired: M2. */
	vx_put(&fx, pe, VT_FPD);
	vt_forget(&fx);
	quiet(VT_SID, VT_PASID, W);
	fx.abort_first = fx.abort_last = pe;
	expect(VT_SID, VT_PASID, W, 0x58);
	vx_fini(&fx);
}

/* RTADDR: what TTM says, and abort-DMA mode. */
static void test_vtd_config_table_mode(void **state)
{
	const struct vtd_hw_cfg admits = cfg_with(VT_ECAP_ADMS, 0);
	const struct vtd_hw_cfg none = cfg_with(0, VT_ECAP_ADMS);

	(void)state;
	scalable(&none);
	vt_set_root(&fx, fx.root | VT_RESERVED << 10);
	expect(VT_SID, 0, R, 0x30);
	expect(VT_SID, VT_PASID, W, 0x30);
	vt_set_root(&fx, fx.root | VT_ABORT << 10);
	expect(VT_SID, 0, R, 0x30);
	vt_set_root(&fx, fx.root | VT_SCALABLE << 10);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	vx_fini(&fx);
	scalable(&admits);
	vt_set_root(&fx, fx.root | VT_ABORT << 10);
	expect(VT_SID, 0, R, 0x33);
	expect(VT_SID, VT_PASID, W, 0x33);
	vt_set_root(&fx, fx.root | VT_SCALABLE << 10);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	vx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_config_legacy_each_reason),
		cmocka_unit_test(test_vtd_config_legacy_ignored_bits_no_fault),
		cmocka_unit_test(test_vtd_config_legacy_pasid_rta2),
		cmocka_unit_test(test_vtd_config_legacy_pass_through_checked),
		cmocka_unit_test(test_vtd_config_domain_width_reserved),
		cmocka_unit_test(
			test_vtd_config_scalable_root_and_context_each_reason),
		cmocka_unit_test(test_vtd_config_scalable_upper_half),
		cmocka_unit_test(test_vtd_config_context_unannounced_reserved),
		cmocka_unit_test(test_vtd_config_pasid_each_reason),
		cmocka_unit_test(test_vtd_config_pasid_ignored_bits_no_fault),
		cmocka_unit_test(test_vtd_config_pasid_unannounced),
		cmocka_unit_test(test_vtd_config_execute_supervisor_requests),
		cmocka_unit_test(test_vtd_config_rid_pasid_used),
		cmocka_unit_test(test_vtd_config_fpd),
		cmocka_unit_test(test_vtd_config_table_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
