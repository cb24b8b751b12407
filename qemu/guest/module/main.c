// SPDX-License-Identifier: GPL-2.0-only
/* The device: sva-dsa, a PCI function, or sva-dsa-platform. */
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include "sva_guest.h"

#define DSA_DEVICE 0x0b25

static int guest_on(struct guest *g)
{
	int ret;

	if (PAGE_SIZE != SZ_4K)
		return -ENODEV;
	mutex_init(&g->lock);
	dev_set_drvdata(g->dev, g);
	ret = guest_features_on(g);
	if (!ret)
		ret = guest_device_on(g);
	if (!ret)
		ret = guest_files_on(g);
	if (ret) {
		guest_features_off(g);
		return ret;
	}
	dev_info(g->dev, "%u PASIDs, features %#lx\n",
		 g->dev->iommu->max_pasids, g->features);
	return 0;
}

static void guest_off(struct guest *g)
{
	guest_files_off(g);
	guest_device_off(g);
	guest_features_off(g);
}

static int pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct guest *g = devm_kzalloc(&pdev->dev, sizeof(*g), GFP_KERNEL);
	int ret;

	if (!g)
		return -ENOMEM;
	g->dev = &pdev->dev;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	g->regs = pcim_iomap(pdev, 0, 0);
	if (!g->regs)
		return -ENOMEM;
	g->portals = pci_resource_start(pdev, 2);
	pci_set_master(pdev);
	return guest_on(g);
}

static void pci_remove(struct pci_dev *pdev)
{
	guest_off(pci_get_drvdata(pdev));
}

static const struct pci_device_id guest_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_INTEL, DSA_DEVICE) }, {}
};
MODULE_DEVICE_TABLE(pci, guest_ids);

static struct pci_driver guest_pci = {
	.name = "sva_guest",
	.id_table = guest_ids,
	.probe = pci_probe,
	.remove = pci_remove,
	/* Not while files are open: those hold the module. */
	.driver.suppress_bind_attrs = true,
};

static int platform_probe(struct platform_device *pdev)
{
	struct guest *g = devm_kzalloc(&pdev->dev, sizeof(*g), GFP_KERNEL);
	struct resource *portals =
		platform_get_resource(pdev, IORESOURCE_MEM, 1);

	if (!g || !portals)
		return g ? -ENODEV : -ENOMEM;
	g->dev = &pdev->dev;
	g->portals = portals->start;
	g->regs = devm_platform_ioremap_resource(pdev, 0);
	return IS_ERR(g->regs) ? PTR_ERR(g->regs) : guest_on(g);
}

static void platform_remove(struct platform_device *pdev)
{
	guest_off(platform_get_drvdata(pdev));
}

static const struct of_device_id guest_nodes[] = {
	{ .compatible = "libsva,dsa" }, {}
};
MODULE_DEVICE_TABLE(of, guest_nodes);

static struct platform_driver guest_platform = {
	.probe = platform_probe,
	.remove_new = platform_remove,
	.driver = {
		.name = "sva_guest",
		.of_match_table = guest_nodes,
		.suppress_bind_attrs = true,
	},
};

static int __init guest_init(void)
{
	int ret = platform_driver_register(&guest_platform);

	if (ret)
		return ret;
	ret = pci_register_driver(&guest_pci);
	if (ret)
		platform_driver_unregister(&guest_platform);
	return ret;
}
module_init(guest_init);

static void __exit guest_exit(void)
{
	pci_unregister_driver(&guest_pci);
	platform_driver_unregister(&guest_platform);
}
module_exit(guest_exit);

MODULE_DESCRIPTION("sva-dsa for processes of a test guest");
MODULE_LICENSE("GPL");
