/* SPDX-License-Identifier: MIT */
/*
 * Conformance: stage 2 and nested streams, 3.4, 5.2, 7.3. An SMMU without
 * stage 2 has such an STE ILLEGAL.
 */
#include "tests/models/smmuv3/conform.h"

enum { VMID = 0x42, IPA_BITS = 39, PA = 0x2000000 };

/* A page whose IPA is not the PA of anything. */
#define IPA (UINT64_C(1) << 36)

/* STE word 1 and 2. */
#define STE2_VTCR    32
#define STE2_S2AA64  (UINT64_C(1) << 51)
#define STE2_S2ENDI  (UINT64_C(1) << 52)
#define STE2_S2AFFD  (UINT64_C(1) << 53)
#define STE2_S2PTW   (UINT64_C(1) << 54)
#define STE2_S2HD    (UINT64_C(1) << 55)
#define STE2_S2HA    (UINT64_C(1) << 56)
#define STE2_S2S     (UINT64_C(1) << 57)
#define STE2_S2R     (UINT64_C(1) << 58)
/* Stage 2 descriptors: read and write, Normal write-back. */
#define S2_R         (UINT64_C(1) << 6)
#define S2_W         (UINT64_C(2) << 6)
#define S2_XN        (UINT64_C(2) << 53)
#define S2_WB        (UINT64_C(0xf) << 2)
#define S2_BLOCK     (PTE_VALID | PTE_AF | S2_WB | S2_R | S2_W)
#define S2_PAGE      (S2_BLOCK | 2)
/* Event word 1 */
#define EVT_S2       (UINT64_C(1) << 39)
#define EVT_RNW      (UINT64_C(1) << 35)
#define EVT_CLASS(n) ((uint64_t)(n) << 40)

/* Word 2: sizes, start level and granule of the fields at 5.2. */
static uint64_t ste2(const struct cf *cf)
{
	uint64_t tg = cf->page_lg2 == 12 ? 0 : cf->page_lg2 == 14 ? 2 : 1;
	uint64_t level = (uint64_t)cf_start_level(cf, IPA_BITS);
	uint64_t sl0 = (cf->page_lg2 == 12 ? 2 : 3) - level;
	uint64_t ps = cf->oas_bits == 52 ? 6 : 5;
	uint64_t vtcr = (64 - IPA_BITS) | sl0 << 6 | tg << 14 | ps << 16;

	return VMID | vtcr << STE2_VTCR | STE2_S2AA64 | STE2_S2R |
	       (cf->stall ? STE2_S2S : 0);
}

static void put_ste(struct cf *cf, uint64_t dw0, uint64_t dw2, uint64_t dw3)
{
	uint64_t at = cf->fx.strtab + FX_SID * 64;

	fx_put(&cf->fx, at + 16, dw2);
	fx_put(&cf->fx, at + 24, dw3);
	cf_ste(cf, FX_SID, dw0, 0);
}

static uint64_t s2_map(struct cf *cf, uint64_t root, uint64_t ipa, uint64_t pte,
		       int level)
{
	unsigned int was = cf->va_bits;
	uint64_t at;

	cf->va_bits = IPA_BITS;
	at = cf_map(cf, root, ipa, pte, level);
	cf->va_bits = was;
	return at;
}

/* FX_SID with stage 2 alone. False: there is none, and that was checked. */
static bool stage2(struct cf *cf, uint64_t *ret_root)
{
	*ret_root = cf_table(cf);
	put_ste(cf, STE_V | UINT64_C(6) << 1, ste2(cf), *ret_root);
	if (cf->s2)
		return true;
	EQ(cf, cf_read(cf, IPA), C_BAD_STE);
	return false;
}

/* Both stages; the memory of the fixture is mapped to itself by stage 2. */
struct nested {
	uint64_t s1, s2, cd;
};

static bool nest(struct cf *cf, struct nested *n)
{
	uint64_t size = cf_entry(cf, 2), at;

	n->s2 = cf_table(cf);
	for (at = 0; at < FX_MEM_SIZE; at += size)
		s2_map(cf, n->s2, at, at | S2_BLOCK, 2);
	n->s1 = cf_table(cf);
	n->cd = fx_alloc(&cf->fx, 64, 64);
	cf_cd(cf, n->cd, CD_ASID(7), n->s1);
	put_ste(cf, STE_V | UINT64_C(7) << 1 | n->cd, ste2(cf), n->s2);
	if (cf->s2)
		return true;
	EQ(cf, cf_read(cf, IPA), C_BAD_STE);
	return false;
}

/* The words 1 and 3 of the last record. */
static void record(struct cf *cf, uint64_t w1, uint64_t w3)
{
	EQ(cf, cf->rec[1] & ~(UINT64_C(1) << 44), w1);
	EQ(cf, cf->rec[3], w3);
}

/* 3.4: pages and blocks; the input is an IPA, and 0 is as good as any. */
static void stage_2_alone(struct cf *cf)
{
	uint64_t root, page = cf_page(cf), size = cf_entry(cf, 2);

	if (!stage2(cf, &root))
		return;
	s2_map(cf, root, IPA, PA | S2_PAGE, 3);
	s2_map(cf, root, 0, (PA + page) | S2_PAGE, 3);
	s2_map(cf, root, 5 * size, 0 | S2_BLOCK, 2);
	EQ(cf, cf_pa(cf, IPA + 8, W), PA + 8);
	EQ(cf, cf->xlat.len, page - 8);
	EQ(cf, cf_pa(cf, 0, R), PA + page);
	EQ(cf, cf_pa(cf, 5 * size + page, R), page);
	EQ(cf, cf->xlat.len, size - page);
	/* 7.3.13: S2, and the IPA as well as the address. */
	EQ(cf, cf_read(cf, IPA + page + 4), F_TRANSLATION);
	EQ(cf, cf->rec[2], IPA + page + 4);
	record(cf, EVT_S2 | EVT_RNW | EVT_CLASS(2),
	       (IPA + page) & ~UINT64_C(0xfff));
	/* Beyond S2T0SZ. */
	EQ(cf, cf_read(cf, UINT64_C(1) << IPA_BITS), F_TRANSLATION);
	record(cf, EVT_S2 | EVT_RNW | EVT_CLASS(2), UINT64_C(1) << IPA_BITS);
	/* 5.2: substreams are of stage 1. */
	EQ(cf, cf_access(cf, FX_SID, 1, IPA, R), C_BAD_SUBSTREAMID);
}

/* DDI 0487 D8.4.2: S2AP and XN, for everyone alike. */
static void stage_2_permissions(struct cf *cf)
{
	uint64_t root, page = cf_page(cf);
	unsigned int i;

	if (!stage2(cf, &root))
		return;
	for (i = 0; i < 8; i++) {
		bool r = i & 1, w = i & 2, xn = i & 4;
		uint64_t ipa = IPA + i * page;

		s2_map(cf, root, ipa,
		       (PA | S2_PAGE | (xn ? S2_XN : 0)) &
			       ~((r ? 0 : S2_R) | (w ? 0 : S2_W)),
		       3);
		EQ(cf, cf_read(cf, ipa), r ? 0 : F_PERMISSION);
		EQ(cf, cf_access(cf, FX_SID, NO_SSID, ipa, R | P),
		   r ? 0 : F_PERMISSION);
		EQ(cf, cf_access(cf, FX_SID, NO_SSID, ipa, W),
		   w ? 0 : F_PERMISSION);
		if (!w)
			record(cf, EVT_S2 | EVT_CLASS(2),
			       ipa & ~UINT64_C(0xfff));
		if (r)
			EQ(cf, cf_access(cf, FX_SID, NO_SSID, ipa, X),
			   xn ? F_PERMISSION : 0);
	}
}

/* 7.3.15, 3.13: the Access flag and the dirty state of stage 2. */
static void stage_2_flags(struct cf *cf)
{
	uint64_t root, pte = (PA | S2_PAGE) & ~PTE_AF, at;
	uint64_t clean = (PA | S2_PAGE | PTE_DBM) & ~S2_W;

	if (!stage2(cf, &root))
		return;
	at = s2_map(cf, root, IPA, pte, 3);
	EQ(cf, cf_read(cf, IPA), F_ACCESS);
	record(cf, EVT_S2 | EVT_RNW | EVT_CLASS(2), IPA);
	EQ(cf, fx_get(&cf->fx, at), pte);
	put_ste(cf, STE_V | UINT64_C(6) << 1, ste2(cf) | STE2_S2AFFD, root);
	EQ(cf, cf_read(cf, IPA), 0);
	EQ(cf, fx_get(&cf->fx, at), pte);
	cf_flush(cf);
	put_ste(cf, STE_V | UINT64_C(6) << 1, ste2(cf) | STE2_S2HA, root);
	EQ(cf, cf_read(cf, IPA), cf->httu ? 0 : C_BAD_STE);
	EQ(cf, fx_get(&cf->fx, at), pte | (cf->httu ? PTE_AF : 0));
	put_ste(cf, STE_V | UINT64_C(6) << 1, ste2(cf) | STE2_S2HA | STE2_S2HD,
		root);
	s2_map(cf, root, IPA, clean, 3);
	cf_flush(cf);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, IPA, W),
	   cf->httu == 2 ? 0 : C_BAD_STE);
	EQ(cf, fx_get(&cf->fx, at), clean | (cf->httu == 2 ? S2_W : 0));
}

/* 5.2.2: what makes the stage 2 of an STE illegal. */
static void stage_2_illegal_fields(struct cf *cf)
{
	uint64_t good = ste2(cf), size = UINT64_C(0x3f) << STE2_VTCR;
	uint64_t tg = UINT64_C(3) << (STE2_VTCR + 14);
	uint64_t ttb = cf_table(cf);
	const struct {
		uint64_t dw2;
		bool illegal;
	} rows[] = {
		{ good, false },
		{ good & ~STE2_S2AA64, true },
		{ good | STE2_S2ENDI, true },
		{ good ^ STE2_S2S, true },
		{ good | STE2_S2HA, cf->httu < 1 },
		{ good | STE2_S2HA | STE2_S2HD, cf->httu < 2 },
		{ good | tg, true },
		{ good & ~size, true },
		{ good | size, true },
		/* A start level that 39 bits do not reach. */
		{ good & ~(UINT64_C(3) << (STE2_VTCR + 6)), true },
		/* 8-bit VMIDs. */
		{ good | 0x1000, cf->stall },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_ste(cf, STE_V | UINT64_C(6) << 1, rows[i].dw2, ttb);
		EQ(cf, cf_read(cf, IPA) == C_BAD_STE,
		   rows[i].illegal || !cf->s2);
	}
}

/* 3.4: stage 1 gives an IPA, stage 2 the PA; the smaller of two sizes. */
static void nested_translation(struct cf *cf)
{
	uint64_t va = cf_va(cf), page = cf_page(cf);
	struct nested n;

	if (!nest(cf, &n))
		return;
	cf_map(cf, n.s1, va, IPA | PTE_RW, 3);
	s2_map(cf, n.s2, IPA, PA | S2_PAGE, 3);
	EQ(cf, cf_pa(cf, va + 8, W), PA + 8);
	EQ(cf, cf->xlat.len, page - 8);
	/* A block of stage 1 over a page of stage 2. */
	cf_map(cf, n.s1, cf_entry(cf, 2) * 3,
	       (IPA & ~(cf_entry(cf, 2) - 1)) | (PTE_RW & ~UINT64_C(2)), 2);
	EQ(cf, cf_pa(cf, cf_entry(cf, 2) * 3 + 16, R), PA + 16);
	EQ(cf, cf->xlat.len, page - 16);
	/* Stage 1 fails first, and as stage 1. */
	EQ(cf, cf_read(cf, va + page), F_TRANSLATION);
	record(cf, EVT_RNW | EVT_CLASS(2), 0);
}

/* 7.3.13: where stage 2 fails: the page, a table, the CD. */
static void nested_faults_say_what_was_missing(struct cf *cf)
{
	uint64_t va = cf_va(cf), far = IPA + cf_entry(cf, 2), root, at;
	int start = cf_start_level(cf, cf->va_bits);
	struct nested n;

	if (!nest(cf, &n))
		return;
	/* The page: class IN. */
	cf_map(cf, n.s1, va, far | PTE_RW, 3);
	EQ(cf, cf_read(cf, va + 4), F_TRANSLATION);
	EQ(cf, cf->rec[2], va + 4);
	record(cf, EVT_S2 | EVT_RNW | EVT_CLASS(2), far);
	/* A table of stage 1: class TT, the IPA of the descriptor. */
	at = cf_walk(cf, n.s1, va, start);
	fx_put(&cf->fx, at, far | 3);
	cf_flush(cf);
	EQ(cf, cf_read(cf, va + 4), F_TRANSLATION);
	record(cf, EVT_S2 | EVT_RNW | EVT_CLASS(1),
	       (far + va / cf_entry(cf, start + 1) % (cf_page(cf) / 8) * 8) &
		       ~UINT64_C(0xfff));
	/* The first table. */
	root = far;
	fx_cd(&cf->fx, n.cd, cf_cd0(cf) | CD_ASID(7), root);
	cf_flush(cf);
	EQ(cf, cf_read(cf, 0), F_TRANSLATION);
	record(cf, EVT_S2 | EVT_RNW | EVT_CLASS(1), far);
	/* The CD: class CD. */
	put_ste(cf, STE_V | UINT64_C(7) << 1 | far, ste2(cf), n.s2);
	EQ(cf, cf_read(cf, va), F_TRANSLATION);
	record(cf, EVT_S2 | EVT_RNW | EVT_CLASS(0), far);
}

/* D8.4: both stages have to allow it. */
static void nested_permissions(struct cf *cf)
{
	uint64_t page = cf_page(cf);
	struct nested n;

	if (!nest(cf, &n))
		return;
	cf_map(cf, n.s1, page, IPA | PTE_RW, 3);
	cf_map(cf, n.s1, 2 * page, (IPA + page) | PTE_RW | PTE_RO, 3);
	s2_map(cf, n.s2, IPA, (PA | S2_PAGE) & ~S2_W, 3);
	s2_map(cf, n.s2, IPA + page, PA | S2_PAGE, 3);
	EQ(cf, cf_read(cf, page), 0);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, page, W), F_PERMISSION);
	record(cf, EVT_S2 | EVT_CLASS(2), IPA);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, 2 * page, W), F_PERMISSION);
	record(cf, EVT_CLASS(2), 0);
	EQ(cf, cf_read(cf, 2 * page), 0);
}

/* 4.4.3, 4.4.4: what names a page of both stages, and what does not. */
static void invalidation_of_stage_2(struct cf *cf)
{
	static const struct {
		uint64_t dw0, dw1;
		bool gone;
	} rows[] = {
		{ 0x28 | (uint64_t)VMID << 32, 0, true },
		{ 0x28 | (uint64_t)(VMID + 1) << 32, 0, false },
		{ 0x2a | (uint64_t)VMID << 32, IPA, true },
		{ 0x2a | (uint64_t)VMID << 32, IPA | 1, true },
		{ 0x2a | (uint64_t)(VMID + 1) << 32, IPA, false },
		{ 0x2a | (uint64_t)VMID << 32, IPA << 1, false },
		{ CMD_TLBI_NSNH_ALL, 0, true },
		{ CMD_TLBI_NH_ALL | (uint64_t)VMID << 32, 0, false },
		{ CMD_CFGI_STE(FX_SID), 0, false },
	};
	uint64_t root, at;
	unsigned int i;

	if (!stage2(cf, &root)) {
		EQ(cf, cf_cmd(cf, rows[0].dw0, 0), CERROR_ILL);
		EQ(cf, cf_cmd(cf, rows[2].dw0, IPA), CERROR_ILL);
		return;
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t new_pa = PA + cf_entry(cf, 2), pa;

		at = s2_map(cf, root, IPA, PA | S2_PAGE, 3);
		cf_flush(cf);
		EQ(cf, cf_pa(cf, IPA, R), PA);
		fx_put(&cf->fx, at, new_pa | S2_PAGE);
		cf_do(cf, rows[i].dw0, rows[i].dw1);
		pa = cf_pa(cf, IPA, R);
		if (rows[i].gone)
			EQ(cf, pa, new_pa);
		else if (cf->strict)
			EQ(cf, pa, PA);
		else
			OK(cf, pa == PA || pa == new_pa);
	}
}

/* 4.4.2, 4.4.3: stage 1 of a VMID; stage 2 alone leaves stage 1 to others. */
static void invalidation_of_nested_entries(struct cf *cf)
{
	uint64_t page = cf_page(cf), next = PA + cf_entry(cf, 2), s1, s2;
	static const struct {
		uint64_t dw0;
		bool va;
		bool s1_gone;
	} rows[] = {
		{ CMD_TLBI_NH_VA(7) | (uint64_t)VMID << 32, true, true },
		{ CMD_TLBI_NH_VA(7) | (uint64_t)(VMID + 1) << 32, true, false },
		{ CMD_TLBI_NH_VA(8) | (uint64_t)VMID << 32, true, false },
		{ CMD_TLBI_NH_ASID(7) | (uint64_t)VMID << 32, false, true },
		{ CMD_TLBI_NH_ALL | (uint64_t)VMID << 32, false, true },
		{ CMD_TLBI_NH_ALL | (uint64_t)(VMID + 1) << 32, false, false },
		{ 0x28 | (uint64_t)VMID << 32, false, true },
	};
	struct nested n;
	unsigned int i;

	if (!nest(cf, &n))
		return;
	s2 = s2_map(cf, n.s2, IPA, PA | S2_PAGE, 3);
	s2_map(cf, n.s2, IPA + page, next | S2_PAGE, 3);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s1 = cf_map(cf, n.s1, page, IPA | PTE_RW, 3);
		cf_flush(cf);
		EQ(cf, cf_pa(cf, page, R), PA);
		fx_put(&cf->fx, s1, (IPA + page) | PTE_RW);
		cf_do(cf, rows[i].dw0, rows[i].va ? page : 0);
		if (rows[i].s1_gone)
			EQ(cf, cf_pa(cf, page, R), next);
		else if (cf->strict)
			EQ(cf, cf_pa(cf, page, R), PA);
	}
	/* 4.4.3: the IPA, then the VA that was translated through it. */
	fx_put(&cf->fx, s1, IPA | PTE_RW);
	cf_flush(cf);
	EQ(cf, cf_pa(cf, page, R), PA);
	fx_put(&cf->fx, s2, (PA + page) | S2_PAGE);
	cf_do(cf, 0x2a | (uint64_t)VMID << 32, IPA);
	cf_do(cf, CMD_TLBI_NH_ALL | (uint64_t)VMID << 32, 0);
	EQ(cf, cf_pa(cf, page, R), PA + page);
}

/* 5.2 S2PTW: a table of stage 1 in Device memory. */
static void protected_walks(struct cf *cf)
{
	uint64_t va = cf_va(cf), at;
	struct nested n;

	if (!nest(cf, &n))
		return;
	cf_map(cf, n.s1, va, IPA | PTE_RW, 3);
	s2_map(cf, n.s2, IPA, PA | S2_PAGE, 3);
	put_ste(cf, STE_V | UINT64_C(7) << 1 | n.cd, ste2(cf) | STE2_S2PTW,
		n.s2);
	EQ(cf, cf_pa(cf, va, R), PA);
	/* The root, mapped as Device by stage 2. */
	at = n.s1 & ~(cf_page(cf) - 1);
	s2_map(cf, n.s2, IPA + cf_page(cf), at | (S2_PAGE & ~S2_WB), 3);
	fx_cd(&cf->fx, n.cd, cf_cd0(cf) | CD_ASID(7), IPA + cf_page(cf));
	cf_flush(cf);
	EQ(cf, cf_read(cf, va), F_PERMISSION);
	record(cf, EVT_S2 | EVT_RNW | EVT_CLASS(1), cf->rec[3]);
}

/* 13.1.5: the weaker of two memory types, and of two Device types. */
static void attributes_of_both_stages(struct cf *cf)
{
	static const struct {
		unsigned int index; /* MAIR: write-back, NC, Device-nGnRnE */
		unsigned int memattr;
		unsigned int mair;
	} rows[] = {
		{ 0, 0xf, 0xff }, { 0, 0x5, 0x44 }, { 0, 0xa, 0xbb },
		{ 0, 0x0, 0x00 }, { 0, 0x1, 0x04 }, { 0, 0x3, 0x0c },
		{ 1, 0xf, 0x44 }, { 1, 0x5, 0x44 }, { 1, 0x1, 0x04 },
		{ 2, 0xf, 0x00 }, { 2, 0x5, 0x00 }, { 2, 0x3, 0x00 },
	};
	uint64_t page = cf_page(cf);
	struct nested n;
	unsigned int i;

	if (!nest(cf, &n))
		return;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cf_map(cf, n.s1, page,
		       IPA | PTE_RW | (uint64_t)rows[i].index << 2 | 3 << 8, 3);
		s2_map(cf, n.s2, IPA,
		       PA | (S2_PAGE & ~S2_WB) | 3 << 8 |
			       (uint64_t)rows[i].memattr << 2,
		       3);
		cf_flush(cf);
		EQ(cf, cf_read(cf, page), 0);
		EQ(cf, cf->xlat.attr & 0xff, rows[i].mair);
		/* 13.1.7: what is not cached is outer shareable. */
		EQ(cf, cf->xlat.attr >> 8 & 3,
		   rows[i].mair == 0xff || rows[i].mair == 0xbb ? 3 : 2);
	}
}

static const struct cf_case cases[] = {
	CF_CASE(stage_2_alone, "3.4"),
	CF_CASE(stage_2_permissions, "3.4"),
	CF_CASE(stage_2_flags, "3.13"),
	CF_CASE(stage_2_illegal_fields, "5.2.2"),
	CF_CASE(nested_translation, "3.4"),
	CF_CASE(nested_faults_say_what_was_missing, "7.3.13"),
	CF_CASE(nested_permissions, "3.4"),
	CF_CASE(invalidation_of_stage_2, "4.4.3"),
	CF_CASE(invalidation_of_nested_entries, "4.4.3"),
	CF_CASE(protected_walks, "5.2"),
	CF_CASE(attributes_of_both_stages, "13.1.5"),
};

CF_MAIN(cases)
