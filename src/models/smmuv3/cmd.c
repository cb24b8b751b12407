/* SPDX-License-Identifier: MIT */
/*
 * Command consumption: chapter 4, errors as in section 7.1.
 *
 * Commands are executed in order, each completely, except that an ATC
 * invalidation may be left to the endpoint. What CMD_SYNC has to wait for is
 * that, and the transactions in flight when something was invalidated; those
 * are waited for before an ATC invalidation is sent, too.
 */
#include "models/smmuv3/cmd.h"

#include "models/smmuv3/config.h"
#include "models/smmuv3/port.h"
#include "models/smmuv3/queue.h"
#include "models/smmuv3/stall.h"
#include "models/smmuv3/tlbi.h"

/* Beside the codes of SMMU_CERROR_*. */
enum { CMD_BLOCKED = 256 };

static void drain(struct smmuv3_hw *m)
{
	if (!m->cmd.undrained)
		return;
	m->cmd.undrained = false;
	smmuv3_hw_drain(m);
}

static int cfgi(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	uint32_t sid = (uint32_t)FIELD_GET(SMMU_CMD_CFGI_SID, cmd);
	uint32_t ssid = (uint32_t)FIELD_GET(SMMU_CMD_CFGI_SSID, cmd);
	bool leaf = FIELD_GET(SMMU_CMD_CFGI_LEAF, cmd);
	unsigned int range;

	if (FIELD_GET(SMMU_CMD_CFGI_SSEC, cmd))
		return SMMU_CERROR_ILL;
	/* 4.3.3, 4.3.4 */
	if (FIELD_GET(SMMU_CMD_OPCODE, cmd) >= SMMU_OP_CFGI_CD &&
	    !IDR(m, 0, S1P))
		return SMMU_CERROR_ILL;
	switch (FIELD_GET(SMMU_CMD_OPCODE, cmd)) {
	case SMMU_OP_CFGI_STE:
		smmuv3_hw_config_drop_ste(m, sid, UINT32_MAX, leaf);
		break;
	case SMMU_OP_CFGI_STE_RANGE:
		range = (unsigned int)FIELD_GET(SMMU_CMD_CFGI_RANGE, cmd);
		smmuv3_hw_config_drop_ste(
			m, sid, (uint32_t)(UINT64_MAX << (range + 1)), false);
		break;
	case SMMU_OP_CFGI_CD:
		smmuv3_hw_config_drop_cd(m, sid, ssid, leaf);
		break;
	default:
		smmuv3_hw_config_drop_cds(m, sid);
		break;
	}
	smmuv3_hw_cmd_invalidated(m, &m->stats.config_invalidations);
	return SMMU_CERROR_NONE;
}

static int atc_inv(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	uint64_t size = FIELD_GET(SMMU_CMD_ATC_INV_SIZE, cmd);
	uint32_t epoch = m->cmd.epoch;
	struct hw_ats_inv inv = {
		.requester = (uint32_t)FIELD_GET(SMMU_CMD_ATC_INV_SID, cmd),
	};

	if (!IDR(m, 0, ATS) || size > SMMU_CMD_ATC_INV_SIZE_ALL)
		return SMMU_CERROR_ILL;
	if (!m->has_bus || !smmuv3_hw_cr0(m, SMMU_CR0_SMMUEN_LO))
		return SMMU_CERROR_NONE;
	if (FIELD_GET(SMMU_CMD_ATC_INV_SSV, cmd) && IDR(m, 1, SSIDSIZE)) {
		inv.pasid_valid = true;
		inv.pasid = (ioasid_t)FIELD_GET(SMMU_CMD_ATC_INV_SSID, cmd);
		inv.global = FIELD_GET(SMMU_CMD_ATC_INV_GLOBAL, cmd);
	}
	if (size < SMMU_CMD_ATC_INV_SIZE_ALL) {
		inv.size = BIT(size + 12);
		inv.addr = align_down(smmu_cmd_atc_inv_address(cmd), inv.size);
	}
	drain(m);
	if (m->cmd.epoch != epoch)
		return CMD_BLOCKED;
	m->stats.ats_invalidations++;
	/* Translated transactions that use what the endpoint now forgets. */
	m->cmd.undrained = true;
	switch (m->bus.ats_invalidate(m->bus.ctx, &inv, epoch)) {
	case 0:
	case -ENODEV: /* 3.9.1.5: UR is not an error */
		break;
	case -EINPROGRESS:
		m->cmd.atc_pending++;
		break;
	default:
		m->cmd.atc_failed = true;
		break;
	}
	return SMMU_CERROR_NONE;
}

void smmuv3_hw_ats_inv_complete(struct iommu_hw *hw, uint64_t cookie, bool ok)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);

	smmuv3_hw_lock(m);
	if (cookie == m->cmd.epoch && m->cmd.atc_pending) {
		m->cmd.atc_pending--;
		m->cmd.undrained = true;
		if (!ok)
			m->cmd.atc_failed = true;
		smmuv3_hw_cmd_run(m);
		smmuv3_hw_stall_deliver(m);
	}
	smmuv3_hw_unlock(m);
}

static int pri_resp(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	static const enum hw_prg_code codes[] = {
		[SMMU_PRI_RESP_FAILURE] = HW_PRG_FAILURE,
		[SMMU_PRI_RESP_INVALID] = HW_PRG_INVALID,
		[SMMU_PRI_RESP_SUCCESS] = HW_PRG_SUCCESS,
	};
	uint64_t code = FIELD_GET(SMMU_CMD_PRI_RESP_RESP, cmd);
	struct hw_prg_response resp = {
		.requester = (uint32_t)FIELD_GET(SMMU_CMD_PRI_RESP_SID, cmd),
		.prgi = (uint16_t)FIELD_GET(SMMU_CMD_PRI_RESP_PRGINDEX, cmd),
	};

	if (!IDR(m, 0, PRI) || code >= ARRAY_SIZE(codes))
		return SMMU_CERROR_ILL;
	if (!m->has_bus || !smmuv3_hw_cr0(m, SMMU_CR0_SMMUEN_LO))
		return SMMU_CERROR_NONE;
	resp.code = codes[code];
	if (FIELD_GET(SMMU_CMD_PRI_RESP_SSV, cmd) && IDR(m, 1, SSIDSIZE)) {
		resp.pasid_valid = true;
		resp.pasid = (ioasid_t)FIELD_GET(SMMU_CMD_PRI_RESP_SSID, cmd);
	}
	m->stats.prg_responses++;
	smmuv3_hw_unlock(m);
	m->bus.prg_response(m->bus.ctx, &resp);
	smmuv3_hw_lock(m);
	return SMMU_CERROR_NONE;
}

/* 4.7.1: what Ac and Ab ask for; TERM_MODEL has the last word. */
static enum hw_resume resume_how(const struct smmuv3_hw *m,
				 const struct smmu_cmd *cmd)
{
	if (FIELD_GET(SMMU_CMD_RESUME_AC, cmd) == SMMU_CMD_RESUME_AC_RETRY)
		return HW_RESUME_RETRY;
	if (IDR(m, 0, TERM_MODEL) || FIELD_GET(SMMU_CMD_RESUME_AB, cmd))
		return HW_RESUME_ABORT;
	return HW_RESUME_RAZWI;
}

static int stall_answer(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	uint32_t sid = (uint32_t)FIELD_GET(SMMU_CMD_RESUME_SID, cmd);

	if (IDR(m, 0, STALL_MODEL) == SMMU_IDR0_STALL_MODEL_NONE ||
	    FIELD_GET(SMMU_CMD_RESUME_SSEC, cmd))
		return SMMU_CERROR_ILL;
	if (FIELD_GET(SMMU_CMD_OPCODE, cmd) == SMMU_OP_STALL_TERM)
		smmuv3_hw_stall_abort(m, sid, UINT32_MAX);
	else
		smmuv3_hw_stall_resume(
			m, sid, (uint16_t)FIELD_GET(SMMU_CMD_RESUME_STAG, cmd),
			resume_how(m, cmd));
	return SMMU_CERROR_NONE;
}

/* The part before the command counts as consumed. */
static int sync_wait(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	if (FIELD_GET(SMMU_CMD_SYNC_CS, cmd) > SMMU_CMD_SYNC_CS_SEV)
		return SMMU_CERROR_ILL;
	drain(m);
	if (m->cmd.atc_pending)
		return CMD_BLOCKED;
	if (!m->cmd.atc_failed)
		return SMMU_CERROR_NONE;
	m->cmd.atc_failed = false;
	return SMMU_CERROR_ATC_INV_SYNC;
}

/* The part after it. */
static void sync_signal(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	m->stats.syncs++;
	switch (FIELD_GET(SMMU_CMD_SYNC_CS, cmd)) {
	case SMMU_CMD_SYNC_CS_IRQ:
		smmuv3_hw_sync_irq(m, smmu_cmd_sync_msiaddress(cmd),
				   (uint32_t)FIELD_GET(SMMU_CMD_SYNC_MSIDATA,
						       cmd));
		break;
	case SMMU_CMD_SYNC_CS_SEV:
		smmuv3_hw_sev(m);
		break;
	default:
		break;
	}
}

/*
 * Everything that is not here is illegal: reserved and implementation defined
 * opcodes, those of Secure state and EL3, and those of features that are not
 * announced (CFGI_VMS_PIDM: MPAM; DPTI_*: DPT).
 */
static int execute(struct smmuv3_hw *m, const struct smmu_cmd *cmd)
{
	switch (FIELD_GET(SMMU_CMD_OPCODE, cmd)) {
	case SMMU_OP_PREFETCH_CONFIG:
	case SMMU_OP_PREFETCH_ADDR:
		/* A hint; nothing is fetched ahead. */
		return FIELD_GET(SMMU_CMD_PREFETCH_SSEC, cmd) ?
			       SMMU_CERROR_ILL :
			       SMMU_CERROR_NONE;
	case SMMU_OP_CFGI_STE:
	case SMMU_OP_CFGI_STE_RANGE:
	case SMMU_OP_CFGI_CD:
	case SMMU_OP_CFGI_CD_ALL:
		return cfgi(m, cmd);
	case SMMU_OP_TLBI_NH_ALL:
	case SMMU_OP_TLBI_NH_ASID:
	case SMMU_OP_TLBI_NH_VA:
	case SMMU_OP_TLBI_NH_VAA:
	case SMMU_OP_TLBI_NSNH_ALL:
	case SMMU_OP_TLBI_S12_VMALL:
	case SMMU_OP_TLBI_S2_IPA:
	case SMMU_OP_TLBI_EL2_ALL:
	case SMMU_OP_TLBI_EL2_ASID:
	case SMMU_OP_TLBI_EL2_VA:
	case SMMU_OP_TLBI_EL2_VAA:
		return smmuv3_hw_tlbi(m, cmd);
	case SMMU_OP_ATC_INV:
		return atc_inv(m, cmd);
	case SMMU_OP_PRI_RESP:
		return pri_resp(m, cmd);
	case SMMU_OP_RESUME:
	case SMMU_OP_STALL_TERM:
		return stall_answer(m, cmd);
	case SMMU_OP_SYNC:
		return sync_wait(m, cmd);
	default:
		return SMMU_CERROR_ILL;
	}
}

/* 7.1: the reason first, then the error; the index stays. */
static void command_error(struct smmuv3_hw *m, uint32_t cons, int err,
			  uint64_t opcode)
{
	m->reg[R_CMDQ_CONS] =
		REG_PUT(SMMU_CMDQ_CONS_ERR, (uint64_t)cons, (uint64_t)err);
	smmuv3_hw_log(m, HW_LOG_GUEST_ERROR,
		      "command %#x at index %#x: error %d",
		      (unsigned int)opcode, (unsigned int)cons, err);
	smmuv3_hw_gerror(m, SMMU_GERROR_CMDQ_ERR_LO);
}

/* One command. False: there is none, or it has to wait, or it is an error. */
static bool step(struct smmuv3_hw *m)
{
	struct smmuv3_hw_queue q = smmuv3_hw_queue_cmd(m);
	uint32_t prod = (uint32_t)m->reg[R_CMDQ_PROD];
	uint32_t cons = (uint32_t)m->reg[R_CMDQ_CONS] & smmu_q_mask(q.lg2);
	uint32_t epoch = m->cmd.epoch;
	struct smmu_cmd cmd = { { 0 } };
	uint64_t addr = q.base + (uint64_t)smmu_q_index(cons, q.lg2) * 16;
	int err;

	if (m->sfm || !smmuv3_hw_cr0(m, SMMU_CR0_CMDQEN_LO) ||
	    smmuv3_hw_gerror_active(m, SMMU_GERROR_CMDQ_ERR_LO) ||
	    smmu_q_empty(prod, cons, q.lg2))
		return false;
	if (m->env.mem_load64(m->env.ctx, addr, &cmd.dw[0]) ||
	    m->env.mem_load64(m->env.ctx, addr + 8, &cmd.dw[1]))
		err = SMMU_CERROR_ABT;
	else
		err = execute(m, &cmd);
	/* Another thread reset the SMMU: this command never was. */
	if (m->cmd.epoch != epoch)
		return true;
	if (err == CMD_BLOCKED)
		return false;
	if (err) {
		command_error(m, cons, err, FIELD_GET(SMMU_CMD_OPCODE, &cmd));
		return false;
	}
	m->reg[R_CMDQ_CONS] = smmu_q_add(cons, 1, q.lg2);
	m->stats.commands++;
	/* 4.1.2: the queue is not full any more. */
	if (smmu_q_full(prod, cons, q.lg2))
		smmuv3_hw_sev(m);
	if (FIELD_GET(SMMU_CMD_OPCODE, &cmd) == SMMU_OP_SYNC)
		sync_signal(m, &cmd);
	return true;
}

void smmuv3_hw_cmd_run(struct smmuv3_hw *m)
{
	uint64_t budget = m->cfg.command_batch;

	if (m->cmd.running)
		return;
	/* Twice the largest queue: more is software that never stops. */
	if (!budget)
		budget = BIT(SMMU_IDR1_QS_MAX + 1);
	m->cmd.running = true;
	while (budget && step(m))
		budget--;
	m->cmd.running = false;
	/* 6.3.9.3: the queue is off once the last command is through. */
	if (!smmuv3_hw_cr0(m, SMMU_CR0_CMDQEN_LO))
		m->reg[R_CR0ACK] &= ~FIELD_MASK(SMMU_CR0_CMDQEN);
}
