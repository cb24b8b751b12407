/* SPDX-License-Identifier: MIT */
/*
 * The invalidation queue: which descriptors are valid, what happens to those
 * that are not, both widths, the pointers (6.5.2, 11.4.9).
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

/* IQERCD.IQEI */
enum {
	TAIL = 1,
	FETCH = 2,
	TYPE = 3,
	RSVD = 4,
	WIDTH = 5,
	ALIGN = 6,
	TTM = 7,
};

static struct vx vx;

static int setup(void **state)
{
	(void)state;
	vx_start(&vx, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vx_fini(&vx);
	return 0;
}

/* A changed unit in its place. @major: its version. */
static void restart(uint64_t ecap_clear, uint64_t ecap_set, unsigned int major)
{
	struct vtd_hw_cfg cfg;

	vtd_hw_cfg_default(&cfg);
	cfg.ecap = (cfg.ecap & ~ecap_clear) | ecap_set;
	cfg.ver = major << 4;
	vx_fini(&vx);
	vx_start(&vx, &cfg);
}

/* 0: no error is pending. */
static unsigned int iqei(void)
{
	if (!(vx_r32(&vx, VX_FSTS) & VX_IQE))
		return 0;
	return (unsigned int)(vx_r64(&vx, VX_IQERCD) & 0xf);
}

/*
 * Submits a descriptor, and if it is an error recovers as software does: it
 * puts something valid in its place and clears IQE.
 */
static unsigned int try(const uint64_t dw[4])
{
	uint64_t head = vx_r64(&vx, VX_IQH);
	unsigned int err;

	assert_true(vx_iq_idle(&vx));
	vx_inv4(&vx, dw);
	err = iqei();
	if (!err) {
		assert_true(vx_iq_idle(&vx));
		return 0;
	}
	assert_int_equal(vx_r64(&vx, VX_IQH), head);
	vx_put(&vx, vx.iq + head, VX_INV_WAIT);
	vx_put(&vx, vx.iq + head + 8, 0);
	vx_put(&vx, vx.iq + head + 16, 0);
	vx_put(&vx, vx.iq + head + 24, 0);
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(iqei(), 0);
	assert_true(vx_iq_idle(&vx));
	return err;
}

/*
 * A valid descriptor of each type, and the bits that may have any value; typed
 * from the formats, without what the default unit lacks (PFSID: DIT; private
 * data: before revision 4). The type itself is in bits 3:0 and 11:9.
 */
static const struct {
	uint64_t valid[2];
	uint64_t any[4];
	const char *name;
} types[] = {
	{ { VX_INV_CC_GLOBAL, 0 }, { 0x0003ffffffff0000, 0, 0, 0 }, "cc" },
	{ { VX_INV_IOTLB_GLOBAL, 0 },
	  { 0x00000000ffff00c0, 0xfffffffffffff07f, 0, 0 },
	  "iotlb" },
	{ { VX_INV_DEVTLB(0x100), 0 },
	  { 0x0000ffff001f0000, 0xfffffffffffff001, 0, 0 },
	  "device tlb" },
	{ { VX_INV_IEC_GLOBAL, 0 }, { 0x0000fffff8000000, 0, 0, 0 }, "iec" },
	{ { VX_INV_WAIT, 0 },
	  { 0xffffffff000000f0, 0xfffffffffffffffc, 0, 0 },
	  "wait" },
	{ { VX_INV_PIOTLB(1, 2), 0 },
	  { 0x000fffffffff0000, 0xfffffffffffff07f, 0, 0 },
	  "piotlb" },
	{ { VX_INV_PC_GLOBAL, 0 }, { 0x000fffffffff0000, 0, 0, 0 }, "pc" },
	{ { VX_INV_PDEVTLB(0x100, 1), 0 },
	  { 0x000fffffffff01f0, 0xfffffffffffff801, 0, 0 },
	  "pasid device tlb" },
	{ { VX_INV_PGRESP(0x100, 1, 0), 0 },
	  { 0x000fffffffff0000 | 0xf010, 0xffc, 0, 0 },
	  "page group response" },
};

#define TYPE_BITS UINT64_C(0xe0f)

static void check_bit(size_t t, unsigned int bit, uint64_t more)
{
	uint64_t dw[4] = { types[t].valid[0], types[t].valid[1], 0, 0 };
	uint64_t any = types[t].any[bit / 64] | (bit < 64 ? more : 0);
	uint64_t fixed = bit < 64 ? TYPE_BITS : 0;
	uint64_t mask = UINT64_C(1) << bit % 64;
	unsigned int err;

	/* Granularities have a test of their own. */
	if (t < 2 || t == 5 || t == 6)
		fixed |= bit < 64 ? 0x30 : 0;
	if (mask & fixed)
		return;
	dw[bit / 64] ^= mask;
	err = try(dw);
	if (err != (any & mask ? 0 : RSVD))
		fail_msg("%s: bit %u: %u", types[t].name, bit, err);
}

/* Every bit of every type. */
static void test_queue_reserved_bits(void **state)
{
	unsigned int bit;
	size_t t;

	(void)state;
	vx.inv_ret = 0;
	for (t = 0; t < COUNT(types); t++) {
		uint64_t dw[4] = { types[t].valid[0], types[t].valid[1], 0, 0 };

		if (try(dw))
			fail_msg("%s is not valid", types[t].name);
		/* G of the interrupt entry cache makes IM count: below. */
		for (bit = 0; bit < 256; bit++)
			check_bit(t, bit, t == 3 ? 0x10 : 0);
	}
}

/* Types: 0, those that are gone, and what is beyond. */
static void test_queue_unknown_types(void **state)
{
	unsigned int type;

	(void)state;
	for (type = 0; type < 128; type++) {
		uint64_t dw[4] = { (type & 15) | (uint64_t)(type >> 4) << 9, 0,
				   0, 0 };
		unsigned int err;

		if (type >= 1 && type <= 9)
			continue;
		err = try(dw);
		if (err != TYPE)
			fail_msg("type %#x: %u", type, err);
	}
}

/* Values that are reserved, where they count and where they do not. */
static const struct {
	uint64_t dw[2];
	unsigned int err;
} values[] = {
	/* Granularity 0 of contexts and of the IOTLB. */
	{ { 0x01, 0 }, RSVD },
	{ { VX_INV_CC_DOMAIN(5), 0 }, 0 },
	{ { VX_INV_CC_DEVICE(5, 0x123) | UINT64_C(3) << 48, 0 }, 0 },
	{ { 0x02, 0 }, RSVD },
	{ { VX_INV_IOTLB_DOMAIN(1), VX_INV1_AM(63) }, 0 },
	{ { VX_INV_IOTLB_GLOBAL, VX_INV1_AM(63) }, 0 },
	/* MAMV is 18. */
	{ { VX_INV_IOTLB_PAGE(1), VX_INV1_AM(18) }, 0 },
	{ { VX_INV_IOTLB_PAGE(1), VX_INV1_AM(19) }, RSVD },
	{ { VX_INV_IOTLB_PAGE(1), VX_INV1_AM(63) }, RSVD },
	/* PASID-based: 0 and 1; the mask has no limit. */
	{ { 0x06, 0 }, RSVD },
	{ { 0x16, 0 }, RSVD },
	{ { VX_INV_PIOTLB_PAGE(1, 2), VX_INV1_AM(18) | VX_INV1_IH }, 0 },
	{ { VX_INV_PIOTLB_PAGE(1, 2), VX_INV1_AM(63) }, 0 },
	/* PASID cache: 2. */
	{ { VX_INV_PC_DOMAIN(1), 0 }, 0 },
	{ { VX_INV_PC_PASID(1, 2), 0 }, 0 },
	{ { 0x27, 0 }, RSVD },
	/* MHMV is 15. */
	{ { VX_INV_IEC(0, 15), 0 }, 0 },
	{ { VX_INV_IEC(0, 16), 0 }, RSVD },
	{ { VX_INV_IEC_GLOBAL | UINT64_C(16) << 27, 0 }, 0 },
	/* Response codes that PCIe reserves are a failure, not an error. */
	{ { VX_INV_PGRESP(0x100, 1, 7), 0 }, 0 },
};

static void test_queue_reserved_values(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(values); i++) {
		const uint64_t dw[4] = { values[i].dw[0], values[i].dw[1], 0,
					 0 };
		unsigned int err = try(dw);

		if (err != values[i].err)
			fail_msg("row %zu: %u", i, err);
	}
}

/* Fields and types that go and come with features. */
static void test_queue_features(void **state)
{
	static const struct {
		uint64_t clear, set; /* of ECAP */
		unsigned int major;
		uint64_t dw[4];
		unsigned int err;
	} rows[] = {
		/* DT; PRS and PDS go with it. */
		{ UINT64_C(0x40020000004), 0, 6, { VX_INV_DEVTLB(1) }, TYPE },
		/* PRS, PDS */
		{ UINT64_C(0x40020000000),
		  0,
		  6,
		  { VX_INV_PGRESP(1, 1, 0) },
		  TYPE },
		{ UINT64_C(0x40020000000),
		  0,
		  6,
		  { VX_INV_WAIT | VX_INV_WAIT_PD },
		  RSVD },
		{ UINT64_C(0x40000000000),
		  0,
		  6,
		  { VX_INV_WAIT | VX_INV_WAIT_PD },
		  RSVD },
		{ 0, 0, 6, { VX_INV_WAIT | VX_INV_WAIT_PD }, 0 },
		/* IR, EIM */
		{ 0x18, 0, 6, { VX_INV_IEC_GLOBAL }, TYPE },
		/* DIT: PFSID */
		{ 0, 0, 6, { VX_INV_DEVTLB(1) | 0xf000 }, RSVD },
		{ 0, UINT64_C(1) << 41, 6, { VX_INV_DEVTLB(1) | 0xf000 }, 0 },
		{ 0,
		  UINT64_C(1) << 41,
		  6,
		  { VX_INV_PDEVTLB(1, 1) | UINT64_C(0xfff) << 52 },
		  0 },
		/* Private data and LPIG, up to revision 3. */
		{ 0, 0, 6, { VX_INV_PGRESP(1, 1, 0) | 0x20 }, RSVD },
		{ 0,
		  0,
		  5,
		  { VX_INV_PGRESP(1, 1, 0) | 0x20, 4, UINT64_MAX, UINT64_MAX },
		  0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		unsigned int err;

		restart(rows[i].clear, rows[i].set, rows[i].major);
		err = try(rows[i].dw);
		if (err != rows[i].err)
			fail_msg("row %zu: %u", i, err);
	}
}

/* A queue of 128-bit descriptors, in legacy mode. */
static void legacy_queue(unsigned int qs)
{
	vx_w32(&vx, VX_GCMD, 0);
	vx_w64(&vx, VX_RTADDR, vx.root);
	vx_gcmd(&vx, VX_SRTP);
	vx.iq = vx_alloc(&vx, UINT64_C(4096) << qs, 4096);
	vx_w64(&vx, VX_IQT, 0);
	vx_w64(&vx, VX_IQA, vx.iq | qs);
	vx_gcmd(&vx, VX_QIE);
}

/* What needs 256 bits is no type of a queue of 128. */
static void test_queue_narrow_types(void **state)
{
	static const struct {
		uint64_t dw;
		unsigned int err;
	} rows[] = {
		{ VX_INV_CC_GLOBAL, 0 },
		{ VX_INV_IOTLB_GLOBAL, 0 },
		{ VX_INV_DEVTLB(1), 0 },
		{ VX_INV_IEC_GLOBAL, 0 },
		{ VX_INV_WAIT, 0 },
		{ VX_INV_PIOTLB(1, 2), TYPE },
		{ VX_INV_PC_GLOBAL, TYPE },
		{ VX_INV_PDEVTLB(1, 2), TYPE },
		{ VX_INV_PGRESP(1, 1, 0), TYPE },
	};
	size_t i;

	(void)state;
	legacy_queue(0);
	for (i = 0; i < COUNT(rows); i++) {
		const uint64_t dw[4] = { rows[i].dw, 0, 0, 0 };
		unsigned int err = try(dw);

		if (err != rows[i].err)
			fail_msg("%#x: %u", (unsigned int)rows[i].dw, err);
	}
}

/* Twice around, whatever the width and the size. */
static void around(unsigned int entry, unsigned int qs)
{
	unsigned int entries = (4096u << qs) / entry, i;
	uint64_t before = vx_stats(&vx).commands;

	for (i = 0; i < 2 * entries + 3; i++) {
		vx_inv(&vx, VX_INV_WAIT | VX_INV_WAIT_SW | VX_INV_WAIT_DATA(i),
		       vx.status);
		assert_int_equal(vx_get(&vx, vx.status), i);
		assert_int_equal(vx_r64(&vx, VX_IQH),
				 (i + 1) % entries * entry);
	}
	assert_int_equal(vx_stats(&vx).commands - before, i);
}

static void test_queue_wraps(void **state)
{
	(void)state;
	around(32, 0);
	legacy_queue(0);
	around(16, 0);
	legacy_queue(2);
	around(16, 2);
	/* The largest: its last descriptor is at 0x7fff0. */
	legacy_queue(7);
	around(16, 7);
}

/* Many at once: all that are between the pointers, in order. */
static void test_queue_many_at_once(void **state)
{
	uint64_t tail = 0;
	unsigned int i;

	(void)state;
	for (i = 0; i < 127; i++) {
		uint64_t pa = vx.iq + i * 32;

		vx_put(&vx, pa,
		       VX_INV_WAIT | VX_INV_WAIT_SW | VX_INV_WAIT_DATA(i));
		vx_put(&vx, pa + 8, vx.status);
		tail += 32;
	}
	vx_w32(&vx, VX_IQT, (uint32_t)tail);
	assert_int_equal(vx_get(&vx, vx.status), 126);
	assert_int_equal(vx_r64(&vx, VX_IQH), tail);
}

/* 11.4.9.2: the tail is beyond the queue; the head stays where it is. */
static void test_queue_tail_beyond(void **state)
{
	(void)state;
	vx_w64(&vx, VX_IQT, VX_IQ_BYTES);
	assert_int_equal(iqei(), TAIL);
	assert_int_equal(vx_r64(&vx, VX_IQH), 0);
	/* Clearing it without a new tail finds it again. */
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(iqei(), TAIL);
	vx_w64(&vx, VX_IQT, 0);
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(iqei(), 0);
	assert_true(vx_sync(&vx));
}

/* 11.4.9.2: bit 4 with descriptors of 256 bits, also of a queue with none. */
static void test_queue_tail_misaligned(void **state)
{
	(void)state;
	vx_w64(&vx, VX_IQT, 0x30);
	assert_int_equal(iqei(), ALIGN);
	assert_int_equal(vx_r64(&vx, VX_IQT), 0x30);
	assert_int_equal(vx_r64(&vx, VX_IQH), 0);
	/* Clearing it without a new tail finds it again. */
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(iqei(), ALIGN);
	vx_w64(&vx, VX_IQT, 0x10);
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(iqei(), ALIGN);
	vx_w64(&vx, VX_IQT, 0);
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(iqei(), 0);
	assert_true(vx_sync(&vx));
	/* The width may change above an odd tail; nothing is done until then. */
	legacy_queue(0);
	vx_inv(&vx, VX_INV_WAIT, 0);
	vx_inv(&vx, VX_INV_WAIT, 0);
	vx_inv(&vx, VX_INV_WAIT, 0);
	assert_int_equal(vx_r64(&vx, VX_IQT), 0x30);
	assert_int_equal(iqei(), 0);
	vx_w64(&vx, VX_IQA, vx.iq | VX_IQA_DW);
	assert_int_equal(vx_r64(&vx, VX_IQH), 0x30);
	assert_int_equal(iqei(), ALIGN);
	/* Nor while the queue is off. */
	vx_w32(&vx, VX_GCMD, 0);
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(iqei(), 0);
	vx_gcmd(&vx, VX_QIE);
	assert_int_equal(iqei(), ALIGN);
}

/* A queue made smaller than its head: what is read is in the queue. */
static void test_queue_shrinks(void **state)
{
	unsigned int i;

	(void)state;
	vx.iq = vx_alloc(&vx, 8192, 4096);
	vx_w64(&vx, VX_IQA, vx.iq | VX_IQA_DW | 1);
	for (i = 0; i < 129; i++)
		vx_inv(&vx, VX_INV_CC_GLOBAL, 0);
	assert_int_equal(vx_r64(&vx, VX_IQH), 0x1020);
	/* Where it must not read. */
	vx.abort_first = vx.iq + 4096;
	vx.abort_last = vx.iq + 8191;
	vx_w64(&vx, VX_IQA, vx.iq | VX_IQA_DW);
	/* The tail is beyond it now. */
	assert_int_equal(iqei(), TAIL);
	vx_w64(&vx, VX_IQT, 0x60);
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(iqei(), 0);
	assert_int_equal(vx_r64(&vx, VX_IQH), 0x60);
}

static void test_queue_fetch_abort(void **state)
{
	(void)state;
	assert_true(vx_sync(&vx));
	/* The last word of the second one. */
	vx.abort_first = vx.iq + 56;
	vx.abort_last = vx.iq + 63;
	assert_false(vx_sync(&vx));
	assert_int_equal(iqei(), FETCH);
	assert_int_equal(vx_r64(&vx, VX_IQH), 32);
	vx.abort_last = 0;
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(iqei(), 0);
	assert_int_equal((uint32_t)vx_get(&vx, vx.status), vx.sync_data);
}

/* The table mode: what it says of the width, and reserved ones. */
static void test_queue_table_mode(void **state)
{
	static const struct {
		uint64_t ttm;
		bool wide, adms;
		unsigned int err;
	} rows[] = {
		{ 0, false, false, 0 },     { 0, true, false, 0 },
		{ 1, false, false, WIDTH }, { 1, true, false, 0 },
		{ 2, true, false, TTM },    { 2, false, false, TTM },
		{ 3, true, false, TTM },    { 3, true, true, 0 },
	};
	const uint64_t dw[4] = { VX_INV_CC_GLOBAL, 0, 0, 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		restart(UINT64_C(1) << 52, rows[i].adms ? UINT64_C(1) << 52 : 0,
			6);
		vx_w32(&vx, VX_GCMD, 0);
		vx_w64(&vx, VX_IQT, 0);
		vx_w64(&vx, VX_IQA, vx.iq | (rows[i].wide ? VX_IQA_DW : 0));
		vx_w64(&vx, VX_RTADDR, vx.root | rows[i].ttm << 10);
		vx_gcmd(&vx, VX_SRTP);
		vx_gcmd(&vx, VX_QIE);
		vx_inv4(&vx, dw);
		if (iqei() != rows[i].err)
			fail_msg("row %zu: %u", i, iqei());
	}
}

/*
 * 6.5.2.11: nothing is fetched while IQE is set; IQERCD tells why; an event is
 * sent for the first condition.
 */
static void test_queue_error_stops(void **state)
{
	const uint64_t bad[4] = { 0, 0, 0, 0 };

	(void)state;
	vx_w32(&vx, VX_FEADDR, 0xfee00000);
	vx_w32(&vx, VX_FEDATA, 0x31);
	vx_w32(&vx, VX_FECTL, 0);
	vx_inv4(&vx, bad);
	assert_int_equal(iqei(), TYPE);
	assert_int_equal(vx.msi_count, 1);
	assert_int_equal(vx.msi[0].addr, 0xfee00000);
	assert_int_equal(vx.msi[0].data, 0x31);
	assert_int_equal(vx.msi[0].requester, VX_UNIT_SID);
	assert_false(vx_sync(&vx));
	assert_int_equal(vx_r64(&vx, VX_IQH), 0);
	assert_int_equal(vx.msi_count, 1);
	/* Other bits written with 1 do not clear it. */
	vx_w32(&vx, VX_FSTS, ~(uint32_t)VX_IQE);
	assert_int_equal(iqei(), TYPE);
	/* Cleared, it is fetched again: an error again, an event again. */
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(iqei(), TYPE);
	assert_int_equal(vx.msi_count, 2);
	vx_put(&vx, vx.iq, VX_INV_CC_GLOBAL);
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(iqei(), 0);
	assert_int_equal((uint32_t)vx_get(&vx, vx.status), vx.sync_data);
}

/* QIE off: QIES and the head follow; what was not fetched is not. */
static void test_queue_disable(void **state)
{
	uint64_t tail;

	(void)state;
	assert_true(vx_sync(&vx));
	vx_w32(&vx, VX_GCMD, VX_TE);
	assert_int_equal(vx_r32(&vx, VX_GSTS) & VX_QIE, 0);
	assert_int_equal(vx_r64(&vx, VX_IQH), 0);
	assert_string_equal(vx.log, "");
	assert_false(vx_sync(&vx));
	/* On again with that tail: what is there is executed. */
	tail = vx_r64(&vx, VX_IQT);
	vx_gcmd(&vx, VX_QIE);
	assert_int_equal(vx_r64(&vx, VX_IQH), tail);
	assert_int_equal((uint32_t)vx_get(&vx, vx.status), vx.sync_data);
	/* Not empty: software is told. */
	vx_put(&vx, vx.iq + tail, 0);
	vx_w64(&vx, VX_IQT, tail + 32);
	vx_w32(&vx, VX_GCMD, VX_TE);
	assert_string_equal(vx.log,
			    "invalidation queue is turned off, not empty");
	assert_int_equal(vx_r32(&vx, VX_GSTS) & VX_QIE, 0);
}

/* Each access lets as many descriptors through as the configuration says. */
static void test_queue_batch(void **state)
{
	struct vtd_hw_cfg cfg = vx.cfg;
	unsigned int i;

	(void)state;
	cfg.command_batch = 1;
	vx_fini(&vx);
	vx_start(&vx, &cfg);
	for (i = 0; i < 4; i++)
		vx_put(&vx, vx.iq + 32 * i, VX_INV_CC_GLOBAL);
	vx_w32(&vx, VX_IQT, 128);
	for (i = 2; i <= 4; i++)
		assert_int_equal(vx_r64(&vx, VX_IQH), 32 * i);
	assert_int_equal(vx_r64(&vx, VX_IQH), 128);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(test_queue_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(reserved_bits), T(unknown_types), T(reserved_values),
		T(features),      T(narrow_types),  T(wraps),
		T(many_at_once),  T(tail_beyond),   T(tail_misaligned),
		T(fetch_abort),   T(shrinks),       T(table_mode),
		T(error_stops),   T(disable),       T(batch),
	};

	return cmocka_run_group_tests_name("vtd_queue", tests, NULL, NULL);
}
