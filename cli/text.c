/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/text.h"

void text_print(FILE *to, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		unsigned char next = (unsigned char)text[1];

		/* In UTF-8, c2 80 to c2 9f are control characters too. */
		if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
			c = '?';
			text++;
		}
		putc(c < 0x20 || c == 0x7f ? '?' : c, to);
	}
}

void text_print_column(FILE *to, const char *text, size_t width)
{
	size_t length = strlen(text);

	text_print(to, text);
	for (; length < width; length++)
		putc(' ', to);
}
