/* SPDX-License-Identifier: MIT */
/*
 * Conformance: queues (3.5, 7.2, 7.4), interrupts (3.18) and global errors.
 */
#include "tests/models/smmuv3/conform.h"

enum {
	EVENTS = 1 << FX_EVTQ_LG2,
	EVENTQ_ABT_ERR = 1 << 2,
};

#define OVFLG (UINT32_C(1) << 31)

/* The queue full of events of streams without a table. */
static void fill(struct cf *cf)
{
	unsigned int i;

	for (i = 0; i < EVENTS; i++)
		EQ(cf, fx_access(&cf->fx, 0x1000000 + i, 0, R, NULL), -EFAULT);
}

/* 3.5.1: in order, and the wrap bit turns with each lap. */
static void command_queue_wraps(struct cf *cf)
{
	unsigned int i;

	for (i = 0; i < 5u << FX_CMDQ_LG2; i++) {
		cf_do(cf, CMD_SYNC, 0);
		EQ(cf, fx_r32(&cf->fx, FX_CMDQ_CONS) & 0xfffff,
		   (i + 1) & ((2u << FX_CMDQ_LG2) - 1));
	}
}

/* 3.5.1: a full queue is consumed; an index one lap on is not empty. */
static void command_queue_full_is_consumed(struct cf *cf)
{
	struct iommu_hw_stats before = fx_stats(&cf->fx), after;
	unsigned int i;

	for (i = 0; i < 1u << FX_CMDQ_LG2; i++) {
		fx_put(&cf->fx, cf->fx.cmdq + i * 16, CMD_SYNC);
		fx_put(&cf->fx, cf->fx.cmdq + i * 16 + 8, 0);
	}
	fx_w32(&cf->fx, FX_CMDQ_PROD, 1u << FX_CMDQ_LG2);
	EQ(cf, fx_r32(&cf->fx, FX_CMDQ_CONS), 1u << FX_CMDQ_LG2);
	after = fx_stats(&cf->fx);
	EQ(cf, after.commands - before.commands, 1u << FX_CMDQ_LG2);
}

/* 4.1.2: nothing is consumed while the queue is off. */
static void command_queue_off_waits(struct cf *cf)
{
	fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_CMDQEN);
	fx_sync(&cf->fx);
	EQ(cf, fx_r32(&cf->fx, FX_CMDQ_CONS), 0);
	fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL);
	EQ(cf, fx_r32(&cf->fx, FX_CMDQ_CONS), 1);
}

/* 7.1: after an error the queue stops there, until it is acknowledged. */
static void command_error_stops_and_restarts(struct cf *cf)
{
	fx_cmd(&cf->fx, 0x00, 0);
	fx_sync(&cf->fx);
	EQ(cf, fx_r32(&cf->fx, FX_CMDQ_CONS), CERROR_ILL << 24);
	EQ(cf, fx_r32(&cf->fx, FX_GERROR), 1);
	fx_sync(&cf->fx);
	EQ(cf, fx_r32(&cf->fx, FX_CMDQ_CONS), CERROR_ILL << 24);
	/* Acknowledged and not mended: the same error again. */
	fx_w32(&cf->fx, FX_GERRORN, 1);
	EQ(cf, fx_r32(&cf->fx, FX_GERROR), 0);
	EQ(cf, fx_r32(&cf->fx, FX_CMDQ_CONS), CERROR_ILL << 24);
	fx_put(&cf->fx, cf->fx.cmdq, CMD_SYNC);
	fx_w32(&cf->fx, FX_GERRORN, 0);
	EQ(cf, fx_r32(&cf->fx, FX_CMDQ_CONS) & 0xfffff, 3);
	EQ(cf, fx_r32(&cf->fx, FX_GERROR) ^ fx_r32(&cf->fx, FX_GERRORN), 0);
}

/* 7.1: a command that cannot be read. */
static void command_fetch_abort_is_reported(struct cf *cf)
{
	cf->fx.abort_first = cf->fx.cmdq;
	cf->fx.abort_last = cf->fx.cmdq + 15;
	fx_sync(&cf->fx);
	EQ(cf, fx_r32(&cf->fx, FX_CMDQ_CONS), CERROR_ABT << 24);
	EQ(cf, fx_r32(&cf->fx, FX_GERROR), 1);
	cf->fx.abort_first = cf->fx.abort_last = 0;
	fx_w32(&cf->fx, FX_GERRORN, 1);
	EQ(cf, fx_r32(&cf->fx, FX_CMDQ_CONS) & 0xfffff, 1);
}

/* 7.4: full is no overflow; one more is, and what is there stays. */
static void event_queue_overflow_is_flagged_and_acknowledged(struct cf *cf)
{
	uint64_t rec[4];
	unsigned int i;

	fill(cf);
	EQ(cf, fx_r32(&cf->fx, FX_EVENTQ_PROD), EVENTS);
	EQ(cf, fx_access(&cf->fx, 0x1000000, 0, R, NULL), -EFAULT);
	EQ(cf, fx_r32(&cf->fx, FX_EVENTQ_PROD), EVENTS | OVFLG);
	/* The flag does not turn again while it is not acknowledged. */
	EQ(cf, fx_access(&cf->fx, 0x1000000, 0, R, NULL), -EFAULT);
	EQ(cf, fx_r32(&cf->fx, FX_EVENTQ_PROD), EVENTS | OVFLG);
	for (i = 0; i < EVENTS; i++) {
		OK(cf, fx_evt(&cf->fx, rec));
		EQ(cf, rec[0] >> 32, 0x1000000 + i);
	}
	cf_quiet(cf);
	/* With room again events are written, the overflow still active. */
	EQ(cf, fx_access(&cf->fx, 0x1000007, 0, R, NULL), -EFAULT);
	OK(cf, fx_evt(&cf->fx, rec));
	EQ(cf, rec[0] >> 32, 0x1000007);
	fx_w32(&cf->fx, FX_EVENTQ_CONS,
	       fx_r32(&cf->fx, FX_EVENTQ_CONS) | OVFLG);
	fill(cf);
	EQ(cf, fx_access(&cf->fx, 0x1000000, 0, R, NULL), -EFAULT);
	EQ(cf, fx_r32(&cf->fx, FX_EVENTQ_PROD) & OVFLG, 0);
}

/* 7.2: off, events are lost without an overflow. */
static void event_queue_off_loses_events(struct cf *cf)
{
	fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_EVENTQEN);
	EQ(cf, fx_access(&cf->fx, 0x1000000, 0, R, NULL), -EFAULT);
	EQ(cf, fx_r32(&cf->fx, FX_EVENTQ_PROD), 0);
	fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL);
	EQ(cf, fx_access(&cf->fx, 0x1000001, 0, R, NULL), -EFAULT);
	EQ(cf, fx_r32(&cf->fx, FX_EVENTQ_PROD), 1);
}

/* 7.2.1: a record that cannot be written is a global error, and is lost. */
static void event_write_abort_is_a_global_error(struct cf *cf)
{
	cf->fx.abort_first = cf->fx.evtq;
	cf->fx.abort_last = cf->fx.evtq + 31;
	EQ(cf, fx_access(&cf->fx, 0x1000000, 0, R, NULL), -EFAULT);
	EQ(cf, fx_r32(&cf->fx, FX_GERROR), EVENTQ_ABT_ERR);
	cf->fx.abort_first = cf->fx.abort_last = 0;
	fx_w32(&cf->fx, FX_GERRORN, EVENTQ_ABT_ERR);
	EQ(cf, fx_r32(&cf->fx, FX_GERROR), fx_r32(&cf->fx, FX_GERRORN));
}

/* 3.18: an interrupt when the event queue stops being empty, if enabled. */
static void event_interrupt_wire_or_message(struct cf *cf)
{
	unsigned int *wire = &cf->fx.wires[SMMUV3_HW_WIRE_EVENTQ];

	EQ(cf, fx_access(&cf->fx, 0x1000000, 0, R, NULL), -EFAULT);
	EQ(cf, *wire + cf->fx.msi_count, 0);
	fx_w64(&cf->fx, FX_EVENTQ_IRQ_CFG0, 0x8000);
	fx_w32(&cf->fx, FX_EVENTQ_IRQ_CFG1, 0x1234);
	fx_w32(&cf->fx, FX_IRQ_CTRL, 4);
	EQ(cf, fx_r32(&cf->fx, FX_IRQ_CTRLACK), 4);
	fx_w32(&cf->fx, FX_EVENTQ_CONS, fx_r32(&cf->fx, FX_EVENTQ_PROD));
	EQ(cf, fx_access(&cf->fx, 0x1000000, 0, R, NULL), -EFAULT);
	EQ(cf, cf->fx.msi_count, cf->msi ? 1 : 0);
	if (cf->msi) {
		EQ(cf, cf->fx.msi[0].addr, 0x8000);
		EQ(cf, cf->fx.msi[0].data, 0x1234);
		EQ(cf, cf->fx.msi[0].requester, FX_SMMU_SID);
	} else {
		OK(cf, *wire > 0);
	}
}

/* 3.18, 4.7.3: CMD_SYNC with CS 1 signals; CS 3 is illegal. */
static void sync_signals_completion(struct cf *cf)
{
	cf_do(cf, CMD_SYNC, 0x9000);
	cf_do(cf, CMD_SYNC | 2 << 12, 0x9000);
	EQ(cf, cf->fx.msi_count, 0);
	EQ(cf, cf->fx.wires[SMMUV3_HW_WIRE_CMD_SYNC], 0);
	cf_do(cf, CMD_SYNC | 1 << 12 | UINT64_C(0xfeed) << 32, 0x9000);
	EQ(cf, cf->fx.msi_count, cf->msi ? 1 : 0);
	if (cf->msi) {
		EQ(cf, cf->fx.msi[0].addr, 0x9000);
		EQ(cf, cf->fx.msi[0].data, 0xfeed);
	} else {
		OK(cf, cf->fx.wires[SMMUV3_HW_WIRE_CMD_SYNC] > 0);
	}
	EQ(cf, cf_cmd(cf, CMD_SYNC | 3 << 12, 0), CERROR_ILL);
}

static const struct cf_case cases[] = {
	CF_CASE(command_queue_wraps, "3.5.1"),
	CF_CASE(command_queue_full_is_consumed, "3.5.1"),
	CF_CASE(command_queue_off_waits, "4.1.2"),
	CF_CASE(command_error_stops_and_restarts, "7.1"),
	CF_CASE(command_fetch_abort_is_reported, "7.1"),
	CF_CASE(event_queue_overflow_is_flagged_and_acknowledged, "7.4"),
	CF_CASE(event_queue_off_loses_events, "7.2"),
	CF_CASE(event_write_abort_is_a_global_error, "7.2"),
	CF_CASE(event_interrupt_wire_or_message, "3.18"),
	CF_CASE(sync_signals_completion, "4.7.3"),
};

CF_MAIN(cases)
