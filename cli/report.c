/* SPDX-License-Identifier: MIT */
/*
 * Results, for people and for programs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/iommu.h"
#include "cli/json.h"
#include "cli/run.h"
#include "cli/text.h"

struct stat_row {
	const char *name; /* in JSON */
	const char *text;
	uint64_t value;
};

#define STAT_ROWS 13

/* The column of the status: as wide as it takes, within reason. */
#define STATUS_MIN 24
#define STATUS_MAX 60

/* Each counter is one that a model or the core keeps. */
static void stat_rows(const struct session *s, struct stat_row rows[STAT_ROWS])
{
	const struct iommu_hw_stats *hw = &s->stats.iommu_hw;
	const struct stat_row all[STAT_ROWS] = {
		{ "translations", "translations", hw->translations },
		{ "tlb_hits", "TLB hits", hw->tlb_hits },
		{ "tlb_misses", "TLB misses", hw->tlb_misses },
		{ "page_requests", "page requests", hw->page_requests },
		{ "page_groups", "groups of them",
		  s->stats.dsa_hw.page_groups },
		{ "page_responses", "responses to groups", hw->prg_responses },
		{ "stalls", "stalls", hw->stalls },
		{ "resumes", "resumes", hw->resumes },
		{ "faults", "fault records", hw->events },
		{ "invalidations", "TLB invalidations", hw->tlb_invalidations },
		{ "commands", "commands", hw->commands },
		{ "pasids", "PASIDs", s->stats.system.pasids },
		{ "bytes", "bytes by the accelerator", s->stats.dsa_hw.bytes },
	};
	size_t i;

	for (i = 0; i < STAT_ROWS; i++)
		rows[i] = all[i];
}

static size_t status_width(const struct run_result *results, size_t count)
{
	size_t width = STATUS_MIN;
	size_t i;

	for (i = 0; i < count; i++) {
		size_t length = strlen(results[i].status);

		if (length > width && length <= STATUS_MAX)
			width = length;
	}
	return width;
}

void report_table(const struct session *s, const struct run_result *results,
		  size_t count)
{
	size_t width = status_width(results, count);
	struct stat_row rows[STAT_ROWS];
	size_t i;

	printf("%-8s  %14s  %-*s  %s\n", "crc32c", "bytes", (int)width,
	       "status", "path");
	for (i = 0; i < count; i++) {
		const struct run_result *r = &results[i];
		char crc[9] = "-";

		if (r->has_crc)
			(void)snprintf(crc, sizeof(crc), "%08" PRIx32, r->crc);
		printf("%-8s  %14" PRIu64 "  ", crc, r->bytes);
		text_print_column(stdout, r->status, width);
		fputs("  ", stdout);
		text_print(stdout, r->path);
		putchar('\n');
	}
	printf("\n%s, faults=%s, %.3f s\n", iommu_name(s->options->iommu),
	       run_faults_name(s->options->faults), s->seconds);
	stat_rows(s, rows);
	for (i = 0; i < STAT_ROWS; i++)
		printf("  %14" PRIu64 "  %s\n", rows[i].value, rows[i].text);
}

/* Parts are owned by the whole as soon as they are added. */

static int add_result(struct json_object *list, const struct run_result *r)
{
	struct json_object *o = json_object_new_object();
	char crc[9];

	(void)snprintf(crc, sizeof(crc), "%08" PRIx32, r->crc);
	if (json_append(list, o) || json_add_text(o, "path", r->path) ||
	    json_add_count(o, "bytes", r->bytes))
		return -ENOMEM;
	/* NULL is JSON's null. */
	if (r->has_crc ? json_add_text(o, "crc32c", crc) :
			 json_object_object_add(o, "crc32c", NULL))
		return -ENOMEM;
	return json_add_text(o, "status", r->status);
}

static int add_results(struct json_object *to, const struct run_result *results,
		       size_t count)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	if (json_add(to, "results", list))
		return -ENOMEM;
	for (i = 0; i < count; i++)
		if (add_result(list, &results[i]))
			return -ENOMEM;
	return 0;
}

/* Not all the digits of a double: the clock has nanoseconds. */
static struct json_object *new_seconds(double seconds)
{
	static char format[] = "%.9f";
	struct json_object *o = json_object_new_double(seconds);

	if (o)
		json_object_set_serializer(o, json_object_double_to_json_string,
					   format, NULL);
	return o;
}

static int add_stats(struct json_object *to, const struct session *s)
{
	struct json_object *o = json_object_new_object();
	struct stat_row rows[STAT_ROWS];
	size_t i;

	if (json_add(to, "stats", o))
		return -ENOMEM;
	stat_rows(s, rows);
	for (i = 0; i < STAT_ROWS; i++)
		if (json_add_count(o, rows[i].name, rows[i].value))
			return -ENOMEM;
	return json_add(o, "seconds", new_seconds(s->seconds));
}

int report_json(const struct session *s, const struct run_result *results,
		size_t count)
{
	const struct run_options *options = s->options;
	struct json_object *o = json_object_new_object();
	int err = -ENOMEM;

	if (o && !json_add_text(o, "iommu", iommu_name(options->iommu)) &&
	    !json_add_text(o, "faults", run_faults_name(options->faults)) &&
	    !json_add_text(o, "op", run_op_name(options->op)) &&
	    !add_results(o, results, count) && !add_stats(o, s))
		err = json_print(o);
	json_object_put(o);
	return err;
}
