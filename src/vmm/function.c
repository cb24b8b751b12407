/* SPDX-License-Identifier: MIT */
/*
 * A function of the host in the hands of a guest.
 *
 * Registers and portals are the function's own. Not so its configuration space,
 * where PASID, ATS and PRI belong to the host's driver, and its interrupt
 * messages, which the guest writes as its platform has them: for a message of
 * the guest's the function gets the host's that stands for it, and for
 * anything else it stays masked.
 */
#include <errno.h>
#include <string.h>

#include "fmt/dsa_regs.h"
#include "fmt/pcie.h"
#include "vmm/vmm.h"

#define RESET_TIMEOUT_NS (UINT64_C(20) * 1000000000)

static struct vmm_function *fn_of(void *dev)
{
	return &((struct vmm_guest *)dev)->fn;
}

/* May the access get through? Then leave() ends it. */
bool vmm_function_enter(struct vmm_function *fn)
{
	pthread_rwlock_rdlock(&fn->gate);
	if (fn->open)
		return true;
	pthread_rwlock_unlock(&fn->gate);
	return false;
}

void vmm_function_leave(struct vmm_function *fn)
{
	pthread_rwlock_unlock(&fn->gate);
}

/* Interrupt messages. */

static void table_write(struct vmm_function *fn, unsigned int vector,
			unsigned int offset, uint32_t value)
{
	dsa_hw_mmio_write(fn->hw,
			  fn->table + vector * PCIE_MSIX_ENTRY_SIZE + offset, 4,
			  value);
}

/* Lock held. */
static void vector_update(struct vmm_guest *g, unsigned int v)
{
	struct vmm_function *fn = &g->fn;
	struct plat_msi msi;

	table_write(fn, v, PCIE_MSIX_ENTRY_OFF_CTRL, 1);
	if (!vmm_plat_msi(g, fn->vectors[v].addr, fn->vectors[v].data, &msi))
		return;
	table_write(fn, v, PCIE_MSIX_ENTRY_OFF_ADDR_LOW, (uint32_t)msi.address);
	table_write(fn, v, PCIE_MSIX_ENTRY_OFF_ADDR_HIGH,
		    (uint32_t)(msi.address >> 32));
	table_write(fn, v, PCIE_MSIX_ENTRY_OFF_DATA, msi.data);
	table_write(fn, v, PCIE_MSIX_ENTRY_OFF_CTRL, fn->vectors[v].ctrl & 1);
}

/* Lock held. One dword of the table. */
static void vector_write(struct vmm_guest *g, uint64_t at, uint32_t value)
{
	struct vmm_function *fn = &g->fn;
	unsigned int v = (unsigned int)(at / PCIE_MSIX_ENTRY_SIZE);
	uint64_t *addr = &fn->vectors[v].addr;

	switch (at % PCIE_MSIX_ENTRY_SIZE) {
	case PCIE_MSIX_ENTRY_OFF_ADDR_LOW:
		*addr = (*addr & ~(uint64_t)UINT32_MAX) | value;
		break;
	case PCIE_MSIX_ENTRY_OFF_ADDR_HIGH:
		*addr = (uint32_t)*addr | (uint64_t)value << 32;
		break;
	case PCIE_MSIX_ENTRY_OFF_DATA:
		fn->vectors[v].data = value;
		break;
	case PCIE_MSIX_ENTRY_OFF_CTRL:
		fn->vectors[v].ctrl = value;
		break;
	default:
		return;
	}
	vector_update(g, v);
}

static uint32_t vector_read(const struct vmm_function *fn, uint64_t at)
{
	unsigned int v = (unsigned int)(at / PCIE_MSIX_ENTRY_SIZE);

	switch (at % PCIE_MSIX_ENTRY_SIZE) {
	case PCIE_MSIX_ENTRY_OFF_ADDR_LOW:
		return (uint32_t)fn->vectors[v].addr;
	case PCIE_MSIX_ENTRY_OFF_ADDR_HIGH:
		return (uint32_t)(fn->vectors[v].addr >> 32);
	case PCIE_MSIX_ENTRY_OFF_DATA:
		return fn->vectors[v].data;
	default:
		return fn->vectors[v].ctrl;
	}
}

void vmm_function_forget_msi(struct vmm_guest *g, uint32_t data)
{
	struct vmm_function *fn = &g->fn;
	unsigned int v;

	if (!fn->hw)
		return;
	pthread_mutex_lock(&fn->lock);
	for (v = 0; v < fn->vector_count; v++)
		if (fn->vectors[v].addr == VMM_MSI_GPA &&
		    fn->vectors[v].data == data)
			table_write(fn, v, PCIE_MSIX_ENTRY_OFF_CTRL, 1);
	pthread_mutex_unlock(&fn->lock);
}

/* BAR 0 */

static bool in_table(const struct vmm_function *fn, uint64_t offset)
{
	return offset >= fn->table &&
	       offset - fn->table < fn->vector_count * PCIE_MSIX_ENTRY_SIZE;
}

static uint64_t table_get(struct vmm_function *fn, uint64_t at,
			  unsigned int size)
{
	uint64_t value;

	pthread_mutex_lock(&fn->lock);
	value = vector_read(fn, at);
	if (size == 8)
		value |= (uint64_t)vector_read(fn, at + 4) << 32;
	pthread_mutex_unlock(&fn->lock);
	return value;
}

static void table_put(struct vmm_guest *g, uint64_t at, unsigned int size,
		      uint64_t value)
{
	pthread_mutex_lock(&g->fn.lock);
	vector_write(g, at, (uint32_t)value);
	if (size == 8)
		vector_write(g, at + 4, (uint32_t)(value >> 32));
	pthread_mutex_unlock(&g->fn.lock);
}

static uint64_t bar0_read(void *dev, uint64_t offset, unsigned int size)
{
	struct vmm_function *fn = fn_of(dev);
	uint64_t value = UINT64_MAX;

	/* As the model: nothing there that is not aligned. */
	if (offset & (size - 1))
		return 0;
	if (!vmm_function_enter(fn))
		return value;
	if (in_table(fn, offset))
		value = table_get(fn, offset - fn->table, size);
	else
		value = dsa_hw_mmio_read(fn->hw, offset, size);
	vmm_function_leave(fn);
	return value;
}

static void bar0_write(void *dev, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct vmm_function *fn = fn_of(dev);

	if (offset & (size - 1) || !vmm_function_enter(fn))
		return;
	if (in_table(fn, offset))
		table_put(dev, offset - fn->table, size, value);
	else
		dsa_hw_mmio_write(fn->hw, offset, size, value);
	vmm_function_leave(fn);
}

static uint32_t bar0_read32(void *dev, uint64_t offset)
{
	return (uint32_t)bar0_read(dev, offset, 4);
}

static uint64_t bar0_read64(void *dev, uint64_t offset)
{
	return bar0_read(dev, offset, 8);
}

static void bar0_write32(void *dev, uint64_t offset, uint32_t value)
{
	bar0_write(dev, offset, 4, value);
}

static void bar0_write64(void *dev, uint64_t offset, uint64_t value)
{
	bar0_write(dev, offset, 8, value);
}

static const struct plat_mmio_ops bar0_ops = {
	.read32 = bar0_read32,
	.read64 = bar0_read64,
	.write32 = bar0_write32,
	.write64 = bar0_write64,
};

/* BAR 2: portals take 64-byte writes only. */

static uint32_t bar2_read32(void *dev, uint64_t offset)
{
	(void)dev, (void)offset;
	return UINT32_MAX;
}

static uint64_t bar2_read64(void *dev, uint64_t offset)
{
	(void)dev, (void)offset;
	return UINT64_MAX;
}

static void bar2_write32(void *dev, uint64_t offset, uint32_t value)
{
	(void)dev, (void)offset, (void)value;
}

static void bar2_write64(void *dev, uint64_t offset, uint64_t value)
{
	(void)dev, (void)offset, (void)value;
}

static void portal_write512(void *dev, uint64_t offset, const void *data)
{
	struct vmm_function *fn = fn_of(dev);

	if (!vmm_function_enter(fn))
		return;
	/* A posted write has no answer. */
	(void)!dsa_hw_portal_write(fn->hw, offset, data, false);
	vmm_function_leave(fn);
}

/* What is not there takes everything and never answers. */
static int portal_enqcmd(void *dev, uint64_t offset, const void *data)
{
	struct vmm_function *fn = fn_of(dev);
	int err;

	if (!vmm_function_enter(fn))
		return 0;
	err = dsa_hw_portal_write(fn->hw, offset, data, true);
	vmm_function_leave(fn);
	return err;
}

static const struct plat_mmio_ops bar2_ops = {
	.read32 = bar2_read32,
	.read64 = bar2_read64,
	.write32 = bar2_write32,
	.write64 = bar2_write64,
	.write512 = portal_write512,
	.enqcmd = portal_enqcmd,
};

/* Reset, by the device command: FLR would undo what the host's driver did. */

/*
 * A command of the guest's may wait for descriptors, and these for pages: what
 * is reset gets none any more, whether the guest would answer or not.
 */
static bool wait_idle(struct vmm_guest *g)
{
	const struct plat *plat = g->host_plat;
	uint64_t deadline = plat_now_ns(plat) + RESET_TIMEOUT_NS;
	unsigned int turns = 0;

	while (REG_GET(DSA_CMDSTATUS_ACTIVE,
		       dsa_hw_mmio_read(g->fn.hw, DSA_REG_CMDSTATUS, 4))) {
		if (plat_now_ns(plat) >= deadline)
			return false;
		vmm_requests_end(g);
		plat_relax(plat, turns++);
	}
	return true;
}

/* Lock held, no access of the guest's besides its own. */
void vmm_function_reset_locked(struct vmm_guest *g)
{
	struct vmm_function *fn = &g->fn;
	unsigned int v;

	for (v = 0; v < fn->vector_count; v++) {
		fn->vectors[v].ctrl = 1;
		table_write(fn, v, PCIE_MSIX_ENTRY_OFF_CTRL, 1);
	}
	vmm_space_reset(fn);
	if (wait_idle(g)) {
		dsa_hw_mmio_write(fn->hw, DSA_REG_CMD, 4,
				  REG_CONST(DSA_CMD_CODE,
					    DSA_CMD_RESET_DEVICE));
		if (wait_idle(g))
			return;
	}
	vmm_log(g, PLAT_LOG_ERR, "its function does not end a reset");
}

void vmm_function_reset(struct vmm_guest *g)
{
	pthread_mutex_lock(&g->fn.lock);
	vmm_function_reset_locked(g);
	vmm_space_pass_on(&g->fn, 0, sizeof(g->fn.space));
	pthread_mutex_unlock(&g->fn.lock);
}

/* Its last interrupts: the guest finds all ones, which is how it learns. */
static void last_interrupts(struct vmm_guest *g)
{
	struct vmm_function *fn = &g->fn;
	struct plat_msi msi;
	unsigned int v;

	pthread_mutex_lock(&fn->lock);
	for (v = 0; v < fn->vector_count; v++)
		if (vmm_plat_msi(g, fn->vectors[v].addr, fn->vectors[v].data,
				 &msi))
			plat_hosted_raise_irq(g->host->hosted, msi.irq);
	pthread_mutex_unlock(&fn->lock);
}

void vmm_function_close(struct vmm_guest *g)
{
	pthread_rwlock_wrlock(&g->fn.gate);
	g->fn.open = false;
	pthread_rwlock_unlock(&g->fn.gate);
	last_interrupts(g);
}

void vmm_function_init(struct vmm_guest *g, struct vmm_seat *seat)
{
	struct vmm_function *fn = &g->fn;

	fn->seat = seat;
	fn->hw = vmm_engine_hw(&seat->engine);
	pthread_rwlock_init(&fn->gate, NULL);
	pthread_mutex_init(&fn->lock, NULL);
	fn->table = dsa_hw_msi_table(fn->hw);
	fn->vector_count = vmm_space_init(fn);
	if (fn->vector_count > VMM_VECTORS)
		fn->vector_count = VMM_VECTORS;
	vmm_function_reset(g);
	fn->open = true;
}

void vmm_function_fini(struct vmm_guest *g)
{
	pthread_mutex_destroy(&g->fn.lock);
	pthread_rwlock_destroy(&g->fn.gate);
	g->fn.hw = NULL;
}

struct plat_mmio vmm_function_bar0(struct vmm_guest *g)
{
	return (struct plat_mmio){
		.ops = &bar0_ops,
		.dev = g,
		.size = dsa_hw_bar0_size(g->fn.hw),
	};
}

struct plat_mmio vmm_function_bar2(struct vmm_guest *g)
{
	return (struct plat_mmio){
		.ops = &bar2_ops,
		.dev = g,
		.size = dsa_hw_bar2_size(g->fn.hw),
	};
}
