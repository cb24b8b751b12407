/* SPDX-License-Identifier: MIT */
/*
 * sva-vtd: the VT-d model in front of the PCI functions and the I/O APIC of
 * q35. The guest finds it in a DMAR table, which the command line brings.
 */
#include "qemu/osdep.h"
#include "unit.h"

#include "hw/i386/x86.h"
#include "hw/pci/pci_bus.h"
#include "hw/qdev-properties.h"
#include "qapi/error.h"
#include "qemu/memalign.h"

#include <sva/vtd_hw.h>

#define TYPE_SVA_VTD "sva-vtd"

#define BASE_DEFAULT 0xfed90000u

/* Writes to here are interrupts, whoever they come from. */
#define MSI_BASE 0xfee00000u
#define MSI_SIZE 0x00100000u

/* As the DMAR table's scope of the I/O APIC says. */
#define IOAPIC_SOURCE_ID 0xff00u

typedef struct SvaVtd {
	SvaUnit parent;
	struct vtd_hw_cfg cfg;
	SvaSpace ioapic;
} SvaVtd;

DECLARE_INSTANCE_CHECKER(SvaVtd, SVA_VTD, TYPE_SVA_VTD)

static bool vtd_create(SvaUnit *unit, const struct hw_env *env,
		       const struct hw_bus *bus,
		       enum hw_personality personality, Error **errp)
{
	SvaVtd *v = SVA_VTD(unit);
	size_t size;

	v->cfg.personality = personality;
	size = vtd_hw_size(&v->cfg);
	if (size) {
		unit->mem = qemu_memalign(64, size);
		memset(unit->mem, 0, size);
		if (!vtd_hw_create(&v->cfg, env, bus, unit->mem, size,
				   &unit->hw))
			return true;
		qemu_vfree(unit->mem);
	}
	error_setg(errp, TYPE_SVA_VTD ": CAP and ECAP announce what the model "
				      "lacks, or contradict themselves");
	return false;
}

/* Interrupts */

static uint16_t source_of(const SvaSpace *space)
{
	return space->bus ? (uint16_t)PCI_BUILD_BDF(pci_bus_num(space->bus),
						    space->devfn) :
			    IOAPIC_SOURCE_ID;
}

static MemTxResult msi_read(void *opaque, hwaddr offset, uint64_t *value,
			    unsigned int size, MemTxAttrs attrs)
{
	*value = 0;
	return MEMTX_ERROR;
}

static MemTxResult msi_write(void *opaque, hwaddr offset, uint64_t value,
			     unsigned int size, MemTxAttrs attrs)
{
	const SvaSpace *space = opaque;
	const struct vtd_hw_msg from = {
		.addr = MSI_BASE + offset,
		.data = (uint32_t)value,
	};
	struct vtd_hw_msg to;

	if (vtd_hw_remap_irq(space->unit->hw, source_of(space), &from, &to))
		return MEMTX_ERROR;
	return address_space_write(&address_space_memory, to.addr, attrs,
				   &(uint32_t){ cpu_to_le32(to.data) }, 4);
}

static const MemoryRegionOps msi_ops = {
	.read_with_attrs = msi_read,
	.write_with_attrs = msi_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 4, .max_access_size = 4 },
	.impl = { .min_access_size = 4, .max_access_size = 4 },
};

/* Interrupt messages leave before translation. */
static void vtd_space_init(SvaUnit *unit, SvaSpace *space, const char *name)
{
	memory_region_init_io(&space->msi, OBJECT(unit), &msi_ops, space, name,
			      MSI_SIZE);
	memory_region_add_subregion_overlap(&space->root, MSI_BASE, &space->msi,
					    1);
}

static bool vtd_connect(SvaUnit *unit, PCIBus *root, Error **errp)
{
	SvaVtd *v = SVA_VTD(unit);
	X86MachineState *x86 = (X86MachineState *)object_dynamic_cast(
		qdev_get_machine(), TYPE_X86_MACHINE);

	if (!x86) {
		error_setg(errp, TYPE_SVA_VTD ": the machine is no PC");
		return false;
	}
	sva_unit_add_space(unit, &v->ioapic, NULL, 0, "sva-vtd-ioapic");
	x86->ioapic_as = &v->ioapic.as;
	return true;
}

static uint64_t get_id(const SvaUnit *unit, unsigned int reg)
{
	const struct vtd_hw_cfg *cfg = &SVA_VTD(unit)->cfg;

	return reg == 0 ? cfg->ver : reg == 1 ? cfg->cap : cfg->ecap;
}

static void set_id(SvaUnit *unit, unsigned int reg, uint64_t value)
{
	struct vtd_hw_cfg *cfg = &SVA_VTD(unit)->cfg;

	if (reg == 0)
		cfg->ver = (uint32_t)value;
	else if (reg == 1)
		cfg->cap = value;
	else
		cfg->ecap = value;
}

static const Property vtd_props[] = {
	DEFINE_PROP_UINT32("haw", SvaVtd, cfg.haw, 0),
	DEFINE_PROP_BOOL("collapse", SvaVtd, cfg.collapse, false),
};

static void vtd_instance_init(Object *o)
{
	SvaVtd *v = SVA_VTD(o);

	vtd_hw_cfg_default(&v->cfg);
	v->parent.base = BASE_DEFAULT;
}

static void vtd_class_init(ObjectClass *klass, SvaClassData *data)
{
	DeviceClass *dc = DEVICE_CLASS(klass);
	SvaUnitClass *uc = (SvaUnitClass *)klass;

	dc->desc = "Intel VT-d with PASIDs, device TLBs and page requests";
	dc->user_creatable = true;
	uc->create = vtd_create;
	uc->connect = vtd_connect;
	uc->space_init = vtd_space_init;
	uc->get_id = get_id;
	uc->set_id = set_id;
	device_class_set_props(dc, vtd_props);
	sva_unit_add_id_properties(klass);
}

static const TypeInfo vtd_type = {
	.name = TYPE_SVA_VTD,
	.parent = TYPE_SVA_UNIT,
	.instance_size = sizeof(SvaVtd),
	.instance_init = vtd_instance_init,
	.class_init = vtd_class_init,
};

void sva_target_register(void)
{
	type_register_static(&vtd_type);
}
