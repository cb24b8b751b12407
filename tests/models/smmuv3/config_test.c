/* SPDX-License-Identifier: MIT */
/*
 * Conformance: stream tables and CD tables, 3.3, 3.4.3, 5.1 to 5.4.
 */
#include "tests/models/smmuv3/conform.h"

enum { SID_IN_L2 = 5 };

/* A CD whose tree has page 1 at @pa. */
static void cd_at(struct cf *cf, uint64_t cd, uint64_t pa)
{
	uint64_t root = cf_table(cf);

	cf_map(cf, root, cf_page(cf), pa | PTE_RW, 3);
	cf_cd(cf, cd, CD_ASID(1 + (pa >> 20)), root);
	/* What the TLB has is not the matter here. */
	cf_do(cf, CMD_TLBI_NSNH_ALL, 0);
}

static unsigned int reach(struct cf *cf, uint32_t sid, uint32_t ssid)
{
	return cf_access(cf, sid, ssid, cf_page(cf), R);
}

/* 5.2: STE.V, STE.Config. */
static void ste_config_selects_the_stages(struct cf *cf)
{
	uint64_t cd = fx_alloc(&cf->fx, 64, 64);
	unsigned int config;

	cd_at(cf, cd, 0x200000);
	cf_ste(cf, FX_SID, STE_S1 | cd, 0);
	EQ(cf, reach(cf, FX_SID, NO_SSID), C_BAD_STE);
	for (config = 0; config < 4; config++) {
		cf_ste(cf, FX_SID, STE_V | config << 1 | cd, 0);
		EQ(cf, reach(cf, FX_SID, NO_SSID), NO_EVENT);
	}
	cf_ste(cf, FX_SID, STE_V | STE_BYPASS, 0);
	EQ(cf, reach(cf, FX_SID, NO_SSID), 0);
	EQ(cf, cf->xlat.pa, cf_page(cf));
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, 0);
	EQ(cf, reach(cf, FX_SID, NO_SSID), 0);
	EQ(cf, cf->xlat.pa, 0x200000);
	/* Stage 2 with fields of 0: S2AA64 is, if nothing else. */
	cf_ste(cf, FX_SID, STE_V | UINT64_C(6) << 1, 0);
	EQ(cf, reach(cf, FX_SID, NO_SSID), C_BAD_STE);
	cf_ste(cf, FX_SID, STE_V | UINT64_C(7) << 1 | cd, 0);
	EQ(cf, reach(cf, FX_SID, NO_SSID), C_BAD_STE);
}

/* 3.4: bypass checks the output size, with a record. */
static void bypass_ends_at_the_output_size(struct cf *cf)
{
	uint64_t last = (UINT64_C(1) << cf->oas_bits) - 1;

	cf_ste(cf, FX_SID, STE_V | STE_BYPASS, 0);
	EQ(cf, cf_read(cf, last), 0);
	EQ(cf, cf->xlat.pa, last);
	/* 3.12.2: this one never stalls. */
	EQ(cf, fx_access(&cf->fx, FX_SID, last + 1, R, NULL), -EFAULT);
	OK(cf, fx_evt(&cf->fx, cf->rec));
	EQ(cf, cf->rec[0] & 0xff, F_ADDR_SIZE);
	EQ(cf, cf->rec[1] >> 31 & 1, 0);
}

/* 3.3.1, 6.3.25: LOG2SIZE, and SIDSIZE if that is less. */
static void linear_table_ends(struct cf *cf)
{
	uint32_t last = (1u << (FX_STREAMS_LG2 < cf->sid_bits ? FX_STREAMS_LG2 :
								cf->sid_bits)) -
			1;

	cf_ste(cf, last, STE_V | STE_BYPASS, 0);
	EQ(cf, reach(cf, last, NO_SSID), 0);
	EQ(cf, reach(cf, last + 1, NO_SSID), C_BAD_STREAMID);
	EQ(cf, cf->rec[0], (uint64_t)(last + 1) << 32 | C_BAD_STREAMID);
	EQ(cf, reach(cf, UINT32_MAX, NO_SSID), C_BAD_STREAMID);
}

/* 5.1: every SPLIT and Span; RES0, thus linear, with one level only. */
static void two_level_stream_table(struct cf *cf)
{
	static const unsigned int splits[] = { 6, 8, 10 };
	uint64_t l1 = fx_alloc(&cf->fx, 8192, 8192);
	uint64_t l2 = fx_alloc(&cf->fx, 65536, 65536);
	unsigned int i, span;

	for (i = 0; i < 3; i++) {
		uint32_t sid = (1u << splits[i]) + SID_IN_L2;

		fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
		fx_w64(&cf->fx, FX_STRTAB_BASE, l1);
		fx_w32(&cf->fx, FX_STRTAB_BASE_CFG,
		       1 << 16 | splits[i] << 6 | 12);
		fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL);
		cf_do(cf, CMD_CFGI_ALL, 31);
		if (!cf->st2l) {
			/* A linear table of zeroes, and of 6 bits. */
			EQ(cf, reach(cf, SID_IN_L2, NO_SSID), C_BAD_STE);
			EQ(cf, reach(cf, sid, NO_SSID), C_BAD_STREAMID);
			continue;
		}
		for (span = 0; span < 32; span++) {
			bool there = span >= 4 && span <= splits[i] + 1;

			fx_put(&cf->fx, l1 + 8, l2 | span);
			fx_put(&cf->fx, l2 + SID_IN_L2 * 64,
			       STE_V | STE_BYPASS);
			/* 4.3.1: Leaf 0 names the level-1 descriptor too. */
			cf_do(cf, CMD_CFGI_STE(sid), 0);
			EQ(cf, reach(cf, sid, NO_SSID),
			   there ? 0 : C_BAD_STREAMID);
		}
		fx_put(&cf->fx, l1 + 8, 0);
	}
}

/* 5.2: S1CDMax up to SSIDSIZE, and what a substream beyond it gets. */
static void s1cdmax_bounds(struct cf *cf)
{
	uint64_t cds = fx_alloc(&cf->fx, 64 << 3, 64 << 3);
	unsigned int max, i;

	for (i = 0; i < 8; i++)
		cd_at(cf, cds + i * 64, 0x200000 + (uint64_t)i * 0x100000);
	for (max = 0; max < 32; max++) {
		cf_ste(cf, FX_SID, STE_V | STE_S1 | cds | STE_CDMAX(max), 0);
		if (max > cf->ssid_bits) {
			EQ(cf, reach(cf, FX_SID, 0), C_BAD_STE);
			continue;
		}
		if (max < 20)
			EQ(cf, reach(cf, FX_SID, 1u << max), C_BAD_SUBSTREAMID);
		for (i = 0; i < 8 && max; i++) {
			if (i >> max)
				break;
			EQ(cf, reach(cf, FX_SID, i), 0);
			EQ(cf, cf->xlat.pa, 0x200000 + i * 0x100000);
		}
	}
}

/* 5.2: S1DSS of transactions without a substream, and of substream 0. */
static void s1dss_of_every_value(struct cf *cf)
{
	static const struct {
		unsigned int dss, without, zero, one;
		bool bypass;
	} rows[] = {
		{ 0, F_STREAM_DISABLED, 0, 0, false },
		{ 1, 0, 0, 0, true },
		{ 2, 0, F_STREAM_DISABLED, 0, false },
		{ 3, F_STREAM_DISABLED, 0, 0, false },
	};
	uint64_t cds = fx_alloc(&cf->fx, 128, 128);
	unsigned int i;

	cd_at(cf, cds, 0x200000);
	cd_at(cf, cds + 64, 0x300000);
	for (i = 0; i < 4; i++) {
		cf_ste(cf, FX_SID, STE_V | STE_S1 | cds | STE_CDMAX(1),
		       STE1_S1DSS(rows[i].dss));
		EQ(cf, reach(cf, FX_SID, NO_SSID), rows[i].without);
		if (!rows[i].without)
			EQ(cf, cf->xlat.pa,
			   rows[i].bypass ? cf_page(cf) : 0x200000);
		EQ(cf, reach(cf, FX_SID, 0), rows[i].zero);
		EQ(cf, reach(cf, FX_SID, 1), rows[i].one);
		EQ(cf, cf->xlat.pa, 0x300000);
		/* Without substreams it is ignored. */
		cf_ste(cf, FX_SID, STE_V | STE_S1 | cds,
		       STE1_S1DSS(rows[i].dss));
		EQ(cf, reach(cf, FX_SID, NO_SSID), 0);
		EQ(cf, cf->xlat.pa, 0x200000);
		EQ(cf, reach(cf, FX_SID, 0), C_BAD_SUBSTREAMID);
	}
}

/* 3.3.2, 5.2 S1Fmt, 5.3: two levels, 4 KiB and 64 KiB, and what is missing. */
static void two_level_cd_table(struct cf *cf)
{
	static const unsigned int l2_lg2[] = { 0, 6, 10 };
	unsigned int fmt;

	for (fmt = 1; fmt < 3; fmt++) {
		uint64_t l1 = fx_alloc(&cf->fx, 64, 64);
		uint64_t l2 = fx_alloc(&cf->fx, 65536, 65536);
		uint32_t ssid = (1u << l2_lg2[fmt]) + 3;

		cd_at(cf, l2 + 3 * 64, 0x200000);
		fx_put(&cf->fx, l1 + 8, l2 | 1);
		cf_ste(cf, FX_SID,
		       STE_V | STE_S1 | l1 | STE_FMT(fmt) | STE_CDMAX(8), 0);
		if (!cf->cd2l) {
			EQ(cf, reach(cf, FX_SID, 3), C_BAD_STE);
			continue;
		}
		cf_ste(cf, FX_SID,
		       STE_V | STE_S1 | l1 | STE_FMT(fmt) | STE_CDMAX(12), 0);
		EQ(cf, reach(cf, FX_SID, ssid), 0);
		EQ(cf, cf->xlat.pa, 0x200000);
		/* A level-1 descriptor and a CD that are not valid. */
		EQ(cf, reach(cf, FX_SID, 3), C_BAD_SUBSTREAMID);
		EQ(cf, reach(cf, FX_SID, ssid + 1), C_BAD_CD);
		EQ(cf, reach(cf, FX_SID, 1u << 12), C_BAD_SUBSTREAMID);
		/* 3.4.3: a level-1 descriptor beyond the output size. */
		if (cf->oas_bits < 52) {
			fx_put(&cf->fx, l1 + 8,
			       UINT64_C(1) << cf->oas_bits | 1);
			cf_do(cf, CMD_CFGI_CD_ALL(FX_SID), 0);
			EQ(cf, reach(cf, FX_SID, ssid), C_BAD_SUBSTREAMID);
		}
	}
}

/* 5.4.2: what makes a CD illegal. */
static void cd_illegal_fields(struct cf *cf)
{
	uint64_t good = cf_cd0(cf), size = UINT64_C(0x3f);
	uint64_t tg = UINT64_C(3) << 6;
	const struct {
		uint64_t dw0;
		bool illegal;
	} rows[] = {
		{ good, false },
		{ good & ~CD_V, true },
		{ good & ~CD_AA64, true },
		/* TERM_MODEL 1: A has to be set. */
		{ good & ~CD_A, true },
		/* S: of IDR0.STALL_MODEL. */
		{ good ^ CD_S, true },
		/* ENDI: TTENDIAN has little-endian tables only. */
		{ good | 1 << 15, true },
		{ good | CD_HA, cf->httu < 1 },
		{ good | CD_HA | CD_HD, cf->httu < 2 },
		/* T0SZ at its ends, and beyond. */
		{ (good & ~size) | (64 - cf->va_bits - 1), true },
		{ (good & ~size) | (cf->page_lg2 == 16 ? 48 : 49), true },
		{ (good & ~size) | 39, false },
		/* TG0: reserved, and the two that are not there. */
		{ good | tg, true },
		{ (good & ~tg) | (cf->page_lg2 == 12 ? 1 << 6 : 0), true },
		{ (good & ~tg) | (cf->page_lg2 == 14 ? 1 << 6 : 2 << 6), true },
		/* 8-bit ASIDs. */
		{ good | CD_ASID(0x100), cf->stall },
		{ good | CD_ASID(0xff), false },
		/* EPD0: nothing of TTB0 matters then. */
		{ (good & ~size) | CD_EPD0, false },
	};
	uint64_t cd = fx_alloc(&cf->fx, 64, 64), root = cf_table(cf);
	unsigned int i;

	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fx_cd(&cf->fx, cd, rows[i].dw0, root);
		cf_do(cf, CMD_CFGI_CD(FX_SID, 0), 1);
		EQ(cf, cf_read(cf, 0) == C_BAD_CD, rows[i].illegal);
	}
}

/* 5.2.2, 5.2 EATS: full ATS, split stages, and a function without. */
static void ste_eats_values(struct cf *cf)
{
	uint64_t cd = fx_alloc(&cf->fx, 64, 64);
	unsigned int eats;

	cd_at(cf, cd, 0x200000);
	for (eats = 0; eats < 4; eats++) {
		cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, (uint64_t)eats << 28);
		/* Split-stage ATS is for nested streams. */
		EQ(cf, reach(cf, FX_SID, NO_SSID),
		   cf->ats && eats == 2 ? C_BAD_STE : 0);
	}
}

/* 5.2: S1STALLD needs a choice, which IDR0.STALL_MODEL 0 gives only. */
static void ste_s1stalld_is_illegal_without_a_choice(struct cf *cf)
{
	uint64_t cd = fx_alloc(&cf->fx, 64, 64);

	cd_at(cf, cd, 0x200000);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, STE1_S1STALLD);
	EQ(cf, reach(cf, FX_SID, NO_SSID), C_BAD_STE);
}

/* 5.2: STRW is reserved at 1 and 3 where EL2 is, and ignored elsewhere. */
static void ste_strw_values(struct cf *cf)
{
	uint64_t cd = fx_alloc(&cf->fx, 64, 64);
	unsigned int strw;

	cd_at(cf, cd, 0x200000);
	for (strw = 0; strw < 4; strw++) {
		cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, (uint64_t)strw << 30);
		EQ(cf, reach(cf, FX_SID, NO_SSID),
		   cf->hyp && strw & 1 ? C_BAD_STE : 0);
	}
}

/* 5.2: PRIVCFG and INSTCFG override what the transaction says. */
static void ste_overrides_of_attributes(struct cf *cf)
{
	uint64_t cd = fx_alloc(&cf->fx, 64, 64), root = cf_table(cf);
	uint64_t va = cf_page(cf);

	/* For privileged software only, and not to be fetched from. */
	cf_map(cf, root, va,
	       0x200000 | (PTE_RW & ~PTE_USER) | PTE_PXN | PTE_UXN, 3);
	cf_cd(cf, cd, 0, root);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, 0);
	EQ(cf, cf_read(cf, va), F_PERMISSION);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, va, R | P), 0);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, STE1_PRIVCFG(3));
	EQ(cf, cf_read(cf, va), 0);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, STE1_PRIVCFG(2));
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, va, R | P), F_PERMISSION);
	EQ(cf, cf->rec[1] >> 33 & 1, 0);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd,
	       STE1_PRIVCFG(3) | UINT64_C(3) << 50);
	EQ(cf, cf_read(cf, va), F_PERMISSION);
	EQ(cf, cf->rec[1] >> 34 & 1, 1);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd,
	       STE1_PRIVCFG(3) | UINT64_C(2) << 50);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, va, R | X), 0);
}

static const struct cf_case cases[] = {
	CF_CASE(linear_table_ends, "3.3.1"),
	CF_CASE(two_level_cd_table, "3.3.2"),
	CF_CASE(bypass_ends_at_the_output_size, "3.4"),
	CF_CASE(two_level_stream_table, "5.1"),
	CF_CASE(ste_config_selects_the_stages, "5.2"),
	CF_CASE(s1cdmax_bounds, "5.2"),
	CF_CASE(s1dss_of_every_value, "5.2"),
	CF_CASE(ste_eats_values, "5.2"),
	CF_CASE(ste_s1stalld_is_illegal_without_a_choice, "5.2"),
	CF_CASE(ste_strw_values, "5.2"),
	CF_CASE(ste_overrides_of_attributes, "5.2"),
	CF_CASE(cd_illegal_fields, "5.4.2"),
};

CF_MAIN(cases)
