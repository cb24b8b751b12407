/* SPDX-License-Identifier: MIT */
/* sva info --dmar: what a DMAR table says of VT-d units. */
#ifndef CLI_INFO_DMAR_H
#define CLI_INFO_DMAR_H

#include <stdbool.h>

/* An exit code of the command; errors are on standard error. */
int info_dmar(const char *file, bool json);

#endif
