/* SPDX-License-Identifier: MIT */
/*
 * Interrupt remapping: both formats, what an entry makes of a message, every
 * reason to block one, and the entry cache (chapter 5).
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

/* A table of 256 entries, remapping on, compatibility format blocked. */
static void start(uint64_t irta)
{
	vx.irt = vx_alloc(&vx, 65536 * 16, 4096);
	vx_w64(&vx, VX_IRTA, vx.irt | irta);
	vx_gcmd(&vx, VX_SIRTP);
	vx_gcmd(&vx, VX_IRE);
}

static int setup(void **state)
{
	(void)state;
	vx_start(&vx, NULL);
	start(7);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vx_fini(&vx);
	return 0;
}

#define IRTA_EIME UINT64_C(0x800)

static void irte(uint32_t index, uint64_t lo, uint64_t hi)
{
	vx_put(&vx, vx.irt + index * UINT64_C(16) + 8, hi);
	vx_put(&vx, vx.irt + index * UINT64_C(16), lo);
}

/* Remappable format, without a subhandle. */
static uint64_t address(uint32_t handle)
{
	return 0xfee00010 | (handle & 0x7fff) << 5 | handle >> 15 << 2;
}

static int remap(uint16_t sid, uint64_t addr, uint32_t data,
		 struct vtd_hw_msg *ret)
{
	const struct vtd_hw_msg msg = { addr, data };

	return vtd_hw_remap_irq(vx.hw, sid, &msg, ret);
}

/* The reason a message is blocked for; 0: it is not; -1: without a record. */
static int blocked(uint16_t sid, uint64_t addr, uint32_t data)
{
	struct vtd_hw_msg out;
	uint64_t rec[2];

	if (!remap(sid, addr, data, &out))
		return 0;
	if (!vx_fault(&vx, rec))
		return -1;
	assert_int_equal(VX_FSID(rec[1]), sid);
	assert_false(vx_fault(&vx, rec));
	return (int)VX_FR(rec[1]);
}

/* Off: as it came, in either format. */
static void test_intremap_off(void **state)
{
	struct vtd_hw_msg out;

	(void)state;
	vx_w32(&vx, VX_GCMD, VX_TE | VX_QIE);
	assert_int_equal(remap(1, address(0), 0x1234, &out), 0);
	assert_int_equal(out.addr, address(0));
	assert_int_equal(out.data, 0x1234);
	assert_int_equal(remap(1, 0xfee05008, 0xc031, &out), 0);
	assert_int_equal(out.addr, 0xfee05008);
	assert_int_equal(out.data, 0xc031);
}

/* 5.1.2.1: CFIS lets the compatibility format in, EIME keeps it out. */
static void test_intremap_compatibility(void **state)
{
	struct vtd_hw_msg out;

	(void)state;
	assert_int_equal(blocked(7, 0xfee05000, 0x31), 0x25);
	vx_gcmd(&vx, VX_CFI);
	assert_int_equal(remap(7, 0xfee05000, 0x31, &out), 0);
	assert_int_equal(out.addr, 0xfee05000);
	assert_int_equal(out.data, 0x31);
	vx_w64(&vx, VX_IRTA, vx.irt | 7 | IRTA_EIME);
	assert_int_equal(blocked(7, 0xfee05000, 0x31), 0);
	vx_gcmd(&vx, VX_SIRTP);
	assert_int_equal(blocked(7, 0xfee05000, 0x31), 0x25);
}

/* An entry, field by field, and the message it makes. */
static const struct {
	uint64_t lo; /* without P */
	bool eime;
	uint64_t addr;
	uint32_t data;
} messages[] = {
	{ 0, false, 0xfee00000, 0x4000 },
	{ UINT64_C(0xa5) << 16, false, 0xfee00000, 0x40a5 },
	{ UINT64_C(5) << 5, false, 0xfee00000, 0x4500 },
	{ UINT64_C(1) << 4, false, 0xfee00000, 0xc000 },
	{ UINT64_C(1) << 3, false, 0xfee00008, 0x4000 },
	{ UINT64_C(1) << 2, false, 0xfee00004, 0x4000 },
	{ UINT64_C(0xf) << 8, false, 0xfee00000, 0x4000 },
	{ UINT64_C(0xbe) << 40, false, 0xfeebe000, 0x4000 },
	{ UINT64_C(0x000000be) << 32, true, 0xfeebe000, 0x4000 },
	{ UINT64_C(0x12345678) << 32, true, 0x12345600fee78000, 0x4000 },
	/* All of it. */
	{ UINT64_C(0xff00000000310ffc), true, 0xff000000fee0000c, 0xc731 },
};

static void test_intremap_message(void **state)
{
	struct vtd_hw_msg out;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(messages); i++) {
		vx_w64(&vx, VX_IRTA,
		       vx.irt | 7 | (messages[i].eime ? IRTA_EIME : 0));
		vx_gcmd(&vx, VX_SIRTP);
		irte(5, messages[i].lo | 1, 0);
		vx_inv(&vx, VX_INV_IEC_GLOBAL, 0);
		assert_int_equal(remap(7, address(5), 0, &out), 0);
		if (out.addr != messages[i].addr ||
		    out.data != messages[i].data)
			fail_msg("row %zu: %#llx %#x", i,
				 (unsigned long long)out.addr, out.data);
	}
}

/* 5.1.3: the index; SHV adds the subhandle. */
static void test_intremap_index(void **state)
{
	struct vtd_hw_msg out;
	uint64_t rec[2];

	(void)state;
	vx_w64(&vx, VX_IRTA, vx.irt | 15);
	vx_gcmd(&vx, VX_SIRTP);
	irte(0x7fff, 1 | 0x11 << 16, 0);
	irte(0x8000, 1 | 0x22 << 16, 0);
	irte(0xffff, 1 | 0x33 << 16, 0);
	assert_int_equal(remap(7, address(0x7fff), 5, &out), 0);
	assert_int_equal(out.data & 0xff, 0x11);
	assert_int_equal(remap(7, address(0x8000), 0, &out), 0);
	assert_int_equal(out.data & 0xff, 0x22);
	/* Bits 1:0 of the address are ignored. */
	assert_int_equal(remap(7, address(0x8000) | 3, 0, &out), 0);
	assert_int_equal(remap(7, address(0x7fff) | 8, 1, &out), 0);
	assert_int_equal(out.data & 0xff, 0x22);
	assert_int_equal(remap(7, address(0x8000) | 8, 0x7fff, &out), 0);
	assert_int_equal(out.data & 0xff, 0x33);
	/* It does not wrap. */
	assert_int_equal(blocked(7, address(0xffff) | 8, 1), 0x21);
	assert_int_equal(blocked(7, address(0x8000) | 8, 0xffff), 0x21);
	/* 2^(S + 1) entries; the record has the index. */
	vx_w64(&vx, VX_IRTA, vx.irt | 0);
	vx_gcmd(&vx, VX_SIRTP);
	irte(1, 1, 0);
	assert_int_equal(blocked(7, address(1), 0), 0);
	assert_int_equal(remap(7, address(2), 0, &out), -EFAULT);
	assert_true(vx_fault(&vx, rec));
	assert_int_equal(rec[0], UINT64_C(2) << 48);
	assert_int_equal(rec[1], UINT64_C(0x8000002100000007));
}

/* 20h: the message itself. */
static void test_intremap_bad_message(void **state)
{
	(void)state;
	irte(0, 1, 0);
	assert_int_equal(blocked(7, address(0), 0), 0);
	assert_int_equal(blocked(7, address(0) | 8, 0x10000), 0x20);
	assert_int_equal(blocked(7, address(0) | 8, 0x80000000), 0x20);
	assert_int_equal(blocked(7, address(0) ^ 0x100000, 0), 0x20);
	assert_int_equal(blocked(7, address(0) | UINT64_C(1) << 32, 0), 0x20);
}

/* 22h, 23h: not present, not readable; FPD counts for the first. */
static void test_intremap_no_entry(void **state)
{
	(void)state;
	assert_int_equal(blocked(7, address(3), 0), 0x22);
	irte(3, 2, 0);
	assert_int_equal(blocked(7, address(3), 0), -1);
	vx.abort_first = vx.irt + 3 * 16 + 8;
	vx.abort_last = vx.irt + 3 * 16 + 15;
	assert_int_equal(blocked(7, address(3), 0), 0x23);
	vx.abort_last = 0;
	/* Neither was cached. */
	irte(3, 1, 0);
	assert_int_equal(blocked(7, address(3), 0), 0);
}

/* 24h: every bit of an entry, in both modes; posted ones are of PI. */
static void test_intremap_reserved_bits(void **state)
{
	static const uint64_t legal[2][2] = {
		{ 0x0000ff0000ff0fff, 0x00000000000fffff },
		{ 0xffffffff00ff0fff, 0x00000000000fffff },
	};
	unsigned int eime, bit;

	(void)state;
	for (eime = 0; eime < 2; eime++) {
		vx_w64(&vx, VX_IRTA, vx.irt | 7 | (eime ? IRTA_EIME : 0));
		vx_gcmd(&vx, VX_SIRTP);
		for (bit = 1; bit < 128; bit++) {
			uint64_t dw[2] = { 1, 0 };
			int want, got;

			dw[bit / 64] |= UINT64_C(1) << bit % 64;
			want = legal[eime][bit / 64] >> bit % 64 & 1 ? 0 : 0x24;
			/* SVT: bits that compare the source. */
			if (bit == 82 || bit == 83)
				want = 0x26;
			irte(9, dw[0], dw[1]);
			vx_inv(&vx, VX_INV_IEC_GLOBAL, 0);
			got = blocked(0x0707, address(9), 0);
			if (got != want)
				fail_msg("EIME %u, bit %u: %#x", eime, bit,
					 (unsigned int)got);
			if (!want)
				continue;
			irte(9, dw[0] | 2, dw[1]);
			vx_inv(&vx, VX_INV_IEC_GLOBAL, 0);
			assert_int_equal(blocked(0x0707, address(9), 0), -1);
		}
	}
}

/* 26h: SVT, SQ and SID. */
static const struct {
	uint16_t sid, requester;
	uint8_t svt, sq;
	bool passes;
} sources[] = {
	{ 0x1234, 0x5678, 0, 0, true },  { 0x1234, 0x1234, 1, 0, true },
	{ 0x1234, 0x1235, 1, 0, false }, { 0x1234, 0x1230, 1, 0, false },
	{ 0x1234, 0x1230, 1, 1, true },  { 0x1234, 0x1236, 1, 1, false },
	{ 0x1234, 0x1232, 1, 1, false }, { 0x1234, 0x1232, 1, 2, true },
	{ 0x1234, 0x1236, 1, 2, true },  { 0x1234, 0x1235, 1, 2, false },
	{ 0x1234, 0x1233, 1, 3, true },  { 0x1234, 0x123c, 1, 3, false },
	{ 0x1234, 0x1334, 1, 3, false }, { 0x1020, 0x1000, 2, 0, true },
	{ 0x1020, 0x20ff, 2, 0, true },  { 0x1020, 0x1800, 2, 3, true },
	{ 0x1020, 0x0fff, 2, 0, false }, { 0x1020, 0x2100, 2, 0, false },
	{ 0x1234, 0x1234, 3, 0, false },
};

static void test_intremap_source(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(sources); i++) {
		int got;

		irte(1, 1,
		     sources[i].sid | (uint64_t)sources[i].sq << 16 |
			     (uint64_t)sources[i].svt << 18);
		vx_inv(&vx, VX_INV_IEC_GLOBAL, 0);
		got = blocked(sources[i].requester, address(1), 0);
		if (got != (sources[i].passes ? 0 : 0x26))
			fail_msg("row %zu: %#x", i, (unsigned int)got);
	}
}

/* The vector that the entry at @index, or its cached copy, makes; 0: none. */
static unsigned int vector(uint32_t index)
{
	struct vtd_hw_msg out;
	uint64_t rec[2];

	if (!remap(7, address(index), 0, &out))
		return out.data & 0xff;
	vx_fault(&vx, rec);
	return 0;
}

static void fill(uint32_t first, unsigned int count, unsigned int v)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		irte(first + i, 1 | v << 16, 0);
}

/* 6.5.2.4: an entry that changed is not seen before its invalidation. */
static void test_intremap_cache(void **state)
{
	unsigned int i;

	(void)state;
	fill(0, 64, 0x40);
	for (i = 0; i < 64; i++)
		assert_int_equal(vector(i), 0x40);
	fill(0, 64, 0x50);
	irte(7, 0, 0);
	for (i = 0; i < 64; i++)
		assert_int_equal(vector(i), 0x40);
	/* One; eight, aligned whatever the index is; all. */
	vx_inv(&vx, VX_INV_IEC(5, 0), 0);
	for (i = 0; i < 64; i++)
		assert_int_equal(vector(i), i == 5 ? 0x50 : 0x40);
	vx_inv(&vx, VX_INV_IEC(21, 3), 0);
	for (i = 0; i < 64; i++)
		assert_int_equal(vector(i),
				 i == 5 || (i >= 16 && i < 24) ? 0x50 : 0x40);
	vx_inv(&vx, VX_INV_IEC_GLOBAL, 0);
	for (i = 0; i < 64; i++)
		assert_int_equal(vector(i), i == 7 ? 0 : 0x50);
	assert_int_equal(vx_stats(&vx).config_invalidations, 1 + 3);
}

/* 6.4: an entry that blocked a request is not kept. */
static void test_intremap_cache_no_faults(void **state)
{
	(void)state;
	irte(3, 1 | 0x40 << 16 | UINT64_C(1) << 15, 0); /* posted */
	assert_int_equal(vector(3), 0);
	irte(3, 1 | 0x50 << 16, 0);
	assert_int_equal(vector(3), 0x50);
	/* Of another requester. */
	irte(4, 1 | 0x40 << 16, 8 | UINT64_C(1) << 18);
	assert_int_equal(vector(4), 0);
	irte(4, 1 | 0x50 << 16, 7 | UINT64_C(1) << 18);
	assert_int_equal(vector(4), 0x50);
	/* Who is blocked by an entry that serves another does not drop it. */
	irte(4, 1 | 0x60 << 16, 7 | UINT64_C(1) << 18);
	assert_int_equal(blocked(8, address(4), 0), 0x26);
	assert_int_equal(vector(4), 0x50);
}

static void change_entry(struct vx *v, uint64_t pa)
{
	if (pa != v->irt + 16 + 8)
		return;
	v->on_load = NULL;
	irte(1, 1 | 0x50 << 16, 7 | UINT64_C(1) << 18);
}

/* 5.1.4: an entry is read as a whole, for software changes it so. */
static void test_intremap_entry_at_once(void **state)
{
	(void)state;
	irte(1, 1 | 0x40 << 16, 8 | UINT64_C(1) << 18);
	vx.on_load = change_entry;
	assert_int_equal(vector(1), 0x50);
	assert_null(vx.on_load);
}

/* 11.4.4.1: with ESIRTPS, turning it off forgets what was cached. */
static void test_intremap_off_forgets(void **state)
{
	struct vtd_hw_cfg cfg = vx.cfg;
	unsigned int with;

	(void)state;
	for (with = 0; with < 2; with++) {
		vx_fini(&vx);
		/* CAP.ESIRTPS */
		cfg.cap &= ~(UINT64_C(1) << 62);
		cfg.cap |= (uint64_t)with << 62;
		vx_start(&vx, &cfg);
		start(7);
		fill(0, 1, 0x40);
		assert_int_equal(vector(0), 0x40);
		fill(0, 1, 0x50);
		vx_w32(&vx, VX_GCMD, VX_TE | VX_QIE);
		vx_gcmd(&vx, VX_IRE);
		assert_int_equal(vector(0), with ? 0x50 : 0x40);
	}
}

/* CAP.ESIRTPS: SIRTP invalidates; the table is the old one until then. */
static void test_intremap_sirtp(void **state)
{
	struct vtd_hw_cfg cfg = vx.cfg;

	(void)state;
	fill(0, 2, 0x40);
	assert_int_equal(vector(0), 0x40);
	vx.irt = vx_alloc(&vx, 4096, 4096);
	fill(0, 2, 0x60);
	vx_w64(&vx, VX_IRTA, vx.irt | 7);
	assert_int_equal(vector(0), 0x40);
	assert_int_equal(vector(1), 0x40);
	vx_gcmd(&vx, VX_SIRTP);
	assert_int_equal(vector(0), 0x60);
	assert_int_equal(vector(1), 0x60);
	/* Without ESIRTPS what is cached stays. */
	cfg.cap &= ~(UINT64_C(1) << 62);
	vx_fini(&vx);
	vx_start(&vx, &cfg);
	start(7);
	fill(0, 2, 0x40);
	assert_int_equal(vector(0), 0x40);
	vx.irt = vx_alloc(&vx, 4096, 4096);
	fill(0, 2, 0x60);
	vx_w64(&vx, VX_IRTA, vx.irt | 7);
	vx_gcmd(&vx, VX_SIRTP);
	assert_int_equal(vector(0), 0x40);
	assert_int_equal(vector(1), 0x60);
	vx_inv(&vx, VX_INV_IEC(0, 0), 0);
	assert_int_equal(vector(0), 0x60);
}

/* An eager unit forgets by itself. */
static void test_intremap_eager(void **state)
{
	struct vtd_hw_cfg cfg = vx.cfg;
	unsigned int i;

	(void)state;
	cfg.personality = HW_EAGER;
	cfg.eager_period = 4;
	vx_fini(&vx);
	vx_start(&vx, &cfg);
	start(7);
	fill(0, 1, 0x40);
	assert_int_equal(vector(0), 0x40);
	fill(0, 1, 0x50);
	for (i = 0; i < 4 && vector(0) == 0x40; i++)
		;
	assert_int_equal(vector(0), 0x50);
}

/* More entries than the cache has places: each is still what it is. */
static void test_intremap_many(void **state)
{
	unsigned int i;

	(void)state;
	vx_w64(&vx, VX_IRTA, vx.irt | 15);
	vx_gcmd(&vx, VX_SIRTP);
	for (i = 0; i < 4096; i++)
		irte(i, 1 | (i % 200 + 1) << 16, 0);
	for (i = 0; i < 2 * 4096; i++)
		assert_int_equal(vector(i % 4096), i % 4096 % 200 + 1);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(test_intremap_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(off),
		T(compatibility),
		T(message),
		T(index),
		T(bad_message),
		T(no_entry),
		T(reserved_bits),
		T(source),
		T(cache),
		T(sirtp),
		T(eager),
		T(many),
		T(cache_no_faults),
		T(entry_at_once),
		T(off_forgets),
	};

	return cmocka_run_group_tests_name("vtd_intremap", tests, NULL, NULL);
}
