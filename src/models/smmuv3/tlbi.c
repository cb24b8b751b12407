/* SPDX-License-Identifier: MIT */
/* TLB invalidation: section 4.4. */
#include "models/smmuv3/tlbi.h"

#include "models/smmuv3/cmd.h"
#include "models/smmuv3/tlb.h"

/* 4.4.1.1: what TG, TTL, NUM and SCALE make of the address. */
static int tlbi_range(struct smmuv3_hw *m, const struct smmu_cmd *cmd,
		      struct smmuv3_hw_tlbi *inv)
{
	static const uint8_t page_lg2[] = { 12, 12, 14, 16 };
	uint64_t num = FIELD_GET(SMMU_CMD_TLBI_NUM, cmd);
	/* Bit 5 is for 52-bit addresses with small pages. */
	uint64_t scale = FIELD_GET(SMMU_CMD_TLBI_SCALE, cmd) & 31;
	unsigned int ttl = (unsigned int)FIELD_GET(SMMU_CMD_TLBI_TTL, cmd);
	unsigned int tg = (unsigned int)FIELD_GET(SMMU_CMD_TLBI_TG, cmd);

	inv->by_va = true;
	inv->first = smmu_cmd_tlbi_address(cmd);
	inv->last = inv->first | 0xfff;
	if (!IDR(m, 3, RIL) || tg == SMMU_CMD_TLBI_TG_NONE)
		return SMMU_CERROR_NONE;
	if (!num && !scale && !ttl)
		return SMMU_CERROR_ILL;
	inv->last = inv->first + ((num + 1) << (scale + page_lg2[tg])) - 1;
	/* No wrap at the top of the address space. */
	if (inv->last < inv->first)
		inv->last = UINT64_MAX;
	inv->tg = tg;
	inv->level = tg == SMMU_CMD_TLBI_TG_16K && ttl == 1 ? 0 : ttl;
	return SMMU_CERROR_NONE;
}

/* Entries of both ASID sets: 4.4. */
static void tlbi_asid_va(struct smmuv3_hw *m, struct smmuv3_hw_tlbi *inv)
{
	uint64_t match = inv->match;

	inv->mask = TLB_TAG_MASK;
	smmuv3_hw_tlb_drop(m, inv);
	inv->match = match | BIT(TLB_TAG_ASET_SHIFT);
	smmuv3_hw_tlb_drop(m, inv);
}

static int tlbi(struct smmuv3_hw *m, const struct smmu_cmd *cmd,
		enum smmuv3_hw_world world)
{
	uint64_t asid = FIELD_GET(SMMU_CMD_TLBI_ASID, cmd);
	struct smmuv3_hw_tlbi inv = {
		.match = (uint64_t)world << TLB_TAG_WORLD_SHIFT,
		.mask = UINT64_C(3) << TLB_TAG_WORLD_SHIFT,
		.globals = true,
	};
	int err = SMMU_CERROR_NONE;

	switch (FIELD_GET(SMMU_CMD_OPCODE, cmd)) {
	case SMMU_OP_TLBI_NH_ASID:
	case SMMU_OP_TLBI_EL2_ASID:
		inv.match |= asid << TLB_TAG_ASID_SHIFT;
		inv.mask |= TLB_ASID_MASK;
		inv.globals = false;
		smmuv3_hw_tlb_drop(m, &inv);
		break;
	case SMMU_OP_TLBI_NH_VA:
	case SMMU_OP_TLBI_EL2_VA:
		err = tlbi_range(m, cmd, &inv);
		if (err)
			return err;
		if (world != WORLD_EL2)
			inv.match |= asid << TLB_TAG_ASID_SHIFT;
		tlbi_asid_va(m, &inv);
		break;
	case SMMU_OP_TLBI_NH_VAA:
	case SMMU_OP_TLBI_EL2_VAA:
		err = tlbi_range(m, cmd, &inv);
		if (err)
			return err;
		smmuv3_hw_tlb_drop(m, &inv);
		break;
	default:
		smmuv3_hw_tlb_drop(m, &inv);
		break;
	}
	smmuv3_hw_cmd_invalidated(m, &m->stats.tlb_invalidations);
	return err;
}

static int tlbi_el2(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	bool e2h = REG_GET(SMMU_CR2_E2H, m->reg[R_CR2]);
	struct smmuv3_hw_tlbi inv = {
		.match = (uint64_t)WORLD_E2H << TLB_TAG_WORLD_SHIFT,
		.mask = UINT64_C(3) << TLB_TAG_WORLD_SHIFT,
		.globals = true,
	};

	if (!IDR(m, 0, HYP))
		return SMMU_CERROR_ILL;
	/* All of both regimes, whatever E2H is. */
	if (FIELD_GET(SMMU_CMD_OPCODE, cmd) == SMMU_OP_TLBI_EL2_ALL) {
		smmuv3_hw_tlb_drop(m, &inv);
		return tlbi(m, cmd, WORLD_EL2);
	}
	/* Only E2H has ASIDs. */
	if (FIELD_GET(SMMU_CMD_OPCODE, cmd) == SMMU_OP_TLBI_EL2_ASID)
		e2h = true;
	return tlbi(m, cmd, e2h ? WORLD_E2H : WORLD_EL2);
}

int smmuv3_hw_tlbi(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	switch (FIELD_GET(SMMU_CMD_OPCODE, cmd)) {
	case SMMU_OP_TLBI_NH_ALL:
	case SMMU_OP_TLBI_NH_ASID:
	case SMMU_OP_TLBI_NH_VA:
	case SMMU_OP_TLBI_NH_VAA:
	case SMMU_OP_TLBI_NSNH_ALL:
		return tlbi(m, cmd, WORLD_EL1);
	case SMMU_OP_TLBI_EL2_ALL:
	case SMMU_OP_TLBI_EL2_ASID:
	case SMMU_OP_TLBI_EL2_VA:
	case SMMU_OP_TLBI_EL2_VAA:
		return tlbi_el2(m, cmd);
	default:
		return SMMU_CERROR_ILL;
	}
}
