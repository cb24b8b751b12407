/* SPDX-License-Identifier: MIT */
/*
 * ATS: requests, translated traffic, invalidations. PRI: the queue, overflow,
 * responses.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

#define R ((unsigned int)IOMMU_PERM_READ)
#define W ((unsigned int)IOMMU_PERM_WRITE)
#define X ((unsigned int)IOMMU_PERM_EXEC)
#define P ((unsigned int)IOMMU_PERM_PRIV)

static struct fx fx;

static int setup(void **state)
{
	(void)state;
	fx_start(&fx, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fx_fini(&fx);
	return 0;
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
	assert_int_equal(fx.port.busy & 1, 0);
	return reply;
}

static unsigned int events(void)
{
	uint64_t rec[4];
	unsigned int n = 0;

	while (fx_evt(&fx, rec))
		n = n << 8 | (rec[0] & 0xff);
	return n;
}

/* FX_SID with four substreams; the root of number 1. */
static uint64_t substreams(uint64_t cd, uint64_t ste1)
{
	uint64_t cds = fx_alloc(&fx, 256, 64);
	uint64_t root = fx_table(&fx);

	fx_cd(&fx, cds + 64, CD_BASIC | CD_ASID(1) | cd, root);
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | cds | STE_CDMAX(2), ste1);
	return root;
}

/* 13.7: what is granted of what is asked for. */
static void test_ats_permissions_granted(void **state)
{
	static const struct {
		uint64_t pte;
		unsigned int ask, get;
	} rows[] = {
		{ PTE_USER | PTE_RO, R, R | 0 },
		{ PTE_USER, R | W, R | W },
		{ PTE_USER, R, R | W }, /* dirty already */
		{ PTE_USER | PTE_RO, R | W, R },
		{ PTE_USER | PTE_RO, R | W | P, R | P },
		{ 0, R | W | P, R | W | P },
		{ 0, R | W, 0 },
		{ PTE_USER | PTE_UXN, R | X, R | W },
		{ PTE_USER | PTE_RO, R | X, R | X },
		{ PTE_USER | PTE_RO, R, R },
		/* Execute-only cannot be said. */
		{ PTE_RO, R | X, 0 },
	};
	uint64_t root = substreams(0, STE1_EATS);
	struct hw_ats_reply r;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fx_map(&fx, root, 0x5000,
		       0x200000 | PTE_PAGE | PTE_AF | PTE_NG | rows[i].pte, 3);
		fx_cmd(&fx, CMD_TLBI_NH_ALL, 0);
		r = ask(1, 0x5010, rows[i].ask);
		assert_int_equal(r.status, HW_ATS_SUCCESS);
		assert_int_equal(r.xlat.perm, rows[i].get);
		assert_int_equal(r.xlat.pa, rows[i].get ? 0x200010 : 0);
		assert_int_equal(r.xlat.len, 0xff0);
		assert_false(r.global);
		assert_false(r.untranslated_only);
	}
	assert_int_equal(events(), 0);
}

/* Faults of a translation are an answer, not an event. */
static void test_ats_not_present_success_without_permission(void **state)
{
	uint64_t root = substreams(0, STE1_EATS);
	struct hw_ats_reply r = ask(1, 0x5000, R | W);

	(void)state;
	assert_int_equal(r.status, HW_ATS_SUCCESS);
	assert_int_equal(r.xlat.perm, 0);
	assert_int_equal(r.xlat.len, 4096);
	/* No access flag; out of range. */
	fx_map(&fx, root, 0x5000, 0x200000 | (PTE_RW & ~PTE_AF), 3);
	r = ask(1, 0x5000, R);
	assert_int_equal(r.status, HW_ATS_SUCCESS);
	assert_int_equal(r.xlat.perm, 0);
	r = ask(1, UINT64_C(1) << 60, R);
	assert_int_equal(r.status, HW_ATS_SUCCESS);
	assert_int_equal(r.xlat.perm, 0);
	assert_int_equal(events(), 0);
}

/* 3.9.1.2: who gets UR, who CA, and what is recorded. */
static void test_ats_refused_status_and_events(void **state)
{
	uint64_t root = substreams(0, STE1_EATS), pte;

	(void)state;
	pte = fx_map(&fx, root, 0x5000, 0x200000 | PTE_RW, 3);
	/* CA and a record, as REC_CFG_ATS is set. */
	assert_int_equal(ask(-1, 0, R).status, HW_ATS_CA);
	assert_int_equal(events(), 0x06);
	assert_int_equal(ask(4, 0, R).status, HW_ATS_CA);
	assert_int_equal(events(), 0x08);
	assert_int_equal(ask(2, 0, R).status, HW_ATS_CA);
	assert_int_equal(events(), 0x0a);
	fx.abort_first = pte;
	fx.abort_last = pte + 7;
	assert_int_equal(ask(1, 0x5000, R).status, HW_ATS_CA);
	assert_int_equal(events(), 0x0b);
	fx.abort_last = 0;
	/* No ATS in the STE. */
	substreams(0, 0);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	assert_int_equal(ask(1, 0x5000, R).status, HW_ATS_UR);
	assert_int_equal(events(), 0x05);
	/* Abort: without a record. */
	fx_ste(&fx, FX_SID, STE_V, STE1_EATS);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	assert_int_equal(ask(1, 0x5000, R).status, HW_ATS_UR);
	assert_int_equal(events(), 0);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	assert_int_equal(ask(1, 0x5000, R).status, HW_ATS_UR);
	assert_int_equal(events(), 0x05);
	/* CA without a record, as REC_CFG_ATS is clear. */
	fx_ste(&fx, FX_SID, 0, 0);
	fx_w32(&fx, FX_CR2, 2);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	assert_int_equal(ask(1, 0x5000, R).status, HW_ATS_CA);
	assert_int_equal(events(), 0);
}

/* 13.7: asking to write marks dirty, asking to read does not. */
static void test_ats_dirty_by_no_write(void **state)
{
	uint64_t root = substreams(CD_HA | CD_HD, STE1_EATS);
	uint64_t clean = 0x200000 | (PTE_RW & ~PTE_AF) | PTE_RO | PTE_DBM;
	uint64_t pte = fx_map(&fx, root, 0x5000, clean, 3);

	(void)state;
	assert_int_equal(ask(1, 0x5000, R).xlat.perm, R);
	assert_int_equal(fx_get(&fx, pte), clean | PTE_AF);
	assert_int_equal(ask(1, 0x5000, R | W).xlat.perm, R | W);
	assert_int_equal(fx_get(&fx, pte), (clean | PTE_AF) & ~PTE_RO);
}

/* 13.6.4 */
static void test_ats_s1dss_bypass_identity(void **state)
{
	struct hw_ats_reply r;

	(void)state;
	substreams(0, STE1_EATS | STE1_S1DSS(1));
	r = ask(-1, 0x12345678, R);
	assert_int_equal(r.status, HW_ATS_SUCCESS);
	assert_int_equal(r.xlat.pa, 0x12345678);
	assert_int_equal(r.xlat.len, 0x988);
	assert_int_equal(r.xlat.perm, R | W);
	assert_int_equal(ask(-1, UINT64_C(1) << 48, R).xlat.perm, 0);
}

static int translated(uint64_t addr)
{
	struct hw_txn txn = { .requester = FX_SID,
			      .flags = HW_TXN_TRANSLATED,
			      .perm = R,
			      .addr = addr };
	struct hw_xlat xlat;
	int ret = fx.hw->ops->translate(fx.hw, &fx.port, &txn, &xlat);

	if (!ret)
		hw_port_done(&fx.port);
	return ret;
}

/* 3.9.1.3; the check is cached until the STE is invalidated. [R12] */
static void test_ats_translated_checked_by_eats(void **state)
{
	(void)state;
	substreams(0, STE1_EATS);
	assert_int_equal(translated(0x5000), 0);
	assert_int_equal(translated(UINT64_C(1) << 48), -EFAULT);
	assert_int_equal(events(), 0);
	substreams(0, 0);
	assert_int_equal(translated(0x5000), 0);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	assert_int_equal(translated(0x5000), -EFAULT);
	assert_int_equal(events(), 0x07);
	/* Without ATSCHK nothing is looked at. */
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_ATSCHK);
	assert_int_equal(translated(0x5000), 0);
	assert_int_equal(translated(0x5000), 0);
	assert_int_equal(translated(UINT64_C(1) << 48), -EFAULT);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL);
	assert_int_equal(translated(0x5000), -EFAULT);
}

/* 4.5.1. [L6] [R10] */
static void test_ats_inv_scope(void **state)
{
	static const struct {
		uint64_t dw0, dw1;
		struct hw_ats_inv inv;
	} rows[] = {
		{ CMD_ATC_INV(5),
		  0x12345000,
		  { 5, false, 0, false, 0x12345000, 0x1000 } },
		/* Aligned to the span. */
		{ CMD_ATC_INV(5),
		  0x12345000 | 9,
		  { 5, false, 0, false, 0x12200000, 0x200000 } },
		{ CMD_ATC_INV(5),
		  0x12345000 | 51,
		  { 5, false, 0, false, 0, UINT64_C(1) << 63 } },
		{ CMD_ATC_INV(5),
		  0x12345000 | 52,
		  { 5, false, 0, false, 0, 0 } },
		{ CMD_ATC_INV(5) | 1 << 11 | 0xabcdeu << 12,
		  0x1000,
		  { 5, true, 0xabcde, false, 0x1000, 0x1000 } },
		{ CMD_ATC_INV(5) | 1 << 11 | 1 << 9 | 7 << 12,
		  52,
		  { 5, true, 7, true, 0, 0 } },
		/* Global needs a PASID. */
		{ CMD_ATC_INV(5) | 1 << 9 | 7 << 12,
		  52,
		  { 5, false, 0, false, 0, 0 } },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct hw_ats_inv *inv = &fx.inv[i];

		fx_cmd(&fx, rows[i].dw0, rows[i].dw1);
		assert_int_equal(fx.inv_count, i + 1);
		assert_int_equal(inv->requester, rows[i].inv.requester);
		assert_int_equal(inv->pasid_valid, rows[i].inv.pasid_valid);
		assert_int_equal(inv->pasid, rows[i].inv.pasid);
		assert_int_equal(inv->global, rows[i].inv.global);
		assert_int_equal(inv->addr, rows[i].inv.addr);
		assert_int_equal(inv->size, rows[i].inv.size);
	}
}

static void request(bool ssv, unsigned int perm, bool last, unsigned int prgi)
{
	struct hw_page_request req = { .requester = FX_SID,
				       .pasid_valid = ssv,
				       .pasid = ssv ? 0x54321 : 0,
				       .addr = UINT64_C(0x123456789abc),
				       .perm = perm,
				       .prgi = (uint16_t)prgi,
				       .last = last };

	fx.hw->ops->page_request(fx.hw, &req);
}

/* [L3] [R4] */
static void test_pri_records_golden(void **state)
{
	uint64_t rec[2];

	(void)state;
	request(true, R | W | X | P, true, 0x1a5);
	assert_true(fx_pri(&fx, rec));
	assert_int_equal(rec[0], UINT64_C(0xfc05432100000000) | FX_SID);
	assert_int_equal(rec[1], UINT64_C(0x1234567891a5));
	request(true, R, false, 1);
	assert_true(fx_pri(&fx, rec));
	assert_int_equal(rec[0], UINT64_C(0x9005432100000000) | FX_SID);
	/* Without a PASID neither execute nor privilege. */
	request(false, R | X | P, true, 1);
	assert_true(fx_pri(&fx, rec));
	assert_int_equal(rec[0], UINT64_C(0x5000000000000000) | FX_SID);
	/* A stop marker. */
	request(true, 0, true, 1);
	assert_true(fx_pri(&fx, rec));
	assert_int_equal(rec[0], UINT64_C(0xc005432100000000) | FX_SID);
	assert_int_equal(fx.resp_count, 0);
}

static void last_response(unsigned int count, enum hw_prg_code code, bool ssv)
{
	const struct hw_prg_response *r = &fx.resp[count - 1];

	assert_int_equal(fx.resp_count, count);
	assert_int_equal(r->code, code);
	assert_int_equal(r->pasid_valid, ssv);
	assert_int_equal(r->pasid, ssv ? 0x54321 : 0);
	assert_int_equal(r->requester, FX_SID);
}

/* 8.1. [L5] [R2] [R15] */
static void test_pri_overflow_answers_last_until_acknowledged(void **state)
{
	unsigned int i, count = 1u << FX_PRIQ_LG2;
	uint64_t rec[2];
	uint32_t prod;

	(void)state;
	fx_ste(&fx, FX_SID, STE_V, 0);
	for (i = 0; i < count; i++)
		request(true, R, true, i);
	assert_int_equal(fx_r32(&fx, FX_PRIQ_PROD), count);
	assert_int_equal(fx.resp_count, 0);
	/* Not the last, a stop marker: silence. */
	request(true, R, false, 8);
	assert_int_equal(fx_r32(&fx, FX_PRIQ_PROD), UINT32_C(1) << 31 | count);
	request(true, 0, true, 8);
	assert_int_equal(fx.resp_count, 0);
	/* PPAR of 0: no PASID. */
	request(true, R, true, 8);
	last_response(1, HW_PRG_SUCCESS, false);
	assert_int_equal(fx.resp[0].prgi, 8);
	fx_ste(&fx, FX_SID, STE_V, STE1_PPAR);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	request(true, R, true, 8);
	last_response(2, HW_PRG_SUCCESS, true);
	/* Space does not help before the acknowledgement. */
	assert_true(fx_pri(&fx, rec));
	request(true, R, true, 8);
	last_response(3, HW_PRG_SUCCESS, true);
	/* PPAR cannot be known. */
	fx_ste(&fx, FX_SID, 0, 0);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	request(true, R, true, 8);
	last_response(4, HW_PRG_FAILURE, false);
	assert_int_equal(events(), 0x04);
	request(false, R, true, 8);
	assert_int_equal(fx.resp[4].code, HW_PRG_SUCCESS);

	prod = fx_r32(&fx, FX_PRIQ_PROD);
	fx_w32(&fx, FX_PRIQ_CONS, 1 | (prod & UINT32_C(1) << 31));
	request(true, R, true, 9);
	assert_int_equal(fx.resp_count, 5);
	for (i = 1; i < count; i++)
		assert_true(fx_pri(&fx, rec));
	assert_true(fx_pri(&fx, rec));
	assert_int_equal(rec[1] & 0x1ff, 9);
	assert_false(fx_pri(&fx, rec));
}

/* 8.2 */
static void test_pri_queue_off_or_broken_failure(void **state)
{
	(void)state;
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_PRIQEN);
	request(true, R, true, 3);
	last_response(1, HW_PRG_FAILURE, false);
	request(true, 0, true, 3);
	assert_int_equal(fx.resp_count, 1);
	/* SMMUEN of 0 turns it off as well. */
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	request(true, R, true, 3);
	last_response(2, HW_PRG_FAILURE, false);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL);
	/* An abort of the write. */
	fx.abort_first = fx.priq;
	fx.abort_last = fx.priq + 15;
	request(true, R, true, 3);
	last_response(3, HW_PRG_FAILURE, false);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 1 << 3);
	fx.abort_last = 0;
	request(true, R, true, 3);
	last_response(4, HW_PRG_FAILURE, false);
	fx_w32(&fx, FX_GERRORN, 1 << 3);
	request(true, R, true, 3);
	assert_int_equal(fx.resp_count, 4);
	assert_int_equal(fx_r32(&fx, FX_PRIQ_PROD), 1);
}

/* 6.3.36: when there is an interrupt. */
static void test_pri_interrupt_by_last_only(void **state)
{
	unsigned int *wires = &fx.wires[SMMUV3_HW_WIRE_PRIQ];

	(void)state;
	request(true, R, true, 0);
	assert_int_equal(*wires, 0);
	fx_w32(&fx, FX_PRIQ_CONS, 1);
	fx_w32(&fx, FX_IRQ_CTRL, 2);
	request(true, R, false, 0);
	assert_int_equal(*wires, 1);
	request(true, R, true, 0);
	assert_int_equal(*wires, 1);
	/* CFG2 is guarded by the enable. */
	fx_w32(&fx, FX_PRIQ_IRQ_CFG2, UINT32_C(1) << 31);
	assert_int_equal(fx_r32(&fx, FX_PRIQ_IRQ_CFG2), 0);
	fx_w32(&fx, FX_IRQ_CTRL, 0);
	fx_w32(&fx, FX_PRIQ_IRQ_CFG2, UINT32_C(1) << 31);
	fx_w32(&fx, FX_IRQ_CTRL, 2);
	request(true, R, false, 0);
	assert_int_equal(*wires, 1);
	request(true, R, true, 0);
	assert_int_equal(*wires, 2);
}

/* 4.5.2. [R3] */
static void test_pri_resp_codes(void **state)
{
	static const enum hw_prg_code codes[] = { HW_PRG_FAILURE,
						  HW_PRG_INVALID,
						  HW_PRG_SUCCESS };
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		fx_cmd(&fx, CMD_PRI_RESP(FX_SID), 0x1a5 | i << 12);
		last_response(2 * i + 1, codes[i], false);
		assert_int_equal(fx.resp[2 * i].prgi, 0x1a5);
		fx_cmd(&fx, CMD_PRI_RESP(FX_SID) | 1 << 11 | 0x54321u << 12,
		       i << 12);
		last_response(2 * i + 2, codes[i], true);
	}
	fx_cmd(&fx, CMD_PRI_RESP(FX_SID), 3 << 12);
	assert_int_equal(fx.resp_count, 6);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_ats_permissions_granted),
		T(test_ats_not_present_success_without_permission),
		T(test_ats_refused_status_and_events),
		T(test_ats_dirty_by_no_write),
		T(test_ats_s1dss_bypass_identity),
		T(test_ats_translated_checked_by_eats),
		T(test_ats_inv_scope),
		T(test_pri_records_golden),
		T(test_pri_overflow_answers_last_until_acknowledged),
		T(test_pri_queue_off_or_broken_failure),
		T(test_pri_interrupt_by_last_only),
		T(test_pri_resp_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
