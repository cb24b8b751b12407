/* SPDX-License-Identifier: MIT */
/* Results of guests, for people and for programs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/guest.h"
#include "cli/iommu.h"
#include "cli/json.h"

struct row {
	const char *name; /* in JSON */
	const char *text;
	uint64_t value;
};

#define ROWS 15

static uint64_t sum(const struct guest_run *run, size_t offset)
{
	uint64_t all = 0;
	unsigned int i;

	for (i = 0; i < run->options->guests; i++) {
		uint64_t value;

		memcpy(&value, (const char *)&run->results[i].stats + offset,
		       sizeof(value));
		all += value;
	}
	return all;
}

#define SUM(field) sum(run, offsetof(struct vmm_guest_stats, field))

static void rows_of(const struct guest_run *run, struct row rows[ROWS])
{
	const struct iommu_hw_stats *hw = &run->hw;
	const struct row all[ROWS] = {
		{ "translations", "translations by the host",
		  hw->translations },
		{ "nested_walks", "walks of two stages", hw->nested_walks },
		{ "tlb_hits", "TLB hits", hw->tlb_hits },
		{ "exits", "register writes of guests", SUM(exits) },
		{ "binds", "tables bound", SUM(binds) },
		{ "invalidations", "invalidations forwarded",
		  SUM(invalidations) },
		{ "refused", "of them, refused", SUM(refused) },
		{ "page_requests", "page requests injected",
		  SUM(page_requests) },
		{ "page_responses", "groups answered", SUM(page_responses) },
		{ "faults", "other faults", SUM(faults) },
		{ "stage2_faults", "requests for what no guest has",
		  SUM(stage2_faults) },
		{ "accesses", "memory accesses of functions", SUM(accesses) },
		{ "strays", "of them, outside of their guest", SUM(strays) },
		{ "shadow_fills", "pages copied into shadow tables",
		  SUM(shadow_fills) },
		{ "shadow_drops", "ranges taken out of those",
		  SUM(shadow_drops) },
	};

	memcpy(rows, all, sizeof(all));
}

static const char *state_of(const struct guest_run *run, unsigned int i)
{
	const struct guest_result *r = &run->results[i];

	if (r->err)
		return r->what;
	if (!guest_good(run, i))
		return "failed";
	return r->killed ? "killed" : "ok";
}

void guest_print(const struct guest_run *run)
{
	const struct guest_options *o = run->options;
	struct row rows[ROWS];
	unsigned int i;

	printf("%-7s  %9s  %9s  %6s  %6s  %14s  %s\n", "guest", "processes",
	       "jobs", "wrong", "failed", "bytes", "state");
	for (i = 0; i < o->guests; i++) {
		const struct guest_result *r = &run->results[i];

		printf("%-7u  %9u  %9" PRIu64 "  %6" PRIu64 "  %6" PRIu64
		       "  %14" PRIu64 "  %s\n",
		       i, o->processes, atomic_load(&r->jobs),
		       atomic_load(&r->wrong), atomic_load(&r->failed),
		       atomic_load(&r->bytes), state_of(run, i));
	}
	printf("\n%s on %s, %s, %.3f s\n", iommu_name(o->guest_iommu),
	       iommu_name(o->iommu), guest_how_name(o->how), run->seconds);
	rows_of(run, rows);
	for (i = 0; i < ROWS; i++)
		printf("  %14" PRIu64 "  %s\n", rows[i].value, rows[i].text);
}

/* Parts are owned by the whole as soon as they are added. */

static int add_guest(struct json_object *list, const struct guest_run *run,
		     unsigned int i)
{
	struct json_object *o = json_object_new_object();
	const struct guest_result *r = &run->results[i];

	if (json_append(list, o) ||
	    json_add_count(o, "jobs", atomic_load(&r->jobs)) ||
	    json_add_count(o, "wrong", atomic_load(&r->wrong)) ||
	    json_add_count(o, "failed", atomic_load(&r->failed)) ||
	    json_add_count(o, "bytes", atomic_load(&r->bytes)) ||
	    json_add_count(o, "invalidations", r->stats.invalidations) ||
	    json_add_count(o, "page_requests", r->stats.page_requests) ||
	    json_add_bool(o, "killed", r->killed))
		return -ENOMEM;
	return json_add_text(o, "state", state_of(run, i));
}

static int add_stats(struct json_object *to, const struct guest_run *run)
{
	struct json_object *o = json_object_new_object();
	struct row rows[ROWS];
	size_t i;

	rows_of(run, rows);
	if (json_add(to, "stats", o))
		return -ENOMEM;
	for (i = 0; i < ROWS; i++)
		if (json_add_count(o, rows[i].name, rows[i].value))
			return -ENOMEM;
	return json_add_count(o, "pasids_left", run->pasids);
}

static int fill_json(struct json_object *top, const struct guest_run *run)
{
	const struct guest_options *o = run->options;
	struct json_object *list = json_object_new_array();
	unsigned int i;

	if (json_add_text(top, "iommu", iommu_name(o->iommu)) ||
	    json_add_text(top, "guest_iommu", iommu_name(o->guest_iommu)) ||
	    json_add_text(top, "tables", guest_how_name(o->how)) ||
	    json_add_count(top, "processes", o->processes) ||
	    json_add(top, "guests", list))
		return -ENOMEM;
	for (i = 0; i < o->guests; i++)
		if (add_guest(list, run, i))
			return -ENOMEM;
	return add_stats(top, run);
}

int guest_json(const struct guest_run *run)
{
	struct json_object *top = json_object_new_object();
	int err;

	if (!top)
		return -ENOMEM;
	err = fill_json(top, run);
	if (!err)
		err = json_print(top);
	json_object_put(top);
	return err;
}
