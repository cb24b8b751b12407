/* SPDX-License-Identifier: MIT */
/* Root, context and PASID tables, and domain ids. [M1] */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "base/bits.h"
#include "tests/drivers/vtd/seam.h"

/* [M1] Both halves of a bus, and the entry's bits, typed here once more. */
static void test_vtd_tables_context_entry(void **state)
{
	const uint32_t sids[] = { 0x0000, 0x017f, 0x0180, 0xffff };
	struct iommu_device *dev[4];
	struct seam *s = seam_make();
	unsigned int i;

	(void)state;
	seam_start(s);
	assert_null(seam_context(s, 0));
	for (i = 0; i < 4; i++)
		dev[i] = seam_device(s, sids[i]);
	for (i = 0; i < 4; i++) {
		const le64_atomic *ctx = seam_context(s, (uint16_t)sids[i]);

		assert_non_null(ctx);
		/* P, DTE, PASIDE, PRE, 2^(2 + 7) directory entries */
		assert_int_equal(le64_load_relaxed(ctx) & 0xfff,
				 1 | 1 << 2 | 1 << 3 | 1 << 4 | 2 << 9);
		assert_int_not_equal(le64_load_relaxed(ctx) >> 12, 0);
		/* RID_PASID 0 */
		assert_int_equal(le64_load_relaxed(ctx + 1), 0);
		assert_int_equal(le64_load_relaxed(ctx + 2), 0);
		assert_int_equal(le64_load_relaxed(ctx + 3), 0);
	}
	/* A neighbour of the same table. */
	assert_int_equal(le64_load_relaxed(seam_context(s, 0x017e)), 0);
	assert_null(seam_context(s, 0x0200));
	for (i = 0; i < 4; i++) {
		assert_int_equal(iommu_device_remove(dev[i]), 0);
		assert_int_equal(
			le64_load_relaxed(seam_context(s, (uint16_t)sids[i])),
			0);
	}
	seam_unmake(s);
}

/* Only what both sides have. [K18] */
static void test_vtd_tables_context_has_what_both_sides_have(void **state)
{
	/* what to take away, and the bits that are left */
	static const struct {
		bool unit_ats, unit_pri, unit_pds, unit_pasid;
		bool pci_ats, pci_pri, pci_pasid;
		unsigned int bits;
	} rows[] = {
		{ 1, 1, 1, 1, 1, 1, 1, 1 << 2 | 1 << 3 | 1 << 4 },
		{ 0, 1, 1, 1, 1, 1, 1, 1 << 3 },
		{ 1, 0, 1, 1, 1, 1, 1, 1 << 2 | 1 << 3 },
		{ 1, 1, 0, 1, 1, 1, 1, 1 << 2 | 1 << 3 },
		{ 1, 1, 1, 0, 1, 1, 1, 1 << 2 | 1 << 4 },
		{ 1, 1, 1, 1, 0, 1, 1, 1 << 3 },
		{ 1, 1, 1, 1, 1, 0, 1, 1 << 2 | 1 << 3 },
		{ 1, 1, 1, 1, 1, 1, 0, 1 << 2 | 1 << 4 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seam *s = seam_make();
		struct iommu_device_caps caps;
		struct iommu_device *dev;

		s->u.f.dev_tlb = rows[i].unit_ats;
		s->u.f.pri = rows[i].unit_pri;
		s->u.f.drain = rows[i].unit_pds;
		s->u.f.pasid_bits = rows[i].unit_pasid ? 20 : 0;
		if (!rows[i].pci_ats)
			s->cfg[SEAM_ATS] = 0xf0;
		if (!rows[i].pci_pri)
			s->cfg[SEAM_PRI] = 0xf0;
		if (!rows[i].pci_pasid)
			s->cfg[SEAM_PASID_CAP] = 0xf0;
		seam_start(s);
		dev = seam_device(s, 0x100);
		assert_int_equal(le64_load_relaxed(seam_context(s, 0x100)) &
					 0x1fe,
				 rows[i].bits);
		iommu_device_caps(dev, &caps);
		assert_int_equal(caps.ats, rows[i].bits >> 2 & 1);
		assert_int_equal(caps.pasid_bits,
				 rows[i].bits >> 3 & 1 ? 20 : 0);
		assert_int_equal(caps.pri, rows[i].bits >> 4 & 1);
		assert_int_equal(caps.sva, rows[i].bits >> 3 & 1);
		assert_int_equal(iommu_device_remove(dev), 0);
		seam_unmake(s);
	}
}

struct watch {
	uint16_t sid;
	uint32_t pasid;
	bool installing; /* its first sync has come */
	bool ok;
};

/* When the unit is told of a new leaf, there is one, and it is absent. */
static void watch_leaf(struct seam *s, const struct seam_op *op)
{
	struct watch *w = s->hook_arg;
	const le64_atomic *e;

	if (op->kind != SEAM_PASID || op->pasid != w->pasid || w->installing)
		return;
	w->installing = true;
	e = seam_entry(s, w->sid, w->pasid);
	w->ok = e && !(le64_load_acquire(e) & 1) &&
		le64_load_acquire(e + 2) != 0;
}

static struct iommu_domain *sva_domain(struct seam *s, struct seam_mm *m)
{
	struct iommu_domain *d = NULL;

	seam_mm_init(m, s);
	assert_int_equal(iommu_domain_alloc_sva(&s->u.unit, &m->mm, &d), 0);
	return d;
}

/* [R8] A table is there before the directory says so. */
static void test_vtd_tables_leaf_is_published_empty(void **state)
{
	struct seam *s = seam_make();
	struct watch w = { .sid = 0x210, .pasid = 0x1234 };
	struct iommu_device *dev;
	struct iommu_domain *d;
	struct seam_mm m;
	unsigned int i;

	(void)state;
	seam_start(s);
	dev = seam_device(s, w.sid);
	d = sva_domain(s, &m);
	assert_null(seam_entry(s, w.sid, w.pasid));
	s->hook = watch_leaf;
	s->hook_arg = &w;
	assert_int_equal(iommu_attach_device_pasid(d, dev, w.pasid), 0);
	assert_true(w.installing && w.ok);
	/* Its neighbours are not there. */
	for (i = 1; i < 64; i++)
		assert_int_equal(seam_pasid(s, w.sid, w.pasid ^ i).dw[0], 0);
	iommu_detach_device_pasid(d, dev, w.pasid);
	/* The table stays. */
	assert_non_null(seam_entry(s, w.sid, w.pasid));
	s->hook = NULL;
	assert_int_equal(iommu_domain_free(d), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	iommu_mm_put_users(&m.mm);
	seam_unmake(s);
}

struct growth {
	uint16_t sid;
	const le64_atomic *old_dir; /* as long as the unit may use it */
	uint64_t old_first;
	bool lost, flushed_context, flushed_pasids, other_dir;
};

/* The unit looks, whenever it is spoken to. */
static void watch_growth(struct seam *s, const struct seam_op *op)
{
	struct growth *g = s->hook_arg;
	const le64_atomic *ctx = seam_context(s, g->sid);

	if (!(seam_pasid(s, g->sid, 5).dw[0] & 1))
		g->lost = true;
	if ((le64_load_acquire(ctx) & ~UINT64_C(4095)) ==
	    (uint64_t)(uintptr_t)g->old_dir)
		return;
	g->other_dir = true;
	if (op->kind == SEAM_CONTEXT)
		g->flushed_context = true;
	if (op->kind == SEAM_PASID_GLOBAL)
		g->flushed_pasids = g->flushed_context;
	/* Until then it may be read: it has what it had. */
	if (!g->flushed_pasids && le64_load_acquire(g->old_dir) != g->old_first)
		g->lost = true;
}

/* A PASID beyond the first page makes the directory grow, under traffic. */
static void test_vtd_tables_directory_grows(void **state)
{
	struct growth g = { .sid = 0x300 };
	struct seam *s = seam_make();
	struct iommu_domain *d, *d2;
	struct iommu_device *dev;
	struct seam_mm m, m2;
	long live;

	(void)state;
	seam_start(s);
	dev = seam_device(s, g.sid);
	d = sva_domain(s, &m);
	d2 = sva_domain(s, &m2);
	assert_int_equal(iommu_attach_device_pasid(d, dev, 5), 0);
	assert_int_equal(iommu_attach_device_pasid(d2, dev, 0x7fff), 0);
	g.old_dir =
		(const le64_atomic *)(uintptr_t)(le64_load_relaxed(seam_context(
							 s, g.sid)) &
						 ~UINT64_C(4095));
	g.old_first = le64_load_relaxed(g.old_dir);
	/* Without memory nothing changes. */
	testplat_fail_nth(&s->tp, 3);
	live = s->tp.live_allocations;
	assert_int_equal(iommu_attach_device_pasid(d, dev, 0x8000), -ENOMEM);
	testplat_fail_nth(&s->tp, 0);
	(void)live;
	s->hook = watch_growth;
	s->hook_arg = &g;
	assert_int_equal(iommu_attach_device_pasid(d, dev, 0xfffff), 0);
	s->hook = NULL;
	assert_false(g.lost);
	assert_true(g.other_dir && g.flushed_context && g.flushed_pasids);
	assert_int_equal(le64_load_relaxed(seam_context(s, g.sid)) >> 9 & 7, 7);
	assert_int_equal(seam_pasid(s, g.sid, 5).dw[0] & 1, 1);
	assert_int_equal(seam_pasid(s, g.sid, 0x7fff).dw[0] & 1, 1);
	assert_int_equal(seam_pasid(s, g.sid, 0xfffff).dw[0] & 1, 1);
	iommu_detach_device_pasid(d, dev, 5);
	iommu_detach_device_pasid(d2, dev, 0x7fff);
	iommu_detach_device_pasid(d, dev, 0xfffff);
	assert_int_equal(iommu_domain_free(d), 0);
	assert_int_equal(iommu_domain_free(d2), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	iommu_mm_put_users(&m.mm);
	iommu_mm_put_users(&m2.mm);
	seam_unmake(s);
}

/*
 * The unit does not say that it has forgotten the old directory: it stays, as it
 * was, while the unit may read it. It stops, or not. seam_unmake() finds what
 * nobody gives back. [R1]
 */
static void test_vtd_tables_old_directory_stays_in_use(void **state)
{
	const uint16_t sid = 0x300;
	unsigned int refuses;
	long more[2];

	(void)state;
	for (refuses = 0; refuses < 2; refuses++) {
		struct seam *s = seam_make();
		struct iommu_device *dev;
		const le64_atomic *old;
		struct iommu_domain *d;
		struct seam_mm m;
		long live;

		seam_start(s);
		dev = seam_device(s, sid);
		d = sva_domain(s, &m);
		assert_int_equal(iommu_attach_device_pasid(d, dev, 5), 0);
		old = (const le64_atomic *)(uintptr_t)(le64_load_relaxed(
							       seam_context(
								       s,
								       sid)) &
						       ~UINT64_C(4095));
		s->refuse_stop = refuses;
		s->fail_kind = SEAM_ANY;
		s->fail_err = -ETIMEDOUT;
		s->fail_times = 100;
		live = s->tp.live_allocations;
		assert_int_equal(iommu_attach_device_pasid(d, dev, 0x9000),
				 -ETIMEDOUT);
		assert_true(s->dead);
		more[refuses] = s->tp.live_allocations - live;
		if (refuses)
			assert_int_equal(le64_load_relaxed(old) & 1, 1);
		iommu_detach_device_pasid(d, dev, 5);
		assert_int_equal(iommu_domain_free(d), 0);
		assert_int_equal(iommu_device_remove(dev), 0);
		iommu_mm_put_users(&m.mm);
		if (refuses)
			assert_int_equal(le64_load_relaxed(old) & 1, 1);
		seam_unmake(s);
	}
	assert_int_equal(more[1], more[0] + 1);
}

/* [R13] One owner each; 0 and 1 are nobody's; all used, then none left. */
static void test_vtd_tables_domain_ids_run_out(void **state)
{
	enum { IDS = 16, MINE = IDS - 2 };
	struct iommu_domain *d[MINE], *more;
	struct seam *s = seam_make();
	struct iommu_device *dev;
	struct seam_mm m[MINE], x;
	uint32_t seen = 0;
	unsigned int i;

	(void)state;
	s->u.f.did_bits = 4;
	seam_start(s);
	dev = seam_device(s, 0x8);
	for (i = 0; i < MINE; i++) {
		uint64_t did;

		d[i] = sva_domain(s, &m[i]);
		assert_int_equal(iommu_attach_device_pasid(d[i], dev, i + 1),
				 0);
		did = seam_pasid(s, 8, i + 1).dw[1] & 0xffff;
		assert_true(did >= 2 && did < IDS);
		assert_false(seen >> did & 1);
		seen |= 1u << did;
	}
	seam_mm_init(&x, s);
	assert_int_equal(iommu_domain_alloc_sva(&s->u.unit, &x.mm, &more),
			 -ENOSPC);
	iommu_detach_device_pasid(d[3], dev, 4);
	seam_clear(s);
	assert_int_equal(iommu_domain_free(d[3]), 0);
	/* All of the id has gone before anybody gets it. */
	assert_int_equal(seam_count(s, SEAM_PASID_DOMAIN), 1);
	assert_true(seam_find(s, SEAM_PASID_DOMAIN, 0) <
		    seam_find(s, SEAM_IOTLB, 0));
	assert_int_equal(s->ops[s->op_count - 1].kind, SEAM_SYNC);
	assert_int_equal(iommu_domain_alloc_sva(&s->u.unit, &x.mm, &d[3]), 0);
	/* One that could not be flushed is not used again. */
	s->fail_kind = SEAM_IOTLB;
	s->fail_err = -EIO;
	s->fail_times = 1;
	assert_int_equal(iommu_domain_free(d[3]), 0);
	assert_int_equal(iommu_domain_alloc_sva(&s->u.unit, &x.mm, &more),
			 -ENOSPC);
	for (i = 0; i < MINE; i++)
		if (i != 3) {
			iommu_detach_device_pasid(d[i], dev, i + 1);
			assert_int_equal(iommu_domain_free(d[i]), 0);
		}
	assert_int_equal(iommu_device_remove(dev), 0);
	for (i = 0; i < MINE; i++)
		iommu_mm_put_users(&m[i].mm);
	iommu_mm_put_users(&x.mm);
	seam_unmake(s);
}

/* Any allocation fails, everything is as before. */
static void test_vtd_tables_no_memory(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device *dev = NULL;
	struct iommu_domain *d;
	const uint32_t sid = 0x480;
	struct seam_mm m;
	long n, live;
	int err;

	(void)state;
	seam_start(s);
	/* A device that came and went has left tables and room behind. */
	dev = seam_device(s, sid + 1);
	assert_int_equal(iommu_device_remove(dev), 0);
	live = s->tp.live_allocations;
	for (n = 1; n < 40; n++) {
		testplat_fail_nth(&s->tp, n);
		err = seam_add(s, &sid, 1, true, &dev);
		testplat_fail_nth(&s->tp, 0);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(s->tp.live_allocations, live);
		assert_int_equal(le64_load_relaxed(seam_context(s, sid)), 0);
	}
	assert_true(n > 5 && !err);
	d = sva_domain(s, &m);
	for (n = 1; n < 20; n++) {
		testplat_fail_nth(&s->tp, n);
		err = iommu_attach_device_pasid(d, dev, 0x9000);
		testplat_fail_nth(&s->tp, 0);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
	}
	assert_true(n > 3 && !err);
	iommu_detach_device_pasid(d, dev, 0x9000);
	assert_int_equal(iommu_domain_free(d), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	iommu_mm_put_users(&m.mm);
	seam_unmake(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_tables_context_entry),
		cmocka_unit_test(
			test_vtd_tables_context_has_what_both_sides_have),
		cmocka_unit_test(test_vtd_tables_leaf_is_published_empty),
		cmocka_unit_test(test_vtd_tables_directory_grows),
		cmocka_unit_test(test_vtd_tables_old_directory_stays_in_use),
		cmocka_unit_test(test_vtd_tables_domain_ids_run_out),
		cmocka_unit_test(test_vtd_tables_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
