/* SPDX-License-Identifier: MIT */
/*
 * Units without a queue in use: the invalidation registers (6.5.1, 11.4.6,
 * 11.4.8), and the protected memory regions (11.4.13 ff.).
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

/* Version 5, legacy mode: one context with a 3-level table of its own. */
enum { SID = 0x0110, DID = 0x21 };

static uint64_t context, leaf;

static void start(unsigned int major, uint64_t cap_clear, uint64_t cap_set)
{
	struct vtd_hw_cfg cfg;
	uint64_t table, next;
	unsigned int level;

	vtd_hw_cfg_default(&cfg);
	cfg.ver = major << 4;
	cfg.cap = (cfg.cap & ~cap_clear) | cap_set;
	vx_init(&vx, &cfg);
	vx.root = vx_alloc(&vx, 4096, 4096);
	context = vx_alloc(&vx, 4096, 4096);
	vx_put(&vx, vx.root + (SID >> 8) * 16, context | 1);
	context += (SID & 0xff) * 16;
	table = vx_alloc(&vx, 4096, 4096);
	vx_put(&vx, context + 8, DID << 8 | 1);
	vx_put(&vx, context, table | 1);
	for (level = 0; level < 2; level++) {
		next = vx_alloc(&vx, 4096, 4096);
		vx_put(&vx, table, next | 3);
		table = next;
	}
	leaf = table;
	vx_w64(&vx, VX_RTADDR, vx.root);
	vx_gcmd(&vx, VX_SRTP);
	vx_gcmd(&vx, VX_TE);
}

static int setup(void **state)
{
	(void)state;
	start(5, 0, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vx_fini(&vx);
	return 0;
}

static void map(unsigned int page, uint64_t pa)
{
	vx_put(&vx, leaf + 8 * page, pa ? pa | 3 : 0);
}

/* Where a page is; 0: nowhere. */
static uint64_t where(unsigned int page)
{
	struct hw_xlat xlat;
	uint64_t rec[2];

	if (!vx_access(&vx, SID, (uint64_t)page << 12, IOMMU_PERM_READ, &xlat))
		return xlat.pa;
	while (vx_fault(&vx, rec))
		;
	return 0;
}

/* Writes CCMD and returns CAIG; ICC is clear then. */
static unsigned int ccmd(unsigned int g, uint16_t did, uint16_t sid,
			 unsigned int fm)
{
	uint64_t v;

	vx_w64(&vx, VX_CCMD,
	       UINT64_C(1) << 63 | (uint64_t)g << 61 | (uint64_t)fm << 32 |
		       (uint64_t)sid << 16 | did);
	v = vx_r64(&vx, VX_CCMD);
	assert_false(v >> 63);
	return v >> 59 & 3;
}

/* IVA, then IOTLB; IAIG. */
static unsigned int iotlb(unsigned int g, uint16_t did, uint64_t iva)
{
	uint64_t v;

	vx_w64(&vx, VX_IVA, iva);
	vx_w64(&vx, VX_IOTLB,
	       UINT64_C(1) << 63 | (uint64_t)g << 60 | (uint64_t)did << 32 |
		       UINT64_C(3) << 48);
	v = vx_r64(&vx, VX_IOTLB);
	assert_false(v >> 63);
	return v >> 57 & 3;
}

/* Is the context that was changed in memory still the one in use? */
static bool context_stale(void)
{
	uint64_t dw0 = vx_get(&vx, context);
	bool stale;

	vx_put(&vx, context, 0);
	stale = where(1) != 0;
	vx_put(&vx, context, dw0);
	return stale;
}

/* What each granularity takes, and what it does not. */
static void test_ccmd_granularities(void **state)
{
	static const struct {
		unsigned int g, fm;
		uint16_t did, sid;
		bool taken;
	} rows[] = {
		{ 1, 0, 0, 0, true },
		{ 2, 0, DID, 0, true },
		{ 2, 0, DID + 1, 0, false },
		{ 3, 0, DID, SID, true },
		{ 3, 0, DID, SID + 1, false },
		/* Function masks: bit 2, bits 2:1, all. */
		{ 3, 1, DID, SID | 4, true },
		{ 3, 1, DID, SID | 2, false },
		{ 3, 2, DID, SID | 6, true },
		{ 3, 2, DID, SID | 1, false },
		{ 3, 3, DID, SID | 7, true },
		{ 3, 3, DID, SID | 8, false },
	};
	size_t i;

	(void)state;
	map(1, 0x5000);
	for (i = 0; i < COUNT(rows); i++) {
		assert_int_equal(where(1), 0x5000);
		assert_true(context_stale());
		assert_int_equal(ccmd(rows[i].g, rows[i].did, rows[i].sid,
				      rows[i].fm),
				 rows[i].g);
		if (context_stale() == rows[i].taken)
			fail_msg("row %zu", i);
	}
}

static void test_ccmd_iotlb_granularities(void **state)
{
	static const struct {
		unsigned int g, done;
		uint16_t did;
		uint64_t iva;
		bool taken;
	} rows[] = {
		{ 1, 1, 0, 0, true },
		{ 2, 2, DID, 0, true },
		{ 2, 2, DID + 1, 0, false },
		{ 3, 3, DID, 0x1000, true },
		{ 3, 3, DID, 0x2000, false },
		{ 3, 3, DID + 1, 0x1000, false },
		/* The mask covers four pages, or two, or not this one. */
		{ 3, 3, DID, 0x3002, true },
		{ 3, 3, DID, 0x0001, true },
		{ 3, 3, DID, 0x2001, false },
		/* IH: the leaf goes all the same. */
		{ 3, 3, DID, 0x1040, true },
		/* MAMV is 18: nothing is done. */
		{ 3, 3, DID, 18, true },
		{ 3, 0, DID, 19, false },
		{ 0, 0, DID, 0, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		map(1, 0x5000);
		assert_int_equal(iotlb(1, 0, 0), 1);
		assert_int_equal(where(1), 0x5000);
		map(1, 0x6000);
		assert_int_equal(where(1), 0x5000);
		assert_int_equal(iotlb(rows[i].g, rows[i].did, rows[i].iva),
				 rows[i].done);
		if ((where(1) == 0x6000) != rows[i].taken)
			fail_msg("row %zu", i);
	}
}

/* A mask of all there is: the domain. */
static void test_ccmd_largest_mask(void **state)
{
	unsigned int am;

	(void)state;
	vx_fini(&vx);
	start(5, 0, UINT64_C(63) << 48);
	for (am = 51; am < 64; am++) {
		map(1, 0x5000);
		assert_int_equal(iotlb(1, 0, 0), 1);
		assert_int_equal(where(1), 0x5000);
		map(1, 0x6000);
		assert_int_equal(iotlb(3, DID + 1, am), 3);
		assert_int_equal(where(1), 0x5000);
		assert_int_equal(iotlb(3, DID, UINT64_C(0x7000) | am), 3);
		if (where(1) != 0x6000)
			fail_msg("mask of %u", am);
	}
}

/* Without CAP.PSI a page is a domain, and the unit says so. */
static void test_ccmd_no_page_selective(void **state)
{
	(void)state;
	vx_fini(&vx);
	start(5, UINT64_C(1) << 39, 0);
	map(1, 0x5000);
	assert_int_equal(where(1), 0x5000);
	map(1, 0x6000);
	assert_int_equal(iotlb(3, DID, 0x9000), 2);
	assert_int_equal(where(1), 0x6000);
}

/*
 * 6.8, CAP.ESRTPS: SRTP forgets what was cached, even with the same pointer;
 * without it nothing is forgotten.
 */
static void test_ccmd_srtp_forgets(void **state)
{
	unsigned int esrtps;

	(void)state;
	for (esrtps = 0; esrtps < 2; esrtps++) {
		vx_fini(&vx);
		start(5, esrtps ? 0 : UINT64_C(1) << 63, 0);
		map(1, 0x5000);
		assert_int_equal(where(1), 0x5000);
		map(1, 0x6000);
		vx_gcmd(&vx, VX_SRTP);
		assert_int_equal(where(1), esrtps ? 0x6000 : 0x5000);
		vx_put(&vx, context, vx_get(&vx, context) & ~UINT64_C(1));
		assert_true(where(1) != 0);
		vx_gcmd(&vx, VX_SRTP);
		assert_int_equal(where(1), esrtps ? 0 : 0x5000);
	}
}

/* Nothing without ICC or IVT; a half that has them is enough. */
static void test_ccmd_halves(void **state)
{
	(void)state;
	map(1, 0x5000);
	assert_int_equal(where(1), 0x5000);
	vx_w64(&vx, VX_CCMD, UINT64_C(1) << 61);
	assert_true(context_stale());
	vx_w32(&vx, VX_CCMD, DID | SID << 16);
	vx_w32(&vx, VX_CCMD + 4, UINT32_C(7) << 29);
	assert_int_equal(vx_r32(&vx, VX_CCMD + 4), UINT32_C(0x78000000));
	assert_false(context_stale());
	map(1, 0x6000);
	vx_w32(&vx, VX_IOTLB, 0);
	vx_w32(&vx, VX_IOTLB + 4, UINT32_C(2) << 28 | DID);
	assert_int_equal(where(1), 0x5000);
	vx_w32(&vx, VX_IOTLB + 4, UINT32_C(0xa) << 28 | DID);
	assert_int_equal(where(1), 0x6000);
}

/* Reserved, or not for this unit, or not now: ignored, and told so. */
static void refused(const char *what)
{
	assert_true(where(1) != 0);
	if (ccmd(1, 0, 0, 0) || iotlb(1, 0, 0))
		fail_msg("%s: a granularity", what);
	if (!context_stale())
		fail_msg("%s: done all the same", what);
}

static void test_ccmd_refused(void **state)
{
	(void)state;
	map(1, 0x5000);
	assert_int_equal(where(1), 0x5000);
	assert_int_equal(ccmd(0, 0, 0, 0), 0);
	assert_true(context_stale());
	/* The queue is on. */
	vx_w64(&vx, VX_IQA, vx_alloc(&vx, 4096, 4096));
	vx_gcmd(&vx, VX_QIE);
	refused("queue");
	vx_w32(&vx, VX_GCMD, VX_TE);
	assert_int_equal(ccmd(1, 0, 0, 0), 1);
	/* Version 6 and later. */
	vx_fini(&vx);
	start(6, 0, 0);
	map(1, 0x5000);
	refused("version 6");
	/* Scalable mode. */
	vx_fini(&vx);
	start(5, 0, 0);
	vx_w64(&vx, VX_RTADDR, vx.root | VX_SCALABLE);
	vx_gcmd(&vx, VX_SRTP);
	assert_int_equal(ccmd(1, 0, 0, 0), 0);
	assert_int_equal(iotlb(1, 0, 0), 0);
}

/* The status comes after the requests that used what went. */
static uint64_t ccmd_seen;
static uint32_t pmen_seen;

static void leave(struct vx *x)
{
	ccmd_seen = vx_r64(x, VX_CCMD) | vx_r64(x, VX_IOTLB);
	pmen_seen = vx_r32(x, VX_PMEN);
	x->on_relax = NULL;
	atomic_fetch_add(&x->port.busy, 1);
}

static void test_ccmd_waits_for_ports(void **state)
{
	(void)state;
	atomic_fetch_add(&vx.port.busy, 1);
	vx.on_relax = leave;
	assert_int_equal(ccmd(1, 0, 0, 0), 1);
	assert_true(ccmd_seen >> 63);
	ccmd_seen = 0;
	atomic_fetch_add(&vx.port.busy, 1);
	vx.on_relax = leave;
	assert_int_equal(iotlb(1, 0, 0), 1);
	assert_true(ccmd_seen >> 63);
}

static void reset_meanwhile(struct vx *x)
{
	x->on_relax = NULL;
	x->hw->ops->reset(x->hw);
	atomic_fetch_add(&x->port.busy, 1);
}

/* A reset in the middle of one: nobody is told that it was done. */
static void test_ccmd_reset_meanwhile(void **state)
{
	(void)state;
	atomic_fetch_add(&vx.port.busy, 1);
	vx.on_relax = reset_meanwhile;
	assert_int_equal(ccmd(1, 0, 0, 0), 0);
	assert_null(vx.on_relax);
	assert_int_equal(vx_r64(&vx, VX_CCMD), 0);
	atomic_fetch_add(&vx.port.busy, 1);
	vx.on_relax = reset_meanwhile;
	assert_int_equal(iotlb(1, 0, 0), 0);
	assert_null(vx.on_relax);
	assert_int_equal(vx_r64(&vx, VX_IOTLB), 0);
}

/* Turned off, nothing is translated, whatever was cached. */
static void test_ccmd_off_is_off(void **state)
{
	(void)state;
	map(1, 0x5000);
	assert_int_equal(where(1), 0x5000);
	vx_w32(&vx, VX_GCMD, 0);
	assert_int_equal(where(1), 0x1000);
	vx_gcmd(&vx, VX_TE);
	assert_int_equal(where(1), 0x5000);
}

/* Translation off: may the device reach @addr? */
static bool reaches(uint64_t addr)
{
	return !vx_access(&vx, SID, addr, IOMMU_PERM_READ, NULL);
}

/*
 * 11.4.13: what is not translated does not reach a protected region. The low
 * one is [2 MiB, 6 MiB), the high one starts at 4 GiB.
 */
static void test_ccmd_protected_regions(void **state)
{
	(void)state;
	vx_fini(&vx);
	start(5, 0, UINT64_C(3) << 5);
	vx_w32(&vx, VX_GCMD, 0);
	vx_w32(&vx, VX_PLMBASE, 0x200000);
	vx_w32(&vx, VX_PLMLIMIT, 0x400000);
	vx_w64(&vx, VX_PHMBASE, UINT64_C(0x100000000));
	vx_w64(&vx, VX_PHMLIMIT, UINT64_C(0x100000000));
	assert_true(reaches(0x200000));
	vx_w32(&vx, VX_PMEN, UINT32_C(1) << 31);
	assert_int_equal(vx_r32(&vx, VX_PMEN), 0x80000001);
	assert_true(reaches(0x1fffff));
	assert_false(reaches(0x200000));
	assert_false(reaches(0x5fffff));
	assert_true(reaches(0x600000));
	assert_true(reaches(UINT64_C(0xffffffff)));
	assert_false(reaches(UINT64_C(0x100000000)));
	assert_false(reaches(UINT64_C(0x1001fffff)));
	assert_true(reaches(UINT64_C(0x100200000)));
	/* 11.4.8.1: nor by a translation, nor by one that is cached. */
	map(0x1, 0x200000);
	vx_gcmd(&vx, VX_TE);
	assert_int_equal(where(1), 0);
	assert_int_equal(where(1), 0);
	vx_w32(&vx, VX_GCMD, 0);
	vx_w32(&vx, VX_PMEN, 0);
	assert_int_equal(vx_r32(&vx, VX_PMEN), 0);
	assert_true(reaches(0x200000));
	/* PRS says so once nobody is on the way any more. */
	atomic_fetch_add(&vx.port.busy, 1);
	vx.on_relax = leave;
	vx_w32(&vx, VX_PMEN, UINT32_C(1) << 31);
	assert_int_equal(pmen_seen, 0x80000000);
	assert_int_equal(vx_r32(&vx, VX_PMEN), 0x80000001);
	vx_w32(&vx, VX_PMEN, 0);
	/* A limit below the base: no region. */
	vx_w32(&vx, VX_PLMBASE, 0x600000);
	vx_w32(&vx, VX_PMEN, UINT32_C(1) << 31);
	assert_true(reaches(0x600000));
	assert_true(reaches(0x400000));
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(test_ccmd_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(granularities),
		T(iotlb_granularities),
		T(no_page_selective),
		T(srtp_forgets),
		T(halves),
		T(refused),
		T(waits_for_ports),
		T(reset_meanwhile),
		T(protected_regions),
		T(largest_mask),
		T(off_is_off),
	};

	return cmocka_run_group_tests_name("vtd_ccmd", tests, NULL, NULL);
}
