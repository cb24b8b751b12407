/* SPDX-License-Identifier: MIT */
/*
 * What has to hold after every call into the model.
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
 *  - a record names the stream that the operation was for
 *  - counters count
 *  - no lock is held that was not before
 */
#include "fuzz/smmuv3_rig.h"

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
void rig_snapshot(struct rig *r)
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
		/* Which may write, before it is known where to. */
		rig_snapshot(r);
		r->places_lost = false;
	} else if (r->places_n) {
		r->places[0] = r->places[r->places_n - 1];
		r->places_n = 1;
	}
}

/* Those whose bit 95 says that they stall; of others it is another field. */
static bool is_stall(uint64_t id)
{
	return id >= SMMU_EVT_F_TRANSLATION && id <= SMMU_EVT_F_PERMISSION;
}

static bool is_event(uint64_t id)
{
	static const uint8_t ids[] = {
		SMMU_EVT_F_UUT,
		SMMU_EVT_C_BAD_STREAMID,
		SMMU_EVT_F_STE_FETCH,
		SMMU_EVT_C_BAD_STE,
		SMMU_EVT_F_BAD_ATS_TREQ,
		SMMU_EVT_F_STREAM_DISABLED,
		SMMU_EVT_F_TRANSL_FORBIDDEN,
		SMMU_EVT_C_BAD_SUBSTREAMID,
		SMMU_EVT_F_CD_FETCH,
		SMMU_EVT_C_BAD_CD,
		SMMU_EVT_F_WALK_EABT,
		SMMU_EVT_F_TRANSLATION,
		SMMU_EVT_F_ADDR_SIZE,
		SMMU_EVT_F_ACCESS,
		SMMU_EVT_F_PERMISSION,
		SMMU_EVT_E_PAGE_REQUEST,
	};
	unsigned int i;

	for (i = 0; i < FUZZ_COUNT(ids); i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* A record is about whom the operation was for, and of a kind there is. */
static void check_record(struct rig *r, const struct access *a)
{
	uint64_t dw0 = world_get(&r->w, a->pa);
	struct smmu_evt evt = { { dw0, world_get(&r->w, a->pa + 8) } };
	uint64_t sid = dw0;

	/* Aborted, or changed by something else. */
	if (r->about != r->calls || a->aborted || r->w.abort_last ||
	    r->w.meddle || !r->w.alias)
		return;
	if (a->len == sizeof(evt)) {
		FUZZ_CHECK(is_event(FIELD_GET(SMMU_EVT_ID, &evt)));
		sid = FIELD_GET(SMMU_EVT_STREAMID, &evt);
		if (FIELD_GET(SMMU_EVT_STALL, &evt) &&
		    is_stall(FIELD_GET(SMMU_EVT_ID, &evt)))
			FUZZ_CHECK(
				REG_GET(SMMU_IDR0_STALL_MODEL, r->cfg.idr[0]) !=
				SMMU_IDR0_STALL_MODEL_NONE);
	}
	if (fuzz_broken("record"))
		sid ^= 1;
	FUZZ_CHECK((uint32_t)sid == r->sid);
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
			check_record(r, &r->w.log[i]);
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

void rig_check_stats(struct rig *r)
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
	MONOTONE(events_merged);
	FUZZ_CHECK(now.events_lost + now.events_merged <= now.events);
	FUZZ_CHECK(now.page_requests_queued <= now.page_requests);
	FUZZ_CHECK(now.prg_responses_auto <= now.prg_responses);
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

void rig_enter(struct rig *r, struct frame *f)
{
	world_enter(&r->w, f);
	f->commands = r->last.commands;
	if (!r->depth)
		forget(r);
	r->depth++;
	r->calls++;
}

void rig_about(struct rig *r, uint32_t sid)
{
	r->sid = sid;
	r->about = r->calls;
}

void rig_leave(struct rig *r, struct frame *f)
{
	rig_check_stats(r);
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
	/* Whatever called this is about somebody else. */
	r->about = 0;
}

static uint32_t read_index(struct rig *r, uint64_t reg)
{
	uint32_t v = (uint32_t)r->hw->ops->mmio_read(r->hw, reg, 4);

	return fuzz_broken("index") ? v ^ 0x80000 : v;
}

void rig_index_before(struct rig *r, struct rig_index *x, bool events)
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
void rig_index_after(struct rig *r, const struct frame *f,
		     const struct rig_index *x)
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

void rig_check_xlat(const struct rig *r, const struct hw_txn *txn,
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
