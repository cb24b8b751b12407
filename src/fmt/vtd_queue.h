/* SPDX-License-Identifier: MIT */
/*
 * VT-d queues and records: invalidation descriptors, page requests and their
 * responses, fault records.
 *
 * Bit numbers are counted over the whole record; names are those of revision 4
 * of the specification. docs/FORMATS.md says where the bits are known from.
 *
 * An invalidation descriptor has 256 bits, of which a queue of 128-bit
 * descriptors (IQA.DW is 0) holds the lower half: words 2 and 3 are 0 there.
 * In scalable mode only 256 bits are allowed. A descriptor's lists leave the
 * type out: VTD_INV_FIELDS has it.
 */
#ifndef FMT_VTD_QUEUE_H
#define FMT_VTD_QUEUE_H

#include <stdint.h>

#include "base/field.h"
#include "fmt/vtd_tables.h"

struct vtd_inv {
	uint64_t dw[4];
};
struct vtd_prd {
	uint64_t dw[4];
};
struct vtd_frcd {
	uint64_t dw[2];
};

/* clang-format off */

/* All descriptors */
#define VTD_INV_FIELDS(F, T)						\
	F(T, VTD_INV_TYPE_LO,		3, 0, "type, bits 3:0")		\
	F(T, VTD_INV_TYPE_HI,		11, 9, "type, bits 6:4")

/* Context cache */
#define VTD_INV_CC_FIELDS(F, T)						\
	F(T, VTD_INV_CC_G,		5, 4, "granularity")		\
	F(T, VTD_INV_CC_DID,		31, 16, "domain id")		\
	F(T, VTD_INV_CC_SID,		47, 32, "source id")		\
	F(T, VTD_INV_CC_FM,		49, 48, "function mask")

/* PASID cache */
#define VTD_INV_PC_FIELDS(F, T)						\
	F(T, VTD_INV_PC_G,		5, 4, "granularity")		\
	F(T, VTD_INV_PC_DID,		31, 16, "domain id")		\
	F(T, VTD_INV_PC_PASID,		51, 32, "PASID")

/* IOTLB */
#define VTD_INV_IOTLB_FIELDS(F, T)					\
	F(T, VTD_INV_IOTLB_G,		5, 4, "granularity")		\
	F(T, VTD_INV_IOTLB_DW,		6, 6, "drain writes")		\
	F(T, VTD_INV_IOTLB_DR,		7, 7, "drain reads")		\
	F(T, VTD_INV_IOTLB_DID,		31, 16, "domain id")		\
	F(T, VTD_INV_IOTLB_AM,		69, 64, "log2 of pages")	\
	F(T, VTD_INV_IOTLB_IH,		70, 70, "leaf entries only")	\
	F(T, VTD_INV_IOTLB_ADDR,	127, 76, "page, bits 63:12")

/* PASID-based IOTLB; always drains */
#define VTD_INV_PIOTLB_FIELDS(F, T)					\
	F(T, VTD_INV_PIOTLB_G,		5, 4, "granularity")		\
	F(T, VTD_INV_PIOTLB_DID,	31, 16, "domain id")		\
	F(T, VTD_INV_PIOTLB_PASID,	51, 32, "PASID")		\
	F(T, VTD_INV_PIOTLB_AM,		69, 64, "log2 of pages")	\
	F(T, VTD_INV_PIOTLB_IH,		70, 70, "leaf entries only")	\
	F(T, VTD_INV_PIOTLB_ADDR,	127, 76, "page, bits 63:12")

/*
 * Device TLB. With S, the lowest 0 of ADDR tells the size: none in front of it
 * is two pages, each 1 doubles.
 */
#define VTD_INV_DEVTLB_FIELDS(F, T)					\
	F(T, VTD_INV_DEVTLB_PFSID_LO,	15, 12, "throttled by, bits 3:0") \
	F(T, VTD_INV_DEVTLB_MIP,	20, 16, "pending at most, QDEP") \
	F(T, VTD_INV_DEVTLB_SID,	47, 32, "source id")		\
	F(T, VTD_INV_DEVTLB_PFSID_HI,	63, 52, "throttled by, bits 15:4") \
	F(T, VTD_INV_DEVTLB_S,		64, 64, "size is in ADDR")	\
	F(T, VTD_INV_DEVTLB_ADDR,	127, 76, "page, bits 63:12")

/* PASID-based device TLB */
#define VTD_INV_PDEVTLB_FIELDS(F, T)					\
	F(T, VTD_INV_PDEVTLB_MIP,	8, 4, "pending at most, QDEP")	\
	F(T, VTD_INV_PDEVTLB_PFSID_LO,	15, 12, "throttled by, bits 3:0") \
	F(T, VTD_INV_PDEVTLB_SID,	31, 16, "source id")		\
	F(T, VTD_INV_PDEVTLB_PASID,	51, 32, "PASID")		\
	F(T, VTD_INV_PDEVTLB_PFSID_HI,	63, 52, "throttled by, bits 15:4") \
	F(T, VTD_INV_PDEVTLB_G,		64, 64, "all PASIDs")		\
	F(T, VTD_INV_PDEVTLB_S,		75, 75, "size is in ADDR")	\
	F(T, VTD_INV_PDEVTLB_ADDR,	127, 76, "page, bits 63:12")

/* Interrupt entry cache */
#define VTD_INV_IEC_FIELDS(F, T)					\
	F(T, VTD_INV_IEC_G,		4, 4, "by index, not global")	\
	F(T, VTD_INV_IEC_IM,		31, 27, "log2 of entries")	\
	F(T, VTD_INV_IEC_IIDX,		47, 32, "index")

/* Wait */
#define VTD_INV_WAIT_FIELDS(F, T)					\
	F(T, VTD_INV_WAIT_IF,		4, 4, "interrupt")		\
	F(T, VTD_INV_WAIT_SW,		5, 5, "write STDATA")		\
	F(T, VTD_INV_WAIT_FN,		6, 6, "those behind wait for this") \
	F(T, VTD_INV_WAIT_PD,		7, 7, "drain page requests")	\
	F(T, VTD_INV_WAIT_STDATA,	63, 32, "data, 32 bits")	\
	F(T, VTD_INV_WAIT_STADDR,	127, 66, "address, bits 63:2")

/* Page group response. Revision 4 made PDP, LPIG and the data reserved. */
#define VTD_INV_PGRESP_FIELDS(F, T)					\
	F(T, VTD_INV_PGRESP_PP,		4, 4, "PASID is valid")		\
	F(T, VTD_INV_PGRESP_PDP,	5, 5, "revision 3: private data") \
	F(T, VTD_INV_PGRESP_RC,		15, 12, "response code")	\
	F(T, VTD_INV_PGRESP_RID,	31, 16, "source id")		\
	F(T, VTD_INV_PGRESP_PASID,	51, 32, "PASID")		\
	F(T, VTD_INV_PGRESP_LPIG,	66, 66, "revision 3: as in the request") \
	F(T, VTD_INV_PGRESP_PRGI,	75, 67, "group index")		\
	F(T, VTD_INV_PGRESP_PRIV_LO,	191, 128, "revision 3: private data") \
	F(T, VTD_INV_PGRESP_PRIV_HI,	255, 192, "revision 3: private data")

/* Page request. Revision 4 made PDP and the data reserved. */
#define VTD_PRD_FIELDS(F, T)						\
	F(T, VTD_PRD_TYPE,		7, 0, "type")			\
	F(T, VTD_PRD_PP,		8, 8, "PASID is valid")		\
	F(T, VTD_PRD_PDP,		9, 9, "revision 3: private data") \
	F(T, VTD_PRD_RID,		31, 16, "source id")		\
	F(T, VTD_PRD_PASID,		51, 32, "PASID")		\
	F(T, VTD_PRD_EXR,		52, 52, "execute")		\
	F(T, VTD_PRD_PMR,		53, 53, "privileged")		\
	F(T, VTD_PRD_RDR,		64, 64, "read")			\
	F(T, VTD_PRD_WRR,		65, 65, "write")		\
	F(T, VTD_PRD_LPIG,		66, 66, "last in group")	\
	F(T, VTD_PRD_PRGI,		75, 67, "group index")		\
	F(T, VTD_PRD_ADDR,		127, 76, "page, bits 63:12")	\
	F(T, VTD_PRD_PRIV_LO,		191, 128, "revision 3: private data") \
	F(T, VTD_PRD_PRIV_HI,		255, 192, "revision 3: private data")

/* Fault recording register. F is cleared by writing 1, all else read-only. */
#define VTD_FRCD_FIELDS(F, T)						\
	F(T, VTD_FRCD_FI,		63, 12, "page, bits 63:12")	\
	F(T, VTD_FRCD_SID,		79, 64, "source id")		\
	F(T, VTD_FRCD_T2,		92, 92, "type of request, bit 0") \
	F(T, VTD_FRCD_PRIV,		93, 93, "privileged")		\
	F(T, VTD_FRCD_EXE,		94, 94, "execute")		\
	F(T, VTD_FRCD_PP,		95, 95, "PASID is valid")	\
	F(T, VTD_FRCD_FR,		103, 96, "reason")		\
	F(T, VTD_FRCD_PV,		123, 104, "PASID")		\
	F(T, VTD_FRCD_AT,		125, 124, "address type")	\
	F(T, VTD_FRCD_T1,		126, 126, "type of request, bit 1") \
	F(T, VTD_FRCD_F,		127, 127, "record is in use")

/* FI of a fault of interrupt remapping; its other bits are 0. */
#define VTD_FRCD_IR_FIELDS(F, T)					\
	F(T, VTD_FRCD_IR_INDEX,		63, 48, "interrupt index")

/* clang-format on */

FIELD_RECORD(struct vtd_inv, VTD_INV_FIELDS);
FIELD_RECORD(struct vtd_inv, VTD_INV_CC_FIELDS);
FIELD_RECORD(struct vtd_inv, VTD_INV_PC_FIELDS);
FIELD_RECORD(struct vtd_inv, VTD_INV_IOTLB_FIELDS);
FIELD_RECORD(struct vtd_inv, VTD_INV_PIOTLB_FIELDS);
FIELD_RECORD(struct vtd_inv, VTD_INV_DEVTLB_FIELDS);
FIELD_RECORD(struct vtd_inv, VTD_INV_PDEVTLB_FIELDS);
FIELD_RECORD(struct vtd_inv, VTD_INV_IEC_FIELDS);
FIELD_RECORD(struct vtd_inv, VTD_INV_WAIT_FIELDS);
FIELD_RECORD(struct vtd_inv, VTD_INV_PGRESP_FIELDS);
FIELD_RECORD(struct vtd_prd, VTD_PRD_FIELDS);
FIELD_RECORD(struct vtd_frcd, VTD_FRCD_FIELDS);
FIELD_RECORD(struct vtd_frcd, VTD_FRCD_IR_FIELDS);

/* Sizes, log2 of bytes. */
enum {
	VTD_INV_128_LG2 = 4,
	VTD_INV_256_LG2 = 5,
	VTD_PRD_LG2 = 5,
};

/* clang-format off */

#define VTD_INV_TYPES(E)						\
	E(VTD_INV_CC,		0x1)					\
	E(VTD_INV_IOTLB,	0x2)					\
	E(VTD_INV_DEVTLB,	0x3)					\
	E(VTD_INV_IEC,		0x4)					\
	E(VTD_INV_WAIT,		0x5)					\
	E(VTD_INV_PIOTLB,	0x6)					\
	E(VTD_INV_PC,		0x7)					\
	E(VTD_INV_PDEVTLB,	0x8)					\
	E(VTD_INV_PGRESP,	0x9)

/* clang-format on */

#define VTD__INV_ENUM(name, number) name = (number),
enum {
	VTD_INV_TYPES(VTD__INV_ENUM)

	/* Page stream response, gone since revision 3. */
	VTD_INV_PSRESP_OLD = 0xa,
};

/* G of the context cache; 0 is reserved. */
enum {
	VTD_INV_CC_G_GLOBAL = 1,
	VTD_INV_CC_G_DOMAIN = 2,
	VTD_INV_CC_G_DEVICE = 3,
};

/* G of the PASID cache; 2 is reserved. */
enum {
	VTD_INV_PC_G_DOMAIN = 0, /* all PASIDs of DID */
	VTD_INV_PC_G_PASID = 1,  /* PASID of DID */
	VTD_INV_PC_G_GLOBAL = 3,
};

/* G of the IOTLB; 0 is reserved. */
enum {
	VTD_INV_IOTLB_G_GLOBAL = 1,
	VTD_INV_IOTLB_G_DOMAIN = 2,
	VTD_INV_IOTLB_G_PAGE = 3,
};

/* G of the PASID-based IOTLB; 0 and 1 are reserved. */
enum {
	VTD_INV_PIOTLB_G_PASID = 2,
	VTD_INV_PIOTLB_G_PAGE = 3,
};

/* RC, as in PCI Express. */
enum {
	VTD_INV_PGRESP_RC_SUCCESS = 0x0,
	VTD_INV_PGRESP_RC_INVALID = 0x1,
	VTD_INV_PGRESP_RC_FAILURE = 0xf,
};

/* TYPE of a page request descriptor. */
enum {
	VTD_PRD_TYPE_REQUEST = 1,
};

/* AT, as in PCI Express. */
enum {
	VTD_FRCD_AT_UNTRANSLATED = 0,
	VTD_FRCD_AT_TRANSLATION = 1,
	VTD_FRCD_AT_TRANSLATED = 2,
};

/* T1 and T2, see vtd_frcd_type(). */
enum {
	VTD_FRCD_TYPE_WRITE = 0,
	VTD_FRCD_TYPE_PAGE_REQUEST = 1,
	VTD_FRCD_TYPE_READ = 2,
	VTD_FRCD_TYPE_ATOMIC = 3,
};

VTD_ADDR_HELPERS(struct vtd_inv, vtd_inv_iotlb_addr, vtd_inv_iotlb_set_addr,
		 VTD_INV_IOTLB_ADDR, 12)
VTD_ADDR_HELPERS(struct vtd_inv, vtd_inv_piotlb_addr, vtd_inv_piotlb_set_addr,
		 VTD_INV_PIOTLB_ADDR, 12)
VTD_ADDR_HELPERS(struct vtd_inv, vtd_inv_devtlb_addr, vtd_inv_devtlb_set_addr,
		 VTD_INV_DEVTLB_ADDR, 12)
VTD_ADDR_HELPERS(struct vtd_inv, vtd_inv_pdevtlb_addr, vtd_inv_pdevtlb_set_addr,
		 VTD_INV_PDEVTLB_ADDR, 12)
VTD_ADDR_HELPERS(struct vtd_inv, vtd_inv_wait_staddr, vtd_inv_wait_set_staddr,
		 VTD_INV_WAIT_STADDR, 2)
VTD_ADDR_HELPERS(struct vtd_prd, vtd_prd_addr, vtd_prd_set_addr, VTD_PRD_ADDR,
		 12)
VTD_ADDR_HELPERS(struct vtd_frcd, vtd_frcd_fi, vtd_frcd_set_fi, VTD_FRCD_FI, 12)

/* The type, which is in two places. */
FIELD__FN unsigned int vtd_inv_type(const struct vtd_inv *inv)
{
	return (unsigned int)(FIELD_GET(VTD_INV_TYPE_HI, inv) << 4 |
			      FIELD_GET(VTD_INV_TYPE_LO, inv));
}

FIELD__FN void vtd_inv_set_type(struct vtd_inv *inv, unsigned int type)
{
	FIELD_SET(VTD_INV_TYPE_LO, inv, type & 0xf);
	FIELD_SET(VTD_INV_TYPE_HI, inv, type >> 4);
}

/* So is the function whose pending invalidations are counted. */
FIELD__FN uint16_t vtd_inv_devtlb_pfsid(const struct vtd_inv *inv)
{
	return (uint16_t)(FIELD_GET(VTD_INV_DEVTLB_PFSID_HI, inv) << 4 |
			  FIELD_GET(VTD_INV_DEVTLB_PFSID_LO, inv));
}

FIELD__FN void vtd_inv_devtlb_set_pfsid(struct vtd_inv *inv, uint16_t sid)
{
	FIELD_SET(VTD_INV_DEVTLB_PFSID_LO, inv, sid & 0xf);
	FIELD_SET(VTD_INV_DEVTLB_PFSID_HI, inv, sid >> 4);
}

FIELD__FN uint16_t vtd_inv_pdevtlb_pfsid(const struct vtd_inv *inv)
{
	return (uint16_t)(FIELD_GET(VTD_INV_PDEVTLB_PFSID_HI, inv) << 4 |
			  FIELD_GET(VTD_INV_PDEVTLB_PFSID_LO, inv));
}

FIELD__FN void vtd_inv_pdevtlb_set_pfsid(struct vtd_inv *inv, uint16_t sid)
{
	FIELD_SET(VTD_INV_PDEVTLB_PFSID_LO, inv, sid & 0xf);
	FIELD_SET(VTD_INV_PDEVTLB_PFSID_HI, inv, sid >> 4);
}

/* What was asked for: VTD_FRCD_TYPE_WRITE and so on. */
FIELD__FN unsigned int vtd_frcd_type(const struct vtd_frcd *frcd)
{
	return (unsigned int)(FIELD_GET(VTD_FRCD_T1, frcd) << 1 |
			      FIELD_GET(VTD_FRCD_T2, frcd));
}

FIELD__FN void vtd_frcd_set_type(struct vtd_frcd *frcd, unsigned int type)
{
	FIELD_SET(VTD_FRCD_T1, frcd, type >> 1);
	FIELD_SET(VTD_FRCD_T2, frcd, type & 1);
}

#endif
