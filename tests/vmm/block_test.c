/* SPDX-License-Identifier: MIT */
/*
 * Shadow tables: what a guest maps in blocks is filled in by pages, and goes
 * with whatever address of the block the guest invalidates.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "tests/vmm/fixture.h"
#include "tests/vmm/hostile.h"

#define PASID    UINT32_C(1)
#define BLOCK    (UINT64_C(1) << 21)
#define BLOCK_VA BLOCK /* the second of a table */
#define PAGE_VA  (2 * BLOCK)

/* Level 2 of the tables that hostile_vendor.entry() has every PASID use. */
static void map_blocks(struct hostile *h)
{
	const uint64_t block = VMM_RAM_GPA + BLOCK;
	uint64_t leaf = h->vendor->leaf(block);

	/* A block: bit 1 is clear on Arm, PS is set on x86. */
	leaf = fixture_pair->guest == SVA_IOMMU_VTD ? leaf | 1u << 7 :
						      leaf & ~UINT64_C(2);
	hostile_write(h, hostile_gpa(HOSTILE_TABLES),
		      h->vendor->link(hostile_gpa(HOSTILE_TABLES + 1)));
	hostile_write(h, hostile_gpa(HOSTILE_TABLES + 1),
		      h->vendor->link(hostile_gpa(HOSTILE_TABLES + 2)));
	hostile_write(h, hostile_gpa(HOSTILE_TABLES + 2) + 8, leaf);
	hostile_write(h, hostile_gpa(HOSTILE_TABLES + 2) + 16,
		      h->vendor->link(hostile_gpa(HOSTILE_TABLES + 3)));
	hostile_write(h, hostile_gpa(HOSTILE_TABLES + 3),
		      h->vendor->leaf(hostile_gpa(20)));
	hostile_write(h, hostile_gpa(HOSTILE_TABLES + 3) + 8,
		      h->vendor->leaf(hostile_gpa(21)));
}

static void set_up(struct hostile *h, struct vmm_host **ret_host)
{
	const struct vmm_guest_cfg cfg = {
		.how = fixture_pair->how,
		.iommu = fixture_pair->guest,
		.memory = UINT64_C(16) << 20,
	};

	memset(h, 0, sizeof(*h));
	h->vendor = fixture_pair->guest == SVA_IOMMU_VTD ? &hostile_vtd :
							   &hostile_smmuv3;
	h->seed = 5; /* with it, entry() writes what it should */
	*ret_host = fixture_host(1);
	assert_int_equal(vmm_guest_create_bare(*ret_host, &cfg, &h->guest), 0);
	h->win = vmm_unit_window(h->guest);
	map_blocks(h);
	h->vendor->entry(h, PASID);
	h->vendor->start(h);
	pthread_mutex_lock(&h->guest->unit.lock);
	vmm_forward_pasid(h->guest, IOMMU_CACHE_INV_TYPE_PASID,
			  IOMMU_INV_PASID_FLAGS_PASID, PASID, 0);
	pthread_mutex_unlock(&h->guest->unit.lock);
}

static void tear_down(struct hostile *h, struct vmm_host *host)
{
	vmm_guest_kill(h->guest);
	assert_int_equal(vmm_guest_destroy(h->guest), 0);
	fixture_host_close(host);
}

/* What a page request does. */
static void fill(struct hostile *h, uint64_t va)
{
	const struct iommu_fault_page_request prm = {
		.flags = IOMMU_FAULT_PAGE_REQUEST_PASID_VALID |
			 IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE,
		.pasid = PASID,
		.perm = IOMMU_PERM_READ,
		.addr = va,
	};

	pthread_mutex_lock(&h->guest->unit.lock);
	assert_int_equal(h->guest->backend->resolved(h->guest, &prm), 0);
	pthread_mutex_unlock(&h->guest->unit.lock);
}

/* A page by its address alone, as TLBI without a granule, or AM 0, says it. */
static void invalidate(struct hostile *h, uint64_t va)
{
	const struct iommu_inv_addr_info page = {
		.flags = IOMMU_INV_ADDR_FLAGS_LEAF,
		.addr = va,
		.granule_size = VMM_PAGE,
		.nb_granules = 1,
	};

	pthread_mutex_lock(&h->guest->unit.lock);
	vmm_forward_range(h->guest, IOMMU_CACHE_INV_TYPE_IOTLB, &page);
	pthread_mutex_unlock(&h->guest->unit.lock);
}

static uint64_t reached(struct hostile *h, uint64_t va)
{
	struct iommu_hw *hw = h->guest->host->iommu;
	const struct hw_txn txn = {
		.requester = VMM_HOST_RID(0),
		.flags = HW_TXN_PASID_VALID,
		.pasid = PASID,
		.perm = IOMMU_PERM_READ,
		.addr = va,
	};
	struct hw_port port = { 0 };
	struct hw_xlat xlat = { 0 };

	hw->ops->port_add(hw, &port);
	if (!hw->ops->translate(hw, &port, &txn, &xlat))
		hw_port_done(&port);
	hw->ops->port_remove(hw, &port);
	return xlat.pa;
}

/* The first, a middle and the last page of it, named by one of them. [H2] */
static void test_block_goes_as_a_whole(void **state)
{
	static const uint64_t pages[] = { 0, 5 * VMM_PAGE, BLOCK - VMM_PAGE };
	struct vmm_host *host;
	struct hostile h;
	unsigned int named, i;

	(void)state;
	set_up(&h, &host);
	for (named = 0; named < 3; named++) {
		for (i = 0; i < 3; i++) {
			fill(&h, BLOCK_VA + pages[i]);
			assert_int_equal(reached(&h, BLOCK_VA + pages[i]),
					 h.guest->ram.pa + BLOCK + pages[i]);
		}
		invalidate(&h, BLOCK_VA + pages[named]);
		for (i = 0; i < 3; i++)
			assert_int_equal(reached(&h, BLOCK_VA + pages[i]), 0);
	}
	tear_down(&h, host);
}

/* Where there are pages only, one goes alone. [H2] */
static void test_block_page_goes_alone(void **state)
{
	struct vmm_host *host;
	struct hostile h;

	(void)state;
	set_up(&h, &host);
	fill(&h, PAGE_VA);
	fill(&h, PAGE_VA + VMM_PAGE);
	invalidate(&h, PAGE_VA);
	assert_int_equal(reached(&h, PAGE_VA), 0);
	assert_int_equal(reached(&h, PAGE_VA + VMM_PAGE),
			 h.guest->ram.pa + 21 * VMM_PAGE);
	tear_down(&h, host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_block_goes_as_a_whole),
		cmocka_unit_test(test_block_page_goes_alone),
	};

	return GROUP(tests, shadow_smmuv3) + GROUP(tests, shadow_vtd) +
	       GROUP(tests, shadow_vtd_on_smmuv3) +
	       GROUP(tests, shadow_smmuv3_on_vtd);
}
