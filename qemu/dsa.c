/* SPDX-License-Identifier: MIT */
/*
 * sva-dsa: the accelerator model as a PCI function, with PASID, ATS, page
 * requests and MSI-X, behind a unit of this plug-in.
 *
 * Configuration space is the model's. QEMU's copy of the header follows it, for
 * BARs and bus mastering.
 */
#include "qemu/osdep.h"
#include "dsa.h"

#include "hw/pci/pci_bus.h"
#include "hw/qdev-properties.h"
#include "qapi/error.h"

#define TYPE_SVA_DSA "sva-dsa"

typedef struct SvaDsa {
	PCIDevice parent;
	SvaDsaCore core;
} SvaDsa;

DECLARE_INSTANCE_CHECKER(SvaDsa, SVA_DSA, TYPE_SVA_DSA)

/* From the IOMMU */

static int dsa_ats_invalidate(void *ctx, const struct hw_ats_inv *inv)
{
	SvaDsa *d = ctx;

	return dsa_hw_ats_invalidate(d->core.hw, inv);
}

static void dsa_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	SvaDsa *d = ctx;

	dsa_hw_prg_response(d->core.hw, resp);
}

/* Configuration space */

static uint32_t dsa_config_read(PCIDevice *pdev, uint32_t offset, int size)
{
	return dsa_hw_cfg_read(SVA_DSA(pdev)->core.hw, offset,
			       (unsigned int)size);
}

static void dsa_config_write(PCIDevice *pdev, uint32_t offset, uint32_t value,
			     int size)
{
	dsa_hw_cfg_write(SVA_DSA(pdev)->core.hw, offset, (unsigned int)size,
			 value);
	pci_default_write_config(pdev, offset, value, size);
}

/* What QEMU looks at itself: the ids, and the list of capabilities. */
static void copy_config(SvaDsa *d)
{
	unsigned int i;

	for (i = 0; i < PCI_CONFIG_HEADER_SIZE; i++)
		if (i < PCI_BASE_ADDRESS_0 || i > PCI_BASE_ADDRESS_5 + 3)
			d->parent.config[i] =
				(uint8_t)dsa_hw_cfg_read(d->core.hw, i, 1);
}

static void dsa_realize(PCIDevice *pdev, Error **errp)
{
	SvaDsa *d = SVA_DSA(pdev);
	struct dsa_hw_cfg cfg;

	d->core.unit = sva_unit_find(errp);
	if (!d->core.unit)
		return;
	if (!pci_bus_is_root(pci_get_bus(pdev))) {
		error_setg(errp, TYPE_SVA_DSA " is integrated into the root "
					      "complex: bus=pcie.0");
		return;
	}
	dsa_hw_cfg_default(&cfg);
	cfg.rid = pci_requester_id(pdev);
	if (!sva_dsa_create(&d->core, OBJECT(d), TYPE_SVA_DSA,
			    pci_device_iommu_address_space(pdev), &cfg, errp))
		return;
	copy_config(d);
	pci_register_bar(pdev, 0,
			 PCI_BASE_ADDRESS_MEM_TYPE_64 |
				 PCI_BASE_ADDRESS_MEM_PREFETCH,
			 &d->core.regs);
	pci_register_bar(pdev, 2,
			 PCI_BASE_ADDRESS_MEM_TYPE_64 |
				 PCI_BASE_ADDRESS_MEM_PREFETCH,
			 &d->core.portals);
	d->core.endpoint = (SvaEndpoint){
		.pdev = pdev,
		.ctx = d,
		.ats_invalidate = dsa_ats_invalidate,
		.prg_response = dsa_prg_response,
	};
	sva_dsa_start(&d->core);
}

static void dsa_exit(PCIDevice *pdev)
{
	sva_dsa_destroy(&SVA_DSA(pdev)->core);
}

static void dsa_reset(DeviceState *dev)
{
	sva_dsa_reset(&SVA_DSA(dev)->core);
}

static char *get_stats(Object *o, Error **errp)
{
	return sva_dsa_stats(&SVA_DSA(o)->core);
}

static const Property dsa_props[] = {
	DEFINE_PROP_UINT32("engines", SvaDsa, core.engine_count, 1),
	DEFINE_PROP_STRING("personality", SvaDsa, core.personality),
};

static void dsa_class_init(ObjectClass *klass, SvaClassData *data)
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
