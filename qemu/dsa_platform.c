/* SPDX-License-Identifier: MIT */
/*
 * sva-dsa-platform: the accelerator without PCI in front, for arm64's virt
 * machine. It has a StreamID of its own behind sva-smmuv3, substreams, and what
 * it does may stall. The guest finds it in the device tree.
 */
#include "qemu/osdep.h"
#include "dsa.h"

#include "exec/address-spaces.h"
#include "hw/boards.h"
#include "hw/qdev-properties.h"
#include "qapi/error.h"
#include "system/device_tree.h"
#include "system/reset.h"

#define TYPE_SVA_DSA_PLATFORM "sva-dsa-platform"

/* In a gap of the machine's, and behind the PCI functions' StreamIDs. */
#define BASE_DEFAULT 0x0b000000u
#define SID_DEFAULT  0x10000u

typedef struct SvaDsaPlatform {
	DeviceState parent;
	SvaDsaCore core;
	uint64_t base;
	uint32_t sid;
} SvaDsaPlatform;

DECLARE_INSTANCE_CHECKER(SvaDsaPlatform, SVA_DSA_PLATFORM,
			 TYPE_SVA_DSA_PLATFORM)

/* What can be called at any time: see the model's word on cookies of others. */
static void platform_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	SvaDsaPlatform *d = ctx;

	dsa_hw_resume(d->core.hw, cookie, how == HW_RESUME_RETRY);
}

static bool edit_fdt(SvaDsaPlatform *d, Error **errp)
{
	void *fdt = MACHINE(qdev_get_machine())->fdt;
	g_autofree char *iommu =
		g_strdup_printf("/iommu@%" PRIx64, d->core.unit->base);
	g_autofree char *node =
		g_strdup_printf("/accelerator@%" PRIx64, d->base);
	uint32_t phandle = fdt ? qemu_fdt_get_phandle(fdt, iommu) : 0;
	uint64_t regs = memory_region_size(&d->core.regs);

	if (!phandle) {
		error_setg(errp, TYPE_SVA_DSA_PLATFORM
			   ": no IOMMU in the machine's device tree");
		return false;
	}
	qemu_fdt_add_subnode(fdt, node);
	qemu_fdt_setprop_string(fdt, node, "compatible", "libsva,dsa");
	qemu_fdt_setprop_sized_cells(fdt, node, "reg", 2, d->base, 2, regs, 2,
				     d->base + regs, 2,
				     memory_region_size(&d->core.portals));
	qemu_fdt_setprop_cells(fdt, node, "iommus", phandle, d->sid);
	qemu_fdt_setprop_cell(fdt, node, "pasid-num-bits", 20);
	qemu_fdt_setprop(fdt, node, "dma-can-stall", NULL, 0);
	qemu_fdt_setprop(fdt, node, "dma-coherent", NULL, 0);
	return true;
}

static void platform_reset(void *opaque)
{
	SvaDsaPlatform *d = opaque;

	sva_dsa_reset(&d->core);
}

static void platform_realize(DeviceState *dev, Error **errp)
{
	SvaDsaPlatform *d = SVA_DSA_PLATFORM(dev);
	struct dsa_hw_cfg cfg;

	d->core.unit = sva_unit_find(errp);
	if (!d->core.unit)
		return;
	dsa_hw_cfg_platform(&cfg, d->sid);
	if (!sva_dsa_create(&d->core, OBJECT(d), TYPE_SVA_DSA_PLATFORM,
			    &address_space_memory, &cfg, errp) ||
	    !edit_fdt(d, errp))
		return;
	memory_region_add_subregion(get_system_memory(), d->base,
				    &d->core.regs);
	memory_region_add_subregion(get_system_memory(),
				    d->base + memory_region_size(&d->core.regs),
				    &d->core.portals);
	d->core.endpoint = (SvaEndpoint){ .ctx = d, .resume = platform_resume };
	sva_dsa_start(&d->core);
	qemu_register_reset(platform_reset, d);
}

static char *get_stats(Object *o, Error **errp)
{
	return sva_dsa_stats(&SVA_DSA_PLATFORM(o)->core);
}

static const Property platform_props[] = {
	DEFINE_PROP_UINT32("engines", SvaDsaPlatform, core.engine_count, 1),
	DEFINE_PROP_STRING("personality", SvaDsaPlatform, core.personality),
	DEFINE_PROP_UINT64("base", SvaDsaPlatform, base, BASE_DEFAULT),
	DEFINE_PROP_UINT32("sid", SvaDsaPlatform, sid, SID_DEFAULT),
};

static void platform_class_init(ObjectClass *klass, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(klass);

	dc->desc = "accelerator, DSA-compatible, that stalls";
	dc->user_creatable = true;
	dc->hotpluggable = false;
	dc->realize = platform_realize;
	device_class_set_props(dc, platform_props);
	object_class_property_add_str(klass, "stats", get_stats, NULL);
}

static const TypeInfo platform_type = {
	.name = TYPE_SVA_DSA_PLATFORM,
	.parent = TYPE_DEVICE,
	.instance_size = sizeof(SvaDsaPlatform),
	.class_init = platform_class_init,
};

void sva_dsa_platform_register(void)
{
	type_register_static(&platform_type);
}
