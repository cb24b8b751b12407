/* SPDX-License-Identifier: MIT */
/*
 * Conformance: invalidations, 4.3 and 4.4: each command by each thing that a
 * cache keeps. What a command names is gone afterwards, on every SMMU. What it
 * does not name is still there on a strict one, which is how a forgotten
 * invalidation is found.
 */
#include "tests/models/smmuv3/conform.h"

enum { ASID = 7, OTHER = 9, SSIDS = 4, OLD = 0x200000, NEW = 0x300000 };

#define TG(n)    ((uint64_t)(n) << 10)
#define TTL(n)   ((uint64_t)(n) << 8)
#define NUM(n)   ((uint64_t)(n) << 12)
#define SCALE(n) ((uint64_t)(n) << 20)

/* @fresh: the new one; otherwise the old one, if nothing forgets by itself. */
static void seen(struct cf *cf, uint64_t pa, bool fresh)
{
	if (fresh)
		EQ(cf, pa, NEW);
	else if (cf->strict)
		EQ(cf, pa, OLD);
	else
		OK(cf, pa == OLD || pa == NEW);
}

/* 4.4: one page, cached as OLD, now NEW; private to ASID, or global. */
struct tlb_case {
	uint64_t dw0, dw1;
	bool gone; /* the private page */
	bool global_gone;
	bool hyp; /* exists with EL2 only */
};

static void tlb_rows(struct cf *cf, const struct tlb_case *rows, size_t n,
		     bool by_va)
{
	uint64_t root = cf_stream(cf, CD_ASID(ASID)), page = cf_page(cf);
	uint64_t pte[2];
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t dw1 = rows[i].dw1;
		unsigned int j;

		if (rows[i].hyp && !cf->hyp) {
			EQ(cf, cf_cmd(cf, rows[i].dw0, dw1), CERROR_ILL);
			continue;
		}
		cf_flush(cf);
		pte[0] = cf_map(cf, root, page, OLD | PTE_RW, 3);
		pte[1] =
			cf_map(cf, root, 2 * page, OLD | (PTE_RW & ~PTE_NG), 3);
		for (j = 0; j < 2; j++) {
			EQ(cf, cf_pa(cf, (1 + j) * page, R), OLD);
			fx_put(&cf->fx, pte[j],
			       NEW | (j ? PTE_RW & ~PTE_NG : PTE_RW));
			/* By address each page has its own command. */
			cf_do(cf, rows[i].dw0,
			      by_va ? dw1 | (1 + j) * page : dw1);
		}
		cf_do(cf, CMD_SYNC, 0);
		seen(cf, cf_pa(cf, page, R), rows[i].gone);
		seen(cf, cf_pa(cf, 2 * page, R), rows[i].global_gone);
	}
}

/* 4.4.2, 4.4.4 */
static void tlbi_by_asid_and_all(struct cf *cf)
{
	static const struct tlb_case rows[] = {
		{ CMD_TLBI_NH_ALL, 0, true, true, false },
		{ CMD_TLBI_NSNH_ALL, 0, true, true, false },
		{ CMD_TLBI_NH_ASID(ASID), 0, true, false, false },
		{ CMD_TLBI_NH_ASID(OTHER), 0, false, false, false },
		{ 0x20, 0, false, false, true },
		{ 0x21 | (uint64_t)ASID << 48, 0, false, false, true },
		{ CMD_SYNC, 0, false, false, false },
		{ CMD_CFGI_CD(FX_SID, 0), 0, false, false, false },
		{ CMD_CFGI_CD_ALL(FX_SID), 0, false, false, false },
		{ CMD_CFGI_STE(FX_SID), 0, false, false, false },
		{ CMD_CFGI_ALL, 31, false, false, false },
	};

	tlb_rows(cf, rows, sizeof(rows) / sizeof(rows[0]), false);
}

/* 4.4.2: by address; a global page whatever the ASID. */
static void tlbi_by_address(struct cf *cf)
{
	static const struct tlb_case rows[] = {
		{ CMD_TLBI_NH_VA(ASID), 0, true, true, false },
		{ CMD_TLBI_NH_VA(ASID), 1, true, true, false },
		{ CMD_TLBI_NH_VA(OTHER), 0, false, true, false },
		{ CMD_TLBI_NH_VAA, 0, true, true, false },
		{ CMD_TLBI_NH_VA(ASID), UINT64_C(1) << 40, false, false,
		  false },
		{ 0x22 | (uint64_t)ASID << 48, 0, false, false, true },
		{ 0x23, 0, false, false, true },
	};

	tlb_rows(cf, rows, sizeof(rows) / sizeof(rows[0]), true);
}

/* 4.4.1.1: level hints, where there are ranges; RES0 elsewhere. */
static void tlbi_level_hints(struct cf *cf)
{
	uint64_t tg = TG((cf->page_lg2 - 10) / 2);
	uint64_t other = TG(cf->page_lg2 == 12 ? 3 : 1);
	const struct tlb_case rows[] = {
		{ CMD_TLBI_NH_VA(ASID), tg | TTL(3), true, true, false },
		{ CMD_TLBI_NH_VA(ASID), tg | TTL(2), !cf->ril, !cf->ril,
		  false },
		{ CMD_TLBI_NH_VA(ASID), other | TTL(3), !cf->ril, !cf->ril,
		  false },
	};

	tlb_rows(cf, rows, sizeof(rows) / sizeof(rows[0]), true);
}

/* 4.4.1.1: (NUM + 1) << SCALE pages; the first one only without ranges. */
static void tlbi_ranges(struct cf *cf)
{
	static const struct {
		unsigned int num, scale, pages;
	} rows[] = {
		{ 1, 0, 2 }, { 3, 0, 4 },   { 0, 1, 2 },
		{ 2, 1, 6 }, { 31, 0, 32 },
	};
	uint64_t tg = TG((cf->page_lg2 - 10) / 2), page = cf_page(cf);
	uint64_t root = cf_stream(cf, CD_ASID(ASID));
	enum { PAGES = 40, FIRST = 64 };
	unsigned int i, j;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (j = 0; j < PAGES; j++)
			cf_map(cf, root, (FIRST + j) * page, OLD | PTE_RW, 3);
		cf_flush(cf);
		for (j = 0; j < PAGES; j++)
			EQ(cf, cf_pa(cf, (FIRST + j) * page, R), OLD);
		for (j = 0; j < PAGES; j++)
			cf_map(cf, root, (FIRST + j) * page, NEW | PTE_RW, 3);
		cf_do(cf,
		      CMD_TLBI_NH_VA(ASID) | NUM(rows[i].num) |
			      SCALE(rows[i].scale),
		      tg | FIRST * page);
		for (j = 0; j < PAGES; j++)
			seen(cf, cf_pa(cf, (FIRST + j) * page, R),
			     j < (cf->ril ? rows[i].pages : 1));
	}
}

/* 4.4.2: an address inside a block names all of it. */
static void tlbi_of_a_block(struct cf *cf)
{
	uint64_t root = cf_stream(cf, CD_ASID(ASID));
	uint64_t size = cf_entry(cf, 2), at;
	uint64_t attrs = PTE_RW & ~UINT64_C(2);

	at = cf_map(cf, root, size, attrs, 2);
	EQ(cf, cf_pa(cf, size + cf_page(cf), R), cf_page(cf));
	fx_put(&cf->fx, at, size | attrs);
	cf_do(cf, CMD_TLBI_NH_VA(ASID), size - cf_page(cf));
	if (cf->strict)
		EQ(cf, cf_pa(cf, size + cf_page(cf), R), cf_page(cf));
	cf_do(cf, CMD_TLBI_NH_VA(ASID), 2 * size - cf_page(cf));
	EQ(cf, cf_pa(cf, size + cf_page(cf), R), size + cf_page(cf));
}

/* CDs of substreams 0 to 3, and an STE; OLD and NEW trees. */
struct lookups {
	uint64_t cds[2], cd_root[2], ste0;
};

static void tables(struct cf *cf, struct lookups *l)
{
	unsigned int i, j;

	for (i = 0; i < 2; i++) {
		l->cds[i] = fx_alloc(&cf->fx, 64 * SSIDS, 64 * SSIDS);
		l->cd_root[i] = cf_table(cf);
		cf_map(cf, l->cd_root[i], 0, (i ? NEW : OLD) | PTE_RW, 3);
		for (j = 0; j < SSIDS; j++)
			cf_cd(cf, l->cds[i] + j * 64, CD_ASID(i ? OTHER : ASID),
			      l->cd_root[i]);
	}
	l->ste0 = STE_V | STE_S1 | STE_CDMAX(2);
}

static uint64_t reach(struct cf *cf, uint32_t sid, uint32_t ssid)
{
	return cf_access(cf, sid, ssid, 0, R) ? 0 : cf->xlat.pa;
}

/* 4.3.3, 4.3.4: which commands name the CD of a substream. */
static void cfgi_of_a_cd(struct cf *cf)
{
	static const struct {
		uint64_t dw0, dw1;
		bool gone;
	} rows[] = {
		{ CMD_CFGI_CD(FX_SID, 1), 0, true },
		{ CMD_CFGI_CD(FX_SID, 1), 1, true },
		{ CMD_CFGI_CD(FX_SID, 2), 1, false },
		{ CMD_CFGI_CD(FX_SID + 1, 1), 1, false },
		{ CMD_CFGI_CD_ALL(FX_SID), 0, true },
		{ CMD_CFGI_CD_ALL(FX_SID + 1), 0, false },
		/* 4.3.1: an STE takes its CDs with it. */
		{ CMD_CFGI_STE(FX_SID), 0, true },
		{ CMD_CFGI_STE(FX_SID), 1, true },
		{ CMD_CFGI_STE(FX_SID + 1), 0, false },
		/* 4.3.2: 2^(Range + 1) streams, aligned. */
		{ 0x04 | (uint64_t)FX_SID << 32, 0, true },
		{ 0x04 | (uint64_t)(FX_SID ^ 1) << 32, 0, true },
		{ 0x04 | (uint64_t)(FX_SID ^ 2) << 32, 0, false },
		{ 0x04 | (uint64_t)(FX_SID ^ 2) << 32, 1, true },
		{ CMD_CFGI_ALL, 31, true },
		{ CMD_TLBI_NSNH_ALL, 0, false },
		{ CMD_TLBI_NH_ASID(ASID), 0, false },
		{ CMD_SYNC, 0, false },
	};
	struct lookups l;
	unsigned int i;

	tables(cf, &l);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cf_cd(cf, l.cds[0] + 64, CD_ASID(ASID), l.cd_root[0]);
		cf_ste(cf, FX_SID, l.ste0 | l.cds[0], 0);
		EQ(cf, reach(cf, FX_SID, 1), OLD);
		cf_cd(cf, l.cds[0] + 64, CD_ASID(OTHER), l.cd_root[1]);
		cf_do(cf, rows[i].dw0, rows[i].dw1);
		seen(cf, reach(cf, FX_SID, 1), rows[i].gone);
	}
}

/* 4.3.1, 4.3.2: which commands name an STE. */
static void cfgi_of_an_ste(struct cf *cf)
{
	static const struct {
		uint64_t dw0, dw1;
		bool gone;
	} rows[] = {
		{ CMD_CFGI_STE(FX_SID), 0, true },
		{ CMD_CFGI_STE(FX_SID), 1, true },
		{ CMD_CFGI_STE(FX_SID + 1), 0, false },
		{ 0x04 | (uint64_t)FX_SID << 32, 4, true },
		{ 0x04 | (uint64_t)(FX_SID ^ 0x20) << 32, 4, false },
		{ CMD_CFGI_ALL, 31, true },
		{ CMD_CFGI_CD(FX_SID, 1), 0, false },
		{ CMD_CFGI_CD_ALL(FX_SID), 0, false },
		{ CMD_TLBI_NSNH_ALL, 0, false },
	};
	struct lookups l;
	unsigned int i;

	tables(cf, &l);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cf_ste(cf, FX_SID, l.ste0 | l.cds[0], 0);
		EQ(cf, reach(cf, FX_SID, 1), OLD);
		fx_ste(&cf->fx, FX_SID, l.ste0 | l.cds[1], 0);
		/* So that a CD that is fetched again is the STE's. */
		cf_do(cf, rows[i].dw0, rows[i].dw1);
		seen(cf, reach(cf, FX_SID, 1), rows[i].gone);
	}
}

/* 3.21.1: a structure that was not valid is kept like any other. */
static void invalid_structures_are_kept(struct cf *cf)
{
	struct lookups l;

	tables(cf, &l);
	fx_put(&cf->fx, l.cds[1] + 64, 0);
	cf_ste(cf, FX_SID, l.ste0 | l.cds[1], 0);
	EQ(cf, cf_access(cf, FX_SID, 1, 0, R), C_BAD_CD);
	cf_cd(cf, l.cds[1] + 64, CD_ASID(OTHER), l.cd_root[1]);
	if (cf->strict)
		EQ(cf, cf_access(cf, FX_SID, 1, 0, R), C_BAD_CD);
	cf_do(cf, CMD_CFGI_CD(FX_SID, 1), 1);
	EQ(cf, reach(cf, FX_SID, 1), NEW);
	/* The same of the STE. */
	cf_ste(cf, FX_SID, 0, 0);
	EQ(cf, cf_access(cf, FX_SID, 1, 0, R), C_BAD_STE);
	fx_ste(&cf->fx, FX_SID, l.ste0 | l.cds[1], 0);
	if (cf->strict)
		EQ(cf, cf_access(cf, FX_SID, 1, 0, R), C_BAD_STE);
	cf_do(cf, CMD_CFGI_STE(FX_SID), 1);
	EQ(cf, reach(cf, FX_SID, 1), NEW);
	/* A translation that was not valid is never kept: 4.4. */
	EQ(cf, cf_access(cf, FX_SID, 1, cf_page(cf), R), F_TRANSLATION);
	cf_map(cf, l.cd_root[1], cf_page(cf), OLD | PTE_RW, 3);
	EQ(cf, cf_access(cf, FX_SID, 1, cf_page(cf), R), 0);
}

/* 4.3.1, 4.3.3: the level-1 descriptors go with Leaf 0 only. */
static void leaf_spares_the_first_level(struct cf *cf)
{
	uint64_t l1, l2[2];
	struct lookups l;
	unsigned int i;

	tables(cf, &l);
	l1 = fx_alloc(&cf->fx, 64, 64);
	for (i = 0; i < 2; i++) {
		l2[i] = fx_alloc(&cf->fx, 4096, 4096);
		cf_cd(cf, l2[i] + 64, CD_ASID(i ? OTHER : ASID), l.cd_root[i]);
	}
	fx_put(&cf->fx, l1, l2[0] | 1);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | l1 | STE_FMT(1) | STE_CDMAX(8), 0);
	if (!cf->cd2l) {
		EQ(cf, cf_access(cf, FX_SID, 1, 0, R), C_BAD_STE);
		return;
	}
	EQ(cf, reach(cf, FX_SID, 1), OLD);
	fx_put(&cf->fx, l1, l2[1] | 1);
	cf_do(cf, CMD_CFGI_CD(FX_SID, 1), 1);
	seen(cf, reach(cf, FX_SID, 1), false);
	cf_do(cf, CMD_CFGI_CD(FX_SID, 1), 0);
	EQ(cf, reach(cf, FX_SID, 1), NEW);
}

static const struct cf_case cases[] = {
	CF_CASE(cfgi_of_an_ste, "4.3.1"),
	CF_CASE(cfgi_of_a_cd, "4.3.3"),
	CF_CASE(leaf_spares_the_first_level, "4.3.3"),
	CF_CASE(invalid_structures_are_kept, "3.21.1"),
	CF_CASE(tlbi_by_asid_and_all, "4.4.2"),
	CF_CASE(tlbi_by_address, "4.4.2"),
	CF_CASE(tlbi_level_hints, "4.4.1.1"),
	CF_CASE(tlbi_ranges, "4.4.1.1"),
	CF_CASE(tlbi_of_a_block, "4.4.2"),
};

CF_MAIN(cases)
