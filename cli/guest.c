/* SPDX-License-Identifier: MIT */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/guest.h"
#include "cli/iommu.h"

enum {
	OPT_IOMMU = 256,
	OPT_GUEST_IOMMU,
	OPT_TABLES,
	OPT_GUESTS,
	OPT_PROCESSES,
	OPT_JOBS,
	OPT_PERSONALITY,
	OPT_KILL,
	OPT_JSON
};

static const struct argp_option options_table[] = {
	{ "iommu", OPT_IOMMU, "NAME", 0,
	  "IOMMU of the host: smmuv3 (the default) or vtd", 0 },
	{ "guest-iommu", OPT_GUEST_IOMMU, "NAME", 0,
	  "the one that guests see; the host's by default", 0 },
	{ "tables", OPT_TABLES, "HOW", 0,
	  "nested: guests' tables are walked through a second stage (the "
	  "default for two of a kind); shadow: the host keeps copies (the "
	  "default for others)",
	  0 },
	{ "guests", OPT_GUESTS, "N", 0, "1 to 16; 2 by default", 0 },
	{ "processes", OPT_PROCESSES, "N", 0,
	  "of each guest, 1 to 256; 8 by default", 0 },
	{ "jobs", OPT_JOBS, "N", 0, "of each process; 4 by default", 0 },
	{ "personality", OPT_PERSONALITY, "WHICH", 0,
	  "caches of the models: strict (the default) or eager", 0 },
	{ "kill", OPT_KILL, NULL, 0,
	  "kill every other guest in the middle of its work", 0 },
	{ "json", OPT_JSON, NULL, 0, "print the result as JSON", 0 },
	{ 0 },
};

static const char guest_doc[] =
	"Run guests in this process: each has an emulated IOMMU, an "
	"accelerator of the host, and processes that share their memory with "
	"that. Each job copies a process's memory and is checked against it.";

const char *guest_how_name(enum vmm_how how)
{
	switch (how) {
	case VMM_NESTED:
		return "nested";
	case VMM_SHADOW:
		return "shadow";
	case VMM_EMULATED:
		return "emulated";
	}
	return "?";
}

static unsigned int parse_count(const char *arg, unsigned int max,
				const char *name, struct argp_state *state)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 10);

	if (*arg < '0' || *arg > '9' || *end || n < 1 || n > max)
		argp_error(state, "--%s=%s: 1 to %u", name, arg, max);
	return (unsigned int)n;
}

static enum sva_iommu parse_iommu(const char *arg, const char *name,
				  struct argp_state *state)
{
	enum sva_iommu iommu = SVA_IOMMU_SMMUV3;

	if (!iommu_by_name(arg, &iommu))
		argp_error(state, "--%s=%s: " IOMMU_NAMES, name, arg);
	return iommu;
}

static void parse_tables(const char *arg, struct argp_state *state,
			 struct guest_options *options)
{
	if (!strcmp(arg, "nested"))
		options->how = VMM_NESTED;
	else if (!strcmp(arg, "shadow"))
		options->how = VMM_SHADOW;
	else
		argp_error(state, "--tables=%s: nested or shadow", arg);
	options->how_set = true;
}

static void parse_personality(const char *arg, struct argp_state *state,
			      struct guest_options *options)
{
	if (!strcmp(arg, "strict"))
		options->personality = HW_STRICT;
	else if (!strcmp(arg, "eager"))
		options->personality = HW_EAGER;
	else
		argp_error(state, "--personality=%s: strict or eager", arg);
}

/* What was left open. */
static void parse_end(struct argp_state *state, struct guest_options *options)
{
	bool alike;

	if (!options->guest_iommu_set)
		options->guest_iommu = options->iommu;
	alike = options->guest_iommu == options->iommu;
	if (!options->how_set)
		options->how = alike ? VMM_NESTED : VMM_SHADOW;
	if (options->how == VMM_NESTED && !alike)
		argp_error(state, "--tables=nested: with two of a kind only");
}

static error_t parse_guest(int key, char *arg, struct argp_state *state)
{
	struct guest_options *options = state->input;

	switch (key) {
	case OPT_IOMMU:
		options->iommu = parse_iommu(arg, "iommu", state);
		return 0;
	case OPT_GUEST_IOMMU:
		options->guest_iommu = parse_iommu(arg, "guest-iommu", state);
		options->guest_iommu_set = true;
		return 0;
	case OPT_TABLES:
		parse_tables(arg, state, options);
		return 0;
	case OPT_GUESTS:
		options->guests = parse_count(arg, GUESTS_MAX, "guests", state);
		return 0;
	case OPT_PROCESSES:
		options->processes =
			parse_count(arg, PROCESSES_MAX, "processes", state);
		return 0;
	case OPT_JOBS:
		options->jobs = parse_count(arg, JOBS_MAX, "jobs", state);
		return 0;
	case OPT_PERSONALITY:
		parse_personality(arg, state, options);
		return 0;
	case OPT_KILL:
		options->kill = true;
		return 0;
	case OPT_JSON:
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s': there are options only", arg);
		return 0;
	case ARGP_KEY_END:
		parse_end(state, options);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

bool guest_good(const struct guest_run *run, unsigned int index)
{
	const struct guest_options *o = run->options;
	const struct guest_result *r = &run->results[index];
	uint64_t all = (uint64_t)o->processes * o->jobs;

	return !r->err && !r->stats.strays && !atomic_load(&r->wrong) &&
	       !atomic_load(&r->failed) &&
	       (r->killed || atomic_load(&r->jobs) == all);
}

int cmd_guest(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options_table,
		.parser = parse_guest,
		.doc = guest_doc,
	};
	struct guest_options options = { .guests = 2,
					 .processes = 8,
					 .jobs = 4 };
	static struct guest_run run;
	unsigned int i;
	int rc = CLI_OK;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (guest_run(&options, &run))
		return CLI_FAILED;
	if (!options.json) {
		guest_print(&run);
	} else if (guest_json(&run)) {
		fputs("sva: out of memory\n", stderr);
		rc = CLI_FAILED;
	}
	for (i = 0; i < options.guests; i++)
		if (!guest_good(&run, i))
			rc = CLI_FAILED;
	return rc;
}
