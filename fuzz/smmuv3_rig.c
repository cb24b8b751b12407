/* SPDX-License-Identifier: MIT */
/*
 * Calls into the model and back, each with the oracles of smmuv3_oracle.c
 * around it; what the bus, other threads and a late answer may do meanwhile
 * comes from the input.
 */
#include "fuzz/smmuv3_rig.h"

#include <errno.h>
#include <stdlib.h>

/* A nested operation, if the input wants one. */
static void nested(struct rig *r)
{
	if (r->depth < RIG_DEPTH && in_u8(r->in) & 1)
		fuzz_op(r);
}

uint64_t rig_read(struct rig *r, uint64_t offset, unsigned int size)
{
	struct frame f;
	uint64_t v;

	rig_enter(r, &f);
	v = r->hw->ops->mmio_read(r->hw, offset, size);
	rig_leave(r, &f);
	return v;
}

void rig_write(struct rig *r, uint64_t offset, unsigned int size, uint64_t v)
{
	struct frame f;

	rig_enter(r, &f);
	r->hw->ops->mmio_write(r->hw, offset, size, v);
	rig_snapshot(r);
	rig_leave(r, &f);
}

/* Once more on another port: the same, by whatever way it is found. */
static void check_again(struct rig *r, const struct hw_txn *txn,
			const struct hw_xlat *x)
{
	struct hw_xlat again;
	unsigned int i;

	/* What an eager one forgot may have changed. */
	if (r->w.meddle || r->depth > 1 || r->cfg.personality != HW_STRICT)
		return;
	for (i = 0; i < RIG_PORTS; i++)
		if (rig_free(r, i))
			break;
	if (i == RIG_PORTS)
		return;
	r->want.translations++;
	FUZZ_CHECK(!r->hw->ops->translate(r->hw, &r->port[i], txn, &again));
	FUZZ_CHECK(again.pa == x->pa);
	FUZZ_CHECK(r->port[i].busy & 1);
	hw_port_done(&r->port[i]);
	r->busy[i] = r->port[i].busy;
}

int rig_translate(struct rig *r, unsigned int port, const struct hw_txn *txn,
		  bool hold, struct hw_xlat *ret_xlat)
{
	struct hw_txn t = *txn;
	uint64_t outer = r->calling;
	bool outer_called = r->called;
	struct rig_index evt;
	struct frame f;
	int ret;

	rig_enter(r, &f);
	t.cookie = r->calling = ++r->next_cookie;
	r->called = false;
	r->in_use[port] = true;
	r->want.translations++;
	rig_index_before(r, &evt, true);
	rig_about(r, t.requester);
	ret = r->hw->ops->translate(r->hw, &r->port[port], &t, ret_xlat);
	rig_index_after(r, &f, &evt);
	r->in_use[port] = false;
	FUZZ_CHECK(!ret || ret == -EFAULT || ret == -EINPROGRESS ||
		   ret == -EAGAIN ||
		   (ret == -ENODATA &&
		    !REG_GET(SMMU_IDR0_TERM_MODEL, r->cfg.idr[0])));
	if (fuzz_broken("busy"))
		hw_port_done(&r->port[port]);
	FUZZ_CHECK((r->port[port].busy & 1) == !ret);
	r->busy[port] = r->port[port].busy;
	if (ret == -EINPROGRESS) {
		FUZZ_CHECK(REG_GET(SMMU_IDR0_STALL_MODEL, r->cfg.idr[0]) !=
			   SMMU_IDR0_STALL_MODEL_NONE);
		r->want.stalls++;
		if (!r->called) {
			FUZZ_CHECK(r->stall_n < RIG_STALLS);
			r->stalls[r->stall_n++] =
				(struct rig_stall){ t.cookie, t };
		}
	} else {
		FUZZ_CHECK(!r->called);
	}
	r->calling = outer;
	r->called = outer_called;
	if (!ret) {
		rig_check_xlat(r, txn, ret_xlat);
		/* Before the frame ends: its flag updates follow its loads. */
		check_again(r, txn, ret_xlat);
	}
	rig_leave(r, &f);
	if (!ret && !hold)
		rig_release(r, port);
	return ret;
}

void rig_ats(struct rig *r, unsigned int port, const struct hw_txn *txn)
{
	uint64_t busy = r->port[port].busy;
	struct hw_ats_reply reply;
	struct rig_index evt;
	struct frame f;

	rig_enter(r, &f);
	r->in_use[port] = true;
	r->want.translations++;
	r->want.ats_requests++;
	rig_index_before(r, &evt, true);
	rig_about(r, txn->requester);
	r->hw->ops->ats_translate(r->hw, &r->port[port], txn, &reply);
	r->in_use[port] = false;
	rig_index_after(r, &f, &evt);
	FUZZ_CHECK(r->port[port].busy == busy);
	FUZZ_CHECK(reply.status == HW_ATS_SUCCESS ||
		   reply.status == HW_ATS_UR || reply.status == HW_ATS_CA);
	if (reply.status == HW_ATS_SUCCESS) {
		FUZZ_CHECK(reply.xlat.len);
		/* A read-only request does not dirty a page. */
		if (txn->flags & HW_TXN_NO_WRITE)
			for (unsigned int i = f.first; i < r->w.log_n; i++)
				FUZZ_CHECK(r->w.log[i].kind != ACCESS_CAS ||
					   !((r->w.log[i].value ^
					      r->w.log[i].to) >>
						     7 &
					     1));
		if (reply.xlat.perm & 7)
			rig_check_xlat(r, &(struct hw_txn){ .perm = 0 },
				       &reply.xlat);
	}
	rig_leave(r, &f);
}

void rig_page_request(struct rig *r, const struct hw_page_request *req)
{
	struct rig_index evt, pri;
	struct frame f;

	rig_enter(r, &f);
	r->want.page_requests++;
	rig_index_before(r, &evt, true);
	rig_index_before(r, &pri, false);
	rig_about(r, req->requester);
	r->hw->ops->page_request(r->hw, req);
	rig_index_after(r, &f, &evt);
	rig_index_after(r, &f, &pri);
	rig_leave(r, &f);
}

void rig_unsupported(struct rig *r, const struct hw_txn *txn, uint16_t reason)
{
	struct rig_index evt;
	struct frame f;

	rig_enter(r, &f);
	rig_index_before(r, &evt, true);
	rig_about(r, txn->requester);
	smmuv3_hw_unsupported(r->hw, txn, reason);
	rig_index_after(r, &f, &evt);
	rig_leave(r, &f);
}

void rig_hint(struct rig *r, const struct smmuv3_hw_hint *hint)
{
	struct rig_index evt;
	struct frame f;

	rig_enter(r, &f);
	rig_index_before(r, &evt, true);
	rig_about(r, hint->requester);
	smmuv3_hw_page_hint(r->hw, hint);
	rig_index_after(r, &f, &evt);
	rig_leave(r, &f);
}

void rig_fail(struct rig *r)
{
	struct frame f;

	rig_enter(r, &f);
	smmuv3_hw_fail(r->hw);
	rig_leave(r, &f);
}

void rig_inv_complete(struct rig *r, uint64_t cookie, bool ok)
{
	struct frame f;

	rig_enter(r, &f);
	r->hw->ops->ats_inv_complete(r->hw, cookie, ok);
	rig_leave(r, &f);
}

void rig_reset(struct rig *r)
{
	struct frame f;

	rig_enter(r, &f);
	r->hw->ops->reset(r->hw);
	rig_snapshot(r);
	rig_leave(r, &f);
}

void rig_port(struct rig *r, unsigned int port, bool add)
{
	struct frame f;

	if (r->added[port] == add || r->in_use[port] || r->busy[port] & 1)
		return;
	rig_enter(r, &f);
	if (add) {
		memset(&r->port[port], 0, sizeof(r->port[port]));
		r->busy[port] = 0;
		r->hw->ops->port_add(r->hw, &r->port[port]);
	} else {
		r->hw->ops->port_remove(r->hw, &r->port[port]);
	}
	r->added[port] = add;
	rig_leave(r, &f);
}

void rig_release(struct rig *r, unsigned int port)
{
	if (!(r->busy[port] & 1) || r->in_use[port])
		return;
	hw_port_done(&r->port[port]);
	r->busy[port] = r->port[port].busy;
}

static int ats_invalidate(void *ctx, const struct hw_ats_inv *inv,
			  uint64_t cookie)
{
	static const int rets[] = { 0, -EINPROGRESS, -ENODEV, -ETIMEDOUT };
	struct rig *r = ctx;
	int ret = rets[in_u8(r->in) & 3];

	FUZZ_CHECK(r->w.held_n == 1);
	FUZZ_CHECK(!inv->size || (!(inv->size & (inv->size - 1)) &&
				  !(inv->addr & (inv->size - 1))));
	if (ret == -EINPROGRESS)
		r->inv_cookie[r->inv_n++ % FUZZ_COUNT(r->inv_cookie)] = cookie;
	return ret;
}

static void prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct rig *r = ctx;

	FUZZ_CHECK(!r->w.held_n);
	FUZZ_CHECK(resp->prgi < 512);
	r->want.prg_responses++;
	nested(r);
}

static void take_stall(struct rig *r, uint64_t cookie, struct hw_txn *ret_txn,
		       bool *ret_early)
{
	unsigned int i;

	*ret_early = false;
	for (i = 0; i < r->stall_n; i++)
		if (r->stalls[i].cookie == cookie)
			break;
	if (i < r->stall_n) {
		*ret_txn = r->stalls[i].txn;
		r->stalls[i] = r->stalls[--r->stall_n];
		return;
	}
	FUZZ_CHECK(r->calling == cookie && !r->called);
	r->called = true;
	*ret_early = true;
}

static void resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	struct rig *r = ctx;
	struct hw_xlat xlat;
	struct hw_txn txn;
	unsigned int i;
	bool early;

	FUZZ_CHECK(!r->w.held_n);
	FUZZ_CHECK(how == HW_RESUME_ABORT || how == HW_RESUME_RETRY ||
		   (how == HW_RESUME_RAZWI &&
		    !REG_GET(SMMU_IDR0_TERM_MODEL, r->cfg.idr[0])));
	take_stall(r, cookie, &txn, &early);
	if (fuzz_broken("resume"))
		take_stall(r, cookie, &txn, &early);
	r->want.resumes++;
	if (early)
		return;
	for (i = 0; i < RIG_PORTS; i++)
		if (rig_free(r, i))
			break;
	if (how == HW_RESUME_RETRY && r->retry_at_once && i < RIG_PORTS &&
	    r->depth < RIG_DEPTH)
		(void)!rig_translate(r, i, &txn, false, &xlat);
	else
		nested(r);
}

/* Other threads get on: one leaves its transaction, or does something. */
static void on_relax(void *ctx, unsigned int turns)
{
	struct rig *r = ctx;
	unsigned int i;

	if (turns < 4 && r->depth < RIG_DEPTH) {
		nested(r);
		return;
	}
	/* Some wait until the model gives up. */
	if (turns == 4)
		r->stuck = (in_u8(r->in) & 7) == 1;
	if (r->stuck)
		return;
	for (i = 0; i < RIG_PORTS; i++)
		rig_release(r, i);
}

int rig_create(struct rig *r, const struct smmuv3_hw_cfg *cfg, struct in *in)
{
	size_t size = smmuv3_hw_size(cfg);
	struct hw_bus bus = {
		.ctx = r,
		.ats_invalidate = ats_invalidate,
		.prg_response = prg_response,
		.resume = resume,
	};
	struct hw_env env;
	struct frame f;
	int ret;

	world_reset(&r->w);
	memset((char *)r + sizeof(r->w), 0, sizeof(*r) - sizeof(r->w));
	r->cfg = *cfg;
	r->in = in;
	r->w.ctx = r;
	r->w.on_relax = on_relax;
	world_env(&r->w, &env);
	r->state = world_state(size);
	rig_enter(r, &f);
	ret = smmuv3_hw_create(cfg, &env, &bus, r->state, size, &r->hw);
	FUZZ_CHECK(!ret == !!size && (!ret || ret == -EINVAL));
	if (ret) {
		FUZZ_CHECK(!r->w.locks);
		return ret;
	}
	r->w.pa_bits = rig_oas_lg2(cfg);
	r->w.words = true;
	rig_snapshot(r);
	rig_leave(r, &f);
	return 0;
}

/* As good as new: one page is translated, if the SMMU can. */
static void check_works(struct rig *r)
{
	uint64_t pa = guest_simple(r);
	struct hw_txn txn = { .perm = 1, .addr = 0x7123 };
	struct hw_xlat xlat;

	if (!pa)
		return;
	if (fuzz_broken("new"))
		txn.addr += 0x1000;
	FUZZ_CHECK(!rig_translate(r, 0, &txn, false, &xlat));
	FUZZ_CHECK(xlat.pa == (pa | 0x123));
}

void rig_destroy(struct rig *r)
{
	struct in none = { NULL, NULL };
	unsigned int i;

	r->in = &none;
	r->w.meddle = 0;
	r->w.abort_last = 0;
	r->retry_at_once = false;
	for (i = 0; i < RIG_PORTS; i++)
		rig_release(r, i);
	rig_reset(r);
	FUZZ_CHECK(!r->stall_n);
	rig_port(r, 0, true);
	check_works(r);
	rig_reset(r);
	for (i = 0; i < RIG_PORTS; i++)
		rig_port(r, i, false);
	rig_check_stats(r);
	smmuv3_hw_destroy(r->hw);
	FUZZ_CHECK(!r->w.locks);
}
