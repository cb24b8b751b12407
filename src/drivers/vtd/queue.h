/* SPDX-License-Identifier: MIT */
/*
 * The invalidation queue, with descriptors of 256 bits.
 *
 * Any number of threads submit, without a lock, and each is told of the errors
 * of its own descriptors. queue.c has the invariants, error.c what happens when
 * a descriptor fails or the unit does not answer any more.
 */
#ifndef DRIVERS_VTD_QUEUE_H
#define DRIVERS_VTD_QUEUE_H

#include <sva/plat.h>

#include "base/le64.h"

struct vtd_unit;

/* One descriptor. */
struct vtd_inv {
	uint64_t dw[4];
};

/* Errors that are remembered for those they are about. */
#define VTD_QI_ERRORS 32u

/**
 * struct vtd_qi - an invalidation queue
 * @entries:   the descriptors, by slot.
 * @done:      by slot: written by the unit when the wait descriptor there has
 *             completed. One more is nobody's.
 * @ready:     by slot: where the reservation that begins there ends, once it
 *             has been written.
 * @reserved, @published, @consumed: positions, see queue.c.
 * @publishing: somebody is moving @published and the tail.
 * @ats_until: no device TLB invalidation is in the queue from here on.
 * @error_lock: of GCMD, FSTS and of what follows.
 * @error_at, @error_repeats: where the last error was and how often in a row.
 * @errors:    how many were remembered; @error: the last of them.
 * @dead:      nothing is invalidated any more; set when @stopped is final.
 * @stopped:   no transaction passes the unit any more.
 *
 * (c) after init, (a) atomic, (o) the owner of @publishing, (e) @error_lock.
 */
struct vtd_qi {
	le64_atomic *entries;    /* (c) */
	_Atomic uint32_t *done;  /* (a) little-endian */
	_Atomic uint64_t *ready; /* (a) */
	unsigned int lg2;        /* (c) */
	uint64_t ats_timeout_ns; /* (c) */
	_Alignas(64) _Atomic uint64_t reserved;
	_Alignas(64) _Atomic uint64_t published; /* (a), written by (o) */
	_Atomic bool publishing;
	_Alignas(64) _Atomic uint64_t consumed;
	_Atomic uint64_t ats_until;
	_Alignas(64) _Atomic uint64_t errors; /* (a), written by (e) */
	_Atomic uint64_t error[VTD_QI_ERRORS];
	_Atomic bool dead;
	_Atomic bool stopped;
	struct plat_lock error_lock;
	uint64_t error_at;          /* (e) */
	unsigned int error_repeats; /* (e) */
};

#endif
