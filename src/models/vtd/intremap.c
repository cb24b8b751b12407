/* SPDX-License-Identifier: MIT */
/*
 * Interrupt remapping: chapter 5.
 *
 * An entry is cached as it was in memory once it let a request pass (6.4: one
 * that led to a fault is not), and used until an invalidation names it:
 * software that changes an entry and forgets that is told nothing, and its
 * interrupts go where they went. What is in the cache is checked at each use,
 * as that depends on IRTA.EIME and on the requester, too.
 *
 * CAP.PI is 0, so bit 15, which makes an entry one of a posted interrupt, is
 * reserved.
 */
#include "models/vtd/intremap.h"

#include "fmt/vtd.h"
#include "fmt/x86_msi.h"
#include "models/vtd/fault.h"
#include "models/vtd/mem.h"

enum { WAYS = 4, IRTE_SIZE = 16, MSI_HALF = 32 };

static unsigned int set_of(uint32_t index)
{
	return index % ((1u << VTD_HW_IEC_LG2) / WAYS) * WAYS;
}

static bool cached(struct vtd_hw *m, uint32_t index, struct vtd_irte *ret_irte)
{
	unsigned int set = set_of(index), i;

	for (i = set; i < set + WAYS; i++) {
		if (m->iec.key[i] != index + 1)
			continue;
		ret_irte->dw[0] = m->iec.irte[i][0];
		ret_irte->dw[1] = m->iec.irte[i][1];
		return true;
	}
	return false;
}

static void keep(struct vtd_hw *m, uint32_t index, const struct vtd_irte *irte)
{
	unsigned int set = set_of(index), i;

	for (i = set; i < set + WAYS; i++)
		if (!m->iec.key[i] || m->iec.key[i] == index + 1)
			break;
	if (i == set + WAYS)
		i = set + m->iec.victim++ % WAYS;
	m->iec.key[i] = index + 1;
	m->iec.irte[i][0] = irte->dw[0];
	m->iec.irte[i][1] = irte->dw[1];
}

void vtd_hw_iec_flush(struct vtd_hw *m)
{
	memset(m->iec.key, 0, sizeof(m->iec.key));
}

void vtd_hw_iec_inv(struct vtd_hw *m, uint32_t index, unsigned int mask)
{
	uint32_t first = index & ~(uint32_t)(BIT(mask) - 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(m->iec.key); i++)
		if (m->iec.key[i] && m->iec.key[i] - 1 >= first &&
		    m->iec.key[i] - 1 - first < BIT(mask))
			m->iec.key[i] = 0;
}

static void forget_some(struct vtd_hw *m)
{
	if (!vtd_hw_strict(m) && ++m->iec.lookups >= m->cfg.eager_period) {
		m->iec.lookups = 0;
		vtd_hw_iec_flush(m);
	}
}

/* 0, or why not. */
static uint8_t fetch(struct vtd_hw *m, uint32_t index,
		     struct vtd_irte *ret_irte)
{
	uint64_t addr = (REG_GET(VTD_IRTA_IRTA, m->irta) << 12) +
			(uint64_t)index * IRTE_SIZE;

	if (index >= BIT(REG_GET(VTD_IRTA_S, m->irta) + 1) ||
	    addr & ~m->haw_mask)
		return VTD_FAULT_IR_INDEX;
	forget_some(m);
	if (cached(m, index, ret_irte))
		return 0;
	if (vtd_hw_load128(m, addr, ret_irte->dw))
		return VTD_FAULT_IR_READ;
	return FIELD_GET(VTD_IRTE_P, ret_irte) ? 0 : VTD_FAULT_IR_P;
}

static bool reserved_set(const struct vtd_hw *m, const struct vtd_irte *irte)
{
	uint64_t legal = FIELD_DEFINED(VTD_IRTE_FIELDS, 0);

	legal |= FIELD_DEFINED(VTD_IRTE_REMAP_FIELDS, 0);
	legal &= ~FIELD_MASK(VTD_IRTE_IM);
	if (!REG_GET(VTD_IRTA_EIME, m->irta))
		legal = (legal & ~FIELD_MASK(VTD_IRTE_DST)) |
			FIELD_DEFINED(VTD_IRTE_XAPIC_FIELDS, 0);
	return irte->dw[0] & ~legal ||
	       irte->dw[1] & ~FIELD_DEFINED(VTD_IRTE_FIELDS, 1);
}

/* 5.1.4: SVT says what is compared, SQ how much of the function. */
static bool source_valid(const struct vtd_irte *irte, uint16_t requester)
{
	static const uint16_t compared[] = {
		[VTD_IRTE_SQ_ALL] = 0xffff,
		[VTD_IRTE_SQ_NOT_2] = 0xfffb,
		[VTD_IRTE_SQ_NOT_21] = 0xfff9,
		[VTD_IRTE_SQ_NOT_210] = 0xfff8,
	};
	uint64_t sid = FIELD_GET(VTD_IRTE_SID, irte);
	unsigned int bus = requester >> 8;

	switch (FIELD_GET(VTD_IRTE_SVT, irte)) {
	case VTD_IRTE_SVT_NONE:
		return true;
	case VTD_IRTE_SVT_SID:
		return !((sid ^ requester) &
			 compared[FIELD_GET(VTD_IRTE_SQ, irte)]);
	case VTD_IRTE_SVT_BUS:
		return bus >= sid >> 8 && bus <= (sid & 0xff);
	default:
		return false;
	}
}

/* The message that the entry asks for; it is always an assertion. */
static void remapped(const struct vtd_hw *m, const struct vtd_irte *irte,
		     struct vtd_hw_msg *ret_msg)
{
	bool eime = REG_GET(VTD_IRTA_EIME, m->irta);
	uint64_t dest = FIELD_GET(VTD_IRTE_DST, irte);
	uint64_t addr = 0, data = 0;

	if (!eime)
		dest = FIELD_GET(VTD_IRTE_DST_XAPIC, irte);
	addr = REG_PUT(X86_MSI_ADDR_FEE, addr, VTD_MSI_ADDR_FEE_VALUE);
	addr = REG_PUT(X86_MSI_ADDR_DEST, addr, dest & 0xff);
	addr = REG_PUT(X86_MSI_ADDR_DEST_HI, addr, dest >> 8);
	addr = REG_PUT(X86_MSI_ADDR_RH, addr, FIELD_GET(VTD_IRTE_RH, irte));
	addr = REG_PUT(X86_MSI_ADDR_DM, addr, FIELD_GET(VTD_IRTE_DM, irte));
	data = REG_PUT(X86_MSI_DATA_VECTOR, data, FIELD_GET(VTD_IRTE_V, irte));
	data = REG_PUT(X86_MSI_DATA_DLM, data, FIELD_GET(VTD_IRTE_DLM, irte));
	data = REG_PUT(X86_MSI_DATA_ASSERT, data, 1);
	data = REG_PUT(X86_MSI_DATA_TM, data, FIELD_GET(VTD_IRTE_TM, irte));
	*ret_msg = (struct vtd_hw_msg){ addr, (uint32_t)data };
}

/* 5.1.3, 5.1.5: 0, or why not; *ret_index and *ret_fpd for the record. */
static uint8_t remap(struct vtd_hw *m, uint16_t requester,
		     const struct vtd_hw_msg *msg, struct vtd_hw_msg *ret_msg,
		     uint32_t *ret_index, bool *ret_fpd)
{
	uint32_t addr = (uint32_t)msg->addr, index = vtd_msi_handle(addr);
	struct vtd_irte irte = { { 0 } };
	uint8_t reason;

	if (msg->addr >> MSI_HALF ||
	    REG_GET(VTD_MSI_ADDR_FEE, addr) != VTD_MSI_ADDR_FEE_VALUE)
		return VTD_FAULT_IR_RSVD;
	if (REG_GET(VTD_MSI_ADDR_SHV, addr)) {
		if (msg->data & ~FIELD_DEFINED(VTD_MSI_DATA_FIELDS, 0))
			return VTD_FAULT_IR_RSVD;
		index += (uint32_t)REG_GET(VTD_MSI_DATA_SUBHANDLE, msg->data);
	}
	*ret_index = index;
	reason = fetch(m, index, &irte);
	*ret_fpd = FIELD_GET(VTD_IRTE_FPD, &irte);
	if (reason)
		return reason;
	if (!source_valid(&irte, requester))
		return VTD_FAULT_IR_SID;
	if (reserved_set(m, &irte))
		return VTD_FAULT_IR_IRTE_RSVD;
	keep(m, index, &irte);
	remapped(m, &irte, ret_msg);
	return 0;
}

/* 5.1.4: with EIME there is no compatibility format. */
static bool compatibility_passes(const struct vtd_hw *m)
{
	return vtd_hw_gsts(m, VTD_GSTS_CFIS_LO) &&
	       !REG_GET(VTD_IRTA_EIME, m->irta);
}

int vtd_hw_remap_irq(struct iommu_hw *hw, uint16_t requester,
		     const struct vtd_hw_msg *msg, struct vtd_hw_msg *ret_msg)
{
	struct vtd_hw *m = vtd_hw_of(hw);
	struct vtd_hw_fault fault = { .sid = requester };
	uint32_t index = 0;

	vtd_hw_lock(m);
	if (!vtd_hw_gsts(m, VTD_GSTS_IRES_LO))
		*ret_msg = *msg;
	else if (REG_GET(VTD_MSI_ADDR_IF, msg->addr))
		fault.reason =
			remap(m, requester, msg, ret_msg, &index, &fault.fpd);
	else if (compatibility_passes(m))
		*ret_msg = *msg;
	else
		fault.reason = VTD_FAULT_IR_COMPAT;
	fault.addr = index;
	vtd_hw_fault(m, &fault);
	vtd_hw_unlock(m);
	return fault.reason ? -EFAULT : 0;
}
