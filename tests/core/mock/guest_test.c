/* SPDX-License-Identifier: MIT */
/* Guests' tables: what may be bound where, who hears of faults, and when. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/auxdomain.h>

#include "tests/core/mock/vm.h"

/* Both stages, and the parent's alone before and after. [G1] [G2] */
static void test_guest_table_is_walked(void **state)
{
	struct vm *vm = *state;

	assert_int_equal(vm_reach(vm, 0, DATA), DATA - BASE);
	assert_int_equal(vm_reach(vm, PASID, VA), -EACCES);
	assert_ok(vm_bind(vm));
	assert_int_equal(vm_reach(vm, PASID, VA), DATA - BASE);
	/* Without a PASID: the guest's entry 0, which is invalid. */
	assert_int_equal(vm_reach(vm, 0, DATA), -EACCES);
	assert_int_equal(vm_reach(vm, PASID + 1, VA), -EACCES);
	vm_unbind(vm);
	assert_int_equal(vm_reach(vm, PASID, VA), -EACCES);
	assert_int_equal(vm_reach(vm, 0, DATA), DATA - BASE);
}

/* Nothing outside the parent, whatever the guest's words say. [G1] */
static void test_guest_stays_in_its_memory(void **state)
{
	struct vm *vm = *state;

	assert_ok(vm_bind(vm));
	vm_map(vm, OUTSIDE);
	assert_int_equal(vm_reach(vm, PASID, VA), -EACCES);
	*vm_word(vm, BASE + 8ull * PASID) = OUTSIDE;
	assert_int_equal(vm_reach(vm, PASID, VA), -EACCES);
	/* It leads to itself: three levels, and no further. */
	*vm_word(vm, BASE + 8ull * PASID) = BASE + PAGE;
	*vm_word(vm, BASE + PAGE + 8 * (VA >> 30 & 511)) = BASE + PAGE;
	assert_int_equal(vm_reach(vm, PASID, VA), PAGE);
	vm_unbind(vm);
}

/* The forms of 2017: sizes, tails and models. [G3] [G4] */
static void test_guest_info_is_checked(void **state)
{
	struct vm *vm = *state;
	struct iommu_device *dev = vm->rig.dev[0];
	union {
		struct pasid_table_info info;
		uint8_t bytes[sizeof(vm_info) + 80];
	} with = { .info = vm_info };

	with.info.model = IOMMU_MODEL_INTEL_VTD;
	assert_err(iommu_bind_pasid_table(vm->parent, dev, &with.info), EINVAL);
	with.info.model = IOMMU_MODEL_MOCK + 1;
	assert_err(iommu_bind_pasid_table(vm->parent, dev, &with.info), EINVAL);
	with.info = vm_info;
	with.info.size = 0;
	assert_err(iommu_bind_pasid_table(vm->parent, dev, &with.info), EINVAL);
	with.info.size = (8 << WIDE) + 8;
	assert_err(iommu_bind_pasid_table(vm->parent, dev, &with.info), EINVAL);
	with.info = vm_info;
	with.info.length = IOMMU_PASID_VENDOR_BYTES + 1;
	assert_err(iommu_bind_pasid_table(vm->parent, dev, &with.info), EINVAL);
	/* The mock has nothing to say there. */
	with.info.length = 4;
	assert_err(iommu_bind_pasid_table(vm->parent, dev, &with.info), EINVAL);
	with.info = vm_info;
	with.info.ptr = BASE + 8;
	assert_err(iommu_bind_pasid_table(vm->parent, dev, &with.info), EINVAL);
	with.info = vm_info;
	with.info.size = 8 << WIDE;
	assert_ok(iommu_bind_pasid_table(vm->parent, dev, &with.info));
	vm_unbind(vm);
}

/* Which domain and device it may be. [G1] [G2] */
static void test_guest_needs_its_parent(void **state)
{
	struct vm *vm = *state;
	struct rig *rig = &vm->rig;
	struct iommu_domain *other, *plain;

	assert_ok(iommu_domain_alloc_parent(mock_unit(rig->mock), &other));
	assert_ok(iommu_domain_alloc(mock_unit(rig->mock), IOMMU_DOMAIN_PAGING,
				     &plain));
	assert_err(iommu_bind_pasid_table(other, rig->dev[0], &vm_info),
		   EINVAL);
	assert_err(iommu_bind_pasid_table(vm->parent, rig->dev[1], &vm_info),
		   EINVAL);
	assert_ok(iommu_attach_device(plain, rig->dev[1]));
	assert_err(iommu_bind_pasid_table(plain, rig->dev[1], &vm_info),
		   EINVAL);
	assert_ok(iommu_detach_device(plain, rig->dev[1]));
	assert_err(iommu_unbind_pasid_table(vm->parent, rig->dev[0]), EINVAL);
	assert_ok(vm_bind(vm));
	assert_err(vm_bind(vm), EBUSY);
	assert_err(iommu_unbind_pasid_table(other, rig->dev[0]), EINVAL);
	assert_err(iommu_domain_free(vm->parent), EBUSY);
	vm_unbind(vm);
	assert_ok(iommu_domain_free(other));
	assert_ok(iommu_domain_free(plain));
}

/* A device is the guest's or the host's. [A6] [G1] */
static void test_guest_excludes_features(void **state)
{
	static const enum iommu_dev_feature features[] = {
		IOMMU_DEV_FEAT_SVA,
		IOMMU_DEV_FEAT_IOPF,
		IOMMU_DEV_FEAT_AUX,
	};
	struct vm *vm = *state;
	struct iommu_device *dev = vm->rig.dev[0];
	struct iommu_domain *domain;
	unsigned int i;

	assert_ok(iommu_domain_alloc(mock_unit(vm->rig.mock),
				     IOMMU_DOMAIN_PAGING, &domain));
	for (i = 0; i < 3; i++) {
		assert_ok(iommu_dev_enable_feature(dev, features[i]));
		assert_err(vm_bind(vm), EBUSY);
		assert_ok(iommu_dev_disable_feature(dev, features[i]));
	}
	assert_ok(iommu_attach_device_pasid(domain, dev, PASID));
	assert_err(vm_bind(vm), EBUSY);
	iommu_detach_device_pasid(domain, dev, PASID);
	assert_ok(vm_bind(vm));
	for (i = 0; i < 3; i++)
		assert_err(iommu_dev_enable_feature(dev, features[i]), EBUSY);
	assert_err(iommu_attach_device_pasid(domain, dev, PASID), EBUSY);
	assert_err(iommu_attach_device(domain, dev), EBUSY);
	assert_err(iommu_detach_device(vm->parent, dev), EBUSY);
	assert_err(iommu_device_remove(dev), EBUSY);
	vm_unbind(vm);
	assert_ok(iommu_domain_free(domain));
}

/* A driver that does not nest. [G1] [G2] [G5] [G6] [H1] */
static void test_guest_without_nesting(void **state)
{
	const struct mock_cfg cfg = { .no_nesting = true };
	const struct iommu_pasid_table_config table = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.config = IOMMU_PASID_CONFIG_ABORT,
	};
	const struct iommu_gpasid_bind_data data = {
		.version = IOMMU_GPASID_BIND_VERSION_1,
		.hpasid = PASID,
	};
	const struct iommu_cache_invalidate_info inv = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = IOMMU_CACHE_INV_TYPE_IOTLB,
		.granularity = IOMMU_INV_GRANU_DOMAIN,
	};
	struct iommu_domain *domain;
	struct rig rig = { 0 };

	(void)state;
	rig_up(&rig, NULL, &cfg);
	assert_err(iommu_domain_alloc_parent(mock_unit(rig.mock), &domain),
		   EOPNOTSUPP);
	assert_ok(iommu_domain_alloc(mock_unit(rig.mock), IOMMU_DOMAIN_PAGING,
				     &domain));
	assert_ok(iommu_attach_device(domain, rig.dev[0]));
	assert_err(iommu_bind_pasid_table(domain, rig.dev[0], &vm_info),
		   EINVAL);
	assert_err(iommu_unbind_pasid_table(domain, rig.dev[0]), EINVAL);
	assert_err(iommu_attach_pasid_table(domain, &table), ENODEV);
	assert_err(iommu_detach_pasid_table(domain), ENODEV);
	assert_err(iommu_sva_bind_gpasid(domain, rig.dev[0], &data), ENODEV);
	assert_err(iommu_sva_unbind_gpasid(domain, rig.dev[0], PASID), ENODEV);
	assert_err(iommu_cache_invalidate(domain, rig.dev[0], &inv), ENODEV);
	assert_ok(iommu_detach_device(domain, rig.dev[0]));
	assert_ok(iommu_domain_free(domain));
	rig_down(&rig);
}

static const struct iommu_pasid_table_config config = {
	.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
	.format = IOMMU_PASID_FORMAT_MOCK,
	.base = BASE,
	.pasid_bits = 6,
	.config = IOMMU_PASID_CONFIG_TRANSLATE,
};

/* All devices of the parent, modes, and one table for another. [G5] */
static void test_guest_attach_table(void **state)
{
	struct vm *vm = *state;
	struct rig *rig = &vm->rig;
	struct iommu_pasid_table_config cfg = config;
	uint64_t pa;

	assert_ok(iommu_attach_device(vm->parent, rig->dev[1]));
	assert_ok(iommu_attach_pasid_table(vm->parent, &cfg));
	assert_int_equal(vm_reach(vm, PASID, VA), DATA - BASE);
	assert_ok(mock_access(rig->mock, rig->dev[1], PASID, VA, R, &pa));
	assert_int_equal(pa, vm->pa + (DATA - BASE));

	cfg.config = IOMMU_PASID_CONFIG_BYPASS;
	assert_ok(iommu_attach_pasid_table(vm->parent, &cfg));
	assert_int_equal(vm_reach(vm, 0, DATA), DATA - BASE);
	cfg.config = IOMMU_PASID_CONFIG_ABORT;
	assert_ok(iommu_attach_pasid_table(vm->parent, &cfg));
	assert_int_equal(vm_reach(vm, 0, DATA), -EACCES);
	assert_int_equal(vm_reach(vm, PASID, VA), -EACCES);
	assert_ok(iommu_detach_pasid_table(vm->parent));
	assert_ok(iommu_detach_pasid_table(vm->parent));
	assert_int_equal(vm_reach(vm, 0, DATA), DATA - BASE);
	assert_ok(iommu_detach_device(vm->parent, rig->dev[1]));
}

/* What a configuration may not say. [G4] [G5] */
static void test_guest_config_is_checked(void **state)
{
	struct vm *vm = *state;
	struct iommu_pasid_table_config cfg = config;
	struct iommu_domain *other;

	cfg.version++;
	assert_err(iommu_attach_pasid_table(vm->parent, &cfg), EINVAL);
	cfg = config;
	cfg.format = IOMMU_PASID_FORMAT_SMMUV3;
	assert_err(iommu_attach_pasid_table(vm->parent, &cfg), EINVAL);
	cfg = config;
	cfg.config = 0;
	assert_err(iommu_attach_pasid_table(vm->parent, &cfg), EINVAL);
	cfg.config = IOMMU_PASID_CONFIG_ABORT + 1;
	assert_err(iommu_attach_pasid_table(vm->parent, &cfg), EINVAL);
	cfg = config;
	cfg.padding = 1;
	assert_err(iommu_attach_pasid_table(vm->parent, &cfg), EINVAL);
	cfg = config;
	cfg.vendor_length = IOMMU_PASID_VENDOR_BYTES + 1;
	assert_err(iommu_attach_pasid_table(vm->parent, &cfg), EINVAL);
	cfg = config;
	cfg.pasid_bits = WIDE + 1;
	assert_err(iommu_attach_pasid_table(vm->parent, &cfg), EINVAL);
	assert_ok(iommu_domain_alloc_parent(mock_unit(vm->rig.mock), &other));
	assert_err(iommu_attach_pasid_table(other, &config), ENODEV);
	assert_ok(iommu_domain_free(other));
}

/* One device refuses: those before it are as they were. [G5] */
static void test_guest_attach_is_undone(void **state)
{
	struct vm *vm = *state;
	struct rig *rig = &vm->rig;

	assert_ok(iommu_attach_device(vm->parent, rig->dev[1]));
	mock_fail(rig->mock, MOCK_OP_NESTED_ALLOC, 2, -ENOMEM);
	assert_err(iommu_attach_pasid_table(vm->parent, &config), ENOMEM);
	assert_int_equal(vm_reach(vm, 0, DATA), DATA - BASE);
	assert_err(iommu_unbind_pasid_table(vm->parent, rig->dev[0]), EINVAL);
	assert_ok(iommu_detach_device(vm->parent, rig->dev[1]));
}

/* One PASID of many. [G6] */
static void test_guest_gpasid(void **state)
{
	struct vm *vm = *state;
	struct iommu_device *dev = vm->rig.dev[0];
	struct iommu_domain *domain;

	assert_ok(iommu_sva_bind_gpasid(vm->parent, dev, &vm_gpasid));
	assert_err(iommu_sva_bind_gpasid(vm->parent, dev, &vm_gpasid), EBUSY);
	assert_int_equal(vm_reach(vm, PASID + 2, VA), DATA - BASE);
	assert_int_equal(vm_reach(vm, PASID, VA), -EACCES);
	/* The rest of the device is as it was, and others have PASIDs too. */
	assert_int_equal(vm_reach(vm, 0, DATA), DATA - BASE);
	assert_ok(iommu_domain_alloc(mock_unit(vm->rig.mock),
				     IOMMU_DOMAIN_PAGING, &domain));
	assert_ok(iommu_attach_device_pasid(domain, dev, PASID));
	assert_err(iommu_sva_unbind_gpasid(vm->parent, dev, PASID), EINVAL);
	iommu_detach_device_pasid(domain, dev, PASID);
	assert_ok(iommu_domain_free(domain));
	assert_err(vm_bind(vm), EBUSY);
	assert_err(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_SVA), EBUSY);
	assert_err(iommu_detach_device(vm->parent, dev), EBUSY);
	assert_err(iommu_domain_free(vm->parent), EBUSY);
	assert_ok(iommu_sva_unbind_gpasid(vm->parent, dev, PASID + 2));
	assert_err(iommu_sva_unbind_gpasid(vm->parent, dev, PASID + 2), EINVAL);
	assert_int_equal(vm_reach(vm, PASID + 2, VA), -EACCES);
}

/* What the data may not say. [G6] */
static void test_guest_gpasid_is_checked(void **state)
{
	struct vm *vm = *state;
	struct iommu_device *dev = vm->rig.dev[0];
	struct iommu_gpasid_bind_data data = vm_gpasid;

	data.version++;
	assert_err(iommu_sva_bind_gpasid(vm->parent, dev, &data), EINVAL);
	data = vm_gpasid;
	data.format = IOMMU_PASID_FORMAT_VTD;
	assert_err(iommu_sva_bind_gpasid(vm->parent, dev, &data), EINVAL);
	data = vm_gpasid;
	data.flags = IOMMU_SVA_GPASID_VAL << 1;
	assert_err(iommu_sva_bind_gpasid(vm->parent, dev, &data), EINVAL);
	data = vm_gpasid;
	data.hpasid = 0;
	assert_err(iommu_sva_bind_gpasid(vm->parent, dev, &data), EINVAL);
	data.hpasid = 1 << WIDE;
	assert_err(iommu_sva_bind_gpasid(vm->parent, dev, &data), EINVAL);
	data = vm_gpasid;
	data.vtd.flags = IOMMU_SVA_VTD_GPASID_SRE;
	assert_err(iommu_sva_bind_gpasid(vm->parent, dev, &data), EINVAL);
	assert_err(iommu_sva_bind_gpasid(vm->parent, vm->rig.dev[1],
					 &vm_gpasid),
		   EINVAL);
}

/* A guest's memory is in the second stage: nothing auxiliary is on it. [E1] */
static void test_guest_memory_is_not_auxiliary(void **state)
{
	struct vm *vm = *state;
	struct iommu_device *dev = vm->rig.dev[0];
	struct iommu_domain *aux;

	assert_ok(iommu_domain_alloc(mock_unit(vm->rig.mock),
				     IOMMU_DOMAIN_PAGING, &aux));
	assert_ok(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_err(iommu_aux_attach_device(aux, dev), EINVAL);
	assert_ok(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX));
	assert_ok(iommu_domain_free(aux));
}

/* Nor is it auxiliary itself. [E1] */
static void test_guest_new_memory_is_not_auxiliary(void **state)
{
	struct vm *vm = *state;
	struct iommu_device *other = vm->rig.dev[1];
	struct iommu_domain *parent, *plain;

	assert_ok(iommu_domain_alloc_parent(mock_unit(vm->rig.mock), &parent));
	assert_ok(iommu_domain_alloc(mock_unit(vm->rig.mock),
				     IOMMU_DOMAIN_PAGING, &plain));
	assert_ok(iommu_attach_device(plain, other));
	assert_ok(iommu_dev_enable_feature(other, IOMMU_DEV_FEAT_AUX));
	assert_err(iommu_aux_attach_device(parent, other), EINVAL);
	assert_err(iommu_aux_get_pasid(parent, other), EINVAL);
	assert_ok(iommu_dev_disable_feature(other, IOMMU_DEV_FEAT_AUX));
	assert_ok(iommu_detach_device(plain, other));
	assert_ok(iommu_domain_free(plain));
	assert_ok(iommu_domain_free(parent));
}

/* The guest answers, with the codes it likes. [G1] [I4] */
static void test_guest_answers_requests(void **state)
{
	struct vm *vm = *state;
	struct rig *rig = &vm->rig;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_page_response msg = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = IOMMU_PAGE_RESP_PASID_VALID |
			 IOMMU_PAGE_RESP_COOKIE_VALID,
		.pasid = PASID,
		.grpid = 3,
		.code = IOMMU_PAGE_RESP_INVALID,
	};

	assert_ok(iommu_register_device_fault_handler(dev, vm_hear, vm));
	assert_false(mock_faults_enabled(dev));
	assert_ok(vm_bind(vm));
	assert_true(mock_faults_enabled(dev));
	raise_request(rig, dev, PASID, 3, VA, R, true);
	mock_report_all(rig->mock);
	assert_int_equal(vm->heard, 1);
	assert_int_equal(vm->last.prm.addr, VA);
	assert_int_equal(vm->last.prm.pasid, PASID);
	msg.cookie = vm->last.prm.cookie;
	assert_ok(iommu_page_response(dev, &msg));
	assert_int_equal(mock_response_count(rig->mock), 1);
	assert_int_equal(last_code(rig), IOMMU_PAGE_RESP_INVALID);
	/* A second answer to it, and one to a request that never was. */
	assert_err(iommu_page_response(dev, &msg), EINVAL);
	msg.cookie += 100;
	assert_err(iommu_page_response(dev, &msg), EINVAL);
	assert_int_equal(mock_response_count(rig->mock), 1);
	vm_unbind(vm);
	assert_false(mock_faults_enabled(dev));
	assert_ok(iommu_unregister_device_fault_handler(dev));
}

/* A guest that dies owes an answer: the device gets one. [G2] [R2] [R3] */
static void test_guest_dies_mid_fault(void **state)
{
	struct vm *vm = *state;
	struct rig *rig = &vm->rig;
	struct iommu_device *dev = rig->dev[0];
	enum mock_op ops[MOCK_LOG];
	unsigned int count;

	assert_ok(iommu_register_device_fault_handler(dev, vm_hear, vm));
	assert_ok(vm_bind(vm));
	mock_hold_faults(rig->mock, true);
	raise_request(rig, dev, PASID, 3, VA, R, true);
	raise_request(rig, dev, PASID + 1, 4, VA, R, true);
	assert_int_equal(vm->heard, 0);
	mock_log_reset(rig->mock);
	vm_unbind(vm);
	assert_int_equal(vm->heard, 2);
	assert_int_equal(mock_response_count(rig->mock), 2);
	assert_int_equal(last_code(rig), IOMMU_PAGE_RESP_INVALID);
	mock_hold_faults(rig->mock, false);
	/* Nothing is outstanding any more. */
	assert_ok(iommu_unregister_device_fault_handler(dev));
	/* What was queued is heard while the table still counts; what came
	 * meanwhile, before the answers are given. */
	count = mock_log(rig->mock, ops, MOCK_LOG);
	assert_true(count >= 4);
	assert_int_equal(ops[0], MOCK_OP_DRAIN);
	assert_int_equal(ops[1], MOCK_OP_SET);
	assert_int_equal(ops[2], MOCK_OP_DRAIN);
	assert_int_equal(ops[3], MOCK_OP_RESPONSE);
}

/* Only what the PASID was asked for is answered at its end. [G6] */
static void test_guest_gpasid_dies_alone(void **state)
{
	struct vm *vm = *state;
	struct rig *rig = &vm->rig;
	struct iommu_device *dev = rig->dev[0];
	struct iommu_gpasid_bind_data second = vm_gpasid;

	second.hpasid = PASID + 3;
	assert_ok(iommu_register_device_fault_handler(dev, vm_hear, vm));
	assert_ok(iommu_sva_bind_gpasid(vm->parent, dev, &vm_gpasid));
	assert_ok(iommu_sva_bind_gpasid(vm->parent, dev, &second));
	raise_request(rig, dev, PASID + 2, 3, VA, R, true);
	raise_request(rig, dev, PASID + 3, 4, VA, R, true);
	mock_report_all(rig->mock);
	assert_ok(iommu_sva_unbind_gpasid(vm->parent, dev, PASID + 2));
	assert_int_equal(mock_response_count(rig->mock), 1);
	assert_true(mock_faults_enabled(dev));
	assert_err(iommu_unregister_device_fault_handler(dev), EBUSY);
	assert_ok(iommu_sva_unbind_gpasid(vm->parent, dev, PASID + 3));
	assert_int_equal(mock_response_count(rig->mock), 2);
	assert_false(mock_faults_enabled(dev));
	assert_ok(iommu_unregister_device_fault_handler(dev));
}

/*
 * The device asks for PASIDs that are nobody's, too: at the end of the last
 * bind it has all its answers, and the handler can go. [G6] [R2]
 */
static void test_guest_gpasid_leaves_nothing(void **state)
{
	struct vm *vm = *state;
	struct rig *rig = &vm->rig;
	struct iommu_device *dev = rig->dev[0];

	assert_ok(iommu_register_device_fault_handler(dev, vm_hear, vm));
	assert_ok(iommu_sva_bind_gpasid(vm->parent, dev, &vm_gpasid));
	raise_request(rig, dev, PASID + 7, 3, VA, R, true);
	mock_report_all(rig->mock);
	assert_int_equal(vm->heard, 1);
	assert_int_equal(mock_response_count(rig->mock), 0);
	assert_ok(iommu_sva_unbind_gpasid(vm->parent, dev, PASID + 2));
	assert_int_equal(mock_response_count(rig->mock), 1);
	assert_int_equal(last_code(rig), IOMMU_PAGE_RESP_INVALID);
	assert_ok(iommu_unregister_device_fault_handler(dev));
}

/* A handler that comes between two binds is there for the second. [G6] */
static void test_guest_gpasid_late_handler(void **state)
{
	struct vm *vm = *state;
	struct iommu_device *dev = vm->rig.dev[0];
	struct iommu_gpasid_bind_data second = vm_gpasid;

	second.hpasid = PASID + 3;
	assert_ok(iommu_sva_bind_gpasid(vm->parent, dev, &vm_gpasid));
	assert_false(mock_faults_enabled(dev));
	assert_ok(iommu_register_device_fault_handler(dev, vm_hear, vm));
	assert_ok(iommu_sva_bind_gpasid(vm->parent, dev, &second));
	assert_true(mock_faults_enabled(dev));
	assert_ok(iommu_sva_unbind_gpasid(vm->parent, dev, PASID + 2));
	assert_true(mock_faults_enabled(dev));
	assert_ok(iommu_sva_unbind_gpasid(vm->parent, dev, PASID + 3));
	assert_false(mock_faults_enabled(dev));
	assert_ok(iommu_unregister_device_fault_handler(dev));
}

/* A table that is lost on the way to another owes no answers. [G5] [R2] */
static void test_guest_lost_table_answers(void **state)
{
	struct vm *vm = *state;
	struct rig *rig = &vm->rig;
	struct iommu_device *dev = rig->dev[0];

	assert_ok(iommu_register_device_fault_handler(dev, vm_hear, vm));
	assert_ok(vm_bind(vm));
	raise_request(rig, dev, PASID, 3, VA, R, true);
	mock_report_all(rig->mock);
	mock_fail(rig->mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	assert_err(iommu_attach_pasid_table(vm->parent, &config), ETIMEDOUT);
	assert_int_equal(mock_response_count(rig->mock), 1);
	assert_false(mock_faults_enabled(dev));
	assert_ok(iommu_unregister_device_fault_handler(dev));
	/* Attached to nothing: an unbind has nothing to do. */
	assert_err(iommu_unbind_pasid_table(vm->parent, dev), EINVAL);
	assert_ok(iommu_attach_device(vm->parent, dev));
}

/* Every step of a bind that can fail leaves things as they were. [G1] */
static void test_guest_bind_fails(void **state)
{
	struct vm *vm = *state;
	struct rig *rig = &vm->rig;
	struct iommu_device *dev = rig->dev[0];

	assert_ok(iommu_register_device_fault_handler(dev, vm_hear, vm));
	mock_fail(rig->mock, MOCK_OP_NESTED_ALLOC, 1, -ENOMEM);
	assert_err(vm_bind(vm), ENOMEM);
	mock_fail(rig->mock, MOCK_OP_ENABLE_FAULTS, 1, -EIO);
	assert_err(vm_bind(vm), EIO);
	mock_fail(rig->mock, MOCK_OP_SET, 1, -ENOMEM);
	assert_err(vm_bind(vm), ENOMEM);
	assert_false(mock_faults_enabled(dev));
	assert_int_equal(vm_reach(vm, 0, DATA), DATA - BASE);
	mock_fail(rig->mock, MOCK_OP_NESTED_ALLOC, 1, -ENOSPC);
	assert_err(iommu_sva_bind_gpasid(vm->parent, dev, &vm_gpasid), ENOSPC);
	mock_fail(rig->mock, MOCK_OP_ENABLE_FAULTS, 1, -EIO);
	assert_err(iommu_sva_bind_gpasid(vm->parent, dev, &vm_gpasid), EIO);
	mock_fail(rig->mock, MOCK_OP_SET, 1, -ENOMEM);
	assert_err(iommu_sva_bind_gpasid(vm->parent, dev, &vm_gpasid), ENOMEM);
	assert_false(mock_faults_enabled(dev));
	assert_ok(vm_bind(vm));
	mock_fail(rig->mock, MOCK_OP_SET, 1, -ENOMEM);
	assert_err(iommu_unbind_pasid_table(vm->parent, dev), ENOMEM);
	assert_int_equal(vm_reach(vm, PASID, VA), DATA - BASE);
	vm_unbind(vm);
	assert_ok(iommu_unregister_device_fault_handler(dev));
}

/* The IOMMU does not confirm: the device aborts, and nothing leaks. [G2] */
static void test_guest_timeouts(void **state)
{
	struct vm *vm = *state;
	struct rig *rig = &vm->rig;
	struct iommu_device *dev = rig->dev[0];

	mock_fail(rig->mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	assert_err(vm_bind(vm), ETIMEDOUT);
	assert_int_equal(vm_reach(vm, 0, DATA), -EACCES);
	assert_ok(iommu_attach_device(vm->parent, dev));
	assert_ok(vm_bind(vm));
	mock_fail(rig->mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	assert_err(iommu_unbind_pasid_table(vm->parent, dev), ETIMEDOUT);
	assert_int_equal(vm_reach(vm, 0, DATA), -EACCES);
	assert_ok(iommu_attach_device(vm->parent, dev));
	assert_ok(vm_bind(vm));
	/* A table for another. */
	mock_fail(rig->mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	assert_err(iommu_attach_pasid_table(vm->parent, &config), ETIMEDOUT);
	assert_int_equal(vm_reach(vm, PASID, VA), -EACCES);
	assert_ok(iommu_attach_device(vm->parent, dev));
	/* Not confirmed either: what the guest asked to be forgotten. [H1] */
	assert_ok(vm_bind(vm));
	mock_fail(rig->mock, MOCK_OP_INVALIDATE, 1, -ETIMEDOUT);
	assert_err(vm_invalidate(vm,
				 (struct iommu_cache_invalidate_info){
					 .cache = IOMMU_CACHE_INV_TYPE_IOTLB,
				 }),
		   ETIMEDOUT);
	vm_unbind(vm);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, vm_setup, vm_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_guest_table_is_walked),
		TEST(test_guest_stays_in_its_memory),
		TEST(test_guest_info_is_checked),
		TEST(test_guest_needs_its_parent),
		TEST(test_guest_excludes_features),
		cmocka_unit_test(test_guest_without_nesting),
		TEST(test_guest_attach_table),
		TEST(test_guest_config_is_checked),
		TEST(test_guest_attach_is_undone),
		TEST(test_guest_gpasid),
		TEST(test_guest_gpasid_is_checked),
		TEST(test_guest_memory_is_not_auxiliary),
		TEST(test_guest_new_memory_is_not_auxiliary),
		TEST(test_guest_answers_requests),
		TEST(test_guest_dies_mid_fault),
		TEST(test_guest_gpasid_dies_alone),
		TEST(test_guest_gpasid_leaves_nothing),
		TEST(test_guest_gpasid_late_handler),
		TEST(test_guest_lost_table_answers),
		TEST(test_guest_bind_fails),
		TEST(test_guest_timeouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
