/* SPDX-License-Identifier: MIT */
/* Files that `sva info` reads instead of asking a machine. */
#ifndef CLI_INFO_FILE_H
#define CLI_INFO_FILE_H

#include <stddef.h>

/*
 * The whole file, one without a size too, as those of /sys. *ret_data is the
 * caller's to free(). 0 or an errno; EFBIG above 16 MiB.
 */
int info_file_read(const char *name, char **ret_data, size_t *ret_size);

/* Says why, and gives the command's exit code. */
int info_file_failed(const char *name, const char *why);

#endif
