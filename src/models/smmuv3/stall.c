/* SPDX-License-Identifier: MIT */
/*
 * Stalled transactions: section 3.12.2.
 *
 * The model keeps who they are, the bus keeps the transactions themselves. One
 * that is retried comes in again as a new one, which is what the architecture
 * says of it. None is retried before its time.
 *
 * One whose record the event queue does not take is kept without, and retried
 * when the queue can be written (7.2.1). The same goes for one like another
 * that has a record: it gets none, and is retried once that is answered
 * (3.12.2.1).
 *
 * A STAG is the place in the buffer, and above it how often that place was
 * used: a late second answer hits nobody.
 */
#include "models/smmuv3/stall.h"

#include "models/smmuv3/evt.h"
#include "models/smmuv3/queue.h"

enum { PAGE_LG2 = 12 };

_Static_assert(1 << STALL_LG2 == SMMUV3_HW_STALLS, "index bits of a STAG");

static unsigned int capacity(const struct smmuv3_hw *m)
{
	unsigned int max = (unsigned int)IDR(m, 5, STALL_MAX);

	return max < SMMUV3_HW_STALLS ? max : SMMUV3_HW_STALLS;
}

/* What allows one record for two: all of 3.12.2.1. */
static bool alike(const struct smmuv3_hw_req *a, const struct smmuv3_hw_req *b)
{
	return a->sid == b->sid && a->ssv == b->ssv &&
	       (!a->ssv || a->ssid == b->ssid) &&
	       a->addr >> PAGE_LG2 == b->addr >> PAGE_LG2 &&
	       a->priv == b->priv && a->inst == b->inst && a->write == b->write;
}

static struct smmuv3_hw_stall *find_alike(struct smmuv3_hw *m,
					  const struct smmuv3_hw_req *req)
{
	unsigned int i;

	for (i = 0; i < capacity(m); i++)
		if (m->stall[i].state == STALL_RECORDED &&
		    alike(&m->stall[i].req, req))
			return &m->stall[i];
	return NULL;
}

static struct smmuv3_hw_stall *find_free(struct smmuv3_hw *m)
{
	unsigned int i;

	for (i = 0; i < capacity(m); i++)
		if (m->stall[i].state == STALL_FREE)
			return &m->stall[i];
	return NULL;
}

static uint16_t next_stag(const struct smmuv3_hw *m,
			  const struct smmuv3_hw_stall *s)
{
	unsigned int used = (s->stag >> STALL_LG2) + 1u;

	return (uint16_t)(used << STALL_LG2 | (unsigned int)(s - m->stall));
}

int smmuv3_hw_stall_add(struct smmuv3_hw *m, const struct smmuv3_hw_req *req,
			const struct smmuv3_hw_fault *fault, uint64_t cookie)
{
	struct smmuv3_hw_stall *first = find_alike(m, req);
	struct smmuv3_hw_stall *s = find_free(m);

	if (!s)
		return -EAGAIN;
	s->stag = next_stag(m, s);
	s->req = *req;
	s->cookie = cookie;
	if (first) {
		s->state = STALL_DUPLICATE;
		s->first = first->stag;
	} else if (smmuv3_hw_evt_stall(m, req, fault, s->stag)) {
		s->state = STALL_RECORDED;
	} else {
		s->state = STALL_UNRECORDED;
	}
	m->stats.stalls++;
	return -EINPROGRESS;
}

static void leave(struct smmuv3_hw_stall *s, enum hw_resume how)
{
	s->state = STALL_GOES_ON;
	s->how = how;
}

void smmuv3_hw_stall_resume(struct smmuv3_hw *m, uint32_t sid, uint16_t stag,
			    enum hw_resume how)
{
	struct smmuv3_hw_stall *s = &m->stall[stag & (SMMUV3_HW_STALLS - 1)];
	unsigned int i;

	if (s->state != STALL_RECORDED || s->stag != stag || s->req.sid != sid)
		return;
	leave(s, how);
	for (i = 0; i < SMMUV3_HW_STALLS; i++)
		if (m->stall[i].state == STALL_DUPLICATE &&
		    m->stall[i].first == stag)
			leave(&m->stall[i], HW_RESUME_RETRY);
}

/* Also those that were to be retried: a new one of theirs would abort too. */
void smmuv3_hw_stall_abort(struct smmuv3_hw *m, uint32_t sid, uint32_t mask)
{
	unsigned int i;

	for (i = 0; i < SMMUV3_HW_STALLS; i++)
		if (m->stall[i].state != STALL_FREE &&
		    !((m->stall[i].req.sid ^ sid) & mask))
			leave(&m->stall[i], HW_RESUME_ABORT);
}

static bool goes_on(const struct smmuv3_hw_stall *s, bool writable)
{
	return s->state == STALL_GOES_ON ||
	       (s->state == STALL_UNRECORDED && writable);
}

void smmuv3_hw_stall_deliver(struct smmuv3_hw *m)
{
	enum hw_resume how;
	uint64_t cookie;
	bool writable;
	unsigned int i;

	/*
	 * One turn for each: what is retried meanwhile may stall again, and is
	 * for whoever makes it go on.
	 */
	for (i = 0; i < capacity(m); i++) {
		struct smmuv3_hw_stall *s = &m->stall[i];

		writable = smmuv3_hw_queue_writable(m);
		if (!goes_on(s, writable))
			continue;
		how = s->state == STALL_GOES_ON ? s->how : HW_RESUME_RETRY;
		cookie = s->cookie;
		s->state = STALL_FREE;
		m->stats.resumes++;
		smmuv3_hw_unlock(m);
		m->bus.resume(m->bus.ctx, cookie, how);
		smmuv3_hw_lock(m);
	}
}
