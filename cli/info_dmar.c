/* SPDX-License-Identifier: MIT */
#include "cli/info_dmar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sva/dmar.h>

#include "cli/cli.h"
#include "cli/info_file.h"
#include "cli/json.h"
#include "cli/text.h"

static const char *type_name(unsigned int type)
{
	static const char *const names[] = {
		[PLAT_DMAR_ENDPOINT] = "endpoint",
		[PLAT_DMAR_BRIDGE] = "bridge",
		[PLAT_DMAR_IOAPIC] = "ioapic",
		[PLAT_DMAR_HPET] = "hpet",
		[PLAT_DMAR_NAMESPACE] = "namespace",
	};

	return names[type];
}

/* As 0000:00:1c.4/00.0: the path from its first bus on. */
static void path_text(uint16_t segment, const struct plat_dmar_scope *s,
		      char *text, size_t room)
{
	size_t i, n;

	n = (size_t)snprintf(text, room, "%04x:%02x:", segment, s->bus);
	for (i = 0; i < s->hop_count && n < room; i++)
		n += (size_t)snprintf(text + n, room - n, "%s%02x.%x",
				      i ? "/" : "", s->path[i].device,
				      s->path[i].function);
}

/* Longer than the longest: 124 steps. */
enum { PATH_ROOM = 1024 };

static void print_scopes(uint16_t segment, const struct plat_dmar_scope *scopes,
			 size_t count)
{
	char text[PATH_ROOM];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct plat_dmar_scope *s = &scopes[i];

		path_text(segment, s, text, sizeof(text));
		printf("  %-9s %s", type_name(s->type), text);
		if (s->type >= PLAT_DMAR_IOAPIC)
			printf(", id %u", s->id);
		if (s->flags)
			printf(", flags 0x%x", s->flags);
		putchar('\n');
	}
}

static void print_groups(const char *what, const char *flag,
			 const struct plat_dmar_group *groups, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		printf("%s, segment 0x%x%s\n", what, groups[i].segment,
		       groups[i].flag ? flag : "");
		print_scopes(groups[i].segment, groups[i].scopes,
			     groups[i].scope_count);
	}
}

static void print_unit(const struct plat_dmar_unit *u)
{
	printf("unit, segment 0x%x%s\n", u->segment,
	       u->include_all ? ", for all other devices" : "");
	printf("  registers 0x%" PRIx64 ", 0x%" PRIx64 " bytes", u->base,
	       u->size);
	if (u->has_proximity)
		printf(", proximity %" PRIu32, u->proximity);
	putchar('\n');
	print_scopes(u->segment, u->scopes, u->scope_count);
}

static void print_table(const struct plat_dmar *d)
{
	size_t i;

	printf("DMAR of ");
	text_print(stdout, d->oem_id);
	putchar(' ');
	text_print(stdout, d->oem_table_id);
	printf(", addresses of %u bits%s%s%s\n", d->address_bits,
	       d->intr_remap ? ", interrupt remapping" : "",
	       d->x2apic_opt_out ? ", no x2APIC" : "",
	       d->dma_opt_in ? ", DMA protected" : "");
	for (i = 0; i < d->unit_count; i++)
		print_unit(&d->units[i]);
	for (i = 0; i < d->reserved_count; i++) {
		const struct plat_dmar_reserved *r = &d->reserved[i];

		printf("reserved memory 0x%" PRIx64 " to 0x%" PRIx64
		       ", segment 0x%x\n",
		       r->first, r->last, r->segment);
		print_scopes(r->segment, r->scopes, r->scope_count);
	}
	print_groups("root ports with ATS", ", all of them", d->ats_ports,
		     d->ats_port_count);
	print_groups("integrated devices with ATS", ", which need it", d->atcs,
		     d->atc_count);
	print_groups("properties", "", d->properties, d->property_count);
	for (i = 0; i < d->name_count; i++) {
		printf("ACPI device %u: ", d->names[i].number);
		text_print(stdout, d->names[i].name);
		putchar('\n');
	}
	if (d->skipped || d->skipped_scopes)
		printf("not known: %zu structures, %zu scopes\n", d->skipped,
		       d->skipped_scopes);
}

static int add_path(struct json_object *to, const struct plat_dmar_scope *s)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	if (json_add(to, "path", list))
		return -ENOMEM;
	for (i = 0; i < s->hop_count; i++) {
		struct json_object *o = json_object_new_object();

		if (json_append(list, o) ||
		    json_add_count(o, "device", s->path[i].device) ||
		    json_add_count(o, "function", s->path[i].function))
			return -ENOMEM;
	}
	return 0;
}

static int add_scopes(struct json_object *to,
		      const struct plat_dmar_scope *scopes, size_t count)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	if (json_add(to, "scopes", list))
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		const struct plat_dmar_scope *s = &scopes[i];
		struct json_object *o = json_object_new_object();

		if (json_append(list, o) ||
		    json_add_text(o, "type", type_name(s->type)) ||
		    json_add_count(o, "id", s->id) ||
		    json_add_count(o, "flags", s->flags) ||
		    json_add_count(o, "bus", s->bus) || add_path(o, s))
			return -ENOMEM;
	}
	return 0;
}

static int add_unit(struct json_object *list, const struct plat_dmar_unit *u)
{
	struct json_object *o = json_object_new_object();

	if (json_append(list, o) || json_add_count(o, "segment", u->segment) ||
	    json_add_count(o, "base", u->base) ||
	    json_add_count(o, "size", u->size) ||
	    json_add_bool(o, "include_all", u->include_all))
		return -ENOMEM;
	if (u->has_proximity && json_add_count(o, "proximity", u->proximity))
		return -ENOMEM;
	return add_scopes(o, u->scopes, u->scope_count);
}

static int add_reserved(struct json_object *list,
			const struct plat_dmar_reserved *r)
{
	struct json_object *o = json_object_new_object();

	if (json_append(list, o) || json_add_count(o, "segment", r->segment) ||
	    json_add_count(o, "first", r->first) ||
	    json_add_count(o, "last", r->last))
		return -ENOMEM;
	return add_scopes(o, r->scopes, r->scope_count);
}

/* flag: its name; NULL: it has none. */
static int add_groups(struct json_object *to, const char *name,
		      const char *flag, const struct plat_dmar_group *groups,
		      size_t count)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	if (json_add(to, name, list))
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		const struct plat_dmar_group *g = &groups[i];
		struct json_object *o = json_object_new_object();

		if (json_append(list, o) ||
		    json_add_count(o, "segment", g->segment) ||
		    (flag && json_add_bool(o, flag, g->flag)) ||
		    add_scopes(o, g->scopes, g->scope_count))
			return -ENOMEM;
	}
	return 0;
}

static int add_names(struct json_object *to, const struct plat_dmar *d)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	if (json_add(to, "names", list))
		return -ENOMEM;
	for (i = 0; i < d->name_count; i++) {
		struct json_object *o = json_object_new_object();

		if (json_append(list, o) ||
		    json_add_count(o, "number", d->names[i].number) ||
		    json_add_text(o, "name", d->names[i].name))
			return -ENOMEM;
	}
	return 0;
}

static int add_header(struct json_object *to, const struct plat_dmar *d)
{
	if (json_add_text(to, "oem_id", d->oem_id) ||
	    json_add_text(to, "oem_table_id", d->oem_table_id) ||
	    json_add_count(to, "oem_revision", d->oem_revision) ||
	    json_add_count(to, "address_bits", d->address_bits) ||
	    json_add_bool(to, "intr_remap", d->intr_remap) ||
	    json_add_bool(to, "x2apic_opt_out", d->x2apic_opt_out) ||
	    json_add_bool(to, "dma_opt_in", d->dma_opt_in) ||
	    json_add_count(to, "skipped", d->skipped) ||
	    json_add_count(to, "skipped_scopes", d->skipped_scopes))
		return -ENOMEM;
	return 0;
}

static int add_all(struct json_object *to, const struct plat_dmar *d)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	if (json_add(to, "units", list))
		return -ENOMEM;
	for (i = 0; i < d->unit_count; i++)
		if (add_unit(list, &d->units[i]))
			return -ENOMEM;
	list = json_object_new_array();
	if (json_add(to, "reserved", list))
		return -ENOMEM;
	for (i = 0; i < d->reserved_count; i++)
		if (add_reserved(list, &d->reserved[i]))
			return -ENOMEM;
	if (add_groups(to, "ats_ports", "all", d->ats_ports,
		       d->ats_port_count) ||
	    add_groups(to, "atcs", "required", d->atcs, d->atc_count) ||
	    add_groups(to, "properties", NULL, d->properties,
		       d->property_count))
		return -ENOMEM;
	return add_names(to, d);
}

static int print_json(const struct plat_dmar *d)
{
	struct json_object *o = json_object_new_object();
	int err = -ENOMEM;

	if (o && !add_header(o, d) && !add_all(o, d))
		err = json_print(o);
	json_object_put(o);
	return err;
}

int info_dmar(const char *file, bool json)
{
	struct plat_dmar_error error;
	struct plat_dmar *dmar;
	int rc = CLI_OK, err;
	size_t size = 0;
	char *data;

	err = info_file_read(file, &data, &size);
	if (err)
		return info_file_failed(file, strerror(err));
	err = plat_dmar_parse(data, size, &dmar, &error);
	free(data);
	if (err)
		return info_file_failed(file, err == -EINVAL ? error.text :
							       strerror(-err));
	if (!json)
		print_table(dmar);
	else if (print_json(dmar))
		rc = info_file_failed(file, strerror(ENOMEM));
	plat_dmar_free(dmar);
	return rc;
}
