/* SPDX-License-Identifier: MIT */
/*
 * Device commands, architecture 3.6 and 9.2.12. Those that wait for descriptors
 * stay active until engines have finished or dropped them.
 */
#include "models/dsa/dsa.h"

#include "base/bits.h"

#define ALL_WQS UINT32_MAX

static void dsa_hw_cmd_finish(struct dsa_hw *dsa, bool int_req,
			      enum dsa_cmdstatus_error error, uint32_t result)
{
	dsa->cmd.active = false;
	dsa->cmdstatus = (uint32_t)(REG_PUT(DSA_CMDSTATUS_ERROR, 0, error) |
				    REG_PUT(DSA_CMDSTATUS_RESULT, 0, result));
	if (int_req)
		dsa_hw_cause_locked(dsa, REG_CONST(DSA_INTCAUSE_CMD, 1), true);
}

static bool dsa_hw_matches(uint32_t wqs, ioasid_t want, uint64_t before,
			   unsigned int wq, bool valid, ioasid_t pasid,
			   uint64_t seq)
{
	return seq < before && (wqs & BIT(wq)) &&
	       (want == DSA_HW_ANY_PASID || (valid && pasid == want));
}

/*
 * Is anything left that was accepted before @seq, in queues @wqs, with @pasid?
 * What @except works on does not count.
 */
bool dsa_hw_pending_locked(const struct dsa_hw *dsa, uint32_t wqs,
			   ioasid_t pasid, uint64_t seq,
			   const struct dsa_hw_engine *except)
{
	unsigned int i, w;

	for (i = 0; i < dsa->cfg.engines; i++) {
		const struct dsa_hw_engine *eng = dsa->engines[i];

		if (eng != except && eng->active &&
		    dsa_hw_matches(wqs, pasid, seq, eng->wq, eng->pasid_valid,
				   eng->pasid, eng->seq))
			return true;
	}
	for (w = 0; w < dsa->cfg.wqs; w++) {
		const struct dsa_hw_wq *wq = &dsa->wqs[w];
		uint64_t size = FIELD_GET(DSA_WQCFG_SIZE, &wq->cfg);

		for (i = 0; (wqs & BIT(w)) && i < wq->used; i++) {
			const struct dsa_hw_entry *entry =
				&dsa->entries[wq->base + (wq->head + i) % size];
			ioasid_t who;
			bool valid;

			dsa_hw_entry_who(wq, &entry->desc, &valid, &who);
			if (dsa_hw_matches(wqs, pasid, seq, w, valid, who,
					   entry->seq))
				return true;
		}
	}
	return false;
}

/* Descriptors of a queue go without a completion; the others close up. */
static void dsa_hw_abort_queue(struct dsa_hw *dsa, unsigned int w,
			       ioasid_t pasid, uint64_t seq)
{
	struct dsa_hw_wq *wq = &dsa->wqs[w];
	unsigned int i, kept = 0;

	for (i = 0; i < wq->used; i++) {
		struct dsa_hw_entry *entry = dsa_hw_wq_entry(dsa, wq, i);
		ioasid_t who;
		bool valid;

		dsa_hw_entry_who(wq, &entry->desc, &valid, &who);
		if (!dsa_hw_matches(UINT32_MAX, pasid, seq, w, valid, who,
				    entry->seq))
			*dsa_hw_wq_entry(dsa, wq, kept++) = *entry;
	}
	wq->used = kept;
	dsa_hw_wq_mark_locked(dsa, w);
}

void dsa_hw_abort_locked(struct dsa_hw *dsa, uint32_t wqs, ioasid_t pasid,
			 uint64_t seq, enum dsa_hw_drop drop)
{
	unsigned int i;

	for (i = 0; i < dsa->cfg.wqs; i++) {
		if (wqs & BIT(i))
			dsa_hw_abort_queue(dsa, i, pasid, seq);
	}
	for (i = 0; i < dsa->cfg.engines; i++) {
		struct dsa_hw_engine *eng = dsa->engines[i];

		if (!eng->active ||
		    !dsa_hw_matches(wqs, pasid, seq, eng->wq, eng->pasid_valid,
				    eng->pasid, eng->seq))
			continue;
		/* Pairs with dsa_hw_enter(): see dsa_hw_flr(). */
		if (!dsa_hw_gone_locked(eng))
			atomic_store_explicit(&eng->drop, drop,
					      memory_order_seq_cst);
		if (dsa->host.wake)
			dsa->host.wake(dsa->host.ctx, i);
	}
}

/* A queue's configuration after its reset; its size stays. */
static void dsa_hw_wq_default(struct dsa_hw_wq *wq)
{
	uint64_t size = FIELD_GET(DSA_WQCFG_SIZE, &wq->cfg);

	wq->cfg = (struct dsa_wqcfg){ { 0 } };
	FIELD_SET(DSA_WQCFG_SIZE, &wq->cfg, size);
}

static void dsa_hw_wqs_off(struct dsa_hw *dsa, uint32_t wqs, bool reset)
{
	unsigned int w;

	for (w = 0; w < dsa->cfg.wqs; w++) {
		if (!(wqs & BIT(w)))
			continue;
		dsa->wqs[w].state = DSA_WQ_DISABLED;
		if (reset)
			dsa_hw_wq_default(&dsa->wqs[w]);
	}
}

/* Everything the command waited for has gone. */
static void dsa_hw_cmd_effect(struct dsa_hw *dsa)
{
	switch (dsa->cmd.code) {
	case DSA_CMD_DISABLE_DEVICE:
		dsa_hw_wqs_off(dsa, ALL_WQS, false);
		dsa->state = DSA_DEVICE_DISABLED;
		break;
	case DSA_CMD_RESET_DEVICE:
		dsa_hw_reset_locked(dsa);
		break;
	case DSA_CMD_DISABLE_WQ:
		dsa_hw_wqs_off(dsa, dsa->cmd.wqs, false);
		break;
	case DSA_CMD_RESET_WQ:
		dsa_hw_wqs_off(dsa, dsa->cmd.wqs, true);
		break;
	case DSA_CMD_ENABLE_DEVICE:
	case DSA_CMD_DRAIN_ALL:
	case DSA_CMD_ABORT_ALL:
	case DSA_CMD_ENABLE_WQ:
	case DSA_CMD_DRAIN_WQ:
	case DSA_CMD_ABORT_WQ:
	case DSA_CMD_DRAIN_PASID:
	case DSA_CMD_ABORT_PASID:
	case DSA_CMD_REQUEST_INT_HANDLE:
	case DSA_CMD_RELEASE_INT_HANDLE:
		break;
	}
}

/* A descriptor has gone, or a page request was answered. */
void dsa_hw_cmd_poll_locked(struct dsa_hw *dsa)
{
	const struct dsa_hw_cmd *cmd = &dsa->cmd;

	if (!cmd->active ||
	    dsa_hw_pending_locked(dsa, cmd->wqs, cmd->pasid, cmd->seq, NULL))
		return;
	/* No page request of the PASID is on its way either. */
	if (cmd->pasid != DSA_HW_ANY_PASID &&
	    pcie_hw_pri_waits(&dsa->pcie, false, cmd->pasid))
		return;
	dsa_hw_cmd_effect(dsa);
	dsa_hw_cmd_finish(dsa, cmd->int_req, DSA_CMDSTATUS_SUCCESS, 0);
}

static void dsa_hw_cmd_start(struct dsa_hw *dsa, enum dsa_cmd code,
			     bool int_req, uint32_t wqs, ioasid_t pasid,
			     bool abort)
{
	dsa->cmd = (struct dsa_hw_cmd){
		.active = true,
		.int_req = int_req,
		.code = code,
		.wqs = wqs,
		.pasid = pasid,
		.seq = dsa->next_seq,
	};
	dsa->cmdstatus = (uint32_t)REG_CONST(DSA_CMDSTATUS_ACTIVE, 1);
	if (abort)
		dsa_hw_abort_locked(dsa, wqs, pasid, dsa->next_seq,
				    DSA_HW_DROP);
	dsa_hw_cmd_poll_locked(dsa);
}

/* Each queue with entries is in exactly one group, each engine in at most one,
 * and no group has the one without the other. */
static enum dsa_cmdstatus_error dsa_hw_check_groups(const struct dsa_hw *dsa)
{
	uint64_t wqs = 0, engines = 0, sized = 0;
	unsigned int g, w;

	for (w = 0; w < dsa->cfg.wqs; w++) {
		if (FIELD_GET(DSA_WQCFG_SIZE, &dsa->wqs[w].cfg))
			sized |= BIT(w);
	}
	for (g = 0; g < DSA_HW_GROUPS; g++) {
		const struct dsa_grpcfg *group = &dsa->groups[g];
		uint64_t q = group->dw[0];
		uint64_t e = FIELD_GET(DSA_GRPCFG_ENGINES, group);

		if ((q & ~(BIT(dsa->cfg.wqs) - 1)) || group->dw[1] ||
		    group->dw[2] || group->dw[3] ||
		    (e & ~(BIT(dsa->cfg.engines) - 1)))
			return DSA_CMDSTATUS_CONFIG;
		if (!q != !e)
			return DSA_CMDSTATUS_GRP_EMPTY;
		if (q & wqs)
			return DSA_CMDSTATUS_GRP_WQS;
		if (e & engines)
			return DSA_CMDSTATUS_GRP_ENGINES;
		wqs |= q;
		engines |= e;
	}
	return sized & ~wqs ? DSA_CMDSTATUS_GRP_WQS : DSA_CMDSTATUS_SUCCESS;
}

/*
 * A group may use what it has reserved and what nobody has. Four are the least
 * an engine works with; so Linux's idxd has it.
 */
static bool dsa_hw_buffers_valid(const struct dsa_hw *dsa)
{
	uint64_t reserved = 0, total = dsa->cfg.read_buffers;
	unsigned int g;

	for (g = 0; g < DSA_HW_GROUPS; g++)
		reserved +=
			FIELD_GET(DSA_GRPCFG_RDBUFS_RESERVED, &dsa->groups[g]);
	if (reserved > total)
		return false;
	for (g = 0; total && g < DSA_HW_GROUPS; g++) {
		const struct dsa_grpcfg *group = &dsa->groups[g];
		uint64_t own = FIELD_GET(DSA_GRPCFG_RDBUFS_RESERVED, group);
		uint64_t allowed = FIELD_GET(DSA_GRPCFG_RDBUFS_ALLOWED, group);
		uint64_t engines = FIELD_GET(DSA_GRPCFG_ENGINES, group);
		uint64_t least = 4 * (uint64_t)__builtin_popcountll(engines);

		if (engines &&
		    (allowed < least || allowed > own + (total - reserved)))
			return false;
	}
	return true;
}

static enum dsa_cmdstatus_error dsa_hw_enable_device(struct dsa_hw *dsa)
{
	struct pcie_hw_state state;
	enum dsa_cmdstatus_error err;
	unsigned int w, base = 0;

	pcie_hw_state(&dsa->pcie, &state);
	if (dsa->state != DSA_DEVICE_DISABLED)
		return DSA_CMDSTATUS_DEVICE_NOT_DISABLED;
	if (!state.bus_master)
		return DSA_CMDSTATUS_BUS_MASTER;
	if (state.pri && !pcie_hw_pri_allocation(&dsa->pcie))
		return DSA_CMDSTATUS_PRS_ALLOC;
	for (w = 0; w < dsa->cfg.wqs; w++)
		base += (unsigned int)FIELD_GET(DSA_WQCFG_SIZE,
						&dsa->wqs[w].cfg);
	if (base > dsa->cfg.wq_entries)
		return DSA_CMDSTATUS_TOTAL_WQ_SIZE;
	err = dsa_hw_check_groups(dsa);
	if (err)
		return err;
	if (!dsa_hw_buffers_valid(dsa))
		return DSA_CMDSTATUS_GRP_RDBUFS;

	for (w = 0, base = 0; w < dsa->cfg.wqs; w++) {
		dsa->wqs[w].base = base;
		dsa->wqs[w].head = 0;
		dsa->wqs[w].used = 0;
		dsa_hw_wq_mark_locked(dsa, w);
		base += (unsigned int)FIELD_GET(DSA_WQCFG_SIZE,
						&dsa->wqs[w].cfg);
	}
	dsa->state = DSA_DEVICE_ENABLED;
	return DSA_CMDSTATUS_SUCCESS;
}

static enum dsa_cmdstatus_error dsa_hw_enable_wq(struct dsa_hw *dsa,
						 uint64_t index)
{
	struct pcie_hw_state state;
	struct dsa_hw_wq *wq;
	bool pasid;

	if (dsa->state != DSA_DEVICE_ENABLED)
		return DSA_CMDSTATUS_DEVICE_NOT_ENABLED;
	if (index >= dsa->cfg.wqs)
		return DSA_CMDSTATUS_INVALID_WQ;
	wq = &dsa->wqs[index];
	pcie_hw_state(&dsa->pcie, &state);
	pasid = FIELD_GET(DSA_WQCFG_PASID_EN, &wq->cfg);
	if (wq->state != DSA_WQ_DISABLED)
		return DSA_CMDSTATUS_WQ_NOT_DISABLED;
	if (!FIELD_GET(DSA_WQCFG_SIZE, &wq->cfg))
		return DSA_CMDSTATUS_WQ_SIZE;
	if (!FIELD_GET(DSA_WQCFG_PRIORITY, &wq->cfg))
		return DSA_CMDSTATUS_WQ_PRIORITY;
	/* Descriptors of a shared queue bring their PASID along. */
	if (pasid ? !state.pasid : !FIELD_GET(DSA_WQCFG_MODE, &wq->cfg))
		return DSA_CMDSTATUS_WQ_PASID_EN;
	if (FIELD_GET(DSA_WQCFG_MAX_BATCH_SHIFT, &wq->cfg) >
	    dsa->cfg.max_batch_lg2)
		return DSA_CMDSTATUS_WQ_MAX_BATCH;
	if (FIELD_GET(DSA_WQCFG_MAX_XFER_SHIFT, &wq->cfg) >
	    dsa->cfg.max_transfer_lg2)
		return DSA_CMDSTATUS_WQ_MAX_XFER;
	if (FIELD_GET(DSA_WQCFG_PRIV, &wq->cfg) && pasid && !state.pasid_priv)
		return DSA_CMDSTATUS_WQ_PRIV;
	wq->state = DSA_WQ_ENABLED;
	wq->credit = 0;
	return DSA_CMDSTATUS_SUCCESS;
}

/* Commands on a set of queues: all of them exist and (@enabled) are on. */
static enum dsa_cmdstatus_error dsa_hw_check_wqs(const struct dsa_hw *dsa,
						 uint32_t operand, bool enabled,
						 uint32_t *ret_wqs)
{
	uint32_t wqs = (uint32_t)REG_GET(DSA_CMD_OPERAND_WQ_BITMAP, operand);
	unsigned int w;

	if (REG_GET(DSA_CMD_OPERAND_WQ_SET, operand) ||
	    (wqs & ~(BIT(dsa->cfg.wqs) - 1)))
		return DSA_CMDSTATUS_INVALID_WQ;
	for (w = 0; enabled && w < dsa->cfg.wqs; w++) {
		if ((wqs & BIT(w)) && dsa->wqs[w].state != DSA_WQ_ENABLED)
			return DSA_CMDSTATUS_WQ_NOT_ENABLED;
	}
	*ret_wqs = wqs;
	return DSA_CMDSTATUS_SUCCESS;
}

static void dsa_hw_wqs_busy(struct dsa_hw *dsa, uint32_t wqs)
{
	unsigned int w;

	for (w = 0; w < dsa->cfg.wqs; w++) {
		if ((wqs & BIT(w)) && dsa->wqs[w].state == DSA_WQ_ENABLED)
			dsa->wqs[w].state = DSA_WQ_BUSY;
	}
}

static void dsa_hw_cmd_wqs(struct dsa_hw *dsa, enum dsa_cmd code,
			   uint32_t operand, bool int_req)
{
	bool reset = code == DSA_CMD_RESET_WQ;
	enum dsa_cmdstatus_error err;
	uint32_t wqs = 0;

	err = dsa_hw_check_wqs(dsa, operand, !reset, &wqs);
	if (err) {
		dsa_hw_cmd_finish(dsa, int_req, err, 0);
		return;
	}
	if (reset || code == DSA_CMD_DISABLE_WQ)
		dsa_hw_wqs_busy(dsa, wqs);
	dsa_hw_cmd_start(dsa, code, int_req, wqs, DSA_HW_ANY_PASID,
			 reset || code == DSA_CMD_ABORT_WQ);
}

static void dsa_hw_cmd_off(struct dsa_hw *dsa, enum dsa_cmd code, bool int_req)
{
	bool reset = code == DSA_CMD_RESET_DEVICE;

	if (!reset && dsa->state != DSA_DEVICE_ENABLED) {
		dsa_hw_cmd_finish(dsa, int_req,
				  DSA_CMDSTATUS_DISABLE_NOT_ENABLED, 0);
		return;
	}
	dsa->state = DSA_DEVICE_DRAINING;
	dsa_hw_wqs_busy(dsa, ALL_WQS);
	dsa_hw_cmd_start(dsa, code, int_req, ALL_WQS, DSA_HW_ANY_PASID, reset);
}

/* The handle of an MSI-X entry is its index; there are no others. */
static void dsa_hw_cmd_handle(struct dsa_hw *dsa, enum dsa_cmd code,
			      uint32_t operand, bool int_req)
{
	uint32_t index = (uint32_t)REG_GET(DSA_CMD_OPERAND_INT_INDEX, operand);
	bool ims = REG_GET(DSA_CMD_OPERAND_INT_IMS, operand);
	bool release = code == DSA_CMD_RELEASE_INT_HANDLE;

	if (ims || !index || index >= dsa->cfg.msix_vectors ||
	    (release && !(dsa->handles & BIT(index)))) {
		dsa_hw_cmd_finish(dsa, int_req, DSA_CMDSTATUS_INT_INDEX, 0);
		return;
	}
	if (release)
		dsa->handles &= ~BIT(index);
	else
		dsa->handles |= BIT(index);
	dsa_hw_cmd_finish(dsa, int_req, DSA_CMDSTATUS_SUCCESS,
			  release ? 0 : index);
}

static void dsa_hw_cmd_run(struct dsa_hw *dsa, uint64_t code, uint32_t operand,
			   bool int_req)
{
	switch (code) {
	case DSA_CMD_ENABLE_DEVICE:
		dsa_hw_cmd_finish(dsa, int_req, dsa_hw_enable_device(dsa), 0);
		break;
	case DSA_CMD_DISABLE_DEVICE:
	case DSA_CMD_RESET_DEVICE:
		dsa_hw_cmd_off(dsa, (enum dsa_cmd)code, int_req);
		break;
	case DSA_CMD_DRAIN_ALL:
	case DSA_CMD_ABORT_ALL:
		dsa_hw_cmd_start(dsa, (enum dsa_cmd)code, int_req, ALL_WQS,
				 DSA_HW_ANY_PASID, code == DSA_CMD_ABORT_ALL);
		break;
	case DSA_CMD_ENABLE_WQ:
		dsa_hw_cmd_finish(dsa, int_req, dsa_hw_enable_wq(dsa, operand),
				  0);
		break;
	case DSA_CMD_DISABLE_WQ:
	case DSA_CMD_DRAIN_WQ:
	case DSA_CMD_ABORT_WQ:
	case DSA_CMD_RESET_WQ:
		dsa_hw_cmd_wqs(dsa, (enum dsa_cmd)code, operand, int_req);
		break;
	case DSA_CMD_DRAIN_PASID:
	case DSA_CMD_ABORT_PASID:
		dsa_hw_cmd_start(dsa, (enum dsa_cmd)code, int_req, ALL_WQS,
				 operand, code == DSA_CMD_ABORT_PASID);
		break;
	case DSA_CMD_REQUEST_INT_HANDLE:
	case DSA_CMD_RELEASE_INT_HANDLE:
		dsa_hw_cmd_handle(dsa, (enum dsa_cmd)code, operand, int_req);
		break;
	default:
		dsa_hw_cmd_finish(dsa, int_req, DSA_CMDSTATUS_INVALID_CMD, 0);
		break;
	}
}

void dsa_hw_cmd_write_locked(struct dsa_hw *dsa, uint32_t value)
{
	uint64_t code = REG_GET(DSA_CMD_CODE, value);
	bool int_req = REG_GET(DSA_CMD_INT_REQ, value);
	struct dsa_swerr err = { { 0 } };

	if (dsa->cmd.active) {
		FIELD_SET(DSA_SWERR_ERROR, &err, DSA_SWERR_CMD_ACTIVE);
		dsa_hw_swerr_locked(dsa, &err);
	} else if (value & ~FIELD_DEFINED(DSA_CMD_FIELDS, 0)) {
		dsa_hw_cmd_finish(dsa, int_req, DSA_CMDSTATUS_RESERVED_FIELD,
				  0);
	} else if (dsa->state == DSA_DEVICE_HALTED &&
		   code != DSA_CMD_RESET_DEVICE) {
		dsa_hw_cmd_finish(dsa, int_req, DSA_CMDSTATUS_HALTED, 0);
	} else {
		dsa_hw_cmd_run(dsa, code,
			       (uint32_t)REG_GET(DSA_CMD_OPERAND, value),
			       int_req);
	}
}
