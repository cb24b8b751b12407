/* SPDX-License-Identifier: MIT */
/* What guests invalidate: legal requests, and whom they reach. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/core/mock/vm.h"

/* Makes the guest's table lead to the next data page and back again. */
static void toggle(struct vm *vm, unsigned int page)
{
	vm_map(vm, DATA + page * (uint64_t)PAGE);
}

/* Each legal pair; what is not named stays. [H1] [H2] */
static void test_guest_invalidate(void **state)
{
	static const struct {
		struct iommu_cache_invalidate_info info;
		bool hits;
	} cases[] = {
		{ { .cache = 1, .granularity = IOMMU_INV_GRANU_DOMAIN }, true },
		{ { .cache = 4, .granularity = IOMMU_INV_GRANU_DOMAIN }, true },
		{ { .cache = 5, .granularity = IOMMU_INV_GRANU_DOMAIN }, true },
		{ { .cache = 7,
		    .granularity = IOMMU_INV_GRANU_PASID,
		    .granu.pasid = { .flags = 1, .pasid = PASID } },
		  true },
		{ { .cache = 1,
		    .granularity = IOMMU_INV_GRANU_PASID,
		    .granu.pasid = { .flags = 1, .pasid = PASID + 1 } },
		  false },
		{ { .cache = 3,
		    .granularity = IOMMU_INV_GRANU_ADDR,
		    .granu.addr = { .flags = 5,
				    .pasid = PASID,
				    .addr = VA,
				    .granule_size = PAGE,
				    .nb_granules = 1 } },
		  true },
		{ { .cache = 1,
		    .granularity = IOMMU_INV_GRANU_ADDR,
		    .granu.addr = { .addr = VA - PAGE,
				    .granule_size = PAGE,
				    .nb_granules = 2 } },
		  true },
		{ { .cache = 1,
		    .granularity = IOMMU_INV_GRANU_ADDR,
		    .granu.addr = { .addr = VA - PAGE,
				    .granule_size = PAGE,
				    .nb_granules = 1 } },
		  false },
	};
	struct vm *vm = *state;
	struct iommu_device *dev = vm->rig.dev[0];
	unsigned int i;

	assert_ok(vm_bind(vm));
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct iommu_cache_invalidate_info inv = cases[i].info;

		inv.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1;
		toggle(vm, 0);
		assert_int_equal(vm_reach(vm, PASID, VA), DATA - BASE);
		toggle(vm, 1);
		/* The cache is one: without an invalidation it stands. */
		assert_int_equal(vm_reach(vm, PASID, VA), DATA - BASE);
		assert_ok(iommu_cache_invalidate(vm->parent, dev, &inv));
		assert_int_equal(vm_reach(vm, PASID, VA),
				 DATA - BASE + (cases[i].hits ? PAGE : 0));
		mock_report_all(vm->rig.mock);
		inv = cases[0].info;
		inv.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1;
		assert_ok(iommu_cache_invalidate(vm->parent, dev, &inv));
	}
	vm_unbind(vm);
}

/* The whole matrix: 8 sets of caches, 4 granularities. [H1] */
static void test_guest_invalidate_matrix(void **state)
{
	static const uint8_t legal[] = {
		[IOMMU_INV_GRANU_DOMAIN] = IOMMU_CACHE_INV_TYPE_IOTLB |
					   IOMMU_CACHE_INV_TYPE_PASID,
		[IOMMU_INV_GRANU_PASID] = IOMMU_CACHE_INV_TYPE_IOTLB |
					  IOMMU_CACHE_INV_TYPE_DEV_IOTLB |
					  IOMMU_CACHE_INV_TYPE_PASID,
		[IOMMU_INV_GRANU_ADDR] = IOMMU_CACHE_INV_TYPE_IOTLB |
					 IOMMU_CACHE_INV_TYPE_DEV_IOTLB,
		[3] = 0,
	};
	struct vm *vm = *state;
	unsigned int cache, granu, calls = 0, want = 0;

	assert_ok(vm_bind(vm));
	for (cache = 0; cache <= 8; cache++) {
		for (granu = 0; granu < 4; granu++) {
			struct iommu_cache_invalidate_info inv = {
				.version =
					IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
				.cache = (uint8_t)cache,
				.granularity = (uint8_t)granu,
			};
			bool ok = cache &&
				  !(cache & ~(unsigned int)legal[granu]);

			if (granu == IOMMU_INV_GRANU_ADDR) {
				inv.granu.addr.flags = 1;
				inv.granu.addr.granule_size = PAGE;
				inv.granu.addr.nb_granules = 1;
			} else {
				inv.granu.pasid.flags = 1;
			}
			want += ok;
			calls += !iommu_cache_invalidate(vm->parent,
							 vm->rig.dev[0], &inv);
			assert_int_equal(calls, want);
		}
	}
	assert_int_equal(want, 3 + 7 + 3);
	assert_int_equal(mock_calls(vm->rig.mock, MOCK_OP_INVALIDATE), want);
	vm_unbind(vm);
}

/* Ranges, flags and numbers no one can mean; none reaches the driver. [H2] */
static void test_guest_invalidate_is_checked(void **state)
{
	static const struct iommu_inv_addr_info addrs[] = {
		{ .granule_size = 2048, .nb_granules = 1 },
		{ .granule_size = 3 * 4096, .nb_granules = 1 },
		{ .granule_size = 0, .nb_granules = 1 },
		{ .granule_size = PAGE, .nb_granules = 0 },
		{ .granule_size = PAGE, .nb_granules = 1, .addr = 1 },
		{ .granule_size = PAGE,
		  .nb_granules = 2,
		  .addr = UINT64_MAX - 4095 },
		{ .granule_size = UINT64_C(1) << 63, .nb_granules = 3 },
		{ .granule_size = PAGE, .nb_granules = 1, .flags = 8 },
		{ .granule_size = PAGE,
		  .nb_granules = 1,
		  .flags = 1,
		  .pasid = 1 << WIDE },
		{ .granule_size = PAGE,
		  .nb_granules = 1,
		  .flags = 1,
		  .pasid = UINT64_C(1) << 32 },
	};
	static const struct iommu_inv_pasid_info pasids[] = {
		{ .flags = 0 },
		{ .flags = 4 },
		{ .flags = 1, .pasid = 1 << WIDE },
	};
	struct vm *vm = *state;
	struct iommu_cache_invalidate_info inv;
	unsigned int i;

	assert_ok(vm_bind(vm));
	for (i = 0; i < sizeof(addrs) / sizeof(*addrs); i++) {
		inv = (struct iommu_cache_invalidate_info){
			.cache = IOMMU_CACHE_INV_TYPE_IOTLB,
			.granularity = IOMMU_INV_GRANU_ADDR,
			.granu.addr = addrs[i],
		};
		assert_err(vm_invalidate(vm, inv), EINVAL);
	}
	for (i = 0; i < sizeof(pasids) / sizeof(*pasids); i++) {
		inv = (struct iommu_cache_invalidate_info){
			.cache = IOMMU_CACHE_INV_TYPE_IOTLB,
			.granularity = IOMMU_INV_GRANU_PASID,
			.granu.pasid = pasids[i],
		};
		assert_err(vm_invalidate(vm, inv), EINVAL);
	}
	inv = (struct iommu_cache_invalidate_info){
		.cache = IOMMU_CACHE_INV_TYPE_IOTLB,
		.padding = { 0, 0, 0, 0, 0, 1 },
	};
	assert_err(vm_invalidate(vm, inv), EINVAL);
	inv.padding[5] = 0;
	assert_err(iommu_cache_invalidate(vm->parent, vm->rig.dev[0], &inv),
		   EINVAL); /* its version is 0 */
	/* Tags are nothing to devices and PASID caches. */
	inv.granularity = IOMMU_INV_GRANU_PASID;
	inv.granu.pasid.flags = IOMMU_INV_PASID_FLAGS_ARCHID;
	inv.cache = IOMMU_CACHE_INV_TYPE_DEV_IOTLB;
	assert_err(vm_invalidate(vm, inv), EINVAL);
	inv.cache = IOMMU_CACHE_INV_TYPE_PASID;
	assert_err(vm_invalidate(vm, inv), EINVAL);
	assert_int_equal(mock_calls(vm->rig.mock, MOCK_OP_INVALIDATE), 0);
	vm_unbind(vm);
	inv.cache = IOMMU_CACHE_INV_TYPE_IOTLB;
	inv.granularity = IOMMU_INV_GRANU_DOMAIN;
	assert_err(vm_invalidate(vm, inv), ENODEV);
}

/* Of PASIDs one by one: the one that is named, or all. [G6] [H1] */
static void test_guest_invalidate_gpasid(void **state)
{
	struct vm *vm = *state;
	struct iommu_device *dev = vm->rig.dev[0];
	struct iommu_gpasid_bind_data second = vm_gpasid;
	struct iommu_cache_invalidate_info inv = {
		.cache = IOMMU_CACHE_INV_TYPE_IOTLB,
		.granularity = IOMMU_INV_GRANU_PASID,
		.granu.pasid = { .flags = 1, .pasid = PASID + 2 },
	};

	second.hpasid = PASID + 3;
	assert_ok(iommu_sva_bind_gpasid(vm->parent, dev, &vm_gpasid));
	assert_ok(iommu_sva_bind_gpasid(vm->parent, dev, &second));
	assert_int_equal(vm_reach(vm, PASID + 2, VA), DATA - BASE);
	assert_int_equal(vm_reach(vm, PASID + 3, VA), DATA - BASE);
	toggle(vm, 1);
	assert_ok(vm_invalidate(vm, inv));
	assert_int_equal(vm_reach(vm, PASID + 2, VA), DATA - BASE + PAGE);
	assert_int_equal(vm_reach(vm, PASID + 3, VA), DATA - BASE);
	toggle(vm, 2);
	inv.granularity = IOMMU_INV_GRANU_DOMAIN;
	assert_ok(vm_invalidate(vm, inv));
	assert_int_equal(vm_reach(vm, PASID + 2, VA), DATA - BASE + 2 * PAGE);
	assert_int_equal(vm_reach(vm, PASID + 3, VA), DATA - BASE + 2 * PAGE);
	inv.granularity = IOMMU_INV_GRANU_PASID;
	inv.granu.pasid.pasid = PASID;
	assert_err(vm_invalidate(vm, inv), ENODEV);
	inv.granu.pasid.flags = IOMMU_INV_PASID_FLAGS_ARCHID;
	assert_err(vm_invalidate(vm, inv), EINVAL);
	assert_ok(iommu_sva_unbind_gpasid(vm->parent, dev, PASID + 2));
	assert_ok(iommu_sva_unbind_gpasid(vm->parent, dev, PASID + 3));
}

/* What leaves the parent leaves the guest's device too. [R9] */
static void test_guest_parent_unmap(void **state)
{
	struct vm *vm = *state;

	assert_ok(vm_bind(vm));
	assert_int_equal(vm_reach(vm, PASID, VA), DATA - BASE);
	assert_ok(iommu_unmap(vm->parent, DATA, PAGE, NULL));
	assert_int_equal(vm_reach(vm, PASID, VA), -EACCES);
	vm_unbind(vm);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, vm_setup, vm_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_guest_invalidate),
		TEST(test_guest_invalidate_matrix),
		TEST(test_guest_invalidate_is_checked),
		TEST(test_guest_invalidate_gpasid),
		TEST(test_guest_parent_unmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
