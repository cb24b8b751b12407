/* SPDX-License-Identifier: MIT */
/*
 * The queues the SMMU writes, global errors, and the interrupts of both.
 *
 * 3.18: an interrupt is a pulse of its wire, and also an MSI if MSIs are
 * supported and the address is not zero. The queue indexes are visible before
 * it. An MSI that aborts is a global error of its own.
 */
#include "models/smmuv3/queue.h"

#include "base/le64.h"
#include "models/smmuv3/evt.h"

static uint32_t reg32(const struct smmuv3_hw *m, enum smmuv3_hw_reg r)
{
	return (uint32_t)m->reg[r];
}

/* 6.3.26: the size is capped, the base aligned to the larger of it and 32. */
static struct smmuv3_hw_queue geometry(const struct smmuv3_hw *m,
				       enum smmuv3_hw_reg base,
				       unsigned int max_lg2,
				       unsigned int entry_lg2)
{
	struct smmuv3_hw_queue q;
	uint64_t addr = REG_GET(SMMU_CMDQ_BASE_ADDR, m->reg[base]) << 5;

	q.lg2 = (unsigned int)REG_GET(SMMU_CMDQ_BASE_LOG2SIZE, m->reg[base]);
	if (q.lg2 > max_lg2)
		q.lg2 = max_lg2;
	q.base = align_down(smmuv3_hw_oas(m, addr), BIT(q.lg2 + entry_lg2));
	return q;
}

struct smmuv3_hw_queue smmuv3_hw_queue_cmd(const struct smmuv3_hw *m)
{
	return geometry(m, R_CMDQ_BASE, (unsigned int)IDR(m, 1, CMDQS), 4);
}

struct smmuv3_hw_queue smmuv3_hw_queue_evt(const struct smmuv3_hw *m)
{
	return geometry(m, R_EVENTQ_BASE, (unsigned int)IDR(m, 1, EVENTQS), 5);
}

struct smmuv3_hw_queue smmuv3_hw_queue_pri(const struct smmuv3_hw *m)
{
	return geometry(m, R_PRIQ_BASE, (unsigned int)IDR(m, 1, PRIQS), 4);
}

static void pulse(struct smmuv3_hw *m, unsigned int line)
{
	m->env.wire(m->env.ctx, line, true);
	m->env.wire(m->env.ctx, line, false);
}

/* @abort: bit of GERROR. The address counts as a whole, also beyond OAS. */
static void message(struct smmuv3_hw *m, uint64_t addr, uint32_t data,
		    unsigned int abort)
{
	if (IDR(m, 0, MSI) && addr &&
	    m->env.msi(m->env.ctx, m->cfg.sid, smmuv3_hw_oas(m, addr), data))
		smmuv3_hw_gerror(m, abort);
}

/* The sources that have registers: those of one, in the order of them. */
struct source {
	uint8_t enable; /* bit of IRQ_CTRL */
	uint8_t cfg0;   /* the first of three registers */
	uint8_t line;
	uint8_t abort; /* bit of GERROR */
};

static const struct source source_gerror = {
	SMMU_IRQ_CTRL_GERROR_IRQEN_LO,
	R_GERROR_IRQ_CFG0,
	SMMUV3_HW_WIRE_GERROR,
	SMMU_GERROR_MSI_GERROR_ABT_ERR_LO,
};

static const struct source source_evtq = {
	SMMU_IRQ_CTRL_EVENTQ_IRQEN_LO,
	R_EVENTQ_IRQ_CFG0,
	SMMUV3_HW_WIRE_EVENTQ,
	SMMU_GERROR_MSI_EVENTQ_ABT_ERR_LO,
};

static const struct source source_priq = {
	SMMU_IRQ_CTRL_PRIQ_IRQEN_LO,
	R_PRIQ_IRQ_CFG0,
	SMMUV3_HW_WIRE_PRIQ,
	SMMU_GERROR_MSI_PRIQ_ABT_ERR_LO,
};

static void interrupt(struct smmuv3_hw *m, const struct source *s)
{
	if (!(m->reg[R_IRQ_CTRL] >> s->enable & 1))
		return;
	pulse(m, s->line);
	message(m, REG_GET(SMMU_IRQ_CFG0_ADDR, m->reg[s->cfg0]) << 2,
		(uint32_t)m->reg[s->cfg0 + 1], s->abort);
}

bool smmuv3_hw_gerror_active(const struct smmuv3_hw *m, unsigned int bit)
{
	return (m->reg[R_GERROR] ^ m->reg[R_GERRORN]) >> bit & 1;
}

void smmuv3_hw_gerror(struct smmuv3_hw *m, unsigned int bit)
{
	if (smmuv3_hw_gerror_active(m, bit))
		return;
	m->reg[R_GERROR] ^= BIT(bit);
	/* 7.5.1: the one that another message would not help. */
	if (bit != SMMU_GERROR_MSI_GERROR_ABT_ERR_LO)
		interrupt(m, &source_gerror);
}

void smmuv3_hw_sync_irq(struct smmuv3_hw *m, uint64_t addr, uint32_t data)
{
	pulse(m, SMMUV3_HW_WIRE_CMD_SYNC);
	message(m, addr, data, SMMU_GERROR_MSI_CMDQ_ABT_ERR_LO);
}

void smmuv3_hw_sev(struct smmuv3_hw *m)
{
	if (IDR(m, 0, SEV))
		pulse(m, SMMUV3_HW_WIRE_SEV);
}

/* OVFLG and OVACKFLG are bit 31 of PROD and CONS of both queues. */
static bool overflown(uint32_t prod, uint32_t cons)
{
	return (prod ^ cons) >> SMMU_EVENTQ_PROD_OVFLG_LO & 1;
}

/* The indexes without the bits above the wrap bit. */
static int write_entry(struct smmuv3_hw *m, const struct smmuv3_hw_queue *q,
		       uint32_t prod, const uint64_t *dw, unsigned int words)
{
	unsigned char buf[32];
	uint64_t addr =
		q->base + (uint64_t)smmu_q_index(prod, q->lg2) * words * 8;

	le64_store_words(buf, dw, words);
	return m->env.mem_write(m->env.ctx, addr, buf, words * 8, NULL);
}

static void advance(struct smmuv3_hw *m, enum smmuv3_hw_reg r, unsigned int lg2)
{
	uint32_t prod = reg32(m, r);
	uint32_t flag = prod & (uint32_t)BIT(SMMU_EVENTQ_PROD_OVFLG_LO);

	m->reg[r] = smmu_q_add(prod, 1, lg2) | flag;
}

static bool evtq_on(const struct smmuv3_hw *m)
{
	return !m->sfm && smmuv3_hw_cr0(m, SMMU_CR0_EVENTQEN_LO) &&
	       !smmuv3_hw_gerror_active(m, SMMU_GERROR_EVENTQ_ABT_ERR_LO);
}

static bool evtq_full(const struct smmuv3_hw *m)
{
	return smmu_q_full(reg32(m, R_EVENTQ_PROD), reg32(m, R_EVENTQ_CONS),
			   smmuv3_hw_queue_evt(m).lg2);
}

bool smmuv3_hw_queue_writable(const struct smmuv3_hw *m)
{
	return evtq_on(m) && !evtq_full(m);
}

/* The queue is writable. False: an external abort. */
static bool evtq_write(struct smmuv3_hw *m, const struct smmu_evt *evt)
{
	struct smmuv3_hw_queue q = smmuv3_hw_queue_evt(m);
	uint32_t prod = reg32(m, R_EVENTQ_PROD);
	uint32_t cons = reg32(m, R_EVENTQ_CONS);

	if (write_entry(m, &q, prod, evt->dw, 4)) {
		smmuv3_hw_gerror(m, SMMU_GERROR_EVENTQ_ABT_ERR_LO);
		return false;
	}
	advance(m, R_EVENTQ_PROD, q.lg2);
	m->evtq.last = *evt;
	m->evtq.prod = reg32(m, R_EVENTQ_PROD) & smmu_q_mask(q.lg2);
	m->evtq.written = true;
	if (smmu_q_empty(prod, cons, q.lg2))
		interrupt(m, &source_evtq);
	return true;
}

/*
 * 7.3.1: the record before this one is like it, and software has not taken it
 * yet. Also where the queue is full by now: nothing is lost.
 */
static bool merges(const struct smmuv3_hw *m, const struct smmu_evt *evt)
{
	unsigned int lg2 = smmuv3_hw_queue_evt(m).lg2;
	uint32_t prod = reg32(m, R_EVENTQ_PROD);

	return evtq_on(m) && m->evtq.written &&
	       m->evtq.prod == (prod & smmu_q_mask(lg2)) &&
	       !smmu_q_empty(prod, reg32(m, R_EVENTQ_CONS), lg2) &&
	       smmuv3_hw_evt_alike(&m->evtq.last, evt);
}

void smmuv3_hw_queue_event(struct smmuv3_hw *m, const struct smmu_evt *evt,
			   bool merge)
{
	m->stats.events++;
	if (merge && merges(m, evt)) {
		m->stats.events_merged++;
		return;
	}
	if (smmuv3_hw_queue_writable(m) && evtq_write(m, evt))
		return;
	m->stats.events_lost++;
	if (evtq_on(m) && evtq_full(m) &&
	    !overflown(reg32(m, R_EVENTQ_PROD), reg32(m, R_EVENTQ_CONS)))
		m->reg[R_EVENTQ_PROD] ^= BIT(SMMU_EVENTQ_PROD_OVFLG_LO);
}

/* 7.2.1: nothing is discarded, so nothing overflows. */
bool smmuv3_hw_queue_stall(struct smmuv3_hw *m, const struct smmu_evt *evt)
{
	if (!smmuv3_hw_queue_writable(m) || !evtq_write(m, evt))
		return false;
	m->stats.events++;
	return true;
}

enum smmuv3_hw_pri_fate smmuv3_hw_queue_request(struct smmuv3_hw *m,
						const struct smmu_pri *pri,
						bool last)
{
	struct smmuv3_hw_queue q = smmuv3_hw_queue_pri(m);
	uint32_t prod = reg32(m, R_PRIQ_PROD);
	uint32_t cons = reg32(m, R_PRIQ_CONS);
	bool last_only =
		REG_GET(SMMU_PRIQ_IRQ_CFG2_LO, m->reg[R_PRIQ_IRQ_CFG2]);
	bool full = smmu_q_full(prod, cons, q.lg2);

	/* 6.3.9.5: SMMUEN of 0 turns the queue off too. */
	if (m->sfm || !smmuv3_hw_cr0(m, SMMU_CR0_SMMUEN_LO) ||
	    !smmuv3_hw_cr0(m, SMMU_CR0_PRIQEN_LO) ||
	    smmuv3_hw_gerror_active(m, SMMU_GERROR_PRIQ_ABT_ERR_LO))
		return PRI_REFUSED;
	/* 8.1: an overflow that is not acknowledged keeps requests out. */
	if (full || overflown(prod, cons)) {
		if (!overflown(prod, cons))
			m->reg[R_PRIQ_PROD] ^= BIT(SMMU_PRIQ_PROD_OVFLG_LO);
		if (last_only && last)
			interrupt(m, &source_priq);
		return PRI_OVERFLOW;
	}
	if (write_entry(m, &q, prod, pri->dw, 2)) {
		smmuv3_hw_gerror(m, SMMU_GERROR_PRIQ_ABT_ERR_LO);
		return PRI_REFUSED;
	}
	advance(m, R_PRIQ_PROD, q.lg2);
	if (last_only ? last : smmu_q_empty(prod, cons, q.lg2))
		interrupt(m, &source_priq);
	return PRI_QUEUED;
}
