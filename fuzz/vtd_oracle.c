/* SPDX-License-Identifier: MIT */
/*
 * What has to hold after every call into the model.
 *
 *  - memory accesses are few: what an operation may need, plus four for each
 *    descriptor; none beyond the host's address width
 *  - it writes page requests into their queue, flags into entries it has read,
 *    the status where a wait descriptor says, and nothing else; an event goes
 *    where its registers say
 *  - a successful translation leaves its port busy, nothing else changes any
 *  - nothing is translated to the addresses of interrupts
 *  - PQT moves by the request written, inside the queue
 *  - a record names the function that the operation was for
 *  - counters count
 *  - no lock is held that was not before
 */
#include "fuzz/vtd_rig.h"

/*
 * Loads of one operation beside descriptors. A nested translation is the worst:
 * two words of the root, four of the context, one of the directory, eight of
 * the PASID entry; of five levels of the first stage each an entry, and five of
 * the second stage to read it and to set its flags; five for the page. Three
 * times that, because it may be done again to compare, and there are retries.
 */
enum { LOADS = 256, CASES = 128, WRITES = 2, RELAXES = 256 };
enum { LOADS_FORCED = 8, TRIES = 16 };

enum { WAIT_TYPE = 5, WAIT_TYPE_MASK = 0xe0f, WAIT_SW = 1 << 5 };

unsigned int rig_haw(const struct vtd_hw_cfg *cfg)
{
	return cfg->haw ? cfg->haw : 52;
}

static uint64_t reg(struct rig *r, uint64_t offset, unsigned int size)
{
	return r->hw->ops->mmio_read(r->hw, offset, size);
}

static struct rig_event event_now(struct rig *r, uint64_t data)
{
	return (struct rig_event){
		.addr = reg(r, data + 4, 4) | reg(r, data + 8, 4) << 32,
		.data = (uint32_t)reg(r, data, 4),
	};
}

/* Reading a register lets the queue proceed, as part of this frame. */
void rig_snapshot(struct rig *r)
{
	uint64_t pqa = reg(r, VTD_PQA, 8);
	struct rig_places now = {
		.pq_base = REG_GET(VTD_PQA_PQA, pqa) << 12,
		.pq_size = UINT64_C(4096) << REG_GET(VTD_PQA_PQS, pqa),
		.event = { event_now(r, VTD_FEDATA), event_now(r, VTD_IEDATA),
			   event_now(r, VTD_PEDATA) },
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

/* Two words one after the other that are a wait descriptor with a status. */
static void note_waits(struct rig *r, const struct frame *f)
{
	uint64_t haw = (UINT64_C(1) << rig_haw(&r->cfg)) - 1;
	const struct access *a;
	unsigned int i;

	for (i = f->first; i + 1 < r->w.log_n; i++) {
		a = &r->w.log[i];
		if (a->kind != ACCESS_LOAD || a[1].kind != ACCESS_LOAD ||
		    a[1].pa != a->pa + 8 || !(a->value & WAIT_SW) ||
		    (a->value & WAIT_TYPE_MASK) != WAIT_TYPE)
			continue;
		r->waits[r->wait_n++ % RIG_WAITS] = (struct rig_wait){
			a[1].value & haw & ~UINT64_C(3),
			(uint32_t)(a->value >> 32),
		};
	}
	/* What the log has no room for. */
	if (r->w.log_n == WORLD_LOG || r->w.log_n - f->first > 4 * RIG_WAITS)
		r->waits_lost = true;
}

static bool is_status(const struct rig *r, uint64_t addr, uint32_t data)
{
	unsigned int i;

	for (i = 0; i < r->wait_n && i < RIG_WAITS; i++)
		if (r->waits[i].addr == addr && r->waits[i].data == data)
			return true;
	return r->waits_lost;
}

static void check_write(struct rig *r, const struct access *a)
{
	unsigned int i;

	if (a->len == 4) {
		FUZZ_CHECK(r->waits_lost || a->aborted ||
			   is_status(r, a->pa,
				     (uint32_t)(world_get(&r->w, a->pa & ~7u) >>
						(a->pa & 4) * 8)) ||
			   r->w.meddle);
		return;
	}
	FUZZ_CHECK(a->len == 32 && !(a->pa % 32));
	for (i = 0; i < r->places_n; i++)
		if (a->pa - r->places[i].pq_base < r->places[i].pq_size)
			return;
	if (!r->places_lost)
		FUZZ_FAIL("a write outside the page request queue");
}

/* Bits 5, 6 and 10 of the first stage; 8 and 9 of the second. */
static bool is_flag(const struct access *a)
{
	uint64_t diff = a->value ^ a->to;

	if (diff & a->value)
		return false;
	return !(diff & ~UINT64_C(0x460)) ?
		       a->value & 1 :
		       !(diff & ~UINT64_C(0x300)) && a->value & 3;
}

/* It was read before, in this call: the one who writes is who walks. */
static void check_cas(struct rig *r, const struct frame *f, unsigned int n)
{
	const struct access *a = &r->w.log[n];
	uint64_t diff = a->value ^ a->to;
	unsigned int i;

	if ((!(diff >> 32) && is_status(r, a->pa, (uint32_t)a->to)) ||
	    (!(uint32_t)diff &&
	     is_status(r, a->pa + 4, (uint32_t)(a->to >> 32))))
		return;
	FUZZ_CHECK(is_flag(a));
	for (i = f->first; i < n; i++)
		if (r->w.log[i].kind == ACCESS_LOAD && r->w.log[i].pa == a->pa)
			return;
	FUZZ_FAIL("an entry was written that was not read");
}

static void check_msi(struct rig *r, const struct access *a)
{
	unsigned int i, k;

	for (i = 0; i < r->places_n; i++)
		for (k = 0; k < 3; k++)
			if (r->places[i].event[k].addr == a->pa &&
			    r->places[i].event[k].data == (uint32_t)a->to)
				return;
	if (!r->places_lost)
		FUZZ_FAIL("an event that nobody asked for");
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
			check_cas(r, f, i);
			break;
		case ACCESS_MSI:
			check_msi(r, &r->w.log[i]);
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
		s->ats_requests += s->page_requests > 1;
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
	MONOTONE(events_merged);
	MONOTONE(commands);
	MONOTONE(config_invalidations);
	MONOTONE(tlb_invalidations);
	MONOTONE(ats_invalidations);
	MONOTONE(syncs);
	FUZZ_CHECK(!now.stalls && !now.resumes);
	FUZZ_CHECK(now.tlb_hits + now.tlb_misses <= now.translations);
	FUZZ_CHECK(now.events_lost + now.events_merged <= now.events);
	FUZZ_CHECK(now.page_requests_queued <= now.page_requests);
	FUZZ_CHECK(now.prg_responses_auto <= now.prg_responses);
	if (r->depth <= 1) {
		FUZZ_CHECK(now.translations == r->want.translations);
		FUZZ_CHECK(now.ats_requests == r->want.ats_requests);
		FUZZ_CHECK(now.page_requests == r->want.page_requests);
		FUZZ_CHECK(now.prg_responses == r->want.prg_responses);
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

void rig_leave(struct rig *r, struct frame *f)
{
	rig_check_stats(r);
	/* Looks at a register try a descriptor each. */
	FUZZ_CHECK(f->loads <= 4 * (r->last.commands - f->commands + TRIES) +
				       LOADS + LOADS_FORCED * f->forced);
	FUZZ_CHECK(f->cas - f->forced <=
		   r->last.commands - f->commands + CASES);
	FUZZ_CHECK(f->writes <= r->last.commands - f->commands + WRITES);
	FUZZ_CHECK(f->relaxes <= RELAXES);
	note_waits(r, f);
	check_log(r, f);
	check_ports(r);
	world_leave(&r->w, f);
	r->depth--;
}

/* Of both stages' addresses, and of PMEN, the host's width is the limit. */
void rig_check_xlat(const struct rig *r, const struct hw_txn *txn,
		    const struct hw_xlat *x)
{
	const uint64_t first = UINT64_C(0xfee00000), end = UINT64_C(0xfef00000);
	unsigned int haw = rig_haw(&r->cfg);
	uint64_t pa = fuzz_broken("address") ? x->pa | UINT64_C(1) << 60 :
					       x->pa;
	uint32_t need = txn->perm & 2 ? txn->perm & 3 : 1;

	FUZZ_CHECK(!(pa >> haw) && x->len &&
		   x->len <= (UINT64_C(1) << haw) - pa);
	FUZZ_CHECK(pa >= end || pa + x->len <= first);
	FUZZ_CHECK(!(need & ~x->perm));
}

static uint64_t recorded(struct rig *r)
{
	struct iommu_hw_stats s;

	r->hw->ops->stats(r->hw, &s);
	return s.events - s.events_lost - s.events_merged;
}

void rig_faults_before(struct rig *r, struct rig_faults *x)
{
	x->recorded = recorded(r);
	x->calls = r->calls;
}

/* One record more, and nobody else was there: it is among those pending. */
void rig_faults_after(struct rig *r, const struct rig_faults *x, uint32_t sid)
{
	uint64_t base = vtd_frcd_offset(r->cfg.cap), n, hi;
	unsigned int i;

	if (r->calls != x->calls)
		return;
	n = recorded(r) - x->recorded;
	FUZZ_CHECK(n <= 1);
	if (!n)
		return;
	if (fuzz_broken("record"))
		sid ^= 1;
	for (i = 0; i <= REG_GET(VTD_CAP_NFR, r->cfg.cap); i++) {
		hi = reg(r, base + 16 * (uint64_t)i + 8, 8);
		if (hi >> 63 && (hi & 0xffff) == (sid & 0xffff) &&
		    (hi >> 32 & 0xff))
			return;
	}
	FUZZ_FAIL("a fault that is not in its register");
}

void rig_tail_before(struct rig *r, struct rig_tail *x)
{
	x->value = reg(r, VTD_PQT, 8);
	x->calls = r->calls;
}

void rig_tail_after(struct rig *r, const struct frame *f,
		    const struct rig_tail *x, uint32_t sid)
{
	uint64_t size = UINT64_C(4096)
			<< REG_GET(VTD_PQA_PQS, reg(r, VTD_PQA, 8));
	uint64_t now = reg(r, VTD_PQT, 8), n = 0;
	unsigned int i;

	if (r->calls != x->calls)
		return;
	for (i = f->first; i < r->w.log_n; i++) {
		const struct access *a = &r->w.log[i];

		if (a->kind != ACCESS_WRITE || a->len != 32 || a->aborted)
			continue;
		n++;
		if (r->w.alias && !r->w.meddle)
			FUZZ_CHECK((world_get(&r->w, a->pa) >> 16 & 0xffff) ==
				   (sid & 0xffff));
	}
	if (fuzz_broken("tail"))
		now ^= 32;
	FUZZ_CHECK(n <= 1);
	FUZZ_CHECK(now == (n ? (x->value + 32) & (size - 1) : x->value));
}
