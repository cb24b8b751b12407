/* SPDX-License-Identifier: MIT */
/*
 * The four functions a compiler may call by itself and an environment without
 * a C library must therefore have. <string.h> may be included too.
 */
#ifndef BASE_STRING_H
#define BASE_STRING_H

#include <stddef.h>

/* The second of two declarations is not an error, whichever it is. */
/* NOLINTBEGIN(readability-redundant-declaration) */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
void *memcpy(void *restrict, const void *restrict, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
#pragma GCC diagnostic pop
/* NOLINTEND(readability-redundant-declaration) */

#endif
