/* SPDX-License-Identifier: MIT */
/*
 * sva-smmuv3: the SMMUv3 model in front of the PCI functions of arm64's virt
 * machine. The guest finds it in the device tree.
 */
#include "qemu/osdep.h"
#include "unit.h"

#include "hw/boards.h"
#include "hw/pci/pci_bus.h"
#include "hw/qdev-properties.h"
#include "qapi/error.h"
#include "qemu/memalign.h"
#include "system/device_tree.h"

#include <sva/smmuv3_hw.h>

#define TYPE_SVA_SMMUV3 "sva-smmuv3"
#define WIRES           4

/* Where virt has its own SMMU, if it has one. */
#define BASE_DEFAULT 0x09050000u
#define SPI_DEFAULT  74u

typedef struct SvaSmmuv3 {
	SvaUnit parent;
	struct smmuv3_hw_cfg cfg;
	uint32_t spi;
	bool fdt;
} SvaSmmuv3;

DECLARE_INSTANCE_CHECKER(SvaSmmuv3, SVA_SMMUV3, TYPE_SVA_SMMUV3)

static bool smmuv3_create(SvaUnit *unit, const struct hw_env *env,
			  const struct hw_bus *bus,
			  enum hw_personality personality, Error **errp)
{
	SvaSmmuv3 *s = SVA_SMMUV3(unit);
	size_t size;

	s->cfg.personality = personality;
	size = smmuv3_hw_size(&s->cfg);
	if (size) {
		unit->mem = qemu_memalign(64, size);
		memset(unit->mem, 0, size);
		if (!smmuv3_hw_create(&s->cfg, env, bus, unit->mem, size,
				      &unit->hw))
			return true;
		qemu_vfree(unit->mem);
	}
	error_setg(errp, TYPE_SVA_SMMUV3 ": the ID registers announce what "
					 "the model lacks, or contradict "
					 "themselves");
	return false;
}

/* The wire numbers of the model, in the order of the binding's names. */
static const struct {
	const char *name;
	enum smmuv3_hw_wire wire;
} wires[WIRES] = {
	{ "eventq", SMMUV3_HW_WIRE_EVENTQ },
	{ "priq", SMMUV3_HW_WIRE_PRIQ },
	{ "cmdq-sync", SMMUV3_HW_WIRE_CMD_SYNC },
	{ "gerror", SMMUV3_HW_WIRE_GERROR },
};

static char *find_pcie(void *fdt)
{
	char **nodes =
		qemu_fdt_node_path(fdt, NULL, "pci-host-ecam-generic", NULL);
	char *path = nodes && nodes[0] ? g_strdup(nodes[0]) : NULL;

	g_strfreev(nodes);
	return path;
}

static bool edit_fdt(SvaSmmuv3 *s, Error **errp)
{
	void *fdt = MACHINE(qdev_get_machine())->fdt;
	g_autofree char *node =
		g_strdup_printf("/iommu@%" PRIx64, s->parent.base);
	g_autofree char *pcie = fdt ? find_pcie(fdt) : NULL;
	g_autoptr(GString) names = g_string_new(NULL);
	uint32_t irqs[WIRES * 3], phandle;
	unsigned int i;

	if (!pcie) {
		error_setg(errp,
			   TYPE_SVA_SMMUV3 ": the machine has no device tree "
					   "with a PCI host bridge; fdt=off");
		return false;
	}
	phandle = qemu_fdt_alloc_phandle(fdt);
	for (i = 0; i < WIRES; i++) {
		irqs[3 * i] = 0; /* SPI */
		irqs[3 * i + 1] = cpu_to_be32(s->spi + i);
		irqs[3 * i + 2] = cpu_to_be32(1); /* rising edge */
		g_string_append_len(names, wires[i].name,
				    (gssize)strlen(wires[i].name) + 1);
	}
	qemu_fdt_add_subnode(fdt, node);
	qemu_fdt_setprop_string(fdt, node, "compatible", "arm,smmu-v3");
	qemu_fdt_setprop_sized_cells(fdt, node, "reg", 2, s->parent.base, 2,
				     s->parent.hw->mmio_size);
	qemu_fdt_setprop(fdt, node, "interrupts", irqs, sizeof(irqs));
	qemu_fdt_setprop(fdt, node, "interrupt-names", names->str,
			 (int)names->len);
	qemu_fdt_setprop(fdt, node, "dma-coherent", NULL, 0);
	qemu_fdt_setprop_cell(fdt, node, "#iommu-cells", 1);
	qemu_fdt_setprop_cell(fdt, node, "phandle", phandle);
	qemu_fdt_setprop_cells(fdt, pcie, "iommu-map", 0, phandle, 0, 0x10000);
	qemu_fdt_setprop(fdt, pcie, "ats-supported", NULL, 0);
	return true;
}

static bool smmuv3_connect(SvaUnit *unit, PCIBus *root, Error **errp)
{
	SvaSmmuv3 *s = SVA_SMMUV3(unit);
	Object *gic = object_resolve_path_type("", "arm-gicv3-common", NULL);
	unsigned int i;

	if (!gic)
		gic = object_resolve_path_type("", "arm_gic_common", NULL);
	if (!gic) {
		error_setg(errp, TYPE_SVA_SMMUV3 ": the machine has no GIC");
		return false;
	}
	for (i = 0; i < WIRES; i++)
		unit->env.wires[wires[i].wire] =
			qdev_get_gpio_in(DEVICE(gic), (int)(s->spi + i));
	return !s->fdt || edit_fdt(s, errp);
}

/* Service Failure Mode, until a reset. */
static void smmuv3_fail(SvaUnit *unit)
{
	smmuv3_hw_fail(unit->hw);
}

/* Identification registers */

static uint64_t get_id(const SvaUnit *unit, unsigned int reg)
{
	return SVA_SMMUV3(unit)->cfg.idr[reg];
}

static void set_id(SvaUnit *unit, unsigned int reg, uint64_t value)
{
	SVA_SMMUV3(unit)->cfg.idr[reg] = (uint32_t)value;
}

static const Property smmuv3_props[] = {
	DEFINE_PROP_UINT32("spi", SvaSmmuv3, spi, SPI_DEFAULT),
	DEFINE_PROP_BOOL("fdt", SvaSmmuv3, fdt, true),
};

static void smmuv3_instance_init(Object *o)
{
	SvaSmmuv3 *s = SVA_SMMUV3(o);

	smmuv3_hw_cfg_default(&s->cfg);
	s->parent.base = BASE_DEFAULT;
}

static void smmuv3_class_init(ObjectClass *klass, SvaClassData *data)
{
	DeviceClass *dc = DEVICE_CLASS(klass);
	SvaUnitClass *uc = (SvaUnitClass *)klass;

	dc->desc = "Arm SMMUv3 with substreams, ATS and PRI";
	dc->user_creatable = true;
	uc->create = smmuv3_create;
	uc->connect = smmuv3_connect;
	uc->fail = smmuv3_fail;
	uc->get_id = get_id;
	uc->set_id = set_id;
	device_class_set_props(dc, smmuv3_props);
	sva_unit_add_id_properties(klass);
}

static const TypeInfo smmuv3_type = {
	.name = TYPE_SVA_SMMUV3,
	.parent = TYPE_SVA_UNIT,
	.instance_size = sizeof(SvaSmmuv3),
	.instance_init = smmuv3_instance_init,
	.class_init = smmuv3_class_init,
};

void sva_target_register(void)
{
	type_register_static(&smmuv3_type);
	sva_dsa_platform_register();
}
