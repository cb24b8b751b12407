/* SPDX-License-Identifier: MIT */
/*
 * A guest is killed at each step of its life, from its boot to the end of its
 * shut-down, and the host has nothing of it any more: under the simulator, so
 * that a step is one, and the same again.
 *
 * A run without a kill says how many steps there are. Then follow runs of the
 * same seed, which are the same up to the kill, each at another step. On each
 * pair of IOMMUs: of seed WHOLE at all of them, that is each EACH-th, of seed n
 * below SEEDS at n + 1, n + 1 + STRIDE and so on. All steps of so many others:
 *
 *	SVA_SIM_RUNS=2 build/tests/vmm-sim-kill
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/runs.h"
#include "tests/support/slow.h"
#include "tests/vmm/sim/stage.h"

#define WHOLE 103u /* alone, and mute */
#define SEEDS 8u   /* of all kinds */

/* Sanitizers cost a factor of ten and more, points at atomics two. */
#if SLOW
#define EACH   32u
#define STRIDE 256u
#elif defined(POINTS)
#define EACH   4u
#define STRIDE 64u
#else
#define EACH   1u
#define STRIDE 32u
#endif

static const struct pair {
	const char *name;
	enum vmm_how how;
	enum sva_iommu host, guest;
} pairs[] = {
	{ "nested smmuv3", VMM_NESTED, SVA_IOMMU_SMMUV3, SVA_IOMMU_SMMUV3 },
	{ "nested vtd", VMM_NESTED, SVA_IOMMU_VTD, SVA_IOMMU_VTD },
	{ "shadow smmuv3", VMM_SHADOW, SVA_IOMMU_SMMUV3, SVA_IOMMU_SMMUV3 },
	{ "shadow vtd", VMM_SHADOW, SVA_IOMMU_VTD, SVA_IOMMU_VTD },
	{ "shadow vtd on smmuv3", VMM_SHADOW, SVA_IOMMU_SMMUV3, SVA_IOMMU_VTD },
	{ "shadow smmuv3 on vtd", VMM_SHADOW, SVA_IOMMU_VTD, SVA_IOMMU_SMMUV3 },
};

#define PAIRS (sizeof(pairs) / sizeof(pairs[0]))

/* What a seed is about, beyond what the simulator makes of it. */
static struct stage_cfg cfg_of(const struct pair *p, uint64_t seed)
{
	return (struct stage_cfg){
		.how = p->how,
		.host = p->host,
		.guest = p->guest,
		.seed = seed,
		.strategy = seed % 3 == 2 ? SVA_SIM_PCT : SVA_SIM_RANDOM,
		/* Mostly alone: then more is looked at, and sooner. */
		.other = (const enum stage_other[]){ STAGE_NOBODY, STAGE_DEVICE,
						     STAGE_NOBODY, STAGE_GUEST,
						     STAGE_NOBODY, STAGE_OTHERS,
						     STAGE_NOBODY,
						     STAGE_NOBODY }[seed % 8],
		.mute = seed % 2,
		.heir = seed % 8 == 4,
		/* Two at once. */
		.again = seed % 4 == 2 ? 1 + seed * 7 % 40 : 0,
	};
}

/* The last lines of a run that failed. */

#define TAIL 60u

static char tail[TAIL][200];
static unsigned int lines;

static void keep_line(void *arg, const char *line)
{
	(void)arg;
	(void)snprintf(tail[lines++ % TAIL], sizeof(tail[0]), "%s", line);
}

static void show(struct stage_cfg cfg, const char *name,
		 const struct stage_result *r)
{
	unsigned int i;

	lines = 0;
	cfg.trace = keep_line;
	(void)stage_run(&cfg);
	for (i = lines < TAIL ? 0 : lines - TAIL; i < lines; i++)
		print_error("%s\n", tail[i % TAIL]);
	fail_msg("%s, seed %llu, step %llu: %s: %s", name,
		 (unsigned long long)cfg.seed, (unsigned long long)cfg.kill_at,
		 r->rule, r->what);
}

static struct stage_result run_clean_of(const struct stage_cfg *cfg,
					const char *name)
{
	struct stage_result r = stage_run(cfg);

	if (r.failed)
		show(*cfg, name, &r);
	if (r.killed != (cfg->kill_at != 0))
		fail_msg("%s, seed %llu, step %llu of %llu: not killed", name,
			 (unsigned long long)cfg->seed,
			 (unsigned long long)cfg->kill_at,
			 (unsigned long long)r.window);
	return r;
}

struct sum {
	uint64_t runs, steps, in_job, in_request;
	unsigned int threads;
};

static void add(struct sum *sum, const struct stage_result *r)
{
	sum->runs++;
	sum->steps += r->steps;
	sum->in_job += r->in_job;
	sum->in_request += r->in_request;
	if (r->threads > sum->threads)
		sum->threads = r->threads;
}

static void kill_at_steps(const struct pair *p, uint64_t seed, uint64_t from,
			  uint64_t stride, struct sum *sum)
{
	struct stage_cfg cfg = cfg_of(p, seed);
	const uint64_t window = run_clean_of(&cfg, p->name).window;
	struct stage_result r;

	assert_true(window > 1000);
	for (cfg.kill_at = from; cfg.kill_at <= window; cfg.kill_at += stride) {
		r = run_clean_of(&cfg, p->name);
		add(sum, &r);
	}
}

/* [R1] [R15] [G1] [H1]: no PASID, hardware id, page, or request stays. */
static void test_kill_at_each_step(void **state)
{
	const char *all = getenv("SVA_SIM_RUNS");
	unsigned int i, n;
	uint64_t seed;

	(void)state;
	for (i = 0; i < PAIRS; i++) {
		struct sum sum = { 0 };

		if (all) {
			n = (unsigned int)strtoul(all, NULL, 0);
			for (seed = 100; seed < 100 + n; seed++)
				kill_at_steps(&pairs[i], seed, 1, 1, &sum);
		} else {
			kill_at_steps(&pairs[i], WHOLE, 1, EACH, &sum);
			for (seed = 0; seed < SEEDS; seed++)
				kill_at_steps(&pairs[i], seed, seed + 1, STRIDE,
					      &sum);
		}
		print_message("%-21s %6llu kills, %llu with a job under way, "
			      "%llu with a page request; %llu steps\n",
			      pairs[i].name, (unsigned long long)sum.runs,
			      (unsigned long long)sum.in_job,
			      (unsigned long long)sum.in_request,
			      (unsigned long long)sum.steps);
	}
}

/* The same seed and step, the same run; another step, another. */
static void test_kill_is_replayed(void **state)
{
	struct stage_result first, again, other;
	unsigned int i;

	(void)state;
	for (i = 0; i < PAIRS; i++) {
		struct stage_cfg cfg = cfg_of(&pairs[i], 21 + i);

		cfg.kill_at = 1501;
		first = run_clean_of(&cfg, pairs[i].name);
		cfg.kill_at = 1502;
		other = run_clean_of(&cfg, pairs[i].name);
		cfg.kill_at = 1501;
		again = run_clean_of(&cfg, pairs[i].name);
		assert_int_equal(first.hash, again.hash);
		assert_int_equal(first.steps, again.steps);
		assert_int_not_equal(first.hash, other.hash);
	}
}

#define NESTED 1u
#define SHADOW 2u
#define BOTH   3u
#define KILLS  32u
#define HUNT   (80 * KILLS)

/* @on: where it is possible, a bit per enum vmm_how. */
static const struct defect {
	enum stage_break brk;
	const char *name;
	unsigned int on;
} defects[] = {
	{ STAGE_REQUESTS_KEPT, "requests-kept", BOTH },
	{ STAGE_HANDLER_KEPT, "handler-kept", BOTH },
	{ STAGE_DOMAIN_KEPT, "domain-kept", SHADOW },
	{ STAGE_DOMAIN_LEAKED, "domain-leaked", BOTH },
	{ STAGE_PARENT_KEPT, "parent-kept", BOTH },
	{ STAGE_TABLE_KEPT, "table-kept", NESTED },
	{ STAGE_ID_LEAKED, "id-leaked", BOTH },
	{ STAGE_PASID_LEAKED, "pasid-leaked", BOTH },
	{ STAGE_BLOCK_LEAKED, "block-leaked", BOTH },
	{ STAGE_PAGE_LEAKED, "page-leaked", BOTH },
	{ STAGE_NOT_RESET, "not-reset", BOTH },
	{ STAGE_NOT_CLOSED, "not-closed", BOTH },
};

/*
 * A kill that finds it; how many it took. Guests that are alone, KILLS of each,
 * all over its life.
 */
static unsigned int hunt(const struct pair *p, const struct defect *d,
			 struct stage_cfg *ret_cfg,
			 struct stage_result *ret_result)
{
	uint64_t window = 0;
	unsigned int n;

	for (n = 0; n < HUNT; n++) {
		struct stage_cfg cfg = cfg_of(p, 16 * (n / KILLS));

		if (n % KILLS == 0)
			window = run_clean_of(&cfg, p->name).window;
		cfg.brk = d->brk;
		cfg.mute = n & 1;
		cfg.kill_at = 1 + n % KILLS * (window / KILLS);
		*ret_cfg = cfg;
		*ret_result = stage_run(&cfg);
		if (ret_result->failed)
			return n + 1;
	}
	return 0;
}

static void find(const struct pair *p, const struct defect *d)
{
	struct stage_result found, again;
	struct stage_cfg cfg;
	unsigned int n = hunt(p, d, &cfg, &found);

	if (!n)
		fail_msg("%s on %s is not found by %u kills", d->name, p->name,
			 HUNT);
	assert_true(found.struck);
	print_message("%-21s %-14s %3u kills: %s: %s\n", p->name, d->name, n,
		      found.rule, found.what);
	again = stage_run(&cfg);
	assert_true(again.failed);
	assert_string_equal(again.what, found.what);
	assert_int_equal(again.hash, found.hash);
	/* It is the break that is found, and nothing else. */
	cfg.brk = STAGE_SOUND;
	(void)run_clean_of(&cfg, p->name);
}

/* Negative controls: an end that is none is found, and found again. */
static void test_kill_defects_are_found(void **state)
{
	unsigned int i, k;

	(void)state;
	for (i = 0; i < sizeof(defects) / sizeof(defects[0]); i++)
		for (k = 0; k < PAIRS; k++)
			if (defects[i].on >> pairs[k].how & 1)
				find(&pairs[k], &defects[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill_is_replayed),
		cmocka_unit_test(test_kill_defects_are_found),
		cmocka_unit_test(test_kill_at_each_step),
	};

	return cmocka_run_group_tests(tests, stage_setup, stage_teardown);
}
