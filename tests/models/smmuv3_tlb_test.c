/* SPDX-License-Identifier: MIT */
/*
 * What each TLB invalidation takes from a strict SMMU, and what it leaves:
 * IHI 0070 3.17 and 4.4, one row per command.
 *
 * Every kind of entry there is gets filled, then its tables change, then the
 * command comes, and then each kind is used again: the old output means that
 * the entry is still there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_nest.h"

#define R ((unsigned int)IOMMU_PERM_READ)
#define P ((unsigned int)IOMMU_PERM_PRIV)

/* Commands */
#define TLBI_NH_ALL    UINT64_C(0x10)
#define TLBI_NH_ASID   UINT64_C(0x11)
#define TLBI_NH_VA     UINT64_C(0x12)
#define TLBI_NH_VAA    UINT64_C(0x13)
#define TLBI_EL2_ALL   UINT64_C(0x20)
#define TLBI_EL2_ASID  UINT64_C(0x21)
#define TLBI_EL2_VA    UINT64_C(0x22)
#define TLBI_EL2_VAA   UINT64_C(0x23)
#define TLBI_S12_VMALL UINT64_C(0x28)
#define TLBI_S2_IPA    UINT64_C(0x2a)
#define TLBI_NSNH_ALL  UINT64_C(0x30)
#define VMID(n)        ((uint64_t)(n) << 32)
#define ASID(n)        ((uint64_t)(n) << 48)
#define NUM(n)         ((uint64_t)(n) << 12)
#define SCALE(n)       ((uint64_t)(n) << 20)
#define LEAF           UINT64_C(1)
#define TTL(n)         ((uint64_t)(n) << 8)
#define TG4K           (UINT64_C(1) << 10)
#define TG16K          (UINT64_C(2) << 10)
#define TG64K          (UINT64_C(3) << 10)

/* Streams, by VMID and ASID. */
enum {
	SID_A = 1, /* stage 1, VMID 1, ASID 1 */
	SID_B,     /* stage 1, VMID 1, ASID 2, ASET 0 */
	SID_C,     /* stage 1, VMID 2, ASID 1 */
	SID_N,     /* nested, VMID 3, ASID 1 */
	SID_2,     /* stage 2, VMID 3, the same tables */
	SID_H,     /* EL2 */
	SID_END,
};

/* Kinds of entries; a row says which are gone. */
enum {
	PAGE_A = 1 << 0,  /* 0x10000, a page */
	PAGE_B = 1 << 1,  /* the same address of another ASID */
	PAGE_C = 1 << 2,  /* of another VMID */
	GLOBAL = 1 << 3,  /* 0x11000, global, in VMID 1 and ASET 1 */
	BLOCK = 1 << 4,   /* 0x40000000, 2M of stage 1 */
	GROUP = 1 << 5,   /* 0x50000000, Contiguous, 64K */
	TABLE = 1 << 6,   /* 0x200000, a table of stage 1 */
	BOTH = 1 << 7,    /* 0x10000, both stages */
	PART = 1 << 8,    /* 0x40005000, 4K of a block of stage 1 */
	IPA = 1 << 9,     /* 0x600000, as nested walks use it */
	ONLY2 = 1 << 10,  /* 0x500000, stage 2 alone */
	TABLE2 = 1 << 11, /* 0x800000, a table of stage 2 */
	EL2 = 1 << 12,    /* 0x10000 */
	KINDS = 13,
	VMID1 = PAGE_A | PAGE_B | GLOBAL | BLOCK | GROUP | TABLE,
	VMID3 = BOTH | PART,
	STAGE2 = IPA | ONLY2 | TABLE2,
};

static const struct {
	uint32_t sid;
	uint64_t fill, probe;
} kinds[KINDS] = {
	{ SID_A, 0x10000, 0x10000 },       { SID_B, 0x10000, 0x10000 },
	{ SID_C, 0x10000, 0x10000 },       { SID_A, 0x11000, 0x11000 },
	{ SID_A, 0x40000000, 0x40100000 }, { SID_A, 0x50003000, 0x50003000 },
	{ SID_A, 0x200000, 0x201000 },     { SID_N, 0x10000, 0x10000 },
	{ SID_N, 0x40005000, 0x40005000 }, { SID_N, 0x12000, 0x13000 },
	{ SID_2, 0x500000, 0x500000 },     { SID_2, 0x800000, 0x801000 },
	{ SID_H, 0x10000, 0x10000 },
};

enum { OLD = 0x20000000, NEW = 0x30000000 };

static struct fx fx;
static uint64_t root[SID_END], tree2;

static void cd_of(uint32_t sid, uint64_t dw0, uint64_t *ret_cd)
{
	*ret_cd = fx_alloc(&fx, 64, 64);
	root[sid] = fx_table(&fx);
	fx_cd(&fx, *ret_cd, (CD_BASIC & ~CD_ASET) | dw0, root[sid]);
}

static void streams(void)
{
	uint64_t cd;

	tree2 = nest_tree2(&fx);
	cd_of(SID_A, CD_ASID(1) | CD_ASET, &cd);
	nest_ste(&fx, SID_A, STE_S1 | cd, 0, STE2_VMID(1), 0);
	cd_of(SID_B, CD_ASID(2), &cd);
	nest_ste(&fx, SID_B, STE_S1 | cd, 0, STE2_VMID(1), 0);
	cd_of(SID_C, CD_ASID(1) | CD_ASET, &cd);
	nest_ste(&fx, SID_C, STE_S1 | cd, 0, STE2_VMID(2), 0);
	cd_of(SID_N, CD_ASID(1) | CD_ASET, &cd);
	nest_identity(&fx, tree2, cd, S2_RW);
	nest_ste(&fx, SID_N, STE_NESTED | cd, 0, STE2_VMID(3), tree2);
	nest_ste(&fx, SID_2, STE_S2, 0, STE2_VMID(3), tree2);
	cd_of(SID_H, 0, &cd);
	/* STRW is EL2, which S2VMID means nothing to. */
	nest_ste(&fx, SID_H, STE_S1 | cd, UINT64_C(2) << 30, STE2_VMID(1), 0);
}

/* Stage 1 of the nested stream lies behind stage 2. */
static void map_nested(uint64_t va, uint64_t pte, int level)
{
	uint64_t first = fx.bump, pa;

	fx_map(&fx, root[SID_N], va, pte, level);
	nest_identity(&fx, tree2, root[SID_N], S2_RW);
	for (pa = first & ~UINT64_C(0xfff); pa < fx.bump; pa += 0x1000)
		nest_identity(&fx, tree2, pa, S2_RW);
}

/* A fresh last table for va in a tree. */
static void new_table(uint64_t tree, uint64_t va)
{
	uint64_t l1 = fx_get(&fx, tree + (va >> 39 & 511) * 8);
	uint64_t l2;

	l1 &= UINT64_C(0xfffffffff000);
	l2 = fx_get(&fx, l1 + (va >> 30 & 511) * 8) & UINT64_C(0xfffffffff000);
	fx_put(&fx, l2 + (va >> 21 & 511) * 8, fx_table(&fx) | 3);
}

static void map_all(uint64_t to, bool tables)
{
	uint64_t block = PTE_RW & ~UINT64_C(2);
	unsigned int i;

	fx_map(&fx, root[SID_A], 0x10000, (to + 0x1000) | PTE_RW, 3);
	fx_map(&fx, root[SID_B], 0x10000, (to + 0x2000) | PTE_RW, 3);
	fx_map(&fx, root[SID_C], 0x10000, (to + 0x3000) | PTE_RW, 3);
	fx_map(&fx, root[SID_A], 0x11000, (to + 0x4000) | (PTE_RW & ~PTE_NG),
	       3);
	fx_map(&fx, root[SID_A], 0x40000000, to | block, 2);
	for (i = 0; i < 16; i++)
		fx_map(&fx, root[SID_A], 0x50000000 + i * 0x1000,
		       (to + 0x10000 + i * 0x1000) | PTE_RW | PTE_CONT, 3);
	if (tables) {
		new_table(root[SID_A], 0x200000);
		new_table(tree2, 0x800000);
	}
	for (i = 0; i < 2; i++) {
		fx_map(&fx, root[SID_A], 0x200000 + i * 0x1000,
		       (to + 0x5000 + i * 0x1000) | PTE_RW, 3);
		fx_map(&fx, tree2, 0x800000 + i * 0x1000,
		       (to + 0x8000 + i * 0x1000) | S2_RW, 3);
	}
	/*
	 * 0x10000 and 0x40000000 go somewhere else at stage 1; 0x12000 and
	 * 0x13000 are always 0x600000, which does so at stage 2.
	 */
	map_nested(0x10000, (0x5000000 + (to >> 16)) | PTE_RW, 3);
	map_nested(0x12000, 0x600000 | PTE_RW, 3);
	map_nested(0x13000, 0x600000 | PTE_RW, 3);
	map_nested(0x40000000, (0x7000000 + (to >> 7)) | block, 2);
	fx_map(&fx, tree2, 0x5000000 + (to >> 16), (to + 0xa000) | S2_RW, 3);
	fx_map(&fx, tree2, 0x7005000 + (to >> 7), (to + 0xc000) | S2_RW, 3);
	fx_map(&fx, tree2, 0x600000, (to + 0xb000) | S2_RW, 3);
	fx_map(&fx, tree2, 0x500000, (to + 0xd000) | S2_RW, 3);
	fx_map(&fx, root[SID_H], 0x10000, (to + 0xe000) | PTE_RW, 3);
}

static uint64_t use(uint32_t sid, uint64_t addr)
{
	struct hw_xlat x;

	return fx_access(&fx, sid, addr, R | P, &x) ? 0 : x.pa;
}

/* Everything new, everything filled, everything changed. */
static void prepare(const struct smmuv3_hw_cfg *cfg)
{
	unsigned int k;

	fx_start(&fx, cfg);
	streams();
	map_all(OLD, false);
	for (k = 0; k < KINDS; k++)
		assert_int_equal(use(kinds[k].sid, kinds[k].fill) & ~0xfffffu,
				 OLD);
	map_all(NEW, true);
}

static unsigned int gone(void)
{
	unsigned int k, mask = 0;

	for (k = 0; k < KINDS; k++) {
		uint64_t pa = use(kinds[k].sid, kinds[k].probe);

		assert_int_not_equal(pa, 0);
		if ((pa & ~0x1fffffu) == NEW)
			mask |= 1u << k;
	}
	return mask;
}

struct row {
	uint64_t dw0, dw1;
	unsigned int gone;
};

static void check(const struct smmuv3_hw_cfg *cfg, uint32_t cr0,
		  const struct row *rows, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		unsigned int mask;

		prepare(cfg);
		fx_w32(&fx, FX_CR0, FX_CR0_ALL | cr0);
		fx_cmd(&fx, rows[i].dw0, rows[i].dw1);
		assert_true(fx_cmdq_idle(&fx));
		mask = gone();
		if (mask != rows[i].gone)
			print_error("row %u, command %#llx %#llx\n", i,
				    (unsigned long long)rows[i].dw0,
				    (unsigned long long)rows[i].dw1);
		assert_int_equal(mask, rows[i].gone);
		fx_fini(&fx);
	}
}

#define CHECK(cfg, cr0, rows)                                                  \
	check(cfg, cr0, rows, sizeof(rows) / sizeof((rows)[0]))

static void cfg_all(struct smmuv3_hw_cfg *cfg)
{
	nest_cfg(cfg);
	cfg->idr[0] |= 1 << 9; /* HYP */
}

/* 4.4.2: what stage 1 made, alone or with stage 2. */
static void test_tlb_stage1_commands_scope(void **state)
{
	static const struct row rows[] = {
		/* Nothing without a command. */
		{ CMD_SYNC, 0, 0 },
		{ TLBI_NH_ALL | VMID(1), 0, VMID1 },
		{ TLBI_NH_ALL | VMID(2), 0, PAGE_C },
		{ TLBI_NH_ALL | VMID(3), 0, VMID3 },
		{ TLBI_NH_ALL | VMID(0x101), 0, 0 },
		/* Not global ones, not of other VMIDs. */
		{ TLBI_NH_ASID | VMID(1) | ASID(1), 0,
		  PAGE_A | BLOCK | GROUP | TABLE },
		{ TLBI_NH_ASID | VMID(1) | ASID(2), 0, PAGE_B },
		{ TLBI_NH_ASID | VMID(3) | ASID(1), 0, VMID3 },
		{ TLBI_NH_ASID | VMID(1) | ASID(3), 0, 0 },
		{ TLBI_NH_ASID | VMID(1) | ASID(0x101), 0, 0 },
		{ TLBI_NH_VA | VMID(1) | ASID(1), 0x10000, PAGE_A },
		{ TLBI_NH_VA | VMID(1) | ASID(2), 0x10000, PAGE_B },
		{ TLBI_NH_VA | VMID(2) | ASID(1), 0x10000, PAGE_C },
		{ TLBI_NH_VA | VMID(3) | ASID(1), 0x10000, BOTH },
		{ TLBI_NH_VA | VMID(1) | ASID(1), 0x10000 | LEAF, PAGE_A },
		/* Global ones, with any ASID, of either ASID set. */
		{ TLBI_NH_VA | VMID(1) | ASID(7), 0x11000, GLOBAL },
		{ TLBI_NH_VA | VMID(2) | ASID(7), 0x11000, 0 },
		{ TLBI_NH_VAA | VMID(1), 0x10000, PAGE_A | PAGE_B },
		{ TLBI_NH_VAA | VMID(1), 0x11000, GLOBAL },
		/* Any address of a block, a group, or a part of a block. */
		{ TLBI_NH_VA | VMID(1) | ASID(1), 0x401ff000, BLOCK },
		{ TLBI_NH_VA | VMID(1) | ASID(1), 0x40200000, 0 },
		{ TLBI_NH_VA | VMID(1) | ASID(1), 0x5000f000, GROUP },
		{ TLBI_NH_VA | VMID(1) | ASID(1), 0x50010000, 0 },
		{ TLBI_NH_VA | VMID(3) | ASID(1), 0x40100000, PART },
		{ TLBI_NH_VAA | VMID(3), 0x40100000, PART },
		{ TLBI_NH_VA | VMID(3) | ASID(1), 0x40200000, 0 },
		/* Tables with any address they lead to, but for Leaf. */
		{ TLBI_NH_VA | VMID(1) | ASID(1), 0x3ff000, TABLE },
		{ TLBI_NH_VA | VMID(1) | ASID(1), 0x3ff000 | LEAF, 0 },
		{ TLBI_NH_VAA | VMID(1), 0x3ff000, TABLE },
		{ TLBI_NH_VAA | VMID(1), 0x3ff000 | LEAF, 0 },
		{ TLBI_NH_VA | VMID(1) | ASID(2), 0x3ff000, 0 },
		{ TLBI_NSNH_ALL, 0, VMID1 | PAGE_C | VMID3 | STAGE2 },
	};
	struct smmuv3_hw_cfg cfg;

	(void)state;
	cfg_all(&cfg);
	CHECK(&cfg, 0, rows);
}

/* 4.4.1.1 */
static void test_tlb_ranges_scope(void **state)
{
	const uint64_t va = TLBI_NH_VA | VMID(1) | ASID(1);
	const struct row rows[] = {
		/* Pages from 0xf000 on: one, two, three. */
		{ va | NUM(0), 0xf000 | TG4K | TTL(3), 0 },
		{ va | NUM(1), 0xf000 | TG4K, PAGE_A },
		{ va | NUM(2), 0xf000 | TG4K, PAGE_A | GLOBAL },
		{ va | NUM(0) | SCALE(1), 0x10000 | TG4K, PAGE_A | GLOBAL },
		/* 2^20 pages: 4G. */
		{ va | NUM(0) | SCALE(20), 0x10000 | TG4K,
		  PAGE_A | GLOBAL | BLOCK | GROUP | TABLE },
		{ va | NUM(0) | SCALE(20), 0x10000 | TG4K | LEAF,
		  PAGE_A | GLOBAL | BLOCK | GROUP },
		/* TTL: leaves of that level, and tables above it. */
		{ va | NUM(31) | SCALE(15), TG4K | TTL(3),
		  PAGE_A | GLOBAL | GROUP | TABLE },
		{ va | NUM(31) | SCALE(15), TG4K | TTL(2), BLOCK },
		{ va | NUM(31) | SCALE(15), TG4K | TTL(1), 0 },
		{ va, 0x40000000 | TG4K | TTL(2), BLOCK },
		{ va, 0x40000000 | TG4K | TTL(3), 0 },
		{ va, 0x200000 | TG4K | TTL(3), TABLE },
		/* TTL 2 is of a block: its table is not one above. */
		{ va, 0x200000 | TG4K | TTL(2), 0 },
		/* Entries of another granule. */
		{ va | NUM(31) | SCALE(15), TG16K, 0 },
		{ va | NUM(31) | SCALE(15), TG64K, 0 },
		/* SCALE has five bits without DS. */
		{ va | NUM(0) | SCALE(32 + 20), 0x10000 | TG4K,
		  PAGE_A | GLOBAL | BLOCK | GROUP | TABLE },
		/* Up to the end of the address space, and no further. */
		{ va | NUM(31) | SCALE(31), UINT64_C(0xfffffffffffff000) | TG4K,
		  0 },
		/* Of stage 2 */
		{ TLBI_S2_IPA | VMID(3) | NUM(0) | SCALE(11), TG4K | LEAF,
		  IPA | ONLY2 },
		{ TLBI_S2_IPA | VMID(3) | NUM(0) | SCALE(12), TG4K, STAGE2 },
		{ TLBI_S2_IPA | VMID(3) | NUM(0) | SCALE(12), TG4K | TTL(2),
		  0 },
		{ TLBI_S2_IPA | VMID(3) | NUM(0) | SCALE(12), TG64K, 0 },
	};
	struct smmuv3_hw_cfg cfg;

	(void)state;
	cfg_all(&cfg);
	CHECK(&cfg, 0, rows);
}

/* 4.4.3: by IPA, combined entries stay; both stages of a VMID. */
static void test_tlb_stage2_commands_scope(void **state)
{
	static const struct row rows[] = {
		{ TLBI_S2_IPA | VMID(3), 0x600000, IPA },
		{ TLBI_S2_IPA | VMID(3), 0x500000, ONLY2 },
		{ TLBI_S2_IPA | VMID(3), 0x500000 | LEAF, ONLY2 },
		{ TLBI_S2_IPA | VMID(3), 0x9ff000, TABLE2 },
		{ TLBI_S2_IPA | VMID(3), 0x9ff000 | LEAF, 0 },
		{ TLBI_S2_IPA | VMID(1), 0x500000, 0 },
		/* The IPA of BOTH before, and now. */
		{ TLBI_S2_IPA | VMID(3), 0x5002000, 0 },
		{ TLBI_S2_IPA | VMID(3), 0x5003000, 0 },
		/* The ASID field means nothing. */
		{ TLBI_S2_IPA | VMID(3) | ASID(9), 0x500000, ONLY2 },
		{ TLBI_S12_VMALL | VMID(3), 0, VMID3 | STAGE2 },
		{ TLBI_S12_VMALL | VMID(1), 0, VMID1 },
		{ TLBI_S12_VMALL | VMID(4), 0, 0 },
	};
	struct smmuv3_hw_cfg cfg;

	(void)state;
	cfg_all(&cfg);
	CHECK(&cfg, 0, rows);
}

/* 4.4.2.7 to 10: EL2 without E2H has no ASID. */
static void test_tlb_el2_commands_scope(void **state)
{
	static const struct row rows[] = {
		{ TLBI_EL2_ALL, 0, EL2 },
		{ TLBI_EL2_VA | ASID(7), 0x10000, EL2 },
		{ TLBI_EL2_VA, 0x11000, 0 },
		{ TLBI_EL2_VAA, 0x10000, EL2 },
		{ TLBI_EL2_ASID, 0, 0 },
	};
	struct smmuv3_hw_cfg cfg;

	(void)state;
	cfg_all(&cfg);
	CHECK(&cfg, 0, rows);
}

/* 3.17.6, 6.3.9.1 */
static void test_tlb_vmid_wildcards_widen(void **state)
{
	static const struct row one[] = {
		{ TLBI_NH_ALL | VMID(3), 0, VMID3 | PAGE_C },
		{ TLBI_NH_ALL | VMID(0), 0, VMID1 },
		{ TLBI_NH_ASID | VMID(0) | ASID(2), 0, PAGE_B },
		{ TLBI_NH_VA | VMID(2) | ASID(1), 0x10000, PAGE_C | BOTH },
		{ TLBI_S2_IPA | VMID(2), 0x500000, ONLY2 },
		{ TLBI_S12_VMALL | VMID(2), 0, VMID3 | PAGE_C | STAGE2 },
	};
	static const struct row four[] = {
		{ TLBI_NH_ALL | VMID(0xf), 0, VMID1 | PAGE_C | VMID3 },
		{ TLBI_NH_ALL | VMID(0x10), 0, 0 },
	};
	static const struct row reserved[] = {
		{ TLBI_NH_ALL | VMID(0), 0, 0 },
		{ TLBI_NH_ALL | VMID(2), 0, PAGE_C },
	};
	struct smmuv3_hw_cfg cfg;

	(void)state;
	cfg_all(&cfg);
	CHECK(&cfg, 1 << 6, one);
	CHECK(&cfg, 4 << 6, four);
	CHECK(&cfg, 5 << 6, reserved);
	/* Without IDR0.VMW there is no such field. */
	cfg.idr[0] &= ~(UINT32_C(1) << 17);
	CHECK(&cfg, 1 << 6, reserved);
}

static uint32_t error_of(uint32_t idr0_clear, uint64_t dw0, uint64_t dw1)
{
	struct smmuv3_hw_cfg cfg;
	uint32_t err;

	nest_cfg(&cfg);
	cfg.idr[0] &= ~idr0_clear;
	/* What is RES0 without one of the stages. */
	if (idr0_clear & 1) {
		cfg.idr[0] &= ~(UINT32_C(1) << 17);
		cfg.idr[3] &= ~(UINT32_C(1) << 8 | 1 << 4);
	}
	if (idr0_clear & 2)
		cfg.idr[3] &= ~(UINT32_C(1) << 2);
	fx_start(&fx, &cfg);
	fx_cmd(&fx, dw0, dw1);
	err = fx_r32(&fx, FX_GERROR) & 1 ?
		      fx_r32(&fx, FX_CMDQ_CONS) >> 24 & 0x7f :
		      0;
	fx_fini(&fx);
	return err;
}

/* 4.4.2, 4.4.3: what the SMMU lacks, it has no commands for. */
static void test_tlb_commands_of_missing_stages_illegal(void **state)
{
	static const struct {
		uint64_t op;
		unsigned int both, no_s2, no_s1;
	} rows[] = {
		{ TLBI_NH_ALL, 0, 0, 1 },    { TLBI_NH_ASID, 0, 0, 1 },
		{ TLBI_NH_VA, 0, 0, 1 },     { TLBI_NH_VAA, 0, 0, 1 },
		{ TLBI_S12_VMALL, 0, 1, 0 }, { TLBI_S2_IPA, 0, 1, 0 },
		{ TLBI_NSNH_ALL, 0, 0, 0 },  { TLBI_EL2_ALL, 1, 1, 1 },
		{ TLBI_EL2_VA, 1, 1, 1 },    { TLBI_EL2_VAA, 1, 1, 1 },
		{ TLBI_EL2_ASID, 1, 1, 1 },  { 0x18, 1, 1, 1 },
		{ 0x1a, 1, 1, 1 },           { 0x58, 1, 1, 1 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(error_of(0, rows[i].op, 0), rows[i].both);
		assert_int_equal(error_of(1, rows[i].op, 0), rows[i].no_s2);
		assert_int_equal(error_of(2, rows[i].op, 0), rows[i].no_s1);
	}
	/* A granule without a range or a level is reserved. */
	assert_int_equal(error_of(0, TLBI_NH_VA, TG4K), 1);
	assert_int_equal(error_of(0, TLBI_S2_IPA, TG64K), 1);
	assert_int_equal(error_of(0, TLBI_NH_VA, TG4K | TTL(1)), 0);
	assert_int_equal(error_of(0, TLBI_NH_VA | NUM(1), TG4K), 0);
	/* Level 1 of 16K is one only with DS, and else no level. */
	assert_int_equal(error_of(0, TLBI_NH_VA, TG16K | TTL(1)), 1);
}

/*
 * 4.4.1.1: without a level, or with that of the page, all the tables on the
 * way go; with one above it the last table stays, which is enough.
 */
static void test_tlb_tables_of_every_level(void **state)
{
	const uint64_t va = UINT64_C(7) << 30;
	const uint64_t cmd = TLBI_NH_VA | ASID(1);
	static const uint64_t dw1[] = { 0, TG4K | TTL(3), TG4K | TTL(2),
					TG4K | TTL(1) };
	unsigned int i, level;

	(void)state;
	for (i = 0; i < 4; i++)
		for (level = 0; level < 3; level++) {
			uint64_t old, new, l;
			bool gone = i < 2;

			fx_start(&fx, NULL);
			old = fx_stream(&fx, 1, CD_ASID(1));
			new = fx_table(&fx);
			fx_map(&fx, old, va, OLD | PTE_RW, 3);
			fx_map(&fx, old, va + 0x1000, OLD | PTE_RW, 3);
			fx_map(&fx, new, va + 0x1000, NEW | PTE_RW, 3);
			assert_int_equal(use(1, va), OLD);
			/* From this level on another tree. */
			for (l = 0; l < level; l++) {
				uint64_t at = (va >> (39 - 9 * l) & 511) * 8;

				old = fx_get(&fx, old + at) &
				      UINT64_C(0xfffffffff000);
				new = fx_get(&fx, new + at) &
				      UINT64_C(0xfffffffff000);
			}
			l = (va >> (39 - 9 * l) & 511) * 8;
			fx_put(&fx, old + l, fx_get(&fx, new + l));
			assert_int_equal(use(1, va + 0x1000), OLD);
			fx_cmd(&fx, TLBI_NH_VA | ASID(1), (va + 0x1000) | LEAF);
			assert_int_equal(use(1, va + 0x1000), OLD);
			fx_cmd(&fx, cmd, (va + 0x1000) | dw1[i]);
			/* The page of va + 0x1000 itself, if TTL spared it. */
			fx_cmd(&fx, cmd, (va + 0x1000) | LEAF);
			assert_int_equal(use(1, va + 0x1000) == NEW, gone);
			fx_fini(&fx);
		}
}

/* 4.4.1.1: with DS, SCALE has six bits, and 39 is the largest. */
static void test_tlb_scale_of_six_bits_with_ds(void **state)
{
	static const struct {
		uint64_t scale;
		bool gone;
	} rows[] = { { 33, false }, { 34, true }, { 39, true }, { 63, true } };
	struct smmuv3_hw_cfg cfg;
	unsigned int i;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[5] |= 1 << 7 | 1 << 10; /* DS, VAX */
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint64_t va = UINT64_C(1) << 46;
		uint64_t tree;

		fx_start(&fx, &cfg);
		tree = fx_stream(&fx, 1, CD_ASID(1));
		fx_map(&fx, tree, va, OLD | PTE_RW, 3);
		assert_int_equal(use(1, va), OLD);
		fx_map(&fx, tree, va, NEW | PTE_RW, 3);
		/* From 0x1000 on: 2^scale pages. */
		fx_cmd(&fx, TLBI_NH_VA | ASID(1) | SCALE(rows[i].scale),
		       0x1000 | TG4K);
		assert_int_equal(use(1, va), rows[i].gone ? NEW : OLD);
		fx_fini(&fx);
	}
}

/* 3.17: ASIDs of both sets are the same; global entries are of one set. */
static void test_tlb_asid_sets_on_lookup(void **state)
{
	static const uint64_t cds[] = {
		CD_ASID(5) | CD_ASET,
		CD_ASID(5),
		CD_ASID(6),
		CD_ASID(7) | CD_ASET,
	};
	unsigned int i;

	(void)state;
	fx_start(&fx, NULL);
	for (i = 0; i < 4; i++) {
		uint64_t cd, to = 0x200000 + i * 0x100000;

		cd_of(1 + i, cds[i], &cd);
		fx_ste(&fx, 1 + i, STE_V | STE_S1 | cd, 0);
		fx_map(&fx, root[1 + i], 0x1000, to | PTE_RW, 3);
		fx_map(&fx, root[1 + i], 0x2000,
		       (to + 0x1000) | (PTE_RW & ~PTE_NG), 3);
	}
	assert_int_equal(use(1, 0x1000), 0x200000);
	assert_int_equal(use(1, 0x2000), 0x201000);
	/* The entry of stream 1, by ASID. */
	assert_int_equal(use(2, 0x1000), 0x200000);
	/* Not of stream 1: another set. */
	assert_int_equal(use(3, 0x2000), 0x401000);
	/* Of stream 1 again. */
	assert_int_equal(use(4, 0x2000), 0x201000);
	assert_int_equal(use(4, 0x1000), 0x500000);
	fx_fini(&fx);
}

/* 3.17: nothing is found by another VMID, nor by a stage 1 under an IPA. */
static void test_tlb_tags_keep_apart(void **state)
{
	struct smmuv3_hw_cfg cfg;
	uint64_t tree[2], cd, stage1;
	unsigned int i;

	(void)state;
	nest_cfg(&cfg);
	fx_start(&fx, &cfg);
	for (i = 0; i < 2; i++) {
		tree[i] = nest_tree2(&fx);
		fx_map(&fx, tree[i], 0x1000, (0x200000 + i * 0x100000) | S2_RW,
		       3);
		nest_ste(&fx, 1 + i, STE_S2, 0, STE2_VMID(i << 8 | 7), tree[i]);
	}
	cd = fx_alloc(&fx, 64, 64);
	stage1 = fx_table(&fx);
	fx_map(&fx, stage1, 0x1000, 0x400000 | PTE_RW, 3);
	fx_cd(&fx, cd, CD_BASIC, stage1);
	nest_ste(&fx, 3, STE_S1 | cd, 0, STE2_VMID(7), 0);
	/* ASID 0, VMID 7: like stream 1, but for the stage. */
	assert_int_equal(use(1, 0x1000), 0x200000);
	assert_int_equal(use(2, 0x1000), 0x300000);
	assert_int_equal(use(3, 0x1000), 0x400000);
	assert_int_equal(use(1, 0x1000), 0x200000);
	/* One VMID, two tables: software's mistake, and the entry shows. */
	nest_ste(&fx, 2, STE_S2, 0, STE2_VMID(7), tree[1]);
	fx_cmd(&fx, CMD_CFGI_STE(2), 1);
	assert_int_equal(use(2, 0x1000), 0x200000);
	fx_fini(&fx);
}

/* Eager forgets all of it; no command is needed, nor does one harm. */
static void test_tlb_eager_forgets_every_kind(void **state)
{
	struct smmuv3_hw_cfg cfg;
	unsigned int k;

	(void)state;
	cfg_all(&cfg);
	cfg.personality = HW_EAGER;
	cfg.eager_period = 1;
	fx_start(&fx, &cfg);
	streams();
	map_all(OLD, false);
	for (k = 0; k < KINDS; k++)
		assert_int_equal(use(kinds[k].sid, kinds[k].fill) & ~0xfffffu,
				 OLD);
	map_all(NEW, true);
	assert_int_equal(gone(), (1 << KINDS) - 1);
	fx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tlb_stage1_commands_scope),
		cmocka_unit_test(test_tlb_ranges_scope),
		cmocka_unit_test(test_tlb_stage2_commands_scope),
		cmocka_unit_test(test_tlb_el2_commands_scope),
		cmocka_unit_test(test_tlb_vmid_wildcards_widen),
		cmocka_unit_test(test_tlb_commands_of_missing_stages_illegal),
		cmocka_unit_test(test_tlb_tables_of_every_level),
		cmocka_unit_test(test_tlb_scale_of_six_bits_with_ds),
		cmocka_unit_test(test_tlb_asid_sets_on_lookup),
		cmocka_unit_test(test_tlb_tags_keep_apart),
		cmocka_unit_test(test_tlb_eager_forgets_every_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
