/* SPDX-License-Identifier: MIT */
/*
 * Global commands, what they make of the root table and the interrupt table,
 * and the protected memory regions.
 *
 * GCMD has commands and no state: it reads as 0, and what is on is in GSTS. A
 * write says for each switch how it shall be, and asks for what is to be done
 * once with a 1. Software changes one thing at a time (11.4.4); what hardware
 * does otherwise is not said, and here the pointers are set before a switch
 * that may need them is thrown.
 */
#include "fmt/vtd.h"
#include "models/vtd/config.h"
#include "models/vtd/inval.h"
#include "models/vtd/intremap.h"
#include "models/vtd/port.h"
#include "models/vtd/regs.h"
#include "models/vtd/tlb.h"
#include "models/vtd/translate.h"

/* On as long as they are written with 1; EAFL has no use without CAP.AFL. */
#define SWITCHES                                                               \
	(FIELD_MASK(VTD_GCMD_CFI) | FIELD_MASK(VTD_GCMD_IRE) |                 \
	 FIELD_MASK(VTD_GCMD_QIE) | FIELD_MASK(VTD_GCMD_TE))
#define ONE_SHOTS                                                              \
	(FIELD_MASK(VTD_GCMD_SIRTP) | FIELD_MASK(VTD_GCMD_WBF) |               \
	 FIELD_MASK(VTD_GCMD_SFL) | FIELD_MASK(VTD_GCMD_SRTP))

/* @te: of VTD_HW_ROOT_TE. */
static void set_root(struct vtd_hw *m, uint64_t rtaddr, uint64_t te)
{
	uint64_t root = rtaddr & (FIELD_MASK(VTD_RTADDR_TTM) |
				  FIELD_MASK(VTD_RTADDR_RTA));

	root |= te;
	if (REG_GET(VTD_PMEN_EPM, m->reg[R_PMEN]))
		root |= VTD_HW_ROOT_PMR;
	/* Pairs with the acquire load of a translation. */
	atomic_store_explicit(&m->root, root, memory_order_release);
	vtd_hw_xlat_root_changed(m);
}

static uint64_t enabled(const struct vtd_hw *m)
{
	return vtd_hw_root(m) & VTD_HW_ROOT_TE;
}

void vtd_hw_root_restore(struct vtd_hw *m, uint64_t rtaddr)
{
	set_root(m, rtaddr,
		 vtd_hw_gsts(m, VTD_GSTS_TES_LO) ? VTD_HW_ROOT_TE : 0);
}

static void set_status(struct vtd_hw *m, unsigned int bit, bool on)
{
	if (on)
		m->reg[R_GSTS] |= BIT(bit);
	else
		m->reg[R_GSTS] &= ~BIT(bit);
}

static void forget(struct vtd_hw *m)
{
	vtd_hw_xlat_flush(m);
	m->stats.config_invalidations++;
	m->stats.tlb_invalidations++;
}

/*
 * The pointer is in use, and RTPS set, when no request uses the old one any
 * more. With CAP.ESRTPS nothing that was cached is used either; without it
 * software invalidates (6.8).
 */
static bool srtp(struct vtd_hw *m)
{
	set_status(m, VTD_GSTS_RTPS_LO, false);
	set_root(m, m->reg[R_RTADDR], enabled(m));
	if (CAP(m, ESRTPS))
		forget(m);
	if (!vtd_hw_drain(m))
		return false;
	set_status(m, VTD_GSTS_RTPS_LO, true);
	return true;
}

static void sirtp(struct vtd_hw *m)
{
	m->irta = m->reg[R_IRTA];
	if (CAP(m, ESIRTPS))
		vtd_hw_iec_flush(m);
	set_status(m, VTD_GSTS_IRTPS_LO, true);
}

/*
 * TES tells what is so once all requests see it. Another thread may have
 * thrown the switch again meanwhile. A unit with scalable mode forgets all of
 * its translations when they are turned off.
 */
static void te(struct vtd_hw *m, bool on)
{
	set_root(m, vtd_hw_root(m), on ? VTD_HW_ROOT_TE : 0);
	if (!on && ECAP(m, SMTS))
		forget(m);
	if (vtd_hw_drain(m))
		set_status(m, VTD_GSTS_TES_LO, enabled(m));
}

static void ire(struct vtd_hw *m, bool on)
{
	set_status(m, VTD_GSTS_IRES_LO, on);
	if (!on && CAP(m, ESIRTPS))
		vtd_hw_iec_flush(m);
}

/* The switches, as they were thrown last. */
static uint64_t thrown(const struct vtd_hw *m)
{
	uint64_t now = m->reg[R_GSTS] & SWITCHES;

	now = REG_PUT(VTD_GCMD_QIE, now, m->iq.on);
	return REG_PUT(VTD_GCMD_TE, now, enabled(m) != 0);
}

void vtd_hw_gcmd(struct vtd_hw *m, uint64_t value)
{
	uint64_t changed = (thrown(m) ^ value) & SWITCHES;

	if (!is_pow2(changed | (value & ONE_SHOTS)) &&
	    (changed | (value & ONE_SHOTS)))
		vtd_hw_log(m, HW_LOG_GUEST_ERROR,
			   "GCMD %#x changes more than one thing",
			   (unsigned int)value);
	/* WBF: CAP.RWBF is 0; SFL, EAFL: CAP.AFL is. */
	if (value & FIELD_MASK(VTD_GCMD_SRTP) && !srtp(m))
		return;
	if (ECAP(m, IR) && value & FIELD_MASK(VTD_GCMD_SIRTP))
		sirtp(m);
	if (ECAP(m, QI) && changed & FIELD_MASK(VTD_GCMD_QIE))
		vtd_hw_inval_enable(m, value & FIELD_MASK(VTD_GCMD_QIE));
	if (ECAP(m, IR) && changed & FIELD_MASK(VTD_GCMD_CFI))
		set_status(m, VTD_GSTS_CFIS_LO,
			   value & FIELD_MASK(VTD_GCMD_CFI));
	if (ECAP(m, IR) && changed & FIELD_MASK(VTD_GCMD_IRE))
		ire(m, value & FIELD_MASK(VTD_GCMD_IRE));
	if (changed & FIELD_MASK(VTD_GCMD_TE))
		te(m, value & FIELD_MASK(VTD_GCMD_TE));
	/* 7.2.1: nothing is recorded while both are off. */
	if (!vtd_hw_gsts(m, VTD_GSTS_TES_LO) &&
	    !vtd_hw_gsts(m, VTD_GSTS_IRES_LO))
		m->frcd_next = 0;
}

void vtd_hw_pmen(struct vtd_hw *m, uint64_t value)
{
	m->reg[R_PMEN] = value;
	set_root(m, vtd_hw_root(m), enabled(m));
	if (!vtd_hw_drain(m))
		return;
	m->reg[R_PMEN] = REG_PUT(VTD_PMEN_PRS, m->reg[R_PMEN],
				 REG_GET(VTD_PMEN_EPM, m->reg[R_PMEN]));
}

/*
 * The limit is the last byte: its low bits count as 1. Regions begin and end
 * where a page does, so any byte of one will do.
 */
static bool region_blocks(const struct vtd_hw *m, enum vtd_hw_reg base,
			  uint64_t pa)
{
	return pa >= m->reg[base] &&
	       pa <= (m->reg[base + 1] | GENMASK64(20, 0));
}

bool vtd_hw_pmr_blocks(const struct vtd_hw *m, uint64_t pa)
{
	if (!(vtd_hw_root(m) & VTD_HW_ROOT_PMR))
		return false;
	return (CAP(m, PLMR) && region_blocks(m, R_PLMBASE, pa)) ||
	       (CAP(m, PHMR) && region_blocks(m, R_PHMBASE, pa));
}
