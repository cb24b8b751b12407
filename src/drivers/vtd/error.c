/* SPDX-License-Identifier: MIT */
/*
 * Errors of the invalidation queue: VT-d, 6.5.2.11.
 *
 * Whoever waits for the queue looks for its errors too, so no interrupt is
 * needed to get it going again; the fault event looks besides, as it does not
 * come again while one is left. One at a time repairs, under the error lock.
 * Submitters go on meanwhile: they touch neither the slot IQH points to nor
 * FSTS.
 *
 * An error is remembered before it is acknowledged, so before the unit goes
 * on, so before the submitter it is about sees its wait descriptor completed.
 *
 * When nothing helps, translation ends for everybody. Until then an entry that
 * should have gone may still be used, and who asked for that is often not in a
 * position to hear that it failed.
 */
#include "base/errno.h"
#include "drivers/vtd/control.h"
#include "drivers/vtd/unit.h"

/* How often in a row a descriptor may fail before it is taken for hopeless. */
#define MAX_REPEATS 8u

#define IQE ((uint32_t)FIELD_MASK(VTD_FSTS_IQE))
#define ITE ((uint32_t)FIELD_MASK(VTD_FSTS_ITE))
#define ICE ((uint32_t)FIELD_MASK(VTD_FSTS_ICE))

/* ITESID and ICESID were reserved before: Linux takes 0 for that. */
#define NO_SID 0u

bool vtd_is_dead(const struct vtd_unit *u)
{
	/* Acquire: pairs with stop_locked(). */
	return atomic_load_explicit(&u->qi.dead, memory_order_acquire);
}

bool vtd_is_stopped(const struct vtd_unit *u)
{
	/* Acquire: as above. */
	return atomic_load_explicit(&u->qi.stopped, memory_order_acquire);
}

static void stop_locked(struct vtd_unit *u, const char *why)
{
	struct vtd_qi *q = &u->qi;
	int err;

	if (vtd_is_dead(u))
		return;
	plat_log(u->plat, PLAT_LOG_ERR,
		 "%s: %s: everything is blocked from now on", u->name, why);
	err = vtd_control_stop(u);
	if (err)
		plat_log(u->plat, PLAT_LOG_ERR,
			 "%s: it does not confirm that: DEVICES MAY STILL USE "
			 "TRANSLATIONS THAT HAVE GONE: error %d",
			 u->name, err);
	/* Release: who sees that it is dead, sees that it has been stopped. */
	atomic_store_explicit(&q->stopped, !err, memory_order_release);
	atomic_store_explicit(&q->dead, true, memory_order_release);
}

void vtd_fail_closed(struct vtd_unit *u, const char *why)
{
	plat_lock(u->plat, &u->qi.error_lock);
	stop_locked(u, why);
	plat_unlock(u->plat, &u->qi.error_lock);
}

/* For who has submitted before @pos, or at it; see queue.c. */
static void remember_locked(struct vtd_qi *q, uint64_t pos, uint32_t what)
{
	/* Relaxed: written under this lock only. */
	uint64_t n = atomic_load_explicit(&q->errors, memory_order_relaxed);
	struct vtd_qi_error *e = &q->error[n % VTD_QI_ERRORS];

	/* Release: who sees some of it sees a count of at least n. */
	atomic_store_explicit(&e->pos, pos, memory_order_release);
	atomic_store_explicit(&e->what, what, memory_order_release);
	atomic_store_explicit(&q->errors, n + 1, memory_order_release);
}

static const char *iqei_text(uint64_t iqei)
{
	static const char *const text[] = {
		[VTD_IQEI_UNKNOWN] = "unknown",
		[VTD_IQEI_TAIL] = "the tail is beyond the queue",
		[VTD_IQEI_FETCH] = "it cannot be read",
		[VTD_IQEI_TYPE] = "its type is invalid",
		[VTD_IQEI_RESERVED] = "reserved bits or values",
		[VTD_IQEI_WIDTH] = "its width is wrong",
		[VTD_IQEI_TAIL_ALIGN] = "the tail is not aligned",
		[VTD_IQEI_TTM] = "it does not fit the table mode",
	};

	return iqei < ARRAY_SIZE(text) ? text[iqei] : "an unknown reason";
}

/*
 * IQH stands at the descriptor that is invalid, and is fetched again. A wait
 * descriptor is valid if anything is; that of its own position tells whoever
 * waits for that, if somebody does.
 */
static void repair_invalid_locked(struct vtd_unit *u)
{
	struct vtd_qi *q = &u->qi;
	uint64_t iqei = REG_GET(VTD_IQERCD_IQEI, vtd_read64(u, VTD_IQERCD));
	uint64_t pos = vtd_qi_head(u);
	bool again = q->error_repeats && q->error_at == pos;
	struct vtd_inv inv = vtd_qi_read(q, pos);

	vtd_count(&u->counters.queue_errors);
	q->error_repeats = again ? q->error_repeats + 1 : 1;
	q->error_at = pos;
	if (q->error_repeats >= MAX_REPEATS) {
		stop_locked(u, "not even a wait descriptor is valid");
		return;
	}
	if (!again)
		plat_log(u->plat, PLAT_LOG_ERR,
			 "%s: descriptor %016llx %016llx is invalid: %s",
			 u->name, (unsigned long long)inv.dw[0],
			 (unsigned long long)inv.dw[1], iqei_text(iqei));
	/* Nothing has happened to it: it is fetched again. */
	if (iqei == VTD_IQEI_FETCH)
		return;
	if (!again)
		remember_locked(q, pos, 0);
	inv = vtd_qi_make_wait(u, pos);
	vtd_qi_write(q, pos, &inv);
}

/*
 * A device has not answered. The unit has given up all wait descriptors it had
 * fetched, and what was in front of them is in doubt: who waits for one submits
 * again.
 */
static void repair_timeout_locked(struct vtd_unit *u)
{
	struct vtd_qi *q = &u->qi;
	uint16_t sid =
		(uint16_t)REG_GET(VTD_IQERCD_ITESID, vtd_read64(u, VTD_IQERCD));
	uint64_t head;

	vtd_count(&u->counters.queue_timeouts);
	/* Pushes status writes that are on their way: 6.5.2.10. */
	(void)vtd_read32(u, VTD_ICS);
	head = vtd_qi_head(u);
	plat_log(u->plat, PLAT_LOG_ERR,
		 "%s: device %04x does not invalidate its translations",
		 u->name, sid);
	remember_locked(q, head,
			VTD_QI_TIMEOUT |
				(sid == NO_SID ? 0 : VTD_QI_SID | sid));
	/* Release: who sees it sees the error. It only rises: heads do. */
	atomic_store_explicit(&q->aborted, head, memory_order_release);
}

/* Somebody answered what nobody had asked; the queue goes on. */
static void note_completion_locked(struct vtd_unit *u)
{
	/* Relaxed: the counter orders nothing. */
	uint64_t n = atomic_fetch_add_explicit(&u->counters.completion_errors,
					       1, memory_order_relaxed) +
		     1;

	if (is_pow2(n))
		plat_log(u->plat, PLAT_LOG_WARN,
			 "%s: device %04x answers no invalidation, %llu by now",
			 u->name,
			 (unsigned int)REG_GET(VTD_IQERCD_ICESID,
					       vtd_read64(u, VTD_IQERCD)),
			 (unsigned long long)n);
}

static uint32_t active_of(struct vtd_unit *u)
{
	uint32_t fsts = vtd_read32(u, VTD_FSTS);

	/* All ones: there are no registers. */
	return fsts == UINT32_MAX ? 0 : fsts & (IQE | ITE | ICE);
}

/* Repair, then acknowledge. A dead queue does not go on. */
static void handle_locked(struct vtd_unit *u)
{
	uint32_t active = active_of(u);

	if (active & ICE)
		note_completion_locked(u);
	/* IQE first: it says where the queue stands, which ITE needs too. */
	if (active & IQE && !vtd_is_dead(u))
		repair_invalid_locked(u);
	if (active & ITE && !vtd_is_dead(u))
		repair_timeout_locked(u);
	if (vtd_is_dead(u))
		active &= ICE;
	if (active)
		vtd_write32(u, VTD_FSTS, active);
}

void vtd_error_poll(struct vtd_unit *u)
{
	if (vtd_is_dead(u) || !active_of(u))
		return;
	plat_lock(u->plat, &u->qi.error_lock);
	handle_locked(u);
	plat_unlock(u->plat, &u->qi.error_lock);
}
