/* SPDX-License-Identifier: MIT */
/*
 * What may happen while a command waits for a transaction in flight: here, in
 * one thread, in the callback of the polling loop.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "models/smmuv3/state.h"
#include "tests/models/smmuv3_fixture.h"

#define R ((unsigned int)IOMMU_PERM_READ)

static struct fx fx;
static struct hw_port other;
static unsigned int turns;

/* A second port is in the middle of a transaction that it never ends. */
static int setup(void **state)
{
	struct hw_txn txn = { .requester = FX_SID, .perm = R, .addr = 0x1000 };
	struct smmuv3_hw_cfg cfg;
	struct hw_xlat x;
	uint64_t root;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] &= ~(UINT32_C(3) << 24);
	cfg.idr[5] |= 8 << 16;
	fx_start(&fx, &cfg);
	root = fx_stream(&fx, FX_SID, CD_S);
	fx_map(&fx, root, 0x1000, 0x200000 | PTE_RW, 3);
	other = (struct hw_port){ .busy = 0 };
	fx_sync(&fx);
	fx.hw->ops->port_add(fx.hw, &other);
	assert_int_equal(fx.hw->ops->translate(fx.hw, &other, &txn, &x), 0);
	turns = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fx.on_relax = NULL;
	if (other.hw)
		fx.hw->ops->port_remove(fx.hw, &other);
	fx_fini(&fx);
	return 0;
}

/* The queue stands still meanwhile, and a snapshot is not to be had. */
static void look_then_end(struct fx *f)
{
	static unsigned char buf[8192];

	assert_int_equal(fx_r32(f, FX_CMDQ_CONS), 2);
	assert_int_equal(smmuv3_hw_save(f->hw, buf, sizeof(buf)), -EBUSY);
	if (++turns == 3)
		hw_port_done(&other);
}

static void test_wait_queue_stands_still(void **state)
{
	(void)state;
	fx.on_relax = look_then_end;
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	fx_sync(&fx);
	assert_int_equal(turns, 3);
	assert_true(fx_cmdq_idle(&fx));
	assert_int_equal(fx_stats(&fx).syncs, 2);
}

/* 4.7.3: also for what an ATC had, of which nothing is to be seen here. */
static void test_wait_sync_after_atc_inv(void **state)
{
	(void)state;
	fx.on_relax = look_then_end;
	fx_cmd(&fx, CMD_ATC_INV(FX_SID), 52);
	assert_int_equal(turns, 0);
	assert_int_equal(fx.inv_count, 1);
	fx_sync(&fx);
	assert_int_equal(turns, 3);
	assert_true(fx_cmdq_idle(&fx));
}

/* 6.3.9: each bit of CR0 by itself; those that wait keep their old value. */
static void look_at_cr0(struct fx *f)
{
	assert_int_equal(fx_r32(f, FX_CR0), FX_CR0_EVENTQEN | FX_CR0_ATSCHK);
	assert_int_equal(fx_r32(f, FX_CR0ACK),
			 FX_CR0_SMMUEN | FX_CR0_EVENTQEN | FX_CR0_ATSCHK);
	if (++turns == 2)
		hw_port_done(&other);
}

static void test_wait_cr0_acknowledged_by_bits(void **state)
{
	(void)state;
	fx.on_relax = look_at_cr0;
	fx_w32(&fx, FX_CR0, FX_CR0_EVENTQEN | FX_CR0_ATSCHK);
	assert_int_equal(turns, 2);
	assert_int_equal(fx_r32(&fx, FX_CR0ACK),
			 FX_CR0_EVENTQEN | FX_CR0_ATSCHK);
}

static void remove_port(struct fx *f)
{
	turns++;
	f->hw->ops->port_remove(f->hw, &other);
}

/* A port that leaves is not waited for. */
static void test_wait_port_leaves(void **state)
{
	(void)state;
	fx.on_relax = remove_port;
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	fx_sync(&fx);
	assert_int_equal(turns, 1);
	assert_true(fx_cmdq_idle(&fx));
}

static void reset_now(struct fx *f)
{
	turns++;
	f->on_relax = NULL;
	hw_port_done(&other);
	f->hw->ops->reset(f->hw);
	f->cmd_prod = 0;
}

/* The command that waits never was: nothing is sent, no index moves. */
static void test_wait_reset_forgets_the_command(void **state)
{
	(void)state;
	fx.on_relax = reset_now;
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	fx_cmd(&fx, CMD_ATC_INV(FX_SID), 52);
	assert_int_equal(turns, 1);
	assert_int_equal(fx.inv_count, 0);
	assert_int_equal(fx_r32(&fx, FX_CMDQ_CONS), 0);
	assert_int_equal(fx_r32(&fx, FX_CR0ACK), 0);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 0);
	/* It can be used again. */
	fx_enable(&fx);
	fx_sync(&fx);
	assert_true(fx_cmdq_idle(&fx));
}

static void fail_now(struct fx *f)
{
	turns++;
	f->on_relax = NULL;
	hw_port_done(&other);
	smmuv3_hw_fail(f->hw);
}

/* 12.3: the command that waits is the last one. */
static void test_wait_service_failure(void **state)
{
	(void)state;
	fx.on_relax = fail_now;
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	fx_sync(&fx);
	fx_sync(&fx);
	assert_int_equal(turns, 1);
	assert_int_equal(fx_r32(&fx, FX_CMDQ_CONS), 3);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 1 << 8);
}

static int saved;

static void save_in_resume(struct fx *f, uint64_t cookie, bool retry)
{
	static unsigned char buf[8192];

	(void)retry;
	if (cookie == 1)
		saved = smmuv3_hw_save(f->hw, buf, sizeof(buf));
}

/* Transactions that were told to go on have not all been told yet. */
static void test_wait_no_snapshot_between_resumes(void **state)
{
	struct hw_txn txn = { .requester = FX_SID, .perm = R };
	struct hw_xlat x;

	(void)state;
	hw_port_done(&other);
	for (txn.cookie = 1; txn.cookie < 3; txn.cookie++) {
		txn.addr = txn.cookie << 20;
		assert_int_equal(fx.hw->ops->translate(fx.hw, &fx.port, &txn,
						       &x),
				 -EINPROGRESS);
	}
	saved = 0;
	fx.on_resume = save_in_resume;
	fx.hw->ops->reset(fx.hw);
	fx.on_resume = NULL;
	assert_int_equal(fx.resume_count, 2);
	assert_int_equal(saved, -EBUSY);
}

/* A bus without what the ID registers need; a model that says nothing. */
static void test_wait_incomplete_surroundings_refused(void **state)
{
	struct smmuv3_hw *m = fx.state;
	struct hw_env env = m->env;
	struct hw_bus bus = m->bus;
	size_t size = smmuv3_hw_size(&fx.cfg);
	struct iommu_hw *hw;
	void *mem = NULL;

	(void)state;
	hw_port_done(&other);
	assert_int_equal(posix_memalign(&mem, 64, size), 0);
#define WITHOUT(member)                                                        \
	do {                                                                   \
		env = m->env;                                                  \
		env.member = NULL;                                             \
		assert_int_equal(smmuv3_hw_create(&fx.cfg, &env, &bus, mem,    \
						  size, &hw),                  \
				 -EINVAL);                                     \
	} while (0)
	WITHOUT(mem_write);
	WITHOUT(mem_load64);
	WITHOUT(mem_cas64);
	WITHOUT(msi);
	WITHOUT(wire);
	WITHOUT(lock_init);
	WITHOUT(lock_fini);
	WITHOUT(lock);
	WITHOUT(unlock);
	WITHOUT(relax);
	WITHOUT(now_ns);
	env = m->env;
	bus.prg_response = NULL;
	assert_int_equal(smmuv3_hw_create(&fx.cfg, &env, &bus, mem, size, &hw),
			 -EINVAL);
	bus = m->bus;
	bus.resume = NULL;
	assert_int_equal(smmuv3_hw_create(&fx.cfg, &env, &bus, mem, size, &hw),
			 -EINVAL);
	assert_int_equal(smmuv3_hw_create(&fx.cfg, &env, NULL, mem, size, &hw),
			 -EINVAL);
	env.log = NULL;
	assert_int_equal(
		smmuv3_hw_create(&fx.cfg, &env, &m->bus, mem, size, &hw), 0);
	/* An error that would be logged. */
	fx_put(&fx, fx.cmdq, 0xff);
	hw->ops->mmio_write(hw, FX_CMDQ_BASE, 8, fx.cmdq | FX_CMDQ_LG2);
	hw->ops->mmio_write(hw, FX_CR0, 4, FX_CR0_CMDQEN);
	hw->ops->mmio_write(hw, FX_CMDQ_PROD, 4, 1);
	assert_int_equal(hw->ops->mmio_read(hw, FX_GERROR, 4), 1);
	smmuv3_hw_destroy(hw);
	free(mem);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_wait_queue_stands_still),
		T(test_wait_sync_after_atc_inv),
		T(test_wait_cr0_acknowledged_by_bits),
		T(test_wait_port_leaves),
		T(test_wait_reset_forgets_the_command),
		T(test_wait_service_failure),
		T(test_wait_no_snapshot_between_resumes),
		T(test_wait_incomplete_surroundings_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
