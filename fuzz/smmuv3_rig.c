/* SPDX-License-Identifier: MIT */
/*
 * Calls into the model, and what has to hold after each.
 *
 *  - memory accesses are few: what an operation may need, plus two for each
 *    command; none beyond the output address size
 *  - it writes records into the output queues and flags into descriptors it
 *    has read, and nothing else; an MSI goes where a register or a CMD_SYNC
 *    says
 *  - a successful translation leaves its port busy, nothing else changes any
 *  - a transaction that was stalled ends once
 *  - indexes of the output queues move by the records written, inside the
 *    queue
 *  - counters count
 *  - no lock is held that was not before
 */
#include "fuzz/smmuv3_rig.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Loads of one operation beside commands. A nested translation is the worst:
 * level-1 descriptor and STE; then through stage 2, of up to five levels each,
 * a level-1 descriptor, a CD and five levels of stage 1; and the page itself:
 * 1 + 8 + (5 + 1) + (5 + 8) + 5 * (5 + 1) + 5 = 63. Twice that, because a VMS
 * or an address translation operation may come beside it.
 */
enum { LOADS = 128, CASES = 64, WRITES = 2, RELAXES = 256 };

static struct rig_queue queue_now(struct rig *r, uint64_t reg,
				  unsigned int max_lg2, unsigned int unit)
{
	uint64_t v = r->hw->ops->mmio_read(r->hw, reg, 8);
	unsigned int lg2 = (unsigned int)REG_GET(SMMU_EVENTQ_BASE_LOG2SIZE, v);
	struct rig_queue q = { .unit = unit };

	if (lg2 > max_lg2)
		lg2 = max_lg2;
	q.size = (uint64_t)unit << lg2;
	q.base = REG_GET(SMMU_EVENTQ_BASE_ADDR, v) << 5;
	q.base &= (UINT64_C(1) << rig_oas_lg2(&r->cfg)) - 1;
	q.base &= ~((q.size > 32 ? q.size : 32) - 1);
	return q;
}

static struct rig_msi msi_now(struct rig *r, uint64_t reg)
{
	uint64_t addr = r->hw->ops->mmio_read(r->hw, reg, 8);
	struct rig_msi m = { .data = (uint32_t)r->hw->ops->mmio_read(
				     r->hw, reg + 8, 4) };

	m.addr = (REG_GET(SMMU_IRQ_CFG0_ADDR, addr) << 2) &
		 ((UINT64_C(1) << rig_oas_lg2(&r->cfg)) - 1);
	return m;
}

/*
 * Where the registers send things now; where they sent them before in the same
 * operation is allowed too. Reading a register lets commands proceed, as part
 * of the frame this is called in.
 */
static void snapshot(struct rig *r)
{
	struct rig_places now = {
		.queue = { queue_now(r, SMMU_EVENTQ_BASE,
				     (unsigned int)REG_GET(SMMU_IDR1_EVENTQS,
							   r->cfg.idr[1]),
				     32),
			   queue_now(r, SMMU_PRIQ_BASE,
				     (unsigned int)REG_GET(SMMU_IDR1_PRIQS,
							   r->cfg.idr[1]),
				     16) },
		.msi = { msi_now(r, SMMU_GERROR_IRQ_CFG0),
			 msi_now(r, SMMU_EVENTQ_IRQ_CFG0),
			 msi_now(r, SMMU_PRIQ_IRQ_CFG0) },
	};

	if (r->places_n == RIG_PLACES)
		r->places_lost = true;
	else
		r->places[r->places_n++] = now;
}

/* From now on only what the registers say now. */
static void forget(struct rig *r)
{
	if (r->places_lost) {
		r->places_n = 0;
		r->places_lost = false;
		snapshot(r);
	} else if (r->places_n) {
		r->places[0] = r->places[r->places_n - 1];
		r->places_n = 1;
	}
}

static void check_write(struct rig *r, const struct access *a)
{
	unsigned int i, k;

	for (i = 0; i < r->places_n; i++)
		for (k = 0; k < 2; k++) {
			const struct rig_queue *q = &r->places[i].queue[k];

			if (a->len == q->unit && a->pa - q->base < q->size &&
			    !((a->pa - q->base) % q->unit))
				return;
		}
	if (!r->places_lost)
		FUZZ_FAIL("a write outside the output queues");
}

/* Access flag set; dirty state: AP[2] cleared, or S2AP[1] set, under DBM. */
static void check_flags(struct rig *r, const struct frame *f, unsigned int n)
{
	const struct access *a = &r->w.log[n];
	uint64_t diff = a->value ^ a->to;
	unsigned int i;

	FUZZ_CHECK(a->value & 1);
	FUZZ_CHECK(!(diff & ~(UINT64_C(1) << 10 | UINT64_C(1) << 7)));
	FUZZ_CHECK(!(diff >> 10 & 1) || a->to >> 10 & 1);
	FUZZ_CHECK(!(diff >> 7 & 1) || a->to >> 51 & 1);
	for (i = f->first; i < n; i++)
		if (r->w.log[i].kind == ACCESS_LOAD && r->w.log[i].pa == a->pa)
			return;
	FUZZ_FAIL("a descriptor was written that was not read");
}

static void check_msi(struct rig *r, const struct frame *f, unsigned int n)
{
	const struct access *a = &r->w.log[n], *l;
	uint64_t oas = (UINT64_C(1) << rig_oas_lg2(&r->cfg)) - 1;
	unsigned int i, k;

	FUZZ_CHECK(!(a->pa % 4) && REG_GET(SMMU_IDR0_MSI, r->cfg.idr[0]));
	for (i = 0; i < r->places_n; i++)
		for (k = 0; k < 3; k++)
			if (r->places[i].msi[k].addr == a->pa &&
			    r->places[i].msi[k].data == (uint32_t)a->to)
				return;
	for (i = f->first; i + 1 < n; i++) {
		l = &r->w.log[i];
		if (l->kind == ACCESS_LOAD && l[1].kind == ACCESS_LOAD &&
		    l[1].pa == l->pa + 8 && (l->value & 0xff) == SMMU_OP_SYNC &&
		    l->value >> 32 == a->to &&
		    (l[1].value & 0xfffffffffffffcu & oas) == a->pa)
			return;
	}
	if (!r->places_lost && r->w.log_n < WORLD_LOG)
		FUZZ_FAIL("an MSI that nobody asked for");
}

static void check_log(struct rig *r, const struct frame *f)
{
	unsigned int i;

	for (i = f->first; i < r->w.log_n; i++)
		switch (r->w.log[i].kind) {
		case ACCESS_WRITE:
			check_write(r, &r->w.log[i]);
			break;
		case ACCESS_CAS:
			check_flags(r, f, i);
			break;
		case ACCESS_MSI:
			check_msi(r, f, i);
			break;
		case ACCESS_LOAD:
		case ACCESS_READ:
		default:
			break;
		}
}

static void get_stats(struct rig *r, struct iommu_hw_stats *s)
{
	r->hw->ops->stats(r->hw, s);
	if (fuzz_broken("counters"))
		s->resumes += s->stalls > 2;
}

#define MONOTONE(x) FUZZ_CHECK(now.x >= r->last.x)

static void check_stats(struct rig *r)
{
	struct iommu_hw_stats now;

	get_stats(r, &now);
	MONOTONE(translations);
	MONOTONE(tlb_hits);
	MONOTONE(tlb_misses);
	MONOTONE(walks);
	MONOTONE(events);
	MONOTONE(events_lost);
	MONOTONE(commands);
	MONOTONE(config_invalidations);
	MONOTONE(tlb_invalidations);
	MONOTONE(ats_invalidations);
	MONOTONE(syncs);
	MONOTONE(resumes);
	FUZZ_CHECK(now.tlb_hits + now.tlb_misses <= now.translations);
	FUZZ_CHECK(now.events_lost <= now.events);
	FUZZ_CHECK(now.config_invalidations + now.tlb_invalidations +
			   now.ats_invalidations + now.syncs <=
		   now.commands + 1);
	if (r->depth <= 1) {
		FUZZ_CHECK(now.translations == r->want.translations);
		FUZZ_CHECK(now.ats_requests == r->want.ats_requests);
		FUZZ_CHECK(now.page_requests == r->want.page_requests);
		FUZZ_CHECK(now.prg_responses == r->want.prg_responses);
		FUZZ_CHECK(now.stalls == r->want.stalls);
		FUZZ_CHECK(now.resumes == r->want.resumes);
		FUZZ_CHECK(now.resumes + r->stall_n == now.stalls);
	}
	r->last = now;
}

static void check_ports(struct rig *r)
{
	unsigned int i;

	for (i = 0; i < RIG_PORTS; i++)
		if (!r->in_use[i])
			FUZZ_CHECK(r->port[i].busy == r->busy[i]);
}

static void enter(struct rig *r, struct frame *f)
{
	world_enter(&r->w, f);
	f->commands = r->last.commands;
	if (!r->depth)
		forget(r);
	r->depth++;
	r->calls++;
}

static void leave(struct rig *r, struct frame *f)
{
	check_stats(r);
	/* Snapshots and looks at an index try a command each. */
	FUZZ_CHECK(f->loads <=
		   2 * (r->last.commands - f->commands + 16) + LOADS);
	FUZZ_CHECK(f->cas - f->forced <= CASES);
	FUZZ_CHECK(f->writes <= WRITES);
	FUZZ_CHECK(f->relaxes <= RELAXES);
	check_log(r, f);
	check_ports(r);
	world_leave(&r->w, f);
	r->depth--;
}

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

	enter(r, &f);
	v = r->hw->ops->mmio_read(r->hw, offset, size);
	leave(r, &f);
	return v;
}

void rig_write(struct rig *r, uint64_t offset, unsigned int size, uint64_t v)
{
	struct frame f;

	enter(r, &f);
	r->hw->ops->mmio_write(r->hw, offset, size, v);
	snapshot(r);
	leave(r, &f);
}

/* PROD of an output queue, without what software may have written into it. */
struct index {
	uint64_t reg;
	unsigned int unit;
	uint32_t value;
	uint64_t mask;
	unsigned long calls; /* until it was read */
};

static uint32_t read_index(struct rig *r, uint64_t reg)
{
	uint32_t v = (uint32_t)r->hw->ops->mmio_read(r->hw, reg, 4);

	return fuzz_broken("index") ? v ^ 0x80000 : v;
}

static void index_before(struct rig *r, struct index *x, bool events)
{
	uint64_t base = events ? SMMU_EVENTQ_BASE : SMMU_PRIQ_BASE;
	uint64_t v = r->hw->ops->mmio_read(r->hw, base, 8);
	unsigned int lg2 = (unsigned int)REG_GET(SMMU_EVENTQ_BASE_LOG2SIZE, v);
	unsigned int max = (unsigned int)(events ? REG_GET(SMMU_IDR1_EVENTQS,
							   r->cfg.idr[1]) :
						   REG_GET(SMMU_IDR1_PRIQS,
							   r->cfg.idr[1]));

	x->reg = events ? SMMU_EVENTQ_PROD : SMMU_PRIQ_PROD;
	x->unit = events ? 32 : 16;
	x->mask = (UINT64_C(2) << (lg2 < max ? lg2 : max)) - 1;
	x->value = (uint32_t)r->hw->ops->mmio_read(r->hw, x->reg, 4);
	x->calls = r->calls;
}

/* If nothing nested wrote too, the index is further by the records in the log. */
static void index_after(struct rig *r, const struct frame *f,
			const struct index *x)
{
	uint32_t now = read_index(r, x->reg) & 0x7fffffff;
	uint32_t old = x->value & 0x7fffffff;
	uint64_t n = 0;
	unsigned int i;

	for (i = f->first; i < r->w.log_n; i++)
		n += r->w.log[i].kind == ACCESS_WRITE &&
		     r->w.log[i].len == x->unit;
	if (now != old && r->calls == x->calls)
		FUZZ_CHECK(now == ((old + n) & x->mask));
}

static void check_xlat(const struct rig *r, const struct hw_txn *txn,
		       const struct hw_xlat *x)
{
	unsigned int oas = rig_oas_lg2(&r->cfg);
	uint64_t pa = fuzz_broken("address") ? x->pa | UINT64_C(1) << 60 :
					       x->pa;

	FUZZ_CHECK(!(pa >> oas) && x->len &&
		   x->len <= (UINT64_C(1) << oas) - pa);
	/* INSTCFG may make a read a fetch and back; a write stays one. */
	if (txn->perm & 2)
		FUZZ_CHECK(x->perm & 2);
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
	struct index evt;
	struct frame f;
	int ret;

	enter(r, &f);
	t.cookie = r->calling = ++r->next_cookie;
	r->called = false;
	r->in_use[port] = true;
	r->want.translations++;
	index_before(r, &evt, true);
	ret = r->hw->ops->translate(r->hw, &r->port[port], &t, ret_xlat);
	index_after(r, &f, &evt);
	r->in_use[port] = false;
	FUZZ_CHECK(!ret || ret == -EFAULT || ret == -EINPROGRESS ||
		   ret == -EAGAIN);
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
		check_xlat(r, txn, ret_xlat);
		/* Before the frame ends: its flag updates follow its loads. */
		check_again(r, txn, ret_xlat);
	}
	leave(r, &f);
	if (!ret && !hold)
		rig_release(r, port);
	return ret;
}

void rig_ats(struct rig *r, unsigned int port, const struct hw_txn *txn)
{
	uint64_t busy = r->port[port].busy;
	struct hw_ats_reply reply;
	struct index evt;
	struct frame f;

	enter(r, &f);
	r->in_use[port] = true;
	r->want.translations++;
	r->want.ats_requests++;
	index_before(r, &evt, true);
	r->hw->ops->ats_translate(r->hw, &r->port[port], txn, &reply);
	r->in_use[port] = false;
	index_after(r, &f, &evt);
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
			check_xlat(r, &(struct hw_txn){ .perm = 0 },
				   &reply.xlat);
	}
	leave(r, &f);
}

void rig_page_request(struct rig *r, const struct hw_page_request *req)
{
	struct index evt, pri;
	struct frame f;

	enter(r, &f);
	r->want.page_requests++;
	index_before(r, &evt, true);
	index_before(r, &pri, false);
	r->hw->ops->page_request(r->hw, req);
	index_after(r, &f, &evt);
	index_after(r, &f, &pri);
	leave(r, &f);
}

void rig_inv_complete(struct rig *r, uint64_t cookie, bool ok)
{
	struct frame f;

	enter(r, &f);
	r->hw->ops->ats_inv_complete(r->hw, cookie, ok);
	leave(r, &f);
}

void rig_reset(struct rig *r)
{
	struct frame f;

	enter(r, &f);
	r->hw->ops->reset(r->hw);
	snapshot(r);
	leave(r, &f);
}

void rig_port(struct rig *r, unsigned int port, bool add)
{
	struct frame f;

	if (r->added[port] == add || r->in_use[port] || r->busy[port] & 1)
		return;
	enter(r, &f);
	if (add) {
		memset(&r->port[port], 0, sizeof(r->port[port]));
		r->busy[port] = 0;
		r->hw->ops->port_add(r->hw, &r->port[port]);
	} else {
		r->hw->ops->port_remove(r->hw, &r->port[port]);
	}
	r->added[port] = add;
	leave(r, &f);
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

static void resume(void *ctx, uint64_t cookie, bool retry)
{
	struct rig *r = ctx;
	struct hw_xlat xlat;
	struct hw_txn txn;
	unsigned int i;
	bool early;

	FUZZ_CHECK(!r->w.held_n);
	take_stall(r, cookie, &txn, &early);
	if (fuzz_broken("resume"))
		take_stall(r, cookie, &txn, &early);
	r->want.resumes++;
	if (early)
		return;
	for (i = 0; i < RIG_PORTS; i++)
		if (rig_free(r, i))
			break;
	if (retry && r->retry_at_once && i < RIG_PORTS && r->depth < RIG_DEPTH)
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
	/* One in four drains gives up. */
	if (turns == 4 && !(in_u8(r->in) & 3))
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
	if (posix_memalign(&r->state, 64, size ? size : 64))
		exit(2);
	enter(r, &f);
	ret = smmuv3_hw_create(cfg, &env, &bus, r->state, size, &r->hw);
	FUZZ_CHECK(!ret == !!size && (!ret || ret == -EINVAL));
	if (ret) {
		FUZZ_CHECK(!r->w.locks);
		free(r->state);
		r->state = NULL;
		return ret;
	}
	r->w.pa_bits = rig_oas_lg2(cfg);
	r->w.words = true;
	snapshot(r);
	leave(r, &f);
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
	check_stats(r);
	smmuv3_hw_destroy(r->hw);
	FUZZ_CHECK(!r->w.locks);
	free(r->state);
	r->state = NULL;
}
