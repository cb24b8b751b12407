/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdlib.h>

const char *fuzz_defect;

uint64_t in_word(struct in *in)
{
	uint8_t kind = in_u8(in);
	unsigned int n = kind & 63;

	switch (kind >> 6) {
	case 0:
		return n;
	case 1:
		return UINT64_C(1) << n;
	case 2:
		return UINT64_MAX << n;
	default:
		return in_bytes(in, (kind & 7) + 1) << (kind >> 3 & 7) * 8;
	}
}

_Noreturn void fuzz_finding(const char *file, int line, const char *what)
{
	fflush(stdout);
	fprintf(stderr, "%s:%d: finding: %s\n", file, line, what);
	abort();
}
