/* SPDX-License-Identifier: MIT */
/*
 * What a present entry of the tables may hold. Fields of what the unit does
 * not announce are reserved, as are address bits beyond the host's width.
 */
#include "models/vtd/config.h"

#include "fmt/vtd_fault.h"

/* Bits that are no field of the list, in word w of a record. */
#define UNDEFINED(list, w) (~FIELD_DEFINED(list, w))

/* The bits of a field, if the unit has no use for it. */
#define UNLESS(cond, f) ((cond) ? UINT64_C(0) : FIELD_MASK(f))

/* Address bits, of a word that has an address from bit 12 on. */
static uint64_t beyond(const struct vtd_hw *m)
{
	return ~m->haw_mask;
}

/* Domain ids have fewer bits than their field. */
static bool did_illegal(const struct vtd_hw *m, uint64_t did)
{
	unsigned int bits = 4 + 2 * (unsigned int)CAP(m, ND);

	return bits < 16 && did >> bits;
}

/* SAGAW has a bit for each number of levels. */
static bool aw_supported(const struct vtd_hw *m, uint64_t aw)
{
	return aw >= VTD_AW_39 && aw <= VTD_AW_57 && CAP(m, SAGAW) >> aw & 1;
}

static bool aw_largest(const struct vtd_hw *m, uint64_t aw)
{
	return aw_supported(m, aw) &&
	       !(CAP(m, SAGAW) & (BIT(VTD_AW_57 + 1) - BIT(aw + 1)));
}

uint8_t vtd_hw_root_illegal(const struct vtd_hw *m, bool scalable, bool upper,
			    const struct vtd_root *root)
{
	uint64_t rsvd = beyond(m) | UNDEFINED(VTD_ROOT_FIELDS, 0);

	/* The halves of a scalable one are alike, and entries of their own. */
	if (scalable)
		return root->dw[upper] & rsvd ? VTD_FAULT_SRT_3 : 0;
	return root->dw[0] & rsvd || root->dw[1] ? VTD_FAULT_LRT_3 : 0;
}

static bool tt_supported(const struct vtd_hw *m, uint64_t tt)
{
	switch (tt) {
	case VTD_CONTEXT_TT_UNTRANSLATED:
		return true;
	case VTD_CONTEXT_TT_ALL:
		return ECAP(m, DT);
	case VTD_CONTEXT_TT_PASS:
		return ECAP(m, PT);
	default:
		return false;
	}
}

uint8_t vtd_hw_context_illegal(const struct vtd_hw *m,
			       const struct vtd_context *ce)
{
	uint64_t aw = FIELD_GET(VTD_CONTEXT_AW, ce);
	uint64_t tt = FIELD_GET(VTD_CONTEXT_TT, ce);
	bool pass = tt == VTD_CONTEXT_TT_PASS;

	if (ce->dw[0] & UNDEFINED(VTD_CONTEXT_FIELDS, 0) ||
	    ce->dw[1] & UNDEFINED(VTD_CONTEXT_FIELDS, 1) ||
	    did_illegal(m, FIELD_GET(VTD_CONTEXT_DID, ce)))
		return VTD_FAULT_LCT_3;
	/* Without tables there is no pointer to them. */
	if (!pass && ce->dw[0] & beyond(m))
		return VTD_FAULT_LCT_3;
	if (!tt_supported(m, tt))
		return VTD_FAULT_LCT_4;
	/* 9.3: a pass-through entry has the largest width there is. */
	if (pass ? !aw_largest(m, aw) : !aw_supported(m, aw))
		return VTD_FAULT_LCT_4;
	return 0;
}

uint8_t vtd_hw_sm_context_illegal(const struct vtd_hw *m,
				  const struct vtd_sm_context *ce)
{
	uint64_t rsvd0 = UNDEFINED(VTD_SM_CONTEXT_FIELDS, 0) | beyond(m) |
			 UNLESS(ECAP(m, DT), VTD_SM_CONTEXT_DTE) |
			 UNLESS(ECAP(m, PASID), VTD_SM_CONTEXT_PASIDE) |
			 UNLESS(ECAP(m, PRS), VTD_SM_CONTEXT_PRE);
	uint64_t rsvd1 = UNDEFINED(VTD_SM_CONTEXT_FIELDS, 1) |
			 UNLESS(ECAP(m, RPS), VTD_SM_CONTEXT_RID_PASID) |
			 UNLESS(ECAP(m, RPRIVS), VTD_SM_CONTEXT_RID_PRIV);

	if (ce->dw[0] & rsvd0 || ce->dw[1] & rsvd1 || ce->dw[2] || ce->dw[3])
		return VTD_FAULT_SCT_3;
	/* SCT.4.1, SCT.4.2 */
	if (FIELD_GET(VTD_SM_CONTEXT_PRE, ce) &&
	    !FIELD_GET(VTD_SM_CONTEXT_DTE, ce))
		return VTD_FAULT_SCT_4;
	if (FIELD_GET(VTD_SM_CONTEXT_RID_PASID, ce) >> vtd_hw_pdts_bits(ce))
		return VTD_FAULT_SCT_4;
	return 0;
}

uint8_t vtd_hw_pasid_dir_illegal(const struct vtd_hw *m,
				 const struct vtd_pasid_dir *pde)
{
	uint64_t rsvd = UNDEFINED(VTD_PASID_DIR_FIELDS, 0) | beyond(m);

	return pde->dw[0] & rsvd ? VTD_FAULT_SPD_3 : 0;
}

static bool pgtt_supported(const struct vtd_hw *m, uint64_t pgtt)
{
	switch (pgtt) {
	case VTD_PASID_PGTT_FS:
		return ECAP(m, FSTS);
	case VTD_PASID_PGTT_SS:
		return ECAP(m, SSTS);
	case VTD_PASID_PGTT_NESTED:
		return ECAP(m, NEST) && ECAP(m, FSTS) && ECAP(m, SSTS);
	case VTD_PASID_PGTT_PT:
		return ECAP(m, PT);
	default:
		return false;
	}
}

static bool fspm_supported(const struct vtd_hw *m, uint64_t fspm)
{
	return fspm == VTD_PASID_FSPM_4 ||
	       (fspm == VTD_PASID_FSPM_5 && CAP(m, FS5LP));
}

static bool pasid_reserved(const struct vtd_hw *m, const struct vtd_pasid *pe)
{
	/* SSEE is reserved again in revision 4. */
	uint64_t rsvd0 = UNDEFINED(VTD_PASID_FIELDS, 0) | beyond(m) |
			 FIELD_MASK(VTD_PASID_SSEE) |
			 UNLESS(ECAP(m, SSTS), VTD_PASID_AW) |
			 UNLESS(ECAP(m, SSTS), VTD_PASID_SSPTPTR) |
			 UNLESS(ECAP(m, SSADS), VTD_PASID_SSADE);
	/* So are these, of memory types. */
	uint64_t rsvd1 = UNDEFINED(VTD_PASID_FIELDS, 1) |
			 FIELD_MASK(VTD_PASID_EMT) | FIELD_MASK(VTD_PASID_PWT) |
			 FIELD_MASK(VTD_PASID_PCD) |
			 UNLESS(ECAP(m, SMPWCS), VTD_PASID_PWSNP) |
			 UNLESS(ECAP(m, SC), VTD_PASID_PGSNP) |
			 UNLESS(ECAP(m, MTS), VTD_PASID_CD) |
			 UNLESS(ECAP(m, MTS), VTD_PASID_EMTE) |
			 UNLESS(ECAP(m, MTS), VTD_PASID_PAT);
	/* NXE and SMEP are ignored where there are no execute requests. */
	uint64_t rsvd2 = UNDEFINED(VTD_PASID_FIELDS, 2) | beyond(m) |
			 UNLESS(ECAP(m, SRS), VTD_PASID_SRE) |
			 UNLESS(ECAP(m, ERS), VTD_PASID_ERE) |
			 UNLESS(ECAP(m, FSTS), VTD_PASID_FSPM) |
			 UNLESS(ECAP(m, FSTS), VTD_PASID_WPE) |
			 UNLESS(ECAP(m, EAFS), VTD_PASID_EAFE) |
			 UNLESS(ECAP(m, FSTS), VTD_PASID_FSPTPTR);

	return pe->dw[0] & rsvd0 || pe->dw[1] & rsvd1 || pe->dw[2] & rsvd2 ||
	       pe->dw[3] || pe->dw[4] || pe->dw[5] || pe->dw[6] || pe->dw[7] ||
	       did_illegal(m, FIELD_GET(VTD_PASID_DID, pe));
}

uint8_t vtd_hw_pasid_illegal(const struct vtd_hw *m, const struct vtd_pasid *pe)
{
	uint64_t pgtt = FIELD_GET(VTD_PASID_PGTT, pe);
	bool fs = pgtt == VTD_PASID_PGTT_FS || pgtt == VTD_PASID_PGTT_NESTED;
	bool ss = pgtt == VTD_PASID_PGTT_SS || pgtt == VTD_PASID_PGTT_NESTED;

	if (pasid_reserved(m, pe))
		return VTD_FAULT_SPT_3;
	if (!pgtt_supported(m, pgtt) ||
	    (ss && !aw_supported(m, FIELD_GET(VTD_PASID_AW, pe))) ||
	    (fs && !fspm_supported(m, FIELD_GET(VTD_PASID_FSPM, pe))))
		return VTD_FAULT_SPT_4;
	/* SPT.4.4: where the second stage has nothing. */
	if (fs && ss &&
	    !vtd_hw_ss_in_range(m,
				(unsigned int)FIELD_GET(VTD_PASID_AW, pe) + 2,
				vtd_pasid_fsptptr(pe)))
		return VTD_FAULT_SPT_4;
	return 0;
}
