/* SPDX-License-Identifier: MIT */
/* Paging domains when something fails half way. [A6] */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/drivers/vtd/seam.h"

#define LARGE (UINT64_C(1) << 21)
#define RW    ((unsigned int)IOMMU_PERM_READ | IOMMU_PERM_WRITE)

/* Is [start, last] of the second stage forgotten in one go? */
static bool forgotten(struct seam *s, uint64_t start, uint64_t last)
{
	size_t i;

	for (i = 0; i < s->op_count; i++)
		if (s->ops[i].kind == SEAM_IOTLB && s->ops[i].start <= start &&
		    s->ops[i].last >= last)
			return true;
	return false;
}

/*
 * One end of the range makes a large page small, and for the other there is no
 * memory. The unit may have the large page still, and the unmap of a small one
 * would not have it forgotten: 6.5.3.2. [R9]
 */
static void test_vtd_split_without_memory(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device *dev;
	struct iommu_domain *d;
	uint64_t bytes = 0;

	(void)state;
	s->u.f.mgaw_bits = 48;
	s->u.f.cap = REG_PUT(VTD_CAP_SSLPS, s->u.f.cap, VTD_CAP_SSLPS_2M);
	seam_start(s);
	dev = seam_device(s, 0x77);
	assert_int_equal(
		iommu_domain_alloc(&s->u.unit, IOMMU_DOMAIN_PAGING, &d), 0);
	assert_int_equal(iommu_attach_device(d, dev), 0);
	assert_int_equal(iommu_map(d, LARGE, LARGE, 2 * LARGE,
				   IOMMU_PERM_READ | IOMMU_PERM_WRITE),
			 0);
	seam_clear(s);
	testplat_fail_nth(&s->tp, 2);
	assert_int_equal(iommu_unmap(d, LARGE + 4096, LARGE, &bytes), -ENOMEM);
	testplat_fail_nth(&s->tp, 0);
	assert_true(forgotten(s, LARGE, 2 * LARGE - 1));

	assert_int_equal(iommu_unmap(d, LARGE, 2 * LARGE, &bytes), 0);
	assert_int_equal(bytes, 2 * LARGE);
	assert_int_equal(iommu_detach_device(d, dev), 0);
	assert_int_equal(iommu_domain_free(d), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	seam_unmake(s);
}

/*
 * A map that fails because the unit does not say that it has seen it: it may
 * have, so the pages are forgotten before their owner has them back. [R9]
 */
static void test_vtd_split_map_not_acknowledged(void **state)
{
	struct seam *s = seam_make();
	struct iommu_device *dev;
	struct iommu_domain *d;

	(void)state;
	s->u.f.mgaw_bits = 48;
	seam_start(s);
	dev = seam_device(s, 0x77);
	assert_int_equal(
		iommu_domain_alloc(&s->u.unit, IOMMU_DOMAIN_PAGING, &d), 0);
	assert_int_equal(iommu_attach_device(d, dev), 0);
	seam_clear(s);
	s->wbf_err = -ETIMEDOUT;
	assert_int_equal(iommu_map(d, 0x5000, 0x9000, 0x3000,
				   IOMMU_PERM_READ | IOMMU_PERM_WRITE),
			 -ETIMEDOUT);
	s->wbf_err = 0;
	assert_true(forgotten(s, 0x5000, 0x7fff));
	assert_int_equal(iommu_detach_device(d, dev), 0);
	assert_int_equal(iommu_domain_free(d), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	seam_unmake(s);
}

/* A unit of @mgaw_bits with a device whose traffic a paging domain has. */
struct bench {
	struct seam *s;
	struct iommu_device *dev;
	struct iommu_domain *d;
};

static void setup(struct bench *b, unsigned int mgaw_bits)
{
	b->s = seam_make();
	b->s->u.f.mgaw_bits = mgaw_bits;
	seam_start(b->s);
	b->dev = seam_device(b->s, 0x77);
	assert_int_equal(iommu_domain_alloc(&b->s->u.unit, IOMMU_DOMAIN_PAGING,
					    &b->d),
			 0);
	assert_int_equal(iommu_attach_device(b->d, b->dev), 0);
	seam_clear(b->s);
}

static void teardown(struct bench *b)
{
	assert_int_equal(iommu_detach_device(b->d, b->dev), 0);
	assert_int_equal(iommu_domain_free(b->d), 0);
	assert_int_equal(iommu_device_remove(b->dev), 0);
	seam_unmake(b->s);
}

/*
 * Caching mode: that nothing was there may be cached (6.1), so a map says it.
 * If that fails nothing is mapped, and all is blocked. [R1]
 */
static void test_vtd_split_map_in_caching_mode(void **state)
{
	struct bench b;
	uint64_t pa;

	(void)state;
	setup(&b, 48);
	b.s->u.f.cm = true;
	assert_int_equal(iommu_map(b.d, 0x5000, 0x9000, 0x3000, RW), 0);
	assert_true(forgotten(b.s, 0x5000, 0x7fff));
	b.s->fail_kind = SEAM_IOTLB;
	b.s->fail_err = -EIO;
	b.s->fail_times = 2; /* and when it is asked alone */
	assert_int_equal(iommu_map(b.d, 0x20000, 0x9000, 0x3000, RW),
			 -ETIMEDOUT);
	assert_true(b.s->dead);
	assert_int_equal(iommu_iova_to_phys(b.d, 0x20000, &pa), -ENOENT);
	assert_int_equal(iommu_iova_to_phys(b.d, 0x5000, &pa), 0);
	teardown(&b);
}

/*
 * An unmap that the unit is not told of: its tables stay as long as the domain,
 * as the unit may walk them still. [R1]
 */
static void test_vtd_split_unmap_is_not_confirmed(void **state)
{
	uint64_t bytes = 0;
	unsigned int fails;

	(void)state;
	for (fails = 0; fails < 2; fails++) {
		struct bench b;
		long live;

		setup(&b, 48);
		/* Two tables that have nothing in common. */
		assert_int_equal(iommu_map(b.d, LARGE, 0x9000, 0x2000, RW), 0);
		assert_int_equal(iommu_map(b.d, UINT64_C(1) << 39, 0x9000,
					   0x2000, RW),
				 0);
		live = atomic_load(&b.s->tp.live_allocations);
		b.s->fail_kind = SEAM_IOTLB;
		b.s->fail_err = -EIO;
		b.s->fail_times = 2 * fails;
		assert_int_equal(iommu_unmap(b.d, 0, UINT64_C(1) << 40, &bytes),
				 fails ? -ETIMEDOUT : 0);
		assert_int_equal(b.s->dead, fails);
		if (fails)
			assert_int_equal(atomic_load(&b.s->tp.live_allocations),
					 live);
		else
			assert_true(atomic_load(&b.s->tp.live_allocations) <=
				    live - 6);
		/* Then they go: what is left is testplat's to notice. */
		teardown(&b);
	}
}

/* No address beyond MGAW (11.4.2), whatever the levels would take. */
static void test_vtd_split_addresses_of_the_unit(void **state)
{
	const uint64_t end = UINT64_C(1) << 40;
	struct bench b;
	uint64_t bytes;

	(void)state;
	setup(&b, 40);
	assert_int_equal(iommu_map(b.d, end - 4096, 0x9000, 4096, RW), 0);
	assert_int_equal(iommu_map(b.d, end, 0x9000, 4096, RW), -EINVAL);
	assert_int_equal(iommu_unmap(b.d, end - 4096, 4096, &bytes), 0);
	assert_int_equal(bytes, 4096);
	teardown(&b);
}

/* A domain that cannot be had, for any reason, leaves nothing behind. */
static void test_vtd_split_no_domain(void **state)
{
	struct seam *s = seam_make();
	struct iommu_domain *d;
	unsigned int refused = 0;
	long live, n;
	uint16_t did;
	int err;

	(void)state;
	s->u.f.did_bits = 4;
	s->u.f.mgaw_bits = 48;
	seam_start(s);
	live = atomic_load(&s->tp.live_allocations);
	for (n = 1;; n++) {
		testplat_fail_nth(&s->tp, n);
		err = iommu_domain_alloc(&s->u.unit, IOMMU_DOMAIN_PAGING, &d);
		testplat_fail_nth(&s->tp, 0);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(atomic_load(&s->tp.live_allocations), live);
		refused++;
	}
	assert_true(refused >= 2);
	assert_int_equal(iommu_domain_free(d), 0);

	while (!vtd_did_get(&s->u, &did))
		;
	assert_int_equal(iommu_domain_alloc(&s->u.unit, IOMMU_DOMAIN_PAGING,
					    &d),
			 -ENOSPC);
	assert_int_equal(atomic_load(&s->tp.live_allocations), live);
	s->u.f.ss_levels = 0;
	assert_int_equal(iommu_domain_alloc(&s->u.unit, IOMMU_DOMAIN_PAGING,
					    &d),
			 -EOPNOTSUPP);
	seam_unmake(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_split_without_memory),
		cmocka_unit_test(test_vtd_split_map_not_acknowledged),
		cmocka_unit_test(test_vtd_split_map_in_caching_mode),
		cmocka_unit_test(test_vtd_split_unmap_is_not_confirmed),
		cmocka_unit_test(test_vtd_split_addresses_of_the_unit),
		cmocka_unit_test(test_vtd_split_no_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
