/* SPDX-License-Identifier: MIT */
/*
 * Merging of events, 7.3.1: STE.MEV allows it, for what is alike and not taken
 * yet; nothing is merged without it, nor a stall ever.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

#define R        ((unsigned int)IOMMU_PERM_READ)
#define W        ((unsigned int)IOMMU_PERM_WRITE)
#define X        ((unsigned int)IOMMU_PERM_EXEC)
#define P        ((unsigned int)IOMMU_PERM_PRIV)
#define STE1_MEV (UINT64_C(1) << 19)

static struct fx fx;

/* A stream with an empty tree; MEV, or not. */
static void stream(uint64_t ste1, uint64_t cd)
{
	uint64_t pa = fx_alloc(&fx, 64, 64);

	fx_cd(&fx, pa, CD_BASIC | cd, fx_table(&fx));
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | pa, ste1);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
}

static int setup(void **state)
{
	(void)state;
	fx_start(&fx, NULL);
	stream(STE1_MEV, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fx_fini(&fx);
	return 0;
}

static void fault(uint64_t addr, unsigned int perm)
{
	assert_int_equal(fx_access(&fx, FX_SID, addr, perm, NULL), -EFAULT);
}

/* Records that are there, all taken. */
static unsigned int take(void)
{
	unsigned int n = 0;
	uint64_t rec[4];

	while (fx_evt(&fx, rec))
		n++;
	return n;
}

static void test_merge_same_page_one_record(void **state)
{
	(void)state;
	fault(0x5000, R);
	fault(0x5008, R);
	fault(0x5fff, R);
	assert_int_equal(fx_stats(&fx).events, 3);
	assert_int_equal(fx_stats(&fx).events_merged, 2);
	assert_int_equal(fx_stats(&fx).events_lost, 0);
	assert_int_equal(take(), 1);
	/* Taken: the next is news. */
	fault(0x5000, R);
	assert_int_equal(take(), 1);
}

/* Whatever differs beside the low bits of the address. */
static void test_merge_unlike_recorded(void **state)
{
	(void)state;
	fault(0x5000, R);
	fault(0x6000, R);
	fault(0x6000, W);
	fault(0x6000, R | P);
	fault(0x6000, X);
	assert_int_equal(take(), 5);
	/* Only the record before counts. */
	fault(0x5000, R);
	fault(0x6000, R);
	fault(0x5000, R);
	assert_int_equal(take(), 3);
	assert_int_equal(fx_stats(&fx).events_merged, 0);
}

static void test_merge_without_mev_recorded(void **state)
{
	(void)state;
	stream(0, 0);
	fault(0x5000, R);
	fault(0x5000, R);
	assert_int_equal(take(), 2);
	/* Nor what comes before there is an STE. */
	assert_int_equal(fx_access(&fx, 0x100, 0, R, NULL), -EFAULT);
	assert_int_equal(fx_access(&fx, 0x100, 0, R, NULL), -EFAULT);
	/* An STE that is not valid has no MEV. */
	fx_ste(&fx, FX_SID, STE_S1, STE1_MEV);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	fault(0x5000, R);
	fault(0x5000, R);
	assert_int_equal(take(), 4);
	assert_int_equal(fx_stats(&fx).events_merged, 0);
}

/* C_BAD_SUBSTREAMID: found once there is an STE. */
static void test_merge_of_configuration_errors(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(fx_access_ssid(&fx, FX_SID, 7, 0x1000 * i, R,
						NULL),
				 -EFAULT);
	assert_int_equal(fx_access_ssid(&fx, FX_SID, 8, 0, R, NULL), -EFAULT);
	assert_int_equal(take(), 2);
	assert_int_equal(fx_stats(&fx).events_merged, 2);
}

/* A full queue loses nothing that is merged, and does not overflow by it. */
static void test_merge_into_full_queue(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 1u << FX_EVTQ_LG2; i++)
		fault(i * 0x1000, R);
	fault((i - 1) * 0x1000 + 8, R);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD), 1u << FX_EVTQ_LG2);
	assert_int_equal(fx_stats(&fx).events_lost, 0);
	fault(i * 0x1000, R);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD),
			 UINT32_C(1) << 31 | 1u << FX_EVTQ_LG2);
	assert_int_equal(fx_stats(&fx).events_lost, 1);
}

/* A queue that is off, or has been since. */
static void test_merge_not_across_disabling(void **state)
{
	(void)state;
	fault(0x5000, R);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_EVENTQEN);
	fault(0x5000, R);
	assert_int_equal(fx_stats(&fx).events_lost, 1);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL);
	fault(0x5000, R);
	assert_int_equal(take(), 2);
	assert_int_equal(fx_stats(&fx).events_merged, 0);
}

/* 7.3.1: Stall is 0, of both. 3.12.2.1 is another matter. */
static void test_merge_never_with_stall(void **state)
{
	struct hw_txn txn = { .requester = FX_SID,
			      .perm = IOMMU_PERM_READ,
			      .addr = 0x5000 };
	struct smmuv3_hw_cfg cfg;
	struct hw_xlat x;
	uint64_t rec[4];

	(void)state;
	fx_fini(&fx);
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] &= ~(UINT32_C(3) << 24);
	cfg.idr[5] |= 8 << 16;
	fx_start(&fx, &cfg);
	stream(STE1_MEV, CD_S);
	assert_int_equal(fx.hw->ops->translate(fx.hw, &fx.port, &txn, &x),
			 -EINPROGRESS);
	/* The same page, no stall any more. */
	stream(STE1_MEV, 0);
	fault(0x5000, R);
	fault(0x5000, R);
	/* And a stall after what does not. */
	stream(STE1_MEV, CD_S);
	txn.perm = IOMMU_PERM_READ | IOMMU_PERM_PRIV;
	assert_int_equal(fx.hw->ops->translate(fx.hw, &fx.port, &txn, &x),
			 -EINPROGRESS);
	assert_true(fx_evt(&fx, rec));
	assert_true(rec[1] >> 31 & 1);
	assert_true(fx_evt(&fx, rec));
	assert_false(rec[1] >> 31 & 1);
	assert_true(fx_evt(&fx, rec));
	assert_true(rec[1] >> 31 & 1);
	assert_int_equal(take(), 0);
	assert_int_equal(fx_stats(&fx).events_merged, 1);
}

/* An eager model forgets the STE, and with it MEV: no merging, no harm. */
static void test_merge_eager_may_not(void **state)
{
	struct smmuv3_hw_cfg cfg;
	unsigned int i;

	(void)state;
	fx_fini(&fx);
	smmuv3_hw_cfg_default(&cfg);
	cfg.personality = HW_EAGER;
	cfg.eager_period = 1;
	fx_start(&fx, &cfg);
	stream(STE1_MEV, 0);
	for (i = 0; i < 4; i++)
		fault(0x5000, R);
	assert_int_equal(fx_stats(&fx).events, 4);
	assert_int_equal(take() + fx_stats(&fx).events_merged, 4);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_merge_same_page_one_record),
		T(test_merge_unlike_recorded),
		T(test_merge_without_mev_recorded),
		T(test_merge_of_configuration_errors),
		T(test_merge_into_full_queue),
		T(test_merge_not_across_disabling),
		T(test_merge_never_with_stall),
		T(test_merge_eager_may_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
