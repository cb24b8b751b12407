/* SPDX-License-Identifier: MIT */
/*
 * Negative controls of the suite's frame: it notices a case that checks
 * nothing, a translation that should have been refused, and a stall that the
 * configuration has no room for; and the SMMUs really differ.
 */
#include "tests/models/smmuv3/conform.h"

/* 3.4: the helpers build trees that the SMMU walks to the same page. */
static void a_page_is_reached(struct cf *cf)
{
	uint64_t root = cf_stream(cf, 0), va = cf_va(cf);

	cf_map(cf, root, va, 0x200000 | PTE_RW, 3);
	EQ(cf, cf_read(cf, va), 0);
	EQ(cf, cf->xlat.pa, 0x200000);
	EQ(cf, cf->xlat.len, cf_page(cf));
	/* Its neighbour is not there. */
	EQ(cf, cf_read(cf, va + cf_page(cf)), F_TRANSLATION);
	EQ(cf, cf->rec[2], va + cf_page(cf));
}

/* 6.3.1 to 6.3.6: what the SMMU says of itself is what the cases go by. */
static void id_registers_are_the_configuration(struct cf *cf)
{
	unsigned int i;

	for (i = 0; i < 6; i++)
		EQ(cf, fx_r32(&cf->fx, i * 4), cf->fx.cfg.idr[i]);
	EQ(cf, fx_r32(&cf->fx, 0x14) >> 4 & 7, 1u << (cf->page_lg2 - 12) / 2);
	EQ(cf, fx_r32(&cf->fx, 0x14) & 7, cf->oas_bits == 52 ? 6 : 5);
	EQ(cf, fx_r32(&cf->fx, 0) >> 24 & 3, cf->stall ? 2 : 1);
}

/* An access that nothing maps is not taken for one that works. */
static void nothing_mapped_is_refused(struct cf *cf)
{
	cf_stream(cf, 0);
	EQ(cf, cf_read(cf, cf_va(cf)), F_TRANSLATION);
	EQ(cf, cf_pa(cf, cf_va(cf), R), 0);
}

static const struct cf_case cases[] = {
	CF_CASE(a_page_is_reached, "3.4"),
	CF_CASE(id_registers_are_the_configuration, "6.3.1"),
	CF_CASE(nothing_mapped_is_refused, "7.3.13"),
};

CF_MAIN(cases)
