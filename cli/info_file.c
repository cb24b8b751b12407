/* SPDX-License-Identifier: MIT */
#include "cli/info_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/text.h"

/* More is no tree, and no table. */
#define SIZE_LIMIT ((size_t)16 << 20)

int info_file_read(const char *name, char **ret_data, size_t *ret_size)
{
	FILE *f = fopen(name, "rbe");
	char *data = malloc(SIZE_LIMIT + 1);
	int err = 0;

	if (!f || !data) {
		err = f ? ENOMEM : errno;
	} else {
		errno = 0;
		*ret_size = fread(data, 1, SIZE_LIMIT + 1, f);
		if (ferror(f))
			err = errno ? errno : EIO;
		else if (*ret_size > SIZE_LIMIT)
			err = EFBIG;
	}
	if (f)
		(void)fclose(f);
	if (err)
		free(data);
	else
		*ret_data = data;
	return err;
}

int info_file_failed(const char *name, const char *why)
{
	fputs("sva: ", stderr);
	text_print(stderr, name);
	fprintf(stderr, ": %s\n", why);
	return CLI_FAILED;
}
