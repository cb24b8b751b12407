/* SPDX-License-Identifier: MIT */
/* MSI-X, PCIe 6.1.4 and 7.7.2. */
#include "models/pcie/pcie.h"

#include "base/bits.h"
#include "base/string.h"

void pcie_hw_msix_reset(struct pcie_hw *hw)
{
	unsigned int i;

	memset(hw->vectors, 0, sizeof(hw->vectors));
	for (i = 0; i < PCIE_HW_MAX_VECTORS; i++)
		FIELD_SET(PCIE_MSIX_ENTRY_MASK, &hw->vectors[i], 1);
	hw->pending = 0;
}

static bool pcie_hw_msix_enabled(const struct pcie_hw *hw)
{
	uint32_t ctrl = pcie_hw_get(hw, hw->msix + PCIE_MSIX_CTRL, 2);

	return REG_GET(PCIE_MSIX_CTRL_ENABLE, ctrl);
}

/* A message is a memory write: it needs bus mastering. */
static bool pcie_hw_msix_open(const struct pcie_hw *hw, unsigned int vector)
{
	uint32_t ctrl = pcie_hw_get(hw, hw->msix + PCIE_MSIX_CTRL, 2);
	uint32_t command = pcie_hw_get(hw, PCIE_CFG_COMMAND, 2);

	return REG_GET(PCIE_MSIX_CTRL_ENABLE, ctrl) &&
	       !REG_GET(PCIE_MSIX_CTRL_MASK_ALL, ctrl) &&
	       REG_GET(PCIE_COMMAND_BUS_MASTER, command) &&
	       !FIELD_GET(PCIE_MSIX_ENTRY_MASK, &hw->vectors[vector]);
}

static void pcie_hw_msix_send(struct pcie_hw *hw, unsigned int vector)
{
	const struct pcie_msix_entry *entry = &hw->vectors[vector];

	hw->pending &= ~BIT(vector);
	/* A message is a posted write: its function does not learn of an abort. */
	if (hw->env->msi)
		(void)hw->env->msi(hw->env->ctx, hw->cfg.rid,
				   FIELD_GET(PCIE_MSIX_ENTRY_ADDR, entry),
				   (uint32_t)FIELD_GET(PCIE_MSIX_ENTRY_DATA,
						       entry));
}

void pcie_hw_msix_flush(struct pcie_hw *hw)
{
	uint64_t pending = hw->pending;

	while (pending) {
		unsigned int vector = (unsigned int)__builtin_ctzll(pending);

		pending &= pending - 1;
		if (pcie_hw_msix_open(hw, vector))
			pcie_hw_msix_send(hw, vector);
	}
}

void pcie_hw_msix_fire(struct pcie_hw *hw, unsigned int vector)
{
	if (vector >= hw->cfg.msix_vectors || !pcie_hw_msix_enabled(hw))
		return;
	if (pcie_hw_msix_open(hw, vector))
		pcie_hw_msix_send(hw, vector);
	else
		hw->pending |= BIT(vector);
}

static bool pcie_hw_msix_valid(const struct pcie_hw *hw, uint64_t offset,
			       unsigned int size)
{
	return (size == 4 || size == 8) && is_aligned(offset, size) &&
	       offset / PCIE_MSIX_ENTRY_SIZE < hw->cfg.msix_vectors;
}

uint64_t pcie_hw_msix_read(const struct pcie_hw *hw, uint64_t offset,
			   unsigned int size)
{
	uint64_t dw;

	if (!pcie_hw_msix_valid(hw, offset, size))
		return 0;
	dw = hw->vectors[offset / PCIE_MSIX_ENTRY_SIZE].dw[offset / 8 % 2];
	if (size == 4)
		dw = (uint32_t)(dw >> (offset % 8 * 8));
	return dw;
}

void pcie_hw_msix_write(struct pcie_hw *hw, uint64_t offset, unsigned int size,
			uint64_t value)
{
	struct pcie_msix_entry *entry;
	uint64_t mask = UINT64_MAX, legal;
	unsigned int word = offset / 8 % 2;

	if (!pcie_hw_msix_valid(hw, offset, size))
		return;
	entry = &hw->vectors[offset / PCIE_MSIX_ENTRY_SIZE];
	if (size == 4) {
		mask = (uint64_t)UINT32_MAX << (offset % 8 * 8);
		value <<= offset % 8 * 8;
	}
	legal = word ? FIELD_DEFINED(PCIE_MSIX_ENTRY_FIELDS, 1) :
		       UINT64_MAX << 2;
	mask &= legal;
	entry->dw[word] = (entry->dw[word] & ~mask) | (value & mask);
	pcie_hw_msix_flush(hw);
}

uint64_t pcie_hw_msix_pending(const struct pcie_hw *hw, uint64_t offset,
			      unsigned int size)
{
	if ((size != 4 && size != 8) || !is_aligned(offset, size) ||
	    offset >= 8)
		return 0;
	return size == 8 ? hw->pending :
			   (uint32_t)(hw->pending >> (offset * 8));
}
