/* SPDX-License-Identifier: MIT */
/*
 * The register file: reset, what can be written, halves; global commands; and
 * which configurations there are.
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

static struct vx vx;

static int setup(void **state)
{
	(void)state;
	vx_init(&vx, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vx_fini(&vx);
	return 0;
}

/* A word of registers; every word that is not in a table reads as 0. */
struct row {
	uint32_t offset;
	uint32_t reset;
	uint32_t writable;
	uint32_t status; /* told by hardware: not looked at */
};

/* Values and masks as the architecture has them, of the default unit. */
static const struct row usual[] = {
	{ 0x00, 0x60, 0, 0 },
	{ 0x08, 0x60780e06, 0, 0 },
	{ 0x0c, 0xd1d2078c, 0, 0 },
	{ 0x10, 0xa4f050df, 0, 0 },
	{ 0x14, 0x0003ed9e, 0, 0 },
	{ 0x20, 0, 0xfffffc00, 0 }, /* RTADDR */
	{ 0x24, 0, 0x000fffff, 0 },
	{ 0x28, 0, 0x0000ffff, 0 }, /* CCMD: SID and FM are write-only */
	{ 0x2c, 0, 0x60000000, 0 },
	{ 0x38, 0x80000000, 0x80000000, 0 }, /* FECTL */
	{ 0x3c, 0, 0x0000ffff, 0 },
	{ 0x40, 0, 0xfffffffc, 0 },
	{ 0x44, 0, 0xffffffff, 0 },
	{ 0x88, 0, 0x0007fff0, 0 }, /* IQT */
	{ 0x90, 0, 0xfffff807, 0 }, /* IQA */
	{ 0x94, 0, 0x000fffff, 0 },
	{ 0xa0, 0x80000000, 0x80000000, 0 }, /* IECTL */
	{ 0xa4, 0, 0x0000ffff, 0 },
	{ 0xa8, 0, 0xfffffffc, 0 },
	{ 0xac, 0, 0xffffffff, 0 },
	{ 0xb8, 0, 0xfffff80f, 0 }, /* IRTA */
	{ 0xbc, 0, 0x000fffff, 0 },
	{ 0xc0, 0, 0x0007ffe0, 0 }, /* PQH */
	{ 0xc8, 0, 0x0007ffe0, 0 }, /* PQT */
	{ 0xd0, 0, 0xfffff007, 0 }, /* PQA */
	{ 0xd4, 0, 0x000fffff, 0 },
	{ 0xe0, 0x80000000, 0x80000000, 0 }, /* PECTL */
	{ 0xe4, 0, 0x0000ffff, 0 },
	{ 0xe8, 0, 0xfffffffc, 0 },
	{ 0xec, 0, 0xffffffff, 0 },
	{ 0x50c, 0, 0x3003ffff, 0 }, /* IOTLB; IVA is write-only */
};

/*
 * Version 1: nothing but legacy mode and protected regions, 39 bits; one fault
 * record at 0x220, invalidation registers at 0xf0.
 */
static const struct row small[] = {
	{ 0x00, 0x10, 0, 0 },
	{ 0x08, 0x22260262, 0, 0 }, /* ND 2, PLMR, PHMR, SAGAW 39, MGAW 39 */
	{ 0x10, 0x00000f00, 0, 0 },
	{ 0x20, 0, 0xfffffc00, 0 },
	{ 0x24, 0, 0x0000007f, 0 },
	{ 0x28, 0, 0x0000ffff, 0 },
	{ 0x2c, 0, 0x60000000, 0x18000000 },
	{ 0x38, 0x80000000, 0x80000000, 0 },
	{ 0x3c, 0, 0x0000ffff, 0 },
	{ 0x40, 0, 0xfffffffc, 0 },
	{ 0x64, 0, 0x80000001, 0 }, /* PMEN: PRS follows EPM */
	{ 0x68, 0, 0xffe00000, 0 },
	{ 0x6c, 0, 0xffe00000, 0 },
	{ 0x70, 0, 0xffe00000, 0 },
	{ 0x74, 0, 0x0000007f, 0 },
	{ 0x78, 0, 0xffe00000, 0 },
	{ 0x7c, 0, 0x0000007f, 0 },
	{ 0xfc, 0, 0x3003ffff, 0x06000000 },
};

static struct vtd_hw_cfg small_cfg(void)
{
	return (struct vtd_hw_cfg){
		.ver = 0x10,
		.cap = UINT64_C(0x22260262),
		.ecap = UINT64_C(0xf00),
		.haw = 39,
	};
}

static const struct row *row_of(const struct row *rows, size_t count,
				uint32_t offset)
{
	static struct row none;
	size_t i;

	for (i = 0; i < count; i++)
		if (rows[i].offset == offset)
			return &rows[i];
	none.offset = offset;
	return &none;
}

static void check_words(const struct row *rows, size_t count)
{
	uint32_t o, seen = 0;

	for (o = 0; o < vx.hw->mmio_size; o += 4) {
		const struct row *r = row_of(rows, count, o);
		uint32_t fixed = r->reset & ~r->writable;

		seen += r->reset || r->writable;
		if (vx_r32(&vx, o) != r->reset)
			fail_msg("%#x: reset %#x", o, vx_r32(&vx, o));
		if (o == VX_GCMD)
			continue;
		vx_w32(&vx, o, UINT32_MAX);
		if ((vx_r32(&vx, o) & ~r->status) != (fixed | r->writable))
			fail_msg("%#x: ones %#x", o, vx_r32(&vx, o));
		vx_w32(&vx, o, 0);
		if ((vx_r32(&vx, o) & ~r->status) != fixed)
			fail_msg("%#x: zeros %#x", o, vx_r32(&vx, o));
	}
	assert_int_equal(seen, count);
}

/* Chapter 11: each word of registers, from a second table of the same. */
static void test_regs_default_masks(void **state)
{
	(void)state;
	assert_int_equal(vx.hw->mmio_size, 0x1000);
	check_words(usual, sizeof(usual) / sizeof(usual[0]));
}

static void test_regs_small_unit_masks(void **state)
{
	struct vtd_hw_cfg cfg = small_cfg();

	(void)state;
	vx_fini(&vx);
	vx_init(&vx, &cfg);
	check_words(small, sizeof(small) / sizeof(small[0]));
}

/* A half of a register changes that half only. */
static void test_regs_halves_are_independent(void **state)
{
	static const uint32_t wide[] = { VX_RTADDR, VX_IQA, VX_IRTA, VX_PQA };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		vx_w64(&vx, wide[i], UINT64_C(0x0001234567890000));
		vx_w32(&vx, wide[i] + 4, 0x000fedcb);
		assert_int_equal(vx_r64(&vx, wide[i]),
				 UINT64_C(0x000fedcb67890000));
		vx_w32(&vx, wide[i], 0x11111000);
		assert_int_equal(vx_r64(&vx, wide[i]),
				 UINT64_C(0x000fedcb11111000));
		assert_int_equal(vx_r32(&vx, wide[i] + 4), 0x000fedcb);
	}
	/* Two registers at once, as some software writes an address. */
	vx_w64(&vx, VX_FEADDR, UINT64_C(0x12345678fee01000));
	assert_int_equal(vx_r32(&vx, VX_FEADDR), 0xfee01000);
	assert_int_equal(vx_r32(&vx, VX_FEUADDR), 0x12345678);
	assert_int_equal(vx_r64(&vx, VX_FEADDR), UINT64_C(0x12345678fee01000));
}

static void test_regs_odd_access_does_nothing(void **state)
{
	(void)state;
	vx_w64(&vx, VX_RTADDR, 0x5000);
	vx.hw->ops->mmio_write(vx.hw, VX_RTADDR, 2, 0xffff);
	vx.hw->ops->mmio_write(vx.hw, VX_RTADDR + 4, 8, UINT64_MAX);
	vx.hw->ops->mmio_write(vx.hw, VX_RTADDR + 1, 4, UINT32_MAX);
	vx.hw->ops->mmio_write(vx.hw, 0x1000, 4, UINT32_MAX);
	assert_int_equal(vx_r64(&vx, VX_RTADDR), 0x5000);
	assert_int_equal(vx.hw->ops->mmio_read(vx.hw, VX_RTADDR, 1), 0);
	assert_int_equal(vx.hw->ops->mmio_read(vx.hw, VX_RTADDR + 4, 8), 0);
	assert_int_equal(vx.hw->ops->mmio_read(vx.hw, 0x1000, 4), 0);
}

/* 11.4.4, 11.4.5: one-shots and switches, and what says they are done. */
static void test_regs_gcmd_mirrors(void **state)
{
	(void)state;
	vx_gcmd(&vx, VX_SRTP);
	assert_int_equal(vx_r32(&vx, VX_GSTS), VX_SRTP);
	/* It stays although the bit is written with 0 then. */
	vx_gcmd(&vx, VX_QIE);
	assert_int_equal(vx_r32(&vx, VX_GSTS), VX_SRTP | VX_QIE);
	vx_gcmd(&vx, VX_SIRTP);
	vx_gcmd(&vx, VX_CFI);
	vx_gcmd(&vx, VX_IRE);
	vx_gcmd(&vx, VX_TE);
	assert_int_equal(vx_r32(&vx, VX_GSTS),
			 VX_SRTP | VX_QIE | VX_SIRTP | VX_CFI | VX_IRE | VX_TE);
	assert_int_equal(vx_r32(&vx, VX_GCMD), 0);
	vx_w32(&vx, VX_GCMD, VX_QIE | VX_CFI | VX_IRE);
	assert_int_equal(vx_r32(&vx, VX_GSTS),
			 VX_SRTP | VX_QIE | VX_SIRTP | VX_CFI | VX_IRE);
	vx_w32(&vx, VX_GCMD, 0);
	assert_int_equal(vx_r32(&vx, VX_GSTS), VX_SRTP | VX_SIRTP);
	assert_string_equal(vx.log, "GCMD 0 changes more than one thing");
}

/* What is not announced has no status: WBF, SFL, EAFL. */
static void test_regs_gcmd_absent_features(void **state)
{
	struct vtd_hw_cfg cfg = small_cfg();

	(void)state;
	vx_w32(&vx, VX_GCMD, VX_WBF);
	vx_w32(&vx, VX_GCMD, UINT32_C(1) << 28);
	vx_w32(&vx, VX_GCMD, UINT32_C(1) << 29);
	vx_w32(&vx, VX_GCMD, UINT32_C(1) << 22);
	assert_int_equal(vx_r32(&vx, VX_GSTS), 0);
	vx_fini(&vx);
	vx_init(&vx, &cfg);
	vx_w32(&vx, VX_GCMD, VX_QIE);
	vx_w32(&vx, VX_GCMD, VX_SIRTP);
	vx_w32(&vx, VX_GCMD, VX_IRE);
	vx_w32(&vx, VX_GCMD, VX_CFI);
	assert_int_equal(vx_r32(&vx, VX_GSTS), 0);
	vx_w32(&vx, VX_GCMD, VX_SRTP);
	vx_w32(&vx, VX_GCMD, VX_TE);
	assert_int_equal(vx_r32(&vx, VX_GSTS), VX_SRTP | VX_TE);
}

/* More than one change at once is logged; one is not. */
static void test_regs_gcmd_several_at_once_logged(void **state)
{
	(void)state;
	vx_w32(&vx, VX_GCMD, 0);
	assert_string_equal(vx.log, "");
	vx_w32(&vx, VX_GCMD, VX_QIE);
	assert_string_equal(vx.log, "");
	vx_w32(&vx, VX_GCMD, VX_QIE);
	assert_string_equal(vx.log, "");
	vx_w32(&vx, VX_GCMD, VX_QIE | VX_SRTP);
	assert_string_equal(vx.log, "");
	vx_w32(&vx, VX_GCMD, VX_QIE | VX_SRTP | VX_TE);
	assert_string_not_equal(vx.log, "");
	assert_int_equal(vx_r32(&vx, VX_GSTS), VX_QIE | VX_SRTP | VX_TE);
}

/* The status of an invalidation of the default unit: is it on, which error? */
static unsigned int iqei(void)
{
	if (!(vx_r32(&vx, VX_FSTS) & VX_IQE))
		return 0;
	return (unsigned int)(vx_r64(&vx, VX_IQERCD) & 0xf);
}

/*
 * 11.4.5, RTPS: the address counts from SRTP on. The mode is part of it, and a
 * queue of 128-bit descriptors shows which one counts.
 */
static void test_regs_rtaddr_is_latched(void **state)
{
	(void)state;
	vx_w64(&vx, VX_IQA, vx_alloc(&vx, 4096, 4096));
	vx_gcmd(&vx, VX_QIE);
	vx_w64(&vx, VX_RTADDR, 0x5000 | VX_SCALABLE);
	vx_inv(&vx, VX_INV_CC_GLOBAL, 0);
	assert_int_equal(iqei(), 0);
	vx_gcmd(&vx, VX_SRTP);
	vx_w64(&vx, VX_RTADDR, 0);
	vx_inv(&vx, VX_INV_CC_GLOBAL, 0);
	assert_int_equal(iqei(), 5);
	vx_gcmd(&vx, VX_SRTP);
	vx_w32(&vx, VX_FSTS, VX_IQE);
	assert_int_equal(iqei(), 0);
	assert_true(vx_iq_idle(&vx));
}

/* ECAP.EIM: without it there are no upper addresses, and no EIME. */
static void test_regs_without_eim(void **state)
{
	static const uint32_t gone[] = { VX_FEUADDR, VX_IEUADDR, VX_PEUADDR };
	struct vtd_hw_cfg cfg = vx.cfg;
	size_t i;

	(void)state;
	cfg.ecap &= ~UINT64_C(0x10);
	vx_fini(&vx);
	vx_init(&vx, &cfg);
	for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		vx_w32(&vx, gone[i], UINT32_MAX);
		assert_int_equal(vx_r32(&vx, gone[i]), 0);
		vx_w32(&vx, gone[i] - 4, UINT32_MAX);
		assert_int_equal(vx_r32(&vx, gone[i] - 4), 0xfffffffc);
	}
	vx_w32(&vx, VX_IRTA, UINT32_MAX);
	assert_int_equal(vx_r32(&vx, VX_IRTA), 0xfffff00f);
}

/* CAP.ESRTPS: setting the pointer invalidates, and without it does not. */
static void test_regs_esrtps_invalidates(void **state)
{
	struct vtd_hw_cfg cfg = vx.cfg;
	struct iommu_hw_stats stats;

	(void)state;
	vx_gcmd(&vx, VX_SRTP);
	stats = vx_stats(&vx);
	assert_int_equal(stats.config_invalidations, 1);
	assert_int_equal(stats.tlb_invalidations, 1);
	cfg.cap &= ~(UINT64_C(3) << 62);
	vx_fini(&vx);
	vx_init(&vx, &cfg);
	vx_gcmd(&vx, VX_SRTP);
	stats = vx_stats(&vx);
	assert_int_equal(stats.config_invalidations, 0);
	assert_int_equal(stats.tlb_invalidations, 0);
}

/* A transaction in flight holds back what tells software it cannot be. */
static unsigned int gsts_in_flight;

static void leave(struct vx *x)
{
	gsts_in_flight = vx_r32(x, VX_GSTS);
	x->on_relax = NULL;
	atomic_fetch_add(&x->port.busy, 1);
}

static void test_regs_status_after_ports(void **state)
{
	static const uint32_t commands[] = { VX_SRTP, VX_TE };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		atomic_fetch_add(&vx.port.busy, 1);
		vx.on_relax = leave;
		gsts_in_flight = UINT32_MAX;
		vx_gcmd(&vx, commands[i]);
		assert_int_equal(gsts_in_flight & commands[i], 0);
		assert_int_equal(vx_r32(&vx, VX_GSTS) & commands[i],
				 commands[i]);
	}
	/* And the way back. */
	atomic_fetch_add(&vx.port.busy, 1);
	vx.on_relax = leave;
	vx_w32(&vx, VX_GCMD, 0);
	assert_int_equal(gsts_in_flight & VX_TE, VX_TE);
	assert_int_equal(vx_r32(&vx, VX_GSTS) & VX_TE, 0);
}

static void reset_meanwhile(struct vx *x)
{
	x->on_relax = NULL;
	x->hw->ops->reset(x->hw);
	atomic_fetch_add(&x->port.busy, 1);
}

/*
 * A reset while a command waits for the ports: it is as cold as any, and the
 * command, all of it, is forgotten.
 */
static void test_regs_reset_meanwhile(void **state)
{
	static const struct {
		uint32_t before, command;
	} rows[] = {
		{ 0, VX_SRTP },
		{ 0, VX_SRTP | VX_QIE },
		{ 0, VX_TE },
		{ VX_TE, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		vx_w32(&vx, VX_GCMD, rows[i].before);
		atomic_fetch_add(&vx.port.busy, 1);
		vx.on_relax = reset_meanwhile;
		vx_w32(&vx, VX_GCMD, rows[i].command);
		assert_null(vx.on_relax);
		assert_int_equal(vx_r32(&vx, VX_GSTS), 0);
	}
}

static void test_regs_reset_is_cold(void **state)
{
	(void)state;
	vx_fini(&vx);
	vx_start(&vx, NULL);
	vx_w32(&vx, VX_FECTL, 0);
	vx.hw->ops->reset(vx.hw);
	vx.bump = 0x10000;
	check_words(usual, sizeof(usual) / sizeof(usual[0]));
	assert_int_equal(vx_r32(&vx, VX_GSTS), 0);
}

/* The registers that move: where they may not be, and how far they may go. */
static void test_regs_places(void **state)
{
	struct vtd_hw_cfg cfg = vx.cfg;

	(void)state;
	/* 256 records at 0x3ff0. */
	cfg.cap |= UINT64_C(0x3ff) << 24 | UINT64_C(0xff) << 40;
	vx_fini(&vx);
	vx_init(&vx, &cfg);
	assert_int_equal(vx.hw->mmio_size, 0x5000);
	assert_int_equal(vx_r32(&vx, 0x4ffc), 0);
	/* Over each other, over a fixed register. */
	cfg = vx.cfg;
	cfg.cap &= ~(UINT64_C(0x3ff) << 24 | UINT64_C(0xff) << 40);
	cfg.cap |= UINT64_C(0x4f) << 24;
	assert_true(vtd_hw_size(&cfg) != 0);
	cfg.cap |= UINT64_C(1) << 40;
	assert_int_equal(vtd_hw_size(&cfg), 0);
	cfg.cap &= ~(UINT64_C(0x3ff) << 24 | UINT64_C(0xff) << 40);
	cfg.cap |= UINT64_C(0xe) << 24;
	assert_int_equal(vtd_hw_size(&cfg), 0);
	cfg.cap |= UINT64_C(0xf) << 24;
	assert_true(vtd_hw_size(&cfg) != 0);
	cfg.ecap &= ~(UINT64_C(0x3ff) << 8);
	assert_int_equal(vtd_hw_size(&cfg), 0);
}

/* @set, @clear: of CAP or ECAP; whether such a unit can be made. */
static const struct {
	uint64_t cap_set, cap_clear, ecap_set, ecap_clear;
	bool valid;
} units[] = {
	{ 0, 0, 0, 0, true },
	{ UINT64_C(1) << 3, 0, 0, 0, false },  /* AFL */
	{ UINT64_C(1) << 4, 0, 0, 0, false },  /* RWBF */
	{ UINT64_C(1) << 7, 0, 0, 0, true },   /* CM */
	{ UINT64_C(1) << 59, 0, 0, 0, false }, /* PI */
	{ UINT64_C(1) << 61, 0, 0, 0, false }, /* ECMDS */
	{ UINT64_C(3) << 5, 0, 0, 0, true },   /* PLMR, PHMR */
	{ 1, 0, 0, 0, false },                 /* ND 7 */
	{ UINT64_C(1) << 8, 0, 0, 0, false },  /* SAGAW: 30 bits */
	{ 0, UINT64_C(0xe) << 8, 0, 0, false },
	{ UINT64_C(1) << 16, 0, 0, 0, false }, /* MGAW 58 */
	{ UINT64_C(4) << 34, 0, 0, 0, false }, /* SSLPS: 512 GiB */
	{ 0, 0, UINT64_C(1) << 24, 0, false }, /* ECS */
	{ 0, 0, UINT64_C(1) << 25, 0, false }, /* MTS */
	{ 0, 0, UINT64_C(1) << 44, 0, false }, /* VCS */
	{ 0, 0, UINT64_C(1) << 51, 0, false }, /* PMS */
	{ 0, 0, UINT64_C(1) << 41, 0, true },  /* DIT */
	{ 0, 0, UINT64_C(1) << 52, 0, true },  /* ADMS */
	{ 0, 0, UINT64_C(4) << 35, 0, false }, /* PSS 23 */
	{ 0, 0, 0, UINT64_C(1) << 1, false },  /* QI */
	{ 0, 0, 0, UINT64_C(1) << 2, false },  /* DT, with PRS */
	{ 0, 0, 0, UINT64_C(1) << 3, false },  /* IR, with EIM */
	{ 0, 0, 0, UINT64_C(3) << 3, true },
	{ 0, 0, 0, UINT64_C(1) << 29, false }, /* PRS, with PDS */
	{ 0, 0, 0, UINT64_C(1) << 40, false }, /* PASID, with PSS */
	{ 0, 0, 0, UINT64_C(1) << 43, false }, /* SMTS, with all of it */
	{ 0, 0, 0, UINT64_C(1) << 46, false }, /* SSTS, with NEST */
	{ 0, 0, 0, UINT64_C(1) << 47, false }, /* FSTS, with NEST */
	{ 0, 0, 0, UINT64_C(1) << 26, true },  /* NEST */
};

static void test_regs_configurations(void **state)
{
	struct vtd_hw_cfg def, cfg;
	size_t i;

	(void)state;
	vtd_hw_cfg_default(&def);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		cfg = def;
		cfg.cap = (def.cap | units[i].cap_set) & ~units[i].cap_clear;
		cfg.ecap = (def.ecap | units[i].ecap_set) &
			   ~units[i].ecap_clear;
		if ((vtd_hw_size(&cfg) != 0) != units[i].valid)
			fail_msg("unit %zu", i);
	}
	cfg = def;
	cfg.ver = 0;
	assert_int_equal(vtd_hw_size(&cfg), 0);
	cfg.ver = 0x160;
	assert_int_equal(vtd_hw_size(&cfg), 0);
	cfg = def;
	cfg.haw = 31;
	assert_int_equal(vtd_hw_size(&cfg), 0);
	cfg.haw = 53;
	assert_int_equal(vtd_hw_size(&cfg), 0);
	cfg = def;
	cfg.iotlb_lg2 = 5;
	assert_int_equal(vtd_hw_size(&cfg), 0);
	cfg.iotlb_lg2 = 21;
	assert_int_equal(vtd_hw_size(&cfg), 0);
	cfg = def;
	cfg.personality = (enum hw_personality)2;
	assert_int_equal(vtd_hw_size(&cfg), 0);
	/* A unit of version 6 without a queue cannot be invalidated. */
	cfg = small_cfg();
	assert_true(vtd_hw_size(&cfg) != 0);
	cfg.ver = 0x60;
	assert_int_equal(vtd_hw_size(&cfg), 0);
}

/* Whether a unit can be made of these, in @mem. */
static int create(const struct hw_env *env, const struct hw_bus *bus,
		  unsigned char *mem, size_t size)
{
	struct iommu_hw *hw = NULL;
	int r = vtd_hw_create(&vx.cfg, env, bus, mem, size, &hw);

	assert_true((r == 0) == (hw != NULL));
	if (!hw)
		return r;
	/* Something to be logged, if anybody listens. */
	hw->ops->mmio_write(hw, VX_GCMD, 4, VX_TE | VX_QIE);
	vtd_hw_destroy(hw);
	return r;
}

static void test_regs_create_refuses(void **state)
{
	size_t size = vtd_hw_size(&vx.cfg), i;
	struct hw_env full, env;
	struct hw_bus bus, some;
	unsigned char *room = malloc(size + 128), *mem;
	void **callback;

	(void)state;
	assert_non_null(room);
	mem = room + (64 - (uintptr_t)room % 64) % 64;
	vx_env(&vx, &full, &bus);
	assert_int_equal(create(&full, NULL, mem, size), 0);
	assert_int_equal(create(&full, &bus, mem, size), 0);
	assert_int_equal(create(&full, &bus, mem, size - 1), -EINVAL);
	assert_int_equal(create(&full, &bus, mem + 8, size), -EINVAL);
	some = bus;
	some.ats_invalidate = NULL;
	assert_int_equal(create(&full, &some, mem, size), -EINVAL);
	some = bus;
	some.prg_response = NULL;
	assert_int_equal(create(&full, &some, mem, size), -EINVAL);
	env = full;
	env.log = NULL;
	assert_int_equal(create(&env, &bus, mem, size), 0);
	/* Callbacks, one after the other, taken away. */
	for (i = 1; i < sizeof(env) / sizeof(void *); i++) {
		env = full;
		callback = (void **)&env + i;
		if (!*callback || callback == (void **)&env.log ||
		    callback == (void **)&env.mem_store64)
			continue;
		*callback = NULL;
		if (create(&env, &bus, mem, size) != -EINVAL)
			fail_msg("callback %zu", i);
	}
	free(room);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(test_regs_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(default_masks),
		T(small_unit_masks),
		T(halves_are_independent),
		T(odd_access_does_nothing),
		T(gcmd_mirrors),
		T(gcmd_absent_features),
		T(gcmd_several_at_once_logged),
		T(rtaddr_is_latched),
		T(without_eim),
		T(esrtps_invalidates),
		T(status_after_ports),
		T(reset_meanwhile),
		T(reset_is_cold),
		T(places),
		T(configurations),
		T(create_refuses),
	};

	return cmocka_run_group_tests_name("vtd_regs", tests, NULL, NULL);
}
