/* SPDX-License-Identifier: MIT */
/*
 * Conformance: registers, chapter 6.
 */
#include "tests/models/smmuv3/conform.h"

enum {
	IDR0 = 0x00,
	AIDR = 0x1c,
	STATUSR = 0x40,
	GERROR_IRQ_CFG0 = 0x68,
	GERROR_IRQ_CFG1 = 0x70,
	PRIQ_IRQ_CFG0 = 0xd0,
	PRIQ_IRQ_CFG1 = 0xd8,
	EVENTQ_PROD_0 = 0xa8, /* where page 1 has it, in page 0 */
	GBPA_ABORT = 1 << 20,
};

#define GBPA_UPDATE (UINT32_C(1) << 31)

/* Everything off, as after a reset. */
static void disable(struct cf *cf)
{
	fx_w32(&cf->fx, FX_IRQ_CTRL, 0);
	fx_w32(&cf->fx, FX_CR0, 0);
	EQ(cf, fx_r32(&cf->fx, FX_CR0ACK), 0);
}

/* 6.3.1 to 6.3.8: a write does nothing. */
static void id_registers_are_read_only(struct cf *cf)
{
	unsigned int i;

	for (i = IDR0; i <= AIDR; i += 4) {
		uint32_t was = fx_r32(&cf->fx, i);

		fx_w32(&cf->fx, i, ~was);
		EQ(cf, fx_r32(&cf->fx, i), was);
	}
	EQ(cf, fx_r64(&cf->fx, IDR0),
	   fx_r32(&cf->fx, 0) | (uint64_t)fx_r32(&cf->fx, 4) << 32);
}

/* 6.3: what the architecture defines after reset. */
static void reset_values(struct cf *cf)
{
	cf->fx.hw->ops->reset(cf->fx.hw);
	EQ(cf, fx_r32(&cf->fx, FX_CR0), 0);
	EQ(cf, fx_r32(&cf->fx, FX_CR0ACK), 0);
	EQ(cf, fx_r32(&cf->fx, FX_IRQ_CTRL), 0);
	EQ(cf, fx_r32(&cf->fx, FX_IRQ_CTRLACK), 0);
	EQ(cf, fx_r32(&cf->fx, FX_GERROR), 0);
	EQ(cf, fx_r32(&cf->fx, FX_GERRORN), 0);
	EQ(cf, fx_r32(&cf->fx, FX_GBPA) & (GBPA_UPDATE | 1 << 4), 0);
	EQ(cf, fx_r32(&cf->fx, FX_GBPA) >> 12 & 3, 1); /* SHCFG: incoming */
	EQ(cf, fx_r32(&cf->fx, STATUSR), 0);
}

/* 6.3.9, 6.3.10: each field is acknowledged, others are RES0. */
static void cr0_is_acknowledged_bit_by_bit(struct cf *cf)
{
	uint32_t all = 0xd | (cf->pri ? 2 : 0) | (cf->ats ? 0x10 : 0);
	unsigned int bit;

	disable(cf);
	for (bit = 0; bit < 32; bit++) {
		fx_w32(&cf->fx, FX_CR0, UINT32_C(1) << bit);
		/* VMID wildcards come with IDR0.VMW, DPT with IDR3.DPT. */
		EQ(cf, fx_r32(&cf->fx, FX_CR0), all & UINT32_C(1) << bit);
		EQ(cf, fx_r32(&cf->fx, FX_CR0ACK), all & UINT32_C(1) << bit);
	}
	fx_w32(&cf->fx, FX_CR0, UINT32_MAX);
	EQ(cf, fx_r32(&cf->fx, FX_CR0ACK), all);
	fx_w32(&cf->fx, FX_CR0ACK, 0);
	EQ(cf, fx_r32(&cf->fx, FX_CR0ACK), all);
}

/* 6.3.11: guarded by the queues, and by SMMUEN. */
static void cr1_halves_have_their_guards(struct cf *cf)
{
	disable(cf);
	fx_w32(&cf->fx, FX_CR1, UINT32_MAX);
	EQ(cf, fx_r32(&cf->fx, FX_CR1), 0xfff);
	fx_w32(&cf->fx, FX_CR1, 0xd75);
	EQ(cf, fx_r32(&cf->fx, FX_CR1), 0xd75);
	fx_w32(&cf->fx, FX_CR0, FX_CR0_EVENTQEN);
	fx_w32(&cf->fx, FX_CR1, 0);
	EQ(cf, fx_r32(&cf->fx, FX_CR1), 0x35);
	fx_w32(&cf->fx, FX_CR0, FX_CR0_SMMUEN);
	fx_w32(&cf->fx, FX_CR1, 0xfff);
	EQ(cf, fx_r32(&cf->fx, FX_CR1), 0x3f);
}

/* 6.3.12: guarded by SMMUEN; E2H with Hyp, REC_CFG_ATS with ATSRECERR. */
static void cr2_has_what_the_smmu_has(struct cf *cf)
{
	disable(cf);
	fx_w32(&cf->fx, FX_CR2, UINT32_MAX & ~4u);
	EQ(cf, fx_r32(&cf->fx, FX_CR2),
	   2 | (cf->hyp ? 1 : 0) | (cf->ats ? 8 : 0));
	fx_w32(&cf->fx, FX_CR0, FX_CR0_SMMUEN);
	fx_w32(&cf->fx, FX_CR2, 0);
	EQ(cf, fx_r32(&cf->fx, FX_CR2) & 2, 2);
}

/* 6.3.14.1: a write counts with Update only, and clears it. */
static void gbpa_is_updated_as_one(struct cf *cf)
{
	uint32_t was = fx_r32(&cf->fx, FX_GBPA);

	disable(cf);
	fx_w32(&cf->fx, FX_GBPA, GBPA_ABORT);
	EQ(cf, fx_r32(&cf->fx, FX_GBPA), was);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, 0x5000, R), 0);
	EQ(cf, cf->xlat.pa, 0x5000);
	fx_w32(&cf->fx, FX_GBPA, was | GBPA_ABORT | GBPA_UPDATE);
	EQ(cf, fx_r32(&cf->fx, FX_GBPA), was | GBPA_ABORT);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, 0x5000, R), NO_EVENT);
	fx_w32(&cf->fx, FX_GBPA, (was & ~(uint32_t)GBPA_ABORT) | GBPA_UPDATE);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, 0x5000, R), 0);
	/* 3.4: bypass is checked against the output size, without a record. */
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, UINT64_C(1) << cf->oas_bits, R),
	   NO_EVENT);
}

/* 6.3.16, 6.3.18 */
static void irq_ctrl_is_acknowledged(struct cf *cf)
{
	uint32_t all = 5 | (cf->pri ? 2 : 0);

	fx_w32(&cf->fx, FX_IRQ_CTRL, UINT32_MAX);
	EQ(cf, fx_r32(&cf->fx, FX_IRQ_CTRL), all);
	EQ(cf, fx_r32(&cf->fx, FX_IRQ_CTRLACK), all);
	fx_w32(&cf->fx, FX_IRQ_CTRLACK, 0);
	EQ(cf, fx_r32(&cf->fx, FX_IRQ_CTRLACK), all);
	fx_w32(&cf->fx, FX_IRQ_CTRL, 0);
	EQ(cf, fx_r32(&cf->fx, FX_IRQ_CTRLACK), 0);
}

/* 6.3.21 to 6.3.23: RES0 without MSIs, guarded with them. */
static void irq_config_guarded_and_with_msi_only(struct cf *cf)
{
	fx_w32(&cf->fx, FX_IRQ_CTRL, 0);
	fx_w64(&cf->fx, GERROR_IRQ_CFG0, 0x12345678);
	EQ(cf, fx_r64(&cf->fx, GERROR_IRQ_CFG0), cf->msi ? 0x12345678 : 0);
	fx_w32(&cf->fx, GERROR_IRQ_CFG1, UINT32_MAX);
	EQ(cf, fx_r32(&cf->fx, GERROR_IRQ_CFG1), cf->msi ? UINT32_MAX : 0);
	fx_w32(&cf->fx, FX_IRQ_CTRL, 1);
	fx_w32(&cf->fx, GERROR_IRQ_CFG1, 7);
	EQ(cf, fx_r32(&cf->fx, GERROR_IRQ_CFG1), cf->msi ? UINT32_MAX : 0);
}

/* 6.3.33 to 6.3.36, 6.3.97: RES0 without PRI. */
static void priq_registers_with_pri_only(struct cf *cf)
{
	disable(cf);
	fx_w64(&cf->fx, FX_PRIQ_BASE, 0x123460 | 3);
	EQ(cf, fx_r64(&cf->fx, FX_PRIQ_BASE), cf->pri ? 0x123463 : 0);
	fx_w32(&cf->fx, FX_PRIQ_CONS, 5);
	EQ(cf, fx_r32(&cf->fx, FX_PRIQ_CONS), cf->pri ? 5 : 0);
	fx_w32(&cf->fx, FX_PRIQ_PROD, 9);
	EQ(cf, fx_r32(&cf->fx, FX_PRIQ_PROD), cf->pri ? 9 : 0);
	fx_w64(&cf->fx, PRIQ_IRQ_CFG0, 0x1000);
	EQ(cf, fx_r64(&cf->fx, PRIQ_IRQ_CFG0), cf->pri && cf->msi ? 0x1000 : 0);
	fx_w32(&cf->fx, FX_PRIQ_IRQ_CFG2, UINT32_C(1) << 31);
	EQ(cf, fx_r32(&cf->fx, FX_PRIQ_IRQ_CFG2) & 0x3f, 0);
}

/* 6.3.24 to 6.3.29: guarded by the function they configure. */
static void base_registers_are_guarded(struct cf *cf)
{
	static const struct {
		uint32_t offset, guard;
	} regs[] = {
		{ FX_STRTAB_BASE, FX_CR0_SMMUEN },
		{ FX_CMDQ_BASE, FX_CR0_CMDQEN },
		{ FX_EVENTQ_BASE, FX_CR0_EVENTQEN },
	};
	unsigned int i;

	for (i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
		uint64_t was = fx_r64(&cf->fx, regs[i].offset);

		fx_w64(&cf->fx, regs[i].offset, 0xabcdc0);
		EQ(cf, fx_r64(&cf->fx, regs[i].offset), was);
		fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL & ~regs[i].guard);
		fx_w64(&cf->fx, regs[i].offset, 0xabcdc0);
		EQ(cf, fx_r64(&cf->fx, regs[i].offset), 0xabcdc0);
		/* By halves, too. */
		fx_w32(&cf->fx, regs[i].offset + 4, 1);
		EQ(cf, fx_r64(&cf->fx, regs[i].offset),
		   0xabcdc0 | UINT64_C(1) << 32);
		fx_w64(&cf->fx, regs[i].offset, was);
		fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL);
	}
}

/* 6.3.24: address bits above the output size are RES0. */
static void base_addresses_end_at_the_output_size(struct cf *cf)
{
	uint64_t top = UINT64_C(0x00ffffffffffffc0);

	disable(cf);
	fx_w64(&cf->fx, FX_STRTAB_BASE, top);
	EQ(cf, fx_r64(&cf->fx, FX_STRTAB_BASE),
	   top & ((UINT64_C(1) << cf->oas_bits) - 1));
	fx_w64(&cf->fx, FX_CMDQ_BASE, top);
	EQ(cf, fx_r64(&cf->fx, FX_CMDQ_BASE),
	   top & ((UINT64_C(1) << cf->oas_bits) - 1));
}

/* 6.3.25: FMT and SPLIT are there with two-level tables. */
static void strtab_format_with_two_levels_only(struct cf *cf)
{
	disable(cf);
	fx_w32(&cf->fx, FX_STRTAB_BASE_CFG, 1 << 16 | 8 << 6 | 6);
	EQ(cf, fx_r32(&cf->fx, FX_STRTAB_BASE_CFG),
	   cf->st2l ? (1 << 16 | 8 << 6 | 6) : 6);
}

/* 6.2.2: the indexes of output queues are in page 1. */
static void output_indexes_in_page_1(struct cf *cf)
{
	disable(cf);
	fx_w32(&cf->fx, FX_EVENTQ_PROD, 3);
	fx_w32(&cf->fx, FX_EVENTQ_CONS, 3 | UINT32_C(1) << 31);
	EQ(cf, fx_r32(&cf->fx, FX_EVENTQ_PROD), 3);
	EQ(cf, fx_r32(&cf->fx, FX_EVENTQ_CONS), 3 | UINT32_C(1) << 31);
	EQ(cf, fx_r32(&cf->fx, EVENTQ_PROD_0), 3);
	/* 6.3.95: PROD is read-only once the queue is on. */
	fx_w32(&cf->fx, FX_CR0, FX_CR0_EVENTQEN);
	fx_w32(&cf->fx, FX_EVENTQ_PROD, 1);
	EQ(cf, fx_r32(&cf->fx, FX_EVENTQ_PROD), 3);
	fx_w32(&cf->fx, FX_EVENTQ_CONS, 2);
	EQ(cf, fx_r32(&cf->fx, FX_EVENTQ_CONS), 2);
}

/* 6.2: reserved offsets, and sizes that no register has. */
static void reserved_offsets_read_zero(struct cf *cf)
{
	static const uint64_t offsets[] = { 0x3c,    0x58,    0x1f0,  0x800,
					    0x10000, 0x100a4, 0x1ff00 };
	unsigned int i;

	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		fx_w32(&cf->fx, offsets[i], UINT32_MAX);
		EQ(cf, fx_r32(&cf->fx, offsets[i]), 0);
	}
	EQ(cf, cf->fx.hw->ops->mmio_read(cf->fx.hw, FX_CR0, 2), 0);
	EQ(cf, cf->fx.hw->ops->mmio_read(cf->fx.hw, FX_CR0 + 1, 4), 0);
	EQ(cf, cf->fx.hw->ops->mmio_read(cf->fx.hw, UINT64_C(1) << 40, 4), 0);
}

/* 6.3.19, 6.3.20: only an error that is active can be acknowledged. */
static void gerrorn_acknowledges_active_errors_only(struct cf *cf)
{
	fx_w32(&cf->fx, FX_GERRORN, UINT32_MAX);
	EQ(cf, fx_r32(&cf->fx, FX_GERRORN), 0);
	fx_w32(&cf->fx, FX_GERROR, UINT32_MAX);
	EQ(cf, fx_r32(&cf->fx, FX_GERROR), 0);
	fx_cmd(&cf->fx, 0xff, 0);
	EQ(cf, fx_r32(&cf->fx, FX_GERROR), 1);
	EQ(cf, fx_r32(&cf->fx, FX_GERRORN), 0);
	fx_w32(&cf->fx, FX_GERRORN, 0x1fd);
	EQ(cf, fx_r32(&cf->fx, FX_GERRORN), 1);
}

/* 3.4, 6.3.9.6: off, everything bypasses; a translated one is refused. */
static void smmuen_off_bypasses(struct cf *cf)
{
	struct hw_txn txn = { .requester = FX_SID,
			      .flags = HW_TXN_TRANSLATED,
			      .perm = R,
			      .addr = 0x9000 };
	uint64_t rec[4];

	cf_stream(cf, 0);
	EQ(cf, cf_read(cf, cf_va(cf)), F_TRANSLATION);
	fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	EQ(cf, cf_pa(cf, 0x9000, W), 0x9000);
	EQ(cf,
	   cf->fx.hw->ops->translate(cf->fx.hw, &cf->fx.port, &txn, &cf->xlat),
	   -EFAULT);
	OK(cf, fx_evt(&cf->fx, rec));
	EQ(cf, rec[0] & 0xff, F_TRANSL_FORBIDDEN);
}

static const struct cf_case cases[] = {
	CF_CASE(id_registers_are_read_only, "6.3.1"),
	CF_CASE(reset_values, "6.3"),
	CF_CASE(cr0_is_acknowledged_bit_by_bit, "6.3.9"),
	CF_CASE(cr1_halves_have_their_guards, "6.3.11"),
	CF_CASE(cr2_has_what_the_smmu_has, "6.3.12"),
	CF_CASE(gbpa_is_updated_as_one, "6.3.14"),
	CF_CASE(irq_ctrl_is_acknowledged, "6.3.16"),
	CF_CASE(gerrorn_acknowledges_active_errors_only, "6.3.20"),
	CF_CASE(irq_config_guarded_and_with_msi_only, "6.3.21"),
	CF_CASE(base_addresses_end_at_the_output_size, "6.3.24"),
	CF_CASE(base_registers_are_guarded, "6.3.24"),
	CF_CASE(strtab_format_with_two_levels_only, "6.3.25"),
	CF_CASE(priq_registers_with_pri_only, "6.3.33"),
	CF_CASE(output_indexes_in_page_1, "6.3.95"),
	CF_CASE(reserved_offsets_read_zero, "6.2"),
	CF_CASE(smmuen_off_bypasses, "3.4"),
};

CF_MAIN(cases)
