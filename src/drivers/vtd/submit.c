/* SPDX-License-Identifier: MIT */
/*
 * One submission: descriptors written, waited for, and what has gone wrong with
 * them. VT-d, 6.5.2.9, 6.5.2.11.
 *
 * A device that does not answer is another's trouble too: the unit gives up all
 * wait descriptors it has fetched (ITE), and what is in front of them may not
 * have been done. Whoever waited for one submits again, without what that
 * device was asked. Invalidations may be repeated; a page group response is
 * repeated too, as Linux does: a device discards one that it does not expect
 * (7.9), but waits for ever for one that was lost.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/queue.h"
#include "drivers/vtd/unit.h"

/* How often a submission may be aborted, by devices that do not answer. */
#define MAX_ROUNDS 64u

static uint64_t load_acquire(const _Atomic uint64_t *p)
{
	return atomic_load_explicit(p, memory_order_acquire);
}

/* To at least @value. Release and acquire: as what is raised. */
static void raise_to(_Atomic uint64_t *max, uint64_t value)
{
	uint64_t old = load_acquire(max);

	while (old < value && !atomic_compare_exchange_weak_explicit(
				      max, &old, value, memory_order_acq_rel,
				      memory_order_acquire))
		;
}

static bool is_dev_tlb(const struct vtd_inv *inv)
{
	unsigned int type = vtd_inv_type(inv);

	return type == VTD_INV_DEVTLB || type == VTD_INV_PDEVTLB;
}

static uint16_t dev_tlb_sid(const struct vtd_inv *inv)
{
	return (uint16_t)(vtd_inv_type(inv) == VTD_INV_DEVTLB ?
				  FIELD_GET(VTD_INV_DEVTLB_SID, inv) :
				  FIELD_GET(VTD_INV_PDEVTLB_SID, inv));
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	/* Relaxed: counters order nothing. */
	if (n)
		atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static void count_invs(struct vtd_unit *u, const struct vtd_inv *invs,
		       size_t count)
{
	uint64_t of[VTD_INV_PGRESP + 1] = { 0 };
	struct vtd_counters *c = &u->counters;
	size_t i;

	for (i = 0; i < count; i++)
		if (vtd_inv_type(&invs[i]) < ARRAY_SIZE(of))
			of[vtd_inv_type(&invs[i])]++;
	add(&c->descriptors, count + 1);
	add(&c->waits, of[VTD_INV_WAIT] + 1);
	add(&c->context_invalidations, of[VTD_INV_CC]);
	add(&c->pasid_invalidations, of[VTD_INV_PC]);
	add(&c->iotlb_invalidations, of[VTD_INV_IOTLB] + of[VTD_INV_PIOTLB]);
	add(&c->dev_tlb_invalidations,
	    of[VTD_INV_DEVTLB] + of[VTD_INV_PDEVTLB]);
	add(&c->page_responses, of[VTD_INV_PGRESP]);
}

static void write_all(struct vtd_unit *u, const struct vtd_inv *invs,
		      uint64_t first, uint64_t end, bool drain)
{
	struct vtd_qi *q = &u->qi;
	struct vtd_inv wait = vtd_qi_make_wait(u, end - 1);
	uint64_t pos;

	for (pos = first; pos < end - 1; pos++) {
		vtd_qi_write(q, pos, &invs[pos - first]);
		if (is_dev_tlb(&invs[pos - first]))
			raise_to(&q->ats_until, end);
	}
	FIELD_SET(VTD_INV_WAIT_PD, &wait, drain);
	vtd_qi_write(q, pos, &wait);
}

/* One submission of some descriptors, and what has been found out of it. */
struct submission {
	struct vtd_inv *invs;
	size_t count;
	uint64_t first;
	uint64_t seen; /* errors before */
	struct vtd_qi_result result;
};

static void fail(struct submission *s, int err)
{
	if (!s->result.err)
		s->result.err = err;
}

/* A device has not answered, unless it is one of many: then who knows. */
static void blame(struct submission *s, bool known, uint16_t sid)
{
	bool first = !s->result.err;

	s->result.sid_known = known && (first || (s->result.sid_known &&
						  s->result.sid == sid));
	s->result.sid = sid;
	fail(s, -ETIMEDOUT);
}

/* Take out what is not to be tried again. */
static void drop_dev_tlb(struct submission *s, bool known, uint16_t sid)
{
	size_t i, kept = 0;

	for (i = 0; i < s->count; i++) {
		if (is_dev_tlb(&s->invs[i]) &&
		    (!known || dev_tlb_sid(&s->invs[i]) == sid))
			blame(s, known, sid);
		else
			s->invs[kept++] = s->invs[i];
	}
	s->count = kept;
}

/*
 * What was remembered of errors at @pos. True: do it again. A time-out is about
 * whoever had something in the unit then, and had not completed: from the
 * oldest device TLB invalidation on nothing that was fetched is sure to have
 * been done (6.5.2.11). That goes for who had fetched a part only, too, whose
 * wait descriptor has completed since. Positions are not used twice.
 */
static bool apply(struct submission *s, uint64_t end, bool aborted,
		  uint64_t pos, uint32_t what)
{
	if (!what) {
		if (pos >= s->first && pos < end)
			fail(s, -EIO);
		return false;
	}
	if (pos <= s->first || (pos >= end && !aborted))
		return false;
	drop_dev_tlb(s, what & VTD_QI_SID, (uint16_t)what);
	return true;
}

/* What there is since, about this. True: do it again, without what failed. */
static bool look_at_errors(struct vtd_qi *q, struct submission *s, uint64_t end,
			   bool aborted)
{
	/* Acquire: remembered before it was acknowledged to the unit. */
	uint64_t count = load_acquire(&q->errors), i;
	bool again = aborted;

	if (count == s->seen)
		return again;
	i = count - s->seen < VTD_QI_ERRORS ? s->seen : count - VTD_QI_ERRORS;
	for (; i < count; i++) {
		struct vtd_qi_error *e = &q->error[i % VTD_QI_ERRORS];
		/* Acquire: who sees a newer one sees its count below. */
		uint32_t what =
			atomic_load_explicit(&e->what, memory_order_acquire);
		uint64_t pos = load_acquire(&e->pos);

		again |= apply(s, end, aborted, pos, what);
	}
	/* One of ours may have been overwritten, or was just being. */
	count = load_acquire(&q->errors);
	if (count - s->seen < VTD_QI_ERRORS - 1)
		return again;
	fail(s, -EIO);
	/* Only a time-out leaves anything in doubt. */
	if (load_acquire(&q->aborted) > s->first) {
		drop_dev_tlb(s, false, 0);
		again = true;
	}
	return again;
}

/* -EAGAIN: what is left is to be done again. */
static int submit_once(struct vtd_unit *u, struct submission *s, bool drain)
{
	struct vtd_qi *q = &u->qi;
	uint64_t end;
	bool again;
	int err;

	/* Acquire: those counted here are not of this reservation. */
	s->seen = load_acquire(&q->errors);
	/* Relaxed: retired tells when the slots may be written. */
	s->first = atomic_fetch_add_explicit(&q->reserved, s->count + 1,
					     memory_order_relaxed);
	end = s->first + s->count + 1;
	err = vtd_qi_wait_room(u, end);
	if (err)
		return err;
	count_invs(u, s->invs, s->count);
	write_all(u, s->invs, s->first, end, drain);
	vtd_qi_publish(u, s->first, end);
	err = vtd_qi_wait_done(u, end);
	/* A queue that is dead has no use for slots. */
	if (err && err != -EAGAIN)
		return err;
	again = look_at_errors(q, s, end, err);
	vtd_qi_retire(u, s->first, end);
	return again ? -EAGAIN : 0;
}

struct vtd_qi_result vtd_qi_submit(struct vtd_unit *u, struct vtd_inv *invs,
				   size_t count, bool drain)
{
	struct submission s = { .invs = invs, .count = count };
	unsigned int round;
	int err = -EAGAIN;

	for (round = 0; err == -EAGAIN; round++) {
		if (vtd_is_dead(u)) {
			err = -EIO;
		} else if (round == MAX_ROUNDS) {
			vtd_fail_closed(u, "invalidations are aborted again "
					   "and again");
			err = -EIO;
		} else {
			err = submit_once(u, &s, drain);
		}
	}
	fail(&s, err);
	return s.result;
}
