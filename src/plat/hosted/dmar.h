/* SPDX-License-Identifier: MIT */
/* What dmar.c and dmar_check.c share. */
#ifndef PLAT_HOSTED_DMAR_H
#define PLAT_HOSTED_DMAR_H

#include <errno.h>

#include <sva/dmar.h>

/* More is no machine; what is held against each other grows with the square. */
#define DMAR_UNITS_MAX 1024u
#define DMAR_BYTES_MAX ((size_t)1 << 20)

/* Says what is wrong. error may be NULL. */
void dmar_say(struct plat_dmar_error *error, const char *fmt, ...)
	__attribute__((cold, format(printf, 2, 3)));

/* The same, and -EINVAL: where an analyzer sees that it is an error. */
#define dmar_wrong(error, ...) (dmar_say(error, __VA_ARGS__), -EINVAL)

/* What one structure alone does not show. 0, -EINVAL, -ENOMEM. */
SVA_MUST_CHECK int dmar_check(const struct plat_dmar *dmar,
			      struct plat_dmar_error *error);

#endif
