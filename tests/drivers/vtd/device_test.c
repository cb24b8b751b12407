/* SPDX-License-Identifier: MIT */
/* Devices behind a unit: ids, PCIe features, failures. [R12] [K18-K21] */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "base/bits.h"
#include "tests/drivers/vtd/seam.h"

enum { SID = 0x123 };

/* [R12] [K19] PASID, the context entry, ATS, and the device forgets; back. */
static void test_vtd_device_features_go_on_in_order(void **state)
{
	size_t pasid, ctx, ats, inv, pri;
	struct seam *s = seam_make();
	struct iommu_device *dev;

	(void)state;
	seam_start(s);
	dev = seam_device(s, SID);
	pasid = seam_find_cfg(s, SEAM_PASID_CAP + 6, 3, 0);
	ctx = seam_find(s, SEAM_CONTEXT, 0);
	ats = seam_find_cfg(s, SEAM_ATS + 6, 0x8000, 0);
	inv = seam_find(s, SEAM_DEV_TLB, 0);
	assert_true(pasid < ctx && ctx < ats && ats < inv);
	assert_true(inv < s->op_count);
	assert_int_equal(s->ops[ctx].sid, SID);
	assert_true(s->ops[inv].start == 0 && s->ops[inv].last == UINT64_MAX);
	assert_int_equal(le64_load_relaxed(seam_context(s, SID)) & 1, 1);

	seam_clear(s);
	assert_int_equal(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_SVA), 0);
	/* Reset, then on, with ATS on. */
	assert_int_equal(seam_find_cfg(s, SEAM_PRI + 4, 2, 0), 0);
	pri = seam_find_cfg(s, SEAM_PRI + 4, 1, 0);
	assert_true(pri < s->op_count);
	assert_int_equal(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_SVA), 0);

	seam_clear(s);
	assert_int_equal(iommu_device_remove(dev), 0);
	inv = seam_find(s, SEAM_DEV_TLB, 0);
	ats = seam_find_cfg(s, SEAM_ATS + 6, 0, 0);
	ctx = seam_find(s, SEAM_CONTEXT, 0);
	pasid = seam_find_cfg(s, SEAM_PASID_CAP + 6, 0, 0);
	assert_true(inv < ats && ats < ctx && ctx < pasid);
	assert_true(pasid < s->op_count);
	/* [R12] None is sent once ATS has gone. */
	assert_int_equal(seam_find(s, SEAM_DEV_TLB, ats), SIZE_MAX);
	assert_int_equal(le64_load_relaxed(seam_context(s, SID)), 0);
	seam_unmake(s);
}

/* [K20] [K21] All ids of a device, or none. */
static void test_vtd_device_ids_are_checked(void **state)
{
	const uint32_t far[] = { 5, 0x10000 }, twice[] = { 6, 6 };
	const uint32_t mine[] = { 9, 2, 7 }, other[] = { 3, 7 };
	struct seam *s = seam_make();
	struct iommu_device *dev, *dev2;
	struct vtd_device *found;
	long live;

	(void)state;
	seam_start(s);
	assert_int_equal(seam_add(s, far, 2, false, &dev), -ERANGE);
	assert_int_equal(seam_add(s, twice, 2, false, &dev), -EEXIST);
	assert_int_equal(seam_add(s, mine, 3, false, &dev), 0);
	live = s->tp.live_allocations;
	assert_int_equal(seam_add(s, other, 2, false, &dev2), -EEXIST);
	assert_int_equal(s->tp.live_allocations, live);
	assert_int_equal(seam_add(s, other, 1, false, &dev2), 0);
	found = vtd_device_find(&s->u, 7);
	assert_ptr_equal(found->dev, dev);
	vtd_device_put(found);
	found = vtd_device_find(&s->u, 3);
	assert_ptr_equal(found->dev, dev2);
	vtd_device_put(found);
	assert_null(vtd_device_find(&s->u, 6));
	assert_int_equal(iommu_device_remove(dev), 0);
	assert_null(vtd_device_find(&s->u, 7));
	assert_int_equal(iommu_device_remove(dev2), 0);
	seam_unmake(s);
}

/* Several ids: entries alike, no ATS, and why not is said. [U10] */
static void test_vtd_device_several_ids(void **state)
{
	const uint32_t sids[] = { 0x10, 0x911, 0x5 };
	struct seam *s = seam_make();
	struct iommu_device_caps caps;
	struct iommu_sva_why why;
	struct iommu_device *dev;
	unsigned int i;

	(void)state;
	seam_start(s);
	assert_int_equal(seam_add(s, sids, 3, true, &dev), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(
			le64_load_relaxed(seam_context(s, (uint16_t)sids[i])),
			le64_load_relaxed(seam_context(s, 0x10)));
	assert_int_equal(le64_load_relaxed(seam_context(s, 0x10)) & 0x1f,
			 1 | 1 << 3);
	iommu_device_caps(dev, &caps);
	assert_true(!caps.ats && !caps.pri && caps.pasid_bits == 20);
	assert_int_equal(iommu_dev_enable_feature_why(dev, IOMMU_DEV_FEAT_SVA,
						      &why),
			 -ENODEV);
	assert_int_equal(why.req, IOMMU_SVA_REQ_STREAMS);
	assert_int_equal(why.has, 3);
	assert_int_equal(why.needs, 1);
	assert_int_equal(iommu_device_remove(dev), 0);
	seam_unmake(s);
}

static void no_unit_pasid(struct seam *s)
{
	s->u.f.pasid_bits = 0;
}

static void no_pasid(struct seam *s)
{
	s->cfg[SEAM_PASID_CAP] = 0xf0;
}

static void not_coherent(struct seam *s)
{
	s->u.f.sva = false;
	s->lacking = true;
	s->lacks = IOMMU_SVA_REQ_COHERENCE;
}

static void no_ats(struct seam *s)
{
	s->u.f.dev_tlb = false;
}

static void no_pri(struct seam *s)
{
	s->u.f.pri = false;
}

static void no_drain(struct seam *s)
{
	s->u.f.drain = false;
}

/* [U10] Each requirement that fails says so. */
static void test_vtd_device_why_not(void **state)
{
	static const struct {
		void (*change)(struct seam *s);
		enum iommu_sva_req req;
	} rows[] = {
		{ no_unit_pasid, IOMMU_SVA_REQ_UNIT_PASID },
		{ no_pasid, IOMMU_SVA_REQ_PASID },
		{ not_coherent, IOMMU_SVA_REQ_COHERENCE },
		{ no_ats, IOMMU_SVA_REQ_ATS },
		{ no_pri, IOMMU_SVA_REQ_RECOVERY },
		{ no_drain, IOMMU_SVA_REQ_RECOVERY },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seam *s = seam_make();
		struct iommu_sva_why why;
		struct iommu_device *dev;

		rows[i].change(s);
		seam_start(s);
		dev = seam_device(s, SID);
		assert_int_equal(iommu_dev_enable_feature_why(
					 dev, IOMMU_DEV_FEAT_SVA, &why),
				 -ENODEV);
		assert_int_equal(why.req, rows[i].req);
		assert_int_equal(iommu_device_remove(dev), 0);
		seam_unmake(s);
	}
}

/* [U10] No id is left. */
static void test_vtd_device_why_no_domain_id(void **state)
{
	struct seam *s = seam_make();
	struct iommu_sva_why why;
	struct iommu_device *dev;
	struct iommu_sva *sva;
	struct seam_mm m;
	uint16_t did;
	unsigned int n = 0;

	(void)state;
	s->u.f.did_bits = 4;
	seam_start(s);
	dev = seam_device(s, SID);
	assert_int_equal(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_SVA), 0);
	while (!vtd_did_get(&s->u, &did))
		n++;
	assert_int_equal(n, 14);
	seam_mm_init(&m, s);
	assert_int_equal(iommu_sva_bind_why(dev, &m.mm, NULL, &sva, &why),
			 -ENOSPC);
	assert_int_equal(why.req, IOMMU_SVA_REQ_ASID);
	assert_int_equal(why.has, 4);
	assert_int_equal(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_SVA), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	iommu_mm_put_users(&m.mm);
	seam_unmake(s);
}

/* A device that does not even forget nothing works without ATS. [L10] */
static void test_vtd_device_does_not_answer_at_first(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device_caps caps;
	struct iommu_device *dev;

	(void)state;
	seam_start(s);
	s->fail_kind = SEAM_DEV_TLB;
	s->fail_err = -ETIMEDOUT;
	s->fail_times = 1;
	dev = seam_device(s, SID);
	iommu_device_caps(dev, &caps);
	assert_true(!caps.ats && !caps.pri && caps.pasid_bits == 20);
	assert_int_equal(s->cfg[SEAM_ATS + 7], 0);
	/* Nor may it say that it has translated: no DTE, no PRE. (9.4) */
	assert_int_equal(le64_load_relaxed(seam_context(s, SID)) & 0x1f,
			 1 | 1 << 3);
	/* [R12] And nobody asks it any more. */
	seam_clear(s);
	assert_int_equal(iommu_device_remove(dev), 0);
	assert_int_equal(seam_count(s, SEAM_DEV_TLB), 0);
	assert_false(s->dead);
	seam_unmake(s);
}

/* A device that cannot be isolated takes the unit with it. [R1] */
static void test_vtd_device_cannot_be_isolated(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device *dev;
	struct iommu_domain *d;
	struct seam_mm m;

	(void)state;
	seam_start(s);
	dev = seam_device(s, SID);
	seam_mm_init(&m, s);
	assert_int_equal(iommu_domain_alloc_sva(&s->u.unit, &m.mm, &d), 0);
	assert_int_equal(iommu_attach_device_pasid(d, dev, 3), 0);
	s->fail_kind = SEAM_ANY;
	s->fail_err = -ETIMEDOUT;
	s->fail_times = 100;
	iommu_mm_invalidate_range(&m.mm, 0x1000, 0x2000);
	assert_true(s->dead);
	iommu_detach_device_pasid(d, dev, 3);
	/* Its tables stay, as long as the unit may read them. */
	assert_int_equal(iommu_domain_free(d), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	iommu_mm_put_users(&m.mm);
	assert_non_null(s->u.tables->abandoned);
	seam_unmake(s);
}

/*
 * While the first who tries has failed, and has not closed the unit yet, nobody
 * else is told that the device is isolated. [R1]
 */
static void test_vtd_device_is_not_isolated_by_halves(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device *dev;
	struct vtd_device *vdev;

	(void)state;
	seam_start(s);
	dev = seam_device(s, SID);
	vdev = iommu_device_priv(dev);
	s->fail_kind = SEAM_CONTEXT;
	s->fail_err = -EIO;
	s->fail_times = 2;
	assert_int_equal(vtd_device_isolate(vdev), -EIO);
	assert_true(s->dead);
	s->dead = s->stopped = false; /* not yet */
	assert_int_equal(vtd_device_isolate(vdev), -EIO);
	assert_true(s->dead && vtd_has_ats(vdev));
	/* One that has an answer is. */
	s->dead = s->stopped = false;
	seam_clear(s);
	assert_int_equal(vtd_device_isolate(vdev), 0);
	assert_int_equal(seam_count(s, SEAM_CONTEXT), 1);
	assert_false(s->dead || vtd_has_ats(vdev));
	assert_int_equal(vtd_device_isolate(vdev), 0);
	assert_int_equal(seam_count(s, SEAM_CONTEXT), 1);
	assert_int_equal(iommu_device_remove(dev), 0);
	seam_unmake(s);
}

/* Platform devices have PASIDs, if they are said to; no faults to recover. */
static void test_vtd_device_without_pci(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device_caps caps;
	struct iommu_device *dev;
	const uint32_t sid = SID;
	struct iommu_domain *d;
	struct seam_mm m;

	(void)state;
	seam_start(s);
	assert_int_equal(seam_add(s, &sid, 1, false, &dev), 0);
	iommu_device_caps(dev, &caps);
	assert_int_equal(caps.pasid_bits, 8);
	assert_true(!caps.ats && !caps.pri && !caps.stall);
	seam_mm_init(&m, s);
	assert_int_equal(iommu_domain_alloc_sva(&s->u.unit, &m.mm, &d), 0);
	assert_int_equal(iommu_attach_device_pasid(d, dev, 255), 0);
	assert_int_equal(iommu_attach_device_pasid(d, dev, 256), -EINVAL);
	assert_int_equal(vtd_unit_ops.set_dev_pasid(d, dev, 256, NULL),
			 -EINVAL);
	seam_clear(s);
	iommu_mm_invalidate_range(&m.mm, 0x1000, 0x2000);
	assert_int_equal(seam_count(s, SEAM_PIOTLB), 1);
	assert_int_equal(seam_count(s, SEAM_PASID_DEV_TLB), 0);
	iommu_detach_device_pasid(d, dev, 255);
	assert_int_equal(iommu_domain_free(d), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	iommu_mm_put_users(&m.mm);
	seam_unmake(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_device_features_go_on_in_order),
		cmocka_unit_test(test_vtd_device_ids_are_checked),
		cmocka_unit_test(test_vtd_device_several_ids),
		cmocka_unit_test(test_vtd_device_why_not),
		cmocka_unit_test(test_vtd_device_why_no_domain_id),
		cmocka_unit_test(test_vtd_device_does_not_answer_at_first),
		cmocka_unit_test(test_vtd_device_cannot_be_isolated),
		cmocka_unit_test(test_vtd_device_is_not_isolated_by_halves),
		cmocka_unit_test(test_vtd_device_without_pci),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
