/* SPDX-License-Identifier: MIT */
/*
 * Devices of a device tree behind a running SMMU: what its bindings say is what
 * the system says of them, and the address space can be bound to one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <libfdt.h>
#include <string.h>

#include <sva/dt.h>
#include <sva/machine.h>
#include <sva/sva.h>

#include "base/bits.h"

enum { ROOM = 4096, SMMU = 1, OTHER = 2 };

static void ok(int err)
{
	if (err)
		fail_msg("libfdt: %s", fdt_strerror(err));
}

static void cells(void *blob, const char *name, unsigned int count, ...)
{
	fdt32_t v[16];
	unsigned int i;
	va_list ap;

	assert_true(count <= ARRAY_SIZE(v));
	va_start(ap, count);
	for (i = 0; i < count; i++)
		v[i] = cpu_to_fdt32(va_arg(ap, unsigned int));
	va_end(ap);
	ok(fdt_property(blob, name, v, (int)(4 * count)));
}

static void smmu(void *blob, const char *node, unsigned int phandle,
		 unsigned int base)
{
	static const char compatible[] = "arm,smmu-v3";

	ok(fdt_begin_node(blob, node));
	ok(fdt_property(blob, "compatible", compatible, sizeof(compatible)));
	cells(blob, "reg", 2, base, 0x20000u);
	cells(blob, "#iommu-cells", 1, 1u);
	cells(blob, "phandle", 1, phandle);
	ok(fdt_end_node(blob));
}

/* A stream here and one elsewhere, 9 bits of PASID, may stall. */
static void accelerator(void *blob)
{
	ok(fdt_begin_node(blob, "accelerator"));
	cells(blob, "iommus", 4, (unsigned int)SMMU, 0x21u, (unsigned int)OTHER,
	      0x5u);
	cells(blob, "pasid-num-bits", 1, 9u);
	ok(fdt_property(blob, "dma-can-stall", NULL, 0));
	ok(fdt_end_node(blob));
}

/* Neither, and two streams: a DMA engine of the old kind. */
static void plain(void *blob)
{
	ok(fdt_begin_node(blob, "dma"));
	cells(blob, "iommus", 6, (unsigned int)SMMU, 0x40u, (unsigned int)OTHER,
	      0x6u, (unsigned int)SMMU, 0x41u);
	ok(fdt_end_node(blob));
}

static void make_tree(void *blob)
{
	ok(fdt_create(blob, ROOM));
	ok(fdt_finish_reservemap(blob));
	ok(fdt_begin_node(blob, ""));
	cells(blob, "#address-cells", 1, 1u);
	cells(blob, "#size-cells", 1, 1u);
	smmu(blob, "iommu@50000", SMMU, 0x50000);
	smmu(blob, "iommu@90000", OTHER, 0x90000);
	accelerator(blob);
	plain(blob);
	ok(fdt_end_node(blob));
	ok(fdt_finish(blob));
}

static struct iommu_device *add(struct sva_machine *machine,
				const struct plat_dt_master *m)
{
	struct iommu_device_desc desc;
	struct iommu_device *dev;
	uint32_t ids[2];

	assert_int_equal(plat_dt_device(m, 0, ids, ARRAY_SIZE(ids), &desc), 0);
	assert_string_equal(desc.name, m->path);
	desc.unit = iommu_device_unit(sva_machine_device(machine));
	assert_int_equal(
		iommu_device_add(sva_machine_system(machine), &desc, &dev), 0);
	return dev;
}

/* [K18] dma-can-stall and pasid-num-bits decide what a device is good for. */
static void test_dt_devices_are_what_the_tree_says(void **state)
{
	const struct sva_machine_cfg cfg = { .faults = SVA_FAULTS_STALL };
	struct iommu_device *accelerator_dev, *plain_dev;
	struct iommu_device_caps caps;
	struct sva_machine *machine;
	static char blob[ROOM];
	struct iommu_sva *sva;
	struct plat_dt *dt;

	(void)state;
	make_tree(blob);
	assert_int_equal(plat_dt_parse(blob, ROOM, &dt, NULL), 0);
	assert_int_equal(dt->master_count, 2);
	assert_int_equal(sva_machine_create(&cfg, &machine), 0);
	accelerator_dev = add(machine, &dt->masters[0]);
	plain_dev = add(machine, &dt->masters[1]);

	iommu_device_caps(accelerator_dev, &caps);
	assert_int_equal(caps.pasid_bits, 9);
	assert_true(caps.stall && caps.sva);
	assert_false(caps.ats || caps.pri);
	iommu_device_caps(plain_dev, &caps);
	assert_int_equal(caps.pasid_bits, 0);
	assert_false(caps.stall);

	/* The second device is the control: it may not. */
	assert_int_equal(iommu_dev_enable_feature(plain_dev,
						  IOMMU_DEV_FEAT_SVA),
			 -ENODEV);
	assert_int_equal(iommu_dev_enable_feature(accelerator_dev,
						  IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(iommu_sva_bind(accelerator_dev,
					sva_machine_mm(machine), NULL, &sva),
			 0);
	iommu_sva_unbind(sva);
	assert_int_equal(iommu_dev_disable_feature(accelerator_dev,
						   IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(iommu_device_remove(plain_dev), 0);
	assert_int_equal(iommu_device_remove(accelerator_dev), 0);
	assert_int_equal(sva_machine_destroy(machine), 0);
	plat_dt_free(dt);
}

static void test_dt_device_has_the_streams_of_one_smmu(void **state)
{
	struct iommu_device_desc desc = { .name = "untouched" };
	const struct plat_dt_master *m;
	static char blob[ROOM];
	struct plat_dt *dt;
	uint32_t ids[2];

	(void)state;
	make_tree(blob);
	assert_int_equal(plat_dt_parse(blob, ROOM, &dt, NULL), 0);
	m = &dt->masters[1];
	assert_int_equal(plat_dt_device(m, 0, ids, 1, &desc), -ENOSPC);
	assert_int_equal(plat_dt_device(m, 2, ids, 2, &desc), -ENOENT);
	assert_string_equal(desc.name, "untouched");
	assert_int_equal(plat_dt_device(m, 0, ids, 2, &desc), 0);
	assert_int_equal(desc.stream_id_count, 2);
	assert_int_equal(ids[0], 0x40);
	assert_int_equal(ids[1], 0x41);
	assert_int_equal(plat_dt_device(m, 1, ids, 2, &desc), 0);
	assert_int_equal(desc.stream_id_count, 1);
	assert_int_equal(ids[0], 0x6);
	plat_dt_free(dt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dt_devices_are_what_the_tree_says),
		cmocka_unit_test(test_dt_device_has_the_streams_of_one_smmu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
