/* SPDX-License-Identifier: MIT */
/*
 * What the invalidation descriptors (6.5.2.1 to 6.5.2.10) and the invalidation
 * registers (6.5.1) ask for.
 *
 * A descriptor is invalid if it has bits that its type does not name, or a
 * reserved value where one counts. What a granularity has no use for is
 * ignored: the address of a domain-selective invalidation, for example.
 */
#include "fmt/vtd.h"
#include "fmt/x86_pt.h"
#include "models/vtd/config.h"
#include "models/vtd/inval.h"
#include "models/vtd/intremap.h"
#include "models/vtd/port.h"
#include "models/vtd/tlb.h"

enum { PAGE_LG2 = 12, ADDRESS_BITS = 64 };

/* Versions from which something is different. */
enum { MAJOR_WITHOUT_REGISTERS = 6, MAJOR_WITHOUT_PRIVATE = 6 };

static unsigned int major(const struct vtd_hw *m)
{
	return (unsigned int)REG_GET(VTD_VER_MAX, m->cfg.ver);
}

/* All bits that a type names. */
struct legal {
	uint64_t dw[4];
};

#define LEGAL(list)                                                            \
	{                                                                      \
		{                                                              \
			FIELD_DEFINED(VTD_INV_FIELDS, 0) |                     \
				FIELD_DEFINED(list, 0),                        \
				FIELD_DEFINED(list, 1),                        \
				FIELD_DEFINED(list, 2),                        \
				FIELD_DEFINED(list, 3),                        \
		}                                                              \
	}

static const struct legal legal[] = {
	[VTD_INV_CC] = LEGAL(VTD_INV_CC_FIELDS),
	[VTD_INV_IOTLB] = LEGAL(VTD_INV_IOTLB_FIELDS),
	[VTD_INV_DEVTLB] = LEGAL(VTD_INV_DEVTLB_FIELDS),
	[VTD_INV_IEC] = LEGAL(VTD_INV_IEC_FIELDS),
	[VTD_INV_WAIT] = LEGAL(VTD_INV_WAIT_FIELDS),
	[VTD_INV_PIOTLB] = LEGAL(VTD_INV_PIOTLB_FIELDS),
	[VTD_INV_PC] = LEGAL(VTD_INV_PC_FIELDS),
	[VTD_INV_PDEVTLB] = LEGAL(VTD_INV_PDEVTLB_FIELDS),
	[VTD_INV_PGRESP] = LEGAL(VTD_INV_PGRESP_FIELDS),
};

/* Bits of fields that this unit does not have, or not any more. */
static struct legal missing(const struct vtd_hw *m, unsigned int type)
{
	struct vtd_inv inv = { { 0 } };

	if (type == VTD_INV_WAIT && !ECAP(m, PDS))
		FIELD_SET(VTD_INV_WAIT_PD, &inv, 1);
	if (type == VTD_INV_DEVTLB && !ECAP(m, DIT))
		vtd_inv_devtlb_set_pfsid(&inv, UINT16_MAX);
	if (type == VTD_INV_PDEVTLB && !ECAP(m, DIT))
		vtd_inv_pdevtlb_set_pfsid(&inv, UINT16_MAX);
	if (type == VTD_INV_PGRESP && major(m) >= MAJOR_WITHOUT_PRIVATE) {
		FIELD_SET(VTD_INV_PGRESP_PDP, &inv, 1);
		FIELD_SET(VTD_INV_PGRESP_PRIV_LO, &inv, UINT64_MAX);
		FIELD_SET(VTD_INV_PGRESP_PRIV_HI, &inv, UINT64_MAX);
	}
	return (struct legal){ { inv.dw[0], inv.dw[1], inv.dw[2], inv.dw[3] } };
}

static bool reserved_set(const struct vtd_hw *m, const struct vtd_inv *inv)
{
	unsigned int type = vtd_inv_type(inv), i;
	struct legal gone = missing(m, type);

	for (i = 0; i < 4; i++)
		if (inv->dw[i] & ~(legal[type].dw[i] & ~gone.dw[i]))
			return true;
	return false;
}

/*
 * The unit has descriptors of this type, in queues of this width; table 26:
 * those with PASID not in legacy mode.
 */
static bool type_known(const struct vtd_hw *m, unsigned int type, bool wide)
{
	wide = wide && vtd_hw_root_ttm(vtd_hw_root(m)) != VTD_RTADDR_TTM_LEGACY;
	switch (type) {
	case VTD_INV_CC:
	case VTD_INV_IOTLB:
	case VTD_INV_WAIT:
		return true;
	case VTD_INV_DEVTLB:
		return ECAP(m, DT);
	case VTD_INV_IEC:
		return ECAP(m, IR);
	case VTD_INV_PIOTLB:
	case VTD_INV_PC:
		return wide && ECAP(m, SMTS);
	case VTD_INV_PDEVTLB:
		return wide && ECAP(m, SMTS) && ECAP(m, DT);
	case VTD_INV_PGRESP:
		return wide && ECAP(m, SMTS) && ECAP(m, PRS);
	default:
		return false;
	}
}

/* Bits beyond CAP.ND are ignored. */
static uint16_t did_of(const struct vtd_hw *m, uint64_t did)
{
	unsigned int bits = 4 + 2 * (unsigned int)CAP(m, ND);

	return (uint16_t)(did & (BIT(bits) - 1));
}

static int context_cache(struct vtd_hw *m, const struct vtd_inv *inv)
{
	unsigned int g = (unsigned int)FIELD_GET(VTD_INV_CC_G, inv);

	if (!g)
		return VTD_IQEI_RESERVED;
	vtd_hw_config_inv_context(m, g,
				  did_of(m, FIELD_GET(VTD_INV_CC_DID, inv)),
				  (uint16_t)FIELD_GET(VTD_INV_CC_SID, inv),
				  (unsigned int)FIELD_GET(VTD_INV_CC_FM, inv));
	vtd_hw_invalidated(m, &m->stats.config_invalidations);
	return VTD_HW_INV_OK;
}

static int pasid_cache(struct vtd_hw *m, const struct vtd_inv *inv)
{
	unsigned int g = (unsigned int)FIELD_GET(VTD_INV_PC_G, inv);

	if (g != VTD_INV_PC_G_DOMAIN && g != VTD_INV_PC_G_PASID &&
	    g != VTD_INV_PC_G_GLOBAL)
		return VTD_IQEI_RESERVED;
	vtd_hw_config_inv_pasid(m, g, did_of(m, FIELD_GET(VTD_INV_PC_DID, inv)),
				(ioasid_t)FIELD_GET(VTD_INV_PC_PASID, inv));
	vtd_hw_invalidated(m, &m->stats.config_invalidations);
	return VTD_HW_INV_OK;
}

/* A register of a unit without CAP.PSI: all of the domain goes. */
static enum vtd_hw_tlb_scope iotlb_scope(const struct vtd_hw *m,
					 unsigned int granularity)
{
	switch (granularity) {
	case VTD_IOTLB_IIRG_GLOBAL:
		return VTD_HW_TLB_ALL;
	case VTD_IOTLB_IIRG_PAGE:
		return CAP(m, PSI) ? VTD_HW_TLB_PAGES : VTD_HW_TLB_DOMAIN;
	default:
		return VTD_HW_TLB_DOMAIN;
	}
}

static void tlb_inv_at(struct vtd_hw *m, const struct vtd_hw_tlb_inv *inv,
		       uint64_t addr)
{
	struct vtd_hw_tlb_inv at = *inv;

	at.addr = align_down(addr, BIT(PAGE_LG2 + inv->am));
	vtd_hw_tlb_inv(m, &at);
}

static uint64_t extended(uint64_t addr, unsigned int bits)
{
	return (uint64_t)((int64_t)(addr << (ADDRESS_BITS - bits)) >>
			  (ADDRESS_BITS - bits));
}

/*
 * Addresses of the second stage have MGAW bits, those of the first are known by
 * 48 or 57 (table 18). What is above does not count, and with a mask of all of
 * them there are no addresses any more.
 */
static void tlb_inv(struct vtd_hw *m, struct vtd_hw_tlb_inv inv)
{
	unsigned int bits = x86_pt_va_bits(4), more = x86_pt_va_bits(5);
	unsigned int mgaw = (unsigned int)CAP(m, MGAW) + 1;
	bool first = inv.scope == VTD_HW_TLB_PASID_PAGES;

	vtd_hw_invalidated(m, &m->stats.tlb_invalidations);
	if (inv.am + (unsigned int)PAGE_LG2 >= (first ? bits : mgaw)) {
		inv.am = 0;
		if (first)
			inv.scope = VTD_HW_TLB_PASID;
		else if (inv.scope == VTD_HW_TLB_PAGES)
			inv.scope = VTD_HW_TLB_DOMAIN;
	}
	if (!first) {
		tlb_inv_at(m, &inv, inv.addr & (BIT(mgaw) - 1));
		return;
	}
	tlb_inv_at(m, &inv, extended(inv.addr, bits));
	if (extended(inv.addr, bits) != extended(inv.addr, more))
		tlb_inv_at(m, &inv, extended(inv.addr, more));
}

static int iotlb(struct vtd_hw *m, const struct vtd_inv *inv)
{
	unsigned int g = (unsigned int)FIELD_GET(VTD_INV_IOTLB_G, inv);
	uint64_t am = FIELD_GET(VTD_INV_IOTLB_AM, inv);

	if (!g)
		return VTD_IQEI_RESERVED;
	if (g == VTD_INV_IOTLB_G_PAGE && (!CAP(m, PSI) || am > CAP(m, MAMV)))
		return VTD_IQEI_RESERVED;
	tlb_inv(m, (struct vtd_hw_tlb_inv){
			   .scope = iotlb_scope(m, g),
			   .did = did_of(m, FIELD_GET(VTD_INV_IOTLB_DID, inv)),
			   .am = (uint8_t)am,
			   .ih = FIELD_GET(VTD_INV_IOTLB_IH, inv),
			   .addr = vtd_inv_iotlb_addr(inv),
		   });
	return VTD_HW_INV_OK;
}

/* MAMV is about the second stage only. */
static int piotlb(struct vtd_hw *m, const struct vtd_inv *inv)
{
	unsigned int g = (unsigned int)FIELD_GET(VTD_INV_PIOTLB_G, inv);

	if (g != VTD_INV_PIOTLB_G_PASID && g != VTD_INV_PIOTLB_G_PAGE)
		return VTD_IQEI_RESERVED;
	tlb_inv(m,
		(struct vtd_hw_tlb_inv){
			.scope = g == VTD_INV_PIOTLB_G_PAGE ?
					 VTD_HW_TLB_PASID_PAGES :
					 VTD_HW_TLB_PASID,
			.did = did_of(m, FIELD_GET(VTD_INV_PIOTLB_DID, inv)),
			.pasid = (ioasid_t)FIELD_GET(VTD_INV_PIOTLB_PASID, inv),
			.am = (uint8_t)FIELD_GET(VTD_INV_PIOTLB_AM, inv),
			.ih = FIELD_GET(VTD_INV_PIOTLB_IH, inv),
			.addr = vtd_inv_piotlb_addr(inv),
		});
	return VTD_HW_INV_OK;
}

static int iec(struct vtd_hw *m, const struct vtd_inv *inv)
{
	uint64_t im = FIELD_GET(VTD_INV_IEC_IM, inv);

	if (!FIELD_GET(VTD_INV_IEC_G, inv)) {
		vtd_hw_iec_flush(m);
	} else if (im > ECAP(m, MHMV)) {
		return VTD_IQEI_RESERVED;
	} else {
		vtd_hw_iec_inv(m, (uint32_t)FIELD_GET(VTD_INV_IEC_IIDX, inv),
			       (unsigned int)im);
	}
	vtd_hw_invalidated(m, &m->stats.config_invalidations);
	return VTD_HW_INV_OK;
}

/*
 * As ATS has it: without S a page; with S the lowest 0 of the address says how
 * many. A size of 0 is all there are.
 */
static void set_range(struct hw_ats_inv *req, uint64_t addr, bool s)
{
	unsigned int lg2 = PAGE_LG2;

	if (s) {
		uint64_t zeros = ~addr & ~(BIT(PAGE_LG2) - 1);

		lg2 = zeros ? (unsigned int)__builtin_ctzll(zeros) + 1 :
			      ADDRESS_BITS;
	}
	if (lg2 >= ADDRESS_BITS)
		return;
	req->size = BIT(lg2);
	req->addr = align_down(addr, req->size);
}

/* A device that is not there does not answer, as one that hangs does not. */
static int device_tlb(struct vtd_hw *m, const struct hw_ats_inv *req)
{
	uint64_t cookie;

	if (!m->has_bus)
		return VTD_HW_INV_OK;
	if (!vtd_hw_inval_drain(m))
		return VTD_HW_INV_BLOCKED;
	cookie = vtd_hw_inflight_begin(m, (uint16_t)req->requester);
	if (!cookie)
		return VTD_HW_INV_BLOCKED;
	m->stats.ats_invalidations++;
	switch (m->bus.ats_invalidate(m->bus.ctx, req, cookie)) {
	case 0:
		vtd_hw_inflight_end(m, cookie, true);
		break;
	case -EINPROGRESS:
		break;
	default:
		vtd_hw_inflight_end(m, cookie, false);
		break;
	}
	return VTD_HW_INV_OK;
}

static int devtlb(struct vtd_hw *m, const struct vtd_inv *inv)
{
	struct hw_ats_inv req = {
		.requester = (uint32_t)FIELD_GET(VTD_INV_DEVTLB_SID, inv),
	};

	set_range(&req, vtd_inv_devtlb_addr(inv),
		  FIELD_GET(VTD_INV_DEVTLB_S, inv));
	return device_tlb(m, &req);
}

static int pdevtlb(struct vtd_hw *m, const struct vtd_inv *inv)
{
	struct hw_ats_inv req = {
		.requester = (uint32_t)FIELD_GET(VTD_INV_PDEVTLB_SID, inv),
		.pasid_valid = true,
		.pasid = (ioasid_t)FIELD_GET(VTD_INV_PDEVTLB_PASID, inv),
		.global = FIELD_GET(VTD_INV_PDEVTLB_G, inv),
	};

	set_range(&req, vtd_inv_pdevtlb_addr(inv),
		  FIELD_GET(VTD_INV_PDEVTLB_S, inv));
	return device_tlb(m, &req);
}

/* PCIe has a device take codes that are reserved as a failure. */
static int page_response(struct vtd_hw *m, const struct vtd_inv *inv)
{
	uint64_t code = FIELD_GET(VTD_INV_PGRESP_RC, inv);
	struct hw_prg_response resp = {
		.requester = (uint32_t)FIELD_GET(VTD_INV_PGRESP_RID, inv),
		.pasid_valid = FIELD_GET(VTD_INV_PGRESP_PP, inv),
		.prgi = (uint16_t)FIELD_GET(VTD_INV_PGRESP_PRGI, inv),
		.code = HW_PRG_FAILURE,
	};

	if (code == VTD_INV_PGRESP_RC_SUCCESS)
		resp.code = HW_PRG_SUCCESS;
	else if (code == VTD_INV_PGRESP_RC_INVALID)
		resp.code = HW_PRG_INVALID;
	if (resp.pasid_valid)
		resp.pasid = (ioasid_t)FIELD_GET(VTD_INV_PGRESP_PASID, inv);
	m->stats.prg_responses++;
	if (!m->has_bus)
		return VTD_HW_INV_OK;
	vtd_hw_unlock(m);
	m->bus.prg_response(m->bus.ctx, &resp);
	vtd_hw_lock(m);
	return VTD_HW_INV_OK;
}

int vtd_hw_inval_execute(struct vtd_hw *m, const struct vtd_inv *inv, bool wide)
{
	unsigned int type = vtd_inv_type(inv);

	if (!type_known(m, type, wide))
		return VTD_IQEI_TYPE;
	if (reserved_set(m, inv))
		return VTD_IQEI_RESERVED;
	switch (type) {
	case VTD_INV_CC:
		return context_cache(m, inv);
	case VTD_INV_PC:
		return pasid_cache(m, inv);
	case VTD_INV_IOTLB:
		return iotlb(m, inv);
	case VTD_INV_PIOTLB:
		return piotlb(m, inv);
	case VTD_INV_IEC:
		return iec(m, inv);
	case VTD_INV_DEVTLB:
		return devtlb(m, inv);
	case VTD_INV_PDEVTLB:
		return pdevtlb(m, inv);
	case VTD_INV_PGRESP:
		return page_response(m, inv);
	default:
		return VTD_HW_INV_OK;
	}
}

/*
 * The registers are for units, and for software, without the queue: not from
 * version 6 on, not while the queue is on, and not in scalable mode. Nothing
 * done is a granularity of 0.
 */
static bool registers_work(const struct vtd_hw *m)
{
	return major(m) < MAJOR_WITHOUT_REGISTERS &&
	       !vtd_hw_gsts(m, VTD_GSTS_QIES_LO) &&
	       vtd_hw_root_ttm(vtd_hw_root(m)) == VTD_RTADDR_TTM_LEGACY;
}

void vtd_hw_inval_ccmd(struct vtd_hw *m, uint64_t value)
{
	uint64_t g = REG_GET(VTD_CCMD_CIRG, value), done = 0;

	m->reg[R_CCMD] = value;
	if (!REG_GET(VTD_CCMD_ICC, value))
		return;
	if (g && registers_work(m)) {
		done = g;
		vtd_hw_config_inv_context(
			m, (unsigned int)g,
			did_of(m, REG_GET(VTD_CCMD_DID, value)),
			(uint16_t)REG_GET(VTD_CCMD_SID, value),
			(unsigned int)REG_GET(VTD_CCMD_FM, value));
		m->stats.config_invalidations++;
		if (!vtd_hw_drain(m))
			return;
	}
	value = REG_PUT(VTD_CCMD_CAIG, m->reg[R_CCMD], done);
	m->reg[R_CCMD] = REG_PUT(VTD_CCMD_ICC, value, 0);
}

void vtd_hw_inval_iotlb(struct vtd_hw *m, uint64_t value)
{
	unsigned int g = (unsigned int)REG_GET(VTD_IOTLB_IIRG, value);
	uint64_t iva = m->reg[R_IVA], done = 0;
	uint64_t am = REG_GET(VTD_IVA_AM, iva);
	enum vtd_hw_tlb_scope scope = iotlb_scope(m, g);

	m->reg[R_IOTLB] = value;
	if (!REG_GET(VTD_IOTLB_IVT, value))
		return;
	if (g && registers_work(m) &&
	    (scope != VTD_HW_TLB_PAGES || am <= CAP(m, MAMV))) {
		done = scope == VTD_HW_TLB_PAGES  ? VTD_IOTLB_IIRG_PAGE :
		       scope == VTD_HW_TLB_DOMAIN ? VTD_IOTLB_IIRG_DOMAIN :
						    VTD_IOTLB_IIRG_GLOBAL;
		tlb_inv(m,
			(struct vtd_hw_tlb_inv){
				.scope = scope,
				.did = did_of(m, REG_GET(VTD_IOTLB_DID, value)),
				.am = (uint8_t)am,
				.ih = REG_GET(VTD_IVA_IH, iva),
				.addr = REG_GET(VTD_IVA_ADDR, iva) << PAGE_LG2,
			});
		if (!vtd_hw_inval_drain(m))
			return;
	}
	value = REG_PUT(VTD_IOTLB_IAIG, m->reg[R_IOTLB], done);
	m->reg[R_IOTLB] = REG_PUT(VTD_IOTLB_IVT, value, 0);
}
