/* SPDX-License-Identifier: MIT */
/*
 * Models as their drivers reach them in one process: the windows of struct
 * plat_mmio and struct plat_pci, each access a call of the model.
 *
 * A virtual machine monitor has windows of its own and does without.
 */
#ifndef SVA_WINDOW_H
#define SVA_WINDOW_H

#include <sva/dsa_hw.h>
#include <sva/model.h>
#include <sva/plat.h>

/*
 * The registers of an IOMMU model; of the accelerator's BAR 0 and BAR 2, and
 * its configuration space. Portals take 64-byte writes only; nothing is done
 * about the address space before one, see plat_hosted_submit_barrier().
 *
 * The model is borrowed. Context: any; so are the accesses, as the model says.
 * Test: tests/accel/dsa_test.c, tests/e2e/machine_test.c
 */
struct plat_mmio sva_window_iommu(struct iommu_hw *hw);
struct plat_mmio sva_window_dsa_regs(struct dsa_hw *hw);
struct plat_mmio sva_window_dsa_portals(struct dsa_hw *hw);
struct plat_pci sva_window_dsa_pci(struct dsa_hw *hw, uint16_t rid);

#endif
