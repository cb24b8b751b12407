/* SPDX-License-Identifier: MIT */
#include "base/bits.h"
#include "fmt/vtd.h"
#include "tests/vmm/hostile.h"

#define DESC_SIZE 32u

static void write_words(struct hostile *h, uint64_t gpa, const uint64_t *dw,
			unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		hostile_write(h, gpa + 8 * i, dw[i]);
}

/* Sometimes another directory, size: what the host has to refuse. */
static void write_context(struct hostile *h)
{
	struct vtd_root root = { { 0 } };
	struct vtd_sm_context context = { { 0 } };
	struct vtd_pasid_dir dir = { { 0 } };

	FIELD_SET(VTD_SM_ROOT_LP, &root, 1);
	FIELD_SET(VTD_SM_ROOT_LCTP, &root, hostile_gpa(HOSTILE_CONTEXT) >> 12);
	write_words(h, hostile_gpa(HOSTILE_STREAMS), root.dw, 2);
	FIELD_SET(VTD_PASID_DIR_P, &dir, 1);
	FIELD_SET(VTD_PASID_DIR_SMPTBLPTR, &dir,
		  hostile_gpa(HOSTILE_PASIDS) >> 12);
	write_words(h, hostile_gpa(HOSTILE_DIR), dir.dw, 1);
	FIELD_SET(VTD_SM_CONTEXT_P, &context, 1);
	FIELD_SET(VTD_SM_CONTEXT_DTE, &context, 1);
	FIELD_SET(VTD_SM_CONTEXT_PASIDE, &context, 1);
	FIELD_SET(VTD_SM_CONTEXT_PRE, &context, 1);
	vtd_sm_context_set_pasiddirptr(&context, hostile_gpa(HOSTILE_DIR));
	if (!hostile_below(h, 8))
		context.dw[hostile_below(h, 2)] ^= BIT(hostile_below(h, 64));
	write_words(h,
		    hostile_gpa(HOSTILE_CONTEXT) +
			    VMM_GUEST_RID * sizeof(context),
		    context.dw, 4);
}

static void entry(struct hostile *h, ioasid_t pasid)
{
	struct vtd_pasid e = { { 0 } };

	FIELD_SET(VTD_PASID_P, &e, 1);
	FIELD_SET(VTD_PASID_PGTT, &e, VTD_PASID_PGTT_FS);
	FIELD_SET(VTD_PASID_DID, &e, pasid + 1);
	FIELD_SET(VTD_PASID_PWSNP, &e, 1);
	vtd_pasid_set_fsptptr(&e, hostile_gpa(HOSTILE_TABLES));
	write_words(h, hostile_gpa(HOSTILE_PASIDS) + pasid * sizeof(e), e.dw,
		    8);
	write_context(h);
}

/* Present, writable, user; accessed and dirty. */
static uint64_t make_link(uint64_t gpa)
{
	return gpa | 0x27;
}

static uint64_t make_leaf(uint64_t gpa)
{
	return gpa | 0x67;
}

/* A queue that met an error goes on from its start. */
static void restart(struct hostile *h)
{
	const uint32_t on = mmio_read32(&h->win, VTD_GSTS) &
			    (uint32_t)(FIELD_MASK(VTD_GSTS_TES) |
				       FIELD_MASK(VTD_GSTS_QIES));

	mmio_write32(&h->win, VTD_GCMD,
		     on & ~(uint32_t)FIELD_MASK(VTD_GSTS_QIES));
	mmio_write64(&h->win, VTD_IQT, 0);
	mmio_write32(&h->win, VTD_FSTS, UINT32_MAX);
	mmio_write32(&h->win, VTD_GCMD, on);
}

static void put(struct hostile *h, const struct vtd_inv *inv)
{
	uint64_t at = mmio_read64(&h->win, VTD_IQT) & FIELD_MASK(VTD_IQT_QT);

	write_words(h, hostile_gpa(HOSTILE_CMDQ) + at, inv->dw, 4);
	mmio_write64(&h->win, VTD_IQT, (at + DESC_SIZE) & 4095);
}

static void check(struct hostile *h)
{
	const uint64_t stopped = FIELD_MASK(VTD_FSTS_IQE) |
				 FIELD_MASK(VTD_FSTS_ICE) |
				 FIELD_MASK(VTD_FSTS_ITE);

	if (mmio_read32(&h->win, VTD_FSTS) & stopped)
		restart(h);
}

/* As a driver would have it: nothing reserved is set. */
static struct vtd_inv legal(struct hostile *h)
{
	static const unsigned int types[] = {
		VTD_INV_CC,     VTD_INV_IOTLB, VTD_INV_DEVTLB,  VTD_INV_WAIT,
		VTD_INV_PIOTLB, VTD_INV_PC,    VTD_INV_PDEVTLB,
	};
	const uint64_t page = hostile_random(h) >> 17 & ~UINT64_C(0xfff);
	const uint64_t pasid = hostile_below(h, HOSTILE_PASID_COUNT);
	const unsigned int type = types[hostile_below(h, 7)];
	struct vtd_inv inv = { { 0 } };

	vtd_inv_set_type(&inv, type);
	switch (type) {
	case VTD_INV_CC:
		FIELD_SET(VTD_INV_CC_G, &inv, VTD_INV_CC_G_DEVICE);
		FIELD_SET(VTD_INV_CC_SID, &inv, VMM_GUEST_RID);
		break;
	case VTD_INV_PC:
		FIELD_SET(VTD_INV_PC_G, &inv,
			  hostile_below(h, 2) ? VTD_INV_PC_G_PASID :
						VTD_INV_PC_G_GLOBAL);
		FIELD_SET(VTD_INV_PC_DID, &inv, pasid + 1);
		FIELD_SET(VTD_INV_PC_PASID, &inv, pasid);
		break;
	case VTD_INV_IOTLB:
		FIELD_SET(VTD_INV_IOTLB_G, &inv, VTD_INV_IOTLB_G_GLOBAL);
		break;
	case VTD_INV_PIOTLB:
		FIELD_SET(VTD_INV_PIOTLB_G, &inv,
			  hostile_below(h, 2) ? VTD_INV_PIOTLB_G_PASID :
						VTD_INV_PIOTLB_G_PAGE);
		FIELD_SET(VTD_INV_PIOTLB_DID, &inv, pasid + 1);
		FIELD_SET(VTD_INV_PIOTLB_PASID, &inv, pasid);
		FIELD_SET(VTD_INV_PIOTLB_AM, &inv, hostile_below(h, 10));
		vtd_inv_piotlb_set_addr(&inv, page);
		break;
	case VTD_INV_DEVTLB:
		FIELD_SET(VTD_INV_DEVTLB_SID, &inv, VMM_GUEST_RID);
		FIELD_SET(VTD_INV_DEVTLB_S, &inv, hostile_below(h, 2));
		vtd_inv_devtlb_set_addr(&inv, page);
		break;
	case VTD_INV_PDEVTLB:
		FIELD_SET(VTD_INV_PDEVTLB_SID, &inv, VMM_GUEST_RID);
		FIELD_SET(VTD_INV_PDEVTLB_PASID, &inv, pasid);
		FIELD_SET(VTD_INV_PDEVTLB_S, &inv, hostile_below(h, 2));
		vtd_inv_pdevtlb_set_addr(&inv, page);
		break;
	default:
		FIELD_SET(VTD_INV_WAIT_SW, &inv, 1);
		vtd_inv_wait_set_staddr(&inv, hostile_gpa(19));
		break;
	}
	return inv;
}

static void command(struct hostile *h)
{
	struct vtd_inv inv = { { hostile_random(h), hostile_random(h),
				 hostile_random(h), hostile_random(h) } };

	switch (hostile_below(h, 8)) {
	case 0:
		break;
	case 1: /* of a type that there is */
		inv.dw[0] &= ~UINT64_C(0xe0f);
		vtd_inv_set_type(&inv, (unsigned int)hostile_below(h, 9) + 1);
		break;
	case 2: /* one bit off */
		inv = legal(h);
		inv.dw[hostile_below(h, 2)] ^= BIT(hostile_below(h, 64));
		break;
	default:
		inv = legal(h);
		break;
	}
	put(h, &inv);
	check(h);
}

static void answer(struct hostile *h,
		   const struct iommu_fault_page_request *prm)
{
	struct vtd_inv inv = { { 0 } };

	vtd_inv_set_type(&inv, VTD_INV_PGRESP);
	FIELD_SET(VTD_INV_PGRESP_PP, &inv,
		  prm->flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID);
	FIELD_SET(VTD_INV_PGRESP_RC, &inv, VTD_INV_PGRESP_RC_SUCCESS);
	FIELD_SET(VTD_INV_PGRESP_RID, &inv, VMM_GUEST_RID);
	FIELD_SET(VTD_INV_PGRESP_PASID, &inv, prm->pasid);
	FIELD_SET(VTD_INV_PGRESP_PRGI, &inv, prm->grpid);
	put(h, &inv);
	check(h);
}

static void start(struct hostile *h)
{
	const struct plat_mmio *w = &h->win;
	const uint32_t qie = (uint32_t)FIELD_MASK(VTD_GCMD_QIE);

	mmio_write64(w, VTD_IQA,
		     hostile_gpa(HOSTILE_CMDQ) | FIELD_MASK(VTD_IQA_DW));
	mmio_write64(w, VTD_PQA, hostile_gpa(HOSTILE_PRIQ));
	mmio_write64(w, VTD_IQT, 0);
	mmio_write32(w, VTD_GCMD, qie);
	mmio_write64(w, VTD_RTADDR,
		     hostile_gpa(HOSTILE_STREAMS) |
			     REG_CONST(VTD_RTADDR_TTM,
				       VTD_RTADDR_TTM_SCALABLE));
	mmio_write32(w, VTD_GCMD, qie | (uint32_t)FIELD_MASK(VTD_GCMD_SRTP));
	mmio_write32(w, VTD_GCMD, qie | (uint32_t)FIELD_MASK(VTD_GCMD_TE));
}

const struct hostile_vendor hostile_vtd = {
	.start = start,
	.entry = entry,
	.link = make_link,
	.leaf = make_leaf,
	.command = command,
	.answer = answer,
};
