/* SPDX-License-Identifier: MIT */
/*
 * Stage 1 walks: ranges, sizes, permissions, flag updates, TLB entries.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

#define R ((unsigned int)IOMMU_PERM_READ)
#define W ((unsigned int)IOMMU_PERM_WRITE)
#define X ((unsigned int)IOMMU_PERM_EXEC)
#define P ((unsigned int)IOMMU_PERM_PRIV)

static struct fx fx;

static int setup(void **state)
{
	(void)state;
	fx_start(&fx, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fx_fini(&fx);
	return 0;
}

static bool can(uint64_t va, unsigned int perm)
{
	int ret = fx_access(&fx, FX_SID, va, perm, NULL);
	uint64_t rec[4];

	while (fx_evt(&fx, rec))
		;
	return !ret;
}

static uint64_t pa(uint64_t va)
{
	struct hw_xlat x;

	if (fx_access(&fx, FX_SID, va, R, &x))
		return 0;
	return x.pa;
}

/*
 * AP[2:1], PXN, UXN, table limits: the six permissions, as "rwx" of users and
 * of privileged software.
 */
static void test_walk_permissions_matrix(void **state)
{
	static const struct {
		uint64_t pte, table, cd;
		const char *user, *priv;
	} rows[] = {
		{ 0, 0, 0, "--x", "rwx" },
		{ PTE_UXN, 0, 0, "---", "rwx" },
		{ PTE_PXN, 0, 0, "--x", "rw-" },
		/* What users write, privileged software does not run. */
		{ PTE_USER, 0, 0, "rwx", "rw-" },
		{ PTE_USER | PTE_UXN, 0, 0, "rw-", "rw-" },
		{ PTE_RO, 0, 0, "--x", "r-x" },
		{ PTE_RO | PTE_USER, 0, 0, "r-x", "r-x" },
		{ PTE_RO | PTE_USER | PTE_PXN, 0, 0, "r-x", "r--" },
		/* APTable, UXNTable, PXNTable */
		{ PTE_USER, UINT64_C(1) << 61, 0, "--x", "rwx" },
		{ PTE_USER, UINT64_C(2) << 61, 0, "r-x", "r-x" },
		{ PTE_USER, UINT64_C(3) << 61, 0, "--x", "r-x" },
		{ PTE_RO | PTE_USER, UINT64_C(1) << 60, 0, "r--", "r-x" },
		{ PTE_RO | PTE_USER, UINT64_C(1) << 59, 0, "r-x", "r--" },
		/* WXN */
		{ PTE_USER, 0, UINT64_C(1) << 36, "rw-", "rw-" },
		{ PTE_RO | PTE_USER, 0, UINT64_C(1) << 36, "r-x", "r-x" },
		/* PAN: data of users only */
		{ PTE_USER | PTE_RO, 0, UINT64_C(1) << 40, "r-x", "--x" },
		{ 0, 0, UINT64_C(1) << 40, "--x", "rwx" },
		/* DBM without HD means nothing. */
		{ PTE_USER | PTE_RO | PTE_DBM, 0, 0, "r-x", "r-x" },
	};
	static const unsigned int perms[] = { R, W, R | X };
	unsigned int i, b;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t root = fx_stream(&fx, FX_SID, rows[i].cd);
		uint64_t va = 0x40201000;

		fx_map(&fx, root, va,
		       0x200000 | PTE_PAGE | PTE_AF | PTE_NG | rows[i].pte, 3);
		fx_put(&fx, root, fx_get(&fx, root) | rows[i].table);
		fx_cmd(&fx, CMD_CFGI_ALL, 31);
		fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
		for (b = 0; b < 3; b++) {
			assert_int_equal(can(va, perms[b]),
					 rows[i].user[b] != '-');
			assert_int_equal(can(va, perms[b] | P),
					 rows[i].priv[b] != '-');
		}
	}
}

static void test_walk_blocks_and_contiguous_sizes(void **state)
{
	uint64_t root = fx_stream(&fx, FX_SID, 0);
	uint64_t block = PTE_RW & ~UINT64_C(2);
	struct hw_xlat x;
	unsigned int i;

	(void)state;
	fx_map(&fx, root, UINT64_C(1) << 30, (UINT64_C(3) << 30) | block, 1);
	fx_map(&fx, root, UINT64_C(2) << 30, (UINT64_C(5) << 21) | block, 2);
	for (i = 0; i < 16; i++) {
		fx_map(&fx, root, (UINT64_C(3) << 30) + i * 0x1000,
		       (0x900000 + i * 0x1000) | PTE_RW | PTE_CONT, 3);
		/* Not laid out as a group. */
		fx_map(&fx, root, (UINT64_C(3) << 30) + 0x10000 + i * 0x1000,
		       (0x901000 + i * 0x1000) | PTE_RW | PTE_CONT, 3);
	}

	assert_int_equal(fx_access(&fx, FX_SID, (UINT64_C(1) << 30) + 0x12345,
				   R, &x),
			 0);
	assert_int_equal(x.pa, (UINT64_C(3) << 30) + 0x12345);
	assert_int_equal(x.len, (UINT64_C(1) << 30) - 0x12345);
	assert_int_equal(fx_access(&fx, FX_SID, (UINT64_C(2) << 30) + 0x12345,
				   R, &x),
			 0);
	assert_int_equal(x.pa, (UINT64_C(5) << 21) + 0x12345);
	assert_int_equal(x.len, (UINT64_C(1) << 21) - 0x12345);
	assert_int_equal(
		fx_access(&fx, FX_SID, (UINT64_C(3) << 30) + 0x5123, R, &x), 0);
	assert_int_equal(x.pa, 0x905123);
	assert_int_equal(x.len, 0x10000 - 0x5123);
	assert_int_equal(fx_access(&fx, FX_SID, (UINT64_C(3) << 30) + 0x15123,
				   R, &x),
			 0);
	assert_int_equal(x.pa, 0x906123);
	assert_int_equal(x.len, 0x1000 - 0x123);
	/* Every part of an entry hits it. */
	i = (unsigned int)fx_stats(&fx).walks;
	assert_int_equal(pa((UINT64_C(1) << 30) + 0x3ffff000),
			 (UINT64_C(3) << 30) + 0x3ffff000);
	assert_int_equal(pa((UINT64_C(3) << 30) + 0xf000), 0x90f000);
	assert_int_equal(fx_stats(&fx).walks, i);
	/* No blocks at levels 0 and 3. */
	fx_map(&fx, root, UINT64_C(1) << 39, block, 0);
	assert_int_equal(pa(UINT64_C(1) << 39), 0);
	fx_map(&fx, root, UINT64_C(4) << 30, 0x200000 | block, 3);
	assert_int_equal(pa(UINT64_C(4) << 30), 0);
}

/* Both halves, every start level, and their ends. */
static void test_walk_ranges_by_txsz(void **state)
{
	static const unsigned int sizes[] = { 16, 20, 24, 25, 28, 33, 34, 39 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 8; i++) {
		unsigned int bits = 64 - sizes[i];
		unsigned int level = bits > 39 ? 0 : bits > 30 ? 1 : 2;
		uint64_t last = (UINT64_C(1) << bits) - 0x1000;
		uint64_t high = ~UINT64_C(0) << bits;
		uint64_t cd = fx_alloc(&fx, 64, 64);
		uint64_t table[2];
		unsigned int half;

		for (half = 0; half < 2; half++) {
			/* As a tree of four levels, then cut off on top. */
			uint64_t root = fx_table(&fx), va = half ? 0 : last;

			fx_map(&fx, root, va,
			       (0x200000 + half * 0x1000) | PTE_RW, 3);
			table[half] = root;
			while (level > 0 && table[half] == root) {
				unsigned int l;

				for (l = 0; l < level; l++)
					table[half] =
						fx_get(&fx,
						       table[half] +
							       (va >> (39 -
								       9 * l) &
								511) * 8) &
						UINT64_C(0xfffffffff000);
			}
		}
		fx_cd(&fx, cd,
		      (CD_BASIC & ~(CD_EPD1 | 63)) | sizes[i] |
			      (uint64_t)sizes[i] << 16 | 2 << 22,
		      table[0]);
		fx_put(&fx, cd + 16, table[1]);
		fx_ste(&fx, FX_SID, STE_V | STE_S1 | cd, 0);
		fx_cmd(&fx, CMD_CFGI_ALL, 31);
		fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
		assert_int_equal(pa(last), 0x200000);
		assert_int_equal(pa(high), 0x201000);
		assert_false(can(last + 0x1000, R));
		assert_false(can(high - 0x1000, R));
		assert_false(can(last | UINT64_C(1) << 56, R));
		/* TBI0, TBI1 */
		fx_put(&fx, cd, fx_get(&fx, cd) | UINT64_C(3) << 38);
		fx_cmd(&fx, CMD_CFGI_ALL, 31);
		assert_int_equal(pa(last | UINT64_C(0xa5) << 56), 0x200000);
		assert_int_equal(pa(high ^ UINT64_C(0xa5) << 56), 0x201000);
		assert_false(can(last | UINT64_C(1) << 54, R));
	}
}

/* A group that reaches beyond the range is taken entry by entry: D8.7.1.3. */
static void test_walk_contiguous_beyond_range_single(void **state)
{
	uint64_t cd = fx_alloc(&fx, 64, 64), table = fx_table(&fx);
	struct hw_xlat x;
	unsigned int i;

	(void)state;
	/* T0SZ 40: 24 bits, from level 2 on, 8 blocks of 2M. */
	for (i = 0; i < 8; i++)
		fx_put(&fx, table + i * 8,
		       (UINT64_C(0x2000000) + i * 0x200000) | PTE_CONT |
			       (PTE_RW & ~UINT64_C(2)));
	fx_cd(&fx, cd, (CD_BASIC & ~UINT64_C(63)) | 40, table);
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | cd, 0);
	assert_int_equal(fx_access(&fx, FX_SID, 0x200000, R, &x), 0);
	assert_int_equal(x.len, 0x200000);
	assert_false(can(0x1000000, R));
	/* Nor beyond the 32 bits of output. */
	fx_cd(&fx, cd, CD_BASIC & ~CD_IPS_48, table);
	table = fx_get(&fx, cd + 8);
	fx_map(&fx, table, 0, 0, 0);
	for (i = 0; i < 16; i++)
		fx_map(&fx, table, (uint64_t)i << 30,
		       (uint64_t)i << 30 | PTE_CONT | (PTE_RW & ~UINT64_C(2)),
		       1);
	fx_cmd(&fx, CMD_CFGI_ALL, 31);
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	assert_int_equal(pa(UINT64_C(3) << 30), UINT64_C(3) << 30);
	assert_false(can(UINT64_C(4) << 30, R));
}

/* 5.4.1.1: what is at the other half's place does not count, nor at 0. */
static void test_walk_disabled_half_faults(void **state)
{
	uint64_t root = fx_stream(&fx, FX_SID, CD_EPD0);

	(void)state;
	fx_map(&fx, root, 0, 0x200000 | PTE_RW, 3);
	assert_false(can(0, R));
	assert_false(can(0x1000, R));
	assert_false(can(~UINT64_C(0), R));
}

/* AFFD is IGNORED with HA: what is not accessed is not kept. */
static void test_walk_affd_with_ha_caches_nothing_unaccessed(void **state)
{
	uint64_t root = fx_stream(&fx, FX_SID, CD_HA | UINT64_C(1) << 35);
	uint64_t pte = fx_map(&fx, root, 0x1000,
			      0x200000 | (PTE_RW & ~PTE_AF) | PTE_RO, 3);

	(void)state;
	assert_false(can(0x1000, W));
	/* No invalidation is needed. */
	fx_put(&fx, pte, 0x200000 | (PTE_RW & ~PTE_AF));
	assert_true(can(0x1000, W));
	assert_int_equal(fx_get(&fx, pte), 0x200000 | PTE_RW);
}

/* [K17] */
static void test_walk_access_flag_set_by_hardware(void **state)
{
	uint64_t root = fx_stream(&fx, FX_SID, CD_HA);
	uint64_t old = 0x200000 | (PTE_RW & ~PTE_AF) | PTE_RO | PTE_DBM;
	uint64_t pte = fx_map(&fx, root, 0x1000, old, 3);

	(void)state;
	/* A refused access leaves it alone; HD is off. */
	assert_false(can(0x1000, W));
	assert_int_equal(fx_get(&fx, pte), old);
	assert_true(can(0x1000, R));
	assert_int_equal(fx_get(&fx, pte), old | PTE_AF);
}

static void test_walk_dirty_state_set_by_hardware(void **state)
{
	uint64_t root = fx_stream(&fx, FX_SID, CD_HA | CD_HD);
	uint64_t clean = 0x200000 | PTE_RW | PTE_RO | PTE_DBM;
	uint64_t pte = fx_map(&fx, root, 0x1000, clean, 3);
	struct hw_xlat x;

	(void)state;
	/* A read caches it clean, and it stays so. */
	assert_int_equal(fx_access(&fx, FX_SID, 0x1000, R, &x), 0);
	assert_int_equal(x.perm & W, 0);
	assert_int_equal(fx_get(&fx, pte), clean);
	/* A write through the entry of the read marks it. */
	assert_int_equal(fx_access(&fx, FX_SID, 0x1000, W, &x), 0);
	assert_int_equal(x.perm & W, W);
	assert_int_equal(fx_get(&fx, pte), clean & ~PTE_RO);
	/* Not one that is not allowed anyway. */
	fx_put(&fx, pte, clean & ~PTE_USER);
	fx_cmd(&fx, CMD_TLBI_NH_ALL, 0);
	assert_false(can(0x1000, W));
	assert_int_equal(fx_get(&fx, pte), clean & ~PTE_USER);
	/* AF and dirty at once. */
	fx_put(&fx, pte, clean & ~PTE_AF);
	fx_cmd(&fx, CMD_TLBI_NH_ALL, 0);
	assert_true(can(0x1000, W));
	assert_int_equal(fx_get(&fx, pte), clean & ~PTE_RO);
}

/* The descriptor changes between the walk and the update. */
static unsigned int cas_count;

static void unmap_at_cas(struct fx *f, uint64_t addr)
{
	cas_count++;
	fx_put(f, addr, 0);
}

static void move_at_cas(struct fx *f, uint64_t addr)
{
	if (!cas_count++)
		fx_put(f, addr, 0x300000 | (PTE_RW & ~PTE_AF));
}

static void flip_at_cas(struct fx *f, uint64_t addr)
{
	cas_count++;
	fx_put(f, addr, fx_get(f, addr) ^ 0x1000);
}

static void test_walk_update_races_with_software(void **state)
{
	uint64_t root = fx_stream(&fx, FX_SID, CD_HA | CD_HD);
	uint64_t old = 0x200000 | (PTE_RW & ~PTE_AF);
	uint64_t pte = fx_map(&fx, root, 0x1000, old, 3);

	(void)state;
	cas_count = 0;
	fx.on_cas = unmap_at_cas;
	assert_false(can(0x1000, W));
	assert_int_equal(fx_get(&fx, pte), 0);
	assert_int_equal(cas_count, 1);

	cas_count = 0;
	fx.on_cas = move_at_cas;
	fx_put(&fx, pte, old);
	assert_int_equal(pa(0x1000), 0x300000);
	assert_int_equal(fx_get(&fx, pte), 0x300000 | PTE_RW);
	assert_int_equal(cas_count, 2);

	/* For ever: an abort, not a hang. */
	cas_count = 0;
	fx.on_cas = flip_at_cas;
	fx_put(&fx, pte, old);
	fx_cmd(&fx, CMD_TLBI_NH_ALL, 0);
	assert_false(can(0x1000, R));
	assert_in_range(cas_count, 2, 1000);
	fx.on_cas = NULL;
}

/* Global entries are everyone's in the same ASID set, and go by address. */
static void test_walk_tlb_global_and_asid(void **state)
{
	uint64_t root1 = fx_stream(&fx, 1, CD_ASID(1));
	uint64_t root2 = fx_stream(&fx, 2, CD_ASID(2));
	struct hw_xlat x;

	(void)state;
	fx_map(&fx, root1, 0x1000, 0x200000 | (PTE_RW & ~PTE_NG), 3);
	fx_map(&fx, root2, 0x1000, 0x300000 | (PTE_RW & ~PTE_NG), 3);
	fx_map(&fx, root1, 0x2000, 0x201000 | PTE_RW, 3);
	fx_map(&fx, root2, 0x2000, 0x301000 | PTE_RW, 3);
	assert_int_equal(fx_access(&fx, 1, 0x1000, R, &x), 0);
	assert_int_equal(fx_access(&fx, 2, 0x1000, R, &x), 0);
	assert_int_equal(x.pa, 0x200000);
	assert_int_equal(fx_access(&fx, 1, 0x2000, R, &x), 0);
	assert_int_equal(fx_access(&fx, 2, 0x2000, R, &x), 0);
	assert_int_equal(x.pa, 0x301000);
	/* Not by ASID; by address with any ASID. */
	fx_cmd(&fx, CMD_TLBI_NH_ASID(1), 0);
	assert_int_equal(fx_access(&fx, 2, 0x1000, R, &x), 0);
	assert_int_equal(x.pa, 0x200000);
	fx_cmd(&fx, CMD_TLBI_NH_VA(7), 0x1000 | 1);
	assert_int_equal(fx_access(&fx, 2, 0x1000, R, &x), 0);
	assert_int_equal(x.pa, 0x300000);
}

/* 4.4.1.1: ranges, granule and level. [L7] */
static void test_walk_tlbi_scope(void **state)
{
	/* Command, second word, and which of four pages (bits) it drops. */
	static const struct {
		uint64_t dw0, dw1;
		unsigned int gone;
	} rows[] = {
		{ CMD_TLBI_NH_VA(1), 0x11000, 2 },
		{ CMD_TLBI_NH_VA(2), 0x11000, 0 },
		{ CMD_TLBI_NH_VA(1), 0x18000, 0 },
		{ CMD_TLBI_NH_VAA, 0x12000, 4 },
		{ CMD_TLBI_NH_ASID(1), 0, 15 },
		{ CMD_TLBI_NH_ASID(2), 0, 0 },
		{ CMD_TLBI_NH_ALL, 0, 15 },
		{ CMD_TLBI_NSNH_ALL, 0, 15 },
		/* TG 4K, NUM 1: two pages. */
		{ CMD_TLBI_NH_VA(1) | 1 << 12, 0x11000 | 1 << 10, 6 },
		/* NUM 0, SCALE 1: two pages. */
		{ CMD_TLBI_NH_VA(1) | 1 << 20, 0x12000 | 1 << 10, 12 },
		/* NUM 0, SCALE 31: everything above. */
		{ CMD_TLBI_NH_VA(1) | 31 << 20, 0x11000 | 1 << 10, 14 },
		/* TTL 3, TTL 2 */
		{ CMD_TLBI_NH_VA(1), 0x11000 | 1 << 10 | 3 << 8, 2 },
		{ CMD_TLBI_NH_VA(1), 0x11000 | 1 << 10 | 2 << 8, 0 },
		/* TG 64K does not name entries of 4K. */
		{ CMD_TLBI_NH_VA(1) | 5 << 12, 0x10000 | 3 << 10, 0 },
	};
	uint64_t root = fx_stream(&fx, FX_SID, CD_ASID(1));
	uint64_t pte[4];
	unsigned int i, p;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int gone = 0;

		for (p = 0; p < 4; p++)
			pte[p] = fx_map(&fx, root, 0x10000 + p * 0x1000,
					(0x200000 + p * 0x1000) | PTE_RW, 3);
		fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
		for (p = 0; p < 4; p++)
			assert_true(can(0x10000 + p * 0x1000, R));
		for (p = 0; p < 4; p++)
			fx_put(&fx, pte[p], 0);
		fx_cmd(&fx, rows[i].dw0, rows[i].dw1);
		for (p = 0; p < 4; p++)
			gone |= can(0x10000 + p * 0x1000, R) ? 0 : 1u << p;
		assert_int_equal(gone, rows[i].gone);
	}
}

/* A write permission that was taken away stays until it is invalidated. */
static void test_walk_tlb_keeps_permission(void **state)
{
	uint64_t root = fx_stream(&fx, FX_SID, CD_ASID(1));
	uint64_t pte = fx_map(&fx, root, 0x1000, 0x200000 | PTE_RW | PTE_RO, 3);

	(void)state;
	assert_true(can(0x1000, R));
	fx_put(&fx, pte, 0x200000 | PTE_RW);
	assert_false(can(0x1000, W));
	fx_cmd(&fx, CMD_TLBI_NH_VA(1), 0x1000 | 1);
	assert_true(can(0x1000, W));
}

/* Attributes are those of MAIR and of the descriptor. */
static void test_walk_attributes(void **state)
{
	uint64_t root = fx_stream(&fx, FX_SID, 0);
	struct hw_xlat x;

	(void)state;
	fx_map(&fx, root, 0x1000, 0x200000 | PTE_RW | 3 << 8, 3);
	fx_map(&fx, root, 0x2000, 0x200000 | PTE_RW | 1 << 2 | 2 << 8, 3);
	assert_int_equal(fx_access(&fx, FX_SID, 0x1000, R, &x), 0);
	assert_int_equal(x.attr, 0x3ff);
	assert_int_equal(fx_access(&fx, FX_SID, 0x2000, R, &x), 0);
	assert_int_equal(x.attr, 0x244);
	assert_int_equal(fx_access(&fx, FX_SID, 0x2000, R, &x), 0);
	assert_int_equal(x.attr, 0x244);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_walk_permissions_matrix),
		T(test_walk_blocks_and_contiguous_sizes),
		T(test_walk_ranges_by_txsz),
		T(test_walk_contiguous_beyond_range_single),
		T(test_walk_disabled_half_faults),
		T(test_walk_affd_with_ha_caches_nothing_unaccessed),
		T(test_walk_access_flag_set_by_hardware),
		T(test_walk_dirty_state_set_by_hardware),
		T(test_walk_update_races_with_software),
		T(test_walk_tlb_global_and_asid),
		T(test_walk_tlbi_scope),
		T(test_walk_tlb_keeps_permission),
		T(test_walk_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
