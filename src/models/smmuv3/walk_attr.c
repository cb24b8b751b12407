/* SPDX-License-Identifier: MIT */
/*
 * Memory attributes: how stage 2 combines with stage 1, or with what came in.
 * Sections 13.1.5 to 13.1.7; DDI 0487 D8.6.5 to D8.6.7.
 */
#include "models/smmuv3/walk.h"

/* One half of a byte of MAIR: inner, or outer if not Device. */
enum {
	NIBBLE = 0xf,
	NIBBLE_NC = 0x4,
	NIBBLE_WB_RAWA = 0xf,
	NIBBLE_HINTS = 0x3,   /* RA, WA */
	NIBBLE_WB = 0x4,      /* or write-through */
	NIBBLE_LASTING = 0x8, /* not transient */
};

static bool is_device(unsigned int mair)
{
	return !(mair & 0xf0);
}

static bool is_nc(unsigned int nibble)
{
	return nibble == NIBBLE_NC;
}

static bool is_wb(unsigned int nibble)
{
	return nibble & NIBBLE_WB && !is_nc(nibble);
}

/*
 * 13.1.7: Device and Non-cacheable are outer shareable; also on the way to
 * stage 2, where the architecture leaves it open.
 */
unsigned int smmuv3_hw_attr(unsigned int mair, unsigned int sh)
{
	if (is_device(mair) || mair == ARM_MAIR_NC)
		sh = SMMU_SH_OSH;
	return mair | sh << 8;
}

/* MemAttr[3:2] or [1:0]: 1 is non-cacheable, 2 write-through, 3 write-back. */
static unsigned int combine_nibble(unsigned int nibble, unsigned int two)
{
	if (two < 2 || is_nc(nibble))
		return NIBBLE_NC;
	if (two == 3 || !is_wb(nibble))
		return nibble;
	/* To write-through, with the same hints. */
	if (nibble & NIBBLE_LASTING || !(nibble & NIBBLE_HINTS))
		return NIBBLE_LASTING | (nibble & NIBBLE_HINTS);
	return nibble & NIBBLE_HINTS;
}

/* D8-97: the stronger of two Device types is the smaller one. */
static unsigned int combine_device(unsigned int mair, unsigned int memattr)
{
	unsigned int device = (memattr & 3) << 2;

	if (is_device(mair) && (mair & 0xc) < device)
		return mair & 0xc;
	return device;
}

/* D8-101: to write-back, with the hints there are. */
static unsigned int force_wb(unsigned int nibble, bool device)
{
	if (device || is_nc(nibble))
		return NIBBLE_WB_RAWA;
	if (is_wb(nibble))
		return nibble;
	/* From write-through, with the same hints. */
	return nibble | NIBBLE_WB;
}

static unsigned int combine_mair_fwb(unsigned int mair, unsigned int memattr)
{
	switch (memattr & 7) {
	case ARM_PTE_S2_MEMATTR_FWB_STAGE1:
		return mair;
	case ARM_PTE_S2_MEMATTR_FWB_WB:
		return force_wb(mair & NIBBLE, is_device(mair)) |
		       force_wb(mair >> 4, is_device(mair)) << 4;
	case ARM_PTE_S2_MEMATTR_FWB_NC:
	case 4: /* reserved */
		return is_device(mair) ? mair : ARM_MAIR_NC;
	default:
		return combine_device(mair, memattr);
	}
}

static unsigned int combine_mair(unsigned int mair, unsigned int memattr)
{
	if (memattr < 4)
		return combine_device(mair, memattr);
	if (is_device(mair))
		return mair;
	return combine_nibble(mair & NIBBLE, memattr & 3) |
	       combine_nibble(mair >> 4, memattr >> 2) << 4;
}

/* D8-103: outer, inner, none, from the strongest. */
static unsigned int combine_sh(unsigned int sh1, unsigned int sh2)
{
	if (sh1 == SMMU_SH_OSH || sh2 == SMMU_SH_OSH)
		return SMMU_SH_OSH;
	return sh1 == SMMU_SH_ISH ? sh1 : sh2;
}

unsigned int smmuv3_hw_attr_combine(unsigned int attr, unsigned int attr2,
				    bool fwb)
{
	unsigned int mair = attr & 0xff, memattr = attr2 & 0xf;

	mair = fwb ? combine_mair_fwb(mair, memattr) :
		     combine_mair(mair, memattr);
	return smmuv3_hw_attr(mair, combine_sh(attr >> 8, attr2 >> 4 & 3));
}

bool smmuv3_hw_attr2_device(unsigned int attr2, bool fwb)
{
	return !(attr2 & (fwb ? 4 : 0xc));
}
