/* SPDX-License-Identifier: MIT */
/*
 * Shadow tables: requests without a PASID are served by the entry of the guest's
 * RID_PASID, so what the guest invalidates of that PASID goes from them, too.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "fmt/vtd.h"
#include "tests/vmm/fixture.h"
#include "tests/vmm/hostile.h"

#define RID_PASID UINT32_C(1)
#define OTHER     UINT32_C(2)
#define VA        UINT64_C(0)

/* One page, at 0. */
static void map_page(struct hostile *h)
{
	unsigned int level;

	for (level = 0; level < 3; level++)
		hostile_write(h, hostile_gpa(HOSTILE_TABLES + level),
			      h->vendor->link(
				      hostile_gpa(HOSTILE_TABLES + level + 1)));
	hostile_write(h, hostile_gpa(HOSTILE_TABLES + 3),
		      h->vendor->leaf(hostile_gpa(20)));
}

/* The word of the context entry that has nothing else. */
static void set_rid_pasid(struct hostile *h)
{
	struct vtd_sm_context context = { { 0 } };

	FIELD_SET(VTD_SM_CONTEXT_RID_PASID, &context, RID_PASID);
	hostile_write(h,
		      hostile_gpa(HOSTILE_CONTEXT) +
			      VMM_GUEST_RID * sizeof(context) + 8,
		      context.dw[1]);
}

static void set_up(struct hostile *h, struct vmm_host **ret_host)
{
	const struct vmm_guest_cfg cfg = {
		.how = fixture_pair->how,
		.iommu = fixture_pair->guest,
		.memory = UINT64_C(16) << 20,
	};

	memset(h, 0, sizeof(*h));
	h->vendor = &hostile_vtd;
	h->seed = 5; /* with it, entry() writes what it should */
	*ret_host = fixture_host(1);
	assert_int_equal(vmm_guest_create_bare(*ret_host, &cfg, &h->guest), 0);
	h->win = vmm_unit_window(h->guest);
	map_page(h);
	h->vendor->entry(h, RID_PASID);
	set_rid_pasid(h);
	h->vendor->start(h);
	assert_int_equal(h->guest->unit.table.vendor.vtd.rid_pasid, RID_PASID);
}

static void tear_down(struct hostile *h, struct vmm_host *host)
{
	vmm_guest_kill(h->guest);
	assert_int_equal(vmm_guest_destroy(h->guest), 0);
	fixture_host_close(host);
}

static uint64_t reached(struct hostile *h)
{
	struct iommu_hw *hw = h->guest->host->iommu;
	const struct hw_txn txn = {
		.requester = VMM_HOST_RID(0),
		.perm = IOMMU_PERM_READ,
		.addr = VA,
	};
	struct hw_port port = { 0 };
	struct hw_xlat xlat = { 0 };

	hw->ops->port_add(hw, &port);
	if (!hw->ops->translate(hw, &port, &txn, &xlat))
		hw_port_done(&port);
	hw->ops->port_remove(hw, &port);
	return xlat.pa;
}

/* What a page request without a PASID does. */
static void fill(struct hostile *h)
{
	const struct iommu_fault_page_request prm = {
		.flags = IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE,
		.perm = IOMMU_PERM_READ,
		.addr = VA,
	};

	pthread_mutex_lock(&h->guest->unit.lock);
	assert_int_equal(h->guest->backend->resolved(h->guest, &prm), 0);
	pthread_mutex_unlock(&h->guest->unit.lock);
	assert_int_equal(reached(h), h->guest->ram.pa + 20 * VMM_PAGE);
}

static void forget_page(struct hostile *h, uint32_t pasid)
{
	const struct iommu_inv_addr_info page = {
		.flags = IOMMU_INV_ADDR_FLAGS_PASID | IOMMU_INV_ADDR_FLAGS_LEAF,
		.pasid = pasid,
		.addr = VA,
		.granule_size = VMM_PAGE,
		.nb_granules = 1,
	};

	pthread_mutex_lock(&h->guest->unit.lock);
	vmm_forward_range(h->guest, IOMMU_CACHE_INV_TYPE_IOTLB, &page);
	pthread_mutex_unlock(&h->guest->unit.lock);
}

static void forget(struct hostile *h, unsigned int cache, uint32_t pasid)
{
	pthread_mutex_lock(&h->guest->unit.lock);
	vmm_forward_pasid(h->guest, cache, IOMMU_INV_PASID_FLAGS_PASID, pasid,
			  0);
	pthread_mutex_unlock(&h->guest->unit.lock);
}

/* A page, all of it, and its entry; another PASID's leave it. [H1] [H2] */
static void test_rid_goes_with_its_pasid(void **state)
{
	static const unsigned int caches[] = { IOMMU_CACHE_INV_TYPE_IOTLB,
					       IOMMU_CACHE_INV_TYPE_PASID };
	struct vmm_host *host;
	struct hostile h;
	unsigned int i;

	(void)state;
	set_up(&h, &host);
	fill(&h);
	forget_page(&h, OTHER);
	assert_int_not_equal(reached(&h), 0);
	forget_page(&h, RID_PASID);
	assert_int_equal(reached(&h), 0);
	for (i = 0; i < 2; i++) {
		fill(&h);
		forget(&h, caches[i], OTHER);
		assert_int_not_equal(reached(&h), 0);
		forget(&h, caches[i], RID_PASID);
		assert_int_equal(reached(&h), 0);
	}
	tear_down(&h, host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rid_goes_with_its_pasid),
	};

	return GROUP(tests, shadow_vtd) + GROUP(tests, shadow_vtd_on_smmuv3);
}
