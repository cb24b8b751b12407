/* SPDX-License-Identifier: MIT */
/*
 * A table that has its entries before the host hears of it: each of them works,
 * though none was named.
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

#define VA   UINT64_C(0)
#define DATA 20u /* page */
#define BIG  64u /* pages: a table of two levels, for all PASIDs */
#define FAR  UINT32_C(0x30005)

/* Of either kind of table, entries of 64 bytes in a page. */
#define PER_PAGE 64u

static bool is_vtd(void)
{
	return fixture_pair->guest == SVA_IOMMU_VTD;
}

/* The next in the queue, which is never full. */
static void command(struct hostile *h, const uint64_t *dw)
{
	const unsigned int size = is_vtd() ? 32 : 16;
	uint64_t tail, i;

	tail = is_vtd() ? mmio_read64(&h->win, VTD_IQT) :
			  mmio_read32(&h->win, SMMU_CMDQ_PROD) * size;
	for (i = 0; i < size; i += 8)
		hostile_write(h, hostile_gpa(HOSTILE_CMDQ) + tail + i,
			      dw[i / 8]);
	tail += size;
	if (is_vtd())
		mmio_write64(&h->win, VTD_IQT, tail);
	else
		mmio_write32(&h->win, SMMU_CMDQ_PROD, (uint32_t)tail / size);
}

/* The function's entry has changed. IHI 0070, 4.3.1; VT-d, 6.5.2.1. */
static void tell_function(struct hostile *h)
{
	struct smmu_cmd cmd = { { 0 } };
	struct vtd_inv inv = { { 0 } };

	FIELD_SET(SMMU_CMD_OPCODE, &cmd, SMMU_OP_CFGI_STE);
	FIELD_SET(SMMU_CMD_CFGI_SID, &cmd, VMM_GUEST_RID);
	vtd_inv_set_type(&inv, VTD_INV_CC);
	FIELD_SET(VTD_INV_CC_G, &inv, VTD_INV_CC_G_DEVICE);
	FIELD_SET(VTD_INV_CC_SID, &inv, VMM_GUEST_RID);
	command(h, is_vtd() ? inv.dw : cmd.dw);
}

/* Any PASID's has. IHI 0070, 4.3.4; VT-d, 6.5.2.2. */
static void tell_pasids(struct hostile *h)
{
	struct smmu_cmd cmd = { { 0 } };
	struct vtd_inv inv = { { 0 } };

	FIELD_SET(SMMU_CMD_OPCODE, &cmd, SMMU_OP_CFGI_CD_ALL);
	FIELD_SET(SMMU_CMD_CFGI_SID, &cmd, VMM_GUEST_RID);
	vtd_inv_set_type(&inv, VTD_INV_PC);
	FIELD_SET(VTD_INV_PC_G, &inv, VTD_INV_PC_G_GLOBAL);
	command(h, is_vtd() ? inv.dw : cmd.dw);
}

/* What hostile_vendor.entry() has made of the function is not there. */
static void forget_function(struct hostile *h)
{
	if (is_vtd())
		hostile_write(h,
			      hostile_gpa(HOSTILE_CONTEXT) +
				      VMM_GUEST_RID *
					      sizeof(struct vtd_sm_context),
			      0);
	else
		hostile_write(h,
			      hostile_gpa(HOSTILE_STREAMS) +
				      VMM_GUEST_RID * sizeof(struct smmu_ste),
			      0);
}

/*
 * The entries in the small table become part @n of the big one, which takes its
 * place.
 */
static void link_part(struct hostile *h, unsigned int n)
{
	const uint64_t at = hostile_gpa(BIG) + n * UINT64_C(8);
	struct vtd_pasid_dir dir = { { 0 } };
	struct smmu_l1cd l1 = { { 0 } };

	FIELD_SET(VTD_PASID_DIR_P, &dir, 1);
	FIELD_SET(VTD_PASID_DIR_SMPTBLPTR, &dir,
		  hostile_gpa(HOSTILE_PASIDS) >> 12);
	FIELD_SET(SMMU_L1CD_V, &l1, 1);
	smmu_l1cd_set_l2ptr(&l1, hostile_gpa(HOSTILE_CONTEXT));
	hostile_write(h, at, is_vtd() ? dir.dw[0] : l1.dw[0]);
}

static void use_big(struct hostile *h)
{
	struct vtd_sm_context context = { { 0 } };
	struct smmu_ste ste = { { 0 } };
	unsigned int i;

	FIELD_SET(VTD_SM_CONTEXT_P, &context, 1);
	FIELD_SET(VTD_SM_CONTEXT_DTE, &context, 1);
	FIELD_SET(VTD_SM_CONTEXT_PASIDE, &context, 1);
	FIELD_SET(VTD_SM_CONTEXT_PRE, &context, 1);
	FIELD_SET(VTD_SM_CONTEXT_PDTS, &context, 7);
	vtd_sm_context_set_pasiddirptr(&context, hostile_gpa(BIG));
	FIELD_SET(SMMU_STE_V, &ste, 1);
	FIELD_SET(SMMU_STE_CONFIG, &ste, SMMU_STE_CONFIG_S1);
	FIELD_SET(SMMU_STE_S1FMT, &ste, SMMU_STE_S1FMT_4K_L2);
	FIELD_SET(SMMU_STE_S1CDMAX, &ste, 20);
	FIELD_SET(SMMU_STE_EATS, &ste, 1);
	FIELD_SET(SMMU_STE_S1CSH, &ste, SMMU_SH_ISH);
	smmu_ste_set_s1contextptr(&ste, hostile_gpa(BIG));
	for (i = is_vtd() ? 4 : 8; i--;)
		hostile_write(
			h,
			is_vtd() ? hostile_gpa(HOSTILE_CONTEXT) +
					   VMM_GUEST_RID * sizeof(context) +
					   8 * i :
				   hostile_gpa(HOSTILE_STREAMS) +
					   VMM_GUEST_RID * sizeof(ste) + 8 * i,
			is_vtd() ? context.dw[i] : ste.dw[i]);
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
	*ret_host = fixture_host(1);
	assert_int_equal(vmm_guest_create_bare(*ret_host, &cfg, &h->guest), 0);
	h->win = vmm_unit_window(h->guest);
	for (i = 0; i < 4; i++)
		hostile_write(h, hostile_gpa(HOSTILE_TABLES + i),
			      i < 3 ? h->vendor->link(hostile_gpa(
					      HOSTILE_TABLES + i + 1)) :
				      h->vendor->leaf(hostile_gpa(DATA)));
}

static void entry(struct hostile *h, ioasid_t pasid)
{
	h->seed = 5; /* with it, it is what it should be */
	h->vendor->entry(h, pasid);
}

static void tear_down(struct hostile *h, struct vmm_host *host)
{
	vmm_guest_kill(h->guest);
	assert_int_equal(vmm_guest_destroy(h->guest), 0);
	fixture_host_close(host);
}

/* With what a page request does, if need be. */
static bool reaches(struct hostile *h, ioasid_t pasid)
{
	struct iommu_hw *hw = h->guest->host->iommu;
	const struct iommu_fault_page_request prm = {
		.flags = IOMMU_FAULT_PAGE_REQUEST_PASID_VALID |
			 IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE,
		.pasid = pasid,
		.perm = IOMMU_PERM_READ,
		.addr = VA,
	};
	const struct hw_txn txn = {
		.requester = VMM_HOST_RID(0),
		.flags = HW_TXN_PASID_VALID,
		.pasid = pasid,
		.perm = IOMMU_PERM_READ,
		.addr = VA,
	};
	struct hw_port port = { 0 };
	struct hw_xlat xlat;
	int err;

	if (fixture_pair->how == VMM_SHADOW) {
		pthread_mutex_lock(&h->guest->unit.lock);
		(void)!h->guest->backend->resolved(h->guest, &prm);
		pthread_mutex_unlock(&h->guest->unit.lock);
	}
	hw->ops->port_add(hw, &port);
	err = hw->ops->translate(hw, &port, &txn, &xlat);
	if (!err) {
		assert_int_equal(xlat.pa, h->guest->ram.pa + DATA * VMM_PAGE);
		hw_port_done(&port);
	}
	hw->ops->port_remove(hw, &port);
	return !err;
}

/* The IOMMU is turned on over it. [H2] */
static void test_pasids_are_there_at_start(void **state)
{
	struct vmm_host *host;
	struct hostile h;

	(void)state;
	set_up(&h, &host);
	entry(&h, 1);
	entry(&h, 5);
	h.vendor->start(&h);
	assert_true(reaches(&h, 1));
	assert_true(reaches(&h, 5));
	assert_false(reaches(&h, 2));
	tear_down(&h, host);
}

/* An entry of the function takes all that was cached of its table along. [H2] */
static void test_pasids_come_with_function(void **state)
{
	struct vmm_host *host;
	struct hostile h;

	(void)state;
	set_up(&h, &host);
	entry(&h, 1);
	entry(&h, 5);
	forget_function(&h);
	h.vendor->start(&h);
	assert_false(reaches(&h, 1));
	entry(&h, 5);
	tell_function(&h);
	if (is_vtd())
		tell_pasids(&h);
	assert_true(reaches(&h, 1));
	assert_true(reaches(&h, 5));
	assert_false(reaches(&h, 2));
	tear_down(&h, host);
}

/* All of them are named, as when there is one more. [H2] */
static void test_pasids_come_by_all(void **state)
{
	struct vmm_host *host;
	struct hostile h;

	(void)state;
	set_up(&h, &host);
	entry(&h, 1);
	h.vendor->start(&h);
	assert_false(reaches(&h, 5));
	entry(&h, 5);
	tell_pasids(&h);
	assert_true(reaches(&h, 1));
	assert_true(reaches(&h, 5));
	tear_down(&h, host);
}

/* Another table, of another form, with parts that are not there. [H2] */
static void test_pasids_come_with_table(void **state)
{
	struct vmm_host *host;
	struct hostile h;

	(void)state;
	set_up(&h, &host);
	entry(&h, 1);
	entry(&h, FAR % PER_PAGE);
	h.vendor->start(&h);
	assert_true(reaches(&h, FAR % PER_PAGE));
	link_part(&h, FAR / PER_PAGE);
	use_big(&h);
	tell_function(&h);
	tell_pasids(&h);
	assert_true(reaches(&h, FAR));
	assert_false(reaches(&h, FAR % PER_PAGE));
	assert_false(reaches(&h, 1));
	tear_down(&h, host);
}

/* More than there is room for: the first of them work, and do afterwards. [H2] */
static void test_pasids_too_many(void **state)
{
	struct vmm_host *host;
	struct hostile h;
	unsigned int i;

	(void)state;
	set_up(&h, &host);
	for (i = 1; i < 5; i++)
		entry(&h, i);
	for (i = 0; i < 300; i++)
		link_part(&h, i);
	use_big(&h);
	h.vendor->start(&h);
	for (i = 0; i < 2; i++) {
		assert_true(reaches(&h, 1));
		assert_true(reaches(&h, 200 * PER_PAGE + 4));
		assert_false(reaches(&h, 299 * PER_PAGE + 4));
		tell_function(&h);
		tell_pasids(&h);
	}
	tear_down(&h, host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pasids_are_there_at_start),
		cmocka_unit_test(test_pasids_come_with_function),
		cmocka_unit_test(test_pasids_come_by_all),
		cmocka_unit_test(test_pasids_come_with_table),
	};
	const struct CMUnitTest shadow[] = {
		cmocka_unit_test(test_pasids_too_many),
	};

	return fixture_run_assigned_tests(tests) +
	       GROUP(shadow, shadow_smmuv3) + GROUP(shadow, shadow_vtd) +
	       GROUP(shadow, shadow_vtd_on_smmuv3) +
	       GROUP(shadow, shadow_smmuv3_on_vtd);
}
