/* SPDX-License-Identifier: MIT */
/*
 * Submission without a lock: positions. submit.c has who takes them.
 *
 * A position counts the descriptors since the queue was enabled, in 64 bits,
 * and does not wrap. Its low bits are its slot, the others its lap.
 *
 *	retired <= published <= reserved, published < retired + size
 *
 * A submitter of n descriptors, the last of them a wait descriptor,
 *
 *	1. takes the positions [first, end) by adding n to reserved,
 *	2. waits until end < retired + size: the slots are free,
 *	3. writes them,
 *	4. says so: ready[slot of first] = end,
 *	5. moves published, and with it the tail, over whatever is ready, or
 *	   leaves that to who is doing it,
 *	6. waits until the unit has written the lap to done[slot of end - 1],
 *	7. says that it is through: gone[slot of first] = end, and moves retired
 *	   over whatever is.
 *
 * The tail has to be written in order, so a lock would have to be held over 3
 * to 5, and over 2 besides: it would be held by whoever waits for room, by
 * threads that invalidate under spin locks of their own. Positions make it as
 * fair as a ticket lock without being one, and one write of the tail serves
 * all who have become ready meanwhile. Between 1 and 4 nothing is published
 * beyond first: a submitter that does not come back there holds up everybody,
 * for as long as expired() grants it, then it counts as a dead queue.
 *
 * Slots are not free when the unit has fetched them (IQH), as commands of an
 * SMMU are, but when who waited for them is through. For wait descriptors need
 * not complete in order: one tells of what stands between it and the one
 * before, no more (6.5.2.12). Were its slot used again while it was pending,
 * two of them would write the same word.
 *
 * What holds:
 *
 * - A reservation has less than size descriptors, and its last is a wait
 *   descriptor without Fence: a device that takes its time does not hold up
 *   those behind, as long as there are slots.
 * - A slot is written by who has reserved it, between 2 and 4, and by the error
 *   handler while IQE is set and IQH points to it.
 * - published goes from the end of one reservation to the end of the next, and
 *   so does retired. ready[] or gone[] of its slot is greater if and only if
 *   the next has been written: what the slot holds of an earlier lap is the
 *   end of a reservation that began at least size positions before, thus not
 *   greater.
 * - The tail is written by the owner of publishing alone. It is one of size
 *   slots and must not catch up with the head from behind, which would mean an
 *   empty queue: published < retired + size.
 * - aborted is above a wait descriptor that has not completed if and only if
 *   the unit had fetched it when a device did not answer: it never will.
 *
 * Order: the write of the tail comes after the stores of the owner and all it
 * has acquired, see sva/plat.h. What else pairs is said where it happens.
 */
#include "drivers/vtd/queue.h"

#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/unit.h"

/* Looks at the queue without progress before time counts. */
#define MIN_LOOKS 16u

/* Timeouts of the unit that another submitter has. */
#define PEER_TIMEOUTS 10u

/* How long one submitter publishes what others have written. */
#define PUBLISH_ROUNDS 4u

enum { WORDS = sizeof(struct vtd_inv) / 8 };

static uint64_t size_of(const struct vtd_qi *q)
{
	return BIT(q->lg2);
}

static size_t slot_of(const struct vtd_qi *q, uint64_t pos)
{
	return (size_t)(pos & (size_of(q) - 1));
}

/* What tells one use of a slot from the next. Not 0, as it is at first. */
static uint32_t lap_of(const struct vtd_qi *q, uint64_t pos)
{
	return (uint32_t)(pos >> q->lg2) + 1;
}

void vtd_qi_write(struct vtd_qi *q, uint64_t pos, const struct vtd_inv *inv)
{
	le64_atomic *entry = q->entries + WORDS * slot_of(q, pos);
	unsigned int i;

	/* Relaxed: ready, or the write of FSTS, says that they are there. */
	for (i = 0; i < WORDS; i++)
		le64_store_relaxed(&entry[i], inv->dw[i]);
}

struct vtd_inv vtd_qi_read(const struct vtd_qi *q, uint64_t pos)
{
	const le64_atomic *entry = q->entries + WORDS * slot_of(q, pos);
	struct vtd_inv inv = { { 0 } };
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		inv.dw[i] = le64_load_relaxed(&entry[i]);
	return inv;
}

struct vtd_inv vtd_qi_make_wait(const struct vtd_unit *u, uint64_t pos)
{
	const struct vtd_qi *q = &u->qi;
	uint64_t pa = plat_virt_to_phys(u->plat, &q->done[slot_of(q, pos)]);
	struct vtd_inv inv = { { 0 } };

	vtd_inv_set_type(&inv, VTD_INV_WAIT);
	FIELD_SET(VTD_INV_WAIT_SW, &inv, 1);
	FIELD_SET(VTD_INV_WAIT_STDATA, &inv, lap_of(q, pos));
	vtd_inv_wait_set_staddr(&inv, pa);
	return inv;
}

static uint64_t load_acquire(const _Atomic uint64_t *p)
{
	return atomic_load_explicit(p, memory_order_acquire);
}

uint64_t vtd_qi_head(struct vtd_unit *u)
{
	struct vtd_qi *q = &u->qi;
	/*
	 * Before IQH, which is not behind it: a wait that has completed had
	 * been fetched. Less than a lap ahead of it, as published is; exact if
	 * the unit stands still, otherwise a hint.
	 */
	uint64_t retired = load_acquire(&q->retired);
	uint64_t head = vtd_read64(u, VTD_IQH) >> VTD_INV_256_LG2;

	return retired + ((head - retired) & (size_of(q) - 1));
}

/* The end of the reservation that begins at @pos, or @pos: not there yet. */
static uint64_t end_at(const struct vtd_qi *q, const _Atomic uint64_t *ends,
		       uint64_t pos)
{
	/* Acquire: pairs with say(). */
	uint64_t end = load_acquire(&ends[slot_of(q, pos)]);

	return end > pos ? end : pos;
}

static uint64_t ready_until(const struct vtd_qi *q, uint64_t pos)
{
	uint64_t end;

	/* Nobody publishes meanwhile, so it ends. */
	while ((end = end_at(q, q->ready, pos)) != pos)
		pos = end;
	return pos;
}

/*
 * Release: the descriptors, for the owner and so for the unit; or that they
 * and the word of their wait are not looked at any more.
 */
static void say(const struct vtd_qi *q, _Atomic uint64_t *ends, uint64_t first,
		uint64_t end)
{
	atomic_store_explicit(&ends[slot_of(q, first)], end,
			      memory_order_release);
}

/*
 * Move published and the tail. Both exchanges acquire and release: an owner
 * sees what the one before has done; and who is turned away released its ready
 * to the exchange with which the owner leaves, after which that one looks
 * again. Should it have had its rounds by then, those who wait come here again.
 */
static void publish(struct vtd_unit *u)
{
	struct vtd_qi *q = &u->qi;
	unsigned int round;

	for (round = 0; round < PUBLISH_ROUNDS; round++) {
		uint64_t first, end;

		if (atomic_exchange_explicit(&q->publishing, true,
					     memory_order_acq_rel))
			return;
		first = atomic_load_explicit(&q->published,
					     memory_order_relaxed);
		end = ready_until(q, first);
		if (end != first) {
			/* Before the tail: nothing is fetched beyond it. */
			atomic_store_explicit(&q->published, end,
					      memory_order_release);
			vtd_write64(u, VTD_IQT,
				    (uint64_t)slot_of(q, end)
					    << VTD_INV_256_LG2);
			vtd_count(&u->counters.doorbells);
		}
		(void)atomic_exchange_explicit(&q->publishing, false,
					       memory_order_acq_rel);
		if (end_at(q, q->ready, end) == end)
			return;
	}
}

/* Somebody has written, and nobody may be there to publish it. */
static void help_publish(struct vtd_unit *u)
{
	struct vtd_qi *q = &u->qi;
	/* Relaxed: a hint. */
	uint64_t pos =
		atomic_load_explicit(&q->published, memory_order_relaxed);

	if (end_at(q, q->ready, pos) != pos)
		publish(u);
}

/*
 * Over whatever is through. Two may miss each other here, each with the store
 * of the other on its way; who waits for room comes here again.
 */
static uint64_t move_retired(struct vtd_qi *q)
{
	uint64_t pos = load_acquire(&q->retired);
	uint64_t end;

	while ((end = end_at(q, q->gone, pos)) != pos) {
		/* Acquire and release: slots of many go to one. */
		if (atomic_compare_exchange_strong_explicit(
			    &q->retired, &pos, end, memory_order_acq_rel,
			    memory_order_acquire))
			pos = end;
	}
	return pos;
}

/* What somebody who waits has seen of the others, and when. */
struct progress {
	uint64_t head;
	uint64_t retired;
	uint64_t published;
	uint64_t errors;
	uint64_t since;
	unsigned int looks;
};

/* How long it may take that nothing moves; @end: of who waits. */
static uint64_t patience(const struct vtd_unit *u, const struct progress *p,
			 uint64_t end)
{
	const struct vtd_qi *q = &u->qi;
	/* Somebody before it has yet to write, or to say it is through. */
	uint64_t ns = p->published < end ? PEER_TIMEOUTS * u->timeout_ns :
					   u->timeout_ns;

	/*
	 * A device may take a minute and a half to forget, then the unit says
	 * so: ITE. Relaxed: raised before the tail was written.
	 */
	if (p->retired <
		    atomic_load_explicit(&q->ats_until, memory_order_relaxed) &&
	    q->ats_timeout_ns > ns)
		ns = q->ats_timeout_ns;
	return ns;
}

/*
 * @now is of before the last look at the queue, so that a late look counts.
 * What is published while the unit is at it is no progress of the unit; an
 * error is, and error.c limits how many there are of one descriptor.
 */
static bool expired(struct vtd_unit *u, struct progress *p, uint64_t end,
		    uint64_t now)
{
	const struct vtd_qi *q = &u->qi;
	struct progress new = { .since = now };

	new.head = vtd_qi_head(u);
	new.retired = load_acquire(&q->retired);
	new.published = load_acquire(&q->published);
	new.errors = load_acquire(&q->errors);
	if (new.head != p->head || new.retired != p->retired ||
	    new.errors != p->errors ||
	    (p->published < end && new.published != p->published)) {
		*p = new;
		return false;
	}
	return ++p->looks >= MIN_LOOKS && now - p->since >= patience(u, p, end);
}

/* One turn of a wait, after a look that was in vain. */
static int wait_turn(struct vtd_unit *u, struct progress *p, uint64_t end,
		     uint64_t now, unsigned int turns)
{
	if (vtd_is_dead(u))
		return -EIO;
	vtd_error_poll(u);
	help_publish(u);
	if (expired(u, p, end, now)) {
		vtd_fail_closed(u, p->published < end ?
					   "a submitter hangs" :
					   "the invalidation queue hangs");
		return -ETIMEDOUT;
	}
	plat_relax(u->plat, turns);
	return 0;
}

int vtd_qi_wait_room(struct vtd_unit *u, uint64_t end)
{
	struct vtd_qi *q = &u->qi;
	struct progress p = { .head = UINT64_MAX };
	unsigned int turns;
	int err = 0;

	for (turns = 0; !err; turns++) {
		uint64_t now = plat_now_ns(u->plat);

		if (end < move_retired(q) + size_of(q))
			return 0;
		err = wait_turn(u, &p, end, now, turns);
	}
	return err;
}

int vtd_qi_wait_done(struct vtd_unit *u, uint64_t end)
{
	struct vtd_qi *q = &u->qi;
	const le64_atomic *done = &q->done[slot_of(q, end - 1)];
	struct progress p = { .head = UINT64_MAX };
	unsigned int turns;
	int err = 0;

	for (turns = 0; !err; turns++) {
		uint64_t now = plat_now_ns(u->plat);
		/*
		 * Acquire: pairs with the error handler, which saw ITE after
		 * the unit had written what it was going to. So before done.
		 */
		bool aborted = load_acquire(&q->aborted) >= end;

		/* Acquire: pairs with the unit's write, after its work. */
		if ((uint32_t)le64_load_acquire(done) == lap_of(q, end - 1))
			return 0;
		if (aborted)
			return -EAGAIN;
		err = wait_turn(u, &p, end, now, turns);
	}
	return err;
}

void vtd_qi_publish(struct vtd_unit *u, uint64_t first, uint64_t end)
{
	say(&u->qi, u->qi.ready, first, end);
	publish(u);
}

void vtd_qi_retire(struct vtd_unit *u, uint64_t first, uint64_t end)
{
	say(&u->qi, u->qi.gone, first, end);
	(void)move_retired(&u->qi);
}

static size_t pages_size(size_t size)
{
	return size < 4096 ? 4096 : size;
}

int vtd_qi_init(struct vtd_unit *u, unsigned int lg2)
{
	struct vtd_qi *q = &u->qi;

	q->lg2 = lg2;
	q->ready = plat_zalloc(u->plat, sizeof(q->ready[0]) << lg2);
	q->gone = plat_zalloc(u->plat, sizeof(q->gone[0]) << lg2);
	q->entries = plat_pages_alloc(u->plat, sizeof(struct vtd_inv) << lg2);
	q->done = plat_pages_alloc(u->plat,
				   pages_size(sizeof(q->done[0]) << lg2));
	plat_lock_init(u->plat, &q->error_lock, PLAT_LOCK_SPIN, PLAT_RANK_QUEUE,
		       "vtd errors");
	if (q->ready && q->gone && q->entries && q->done)
		return 0;
	vtd_qi_fini(u);
	return -ENOMEM;
}

void vtd_qi_fini(struct vtd_unit *u)
{
	struct vtd_qi *q = &u->qi;

	plat_lock_fini(u->plat, &q->error_lock);
	if (q->done)
		plat_pages_free(u->plat, q->done,
				pages_size(sizeof(q->done[0]) << q->lg2));
	if (q->entries)
		plat_pages_free(u->plat, q->entries,
				sizeof(struct vtd_inv) << q->lg2);
	plat_free(u->plat, q->gone);
	plat_free(u->plat, q->ready);
}
