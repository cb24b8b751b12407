/* SPDX-License-Identifier: MIT */
/*
 * Paging structures of x86-64: IA-32e with 4 or 5 levels, which is also VT-d's
 * first stage, and VT-d's second stage with 3, 4 or 5.
 *
 * Bit numbers and names are those of the Intel SDM, volume 3, "4-level paging
 * and 5-level paging", and of VT-d, 9.7 First-Stage and 9.8 Second-Stage Paging
 * Entries. docs/FORMATS.md says where the bits are known from.
 *
 * Levels count from the last, as VT-d's: 1 is the PTE, 2 the PDE, 3 the PDPTE,
 * 4 the PML4E, 5 the PML5E. Every table has 512 entries of 8 bytes.
 */
#ifndef FMT_X86_PT_H
#define FMT_X86_PT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/field.h"

struct x86_pte {
	uint64_t dw[1];
};
struct vtd_sspte {
	uint64_t dw[1];
};

/* clang-format off */

/* Every present entry; above level 3 PS is reserved, at level 1 it is PAT. */
#define X86_PTE_FIELDS(F, T)						\
	F(T, X86_PTE_P,			0, 0, "present")		\
	F(T, X86_PTE_RW,		1, 1, "writable")		\
	F(T, X86_PTE_US,		2, 2, "user")			\
	F(T, X86_PTE_PWT,		3, 3, "write-through")		\
	F(T, X86_PTE_PCD,		4, 4, "cache disable")		\
	F(T, X86_PTE_A,			5, 5, "accessed")		\
	F(T, X86_PTE_PS,		7, 7, "page, not table")	\
	F(T, X86_PTE_EA,		10, 10, "VT-d: extended accessed") \
	F(T, X86_PTE_ADDR,		51, 12, "address, bits 51:12")	\
	F(T, X86_PTE_XD,		63, 63, "execute disable")

/* Entries that map a page, beside those above */
#define X86_PTE_LEAF_FIELDS(F, T)					\
	F(T, X86_PTE_D,			6, 6, "dirty")			\
	F(T, X86_PTE_G,			8, 8, "global; VT-d ignores it")

/* Level 1, instead of PS */
#define X86_PTE_4K_FIELDS(F, T)						\
	F(T, X86_PTE_PAT,		7, 7, "page attribute table")

/* Levels 2 and 3 with PS, instead of the lowest address bit */
#define X86_PTE_LARGE_FIELDS(F, T)					\
	F(T, X86_PTE_PAT_LARGE,		12, 12, "page attribute table")

/* The CPU's alone: ignored by VT-d */
#define X86_PTE_CPU_FIELDS(F, T)					\
	F(T, X86_PTE_PK,		62, 59, "protection key")

/* Every entry; one with R, W and X 0 is not present. X counts with SSEE only. */
#define VTD_SSPTE_FIELDS(F, T)						\
	F(T, VTD_SSPTE_R,		0, 0, "readable")		\
	F(T, VTD_SSPTE_W,		1, 1, "writable")		\
	F(T, VTD_SSPTE_X,		2, 2, "executable")		\
	F(T, VTD_SSPTE_PS,		7, 7, "page, not table")	\
	F(T, VTD_SSPTE_A,		8, 8, "accessed, with SSADE")	\
	F(T, VTD_SSPTE_ADDR,		51, 12, "address, bits 51:12")

/* Entries that map a page, beside those above */
#define VTD_SSPTE_LEAF_FIELDS(F, T)					\
	F(T, VTD_SSPTE_EMT,		5, 3, "memory type, with EMTE")	\
	F(T, VTD_SSPTE_IPAT,		6, 6, "ignore PAT, with EMTE")	\
	F(T, VTD_SSPTE_D,		9, 9, "dirty, with SSADE")	\
	F(T, VTD_SSPTE_SNP,		11, 11, "snoop, with ECAP.SC")	\
	F(T, VTD_SSPTE_TM,		62, 62, "transient, till revision 3.1")

/* clang-format on */

FIELD_RECORD(struct x86_pte, X86_PTE_FIELDS);
FIELD_RECORD(struct x86_pte, X86_PTE_LEAF_FIELDS);
FIELD_RECORD(struct x86_pte, X86_PTE_4K_FIELDS);
FIELD_RECORD(struct x86_pte, X86_PTE_LARGE_FIELDS);
FIELD_RECORD(struct x86_pte, X86_PTE_CPU_FIELDS);
FIELD_RECORD(struct vtd_sspte, VTD_SSPTE_FIELDS);
FIELD_RECORD(struct vtd_sspte, VTD_SSPTE_LEAF_FIELDS);

enum {
	X86_PT_PAGE_LG2 = 12,
	X86_PT_LEVEL_LG2 = 9,
	X86_PT_ENTRIES = 1 << X86_PT_LEVEL_LG2,
	X86_PT_LEVEL_LAST = 1,
	X86_PT_LEVEL_2M = 2, /* PS maps 2 MiB here */
	X86_PT_LEVEL_1G = 3, /* and 1 GiB here, if that is there */
	X86_PT_LEVEL_MAX = 5,
	X86_PT_ADDR_BITS = 52, /* no output is larger */
};

/* log2 of the bytes that one entry of the level maps, whatever its kind. */
FIELD__FN unsigned int x86_pt_entry_lg2(unsigned int level)
{
	return X86_PT_PAGE_LG2 + (level - X86_PT_LEVEL_LAST) * X86_PT_LEVEL_LG2;
}

/* Bits of input that this many levels translate: 39, 48 or 57. */
FIELD__FN unsigned int x86_pt_va_bits(unsigned int levels)
{
	return X86_PT_PAGE_LG2 + levels * X86_PT_LEVEL_LG2;
}

/* The entry of the level's table that va goes through. */
FIELD__FN unsigned int x86_pt_index(unsigned int level, uint64_t va)
{
	return (unsigned int)(va >> x86_pt_entry_lg2(level)) &
	       (X86_PT_ENTRIES - 1);
}

/* Bits above the last translated one equal it, of the first stage. */
FIELD__FN bool x86_pt_canonical(unsigned int levels, uint64_t va)
{
	uint64_t high = va >> (x86_pt_va_bits(levels) - 1);

	return !high || high == UINT64_MAX >> (x86_pt_va_bits(levels) - 1);
}

/* The address in an entry that maps 1 << size_lg2 bytes; a table counts 12. */
FIELD__FN uint64_t x86_pte_addr(const struct x86_pte *pte,
				unsigned int size_lg2)
{
	return FIELD_GET(X86_PTE_ADDR, pte) << X86_PT_PAGE_LG2 &
	       ~UINT64_C(0) << size_lg2;
}

FIELD__FN uint64_t vtd_sspte_addr(const struct vtd_sspte *pte,
				  unsigned int size_lg2)
{
	return FIELD_GET(VTD_SSPTE_ADDR, pte) << X86_PT_PAGE_LG2 &
	       ~UINT64_C(0) << size_lg2;
}

/* Puts an address, aligned to the page, into an entry; keeps its other bits. */
FIELD__FN void x86_pte_set_addr(struct x86_pte *pte, uint64_t addr)
{
	FIELD_SET(X86_PTE_ADDR, pte,
		  addr >> X86_PT_PAGE_LG2 & FIELD_MAX(X86_PTE_ADDR));
}

FIELD__FN void vtd_sspte_set_addr(struct vtd_sspte *pte, uint64_t addr)
{
	FIELD_SET(VTD_SSPTE_ADDR, pte,
		  addr >> X86_PT_PAGE_LG2 & FIELD_MAX(VTD_SSPTE_ADDR));
}

#endif
