/* SPDX-License-Identifier: MIT */
/*
 * Page requests: the record, the queue and its overflow, who is answered by
 * the unit and how, the event (7.4, 7.5, 11.4.11).
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "tests/models/vtd_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum {
	PPR = 1,
	PRO = 2,
	R = IOMMU_PERM_READ,
	W = IOMMU_PERM_WRITE,
	X = IOMMU_PERM_EXEC,
	P = IOMMU_PERM_PRIV,
};

static struct vx vx;

/* Entries that are in use: first stage, of nobody's table. */
static void pasids(void)
{
	static const uint32_t used[] = { 0, 5, 0x12 };
	const uint64_t pe[8] = { UINT64_C(1) << 6 | 1, 3, 0x1000 };
	size_t i;

	for (i = 0; i < COUNT(used); i++)
		vx_pasid(&vx, VX_SID, used[i], pe);
}

static int setup(void **state)
{
	(void)state;
	vx_start(&vx, NULL);
	vx_device(&vx, VX_SID, 0);
	pasids();
	vx_w32(&vx, VX_PEADDR, 0xfee02000);
	vx_w32(&vx, VX_PEUADDR, 0x9);
	vx_w32(&vx, VX_PEDATA, 0x71);
	vx_w32(&vx, VX_PECTL, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vx_fini(&vx);
	return 0;
}

/* One of the device, in group 1. */
static void ask(bool last)
{
	vx_page_request(&vx, VX_SID, 5, 0x1000, R, 1, last);
}

static uint32_t prs(void)
{
	return vx_r32(&vx, VX_PRS);
}

/* [M3] A request, and the words of its record. */
static const struct {
	struct hw_page_request req;
	uint64_t dw[2];
} records[] = {
	/* Type 1, PP, RID, PASID; RDR, PRGI, ADDR */
	{ { 0x0321, true, 0x12, 0x12345678, R, 0, false },
	  { 0x0000001203210101, 0x12345001 } },
	{ { 0x0321, true, 0x12, 0x12345678, W, 0, false },
	  { 0x0000001203210101, 0x12345002 } },
	{ { 0x0321, true, 0x12, 0xfffffffffffff000, R | W, 0x1ff, true },
	  { 0x0000001203210101, 0xffffffffffffffff } },
	{ { 0x0321, true, 0x12, 0, R | X, 1, false },
	  { 0x0010001203210101, 0x9 } },
	{ { 0x0321, true, 0x12, 0, R | P, 0x100, false },
	  { 0x0020001203210101, 0x801 } },
	/* Without PASID there is neither of the two. */
	{ { 0x0321, false, 0x12, 0x1000, R | X | P, 0, true },
	  { 0x0000000003210001, 0x1005 } },
	/* Stop marker: L alone. */
	{ { 0x0321, true, 0x12, 0, 0, 0, true }, { 0x0000001203210101, 0x4 } },
};

static void test_prq_records(void **state)
{
	uint64_t prd[4];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(records); i++) {
		vx.hw->ops->page_request(vx.hw, &records[i].req);
		assert_true(vx_prd(&vx, prd));
		if (prd[0] != records[i].dw[0] || prd[1] != records[i].dw[1] ||
		    prd[2] || prd[3])
			fail_msg("row %zu: %#llx %#llx", i,
				 (unsigned long long)prd[0],
				 (unsigned long long)prd[1]);
	}
	assert_int_equal(vx.resp_count, 0);
	assert_int_equal(vx_stats(&vx).page_requests, COUNT(records));
	assert_int_equal(vx_stats(&vx).events, 0);
}

/* 7.5: PPR, and one event for all that is pending. */
static void test_prq_event(void **state)
{
	(void)state;
	ask(true);
	assert_int_equal(prs(), PPR);
	assert_int_equal(vx.msi_count, 1);
	assert_int_equal(vx.msi[0].addr, UINT64_C(0x9fee02000));
	assert_int_equal(vx.msi[0].data, 0x71);
	assert_int_equal(vx.msi[0].requester, VX_UNIT_SID);
	ask(true);
	assert_int_equal(vx.msi_count, 1);
	vx_w32(&vx, VX_PRS, 0);
	assert_int_equal(prs(), PPR);
	vx_w32(&vx, VX_PRS, PPR);
	assert_int_equal(prs(), 0);
	ask(true);
	assert_int_equal(vx.msi_count, 2);
	/* Masked, and sent when it is not any more. */
	vx_w32(&vx, VX_PRS, PPR);
	vx_w32(&vx, VX_PECTL, VX_IM);
	ask(true);
	assert_int_equal(vx_r32(&vx, VX_PECTL), VX_IM | VX_IP);
	assert_int_equal(vx.msi_count, 2);
	vx_w32(&vx, VX_PECTL, 0);
	assert_int_equal(vx.msi_count, 3);
	/* Masked, and served. */
	vx_w32(&vx, VX_PRS, PPR);
	vx_w32(&vx, VX_PECTL, VX_IM);
	ask(true);
	vx_w32(&vx, VX_PRS, PPR);
	assert_int_equal(vx_r32(&vx, VX_PECTL), VX_IM);
	vx_w32(&vx, VX_PECTL, 0);
	assert_int_equal(vx.msi_count, 3);
}

static void check_response(unsigned int i, enum hw_prg_code code, uint16_t prgi)
{
	assert_true(vx.resp_count > i);
	assert_int_equal(vx.resp[i].requester, VX_SID);
	assert_true(vx.resp[i].pasid_valid);
	assert_int_equal(vx.resp[i].pasid, 5);
	assert_int_equal(vx.resp[i].prgi, prgi);
	assert_int_equal(vx.resp[i].code, code);
}

/*
 * [M3] [L5] 11.4.11.5: the queue holds one less than it has places. What comes then is
 * dropped; the last of a group is answered with success.
 */
static void test_prq_overflow(void **state)
{
	uint64_t prd[4];
	unsigned int i;

	(void)state;
	for (i = 0; i < 127; i++)
		ask(false);
	assert_int_equal(prs(), PPR);
	assert_int_equal(vx_r64(&vx, VX_PQT), 127 * 32);
	ask(false);
	assert_int_equal(prs(), PPR | PRO);
	assert_int_equal(vx.resp_count, 0);
	vx_page_request(&vx, VX_SID, 5, 0x1000, R, 0x155, true);
	assert_int_equal(vx.resp_count, 1);
	check_response(0, HW_PRG_SUCCESS, 0x155);
	/* A stop marker has no answer. */
	vx_page_request(&vx, VX_SID, 5, 0, 0, 0, true);
	assert_int_equal(vx.resp_count, 1);
	assert_int_equal(vx_r64(&vx, VX_PQT), 127 * 32);
	/* Room does not help before PRO is cleared. */
	for (i = 0; i < 127; i++)
		assert_true(vx_prd(&vx, prd));
	assert_false(vx_prd(&vx, prd));
	ask(true);
	assert_int_equal(vx.resp_count, 2);
	assert_false(vx_prd(&vx, prd));
	assert_int_equal(vx.msi_count, 1);
	/* PPR served, PRO not: still no event of its own. */
	vx_w32(&vx, VX_PRS, PPR);
	ask(true);
	assert_int_equal(vx.msi_count, 1);
	vx_w32(&vx, VX_PRS, PRO);
	assert_int_equal(prs(), 0);
	ask(true);
	assert_int_equal(vx.resp_count, 3);
	assert_int_equal(vx.msi_count, 2);
	assert_true(vx_prd(&vx, prd));
	assert_int_equal(vx_r64(&vx, VX_PQT), 0);
	assert_int_equal(vx_stats(&vx).page_requests, 127 + 6);
	assert_int_equal(vx_stats(&vx).page_requests_queued, 127 + 1);
	assert_int_equal(vx_stats(&vx).prg_responses, 3);
	assert_int_equal(vx_stats(&vx).prg_responses_auto, 3);
}

/* The overflow is an event where PPR was served before. */
static void test_prq_overflow_event(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 127; i++)
		ask(false);
	vx_w32(&vx, VX_PRS, PPR);
	assert_int_equal(vx.msi_count, 1);
	ask(false);
	assert_int_equal(prs(), PRO);
	assert_int_equal(vx.msi_count, 2);
}

/* An answer without PASID for a request without. */
static void test_prq_overflow_without_pasid(void **state)
{
	struct hw_page_request req = { VX_SID, false, 5, 0x1000, R, 3, true };
	unsigned int i;

	(void)state;
	for (i = 0; i < 128; i++)
		ask(false);
	vx.hw->ops->page_request(vx.hw, &req);
	assert_int_equal(vx.resp_count, 1);
	assert_false(vx.resp[0].pasid_valid);
	assert_int_equal(vx.resp[0].pasid, 0);
	assert_int_equal(vx.resp[0].prgi, 3);
	assert_int_equal(vx.resp[0].code, HW_PRG_SUCCESS);
	/* Nor is L alone without PASID a stop marker. */
	req.perm = 0;
	vx.hw->ops->page_request(vx.hw, &req);
	assert_int_equal(vx.resp_count, 2);
}

/* 11.4.11.3: 2^(PQS + 7) places, and around. */
static void test_prq_sizes(void **state)
{
	unsigned int pqs, i, places;

	(void)state;
	for (pqs = 0; pqs <= 7; pqs += 7) {
		places = 128u << pqs;
		vx.pq = vx_alloc(&vx, places * 32, 4096);
		vx_w64(&vx, VX_PQH, 0);
		vx_w64(&vx, VX_PQT, 0);
		vx_w64(&vx, VX_PQA, vx.pq | pqs);
		for (i = 0; i < 2 * places; i++) {
			assert_int_equal(vx_r64(&vx, VX_PQT), i % places * 32);
			ask(false);
			vx_w64(&vx, VX_PQH, vx_r64(&vx, VX_PQT));
		}
		assert_int_equal(prs(), PPR);
		assert_int_equal(vx_get(&vx, vx.pq + (places - 1) * 32),
				 0x0000000503210101);
	}
}

/* What the tables say: the record, the answer, and nothing in the queue. */
struct refusal {
	int reason; /* 0: no record */
	enum hw_prg_code code;
};

static void check_refused(const char *what, struct refusal want)
{
	unsigned int before = vx.resp_count;
	uint64_t rec[2] = { 0, 0 };
	uint64_t prd[4];

	ask(false);
	assert_int_equal(vx.resp_count, before);
	vx_fault(&vx, rec);
	ask(true);
	assert_int_equal(vx.resp_count, before + 1);
	check_response(before, want.code, 1);
	assert_false(vx_prd(&vx, prd));
	assert_int_equal(prs(), 0);
	if (vx_fault(&vx, rec) != (want.reason != 0))
		fail_msg("%s: a record, or none", what);
	if (!want.reason)
		return;
	if ((int)VX_FR(rec[1]) != want.reason)
		fail_msg("%s: %#x", what, VX_FR(rec[1]));
	/* Untranslated, T2, the PASID and the page of the request. */
	assert_int_equal(rec[0], 0x1000);
	assert_int_equal(rec[1] & ~(UINT64_C(0xff) << 32),
			 UINT64_C(0x8000050090000321));
}

static void test_prq_refused(void **state)
{
	uint64_t ce = vx_context_pa(&vx, VX_SID), dw0 = vx_get(&vx, ce);

	(void)state;
	/* PRE is clear: SCT.8. */
	vx_put(&vx, ce, dw0 & ~UINT64_C(0x10));
	check_refused("PRE", (struct refusal){ 0x47, HW_PRG_INVALID });
	/* FPD with it. */
	vx_put(&vx, ce, (dw0 & ~UINT64_C(0x10)) | 2);
	vx_inv(&vx, VX_INV_CC_GLOBAL, 0);
	check_refused("FPD", (struct refusal){ 0, HW_PRG_INVALID });
	vx_put(&vx, ce, dw0 & ~UINT64_C(1));
	vx_inv(&vx, VX_INV_CC_GLOBAL, 0);
	check_refused("P", (struct refusal){ 0x41, HW_PRG_INVALID });
	/* PASIDE */
	vx_put(&vx, ce, dw0 & ~UINT64_C(8));
	vx_inv(&vx, VX_INV_CC_GLOBAL, 0);
	check_refused("PASIDE", (struct refusal){ 0x45, HW_PRG_INVALID });
	/* Not readable. */
	vx_inv(&vx, VX_INV_CC_GLOBAL, 0);
	vx.abort_first = ce;
	vx.abort_last = ce + 31;
	check_refused("context", (struct refusal){ 0x40, HW_PRG_INVALID });
	vx.abort_first = vx.root;
	vx.abort_last = vx.root + 4095;
	vx_inv(&vx, VX_INV_CC_GLOBAL, 0);
	check_refused("root", (struct refusal){ 0x38, HW_PRG_INVALID });
	vx.abort_last = 0;
	/* Legacy mode: RTA.3. */
	vx_w64(&vx, VX_RTADDR, vx.root);
	vx_gcmd(&vx, VX_SRTP);
	check_refused("legacy", (struct refusal){ 0x32, HW_PRG_INVALID });
	/* Translation is off. */
	vx_w32(&vx, VX_GCMD, VX_QIE);
	check_refused("off", (struct refusal){ 0, HW_PRG_INVALID });
}

/* The queue itself cannot be written: it is as if nothing had come. */
static void test_prq_write_aborted(void **state)
{
	(void)state;
	vx.abort_first = vx.pq;
	vx.abort_last = vx.pq + 31;
	ask(false);
	assert_int_equal(vx.resp_count, 0);
	ask(true);
	check_response(0, HW_PRG_FAILURE, 1);
	assert_int_equal(prs(), 0);
	assert_int_equal(vx_r64(&vx, VX_PQT), 0);
	assert_int_equal(vx.msi_count, 0);
}

/* A unit without page requests: Invalid, and no registers. */
static void test_prq_not_announced(void **state)
{
	struct vtd_hw_cfg cfg = vx.cfg;

	(void)state;
	cfg.ecap &= ~(UINT64_C(1) << 29 | UINT64_C(1) << 42);
	vx_fini(&vx);
	vx_start(&vx, &cfg);
	assert_int_equal(vx_r32(&vx, VX_PECTL), 0);
	vx_w32(&vx, VX_PECTL, VX_IM);
	assert_int_equal(vx_r32(&vx, VX_PECTL), 0);
	ask(true);
	check_response(0, HW_PRG_INVALID, 1);
}

/* Software has not made room for an answer: none is sent. */
static void test_prq_no_bus(void **state)
{
	(void)state;
	vx_fini(&vx);
	vx.no_bus = true;
	vx_start(&vx, NULL);
	ask(true);
	assert_int_equal(vx.resp_count, 0);
	assert_int_equal(vx_stats(&vx).prg_responses, 0);
}

/*
 * What the IOTLB has for the page goes: a device that asks for a page that was
 * read-only finds it writable, without an invalidation.
 */
static void test_prq_forgets_translation(void **state)
{
	uint64_t root = vx_alloc(&vx, 4096, 4096), table = root, next;
	uint64_t pasid[8] = { 0 };
	unsigned int level;

	(void)state;
	/* 4 levels: U/S, R/W, P all the way down to 0x0. */
	for (level = 0; level < 3; level++) {
		next = vx_alloc(&vx, 4096, 4096);
		vx_put(&vx, table, next | 7);
		table = next;
	}
	vx_put(&vx, table + 8, 0x7005); /* page 0x1000, read-only */
	vx_put(&vx, table + 16, 0x8005);
	pasid[0] = UINT64_C(1) << 6 | 1;  /* first stage */
	pasid[1] = UINT64_C(1) << 23 | 3; /* walks snoop; domain */
	pasid[2] = root;
	vx_pasid(&vx, VX_SID, 5, pasid);
	assert_int_equal(vx_access_pasid(&vx, VX_SID, 5, 0x1000, R, NULL), 0);
	assert_int_equal(vx_access_pasid(&vx, VX_SID, 5, 0x2000, R, NULL), 0);
	vx_put(&vx, table + 8, 0);
	vx_put(&vx, table + 16, 0);
	/* Control: what is not asked for stays. */
	assert_int_equal(vx_access_pasid(&vx, VX_SID, 5, 0x1000, R, NULL), 0);
	ask(true);
	assert_int_equal(vx_access_pasid(&vx, VX_SID, 5, 0x1000, R, NULL),
			 -EFAULT);
	assert_int_equal(vx_access_pasid(&vx, VX_SID, 5, 0x2000, R, NULL), 0);
	/* A mask of more than there is takes that one as well. */
	vx_inv(&vx, VX_INV_PIOTLB_PAGE(3, 6), VX_INV1_AM(63));
	assert_int_equal(vx_access_pasid(&vx, VX_SID, 5, 0x2000, R, NULL), 0);
	vx_inv(&vx, VX_INV_PIOTLB_PAGE(3, 5), 0x80000 | VX_INV1_AM(63));
	assert_int_equal(vx_access_pasid(&vx, VX_SID, 5, 0x2000, R, NULL),
			 -EFAULT);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(test_prq_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(records),
		T(event),
		T(overflow),
		T(overflow_event),
		T(overflow_without_pasid),
		T(sizes),
		T(refused),
		T(write_aborted),
		T(not_announced),
		T(no_bus),
		T(forgets_translation),
	};

	return cmocka_run_group_tests_name("vtd_prq", tests, NULL, NULL);
}
