/* SPDX-License-Identifier: MIT */
/*
 * The register file: reset, what can be written and when, access sizes; and
 * which configurations there are.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

static struct fx fx;

static int setup(void **state)
{
	(void)state;
	fx_init(&fx, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fx_fini(&fx);
	return 0;
}

struct row {
	uint32_t offset;
	uint32_t reset;
	uint32_t writable;    /* with everything off */
	uint32_t writable_on; /* with everything on */
};

/* Offsets, values and masks as the architecture has them. */
static const struct row rows[] = {
	{ 0x00, 0x0dc9349a, 0, 0 },
	{ 0x04, 0x06739d10, 0, 0 },
	{ 0x08, 0, 0, 0 },
	{ 0x0c, 0x00001604, 0, 0 },
	{ 0x10, 0, 0, 0 },
	{ 0x14, 0x00000015, 0, 0 },
	{ 0x18, 0, 0, 0 },
	{ 0x1c, 0x2, 0, 0 },
	{ 0x24, 0, 0, 0x1f }, /* CR0ACK: read as CR0, see below */
	{ 0x28, 0, 0xfff, 0 },
	{ 0x2c, 0, 0xa, 0 },
	{ 0x40, 0, 0, 0 },
	{ 0x44, 0x1000, 0, 0 }, /* GBPA: only with UPDATE */
	{ 0x48, 0, 0, 0 },
	{ 0x60, 0, 0, 0 },
	{ 0x64, 0, 0, 0 }, /* GERRORN: only active errors */
	{ 0x68, 0, 0xfffffffc, 0 },
	{ 0x6c, 0, 0x00ffffff, 0 },
	{ 0x70, 0, 0xffffffff, 0 },
	{ 0x74, 0, 0x3f, 0 },
	{ 0x80, 0, 0xffffffc0, 0 },
	{ 0x84, 0, 0x4000ffff, 0 },
	{ 0x88, 0, 0x000307ff, 0 },
	{ 0x90, 0, 0xffffffff, 0 },
	{ 0x94, 0, 0x4000ffff, 0 },
	{ 0x9c, 0, 0x000fffff, 0 },
	{ 0xa0, 0, 0xffffffff, 0 },
	{ 0xa4, 0, 0x4000ffff, 0 },
	{ 0x100a8, 0, 0x800fffff, 0 },
	{ 0x100ac, 0, 0x800fffff, 0x800fffff },
	{ 0xb0, 0, 0xfffffffc, 0 },
	{ 0xb4, 0, 0x00ffffff, 0 },
	{ 0xb8, 0, 0xffffffff, 0 },
	{ 0xbc, 0, 0x3f, 0 },
	{ 0xc0, 0, 0xffffffff, 0 },
	{ 0xc4, 0, 0x4000ffff, 0 },
	{ 0x100c8, 0, 0x800fffff, 0 },
	{ 0x100cc, 0, 0x800fffff, 0x800fffff },
	{ 0xd0, 0, 0xfffffffc, 0 },
	{ 0xd4, 0, 0x00ffffff, 0 },
	{ 0xd8, 0, 0xffffffff, 0 },
	{ 0xdc, 0, 0x8000003f, 0 },
	/* Not there: ATOS, MPAM, VATOS, DPT, the ID space, page 1. */
	{ 0x100, 0, 0, 0 },
	{ 0x130, 0, 0, 0 },
	{ 0x180, 0, 0, 0 },
	{ 0x200, 0, 0, 0 },
	{ 0xfd0, 0, 0, 0 },
	{ 0x10000, 0, 0, 0 },
	{ 0x10020, 0, 0, 0 },
	{ 0x1fffc, 0, 0, 0 },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* Bits that follow a write of all ones, then of all zeroes. */
static uint32_t follows(uint32_t offset)
{
	uint32_t ones, zeroes;

	fx_w32(&fx, offset, UINT32_MAX);
	ones = fx_r32(&fx, offset);
	fx_w32(&fx, offset, 0);
	zeroes = fx_r32(&fx, offset);
	return ones ^ zeroes;
}

static void test_regs_reset_values(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ROWS; i++)
		assert_int_equal(fx_r32(&fx, rows[i].offset), rows[i].reset);
	/* And again. */
	for (i = 0; i < ROWS; i++)
		fx_w32(&fx, rows[i].offset, UINT32_MAX);
	fx_w32(&fx, FX_GBPA, UINT32_MAX);
	fx.hw->ops->reset(fx.hw);
	for (i = 0; i < ROWS; i++)
		assert_int_equal(fx_r32(&fx, rows[i].offset), rows[i].reset);
}

/* The largest queues: every bit of an index is there. */
static void large_queues(void)
{
	fx_w64(&fx, FX_CMDQ_BASE, 19);
	fx_w64(&fx, FX_EVENTQ_BASE, 19);
	fx_w64(&fx, FX_PRIQ_BASE, 19);
}

static bool known(uint32_t offset)
{
	unsigned int i;

	for (i = 0; i < ROWS; i++)
		if (rows[i].offset == offset && rows[i].writable)
			return true;
	/* Aliases in page 0, and those that a write of ones changes. */
	return (offset >= 0xa8 && offset < 0xb0) ||
	       (offset >= 0xc8 && offset < 0xd0) || offset == FX_CR0 ||
	       offset == FX_IRQ_CTRL || offset == FX_CMDQ_PROD ||
	       offset == FX_GBPA;
}

/*
 * The rest of both pages is RES0: STATUSR without DORMHINT, AGBPA, S2PII, IDR6
 * and the ECMDQ pages, ATOS, MPAM, DPT, the secure registers from 0x8000 on.
 */
static void test_regs_everything_else_is_res0(void **state)
{
	uint32_t offset, before, count = 0;

	(void)state;
	for (offset = 0; offset < 0x20000; offset += 4) {
		if (known(offset))
			continue;
		before = fx_r32(&fx, offset);
		fx_w32(&fx, offset, UINT32_MAX);
		if (fx_r32(&fx, offset) != before)
			fail_msg("%#x can be written", offset);
		if (offset >= 0x20 && before && offset != FX_CR0ACK)
			fail_msg("%#x is %#x", offset, before);
		count++;
	}
	assert_in_range(count, 0x20000 / 4 - 48, 0x20000 / 4 - 30);
}

static void test_regs_writable_bits_while_off(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ROWS; i++) {
		large_queues();
		if (follows(rows[i].offset) != rows[i].writable)
			fail_msg("%#x: %#x", rows[i].offset,
				 follows(rows[i].offset));
	}
}

/* 6.3.28, 6.3.95, 6.3.97: RAZ above the wrap bit; not CONS of software. */
static void test_regs_indexes_end_at_the_wrap_bit(void **state)
{
	static const uint64_t base[] = { FX_CMDQ_BASE, FX_EVENTQ_BASE,
					 FX_PRIQ_BASE };
	static const uint64_t index[] = { FX_CMDQ_CONS, FX_EVENTQ_PROD,
					  FX_PRIQ_PROD };
	uint32_t flag, size;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		for (size = 0; size < 32; size++) {
			/* Capped at 19; 20 to 31 behave as that. */
			uint32_t top = size < 19 ? size : 19;

			flag = i ? UINT32_C(1) << 31 : 0;
			fx_w64(&fx, base[i], size);
			fx_w32(&fx, index[i], UINT32_MAX);
			assert_int_equal(fx_r32(&fx, index[i]),
					 flag | ((UINT32_C(2) << top) - 1));
		}
	fx_w64(&fx, FX_EVENTQ_BASE, 0);
	fx_w32(&fx, FX_EVENTQ_CONS, UINT32_MAX);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_CONS), 0x800fffff);
}

static void test_regs_guarded_while_on(void **state)
{
	unsigned int i;

	(void)state;
	fx_enable(&fx);
	fx_w32(&fx, FX_IRQ_CTRL, 7);
	assert_int_equal(fx_r32(&fx, FX_IRQ_CTRLACK), 7);
	for (i = 0; i < ROWS; i++)
		if (rows[i].offset != FX_CR0ACK &&
		    follows(rows[i].offset) != rows[i].writable_on)
			fail_msg("%#x: %#x", rows[i].offset,
				 follows(rows[i].offset));
}

/* CR1: each half has a guard of its own. */
static void test_regs_cr1_guarded_by_halves(void **state)
{
	(void)state;
	fx_enable(&fx);
	fx_w32(&fx, FX_CR0, FX_CR0_SMMUEN);
	assert_int_equal(follows(FX_CR1), 0x03f);
	fx_w32(&fx, FX_CR0, FX_CR0_EVENTQEN);
	assert_int_equal(follows(FX_CR1), 0xfc0);
}

static void test_regs_cr0_acknowledged_per_bit(void **state)
{
	unsigned int bit;

	(void)state;
	for (bit = 0; bit < 32; bit++) {
		uint32_t v = UINT32_C(1) << bit;

		fx_w32(&fx, FX_CR0, v);
		assert_int_equal(fx_r32(&fx, FX_CR0), v & 0x1f);
		assert_int_equal(fx_r32(&fx, FX_CR0ACK), v & 0x1f);
	}
}

/* 6.3.14.1 */
static void test_regs_gbpa_update(void **state)
{
	(void)state;
	fx_w32(&fx, FX_GBPA, 0x00100000);
	assert_int_equal(fx_r32(&fx, FX_GBPA), 0x1000);
	assert_int_equal(fx_access(&fx, 1, 0x5000, IOMMU_PERM_READ, NULL), 0);
	fx_w32(&fx, FX_GBPA, 0x80100000);
	assert_int_equal(fx_r32(&fx, FX_GBPA), 0x00100000);
	assert_int_equal(fx_access(&fx, 1, 0x5000, IOMMU_PERM_READ, NULL),
			 -EFAULT);
	fx_w32(&fx, FX_GBPA, 0x80000000);
	assert_int_equal(fx_access(&fx, 1, 0x5000, IOMMU_PERM_READ, NULL), 0);
	/* Beyond what can be addressed. */
	assert_int_equal(fx_access(&fx, 1, UINT64_C(1) << 48, IOMMU_PERM_READ,
				   NULL),
			 -EFAULT);
}

static void test_regs_access_sizes(void **state)
{
	(void)state;
	large_queues();
	/* A 64-bit register by halves. */
	fx_w64(&fx, FX_STRTAB_BASE, UINT64_C(0x4000123456789abc));
	assert_int_equal(fx_r64(&fx, FX_STRTAB_BASE),
			 UINT64_C(0x4000123456789a80));
	fx_w32(&fx, FX_STRTAB_BASE + 4, 0x0000cafe);
	assert_int_equal(fx_r64(&fx, FX_STRTAB_BASE),
			 UINT64_C(0x0000cafe56789a80));
	assert_int_equal(fx_r32(&fx, FX_STRTAB_BASE + 4), 0xcafe);
	/* Two registers at once, also where a 64-bit one comes before. */
	fx_w64(&fx, 0xb8, UINT64_C(0x0000002512345678));
	assert_int_equal(fx_r32(&fx, 0xb8), 0x12345678);
	assert_int_equal(fx_r32(&fx, 0xbc), 0x25);
	assert_int_equal(fx_r64(&fx, 0xb8), UINT64_C(0x0000002512345678));
	assert_int_equal(fx_r64(&fx, 0xb0), 0);
	/* In both pages. */
	fx_w64(&fx, FX_EVENTQ_PROD, UINT64_C(0x8000000500000007));
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD), 7);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_CONS), 0x80000005);
	assert_int_equal(fx_r64(&fx, FX_EVENTQ_PROD - 0x10000),
			 UINT64_C(0x8000000500000007));
	/* None of these is an access. */
	assert_int_equal(fx.hw->ops->mmio_read(fx.hw, 0x1c, 2), 0);
	assert_int_equal(fx.hw->ops->mmio_read(fx.hw, 0x1e, 4), 0);
	assert_int_equal(fx.hw->ops->mmio_read(fx.hw, 0x1c, 8), 0);
	assert_int_equal(fx.hw->ops->mmio_read(fx.hw, 0x20000, 4), 0);
	assert_int_equal(fx.hw->ops->mmio_read(fx.hw, UINT64_MAX - 3, 4), 0);
	fx.hw->ops->mmio_write(fx.hw, FX_CR1, 1, 0xff);
	fx.hw->ops->mmio_write(fx.hw, FX_CR1 + 4, 16, 0xff);
	assert_int_equal(fx_r32(&fx, FX_CR1), 0);
}

/* A feature that is not announced has no fields. */
static void test_regs_fields_follow_id_registers(void **state)
{
	static struct fx small;
	struct smmuv3_hw_cfg cfg;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	/* No ATS, PRI, MSI, ATSRECERR, two-level stream table. */
	cfg.idr[0] &=
		~(UINT32_C(1) << 10 | UINT32_C(1) << 13 | UINT32_C(1) << 16 |
		  UINT32_C(1) << 23 | UINT32_C(3) << 27);
	cfg.idr[1] = (cfg.idr[1] & ~UINT32_C(0x3f)) | 6;
	/* 32-bit addresses. */
	cfg.idr[5] &= ~UINT32_C(7);
	fx_init(&small, &cfg);
	fx_w32(&small, FX_CR0, UINT32_MAX);
	assert_int_equal(fx_r32(&small, FX_CR0), 0xd);
	fx_w32(&small, FX_CR0, 0);
	fx_w32(&small, FX_CR2, UINT32_MAX);
	assert_int_equal(fx_r32(&small, FX_CR2), 0x2);
	fx_w32(&small, FX_IRQ_CTRL, UINT32_MAX);
	assert_int_equal(fx_r32(&small, FX_IRQ_CTRL), 0x5);
	fx_w32(&small, FX_IRQ_CTRL, 0);
	fx_w64(&small, FX_EVENTQ_IRQ_CFG0, UINT64_MAX);
	assert_int_equal(fx_r64(&small, FX_EVENTQ_IRQ_CFG0), 0);
	fx_w64(&small, FX_PRIQ_BASE, UINT64_MAX);
	assert_int_equal(fx_r64(&small, FX_PRIQ_BASE), 0);
	fx_w32(&small, FX_PRIQ_IRQ_CFG2, UINT32_MAX);
	assert_int_equal(fx_r32(&small, FX_PRIQ_IRQ_CFG2), 0);
	fx_w64(&small, FX_CMDQ_BASE, UINT64_MAX);
	assert_int_equal(fx_r64(&small, FX_CMDQ_BASE),
			 UINT64_C(0x40000000ffffffff));
	fx_w32(&small, FX_STRTAB_BASE_CFG, UINT32_MAX);
	assert_int_equal(fx_r32(&small, FX_STRTAB_BASE_CFG), 0x3f);
	fx_fini(&small);
}

/* 6.3.1: Last Only is of the wire, too. */
static void test_regs_last_only_without_msi(void **state)
{
	static struct fx wired;
	struct smmuv3_hw_cfg cfg;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] &= ~(UINT32_C(1) << 13);
	fx_init(&wired, &cfg);
	fx_w32(&wired, FX_PRIQ_IRQ_CFG2, UINT32_MAX);
	assert_int_equal(fx_r32(&wired, FX_PRIQ_IRQ_CFG2), 0x80000000);
	fx_w64(&wired, 0xd0, UINT64_MAX);
	assert_int_equal(fx_r64(&wired, 0xd0), 0);
	fx_w64(&wired, 0x68, UINT64_MAX);
	assert_int_equal(fx_r64(&wired, 0x68), 0);
	fx_fini(&wired);
}

/* CR0.VMW is there with VMID wildcards only. */
static void test_regs_vmw_follows_id_registers(void **state)
{
	static struct fx wild;
	struct smmuv3_hw_cfg cfg;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] |= 1 | 1 << 17;
	fx_init(&wild, &cfg);
	fx_w32(&wild, FX_CR0, 0x140);
	assert_int_equal(fx_r32(&wild, FX_CR0), 0x140);
	assert_int_equal(fx_r32(&wild, FX_CR0ACK), 0x140);
	fx_w32(&wild, FX_CR0, UINT32_MAX);
	assert_int_equal(fx_r32(&wild, FX_CR0), 0x1df);
	fx_fini(&wild);
}

/* Configurations that announce what is not there, or make no sense. */
static void test_regs_cfg_unsupported_refused(void **state)
{
	static const struct {
		unsigned int idr;
		uint32_t flip;
	} bad[] = {
		{ 0, 1 << 1 },            /* neither stage */
		{ 0, 1 << 2 },            /* AArch32 tables */
		{ 0, 1 << 5 },            /* BTM */
		{ 0, 1 << 6 },            /* HTTU 3 */
		{ 0, 1 << 8 },            /* DORMHINT */
		{ 0, 1 << 9 },            /* HYP without S2P */
		{ 0, 1 << 10 },           /* ATSRECERR without ATS */
		{ 0, 1 << 10 | 1 << 23 }, /* PRI without ATS */
		{ 0, 1 << 11 },           /* NS1ATS without S2P */
		{ 0, 1 << 15 },           /* ATOS */
		{ 0, 1 << 17 },           /* VMW without S2P */
		{ 0, 1 << 20 },           /* VATOS */
		{ 0, 1 << 21 },           /* big-endian tables */
		{ 0, 1 << 24 },           /* stall without STALL_MAX */
		{ 0, 1 << 27 },           /* 16 bits in a linear table */
		{ 0, 1 << 28 },           /* ST_LEVEL 3 */
		{ 0, 3 },                 /* HAD without S1P */
		{ 0, 1 << 30 },           /* RME */
		{ 1, 1 << 0 | 1 << 5 },   /* 33 bits of StreamID */
		{ 1, 1 << 6 },            /* 21 bits of SubstreamID */
		{ 1, 1 << 13 },           /* 2^23 requests */
		{ 1, 1 << 18 },           /* events */
		{ 1, 1 << 23 },           /* commands */
		{ 1, UINT32_C(1) << 27 }, /* memory type overrides */
		{ 1, UINT32_C(1) << 30 }, /* preset */
		{ 1, UINT32_C(1) << 31 }, /* ECMDQ */
		{ 2, 1 },
		{ 3, 1 << 3 },                    /* PBHA */
		{ 3, 1 << 4 },                    /* XNX without S2P */
		{ 3, 1 << 7 },                    /* MPAM */
		{ 3, 1 << 8 },                    /* FWB without S2P */
		{ 3, 1 << 11 },                   /* BBML 3 */
		{ 3, 1 << 14 },                   /* PTWNNC without S2P */
		{ 3, 1 << 15 },                   /* DPT */
		{ 5, 1 << 1 },                    /* 56 bits */
		{ 5, 3 },                         /* 52 bits with 4K alone */
		{ 5, 1 << 4 },                    /* no granule */
		{ 5, 1 << 7 },                    /* DS with 48-bit VAs */
		{ 5, 1 << 4 | 7 << 6 | 1 << 10 }, /* DS with 64K alone, D128 */
		{ 5, 1 << 4 | 3 << 6 | 1 << 10 }, /* DS with 64K alone */
		{ 5, 1 << 8 },                    /* D128 */
		{ 5, 1 << 10 },                   /* 52-bit VAs with 4K alone */
		{ 5, 1 << 11 },                   /* 56-bit VAs */
		{ 5, 1 << 16 },                   /* STALL_MAX without stall */
	};
	struct smmuv3_hw_cfg cfg;
	unsigned int i;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	assert_true(smmuv3_hw_size(&cfg) > 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		smmuv3_hw_cfg_default(&cfg);
		cfg.idr[bad[i].idr] ^= bad[i].flip;
		if (smmuv3_hw_size(&cfg))
			fail_msg("IDR%u ^ %#x", bad[i].idr, bad[i].flip);
	}
	smmuv3_hw_cfg_default(&cfg);
	cfg.tlb_lg2 = 5;
	assert_int_equal(smmuv3_hw_size(&cfg), 0);
	cfg.tlb_lg2 = 21;
	assert_int_equal(smmuv3_hw_size(&cfg), 0);
	cfg.tlb_lg2 = 6;
	assert_true(smmuv3_hw_size(&cfg) > 0);
	cfg.aidr = 3;
	assert_int_equal(smmuv3_hw_size(&cfg), 0);
}

/* What may be announced beside the default. */
static void test_regs_cfg_supported_accepted(void **state)
{
	static const struct {
		uint32_t flip0, flip1, flip3, flip5;
	} good[] = {
		{ .flip0 = 1 },                           /* S2P */
		{ .flip0 = 3, .flip3 = 1 << 2 },          /* S2P alone */
		{ .flip0 = 1 | 1 << 9 | 1 << 11 },        /* HYP, NS1ATS */
		{ .flip0 = 1 | 3 << 17 },                 /* VMW, VMID16 */
		{ .flip0 = 1, .flip3 = 1 << 4 | 1 << 8 }, /* XNX, FWB */
		{ .flip0 = 1 << 14 },                     /* SEV */
		{ .flip0 = 1 << 24, .flip5 = 1 << 16 },   /* stall */
		{ .flip0 = 3 << 24, .flip5 = 1 << 16 },   /* forced */
		{ .flip0 = 1 << 26 },                     /* RAZ/WI */
		{ .flip0 = 1 << 27, .flip1 = 1 << 4 },    /* linear, 0 bits */
		{ .flip0 = 1 << 10 | 1 << 16 | 1 << 23 }, /* no ATS */
		{ .flip3 = 1 << 5 },                      /* PPS */
		{ .flip5 = 1 << 4 | 1 << 5 },             /* 16K alone */
		{ .flip5 = 1 << 4 | 1 << 6 },             /* 64K alone */
		{ .flip5 = 3 | 1 << 6 },                  /* 52 bits by 64K */
		{ .flip5 = 3 | 1 << 7 | 1 << 10 },        /* by DS */
		{ .flip5 = 1 << 6 | 1 << 10 },            /* 52-bit VAs */
	};
	struct smmuv3_hw_cfg cfg;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		smmuv3_hw_cfg_default(&cfg);
		cfg.idr[0] ^= good[i].flip0;
		cfg.idr[1] ^= good[i].flip1;
		cfg.idr[3] ^= good[i].flip3;
		cfg.idr[5] ^= good[i].flip5;
		if (!smmuv3_hw_size(&cfg))
			fail_msg("row %u is refused", i);
		/* Only SMMUv3.1 has 52 bits. */
		cfg.aidr = 0;
		if (!smmuv3_hw_size(&cfg) !=
		    ((cfg.idr[5] & 7) == 6 || cfg.idr[5] >> 10 & 3))
			fail_msg("row %u and SMMUv3.0", i);
	}
}

static void test_regs_create_incomplete_refused(void **state)
{
	struct hw_env env = { .ctx = NULL };
	struct smmuv3_hw_cfg cfg;
	struct iommu_hw *hw;
	size_t size;
	void *mem = NULL;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	size = smmuv3_hw_size(&cfg);
	assert_int_equal(posix_memalign(&mem, 64, size), 0);
	assert_int_equal(smmuv3_hw_create(&cfg, &env, NULL, mem, size, &hw),
			 -EINVAL);
	assert_int_equal(smmuv3_hw_create(&cfg, &env, NULL, mem, size - 1, &hw),
			 -EINVAL);
	free(mem);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_regs_reset_values),
		T(test_regs_everything_else_is_res0),
		T(test_regs_writable_bits_while_off),
		T(test_regs_indexes_end_at_the_wrap_bit),
		T(test_regs_guarded_while_on),
		T(test_regs_cr1_guarded_by_halves),
		T(test_regs_cr0_acknowledged_per_bit),
		T(test_regs_gbpa_update),
		T(test_regs_access_sizes),
		T(test_regs_fields_follow_id_registers),
		T(test_regs_last_only_without_msi),
		T(test_regs_vmw_follows_id_registers),
		T(test_regs_cfg_unsupported_refused),
		T(test_regs_cfg_supported_accepted),
		T(test_regs_create_incomplete_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
