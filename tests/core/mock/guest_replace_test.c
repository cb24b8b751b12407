/* SPDX-License-Identifier: MIT */
/* A guest's table in place of another: what has room, and who waits for it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "tests/core/mock/vm.h"

static const struct iommu_pasid_table_config config = {
	.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
	.format = IOMMU_PASID_FORMAT_MOCK,
	.base = BASE,
	.pasid_bits = 6,
	.config = IOMMU_PASID_CONFIG_TRANSLATE,
};

static int set_table(struct vm *vm, enum iommu_pasid_table_mode mode)
{
	struct iommu_pasid_table_config cfg = config;

	cfg.config = (uint8_t)mode;
	return iommu_attach_pasid_table(vm->parent, &cfg);
}

static void assert_aborts(struct vm *vm)
{
	assert_int_equal(vm_reach(vm, PASID, VA), -EACCES);
	assert_int_equal(vm_reach(vm, 0, DATA), -EACCES);
}

/* The device aborts, though neither the domain nor its entry had room. */
static void block(struct vm *vm, enum mock_op op, int err)
{
	mock_fail(vm->rig.mock, op, 1, err);
	assert_err(set_table(vm, IOMMU_PASID_CONFIG_BYPASS), -err);
	assert_int_equal(vm_reach(vm, PASID, VA), DATA - BASE);
	mock_fail(vm->rig.mock, op, 1, err);
	assert_ok(set_table(vm, IOMMU_PASID_CONFIG_ABORT));
	assert_aborts(vm);
}

/* Memory or ids are out: what was bound is not walked any more. [G5] */
static void test_replace_abort_has_room(void **state)
{
	struct vm *vm = *state;
	struct rig *rig = &vm->rig;
	unsigned int told;

	assert_ok(set_table(vm, IOMMU_PASID_CONFIG_TRANSLATE));
	block(vm, MOCK_OP_NESTED_ALLOC, -ENOMEM);
	/* It stays so, and is not given back by what the guest forgets. */
	mock_fail(rig->mock, MOCK_OP_NESTED_ALLOC, 1, -ENOSPC);
	assert_err(set_table(vm, IOMMU_PASID_CONFIG_TRANSLATE), ENOSPC);
	mock_fail(rig->mock, MOCK_OP_SET, 1, -ENOMEM);
	assert_err(set_table(vm, IOMMU_PASID_CONFIG_TRANSLATE), ENOMEM);
	mock_fail(rig->mock, MOCK_OP_NESTED_ALLOC, 1, -ENOSPC);
	assert_ok(set_table(vm, IOMMU_PASID_CONFIG_ABORT));
	told = mock_calls(rig->mock, MOCK_OP_INVALIDATE);
	assert_ok(vm_invalidate(vm, (struct iommu_cache_invalidate_info){
					    .cache = IOMMU_CACHE_INV_TYPE_PASID,
				    }));
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_INVALIDATE), told);
	assert_aborts(vm);
	assert_err(iommu_detach_device(vm->parent, rig->dev[0]), EBUSY);
	/* Until there is room. */
	assert_ok(set_table(vm, IOMMU_PASID_CONFIG_TRANSLATE));
	assert_int_equal(vm_reach(vm, PASID, VA), DATA - BASE);
	assert_ok(vm_invalidate(vm, (struct iommu_cache_invalidate_info){
					    .cache = IOMMU_CACHE_INV_TYPE_IOTLB,
				    }));
	assert_int_equal(mock_calls(rig->mock, MOCK_OP_INVALIDATE), told + 1);
	block(vm, MOCK_OP_NESTED_ALLOC, -ENOSPC);
	assert_ok(set_table(vm, IOMMU_PASID_CONFIG_TRANSLATE));
	block(vm, MOCK_OP_SET, -ENOMEM);
	vm_unbind(vm);
	assert_int_equal(vm_reach(vm, 0, DATA), DATA - BASE);
}

/* Only for what is legal, and in place of a table. [G5] */
static void test_replace_abort_is_checked(void **state)
{
	struct vm *vm = *state;
	struct iommu_pasid_table_config cfg = config;

	cfg.config = IOMMU_PASID_CONFIG_ABORT;
	mock_fail(vm->rig.mock, MOCK_OP_NESTED_ALLOC, 1, -ENOMEM);
	assert_err(iommu_attach_pasid_table(vm->parent, &cfg), ENOMEM);
	assert_int_equal(vm_reach(vm, 0, DATA), DATA - BASE);
	assert_ok(set_table(vm, IOMMU_PASID_CONFIG_TRANSLATE));
	cfg.vendor_length = 4;
	assert_err(iommu_attach_pasid_table(vm->parent, &cfg), EINVAL);
	assert_int_equal(vm_reach(vm, PASID, VA), DATA - BASE);
	vm_unbind(vm);
}

/* Not even for the parent: then it is attached to nothing. [G2] */
static void test_replace_end_without_room(void **state)
{
	struct vm *vm = *state;
	struct iommu_device *dev = vm->rig.dev[0];

	assert_ok(set_table(vm, IOMMU_PASID_CONFIG_TRANSLATE));
	block(vm, MOCK_OP_NESTED_ALLOC, -ENOMEM);
	mock_fail(vm->rig.mock, MOCK_OP_SET, 1, -ENOMEM);
	assert_err(iommu_unbind_pasid_table(vm->parent, dev), ENOMEM);
	assert_aborts(vm);
	assert_err(iommu_unbind_pasid_table(vm->parent, dev), EINVAL);
	assert_ok(iommu_attach_device(vm->parent, dev));
	assert_int_equal(vm_reach(vm, 0, DATA), DATA - BASE);
}

/* Another device, whose PASIDs come and go while a table is replaced. */
struct other {
	struct iommu_device *dev;
	struct iommu_domain *domain;
	pthread_t thread;
	sem_t done;
	unsigned int beside;
	bool late;
};

static struct other other;

static void *use_other(void *arg)
{
	struct other *o = arg;

	if (!iommu_attach_device_pasid(o->domain, o->dev, PASID))
		iommu_detach_device_pasid(o->domain, o->dev, PASID);
	sem_post(&o->done);
	return NULL;
}

/* It has no lock that the other needs, or the semaphore is waited for. */
static void use_other_beside(struct vm *vm, enum mock_op op,
			     struct iommu_device *dev)
{
	struct timespec end;

	if (dev != vm->rig.dev[0] ||
	    (op != MOCK_OP_SET && op != MOCK_OP_REMOVE &&
	     op != MOCK_OP_NESTED_ALLOC))
		return;
	other.beside++;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 20;
	if (pthread_create(&other.thread, NULL, use_other, &other)) {
		other.late = true;
		return;
	}
	other.late |= sem_timedwait(&other.done, &end);
	/* Afterwards, for whoever comes too late. */
	if (other.late)
		vm->before = NULL;
	else
		pthread_join(other.thread, NULL);
}

static void replace_beside(struct vm *vm, enum iommu_pasid_table_mode mode,
			   unsigned int count)
{
	other.beside = 0;
	vm->before = use_other_beside;
	assert_ok(set_table(vm, mode));
	vm->before = NULL;
	if (other.late)
		pthread_join(other.thread, NULL);
	assert_false(other.late);
	assert_int_equal(other.beside, count);
}

/* What one guest toggles nobody else waits for. [G5] */
static void test_replace_keeps_nobody(void **state)
{
	struct vm *vm = *state;
	struct mock *mock = vm->rig.mock;

	other.dev = vm->rig.dev[1];
	other.late = false;
	assert_int_equal(sem_init(&other.done, 0, 0), 0);
	assert_ok(iommu_domain_alloc(mock_unit(mock), IOMMU_DOMAIN_PAGING,
				     &other.domain));
	assert_ok(set_table(vm, IOMMU_PASID_CONFIG_BYPASS));
	replace_beside(vm, IOMMU_PASID_CONFIG_TRANSLATE, 2);
	assert_int_equal(vm_reach(vm, PASID, VA), DATA - BASE);
	mock_fail(mock, MOCK_OP_NESTED_ALLOC, 1, -ENOMEM);
	replace_beside(vm, IOMMU_PASID_CONFIG_ABORT, 2);
	assert_aborts(vm);
	replace_beside(vm, IOMMU_PASID_CONFIG_TRANSLATE, 2);
	vm_unbind(vm);
	assert_ok(iommu_domain_free(other.domain));
	sem_destroy(&other.done);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, vm_setup, vm_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_replace_abort_has_room),
		TEST(test_replace_abort_is_checked),
		TEST(test_replace_end_without_room),
		TEST(test_replace_keeps_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
