/* SPDX-License-Identifier: MIT */
/*
 * Walks of the first and of the second stage: VT-d 3.6, 3.7, 9.7, 9.8; each
 * reason with the entry that gives it, and the flags.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/vtd_tables.h"

#define R ((unsigned int)IOMMU_PERM_READ)
#define W ((unsigned int)IOMMU_PERM_WRITE)
#define X ((unsigned int)IOMMU_PERM_EXEC)
#define P ((unsigned int)IOMMU_PERM_PRIV)

enum { VA = 0x345000, FRAME = 0x800000, HAW = 46 };

static struct vx fx;

static struct vtd_hw_cfg cfg_with(uint64_t ecap_set, uint64_t ecap_clear)
{
	struct vtd_hw_cfg cfg;

	vtd_hw_cfg_default(&cfg);
	cfg.ecap = (cfg.ecap | ecap_set) & ~ecap_clear;
	cfg.haw = HAW;
	return cfg;
}

static uint64_t bit(unsigned int n)
{
	return UINT64_C(1) << n;
}

static void expect(uint64_t va, unsigned int perm, unsigned int reason)
{
	uint64_t rec[2];

	vt_expect(&fx, VT_SID, VT_PASID, va, perm, reason, rec);
	assert_int_equal(rec[0], VX_FI(va));
	/* PP, PASID, the source. */
	assert_int_equal(rec[1] >> 31 & 1, 1);
	assert_int_equal(rec[1] >> 40 & 0xfffff, VT_PASID);
	assert_int_equal(rec[1] & 0xffff, VT_SID);
	/* A write is 0, a read 2, both at once an AtomicOp, 3. */
	assert_int_equal(rec[1] >> 62 & 1, !!(perm & R));
	assert_int_equal(rec[1] >> 28 & 1, (perm & (R | W)) == (R | W));
}

/* An entry for the time of one access; it has not been kept. */
static void with(uint64_t pa, uint64_t value, uint64_t va, unsigned int perm,
		 unsigned int reason)
{
	uint64_t old = vx_get(&fx, pa);

	vt_forget(&fx);
	vx_put(&fx, pa, value);
	expect(va, perm, reason);
	vx_put(&fx, pa, old);
	vt_pa(&fx, VT_SID, VT_PASID, va, R);
}

static void without(uint64_t pa, uint64_t va, unsigned int reason)
{
	vt_forget(&fx);
	fx.abort_first = pa;
	fx.abort_last = pa + 7;
	expect(va, R, reason);
	fx.abort_first = fx.abort_last = 0;
	vt_pa(&fx, VT_SID, VT_PASID, va, R);
}

/* The entries on the way to an address, from the top. */
struct path {
	unsigned int levels;
	uint64_t at[6]; /* by level */
};

static struct path path(uint64_t root, unsigned int levels, uint64_t va,
			unsigned int last)
{
	struct path p = { .levels = levels };
	uint64_t table = root;
	unsigned int l;

	for (l = levels; l >= last; l--) {
		p.at[l] = table + (va >> (12 + 9 * (l - 1)) & 511) * 8;
		table = vx_get(&fx, p.at[l]) & UINT64_C(0xffffffffff000);
	}
	return p;
}

static struct path first(const struct vtd_hw_cfg *cfg, uint64_t dw2)
{
	unsigned int levels = dw2 & PE2_5LEVEL ? 5 : 4;
	uint64_t root;

	vt_start(&fx, cfg, VT_SCALABLE);
	root = vt_first(&fx, dw2);
	vt_map(&fx, root, levels, VA, FRAME | FS_PAGE, 1, FS_TABLE);
	vt_map(&fx, root, levels, 0x40200000, 0xa00000 | FS_PAGE | FS_PS, 2,
	       FS_TABLE);
	vt_map(&fx, root, levels, 0x80000000, 0x40000000 | FS_PAGE | FS_PS, 3,
	       FS_TABLE);
	return path(root, levels, VA, 1);
}

static void test_vtd_walk_first_each_reason(void **state)
{
	const struct vtd_hw_cfg cfg = cfg_with(0, VT_ECAP_ERS);
	unsigned int n, l, b;

	(void)state;
	for (n = 4; n <= 5; n++) {
		struct path p = first(&cfg, n == 5 ? PE2_5LEVEL : 0);

		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA + 8, R),
				 FRAME + 8);
		for (l = 1; l <= n; l++) {
			uint64_t e = vx_get(&fx, p.at[l]);

			without(p.at[l], VA, l == n ? 0x73 : 0x70);
			with(p.at[l], e & ~FS_P, VA, R, 0x71);
			with(p.at[l], 0, VA, W, 0x71);
			for (b = HAW; b < 52; b++)
				with(p.at[l], e | bit(b), VA, R, 0x72);
			if (l >= 4)
				with(p.at[l], e | FS_PS, VA, R, 0x72);
			/* Not ignored, but what a present one may have. */
			for (b = 52; b < 63; b++) {
				vx_put(&fx, p.at[l], e | bit(b));
				vt_forget(&fx);
				vt_pa(&fx, VT_SID, VT_PASID, VA, R);
			}
			vx_put(&fx, p.at[l],
			       e | bit(8) | bit(9) | bit(11) | bit(3) | bit(4));
			vt_forget(&fx);
			vt_pa(&fx, VT_SID, VT_PASID, VA, R);
			vx_put(&fx, p.at[l], e);
		}
		vx_fini(&fx);
	}
}

static void test_vtd_walk_first_canonical(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 4; n <= 5; n++) {
		uint64_t top = bit(n == 5 ? 56 : 47), high = ~(top - 1), root;

		vt_start(&fx, NULL, VT_SCALABLE);
		root = vt_first(&fx, n == 5 ? PE2_5LEVEL : 0);
		vt_map(&fx, root, n, top - 4096, FRAME | FS_PAGE, 1, FS_TABLE);
		vt_map(&fx, root, n, high, 0x900000 | FS_PAGE, 1, FS_TABLE);
		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, top - 4096, R),
				 FRAME);
		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, high, R),
				 0x900000);
		expect(top, R, 0x80);
		expect(high - 4096, W, 0x80);
		expect((top - 4096) | bit(63), R, 0x80);
		expect(high & ~bit(63), R, 0x80);
		vx_fini(&fx);
	}
}

static void test_vtd_walk_first_large_pages(void **state)
{
	struct vtd_hw_cfg cfg = cfg_with(0, 0);
	struct path p;
	unsigned int b;

	(void)state;
	first(&cfg, 0);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0x40234567, R), 0xa34567);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0x8abcdef0, W),
			 0x4abcdef0);
	p = path(vx_get(&fx, vt_pasid_at(&fx, VT_SID, VT_PASID) + 16) &
			 ~UINT64_C(0xfff),
		 4, 0x40200000, 2);
	for (b = 13; b < 21; b++)
		with(p.at[2], vx_get(&fx, p.at[2]) | bit(b), 0x40234567, R,
		     0x72);
	/* PAT */
	vt_forget(&fx);
	vx_put(&fx, p.at[2], vx_get(&fx, p.at[2]) | bit(12));
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0x40234567, R), 0xa34567);
	p = path(vx_get(&fx, vt_pasid_at(&fx, VT_SID, VT_PASID) + 16) &
			 ~UINT64_C(0xfff),
		 4, 0x80000000, 3);
	for (b = 13; b < 30; b++)
		with(p.at[3], vx_get(&fx, p.at[3]) | bit(b), 0x80000000, R,
		     0x72);
	vx_fini(&fx);
	cfg.cap &= ~VT_CAP_FS1GP;
	first(&cfg, 0);
	expect(0x80000000, R, 0x72);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0x40234567, R), 0xa34567);
	vx_fini(&fx);
}

/*
 * What entries allow together: U/S, R/W and XD of one level, each kind of
 * request, under WPE and SMEP. The reason, or 0, worked out from 3.6.1.
 */
static unsigned int allowed(unsigned int entry, unsigned int perm, bool wpe,
			    bool smep)
{
	bool us = entry & 4, rw = entry & 2, xd = entry & 8;
	bool priv = perm & P;

	if (!priv && !us)
		return 0x81;
	if (perm & W && !rw && (!priv || wpe))
		return 0x85;
	if (perm & X && (xd || (priv && us && smep)))
		return 0x82;
	return 0;
}

static void test_vtd_walk_first_permissions(void **state)
{
	static const unsigned int perms[] = {
		R, W, R | W, R | X, R | P, W | P, R | W | P, R | X | P
	};
	const struct vtd_hw_cfg cfg = cfg_with(VT_ECAP_ERS, 0);
	unsigned int mode, l, e, i, reason;

	(void)state;
	for (mode = 0; mode < 4; mode++) {
		struct path p = first(&cfg, PE2_NXE | PE2_SRE | PE2_ERE |
						    (mode & 1 ? PE2_WPE : 0) |
						    (mode & 2 ? PE2_SMEP : 0));

		for (l = 1; l <= 4; l++) {
			uint64_t old = vx_get(&fx, p.at[l]);

			for (e = 0; e < 16; e += 2) {
				vx_put(&fx, p.at[l],
				       (old & ~UINT64_C(6)) | (e & 6) |
					       (e & 8 ? FS_XD : 0));
				for (i = 0; i < 8; i++) {
					reason = allowed(e, perms[i], mode & 1,
							 mode & 2);
					vt_forget(&fx);
					if (reason)
						expect(VA, perms[i], reason);
					else
						vt_pa(&fx, VT_SID, VT_PASID, VA,
						      perms[i]);
				}
			}
			vx_put(&fx, p.at[l], old);
		}
		vx_fini(&fx);
	}
}

/* A translation that was cached for one request refuses another alike. */
static void test_vtd_walk_first_permissions_from_iotlb(void **state)
{
	const struct vtd_hw_cfg cfg = cfg_with(VT_ECAP_ERS, 0);
	struct path p = first(&cfg, PE2_NXE | PE2_SRE | PE2_ERE | PE2_WPE);
	uint64_t hits;

	(void)state;
	vx_put(&fx, p.at[1], FRAME | FS_P | FS_US | FS_XD);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	/* Software that raised it without saying so is told the old one. */
	vx_put(&fx, p.at[1], FRAME | FS_PAGE);
	hits = vx_stats(&fx).tlb_hits;
	expect(VA, W, 0x85);
	expect(VA, W | P, 0x85);
	expect(VA, R | X, 0x82);
	assert_int_equal(vx_stats(&fx).tlb_hits, hits + 3);
	vt_forget(&fx);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	/* For supervisors only. */
	vx_put(&fx, p.at[1], FRAME | FS_P | FS_RW);
	vt_forget(&fx);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W | P);
	expect(VA, R, 0x81);
	vx_fini(&fx);
}

/* XD is reserved while NXE is 0, if there are execute requests at all. */
static void test_vtd_walk_first_xd(void **state)
{
	const struct vtd_hw_cfg ers = cfg_with(VT_ECAP_ERS, 0);
	const struct vtd_hw_cfg none = cfg_with(0, VT_ECAP_ERS);
	struct path p = first(&ers, 0);
	unsigned int l;

	(void)state;
	for (l = 1; l <= 4; l++)
		with(p.at[l], vx_get(&fx, p.at[l]) | FS_XD, VA, R, 0x72);
	vx_fini(&fx);
	p = first(&none, 0);
	for (l = 1; l <= 4; l++)
		vx_put(&fx, p.at[l], vx_get(&fx, p.at[l]) | FS_XD);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	vx_fini(&fx);
}

static void check_flags(const struct path *p, uint64_t tables, uint64_t leaf)
{
	const uint64_t all = FS_A | FS_D | FS_EA;
	unsigned int l;

	for (l = p->levels; l > 1; l--)
		assert_int_equal(vx_get(&fx, p->at[l]) & all, tables);
	assert_int_equal(vx_get(&fx, p->at[1]) & all, leaf);
}

/* Also: D is set when a write hits what a read has brought in. [K17] */
static void test_vtd_walk_first_flags(void **state)
{
	struct path p = first(NULL, 0);
	struct iommu_hw_stats before;

	(void)state;
	check_flags(&p, 0, 0);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	check_flags(&p, FS_A, FS_A);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	check_flags(&p, FS_A, FS_A | FS_D);
	/* Then it is dirty, and writes need no walk. */
	before = vx_stats(&fx);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	assert_int_equal(vx_stats(&fx).walks, before.walks);
	assert_int_equal(vx_stats(&fx).tlb_hits, before.tlb_hits + 1);
	/* Cleared without an invalidation: not seen. */
	vx_put(&fx, p.at[1], FRAME | FS_PAGE);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	check_flags(&p, FS_A, 0);
	vt_forget(&fx);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	check_flags(&p, FS_A, FS_A | FS_D);
	vx_fini(&fx);

	p = first(NULL, PE2_EAFE);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	check_flags(&p, FS_A | FS_EA, FS_A | FS_EA | FS_D);
	vx_fini(&fx);

	/* A refused access leaves the page's flags alone. */
	p = first(NULL, 0);
	vx_put(&fx, p.at[1], FRAME | FS_P | FS_US);
	expect(VA, W, 0x85);
	check_flags(&p, FS_A, 0);
	vx_fini(&fx);
}

/* Without snooped walks no flag can be set: 90h, unless they all are. */
static void test_vtd_walk_first_flags_need_snoop(void **state)
{
	struct path p = first(NULL, 0);
	unsigned int l;
	uint64_t pe = vt_pasid_at(&fx, VT_SID, VT_PASID);

	(void)state;
	vx_put(&fx, pe + 8, VT_DID);
	expect(VA, R, 0x90);
	for (l = 4; l > 1; l--) {
		vx_put(&fx, p.at[l], vx_get(&fx, p.at[l]) | FS_A);
		expect(VA, R, 0x90);
	}
	vx_put(&fx, p.at[1], FRAME | FS_PAGE | FS_A);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	expect(VA, W, 0x90);
	vx_put(&fx, p.at[1], FRAME | FS_PAGE | FS_A | FS_D);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	check_flags(&p, FS_A, FS_A | FS_D);
	vx_fini(&fx);
}

/* Somebody else writes the entry in the middle of an update. */
static uint64_t race_at, race_value;
static unsigned int race_count;

static void race_once(struct vx *vx, uint64_t pa)
{
	if (pa == race_at && race_count) {
		race_count--;
		vx_put(vx, pa, race_value + race_count * 0x200u);
	}
}

static void abort_cas(struct vx *vx, uint64_t pa)
{
	vx->abort_first = pa;
	vx->abort_last = pa + 7;
}

static void test_vtd_walk_first_flags_race(void **state)
{
	struct path p = first(NULL, 0);

	(void)state;
	fx.on_cas = race_once;
	race_at = p.at[1];
	race_value = 0x900000 | FS_PAGE;
	race_count = 1;
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, W), 0x900000);
	assert_int_equal(vx_get(&fx, p.at[1]),
			 0x900000 | FS_PAGE | FS_A | FS_D);
	/* It went away: nothing is written over that. */
	vt_forget(&fx);
	vx_put(&fx, p.at[1], FRAME | FS_PAGE);
	race_value = 0x900000;
	race_count = 1;
	expect(VA, W, 0x71);
	assert_int_equal(vx_get(&fx, p.at[1]), 0x900000);
	/* It does not come to rest. */
	vx_put(&fx, p.at[1], FRAME | FS_PAGE);
	race_value = 0x900000 | FS_PAGE;
	race_count = 100000;
	expect(VA, W, 0x91);
	race_count = 0;
	vx_put(&fx, p.at[1], FRAME | FS_PAGE);
	fx.on_cas = abort_cas;
	expect(VA, W, 0x91);
	vx_fini(&fx);
}

static struct path second(const struct vtd_hw_cfg *cfg, unsigned int levels,
			  uint64_t dw0)
{
	uint64_t root;

	vt_start(&fx, cfg, VT_SCALABLE);
	root = vt_second(&fx, 0);
	vt_pasid(&fx, VT_SID, VT_PASID,
		 VT_P | PE_SS | PE_AW(levels - 2) | root | dw0,
		 VT_DID | PE1_PWSNP, 0);
	vt_map(&fx, root, levels, VA, FRAME | SS_RW, 1, SS_RW);
	vt_map(&fx, root, levels, 0x40200000, 0xa00000 | SS_RW | SS_PS, 2,
	       SS_RW);
	vt_map(&fx, root, levels, 0x80000000, 0x40000000 | SS_RW | SS_PS, 3,
	       SS_RW);
	return path(root, levels, VA, 1);
}

static void test_vtd_walk_second_each_reason(void **state)
{
	const struct vtd_hw_cfg cfg = cfg_with(0, 0);
	unsigned int n, l, b;

	(void)state;
	for (n = 3; n <= 5; n++) {
		struct path p = second(&cfg, n, 0);

		assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA + 8, W),
				 FRAME + 8);
		for (l = 1; l <= n; l++) {
			uint64_t e = vx_get(&fx, p.at[l]);

			without(p.at[l], VA, l == n ? 0x7b : 0x78);
			with(p.at[l], e & ~SS_RW, VA, R, 0x79);
			/* Not present: its other bits say nothing. */
			with(p.at[l], ~SS_RW, VA, W, 0x79);
			with(p.at[l], e & ~SS_W, VA, W, 0x85);
			for (b = HAW; b < 52; b++)
				with(p.at[l], e | bit(b), VA, R, 0x7a);
			with(p.at[l], e | SS_TM, VA, R, 0x7a);
			if (l > 1)
				with(p.at[l], e | SS_SNP, VA, R, 0x7a);
			if (l >= 4)
				with(p.at[l], e | SS_PS, VA, R, 0x7a);
			vx_put(&fx, p.at[l], e & ~SS_R);
			vt_forget(&fx);
			expect(VA, R, 0x86);
			vt_pa(&fx, VT_SID, VT_PASID, VA, W);
			vx_put(&fx, p.at[l],
			       e | 0x7c | bit(8) | bit(9) | bit(10) | bit(63) |
				       UINT64_C(0x3ff) << 52);
			vt_forget(&fx);
			vt_pa(&fx, VT_SID, VT_PASID, VA, R);
			vx_put(&fx, p.at[l], e);
		}
		vx_fini(&fx);
	}
}

static void test_vtd_walk_second_width(void **state)
{
	struct vtd_hw_cfg cfg = cfg_with(0, 0);
	unsigned int n;

	(void)state;
	for (n = 3; n <= 5; n++) {
		second(&cfg, n, 0);
		expect(bit(12 + 9 * n) | VA, R, 0x84);
		expect(bit(63) | VA, W, 0x84);
		/* Inside, not there. */
		expect(bit(11 + 9 * n) | VA, R, 0x79);
		vx_fini(&fx);
	}
	cfg.cap = (cfg.cap & ~VT_CAP_MGAW(64)) | VT_CAP_MGAW(40);
	second(&cfg, 4, 0);
	expect(bit(40) | VA, R, 0x84);
	expect(bit(39) | VA, R, 0x79);
	vx_fini(&fx);
}

static void test_vtd_walk_second_large_pages(void **state)
{
	struct vtd_hw_cfg cfg = cfg_with(0, 0);
	uint64_t root;
	struct path p;
	unsigned int b;

	(void)state;
	second(&cfg, 4, 0);
	root = vx_get(&fx, vt_pasid_at(&fx, VT_SID, VT_PASID)) &
	       ~UINT64_C(0xfff);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0x40234567, W), 0xa34567);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0x8abcdef0, R),
			 0x4abcdef0);
	p = path(root, 4, 0x40200000, 2);
	for (b = 12; b < 21; b++)
		with(p.at[2], vx_get(&fx, p.at[2]) | bit(b), 0x40234567, R,
		     0x7a);
	p = path(root, 4, 0x80000000, 3);
	for (b = 12; b < 30; b++)
		with(p.at[3], vx_get(&fx, p.at[3]) | bit(b), 0x80000000, R,
		     0x7a);
	vx_fini(&fx);
	cfg.cap &= ~(UINT64_C(2) << 34);
	second(&cfg, 4, 0);
	expect(0x80000000, R, 0x7a);
	vt_pa(&fx, VT_SID, VT_PASID, 0x40234567, R);
	vx_fini(&fx);
	cfg.cap &= ~(UINT64_C(1) << 34);
	second(&cfg, 4, 0);
	expect(0x40234567, R, 0x7a);
	vx_fini(&fx);
}

/* SNP of a page is reserved without snoop control, else it is an attribute. */
static void test_vtd_walk_snoop(void **state)
{
	const struct vtd_hw_cfg none = cfg_with(0, VT_ECAP_SC);
	struct path p = second(&none, 4, 0);
	struct hw_xlat x;
	uint64_t pe;

	(void)state;
	with(p.at[1], FRAME | SS_RW | SS_SNP, VA, R, 0x7a);
	vx_fini(&fx);
	p = second(NULL, 4, 0);
	vt_access(&fx, VT_SID, VT_PASID, VA, R, &x);
	assert_int_equal(x.attr, 0);
	vx_put(&fx, p.at[1], FRAME | SS_RW | SS_SNP);
	vt_forget(&fx);
	vt_access(&fx, VT_SID, VT_PASID, VA, R, &x);
	assert_int_equal(x.attr, 1);
	vt_access(&fx, VT_SID, VT_PASID, VA, R, &x);
	assert_int_equal(x.attr, 1);
	vx_fini(&fx);
	first(NULL, 0);
	pe = vt_pasid_at(&fx, VT_SID, VT_PASID);
	vx_put(&fx, pe + 8, vx_get(&fx, pe + 8) | PE1_PGSNP);
	vt_access(&fx, VT_SID, VT_PASID, VA, R, &x);
	assert_int_equal(x.attr, 1);
	vt_access(&fx, VT_SID, VT_PASID, VA, R, &x);
	assert_int_equal(x.attr, 1);
	vx_fini(&fx);
}

static void test_vtd_walk_second_flags(void **state)
{
	struct path p = second(NULL, 4, PE_SSADE);
	uint64_t pe = vt_pasid_at(&fx, VT_SID, VT_PASID);
	unsigned int l;

	(void)state;
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	for (l = 1; l <= 4; l++)
		assert_int_equal(vx_get(&fx, p.at[l]) & (SS_A | SS_D), SS_A);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	for (l = 2; l <= 4; l++)
		assert_int_equal(vx_get(&fx, p.at[l]) & (SS_A | SS_D), SS_A);
	assert_int_equal(vx_get(&fx, p.at[1]) & (SS_A | SS_D), SS_A | SS_D);
	/* Dirty in the cache from now on. */
	vx_put(&fx, p.at[1], FRAME | SS_RW);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	assert_int_equal(vx_get(&fx, p.at[1]), FRAME | SS_RW);
	/* Walks that do not snoop. */
	vx_put(&fx, pe + 8, VT_DID);
	vt_forget(&fx);
	expect(VA, R, 0x7c);
	vx_put(&fx, p.at[1], FRAME | SS_RW | SS_A);
	vt_pa(&fx, VT_SID, VT_PASID, VA, R);
	expect(VA, W, 0x7c);
	vx_put(&fx, pe + 8, VT_DID | PE1_PWSNP);
	vt_forget(&fx);
	fx.on_cas = race_once;
	race_at = p.at[1];
	race_value = 0x900000 | SS_RW;
	race_count = 1;
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, W), 0x900000);
	assert_int_equal(vx_get(&fx, p.at[1]), 0x900000 | SS_RW | SS_A | SS_D);
	vx_put(&fx, p.at[1], FRAME | SS_RW);
	vt_forget(&fx);
	race_count = 100000;
	expect(VA, W, 0x7d);
	vx_put(&fx, p.at[1], FRAME | SS_RW);
	fx.on_cas = abort_cas;
	expect(VA, W, 0x7d);
	vx_fini(&fx);
	/* Without SSADE they are software's. */
	p = second(NULL, 4, 0);
	vt_pa(&fx, VT_SID, VT_PASID, VA, W);
	for (l = 1; l <= 4; l++)
		assert_int_equal(vx_get(&fx, p.at[l]) & (SS_A | SS_D), 0);
	vx_fini(&fx);
}

/* Legacy mode has reasons of its own, and requests without PASID alone. */
static void legacy_with(uint64_t pa, uint64_t value, unsigned int perm,
			unsigned int reason)
{
	uint64_t old = vx_get(&fx, pa), rec[2];

	vt_forget(&fx);
	vx_put(&fx, pa, value);
	vt_expect(&fx, VT_SID, 0, VA, perm, reason, rec);
	assert_int_equal(rec[0], VA);
	assert_int_equal(rec[1], UINT64_C(1) << 63 |
					 (uint64_t) !(perm & W) << 62 |
					 (uint64_t)reason << 32 | VT_SID);
	vx_put(&fx, pa, old);
	vt_pa(&fx, VT_SID, 0, VA, R);
}

static void test_vtd_walk_legacy_each_reason(void **state)
{
	const struct vtd_hw_cfg cfg = cfg_with(0, 0);
	unsigned int n, l, b;
	uint64_t rec[2];

	(void)state;
	for (n = 3; n <= 5; n++) {
		uint64_t root;
		struct path p;

		vt_start(&fx, &cfg, VT_LEGACY);
		root = vt_table(&fx);
		vt_context(&fx, VT_SID, VT_P | root,
			   CE1_AW(n - 2) | CE1_DID(VT_DID));
		vt_map(&fx, root, n, VA, FRAME | SS_RW, 1, SS_RW);
		p = path(root, n, VA, 1);
		assert_int_equal(vt_pa(&fx, VT_SID, 0, VA, W), FRAME);
		for (l = 1; l <= n; l++) {
			uint64_t e = vx_get(&fx, p.at[l]);

			legacy_with(p.at[l], e & ~SS_RW, R, 0x06);
			legacy_with(p.at[l], e & ~SS_RW, W, 0x05);
			legacy_with(p.at[l], e & ~SS_W, W, 0x05);
			for (b = HAW; b < 52; b++)
				legacy_with(p.at[l], e | bit(b), R, 0x0c);
			legacy_with(p.at[l], e | SS_TM, R, 0x0c);
			if (l > 1)
				legacy_with(p.at[l], e | SS_SNP, R, 0x0c);
			vt_forget(&fx);
			fx.abort_first = fx.abort_last = p.at[l];
			vt_expect(&fx, VT_SID, 0, VA, R, l == n ? 0x03 : 0x07,
				  rec);
			fx.abort_first = fx.abort_last = 0;
		}
		vt_expect(&fx, VT_SID, 0, bit(12 + 9 * n) | VA, R, 0x04, rec);
		vx_fini(&fx);
	}
}

/* 3.14: no page is in the interrupt range, with either stage. */
static void test_vtd_walk_output_interrupt_range(void **state)
{
	struct path p = first(NULL, 0);
	uint64_t root, rec[2];
	struct hw_xlat x;

	(void)state;
	with(p.at[1], 0xfee00000 | FS_PAGE, VA, R, 0x87);
	vt_forget(&fx);
	vx_put(&fx, p.at[1], 0xfeeff000 | FS_PAGE);
	expect(VA, W, 0x87);
	/* Nothing of it has been kept. */
	vx_put(&fx, p.at[1], 0xfedff000 | FS_PAGE);
	vt_access(&fx, VT_SID, VT_PASID, VA, R, &x);
	assert_int_equal(x.pa, 0xfedff000);
	vt_forget(&fx);
	vx_put(&fx, p.at[1], 0xfef00000 | FS_PAGE);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, VA, R), 0xfef00000);
	/* A large page with it inside ends before it. */
	root = vx_get(&fx, vt_pasid_at(&fx, VT_SID, VT_PASID) + 16) &
	       ~UINT64_C(0xfff);
	vt_map(&fx, root, 4, 0xc0000000, 0xc0000000 | FS_PAGE | FS_PS, 3,
	       FS_TABLE);
	vt_access(&fx, VT_SID, VT_PASID, 0xc0000000, R, &x);
	assert_int_equal(x.pa, 0xc0000000);
	assert_int_equal(x.len, 0x3ee00000);
	vt_expect(&fx, VT_SID, VT_PASID, 0xfee01000, R, 0x87, rec);
	vt_access(&fx, VT_SID, VT_PASID, 0xfef00000, R, &x);
	assert_int_equal(x.len, 0x1100000);
	/* From elsewhere, and found in the cache. */
	vt_map(&fx, root, 4, 0x100000000, 0xc0000000 | FS_PAGE | FS_PS, 3,
	       FS_TABLE);
	vt_pa(&fx, VT_SID, VT_PASID, 0x100000000, R);
	expect(0x13ee01000, R, 0x87);
	assert_int_equal(vt_pa(&fx, VT_SID, VT_PASID, 0x13ef00000, R),
			 0xfef00000);
	vx_fini(&fx);
	p = second(NULL, 4, 0);
	with(p.at[1], 0xfee00000 | SS_RW, VA, R, 0x87);
	vx_fini(&fx);
	vt_start(&fx, NULL, VT_LEGACY);
	root = vt_table(&fx);
	vt_context(&fx, VT_SID, VT_P | root, CE1_AW(2));
	vt_map(&fx, root, 4, VA, 0xfee00000 | SS_RW, 1, SS_RW);
	vt_expect(&fx, VT_SID, 0, VA, W, 0x0e, rec);
	vx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_walk_first_each_reason),
		cmocka_unit_test(test_vtd_walk_first_canonical),
		cmocka_unit_test(test_vtd_walk_first_large_pages),
		cmocka_unit_test(test_vtd_walk_first_permissions),
		cmocka_unit_test(test_vtd_walk_first_permissions_from_iotlb),
		cmocka_unit_test(test_vtd_walk_first_xd),
		cmocka_unit_test(test_vtd_walk_first_flags),
		cmocka_unit_test(test_vtd_walk_first_flags_need_snoop),
		cmocka_unit_test(test_vtd_walk_first_flags_race),
		cmocka_unit_test(test_vtd_walk_second_each_reason),
		cmocka_unit_test(test_vtd_walk_second_width),
		cmocka_unit_test(test_vtd_walk_second_large_pages),
		cmocka_unit_test(test_vtd_walk_snoop),
		cmocka_unit_test(test_vtd_walk_second_flags),
		cmocka_unit_test(test_vtd_walk_legacy_each_reason),
		cmocka_unit_test(test_vtd_walk_output_interrupt_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
