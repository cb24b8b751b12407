/* SPDX-License-Identifier: MIT */
/*
 * The invalidation queue, with descriptors of 256 bits: VT-d, 6.5.2.
 *
 * Any number of threads submit, without a lock, and each is told of the errors
 * of its own descriptors. queue.c has the invariants, error.c what happens when
 * a descriptor fails or the unit does not answer any more.
 */
#ifndef DRIVERS_VTD_QUEUE_H
#define DRIVERS_VTD_QUEUE_H

#include <sva/plat.h>

#include "base/le64.h"
#include "fmt/vtd.h"

struct vtd_unit;

/* Errors that are remembered for those they are about. */
#define VTD_QI_ERRORS 32u

/**
 * struct vtd_qi_error - an error, for those it is about
 * @pos:  of an invalid descriptor; or, with @what, behind the last descriptor
 *        that had been fetched when a device did not answer.
 * @what: 0, or VTD_QI_TIMEOUT and, with VTD_QI_SID, the device.
 */
struct vtd_qi_error {
	_Atomic uint64_t pos;
	_Atomic uint32_t what;
};

#define VTD_QI_TIMEOUT (UINT32_C(1) << 31)
#define VTD_QI_SID     (UINT32_C(1) << 30)

/**
 * struct vtd_qi - an invalidation queue
 * @entries:   the descriptors, by slot.
 * @done:      by slot: the unit writes the lower half when the wait descriptor
 *             there has completed: its lap. Nobody else ever does.
 * @ready:     by slot: where the reservation that begins there ends, once it
 *             has been written; @gone: once its submitter is through with it.
 * @reserved, @published, @retired: positions, see queue.c.
 * @publishing: somebody is moving @published and the tail.
 * @ats_until: no device TLB invalidation is in the queue from here on.
 * @aborted:   wait descriptors before it that have not completed never will:
 *             the unit had fetched them when a device did not answer.
 * @error_lock: of GCMD, of FSTS' errors of the queue and of what follows.
 * @error_at, @error_repeats: where the last error was and how often in a row.
 * @errors:    how many were remembered; @error: the last of them.
 * @dead:      nothing is invalidated any more; set when @stopped is final.
 * @stopped:   no transaction passes the unit any more.
 *
 * (c) after init, (a) atomic, (o) the owner of @publishing, (e) @error_lock.
 */
struct vtd_qi {
	le64_atomic *entries;    /* (c) */
	le64_atomic *done;       /* (a) */
	_Atomic uint64_t *ready; /* (a) */
	_Atomic uint64_t *gone;  /* (a) */
	unsigned int lg2;        /* (c) */
	uint64_t ats_timeout_ns; /* (c) */
	_Alignas(64) _Atomic uint64_t reserved;
	_Alignas(64) _Atomic uint64_t published; /* (a), written by (o) */
	_Atomic bool publishing;
	_Alignas(64) _Atomic uint64_t retired;
	_Atomic uint64_t ats_until;
	_Atomic uint64_t aborted;             /* (a), written by (e) */
	_Alignas(64) _Atomic uint64_t errors; /* (a), written by (e) */
	struct vtd_qi_error error[VTD_QI_ERRORS];
	_Atomic bool dead;
	_Atomic bool stopped;
	struct plat_lock error_lock;
	uint64_t error_at;          /* (e) */
	unsigned int error_repeats; /* (e) */
};

/* Return: 0, -ENOMEM. */
SVA_MUST_CHECK int vtd_qi_init(struct vtd_unit *u, unsigned int lg2);
void vtd_qi_fini(struct vtd_unit *u);

/* What vtd_qi_submit() found out. */
struct vtd_qi_result {
	int err;
	bool sid_known;
	uint16_t sid;
};

/**
 * vtd_qi_submit() - have descriptors done
 * @invs:  in this order, at most VTD_BATCH; those of a device that did not
 *         answer are taken out.
 * @drain: the wait descriptor behind them is to drain page requests.
 *
 * Returns when all have completed, as vtd_batch_sync() says.
 */
SVA_MUST_CHECK struct vtd_qi_result vtd_qi_submit(struct vtd_unit *u,
						  struct vtd_inv *invs,
						  size_t count, bool drain);

/*
 * For submit.c: steps 2, 4 and 5, 6, and 7 of queue.c; [first, end) is the
 * reservation. The waits return -ETIMEDOUT to who found out that the queue is
 * dead, -EIO to everybody else; the second one -EAGAIN if the unit has given up
 * the wait descriptor, with everything before it in doubt.
 */
SVA_MUST_CHECK int vtd_qi_wait_room(struct vtd_unit *u, uint64_t end);
void vtd_qi_publish(struct vtd_unit *u, uint64_t first, uint64_t end);
SVA_MUST_CHECK int vtd_qi_wait_done(struct vtd_unit *u, uint64_t end);
void vtd_qi_retire(struct vtd_unit *u, uint64_t first, uint64_t end);

/* For error.c: where the unit stands, while it stands; slots of positions. */
uint64_t vtd_qi_head(struct vtd_unit *u);
void vtd_qi_write(struct vtd_qi *q, uint64_t pos, const struct vtd_inv *inv);
struct vtd_inv vtd_qi_read(const struct vtd_qi *q, uint64_t pos);
/* A wait descriptor for this position: it tells whoever waits for that. */
struct vtd_inv vtd_qi_make_wait(const struct vtd_unit *u, uint64_t pos);

/* error.c: look for errors of the queue and repair them. Does not sleep. */
void vtd_error_poll(struct vtd_unit *u);

#endif
