/* SPDX-License-Identifier: MIT */
/* sva info --dtb: what a device tree says of SMMUs. */
#ifndef CLI_INFO_DTB_H
#define CLI_INFO_DTB_H

#include <stdbool.h>

/* An exit code of the command; errors are on standard error. */
int info_dtb(const char *file, bool json);

#endif
