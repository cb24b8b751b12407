/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "tests/core/mock/vm.h"

int vm_hear(const struct iommu_fault *fault, struct iommu_device *dev,
	    void *data)
{
	struct vm *vm = data;

	(void)dev;
	vm->heard++;
	vm->last = *fault;
	return vm->verdict;
}

uint64_t *vm_word(struct vm *vm, uint64_t gpa)
{
	return &vm->memory[(gpa - BASE) / 8];
}

void vm_map(struct vm *vm, uint64_t gpa)
{
	uint64_t table = BASE + PAGE;
	unsigned int level;

	*vm_word(vm, BASE + 8ull * PASID) = table;
	for (level = LEVELS - 1; level; level--, table += PAGE)
		*vm_word(vm, table + 8 * (VA >> (12 + 9 * level) & 511)) =
			table + PAGE;
	*vm_word(vm, table + 8 * (VA >> 12 & 511)) = gpa;
}

static void before(void *arg, enum mock_op op, struct iommu_device *dev,
		   ioasid_t pasid)
{
	struct vm *vm = arg;

	(void)pasid;
	if (vm->before)
		vm->before(vm, op, dev);
}

int vm_setup(void **state)
{
	static struct vm vm;
	const struct mock_cfg cfg = { .before = before, .arg = &vm };
	struct rig *rig = &vm.rig;

	memset(&vm, 0, sizeof(vm));
	rig_up(rig, NULL, &cfg);
	vm.memory = plat_pages_alloc(rig->plat, (size_t)PAGES * PAGE);
	assert_non_null(vm.memory);
	memset(vm.memory, 0xff, (size_t)PAGES * PAGE);
	vm.pa = plat_virt_to_phys(rig->plat, vm.memory);
	assert_ok(iommu_domain_alloc_parent(mock_unit(rig->mock), &vm.parent));
	assert_ok(iommu_map(vm.parent, BASE, vm.pa, (uint64_t)PAGES * PAGE,
			    R | W));
	assert_ok(iommu_attach_device(vm.parent, rig->dev[0]));
	vm_map(&vm, DATA);
	*state = &vm;
	return 0;
}

int vm_teardown(void **state)
{
	struct vm *vm = *state;

	assert_ok(iommu_detach_device(vm->parent, vm->rig.dev[0]));
	assert_ok(iommu_domain_free(vm->parent));
	plat_pages_free(vm->rig.plat, vm->memory, (size_t)PAGES * PAGE);
	rig_down(&vm->rig);
	return 0;
}

const struct pasid_table_info vm_info = {
	.ptr = BASE,
	.size = 8 * 64,
	.model = IOMMU_MODEL_MOCK,
};

const struct iommu_gpasid_bind_data vm_gpasid = {
	.version = IOMMU_GPASID_BIND_VERSION_1,
	.format = IOMMU_PASID_FORMAT_MOCK,
	.addr_width = 39,
	.gpgd = BASE + PAGE,
	.hpasid = PASID + 2,
};

int vm_bind(struct vm *vm)
{
	return iommu_bind_pasid_table(vm->parent, vm->rig.dev[0], &vm_info);
}

void vm_unbind(struct vm *vm)
{
	assert_ok(iommu_unbind_pasid_table(vm->parent, vm->rig.dev[0]));
}

int64_t vm_reach(struct vm *vm, ioasid_t pasid, uint64_t va)
{
	uint64_t pa = 0;
	int err = mock_access(vm->rig.mock, vm->rig.dev[0], pasid, va, R, &pa);

	return err ? err : (int64_t)(pa - vm->pa);
}

int vm_invalidate(struct vm *vm, struct iommu_cache_invalidate_info inv)
{
	inv.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1;
	return iommu_cache_invalidate(vm->parent, vm->rig.dev[0], &inv);
}
