/* SPDX-License-Identifier: MIT */
/*
 * The invalidation queue: fetching, waiting, errors (6.5.2).
 *
 * Descriptors are executed in order, each completely, except that device TLBs
 * take their time. The head moves when a descriptor was executed; past a wait
 * descriptor it moves when that is fetched, and what is behind it goes on
 * unless it is a fence. A wait descriptor is complete when every device TLB
 * has answered that was invalidated before it, no request is in flight that
 * used what was invalidated, and, with PD, every page request that came before
 * is in the queue or answered.
 *
 * An invalid descriptor (IQE) stays at the head, and nothing is fetched until
 * software clears the error. So it is with a device TLB that does not answer
 * (ITE), which also aborts the wait descriptors that are pending. Hardware
 * finds that out late, when it has fetched what there is: so here what follows
 * in the queue is fetched first, as far as the next wait descriptor, which is
 * aborted then.
 */
#include "models/vtd/inval.h"

#include "fmt/vtd.h"
#include "models/vtd/event.h"
#include "models/vtd/fault.h"
#include "models/vtd/port.h"

/* Twice the largest queue: more is software that never stops. */
enum { BUDGET = 1 << 16 };

/* How often a status write is tried against a busy neighbour. */
enum { STATUS_TRIES = 64 };

bool vtd_hw_inval_drain(struct vtd_hw *m)
{
	if (!m->iq.undrained)
		return true;
	m->iq.undrained = false;
	return vtd_hw_drain(m);
}

/* Cookie: source-id 63:48, epoch 47:32, generation 31:16, place + 1. */
uint64_t vtd_hw_inflight_begin(struct vtd_hw *m, uint16_t sid)
{
	unsigned int i;

	for (i = 0; i < VTD_HW_INFLIGHT; i++) {
		struct vtd_hw_inflight *f = &m->iq.inflight[i];

		if (f->used)
			continue;
		f->used = true;
		m->iq.answers++;
		f->sid = sid;
		f->gen++;
		f->seq = ++m->iq.seq;
		return (uint64_t)sid << 48 | (uint64_t)m->iq.epoch << 32 |
		       (uint64_t)f->gen << 16 | (i + 1);
	}
	return 0;
}

static struct vtd_hw_inflight *inflight(struct vtd_hw *m, uint64_t cookie)
{
	unsigned int i = (unsigned int)(cookie & 0xffff) - 1;
	struct vtd_hw_inflight *f;

	if (i >= VTD_HW_INFLIGHT)
		return NULL;
	f = &m->iq.inflight[i];
	return f->used && f->gen == (uint16_t)(cookie >> 16) &&
			       f->sid == cookie >> 48 ?
		       f :
		       NULL;
}

void vtd_hw_inflight_end(struct vtd_hw *m, uint64_t cookie, bool ok)
{
	struct vtd_hw_inflight *f = inflight(m, cookie);

	if (!f)
		return;
	f->used = false;
	m->iq.answers--;
	/* Translated requests that use what the device now forgets. */
	m->iq.undrained = true;
	if (ok || m->iq.timed_out)
		return;
	m->iq.timed_out = true;
	m->iq.timed_out_sid = f->sid;
}

/* 11.4.9.9: the first one is recorded. */
static void unexpected(struct vtd_hw *m, uint64_t cookie)
{
	if (!REG_GET(VTD_FSTS_ICE, m->reg[R_FSTS]))
		m->reg[R_IQERCD] = REG_PUT(VTD_IQERCD_ICESID, m->reg[R_IQERCD],
					   cookie >> 48);
	vtd_hw_fault_status(m, VTD_FSTS_ICE_LO);
}

void vtd_hw_ats_inv_complete(struct iommu_hw *hw, uint64_t cookie, bool ok)
{
	struct vtd_hw *m = vtd_hw_of(hw);

	vtd_hw_lock(m);
	/* Sent before a reset: nobody waits for it any more. */
	if ((uint16_t)(cookie >> 32) == m->iq.epoch) {
		if (inflight(m, cookie)) {
			vtd_hw_inflight_end(m, cookie, ok);
		} else {
			unexpected(m, cookie);
		}
		vtd_hw_inval_run(m);
	}
	vtd_hw_unlock(m);
}

/*
 * 4 bytes, published after everything that was done before, without touching
 * the 4 bytes beside them.
 */
static int write_status(struct vtd_hw *m, uint64_t addr, uint32_t data)
{
	unsigned int shift = addr & 4 ? 32 : 0, i;
	uint64_t word = align_down(addr, 8), old, seen;
	unsigned char buf[4];

	if (m->env.mem_load64(m->env.ctx, word, &old))
		return -EFAULT;
	for (i = 0; i < STATUS_TRIES; i++) {
		uint64_t desired = (old & ~((uint64_t)UINT32_MAX << shift)) |
				   (uint64_t)data << shift;

		if (m->env.mem_cas64(m->env.ctx, word, old, desired, &seen))
			return -EFAULT;
		if (seen == old)
			return 0;
		old = seen;
	}
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (unsigned char)(data >> 8 * i);
	return m->env.mem_write(m->env.ctx, addr, buf, sizeof(buf), NULL);
}

/* The status first, then the event (6.5.2.8). */
static void wait_complete(struct vtd_hw *m, const struct vtd_hw_wait *wait)
{
	struct vtd_inv inv = { { wait->dw[0], wait->dw[1], 0, 0 } };
	uint64_t addr = vtd_inv_wait_staddr(&inv) & m->haw_mask;

	m->stats.syncs++;
	if (FIELD_GET(VTD_INV_WAIT_SW, &inv) &&
	    write_status(m, addr,
			 (uint32_t)FIELD_GET(VTD_INV_WAIT_STDATA, &inv)))
		vtd_hw_log(m, HW_LOG_GUEST_ERROR,
			   "status write to %#llx was aborted",
			   (unsigned long long)addr);
	/* One that is not served yet stands for this one. */
	if (!FIELD_GET(VTD_INV_WAIT_IF, &inv) || m->reg[R_ICS])
		return;
	m->reg[R_ICS] = FIELD_MASK(VTD_ICS_IWC);
	vtd_hw_event_raise(m, VTD_HW_EVENT_INVAL);
}

static bool wait_ready(const struct vtd_hw *m, const struct vtd_hw_wait *wait)
{
	unsigned int i;

	if (wait->dw[0] & FIELD_MASK(VTD_INV_WAIT_PD) && m->responding)
		return false;
	if (!m->iq.answers)
		return true;
	for (i = 0; i < VTD_HW_INFLIGHT; i++)
		if (m->iq.inflight[i].used && m->iq.inflight[i].seq < wait->seq)
			return false;
	return true;
}

static void time_out(struct vtd_hw *m)
{
	m->iq.timed_out = false;
	m->iq.waits = 0;
	m->reg[R_IQERCD] = REG_PUT(VTD_IQERCD_ITESID, m->reg[R_IQERCD],
				   m->iq.timed_out_sid);
	vtd_hw_fault_status(m, VTD_FSTS_ITE_LO);
}

/* The oldest wait descriptor. False: there is nothing to be done. */
static bool finish(struct vtd_hw *m)
{
	struct vtd_hw_wait wait;

	if (!m->iq.waits)
		return false;
	if (m->iq.timed_out) {
		time_out(m);
		return true;
	}
	if (!wait_ready(m, &m->iq.wait[0]))
		return false;
	if (m->iq.undrained) {
		/* Without the lock much may happen: look again. */
		(void)vtd_hw_inval_drain(m);
		return true;
	}
	wait = m->iq.wait[0];
	m->iq.waits--;
	memmove(&m->iq.wait[0], &m->iq.wait[1],
		m->iq.waits * sizeof(m->iq.wait[0]));
	wait_complete(m, &wait);
	return true;
}

/* Geometry of the queue, in bytes. */
struct queue {
	uint64_t base;
	uint64_t size;
	unsigned int entry; /* of a descriptor */
	bool wide;
};

static struct queue queue_of(const struct vtd_hw *m)
{
	uint64_t iqa = m->reg[R_IQA];
	struct queue q = {
		.base = REG_GET(VTD_IQA_IQA, iqa) << VTD_QUEUE_UNIT_LG2,
		.size = BIT(VTD_QUEUE_UNIT_LG2 + REG_GET(VTD_IQA_QS, iqa)),
		.wide = REG_GET(VTD_IQA_DW, iqa),
	};

	q.entry = 1u << (q.wide ? VTD_INV_256_LG2 : VTD_INV_128_LG2);
	return q;
}

/* Head or tail; where the width has changed below the head, of the descriptor. */
static uint64_t place(const struct queue *q, uint64_t reg)
{
	return reg & FIELD_MASK(VTD_IQT_QT) & ~(uint64_t)(q->entry - 1);
}

/* In the queue, though it may have become smaller. */
static uint64_t head(const struct vtd_hw *m, const struct queue *q)
{
	return place(q, m->reg[R_IQH]) & (q->size - 1);
}

static bool empty(const struct vtd_hw *m, const struct queue *q)
{
	return head(m, q) == place(q, m->reg[R_IQT]);
}

/* 11.4.9.2: reserved with 256 bits, and an error as long as it is there. */
static bool misaligned(const struct vtd_hw *m, const struct queue *q)
{
	return q->wide && m->reg[R_IQT] & BIT(VTD_INV_128_LG2);
}

static void queue_error(struct vtd_hw *m, int iqei)
{
	vtd_hw_log(m, HW_LOG_GUEST_ERROR,
		   "invalidation queue error %d, head %#x", iqei,
		   (unsigned int)m->reg[R_IQH]);
	m->reg[R_IQERCD] =
		REG_PUT(VTD_IQERCD_IQEI, m->reg[R_IQERCD], (unsigned int)iqei);
	vtd_hw_fault_status(m, VTD_FSTS_IQE_LO);
}

/* What the table mode has to say: VTD_HW_INV_OK, or the code of an error. */
static int check_mode(const struct vtd_hw *m, bool wide)
{
	bool has_wide = ECAP(m, SMTS) || ECAP(m, ADMS);

	switch (vtd_hw_root_ttm(vtd_hw_root(m))) {
	case VTD_RTADDR_TTM_LEGACY:
		return wide && !has_wide ? VTD_IQEI_WIDTH : VTD_HW_INV_OK;
	case VTD_RTADDR_TTM_SCALABLE:
		if (!ECAP(m, SMTS))
			return VTD_IQEI_TTM;
		return wide ? VTD_HW_INV_OK : VTD_IQEI_WIDTH;
	case VTD_RTADDR_TTM_ABORT:
		if (!ECAP(m, ADMS))
			return VTD_IQEI_TTM;
		return wide ? VTD_HW_INV_OK : VTD_IQEI_WIDTH;
	default:
		return VTD_IQEI_TTM;
	}
}

static int read_descriptor(struct vtd_hw *m, const struct queue *q,
			   struct vtd_inv *ret_inv)
{
	uint64_t addr = q->base + head(m, q);
	unsigned int i;

	*ret_inv = (struct vtd_inv){ { 0 } };
	for (i = 0; i < q->entry / 8; i++)
		if (m->env.mem_load64(m->env.ctx, addr + 8 * i,
				      &ret_inv->dw[i]))
			return VTD_IQEI_FETCH;
	return VTD_HW_INV_OK;
}

/* A fence, or as many wait descriptors as there can be. */
static bool held(const struct vtd_hw *m)
{
	return m->iq.waits == VTD_HW_WAITS ||
	       (m->iq.waits && m->iq.wait[m->iq.waits - 1].dw[0] &
				       FIELD_MASK(VTD_INV_WAIT_FN));
}

static bool fetching(const struct vtd_hw *m)
{
	return m->iq.on && !held(m) &&
	       !(m->reg[R_FSTS] &
		 (FIELD_MASK(VTD_FSTS_IQE) | FIELD_MASK(VTD_FSTS_ITE)));
}

static void add_wait(struct vtd_hw *m, const struct vtd_inv *inv)
{
	m->iq.wait[m->iq.waits++] = (struct vtd_hw_wait){
		.seq = ++m->iq.seq,
		.dw = { inv->dw[0], inv->dw[1] },
	};
}

/* One descriptor. False: there is none, or it has to wait, or is an error. */
static bool fetch(struct vtd_hw *m)
{
	struct queue q = queue_of(m);
	uint16_t epoch = m->iq.epoch;
	struct vtd_inv inv;
	int r;

	if (!fetching(m))
		return false;
	if (misaligned(m, &q)) {
		queue_error(m, VTD_IQEI_TAIL_ALIGN);
		return false;
	}
	if (empty(m, &q))
		return false;
	if (place(&q, m->reg[R_IQT]) >= q.size) {
		queue_error(m, VTD_IQEI_TAIL);
		return false;
	}
	r = check_mode(m, q.wide);
	if (r == VTD_HW_INV_OK)
		r = read_descriptor(m, &q, &inv);
	if (r == VTD_HW_INV_OK)
		r = vtd_hw_inval_execute(m, &inv, q.wide);
	/* Another thread reset the unit: this descriptor never was. */
	if (m->iq.epoch != epoch)
		return true;
	if (r == VTD_HW_INV_BLOCKED)
		return false;
	if (r != VTD_HW_INV_OK) {
		queue_error(m, r);
		return false;
	}
	if (vtd_inv_type(&inv) == VTD_INV_WAIT)
		add_wait(m, &inv);
	m->reg[R_IQH] = (head(m, &q) + q.entry) & (q.size - 1);
	m->stats.commands++;
	return true;
}

/* QIES follows QIE once no wait descriptor is left. */
static void settle(struct vtd_hw *m)
{
	if (m->iq.on || m->iq.waits || !vtd_hw_gsts(m, VTD_GSTS_QIES_LO))
		return;
	m->reg[R_GSTS] &= ~FIELD_MASK(VTD_GSTS_QIES);
	m->reg[R_IQH] = 0;
}

/* A device has not answered, and there is no wait descriptor to abort. */
static bool late(const struct vtd_hw *m)
{
	struct queue q = queue_of(m);

	/* Another that is late is told once this one has been seen. */
	return m->iq.timed_out && !m->iq.waits &&
	       !REG_GET(VTD_FSTS_ITE, m->reg[R_FSTS]) &&
	       (!m->iq.on || empty(m, &q));
}

void vtd_hw_inval_run(struct vtd_hw *m)
{
	uint32_t budget = m->cfg.command_batch ? m->cfg.command_batch : BUDGET;

	if (m->iq.running)
		return;
	m->iq.running = true;
	do {
		while (finish(m))
			;
	} while (budget-- && fetch(m));
	if (late(m))
		time_out(m);
	m->iq.running = false;
	settle(m);
}

void vtd_hw_inval_enable(struct vtd_hw *m, bool on)
{
	struct queue q = queue_of(m);

	if (!on && !empty(m, &q))
		vtd_hw_log(m, HW_LOG_GUEST_ERROR,
			   "invalidation queue is turned off, not empty");
	m->iq.on = on;
	if (on)
		m->reg[R_GSTS] |= FIELD_MASK(VTD_GSTS_QIES);
}

void vtd_hw_inval_reset(struct vtd_hw *m)
{
	unsigned int i;

	m->iq.epoch++;
	m->iq.on = false;
	m->iq.waits = 0;
	m->iq.answers = 0;
	m->iq.timed_out = false;
	m->iq.timed_out_sid = 0;
	m->iq.seq = 0;
	for (i = 0; i < VTD_HW_INFLIGHT; i++) {
		m->iq.inflight[i].used = false;
		m->iq.inflight[i].seq = 0;
	}
}
