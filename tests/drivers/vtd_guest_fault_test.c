/* SPDX-License-Identifier: MIT */
/*
 * Guests' PASID tables when something is wrong: no memory, a unit or a device
 * that does not answer, and the guest's own faults, which it hears of and
 * answers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/fault.h>

#include "tests/drivers/vtd_guest.h"

#define VA    VGUEST_VA
#define IOTLB IOMMU_CACHE_INV_TYPE_IOTLB
#define DEV   IOMMU_CACHE_INV_TYPE_DEV_IOTLB
#define PASID IOMMU_CACHE_INV_TYPE_PASID

/* Of one table, as often as the directory has room for it. */
static void test_vtd_guest_gets_no_more_tables_than_that(void **state)
{
	struct vtd_pasid e;
	long before, after;
	uint64_t table;
	struct vguest_one o;
	unsigned int i;

	(void)state;
	vguest_one_make(&o);
	table = vguest_at(o.g, o.g->dir)[0];
	before = o.b->tp.live_allocations;
	for (i = 0; i < 512; i++)
		vguest_at(o.g, o.g->dir)[i] = table;
	assert_int_equal(vguest_bind(o.g), 0);
	after = o.b->tp.live_allocations;
	assert_in_range(after - before, 200, 300);
	assert_int_equal(vbench_dma(o.b, 64 * 200 + 5, VA),
			 vguest_pa(o.g, o.data));
	e = vguest_host_entry(o.g, 64 * 400 + 5);
	assert_int_equal(e.dw[0], 0);
	assert_int_equal(vguest_inv_pasid(o.g, PASID, 64 * 400 + 5), -ENOMEM);
	assert_int_equal(vguest_inv(o.g, PASID), -ENOMEM);
	vguest_at(o.g, o.g->dir)[5] = 0;
	assert_int_equal(vguest_inv(o.g, PASID), -ENOMEM);
	assert_int_equal(vbench_dma(o.b, 64 * 5 + 5, VA), 0);
	vguest_unbind(o.g);
	vguest_one_unmake(&o);
}

/* No memory: nothing has changed, or an entry is not there. */
static void test_vtd_guest_without_memory(void **state)
{
	struct vtd_pasid e;
	struct vguest_one o;
	long n;
	int err;

	(void)state;
	vguest_one_make(&o);
	for (n = 1, err = -ENOMEM; err; n++) {
		testplat_fail_nth(&o.b->tp, n);
		err = vguest_bind(o.g);
		testplat_fail_nth(&o.b->tp, 0);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(vbench_dma(o.b, 0, o.data),
				 vguest_pa(o.g, o.data));
		assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	}
	assert_in_range(n, 4, 20);
	e = vguest_fs(o.root);
	vguest_set(o.g, 700, &e);
	testplat_fail_nth(&o.b->tp, 1);
	assert_int_equal(vguest_inv_pasid(o.g, PASID, 700), -ENOMEM);
	testplat_fail_nth(&o.b->tp, 0);
	assert_int_equal(vbench_dma(o.b, 700, VA), 0);
	assert_int_equal(vguest_inv_pasid(o.g, PASID, 700), 0);
	assert_int_equal(vbench_dma(o.b, 700, VA), vguest_pa(o.g, o.data));
	/* The end takes none. */
	testplat_fail_nth(&o.b->tp, 1);
	vguest_unbind(o.g);
	testplat_fail_nth(&o.b->tp, 0);
	assert_int_equal(vbench_dma(o.b, 0, o.data), vguest_pa(o.g, o.data));
	vguest_one_unmake(&o);
}

/* [R14]: a unit that does not answer; all is blocked then. */
static void test_vtd_guest_unit_does_not_answer(void **state)
{
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	assert_int_equal(vguest_bind(o.g), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, o.data));
	o.b->deaf = true;
	assert_int_equal(vguest_inv_pasid(o.g, IOTLB, 5), -ETIMEDOUT);
	o.b->deaf = false;
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	memset(vguest_entry(o.g, 5), 0, 64);
	assert_int_equal(vguest_inv_pasid(o.g, PASID, 5), -ETIMEDOUT);
	assert_int_equal(iommu_unbind_pasid_table(o.g->parent, o.b->dev),
			 -ETIMEDOUT);
	assert_int_equal(vbench_dma(o.b, 0, o.data), 0);
	assert_int_equal(iommu_domain_free(o.g->parent), 0);
	vguest_drop(o.g);
}

/*
 * [L10]: a device that does not answer is cut off, and neither its guest nor
 * the end of that brings it back; what it still has leads nowhere.
 */
static void test_vtd_guest_device_does_not_answer(void **state)
{
	struct vtd_pasid e;
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	e = vguest_fs(o.root);
	vguest_set(o.g, 9, &e);
	assert_int_equal(vguest_bind_rid(o.g, 9), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_ats(o.b, 5, VA), vguest_pa(o.g, o.data));
	o.b->mute_atc = true;
	assert_int_equal(vguest_inv_pasid(o.g, IOTLB | DEV, 5), -ETIMEDOUT);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	assert_int_equal(vguest_inv_pasid(o.g, IOTLB | DEV, 5), 0);
	assert_int_equal(vguest_inv(o.g, PASID), 0);
	assert_int_equal(vbench_dma(o.b, 0, VA), 0);
	vguest_unbind(o.g);
	assert_int_equal(vbench_dma(o.b, 0, o.data), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	vguest_one_unmake(&o);
}

/* The same found out by an unmap of the host's. */
static void test_vtd_guest_device_keeps_what_was_unmapped(void **state)
{
	uint64_t bytes;
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	assert_int_equal(vguest_bind(o.g), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), vguest_pa(o.g, o.data));
	assert_int_equal(vbench_ats(o.b, 5, VA), vguest_pa(o.g, o.data));
	o.b->mute_atc = true;
	assert_int_equal(iommu_unmap(o.g->parent, o.data, PAGE(1), &bytes), 0);
	assert_int_equal(bytes, PAGE(1));
	assert_true(vbench_atc_has(o.b, 5, VA));
	/* It is out. */
	assert_int_equal(vbench_dma(o.b, 0, PAGE(1)), 0);
	assert_int_equal(vbench_ats(o.b, 5, VA), 0);
	vguest_unbind(o.g);
	vguest_one_unmake(&o);
}

struct heard {
	struct iommu_fault fault;
	unsigned int count;
};

static int hear(const struct iommu_fault *fault, struct iommu_device *dev,
		void *data)
{
	struct heard *h = data;

	(void)dev;
	h->fault = *fault;
	h->count++;
	return 0;
}

static void listen(struct vguest_one *o, struct heard *h)
{
	*h = (struct heard){ .count = 0 };
	assert_int_equal(
		iommu_register_device_fault_handler(o->b->dev, hear, h), 0);
}

/* [I6] [G1]: the guest's addresses; what its own stage did, and what not. */
static void test_vtd_guest_faults_say_which_stage(void **state)
{
	uint64_t bytes;
	struct heard h;
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	listen(&o, &h);
	/* One stage: there is nothing to tell apart. */
	assert_int_equal(vbench_dma(o.b, 0, PAGE(VGUEST_PAGES)), 0);
	(void)testplat_irq_run(&o.b->tp);
	assert_int_equal(h.count, 1);
	assert_false(h.fault.event.flags & IOMMU_FAULT_UNRECOV_STAGE2);
	assert_int_equal(vguest_bind(o.g), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA + PAGE(3)), 0);
	(void)testplat_irq_run(&o.b->tp);
	assert_int_equal(h.count, 2);
	assert_int_equal(h.fault.type, IOMMU_FAULT_UNRECOV);
	assert_int_equal(h.fault.event.reason, IOMMU_FAULT_REASON_PTE_FETCH);
	assert_int_equal(h.fault.event.flags,
			 IOMMU_FAULT_UNRECOV_PASID_VALID |
				 IOMMU_FAULT_UNRECOV_ADDR_VALID);
	assert_int_equal(h.fault.event.pasid, 5);
	assert_int_equal(h.fault.event.addr, VA + PAGE(3));
	/* The page, and a table of the guest's. */
	assert_int_equal(iommu_unmap(o.g->parent, o.data, PAGE(1), &bytes), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	(void)testplat_irq_run(&o.b->tp);
	assert_int_equal(h.count, 3);
	assert_true(h.fault.event.flags & IOMMU_FAULT_UNRECOV_STAGE2);
	assert_int_equal(h.fault.event.addr, VA);
	assert_int_equal(iommu_unmap(o.g->parent, o.root, PAGE(1), &bytes), 0);
	assert_int_equal(vbench_dma(o.b, 5, VA), 0);
	(void)testplat_irq_run(&o.b->tp);
	assert_int_equal(h.count, 4);
	assert_true(h.fault.event.flags & IOMMU_FAULT_UNRECOV_STAGE2);
	vguest_unbind(o.g);
	assert_int_equal(iommu_unregister_device_fault_handler(o.b->dev), 0);
	vguest_one_unmake(&o);
}

static void request(struct vguest_one *o, uint32_t perm, uint16_t prgi)
{
	const struct hw_page_request req = {
		.requester = VBENCH_SID,
		.pasid_valid = true,
		.pasid = 5,
		.addr = VA + PAGE(7),
		.perm = perm,
		.prgi = prgi,
		.last = true,
	};

	o->b->hw->ops->page_request(o->b->hw, &req);
	(void)testplat_irq_run(&o->b->tp);
}

/*
 * [I3] [I4] [M3] [M4]: the guest is asked, privileged requests included, and
 * it answers; what it has not answered is Invalid at the unbind.
 */
static void test_vtd_guest_answers_page_requests(void **state)
{
	struct iommu_page_response answer = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = IOMMU_PAGE_RESP_PASID_VALID,
		.pasid = 5,
	};
	struct vtd_pasid e;
	struct heard h;
	struct vguest_one o;

	(void)state;
	vguest_one_make(&o);
	e = vguest_fs(o.root);
	FIELD_SET(VTD_PASID_SRE, &e, 1);
	vguest_set(o.g, 5, &e);
	listen(&o, &h);
	assert_int_equal(vguest_bind(o.g), 0);
	request(&o, IOMMU_PERM_READ | IOMMU_PERM_PRIV, 3);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.fault.type, IOMMU_FAULT_PAGE_REQ);
	assert_int_equal(h.fault.prm.perm, IOMMU_PERM_READ | IOMMU_PERM_PRIV);
	assert_int_equal(h.fault.prm.addr, VA + PAGE(7));
	assert_int_equal(h.fault.prm.pasid, 5);
	assert_int_equal(o.b->prg_count, 0);
	answer.grpid = h.fault.prm.grpid;
	answer.code = IOMMU_PAGE_RESP_SUCCESS;
	vguest_map(o.g, o.root, VA + PAGE(7), o.data);
	assert_int_equal(iommu_page_response(o.b->dev, &answer), 0);
	assert_int_equal(o.b->prg_count, 1);
	assert_int_equal(o.b->prg.code, HW_PRG_SUCCESS);
	assert_int_equal(o.b->prg.prgi, 3);
	/* An answer to what nobody has asked. */
	assert_int_equal(iommu_page_response(o.b->dev, &answer), -EINVAL);
	request(&o, IOMMU_PERM_WRITE, 4);
	assert_int_equal(h.count, 2);
	vguest_unbind(o.g);
	assert_int_equal(o.b->prg_count, 2);
	assert_int_equal(o.b->prg.code, HW_PRG_INVALID);
	assert_int_equal(iommu_unregister_device_fault_handler(o.b->dev), 0);
	vguest_one_unmake(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_guest_gets_no_more_tables_than_that),
		cmocka_unit_test(test_vtd_guest_without_memory),
		cmocka_unit_test(test_vtd_guest_unit_does_not_answer),
		cmocka_unit_test(test_vtd_guest_device_does_not_answer),
		cmocka_unit_test(test_vtd_guest_device_keeps_what_was_unmapped),
		cmocka_unit_test(test_vtd_guest_faults_say_which_stage),
		cmocka_unit_test(test_vtd_guest_answers_page_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
