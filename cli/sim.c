/* SPDX-License-Identifier: MIT */
/*
 * sva sim: runs of the simulator, and what they found.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sva/sim.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "cli/sim.h"

#define RUNS_DEFAULT 1000u

enum {
	OPT_IOMMU = 256,
	OPT_SCENARIO,
	OPT_SEED,
	OPT_RUNS,
	OPT_STRATEGY,
	OPT_PREEMPTIONS,
	OPT_BREAK,
	OPT_FAIL_NTH,
	OPT_TRACE,
	OPT_LIST,
	OPT_LIST_BREAKS,
	OPT_JSON,
};

static const char *const strategies[] = {
	[SVA_SIM_RANDOM] = "random",
	[SVA_SIM_PCT] = "pct",
	[SVA_SIM_EXHAUSTIVE] = "exhaustive",
};

static bool find_info(bool (*get)(unsigned int index,
				  struct sva_sim_info *ret_info),
		      const char *name, struct sva_sim_info *ret_info)
{
	unsigned int i;

	for (i = 0; get(i, ret_info); i++)
		if (!strcmp(ret_info->name, name))
			return true;
	return false;
}

/* Reports */

static void print_report(const struct sim_args *args,
			 const struct sim_report *r)
{
	size_t i;

	printf("%-12s %-7s %-10s %8" PRIu64 " runs %11" PRIu64
	       " steps %8.2f s  %s%s\n",
	       r->scenario, sva_sim_iommu_name(r->iommu),
	       strategies[args->cfg.strategy], r->runs, r->steps, r->seconds,
	       r->failure_count ? "FAILED" : "clean",
	       !r->exhausted ? "" :
	       r->truncated  ? ", every path but for long ones" :
			       ", every path");
	for (i = 0; i < r->failure_count; i++) {
		const struct sim_failure *f = &r->failures[i];

		printf("  %s: %s\n", f->result.rule, f->result.what);
		printf("  sva sim --iommu=%s --scenario=%s --strategy=%s "
		       "--seed=%" PRIu64,
		       sva_sim_iommu_name(r->iommu), r->scenario,
		       strategies[args->cfg.strategy], f->seed);
		if (args->cfg.brk)
			printf(" --break=%s", args->cfg.brk);
		/* It says which path the seed is the number of. */
		if (args->cfg.preemptions)
			printf(" --preemptions=%u", args->cfg.preemptions);
		if (f->fail_nth)
			printf(" --fail-nth=%u", f->fail_nth);
		puts(" --runs=1 --trace");
	}
	(void)fflush(stdout);
}

static int add_failure(struct json_object *list, const struct sim_failure *f)
{
	struct json_object *o = json_object_new_object();

	if (json_append(list, o) || json_add_count(o, "seed", f->seed) ||
	    json_add_text(o, "rule", f->result.rule) ||
	    json_add_text(o, "what", f->result.what))
		return -ENOMEM;
	return f->fail_nth ? json_add_count(o, "fail_nth", f->fail_nth) : 0;
}

static int print_json(const struct sim_args *args, const struct sim_report *r)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	int err = -ENOMEM;
	size_t i;

	if (!o || json_add_text(o, "scenario", r->scenario) ||
	    json_add_text(o, "iommu", sva_sim_iommu_name(r->iommu)) ||
	    json_add_text(o, "strategy", strategies[args->cfg.strategy]) ||
	    json_add_count(o, "runs", r->runs) ||
	    json_add_count(o, "steps", r->steps)) {
		json_object_put(list);
		goto out;
	}
	if (json_add(o, "failures", list))
		goto out;
	for (i = 0; i < r->failure_count; i++)
		if (add_failure(list, &r->failures[i]))
			goto out;
	if (!json_add_bool(o, "exhausted", r->exhausted && !r->truncated) &&
	    !json_add(o, "seconds", json_object_new_double(r->seconds)))
		err = json_print(o);
out:
	json_object_put(o);
	return err;
}

static void print_list(const char *title,
		       bool (*get)(unsigned int index,
				   struct sva_sim_info *ret_info),
		       bool breaks)
{
	struct sva_sim_info info;
	unsigned int i, on;

	puts(title);
	for (i = 0; get(i, &info); i++) {
		char iommus[64] = "";

		for (on = 0; on < SVA_SIM_IOMMU_COUNT; on++)
			if (info.iommus >> on & 1)
				(void)snprintf(iommus + strlen(iommus),
					       sizeof(iommus) - strlen(iommus),
					       "%s%s", *iommus ? "," : "",
					       sva_sim_iommu_name(on));
		printf("%-16s %-12s %-12s ", info.name, info.rule, iommus);
		if (breaks)
			printf("%-12s %5u  ", info.scenario, info.runs);
		printf("%s\n", info.text);
	}
}

/* The command */

static bool number(const char *text, uint64_t *ret_value)
{
	char *end;

	/* Nor a blank or a sign, which strtoull() takes. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret_value = strtoull(text, &end, 0);
	return !*end && !errno;
}

static void parse_iommu(struct sim_args *args, const char *arg,
			struct argp_state *state)
{
	char names[64] = "";
	unsigned int i;
	size_t n = 0;

	args->all_iommus = false;
	for (i = 0; i < SVA_SIM_IOMMU_COUNT; i++) {
		const char *name = sva_sim_iommu_name(i);

		args->cfg.iommu = i;
		if (!strcmp(arg, name))
			return;
		if (n < sizeof(names))
			n += (size_t)snprintf(names + n, sizeof(names) - n,
					      "%s%s", n ? " or " : "", name);
	}
	argp_error(state, "--iommu=%s: %s", arg, names);
}

static void parse_strategy(struct sim_args *args, const char *arg,
			   struct argp_state *state)
{
	unsigned int i;

	for (i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++) {
		args->cfg.strategy = i;
		if (!strcmp(arg, strategies[i]))
			return;
	}
	argp_error(state, "--strategy=%s: random, pct or exhaustive", arg);
}

/* Of some: one that has a model, if there is one. */
static enum sva_sim_iommu best_iommu(unsigned int iommus)
{
	unsigned int i;

	for (i = 0; i < SVA_SIM_IOMMU_COUNT; i++)
		if (i != SVA_SIM_MOCK && iommus >> i & 1)
			return i;
	return SVA_SIM_MOCK;
}

/* What names something: is it there, and does it go together? */
static void check_args(struct sim_args *args, struct argp_state *state)
{
	struct sva_sim_info info;

	if (args->trace && args->json)
		argp_error(state, "--trace: not with --json");
	/* A seed alone is one to be looked at. */
	if (args->seed_set && !args->runs_set) {
		args->runs = 1;
		args->runs_set = true;
	}
	if (args->cfg.brk) {
		if (!find_info(sva_sim_break, args->cfg.brk, &info))
			argp_error(state, "--break=%s: see --list-breaks",
				   args->cfg.brk);
		/* Where it is found, unless somebody knows better. */
		if (!args->cfg.scenario)
			args->cfg.scenario = info.scenario;
		if (!args->runs_set)
			args->runs = info.runs;
		if (args->all_iommus) {
			args->all_iommus = false;
			args->cfg.iommu = best_iommu(info.iommus);
		}
		if (!(info.iommus >> args->cfg.iommu & 1))
			argp_error(state, "--break=%s: not with %s",
				   args->cfg.brk,
				   sva_sim_iommu_name(args->cfg.iommu));
	}
	if (!args->cfg.scenario)
		return;
	if (!find_info(sva_sim_scenario, args->cfg.scenario, &info))
		argp_error(state, "--scenario=%s: see --list",
			   args->cfg.scenario);
	if (!args->all_iommus && !(info.iommus >> args->cfg.iommu & 1))
		argp_error(state, "--scenario=%s: not with %s",
			   args->cfg.scenario,
			   sva_sim_iommu_name(args->cfg.iommu));
}

static error_t parse_number(int key, const char *arg, struct sim_args *args,
			    struct argp_state *state)
{
	bool narrow = key == OPT_PREEMPTIONS || key == OPT_FAIL_NTH;
	uint64_t value = 0;

	/* 0 runs find nothing; of the others it would mean the default. */
	if (!number(arg, &value) || (key != OPT_SEED && !value) ||
	    (narrow && value > UINT_MAX))
		argp_error(state, "'%s': a number is expected", arg);
	if (key == OPT_SEED) {
		args->cfg.seed = value;
		args->seed_set = true;
	} else if (key == OPT_RUNS) {
		args->runs = value;
		args->runs_set = true;
	} else if (key == OPT_PREEMPTIONS) {
		args->cfg.preemptions = (unsigned int)value;
	} else {
		args->cfg.fail_nth = (unsigned int)value;
		args->fail_nth = false;
	}
	return 0;
}

static error_t parse_sim(int key, char *arg, struct argp_state *state)
{
	struct sim_args *args = state->input;

	switch (key) {
	case OPT_IOMMU:
		parse_iommu(args, arg, state);
		return 0;
	case OPT_SCENARIO:
		args->cfg.scenario = arg;
		return 0;
	case OPT_FAIL_NTH:
		if (!arg) {
			args->fail_nth = true;
			return 0;
		}
		return parse_number(key, arg, args, state);
	case OPT_SEED:
	case OPT_RUNS:
	case OPT_PREEMPTIONS:
		return parse_number(key, arg, args, state);
	case OPT_STRATEGY:
		parse_strategy(args, arg, state);
		return 0;
	case OPT_BREAK:
		args->cfg.brk = arg;
		return 0;
	case OPT_TRACE:
		args->trace = true;
		return 0;
	case OPT_LIST:
		args->list = true;
		return 0;
	case OPT_LIST_BREAKS:
		args->list_breaks = true;
		return 0;
	case OPT_JSON:
		args->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s': no arguments are expected", arg);
		return 0;
	case ARGP_KEY_END:
		check_args(args, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "iommu", OPT_IOMMU, "NAME", 0, "mock, smmuv3 or vtd; default: each",
	  0 },
	{ "scenario", OPT_SCENARIO, "NAME", 0, "default: all of them", 0 },
	{ "seed", OPT_SEED, "N", 0, "of the first run; alone: of the only one",
	  0 },
	{ "runs", OPT_RUNS, "N", 0, "of each scenario; default 1000", 0 },
	{ "strategy", OPT_STRATEGY, "NAME", 0,
	  "random, pct or exhaustive; default random", 0 },
	{ "preemptions", OPT_PREEMPTIONS, "N", 0,
	  "exhaustive: at most so many; default 2", 0 },
	{ "break", OPT_BREAK, "NAME", 0, "put a defect in", 0 },
	{ "fail-nth", OPT_FAIL_NTH, "N", OPTION_ARG_OPTIONAL,
	  "let the N-th allocation or platform call fail, or each in turn", 0 },
	{ "trace", OPT_TRACE, NULL, 0, "print every step", 0 },
	{ "list", OPT_LIST, NULL, 0, "name the scenarios", 0 },
	{ "list-breaks", OPT_LIST_BREAKS, NULL, 0, "name the breaks", 0 },
	{ "json", OPT_JSON, NULL, 0, "a JSON object per scenario and IOMMU",
	  0 },
	{ 0 },
};

static int run_all(const struct sim_args *args, struct sva_sim *sim)
{
	struct sva_sim_info info;
	unsigned int i, on;
	int rc = CLI_OK;

	for (i = 0; sva_sim_scenario(i, &info); i++) {
		if (args->cfg.scenario && strcmp(args->cfg.scenario, info.name))
			continue;
		for (on = 0; on < SVA_SIM_IOMMU_COUNT; on++) {
			struct sim_report r = { .scenario = info.name,
						.iommu = on };

			if (!(info.iommus >> on & 1) ||
			    (!args->all_iommus && on != args->cfg.iommu))
				continue;
			if (sim_run_scenario(sim, args, &r))
				return CLI_FAILED;
			if (!args->json)
				print_report(args, &r);
			else if (print_json(args, &r))
				return CLI_FAILED;
			if (r.failure_count)
				rc = CLI_FAILED;
		}
	}
	return rc;
}

int cmd_sim(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_sim,
		.doc = "Run the whole system under a seeded scheduler, and "
		       "hold it against the fifteen rules.",
	};
	struct sim_args args = { .runs = RUNS_DEFAULT, .all_iommus = true };
	struct sva_sim *sim;
	int err, rc;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (args.list)
		print_list("scenario         rules        with",
			   sva_sim_scenario, false);
	if (args.list_breaks)
		print_list(
			"break            rule         with         found in  "
			"  within",
			sva_sim_break, true);
	if (args.list || args.list_breaks)
		return CLI_OK;
	err = sva_sim_create(&sim);
	if (err) {
		fprintf(stderr, "sva: cannot simulate: %s\n", strerror(-err));
		return CLI_FAILED;
	}
	rc = run_all(&args, sim);
	sva_sim_destroy(sim);
	return rc;
}
