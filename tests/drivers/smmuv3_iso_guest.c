/* SPDX-License-Identifier: MIT */
/* What hostile guests write, and a PCIe function. */
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"
#include "fmt/arm_pt.h"
#include "fmt/smmuv3.h"
#include "pgtable/arm_lpae.h"
#include "tests/drivers/smmuv3_iso.h"

/*
 * A sane guest has its CDs in page 0, a table of 16 blocks of 2 MiB in page 4,
 * and tables of pages in those from 5 on. So what one scribble writes another
 * finds.
 */
enum { CDS = 0, FIRST = 4, TABLES = 5 };

/* A guest-physical page: one that is there, or not, or a host's address. */
static uint64_t some_page(struct iso *iso)
{
	uint64_t r = iso->next(iso->next_arg);

	switch (r & 15) {
	case 0:
		return r & 0xfffffffff000;
	case 1:
		return ISO_RAM_BASE + ((r >> 8 & (ISO_PAGES - 1)) << 12);
	case 2:
		return (r >> 8 & (ISO_GPA_PAGES - 1)) << 12;
	case 3: /* loops, and tables that are something else */
		return (r >> 8 & 7) << 12;
	default:
		return (8 + (r >> 8) % (ISO_SMALL - 8)) << 12;
	}
}

/* NULL: the page is not there. */
static le64_atomic *at(struct iso *iso, const struct iso_guest *g,
		       unsigned int page, unsigned int word)
{
	if (!g->hpage[page])
		return NULL;
	return le64_at(iso_page(iso, ISO_RAM_BASE +
					     ((uint64_t)g->hpage[page] << 12) +
					     8 * word));
}

static void put(struct iso *iso, const struct iso_guest *g, unsigned int page,
		unsigned int word, uint64_t value)
{
	le64_atomic *e = at(iso, g, page, word);

	if (e)
		le64_store_release(e, value);
}

static void put_cd(struct iso *iso, const struct iso_guest *g)
{
	uint64_t r = iso->next(iso->next_arg);
	unsigned int ssid = (unsigned int)(r & 3), i;
	struct smmu_cd cd = { { 0 } };

	FIELD_SET(SMMU_CD_V, &cd, 1);
	/* 25 bits begin at level 2; some claim more. */
	FIELD_SET(SMMU_CD_T0SZ, &cd, r >> 8 & 7 ? 39 : r >> 12 & 63);
	FIELD_SET(SMMU_CD_TG0, &cd, r >> 20 & 7 ? SMMU_TG0_4K : r >> 24 & 3);
	FIELD_SET(SMMU_CD_EPD1, &cd, r >> 28 & 1);
	FIELD_SET(SMMU_CD_T1SZ, &cd, 39);
	FIELD_SET(SMMU_CD_TG1, &cd, SMMU_TG1_4K);
	FIELD_SET(SMMU_CD_IPS, &cd, SMMU_PS_48);
	FIELD_SET(SMMU_CD_AA64, &cd, 1);
	/* Now and then what this SMMU has not. */
	if (!(iso->shape & ISO_NO_RANGES) || !(r >> 50 & 7)) {
		FIELD_SET(SMMU_CD_HA, &cd, r >> 32 & 1);
		FIELD_SET(SMMU_CD_HD, &cd, r >> 33 & 1);
	}
	if (iso->shape & ISO_STALLS || !(r >> 53 & 15))
		FIELD_SET(SMMU_CD_S, &cd, r >> 48 & 1);
	FIELD_SET(SMMU_CD_R, &cd, 1);
	FIELD_SET(SMMU_CD_A, &cd, 1);
	FIELD_SET(SMMU_CD_ASET, &cd, r >> 34 & 1);
	FIELD_SET(SMMU_CD_ASID, &cd, r >> 36 & 3);
	smmu_cd_set_ttb0(&cd, r >> 40 & 7 ? FIRST << 12 : some_page(iso));
	smmu_cd_set_ttb1(&cd, r >> 44 & 7 ? FIRST << 12 : some_page(iso));
	smmu_cd_set_mair(&cd, ARM_LPAE_MAIR);
	for (i = 0; i < 8; i++)
		put(iso, g, CDS, 8 * ssid + i, cd.dw[i]);
}

/* A leaf of either level, or what could be one. */
static uint64_t make_leaf(struct iso *iso, uint64_t kind)
{
	uint64_t r = iso->next(iso->next_arg);
	struct arm_pte pte = { { kind } };

	FIELD_SET(ARM_PTE_S1_AP, &pte, r & 3);
	FIELD_SET(ARM_PTE_S1_AF, &pte, !!(r >> 2 & 7));
	FIELD_SET(ARM_PTE_S1_NG, &pte, r >> 5 & 1);
	FIELD_SET(ARM_PTE_S1_DBM, &pte, r >> 6 & 1);
	FIELD_SET(ARM_PTE_S1_CONTIG, &pte, !(r >> 8 & 15));
	FIELD_SET(ARM_PTE_S1_SH, &pte, ARM_PTE_SH_ISH);
	return pte.dw[0] | some_page(iso);
}

static void put_first(struct iso *iso, const struct iso_guest *g)
{
	uint64_t r = iso->next(iso->next_arg);
	uint64_t pte = (uint64_t)(TABLES + (r >> 8) % 3) << 12 |
		       ARM_PTE_KIND_TABLE;

	if (!(r >> 16 & 7)) /* a block, at 0 or 2 MiB or elsewhere */
		pte = (make_leaf(iso, ARM_PTE_KIND_BLOCK) & ~0x1ff000ull) |
		      (r >> 20 & 1) << 21;
	else if (!(r >> 16 & 15))
		pte = some_page(iso) | ARM_PTE_KIND_TABLE;
	put(iso, g, FIRST, (unsigned int)(r & 3), pte);
}

static void put_page(struct iso *iso, const struct iso_guest *g)
{
	uint64_t r = iso->next(iso->next_arg);

	put(iso, g, TABLES + (unsigned int)(r >> 8) % 3, (unsigned int)(r & 7),
	    r >> 16 & 7 ? make_leaf(iso, ARM_PTE_KIND_PAGE) : 0);
}

void iso_poke(struct iso *iso, unsigned int n, unsigned int page,
	      unsigned int word, uint64_t value)
{
	put(iso, &iso->guest[n], page, word, value);
}

void iso_scribble(struct iso *iso, unsigned int n)
{
	const struct iso_guest *g = &iso->guest[n];
	uint64_t r = iso->next(iso->next_arg);

	switch (r & 15) {
	case 0:
	case 1:
	case 2:
		put_cd(iso, g);
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		put_first(iso, g);
		break;
	case 7: /* a level-1 CD descriptor */
		put(iso, g, CDS, (unsigned int)(r >> 8 & 15),
		    some_page(iso) | 1);
		break;
	case 8: /* anything, anywhere */
		put(iso, g, (unsigned int)(r >> 8) % ISO_GPA_PAGES,
		    (unsigned int)(r >> 20 & 511), iso->next(iso->next_arg));
		break;
	default:
		put_page(iso, g);
	}
}

/* ATS, PRI and PASID, as in PCIe 6.0, 7.8.8, 7.8.9 and 10.5. */
enum { ATS = 0x100, PRI = 0x120, PASID = 0x140 };

static uint32_t cfg_read(void *dev, unsigned int off, unsigned int n)
{
	struct iso_guest *g = dev;
	uint32_t v = 0;

	memcpy(&v, g->cfg + off, n);
	/* Stopped, and answers want their PASID. */
	return off == PRI + 6 ? 0x8100 : v;
}

static void cfg_write(void *dev, unsigned int off, unsigned int n, uint32_t v)
{
	struct iso_guest *g = dev;

	if (off == PRI + 4)
		v &= 1; /* the reset reads as 0 */
	if (off != PRI + 6)
		memcpy(g->cfg + off, &v, n);
}

static const struct plat_pci_ops pci_ops = { cfg_read, cfg_write };

static void init(struct iso_guest *g, unsigned int off, unsigned int n,
		 uint32_t v)
{
	memcpy(g->cfg + off, &v, n);
}

void iso_pci_init(struct iso_guest *g)
{
	init(g, 0x06, 2, 0x10);
	init(g, 0x34, 1, 0x40);
	init(g, 0x40, 2, 0x10);
	init(g, 0x64, 4, 1u << 21);
	init(g, ATS, 4, 0x0f | 1 << 16 | PRI << 20);
	init(g, PRI, 4, 0x13 | 1 << 16 | (uint32_t)PASID << 20);
	init(g, PRI + 8, 4, 512);
	init(g, PASID, 4, 0x1b | 1 << 16);
	init(g, PASID + 4, 2, 20 << 8 | 2);
	g->pci = (struct plat_pci){ .ops = &pci_ops, .dev = g };
}

bool iso_pci_pri(const struct iso_guest *g)
{
	return g->cfg[PRI + 4] & 1;
}
