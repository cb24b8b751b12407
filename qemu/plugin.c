/* SPDX-License-Identifier: MIT */
/*
 * Where QEMU finds the plug-in. It translates no code: its types are all there
 * is to it, registered before the command line's devices are made.
 */
#include "qemu/osdep.h"

#include "hw/boards.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pci_host.h"
#include "qemu/qemu-plugin.h"

#include "unit.h"

/* The front of QEMU's own description of a type, which its headers hide. */
struct type_front {
	const char *name;
	size_t class_size;
	size_t instance_size;
};

/**
 * sizes_match() - was the plug-in compiled for the QEMU that runs?
 *
 * A structure of another size says no for sure. Equal sizes do not prove a yes,
 * which is why a build is for one release.
 */
static bool sizes_match(void)
{
	static const struct {
		const char *name;
		size_t instance, class;
	} types[] = {
		{ TYPE_DEVICE, sizeof(DeviceState), sizeof(DeviceClass) },
		{ TYPE_PCI_DEVICE, sizeof(PCIDevice), sizeof(PCIDeviceClass) },
		{ TYPE_MEMORY_REGION, sizeof(MemoryRegion),
		  sizeof(MemoryRegionClass) },
		{ TYPE_IOMMU_MEMORY_REGION, sizeof(IOMMUMemoryRegion),
		  sizeof(IOMMUMemoryRegionClass) },
		{ TYPE_MACHINE, sizeof(MachineState), sizeof(MachineClass) },
		{ TYPE_PCI_BUS, sizeof(PCIBus), sizeof(PCIBusClass) },
		{ TYPE_PCI_HOST_BRIDGE, sizeof(PCIHostState),
		  sizeof(PCIHostBridgeClass) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		ObjectClass *class = object_class_by_name(types[i].name);
		const struct type_front *theirs = (const void *)class->type;

		if (strcmp(theirs->name, types[i].name) ||
		    theirs->instance_size != types[i].instance ||
		    theirs->class_size != types[i].class) {
			fprintf(stderr,
				"libsva: this plug-in is for another QEMU: "
				"%s is not as compiled\n",
				types[i].name);
			return false;
		}
	}
	return true;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const qemu_info_t *info, int argc,
					   char **argv);

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
			char **argv)
{
	if (argc) {
		fprintf(stderr, "libsva: the plug-in has no argument %s\n",
			argv[0]);
		return -1;
	}
	if (!info->system_emulation) {
		fprintf(stderr, "libsva: there is no hardware here\n");
		return -1;
	}
	if (!sizes_match())
		return -1;
	sva_unit_register();
	sva_target_register();
	sva_dsa_register();
	return 0;
}
