/* SPDX-License-Identifier: MIT */
/*
 * A fuzz target without libFuzzer: replays files, or runs the seeds and
 * pseudo-random changes of them, the same ones every time.
 *
 *	TARGET FILE...           replay these inputs
 *	TARGET [--runs=N] [--seed=S] [--seconds=T] [--defect=NAME]
 *	TARGET --keep=FILE       the input in progress is there
 *	TARGET --defects         names that --defect takes
 *	TARGET --corpus=FOLDER   write the seeds into a folder
 *	TARGET --dictionary      print a dictionary for libFuzzer
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "fuzz/fuzz.h"

enum { SEEDS_MAX = 256, CHANGES_MAX = 8 };

struct seed {
	uint8_t bytes[FUZZ_INPUT_MAX];
	size_t size;
};

static struct seed seeds[SEEDS_MAX];
static unsigned int seed_count;
static uint64_t state;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static size_t below(size_t n)
{
	return n ? (size_t)(rnd() >> 11) % n : 0;
}

static void load_seeds(void)
{
	struct seed *s = seeds;
	struct out out;

	for (; seed_count < SEEDS_MAX; seed_count++, s++) {
		out = (struct out){ s->bytes, s->bytes + sizeof(s->bytes) };
		if (!fuzz_seed(seed_count, &out))
			break;
		s->size = (size_t)(out.p - s->bytes);
	}
}

/* The end of another seed behind the beginning of this one. */
static void splice(struct seed *s)
{
	const struct seed *other = &seeds[below(seed_count)];
	size_t from = below(other->size), at = below(s->size);
	size_t n = other->size - from;

	if (n > sizeof(s->bytes) - at)
		n = sizeof(s->bytes) - at;
	memcpy(s->bytes + at, other->bytes + from, n);
	s->size = at + n;
}

static void insert(struct seed *s)
{
	size_t n = 1 + below(8), at = below(s->size), i;

	if (s->size + n > sizeof(s->bytes))
		return;
	memmove(s->bytes + at + n, s->bytes + at, s->size - at);
	for (i = 0; i < n; i++)
		s->bytes[at + i] = (uint8_t)rnd();
	s->size += n;
}

static void erase(struct seed *s)
{
	size_t at = below(s->size), n = 1 + below(8);

	if (at + n > s->size)
		return;
	memmove(s->bytes + at, s->bytes + at + n, s->size - at - n);
	s->size -= n;
}

static void change(struct seed *s)
{
	size_t n = 1 + below(CHANGES_MAX);

	while (n--) {
		switch (below(8)) {
		case 0:
			splice(s);
			break;
		case 1:
			insert(s);
			break;
		case 2:
			erase(s);
			break;
		case 3:
			if (s->size)
				s->bytes[below(s->size)] = (uint8_t)rnd();
			break;
		default:
			if (s->size)
				s->bytes[below(s->size)] ^=
					(uint8_t)(1u << below(8));
			break;
		}
	}
}

static const char *keep;

static void keep_input(const uint8_t *bytes, size_t size)
{
	FILE *f = fopen(keep, "wb");

	if (!f || fwrite(bytes, 1, size, f) != size) {
		perror(keep);
		exit(2);
	}
	fclose(f);
}

/* A copy of its own size, so that a sanitizer sees a read beyond it. */
static void run(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		exit(2);
	if (keep)
		keep_input(bytes, size);
	memcpy(copy, bytes, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int replay(const char *path)
{
	static uint8_t bytes[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t size;

	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 2;
	}
	size = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	printf("%s: %zu bytes\n", path, size);
	fflush(stdout);
	run(bytes, size);
	return 0;
}

static int write_corpus(const char *folder)
{
	char path[4096];
	unsigned int i;
	FILE *f;

	for (i = 0; i < seed_count; i++) {
		snprintf(path, sizeof(path), "%s/seed-%02u", folder, i);
		f = fopen(path, "wb");
		if (!f || fwrite(seeds[i].bytes, 1, seeds[i].size, f) !=
				  seeds[i].size) {
			perror(path);
			return 2;
		}
		fclose(f);
	}
	return 0;
}

static void print_word(const char *name, uint64_t value, unsigned int bytes)
{
	unsigned int i;

	printf("%s=\"", name);
	for (i = 0; i < bytes; i++)
		printf("\\x%02x", (unsigned int)(value >> (8 * i) & 0xff));
	printf("\"\n");
}

/* Words as they are; of a field its lowest bit, and all of it. */
static void print_dictionary(void)
{
	const struct fuzz_word *w;
	const struct field_desc *d;

	for (w = fuzz_words; w->name; w++)
		print_word(w->name, w->value, w->bytes);
	for (d = fuzz_fields; d->name; d++) {
		unsigned int shift = d->lo % 64u, bits = d->hi - d->lo + 1u;

		print_word(d->name, UINT64_C(1) << shift, 8);
		if (bits > 1)
			print_word(d->name, UINT64_MAX >> (64 - bits) << shift,
				   8);
	}
}

static void run_changes(unsigned long runs, double seconds)
{
	static struct seed s;
	unsigned long i = 0;
	clock_t start = clock();
	unsigned int n;

	for (n = 0; n < seed_count; n++)
		run(seeds[n].bytes, seeds[n].size);
	for (; i < runs; i++) {
		if ((double)(clock() - start) > seconds * CLOCKS_PER_SEC)
			break;
		s = seeds[below(seed_count)];
		change(&s);
		run(s.bytes, s.size);
	}
	printf("%u seeds, %lu changes of them: nothing found\n", seed_count, i);
}

static struct options {
	unsigned long runs;
	double seconds;
	const char *corpus;
	bool dictionary;
	bool defects;
} options = { .runs = 2000, .seconds = 1e9 };

static const char *value(const char *arg, const char *name)
{
	size_t n = strlen(name);

	return strncmp(arg, name, n) ? NULL : arg + n;
}

static bool option(const char *arg)
{
	const char *v;

	if ((v = value(arg, "--runs=")))
		options.runs = strtoul(v, NULL, 0);
	else if ((v = value(arg, "--seed=")))
		state ^= strtoull(v, NULL, 0) << 1;
	else if ((v = value(arg, "--seconds=")))
		options.seconds = strtod(v, NULL);
	else if ((v = value(arg, "--defect=")))
		fuzz_defect = v;
	else if ((v = value(arg, "--keep=")))
		keep = v;
	else if ((v = value(arg, "--corpus=")))
		options.corpus = v;
	else if (!strcmp(arg, "--dictionary"))
		options.dictionary = true;
	else if (!strcmp(arg, "--defects"))
		options.defects = true;
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	const char *const *defect;
	int i, ret = 0;

	state = UINT64_C(0x9e3779b97f4a7c15);
	load_seeds();
	for (i = 1; i < argc && argv[i][0] == '-'; i++)
		if (!option(argv[i])) {
			fprintf(stderr, "unknown option: %s\n", argv[i]);
			return 2;
		}
	if (options.corpus)
		return write_corpus(options.corpus);
	if (options.dictionary)
		print_dictionary();
	for (defect = fuzz_defects; options.defects && *defect; defect++)
		puts(*defect);
	if (options.dictionary || options.defects)
		return 0;
	if (i == argc)
		run_changes(options.runs, options.seconds);
	for (; i < argc && !ret; i++)
		ret = replay(argv[i]);
	return ret;
}
