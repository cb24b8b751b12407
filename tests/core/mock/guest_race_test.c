/* SPDX-License-Identifier: MIT */
/*
 * Guests do not wait for each other: what one binds and unbinds, or fails to
 * bind, another's calls and its own invalidations may come beside. Said by
 * ASan and TSan, if anything is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tests/core/mock/vm.h"

enum { ROUNDS = 2000 };

struct beside {
	struct vm *vm;
	struct iommu_domain *other;
	_Atomic bool done;
	_Atomic unsigned int count;
};

static bool is_done(struct beside *b)
{
	/* Relaxed: the join orders the rest. */
	return atomic_load_explicit(&b->done, memory_order_relaxed);
}

static void *detach_other(void *arg)
{
	struct beside *b = arg;

	do {
		if (!iommu_detach_pasid_table(b->other))
			atomic_fetch_add(&b->count, 1);
	} while (!is_done(b));
	return NULL;
}

/* Devices of other guests are looked at, and theirs alone is done. [G5] */
static void test_guest_detach_beside_others(void **state)
{
	struct vm *vm = *state;
	struct beside b = { .vm = vm };
	pthread_t thread;
	unsigned int i;

	assert_ok(iommu_domain_alloc_parent(mock_unit(vm->rig.mock), &b.other));
	assert_ok(iommu_attach_device(b.other, vm->rig.dev[1]));
	assert_int_equal(pthread_create(&thread, NULL, detach_other, &b), 0);
	for (i = 0; i < ROUNDS; i++) {
		assert_ok(vm_bind(vm));
		vm_unbind(vm);
	}
	atomic_store(&b.done, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(atomic_load(&b.count) > 0);
	assert_ok(iommu_detach_device(b.other, vm->rig.dev[1]));
	assert_ok(iommu_domain_free(b.other));
}

static void *invalidate(void *arg)
{
	struct beside *b = arg;

	do {
		int err = vm_invalidate(
			b->vm, (struct iommu_cache_invalidate_info){
				       .cache = IOMMU_CACHE_INV_TYPE_IOTLB,
				       .granularity = IOMMU_INV_GRANU_PASID,
				       .granu.pasid = { .flags = 1,
							.pasid = PASID + 3 },
			       });

		if (err == -ENODEV)
			atomic_fetch_add(&b->count, 1);
	} while (!is_done(b));
	return NULL;
}

/* A guest names a PASID while its bind fails. [G6] [H1] */
static void test_guest_invalidate_beside_failure(void **state)
{
	struct vm *vm = *state;
	struct iommu_device *dev = vm->rig.dev[0];
	struct iommu_gpasid_bind_data second = vm_gpasid;
	struct beside b = { .vm = vm };
	pthread_t thread;
	unsigned int i;

	second.hpasid = PASID + 3;
	assert_ok(iommu_sva_bind_gpasid(vm->parent, dev, &vm_gpasid));
	assert_int_equal(pthread_create(&thread, NULL, invalidate, &b), 0);
	for (i = 0; i < ROUNDS; i++) {
		mock_fail(vm->rig.mock, MOCK_OP_SET, 1, -ENOMEM);
		assert_err(iommu_sva_bind_gpasid(vm->parent, dev, &second),
			   ENOMEM);
	}
	atomic_store(&b.done, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(atomic_load(&b.count) > 0);
	assert_ok(iommu_sva_unbind_gpasid(vm->parent, dev, PASID + 2));
}

static void *replace(void *arg)
{
	static const enum iommu_pasid_table_mode modes[] = {
		IOMMU_PASID_CONFIG_TRANSLATE,
		IOMMU_PASID_CONFIG_ABORT,
		IOMMU_PASID_CONFIG_BYPASS,
	};
	struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_MOCK,
		.base = BASE,
		.pasid_bits = 6,
	};
	struct beside *b = arg;
	unsigned int i;

	for (i = 0; !is_done(b); i++) {
		cfg.config = (uint8_t)modes[i % 3];
		if (!iommu_attach_pasid_table(b->vm->parent, &cfg))
			atomic_fetch_add(&b->count, 1);
	}
	return NULL;
}

static void *forget(void *arg)
{
	struct beside *b = arg;

	do {
		int err = vm_invalidate(
			b->vm, (struct iommu_cache_invalidate_info){
				       .cache = IOMMU_CACHE_INV_TYPE_IOTLB,
			       });

		if (err && err != -ENODEV)
			return b;
	} while (!is_done(b));
	return NULL;
}

/* Tables replace each other, and end, and whoever comes finds one or none. */
static void test_guest_replace_beside_itself(void **state)
{
	struct vm *vm = *state;
	struct beside b = { .vm = vm };
	pthread_t threads[3];
	unsigned int i;
	void *failed;
	int err;

	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						i ? replace : forget, &b),
				 0);
	for (i = 0; i < ROUNDS || atomic_load(&b.count) < ROUNDS; i++) {
		err = iommu_detach_pasid_table(vm->parent);
		/* Not while it begins, or another ends it. */
		assert_true(!err || err == -EBUSY || err == -EINVAL);
		/* No room for the next one, sometimes. */
		if (i % 8 == 0)
			mock_fail(vm->rig.mock, MOCK_OP_NESTED_ALLOC, 1,
				  -ENOMEM);
	}
	atomic_store(&b.done, true);
	for (i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	mock_fail(vm->rig.mock, MOCK_OP_NESTED_ALLOC, 0, 0);
	assert_true(atomic_load(&b.count) > 0);
	assert_ok(iommu_detach_pasid_table(vm->parent));
	assert_int_equal(vm_reach(vm, 0, DATA), DATA - BASE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, vm_setup, vm_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_guest_detach_beside_others),
		TEST(test_guest_invalidate_beside_failure),
		TEST(test_guest_replace_beside_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
