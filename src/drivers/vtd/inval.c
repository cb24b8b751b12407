/* SPDX-License-Identifier: MIT */
/*
 * Descriptors, and how many of them: VT-d, 6.5.2, 6.5.3.3.
 *
 * Order [R9]. The unit starts an IOTLB invalidation after the context-cache and
 * PASID-cache invalidations in front of it have completed, and a device TLB
 * invalidation after the IOTLB invalidations have (6.5.2.12): the device does
 * not refill from what is stale. So all of it goes behind one write of the
 * tail, and takes one wait descriptor. There is one gap: what has no PASID is
 * not said to wait for PASID-based IOTLB invalidations, though entries without
 * one (RID_PASID) may be first-stage or pass-through ones. That pair gets a
 * wait descriptor with Fence in between.
 */
#include "drivers/vtd/inval.h"

#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/unit.h"

enum {
	PAGE_LG2 = 12,
	/* PASID-based ones take any, CAP.MAMV is of the others (11.4.2). */
	PIOTLB_AM_MAX = 57 - PAGE_LG2,
};

/* More page-selective invalidations than this, and it is all of them. [L7] */
#define MAX_BLOCKS 8u

/* Of the size field of a device TLB invalidation: all. */
#define ALL_PAGES UINT64_C(0x7ffffffffffff000)

void vtd_batch_init(struct vtd_batch *b, struct vtd_unit *u)
{
	b->u = u;
	b->count = 0;
	b->err = 0;
	b->piotlb = false;
	b->sid_known = false;
	b->sid = 0;
}

static void batch_submit(struct vtd_batch *b, bool drain)
{
	struct vtd_qi_result r = vtd_qi_submit(b->u, b->invs, b->count, drain);

	if (r.err == -ETIMEDOUT) {
		b->sid_known = r.sid_known &&
			       (!b->err || (b->sid_known && b->sid == r.sid));
		b->sid = r.sid;
	}
	if (!b->err)
		b->err = r.err;
	b->count = 0;
	b->piotlb = false;
}

static void batch_add(struct vtd_batch *b, const struct vtd_inv *inv)
{
	if (b->count == VTD_BATCH)
		batch_submit(b, false);
	b->invs[b->count++] = *inv;
}

static int batch_end(struct vtd_batch *b, bool drain)
{
	int err;

	if (!b->err)
		b->sid_known = false;
	if (b->count || drain)
		batch_submit(b, drain);
	err = b->err;
	b->err = 0;
	return err;
}

int vtd_batch_sync(struct vtd_batch *b)
{
	return batch_end(b, false);
}

int vtd_batch_drain(struct vtd_batch *b)
{
	if (!b->u->f.drain)
		return -EOPNOTSUPP;
	return batch_end(b, true);
}

void vtd_batch_fence(struct vtd_batch *b)
{
	struct vtd_inv inv = { { 0 } };

	vtd_inv_set_type(&inv, VTD_INV_WAIT);
	FIELD_SET(VTD_INV_WAIT_FN, &inv, 1);
	batch_add(b, &inv);
	b->piotlb = false;
}

void vtd_batch_barrier(struct vtd_batch *b)
{
	if (b->count)
		vtd_batch_fence(b);
}

static void add_context(struct vtd_batch *b, unsigned int g, uint16_t did,
			uint16_t sid)
{
	struct vtd_inv inv = { { 0 } };

	vtd_inv_set_type(&inv, VTD_INV_CC);
	FIELD_SET(VTD_INV_CC_G, &inv, g);
	FIELD_SET(VTD_INV_CC_DID, &inv, did);
	FIELD_SET(VTD_INV_CC_SID, &inv, sid);
	batch_add(b, &inv);
}

void vtd_inv_context_device(struct vtd_batch *b, uint16_t did, uint16_t sid)
{
	add_context(b, VTD_INV_CC_G_DEVICE, did, sid);
}

void vtd_inv_context_global(struct vtd_batch *b)
{
	add_context(b, VTD_INV_CC_G_GLOBAL, 0, 0);
}

static void add_pasid(struct vtd_batch *b, unsigned int g, uint16_t did,
		      uint32_t pasid)
{
	struct vtd_inv inv = { { 0 } };

	vtd_inv_set_type(&inv, VTD_INV_PC);
	FIELD_SET(VTD_INV_PC_G, &inv, g);
	FIELD_SET(VTD_INV_PC_DID, &inv, did);
	FIELD_SET(VTD_INV_PC_PASID, &inv, pasid);
	batch_add(b, &inv);
}

void vtd_inv_pasid(struct vtd_batch *b, uint16_t did, uint32_t pasid)
{
	add_pasid(b, VTD_INV_PC_G_PASID, did, pasid);
}

void vtd_inv_pasid_domain(struct vtd_batch *b, uint16_t did)
{
	add_pasid(b, VTD_INV_PC_G_DOMAIN, did, 0);
}

void vtd_inv_pasid_global(struct vtd_batch *b)
{
	add_pasid(b, VTD_INV_PC_G_GLOBAL, 0, 0);
}

/* Pages, the last one included. */
struct pages {
	uint64_t first;
	uint64_t last;
};

/*
 * Cut the largest aligned block off the front: log2 of its pages, at most
 * @most. False: there is nothing left.
 */
static bool next_block(struct pages *left, unsigned int most,
		       uint64_t *ret_page, unsigned int *ret_lg2)
{
	unsigned int lg2 = 0;

	if (left->first > left->last)
		return false;
	while (lg2 < most && is_aligned(left->first, BIT(lg2 + 1)) &&
	       left->last - left->first >= BIT(lg2 + 1) - 1)
		lg2++;
	*ret_page = left->first;
	*ret_lg2 = lg2;
	left->first += BIT(lg2);
	return true;
}

/* False: it takes too many. */
static bool few_blocks(struct pages left, unsigned int most)
{
	unsigned int lg2, n = 0;
	uint64_t page;

	while (n <= MAX_BLOCKS && next_block(&left, most, &page, &lg2))
		n++;
	return n <= MAX_BLOCKS;
}

static struct pages pages_of(uint64_t start, uint64_t last)
{
	struct pages p = { start >> PAGE_LG2, last >> PAGE_LG2 };

	return p;
}

static void add_piotlb(struct vtd_batch *b, unsigned int g, uint16_t did,
		       uint32_t pasid, uint64_t page, unsigned int lg2, bool ih)
{
	struct vtd_inv inv = { { 0 } };

	vtd_inv_set_type(&inv, VTD_INV_PIOTLB);
	FIELD_SET(VTD_INV_PIOTLB_G, &inv, g);
	FIELD_SET(VTD_INV_PIOTLB_DID, &inv, did);
	FIELD_SET(VTD_INV_PIOTLB_PASID, &inv, pasid);
	FIELD_SET(VTD_INV_PIOTLB_AM, &inv, lg2);
	FIELD_SET(VTD_INV_PIOTLB_IH, &inv, ih);
	vtd_inv_piotlb_set_addr(&inv, page << PAGE_LG2);
	batch_add(b, &inv);
	b->piotlb = true;
}

void vtd_inv_piotlb_all(struct vtd_batch *b, uint16_t did, uint32_t pasid)
{
	add_piotlb(b, VTD_INV_PIOTLB_G_PASID, did, pasid, 0, 0, false);
}

void vtd_inv_piotlb(struct vtd_batch *b, uint16_t did, uint32_t pasid,
		    uint64_t start, uint64_t last, bool ih)
{
	struct pages left = pages_of(start, last);
	unsigned int lg2;
	uint64_t page;

	if (!few_blocks(left, PIOTLB_AM_MAX)) {
		vtd_inv_piotlb_all(b, did, pasid);
		return;
	}
	while (next_block(&left, PIOTLB_AM_MAX, &page, &lg2))
		add_piotlb(b, VTD_INV_PIOTLB_G_PAGE, did, pasid, page, lg2, ih);
}

static void add_iotlb(struct vtd_batch *b, unsigned int g, uint16_t did,
		      uint64_t page, unsigned int lg2, bool ih)
{
	struct vtd_inv inv = { { 0 } };

	vtd_inv_set_type(&inv, VTD_INV_IOTLB);
	FIELD_SET(VTD_INV_IOTLB_G, &inv, g);
	FIELD_SET(VTD_INV_IOTLB_DW, &inv, b->u->f.drain_write);
	FIELD_SET(VTD_INV_IOTLB_DR, &inv, b->u->f.drain_read);
	FIELD_SET(VTD_INV_IOTLB_DID, &inv, did);
	FIELD_SET(VTD_INV_IOTLB_AM, &inv, lg2);
	FIELD_SET(VTD_INV_IOTLB_IH, &inv, ih);
	vtd_inv_iotlb_set_addr(&inv, page << PAGE_LG2);
	batch_add(b, &inv);
}

void vtd_inv_iotlb_domain(struct vtd_batch *b, uint16_t did)
{
	add_iotlb(b, VTD_INV_IOTLB_G_DOMAIN, did, 0, 0, false);
}

void vtd_inv_iotlb_global(struct vtd_batch *b)
{
	add_iotlb(b, VTD_INV_IOTLB_G_GLOBAL, 0, 0, 0, false);
}

void vtd_inv_iotlb(struct vtd_batch *b, uint16_t did, uint64_t start,
		   uint64_t last, bool ih)
{
	struct pages left = pages_of(start, last);
	unsigned int most = b->u->f.mamv, lg2;
	uint64_t page;

	if (!b->u->f.page_inv || !few_blocks(left, most)) {
		vtd_inv_iotlb_domain(b, did);
		return;
	}
	while (next_block(&left, most, &page, &lg2))
		add_iotlb(b, VTD_INV_IOTLB_G_PAGE, did, page, lg2, ih);
}

/*
 * The smallest aligned power of two of pages that covers it, as PCIe writes it:
 * with @ret_s, the lowest bit of the address that is 0 is the highest of its
 * offset. [N4]
 */
static uint64_t dev_tlb_addr(uint64_t start, uint64_t last, bool *ret_s)
{
	uint64_t differ = (start ^ last) >> PAGE_LG2;
	uint64_t size;

	*ret_s = differ != 0;
	if (!differ)
		return align_down(start, BIT(PAGE_LG2));
	if (differ >> (63 - PAGE_LG2))
		return ALL_PAGES;
	/* In bytes: above the highest bit in which the two differ. */
	size = BIT(64 - (unsigned int)__builtin_clzll(differ) + PAGE_LG2);
	return align_down(start, size) |
	       ((size / 2 - 1) & ~(BIT(PAGE_LG2) - 1));
}

/* 32, as many as every device takes, is 0. */
static unsigned int mip_of(const struct vtd_ats *ats)
{
	return ats->qdep < 32 ? ats->qdep : 0;
}

/* Reserved without ECAP.DIT. */
static uint16_t pfsid_of(const struct vtd_batch *b, const struct vtd_ats *ats)
{
	return REG_GET(VTD_ECAP_DIT, b->u->f.ecap) ? ats->pfsid : 0;
}

void vtd_inv_dev_tlb(struct vtd_batch *b, const struct vtd_ats *ats,
		     uint64_t start, uint64_t last)
{
	struct vtd_inv inv = { { 0 } };
	bool s;

	if (b->piotlb)
		vtd_batch_barrier(b);
	vtd_inv_set_type(&inv, VTD_INV_DEVTLB);
	FIELD_SET(VTD_INV_DEVTLB_SID, &inv, ats->sid);
	FIELD_SET(VTD_INV_DEVTLB_MIP, &inv, mip_of(ats));
	vtd_inv_devtlb_set_pfsid(&inv, pfsid_of(b, ats));
	vtd_inv_devtlb_set_addr(&inv, dev_tlb_addr(start, last, &s));
	FIELD_SET(VTD_INV_DEVTLB_S, &inv, s);
	batch_add(b, &inv);
}

void vtd_inv_pasid_dev_tlb(struct vtd_batch *b, const struct vtd_ats *ats,
			   uint32_t pasid, uint64_t start, uint64_t last)
{
	struct vtd_inv inv = { { 0 } };
	bool s;

	vtd_inv_set_type(&inv, VTD_INV_PDEVTLB);
	FIELD_SET(VTD_INV_PDEVTLB_SID, &inv, ats->sid);
	FIELD_SET(VTD_INV_PDEVTLB_PASID, &inv, pasid);
	FIELD_SET(VTD_INV_PDEVTLB_MIP, &inv, mip_of(ats));
	vtd_inv_pdevtlb_set_pfsid(&inv, pfsid_of(b, ats));
	vtd_inv_pdevtlb_set_addr(&inv, dev_tlb_addr(start, last, &s));
	FIELD_SET(VTD_INV_PDEVTLB_S, &inv, s);
	batch_add(b, &inv);
}

/* [R3] */
static unsigned int rc_of(enum iommu_page_response_code code)
{
	switch (code) {
	case IOMMU_PAGE_RESP_SUCCESS:
		return VTD_INV_PGRESP_RC_SUCCESS;
	case IOMMU_PAGE_RESP_INVALID:
		return VTD_INV_PGRESP_RC_INVALID;
	case IOMMU_PAGE_RESP_FAILURE:
	default:
		return VTD_INV_PGRESP_RC_FAILURE;
	}
}

void vtd_prg_response(struct vtd_batch *b, const struct vtd_prg_response *r)
{
	struct vtd_inv inv = { { 0 } };

	vtd_inv_set_type(&inv, VTD_INV_PGRESP);
	FIELD_SET(VTD_INV_PGRESP_RID, &inv, r->sid);
	FIELD_SET(VTD_INV_PGRESP_PRGI, &inv, r->index);
	FIELD_SET(VTD_INV_PGRESP_RC, &inv, rc_of(r->code));
	if (r->pasid_valid) {
		FIELD_SET(VTD_INV_PGRESP_PP, &inv, 1);
		FIELD_SET(VTD_INV_PGRESP_PASID, &inv, r->pasid);
	}
	if (r->private_valid) {
		FIELD_SET(VTD_INV_PGRESP_PDP, &inv, 1);
		FIELD_SET(VTD_INV_PGRESP_LPIG, &inv, r->last);
		FIELD_SET(VTD_INV_PGRESP_PRIV_LO, &inv, r->private_data[0]);
		FIELD_SET(VTD_INV_PGRESP_PRIV_HI, &inv, r->private_data[1]);
	}
	batch_add(b, &inv);
}
