/* SPDX-License-Identifier: MIT */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/iommu.h"
#include "cli/run.h"

enum {
	OPT_IOMMU = 256,
	OPT_FAULTS,
	OPT_PERSONALITY,
	OPT_TRACE_FAULTS,
	OPT_JSON
};

static const struct argp_option options_table[] = {
	{ "iommu", OPT_IOMMU, "NAME", 0, "IOMMU: smmuv3 (the default) or vtd",
	  0 },
	{ "faults", OPT_FAULTS, "HOW", 0,
	  "pri: absent pages are requested (the default); stall: transactions "
	  "wait for them, not with vtd; none: pages are faulted in before the "
	  "work",
	  0 },
	{ "personality", OPT_PERSONALITY, "WHICH", 0,
	  "caches of the models: strict keeps an entry until it is invalidated "
	  "(the default); eager forgets at will",
	  0 },
	{ "threads", 't', "N", 0, "work on N files at once, 1 to 64", 0 },
	{ "trace-faults", OPT_TRACE_FAULTS, NULL, 0,
	  "say on standard error what became of each fault", 0 },
	{ "json", OPT_JSON, NULL, 0, "print the result as JSON", 0 },
	{ 0 },
};

static const char run_doc[] =
	"Let the accelerator work on files, by pointers into this process."
	"\v"
	"Operations:\n"
	"  crc32c FILE...             CRC-32C (Castagnoli) of each file\n"
	"  copy SRC DST               copy SRC to DST, and its CRC-32C\n"
	"  compare A B                where they first differ\n"
	"  fill DST SIZE HEXPATTERN   make DST, SIZE bytes of the pattern\n"
	"\n"
	"SIZE may end in K, M, G or T. HEXPATTERN is 1, 2, 4 or 8 bytes, two "
	"digits each, in the order they are to have in the file.";

static const struct op_name {
	const char *name;
	enum run_op op;
} op_names[] = {
	{ "crc32c", RUN_CRC32C },
	{ "copy", RUN_COPY },
	{ "compare", RUN_COMPARE },
	{ "fill", RUN_FILL },
};

const char *run_op_name(enum run_op op)
{
	return op_names[op].name;
}

const char *run_faults_name(enum run_faults faults)
{
	switch (faults) {
	case RUN_FAULTS_PRI:
		return "pri";
	case RUN_FAULTS_STALL:
		return "stall";
	case RUN_FAULTS_NONE:
		return "none";
	}
	return "?";
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The device has an 8-byte pattern; shorter ones are repeated in it. */
static bool parse_pattern(const char *text, uint64_t *ret_pattern)
{
	size_t digits = strlen(text);
	uint64_t pattern = 0;
	size_t i;

	if (digits != 2 && digits != 4 && digits != 8 && digits != 16)
		return false;
	for (i = 0; i < 16; i += 2) {
		int hi = hex_digit(text[i % digits]);
		int lo = hex_digit(text[i % digits + 1]);

		if (hi < 0 || lo < 0)
			return false;
		pattern |= (uint64_t)(unsigned int)(hi * 16 + lo) << (i * 4);
	}
	*ret_pattern = pattern;
	return true;
}

static bool parse_size(const char *text, uint64_t *ret_size)
{
	static const char suffixes[] = "KMGT";
	unsigned long long size;
	const char *suffix;
	unsigned int shift = 0;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	size = strtoull(text, &end, 10);
	if (errno)
		return false;
	if (*end) {
		/* Not strchr(): it finds the end of the string too. */
		suffix = memchr(suffixes, *end & ~0x20, sizeof(suffixes) - 1);
		if (!suffix || end[1])
			return false;
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
	}
	/* Files end at 2^63 - 1. */
	if (size > ((uint64_t)INT64_MAX >> shift))
		return false;
	*ret_size = size << shift;
	return true;
}

static void parse_threads(const char *arg, struct argp_state *state,
			  struct run_options *options)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 10);

	if (*arg < '0' || *arg > '9' || *end || n < 1 || n > 64)
		argp_error(state, "--threads=%s: 1 to 64", arg);
	options->threads = (unsigned int)n;
}

static void parse_operation(struct argp_state *state,
			    struct run_options *options)
{
	static const size_t needs[] = {
		[RUN_COPY] = 2,
		[RUN_COMPARE] = 2,
		[RUN_FILL] = 3,
	};
	char **words = options->paths;
	size_t i;

	for (i = 0; i < sizeof(op_names) / sizeof(op_names[0]); i++)
		if (!strcmp(words[0], op_names[i].name))
			break;
	if (i == sizeof(op_names) / sizeof(op_names[0])) {
		argp_error(state, "unknown operation '%s'", words[0]);
		return;
	}
	options->op = op_names[i].op;
	options->paths++;
	options->path_count--;

	if (options->op == RUN_CRC32C) {
		if (!options->path_count)
			argp_error(state, "crc32c: of which file?");
		return;
	}
	if (options->path_count != needs[options->op])
		argp_error(state, "%s takes %zu arguments", words[0],
			   needs[options->op]);
	if (options->op != RUN_FILL)
		return;
	if (!parse_size(words[2], &options->fill_size))
		argp_error(state, "'%s' is not a size", words[2]);
	if (!parse_pattern(words[3], &options->fill_pattern))
		argp_error(state, "'%s' is not a pattern of 1, 2, 4 or 8 bytes",
			   words[3]);
	options->path_count = 1;
}

static error_t parse_run(int key, char *arg, struct argp_state *state)
{
	struct run_options *options = state->input;

	switch (key) {
	case OPT_IOMMU:
		if (!iommu_by_name(arg, &options->iommu))
			argp_error(state, "--iommu=%s: " IOMMU_NAMES, arg);
		return 0;
	case OPT_FAULTS:
		if (!strcmp(arg, "pri"))
			options->faults = RUN_FAULTS_PRI;
		else if (!strcmp(arg, "stall"))
			options->faults = RUN_FAULTS_STALL;
		else if (!strcmp(arg, "none"))
			options->faults = RUN_FAULTS_NONE;
		else
			argp_error(state, "--faults=%s: pri, stall or none",
				   arg);
		return 0;
	case OPT_PERSONALITY:
		if (!strcmp(arg, "strict"))
			options->personality = HW_STRICT;
		else if (!strcmp(arg, "eager"))
			options->personality = HW_EAGER;
		else
			argp_error(state, "--personality=%s: strict or eager",
				   arg);
		return 0;
	case 't':
		parse_threads(arg, state, options);
		return 0;
	case OPT_TRACE_FAULTS:
		options->trace_faults = true;
		return 0;
	case OPT_JSON:
		options->json = true;
		return 0;
	case ARGP_KEY_ARGS:
		options->paths = state->argv + state->next;
		options->path_count = (size_t)(state->argc - state->next);
		parse_operation(state, options);
		return 0;
	case ARGP_KEY_END:
		if (options->faults == RUN_FAULTS_STALL &&
		    options->iommu != SVA_IOMMU_SMMUV3)
			argp_error(state, "--faults=stall: only smmuv3 stalls");
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which operation?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void run_parse(int argc, char **argv, struct run_options *options)
{
	static const struct argp argp = {
		.options = options_table,
		.parser = parse_run,
		.args_doc = "OP ARGS...",
		.doc = run_doc,
	};

	memset(options, 0, sizeof(*options));
	options->threads = 1;
	argp_parse(&argp, argc, argv, 0, NULL, options);
}

int cmd_run(int argc, char **argv)
{
	struct run_result *results;
	struct run_options options;
	struct session session;
	size_t count, i;
	int rc = CLI_OK;

	run_parse(argc, argv, &options);
	count = task_count(&options);
	results = calloc(count, sizeof(*results));
	if (!results) {
		perror("sva");
		return CLI_FAILED;
	}
	if (session_open(&options, &session)) {
		free(results);
		return CLI_FAILED;
	}
	if (pool_run(&session, results)) {
		rc = CLI_FAILED;
	} else if (!options.json) {
		report_table(&session, results, count);
	} else if (report_json(&session, results, count)) {
		fputs("sva: out of memory\n", stderr);
		rc = CLI_FAILED;
	}
	for (i = 0; i < count; i++)
		if (results[i].failed)
			rc = CLI_FAILED;
	if (session_close(&session))
		rc = CLI_FAILED;
	free(results);
	return rc;
}
