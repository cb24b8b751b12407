/* SPDX-License-Identifier: MIT */
/*
 * An engine as a state machine: it takes a descriptor, works on it piece by
 * piece, writes the completion record. Nothing here waits; an engine that
 * cannot go on says so and is woken.
 */
#include "models/dsa/dsa.h"

#include "base/bits.h"
#include "base/le64.h"
#include "base/string.h"

/* The operation ends here, with what kept it from going on. */
static void dsa_hw_faulted(struct dsa_hw_engine *eng, struct dsa_hw_job *job)
{
	job->status = eng->fault.code;
	job->fault_addr = eng->fault.addr;
	job->fault_write = eng->fault.write;
	if (FIELD_GET(DSA_DESC_OPCODE, &job->desc) == DSA_OP_MEMMOVE)
		job->result = job->backward ? DSA_RESULT_BACKWARD :
					      DSA_RESULT_FORWARD;
}

/* Compare operations may say which result is a good one, or which are. */
static void dsa_hw_judge(struct dsa_hw_job *job)
{
	bool good;

	if (job->status != DSA_COMP_SUCCESS ||
	    !FIELD_GET(DSA_DESC_CHECK_RESULT, &job->desc))
		return;
	if (FIELD_GET(DSA_DESC_OPCODE, &job->desc) == DSA_OP_CREATE_DELTA)
		good = FIELD_GET(DSA_DESC_CREATE_DELTA_EXPECTED, &job->desc) >>
			       job->result &
		       1;
	else
		good = (FIELD_GET(DSA_DESC_COMPARE_EXPECTED, &job->desc) & 1) ==
		       job->result;
	if (!good)
		job->status = DSA_COMP_SUCCESS_FALSE;
}

static bool dsa_hw_is_crc(const struct dsa_hw_job *job)
{
	uint64_t code = FIELD_GET(DSA_DESC_OPCODE, &job->desc);

	return code == DSA_OP_CRC_GEN || code == DSA_OP_COPY_CRC;
}

static bool dsa_hw_is_fault(enum dsa_comp_status status)
{
	return status == DSA_COMP_PAGE_FAULT_NOBOF ||
	       status == DSA_COMP_PAGE_FAULT_IR ||
	       status == DSA_COMP_BATCH_PAGE_FAULT ||
	       status == DSA_COMP_TRANSLATION_FAIL;
}

/* Did the operation end before all was done, for whatever reason? */
static bool dsa_hw_is_partial(const struct dsa_hw_job *job)
{
	if (dsa_hw_is_fault(job->status) ||
	    job->status == DSA_COMP_DELTA_OFFSET_ORDER ||
	    job->status == DSA_COMP_DELTA_OFFSET_RANGE)
		return true;
	switch (FIELD_GET(DSA_DESC_OPCODE, &job->desc)) {
	case DSA_OP_COMPARE:
	case DSA_OP_COMPARE_PATTERN:
		return job->result == DSA_RESULT_DIFFER;
	case DSA_OP_CREATE_DELTA:
		return job->result == DSA_RESULT_DELTA_FULL;
	default:
		return false;
	}
}

/* Bytes completed are 0 when all are. */
static void dsa_hw_make_comp(const struct dsa_hw_job *job,
			     struct dsa_comp *comp)
{
	uint64_t op = FIELD_GET(DSA_DESC_OPCODE, &job->desc);

	memset(comp, 0, sizeof(*comp));
	FIELD_SET(DSA_COMP_STATUS, comp, job->status);
	FIELD_SET(DSA_COMP_RESULT, comp, job->result);
	if (dsa_hw_is_fault(job->status)) {
		FIELD_SET(DSA_COMP_WRITE, comp, job->fault_write);
		FIELD_SET(DSA_COMP_FAULT_ADDR, comp, job->fault_addr);
	}
	if (op == DSA_OP_BATCH || dsa_hw_is_partial(job))
		FIELD_SET(DSA_COMP_BYTES_COMPLETED, comp, job->done);
	if (job->status == DSA_COMP_INVALID_FLAGS)
		FIELD_SET(DSA_COMP_FLAGS_INVALID, comp, job->bad_flags);
	if (op == DSA_OP_CREATE_DELTA && job->status != DSA_COMP_INVALID_FLAGS)
		FIELD_SET(DSA_COMP_DELTA_SIZE, comp, job->delta);
	if (dsa_hw_is_crc(job) && job->seeded)
		FIELD_SET(DSA_COMP_CRC, comp,
			  FIELD_GET(DSA_DESC_CRC_BYPASS_INVERSION, &job->desc) ?
				  dsa_hw_reverse32(job->crc) :
				  (uint32_t)~job->crc);
}

/* Errors that tell that the completion record is not to be used. */
static bool dsa_hw_is_swerr(enum dsa_comp_status status)
{
	return status == DSA_COMP_CR_ALIGN || status == DSA_COMP_PRIV;
}

static enum dsa_hw_go dsa_hw_record(struct dsa_hw_engine *eng,
				    struct dsa_hw_job *job)
{
	uint64_t addr = FIELD_GET(DSA_DESC_COMPLETION_ADDR, &job->desc);
	bool valid = FIELD_GET(DSA_DESC_CRAV, &job->desc);
	bool good = job->status == DSA_COMP_SUCCESS;
	struct dsa_hw_span span;
	struct dsa_comp comp;
	enum dsa_hw_go go;

	if (!good && (!valid || dsa_hw_is_swerr(job->status))) {
		dsa_hw_swerr_job(eng, (uint8_t)job->status);
		return DSA_HW_GO_ON;
	}
	if (!valid || (good && !FIELD_GET(DSA_DESC_RCR, &job->desc)))
		return DSA_HW_GO_ON;

	dsa_hw_make_comp(job, &comp);
	go = dsa_hw_span(eng, addr, DSA_COMP_SIZE, IOMMU_PERM_WRITE, true,
			 &span);
	if (go == DSA_HW_GO_ON)
		go = dsa_hw_span_publish(eng, &span, &comp);
	if (go == DSA_HW_GO_FAULT) {
		job->fault_addr = addr;
		job->fault_write = true;
		dsa_hw_swerr_job(eng, DSA_COMP_CR_PAGE_FAULT);
		return DSA_HW_GO_ON;
	}
	return go;
}

/*
 * Nothing is left of the descriptor that came from the queue. @told is the job
 * whose interrupt is due, or NULL.
 */
static void dsa_hw_finish(struct dsa_hw_engine *eng,
			  const struct dsa_hw_job *told)
{
	struct dsa_hw *dsa = eng->dsa;
	unsigned int i;

	eng->phase = DSA_HW_PHASE_FETCH;
	eng->in_batch = false;
	eng->waiting = false;
	memset(&eng->fault, 0, sizeof(eng->fault));

	dsa_hw_lock(dsa);
	if (told && !dsa_hw_gone_locked(eng))
		dsa_hw_interrupt_locked(dsa, told);
	dsa_hw_prg_drop_locked(dsa, eng);
	atomic_store_explicit(&eng->drop, DSA_HW_KEEP, memory_order_relaxed);
	eng->active = false;
	dsa_hw_cmd_poll_locked(dsa);
	for (i = 0; i < dsa->cfg.engines; i++) {
		if (dsa->engines[i]->wait == DSA_HW_WAIT_OTHERS &&
		    dsa->host.wake)
			dsa->host.wake(dsa->host.ctx, i);
	}
	dsa_hw_unlock(dsa);
}

/* The job's end is known to memory; now the interrupt, then what is next. */
static void dsa_hw_done(struct dsa_hw_engine *eng, struct dsa_hw_job *job)
{
	struct dsa_hw_job *top = &eng->top;

	dsa_hw_count(&eng->descriptors, 1);
	if (!job->member) {
		dsa_hw_finish(eng, job->interrupt ? job : NULL);
		return;
	}
	if (job->interrupt) {
		dsa_hw_lock(eng->dsa);
		if (!dsa_hw_gone_locked(eng))
			dsa_hw_interrupt_locked(eng->dsa, job);
		dsa_hw_unlock(eng->dsa);
	}
	if (job->status == DSA_COMP_SUCCESS_FALSE)
		top->any_false = true;
	else if (job->status != DSA_COMP_SUCCESS)
		top->any_failed = true;
	top->done++;
	eng->in_batch = false;
	eng->phase = DSA_HW_PHASE_RUN;
	memset(&eng->fault, 0, sizeof(eng->fault));
}

/* Architecture 3.8: a fence looks back at everything before it. */
static enum dsa_hw_go dsa_hw_next_member(struct dsa_hw_engine *eng)
{
	struct dsa_hw_job *top = &eng->top, *sub = &eng->sub;
	uint64_t list = FIELD_GET(DSA_DESC_BATCH_LIST, &top->desc);
	unsigned char raw[DSA_DESC_SIZE];
	struct dsa_hw_span span;
	enum dsa_hw_go go;
	uint64_t n = sizeof(raw);

	if (top->done == FIELD_GET(DSA_DESC_BATCH_COUNT, &top->desc)) {
		top->status = top->any_failed ? DSA_COMP_BATCH_FAIL :
						DSA_COMP_SUCCESS;
		return DSA_HW_GO_ON;
	}
	go = dsa_hw_span(eng, list + top->done * DSA_DESC_SIZE, n,
			 IOMMU_PERM_READ, true, &span);
	if (go == DSA_HW_GO_ON)
		go = dsa_hw_span_read(eng, &span, raw, &n);
	if (go != DSA_HW_GO_ON)
		return go;
	if (n < sizeof(raw))
		return DSA_HW_GO_AGAIN;

	memset(sub, 0, sizeof(*sub));
	le64_load_words(sub->desc.dw, raw, ARRAY_SIZE(sub->desc.dw));
	if (FIELD_GET(DSA_DESC_FENCE, &sub->desc) &&
	    (top->any_failed || top->any_false)) {
		top->status = DSA_COMP_BATCH_FAIL;
		return DSA_HW_GO_ON;
	}
	sub->member = true;
	sub->batch_idx = (uint32_t)top->done;
	sub->pasid_valid = top->pasid_valid;
	sub->pasid = top->pasid;
	sub->priv = top->priv;
	sub->ats = top->ats;
	if (FIELD_GET(DSA_DESC_RCI, &sub->desc)) {
		dsa_hw_lock(eng->dsa);
		sub->handle = dsa_hw_handle_valid_locked(eng->dsa, sub);
		dsa_hw_unlock(eng->dsa);
	}
	eng->in_batch = true;
	eng->phase = DSA_HW_PHASE_START;
	memset(&eng->fault, 0, sizeof(eng->fault));
	return DSA_HW_GO_ON;
}

/* A drain is done when nothing that its queue took before it is left. */
static enum dsa_hw_go dsa_hw_drain(struct dsa_hw_engine *eng,
				   struct dsa_hw_job *job)
{
	struct dsa_hw *dsa = eng->dsa;
	bool pending;

	dsa_hw_lock(dsa);
	pending = dsa_hw_pending_locked(dsa, (uint32_t)BIT(eng->wq),
					DSA_HW_ANY_PASID, eng->seq, eng);
	pending = pending && !dsa_hw_gone_locked(eng);
	if (pending)
		eng->wait = DSA_HW_WAIT_OTHERS;
	dsa_hw_unlock(dsa);
	if (pending) {
		eng->waiting = true;
		return DSA_HW_GO_BLOCKED;
	}
	job->status = DSA_COMP_SUCCESS;
	return DSA_HW_GO_ON;
}

static enum dsa_hw_go dsa_hw_run(struct dsa_hw_engine *eng,
				 struct dsa_hw_job *job)
{
	enum dsa_hw_go go;

	switch (FIELD_GET(DSA_DESC_OPCODE, &job->desc)) {
	case DSA_OP_BATCH:
		go = dsa_hw_next_member(eng);
		break;
	case DSA_OP_DRAIN:
		go = dsa_hw_drain(eng, job);
		break;
	default:
		go = dsa_hw_op_run(eng, job);
		break;
	}
	if (go == DSA_HW_GO_FAULT) {
		dsa_hw_faulted(eng, job);
		if (FIELD_GET(DSA_DESC_OPCODE, &job->desc) == DSA_OP_BATCH)
			job->status = DSA_COMP_BATCH_PAGE_FAULT;
		go = DSA_HW_GO_ON;
	}
	if (go == DSA_HW_GO_ON && job->status) {
		dsa_hw_judge(job);
		memset(&eng->fault, 0, sizeof(eng->fault));
		eng->phase = DSA_HW_PHASE_RECORD;
	}
	return go;
}

static bool dsa_hw_fetch_descriptor(struct dsa_hw_engine *eng)
{
	struct dsa_hw *dsa = eng->dsa;
	bool got;

	dsa_hw_lock(dsa);
	got = dsa_hw_wq_pick_locked(dsa, eng);
	dsa_hw_unlock(dsa);
	if (got)
		eng->phase = DSA_HW_PHASE_START;
	return got;
}

/* One move of the state machine. */
static enum dsa_hw_go dsa_hw_advance(struct dsa_hw_engine *eng)
{
	struct dsa_hw_job *job = dsa_hw_job(eng);
	enum dsa_hw_go go = DSA_HW_GO_ON;

	switch (eng->phase) {
	case DSA_HW_PHASE_FETCH:
	case DSA_HW_PHASE_START:
		job->status = dsa_hw_desc_check(eng, job);
		eng->phase = job->status ? DSA_HW_PHASE_RECORD :
					   DSA_HW_PHASE_RUN;
		break;
	case DSA_HW_PHASE_RUN:
		go = dsa_hw_run(eng, job);
		break;
	case DSA_HW_PHASE_RECORD:
		go = dsa_hw_record(eng, job);
		if (go == DSA_HW_GO_ON)
			dsa_hw_done(eng, job);
		break;
	}
	return go;
}

/* Its descriptor is to go. True: it has. */
static bool dsa_hw_drop(struct dsa_hw_engine *eng)
{
	bool stalled;

	dsa_hw_lock(eng->dsa);
	stalled = !dsa_hw_gone_locked(eng) && eng->wait == DSA_HW_WAIT_STALL &&
		  !dsa_hw_stall_over_locked(eng);
	dsa_hw_unlock(eng->dsa);
	if (!stalled)
		dsa_hw_finish(eng, NULL);
	return !stalled;
}

enum dsa_hw_step dsa_hw_step(struct dsa_hw *dsa, unsigned int engine)
{
	struct dsa_hw_engine *eng;
	enum dsa_hw_go go;
	bool worked = false;

	if (engine >= dsa->cfg.engines)
		return DSA_HW_IDLE;
	eng = dsa->engines[engine];
	if (eng->phase == DSA_HW_PHASE_FETCH && !dsa_hw_fetch_descriptor(eng))
		return DSA_HW_IDLE;
	/* Whoever sets it wakes the engine. */
	if (atomic_load_explicit(&eng->drop, memory_order_relaxed))
		return dsa_hw_drop(eng) ? DSA_HW_MORE : DSA_HW_BLOCKED;
	if (!dsa_hw_ready(eng))
		return DSA_HW_BLOCKED;

	/* To the end of the descriptor, or one piece of data. */
	do {
		worked = worked || eng->phase == DSA_HW_PHASE_RUN;
		go = dsa_hw_advance(eng);
	} while (go == DSA_HW_GO_ON && eng->phase != DSA_HW_PHASE_FETCH &&
		 (eng->phase == DSA_HW_PHASE_RECORD || !worked));
	return go == DSA_HW_GO_BLOCKED ? DSA_HW_BLOCKED : DSA_HW_MORE;
}
