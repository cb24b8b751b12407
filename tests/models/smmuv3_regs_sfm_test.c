/* SPDX-License-Identifier: MIT */
/* Service Failure Mode, 12.3 and 6.3.19: nothing moves until a reset. */
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
	struct smmuv3_hw_cfg cfg;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] &= ~(UINT32_C(3) << 24);
	cfg.idr[5] |= 8 << 16;
	fx_start(&fx, &cfg);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fx_fini(&fx);
	return 0;
}

static void test_sfm_everything_stops(void **state)
{
	struct hw_page_request ppr = { .requester = FX_SID, .last = true };
	struct hw_txn txn = { .requester = FX_SID, .perm = R, .addr = 0x7000 };
	struct hw_ats_reply reply;
	struct hw_xlat x;
	uint64_t root;

	(void)state;
	root = fx_stream(&fx, FX_SID, 0);
	fx_map(&fx, root, 0x1000, 0x200000 | PTE_RW, 3);
	assert_int_equal(fx_access(&fx, FX_SID, 0x1000, R, &x), 0);
	fx_w32(&fx, FX_IRQ_CTRL, 7);
	smmuv3_hw_fail(fx.hw);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 1 << 8);
	assert_int_equal(fx.wires[SMMUV3_HW_WIRE_GERROR], 1);
	/* Also what the caches had, and what would have had a record. */
	assert_int_equal(fx_access(&fx, FX_SID, 0x1000, R, &x), -EFAULT);
	assert_int_equal(fx_access(&fx, FX_SID, 0x9000, R, &x), -EFAULT);
	assert_int_equal(fx_access(&fx, 0x100, 0x9000, R, &x), -EFAULT);
	smmuv3_hw_unsupported(fx.hw, &txn, 1);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD), 0);
	fx.hw->ops->ats_translate(fx.hw, &fx.port, &txn, &reply);
	assert_int_equal(reply.status, HW_ATS_CA);
	fx.hw->ops->page_request(fx.hw, &ppr);
	assert_int_equal(fx.resp[0].code, HW_PRG_FAILURE);
	assert_int_equal(fx_r32(&fx, FX_PRIQ_PROD), 0);
	fx_sync(&fx);
	assert_false(fx_cmdq_idle(&fx));
	/* To acknowledge it is not to leave it. */
	fx_w32(&fx, FX_GERRORN, 1 << 8);
	assert_false(fx_cmdq_idle(&fx));
	assert_int_equal(fx_access(&fx, FX_SID, 0x1000, R, &x), -EFAULT);
	/* Nor is turning it off. */
	fx_w32(&fx, FX_CR0, 0);
	assert_int_equal(fx_r32(&fx, FX_CR0ACK), 0);
	assert_int_equal(fx_access(&fx, FX_SID, 0x1000, R, &x), -EFAULT);
	fx.hw->ops->reset(fx.hw);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 0);
	assert_int_equal(fx_access(&fx, FX_SID, 0x1000, R, &x), 0);
}

/* [R2]: what is stalled ends. */
static void test_sfm_stalled_abort(void **state)
{
	struct hw_txn txn = {
		.requester = FX_SID, .perm = R, .addr = 0x7000, .cookie = 42
	};
	struct hw_xlat x;

	(void)state;
	fx_stream(&fx, FX_SID, CD_S);
	assert_int_equal(fx.hw->ops->translate(fx.hw, &fx.port, &txn, &x),
			 -EINPROGRESS);
	smmuv3_hw_fail(fx.hw);
	assert_int_equal(fx.resume_count, 1);
	assert_int_equal(fx.resume[0].cookie, 42);
	assert_int_equal(fx.resume[0].how, HW_RESUME_ABORT);
	assert_int_equal(fx_stats(&fx).stalls, fx_stats(&fx).resumes);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_sfm_everything_stops),
		T(test_sfm_stalled_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
