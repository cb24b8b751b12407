/* SPDX-License-Identifier: MIT */
/*
 * Words worked out by hand, as the kernel writes and reads them, against the
 * accessors and helpers of fmt/vtd*.h and fmt/x86_pt.h.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/bits.h"
#include "fmt/dmar.h"
#include "fmt/vtd.h"
#include "fmt/x86_pt.h"

/* Two values, taken apart by hand. */
static void test_golden_capabilities(void **state)
{
	const uint64_t cap = 0x9ed008c40780466;
	const uint64_t ecap = 0x3ee9e86f050df;

	(void)state;
	assert_int_equal(REG_GET(VTD_CAP_ND, cap), 6);
	assert_int_equal(REG_GET(VTD_CAP_CM, cap), 0);
	assert_int_equal(REG_GET(VTD_CAP_PLMR, cap), 1);
	assert_int_equal(REG_GET(VTD_CAP_SAGAW, cap), VTD_CAP_SAGAW_48);
	assert_int_equal(REG_GET(VTD_CAP_MGAW, cap), 56);
	assert_int_equal(REG_GET(VTD_CAP_SSLPS, cap), 3);
	assert_int_equal(REG_GET(VTD_CAP_NFR, cap), 0);
	assert_int_equal(REG_GET(VTD_CAP_MAMV, cap), 45);
	assert_int_equal(REG_GET(VTD_CAP_FS1GP, cap), 1);
	assert_int_equal(REG_GET(VTD_CAP_PI, cap), 1);
	assert_int_equal(vtd_frcd_offset(cap), 0x400);

	assert_int_equal(REG_GET(VTD_ECAP_QI, ecap), 1);
	assert_int_equal(REG_GET(VTD_ECAP_SC, ecap), 1);
	assert_int_equal(REG_GET(VTD_ECAP_NEST, ecap), 1);
	assert_int_equal(REG_GET(VTD_ECAP_PRS, ecap), 0);
	assert_int_equal(REG_GET(VTD_ECAP_SRS, ecap), 1);
	assert_int_equal(REG_GET(VTD_ECAP_PSS, ecap), 19);
	assert_int_equal(REG_GET(VTD_ECAP_PASID, ecap), 0);
	assert_int_equal(REG_GET(VTD_ECAP_SMTS, ecap), 1);
	assert_int_equal(REG_GET(VTD_ECAP_SMPWCS, ecap), 1);
	assert_int_equal(REG_GET(VTD_ECAP_RPS, ecap), 1);
	assert_int_equal(vtd_iva_offset(ecap), 0x500);
	assert_int_equal(vtd_iotlb_offset(ecap), 0x508);
}

/* qi_desc_iec(), qi_submit_sync(), qi_desc_piotlb(), qi_desc_dev_iotlb(). */
static void test_golden_descriptors(void **state)
{
	struct vtd_inv wait = { { 0 } }, page = { { 0 } }, dev = { { 0 } };
	struct vtd_inv pdev = { { 0 } };

	(void)state;
	vtd_inv_set_type(&wait, VTD_INV_WAIT);
	FIELD_SET(VTD_INV_WAIT_SW, &wait, 1);
	FIELD_SET(VTD_INV_WAIT_FN, &wait, 1);
	FIELD_SET(VTD_INV_WAIT_PD, &wait, 1);
	FIELD_SET(VTD_INV_WAIT_STDATA, &wait, 2);
	vtd_inv_wait_set_staddr(&wait, 0x123456784);
	assert_int_equal(wait.dw[0], 0x2000000e5);
	assert_int_equal(wait.dw[1], 0x123456784);
	assert_int_equal(vtd_inv_wait_staddr(&wait), 0x123456784);

	vtd_inv_set_type(&page, VTD_INV_PIOTLB);
	FIELD_SET(VTD_INV_PIOTLB_G, &page, VTD_INV_PIOTLB_G_PAGE);
	FIELD_SET(VTD_INV_PIOTLB_DID, &page, 0x1234);
	FIELD_SET(VTD_INV_PIOTLB_PASID, &page, 0xabcde);
	FIELD_SET(VTD_INV_PIOTLB_AM, &page, 9);
	FIELD_SET(VTD_INV_PIOTLB_IH, &page, 1);
	vtd_inv_piotlb_set_addr(&page, 0x7f0000200000);
	assert_int_equal(page.dw[0], 0x000abcde12340036);
	assert_int_equal(page.dw[1], 0x00007f0000200049);

	vtd_inv_set_type(&dev, VTD_INV_DEVTLB);
	FIELD_SET(VTD_INV_DEVTLB_SID, &dev, 0x0308);
	FIELD_SET(VTD_INV_DEVTLB_MIP, &dev, 0x1f);
	vtd_inv_devtlb_set_pfsid(&dev, 0xabc1);
	FIELD_SET(VTD_INV_DEVTLB_S, &dev, 1);
	vtd_inv_devtlb_set_addr(&dev, 0xfffffffffffff000);
	assert_int_equal(dev.dw[0], 0xabc00308001f1003);
	assert_int_equal(dev.dw[1], 0xfffffffffffff001);
	assert_int_equal(vtd_inv_devtlb_pfsid(&dev), 0xabc1);

	vtd_inv_set_type(&pdev, VTD_INV_PDEVTLB);
	FIELD_SET(VTD_INV_PDEVTLB_SID, &pdev, 0x0308);
	FIELD_SET(VTD_INV_PDEVTLB_PASID, &pdev, 0x12345);
	FIELD_SET(VTD_INV_PDEVTLB_MIP, &pdev, 0x10);
	vtd_inv_pdevtlb_set_pfsid(&pdev, 0x0308);
	FIELD_SET(VTD_INV_PDEVTLB_S, &pdev, 1);
	vtd_inv_pdevtlb_set_addr(&pdev, 0x5000);
	assert_int_equal(pdev.dw[0], 0x0301234503088108);
	assert_int_equal(pdev.dw[1], 0x5800);
	assert_int_equal(vtd_inv_pdevtlb_pfsid(&pdev), 0x0308);
}

/* The type has seven bits, three of them apart. */
static void test_golden_type_in_two_places(void **state)
{
	struct vtd_inv inv = { { ~UINT64_C(0) } };
	unsigned int type;

	(void)state;
	for (type = 0; type < 0x80; type++) {
		vtd_inv_set_type(&inv, type);
		assert_int_equal(vtd_inv_type(&inv), type);
		assert_int_equal(inv.dw[0] & ~UINT64_C(0xe0f),
				 ~UINT64_C(0xe0f));
	}
	inv.dw[0] = 0x20a;
	assert_int_equal(vtd_inv_type(&inv), 0x1a);
}

/* intel_pasid_setup_first_level(): 5 levels, PWSNP, DID 1. */
static void test_golden_pasid_entry(void **state)
{
	struct vtd_pasid pe = { { 0 } };
	struct vtd_sm_context ctx = { { 0 } };

	(void)state;
	vtd_pasid_set_fsptptr(&pe, 0x123456000);
	FIELD_SET(VTD_PASID_FSPM, &pe, VTD_PASID_FSPM_5);
	FIELD_SET(VTD_PASID_SRE, &pe, 1);
	FIELD_SET(VTD_PASID_WPE, &pe, 1);
	FIELD_SET(VTD_PASID_DID, &pe, 1);
	FIELD_SET(VTD_PASID_AW, &pe, VTD_AW_48);
	FIELD_SET(VTD_PASID_PWSNP, &pe, 1);
	FIELD_SET(VTD_PASID_PGTT, &pe, VTD_PASID_PGTT_FS);
	FIELD_SET(VTD_PASID_P, &pe, 1);
	assert_int_equal(pe.dw[0], 0x49);
	assert_int_equal(pe.dw[1], 0x800001);
	assert_int_equal(pe.dw[2], 0x123456015);
	assert_int_equal(vtd_pasid_fsptptr(&pe), 0x123456000);

	vtd_sm_context_set_pasiddirptr(&ctx, 0x8000);
	FIELD_SET(VTD_SM_CONTEXT_PDTS, &ctx, 7);
	FIELD_SET(VTD_SM_CONTEXT_DTE, &ctx, 1);
	FIELD_SET(VTD_SM_CONTEXT_PASIDE, &ctx, 1);
	FIELD_SET(VTD_SM_CONTEXT_PRE, &ctx, 1);
	FIELD_SET(VTD_SM_CONTEXT_P, &ctx, 1);
	assert_int_equal(ctx.dw[0], 0x8e1d);
}

/* A read by PASID 5 of 00:03.1, SFS.2, as dmar_fault() takes it apart. */
static void test_golden_fault_record(void **state)
{
	struct vtd_frcd f = { { 0 } };

	(void)state;
	vtd_frcd_set_fi(&f, 0x7fffdeadb000);
	FIELD_SET(VTD_FRCD_SID, &f, 0x0019);
	FIELD_SET(VTD_FRCD_PP, &f, 1);
	FIELD_SET(VTD_FRCD_PV, &f, 5);
	FIELD_SET(VTD_FRCD_FR, &f, VTD_FAULT_SFS_2);
	vtd_frcd_set_type(&f, VTD_FRCD_TYPE_READ);
	FIELD_SET(VTD_FRCD_F, &f, 1);
	assert_int_equal(f.dw[0], 0x7fffdeadb000);
	assert_int_equal(f.dw[1], 0xc000057180000019);
	vtd_frcd_set_type(&f, VTD_FRCD_TYPE_PAGE_REQUEST);
	assert_int_equal(f.dw[1], 0x8000057190000019);
	assert_int_equal(vtd_frcd_type(&f), VTD_FRCD_TYPE_PAGE_REQUEST);
}

static void test_golden_interrupts(void **state)
{
	struct vtd_irte irte = { { 0 } };

	(void)state;
	/* Handle 0x8123, subhandle valid. */
	assert_int_equal(vtd_msi_handle(0xfee0247c), 0x8123);
	assert_int_equal(REG_GET(VTD_MSI_ADDR_SHV, 0xfee0247c), 1);
	assert_int_equal(REG_GET(VTD_MSI_ADDR_IF, 0xfee0247c), 1);
	irte.dw[0] = 0xabcdef4000000000 | 0x8001;
	irte.dw[1] = 0x0000001200000000;
	assert_int_equal(FIELD_GET(VTD_IRTE_IM, &irte), 1);
	assert_int_equal(vtd_irte_pda(&irte), 0x12abcdef40);
}

static void test_golden_paging(void **state)
{
	struct x86_pte pte = { { 0x80000000c00000e7 } };
	struct vtd_sspte ss = { { 0 } };

	(void)state;
	assert_int_equal(x86_pt_va_bits(3), 39);
	assert_int_equal(x86_pt_va_bits(4), 48);
	assert_int_equal(x86_pt_va_bits(5), 57);
	assert_int_equal(x86_pt_entry_lg2(1), 12);
	assert_int_equal(x86_pt_entry_lg2(X86_PT_LEVEL_2M), 21);
	assert_int_equal(x86_pt_entry_lg2(X86_PT_LEVEL_1G), 30);
	assert_int_equal(x86_pt_index(4, 0x0000ff8000000000), 511);
	assert_int_equal(x86_pt_index(1, 0x0000000000001fff), 1);
	assert_int_equal(x86_pt_index(5, 0x0101000000000000), 257);

	assert_true(x86_pt_canonical(4, 0x00007fffffffffff));
	assert_false(x86_pt_canonical(4, 0x0000800000000000));
	assert_true(x86_pt_canonical(4, 0xffff800000000000));
	assert_false(x86_pt_canonical(4, 0xffff7fffffffffff));
	assert_true(x86_pt_canonical(5, 0x00ffffffffffffff));
	assert_false(x86_pt_canonical(5, 0x0100000000000000));
	assert_true(x86_pt_canonical(5, 0xff00000000000000));

	assert_int_equal(x86_pte_addr(&pte, 30), 0xc0000000);
	assert_int_equal(FIELD_GET(X86_PTE_D, &pte), 1);
	assert_int_equal(FIELD_GET(X86_PTE_XD, &pte), 1);
	x86_pte_set_addr(&pte, 0xfff0000000001000);
	assert_int_equal(pte.dw[0], 0x80000000000010e7);

	vtd_sspte_set_addr(&ss, 0x000f00000020b000);
	FIELD_SET(VTD_SSPTE_R, &ss, 1);
	FIELD_SET(VTD_SSPTE_SNP, &ss, 1);
	assert_int_equal(ss.dw[0], 0x000f00000020b801);
	assert_int_equal(vtd_sspte_addr(&ss, 12), 0x000f00000020b000);
	assert_int_equal(vtd_sspte_addr(&ss, 21), 0x000f000000200000);
}

/* The first bytes of a table, "DMAR" and 184 bytes, revision 2. */
static void test_golden_dmar_header(void **state)
{
	struct dmar_table t = { { 0x000000b852414d44, 0x20544653564db602 } };

	(void)state;
	assert_int_equal(FIELD_GET(DMAR_TABLE_SIGNATURE, &t), DMAR_SIGNATURE);
	assert_int_equal(FIELD_GET(DMAR_TABLE_LENGTH, &t), 184);
	assert_int_equal(FIELD_GET(DMAR_TABLE_REVISION, &t), 2);
	assert_int_equal(FIELD_GET(DMAR_TABLE_CHECKSUM, &t), 0xb6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_capabilities),
		cmocka_unit_test(test_golden_descriptors),
		cmocka_unit_test(test_golden_type_in_two_places),
		cmocka_unit_test(test_golden_pasid_entry),
		cmocka_unit_test(test_golden_fault_record),
		cmocka_unit_test(test_golden_interrupts),
		cmocka_unit_test(test_golden_paging),
		cmocka_unit_test(test_golden_dmar_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
