/* SPDX-License-Identifier: MIT */
/* Commands of the SMMUv3, as values: Arm IHI 0070, chapter 4. */
#ifndef DRIVERS_SMMUV3_CMD_H
#define DRIVERS_SMMUV3_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "fmt/smmuv3.h"

FIELD__FN struct smmu_cmd smmuv3_make_cmd(unsigned int opcode)
{
	struct smmu_cmd cmd = { { 0 } };

	FIELD_SET(SMMU_CMD_OPCODE, &cmd, opcode);
	return cmd;
}

FIELD__FN struct smmu_cmd smmuv3_make_sync(void)
{
	/* Completion is seen in CONS, so no signal is asked for. */
	return smmuv3_make_cmd(SMMU_OP_SYNC);
}

FIELD__FN struct smmu_cmd smmuv3_make_cfgi_all(void)
{
	struct smmu_cmd cmd = smmuv3_make_cmd(SMMU_OP_CFGI_ALL);

	FIELD_SET(SMMU_CMD_CFGI_RANGE, &cmd, SMMU_CMD_CFGI_RANGE_ALL);
	return cmd;
}

/* leaf: the level-1 descriptor has not changed. */
FIELD__FN struct smmu_cmd smmuv3_make_cfgi_ste(uint32_t sid, bool leaf)
{
	struct smmu_cmd cmd = smmuv3_make_cmd(SMMU_OP_CFGI_STE);

	FIELD_SET(SMMU_CMD_CFGI_SID, &cmd, sid);
	FIELD_SET(SMMU_CMD_CFGI_LEAF, &cmd, leaf);
	return cmd;
}

FIELD__FN struct smmu_cmd smmuv3_make_cfgi_cd(uint32_t sid, uint32_t ssid,
					      bool leaf)
{
	struct smmu_cmd cmd = smmuv3_make_cmd(SMMU_OP_CFGI_CD);

	FIELD_SET(SMMU_CMD_CFGI_SID, &cmd, sid);
	FIELD_SET(SMMU_CMD_CFGI_SSID, &cmd, ssid);
	FIELD_SET(SMMU_CMD_CFGI_LEAF, &cmd, leaf);
	return cmd;
}

FIELD__FN struct smmu_cmd smmuv3_make_cfgi_cd_all(uint32_t sid)
{
	struct smmu_cmd cmd = smmuv3_make_cmd(SMMU_OP_CFGI_CD_ALL);

	FIELD_SET(SMMU_CMD_CFGI_SID, &cmd, sid);
	return cmd;
}

/* e2h: entries of NS-EL2-E2H instead of NS-EL1. [K15] */
FIELD__FN struct smmu_cmd smmuv3_make_tlbi_asid(bool e2h, uint16_t asid)
{
	struct smmu_cmd cmd = smmuv3_make_cmd(e2h ? SMMU_OP_TLBI_EL2_ASID :
						    SMMU_OP_TLBI_NH_ASID);

	FIELD_SET(SMMU_CMD_TLBI_ASID, &cmd, asid);
	return cmd;
}

/* By VA, of one ASID: an address is still to be put in. */
FIELD__FN struct smmu_cmd smmuv3_make_tlbi_va(bool e2h, uint16_t asid)
{
	struct smmu_cmd cmd =
		smmuv3_make_cmd(e2h ? SMMU_OP_TLBI_EL2_VA : SMMU_OP_TLBI_NH_VA);

	FIELD_SET(SMMU_CMD_TLBI_ASID, &cmd, asid);
	return cmd;
}

/*
 * Of a guest: all of its stage 1, of one of its ASIDs, by VA of one ASID or of
 * all. The VMID is the host's, whatever the guest takes for its own. [H2]
 */
FIELD__FN struct smmu_cmd smmuv3_make_tlbi_guest(unsigned int opcode,
						 uint16_t vmid, uint16_t asid)
{
	struct smmu_cmd cmd = smmuv3_make_cmd(opcode);

	FIELD_SET(SMMU_CMD_TLBI_VMID, &cmd, vmid);
	FIELD_SET(SMMU_CMD_TLBI_ASID, &cmd, asid);
	return cmd;
}

/* Everything of a VMID, of either stage and of both. */
FIELD__FN struct smmu_cmd smmuv3_make_tlbi_vmid(uint16_t vmid)
{
	return smmuv3_make_tlbi_guest(SMMU_OP_TLBI_S12_VMALL, vmid, 0);
}

/*
 * All levels of one address, or of a range, which has to be num << scale pages
 * with num from 1 to 32 (4.4.1.1). Leaf is as it was, 0: who owns the table may
 * have freed parts of it.
 */
FIELD__FN struct smmu_cmd smmuv3_tlbi_at(struct smmu_cmd cmd, uint64_t va,
					 unsigned int num, unsigned int scale,
					 unsigned int tg)
{
	smmu_cmd_tlbi_set_address(&cmd, va);
	/* One page is no range: NUM, SCALE and TTL all 0 are illegal with TG */
	if (num != 1 || scale != 0) {
		FIELD_SET(SMMU_CMD_TLBI_NUM, &cmd, num - 1);
		FIELD_SET(SMMU_CMD_TLBI_SCALE, &cmd, scale);
		FIELD_SET(SMMU_CMD_TLBI_TG, &cmd, tg);
	}
	return cmd;
}

/*
 * [start, end), as the smallest aligned power of two of 4096-byte units that
 * covers it (L6). Without a substream entries of all of them go.
 */
FIELD__FN struct smmu_cmd smmuv3_make_atc_inv(uint32_t sid, bool ssv,
					      uint32_t ssid, uint64_t start,
					      uint64_t end)
{
	struct smmu_cmd cmd = smmuv3_make_cmd(SMMU_OP_ATC_INV);
	uint64_t first = start >> 12, last = (end - 1) >> 12;
	uint64_t differ = first ^ last;
	unsigned int size = differ ? ilog2(differ) + 1 : 0;

	FIELD_SET(SMMU_CMD_ATC_INV_SID, &cmd, sid);
	FIELD_SET(SMMU_CMD_ATC_INV_SSV, &cmd, ssv);
	FIELD_SET(SMMU_CMD_ATC_INV_SSID, &cmd, ssv ? ssid : 0);
	FIELD_SET(SMMU_CMD_ATC_INV_SIZE, &cmd, size);
	if (size < SMMU_CMD_ATC_INV_SIZE_ALL)
		smmu_cmd_atc_inv_set_address(&cmd, align_down(first, BIT(size))
							   << 12);
	return cmd;
}

/* Everything the function has cached of the substream, or of all of them. */
FIELD__FN struct smmu_cmd smmuv3_make_atc_inv_all(uint32_t sid, bool ssv,
						  uint32_t ssid)
{
	return smmuv3_make_atc_inv(sid, ssv, ssid, 0, UINT64_MAX);
}

FIELD__FN struct smmu_cmd smmuv3_make_pri_resp(uint32_t sid, bool ssv,
					       uint32_t ssid, uint32_t prgi,
					       unsigned int resp)
{
	struct smmu_cmd cmd = smmuv3_make_cmd(SMMU_OP_PRI_RESP);

	FIELD_SET(SMMU_CMD_PRI_RESP_SID, &cmd, sid);
	FIELD_SET(SMMU_CMD_PRI_RESP_SSV, &cmd, ssv);
	FIELD_SET(SMMU_CMD_PRI_RESP_SSID, &cmd, ssv ? ssid : 0);
	FIELD_SET(SMMU_CMD_PRI_RESP_PRGINDEX, &cmd, prgi);
	FIELD_SET(SMMU_CMD_PRI_RESP_RESP, &cmd, resp);
	return cmd;
}

/* A transaction that is not retried is aborted, never read as zero. */
FIELD__FN struct smmu_cmd smmuv3_make_resume(uint32_t sid, uint32_t stag,
					     bool retry)
{
	struct smmu_cmd cmd = smmuv3_make_cmd(SMMU_OP_RESUME);

	FIELD_SET(SMMU_CMD_RESUME_SID, &cmd, sid);
	FIELD_SET(SMMU_CMD_RESUME_STAG, &cmd, stag);
	FIELD_SET(SMMU_CMD_RESUME_AC, &cmd, retry);
	FIELD_SET(SMMU_CMD_RESUME_AB, &cmd, !retry);
	return cmd;
}

#endif
