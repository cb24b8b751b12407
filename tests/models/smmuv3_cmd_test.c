/* SPDX-License-Identifier: MIT */
/*
 * Which commands an SMMU has, by its ID registers, and which operands are
 * illegal: chapter 4.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

/* What a command takes. */
enum {
	ALWAYS = 1 << 0,
	S1 = 1 << 1,
	S2 = 1 << 2,
	HYP = 1 << 3,
	ATS = 1 << 4,
	PRI = 1 << 5,
	STALL = 1 << 6,
};

/* 4.1.1. What is not here is reserved, of another security state or absent. */
static const struct {
	uint8_t op, needs;
	uint8_t dw1; /* operands that make it a good one */
} commands[] = {
	{ 0x01, ALWAYS, 0 }, { 0x02, ALWAYS, 0 }, { 0x03, ALWAYS, 0 },
	{ 0x04, ALWAYS, 0 }, { 0x05, S1, 0 },     { 0x06, S1, 0 },
	{ 0x10, S1, 0 },     { 0x11, S1, 0 },     { 0x12, S1, 0 },
	{ 0x13, S1, 0 },     { 0x20, HYP, 0 },    { 0x21, HYP, 0 },
	{ 0x22, HYP, 0 },    { 0x23, HYP, 0 },    { 0x28, S2, 0 },
	{ 0x2a, S2, 0 },     { 0x30, ALWAYS, 0 }, { 0x40, ATS, 52 },
	{ 0x41, PRI, 0 },    { 0x44, STALL, 0 },  { 0x45, STALL, 0 },
	{ 0x46, ALWAYS, 0 },
};

/* From the default, which has S1, ATS and PRI. */
static const struct {
	const char *what;
	uint32_t idr0_flip, idr3_flip, idr5_set;
	unsigned int has;
} machines[] = {
	{ "default", 0, 0, 0, ALWAYS | S1 | ATS | PRI },
	{ "all of it", 1 | 1 << 9 | 1 << 24, 0, 8 << 16,
	  ALWAYS | S1 | S2 | HYP | ATS | PRI | STALL },
	{ "stage 2 alone, stalls forced",
	  3 | 1 << 10 | 1 << 16 | 1 << 23 | 3 << 24, 1 << 2, 8 << 16,
	  ALWAYS | S2 | STALL },
	{ "both stages, ATS", 1 | 1 << 16, 0, 0, ALWAYS | S1 | S2 | ATS },
};

enum {
	COMMANDS = sizeof(commands) / sizeof(commands[0]),
	MACHINES = sizeof(machines) / sizeof(machines[0]),
};

static struct fx fx;

static void start(unsigned int i)
{
	struct smmuv3_hw_cfg cfg;

	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] ^= machines[i].idr0_flip;
	cfg.idr[3] ^= machines[i].idr3_flip;
	cfg.idr[5] |= machines[i].idr5_set;
	fx_start(&fx, &cfg);
}

/* Submits it; its error, with the index where it was, or 0 if consumed. */
static unsigned int submit(uint64_t dw0, uint64_t dw1)
{
	uint32_t gerror = fx_r32(&fx, FX_GERROR);
	uint32_t at = fx_r32(&fx, FX_CMDQ_CONS) & 0xfffff;
	unsigned int error;

	fx_cmd(&fx, dw0, dw1);
	if (fx_cmdq_idle(&fx)) {
		assert_int_equal(fx_r32(&fx, FX_GERROR), gerror);
		return 0;
	}
	assert_int_equal(fx_r32(&fx, FX_CMDQ_CONS) & 0xfffff, at);
	assert_int_equal(fx_r32(&fx, FX_GERROR), gerror ^ 1);
	error = fx_r32(&fx, FX_CMDQ_CONS) >> 24;
	/* As a driver does: a CMD_SYNC in its place, and go on. */
	fx_put(&fx, fx.cmdq + (at & 63) * 16, CMD_SYNC);
	fx_w32(&fx, FX_GERRORN, gerror ^ 1);
	assert_true(fx_cmdq_idle(&fx));
	return error;
}

/* [L8]: every opcode on every machine. */
static void test_cmd_opcodes_by_id_registers(void **state)
{
	unsigned int i, op, c, error;

	(void)state;
	for (i = 0; i < MACHINES; i++) {
		start(i);
		for (op = 0; op < 256; op++) {
			for (c = 0; c < COMMANDS; c++)
				if (commands[c].op == op)
					break;
			error = submit(op, c < COMMANDS ? commands[c].dw1 : 0);
			if (error != !(c < COMMANDS &&
				       commands[c].needs & machines[i].has))
				fail_msg("%s: opcode %#x: error %u",
					 machines[i].what, op, error);
		}
		fx_fini(&fx);
	}
}

/* On the machine that has all commands. */
static void test_cmd_operands_illegal(void **state)
{
	static const struct {
		uint64_t dw0, dw1;
		bool legal;
	} rows[] = {
		/* 4.1.6: SSec, on every command that has it. */
		{ 0x01 | 1 << 10, 0, false },
		{ 0x02 | 1 << 10, 0, false },
		{ CMD_CFGI_STE(0) | 1 << 10, 0, false },
		{ CMD_CFGI_ALL | 1 << 10, 31, false },
		{ CMD_CFGI_CD(0, 0) | 1 << 10, 0, false },
		{ CMD_CFGI_CD_ALL(0) | 1 << 10, 0, false },
		{ CMD_RESUME(0) | 1 << 10, 0, false },
		{ CMD_STALL_TERM(0) | 1 << 10, 0, false },
		/* 4.7.3: CS */
		{ CMD_SYNC, 0, true },
		{ CMD_SYNC | 1 << 12, 0, true },
		{ CMD_SYNC | 2 << 12, 0, true },
		{ CMD_SYNC | 3 << 12, 0, false },
		/* 4.5.1: Size */
		{ CMD_ATC_INV(0), 0, true },
		{ CMD_ATC_INV(0), 52, true },
		{ CMD_ATC_INV(0), 53, false },
		{ CMD_ATC_INV(0), 63, false },
		/* 4.5.2: Resp */
		{ CMD_PRI_RESP(0), 0 << 12, true },
		{ CMD_PRI_RESP(0), 1 << 12, true },
		{ CMD_PRI_RESP(0), 2 << 12, true },
		{ CMD_PRI_RESP(0), 3 << 12, false },
		/* 4.4.1.1: TG without NUM, SCALE and TTL */
		{ CMD_TLBI_NH_VA(0), 1 << 10, false },
		{ CMD_TLBI_NH_VAA, 2 << 10, false },
		{ CMD_TLBI_NH_VAA, 3 << 10, false },
		{ 0x22, 1 << 10, false },
		{ 0x23, 1 << 10, false },
		{ 0x2a, 1 << 10, false },
		{ CMD_TLBI_NH_VA(0), 1 << 10 | 3 << 8, true },
		{ CMD_TLBI_NH_VA(0) | 1 << 12, 1 << 10, true },
		{ CMD_TLBI_NH_VA(0) | 1 << 20, 1 << 10, true },
		{ CMD_TLBI_NH_VA(0), 0, true },
		/* 16K has no block at level 1 without DS: no TTL either. */
		{ CMD_TLBI_NH_VA(0), 2 << 10 | 1 << 8, false },
		{ CMD_TLBI_NH_VA(0), 2 << 10 | 2 << 8, true },
		/* 4.2: out-of-range operands of a hint are no errors. */
		{ 0x01 | 1 << 11 | 0xfffffull << 12 | 0xffffffffull << 32, 0,
		  true },
		{ 0x02, UINT64_MAX, true },
		/* 4.1.7 */
		{ CMD_CFGI_STE(0xffffffff), 0, true },
		{ CMD_CFGI_CD(0xffffffff, 0xfffff), 1, true },
		{ 0x04 | 0xffffffffull << 32, 31, true },
		{ 0x04 | 0xffffffffull << 32, 0, true },
		{ CMD_RESUME(0xffffffff), 0xffff, true },
	};
	unsigned int i, error;

	(void)state;
	start(1);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error = submit(rows[i].dw0, rows[i].dw1);
		if (error != !rows[i].legal)
			fail_msg("row %u: error %u", i, error);
	}
	/* 4.1.3: illegal comes before ignored. */
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	assert_int_equal(submit(CMD_ATC_INV(0), 53), 1);
	assert_int_equal(submit(CMD_PRI_RESP(0), 3 << 12), 1);
	assert_int_equal(submit(CMD_ATC_INV(0), 52), 0);
	assert_int_equal(submit(CMD_PRI_RESP(0), 0), 0);
	fx_fini(&fx);
}

/* CERROR_ABT: either half of a command. 7.1 */
static void test_cmd_abort_of_either_half(void **state)
{
	unsigned int half;

	(void)state;
	for (half = 0; half < 2; half++) {
		start(0);
		fx_sync(&fx);
		fx.abort_first = fx.cmdq + 16 + half * 8;
		fx.abort_last = fx.abort_first + 7;
		fx_cmd(&fx, CMD_ATC_INV(1), 52);
		assert_int_equal(fx_r32(&fx, FX_CMDQ_CONS), 2u << 24 | 1);
		assert_int_equal(fx.inv_count, 0);
		fx.abort_last = 0;
		fx_w32(&fx, FX_GERRORN, 1);
		assert_true(fx_cmdq_idle(&fx));
		assert_int_equal(fx.inv_count, 1);
		fx_fini(&fx);
	}
}

/* 4.5.1: a PASID without substreams is none. */
static void test_cmd_pasid_without_substreams(void **state)
{
	struct smmuv3_hw_cfg cfg;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[1] &= ~(UINT32_C(31) << 6);
	fx_start(&fx, &cfg);
	fx_cmd(&fx, CMD_ATC_INV(1) | 1 << 11 | 1 << 9 | 5 << 12, 52);
	assert_false(fx.inv[0].pasid_valid);
	assert_false(fx.inv[0].global);
	fx_cmd(&fx, CMD_PRI_RESP(1) | 1 << 11 | 5 << 12, 7);
	assert_false(fx.resp[0].pasid_valid);
	assert_int_equal(fx.resp[0].prgi, 7);
	fx_fini(&fx);
}

/* Aligned to their span: [63:12], Size of 0 to 52. 4.5.1 */
static void test_cmd_atc_inv_spans(void **state)
{
	uint64_t addr = UINT64_C(0xfedcba9876543000);
	unsigned int size;

	(void)state;
	start(0);
	for (size = 0; size <= 52; size++) {
		const struct hw_ats_inv *inv = &fx.inv[size];

		fx_cmd(&fx, CMD_ATC_INV(size) | 1 << 11 | 9 << 12, addr | size);
		assert_int_equal(inv->requester, size);
		assert_true(inv->pasid_valid);
		assert_int_equal(inv->pasid, 9);
		if (size == 52) {
			assert_int_equal(inv->size, 0);
			continue;
		}
		assert_int_equal(inv->size, UINT64_C(4096) << size);
		assert_int_equal(inv->addr, addr & ~(inv->size - 1));
	}
	fx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_opcodes_by_id_registers),
		cmocka_unit_test(test_cmd_operands_illegal),
		cmocka_unit_test(test_cmd_abort_of_either_half),
		cmocka_unit_test(test_cmd_pasid_without_substreams),
		cmocka_unit_test(test_cmd_atc_inv_spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
