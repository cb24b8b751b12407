/* SPDX-License-Identifier: MIT */
#include "cli/info_dtb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sva/dt.h>

#include "cli/cli.h"
#include "cli/info_file.h"
#include "cli/json.h"

static const char *const irq_names[PLAT_DT_IRQ_COUNT] = {
	[PLAT_DT_IRQ_EVENTQ] = "eventq",
	[PLAT_DT_IRQ_PRIQ] = "priq",
	[PLAT_DT_IRQ_GERROR] = "gerror",
	[PLAT_DT_IRQ_CMDQ_SYNC] = "cmdq-sync",
	[PLAT_DT_IRQ_COMBINED] = "combined",
};

static void print_irq(const char *name, const struct plat_dt_irq *irq)
{
	unsigned int i;

	if (!irq->cell_count)
		return;
	printf("  interrupt %-10s of %#" PRIx32 ":", name, irq->controller);
	for (i = 0; i < irq->cell_count; i++)
		printf(" %" PRIu32, irq->cells[i]);
	putchar('\n');
}

static void print_smmu(const struct plat_dt_smmu *s)
{
	unsigned int i;

	printf("%s\n", s->path);
	printf("  registers 0x%" PRIx64 ", 0x%" PRIx64 " bytes%s%s%s\n",
	       s->base, s->size, s->coherent ? ", coherent" : "",
	       s->broken_prefetch ? ", broken prefetch command" : "",
	       s->broken_page1 ? ", broken second page" : "");
	for (i = 0; i < PLAT_DT_IRQ_COUNT; i++)
		print_irq(irq_names[i], &s->irq[i]);
	if (s->msi_parent)
		printf("  messages to %#" PRIx32 ", as %#" PRIx32 "\n",
		       s->msi_parent, s->msi_id);
}

static void print_master(const struct plat_dt *dt,
			 const struct plat_dt_master *m)
{
	size_t i;

	printf("%s\n", m->path);
	printf("  PASID bits %u%s%s%s\n", m->pasid_bits,
	       m->can_stall ? ", can stall" : "", m->ats ? ", ATS" : "",
	       m->coherent ? ", coherent" : "");
	for (i = 0; i < m->stream_count; i++)
		printf("  stream 0x%" PRIx32 " of %s\n", m->streams[i].id,
		       dt->smmus[m->streams[i].smmu].path);
	for (i = 0; i < m->map_count; i++) {
		const struct plat_dt_map *map = &m->maps[i];

		printf("  requester 0x%" PRIx32 " to 0x%" PRIx32
		       ": stream 0x%" PRIx32 " of %s\n",
		       map->rid, map->rid + map->count - 1, map->stream,
		       dt->smmus[map->smmu].path);
	}
	if (m->map_count && m->map_mask != UINT32_MAX)
		printf("  of requester ids, 0x%" PRIx32 " counts\n",
		       m->map_mask);
}

static int add_irqs(struct json_object *to, const struct plat_dt_smmu *s)
{
	struct json_object *all = json_object_new_object();
	unsigned int i, j;

	if (json_add(to, "interrupts", all))
		return -ENOMEM;
	for (i = 0; i < PLAT_DT_IRQ_COUNT; i++) {
		const struct plat_dt_irq *irq = &s->irq[i];
		struct json_object *o, *cells;

		if (!irq->cell_count)
			continue;
		o = json_object_new_object();
		if (json_add(all, irq_names[i], o) ||
		    json_add_count(o, "controller", irq->controller))
			return -ENOMEM;
		cells = json_object_new_array();
		if (json_add(o, "cells", cells))
			return -ENOMEM;
		for (j = 0; j < irq->cell_count; j++)
			if (json_append(cells,
					json_object_new_int64(irq->cells[j])))
				return -ENOMEM;
	}
	return 0;
}

static int add_smmu(struct json_object *list, const struct plat_dt_smmu *s)
{
	struct json_object *o = json_object_new_object();

	if (json_append(list, o) || json_add_text(o, "path", s->path) ||
	    json_add_count(o, "base", s->base) ||
	    json_add_count(o, "size", s->size) ||
	    json_add_count(o, "msi_parent", s->msi_parent) ||
	    json_add_count(o, "msi_id", s->msi_id) ||
	    json_add_bool(o, "coherent", s->coherent) ||
	    json_add_bool(o, "broken_prefetch", s->broken_prefetch) ||
	    json_add_bool(o, "broken_page1", s->broken_page1))
		return -ENOMEM;
	return add_irqs(o, s);
}

static int add_streams(struct json_object *to, const struct plat_dt_master *m)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	if (json_add(to, "streams", list))
		return -ENOMEM;
	for (i = 0; i < m->stream_count; i++) {
		struct json_object *o = json_object_new_object();

		if (json_append(list, o) ||
		    json_add_count(o, "smmu", m->streams[i].smmu) ||
		    json_add_count(o, "id", m->streams[i].id))
			return -ENOMEM;
	}
	return 0;
}

static int add_maps(struct json_object *to, const struct plat_dt_master *m)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	if (json_add(to, "maps", list))
		return -ENOMEM;
	for (i = 0; i < m->map_count; i++) {
		struct json_object *o = json_object_new_object();

		if (json_append(list, o) ||
		    json_add_count(o, "smmu", m->maps[i].smmu) ||
		    json_add_count(o, "rid", m->maps[i].rid) ||
		    json_add_count(o, "count", m->maps[i].count) ||
		    json_add_count(o, "stream", m->maps[i].stream))
			return -ENOMEM;
	}
	return json_add_count(to, "map_mask", m->map_mask);
}

static int add_master(struct json_object *list, const struct plat_dt_master *m)
{
	struct json_object *o = json_object_new_object();

	if (json_append(list, o) || json_add_text(o, "path", m->path) ||
	    json_add_count(o, "pasid_bits", m->pasid_bits) ||
	    json_add_bool(o, "can_stall", m->can_stall) ||
	    json_add_bool(o, "ats", m->ats) ||
	    json_add_bool(o, "coherent", m->coherent) || add_streams(o, m))
		return -ENOMEM;
	return m->map_count ? add_maps(o, m) : 0;
}

static int add_all(struct json_object *to, const struct plat_dt *dt)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	if (json_add(to, "smmus", list))
		return -ENOMEM;
	for (i = 0; i < dt->smmu_count; i++)
		if (add_smmu(list, &dt->smmus[i]))
			return -ENOMEM;
	list = json_object_new_array();
	if (json_add(to, "masters", list))
		return -ENOMEM;
	for (i = 0; i < dt->master_count; i++)
		if (add_master(list, &dt->masters[i]))
			return -ENOMEM;
	return 0;
}

static int print_json(const struct plat_dt *dt)
{
	struct json_object *o = json_object_new_object();
	int err = -ENOMEM;

	if (o && !add_all(o, dt))
		err = json_print(o);
	json_object_put(o);
	return err;
}

static void print_table(const struct plat_dt *dt)
{
	size_t i;

	for (i = 0; i < dt->smmu_count; i++)
		print_smmu(&dt->smmus[i]);
	for (i = 0; i < dt->master_count; i++)
		print_master(dt, &dt->masters[i]);
}

int info_dtb(const char *file, bool json)
{
	struct plat_dt_error error;
	struct plat_dt *dt;
	int rc = CLI_OK, err;
	size_t size = 0;
	char *data;

	err = info_file_read(file, &data, &size);
	if (err)
		return info_file_failed(file, strerror(err));
	err = plat_dt_parse(data, size, &dt, &error);
	free(data);
	if (err)
		return info_file_failed(file, err == -EINVAL ? error.text :
							       strerror(-err));
	if (!json)
		print_table(dt);
	else if (print_json(dt))
		rc = info_file_failed(file, strerror(ENOMEM));
	plat_dt_free(dt);
	return rc;
}
