/* SPDX-License-Identifier: MIT */
/* sva info --why: a bind that is tried, and the record of its failure. [U10] */
#include "cli/info_why.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sva/why.h>

#include "cli/cli.h"
#include "cli/json.h"

/* What came of it; @step is NULL when it was bound. */
struct outcome {
	const char *device;
	const char *step;
	struct iommu_sva_why why;
	ioasid_t pasid;
};

bool info_lack_by_name(const char *name, enum sva_lack *ret_lack)
{
	static const struct {
		const char *name;
		enum sva_lack lack;
	} rows[] = {
		{ "pasid", SVA_LACKS_PASID },
		{ "unit_pasid", SVA_LACKS_UNIT_PASID },
		{ "coherence", SVA_LACKS_COHERENCE },
		{ "ats", SVA_LACKS_ATS },
		{ "pri", SVA_LACKS_PRI },
		{ "granule", SVA_LACKS_GRANULE },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!strcmp(name, rows[i].name)) {
			*ret_lack = rows[i].lack;
			return true;
		}
	}
	return false;
}

static struct iommu_device *find_device(struct sva_machine *m, const char *name)
{
	struct iommu_device *dev = NULL;

	while ((dev = iommu_device_next(sva_machine_system(m), dev)))
		if (!strcmp(iommu_device_name(dev), name))
			return dev;
	return NULL;
}

/* The handle is returned at once: that it could be had is the answer. */
static void try_bind(struct sva_machine *m, struct iommu_device *dev,
		     struct outcome *o)
{
	bool enable = !iommu_dev_feature_enabled(dev, IOMMU_DEV_FEAT_SVA);
	struct iommu_sva *sva;

	o->step = "enable";
	if (enable &&
	    iommu_dev_enable_feature_why(dev, IOMMU_DEV_FEAT_SVA, &o->why))
		return;
	o->step = "bind";
	if (!iommu_sva_bind_why(dev, sva_machine_mm(m), NULL, &sva, &o->why)) {
		o->step = NULL;
		o->pasid = iommu_sva_get_pasid(sva);
		iommu_sva_unbind(sva);
	}
	if (enable)
		(void)!iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_SVA);
}

static void print_text(const struct outcome *o)
{
	if (!o->step) {
		printf("%s: binds this process, PASID %" PRIu32 "\n", o->device,
		       o->pasid);
		return;
	}
	printf("%s: %s fails: %s (%d)\n", o->device, o->step,
	       strerror(-o->why.err), o->why.err);
	printf("  requirement %s: %s\n", iommu_sva_req_name(o->why.req),
	       iommu_sva_req_text(o->why.req));
	if (o->why.has || o->why.needs)
		printf("  has %" PRIu64 ", needs %" PRIu64 "\n", o->why.has,
		       o->why.needs);
}

static int add_failure(struct json_object *to, const struct outcome *o)
{
	const struct iommu_sva_why *why = &o->why;

	if (json_add_text(to, "step", o->step) ||
	    json_add_count(to, "errno", (uint64_t)-why->err) ||
	    json_add_text(to, "requirement", iommu_sva_req_name(why->req)) ||
	    json_add_text(to, "text", iommu_sva_req_text(why->req)) ||
	    json_add_count(to, "has", why->has))
		return -1;
	return json_add_count(to, "needs", why->needs);
}

static int print_json(const struct outcome *o)
{
	struct json_object *to = json_object_new_object();
	int err = -1;

	if (to && !json_add_text(to, "device", o->device) &&
	    !json_add_bool(to, "bound", !o->step))
		err = o->step ? add_failure(to, o) :
				json_add_count(to, "pasid", o->pasid);
	if (!err)
		err = json_print(to);
	json_object_put(to);
	return err;
}

int info_why(struct sva_machine *m, const char *device, bool json)
{
	struct iommu_device *dev = find_device(m, device);
	struct outcome o = { .device = device };

	if (!dev) {
		fprintf(stderr, "sva: no device '%s'; sva info names them\n",
			device);
		return CLI_USAGE;
	}
	try_bind(m, dev, &o);
	if (!json) {
		print_text(&o);
	} else if (print_json(&o)) {
		fputs("sva: out of memory\n", stderr);
		return CLI_FAILED;
	}
	return o.step ? CLI_FAILED : CLI_OK;
}
