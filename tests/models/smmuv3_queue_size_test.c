/* SPDX-License-Identifier: MIT */
/*
 * Queues of every size, 0 to 19: where an entry lies, the wrap of the indexes,
 * full and overflow. 3.5.1, 6.3.26 to 6.3.33, 7.4, 8.1
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

#define R     ((unsigned int)IOMMU_PERM_READ)
#define OVFLG (UINT32_C(1) << 31)

enum {
	SIZES = 20,
	BASE = 16 << 20, /* aligned to the largest */
};

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

/* A queue of this size, empty, its next entry the last of the second lap. */
static uint32_t queue(uint64_t base_reg, uint64_t prod_reg, unsigned int lg2)
{
	uint32_t index = (UINT32_C(2) << lg2) - 1;

	fx_w32(&fx, FX_CR0, 0);
	fx_w64(&fx, base_reg, (uint64_t)BASE | lg2);
	fx_w32(&fx, prod_reg, index);
	fx_w32(&fx, prod_reg + 4, index);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL);
	return index;
}

static void test_size_commands_wrap(void **state)
{
	unsigned int lg2, i;
	uint32_t index, mask;

	(void)state;
	for (lg2 = 0; lg2 < SIZES; lg2++) {
		index = queue(FX_CMDQ_BASE, FX_CMDQ_PROD, lg2);
		mask = (UINT32_C(2) << lg2) - 1;
		fx.inv_count = 0;
		for (i = 0; i < 4; i++) {
			uint64_t pa = BASE + (index & mask >> 1) * 16ull;

			fx_put(&fx, pa, CMD_ATC_INV(lg2 * 16 + i));
			fx_put(&fx, pa + 8, 52);
			index = (index + 1) & mask;
			fx_w32(&fx, FX_CMDQ_PROD, index);
			assert_int_equal(fx_r32(&fx, FX_CMDQ_CONS), index);
			assert_int_equal(fx.inv_count, i + 1);
			assert_int_equal(fx.inv[i].requester, lg2 * 16 + i);
		}
		/* Bits above the wrap bit are none of its business. */
		if (lg2 < 19) {
			fx_w32(&fx, FX_CMDQ_PROD, index | ~mask);
			assert_int_equal(fx_r32(&fx, FX_CMDQ_CONS), index);
			assert_int_equal(fx.inv_count, 4);
		}
	}
}

/* A whole lap of commands at one write of PROD. */
static void test_size_commands_full_lap(void **state)
{
	unsigned int lg2, i;
	uint32_t index;

	(void)state;
	for (lg2 = 0; lg2 < SIZES; lg2 += lg2 < 12 ? 1 : 7) {
		index = queue(FX_CMDQ_BASE, FX_CMDQ_PROD, lg2);
		fx.inv_count = 0;
		for (i = 0; i < 1u << lg2; i++) {
			fx_put(&fx, BASE + i * 16ull, CMD_ATC_INV(i));
			fx_put(&fx, BASE + i * 16ull + 8, 52);
		}
		index ^= UINT32_C(1) << lg2;
		fx_w32(&fx, FX_CMDQ_PROD, index);
		assert_int_equal(fx_r32(&fx, FX_CMDQ_CONS), index);
		assert_int_equal(fx.inv_count, 1u << lg2);
	}
}

static void event(uint32_t sid)
{
	assert_int_equal(fx_access(&fx, 0x10000 + sid, 0, R, NULL), -EFAULT);
}

static void request(uint32_t sid, bool last)
{
	struct hw_page_request req = { .requester = sid, .last = last };

	fx.hw->ops->page_request(fx.hw, &req);
}

static void test_size_events_wrap(void **state)
{
	unsigned int lg2, i;
	uint32_t index, mask;

	(void)state;
	for (lg2 = 0; lg2 < SIZES; lg2++) {
		index = queue(FX_EVENTQ_BASE, FX_EVENTQ_PROD, lg2);
		mask = (UINT32_C(2) << lg2) - 1;
		for (i = 0; i < 4; i++) {
			uint64_t pa = BASE + (index & mask >> 1) * 32ull;

			event(lg2 * 16 + i);
			assert_int_equal(fx_get(&fx, pa) >> 32,
					 0x10000 + lg2 * 16 + i);
			index = (index + 1) & mask;
			assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD), index);
			fx_w32(&fx, FX_EVENTQ_CONS, index);
		}
	}
}

/* Full, with the flag of either value, at the sizes that are soon full. */
static void test_size_events_overflow(void **state)
{
	uint32_t index, full, flag;
	unsigned int lg2, i;

	(void)state;
	for (lg2 = 0; lg2 < 9; lg2++)
		for (flag = 0; flag < 2; flag++) {
			index = queue(FX_EVENTQ_BASE, FX_EVENTQ_PROD, lg2);
			full = index ^ UINT32_C(1) << lg2;
			if (flag) {
				fx_w32(&fx, FX_CR0, 0);
				fx_w32(&fx, FX_EVENTQ_PROD, index | OVFLG);
				fx_w32(&fx, FX_EVENTQ_CONS, index | OVFLG);
				fx_w32(&fx, FX_CR0, FX_CR0_ALL);
			}
			for (i = 0; i < 1u << lg2; i++)
				event(i);
			assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD),
					 full | (flag ? OVFLG : 0));
			event(i);
			assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD),
					 full | (flag ? 0 : OVFLG));
			event(i);
			assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD),
					 full | (flag ? 0 : OVFLG));
		}
}

/* 8.1: unlike events, requests stay out until it is acknowledged. */
static void test_size_requests_overflow(void **state)
{
	uint32_t index, full;
	unsigned int lg2, i;

	(void)state;
	for (lg2 = 0; lg2 < SIZES; lg2 += lg2 < 9 ? 1 : 10) {
		index = queue(FX_PRIQ_BASE, FX_PRIQ_PROD, lg2);
		full = index ^ UINT32_C(1) << lg2;
		fx.resp_count = 0;
		for (i = 0; i < 1u << lg2; i++)
			request(i, true);
		assert_int_equal(fx_r32(&fx, FX_PRIQ_PROD), full);
		assert_int_equal(fx.resp_count, 0);
		/* The oldest is at the last place, the next at the first. */
		assert_int_equal(fx_get(&fx, BASE + ((1ull << lg2) - 1) * 16) &
					 0xffffffff,
				 0);
		if (lg2)
			assert_int_equal(fx_get(&fx, BASE) & 0xffffffff, 1);
		request(7, false);
		assert_int_equal(fx_r32(&fx, FX_PRIQ_PROD), full | OVFLG);
		assert_int_equal(fx.resp_count, 0);
		/* Room, but no acknowledgement. */
		fx_w32(&fx, FX_PRIQ_CONS, full);
		request(8, true);
		assert_int_equal(fx_r32(&fx, FX_PRIQ_PROD), full | OVFLG);
		assert_int_equal(fx.resp_count, 1);
		assert_int_equal(fx.resp[0].code, HW_PRG_SUCCESS);
		fx_w32(&fx, FX_PRIQ_CONS, full | OVFLG);
		request(9, true);
		assert_int_equal(fx_r32(&fx, FX_PRIQ_PROD) & ~OVFLG,
				 (full + 1) & ((UINT32_C(2) << lg2) - 1));
		assert_int_equal(fx.resp_count, 1);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_size_commands_wrap),     T(test_size_commands_full_lap),
		T(test_size_events_wrap),       T(test_size_events_overflow),
		T(test_size_requests_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
