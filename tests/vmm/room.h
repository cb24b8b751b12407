/* SPDX-License-Identifier: MIT */
/*
 * The platform of hosts, which counts what it has given (memory, work queues,
 * interrupts), and has no room when it is told to. The monitor gets it from
 * plat_hosted_plat(), which the linker replaces in these tests.
 */
#ifndef TESTS_VMM_ROOM_H
#define TESTS_VMM_ROOM_H

#include <stdbool.h>

/* The @nth request from now is refused; 0: none. */
void room_fail_nth(long nth);

/* Has the last one been that was to be? */
bool room_refused(void);

/* What was given and has not come back. */
long room_live(void);

#endif
