/* SPDX-License-Identifier: MIT */
/* Dirty tracking of the VT-d driver, descriptor by descriptor. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "base/bits.h"
#include "tests/drivers/vtd/seam.h"

#define RW (IOMMU_PERM_READ | IOMMU_PERM_WRITE)

enum { SID = 0x77, PASID = 9 };

struct bench {
	struct seam *s;
	struct iommu_device *dev;
	struct iommu_domain *d;
};

static void start(struct bench *b, bool ssads)
{
	struct seam *s = seam_make();

	s->u.f.mgaw_bits = 48;
	s->u.f.second_stage_ad = ssads;
	seam_start(s);
	b->s = s;
	b->dev = seam_device(s, SID);
	assert_int_equal(
		iommu_domain_alloc(&s->u.unit, IOMMU_DOMAIN_PAGING, &b->d), 0);
	assert_int_equal(iommu_map(b->d, 0x5000, 0x9000, 0x3000, RW), 0);
	assert_int_equal(iommu_attach_device(b->d, b->dev), 0);
	assert_int_equal(iommu_attach_device_pasid(b->d, b->dev, PASID), 0);
	seam_clear(s);
}

static void stop(struct bench *b)
{
	iommu_detach_device_pasid(b->d, b->dev, PASID);
	assert_int_equal(iommu_detach_device(b->d, b->dev), 0);
	assert_int_equal(iommu_domain_free(b->d), 0);
	assert_int_equal(iommu_device_remove(b->dev), 0);
	seam_unmake(b->s);
}

static bool ssade(const struct bench *b, uint32_t pasid)
{
	struct vtd_pasid e = seam_pasid(b->s, SID, pasid);

	return FIELD_GET(VTD_PASID_SSADE, &e);
}

/*
 * 6.5.3.3, table 28: for each pair the PASID cache, the domain's IOTLB, the
 * device, each before the next; and nothing if it is what it was. [R9]
 */
static void test_vtd_dirty_entries_change_in_place(void **state)
{
	struct vtd_pasid before, after;
	struct bench b;
	size_t pc, tlb, dev;
	unsigned int i;

	(void)state;
	start(&b, true);
	before = seam_pasid(b.s, SID, PASID);
	assert_false(ssade(&b, PASID));
	assert_int_equal(iommu_set_dirty_tracking(b.d, true), 0);
	assert_true(ssade(&b, PASID) && ssade(&b, IOMMU_NO_PASID));
	after = seam_pasid(b.s, SID, PASID);
	/* Bit 9 of the first word, and no other. */
	assert_int_equal(before.dw[0] ^ after.dw[0], 1 << 9);
	for (i = 1; i < VTD_PASID_WORDS; i++)
		assert_int_equal(before.dw[i], after.dw[i]);
	assert_int_equal(seam_count(b.s, SEAM_PASID), 2);
	assert_int_equal(seam_count(b.s, SEAM_IOTLB), 2);
	assert_int_equal(seam_count(b.s, SEAM_DEV_TLB), 1);
	assert_int_equal(seam_count(b.s, SEAM_PASID_DEV_TLB), 1);
	pc = seam_find(b.s, SEAM_PASID, 0);
	tlb = seam_find(b.s, SEAM_IOTLB, pc);
	dev = seam_find(b.s, SEAM_DEV_TLB, tlb);
	assert_true(pc < tlb && tlb < dev);
	assert_true(seam_find(b.s, SEAM_BARRIER, tlb) < dev);
	assert_int_equal(b.s->ops[tlb].start, 0);
	assert_int_equal(b.s->ops[tlb].last, UINT64_MAX);
	seam_clear(b.s);
	assert_int_equal(iommu_set_dirty_tracking(b.d, true), 0);
	assert_int_equal(b.s->op_count, 0);
	assert_int_equal(iommu_set_dirty_tracking(b.d, false), 0);
	assert_false(ssade(&b, PASID) || ssade(&b, IOMMU_NO_PASID));
	stop(&b);
}

/* Who is attached later is tracked from the first moment. */
static void test_vtd_dirty_later_attach_has_it(void **state)
{
	struct bench b;

	(void)state;
	start(&b, true);
	assert_int_equal(iommu_set_dirty_tracking(b.d, true), 0);
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, PASID + 1), 0);
	assert_true(ssade(&b, PASID + 1));
	iommu_detach_device_pasid(b.d, b.dev, PASID + 1);
	stop(&b);
}

/* A unit that does not confirm it: off. ECAP.SSADS 0: never on. */
static void test_vtd_dirty_refused_and_failed(void **state)
{
	struct iommu_dirty_bitmap all = { .page_lg2 = 12 };
	struct bench b;

	(void)state;
	start(&b, false);
	assert_int_equal(iommu_set_dirty_tracking(b.d, true), -EOPNOTSUPP);
	assert_int_equal(b.s->op_count, 0);
	assert_false(ssade(&b, PASID));
	stop(&b);

	start(&b, true);
	b.s->fail_kind = SEAM_PASID;
	b.s->fail_err = -EIO;
	b.s->fail_times = 1;
	assert_int_equal(iommu_set_dirty_tracking(b.d, true), -ETIMEDOUT);
	assert_int_equal(iommu_read_and_clear_dirty(b.d, 0, 4096, 0, &all),
			 -EINVAL);
	stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_dirty_entries_change_in_place),
		cmocka_unit_test(test_vtd_dirty_later_attach_has_it),
		cmocka_unit_test(test_vtd_dirty_refused_and_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
