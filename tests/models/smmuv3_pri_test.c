/* SPDX-License-Identifier: MIT */
/*
 * What the SMMU answers by itself to page requests, in every case of sections
 * 8.1 and 8.2.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

#define R ((unsigned int)IOMMU_PERM_READ)

/* Why a request is not queued. */
enum cause {
	OVERFLOW,
	NO_PRIQEN,
	NO_SMMUEN,
	ACTIVE_ABORT,
	WRITE_ABORT,
};

/* What PPAR is read from. */
enum ste {
	PPAR_0,
	PPAR_1,
	PPAR_1_ABORTS,   /* Config 0 is valid */
	PPAR_1_BYPASSES, /* and 4 */
	NOT_VALID,
	ILLEGAL,
	FETCH_ABORTS,
	OUT_OF_RANGE,
	STES,
};

enum { NONE = -1, OK = HW_PRG_SUCCESS, FAIL = HW_PRG_FAILURE };

static struct fx fx;

/* A small queue; PPS and substreams by choice. */
static void start(bool pps, bool substreams)
{
	struct smmuv3_hw_cfg cfg;

	smmuv3_hw_cfg_default(&cfg);
	if (pps)
		cfg.idr[3] |= 1 << 5;
	if (!substreams)
		cfg.idr[1] &= ~(UINT32_C(31) << 6);
	fx_start(&fx, &cfg);
}

static void request(uint32_t sid, bool pasid, uint32_t perm, bool last)
{
	struct hw_page_request req = { .requester = sid,
				       .pasid_valid = pasid,
				       .pasid = 0x54321,
				       .addr = 0x5000,
				       .perm = perm,
				       .prgi = 0x155,
				       .last = last };

	fx.hw->ops->page_request(fx.hw, &req);
}

static void cause(enum cause cause)
{
	unsigned int i;

	switch (cause) {
	case OVERFLOW:
		for (i = 0; i < 1u << FX_PRIQ_LG2; i++)
			request(1, false, R, true);
		request(1, false, R, false);
		break;
	case NO_PRIQEN:
		fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_PRIQEN);
		break;
	case NO_SMMUEN:
		fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
		break;
	case ACTIVE_ABORT:
	case WRITE_ABORT:
		fx.abort_first = fx.priq;
		fx.abort_last = fx.priq + 15;
		if (cause == WRITE_ABORT)
			break;
		request(1, false, R, true);
		fx.abort_last = 0;
		assert_int_equal(fx_r32(&fx, FX_GERROR), 1 << 3);
		break;
	}
	fx.resp_count = 0;
}

/* The answer is there, or there is none. */
static void answered(const char *what, uint32_t sid, int code, bool pasid)
{
	if (fx.resp_count != (code != NONE))
		fail_msg("%s: %u answers", what, fx.resp_count);
	fx.resp_count = 0;
	if (code == NONE)
		return;
	assert_int_equal(fx.resp[0].requester, sid);
	assert_int_equal(fx.resp[0].prgi, 0x155);
	if ((int)fx.resp[0].code != code || fx.resp[0].pasid_valid != pasid)
		fail_msg("%s: code %d, PASID %d", what, fx.resp[0].code,
			 fx.resp[0].pasid_valid);
	if (pasid)
		assert_int_equal(fx.resp[0].pasid, 0x54321);
}

/* 8.2: any request, no PASID in the answer; a stop marker has none. */
static void test_pri_refused_by_every_cause(void **state)
{
	static const struct {
		const char *what;
		bool pasid;
		uint32_t perm;
		bool last;
		int code;
	} rows[] = {
		{ "last", false, R, true, FAIL },
		{ "not last", false, R, false, FAIL },
		{ "last, PASID", true, R, true, FAIL },
		{ "not last, PASID", true, R, false, FAIL },
		{ "stop marker", true, 0, true, NONE },
		{ "like one, without a PASID", false, 0, true, FAIL },
		{ "like one, not last", true, 0, false, FAIL },
	};
	unsigned int i;
	int c;

	(void)state;
	for (c = NO_PRIQEN; c <= WRITE_ABORT; c++)
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			start(true, true);
			cause((enum cause)c);
			request(FX_SID, rows[i].pasid, rows[i].perm,
				rows[i].last);
			answered(rows[i].what, FX_SID, rows[i].code, false);
			assert_int_equal(fx_r32(&fx, FX_PRIQ_PROD), 0);
			assert_int_equal(fx_stats(&fx).page_requests_queued, 0);
			assert_int_equal(fx_stats(&fx).prg_responses_auto,
					 (c == ACTIVE_ABORT) +
						 (rows[i].code != NONE));
			fx_fini(&fx);
		}
}

static uint32_t make_ste(enum ste kind)
{
	static const struct {
		uint64_t dw0, dw1;
	} stes[] = {
		[PPAR_0] = { STE_V | STE_BYPASS, 0 },
		[PPAR_1] = { STE_V | STE_S1, STE1_PPAR },
		[PPAR_1_ABORTS] = { STE_V, STE1_PPAR },
		[PPAR_1_BYPASSES] = { STE_V | STE_BYPASS, STE1_PPAR },
		[NOT_VALID] = { STE_BYPASS, STE1_PPAR },
		[ILLEGAL] = { STE_V | STE_S1, STE1_PPAR | STE1_S1STALLD },
		[FETCH_ABORTS] = { STE_V | STE_BYPASS, STE1_PPAR },
	};

	if (kind == OUT_OF_RANGE)
		return 1 << FX_STREAMS_LG2;
	fx_ste(&fx, FX_SID, stes[kind].dw0, stes[kind].dw1);
	if (kind == FETCH_ABORTS) {
		fx.abort_first = fx.strtab + FX_SID * 64;
		fx.abort_last = fx.abort_first + 63;
	}
	return FX_SID;
}

/* 8.1: PPS, or PPAR of whatever STE there is. */
static void test_pri_overflow_pasid_by_pps_and_ppar(void **state)
{
	static const struct {
		int code;
		bool pasid;
		unsigned int event;
	} want[STES] = {
		[PPAR_0] = { OK, false, 0 },
		[PPAR_1] = { OK, true, 0 },
		[PPAR_1_ABORTS] = { OK, true, 0 },
		[PPAR_1_BYPASSES] = { OK, true, 0 },
		[NOT_VALID] = { FAIL, false, 0x04 },
		[ILLEGAL] = { FAIL, false, 0x04 },
		[FETCH_ABORTS] = { FAIL, false, 0x03 },
		[OUT_OF_RANGE] = { FAIL, false, 0x02 },
	};
	unsigned int kind, cr2, event;
	uint64_t rec[4];
	uint32_t sid;

	(void)state;
	for (kind = 0; kind < STES; kind++)
		for (cr2 = 0; cr2 < 4; cr2++) {
			start(false, true);
			/* RECINVSID is bit 1, REC_CFG_ATS bit 3. */
			fx_w32(&fx, FX_CR0, 0);
			fx_w32(&fx, FX_CR2, (cr2 & 1) << 1 | (cr2 & 2) << 2);
			fx_w32(&fx, FX_CR0, FX_CR0_ALL);
			cause(OVERFLOW);
			sid = make_ste((enum ste)kind);
			/* Nothing to look up. */
			request(sid, false, R, true);
			answered("no PASID", sid, OK, false);
			request(sid, true, R, false);
			answered("not last", sid, NONE, false);
			request(sid, true, 0, true);
			answered("stop marker", sid, NONE, false);
			assert_false(fx_evt(&fx, rec));
			request(sid, true, R, true);
			answered("PASID", sid, want[kind].code,
				 want[kind].pasid);
			event = want[kind].event;
			if (!(cr2 & 2) || (event == 0x02 && !(cr2 & 1)))
				event = 0;
			if (fx_evt(&fx, rec) != (event != 0))
				fail_msg("STE %u, CR2 %u: event", kind, cr2);
			if (event) {
				assert_int_equal(rec[0] & 0xff, event);
				assert_int_equal(rec[0] >> 32, sid);
				/* SSV, and the PASID. */
				assert_int_equal(rec[0] >> 11 & 0x1fffff,
						 0x54321 << 1 | 1);
			}
			assert_int_equal(fx_r32(&fx, FX_PRIQ_PROD),
					 1u << 31 | 1u << FX_PRIQ_LG2);
			fx_fini(&fx);
		}
}

static void test_pri_overflow_pps_asks_no_ste(void **state)
{
	unsigned int kind;
	uint64_t rec[4];
	uint32_t sid;

	(void)state;
	for (kind = 0; kind < STES; kind++) {
		start(true, true);
		cause(OVERFLOW);
		sid = make_ste((enum ste)kind);
		request(sid, true, R, true);
		answered("PPS", sid, OK, true);
		request(sid, false, R, true);
		answered("PPS, no PASID", sid, OK, false);
		assert_false(fx_evt(&fx, rec));
		fx_fini(&fx);
	}
}

/* An SMMU without substreams sees no PASID: 8, 8.1. */
static void test_pri_without_substreams(void **state)
{
	uint64_t rec[2];

	(void)state;
	start(false, false);
	request(FX_SID, true,
		R | (unsigned int)(IOMMU_PERM_EXEC | IOMMU_PERM_PRIV), true);
	assert_true(fx_pri(&fx, rec));
	/* R, Last; neither SSV nor X and Priv. */
	assert_int_equal(rec[0], UINT64_C(5) << 60 | FX_SID);
	assert_int_equal(rec[1], 0x5155);
	cause(OVERFLOW);
	request(FX_SID, true, R, true);
	answered("overflow", FX_SID, OK, false);
	/* What would be a stop marker is a request. */
	request(FX_SID, true, 0, true);
	answered("no marker", FX_SID, OK, false);
	fx_fini(&fx);
}

/* An SMMU without PRI answers as one whose queue is off. */
static void test_pri_not_announced_refused(void **state)
{
	struct smmuv3_hw_cfg cfg;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] &= ~(UINT32_C(1) << 16);
	fx_start(&fx, &cfg);
	request(FX_SID, true, R, true);
	answered("no PRI", FX_SID, FAIL, false);
	fx_fini(&fx);
}

/* 6.3.36: an overflow has its interrupt with LO, other losses have none. */
static void test_pri_last_only_interrupts_of_lost_requests(void **state)
{
	const unsigned int *wires = &fx.wires[SMMUV3_HW_WIRE_PRIQ];

	(void)state;
	start(false, true);
	fx_w32(&fx, FX_PRIQ_IRQ_CFG2, UINT32_C(1) << 31);
	fx_w32(&fx, FX_IRQ_CTRL, 2);
	request(1, false, R, false);
	assert_int_equal(*wires, 0);
	request(1, false, R, true);
	assert_int_equal(*wires, 1);
	cause(OVERFLOW);
	fx.wires[SMMUV3_HW_WIRE_PRIQ] = 0;
	request(1, false, R, false);
	assert_int_equal(*wires, 0);
	request(1, false, R, true);
	assert_int_equal(*wires, 1);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_PRIQEN);
	request(1, false, R, true);
	assert_int_equal(*wires, 1);
	fx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pri_refused_by_every_cause),
		cmocka_unit_test(test_pri_overflow_pasid_by_pps_and_ppar),
		cmocka_unit_test(test_pri_overflow_pps_asks_no_ste),
		cmocka_unit_test(test_pri_without_substreams),
		cmocka_unit_test(test_pri_not_announced_refused),
		cmocka_unit_test(
			test_pri_last_only_interrupts_of_lost_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
