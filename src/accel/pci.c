/* SPDX-License-Identifier: MIT */
/*
 * The function's configuration space, as far as its driver uses it. A platform
 * device has none: what would be enabled there is on.
 */
#include "accel/accel.h"

#include "base/errno.h"

static bool dsa_is_pci(const struct dsa *dsa)
{
	return dsa->pci.ops;
}

static unsigned int dsa_pci_find(const struct dsa *dsa, unsigned int id)
{
	unsigned int at = pci_cfg_read(&dsa->pci, PCIE_CFG_CAP_POINTER, 1);
	unsigned int left = 48;

	while (at >= PCIE_CFG_HEADER_SIZE && at % 4 == 0 && left--) {
		uint32_t head = pci_cfg_read(&dsa->pci, at, 2);

		if (REG_GET(PCIE_CAP_HEADER_ID, head) == id)
			return at;
		at = (unsigned int)REG_GET(PCIE_CAP_HEADER_NEXT, head);
	}
	return 0;
}

/* Is it there, and what is expected? Then it may decode and issue requests. */
int dsa_pci_open(struct dsa *dsa)
{
	uint32_t command, table;

	if (!dsa_is_pci(dsa))
		return dsa->reset ? 0 : -EINVAL;
	if (pci_cfg_read(&dsa->pci, PCIE_CFG_VENDOR, 2) != DSA_PCI_VENDOR ||
	    pci_cfg_read(&dsa->pci, PCIE_CFG_DEVICE, 2) != DSA_PCI_DEVICE)
		return -ENODEV;
	dsa->pci_exp = dsa_pci_find(dsa, PCIE_CAP_ID_EXP);
	dsa->pci_msix = dsa_pci_find(dsa, PCIE_CAP_ID_MSIX);
	if (!dsa->pci_exp || !dsa->pci_msix)
		return -ENODEV;
	table = pci_cfg_read(&dsa->pci, dsa->pci_msix + PCIE_MSIX_TABLE, 4);
	if (REG_GET(PCIE_MSIX_TABLE_BIR, table) != DSA_BAR_REGS)
		return -ENODEV;
	dsa->msix_table = table & FIELD_MASK(PCIE_MSIX_TABLE_OFFSET);

	command = pci_cfg_read(&dsa->pci, PCIE_CFG_COMMAND, 2);
	command |= (uint32_t)(REG_CONST(PCIE_COMMAND_MEMORY, 1) |
			      REG_CONST(PCIE_COMMAND_BUS_MASTER, 1));
	pci_cfg_write(&dsa->pci, PCIE_CFG_COMMAND, 2, command);
	return 0;
}

/* Vectors there are; those of a platform device are what its table is for. */
unsigned int dsa_pci_vectors(const struct dsa *dsa)
{
	uint32_t ctrl;

	if (!dsa_is_pci(dsa))
		return DSA_VECTORS;
	ctrl = pci_cfg_read(&dsa->pci, dsa->pci_msix + PCIE_MSIX_CTRL, 2);
	return (unsigned int)REG_GET(PCIE_MSIX_CTRL_TABLE_SIZE, ctrl) + 1;
}

void dsa_pci_msix_enable(struct dsa *dsa, bool on)
{
	unsigned int at = dsa->pci_msix + PCIE_MSIX_CTRL;
	uint32_t ctrl;
	uint64_t v;

	if (!dsa_is_pci(dsa))
		return;
	ctrl = pci_cfg_read(&dsa->pci, at, 2);
	v = REG_PUT(PCIE_MSIX_CTRL_ENABLE, ctrl, on);
	pci_cfg_write(&dsa->pci, at, 2,
		      (uint32_t)REG_PUT(PCIE_MSIX_CTRL_MASK_ALL, v, 0));
}

/* PCIe 6.6.2 gives the function 100 ms. */
static void dsa_pci_flr(struct dsa *dsa)
{
	unsigned int at = dsa->pci_exp + PCIE_EXP_DEVCTL;
	uint64_t until = plat_now_ns(dsa->plat) + 100000000;
	unsigned int turns = 0;
	uint32_t ctl = pci_cfg_read(&dsa->pci, at, 2);

	ctl |= (uint32_t)REG_CONST(PCIE_EXP_DEVCTL_FLR, 1);
	pci_cfg_write(&dsa->pci, at, 2, ctl);
	while (plat_now_ns(dsa->plat) < until)
		plat_relax(dsa->plat, turns++);
}

/* The last resort. */
void dsa_pci_reset(struct dsa *dsa)
{
	if (dsa_is_pci(dsa))
		dsa_pci_flr(dsa);
	else
		dsa->reset(dsa->reset_ctx);
}
