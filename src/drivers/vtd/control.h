/* SPDX-License-Identifier: MIT */
/* GCMD and what it takes effect on: VT-d, 11.4.4. */
#ifndef DRIVERS_VTD_CONTROL_H
#define DRIVERS_VTD_CONTROL_H

#include <sva/plat.h>

struct vtd_unit;

/*
 * Each is logged when it fails, polls for the timeout of the unit at most for
 * each acknowledgement, and does not sleep.
 */

/*
 * Switch on or off: @bit is of GCMD and, as they are alike, of GSTS. -ETIMEDOUT;
 * -EIO: it has failed closed, and nothing is switched on any more.
 */
SVA_MUST_CHECK int vtd_control_set(struct vtd_unit *u, uint32_t bit, bool on);

/*
 * Point the unit to a root table, in scalable mode, and have everything
 * forgotten that was cached of another: the queue has to run, unless the unit
 * does that itself (6.6). -ETIMEDOUT, -EIO
 */
SVA_MUST_CHECK int vtd_control_set_root(struct vtd_unit *u, uint64_t pa);

/* The invalidation queue, from its start. -ETIMEDOUT, -EIO */
SVA_MUST_CHECK int vtd_control_enable_queue(struct vtd_unit *u);

/*
 * Everything off, as found or as enabled: translation first, then what serves
 * it. Requests then pass untranslated. What fails does not keep the rest from
 * being tried. -ETIMEDOUT
 */
int vtd_control_disable(struct vtd_unit *u);

/* Protected memory off: translation protects instead. -ETIMEDOUT */
SVA_MUST_CHECK int vtd_control_open_memory(struct vtd_unit *u);

/*
 * No transaction passes any more. The queue's error lock is held. An error: the
 * unit has not confirmed it.
 */
SVA_MUST_CHECK int vtd_control_stop(struct vtd_unit *u);

#endif
