/* SPDX-License-Identifier: MIT */
/*
 * Wait descriptors and what they wait for: device TLBs that answer later, not
 * at all or out of turn, page request draining, transactions in flight
 * (6.5.2.5 to 6.5.2.11, 7.10).
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

static uint32_t errors(void)
{
	return vx_r32(&vx, VX_FSTS) & (VX_IQE | VX_ICE | VX_ITE);
}

/* A wait that writes @data to @pa; @more: of VX_INV_WAIT_*. */
static void wait_at(uint64_t pa, uint32_t data, uint64_t more)
{
	vx_inv(&vx,
	       VX_INV_WAIT | VX_INV_WAIT_SW | VX_INV_WAIT_DATA(data) | more,
	       pa);
}

static void complete(unsigned int i, bool ok)
{
	vx.hw->ops->ats_inv_complete(vx.hw, vx.cookie[i], ok);
}

/* 4 bytes, and not the 4 beside them; with neither flag, nothing. */
static void test_wait_status_write(void **state)
{
	(void)state;
	vx_put(&vx, vx.status, UINT64_C(0x1111111122222222));
	wait_at(vx.status, 0xdeadbeef, 0);
	assert_int_equal(vx_get(&vx, vx.status), UINT64_C(0x11111111deadbeef));
	wait_at(vx.status + 4, 0xcafe0001, 0);
	assert_int_equal(vx_get(&vx, vx.status), UINT64_C(0xcafe0001deadbeef));
	vx_inv(&vx, VX_INV_WAIT | VX_INV_WAIT_DATA(5), vx.status);
	vx_inv(&vx, VX_INV_WAIT | VX_INV_WAIT_FN, vx.status);
	assert_int_equal(vx_get(&vx, vx.status), UINT64_C(0xcafe0001deadbeef));
	assert_int_equal(vx_stats(&vx).syncs, 4);
	assert_int_equal(errors(), 0);
}

/* Somebody writes the other half of the word in the middle of it. */
static unsigned int contended;

static void neighbour(struct vx *x, uint64_t pa)
{
	if (contended) {
		contended--;
		vx_put(x, pa, vx_get(x, pa) + (UINT64_C(1) << 32));
	}
}

static void test_wait_status_write_contended(void **state)
{
	(void)state;
	vx_put(&vx, vx.status, 0);
	vx.on_cas = neighbour;
	contended = 10;
	wait_at(vx.status, 7, 0);
	assert_int_equal(vx_get(&vx, vx.status), UINT64_C(0xa00000007));
	/* However long that goes on, the wait ends. */
	contended = 1000000;
	wait_at(vx.status, 8, 0);
	assert_int_equal((uint32_t)vx_get(&vx, vx.status), 8);
	assert_true(contended > 999900);
}

static void test_wait_status_write_aborted(void **state)
{
	(void)state;
	wait_at(UINT64_C(0xf00000000), 1, 0);
	assert_true(vx_iq_idle(&vx));
	assert_int_equal(errors(), 0);
	assert_string_equal(vx.log, "status write to 0xf00000000 was aborted");
	assert_true(vx_sync(&vx));
}

/* 11.4.9.6 to 8: IWC, and its event, masked and not. */
static void test_wait_interrupt(void **state)
{
	(void)state;
	vx_w32(&vx, VX_IEADDR, 0xfee01000);
	vx_w32(&vx, VX_IEUADDR, 0x77);
	vx_w32(&vx, VX_IEDATA, 0x41);
	vx_inv(&vx, VX_INV_WAIT | VX_INV_WAIT_IF, 0);
	assert_int_equal(vx_r32(&vx, VX_ICS), 1);
	assert_int_equal(vx_r32(&vx, VX_IECTL), VX_IM | VX_IP);
	assert_int_equal(vx.msi_count, 0);
	vx_w32(&vx, VX_IECTL, 0);
	assert_int_equal(vx_r32(&vx, VX_IECTL), 0);
	assert_int_equal(vx.msi_count, 1);
	assert_int_equal(vx.msi[0].addr, UINT64_C(0x77fee01000));
	assert_int_equal(vx.msi[0].data, 0x41);
	assert_int_equal(vx.msi[0].requester, VX_UNIT_SID);
	/* IWC stands for those that follow. */
	vx_inv(&vx, VX_INV_WAIT | VX_INV_WAIT_IF, 0);
	assert_int_equal(vx.msi_count, 1);
	vx_w32(&vx, VX_ICS, 0);
	assert_int_equal(vx_r32(&vx, VX_ICS), 1);
	vx_w32(&vx, VX_ICS, 1);
	assert_int_equal(vx_r32(&vx, VX_ICS), 0);
	/* Both flags: the status is there before the message. */
	wait_at(vx.status, 9, VX_INV_WAIT_IF);
	assert_int_equal(vx.msi_count, 2);
	assert_int_equal((uint32_t)vx_get(&vx, vx.status), 9);
}

/* What is held back is not sent once software has served it. */
static void test_wait_interrupt_served_while_masked(void **state)
{
	(void)state;
	vx_inv(&vx, VX_INV_WAIT | VX_INV_WAIT_IF, 0);
	assert_int_equal(vx_r32(&vx, VX_IECTL), VX_IM | VX_IP);
	vx_w32(&vx, VX_ICS, 1);
	assert_int_equal(vx_r32(&vx, VX_IECTL), VX_IM);
	vx_w32(&vx, VX_IECTL, 0);
	assert_int_equal(vx.msi_count, 0);
}

/*
 * [L6] 6.5.2.5, 6.5.2.6: what the device is told. S and the lowest 0 of the address
 * are the size.
 */
static const struct {
	uint64_t dw0, dw1;
	struct hw_ats_inv inv;
} ranges[] = {
	{ VX_INV_DEVTLB(0x321), 0x5000, { 0x321, 0, 0, 0, 0x5000, 0x1000 } },
	{ VX_INV_DEVTLB(0x321),
	  0x7fff000,
	  { 0x321, 0, 0, 0, 0x7fff000, 0x1000 } },
	{ VX_INV_DEVTLB(0x321), 0x4001, { 0x321, 0, 0, 0, 0x4000, 0x2000 } },
	{ VX_INV_DEVTLB(0x321), 0x9001, { 0x321, 0, 0, 0, 0x8000, 0x4000 } },
	{ VX_INV_DEVTLB(0x321), 0xfffffffffffff001, { 0x321, 0, 0, 0, 0, 0 } },
	/* The one that Linux uses for all: 2^52 pages and one bit more. */
	{ VX_INV_DEVTLB(0x321), 0x7ffffffffffff001, { 0x321, 0, 0, 0, 0, 0 } },
	{ VX_INV_DEVTLB(0x321),
	  0x3ffffffffffff001,
	  { 0x321, 0, 0, 0, 0, UINT64_C(1) << 63 } },
	{ VX_INV_DEVTLB(0x321) | 0x1f0000,
	  0x1000,
	  { 0x321, 0, 0, 0, 0x1000, 0x1000 } },
	{ VX_INV_PDEVTLB(0x321, 0x54321),
	  0x5000,
	  { 0x321, true, 0x54321, 0, 0x5000, 0x1000 } },
	{ VX_INV_PDEVTLB(0x321, 0xfffff),
	  0x1ff800,
	  { 0x321, true, 0xfffff, 0, 0, 0x400000 } },
	{ VX_INV_PDEVTLB(0xffff, 1) | 0x1f0,
	  0x6001,
	  { 0xffff, true, 1, true, 0x6000, 0x1000 } },
	{ VX_INV_PDEVTLB(0x321, 1),
	  0x7ffffffffffff800,
	  { 0x321, true, 1, 0, 0, 0 } },
};

static void test_wait_device_tlb_ranges(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(ranges); i++) {
		const struct hw_ats_inv *want = &ranges[i].inv, *got;

		vx_inv(&vx, ranges[i].dw0, ranges[i].dw1);
		assert_int_equal(vx.inv_count, i + 1);
		got = &vx.inv[i];
		if (got->requester != want->requester ||
		    got->pasid_valid != want->pasid_valid ||
		    got->pasid != want->pasid || got->global != want->global ||
		    got->addr != want->addr || got->size != want->size)
			fail_msg("row %zu: %#llx %#llx", i,
				 (unsigned long long)got->addr,
				 (unsigned long long)got->size);
	}
	assert_int_equal(vx_stats(&vx).ats_invalidations, COUNT(ranges));
}

/* The wait is fetched, and complete when the device has answered. */
static void test_wait_for_device(void **state)
{
	(void)state;
	vx.inv_ret = -EINPROGRESS;
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	wait_at(vx.status, 1, VX_INV_WAIT_IF);
	assert_true(vx_iq_idle(&vx));
	assert_int_equal(vx_get(&vx, vx.status), 0);
	assert_int_equal(vx_r32(&vx, VX_ICS), 0);
	complete(0, true);
	assert_int_equal(vx_get(&vx, vx.status), 1);
	assert_int_equal(vx_r32(&vx, VX_ICS), 1);
	assert_int_equal(errors(), 0);
}

/* Without a fence what is behind goes on, with one it waits. */
static void test_wait_fence(void **state)
{
	(void)state;
	vx.inv_ret = -EINPROGRESS;
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	wait_at(vx.status, 1, 0);
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x2000);
	assert_int_equal(vx.inv_count, 2);
	wait_at(vx.status + 8, 2, VX_INV_WAIT_FN);
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x3000);
	assert_int_equal(vx.inv_count, 2);
	assert_false(vx_iq_idle(&vx));
	/* The second answer alone is no good to either. */
	complete(1, true);
	assert_int_equal(vx_get(&vx, vx.status), 0);
	assert_int_equal(vx_get(&vx, vx.status + 8), 0);
	assert_int_equal(vx.inv_count, 2);
	complete(0, true);
	assert_int_equal(vx_get(&vx, vx.status), 1);
	assert_int_equal(vx_get(&vx, vx.status + 8), 2);
	assert_int_equal(vx.inv_count, 3);
	assert_true(vx_iq_idle(&vx));
}

/* A wait is for what was before it, not for what came after. */
static void test_wait_not_for_later(void **state)
{
	(void)state;
	vx.inv_ret = -EINPROGRESS;
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	wait_at(vx.status, 1, 0);
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x2000);
	complete(0, true);
	assert_int_equal(vx_get(&vx, vx.status), 1);
	wait_at(vx.status, 2, 0);
	assert_int_equal(vx_get(&vx, vx.status), 1);
	complete(1, true);
	assert_int_equal(vx_get(&vx, vx.status), 2);
}

/* As many waits, and as many devices, as the unit can keep. */
static void test_wait_room(void **state)
{
	unsigned int i;

	(void)state;
	vx.inv_ret = -EINPROGRESS;
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	for (i = 0; i < 9; i++)
		wait_at(vx.status + 4 * i, i + 1, 0);
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	assert_false(vx_iq_idle(&vx));
	assert_int_equal(vx.inv_count, 1);
	complete(0, true);
	assert_true(vx_iq_idle(&vx));
	assert_int_equal(vx.inv_count, 2);
	assert_int_equal(vx_get(&vx, vx.status + 32), 9);
	for (i = 0; i < 32; i++)
		vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	assert_int_equal(vx.inv_count, 33);
	assert_false(vx_iq_idle(&vx));
	complete(20, true);
	assert_int_equal(vx.inv_count, 34);
	assert_true(vx_iq_idle(&vx));
}

/*
 * [L10] 6.5.2.10: a device does not answer. Pending waits are aborted, nothing is
 * fetched; cleared, the queue goes on.
 */
static void test_wait_time_out(void **state)
{
	(void)state;
	vx.inv_ret = -EINPROGRESS;
	vx_w32(&vx, VX_FECTL, 0);
	vx_inv(&vx, VX_INV_DEVTLB(0x0456), 0x1000);
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	wait_at(vx.status, 1, VX_INV_WAIT_IF);
	wait_at(vx.status, 2, 0);
	complete(0, false);
	assert_int_equal(errors(), VX_ITE);
	assert_int_equal(vx_r64(&vx, VX_IQERCD) >> 32 & 0xffff, 0x0456);
	assert_int_equal(vx.msi_count, 1);
	vx_inv(&vx, VX_INV_CC_GLOBAL, 0);
	assert_false(vx_iq_idle(&vx));
	complete(1, true);
	vx_w32(&vx, VX_FSTS, VX_ITE);
	assert_int_equal(errors(), 0);
	assert_true(vx_iq_idle(&vx));
	/* Neither was completed. */
	assert_int_equal(vx_get(&vx, vx.status), 0);
	assert_int_equal(vx_r32(&vx, VX_ICS), 0);
	assert_int_equal(vx_stats(&vx).syncs, 0);
	vx.inv_ret = 0;
	assert_true(vx_sync(&vx));
}

/*
 * One that is not there, and one that is known at once: the next wait, if
 * there is one in the queue.
 */
static void test_wait_time_out_at_once(void **state)
{
	static const int rets[] = { -ENODEV, -ETIMEDOUT };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rets); i++) {
		vx.inv_ret = rets[i];
		/* Both at one write of the tail. */
		vx_w32(&vx, VX_GCMD, VX_TE);
		vx_w64(&vx, VX_IQT, 0);
		vx_inv(&vx, VX_INV_PDEVTLB(0x0456 + i, 1), 0x1000);
		vx_put(&vx, vx.status, 0);
		wait_at(vx.status, 1, 0);
		assert_int_equal(errors(), 0);
		vx_gcmd(&vx, VX_QIE);
		assert_int_equal(errors(), VX_ITE);
		assert_int_equal(vx_get(&vx, vx.status), 0);
		/* It was fetched: software sees it behind the head. */
		assert_true(vx_iq_idle(&vx));
		assert_int_equal(vx_r64(&vx, VX_IQERCD) >> 32 & 0xffff,
				 0x0456 + i);
		vx_w32(&vx, VX_FSTS, VX_ITE);
		assert_true(vx_sync(&vx));
		assert_int_equal(errors(), 0);
	}
}

/* In between the queue may have to make a pause: the wait is still to come. */
static void test_wait_time_out_in_a_pause(void **state)
{
	struct vtd_hw_cfg cfg;

	(void)state;
	vx_fini(&vx);
	vtd_hw_cfg_default(&cfg);
	cfg.command_batch = 1;
	vx_start(&vx, &cfg);
	vx.inv_ret = -ETIMEDOUT;
	vx_w32(&vx, VX_GCMD, VX_TE);
	vx_w64(&vx, VX_IQT, 0);
	vx_inv(&vx, VX_INV_CC_GLOBAL, 0);
	vx_inv(&vx, VX_INV_DEVTLB(0x0456), 0x1000);
	vx_inv(&vx, VX_INV_CC_GLOBAL, 0);
	vx_put(&vx, vx.status, 0);
	wait_at(vx.status, 1, 0);
	vx_gcmd(&vx, VX_QIE);
	while (!vx_iq_idle(&vx))
		;
	assert_int_equal(errors(), VX_ITE);
	assert_int_equal(vx_get(&vx, vx.status), 0);
	vx_w32(&vx, VX_FSTS, VX_ITE);
	assert_int_equal(vx_get(&vx, vx.status), 0);
}

/* 6.5.2.11: nobody waits, and it is told all the same: at once, or later. */
static void test_wait_time_out_alone(void **state)
{
	(void)state;
	vx.inv_ret = -ETIMEDOUT;
	vx_inv(&vx, VX_INV_DEVTLB(0x0456), 0x1000);
	assert_int_equal(errors(), VX_ITE);
	assert_int_equal(vx_r64(&vx, VX_IQERCD) >> 32 & 0xffff, 0x0456);
	vx_w32(&vx, VX_FSTS, VX_ITE);
	assert_int_equal(errors(), 0);
	vx.inv_ret = -EINPROGRESS;
	vx_inv(&vx, VX_INV_DEVTLB(0x0457), 0x1000);
	vx_inv(&vx, VX_INV_DEVTLB(0x0458), 0x1000);
	assert_int_equal(errors(), 0);
	complete(1, false);
	assert_int_equal(errors(), VX_ITE);
	assert_int_equal(vx_r64(&vx, VX_IQERCD) >> 32 & 0xffff, 0x0457);
	/* 11.4.9.9: who is recorded stays until software has seen it. */
	complete(2, false);
	assert_int_equal(vx_r64(&vx, VX_IQERCD) >> 32 & 0xffff, 0x0457);
	vx_w32(&vx, VX_FSTS, VX_ITE);
	assert_int_equal(errors(), VX_ITE);
	assert_int_equal(vx_r64(&vx, VX_IQERCD) >> 32 & 0xffff, 0x0458);
	vx_w32(&vx, VX_FSTS, VX_ITE);
	assert_int_equal(errors(), 0);
	vx.inv_ret = 0;
	assert_true(vx_sync(&vx));
	/* Also of a queue that is off by then. */
	vx.inv_ret = -EINPROGRESS;
	vx_inv(&vx, VX_INV_DEVTLB(0x0459), 0x1000);
	vx_w32(&vx, VX_GCMD, VX_TE);
	assert_int_equal(errors(), 0);
	complete(3, false);
	assert_int_equal(errors(), VX_ITE);
}

/* 11.4.9.9: a completion nobody asked for, or not any more, or not of it. */
static void test_wait_unexpected_completion(void **state)
{
	(void)state;
	vx_w32(&vx, VX_FECTL, 0);
	vx.inv_ret = -EINPROGRESS;
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	complete(0, true);
	assert_int_equal(errors(), 0);
	complete(0, true);
	assert_int_equal(errors(), VX_ICE);
	assert_int_equal(vx_r64(&vx, VX_IQERCD) >> 48, VX_SID);
	assert_int_equal(vx.msi_count, 1);
	vx_w32(&vx, VX_FSTS, VX_ICE);
	assert_int_equal(errors(), 0);
	/* The place in use again; the old answer, and one of another function. */
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	wait_at(vx.status, 1, 0);
	complete(0, true);
	assert_int_equal(errors(), VX_ICE);
	/* The first is on record until software has seen it. */
	vx.hw->ops->ats_inv_complete(vx.hw, vx.cookie[1] ^ UINT64_C(0x10) << 48,
				     true);
	assert_int_equal(vx_r64(&vx, VX_IQERCD) >> 48, VX_SID);
	vx_w32(&vx, VX_FSTS, VX_ICE);
	vx.hw->ops->ats_inv_complete(vx.hw, vx.cookie[1] ^ UINT64_C(0x10) << 48,
				     true);
	assert_int_equal(errors(), VX_ICE);
	assert_int_equal(vx_r64(&vx, VX_IQERCD) >> 48, VX_SID ^ 0x10);
	vx_w32(&vx, VX_FSTS, VX_ICE);
	/* It stops nothing, and completes nothing. */
	assert_int_equal(vx_get(&vx, vx.status), 0);
	complete(1, true);
	assert_int_equal(vx_get(&vx, vx.status), 1);
	assert_int_equal(errors(), 0);
}

/* What was sent before a reset is nobody's after it. */
static void test_wait_completion_after_reset(void **state)
{
	(void)state;
	vx.inv_ret = -EINPROGRESS;
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	wait_at(vx.status, 1, 0);
	vx.hw->ops->reset(vx.hw);
	complete(0, true);
	assert_int_equal(errors(), 0);
	assert_int_equal(vx_get(&vx, vx.status), 0);
	vx_enable(&vx, vx.root | VX_SCALABLE);
	complete(0, false);
	assert_int_equal(errors(), 0);
	assert_true(vx_sync(&vx));
}

/* QIES stays as long as a wait is pending. */
static void test_wait_pending_holds_qies(void **state)
{
	(void)state;
	vx.inv_ret = -EINPROGRESS;
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	wait_at(vx.status, 1, 0);
	vx_w32(&vx, VX_GCMD, VX_TE);
	assert_int_equal(vx_r32(&vx, VX_GSTS) & VX_QIE, VX_QIE);
	complete(0, true);
	assert_int_equal(vx_get(&vx, vx.status), 1);
	assert_int_equal(vx_r32(&vx, VX_GSTS) & VX_QIE, 0);
	assert_int_equal(vx_r64(&vx, VX_IQH), 0);
}

/*
 * Ports: a request in flight that used what was invalidated holds back the
 * wait, and the device TLB invalidation that follows.
 */
static uint64_t seen_status;
static unsigned int seen_inv;

static void leave(struct vx *x)
{
	/* Nobody else gets into the queue by looking at a register. */
	vx_r64(x, VX_IQH);
	seen_status = vx_get(x, x->status);
	seen_inv = x->inv_count;
	x->on_relax = NULL;
	atomic_fetch_add(&x->port.busy, 1);
}

static void test_wait_for_ports(void **state)
{
	static const uint64_t invs[] = {
		VX_INV_CC_GLOBAL,    VX_INV_PC_GLOBAL,  VX_INV_IOTLB_GLOBAL,
		VX_INV_PIOTLB(1, 1), VX_INV_IEC_GLOBAL,
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(invs); i++) {
		vx_put(&vx, vx.status, 0);
		vx_inv(&vx, invs[i], 0);
		atomic_fetch_add(&vx.port.busy, 1);
		vx.on_relax = leave;
		seen_status = 77;
		wait_at(vx.status, 1, 0);
		assert_int_equal(seen_status, 0);
		assert_int_equal(vx_get(&vx, vx.status), 1);
		/* A device is told once nobody uses the IOTLB's entry. */
		vx_inv(&vx, invs[i], 0);
		atomic_fetch_add(&vx.port.busy, 1);
		vx.on_relax = leave;
		vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
		assert_int_equal(seen_inv, i);
		assert_int_equal(vx.inv_count, i + 1);
		assert_true(vx_sync(&vx));
	}
	/* Nothing was invalidated: nothing to wait for. */
	atomic_fetch_add(&vx.port.busy, 1);
	assert_true(vx_sync(&vx));
	atomic_fetch_add(&vx.port.busy, 1);
}

/* A port that never ends is a bug of the embedder: said, and passed over. */
static void test_wait_port_stuck(void **state)
{
	(void)state;
	vx_inv(&vx, VX_INV_IOTLB_GLOBAL, 0);
	atomic_fetch_add(&vx.port.busy, 1);
	vx.clock_step = UINT64_C(1000000000);
	assert_true(vx_sync(&vx));
	assert_string_equal(vx.log, "a port is busy for 5 s; not waiting");
	atomic_fetch_add(&vx.port.busy, 1);
}

/* The port that is waited for goes away; the next one is looked at. */
static struct hw_port second;

static void remove_port(struct vx *x)
{
	x->on_relax = leave;
	atomic_fetch_add(&second.busy, 1);
	x->hw->ops->port_remove(x->hw, &second);
}

static void test_wait_port_removed(void **state)
{
	(void)state;
	vx.hw->ops->port_add(vx.hw, &second);
	vx_put(&vx, vx.status, 0);
	vx_inv(&vx, VX_INV_IOTLB_GLOBAL, 0);
	atomic_fetch_add(&second.busy, 1);
	atomic_fetch_add(&vx.port.busy, 1);
	vx.on_relax = remove_port;
	seen_status = 77;
	wait_at(vx.status, 1, 0);
	assert_int_equal(seen_status, 0);
	assert_int_equal(vx_get(&vx, vx.status), 1);
	assert_null(second.hw);
}

/* Another one goes meanwhile: that one is still waited for. */
static void remove_other(struct vx *x)
{
	seen_status = vx_get(x, x->status);
	x->hw->ops->port_remove(x->hw, &second);
	assert_null(second.hw);
	x->on_relax = leave;
}

static void test_wait_other_port_removed(void **state)
{
	(void)state;
	/* Behind the one that is waited for. */
	vx.hw->ops->port_remove(vx.hw, &vx.port);
	vx.hw->ops->port_add(vx.hw, &second);
	vx.hw->ops->port_add(vx.hw, &vx.port);
	vx_put(&vx, vx.status, 0);
	vx_inv(&vx, VX_INV_IOTLB_GLOBAL, 0);
	atomic_fetch_add(&vx.port.busy, 1);
	vx.on_relax = remove_other;
	wait_at(vx.status, 1, 0);
	/* Not until the first one had left: then it was looked at again. */
	assert_int_equal(seen_status, 0);
	assert_null(vx.on_relax);
	assert_int_equal(vx_get(&vx, vx.status), 1);
}

/* [I5] 6.5.2.7: what the device is told; before the wait behind is complete. */
static void test_wait_page_response(void **state)
{
	static const struct {
		uint64_t dw0, dw1;
		struct hw_prg_response resp;
	} rows[] = {
		{ VX_INV_PGRESP(0x321, 0x54321, 0),
		  VX_INV1_PRGI(0x1ff),
		  { 0x321, true, 0x54321, 0x1ff, HW_PRG_SUCCESS } },
		{ VX_INV_PGRESP(0x321, 1, 1),
		  VX_INV1_PRGI(0),
		  { 0x321, true, 1, 0, HW_PRG_INVALID } },
		{ VX_INV_PGRESP(0xffff, 1, 15),
		  VX_INV1_PRGI(5),
		  { 0xffff, true, 1, 5, HW_PRG_FAILURE } },
		{ VX_INV_PGRESP(0x321, 1, 2),
		  VX_INV1_PRGI(5),
		  { 0x321, true, 1, 5, HW_PRG_FAILURE } },
		/* PP is 0. */
		{ VX_INV_PGRESP(0x321, 7, 0) & ~UINT64_C(0x10),
		  VX_INV1_PRGI(6),
		  { 0x321, false, 0, 6, HW_PRG_SUCCESS } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		const struct hw_prg_response *want = &rows[i].resp, *got;

		vx_inv(&vx, rows[i].dw0, rows[i].dw1);
		assert_int_equal(vx.resp_count, i + 1);
		got = &vx.resp[i];
		if (got->requester != want->requester ||
		    got->pasid_valid != want->pasid_valid ||
		    got->pasid != want->pasid || got->prgi != want->prgi ||
		    got->code != want->code)
			fail_msg("row %zu", i);
	}
	assert_int_equal(vx_stats(&vx).prg_responses, COUNT(rows));
	assert_int_equal(vx_stats(&vx).prg_responses_auto, 0);
}

/*
 * [M4] 7.10: an automatic response is on its way to the device. A wait with PD is
 * for that, too; one without is not.
 */
static bool drained, plain;

static void while_answering(struct vx *x)
{
	x->on_resp = NULL;
	plain = vx_sync(x);
	wait_at(x->status + 8, 5, VX_INV_WAIT_PD);
	drained = vx_get(x, x->status + 8) == 5;
}

static void test_wait_page_request_drain(void **state)
{
	(void)state;
	vx.on_resp = while_answering;
	drained = true;
	/* Nobody's tables: answered by the unit. */
	vx_page_request(&vx, 0x9900, 1, 0x1000, 1, 3, true);
	assert_int_equal(vx.resp_count, 1);
	assert_true(plain);
	assert_false(drained);
	assert_int_equal(vx_get(&vx, vx.status + 8), 5);
	/* With nothing under way it is complete at once. */
	wait_at(vx.status + 8, 6, VX_INV_WAIT_PD);
	assert_int_equal(vx_get(&vx, vx.status + 8), 6);
}

/* A unit without a bus has no devices to wait for. */
static void test_wait_no_bus(void **state)
{
	(void)state;
	vx_fini(&vx);
	vx.no_bus = true;
	vx_start(&vx, NULL);
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	vx_inv(&vx, VX_INV_PGRESP(VX_SID, 1, 0), 0);
	assert_true(vx_sync(&vx));
	assert_int_equal(errors(), 0);
	assert_int_equal(vx.inv_count, 0);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(test_wait_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(status_write),
		T(status_write_contended),
		T(status_write_aborted),
		T(interrupt),
		T(interrupt_served_while_masked),
		T(device_tlb_ranges),
		T(for_device),
		T(fence),
		T(not_for_later),
		T(room),
		T(time_out),
		T(time_out_at_once),
		T(time_out_in_a_pause),
		T(time_out_alone),
		T(unexpected_completion),
		T(completion_after_reset),
		T(pending_holds_qies),
		T(for_ports),
		T(port_stuck),
		T(port_removed),
		T(other_port_removed),
		T(page_response),
		T(page_request_drain),
		T(no_bus),
	};

	return cmocka_run_group_tests_name("vtd_wait", tests, NULL, NULL);
}
