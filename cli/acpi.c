/* SPDX-License-Identifier: MIT */
/*
 * sva acpi: the table that tells a guest of an IOMMU, for QEMU's -acpitable.
 */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sva/dmar.h>

#include "cli/cli.h"

/* Where the device sva-vtd is, unless it is told otherwise. */
#define BASE_DEFAULT  0xfed90000u
#define BYTES_DEFAULT 4096u
#define ADDRESS_BITS  39u

/* Of q35: the source id that its I/O APIC has, and that number. */
#define IOAPIC_BUS 0xff

enum {
	OPT_IOMMU = 0x100,
	OPT_BASE,
	OPT_BITS,
	OPT_NO_IR,
};

static const struct argp_option options[] = {
	{ "iommu", OPT_IOMMU, "NAME", 0, "vtd (the default): a DMAR table", 0 },
	{ "base", OPT_BASE, "ADDRESS", 0,
	  "registers of the unit; default 0xfed90000", 0 },
	{ "address-bits", OPT_BITS, "N", 0,
	  "host address width, 12 to 64; default 39", 0 },
	{ "no-interrupt-remapping", OPT_NO_IR, NULL, 0,
	  "say that interrupts are not remapped", 0 },
	{ 0 },
};

struct acpi_args {
	uint64_t base;
	unsigned int address_bits;
	bool intr_remap;
};

static uint64_t parse_number(struct argp_state *state, const char *name,
			     const char *arg, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(arg, &end, 0);
	if (errno || end == arg || *end || arg[0] == '-' || n < min || n > max)
		argp_error(state, "--%s=%s: not a number from %#llx to %#llx",
			   name, arg, (unsigned long long)min,
			   (unsigned long long)max);
	return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct acpi_args *args = state->input;

	switch (key) {
	case OPT_IOMMU:
		if (strcmp(arg, "vtd"))
			argp_error(state,
				   "--iommu=%s: vtd; others need no "
				   "table",
				   arg);
		return 0;
	case OPT_BASE:
		args->base = parse_number(state, "base", arg, 4096,
					  UINT64_MAX - 4095);
		return 0;
	case OPT_BITS:
		args->address_bits = (unsigned int)parse_number(
			state, "address-bits", arg, 12, 64);
		return 0;
	case OPT_NO_IR:
		args->intr_remap = false;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* One unit for all functions, and for the I/O APIC; ATS behind every port. */
static int build(const struct acpi_args *args, void **ret_blob,
		 size_t *ret_size, struct plat_dmar_error *ret_error)
{
	static const struct plat_dmar_hop ioapic_path = { 0, 0 };
	static const struct plat_dmar_scope ioapic = {
		.type = PLAT_DMAR_IOAPIC,
		.bus = IOAPIC_BUS,
		.path = &ioapic_path,
		.hop_count = 1,
	};
	static const struct plat_dmar_group all_ports = { .flag = true };
	const struct plat_dmar_unit unit = {
		.base = args->base,
		.size = BYTES_DEFAULT,
		.include_all = true,
		.scopes = &ioapic,
		.scope_count = 1,
	};
	const struct plat_dmar dmar = {
		.address_bits = args->address_bits,
		.intr_remap = args->intr_remap,
		.oem_id = "LIBSVA",
		.oem_table_id = "SVAVTD",
		.oem_revision = 1,
		.units = &unit,
		.unit_count = 1,
		.ats_ports = &all_ports,
		.ats_port_count = 1,
	};

	return plat_dmar_build(&dmar, ret_blob, ret_size, ret_error);
}

int cmd_acpi(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Write the ACPI table that describes an IOMMU of the "
		       "QEMU plug-in to standard output.",
	};
	struct acpi_args args = {
		.base = BASE_DEFAULT,
		.address_bits = ADDRESS_BITS,
		.intr_remap = true,
	};
	struct plat_dmar_error error;
	size_t size;
	void *blob;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (isatty(STDOUT_FILENO)) {
		fprintf(stderr, "sva acpi: the table is no text: send it to a "
				"file\n");
		return CLI_USAGE;
	}
	err = build(&args, &blob, &size, &error);
	if (err) {
		fprintf(stderr, "sva acpi: %s\n",
			err == -EINVAL ? error.text : strerror(-err));
		return CLI_FAILED;
	}
	/* What could not be written is noticed when the stream is closed. */
	(void)fwrite(blob, 1, size, stdout);
	free(blob);
	return CLI_OK;
}
