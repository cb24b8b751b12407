/* SPDX-License-Identifier: MIT */
/*
 * Text that came from outside, on a terminal.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdio.h>

/* What a progress bar may have left on the line goes. */
#define TEXT_CLEAR_LINE "\r\033[K"

/* A name may hold any byte; control characters are printed as "?". */
void text_print(FILE *to, const char *text);

/* The same, filled with spaces to @width bytes. */
void text_print_column(FILE *to, const char *text, size_t width);

#endif
