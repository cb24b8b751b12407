/* SPDX-License-Identifier: MIT */
/*
 * sva info: a machine, and what its parts say of themselves.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sva/machine.h>

#include "cli/cli.h"
#include "cli/info.h"
#include "cli/info_dmar.h"
#include "cli/info_dtb.h"
#include "cli/info_why.h"
#include "cli/iommu.h"

enum { OPT_JSON = 256, OPT_DTB, OPT_DMAR, OPT_WHY, OPT_LACKS, OPT_IOMMU };

struct info_args {
	bool json;
	const char *dtb;
	const char *dmar;
	const char *why;
	enum sva_lack lacks;
	enum sva_iommu iommu;
	bool machine; /* something of it was chosen */
};

const char *info_feature_name(enum iommu_dev_feature feat)
{
	switch (feat) {
	case IOMMU_DEV_FEAT_SVA:
		return "SVA";
	case IOMMU_DEV_FEAT_AUX:
		return "AUX";
	case IOMMU_DEV_FEAT_IOPF:
		return "IOPF";
	case IOMMU_DEV_FEAT_COUNT:
		break;
	}
	return "?";
}

void info_host_rows(struct sva_machine *m, struct host_row rows[HOST_ROWS])
{
	struct plat_hosted_features f;

	plat_hosted_features(sva_machine_hosted(m), &f);
	rows[0] = (struct host_row){ "uffd", "reports changes of mappings",
				     f.uffd };
	rows[1] = (struct host_row){ "wp_async", "of every kind (6.7)",
				     f.wp_async };
	rows[2] = (struct host_row){ "procmap_query",
				     "looks up one mapping (6.11)",
				     f.procmap_query };
	rows[3] = (struct host_row){ "populate", "faults pages in (5.14)",
				     f.populate };
}

static void print_unit_row(void *arg, const struct iommu_unit_row *row)
{
	(void)arg;
	if (!row->field)
		printf("  %-24s 0x%08" PRIx64 "\n", row->reg, row->value);
	else
		printf("    %-22s %10" PRIu64 "  %s\n", row->field, row->value,
		       row->gloss ? row->gloss : "");
}

static const char *yes(bool value)
{
	return value ? "yes" : "no";
}

static void print_device(struct sva_machine *m, struct iommu_device *dev)
{
	struct iommu_device_caps caps;
	unsigned int feat;

	iommu_device_caps(dev, &caps);
	printf("\n%s, behind %s\n", iommu_device_name(dev),
	       iommu_unit_name(iommu_device_unit(dev)));
	printf("  PASID bits %u; ATS %s, PRI %s, stall %s\n", caps.pasid_bits,
	       yes(caps.ats), yes(caps.pri), yes(caps.stall));
	for (feat = 0; feat < IOMMU_DEV_FEAT_COUNT; feat++)
		printf("  feature %s: supported %s, enabled %s\n",
		       info_feature_name(feat),
		       yes(iommu_dev_has_feature(dev, feat)),
		       yes(iommu_dev_feature_enabled(dev, feat)));
	if (dev == sva_machine_device(m))
		printf("  accelerator: transfers up to %" PRIu32 " bytes, "
		       "batches up to %" PRIu32 "\n",
		       dsa_max_transfer(sva_machine_dsa(m)),
		       dsa_max_batch(sva_machine_dsa(m)));
}

static void print_machine(struct sva_machine *m)
{
	struct iommu_system *sys = sva_machine_system(m);
	struct host_row rows[HOST_ROWS];
	struct iommu_device *dev = NULL;
	struct iommu_unit *unit = NULL;
	size_t i;

	while ((unit = iommu_unit_next(sys, unit))) {
		printf("%s\n", iommu_unit_name(unit));
		iommu_unit_describe(unit, print_unit_row, NULL);
	}
	while ((dev = iommu_device_next(sys, dev)))
		print_device(m, dev);
	printf("\nthis kernel\n");
	info_host_rows(m, rows);
	for (i = 0; i < HOST_ROWS; i++)
		printf("  %-14s %-28s %s\n", rows[i].name, rows[i].text,
		       yes(rows[i].value));
}

static error_t parse_info(int key, char *arg, struct argp_state *state)
{
	struct info_args *args = state->input;

	switch (key) {
	case OPT_JSON:
		args->json = true;
		return 0;
	case OPT_DTB:
		args->dtb = arg;
		return 0;
	case OPT_DMAR:
		args->dmar = arg;
		return 0;
	case OPT_WHY:
		args->why = arg;
		return 0;
	case OPT_LACKS:
		if (!info_lack_by_name(arg, &args->lacks))
			argp_error(state, "'%s': nothing that can be lacking",
				   arg);
		return 0;
	case OPT_IOMMU:
		if (!iommu_by_name(arg, &args->iommu))
			argp_error(state, "--iommu=%s: " IOMMU_NAMES, arg);
		args->machine = true;
		return 0;
	case ARGP_KEY_END:
		if (args->why || args->lacks)
			args->machine = true;
		if (args->dtb && args->machine)
			argp_error(state, "--dtb is about another machine");
		if (args->dmar && (args->dtb || args->machine))
			argp_error(state, "--dmar is about another machine");
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s': no arguments are expected", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_info(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", OPT_JSON, NULL, 0, "print it as JSON", 0 },
		{ "iommu", OPT_IOMMU, "NAME", 0,
		  "of the machine: smmuv3 (the default) or vtd", 0 },
		{ "dtb", OPT_DTB, "FILE", 0,
		  "SMMUs and masters of a device tree instead", 0 },
		{ "dmar", OPT_DMAR, "FILE", 0,
		  "VT-d units of an ACPI DMAR table instead", 0 },
		{ "why", OPT_WHY, "DEVICE", 0,
		  "try to bind this process to a device, and say why not", 0 },
		{ "lacks", OPT_LACKS, "NAME", 0,
		  "a machine without pasid, unit_pasid, coherence, ats, pri or "
		  "the granule",
		  0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse_info,
		.doc = "Show IOMMUs, devices and what the kernel offers.",
	};
	struct sva_machine_cfg cfg = {
		.hosted = { .log_level = PLAT_LOG_WARN },
	};
	struct sva_machine *machine;
	struct info_args args = { .dtb = NULL };
	int rc = CLI_OK;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (args.dtb)
		return info_dtb(args.dtb, args.json);
	if (args.dmar)
		return info_dmar(args.dmar, args.json);
	cfg.iommu = args.iommu;
	cfg.lacks = args.lacks;
	err = sva_machine_create(&cfg, &machine);
	if (err) {
		fprintf(stderr, "sva: cannot build the machine: %s\n",
			strerror(-err));
		return CLI_FAILED;
	}
	if (args.why) {
		rc = info_why(machine, args.why, args.json);
	} else if (!args.json) {
		print_machine(machine);
	} else if (info_print_json(machine)) {
		fputs("sva: out of memory\n", stderr);
		rc = CLI_FAILED;
	}
	err = sva_machine_destroy(machine);
	if (err) {
		fprintf(stderr, "sva: cannot switch the machine off: %s\n",
			strerror(-err));
		rc = CLI_FAILED;
	}
	return rc;
}
