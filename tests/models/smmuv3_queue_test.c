/* SPDX-License-Identifier: MIT */
/*
 * The command queue with its errors, the event queue with its overflow, and
 * the interrupts of both.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

#define R ((unsigned int)IOMMU_PERM_READ)

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

static uint32_t cons(void)
{
	return fx_r32(&fx, FX_CMDQ_CONS) & 0xfffff;
}

static uint32_t cerror(void)
{
	return fx_r32(&fx, FX_CMDQ_CONS) >> 24;
}

/* 7.1: stops there; later commands have no effect before it goes on. [L8] */
static void test_queue_cmd_error_stops_until_acknowledged(void **state)
{
	(void)state;
	fx_sync(&fx);
	fx_cmd(&fx, 0xff, 0);
	fx_cmd(&fx, CMD_ATC_INV(1), 52);
	assert_int_equal(cons(), 1);
	assert_int_equal(fx.inv_count, 0);
	/* Not with anything but the acknowledgement. */
	fx_w32(&fx, FX_GERRORN, 0);
	fx_w32(&fx, FX_GERRORN, 0xfffe);
	assert_int_equal(fx_r32(&fx, FX_GERRORN), 0);
	assert_int_equal(cons(), 1);
	/* Nor by turning the queue off and on. */
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_CMDQEN);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL);
	assert_int_equal(cons(), 1);
	/* The command may be changed, the index moved back. */
	fx_put(&fx, fx.cmdq + 16, CMD_SYNC);
	fx_w32(&fx, FX_CMDQ_PROD, 2);
	fx_w32(&fx, FX_GERRORN, 1);
	assert_int_equal(cons(), 2);
	assert_int_equal(cerror(), 0);
	assert_int_equal(fx.inv_count, 0);
	fx_w32(&fx, FX_CMDQ_PROD, 3);
	assert_int_equal(fx.inv_count, 1);
}

static void test_queue_cmd_fetch_abort(void **state)
{
	(void)state;
	fx.abort_first = fx.cmdq;
	fx.abort_last = fx.cmdq + 15;
	fx_sync(&fx);
	assert_int_equal(cerror(), 2);
	assert_int_equal(cons(), 0);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 1);
	/* Acknowledged, but not cured. */
	fx_w32(&fx, FX_GERRORN, 1);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 0);
	fx.abort_last = 0;
	fx_w32(&fx, FX_GERRORN, 0);
	assert_true(fx_cmdq_idle(&fx));
}

static void test_queue_cmd_disabled_not_fetched(void **state)
{
	(void)state;
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_CMDQEN);
	fx_sync(&fx);
	assert_int_equal(cons(), 0);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL);
	assert_int_equal(cons(), 1);
}

static void test_queue_cmd_wraps(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 5u << FX_CMDQ_LG2; i++) {
		fx_cmd(&fx, CMD_ATC_INV(i), 52);
		assert_true(fx_cmdq_idle(&fx));
		assert_int_equal(fx.inv[i % FX_LOG_MAX].requester, i);
	}
	assert_int_equal(fx_stats(&fx).commands, 5u << FX_CMDQ_LG2);
	assert_int_equal(fx_stats(&fx).ats_invalidations, 5u << FX_CMDQ_LG2);
}

/* One entry: the index is the wrap bit alone. */
static void test_queue_cmd_of_one(void **state)
{
	(void)state;
	fx_w32(&fx, FX_CR0, 0);
	fx_w64(&fx, FX_CMDQ_BASE, fx.cmdq);
	fx_w32(&fx, FX_CMDQ_CONS, 0);
	fx_w32(&fx, FX_CMDQ_PROD, 0);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL);
	fx_put(&fx, fx.cmdq, CMD_ATC_INV(7));
	fx_w32(&fx, FX_CMDQ_PROD, 1);
	assert_int_equal(cons(), 1);
	fx_w32(&fx, FX_CMDQ_PROD, 0);
	assert_int_equal(cons(), 0);
	assert_int_equal(fx.inv_count, 2);
}

/* Sizes beyond the announced ones are capped. */
static void test_queue_cmd_size_capped(void **state)
{
	static struct fx small;
	struct smmuv3_hw_cfg cfg;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[1] = (cfg.idr[1] & ~(UINT32_C(31) << 21)) | 1u << 21;
	fx_start(&small, &cfg);
	/* Two entries, though 64 were asked for. */
	assert_int_equal(fx_r64(&small, FX_CMDQ_BASE) & 31, FX_CMDQ_LG2);
	fx_put(&small, small.cmdq, CMD_ATC_INV(1));
	fx_put(&small, small.cmdq + 16, CMD_ATC_INV(2));
	fx_w32(&small, FX_CMDQ_PROD, 2);
	fx_w32(&small, FX_CMDQ_PROD, 3);
	assert_int_equal(fx_r32(&small, FX_CMDQ_CONS), 3);
	assert_int_equal(small.inv[2].requester, 1);
	fx_fini(&small);
}

/* Consumption in pieces: [R9] needs a driver that waits. */
static void test_queue_cmd_batch_progress_by_access(void **state)
{
	static struct fx slow;
	struct smmuv3_hw_cfg cfg;
	unsigned int i;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.command_batch = 2;
	fx_start(&slow, &cfg);
	for (i = 0; i < 7; i++)
		fx_put(&slow, slow.cmdq + i * 16, CMD_ATC_INV(i));
	fx_w32(&slow, FX_CMDQ_PROD, 7);
	assert_int_equal(slow.inv_count, 2);
	assert_int_equal(fx_r32(&slow, FX_CMDQ_CONS), 4);
	assert_int_equal(slow.inv_count, 4);
	/* Any register will do. */
	fx_r32(&slow, 0);
	assert_int_equal(slow.inv_count, 6);
	assert_int_equal(fx_r32(&slow, FX_CMDQ_CONS), 7);
	assert_int_equal(slow.inv_count, 7);
	fx_fini(&slow);
}

/* 4.7.3 */
static void test_queue_sync_signals(void **state)
{
	unsigned int *wires = &fx.wires[SMMUV3_HW_WIRE_CMD_SYNC];

	(void)state;
	fx_cmd(&fx, CMD_SYNC, 0x1000);
	fx_cmd(&fx, CMD_SYNC | 2 << 12, 0x1000);
	assert_int_equal(fx.msi_count + *wires, 0);
	fx_cmd(&fx, CMD_SYNC | 1 << 12 | UINT64_C(0xcafe1234) << 32, 0x1004);
	assert_int_equal(fx.msi_count, 1);
	assert_int_equal(fx.msi[0].addr, 0x1004);
	assert_int_equal(fx.msi[0].data, 0xcafe1234);
	assert_int_equal(fx.msi[0].requester, FX_SMMU_SID);
	assert_int_equal(*wires, 1);
	/* No address: the wire alone. */
	fx_cmd(&fx, CMD_SYNC | 1 << 12, 0);
	assert_int_equal(fx.msi_count, 1);
	assert_int_equal(*wires, 2);
	assert_int_equal(fx_stats(&fx).syncs, 4);
	/* An address beyond what can be addressed is one. */
	fx_cmd(&fx, CMD_SYNC | 1 << 12, UINT64_C(1) << 48);
	assert_int_equal(fx.msi_count, 2);
	assert_int_equal(fx.msi[1].addr, 0);
	/* Events are not announced. */
	assert_int_equal(fx.wires[SMMUV3_HW_WIRE_SEV], 0);
}

/* 4.7.3, 4.1.2: by CMD_SYNC, and when the queue is full no more. */
static void test_queue_sev_wakes(void **state)
{
	static struct fx sev;
	struct smmuv3_hw_cfg cfg;
	unsigned int *wires = &sev.wires[SMMUV3_HW_WIRE_SEV];
	unsigned int i;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] |= 1 << 14;
	fx_start(&sev, &cfg);
	fx_cmd(&sev, CMD_SYNC, 0);
	assert_int_equal(*wires, 0);
	fx_cmd(&sev, CMD_SYNC | 2 << 12, 0x1000);
	assert_int_equal(*wires, 1);
	assert_int_equal(sev.msi_count + sev.wires[SMMUV3_HW_WIRE_CMD_SYNC], 0);
	/* Sixty-four at once, and one less. */
	for (i = 0; i < 1u << FX_CMDQ_LG2; i++)
		fx_put(&sev, sev.cmdq + i * 16, CMD_SYNC);
	fx_w32(&sev, FX_CMDQ_PROD, 2 | 1 << FX_CMDQ_LG2);
	assert_int_equal(fx_r32(&sev, FX_CMDQ_CONS), 2 | 1 << FX_CMDQ_LG2);
	assert_int_equal(*wires, 2);
	fx_w32(&sev, FX_CMDQ_PROD, 1);
	assert_int_equal(fx_r32(&sev, FX_CMDQ_CONS), 1);
	assert_int_equal(*wires, 2);
	fx_fini(&sev);
}

/* 7.5: every message that aborts is an error of its own. */
static void test_queue_msi_aborts_reported(void **state)
{
	struct hw_page_request req = { .requester = FX_SID, .last = true };

	(void)state;
	fx.msi_ret = -EFAULT;
	fx_w64(&fx, 0x68, 0x9000);
	fx_w64(&fx, FX_EVENTQ_IRQ_CFG0, 0x8000);
	fx_w64(&fx, 0xd0, 0xa000);
	/* CMD_SYNC: consumed all the same. */
	fx_cmd(&fx, CMD_SYNC | 1 << 12, 0x1000);
	assert_true(fx_cmdq_idle(&fx));
	assert_int_equal(fx_r32(&fx, FX_GERROR), 1 << 4);
	assert_int_equal(fx.msi_count, 1);
	/* Active already. */
	fx_cmd(&fx, CMD_SYNC | 1 << 12, 0x1000);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 1 << 4);
	fx_w32(&fx, FX_IRQ_CTRL, 6);
	fx_access(&fx, 0x10000, 0, R, NULL);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 1 << 4 | 1 << 5);
	/* The record is there. */
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD), 1);
	fx.hw->ops->page_request(fx.hw, &req);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 7 << 4);
	assert_int_equal(fx_r32(&fx, FX_PRIQ_PROD), 1);
	/* That of an error itself: no second one for it. */
	fx.msi_count = 0;
	fx_w32(&fx, FX_IRQ_CTRL, 7);
	fx_cmd(&fx, 0xff, 0);
	assert_int_equal(fx.msi_count, 1);
	assert_int_equal(fx.msi[0].addr, 0x9000);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 1 | 15 << 4);
	/* Acknowledged, they happen again, as messages go on being sent. */
	fx_w32(&fx, FX_GERRORN, 15 << 4);
	fx.msi_count = 0;
	fx_access(&fx, 0x10000, 0, R, NULL);
	assert_int_equal(fx.msi_count, 0);
	fx_w32(&fx, FX_EVENTQ_CONS, 2);
	fx_access(&fx, 0x10000, 0, R, NULL);
	/* One for the event, one for the error that it was. */
	assert_int_equal(fx.msi_count, 2);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 1 | 1 << 4 | 1 << 6);
	/* Without aborts, none; the command is tried again, an error again. */
	fx.msi_ret = 0;
	fx_w32(&fx, FX_GERRORN, 1 | 1 << 4 | 1 << 6);
	assert_int_equal(fx.msi_count, 3);
	fx_w32(&fx, FX_EVENTQ_CONS, 3);
	fx_access(&fx, 0x10000, 0, R, NULL);
	assert_int_equal(fx.msi_count, 4);
	assert_int_equal(fx_r32(&fx, FX_GERROR), fx_r32(&fx, FX_GERRORN) ^ 1);
}

/* A CMD_SYNC waits for what an endpoint has not answered. [L10] */
static void test_queue_sync_waits_for_endpoint(void **state)
{
	uint64_t cookie;

	(void)state;
	fx.inv_ret = -EINPROGRESS;
	fx_cmd(&fx, CMD_ATC_INV(1), 52);
	fx_cmd(&fx, CMD_ATC_INV(2), 52);
	fx_cmd(&fx, CMD_SYNC | 1 << 12, 0x1000);
	cookie = fx.inv_cookie;
	assert_int_equal(cons(), 2);
	fx.hw->ops->ats_inv_complete(fx.hw, cookie + 1, true);
	fx.hw->ops->ats_inv_complete(fx.hw, cookie, true);
	assert_int_equal(cons(), 2);
	assert_int_equal(fx.msi_count, 0);
	fx.hw->ops->ats_inv_complete(fx.hw, cookie, true);
	assert_int_equal(cons(), 3);
	assert_int_equal(fx.msi_count, 1);
	/* Nothing is left to complete. */
	fx.hw->ops->ats_inv_complete(fx.hw, cookie, false);
	fx_sync(&fx);
	assert_int_equal(cons(), 4);
}

static void test_queue_sync_reports_endpoint_timeout(void **state)
{
	(void)state;
	fx.inv_ret = -ETIMEDOUT;
	fx_cmd(&fx, CMD_ATC_INV(1), 52);
	assert_int_equal(cons(), 1);
	fx_cmd(&fx, CMD_SYNC | 1 << 12, 0x1000);
	assert_int_equal(cons(), 1);
	assert_int_equal(cerror(), 3);
	assert_int_equal(fx.msi_count, 0);
	/* The same SYNC, again, completes. */
	fx_w32(&fx, FX_GERRORN, 1);
	assert_int_equal(cons(), 2);
	assert_int_equal(fx.msi_count, 1);

	/* Later, and by the completion. */
	fx.inv_ret = -EINPROGRESS;
	fx_cmd(&fx, CMD_ATC_INV(1), 52);
	fx_sync(&fx);
	assert_int_equal(cons(), 3);
	fx.hw->ops->ats_inv_complete(fx.hw, fx.inv_cookie, false);
	assert_int_equal(cons(), 3);
	assert_int_equal(cerror(), 3);
	fx_w32(&fx, FX_GERRORN, 0);
	assert_int_equal(cons(), 4);
	/* An endpoint that is not there is not an error: 3.9.1.5. */
	fx.inv_ret = -ENODEV;
	fx_cmd(&fx, CMD_ATC_INV(9), 52);
	fx_sync(&fx);
	assert_int_equal(cons(), 6);
}

/* Without SMMUEN, ATC_INV and PRI_RESP are ignored: 4.5 */
static void test_queue_cmd_ats_ignored_while_disabled(void **state)
{
	(void)state;
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	fx_cmd(&fx, CMD_ATC_INV(1), 52);
	fx_cmd(&fx, CMD_PRI_RESP(1), 0);
	assert_true(fx_cmdq_idle(&fx));
	assert_int_equal(fx.inv_count + fx.resp_count, 0);
}

/* An event per access: a stream out of range. */
static void event(uint32_t n)
{
	assert_int_equal(fx_access(&fx, 0x10000 + n, 0, R, NULL), -EFAULT);
}

/* 7.4. [L5] */
static void test_queue_evt_overflow_and_acknowledge(void **state)
{
	unsigned int i, count = 1u << FX_EVTQ_LG2;
	uint64_t rec[4];

	(void)state;
	for (i = 0; i < count; i++)
		event(i);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD), count);
	assert_int_equal(fx_stats(&fx).events_lost, 0);
	event(98);
	event(99);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD),
			 UINT32_C(1) << 31 | count);
	assert_int_equal(fx_stats(&fx).events, count + 2);
	assert_int_equal(fx_stats(&fx).events_lost, 2);
	/* It is not an error, and space is enough to go on. */
	assert_int_equal(fx_r32(&fx, FX_GERROR), 0);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0] >> 32, 0x10000);
	event(50);
	event(51);
	assert_int_equal(fx_stats(&fx).events_lost, 3);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD),
			 UINT32_C(1) << 31 | (count + 1));
	/* Acknowledged: the next one toggles back. */
	fx_w32(&fx, FX_EVENTQ_CONS, UINT32_C(1) << 31 | 1);
	event(52);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD), count + 1);
	for (i = 1; i < count; i++) {
		assert_true(fx_evt(&fx, rec));
		assert_int_equal(rec[0] >> 32, 0x10000 + i);
	}
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0] >> 32, 0x10000 + 50);
	assert_false(fx_evt(&fx, rec));
}

static void test_queue_evt_wraps(void **state)
{
	uint64_t rec[4];
	unsigned int i;

	(void)state;
	for (i = 0; i < 5u << FX_EVTQ_LG2; i++) {
		event(i);
		assert_true(fx_evt(&fx, rec));
		assert_int_equal(rec[0] >> 32, 0x10000 + i);
	}
	assert_int_equal(fx_stats(&fx).events_lost, 0);
}

/* 7.2.2, synchronous: PROD stays, and nothing is written until acknowledged. */
static void test_queue_evt_write_abort(void **state)
{
	uint64_t rec[4];

	(void)state;
	fx_w32(&fx, FX_IRQ_CTRL, 7);
	fx.abort_first = fx.evtq;
	fx.abort_last = fx.evtq + 31;
	event(1);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 1 << 2);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD), 0);
	assert_int_equal(fx.wires[SMMUV3_HW_WIRE_GERROR], 1);
	assert_int_equal(fx.wires[SMMUV3_HW_WIRE_EVENTQ], 0);
	fx.abort_last = 0;
	event(2);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD), 0);
	fx_w32(&fx, FX_GERRORN, 1 << 2);
	event(3);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0] >> 32, 0x10003);
	assert_int_equal(fx.wires[SMMUV3_HW_WIRE_EVENTQ], 1);
}

static void test_queue_evt_disabled_lost_without_overflow(void **state)
{
	(void)state;
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_EVENTQEN);
	event(1);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD), 0);
	assert_int_equal(fx_stats(&fx).events_lost, 1);
}

/* 3.18.2: from empty to not empty; the wire, and MSI if there is an address. */
static void test_queue_evt_interrupts(void **state)
{
	uint64_t rec[4];

	(void)state;
	event(0);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(fx.wires[SMMUV3_HW_WIRE_EVENTQ], 0);
	fx_w32(&fx, FX_IRQ_CTRL, 4);
	event(0);
	event(1);
	assert_int_equal(fx.wires[SMMUV3_HW_WIRE_EVENTQ], 1);
	assert_true(fx_evt(&fx, rec));
	event(2);
	assert_int_equal(fx.wires[SMMUV3_HW_WIRE_EVENTQ], 1);
	assert_true(fx_evt(&fx, rec));
	assert_true(fx_evt(&fx, rec));
	fx_w32(&fx, FX_IRQ_CTRL, 0);
	fx_w64(&fx, FX_EVENTQ_IRQ_CFG0, 0x8004);
	fx_w32(&fx, FX_EVENTQ_IRQ_CFG1, 0x1234);
	fx_w32(&fx, FX_IRQ_CTRL, 4);
	event(3);
	assert_int_equal(fx.wires[SMMUV3_HW_WIRE_EVENTQ], 2);
	assert_int_equal(fx.msi_count, 1);
	assert_int_equal(fx.msi[0].addr, 0x8004);
	assert_int_equal(fx.msi[0].data, 0x1234);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_queue_cmd_error_stops_until_acknowledged),
		T(test_queue_cmd_fetch_abort),
		T(test_queue_cmd_disabled_not_fetched),
		T(test_queue_cmd_wraps),
		T(test_queue_cmd_of_one),
		T(test_queue_cmd_size_capped),
		T(test_queue_cmd_batch_progress_by_access),
		T(test_queue_sync_signals),
		T(test_queue_sev_wakes),
		T(test_queue_msi_aborts_reported),
		T(test_queue_sync_waits_for_endpoint),
		T(test_queue_sync_reports_endpoint_timeout),
		T(test_queue_cmd_ats_ignored_while_disabled),
		T(test_queue_evt_overflow_and_acknowledge),
		T(test_queue_evt_wraps),
		T(test_queue_evt_write_abort),
		T(test_queue_evt_disabled_lost_without_overflow),
		T(test_queue_evt_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
