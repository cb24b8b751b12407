/* SPDX-License-Identifier: MIT */
/*
 * TLB invalidation: section 4.4.
 *
 * A command takes what it names and no more. By VA it takes what stage 1
 * made, alone or with stage 2; by IPA what stage 2 made alone, for streams
 * without stage 1 and for nested walks. So software that changes stage 2 has
 * to follow CMD_TLBI_S2_IPA with one by VA, as 4.4.3.1 has it.
 */
#include "models/smmuv3/tlbi.h"

#include "models/smmuv3/cmd.h"
#include "models/smmuv3/tlb.h"

#define WORLD_MASK (UINT64_C(3) << TLB_TAG_WORLD_SHIFT)

/* 4.4.1.1: what TG, TTL, NUM and SCALE make of the address. */
static int set_range(struct smmuv3_hw *m, const struct smmu_cmd *cmd,
		     struct smmuv3_hw_tlbi *inv)
{
	static const uint8_t page_lg2[] = { 12, 12, 14, 16 };
	bool ds = IDR(m, 5, DS);
	uint64_t num = FIELD_GET(SMMU_CMD_TLBI_NUM, cmd);
	uint64_t scale = FIELD_GET(SMMU_CMD_TLBI_SCALE, cmd) & (ds ? 63 : 31);
	unsigned int ttl = (unsigned int)FIELD_GET(SMMU_CMD_TLBI_TTL, cmd);
	unsigned int tg = (unsigned int)FIELD_GET(SMMU_CMD_TLBI_TG, cmd);

	inv->by_va = true;
	inv->leaf = FIELD_GET(SMMU_CMD_TLBI_LEAF, cmd);
	inv->first = smmu_cmd_tlbi_address(cmd);
	inv->last = inv->first | 0xfff;
	if (!IDR(m, 3, RIL) || tg == SMMU_CMD_TLBI_TG_NONE)
		return SMMU_CERROR_NONE;
	if (tg == SMMU_CMD_TLBI_TG_16K && ttl == 1 && !ds)
		ttl = 0;
	if (!num && !scale && !ttl)
		return SMMU_CERROR_ILL;
	if (scale > SMMU_CMD_TLBI_SCALE_MAX)
		scale = SMMU_CMD_TLBI_SCALE_MAX;
	inv->last = inv->first + ((num + 1) << (scale + page_lg2[tg])) - 1;
	/* No wrap at the top of the address space. */
	if (inv->last < inv->first)
		inv->last = UINT64_MAX;
	inv->tg = tg;
	inv->level = ttl;
	return SMMU_CERROR_NONE;
}

/* 3.17.6: the VMID, or the group of it, if the SMMU has VMIDs. */
static void set_vmid(const struct smmuv3_hw *m, const struct smmu_cmd *cmd,
		     struct smmuv3_hw_tlbi *inv)
{
	uint64_t vmw = REG_GET(SMMU_CR0_VMW, m->reg[R_CR0]);
	uint64_t mask = TLB_VMID_MASK;

	if (!IDR(m, 0, S2P))
		return;
	if (IDR(m, 0, VMW) && vmw <= 4)
		mask &= mask << vmw;
	inv->match |= FIELD_GET(SMMU_CMD_TLBI_VMID, cmd) << TLB_TAG_VMID_SHIFT;
	inv->mask |= mask;
}

static void set_asid(const struct smmu_cmd *cmd, struct smmuv3_hw_tlbi *inv)
{
	inv->match |= FIELD_GET(SMMU_CMD_TLBI_ASID, cmd) << TLB_TAG_ASID_SHIFT;
	inv->mask |= TLB_ASID_MASK;
}

static struct smmuv3_hw_tlbi of_world(enum smmuv3_hw_world world)
{
	return (struct smmuv3_hw_tlbi){
		.match = smmuv3_hw_tlb_tag(world, 0, 0),
		.mask = WORLD_MASK,
		.globals = true,
	};
}

/* The stage 1 of one world, by ASID, by address or all of it. */
static int tlbi_s1(struct smmuv3_hw *m, const struct smmu_cmd *cmd,
		   enum smmuv3_hw_world world)
{
	struct smmuv3_hw_tlbi inv = of_world(world);
	int err = SMMU_CERROR_NONE;

	/* Beyond EL1 there are no VMIDs: the tag has 0. */
	if (world == WORLD_EL1)
		set_vmid(m, cmd, &inv);
	else
		inv.mask |= TLB_VMID_MASK;
	switch (FIELD_GET(SMMU_CMD_OPCODE, cmd)) {
	case SMMU_OP_TLBI_NH_ASID:
	case SMMU_OP_TLBI_EL2_ASID:
		set_asid(cmd, &inv);
		inv.globals = false;
		break;
	case SMMU_OP_TLBI_NH_VA:
	case SMMU_OP_TLBI_EL2_VA:
		if (world == WORLD_EL2)
			inv.mask |= TLB_ASID_MASK;
		else
			set_asid(cmd, &inv);
		err = set_range(m, cmd, &inv);
		break;
	case SMMU_OP_TLBI_NH_VAA:
	case SMMU_OP_TLBI_EL2_VAA:
		err = set_range(m, cmd, &inv);
		break;
	default:
		break;
	}
	if (!err)
		smmuv3_hw_tlb_drop(m, &inv);
	return err;
}

static int tlbi_el2(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	bool e2h = REG_GET(SMMU_CR2_E2H, m->reg[R_CR2]);

	switch (FIELD_GET(SMMU_CMD_OPCODE, cmd)) {
	case SMMU_OP_TLBI_EL2_ALL:
		/* All of both regimes, whatever E2H is. */
		(void)tlbi_s1(m, cmd, WORLD_E2H);
		return tlbi_s1(m, cmd, WORLD_EL2);
	case SMMU_OP_TLBI_EL2_ASID:
		/* Only E2H has ASIDs. */
		return tlbi_s1(m, cmd, WORLD_E2H);
	default:
		return tlbi_s1(m, cmd, e2h ? WORLD_E2H : WORLD_EL2);
	}
}

/* 4.4.3.1. All tags of IPAs have ASID 0 and no ASID set. */
static int tlbi_s2_ipa(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	struct smmuv3_hw_tlbi inv = of_world(WORLD_IPA);
	int err = set_range(m, cmd, &inv);

	set_vmid(m, cmd, &inv);
	inv.mask |= TLB_ASID_MASK;
	if (!err)
		smmuv3_hw_tlb_drop(m, &inv);
	return err;
}

/* Both stages of one VMID, or of all. */
static int tlbi_both(struct smmuv3_hw *m, const struct smmu_cmd *cmd, bool vmid)
{
	static const enum smmuv3_hw_world worlds[] = { WORLD_EL1, WORLD_IPA };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(worlds); i++) {
		struct smmuv3_hw_tlbi inv = of_world(worlds[i]);

		if (vmid)
			set_vmid(m, cmd, &inv);
		smmuv3_hw_tlb_drop(m, &inv);
	}
	return SMMU_CERROR_NONE;
}

/* What the SMMU lacks, it has no commands for. */
static int dispatch(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	bool s1 = IDR(m, 0, S1P), s2 = IDR(m, 0, S2P);

	switch (FIELD_GET(SMMU_CMD_OPCODE, cmd)) {
	case SMMU_OP_TLBI_NH_ALL:
	case SMMU_OP_TLBI_NH_ASID:
	case SMMU_OP_TLBI_NH_VA:
	case SMMU_OP_TLBI_NH_VAA:
		return s1 ? tlbi_s1(m, cmd, WORLD_EL1) : SMMU_CERROR_ILL;
	case SMMU_OP_TLBI_EL2_ALL:
	case SMMU_OP_TLBI_EL2_ASID:
	case SMMU_OP_TLBI_EL2_VA:
	case SMMU_OP_TLBI_EL2_VAA:
		return s1 && IDR(m, 0, HYP) ? tlbi_el2(m, cmd) :
					      SMMU_CERROR_ILL;
	case SMMU_OP_TLBI_S2_IPA:
		return s2 ? tlbi_s2_ipa(m, cmd) : SMMU_CERROR_ILL;
	case SMMU_OP_TLBI_S12_VMALL:
		return s2 ? tlbi_both(m, cmd, true) : SMMU_CERROR_ILL;
	case SMMU_OP_TLBI_NSNH_ALL:
		return tlbi_both(m, cmd, false);
	default:
		return SMMU_CERROR_ILL;
	}
}

int smmuv3_hw_tlbi(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	int err = dispatch(m, cmd);

	if (!err)
		smmuv3_hw_cmd_invalidated(m, &m->stats.tlb_invalidations);
	return err;
}
