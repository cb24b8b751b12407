/* SPDX-License-Identifier: MIT */
/* sva info --why: does a device bind this process, and if not, why not. */
#ifndef CLI_INFO_WHY_H
#define CLI_INFO_WHY_H

#include <stdbool.h>

#include <sva/machine.h>

/* False: nothing has that name. */
bool info_lack_by_name(const char *name, enum sva_lack *ret_lack);

/* An exit code; a device that does not bind is CLI_FAILED. */
int info_why(struct sva_machine *m, const char *device, bool json);

#endif
