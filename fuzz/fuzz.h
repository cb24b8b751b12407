/* SPDX-License-Identifier: MIT */
/*
 * What every fuzz target has: an input that is taken from the front, oracles
 * that end the process, and defects that can be switched on to see an oracle
 * notice.
 *
 * A target is LLVMFuzzerTestOneInput(), as libFuzzer wants it, and fuzz_seed().
 * Linked with main.c instead of libFuzzer it is a program that replays files,
 * or runs the seeds and pseudo-random changes of them.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/field.h"

#define FUZZ_COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { FUZZ_INPUT_MAX = 4096 };

/* An input that is used up gives zeroes. */
struct in {
	const uint8_t *p;
	const uint8_t *end;
};

static inline uint64_t in_bytes(struct in *in, unsigned int n)
{
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < n && in->p < in->end; i++)
		v |= (uint64_t)*in->p++ << (8 * i);
	return v;
}

static inline uint8_t in_u8(struct in *in)
{
	return (uint8_t)in_bytes(in, 1);
}

static inline uint16_t in_u16(struct in *in)
{
	return (uint16_t)in_bytes(in, 2);
}

static inline uint32_t in_u32(struct in *in)
{
	return (uint32_t)in_bytes(in, 4);
}

static inline uint64_t in_u64(struct in *in)
{
	return in_bytes(in, 8);
}

/* Any value, those at the edges in two bytes. */
uint64_t in_word(struct in *in);

/* An oracle: says what is wrong, and aborts. */
#define FUZZ_CHECK(cond)                                                       \
	do {                                                                   \
		if (!(cond))                                                   \
			fuzz_finding(__FILE__, __LINE__, #cond);               \
	} while (0)

#define FUZZ_FAIL(what) fuzz_finding(__FILE__, __LINE__, what)

_Noreturn void fuzz_finding(const char *file, int line, const char *what);

/*
 * A defect by name, between what is fuzzed and the oracles; none by default.
 * The replay switches each on and has to see a finding.
 */
extern const char *fuzz_defect;

static inline bool fuzz_broken(const char *name)
{
	return fuzz_defect && !strcmp(fuzz_defect, name);
}

/* Of the target: names of its defects, the last one NULL. */
extern const char *const fuzz_defects[];

/* What a seed is written into. */
struct out {
	uint8_t *p;
	uint8_t *end;
};

static inline void out_bytes(struct out *out, unsigned int n, uint64_t v)
{
	unsigned int i;

	for (i = 0; i < n && out->p < out->end; i++)
		*out->p++ = (uint8_t)(v >> (8 * i));
}

/* Of the target: writes seed number n. False: there is none. */
bool fuzz_seed(unsigned int n, struct out *out);

/* Of the target: values worth trying, a NULL name at the end. */
struct fuzz_word {
	const char *name;
	uint64_t value;
	unsigned int bytes;
};
extern const struct fuzz_word fuzz_words[];

/* Of the target: fields worth setting, a NULL name at the end. */
extern const struct field_desc fuzz_fields[];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
