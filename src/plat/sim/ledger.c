/* SPDX-License-Identifier: MIT */
#include "plat/sim/ledger.h"

#include "plat/sim/world.h"

#define NS_PER_S         UINT64_C(1000000000)
#define TIMEOUT_SLACK_NS UINT64_C(100000000)

struct ledger_entry *ledger_open(struct world *w, const struct endpoint *ep,
				 const struct space *sp, ioasid_t pasid,
				 uint32_t group, uint32_t pages,
				 unsigned int perm)
{
	struct ledger *l = &w->ledger;
	struct ledger_entry *e;
	const struct bond *b = sp ? world_bond(w, ep, sp) : NULL;

	if (l->count == LEDGER_ENTRIES)
		return NULL;
	e = &l->entries[l->count++];
	*e = (struct ledger_entry){
		.ep = ep,
		.sp = sp,
		.pasid = pasid,
		.group = group,
		.pages = pages,
		.perm = perm,
		.sent = w->sim->steps,
		.sent_ns = w->sim->now_ns,
		.drops = b ? b->drops : 0,
	};
	return e;
}

void ledger_cancel(struct world *w, struct ledger_entry *e)
{
	(void)w;
	e->ep = NULL;
	e->answers = 1;
}

struct ledger_entry *ledger_find(struct world *w, const struct endpoint *ep,
				 uint32_t group)
{
	struct ledger *l = &w->ledger;
	unsigned int i = l->count;

	while (i--) {
		struct ledger_entry *e = &l->entries[i];

		if (e->ep == ep && !e->stall && e->group == group)
			return e;
	}
	return NULL;
}

/* The bond was there before the request, and nobody has begun to end it. */
static bool bound_now(struct world *w, const struct ledger_entry *e)
{
	const struct bond *b = world_bond(w, e->ep, e->sp);

	return b->held && b->since && b->since < e->sent &&
	       b->drops == e->drops && b->pasid == e->pasid &&
	       !e->sp->exit_step;
}

void ledger_sent(struct world *w, struct ledger_entry *e)
{
	e->in_time = e->sp && bound_now(w, e);
}

static bool deserves(struct world *w, const struct ledger_entry *e)
{
	return !e->sp->exit_step && !e->ep->mute &&
	       (e->in_time || bound_now(w, e));
}

/* How page @i stood from the request to now: 1 right, -1 wrong, 0 both. */
static int standing(const struct ledger_entry *e, unsigned int i)
{
	const struct space_page *p = &e->sp->pages[i];

	if (p->changing || p->changed >= e->sent)
		return 0;
	return e->perm & ~p->allowed ? -1 : 1;
}

/* Nobody said anything for so long that core did. [I7] */
static bool timed_out(struct world *w, const struct ledger_entry *e)
{
	uint64_t limit_ns = w->cfg.timeout_s * NS_PER_S;
	uint64_t age_ns = w->sim->now_ns - e->sent_ns;

	if (!limit_ns || age_ns < limit_ns)
		return false;
	if (age_ns >= limit_ns + TIMEOUT_SLACK_NS)
		sim_fail(w->sim, "R2", "group %u is answered after %u ms",
			 (unsigned int)e->group,
			 (unsigned int)(age_ns / 1000000));
	return true;
}

/* [R3] [R15] */
static void check_code(struct world *w, const struct ledger_entry *e,
		       enum iommu_page_response_code code)
{
	struct sim *s = w->sim;
	bool good = true, bad = false;
	unsigned int i;

	if (!e->sp || s->fail_fired || !deserves(w, e) || timed_out(w, e))
		return;
	for (i = 0; i < SPACE_PAGES; i++) {
		if (!(e->pages >> i & 1))
			continue;
		good &= standing(e, i) > 0;
		bad |= standing(e, i) < 0;
		/* The IOMMU's own answer to an overflow is Success. */
		if (code == IOMMU_PAGE_RESP_SUCCESS && standing(e, i) > 0 &&
		    !e->sp->pages[i].frame && !w->cfg.priq_lg2 && !e->stall)
			sim_fail(s, "R15",
				 "group %u: Success, but page %u was left out",
				 (unsigned int)e->group, i);
	}
	/* A stalled transaction like another is retried, whatever that gets. */
	if (code == IOMMU_PAGE_RESP_SUCCESS && bad && !w->cfg.priq_lg2 &&
	    !e->stall)
		sim_fail(s, "R3", "group %u: Success for what is not mapped",
			 (unsigned int)e->group);
	/* Sent before the unbind, which did not wait for it. */
	if (code != IOMMU_PAGE_RESP_SUCCESS && good)
		sim_fail(s, bound_now(w, e) ? "R3" : "R1",
			 "group %u: code %d for what is mapped",
			 (unsigned int)e->group, (int)code);
}

static void check_told(struct world *w, const struct ledger_entry *e)
{
	if (e->told && e->answers && e->code != e->want)
		sim_fail(w->sim, "R3", "group %u: code %d, but %d was answered",
			 (unsigned int)e->group, (int)e->code, (int)e->want);
}

void ledger_told(struct world *w, struct ledger_entry *e,
		 enum iommu_page_response_code code)
{
	e->told = true;
	e->want = code;
	check_told(w, e);
}

static void answer(struct world *w, struct ledger_entry *e,
		   enum iommu_page_response_code code)
{
	if (e->answers++)
		sim_fail(w->sim, "R2", "%s group %u is answered twice",
			 e->ep ? e->ep->name : "-", (unsigned int)e->group);
	e->code = code;
	w->ledger.answered++;
	check_code(w, e, code);
	check_told(w, e);
	sim_wake(w->sim, e);
	sim_wake(w->sim, &w->ledger);
}

void ledger_answer(struct world *w, const struct endpoint *ep, uint32_t group,
		   ioasid_t pasid, bool pasid_valid,
		   enum iommu_page_response_code code)
{
	struct ledger_entry *e = ledger_find(w, ep, group);

	if (!e)
		sim_fail(w->sim, "R2", "%s: an answer to group %u, never sent",
			 ep->name, (unsigned int)group);
	if (e->marker)
		sim_fail(w->sim, "R4", "%s: a stop marker is answered",
			 ep->name);
	if (!pasid_valid || pasid != e->pasid)
		sim_fail(w->sim, "R2",
			 "%s group %u: PASID %u asked, %u "
			 "answered",
			 ep->name, (unsigned int)group, (unsigned int)e->pasid,
			 pasid_valid ? (unsigned int)pasid : 0);
	answer(w, e, code);
}

void ledger_resume(struct world *w, struct ledger_entry *e, bool retry)
{
	if (!e)
		sim_fail(w->sim, "R2",
			 "a transaction goes on that was never "
			 "stalled");
	answer(w, e, retry ? IOMMU_PAGE_RESP_SUCCESS : IOMMU_PAGE_RESP_INVALID);
}

bool ledger_waits(struct world *w, const struct space *sp, uint64_t page)
{
	const struct ledger *l = &w->ledger;
	unsigned int i;

	for (i = 0; i < l->count; i++)
		if (l->entries[i].sp == sp && !l->entries[i].answers &&
		    page < SPACE_PAGES && l->entries[i].pages >> page & 1)
			return true;
	return false;
}

static bool all_answered(const struct ledger *l)
{
	unsigned int i;

	for (i = 0; i < l->count; i++)
		if (!l->entries[i].answers && !l->entries[i].marker)
			return false;
	return true;
}

void ledger_settle(struct world *w)
{
	while (!all_answered(&w->ledger)) {
		if (!w->mock) {
			(void)sim_block(w->sim, &w->ledger, "page responses",
					"R2", SIM_NEVER);
			continue;
		}
		world_mock_collect(w);
		if (!all_answered(&w->ledger) &&
		    !mock_wait_responses(w->mock, w->mock_seen + 1))
			sim_fail(w->sim, "R2", "a page request has no answer");
	}
}
