/* SPDX-License-Identifier: MIT */
/*
 * Fault recording registers, used one after the other in a circle, and the
 * status register that sums them up.
 *
 * A fault that finds the next register in use sets PFO, and until software
 * clears that no fault is recorded, whatever has become free (7.2.1). An event
 * is sent for the first condition only: while any of FSTS is set, others join
 * it silently.
 */
#include "models/vtd/fault.h"

#include "fmt/vtd.h"
#include "fmt/x86_pt.h"
#include "models/vtd/event.h"

/* Word 1 of a record. */
#define RECORD_F FIELD_MASK(VTD_FRCD_F)

static unsigned int records(const struct vtd_hw *m)
{
	return (unsigned int)CAP(m, NFR) + 1;
}

static bool pending(const struct vtd_hw *m)
{
	unsigned int i;

	for (i = 0; i < records(m); i++)
		if (m->frcd[i][1] & RECORD_F)
			return true;
	return false;
}

uint64_t vtd_hw_fault_fsts(const struct vtd_hw *m)
{
	return REG_PUT(VTD_FSTS_PPF, m->reg[R_FSTS], pending(m));
}

/* All of FSTS that holds back another event, and keeps IP. */
static bool unserved(const struct vtd_hw *m)
{
	return vtd_hw_fault_fsts(m) & ~FIELD_MASK(VTD_FSTS_FRI);
}

void vtd_hw_fault_status(struct vtd_hw *m, unsigned int bit)
{
	bool first = !unserved(m);

	m->reg[R_FSTS] |= BIT(bit);
	if (first)
		vtd_hw_event_raise(m, VTD_HW_EVENT_FAULT);
}

void vtd_hw_fault_ack(struct vtd_hw *m, uint64_t bits)
{
	m->reg[R_FSTS] &= ~bits;
	if (!unserved(m))
		vtd_hw_event_served(m, VTD_HW_EVENT_FAULT);
}

/*
 * Faults found before the entry with FPD is there are not qualified: the root
 * table and its address, and entries that cannot be read. Nor is what blocks
 * an interrupt request before its IRTE is read.
 */
bool vtd_hw_fault_qualified(uint8_t reason)
{
	switch (reason) {
	case VTD_FAULT_LRT_1:
	case VTD_FAULT_LRT_2:
	case VTD_FAULT_LRT_3:
	case VTD_FAULT_LCT_1:
	case VTD_FAULT_IR_RSVD:
	case VTD_FAULT_IR_INDEX:
	case VTD_FAULT_IR_READ:
	case VTD_FAULT_IR_COMPAT:
	case VTD_FAULT_IR_REQUEST:
	case VTD_FAULT_RTA_1:
	case VTD_FAULT_RTA_2:
	case VTD_FAULT_RTA_3:
	case VTD_FAULT_RTA_4:
	case VTD_FAULT_RTA_5:
	case VTD_FAULT_SRT_1:
	case VTD_FAULT_SRT_2:
	case VTD_FAULT_SRT_3:
	case VTD_FAULT_SCT_1:
	case VTD_FAULT_SPD_1:
	case VTD_FAULT_SPT_1:
		return false;
	default:
		return true;
	}
}

static bool is_interrupt(uint8_t reason)
{
	return reason >= VTD_FAULT_IR_FIRST && reason <= VTD_FAULT_IR_LAST;
}

/* 11.4.7.6: the address, as far as the largest AGAW goes. */
static uint64_t fault_info(const struct vtd_hw *m, uint64_t addr)
{
	unsigned int aw = 63u - (unsigned int)__builtin_clzll(CAP(m, SAGAW));

	return addr & (BIT(x86_pt_va_bits(aw + 2)) - 1);
}

/* AT and what a PASID's prefix says are not there without ATS and PASIDs. */
static void make_record(const struct vtd_hw *m, const struct vtd_hw_fault *f,
			struct vtd_frcd *ret_rec)
{
	struct vtd_frcd rec = { { 0 } };

	FIELD_SET(VTD_FRCD_SID, &rec, f->sid);
	FIELD_SET(VTD_FRCD_FR, &rec, f->reason);
	FIELD_SET(VTD_FRCD_F, &rec, 1);
	if (is_interrupt(f->reason)) {
		FIELD_SET(VTD_FRCD_IR_INDEX, &rec, f->addr & 0xffff);
	} else {
		vtd_frcd_set_fi(&rec, fault_info(m, f->addr));
		vtd_frcd_set_type(&rec, f->type);
		if (ECAP(m, DT))
			FIELD_SET(VTD_FRCD_AT, &rec, f->at);
		if (f->pasid_valid && ECAP(m, PASID)) {
			FIELD_SET(VTD_FRCD_PP, &rec, 1);
			FIELD_SET(VTD_FRCD_PV, &rec,
				  f->pasid & FIELD_MAX(VTD_FRCD_PV));
			FIELD_SET(VTD_FRCD_EXE, &rec, f->exec);
			FIELD_SET(VTD_FRCD_PRIV, &rec, f->priv);
		}
	}
	*ret_rec = rec;
}

/* Somebody's fault is pending already, and may stand for this one. */
static bool collapses(const struct vtd_hw *m, const struct vtd_frcd *rec)
{
	uint64_t same = FIELD_MASK(VTD_FRCD_SID) | RECORD_F;
	unsigned int i;

	if (!m->cfg.collapse)
		return false;
	for (i = 0; i < records(m); i++)
		if (!((m->frcd[i][1] ^ rec->dw[1]) & same))
			return true;
	return false;
}

void vtd_hw_fault(struct vtd_hw *m, const struct vtd_hw_fault *fault)
{
	bool first = !unserved(m), ppf = pending(m);
	unsigned int i = m->frcd_next;
	struct vtd_frcd rec;

	if (!fault->reason ||
	    (fault->fpd && vtd_hw_fault_qualified(fault->reason)))
		return;
	m->stats.events++;
	make_record(m, fault, &rec);
	if (REG_GET(VTD_FSTS_PFO, m->reg[R_FSTS])) {
		m->stats.events_lost++;
		return;
	}
	if (collapses(m, &rec)) {
		m->stats.events_merged++;
		return;
	}
	if (m->frcd[i][1] & RECORD_F) {
		m->stats.events_lost++;
		vtd_hw_fault_status(m, VTD_FSTS_PFO_LO);
		return;
	}
	m->frcd[i][0] = rec.dw[0];
	m->frcd[i][1] = rec.dw[1];
	m->frcd_next = (i + 1) % records(m);
	if (!ppf)
		m->reg[R_FSTS] = REG_PUT(VTD_FSTS_FRI, m->reg[R_FSTS], i);
	if (first)
		vtd_hw_event_raise(m, VTD_HW_EVENT_FAULT);
}

uint32_t vtd_hw_fault_read(const struct vtd_hw *m, uint64_t offset)
{
	const uint64_t *rec = m->frcd[offset / VTD_FRCD_SIZE];

	return (uint32_t)(rec[offset / 8 % 2] >> offset % 8 * 8);
}

/* All but F is read-only. */
void vtd_hw_fault_write(struct vtd_hw *m, uint64_t offset, uint32_t value)
{
	uint64_t *rec = m->frcd[offset / VTD_FRCD_SIZE];

	if (offset % VTD_FRCD_SIZE != 12 || !((uint64_t)value << 32 & RECORD_F))
		return;
	rec[1] &= ~RECORD_F;
	if (!unserved(m))
		vtd_hw_event_served(m, VTD_HW_EVENT_FAULT);
}
