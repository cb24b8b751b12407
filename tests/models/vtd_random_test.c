/* SPDX-License-Identifier: MIT */
/*
 * Random tables, most of them nearly right, and random accesses: the model and
 * the naive unit of vtd_naive.h agree on the reason, or on where it goes, what
 * is allowed there, and which flags are set in memory; with empty caches, and
 * again with full ones.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/vtd_naive.h"
#include "tests/models/vtd_tables.h"
#include "tests/support/random.h"

enum {
	STARTS = 150,
	TREES = 60,
	ACCESSES = 6,
	PATH_MAX = 64,
	DEFECTS_PER = 3, /* of so many trees, two have some */
};

#define GUEST UINT64_C(0x1200000000)

static struct vx fx;
static uint64_t seed;
static struct vn vn;
/* Entries that the last tree is made of. */
static uint64_t entries[PATH_MAX];
static unsigned int count;
static unsigned int seen[256], granted;

static uint64_t rnd(void)
{
	return next_random(&seed);
}

static uint64_t below(uint64_t n)
{
	return rnd() % n;
}

static bool maybe(unsigned int percent)
{
	return below(100) < percent;
}

static void put(uint64_t at, uint64_t value)
{
	vx_put(&fx, at, value);
	if (count < PATH_MAX)
		entries[count++] = at;
}

static struct vtd_hw_cfg random_cfg(void)
{
	static const uint64_t ecaps[] = { VT_ECAP_SC, VT_ECAP_ERS };
	struct vtd_hw_cfg cfg;
	unsigned int i;

	vtd_hw_cfg_default(&cfg);
	for (i = 0; i < 2; i++)
		cfg.ecap = maybe(50) ? cfg.ecap | ecaps[i] :
				       cfg.ecap & ~ecaps[i];
	if (maybe(30))
		cfg.cap &= ~VT_CAP_FS1GP;
	if (maybe(30))
		cfg.cap &= ~(UINT64_C(1) << (34 + below(2)));
	cfg.haw = (unsigned int)(40 + below(13));
	if (maybe(30))
		cfg.cap = (cfg.cap & ~VT_CAP_MGAW(64)) |
			  VT_CAP_MGAW(40 + below(17));
	cfg.iotlb_lg2 = 6;
	vn.haw = cfg.haw;
	vn.mgaw = (unsigned int)(cfg.cap >> 16 & 63) + 1;
	vn.fs1gp = cfg.cap >> 56 & 1;
	vn.ss2m = cfg.cap >> 34 & 1;
	vn.ss1g = cfg.cap >> 35 & 1;
	vn.snoop_control = cfg.ecap >> 7 & 1;
	vn.execute_requests = cfg.ecap >> 30 & 1;
	return cfg;
}

/* What an entry of a tree has beside its address. */
static uint64_t first_bits(bool page, unsigned int level)
{
	uint64_t e = FS_P;

	e |= maybe(85) ? FS_RW : 0;
	e |= maybe(85) ? FS_US : 0;
	e |= maybe(30) ? FS_A : 0;
	e |= maybe(10) ? FS_EA : 0;
	e |= maybe(10) ? UINT64_C(0x7ff) << 52 & rnd() : 0;
	e |= page && maybe(30) ? FS_D : 0;
	e |= page && level > 1 ? FS_PS : 0;
	e |= vn.nxe && maybe(20) ? FS_XD : 0;
	return e;
}

static uint64_t second_bits(bool page, unsigned int level)
{
	uint64_t e = maybe(85) ? SS_RW : 1 + below(3);

	e |= maybe(30) ? SS_A : 0;
	e |= page && maybe(30) ? SS_D : 0;
	e |= page && vn.snoop_control && maybe(30) ? SS_SNP : 0;
	e |= page && level > 1 ? SS_PS : 0;
	e |= maybe(10) ? rnd() & 0x7c : 0;
	return e;
}

/* A way for one guest address; others that share tables stay. */
static void map_second(uint64_t gpa, uint64_t pa, unsigned int level)
{
	uint64_t at = vn.second_base;
	unsigned int l;

	for (l = vn.second_levels;; l--) {
		at += (gpa >> (12 + 9 * (l - 1)) & 511) * 8;
		if (l == level)
			break;
		if (!vx_get(&fx, at))
			put(at, vt_table(&fx) | SS_RW | (maybe(30) ? SS_A : 0));
		at = vx_get(&fx, at) & UINT64_C(0xffffffffff000);
	}
	put(at, (pa & ~((UINT64_C(1) << (12 + 9 * (level - 1))) - 1)) |
			second_bits(true, level));
}

static unsigned int random_level(bool m2, bool g1)
{
	if (maybe(70))
		return 1;
	if (m2 && maybe(60))
		return 2;
	return g1 && maybe(50) ? 3 : 1;
}

/* Where a page may be: anywhere in memory, or where there is none. */
static uint64_t random_frame(void)
{
	return maybe(80) ? below(VX_MEM_SIZE) : rnd() >> (64 - 40);
}

static void random_first(uint64_t va)
{
	unsigned int level = random_level(true, vn.fs1gp), l;
	uint64_t off = vn.second ? GUEST : 0, at, table, out, lg2;

	table = vt_table(&fx);
	vn.first_base = table + off;
	for (l = vn.first_levels;; l--) {
		if (vn.second)
			map_second(table + off, table, 1);
		at = table + (va >> (12 + 9 * (l - 1)) & 511) * 8;
		if (l == level)
			break;
		table = vt_table(&fx);
		put(at, (table + off) | first_bits(false, l));
	}
	lg2 = 12 + 9 * (level - 1);
	out = (random_frame() >> lg2 << lg2) + (vn.second ? GUEST << 1 : 0);
	if (!vn.second && vn.haw < 52)
		out &= (UINT64_C(1) << vn.haw) - 1;
	put(at, out | first_bits(true, level));
	if (vn.second)
		map_second(out | (va & ((UINT64_C(1) << lg2) - 1)),
			   random_frame(), random_level(vn.ss2m, vn.ss1g));
}

static uint64_t random_addr(unsigned int width)
{
	uint64_t va = rnd() & ((UINT64_C(1) << (width - 1)) - 1);

	return va & ~UINT64_C(7);
}

static void random_tree(uint64_t *ret_va)
{
	unsigned int type = (unsigned int)below(3), n;
	uint64_t dw0 = VT_P, dw1 = VT_DID, dw2 = 0;

	count = 0;
	vn.first = type != 0;
	vn.second = type != 1;
	vn.first_levels = maybe(50) ? 5 : 4;
	vn.second_levels = (unsigned int)(3 + below(3));
	/* What is between the stages has to fit. */
	if (vn.first && vn.second && vn.second_levels == 3)
		vn.second_levels = 4;
	vn.wpe = maybe(50);
	vn.nxe = vn.execute_requests && maybe(70);
	vn.smep = vn.execute_requests && maybe(30);
	vn.eafe = maybe(20);
	vn.ssade = vn.second && maybe(50);
	vn.pwsnp = maybe(90);
	if (vn.second)
		vn.second_base = vt_table(&fx);
	if (vn.first) {
		*ret_va = random_addr(12 + 9 * vn.first_levels);
		if (maybe(30))
			*ret_va |= UINT64_MAX << (11 + 9 * vn.first_levels);
		random_first(*ret_va);
	} else {
		unsigned int width = 12 + 9 * vn.second_levels;

		*ret_va = random_addr(width < vn.mgaw ? width : vn.mgaw);
		map_second(*ret_va, random_frame(),
			   random_level(vn.ss2m, vn.ss1g));
	}
	/* Most defects are one bit. */
	if (below(DEFECTS_PER))
		for (n = (unsigned int)below(3); n; n--) {
			uint64_t at = entries[below(count)];

			vx_put(&fx, at,
			       vx_get(&fx, at) ^ UINT64_C(1) << below(64));
		}
	dw0 |= type == 0 ? PE_SS : type == 1 ? PE_FS : PE_NESTED;
	dw0 |= vn.second ? PE_AW(vn.second_levels - 2) | vn.second_base : 0;
	dw0 |= vn.ssade ? PE_SSADE : 0;
	dw1 |= vn.pwsnp ? PE1_PWSNP : 0;
	dw2 |= PE2_SRE | (vn.execute_requests ? PE2_ERE : 0) |
	       (vn.first_levels == 5 ? PE2_5LEVEL : 0) |
	       (vn.wpe ? PE2_WPE : 0) | (vn.nxe ? PE2_NXE : 0) |
	       (vn.smep ? PE2_SMEP : 0) | (vn.eafe ? PE2_EAFE : 0);
	vt_pasid(&fx, VT_SID, VT_PASID, dw0, dw1,
		 dw2 | (vn.first ? vn.first_base : 0));
}

static unsigned int perm_of(const struct vn_access *a)
{
	return (a->read ? IOMMU_PERM_READ : 0u) |
	       (a->write ? IOMMU_PERM_WRITE : 0u) |
	       (a->fetch ? IOMMU_PERM_EXEC : 0u) |
	       (a->priv ? IOMMU_PERM_PRIV : 0u);
}

/* In memory as the naive unit leaves it, and nothing else written. */
static void check_updates(const struct vn_result *r, const uint64_t *before)
{
	unsigned int i, j;

	for (i = 0; i < count; i++) {
		uint64_t want = before[i];

		for (j = 0; j < r->updates; j++)
			if (r->update[j].pa == entries[i])
				want = r->update[j].value;
		assert_int_equal(vx_get(&fx, entries[i]), want);
	}
}

static void check(const struct vn_access *a, const struct vn_result *r)
{
	uint64_t rec[2];
	struct hw_xlat x;
	int ret = vt_access(&fx, VT_SID, VT_PASID, a->addr, perm_of(a), &x);

	if (vx_fault(&fx, rec)) {
		assert_int_equal(rec[1] >> 32 & 0xff, r->reason);
		assert_int_equal(ret, -EFAULT);
		assert_int_equal(rec[0], VX_FI(a->addr));
		return;
	}
	assert_int_equal(ret, 0);
	assert_int_equal(r->reason, 0);
	assert_int_equal(x.pa, r->pa);
	assert_int_equal(!!(x.perm & IOMMU_PERM_READ), r->can_read);
	assert_int_equal(!!(x.perm & IOMMU_PERM_WRITE), r->can_write);
	assert_int_equal(!!(x.perm & IOMMU_PERM_EXEC), r->can_fetch);
	assert_int_equal(x.attr, r->snoop);
	if (x.pa > 0xfee00000 || x.pa + (UINT64_C(1) << r->lg2) <= 0xfee00000)
		assert_int_equal(
			x.len, (UINT64_C(1) << r->lg2) -
				       (r->pa & ((UINT64_C(1) << r->lg2) - 1)));
}

static void access_tree(uint64_t va)
{
	uint64_t before[PATH_MAX] = { 0 };
	struct vn_access a = { .addr = va };
	struct vn_result r;
	unsigned int i;

	if (maybe(5))
		a.addr ^= UINT64_C(1) << (12 + below(52));
	a.write = maybe(50);
	a.read = !a.write || maybe(20);
	a.fetch = vn.execute_requests && !a.write && maybe(30);
	a.priv = maybe(30);
	for (i = 0; i < count; i++)
		before[i] = vx_get(&fx, entries[i]);
	vt_forget(&fx);
	vn_translate(&vn, &a, &r);
	check(&a, &r);
	check_updates(&r, before);
	seen[r.reason & 0xff]++;
	granted += !r.reason;
	/* Again, from what has been kept: nothing is left to set. */
	if (r.reason)
		return;
	vn_translate(&vn, &a, &r);
	assert_int_equal(r.updates, 0);
	check(&a, &r);
}

static void test_vtd_random_trees_agree(void **state)
{
	/* Each of these has been met, or the trees are not what they should. */
	static const uint8_t must_see[] = { 0x70, 0x71, 0x72, 0x74, 0x76, 0x77,
					    0x78, 0x79, 0x7a, 0x7c, 0x80, 0x81,
					    0x84, 0x85, 0x86, 0x90 };
	unsigned int s, t, i;
	uint64_t va;

	(void)state;
	for (s = 0; s < STARTS; s++) {
		struct vtd_hw_cfg cfg;

		seed = UINT64_C(0x9e3779b97f4a7c15) * (s + 1);
		vn.fx = &fx;
		cfg = random_cfg();
		vt_start(&fx, &cfg, VT_SCALABLE);
		vt_sm_context(&fx, VT_SID, VT_P | SM_PASIDE | SM_PDTS(7), 0);
		for (t = 0; t < TREES; t++) {
			random_tree(&va);
			for (i = 0; i < ACCESSES; i++)
				access_tree(va);
		}
		vx_fini(&fx);
	}
	for (i = 0; i < sizeof(must_see); i++)
		if (!seen[must_see[i]])
			fail_msg("%#x was never met", must_see[i]);
	assert_true(granted > STARTS * TREES * ACCESSES / 4);
}

/* The same second stages in legacy mode, which has reasons of its own. */
static void test_vtd_random_legacy_agree(void **state)
{
	unsigned int s, t;

	(void)state;
	for (s = 0; s < STARTS; s++) {
		struct vtd_hw_cfg cfg;

		seed = UINT64_C(0x9e3779b97f4a7c15) * (s + 1000);
		vn.fx = &fx;
		cfg = random_cfg();
		vt_start(&fx, &cfg, VT_LEGACY);
		vn.legacy = true;
		vn.first = false;
		vn.second = true;
		vn.ssade = false;
		for (t = 0; t < TREES; t++) {
			struct vn_access a = { .write = maybe(50) };
			unsigned int width;
			struct vn_result r;
			uint64_t rec[2];
			struct hw_xlat x;
			int ret;

			count = 0;
			a.read = !a.write;
			vn.second_levels = (unsigned int)(3 + below(3));
			width = 12 + 9 * vn.second_levels;
			vn.second_base = vt_table(&fx);
			a.addr = random_addr(width < vn.mgaw ? width : vn.mgaw);
			if (a.addr >> 20 == 0xfee)
				continue;
			map_second(a.addr, random_frame(),
				   random_level(vn.ss2m, vn.ss1g));
			if (maybe(60)) {
				uint64_t at = entries[below(count)];

				vx_put(&fx, at,
				       vx_get(&fx, at) ^ UINT64_C(1)
								 << below(64));
			}
			vt_context(&fx, VT_SID, VT_P | vn.second_base,
				   CE1_AW(vn.second_levels - 2));
			vt_forget(&fx);
			vn_translate(&vn, &a, &r);
			ret = vt_access(&fx, VT_SID, 0, a.addr, perm_of(&a),
					&x);
			if (vx_fault(&fx, rec)) {
				assert_int_equal(rec[1] >> 32 & 0xff, r.reason);
				continue;
			}
			assert_int_equal(ret, 0);
			assert_int_equal(r.reason, 0);
			assert_int_equal(x.pa, r.pa);
			assert_int_equal(!!(x.perm & IOMMU_PERM_WRITE),
					 r.can_write);
		}
		vx_fini(&fx);
	}
	vn.legacy = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_random_trees_agree),
		cmocka_unit_test(test_vtd_random_legacy_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
