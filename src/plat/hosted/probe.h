/* SPDX-License-Identifier: MIT */
/* What the running kernel can do, found out by doing it. */
#ifndef PLAT_HOSTED_PROBE_H
#define PLAT_HOSTED_PROBE_H

#include <stdbool.h>

/*
 * A userfaultfd that reports unmaps, removals and moves, and takes no part in
 * page faults. *ret_wp_async: it accepts every kind of mapping. Negative errno
 * if there is no such thing.
 */
int hosted_probe_uffd(bool allow_wp_async, bool *ret_wp_async);

/* Is there madvise(MADV_POPULATE_READ and _WRITE)? */
bool hosted_probe_populate(void);

#endif
