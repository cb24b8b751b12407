/* SPDX-License-Identifier: MIT */
/*
 * Calls into the model and back, each with the oracles of vtd_oracle.c around
 * it; what the bus, other threads and a late answer may do meanwhile comes from
 * the input.
 */
#include "fuzz/vtd_rig.h"

#include <errno.h>

enum { SAVED_WORDS_MAX = 1024 };

/* A nested operation, if the input wants one. */
static void nested(struct rig *r)
{
	if (!r->quiet && r->depth < RIG_DEPTH && in_u8(r->in) & 1)
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

/*
 * Both pointers are set again, which empties all caches of a unit that has
 * ESRTPS and ESIRTPS. False: it cannot be said what is cached.
 */
static bool freshen(struct rig *r)
{
	const uint64_t on = FIELD_MASK(VTD_GCMD_TE) | FIELD_MASK(VTD_GCMD_QIE) |
			    FIELD_MASK(VTD_GCMD_IRE) | FIELD_MASK(VTD_GCMD_CFI);
	unsigned int i;
	uint64_t v;

	for (i = 0; i < RIG_PORTS; i++)
		if (r->busy[i] & 1 || r->in_use[i])
			return false;
	if (r->depth || r->w.meddle || !REG_GET(VTD_CAP_ESRTPS, r->cfg.cap) ||
	    !REG_GET(VTD_CAP_ESIRTPS, r->cfg.cap))
		return false;
	v = rig_read(r, VTD_GSTS, 4) & on;
	v |= FIELD_MASK(VTD_GCMD_SRTP) | FIELD_MASK(VTD_GCMD_SIRTP);
	rig_write(r, VTD_GCMD, 4, v);
	return true;
}

/* What the tables say of the first and of the last byte. */
static void check_tables(struct rig *r, const struct hw_txn *txn,
			 const struct hw_xlat *x)
{
	uint64_t pa, last = x->len - 1;

	if (fuzz_broken("tables"))
		last += UINT64_C(1) << 30;
	FUZZ_CHECK(naive_translate(r, txn, txn->addr, &pa));
	FUZZ_CHECK(pa == x->pa);
	FUZZ_CHECK(naive_translate(r, txn, txn->addr + last, &pa));
	FUZZ_CHECK(pa == x->pa + last);
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

static int transact(struct rig *r, unsigned int port, const struct hw_txn *txn,
		    bool hold, struct hw_xlat *ret_xlat)
{
	struct rig_faults faults;
	struct frame f;
	int ret;

	rig_enter(r, &f);
	r->in_use[port] = true;
	r->want.translations++;
	rig_faults_before(r, &faults);
	ret = r->hw->ops->translate(r->hw, &r->port[port], txn, ret_xlat);
	rig_faults_after(r, &faults, txn->requester);
	r->in_use[port] = false;
	FUZZ_CHECK(!ret || ret == -EFAULT);
	if (fuzz_broken("busy"))
		hw_port_done(&r->port[port]);
	FUZZ_CHECK((r->port[port].busy & 1) == !ret);
	r->busy[port] = r->port[port].busy;
	if (!ret) {
		rig_check_xlat(r, txn, ret_xlat);
		if (r->agrees)
			check_tables(r, txn, ret_xlat);
		/* Before the frame ends: its flag updates follow its loads. */
		check_again(r, txn, ret_xlat);
	}
	rig_leave(r, &f);
	if (!ret && !hold)
		rig_release(r, port);
	return ret;
}

int rig_translate(struct rig *r, unsigned int port, const struct hw_txn *txn,
		  bool hold, bool fresh, struct hw_xlat *ret_xlat)
{
	int ret;

	r->quiet = fresh;
	r->agrees = fresh && freshen(r);
	ret = transact(r, port, txn, hold, ret_xlat);
	r->quiet = false;
	return ret;
}

void rig_translate_next(struct rig *r, unsigned int port,
			const struct hw_txn *first, const struct hw_txn *txn)
{
	struct hw_xlat xlat;
	struct frame f;
	bool fair;

	rig_enter(r, &f);
	fair = naive_compatible(r, first, txn);
	rig_leave(r, &f);
	if (!fair)
		return;
	r->quiet = true;
	(void)!transact(r, port, txn, false, &xlat);
	r->quiet = false;
}

static void check_reply(struct rig *r, const struct frame *f,
			const struct hw_txn *txn, bool fresh,
			const struct hw_ats_reply *reply)
{
	struct hw_txn granted = *txn;
	/* ECAP.NWFS */
	bool nw = txn->flags & HW_TXN_NO_WRITE && r->cfg.ecap >> 33 & 1;
	unsigned int i;

	FUZZ_CHECK(reply->xlat.len);
	/* A read-only request does not dirty a page. */
	for (i = f->first; nw && i < r->w.log_n; i++)
		FUZZ_CHECK(r->w.log[i].kind != ACCESS_CAS ||
			   !((r->w.log[i].value ^ r->w.log[i].to) >> 6 & 1));
	if (!(reply->xlat.perm & 7) || reply->untranslated_only)
		return;
	granted.perm = reply->xlat.perm;
	rig_check_xlat(r, &granted, &reply->xlat);
	if (fresh)
		check_tables(r, &granted, &reply->xlat);
}

void rig_ats(struct rig *r, unsigned int port, const struct hw_txn *txn,
	     bool fresh)
{
	uint64_t busy = r->port[port].busy;
	struct hw_ats_reply reply;
	struct rig_faults faults;
	struct frame f;

	r->quiet = fresh;
	fresh = fresh && freshen(r);
	rig_enter(r, &f);
	r->in_use[port] = true;
	r->want.translations++;
	r->want.ats_requests++;
	rig_faults_before(r, &faults);
	r->hw->ops->ats_translate(r->hw, &r->port[port], txn, &reply);
	rig_faults_after(r, &faults, txn->requester);
	r->in_use[port] = false;
	FUZZ_CHECK(r->port[port].busy == busy);
	FUZZ_CHECK(reply.status == HW_ATS_SUCCESS ||
		   reply.status == HW_ATS_UR || reply.status == HW_ATS_CA);
	if (reply.status == HW_ATS_SUCCESS)
		check_reply(r, &f, txn, fresh, &reply);
	rig_leave(r, &f);
	r->quiet = false;
}

void rig_page_request(struct rig *r, const struct hw_page_request *req)
{
	struct rig_faults faults;
	struct rig_tail tail;
	struct frame f;

	rig_enter(r, &f);
	r->want.page_requests++;
	rig_faults_before(r, &faults);
	rig_tail_before(r, &tail);
	r->hw->ops->page_request(r->hw, req);
	rig_tail_after(r, &f, &tail, req->requester);
	rig_faults_after(r, &faults, req->requester);
	rig_leave(r, &f);
}

/* Remappable, and an entry says what becomes of it; or as it came. */
static void check_interrupt(struct rig *r, uint16_t sid,
			    const struct vtd_hw_msg *msg, bool fresh,
			    const struct vtd_hw_msg *got)
{
	uint64_t gsts = r->hw->ops->mmio_read(r->hw, VTD_GSTS, 4);
	uint8_t vector;

	if (!REG_GET(VTD_GSTS_IRES, gsts) ||
	    !REG_GET(VTD_MSI_ADDR_IF, msg->addr)) {
		FUZZ_CHECK(got->addr == msg->addr && got->data == msg->data);
		FUZZ_CHECK(!REG_GET(VTD_GSTS_IRES, gsts) ||
			   REG_GET(VTD_GSTS_CFIS, gsts));
		return;
	}
	FUZZ_CHECK((got->addr & UINT64_C(0xfff00000)) == UINT64_C(0xfee00000));
	if (!fresh)
		return;
	FUZZ_CHECK(naive_interrupt(r, sid, msg, &vector));
	if (fuzz_broken("vector"))
		vector ^= 1;
	FUZZ_CHECK((uint8_t)got->data == vector);
}

void rig_interrupt(struct rig *r, uint16_t sid, const struct vtd_hw_msg *msg,
		   bool fresh)
{
	struct rig_faults faults;
	struct vtd_hw_msg got;
	struct frame f;
	int ret;

	r->quiet = fresh;
	fresh = fresh && freshen(r);
	rig_enter(r, &f);
	rig_faults_before(r, &faults);
	ret = vtd_hw_remap_irq(r->hw, sid, msg, &got);
	rig_faults_after(r, &faults, sid);
	FUZZ_CHECK(!ret || ret == -EFAULT);
	if (!ret)
		check_interrupt(r, sid, msg, fresh, &got);
	rig_leave(r, &f);
	r->quiet = false;
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

/*
 * A snapshot, damaged or not, a reset, and back again: what was saved can be
 * restored and is saved again as the same bytes; what was changed is refused,
 * or is a state like any other. Of the layout one thing is known here: the last
 * word is the sum of all before it.
 */
static uint64_t sum(const uint64_t *buf, size_t words)
{
	const uint8_t *p = (const uint8_t *)buf;
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < 8 * (words - 1); i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

static bool change(struct rig *r, uint64_t *buf, size_t words)
{
	uint8_t b = in_u8(r->in);
	unsigned int n = b & 3, i;

	while (n--) {
		i = in_u16(r->in);
		/* Half of them where registers are. */
		i = i & 0x8000 ? i % (unsigned int)words : i % 48;
		buf[i] ^= in_word(r->in);
	}
	if (!(b & 4))
		buf[words - 1] = sum(buf, words);
	return b & 7;
}

static int restore(struct rig *r, const uint64_t *buf, size_t words)
{
	static uint64_t again[SAVED_WORDS_MAX];
	struct frame f;
	int ret;

	rig_enter(r, &f);
	ret = vtd_hw_restore(r->hw, buf, 8 * words);
	FUZZ_CHECK(!ret || ret == -EINVAL);
	if (!ret) {
		FUZZ_CHECK(!f.loads && !f.writes && !f.cas);
		FUZZ_CHECK(!vtd_hw_save(r->hw, again, 8 * words));
		FUZZ_CHECK(!memcmp(buf, again, 8 * words));
		/* What it waits for, nobody here has seen. */
		r->waits_lost = true;
		r->places_lost = true;
	}
	rig_snapshot(r);
	rig_leave(r, &f);
	return ret;
}

void rig_saved(struct rig *r)
{
	static uint64_t buf[SAVED_WORDS_MAX];
	size_t size = vtd_hw_snapshot_size(), words = size / 8;
	unsigned int i;
	bool changed;
	int ret;

	FUZZ_CHECK(size <= sizeof(buf));
	/* Nobody else calls the model. */
	if (r->depth)
		return;
	ret = vtd_hw_save(r->hw, buf, size);
	FUZZ_CHECK(!ret || ret == -EBUSY);
	if (ret)
		return;
	rig_reset(r);
	/* Something nested may have kept it busy. */
	for (i = 0; i < RIG_PORTS; i++)
		if (r->busy[i] & 1)
			return;
	changed = change(r, buf, words);
	FUZZ_CHECK(vtd_hw_restore(r->hw, buf, size - 1) == -EINVAL);
	if (fuzz_broken("saved"))
		buf[words - 1] ^= 1;
	ret = restore(r, buf, words);
	FUZZ_CHECK(!ret || changed);
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
	FUZZ_CHECK(REG_GET(VTD_ECAP_DT, r->cfg.ecap));
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

int rig_create(struct rig *r, const struct vtd_hw_cfg *cfg, struct in *in)
{
	size_t size = vtd_hw_size(cfg);
	struct hw_bus bus = {
		.ctx = r,
		.ats_invalidate = ats_invalidate,
		.prg_response = prg_response,
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
	ret = vtd_hw_create(cfg, &env, &bus, r->state, size, &r->hw);
	FUZZ_CHECK(!ret == !!size && (!ret || ret == -EINVAL));
	if (ret) {
		FUZZ_CHECK(!r->w.locks);
		return ret;
	}
	r->w.pa_bits = rig_haw(cfg);
	r->w.words = true;
	/* Upper bits are of the destination. */
	r->w.msi_any = true;
	rig_snapshot(r);
	rig_leave(r, &f);
	return 0;
}

/* As good as new: one page is translated, if the unit can. */
static void check_works(struct rig *r)
{
	uint64_t pa = guest_simple(r);
	struct hw_txn txn = { .requester = 8, .perm = 1, .addr = 0x7123 };
	struct hw_xlat xlat;

	if (!pa)
		return;
	if (fuzz_broken("new"))
		txn.addr += 0x1000;
	FUZZ_CHECK(!rig_translate(r, 0, &txn, false, false, &xlat));
	FUZZ_CHECK(xlat.pa == (pa | 0x123));
}

void rig_destroy(struct rig *r)
{
	struct in none = { NULL, NULL };
	unsigned int i;

	r->in = &none;
	r->w.meddle = 0;
	r->w.abort_last = 0;
	for (i = 0; i < RIG_PORTS; i++)
		rig_release(r, i);
	rig_reset(r);
	rig_port(r, 0, true);
	check_works(r);
	rig_reset(r);
	for (i = 0; i < RIG_PORTS; i++)
		rig_port(r, i, false);
	rig_check_stats(r);
	vtd_hw_destroy(r->hw);
	FUZZ_CHECK(!r->w.locks);
}
