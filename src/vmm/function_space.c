/* SPDX-License-Identifier: MIT */
/*
 * The configuration space of a function of the host, as its guest sees it: a
 * copy. What the host's driver has switched on does not show; of what the guest
 * switches, the function hears of interrupts and of mastering the bus.
 */
#include <string.h>

#include "fmt/pcie.h"
#include "vmm/vmm.h"

static struct vmm_function *fn_of(void *dev)
{
	return &((struct vmm_guest *)dev)->fn;
}

static uint32_t space_get(const struct vmm_function *fn, unsigned int offset,
			  unsigned int size)
{
	uint32_t value = 0;

	while (size--)
		value = value << 8 | fn->space[offset + size];
	return value;
}

static void space_put(struct vmm_function *fn, unsigned int offset,
		      unsigned int size, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < size; i++, value >>= 8)
		fn->space[offset + i] = (uint8_t)value;
}

static void make_writable(struct vmm_function *fn, unsigned int offset,
			  unsigned int size, uint64_t mask)
{
	for (; size--; offset++, mask >>= 8)
		fn->writable[offset] = (uint8_t)mask;
}

/* No sum of what a guest says: it may wrap. */
static bool in_space(const struct vmm_function *fn, unsigned int offset,
		     unsigned int size)
{
	return size <= sizeof(fn->space) && offset <= sizeof(fn->space) - size;
}

static bool overlaps(unsigned int offset, unsigned int size, unsigned int reg,
		     unsigned int reg_size)
{
	return offset < reg + reg_size && reg < offset + size;
}

/* Lock held: nothing is outstanding in the eyes of who has switched it off. */
static void pri_status(struct vmm_function *fn)
{
	uint32_t status = space_get(fn, fn->pri + PCIE_PRI_STATUS, 2);
	uint32_t on = space_get(fn, fn->pri + PCIE_PRI_CTRL, 2);

	status = (uint32_t)REG_PUT(PCIE_PRI_STATUS_STOPPED, status,
				   !REG_GET(PCIE_PRI_CTRL_ENABLE, on));
	space_put(fn, fn->pri + PCIE_PRI_STATUS, 2, status);
	/* Relaxed: a request is on its way when it changes, or it is not. */
	atomic_store_explicit(&fn->wants_pages,
			      REG_GET(PCIE_PRI_CTRL_ENABLE, on),
			      memory_order_relaxed);
}

/* Lock held. What the function itself has to hear of. */
void vmm_space_pass_on(struct vmm_function *fn, unsigned int offset,
		       unsigned int size)
{
	unsigned int ctrl = fn->msix + PCIE_MSIX_CTRL;

	if (overlaps(offset, size, PCIE_CFG_COMMAND, 2))
		dsa_hw_cfg_write(fn->hw, PCIE_CFG_COMMAND, 2,
				 space_get(fn, PCIE_CFG_COMMAND, 2));
	if (overlaps(offset, size, ctrl, 2))
		dsa_hw_cfg_write(fn->hw, ctrl, 2, space_get(fn, ctrl, 2));
	if (fn->pri && overlaps(offset, size, fn->pri + PCIE_PRI_CTRL, 2))
		pri_status(fn);
}

static uint32_t pci_read(void *dev, unsigned int offset, unsigned int size)
{
	struct vmm_function *fn = fn_of(dev);
	uint32_t value;

	if (!in_space(fn, offset, size) || !vmm_function_enter(fn))
		return UINT32_MAX;
	pthread_mutex_lock(&fn->lock);
	value = space_get(fn, offset, size);
	pthread_mutex_unlock(&fn->lock);
	vmm_function_leave(fn);
	return value;
}

static void pci_write(void *dev, unsigned int offset, unsigned int size,
		      uint32_t value)
{
	struct vmm_function *fn = fn_of(dev);
	unsigned int i;
	uint32_t old;

	if (!in_space(fn, offset, size) || !vmm_function_enter(fn))
		return;
	pthread_mutex_lock(&fn->lock);
	old = space_get(fn, offset, size);
	for (i = 0; i < size; i++) {
		uint32_t mask = (uint32_t)fn->writable[offset + i] << (8 * i);

		old = (old & ~mask) | (value & mask);
	}
	space_put(fn, offset, size, old);
	vmm_space_pass_on(fn, offset, size);
	if (size == 2 && offset == fn->exp + PCIE_EXP_DEVCTL &&
	    REG_GET(PCIE_EXP_DEVCTL_FLR, value))
		vmm_function_reset_locked(dev);
	pthread_mutex_unlock(&fn->lock);
	vmm_function_leave(fn);
}

static const struct plat_pci_ops pci_ops = {
	.read = pci_read,
	.write = pci_write,
};

static unsigned int find_cap(const struct vmm_function *fn, unsigned int id)
{
	unsigned int at = fn->space[PCIE_CFG_CAP_POINTER] & 0xfc, left = 48;

	while (at >= PCIE_CFG_HEADER_SIZE && left--) {
		uint32_t head = space_get(fn, at, 2);

		if (REG_GET(PCIE_CAP_HEADER_ID, head) == id)
			return at;
		at = (unsigned int)REG_GET(PCIE_CAP_HEADER_NEXT, head) & 0xfc;
	}
	return 0;
}

static unsigned int find_ext_cap(const struct vmm_function *fn, unsigned int id)
{
	unsigned int at = PCIE_CFG_EXT_CAPS, left = 64;

	while (at >= PCIE_CFG_EXT_CAPS && left--) {
		uint32_t head = space_get(fn, at, 4);

		if (head && REG_GET(PCIE_EXT_CAP_ID, head) == id)
			return at;
		at = (unsigned int)REG_GET(PCIE_EXT_CAP_NEXT, head) & ~3u;
	}
	return 0;
}

static void init_writable(struct vmm_function *fn)
{
	make_writable(fn, PCIE_CFG_COMMAND, 2,
		      FIELD_MASK(PCIE_COMMAND_MEMORY) |
			      FIELD_MASK(PCIE_COMMAND_BUS_MASTER) |
			      FIELD_MASK(PCIE_COMMAND_INTX_DISABLE));
	make_writable(fn, fn->msix + PCIE_MSIX_CTRL, 2,
		      FIELD_MASK(PCIE_MSIX_CTRL_ENABLE) |
			      FIELD_MASK(PCIE_MSIX_CTRL_MASK_ALL));
	if (fn->pasid)
		make_writable(fn, fn->pasid + PCIE_PASID_CTRL, 2,
			      FIELD_MASK(PCIE_PASID_CTRL_ENABLE) |
				      FIELD_MASK(PCIE_PASID_CTRL_EXEC) |
				      FIELD_MASK(PCIE_PASID_CTRL_PRIV));
	if (fn->ats)
		make_writable(fn, fn->ats + PCIE_ATS_CTRL, 2,
			      FIELD_MASK(PCIE_ATS_CTRL_STU) |
				      FIELD_MASK(PCIE_ATS_CTRL_ENABLE));
	if (fn->pri) {
		make_writable(fn, fn->pri + PCIE_PRI_CTRL, 2,
			      FIELD_MASK(PCIE_PRI_CTRL_ENABLE));
		make_writable(fn, fn->pri + PCIE_PRI_ALLOCATION, 4, UINT32_MAX);
	}
}

/* As after a reset: what the host's driver has switched on does not show. */
unsigned int vmm_space_init(struct vmm_function *fn)
{
	unsigned int at;

	for (at = 0; at < sizeof(fn->space); at += 4)
		space_put(fn, at, 4, dsa_hw_cfg_read(fn->hw, at, 4));
	fn->exp = find_cap(fn, PCIE_CAP_ID_EXP);
	fn->msix = find_cap(fn, PCIE_CAP_ID_MSIX);
	fn->pasid = find_ext_cap(fn, PCIE_EXT_CAP_ID_PASID);
	fn->ats = find_ext_cap(fn, PCIE_EXT_CAP_ID_ATS);
	fn->pri = find_ext_cap(fn, PCIE_EXT_CAP_ID_PRI);
	init_writable(fn);
	return (unsigned int)REG_GET(PCIE_MSIX_CTRL_TABLE_SIZE,
				     space_get(fn, fn->msix + PCIE_MSIX_CTRL,
					       2)) +
	       1;
}

void vmm_space_reset(struct vmm_function *fn)
{
	unsigned int ctrl = fn->msix + PCIE_MSIX_CTRL;
	uint32_t v = space_get(fn, ctrl, 2);

	space_put(fn, PCIE_CFG_COMMAND, 2, 0);
	v = (uint32_t)REG_PUT(PCIE_MSIX_CTRL_ENABLE, v, 0);
	space_put(fn, ctrl, 2,
		  (uint32_t)REG_PUT(PCIE_MSIX_CTRL_MASK_ALL, v, 0));
	if (fn->pasid)
		space_put(fn, fn->pasid + PCIE_PASID_CTRL, 2, 0);
	if (fn->ats)
		space_put(fn, fn->ats + PCIE_ATS_CTRL, 2, 0);
	if (fn->pri) {
		space_put(fn, fn->pri + PCIE_PRI_CTRL, 2, 0);
		pri_status(fn);
	}
}

/* Without the lock: see struct vmm_function. */
bool vmm_function_wants_pages(struct vmm_guest *g)
{
	return atomic_load_explicit(&g->fn.wants_pages, memory_order_relaxed);
}

struct plat_pci vmm_function_pci(struct vmm_guest *g)
{
	return (struct plat_pci){
		.ops = &pci_ops,
		.dev = g,
		.rid = VMM_GUEST_RID,
	};
}
