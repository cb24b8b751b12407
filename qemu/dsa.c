/* SPDX-License-Identifier: MIT */
/*
 * sva-dsa: the accelerator model as a PCI function, with PASID, ATS, page
 * requests and MSI-X, behind a unit of this plug-in. A thread for each engine.
 *
 * Configuration space is the model's. QEMU's copy of the header follows it, for
 * BARs and bus mastering.
 */
#include "qemu/osdep.h"
#include "unit.h"

#include "exec/address-spaces.h"
#include "hw/pci/pci_bus.h"
#include "hw/qdev-properties.h"
#include "qapi/error.h"
#include "qemu/memalign.h"
#include "qemu/rcu.h"
#include "qemu/thread.h"

#include <sva/dsa_hw.h>

#define TYPE_SVA_DSA "sva-dsa"
#define PORTAL_BYTES 64u

typedef struct SvaDsa SvaDsa;

typedef struct SvaEngine {
	SvaDsa *dsa;
	unsigned int index;
	QemuThread thread;
	QemuEvent work;
} SvaEngine;

/**
 * struct SvaSlot - a 64-byte write from a CPU that has no such instruction
 * @data: in pieces; @have: which bytes have come.
 */
typedef struct SvaSlot {
	uint8_t data[PORTAL_BYTES];
	uint64_t have;
} SvaSlot;

/**
 * struct SvaDsa - one accelerator
 * @slots:   one for each 64 bytes of the portals.
 * @engines: how many, a property.
 */
struct SvaDsa {
	PCIDevice parent;
	SvaEnv env;
	SvaUnit *unit;
	SvaEndpoint endpoint;
	void *mem;
	struct dsa_hw *hw;
	MemoryRegion regs;
	MemoryRegion portals;
	SvaSlot *slots;
	size_t slot_count;
	uint32_t engine_count;
	char *personality;
	bool stop;
	SvaEngine engines[DSA_HW_MAX_ENGINES];
};

DECLARE_INSTANCE_CHECKER(SvaDsa, SVA_DSA, TYPE_SVA_DSA)

/* Engines */

static void engine_wake(void *ctx, unsigned int index)
{
	SvaDsa *d = ctx;

	qemu_event_set(&d->engines[index].work);
}

static void *engine_main(void *opaque)
{
	SvaEngine *e = opaque;

	rcu_register_thread();
	while (!qatomic_load_acquire(&e->dsa->stop)) {
		qemu_event_reset(&e->work);
		if (dsa_hw_step(e->dsa->hw, e->index) != DSA_HW_MORE &&
		    !qatomic_load_acquire(&e->dsa->stop))
			qemu_event_wait(&e->work);
	}
	rcu_unregister_thread();
	return NULL;
}

static void start_engines(SvaDsa *d)
{
	unsigned int i;

	for (i = 0; i < d->engine_count; i++) {
		SvaEngine *e = &d->engines[i];
		g_autofree char *name = g_strdup_printf("sva-dsa/%u", i);

		e->dsa = d;
		e->index = i;
		qemu_thread_create(&e->thread, name, engine_main, e,
				   QEMU_THREAD_JOINABLE);
	}
}

static void stop_engines(SvaDsa *d)
{
	unsigned int i;

	qatomic_store_release(&d->stop, true);
	for (i = 0; i < d->engine_count; i++) {
		qemu_event_set(&d->engines[i].work);
		qemu_thread_join(&d->engines[i].thread);
		qemu_event_destroy(&d->engines[i].work);
	}
}

/* From the IOMMU */

static int dsa_ats_invalidate(void *ctx, const struct hw_ats_inv *inv)
{
	SvaDsa *d = ctx;

	return dsa_hw_ats_invalidate(d->hw, inv);
}

static void dsa_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	SvaDsa *d = ctx;

	dsa_hw_prg_response(d->hw, resp);
}

/* BARs */

static uint64_t regs_read(void *opaque, hwaddr offset, unsigned int size)
{
	SvaDsa *d = opaque;

	return dsa_hw_mmio_read(d->hw, offset, size);
}

static void regs_write(void *opaque, hwaddr offset, uint64_t value,
		       unsigned int size)
{
	SvaDsa *d = opaque;

	dsa_hw_mmio_write(d->hw, offset, size, value);
}

static const MemoryRegionOps regs_ops = {
	.read = regs_read,
	.write = regs_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 4, .max_access_size = 8 },
	.impl = { .min_access_size = 4, .max_access_size = 8 },
};

static uint64_t portal_read(void *opaque, hwaddr offset, unsigned int size)
{
	return UINT64_MAX;
}

/*
 * Pieces of one descriptor, in any order, make a posted 64-byte write when the
 * last of them is there. Those of another place do not mix with them, so that
 * processes and threads may be at it together, each at its own place. Under
 * QEMU's lock.
 */
static void portal_write(void *opaque, hwaddr offset, uint64_t value,
			 unsigned int size)
{
	SvaDsa *d = opaque;
	SvaSlot *slot = &d->slots[offset / PORTAL_BYTES];
	unsigned int at = offset % PORTAL_BYTES;

	stn_le_p(slot->data + at, (int)size, value);
	slot->have |= MAKE_64BIT_MASK(at, size);
	if (slot->have != UINT64_MAX)
		return;
	slot->have = 0;
	/* Posted: nobody hears what became of it. */
	(void)!dsa_hw_portal_write(d->hw, offset - at, slot->data, false);
}

static const MemoryRegionOps portal_ops = {
	.read = portal_read,
	.write = portal_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 4, .max_access_size = 8 },
	.impl = { .min_access_size = 4, .max_access_size = 8 },
};

/* Configuration space */

static uint32_t dsa_config_read(PCIDevice *pdev, uint32_t offset, int size)
{
	return dsa_hw_cfg_read(SVA_DSA(pdev)->hw, offset, (unsigned int)size);
}

static void dsa_config_write(PCIDevice *pdev, uint32_t offset, uint32_t value,
			     int size)
{
	dsa_hw_cfg_write(SVA_DSA(pdev)->hw, offset, (unsigned int)size, value);
	pci_default_write_config(pdev, offset, value, size);
}

/* What QEMU looks at itself: the ids, and the list of capabilities. */
static void copy_config(SvaDsa *d)
{
	unsigned int i;

	for (i = 0; i < PCI_CONFIG_HEADER_SIZE; i++)
		if (i < PCI_BASE_ADDRESS_0 || i > PCI_BASE_ADDRESS_5 + 3)
			d->parent.config[i] =
				(uint8_t)dsa_hw_cfg_read(d->hw, i, 1);
}

static bool create_hw(SvaDsa *d, Error **errp)
{
	const struct dsa_hw_host host = { .ctx = d, .wake = engine_wake };
	struct dsa_hw_cfg cfg;
	struct hw_env env;
	size_t size;

	sva_env_init(&d->env, TYPE_SVA_DSA,
		     pci_device_iommu_address_space(&d->parent), &env);
	dsa_hw_cfg_default(&cfg);
	cfg.rid = pci_requester_id(&d->parent);
	cfg.engines = d->engine_count;
	cfg.personality = d->personality && !strcmp(d->personality, "eager") ?
				  HW_EAGER :
				  HW_STRICT;
	size = dsa_hw_size(&cfg);
	if (size) {
		d->mem = qemu_memalign(64, size);
		memset(d->mem, 0, size);
		if (!dsa_hw_create(&cfg, &env, &host, d->unit->hw, d->mem, size,
				   &d->hw))
			return true;
		qemu_vfree(d->mem);
	}
	error_setg(errp, TYPE_SVA_DSA ": engines=%u: 1 to %u", d->engine_count,
		   DSA_HW_MAX_ENGINES);
	return false;
}

static void dsa_realize(PCIDevice *pdev, Error **errp)
{
	SvaDsa *d = SVA_DSA(pdev);
	unsigned int i;

	d->unit = sva_unit_find(errp);
	if (!d->unit)
		return;
	if (!pci_bus_is_root(pci_get_bus(pdev))) {
		error_setg(errp, TYPE_SVA_DSA " is integrated into the root "
					      "complex: bus=pcie.0");
		return;
	}
	for (i = 0; i < DSA_HW_MAX_ENGINES; i++)
		qemu_event_init(&d->engines[i].work, false);
	if (!create_hw(d, errp))
		return;
	copy_config(d);
	memory_region_init_io(&d->regs, OBJECT(d), &regs_ops, d, "sva-dsa-regs",
			      dsa_hw_bar0_size(d->hw));
	memory_region_init_io(&d->portals, OBJECT(d), &portal_ops, d,
			      "sva-dsa-portals", dsa_hw_bar2_size(d->hw));
	pci_register_bar(pdev, 0,
			 PCI_BASE_ADDRESS_MEM_TYPE_64 |
				 PCI_BASE_ADDRESS_MEM_PREFETCH,
			 &d->regs);
	pci_register_bar(pdev, 2,
			 PCI_BASE_ADDRESS_MEM_TYPE_64 |
				 PCI_BASE_ADDRESS_MEM_PREFETCH,
			 &d->portals);
	d->slot_count = dsa_hw_bar2_size(d->hw) / PORTAL_BYTES;
	d->slots = g_new0(SvaSlot, d->slot_count);
	d->endpoint = (SvaEndpoint){
		.pdev = pdev,
		.ctx = d,
		.ats_invalidate = dsa_ats_invalidate,
		.prg_response = dsa_prg_response,
	};
	sva_unit_add_endpoint(d->unit, &d->endpoint);
	start_engines(d);
}

static void dsa_exit(PCIDevice *pdev)
{
	SvaDsa *d = SVA_DSA(pdev);

	stop_engines(d);
	sva_unit_remove_endpoint(d->unit, &d->endpoint);
	dsa_hw_destroy(d->hw);
	qemu_vfree(d->mem);
	g_free(d->slots);
}

static void dsa_reset(DeviceState *dev)
{
	SvaDsa *d = SVA_DSA(dev);

	dsa_hw_reset(d->hw);
	memset(d->slots, 0, d->slot_count * sizeof(*d->slots));
}

static char *get_stats(Object *o, Error **errp)
{
	SvaDsa *d = SVA_DSA(o);
	struct dsa_hw_stats s = { 0 };

	if (d->hw)
		dsa_hw_stats(d->hw, &s);
	return g_strdup_printf(
		"{\"descriptors\": %" PRIu64 ", \"bytes\": %" PRIu64
		", \"ats_requests\": %" PRIu64
		", \"atc_invalidations\": %" PRIu64
		", \"page_requests\": %" PRIu64 ", \"page_groups\": %" PRIu64
		", \"page_responses\": %" PRIu64 ", \"interrupts\": %" PRIu64
		"}",
		s.descriptors, s.bytes, s.ats_requests, s.atc_invalidations,
		s.page_requests, s.page_groups, s.page_responses, s.interrupts);
}

static const Property dsa_props[] = {
	DEFINE_PROP_UINT32("engines", SvaDsa, engine_count, 1),
	DEFINE_PROP_STRING("personality", SvaDsa, personality),
};

static void dsa_class_init(ObjectClass *klass, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(klass);
	PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

	dc->desc = "accelerator, DSA-compatible, with PASID, ATS and PRI";
	device_class_set_legacy_reset(dc, dsa_reset);
	device_class_set_props(dc, dsa_props);
	pc->realize = dsa_realize;
	pc->exit = dsa_exit;
	pc->config_read = dsa_config_read;
	pc->config_write = dsa_config_write;
	object_class_property_add_str(klass, "stats", get_stats, NULL);
}

static const TypeInfo dsa_type = {
	.name = TYPE_SVA_DSA,
	.parent = TYPE_PCI_DEVICE,
	.instance_size = sizeof(SvaDsa),
	.class_init = dsa_class_init,
	.interfaces = (InterfaceInfo[]){ { INTERFACE_PCIE_DEVICE }, {} },
};

void sva_dsa_register(void)
{
	type_register_static(&dsa_type);
}
