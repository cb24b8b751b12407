/* SPDX-License-Identifier: MIT */
/*
 * Random registers, commands, tables and transactions: nothing of what
 * software or a device can write makes the model crash, hang, or touch memory
 * that is not there. The sanitizers are the oracle, and that the model still
 * works when it is set up anew.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"
#include "tests/support/random.h"

static uint64_t seed;

static uint64_t rnd(void)
{
	return next_random(&seed);
}

static uint64_t below(uint64_t n)
{
	return rnd() % n;
}

/* Values at the edges are more interesting than any others. */
static uint64_t word(void)
{
	switch (below(8)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return UINT64_C(1) << below(64);
	case 3:
		return UINT64_MAX << below(64);
	case 4:
		return below(FX_MEM_SIZE) & ~UINT64_C(0xfff);
	default:
		return rnd();
	}
}

static uint64_t pointer(void)
{
	return below(FX_MEM_SIZE) & ~UINT64_C(0xfff);
}

static void random_memory(struct fx *fx)
{
	uint64_t pa = below(FX_MEM_SIZE) & ~UINT64_C(7);

	/* Half of it where the model looks. */
	if (below(2))
		pa = fx->strtab + (below(64 << FX_STREAMS_LG2) & ~UINT64_C(7));
	switch (below(5)) {
	case 0:
		fx_put(fx, pa, pointer() | 3 | PTE_AF | PTE_USER);
		break;
	case 1:
		fx_put(fx, pa,
		       STE_V | STE_S1 | pointer() | STE_CDMAX(below(21)) |
			       STE_FMT(below(4)));
		break;
	case 2:
		fx_put(fx, pa,
		       CD_BASIC | (word() &
				   (CD_S | CD_HA | CD_HD | CD_ASID(0xffff))));
		break;
	default:
		fx_put(fx, pa, word());
		break;
	}
}

static void random_registers(struct fx *fx)
{
	static const uint32_t interesting[] = {
		FX_CR0,         FX_CR1,
		FX_CR2,         FX_GBPA,
		FX_IRQ_CTRL,    FX_GERRORN,
		FX_STRTAB_BASE, FX_STRTAB_BASE_CFG,
		FX_CMDQ_BASE,   FX_CMDQ_PROD,
		FX_CMDQ_CONS,   FX_EVENTQ_BASE,
		FX_EVENTQ_PROD, FX_EVENTQ_CONS,
		FX_PRIQ_BASE,   FX_PRIQ_PROD,
		FX_PRIQ_CONS,
	};
	uint64_t offset = interesting[below(sizeof(interesting) / 4)];
	unsigned int size = below(2) ? 4 : 8;

	if (!below(4))
		offset = below(0x20010);
	if (!below(16))
		size = (unsigned int)below(16);
	if (below(2))
		fx->hw->ops->mmio_read(fx->hw, offset, size);
	else
		fx->hw->ops->mmio_write(fx->hw, offset, size, word());
}

static void random_command(struct fx *fx)
{
	static const uint8_t ops[] = {
		0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x10, 0x11,
		0x12, 0x13, 0x20, 0x21, 0x22, 0x23, 0x28, 0x2a, 0x30,
		0x40, 0x41, 0x44, 0x45, 0x46, 0x70, 0x80,
	};
	uint64_t dw0 = word() << 8 | ops[below(sizeof(ops))];

	fx_cmd(fx, dw0, word());
	/* Go on after an error. */
	fx_w32(fx, FX_GERRORN, fx_r32(fx, FX_GERROR));
}

/* To one that somebody waits for, if the queue can be read. */
static void random_answer(struct fx *fx)
{
	uint64_t rec[4];

	if (fx_evt(fx, rec))
		fx_cmd(fx, CMD_RESUME(rec[0] >> 32) | below(4) << 12,
		       rec[1] & 0xffff);
}

static void random_traffic(struct fx *fx)
{
	struct hw_txn txn = { .requester = (uint32_t)below(300),
			      .flags = (uint32_t)below(8),
			      .pasid = (ioasid_t)word(),
			      .perm = (uint32_t)word(),
			      .addr = word(),
			      .cookie = rnd() };
	struct hw_page_request req = { .requester = txn.requester,
				       .pasid_valid = below(2),
				       .pasid = txn.pasid,
				       .addr = txn.addr,
				       .perm = txn.perm,
				       .prgi = (uint16_t)word(),
				       .last = below(2) };
	struct hw_ats_reply reply;
	struct hw_xlat xlat;

	if (below(2))
		txn.pasid &= 0xff;
	if (!fx->hw->ops->translate(fx->hw, &fx->port, &txn, &xlat)) {
		assert_true(xlat.len > 0);
		hw_port_done(&fx->port);
	}
	assert_int_equal(fx->port.busy & 1, 0);
	fx->hw->ops->ats_translate(fx->hw, &fx->port, &txn, &reply);
	fx->hw->ops->page_request(fx->hw, &req);
	fx->inv_ret = below(8) ? 0 : -(int)below(200);
	fx->hw->ops->ats_inv_complete(
		fx->hw, below(2) ? fx->inv_cookie : word(), below(2));
}

/* Whatever state random input leads to can be saved, and is taken again. */
static void snapshot(struct fx *fx)
{
	static unsigned char buf[8192], again[8192];
	size_t size = smmuv3_hw_snapshot_size();

	assert_int_equal(smmuv3_hw_save(fx->hw, buf, sizeof(buf)), 0);
	fx->hw->ops->reset(fx->hw);
	assert_int_equal(smmuv3_hw_restore(fx->hw, buf, size), 0);
	assert_int_equal(smmuv3_hw_save(fx->hw, again, sizeof(again)), 0);
	assert_memory_equal(buf, again, size);
}

static void run(uint64_t from, enum hw_personality personality,
		unsigned int batch, unsigned int stall_max)
{
	struct iommu_hw_stats stats;
	struct smmuv3_hw_cfg cfg;
	struct hw_xlat x;
	static struct fx fx;
	uint64_t root;
	int i, round;

	seed = from;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] |= 1 << 9 | 1; /* HYP, S2P */
	if (stall_max) {
		cfg.idr[0] &= ~(UINT32_C(3) << 24);
		cfg.idr[5] |= stall_max << 16;
	}
	cfg.personality = personality;
	cfg.command_batch = batch;
	cfg.tlb_lg2 = 6;
	fx_init(&fx, &cfg);
	for (round = 0; round < 40; round++) {
		fx.hw->ops->reset(fx.hw);
		fx.bump = 1 << 20;
		fx.cmd_prod = 0;
		fx.abort_last = 0;
		fx_enable(&fx);
		root = fx_stream(&fx, FX_SID,
				 CD_HA | CD_HD | (stall_max ? CD_S : 0));
		fx_map(&fx, root, 0x7000, 0x200000 | PTE_RW, 3);
		for (i = 0; i < 1500; i++) {
			random_memory(&fx);
			if (!below(3))
				random_command(&fx);
			if (!below(8))
				random_registers(&fx);
			random_traffic(&fx);
			if (stall_max && !below(4)) {
				fx_access(&fx, FX_SID, below(1 << 20),
					  IOMMU_PERM_READ, &x);
				random_answer(&fx);
			}
			if (!below(50))
				snapshot(&fx);
			if (!below(5000))
				smmuv3_hw_fail(fx.hw);
			if (!below(100)) {
				fx.abort_first = pointer();
				fx.abort_last = fx.abort_first + below(1 << 20);
			}
		}
	}

	/* It is as good as new, and nobody is stalled for ever. [R2] */
	fx.hw->ops->reset(fx.hw);
	stats = fx_stats(&fx);
	assert_int_equal(stats.stalls, stats.resumes);
	assert_int_equal(stats.stalls != 0, stall_max != 0);
	fx.bump = 1 << 20;
	fx.cmd_prod = 0;
	fx.abort_last = 0;
	for (i = 0; i < FX_MEM_SIZE; i += 8)
		fx_put(&fx, (uint64_t)i, 0);
	fx_enable(&fx);
	root = fx_stream(&fx, FX_SID, 0);
	fx_map(&fx, root, 0x7000, 0x200000 | PTE_RW, 3);
	assert_int_equal(fx_access(&fx, FX_SID, 0x7123, IOMMU_PERM_WRITE, &x),
			 0);
	assert_int_equal(x.pa, 0x200123);
	fx_sync(&fx);
	fx_r32(&fx, FX_CMDQ_CONS);
	assert_true(fx_cmdq_idle(&fx));
	fx_fini(&fx);
}

static void test_random_input_strict_survives(void **state)
{
	(void)state;
	run(UINT64_C(0x123456789abcdef), HW_STRICT, 0, 0);
}

static void test_random_input_eager_survives(void **state)
{
	(void)state;
	run(UINT64_C(0xfedcba987654321), HW_EAGER, 3, 0);
}

static void test_random_input_stalling_survives(void **state)
{
	(void)state;
	run(UINT64_C(0x1357924680abcde), HW_STRICT, 2, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_input_strict_survives),
		cmocka_unit_test(test_random_input_eager_survives),
		cmocka_unit_test(test_random_input_stalling_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
