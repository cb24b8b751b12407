/* SPDX-License-Identifier: MIT */
/* A DMAR table as a whole: units that get in each other's way. */
#include "plat/hosted/dmar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* A PCI device that a unit names. */
struct named {
	uint16_t segment;
	const struct plat_dmar_scope *scope;
	const struct plat_dmar_unit *unit;
};

static int check_units(const struct plat_dmar *dmar,
		       struct plat_dmar_error *error)
{
	size_t i, j;

	for (i = 0; i < dmar->unit_count; i++) {
		const struct plat_dmar_unit *a = &dmar->units[i];

		for (j = 0; j < i; j++) {
			const struct plat_dmar_unit *b = &dmar->units[j];

			if (a->base - b->base < b->size ||
			    b->base - a->base < a->size)
				return dmar_wrong(error,
						  "the registers of the units "
						  "at 0x%" PRIx64
						  " and 0x%" PRIx64 " overlap",
						  b->base, a->base);
			if (a->include_all && b->include_all &&
			    a->segment == b->segment)
				return dmar_wrong(error,
						  "segment 0x%x has two units "
						  "for all devices",
						  a->segment);
		}
	}
	return 0;
}

static int check_names(const struct plat_dmar *dmar,
		       struct plat_dmar_error *error)
{
	bool seen[256] = { false };
	size_t i;

	for (i = 0; i < dmar->name_count; i++) {
		uint8_t number = dmar->names[i].number;

		if (seen[number])
			return dmar_wrong(error,
					  "two ACPI devices have number %u",
					  number);
		seen[number] = true;
	}
	return 0;
}

static bool is_pci(const struct plat_dmar_scope *s)
{
	return s->type == PLAT_DMAR_ENDPOINT || s->type == PLAT_DMAR_BRIDGE;
}

static int compare(const void *pa, const void *pb)
{
	const struct named *a = pa, *b = pb;
	size_t i;

	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	if (a->scope->bus != b->scope->bus)
		return a->scope->bus < b->scope->bus ? -1 : 1;
	if (a->scope->hop_count != b->scope->hop_count)
		return a->scope->hop_count < b->scope->hop_count ? -1 : 1;
	for (i = 0; i < a->scope->hop_count; i++) {
		int x = a->scope->path[i].device * 8 +
			a->scope->path[i].function;
		int y = b->scope->path[i].device * 8 +
			b->scope->path[i].function;

		if (x != y)
			return x - y;
	}
	return 0;
}

static size_t collect(const struct plat_dmar *dmar, struct named *to)
{
	size_t i, j, n = 0;

	for (i = 0; i < dmar->unit_count; i++) {
		const struct plat_dmar_unit *u = &dmar->units[i];

		for (j = 0; j < u->scope_count; j++) {
			if (!is_pci(&u->scopes[j]))
				continue;
			if (to)
				to[n] = (struct named){ u->segment,
							&u->scopes[j], u };
			n++;
		}
	}
	return n;
}

static int check_scopes(const struct plat_dmar *dmar,
			struct plat_dmar_error *error)
{
	size_t i, n = collect(dmar, NULL);
	struct named *all = calloc(n + 1, sizeof(*all));
	int err = 0;

	if (!all)
		return -ENOMEM;
	(void)collect(dmar, all);
	qsort(all, n, sizeof(*all), compare);
	for (i = 1; i < n && !err; i++) {
		const struct plat_dmar_scope *s = all[i].scope;

		if (compare(&all[i - 1], &all[i]))
			continue;
		err = dmar_wrong(error,
				 "a device from %04x:%02x:%02x.%x on is named "
				 "by the unit at 0x%" PRIx64
				 " and by that at 0x%" PRIx64,
				 all[i].segment, s->bus, s->path[0].device,
				 s->path[0].function, all[i - 1].unit->base,
				 all[i].unit->base);
	}
	free(all);
	return err;
}

int dmar_check(const struct plat_dmar *dmar, struct plat_dmar_error *error)
{
	int err = check_units(dmar, error);

	if (!err)
		err = check_names(dmar, error);
	return err ? err : check_scopes(dmar, error);
}
