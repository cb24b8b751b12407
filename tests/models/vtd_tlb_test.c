/* SPDX-License-Identifier: MIT */
/*
 * What each invalidation takes from a strict unit, and what it leaves: VT-d
 * 6.2 and 6.5.2, one row per descriptor.
 *
 * Every kind of entry there is gets filled, then what it was made from
 * changes, then the descriptor comes, and then each kind is used again: the
 * old output means that the entry is still there. [M1]
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/vtd_tables.h"

#define R ((unsigned int)IOMMU_PERM_READ)
#define W ((unsigned int)IOMMU_PERM_WRITE)

/* PASIDs of VT_SID, by what their entries say. */
enum {
	PASID_A = 1, /* first stage, domain 1 */
	PASID_B,     /* first stage, domain 1, other tables */
	PASID_C,     /* first stage, domain 2 */
	PASID_N,     /* nested, domain 3 */
	PASID_2,     /* second stage alone, domain 3, the same one */
	PASID_M,     /* nested, domain 4 */
	PASID_END,
};

/* Kinds of entries; a row says which are gone. */
enum {
	PAGE_A = 1 << 0,   /* 0x10000, a page */
	PAGE_B = 1 << 1,   /* the same address of another PASID */
	PAGE_C = 1 << 2,   /* of another domain */
	LARGE = 1 << 3,    /* 0x40000000, 2M */
	TABLE = 1 << 4,    /* 0x200000, a table of the first stage */
	HIGH = 1 << 5,     /* -0x10000 */
	BOTH = 1 << 6,     /* 0x10000, both stages */
	PART = 1 << 7,     /* 0x40005000, 4K of 2M of the first stage */
	GPA = 1 << 8,      /* 0x600000, as nested walks use it */
	ONLY2 = 1 << 9,    /* 0x500000, the second stage alone */
	LARGE2 = 1 << 10,  /* 0x40000000, 2M of it */
	TABLE2 = 1 << 11,  /* 0x800000, a table of it */
	BOTH_M = 1 << 12,  /* 0x10000, of another domain */
	TABLE_N = 1 << 13, /* 0x200000, a table of a nested first stage */
	KINDS = 14,
	PASID1 = PAGE_A | LARGE | TABLE | HIGH,
	DOMAIN1 = PASID1 | PAGE_B,
	NESTED3 = BOTH | PART | TABLE_N,
	SECOND3 = GPA | ONLY2 | LARGE2 | TABLE2,
	/* Without the tables, which GPA is found again by. */
	IOTLB3 = GPA | ONLY2 | LARGE2,
	ALL = (1 << KINDS) - 1,
};

static const struct {
	uint32_t pasid;
	uint64_t fill, probe;
} kinds[KINDS] = {
	{ PASID_A, 0x10000, 0x10000 },
	{ PASID_B, 0x10000, 0x10000 },
	{ PASID_C, 0x10000, 0x10000 },
	{ PASID_A, 0x40000000, 0x40100000 },
	{ PASID_A, 0x200000, 0x201000 },
	{ PASID_A, UINT64_MAX - 0xffff, UINT64_MAX - 0xffff },
	{ PASID_N, 0x10000, 0x10000 },
	{ PASID_N, 0x40005000, 0x40005000 },
	{ PASID_N, 0x12000, 0x13000 },
	{ PASID_2, 0x500000, 0x500000 },
	{ PASID_2, 0x40000000, 0x40100000 },
	{ PASID_2, 0x800000, 0x801000 },
	{ PASID_M, 0x10000, 0x10000 },
	{ PASID_N, 0x200000, 0x201000 },
};

enum { OLD = 0x10000000, NEW = 0x20000000, TABLES2 = 0x700000 };

static struct vx fx;
static uint64_t root[PASID_END], second3, second4;

static unsigned int did_of(uint32_t pasid)
{
	return pasid <= PASID_B ? 1 :
	       pasid == PASID_C ? 2 :
	       pasid == PASID_M ? 4 :
				  3;
}

static void map1(uint32_t pasid, uint64_t va, uint64_t pa, unsigned int level)
{
	vt_map(&fx, root[pasid], 4, va, pa | FS_PAGE | (level > 1 ? FS_PS : 0),
	       level, FS_TABLE);
}

static void map2(uint64_t tree, uint64_t gpa, uint64_t pa, unsigned int level)
{
	vt_map(&fx, tree, 4, gpa, pa | SS_RW | (level > 1 ? SS_PS : 0), level,
	       SS_RW);
}

/* The first megabytes, where tables are, as they are; and pages. */
static void identity(uint64_t tree)
{
	uint64_t gpa;

	for (gpa = 0; gpa < 0x400000; gpa += 0x1000)
		map2(tree, gpa, gpa, 1);
	map2(tree, 0x610000, OLD | 0x610000, 1);
	map2(tree, 0x620000, OLD | 0x620000, 1);
	map2(tree, 0x630000, NEW | 0x630000, 1);
	map2(tree, 0x640000, OLD | 0x640000, 1);
	map2(tree, 0x650000, NEW | 0x650000, 1);
	map2(tree, 0x2005000, OLD | 0x2005000, 1);
	map2(tree, 0x2205000, NEW | 0x2205000, 1);
}

static void sources(void)
{
	uint32_t p;

	vt_start(&fx, NULL, VT_SCALABLE);
	vt_sm_context(&fx, VT_SID, VT_P | SM_PASIDE | SM_PDTS(0), 0);
	for (p = 1; p < PASID_END; p++)
		root[p] = vt_table(&fx);
	second3 = vt_table(&fx);
	second4 = vt_table(&fx);
	for (p = 1; p < PASID_END; p++) {
		uint64_t tree = p == PASID_M ? second4 : second3;
		uint64_t type = p <= PASID_C ? PE_FS : PE_NESTED;

		if (p == PASID_2)
			type = PE_SS;
		vt_pasid(&fx, VT_SID, p, VT_P | type | PE_AW(2) | tree,
			 did_of(p) | PE1_PWSNP, root[p]);
	}
	identity(second3);
	identity(second4);
}

/* What each kind is translated by; off is OLD or NEW. */
static void map_all(uint64_t off)
{
	uint32_t p;

	for (p = PASID_A; p <= PASID_C; p++)
		map1(p, 0x10000, off | p << 16, 1);
	map1(PASID_A, 0x40000000, off | 0x4000000, 2);
	map1(PASID_A, UINT64_MAX - 0xffff, off | 0x70000, 1);
	/*
	 * Nested ones change in the first stage, to another page of a second
	 * stage that stays; all but GPA, which is about the second.
	 */
	map1(PASID_N, 0x10000, off == OLD ? 0x640000 : 0x650000, 1);
	map1(PASID_M, 0x10000, off == OLD ? 0x640000 : 0x650000, 1);
	map1(PASID_N, 0x40000000, off == OLD ? 0x2000000 : 0x2200000, 2);
	map1(PASID_N, 0x12000, 0x610000, 1);
	map1(PASID_N, 0x13000, 0x600000, 1);
	map2(second3, 0x600000, off | 0x600000, 1);
	map2(second3, 0x500000, off | 0x500000, 1);
	map2(second3, 0x40000000, off | 0x8000000, 2);
}

/* Tables that stay where they are while another takes their place. */
static uint64_t table_entry(uint64_t tree, uint64_t va)
{
	uint64_t at = tree;
	unsigned int level;

	for (level = 4; level > 2; level--)
		at = vx_get(&fx,
			    at + (va >> (12 + 9 * (level - 1)) & 511) * 8) &
		     UINT64_C(0xffffffffff000);
	return at + (va >> 21 & 511) * 8;
}

static void map_tables(uint64_t off)
{
	static const struct {
		uint32_t pasid;
		uint64_t va;
	} tables[] = { { PASID_A, 0x200000 },
		       { PASID_N, 0x200000 },
		       { PASID_2, 0x800000 } };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		bool ss = tables[i].pasid == PASID_2;
		uint64_t bits = ss ? SS_RW : FS_PAGE, va = tables[i].va;
		uint64_t tree = ss ? second3 : root[tables[i].pasid];
		uint64_t table = vt_table(&fx), pa = off | 0xa00000;

		/* What is behind the second stage is where it always is. */
		if (tables[i].pasid == PASID_N)
			pa = off == OLD ? 0x620000 : 0x630000;
		vt_map(&fx, tree, 4, va, 0, 1, ss ? SS_RW : FS_TABLE);
		vx_put(&fx, table, pa | bits);
		vx_put(&fx, table + 8, pa | bits);
		vx_put(&fx, table_entry(tree, va), table | bits);
	}
}

static void fill(void)
{
	unsigned int k;

	for (k = 0; k < KINDS; k++)
		vt_pa(&fx, VT_SID, kinds[k].pasid, kinds[k].fill, R);
	/* GPA: as a translation of the second stage. */
	vt_pa(&fx, VT_SID, PASID_2, 0x600000, R);
}

/* Which kinds are translated anew. */
static unsigned int gone(void)
{
	unsigned int k, is_gone = 0;

	for (k = 0; k < KINDS; k++) {
		uint64_t pa =
			vt_pa(&fx, VT_SID, kinds[k].pasid, kinds[k].probe, R);

		assert_true((pa & OLD) || (pa & NEW));
		if (pa & NEW)
			is_gone |= 1u << k;
	}
	return is_gone;
}

static const struct {
	const char *name;
	uint64_t dw0, dw1;
	unsigned int takes;
} rows[] = {
#define IOTLB(g, did) (2 | (g) << 4 | (uint64_t)(did) << 16)
#define PIOTLB(g, did, pasid)                                                  \
	(6 | (g) << 4 | (uint64_t)(did) << 16 | (uint64_t)(pasid) << 32)
#define IH (1 << 6)
	{ "nothing", 0x45, 0, 0 }, /* a wait: a fence */
	{ "global", IOTLB(1, 0), 0, ALL },
	{ "domain 1", IOTLB(2, 1), 0, DOMAIN1 },
	{ "domain 2", IOTLB(2, 2), 0, PAGE_C },
	{ "domain 3", IOTLB(2, 3), 0, NESTED3 | SECOND3 },
	{ "domain 4", IOTLB(2, 4), 0, BOTH_M },
	{ "domain 5", IOTLB(2, 5), 0, 0 },
	/*
	 * Table 23, pages of a domain: its second stage, and all that is of a
	 * first stage or nested, whatever IH says.
	 */
	{ "page, domain 1", IOTLB(3, 1), 0x10000, DOMAIN1 },
	{ "page, domain 2, leaf", IOTLB(3, 2), 0x999000 | IH, PAGE_C },
	{ "page, domain 3", IOTLB(3, 3), 0x500000, NESTED3 | ONLY2 },
	{ "page, other", IOTLB(3, 3), 0x501000, NESTED3 },
	{ "page, leaf", IOTLB(3, 3), 0x500000 | IH, NESTED3 | ONLY2 },
	{ "page, gpa", IOTLB(3, 3), 0x600000 | IH, NESTED3 | GPA },
	{ "page, in 2M", IOTLB(3, 3), 0x40017000 | IH, NESTED3 | LARGE2 },
	{ "page, table", IOTLB(3, 3), 0x9ff000, NESTED3 | TABLE2 },
	{ "page, table, leaf", IOTLB(3, 3), 0x9ff000 | IH, NESTED3 },
	{ "pages", IOTLB(3, 3), 0x400000 | 9, NESTED3 | ONLY2 },
	{ "pages, unaligned", IOTLB(3, 3), 0x500000 | 9, NESTED3 | ONLY2 },
	{ "pages, a gigabyte", IOTLB(3, 3), 18, NESTED3 | (SECOND3 & ~LARGE2) },
	/*
	 * Table 24, a PASID of a domain: all its translations, and here those
	 * of the domain's second stage; not the second stage's tables.
	 */
	{ "pasid A", PIOTLB(2, 1, PASID_A), 0, PASID1 },
	{ "pasid B", PIOTLB(2, 1, PASID_B), 0, PAGE_B },
	{ "pasid A, domain 2", PIOTLB(2, 2, PASID_A), 0, 0 },
	{ "pasid C", PIOTLB(2, 2, PASID_C), 0, PAGE_C },
	{ "pasid N", PIOTLB(2, 3, PASID_N), 0, NESTED3 | IOTLB3 },
	{ "pasid 2", PIOTLB(2, 3, PASID_2), 0, IOTLB3 },
	{ "pasid 2, page", PIOTLB(3, 3, PASID_2), 0x500000, 0 },
	{ "pasid A, page", PIOTLB(3, 1, PASID_A), 0x10000, PAGE_A },
	{ "pasid A, page other", PIOTLB(3, 1, PASID_A), 0x11000, 0 },
	{ "pasid A, page in 2M", PIOTLB(3, 1, PASID_A), 0x4001f000, LARGE },
	{ "pasid A, page of table", PIOTLB(3, 1, PASID_A), 0x300000, TABLE },
	{ "pasid A, table, leaf", PIOTLB(3, 1, PASID_A), 0x300000 | IH, 0 },
	{ "pasid A, high", PIOTLB(3, 1, PASID_A), UINT64_MAX - 0xffff, HIGH },
	{ "pasid A, pages", PIOTLB(3, 1, PASID_A), 9, PAGE_A },
	{ "pasid A, a gigabyte", PIOTLB(3, 1, PASID_A), 18, PAGE_A | TABLE },
	{ "pasid N, page", PIOTLB(3, 3, PASID_N), 0x10000, BOTH },
	/* The entry is smaller than its first stage's page, and goes with it. */
	{ "pasid N, fractured", PIOTLB(3, 3, PASID_N), 0x40100000, PART },
	{ "pasid N, table", PIOTLB(3, 3, PASID_N), 0x3ff000, TABLE_N },
	{ "pasid M, page", PIOTLB(3, 4, PASID_M), 0x10000, BOTH_M },
	/* Neither the context cache nor the PASID cache has translations. */
	{ "contexts", 0x11, 0, 0 },
	{ "contexts of a device", 0x31 | (uint64_t)VT_SID << 32, 0, 0 },
	{ "pasid cache", 0x37, 0, 0 },
	{ "pasid cache, domain", 0x07 | 1 << 16, 0, 0 },
};

static void test_vtd_tlb_each_invalidation_takes(void **state)
{
	unsigned int i, now;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sources();
		map_all(OLD);
		map_tables(OLD);
		fill();
		map_all(NEW);
		map_tables(NEW);
		if (i) {
			vt_inv(&fx, rows[i].dw0, rows[i].dw1);
		} else {
			assert_int_equal(gone(), 0);
		}
		now = gone();
		if (now != rows[i].takes)
			print_error("%s: %#x, not %#x\n", rows[i].name, now,
				    rows[i].takes);
		assert_int_equal(now, rows[i].takes);
		vx_fini(&fx);
	}
}

/* Legacy mode: translations belong to the domain. */
static void test_vtd_tlb_legacy_domain_and_page(void **state)
{
	(void)state;
	vt_start(&fx, NULL, VT_LEGACY);
	root[0] = vt_table(&fx);
	vt_context(&fx, VT_SID, VT_P | root[0], CE1_AW(2) | CE1_DID(9));
	vt_map(&fx, root[0], 4, 0x10000, OLD | SS_RW, 1, SS_RW);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, 0x10000, W), OLD);
	vt_map(&fx, root[0], 4, 0x10000, NEW | SS_RW, 1, SS_RW);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, 0x10000, W), OLD);
	vt_inv_iotlb(&fx, IOTLB_DOMAIN, 8, 0, 0, false);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, 0x10000, W), OLD);
	vt_inv_iotlb(&fx, IOTLB_PAGE, 9, 0x10000, 0, true);
	assert_int_equal(vt_pa(&fx, VT_SID, 0, 0x10000, W), NEW);
	vx_fini(&fx);
}

/*
 * Context and PASID cache: sources and PASIDs that have an entry each, and
 * which of them are read again.
 */
enum {
	DEVS = 9,
	DEV_PASIDS = 3,
};

static const uint16_t devs[DEVS] = { 0x0120, 0x0121, 0x0122, 0x0123, 0x0124,
				     0x0127, 0x0128, 0x01a0, 0x0220 };

/* The context of each device is not there any more: who still has it? */
static unsigned int contexts_left(void)
{
	unsigned int i, left = 0;
	uint64_t rec[2];
	struct hw_xlat x;

	for (i = 0; i < DEVS; i++) {
		if (!vt_access(&fx, devs[i], 0, 0x10000, R, &x))
			left |= 1u << i;
		else
			assert_true(vx_fault(&fx, rec));
	}
	return left;
}

static void test_vtd_tlb_context_cache_legacy(void **state)
{
	static const struct {
		unsigned int g, did, sid, fm, left;
	} inv[] = {
		{ CC_GLOBAL, 0, 0, 0, 0 },
		/* Domains are 1 for even devices of the list, 2 for odd. */
		{ CC_DOMAIN, 1, 0, 0, 0x0aa },
		{ CC_DOMAIN, 2, 0, 0, 0x155 },
		{ CC_DOMAIN, 3, 0, 0, 0x1ff },
		{ CC_DEVICE, 1, 0x0120, 0, 0x1fe },
		/* The domain has to be that of the device: 10.4.7. */
		{ CC_DEVICE, 2, 0x0120, 0, 0x1ff },
		{ CC_DEVICE, 1, 0x0120, 1, 0x1ee },
		{ CC_DEVICE, 1, 0x0122, 2, 0x1ea },
		{ CC_DEVICE, 2, 0x0120, 3, 0x1d5 },
		{ CC_DEVICE, 1, 0x0120, 3, 0x1ea },
	};
	unsigned int i, d;

	(void)state;
	for (i = 0; i < sizeof(inv) / sizeof(inv[0]); i++) {
		vt_start(&fx, NULL, VT_LEGACY);
		root[0] = vt_table(&fx);
		vt_map(&fx, root[0], 4, 0x10000, OLD | SS_RW, 1, SS_RW);
		for (d = 0; d < DEVS; d++)
			vt_context(&fx, devs[d], VT_P | root[0],
				   CE1_AW(2) | CE1_DID(d % 2 + 1));
		assert_int_equal(contexts_left(), 0x1ff);
		for (d = 0; d < DEVS; d++)
			vt_context(&fx, devs[d], 0, 0);
		assert_int_equal(contexts_left(), 0x1ff);
		vt_inv_context(&fx, inv[i].g, inv[i].did, inv[i].sid,
			       inv[i].fm);
		if (contexts_left() != inv[i].left)
			print_error("row %u: %#x\n", i, contexts_left());
		assert_int_equal(contexts_left(), inv[i].left);
		vx_fini(&fx);
	}
}

/* Contexts of scalable mode have no domain. */
static void test_vtd_tlb_context_cache_scalable(void **state)
{
	static const struct {
		unsigned int g, did, sid, fm, left;
	} inv[] = {
		{ CC_GLOBAL, 0, 0, 0, 0 },
		{ CC_DOMAIN, 5, 0, 0, 0 },
		{ CC_DEVICE, 0, 0x0120, 0, 0x1fe },
		{ CC_DEVICE, 0, 0x01a0, 0, 0x17f },
		{ CC_DEVICE, 0, 0x0120, 3, 0x1c0 },
		{ CC_DEVICE, 0, 0x0130, 0, 0x1ff },
	};
	unsigned int i, d;

	(void)state;
	for (i = 0; i < sizeof(inv) / sizeof(inv[0]); i++) {
		vt_start(&fx, NULL, VT_SCALABLE);
		root[0] = vt_table(&fx);
		vt_map(&fx, root[0], 4, 0x10000, OLD | FS_PAGE, 1, FS_TABLE);
		for (d = 0; d < DEVS; d++) {
			vt_sm_context(&fx, devs[d], VT_P, 0);
			vt_pasid(&fx, devs[d], 0, VT_P | PE_FS,
				 (d % 2 + 1) | PE1_PWSNP, root[0]);
		}
		assert_int_equal(contexts_left(), 0x1ff);
		for (d = 0; d < DEVS; d++)
			vx_put(&fx, vt_sm_context_at(&fx, devs[d]), 0);
		assert_int_equal(contexts_left(), 0x1ff);
		vt_inv_context(&fx, inv[i].g, inv[i].did, inv[i].sid,
			       inv[i].fm);
		assert_int_equal(contexts_left(), inv[i].left);
		vx_fini(&fx);
	}
}

/* Entries of two devices and three PASIDs, the first for requests without. */
static unsigned int pasids_left(void)
{
	unsigned int i, p, left = 0;
	uint64_t rec[2];
	struct hw_xlat x;

	for (i = 0; i < 2; i++)
		for (p = 0; p < DEV_PASIDS; p++) {
			if (!vt_access(&fx, devs[i], p, 0x10000, R, &x))
				left |= 1u << (i * DEV_PASIDS + p);
			else
				assert_true(vx_fault(&fx, rec));
		}
	return left;
}

static void test_vtd_tlb_pasid_cache(void **state)
{
	static const struct {
		uint64_t dw0;
		unsigned int left;
	} inv[] = {
		{ 0x45, 0x3f },
		{ 0x37, 0 }, /* global */
		/* A domain: the first device's is 1, the other's 2. */
		{ 0x07 | 1 << 16, 0x38 },
		{ 0x07 | 2 << 16, 0x07 },
		{ 0x07 | 3 << 16, 0x3f },
		/* A PASID of it, PASID 0 being that of requests without. */
		{ 0x17 | 1 << 16 | UINT64_C(2) << 32, 0x3b },
		{ 0x17 | 2 << 16, 0x37 },
		{ 0x17 | 2 << 16 | UINT64_C(1) << 32, 0x2f },
		/* Translations are not what it keeps, nor contexts. */
		{ 0x12, 0x3f },
		{ 0x11, 0x3f },
		{ 0x26 | 1 << 16 | UINT64_C(2) << 32, 0x3f },
	};
	unsigned int i, d, p;

	(void)state;
	for (i = 0; i < sizeof(inv) / sizeof(inv[0]); i++) {
		vt_start(&fx, NULL, VT_SCALABLE);
		root[0] = vt_table(&fx);
		vt_map(&fx, root[0], 4, 0x10000, OLD | FS_PAGE, 1, FS_TABLE);
		for (d = 0; d < 2; d++) {
			vt_sm_context(&fx, devs[d], VT_P | SM_PASIDE, 0);
			for (p = 0; p < DEV_PASIDS; p++)
				vt_pasid(&fx, devs[d], p, VT_P | PE_FS,
					 (d + 1) | PE1_PWSNP, root[0]);
		}
		assert_int_equal(pasids_left(), 0x3f);
		for (d = 0; d < 2; d++)
			for (p = 0; p < DEV_PASIDS; p++)
				vx_put(&fx, vt_pasid_at(&fx, devs[d], p), 0);
		assert_int_equal(pasids_left(), 0x3f);
		vt_inv(&fx, inv[i].dw0, 0);
		if (pasids_left() != inv[i].left)
			print_error("row %u: %#x\n", i, pasids_left());
		assert_int_equal(pasids_left(), inv[i].left);
		vx_fini(&fx);
	}
}

/*
 * A PASID that changes hands: with the PASID cache left alone the device goes
 * on in the old process's memory, whatever else is invalidated. Linux clears
 * P, then the PASID cache, then the IOTLB. [M2]
 */
static void
test_vtd_tlb_pasid_entry_changed_without_its_invalidation(void **state)
{
	uint64_t other;

	(void)state;
	vt_start(&fx, NULL, VT_SCALABLE);
	root[0] = vt_first(&fx, 0);
	vt_map(&fx, root[0], 4, 0x10000, OLD | FS_PAGE, 1, FS_TABLE);
	vt_pa(&fx, VT_SID, VT_PASID, 0x10000, R);
	other = vt_table(&fx);
	vt_map(&fx, other, 4, 0x10000, NEW | FS_PAGE, 1, FS_TABLE);
	vt_pasid(&fx, VT_SID, VT_PASID, VT_P | PE_FS, VT_DID | PE1_PWSNP,
		 other);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0x10000, R), OLD);
	vt_inv_piotlb(&fx, PIOTLB_PASID, VT_DID, VT_PASID, 0, 0, false);
	vt_inv_iotlb(&fx, IOTLB_GLOBAL, 0, 0, 0, false);
	vt_inv_context(&fx, CC_GLOBAL, 0, 0, 0);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0x10000, R), OLD);
	/* And the IOTLB left alone is as bad. */
	vt_inv_pasid(&fx, PC_PASID, VT_DID, VT_PASID);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0x10000, R), OLD);
	vt_inv_piotlb(&fx, PIOTLB_PASID, VT_DID, VT_PASID, 0, 0, false);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0x10000, R), NEW);
	vx_fini(&fx);
}

/* eager forgets: all of the above is seen after a while without any. */
static void test_vtd_tlb_eager_forgets(void **state)
{
	struct vtd_hw_cfg cfg;
	unsigned int i;

	(void)state;
	vtd_hw_cfg_default(&cfg);
	cfg.personality = HW_EAGER;
	cfg.eager_period = 8;
	vt_start(&fx, &cfg, VT_SCALABLE);
	root[0] = vt_first(&fx, 0);
	vt_map(&fx, root[0], 4, 0x10000, OLD | FS_PAGE, 1, FS_TABLE);
	vt_pa(&fx, VT_SID, VT_PASID, 0x10000, R);
	vt_map(&fx, root[0], 4, 0x10000, NEW | FS_PAGE, 1, FS_TABLE);
	for (i = 0; i < 8; i++)
		if (vt_pa(&fx, VT_SID, VT_PASID, 0x10000, R) == NEW)
			break;
	assert_in_range(i, 1, 7);
	vx_put(&fx, vt_pasid_at(&fx, VT_SID, VT_PASID), 0);
	for (i = 0; i < 8; i++) {
		uint64_t rec[2];
		struct hw_xlat x;

		if (vt_access(&fx, VT_SID, VT_PASID, 0x10000, R, &x)) {
			assert_true(vx_fault(&fx, rec));
			break;
		}
	}
	assert_in_range(i, 1, 7);
	vx_fini(&fx);
}

/*
 * More PASIDs and more devices than have room: each is served as its entry
 * says, and an invalidation finds those that are left.
 */
static void test_vtd_tlb_config_evictions(void **state)
{
	uint64_t other, pa;
	uint32_t p;

	(void)state;
	vt_start(&fx, NULL, VT_SCALABLE);
	vt_sm_context(&fx, VT_SID, VT_P | SM_PASIDE | SM_PDTS(7), 0);
	root[0] = vt_table(&fx);
	other = vt_table(&fx);
	vt_map(&fx, root[0], 4, 0x10000, OLD | FS_PAGE, 1, FS_TABLE);
	vt_map(&fx, other, 4, 0x10000, NEW | FS_PAGE, 1, FS_TABLE);
	for (p = 1; p < 3000; p++) {
		vt_pasid(&fx, VT_SID, p, VT_P | PE_FS, (1 + p % 2) | PE1_PWSNP,
			 p % 3 ? root[0] : other);
		assert_int_equal(vt_pa(&fx, VT_SID, p, 0x10000, R),
				 p % 3 ? OLD : NEW);
	}
	for (p = 1; p < 3000; p++)
		vx_put(&fx, vt_pasid_at(&fx, VT_SID, p), 0);
	vt_inv_pasid(&fx, PC_DOMAIN, 1, 0);
	for (p = 2; p < 3000; p += 2) {
		struct hw_xlat x;
		uint64_t rec[2];

		assert_int_equal(vt_access(&fx, VT_SID, p, 0x10000, R, &x),
				 -EFAULT);
		assert_true(vx_fault(&fx, rec));
	}
	vx_fini(&fx);

	vt_start(&fx, NULL, VT_LEGACY);
	root[0] = vt_table(&fx);
	other = vt_table(&fx);
	vt_map(&fx, root[0], 4, 0x10000, OLD | SS_RW, 1, SS_RW);
	vt_map(&fx, other, 4, 0x10000, NEW | SS_RW, 1, SS_RW);
	for (p = 0; p < 1200; p++) {
		vt_context(&fx, p, VT_P | (p % 3 ? root[0] : other),
			   CE1_AW(2) | CE1_DID(1 + !(p % 3)));
		pa = vt_pa(&fx, p, 0, 0x10000, R);
		assert_int_equal(pa, p % 3 ? OLD : NEW);
	}
	for (p = 0; p < 1200; p++)
		vt_context(&fx, p, 0, 0);
	vt_inv_context(&fx, CC_DOMAIN, 2, 0, 0);
	for (p = 0; p < 1200; p += 3) {
		struct hw_xlat x;
		uint64_t rec[2];

		assert_int_equal(vt_access(&fx, p, 0, 0x10000, R, &x), -EFAULT);
		assert_true(vx_fault(&fx, rec));
	}
	vx_fini(&fx);
}

/* More than the cache holds: nothing is translated wrong, and it works on. */
static void test_vtd_tlb_evictions(void **state)
{
	struct vtd_hw_cfg cfg;
	uint64_t i, round;

	(void)state;
	vtd_hw_cfg_default(&cfg);
	cfg.iotlb_lg2 = 6;
	vt_start(&fx, &cfg, VT_SCALABLE);
	root[0] = vt_first(&fx, 0);
	for (i = 0; i < 512; i++)
		vt_map(&fx, root[0], 4, i << 12, OLD | i << 12 | FS_PAGE, 1,
		       FS_TABLE);
	for (round = 0; round < 3; round++)
		for (i = 0; i < 512; i++)
			assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, i << 12,
					       R),
					 OLD | i << 12);
	for (i = 0; i < 512; i++)
		vt_map(&fx, root[0], 4, i << 12, NEW | i << 12 | FS_PAGE, 1,
		       FS_TABLE);
	vt_inv_piotlb(&fx, PIOTLB_PAGE, VT_DID, VT_PASID, 0, 9, true);
	for (i = 0; i < 512; i++)
		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, i << 12, R),
				 NEW | i << 12);
	vx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_tlb_each_invalidation_takes),
		cmocka_unit_test(test_vtd_tlb_legacy_domain_and_page),
		cmocka_unit_test(test_vtd_tlb_context_cache_legacy),
		cmocka_unit_test(test_vtd_tlb_context_cache_scalable),
		cmocka_unit_test(test_vtd_tlb_pasid_cache),
		cmocka_unit_test(
			test_vtd_tlb_pasid_entry_changed_without_its_invalidation),
		cmocka_unit_test(test_vtd_tlb_eager_forgets),
		cmocka_unit_test(test_vtd_tlb_config_evictions),
		cmocka_unit_test(test_vtd_tlb_evictions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
