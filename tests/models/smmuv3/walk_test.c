/* SPDX-License-Identifier: MIT */
/*
 * Conformance: stage 1 walks, 3.4 and DDI 0487 D8; flag updates, 3.13.
 */
#include "tests/models/smmuv3/conform.h"

/* What page 0x200000 is, of the alignment of every granule. */
enum { PA = 0x200000 };

/* DDI 0487 D8.3.1: a page, and its neighbours. */
static void pages(struct cf *cf)
{
	uint64_t root = cf_stream(cf, 0), va = cf_va(cf), page = cf_page(cf);
	uint64_t last = (UINT64_C(1) << cf->va_bits) - page;

	cf_map(cf, root, va, PA | PTE_RW, 3);
	cf_map(cf, root, 0, (PA + page) | PTE_RW, 3);
	cf_map(cf, root, last, (PA + 2 * page) | PTE_RW, 3);
	EQ(cf, cf_pa(cf, va, R), PA);
	EQ(cf, cf->xlat.len, page);
	EQ(cf, cf_pa(cf, va + page - 1, W), PA + page - 1);
	EQ(cf, cf->xlat.len, 1);
	EQ(cf, cf_pa(cf, 8, R), PA + page + 8);
	EQ(cf, cf_pa(cf, last, R), PA + 2 * page);
	EQ(cf, cf_read(cf, va + page), F_TRANSLATION);
	EQ(cf, cf_read(cf, va - 1), F_TRANSLATION);
}

/* 3.4.1: beyond the range of TTB0, and in the half that is off. */
static void beyond_the_range_is_a_translation_fault(struct cf *cf)
{
	uint64_t root = cf_stream(cf, 0);

	cf_map(cf, root, 0, PA | PTE_RW, 3);
	EQ(cf, cf_read(cf, 0), 0);
	EQ(cf, cf_read(cf, UINT64_C(1) << cf->va_bits), F_TRANSLATION);
	EQ(cf, cf_read(cf, UINT64_C(1) << 63), F_TRANSLATION);
	EQ(cf, cf_read(cf, UINT64_MAX - 7), F_TRANSLATION);
	EQ(cf, cf->rec[2], UINT64_MAX - 7);
}

/* 5.4 TBI0: bits 63:56 take no part. */
static void top_byte_is_ignored_if_told(struct cf *cf)
{
	uint64_t root = cf_stream(cf, UINT64_C(1) << 38), va = cf_va(cf);

	cf_map(cf, root, va, PA | PTE_RW, 3);
	EQ(cf, cf_pa(cf, va | UINT64_C(0xa5) << 56, R), PA);
	EQ(cf, cf_read(cf, va | UINT64_C(1) << 55), F_TRANSLATION);
	EQ(cf, cf_read(cf, (va + cf_page(cf)) | UINT64_C(0xa5) << 56),
	   F_TRANSLATION);
	/* 7.3: the address as it came. */
	EQ(cf, cf->rec[2], (va + cf_page(cf)) | UINT64_C(0xa5) << 56);
}

/* D8.3.1.2: blocks, at the levels the granule has them at. */
static void blocks_at_their_levels(struct cf *cf)
{
	uint64_t root = cf_stream(cf, 0), va = cf_va(cf);
	uint64_t attrs = PTE_RW & ~UINT64_C(2);
	int level, start = cf_start_level(cf, cf->va_bits);
	/* 52-bit tables of 64 KiB have them one level higher. */
	int first = cf->page_lg2 == 14 ? 2 : 1;

	for (level = start; level < 3; level++) {
		uint64_t size = cf_entry(cf, level);
		uint64_t at = (va | (size - 1)) + 1;

		/* Output 0 is aligned to everything. */
		cf_map(cf, root, at, attrs, level);
		if (level < first) {
			EQ(cf, cf_read(cf, at), F_TRANSLATION);
			continue;
		}
		EQ(cf, cf_read(cf, at + size / 2 + 8), 0);
		EQ(cf, cf->xlat.pa, size / 2 + 8);
		EQ(cf, cf->xlat.len, size / 2 - 8);
	}
	/* Level 3 has pages only. */
	cf_map(cf, root, cf_page(cf), PA | attrs, 3);
	EQ(cf, cf_read(cf, cf_page(cf)), F_TRANSLATION);
}

/* D8.7.1: as many entries as the granule has in a group. */
static void contiguous_pages(struct cf *cf)
{
	uint64_t root = cf_stream(cf, 0), page = cf_page(cf);
	unsigned int n = cf->page_lg2 == 14 ? 128 :
			 cf->page_lg2 == 12 ? 16 :
					      32;
	struct iommu_hw_stats before, after;
	unsigned int i;

	for (i = 0; i < n; i++)
		cf_map(cf, root, (n + i) * page,
		       (0x1000000 + i * page) | PTE_RW | PTE_CONT, 3);
	EQ(cf, cf_pa(cf, n * page, R), 0x1000000);
	EQ(cf, cf_read(cf, 2 * n * page), F_TRANSLATION);
	before = fx_stats(&cf->fx);
	for (i = 0; i < n; i++)
		EQ(cf, cf_pa(cf, (n + i) * page + 16, R),
		   0x1000000 + i * page + 16);
	after = fx_stats(&cf->fx);
	/* An SMMU may take it as one entry. It is no less correct if not. */
	OK(cf, after.walks - before.walks <= n);
}

/* 5.4 T0SZ: smaller ranges begin at lower levels. */
static void every_size_of_range(struct cf *cf)
{
	uint64_t cd = fx_alloc(&cf->fx, 64, 64);
	unsigned int bits;

	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, 0);
	for (bits = 25; bits <= cf->va_bits; bits++) {
		/* A tree of this range: its own start level. */
		unsigned int was = cf->va_bits;
		uint64_t root = cf_table(cf);
		uint64_t last = (UINT64_C(1) << bits) - cf_page(cf);

		cf->va_bits = bits;
		cf_map(cf, root, last, PA | PTE_RW, 3);
		cf_cd(cf, cd, 0, root);
		cf_do(cf, CMD_CFGI_CD(FX_SID, 0), 1);
		cf_do(cf, CMD_TLBI_NSNH_ALL, 0);
		EQ(cf, cf_pa(cf, last + 4, R), PA + 4);
		EQ(cf, cf_read(cf, last - cf_page(cf)), F_TRANSLATION);
		EQ(cf, cf_read(cf, last + cf_page(cf)), F_TRANSLATION);
		cf->va_bits = was;
	}
}

/* 5.4 TTB1, EPD1, TG1: the upper half, from its end downwards. */
static void upper_half(struct cf *cf)
{
	static const uint64_t tg1[] = { 2, 0, 1, 0, 3 };
	uint64_t cd = fx_alloc(&cf->fx, 64, 64), root = cf_table(cf);
	uint64_t size = UINT64_C(1) << cf->va_bits;
	uint64_t dw0 = cf_cd0(cf) & ~CD_EPD1;

	cf_map(cf, root, size - cf_page(cf), PA | PTE_RW, 3);
	fx_cd(&cf->fx, cd,
	      dw0 | (64 - cf->va_bits) << 16 | tg1[cf->page_lg2 - 12] << 22,
	      cf_table(cf));
	fx_put(&cf->fx, cd + 16, root);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, 0);
	EQ(cf, cf_pa(cf, -cf_page(cf), R), PA);
	EQ(cf, cf_read(cf, -cf_page(cf) - 8), F_TRANSLATION);
	EQ(cf, cf_read(cf, -size - cf_page(cf)), F_TRANSLATION);
	EQ(cf, cf_read(cf, size - cf_page(cf)), F_TRANSLATION);
	/* EPD0 leaves it alone. */
	fx_put(&cf->fx, cd, fx_get(&cf->fx, cd) | CD_EPD0);
	cf_flush(cf);
	EQ(cf, cf_pa(cf, -cf_page(cf), R), PA);
}

/* 3.4.1, 7.3.14: an output beyond IPS; a table beyond it. */
static void addresses_beyond_the_intermediate_size(struct cf *cf)
{
	uint64_t cd = fx_alloc(&cf->fx, 64, 64), root = cf_table(cf);
	uint64_t page = cf_page(cf), big = UINT64_C(1) << 40;

	cf_map(cf, root, page, big | PTE_RW, 3);
	cf_map(cf, root, 2 * page, (big - page) | PTE_RW, 3);
	/* IPS 2: 40 bits. */
	fx_cd(&cf->fx, cd,
	      (cf_cd0(cf) & ~(UINT64_C(7) << 32)) | UINT64_C(2) << 32, root);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, 0);
	EQ(cf, cf_read(cf, page), F_ADDR_SIZE);
	EQ(cf, cf_pa(cf, 2 * page, R), big - page);
	fx_put(&cf->fx, cf_walk(cf, root, page, 2), big | 3);
	cf_flush(cf);
	EQ(cf, cf_read(cf, 2 * page), F_ADDR_SIZE);
}

/* 6.3.6 OAS: 52-bit outputs in bits 15:12 of a 64 KiB descriptor. */
static void widest_output(struct cf *cf)
{
	uint64_t root = cf_stream(cf, 0), page = cf_page(cf);
	uint64_t low = (UINT64_C(1) << 48) - page;
	bool wide = cf->oas_bits == 52;

	cf_map(cf, root, page, low | PTE_RW, 3);
	EQ(cf, cf_pa(cf, page, R), low);
	cf_map(cf, root, 2 * page,
	       low | PTE_RW | (cf->page_lg2 == 16 ? 0xf000 : 0), 3);
	EQ(cf, cf_pa(cf, 2 * page, R), low | (wide ? UINT64_C(0xf) << 48 : 0));
}

/* 7.3.12: a table that cannot be read, at each level. */
static void walk_aborts_at_every_level(struct cf *cf)
{
	uint64_t root = cf_stream(cf, 0), va = cf_va(cf), at;
	int level;

	cf_map(cf, root, va, PA | PTE_RW, 3);
	for (level = cf_start_level(cf, cf->va_bits); level <= 3; level++) {
		at = cf_walk(cf, root, va, level);
		cf->fx.abort_first = at;
		cf->fx.abort_last = at + 7;
		cf_do(cf, CMD_TLBI_NSNH_ALL, 0);
		EQ(cf, cf_read(cf, va), F_WALK_EABT);
		EQ(cf, cf->rec[1] >> 40 & 3, 1); /* CLASS: TT */
		EQ(cf, cf->rec[3], at);
	}
	cf->fx.abort_first = cf->fx.abort_last = 0;
	cf_do(cf, CMD_TLBI_NSNH_ALL, 0);
	EQ(cf, cf_read(cf, va), 0);
}

/* D8.4: AP[2:1], PXN, UXN, who asks and for what. */
static void permissions_of_every_kind(struct cf *cf)
{
	static const unsigned int needs[] = { R, W, R | W, X };
	uint64_t root = cf_stream(cf, 0), page = cf_page(cf);
	unsigned int i, j;

	for (i = 0; i < 16; i++) {
		bool user = i & 1, ro = i & 2, pxn = i & 4, uxn = i & 8;
		uint64_t va = (1 + i) * page;

		cf_map(cf, root, va,
		       PA | PTE_PAGE | PTE_AF | PTE_NG | (user ? PTE_USER : 0) |
			       (ro ? PTE_RO : 0) | (pxn ? PTE_PXN : 0) |
			       (uxn ? PTE_UXN : 0),
		       3);
		for (j = 0; j < 8; j++) {
			unsigned int need = needs[j & 3];
			bool priv = j & 4;
			bool can = (priv || user) && !(need & W && ro);

			if (need == X && priv)
				can = !pxn && !(user && !ro);
			else if (need == X)
				can = !uxn;
			EQ(cf,
			   cf_access(cf, FX_SID, NO_SSID, va,
				     need | (priv ? P : 0)),
			   can ? 0 : F_PERMISSION);
			if (can)
				continue;
			EQ(cf, cf->rec[1] >> 33 & 1, priv);
			EQ(cf, cf->rec[1] >> 34 & 1, need == X);
			EQ(cf, cf->rec[1] >> 35 & 1, !(need & W));
			EQ(cf, cf->rec[1] >> 40 & 3, 2); /* CLASS: IN */
		}
	}
}

/* 5.4 WXN, PAN */
static void wxn_and_pan(struct cf *cf)
{
	uint64_t page = cf_page(cf), root;

	root = cf_stream(cf, UINT64_C(1) << 36);
	cf_map(cf, root, page, PA | PTE_RW, 3);
	cf_map(cf, root, 2 * page, PA | PTE_RW | PTE_RO, 3);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, page, W), 0);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, page, X), F_PERMISSION);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, 2 * page, X), 0);
	/* Of privileged software, too, where users have no part in it. */
	cf_map(cf, root, 3 * page, PA | (PTE_RW & ~PTE_USER), 3);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, 3 * page, W | P), 0);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, 3 * page, X | P), F_PERMISSION);
	root = cf_stream(cf, UINT64_C(1) << 40);
	cf_flush(cf);
	cf_map(cf, root, page, PA | PTE_RW, 3);
	cf_map(cf, root, 2 * page, PA | (PTE_RW & ~PTE_USER), 3);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, page, R | P), F_PERMISSION);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, page, R), 0);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, 2 * page, R | P), 0);
}

/* D8.4.3: what a table descriptor takes away, at each level. */
static void hierarchical_permissions(struct cf *cf)
{
	uint64_t root = cf_stream(cf, 0), va = cf_va(cf), at, was;
	int level;

	cf_map(cf, root, va, PA | PTE_RW, 3);
	for (level = cf_start_level(cf, cf->va_bits); level < 3; level++) {
		at = cf_walk(cf, root, va, level);
		was = fx_get(&cf->fx, at);
		fx_put(&cf->fx, at, was | UINT64_C(1) << 62); /* APTable[1] */
		cf_flush(cf);
		EQ(cf, cf_read(cf, va), 0);
		EQ(cf, cf_access(cf, FX_SID, NO_SSID, va, W), F_PERMISSION);
		fx_put(&cf->fx, at, was | UINT64_C(1) << 61); /* APTable[0] */
		cf_flush(cf);
		EQ(cf, cf_read(cf, va), F_PERMISSION);
		EQ(cf, cf_access(cf, FX_SID, NO_SSID, va, R | P), 0);
		fx_put(&cf->fx, at, was | UINT64_C(1) << 60); /* UXNTable */
		cf_flush(cf);
		EQ(cf, cf_access(cf, FX_SID, NO_SSID, va, X), F_PERMISSION);
		EQ(cf, cf_read(cf, va), 0);
		fx_put(&cf->fx, at, was);
	}
}

/* 7.3.15, 5.4 AFFD; 3.13.2: the Access flag by hardware, where it is. */
static void access_flag(struct cf *cf)
{
	uint64_t page = cf_page(cf), pte = PA | (PTE_RW & ~PTE_AF), root, at;

	root = cf_stream(cf, 0);
	at = cf_map(cf, root, page, pte, 3);
	EQ(cf, cf_read(cf, page), F_ACCESS);
	EQ(cf, fx_get(&cf->fx, at), pte);
	root = cf_stream(cf, UINT64_C(1) << 35); /* AFFD */
	cf_flush(cf);
	at = cf_map(cf, root, page, pte, 3);
	EQ(cf, cf_read(cf, page), 0);
	EQ(cf, fx_get(&cf->fx, at), pte);
	root = cf_stream(cf, CD_HA);
	cf_flush(cf);
	at = cf_map(cf, root, page, pte, 3);
	EQ(cf, cf_read(cf, page), cf->httu ? 0 : C_BAD_CD);
	EQ(cf, fx_get(&cf->fx, at), pte | (cf->httu ? PTE_AF : 0));
}

/* 3.13.3: a write makes a clean page dirty, a read does not. */
static void dirty_state(struct cf *cf)
{
	uint64_t clean = PA | PTE_RW | PTE_RO | PTE_DBM, page = cf_page(cf);
	uint64_t root = cf_stream(cf, CD_HA | CD_HD), at;

	at = cf_map(cf, root, page, clean, 3);
	if (cf->httu < 2) {
		EQ(cf, cf_read(cf, page), C_BAD_CD);
		root = cf_stream(cf, 0);
		cf_flush(cf);
		at = cf_map(cf, root, page, clean, 3);
		/* DBM is nothing then: the page is read-only. */
		EQ(cf, cf_access(cf, FX_SID, NO_SSID, page, W), F_PERMISSION);
		EQ(cf, fx_get(&cf->fx, at), clean);
		return;
	}
	EQ(cf, cf_read(cf, page), 0);
	EQ(cf, cf->xlat.perm & W, 0);
	EQ(cf, fx_get(&cf->fx, at), clean);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, page, W), 0);
	EQ(cf, fx_get(&cf->fx, at), clean & ~PTE_RO);
	/* A refused write leaves it alone. */
	fx_put(&cf->fx, at, (clean & ~PTE_USER));
	cf_flush(cf);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, page, W), F_PERMISSION);
	EQ(cf, fx_get(&cf->fx, at), clean & ~PTE_USER);
}

/* 13.1: AttrIndx chooses from MAIR, and SH comes with it. */
static void attributes_of_the_output(struct cf *cf)
{
	uint64_t root = cf_stream(cf, 0), page = cf_page(cf);

	cf_map(cf, root, page, PA | PTE_RW | 3 << 8, 3);
	cf_map(cf, root, 2 * page, PA | PTE_RW | 1 << 2 | 2 << 8, 3);
	EQ(cf, cf_read(cf, page), 0);
	EQ(cf, cf->xlat.attr & 0xff, 0xff);
	EQ(cf, cf->xlat.attr >> 8 & 3, 3);
	EQ(cf, cf_read(cf, 2 * page), 0);
	EQ(cf, cf->xlat.attr & 0xff, 0x44);
}

static const struct cf_case cases[] = {
	CF_CASE(pages, "3.4"),
	CF_CASE(beyond_the_range_is_a_translation_fault, "3.4.1"),
	CF_CASE(top_byte_is_ignored_if_told, "5.4"),
	CF_CASE(blocks_at_their_levels, "3.4"),
	CF_CASE(contiguous_pages, "3.4"),
	CF_CASE(every_size_of_range, "5.4"),
	CF_CASE(upper_half, "5.4"),
	CF_CASE(addresses_beyond_the_intermediate_size, "3.4.1"),
	CF_CASE(widest_output, "6.3.6"),
	CF_CASE(walk_aborts_at_every_level, "7.3.12"),
	CF_CASE(permissions_of_every_kind, "7.3.16"),
	CF_CASE(wxn_and_pan, "5.4"),
	CF_CASE(hierarchical_permissions, "3.4"),
	CF_CASE(access_flag, "3.13.2"),
	CF_CASE(dirty_state, "3.13.3"),
	CF_CASE(attributes_of_the_output, "13.1"),
};

CF_MAIN(cases)
