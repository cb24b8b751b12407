/* SPDX-License-Identifier: MIT */
#include "qemu/osdep.h"
#include "unit.h"

#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_host.h"
#include "hw/qdev-properties.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/memalign.h"
#include "system/reset.h"

#include "ids.h"

#define TYPE_SVA_UNIT_REGION "sva-iommu-memory-region"

/* QEMU asks for a translation of some bytes; a page is what it may keep. */
#define KEEP_MASK 0xfffu

/*
 * Ports: one for each thread and unit, made at the thread's first transaction
 * and taken away when it ends.
 */
typedef struct SvaPort {
	struct hw_port port;
	SvaUnit *unit;
	struct SvaPort *next;
} SvaPort;

static void remove_ports(gpointer head)
{
	SvaPort *p = head;

	while (p) {
		SvaPort *next = p->next;

		p->unit->hw->ops->port_remove(p->unit->hw, &p->port);
		qemu_vfree(p);
		p = next;
	}
}

static GPrivate thread_ports = G_PRIVATE_INIT(remove_ports);

struct hw_port *sva_unit_port(SvaUnit *unit)
{
	SvaPort *head = g_private_get(&thread_ports), *p;

	for (p = head; p; p = p->next)
		if (p->unit == unit)
			return &p->port;
	p = qemu_memalign(64, sizeof(*p));
	memset(p, 0, sizeof(*p));
	p->unit = unit;
	p->next = head;
	unit->hw->ops->port_add(unit->hw, &p->port);
	g_private_set(&thread_ports, p);
	return &p->port;
}

static uint32_t requester_of(const SvaSpace *space)
{
	return space->bus ?
		       PCI_BUILD_BDF(pci_bus_num(space->bus), space->devfn) :
		       0;
}

/*
 * Functions that know nothing of PASIDs or stalls. QEMU accesses memory after
 * the return, so an invalidation does not wait for that access: see
 * docs/QEMU.md.
 */
static IOMMUTLBEntry region_translate(IOMMUMemoryRegion *mr, hwaddr addr,
				      IOMMUAccessFlags flag, int index)
{
	SvaSpace *space = container_of(mr, SvaSpace, iommu);
	struct iommu_hw *hw = space->unit->hw;
	IOMMUTLBEntry entry = {
		.target_as = &address_space_memory,
		.iova = addr & ~(hwaddr)KEEP_MASK,
		.addr_mask = KEEP_MASK,
		.perm = IOMMU_NONE,
	};
	const struct hw_txn txn = {
		.requester = requester_of(space),
		.perm = flag & IOMMU_WO ? IOMMU_PERM_WRITE : IOMMU_PERM_READ,
		.addr = addr,
	};
	struct hw_port *port = sva_unit_port(space->unit);
	struct hw_xlat xlat;

	/* A question without an access has no transaction to fault. */
	if (flag == IOMMU_NONE || hw->ops->translate(hw, port, &txn, &xlat))
		return entry;
	hw_port_done(port);
	entry.translated_addr = xlat.pa & ~(hwaddr)KEEP_MASK;
	if (xlat.perm & IOMMU_PERM_READ)
		entry.perm |= IOMMU_RO;
	if (xlat.perm & IOMMU_PERM_WRITE)
		entry.perm |= IOMMU_WO;
	return entry;
}

/* Nobody is told of changes; who must be (vhost, VFIO) is refused here. */
static int region_flag_changed(IOMMUMemoryRegion *mr, IOMMUNotifierFlag old,
			       IOMMUNotifierFlag new, Error **errp)
{
	if (!new)
		return 0;
	error_setg(errp, "functions with translation caches in the host are "
			 "not supported behind it");
	return -EINVAL;
}

static void region_class_init(ObjectClass *klass, SvaClassData *data)
{
	IOMMUMemoryRegionClass *c = IOMMU_MEMORY_REGION_CLASS(klass);

	c->translate = region_translate;
	c->notify_flag_changed = region_flag_changed;
}

void sva_unit_add_space(SvaUnit *unit, SvaSpace *space, PCIBus *bus, int devfn,
			const char *name)
{
	SvaUnitClass *class = SVA_UNIT_GET_CLASS(unit);

	space->unit = unit;
	space->bus = bus;
	space->devfn = devfn;
	memory_region_init(&space->root, OBJECT(unit), name, UINT64_MAX);
	memory_region_init_iommu(&space->iommu, sizeof(space->iommu),
				 TYPE_SVA_UNIT_REGION, OBJECT(unit), name,
				 UINT64_MAX);
	memory_region_add_subregion(&space->root, 0,
				    MEMORY_REGION(&space->iommu));
	if (class->space_init)
		class->space_init(unit, space, name);
	address_space_init(&space->as, &space->root, name);
}

static AddressSpace *space_of(PCIBus *bus, void *opaque, int devfn)
{
	SvaUnit *unit = opaque;
	SvaSpace *spaces = g_hash_table_lookup(unit->spaces, bus);

	if (!spaces) {
		spaces = g_new0(SvaSpace, PCI_DEVFN_MAX);
		g_hash_table_insert(unit->spaces, bus, spaces);
	}
	if (!spaces[devfn].unit) {
		g_autofree char *name = g_strdup_printf(
			"%s-%s-%02x", unit->env.name, BUS(bus)->name, devfn);

		sva_unit_add_space(unit, &spaces[devfn], bus, devfn, name);
	}
	return &spaces[devfn].as;
}

static const PCIIOMMUOps pci_ops = {
	.get_address_space = space_of,
};

/* The bus behind the IOMMU */

static SvaEndpoint *endpoint_of(SvaUnit *unit, uint32_t requester)
{
	SvaEndpoint *ep;

	for (ep = unit->endpoints; ep; ep = ep->next)
		if (ep->pdev && pci_requester_id(ep->pdev) == requester)
			return ep;
	return NULL;
}

/* Functions of QEMU that have ATS keep nothing. */
static int bus_ats_invalidate(void *ctx, const struct hw_ats_inv *inv,
			      uint64_t cookie)
{
	SvaUnit *unit = ctx;
	SvaEndpoint *ep = endpoint_of(unit, inv->requester);
	int r = ep ? ep->ats_invalidate(ep->ctx, inv) : 0;

	return r ? r : sva_inject_ats(&unit->inject, cookie);
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	SvaEndpoint *ep = endpoint_of(ctx, resp->requester);

	if (ep)
		ep->prg_response(ep->ctx, resp);
}

/* Not for QEMU's functions: what they ask for ends at once. */
static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	SvaUnit *unit = ctx;
	SvaEndpoint *ep;

	for (ep = unit->endpoints; ep; ep = ep->next)
		if (ep->resume)
			ep->resume(ep->ctx, cookie, how);
}

void sva_unit_add_endpoint(SvaUnit *unit, SvaEndpoint *ep)
{
	ep->next = unit->endpoints;
	unit->endpoints = ep;
}

void sva_unit_remove_endpoint(SvaUnit *unit, SvaEndpoint *ep)
{
	SvaEndpoint **link = &unit->endpoints;

	while (*link != ep)
		link = &(*link)->next;
	*link = ep->next;
}

SvaUnit *sva_unit_find(Error **errp)
{
	Object *o = object_resolve_path_type("", TYPE_SVA_UNIT, NULL);

	if (!o)
		error_setg(errp, "no IOMMU of this plug-in, or several: one "
				 "comes before it on the command line");
	return o ? SVA_UNIT(o) : NULL;
}

/* Registers */

static uint64_t mmio_read(void *opaque, hwaddr offset, unsigned int size)
{
	SvaUnit *unit = opaque;

	return unit->hw->ops->mmio_read(unit->hw, offset, size);
}

static void mmio_write(void *opaque, hwaddr offset, uint64_t value,
		       unsigned int size)
{
	SvaUnit *unit = opaque;

	sva_inject_register(&unit->inject, offset, value, size);
	unit->hw->ops->mmio_write(unit->hw, offset, size, value);
}

static const MemoryRegionOps mmio_ops = {
	.read = mmio_read,
	.write = mmio_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 4, .max_access_size = 8 },
	.impl = { .min_access_size = 4, .max_access_size = 8 },
};

static void unit_reset(void *opaque)
{
	SvaUnit *unit = opaque;

	unit->hw->ops->reset(unit->hw);
}

static bool parse_personality(const char *text, enum hw_personality *ret,
			      Error **errp)
{
	if (!text || !strcmp(text, "strict")) {
		*ret = HW_STRICT;
		return true;
	}
	if (!strcmp(text, "eager")) {
		*ret = HW_EAGER;
		return true;
	}
	error_setg(errp, "personality=%s: strict or eager", text);
	return false;
}

static void unit_realize(DeviceState *dev, Error **errp)
{
	SvaUnit *unit = SVA_UNIT(dev);
	SvaUnitClass *class = SVA_UNIT_GET_CLASS(unit);
	Object *bridge =
		object_resolve_path_type("", TYPE_PCI_HOST_BRIDGE, NULL);
	const char *name = object_get_typename(OBJECT(dev));
	const struct hw_bus bus = {
		.ctx = unit,
		.ats_invalidate = bus_ats_invalidate,
		.prg_response = bus_prg_response,
		.resume = bus_resume,
	};
	enum hw_personality personality;
	struct hw_env env;
	PCIBus *root;

	if (!bridge) {
		error_setg(errp, "%s: the machine has not one PCI host bridge",
			   name);
		return;
	}
	root = PCI_HOST_BRIDGE(bridge)->bus;
	if (root->iommu_ops) {
		error_setg(errp, "%s: the machine has an IOMMU already", name);
		return;
	}
	if (!parse_personality(unit->personality, &personality, errp))
		return;
	sva_env_init(&unit->env, name, &address_space_memory, &env);
	unit->env.inject = &unit->inject;
	unit->inject.env = env;
	if (!class->create(unit, &env, &bus, personality, errp))
		return;
	if (!class->connect(unit, root, errp))
		return;
	unit->spaces = g_hash_table_new(NULL, NULL);
	memory_region_init_io(&unit->mmio, OBJECT(unit), &mmio_ops, unit, name,
			      unit->hw->mmio_size);
	memory_region_add_subregion(get_system_memory(), unit->base,
				    &unit->mmio);
	pci_setup_iommu(root, &pci_ops, unit);
	qemu_register_reset(unit_reset, unit);
}

static char *get_stats(Object *o, Error **errp)
{
	SvaUnit *unit = SVA_UNIT(o);
	struct iommu_hw_stats s = { 0 };

	if (unit->hw)
		unit->hw->ops->stats(unit->hw, &s);
	return g_strdup_printf(
		"{\"translations\": %" PRIu64 ", \"tlb_hits\": %" PRIu64
		", \"tlb_misses\": %" PRIu64 ", \"walks\": %" PRIu64
		", \"ats_requests\": %" PRIu64 ", \"page_requests\": %" PRIu64
		", \"page_requests_queued\": %" PRIu64
		", \"prg_responses\": %" PRIu64
		", \"prg_responses_auto\": %" PRIu64 ", \"events\": %" PRIu64
		", \"events_lost\": %" PRIu64 ", \"commands\": %" PRIu64
		", \"config_invalidations\": %" PRIu64
		", \"tlb_invalidations\": %" PRIu64
		", \"ats_invalidations\": %" PRIu64 ", \"syncs\": %" PRIu64
		", \"dropped\": %" PRIu64 ", \"injected\": %" PRIu64 "}",
		s.translations, s.tlb_hits, s.tlb_misses, s.walks,
		s.ats_requests, s.page_requests, s.page_requests_queued,
		s.prg_responses, s.prg_responses_auto, s.events, s.events_lost,
		s.commands, s.config_invalidations, s.tlb_invalidations,
		s.ats_invalidations, s.syncs,
		qatomic_read(&unit->inject.dropped),
		qatomic_read(&unit->inject.done));
}

/* Identification registers */

static void get_field(Object *o, Visitor *v, const char *name, void *opaque,
		      Error **errp)
{
	const struct sva_id_field *f = opaque;
	SvaUnit *unit = SVA_UNIT(o);
	uint64_t value =
		extract64(SVA_UNIT_GET_CLASS(unit)->get_id(unit, f->reg),
			  (int)f->lo, (int)(f->hi - f->lo + 1));

	visit_type_uint64(v, name, &value, errp);
}

static void set_field(Object *o, Visitor *v, const char *name, void *opaque,
		      Error **errp)
{
	const struct sva_id_field *f = opaque;
	int width = (int)(f->hi - f->lo + 1);
	SvaUnit *unit = SVA_UNIT(o);
	SvaUnitClass *class = SVA_UNIT_GET_CLASS(unit);
	uint64_t value;

	if (DEVICE(o)->realized) {
		error_setg(errp, "%s is constant by now", name);
		return;
	}
	if (!visit_type_uint64(v, name, &value, errp))
		return;
	if (width < 64 && value >> width) {
		error_setg(errp, "%s has %d bits", name, width);
		return;
	}
	class->set_id(unit, f->reg,
		      deposit64(class->get_id(unit, f->reg), (int)f->lo, width,
				value));
}

void sva_unit_add_id_properties(ObjectClass *klass)
{
	struct sva_id_field f;
	size_t i;

	for (i = 0; sva_id_field(i, &f); i++) {
		object_class_property_add(klass, f.name, "uint64", get_field,
					  set_field, NULL,
					  g_memdup2(&f, sizeof(f)));
		object_class_property_set_description(klass, f.name, f.gloss);
	}
}

static const Property unit_props[] = {
	DEFINE_PROP_UINT64("base", SvaUnit, base, 0),
	DEFINE_PROP_STRING("personality", SvaUnit, personality),
};

static void unit_class_init(ObjectClass *klass, SvaClassData *data)
{
	DeviceClass *dc = DEVICE_CLASS(klass);

	dc->realize = unit_realize;
	dc->hotpluggable = false;
	device_class_set_props(dc, unit_props);
	object_class_property_add_str(klass, "stats", get_stats, NULL);
	sva_inject_add_properties(klass);
}

static const TypeInfo unit_types[] = {
	{
		.name = TYPE_SVA_UNIT,
		.parent = TYPE_DEVICE,
		.abstract = true,
		.instance_size = sizeof(SvaUnit),
		.class_size = sizeof(SvaUnitClass),
		.class_init = unit_class_init,
	},
	{
		.name = TYPE_SVA_UNIT_REGION,
		.parent = TYPE_IOMMU_MEMORY_REGION,
		.class_init = region_class_init,
	},
};

void sva_unit_register(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unit_types); i++)
		type_register_static(&unit_types[i]);
}
