/* SPDX-License-Identifier: MIT */
/*
 * Primary fault recording: the fields of a record, the circle of registers,
 * overflow, what software clears and how, events (7.2, 7.3, 11.4.7).
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

static struct vx vx;

/* A unit whose root table is empty: each request is SRT.2, 39h. */
static int setup(void **state)
{
	(void)state;
	vx_start(&vx, NULL);
	vx_w32(&vx, VX_FEADDR, 0xfee00000);
	vx_w32(&vx, VX_FEDATA, 0x55);
	vx_w32(&vx, VX_FECTL, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vx_fini(&vx);
	return 0;
}

static void restart(unsigned int records, bool collapse)
{
	struct vtd_hw_cfg cfg = vx.cfg;

	cfg.cap &= ~(UINT64_C(0xff) << 40);
	cfg.cap |= (uint64_t)(records - 1) << 40;
	cfg.collapse = collapse;
	vx_fini(&vx);
	vx_start(&vx, &cfg);
	vx_w32(&vx, VX_FECTL, 0);
}

/* One more fault, of @sid at @page. */
static void fault(uint16_t sid, uint64_t page)
{
	assert_int_equal(vx_access(&vx, sid, page << 12, IOMMU_PERM_READ, NULL),
			 -EFAULT);
}

static uint32_t fsts(void)
{
	return vx_r32(&vx, VX_FSTS);
}

static void clear_f(unsigned int i)
{
	vx_w32(&vx, VX_FRCD + 16 * i + 12, UINT32_C(1) << 31);
}

/* [I6] What of a request is in its record. */
static const struct {
	struct hw_txn txn;
	bool ats;
	uint64_t lo, hi;
} requests[] = {
	/* F, T1, reason 39h, source */
	{ { .requester = 0x0321, .perm = IOMMU_PERM_READ, .addr = 0x12345678 },
	  false,
	  0x12345000,
	  0xc000003900000321 },
	/* 11.4.7.6: address bits up to the largest AGAW, but in the page. */
	{ { .requester = 0xffff, .perm = IOMMU_PERM_READ, .addr = UINT64_MAX },
	  false,
	  0x01fffffffffff000,
	  0xc00000390000ffff },
	/* A write: T1 is 0. */
	{ { .requester = 0x0321, .perm = IOMMU_PERM_WRITE, .addr = 0x1000 },
	  false,
	  0x1000,
	  0x8000003900000321 },
	/* An AtomicOp: T1 and T2. */
	{ { .requester = 0x0321,
	    .perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE,
	    .addr = 0x1000 },
	  false,
	  0x1000,
	  0xc000003910000321 },
	/* PASID, and no privilege. */
	{ { .requester = 0x0321,
	    .flags = HW_TXN_PASID_VALID,
	    .pasid = 0xabcde,
	    .perm = IOMMU_PERM_READ,
	    .addr = 0x1000 },
	  false,
	  0x1000,
	  0xcabcde3980000321 },
	/* Privileged, execute: PRIV, EXE. */
	{ { .requester = 0x0321,
	    .flags = HW_TXN_PASID_VALID,
	    .pasid = 1,
	    .perm = IOMMU_PERM_READ | IOMMU_PERM_EXEC | IOMMU_PERM_PRIV,
	    .addr = 0x1000 },
	  false,
	  0x1000,
	  0xc0000139e0000321 },
	/* Neither without PASID. */
	{ { .requester = 0x0321,
	    .pasid = 7,
	    .perm = IOMMU_PERM_READ | IOMMU_PERM_EXEC | IOMMU_PERM_PRIV,
	    .addr = 0x1000 },
	  false,
	  0x1000,
	  0xc000003900000321 },
	/* AT: translated, translation request. */
	{ { .requester = 0x0321,
	    .flags = HW_TXN_TRANSLATED,
	    .perm = IOMMU_PERM_WRITE,
	    .addr = 0x1000 },
	  false,
	  0x1000,
	  0xa000003900000321 },
	{ { .requester = 0x0321,
	    .flags = HW_TXN_NO_WRITE,
	    .perm = IOMMU_PERM_READ,
	    .addr = 0x1000 },
	  true,
	  0x1000,
	  0xd000003900000321 },
};

static void test_fault_fields(void **state)
{
	struct hw_ats_reply reply;
	struct hw_xlat xlat;
	uint64_t rec[2];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(requests); i++) {
		const struct hw_txn *txn = &requests[i].txn;

		if (requests[i].ats)
			vx.hw->ops->ats_translate(vx.hw, &vx.port, txn, &reply);
		else
			assert_int_equal(vx.hw->ops->translate(vx.hw, &vx.port,
							       txn, &xlat),
					 -EFAULT);
		assert_true(vx_fault(&vx, rec));
		if (rec[0] != requests[i].lo || rec[1] != requests[i].hi)
			fail_msg("row %zu: %#llx %#llx", i,
				 (unsigned long long)rec[0],
				 (unsigned long long)rec[1]);
		assert_false(vx_fault(&vx, rec));
	}
}

/* A page request has T2 alone. */
static void test_fault_fields_page_request(void **state)
{
	uint64_t rec[2];

	(void)state;
	vx_page_request(&vx, 0x0321, 5, 0x7000,
			IOMMU_PERM_READ | IOMMU_PERM_PRIV, 0, true);
	assert_true(vx_fault(&vx, rec));
	assert_int_equal(rec[0], 0x7000);
	assert_int_equal(rec[1], UINT64_C(0x80000539b0000321));
}

/* [I6] [L5] 7.2.1: one after the other; PFO; FRI is the first of those pending. */
/* 11.4.7.6: what is not announced is not in a record either. */
static void test_fault_fields_not_announced(void **state)
{
	const struct hw_txn txn = {
		.requester = 0x0321,
		.flags = HW_TXN_PASID_VALID,
		.pasid = 0xabcde,
		.perm = IOMMU_PERM_READ | IOMMU_PERM_PRIV,
		.addr = UINT64_MAX,
	};
	struct vtd_hw_cfg cfg = vx.cfg;
	struct hw_xlat xlat;
	uint64_t rec[2];

	(void)state;
	/* SAGAW: 39 bits. What is left of ECAP: C, QI, IRO. */
	cfg.cap = (cfg.cap & ~UINT64_C(0x1f00)) | 2 << 8;
	cfg.cap &= ~(UINT64_C(1) << 56 | UINT64_C(1) << 60);
	cfg.ecap = 3 | (cfg.ecap & 0x3ff00);
	vx_fini(&vx);
	vx_init(&vx, &cfg);
	vx_w64(&vx, VX_RTADDR, VX_MEM_SIZE);
	vx_gcmd(&vx, VX_SRTP);
	vx_gcmd(&vx, VX_TE);
	assert_int_equal(vx.hw->ops->translate(vx.hw, &vx.port, &txn, &xlat),
			 -EFAULT);
	assert_true(vx_fault(&vx, rec));
	assert_int_equal(rec[0], 0x7ffffff000);
	assert_int_equal(rec[1], 0xc000003100000321);
}

/* 7.2.1: the circle starts again once nothing is remapped any more. */
static void test_fault_circle_restarts(void **state)
{
	uint64_t rec[2];

	(void)state;
	fault(0x0300, 1);
	clear_f(0);
	vx_gcmd(&vx, VX_SIRTP);
	vx_gcmd(&vx, VX_IRE);
	vx_w32(&vx, VX_GCMD, VX_IRE | VX_QIE);
	vx_gcmd(&vx, VX_TE);
	fault(0x0300, 2);
	vx_frcd(&vx, 1, rec);
	assert_int_equal(rec[0], 2 << 12);
	clear_f(1);
	vx_w32(&vx, VX_GCMD, VX_QIE);
	vx_gcmd(&vx, VX_TE);
	fault(0x0300, 3);
	vx_frcd(&vx, 0, rec);
	assert_true(VX_F(rec[1]));
	assert_int_equal(rec[0], 3 << 12);
}

static void test_fault_circle(void **state)
{
	uint64_t rec[2];
	unsigned int i;

	(void)state;
	for (i = 0; i < 8; i++) {
		assert_int_equal(fsts(), i ? VX_PPF : 0);
		fault(0x0300, i);
	}
	for (i = 0; i < 8; i++) {
		vx_frcd(&vx, i, rec);
		assert_int_equal(rec[0], i << 12);
		assert_true(VX_F(rec[1]));
	}
	assert_int_equal(fsts(), VX_PPF);
	fault(0x0300, 8);
	assert_int_equal(fsts(), VX_PPF | VX_PFO);
	vx_frcd(&vx, 0, rec);
	assert_int_equal(rec[0], 0);
	/* Not before PFO is cleared, though there is room. */
	clear_f(0);
	fault(0x0300, 9);
	vx_frcd(&vx, 0, rec);
	assert_false(VX_F(rec[1]));
	assert_int_equal(vx_stats(&vx).events, 10);
	assert_int_equal(vx_stats(&vx).events_lost, 2);
	vx_w32(&vx, VX_FSTS, VX_PFO);
	fault(0x0300, 10);
	vx_frcd(&vx, 0, rec);
	assert_int_equal(rec[0], 10 << 12);
	/* FRI is of the time when there was none. */
	assert_int_equal(fsts(), VX_PPF);
	for (i = 0; i < 8; i++)
		clear_f(i);
	assert_int_equal(fsts(), 0);
	fault(0x0300, 11);
	assert_int_equal(fsts(), VX_PPF | 1 << 8);
	fault(0x0300, 12);
	assert_int_equal(fsts(), VX_PPF | 1 << 8);
	/* The first one cleared, the second still there. */
	clear_f(1);
	assert_int_equal(fsts(), VX_PPF | 1 << 8);
	clear_f(2);
	assert_int_equal(fsts(), 1 << 8);
}

/* CAP.NFR, whatever it is. */
static void test_fault_any_count(void **state)
{
	static const unsigned int counts[] = { 1, 2, 256 };
	uint64_t rec[2];
	size_t c;
	unsigned int i;

	(void)state;
	for (c = 0; c < COUNT(counts); c++) {
		restart(counts[c], false);
		for (i = 0; i < counts[c]; i++)
			fault(0x0300, i);
		assert_int_equal(fsts(), VX_PPF);
		fault(0x0300, i);
		assert_int_equal(fsts(), VX_PPF | VX_PFO);
		for (i = 0; i < counts[c]; i++) {
			vx_frcd(&vx, i, rec);
			assert_int_equal(rec[0], i << 12);
			clear_f(i);
		}
		assert_int_equal(fsts(), VX_PFO);
		vx_w32(&vx, VX_FSTS, VX_PFO);
		fault(0x0300, 77);
		vx_frcd(&vx, 0, rec);
		assert_int_equal(rec[0], 77 << 12);
	}
}

/* All of a record is read-only but F, which goes with a 1. */
static void test_fault_record_writes(void **state)
{
	uint64_t rec[2], again[2];
	unsigned int o;

	(void)state;
	fault(0x0321, 5);
	vx_frcd(&vx, 0, rec);
	for (o = 0; o < 12; o += 4)
		vx_w32(&vx, VX_FRCD + o, UINT32_MAX);
	vx_w32(&vx, VX_FRCD + 12, 0x7fffffff);
	vx_w64(&vx, VX_FRCD, UINT64_MAX);
	vx_w64(&vx, VX_FRCD + 8, UINT64_MAX >> 1);
	vx_w64(&vx, VX_FRCD + 8, 0);
	vx_w32(&vx, VX_FSTS, VX_PPF);
	vx_frcd(&vx, 0, again);
	assert_memory_equal(rec, again, sizeof(rec));
	assert_int_equal(fsts(), VX_PPF);
	vx_w64(&vx, VX_FRCD + 8, UINT64_C(1) << 63);
	vx_frcd(&vx, 0, again);
	assert_int_equal(again[1], rec[1] & ~(UINT64_C(1) << 63));
	assert_int_equal(again[0], rec[0]);
	assert_int_equal(fsts(), 0);
	/* 4-byte reads, as Linux reads it. */
	assert_int_equal(vx_r32(&vx, VX_FRCD + 8), 0x00000321);
	assert_int_equal(vx_r32(&vx, VX_FRCD + 12), 0x40000039);
}

/* 7.3: one event for all that is pending; the next after all was served. */
static void test_fault_event_first_only(void **state)
{
	unsigned int i;

	(void)state;
	fault(0x0300, 0);
	assert_int_equal(vx.msi_count, 1);
	assert_int_equal(vx.msi[0].addr, 0xfee00000);
	assert_int_equal(vx.msi[0].data, 0x55);
	assert_int_equal(vx.msi[0].requester, VX_UNIT_SID);
	for (i = 1; i < 9; i++)
		fault(0x0300, i);
	assert_int_equal(vx.msi_count, 1);
	for (i = 0; i < 8; i++)
		clear_f(i);
	/* PFO is left: an error of the queue joins it silently. */
	vx_w64(&vx, VX_IQT, 0x10);
	assert_int_equal(fsts() & ~0xff00u, VX_PFO | VX_IQE);
	assert_int_equal(vx.msi_count, 1);
	vx_w64(&vx, VX_IQT, 0);
	vx_w32(&vx, VX_FSTS, VX_PFO | VX_IQE);
	fault(0x0300, 9);
	assert_int_equal(vx.msi_count, 2);
}

static void test_fault_event_masked(void **state)
{
	(void)state;
	vx_w32(&vx, VX_FECTL, VX_IM);
	fault(0x0300, 0);
	assert_int_equal(vx.msi_count, 0);
	assert_int_equal(vx_r32(&vx, VX_FECTL), VX_IM | VX_IP);
	/* IP is not software's. */
	vx_w32(&vx, VX_FECTL, VX_IM);
	assert_int_equal(vx_r32(&vx, VX_FECTL), VX_IM | VX_IP);
	vx_w32(&vx, VX_FECTL, 0);
	assert_int_equal(vx.msi_count, 1);
	assert_int_equal(vx_r32(&vx, VX_FECTL), 0);
	/* Once: unmasking again sends nothing. */
	vx_w32(&vx, VX_FECTL, VX_IM);
	vx_w32(&vx, VX_FECTL, 0);
	assert_int_equal(vx.msi_count, 1);
}

/* Served while it was masked: nothing is sent any more. */
static void test_fault_event_served_while_masked(void **state)
{
	(void)state;
	vx_w32(&vx, VX_FECTL, VX_IM);
	fault(0x0300, 0);
	fault(0x0300, 1);
	vx_w64(&vx, VX_IQT, 0x10);
	clear_f(0);
	assert_int_equal(vx_r32(&vx, VX_FECTL), VX_IM | VX_IP);
	clear_f(1);
	assert_int_equal(vx_r32(&vx, VX_FECTL), VX_IM | VX_IP);
	vx_w64(&vx, VX_IQT, 0);
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(vx_r32(&vx, VX_FECTL), VX_IM);
	vx_w32(&vx, VX_FECTL, 0);
	assert_int_equal(vx.msi_count, 0);
	/* The same with the record as the last. */
	vx_w32(&vx, VX_FECTL, VX_IM);
	fault(0x0300, 2);
	assert_int_equal(vx_r32(&vx, VX_FECTL), VX_IM | VX_IP);
	clear_f(2);
	assert_int_equal(vx_r32(&vx, VX_FECTL), VX_IM);
}

/* A message that is aborted is lost, not sent again. */
static void test_fault_event_aborted(void **state)
{
	(void)state;
	vx.msi_ret = -EFAULT;
	fault(0x0300, 0);
	assert_int_equal(vx.msi_count, 1);
	assert_int_equal(vx_r32(&vx, VX_FECTL), 0);
	assert_string_equal(vx.log, "event message to 0xfee00000 was aborted");
}

/* FPD: of the context entry, for what is found from there on. */
static void test_fault_fpd(void **state)
{
	uint64_t rec[2];

	(void)state;
	/* Not present: SCT.2. */
	vx_context(&vx, VX_SID, 0, 0);
	fault(VX_SID, 1);
	assert_true(vx_fault(&vx, rec));
	assert_int_equal(VX_FR(rec[1]), 0x41);
	vx_context(&vx, VX_SID, 2, 0);
	fault(VX_SID, 1);
	assert_false(vx_fault(&vx, rec));
	assert_int_equal(vx_stats(&vx).events, 1);
	/* Not readable: there is no entry, and no FPD. */
	vx.abort_first = vx_context_pa(&vx, VX_SID);
	vx.abort_last = vx.abort_first + 31;
	fault(VX_SID, 1);
	assert_true(vx_fault(&vx, rec));
	assert_int_equal(VX_FR(rec[1]), 0x40);
}

/* The configuration says that a requester's next faults collapse. */
static void test_fault_collapse(void **state)
{
	uint64_t rec[2];

	(void)state;
	restart(4, true);
	fault(0x0300, 1);
	fault(0x0300, 2);
	fault(0x0301, 3);
	fault(0x0300, 4);
	assert_int_equal(vx_stats(&vx).events, 4);
	assert_int_equal(vx_stats(&vx).events_merged, 2);
	vx_frcd(&vx, 1, rec);
	assert_int_equal(VX_FSID(rec[1]), 0x0301);
	vx_frcd(&vx, 2, rec);
	assert_false(VX_F(rec[1]));
	clear_f(0);
	fault(0x0300, 5);
	vx_frcd(&vx, 2, rec);
	assert_true(VX_F(rec[1]));
	assert_int_equal(rec[0], 0x5000);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(test_fault_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(fields),
		T(fields_page_request),
		T(fields_not_announced),
		T(circle_restarts),
		T(circle),
		T(any_count),
		T(record_writes),
		T(event_first_only),
		T(event_masked),
		T(event_served_while_masked),
		T(event_aborted),
		T(fpd),
		T(collapse),
	};

	return cmocka_run_group_tests_name("vtd_fault", tests, NULL, NULL);
}
