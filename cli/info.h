/* SPDX-License-Identifier: MIT */
/*
 * sva info: what the table and the JSON share.
 */
#ifndef CLI_INFO_H
#define CLI_INFO_H

#include <stdbool.h>

#include <sva/machine.h>

/* What the kernel offers; each has a word in docs/man/sva.1. */
struct host_row {
	const char *name; /* in JSON */
	const char *text;
	bool value;
};

#define HOST_ROWS 4

void info_host_rows(struct sva_machine *m, struct host_row rows[HOST_ROWS]);

const char *info_feature_name(enum iommu_dev_feature feat);

/* 0, or -ENOMEM with nothing printed. */
int info_print_json(struct sva_machine *m);

#endif
