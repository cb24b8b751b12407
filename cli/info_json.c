/* SPDX-License-Identifier: MIT */
/*
 * sva info --json. Each part is owned by the whole as soon as it is added, so
 * a failure, which is out of memory, has nothing to undo.
 */
#include <errno.h>

#include "cli/info.h"
#include "cli/json.h"

/* Where the next row of a unit goes. */
struct row_sink {
	struct json_object *registers;
	struct json_object *fields;
	int err;
};

static int add_register(struct row_sink *sink, const struct iommu_unit_row *row)
{
	struct json_object *o = json_object_new_object();

	if (json_append(sink->registers, o) ||
	    json_add_text(o, "name", row->reg) ||
	    json_add_count(o, "value", row->value))
		return -ENOMEM;
	sink->fields = json_object_new_array();
	return json_add(o, "fields", sink->fields);
}

static int add_field(struct row_sink *sink, const struct iommu_unit_row *row)
{
	struct json_object *o = json_object_new_object();

	if (json_append(sink->fields, o) ||
	    json_add_text(o, "name", row->field) ||
	    json_add_count(o, "value", row->value))
		return -ENOMEM;
	return json_add_text(o, "gloss", row->gloss ? row->gloss : "");
}

static void add_unit_row(void *arg, const struct iommu_unit_row *row)
{
	struct row_sink *sink = arg;

	if (sink->err)
		return;
	if (row->field)
		sink->err = add_field(sink, row);
	else
		sink->err = add_register(sink, row);
}

static int add_unit(struct json_object *units, struct iommu_unit *unit)
{
	struct json_object *o = json_object_new_object();
	struct row_sink sink = { 0 };

	if (json_append(units, o) ||
	    json_add_text(o, "name", iommu_unit_name(unit)))
		return -ENOMEM;
	sink.registers = json_object_new_array();
	if (json_add(o, "registers", sink.registers))
		return -ENOMEM;
	iommu_unit_describe(unit, add_unit_row, &sink);
	return sink.err;
}

static int add_feature(struct json_object *features, struct iommu_device *dev,
		       enum iommu_dev_feature feat)
{
	struct json_object *o = json_object_new_object();

	if (json_append(features, o) ||
	    json_add_text(o, "name", info_feature_name(feat)) ||
	    json_add_bool(o, "supported", iommu_dev_has_feature(dev, feat)))
		return -ENOMEM;
	return json_add_bool(o, "enabled",
			     iommu_dev_feature_enabled(dev, feat));
}

static int add_features(struct json_object *to, struct iommu_device *dev)
{
	struct json_object *features = json_object_new_array();
	unsigned int feat;

	if (json_add(to, "features", features))
		return -ENOMEM;
	for (feat = 0; feat < IOMMU_DEV_FEAT_COUNT; feat++)
		if (add_feature(features, dev, feat))
			return -ENOMEM;
	return 0;
}

static int add_accelerator(struct json_object *to, struct dsa *dsa)
{
	struct json_object *o = json_object_new_object();

	if (json_add(to, "accelerator", o) ||
	    json_add_count(o, "max_transfer", dsa_max_transfer(dsa)))
		return -ENOMEM;
	return json_add_count(o, "max_batch", dsa_max_batch(dsa));
}

static int add_device(struct json_object *devices, struct sva_machine *m,
		      struct iommu_device *dev)
{
	struct json_object *o = json_object_new_object();
	const char *unit = iommu_unit_name(iommu_device_unit(dev));
	struct iommu_device_caps caps;

	iommu_device_caps(dev, &caps);
	if (json_append(devices, o) ||
	    json_add_text(o, "name", iommu_device_name(dev)) ||
	    json_add_text(o, "unit", unit) ||
	    json_add_count(o, "pasid_bits", caps.pasid_bits) ||
	    json_add_bool(o, "ats", caps.ats) ||
	    json_add_bool(o, "pri", caps.pri) ||
	    json_add_bool(o, "stall", caps.stall) || add_features(o, dev))
		return -ENOMEM;
	if (dev != sva_machine_device(m))
		return 0;
	return add_accelerator(o, sva_machine_dsa(m));
}

static int add_units(struct json_object *to, struct iommu_system *sys)
{
	struct json_object *list = json_object_new_array();
	struct iommu_unit *unit = NULL;

	if (json_add(to, "units", list))
		return -ENOMEM;
	while ((unit = iommu_unit_next(sys, unit)))
		if (add_unit(list, unit))
			return -ENOMEM;
	return 0;
}

static int add_devices(struct json_object *to, struct sva_machine *m)
{
	struct iommu_system *sys = sva_machine_system(m);
	struct json_object *list = json_object_new_array();
	struct iommu_device *dev = NULL;

	if (json_add(to, "devices", list))
		return -ENOMEM;
	while ((dev = iommu_device_next(sys, dev)))
		if (add_device(list, m, dev))
			return -ENOMEM;
	return 0;
}

static int add_host(struct json_object *to, struct sva_machine *m)
{
	struct json_object *o = json_object_new_object();
	struct host_row rows[HOST_ROWS];
	size_t i;

	if (json_add(to, "host", o))
		return -ENOMEM;
	info_host_rows(m, rows);
	for (i = 0; i < HOST_ROWS; i++)
		if (json_add_bool(o, rows[i].name, rows[i].value))
			return -ENOMEM;
	return 0;
}

int info_print_json(struct sva_machine *m)
{
	struct json_object *o = json_object_new_object();
	int err = -ENOMEM;

	if (o && !add_units(o, sva_machine_system(m)) && !add_devices(o, m) &&
	    !add_host(o, m))
		err = json_print(o);
	json_object_put(o);
	return err;
}
