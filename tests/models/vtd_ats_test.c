/* SPDX-License-Identifier: MIT */
/*
 * Translation requests and translated requests: VT-d 4.2.3, 7.1.3. What is
 * answered, and what is recorded beside.
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

enum { VA = 0x345000, FRAME = 0x800000 };

static struct vx fx;

static struct hw_ats_reply ask(uint32_t pasid, uint64_t addr, unsigned int perm,
			       uint32_t flags)
{
	struct hw_txn txn = { .requester = VT_SID,
			      .flags = flags | (pasid ? HW_TXN_PASID_VALID : 0),
			      .pasid = pasid,
			      .perm = perm,
			      .addr = addr };
	struct hw_ats_reply reply;

	fx.hw->ops->ats_translate(fx.hw, &fx.port, &txn, &reply);
	assert_int_equal(fx.port.busy & 1, 0);
	return reply;
}

/* A request that is not for writing says so: NW. */
static uint32_t nw(unsigned int perm)
{
	return perm & W ? 0 : HW_TXN_NO_WRITE;
}

/* Success; what may be cached. */
static unsigned int granted(uint32_t pasid, uint64_t addr, unsigned int perm)
{
	struct hw_ats_reply reply = ask(pasid, addr, perm, nw(perm));
	uint64_t rec[2];

	assert_int_equal(reply.status, HW_ATS_SUCCESS);
	assert_false(vx_fault(&fx, rec));
	assert_false(reply.global);
	assert_false(reply.untranslated_only);
	if (!reply.xlat.perm)
		assert_int_equal(reply.xlat.len, 4096 - (addr & 4095));
	return reply.xlat.perm;
}

/* Refused, with the record of a translation request. */
static void refused(uint32_t pasid, uint64_t addr, unsigned int perm,
		    enum hw_ats_status status, unsigned int reason)
{
	struct hw_ats_reply reply = ask(pasid, addr, perm, nw(perm));
	uint64_t rec[2], want;

	assert_int_equal(reply.status, status);
	assert_true(vx_fault(&fx, rec));
	/* A memory read (4.2.1), for whatever. */
	want = UINT64_C(1) << 63 | UINT64_C(1) << 62 | UINT64_C(1) << 60 |
	       (uint64_t)reason << 32 | VT_SID;
	if (pasid)
		want |= (uint64_t)pasid << 40 | UINT64_C(1) << 31 |
			(uint64_t) !!(perm & X) << 30 |
			(uint64_t) !!(perm & P) << 29;
	assert_int_equal(rec[0], VX_FI(addr));
	assert_int_equal(rec[1], want);
	assert_false(vx_fault(&fx, rec));
}

static uint64_t first(uint64_t dw2)
{
	struct vtd_hw_cfg cfg;
	uint64_t root;

	vtd_hw_cfg_default(&cfg);
	cfg.haw = 46;
	cfg.ecap |= VT_ECAP_ERS;
	vt_start(&fx, &cfg, VT_SCALABLE);
	root = vt_first(&fx, PE2_NXE | dw2);
	vt_map(&fx, root, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
	vt_map(&fx, root, 4, VA + 0x1000, FRAME | FS_P | FS_US | FS_XD, 1,
	       FS_TABLE);
	vt_map(&fx, root, 4, VA + 0x2000, FRAME | FS_P | FS_RW, 1, FS_TABLE);
	vt_map(&fx, root, 4, 0x40200000, 0xa00000 | FS_PAGE | FS_PS, 2,
	       FS_TABLE);
	return root;
}

static void test_vtd_ats_first_stage_grants(void **state)
{
	struct hw_ats_reply reply;

	(void)state;
	first(PE2_SRE | PE2_ERE | PE2_WPE);
	assert_int_equal(granted(VT_PASID, VA, R), R);
	assert_int_equal(granted(VT_PASID, VA, R | W), R | W);
	assert_int_equal(granted(VT_PASID, VA, R | X), R | X);
	assert_int_equal(granted(VT_PASID, VA, R | W | X), R | W | X);
	assert_int_equal(granted(VT_PASID, VA, R | W | P), R | W | P);
	/* A read-only page without execute: what there is of it. */
	assert_int_equal(granted(VT_PASID, VA + 0x1000, R | W | X), R);
	assert_int_equal(granted(VT_PASID, VA + 0x1000, R | W | P), R | P);
	/* Not for users. */
	assert_int_equal(granted(VT_PASID, VA + 0x2000, R | W), 0);
	assert_int_equal(granted(VT_PASID, VA + 0x2000, R | W | P), R | W | P);
	/* Not there, beyond, not canonical. */
	assert_int_equal(granted(VT_PASID, VA + 0x3000, R | W), 0);
	assert_int_equal(granted(VT_PASID, UINT64_C(1) << 50, R), 0);
	assert_int_equal(granted(0, VA + 0x3123, R), 0);
	/* No write wanted. */
	reply = ask(VT_PASID, VA, R | W, HW_TXN_NO_WRITE);
	assert_int_equal(reply.xlat.perm, R);
	/* Sizes and addresses. */
	reply = ask(VT_PASID, 0x40234567, R, 0);
	assert_int_equal(reply.xlat.pa, 0xa34567);
	assert_int_equal(reply.xlat.len, 0x200000 - 0x34567);
	/* Without PASID neither execute nor privilege is asked for. */
	assert_int_equal(granted(0, VA, R | X | P), R);
	vx_fini(&fx);
}

/*
 * 4.2.3.1: a request without NW is for reading and writing, and so is each of
 * a unit that does not know NW. What else the embedder says is not in it.
 */
static void test_vtd_ats_no_write_flag(void **state)
{
	static const struct {
		bool nwfs;
		uint32_t flags;
		unsigned int perm, want;
		uint64_t dirty;
	} rows[] = {
		{ true, 0, R, R | W, FS_D },
		{ true, 0, R | W, R | W, FS_D },
		{ true, 0, 0, R | W, FS_D },
		{ true, HW_TXN_NO_WRITE, R, R, 0 },
		{ true, HW_TXN_NO_WRITE, R | W, R, 0 },
		{ false, 0, R, R | W, FS_D },
		{ false, HW_TXN_NO_WRITE, R, R | W, FS_D },
		{ false, HW_TXN_NO_WRITE, R | W, R | W, FS_D },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vtd_hw_cfg cfg;
		struct hw_ats_reply reply;
		uint64_t root, at;

		vtd_hw_cfg_default(&cfg);
		if (!rows[i].nwfs)
			cfg.ecap &= ~(UINT64_C(1) << 33);
		vt_start(&fx, &cfg, VT_SCALABLE);
		root = vt_first(&fx, 0);
		at = vt_map(&fx, root, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
		reply = ask(VT_PASID, VA, rows[i].perm, rows[i].flags);
		assert_int_equal(reply.status, HW_ATS_SUCCESS);
		assert_int_equal(reply.xlat.perm, rows[i].want);
		assert_int_equal(vx_get(&fx, at),
				 FRAME | FS_PAGE | FS_A | rows[i].dirty);
		vx_fini(&fx);
	}
}

/* To ask for writing marks the page dirty; to be refused does not. */
static void test_vtd_ats_flags(void **state)
{
	uint64_t root = first(0), at;

	(void)state;
	at = vt_map(&fx, root, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
	ask(VT_PASID, VA, R | W, HW_TXN_NO_WRITE);
	assert_int_equal(vx_get(&fx, at), FRAME | FS_PAGE | FS_A);
	granted(VT_PASID, VA, R | W);
	assert_int_equal(vx_get(&fx, at), FRAME | FS_PAGE | FS_A | FS_D);
	at = vt_map(&fx, root, 4, VA + 0x1000, FRAME | FS_P | FS_US, 1,
		    FS_TABLE);
	granted(VT_PASID, VA + 0x1000, R | W);
	assert_int_equal(vx_get(&fx, at), FRAME | FS_P | FS_US | FS_A);
	at = vt_map(&fx, root, 4, VA + 0x2000, FRAME | FS_P | FS_RW, 1,
		    FS_TABLE);
	granted(VT_PASID, VA + 0x2000, R | W);
	assert_int_equal(vx_get(&fx, at), FRAME | FS_P | FS_RW);
	vx_fini(&fx);
}

static void test_vtd_ats_second_stage_grants(void **state)
{
	uint64_t root;

	(void)state;
	vt_start(&fx, NULL, VT_SCALABLE);
	root = vt_second(&fx, PE_SSADE);
	vt_map(&fx, root, 4, VA, FRAME | SS_RW, 1, SS_RW);
	vt_map(&fx, root, 4, VA + 0x1000, FRAME | SS_R, 1, SS_RW);
	vt_map(&fx, root, 4, VA + 0x2000, FRAME | SS_W, 1, SS_RW);
	assert_int_equal(granted(0, VA, R | W), R | W);
	assert_int_equal(granted(VT_PASID, VA, R), R);
	assert_int_equal(granted(VT_PASID, VA + 0x1000, R | W), R);
	assert_int_equal(granted(VT_PASID, VA + 0x2000, R | W), W);
	assert_int_equal(granted(VT_PASID, VA + 0x2000, R), 0);
	assert_int_equal(granted(VT_PASID, VA + 0x3000, R | W), 0);
	assert_int_equal(granted(VT_PASID, UINT64_C(1) << 49, R | W), 0);
	vx_fini(&fx);
}

/*
 * Table 30: what each is answered with, recorded or not. The conformance suite
 * has them all.
 */
static void test_vtd_ats_errors(void **state)
{
	uint64_t root, ce, pe, at;

	(void)state;
	root = first(0);
	ce = vt_sm_context_at(&fx, VT_SID);
	pe = vt_pasid_at(&fx, VT_SID, VT_PASID);
	at = vt_map(&fx, root, 4, VA, FRAME | FS_PAGE | UINT64_C(1) << 50, 1,
		    FS_TABLE);
	assert_int_equal(granted(VT_PASID, VA, R | W), 0);
	assert_int_equal(granted(0, VA, R), 0);
	fx.abort_first = fx.abort_last = at;
	assert_int_equal(granted(VT_PASID, VA, R), 0);
	fx.abort_first = fx.abort_last = 0;
	vx_put(&fx, at, 0xfee00000 | FS_PAGE);
	refused(VT_PASID, VA, R, HW_ATS_CA, 0x87);
	/* SRE and ERE are not set. */
	assert_int_equal(granted(VT_PASID, VA, R | P), 0);
	assert_int_equal(granted(VT_PASID, VA, R | X), 0);
	vx_put(&fx, pe, vx_get(&fx, pe) & ~VT_P);
	vt_forget(&fx);
	assert_int_equal(granted(VT_PASID, VA, R), 0);
	assert_int_equal(granted(0x99999, VA, R), 0);
	/* A reserved bit; with FPD that is not recorded. */
	vx_put(&fx, pe, VT_P | UINT64_C(1) << 10);
	refused(VT_PASID, VA, R, HW_ATS_CA, 0x5a);
	vx_put(&fx, pe, VT_P | VT_FPD | UINT64_C(1) << 10);
	assert_int_equal(ask(VT_PASID, VA, R, 0).status, HW_ATS_CA);
	assert_false(vx_fault(&fx, (uint64_t[2]){ 0 }));
	/* DTE */
	vx_put(&fx, ce, vx_get(&fx, ce) & ~(SM_DTE | SM_PRE));
	vt_forget(&fx);
	refused(VT_PASID, VA, R, HW_ATS_UR, 0x44);
	refused(0, VA, R | W, HW_ATS_UR, 0x44);
	vx_put(&fx, ce, 0);
	vt_forget(&fx);
	refused(0, VA, R, HW_ATS_UR, 0x41);
	/* Translation off. */
	vt_enable(&fx, false);
	assert_int_equal(ask(0, VA, R, 0).status, HW_ATS_UR);
	assert_false(vx_fault(&fx, (uint64_t[2]){ 0 }));
	vx_fini(&fx);
}

/* A context that untranslated requests have brought in is no way around. */
static void test_vtd_ats_dte_from_context_cache(void **state)
{
	uint64_t ce;

	(void)state;
	first(0);
	ce = vt_sm_context_at(&fx, VT_SID);
	vx_put(&fx, ce, vx_get(&fx, ce) & ~(SM_DTE | SM_PRE));
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R), FRAME);
	refused(VT_PASID, VA, R, HW_ATS_UR, 0x44);
	vx_fini(&fx);
}

static void test_vtd_ats_legacy(void **state)
{
	uint64_t root, rec[2];
	struct hw_ats_reply reply;

	(void)state;
	vt_start(&fx, NULL, VT_LEGACY);
	root = vt_table(&fx);
	vt_map(&fx, root, 4, VA, FRAME | SS_RW, 1, SS_RW);
	vt_context(&fx, VT_SID, VT_P | CE_TT(0) | root, CE1_AW(2));
	refused(0, VA, R, HW_ATS_UR, 0x0d);
	vt_context(&fx, VT_SID, VT_P | CE_TT(1) | root, CE1_AW(2));
	vt_forget(&fx);
	assert_int_equal(granted(0, VA, R | W), R | W);
	assert_int_equal(granted(0, VA + 0x1000, R | W), 0);
	refused(VT_PASID, VA, R, HW_ATS_UR, 0x31);
	reply = ask(0, 0xfee01234, R, 0);
	assert_int_equal(reply.status, HW_ATS_SUCCESS);
	assert_true(reply.untranslated_only);
	assert_int_equal(reply.xlat.perm, W);
	vt_context(&fx, VT_SID, VT_P | CE_TT(2), CE1_AW(3));
	vt_forget(&fx);
	refused(0, VA, W, HW_ATS_UR, 0x0d);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, W), VA);
	refused(0, VA, W, HW_ATS_UR, 0x0d);
	assert_false(vx_fault(&fx, rec));
	vx_fini(&fx);
}

static void test_vtd_ats_pass_through(void **state)
{
	struct hw_ats_reply reply;

	(void)state;
	first(0);
	vt_pasid(&fx, VT_SID, VT_PASID, VT_P | PE_PT, VT_DID | PE1_PGSNP, 0);
	vt_pasid(&fx, VT_SID, 0, VT_P | PE_PT, VT_DID, 0);
	reply = ask(VT_PASID, VA + 0x10, R | W, 0);
	assert_int_equal(reply.status, HW_ATS_SUCCESS);
	assert_int_equal(reply.xlat.pa, VA + 0x10);
	assert_int_equal(reply.xlat.len, 0xff0);
	assert_int_equal(reply.xlat.perm, R | W);
	assert_int_equal(reply.xlat.attr, 1);
	assert_int_equal(granted(VT_PASID, UINT64_C(1) << 46, R), 0);
	/* SGN.8.2, S.1, S.2: it is an interrupt's, if it is anybody's. */
	assert_int_equal(granted(VT_PASID, 0xfee00000, W), 0);
	reply = ask(0, 0xfeeff000, R, HW_TXN_NO_WRITE);
	assert_int_equal(reply.status, HW_ATS_SUCCESS);
	assert_false(reply.untranslated_only);
	assert_int_equal(reply.xlat.perm, 0);
	reply = ask(0, 0xfeeff000, R | W, 0);
	assert_int_equal(reply.status, HW_ATS_SUCCESS);
	assert_true(reply.untranslated_only);
	assert_int_equal(reply.xlat.perm, W);
	assert_int_equal(reply.xlat.len, 4096);
	vx_fini(&fx);
}

/* Not announced: refused, and nothing said. */
static void test_vtd_ats_unannounced(void **state)
{
	struct vtd_hw_cfg cfg;
	uint64_t root, rec[2];

	(void)state;
	vtd_hw_cfg_default(&cfg);
	cfg.ecap &= ~(VT_ECAP_DT | VT_ECAP_PRS | UINT64_C(1) << 42);
	vt_start(&fx, &cfg, VT_SCALABLE);
	root = vt_first(&fx, 0);
	vt_map(&fx, root, 4, VA, FRAME | FS_PAGE, 1, FS_TABLE);
	assert_int_equal(ask(VT_PASID, VA, R, 0).status, HW_ATS_UR);
	assert_false(vx_fault(&fx, rec));
	vx_fini(&fx);
}

static int translated(uint32_t pasid, uint64_t addr, struct hw_xlat *ret_xlat)
{
	struct hw_txn txn = { .requester = VT_SID,
			      .flags = HW_TXN_TRANSLATED |
				       (pasid ? HW_TXN_PASID_VALID : 0),
			      .pasid = pasid,
			      .perm = W,
			      .addr = addr };
	int ret = fx.hw->ops->translate(fx.hw, &fx.port, &txn, ret_xlat);

	if (!ret)
		hw_port_done(&fx.port);
	return ret;
}

static void translated_refused(uint64_t addr, unsigned int reason)
{
	struct hw_xlat x;
	uint64_t rec[2];

	assert_int_equal(translated(0, addr, &x), -EFAULT);
	assert_true(vx_fault(&fx, rec));
	assert_int_equal(rec[0], VX_FI(addr));
	assert_int_equal(rec[1], UINT64_C(1) << 63 | UINT64_C(2) << 60 |
					 (uint64_t)reason << 32 | VT_SID);
}

static void test_vtd_ats_translated_requests(void **state)
{
	struct hw_xlat x;
	uint64_t ce, root;

	(void)state;
	first(0);
	ce = vt_sm_context_at(&fx, VT_SID);
	assert_int_equal(translated(0, FRAME + 9, &x), 0);
	assert_int_equal(x.pa, FRAME + 9);
	assert_int_equal(translated(0, FRAME + 9, &x), 0);
	translated_refused(UINT64_C(1) << 46, 0x83);
	translated_refused(0xfee00000, 0x87);
	/* 4.2.1: with PASID it does not come as far as this. */
	assert_int_equal(translated(VT_PASID, FRAME, &x), -EFAULT);
	assert_false(vx_fault(&fx, (uint64_t[2]){ 0 }));
	/* DTE is looked at till it is cached, and then when it is forgotten. */
	vx_put(&fx, ce, vx_get(&fx, ce) & ~(SM_DTE | SM_PRE));
	assert_int_equal(translated(0, FRAME, &x), 0);
	vt_inv_context(&fx, CC_DEVICE, 0, VT_SID, 0);
	translated_refused(FRAME, 0x44);
	vx_put(&fx, ce, 0);
	vt_forget(&fx);
	translated_refused(FRAME, 0x41);
	vt_enable(&fx, false);
	assert_int_equal(translated(0, FRAME, &x), -EFAULT);
	assert_false(vx_fault(&fx, (uint64_t[2]){ 0 }));
	vx_fini(&fx);

	vt_start(&fx, NULL, VT_LEGACY);
	root = vt_table(&fx);
	vt_context(&fx, VT_SID, VT_P | CE_TT(1) | root, CE1_AW(2));
	assert_int_equal(translated(0, FRAME, &x), 0);
	translated_refused(UINT64_C(1) << 52, 0x04);
	translated_refused(0xfee00000, 0x0e);
	vt_context(&fx, VT_SID, VT_P | CE_TT(0) | root, CE1_AW(2));
	vt_forget(&fx);
	translated_refused(FRAME, 0x0d);
	vt_context(&fx, VT_SID, VT_P | CE_TT(2), CE1_AW(3));
	vt_forget(&fx);
	translated_refused(FRAME, 0x0d);
	vx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_ats_first_stage_grants),
		cmocka_unit_test(test_vtd_ats_no_write_flag),
		cmocka_unit_test(test_vtd_ats_flags),
		cmocka_unit_test(test_vtd_ats_second_stage_grants),
		cmocka_unit_test(test_vtd_ats_errors),
		cmocka_unit_test(test_vtd_ats_dte_from_context_cache),
		cmocka_unit_test(test_vtd_ats_legacy),
		cmocka_unit_test(test_vtd_ats_pass_through),
		cmocka_unit_test(test_vtd_ats_unannounced),
		cmocka_unit_test(test_vtd_ats_translated_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
