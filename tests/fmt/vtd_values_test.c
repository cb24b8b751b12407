/* SPDX-License-Identifier: MIT */
/*
 * Register offsets, descriptor types, fault reasons and codes of fmt/vtd*.h and
 * fmt/dmar.h against the sources of vtd_sources_test.c: a column each, NO where
 * a source lacks it. What one source alone has is at the end.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/bits.h"
#include "fmt/dmar.h"
#include "fmt/vtd.h"

enum { LINUX, QEMU, VBOX, FREEBSD, OPENVMM, EDK2, SOURCES, NO = -1 };

struct value {
	const char *name;
	int have;
	int want[SOURCES];
};

/* clang-format off */
#define V(name, lnx, qemu, vbox, bsd, ovmm, edk2)			\
	{ #name, name, { lnx, qemu, vbox, bsd, ovmm, edk2 } }

/* DMAR_*_REG; DMAR_*_REG; VTD_MMIO_OFF_*; DMAR_*_REG; MmioRegister; R_*_REG */
static const struct value offsets[] = {
	V(VTD_VER,	0x0, 0x0, 0x000, 0, 0x000, 0x00),
	V(VTD_CAP,	0x8, 0x8, 0x008, 0x8, 0x008, 0x08),
	V(VTD_ECAP,	0x10, 0x10, 0x010, 0x10, 0x010, 0x10),
	V(VTD_GCMD,	0x18, 0x18, 0x018, 0x18, 0x018, 0x18),
	V(VTD_GSTS,	0x1c, 0x1c, 0x01c, 0x1c, 0x01c, 0x1c),
	V(VTD_RTADDR,	0x20, 0x20, 0x020, 0x20, 0x020, 0x20),
	V(VTD_CCMD,	0x28, 0x28, 0x028, 0x28, 0x028, 0x28),
	V(VTD_FSTS,	0x34, 0x34, 0x034, 0x34, 0x034, 0x34),
	V(VTD_FECTL,	0x38, 0x38, 0x038, 0x38, 0x038, 0x38),
	V(VTD_FEDATA,	0x3c, 0x3c, 0x03c, 0x3c, 0x03c, 0x3c),
	V(VTD_FEADDR,	0x40, 0x40, 0x040, 0x40, 0x040, 0x40),
	V(VTD_FEUADDR,	0x44, 0x44, 0x044, 0x44, 0x044, 0x44),
	V(VTD_AFLOG,	NO, 0x58, 0x058, 0x58, NO, 0x58),
	V(VTD_PMEN,	0x64, 0x64, 0x064, 0x64, NO, 0x64),
	V(VTD_PLMBASE,	0x68, 0x68, 0x068, 0x68, NO, 0x68),
	V(VTD_PLMLIMIT,	0x6c, 0x6c, 0x06c, 0x6c, NO, 0x6c),
	V(VTD_PHMBASE,	0x70, 0x70, 0x070, 0x70, NO, 0x70),
	V(VTD_PHMLIMIT,	0x78, 0x78, 0x078, 0x78, NO, 0x78),
	V(VTD_IQH,	0x80, 0x80, 0x080, 0x80, 0x080, NO),
	V(VTD_IQT,	0x88, 0x88, 0x088, 0x88, 0x088, NO),
	V(VTD_IQA,	0x90, 0x90, 0x090, 0x90, 0x090, NO),
	V(VTD_ICS,	0x9c, 0x9c, 0x09c, 0x9c, 0x09c, NO),
	V(VTD_IECTL,	NO, 0xa0, 0x0a0, 0xa0, 0x0a0, NO),
	V(VTD_IEDATA,	NO, 0xa4, 0x0a4, 0xa4, 0x0a4, NO),
	V(VTD_IEADDR,	NO, 0xa8, 0x0a8, 0xa8, 0x0a8, NO),
	V(VTD_IEUADDR,	NO, 0xac, 0x0ac, 0xac, 0x0ac, NO),
	V(VTD_IQERCD,	0xb0, NO, 0x0b0, NO, NO, NO),
	V(VTD_IRTA,	0xb8, 0xb8, 0x0b8, 0xb8, 0x0b8, NO),
	V(VTD_PQH,	0xc0, 0xc0, 0x0c0, NO, NO, NO),
	V(VTD_PQT,	0xc8, 0xc8, 0x0c8, NO, NO, NO),
	V(VTD_PQA,	0xd0, 0xd0, 0x0d0, NO, NO, NO),
	V(VTD_PRS,	0xdc, 0xdc, 0x0dc, NO, NO, NO),
	V(VTD_PECTL,	0xe0, 0xe0, 0x0e0, NO, NO, NO),
	V(VTD_PEDATA,	0xe4, 0xe4, 0x0e4, NO, NO, NO),
	V(VTD_PEADDR,	0xe8, 0xe8, 0x0e8, NO, NO, NO),
	V(VTD_PEUADDR,	0xec, 0xec, 0x0ec, NO, NO, NO),
	V(VTD_MTRRCAP,	0x100, 0x100, 0x100, NO, NO, NO),
	V(VTD_MTRRDEF,	0x108, 0x108, 0x108, NO, NO, NO),
	V(VTD_MTRR_FIX64K_00000, 0x120, NO, 0x120, NO, NO, NO),
	V(VTD_MTRR_FIX16K_80000, 0x128, NO, 0x128, NO, NO, NO),
	V(VTD_MTRR_FIX16K_A0000, 0x130, NO, 0x130, NO, NO, NO),
	V(VTD_MTRR_FIX4K_C0000,	0x138, NO, 0x138, NO, NO, NO),
	V(VTD_MTRR_FIX4K_C8000,	0x140, NO, 0x140, NO, NO, NO),
	V(VTD_MTRR_FIX4K_D0000,	0x148, NO, 0x148, NO, NO, NO),
	V(VTD_MTRR_FIX4K_D8000,	0x150, NO, 0x150, NO, NO, NO),
	V(VTD_MTRR_FIX4K_E0000,	0x158, NO, 0x158, NO, NO, NO),
	V(VTD_MTRR_FIX4K_E8000,	0x160, NO, 0x160, NO, NO, NO),
	V(VTD_MTRR_FIX4K_F0000,	0x168, NO, 0x168, NO, NO, NO),
	V(VTD_MTRR_FIX4K_F8000,	0x170, NO, 0x170, NO, NO, NO),
	V(VTD_MTRR_PHYSBASE0,	0x180, NO, 0x180, NO, NO, NO),
	V(VTD_MTRR_PHYSMASK0,	0x188, NO, 0x188, NO, NO, NO),
	V(VTD_MTRR_PHYSBASE9,	0x210, NO, 0x210, NO, NO, NO),
	V(VTD_MTRR_PHYSMASK9,	0x218, NO, 0x218, NO, NO, NO),
	/* From ECAP.IRO; of QEMU and OpenVMM, which fix it, the difference. */
	V(VTD_IVA,	NO, 0x0, NO, 0, 0x0, 0x00),
	V(VTD_IOTLB,	NO, 0x8, NO, 0x8, 0x8, 0x08),
};

/* QI_*_TYPE; VTD_INV_DESC_*; VTD_*_DSC_TYPE; DMAR_IQ_DESCR_*; DescriptorType */
static const struct value types[] = {
	V(VTD_INV_CC,		0x1, 0x1, 1, 0x1, 0x01, NO),
	V(VTD_INV_IOTLB,	0x2, 0x2, 2, 0x2, 0x02, NO),
	V(VTD_INV_DEVTLB,	0x3, 0x3, 3, 0x3, 0x03, NO),
	V(VTD_INV_IEC,		0x4, 0x4, 4, 0x4, 0x04, NO),
	V(VTD_INV_WAIT,		0x5, 0x5, 5, 0x5, 0x05, NO),
	V(VTD_INV_PIOTLB,	0x6, 0x6, 6, 0x6, NO, NO),
	V(VTD_INV_PC,		0x7, 0x7, 7, 0x7, NO, NO),
	V(VTD_INV_PDEVTLB,	0x8, 0x8, 8, 0x8, NO, NO),
	V(VTD_INV_PGRESP,	0x9, 0x9, NO, NO, NO, NO),
};

/* dma_remap_fault_reasons[] and so on, the index; VTDFaultReason;
 * VTDADDRFAULT, VTDINTRFAULT; -; FaultReason */
static const struct value reasons[] = {
	V(VTD_FAULT_LRT_2,	0x1, 1, 0x1, NO, 0x01, NO),
	V(VTD_FAULT_LCT_2,	0x2, 2, 0x2, NO, 0x02, NO),
	V(VTD_FAULT_LCT_4,	0x3, 3, 0x3, NO, 0x03, NO),
	V(VTD_FAULT_LGN_1,	0x4, 4, 0x4, NO, 0x04, NO),
	V(VTD_FAULT_LGN_2,	0x5, 5, 0x5, NO, 0x05, NO),
	V(VTD_FAULT_LGN_3,	0x6, 6, 0x6, NO, 0x06, NO),
	V(VTD_FAULT_LSS_1,	0x7, 7, 0x7, NO, 0x07, NO),
	V(VTD_FAULT_LRT_1,	0x8, 8, 0x8, NO, 0x08, NO),
	V(VTD_FAULT_LCT_1,	0x9, 9, 0x9, NO, 0x09, NO),
	V(VTD_FAULT_LRT_3,	0xa, 10, 0xa, NO, 0x0a, NO),
	V(VTD_FAULT_LCT_3,	0xb, 11, 0xb, NO, 0x0b, NO),
	V(VTD_FAULT_LSS_2,	0xc, 12, 0xc, NO, 0x0c, NO),
	V(VTD_FAULT_LCT_5,	0xd, 13, 0xd, NO, 0x0d, NO),
	V(VTD_FAULT_LGN_4,	NO, 0xe, 0xe, NO, 0x0e, NO),
	V(VTD_FAULT_IR_RSVD,	0x20, 0x20, 0x20, NO, 0x20, NO),
	V(VTD_FAULT_IR_INDEX,	0x21, 0x21, 0x21, NO, 0x21, NO),
	V(VTD_FAULT_IR_P,	0x22, 0x22, 0x22, NO, 0x22, NO),
	V(VTD_FAULT_IR_READ,	0x23, 0x23, 0x23, NO, 0x23, NO),
	V(VTD_FAULT_IR_IRTE_RSVD, 0x24, 0x24, 0x24, NO, 0x24, NO),
	V(VTD_FAULT_IR_COMPAT,	0x25, 0x25, 0x25, NO, 0x25, NO),
	V(VTD_FAULT_IR_SID,	0x26, 0x26, 0x26, NO, 0x26, NO),
	V(VTD_FAULT_RTA_1,	0x30, NO, 0x30, NO, NO, NO),
	V(VTD_FAULT_RTA_2,	0x31, NO, 0x31, NO, NO, NO),
	V(VTD_FAULT_RTA_3,	0x32, NO, 0x32, NO, NO, NO),
	V(VTD_FAULT_SRT_1,	0x38, NO, 0x38, NO, NO, NO),
	V(VTD_FAULT_SRT_2,	0x39, NO, 0x39, NO, NO, NO),
	V(VTD_FAULT_SRT_3,	0x3a, NO, 0x3a, NO, NO, NO),
	V(VTD_FAULT_SCT_1,	0x40, NO, 0x40, NO, NO, NO),
	V(VTD_FAULT_SCT_2,	0x41, NO, 0x41, NO, NO, NO),
	V(VTD_FAULT_SCT_3,	0x42, NO, 0x42, NO, NO, NO),
	V(VTD_FAULT_SCT_4,	0x43, NO, 0x43, NO, NO, NO),
	V(VTD_FAULT_SCT_5,	0x44, NO, 0x44, NO, NO, NO),
	V(VTD_FAULT_SCT_6,	0x45, NO, 0x45, NO, NO, NO),
	V(VTD_FAULT_SCT_7,	0x46, NO, 0x46, NO, NO, NO),
	V(VTD_FAULT_SCT_8,	0x47, 0x47, 0x47, NO, NO, NO),
	V(VTD_FAULT_SCT_9,	0x48, NO, 0x48, NO, NO, NO),
	V(VTD_FAULT_SPD_1,	0x50, 0x50, 0x50, NO, NO, NO),
	V(VTD_FAULT_SPD_2,	0x51, 0x51, 0x51, NO, NO, NO),
	V(VTD_FAULT_SPD_3,	0x52, NO, 0x52, NO, NO, NO),
	V(VTD_FAULT_SPT_1,	0x58, 0x58, 0x58, NO, NO, NO),
	V(VTD_FAULT_SPT_2,	0x59, 0x59, 0x59, NO, NO, NO),
	V(VTD_FAULT_SPT_3,	0x5a, NO, 0x5a, NO, NO, NO),
	V(VTD_FAULT_SPT_4,	0x5b, 0x5b, 0x5b, NO, NO, NO),
	V(VTD_FAULT_SPT_5,	0x5c, NO, 0x5c, NO, NO, NO),
	V(VTD_FAULT_SPT_6,	0x5d, NO, 0x5d, NO, NO, NO),
	V(VTD_FAULT_SFS_1,	0x70, 0x70, 0x70, NO, NO, NO),
	V(VTD_FAULT_SFS_2,	0x71, 0x71, 0x71, NO, NO, NO),
	V(VTD_FAULT_SFS_3,	0x72, 0x72, 0x72, NO, NO, NO),
	V(VTD_FAULT_SFS_4,	0x73, 0x73, 0x73, NO, NO, NO),
	V(VTD_FAULT_SFS_5,	0x74, NO, 0x74, NO, NO, NO),
	V(VTD_FAULT_SFS_6,	0x75, NO, 0x75, NO, NO, NO),
	V(VTD_FAULT_SFS_7,	0x76, NO, 0x76, NO, NO, NO),
	V(VTD_FAULT_SFS_8,	0x77, NO, 0x77, NO, NO, NO),
	V(VTD_FAULT_SSS_1,	0x78, NO, 0x78, NO, NO, NO),
	V(VTD_FAULT_SSS_2,	0x79, NO, 0x79, NO, NO, NO),
	V(VTD_FAULT_SSS_3,	0x7a, NO, 0x7a, NO, NO, NO),
	V(VTD_FAULT_SSS_4,	0x7b, NO, 0x7b, NO, NO, NO),
	V(VTD_FAULT_SSS_5,	0x7c, NO, 0x7c, NO, NO, NO),
	V(VTD_FAULT_SGN_1,	0x80, 0x80, 0x80, NO, NO, NO),
	V(VTD_FAULT_SGN_2,	0x81, 0x81, 0x81, NO, NO, NO),
	V(VTD_FAULT_SGN_3,	0x82, NO, 0x82, NO, NO, NO),
	V(VTD_FAULT_SGN_4,	0x83, NO, 0x83, NO, NO, NO),
	V(VTD_FAULT_SGN_5,	0x84, NO, 0x84, NO, NO, NO),
	V(VTD_FAULT_SGN_6,	0x85, 0x85, 0x85, NO, NO, NO),
	V(VTD_FAULT_SGN_7,	0x86, NO, 0x86, NO, NO, NO),
	V(VTD_FAULT_SGN_8,	0x87, 0x87, 0x87, NO, NO, NO),
	V(VTD_FAULT_SFS_9,	0x90, NO, 0x90, NO, NO, NO),
	V(VTD_FAULT_SFS_10,	NO, 0x91, 0x91, NO, NO, NO),
};

static const struct value codes[] = {
	V(VTD_RTADDR_TTM_LEGACY,	NO, NO, 0, NO, 0, NO),
	V(VTD_RTADDR_TTM_SCALABLE,	1, 1, 1, NO, 1, NO),
	V(VTD_CCMD_CIRG_GLOBAL,		1, 1, NO, 1, 1, 1),
	V(VTD_CCMD_CIRG_DOMAIN,		2, 2, NO, 2, 2, 2),
	V(VTD_CCMD_CIRG_DEVICE,		3, 3, NO, 3, 3, 3),
	V(VTD_IOTLB_IIRG_GLOBAL,	1, 1, NO, 1, NO, 1),
	V(VTD_IOTLB_IIRG_DOMAIN,	2, 2, NO, 2, NO, 2),
	V(VTD_IOTLB_IIRG_PAGE,		3, 3, NO, 3, NO, 3),
	V(VTD_INV_CC_G_GLOBAL,		1, 1, NO, 1, 1, NO),
	V(VTD_INV_CC_G_DOMAIN,		2, 2, NO, 2, 2, NO),
	V(VTD_INV_CC_G_DEVICE,		3, 3, NO, 3, 3, NO),
	V(VTD_INV_IOTLB_G_GLOBAL,	1, 1, NO, 1, 1, NO),
	V(VTD_INV_IOTLB_G_DOMAIN,	2, 2, NO, 2, 2, NO),
	V(VTD_INV_IOTLB_G_PAGE,		3, 3, NO, 3, 3, NO),
	V(VTD_INV_PIOTLB_G_PASID,	2, 2, NO, NO, NO, NO),
	V(VTD_INV_PIOTLB_G_PAGE,	3, 3, NO, NO, NO, NO),
	V(VTD_INV_PGRESP_RC_SUCCESS,	0, 0, NO, NO, NO, NO),
	V(VTD_INV_PGRESP_RC_INVALID,	1, 1, NO, NO, NO, NO),
	V(VTD_CONTEXT_TT_UNTRANSLATED,	0, 0, NO, 0, 0, NO),
	V(VTD_CONTEXT_TT_ALL,		1, 1, NO, 1, 1, NO),
	V(VTD_CONTEXT_TT_PASS,		2, 2, NO, 2, 2, NO),
	V(VTD_AW_39,			NO, 1, NO, 1, 1, NO),
	V(VTD_AW_48,			NO, 2, NO, 2, 2, NO),
	V(VTD_AW_57,			NO, 3, NO, 3, 3, NO),
	V(VTD_PASID_PGTT_FS,		1, 1, NO, NO, NO, NO),
	V(VTD_PASID_PGTT_SS,		2, 2, NO, NO, NO, NO),
	V(VTD_PASID_PGTT_NESTED,	3, 3, NO, NO, NO, NO),
	V(VTD_PASID_PGTT_PT,		4, 4, NO, NO, NO, NO),
	V(VTD_PASID_FSPM_4,		0, 0, NO, NO, NO, NO),
	V(VTD_PASID_FSPM_5,		1, 1, NO, NO, NO, NO),
	V(VTD_CAP_SAGAW_39,		NO, 2, NO, 2, 2, NO),
	V(VTD_CAP_SAGAW_48,		NO, 4, NO, 4, 4, NO),
	V(VTD_CAP_SAGAW_57,		NO, NO, NO, 8, 8, NO),
	V(VTD_CAP_SSLPS_2M,		1, 1, NO, 1, 1, NO),
	V(VTD_CAP_SSLPS_1G,		2, 2, NO, 2, 2, NO),
	V(VTD_IRTE_SVT_NONE,		0, 0, 0, 0, 0, NO),
	V(VTD_IRTE_SVT_SID,		1, 1, 1, 1, 1, NO),
	V(VTD_IRTE_SVT_BUS,		2, 2, 2, 2, 2, NO),
	V(VTD_IRTE_SQ_ALL,		0, 0, NO, 0, NO, NO),
	V(VTD_IRTE_SQ_NOT_2,		1, 1, NO, 1, NO, NO),
	V(VTD_IRTE_SQ_NOT_21,		2, 2, NO, 2, NO, NO),
	V(VTD_IRTE_SQ_NOT_210,		3, 3, NO, 3, NO, NO),
	V(VTD_IRTE_DLM_FIXED,		0, 0, NO, 0, 0, NO),
	V(VTD_IRTE_DLM_LOWEST,		1, NO, NO, 1, 1, NO),
	V(VTD_IRTE_DLM_SMI,		2, NO, NO, 2, 2, NO),
	V(VTD_IRTE_DLM_NMI,		4, NO, NO, 4, 4, NO),
	V(VTD_IRTE_DLM_INIT,		5, NO, NO, 5, 5, NO),
	V(VTD_IRTE_DLM_EXTINT,		7, NO, NO, 7, 7, NO),
	V(VTD_MSI_FIRST_PAGE,		0xfee00, 0xfee00, NO, NO, NO, NO),
	V(VTD_MSI_LAST_PAGE,		0xfeeff, 0xfeeff, NO, NO, NO, NO),
	V(VTD_MSI_ADDR_FEE_VALUE,	0xfee, 0xfee, NO, NO, NO, NO),
	V(DMAR_TYPE_DRHD,		0, 0, 0, NO, NO, 0x00),
	V(DMAR_TYPE_RMRR,		1, NO, NO, NO, NO, 0x01),
	V(DMAR_TYPE_ATSR,		2, 2, NO, NO, NO, 0x02),
	V(DMAR_TYPE_RHSA,		3, NO, NO, NO, NO, 0x03),
	V(DMAR_TYPE_ANDD,		4, NO, NO, NO, NO, 0x04),
	V(DMAR_TYPE_SATC,		5, NO, NO, NO, NO, 0x05),
	V(DMAR_TYPE_SIDP,		6, NO, NO, NO, NO, 0x06),
	V(DMAR_SCOPE_ENDPOINT,		1, 1, 1, NO, NO, 0x01),
	V(DMAR_SCOPE_BRIDGE,		2, 2, 2, NO, NO, 0x02),
	V(DMAR_SCOPE_IOAPIC,		3, 3, 3, NO, NO, 0x03),
	V(DMAR_SCOPE_HPET,		4, NO, 4, NO, NO, 0x04),
	V(DMAR_SCOPE_NAMESPACE,		5, NO, 5, NO, NO, 0x05),
	V(DMAR_REVISION,		NO, 1, 1, NO, NO, 0x01),
	V(DMAR_DRHD_BYTES,		NO, 16, 16, NO, NO, 16),
	V(DMAR_ATSR_BYTES,		NO, 8, NO, NO, NO, 8),
	V(DMAR_SCOPE_BYTES,		6, 6, 6, NO, NO, 6),
};

/* VTDIQEI; the text of Intel's page of the register (795258) in EDK2's place */
static const struct value errors[] = {
	V(VTD_IQEI_UNKNOWN,	NO, NO, 0, NO, NO, 0),
	V(VTD_IQEI_TAIL,	NO, NO, 1, NO, NO, 1),
	V(VTD_IQEI_FETCH,	NO, NO, 2, NO, NO, 2),
	V(VTD_IQEI_TYPE,	NO, NO, 3, NO, NO, 3),
	V(VTD_IQEI_RESERVED,	NO, NO, 4, NO, NO, 4),
	V(VTD_IQEI_WIDTH,	NO, NO, 5, NO, NO, 5),
};
/* clang-format on */

/* Two witnesses at least, and none against it. */
static bool agreed(const struct value *v)
{
	int i, n = 0;

	for (i = 0; i < SOURCES; i++) {
		if (v->want[i] == NO)
			continue;
		if (v->want[i] != v->have)
			return false;
		n++;
	}
	return n > 1;
}

static void assert_agreed(const struct value *v, size_t n)
{
	struct value wrong;
	int i;

	for (; n; v++, n--) {
		if (!agreed(v))
			fail_msg("%s", v->name);
		/* Negative control: each source is looked at, and fmt is. */
		for (i = 0; i < SOURCES; i++) {
			wrong = *v;
			wrong.want[i]++;
			if (v->want[i] != NO)
				assert_false(agreed(&wrong));
		}
		wrong = *v;
		wrong.have++;
		assert_false(agreed(&wrong));
	}
}

static void test_values_agree_with_two_sources(void **state)
{
	(void)state;
	assert_agreed(offsets, ARRAY_SIZE(offsets));
	assert_agreed(types, ARRAY_SIZE(types));
	assert_agreed(reasons, ARRAY_SIZE(reasons));
	assert_agreed(codes, ARRAY_SIZE(codes));
	assert_agreed(errors, ARRAY_SIZE(errors));
}

/* docs/FORMATS.md says which source it is. */
static void test_values_of_one_source(void **state)
{
	(void)state;
	/* Linux */
	assert_int_equal(VTD_PERFCAP, 0x300);
	assert_int_equal(VTD_PERFCFGOFF, 0x310);
	assert_int_equal(VTD_PERFFRZOFF, 0x314);
	assert_int_equal(VTD_PERFOVFOFF, 0x318);
	assert_int_equal(VTD_PERFCNTROFF, 0x31c);
	assert_int_equal(VTD_PERFINTRSTS, 0x324);
	assert_int_equal(VTD_PERFINTRCTL, 0x328);
	assert_int_equal(VTD_PERFINTRDATA, 0x328 + 4);
	assert_int_equal(VTD_PERFINTRADDR, 0x328 + 8);
	assert_int_equal(VTD_PERFINTRUADDR, 0x328 + 12);
	assert_int_equal(VTD_PERFEVNTCAP, 0x380);
	assert_int_equal(VTD_ECMD, 0x400);
	assert_int_equal(VTD_ECEO, 0x408);
	assert_int_equal(VTD_ECRSP, 0x410);
	assert_int_equal(VTD_ECCAP0, 0x430);
	assert_int_equal(VTD_ECCAP1, 0x430 + 8);
	assert_int_equal(VTD_ECCAP2, 0x430 + 16);
	assert_int_equal(VTD_ECCAP3, 0x430 + 24);
	assert_int_equal(VTD_VCCAP, 0xe30);
	assert_int_equal(VTD_VCMD, 0xe00);
	assert_int_equal(VTD_VCRSP, 0xe10);
	assert_int_equal(VTD_ECMD_ENABLE_COUNTER, 0xf0);
	assert_int_equal(VTD_ECMD_DISABLE_COUNTER, 0xf1);
	assert_int_equal(VTD_ECMD_FREEZE_COUNTERS, 0xf4);
	assert_int_equal(VTD_ECMD_UNFREEZE_COUNTERS, 0xf5);
	assert_int_equal(VTD_INV_PC_G_DOMAIN, 0);
	assert_int_equal(VTD_INV_PC_G_PASID, 1);
	assert_int_equal(VTD_INV_PC_G_GLOBAL, 3);
	assert_int_equal(VTD_INV_PGRESP_RC_FAILURE, 0xf);
	assert_int_equal(VTD_INV_PSRESP_OLD, 0xa);
	/* QEMU */
	assert_int_equal(VTD_PRD_TYPE_REQUEST, 1);
	/* VirtualBox */
	assert_int_equal(VTD_RTADDR_TTM_RESERVED, 2);
	assert_int_equal(VTD_RTADDR_TTM_ABORT, 3);
	assert_int_equal(VTD_IQEI_TAIL_ALIGN, 6);
	assert_int_equal(VTD_IQEI_TTM, 7);
	assert_int_equal(VTD_FRCD_TYPE_WRITE, 0);
	assert_int_equal(VTD_FRCD_TYPE_PAGE_REQUEST, 1);
	assert_int_equal(VTD_FRCD_TYPE_READ, 2);
	assert_int_equal(VTD_FRCD_TYPE_ATOMIC, 3);
	assert_int_equal(VTD_FAULT_IR_PID_READ, 0x27);
	assert_int_equal(VTD_FAULT_IR_PID_RSVD, 0x28);
	assert_int_equal(VTD_FAULT_IR_REQUEST, 0x29);
	assert_int_equal(VTD_FAULT_RTA_4, 0x33);
	assert_int_equal(VTD_FAULT_SSS_6, 0x7d);
	assert_int_equal(VTD_FAULT_SGN_9, 0x88);
	assert_int_equal(VTD_FAULT_SGN_10, 0x89);
}

/* Tables 15 and 30 of revision 5.1: conditions and their numbers. */
static const struct {
	const char *name;
	unsigned int number;
} specified[] = {
	{ "LRT.1", 0x8 },   { "LRT.2", 0x1 },   { "LRT.3", 0xa },
	{ "LCT.1", 0x9 },   { "LCT.2", 0x2 },   { "LCT.3", 0xb },
	{ "LCT.4", 0x3 },   { "LCT.5", 0xd },   { "LSS.1", 0x7 },
	{ "LSS.2", 0xc },   { "LGN.1", 0x4 },   { "LGN.2", 0x5 },
	{ "LGN.3", 0x6 },   { "LGN.4", 0xe },   { "RTA.1", 0x30 },
	{ "RTA.2", 0x31 },  { "RTA.3", 0x32 },  { "RTA.4", 0x33 },
	{ "RTA.5", 0x34 },  { "SRT.1", 0x38 },  { "SRT.2", 0x39 },
	{ "SRT.3", 0x3a },  { "SCT.1", 0x40 },  { "SCT.2", 0x41 },
	{ "SCT.3", 0x42 },  { "SCT.4", 0x43 },  { "SCT.5", 0x44 },
	{ "SCT.6", 0x45 },  { "SCT.7", 0x46 },  { "SCT.8", 0x47 },
	{ "SCT.9", 0x48 },  { "SCT.10", 0x49 }, { "SPD.1", 0x50 },
	{ "SPD.2", 0x51 },  { "SPD.3", 0x52 },  { "SPT.1", 0x58 },
	{ "SPT.2", 0x59 },  { "SPT.3", 0x5a },  { "SPT.4", 0x5b },
	{ "SPT.5", 0x5c },  { "SPT.6", 0x5d },  { "SPT.9", 0x60 },
	{ "SFS.1", 0x70 },  { "SFS.2", 0x71 },  { "SFS.3", 0x72 },
	{ "SFS.4", 0x73 },  { "SFS.5", 0x74 },  { "SFS.6", 0x75 },
	{ "SFS.7", 0x76 },  { "SFS.8", 0x77 },  { "SFS.9", 0x90 },
	{ "SFS.10", 0x91 }, { "SSS.1", 0x78 },  { "SSS.2", 0x79 },
	{ "SSS.3", 0x7a },  { "SSS.4", 0x7b },  { "SSS.5", 0x7c },
	{ "SSS.6", 0x7d },  { "SGN.1", 0x80 },  { "SGN.2", 0x81 },
	{ "SGN.4", 0x83 },  { "SGN.5", 0x84 },  { "SGN.6", 0x85 },
	{ "SGN.7", 0x86 },  { "SGN.8", 0x87 },  { "SGN.10", 0x89 },
	{ "HPT.1", 0xa0 },  { "HPT.2", 0xa1 },  { "HPT.3", 0xa2 },
	{ "HPT.4", 0xa3 },  { "HPT.5", 0xa4 },  { "HPT.6", 0xa5 },
	{ "20h", 0x20 },    { "21h", 0x21 },    { "22h", 0x22 },
	{ "23h", 0x23 },    { "24h", 0x24 },    { "25h", 0x25 },
	{ "26h", 0x26 },    { "27h", 0x27 },    { "28h", 0x28 },
	{ "29h", 0x29 },    { "2Ah", 0x2a },    { "2Bh", 0x2b },
};

static void test_values_of_reasons_as_specified(void **state)
{
#define LISTED(name, number, spec, gloss) { spec, number },
	static const struct {
		const char *name;
		unsigned int number;
	} list[] = { VTD_FAULTS(LISTED) };
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(list); i++) {
		/* Of older revisions. */
		if (!strcmp(list[i].name, "SGN.3") ||
		    !strcmp(list[i].name, "SGN.9"))
			continue;
		for (j = 0; j < ARRAY_SIZE(specified); j++)
			if (!strcmp(list[i].name, specified[j].name))
				break;
		if (j == ARRAY_SIZE(specified) ||
		    list[i].number != specified[j].number)
			fail_msg("%s", list[i].name);
	}
	assert_int_equal(ARRAY_SIZE(list), ARRAY_SIZE(specified) + 2);
}

/* The list of reasons: no number twice, and each is a record's eight bits. */
static void test_values_of_reasons_are_distinct(void **state)
{
#define REASON(name, number, spec, gloss) number,
	static const unsigned int numbers[] = { VTD_FAULTS(REASON) };
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		assert_true(FIELD_FITS(VTD_FRCD_FR, numbers[i]));
		for (j = 0; j < i; j++)
			assert_int_not_equal(numbers[i], numbers[j]);
	}
	/* Those with two sources, with one beside the specification, and none. */
	assert_int_equal(ARRAY_SIZE(numbers), ARRAY_SIZE(reasons) + 7 + 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_agree_with_two_sources),
		cmocka_unit_test(test_values_of_one_source),
		cmocka_unit_test(test_values_of_reasons_as_specified),
		cmocka_unit_test(test_values_of_reasons_are_distinct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
