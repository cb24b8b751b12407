/* SPDX-License-Identifier: MIT */
/*
 * Whatever makes the emulated IOMMU go on with its queue of commands, the host
 * hears of the commands: a tail that moves, a queue that is turned on with
 * something in it, an error that is acknowledged.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/bits.h"
#include "fmt/smmuv3.h"
#include "fmt/smmuv3_queue.h"
#include "fmt/smmuv3_regs.h"
#include "fmt/vtd.h"
#include "fmt/vtd_queue.h"
#include "fmt/vtd_regs.h"
#include "tests/vmm/fixture.h"
#include "tests/vmm/hostile.h"

#define PASID   UINT32_C(1)
#define VA      UINT64_C(0)
#define OLD     20u /* pages */
#define NEW     21u
#define WAIT_AT 19u

static bool is_vtd(void)
{
	return fixture_pair->guest == SVA_IOMMU_VTD;
}

/* The queue, whose entries the test numbers from 0; it never wraps. */

static void write_entry(struct hostile *h, unsigned int n, const uint64_t *dw)
{
	const unsigned int words = is_vtd() ? 4 : 2;
	unsigned int i;

	for (i = 0; i < words; i++)
		hostile_write(h,
			      hostile_gpa(HOSTILE_CMDQ) + 8 * (words * n + i),
			      dw[i]);
}

/* All of stage 1. */
static void write_forget(struct hostile *h, unsigned int n)
{
	struct smmu_cmd cmd = { { 0 } };
	struct vtd_inv inv = { { 0 } };

	FIELD_SET(SMMU_CMD_OPCODE, &cmd, SMMU_OP_TLBI_NH_ALL);
	vtd_inv_set_type(&inv, VTD_INV_PIOTLB);
	FIELD_SET(VTD_INV_PIOTLB_G, &inv, VTD_INV_PIOTLB_G_PASID);
	FIELD_SET(VTD_INV_PIOTLB_DID, &inv, PASID + 1);
	FIELD_SET(VTD_INV_PIOTLB_PASID, &inv, PASID);
	write_entry(h, n, is_vtd() ? inv.dw : cmd.dw);
}

/* Nothing; its end. */
static void write_sync(struct hostile *h, unsigned int n)
{
	struct smmu_cmd cmd = { { 0 } };
	struct vtd_inv inv = { { 0 } };

	FIELD_SET(SMMU_CMD_OPCODE, &cmd, SMMU_OP_SYNC);
	vtd_inv_set_type(&inv, VTD_INV_WAIT);
	FIELD_SET(VTD_INV_WAIT_SW, &inv, 1);
	vtd_inv_wait_set_staddr(&inv, hostile_gpa(WAIT_AT));
	write_entry(h, n, is_vtd() ? inv.dw : cmd.dw);
}

/* What there is no command of. */
static void write_illegal(struct hostile *h, unsigned int n)
{
	static const uint64_t zero[4];

	write_entry(h, n, zero);
}

static void set_tail(struct hostile *h, unsigned int n)
{
	if (is_vtd())
		mmio_write64(&h->win, VTD_IQT, n * UINT64_C(32));
	else
		mmio_write32(&h->win, SMMU_CMDQ_PROD, n);
}

static unsigned int get_head(struct hostile *h)
{
	if (is_vtd())
		return (unsigned int)mmio_read64(&h->win, VTD_IQH) / 32;
	return mmio_read32(&h->win, SMMU_CMDQ_CONS) & 63;
}

static void switch_queue(struct hostile *h, bool on)
{
	uint32_t mask = (uint32_t)FIELD_MASK(SMMU_CR0_CMDQEN);
	uint32_t value;

	if (is_vtd()) {
		mask = (uint32_t)FIELD_MASK(VTD_GCMD_QIE);
		mmio_write32(&h->win, VTD_GCMD,
			     (uint32_t)FIELD_MASK(VTD_GCMD_TE) |
				     (on ? mask : 0));
		return;
	}
	value = mmio_read32(&h->win, SMMU_CR0) & ~mask;
	mmio_write32(&h->win, SMMU_CR0, value | (on ? mask : 0));
}

static bool has_error(struct hostile *h)
{
	if (is_vtd())
		return mmio_read32(&h->win, VTD_FSTS) &
		       FIELD_MASK(VTD_FSTS_IQE);
	return mmio_read32(&h->win, SMMU_GERROR) !=
	       mmio_read32(&h->win, SMMU_GERRORN);
}

/* @wide: with the register before it, in an access of 64 bits. */
static void acknowledge(struct hostile *h, bool wide)
{
	const uint64_t reg = is_vtd() ? VTD_FSTS : SMMU_GERRORN;
	uint64_t value = FIELD_MASK(VTD_FSTS_IQE);

	if (!is_vtd())
		value = mmio_read32(&h->win, SMMU_GERROR);
	if (wide)
		mmio_write64(&h->win, reg - 4, value << 32);
	else
		mmio_write32(&h->win, reg, (uint32_t)value);
}

static void map(struct hostile *h, unsigned int page)
{
	hostile_write(h, hostile_gpa(HOSTILE_TABLES + 3),
		      h->vendor->leaf(hostile_gpa(page)));
}

static void set_up(struct hostile *h, struct vmm_host **ret_host)
{
	const struct vmm_guest_cfg cfg = {
		.how = fixture_pair->how,
		.iommu = fixture_pair->guest,
		.memory = UINT64_C(16) << 20,
	};
	unsigned int i;

	memset(h, 0, sizeof(*h));
	h->vendor = is_vtd() ? &hostile_vtd : &hostile_smmuv3;
	h->seed = 5; /* with it, entry() writes what it should */
	*ret_host = fixture_host(1);
	assert_int_equal(vmm_guest_create_bare(*ret_host, &cfg, &h->guest), 0);
	h->win = vmm_unit_window(h->guest);
	for (i = 0; i < 3; i++)
		hostile_write(
			h, hostile_gpa(HOSTILE_TABLES + i),
			h->vendor->link(hostile_gpa(HOSTILE_TABLES + i + 1)));
	map(h, OLD);
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

/* What a page request does; the other way needs none. */
static void fill(struct hostile *h)
{
	const struct iommu_fault_page_request prm = {
		.flags = IOMMU_FAULT_PAGE_REQUEST_PASID_VALID |
			 IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE,
		.pasid = PASID,
		.perm = IOMMU_PERM_READ,
		.addr = VA,
	};

	if (fixture_pair->how != VMM_SHADOW)
		return;
	pthread_mutex_lock(&h->guest->unit.lock);
	assert_int_equal(h->guest->backend->resolved(h->guest, &prm), 0);
	pthread_mutex_unlock(&h->guest->unit.lock);
}

/* The page of the guest's; 0: none. */
static unsigned int reached(struct hostile *h)
{
	struct iommu_hw *hw = h->guest->host->iommu;
	const struct hw_txn txn = {
		.requester = VMM_HOST_RID(0),
		.flags = HW_TXN_PASID_VALID,
		.pasid = PASID,
		.perm = IOMMU_PERM_READ,
		.addr = VA,
	};
	struct hw_port port = { 0 };
	struct hw_xlat xlat;
	int err;

	hw->ops->port_add(hw, &port);
	err = hw->ops->translate(hw, &port, &txn, &xlat);
	if (!err)
		hw_port_done(&port);
	hw->ops->port_remove(hw, &port);
	if (err)
		return 0;
	return (unsigned int)((xlat.pa - h->guest->ram.pa) / VMM_PAGE);
}

/* The host has what the guest has changed since: there is what to forget. */
static void make_stale(struct hostile *h)
{
	map(h, OLD);
	fill(h);
	assert_int_equal(reached(h), OLD);
	map(h, NEW);
	assert_int_equal(reached(h), OLD);
}

static void assert_fresh(struct hostile *h)
{
	assert_int_not_equal(reached(h), OLD);
	fill(h);
	assert_int_equal(reached(h), NEW);
}

/* [H2] IHI 0070, 4.1.1; VT-d, 6.5.2. */
static void test_queue_tail(void **state)
{
	struct vmm_host *host;
	struct hostile h;

	(void)state;
	set_up(&h, &host);
	make_stale(&h);
	write_forget(&h, 0);
	set_tail(&h, 1);
	assert_int_equal(get_head(&h), 1);
	assert_fresh(&h);
	tear_down(&h, host);
}

/* Commands that were there before it. [H2] IHI 0070, 6.3.9; VT-d, 11.4.4. */
static void test_queue_is_turned_on(void **state)
{
	struct vmm_host *host;
	struct hostile h;

	(void)state;
	set_up(&h, &host);
	switch_queue(&h, false);
	write_sync(&h, 0);
	write_forget(&h, 1);
	set_tail(&h, 2);
	assert_int_equal(get_head(&h), 0);
	make_stale(&h);
	switch_queue(&h, true);
	assert_int_equal(get_head(&h), 2);
	assert_fresh(&h);
	tear_down(&h, host);
}

/* Behind what was wrong, and has been replaced. [H2] IHI 0070, 7.1. */
static void error(bool wide, bool later)
{
	struct vmm_host *host;
	struct hostile h;

	set_up(&h, &host);
	write_illegal(&h, 0);
	write_forget(&h, 1);
	set_tail(&h, later ? 1 : 2);
	assert_true(has_error(&h));
	assert_int_equal(get_head(&h), 0);
	set_tail(&h, 2);
	assert_int_equal(get_head(&h), 0);
	make_stale(&h);
	write_sync(&h, 0);
	acknowledge(&h, wide);
	assert_false(has_error(&h));
	assert_int_equal(get_head(&h), 2);
	assert_fresh(&h);
	tear_down(&h, host);
}

static void test_queue_error_is_acknowledged(void **state)
{
	(void)state;
	error(false, false);
	error(true, false);
	error(false, true);
}

/* No command at all: CAP.ESRTPS. [H2] VT-d, 6.8. */
static void test_queue_is_not_needed(void **state)
{
	struct vmm_host *host;
	struct hostile h;

	(void)state;
	set_up(&h, &host);
	make_stale(&h);
	mmio_write32(&h.win, VTD_GCMD,
		     (uint32_t)(FIELD_MASK(VTD_GCMD_TE) |
				FIELD_MASK(VTD_GCMD_QIE) |
				FIELD_MASK(VTD_GCMD_SRTP)));
	assert_fresh(&h);
	tear_down(&h, host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue_tail),
		cmocka_unit_test(test_queue_is_turned_on),
		cmocka_unit_test(test_queue_error_is_acknowledged),
	};
	const struct CMUnitTest vtd[] = {
		cmocka_unit_test(test_queue_is_not_needed),
	};

	return fixture_run_assigned_tests(tests) + GROUP(vtd, shadow_vtd) +
	       GROUP(vtd, shadow_vtd_on_smmuv3) + GROUP(vtd, nested_vtd);
}
