/* SPDX-License-Identifier: MIT */
/*
 * Random registers, descriptors, tables and transactions: nothing of what
 * software or a device can write makes the model crash, hang, or touch memory
 * that is not there. The sanitizers are the oracle, and that the model still
 * works when it is set up anew.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/vtd_tables.h"
#include "tests/support/random.h"

enum { ROUNDS = 100, STEPS = 3000, LOW = 1 << 20 };

static struct vx fx;
static uint64_t seed;
static unsigned int granted, refused;

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
		return below(VX_MEM_SIZE) & ~UINT64_C(0xfff);
	default:
		return rnd();
	}
}

/* All tables are near the start, so that they run into each other. */
static uint64_t pointer(void)
{
	return below(LOW) & ~UINT64_C(0xfff);
}

static void random_memory(void)
{
	uint64_t pa = below(LOW) & ~UINT64_C(7);

	switch (below(6)) {
	case 0:
		vx_put(&fx, pa, pointer() | (rnd() & 0xff) | 1);
		break;
	case 1: /* a PASID entry */
		pa &= ~UINT64_C(63);
		vx_put(&fx, pa + 16, pointer() | (rnd() & 0xff));
		vx_put(&fx, pa + 8, (rnd() & 3) | PE1_PWSNP);
		vx_put(&fx, pa,
		       pointer() | VT_P | PE_AW(1 + below(3)) |
			       PE_PGTT(1 + below(4)));
		break;
	case 2: /* a context */
		pa &= ~UINT64_C(31);
		vx_put(&fx, pa + 8, below(64));
		vx_put(&fx, pa,
		       pointer() | VT_P | SM_DTE | SM_PASIDE | SM_PRE |
			       SM_PDTS(below(8)));
		break;
	case 3:
		vx_put(&fx, fx.root + (below(4096) & ~UINT64_C(7)),
		       pointer() | 1);
		break;
	default:
		vx_put(&fx, pa, word());
		break;
	}
}

static void random_register(void)
{
	uint64_t offset = below(8) ? below(0x110) : below(0x1010);
	unsigned int size = below(2) ? 4 : 8;
	uint64_t at = offset - offset % size;

	/* The root table stays near, most of the time. */
	if (offset >= 0x18 && offset < 0x28 && below(8))
		return;
	if (below(2))
		fx.hw->ops->mmio_read(fx.hw, at, size);
	else
		fx.hw->ops->mmio_write(fx.hw, at, size, word());
}

static void random_descriptor(void)
{
	uint64_t iqa = vx_r64(&fx, VX_IQA);
	uint64_t dw[4] = { 0 };

	/* Where the queue can be written by this test. */
	if ((iqa & ~UINT64_C(0xfff)) + 0x80000 > VX_MEM_SIZE)
		return;
	dw[0] = (word() & ~UINT64_C(0xe0f)) | (1 + below(9));
	if (below(4))
		dw[0] &= UINT64_C(0x000f0003000300ff);
	dw[1] = below(2) ? word() : pointer() | below(20);
	vx_inv4(&fx, dw);
	if (vx_r32(&fx, VX_FSTS) & VX_IQE && below(2))
		vx_w32(&fx, VX_FSTS, VX_IQE | VX_ICE | VX_ITE | VX_PFO);
}

static void random_traffic(void)
{
	struct hw_txn txn = {
		.requester = (uint32_t)below(0x400),
		.flags = (uint32_t)below(8),
		.pasid = (ioasid_t)(below(2) ? below(256) : word()),
		.perm = (uint32_t)word(),
		.addr = below(4) ? rnd() & 0x7ffffffff8 : word()
	};
	struct hw_page_request req = { .requester = txn.requester,
				       .pasid_valid = below(2),
				       .pasid = txn.pasid,
				       .addr = txn.addr,
				       .perm = txn.perm,
				       .prgi = (uint16_t)word(),
				       .last = below(2) };
	struct hw_ats_reply reply;
	struct hw_xlat x;
	uint64_t rec[2];

	if (!fx.hw->ops->translate(fx.hw, &fx.port, &txn, &x)) {
		assert_true(x.len > 0);
		hw_port_done(&fx.port);
		granted++;
	} else {
		refused++;
	}
	assert_int_equal(fx.port.busy & 1, 0);
	fx.hw->ops->ats_translate(fx.hw, &fx.port, &txn, &reply);
	assert_int_equal(fx.port.busy & 1, 0);
	fx.hw->ops->page_request(fx.hw, &req);
	if (below(2))
		vx_fault(&fx, rec);
}

static void run(uint64_t from, enum hw_personality personality)
{
	struct vtd_hw_cfg cfg;
	unsigned int i;

	seed = from;
	vtd_hw_cfg_default(&cfg);
	cfg.ecap |= VT_ECAP_ERS | VT_ECAP_ADMS | VT_ECAP_RPRIVS;
	cfg.cap |= VT_CAP_PLMR;
	cfg.iotlb_lg2 = 6;
	cfg.personality = personality;
	vt_start(&fx, &cfg, VT_SCALABLE);
	for (i = 0; i < 1000; i++)
		random_memory();
	for (i = 0; i < STEPS; i++) {
		switch (below(5)) {
		case 0:
			random_memory();
			break;
		case 1:
			random_register();
			break;
		case 2:
			random_descriptor();
			break;
		default:
			random_traffic();
			break;
		}
	}
	/* Whatever happened: after a reset it is like new. */
	fx.hw->ops->reset(fx.hw);
	fx.bump = VX_MEM_SIZE / 2;
	fx.root = vx_alloc(&fx, 4096, 4096);
	vx_enable(&fx, fx.root | VX_SCALABLE);
	vt_map(&fx, vt_first(&fx, 0), 4, 0x10000, 0x20000 | FS_PAGE, 1,
	       FS_TABLE);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0x10000, IOMMU_PERM_READ),
			 0x20000);
	vx_fini(&fx);
}

static void test_vtd_hostile_survives(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		run(UINT64_C(0x2545f4914f6cdd1d) * (i + 1), HW_STRICT);
		run(UINT64_C(0x9e3779b97f4a7c15) * (i + 1), HW_EAGER);
	}
	/* Some of it got somewhere. */
	assert_true(granted > 100);
	assert_true(refused > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_hostile_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
